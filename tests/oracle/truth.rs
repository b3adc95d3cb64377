//! The oracle's answer, with the addresses that the linker gave.

use std::collections::{BTreeMap, BTreeSet};

use super::build::{Build, Item, Name};
use super::compare::Reach;
use super::linkmap::LinkMap;

/// One image: its objects in link order, and where the linker put things.
pub struct Linked<'b> {
    pub build: &'b Build,
    pub map: &'b LinkMap,
}

impl Linked<'_> {
    /// The addresses of items that are in the image.
    pub fn addresses(&self, items: Vec<Item>) -> BTreeSet<u32> {
        items
            .iter()
            .filter_map(|i| self.map.address_of(i))
            .collect()
    }

    fn located(&self, items: Vec<Item>) -> Vec<(u32, Item)> {
        let located = items.into_iter();
        located
            .filter_map(|i| Some((self.map.address_of(&i)?, i)))
            .collect()
    }
}

/// The oracle's answer.
#[derive(Debug, Default)]
pub struct Truth {
    /// How many are in both builds.
    pub compared: usize,
    /// Old and new address, and how they differ.
    pub changed: BTreeMap<(u32, u32), String>,
    /// May be reported as changed without being an extra.
    pub allowed: BTreeSet<(u32, u32)>,
    pub added: BTreeMap<u32, String>,
    pub removed: BTreeMap<u32, String>,
    /// Of those that are gone and those that are new: addresses of items of which it cannot
    /// be said which is which, because only numbers tell their names apart.
    pub loose: (BTreeSet<u32>, BTreeSet<u32>),
}

/// Compares what both builds have by one name.
pub fn truth(
    old: &Linked<'_>,
    new: &Linked<'_>,
    items: (Vec<Item>, Vec<Item>),
    difference: impl Fn(Reach, &Item, &Item) -> Option<String>,
) -> Truth {
    let items = (old.located(items.0), new.located(items.1));
    let (olds, news) = (by_name(&items.0), by_name(&items.1));
    let mut truth = Truth::default();
    let mut pairs = BTreeSet::new();
    let mut paired = (BTreeSet::new(), BTreeSet::new());
    for (name, group) in &olds {
        let others = news.get(name).map_or(&[][..], Vec::as_slice);
        let ambiguous = group.len() > 1 || others.len() > 1;
        for (old_rva, item) in group {
            let same = |i: &Item| difference(Reach::Read, item, i).is_none();
            let found = match ambiguous {
                true => others
                    .iter()
                    .find(|(rva, i)| !paired.1.contains(rva) && same(i)),
                false => others.first(),
            };
            let Some((new_rva, counterpart)) = found else {
                continue;
            };
            // Several names can lead to one pair.
            let pair = (*old_rva, *new_rva);
            if !pairs.insert(pair) {
                continue;
            }
            paired.0.insert(*old_rva);
            paired.1.insert(*new_rva);
            truth.compared += 1;
            if let Some(why) = difference(Reach::Read, item, counterpart) {
                truth.changed.insert(pair, format!("{name} ({why})"));
                truth.allowed.insert(pair);
            } else if difference(Reach::Whole, item, counterpart).is_some() {
                truth.allowed.insert(pair);
            }
        }
        if ambiguous {
            truth.loose.0.extend(group.iter().map(|g| g.0));
            truth.loose.1.extend(others.iter().map(|o| o.0));
        }
    }
    let left = |items: &[(u32, Item)], paired: &BTreeSet<u32>| {
        let left = items.iter().filter(|(rva, _)| !paired.contains(rva));
        left.map(|(rva, i)| (*rva, i.names[0].to_string()))
            .collect()
    };
    truth.removed = left(&items.0, &paired.0);
    truth.added = left(&items.1, &paired.1);
    truth.loose.0.retain(|rva| truth.removed.contains_key(rva));
    truth.loose.1.retain(|rva| truth.added.contains_key(rva));
    truth
}

/// Items by name; several where names differ by numbers only.
fn by_name(items: &[(u32, Item)]) -> BTreeMap<&Name, Vec<&(u32, Item)>> {
    let mut map: BTreeMap<&Name, Vec<&(u32, Item)>> = BTreeMap::new();
    for item in items {
        for name in &item.1.names {
            map.entry(name).or_default().push(item);
        }
    }
    map
}
