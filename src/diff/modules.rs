//! Which object file of the new build is which of the old one.
//!
//! File-local names only mean something within their object file. Objects of one base name
//! are told apart by their paths and by the names that only one object of each build has;
//! those whose name is not the same in both builds (temporary objects, renamed sources) by
//! such names alone. The order in which they were linked says nothing. Where none of this
//! decides, the objects in question are one *open* set: whose file-local names are whose has
//! to be shown by other means.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use crate::symbols::{Module, ModuleIndex, Symbols, object_name};

/// A number that two modules have in common when they are the same object file, or when they
/// belong to the same open set.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ModuleId(pub u32);

/// The ids of the modules of both builds, by module index.
#[derive(Debug)]
pub struct ModulePairs {
    /// Of the old build.
    pub old: Vec<ModuleId>,
    /// Of the new build.
    pub new: Vec<ModuleId>,
    /// Ids of open sets.
    pub open: BTreeSet<ModuleId>,
}

impl ModulePairs {
    /// Pairs the modules of two builds.
    pub fn new(old: &Symbols, new: &Symbols) -> Self {
        let mut pairing = Pairing::new(old, new);
        pairing.by_base_name();
        pairing.by_shared_names();
        pairing.ids()
    }

    /// Whether an old and a new module are the same object file.
    pub fn same(&self, old: ModuleIndex, new: ModuleIndex) -> bool {
        match (self.old.get(old.0 as usize), self.new.get(new.0 as usize)) {
            (Some(o), Some(n)) => o == n && !self.open.contains(o),
            _ => false,
        }
    }

    /// Pairs of old and new module indices.
    pub fn pairs(&self) -> impl Iterator<Item = (usize, usize)> + '_ {
        let old = self.old.len() as u32;
        self.new
            .iter()
            .enumerate()
            .filter(move |(_, id)| id.0 < old && !self.open.contains(id))
            .map(|(n, id)| (id.0 as usize, n))
    }
}

struct Pairing<'s> {
    old: &'s Symbols,
    new: &'s Symbols,
    /// The old module of each new one.
    old_of: Vec<Option<usize>>,
    taken: BTreeSet<usize>,
    /// How many names old and new modules share that no other module of either build has.
    shared: HashMap<(usize, usize), usize>,
    /// The modules that share such names with any module.
    known: (BTreeSet<usize>, BTreeSet<usize>),
    /// Modules that cannot be told apart: of the old and of the new build.
    open: Vec<(Vec<usize>, Vec<usize>)>,
}

impl<'s> Pairing<'s> {
    fn new(old: &'s Symbols, new: &'s Symbols) -> Self {
        let (before, after) = (unique_names(old), unique_names(new));
        let mut shared: HashMap<(usize, usize), usize> = HashMap::new();
        for (name, n) in &after {
            if let (Some(n), Some(Some(o))) = (n, before.get(name)) {
                *shared.entry((*o, *n)).or_default() += 1;
            }
        }
        Pairing {
            old,
            new,
            old_of: vec![None; new.modules.len()],
            taken: BTreeSet::new(),
            known: shared.keys().copied().unzip(),
            shared,
            open: Vec::new(),
        }
    }

    fn take(&mut self, o: usize, n: usize) {
        self.old_of[n] = Some(o);
        self.taken.insert(o);
    }

    fn shares(&self, o: usize, n: usize) -> usize {
        self.shared.get(&(o, n)).copied().unwrap_or(0)
    }

