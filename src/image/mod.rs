//! PE bytes → [`Image`]: sections, base relocations, imports, exports, unwind
//! table, and what identifies the build.
//!
//! Source: Microsoft PE/COFF specification. The headers come from
//! `goblin`; the directories that the analysis rests on are read here, each by a
//! bounded loop over the bytes of its section, and an inconsistency is an error.

pub mod authenticode;
mod characteristics;
mod codeview;
mod eligibility;
mod exports;
mod guard;
mod imports;
mod linker_tables;
mod names;
mod read;
mod relocations;
mod resources;
mod section;
mod tls;
mod unwind;
pub mod version;

pub use characteristics::HOTPATCH_COMPATIBLE;
pub use codeview::CodeView;
pub use eligibility::{kind_findings, layout_findings};
pub use exports::{Export, ExportTarget};
pub use imports::{DelayLoad, Import, ImportName};
pub use resources::{Resource, ResourceName};
pub use section::{Section, SectionKind};
pub use tls::TlsDirectory;
pub use unwind::{RuntimeFunction, UnwindCode, UnwindInfo};
pub use version::VersionInfo;

use goblin::pe::header::Header;
use goblin::pe::optional_header::OptionalHeader;

use crate::addr::{Rva, Va};
use crate::symbols::{SwitchEntry, SwitchTable};

/// `IMAGE_FILE_MACHINE_AMD64`.
pub const MACHINE_AMD64: u16 = 0x8664;

/// Why an image could not be read.
#[derive(Debug, thiserror::Error)]
pub enum ImageError {
    /// Not a PE file at all, or cut off within its headers.
    #[error("not a PE image: {0}")]
    NotPe(String),
    /// The optional header is missing: an object file, not an image.
    #[error("the file has no optional header: it is an object file, not an image")]
    NoOptionalHeader,
    /// A table that the headers announce is not where they say.
    #[error("{table} at RVA {rva} is malformed: {reason}")]
    Malformed {
        /// Which table.
        table: &'static str,
        /// Where it starts.
        rva: Rva,
        /// What was expected and what was found.
        reason: String,
    },
}

/// Whether a file that begins with these bytes can be an image.
///
/// # Errors
/// [`ImageError::NotPe`], which says what it is instead where that can be told.
pub fn recognise(head: &[u8]) -> Result<(), ImageError> {
    let found = match head {
        [b'M', b'Z', ..] => return Ok(()),
        [] => "the file is empty".to_owned(),
        _ if head.starts_with(b"Microsoft C/C++ ") => "the file is a PDB".to_owned(),
        _ => format!(
            "it begins with {}, not with MZ",
            hex::encode(&head[..head.len().min(4)])
        ),
    };
    Err(ImageError::NotPe(found))
}

/// A data directory: where a table is and how many bytes it has.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Directory {
    /// Start of the table.
    pub rva: Rva,
    /// Length of the table in bytes.
    pub size: u32,
}

/// A PE image, read from its file.
#[derive(Debug)]
pub struct Image<'a> {
    /// The whole file.
    pub bytes: &'a [u8],
    /// `IMAGE_FILE_HEADER.Machine`.
    pub machine: u16,
    /// `IMAGE_FILE_HEADER.TimeDateStamp`: a time, or a hash in a reproducible build.
    pub time_date_stamp: u32,
    /// `IMAGE_FILE_HEADER.Characteristics`.
    pub characteristics: u16,
    /// `Subsystem` of the optional header.
    pub subsystem: u16,
    /// Preferred load address.
    pub image_base: Va,
    /// Bytes of address space that the loaded image takes.
    pub size_of_image: u32,
    /// Entry point; 0 where there is none.
    pub entry: Rva,
    /// Sections by ascending address.
    pub sections: Vec<Section>,
    /// Places of the 64-bit absolute addresses (`IMAGE_REL_BASED_DIR64`), ascending.
    pub base_relocations: Vec<Rva>,
    /// Import address table slots, also those of delay-loaded modules, ascending.
    pub imports: Vec<Import>,
    /// Delay-loaded modules, by ascending address of their descriptors.
    pub delay_loads: Vec<DelayLoad>,
    /// Where the import descriptors are.
    pub import_table: Option<Directory>,
    /// The exports: those with names by their names, then those without by ordinals.
    pub exports: Vec<Export>,
    /// The function table (`.pdata`), ascending.
    pub runtime_functions: Vec<RuntimeFunction>,
    /// The TLS directory, where there is one.
    pub tls: Option<TlsDirectory>,
    /// Identity of the PDB, where the debug directory names one.
    pub codeview: Option<CodeView>,
    /// Further ones, where a tool added its own record to that of the linker.
    pub other_codeviews: Vec<CodeView>,
    /// Extended DLL characteristics of the debug directory; 0 where there are none.
    pub extended_characteristics: u32,
    /// Whether the linker says that it arranged code by a recorded profile.
    pub uses_profile: bool,
    /// The resources; `None` where their tree is not understood.
    pub resources: Option<Vec<Resource>>,
    /// 32-bit absolute addresses (`IMAGE_REL_BASED_HIGHLOW` and the like): code or data of an
    /// image that is loaded below 2 GB (`/LARGEADDRESSAWARE:NO`).
    pub narrow_relocations: usize,
    /// Tables that the linker makes, to which no code refers; ascending.
    pub linker_tables: Vec<Directory>,
    /// Functions to which a call that control flow guard checks may lead, ascending; `None`
    /// where the image doesn't ask for checks.
    pub call_targets: Option<Vec<Rva>>,
    /// Whether the image has a CLR header.
    pub managed: bool,
}

