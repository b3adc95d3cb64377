//! Names by which functions and data of two builds are matched.
//!
//! A decorated or public name is one key. A file-local name is one only together with
//! its object file and its enclosing function. Several keys share an address after identical
//! code folding.
//!
//! A key that several items of a build carry is no name: the items form an *open set*, of
//! which pairs are taken out by [`evidence`] alone. What remains in an open set is
//! *ambiguous*: it is never the same as anything, and the pairs that are shown are guesses.

mod draft;
mod evidence;
mod linkage;
mod renamed;
mod statics;

use std::collections::{BTreeSet, HashMap};

use super::modules::ModulePairs;
use crate::function::{DataIndex, FunctionIndex, Program};
use draft::{Draft, Drafter, Interner};

/// An interned key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct KeyId(pub u32);

/// Keys of one kind (functions or data) in one build.
#[derive(Debug, Default)]
struct Side {
    /// Keys of each item, ascending.
    of_item: Vec<Vec<KeyId>>,
    /// Item of each key.
    item: Vec<Option<u32>>,
    /// The open sets that an item is in.
    open: HashMap<u32, Vec<usize>>,
}

impl Side {
    fn item(&self, key: KeyId) -> Option<u32> {
        self.item.get(key.0 as usize).copied().flatten()
    }

    /// Gives an item one more key, greater than all others.
    fn add(&mut self, item: u32, key: KeyId) {
        self.of_item[item as usize].push(key);
        self.item.resize(key.0 as usize + 1, None);
        self.item[key.0 as usize] = Some(item);
    }

    /// The items of the other build that have a key of this one.
    fn partners(&self, item: u32, other: &Side) -> Vec<u32> {
        let keys = self.of_item[item as usize].iter();
        let mut partners: Vec<u32> = keys.filter_map(|k| other.item(*k)).collect();
        partners.sort_unstable();
        partners.dedup();
        partners
    }
}

/// Items that carry one key, and of which is not known which is which.
#[derive(Clone, Debug, Default)]
struct OpenSet {
    old: Vec<u32>,
    new: Vec<u32>,
    /// They may belong to different object files.
    several_modules: bool,
}

/// The keys of one kind in both builds.
#[derive(Debug, Default)]
struct Table {
    old: Side,
    new: Side,
    next: u32,
    sets: Vec<OpenSet>,
    /// Members of open sets by order, for display: of the new build, and of the old one.
    guessed: (HashMap<u32, u32>, HashMap<u32, u32>),
}

impl Table {
    fn new(interner: Interner, old: Draft, new: Draft) -> Self {
        let mut table = Table {
            next: interner.names.len() as u32,
            ..Table::default()
        };
        let groups = old.groups(interner.names.len()).into_iter();
        let groups = groups.zip(new.groups(interner.names.len()));
        table.old.of_item = vec![Vec::new(); old.names.len()];
        table.new.of_item = vec![Vec::new(); new.names.len()];
        table.old.item = vec![None; interner.names.len()];
        table.new.item = vec![None; interner.names.len()];
        for (name, (olds, news)) in groups.enumerate() {
            let key = KeyId(name as u32);
            if olds.len() <= 1 && news.len() <= 1 {
                for (side, items) in [(&mut table.old, olds), (&mut table.new, news)] {
                    for item in items {
                        side.of_item[item as usize].push(key);
                        side.item[name] = Some(item);
                    }
                }
            } else if !olds.is_empty() && !news.is_empty() {
                table.sets.push(OpenSet {
                    old: olds,
                    new: news,
                    several_modules: interner.several_modules[name],
                });
            }
        }
        for (index, set) in table.sets.iter().enumerate() {
            for (side, items) in [(&mut table.old, &set.old), (&mut table.new, &set.new)] {
                for item in items {
                    side.open.entry(*item).or_default().push(index);
                }
            }
        }
        // What another name has paired is no longer open.
        for index in 0..table.sets.len() {
            for o in table.sets[index].old.clone() {
                for n in table.old.partners(o, &table.new) {
                    table.close(o, n);
                }
            }
        }
        table
    }

    /// Takes a pair that is known out of the open sets that hold both.
    fn close(&mut self, o: u32, n: u32) {
        let of_old = self.old.open.get(&o).cloned().unwrap_or_default();
        for index in of_old {
            let set = &mut self.sets[index];
            if !set.new.contains(&n) {
                continue;
            }
            set.old.retain(|other| *other != o);
            set.new.retain(|other| *other != n);
            let mut done = vec![(true, o), (false, n)];
            if set.old.is_empty() || set.new.is_empty() {
                // Nothing is left that the others could be.
                done.extend(set.old.drain(..).map(|o| (true, o)));
                done.extend(set.new.drain(..).map(|n| (false, n)));
            }
            for (is_old, item) in done {
                let side = if is_old { &mut self.old } else { &mut self.new };
                if let Some(list) = side.open.get_mut(&item) {
                    list.retain(|other| *other != index);
                    if list.is_empty() {
                        side.open.remove(&item);
                    }
                }
            }
        }
    }

