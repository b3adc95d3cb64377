//! What says at run time which class an object is of, and the tables of its virtual functions
//! (`rttidata.h`, with image-relative addresses).

use std::collections::BTreeMap;

use super::{Description, is_function, word};
use crate::addr::Rva;
use crate::image::Image;

/// Where a complete object locator holds its own place, and its size.
const ITSELF: u32 = 20;
const LOCATOR: u32 = 24;
/// Bytes of the other descriptions.
const HIERARCHY: u32 = 16;
const BASE: u32 = 28;
/// The most bases of one class that are believed.
const MOST: u32 = 1024;

/// Describes every class whose locator leads to one of the types.
pub fn find(
    image: &Image<'_>,
    words: &[(Rva, u32)],
    types: &BTreeMap<Rva, String>,
    found: &mut Vec<Description>,
) {
    let mut locators = BTreeMap::new();
    for (at, number) in words {
        if at.0 == number.wrapping_add(ITSELF)
            && let Some(suffix) = locator(image, Rva(*number), types, found)
        {
            locators.insert(Rva(*number), suffix);
        }
    }
    let pointers = image.base_relocations.iter();
    for at in pointers.filter(|_| !locators.is_empty()) {
        let to = image.pointer_at(*at);
        if let Some(suffix) = to.and_then(|to| locators.get(&to)) {
            // The name is that of the functions, behind the address of the locator.
            let size = at.checked_add(8).map_or(0, |rva| functions(image, rva));
            found.push(Description {
                rva: *at,
                name: format!("??_7{suffix}"),
                size: 8 + size,
            });
        }
    }
}

/// Describes a complete object locator, and what it leads to; how the names of both tables
/// of its class end.
fn locator(
    image: &Image<'_>,
    rva: Rva,
    types: &BTreeMap<Rva, String>,
    found: &mut Vec<Description>,
) -> Option<String> {
    let field = |offset| word(image, rva, offset);
    if field(0)? != 1 {
        return None;
    }
    let class = types.get(&Rva(field(12)?)).and_then(|n| class_of(n))?;
    let suffix = match (field(4)?, field(8)?) {
        (0, 0) => format!("{class}6B@"),
        (offset, displacement) => format!("{class}6B@_{offset}_{displacement}"),
    };
    let hierarchy = Rva(field(16)?);
    let count = word(image, hierarchy, 8).filter(|n| (1..=MOST).contains(n))?;
    let array = Rva(word(image, hierarchy, 12)?);
    let mut parts = vec![
        (rva, format!("??_R4{suffix}"), LOCATOR),
        (hierarchy, format!("??_R3{class}8"), HIERARCHY),
        // A zero is behind the last one.
        (array, format!("??_R2{class}8"), (count + 1) * 4),
    ];
    for i in 0..count {
        let base = Rva(word(image, array, i * 4)?);
        let name = types
            .get(&Rva(word(image, base, 0)?))
            .and_then(|n| class_of(n))?;
        let numbers = [8, 12, 16, 20].map(|at| word(image, base, at).unwrap_or(0).to_string());
        parts.push((base, format!("??_R1{}@{name}8", numbers.join("_")), BASE));
    }
    let described = parts.into_iter();
    found.extend(described.map(|(rva, name, size)| Description { rva, name, size }));
    Some(suffix)
}

/// `error@@` of `.?AUerror@@`.
fn class_of(type_name: &str) -> Option<&str> {
    let mut prefixes = [".?AU", ".?AV"].iter();
    prefixes.find_map(|p| type_name.strip_prefix(p))
}

/// Bytes of the addresses of functions from a place on.
fn functions(image: &Image<'_>, start: Rva) -> u32 {
    let is_pointer = |at: Rva| {
        let to = image.pointer_at(at).map_or(0, |to| to.0);
        image.base_relocations.binary_search(&at).is_ok() && to != 0 && is_function(image, to)
    };
    let places = (0..).map_while(|i: u32| start.checked_add(i.checked_mul(8)?));
    places.take_while(|at| is_pointer(*at)).count() as u32 * 8
}
