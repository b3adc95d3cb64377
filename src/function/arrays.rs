//! How a function makes and frees arrays of C++: by which forms of the operators, and how many
//! bytes it has before the first element.
//!
//! `new[]` keeps the number of elements before an array where `delete[]` needs it. No record says
//! so of a class; the code does: `new[]` writes it behind the address that it got, and goes on so
//! many bytes further; `delete[]` reads it before the array, and gives back the address before
//! it. An operator may have been inlined, so that any function may be what is called.
//!
//! The code is read from start to end, whatever branches there are: this is judgement.

use std::collections::{BTreeMap, BTreeSet};

use iced_x86::{
    ConditionCode, FlowControl, Instruction, InstructionInfoFactory, Mnemonic, OpAccess, OpKind,
    Register,
};

use super::convention::{ARGUMENTS, VOLATILE};
use super::{FunctionIndex, Place, Program};
use crate::addr::Rva;

/// Bytes before an array, at most: as many as the alignment of an element.
const MAX_BEFORE: i64 = 4096;
/// Jumps from one function to the next that are followed.
const MAX_JUMPS: usize = 4;
/// What constants are counted from, and the frame.
const NUMBER: u32 = 0;
const FRAME: u32 = 1;

/// Which operator.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Operator {
    /// `operator new`
    New,
    /// `operator new[]`
    NewArray,
    /// `operator delete`
    Delete,
    /// `operator delete[]`
    DeleteArray,
}

/// An operator in one of its forms.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Form {
    /// Which one.
    pub operator: Operator,
    /// Whose it is, as the decorated name has it; empty for that of the program.
    pub owner: String,
    /// Whether it is told the alignment.
    pub aligned: bool,
    /// Whether it is one of a class that is told the size.
    pub sized: bool,
}

/// What a function does.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Arrays {
    /// How often it calls each form.
    pub forms: BTreeMap<Form, usize>,
    /// By what it calls to make or free: how often with so many bytes before the array.
    pub before: BTreeMap<String, BTreeMap<i64, usize>>,
}

/// What a register holds: so many bytes behind something that it is not known what it is.
#[derive(Clone, Copy, PartialEq, Eq)]
struct Value {
    of: u32,
    offset: i64,
}

/// A call: what it hands over, and what stands for its result.
struct Made {
    callee: String,
    form: Option<Form>,
    arguments: [Option<Value>; 4],
    result: u32,
}

impl Program<'_> {
    /// How a function makes and frees arrays.
    pub fn arrays(&self, function: FunctionIndex) -> Arrays {
        let mut walk = Walk::new(self, function);
        let mut factory = InstructionInfoFactory::new();
        for piece in std::iter::once(function).chain(self.parts_of(function)) {
            self.each_instruction(piece, |i| walk.step(i, &mut factory));
        }
        walk.arrays()
    }

    /// Whether code of the image calls a form of `delete` that is told the alignment.
    pub fn frees_aligned(&self) -> bool {
        let is = |name: &str| form(name).is_some_and(|f| f.aligned && f.operator.frees());
        let functions = self.function_indices().filter(|f| {
            let mut names = self.function(*f).names.iter();
            names.any(|n| is(n.linkage.as_deref().unwrap_or(&n.name)))
        });
        let functions: BTreeSet<FunctionIndex> = functions.collect();
        let mut imports = self.image.imports.iter();
        if functions.is_empty() && !imports.any(|i| is(&i.name.to_string())) {
            return false;
        }
        // One of them may call another.
        let code = self.function_indices().filter(|f| !functions.contains(f));
        let mut references = code.flat_map(|f| &self.code_of(f).references);
        references.any(|r| match self.place(r.target) {
            Place::Function(f, 0) => functions.contains(&f),
            Place::Import(i) => is(&self.image.imports[i as usize].name.to_string()),
            _ => false,
        })
    }

    /// The names of what a call or jump leads to, through jumps that do nothing else.
    fn names_at(&self, rva: Rva) -> Vec<String> {
        let mut rva = rva;
        for _ in 0..MAX_JUMPS {
            let function = match self.place(rva) {
                Place::Import(import) => {
                    return vec![self.image.imports[import as usize].name.to_string()];
                }
                Place::Function(function, 0) => function,
                _ => return Vec::new(),
            };
            let code = self.code_of(function);
            let names = self.function(function).names.iter();
            let names = names.flat_map(|n| [n.linkage.clone(), Some(n.name.clone())]);
            let names: Vec<String> = names.flatten().collect();
            let bytes = self.bytes_of(function);
            let jumps = bytes.first() == Some(&0xe9) || bytes.starts_with(&[0xff, 0x25]);
            match code.references.as_slice() {
                [jump] if jumps && jump.at <= 2 => rva = jump.target,
                _ => return names,
            }
        }
        Vec::new()
    }
}

