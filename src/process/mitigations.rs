//! Mitigation policies of another process.
//!
//! Wine answers every question with success and leaves the buffer as it was, so a policy
//! is a zeroed buffer here and "not set" is the answer there.

use std::os::windows::io::{AsRawHandle, OwnedHandle};

use windows_sys::Win32::System::Threading::{
    GetProcessMitigationPolicy, PROCESS_MITIGATION_POLICY, ProcessControlFlowGuardPolicy,
    ProcessDynamicCodePolicy, ProcessSignaturePolicy, ProcessUserShadowStackPolicy,
};

use crate::apply::target::Mitigations;

/// EnableUserShadowStack
const SHADOW_STACK: u32 = 1;
/// SetContextIpValidation
const CONTEXT: u32 = 1 << 2;
/// AuditSetContextIpValidation, and SetContextIpValidationRelaxedMode, which leaves out what
/// belongs to no module: neither ends a program.
const CONTEXT_LENIENT: u32 = 1 << 3 | 1 << 9;

/// The policies that matter to a patch.
pub fn mitigations(process: &OwnedHandle) -> Mitigations {
    let stacks = flags(process, ProcessUserShadowStackPolicy);
    // In each structure these are bits of one 32-bit word of flags (winnt.h).
    Mitigations {
        // ProhibitDynamicCode
        dynamic_code: flags(process, ProcessDynamicCodePolicy) & 1 != 0,
        // MicrosoftSignedOnly, StoreSignedOnly
        signed_images: flags(process, ProcessSignaturePolicy) & 3 != 0,
        // EnableControlFlowGuard
        control_flow_guard: flags(process, ProcessControlFlowGuardPolicy) & 1 != 0,
        shadow_stack: stacks & SHADOW_STACK != 0,
        continuations: continuations(stacks),
    }
}

/// Whether these flags of the policy of shadow stacks end a program that continues in code
/// which belongs to no module (`PROCESS_MITIGATION_USER_SHADOW_STACK_POLICY`).
fn continuations(stacks: u32) -> bool {
    stacks & (SHADOW_STACK | CONTEXT) == SHADOW_STACK | CONTEXT && stacks & CONTEXT_LENIENT == 0
}

/// The flags of a policy; 0 where this version of Windows doesn't know it.
fn flags(process: &OwnedHandle, policy: PROCESS_MITIGATION_POLICY) -> u32 {
    let mut flags = 0u32;
    // SAFETY: each of these policies is one structure of four bytes.
    let known = unsafe {
        GetProcessMitigationPolicy(
            process.as_raw_handle(),
            policy,
            (&raw mut flags).cast(),
            size_of_val(&flags),
        )
    };
    if known != 0 { flags } else { 0 }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_strict_validation_of_contexts_ends_a_program() {
        assert!(continuations(0b101));
        for lenient in [0, 0b1, 0b100, 0b1101, 0b10_0000_0101] {
            assert!(!continuations(lenient), "{lenient:#b}");
        }
    }
}
