//! The import and delay-load import tables (PE/COFF, "The .idata Section" and
//! "Delay-Load Import Tables").

use super::{Directory, Image, ImageError, read};
use crate::addr::Rva;

/// How an import names what it wants.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ImportName {
    /// By name.
    Name(String),
    /// By ordinal.
    Ordinal(u16),
}

impl std::fmt::Display for ImportName {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            ImportName::Name(name) => f.write_str(name),
            ImportName::Ordinal(ordinal) => write!(f, "#{ordinal}"),
        }
    }
}

/// One slot of an import address table.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Import {
    /// Where the eight-byte slot is.
    pub slot: Rva,
    /// File name of the module, in lower case (the loader ignores case).
    pub module: String,
    /// What is imported from it.
    pub name: ImportName,
    /// Whether it is resolved at the first call instead of at load time.
    pub delayed: bool,
}

/// The descriptor of a delay-loaded module (`ImgDelayDescr`): what its thunks hand to the
/// helper that loads it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DelayLoad {
    /// Where the descriptor is.
    pub descriptor: Rva,
    /// File name of the module, in lower case.
    pub module: String,
}

/// Length of a delay-load descriptor in bytes.
const DELAY_DESCRIPTOR: usize = 32;

impl Import {
    /// Whether two slots, of one build or of two, are for the same function.
    pub fn means_the_same(&self, other: &Import) -> bool {
        (&self.module, &self.name, self.delayed) == (&other.module, &other.name, other.delayed)
    }
}

/// Slots per module and modules per image are bounded by the size of their section;
/// this bounds the walk over a table whose terminator is missing.
const MAX_SLOTS: u32 = 1 << 20;

/// Slots of the import directory.
pub fn parse(image: &Image<'_>, directory: Directory) -> Result<Vec<Import>, ImageError> {
    descriptors(image, directory, 20, |d| {
        let [lookup, _, _, name, slots] = [0, 4, 8, 12, 16].map(|o| read::u32(d, o).unwrap_or(0));
        let lookup = if lookup == 0 { slots } else { lookup };
        (lookup, name, slots, false)
    })
}

/// Slots of the delay-load directory.
pub fn parse_delayed(image: &Image<'_>, directory: Directory) -> Result<Vec<Import>, ImageError> {
    descriptors(image, directory, DELAY_DESCRIPTOR, |d| {
        let [name, slots, lookup] = [4, 12, 16].map(|o| read::u32(d, o).unwrap_or(0));
        (lookup, name, slots, true)
    })
}

/// The descriptors of the delay-load directory whose module has a name.
pub fn delay_loads(image: &Image<'_>, directory: Directory) -> Vec<DelayLoad> {
    let table = image.rest_of_section(directory.rva).unwrap_or_default();
    let mut found = Vec::new();
    for (index, descriptor) in table.chunks_exact(DELAY_DESCRIPTOR).enumerate() {
        let name = Rva(read::u32(descriptor, 4).unwrap_or(0));
        let name = image.rest_of_section(name).filter(|_| name != Rva(0));
        let place = directory.rva.checked_add((index * DELAY_DESCRIPTOR) as u32);
        let (Some(module), Some(descriptor)) = (name.and_then(|b| read::c_string(b, 0)), place)
        else {
            break;
        };
        found.push(DelayLoad {
            descriptor,
            module: module.to_ascii_lowercase(),
        });
    }
    found
}

fn descriptors(
    image: &Image<'_>,
    directory: Directory,
    size: usize,
    fields: impl Fn(&[u8]) -> (u32, u32, u32, bool),
) -> Result<Vec<Import>, ImageError> {
    let bad = |reason: String| ImageError::Malformed {
        table: "import table",
        rva: directory.rva,
        reason,
    };
    let table = image
        .rest_of_section(directory.rva)
        .ok_or_else(|| bad("it is in no section".into()))?;
    let mut imports = Vec::new();
    for descriptor in table.chunks_exact(size) {
        let (lookup, name, slots, delayed) = fields(descriptor);
        if name == 0 || slots == 0 {
            break;
        }
        let module = image
            .rest_of_section(Rva(name))
            .and_then(|b| read::c_string(b, 0))
            .ok_or_else(|| bad(format!("no module name at {name:#x}")))?
            .to_ascii_lowercase();
        for index in 0..MAX_SLOTS {
            let step = index * 8;
            let entry = Rva(lookup)
                .checked_add(step)
                .and_then(|r| image.slice(r, 8))
                .and_then(|b| read::u64(b, 0))
                .ok_or_else(|| bad(format!("lookup table of {module} has no end")))?;
            if entry == 0 {
                break;
            }
            imports.push(Import {
                slot: Rva(slots)
                    .checked_add(step)
                    .ok_or_else(|| bad(format!("slots of {module} are out of range")))?,
                module: module.clone(),
                name: import_name(image, entry)
                    .ok_or_else(|| bad(format!("no name for slot {index} of {module}")))?,
                delayed,
            });
        }
    }
    Ok(imports)
}

fn import_name(image: &Image<'_>, entry: u64) -> Option<ImportName> {
    if entry >> 63 != 0 {
        return Some(ImportName::Ordinal((entry & 0xffff) as u16));
    }
    let hint_name = Rva(u32::try_from(entry).ok()?);
    let bytes = image.rest_of_section(hint_name.checked_add(2)?)?;
    read::c_string(bytes, 0).map(ImportName::Name)
}