impl Operator {
    fn frees(self) -> bool {
        matches!(self, Operator::Delete | Operator::DeleteArray)
    }
}

struct Walk<'w, 'p> {
    program: &'w Program<'p>,
    own: Vec<(Rva, u32)>,
    registers: BTreeMap<Register, Value>,
    slots: BTreeMap<i64, Value>,
    /// The registers behind the last call or branch, before an epilogue restores any.
    of_body: BTreeMap<Register, Value>,
    next: u32,
    /// Eight bytes that are read, that are written with a number or something else, and
    /// addresses that are made.
    reads: BTreeSet<(u32, i64)>,
    writes: BTreeMap<(u32, i64), Option<i64>>,
    formed: BTreeSet<(u32, i64)>,
    made: Vec<Made>,
}

impl<'w, 'p> Walk<'w, 'p> {
    fn new(program: &'w Program<'p>, function: FunctionIndex) -> Self {
        let f = program.function(function);
        let mut own = vec![(f.rva, f.size)];
        own.extend(f.parts.iter().copied());
        let frame = Value {
            of: FRAME,
            offset: 0,
        };
        let mut walk = Walk {
            program,
            own,
            registers: BTreeMap::from([(Register::RSP, frame)]),
            slots: BTreeMap::new(),
            of_body: BTreeMap::new(),
            next: FRAME + 1,
            reads: BTreeSet::new(),
            writes: BTreeMap::new(),
            formed: BTreeSet::new(),
            made: Vec::new(),
        };
        for register in ARGUMENTS {
            walk.renew(register);
        }
        walk
    }

    fn fresh(&mut self) -> Value {
        self.next += 1;
        Value {
            of: self.next,
            offset: 0,
        }
    }

    fn renew(&mut self, register: Register) -> Value {
        let value = self.fresh();
        self.registers.insert(register.full_register(), value);
        value
    }

    /// What a register holds; something new where that is not known.
    fn of(&mut self, register: Register) -> Value {
        let known = self.registers.get(&register.full_register()).copied();
        known.unwrap_or_else(|| self.renew(register))
    }

    fn set(&mut self, register: Register, value: Value) {
        let register = register.full_register();
        self.formed.insert((value.of, value.offset));
        self.registers.insert(register, value);
    }

    /// Where an instruction reads or writes, if that is one place behind one register.
    fn place(&mut self, i: &Instruction) -> Option<Value> {
        let base = i.memory_base();
        if !base.is_gpr64() || i.memory_index() != Register::None {
            return None;
        }
        let value = self.of(base);
        Some(Value {
            offset: value.offset.wrapping_add(i.memory_displacement64() as i64),
            ..value
        })
    }

