//! The container of a PDB (LLVM, "The MSF File Format"): opened where it holds what it says.

use std::io::Cursor;

use pdb::PDB;

use super::SymbolsError;

/// Size of a stream that is not there.
const NO_STREAM: u32 = u32::MAX;

/// Opens a PDB for reading its streams.
pub fn open(bytes: &[u8]) -> Result<PDB<'_, Cursor<&[u8]>>, SymbolsError> {
    check_length(bytes)?;
    check_streams(bytes)?;
    Ok(PDB::open(Cursor::new(bytes))?)
}

/// A word of the superblock: 32 is the size of a block, 40 the number of blocks, 44 the size of
/// the directory, 52 the block that lists the directory's blocks.
fn word(bytes: &[u8], at: u64) -> Option<u32> {
    let at = usize::try_from(at).ok()?;
    let field = bytes.get(at..at.checked_add(4)?)?;
    Some(u32::from_le_bytes(field.try_into().ok()?))
}

/// Checks that all blocks are there: what is missing may be a stream that nobody asks for,
/// or the one that says what has changed.
fn check_length(bytes: &[u8]) -> Result<(), SymbolsError> {
    let field = |at| word(bytes, at).map_or(0, u64::from);
    let (expected, found) = (field(32) * field(40), bytes.len() as u64);
    match expected > found {
        true => Err(SymbolsError::CutOff { expected, found }),
        false => Ok(()),
    }
}

/// Checks that no stream takes its blocks from another one, or one block over and over: small
/// files would claim gigabytes. Where the directory can't be read the reader says so.
fn check_streams(bytes: &[u8]) -> Result<(), SymbolsError> {
    match claimed(bytes) {
        Some(claimed) if claimed > bytes.len() as u64 => Err(SymbolsError::Malformed {
            what: "stream directory",
            reason: format!(
                "its streams take {claimed:#x} bytes, the file has {:#x}",
                bytes.len()
            ),
        }),
        _ => Ok(()),
    }
}

/// The bytes of the blocks that the streams of a PDB take.
fn claimed(bytes: &[u8]) -> Option<u64> {
    let field = |at| word(bytes, at).map(u64::from);
    let (block, size, list) = (field(32)?, field(44)?, field(52)?);
    // A word of the directory, whose blocks lie anywhere.
    let directory = |index: u64| {
        let at = index * 4;
        let place = (list * block).checked_add(at.checked_div(block)? * 4)?;
        word(bytes, field(place)?.checked_mul(block)? + at % block)
    };
    let streams = u64::from(directory(0)?);
    let sizes = (1..=streams.min(size / 4)).map_while(directory);
    let blocks = sizes.filter(|size| *size != NO_STREAM);
    Some(
        blocks
            .map(|size| u64::from(size).div_ceil(block) * block)
            .sum(),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn streams_of_real_files_fit_into_them() {
        for name in ["old/server.pdb", "msvc-old/server.pdb"] {
            let bytes = std::fs::read(format!("fixtures/server/{name}")).unwrap();
            let claimed = claimed(&bytes).unwrap();
            assert!(claimed > bytes.len() as u64 / 2, "{name}: {claimed}");
            assert!(open(&bytes).is_ok());
        }
    }

    #[test]
    fn a_stream_that_is_larger_than_the_file_is_refused() {
        let mut bytes = std::fs::read("fixtures/server/old/server.pdb").unwrap();
        let field = |bytes: &[u8], at| u64::from(word(bytes, at).unwrap());
        let block = field(&bytes, 32);
        let directory = field(&bytes, field(&bytes, 52) * block) * block;
        let of_types = (directory + 12) as usize;
        let size = (bytes.len() as u32 + 1).to_le_bytes();
        bytes[of_types..of_types + 4].copy_from_slice(&size);
        let refused = open(&bytes).map(drop).unwrap_err().to_string();
        assert!(refused.contains("the file has"), "{refused}");
    }
}
