//! Hazards outside of code: data, types, exports, thread-local storage, toolchain.

use super::held;
use crate::diff::{DataChangeKind, Diff, Fate, TypeChange, TypeUser, image_relative_fields};
use crate::finding::{Finding, Rule, rules};
use crate::function::Program;

/// Adds the findings of everything but functions.
pub fn collect(old: &Program<'_>, new: &Program<'_>, diff: &Diff, findings: &mut Vec<Finding>) {
    data(old, new, diff, findings);
    let mut each = |rule: &'static Rule, details: &[String]| {
        findings.extend(details.iter().map(|d| Finding::new(rule, d.clone())));
    };
    each(&rules::code::EXPORTS, &diff.image.exports);
    each(&rules::data::TLS_LAYOUT, &diff.image.tls);
    each(&rules::code::RUNS_ONCE, &diff.image.startup);
    each(&rules::data::UNNAMED_DATA, &diff.image.unnamed);
    if !diff.functions.changed.is_empty() {
        each(&rules::input::TOOLCHAIN, &diff.image.toolchain);
        for change in &diff.types {
            let detail = format!("{}{}", change.detail, changed_users(old, new, change));
            let rule = &rules::data::TYPE_LAYOUT;
            findings.push(Finding::about(rule, change.name.clone(), detail));
        }
    }
    type_information(new, diff, findings);
    for function in &diff.functions.removed {
        let f = old.function(*function);
        let detail = format!("{} at {} is not in the new build", f.display_name(), f.rva);
        let rule = &rules::code::REMOVED;
        findings.push(Finding::about(rule, f.display_name(), detail));
    }
    unknown_records(old, "the old PDB", findings);
    unknown_records(new, "the new PDB", findings);
}

/// Descriptions of types for the C++ runtime that the old build does not have. They hold
/// RVAs of their own image, which a payload is not.
fn type_information(new: &Program<'_>, diff: &Diff, findings: &mut Vec<Finding>) {
    for datum in &diff.data.added {
        let item = new.datum(*datum);
        let size = item.content_size();
        let mut names = item.names.iter();
        if !names.any(|n| !image_relative_fields(&n.name, size).is_empty()) {
            continue;
        }
        let detail = format!("at {} in the new build; the old build has none", item.rva);
        let rule = &rules::data::NEW_TYPE_INFORMATION;
        findings.push(Finding::about(rule, item.display_name(), detail));
    }
}

/// Which of the functions that the patch brings touch a type.
fn changed_users(old: &Program<'_>, new: &Program<'_>, change: &TypeChange) -> String {
    const SHOWN: usize = 4;
    let brought = |u: &&TypeUser| matches!(u.fate, Fate::Changed | Fate::Added);
    let users: Vec<&TypeUser> = change.users.iter().filter(brought).collect();
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

fn data(old: &Program<'_>, new: &Program<'_>, diff: &Diff, findings: &mut Vec<Finding>) {
    for change in &diff.data.changed {
        let (d, e) = (old.datum(change.old), new.datum(change.new));
        let place = format!("at {} in the old and {} in the new build", d.rva, e.rva);
        let (rule, detail) = match change.kind {
            DataChangeKind::Size => (
                &rules::data::DATA_RETYPED,
                format!(
                    "it has {} bytes instead of {} ({place})",
                    e.content_size(),
                    d.content_size()
                ),
            ),
            DataChangeKind::Protection => (
                &rules::data::DATA_RETYPED,
                format!("it is a variable in one build and a constant in the other ({place})"),
            ),
            DataChangeKind::InitialValue => (
                &rules::data::DATA_INITIALISER,
                format!("it starts with another value ({place})"),
            ),
            DataChangeKind::Constant => match held::holder(old, change.old) {
                Some(who) => (
                    &rules::data::CONSTANT_HELD,
                    format!("its value differs ({place}), and {who}"),
                ),
                None => (
                    &rules::data::CONSTANT_REPLACED,
                    format!("its value differs ({place})"),
                ),
            },
            DataChangeKind::Identity => (
                &rules::data::CONSTANT_CHANGED,
                format!("its value differs ({place})"),
            ),
        };
        findings.push(Finding::about(rule, d.display_name(), detail));
    }
    // A removed variable matters only where code changed that might have owned it; its
    // memory stays for old code in any case.
    for datum in &diff.data.removed {
        let d = old.datum(*datum);
        if d.writable && !diff.functions.changed.is_empty() {
            let detail = format!("the variable at {} is not in the new build", d.rva);
            let rule = &rules::data::DATA_REMOVED;
            findings.push(Finding::about(rule, d.display_name(), detail));
        }
    }
}

fn unknown_records(program: &Program<'_>, which: &str, findings: &mut Vec<Finding>) {
    let records = &program.symbols.unknown_records;
    if records.is_empty() {
        return;
    }
    let list: Vec<String> = records
        .iter()
        .map(|(kind, count)| format!("{kind:#06x} ({count})"))
        .collect();
    let detail = format!("{which} has records of kind {}", list.join(", "));
    findings.push(Finding::new(&rules::input::UNKNOWN_RECORDS, detail));
}
