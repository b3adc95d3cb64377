//! Which of several namesakes is which, by what speaks for it.
//!
//! * Looks that one item of either build has: code without its references; the type of a
//!   datum and what is in it.
//! * Users: where a function (or a datum that holds pointers) is known to be the same one and
//!   differs in nothing but which namesake it refers to, that reference pairs the two. All
//!   users must agree.
//! * Functions that are the same in every respect: which of them is which makes no difference.
//! * One that is left on each side: of functions of one object file, or of data that look the
//!   same.
//!
//! The order of namesakes in the image is no evidence.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use super::draft::Drafter;
use super::{Keys, Table};
use crate::addr::Rva;
use crate::diff::same::{Comparer, same_shape};
use crate::function::{DataIndex, FunctionIndex, Place, Program, Site};

/// Members of open sets that two builds seem to share: for each of the old build those of
/// the new one that it stands for somewhere, and the other way round.
#[derive(Default)]
struct Votes {
    of_old: BTreeMap<u32, BTreeSet<u32>>,
    of_new: BTreeMap<u32, BTreeSet<u32>>,
}

impl Votes {
    fn add(&mut self, (o, n): (u32, u32)) {
        self.of_old.entry(o).or_default().insert(n);
        self.of_new.entry(n).or_default().insert(o);
    }

    /// Pairs that no vote is at odds with.
    fn undisputed(&self) -> Vec<(u32, u32)> {
        let only = |set: &BTreeSet<u32>| match set.len() {
            1 => set.first().copied(),
            _ => None,
        };
        let pairs = self.of_old.iter().filter_map(|(o, news)| {
            let n = only(news)?;
            (self.of_new.get(&n).and_then(only) == Some(*o)).then_some((*o, n))
        });
        pairs.collect()
    }
}

/// Takes out of the open sets what is proven.
pub fn weigh(old: &Program<'_>, new: &Program<'_>, keys: &mut Keys) {
    if !keys.functions.is_open() && !keys.data.is_open() {
        return;
    }
    if same_images(old, new) {
        return by_address(old, new, keys);
    }
    by_looks(&mut keys.functions, |side, i| {
        let program = if side { old } else { new };
        Drafter::looks_of_function(program, FunctionIndex(i))
    });
    let steps: [fn(&Program<'_>, &Program<'_>, &mut Keys) -> bool; 4] = [
        by_users,
        equal_functions,
        |old, new, keys| {
            by_looks(&mut keys.data, |side, i| {
                let program = if side { old } else { new };
                Drafter::looks_of_datum(program, DataIndex(i))
            })
        },
        left_alone,
    ];
    // The weaker evidence only where the stronger has said all that it can.
    while steps.iter().any(|step| step(old, new, keys)) {}
}

/// Whether two images hold the same at the same addresses.
fn same_images(old: &Program<'_>, new: &Program<'_>) -> bool {
    let (a, b) = (&old.image.sections, &new.image.sections);
    let same = |(s, t): (&crate::image::Section, &crate::image::Section)| {
        (s.rva, s.end()) == (t.rva, t.end())
            && old.image.rest_of_section(s.rva) == new.image.rest_of_section(t.rva)
    };
    let names = |p: &Program<'_>| -> Vec<_> { p.data.iter().map(|d| d.rva).collect() };
    a.len() == b.len() && a.iter().zip(b).all(same) && names(old) == names(new)
}

