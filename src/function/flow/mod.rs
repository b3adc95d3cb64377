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

mod distances;
mod step;
mod tables;
mod value;

use std::collections::BTreeMap;

use iced_x86::{
    ConstantOffsets, Decoder, DecoderOptions, FlowControl, Instruction, InstructionInfoFactory,
    Mnemonic,
};

use crate::addr::Rva;
use crate::image::Image;
use crate::symbols::SwitchTable;
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
    /// First byte of data behind the code, as an offset: tables inside the function.
    pub code_end: Option<u32>,
    /// An operand may be relative to the image base, and that is not certain.
    pub uncertain: Option<u32>,
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

/// Analyses the code of one function. `limit` is the image's size, above which no
/// displacement is an RVA.
pub fn analyse(image: &Image<'_>, rva: Rva, bytes: &[u8]) -> Flow {
    let limits = table_limits(bytes, rva);
    let mut flow = None;
    let mut start = (BTreeMap::new(), false);
    // First what normal flow reaches. Then, from there, what only an exception can reach.
    for everything in [false, true] {
        match stable(image, rva, bytes, &limits, start, everything) {
            Some(pass) => {
                start = (pass.states.clone(), pass.escaped);
                flow = Some(pass);
            }
            None => {
                return Flow {
                    uncertain: Some(0),
                    uncertain_table: Some(0),
                    uncertain_thread_local: Some(0),
                    ..Flow::default()
                };
            }
        }
    }
    flow.map_or_else(Flow::default, |pass| {
        tables::complete(image, rva, bytes, pass.flow, &pass.code_addresses)
    })
}

/// Repeats passes until nothing changes; `None` where that takes too long.
fn stable<'p>(
    image: &'p Image<'p>,
    rva: Rva,
    bytes: &'p [u8],
    limits: &'p [u32],
    (mut states, mut escaped): (BTreeMap<u32, State>, bool),
    everything: bool,
) -> Option<Pass<'p>> {
    for _ in 0..MAX_PASSES {
        let mut pass = Pass::new(image, rva, bytes, states.clone(), escaped);
        pass.limits = limits;
        pass.everything = everything;
        pass.run();
        if pass.states == states && pass.escaped == escaped {
            return Some(pass);
        }
        (states, escaped) = (pass.states, pass.escaped);
    }
    None
}

/// Every place that an operand of the code may mean, RIP-relative or as an RVA.
fn table_limits(bytes: &[u8], rva: Rva) -> Vec<u32> {
    let decoder = Decoder::with_ip(64, bytes, rva.0.into(), DecoderOptions::NONE);
    let mut limits: Vec<u32> = decoder
        .into_iter()
        .filter(|i| !i.is_invalid())
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
    /// The image base was stored to memory somewhere: any load may bring it back.
    escaped: bool,
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
        escaped: bool,
    ) -> Self {
        Pass {
            image,
            rva,
            bytes,
            states,
            escaped,
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
            decoder.decode_out(&mut instruction);
            if instruction.is_invalid() {
                break;
            }
            self.code_addresses.push(at);
            match self.states.get(&at) {
                Some(joined) if reachable => state = state.merge(joined),
                Some(joined) => state = *joined,
                None if reachable => {}
                // Code behind a jump that nothing leads to: an exception handler, unless it is
                // padding before the next label.
                None if self.everything && !is_padding(&instruction) => {
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
                    self.states.insert(target, joined.unwrap_or(*state));
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
            self.states.insert(offset, joined.unwrap_or(*state));
        }
    }
}
