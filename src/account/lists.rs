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

use std::collections::{HashMap, HashSet};

use super::orphans::equal;
use super::verdicts::Known;
use super::{Rest, Why};
use crate::addr::Rva;
use crate::diff::Comparer;
use crate::function::{DataIndex, FunctionIndex, Program, ReferenceKind, Site};
use crate::image::{ExportTarget, SectionKind};

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

/// An object in the order of places.
struct Object<'p> {
    from: Rva,
    to: Rva,
    name: &'p str,
    /// What its elements are; `None` where it is nothing that a list is made of.
    element: Option<String>,
    /// Something refers to it.
    seen: bool,
    /// Something holds its address.
    held: bool,
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

/// The lists in sections, or groups of sections, of a name of their own.
fn collected(program: &Program<'_>) -> Vec<List> {
    let is_data = |rva: Rva| {
        let section = program.image.section_at(rva);
        section.is_some_and(|s| s.kind() != SectionKind::Code && !s.is_discardable())
    };
    let groups = &program.symbols.groups;
    let mut parts: Vec<(Rva, u32, &str)> = match groups.is_empty() {
        true => {
            let sections = program.image.sections.iter();
            sections
                .map(|s| (s.rva, s.virtual_size, s.name.as_str()))
                .collect()
        }
        false => groups
            .iter()
            .map(|g| (g.rva, g.size, g.name.as_str()))
            .collect(),
    };
    parts.retain(|(rva, size, _)| *size > 0 && is_data(*rva));
    parts.sort_unstable();
    let mut found: Vec<(List, bool)> = Vec::new();
    let mut follows = false;
    for (rva, size, name) in parts {
        if is_usual(program, (rva, size), name) {
            follows = false;
            continue;
        }
        let (key, is_part) = list_name(name);
        let to = Rva(rva.0.saturating_add(size));
        match found.last_mut() {
            Some((last, several)) if follows && last.key == key => {
                last.to = to;
                *several = is_part;
            }
            _ => {
                let (key, known_by) = (key.to_owned(), None);
                let list = List {
                    from: rva,
                    to,
                    key,
                    known_by,
                };
                found.push((list, is_restarted(program, rva, to)));
            }
        }
        follows = true;
    }
    for (list, is_ordered) in &mut found {
        list.known_by = sign(program, list, *is_ordered);
    }
    found.into_iter().map(|(list, _)| list).collect()
}

/// What says that something walks through a list.
fn sign(program: &Program<'_>, list: &List, is_ordered: bool) -> Option<(Rva, Sign)> {
    let objects = objects(program, list.from, list.to);
    if let Some(unseen) = objects.iter().find(|o| !o.seen) {
        return Some((unseen.from, Sign::Unseen));
    }
    let last = objects.last()?;
    // An address at the very end, where nothing begins, is that of a marker.
    let ends = program.datum_at(list.to).is_none()
        && program.symbols.contribution_at(list.to).is_none()
        && !program.incoming().at(list.to).is_empty();
    match (is_ordered, ends) {
        (true, _) => Some((list.from, Sign::Ordered)),
        (false, true) => Some((last.from, Sign::End)),
        (false, false) => None,
    }
}

/// The name of the list to which a section belongs, and whether sections of several names
/// belong to it: `.lst` of `.lst$a`. Runtimes tell their lists by two letters, as `.CRT$XQ`.
fn list_name(section: &str) -> (&str, bool) {
    match section.rsplit_once('$') {
        Some((".CRT", own)) if own.len() > 2 && own.is_ascii() => {
            (&section[..".CRT$XQ".len()], true)
        }
        // Whoever only wants something to lie elsewhere gives it any name.
        Some((base @ (".rdata" | ".data" | ".bss" | ".rodata"), _)) => (base, false),
        Some((base, _)) => (base, true),
        None => (section, false),
    }
}

/// Whether the object files begin anew in a section: it is put together from several, by name.
fn is_restarted(program: &Program<'_>, from: Rva, to: Rva) -> bool {
    let contributions = &program.symbols.contributions;
    let first = contributions.partition_point(|c| c.rva < from);
    let own = contributions[first..].iter().take_while(|c| c.rva < to);
    let modules: Vec<_> = own.map(|c| c.module).collect();
    modules.windows(2).any(|w| w[1].0 < w[0].0)
}

/// Whether compilers, linkers and runtimes use a section of this name for what they make
/// themselves, or what nobody has asked to lie elsewhere.
fn is_usual(program: &Program<'_>, (rva, size): (Rva, u32), name: &str) -> bool {
    const SECTIONS: &str = " .text .pdata .xdata .idata .edata .didat .reloc .rsrc .tls .gfids \
        .giats .gljmp .gehcont .00cfg .eh_fram .eh_frame .buildid .voltbl .rtc .ctors .dtors \
        .init_array .fini_array _RDATA .fptable .jcr ";
    const GROUPS: &str = " r rs r$brc brc T voltmd zz zzz zzzdbg 00 sxdata wlog ";
    // Initialisers, terminators and TLS callbacks are compared by what they are.
    const LISTS: [&str; 5] = ["XC", "XI", "XP", "XT", "XL"];
    let lists = |list: &str, word: &str| list.contains(&format!(" {word} "));
    let (base, own) = name.split_once('$').unwrap_or((name, ""));
    match base {
        ".rdata" | ".data" | ".bss" | ".rodata" => {
            // With a section for each datum, its name is that of the datum.
            let from = program.data.partition_point(|d| d.rva < rva);
            let data = program.data[from..].iter();
            let mut data = data.take_while(|d| d.rva.0 - rva.0 < size);
            own.is_empty()
                || lists(GROUPS, own)
                || own.starts_with(".refptr.")
                || data.any(|d| d.names.iter().any(|n| n.name == own))
        }
        ".CRT" => own.is_empty() || LISTS.iter().any(|l| own.starts_with(l)),
        _ => lists(SECTIONS, base) || base.starts_with('/') || base.starts_with(".debug"),
    }
}

