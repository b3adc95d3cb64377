//! What the code of one object file can refer to.

use super::endings::end_at;
use super::incoming::Site;
use super::{Place, Program};
use crate::addr::Rva;
use crate::symbols::{Module, ModuleIndex};

/// The object file of the code or data that holds an address; `None` where it is not known,
/// or says nothing.
pub(super) fn module_of(program: &Program<'_>, site: Site) -> Option<ModuleIndex> {
    if program.mixes_files {
        return None;
    }
    let rva = match site {
        Site::Code(function, _) => program.function(function).rva,
        Site::Pointer(place) => place,
    };
    Some(program.symbols.contribution_at(rva)?.module)
}

/// Whether code of one object file may refer to what another one keeps to itself: because the
/// linker had it generated, or folded constants, which shows where an address can't be
/// anything but the start of such a constant.
pub fn mixes_files(program: &Program<'_>) -> bool {
    let module = |rva| program.symbols.contribution_at(rva).map(|c| c.module);
    let crosses = |(target, site): &(Rva, Site)| {
        let Site::Code(function, _) = site else {
            return false;
        };
        let own = module(program.function(*function).rva);
        own.is_some()
            && program.place(*target) == Place::Constant
            && !is_visible(program, *target, own)
            && end_at(program, *target).is_none_or(|end| !is_visible(program, end.start, own))
    };
    let folded = program.functions.iter().any(|f| {
        let mut modules = f.names.iter().filter_map(|n| n.module);
        let first = modules.next();
        modules.any(|m| Some(m) != first)
    });
    folded
        || program
            .symbols
            .modules
            .iter()
            .any(Module::is_generated_late)
        || program.incoming().all().iter().any(crosses)
}

/// Whether code of an object file can refer to what lies at an address.
pub(super) fn is_visible(program: &Program<'_>, rva: Rva, from: Option<ModuleIndex>) -> bool {
    let Some(from) = from else {
        return true;
    };
    if is_public(program, rva) {
        return true;
    }
    match program.data.binary_search_by_key(&rva, |d| d.rva) {
        Ok(index) => {
            let names = &program.data[index].names;
            names
                .iter()
                .any(|n| n.global || n.module.is_none_or(|m| m == from))
        }
        Err(_) => {
            let owner = program.symbols.contribution_at(rva);
            owner.is_none_or(|c| {
                let module = program.symbols.modules.get(c.module.0 as usize);
                c.module == from || module.is_none_or(|m| m.name.starts_with('*'))
            })
        }
    }
}

/// Whether a public symbol names an address.
pub(super) fn is_public(program: &Program<'_>, rva: Rva) -> bool {
    let publics = &program.symbols.publics;
    publics.binary_search_by_key(&rva, |p| p.rva).is_ok()
}
