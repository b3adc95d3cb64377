//! Named data: where each datum begins and how far it can reach.

use std::collections::HashMap;

use super::Function;
use super::descriptions;
use crate::addr::Rva;
use crate::image::{Image, SectionKind};
use crate::symbols::{ModuleIndex, Symbols, TypeIndex};

/// One name of a datum.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DataName {
    /// Name in the record, or the public name where there is no record.
    pub name: String,
    /// Whether it is known outside of its module (a public or a global).
    pub global: bool,
    /// The module of a file-local or function-local datum.
    pub module: Option<ModuleIndex>,
    /// The function that a function-local static belongs to.
    pub scope: Option<String>,
    /// Where that function begins.
    pub owner: Option<Rva>,
    /// Whether it is a public name: the linker's own, the same for one object only.
    pub public: bool,
}

/// A datum with an address.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DataItem {
    /// First byte.
    pub rva: Rva,
    /// Bytes up to the next datum or the end of the contribution; of a string literal with a
    /// name, its own: never too small.
    pub size: u32,
    /// Size of its type, where the type stream knows it.
    pub type_size: Option<u32>,
    /// Whether it may be larger than its type, see [`Types::has_open_end`].
    ///
    /// [`Types::has_open_end`]: crate::symbols::types::Types::has_open_end
    pub open_end: bool,
    /// Of a constant: bytes up to where another object begins behind what its type says.
    pub content: u32,
    /// Its type as text, where a record names one.
    pub type_name: Option<String>,
    /// Its types by its records: object files may disagree.
    pub types: Vec<TypeIndex>,
    /// Sizes of its types, where the type stream knows them.
    pub type_sizes: Vec<u32>,
    /// Its names.
    pub names: Vec<DataName>,
    /// Whether its section is writable.
    pub writable: bool,
}

impl DataItem {
    /// The name to show.
    pub fn display_name(&self) -> &str {
        self.names.first().map_or("", |n| &n.name)
    }

    /// Bytes that belong to it. A variable is as large as its type says, else it reaches to
    /// the next datum. A type never cuts a constant: it only says where its end may be, if
    /// something else begins there.
    pub fn content_size(&self) -> u32 {
        if !self.writable {
            return self.content;
        }
        match self.type_size.filter(|_| !self.open_end) {
            Some(size) if size > 0 => size.min(self.size),
            _ => self.size,
        }
    }
}

/// All named data by ascending address.
pub fn find(image: &Image<'_>, symbols: &Symbols, functions: &[Function]) -> Vec<DataItem> {
    let mut items: Vec<DataItem> = Vec::new();
    let mut open_ends = HashMap::new();
    for datum in &symbols.data {
        if let Some(item) = item_at(image, &mut items, datum.rva) {
            let name = DataName {
                name: datum.name.clone(),
                global: datum.module.is_none(),
                module: datum.module,
                scope: datum.scope.clone(),
                owner: datum.owner,
                public: false,
            };
            // One name with several types is one name.
            let is_known = |n: &DataName| {
                (&n.name, &n.scope, n.owner) == (&name.name, &name.scope, name.owner)
            };
            if !item.names.iter().any(is_known) {
                item.names.push(name);
            }
            let size = symbols.types.size_of(datum.type_index);
            item.type_size = item.type_size.max(size);
            item.open_end |= symbols.types.has_open_end(datum.type_index, &mut open_ends);
            let type_name = symbols.types.type_name(datum.type_index);
            // Of several the first by its text: the order of the records says nothing.
            if item
                .type_name
                .as_ref()
                .is_none_or(|known| type_name < *known)
            {
                item.type_name = Some(type_name);
            }
            if !item.types.contains(&datum.type_index) {
                item.types.push(datum.type_index);
                item.type_sizes.extend(size);
            }
        }
    }
    let in_function = |rva: Rva| functions.binary_search_by_key(&rva, |f| f.rva).is_ok();
    for public in &symbols.publics {
        // Thread-local variables are no data: only their initial values are there.
        let is_thread_local = image.tls.as_ref().is_some_and(|t| t.holds(public.rva));
        if in_function(public.rva) || is_anonymous(&public.name) || is_thread_local {
            continue;
        }
        if let Some(item) = item_at(image, &mut items, public.rva) {
            let mut known = item.names.iter_mut();
            if let Some(known) = known.find(|n| n.global && n.name == public.name) {
                known.public = true;
            } else {
                item.names.push(DataName {
                    name: public.name.clone(),
                    global: true,
                    module: None,
                    scope: None,
                    owner: None,
                    public: true,
                });
            }
        }
    }
    let described = descriptions::find(image, symbols);
    for description in &described {
        if let Some(item) = item_at(image, &mut items, description.rva) {
            let module = symbols.contribution_at(description.rva).map(|c| c.module);
            item.names.push(DataName {
                name: description.name.clone(),
                global: module.is_none(),
                module,
                scope: None,
                owner: None,
                public: false,
            });
        }
    }
    items.sort_by_key(|d| d.rva);
    merge_same_address(&mut items);
    set_sizes(image, symbols, functions, &mut items);
    for description in described {
        if let Ok(at) = items.binary_search_by_key(&description.rva, |d| d.rva) {
            let item = &mut items[at];
            item.size = item.size.min(description.size);
            item.content = item.size;
        }
    }
    items
}