impl<'a> Image<'a> {
    /// Reads an image. Images for other machines are read as far as their headers,
    /// so that they can be refused by name (see [`findings`]).
    ///
    /// # Errors
    /// Where the file is not a PE image or one of its tables is inconsistent.
    pub fn parse(bytes: &'a [u8]) -> Result<Self, ImageError> {
        let header = Header::parse(bytes).map_err(|e| ImageError::NotPe(e.to_string()))?;
        let optional = header.optional_header.ok_or(ImageError::NoOptionalHeader)?;
        let sections = section::parse(bytes, &header, &optional)?;
        let mut image = Image {
            bytes,
            machine: header.coff_header.machine,
            time_date_stamp: header.coff_header.time_date_stamp,
            characteristics: header.coff_header.characteristics,
            subsystem: optional.windows_fields.subsystem,
            image_base: Va(optional.windows_fields.image_base),
            size_of_image: optional.windows_fields.size_of_image,
            entry: Rva(optional.standard_fields.address_of_entry_point),
            sections,
            base_relocations: Vec::new(),
            imports: Vec::new(),
            delay_loads: Vec::new(),
            import_table: None,
            exports: Vec::new(),
            runtime_functions: Vec::new(),
            tls: None,
            codeview: None,
            other_codeviews: Vec::new(),
            extended_characteristics: 0,
            uses_profile: false,
            resources: Some(Vec::new()),
            narrow_relocations: 0,
            linker_tables: Vec::new(),
            call_targets: None,
            managed: directory(&optional, DIRECTORY_CLR).is_some(),
        };
        if image.machine == MACHINE_AMD64 && image.bytes_are_pe32_plus(&optional) {
            image.read_directories(&optional)?;
        }
        Ok(image)
    }

    fn bytes_are_pe32_plus(&self, optional: &OptionalHeader) -> bool {
        optional.standard_fields.magic == goblin::pe::optional_header::MAGIC_64
    }

    fn read_directories(&mut self, optional: &OptionalHeader) -> Result<(), ImageError> {
        if let Some(d) = directory(optional, DIRECTORY_BASE_RELOCATIONS) {
            (self.base_relocations, self.narrow_relocations) = relocations::parse(self, d)?;
        }
        if let Some(d) = directory(optional, DIRECTORY_RESOURCES) {
            self.resources = resources::parse(self, d);
        }
        if let Some(d) = directory(optional, DIRECTORY_IMPORTS) {
            self.import_table = Some(d);
            self.imports = imports::parse(self, d)?;
        }
        if let Some(d) = directory(optional, DIRECTORY_DELAY_IMPORTS) {
            self.imports.extend(imports::parse_delayed(self, d)?);
            self.delay_loads = imports::delay_loads(self, d);
        }
        self.imports.sort_by_key(|i| i.slot);
        if let Some(d) = directory(optional, DIRECTORY_EXCEPTIONS) {
            self.runtime_functions = unwind::parse_table(self, d)?;
        }
        if let Some(d) = directory(optional, DIRECTORY_TLS) {
            self.tls = Some(tls::parse(self, d)?);
        }
        if let Some(d) = directory(optional, DIRECTORY_DEBUG) {
            let mut records = codeview::parse(self, d)?.into_iter();
            self.codeview = records.next();
            self.other_codeviews = records.collect();
            self.extended_characteristics = characteristics::parse(self, d);
            self.uses_profile = characteristics::uses_profile(self, d);
        }
        if let Some(d) = directory(optional, DIRECTORY_LOAD_CONFIG) {
            self.call_targets = guard::call_targets(self, d);
        }
        if let Some(d) = directory(optional, DIRECTORY_EXPORTS) {
            self.exports = exports::parse(self, d)?;
        }
        let tables = LINKER_TABLES.into_iter();
        let tables = tables.filter_map(|index| Some((index, directory(optional, index)?)));
        self.linker_tables = linker_tables::find(self, &tables.collect::<Vec<_>>());
        Ok(())
    }

