//! Hazards outside of code: data, types, exports, thread-local storage.

use std::collections::HashSet;

use super::hazards::names_beside;
use super::{Piece, gone, held, numbered, types};
use crate::addr::Rva;
use crate::diff::{DataChange, DataChangeKind, Diff, image_relative_fields};
use crate::finding::{Finding, Rule, rules};
use crate::function::{DataItem, Place, Program};
use crate::symbols;

/// Adds the findings of everything but functions. `pieces` is what the patch carries.
pub fn collect(
    old: &Program<'_>,
    new: &Program<'_>,
    (diff, pieces): (&Diff, &[Piece]),
    findings: &mut Vec<Finding>,
) {
    data(old, new, (diff, pieces), findings);
    gone::collect(old, new, diff, findings);
    let mut each = |rule: &'static Rule, details: &[String]| {
        findings.extend(details.iter().map(|d| Finding::new(rule, d.clone())));
    };
    each(&rules::code::EXPORTS, &diff.image.exports);
    each(&rules::data::TLS_LAYOUT, &diff.image.tls);
    each(&rules::code::RUNS_ONCE, &diff.image.startup);
    each(&rules::data::UNNAMED_DATA, &diff.image.unnamed);
    for change in diff.resources.iter().filter(|c| !c.is_version) {
        let rule = &rules::data::RESOURCES;
        findings.push(Finding::about(rule, change.subject(), change.what));
    }
    if !diff.functions.changed.is_empty() {
        types::changed(old, new, diff, findings);
        retyped(old, new, diff, findings);
    }
    types::unknown(old, "the old PDB", findings);
    types::unknown(new, "the new PDB", findings);
    type_information(new, diff, findings);
    told_apart((old, new), diff, findings);
    gone_from_shared(old, diff, findings);
    unknown_records(old, "the old PDB", findings);
    unknown_records(new, "the new PDB", findings);
}

/// Functions that had one address with others, and are gone.
fn gone_from_shared(old: &Program<'_>, diff: &Diff, findings: &mut Vec<Finding>) {
    for (function, why) in &diff.folded.gone {
        let f = old.function(*function);
        let mut names: Vec<&str> = f.names.iter().map(|n| n.name.as_str()).collect();
        names.dedup();
        let detail = format!(
            "at {} the old build has one copy of {}, not all of which the new build has, and {why}",
            f.rva,
            names.join(", ")
        );
        findings.push(Finding::about(
            &rules::code::FOLDED,
            f.display_name(),
            detail,
        ));
    }
}

