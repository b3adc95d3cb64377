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

/// The indexed accesses of a function through references that hold addresses of data.
fn reaches(bytes: &[u8], rva: Rva, references: &[Reference]) -> Vec<Reach> {
    let fields: Vec<u32> = references
        .iter()
        .filter(|r| {
            matches!(
                r.kind,
                ReferenceKind::Address | ReferenceKind::ImageRelative
            )
        })
        .map(|r| r.at)
        .collect();
    let mut states: BTreeMap<u32, State> = BTreeMap::new();
    for pass in 0..MAX_PASSES {
        let (next, found) = run(bytes, rva, &fields, &states);
        let stable = next == states;
        if stable {
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
    run(bytes, rva, &fields, &unknown).1
}

/// One pass: the states at branch targets, and what was accessed.
fn run(
    bytes: &[u8],
    rva: Rva,
    fields: &[u32],
    known: &BTreeMap<u32, State>,
) -> (BTreeMap<u32, State>, Vec<Reach>) {
    let mut states = known.clone();
    let mut found: Vec<Reach> = Vec::new();
    let mut info = InstructionInfoFactory::new();
    let mut decoder = Decoder::with_ip(64, bytes, rva.0.into(), DecoderOptions::NONE);
    let mut state = State::unknown();
    let mut reachable = true;
    let mut i = Instruction::default();
    while decoder.can_decode() {
        let at = decoder.position() as u32;
        decoder.decode_out(&mut i);
        if i.is_invalid() {
            break;
        }
        match states.get(&at) {
            Some(joined) if reachable => state = state.join(joined),
            Some(joined) => state = joined.clone(),
            None if reachable => {}
            // A case of a switch, or a handler.
            None => state = State::unknown(),
        }
        let offsets = decoder.get_constant_offsets(&i);
        let field = offsets
            .has_displacement()
            .then(|| at + offsets.displacement_offset() as u32)
            .filter(|f| fields.contains(f));
        let touches = (0..i.op_count()).any(|n| i.op_kind(n) == OpKind::Memory);
        if touches && i.mnemonic() != Mnemonic::Lea && !i.is_ip_rel_memory_operand() {
            note(&mut found, &state, &i, field);
        }
        state.step(&i, field, &mut info);
        reachable = leave(&mut states, &state, &i, rva, bytes.len());
        if i.flow_control() == FlowControl::ConditionalBranch {
            state = state.after_jump(&i, false);
        }
    }
    (states, found)
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

/// Hands the state on to the branch target; says whether the next instruction follows.
fn leave(
    states: &mut BTreeMap<u32, State>,
    state: &State,
    i: &Instruction,
    rva: Rva,
    size: usize,
) -> bool {
    match i.flow_control() {
        FlowControl::UnconditionalBranch | FlowControl::ConditionalBranch => {
            let target = (i.near_branch_target() as u32).wrapping_sub(rva.0);
            let taken = state.after_jump(i, true);
            if (target as usize) < size {
                let joined = states.get(&target).map(|s| s.join(&taken));
                states.insert(target, joined.unwrap_or(taken));
            }
            i.flow_control() == FlowControl::ConditionalBranch
        }
        FlowControl::IndirectBranch | FlowControl::Return | FlowControl::Exception => false,
        _ => true,
    }
}
