//! The plan that moves every function of a build that can be moved, changed or not.
//!
//! It proves on a whole program what a patch relies on for a few functions: that the running
//! program cannot tell moved code from code that the linker placed.

use super::closure::Closure;
use super::coverage::Checks;
use super::{Plan, Replacement, Status};
use crate::account::Account;
use crate::diff::Diff;
use crate::finding::Severity;
use crate::function::{FunctionIndex, Program};

impl Plan {
    /// Plans the move of every function of a build. `accepted` holds the codes of risks that
    /// are taken, `except` the names of functions that stay where they are. What cannot be
    /// moved is in [`Plan::left_out`].
    pub fn of_everything(
        program: &Program<'_>,
        diff: &Diff,
        accepted: &[String],
        except: &[String],
    ) -> Plan {
        let checks = Checks::new(program, Diff::identity(program));
        let mut closure = Closure::new(program, program, diff);
        let mut replacements = Vec::new();
        let mut left_out = Vec::new();
        let mut used = Vec::new();
        for function in program.function_indices() {
            if program.belongs_to_another(function) || named(program, function, except) {
                continue;
            }
            let (mut checked, gate) = checks.check(function);
            let is_accepted = |code: &str| accepted.iter().any(|a| a.eq_ignore_ascii_case(code));
            checked.findings.retain(|f| match f.rule.severity {
                Severity::Note => false,
                Severity::Risk if is_accepted(f.rule.code) => {
                    used.push(f.rule.code);
                    false
                }
                Severity::Risk | Severity::Refuse => true,
            });
            match gate {
                Some(gate) if checked.findings.is_empty() => {
                    checks.take(&gate);
                    replacements.push(Replacement {
                        old: function,
                        new: function,
                        piece: closure.function(function),
                        gate,
                    });
                }
                _ => left_out.push(checked),
            }
        }
        closure.run();
        let moved = closure.join_overlaps();
        for replacement in &mut replacements {
            replacement.piece = moved.piece(replacement.piece);
        }
        used.sort_unstable();
        used.dedup();
        let refused = !closure.findings.is_empty();
        Plan {
            status: match (refused, replacements.is_empty(), used.is_empty()) {
                (true, _, _) => Status::RestartRequired,
                (_, true, _) => Status::Unchanged,
                (_, _, true) => Status::Patchable,
                (_, _, false) => Status::Accepted,
            },
            findings: closure.findings,
            accepted: used,
            replacements,
            pieces: closure.pieces,
            imports: closure.imports,
            hooks: Vec::new(),
            exposed: Vec::new(),
            watched: Vec::new(),
            left_out,
            account: Some(Account::of_itself(program.image)),
        }
    }
}

fn named(program: &Program<'_>, function: FunctionIndex, names: &[String]) -> bool {
    names
        .iter()
        .any(|n| program.function(function).is_called(n))
}
