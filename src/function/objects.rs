//! Which objects the code of a function reads and writes, as far as types tell: what a register
//! holds that was handed over, read from a variable or a member, or returned by a call.
//!
//! One pass over the instructions in the order of their addresses. What is not followed is open,
//! which says nothing for or against a type.

use std::collections::{BTreeSet, HashMap};

use iced_x86::{
    FlowControl, Instruction, InstructionInfoFactory, MemorySize, Mnemonic, OpAccess, OpKind,
    Register,
};

use super::convention::{ARGUMENTS, VOLATILE};
use super::{FunctionIndex, Place, Program, ReferenceKind};
use crate::addr::Rva;
use crate::symbols::{Behind, TypeIndex, Within};

/// What is known of the object at which code reads or writes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Described {
    /// A record says what lies there.
    Told,
    /// No record does: of its class, or of the variable.
    Untold,
    /// Its class is told, and has nothing there: what lies there is part of something larger, of
    /// which the object is a base or a member, or lies beside it.
    Beyond,
    /// Its class is told, and the code that it is handed to, or the variable that it is stored in,
    /// takes it for one of a larger class that the other build does not have.
    Taken,
    /// What the running program has in a variable, or a caller hands over, as a pointer to
    /// anything.
    Raw,
    /// It isn't known which object it is.
    Open,
}

/// One read or write of an object.
#[derive(Clone, Copy, Debug)]
pub struct ObjectAccess {
    /// How far behind what the register holds, or behind the start of the variable.
    pub displacement: i64,
    /// Bytes that are read or written.
    pub size: u16,
    /// Whether it is a floating-point number.
    pub float: bool,
    /// By how much the place goes on with an index; 0 without one.
    pub scale: u8,
    /// Whether a call or jump goes to what is read.
    pub leads: bool,
    /// What is known of the object.
    pub of: Described,
}

/// What a register or a place of the frame holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Holds {
    /// A pointer of this type, and this many bytes.
    Pointer(TypeIndex, i64),
    /// The address of something in the image.
    Address(Rva),
    /// A virtual function table, or an address somewhere in something of the image whose records
    /// say what it is.
    Compared,
    /// A pointer from a variable that no record describes.
    Untold,
    /// The address of something in the frame.
    Frame,
    /// What a call has returned, which may be fresh memory.
    Fresh,
    /// Anything.
    Open,
}

/// What the other build has of the classes that this one defines.
pub struct OtherBuild<'w> {
    /// Whether a class can be compared with that of the other build: not where that one only
    /// declares it.
    pub comparable: &'w dyn Fn(TypeIndex) -> bool,
    /// Whether the other build has no such class.
    pub lacks: &'w dyn Fn(TypeIndex) -> bool,
    /// Whether a class that the other build lacks has this one as a member or base.
    pub enlarges: &'w dyn Fn(TypeIndex) -> bool,
    /// Whether the other build lacks this class and has one that is inside of it: that one's size,
    /// in bytes.
    pub larger: &'w dyn Fn(TypeIndex) -> Option<i64>,
}

struct Walk<'w, 'p> {
    program: &'w Program<'p>,
    other: &'w OtherBuild<'w>,
    frame_in_rbp: bool,
    /// Where fields are that hold a place: of a thread-local variable, or of something in the
    /// image, counted from its base.
    places: Vec<Rva>,
    registers: HashMap<Register, Holds>,
    frame: HashMap<(Register, i64), Holds>,
    found: Vec<ObjectAccess>,
    /// Classes of which functions are handed an object in the frame.
    in_frame: BTreeSet<TypeIndex>,
    info: InstructionInfoFactory,
}

