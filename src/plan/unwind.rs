//! Unwind information of code that is redirected.

use crate::addr::Rva;
use crate::function::Program;
use crate::image::{RuntimeFunction, UnwindInfo};

/// The entries of the function table that overlap a range of code.
pub fn entries_in<'p>(program: &Program<'p>, from: Rva, to: Rva) -> &'p [RuntimeFunction] {
    let table = &program.image.runtime_functions;
    let first = table.partition_point(|f| f.end <= from);
    let last = table.partition_point(|f| f.begin < to);
    &table[first..last.max(first)]
}

/// The unwind information at the entry of a function.
pub fn of_entry(program: &Program<'_>, entry: Rva) -> Option<UnwindInfo> {
    let found = program.image.runtime_function_at(entry)?;
    if found.begin != entry {
        return None;
    }
    let info = program.image.unwind_info(found.info).ok()?;
    // A part that continues another one has codes of both; it is no entry of a function.
    info.chained.is_none().then_some(info)
}