    fn step(&mut self, i: &Instruction, factory: &mut InstructionInfoFactory) {
        match i.flow_control() {
            FlowControl::Call | FlowControl::IndirectCall => return self.call(i),
            FlowControl::UnconditionalBranch | FlowControl::ConditionalBranch => {
                let target = i.near_branch_target();
                let is_own = self.own.iter().any(|(rva, size)| {
                    let offset = target.checked_sub(rva.0.into());
                    offset.is_some_and(|offset| offset < u64::from(*size))
                });
                if !is_own {
                    self.note_call(i);
                    if i.flow_control() == FlowControl::UnconditionalBranch {
                        return self.registers = self.of_body.clone();
                    }
                }
                return self.of_body = self.registers.clone();
            }
            FlowControl::IndirectBranch => {
                if i.is_ip_rel_memory_operand() {
                    self.note_call(i);
                }
                return self.registers = self.of_body.clone();
            }
            FlowControl::Return | FlowControl::Exception | FlowControl::Interrupt => {
                return self.registers = self.of_body.clone();
            }
            _ => {}
        }
        let reads_memory = (0..i.op_count()).any(|n| i.op_kind(n) == OpKind::Memory);
        let wide = reads_memory && i.memory_size().size() == 8;
        let place = match reads_memory {
            true => self.place(i),
            false => None,
        };
        if wide
            && i.mnemonic() != Mnemonic::Lea
            && !(i.mnemonic() == Mnemonic::Mov && i.op0_kind() == OpKind::Memory)
            && let Some(place) = place
        {
            self.reads.insert((place.of, place.offset));
        }
        if i.op0_kind() == OpKind::Memory {
            if i.mnemonic() == Mnemonic::Mov && wide {
                self.store(i, place);
            }
            return;
        }
        if i.op_count() == 0 || i.op0_kind() != OpKind::Register {
            return;
        }
        let target = i.op0_register();
        if i.mnemonic() == Mnemonic::Push || i.mnemonic() == Mnemonic::Pop {
            let by = if i.mnemonic() == Mnemonic::Push {
                -8
            } else {
                8
            };
            let stack = self.of(Register::RSP);
            if i.mnemonic() == Mnemonic::Pop {
                self.renew(target);
            }
            let offset = stack.offset.wrapping_add(by);
            return self.set(Register::RSP, Value { offset, ..stack });
        }
        if let Some(value) = self.computed(i, target, place) {
            return self.set(target, value);
        }
        for used in factory.info(i).used_registers() {
            let written = !matches!(used.access(), OpAccess::Read | OpAccess::CondRead);
            let register = used.register();
            if written && register.is_gpr() && register.full_register() != Register::RSP {
                self.renew(register);
            }
        }
    }

