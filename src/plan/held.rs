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
use crate::function::{
    DataIndex, FunctionIndex, Holder, HolderText, Holders, Place, Program, ReferenceKind, Site,
};
use crate::symbols::Returned;
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
    Search::new(old, constant).holder()
}

/// The functions that may have the address of a constant in their frame: those that take it, get
/// it or are given it back. `None` where something else may hold it, so that any may have it.
pub fn in_frames(program: &Program<'_>, datum: DataIndex) -> Option<Frames> {
    let item = program.datum(datum);
    let (start, size) = (item.rva, item.content_size());
    let mut search = Search::new(program, (start, size));
    if search.holder().is_some() {
        return None;
    }
    let is_constant = |rva: Rva| rva >= start && rva.0 - start.0 < size;
    let has = |function: &FunctionIndex| {
        let mut references = program.code_of(*function).references.iter();
        references.any(|r| match r.kind {
            // What is read of the constant itself is a number.
            ReferenceKind::Access(_) if is_constant(r.target) => false,
            _ => {
                search.contains(r.target)
                    || match program.place(r.target) {
                        Place::Function(callee, 0) => search.giving.contains(&callee),
                        _ => false,
                    }
            }
        })
    };
    let mut functions: BTreeSet<FunctionIndex> = program.function_indices().filter(has).collect();
    let given = search.known.keys();
    let given = given.filter(|(_, context)| context.is_handed());
    functions.extend(given.map(|(function, _)| *function));
    Some(Frames {
        functions,
        returning: search.giving,
    })
}

/// Functions that have to do with the address of a constant.
pub struct Frames {
    /// Those that may have it in their frame.
    pub functions: BTreeSet<FunctionIndex>,
    /// Those of them that return it.
    pub returning: BTreeSet<FunctionIndex>,
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
    /// What the address of each of them is, and what is read there.
    classes: Vec<(u16, u16)>,
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

impl<'p> Search<'p> {
    fn new(program: &'p Program<'p>, constant: (Rva, u32)) -> Self {
        Search {
            program,
            ranges: vec![constant],
            tables: Vec::new(),
            classes: Vec::new(),
            leads_elsewhere: leads_elsewhere(program, constant),
            ends: BTreeSet::new(),
            referring: BTreeSet::new(),
            concerned: BTreeSet::new(),
            giving: BTreeSet::new(),
            known: BTreeMap::new(),
            round: 0,
            news: false,
            walks: 0,
        }
    }

