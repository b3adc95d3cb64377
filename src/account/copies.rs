//! Unwind information that the linker put into the image without a function.
//!
//! In programs of the GNU ABI, LLVM's linker takes a section with the unwind information of a
//! function in a section of its own because it is named after that one; and once more where a
//! symbol is in it, as handler data of C++ has one, because it takes that for the head of a
//! COMDAT: a second copy, and of functions that it took from another object file a copy that
//! belongs to none. The function table does not lead to these, and nothing else does.

use crate::addr::Rva;
use crate::function::Program;
use crate::symbols::Contribution;

/// What object files contributed that is unwind information with a handler whose data is
/// known, from start to end, and to which nothing leads.
pub fn of(program: &Program<'_>) -> Vec<(Rva, u32)> {
    let mut infos: Vec<Rva> = program
        .image
        .runtime_functions
        .iter()
        .map(|f| f.info)
        .collect();
    infos.sort_unstable();
    let leads_to = |c: &Contribution| {
        let end = Rva(c.rva.0.saturating_add(c.size));
        let next = infos.partition_point(|info| *info < c.rva);
        infos.get(next).is_some_and(|info| *info < end)
            || !program.incoming().within(c.rva, end).is_empty()
    };
    let all = program.symbols.contributions.iter();
    let unused = all.filter(|c| is_unwind_information(program, c) && !leads_to(c));
    unused.map(|c| (c.rva, c.size)).collect()
}

/// Whether a contribution is unwind information that names a handler with data of a known
/// form, up to its end: no other bytes are that by chance.
fn is_unwind_information(program: &Program<'_>, c: &Contribution) -> bool {
    const ALIGNMENT: u32 = 4;
    let Ok(info) = program.image.unwind_info(c.rva) else {
        return false;
    };
    let data = info
        .handler
        .and_then(|(handler, data)| program.handler_at(handler)?.read(program.image, data));
    let blocks = data.map(|d| d.blocks).unwrap_or_default();
    let ends = blocks.iter().map(|b| b.start.0.saturating_add(b.size));
    let end = c.rva.0.saturating_add(c.size);
    ends.max()
        .is_some_and(|last| last <= end && end - last < ALIGNMENT)
}
