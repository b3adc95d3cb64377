//! The FIXUP debug stream: every relocation that the linker resolved.
//!
//! Written by Microsoft's linker with `/DEBUGTYPE:FIXUP` or `/PROFILE`. It is one of the
//! optional streams that the DBI stream's last substream numbers (LLVM, "The PDB DBI
//! Stream", Optional Debug Header Stream), an array of `XFIXUP_DATA` (cvinfo.h).

use crate::addr::Rva;

/// One relocation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Fixup {
    /// Where the field is.
    pub rva: Rva,
    /// `IMAGE_REL_AMD64_*`.
    pub kind: u16,
    /// What it refers to.
    pub target: Rva,
}

/// `IMAGE_REL_AMD64_ADDR32NB`: an RVA.
pub const ADDR32NB: u16 = 3;
/// `IMAGE_REL_AMD64_SECREL`: an offset from the start of a section.
pub const SECREL: u16 = 11;

const DBI_HEADER: usize = 64;
/// Offsets in the DBI header of the sizes of the substreams before the optional one.
const SIZES: [usize; 6] = [24, 28, 32, 36, 40, 52];
/// Index of the FIXUP stream in the optional debug header.
const FIXUP: usize = 2;

/// The number of the FIXUP stream, where the DBI stream names one.
pub fn stream_number(dbi: &[u8]) -> Option<u16> {
    let mut at = DBI_HEADER;
    for offset in SIZES {
        let size = dbi.get(offset..offset + 4)?;
        let size = u32::from_le_bytes(size.try_into().ok()?);
        at = at.checked_add(size as usize)?;
    }
    let entry = at.checked_add(FIXUP * 2)?;
    let number = u16::from_le_bytes(dbi.get(entry..entry + 2)?.try_into().ok()?);
    (number != 0xffff && number != 0).then_some(number)
}

/// Reads the stream: kind, extra, place and target of each relocation; by ascending place.
pub fn parse(stream: &[u8]) -> Vec<Fixup> {
    let word = |b: &[u8]| u32::from_le_bytes([b[0], b[1], b[2], b[3]]);
    let mut fixups: Vec<Fixup> = stream
        .chunks_exact(12)
        .map(|record| Fixup {
            kind: u16::from_le_bytes([record[0], record[1]]),
            rva: Rva(word(&record[4..])),
            target: Rva(word(&record[8..])),
        })
        .collect();
    fixups.sort_by_key(|f| f.rva);
    fixups.dedup_by_key(|f| f.rva);
    fixups
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_number_stands_behind_all_other_substreams() {
        let mut dbi = vec![0u8; DBI_HEADER];
        dbi[24] = 4;
        dbi.extend([0; 4]);
        dbi.extend([1, 0, 2, 0, 9, 0]);
        assert_eq!(stream_number(&dbi), Some(9));
        let end = dbi.len();
        dbi[end - 2..].fill(0xff);
        assert_eq!(stream_number(&dbi), None);
        assert_eq!(stream_number(&dbi[..end - 1]), None);
    }

    #[test]
    fn records_are_sorted_and_a_rest_is_ignored() {
        let mut stream = Vec::new();
        for (kind, rva, target) in [(4u16, 0x20u32, 0x3000u32), (3, 0x10, 0x4000)] {
            stream.extend(kind.to_le_bytes());
            stream.extend([0, 0]);
            stream.extend(rva.to_le_bytes());
            stream.extend(target.to_le_bytes());
        }
        stream.extend([1, 2, 3]);
        let fixups = parse(&stream);
        assert_eq!(fixups.len(), 2);
        assert_eq!((fixups[0].rva, fixups[0].kind), (Rva(0x10), ADDR32NB));
    }
}
