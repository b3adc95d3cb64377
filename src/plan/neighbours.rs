//! The address of a datum can also be the end of the datum before it: `p != list + n`. Where
//! old and new build place the two differently, it matters which of the two is meant.

use iced_x86::{Decoder, DecoderOptions, FlowControl, Instruction, Mnemonic, OpKind, Register};

use super::Hazard;
use super::closure::Closure;
use crate::addr::Rva;
use crate::finding::rules::code;
use crate::function::{DataIndex, FunctionIndex, Place, Program, Reference, ReferenceKind};

/// Instructions looked at behind the one that takes the address.
const LOOK_AHEAD: usize = 32;

/// Registers that hold arguments (Microsoft x64 calling convention).
const ARGUMENTS: [Register; 4] = [Register::RCX, Register::RDX, Register::R8, Register::R9];

impl Closure<'_> {
    /// Whether it matters that an address is a start and an end, and cannot be told.
    pub(super) fn neighbour_hazard(
        &mut self,
        function: FunctionIndex,
        reference: &Reference,
    ) -> Result<(), Hazard> {
        let target = reference.target;
        let Place::Data(datum, 0) = self.new.place(target) else {
            return Ok(());
        };
        let before = target.checked_offset(-1).map(|rva| self.new.place(rva));
        let Some(Place::Data(previous, _)) = before else {
            return Ok(());
        };
        // The end of what the function does not take the address of is of no use to it.
        let takes = |r: &Reference| {
            r.kind == ReferenceKind::Address
                && matches!(self.new.place(r.target), Place::Data(d, _) if d == previous)
        };
        let takes_previous = self.new.code_of(function).references.iter().any(takes);
        if !takes_previous || is_start(self.new, function, reference, previous) {
            return Ok(());
        }
        if self.still_adjacent(previous, datum) {
            // And that is how it has to stay.
            self.glued.insert(datum);
            return Ok(());
        }
        let names = (self.new.datum(datum), self.new.datum(previous));
        Err((
            &code::UNRESOLVED_REFERENCE,
            format!(
                "is the start of {} or the end of {}, which lie apart in the old build",
                names.0.display_name(),
                names.1.display_name()
            ),
        ))
    }

    /// Whether the second datum follows the first where the moved code will find them.
    fn still_adjacent(&self, first: DataIndex, second: DataIndex) -> bool {
        match (self.diff.old_datum(first), self.diff.old_datum(second)) {
            (Some(p), Some(d)) => {
                let p = self.old.datum(p);
                p.rva.checked_add(p.size) == Some(self.old.datum(d).rva)
            }
            (None, None) => self.run_of(first) == self.run_of(second),
            _ => false,
        }
    }

    /// The new variables that lie side by side with one: the payload keeps them together.
    /// First and last; `None` for what is no new variable.
    pub(super) fn run_of(&self, datum: DataIndex) -> Option<(DataIndex, DataIndex)> {
        let new = self.new;
        let module = |d: DataIndex| {
            let c = new.symbols.contribution_at(new.datum(d).rva);
            c.map(|c| (c.rva, c.module))
        };
        let fits = |d: DataIndex| {
            new.datum(d).writable
                && self.diff.old_datum(d).is_none()
                && !self.diff.datum_is_ambiguous(d)
                && module(d) == module(datum)
        };
        if !fits(datum) {
            return None;
        }
        let touches = |a: DataIndex, b: DataIndex| {
            new.datum(a).rva.checked_add(new.datum(a).size) == Some(new.datum(b).rva)
        };
        let (mut first, mut last) = (datum, datum);
        while let Some(before) = first.0.checked_sub(1).map(DataIndex)
            && fits(before)
            && touches(before, first)
        {
            first = before;
        }
        while (last.0 as usize) + 1 < new.data.len()
            && fits(DataIndex(last.0 + 1))
            && touches(last, DataIndex(last.0 + 1))
        {
            last = DataIndex(last.0 + 1);
        }
        Some((first, last))
    }
}

/// Whether what the function does with an address shows that it is a start: it reads or
/// writes there, or hands it to a function without handing over anything of the datum before.
fn is_start(
    program: &Program<'_>,
    function: FunctionIndex,
    reference: &Reference,
    previous: DataIndex,
) -> bool {
    let f = program.function(function);
    let bytes = program.bytes_of(function);
    let mut decoder = Decoder::with_ip(64, bytes, f.rva.0.into(), DecoderOptions::NONE);
    let mut instruction = Instruction::default();
    // Registers that hold addresses in the datum before, as far as the code up to here shows.
    let mut of_previous: Vec<Register> = Vec::new();
    let mut holders: Vec<Register> = Vec::new();
    let mut seen = 0;
    while decoder.can_decode() && seen < LOOK_AHEAD {
        let start = decoder.position() as u32;
        decoder.decode_out(&mut instruction);
        let end = decoder.position() as u32;
        let i = &instruction;
        if (start..end).contains(&reference.at) {
            holders = vec![i.op0_register().full_register()];
            of_previous.retain(|r| !holders.contains(r));
            continue;
        }
        let target = i
            .is_ip_rel_memory_operand()
            .then(|| i.ip_rel_memory_address());
        let in_previous = target.is_some_and(
            |t| matches!(program.place(Rva(t as u32)), Place::Data(d, _) if d == previous),
        );
        if holders.is_empty() {
            forget(&mut of_previous, i);
            if i.mnemonic() == Mnemonic::Lea && in_previous {
                of_previous.push(i.op0_register().full_register());
            }
            continue;
        }
        seen += 1;
        let holds = |r: Register| holders.contains(&r.full_register());
        let touches = (0..i.op_count()).any(|n| i.op_kind(n) == OpKind::Memory);
        if touches && i.mnemonic() != Mnemonic::Lea && holds(i.memory_base()) {
            // With an index it may count down to the end.
            let plain = i.memory_index() == Register::None;
            return plain && (i.memory_displacement64() as i64) >= 0;
        }
        match i.flow_control() {
            FlowControl::Next => {}
            FlowControl::Call | FlowControl::IndirectCall => {
                let handed_over = ARGUMENTS.iter().any(|r| holds(*r));
                let with_previous = ARGUMENTS.iter().any(|r| of_previous.contains(r));
                return handed_over && !with_previous;
            }
            _ => return false,
        }
        let copies = i.mnemonic() == Mnemonic::Mov
            && i.op0_kind() == OpKind::Register
            && i.op1_kind() == OpKind::Register
            && holds(i.op1_register());
        let reads = (0..i.op_count()).any(|n| {
            (n > 0 || !matches!(i.mnemonic(), Mnemonic::Mov | Mnemonic::Lea))
                && i.op_kind(n) == OpKind::Register
                && holds(i.op_register(n))
        });
        if reads && !copies {
            return false;
        }
        forget(&mut holders, i);
        forget(&mut of_previous, i);
        if copies {
            holders.push(i.op0_register().full_register());
        }
        if i.mnemonic() == Mnemonic::Lea && in_previous {
            of_previous.push(i.op0_register().full_register());
        }
        if holders.is_empty() {
            return false;
        }
    }
    false
}

/// Takes the register that an instruction writes out of a list.
fn forget(registers: &mut Vec<Register>, i: &Instruction) {
    if i.op_count() > 0 && i.op0_kind() == OpKind::Register {
        registers.retain(|r| *r != i.op0_register().full_register());
    }
}