/// Whether a name only numbers the constants of one Rust build: `anon.`, a hash of the crate and
/// its version, and a number. Such a constant is known by its content.
fn is_anonymous(name: &str) -> bool {
    const DIGITS: usize = 32;
    let hash = name
        .strip_prefix("anon.")
        .and_then(|rest| rest.split_once('.'));
    hash.is_some_and(|(h, _)| h.len() == DIGITS && h.bytes().all(|b| b.is_ascii_hexdigit()))
}

/// Bytes of a string literal by its decorated name (`??_C@_0`, or `??_C@_1` for wide ones,
/// then the length as MSVC writes numbers: a digit is one less, else hex with A for 0).
///
/// One literal can be the end of another, so that its name lies within it.
fn literal_size(name: &str) -> Option<u32> {
    let rest = name.strip_prefix("??_C@_")?;
    let number = rest.strip_prefix(['0', '1'])?;
    match number.bytes().next()? {
        digit @ b'0'..=b'9' => Some(u32::from(digit - b'0') + 1),
        _ => number
            .split_once('@')?
            .0
            .bytes()
            .try_fold(0u32, |n, letter| match letter {
                b'A'..=b'P' => n.checked_mul(16)?.checked_add((letter - b'A').into()),
                _ => None,
            }),
    }
}

/// A new item at this address; `None` where the address is not in a data section.
fn item_at<'i>(
    image: &Image<'_>,
    items: &'i mut Vec<DataItem>,
    rva: Rva,
) -> Option<&'i mut DataItem> {
    let kind = image.section_at(rva)?.kind();
    if kind == SectionKind::Code {
        return None;
    }
    if items.last().is_none_or(|last| last.rva != rva) {
        items.push(DataItem {
            rva,
            size: 0,
            type_size: None,
            open_end: false,
            content: 0,
            type_name: None,
            types: Vec::new(),
            type_sizes: Vec::new(),
            names: Vec::new(),
            writable: kind == SectionKind::Writable,
        });
    }
    items.last_mut()
}

fn merge_same_address(items: &mut Vec<DataItem>) {
    items.dedup_by(|later, first| {
        if later.rva != first.rva {
            return false;
        }
        for name in later.names.drain(..) {
            let is_same = |n: &&mut DataName| {
                (&n.name, n.global, n.module, &n.scope, n.owner)
                    == (
                        &name.name,
                        name.global,
                        name.module,
                        &name.scope,
                        name.owner,
                    )
            };
            match first.names.iter_mut().find(is_same) {
                Some(known) => known.public |= name.public,
                None => first.names.push(name),
            }
        }
        first.type_size = first.type_size.max(later.type_size);
        first.open_end |= later.open_end;
        first.type_name = first.type_name.take().or(later.type_name.take());
        first.types.append(&mut later.types);
        first.type_sizes.append(&mut later.type_sizes);
        true
    });
}

fn set_sizes(image: &Image<'_>, symbols: &Symbols, functions: &[Function], items: &mut [DataItem]) {
    let starts: Vec<Rva> = items.iter().map(|d| d.rva).collect();
    for (i, item) in items.iter_mut().enumerate() {
        let mut end = image.section_at(item.rva).map_or(item.rva, |s| s.end());
        if let Some(next) = starts.get(i + 1) {
            end = end.min(*next);
        }
        // An exception handler among the data.
        let next = functions.partition_point(|f| f.rva <= item.rva);
        if let Some(next) = functions.get(next) {
            end = end.min(next.rva);
        }
        if let Some(c) = symbols.contribution_at(item.rva) {
            end = end.min(Rva(c.rva.0.saturating_add(c.size)));
        }
        item.size = end.0.saturating_sub(item.rva.0);
        if let Some(size) = item
            .names
            .iter()
            .filter_map(|n| literal_size(&n.name))
            .max()
        {
            let room = image
                .section_at(item.rva)
                .map_or(0, |s| s.end().0 - item.rva.0);
            item.size = size.min(room);
        }
        item.content = item.size;
    }
}

#[cfg(test)]
mod tests {
    use super::{is_anonymous, literal_size};

    #[test]
    fn numbered_constants_of_rust_have_no_name() {
        assert!(is_anonymous(
            "anon.c1711a4c1aca22a0d30e2aaad0adfb98.1.llvm.106"
        ));
        for name in [
            "anon.c1711a4c.1",
            "anon",
            "x.c1711a4c1aca22a0d30e2aaad0adfb98.1",
        ] {
            assert!(!is_anonymous(name), "{name}");
        }
    }

    #[test]
    fn literals_say_their_size_in_their_names() {
        for (name, size) in [
            ("??_C@_07EAKOLKPK@setjxck?$AA@", Some(8)),
            ("??_C@_0P@OPHHHKFB@setjxckxhggpce?$AA@", Some(15)),
            ("??_C@_00CNPNBAHC@?$AA@", Some(1)),
            ("??_C@_1BA@ABCDEFGH@?$AAa@", Some(16)),
            ("??_C@_0", None),
            ("??_C@_0Z@X@", None),
            ("??_C@_0PPPPPPPPP@X@", None),
            ("?table@@3PAHA", None),
        ] {
            assert_eq!(literal_size(name), size, "{name}");
        }
    }
}
