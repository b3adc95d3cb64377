//! Constants that live objects may point to.
//!
//! A patch brings a changed constant as a new one, and every function that refers to it. What
//! the running program has stored stays: an object that holds the address of a table of
//! functions goes on with the old table. Whether that can be is asked of the old build: does a
//! variable hold the address, or is there code that stores it?
//!
//! Code is followed from where it takes the address, through all that an instruction computes of
//! it, through registers, frames, calls and returns. The address is held by whatever it reaches
//! that is not known to be harmless: memory that is no frame, functions that are not known, and
//! frames of functions that the patch does not wait for. Harmless is to read what is there, to
//! compare it, and the distance between two places of the constant.

mod known;
mod state;
mod step;
mod value;
mod walk;

use std::collections::{BTreeMap, BTreeSet};

use crate::addr::Rva;
use crate::diff::place_text;
use crate::function::{DataIndex, FunctionIndex, Holders, Place, Program, Site};
use value::Value;
use walk::{Context, Cover, Fate};

/// How often all functions are followed until nothing is news.
const MAX_ROUNDS: u32 = 24;
/// How many functions are followed for one constant.
const MAX_WALKS: u32 = 4000;
/// Constants that lead to each other, at most.
const MAX_RANGES: usize = 64;

/// Who may hold the address of a constant of the old build, in words.
pub fn holder(old: &Program<'_>, datum: DataIndex) -> Option<String> {
    let item = old.datum(datum);
    holder_of(old, (item.rva, item.content_size()))
}

/// The same of a constant without a symbol: start and length.
pub fn holder_of(old: &Program<'_>, constant: (Rva, u32)) -> Option<String> {
    let mut search = Search {
        program: old,
        ranges: vec![constant],
        tables: Vec::new(),
        leads_back: false,
        leads_elsewhere: leads_elsewhere(old, constant),
        ends: BTreeSet::new(),
        referring: BTreeSet::new(),
        concerned: BTreeSet::new(),
        giving: BTreeSet::new(),
        known: BTreeMap::new(),
        round: 0,
        news: false,
        walks: 0,
    };
    let holder = search.containers();
    let places = old.image.relocations_in(constant.0, constant.1).iter();
    let mut targets = places.filter_map(|place| old.image.pointer_at(*place));
    search.leads_back = targets.any(|target| search.contains(target));
    search.find_referring();
    holder.or_else(|| search.code())
}

/// Whether no four bytes of a constant are a distance from it that leads into it.
fn leads_elsewhere(old: &Program<'_>, (start, size): (Rva, u32)) -> bool {
    let bytes = old.image.slice(start, size as usize).unwrap_or(&[]);
    let mut distances = bytes.as_chunks::<4>().0.iter();
    distances.all(|d| {
        let distance = i32::from_le_bytes(*d);
        distance < 0 || distance as u32 > size
    })
}

struct Search<'p> {
    program: &'p Program<'p>,
    /// The constant, and those that lead to it.
    ranges: Vec<(Rva, u32)>,
    /// Those of them that are tables of distances.
    tables: Vec<(Rva, u32)>,
    /// Whether the constant itself leads to one of them.
    leads_back: bool,
    /// Whether no distance in the constant leads into it.
    leads_elsewhere: bool,
    /// Functions that mean the end of the constant by an address.
    ends: BTreeSet<(FunctionIndex, Rva)>,
    /// Functions that refer to one of the constants.
    referring: BTreeSet<FunctionIndex>,
    /// Functions that have to do with the address without being handed it.
    concerned: BTreeSet<FunctionIndex>,
    /// Functions that return the address, or leave it where an argument leads.
    giving: BTreeSet<FunctionIndex>,
    /// What functions do with what they are handed, and when that was found out.
    known: BTreeMap<(FunctionIndex, Context), (u32, Fate)>,
    round: u32,
    news: bool,
    walks: u32,
}

