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

/// The policies that matter to a patch.
pub fn mitigations(process: &OwnedHandle) -> Mitigations {
    // In each structure these are bits of one 32-bit word of flags (winnt.h).
    Mitigations {
        // ProhibitDynamicCode
        dynamic_code: flags(process, ProcessDynamicCodePolicy) & 1 != 0,
        // MicrosoftSignedOnly, StoreSignedOnly
        signed_images: flags(process, ProcessSignaturePolicy) & 3 != 0,
        // EnableControlFlowGuard
        control_flow_guard: flags(process, ProcessControlFlowGuardPolicy) & 1 != 0,
        // EnableUserShadowStack
        shadow_stack: flags(process, ProcessUserShadowStackPolicy) & 1 != 0,
    }
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