    /// Notes that an old and a new item are one and the same.
    fn prove(&mut self, o: u32, n: u32) {
        let key = KeyId(self.next);
        self.next += 1;
        self.old.add(o, key);
        self.new.add(n, key);
        self.close(o, n);
    }

    fn same(&self, o: u32, n: u32) -> bool {
        common(&self.old.of_item[o as usize], &self.new.of_item[n as usize])
    }

    /// Takes from a new item all keys that an old one has as well.
    fn part(&mut self, o: u32, n: u32) {
        let of_old = &self.old.of_item[o as usize];
        self.new.of_item[n as usize].retain(|key| {
            let shared = of_old.contains(key);
            if shared {
                self.new.item[key.0 as usize] = None;
            }
            !shared
        });
    }

    /// Whether an old and a new item are in one open set.
    fn may_be(&self, o: u32, n: u32) -> bool {
        let sets = self.old.open.get(&o).into_iter().flatten();
        let others = self.new.open.get(&n);
        others.is_some_and(|others| sets.into_iter().any(|s| others.contains(s)))
    }

    fn is_open(&self) -> bool {
        !self.old.open.is_empty() && !self.new.open.is_empty()
    }

    /// Whether an item is in an open set, and nothing else says what it is.
    fn is_ambiguous(&self, side: &Side, item: u32) -> bool {
        let other = match std::ptr::eq(side, &raw const self.old) {
            true => &self.new,
            false => &self.old,
        };
        side.open.contains_key(&item) && side.partners(item, other).is_empty()
    }

    /// Pairs what remains in the open sets by order, for display.
    fn guess(&mut self) {
        for set in &self.sets {
            let lone = |side: &Side, items: &[u32], other: &Side| -> Vec<u32> {
                let items = items.iter().copied();
                items
                    .filter(|i| side.partners(*i, other).is_empty())
                    .collect()
            };
            let olds = lone(&self.old, &set.old, &self.new);
            let news = lone(&self.new, &set.new, &self.old);
            for (o, n) in olds.into_iter().zip(news) {
                if !self.guessed.1.contains_key(&o) && !self.guessed.0.contains_key(&n) {
                    self.guessed.0.insert(n, o);
                    self.guessed.1.insert(o, n);
                }
            }
        }
    }

    /// The old item with the first key of a new one that the old build has, or the guess.
    fn old_of(&self, new: u32) -> Option<u32> {
        let keys = self.new.of_item[new as usize].iter();
        let known = keys.filter_map(|k| self.old.item(*k)).next();
        known.or_else(|| self.guessed.0.get(&new).copied())
    }

    fn new_of(&self, old: u32) -> Vec<u32> {
        let mut new = self.old.partners(old, &self.new);
        new.extend(self.guessed.1.get(&old));
        new
    }

    /// The old items that a new one may be.
    fn candidates(&self, new: u32) -> Vec<u32> {
        let sets = self.new.open.get(&new).into_iter().flatten();
        let all: BTreeSet<u32> = sets.flat_map(|s| self.sets[*s].old.clone()).collect();
        all.into_iter().collect()
    }

    /// The new items that share an open set with a new one, itself included.
    fn rivals(&self, new: u32) -> Vec<u32> {
        let sets = self.new.open.get(&new).into_iter().flatten();
        let all: BTreeSet<u32> = sets.flat_map(|s| self.sets[*s].new.clone()).collect();
        all.into_iter().collect()
    }

    fn pairs(&self) -> Vec<(u32, u32)> {
        let known = self.old.item.iter().zip(&self.new.item);
        let mut pairs: Vec<(u32, u32)> = known
            .filter_map(|(o, n)| Some(((*o)?, (*n)?)))
            .chain(self.guessed.1.iter().map(|(o, n)| (*o, *n)))
            .collect();
        pairs.sort_unstable();
        pairs.dedup();
        pairs
    }

    /// The items of both builds that nothing of the other build can be.
    fn unmatched(&self) -> (Vec<u32>, Vec<u32>) {
        let of = |side: &Side, other: &Side| -> Vec<u32> {
            let all = 0..side.of_item.len() as u32;
            let lone = all.filter(|i| {
                !side.open.contains_key(i)
                    && !side.of_item[*i as usize]
                        .iter()
                        .any(|k| other.item(*k).is_some())
            });
            lone.collect()
        };
        (of(&self.old, &self.new), of(&self.new, &self.old))
    }
}

