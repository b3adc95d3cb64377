//! The function table and unwind information (Microsoft, "x64 exception handling").

use iced_x86::Register;

use super::{Directory, Image, ImageError, read};
use crate::addr::Rva;

const FLAG_EXCEPTION_HANDLER: u8 = 1;
const FLAG_UNWIND_HANDLER: u8 = 2;
const FLAG_CHAINED: u8 = 4;

/// One entry of the function table (`RUNTIME_FUNCTION`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RuntimeFunction {
    /// First byte of the function or part.
    pub begin: Rva,
    /// First byte after it.
    pub end: Rva,
    /// Where its unwind information is.
    pub info: Rva,
}

/// `UNWIND_INFO` without interpretation of its codes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UnwindInfo {
    /// Version: 1, or 2 with epilog codes.
    pub version: u8,
    /// Length of the prologue in bytes.
    pub prologue: u8,
    /// Frame register and scaled offset, as one byte.
    pub frame: u8,
    /// The unwind codes, two bytes each.
    pub codes: Vec<UnwindCode>,
    /// The language-specific handler, and where its data starts.
    pub handler: Option<(Rva, Rva)>,
    /// Handler flags: 1 for exceptions, 2 for unwinding.
    pub handler_flags: u8,
    /// The entry that this one continues.
    pub chained: Option<RuntimeFunction>,
}

/// One slot of the unwind code array: offset in the prologue, operation and operand.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct UnwindCode(pub u16);

impl UnwindInfo {
    /// Header and codes, the latter padded to an even number of slots. Handler or chained
    /// entry follow.
    pub fn to_bytes(&self) -> Vec<u8> {
        let chained = if self.chained.is_some() {
            FLAG_CHAINED
        } else {
            0
        };
        let flags = self.handler_flags | chained;
        let mut bytes = vec![
            self.version | flags << 3,
            self.prologue,
            self.codes.len() as u8,
            self.frame,
        ];
        for code in &self.codes {
            bytes.extend(code.0.to_le_bytes());
        }
        if self.codes.len() % 2 == 1 {
            bytes.extend([0, 0]);
        }
        bytes
    }

    /// The unwind information of a copy of the first instructions: without handler and
    /// epilogs, and with the codes of only those instructions that are in the copy. `moved`
    /// gives the offset in the copy of the end of an instruction, if it is there.
    pub fn of_copy(&self, moved: impl Fn(u8) -> Option<u8>) -> UnwindInfo {
        const FRAME_POINTER: u16 = 3;
        let mut codes = Vec::new();
        let (mut prologue, mut frame) = (0, 0);
        let mut rest = self.codes.as_slice();
        while let Some(first) = rest.first() {
            let (code, after) = rest.split_at(first.slots().min(rest.len()));
            rest = after;
            let offset = first.0 as u8;
            let Some(offset) = moved(offset).filter(|_| !first.is_epilog()) else {
                continue;
            };
            prologue = prologue.max(offset);
            if first.operation() == FRAME_POINTER {
                frame = self.frame;
            }
            codes.push(UnwindCode(first.0 & 0xff00 | u16::from(offset)));
            codes.extend(&code[1..]);
        }
        UnwindInfo {
            version: 1,
            prologue,
            frame,
            codes,
            handler: None,
            handler_flags: 0,
            chained: None,
        }
    }
}

impl UnwindInfo {
    /// The registers that the prologue saves.
    pub fn saved(&self) -> Vec<Register> {
        let mut saved = Vec::new();
        let mut rest = self.codes.as_slice();
        while let Some(first) = rest.first() {
            let number = u32::from(first.0 >> 12);
            match first.operation() {
                // UWOP_PUSH_NONVOL, UWOP_SAVE_NONVOL, UWOP_SAVE_NONVOL_FAR
                0 | 4 | 5 => saved.push(Register::RAX + number),
                // UWOP_SAVE_XMM128, UWOP_SAVE_XMM128_FAR
                8 | 9 => saved.push(Register::XMM0 + number),
                _ => {}
            }
            rest = &rest[first.slots().min(rest.len())..];
        }
        saved
    }
}

impl UnwindCode {
    /// `UWOP_*`
    fn operation(self) -> u16 {
        self.0 >> 8 & 0xf
    }

    fn is_epilog(self) -> bool {
        self.operation() == 6
    }

    /// How many slots the code has, itself included.
    fn slots(self) -> usize {
        match self.operation() {
            1 if self.0 >> 12 == 0 => 2,
            1 => 3,
            4 | 8 => 2,
            5 | 9 => 3,
            _ => 1,
        }
    }
}

