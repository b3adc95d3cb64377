//! What a module's headers say, read from the memory of the process that loaded it.
//!
//! The file on disk may have been replaced since; only memory says what runs.

use super::target::{Module, Target, TargetError};
use crate::addr::{Rva, Va};
use crate::image::version::{self, VersionInfo};

/// Identity of a loaded image.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LoadedIdentity {
    /// `IMAGE_FILE_HEADER.Machine`.
    pub machine: u16,
    /// `IMAGE_FILE_HEADER.TimeDateStamp`.
    pub time_date_stamp: u32,
    /// `SizeOfImage` in bytes.
    pub size_of_image: u32,
    /// GUID (registry form, upper case) and age of the PDB, where a debug directory names one.
    pub pdb: Option<(String, u32)>,
}

/// Number of bytes that are read as headers: one page, which is mapped in every image.
const HEADERS: usize = 0x1000;

/// Index of a data directory.
const EXPORT: usize = 0;
const RESOURCE: usize = 2;
const EXCEPTION: usize = 3;
const DEBUG: usize = 6;

/// `IMAGE_DEBUG_TYPE_CODEVIEW`.
const CODEVIEW: u32 = 2;

/// Reads a module's identity; `None` where its headers are no PE32+ headers.
///
/// # Errors
/// Where its headers can't be read.
pub fn identity<T: Target + ?Sized>(
    target: &T,
    module: &Module,
) -> Result<Option<LoadedIdentity>, TargetError> {
    let Some(headers) = Headers::read(target, module)? else {
        return Ok(None);
    };
    Ok(Some(LoadedIdentity {
        machine: headers.machine,
        time_date_stamp: headers.time_date_stamp,
        size_of_image: headers.size_of_image,
        pdb: headers.pdb(target),
    }))
}

/// A module's `TimeDateStamp` and `SizeOfImage`; `None` where its headers are no PE32+
/// headers.
///
/// # Errors
/// Where its headers can't be read.
pub fn headers_of<T: Target + ?Sized>(
    target: &T,
    module: &Module,
) -> Result<Option<(u32, u32)>, TargetError> {
    let headers = Headers::read(target, module)?;
    Ok(headers.map(|h| (h.time_date_stamp, h.size_of_image)))
}

/// What the version resource of a module says; `None` where it has none that can be read.
pub fn version<T: Target + ?Sized>(target: &T, module: &Module) -> Option<VersionInfo> {
    /// Larger resources are not read.
    const MOST: u32 = 64 << 20;
    let headers = Headers::read(target, module).ok()??;
    let (rva, size) = headers.directory(RESOURCE)?;
    let directory = target.read_vec(rva.at(module.base), size.min(MOST) as usize);
    version::in_memory(&directory.ok()?, rva)
}

/// What a module's export directory says of an export.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Export {
    /// It is at this address.
    At(Va),
    /// Another module has it.
    Forwarded,
    /// There is none.
    Missing,
}

/// The address of a named export; `None` where there is none, or where it is forwarded.
///
/// # Errors
/// Where the export directory can't be read.
pub fn export<T: Target + ?Sized>(
    target: &T,
    module: &Module,
    name: &str,
) -> Result<Option<Va>, TargetError> {
    Ok(match find_export(target, module, Some(name), None)? {
        Export::At(at) => Some(at),
        Export::Forwarded | Export::Missing => None,
    })
}

/// Looks an export up by name, or by ordinal where there is no name.
///
/// # Errors
/// Where the export directory can't be read.
pub fn find_export<T: Target + ?Sized>(
    target: &T,
    module: &Module,
    name: Option<&str>,
    ordinal: Option<u16>,
) -> Result<Export, TargetError> {
    let Some(headers) = Headers::read(target, module)? else {
        return Ok(Export::Missing);
    };
    let Some((rva, size)) = headers.directory(EXPORT) else {
        return Ok(Export::Missing);
    };
    // Names, ordinals and addresses normally lie inside the directory itself.
    let directory = target.read_vec(rva.at(module.base), size as usize)?;
    let word = |at: usize| read_u32(&directory, at);
    let named = |name: &str| {
        let count = word(24)?;
        let (names, ordinals) = (word(32)?.checked_sub(rva.0)?, word(36)?.checked_sub(rva.0)?);
        for i in 0..count as usize {
            let at = word(names as usize + 4 * i)?.checked_sub(rva.0)? as usize;
            let text = directory.get(at..)?.split(|b| *b == 0).next()?;
            if text == name.as_bytes() {
                return Some(word(ordinals as usize + 2 * i)? & 0xffff);
            }
        }
        None
    };
    let numbered = |ordinal: u16| u32::from(ordinal).checked_sub(word(16)?);
    let index = match (name, ordinal) {
        (Some(name), _) => named(name),
        (None, ordinal) => ordinal.and_then(numbered),
    };
    let address = index
        .filter(|i| word(20).is_some_and(|n| *i < n))
        .and_then(|i| {
            let addresses = word(28)?.checked_sub(rva.0)?;
            word(addresses as usize + 4 * i as usize).map(Rva)
        });
    let inside = |f: &Rva| (rva.0..rva.0.saturating_add(size)).contains(&f.0);
    Ok(match address.filter(|f| f.0 != 0) {
        None => Export::Missing,
        Some(f) if inside(&f) => Export::Forwarded,
        Some(f) => Export::At(f.at(module.base)),
    })
}

