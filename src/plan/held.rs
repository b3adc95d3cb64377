//! Constants that live objects may point to.
//!
//! A patch brings a changed constant as a new one, and every function that refers to it. What
//! the running program has stored stays: an object that holds the address of a table of
//! functions goes on with the old table. Whether that can be is asked of the old build: does a
//! variable hold the address, or is there code that stores it?
//!
//! Code is followed from where it takes the address, through registers, the stack, calls and
//! returns; also where a function is handed an object in the frame that holds it. What cannot be
//! followed, such as a call through a pointer, counts for tables of pointers only: numbers and
//! texts are handed over all the time, and nobody keeps them.

mod registers;
mod stack;
mod walk;

use std::collections::{BTreeMap, BTreeSet};

use crate::addr::Rva;
use crate::diff::place_text;
use crate::function::{DataIndex, FunctionIndex, Place, Program, ReferenceKind};
use registers::Registers;
use walk::Walk;

/// How many calls deep an address is followed.
const MAX_DEPTH: u32 = 6;
/// Passes over one function until nothing changes.
const MAX_PASSES: usize = 8;
/// Constants that lead to each other, at most.
const MAX_RANGES: usize = 64;

/// Functions of the C library that keep no address that they are given.
const HARMLESS: [&str; 24] = [
    "memcpy", "memmove", "memcmp", "memset", "memchr", "strlen", "strcmp", "strncmp", "strcpy",
    "strncpy", "strcat", "strchr", "strrchr", "strstr", "strdup", "_strdup", "puts", "printf",
    "fprintf", "fputs", "fwrite", "wcslen", "wcscmp", "wcscpy",
];

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
        of_pointers: !old.image.relocations_in(constant.0, constant.1).is_empty(),
        returning: BTreeSet::new(),
        leads_back: false,
        known: BTreeMap::new(),
    };
    let holder = search.containers();
    let places = old.image.relocations_in(constant.0, constant.1).iter();
    let mut targets = places.filter_map(|place| old.image.pointer_at(*place));
    search.leads_back = targets.any(|target| search.contains(target));
    holder.or_else(|| search.code())
}

/// The functions that may have the address of a constant in their frame: those that take it, get
/// it or are given it back. `None` where a variable may hold it, so that any
/// may have it.
pub fn in_frames(program: &Program<'_>, datum: DataIndex) -> Option<Frames> {
    let item = program.datum(datum);
    let mut search = Search {
        program,
        ranges: vec![(item.rva, item.content_size())],
        of_pointers: false,
        returning: BTreeSet::new(),
        leads_back: false,
        known: BTreeMap::new(),
    };
    if search.containers().is_some() || search.code().is_some() {
        return None;
    }
    let has = |function: &FunctionIndex| {
        let mut references = program.code_of(*function).references.iter();
        references.any(|r| match r.kind {
            // What is read of the constant itself is a number.
            ReferenceKind::Access(_) if search.is_constant(r.target) => false,
            _ => {
                search.contains(r.target)
                    || match program.place(r.target) {
                        Place::Function(callee, 0) => search.returning.contains(&callee),
                        _ => false,
                    }
            }
        })
    };
    let mut functions: BTreeSet<FunctionIndex> = program.function_indices().filter(has).collect();
    let given = search
        .known
        .keys()
        .filter(|(_, registers)| !registers.is_empty());
    functions.extend(given.map(|(function, _)| *function));
    Some(Frames {
        functions,
        returning: search.returning,
    })
}

/// Functions that have to do with the address of a constant.
pub struct Frames {
    /// Those that may have it in their frame.
    pub functions: BTreeSet<FunctionIndex>,
    /// Those of them that return it.
    pub returning: BTreeSet<FunctionIndex>,
}

struct Search<'p> {
    program: &'p Program<'p>,
    /// The constant, and those that lead to it.
    ranges: Vec<(Rva, u32)>,
    of_pointers: bool,
    /// Whether the constant itself leads to one of them.
    leads_back: bool,
    /// Functions that return the address.
    returning: BTreeSet<FunctionIndex>,
    /// What functions do with an address that they get in these registers.
    known: BTreeMap<(FunctionIndex, Registers), Fate>,
}

/// What becomes of an address in a function.
#[derive(Clone, Debug, Default)]
struct Fate {
    held: Option<String>,
    returned: bool,
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
                    self.ranges
                        .push((table.table, table.entries * table.entry.width()));
                }
            }
        }
        None
    }

    /// The code that stores the address.
    fn code(&mut self) -> Option<String> {
        loop {
            let before = self.returning.len();
            for function in self.program.function_indices() {
                let code = self.program.code_of(function);
                let concerned = code.references.iter().any(|r| {
                    self.contains(r.target)
                        || matches!(self.program.place(r.target), Place::Function(f, 0) if self.returning.contains(&f))
                });
                if !concerned {
                    continue;
                }
                let fate = self.fate(function, Registers::default(), 0);
                if fate.held.is_some() {
                    return fate.held;
                }
                if fate.returned {
                    self.returning.insert(function);
                }
            }
            if self.returning.len() == before {
                return None;
            }
        }
    }

    /// What a function does with the address that it gets in registers, or takes itself.
    fn fate(&mut self, function: FunctionIndex, registers: Registers, depth: u32) -> Fate {
        if !registers.is_empty()
            && let Some(known) = self.known.get(&(function, registers))
        {
            return known.clone();
        }
        // Functions that call each other: what is found elsewhere counts.
        self.known.insert((function, registers), Fate::default());
        let mut walk = Walk::new(self.program, function, depth, registers);
        for _ in 0..MAX_PASSES {
            let before = walk.known.clone();
            walk.pass(self, registers);
            if walk.fate.held.is_some() || before == walk.known {
                break;
            }
        }
        self.known.insert((function, registers), walk.fate.clone());
        walk.fate
    }
}
