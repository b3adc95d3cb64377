//! `ThrowInfo` and what it leads to (`ehdata.h`, with image-relative addresses).

use std::collections::{BTreeMap, BTreeSet};

use super::{Description, descriptor, is_function, type_name, word};
use crate::addr::Rva;
use crate::image::Image;

/// Bytes of a `CatchableType` and of a `ThrowInfo`.
const CATCHABLE: u32 = 28;
const THROW_INFO: u32 = 16;
/// Attributes of both are below this.
const ATTRIBUTES: u32 = 0x20;
/// The most types as which one thrown object can be caught that are believed.
const MOST: u32 = 64;

/// Describes everything that says what is thrown.
pub fn find(
    image: &Image<'_>,
    words: &[(Rva, u32)],
    types: &BTreeMap<Rva, String>,
    found: &mut Vec<Description>,
) {
    for throw in throw_infos(image, words, types) {
        throw.describe(image, types, found);
    }
}

/// Whether what lies at a place looks like the description of a thrown type, which leads to
/// others by RVAs.
pub fn is_throw_info(image: &Image<'_>, rva: Rva) -> bool {
    let is_type = |catchable: &Rva| {
        let described = described(image, *catchable);
        described.is_some_and(|t| type_name(image, t).is_some())
    };
    ThrowInfo::read(image, rva).is_some_and(|throw| throw.types.iter().all(is_type))
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
