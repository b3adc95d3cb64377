//! Lists that the linker collects: every object file puts entries into a section of one name,
//! and code walks from a marker at its start to one at its end. Nothing refers to an entry
//! itself, and what carries its name, or lies where it lay, says nothing about the order in
//! which the entries are met.
//!
//! A list is known by entries to which nothing is seen to refer:
//!
//! * in a section, or a group of sections (`.name$a`, `.name$m`, `.name$z`), whose name no
//!   compiler gives by itself: somebody has asked for it;
//! * elsewhere, between two objects of the same type whose addresses are taken, each from
//!   another section of an object file: what the compiler has put side by side is no list. A
//!   PDB need not say which group a place belongs to, and an entry looks as the markers do.
//!
//! Such a list has to be the same in both builds from its start to its end.

mod collected;
mod enclosed;
mod objects;

use std::collections::{HashMap, HashSet};

use collected::collected;
use enclosed::enclosed;
pub use objects::holds;
use objects::objects;

use super::orphans::equal;
use super::verdicts::Known;
use super::{Rest, Why};
use crate::addr::Rva;
use crate::diff::Comparer;
use crate::function::{DataIndex, Program};

/// Something that may be walked through.
struct List {
    from: Rva,
    to: Rva,
    /// What both builds call it.
    key: String,
    /// An object in it by which it is known to be one.
    known_by: Option<(Rva, Sign)>,
}

/// What says that something is walked through.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Sign {
    /// Nothing is seen to refer to the object.
    Unseen,
    /// Its section is one of several that are put in order by their names.
    Ordered,
    /// Something refers to the place behind it, where nothing begins.
    End,
}

/// Compares the lists of both builds.
pub fn account(comparer: &Comparer<'_>, known: &Known<'_>, rest: &mut Rest) {
    let (old, new) = (comparer.old, comparer.new);
    let (a, b) = (collected(old), collected(new));
    for list in &a {
        let other = b.iter().find(|l| l.key == list.key);
        compare(comparer, known, (Some(list), other), rest);
    }
    for list in b.iter().filter(|l| !a.iter().any(|k| k.key == l.key)) {
        compare(comparer, known, (None, Some(list)), rest);
    }
    let (x, y) = (enclosed(old, &a), enclosed(new, &b));
    let partner: HashMap<DataIndex, DataIndex> = comparer.keys.data_pairs().into_iter().collect();
    for list in &x {
        let other = between(comparer, list, true);
        if is_relinked(comparer, &partner, (Some(list), other.as_ref())) {
            continue;
        }
        compare(comparer, known, (Some(list), other.as_ref()), rest);
    }
    for list in &y {
        let other = between(comparer, list, false);
        let is_compared = other
            .as_ref()
            .is_some_and(|o| x.iter().any(|l| (l.from, l.to) == (o.from, o.to)));
        if !is_compared && !is_relinked(comparer, &partner, (other.as_ref(), Some(list))) {
            compare(comparer, known, (other.as_ref(), Some(list)), rest);
        }
    }
}

