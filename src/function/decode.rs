//! Decodes the code of one function and finds every field that depends on layout.
//!
//! The decoder's instruction pointer is the RVA, so targets come out as RVAs.

use iced_x86::{Code as Opcode, Decoder, DecoderOptions, Instruction, Mnemonic, OpKind, Register};

use super::flow;
use crate::addr::Rva;
use crate::image::{Image, SectionKind};
use crate::symbols::{SwitchTable, Symbols, fixups};

/// What kind of field a reference is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ReferenceKind {
    /// `rel8` of a branch that leaves the function.
    Branch8,
    /// `rel32` of a call, jump or conditional jump that leaves the function.
    Branch32,
    /// RIP-relative operand that reads or writes this many bytes.
    Access(u16),
    /// RIP-relative operand whose address is taken (`lea`): what is read is unknown.
    Address,
    /// Absolute 64-bit address that the loader relocates.
    Absolute,
    /// 32-bit RVA that is added to the image base: a displacement, or an entry of a switch
    /// table inside the function.
    ImageRelative,
    /// 32-bit offset into the module's TLS block; the target is that offset.
    ThreadLocal,
}

impl ReferenceKind {
    /// Width of the field in bytes.
    pub fn width(self) -> u32 {
        match self {
            ReferenceKind::Branch8 => 1,
            ReferenceKind::Absolute => 8,
            _ => 4,
        }
    }
}

/// A field of an instruction that holds a place instead of a number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Reference {
    /// Offset of the field from the start of the function in bytes.
    pub at: u32,
    /// What kind of field it is.
    pub kind: ReferenceKind,
    /// Bytes between the end of the field and the end of the instruction.
    pub trailing: u8,
    /// The place.
    pub target: Rva,
    /// The object that the place is counted from, where the PDB says so (FIXUP stream).
    pub anchor: Option<Rva>,
}

/// How an indirect jump gets its target.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum IndirectJump {
    /// From a pointer in memory or a parameter: a tail call.
    TailCall,
    /// Through a switch table that was found.
    Table,
    /// From an indexed load of a whole pointer: a call through a table of functions, or a
    /// computed goto through a table of labels.
    Pointer,
    /// From arithmetic or a place that was not found: a switch, as far as is known.
    Computed,
}

/// The decoded code of one function.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Code {
    /// Layout-dependent fields, by ascending offset.
    pub references: Vec<Reference>,
    /// Offset of the first byte that is no instruction.
    pub undecodable: Option<u32>,
    /// Indirect jumps: offset of the instruction, and how it gets its target.
    pub indirect_jumps: Vec<(u32, IndirectJump)>,
    /// The function reads the TEB's TLS array (`gs:[58h]`).
    pub thread_local: bool,
    /// The function loads signed 32-bit entries of a table, which may be distances.
    pub loads_entries: bool,
    /// The function loads signed 32-bit numbers through pointers, which may go from entry to
    /// entry of such a table.
    pub loads_numbers: bool,
    /// The function takes the address of the image itself.
    pub takes_image_base: bool,
    /// Switch tables outside of the function that its jumps go through.
    pub tables: Vec<SwitchTable>,
    /// Offset of an operand that may be an RVA without that being certain.
    pub uncertain: Option<u32>,
    /// Offset of a use of a table of distances that may be any of those in [`Code::tables`].
    pub uncertain_table: Option<u32>,
    /// Offset of a use of the TLS block that is not understood.
    pub uncertain_thread_local: Option<u32>,
    /// The function calls or moves the stack pointer, so that it needs unwind information.
    pub uses_stack: bool,
    /// The smallest offset above 0 that a branch of the function itself leads to.
    pub lowest_branch_target: Option<u32>,
    /// A branch of the function leads back to its first instruction.
    pub branches_to_entry: bool,
    /// Lengths of the first instructions, together at least sixteen bytes where there are.
    pub entry_lengths: Vec<u8>,
}

/// How far back the definition of a jump's register is looked for, in instructions.
const LOOK_BACK: usize = 24;
/// Offset of `ThreadLocalStoragePointer` in the x64 TEB.
const TEB_TLS_ARRAY: u64 = 0x58;