/// Reads the function table and checks its order.
pub fn parse_table(
    image: &Image<'_>,
    directory: Directory,
) -> Result<Vec<RuntimeFunction>, ImageError> {
    let bad = |reason: String| ImageError::Malformed {
        table: "function table",
        rva: directory.rva,
        reason,
    };
    let table = image
        .slice(directory.rva, directory.size as usize)
        .ok_or_else(|| bad(format!("{:#x} bytes are not in the file", directory.size)))?;
    let mut functions: Vec<RuntimeFunction> = table
        .chunks_exact(12)
        .filter_map(entry)
        .filter(|f| f.begin.0 != 0)
        .collect();
    functions.sort_by_key(|f| f.begin);
    for f in &functions {
        if f.end <= f.begin {
            return Err(bad(format!("entry {} ends at {}", f.begin, f.end)));
        }
    }
    for pair in functions.windows(2) {
        if pair[0].end > pair[1].begin {
            return Err(bad(format!(
                "entries {} and {} overlap",
                pair[0].begin, pair[1].begin
            )));
        }
    }
    Ok(functions)
}

fn entry(bytes: &[u8]) -> Option<RuntimeFunction> {
    Some(RuntimeFunction {
        begin: Rva(read::u32(bytes, 0)?),
        end: Rva(read::u32(bytes, 4)?),
        info: Rva(read::u32(bytes, 8)?),
    })
}

/// Reads the unwind information at `rva`.
pub fn parse_info(image: &Image<'_>, rva: Rva) -> Result<UnwindInfo, ImageError> {
    let bad = |reason: String| ImageError::Malformed {
        table: "unwind information",
        rva,
        reason,
    };
    let bytes = image
        .rest_of_section(rva)
        .ok_or_else(|| bad("it is in no section".into()))?;
    let head = bytes.get(..4).ok_or_else(|| bad("cut off".into()))?;
    let (version, flags) = (head[0] & 7, head[0] >> 3);
    if version != 1 && version != 2 {
        return Err(bad(format!("version {version}, expected 1 or 2")));
    }
    let count = head[2] as usize;
    let codes = bytes
        .get(4..4 + count * 2)
        .ok_or_else(|| bad(format!("{count} codes are cut off")))?
        .chunks_exact(2)
        .map(|c| UnwindCode(u16::from_le_bytes([c[0], c[1]])))
        .collect();
    // The array is padded to an even number of slots.
    let after = 4 + count.div_ceil(2) * 4;
    let mut info = UnwindInfo {
        version,
        prologue: head[1],
        frame: head[3],
        codes,
        handler: None,
        handler_flags: flags & (FLAG_EXCEPTION_HANDLER | FLAG_UNWIND_HANDLER),
        chained: None,
    };
    if flags & FLAG_CHAINED != 0 {
        let chained = bytes.get(after..after + 12).and_then(entry);
        info.chained = Some(chained.ok_or_else(|| bad("chained entry is cut off".into()))?);
    } else if info.handler_flags != 0 {
        let handler = read::u32(bytes, after).ok_or_else(|| bad("handler is cut off".into()))?;
        let data = rva.checked_add(after as u32 + 4);
        info.handler = Some((
            Rva(handler),
            data.ok_or_else(|| bad("out of range".into()))?,
        ));
    }
    Ok(info)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn info(version: u8, codes: &[u16]) -> UnwindInfo {
        UnwindInfo {
            version,
            prologue: 4,
            frame: 0,
            codes: codes.iter().copied().map(UnwindCode).collect(),
            handler: None,
            handler_flags: 0,
            chained: None,
        }
    }

    #[test]
    fn codes_are_padded_to_an_even_number() {
        assert_eq!(info(1, &[0x4204]).to_bytes(), [1, 4, 1, 0, 4, 0x42, 0, 0]);
        assert_eq!(info(1, &[]).to_bytes(), [1, 4, 0, 0]);
    }

    #[test]
    fn flags_stand_above_the_version() {
        let mut handled = info(1, &[]);
        handled.handler_flags = FLAG_EXCEPTION_HANDLER | FLAG_UNWIND_HANDLER;
        assert_eq!(handled.to_bytes()[0], 0x19);
    }

    #[test]
    fn a_copy_has_the_codes_of_its_own_instructions() {
        // Epilogs; save rbx at [rsp+30h] at 10; alloc 0x100 at 6; push rbx at 1.
        let codes = [0x1602, 0x0605, 0x340a, 6, 0x0106, 0x20, 0x3001];
        let whole = info(2, &codes);
        let copy = whole.of_copy(|at| (at <= 6).then_some(at + 4));
        assert_eq!((copy.version, copy.prologue), (1, 10));
        let slots: Vec<u16> = copy.codes.iter().map(|c| c.0).collect();
        assert_eq!(slots, [0x010a, 0x20, 0x3005]);
    }

    #[test]
    fn a_frame_pointer_that_is_not_set_yet_is_none() {
        let mut whole = info(1, &[0x0304, 0x5001]);
        whole.frame = 5;
        assert_eq!(whole.of_copy(Some).frame, 5);
        assert_eq!(whole.of_copy(|at| (at < 4).then_some(at)).frame, 0);
    }
}