    /// The section that holds this address.
    pub fn section_at(&self, rva: Rva) -> Option<&Section> {
        let after = self.sections.partition_point(|s| s.rva <= rva);
        let section = self.sections.get(after.checked_sub(1)?)?;
        (rva.0 - section.rva.0 < section.virtual_size).then_some(section)
    }

    /// The bytes from `rva` to the end of what the file initialises in that section;
    /// empty in the part that the loader fills with zeros.
    pub fn rest_of_section(&self, rva: Rva) -> Option<&'a [u8]> {
        let section = self.section_at(rva)?;
        let offset = (rva.0 - section.rva.0) as usize;
        let data = self.bytes.get(section.file_range())?;
        Some(data.get(offset..).unwrap_or(&[]))
    }

    /// Exactly `len` initialised bytes at `rva`, all in one section.
    pub fn slice(&self, rva: Rva, len: usize) -> Option<&'a [u8]> {
        self.rest_of_section(rva)?.get(..len)
    }

    /// Exactly `len` bytes at `rva` of the headers, which the loader maps as they are in the
    /// file.
    pub fn headers(&self, rva: Rva, len: usize) -> Option<&'a [u8]> {
        let first = self.sections.first().map_or(u32::MAX, |s| s.rva.0) as usize;
        let start = rva.0 as usize;
        let end = start.checked_add(len).filter(|end| *end <= first)?;
        self.bytes.get(start..end)
    }

    /// What the file has of `len` bytes at `rva`; the loader lays out zeros behind it. `None`
    /// where the range leaves its section.
    pub fn initialised(&self, rva: Rva, len: u32) -> Option<&'a [u8]> {
        let section = self.section_at(rva)?;
        let room = section.virtual_size - (rva.0 - section.rva.0);
        if len > room {
            return None;
        }
        let present = self.rest_of_section(rva)?;
        Some(&present[..present.len().min(len as usize)])
    }

    /// `len` bytes at `rva` as the loader lays them out. `None` where the range leaves its
    /// section. A section may claim gigabytes that no file has: for a range whose length the
    /// file alone says, see [`Self::initialised`] and [`Self::is_zero`].
    pub fn loaded_bytes(&self, rva: Rva, len: u32) -> Option<Vec<u8>> {
        let mut bytes = self.initialised(rva, len)?.to_vec();
        bytes.resize(len as usize, 0);
        Some(bytes)
    }

    /// Whether a range is zeros once it is loaded; `None` where it leaves its section.
    pub fn is_zero(&self, rva: Rva, len: u32) -> Option<bool> {
        let bytes = self.initialised(rva, len)?;
        Some(bytes.iter().all(|b| *b == 0))
    }

    /// The base-relocated fields that code can read, and what they point to.
    pub fn pointers(&self) -> impl Iterator<Item = (Rva, Rva)> + '_ {
        let read = section::without_debug(&self.sections, &self.base_relocations);
        read.filter_map(|at| Some((at, self.pointer_at(at)?)))
    }

    /// The base relocations whose eight-byte field starts in `[rva, rva + len)`.
    pub fn relocations_in(&self, rva: Rva, len: u32) -> &[Rva] {
        let end = rva.0.saturating_add(len);
        let from = self.base_relocations.partition_point(|r| *r < rva);
        let to = self.base_relocations.partition_point(|r| r.0 < end);
        &self.base_relocations[from..to.max(from)]
    }

    /// Whether the loader writes the address of the image itself there, as for GNU's
    /// `.refptr.__ImageBase`.
    pub fn holds_base(&self, rva: Rva) -> bool {
        self.relocations_in(rva, 1) == [rva] && self.pointer_at(rva) == Some(Rva(0))
    }

    /// The address that a base-relocated eight-byte field at `rva` holds, as an RVA.
    pub fn pointer_at(&self, rva: Rva) -> Option<Rva> {
        let field = self.slice(rva, 8)?;
        Va(read::u64(field, 0)?).rva(self.image_base)
    }

    /// The entry of the function table that covers this address.
    pub fn runtime_function_at(&self, rva: Rva) -> Option<&RuntimeFunction> {
        let after = self.runtime_functions.partition_point(|f| f.begin <= rva);
        let found = self.runtime_functions.get(after.checked_sub(1)?)?;
        (rva < found.end).then_some(found)
    }

    /// Whether control flow guard would end the program at a call through the address of a
    /// function.
    pub fn forbids_calls_to(&self, function: Rva) -> bool {
        let targets = self.call_targets.as_ref();
        targets.is_some_and(|targets| targets.binary_search(&function).is_err())
    }

    /// Whether a table of the linker begins at an address.
    pub fn begins_linker_table(&self, rva: Rva) -> bool {
        let tables = &self.linker_tables;
        tables.binary_search_by_key(&rva, |d| d.rva).is_ok()
    }

    /// The delay-loaded module whose descriptor is at this address.
    pub fn delay_load_at(&self, rva: Rva) -> Option<&DelayLoad> {
        let found = self
            .delay_loads
            .binary_search_by_key(&rva, |d| d.descriptor);
        Some(&self.delay_loads[found.ok()?])
    }

    /// Where the entries of a switch table lead; `None` where the table is cut off or an
    /// entry leads out of the image's address space.
    pub fn switch_targets(&self, table: &SwitchTable) -> Option<Vec<Rva>> {
        let width = table.entry.width();
        let bytes = self.slice(table.table, table.entries.checked_mul(width)? as usize)?;
        bytes
            .chunks_exact(width as usize)
            .map(|entry| switch_target(table, entry, self.image_base))
            .collect()
    }

    /// The unwind information at `rva`.
    ///
    /// # Errors
    /// Where it is cut off or of an unknown version.
    pub fn unwind_info(&self, rva: Rva) -> Result<UnwindInfo, ImageError> {
        unwind::parse_info(self, rva)
    }
}