/// In one and the same image, each item is itself.
fn by_address(old: &Program<'_>, new: &Program<'_>, keys: &mut Keys) {
    let functions = |p: &Program<'_>, i: u32| p.function(FunctionIndex(i)).rva;
    let data = |p: &Program<'_>, i: u32| p.datum(DataIndex(i)).rva;
    for (table, rva) in [
        (
            &mut keys.functions,
            &functions as &dyn Fn(&Program<'_>, u32) -> Rva,
        ),
        (&mut keys.data, &data),
    ] {
        for set in table.sets.clone() {
            for o in set.old {
                let same = set.new.iter().find(|n| rva(new, **n) == rva(old, o));
                if let Some(n) = same.filter(|n| table.may_be(o, **n)) {
                    table.prove(o, *n);
                }
            }
        }
    }
}

/// Pairs members of one open set whose looks nothing else in the set has.
fn by_looks(table: &mut Table, looks: impl Fn(bool, u32) -> u64) -> bool {
    let mut found = false;
    for set in table.sets.clone() {
        let once = |is_old: bool, items: &[u32]| {
            let mut map: BTreeMap<u64, Option<u32>> = BTreeMap::new();
            for item in items {
                let known = map.entry(looks(is_old, *item));
                known.and_modify(|k| *k = None).or_insert(Some(*item));
            }
            map
        };
        let (olds, news) = (once(true, &set.old), once(false, &set.new));
        for (look, o) in olds {
            if let (Some(o), Some(Some(n))) = (o, news.get(&look))
                && table.may_be(o, *n)
            {
                table.prove(o, *n);
                found = true;
            }
        }
    }
    found
}

/// Pairs what the same function, or the same datum, refers to in the same place.
fn by_users(old: &Program<'_>, new: &Program<'_>, keys: &mut Keys) -> bool {
    keys.hopeful = true;
    let (mut functions, mut data) = (Votes::default(), Votes::default());
    {
        let comparer = Comparer::new(old, new, keys);
        let open = Open::new(new, keys);
        let mut tally = Tally {
            comparer: &comparer,
            functions: &mut functions,
            data: &mut data,
        };
        for (f, g) in users(old, new, keys, &open) {
            tally.of_functions(f, g);
        }
        for (d, e) in holders(new, keys, &open) {
            tally.of_data(d, e);
        }
    }
    keys.hopeful = false;
    let mut found = false;
    for (table, votes) in [(&mut keys.functions, functions), (&mut keys.data, data)] {
        for (o, n) in votes.undisputed() {
            if table.may_be(o, n) {
                table.prove(o, n);
                found = true;
            }
        }
    }
    found
}

/// Where the members of the open sets of the new build lie.
struct Open {
    /// Start and end, ascending.
    ranges: Vec<(Rva, Rva)>,
}

impl Open {
    fn new(new: &Program<'_>, keys: &Keys) -> Self {
        let functions = keys.functions.new.open.keys().map(|i| {
            let f = new.function(FunctionIndex(*i));
            (f.rva, f.end())
        });
        let data = keys.data.new.open.keys().map(|i| {
            let item = new.datum(DataIndex(*i));
            let size = item.content_size().max(1);
            (item.rva, Rva(item.rva.0.saturating_add(size)))
        });
        let mut ranges: Vec<(Rva, Rva)> = functions.chain(data).collect();
        ranges.sort_unstable();
        Open { ranges }
    }

    fn holds(&self, rva: Rva) -> bool {
        let after = self.ranges.partition_point(|(start, _)| *start <= rva);
        after > 0 && rva < self.ranges[after - 1].1
    }
}

/// Functions that are known to be the same, of which the new one refers to members of open
/// sets; and the parts and funclets of such functions.
fn users(
    old: &Program<'_>,
    new: &Program<'_>,
    keys: &Keys,
    open: &Open,
) -> Vec<(FunctionIndex, FunctionIndex)> {
    let refers = |g: FunctionIndex| {
        let references = &new.code_of(g).references;
        references.iter().any(|r| open.holds(r.target))
    };
    let mut found = Vec::new();
    let mut nameless = false;
    for g in new.function_indices().filter(|g| refers(*g)) {
        let partners = keys.functions.new.partners(g.0, &keys.functions.old);
        nameless |= partners.is_empty() || new.is_part(g);
        found.extend(partners.into_iter().map(|o| (FunctionIndex(o), g)));
    }
    if nameless {
        for (o, n) in keys.functions.pairs() {
            let (f, g) = (FunctionIndex(o), FunctionIndex(n));
            let pieces = (old.pieces_of(f), new.pieces_of(g));
            if pieces.0.len() == pieces.1.len() {
                let both = pieces.0.into_iter().zip(pieces.1);
                found.extend(both.filter(|(_, q)| refers(*q)));
            }
        }
    }
    found.sort_unstable();
    found.dedup();
    found
}

/// Data that are known to be the same and hold pointers to members of open sets.
fn holders(new: &Program<'_>, keys: &Keys, open: &Open) -> BTreeSet<(DataIndex, DataIndex)> {
    let mut found = BTreeSet::new();
    for place in &new.image.base_relocations {
        let target = new.image.pointer_at(*place);
        if !target.is_some_and(|t| open.holds(t)) {
            continue;
        }
        let Some(e) = new.datum_at(*place) else {
            continue;
        };
        let partners = keys.data.new.partners(e.0, &keys.data.old);
        found.extend(partners.into_iter().map(|o| (DataIndex(o), e)));
    }
    found
}

struct Tally<'t, 'c> {
    comparer: &'t Comparer<'c>,
    functions: &'t mut Votes,
    data: &'t mut Votes,
}

impl Tally<'_, '_> {
    /// What two versions of one function say, where they differ in nothing else.
    fn of_functions(&mut self, f: FunctionIndex, g: FunctionIndex) {
        let (old, new) = (self.comparer.old, self.comparer.new);
        if !same_shape((old, f), (new, g)) {
            return;
        }
        let pairs = old.code_of(f).references.iter();
        let pairs: Vec<_> = pairs.zip(&new.code_of(g).references).collect();
        if pairs
            .iter()
            .all(|(r, s)| self.comparer.same_reference((f, g), r, s))
        {
            for (r, s) in pairs {
                let sites = (Site::Code(f, r.at), Site::Code(g, s.at));
                self.vote((sites.0, r.target), (sites.1, s.target));
            }
        }
    }

    /// What a datum says by the pointers in it, where nothing else in it differs.
    fn of_data(&mut self, d: DataIndex, e: DataIndex) {
        let (old, new) = (self.comparer.old, self.comparer.new);
        let (a, b) = (old.datum(d), new.datum(e));
        if a.content_size() != b.content_size() || !self.comparer.same_datum_content(d, e) {
            return;
        }
        let places =
            |p: &Program<'_>, rva: Rva, size: u32| p.image.relocations_in(rva, size).to_vec();
        let before = places(old, a.rva, a.content_size());
        let after = places(new, b.rva, b.content_size());
        for (p, q) in before.into_iter().zip(after) {
            if let (Some(x), Some(y)) = (old.image.pointer_at(p), new.image.pointer_at(q)) {
                self.vote((Site::Pointer(p), x), (Site::Pointer(q), y));
            }
        }
    }

    /// Addresses where they are held. One that may be the end of what lies before tells nothing.
    fn vote(&mut self, old: (Site, Rva), new: (Site, Rva)) {
        let keys = self.comparer.keys;
        let start = |program: &Program<'_>, (site, rva): (Site, Rva)| {
            let meanings = program.intent(site, rva).settled(program, site);
            meanings.start.filter(|_| meanings.end.is_none())
        };
        let starts = (start(self.comparer.old, old), start(self.comparer.new, new));
        let (Some(old), Some(new)) = starts else {
            return;
        };
        match (old, new) {
            (Place::Function(f, _), Place::Function(g, _)) if keys.functions.may_be(f.0, g.0) => {
                self.functions.add((f.0, g.0));
            }
            (Place::Data(d, _), Place::Data(e, _)) if keys.data.may_be(d.0, e.0) => {
                self.data.add((d.0, e.0));
            }
            _ => {}
        }
    }
}

