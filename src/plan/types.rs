//! Types that mean something else for objects of the running program.

use crate::diff::{Deed, Diff, Fate, Handling, LayoutChange, TypeChange, TypeChangeKind, TypeUser};
use crate::finding::{Finding, rules, some_of};
use crate::function::Program;
use crate::symbols::Member;

/// Types that differ. One of which nothing is known matters where the patch touches it.
pub fn changed(old: &Program<'_>, new: &Program<'_>, diff: &Diff, findings: &mut Vec<Finding>) {
    for change in &diff.types {
        let rule = match &change.kind {
            TypeChangeKind::Filled(_) => &rules::data::MEMBER_IN_A_HOLE,
            TypeChangeKind::Destructor => &rules::data::DESTRUCTOR,
            TypeChangeKind::Layout => &rules::data::TYPE_LAYOUT,
            TypeChangeKind::Values => &rules::data::ENUMERATION_VALUES,
            TypeChangeKind::Unknown if change.users.iter().any(is_brought) => {
                &rules::data::TYPE_LAYOUT
            }
            TypeChangeKind::Unknown => &rules::data::UNKNOWN_TYPES,
        };
        let members = change.layout.as_ref().map(LayoutChange::summary);
        let is_said = matches!(change.kind, TypeChangeKind::Filled(_));
        let members = members.filter(|text| !is_said && !text.is_empty());
        let members = members.map_or_else(String::new, |text| format!("; {text}"));
        let users = changed_users(old, new, change);
        let mut detail = format!("{}{members}{users}", change.detail);
        match &change.kind {
            TypeChangeKind::Filled(members) => {
                detail.push_str(&users_of_members(new, change, members));
            }
            _ => detail.push_str(&handled_by(old, new, change)),
        }
        findings.push(Finding::about(rule, change.name.clone(), detail));
    }
}

/// Types whose records are not understood.
pub fn unknown(program: &Program<'_>, which: &str, findings: &mut Vec<Finding>) {
    let list: Vec<String> = program
        .symbols
        .types
        .unknown
        .iter()
        .map(|(kind, count)| format!("{kind:#06x} ({count})"))
        .collect();
    if !list.is_empty() {
        let detail = format!("{which} has type records of kind {}", list.join(", "));
        findings.push(Finding::new(&rules::data::UNKNOWN_TYPES, detail));
    }
}

/// Whether a user of a type is a function that the patch brings.
fn is_brought(user: &TypeUser) -> bool {
    matches!(user.fate, Fate::Changed | Fate::Added)
}

/// Which of the functions that the patch brings touch a type.
fn changed_users(old: &Program<'_>, new: &Program<'_>, change: &TypeChange) -> String {
    const SHOWN: usize = 4;
    let users: Vec<&TypeUser> = change.users.iter().filter(|u| is_brought(u)).collect();
    let names = users.iter().take(SHOWN).filter_map(|u| {
        let of_new = u.new.map(|n| new.function(n).display_name());
        of_new.or_else(|| u.old.map(|o| old.function(o).display_name()))
    });
    let names: Vec<String> = names.collect();
    match users.len() {
        0 => "; no changed function is known to touch it".into(),
        n if n > SHOWN => format!("; {} and {} more touch it", names.join(", "), n - SHOWN),
        1 => format!("; {} touches it", names[0]),
        _ => format!("; {} touch it", names.join(", ")),
    }
}

/// Who makes and frees objects of a type, as far as that is known; whether the patch brings it or
/// not.
fn handled_by(old: &Program<'_>, new: &Program<'_>, change: &TypeChange) -> String {
    let mut text = String::new();
    for deed in [
        Deed::Allocates,
        Deed::Copies,
        Deed::HandsOnSize,
        Deed::Frees,
    ] {
        for proven in [true, false] {
            let does = |u: &&TypeUser| {
                let of_deed = |h: &&Handling| h.deed == deed;
                let mut handles = u.handles.iter().filter(of_deed).peekable();
                handles.peek().is_some() && handles.any(|h| h.proven) == proven
            };
            let users = change.users.iter().filter(does);
            let names = users.filter_map(|u| {
                let of_new = u.new.map(|n| new.function(n).display_name());
                of_new.or_else(|| u.old.map(|o| old.function(o).display_name()))
            });
            let names: Vec<String> = names.collect();
            let names: Vec<&str> = names.iter().map(String::as_str).collect();
            if !names.is_empty() {
                let may = if proven { "" } else { "may be what " };
                text.push_str(&format!("; {may}{} it: {}", deed.words(), some_of(&names)));
            }
        }
    }
    text
}

/// Which of the functions that the patch brings read or write where new members are, beside
/// a register that holds the address of such an object or of something else.
fn users_of_members(new: &Program<'_>, change: &TypeChange, members: &[Member]) -> String {
    let uses = |user: &&TypeUser| {
        let accesses = user.new.map(|f| new.member_accesses(f)).unwrap_or_default();
        members.iter().any(|m| {
            let at = i64::try_from(m.offset).ok();
            accesses.iter().any(|(offset, _)| Some(*offset) == at)
        })
    };
    let users = change.users.iter().filter(|u| is_brought(u)).filter(uses);
    let names: Vec<String> = users
        .filter_map(|u| u.new.map(|f| new.function(f).display_name()))
        .collect();
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    match names.as_slice() {
        [] => "; no code of the patch is seen to read or write it by its offset".into(),
        names => format!("; code at that offset: {}", some_of(names)),
    }
}