    /// Modules of one base name: by path, unless names say otherwise; then by names.
    fn by_base_name(&mut self) {
        let old_names = by_name(self.old);
        for (name, mut news) in by_name(self.new) {
            let Some(mut olds) = old_names.get(&name).cloned() else {
                continue;
            };
            let paths = |symbols: &Symbols, list: &[usize]| -> HashMap<usize, Vec<String>> {
                let path = |i: &usize| (*i, path(&symbols.modules[*i]));
                list.iter().map(path).collect()
            };
            let (from, to) = (paths(self.old, &olds), paths(self.new, &news));
            let closeness = |o: usize, n: usize| common_end(&from[&o], &to[&n]);
            let alone = olds.len() == 1 && news.len() == 1;
            let by_path = mutual_best(&olds, &news, closeness);
            let contradicts = |this: &Self, o: usize, n: usize| {
                let elsewhere = this.known.0.contains(&o) || this.known.1.contains(&n);
                this.shares(o, n) == 0 && elsewhere
            };
            for (o, n) in by_path {
                // The base name alone, where other folders hold namesakes or names are at
                // odds with it, says nothing.
                let said = closeness(o, n) > 1 || alone && self.plausible(o, n);
                if said && !contradicts(self, o, n) || alone && self.shares(o, n) > 0 {
                    self.take(o, n);
                }
            }
            let rest = |this: &Self, olds: &mut Vec<usize>, news: &mut Vec<usize>| {
                olds.retain(|o| !this.taken.contains(o));
                news.retain(|n| this.old_of[*n].is_none());
            };
            rest(self, &mut olds, &mut news);
            for (o, n) in mutual_best(&olds, &news, |o, n| self.shares(o, n)) {
                self.take(o, n);
            }
            rest(self, &mut olds, &mut news);
            // One on each side whose names were all found elsewhere are two files.
            if !olds.is_empty() && !news.is_empty() && (olds.len(), news.len()) != (1, 1) {
                self.open.push((olds, news));
            }
        }
    }

    /// Whether two files of one base name, the only ones, can be the same although their
    /// folders are not called the same: they lie alike under the folder of their build, or
    /// have a procedure in common, or have none.
    fn plausible(&self, o: usize, n: usize) -> bool {
        let below = |symbols: &Symbols, module: usize| {
            let root = root(symbols);
            path(&symbols.modules[module]).split_off(root)
        };
        let names = |symbols: &'s Symbols, module: usize| -> BTreeSet<&'s str> {
            let all = symbols.procedures.iter();
            let of_module = all.filter(|p| p.module.0 as usize == module);
            of_module.map(|p| p.name.as_str()).collect()
        };
        let (a, b) = (names(self.old, o), names(self.new, n));
        let plain = |symbols: &Symbols, i: usize| is_plain(&symbols.modules[i]);
        a.is_empty()
            || b.is_empty()
            || !a.is_disjoint(&b)
            || plain(self.old, o) && plain(self.new, n) && below(self.old, o) == below(self.new, n)
    }

    /// The rest, whatever their names, by the names that they share.
    fn by_shared_names(&mut self) {
        let in_open: BTreeSet<usize> = self.open.iter().flat_map(|s| s.1.clone()).collect();
        let open_old: BTreeSet<usize> = self.open.iter().flat_map(|s| s.0.clone()).collect();
        let free = |(o, n): &(usize, usize)| {
            self.old_of[*n].is_none()
                && !self.taken.contains(o)
                && !in_open.contains(n)
                && !open_old.contains(o)
        };
        let candidates: Vec<(usize, usize)> = self.shared.keys().copied().filter(free).collect();
        let (olds, news): (BTreeSet<usize>, BTreeSet<usize>) = candidates.into_iter().unzip();
        let (olds, news): (Vec<usize>, Vec<usize>) =
            (olds.into_iter().collect(), news.into_iter().collect());
        for (o, n) in mutual_best(&olds, &news, |o, n| self.shares(o, n)) {
            self.take(o, n);
        }
    }

    fn ids(self) -> ModulePairs {
        let old_count = self.old.modules.len() as u32;
        let mut pairs = ModulePairs {
            old: (0..old_count).map(ModuleId).collect(),
            new: self
                .old_of
                .iter()
                .enumerate()
                .map(|(i, o)| ModuleId(o.map_or(old_count + i as u32, |o| o as u32)))
                .collect(),
            open: BTreeSet::new(),
        };
        for (olds, news) in self.open {
            let id = ModuleId(olds[0] as u32);
            olds.into_iter().for_each(|o| pairs.old[o] = id);
            news.into_iter().for_each(|n| pairs.new[n] = id);
            pairs.open.insert(id);
        }
        pairs
    }
}

