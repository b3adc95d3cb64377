//! Constants that live objects may point to.
//!
//! A patch brings a changed constant as a new one, and every function that refers to it. What
//! the running program has stored stays: an object that holds the address of a table of
//! functions goes on with the old table. Whether that can be is asked of the old build: does a
//! variable hold the address, or is there code that stores it?
//!
//! Code is followed from where it takes the address, through registers, the stack, calls and
//! returns. What cannot be followed, such as a call through a pointer, counts for tables of
//! pointers only: numbers and texts are handed over all the time, and nobody keeps them.

use std::collections::{BTreeMap, BTreeSet};

use iced_x86::{
    Code as Opcode, ConditionCode, Decoder, DecoderOptions, FlowControl, Instruction, Mnemonic,
    OpKind, Register,
};

use crate::addr::Rva;
use crate::diff::place_text;
use crate::function::convention::{ARGUMENTS, VOLATILE};
use crate::function::{DataIndex, FunctionIndex, Place, Program};

/// How many calls deep an address is followed.
const MAX_DEPTH: u32 = 6;
/// Passes over one function until nothing changes.
const MAX_PASSES: usize = 8;
/// Constants that lead to each other, at most.
const MAX_RANGES: usize = 64;

/// Functions of the C library that keep no address that they are given.
const HARMLESS: [&str; 24] = [
    "memcpy", "memmove", "memcmp", "memset", "memchr", "strlen", "strcmp", "strncmp", "strcpy",
    "strncpy", "strcat", "strchr", "strrchr", "strstr", "strdup", "_strdup", "puts", "printf",
    "fprintf", "fputs", "fwrite", "wcslen", "wcscmp", "wcscpy",
];

/// Who may hold the address of a constant of the old build, in words.
pub fn holder(old: &Program<'_>, datum: DataIndex) -> Option<String> {
    let item = old.datum(datum);
    holder_of(old, (item.rva, item.content_size()))
}

/// The same of a constant without a symbol: start and length.
pub fn holder_of(old: &Program<'_>, constant: (Rva, u32)) -> Option<String> {
    let mut search = Search {
        program: old,
        ranges: vec![constant],
        of_pointers: !old.image.relocations_in(constant.0, constant.1).is_empty(),
        returning: BTreeSet::new(),
        known: BTreeMap::new(),
    };
    search.containers().or_else(|| search.code())
}

struct Search<'p> {
    program: &'p Program<'p>,
    /// The constant, and those that lead to it.
    ranges: Vec<(Rva, u32)>,
    of_pointers: bool,
    /// Functions that return the address.
    returning: BTreeSet<FunctionIndex>,
    /// What functions do with an address that they get in these registers.
    known: BTreeMap<(FunctionIndex, u16), Fate>,
}

/// What becomes of an address in a function.
#[derive(Clone, Debug, Default)]
struct Fate {
    held: Option<String>,
    returned: bool,
}

impl Search<'_> {
    fn contains(&self, rva: Rva) -> bool {
        let mut ranges = self.ranges.iter();
        ranges.any(|(start, size)| (start.0..start.0.saturating_add(*size)).contains(&rva.0))
    }

    /// Collects the constants that hold the address; says which variable does.
    fn containers(&mut self) -> Option<String> {
        let program = self.program;
        let mut next = 0;
        while next < self.ranges.len() && self.ranges.len() < MAX_RANGES {
            let (start, size) = self.ranges[next];
            next += 1;
            for place in &program.image.base_relocations {
                let Some(target) = program.image.pointer_at(*place) else {
                    continue;
                };
                if !(start.0..start.0.saturating_add(size)).contains(&target.0)
                    || self.contains(*place)
                {
                    continue;
                }
                if program.is_writable(*place) {
                    return Some(format!("{} holds its address", place_text(program, *place)));
                }
                let container = match program.place(*place) {
                    Place::Data(d, _) => {
                        let item = program.datum(d);
                        (item.rva, item.content_size())
                    }
                    _ => {
                        let from = program.referencers().last_until(*place);
                        let from = from.unwrap_or(*place);
                        (from, place.0 - from.0 + 8)
                    }
                };
                self.ranges.push(container);
            }
            for table in &program.switch_tables {
                let targets = program.image.switch_targets(table).unwrap_or_default();
                let leads = targets
                    .iter()
                    .any(|t| (start.0..start.0.saturating_add(size)).contains(&t.0));
                if leads && !self.contains(table.table) {
                    self.ranges
                        .push((table.table, table.entries * table.entry.width()));
                }
            }
        }
        None
    }

    /// The code that stores the address.
    fn code(&mut self) -> Option<String> {
        loop {
            let before = self.returning.len();
            for function in self.program.function_indices() {
                let code = self.program.code_of(function);
                let concerned = code.references.iter().any(|r| {
                    self.contains(r.target)
                        || matches!(self.program.place(r.target), Place::Function(f, 0) if self.returning.contains(&f))
                });
                if !concerned {
                    continue;
                }
                let fate = self.fate(function, 0, 0);
                if fate.held.is_some() {
                    return fate.held;
                }
                if fate.returned {
                    self.returning.insert(function);
                }
            }
            if self.returning.len() == before {
                return None;
            }
        }
    }

    /// What a function does with the address that it gets in registers, or takes itself.
    fn fate(&mut self, function: FunctionIndex, registers: u16, depth: u32) -> Fate {
        if registers != 0
            && let Some(known) = self.known.get(&(function, registers))
        {
            return known.clone();
        }
        // Functions that call each other: what is found elsewhere counts.
        self.known.insert((function, registers), Fate::default());
        let mut walk = Walk {
            function,
            depth,
            frame: has_frame(self.program.bytes_of(function)),
            states: BTreeMap::new(),
            slots: BTreeSet::new(),
            fate: Fate::default(),
        };
        for _ in 0..MAX_PASSES {
            let before = (walk.states.clone(), walk.slots.clone());
            walk.pass(self, registers);
            if walk.fate.held.is_some() || before == (walk.states.clone(), walk.slots.clone()) {
                break;
            }
        }
        self.known.insert((function, registers), walk.fate.clone());
        walk.fate
    }
}

