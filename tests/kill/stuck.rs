//! A call that Wine never finishes.
//!
//! Wine lets a thread of the other process do what `VirtualQueryEx` and its like ask for, and
//! waits until it has. When that thread dies before it does (Wine 8), the caller waits for
//! ever. Windows needs no thread for it, so this says nothing about `hotpatch`; but only where
//! it is proven that nothing else keeps it waiting.

use hotpatch::apply::loaded;
use hotpatch::apply::target::{Census, Target};
use hotpatch::process::{Access, Process};

/// Calls that a thread of the other process makes.
const CALLS: [&str; 5] = [
    "NtQueryVirtualMemory",
    "NtAllocateVirtualMemory",
    "NtFreeVirtualMemory",
    "NtProtectVirtualMemory",
    "NtCreateThreadEx",
];

/// Length of a system call's stub in bytes, at the most.
const STUB: u64 = 0x20;

/// The call in which a process waits for another one that has died.
pub fn call_of(pid: u32) -> Result<&'static str, String> {
    let process = Process::open(pid, Access::Change).map_err(|e| e.to_string())?;
    process.freeze().map_err(|e| e.to_string())?;
    let census = process.census(&|| false);
    process.thaw().map_err(|e| e.to_string())?;
    let Ok(Census::Complete(threads)) = census else {
        return Err(format!("its threads cannot be looked at: {census:?}"));
    };
    let modules = process.modules().map_err(|e| e.to_string())?;
    let ntdll = modules
        .iter()
        .find(|m| m.name.eq_ignore_ascii_case("ntdll.dll"))
        .ok_or("it has no ntdll")?;
    let at: Vec<u64> = threads.iter().map(|t| t.registers.rip).collect();
    let is_in = |name: &&str| {
        let stub = loaded::export(&process, ntdll, name).ok().flatten();
        stub.is_some_and(|s| at.iter().any(|rip| (s.0..s.0 + STUB).contains(rip)))
    };
    let found = CALLS.into_iter().find(|name| is_in(name));
    found.ok_or_else(|| format!("it waits elsewhere: {at:x?}"))
}
