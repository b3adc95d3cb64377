//! What would stand in the way of a patch, function by function, for one build alone.
//!
//! Each function is checked as if it had changed into itself: by the same code that plans
//! a patch, so that the answer holds on the day it is needed.

use std::cell::RefCell;
use std::collections::{BTreeSet, HashMap};

use super::closure::Closure;
use super::relays::Relays;
use super::{Gate, entry, hazards};
use crate::addr::Rva;
use crate::diff::Diff;
use crate::finding::{Finding, Severity, rules::code};
use crate::function::{FunctionIndex, HolderText, Holders, Place, Program};
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

/// Checks every function of a build. Funclets and separated parts belong to their parents.
pub fn check_all(program: &Program<'_>) -> Vec<Checked> {
    let checks = Checks::new(program, Diff::of_itself(program));
    let functions = program.function_indices();
    let whole = functions.filter(|f| !program.belongs_to_another(*f));
    let mut all: Vec<Checked> = whole.map(|f| checks.check(f).0).collect();
    add_folded(program, &mut all);
    all
}

/// Checks the functions of a build one by one, each as if it had changed into itself.
pub struct Checks<'c> {
    program: &'c Program<'c>,
    diff: Diff,
    entered: HashMap<FunctionIndex, (u32, String)>,
    relays: RefCell<Relays>,
}

impl<'c> Checks<'c> {
    /// `diff` is the difference of the build to itself.
    pub fn new(program: &'c Program<'c>, diff: Diff) -> Self {
        Checks {
            program,
            diff,
            entered: entered_behind_entry(program),
            relays: RefCell::new(Relays::of(program)),
        }
    }

    /// What stands in the way of one function, and its redirect where there can be one.
    pub fn check(&self, function: FunctionIndex) -> (Checked, Option<Gate>) {
        let program = self.program;
        let mut closure = Closure::new(program, program, &self.diff);
        hazards::of_old_function(&mut closure, function, function);
        closure.function(function);
        closure.run();
        let mut findings = closure.findings;
        let gate = self
            .gate(function)
            .map_err(|problem| findings.push(problem));
        findings.sort_by_key(|f| f.rule.code);
        findings.dedup_by_key(|f| f.rule.code);
        (Checked { function, findings }, gate.ok())
    }

    fn gate(&self, function: FunctionIndex) -> Result<Gate, Finding> {
        let entered = |length| {
            let entered = self.entered.get(&function).filter(|(at, _)| *at < length);
            entered.map(|(_, who)| who.clone())
        };
        entry::plan_given(self.program, function, &self.relays.borrow(), entered)
    }

    /// Takes the place of a relay, so that no other function gets it.
    pub fn take(&self, gate: &Gate) {
        gate.relay
            .iter()
            .for_each(|at| self.relays.borrow_mut().take(*at));
    }
}

/// Several procedures at one address: whether they would change alike is only known on the
/// day. Where nobody holds that address, their callers say who means which.
fn add_folded(program: &Program<'_>, all: &mut [Checked]) {
    let is_folded = |c: &&mut Checked| program.function(c.function).procedures() > 1;
    let folded: BTreeSet<_> = all
        .iter_mut()
        .filter(is_folded)
        .map(|c| c.function)
        .collect();
    let holders = Holders::of(program, &folded);
    for checked in all.iter_mut().filter(|c| folded.contains(&c.function)) {
        let function = checked.function;
        if let Some(holder) = holders.known(function).holders.first() {
            let detail = format!(
                "{} functions share this address, and {}",
                program.function(function).procedures(),
                HolderText(program, holder)
            );
            let name = program.function(function).display_name();
            checked
                .findings
                .push(Finding::about(&code::FOLDED, name, detail));
        }
    }
}

/// Who branches or points into the first bytes of a function, and the lowest offset, for all
/// functions at once (what [`entry::plan`] finds for one).
fn entered_behind_entry(program: &Program<'_>) -> HashMap<FunctionIndex, (u32, String)> {
    let mut entered: HashMap<FunctionIndex, (u32, String)> = HashMap::new();
    let mut note = |function: FunctionIndex, at: u32, who: String| {
        let known = entered.entry(function).or_insert_with(|| (at, who.clone()));
        if at < known.0 {
            *known = (at, who);
        }
    };
    let hit = |target: Rva| match program.place(target) {
        Place::Function(f, at @ 1..REDIRECT_LEN) => Some((f, at)),
        _ => None,
    };
    for (index, code) in program.function_indices().zip(&program.code) {
        if let Some(at) = code.lowest_branch_target.filter(|t| *t < REDIRECT_LEN) {
            note(index, at, "a branch of the function itself".to_owned());
        }
        for (target, at) in code.references.iter().filter_map(|r| hit(r.target)) {
            note(target, at, program.function(index).display_name());
        }
    }
    for (target, at) in program.image.pointers().filter_map(|(_, to)| hit(to)) {
        note(target, at, "a pointer in the image".to_owned());
    }
    for table in &program.switch_tables {
        let targets = program.image.switch_targets(table).unwrap_or_default();
        for (target, at) in targets.into_iter().filter_map(hit) {
            note(target, at, "a switch table".to_owned());
        }
    }
    entered
}
