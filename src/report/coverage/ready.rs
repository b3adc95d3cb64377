//! How ready a build is for hotpatching as Microsoft's tools mean it: what the image, the PDB and
//! the records of the compiler say.

use std::fmt::Write;

use schemars::JsonSchema;
use serde::Serialize;

use crate::addr::Rva;
use crate::function::{FunctionIndex, Program};
use crate::image::HOTPATCH_COMPATIBLE;

/// Bytes before the entry of a function that `/FUNCTIONPADMIN:6` asks for on x64.
const PADDING: u32 = 6;

/// What makes a build ready for hotpatching.
#[derive(Debug, Serialize, JsonSchema)]
pub struct ReadyReport {
    /// Whether the image says that it is hotpatchable (extended DLL characteristics, 0x80).
    pub declared: bool,
    /// Object files with code whose compiler says how it was called.
    pub objects: usize,
    /// Those of them that were compiled with `/hotpatch`.
    pub objects_hotpatch: usize,
    /// Functions, separated parts and funclets aside.
    pub functions: usize,
    /// Those of them with six bytes of padding before them.
    pub functions_padded: usize,
    /// Whether the PDB lists every relocation.
    pub relocations_listed: bool,
    /// Whether code was arranged by a recorded profile.
    pub profiled: bool,
    /// Whether the image was linked incrementally.
    pub incremental: bool,
}

impl ReadyReport {
    /// What a build says.
    pub fn new(program: &Program<'_>) -> Self {
        let symbols = program.symbols;
        let whole = |f: &FunctionIndex| !program.belongs_to_another(*f);
        let functions: Vec<FunctionIndex> = program.function_indices().filter(whole).collect();
        let contributed = functions.iter().filter_map(|f| {
            let contribution = symbols.contribution_at(program.function(*f).rva)?;
            Some(contribution.module.0 as usize)
        });
        let mut modules: Vec<usize> = contributed.collect();
        modules.sort_unstable();
        modules.dedup();
        let modules = modules.iter().filter_map(|m| symbols.modules.get(*m));
        let compilers: Vec<_> = modules.filter_map(|m| m.compiler.as_ref()).collect();
        let with = |option: &str| {
            compilers
                .iter()
                .filter(|c| c.options.contains(&option))
                .count()
        };
        ReadyReport {
            declared: program.image.extended_characteristics & HOTPATCH_COMPATIBLE != 0,
            objects: compilers.len(),
            objects_hotpatch: with("/hotpatch"),
            functions: functions.len(),
            functions_padded: functions.iter().filter(|f| is_padded(program, **f)).count(),
            relocations_listed: !symbols.fixups.is_empty(),
            profiled: program.image.uses_profile
                || with("PGO") > 0
                || !symbols.separated.is_empty(),
            incremental: !symbols.trampolines.is_empty(),
        }
    }

    /// A line for each thing, with the switch that helps. A build of other tools, which says
    /// nothing of all this, is not asked for Microsoft's switches.
    pub(super) fn text(&self, text: &mut String) {
        let says_nothing = self.objects_hotpatch == 0 && !self.profiled;
        if says_nothing && !self.declared && !self.relocations_listed {
            return;
        }
        text.push_str("\nReady for hotpatching\n");
        let yes_no = |yes: bool| if yes { "yes" } else { "no" }.to_owned();
        let of = |part: usize, all: usize| format!("{part} of {all}");
        let lines = [
            (
                "the image says that it is",
                yes_no(self.declared),
                "link /HOTPATCHCOMPATIBLE",
                self.declared,
            ),
            (
                "objects compiled /hotpatch",
                of(self.objects_hotpatch, self.objects),
                "compile /hotpatch (clang: -fms-hotpatch)",
                self.objects_hotpatch == self.objects,
            ),
            (
                "six bytes before the function",
                of(self.functions_padded, self.functions),
                "link /FUNCTIONPADMIN:6",
                self.functions_padded * 10 >= self.functions * 9,
            ),
            (
                "the PDB lists all relocations",
                yes_no(self.relocations_listed),
                "link /PROFILE (or /DEBUGTYPE:CV,FIXUP)",
                self.relocations_listed,
            ),
            (
                "linked as a whole",
                yes_no(!self.incremental),
                "link /INCREMENTAL:NO",
                !self.incremental,
            ),
        ];
        for (what, is, switch, good) in lines {
            let way = if good {
                String::new()
            } else {
                format!("  {switch}")
            };
            let line = format!("  {what:<30} {is:<10}{way}");
            let _ = writeln!(text, "{}", line.trim_end());
        }
        if self.profiled {
            text.push_str(
                "  arranged by a profile (PGO): link fixes with the profile that was recorded for\n  this build (/USEPROFILE:PGD=…, /FORCE:PGOREPRO), or everything will differ\n",
            );
        }
    }
}

/// Whether there is room for a jump right before a function: padding that no other code and no
/// data uses.
fn is_padded(program: &Program<'_>, function: FunctionIndex) -> bool {
    let rva = program.function(function).rva;
    let Some(before) = rva.0.checked_sub(PADDING).map(Rva) else {
        return false;
    };
    let free = (before.0..rva.0).all(|at| program.function_at(Rva(at)).is_none());
    let bytes = program.image.slice(before, PADDING as usize).unwrap_or(&[]);
    let filled = |byte: u8| bytes.len() == PADDING as usize && bytes.iter().all(|b| *b == byte);
    free && (filled(0xcc) || filled(0x90) || filled(0))
}