/// One function, followed.
struct Walk {
    function: FunctionIndex,
    depth: u32,
    /// Whether RBP is the frame.
    frame: bool,
    /// Registers that hold the address where branches lead to.
    states: BTreeMap<u32, u16>,
    /// Places on the stack that hold it.
    slots: BTreeSet<(Register, u64)>,
    fate: Fate,
}

impl Walk {
    fn pass(&mut self, search: &mut Search<'_>, registers: u16) {
        let (program, function) = (search.program, self.function);
        let f = program.function(function);
        let bytes = program.bytes_of(function);
        let mut decoder = Decoder::with_ip(64, bytes, f.rva.0.into(), DecoderOptions::NONE);
        let mut i = Instruction::default();
        let mut held = registers;
        while decoder.can_decode() && self.fate.held.is_none() {
            let at = decoder.position() as u32;
            decoder.decode_out(&mut i);
            held |= self.states.get(&at).copied().unwrap_or(0);
            match i.flow_control() {
                FlowControl::Call | FlowControl::IndirectCall => {
                    self.call(search, &i, &mut held);
                }
                FlowControl::ConditionalBranch | FlowControl::UnconditionalBranch => {
                    let target = (i.near_branch_target() as u32).wrapping_sub(f.rva.0);
                    if target < f.size {
                        *self.states.entry(target).or_default() |= held;
                    } else {
                        let mut after = held;
                        self.call(search, &i, &mut after);
                        self.fate.returned |= holds(after, Register::RAX);
                    }
                    if i.flow_control() == FlowControl::UnconditionalBranch {
                        held = 0;
                    }
                }
                FlowControl::IndirectBranch => {
                    // To a case of a switch, or a tail call.
                    let cases = program.switch_tables.iter();
                    let mut cases = cases.filter(|t| t.branch.0 == f.rva.0 + at).peekable();
                    if cases.peek().is_none() {
                        self.call(search, &i, &mut held);
                    }
                    for table in cases {
                        for case in program.image.switch_targets(table).unwrap_or_default() {
                            let offset = case.0.wrapping_sub(f.rva.0);
                            *self.states.entry(offset).or_default() |= held;
                        }
                    }
                    held = 0;
                }
                FlowControl::Return => {
                    self.fate.returned |= holds(held, Register::RAX);
                    held = 0;
                }
                FlowControl::Exception => held = 0,
                _ => self.step(search, &i, &mut held),
            }
        }
    }

    /// Where the function keeps something of its own.
    fn slot(&self, i: &Instruction) -> Option<(Register, u64)> {
        let base = i.memory_base();
        let own = base == Register::RSP || (base == Register::RBP && self.frame);
        (own && i.memory_index() == Register::None).then(|| (base, i.memory_displacement64()))
    }

