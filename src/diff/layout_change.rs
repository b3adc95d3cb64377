//! What became of the members of a type whose layout differs.

use std::collections::HashMap;

use crate::finding::some_of;
use crate::symbols::{DeclaredAs, Definition, Layout, Member, TypeIndex, Types};

/// What became of a member.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum MemberFate {
    /// It is new.
    Came,
    /// It is no longer there.
    Went,
    /// It has another type.
    Retyped,
    /// It lies somewhere else.
    Moved,
}

/// Where a member lies.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct MemberPlace {
    /// Offset in the object, or of a virtual function in its table.
    pub offset: u64,
    /// Where the next member begins, or the object ends.
    pub end: u64,
    /// Its type as text.
    pub type_name: String,
}

/// A member that is not what and where it was.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct MemberChange {
    /// Its name.
    pub name: String,
    /// What became of it.
    pub fate: MemberFate,
    /// Where it was.
    pub old: Option<MemberPlace>,
    /// Where it is now.
    pub new: Option<MemberPlace>,
    /// Its type as it is declared, where an object of the new build has it.
    pub declared: Option<DeclaredAs>,
}

/// How the layout of a type differs.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct LayoutChange {
    /// The type in the old build.
    pub old: TypeIndex,
    /// The type in the new build.
    pub new: TypeIndex,
    /// Size of an object of the old build.
    pub old_size: u64,
    /// Size of an object of the new build.
    pub new_size: u64,
    /// Members that are not what and where they were, by where they are now, or were.
    pub members: Vec<MemberChange>,
}

impl LayoutChange {
    pub(super) fn new(
        old: &Definition<Layout>,
        new: &Definition<Layout>,
        of_new: &Types,
    ) -> LayoutChange {
        let (before, after) = (&old.content, &new.content);
        let types = of_new.member_types(new.index);
        let mut known: HashMap<&str, Vec<&Member>> = HashMap::new();
        for member in before.members.iter().rev() {
            known.entry(&member.name).or_default().push(member);
        }
        let mut members = Vec::new();
        for (at, member) in after.members.iter().enumerate() {
            // Bases share a name; the one of the same type is meant.
            let namesakes = known.entry(&member.name).or_default();
            let same = namesakes
                .iter()
                .rposition(|m| m.type_name == member.type_name);
            let was = match same {
                Some(same) => Some(namesakes.remove(same)),
                None => namesakes.pop(),
            };
            let fate = match was {
                None => MemberFate::Came,
                Some(was) if was.type_name != member.type_name => MemberFate::Retyped,
                Some(was) if was.offset != member.offset => MemberFate::Moved,
                Some(_) => continue,
            };
            let its_type = types.get(at).copied().flatten();
            members.push(MemberChange {
                name: member.name.clone(),
                fate,
                old: was.map(|m| place(before, m)),
                new: Some(place(after, member)),
                declared: its_type.and_then(|t| of_new.declared_as(t)),
            });
        }
        members.extend(known.into_values().flatten().map(|member| MemberChange {
            name: member.name.clone(),
            fate: MemberFate::Went,
            old: Some(place(before, member)),
            new: None,
            declared: None,
        }));
        members.sort_by_key(|m| (m.place().offset, m.fate, m.name.clone()));
        LayoutChange {
            old: old.index,
            new: new.index,
            old_size: before.size,
            new_size: after.size,
            members,
        }
    }

    /// What became of the members, in words; empty where the members are as they were.
    pub fn summary(&self) -> String {
        let words = |fate, verb: &str| {
            let members = self.with(fate).map(|m| {
                let place = m.place();
                format!(
                    "{} ({}) at offset {:#x}",
                    m.name, place.type_name, place.offset
                )
            });
            let members: Vec<String> = members.collect();
            let members: Vec<&str> = members.iter().map(String::as_str).collect();
            (!members.is_empty()).then(|| format!("{verb} {}", some_of(&members)))
        };
        let moved = match self.with(MemberFate::Moved).count() {
            0 => None,
            1 => Some("1 other member moved".to_owned()),
            n => Some(format!("{n} other members moved")),
        };
        let parts = [
            words(MemberFate::Came, "new:"),
            words(MemberFate::Went, "gone:"),
            words(MemberFate::Retyped, "of another type:"),
            moved,
        ];
        let parts: Vec<String> = parts.into_iter().flatten().collect();
        parts.join("; ")
    }

    /// The members with one fate.
    pub fn with(&self, fate: MemberFate) -> impl Iterator<Item = &MemberChange> {
        self.members.iter().filter(move |m| m.fate == fate)
    }
}

impl MemberChange {
    /// Where it is now, or was.
    pub fn place(&self) -> &MemberPlace {
        static NOWHERE: MemberPlace = MemberPlace {
            offset: 0,
            end: 0,
            type_name: String::new(),
        };
        self.new.as_ref().or(self.old.as_ref()).unwrap_or(&NOWHERE)
    }

    /// Whether it is state that an object can have beside it: no base, no table.
    pub fn is_attachable(&self) -> bool {
        let has_name = !self.name.starts_with("virtual base") && self.name != "base";
        has_name && self.declared.is_some()
    }
}

/// Where a member lies, and what begins behind it.
fn place(layout: &Layout, member: &Member) -> MemberPlace {
    const IN_THE_TABLE: &str = "virtual function";
    let in_the_table = member.type_name == IN_THE_TABLE;
    let others = layout.members.iter();
    let behind = others.filter(|m| (m.type_name == IN_THE_TABLE) == in_the_table);
    let behind = behind.map(|m| m.offset).filter(|o| *o > member.offset);
    MemberPlace {
        offset: member.offset,
        end: behind.min().unwrap_or(match in_the_table {
            true => member.offset + 8,
            false => layout.size.max(member.offset + 1),
        }),
        type_name: member.type_name.clone(),
    }
}
