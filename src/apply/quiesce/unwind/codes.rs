//! Unwind information (`UNWIND_INFO`): what a prolog did, so that it can be undone.

use super::{Context, Entry, Memory, RSP, Stuck};

/// `UNW_FLAG_CHAININFO`: the entry continues another one.
const CHAINED: u8 = 4;

/// `UNW_FLAG_EHANDLER` and `UNW_FLAG_UHANDLER`: it has a language handler.
const HANDLERS: u8 = 3;

/// More chained parts than a compiler makes.
const MAX_CHAIN: usize = 32;

/// Undoes the prolog of the function as far as it has run; says whether the frame was made
/// by the system for an exception, in which case the context is that of the interrupted code.
pub(super) fn undo<M: Memory + ?Sized>(
    memory: &M,
    entry: Entry,
    context: &mut Context,
) -> Result<bool, Stuck> {
    let mut entry = entry;
    // How far the prolog has run, in bytes. The primary entry of a chain has run whole.
    let mut progress = context.rip.wrapping_sub(entry.begin);
    for _ in 0..MAX_CHAIN {
        let info = Info::read(memory, entry.info)?;
        if info.apply(memory, progress, context)? {
            return Ok(true);
        }
        let Some(parent) = info.parent(memory, entry)? else {
            return Ok(false);
        };
        entry = parent;
        progress = u64::MAX;
    }
    Err(Stuck::Info(entry.info))
}

/// The entry of the beginning of the function that this one is a part of.
pub(super) fn primary<M: Memory + ?Sized>(memory: &M, entry: Entry) -> Result<Entry, Stuck> {
    let mut entry = entry;
    for _ in 0..MAX_CHAIN {
        match Info::read(memory, entry.info)?.parent(memory, entry)? {
            Some(parent) => entry = parent,
            None => return Ok(entry),
        }
    }
    Err(Stuck::Info(entry.info))
}

fn read_entry<M: Memory + ?Sized>(memory: &M, at: u64, base: u64) -> Result<Entry, Stuck> {
    let mut bytes = [0; 12];
    memory.read(at, &mut bytes).ok_or(Stuck::Unreadable(at))?;
    let word = |i: usize| {
        let bytes = [bytes[i], bytes[i + 1], bytes[i + 2], bytes[i + 3]];
        base.wrapping_add(u64::from(u32::from_le_bytes(bytes)))
    };
    Ok(Entry {
        base,
        begin: word(0),
        end: word(4),
        info: word(8),
    })
}

struct Info {
    at: u64,
    version: u8,
    flags: u8,
    prolog: u8,
    count: u8,
    frame_register: usize,
    frame_offset: u64,
    /// Two bytes per slot.
    codes: Vec<u8>,
}

impl Info {
    fn read<M: Memory + ?Sized>(memory: &M, at: u64) -> Result<Self, Stuck> {
        let mut head = [0; 4];
        memory.read(at, &mut head).ok_or(Stuck::Unreadable(at))?;
        let version = head[0] & 7;
        if version != 1 && version != 2 {
            return Err(Stuck::Info(at));
        }
        let mut codes = vec![0; 2 * usize::from(head[2])];
        memory
            .read(at + 4, &mut codes)
            .ok_or(Stuck::Unreadable(at + 4))?;
        Ok(Info {
            at,
            version,
            flags: head[0] >> 3,
            prolog: head[1],
            count: head[2],
            frame_register: usize::from(head[3] & 15),
            frame_offset: u64::from(head[3] >> 4) * 16,
            codes,
        })
    }

    /// The entry that `entry`, of which this is the information, continues.
    fn parent<M: Memory + ?Sized>(&self, memory: &M, entry: Entry) -> Result<Option<Entry>, Stuck> {
        if self.flags & CHAINED == 0 {
            return Ok(None);
        }
        // It follows the codes, which are padded to an even number.
        let at = self.at + 4 + 2 * (u64::from(self.count) + u64::from(self.count & 1));
        read_entry(memory, at, entry.base).map(Some)
    }