impl Program<'_> {
    /// The objects that a function reads and writes, in the order of its code.
    pub fn object_accesses(
        &self,
        function: FunctionIndex,
        other: &OtherBuild<'_>,
    ) -> Vec<ObjectAccess> {
        self.walk_objects(function, other).found
    }

    /// The classes of objects in its frame of which a function hands the address to others.
    pub fn objects_in_frame(&self, function: FunctionIndex) -> BTreeSet<TypeIndex> {
        let nothing = OtherBuild {
            comparable: &|_| true,
            lacks: &|_| false,
            enlarges: &|_| false,
            larger: &|_| None,
        };
        self.walk_objects(function, &nothing).in_frame
    }

    fn walk_objects<'w>(
        &'w self,
        function: FunctionIndex,
        other: &'w OtherBuild<'w>,
    ) -> Walk<'w, 'w> {
        let mut walk = Walk {
            program: self,
            other,
            frame_in_rbp: self.frame_in_rbp(function),
            places: self.fields_of_places(function),
            registers: HashMap::new(),
            frame: HashMap::new(),
            found: Vec::new(),
            in_frame: BTreeSet::new(),
            info: InstructionInfoFactory::new(),
        };
        walk.enter(function);
        self.each_instruction(function, |i| walk.step(i));
        walk
    }
}

impl Program<'_> {
    fn fields_of_places(&self, function: FunctionIndex) -> Vec<Rva> {
        let start = self.function(function).rva;
        let references = self.code_of(function).references.iter();
        let is_place = |kind| {
            matches!(
                kind,
                ReferenceKind::ThreadLocal | ReferenceKind::ImageRelative
            )
        };
        let fields = references.filter(|r| is_place(r.kind));
        fields.filter_map(|r| start.checked_add(r.at)).collect()
    }
}

impl Walk<'_, '_> {
    fn enter(&mut self, function: FunctionIndex) {
        // The compiler may hand other things to a function that only it calls.
        let names = &self.program.function(function).names;
        let Some(own) = names.iter().find_map(|n| n.type_index.filter(|_| n.global)) else {
            return;
        };
        let handed = self.program.symbols.types.handed(own).unwrap_or_default();
        for (register, index) in ARGUMENTS.into_iter().zip(handed) {
            self.registers.insert(register, Holds::Pointer(index, 0));
        }
    }

    fn step(&mut self, i: &Instruction) {
        self.note(i);
        let memory = || i.op1_kind() == OpKind::Memory && i.memory_size().size() == 8;
        let sets = i.op0_kind() == OpKind::Register && i.op0_register().is_gpr64();
        match i.mnemonic() {
            Mnemonic::Mov if sets && i.op1_kind() == OpKind::Register => {
                let held = self.held(i.op1_register());
                self.registers.insert(i.op0_register(), held);
            }
            Mnemonic::Mov if sets && memory() => {
                let held = self.read(i);
                self.registers.insert(i.op0_register(), held);
            }
            Mnemonic::Lea if sets => {
                let held = self.address(i);
                self.registers.insert(i.op0_register(), held);
            }
            Mnemonic::Add | Mnemonic::Sub if sets && is_immediate(i) => {
                let by = i.immediate(1) as i64;
                let by = if i.mnemonic() == Mnemonic::Sub {
                    -by
                } else {
                    by
                };
                let held = self.held(i.op0_register());
                self.registers.insert(i.op0_register(), shifted(held, by));
            }
            // As the element of an array, and where a table holds distances from itself.
            Mnemonic::Add if sets && i.op1_kind() == OpKind::Register => {
                let sum = self.sum([i.op0_register(), i.op1_register()]);
                self.registers.insert(i.op0_register(), sum);
            }
            Mnemonic::Mov
                if self.is_frame(i)
                    && i.op1_kind() == OpKind::Register
                    && i.op1_register().is_gpr64() =>
            {
                let held = self.held(i.op1_register());
                self.frame.insert(slot(i), held);
            }
            Mnemonic::Mov if i.is_ip_rel_memory_operand() && i.op1_register().is_gpr64() => {
                if let Holds::Pointer(wanted, 0) = self.value(Rva(i.ip_rel_memory_address() as u32))
                {
                    self.note_taken(self.held(i.op1_register()), wanted);
                }
                self.forget(i);
            }
            _ => self.forget(i),
        }
        match i.flow_control() {
            FlowControl::UnconditionalBranch if i.op0_kind() == OpKind::NearBranch64 => {
                self.hand_over(i);
                self.registers.clear();
            }
            FlowControl::Call | FlowControl::IndirectCall => {
                self.hand_over(i);
                let result = self.result(i);
                for register in VOLATILE {
                    self.registers.insert(register, Holds::Open);
                }
                self.registers.insert(Register::RAX, result);
            }
            // What follows is reached from elsewhere.
            FlowControl::UnconditionalBranch
            | FlowControl::IndirectBranch
            | FlowControl::Return => {
                self.registers.clear();
            }
            _ => {}
        }
    }