    /// What an instruction leaves in the register that it writes, where that is followed.
    fn computed(
        &mut self,
        i: &Instruction,
        target: Register,
        place: Option<Value>,
    ) -> Option<Value> {
        let number = i.op_count() > 1
            && matches!(
                i.op1_kind(),
                OpKind::Immediate8
                    | OpKind::Immediate8to32
                    | OpKind::Immediate8to64
                    | OpKind::Immediate32
                    | OpKind::Immediate32to64
                    | OpKind::Immediate64
            );
        let number = number.then(|| i.immediate(1) as i64);
        if !target.is_gpr64() && !target.is_gpr32() {
            return None;
        }
        // Nothing else is written by these.
        if matches!(i.mnemonic(), Mnemonic::Cmp | Mnemonic::Test)
            || i.condition_code() != ConditionCode::None
        {
            return Some(self.of(target));
        }
        let other =
            (i.op_count() > 1 && i.op1_kind() == OpKind::Register).then(|| i.op1_register());
        match (i.mnemonic(), number, other) {
            (Mnemonic::Mov, Some(offset), _) => Some(Value { of: NUMBER, offset }),
            (Mnemonic::Mov, None, Some(other)) => Some(self.of(other)),
            (Mnemonic::Mov, None, None) if target.is_gpr64() => {
                let place = place.filter(|p| p.of == FRAME)?;
                if let Some(known) = self.slots.get(&place.offset) {
                    return Some(*known);
                }
                let value = self.fresh();
                self.slots.insert(place.offset, value);
                Some(value)
            }
            (Mnemonic::Xor, None, Some(other)) if other == target => Some(Value {
                of: NUMBER,
                offset: 0,
            }),
            (Mnemonic::Lea, ..) => match place {
                Some(place) => Some(place),
                // An index is a size: what is added to it counts.
                None if i.memory_index() != Register::None => {
                    let offset = i.memory_displacement64() as i64;
                    let value = self.fresh();
                    Some(Value { offset, ..value })
                }
                None => None,
            },
            // Of a multiple, where nothing is carried.
            (Mnemonic::Add | Mnemonic::Or, Some(number), _) => {
                let value = self.of(target);
                let offset = value.offset.wrapping_add(number);
                Some(Value { offset, ..value })
            }
            (Mnemonic::Add, None, Some(other)) => {
                let (a, b) = (self.of(target), self.of(other));
                let (of, offset) = match (a.of, b.of) {
                    (NUMBER, of) | (of, NUMBER) => (of, a.offset.wrapping_add(b.offset)),
                    _ => return None,
                };
                Some(Value { of, offset })
            }
            (Mnemonic::Sub, Some(number), _) => {
                let value = self.of(target);
                let offset = value.offset.wrapping_sub(number);
                Some(Value { offset, ..value })
            }
            // A distance from there is as far before the array as the address is.
            (Mnemonic::Sub, None, _) => Some(self.of(target)),
            _ => None,
        }
    }

    fn store(&mut self, i: &Instruction, place: Option<Value>) {
        let Some(place) = place else { return };
        let value = match i.op1_kind() {
            OpKind::Register if i.op1_register().is_gpr() => Some(self.of(i.op1_register())),
            OpKind::Register => None,
            _ => Some(Value {
                of: NUMBER,
                offset: i.immediate(1) as i64,
            }),
        };
        if place.of == FRAME {
            match value {
                Some(value) => self.slots.insert(place.offset, value),
                None => self.slots.remove(&place.offset),
            };
            return;
        }
        let number = value.filter(|v| v.of == NUMBER).map(|v| v.offset);
        self.writes.insert((place.of, place.offset), number);
    }

    fn call(&mut self, i: &Instruction) {
        let result = self.note_call(i);
        for register in VOLATILE {
            self.renew(register);
        }
        let value = Value {
            of: result,
            offset: 0,
        };
        self.registers.insert(Register::RAX, value);
        self.of_body = self.registers.clone();
    }

    fn note_call(&mut self, i: &Instruction) -> u32 {
        let result = self.fresh().of;
        let target = match i.op0_kind() {
            OpKind::NearBranch64 => Some(i.near_branch_target()),
            _ if i.is_ip_rel_memory_operand() => Some(i.ip_rel_memory_address()),
            _ => None,
        };
        let names = target.map(|target| self.program.names_at(Rva(target as u32)));
        let names = names.unwrap_or_default();
        let form = names.iter().find_map(|name| form(name));
        let form = form.or_else(|| vector_destructor(&names));
        let callee = names.first().cloned().unwrap_or_default();
        let arguments = ARGUMENTS.map(|r| self.registers.get(&r).copied());
        self.made.push(Made {
            callee,
            form,
            arguments,
            result,
        });
        result
    }

    fn arrays(self) -> Arrays {
        let mut arrays = Arrays::default();
        for call in &self.made {
            if let Some(form) = &call.form {
                *arrays.forms.entry(form.clone()).or_default() += 1;
            }
            let (what, before) = match call.form.as_ref().map(|f| f.operator) {
                Some(Operator::New | Operator::Delete) => continue,
                Some(Operator::NewArray) => ("operator new[]".to_owned(), self.made_before(call)),
                Some(Operator::DeleteArray) => (
                    "operator delete[]".to_owned(),
                    self.freed_before(call, true),
                ),
                None if has_object(&call.callee) => continue,
                None => {
                    let made = self.made_before(call).filter(|_| is_computed(call));
                    (
                        call.callee.clone(),
                        made.or_else(|| self.freed_before(call, false)),
                    )
                }
            };
            let counts = arrays.before.entry(what).or_default();
            *counts.entry(before.unwrap_or(0)).or_default() += 1;
        }
        arrays
    }