fn compare(
    comparer: &Comparer<'_>,
    known: &Known<'_>,
    (old, new): (Option<&List>, Option<&List>),
    rest: &mut Rest,
) {
    let of_new = new.and_then(|l| l.known_by).map(|k| ("new", k));
    let of_old = old.and_then(|l| l.known_by).map(|k| ("old", k));
    let Some((which, (at, sign))) = of_new.or(of_old) else {
        return;
    };
    if let (Some(o), Some(n)) = (old, new)
        && is_same(comparer, o, n)
    {
        return;
    }
    let program = if which == "new" {
        comparer.new
    } else {
        comparer.old
    };
    let key = old.or(new).map_or("", |l| l.key.as_str());
    let place = |list: Option<&List>| match list {
        Some(l) => format!("{} to {}", l.from, l.to),
        None => "nowhere".into(),
    };
    let object = name_of(program, at);
    let why = match sign {
        Sign::Unseen => format!("nothing is seen to refer to {object} of the {which} build"),
        Sign::Ordered => "the names of its sections put it in order".to_owned(),
        Sign::End => format!("something refers to the end of {object} of the {which} build"),
    };
    let detail = format!(
        "what lies in {key} ({} in the old and {} in the new build) is not the same, and code may \
         walk over it: {why}",
        place(old),
        place(new)
    );
    let reaches = |list: Option<&List>, has: &dyn Fn(Rva) -> bool| {
        list.is_some_and(|l| (l.from.0..l.to.0).any(|i| has(Rva(i))))
    };
    // An entry is carried alone, and a marker as well.
    let reached =
        reaches(old, &|at| known.patch.has_old(at)) || reaches(new, &|at| known.patch.has_new(at));
    let places = (old.map(|l| l.from), new.map(|l| l.from));
    match reached {
        true => {
            let detail = format!("{detail}; a function of the patch refers to a part of it");
            rest.nothing(places.0, places.1, detail);
        }
        false => rest.add(Why::Unseen, places, None, detail),
    }
}

fn name_of(program: &Program<'_>, rva: Rva) -> String {
    match program.datum_at(rva) {
        Some(d) => format!("{} at {rva}", program.datum(d).display_name()),
        None => format!("what is at {rva}"),
    }
}

/// Whether something that both builds have lies between two objects in one of them only, and
/// nothing is there that only one of them has: the object files were linked in another order,
/// which entries of a list follow together.
fn is_relinked(
    comparer: &Comparer<'_>,
    partner: &HashMap<DataIndex, DataIndex>,
    (old, new): (Option<&List>, Option<&List>),
) -> bool {
    let inside = |program: &Program<'_>, list: Option<&List>| -> Option<HashSet<DataIndex>> {
        let Some(list) = list else {
            return Some(HashSet::new());
        };
        let objects = objects(program, list.from, list.to);
        objects.iter().map(|o| program.datum_at(o.from)).collect()
    };
    // What has no name can't be looked for elsewhere.
    let (Some(a), Some(b)) = (inside(comparer.old, old), inside(comparer.new, new)) else {
        return false;
    };
    let left = a.iter().map(|d| partner.get(d).map(|e| !b.contains(e)));
    let came = b.iter().map(|e| {
        let d = comparer.keys.old_datum_of(*e);
        d.map(|d| !a.contains(&d))
    });
    let moved: Option<Vec<bool>> = left.chain(came).collect();
    moved.is_some_and(|moved| moved.contains(&true))
}

/// Whether two lists hold the same from start to end.
fn is_same(comparer: &Comparer<'_>, old: &List, new: &List) -> bool {
    let len = old.to.0 - old.from.0;
    // What the file does not hold is zero in both.
    let stored = |program: &Program<'_>, list: &List| {
        let section = program.image.section_at(list.from);
        let held = section.map_or(0, |s| s.rva.0 + s.file_size as u32);
        held.saturating_sub(list.from.0).min(len)
    };
    let held = (stored(comparer.old, old), stored(comparer.new, new));
    len == new.to.0 - new.from.0
        && held.0 == held.1
        && equal(comparer, old.from, new.from, held.0) == held.0
}

/// What lies between the same two objects in the other build.
fn between(comparer: &Comparer<'_>, list: &List, is_old: bool) -> Option<List> {
    let (program, other) = match is_old {
        true => (comparer.old, comparer.new),
        false => (comparer.new, comparer.old),
    };
    let counterpart = |rva: Rva| {
        let d = program.datum_at(rva)?;
        let found = match is_old {
            true => comparer
                .keys
                .data_pairs()
                .into_iter()
                .find(|(o, _)| *o == d)
                .map(|(_, n)| n),
            false => comparer.keys.old_datum_of(d),
        };
        Some(other.datum(found?).rva)
    };
    let (from, to) = (counterpart(list.from)?, counterpart(list.to)?);
    (from < to).then(|| List {
        from,
        to,
        key: list.key.clone(),
        known_by: None,
    })
}
