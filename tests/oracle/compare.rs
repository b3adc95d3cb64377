//! Whether functions and data of two builds mean the same, from their objects alone.

use std::cell::RefCell;
use std::collections::{HashMap, HashSet};
use std::rc::Rc;

use iced_x86::{Decoder, DecoderOptions, Instruction};

use super::build::{Atom, Build, Name, TABLE_ENTRY, Target, is_funclet};
use super::coff::{Kind, Section, relative_trailing, width};

/// How much of a constant counts for code that refers to it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Reach {
    /// What the instruction reads, where it reads: what differs then has changed for sure.
    Read,
    /// All of it: what is the same then is the same for sure.
    Whole,
}

/// A relocated field.
#[derive(Clone, Copy, Debug)]
struct Field {
    at: u32,
    kind: u16,
    symbol: usize,
    addend: i64,
    /// Bytes that the instruction reads or writes there, where it does.
    access: Option<u32>,
}

/// What a field refers to.
#[derive(Debug, PartialEq, Eq)]
enum Meaning<'b> {
    Elsewhere(&'b str, i64),
    At(Atom, i64),
}

type FieldCache = RefCell<HashMap<(usize, usize), Rc<Vec<Field>>>>;

/// What two names say.
enum Names {
    Same,
    Different,
    /// Nothing: the content decides.
    Anonymous,
}

/// Compares two builds.
pub struct Comparer<'b> {
    old: &'b Build,
    new: &'b Build,
    reach: Reach,
    /// Pairs that are the same, or are taken to be while a comparison is under way.
    same: RefCell<HashSet<(Atom, Atom)>>,
    old_fields: FieldCache,
    new_fields: FieldCache,
}

impl<'b> Comparer<'b> {
    pub fn new(old: &'b Build, new: &'b Build, reach: Reach) -> Self {
        Comparer {
            old,
            new,
            reach,
            same: RefCell::default(),
            old_fields: RefCell::default(),
            new_fields: RefCell::default(),
        }
    }

    /// Whether two functions are the same: their code, what is anonymous in it, and
    /// their unwind information.
    pub fn same_function(&self, old: Atom, new: Atom) -> bool {
        self.decide(|| self.same_code(old, new))
    }

    fn same_code(&self, old: Atom, new: Atom) -> bool {
        let tables = (self.old.table_entries(old), self.new.table_entries(new));
        let entry = |object, (section, start): (usize, u32)| Atom {
            object,
            section,
            start,
            end: start + TABLE_ENTRY,
        };
        let pairs = tables.0.iter().zip(tables.1);
        self.same_content(old, new)
            && tables.0.len() == tables.1.len()
            && pairs
                .into_iter()
                .all(|(a, b)| self.same_content(entry(old.object, *a), entry(new.object, *b)))
    }

    /// Whether two data start with the same content.
    pub fn same_datum(&self, old: Atom, new: Atom) -> bool {
        self.decide(|| self.same_content(old, new))
    }

    /// What was assumed on the way to "no" is forgotten.
    fn decide(&self, compare: impl FnOnce() -> bool) -> bool {
        let before = self.same.borrow().clone();
        let same = compare();
        if !same {
            *self.same.borrow_mut() = before;
        }
        same
    }

    fn same_content(&self, old: Atom, new: Atom) -> bool {
        if !self.same.borrow_mut().insert((old, new)) {
            return true;
        }
        let (a, b) = (old.end - old.start, new.end - new.start);
        if a == b {
            return self.same_bytes(old, new);
        }
        // Between the constants of a section lies padding.
        let common = a.min(b);
        let cut = |atom: Atom| Atom {
            end: atom.start + common,
            ..atom
        };
        let rest = |atom: Atom| Atom {
            start: atom.start + common,
            ..atom
        };
        let padding = |build: &Build, fields: &FieldCache, atom: Atom| {
            let zeros = self.bytes(build, atom).iter().all(|b| *b == 0);
            zeros && self.fields(build, fields, atom).is_empty()
        };
        let constant = |build: &Build, atom: Atom| {
            build.kind(atom) == Kind::Constant
                && (self.reach == Reach::Read || is_shared(build, atom))
        };
        constant(self.old, old)
            && constant(self.new, new)
            && padding(self.old, &self.old_fields, rest(old))
            && padding(self.new, &self.new_fields, rest(new))
            && self.same_bytes(cut(old), cut(new))
    }