/// Pairs of which each is the best for the other by far, of a score above nought. Repeated
/// with what remains.
fn mutual_best(
    olds: &[usize],
    news: &[usize],
    score: impl Fn(usize, usize) -> usize,
) -> Vec<(usize, usize)> {
    let (mut olds, mut news) = (olds.to_vec(), news.to_vec());
    let mut pairs = Vec::new();
    loop {
        let best = |one: usize, others: &[usize], score: &dyn Fn(usize, usize) -> usize| {
            let best = others.iter().map(|other| score(one, *other)).max()?;
            let mut of_best = others.iter().filter(|other| score(one, **other) == best);
            match (of_best.next(), of_best.next()) {
                (Some(only), None) if best > 0 => Some(*only),
                _ => None,
            }
        };
        let found: Vec<(usize, usize)> = olds
            .iter()
            .filter_map(|o| Some((*o, best(*o, &news, &score)?)))
            .filter(|(o, n)| best(*n, &olds, &|n, o| score(o, n)) == Some(*o))
            .collect();
        if found.is_empty() {
            return pairs;
        }
        olds.retain(|o| found.iter().all(|(p, _)| p != o));
        news.retain(|n| found.iter().all(|(_, q)| q != n));
        pairs.extend(found);
    }
}

fn by_name(symbols: &Symbols) -> BTreeMap<(String, String), Vec<usize>> {
    let mut map: BTreeMap<(String, String), Vec<usize>> = BTreeMap::new();
    for (i, module) in symbols.modules.iter().enumerate() {
        map.entry((library(module), module.object_name()))
            .or_default()
            .push(i);
    }
    map
}

/// The file name of the library that a module comes from; empty for one that comes from none.
fn library(module: &Module) -> String {
    if module.library == module.name {
        String::new()
    } else {
        object_name(&module.library)
    }
}

/// Whether a module is an object file that was given to the linker as one.
fn is_plain(module: &Module) -> bool {
    module.library == module.name && !module.name.starts_with("* ")
}

/// How many folders all plain object files of a build have in common.
fn root(symbols: &Symbols) -> usize {
    let mut paths = symbols.modules.iter().filter(|m| is_plain(m)).map(path);
    let Some(mut first) = paths.next() else {
        return 0;
    };
    first.pop();
    let common = |a: &[String], b: &[String]| a.iter().zip(b).take_while(|(x, y)| x == y).count();
    paths.fold(first.len(), |root, path| {
        root.min(common(&first, &path[..path.len() - 1]))
    })
}

/// The folders and the file of a module, that of its library before it.
fn path(module: &Module) -> Vec<String> {
    let mut path = Vec::new();
    if module.library != module.name {
        path.extend(components(&module.library));
    }
    path.extend(components(&module.name));
    path.pop();
    path.push(module.object_name());
    path
}

fn components(path: &str) -> impl Iterator<Item = String> {
    let parts = path.split(['/', '\\']);
    parts.filter(|p| !p.is_empty()).map(str::to_lowercase)
}

/// How many components two paths have in common at their ends.
fn common_end(a: &[String], b: &[String]) -> usize {
    let pairs = a.iter().rev().zip(b.iter().rev());
    pairs.take_while(|(x, y)| x == y).count()
}

