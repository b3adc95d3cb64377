//! How the code of a function reads and writes memory: variables by their address, and
//! members of objects by the displacement beside a register.

use std::collections::BTreeSet;

use iced_x86::{Decoder, DecoderOptions, Instruction, MemorySize, Mnemonic, OpKind, Register};

use super::{FunctionIndex, Program};
use crate::addr::Rva;

/// One way to read or write a variable.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Way {
    /// Its address is taken: what is done with it is not known.
    Address,
    /// This many bytes of it, as a floating-point number.
    Float(u16),
    /// This many bytes of it, as anything else.
    Plain(u16),
}

/// A place in an object: how far behind what a register holds, and how many bytes are read or
/// written there, 0 where the address is taken.
pub type MemberAccess = (i64, u16);

impl Program<'_> {
    /// The ways in which a function reads and writes what lies at exactly this address.
    pub fn ways(&self, function: FunctionIndex, rva: Rva) -> BTreeSet<Way> {
        let mut ways = BTreeSet::new();
        self.each_instruction(function, |i| {
            if i.is_ip_rel_memory_operand() && i.ip_rel_memory_address() as u32 == rva.0 {
                ways.insert(way(i));
            }
        });
        ways
    }

    /// The places that a function reads, writes or takes the address of beside registers other
    /// than those of its frame.
    pub fn member_accesses(&self, function: FunctionIndex) -> BTreeSet<MemberAccess> {
        let frame_in_rbp = self.frame_in_rbp(function);
        let mut accesses = BTreeSet::new();
        self.each_instruction(function, |i| {
            let base = i.memory_base();
            let of_frame = base == Register::RSP || base == Register::RBP && frame_in_rbp;
            let address = i.mnemonic() == Mnemonic::Lea;
            let counts = !address || i.memory_index() == Register::None;
            let idle = matches!(i.mnemonic(), Mnemonic::Nop);
            if base.is_gpr64() && !of_frame && counts && !idle {
                let size = if address { 0 } else { i.memory_size().size() };
                accesses.insert((i.memory_displacement64() as i64, size as u16));
            }
        });
        accesses
    }

    /// Whether a function has its frame in RBP.
    pub(super) fn frame_in_rbp(&self, function: FunctionIndex) -> bool {
        let mut frame_in_rbp = false;
        self.each_instruction(function, |i| {
            let sets = matches!(i.mnemonic(), Mnemonic::Mov | Mnemonic::Lea)
                && i.op0_kind() == OpKind::Register
                && i.op0_register() == Register::RBP;
            let from_stack = i.memory_base() == Register::RSP
                || i.op1_kind() == OpKind::Register && i.op1_register() == Register::RSP;
            frame_in_rbp |= sets && from_stack;
        });
        frame_in_rbp
    }

    /// Hands over the instructions of a function in the order of their addresses.
    pub fn each_instruction(&self, function: FunctionIndex, mut each: impl FnMut(&Instruction)) {
        let start = u64::from(self.function(function).rva.0);
        let bytes = self.bytes_of(function);
        let end = self.code_of(function).code_size;
        let bytes = &bytes[..end.map_or(bytes.len(), |e| bytes.len().min(e as usize))];
        let mut decoder = Decoder::with_ip(64, bytes, start, DecoderOptions::NONE);
        let mut instruction = Instruction::default();
        while decoder.can_decode() {
            decoder.decode_out(&mut instruction);
            each(&instruction);
        }
    }

    /// Where in a function instructions begin, in bytes behind its start, ascending; not in what
    /// lies behind its code.
    pub fn instruction_starts(&self, function: FunctionIndex) -> Vec<u32> {
        let start = u64::from(self.function(function).rva.0);
        let mut starts = Vec::new();
        self.each_instruction(function, |i| starts.push((i.ip() - start) as u32));
        starts
    }
}

fn way(i: &Instruction) -> Way {
    let size = i.memory_size();
    if i.mnemonic() == Mnemonic::Lea || size.size() == 0 {
        return Way::Address;
    }
    let scalar = matches!(
        size,
        MemorySize::Float32 | MemorySize::Float64 | MemorySize::Float80
    );
    match scalar {
        true => Way::Float(size.size() as u16),
        false => Way::Plain(size.size() as u16),
    }
}