fn switch_target(table: &SwitchTable, entry: &[u8], image_base: Va) -> Option<Rva> {
    let mut wide = [0u8; 8];
    wide[..entry.len()].copy_from_slice(entry);
    let value = u64::from_le_bytes(wide);
    match table.entry {
        SwitchEntry::Pointer => Va(value).rva(image_base),
        SwitchEntry::Unsigned(_) => table.base.checked_offset(value as i64),
        SwitchEntry::Signed(width) => {
            let shift = 64 - 8 * u32::from(width);
            table.base.checked_offset((value << shift) as i64 >> shift)
        }
    }
}

const DIRECTORY_EXPORTS: usize = 0;
const DIRECTORY_IMPORTS: usize = 1;
const DIRECTORY_RESOURCES: usize = 2;
const DIRECTORY_EXCEPTIONS: usize = 3;
const DIRECTORY_BASE_RELOCATIONS: usize = 5;
const DIRECTORY_DEBUG: usize = 6;
const DIRECTORY_TLS: usize = 9;
const DIRECTORY_LOAD_CONFIG: usize = 10;
const DIRECTORY_DELAY_IMPORTS: usize = 13;
const DIRECTORY_CLR: usize = 14;

/// Those of tables to which nothing but the headers leads, unless a symbol names them. The
/// descriptors of delay-loaded modules are handed over by code.
const LINKER_TABLES: [usize; 7] = [
    DIRECTORY_EXPORTS,
    DIRECTORY_IMPORTS,
    DIRECTORY_RESOURCES,
    DIRECTORY_EXCEPTIONS,
    DIRECTORY_BASE_RELOCATIONS,
    DIRECTORY_DEBUG,
    DIRECTORY_LOAD_CONFIG,
];

/// The data directory with this index (PE/COFF, "Optional Header Data Directories"),
/// where it is present and not empty.
fn directory(optional: &OptionalHeader, index: usize) -> Option<Directory> {
    let (_, d) = optional
        .data_directories
        .data_directories
        .get(index)?
        .as_ref()?;
    (d.virtual_address != 0 && d.size != 0).then_some(Directory {
        rva: Rva(d.virtual_address),
        size: d.size,
    })
}
