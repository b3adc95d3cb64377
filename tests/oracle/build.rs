//! What a linker makes of object files: every function and datum once, by its name.

use std::collections::HashMap;

use super::coff::{Kind, Object, Symbol};
use super::names::{is_compiler_made, is_funclet, is_lambda, normal};

/// The name of a function or datum: with its object where it is known only there, and
/// without numbers that unrelated edits change.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Name {
    pub object: Option<String>,
    pub symbol: String,
}

impl std::fmt::Display for Name {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match &self.object {
            Some(object) => write!(f, "{object}:{}", self.symbol),
            None => f.write_str(&self.symbol),
        }
    }
}

/// A contiguous piece of a section.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Atom {
    pub object: usize,
    pub section: usize,
    pub start: u32,
    pub end: u32,
}

/// A function or a datum with its names.
#[derive(Clone, Debug)]
pub struct Item {
    pub atom: Atom,
    pub names: Vec<Name>,
    /// The same as the linker writes them: object and symbol.
    pub symbols: Vec<(String, String)>,
}

/// The objects of one image, in link order.
#[derive(Debug)]
pub struct Build {
    pub objects: Vec<Object>,
    /// Object and symbol index of every external definition that the linker takes.
    globals: HashMap<String, (usize, usize)>,
    /// Section and offset of the function table entries of each code section.
    entries: HashMap<(usize, usize), Vec<(usize, u32)>>,
    /// The code of lambdas, by their names without numbers.
    lambdas: HashMap<Name, Vec<Atom>>,
}

