//! Unwind information that the linker put into the image twice.
//!
//! In programs of the GNU ABI, LLVM's linker takes a section with the unwind information of a
//! function in a section of its own because it is named after that one; and once more where a
//! symbol is in it, as handler data of C++ has one, because it takes that for the head of a
//! COMDAT. The function table leads to one of them, and nothing leads to the other.

use std::collections::HashSet;

use crate::addr::Rva;
use crate::function::Program;
use crate::symbols::Contribution;

/// Where the copies are to which nothing leads: what an object file contributed once more,
/// byte for byte, after it was unwind information with a handler whose data is known.
pub fn of(program: &Program<'_>) -> Vec<(Rva, u32)> {
    let image = program.image;
    let mut infos: Vec<Rva> = image.runtime_functions.iter().map(|f| f.info).collect();
    infos.sort_unstable();
    infos.dedup();
    let key = |c: &Contribution| {
        let bytes = image.slice(c.rva, c.size as usize)?;
        Some((c.module, bytes))
    };
    let mut used = HashSet::new();
    for info in infos.iter().filter(|info| is_handled(program, **info)) {
        let own = program.symbols.contribution_at(*info);
        let whole = own.filter(|c| c.rva == *info).and_then(key);
        used.extend(whole);
    }
    if used.is_empty() {
        return Vec::new();
    }
    let leads_to = |c: &Contribution| {
        let end = Rva(c.rva.0.saturating_add(c.size));
        let next = infos.partition_point(|info| *info < c.rva);
        infos.get(next).is_some_and(|info| *info < end)
            || !program.incoming().within(c.rva, end).is_empty()
    };
    let all = program.symbols.contributions.iter();
    all.filter(|c| key(c).is_some_and(|k| used.contains(&k)) && !leads_to(c))
        .map(|c| (c.rva, c.size))
        .collect()
}

/// Whether unwind information names a handler whose data is of a known form: no other bytes
/// are the same by chance.
fn is_handled(program: &Program<'_>, info: Rva) -> bool {
    let Ok(info) = program.image.unwind_info(info) else {
        return false;
    };
    let known = info
        .handler
        .and_then(|(handler, data)| program.handler_at(handler)?.read(program.image, data));
    known.is_some()
}