/// Pairs functions of one open set that do not differ at all.
fn equal_functions(old: &Program<'_>, new: &Program<'_>, keys: &mut Keys) -> bool {
    let mut proven: Vec<(u32, u32)> = Vec::new();
    {
        let comparer = Comparer::new(old, new, keys);
        for set in &keys.functions.sets {
            let mut by_looks: HashMap<u64, Vec<u32>> = HashMap::new();
            for n in &set.new {
                let looks = Drafter::looks_of_function(new, FunctionIndex(*n));
                by_looks.entry(looks).or_default().push(*n);
            }
            for o in &set.old {
                let looks = Drafter::looks_of_function(old, FunctionIndex(*o));
                let Some(alike) = by_looks.get_mut(&looks) else {
                    continue;
                };
                let equal = |n: &u32| {
                    let difference = comparer.difference(FunctionIndex(*o), FunctionIndex(*n));
                    difference.is_none()
                };
                if let Some(at) = alike.iter().position(equal) {
                    proven.push((*o, alike.remove(at)));
                }
            }
        }
    }
    let mut found = false;
    for (o, n) in proven {
        if keys.functions.may_be(o, n) {
            keys.functions.prove(o, n);
            found = true;
        }
    }
    found
}

/// Pairs what is left alone on both sides of an open set.
fn left_alone(old: &Program<'_>, new: &Program<'_>, keys: &mut Keys) -> bool {
    let alone = |table: &Table| -> Vec<(u32, u32, bool)> {
        let sets = table.sets.iter();
        let lone = sets.filter(|s| s.old.len() == 1 && s.new.len() == 1);
        lone.map(|s| (s.old[0], s.new[0], s.several_modules))
            .collect()
    };
    let mut found = false;
    for (o, n, several_modules) in alone(&keys.functions) {
        if !several_modules && keys.functions.may_be(o, n) {
            keys.functions.prove(o, n);
            found = true;
        }
    }
    for (o, n, _) in alone(&keys.data) {
        let looks = (
            Drafter::looks_of_datum(old, DataIndex(o)),
            Drafter::looks_of_datum(new, DataIndex(n)),
        );
        if looks.0 == looks.1 && keys.data.may_be(o, n) {
            keys.data.prove(o, n);
            found = true;
        }
    }
    found
}
