//! Tables of the linker and the loader: where they lie, and whether they say the same.

use std::collections::BTreeSet;

use super::Rest;
use super::headers::{self, Headers, u32_at, u64_at};
use crate::addr::{Rva, Va};
use crate::diff::Diff;
use crate::function::{Place, Program};
use crate::image::{Image, Import, ImportName, Section, SectionKind};

/// Where the tables of an image lie.
pub struct Tables {
    /// Start and length of each, ascending, not overlapping.
    pub ranges: Vec<(Rva, u32)>,
}

impl Tables {
    /// Whether a table is there.
    pub fn holds(&self, rva: Rva) -> bool {
        let after = self.ranges.partition_point(|(start, _)| *start <= rva);
        let found = after.checked_sub(1).map(|i| self.ranges[i]);
        found.is_some_and(|(start, size)| rva.0 - start.0 < size)
    }
}

/// Sections that the loader may leave out, and to which nothing refers: debug information of
/// object files, as GNU tools put into images.
fn discarded<'p>(program: &'p Program<'_>) -> impl Iterator<Item = (Rva, u32)> + 'p {
    let unused = |s: &&Section| {
        s.is_discardable()
            && s.kind() == SectionKind::ReadOnly
            && program.incoming().within(s.rva, s.end()).is_empty()
    };
    let sections = program.image.sections.iter().filter(unused);
    sections.map(|s| (s.rva, s.virtual_size))
}

/// What object files of import libraries contribute beside the slots of imports: GNU tools
/// have one for each import, and each ends with the place of its library's descriptor.
fn of_imports(program: &Program<'_>, headers: &Headers) -> Vec<(Rva, u32)> {
    let image = program.image;
    let Some(descriptors) = headers.directory(headers::IMPORTS) else {
        return Vec::new();
    };
    let contributions = &program.symbols.contributions;
    let of_slot = |i: &Import| program.symbols.contribution_at(i.slot).map(|c| c.module);
    let modules: BTreeSet<_> = image.imports.iter().filter_map(of_slot).collect();
    let is_place = |rva: Rva| {
        let word = image.slice(rva, 4).and_then(|bytes| u32_at(bytes, 0));
        word.is_some_and(|w| w >= descriptors.rva.0 && w - descriptors.rva.0 < descriptors.size)
    };
    let theirs = contributions
        .iter()
        .filter(|c| modules.contains(&c.module) && c.size == 4 && is_place(c.rva));
    theirs.map(|c| (c.rva, c.size)).collect()
}

/// Finds the tables of an image.
pub fn of(program: &Program<'_>, headers: &Headers) -> Tables {
    let image = program.image;
    let mut found: Vec<(Rva, u32)> = Vec::new();
    for index in [
        headers::EXPORTS,
        headers::IMPORTS,
        headers::RESOURCES,
        headers::EXCEPTIONS,
        headers::RELOCATIONS,
        headers::DEBUG,
        headers::TLS,
        headers::LOAD_CONFIG,
        headers::IMPORT_ADDRESSES,
        headers::DELAY_IMPORTS,
    ] {
        found.extend(headers.directory(index).map(|d| (d.rva, d.size)));
    }
    found.extend(image.imports.iter().map(|i| (i.slot, 8)));
    imports(image, headers, &mut found);
    debug(image, headers, &mut found);
    guards(image, headers, &mut found);
    unwind(program, &mut found);
    found.extend(super::copies::of(program));
    found.extend(discarded(program));
    found.extend(of_imports(program, headers));
    pseudo_relocations(program, &mut found);
    // Without a load configuration, nobody but their symbols leads to the guard tables.
    let guard = |name: &str| name.starts_with("__guard_") && name.ends_with("_table");
    let named = program
        .data
        .iter()
        .filter(|d| d.names.iter().any(|n| guard(&n.name)));
    found.extend(named.map(|d| (d.rva, d.size)));
    Tables {
        ranges: disjoint(found),
    }
}