    /// Looks at the arguments of a call.
    fn hand_over(&mut self, i: &Instruction) {
        for (register, wanted) in ARGUMENTS.into_iter().zip(self.handed(i)) {
            let held = self.held(register);
            self.note_taken(held, wanted);
            let Some(Behind::Defined(class)) = self.program.symbols.types.behind(wanted) else {
                continue;
            };
            match held {
                Holds::Frame => _ = self.in_frame.insert(class),
                // Whatever it is, it need not be one.
                Holds::Open => {
                    if let Some(inside) = (self.other.larger)(class) {
                        self.push_taken(inside);
                    }
                }
                _ => {}
            }
        }
    }

    /// The types of what the function is handed that a call or jump leads to.
    fn handed(&self, i: &Instruction) -> Vec<TypeIndex> {
        let types = &self.program.symbols.types;
        let handed = self.of_called(i, |function| types.handed(function));
        handed.unwrap_or_default()
    }

    /// What the type of the function tells that a call or jump leads to.
    fn of_called<T>(&self, i: &Instruction, tell: impl Fn(TypeIndex) -> Option<T>) -> Option<T> {
        if i.op0_kind() != OpKind::NearBranch64 {
            return None;
        }
        let Place::Function(f, 0) = self.program.place(Rva(i.near_branch64() as u32)) else {
            return None;
        };
        let mut names = self.program.function(f).names.iter();
        names.find_map(|n| tell(n.type_index?))
    }

    /// Notes where a pointer to a class is taken for one to a larger class that is new.
    fn note_taken(&mut self, held: Holds, wanted: TypeIndex) {
        let types = &self.program.symbols.types;
        let (own, by) = match held {
            Holds::Pointer(own, by) => (types.behind(own), by),
            // A variable, and no pointer.
            Holds::Address(rva) => match self.program.place(rva) {
                Place::Data(d, offset) => {
                    let class = self.program.datum(d).types.first();
                    (class.map(|c| types.what(*c)), i64::from(offset))
                }
                _ => return,
            },
            _ => return,
        };
        let (Some(Behind::Defined(own)), Some(Behind::Defined(wanted))) =
            (own, types.behind(wanted))
        else {
            return;
        };
        let size = |class| types.size_of(class).map_or(0, i64::from);
        let lacks = self.other.lacks;
        if lacks(wanted) && !lacks(own) && size(wanted) > size(own).saturating_sub(by) {
            self.push_taken(size(own));
        }
    }

    /// Notes that an object which may end there is taken for a larger one.
    fn push_taken(&mut self, end: i64) {
        self.found.push(ObjectAccess {
            displacement: end,
            size: 0,
            float: false,
            scale: 0,
            leads: false,
            of: Described::Taken,
        });
    }