    /// Pieces of one length.
    fn same_bytes(&self, old: Atom, new: Atom) -> bool {
        let mut a = self.bytes(self.old, old);
        let mut b = self.bytes(self.new, new);
        let fields = self.fields(self.old, &self.old_fields, old);
        let others = self.fields(self.new, &self.new_fields, new);
        if fields.len() != others.len() {
            return false;
        }
        for (f, g) in fields.iter().zip(&others) {
            let at = f.at - old.start;
            if at != g.at - new.start || f.kind != g.kind || f.access != g.access {
                return false;
            }
            let field = at as usize..(at as usize + width(f.kind)).min(a.len());
            a[field.clone()].fill(0);
            b[field].fill(0);
        }
        a == b
            && fields.iter().zip(&others).all(|(f, g)| {
                let meanings = (
                    meaning(self.old, old.object, f),
                    meaning(self.new, new.object, g),
                );
                self.same_meaning((old, new), &meanings.0, &meanings.1, f.access)
            })
    }

    fn same_meaning(
        &self,
        from: (Atom, Atom),
        old: &Meaning<'_>,
        new: &Meaning<'_>,
        access: Option<u32>,
    ) -> bool {
        let (Meaning::At(a, i), Meaning::At(b, j)) = (old, new) else {
            return old == new;
        };
        let kinds = (self.old.kind(*a), self.new.kind(*b));
        if i != j || kinds.0 != kinds.1 {
            return false;
        }
        let names = match self.same_names(from, *a, *b) {
            Names::Same => true,
            Names::Different => return false,
            Names::Anonymous => false,
        };
        match kinds.0 {
            Kind::Code if names => return true,
            Kind::Code => return self.same_code(*a, *b),
            Kind::Variable | Kind::Thread if names => return true,
            _ => {}
        }
        match access {
            Some(size) if self.reach == Reach::Read => self.same_part(*a, *b, *i, size),
            _ => self.same_content(*a, *b),
        }
    }

    fn same_names(&self, from: (Atom, Atom), old: Atom, new: Atom) -> Names {
        let (a, b) = (self.old.names_of(old), self.new.names_of(new));
        let funclets = |names: &[Name]| names.iter().all(|n| is_funclet(&n.symbol));
        if funclets(&a) && funclets(&b) {
            return Names::Anonymous;
        }
        if a.iter().any(|n| b.contains(n)) {
            return Names::Same;
        }
        // An inline function brings its local companions along: where the linker took it
        // from another object, they are that object's.
        let local = |atom: Atom, from: Atom, names: &[Name]| -> Vec<String> {
            let names = names
                .iter()
                .filter(|n| n.object.is_some() && atom.object == from.object);
            names.map(|n| n.symbol.clone()).collect()
        };
        let (c, d) = (local(old, from.0, &a), local(new, from.1, &b));
        let companions = c.iter().any(|n| d.contains(n));
        if companions {
            Names::Anonymous
        } else {
            Names::Different
        }
    }

    /// Compares what one instruction reads.
    fn same_part(&self, old: Atom, new: Atom, offset: i64, size: u32) -> bool {
        let part = |atom: Atom| {
            let start = u32::try_from(i64::from(atom.start) + offset).ok()?;
            let end = start.checked_add(size)?;
            (start >= atom.start && end <= atom.end).then_some(Atom { start, end, ..atom })
        };
        match (part(old), part(new)) {
            (Some(a), Some(b)) => self.same_bytes(a, b),
            _ => self.same_content(old, new),
        }
    }