/// The same ranges ascending, those that overlap as one. What merely touches stays apart: it
/// may be of another section.
fn disjoint(mut found: Vec<(Rva, u32)>) -> Vec<(Rva, u32)> {
    found.sort_unstable();
    let mut ranges: Vec<(Rva, u32)> = Vec::new();
    for (rva, size) in found {
        match ranges.last_mut() {
            Some((start, length)) if rva.0 - start.0 < *length => {
                *length = (*length).max((rva.0 - start.0).saturating_add(size));
            }
            _ => ranges.push((rva, size)),
        }
    }
    ranges
}

/// A text with its zero.
fn text(image: &Image<'_>, rva: Rva) -> (Rva, u32) {
    let rest = image.rest_of_section(rva).unwrap_or(&[]);
    let zero = rest.iter().position(|b| *b == 0);
    (rva, zero.map_or(0, |z| z as u32 + 1))
}

/// What the descriptors of imports lead to: lists of names, slots, names.
fn imports(image: &Image<'_>, headers: &Headers, found: &mut Vec<(Rva, u32)>) {
    // Offsets of the fields of both kinds of descriptors: name, and lists of eight bytes.
    let kinds: [(usize, usize, usize, &[usize]); 2] = [
        (headers::IMPORTS, 20, 12, &[0, 16]),
        (headers::DELAY_IMPORTS, 32, 4, &[12, 16, 20, 24]),
    ];
    for (index, size, name, lists) in kinds {
        let Some(directory) = headers.directory(index) else {
            continue;
        };
        let table = image.rest_of_section(directory.rva).unwrap_or(&[]);
        for descriptor in table.chunks_exact(size) {
            let field = |at: usize| Rva(u32_at(descriptor, at).unwrap_or(0));
            if field(name) == Rva(0) {
                break;
            }
            found.push(text(image, field(name)));
            for list in lists.iter().map(|at| field(*at)).filter(|l| *l != Rva(0)) {
                let entries = image.rest_of_section(list).unwrap_or(&[]);
                let entries: Vec<u64> = entries
                    .chunks_exact(8)
                    .map(|e| u64_at(e, 0).unwrap_or(0))
                    .take_while(|e| *e != 0)
                    .collect();
                found.push((list, entries.len() as u32 * 8 + 8));
                for entry in entries.iter().filter_map(|e| u32::try_from(*e).ok()) {
                    let (rva, length) = text(image, Rva(entry).checked_add(2).unwrap_or_default());
                    if length > 0 {
                        found.push((Rva(rva.0 - 2), length + 2));
                    }
                }
            }
        }
    }
}

/// What the debug directory leads to.
fn debug(image: &Image<'_>, headers: &Headers, found: &mut Vec<(Rva, u32)>) {
    const ENTRY: usize = 28;
    let Some(directory) = headers.directory(headers::DEBUG) else {
        return;
    };
    let table = image.slice(directory.rva, directory.size as usize);
    for entry in table.unwrap_or(&[]).chunks_exact(ENTRY) {
        let (size, rva) = (u32_at(entry, 16), u32_at(entry, 20));
        if let (Some(size), Some(rva)) = (size, rva)
            && rva != 0
        {
            found.push((Rva(rva), size));
        }
    }
}

/// Fields of the load configuration (`IMAGE_LOAD_CONFIG_DIRECTORY64`) that lead to tables of
/// places, each with the field of its length in entries.
const GUARDS: [(usize, usize); 4] = [(0x80, 0x88), (0xa0, 0xa8), (0xb0, 0xb8), (0x108, 0x110)];
/// Flags of the guard tables; the top four bits say how many bytes follow each place.
const GUARD_FLAGS: usize = 0x90;

