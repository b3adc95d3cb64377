//! Functions and variables that the new build does not have, and in whose place it has another.
//!
//! A function that is gone stays callable: whoever has stored its address goes on calling it.
//! Where code or data of the old build takes its address, and the new build takes that of a
//! function of its own there, the fix may be in that function and would not arrive. A variable
//! that has become another one would lose its value.

use std::collections::{BTreeMap, BTreeSet};

use super::identity::list;
use crate::addr::Rva;
use crate::diff::Diff;
use crate::finding::{Finding, rules::code};
use crate::function::{DataIndex, FunctionIndex, Place, Program, ReferenceKind};

/// Who takes the address of a function: code, and the places of data that hold it.
#[derive(Default)]
struct Takers {
    functions: BTreeSet<FunctionIndex>,
    places: BTreeSet<Rva>,
}

/// Adds a finding for each.
pub fn collect(old: &Program<'_>, new: &Program<'_>, diff: &Diff, findings: &mut Vec<Finding>) {
    if diff.is_identity() {
        return;
    }
    functions(old, new, diff, findings);
    variables(old, new, diff, findings);
}

fn functions(old: &Program<'_>, new: &Program<'_>, diff: &Diff, findings: &mut Vec<Finding>) {
    if diff.functions.removed.is_empty() || diff.functions.added.is_empty() {
        return;
    }
    let before = takers(old, &diff.functions.removed);
    let after = takers(new, &diff.functions.added);
    let named = |program: &Program<'_>, f: &FunctionIndex| !program.function(*f).names.is_empty();
    for (removed, by) in before.iter().filter(|(f, _)| named(old, f)) {
        let name = base_name(&old.function(*removed).display_name()).to_owned();
        let successors = after.iter().filter(|(added, takers)| {
            let other = new.function(**added).display_name();
            // Of one name: in another namespace, with other parameters, in another file.
            base_name(&other) == name || same_takers(old, new, diff, by, takers)
        });
        let successors = successors.filter(|(added, _)| named(new, added));
        let Some((added, _)) = successors.into_iter().next() else {
            continue;
        };
        let (f, g) = (old.function(*removed), new.function(*added));
        let detail = format!(
            "the new build does not have it, and takes the address of {} at {} in its place: \
             whether that is the same function cannot be proven, and who holds the address of {} \
             goes on calling that",
            g.display_name(),
            list(new, &[g.rva]),
            list(old, &[f.rva])
        );
        let subject = f.display_name();
        findings.push(Finding::about(&code::GUESSED_IDENTITY, subject, detail));
    }
}

/// Who takes the addresses of these functions.
fn takers(program: &Program<'_>, wanted: &[FunctionIndex]) -> BTreeMap<FunctionIndex, Takers> {
    let wanted: BTreeSet<FunctionIndex> = wanted.iter().copied().collect();
    let entry = |rva: Rva| match program.place(rva) {
        Place::Function(f, 0) => Some(f).filter(|f| wanted.contains(f)),
        _ => None,
    };
    let mut found: BTreeMap<FunctionIndex, Takers> = BTreeMap::new();
    for function in program.function_indices() {
        for reference in &program.code_of(function).references {
            let keeps = matches!(
                reference.kind,
                ReferenceKind::Address | ReferenceKind::Absolute
            );
            if let Some(f) = keeps.then(|| entry(reference.target)).flatten() {
                found.entry(f).or_default().functions.insert(function);
            }
        }
    }
    for (place, to) in program.image.pointers() {
        if let Some(f) = entry(to) {
            found.entry(f).or_default().places.insert(place);
        }
    }
    found
}

/// Whether the same function, or the same place of the same datum, takes both addresses.
fn same_takers(
    old: &Program<'_>,
    new: &Program<'_>,
    diff: &Diff,
    before: &Takers,
    after: &Takers,
) -> bool {
    let of_old = |g: &FunctionIndex| diff.old_function(*g);
    let mut functions = after.functions.iter().filter_map(of_old);
    if functions.any(|f| before.functions.contains(&f)) {
        return true;
    }
    after.places.iter().any(|place| match new.place(*place) {
        Place::Data(e, offset) => diff.old_datum(e).is_some_and(|d| {
            let place = old.datum(d).rva.checked_add(offset);
            place.is_some_and(|p| before.places.contains(&p))
        }),
        _ => false,
    })
}

fn variables(old: &Program<'_>, new: &Program<'_>, diff: &Diff, findings: &mut Vec<Finding>) {
    let variables = |program: &Program<'_>, list: &[DataIndex]| -> BTreeSet<DataIndex> {
        let list = list.iter().copied();
        list.filter(|d| program.datum(*d).writable).collect()
    };
    let removed = variables(old, &diff.data.removed);
    let added = variables(new, &diff.data.added);
    if removed.is_empty() || added.is_empty() {
        return;
    }
    let (before, after) = (users(old, &removed), users(new, &added));
    for (e, by) in &after {
        let of_old: BTreeSet<FunctionIndex> =
            by.iter().filter_map(|g| diff.old_function(*g)).collect();
        let name = base_name(new.datum(*e).display_name());
        let same = before.iter().find(|(d, users)| {
            base_name(old.datum(**d).display_name()) == name && !of_old.is_disjoint(users)
        });
        let Some((d, _)) = same else { continue };
        let (v, w) = (old.datum(*d), new.datum(*e));
        let detail = format!(
            "the old build has {} ({}), the new one {} ({}): whether that is the same variable, \
             and keeps its value, cannot be proven",
            v.display_name(),
            list(old, &[v.rva]),
            w.display_name(),
            list(new, &[w.rva])
        );
        let subject = w.display_name().to_owned();
        findings.push(Finding::about(&code::GUESSED_IDENTITY, subject, detail));
    }
}

/// The functions that refer to these data.
fn users(
    program: &Program<'_>,
    wanted: &BTreeSet<DataIndex>,
) -> BTreeMap<DataIndex, BTreeSet<FunctionIndex>> {
    let mut found: BTreeMap<DataIndex, BTreeSet<FunctionIndex>> = BTreeMap::new();
    for function in program.function_indices() {
        for reference in &program.code_of(function).references {
            if let Place::Data(d, _) = program.place(reference.target)
                && wanted.contains(&d)
            {
                found.entry(d).or_default().insert(function);
            }
        }
    }
    found
}

/// A name without namespaces, classes and the arguments of a template.
fn base_name(name: &str) -> &str {
    let (mut depth, mut from) = (0u32, 0);
    for (at, c) in name.char_indices() {
        match c {
            '<' => depth += 1,
            '>' => depth = depth.saturating_sub(1),
            ':' if depth == 0 => from = at + 1,
            _ => {}
        }
    }
    let last = &name[from..];
    let end = last.find('<').filter(|at| *at > 0);
    &last[..end.unwrap_or(last.len())]
}

#[cfg(test)]
mod tests {
    use super::base_name;

    #[test]
    fn namespaces_and_arguments_are_left_out() {
        for (name, base) in [
            ("on_data", "on_data"),
            ("`anonymous namespace'::on_data", "on_data"),
            ("net::Queue<std::pair<int, int>>::push", "push"),
            ("net::largest<std::string>", "largest"),
            ("<lambda_1>::operator()", "operator()"),
        ] {
            assert_eq!(base_name(name), base);
        }
    }
}