/// Functions that had one address with others, and are carried as new ones.
fn told_apart((old, new): (&Program<'_>, &Program<'_>), diff: &Diff, findings: &mut Vec<Finding>) {
    for pair in &diff.folded.told_apart {
        let name = new.function(pair.new).display_name();
        let others = old.function(pair.old).names.iter().map(|n| n.name.clone());
        let others = names_beside(&name, others);
        let detail = format!(
            "at {} the old build has one copy of {name} and {}; {name} is carried with the \
             functions that call it",
            old.function(pair.old).rva,
            others
        );
        findings.push(Finding::about(&rules::code::TOLD_APART, &name, detail));
        if old.function(pair.old).never_returns && old.may_last(pair.old) {
            let detail = "a thread may stay in it for as long as it lives".to_owned();
            findings.push(Finding::about(&rules::code::NEVER_RETURNS, name, detail));
        }
    }
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

/// Variables whose value means something else. Where the size differs, that says it all.
fn retyped(old: &Program<'_>, new: &Program<'_>, diff: &Diff, findings: &mut Vec<Finding>) {
    for variable in &diff.retyped {
        let resized = |c: &&DataChange| {
            c.kind == DataChangeKind::Size && variable.pair == Some((c.old, c.new))
        };
        if diff.data.changed.iter().any(|c| resized(&c)) {
            continue;
        }
        let place = variable.pair.map_or_else(String::new, |(o, n)| {
            let (o, n) = (old.datum(o).rva, new.datum(n).rva);
            format!(" (at {o} in the old and {n} in the new build)")
        });
        let (before, after) = (&variable.old_type, &variable.new_type);
        let detail = format!("its type is {after} instead of {before}{place}");
        let rule = &rules::data::VARIABLE_MEANING;
        findings.push(Finding::about(rule, variable.name.clone(), detail));
    }
}

fn data(
    old: &Program<'_>,
    new: &Program<'_>,
    (diff, pieces): (&Diff, &[Piece]),
    findings: &mut Vec<Finding>,
) {
    let texts = diff.left_out.iter().flat_map(|v| &v.texts);
    let left_out: HashSet<Rva> = texts.map(|[(old, _), _]| *old).collect();
    for change in &diff.data.changed {
        let (d, e) = (old.datum(change.old), new.datum(change.new));
        let is_carried = |piece: &Piece| {
            e.rva >= piece.origin && ((e.rva.0 - piece.origin.0) as usize) < piece.bytes.len()
        };
        // The old one stays, and whoever is left out goes on using it.
        if left_out.contains(&d.rva) && !pieces.iter().any(is_carried) {
            continue;
        }
        let place = format!("at {} in the old and {} in the new build", d.rva, e.rva);
        if change.kind == DataChangeKind::Size && is_disagreement(old, new, diff, change) {
            continue;
        }
        let (rule, detail) = match change.kind {
            DataChangeKind::Size => (
                &rules::data::DATA_RETYPED,
                format!(
                    "it has {} bytes instead of {} ({place})",
                    e.type_size.unwrap_or(e.size),
                    d.type_size.unwrap_or(d.size)
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
            DataChangeKind::Constant => match held::holder(old, change.old)
                .or_else(|| numbered::number(old, new, diff, (change.old, change.new)))
            {
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
        if d.writable && !is_type_descriptor(d) && !diff.functions.changed.is_empty() {
            let detail = format!("the variable at {} is not in the new build", d.rva);
            let rule = &rules::data::DATA_REMOVED;
            findings.push(Finding::about(rule, d.display_name(), detail));
        }
    }
}

/// Whether a variable is what the C++ runtime of MSVC knows a type by. It is writable because
/// the runtime keeps a text in it; no code keeps it up to date.
fn is_type_descriptor(item: &DataItem) -> bool {
    item.names.iter().any(|n| n.name.starts_with("??_R0"))
}

/// Whether two sizes of a variable only show that object files disagree about it: the linker
/// took its definition from one in the old and from another in the new build, and no function
/// of the patch refers to it.
fn is_disagreement(old: &Program<'_>, new: &Program<'_>, diff: &Diff, change: &DataChange) -> bool {
    let of_old = old.symbols.contribution_at(old.datum(change.old).rva);
    let of_new = new.symbols.contribution_at(new.datum(change.new).rva);
    let (Some(a), Some(b)) = (of_old, of_new) else {
        return false;
    };
    let changed = diff.functions.changed.iter().map(|c| c.new);
    let mut brought = changed.chain(diff.functions.added.iter().copied());
    !diff.keys.modules.same(a.module, b.module)
        && !brought.any(|f| {
            let mut references = new.code_of(f).references.iter();
            references.any(|r| matches!(new.place(r.target), Place::Data(d, _) if d == change.new))
        })
}

fn unknown_records(program: &Program<'_>, which: &str, findings: &mut Vec<Finding>) {
    let records = &program.symbols.unknown_records;
    if records.is_empty() {
        return;
    }
    let list: Vec<String> = records
        .iter()
        .map(|(kind, count)| match symbols::kind_name(*kind) {
            Some(name) => format!("{name} ({kind:#06x}, {count} times)"),
            None => format!("{kind:#06x} ({count} times)"),
        })
        .collect();
    let detail = format!("{which} has records of kind {}", list.join(", "));
    findings.push(Finding::new(&rules::input::UNKNOWN_RECORDS, detail));
}
