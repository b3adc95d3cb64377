//! Fields of the headers: which may differ, and which say what the loader does.
//!
//! Source: Microsoft PE/COFF specification, "Optional Header Windows-Specific Fields".

use super::Rest;
use crate::addr::Rva;
use crate::image::{Directory, Image};

/// Data directories by index.
pub const EXPORTS: usize = 0;
pub const IMPORTS: usize = 1;
pub const RESOURCES: usize = 2;
pub const EXCEPTIONS: usize = 3;
pub const CERTIFICATES: usize = 4;
pub const RELOCATIONS: usize = 5;
pub const DEBUG: usize = 6;
pub const TLS: usize = 9;
pub const LOAD_CONFIG: usize = 10;
pub const IMPORT_ADDRESSES: usize = 12;
pub const DELAY_IMPORTS: usize = 13;

/// Fields whose value the loader goes by, as offsets from the PE signature: offset, width,
/// name. Everything else in the headers says where things lie, how large they are, when and
/// with what they were linked.
const MEANT: [(usize, usize, &str); 17] = [
    (4, 2, "Machine"),
    (22, 2, "Characteristics"),
    (24, 2, "Magic"),
    (24 + 40, 2, "MajorOperatingSystemVersion"),
    (24 + 42, 2, "MinorOperatingSystemVersion"),
    (24 + 48, 2, "MajorSubsystemVersion"),
    (24 + 50, 2, "MinorSubsystemVersion"),
    (24 + 52, 4, "Win32VersionValue"),
    (24 + 68, 2, "Subsystem"),
    (24 + 70, 2, "DllCharacteristics"),
    (24 + 72, 8, "SizeOfStackReserve"),
    (24 + 80, 8, "SizeOfStackCommit"),
    (24 + 88, 8, "SizeOfHeapReserve"),
    (24 + 96, 8, "SizeOfHeapCommit"),
    (24 + 104, 4, "LoaderFlags"),
    (24 + 108, 4, "NumberOfRvaAndSizes"),
    (20, 2, "SizeOfOptionalHeader"),
];

/// Directories whose coming or going no other comparison names: index and name.
const PRESENCE: [(usize, &str); 5] = [
    (7, "architecture"),
    (8, "global pointer"),
    (LOAD_CONFIG, "load configuration"),
    (11, "bound imports"),
    (15, "reserved"),
];

/// The headers of an image, as far as the account needs them.
pub struct Headers {
    /// Offset of the PE signature in the file.
    pe: usize,
    /// First byte behind the section table in the file.
    end: usize,
    directories: Vec<Directory>,
}

impl Headers {
    /// Finds them in the file.
    pub fn of(image: &Image<'_>) -> Self {
        let bytes = image.bytes;
        let pe = u32_at(bytes, 60).unwrap_or(0) as usize;
        let optional = u16_at(bytes, pe + 20).unwrap_or(0) as usize;
        let count = u32_at(bytes, pe + 24 + 108).unwrap_or(0).min(16) as usize;
        let directories = (0..count).map(|i| Directory {
            rva: Rva(u32_at(bytes, pe + 24 + 112 + i * 8).unwrap_or(0)),
            size: u32_at(bytes, pe + 24 + 116 + i * 8).unwrap_or(0),
        });
        Headers {
            pe,
            end: pe + 24 + optional + image.sections.len() * 40,
            directories: directories.collect(),
        }
    }

    /// A directory that is there and not empty.
    pub fn directory(&self, index: usize) -> Option<Directory> {
        let found = self.directories.get(index).copied()?;
        (found.rva.0 != 0 && found.size != 0).then_some(found)
    }

    /// What the file holds behind all sections that is neither symbols of the object format
    /// nor a signature.
    fn overlay<'i>(&self, image: &Image<'i>) -> &'i [u8] {
        let bytes = image.bytes;
        let mut start = self.raw_end(image);
        let symbols = u32_at(bytes, self.pe + 12).unwrap_or(0) as usize;
        let count = u32_at(bytes, self.pe + 16).unwrap_or(0) as usize;
        if symbols != 0 && symbols >= start {
            let strings = symbols.saturating_add(count.saturating_mul(18));
            let length = u32_at(bytes, strings).unwrap_or(0) as usize;
            start = strings.saturating_add(length);
        }
        // The one directory that holds an offset in the file.
        let end = match self.directory(CERTIFICATES) {
            Some(d) if d.rva.0 as usize >= start => d.rva.0 as usize,
            _ => bytes.len(),
        };
        let rest = bytes.get(start..end.min(bytes.len())).unwrap_or(&[]);
        // Both linkers align what comes behind.
        match rest.iter().all(|b| *b == 0) {
            true => &[],
            false => rest,
        }
    }

    /// Bytes of the file between the headers and between sections.
    pub fn file_padding(&self, image: &Image<'_>) -> u64 {
        let mut at = self.end;
        let mut sections: Vec<_> = image.sections.iter().map(|s| s.file_range()).collect();
        sections.sort_by_key(|r| r.start);
        let mut padding = 0;
        for range in sections.into_iter().filter(|r| !r.is_empty()) {
            padding += range.start.saturating_sub(at) as u64;
            at = at.max(range.end);
        }
        padding
    }

    /// What lies between in the file, in no header, section, symbol or signature: where each
    /// range begins that is not all padding, without the padding around it, and its bytes.
    fn stray<'i>(&self, image: &Image<'i>) -> Vec<(usize, &'i [u8])> {
        let mut at = self.end;
        let mut sections: Vec<_> = image.sections.iter().map(|s| s.file_range()).collect();
        sections.sort_by_key(|r| r.start);
        let mut found = Vec::new();
        let mut close = |from: usize, to: usize| {
            let gap = image.bytes.get(from..to).unwrap_or(&[]);
            let counts = |b: &u8| !matches!(*b, 0 | 0xcc);
            let ends = (gap.iter().position(counts), gap.iter().rposition(counts));
            if let (Some(first), Some(last)) = ends {
                found.push((from + first, &gap[first..=last]));
            }
        };
        for range in sections.into_iter().filter(|r| !r.is_empty()) {
            close(at, range.start);
            at = at.max(range.end);
        }
        close(at, self.raw_end(image));
        found
    }

    /// First byte of the file behind all sections.
    fn raw_end(&self, image: &Image<'_>) -> usize {
        let end = |i: usize| {
            let at = self.end.checked_sub((i + 1) * 40)?;
            let size = u32_at(image.bytes, at + 16)? as usize;
            (u32_at(image.bytes, at + 20)? as usize).checked_add(size)
        };
        (0..image.sections.len()).filter_map(end).max().unwrap_or(0)
    }
}

