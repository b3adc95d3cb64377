//! Bytes of data that nothing is seen to lead to: they must lie at the corresponding place of
//! the other build, behind or before what has a counterpart.

use std::collections::HashMap;

use super::links::Link;
use super::map::{Class, Map};
use super::unused::{self, Unused};
use super::verdicts::{Known, around, is_path_hash, is_startup};
use super::{Rest, Why};
use crate::addr::Rva;
use crate::diff::Comparer;
use crate::function::Program;
use crate::symbols::Contribution;

/// Accounts for everything that has no class yet.
pub fn account(comparer: &Comparer<'_>, known: &Known<'_>, maps: &mut (Map, Map), rest: &mut Rest) {
    let (old, new) = (comparer.old, comparer.new);
    for (rva, len) in maps.0.open() {
        reached((rva, len), &mut maps.0, |at| {
            known.patch.has_old(at) && !old.is_writable(at)
        });
    }
    for (rva, len) in maps.1.open() {
        reached((rva, len), &mut maps.1, |at| known.patch.has_new(at));
    }
    for d in &known.diff.data.removed {
        let item = old.datum(*d);
        maps.0.paint(item.rva, item.content_size(), Class::Reported);
    }
    for d in &known.diff.data.added {
        let item = new.datum(*d);
        maps.1.paint(item.rva, item.content_size(), Class::Reported);
    }
    counterparts(comparer, known, maps);
    for (program, map, which) in [(old, &mut maps.0, "old"), (new, &mut maps.1, "new")] {
        let mut left = Vec::new();
        for (rva, len) in map.open() {
            leftover(program, known, (rva, len), map, &mut left);
        }
        report(program, &left, map, which, rest);
    }
}

fn reached((rva, len): (Rva, u32), map: &mut Map, is: impl Fn(Rva) -> bool) {
    for at in (rva.0..rva.0 + len).map(Rva).filter(|at| is(*at)) {
        map.paint(at, 1, Class::InPatch);
    }
}

/// Links by ascending place in the old image, without those that differ.
fn by_place(links: &[Link]) -> Vec<(Rva, u32, Rva)> {
    let mut list: Vec<(Rva, u32, Rva)> = links
        .iter()
        .filter(|l| l.len > 0)
        .map(|l| (l.old, l.len, l.new))
        .collect();
    list.sort_unstable();
    list.dedup();
    list
}

/// Takes what lies at the corresponding place and is the same.
fn counterparts(comparer: &Comparer<'_>, known: &Known<'_>, maps: &mut (Map, Map)) {
    let links = by_place(&known.links.list);
    let partner: HashMap<usize, usize> = comparer.keys.modules.pairs().collect();
    let objects = Objects::new(comparer.old, comparer.new, partner.clone());
    for (rva, len) in maps.0.open() {
        // Each run may hold several objects, which moved differently.
        let mut at = rva;
        let end = Rva(rva.0 + len);
        while at < end {
            let wanted = (end.0 - at.0).min(SOUGHT);
            // Two equal objects have two counterparts.
            let score = |to: Rva| {
                let same = equal(comparer, at, to, end.0 - at.0);
                (same, to, maps.1.at(to) == Some(Class::None))
            };
            let mut found: Vec<_> = neighbours(&links, at, end).into_iter().map(score).collect();
            found.extend(objects.same_offset(at).into_iter().map(score));
            if !found.iter().any(|(same, _, open)| *same >= wanted && *open) {
                let sought = objects.elsewhere(&maps.1, at, end);
                found.extend(sought.into_iter().map(score));
            }
            let best = found
                .into_iter()
                .max_by_key(|(same, _, open)| (*open && *same >= wanted, *same, *open))
                .unwrap_or((0, at, false));
            let same = best.0.max(1);
            if best.0 > 0 {
                maps.0.paint(at, same, Class::Moved);
                maps.1.paint(best.1, same, Class::Moved);
            }
            at = Rva(at.0 + same);
        }
    }
    let back = partner.into_iter().map(|(o, n)| (n, o)).collect();
    of_other_copies(
        comparer,
        &Objects::new(comparer.new, comparer.old, back),
        &mut maps.1,
    );
}

/// Bytes by which an object is looked for among those that nothing leads to.
const SOUGHT: u32 = 8;

