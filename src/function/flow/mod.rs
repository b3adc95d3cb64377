//! Data flow through one function, for the fields that no table lists.
//!
//! MSVC addresses static arrays and switch tables relative to the image base: a register
//! is set by `lea reg, [__ImageBase]`, and later the displacement of `[reg+index*4+RVA]`
//! *is* an RVA. Thread-local variables are displacements from the module's TLS block.
//! Clang and GCC add a table's entry to the table's own address and jump there. In all
//! three cases the meaning of a number follows from what a register holds when it is used.
//!
//! The analysis is a forward abstract interpretation over the registers ([`value`]), one
//! linear pass over the code with a state per branch target, repeated until nothing
//! changes. What a register *may* hold is tracked as well: where a displacement could be
//! an RVA and that is not certain, the function is reported as not understood.

mod base;
mod distances;
mod stack;
mod step;
mod tables;
mod value;

use std::collections::BTreeMap;

use iced_x86::{
    ConstantOffsets, Decoder, DecoderOptions, FlowControl, Instruction, InstructionInfoFactory,
    Mnemonic, OpKind,
};

use crate::addr::Rva;
use crate::function::decode::decode_out;
use crate::image::Image;
use crate::symbols::SwitchTable;
use stack::Seen;
pub use tables::{is_likely, lookup};
use value::State;

/// What the data flow shows.
#[derive(Debug, Default)]
pub struct Flow {
    /// Displacements and immediates that hold RVAs: offset of the field, and the RVA.
    pub image_relative: Vec<(u32, Rva)>,
    /// Displacements and immediates that hold offsets into the TLS block: offset of the
    /// field, and the TLS offset.
    pub thread_local: Vec<(u32, u32)>,
    /// Jumps through a table, and the table.
    pub tables: Vec<FoundTable>,
    /// Tables of distances from their own start whose entries are added to it, whatever is
    /// done with the sum then: lookup tables of strings and other constants.
    pub lookups: Vec<Rva>,
    /// Places inside of such tables whose addresses the code takes to read entries there.
    pub entries: Vec<Rva>,
    /// First byte of data behind the code, as an offset: tables inside the function.
    pub code_end: Option<u32>,
    /// An operand may be relative to the image base, and that is not certain.
    pub uncertain: Option<u32>,
    /// The fields of all such operands, and the RVAs that they are then.
    pub possible: Vec<(u32, Rva)>,
    /// An entry of an unknown table is added to the address of that table.
    pub uncertain_table: Option<u32>,
    /// Places whose use is not understood, if a table of distances lies there: each with the
    /// offset of the use.
    pub suspects: Vec<(Rva, u32)>,
    /// A use of the TLS block that is not understood.
    pub uncertain_thread_local: Option<u32>,
}

/// A switch table that an indirect jump goes through.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FoundTable {
    /// The table and its form; `branch` is the jump.
    pub table: SwitchTable,
    /// Whether the entries are RVAs (MSVC) instead of distances from the table.
    pub image_relative: bool,
}

/// Passes over the code until states are stable; more means that they never are.
const MAX_PASSES: usize = 16;

/// More rounds than there are tables whose start moves the end of the code.
const MAX_ROUNDS: usize = 4;

/// Analyses the code of one function, whose extent may end in tables.
pub fn analyse(image: &Image<'_>, rva: Rva, bytes: &[u8]) -> Flow {
    let mut end = bytes.len();
    for _ in 0..MAX_ROUNDS {
        let limits = table_limits(&bytes[..end], rva);
        let Some(flow) = round(image, rva, bytes, &limits) else {
            break;
        };
        // What is read from tables as if they were code depends on where they lie.
        match flow.code_end {
            Some(found) if (found as usize) < end => end = found as usize,
            _ => return flow,
        }
    }
    Flow {
        uncertain: Some(0),
        uncertain_table: Some(0),
        uncertain_thread_local: Some(0),
        ..Flow::default()
    }
}

/// The analysis with these ends of tables; `None` where it takes too long.
fn round(image: &Image<'_>, rva: Rva, bytes: &[u8], limits: &[u32]) -> Option<Flow> {
    let mut start = (BTreeMap::new(), Seen::default());
    let mut flow = None;
    // First what normal flow reaches. Then, from there, what only an exception can reach.
    for everything in [false, true] {
        let pass = stable(image, rva, bytes, limits, start, everything)?;
        start = (pass.states.clone(), pass.seen);
        flow = Some(pass);
    }
    flow.map(|pass| tables::complete(image, rva, bytes, pass.flow, &pass.code_addresses))
}

/// Repeats passes until nothing changes; `None` where that takes too long.
fn stable<'p>(
    image: &'p Image<'p>,
    rva: Rva,
    bytes: &'p [u8],
    limits: &'p [u32],
    (mut states, mut seen): (BTreeMap<u32, State>, Seen),
    everything: bool,
) -> Option<Pass<'p>> {
    for _ in 0..MAX_PASSES {
        let mut pass = Pass::new(image, rva, bytes, states.clone(), seen);
        pass.limits = limits;
        pass.everything = everything;
        pass.run();
        if pass.states == states && pass.seen == seen {
            return Some(pass);
        }
        (states, seen) = (pass.states, pass.seen);
    }
    None
}