    /// Undoes what of this prolog has run; says whether that was an exception's frame.
    fn apply<M: Memory + ?Sized>(
        &self,
        memory: &M,
        progress: u64,
        context: &mut Context,
    ) -> Result<bool, Stuck> {
        // Assembly code that says nothing of its frame and has a handler that knows.
        if self.count == 0 && self.flags & HANDLERS != 0 {
            return Err(Stuck::Info(self.at));
        }
        let load = |at: u64| memory.word(at).ok_or(Stuck::Unreadable(at));
        let frame = self.frame(progress, context);
        let mut slot = 0;
        while slot < usize::from(self.count) {
            let (offset, code) = (self.codes[2 * slot], self.codes[2 * slot + 1]);
            let (operation, info) = (code & 15, usize::from(code >> 4));
            let slots = self.slots(operation, info)?;
            if slot + slots > usize::from(self.count) {
                return Err(Stuck::Info(self.at));
            }
            let at = 2 * (slot + 1);
            let wide = |n: usize| {
                let bytes = &self.codes[at..at + 2 * n];
                bytes
                    .iter()
                    .rev()
                    .fold(0u64, |value, b| value << 8 | u64::from(*b))
            };
            slot += slots;
            if u64::from(offset) > progress {
                continue;
            }
            let rsp = context.rsp();
            let registers = &mut context.registers;
            match operation {
                // UWOP_PUSH_NONVOL
                0 => {
                    registers[info] = load(rsp)?;
                    registers[RSP] = rsp.wrapping_add(8);
                }
                // UWOP_ALLOC_LARGE
                1 if info == 0 => registers[RSP] = rsp.wrapping_add(8 * wide(1)),
                1 => registers[RSP] = rsp.wrapping_add(wide(2)),
                // UWOP_ALLOC_SMALL
                2 => registers[RSP] = rsp.wrapping_add(8 * info as u64 + 8),
                // UWOP_SET_FPREG
                3 => registers[RSP] = frame,
                // UWOP_SAVE_NONVOL, UWOP_SAVE_NONVOL_FAR
                4 => registers[info] = load(frame.wrapping_add(8 * wide(1)))?,
                5 => registers[info] = load(frame.wrapping_add(wide(2)))?,
                // UWOP_PUSH_MACHFRAME: (error code,) rip, cs, flags, rsp
                10 => {
                    let at = rsp.wrapping_add(8 * (info as u64 & 1));
                    context.rip = load(at)?;
                    context.registers[RSP] = load(at.wrapping_add(24))?;
                    return Ok(true);
                }
                // UWOP_EPILOG, UWOP_SPARE_CODE, UWOP_SAVE_XMM128(_FAR): no integer register.
                _ => {}
            }
        }
        Ok(false)
    }

    /// What saved registers are relative to.
    fn frame(&self, progress: u64, context: &Context) -> u64 {
        if self.frame_register == 0 {
            return context.rsp();
        }
        // Before the prolog has set the frame register, the stack pointer is still the frame.
        let set = (0..usize::from(self.count))
            .map(|i| (self.codes[2 * i], self.codes[2 * i + 1]))
            .any(|(offset, code)| code & 15 == 3 && u64::from(offset) <= progress);
        // A part has it from the function's beginning.
        let chained = self.flags & CHAINED != 0;
        if set || chained || progress >= u64::from(self.prolog) {
            context.registers[self.frame_register].wrapping_sub(self.frame_offset)
        } else {
            context.rsp()
        }
    }

    /// Number of slots of an operation.
    fn slots(&self, operation: u8, info: usize) -> Result<usize, Stuck> {
        Ok(match operation {
            0 | 2 | 3 | 10 => 1,
            1 if info == 0 => 2,
            1 if info == 1 => 3,
            4 | 8 => 2,
            5 | 9 => 3,
            // UWOP_EPILOG and UWOP_SPARE_CODE are of version 2.
            6 if self.version == 2 => 1,
            7 if self.version == 2 => 2,
            _ => return Err(Stuck::Info(self.at)),
        })
    }
}
