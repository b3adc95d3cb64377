//! Which functions of a patch may have calls under way in the other version when it is
//! switched (`apply --allow-on-stack`).
//!
//! Such a call goes on in the code in which it began, and calls the other version of what it
//! calls. That is sound where nobody has to agree on anything that only one version knows:
//! no function of the patch has another signature; what the function calls is in another object
//! file, whose code its compiler did not see, and is called as the platform's convention says;
//! it has nothing to do with the address of a constant that differs; it hands out no address in
//! its frame, or has the same local variables in both builds; and no branch of the old code leads
//! to its own entry, where the redirect is.
//!
//! A compiler that sees what it calls relies on it: it hands over no argument that is not read,
//! keeps in a register what is not written, and has nothing behind a call that does not come
//! back. It may know that of a function by way of another one, which did not change. Functions
//! of which every object file has a copy of its own (inline ones) count for the file of which
//! the linker took the copy: compilers derive nothing from a body that another may replace.

use std::cell::{OnceCell, RefCell};
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::rc::Rc;

use iced_x86::{Decoder, DecoderOptions, FlowControl, Instruction, OpKind};

use super::{Plan, held, held::Frames, own_frame};
use crate::addr::Rva;
use crate::diff::{DataChangeKind, Diff};
use crate::function::{DataIndex, FunctionIndex, Place, Program, ReferenceKind};
use crate::image::ExportTarget;
use crate::symbols::{Local, Module, ModuleIndex, Signature};

/// What caller and callee must agree on, by first byte of the function, in both builds.
#[derive(Debug, Default)]
pub struct Signatures {
    /// Of the old build.
    pub old: BTreeMap<Rva, Signature>,
    /// Of the new build.
    pub new: BTreeMap<Rva, Signature>,
    /// The local variables of the functions of the old build, ascending.
    pub old_locals: BTreeMap<Rva, Vec<Local>>,
    /// Those of the new build.
    pub new_locals: BTreeMap<Rva, Vec<Local>>,
}

/// For each replacement of a plan why its function may not stay on a stack; `None` where it
/// may.
pub fn reasons(
    plan: &Plan,
    diff: &Diff,
    (old, new): (&Program<'_>, &Program<'_>),
    signatures: &Signatures,
) -> Vec<Option<String>> {
    let of = |at: usize| {
        let r = &plan.replacements[at];
        let before = signatures.old.get(&old.function(r.old).rva);
        (before, signatures.new.get(&new.function(r.new).rva))
    };
    let all = 0..plan.replacements.len();
    let other_signature = all.clone().find(|at| match of(*at) {
        (Some(before), Some(after)) => {
            (&before.text, &before.objects) != (&after.text, &after.objects)
        }
        _ => true,
    });
    let other_signature = other_signature.map(|at| {
        let name = old.function(plan.replacements[at].old).display_name();
        format!("the signature of {name} is not the same in both builds, or not known")
    });
    let (before, after): (Vec<_>, Vec<_>) =
        plan.replacements.iter().map(|r| (r.old, r.new)).unzip();
    let (mut from, mut to) = (Side::new(old, &before), Side::new(new, &after));
    for at in all.clone() {
        let (b, a) = of(at);
        let open = b.is_some_and(|s| s.open) || a.is_some_and(|s| s.open);
        let keeps = old.keeps_registers(before[at]) && new.keeps_registers(after[at]);
        let returns = (old.may_return(before[at]), new.may_return(after[at]));
        let why = if !keeps {
            "which has to do with registers that a call preserves"
        } else if returns.0 != returns.1 {
            "which does not come back in one of the builds"
        } else if open {
            "and how an object of a class is handed over there is not known"
        } else {
            continue;
        };
        from.wary.insert(before[at], why);
        to.wary.insert(after[at], why);
    }
    let changes = || {
        let changes = diff.data.changed.iter();
        changes.filter(|c| matches!(c.kind, DataChangeKind::Constant | DataChangeKind::Identity))
    };
    let constants = (
        Constants::new(old, changes().map(|c| c.old)),
        Constants::new(new, changes().map(|c| c.new)),
    );
    let in_frame = |at: usize| {
        let (f, g) = (before[at], after[at]);
        let locals = |all: &BTreeMap<Rva, Vec<Local>>, rva| all.get(&rva).cloned();
        let was = locals(&signatures.old_locals, old.function(f).rva).unwrap_or_default();
        let is = locals(&signatures.new_locals, new.function(g).rva).unwrap_or_default();
        let any_size =
            own_frame::has_room_of_any_size(old, f) || own_frame::has_room_of_any_size(new, g);
        let why = match own_frame::differing(&was, &is) {
            _ if any_size => "it makes room there of a size that no record says".to_owned(),
            Some(name) => format!("its variable {name} may not be the same in both builds"),
            None => return None,
        };
        let hands = own_frame::is_handed_out(old, f) && from.may_call_patched(f)
            || own_frame::is_handed_out(new, g) && to.may_call_patched(g);
        hands.then(|| {
            format!(
                "it may hand an address in its frame to another function of the patch, and {why}"
            )
        })
    };
    let reason = |at: usize| {
        other_signature
            .clone()
            .or_else(|| branches_to_entry(old, before[at]))
            .or_else(|| from.reason(before[at]))
            .or_else(|| to.reason(after[at]))
            .or_else(|| constants.0.reason(&from, before[at]))
            .or_else(|| constants.1.reason(&to, after[at]))
            .or_else(|| in_frame(at))
    };
    all.map(reason).collect()
}

