//! Resources: compared leaf by leaf, for their tables hold places.
//!
//! Source: Microsoft PE/COFF specification, "The .rsrc Section".

use std::collections::BTreeMap;

use super::Rest;
use super::headers::{self, Headers, u16_at, u32_at};
use crate::addr::Rva;
use crate::image::Image;

/// Type, name and language of a resource, each as text.
type Path = Vec<String>;

/// Levels of the tree, and entries that are read at most.
const LEVELS: usize = 3;
const MAX_ENTRIES: usize = 1 << 16;

/// Compares the resources of two images.
pub fn compare(
    (old, a): (&Image<'_>, &Headers),
    (new, b): (&Image<'_>, &Headers),
    rest: &mut Rest,
) {
    let (x, y) = (leaves(old, a), leaves(new, b));
    for (path, bytes) in &x {
        let other = y.get(path);
        if other != Some(bytes) {
            let what = match other {
                Some(_) => "has another content",
                None => "is not in the new build",
            };
            let detail = format!("the resource {} {what}", path.join("/"));
            rest.nothing(None, None, detail);
        }
    }
    for path in y.keys().filter(|path| !x.contains_key(*path)) {
        let detail = format!("the resource {} is not in the old build", path.join("/"));
        rest.nothing(None, None, detail);
    }
}

fn leaves<'i>(image: &'i Image<'_>, headers: &Headers) -> BTreeMap<Path, &'i [u8]> {
    let mut found = BTreeMap::new();
    let Some(directory) = headers.directory(headers::RESOURCES) else {
        return found;
    };
    let bytes = image.rest_of_section(directory.rva).unwrap_or(&[]);
    let mut waiting: Vec<(usize, Path)> = vec![(0, Vec::new())];
    let mut budget = MAX_ENTRIES;
    while let Some((table, path)) = waiting.pop() {
        let count = |at: usize| u16_at(bytes, table + at).unwrap_or(0) as usize;
        for i in 0..count(12) + count(14) {
            let entry = table + 16 + i * 8;
            let (Some(name), Some(to)) = (u32_at(bytes, entry), u32_at(bytes, entry + 4)) else {
                break;
            };
            let Some(left) = budget.checked_sub(1) else {
                return found;
            };
            budget = left;
            let mut path = path.clone();
            path.push(name_text(bytes, name));
            const SUBDIRECTORY: u32 = 1 << 31;
            let at = (to & !SUBDIRECTORY) as usize;
            if to & SUBDIRECTORY != 0 {
                if path.len() < LEVELS {
                    waiting.push((at, path));
                }
                continue;
            }
            let (Some(rva), Some(size)) = (u32_at(bytes, at), u32_at(bytes, at + 4)) else {
                continue;
            };
            let content = image.slice(Rva(rva), size as usize).unwrap_or(&[]);
            found.insert(path, content);
        }
    }
    found
}

fn name_text(bytes: &[u8], name: u32) -> String {
    const NAMED: u32 = 1 << 31;
    if name & NAMED == 0 {
        return format!("#{name}");
    }
    let at = (name & !NAMED) as usize;
    let length = u16_at(bytes, at).unwrap_or(0) as usize;
    let units = (0..length).map_while(|i| u16_at(bytes, at + 2 + i * 2));
    String::from_utf16_lossy(&units.collect::<Vec<_>>())
}
