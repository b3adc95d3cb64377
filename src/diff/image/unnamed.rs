//! Writable data that no symbol names: bytes of a contribution between named neighbours, and
//! contributions without any name.
//!
//! What belongs together is found by the object file, then by the named neighbours, then by
//! position. Zeros say nothing: they are padding, or memory that the program fills.

use std::collections::{HashMap, HashSet};

use crate::addr::Rva;
use crate::diff::same::Comparer;
use crate::function::{DataIndex, Program};
use crate::image::SectionKind;
use crate::symbols::{Contribution, ModuleIndex};

/// Bytes without a name between two names.
#[derive(Clone, Copy, Debug)]
struct Gap {
    before: Option<DataIndex>,
    after: Option<DataIndex>,
    /// How many pieces of code lie between the name before it and the gap.
    nth: u32,
    rva: Rva,
    size: u32,
}

/// Where such data differs, in words.
pub fn differences(comparer: &Comparer<'_>) -> Vec<String> {
    let (old, new) = (by_module(comparer.old), by_module(comparer.new));
    let partner: HashMap<DataIndex, DataIndex> = comparer.keys.data_pairs().into_iter().collect();
    let mut found = Vec::new();
    for (o, n) in comparer.keys.modules.pairs() {
        let empty = Vec::new();
        let a = old.get(&ModuleIndex(o as u32)).unwrap_or(&empty);
        let b = new.get(&ModuleIndex(n as u32)).unwrap_or(&empty);
        let object = comparer.new.symbols.modules[n].object_name();
        of_object(comparer, (a, b), &partner, &object, &mut found);
    }
    found
}

/// The contributions to writable sections, by object file and address.
fn by_module<'p>(program: &'p Program<'_>) -> HashMap<ModuleIndex, Vec<&'p Contribution>> {
    let image = program.image;
    // The template of thread-local data is compared variable by variable.
    let is_thread_local = |rva| image.tls.as_ref().is_some_and(|t| t.holds(rva));
    let mut map: HashMap<ModuleIndex, Vec<&Contribution>> = HashMap::new();
    for contribution in &program.symbols.contributions {
        let section = image.section_at(contribution.rva);
        let is_writable = section.is_some_and(|s| s.kind() == SectionKind::Writable);
        // The linker's own tables: imports, which are compared by what they mean.
        let is_made = program.symbols.modules.get(contribution.module.0 as usize);
        let is_made =
            is_made.is_none_or(|m| m.name.starts_with("* ") || m.name.starts_with("Import:"));
        let first = image.imports.partition_point(|i| i.slot < contribution.rva);
        let imports = image
            .imports
            .get(first)
            .is_some_and(|i| i.slot < end(contribution));
        if is_writable
            && !is_thread_local(contribution.rva)
            && contribution.size > 0
            && !is_made
            && !imports
        {
            map.entry(contribution.module)
                .or_default()
                .push(contribution);
        }
    }
    map
}

fn of_object(
    comparer: &Comparer<'_>,
    (old, new): (&[&Contribution], &[&Contribution]),
    partner: &HashMap<DataIndex, DataIndex>,
    object: &str,
    found: &mut Vec<String>,
) {
    let is_named = |program: &Program<'_>, c: &Contribution| first_datum(program, c).is_some();
    let mut taken: HashSet<Rva> = HashSet::new();
    // Those with names belong together as their names do.
    for a in old.iter().filter(|c| is_named(comparer.old, c)) {
        let other = data_of(comparer.old, a).find_map(|d| {
            let place = comparer.new.datum(*partner.get(&d)?).rva;
            new.iter().find(|c| (c.rva..end(c)).contains(&place))
        });
        if let Some(b) = other
            && taken.insert(b.rva)
        {
            compare(comparer, (a, b), partner, object, found);
        }
    }
    // The others by their order, where there are as many.
    let nameless = |program: &Program<'_>, list: &[&Contribution]| -> Vec<Contribution> {
        let list = list.iter().filter(|c| !is_named(program, c));
        list.filter(|c| !is_zero(program, c.rva, c.size))
            .map(|c| **c)
            .collect()
    };
    let (a, b) = (nameless(comparer.old, old), nameless(comparer.new, new));
    if a.len() != b.len() {
        found.push(format!(
            "{object} has {} pieces of writable data without a symbol instead of {}",
            b.len(),
            a.len()
        ));
        return;
    }
    for (a, b) in a.iter().zip(&b) {
        compare(comparer, (a, b), partner, object, found);
    }
}

