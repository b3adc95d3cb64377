//! Which types have another layout.

use super::TypeUser;
use crate::symbols::{Layout, Symbols};

/// A class, structure or union whose layout differs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TypeChange {
    /// Its key in [`crate::symbols::Types::layouts`].
    pub key: String,
    /// Its name.
    pub name: String,
    /// What differs, in words.
    pub detail: String,
    /// The functions that are known to touch it; empty until
    /// [`super::Diff::find_type_users`].
    pub users: Vec<TypeUser>,
}

/// Types that both builds define, with layouts of which the new build lacks one.
pub fn diff(old: &Symbols, new: &Symbols) -> Vec<TypeChange> {
    let new_layouts = new.types.layouts();
    let mut changes = Vec::new();
    for (key, before) in old.types.layouts() {
        let Some(after) = new_layouts.get(&key) else {
            continue;
        };
        let lost: Vec<&Layout> = before
            .iter()
            .filter(|l| !after.contains(l) || l.incomplete)
            .collect();
        let gained = after.iter().find(|l| !before.contains(l) || l.incomplete);
        if let (Some(lost), Some(gained)) = (lost.first(), gained) {
            changes.push(TypeChange {
                name: old.types.display_name(&key),
                detail: describe(lost, gained),
                users: Vec::new(),
                key,
            });
        }
    }
    changes
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