/// Where a symbol leads.
pub enum Target<'b> {
    /// Object and symbol.
    Defined(usize, &'b Symbol),
    /// Something that no object defines.
    Elsewhere(&'b str),
}

impl Build {
    pub fn new(objects: Vec<Object>) -> Self {
        let mut globals = HashMap::new();
        for (o, object) in objects.iter().enumerate() {
            for (s, symbol) in object.symbols.iter().enumerate() {
                if symbol.external && symbol.section.is_some() {
                    globals.entry(symbol.name.clone()).or_insert((o, s));
                }
            }
        }
        let mut build = Build {
            entries: function_tables(&objects),
            objects,
            globals,
            lambdas: HashMap::new(),
        };
        for item in build.code() {
            for name in item.names.iter().filter(|n| is_lambda(&n.symbol)) {
                let known = build.lambdas.entry(name.clone()).or_default();
                known.push(item.atom);
            }
        }
        build
    }

    /// Follows a symbol to the definition that the linker takes.
    pub fn target(&self, object: usize, symbol: usize) -> Target<'_> {
        let found = &self.objects[object].symbols[symbol];
        if !found.external {
            return match found.section {
                Some(_) => Target::Defined(object, found),
                None => Target::Elsewhere(&found.name),
            };
        }
        match self.globals.get(&found.name) {
            Some((o, s)) => Target::Defined(*o, &self.objects[*o].symbols[*s]),
            None => Target::Elsewhere(&found.name),
        }
    }

    /// Whether the linker takes this definition and not one of another object.
    fn is_taken(&self, object: usize, symbol: usize) -> bool {
        let found = &self.objects[object].symbols[symbol];
        !found.external || self.globals.get(&found.name) == Some(&(object, symbol))
    }

    fn name(&self, object: usize, symbol: usize) -> Name {
        let found = &self.objects[object].symbols[symbol];
        Name {
            object: (!found.external).then(|| self.objects[object].name.clone()),
            symbol: normal(&found.name),
        }
    }

    fn item(&self, atom: Atom, symbols: &[usize]) -> Item {
        let object = &self.objects[atom.object];
        let symbol = |s: &usize| (object.name.clone(), object.symbols[*s].name.clone());
        Item {
            atom,
            names: symbols.iter().map(|s| self.name(atom.object, *s)).collect(),
            symbols: symbols.iter().map(symbol).collect(),
        }
    }

    /// Lambdas whose names differ from this one's by their numbers only, itself included.
    pub fn lambdas_like(&self, name: &Name) -> &[Atom] {
        self.lambdas.get(name).map_or(&[], Vec::as_slice)
    }

    /// Sections of these kinds.
    fn sections(&self, kinds: &[Kind]) -> impl Iterator<Item = (usize, usize)> {
        let objects = self.objects.iter().enumerate();
        objects.flat_map(move |(o, object)| {
            let sections = object.sections.iter().enumerate();
            sections
                .filter(move |(_, s)| kinds.contains(&s.kind) && s.size > 0)
                .map(move |(i, _)| (o, i))
        })
    }

    /// Every function. One is a section, named by the symbols at its start. Funclets, the
    /// filters and handlers of a function's own exceptions, are part of it.
    pub fn functions(&self) -> Vec<Item> {
        let is_whole = |i: &Item| !i.names.iter().all(|n| is_funclet(&n.symbol));
        self.code().into_iter().filter(is_whole).collect()
    }

    /// Every funclet.
    pub fn funclets(&self) -> Vec<Item> {
        let is_part = |i: &Item| i.names.iter().all(|n| is_funclet(&n.symbol));
        self.code().into_iter().filter(is_part).collect()
    }

    fn code(&self) -> Vec<Item> {
        let mut found = Vec::new();
        for (object, section) in self.sections(&[Kind::Code]) {
            let content = &self.objects[object].sections[section];
            let at_start = content.labels.iter().filter(|l| l.0 == 0).map(|l| l.1);
            let own: Vec<usize> = at_start
                .filter(|s| !self.objects[object].symbols[*s].name.starts_with(".L"))
                .collect();
            if own.is_empty() || !own.iter().any(|s| self.is_taken(object, *s)) {
                continue;
            }
            let end = content.size;
            let atom = Atom {
                object,
                section,
                start: 0,
                end,
            };
            found.push(self.item(atom, &own));
        }
        found
    }

    /// Every datum that the source names, of these kinds.
    pub fn data(&self, kinds: &[Kind]) -> Vec<Item> {
        let mut found: Vec<(Atom, Vec<usize>)> = Vec::new();
        for (object, section) in self.sections(kinds) {
            for (offset, symbol) in &self.objects[object].sections[section].labels {
                let name = &self.objects[object].symbols[*symbol].name;
                if is_compiler_made(name) || !self.is_taken(object, *symbol) {
                    continue;
                }
                let atom = self.atom(object, section, *offset);
                match found.last_mut() {
                    Some((last, symbols)) if *last == atom => symbols.push(*symbol),
                    _ => found.push((atom, vec![*symbol])),
                }
            }
        }
        found.iter().map(|(a, s)| self.item(*a, s)).collect()
    }

    /// The piece of a section around an offset: what lies between two symbols. Code and
    /// unwind information count as a whole.
    pub fn atom(&self, object: usize, section: usize, offset: u32) -> Atom {
        let content = &self.objects[object].sections[section];
        let (mut start, mut end) = (0, content.size);
        if !matches!(content.kind, Kind::Code | Kind::Unwind) {
            for (label, _) in &content.labels {
                if *label <= offset {
                    start = *label;
                } else {
                    end = *label;
                    break;
                }
            }
        }
        Atom {
            object,
            section,
            start,
            end,
        }
    }

    /// The names of an atom that the source gave it.
    pub fn names_of(&self, atom: Atom) -> Vec<Name> {
        let labels = &self.objects[atom.object].sections[atom.section].labels;
        let own = labels
            .iter()
            .filter(|l| l.0 == atom.start)
            .map(|l| self.name(atom.object, l.1));
        own.filter(|n| !is_compiler_made(&n.symbol)).collect()
    }

    /// Whether a datum is a file-local constant without references whose content an object
    /// of the same name in the other build has without a name: the compiler may keep one of
    /// several equal constants, and that may be one that it made itself.
    pub fn may_be_merged(&self, item: &Item, other: &Build) -> bool {
        let local = item.names.iter().all(|n| n.object.is_some());
        let content = &self.objects[item.atom.object].sections[item.atom.section];
        let range = item.atom.start as usize..item.atom.end as usize;
        let Some(bytes) = content.bytes.get(range) else {
            return false;
        };
        if !local || content.kind != Kind::Constant || !content.relocations.is_empty() {
            return false;
        }
        let name = &self.objects[item.atom.object].name;
        let twins = other.objects.iter().filter(|o| o.name == *name);
        let mut sections = twins.flat_map(|o| o.sections.iter().map(move |s| (o, s)));
        sections.any(|(object, section)| {
            section.kind == Kind::Constant
                && section.labels.iter().any(|(at, symbol)| {
                    is_compiler_made(&object.symbols[*symbol].name)
                        && section
                            .bytes
                            .get(*at as usize..)
                            .is_some_and(|b| b.starts_with(bytes))
                })
        })
    }

    /// What a section holds.
    pub fn kind(&self, atom: Atom) -> Kind {
        self.objects[atom.object].sections[atom.section].kind
    }

    /// The function table entries of a code section: section and offset.
    pub fn table_entries(&self, atom: Atom) -> &[(usize, u32)] {
        self.entries
            .get(&(atom.object, atom.section))
            .map_or(&[], Vec::as_slice)
    }
}

/// Bytes of an entry of the function table.
pub const TABLE_ENTRY: u32 = 12;

fn function_tables(objects: &[Object]) -> HashMap<(usize, usize), Vec<(usize, u32)>> {
    let mut entries: HashMap<(usize, usize), Vec<(usize, u32)>> = HashMap::new();
    for (o, object) in objects.iter().enumerate() {
        for (s, section) in object.sections.iter().enumerate() {
            if section.kind != Kind::FunctionTable {
                continue;
            }
            for relocation in section
                .relocations
                .iter()
                .filter(|r| r.at.is_multiple_of(TABLE_ENTRY))
            {
                if let Some(code) = object.symbols[relocation.symbol].section {
                    entries
                        .entry((o, code))
                        .or_default()
                        .push((s, relocation.at));
                }
            }
        }
    }
    entries
}