/// The functions of a patch in one build.
struct Side<'s, 'p> {
    program: &'s Program<'p>,
    set: BTreeSet<FunctionIndex>,
    /// Those that a caller of the other version may call wrong, and why.
    wary: BTreeMap<FunctionIndex, &'static str>,
    /// Those of which a pointer may lead to them.
    pointed: BTreeSet<FunctionIndex>,
    /// Whether the linker had code generated: then any object file knows any other.
    generated_late: bool,
    /// What functions refer to, as far as it was asked.
    callees: RefCell<HashMap<FunctionIndex, Rc<[FunctionIndex]>>>,
    /// All functions that lead to one of the patch, and those from which a pointer may as well.
    leading: OnceCell<BTreeSet<FunctionIndex>>,
    leading_by_pointer: OnceCell<BTreeSet<FunctionIndex>>,
}

impl<'s, 'p> Side<'s, 'p> {
    fn new(program: &'s Program<'p>, set: &[FunctionIndex]) -> Self {
        let set: BTreeSet<FunctionIndex> = set.iter().copied().collect();
        let function = |rva| match program.place(rva) {
            Place::Function(f, 0) if set.contains(&f) => Some(f),
            _ => None,
        };
        let image = program.image;
        let pointers = image.base_relocations.iter();
        let pointers = pointers.filter_map(|place| function(image.pointer_at(*place)?));
        let code = program.code.iter().flat_map(|code| &code.references);
        let taken = code.filter(|r| !is_branch(r.kind));
        let taken = taken.filter_map(|r| function(r.target));
        let exports = image.exports.iter().filter_map(|e| match e.leads_to {
            ExportTarget::At(rva) => function(rva),
            ExportTarget::Forwarded(_) => None,
        });
        let mut modules = program.symbols.modules.iter();
        let pointed = pointers.chain(taken).chain(exports).collect();
        Side {
            program,
            set,
            wary: BTreeMap::new(),
            pointed,
            generated_late: modules.any(Module::is_generated_late),
            callees: RefCell::default(),
            leading: OnceCell::new(),
            leading_by_pointer: OnceCell::new(),
        }
    }

    /// Why a call of one of the functions may not go on.
    fn reason(&self, function: FunctionIndex) -> Option<String> {
        let name = |f| self.program.function(f).display_name();
        if let Some(callee) = self.seen_callee(function) {
            let name = name(callee);
            return Some(format!(
                "it calls {name}, of which its own object file knows the code and how it is called"
            ));
        }
        let callees = self.callees(function);
        let mut callees = callees.iter();
        if let Some((callee, why)) = callees.find_map(|f| Some((*f, self.wary.get(f)?))) {
            return Some(format!("it calls {}, {why}", name(callee)));
        }
        let mut wary = self.wary.iter();
        let (callee, why) = wary.find(|(f, _)| self.pointed.contains(f))?;
        calls_by_pointer(self.program, function, false)
            .then(|| format!("it may call {} by a pointer, {why}", name(*callee)))
    }