/// Decodes `size` bytes of code at `rva`.
pub fn decode(image: &Image<'_>, symbols: &Symbols, rva: Rva, size: u32) -> Code {
    let Some(bytes) = image.slice(rva, size as usize) else {
        return Code {
            undecodable: Some(0),
            ..Code::default()
        };
    };
    let mut code = sweep(bytes, rva, size);
    let computed = |c: &Code| {
        let mut jumps = c.indirect_jumps.iter();
        jumps.any(|j| matches!(j.1, IndirectJump::Computed | IndirectJump::Pointer))
    };
    let walks = |c: &Code| c.loads_numbers && !possible_lookups(image, symbols, c, &[]).is_empty();
    if code.takes_image_base
        || code.thread_local
        || code.loads_entries
        || computed(&code)
        || walks(&code)
    {
        let flow = flow::analyse(image, rva, bytes);
        if let Some(end) = flow.code_end {
            code = sweep(&bytes[..end as usize], rva, size);
        }
        apply_flow((image, symbols), rva, size, &flow, &mut code);
    }
    absolute_fields(image, rva, size, &mut code);
    listed_fields(image, symbols, rva, size, &mut code);
    code
}

/// What the FIXUP stream lists is exact: the object that each operand means, and fields
/// that look like numbers.
fn listed_fields(image: &Image<'_>, symbols: &Symbols, rva: Rva, size: u32, code: &mut Code) {
    let fixups = symbols.fixups_in(rva, size);
    if fixups.is_empty() {
        return;
    }
    // Whatever may be an RVA is listed.
    code.uncertain = None;
    code.uncertain_thread_local = None;
    let tls = image.tls.as_ref().map(|t| t.template);
    for fixup in fixups {
        let at = fixup.rva.0 - rva.0;
        if let Some(reference) = code.references.iter_mut().find(|r| r.at == at) {
            reference.anchor = Some(fixup.target);
            continue;
        }
        let value = image
            .slice(fixup.rva, 4)
            .map(|b| Rva(u32::from_le_bytes([b[0], b[1], b[2], b[3]])));
        let in_tls = tls.and_then(|t| image.section_at(t)) == image.section_at(fixup.target);
        let kind = match fixup.kind {
            fixups::ADDR32NB => ReferenceKind::ImageRelative,
            fixups::SECREL if in_tls => ReferenceKind::ThreadLocal,
            _ => continue,
        };
        if let Some(target) = value {
            code.references.push(Reference {
                at,
                kind,
                trailing: 0,
                target,
                anchor: Some(fixup.target),
            });
        }
    }
    code.references.sort_by_key(|r| r.at);
}

/// One linear pass over the instructions of a function of `size` bytes; `bytes` ends where
/// its code does.
fn sweep(bytes: &[u8], rva: Rva, size: u32) -> Code {
    let mut reader = Reader {
        code: Code::default(),
        rva,
        end: rva.0.saturating_add(size),
        recent: Vec::with_capacity(LOOK_BACK),
    };
    let mut decoder = Decoder::with_ip(64, bytes, rva.0.into(), DecoderOptions::NONE);
    let mut instruction = Instruction::default();
    while decoder.can_decode() {
        decoder.decode_out(&mut instruction);
        if instruction.is_invalid() {
            let at = (instruction.ip() as u32).wrapping_sub(rva.0);
            reader.code.undecodable = Some(at);
            break;
        }
        let offsets = decoder.get_constant_offsets(&instruction);
        reader.instruction(&instruction, &offsets);
    }
    reader.code
}

