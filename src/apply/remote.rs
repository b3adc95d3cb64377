//! Calls of functions of `ntdll` inside the target.

use std::time::Duration;

use super::loaded;
use super::record::{FunctionTable, Record, Registration};
use super::target::{Target, TargetError};
use crate::addr::Va;

/// Longest wait for a call. A process that holds its loader lock for longer can't run any
/// new thread, and can't be patched now.
const TIMEOUT: Duration = Duration::from_secs(5);

/// Makes the payload's unwind information known to the target, unless it is already.
///
/// # Errors
/// Where the call can't be made or the target refuses.
pub fn register<T: Target + ?Sized>(target: &T, record: &mut Record) -> Result<(), TargetError> {
    let Some(table) = record.body.function_table else {
        return Ok(());
    };
    if record.header.registered == Registration::Yes {
        return Ok(());
    }
    // Noted before it happens: taking out a table that isn't there does no harm.
    record.set_registered(target, Registration::Perhaps)?;
    let base = record.at;
    let arguments = [table.at.0, u64::from(table.entries), base.0, 0];
    check(
        call(target, record, "RtlAddFunctionTable", arguments)?,
        "register the unwind table in the target",
    )?;
    record.set_registered(target, Registration::Yes)
}

/// Takes the payload's unwind information out of the target.
///
/// # Errors
/// Where the call can't be made.
pub fn unregister<T: Target + ?Sized>(target: &T, record: &mut Record) -> Result<(), TargetError> {
    let Some(FunctionTable { at, .. }) = record.body.function_table else {
        return Ok(());
    };
    if record.header.registered == Registration::No {
        return Ok(());
    }
    record.set_registered(target, Registration::Perhaps)?;
    // The answer doesn't matter: the patcher may have died before the table was added.
    call(target, record, "RtlDeleteFunctionTable", [at.0, 0, 0, 0])?;
    record.set_registered(target, Registration::No)
}

/// Lets a thread begin in the target and end.
///
/// # Errors
/// Where the call can't be made.
pub(super) fn end_a_thread<T: Target + ?Sized>(
    target: &T,
    record: &Record,
) -> Result<(), TargetError> {
    call(target, record, "RtlGetCurrentPeb", [0; 4]).map(drop)
}

/// Calls a function of the target's `ntdll` through the payload's call routine.
pub(super) fn call<T: Target + ?Sized>(
    target: &T,
    record: &Record,
    function: &'static str,
    arguments: [u64; 4],
) -> Result<u64, TargetError> {
    let modules = target.modules()?;
    let ntdll = modules
        .iter()
        .find(|m| m.is_called("ntdll.dll"))
        .ok_or_else(|| missing("ntdll.dll"))?;
    let address = loaded::export(target, ntdll, function)?.ok_or_else(|| missing(function))?;
    call_at(target, record, address, arguments)
}

/// Calls the function at an address of the target through the payload's call routine.
pub(super) fn call_at<T: Target + ?Sized>(
    target: &T,
    record: &Record,
    address: Va,
    arguments: [u64; 4],
) -> Result<u64, TargetError> {
    let entry = record.body.call.ok_or_else(|| missing("__hotpatch_call"))?;
    let block = record.call_block();
    let mut words = [0u64; 6];
    words[0] = address.0;
    words[1..5].copy_from_slice(&arguments);
    target.write_verified(block, words.map(u64::to_le_bytes).as_flattened())?;
    target.call(entry, block, TIMEOUT)?;
    let mut result = [0; 8];
    target.read(Va(block.0 + 40), &mut result)?;
    Ok(u64::from_le_bytes(result))
}

fn missing(what: &str) -> TargetError {
    TargetError::System {
        action: "call into the target",
        source: std::io::Error::other(format!("{what} was not found")),
    }
}

/// Functions that return `BOOLEAN` set only the low byte.
fn check(result: u64, action: &'static str) -> Result<(), TargetError> {
    if result & 0xff != 0 {
        return Ok(());
    }
    Err(TargetError::System {
        action,
        source: std::io::Error::other("the target refused"),
    })
}