/// Where in the new image the byte may be that follows what lies before `at`, or precedes what
/// lies behind `end`.
fn neighbours(links: &[(Rva, u32, Rva)], at: Rva, end: Rva) -> Vec<Rva> {
    const NEAR: usize = 4;
    let mut found = Vec::new();
    let before = links.partition_point(|l| l.0 < at);
    let moved = |l: &(Rva, u32, Rva)| i64::from(l.2.0) - i64::from(l.0.0);
    let near = links[before.saturating_sub(NEAR)..before].iter().rev();
    found.extend(near.filter_map(|l| at.checked_offset(moved(l))));
    let after = links.partition_point(|l| l.0 < end);
    let near = links[after..].iter().take(NEAR);
    found.extend(near.filter_map(|l| at.checked_offset(moved(l))));
    found.dedup();
    found
}

/// What each object file contributed to each section of one image, for places of the other.
struct Objects<'o> {
    /// The image in which a place is known.
    from: &'o Program<'o>,
    /// The image in which its counterpart is sought.
    to: &'o Program<'o>,
    partner: HashMap<usize, usize>,
    by_module: HashMap<(usize, Rva), Vec<Contribution>>,
}

impl<'o> Objects<'o> {
    fn new(from: &'o Program<'o>, to: &'o Program<'o>, partner: HashMap<usize, usize>) -> Self {
        let mut by_module: HashMap<(usize, Rva), Vec<Contribution>> = HashMap::new();
        for c in &to.symbols.contributions {
            if let Some(section) = to.image.section_at(c.rva) {
                let key = (c.module.0 as usize, section.rva);
                by_module.entry(key).or_default().push(*c);
            }
        }
        Objects {
            from,
            to,
            partner,
            by_module,
        }
    }

    /// What the same object file contributed to the section of the same name.
    fn of(&self, place: Rva) -> Option<(Contribution, &[Contribution])> {
        let c = self.from.symbols.contribution_at(place)?;
        let section = self.from.image.section_at(place)?;
        let mut sections = self.to.image.sections.iter();
        let other = sections.find(|s| s.name == section.name)?;
        let module = *self.partner.get(&(c.module.0 as usize))?;
        let list = self.by_module.get(&(module, other.rva))?;
        Some((*c, list))
    }

    /// The same offset in contributions of the same size, or of any where none has it; without
    /// contributions, in the section.
    fn same_offset(&self, place: Rva) -> Vec<Rva> {
        const MANY: usize = 64;
        let Some((c, list)) = self.of(place) else {
            let has_none = self.from.symbols.contribution_at(place).is_none();
            let section = self.from.image.section_at(place).filter(|_| has_none);
            let same = section.and_then(|s| {
                let other = self.to.image.sections.iter().find(|t| t.name == s.name)?;
                other.rva.checked_add(place.0 - s.rva.0)
            });
            return same.into_iter().collect();
        };
        let at = |d: &Contribution| d.rva.checked_add(place.0 - c.rva.0);
        let sized = list.iter().filter(|d| d.size == c.size);
        let mut found: Vec<Rva> = sized.take(MANY).filter_map(at).collect();
        if found.is_empty() {
            found = list.iter().take(MANY).filter_map(at).collect();
        }
        found
    }

    /// Where else the same object file has the bytes from here on, among those that nothing
    /// leads to.
    fn elsewhere(&self, open: &Map, at: Rva, end: Rva) -> Vec<Rva> {
        let needle = self
            .from
            .image
            .slice(at, (end.0 - at.0).min(SOUGHT) as usize);
        let (Some(needle), Some((_, list))) = (needle, self.of(at)) else {
            return Vec::new();
        };
        let mut found = Vec::new();
        for d in list {
            let bytes = self.to.image.slice(d.rva, d.size as usize).unwrap_or(&[]);
            let places = bytes.windows(needle.len()).enumerate();
            let places = places.filter(|(i, w)| {
                *w == needle && open.at(Rva(d.rva.0 + *i as u32)) == Some(Class::None)
            });
            found.extend(places.map(|(i, _)| Rva(d.rva.0 + i as u32)).take(4));
        }
        found
    }
}