/// Adds the fields and tables that the data flow found.
fn apply_flow(
    (image, symbols): (&Image<'_>, &Symbols),
    rva: Rva,
    size: u32,
    flow: &flow::Flow,
    code: &mut Code,
) {
    let field = |at: u32, kind, target| Reference {
        at,
        kind,
        trailing: 0,
        target,
        anchor: None,
    };
    let mut found: Vec<Reference> = Vec::new();
    for (at, target) in &flow.image_relative {
        found.push(field(*at, ReferenceKind::ImageRelative, *target));
    }
    for (at, offset) in &flow.thread_local {
        found.push(field(*at, ReferenceKind::ThreadLocal, Rva(*offset)));
    }
    for table in &flow.tables {
        let start = table.table.table.0;
        let inside = (rva.0..rva.0.saturating_add(size)).contains(&start);
        if table.image_relative && inside {
            let targets = image.switch_targets(&table.table).unwrap_or_default();
            found.extend(targets.iter().enumerate().map(|(i, target)| {
                let at = start - rva.0 + i as u32 * 4;
                field(at, ReferenceKind::ImageRelative, *target)
            }));
        } else {
            code.tables.push(table.table);
        }
        let jump = table.table.branch.0 - rva.0;
        for (at, how) in &mut code.indirect_jumps {
            if *at == jump {
                *how = IndirectJump::Table;
            }
        }
    }
    let mut lookups: Vec<SwitchTable> = flow
        .lookups
        .iter()
        .map(|table| flow::lookup(image, *table))
        .filter(|t| t.entries > 0)
        .collect();
    if let Some(at) = flow.uncertain_table {
        let possible = possible_lookups(image, symbols, code, &lookups);
        if !possible.is_empty() {
            code.uncertain_table = Some(at);
        }
        lookups.extend(possible);
    }
    code.tables.extend(lookups);
    code.references
        .retain(|r| !found.iter().any(|f| overlap(r, f)));
    code.references.extend(found);
    code.references.sort_by_key(|r| r.at);
    code.references.dedup_by_key(|r| r.at);
    code.uncertain = flow.uncertain;
    code.uncertain_thread_local = flow.uncertain_thread_local;
}

/// What may be a table of distances among the data whose address the code takes: two or
/// more numbers that lead to read-only data.
fn possible_lookups(
    image: &Image<'_>,
    symbols: &Symbols,
    code: &Code,
    known: &[SwitchTable],
) -> Vec<SwitchTable> {
    // The compiler's own tables have no names.
    let named = |rva: Rva| {
        symbols.data.binary_search_by_key(&rva, |d| d.rva).is_ok()
            || symbols
                .publics
                .binary_search_by_key(&rva, |p| p.rva)
                .is_ok()
    };
    let mut places: Vec<Rva> = code
        .references
        .iter()
        .filter(|r| r.kind == ReferenceKind::Address)
        .map(|r| r.target)
        .filter(|t| !named(*t))
        .filter(|t| known.iter().chain(&code.tables).all(|k| k.table != *t))
        .filter(|t| image.section_at(*t).map(|s| s.kind()) == Some(SectionKind::ReadOnly))
        .collect();
    places.sort_unstable();
    places.dedup();
    let tables = places.into_iter().map(|rva| flow::lookup(image, rva));
    tables.filter(|t| t.entries > 1).collect()
}

/// Whether two fields share a byte.
fn overlap(a: &Reference, b: &Reference) -> bool {
    a.at < b.at + b.kind.width() && b.at < a.at + a.kind.width()
}

/// Adds the fields that the base relocation table lists, and drops what the decoder
/// took for a reference in the same bytes (data inside code).
fn absolute_fields(image: &Image<'_>, rva: Rva, size: u32, code: &mut Code) {
    for &place in image.relocations_in(rva, size) {
        let at = place.0 - rva.0;
        code.references
            .retain(|r| r.at + r.kind.width() <= at || r.at >= at + 8);
        match image.pointer_at(place) {
            Some(target) if at + 8 <= size => code.references.push(Reference {
                at,
                kind: ReferenceKind::Absolute,
                trailing: 0,
                target,
                anchor: None,
            }),
            _ => code.undecodable = Some(code.undecodable.map_or(at, |u| u.min(at))),
        }
    }
    code.references.sort_by_key(|r| r.at);
}

struct Reader {
    code: Code,
    rva: Rva,
    end: u32,
    /// The last instructions, for the definition of an indirect jump's register.
    recent: Vec<Instruction>,
}

impl Reader {
    fn instruction(&mut self, i: &Instruction, offsets: &iced_x86::ConstantOffsets) {
        let start = (i.ip() as u32).wrapping_sub(self.rva.0);
        if start < 16 {
            self.code.entry_lengths.push(i.len() as u8);
        }
        if is_near_branch(i) {
            self.branch(i, start, offsets);
        }
        if i.is_ip_rel_memory_operand() {
            self.memory(i, start, offsets);
        }
        if i.is_jmp_near_indirect() {
            let how = self.indirect_jump(i);
            self.code.indirect_jumps.push((start, how));
        }
        if i.code() == Opcode::Movsxd_r64_rm32 && i.op1_kind() == OpKind::Memory {
            self.code.loads_entries |= i.memory_index_scale() == 4;
            self.code.loads_numbers |= !i.is_ip_rel_memory_operand();
        }
        self.code.uses_stack |= moves_stack(i);
        self.code.thread_local |=
            i.memory_segment() == Register::GS && i.memory_displacement64() == TEB_TLS_ARRAY;
        if self.recent.len() == LOOK_BACK {
            self.recent.remove(0);
        }
        self.recent.push(*i);
    }

    fn branch(&mut self, i: &Instruction, start: u32, offsets: &iced_x86::ConstantOffsets) {
        let target = i.near_branch_target() as u32;
        if (self.rva.0..self.end).contains(&target) {
            let offset = target - self.rva.0;
            if offset == 0 {
                self.code.branches_to_entry |= !i.is_call_near();
            } else {
                let lowest = self.code.lowest_branch_target;
                self.code.lowest_branch_target = Some(lowest.map_or(offset, |l| l.min(offset)));
            }
            return;
        }
        let field = offsets.immediate_offset() as u32;
        let width = offsets.immediate_size() as u32;
        self.code.references.push(Reference {
            at: start + field,
            kind: if width == 1 {
                ReferenceKind::Branch8
            } else {
                ReferenceKind::Branch32
            },
            trailing: (i.len() as u32).saturating_sub(field + width) as u8,
            target: Rva(target),
            anchor: None,
        });
    }

    fn memory(&mut self, i: &Instruction, start: u32, offsets: &iced_x86::ConstantOffsets) {
        let target = Rva(i.ip_rel_memory_address() as u32);
        if target.0 == 0 {
            self.code.takes_image_base = true;
        }
        let size = i.memory_size().size();
        let is_address = matches!(i.mnemonic(), Mnemonic::Lea) || size == 0;
        let field = offsets.displacement_offset() as u32;
        self.code.references.push(Reference {
            at: start + field,
            kind: if is_address {
                ReferenceKind::Address
            } else {
                ReferenceKind::Access(size as u16)
            },
            trailing: (i.len() as u32).saturating_sub(field + 4) as u8,
            target,
            anchor: None,
        });
    }

    /// A jump through a pointer in memory without an index, or through a register that was
    /// loaded from memory as a whole, is a tail call; so is one through a register that the
    /// function never wrote (a parameter), and one right behind an epilog, which has given the
    /// frame back. Anything else may be a switch.
    fn indirect_jump(&self, jump: &Instruction) -> IndirectJump {
        let loaded = |i: &Instruction| match i.memory_index() {
            Register::None => IndirectJump::TailCall,
            _ => IndirectJump::Pointer,
        };
        if self.recent.last().is_some_and(gives_stack_back) {
            return IndirectJump::TailCall;
        }
        if jump.op0_kind() == OpKind::Memory {
            return loaded(jump);
        }
        let mut register = jump.op0_register();
        let mut earlier = self.recent.as_slice();
        // Copies from register to register are followed back.
        loop {
            let defines = |i: &Instruction| {
                i.op_count() > 0
                    && i.op0_kind() == OpKind::Register
                    && i.op0_register().full_register() == register
                    && !matches!(i.mnemonic(), Mnemonic::Cmp | Mnemonic::Test)
            };
            let Some(at) = earlier.iter().rposition(defines) else {
                return match self.recent.len() < LOOK_BACK {
                    true => IndirectJump::TailCall,
                    false => IndirectJump::Computed,
                };
            };
            let definition = &earlier[at];
            match (definition.code(), definition.op1_kind()) {
                (Opcode::Mov_r64_rm64, OpKind::Memory) => return loaded(definition),
                (Opcode::Mov_r64_rm64 | Opcode::Mov_rm64_r64, OpKind::Register) => {
                    register = definition.op1_register();
                }
                _ => return IndirectJump::Computed,
            }
            earlier = &earlier[..at];
        }
    }
}

/// Whether an instruction raises the stack pointer, as the last one of an epilog does.
fn gives_stack_back(i: &Instruction) -> bool {
    let adds = matches!(i.mnemonic(), Mnemonic::Add | Mnemonic::Lea);
    i.mnemonic() == Mnemonic::Pop || (adds && i.op0_register() == Register::RSP)
}

fn is_near_branch(i: &Instruction) -> bool {
    matches!(
        i.op0_kind(),
        OpKind::NearBranch16 | OpKind::NearBranch32 | OpKind::NearBranch64
    ) || matches!(i.op1_kind(), OpKind::NearBranch64)
}

fn moves_stack(i: &Instruction) -> bool {
    i.is_stack_instruction() && !matches!(i.mnemonic(), Mnemonic::Ret)
        || (i.op_count() > 0
            && i.op0_kind() == OpKind::Register
            && i.op0_register() == Register::RSP
            && !matches!(i.mnemonic(), Mnemonic::Cmp | Mnemonic::Test))
}

/// Length of `bytes` without the padding at the end: int3, any nop, and zeros.
pub fn length_without_padding(bytes: &[u8]) -> u32 {
    let mut decoder = Decoder::with_ip(64, bytes, 0, DecoderOptions::NONE);
    let mut instruction = Instruction::default();
    let mut length = 0;
    while decoder.can_decode() {
        let start = decoder.position();
        decoder.decode_out(&mut instruction);
        if instruction.is_invalid() {
            // Data in code, or an instruction that is cut off: nothing is trimmed behind it
            // but zeros.
            let zeros = bytes[start..].iter().rev().take_while(|b| **b == 0).count();
            let end = bytes.len() - zeros;
            return if end > start { end } else { length } as u32;
        }
        let padding = matches!(instruction.mnemonic(), Mnemonic::Nop | Mnemonic::Int3)
            || bytes[start..decoder.position()].iter().all(|b| *b == 0);
        if !padding {
            length = decoder.position();
        }
    }
    length as u32
}

#[cfg(test)]
mod tests {
    use super::*;

    /// How the last instruction of the code gets its target.
    fn jump_of(bytes: &[u8]) -> IndirectJump {
        let code = sweep(bytes, Rva(0x1000), bytes.len() as u32);
        code.indirect_jumps.last().expect("a jump").1
    }

    #[test]
    fn a_comparison_defines_nothing() {
        // mov rax,[rip+0]; test rax,rax; jmp rax
        let code = [0x48, 0x8b, 0x05, 0, 0, 0, 0, 0x48, 0x85, 0xc0, 0xff, 0xe0];
        assert_eq!(jump_of(&code), IndirectJump::TailCall);
    }

    #[test]
    fn behind_an_epilog_a_jump_is_a_tail_call() {
        // add rax,rcx; add rsp,28h; pop rbx; jmp rax
        let code = [0x48, 0x01, 0xc8, 0x48, 0x83, 0xc4, 0x28, 0x5b, 0xff, 0xe0];
        assert_eq!(jump_of(&code), IndirectJump::TailCall);
        // add rax,rcx; jmp rax
        assert_eq!(
            jump_of(&[0x48, 0x01, 0xc8, 0xff, 0xe0]),
            IndirectJump::Computed
        );
    }

    #[test]
    fn an_indexed_load_may_be_a_computed_goto() {
        // mov rax,[rcx+rdx*8]; jmp rax
        let code = [0x48, 0x8b, 0x04, 0xd1, 0xff, 0xe0];
        assert_eq!(jump_of(&code), IndirectJump::Pointer);
        // jmp [rcx+rdx*8]
        assert_eq!(jump_of(&[0xff, 0x24, 0xd1]), IndirectJump::Pointer);
    }

    #[test]
    fn padding_is_cut_at_an_instruction_boundary() {
        // call +0 (its displacement is zeros), then int3 and a long nop.
        let code = [0xe8, 0, 0, 0, 0, 0xcc, 0x0f, 0x1f, 0x44, 0, 0];
        assert_eq!(length_without_padding(&code), 5);
        assert_eq!(length_without_padding(&[0xcc; 16]), 0);
        assert_eq!(length_without_padding(&[0xc3, 0, 0, 0]), 1);
    }
}
