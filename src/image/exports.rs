//! The export table: names, ordinals and where they lead (PE/COFF, "The .edata Section").

use std::collections::BTreeSet;

use super::names::Names;
use super::{Directory, Image, ImageError, read};
use crate::addr::Rva;

/// What an export leads to.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum ExportTarget {
    /// Code or data of the image.
    At(Rva),
    /// An export of another module, as `other.dll_name` or `other.#12`.
    Forwarded(String),
}

impl std::fmt::Display for ExportTarget {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            ExportTarget::At(rva) => rva.fmt(f),
            ExportTarget::Forwarded(to) => f.write_str(to),
        }
    }
}

/// One export. An ordinal with two names is two exports.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Export {
    /// Its name; `None` where it has an ordinal only (`NONAME`).
    pub name: Option<String>,
    /// Its ordinal, counted as importers do: with the base of the table.
    pub ordinal: u32,
    /// Where it leads.
    pub leads_to: ExportTarget,
}

/// Length of the directory in bytes.
const DIRECTORY: usize = 40;

/// Ordinals have 16 bits.
const MAX_ORDINALS: u32 = 1 << 16;

/// The exports of an image: those with names by their names, then those without by ordinals.
///
/// # Errors
/// Where the table is not where the headers say, or says more than there is.
pub fn parse(image: &Image<'_>, directory: Directory) -> Result<Vec<Export>, ImageError> {
    let bad = |reason: &str| ImageError::Malformed {
        table: "export table",
        rva: directory.rva,
        reason: reason.to_owned(),
    };
    let table = image.slice(directory.rva, DIRECTORY);
    let table = table.ok_or_else(|| bad("it is in no section"))?;
    let field = |at| read::u32(table, at).unwrap_or(0);
    let [base, count, named] = [16, 20, 24].map(field);
    let [places, names, indices] = [28, 32, 36].map(|at| Rva(field(at)));
    if count > MAX_ORDINALS || named > MAX_ORDINALS {
        return Err(bad("it has more ordinals than there can be"));
    }
    let array = |at: Rva, count: u32, width: u32| match count {
        0 => Some(&[][..]),
        _ => image.slice(at, (count * width) as usize),
    };
    let places = array(places, count, 4).ok_or_else(|| bad("its addresses are cut off"))?;
    let names = array(names, named, 4).ok_or_else(|| bad("its names are cut off"))?;
    let indices = array(indices, named, 2).ok_or_else(|| bad("its ordinals are cut off"))?;
    let texts = Names::of(image);
    let export = |index: u32, name: Option<String>| {
        let leads_to = target(&texts, directory, read::u32(places, index as usize * 4)?)?;
        let ordinal = base.wrapping_add(index);
        Some(Export {
            name,
            ordinal,
            leads_to,
        })
    };
    let mut found = Vec::new();
    let mut with_name = BTreeSet::new();
    for (name, index) in names.chunks_exact(4).zip(indices.chunks_exact(2)) {
        let index = u32::from(u16::from_le_bytes([index[0], index[1]]));
        let name = texts.at(Rva(read::u32(name, 0).unwrap_or(0)));
        let name = name.ok_or_else(|| bad("a name is in no section, or too long"))?;
        let known = export(index, Some(name));
        found.push(known.ok_or_else(|| bad("a name leads nowhere"))?);
        with_name.insert(index);
    }
    let is_used = |index: &u32| read::u32(places, *index as usize * 4) != Some(0);
    let nameless = (0..count).filter(|i| !with_name.contains(i) && is_used(i));
    for index in nameless {
        let known = export(index, None);
        found.push(known.ok_or_else(|| bad("an ordinal leads nowhere"))?);
    }
    found.sort_by_cached_key(|e| (e.name.is_none(), e.clone()));
    Ok(found)
}

/// An address within the table itself is that of a text: a forwarder.
fn target(texts: &Names<'_, '_>, directory: Directory, place: u32) -> Option<ExportTarget> {
    let place = Rva(place);
    let end = directory.rva.0.saturating_add(directory.size);
    if (directory.rva.0..end).contains(&place.0) {
        return texts.at(place).map(ExportTarget::Forwarded);
    }
    Some(ExportTarget::At(place))
}
