//! How far an indexed access reaches from the address that is in the code.
//!
//! A compiler folds a bias of the index into the address: `table[i - 64]` reads
//! `[table - 256 + i * 4]`, and the code holds an address at which another object lies, or
//! none. Which object is meant follows from the range of the index, for which numbers and
//! addresses are followed through the function as [`Interval`]s.

mod interval;
mod meaning;
mod step;

use std::collections::BTreeMap;

use iced_x86::{
    Decoder, DecoderOptions, FlowControl, Instruction, InstructionInfoFactory, Mnemonic, OpKind,
    Register,
};

use super::decode::decode_out;
use super::{Reference, ReferenceKind};
use crate::addr::Rva;
use interval::Interval;
pub use meaning::resolve;
use step::{State, Value};

/// The accesses with an index through one reference.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Reach {
    /// Offset of the reference's field.
    at: u32,
    /// Bytes from the reference's target to the accessed ones, and to behind them.
    range: Interval,
    /// Whether no index is added: only displacements.
    fixed: bool,
}

/// Passes after which bounds that still move are given up, and after which all are.
const WIDEN: usize = 2;
const MAX_PASSES: usize = 12;

/// One instruction of a function.
struct Line {
    /// Bytes from the start of the function.
    at: u32,
    instruction: Instruction,
    /// The field in it that holds an address of data.
    field: Option<u32>,
    /// It reads or writes memory at an address in a register.
    accesses: bool,
}

/// The indexed accesses of a function through references that hold addresses of data.
fn reaches(bytes: &[u8], rva: Rva, references: &[Reference]) -> Vec<Reach> {
    let code = Lines {
        lines: lines(bytes, rva, references),
        rva,
        size: bytes.len(),
    };
    let mut states: BTreeMap<u32, State> = BTreeMap::new();
    for pass in 0..MAX_PASSES {
        let (next, found) = code.run(&states);
        let stable = next == states;
        // Where no branch leads back, all that leads to an instruction came before it.
        if stable || !code.leads_back() {
            return found;
        }
        let widened = next.into_iter().map(|(at, state)| {
            let state = match states.get(&at) {
                Some(known) if pass >= WIDEN => known.widen(&known.join(&state)),
                Some(known) => known.join(&state),
                None => state,
            };
            (at, state)
        });
        states = widened.collect();
    }
    // No bound holds: every indexed access may reach anything.
    let unknown = states
        .into_keys()
        .map(|at| (at, State::unknown()))
        .collect();
    code.run(&unknown).1
}

/// The instructions of a function, up to the first that is none.
fn lines(bytes: &[u8], rva: Rva, references: &[Reference]) -> Vec<Line> {
    let holds_address = |field: u32| {
        references.iter().any(|r| {
            let kind = matches!(
                r.kind,
                ReferenceKind::Address | ReferenceKind::ImageRelative
            );
            r.at == field && kind
        })
    };
    let mut decoder = Decoder::with_ip(64, bytes, rva.0.into(), DecoderOptions::NONE);
    let mut lines = Vec::new();
    let mut instruction = Instruction::default();
    while decoder.can_decode() {
        let at = decoder.position() as u32;
        decode_out(&mut decoder, bytes, &mut instruction);
        if instruction.is_invalid() {
            break;
        }
        let touches = (0..instruction.op_count()).any(|n| instruction.op_kind(n) == OpKind::Memory);
        let field = touches.then(|| decoder.get_constant_offsets(&instruction));
        let field = field
            .filter(|offsets| offsets.has_displacement())
            .map(|offsets| at + offsets.displacement_offset() as u32)
            .filter(|field| holds_address(*field));
        lines.push(Line {
            at,
            instruction,
            field,
            accesses: touches
                && instruction.mnemonic() != Mnemonic::Lea
                && !instruction.is_ip_rel_memory_operand(),
        });
    }
    lines
}

/// The code of a function, to be gone through more than once.
struct Lines {
    lines: Vec<Line>,
    rva: Rva,
    /// In bytes.
    size: usize,
}

impl Lines {
    /// Where a branch leads to, in bytes from the start of the function.
    fn target(&self, i: &Instruction) -> Option<u32> {
        let branches = matches!(
            i.flow_control(),
            FlowControl::UnconditionalBranch | FlowControl::ConditionalBranch
        );
        branches.then(|| (i.near_branch_target() as u32).wrapping_sub(self.rva.0))
    }

    /// Whether a branch leads back within the function, or to itself.
    fn leads_back(&self) -> bool {
        let mut lines = self.lines.iter();
        lines.any(|line| self.target(&line.instruction).is_some_and(|t| t <= line.at))
    }

    /// One pass: the states at branch targets, and what was accessed.
    fn run(&self, known: &BTreeMap<u32, State>) -> (BTreeMap<u32, State>, Vec<Reach>) {
        let mut states = known.clone();
        let mut found: Vec<Reach> = Vec::new();
        let mut info = InstructionInfoFactory::new();
        let mut state = State::unknown();
        let mut reachable = true;
        for line in &self.lines {
            let i = &line.instruction;
            match states.get(&line.at) {
                Some(joined) if reachable => state = state.join(joined),
                Some(joined) => state = joined.clone(),
                None if reachable => {}
                // A case of a switch, or a handler.
                None => state = State::unknown(),
            }
            if line.accesses {
                note(&mut found, &state, i, line.field);
            }
            state.step(i, line.field, &mut info);
            reachable = self.leave(&mut states, &state, i);
            if i.flow_control() == FlowControl::ConditionalBranch {
                state = state.after_jump(i, false);
            }
        }
        (states, found)
    }

    /// Hands the state on to the branch target; says whether the next instruction follows.
    fn leave(&self, states: &mut BTreeMap<u32, State>, state: &State, i: &Instruction) -> bool {
        if let Some(target) = self.target(i) {
            if (target as usize) < self.size {
                let taken = state.after_jump(i, true);
                let joined = states.get(&target).map(|s| s.join(&taken));
                states.insert(target, joined.unwrap_or(taken));
            }
            return i.flow_control() == FlowControl::ConditionalBranch;
        }
        !matches!(
            i.flow_control(),
            FlowControl::IndirectBranch | FlowControl::Return | FlowControl::Exception
        )
    }
}

fn note(found: &mut Vec<Reach>, state: &State, i: &Instruction, field: Option<u32>) {
    let Some(Value::Address(at, offset)) = state.sum_of_operand(i, field) else {
        return;
    };
    let alone = field.is_some() && i.memory_index() == Register::None;
    let size = i.memory_size().size() as i64;
    let fixed = offset.is_exact();
    if alone || fixed && size == 0 {
        return;
    }
    let range = Interval::new(offset.low, offset.high.saturating_add(size));
    let mut known = found.iter_mut();
    match known.find(|r| (r.at, r.fixed) == (at, fixed)) {
        Some(known) => known.range = known.range.join(range),
        None => found.push(Reach { at, range, fixed }),
    }
}
