//! What would stand in the way of a patch, function by function, for one build alone.
//!
//! Each function is checked as if it had changed into itself: by the same code that plans
//! a patch, so that the answer holds on the day it is needed.

use std::collections::HashMap;

use super::closure::Closure;
use super::{entry, hazards};
use crate::addr::Rva;
use crate::diff::Diff;
use crate::finding::{Finding, Severity, rules::code};
use crate::function::{FunctionIndex, Place, Program};
use crate::payload::names::REDIRECT_LEN;

/// A function and what stands in its way.
#[derive(Debug)]
pub struct Checked {
    /// The function.
    pub function: FunctionIndex,
    /// Every hazard, each rule at most once.
    pub findings: Vec<Finding>,
}

impl Checked {
    /// The gravest hazard; `None` where a patch of this function could always be applied.
    pub fn worst(&self) -> Option<Severity> {
        self.findings.iter().map(|f| f.rule.severity).max()
    }
}

/// Checks every function of a build. Funclets are part of their parents.
pub fn check_all(program: &Program<'_>) -> Vec<Checked> {
    let diff = Diff::of_itself(program);
    let entered = entered_behind_entry(program);
    program
        .function_indices()
        .filter(|f| !program.is_funclet(*f))
        .map(|f| check(program, &diff, &entered, f))
        .collect()
}

fn check(
    program: &Program<'_>,
    diff: &Diff,
    entered: &HashMap<FunctionIndex, String>,
    function: FunctionIndex,
) -> Checked {
    let mut closure = Closure::new(program, program, diff);
    hazards::of_old_function(&mut closure, function, function);
    closure.function(function);
    closure.run();
    let mut findings = closure.findings;
    let gate = entry::plan_given(program, function, || entered.get(&function).cloned());
    findings.extend(gate.err());
    findings.extend(folded(program, function));
    findings.sort_by_key(|f| f.rule.code);
    findings.dedup_by_key(|f| f.rule.code);
    Checked { function, findings }
}

/// Several names at one address: whether they would change alike is only known on the day.
fn folded(program: &Program<'_>, function: FunctionIndex) -> Option<Finding> {
    let f = program.function(function);
    let mut names: Vec<&str> = f.names.iter().map(|n| n.name.as_str()).collect();
    names.sort_unstable();
    names.dedup();
    (names.len() > 1).then(|| {
        let detail = format!("{} functions share this address", names.len());
        Finding::about(&code::FOLDED, f.display_name(), detail)
    })
}

/// Who branches or points into the first bytes of a function, for all functions at once
/// (what [`entry::plan`] finds for one).
fn entered_behind_entry(program: &Program<'_>) -> HashMap<FunctionIndex, String> {
    let mut entered = HashMap::new();
    let hit = |target: Rva| match program.place(target) {
        Place::Function(f, 1..REDIRECT_LEN) => Some(f),
        _ => None,
    };
    for (index, code) in program.function_indices().zip(&program.code) {
        if code.lowest_branch_target.is_some_and(|t| t < REDIRECT_LEN) {
            entered.insert(index, "a branch of the function itself".to_owned());
        }
        for target in code.references.iter().filter_map(|r| hit(r.target)) {
            let from = || program.function(index).display_name();
            entered.entry(target).or_insert_with(from);
        }
    }
    let pointers = program.image.base_relocations.iter();
    for target in pointers.filter_map(|p| hit(program.image.pointer_at(*p)?)) {
        let from = || "a pointer in the image".to_owned();
        entered.entry(target).or_insert_with(from);
    }
    for table in &program.switch_tables {
        let targets = program.image.switch_targets(table).unwrap_or_default();
        for target in targets.into_iter().filter_map(hit) {
            let from = || "a switch table".to_owned();
            entered.entry(target).or_insert_with(from);
        }
    }
    entered
}