    /// Notes an access.
    fn note(&mut self, i: &Instruction) {
        if i.op_count() == 0 || !(0..i.op_count()).any(|op| i.op_kind(op) == OpKind::Memory) {
            return;
        }
        if matches!(i.mnemonic(), Mnemonic::Lea | Mnemonic::Nop) || self.is_frame(i) {
            return;
        }
        let bytes = i.ip()..i.next_ip();
        if self.places.iter().any(|at| bytes.contains(&at.0.into())) {
            return;
        }
        let (displacement, of) = if i.is_ip_rel_memory_operand() {
            match self.variable(Rva(i.ip_rel_memory_address() as u32)) {
                Some(offset) => (i64::from(offset), Described::Untold),
                None => return,
            }
        } else if i.memory_base().is_gpr64() {
            let displacement = i.memory_displacement64() as i64;
            // Either of two registers may have the address.
            let registers = [i.memory_base(), i.memory_index()];
            let of = registers.map(|r| self.described(self.held(r), displacement));
            let of = of.into_iter().find(|of| *of != Described::Open);
            (displacement, of.unwrap_or(Described::Open))
        } else {
            return;
        };
        let indexed = i.memory_index() != Register::None;
        self.found.push(ObjectAccess {
            displacement,
            size: i.memory_size().size() as u16,
            float: matches!(
                i.memory_size(),
                MemorySize::Float32 | MemorySize::Float64 | MemorySize::Float80
            ),
            scale: if indexed {
                i.memory_index_scale() as u8
            } else {
                0
            },
            leads: matches!(
                i.flow_control(),
                FlowControl::IndirectCall | FlowControl::IndirectBranch
            ),
            of,
        });
    }

    /// The offset in a variable of which no record says what it holds.
    fn variable(&self, at: Rva) -> Option<u32> {
        let Place::Data(d, offset) = self.program.place(at) else {
            return None;
        };
        let item = self.program.datum(d);
        (item.writable && item.types.is_empty()).then_some(offset)
    }

    fn described(&self, base: Holds, displacement: i64) -> Described {
        match base {
            Holds::Pointer(index, by) => self.behind(index, by.saturating_add(displacement)),
            Holds::Address(rva) => {
                let at = rva.checked_offset(displacement);
                match at.and_then(|at| self.variable(at)) {
                    Some(_) => Described::Untold,
                    None => Described::Told,
                }
            }
            Holds::Compared => Described::Told,
            Holds::Untold => Described::Untold,
            Holds::Frame | Holds::Fresh | Holds::Open => Described::Open,
        }
    }

    fn behind(&self, pointer: TypeIndex, offset: i64) -> Described {
        let types = &self.program.symbols.types;
        match types.behind(pointer) {
            Some(Behind::Defined(class)) if !(self.other.comparable)(class) => Described::Untold,
            Some(Behind::Defined(class)) => {
                let has = |offset: i64| {
                    let offset = u64::try_from(offset).ok();
                    offset.is_some_and(|o| types.within(class, o) != Within::Nothing)
                };
                // One of its neighbours in an array, unless it may be another kind of object.
                let size = i64::from(types.size_of(class).unwrap_or(0));
                let in_array = || offset.checked_rem_euclid(size).is_some_and(has);
                match has(offset) || !(self.other.enlarges)(class) && in_array() {
                    true => Described::Told,
                    false => Described::Beyond,
                }
            }
            Some(Behind::Declared) => Described::Untold,
            Some(Behind::Scalar) => Described::Told,
            Some(Behind::Open) => Described::Raw,
            None => Described::Open,
        }
    }

    /// What a register holds that eight bytes are read into.
    fn read(&self, i: &Instruction) -> Holds {
        if self.is_frame(i) {
            return self.frame.get(&slot(i)).copied().unwrap_or(Holds::Open);
        }
        if i.is_ip_rel_memory_operand() {
            return self.value(Rva(i.ip_rel_memory_address() as u32));
        }
        if i.memory_index() != Register::None {
            return Holds::Open;
        }
        let displacement = i.memory_displacement64() as i64;
        let types = &self.program.symbols.types;
        match self.held(i.memory_base()) {
            Holds::Address(rva) => rva
                .checked_offset(displacement)
                .map_or(Holds::Open, |at| self.value(at)),
            Holds::Pointer(index, by) => match (types.behind(index), by + displacement) {
                (Some(Behind::Defined(class)), offset @ 0..) => {
                    within(types.within(class, offset as u64))
                }
                (Some(Behind::Scalar), 0) => types
                    .pointer_behind(index)
                    .map_or(Holds::Open, |index| Holds::Pointer(index, 0)),
                _ => Holds::Open,
            },
            _ => Holds::Open,
        }
    }