/// Compares what lies between the names of two contributions.
fn compare(
    comparer: &Comparer<'_>,
    (a, b): (&Contribution, &Contribution),
    partner: &HashMap<DataIndex, DataIndex>,
    object: &str,
    found: &mut Vec<String>,
) {
    let (old, new) = (gaps(comparer.old, a), gaps(comparer.new, b));
    let mut seen: HashSet<Rva> = HashSet::new();
    let name = |program: &Program<'_>, d: Option<DataIndex>| {
        d.map_or(String::new(), |d| {
            format!(" after {}", program.datum(d).display_name())
        })
    };
    for gap in &old {
        // Between the same two names, or between the same one and the border.
        let same = |o: Option<DataIndex>, n: Option<DataIndex>| match (o, n) {
            (Some(o), Some(n)) => partner.get(&o) == Some(&n),
            (None, None) => true,
            _ => false,
        };
        let other = new
            .iter()
            .find(|g| g.nth == gap.nth && same(gap.before, g.before) && same(gap.after, g.after));
        let place = name(comparer.old, gap.before);
        match other {
            Some(other) => {
                seen.insert(other.rva);
                let extents = ((gap.rva, gap.size), (other.rva, other.size));
                if !comparer.same_extents(extents.0, extents.1, &[]) {
                    found.push(format!(
                        "{object}: {} bytes{place} differ (at {} in the old and {} in the new build)",
                        gap.size, gap.rva, other.rva
                    ));
                }
            }
            None if is_zero(comparer.old, gap.rva, gap.size) => {}
            None => found.push(format!(
                "{object}: {} bytes{place} at {} are not at the same place in the new build",
                gap.size, gap.rva
            )),
        }
    }
    for gap in new.iter().filter(|g| !seen.contains(&g.rva)) {
        if !is_zero(comparer.new, gap.rva, gap.size) {
            found.push(format!(
                "{object}: {} bytes{} at {} of the new build have no counterpart",
                gap.size,
                name(comparer.new, gap.before),
                gap.rva
            ));
        }
    }
}

/// The bytes of a contribution that belong to no symbol, and to no code that assembler sources
/// have among their data: that is compared as code.
fn gaps(program: &Program<'_>, contribution: &Contribution) -> Vec<Gap> {
    let mut gaps = Vec::new();
    let (mut at, mut before) = (contribution.rva, None);
    let mut close = |from: Rva, to: Rva, before, after| {
        let (mut at, mut nth) = (from, 0);
        let first = program.functions.partition_point(|f| f.rva < from);
        let code = program.functions[first..].iter();
        let borders = code.take_while(|f| f.rva < to).map(|f| (f.rva, f.end()));
        for (start, next) in borders.chain([(to, to)]) {
            if at < start {
                gaps.push(Gap {
                    before,
                    after,
                    nth,
                    rva: at,
                    size: start.0 - at.0,
                });
            }
            at = next;
            nth += 1;
        }
    };
    for index in data_of(program, contribution) {
        let item = program.datum(index);
        close(at, item.rva, before, Some(index));
        at = Rva(item.rva.0.saturating_add(item.content_size())).max(at);
        before = Some(index);
    }
    close(at, end(contribution), before, None);
    gaps
}

fn end(contribution: &Contribution) -> Rva {
    Rva(contribution.rva.0.saturating_add(contribution.size))
}

fn first_datum(program: &Program<'_>, contribution: &Contribution) -> Option<DataIndex> {
    data_of(program, contribution).next()
}

/// The named data within a contribution.
fn data_of(
    program: &Program<'_>,
    contribution: &Contribution,
) -> impl Iterator<Item = DataIndex> + use<> {
    let from = program.data.partition_point(|d| d.rva < contribution.rva);
    let to = program.data.partition_point(|d| d.rva < end(contribution));
    (from as u32..to.max(from) as u32).map(DataIndex)
}

/// Whether nothing but zeros is there.
fn is_zero(program: &Program<'_>, rva: Rva, size: u32) -> bool {
    program.image.is_zero(rva, size) != Some(false)
}