/// Takes what the new image has at the same offset of the same object file as the old one,
/// where something leads to it in the old one only: of a COMDAT the linker may have kept
/// another file's copy.
fn of_other_copies(comparer: &Comparer<'_>, objects: &Objects<'_>, map: &mut Map) {
    for (rva, len) in map.open() {
        let (mut at, end) = (rva, Rva(rva.0 + len));
        while at < end {
            let candidates = objects.same_offset(at).into_iter();
            let same = candidates.map(|from| equal(comparer, from, at, end.0 - at.0));
            let same = same.max().unwrap_or(0);
            map.paint(at, same, Class::Moved);
            at = Rva(at.0 + same.max(1));
        }
    }
}

/// How many bytes from two places on are the same, pointers by what they mean.
pub fn equal(comparer: &Comparer<'_>, a: Rva, b: Rva, len: u32) -> u32 {
    let (old, new) = (comparer.old.image, comparer.new.image);
    let (x, y) = (old.rest_of_section(a), new.rest_of_section(b));
    let (Some(x), Some(y)) = (x, y) else { return 0 };
    let len = (len as usize).min(x.len()).min(y.len()) as u32;
    let pointers = old.relocations_in(a, len).iter().map(|r| r.0 - a.0);
    let others = new.relocations_in(b, len).iter().map(|r| r.0 - b.0);
    let mut fields: Vec<u32> = pointers.chain(others).collect();
    fields.sort_unstable();
    fields.dedup();
    let mut at = 0;
    for field in fields.into_iter().chain([len]) {
        if field < at {
            return at;
        }
        let (p, q) = (
            &x[at as usize..field as usize],
            &y[at as usize..field as usize],
        );
        let same = p.iter().zip(q).take_while(|(p, q)| p == q).count();
        if same < p.len() {
            return at + same as u32;
        }
        at = field;
        if at == len {
            break;
        }
        let listed = |image: &crate::image::Image<'_>, rva: Rva| {
            image.base_relocations.binary_search(&rva).is_ok()
        };
        let places = (Rva(a.0 + at), Rva(b.0 + at));
        let targets = (old.pointer_at(places.0), new.pointer_at(places.1));
        let same = listed(old, places.0)
            && listed(new, places.1)
            && matches!(targets, (Some(s), Some(t)) if comparer.same_place(s, t, None));
        if !same || at + 8 > len {
            return at;
        }
        at += 8;
    }
    at
}

/// Gives padding and what is known otherwise its class; collects what is left.
fn leftover(
    program: &Program<'_>,
    known: &Known<'_>,
    (rva, len): (Rva, u32),
    map: &mut Map,
    left: &mut Vec<(Rva, u32)>,
) {
    let bytes = program.image.rest_of_section(rva).unwrap_or(&[]);
    let bytes = &bytes[..bytes.len().min(len as usize)];
    let mut at = 0;
    while at < bytes.len() {
        let zeros = bytes[at..].iter().take_while(|b| **b == 0).count();
        map.paint(Rva(rva.0 + at as u32), zeros as u32, Class::Padding);
        at += zeros;
        let other = bytes[at..].iter().take_while(|b| **b != 0).count();
        if other == 0 {
            continue;
        }
        let place = Rva(rva.0 + at as u32);
        let reported = (known.unnamed && program.is_writable(place))
            || (known.startup && is_startup(program, place));
        if is_path_hash(program, place, other as u32) {
            map.paint(place, other as u32, Class::Metadata);
        } else if reported {
            map.paint(place, other as u32, Class::Reported);
        } else {
            left.push((place, other as u32));
        }
        at += other;
    }
}

/// Names what has no counterpart, unless it is an unused constant.
fn report(program: &Program<'_>, left: &[(Rva, u32)], map: &mut Map, which: &str, rest: &mut Rest) {
    for ((place, size), unused) in left.iter().zip(unused::judge(program, left)) {
        let why = match unused {
            Unused::Proven => {
                map.paint(*place, *size, Class::Padding);
                continue;
            }
            Unused::Likely => Why::Unseen,
            Unused::Unknown => Why::Nothing,
        };
        map.paint(*place, *size, Class::Unexplained);
        let detail = format!(
            "{size} bytes at {place} of the {which} build, {}, have no counterpart, and nothing is \
             seen to refer to them",
            around(program, *place)
        );
        let places = match which {
            "old" => (Some(*place), None),
            _ => (None, Some(*place)),
        };
        rest.add(why, places, None, detail);
    }
}
