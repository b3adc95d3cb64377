//! Tables that the linker makes for the loader and for tools. Code has no names for them.
//!
//! Only where they begin counts: behind the last object of a section.

use super::{Directory, Image, read};
use crate::addr::Rva;

/// Bytes of an `IMAGE_DEBUG_DIRECTORY`.
const DEBUG_ENTRY: usize = 28;
/// Bytes of an import descriptor, and the offsets of its RVAs: names, module, slots.
const DESCRIPTOR: usize = 20;
const DESCRIPTOR_RVAS: [usize; 2] = [0, 12];

/// Where the tables are that the headers lead to, and those to which these lead; ascending.
pub fn find(image: &Image<'_>, directories: &[(usize, Directory)]) -> Vec<Directory> {
    let mut found: Vec<Directory> = directories.iter().map(|(_, d)| *d).collect();
    for (index, directory) in directories {
        let table = image.slice(directory.rva, directory.size as usize);
        let table = table.unwrap_or(&[]);
        match *index {
            super::DIRECTORY_DEBUG => found.extend(table.chunks_exact(DEBUG_ENTRY).map(record)),
            super::DIRECTORY_IMPORTS => {
                let all = table.chunks_exact(DESCRIPTOR);
                found.extend(all.flat_map(|d| DESCRIPTOR_RVAS.map(|at| start(d, at))));
            }
            _ => {}
        }
    }
    let infos = image.runtime_functions.iter().map(|f| f.info);
    found.extend(infos.map(|rva| Directory { rva, size: 4 }));
    found.retain(|d| d.rva != Rva(0) && d.size != 0);
    found.sort_unstable_by_key(|d| (d.rva, d.size));
    found.dedup();
    found
}

/// What an entry of the debug directory leads to.
fn record(entry: &[u8]) -> Directory {
    Directory {
        rva: Rva(read::u32(entry, 20).unwrap_or(0)),
        size: read::u32(entry, 16).unwrap_or(0),
    }
}

/// A table of which only the start is known.
fn start(descriptor: &[u8], at: usize) -> Directory {
    Directory {
        rva: Rva(read::u32(descriptor, at).unwrap_or(0)),
        size: 1,
    }
}