/// The module of each name that only one module has; `None` where several have it.
fn unique_names(symbols: &Symbols) -> HashMap<&str, Option<usize>> {
    let procedures = symbols.procedures.iter();
    let procedures = procedures.map(|p| (p.name.as_str(), Some(p.module)));
    let publics = symbols.publics.iter().map(|p| {
        let contribution = symbols.contribution_at(p.rva);
        (p.name.as_str(), contribution.map(|c| c.module))
    });
    let mut names: HashMap<&str, Option<usize>> = HashMap::new();
    for (name, module) in procedures.chain(publics) {
        let module = module.map(|m| m.0 as usize);
        let Some(module) = module.filter(|m| *m < symbols.modules.len()) else {
            continue;
        };
        let known = names.entry(name).or_insert(Some(module));
        if *known != Some(module) {
            *known = None;
        }
    }
    names
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::addr::Rva;
    use crate::symbols::Procedure;

    /// A build of modules, each with its path and its procedures.
    fn build(modules: &[(&str, &[&str])]) -> Symbols {
        let mut symbols = Symbols::default();
        for (i, (path, procedures)) in modules.iter().enumerate() {
            symbols.modules.push(Module {
                name: (*path).to_owned(),
                library: (*path).to_owned(),
                compiler: None,
                names_types: false,
            });
            for name in *procedures {
                symbols.procedures.push(Procedure {
                    rva: Rva(0x1000),
                    size: 16,
                    name: (*name).to_owned(),
                    module: ModuleIndex(i as u32),
                    global: true,
                    never_returns: false,
                    type_index: crate::symbols::TypeIndex(0),
                });
            }
        }
        symbols
    }

    fn pairs(old: &[(&str, &[&str])], new: &[(&str, &[&str])]) -> (Vec<(usize, usize)>, usize) {
        let pairs = ModulePairs::new(&build(old), &build(new));
        let mut list: Vec<_> = pairs.pairs().collect();
        list.sort_unstable();
        (list, pairs.open.len())
    }

    #[test]
    fn folders_tell_namesakes_apart_whatever_the_order() {
        let old: [(&str, &[&str]); 2] = [("/b/1/wa/util.o", &[]), ("/b/1/wb/util.o", &[])];
        let new: [(&str, &[&str]); 2] = [(r"C:\b\2\wb\util.o", &[]), (r"C:\b\2\WA\util.o", &[])];
        assert_eq!(pairs(&old, &new), (vec![(0, 1), (1, 0)], 0));
    }

    #[test]
    fn names_tell_apart_what_folders_do_not() {
        let old: [(&str, &[&str]); 2] = [("util.o", &["a", "x"]), ("util.o", &["b", "x"])];
        let new: [(&str, &[&str]); 2] = [("util.o", &["b", "x"]), ("util.o", &["a", "x"])];
        assert_eq!(pairs(&old, &new), (vec![(0, 1), (1, 0)], 0));
    }

    #[test]
    fn what_nothing_tells_apart_is_open() {
        let twins: [(&str, &[&str]); 2] = [("util.o", &["x"]), ("util.o", &["x"])];
        assert_eq!(pairs(&twins, &twins), (vec![], 1));
        // Folders say one thing and names another.
        let old: [(&str, &[&str]); 2] = [("/wa/util.o", &["a"]), ("/wb/util.o", &["b"])];
        let new: [(&str, &[&str]); 2] = [("/wa/util.o", &["b"]), ("/wb/util.o", &["a"])];
        assert_eq!(pairs(&old, &new).0, [(0, 1), (1, 0)]);
    }

    #[test]
    fn a_file_with_other_procedures_in_another_folder_is_another_file() {
        let old: [(&str, &[&str]); 2] = [("/p/wa/util.o", &["a"]), ("/p/main.o", &["main"])];
        let new: [(&str, &[&str]); 2] = [("/q/wb/util.o", &["b"]), ("/q/main.o", &["main"])];
        assert_eq!(pairs(&old, &new).0, [(1, 1)]);
        let renamed: [(&str, &[&str]); 2] = [("/q/wb/tool.o", &["a"]), ("/q/main.o", &["main"])];
        assert_eq!(pairs(&old, &renamed).0, [(0, 0), (1, 1)]);
    }
}
