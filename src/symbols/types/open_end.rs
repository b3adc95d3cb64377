//! Types that do not say how large an object is: flexible arrays, and arrays of unknown size.

use std::collections::HashMap;

use super::fields::Field;
use super::{LF_ALIAS, LF_ARRAY, LF_ENUM, LF_MODIFIER, MAX_DEPTH, TypeIndex, Types};

impl Types {
    /// Whether an object of this type may be larger than its type: it is, or has for a member,
    /// an array of size 0 (`int rest[]`), or its record is not understood. `known` holds what
    /// was found before.
    pub fn has_open_end(&self, index: TypeIndex, known: &mut HashMap<TypeIndex, bool>) -> bool {
        self.open_end_at_depth(index, known, 0)
    }

    fn open_end_at_depth(
        &self,
        index: TypeIndex,
        known: &mut HashMap<TypeIndex, bool>,
        depth: u32,
    ) -> bool {
        if index.0 < super::FIRST_INDEX {
            return false;
        }
        if let Some(open) = known.get(&index) {
            return *open;
        }
        let open = depth > MAX_DEPTH || self.is_open(index, known, depth);
        known.insert(index, open);
        open
    }

    fn is_open(&self, index: TypeIndex, known: &mut HashMap<TypeIndex, bool>, depth: u32) -> bool {
        let Some((kind, mut c)) = self.record(index) else {
            return true;
        };
        if matches!(kind, LF_MODIFIER | LF_ALIAS) {
            let inner = c.u32().map(TypeIndex);
            return inner.is_none_or(|i| self.open_end_at_depth(i, known, depth + 1));
        }
        if kind == LF_ARRAY {
            let empty = self.size_of(index).is_none_or(|size| size == 0);
            let element = c.u32().map(TypeIndex);
            return empty || element.is_none_or(|e| self.open_end_at_depth(e, known, depth + 1));
        }
        let Some(header) = self.udt(index) else {
            // Pointers and the like.
            return false;
        };
        if header.kind == LF_ENUM {
            return false;
        }
        if header.forward {
            // Any of those that it can mean.
            let complete = self.resolve(index);
            let mut open = complete.is_empty();
            for definition in complete {
                open = open || self.open_end_at_depth(definition, known, depth + 1);
            }
            return open;
        }
        let mut members = Vec::new();
        let complete = self.fields_of(&header, &mut |field| match field {
            Field::Member { member_type, .. } => members.push(member_type),
            Field::Base { base, .. } | Field::VirtualBase { base, .. } => members.push(base),
            Field::Table
            | Field::VirtualFunction { .. }
            | Field::Destructor
            | Field::NotPlain
            | Field::Enumerator { .. } => {}
        });
        let mut open = complete.is_none();
        for member in members {
            open = open || self.open_end_at_depth(member, known, depth + 1);
        }
        open
    }
}