    /// Who holds the address.
    fn holder(&mut self) -> Option<String> {
        let holder = self.containers();
        self.classify();
        self.find_referring();
        holder.or_else(|| self.code())
    }
}

impl Search<'_> {
    fn contains(&self, rva: Rva) -> bool {
        let mut ranges = self.ranges.iter();
        ranges.any(|(start, size)| (start.0..start.0.saturating_add(*size)).contains(&rva.0))
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

    /// Finds out what leads to the constant itself, and what only to those that do.
    fn classify(&mut self) {
        let image = self.program.image;
        let tables = &self.program.switch_tables;
        let targets = |(start, size): (Rva, u32)| -> Vec<Rva> {
            let table = tables.iter().find(|t| t.table == start);
            let distances = table.and_then(|t| image.switch_targets(t));
            let places = image.relocations_in(start, size).iter();
            let pointers = places.filter_map(|place| image.pointer_at(*place));
            pointers.chain(distances.unwrap_or_default()).collect()
        };
        let targets: Vec<Vec<Rva>> = self.ranges.iter().map(|r| targets(*r)).collect();
        let first = [(value::ADDRESS, 0)];
        let others = std::iter::repeat_n((value::CONTAINER, 0), self.ranges.len() - 1);
        self.classes = first.into_iter().chain(others).collect();
        loop {
            let before = self.classes.clone();
            for (n, targets) in targets.iter().enumerate() {
                let leads = targets.iter().fold(0, |all, t| all | self.class_of(*t));
                let class = match n == 0 || leads & !value::ADDRESS == 0 {
                    true => before[n].0,
                    false => value::DEEP,
                };
                self.classes[n] = (class, leads);
            }
            if self.classes == before {
                return;
            }
        }
    }

    /// What the address of one of the constants is.
    fn class_of(&self, rva: Rva) -> u16 {
        let ranges = self.ranges.iter().zip(&self.classes);
        let inside = ranges.filter(|((start, size), _)| rva >= *start && rva.0 - start.0 < *size);
        inside.fold(0, |all, (_, (class, _))| all | class)
    }

    /// Collects the functions that refer to the constants.
    fn find_referring(&mut self) {
        let program = self.program;
        for (start, size) in &self.ranges {
            if matches!(program.place(*start), Place::Function(..)) {
                // A label: places in code are in no list of what refers to data.
                let refers = |f: &FunctionIndex| {
                    let mut references = program.code_of(*f).references.iter();
                    references.any(|r| r.target.0.wrapping_sub(start.0) < *size)
                };
                let referring: Vec<_> = program.function_indices().filter(refers).collect();
                let whole = referring.into_iter().map(|f| self.whole(f));
                self.referring.extend(whole.collect::<Vec<_>>());
                continue;
            }
            for site in program.may_mean(*start, *size) {
                let Site::Code(f, at) = site else {
                    continue;
                };
                let whole = self.whole(f);
                let mut references = program.code_of(f).references.iter();
                let end = Rva(start.0.saturating_add(*size));
                let begins = matches!(program.place(end), Place::Data(_, 0));
                if !begins && references.any(|r| r.at == at && r.target == end) {
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
        let holders = Holders::of(self.program, &self.giving);
        for function in &self.giving {
            let mut others = holders.known(*function).holders.iter();
            // What starts the program does not keep what it ends with, and any four bytes may
            // look like an address.
            let other =
                others.find(|holder| !matches!(holder, Holder::EntryPoint | Holder::Word(_)));
            if let Some(other) = other.filter(|_| self.gives(*function)) {
                let name = self.program.function(*function).display_name();
                let by = HolderText(self.program, other);
                return Some(format!(
                    "{name} gives its address to callers that are not known ({by})"
                ));
            }
        }
        None
    }

    /// Whether callers of a function get the address. What lies in a register in which it
    /// returns nothing is left over.
    fn gives(&self, function: FunctionIndex) -> bool {
        let types = &self.program.symbols.types;
        let names = self.program.function(function).names.iter();
        let returned = names.map(|n| n.type_index.and_then(|t| types.returned(t)));
        let mut returned: Vec<_> = returned.collect();
        if returned.is_empty() {
            returned.push(None);
        }
        let fates = self
            .known
            .iter()
            .filter(|((f, context), _)| *f == function && !context.is_handed());
        fates.into_iter().any(|(_, (_, fate))| {
            let result = |what: &Option<Returned>| match what {
                Some(Returned::Nothing) => false,
                Some(Returned::Byte) => {
                    fate.result.is_held() && fate.result.taint & value::UPPER == 0
                }
                Some(Returned::Integer) => fate.result.is_held(),
                Some(Returned::Other) | None => fate.result.is_held() || fate.vector.is_held(),
            };
            fate.gives_to_arguments() || returned.iter().any(result)
        })
    }

    /// How many arguments a function gets at most: what lies in registers behind them is left
    /// over. Only of functions that other object files may call does the type say it; the
    /// compiler may give others what it likes.
    fn arguments_of(&self, function: FunctionIndex) -> usize {
        let symbols = self.program.symbols;
        let known = self.program.function(function).names.iter().map(|name| {
            let module = &symbols.modules[name.module?.0 as usize];
            let tells = name.global && !module.is_generated_late();
            symbols
                .types
                .places_of_arguments(name.type_index.filter(|_| tells)?)
        });
        let most = known.reduce(|a, b| Some(a?.max(b?))).flatten();
        most.map_or(usize::MAX, |most| most as usize)
    }

    /// Whether a function refers to one of the constants: the patch replaces it.
    fn is_replaced(&self, function: FunctionIndex) -> bool {
        self.referring.contains(&function)
    }

    /// What has to do with the constant in an address of code.
    fn taint_of(&self, function: FunctionIndex, rva: Rva) -> u16 {
        match self.ends.contains(&(function, rva)) {
            true => value::ADDRESS | self.class_of(rva),
            false => self.class_of(rva),
        }
    }

    /// What is read through the address of one of the constants.
    fn content(&self, place: Value, size: u32, extends: bool) -> u16 {
        let exact = place.at.filter(|_| place.regions == 0);
        if let Some(rva) = exact.and_then(|at| u32::try_from(at).ok())
            && self.contains(Rva(rva))
        {
            let image = self.program.image;
            let table = self
                .tables
                .iter()
                .position(|(start, size)| rva >= start.0 && rva - start.0 < *size);
            if table.is_none() {
                let from = Rva(rva.saturating_sub(7));
                let places = image.relocations_in(from, size + rva - from.0).iter();
                let leads = places.filter_map(|place| image.pointer_at(*place));
                return leads.fold(value::CONTENT, |all, target| all | self.class_of(target));
            }
        }
        // What is read as less than a pointer is a distance, or no part of the address.
        let whole = size >= 8 || extends && !self.tables.is_empty();
        let classes = self
            .classes
            .iter()
            .filter(|(class, _)| place.taint & class != 0);
        classes.fold(0, |all, (_, leads)| match whole {
            true => all | value::CONTENT | leads,
            false => all | value::CONTENT,
        })
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