/// Where a module's unwind table (`.pdata`) is, and its size in bytes; `None` where it has
/// none, or isn't x64.
///
/// # Errors
/// Where its headers can't be read.
pub fn unwind_table<T: Target + ?Sized>(
    target: &T,
    module: &Module,
) -> Result<Option<(Va, u32)>, TargetError> {
    let headers = Headers::read(target, module)?;
    Ok(headers
        .filter(|h| h.machine == 0x8664)
        .and_then(|h| h.directory(EXCEPTION))
        .map(|(rva, size)| (rva.at(module.base), size)))
}

struct Headers {
    base: Va,
    /// Bytes of address space that the loader gave the module: the headers can be damaged,
    /// and nothing is read, or allocated for reading, beyond them.
    mapped: u32,
    machine: u16,
    time_date_stamp: u32,
    size_of_image: u32,
    directories: Vec<(Rva, u32)>,
}

impl Headers {
    fn read<T: Target + ?Sized>(target: &T, module: &Module) -> Result<Option<Self>, TargetError> {
        let bytes = target.read_vec(module.base, HEADERS)?;
        Ok(Self::parse(&bytes, module))
    }

    fn parse(bytes: &[u8], module: &Module) -> Option<Self> {
        let pe = read_u32(bytes, 0x3c)? as usize;
        if bytes.get(..2)? != b"MZ" || bytes.get(pe..pe.checked_add(4)?)? != b"PE\0\0" {
            return None;
        }
        let optional = pe + 24;
        if read_u32(bytes, optional)? & 0xffff != 0x20b {
            return None;
        }
        let count = read_u32(bytes, optional + 108)?.min(16) as usize;
        let entry = |i| {
            let at = optional + 112 + 8 * i;
            Some((Rva(read_u32(bytes, at)?), read_u32(bytes, at + 4)?))
        };
        Some(Headers {
            base: module.base,
            mapped: module.size,
            machine: (read_u32(bytes, pe + 4)? & 0xffff) as u16,
            time_date_stamp: read_u32(bytes, pe + 8)?,
            size_of_image: read_u32(bytes, optional + 56)?,
            directories: (0..count).map_while(entry).collect(),
        })
    }

    /// A data directory that is present and inside the image.
    fn directory(&self, index: usize) -> Option<(Rva, u32)> {
        let (rva, size) = *self.directories.get(index)?;
        let end = rva.checked_add(size)?;
        (rva.0 != 0 && size != 0 && end.0 <= self.size_of_image.min(self.mapped))
            .then_some((rva, size))
    }

    fn pdb<T: Target + ?Sized>(&self, target: &T) -> Option<(String, u32)> {
        const ENTRY: usize = 28;
        let (rva, size) = self.directory(DEBUG)?;
        let size = (size as usize).min(64 * ENTRY);
        let entries = target.read_vec(rva.at(self.base), size).ok()?;
        entries.chunks_exact(ENTRY).find_map(|entry| {
            if read_u32(entry, 12)? != CODEVIEW || read_u32(entry, 16)? < 24 {
                return None;
            }
            let data = Rva(read_u32(entry, 20)?);
            let rsds = target.read_vec(data.at(self.base), 24).ok()?;
            (rsds[..4] == *b"RSDS").then_some(())?;
            Some((guid(rsds[4..20].try_into().ok()?), read_u32(&rsds, 20)?))
        })
    }
}

/// A GUID in registry form without braces, upper case.
fn guid(b: &[u8; 16]) -> String {
    let head = [3, 2, 1, 0, 5, 4, 7, 6].map(|i: usize| b[i]);
    let hex = |bytes: &[u8]| hex::encode_upper(bytes);
    format!(
        "{}-{}-{}-{}-{}",
        hex(&head[..4]),
        hex(&head[4..6]),
        hex(&head[6..]),
        hex(&b[8..10]),
        hex(&b[10..])
    )
}

fn read_u32(bytes: &[u8], at: usize) -> Option<u32> {
    bytes
        .get(at..)?
        .first_chunk()
        .map(|b| u32::from_le_bytes(*b))
}

#[cfg(test)]
mod tests {
    use super::super::target::Target as _;
    use super::super::testing::{Fake, MODULE};
    use super::{Va, guid, unwind_table};

    #[test]
    fn a_table_larger_than_what_is_mapped_is_none() {
        let fake = Fake::new();
        let module = fake.modules().unwrap().remove(0);
        let put = |at: u64, value: u32| fake.poke(Va(MODULE.0 + at), &value.to_le_bytes());
        let directory = 0x58 + 112 + 8 * 3;
        put(directory, 0x1000);
        put(directory + 4, 0x24);
        let table = Some((Va(MODULE.0 + 0x1000), 0x24));
        assert_eq!(unwind_table(&fake, &module).unwrap(), table);
        // The headers say that the image has 4 GiB, and half of that is the table.
        put(0x58 + 56, u32::MAX);
        put(directory + 4, 0x8000_0000);
        assert_eq!(unwind_table(&fake, &module).unwrap(), None);
    }

    #[test]
    fn guids_are_written_as_the_registry_writes_them() {
        let bytes = [
            0x33, 0x22, 0x11, 0x00, 0x55, 0x44, 0x77, 0x66, 0x88, 0x99, 0xaa, 0xbb, 0xcc, 0xdd,
            0xee, 0xff,
        ];
        assert_eq!(guid(&bytes), "00112233-4455-6677-8899-AABBCCDDEEFF");
    }
}
