//! Code of the patch whose types the debug information does not tell: of object files without
//! debug information, with line numbers alone, or written in assembler.
//!
//! Layouts are compared by the records of types. Where an object file has none, its code may
//! expect another layout of objects that the old code made, and nothing would show it.

use std::collections::{BTreeMap, BTreeSet};

use crate::addr::Rva;
use crate::diff::{Diff, Enlarged, WhyTaken};
use crate::finding::{Finding, rules, some_of};
use crate::function::{FunctionIndex, Place, Program};
use crate::symbols::{Compiler, Language, Module, ModuleIndex, Procedure};

/// Adds one finding for each object file with such code; none where a build is compared with
/// itself, whose types are the same whatever they are.
pub fn collect(old: &Program<'_>, new: &Program<'_>, diff: &Diff, findings: &mut Vec<Finding>) {
    if diff.is_identity() {
        return;
    }
    let mut found: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    let (mut of_old, mut of_new) = (Modules::new(old), Modules::new(new));
    let mut ask = |modules: &mut Modules<'_>, rva: Rva, function: FunctionIndex| {
        let module = modules.untold(rva);
        if let Some(module) = module.filter(|_| !leads_to_an_import(new, function)) {
            let functions = found.entry(module.object_name()).or_default();
            functions.insert(new.function(function).display_name());
        }
    };
    for change in &diff.functions.changed {
        ask(&mut of_old, old.function(change.old).rva, change.new);
        ask(&mut of_new, new.function(change.new).rva, change.new);
    }
    for added in &diff.functions.added {
        ask(&mut of_new, new.function(*added).rva, *added);
    }
    let rule = &rules::code::UNDESCRIBED;
    let said: BTreeSet<String> = found.values().flatten().cloned().collect();
    findings.extend(found.into_iter().map(|(object, functions)| {
        let functions: Vec<&str> = functions.iter().map(String::as_str).collect();
        Finding::new(rule, format!("{object}: {}", some_of(&functions)))
    }));
    for replaced in &diff.replaced {
        let detail = format!("{} is gone, and {} came", replaced.gone, replaced.come);
        let name = new.function(replaced.function).display_name();
        findings.push(Finding::about(&rules::data::REPLACED_TYPE, name, detail));
    }
    for enlarged in &diff.enlarged {
        let detail = taken_for(new, enlarged);
        findings.push(Finding::about(rule, enlarged.class.clone(), detail));
    }
    for untold in &diff.untold {
        let name = new.function(untold.function).display_name();
        if said.contains(&name) {
            continue;
        }
        let at = untold.displacement;
        let sign = if at < 0 { "-" } else { "" };
        let at = format!("offset {sign}{:#x}", at.unsigned_abs());
        let whose = match untold.beyond {
            true => "and no class that both builds have has anything at that place",
            false => "and no record says what lies at that place",
        };
        let detail =
            format!("it uses {at} of an object, which the old build does not do there, {whose}");
        findings.push(Finding::about(rule, name, detail));
    }
}

/// Why an object of the old build may be taken for one of a new class, in words.
fn taken_for(new: &Program<'_>, enlarged: &Enlarged) -> String {
    let (class, inside) = (&enlarged.class, &enlarged.inside);
    let name = |f: &FunctionIndex| new.function(*f).display_name();
    match &enlarged.why {
        WhyTaken::Unmade(users) => {
            let users: Vec<String> = users.iter().map(name).collect();
            let users: Vec<&str> = users.iter().map(String::as_str).collect();
            let who = match users[..] {
                [] => "new code".to_owned(),
                _ => some_of(&users),
            };
            format!(
                "the class is new, has {inside} inside, and nothing in the new build makes one: \
                 what {who} may take for one is an object of the old build"
            )
        }
        WhyTaken::Instead(function) => {
            let who = name(function);
            format!(
                "the class is new and has {inside} inside: {who} asks for room for a {class} where \
                 the old build asked for room for a {inside}, and what that one made may be taken \
                 for a {class}"
            )
        }
    }
}

/// Whether a function is nothing but the jump to an import, as import libraries bring it: it
/// touches no object.
fn leads_to_an_import(program: &Program<'_>, function: FunctionIndex) -> bool {
    let [0xff, 0x25, a, b, c, d, padding @ ..] = program.bytes_of(function) else {
        return false;
    };
    let next = program.function(function).rva.0.wrapping_add(6);
    let slot = Rva(next.wrapping_add(u32::from_le_bytes([*a, *b, *c, *d])));
    padding.iter().all(|byte| matches!(byte, 0x90 | 0xcc))
        && matches!(program.place(slot), Place::Import(_))
}

/// The object files of a build, and which of them were found to tell types.
struct Modules<'p> {
    program: &'p Program<'p>,
    told: BTreeMap<ModuleIndex, bool>,
}

impl<'p> Modules<'p> {
    fn new(program: &'p Program<'p>) -> Self {
        let told = BTreeMap::new();
        Modules { program, told }
    }

    /// The object file that the code at an address is from, where its types are not told.
    fn untold(&mut self, rva: Rva) -> Option<&'p Module> {
        let symbols = self.program.symbols;
        let index = symbols.contribution_at(rva)?.module;
        let module = symbols.modules.get(index.0 as usize)?;
        let told = self.told.entry(index).or_insert_with(|| {
            let is_compiled = |c: &Compiler| c.language != Language::Assembler;
            module.compiler.as_ref().is_some_and(is_compiled)
                && (module.names_types || is_told_elsewhere(self.program, index))
        });
        (!*told).then_some(module)
    }
}

/// Whether an object file whose own symbols name nothing, which those for line numbers alone
/// never do, is told about all the same: the linker keeps the records of variables that others
/// know in a list of its own; or there is nothing to tell, as its functions are handed nothing
/// and have no such variables.
fn is_told_elsewhere(program: &Program<'_>, module: ModuleIndex) -> bool {
    let symbols = program.symbols;
    let is_own = |rva: Rva| symbols.contribution_at(rva).map(|c| c.module) == Some(module);
    if symbols.data.iter().any(|d| is_own(d.rva)) {
        return true;
    }
    let mut functions = symbols.procedures.iter().filter(|p| p.module == module);
    let takes_nothing = |p: &Procedure| symbols.types.takes_anything(p.type_index) == Some(false);
    let mut publics = symbols.publics.iter().map(|p| p.rva);
    functions.all(takes_nothing) && !publics.any(|rva| program.is_writable(rva) && is_own(rva))
}
