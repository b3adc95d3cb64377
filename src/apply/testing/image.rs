//! The images in the memory of the process that doesn't exist.

use crate::addr::{Rva, Va};

pub const MODULE: Va = Va(0x1_4000_0000);
pub const NTDLL: Va = Va(0x7ff8_0000_0000);

/// The functions of `server.exe`: two on one page, one far away, one across two pages.
pub const SERVER_RVAS: [Rva; 4] = [Rva(0x1010), Rva(0x1080), Rva(0x9100), Rva(0x9ffd)];

/// `sub rsp, 28h; xor eax, eax; …; ret`
pub const OLD_CODE: [u8; 12] = [
    0x48, 0x83, 0xec, 0x28, 0x31, 0xc0, 0x90, 0x48, 0x83, 0xc4, 0x28, 0xc3,
];

/// RVAs of the exports of `ntdll.dll` that are called.
pub const ADD_TABLE: u32 = 0x1000;
pub const DELETE_TABLE: u32 = 0x1010;
pub const GET_ADDRESS: u32 = 0x1020;
pub const LOAD_DLL: u32 = 0x1030;
pub const NOTHING: u32 = 0x1040;

pub const GUID: [u8; 16] = *b"0123456789abcdef";
pub const STAMP: u32 = 0x6600_0000;

fn put(image: &mut [u8], at: usize, bytes: &[u8]) {
    image[at..at + bytes.len()].copy_from_slice(bytes);
}

fn put_u32(image: &mut [u8], at: usize, value: u32) {
    put(image, at, &value.to_le_bytes());
}

fn headers(size: u32) -> Vec<u8> {
    let mut image = vec![0; size as usize];
    put(&mut image, 0, b"MZ");
    put_u32(&mut image, 0x3c, 0x40);
    put(&mut image, 0x40, b"PE\0\0");
    put_u32(&mut image, 0x44, 0x8664);
    put_u32(&mut image, 0x48, STAMP);
    put_u32(&mut image, 0x58, 0x20b);
    put_u32(&mut image, 0x58 + 56, size);
    put_u32(&mut image, 0x58 + 108, 16);
    image
}

fn directory(image: &mut [u8], index: usize, rva: u32, size: u32) {
    let at = 0x58 + 112 + 8 * index;
    put_u32(image, at, rva);
    put_u32(image, at + 4, size);
}

/// `server.exe`, with a debug directory and four functions. Its file is what is in memory.
pub fn server() -> Vec<u8> {
    let mut image = headers(0xc000);
    put(&mut image, 0x46, &2u16.to_le_bytes());
    put(&mut image, 0x54, &0xf0u16.to_le_bytes());
    let sections: [(&[u8], u32, u32, u32); 2] = [
        (b".rdata", 0x800, 0x800, 0x4000_0040),
        (b".text", 0x1000, 0xb000, 0x6000_0020),
    ];
    for (at, (name, rva, size, kind)) in (0x148..).step_by(40).zip(sections) {
        put(&mut image, at, name);
        for (field, value) in [(8, size), (12, rva), (16, size), (20, rva), (36, kind)] {
            put_u32(&mut image, at + field, value);
        }
    }
    directory(&mut image, 6, 0x800, 28);
    put_u32(&mut image, 0x80c, 2);
    put_u32(&mut image, 0x810, 24 + 8);
    put_u32(&mut image, 0x814, 0x840);
    put(&mut image, 0x840, b"RSDS");
    put(&mut image, 0x844, &GUID);
    put_u32(&mut image, 0x854, 3);
    // Unwind information of the first function.
    directory(&mut image, 3, 0x900, 12);
    put_u32(&mut image, 0x900, SERVER_RVAS[0].0);
    put_u32(&mut image, 0x904, SERVER_RVAS[0].0 + OLD_CODE.len() as u32);
    put_u32(&mut image, 0x908, 0x920);
    put(&mut image, 0x920, &[1, 4, 1, 0, 4, 0x42]);
    for rva in SERVER_RVAS {
        put(&mut image, rva.0 as usize, &OLD_CODE);
    }
    image
}

/// `ntdll.dll`, with an export directory.
pub fn ntdll() -> Vec<u8> {
    let mut image = headers(0x2000);
    let exports = [
        ("LdrGetProcedureAddress", GET_ADDRESS),
        ("LdrLoadDll", LOAD_DLL),
        ("RtlAddFunctionTable", ADD_TABLE),
        ("RtlDeleteFunctionTable", DELETE_TABLE),
        ("RtlGetCurrentPeb", NOTHING),
    ];
    let count = exports.len() as u32;
    directory(&mut image, 0, 0x800, 0x200);
    for (at, value) in [
        (20, count),
        (24, count),
        (28, 0x840),
        (32, 0x860),
        (36, 0x880),
    ] {
        put_u32(&mut image, 0x800 + at, value);
    }
    for (i, (name, rva)) in exports.into_iter().enumerate() {
        let text = 0x890 + 32 * i;
        put_u32(&mut image, 0x840 + 4 * i, rva);
        put_u32(&mut image, 0x860 + 4 * i, text as u32);
        put(&mut image, 0x880 + 2 * i, &(i as u16).to_le_bytes());
        put(&mut image, text, name.as_bytes());
    }
    image
}