/// The objects of a range, by ascending place: what has a name, and contributions without any.
fn objects<'p>(program: &'p Program<'_>, from: Rva, to: Rva) -> Vec<Object<'p>> {
    let data = &program.data;
    let range = data.partition_point(|d| d.rva < from)..data.partition_point(|d| d.rva < to);
    let mut places: Vec<(Rva, Option<usize>)> =
        range.clone().map(|i| (data[i].rva, Some(i))).collect();
    let contributions = &program.symbols.contributions;
    let first = contributions.partition_point(|c| c.rva < from);
    let own = contributions[first..].iter().take_while(|c| c.rva < to);
    let covered = |c: &&crate::symbols::Contribution| {
        let next = data.partition_point(|d| d.rva < c.rva);
        c.size == 0 || data.get(next).is_some_and(|d| d.rva.0 - c.rva.0 < c.size)
    };
    places.extend(own.filter(|c| !covered(c)).map(|c| (c.rva, None)));
    places.sort_unstable();
    let mut found = Vec::new();
    for (i, (rva, datum)) in places.iter().enumerate() {
        let next = places.get(i + 1).map_or(to, |(next, _)| *next);
        let end = program
            .symbols
            .contribution_at(*rva)
            .map_or(next, |c| next.min(Rva(c.rva.0 + c.size)));
        let datum = datum.map(|i| &data[i]);
        let sites = program.incoming().within(*rva, end.max(Rva(rva.0 + 1)));
        let outside = |site: &Site| !matches!(site, Site::Pointer(at) if *at >= *rva && *at < end);
        found.push(Object {
            from: *rva,
            to: end,
            name: datum.map_or("", |d| d.display_name()),
            element: datum.and_then(element),
            seen: sites.iter().any(|(_, s)| outside(s))
                || is_exported(program, *rva, end)
                || program.image.begins_linker_table(*rva),
            held: sites.iter().any(|(_, s)| outside(s) && holds(program, s)),
        });
    }
    found
}

fn is_exported(program: &Program<'_>, from: Rva, to: Rva) -> bool {
    let mut exports = program.image.exports.iter();
    exports.any(|e| matches!(e.leads_to, ExportTarget::At(rva) if rva >= from && rva < to))
}

/// Whether a site holds an address, and does not merely read or write what is there.
pub fn holds(program: &Program<'_>, site: &Site) -> bool {
    match site {
        Site::Pointer(_) => true,
        Site::Code(f, at) => {
            let mut references = program.code_of(*f).references.iter();
            references.any(|r| r.at == *at && !matches!(r.kind, ReferenceKind::Access(_)))
        }
    }
}

/// What an object consists of: its type without the number of elements and without what says
/// that it may not be written; of what has no type, nothing more than that.
fn element(datum: &crate::function::DataItem) -> Option<String> {
    const MADE: [&str; 10] = [
        "_Z", "??_", "_TI", "_CT", ".refptr.", "__imp_", "_head_", "__nm_", "__rtti", "__real@",
    ];
    let Some(name) = &datum.type_name else {
        let name = datum.display_name();
        return (!MADE.iter().any(|m| name.starts_with(m))).then(String::new);
    };
    let name = name.split('[').next().unwrap_or("");
    let words = name.split_whitespace();
    let words: Vec<&str> = words
        .filter(|w| !matches!(*w, "const" | "volatile"))
        .collect();
    Some(words.join(" "))
}

/// Zeros between two entries, at most.
const MAX_GAP: u32 = 15;

/// What lies between two objects of one type whose addresses are held, with something in
/// between, of that type as well, to which nothing is seen to refer.
fn enclosed(program: &Program<'_>, collected: &[List]) -> Vec<List> {
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
    let bytes = program.image.loaded_bytes(before.to, gap);
    let alike = match (&before.element, &object.element) {
        // A marker may have no type.
        (Some(a), Some(b)) => a == b || a.is_empty() || b.is_empty(),
        _ => false,
    };
    alike && gap <= MAX_GAP && bytes.is_none_or(|bytes| bytes.iter().all(|b| *b == 0))
}

/// Whether the file holds what is there: memory that starts as zero is no list yet.
fn is_stored(program: &Program<'_>, rva: Rva) -> bool {
    let bytes = program.image.rest_of_section(rva);
    bytes.is_some_and(|bytes| !bytes.is_empty())
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