/// The keys of both builds.
#[derive(Debug)]
pub struct Keys {
    functions: Table,
    data: Table,
    /// Which object file is which.
    pub(crate) modules: ModulePairs,
    /// Members of one open set count as the same, while evidence is gathered.
    hopeful: bool,
    /// Functions that count as the same, while it is looked whether they are.
    assumed: BTreeSet<(u32, u32)>,
}

impl Keys {
    /// Interns the names of two builds, and weighs what speaks for which of several namesakes
    /// is which.
    pub fn new(old: &Program<'_>, new: &Program<'_>) -> Self {
        let modules = ModulePairs::new(old.symbols, new.symbols);
        let before = Drafter::new(old, &modules.old, &modules.open);
        let after = Drafter::new(new, &modules.new, &modules.open);
        let mut interner = Interner::default();
        let (a, b) = (
            before.functions(&mut interner),
            after.functions(&mut interner),
        );
        let certain = a.certain(&b);
        let mut functions = Table::new(interner, a, b);
        prove_all(&mut functions, certain);
        let mut interner = Interner::default();
        let (a, b) = (before.data(&mut interner), after.data(&mut interner));
        let certain = a.certain(&b);
        let mut data = Table::new(interner, a, b);
        prove_all(&mut data, certain);
        for (o, n) in statics::moved((&before, &after), &data) {
            data.prove(o, n);
        }
        for (o, n) in linkage::functions((&before, &after), &functions) {
            functions.prove(o, n);
        }
        for (o, n) in linkage::data((&before, &after), &data) {
            data.prove(o, n);
        }
        let mut keys = Keys {
            functions,
            data,
            modules,
            hopeful: false,
            assumed: BTreeSet::new(),
        };
        evidence::weigh(old, new, &mut keys);
        renamed::find(old, new, &mut keys);
        keys.functions.guess();
        keys.data.guess();
        keys
    }

    /// Pairs of an old and a new function that carry the same key, once each; and guesses
    /// (see [`Keys::function_is_ambiguous`]).
    pub fn function_pairs(&self) -> Vec<(FunctionIndex, FunctionIndex)> {
        let pairs = self.functions.pairs().into_iter();
        pairs
            .map(|(o, n)| (FunctionIndex(o), FunctionIndex(n)))
            .collect()
    }

    /// Pairs of an old and a new datum that carry the same key, once each; and guesses
    /// (see [`Keys::datum_is_ambiguous`]).
    pub fn data_pairs(&self) -> Vec<(DataIndex, DataIndex)> {
        let pairs = self.data.pairs().into_iter();
        pairs.map(|(o, n)| (DataIndex(o), DataIndex(n))).collect()
    }

    /// Whether an old and a new function have a key in common.
    pub fn same_function(&self, old: FunctionIndex, new: FunctionIndex) -> bool {
        self.functions.same(old.0, new.0)
            || self.hopeful && self.functions.may_be(old.0, new.0)
            || self.assumed.contains(&(old.0, new.0))
    }

    /// Whether an old and a new datum have a key in common.
    pub fn same_datum(&self, old: DataIndex, new: DataIndex) -> bool {
        self.data.same(old.0, new.0) || self.hopeful && self.data.may_be(old.0, new.0)
    }

    /// Whether an old and a new datum have a name in common of which is not known whose it
    /// is. For constants, the content can decide.
    pub fn may_be_same_datum(&self, old: DataIndex, new: DataIndex) -> bool {
        self.data.may_be(old.0, new.0)
    }

    /// The old function with the first key of this new one that the old build has, or a guess.
    pub fn old_function_of(&self, new: FunctionIndex) -> Option<FunctionIndex> {
        self.functions.old_of(new.0).map(FunctionIndex)
    }

    /// The old datum with the first key of this new one that the old build has, or a guess.
    pub fn old_datum_of(&self, new: DataIndex) -> Option<DataIndex> {
        self.data.old_of(new.0).map(DataIndex)
    }

    /// The old data that carry keys of this new one: several where names that belonged to
    /// different data belong to one now.
    pub fn old_data_of(&self, new: DataIndex) -> Vec<DataIndex> {
        let old = self.data.new.partners(new.0, &self.data.old);
        old.into_iter().map(DataIndex).collect()
    }

    /// Whether the new build has a datum with a key of this old one.
    pub fn has_new_datum(&self, old: DataIndex) -> bool {
        !self.data.old.partners(old.0, &self.data.new).is_empty()
    }

