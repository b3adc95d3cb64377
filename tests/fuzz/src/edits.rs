//! Inputs that are edits of the fixtures: what is read stays mostly valid, so that the
//! stages behind the first one are met as well.
//!
//! An input is the number of a pair, then edits: where, at which offset (32 bits, little
//! endian), how many bytes, the bytes.

use crate::fixtures::{Build, PAIRS};
use crate::{guard, msf};

/// A build that can be edited.
#[derive(Clone)]
pub struct Edited {
    /// The image's file.
    pub image: Vec<u8>,
    /// The PDB's file.
    pub pdb: Vec<u8>,
}

impl Edited {
    fn new(build: Build) -> Self {
        guard::reads(build.image.len() + build.pdb.len());
        Edited {
            image: build.image.to_vec(),
            pdb: build.pdb.to_vec(),
        }
    }
}

/// The fixtures after the edits of an input.
pub fn pair(input: &[u8]) -> Option<(Edited, Edited)> {
    let (number, mut rest) = input.split_first()?;
    let builds = PAIRS[usize::from(*number) % PAIRS.len()];
    let mut pair = (Edited::new(builds.0), Edited::new(builds.1));
    let streams = (msf::streams(builds.0.pdb), msf::streams(builds.1.pdb));
    while let Some(([space, offset @ .., len], after)) = rest.split_first_chunk::<6>() {
        let offset = u32::from_le_bytes(*offset) as usize;
        let (bytes, after) = after.split_at(after.len().min(usize::from(*len)));
        rest = after;
        let (edited, streams) = match space & 1 {
            0 => (&mut pair.0, &streams.0),
            _ => (&mut pair.1, &streams.1),
        };
        match space >> 1 {
            0..=63 => {
                let stream = &streams[usize::from(space >> 1) % streams.len()];
                let size: usize = stream.iter().map(ExactSizeIterator::len).sum();
                msf::overwrite(&mut edited.pdb, stream, offset % size.max(1), bytes);
            }
            64..=119 => write(&mut edited.image, offset, bytes),
            120..=125 => write(&mut edited.pdb, offset, bytes),
            126 => edited.image.truncate(offset % builds.0.image.len()),
            _ => edited.pdb.truncate(offset % builds.0.pdb.len()),
        }
    }
    Some(pair)
}

fn write(file: &mut [u8], offset: usize, bytes: &[u8]) {
    if file.is_empty() {
        return;
    }
    let at = offset % file.len();
    for (place, byte) in file[at..].iter_mut().zip(bytes) {
        *place = *byte;
    }
}

/// Each pair without an edit, and with one in each stream of its PDBs and in the headers.
pub fn seeds() -> Vec<Vec<u8>> {
    let mut seeds = Vec::new();
    for pair in 0..PAIRS.len() as u8 {
        seeds.push(vec![pair]);
        let streams = msf::streams(PAIRS[usize::from(pair)].0.pdb);
        for (number, stream) in streams.iter().enumerate().take(64) {
            let bytes = msf::content(PAIRS[usize::from(pair)].0.pdb, stream);
            if bytes.is_empty() {
                continue;
            }
            // What is there already, for libFuzzer to change.
            let len = bytes.len().min(64);
            let mut seed = vec![pair, (number as u8) << 1, 0, 0, 0, 0, len as u8];
            seed.extend(&bytes[..len]);
            seeds.push(seed);
        }
        let image = PAIRS[usize::from(pair)].0.image;
        for at in [0usize, 0x78, 0xf8, 0x178, 0x200, 0x400] {
            let mut seed = vec![pair, 64 << 1];
            seed.extend((at as u32).to_le_bytes());
            seed.push(96);
            seed.extend(&image[at..at + 96]);
            seeds.push(seed);
        }
    }
    seeds
}
