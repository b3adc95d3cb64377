//! The import and delay-load import tables (PE/COFF, "The .idata Section" and
//! "Delay-Load Import Tables").

use std::sync::Arc;

use super::names::Names;
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
    /// File name of the module, in lower case (the loader ignores case); shared by its slots.
    pub module: Arc<str>,
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

/// Length of a slot in bytes, and of an entry of a lookup table.
const SLOT: u32 = 8;

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
    let texts = Names::of(image);
    let mut found = Vec::new();
    for (index, descriptor) in table.chunks_exact(DELAY_DESCRIPTOR).enumerate() {
        let name = Some(Rva(read::u32(descriptor, 4).unwrap_or(0)));
        let name = name.filter(|rva| *rva != Rva(0));
        let place = directory.rva.checked_add((index * DELAY_DESCRIPTOR) as u32);
        let (Some(module), Some(descriptor)) = (name.and_then(|rva| texts.at(rva)), place) else {
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
    let texts = Names::of(image);
    // Slots that overlap would be more than the file has room for.
    let most = image.bytes.len() / SLOT as usize;
    let mut imports = Vec::new();
    for descriptor in table.chunks_exact(size) {
        let (lookup, name, slots, delayed) = fields(descriptor);
        if name == 0 || slots == 0 {
            break;
        }
        let module = texts.at(Rva(name)).ok_or_else(|| {
            bad(format!(
                "no module name at {name:#x}, or one that is too long"
            ))
        })?;
        let module: Arc<str> = module.to_ascii_lowercase().into();
        for index in 0.. {
            if imports.len() == most {
                return Err(bad("it has more slots than the file has room for".into()));
            }
            let entry = Rva(lookup)
                .checked_add(index * SLOT)
                .and_then(|r| image.slice(r, SLOT as usize))
                .and_then(|b| read::u64(b, 0))
                .ok_or_else(|| bad(format!("lookup table of {module} has no end")))?;
            if entry == 0 {
                break;
            }
            imports.push(Import {
                slot: Rva(slots)
                    .checked_add(index * SLOT)
                    .ok_or_else(|| bad(format!("slots of {module} are out of range")))?,
                module: module.clone(),
                name: import_name(&texts, entry).ok_or_else(|| {
                    bad(format!(
                        "no name for slot {index} of {module}, or one that is too long"
                    ))
                })?,
                delayed,
            });
        }
    }
    Ok(imports)
}

fn import_name(texts: &Names<'_, '_>, entry: u64) -> Option<ImportName> {
    if entry >> 63 != 0 {
        return Some(ImportName::Ordinal((entry & 0xffff) as u16));
    }
    let hint_name = Rva(u32::try_from(entry).ok()?);
    texts.at(hint_name.checked_add(2)?).map(ImportName::Name)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// An image whose first section begins with these words, and the directory there.
    fn with_words(words: &[u32]) -> (Vec<u8>, Directory) {
        let mut bytes = std::fs::read("fixtures/server/old/server.exe").unwrap();
        let (rva, range) = {
            let image = Image::parse(&bytes).unwrap();
            let section = &image.sections[0];
            (section.rva, section.file_range())
        };
        let table: Vec<u8> = words.iter().flat_map(|w| w.to_le_bytes()).collect();
        bytes[range.start..range.start + table.len()].copy_from_slice(&table);
        (bytes, Directory { rva, size: 20 })
    }

    /// The address of the word with this index.
    fn place(start: Rva, word: usize) -> u32 {
        start.0 + 4 * word as u32
    }

    #[test]
    fn modules_that_share_their_slots_are_no_more_than_the_file_has_room_for() {
        const MODULES: usize = 80;
        const SLOTS: usize = 200;
        let (_, directory) = with_words(&[]);
        let start = directory.rva;
        let name = 5 * (MODULES + 1);
        let lookup = name + 1;
        let module = [lookup, 0, 0, name, lookup].map(|word| match word {
            0 => 0,
            word => place(start, word),
        });
        let mut words = module.repeat(MODULES);
        words.resize(name, 0);
        words.push(u32::from_le_bytes(*b"a.b\0"));
        // By ordinal.
        words.extend([1, 1 << 31].repeat(SLOTS));
        words.extend([0, 0]);
        let (bytes, directory) = with_words(&words);
        assert!(bytes.len() / 8 < MODULES * SLOTS);
        let image = Image::parse(&bytes).unwrap();
        let refused = parse(&image, directory).unwrap_err().to_string();
        assert!(refused.contains("more slots than the file"), "{refused}");
    }

    #[test]
    fn a_long_name_that_slots_share_costs_no_more_than_the_file() {
        const SLOTS: usize = 100;
        let (_, directory) = with_words(&[]);
        let start = directory.rva;
        let lookup = 10;
        let name = lookup + 2 * (SLOTS + 1);
        let mut words = [lookup, 0, 0, name, lookup]
            .map(|word| match word {
                0 => 0,
                word => place(start, word),
            })
            .to_vec();
        words.resize(lookup, 0);
        words.extend([place(start, name), 0].repeat(SLOTS));
        words.extend([0, 0]);
        words.extend([u32::from_le_bytes(*b"long"); 500]);
        words.push(0);
        let (bytes, directory) = with_words(&words);
        assert!(bytes.len() < 2000 * SLOTS);
        let image = Image::parse(&bytes).unwrap();
        let refused = parse(&image, directory).unwrap_err().to_string();
        assert!(refused.contains("too long"), "{refused}");
    }
}