fn guards(image: &Image<'_>, headers: &Headers, found: &mut Vec<(Rva, u32)>) {
    let Some(d) = headers.directory(headers::LOAD_CONFIG) else {
        return;
    };
    // The directory's size is 64 where old loaders ask for that; the structure says its own.
    let rest = image.rest_of_section(d.rva).unwrap_or(&[]);
    let size = u32_at(rest, 0)
        .unwrap_or(0)
        .min(rest.len() as u32)
        .max(d.size);
    found.push((d.rva, size));
    let config = rest.get(..size as usize).unwrap_or(&[]);
    volatile_metadata(image, config, found);
    let extra = u32_at(config, GUARD_FLAGS).unwrap_or(0) >> 28;
    for (table, count) in GUARDS {
        let rva = u64_at(config, table).and_then(|va| Va(va).rva(image.image_base));
        let count = u64_at(config, count).unwrap_or(0).min(1 << 28) as u32;
        if let Some(rva) = rva.filter(|_| count > 0) {
            found.push((rva, count.saturating_mul(4 + extra)));
        }
    }
}

/// `VolatileMetadataPointer` in the load configuration.
const VOLATILE_METADATA: usize = 0x100;

/// Which instructions access volatile memory, for emulation on ARM64: a header with its size, a
/// version, and the RVAs and sizes in bytes of two tables of places in code.
fn volatile_metadata(image: &Image<'_>, config: &[u8], found: &mut Vec<(Rva, u32)>) {
    let place = u64_at(config, VOLATILE_METADATA).and_then(|va| Va(va).rva(image.image_base));
    let Some(place) = place.filter(|place| image.section_at(*place).is_some()) else {
        return;
    };
    let header = image.rest_of_section(place).unwrap_or(&[]);
    let word = |at: usize| u32_at(header, at).unwrap_or(0);
    found.push((place, word(0).min(header.len() as u32)));
    for table in [8, 16] {
        let (rva, size) = (Rva(word(table)), word(table + 4));
        if image.slice(rva, size as usize).is_some() {
            found.push((rva, size));
        }
    }
}

/// Unwind information, and the tables of handler data. The comparison of functions reads
/// these item by item.
fn unwind(program: &Program<'_>, found: &mut Vec<(Rva, u32)>) {
    let image = program.image;
    let mut infos: Vec<Rva> = image.runtime_functions.iter().map(|f| f.info).collect();
    infos.sort_unstable();
    infos.dedup();
    for (i, rva) in infos.iter().enumerate() {
        let Ok(info) = image.unwind_info(*rva) else {
            continue;
        };
        let own = info.to_bytes().len() as u32;
        let chained = if info.chained.is_some() { 12 } else { 0 };
        let Some((handler, data)) = info.handler else {
            found.push((*rva, own + chained));
            continue;
        };
        let known = program.handler_at(handler);
        let blocks = known
            .and_then(|form| form.read(image, data))
            .map(|d| d.blocks);
        found.push((*rva, own + 4));
        if let Some(blocks) = blocks {
            found.extend(blocks.iter().map(|b| (b.start, b.size)));
            continue;
        }
        let mut end = infos.get(i + 1).copied().unwrap_or(Rva(u32::MAX));
        if let Some(c) = program.symbols.contribution_at(*rva) {
            end = end.min(Rva(c.rva.0.saturating_add(c.size)));
        }
        end = end.min(image.section_at(*rva).map_or(*rva, |s| s.end()));
        found.push((*rva, end.0.saturating_sub(rva.0)));
    }
}

/// The list of fields that mingw's start-up code relocates: pairs of RVAs.
fn pseudo_relocations(program: &Program<'_>, found: &mut Vec<(Rva, u32)>) {
    let public = |name: &str| {
        let mut publics = program.symbols.publics.iter();
        publics.find(|p| p.name == name).map(|p| p.rva)
    };
    let bounds = (
        public("__RUNTIME_PSEUDO_RELOC_LIST__"),
        public("__RUNTIME_PSEUDO_RELOC_LIST_END__"),
    );
    if let (Some(from), Some(to)) = bounds
        && from < to
    {
        found.push((from, to.0 - from.0));
    }
}

