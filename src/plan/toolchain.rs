//! What made the code of the patch: another compiler than that of the code it replaces, other
//! options, or the compiler of a language whose rules are not known.

use std::collections::{BTreeMap, BTreeSet};

use crate::diff::{ChangedFunction, Diff};
use crate::finding::{Finding, rules, some_of};
use crate::function::{FunctionIndex, Program};
use crate::symbols::{Compiler, Language, ModuleIndex};

/// Adds one finding for each way in which a compiler differs, and for each such language.
/// Objects that own no code of the patch say nothing about it.
pub fn collect(old: &Program<'_>, new: &Program<'_>, diff: &Diff, findings: &mut Vec<Finding>) {
    let mut objects: BTreeMap<(bool, String), BTreeSet<String>> = BTreeMap::new();
    for (before, after) in modules(old, new, diff) {
        let (before, after) = (
            &old.symbols.modules[before.0 as usize],
            &new.symbols.modules[after.0 as usize],
        );
        if let (Some(a), Some(b)) = (&before.compiler, &after.compiler)
            && a != b
        {
            let change = (a.is_serviced_by(b), words(a, b));
            let of_change = objects.entry(change).or_default();
            of_change.insert(after.object_name());
        }
    }
    findings.extend(objects.into_iter().map(|((is_serviced, change), objects)| {
        let objects: Vec<&str> = objects.iter().map(String::as_str).collect();
        let rule = match is_serviced {
            true => &rules::input::SERVICED_TOOLCHAIN,
            false => &rules::input::TOOLCHAIN,
        };
        Finding::new(rule, format!("{change}: {}", some_of(&objects)))
    }));
    if !diff.is_identity() {
        languages(new, diff, findings);
    }
}

/// Adds one finding for each language other than C and C++ that code of the patch is in.
fn languages(new: &Program<'_>, diff: &Diff, findings: &mut Vec<Finding>) {
    let changed = diff.functions.changed.iter().map(|c| c.new);
    let mut found: BTreeMap<&str, BTreeSet<String>> = BTreeMap::new();
    for function in changed.chain(diff.functions.added.iter().copied()) {
        let compiler = new.module_at(new.function(function).rva);
        let compiler = compiler.and_then(|module| module.compiler.as_ref());
        if let Some(Language::Other(name)) = compiler.map(|c| c.language) {
            let of_language = found.entry(name).or_default();
            of_language.insert(new.function(function).display_name());
        }
    }
    findings.extend(found.into_iter().map(|(language, functions)| {
        let functions: Vec<&str> = functions.iter().map(String::as_str).collect();
        let detail = format!("{language}: {}", some_of(&functions));
        Finding::new(&rules::code::OTHER_LANGUAGE, detail)
    }));
}

fn words(before: &Compiler, after: &Compiler) -> String {
    if !before.is_serviced_by(after) {
        return format!("{after} instead of {before}");
    }
    let [version, earlier] = [after, before].map(|c| c.version.map(|n| n.to_string()).join("."));
    format!("{} {version} instead of {earlier}", after.name)
}

/// The object files that code of the patch is in: those of the function that is replaced and
/// of its replacement, or those that are the same file where a function is new.
fn modules(
    old: &Program<'_>,
    new: &Program<'_>,
    diff: &Diff,
) -> BTreeSet<(ModuleIndex, ModuleIndex)> {
    let module = |program: &Program<'_>, f: FunctionIndex| {
        let contribution = program.symbols.contribution_at(program.function(f).rva)?;
        Some(contribution.module)
    };
    let of_changed = |f: &ChangedFunction| Some((module(old, f.old)?, module(new, f.new)?));
    let changed = diff.functions.changed.iter().filter_map(of_changed);
    let of_added: BTreeSet<ModuleIndex> = {
        let added = diff.functions.added.iter();
        added.filter_map(|f| module(new, *f)).collect()
    };
    let same = diff.keys.modules.pairs().filter_map(|(o, n)| {
        let (o, n) = (ModuleIndex(o as u32), ModuleIndex(n as u32));
        of_added.contains(&n).then_some((o, n))
    });
    changed.chain(same).collect()
}
