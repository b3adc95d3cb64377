//! A digest of everything that a type means for its objects.

use std::collections::BTreeSet;
use std::fmt::Write;

use sha2::{Digest, Sha256};

use super::layout::Field;
use super::{LF_ENUM, TypeIndex, Types};

impl Types {
    /// SHA-256 as hex of a type: its text, and the layouts of all classes, structures and
    /// unions that can be reached from it, through pointers as well. The same in two builds
    /// where objects of the one mean the same to the other. `None` where a part of it is not
    /// understood or not defined, so that equality would prove nothing.
    pub fn digest(&self, index: TypeIndex) -> Option<String> {
        let mut text = self.type_name(index);
        let mut seen: BTreeSet<&[u8]> = BTreeSet::new();
        let mut waiting: Vec<&[u8]> = Vec::new();
        self.mentions(index, &mut |key, _| waiting.push(key));
        while let Some(key) = waiting.pop() {
            if seen.insert(key) {
                // What is only declared is the same nothing in both builds.
                let Some(definition) = self.definitions.get(key) else {
                    continue;
                };
                let header = self.udt(*definition)?;
                if header.kind == LF_ENUM {
                    continue;
                }
                self.fields_of(&header, &mut |field| {
                    let part = match field {
                        Field::Member { member_type, .. } => member_type,
                        Field::Base { base, .. } | Field::VirtualBase { base, .. } => base,
                        Field::Table | Field::VirtualFunction { .. } => return,
                    };
                    self.mentions(part, &mut |key, _| waiting.push(key));
                })?;
            }
        }
        for key in seen {
            let Some(layout) = self.layout_of(key) else {
                continue;
            };
            if layout.incomplete {
                return None;
            }
            let _ = write!(
                text,
                "\n{} {:#x}",
                String::from_utf8_lossy(key),
                layout.size
            );
            for member in layout.members {
                let (offset, name, type_name) = (member.offset, member.name, member.type_name);
                let _ = write!(text, "\n {offset:#x} {name}: {type_name}");
            }
        }
        Some(hex::encode(Sha256::digest(text)))
    }
}
