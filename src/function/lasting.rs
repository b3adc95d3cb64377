//! Whether a function that never returns may be on a stack for as long as its thread lives.
//!
//! Most functions whose record says that they don't return throw, end the process or jump
//! elsewhere: no thread stays in one. It is another matter with a loop that nothing leaves, and
//! with whoever calls that as its last.

use std::collections::{BTreeMap, BTreeSet};

use iced_x86::{FlowControl, Instruction, Mnemonic};

use super::{FunctionIndex, Place, Program};
use crate::addr::Rva;

/// Functions of the system and of the C runtime that end the thread or the process, or leave by
/// an exception or a jump.
const ENDS: [&str; 24] = [
    "ExitProcess",
    "ExitThread",
    "FatalAppExitA",
    "FatalAppExitW",
    "FatalExit",
    "FreeLibraryAndExitThread",
    "NtTerminateProcess",
    "RaiseException",
    "RaiseFailFastException",
    "RtlExitUserProcess",
    "RtlExitUserThread",
    "RtlRaiseException",
    "RtlRestoreContext",
    "RtlUnwindEx",
    "TerminateProcess",
    "_CxxThrowException",
    "_Exit",
    "_exit",
    "_invoke_watson",
    "abort",
    "exit",
    "longjmp",
    "quick_exit",
    "terminate",
];

/// Where control goes behind an instruction.
#[derive(Default)]
struct Step {
    next: Vec<u64>,
    /// It leaves the function: returns, fails, or jumps away.
    leaves: bool,
    /// Compilers put it where nothing comes to: `int3`, `ud2`.
    traps: bool,
    /// What it calls.
    callee: Option<Callee>,
}

enum Callee {
    Function(FunctionIndex),
    Import(u32),
    /// Whatever a pointer leads to.
    Unknown,
}

impl Program<'_> {
    /// Whether a thread may stay in a function for good: in a loop that nothing leaves, in a
    /// call behind which there is nothing, of such a function or of one that is not known, or in
    /// what it calls through a pointer, as those who start threads do.
    pub fn may_last(&self, function: FunctionIndex) -> bool {
        self.lasts(function, &mut BTreeSet::new())
    }

    fn lasts(&self, function: FunctionIndex, under_way: &mut BTreeSet<FunctionIndex>) -> bool {
        /// A chain of calls longer than this is taken for one without an end.
        const DEEPEST: usize = 64;
        let mut names = self.function(function).names.iter().filter(|n| n.global);
        if names.any(|n| ENDS.contains(&n.name.as_str())) {
            return false;
        }
        if under_way.len() >= DEEPEST || !under_way.insert(function) {
            return true;
        }
        let steps = self.steps(function);
        let mut ends: BTreeSet<u64> = BTreeSet::new();
        for (at, step) in &steps {
            // A call behind which there is nothing does not return.
            let nothing = |next: &u64| steps.get(next).is_none_or(|step| step.traps);
            let is_last = step.next.iter().any(nothing);
            let called_lasts = |callee: &Callee, under_way: &mut BTreeSet<_>| match callee {
                Callee::Function(f) => self.lasts(*f, under_way),
                Callee::Import(i) => {
                    let name = self.image.imports[*i as usize].name.to_string();
                    !ENDS.contains(&name.as_str())
                }
                Callee::Unknown => true,
            };
            let never_returns = is_last
                || match step.callee {
                    Some(Callee::Function(f)) => self.function(f).never_returns,
                    Some(Callee::Unknown) => true,
                    _ => false,
                };
            if never_returns
                && let Some(callee) = &step.callee
                && called_lasts(callee, under_way)
            {
                under_way.remove(&function);
                return true;
            }
            if step.leaves || never_returns {
                ends.insert(*at);
            }
        }
        under_way.remove(&function);
        !all_reach(&steps, &ends)
    }

    /// The instructions of a function by address, and where each goes on.
    fn steps(&self, function: FunctionIndex) -> BTreeMap<u64, Step> {
        let parts = self.parts_of(function);
        let pieces: Vec<FunctionIndex> = std::iter::once(function).chain(parts).collect();
        let inside = |to: u64| {
            let at = u32::try_from(to)
                .ok()
                .and_then(|to| self.function_at(Rva(to)));
            at.is_some_and(|f| pieces.contains(&f))
        };
        let tables = pieces.iter().flat_map(|f| &self.code_of(*f).tables);
        let targets = tables.filter_map(|t| self.image.switch_targets(t));
        let targets: Vec<u64> = targets.flatten().map(|rva| u64::from(rva.0)).collect();
        let mut steps = BTreeMap::new();
        let mut add = |i: &Instruction| {
            let mut step = Step {
                traps: matches!(i.mnemonic(), Mnemonic::Int3 | Mnemonic::Ud2),
                ..Step::default()
            };
            let mut go = |to: u64| match inside(to) {
                true => step.next.push(to),
                false => step.leaves = true,
            };
            match i.flow_control() {
                FlowControl::Next => step.next.push(i.next_ip()),
                FlowControl::UnconditionalBranch => go(i.near_branch_target()),
                FlowControl::ConditionalBranch | FlowControl::XbeginXabortXend => {
                    go(i.near_branch_target());
                    step.next.push(i.next_ip());
                }
                FlowControl::IndirectBranch if !targets.is_empty() => {
                    targets.iter().for_each(|to| go(*to));
                }
                // The frame is gone, if that is no computed goto.
                FlowControl::IndirectBranch if i.is_ip_rel_memory_operand() => {
                    step.leaves = true;
                }
                FlowControl::IndirectBranch => step.callee = Some(Callee::Unknown),
                FlowControl::Call | FlowControl::IndirectCall => {
                    step.callee = Some(self.callee(i));
                    step.next.push(i.next_ip());
                }
                FlowControl::Return | FlowControl::Interrupt | FlowControl::Exception => {
                    step.leaves = true;
                }
            }
            steps.insert(i.ip(), step);
        };
        pieces
            .iter()
            .for_each(|f| self.each_instruction(*f, &mut add));
        steps
    }

    fn callee(&self, i: &Instruction) -> Callee {
        let to = if i.is_ip_rel_memory_operand() {
            i.ip_rel_memory_address()
        } else {
            i.near_branch_target()
        };
        match u32::try_from(to).map(|to| self.place(Rva(to))) {
            Ok(Place::Function(f, 0)) => Callee::Function(f),
            Ok(Place::Import(import)) => Callee::Import(import),
            _ => Callee::Unknown,
        }
    }
}

/// Whether an end can be reached from everywhere.
fn all_reach(steps: &BTreeMap<u64, Step>, ends: &BTreeSet<u64>) -> bool {
    let mut before: BTreeMap<u64, Vec<u64>> = BTreeMap::new();
    for (at, step) in steps {
        for next in &step.next {
            before.entry(*next).or_default().push(*at);
        }
    }
    let mut reaching = ends.clone();
    let mut open: Vec<u64> = ends.iter().copied().collect();
    while let Some(at) = open.pop() {
        for from in before.get(&at).into_iter().flatten() {
            if reaching.insert(*from) {
                open.push(*from);
            }
        }
    }
    reaching.len() == steps.len()
}
