//! Run-time type information and virtual function tables without symbols, in the C++ ABI that
//! GNU compilers and clang share.
//!
//! Types of unnamed namespaces have them, and nothing in the symbols says where they begin or
//! end. What they are is certain all the same: type information begins with the address of
//! the virtual function table of one of a few classes of the runtime, which have names, and
//! leads to the text of its type's name. A pointer to it lies before the addresses of the
//! virtual functions, to which objects lead.
//!
//! Source: Itanium C++ ABI, 2.5 (virtual table layout) and 2.9.5 (RTTI layout).

use std::ops::Range;

use crate::addr::Rva;
use crate::image::{Image, SectionKind};
use crate::symbols::Symbols;

/// Where the address of a virtual function table leads within its object: behind the offset
/// to the top and the type information.
const ADDRESS_POINT: u32 = 16;

/// Type information, the names of its types, and virtual function tables of an image.
#[derive(Debug, Default)]
pub struct TypeInfo {
    /// Type information and names, by ascending start, not overlapping.
    certain: Vec<Range<Rva>>,
    /// The functions of what looks like a virtual function table, by ascending start.
    tables: Vec<Range<Rva>>,
}

impl TypeInfo {
    /// Finds all of an image.
    pub fn new(image: &Image<'_>, symbols: &Symbols) -> Self {
        let classes = classes(symbols);
        if classes.is_empty() {
            return TypeInfo::default();
        }
        let size_at = |rva: Rva| {
            let table = image
                .pointer_at(rva)?
                .checked_offset(-i64::from(ADDRESS_POINT))?;
            let found = classes.binary_search_by_key(&table, |(at, _)| *at).ok()?;
            size_of(image, rva, classes[found].1)
        };
        let pointers = || image.base_relocations.iter().copied();
        let of_types = pointers().filter_map(|at| Some(at..at.checked_add(size_at(at)?)?));
        let types = ascending(of_types.collect());
        let begins = |rva| size_of_form(&types, rva).is_some();
        let leads = |at: &Rva| {
            let after = types.partition_point(|t| t.start <= *at);
            let own = after.checked_sub(1).is_some_and(|i| types[i].contains(at));
            !own && image.pointer_at(*at).is_some_and(begins)
        };
        let tables = pointers()
            .filter(leads)
            .filter_map(|at| functions_behind(image, at));
        let tables = ascending(tables.collect());
        let names = types.iter().filter_map(|t| name_of(image, t.start));
        let certain = ascending(names.chain(types.iter().cloned()).collect());
        TypeInfo { certain, tables }
    }

    /// Bytes of the type information or of the name that begins at an address.
    pub fn size_at(&self, rva: Rva) -> Option<u32> {
        size_of_form(&self.certain, rva)
    }

    /// Bytes of the functions of the virtual function table that objects lead to with this
    /// address, as it looks.
    pub fn functions_at(&self, rva: Rva) -> Option<u32> {
        size_of_form(&self.tables, rva)
    }

    /// Where the next type information or name begins behind an address.
    pub fn first_behind(&self, rva: Rva) -> Option<Rva> {
        let next = self.certain.partition_point(|form| form.start <= rva);
        Some(self.certain.get(next)?.start)
    }
}

/// The same sorted, without those that overlap the one before.
fn ascending(mut forms: Vec<Range<Rva>>) -> Vec<Range<Rva>> {
    forms.sort_unstable_by_key(|form| (form.start, form.end));
    forms.dedup_by(|next, last| next.start < last.end);
    forms
}

fn size_of_form(forms: &[Range<Rva>], rva: Rva) -> Option<u32> {
    let found = forms.binary_search_by_key(&rva, |form| form.start).ok()?;
    Some(forms[found].end.0 - rva.0)
}

/// What type information consists of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Class {
    /// A number of bytes.
    Fixed(u32),
    /// A count of base classes, and each of them.
    Bases,
}

/// The virtual function tables of the runtime's classes, by ascending address.
fn classes(symbols: &Symbols) -> Vec<(Rva, Class)> {
    const CLASSES: [(&str, Class); 9] = [
        ("_ZTVN10__cxxabiv116__enum_type_infoE", Class::Fixed(16)),
        ("_ZTVN10__cxxabiv117__array_type_infoE", Class::Fixed(16)),
        ("_ZTVN10__cxxabiv117__class_type_infoE", Class::Fixed(16)),
        ("_ZTVN10__cxxabiv119__pointer_type_infoE", Class::Fixed(32)),
        ("_ZTVN10__cxxabiv120__function_type_infoE", Class::Fixed(16)),
        ("_ZTVN10__cxxabiv120__si_class_type_infoE", Class::Fixed(24)),
        ("_ZTVN10__cxxabiv121__vmi_class_type_infoE", Class::Bases),
        (
            "_ZTVN10__cxxabiv123__fundamental_type_infoE",
            Class::Fixed(16),
        ),
        (
            "_ZTVN10__cxxabiv129__pointer_to_member_type_infoE",
            Class::Fixed(40),
        ),
    ];
    let class = |name: &str| CLASSES.iter().find(|(class, _)| *class == name);
    let found = symbols
        .publics
        .iter()
        .filter_map(|p| Some((p.rva, class(&p.name)?.1)));
    let mut found: Vec<_> = found.collect();
    found.sort_unstable_by_key(|(rva, _)| *rva);
    found
}

/// Bytes of type information: a pointer to the table, one to the name, and more of some.
fn size_of(image: &Image<'_>, rva: Rva, class: Class) -> Option<u32> {
    match class {
        Class::Fixed(size) => Some(size),
        Class::Bases => {
            // Flags, a count, and for each a pointer and an offset with flags.
            let count = image.slice(rva.checked_add(20)?, 4)?.try_into().ok()?;
            let count = u32::from_le_bytes(count);
            24_u32.checked_add(count.checked_mul(16)?)
        }
    }
}

/// The text that type information leads to, with its zero.
fn name_of(image: &Image<'_>, info: Rva) -> Option<Range<Rva>> {
    let name = image.pointer_at(info.checked_add(8)?)?;
    let bytes = image.rest_of_section(name)?;
    let zero = bytes.iter().position(|b| *b == 0)?;
    Some(name..name.checked_add(u32::try_from(zero).ok()? + 1)?)
}

/// The virtual functions behind a pointer to type information; `None` where there are none.
fn functions_behind(image: &Image<'_>, info: Rva) -> Option<Range<Rva>> {
    let start = info.checked_add(8)?;
    let mut end = start;
    let is_code = |at: Rva| {
        let is_pointer = image.relocations_in(at, 8).first() == Some(&at);
        let to = image.pointer_at(at).filter(|_| is_pointer);
        let section = to.and_then(|to| image.section_at(to));
        section.is_some_and(|s| s.kind() == SectionKind::Code)
    };
    while is_code(end) {
        end = end.checked_add(8)?;
    }
    (end > start).then_some(start..end)
}