    /// How far behind what a call returns the first element is, where the number of elements is
    /// written before it and room for it was asked for.
    fn made_before(&self, call: &Made) -> Option<i64> {
        let formed = self
            .formed
            .range((call.result, 8)..=(call.result, MAX_BEFORE));
        let mut formed = formed.map(|(_, offset)| *offset).filter(|k| k % 8 == 0);
        formed.find(|k| {
            let count = self.writes.get(&(call.result, 0));
            let Some(count) = count.or_else(|| self.writes.get(&(call.result, k - 8))) else {
                return false;
            };
            call.arguments
                .iter()
                .flatten()
                .any(|a| match (a.of, count) {
                    (NUMBER, Some(n)) => *n > 0 && a.offset > *k && (a.offset - k) % n == 0,
                    (NUMBER | FRAME, _) => false,
                    _ => a.offset == *k,
                })
        })
    }

    /// How far before an array what is freed begins, where the number of elements is read there,
    /// or where an operator for arrays is called.
    fn freed_before(&self, call: &Made, for_arrays: bool) -> Option<i64> {
        // `HeapFree` has it as the third.
        let arguments = [call.arguments[0], call.arguments[2]];
        arguments.into_iter().flatten().find_map(|a| {
            let before = a.offset.checked_neg()?;
            if !(8..=MAX_BEFORE).contains(&before) || before % 8 != 0 || a.of <= FRAME {
                return None;
            }
            let counts = [(a.of, a.offset), (a.of, -8)];
            let is_read = counts.iter().any(|place| self.reads.contains(place));
            (for_arrays || is_read).then_some(before)
        })
    }
}

/// Whether what is asked for is not the same each time.
fn is_computed(call: &Made) -> bool {
    let arguments = call.arguments.iter().flatten();
    arguments.into_iter().any(|a| a.of > FRAME)
}

/// The form of an operator that has this name, decorated or not.
fn form(name: &str) -> Option<Form> {
    let (operator, owner, parameters) = itanium(name)
        .or_else(|| microsoft(name))
        .or_else(|| plain(name))?;
    let aligned = parameters.contains("align_val_t");
    let sized = match name.starts_with('?') {
        true => parameters.contains("PEAX_K"),
        false => parameters.starts_with("Pvy") || parameters.starts_with("Pvm"),
    };
    Some(Form {
        operator,
        owner: owner.to_owned(),
        aligned,
        // That of the program frees the same memory with and without it.
        sized: sized && !owner.is_empty(),
    })
}

/// Whether a function is one of an object by its decorated name: what it is handed first is that,
/// and no memory.
fn has_object(name: &str) -> bool {
    let of_itanium = ["C1E", "C2E", "D1E", "D2E"];
    match name.starts_with('?') {
        // Not static: private, protected and public, virtual or not.
        true => ["AEAA", "EEAA", "IEAA", "MEAA", "QEAA", "UEAA"]
            .iter()
            .any(|code| name.contains(code)),
        false => name.starts_with("_ZN") && of_itanium.iter().any(|mark| name.contains(mark)),
    }
}

/// The function that Microsoft's compiler makes to end and free an array of a class. That of one
/// object has another name.
fn vector_destructor(names: &[String]) -> Option<Form> {
    let is_scalar = names.iter().any(|name| name.starts_with("??_G"));
    let name = names.iter().find_map(|name| name.strip_prefix("??_E"))?;
    (!is_scalar).then(|| Form {
        operator: Operator::DeleteArray,
        owner: format!(
            "the vector deleting destructor of {}",
            name.split("@@").next().unwrap_or(name)
        ),
        aligned: false,
        sized: false,
    })
}

