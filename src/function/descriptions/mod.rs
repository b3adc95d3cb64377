//! What Microsoft's C++ runtime is told about types of unnamed namespaces.
//!
//! For a type that is thrown or caught, and for a class with virtual functions, a compiler
//! makes descriptions with names (`_TI`, `_CTA`, `_CT`, `??_R0` to `??_R4`), which lead to each
//! other by RVAs. Where the type is of an unnamed namespace, clang makes them local to their
//! file, and no symbol says where they are. What they are is certain all the same: a type
//! descriptor begins with the address of the runtime's own table and holds the name of its
//! type, and the others lead to it. They get the names that they have in the object file.
//!
//! Source: `ehdata.h` and `rttidata.h` of the Visual C++ runtime, with image-relative
//! addresses as on x64.

mod classes;
mod thrown;

pub use thrown::is_throw_info;

use std::collections::{BTreeMap, HashSet};

use crate::addr::Rva;
use crate::image::{Image, SectionKind};
use crate::symbols::Symbols;

/// The table of virtual functions to which every type descriptor leads.
pub const TYPE_INFO: &str = "??_7type_info@@6B@";
/// Bytes of a type descriptor before the name of its type.
pub const HEAD: u32 = 16;

/// A description without a symbol.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Description {
    /// First byte.
    pub rva: Rva,
    /// Its name in the object file, but for details that say nothing more here.
    pub name: String,
    /// Bytes.
    pub size: u32,
}

/// Finds all that have no symbol.
pub fn find(image: &Image<'_>, symbols: &Symbols) -> Vec<Description> {
    let mut tables = symbols.publics.iter().filter(|p| p.name == TYPE_INFO);
    let Some(table) = tables.next().map(|p| p.rva) else {
        return Vec::new();
    };
    let publics = symbols.publics.iter().map(|p| p.rva);
    let named: HashSet<Rva> = publics.chain(symbols.data.iter().map(|d| d.rva)).collect();
    let pointers = image.base_relocations.iter().copied();
    let of_types = pointers.filter(|at| image.pointer_at(*at) == Some(table));
    let types: BTreeMap<Rva, String> = of_types
        .filter_map(|at| Some((at, type_name(image, at)?)))
        .collect();
    if types.keys().all(|rva| named.contains(rva)) {
        return Vec::new();
    }
    let mut found: Vec<Description> = types
        .iter()
        .map(|(rva, name)| Description {
            rva: *rva,
            name: descriptor(name),
            size: HEAD + name.len() as u32 + 1,
        })
        .collect();
    let words = words(image);
    thrown::find(image, &words, &types, &mut found);
    classes::find(image, &words, &types, &mut found);
    found.retain(|d| !named.contains(&d.rva));
    found.sort_by_key(|d| d.rva);
    found.dedup_by_key(|d| d.rva);
    found
}

/// The name of the type that a descriptor is of, with the point before it, if that is one.
pub fn type_name(image: &Image<'_>, rva: Rva) -> Option<String> {
    let writable = image.section_at(rva)?.kind() == SectionKind::Writable;
    let is_pointer = image.base_relocations.binary_search(&rva).is_ok();
    let unused = image.slice(rva.checked_add(8)?, 8)?.iter().all(|b| *b == 0);
    let text = image.rest_of_section(rva.checked_add(HEAD)?)?;
    let end = text.iter().position(|b| *b == 0)?;
    let text = std::str::from_utf8(&text[..end]).ok()?;
    let is_name = text.len() > 1 && text.starts_with('.') && text.bytes().all(|b| b > b' ');
    (writable && is_pointer && unused && is_name).then(|| text.to_owned())
}

/// `.?AUerror@@` is the name of what `??_R0?AUerror@@@8` describes.
fn descriptor(type_name: &str) -> String {
    format!("??_R0{}@8", &type_name[1..])
}

fn word(image: &Image<'_>, rva: Rva, offset: u32) -> Option<u32> {
    let bytes = image.slice(rva.checked_add(offset)?, 4)?;
    Some(u32::from_le_bytes(bytes.try_into().ok()?))
}

/// Whether a number is the place of code, or none.
fn is_function(image: &Image<'_>, number: u32) -> bool {
    let section = image.section_at(Rva(number));
    number == 0 || section.is_some_and(|s| s.kind() == SectionKind::Code)
}

/// All numbers of four bytes in read-only data that may be places: where, and which.
fn words(image: &Image<'_>) -> Vec<(Rva, u32)> {
    let sections = image.sections.iter();
    let constant = sections.filter(|s| s.kind() == SectionKind::ReadOnly && !s.is_discardable());
    let of_section = constant.flat_map(|s| {
        let bytes = image.rest_of_section(s.rva).unwrap_or(&[]);
        let words = bytes.chunks_exact(4).enumerate();
        words.map(|(i, w)| {
            let number = u32::from_le_bytes([w[0], w[1], w[2], w[3]]);
            (Rva(s.rva.0 + i as u32 * 4), number)
        })
    });
    of_section.filter(|(_, number)| *number != 0).collect()
}
