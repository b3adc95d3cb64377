//! Where the streams of a PDB are in its file (LLVM, "The MSF File Format"). Reads only the
//! fixtures, which are good.

use std::ops::Range;

fn word(bytes: &[u8], at: usize) -> usize {
    let field = bytes[at..at + 4].try_into().expect("four bytes");
    u32::from_le_bytes(field) as usize
}

/// The file ranges of each stream, in order.
pub fn streams(pdb: &[u8]) -> Vec<Vec<Range<usize>>> {
    let block = word(pdb, 32);
    let directory_bytes = word(pdb, 44);
    let map = word(pdb, 52) * block;
    let directory: Vec<u8> = (0..directory_bytes.div_ceil(block))
        .flat_map(|i| {
            let at = word(pdb, map + 4 * i) * block;
            pdb[at..at + block].to_vec()
        })
        .collect();
    let count = word(&directory, 0);
    let mut at = 4 + 4 * count;
    let mut streams = Vec::new();
    for stream in 0..count {
        let size = word(&directory, 4 + 4 * stream);
        let size = if size == u32::MAX as usize { 0 } else { size };
        let mut ranges = Vec::new();
        for i in 0..size.div_ceil(block) {
            let start = word(&directory, at) * block;
            ranges.push(start..start + block.min(size - i * block));
            at += 4;
        }
        streams.push(ranges);
    }
    streams
}

/// Writes into a stream, as far as it and the file reach.
pub fn overwrite(pdb: &mut [u8], stream: &[Range<usize>], offset: usize, bytes: &[u8]) {
    let places = stream.iter().cloned().flatten().skip(offset);
    for (place, byte) in places.zip(bytes) {
        if let Some(place) = pdb.get_mut(place) {
            *place = *byte;
        }
    }
}

/// The contents of a stream.
pub fn content(pdb: &[u8], stream: &[Range<usize>]) -> Vec<u8> {
    stream
        .iter()
        .flat_map(|r| pdb[r.clone()].to_vec())
        .collect()
}