    fn step(&mut self, search: &Search<'_>, i: &Instruction, held: &mut u16) {
        let program = search.program;
        if i.op_count() == 0 {
            return;
        }
        let memory = (0..i.op_count()).find(|n| i.op_kind(*n) == OpKind::Memory);
        let source = (1..i.op_count())
            .any(|n| i.op_kind(n) == OpKind::Register && holds(*held, i.op_register(n)));
        if i.op0_kind() == OpKind::Memory {
            let keeps = source && !matches!(i.mnemonic(), Mnemonic::Cmp | Mnemonic::Test);
            match self.slot(i) {
                Some(slot) if keeps => {
                    self.slots.insert(slot);
                }
                _ if keeps => {
                    let name = program.function(self.function).display_name();
                    self.fate.held = Some(format!("{name} stores its address"));
                }
                _ => {}
            }
            return;
        }
        if i.op0_kind() != OpKind::Register {
            return;
        }
        let target = i.op0_register();
        if matches!(i.mnemonic(), Mnemonic::Cmp | Mnemonic::Test) {
            return;
        }
        let deep = search.ranges.len() > 1;
        let taken = match memory {
            Some(_) if i.is_ip_rel_memory_operand() => {
                let place = Rva(i.ip_rel_memory_address() as u32);
                let address = i.mnemonic() == Mnemonic::Lea;
                search.contains(place) && (address || deep)
            }
            Some(_) => {
                let through = holds(*held, i.memory_base()) || holds(*held, i.memory_index());
                let slot = self.slot(i).is_some_and(|s| self.slots.contains(&s));
                match i.mnemonic() {
                    Mnemonic::Lea => through,
                    _ => slot || (through && deep),
                }
            }
            None => source,
        };
        // Distances of tables have 32 bits.
        let wide = target.is_gpr64();
        if target.is_vector_register() {
            // What is moved in vectors is copied: out of a constant that leads to the one.
            if taken && (memory.is_none() || deep) && search.of_pointers {
                let name = program.function(self.function).display_name();
                self.fate.held = Some(format!("{name} copies its address"));
            }
            return;
        }
        let changes = matches!(
            i.mnemonic(),
            Mnemonic::Add | Mnemonic::Sub | Mnemonic::Inc | Mnemonic::Dec | Mnemonic::And
        ) || i.condition_code() != ConditionCode::None;
        let stays = changes && holds(*held, target);
        set(held, target, (taken && wide) || stays);
    }

    fn call(&mut self, search: &mut Search<'_>, i: &Instruction, held: &mut u16) {
        let program = search.program;
        let mut handed = 0;
        for register in ARGUMENTS.into_iter().filter(|r| holds(*held, *r)) {
            set(&mut handed, register, true);
        }
        let callee = match i.code() {
            Opcode::Call_rel32_64 | Opcode::Jmp_rel32_64 | Opcode::Jmp_rel8_64 => {
                Some(Rva(i.near_branch_target() as u32))
            }
            _ if i.is_ip_rel_memory_operand() => Some(Rva(i.ip_rel_memory_address() as u32)),
            _ => None,
        };
        let place = callee.map(|c| program.place(c));
        let mut returned = false;
        match place {
            Some(Place::Function(f, 0)) if self.depth < MAX_DEPTH => {
                returned = search.returning.contains(&f);
                if handed != 0 {
                    let fate = search.fate(f, handed, self.depth + 1);
                    self.fate.held = self.fate.held.take().or(fate.held);
                    returned |= fate.returned;
                }
            }
            Some(Place::Import(import)) if handed != 0 => {
                let name = program.image.imports[import as usize].name.to_string();
                if search.of_pointers && !HARMLESS.contains(&name.as_str()) {
                    self.fate.held = Some(format!("{name} gets its address"));
                }
            }
            _ if handed != 0 && search.of_pointers => {
                let name = program.function(self.function).display_name();
                let what = "hands its address to a function that is not known";
                self.fate.held = Some(format!("{name} {what}"));
            }
            _ => {}
        }
        for register in VOLATILE {
            set(held, register, false);
        }
        set(held, Register::RAX, returned);
    }
}

/// Whether RBP is made the frame of a function.
fn has_frame(bytes: &[u8]) -> bool {
    const LOOKED_AT: usize = 24;
    let decoder = Decoder::with_ip(64, bytes, 0, DecoderOptions::NONE);
    decoder.into_iter().take(LOOKED_AT).any(|i| {
        let from_stack = match i.mnemonic() {
            Mnemonic::Mov => i.op1_kind() == OpKind::Register && i.op1_register() == Register::RSP,
            Mnemonic::Lea => i.memory_base() == Register::RSP,
            _ => false,
        };
        from_stack && i.op0_kind() == OpKind::Register && i.op0_register() == Register::RBP
    })
}

fn bit(register: Register) -> u16 {
    let full = register.full_register();
    match full.is_gpr64() {
        true => 1 << full.number(),
        false => 0,
    }
}

fn holds(held: u16, register: Register) -> bool {
    held & bit(register) != 0
}

fn set(held: &mut u16, register: Register, value: bool) {
    *held &= !bit(register);
    if value {
        *held |= bit(register);
    }
}
