//! Hazards of the functions that are replaced, and of the code that replaces them.

use super::Hazard;
use super::closure::Closure;
use super::identity::list;
use super::labels;
use crate::finding::{Finding, rules::code};
use crate::function::{Code, FunctionIndex, IndirectJump, Place, Program};

/// The names of the functions that share an address with one of this name, once each.
pub fn names_beside(name: &str, others: impl Iterator<Item = String>) -> String {
    let mut names: Vec<String> = Vec::new();
    for other in others.filter(|other| other != name) {
        if !names.contains(&other) {
            names.push(other);
        }
    }
    match names.is_empty() {
        true => "another function of that name".to_owned(),
        false => names.join(", "),
    }
}

/// Hazards of redirecting an old function to a new one.
pub fn of_old_function(closure: &mut Closure<'_>, old: FunctionIndex, new: FunctionIndex) {
    let (program, diff) = (closure.old, closure.diff);
    let f = program.function(old);
    let name = f.display_name();
    let mut found = Vec::new();
    let mut others = diff.new_functions(old);
    others.retain(|n| *n != new);
    if !others.is_empty() {
        let others = others
            .iter()
            .map(|n| closure.new.function(*n).display_name());
        let others = names_beside(&name, others);
        let stuck = diff.folded.stuck.iter();
        let mut stuck = stuck.filter(|(pair, _)| (pair.old, pair.new) == (old, new));
        let why = stuck.next().map(|(_, why)| format!(", and {why}"));
        let detail = format!(
            "at {} the old build has one copy of {name} and {}; in the new build they differ{}",
            f.rva,
            others,
            why.unwrap_or_default()
        );
        found.push((&code::FOLDED, detail));
    }
    if diff.function_is_ambiguous(old) {
        let candidates = diff.keys.function_candidates(new);
        let places: Vec<_> = candidates
            .iter()
            .map(|o| program.function(*o).rva)
            .collect();
        let detail = format!(
            "several functions have this name, and which of the old ones the new one at {} \
             replaces cannot be proven: {}",
            closure.new.function(new).rva,
            list(program, &places)
        );
        found.push((&code::AMBIGUOUS, detail));
    }
    if f.overlapped {
        let detail = "the old code overlaps another function".to_owned();
        found.push((&code::SPLIT_FUNCTION, detail));
    }
    if f.names.is_empty() && !diff.is_identity() {
        let detail = "no symbol names this code".to_owned();
        found.push((&code::AMBIGUOUS, detail));
    }
    if f.never_returns && program.may_last(old) {
        let detail = "a thread may stay in it for as long as it lives".to_owned();
        found.push((&code::NEVER_RETURNS, detail));
    }
    if !diff.is_identity()
        && let Some(detail) = labels::kept(program, old)
    {
        found.push((&code::POINTED_INTO, detail));
    }
    if let Some(why) = runs_once(program, old, &name) {
        found.push((&code::RUNS_ONCE, why));
    }
    let findings = found
        .into_iter()
        .map(|(rule, detail)| Finding::about(rule, name.clone(), detail));
    closure.findings.extend(findings);
}

/// Why a function has run already and will not run again.
fn runs_once(program: &Program<'_>, function: FunctionIndex, name: &str) -> Option<String> {
    // `??__E` and `??__F` are Microsoft's decorated forms of the last two.
    const INITIALISERS: [&str; 8] = [
        "_GLOBAL__sub_I_",
        "_GLOBAL__D_",
        "__cxx_global_var_init",
        "__cxx_global_array_dtor",
        "`dynamic initializer for",
        "`dynamic atexit destructor for",
        "??__E",
        "??__F",
    ];
    let f = program.function(function);
    let image = program.image;
    if f.rva == image.entry {
        return Some("it is the entry point of the image".into());
    }
    let callbacks = image.tls.as_ref().map(|t| t.callbacks.as_slice());
    if callbacks.unwrap_or(&[]).contains(&f.rva) {
        return Some("it is a TLS callback".into());
    }
    if name == "DllMain" {
        return Some("it is the DLL's entry point".into());
    }
    let names = f
        .names
        .iter()
        .flat_map(|n| [Some(&n.name), n.linkage.as_ref()]);
    let mut names = names.flatten();
    names
        .any(|name| INITIALISERS.iter().any(|prefix| name.starts_with(prefix)))
        .then(|| "it initialises static data, or takes it down at the end".into())
}

/// Hazards of moving the code of a new function into the payload.
pub fn of_new_function(program: &Program<'_>, function: FunctionIndex) -> Vec<Hazard> {
    let (f, decoded) = (program.function(function), program.code_of(function));
    let mut found: Vec<Hazard> = Vec::new();
    if let Some(at) = decoded.undecodable {
        found.push((&code::UNDECODABLE, format!("no instruction at +{at:#x}")));
    }
    if f.overlapped {
        found.push((&code::SPLIT_FUNCTION, "it overlaps another function".into()));
    }
    for at in unexplained_jumps(program, function, decoded) {
        let detail = format!("the target of the jump at +{at:#x} is computed");
        found.push((&code::INDIRECT_JUMP, detail));
    }
    if let Some(at) = decoded.uncertain_table {
        let detail = format!("which table of distances is read before +{at:#x} is not certain");
        found.push((&code::INDIRECT_JUMP, detail));
    }
    if let Some(at) = decoded.uncertain {
        let detail = format!("the displacement at +{at:#x} may be an RVA, and may not");
        found.push((&code::IMAGE_BASE_RELATIVE, detail));
    }
    found
}

/// Indirect jumps that are neither tail calls nor go through a table that was found.
fn unexplained_jumps(program: &Program<'_>, function: FunctionIndex, code: &Code) -> Vec<u32> {
    let f = program.function(function);
    let described = |at: u32| {
        let tables = &program.switch_tables;
        tables.iter().any(|t| t.branch.0 == f.rva.0 + at)
    };
    let jumps = code.indirect_jumps.iter().filter(|(at, how)| match how {
        IndirectJump::TailCall | IndirectJump::Table => false,
        IndirectJump::Pointer => !described(*at) && !labels_are_carried(program, function, code),
        IndirectJump::Computed => !described(*at),
    });
    jumps.map(|(at, _)| *at).collect()
}

/// Whether every pointer into the middle of a function is in a constant to which the function
/// refers itself. Such a constant is carried along with it, so that a computed goto finds the
/// labels of the moved code. Without labels, a jump through a pointer leads to functions.
fn labels_are_carried(program: &Program<'_>, function: FunctionIndex, code: &Code) -> bool {
    let uses = |wanted: Place| {
        let mut targets = code.references.iter().map(|r| program.place(r.target));
        targets.any(|place| match (place, wanted) {
            (Place::Data(d, _), Place::Data(e, _)) => d == e && !program.datum(d).writable,
            _ => false,
        })
    };
    program
        .labels_of(function)
        .all(|at| uses(program.place(at)))
}
