//! A thread that stopped in the middle of an epilog.
//!
//! Epilogs have few forms (x64 calling convention): an optional `add rsp, n` or
//! `lea rsp, [frame ± n]`, pops of 64-bit registers, and `ret` or a tail jump. The rest of
//! one is executed here instead of there.

use super::{Context, Entry, Lookup, Memory, RSP, Stuck, codes};

/// No epilog is longer: fifteen pops of two bytes, and what goes before and after.
const LONGEST: usize = 64;

/// If the thread is inside an epilog, takes the rest of the frame off; says whether it was.
pub(super) fn finish<M: Memory + ?Sized>(
    memory: &M,
    entry: Entry,
    context: &mut Context,
) -> Result<bool, Stuck> {
    let left = entry.end.saturating_sub(context.rip);
    let len = LONGEST.min(usize::try_from(left).unwrap_or(LONGEST));
    let mut code = vec![0; len];
    memory
        .read(context.rip, &mut code)
        .ok_or(Stuck::Unreadable(context.rip))?;
    let mut after = *context;
    let mut at = adjust_stack(&code, &mut after);
    loop {
        let rest = &code[at..];
        match rest {
            // ret; rep ret; bnd ret; ret n
            [0xc3, ..] | [0xf2 | 0xf3, 0xc3, ..] | [0xc2, ..] => break,
            // pop r64
            [byte @ 0x58..=0x5f, ..] => {
                pop(memory, &mut after, usize::from(byte - 0x58))?;
                at += 1;
            }
            [0x41, byte @ 0x58..=0x5f, ..] => {
                pop(memory, &mut after, usize::from(byte - 0x50))?;
                at += 2;
            }
            _ if leaves(memory, rest, context.rip + at as u64, entry)? => break,
            _ => return Ok(false),
        }
    }
    let rsp = after.rsp();
    after.rip = memory.word(rsp).ok_or(Stuck::Unreadable(rsp))?;
    after.registers[RSP] = rsp.wrapping_add(8);
    *context = after;
    Ok(true)
}

fn pop<M: Memory + ?Sized>(memory: &M, to: &mut Context, register: usize) -> Result<(), Stuck> {
    let rsp = to.rsp();
    let value = memory.word(rsp).ok_or(Stuck::Unreadable(rsp))?;
    to.registers[RSP] = rsp.wrapping_add(8);
    to.registers[register] = value;
    Ok(())
}

/// Executes `add rsp, n` or `lea rsp, [register + n]`; returns its length, or 0.
fn adjust_stack(code: &[u8], context: &mut Context) -> usize {
    let wide = |b: &[u8]| i64::from(i32::from_le_bytes([b[0], b[1], b[2], b[3]]));
    let (base, offset, len) = match code {
        [0x48, 0x83, 0xc4, n, ..] => (RSP, i64::from(*n as i8), 4),
        [0x48, 0x81, 0xc4, n @ ..] if n.len() >= 4 => (RSP, wide(n), 7),
        // lea rsp, [r + disp8/disp32]; a base of 4 would mean another byte.
        [rex @ (0x48 | 0x49), 0x8d, modrm, rest @ ..]
            if modrm & 0x38 == 0x20 && modrm & 7 != 4 && !rest.is_empty() =>
        {
            let base = usize::from(modrm & 7) + if *rex == 0x49 { 8 } else { 0 };
            match modrm >> 6 {
                1 => (base, i64::from(rest[0] as i8), 4),
                2 if rest.len() >= 4 => (base, wide(rest), 7),
                _ => return 0,
            }
        }
        _ => return 0,
    };
    context.registers[RSP] = context.registers[base].wrapping_add_signed(offset);
    len
}

/// Whether a jump leaves the function: a tail call.
fn leaves<M: Memory + ?Sized>(
    memory: &M,
    code: &[u8],
    at: u64,
    entry: Entry,
) -> Result<bool, Stuck> {
    let (prefix, code) = match code {
        // repne (bnd)
        [0xf2, rest @ ..] => (1, rest),
        _ => (0, code),
    };
    let (len, distance) = match code {
        [0xeb, n, ..] => (2, i64::from(*n as i8)),
        [0xe9, a, b, c, d, ..] => (5, i64::from(i32::from_le_bytes([*a, *b, *c, *d]))),
        // jmp [rip + n], and with rex.w any jmp r/m; a switch jumps without the prefix.
        [0xff, 0x25, ..] => return Ok(true),
        [0x48..=0x4f, 0xff, modrm, ..] => return Ok(modrm & 0x38 == 0x20),
        _ => return Ok(false),
    };
    let to = at.wrapping_add(prefix + len).wrapping_add_signed(distance);
    let Lookup::Function(other) = memory.entry(to) else {
        return Ok(!(entry.begin..entry.end).contains(&to));
    };
    // Parts of a function that lie apart are chained to its beginning.
    let (own, others) = (
        codes::primary(memory, entry)?,
        codes::primary(memory, other)?,
    );
    if own.begin == others.begin {
        return Ok(to == own.begin && entry.begin == own.begin);
    }
    match to == other.begin {
        true => Ok(true),
        // Into the middle of what is said to be another function: that may share the frame.
        false => Err(Stuck::Info(entry.info)),
    }
}
