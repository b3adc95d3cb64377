//! What Microsoft's C++ runtime is told about types of unnamed namespaces.
//!
//! For a type that is thrown or caught a compiler makes descriptions with names (`_TI`,
//! `_CTA`, `_CT`, `??_R0`), which lead to each other by RVAs. Where the type is of an unnamed
//! namespace, clang makes them local to their file, and no symbol says where they are. What
//! they are is certain all the same: a type descriptor begins with the address of the
//! runtime's own table and holds the name of its type, and the others lead to it. They get
//! the names that they have in the object file.
//!
//! Source: `ehdata.h` and `rttidata.h` of the Visual C++ runtime, with image-relative
//! addresses as on x64.

use std::collections::{BTreeMap, BTreeSet, HashSet};

use crate::addr::Rva;
use crate::image::{Image, SectionKind};
use crate::symbols::Symbols;

/// The table of virtual functions to which every type descriptor leads.
const TYPE_INFO: &str = "??_7type_info@@6B@";
/// Bytes of a type descriptor before the name of its type.
const HEAD: u32 = 16;
/// Bytes of a `CatchableType` and of a `ThrowInfo`.
const CATCHABLE: u32 = 28;
const THROW_INFO: u32 = 16;
/// Attributes of both are below this.
const ATTRIBUTES: u32 = 0x20;
/// The most types as which one thrown object can be caught that are believed.
const MOST: u32 = 64;

/// A description without a symbol.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Description {
    /// First byte.
    pub rva: Rva,
    /// Its name in the object file; that of a catchable type lacks its copy constructor.
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
    for throw in throw_infos(image, &words, &types) {
        throw.describe(image, &types, &mut found);
    }
    found.retain(|d| !named.contains(&d.rva));
    found.sort_by_key(|d| d.rva);
    found.dedup_by_key(|d| d.rva);
    found
}

/// Whether what lies at a place looks like the description of a thrown type, which leads to
/// others by RVAs.
pub fn is_throw_info(image: &Image<'_>, rva: Rva) -> bool {
    let throw = ThrowInfo::read(image, rva);
    throw.is_some_and(|t| {
        let types = t.types.iter().filter_map(|c| described(image, *c));
        let each = types.map(|t| type_name(image, t).is_some());
        each.filter(|is_type| *is_type).count() == t.types.len()
    })
}

/// The name of the type that a descriptor is of, with the point before it, if that is one.
fn type_name(image: &Image<'_>, rva: Rva) -> Option<String> {
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

/// The type that a catchable type is of, if that is one.
fn described(image: &Image<'_>, rva: Rva) -> Option<Rva> {
    let field = |offset| word(image, rva, offset);
    let known = field(0)? < ATTRIBUTES && field(20)? > 0 && is_function(image, field(24)?);
    known.then_some(Rva(field(4)?))
}

/// `ThrowInfo`, and what it leads to.
struct ThrowInfo {
    rva: Rva,
    attributes: u32,
    array: Rva,
    types: Vec<Rva>,
}

impl ThrowInfo {
    fn read(image: &Image<'_>, rva: Rva) -> Option<ThrowInfo> {
        let field = |offset| word(image, rva, offset);
        let attributes = field(0)?;
        if attributes >= ATTRIBUTES || !is_function(image, field(4)?) || field(8)? != 0 {
            return None;
        }
        let array = Rva(field(12)?);
        let count = word(image, array, 0).filter(|n| (1..=MOST).contains(n))?;
        let types = (1..=count).map(|i| word(image, array, i * 4).map(Rva));
        Some(ThrowInfo {
            rva,
            attributes,
            array,
            types: types.collect::<Option<_>>()?,
        })
    }

    /// Adds it, its array, and its types.
    fn describe(
        &self,
        image: &Image<'_>,
        types: &BTreeMap<Rva, String>,
        found: &mut Vec<Description>,
    ) {
        let mut first = None;
        for catchable in &self.types {
            let Some(name) = described(image, *catchable).and_then(|t| types.get(&t)) else {
                return;
            };
            first = first.or(Some(name));
            let numbers = [20, 8, 12, 16].map(|at| word(image, *catchable, at).unwrap_or(0));
            let [size, rest @ ..] = numbers;
            let mut all = format!("_CT{}{size}", descriptor(name));
            if rest != [0, u32::MAX, 0] {
                all.push_str(&rest.map(|n| format!("_{n}")).concat());
            }
            found.push(Description {
                rva: *catchable,
                name: all,
                size: CATCHABLE,
            });
        }
        let count = self.types.len() as u32;
        let name = first.map_or("", |n| &n[1..]);
        let qualifiers = [(1, "C"), (2, "V"), (4, "U")];
        let own = qualifiers.iter().filter(|q| self.attributes & q.0 != 0);
        let own: String = own.map(|q| q.1).collect();
        found.push(Description {
            rva: self.array,
            name: format!("_CTA{count}{name}"),
            size: 4 + count * 4,
        });
        found.push(Description {
            rva: self.rva,
            name: format!("_TI{own}{count}{name}"),
            size: THROW_INFO,
        });
    }
}

/// Every description of a thrown type: from the types, backwards.
fn throw_infos(
    image: &Image<'_>,
    words: &[(Rva, u32)],
    types: &BTreeMap<Rva, String>,
) -> Vec<ThrowInfo> {
    let before = |places: &BTreeSet<Rva>, distance: u32| -> Vec<Rva> {
        let leads = words.iter().filter(|(_, w)| places.contains(&Rva(*w)));
        let back = leads.filter_map(|(at, _)| at.checked_offset(-i64::from(distance)));
        back.collect()
    };
    let types: BTreeSet<Rva> = types.keys().copied().collect();
    let catchable: BTreeSet<Rva> = before(&types, 4)
        .into_iter()
        .filter(|c| described(image, *c).is_some_and(|t| types.contains(&t)))
        .collect();
    // The first entry of an array is behind its count.
    let arrays: BTreeSet<Rva> = before(&catchable, 4).into_iter().collect();
    let throws = before(&arrays, 12).into_iter();
    let read = throws.filter_map(|at| ThrowInfo::read(image, at));
    read.filter(|t| t.types.iter().all(|c| catchable.contains(c)))
        .collect()
}
