//! Functions one of whose parameters is a line: what the rest of the program passes there.
//!
//! Not every macro that compiles its line into the code passes the file's name beside it
//! (`SQLITE_CORRUPT_BKPT` of SQLite does not). That a parameter is a line shows in the calls
//! as a whole: at every place the number is the very line that it stands in. One or two such
//! numbers are a coincidence, or constants that happen to be listed line by line.

use std::collections::{BTreeSet, HashMap};

use iced_x86::{Instruction, Mnemonic, OpKind, Register};

use super::{Side, decode, numbers_of, passed};
use crate::addr::Rva;
use crate::function::FunctionIndex;

/// So many different lines have to be passed, from
const LINES: usize = 4;
/// so many different functions.
const FUNCTIONS: usize = 3;

/// A parameter: who is called, and the register.
type Parameter = (u64, Register);

/// What is passed to one parameter.
#[derive(Debug, Default)]
struct Passed {
    lines: BTreeSet<u32>,
    functions: BTreeSet<FunctionIndex>,
    /// Somewhere a constant is passed that is not its own line.
    other: bool,
}

/// The parameters of one build that are lines.
#[derive(Debug, Default)]
pub struct Callees {
    parameters: HashMap<Parameter, Passed>,
}

impl Callees {
    /// Looks through functions whose lines are known.
    pub fn new((program, lines): Side<'_>, functions: &[FunctionIndex]) -> Self {
        let mut callees = Callees::default();
        for function in functions {
            let code = decode(program, *function);
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
                let mut known = of(index).into_iter().chain(of(call));
                let passed = callees.parameters.entry((callee, register)).or_default();
                match known.any(|l| l.line == number) {
                    true => {
                        passed.lines.insert(number);
                        passed.functions.insert(*function);
                    }
                    false => passed.other = true,
                }
            }
        }
        callees
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

fn parameter_register(instruction: &Instruction) -> Option<Register> {
    let is_register = instruction.op_count() > 0 && instruction.op0_kind() == OpKind::Register;
    let register = is_register.then(|| instruction.op0_register().full_register())?;
    passed::is_parameter(register).then_some(register)
}

/// Who is called, or jumped to at the end: a function's address, or that of the slot of an
/// import.
fn callee(call: &Instruction) -> Option<u64> {
    if call.is_ip_rel_memory_operand() {
        return Some(call.ip_rel_memory_address());
    }
    let is_near = matches!(call.op0_kind(), OpKind::NearBranch64);
    is_near.then(|| call.near_branch_target())
}