impl Search<'_> {
    fn contains(&self, rva: Rva) -> bool {
        let mut ranges = self.ranges.iter();
        ranges.any(|(start, size)| (start.0..start.0.saturating_add(*size)).contains(&rva.0))
    }

    /// Whether a place is in the constant itself.
    fn is_constant(&self, rva: Rva) -> bool {
        let (start, size) = self.ranges[0];
        (start.0..start.0.saturating_add(size)).contains(&rva.0)
    }

    /// Collects the constants that hold the address; says which variable does.
    fn containers(&mut self) -> Option<String> {
        let program = self.program;
        let mut next = 0;
        while next < self.ranges.len() && self.ranges.len() < MAX_RANGES {
            let (start, size) = self.ranges[next];
            next += 1;
            for place in &program.image.base_relocations {
                let Some(target) = program.image.pointer_at(*place) else {
                    continue;
                };
                if !(start.0..start.0.saturating_add(size)).contains(&target.0)
                    || self.contains(*place)
                {
                    continue;
                }
                if program.is_writable(*place) {
                    return Some(format!("{} holds its address", place_text(program, *place)));
                }
                let container = match program.place(*place) {
                    Place::Data(d, _) => {
                        let item = program.datum(d);
                        (item.rva, item.content_size())
                    }
                    _ => {
                        let from = program.referencers().last_until(*place);
                        let from = from.unwrap_or(*place);
                        (from, place.0 - from.0 + 8)
                    }
                };
                self.ranges.push(container);
            }
            for table in &program.switch_tables {
                let targets = program.image.switch_targets(table).unwrap_or_default();
                let leads = targets
                    .iter()
                    .any(|t| (start.0..start.0.saturating_add(size)).contains(&t.0));
                if leads && !self.contains(table.table) {
                    let range = (table.table, table.entries * table.entry.width());
                    self.ranges.push(range);
                    self.tables.push(range);
                }
            }
        }
        None
    }

    /// Collects the functions that refer to the constants.
    fn find_referring(&mut self) {
        let program = self.program;
        for (start, size) in &self.ranges {
            for site in program.may_mean(*start, *size) {
                let Site::Code(f, at) = site else {
                    continue;
                };
                let whole = self.whole(f);
                let mut references = program.code_of(f).references.iter();
                let end = Rva(start.0.saturating_add(*size));
                if references.any(|r| r.at == at && r.target == end) {
                    self.ends.insert((whole, end));
                }
                self.referring.insert(whole);
            }
        }
        self.concerned.clone_from(&self.referring);
    }

    /// The code that stores the address.
    fn code(&mut self) -> Option<String> {
        for _ in 0..MAX_ROUNDS {
            self.round += 1;
            self.news = false;
            for function in self.concerned.clone() {
                let cover = match self.is_replaced(function) {
                    true => Cover::Replaced,
                    false => Cover::None,
                };
                let parameters = |n: u32| Value::place(1 << (value::PARAMETERS + n), Some(0));
                let context = Context {
                    cover,
                    arguments: [0, 1, 2, 3].map(parameters),
                    vectors: Default::default(),
                    memory: BTreeMap::new(),
                };
                let fate = self.fate(function, context, 0);
                if fate.held.is_some() {
                    return fate.held;
                }
                if fate.concerns_callers() && self.giving.insert(function) {
                    self.news = true;
                    let callers = self.callers_of(function);
                    self.concerned.extend(callers);
                }
            }
            if !self.news {
                return self.unknown_callers();
            }
        }
        Some("what becomes of its address is too much to follow".to_owned())
    }

    /// The functions that call a function.
    fn callers_of(&self, function: FunctionIndex) -> Vec<FunctionIndex> {
        let target = self.program.function(function).rva;
        let calls = |f: &FunctionIndex| {
            let mut references = self.program.code_of(*f).references.iter();
            references.any(|r| r.target == target)
        };
        let callers = self.program.function_indices().filter(calls);
        callers.map(|f| self.whole(f)).collect()
    }

    /// The function that code belongs to.
    fn whole(&self, function: FunctionIndex) -> FunctionIndex {
        if !self.program.belongs_to_another(function) {
            return function;
        }
        let mut all = self.program.function_indices();
        let whole = all.find(|f| {
            !self.program.belongs_to_another(*f) && self.program.pieces_of(*f).contains(&function)
        });
        whole.unwrap_or(function)
    }

    /// Who gives the address to callers that are not known.
    fn unknown_callers(&self) -> Option<String> {
        let fates = self.known.iter().filter(|((_, c), _)| c.memory.is_empty());
        let given = fates.filter(|(_, (_, fate))| fate.gives_to_arguments());
        let into_arguments: BTreeSet<FunctionIndex> = given.map(|((f, _), _)| *f).collect();
        let holders = Holders::of(self.program, &self.giving);
        // What lies in RAX behind a function that returns nothing is left over.
        let left_over = |f: &FunctionIndex| {
            let names = &self.program.function(*f).names;
            let mut types = names.iter().filter_map(|n| n.type_index).peekable();
            let fates = self.known.iter().filter(|((g, _), _)| g == f);
            let low = fates.fold(false, |low, (_, (_, fate))| {
                low | fate.returns_its_low_byte()
            });
            let returned = |t| match self.program.symbols.types.returns_at_most(t) {
                Some(0) => true,
                Some(_) => !low,
                None => false,
            };
            types.peek().is_some() && types.all(returned)
        };
        let mut giving = self.giving.iter();
        let mut giving = giving
            .by_ref()
            .filter(|f| into_arguments.contains(f) || !left_over(f));
        let found = giving.find(|f| !holders.known(**f).holders.is_empty())?;
        let name = self.program.function(*found).display_name();
        Some(format!(
            "{name} gives its address to callers that are not known"
        ))
    }

    /// Whether a function refers to one of the constants: the patch replaces it.
    fn is_replaced(&self, function: FunctionIndex) -> bool {
        self.referring.contains(&function)
    }

    /// What has to do with the constant in an address of code.
    fn taint_of(&self, function: FunctionIndex, rva: Rva) -> u16 {
        if self.is_constant(rva) || self.ends.contains(&(function, rva)) {
            value::ADDRESS
        } else if self.contains(rva) {
            value::CONTAINER
        } else {
            0
        }
    }

    /// What is read through the address of one of the constants.
    fn content(&self, place: Value, size: u32) -> u16 {
        let exact = place.at.filter(|_| place.regions == 0);
        if let Some(rva) = exact.and_then(|at| u32::try_from(at).ok())
            && self.contains(Rva(rva))
        {
            let image = self.program.image;
            let in_table = self
                .tables
                .iter()
                .any(|(start, size)| rva >= start.0 && rva - start.0 < *size);
            let places = image
                .relocations_in(Rva(rva.saturating_sub(7)), size + 7)
                .iter();
            let mut leads = places.filter_map(|place| image.pointer_at(*place));
            let container = match self.ranges.len() > 2 {
                true => value::CONTAINER,
                false => 0,
            };
            return match in_table || leads.any(|target| self.contains(target)) {
                true => value::ADDRESS | value::CONTENT | container,
                false => value::CONTENT,
            };
        }
        let address = match self.ranges.len() > 2 {
            true => value::ADDRESS | value::CONTAINER,
            false => value::ADDRESS,
        };
        // What is read as less than a pointer is a distance, or no part of the address.
        let whole = size >= 8 || !self.tables.is_empty();
        let mut taint = 0;
        if place.taint & value::ADDRESS != 0 {
            taint |= value::CONTENT;
            if self.leads_back && whole {
                taint |= address;
            }
        }
        if place.taint & value::CONTAINER != 0 {
            taint |= value::CONTENT;
            if whole {
                taint |= address;
            }
        }
        taint
    }

    /// The functions that the constants lead to, if they lead to nothing else.
    fn called(&self) -> Option<Vec<FunctionIndex>> {
        let mut found = Vec::new();
        for (start, size) in &self.ranges {
            for place in self.program.image.relocations_in(*start, *size) {
                let target = self.program.image.pointer_at(*place)?;
                match self.program.place(target) {
                    Place::Function(f, 0) => found.push(f),
                    Place::Data(..) | Place::Constant | Place::Variable => {}
                    _ => return None,
                }
            }
        }
        (!found.is_empty()).then_some(found)
    }

    /// What a function does with the address that it is handed, or takes itself.
    fn fate(&mut self, function: FunctionIndex, context: Context, depth: u32) -> Fate {
        let key = (function, context);
        let before = match self.known.get(&key) {
            Some((round, fate)) if *round == self.round => return fate.clone(),
            Some((_, fate)) => fate.clone(),
            None => Fate::default(),
        };
        self.walks += 1;
        if self.walks > MAX_WALKS {
            return Fate {
                held: Some("what becomes of its address is too much to follow".to_owned()),
                ..Fate::default()
            };
        }
        // Functions that call each other: what is found out here counts in the next round.
        self.known.insert(key.clone(), (self.round, before.clone()));
        let mut fate = walk::run(self, function, &key.1, depth);
        fate.join(&before);
        self.news |= fate != before;
        self.known.insert(key, (self.round, fate.clone()));
        fate
    }
}
