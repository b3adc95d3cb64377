//! Registers in Microsoft's x64 calling convention.
//!
//! Source: "x64 calling convention" and "x64 ABI conventions" of the Visual C++ documentation.

use iced_x86::Register;

/// Those that hold the first arguments, in their order.
pub const ARGUMENTS: [Register; 4] = [Register::RCX, Register::RDX, Register::R8, Register::R9];

/// Those of the general-purpose registers that a call may overwrite.
pub const VOLATILE: [Register; 7] = [
    Register::RAX,
    Register::RCX,
    Register::RDX,
    Register::R8,
    Register::R9,
    Register::R10,
    Register::R11,
];

/// Those that a call preserves, without the stack pointer.
pub const PRESERVED: [Register; 8] = [
    Register::RBX,
    Register::RBP,
    Register::RSI,
    Register::RDI,
    Register::R12,
    Register::R13,
    Register::R14,
    Register::R15,
];
