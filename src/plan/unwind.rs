//! Unwind information of code that moves.

use crate::addr::Rva;
use crate::finding::rules::code;
use crate::function::{Function, Program};
use crate::image::UnwindInfo;

/// The hazard of a function whose unwind information cannot be carried: rule and reason.
pub type Hazard = (&'static crate::finding::Rule, String);

/// The unwind information of a function as bytes that do not depend on layout; `None`
/// for a function that needs none.
pub fn carry(
    program: &Program<'_>,
    function: &Function,
    uses_stack: bool,
) -> Result<Option<Vec<u8>>, Hazard> {
    let table = &program.image.runtime_functions;
    let from = table.partition_point(|f| f.end <= function.rva);
    let to = table.partition_point(|f| f.begin < function.end());
    let entries = &table[from..to.max(from)];
    let entry = match entries {
        [] if uses_stack => {
            let reason = "the function uses the stack and the function table has no entry for it";
            return Err((&code::NO_UNWIND_INFO, reason.into()));
        }
        [] => return Ok(None),
        [entry] => entry,
        _ => {
            let reason = format!("the function table has {} entries for it", entries.len());
            return Err((&code::SPLIT_FUNCTION, reason));
        }
    };
    if entry.begin != function.rva || entry.end > function.end() {
        let reason = format!(
            "the function is {}-{}, its entry in the function table {}-{}",
            function.rva,
            function.end(),
            entry.begin,
            entry.end
        );
        return Err((&code::SPLIT_FUNCTION, reason));
    }
    let info = program
        .image
        .unwind_info(entry.info)
        .map_err(|e| (&code::NO_UNWIND_INFO, e.to_string()))?;
    plain(&info, |rva| crate::diff::place_text(program, rva)).map(Some)
}

/// The bytes of unwind information without a handler.
pub fn plain(info: &UnwindInfo, name: impl Fn(Rva) -> String) -> Result<Vec<u8>, Hazard> {
    if let Some((handler, _)) = info.handler {
        let reason = format!("its exceptions are handled by {}", name(handler));
        return Err((&code::EXCEPTION_DATA, reason));
    }
    if let Some(chained) = info.chained {
        let reason = format!("its unwind information continues that of {}", chained.begin);
        return Err((&code::SPLIT_FUNCTION, reason));
    }
    Ok(to_bytes(info))
}

/// `UNWIND_INFO` with its code array padded to an even number of slots.
fn to_bytes(info: &UnwindInfo) -> Vec<u8> {
    let mut bytes = vec![
        info.version,
        info.prologue,
        info.codes.len() as u8,
        info.frame,
    ];
    for code in &info.codes {
        bytes.extend(code.0.to_le_bytes());
    }
    if info.codes.len() % 2 == 1 {
        bytes.extend([0, 0]);
    }
    bytes
}
