//! The conventions of the payload that `build` writes and `apply` links.
//!
//! # Sections
//!
//! | section | holds |
//! |---|---|
//! | `.text`, one per function | replacement and new functions, byte for byte as the linker placed them |
//! | [`GATE_SECTION`] | the gates of all replaced functions (see below) |
//! | [`CALL_SECTION`] | the one routine that a remote thread enters, see [`CALL_SYMBOL`] |
//! | `.rdata`, `.data`, `.bss` | constants and variables that only the new build has |
//! | `.pdata`, `.xdata` | unwind information of everything above |
//!
//! # Gates
//!
//! The redirect at the entry of an old function jumps to the function's gate, and
//! the gate decides by one byte, the same for the whole package, which version runs:
//!
//! ```text
//! gate$f:  cmp  byte ptr [rip + __hotpatch_active], 0
//!          je   old$f
//!          jmp  f                     ; the replacement
//! old$f:   <the instructions under the redirect, displaced>
//!          jmp  module!f + n          ; the rest of the old function
//! ```
//!
//! While the byte is 0 an installed redirect changes nothing, so redirects may be
//! written one after the other; writing that one byte switches the whole set at one
//! instant. A patcher that dies in between leaves wholly old or wholly new code.
//!
//! # Symbols
//!
//! Defined symbols have the linkage name of the function or datum. Undefined
//! symbols are listed in the manifest, each with its meaning: a place in the old
//! image (`module!name`), a function of another module ([`IMPORT_PREFIX`]), or
//! [`ACTIVE_SYMBOL`].
//!
//! # Hooks
//!
//! Functions of the new build with the names of [`Hook`] are carried, and called in the
//! target at their moments.
//!
//! # Fixups
//!
//! `IMAGE_REL_AMD64_REL32`, `REL32_1` … `REL32_5` and `ADDR64` mean what the PE/COFF
//! specification says. `ADDR32NB` is relative to the payload's own base in `.pdata`
//! and `.xdata`, and relative to the base of the *old module* everywhere else.

use serde::{Deserialize, Serialize};

/// The byte that switches the package: 0 runs old code, 1 runs new code.
/// Undefined in the object; `apply` places it in the record page of the target.
pub const ACTIVE_SYMBOL: &str = "__hotpatch_active";

/// The routine that a remote thread enters with a pointer to a call block in `rcx`:
/// six 64-bit words: function, four arguments, result. It calls the
/// function, stores `rax` in the result, and returns the low 32 bits of the result.
pub const CALL_SYMBOL: &str = "__hotpatch_call";

/// Section of the gates.
pub const GATE_SECTION: &str = ".hpgate";

/// Section of [`CALL_SYMBOL`].
pub const CALL_SECTION: &str = ".hpcall";

/// Prefix of a gate's symbol; the rest is the symbol of the replacement.
pub const GATE_PREFIX: &str = "gate$";

/// Prefix of the symbol of a function that another module exports and the old image does not
/// import; the rest is `module!name`. A slot in `.rdata` holds its address.
pub const IMPORT_PREFIX: &str = "import$";

/// Length of the redirect at the entry of an old function in bytes: `jmp rel32`.
pub const REDIRECT_LEN: u32 = 5;

/// Length of the redirect at an entry without room for that: `jmp rel8` to a relay, which is
/// a `jmp rel32` in padding nearby.
pub const SHORT_REDIRECT_LEN: u32 = 2;

/// Length of a gate in bytes up to the displaced instructions, which are five bytes or more.
/// Where the patch replaces another one that is active, `apply` puts a `jmp rel32` to the
/// gate of that one there.
pub const GATE_HEAD_LEN: u32 = 14;

/// A function of the new build that runs in the target at a certain moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Hook {
    /// Everything is in place, and nothing is switched on yet.
    BeforeApply,
    /// The patch is switched on.
    AfterApply,
    /// The patch is about to be taken out.
    BeforeRevert,
    /// Old code runs again; the payload is still there.
    AfterRevert,
}

impl Hook {
    /// Every hook, in the order of their moments.
    pub const ALL: [Hook; 4] = [
        Hook::BeforeApply,
        Hook::AfterApply,
        Hook::BeforeRevert,
        Hook::AfterRevert,
    ];

    /// Name of the function: `int name(void)` with C linkage.
    pub fn name(self) -> &'static str {
        match self {
            Hook::BeforeApply => "hotpatch_before_apply",
            Hook::AfterApply => "hotpatch_after_apply",
            Hook::BeforeRevert => "hotpatch_before_revert",
            Hook::AfterRevert => "hotpatch_after_revert",
        }
    }

    /// Whether what it returns can stop the operation.
    pub fn may_veto(self) -> bool {
        matches!(self, Hook::BeforeApply | Hook::BeforeRevert)
    }
}
