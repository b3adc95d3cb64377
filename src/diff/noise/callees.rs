//! Functions one of whose parameters is a line: what the rest of the program passes there.
//!
//! Not every macro that compiles its line into the code passes the file's name beside it
//! (`SQLITE_CORRUPT_BKPT` of SQLite does not). That a parameter is a line shows in the calls
//! as a whole: at every place the number is the very line that it stands in. One or two such
//! numbers are a coincidence, or constants that happen to be listed line by line.
//!
//! One call of a function that is given the name of its file, and in the same place a number
//! that can't be its line, shows that this parameter is no line in any call. Unless very many
//! others give their own lines there: where compilers merge the ends of paths, an instruction
//! keeps the line of what happens to lie before it.

use std::collections::{BTreeSet, HashMap};

use iced_x86::{FlowControl, Instruction, Mnemonic, OpKind, Register};

use super::{Side, decode, numbers_of, passed, proof};
use crate::addr::Rva;
use crate::function::FunctionIndex;
use crate::symbols::SourceLine;

/// So many different lines have to be passed, from
const LINES: usize = 4;
/// so many different functions.
const FUNCTIONS: usize = 3;
/// So many functions have to give their line beside the name of its file, and
const CERTAIN: usize = 16;
/// for each one that gives another number so many, that this one is taken for merged code.
const FOR_EACH: usize = 8;

/// A parameter: who is called, and the register.
type Parameter = (u64, Register);

/// What is passed to one parameter.
#[derive(Debug, Default)]
struct Passed {
    lines: BTreeSet<u32>,
    functions: BTreeSet<FunctionIndex>,
    /// Somewhere a constant is passed that is not its own line.
    other: bool,
    /// Where its own line is passed beside a file's name.
    confirming: BTreeSet<FunctionIndex>,
    /// Where a constant is passed, beside a file's name, that can't be a line there.
    refuting: BTreeSet<FunctionIndex>,
}

impl Passed {
    fn is_refuted(&self) -> bool {
        let (yes, no) = (self.confirming.len(), self.refuting.len());
        no > 0 && (yes < CERTAIN || yes < no * FOR_EACH)
    }
}

/// The parameters of one build that are lines.
#[derive(Debug, Default)]
pub struct Callees {
    parameters: HashMap<Parameter, Passed>,
}

impl Callees {
    /// Looks through functions whose lines are known: those that changed, and others that only
    /// show what is no line.
    pub fn new(side: Side<'_>, changed: &[FunctionIndex], others: &[FunctionIndex]) -> Self {
        let mut callees = Callees::default();
        for function in changed {
            callees.look_through(side, *function, true);
        }
        for function in others {
            callees.look_through(side, *function, false);
        }
        callees
    }

    fn look_through(&mut self, (program, lines): Side<'_>, function: FunctionIndex, counts: bool) {
        let code = decode(program, function);
        for (index, instruction) in code.iter().enumerate() {
            let Some((number, register)) = parameter_of(instruction) else {
                continue;
            };
            let Some(call) = passed::call_of(&code, index) else {
                continue;
            };
            let Some(callee) = callee(&code[call]) else {
                continue;
            };
            let of = |at: usize| lines.chain(Rva(code[at].ip() as u32));
            let known: Vec<SourceLine<'_>> = of(index).into_iter().chain(of(call)).collect();
            let passed = self.parameters.entry((callee, register)).or_default();
            let is_line = known.iter().any(|l| l.line == number);
            let is_straight = call > index
                && code[index..call]
                    .iter()
                    .all(|i| i.flow_control() != FlowControl::UnconditionalBranch);
            let start = program.function(function).rva;
            let can_be = |l: &SourceLine<'_>| {
                let behind = number.checked_sub(l.line);
                let mut own = lines.of_range(start).filter(|o| o.file == l.file);
                // A macro may be written over several lines.
                behind.is_some_and(|d| d <= proof::MAX_STATEMENT)
                    && !own.any(|o| (l.line + 1..=number).contains(&o.line))
            };
            let mut files = known.iter().map(SourceLine::file_name);
            let mut is_named = || files.any(|file| proof::takes_name(program, function, file));
            if is_line && is_named() {
                passed.confirming.insert(function);
            } else if !is_line
                && is_straight
                && !known.is_empty()
                && !known.iter().any(can_be)
                && is_named()
            {
                passed.refuting.insert(function);
            }
            match is_line {
                _ if !counts => {}
                true => {
                    passed.lines.insert(number);
                    passed.functions.insert(function);
                }
                false => passed.other = true,
            }
        }
    }

    /// Whether a call shows that what is passed in a register to this one is no line.
    pub fn refutes(&self, call: &Instruction, register: Register) -> bool {
        let parameter = callee(call).map(|callee| (callee, register));
        let passed = parameter.and_then(|p| self.parameters.get(&p));
        passed.is_some_and(Passed::is_refuted)
    }

    /// Whether what this instruction sets for this call is a line wherever else that function
    /// is called.
    pub fn takes_line(&self, set: &Instruction, call: &Instruction) -> bool {
        let found = callee(call).zip(parameter_register(set));
        let passed = found.and_then(|parameter| self.parameters.get(&parameter));
        passed.is_some_and(|p| !p.other && p.lines.len() >= LINES && p.functions.len() >= FUNCTIONS)
    }
}

/// The constant that an instruction puts into a parameter register.
fn parameter_of(instruction: &Instruction) -> Option<(u32, Register)> {
    let register = parameter_register(instruction)?;
    let is_move = instruction.mnemonic() == Mnemonic::Mov;
    Some((numbers_of(instruction).filter(|_| is_move)?, register))
}

pub(super) fn parameter_register(instruction: &Instruction) -> Option<Register> {
    let is_register = instruction.op_count() > 0 && instruction.op0_kind() == OpKind::Register;
    let register = is_register.then(|| instruction.op0_register().full_register())?;
    passed::is_parameter(register).then_some(register)
}

/// Who is called, or jumped to at the end: a function's address, or that of the slot of an
/// import.
pub(super) fn callee(call: &Instruction) -> Option<u64> {
    if call.is_ip_rel_memory_operand() {
        return Some(call.ip_rel_memory_address());
    }
    let is_near = matches!(call.op0_kind(), OpKind::NearBranch64);
    is_near.then(|| call.near_branch_target())
}
