//! Which types mean something else for objects of the running program: another layout, or
//! other values of an enumeration.
//!
//! Types of one name need not be one type: every file of a C program may have its own
//! `struct node`, and unnamed namespaces, blocks and lambdas bring namesakes as well. Which is
//! which is told by the file that defines them (see [`namesakes`](super::namesakes)).

use super::TypeUser;
use super::layout_change::LayoutChange;
use super::namesakes::{self, Sources};
use crate::finding::some_of;
use crate::symbols::{Definition, Enumeration, Layout, Member, Symbols, Types};

/// What differs in a type.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum TypeChangeKind {
    /// The layout of its objects.
    Layout,
    /// It has these members more, where its objects have nothing so far.
    Filled(Vec<Member>),
    /// Nothing but that it has a destructor now, or has none any more.
    Destructor,
    /// The values of an enumeration.
    Values,
    /// Nothing that is known: its record is not understood.
    Unknown,
}

/// A class, structure, union or enumeration that differs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TypeChange {
    /// What differs.
    pub kind: TypeChangeKind,
    /// Its name in [`crate::symbols::Types::layouts`] or
    /// [`crate::symbols::Types::enumerations`].
    pub key: String,
    /// Its name.
    pub name: String,
    /// What differs, in words.
    pub detail: String,
    /// What became of its members, where the layouts of both builds are known.
    pub layout: Option<LayoutChange>,
    /// The functions that are known to touch it; empty until
    /// [`super::Diff::find_type_users`].
    pub users: Vec<TypeUser>,
}

/// The types of one name in both builds, of which it is not plain which is which.
#[derive(Clone, Debug)]
pub struct Open {
    key: String,
    name: String,
    of: Namesakes,
}

#[derive(Clone, Debug)]
enum Namesakes {
    Layouts(Vec<Definition<Layout>>, Vec<Definition<Layout>>),
    Values(Vec<Definition<Enumeration>>, Vec<Definition<Enumeration>>),
}

/// The types that differ, and those of which more can be told when it is known where they
/// are defined.
pub fn diff(old: &Symbols, new: &Symbols) -> (Vec<TypeChange>, Vec<Open>) {
    let mut open = Vec::new();
    let mut new_layouts = new.types.layouts();
    for (key, before) in old.types.layouts() {
        if let Some(after) = new_layouts.remove(key)
            && !namesakes::all_same(&before, &after)
        {
            open.push(Open {
                key: key.to_owned(),
                name: old.types.display_name(before[0].index),
                of: Namesakes::Layouts(before, after),
            });
        }
    }
    let mut new_values = new.types.enumerations();
    for (key, before) in old.types.enumerations() {
        if let Some(after) = new_values.remove(&key)
            && !namesakes::all_same(&before, &after)
        {
            open.push(Open {
                name: key.clone(),
                key,
                of: Namesakes::Values(before, after),
            });
        }
    }
    (judge(&open, (&old.types, &new.types), None), open)
}

/// What differs of those types, given all types of both builds and where each is defined.
pub fn judge(
    open: &[Open],
    (of_old, of_new): (&Types, &Types),
    sources: Option<Sources<'_>>,
) -> Vec<TypeChange> {
    let changes = open.iter().filter_map(|types| {
        let mut layout = None;
        let (kind, detail) = match &types.of {
            Namesakes::Layouts(before, after) => {
                let found = namesakes::difference(before, after, sources)?;
                let (a, b) = (&found.old.content, &found.new.content);
                let (kind, detail) = match a.incomplete || b.incomplete {
                    true => (TypeChangeKind::Unknown, describe(a, b)),
                    false if (a.size, &a.members) == (b.size, &b.members) => {
                        (TypeChangeKind::Destructor, describe(a, b))
                    }
                    false => match of_old.filled_holes(found.old.index, of_new, found.new.index) {
                        Some(members) => {
                            let detail = describe_filled(&members);
                            (TypeChangeKind::Filled(members), detail)
                        }
                        None => (TypeChangeKind::Layout, describe(a, b)),
                    },
                };
                if matches!(kind, TypeChangeKind::Layout | TypeChangeKind::Filled(_)) {
                    layout = Some(LayoutChange::new(found.old, found.new, of_new));
                }
                (kind, detail + &found.place)
            }
            Namesakes::Values(before, after) => {
                let found = namesakes::difference(before, after, sources)?;
                let (a, b) = (&found.old.content, &found.new.content);
                let detail = a.changed(b);
                let detail = detail.unwrap_or_else(|| "it has other values".into());
                let kind = match a.incomplete || b.incomplete {
                    true => TypeChangeKind::Unknown,
                    false => TypeChangeKind::Values,
                };
                (kind, detail + &found.place)
            }
        };
        Some(TypeChange {
            kind,
            key: types.key.clone(),
            name: types.name.clone(),
            detail,
            layout,
            users: Vec::new(),
        })
    });
    changes.collect()
}

fn describe_filled(members: &[Member]) -> String {
    let words = |m: &Member| format!("{} ({}) at offset {:#x}", m.name, m.type_name, m.offset);
    let members: Vec<String> = members.iter().map(words).collect();
    let members: Vec<&str> = members.iter().map(String::as_str).collect();
    format!(
        "where its objects have padding it has {}; size and every other member are as before",
        some_of(&members)
    )
}

fn describe(old: &Layout, new: &Layout) -> String {
    if old.incomplete || new.incomplete {
        return "its record is not understood, so that its layout cannot be compared".into();
    }
    if old.size != new.size {
        return format!("its size is {} instead of {} bytes", new.size, old.size);
    }
    if old.members == new.members {
        return match new.destroys {
            true => "it has a destructor or operator delete[] of its own now".into(),
            false => "it has no destructor or operator delete[] of its own any more".into(),
        };
    }
    let members = old.members.iter().zip(&new.members);
    match members.into_iter().find(|(a, b)| a != b) {
        Some((a, b)) => format!(
            "at offset {:#x} it has {} ({}) instead of {} ({}) at offset {:#x}",
            b.offset, b.name, b.type_name, a.name, a.type_name, a.offset
        ),
        None => format!(
            "it has {} members instead of {}",
            new.members.len(),
            old.members.len()
        ),
    }
}