/// Compares what the tables say that no other comparison looks at.
pub fn compare(
    (old, a): (&Program<'_>, &Headers),
    (new, b): (&Program<'_>, &Headers),
    diff: &Diff,
    reported: &impl Fn(&str) -> bool,
    rest: &mut Rest,
) {
    let of_tls = [(32, 4, "SizeOfZeroFill"), (36, 4, "Characteristics")];
    let sides = ((old.image, a), (new.image, b));
    if !reported("HP306") {
        fields(
            sides,
            headers::TLS,
            40,
            &of_tls,
            "thread-local storage",
            rest,
        );
    }
    load_config(old, new, (a, b), diff, rest);
    used_imports(old, new, rest);
    let unbound = (bound_slots(old.image, a), bound_slots(new.image, b));
    if unbound.0.len() != unbound.1.len() {
        let at = unbound.1.first().or(unbound.0.first()).copied();
        let detail = format!(
            "{} slots of imports hold something else than their names, instead of {}",
            unbound.1.len(),
            unbound.0.len()
        );
        rest.nothing(None, at, detail);
    }
}

/// Slots that do not hold what the list of names says, as they do before the loader comes;
/// descriptors that say so; and slots outside of where the headers say that they are.
fn bound_slots(image: &Image<'_>, headers: &Headers) -> Vec<Rva> {
    let mut found = Vec::new();
    let directory = headers.directory(headers::IMPORTS);
    let table = directory.and_then(|d| image.rest_of_section(d.rva));
    for descriptor in table.unwrap_or(&[]).chunks_exact(20) {
        let field = |at: usize| Rva(u32_at(descriptor, at).unwrap_or(0));
        let (names, slots) = (field(0), field(16));
        if field(12) == Rva(0) || slots == Rva(0) {
            if descriptor.iter().any(|b| *b != 0) {
                found.push(slots);
            }
            break;
        }
        if (field(4), field(8)) != (Rva(0), Rva(0)) {
            found.push(slots);
        }
        let words = |rva: Rva| image.rest_of_section(rva).unwrap_or(&[]).chunks_exact(8);
        for (i, (name, slot)) in words(names).zip(words(slots)).enumerate() {
            if names != Rva(0) && name != slot {
                found.extend(slots.checked_add(i as u32 * 8));
            }
            if name.iter().all(|b| *b == 0) {
                break;
            }
        }
    }
    if let Some(d) = headers.directory(headers::IMPORT_ADDRESSES) {
        let slots = image.imports.iter().filter(|i| !i.delayed).map(|i| i.slot);
        found.extend(slots.filter(|s| *s < d.rva || s.0 - d.rva.0 >= d.size));
        let end = image.section_at(d.rva).map(|s| s.end());
        if d.rva.checked_add(d.size) > end {
            found.push(d.rva);
        }
    }
    found
}

/// Compares single fields of a directory that both images have.
fn fields(
    ((old, a), (new, b)): ((&Image<'_>, &Headers), (&Image<'_>, &Headers)),
    index: usize,
    size: usize,
    list: &[(usize, usize, &str)],
    what: &str,
    rest: &mut Rest,
) {
    let (Some(d), Some(e)) = (a.directory(index), b.directory(index)) else {
        return;
    };
    let (Some(x), Some(y)) = (old.slice(d.rva, size), new.slice(e.rva, size)) else {
        return;
    };
    for (at, width, name) in list {
        let range = *at..at + width;
        if x[range.clone()] != y[range] {
            let detail = format!("{name} of the {what} differs");
            rest.nothing(Some(d.rva), Some(e.rva), detail);
        }
    }
}

/// The load configuration: pointers are compared by what they lead to, lengths of tables and
/// the time stamp are not compared, everything else as it is.
fn load_config(
    old: &Program<'_>,
    new: &Program<'_>,
    (a, b): (&Headers, &Headers),
    diff: &Diff,
    rest: &mut Rest,
) {
    let index = headers::LOAD_CONFIG;
    let (Some(d), Some(e)) = (a.directory(index), b.directory(index)) else {
        return;
    };
    let config = |program: &Program<'_>, rva: Rva| {
        let bytes = program.image.rest_of_section(rva).unwrap_or(&[]);
        let size = u32_at(bytes, 0).unwrap_or(0) as usize;
        bytes[..size.min(bytes.len())].to_vec()
    };
    let (x, y) = (config(old, d.rva), config(new, e.rva));
    if x.len() != y.len() {
        let detail = format!(
            "the load configuration has {} bytes instead of {}",
            y.len(),
            x.len()
        );
        return rest.nothing(Some(d.rva), Some(e.rva), detail);
    }
    const TIME_STAMP: usize = 4;
    let mut at = 0;
    while at < x.len() {
        let places = (d.rva.checked_add(at as u32), e.rva.checked_add(at as u32));
        let (Some(p), Some(q)) = places else { return };
        let pointers = (
            old.image.relocations_in(p, 1).len(),
            new.image.relocations_in(q, 1).len(),
        );
        if pointers == (1, 1) {
            let is_table = GUARDS.iter().any(|(table, _)| *table == at);
            let targets = (old.image.pointer_at(p), new.image.pointer_at(q));
            let same = matches!(targets, (Some(s), Some(t)) if same_object(old, new, diff, s, t));
            if !is_table && !same {
                let detail = format!("the load configuration leads elsewhere at +{at:#x}");
                rest.nothing(Some(p), Some(q), detail);
            }
            at += 8;
            continue;
        }
        let is_length = GUARDS
            .iter()
            .any(|(_, count)| (*count..count + 8).contains(&at));
        let is_time = (TIME_STAMP..TIME_STAMP + 4).contains(&at);
        if pointers != (0, 0) || (x[at] != y[at] && !is_length && !is_time) {
            let detail = format!("the load configuration differs at +{at:#x}");
            rest.nothing(Some(p), Some(q), detail);
        }
        at += 1;
    }
}

/// Whether two places are the same object by name, or both have none.
fn same_object(old: &Program<'_>, new: &Program<'_>, diff: &Diff, a: Rva, b: Rva) -> bool {
    match (old.place(a), new.place(b)) {
        (Place::Data(d, x), Place::Data(e, y)) => x == y && diff.keys.same_datum(d, e),
        (Place::Function(f, x), Place::Function(g, y)) => x == y && diff.keys.same_function(f, g),
        (Place::Variable, Place::Variable)
        | (Place::Constant, Place::Constant)
        | (Place::Import(_), Place::Import(_)) => true,
        _ => false,
    }
}

/// Imports that come or go with no function that the report names.
fn used_imports(old: &Program<'_>, new: &Program<'_>, rest: &mut Rest) {
    let (a, b) = (names(&old.image.imports), names(&new.image.imports));
    for (program, only, which) in [(old, &a - &b, "the old"), (new, &b - &a, "the new")] {
        if only.is_empty() {
            continue;
        }
        // Code that uses it is a function that changed, was added or was removed.
        let used = used_names(program);
        for (module, name) in only.difference(&used) {
            let detail = format!(
                "only {which} image imports {module}!{name}, and no function of it is seen to use it"
            );
            rest.nothing(None, None, detail);
        }
    }
}

/// Module and name of an import, however it is loaded.
type Imported<'p> = (&'p str, &'p ImportName);

fn names(imports: &[Import]) -> BTreeSet<Imported<'_>> {
    let names = imports.iter().map(|i| (&*i.module, &i.name));
    names.collect()
}

/// The imports to whose slots code refers.
fn used_names<'p>(program: &'p Program<'_>) -> BTreeSet<Imported<'p>> {
    let imports = &program.image.imports;
    let references = program.code.iter().flat_map(|c| &c.references);
    let used = references.filter_map(|r| {
        let from = imports.partition_point(|i| i.slot < r.target);
        imports.get(from).filter(|i| i.slot == r.target)
    });
    used.map(|i| (&*i.module, &i.name)).collect()
}

#[cfg(test)]
mod tests {
    use super::disjoint;
    use crate::addr::Rva;

    #[test]
    fn tables_that_touch_stay_apart() {
        let found = vec![(Rva(0x2000), 8), (Rva(0x1ff0), 16), (Rva(0x1ff4), 4)];
        assert_eq!(disjoint(found), [(Rva(0x1ff0), 16), (Rva(0x2000), 8)]);
    }
}