    /// Whether the new build has nothing under one of the names of an old function.
    pub fn loses_a_name(&self, old: FunctionIndex) -> bool {
        let keys = self.functions.old.of_item[old.0 as usize].iter();
        keys.copied().any(|k| self.functions.new.item(k).is_none())
    }

    /// Notes that a new function is no version of this old one, although it has a key of it.
    pub fn part(&mut self, old: FunctionIndex, new: FunctionIndex) {
        self.functions.part(old.0, new.0);
    }

    /// New functions that carry a key of this old one.
    pub fn new_functions_of(&self, old: FunctionIndex) -> Vec<FunctionIndex> {
        let new = self.functions.new_of(old.0).into_iter();
        new.map(FunctionIndex).collect()
    }

    /// Whether which function of the new build this old one is could only be guessed.
    pub fn function_is_ambiguous(&self, old: FunctionIndex) -> bool {
        self.functions.is_ambiguous(&self.functions.old, old.0)
    }

    /// Whether which function of the old build this new one is could only be guessed.
    pub fn new_function_is_ambiguous(&self, new: FunctionIndex) -> bool {
        self.functions.is_ambiguous(&self.functions.new, new.0)
    }

    /// Whether which datum of the old build this new one is could only be guessed.
    pub fn datum_is_ambiguous(&self, new: DataIndex) -> bool {
        self.data.is_ambiguous(&self.data.new, new.0)
    }

    /// The old functions that an ambiguous new one may be.
    pub fn function_candidates(&self, new: FunctionIndex) -> Vec<FunctionIndex> {
        let all = self.functions.candidates(new.0).into_iter();
        all.map(FunctionIndex).collect()
    }

    /// The new functions between which is not known which is which, this one included.
    pub fn function_rivals(&self, new: FunctionIndex) -> Vec<FunctionIndex> {
        let all = self.functions.rivals(new.0).into_iter();
        all.map(FunctionIndex).collect()
    }

    /// The new data between which is not known which is which, this one included.
    pub fn datum_rivals(&self, new: DataIndex) -> Vec<DataIndex> {
        let all = self.data.rivals(new.0).into_iter();
        all.map(DataIndex).collect()
    }

    /// The old data that an ambiguous new one may be.
    pub fn datum_candidates(&self, new: DataIndex) -> Vec<DataIndex> {
        let all = self.data.candidates(new.0).into_iter();
        all.map(DataIndex).collect()
    }
}

fn prove_all(table: &mut Table, pairs: Vec<(u32, u32)>) {
    for (o, n) in pairs {
        if table.may_be(o, n) {
            table.prove(o, n);
        }
    }
}

/// Whether two ascending lists have an element in common.
fn common(a: &[KeyId], b: &[KeyId]) -> bool {
    if a.len() == 1 && b.len() == 1 {
        return a == b;
    }
    a.iter().any(|k| b.binary_search(k).is_ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn folded_functions_share_a_key_with_each_of_their_names() {
        let [a, b, c] = [KeyId(1), KeyId(2), KeyId(3)];
        assert!(common(&[a, b], &[b, c]));
        assert!(!common(&[a], &[b, c]));
    }

    /// A table of items that each have one name.
    fn table(old: &[u32], new: &[u32]) -> Table {
        let draft = |names: &[u32]| Draft {
            names: names.iter().map(|n| vec![(*n, None)]).collect(),
        };
        let count = old.iter().chain(new).max().map_or(0, |m| m + 1) as usize;
        let interner = Interner::of_plain_names(count);
        Table::new(interner, draft(old), draft(new))
    }

    #[test]
    fn namesakes_are_nothing_until_they_are_proven() {
        let mut table = table(&[0, 0, 1], &[1, 0, 0]);
        assert!(table.same(2, 0) && !table.same(0, 1) && table.may_be(0, 1));
        assert!(table.is_ambiguous(&table.old, 0) && !table.is_ambiguous(&table.old, 2));
        table.prove(0, 2);
        assert!(table.same(0, 2) && !table.may_be(0, 2) && table.may_be(1, 1));
        assert_eq!(table.candidates(1), [1]);
        table.guess();
        assert_eq!(table.old_of(1), Some(1));
        assert!(table.is_ambiguous(&table.new, 1));
    }

    #[test]
    fn what_nothing_is_left_for_is_added_or_removed() {
        let mut table = table(&[0], &[0, 0]);
        table.prove(0, 1);
        assert!(!table.is_open());
        assert_eq!(table.unmatched(), (vec![], vec![0]));
    }
}
