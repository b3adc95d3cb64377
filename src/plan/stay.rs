//! Which functions of a patch may have calls under way in the other version when it is
//! switched (`apply --allow-on-stack`).
//!
//! Such a call goes on in the code in which it began, and calls the other version of what it
//! calls. That is sound where nobody has to agree on anything that only one version knows:
//! no function of the patch has another signature, what the function calls is called as the
//! platform's convention says, and no branch of the old code leads to its own entry, where
//! the redirect is.

use std::collections::BTreeMap;

use iced_x86::{Decoder, DecoderOptions, FlowControl, Instruction};

use super::Plan;
use crate::addr::Rva;
use crate::function::{FunctionIndex, Place, Program};
use crate::symbols::Module;

/// What caller and callee must agree on, by first byte of the function, in both builds.
#[derive(Debug, Default)]
pub struct Signatures {
    /// Of the old build.
    pub old: BTreeMap<Rva, String>,
    /// Of the new build.
    pub new: BTreeMap<Rva, String>,
}

/// For each replacement of a plan why its function may not stay on a stack; `None` where it
/// may.
pub fn reasons(
    plan: &Plan,
    old: &Program<'_>,
    new: &Program<'_>,
    signatures: &Signatures,
) -> Vec<Option<String>> {
    let other_signature = plan.replacements.iter().find(|r| {
        let before = signatures.old.get(&old.function(r.old).rva);
        let after = signatures.new.get(&new.function(r.new).rva);
        before.is_none() || before != after
    });
    let other_signature = other_signature.map(|r| {
        let name = old.function(r.old).display_name();
        format!("the signature of {name} is not the same in both builds, or not known")
    });
    let (before, after): (Vec<_>, Vec<_>) =
        plan.replacements.iter().map(|r| (r.old, r.new)).unzip();
    let reason = |at: usize| {
        let (from, to) = (before[at], after[at]);
        let called = |program, function, set: &[FunctionIndex]| {
            let callee = private_callee(program, function, set)?;
            let name = program.function(callee).display_name();
            Some(format!(
                "it calls {name}, and only its own object file knows how that is called"
            ))
        };
        other_signature
            .clone()
            .or_else(|| branches_to_entry(old, from))
            .or_else(|| called(old, from, &before))
            .or_else(|| called(new, to, &after))
    };
    (0..plan.replacements.len()).map(reason).collect()
}

/// A function of the set that another one refers to, and whose convention the compiler may
/// have chosen freely: one that is not visible outside, or that was made by link-time code
/// generation.
fn private_callee(
    program: &Program<'_>,
    function: FunctionIndex,
    set: &[FunctionIndex],
) -> Option<FunctionIndex> {
    let mut modules = program.symbols.modules.iter();
    let generated_late = modules.any(Module::is_generated_late);
    let is_private =
        |f: FunctionIndex| generated_late || !program.function(f).names.iter().any(|n| n.global);
    let pieces = std::iter::once(function).chain(program.funclets_of(function));
    let references = pieces.flat_map(|f| &program.code_of(f).references);
    let mut callees = references.filter_map(|r| match program.place(r.target) {
        Place::Function(f, _) => Some(f),
        _ => None,
    });
    let calls_itself = entry_branch(program, function, |flow| flow == FlowControl::Call);
    callees
        .find(|f| set.contains(f) && is_private(*f))
        .or_else(|| (calls_itself && is_private(function)).then_some(function))
}

fn branches_to_entry(program: &Program<'_>, function: FunctionIndex) -> Option<String> {
    let jumps = |flow| {
        matches!(
            flow,
            FlowControl::UnconditionalBranch | FlowControl::ConditionalBranch
        )
    };
    entry_branch(program, function, jumps)
        .then(|| "a branch of its old code leads to its entry".to_owned())
}

/// Whether an instruction of a function with this flow leads to its entry.
fn entry_branch(
    program: &Program<'_>,
    function: FunctionIndex,
    wanted: impl Fn(FlowControl) -> bool,
) -> bool {
    let f = program.function(function);
    let ranges = std::iter::once((f.rva, f.size)).chain(f.parts.iter().copied());
    let leads = |(rva, size): (Rva, u32)| {
        let Some(bytes) = program.image.slice(rva, size as usize) else {
            // What can't be read can't be ruled out.
            return true;
        };
        let mut decoder = Decoder::with_ip(64, bytes, rva.0.into(), DecoderOptions::NONE);
        let mut instruction = Instruction::default();
        while decoder.can_decode() {
            decoder.decode_out(&mut instruction);
            let target = instruction.near_branch_target();
            if wanted(instruction.flow_control()) && target == u64::from(f.rva.0) {
                return true;
            }
        }
        false
    };
    ranges.into_iter().any(leads)
}
