//! Whether arrays and objects of C++ that the old build makes can be freed by the new one.
//!
//! For a class that is trivial in one build and not in the other, or of which the alignment
//! differs, the records are often the same. The code is not (see [`Arrays`]): where a changed
//! function calls the same with another number of bytes before an array, or an operator in
//! another form, what it frees may have been made in another way.

use std::collections::{BTreeMap, BTreeSet};

use crate::diff::Diff;
use crate::finding::{Finding, rules};
use crate::function::{Arrays, Form, FunctionIndex, Operator, Program};
use crate::symbols::{Language, ModuleIndex};

/// The changed functions that make or free arrays in another way.
pub fn findings(old: &Program<'_>, new: &Program<'_>, diff: &Diff) -> Vec<Finding> {
    if diff.is_identity() {
        return Vec::new();
    }
    let files = (files_of_cpp(old), files_of_cpp(new));
    let frees_aligned = old.frees_aligned();
    let mut found = Vec::new();
    for change in &diff.functions.changed {
        if !is_cpp(old, change.old, &files.0) || !is_cpp(new, change.new, &files.1) {
            continue;
        }
        let (before, after) = (old.arrays(change.old), new.arrays(change.new));
        let detail = length(&before, &after)
            .or_else(|| form(&before, &after))
            .or_else(|| aligned(&after).filter(|_| !frees_aligned));
        if let Some(detail) = detail {
            let name = new.function(change.new).display_name();
            found.push(Finding::about(&rules::data::DESTRUCTOR, name, detail));
        }
    }
    found
}

/// Another number of bytes before an array.
fn length(before: &Arrays, after: &Arrays) -> Option<String> {
    after.before.iter().find_map(|(callee, now)| {
        let then = before.before.get(callee)?;
        let is_operator = callee.starts_with("operator ");
        let keys: BTreeSet<i64> = then.keys().chain(now.keys()).copied().collect();
        let count = |counts: &BTreeMap<i64, usize>, key| counts.get(&key).copied().unwrap_or(0);
        let more = keys.iter().filter(|k| count(now, **k) > count(then, **k));
        let less = keys.iter().filter(|k| count(now, **k) < count(then, **k));
        let (mut more, mut less) = (more.copied(), less.copied());
        let (is, was) = match is_operator {
            true => (more.next()?, less.next()?),
            // What else is called is called for other things as well.
            false => {
                let only = |a: &BTreeMap<i64, usize>, b: &BTreeMap<i64, usize>| {
                    a.keys().find(|k| **k > 0 && !b.contains_key(k)).copied()
                };
                let (is, was) = (only(now, then), only(then, now));
                if is.is_none() && was.is_none() {
                    return None;
                }
                (is.unwrap_or(0), was.unwrap_or(0))
            }
        };
        let callee = if callee.is_empty() {
            "what a pointer leads to"
        } else {
            callee
        };
        Some(format!(
            "where it calls {callee} it has {is} bytes before an array, and {was} in the old build"
        ))
    })
}

/// Another form of an operator.
fn form(before: &Arrays, after: &Arrays) -> Option<String> {
    let operators: BTreeSet<Operator> = after.forms.keys().map(|f| f.operator).collect();
    operators.into_iter().find_map(|operator| {
        let count = |arrays: &Arrays, form: &Form| arrays.forms.get(form).copied().unwrap_or(0);
        let of = |arrays: &'_ Arrays| -> Vec<Form> {
            let forms = arrays.forms.keys().filter(|f| f.operator == operator);
            forms.cloned().collect()
        };
        let (then, now) = (of(before), of(after));
        let is = now.iter().find(|f| count(after, f) > count(before, f))?;
        let was = then.iter().find(|f| count(after, f) < count(before, f))?;
        Some(format!(
            "it calls {}, where the old build calls {}",
            words(is),
            words(was)
        ))
    })
}

/// The form of `delete` that is told the alignment.
fn aligned(after: &Arrays) -> Option<String> {
    let frees = |f: &&Form| matches!(f.operator, Operator::Delete | Operator::DeleteArray);
    let form = after.forms.keys().filter(frees).find(|f| f.aligned)?;
    let words = words(form);
    Some(format!(
        "it calls {words}, and nothing in the old build does"
    ))
}

fn words(form: &Form) -> String {
    let name = match form.operator {
        Operator::New => "operator new",
        Operator::NewArray => "operator new[]",
        Operator::Delete => "operator delete",
        Operator::DeleteArray => "operator delete[]",
    };
    let mut text = match form.owner.as_str() {
        "" => name.to_owned(),
        owner => format!("{name} of {owner}"),
    };
    match (form.aligned, form.sized) {
        (true, true) => text.push_str(" with size and alignment"),
        (true, false) => text.push_str(" with an alignment"),
        (false, true) => text.push_str(" with a size"),
        (false, false) => {}
    }
    text
}

/// The object files with names as C++ decorates them, and maybe other languages.
fn files_of_cpp(program: &Program<'_>) -> BTreeSet<ModuleIndex> {
    let names = program.functions.iter().flat_map(|f| &f.names);
    let decorated = |text: &str| text.starts_with("_Z") || text.starts_with('?');
    let names = names.filter(|n| {
        n.linkage.as_deref().is_some_and(decorated) || decorated(&n.name) || n.name.contains("::")
    });
    names.filter_map(|n| n.module).collect()
}

fn is_cpp(program: &Program<'_>, function: FunctionIndex, files: &BTreeSet<ModuleIndex>) -> bool {
    let f = program.function(function);
    let compiler = program.module_at(f.rva).and_then(|m| m.compiler.as_ref());
    let other = compiler.is_some_and(|c| c.language != Language::C);
    !other
        && f.names
            .iter()
            .any(|n| n.module.is_some_and(|m| files.contains(&m)))
}
