//! Which types mean something else for objects of the running program: another layout, or
//! other values of an enumeration.
//!
//! Types of one name need not be one type: every file of a C program may have its own
//! `struct node`, and unnamed namespaces, blocks and lambdas bring namesakes as well. Which is
//! which is told by the file that defines them (see [`namesakes`](super::namesakes)).

use super::TypeUser;
use super::namesakes::{self, Sources};
use crate::symbols::{Definition, Enumeration, Layout, Symbols};

/// What differs in a type.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum TypeChangeKind {
    /// The layout of its objects.
    Layout,
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
    (judge(&open, None), open)
}

/// What differs of those types, given where each is defined.
pub fn judge(open: &[Open], sources: Option<Sources<'_>>) -> Vec<TypeChange> {
    let changes = open.iter().filter_map(|types| {
        let (kind, detail) = match &types.of {
            Namesakes::Layouts(before, after) => {
                let found = namesakes::difference(before, after, sources)?;
                let unknown = found.old.incomplete || found.new.incomplete;
                let kind = match unknown {
                    true => TypeChangeKind::Unknown,
                    false => TypeChangeKind::Layout,
                };
                (kind, describe(found.old, found.new) + &found.place)
            }
            Namesakes::Values(before, after) => {
                let found = namesakes::difference(before, after, sources)?;
                let detail = found.old.changed(found.new);
                let detail = detail.unwrap_or_else(|| "it has other values".into());
                let unknown = found.old.incomplete || found.new.incomplete;
                let kind = match unknown {
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
            users: Vec::new(),
        })
    });
    changes.collect()
}

fn describe(old: &Layout, new: &Layout) -> String {
    if old.incomplete || new.incomplete {
        return "its record is not understood, so that its layout cannot be compared".into();
    }
    if old.size != new.size {
        return format!("its size is {} instead of {} bytes", new.size, old.size);
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