    fn bytes(&self, build: &Build, atom: Atom) -> Vec<u8> {
        let section = &build.objects[atom.object].sections[atom.section];
        let range = atom.start as usize..atom.end as usize;
        match section.bytes.get(range.clone()) {
            Some(bytes) => bytes.to_vec(),
            None => vec![0; range.len()],
        }
    }

    fn fields(&self, build: &Build, cache: &FieldCache, atom: Atom) -> Vec<Field> {
        let key = (atom.object, atom.section);
        let all = cache.borrow().get(&key).cloned();
        let all = all.unwrap_or_else(|| {
            let found = Rc::new(fields_of(
                &build.objects[atom.object].sections[atom.section],
            ));
            cache.borrow_mut().insert(key, found.clone());
            found
        });
        let within = all
            .iter()
            .filter(|f| (atom.start..atom.end).contains(&f.at));
        within.copied().collect()
    }
}

/// Whether a section holds several constants.
fn is_shared(build: &Build, atom: Atom) -> bool {
    let labels = &build.objects[atom.object].sections[atom.section].labels;
    labels.first().map(|l| l.0) != labels.last().map(|l| l.0)
}

fn meaning<'b>(build: &'b Build, object: usize, field: &Field) -> Meaning<'b> {
    match build.target(object, field.symbol) {
        Target::Elsewhere(name) => Meaning::Elsewhere(name, field.addend),
        Target::Defined(object, symbol) => {
            let section = symbol.section.unwrap_or_default();
            let place = i64::from(symbol.offset) + field.addend;
            // Only of the symbol of a whole section the addend says which part is meant.
            let inside = if symbol.is_section {
                place.max(0) as u32
            } else {
                symbol.offset
            };
            let atom = build.atom(object, section, inside);
            Meaning::At(atom, place - i64::from(atom.start))
        }
    }
}

/// The relocated fields of a section, ascending.
fn fields_of(section: &Section) -> Vec<Field> {
    let accesses = match section.kind {
        Kind::Code => accesses(&section.bytes),
        _ => HashMap::new(),
    };
    let mut fields: Vec<Field> = section
        .relocations
        .iter()
        .map(|r| {
            let from = r.at as usize;
            let stored = section.bytes.get(from..from + width(r.kind)).unwrap_or(&[]);
            let stored = match stored.try_into() {
                Ok(bytes) => i64::from_le_bytes(bytes),
                Err(_) => stored
                    .try_into()
                    .map_or(0, |b| i64::from(i32::from_le_bytes(b))),
            };
            // The end of the instruction is what a relative field is relative to.
            let (trailing, access) = accesses.get(&r.at).copied().unwrap_or_default();
            let trailing = relative_trailing(r.kind).map_or(0, |n| trailing - n);
            Field {
                at: r.at,
                kind: r.kind,
                symbol: r.symbol,
                addend: stored + trailing,
                access,
            }
        })
        .collect();
    fields.sort_by_key(|f| f.at);
    fields
}

/// For each field of an instruction: bytes after it, and the bytes it accesses.
fn accesses(code: &[u8]) -> HashMap<u32, (i64, Option<u32>)> {
    let mut found = HashMap::new();
    let mut decoder = Decoder::with_ip(64, code, 0, DecoderOptions::NONE);
    let mut instruction = Instruction::default();
    while decoder.can_decode() {
        decoder.decode_out(&mut instruction);
        let offsets = decoder.get_constant_offsets(&instruction);
        let start = instruction.ip() as u32;
        let mut note = |field: usize, size: usize, access: Option<u32>| {
            let trailing = (instruction.len() - field - size) as i64;
            found.insert(start + field as u32, (trailing, access));
        };
        if offsets.has_displacement() {
            let size = instruction.memory_size().size() as u32;
            let reads = size > 0 && instruction.is_ip_rel_memory_operand();
            note(
                offsets.displacement_offset(),
                offsets.displacement_size(),
                reads.then_some(size),
            );
        }
        if offsets.has_immediate() {
            note(offsets.immediate_offset(), offsets.immediate_size(), None);
        }
    }
    found
}