    /// A function on whose code the compiler of another one may have relied, and that is of the
    /// patch or, where any object file knows any other, leads to one of it.
    fn seen_callee(&self, function: FunctionIndex) -> Option<FunctionIndex> {
        if self.generated_late {
            let leading = self
                .leading
                .get_or_init(|| self.leading_to(self.set.clone()));
            return self
                .callees(function)
                .iter()
                .find(|callee| leading.contains(callee))
                .copied()
                .or_else(|| self.calls_itself(function).then_some(function));
        }
        let own = modules(self.program, function);
        let is_seen = |f: FunctionIndex| {
            let of_other = modules(self.program, f);
            let mut names = self.program.function(f).names.iter();
            of_other.is_empty()
                || own.is_empty()
                || !own.is_disjoint(&of_other)
                || !names.any(|n| n.global)
        };
        let (mut seen, mut next) = (BTreeSet::from([function]), vec![function]);
        while let Some(f) = next.pop() {
            for callee in self.callees(f).iter().filter(|callee| is_seen(**callee)) {
                if self.set.contains(callee) {
                    return Some(*callee);
                }
                if seen.insert(*callee) {
                    next.push(*callee);
                }
            }
        }
        self.calls_itself(function).then_some(function)
    }

    /// Whether a call of a function may lead to one of the patch.
    fn may_call_patched(&self, function: FunctionIndex) -> bool {
        let by_pointer = |f: &FunctionIndex| {
            !self.pointed.is_empty() && calls_by_pointer(self.program, *f, true)
        };
        let leading = self.leading_by_pointer.get_or_init(|| {
            let more = self.program.function_indices().filter(by_pointer);
            self.leading_to(more.chain(self.set.iter().copied()).collect())
        });
        by_pointer(&function)
            || self.callees(function).iter().any(|f| leading.contains(f))
            || self.calls_itself(function)
    }

    fn calls_itself(&self, function: FunctionIndex) -> bool {
        entry_branch(self.program, function, |flow| flow == FlowControl::Call)
    }

    /// All functions that lead to these, with them.
    fn leading_to(&self, functions: BTreeSet<FunctionIndex>) -> BTreeSet<FunctionIndex> {
        let mut callers: HashMap<FunctionIndex, Vec<FunctionIndex>> = HashMap::new();
        for caller in self.program.function_indices() {
            for callee in self.callees(caller).iter() {
                callers.entry(*callee).or_default().push(caller);
            }
        }
        let mut next: Vec<FunctionIndex> = functions.iter().copied().collect();
        let mut leading = functions;
        while let Some(callee) = next.pop() {
            for caller in callers.get(&callee).into_iter().flatten() {
                if leading.insert(*caller) {
                    next.push(*caller);
                }
            }
        }
        leading
    }

    /// The functions that one refers to, its separated parts and funclets included.
    fn callees(&self, function: FunctionIndex) -> Rc<[FunctionIndex]> {
        if let Some(known) = self.callees.borrow().get(&function) {
            return Rc::clone(known);
        }
        let pieces = self.program.pieces_of(function).into_iter();
        let pieces = std::iter::once(function).chain(pieces);
        let references = pieces.flat_map(|f| &self.program.code_of(f).references);
        let callees = references.filter_map(|r| match self.program.place(r.target) {
            Place::Function(f, _) => Some(f),
            _ => None,
        });
        let callees: BTreeSet<FunctionIndex> = callees.collect();
        let callees: Rc<[FunctionIndex]> = callees.into_iter().collect();
        let mut known = self.callees.borrow_mut();
        known.insert(function, Rc::clone(&callees));
        callees
    }
}