const ITANIUM: [(&str, Operator); 4] = [
    ("nw", Operator::New),
    ("na", Operator::NewArray),
    ("dl", Operator::Delete),
    ("da", Operator::DeleteArray),
];

fn itanium(name: &str) -> Option<(Operator, &str, &str)> {
    let rest = name.strip_prefix("_Z")?;
    let of = |text: &str| ITANIUM.iter().find(|(mark, _)| text.starts_with(mark));
    if let Some((mark, operator)) = of(rest) {
        return Some((*operator, "", &rest[mark.len()..]));
    }
    // `N`, the class, the operator, `E`
    let nested = rest.strip_prefix('N')?;
    let at = nested.rmatch_indices('E').find_map(|(at, _)| {
        let start = at.checked_sub(2)?;
        let (_, operator) = ITANIUM
            .iter()
            .find(|(mark, _)| nested.get(start..at) == Some(mark))?;
        Some((start, *operator))
    })?;
    Some((at.1, &nested[..at.0], &nested[at.0 + 3..]))
}

fn microsoft(name: &str) -> Option<(Operator, &str, &str)> {
    let rest = name.strip_prefix("??")?;
    let marks = [
        ("2", Operator::New),
        ("_U", Operator::NewArray),
        ("3", Operator::Delete),
        ("_V", Operator::DeleteArray),
    ];
    let (mark, operator) = marks.iter().find(|(mark, _)| rest.starts_with(mark))?;
    let rest = &rest[mark.len()..];
    match rest.strip_prefix("@Y") {
        Some(parameters) => Some((*operator, "", parameters)),
        None => {
            let end = rest.find("@@")?;
            Some((*operator, &rest[..end], &rest[end..]))
        }
    }
}

fn plain(name: &str) -> Option<(Operator, &str, &str)> {
    let at = name.find("operator ")?;
    let owner = name[..at].trim_end_matches("::");
    let operator = match name[at..]
        .trim_start_matches("operator ")
        .split('(')
        .next()?
    {
        "new" => Operator::New,
        "new[]" => Operator::NewArray,
        "delete" => Operator::Delete,
        "delete[]" => Operator::DeleteArray,
        _ => return None,
    };
    Some((operator, owner, ""))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn operators_are_told_by_their_names() {
        let of = |name: &str| {
            let f = form(name).unwrap();
            (f.operator, f.owner, f.aligned, f.sized)
        };
        let none = String::new;
        use Operator::{Delete, DeleteArray, New, NewArray};
        assert_eq!(of("_Znwy"), (New, none(), false, false));
        assert_eq!(of("_ZnaySt11align_val_t"), (NewArray, none(), true, false));
        assert_eq!(of("_ZdaPvy"), (DeleteArray, none(), false, false));
        let own = |name: &str| name.to_owned();
        assert_eq!(of("_ZN3rowdaEPvy"), (DeleteArray, own("3row"), false, true));
        assert_eq!(of("_ZN3rowdaEPv"), (DeleteArray, own("3row"), false, false));
        assert_eq!(of("??2@YAPEAX_K@Z"), (New, none(), false, false));
        assert!(of("??3@YAXPEAX_KW4align_val_t@std@@@Z").2);
        assert_eq!(
            of("??_Vrow@@SAXPEAX_K@Z"),
            (DeleteArray, own("row"), false, true)
        );
        assert_eq!(
            of("row::operator delete[]"),
            (DeleteArray, own("row"), false, false)
        );
        for other in [
            "_ZN3row5resetEv",
            "??_Erow@@UEAAPEAXI@Z",
            "operator==",
            "free",
        ] {
            assert_eq!(form(other), None, "{other}");
        }
        assert_eq!(of("_ZdlPvSt11align_val_t").0, Delete);
    }
}