    /// What the eight bytes at a place of the image hold.
    fn value(&self, at: Rva) -> Holds {
        let program = self.program;
        let Place::Data(d, offset) = program.place(at) else {
            return Holds::Open;
        };
        let item = program.datum(d);
        if !item.writable {
            // As MinGW refers to variables that may be in another module.
            let to = program.image.relocations_in(at, 1).first() == Some(&at);
            let to = program.image.pointer_at(at).filter(|_| to);
            return to.map_or(Holds::Open, Holds::Address);
        }
        match item.types.first() {
            None => Holds::Untold,
            Some(index) => within(program.symbols.types.within_variable(*index, offset.into())),
        }
    }

    /// What the sum of two registers is, as of an array and an index.
    fn sum(&self, registers: [Register; 2]) -> Holds {
        let both = registers.map(|register| self.held(register));
        let sum = both.into_iter().find_map(|held| match held {
            Holds::Address(rva) => Some(match self.variable(rva) {
                Some(_) => Holds::Untold,
                None => Holds::Compared,
            }),
            Holds::Compared | Holds::Untold | Holds::Frame | Holds::Fresh => Some(held),
            Holds::Pointer(..) | Holds::Open => None,
        });
        sum.unwrap_or(Holds::Open)
    }

    fn address(&self, i: &Instruction) -> Holds {
        if i.is_ip_rel_memory_operand() {
            return Holds::Address(Rva(i.ip_rel_memory_address() as u32));
        }
        if self.is_frame(i) {
            return Holds::Frame;
        }
        if i.memory_index() != Register::None {
            return self.sum([i.memory_base(), i.memory_index()]);
        }
        shifted(self.held(i.memory_base()), i.memory_displacement64() as i64)
    }

    /// What a call returns.
    fn result(&self, i: &Instruction) -> Holds {
        let types = &self.program.symbols.types;
        let result = self.of_called(i, |function| types.result_of(function));
        // What is a pointer to anything may be fresh memory.
        let result = result.filter(|index| types.behind(*index) != Some(Behind::Open));
        result.map_or(Holds::Fresh, |index| Holds::Pointer(index, 0))
    }

    fn held(&self, register: Register) -> Holds {
        self.registers
            .get(&register)
            .copied()
            .unwrap_or(Holds::Open)
    }

    fn is_frame(&self, i: &Instruction) -> bool {
        let base = i.memory_base();
        let has_memory = (0..i.op_count()).any(|op| i.op_kind(op) == OpKind::Memory);
        has_memory && (base == Register::RSP || base == Register::RBP && self.frame_in_rbp)
    }

    /// Forgets what an instruction writes.
    fn forget(&mut self, i: &Instruction) {
        if self.is_frame(i) {
            self.frame.remove(&slot(i));
        }
        let info = self.info.info(i);
        for used in info.used_registers() {
            let writes = !matches!(used.access(), OpAccess::Read | OpAccess::CondRead);
            if writes && used.register().is_gpr() {
                self.registers
                    .insert(used.register().full_register(), Holds::Open);
            }
        }
    }
}

fn within(what: Within) -> Holds {
    match what {
        Within::Pointer(index) => Holds::Pointer(index, 0),
        Within::Table => Holds::Compared,
        Within::Something | Within::Nothing => Holds::Open,
    }
}

fn shifted(held: Holds, by: i64) -> Holds {
    match held {
        Holds::Pointer(index, at) => Holds::Pointer(index, at.saturating_add(by)),
        Holds::Address(rva) => rva.checked_offset(by).map_or(Holds::Open, Holds::Address),
        Holds::Untold => Holds::Untold,
        Holds::Compared => Holds::Compared,
        Holds::Frame => Holds::Frame,
        Holds::Fresh => Holds::Fresh,
        Holds::Open => Holds::Open,
    }
}

fn slot(i: &Instruction) -> (Register, i64) {
    (i.memory_base(), i.memory_displacement64() as i64)
}

fn is_immediate(i: &Instruction) -> bool {
    matches!(
        i.op1_kind(),
        OpKind::Immediate8to64 | OpKind::Immediate32to64
    )
}
