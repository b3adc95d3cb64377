//! The section table.

use std::ops::Range;

use goblin::pe::header::Header;
use goblin::pe::optional_header::OptionalHeader;

use super::ImageError;
use crate::addr::Rva;

const CNT_CODE: u32 = 0x0000_0020;
const MEM_DISCARDABLE: u32 = 0x0200_0000;
const MEM_EXECUTE: u32 = 0x2000_0000;
const MEM_WRITE: u32 = 0x8000_0000;

/// What a section's pages may do once loaded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SectionKind {
    /// Executable.
    Code,
    /// Readable only.
    ReadOnly,
    /// Writable.
    Writable,
}

/// One section of an image.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Section {
    /// Name, at most eight bytes.
    pub name: String,
    /// Where it is loaded.
    pub rva: Rva,
    /// Bytes of address space it takes; what the file does not hold is zero.
    pub virtual_size: u32,
    /// Offset of its bytes in the file.
    pub file_offset: usize,
    /// Bytes that the file holds for it, never more than `virtual_size`.
    pub file_size: usize,
    /// `IMAGE_SECTION_HEADER.Characteristics`.
    pub characteristics: u32,
}

impl Section {
    /// What its pages may do. Executable wins over writable; see [`Self::is_writable_code`].
    pub fn kind(&self) -> SectionKind {
        if self.characteristics & (CNT_CODE | MEM_EXECUTE) != 0 {
            SectionKind::Code
        } else if self.characteristics & MEM_WRITE != 0 {
            SectionKind::Writable
        } else {
            SectionKind::ReadOnly
        }
    }

    /// Whether the loader may leave it out once the image is loaded.
    pub fn is_discardable(&self) -> bool {
        self.characteristics & MEM_DISCARDABLE != 0
    }

    /// Whether it is there for debuggers alone, as the optimisation report of Intel's compiler
    /// is: no code reads it, and what points from there into code was not asked for by any.
    pub fn is_debug(&self) -> bool {
        self.name.starts_with(".debug")
            && self.is_discardable()
            && self.kind() == SectionKind::ReadOnly
    }

    /// Whether its pages are writable and executable at once.
    pub fn is_writable_code(&self) -> bool {
        self.characteristics & MEM_EXECUTE != 0 && self.characteristics & MEM_WRITE != 0
    }

    /// Its bytes in the file.
    pub fn file_range(&self) -> Range<usize> {
        self.file_offset..self.file_offset + self.file_size
    }

    /// First address after it.
    pub fn end(&self) -> Rva {
        Rva(self.rva.0.saturating_add(self.virtual_size))
    }
}

/// The places that are in no section for debuggers alone.
pub fn without_debug<'s>(
    sections: &[Section],
    places: &'s [Rva],
) -> impl Iterator<Item = Rva> + use<'s> {
    let debug = sections.iter().filter(|s| s.is_debug());
    let debug: Vec<_> = debug.map(|s| s.rva..s.end()).collect();
    let places = places.iter().copied();
    places.filter(move |at| !debug.iter().any(|range| range.contains(at)))
}

/// Reads the section table and checks that sections lie in the file and do not overlap.
pub fn parse(
    bytes: &[u8],
    header: &Header<'_>,
    optional: &OptionalHeader,
) -> Result<Vec<Section>, ImageError> {
    let mut offset = header.dos_header.pe_pointer as usize
        + goblin::pe::header::SIZEOF_PE_MAGIC
        + goblin::pe::header::SIZEOF_COFF_HEADER
        + header.coff_header.size_of_optional_header as usize;
    let table = header
        .coff_header
        .sections(bytes, &mut offset)
        .map_err(|e| ImageError::NotPe(format!("section table: {e}")))?;
    let mut sections = Vec::with_capacity(table.len());
    for raw in table {
        let name_end = raw.name.iter().position(|b| *b == 0).unwrap_or(8);
        let name = String::from_utf8_lossy(&raw.name[..name_end]).into_owned();
        // A virtual size of 0 means "as large as the raw data" to the Windows loader.
        let virtual_size = match raw.virtual_size {
            0 => raw.size_of_raw_data,
            size => size,
        };
        let file_size = raw.size_of_raw_data.min(virtual_size) as usize;
        let file_offset = raw.pointer_to_raw_data as usize;
        let section = Section {
            rva: Rva(raw.virtual_address),
            virtual_size,
            file_offset,
            file_size,
            characteristics: raw.characteristics,
            name,
        };
        check(&section, bytes.len(), optional.windows_fields.size_of_image)?;
        sections.push(section);
    }
    sections.sort_by_key(|s| s.rva);
    for pair in sections.windows(2) {
        if pair[0].end() > pair[1].rva {
            return Err(malformed(
                &pair[1],
                format!("overlaps section {:?}", pair[0].name),
            ));
        }
    }
    Ok(sections)
}

fn check(section: &Section, file_len: usize, size_of_image: u32) -> Result<(), ImageError> {
    let file_end = section.file_offset.checked_add(section.file_size);
    if file_end.is_none_or(|end| end > file_len) {
        return Err(malformed(
            section,
            format!(
                "bytes {:#x}+{:#x} lie outside the file of {file_len:#x} bytes (is it cut off?)",
                section.file_offset, section.file_size
            ),
        ));
    }
    match section.rva.checked_add(section.virtual_size) {
        Some(end) if end.0 <= size_of_image => Ok(()),
        _ => Err(malformed(
            section,
            format!("ends after SizeOfImage {size_of_image:#x}"),
        )),
    }
}

fn malformed(section: &Section, reason: String) -> ImageError {
    ImageError::Malformed {
        table: "section",
        rva: section.rva,
        reason: format!("{:?}: {reason}", section.name),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_for_debuggers_alone_holds_no_pointers() {
        const DISCARDABLE: u32 = 0x4200_0040;
        const CONSTANT: u32 = 0x4000_0040;
        let section = |name: &str, rva, characteristics| Section {
            name: name.to_owned(),
            rva: Rva(rva),
            virtual_size: 0x800,
            file_offset: 0,
            file_size: 0,
            characteristics,
        };
        let sections = [
            section(".rdata", 0x1000, CONSTANT),
            section(".debug_o", 0x2000, DISCARDABLE),
            section(".debug_x", 0x3000, CONSTANT),
            section(".notes", 0x4000, DISCARDABLE),
        ];
        let places = [0x1008, 0x2008, 0x27f8, 0x3008, 0x4008].map(Rva);
        let left: Vec<_> = without_debug(&sections, &places).collect();
        assert_eq!(left, [0x1008, 0x3008, 0x4008].map(Rva));
    }
}
