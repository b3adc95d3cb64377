//! Lists between two objects of the same type, one at the start and one at the end, which one
//! function or one object holds.

use std::collections::HashSet;

use super::objects::{Object, objects};
use super::{List, Sign};
use crate::addr::Rva;
use crate::function::{DataIndex, FunctionIndex, Program, Site};
use crate::image::SectionKind;

/// Zeros between two entries, at most.
const MAX_GAP: u32 = 15;

/// What lies between two objects of one type whose addresses are held, with something in
/// between, of that type as well, to which nothing is seen to refer.
pub(super) fn enclosed(program: &Program<'_>, collected: &[List]) -> Vec<List> {
    let mut found = Vec::new();
    let sections = program.image.sections.iter();
    for s in sections.filter(|s| s.kind() != SectionKind::Code && !s.is_discardable()) {
        let objects = objects(program, s.rva, s.end());
        let part = |rva: Rva| program.symbols.contribution_at(rva).map(|c| c.rva);
        let mut start: Option<usize> = None;
        for (i, o) in objects.iter().enumerate() {
            let continues = i > 0 && follows(program, &objects[i - 1], o);
            if !continues {
                start = None;
            }
            if !o.held || o.element.is_none() {
                continue;
            }
            if let Some(p) = start {
                let (first, last) = (part(objects[p].from), part(o.from));
                let is_unseen = |o: &&Object<'_>| {
                    let own = part(o.from);
                    !o.seen && is_stored(program, o.from) && own != first && own != last
                };
                let unseen = objects[p + 1..i].iter().find(is_unseen);
                let (from, to) = (objects[p].from, o.from);
                let elsewhere = !collected.iter().any(|l| from < l.to && l.from < to);
                let unseen = unseen.filter(|_| elsewhere && are_held_together(program, from, to));
                if let Some(unseen) = unseen {
                    found.push(List {
                        from,
                        to,
                        key: format!("{} up to {}", objects[p].name, o.name),
                        known_by: Some((unseen.from, Sign::Unseen)),
                    });
                }
            }
            start = Some(i);
        }
    }
    found
}

/// Who holds an address.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
enum Holder {
    Code(FunctionIndex),
    Data(DataIndex),
}

/// Whether one function, or one object, holds both addresses, as who walks from one to the
/// other does; a function as well by pointers that it reads.
fn are_held_together(program: &Program<'_>, from: Rva, to: Rva) -> bool {
    let of_start = holders(program, from);
    holders(program, to).iter().any(|h| of_start.contains(h))
}

fn holders(program: &Program<'_>, rva: Rva) -> HashSet<Holder> {
    let mut found = HashSet::new();
    for (_, site) in program.incoming().at(rva) {
        match site {
            Site::Code(f, _) => {
                found.insert(Holder::Code(*f));
            }
            Site::Pointer(at) => {
                let Some(d) = program.datum_at(*at) else {
                    continue;
                };
                found.insert(Holder::Data(d));
                let readers = program.incoming().within(*at, Rva(at.0 + 8)).iter();
                found.extend(readers.filter_map(|(_, site)| match site {
                    Site::Code(f, _) => Some(Holder::Code(*f)),
                    Site::Pointer(_) => None,
                }));
            }
        }
    }
    found
}

fn follows(program: &Program<'_>, before: &Object<'_>, object: &Object<'_>) -> bool {
    let gap = object.from.0.saturating_sub(before.to.0);
    let alike = match (&before.element, &object.element) {
        // A marker may have no type.
        (Some(a), Some(b)) => a == b || a.is_empty() || b.is_empty(),
        _ => false,
    };
    alike && gap <= MAX_GAP && program.image.is_zero(before.to, gap) != Some(false)
}

/// Whether an object file holds what is there: memory that starts as zero is no list yet. What
/// follows it up to the next sector of the image has bytes there as well, but says nothing.
fn is_stored(program: &Program<'_>, rva: Rva) -> bool {
    let contribution = program.symbols.contribution_at(rva);
    let bytes = program.image.rest_of_section(rva);
    bytes.is_some_and(|bytes| !bytes.is_empty()) && contribution.is_none_or(|c| !c.zeros)
}
