//! Who refers to read-only data, and where.

use super::{Code, Function, ReferenceKind};
use crate::addr::Rva;
use crate::image::{Image, SectionKind};
use crate::symbols::SwitchTable;

/// A referencer with this bit is a pointer in data: the rest is its number in the base
/// relocation table. Every pointer is a referencer of its own.
const DATA_POINTER: u32 = 1 << 31;
/// A referencer with this bit is an entry of a table of distances.
const ENTRY: u32 = 1 << 30;

/// One reference into read-only data.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Referencer {
    /// The place that is referred to.
    pub target: Rva,
    /// A function's index, or a pointer or entry in data.
    who: u32,
    /// How many bytes are read, where nothing else can be: 0 where the address is taken.
    pub accessed: u16,
}

impl Referencer {
    /// The function that refers; `None` where data does.
    pub fn function(&self) -> Option<usize> {
        (self.who & (DATA_POINTER | ENTRY) == 0).then_some(self.who as usize)
    }

    /// Where the pointer is that refers, as its number in the base relocation table.
    pub fn pointer(&self) -> Option<usize> {
        (self.who & DATA_POINTER != 0).then_some((self.who & !DATA_POINTER) as usize)
    }
}

/// All references into read-only data, ascending.
#[derive(Debug, Default)]
pub struct Referencers {
    list: Vec<Referencer>,
}

impl Referencers {
    /// Collects the references of all code and of all relocated pointers.
    pub fn new(image: &Image<'_>, functions: &[Function], code: &[Code]) -> Self {
        let mut list = Vec::new();
        for (index, code) in code.iter().enumerate().take(functions.len()) {
            let references = code.references.iter();
            list.extend(references.map(|r| Referencer {
                target: r.target,
                who: index as u32,
                accessed: match r.kind {
                    ReferenceKind::Access(size) => size,
                    _ => 0,
                },
            }));
        }
        for (index, place) in image.base_relocations.iter().enumerate() {
            let target = image.pointer_at(*place);
            list.extend(target.map(|target| Referencer {
                target,
                who: DATA_POINTER | index as u32,
                accessed: 0,
            }));
        }
        Referencers::of(image, list)
    }

    fn of(image: &Image<'_>, mut list: Vec<Referencer>) -> Self {
        list.retain(|r| {
            let section = image.section_at(r.target);
            section.is_some_and(|s| s.kind() == SectionKind::ReadOnly)
        });
        list.sort_unstable();
        list.dedup();
        Referencers { list }
    }

    /// Adds what the entries of tables of distances lead to.
    pub fn add_entries(&mut self, image: &Image<'_>, tables: &[SwitchTable]) {
        let lookups = tables.iter().filter(|t| t.branch == Rva(0));
        let targets = lookups.flat_map(|t| image.switch_targets(t).unwrap_or_default());
        let mut list = std::mem::take(&mut self.list);
        list.extend(targets.enumerate().map(|(i, target)| Referencer {
            target,
            who: ENTRY | i as u32,
            accessed: 0,
        }));
        *self = Referencers::of(image, list);
    }

    /// Every address that is referred to, ascending, once each.
    pub fn targets(&self) -> Vec<Rva> {
        let mut targets: Vec<Rva> = self.list.iter().map(|r| r.target).collect();
        targets.dedup();
        targets
    }

    /// The references to exactly this address.
    pub fn at(&self, rva: Rva) -> &[Referencer] {
        let from = self.list.partition_point(|r| r.target < rva);
        let to = self.list.partition_point(|r| r.target <= rva);
        &self.list[from..to]
    }

    /// The first address at or after `rva` that someone refers to.
    pub fn first_from(&self, rva: Rva) -> Option<Rva> {
        let from = self.list.partition_point(|r| r.target < rva);
        self.list.get(from).map(|r| r.target)
    }

    /// The last address up to `rva` that someone refers to.
    pub fn last_until(&self, rva: Rva) -> Option<Rva> {
        let to = self.list.partition_point(|r| r.target <= rva);
        self.list[..to].last().map(|r| r.target)
    }

    /// Whether someone refers to this address.
    pub fn is_target(&self, rva: Rva) -> bool {
        !self.at(rva).is_empty()
    }

    /// The addresses after `rva`, below `limit`, that someone refers to who does not refer
    /// to `rva`, each with all references to it.
    pub fn others_after(&self, rva: Rva, limit: Rva) -> impl Iterator<Item = &[Referencer]> {
        let own: Vec<u32> = self.at(rva).iter().map(|r| r.who).collect();
        let from = self.list.partition_point(|r| r.target <= rva);
        self.list[from..]
            .chunk_by(|a, b| a.target == b.target)
            .take_while(move |group| group[0].target < limit)
            .filter(move |group| group.iter().any(|r| !own.contains(&r.who)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_in_the_middle_of_an_object_is_its_users_own() {
        let refer = |(target, who)| Referencer {
            target: Rva(target),
            who,
            accessed: 0,
        };
        let list = [(0x100, 1), (0x100, 2), (0x110, 1), (0x120, 1), (0x120, 3)];
        let referencers = Referencers {
            list: list.map(refer).to_vec(),
        };
        let mut others = referencers.others_after(Rva(0x100), Rva(0x200));
        assert_eq!(others.next().map(|g| g[0].target), Some(Rva(0x120)));
        assert!(others.next().is_none());
    }
}
