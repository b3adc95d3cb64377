//! Lists in sections, or groups of sections, whose name no compiler gives by itself.

use super::objects::objects;
use super::{List, Sign};
use crate::addr::Rva;
use crate::function::Program;
use crate::image::SectionKind;

/// The lists in sections, or groups of sections, of a name of their own.
pub(super) fn collected(program: &Program<'_>) -> Vec<List> {
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