/// Compares two headers.
pub fn compare(
    (a, old): (&Headers, &Image<'_>),
    (b, new): (&Headers, &Image<'_>),
    reported: &impl Fn(&str) -> bool,
    rest: &mut Rest,
) {
    for (at, width, name) in MEANT {
        let field = |h: &Headers, image: &Image<'_>| {
            let bytes = image.bytes.get(h.pe + at..h.pe + at + width).unwrap_or(&[]);
            bytes.iter().rev().fold(0u64, |n, b| n << 8 | u64::from(*b))
        };
        let (x, y) = (field(a, old), field(b, new));
        if x != y {
            let detail = format!("{name} of the headers is {y:#x} instead of {x:#x}");
            rest.nothing(None, None, detail);
        }
    }
    for (index, name) in PRESENCE {
        let there = (a.directory(index).is_some(), b.directory(index).is_some());
        if there.0 != there.1 {
            let which = if there.1 { "new" } else { "old" };
            let detail = format!("only the {which} image has a directory of {name}");
            rest.nothing(None, None, detail);
        }
    }
    for index in 0..a.directories.len().max(b.directories.len()) {
        let half = |h: &Headers| {
            let d = h.directories.get(index).copied().unwrap_or_default();
            ((d.rva.0 == 0) != (d.size == 0)).then_some(d)
        };
        if half(a).is_some() != half(b).is_some() {
            let detail = format!("directory {index} of the headers has no place or no size");
            rest.nothing(None, None, detail);
        }
    }
    let tls = (a.directory(TLS).is_some(), b.directory(TLS).is_some());
    if tls.0 != tls.1 && !reported("HP306") {
        rest.nothing(None, None, "only one image has thread-local storage".into());
    }
    for s in &old.sections {
        // What it is made of, and what its pages may do.
        const CONTENT: u32 = 0xe0;
        const RIGHTS: u32 = 0xfe00_0000;
        let meant = |c: u32| c & (CONTENT | RIGHTS);
        let same_name = |t: &&crate::image::Section| t.name == s.name;
        if let Some(t) = new.sections.iter().find(same_name)
            && meant(s.characteristics) != meant(t.characteristics)
        {
            let detail = format!(
                "section {} has the characteristics {:#x} instead of {:#x}",
                s.name, t.characteristics, s.characteristics
            );
            rest.nothing(Some(s.rva), Some(t.rva), detail);
        }
    }
    let overlays = (a.overlay(old), b.overlay(new));
    if overlays.0 != overlays.1 {
        let detail = format!(
            "what is appended to the file differs ({} and {} bytes behind the last section)",
            overlays.0.len(),
            overlays.1.len()
        );
        rest.nothing(None, None, detail);
    }
    let (x, y) = (a.stray(old), b.stray(new));
    if !x
        .iter()
        .map(|(_, bytes)| bytes)
        .eq(y.iter().map(|(_, bytes)| bytes))
    {
        let at = y.first().or(x.first()).map_or(0, |(at, _)| *at);
        let detail = format!("the file has bytes between sections, at offset {at:#x}");
        rest.nothing(None, None, detail);
    }
}

pub fn u16_at(bytes: &[u8], at: usize) -> Option<u16> {
    let field = bytes.get(at..at.checked_add(2)?)?;
    Some(u16::from_le_bytes(field.try_into().ok()?))
}

pub fn u32_at(bytes: &[u8], at: usize) -> Option<u32> {
    let field = bytes.get(at..at.checked_add(4)?)?;
    Some(u32::from_le_bytes(field.try_into().ok()?))
}

pub fn u64_at(bytes: &[u8], at: usize) -> Option<u64> {
    let field = bytes.get(at..at.checked_add(8)?)?;
    Some(u64::from_le_bytes(field.try_into().ok()?))
}
