//! A digest of everything that a type means for its objects.

use std::collections::BTreeSet;
use std::fmt::Write;

use sha2::{Digest, Sha256};

use super::fields::Field;
use super::{Key, LF_ENUM, TypeIndex, Types};

impl Types {
    /// SHA-256 as hex of a type: its text, and the layouts of all classes, structures and
    /// unions that can be reached from it, through pointers as well, and the values of all
    /// enumerations. The same in two builds where objects of the one mean the same to the
    /// other. `None` where a part of it is not understood, or several types share a name, so
    /// that equality would prove nothing.
    pub fn digest(&self, index: TypeIndex) -> Option<String> {
        let mut text = self.type_name(index);
        let mut seen: BTreeSet<Key> = BTreeSet::new();
        let mut waiting: Vec<Key> = Vec::new();
        self.mentions(index, &mut |key, _| waiting.push(key));
        while let Some(key) = waiting.pop() {
            if !seen.insert(key) {
                continue;
            }
            // What is only declared is the same nothing in both builds.
            for definition in self.definitions_of(key) {
                let header = self.udt(*definition)?;
                self.fields_of(&header, &mut |field| {
                    let part = match field {
                        Field::Member { member_type, .. } => member_type,
                        Field::Base { base, .. } | Field::VirtualBase { base, .. } => base,
                        Field::Table
                        | Field::VirtualFunction { .. }
                        | Field::Destructor
                        | Field::NotPlain
                        | Field::Enumerator { .. } => {
                            return;
                        }
                    };
                    self.mentions(part, &mut |key, _| waiting.push(key));
                })?;
            }
        }
        let mut parts = Vec::new();
        for key in seen {
            let name = self.name_of(key);
            if let Some(layout) = self.layout_of(key) {
                if layout.incomplete {
                    return None;
                }
                let mut part = format!("\n{name} {:#x}", layout.size);
                if layout.destroys {
                    part.push_str(" with a destructor");
                }
                for member in layout.members {
                    let (offset, name, type_name) = (member.offset, member.name, member.type_name);
                    let _ = write!(part, "\n {offset:#x} {name}: {type_name}");
                }
                parts.push(part);
            }
            let headers = self.definitions_of(key).iter();
            let headers = headers.filter_map(|index| self.udt(*index));
            let enumerations = headers.filter(|header| header.kind == LF_ENUM);
            let mut values: Vec<_> = enumerations.map(|h| self.enumeration(&h)).collect();
            values.dedup();
            match values.as_slice() {
                [] => {}
                [one] if !one.incomplete => parts.push(format!("\n{name} {:?}", one.values)),
                _ => return None,
            }
        }
        // Keys are numbered as the records come.
        parts.sort();
        text.extend(parts);
        Some(hex::encode(Sha256::digest(text)))
    }
}
