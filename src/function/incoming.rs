//! Who holds the address of what: every reference into data, by what it leads to.

use super::{Code, Function, FunctionIndex, Program};
use crate::addr::Rva;
use crate::image::{Image, SectionKind};
use crate::symbols::SwitchTable;

/// Where an address is held.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Site {
    /// In code: the function, and the offset of the field in it.
    Code(FunctionIndex, u32),
    /// In data: where the pointer is, or the entry of a table of distances.
    Pointer(Rva),
}

/// All references that do not lead into code, by what they lead to.
#[derive(Debug, Default)]
pub struct Incoming {
    list: Vec<(Rva, Site)>,
}

impl Incoming {
    /// Collects the references of all code and of all relocated pointers.
    pub fn new(image: &Image<'_>, functions: &[Function], code: &[Code]) -> Self {
        let mut list = Vec::new();
        for (index, code) in code.iter().enumerate().take(functions.len()) {
            let function = FunctionIndex(index as u32);
            let data = code.references.iter();
            let data = data.filter(|r| !is_code(image, r.target));
            list.extend(data.map(|r| (r.target, Site::Code(function, r.at))));
        }
        for place in &image.base_relocations {
            if let Some(target) = image.pointer_at(*place).filter(|t| !is_code(image, *t)) {
                list.push((target, Site::Pointer(*place)));
            }
        }
        list.sort_unstable();
        Incoming { list }
    }

    /// Adds the entries of tables of distances.
    pub fn add_entries(&mut self, image: &Image<'_>, tables: &[SwitchTable]) {
        let entries = tables.iter().filter(|t| t.branch == Rva(0)).flat_map(|t| {
            let targets = image.switch_targets(t).unwrap_or_default();
            let places = (0..).map(|i| Site::Pointer(t.entry_at(i)));
            targets.into_iter().zip(places)
        });
        self.list
            .extend(entries.filter(|(target, _)| !is_code(image, *target)));
        self.list.sort_unstable();
        self.list.dedup();
    }

    /// References to `[from, to)`: what they lead to, and where they are.
    pub fn within(&self, from: Rva, to: Rva) -> &[(Rva, Site)] {
        let first = self.list.partition_point(|(t, _)| *t < from);
        let last = self.list.partition_point(|(t, _)| *t < to);
        &self.list[first..last.max(first)]
    }

    /// All of them, by ascending address.
    pub fn all(&self) -> &[(Rva, Site)] {
        &self.list
    }

    /// References to one address.
    pub fn at(&self, rva: Rva) -> &[(Rva, Site)] {
        self.within(rva, Rva(rva.0.saturating_add(1)))
    }

    /// The addresses below `rva` and not below `floor` that are referred to, descending, once
    /// each.
    pub fn below(&self, rva: Rva, floor: Rva) -> impl Iterator<Item = Rva> + '_ {
        let groups = self.within(floor, rva).chunk_by(|a, b| a.0 == b.0);
        groups.rev().map(|group| group[0].0)
    }
}

/// Whether an address lies in code. An end may be where its section ends, too.
fn is_code(image: &Image<'_>, rva: Rva) -> bool {
    let section = image.section_at(rva);
    section.is_some_and(|s| s.kind() == SectionKind::Code)
}

impl Program<'_> {
    /// The functions and pointers that can mean a range of data, or something in it: by the
    /// address of its start, of a place inside, or of its end where what is done with that
    /// address does not show that the object behind is meant.
    pub fn may_mean(&self, from: Rva, size: u32) -> Vec<Site> {
        let to = Rva(from.0.saturating_add(size));
        let inside = self.incoming().within(from, to).iter();
        let mut sites: Vec<Site> = inside.map(|(_, site)| *site).collect();
        let ends = self.incoming().at(to).iter().map(|(_, site)| *site);
        sites.extend(ends.filter(|site| {
            let end = self.intent(*site, to).settled(self, *site).end;
            end.is_some_and(|end| end.start < to && end.start.0 + end.len > from.0)
        }));
        sites.sort_unstable();
        sites.dedup();
        sites
    }
}