/// Every place that a memory operand of the code may mean, RIP-relative or as an RVA.
fn table_limits(bytes: &[u8], rva: Rva) -> Vec<u32> {
    let mut decoder = Decoder::with_ip(64, bytes, rva.0.into(), DecoderOptions::NONE);
    let instructions = std::iter::from_fn(move || {
        let mut instruction = Instruction::default();
        decoder.can_decode().then(|| {
            decode_out(&mut decoder, bytes, &mut instruction);
            instruction
        })
    });
    let mut limits: Vec<u32> = instructions
        .filter(|i| !i.is_invalid())
        .filter(|i| (0..i.op_count()).any(|n| i.op_kind(n) == OpKind::Memory))
        .filter_map(|i| {
            if i.is_ip_rel_memory_operand() {
                return u32::try_from(i.ip_rel_memory_address()).ok();
            }
            let displacement = u32::try_from(i.memory_displacement64()).ok();
            displacement.filter(|d| *d >= 0x1000)
        })
        .collect();
    limits.sort_unstable();
    limits.dedup();
    limits
}

fn is_padding(instruction: &Instruction) -> bool {
    matches!(instruction.mnemonic(), Mnemonic::Nop | Mnemonic::Int3)
}

/// One pass over the code.
struct Pass<'p> {
    image: &'p Image<'p>,
    rva: Rva,
    bytes: &'p [u8],
    /// State at each branch target, merged over all branches seen so far.
    states: BTreeMap<u32, State>,
    /// Ways out of the registers that were seen so far, in any pass.
    seen: Seen,
    /// Whether code is looked at that normal flow does not reach.
    everything: bool,
    /// Places that the function refers to, ascending: a table ends where the next begins.
    limits: &'p [u32],
    flow: Flow,
    info: InstructionInfoFactory,
    /// Offsets of all instructions.
    code_addresses: Vec<u32>,
}

impl<'p> Pass<'p> {
    fn new(
        image: &'p Image<'p>,
        rva: Rva,
        bytes: &'p [u8],
        states: BTreeMap<u32, State>,
        seen: Seen,
    ) -> Self {
        Pass {
            image,
            rva,
            bytes,
            states,
            seen,
            everything: false,
            limits: &[],
            flow: Flow::default(),
            info: InstructionInfoFactory::new(),
            code_addresses: Vec::new(),
        }
    }

    fn run(&mut self) {
        let mut decoder = Decoder::with_ip(64, self.bytes, self.rva.0.into(), DecoderOptions::NONE);
        let mut state = State::entry();
        let mut reachable = true;
        let mut instruction = Instruction::default();
        while decoder.can_decode() {
            let at = decoder.position() as u32;
            if self.flow.code_end.is_some_and(|end| at >= end) {
                break;
            }
            decode_out(&mut decoder, self.bytes, &mut instruction);
            if instruction.is_invalid() {
                break;
            }
            self.code_addresses.push(at);
            match self.states.get(&at) {
                Some(joined) if reachable => state = state.merge(joined),
                Some(joined) => state = joined.clone(),
                None if reachable => {}
                // Code behind a jump that nothing leads to: an exception handler, unless it is
                // padding before the next label.
                None if self.everything && !is_padding(&instruction) => {
                    if self.seen.block {
                        self.lose_block(at);
                    }
                    state = State::after_exception()
                }
                None => continue,
            }
            let offsets: ConstantOffsets = decoder.get_constant_offsets(&instruction);
            self.step(&mut state, &instruction, &offsets, at);
            reachable = self.leave(&state, &instruction);
        }
    }

    /// Hands the state on to the branch target; says whether the next instruction follows.
    fn leave(&mut self, state: &State, instruction: &Instruction) -> bool {
        match instruction.flow_control() {
            FlowControl::UnconditionalBranch | FlowControl::ConditionalBranch => {
                let target = (instruction.near_branch_target() as u32).wrapping_sub(self.rva.0);
                if (target as usize) < self.bytes.len() {
                    let joined = self.states.get(&target).map(|s| s.merge(state));
                    self.states
                        .insert(target, joined.unwrap_or_else(|| state.clone()));
                }
                instruction.flow_control() == FlowControl::ConditionalBranch
            }
            FlowControl::IndirectBranch => {
                self.leave_through_tables(state);
                false
            }
            FlowControl::Return | FlowControl::Exception => false,
            _ => true,
        }
    }

    /// A switch hands its state on to every case that its table leads to.
    fn leave_through_tables(&mut self, state: &State) {
        let Some(found) = self.flow.tables.last() else {
            return;
        };
        let start = found.table.table.0;
        let next = self.limits.partition_point(|l| *l <= start);
        let room = self.limits.get(next).map_or(u32::MAX, |l| l - start) / 4;
        let targets = tables::targets(self.image, self.rva, self.bytes.len() as u32, found);
        for target in targets.into_iter().take(room as usize) {
            let offset = target.0 - self.rva.0;
            let joined = self.states.get(&offset).map(|s| s.merge(state));
            self.states
                .insert(offset, joined.unwrap_or_else(|| state.clone()));
        }
    }
}
