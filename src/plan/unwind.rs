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

/// The unwind information of a function's first part, which holds for a copy of its first
/// instructions as well; and the handler's address, which the copy has not.
pub fn of_entry(program: &Program<'_>, entry: Rva) -> Option<(Vec<u8>, Option<Rva>)> {
    let found = program.image.runtime_function_at(entry)?;
    if found.begin != entry {
        return None;
    }
    let info = program.image.unwind_info(found.info).ok()?;
    // A part that continues another one has codes of both; it is no entry of a function.
    if info.chained.is_some() {
        return None;
    }
    let handler = info.handler.map(|(handler, _)| handler);
    Some((without_handler(info).to_bytes(), handler))
}

/// The codes alone. Epilogs (version 2) count from the end of the function, which the copy
/// does not have.
fn without_handler(mut info: UnwindInfo) -> UnwindInfo {
    if info.version == 2 {
        info.drop_epilogs();
    }
    UnwindInfo {
        handler: None,
        handler_flags: 0,
        ..info
    }
}
