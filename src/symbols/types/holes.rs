//! Members that a newer layout has where the older one has nothing.

use std::ops::Range;

use super::layout::Member;
use super::names::Text;
use super::{LF_BITFIELD, TypeIndex, Types};

impl Types {
    /// The members that a class, structure or union of a newer build has more than it has in
    /// this one, if that is the only difference: its size is the same, every other member is
    /// what it was and where it was, and the new ones lie where none of the same object lies
    /// (beside padding, in unused bits of a bit-field). `None` if there is another difference,
    /// or if the extent of a member beside a new one is not known.
    pub fn filled_holes(
        &self,
        index: TypeIndex,
        newer: &Types,
        newer_index: TypeIndex,
    ) -> Option<Vec<Member>> {
        let (older, _) = self.layout_and_types(&self.udt(index)?, &Text::new(self));
        let (layout, types) = newer.layout_and_types(&newer.udt(newer_index)?, &Text::new(newer));
        let known = !older.incomplete && !layout.incomplete;
        if !known || older.size != layout.size || older.destroys != layout.destroys {
            return None;
        }
        let mut kept = older.members.iter().peekable();
        let added: Vec<usize> = (0..layout.members.len())
            .filter(|at| {
                kept.next_if(|member| **member == layout.members[*at])
                    .is_none()
            })
            .collect();
        if kept.next().is_some() || added.is_empty() {
            return None;
        }
        let members = || layout.members.iter().zip(&types);
        for at in &added {
            let (member, own) = (
                &layout.members[*at],
                newer.extent(&layout.members[*at], types[*at]?)?,
            );
            for (other, (beside, its_type)) in members().enumerate() {
                if other == *at || parent(beside) != parent(member) {
                    continue;
                }
                // What has no type is a slot of a table, or the pointer to one.
                let extent = match its_type {
                    Some(its_type) => newer.extent(beside, *its_type)?,
                    None => beside.offset * 8..(beside.offset + 8) * 8,
                };
                if extent.start < own.end && own.start < extent.end {
                    return None;
                }
            }
        }
        let member = |at: usize| layout.members[at].clone();
        Some(added.into_iter().map(member).collect())
    }

    /// Where a member lies, in bits from the start of the object.
    fn extent(&self, member: &Member, its_type: TypeIndex) -> Option<Range<u64>> {
        let start = member.offset.checked_mul(8)?;
        if let Some((LF_BITFIELD, mut c)) = self.record(its_type) {
            c.skip(4)?;
            let [length, position] = c.u16()?.to_le_bytes().map(u64::from);
            return Some(start + position..start + position + length);
        }
        let end = start.checked_add(u64::from(self.size_of(its_type)?) * 8)?;
        Some(start..end)
    }
}

/// The member that a member is part of, where that one's type has no name.
fn parent(member: &Member) -> &str {
    member
        .name
        .rsplit_once('.')
        .map_or("", |(parent, _)| parent)
}

#[cfg(test)]
mod tests {
    use super::super::testing::{Stream, structure};
    use super::*;

    const INT: u32 = 0x74;
    const CHAR: u32 = 0x10;

    /// A structure of some fields.
    fn types(size: u16, fields: &[(&str, u32, u16)]) -> (Types, TypeIndex) {
        let mut stream = Stream::default();
        let list = stream.fields(fields);
        let index = structure(&mut stream, "node", list, size);
        (stream.types(), index)
    }

    fn filled(size: u16, fields: &[(&str, u32, u16)]) -> Option<Vec<String>> {
        let (old, before) = types(12, &[("kind", CHAR, 0), ("key", INT, 4), ("end", CHAR, 8)]);
        let (new, after) = types(size, fields);
        let members = old.filled_holes(before, &new, after)?;
        Some(members.into_iter().map(|m| m.name).collect())
    }

    #[test]
    fn a_member_in_a_hole_is_found_and_nothing_else_is_taken_for_one() {
        let (kind, key, end) = (("kind", CHAR, 0), ("key", INT, 4), ("end", CHAR, 8));
        let flag = filled(12, &[kind, ("flag", CHAR, 2), key, end]);
        assert_eq!(flag, Some(vec!["flag".to_owned()]));
        let tail = filled(12, &[kind, key, end, ("flag", CHAR, 9)]);
        assert_eq!(tail, Some(vec!["flag".to_owned()]));
        // The object grew; a member moved, went, or shares its place.
        assert_eq!(filled(16, &[kind, key, end, ("more", INT, 12)]), None);
        assert_eq!(
            filled(12, &[("flag", CHAR, 0), ("kind", CHAR, 1), key, end]),
            None
        );
        assert_eq!(filled(12, &[kind, ("flag", CHAR, 1), key]), None);
        assert_eq!(filled(12, &[kind, key, ("half", CHAR, 6), end]), None);
        assert_eq!(filled(12, &[kind, ("wide", INT, 2), key, end]), None);
        // The same members.
        assert_eq!(filled(12, &[kind, key, end]), None);
    }
}