/// The object files of a function; empty where none is known, or the linker made it.
fn modules(program: &Program<'_>, function: FunctionIndex) -> BTreeSet<ModuleIndex> {
    let f = program.function(function);
    let contribution = program.symbols.contribution_at(f.rva).map(|c| c.module);
    let modules = f.names.iter().filter_map(|n| n.module).chain(contribution);
    let is_file = |m: &ModuleIndex| {
        let module = program.symbols.modules.get(m.0 as usize);
        module.is_some_and(|m| !m.name.starts_with('*'))
    };
    modules.filter(is_file).collect()
}

fn is_branch(kind: ReferenceKind) -> bool {
    matches!(kind, ReferenceKind::Branch8 | ReferenceKind::Branch32)
}

/// Whether a function calls what a pointer leads to: also an import, which may call back.
fn calls_by_pointer(program: &Program<'_>, function: FunctionIndex, imports: bool) -> bool {
    let pieces = program.pieces_of(function).into_iter();
    std::iter::once(function).chain(pieces).any(|piece| {
        let f = program.function(piece);
        let bytes = program.bytes_of(piece);
        let decoder = Decoder::with_ip(64, bytes, f.rva.0.into(), DecoderOptions::NONE);
        decoder.into_iter().any(|i| {
            let by_pointer = matches!(
                i.flow_control(),
                FlowControl::IndirectCall | FlowControl::IndirectBranch
            );
            let is_import = i.op_count() > 0
                && i.op0_kind() == OpKind::Memory
                && i.is_ip_rel_memory_operand()
                && matches!(
                    program.place(Rva(i.ip_rel_memory_address() as u32)),
                    Place::Import(_)
                );
            by_pointer && (imports || !is_import)
        })
    })
}

/// Who may have the address of a constant that differs, by its name, in one build.
struct Constants(Vec<(String, Option<Frames>)>);

impl Constants {
    fn new(program: &Program<'_>, constants: impl Iterator<Item = DataIndex>) -> Self {
        let of = |datum| {
            let name = program.datum(datum).display_name().to_owned();
            (name, held::in_frames(program, datum))
        };
        Constants(constants.map(of).collect())
    }

    /// Why a call may not go on that may hand such an address to the other version of what it
    /// calls, or give it back to its caller.
    fn reason(&self, side: &Side<'_, '_>, function: FunctionIndex) -> Option<String> {
        let pieces = side.program.pieces_of(function);
        let mut hands_on = None;
        self.0.iter().find_map(|(name, frames)| {
            let Some(frames) = frames else {
                return Some(format!(
                    "{name} differs, and a variable may hold its address"
                ));
            };
            let mut own = std::iter::once(&function).chain(&pieces);
            let has = own.any(|f| frames.functions.contains(f));
            let hands_on = has
                && (frames.returning.contains(&function)
                    || *hands_on.get_or_insert_with(|| side.may_call_patched(function)));
            hands_on.then(|| format!("{name} differs, and it may hand on its address"))
        })
    }
}

fn branches_to_entry(program: &Program<'_>, function: FunctionIndex) -> Option<String> {
    let jumps = |flow| {
        matches!(
            flow,
            FlowControl::UnconditionalBranch | FlowControl::ConditionalBranch
        )
    };
    entry_branch(program, function, jumps)
        .then(|| "a branch of its old code leads to its entry".to_owned())
}

/// Whether an instruction of a function with this flow leads to its entry.
fn entry_branch(
    program: &Program<'_>,
    function: FunctionIndex,
    wanted: impl Fn(FlowControl) -> bool,
) -> bool {
    let f = program.function(function);
    let ranges = std::iter::once((f.rva, f.size)).chain(f.parts.iter().copied());
    let leads = |(rva, size): (Rva, u32)| {
        let Some(bytes) = program.image.slice(rva, size as usize) else {
            // What can't be read can't be ruled out.
            return true;
        };
        let mut decoder = Decoder::with_ip(64, bytes, rva.0.into(), DecoderOptions::NONE);
        let mut instruction = Instruction::default();
        while decoder.can_decode() {
            decoder.decode_out(&mut instruction);
            let target = instruction.near_branch_target();
            if wanted(instruction.flow_control()) && target == u64::from(f.rva.0) {
                return true;
            }
        }
        false
    };
    ranges.into_iter().any(leads)
}
