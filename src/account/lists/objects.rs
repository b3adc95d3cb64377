//! What lies in a range of data, object after object.

use crate::addr::Rva;
use crate::function::{Program, ReferenceKind, Site};
use crate::image::ExportTarget;

/// An object in the order of places.
pub(super) struct Object<'p> {
    pub(super) from: Rva,
    pub(super) to: Rva,
    pub(super) name: &'p str,
    /// What its elements are; `None` where it is nothing that a list is made of.
    pub(super) element: Option<String>,
    /// Something refers to it.
    pub(super) seen: bool,
    /// Something holds its address.
    pub(super) held: bool,
}

/// The objects of a range, by ascending place: what has a name, and contributions without any.
pub(super) fn objects<'p>(program: &'p Program<'_>, from: Rva, to: Rva) -> Vec<Object<'p>> {
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
