//! Whether functions and data of two builds mean the same, from their objects alone.

use std::cell::RefCell;
use std::collections::{HashMap, HashSet};
use std::rc::Rc;

use super::build::{Atom, Build, Name, TABLE_ENTRY};
use super::coff::{Kind, width};
use super::fields::{Field, Meaning, fields_of, meaning};
use super::names::{is_funclet, is_lambda};

/// How much of a constant counts for code that refers to it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Reach {
    /// What the instruction reads, where it reads: what differs then has changed for sure.
    Read,
    /// All of it: what is the same then is the same for sure.
    Whole,
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
    /// The way to the difference of the last pair that was not the same.
    why: RefCell<String>,
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
            why: RefCell::default(),
        }
    }

    /// The difference between two functions: their code, what is anonymous in it, and
    /// their unwind information.
    pub fn function(&self, old: Atom, new: Atom) -> Option<String> {
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

    /// The difference between what two data start with.
    pub fn datum(&self, old: Atom, new: Atom) -> Option<String> {
        self.decide(|| self.same_content(old, new))
    }

    /// What was assumed on the way to "no" is forgotten.
    fn decide(&self, compare: impl FnOnce() -> bool) -> Option<String> {
        let outer = self.why.take();
        let before = self.same.borrow().clone();
        let same = compare();
        if !same {
            *self.same.borrow_mut() = before;
        }
        let why = self.why.replace(outer);
        (!same).then_some(why)
    }

    /// Notes a difference, from the inside out.
    fn differ(&self, text: impl FnOnce() -> String) -> bool {
        let mut why = self.why.borrow_mut();
        if !why.is_empty() {
            why.push_str(", from ");
        }
        why.push_str(&text());
        false
    }

    /// A place in the old build.
    fn at(&self, atom: Atom, offset: u32) -> String {
        let object = &self.old.objects[atom.object];
        let labels = object.sections[atom.section].labels.iter();
        let label = labels.take_while(|l| l.0 <= atom.start).last();
        let name = label.map_or("", |l| &object.symbols[l.1].name);
        format!("{}:{name}+{offset:#x}", object.name)
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
        let padded = constant(self.old, old)
            && constant(self.new, new)
            && padding(self.old, &self.old_fields, rest(old))
            && padding(self.new, &self.new_fields, rest(new));
        if !padded {
            return self.differ(|| self.at(old, common) + ": length");
        }
        self.same_bytes(cut(old), cut(new))
    }

    /// Pieces of one length.
    fn same_bytes(&self, old: Atom, new: Atom) -> bool {
        let mut a = self.bytes(self.old, old);
        let mut b = self.bytes(self.new, new);
        let fields = self.fields(self.old, &self.old_fields, old);
        let others = self.fields(self.new, &self.new_fields, new);
        if fields.len() != others.len() {
            return self.differ(|| self.at(old, 0) + ": number of references");
        }
        for (f, g) in fields.iter().zip(&others) {
            let at = f.at - old.start;
            if at != g.at - new.start || f.kind != g.kind || f.access != g.access {
                return self.differ(|| self.at(old, at) + ": another kind of reference");
            }
            let field = at as usize..(at as usize + width(f.kind)).min(a.len());
            a[field.clone()].fill(0);
            b[field].fill(0);
        }
        if let Some(at) = (0..a.len()).find(|i| a[*i] != b[*i]) {
            return self.differ(|| self.at(old, at as u32) + ": bytes");
        }
        fields.iter().zip(&others).all(|(f, g)| {
            let meanings = (
                meaning(self.old, old.object, f),
                meaning(self.new, new.object, g),
            );
            self.same_meaning((old, new), &meanings.0, &meanings.1, f.access)
                || self.differ(|| self.at(old, f.at - old.start))
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
        if self.reach == Reach::Read && self.is_merged(old, &a, new, &b) {
            return Names::Anonymous;
        }
        let funclets = |names: &[Name]| names.iter().all(|n| is_funclet(&n.symbol));
        if funclets(&a) && funclets(&b) {
            return Names::Anonymous;
        }
        if let Some(name) = a.iter().find(|n| b.contains(n)) {
            let lambda = is_lambda(&name.symbol) && self.old.kind(old) == Kind::Code;
            return match lambda && !self.may_be_same_lambda(name, old, new) {
                true => Names::Different,
                false => Names::Same,
            };
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

    /// Whether a file-local constant and one without a name: a compiler keeps one of several
    /// constants with the same content, which may be the one that it made itself. The debug
    /// information then still has the name.
    fn is_merged(&self, old: Atom, a: &[Name], new: Atom, b: &[Name]) -> bool {
        let constant = self.old.kind(old) == Kind::Constant && self.new.kind(new) == Kind::Constant;
        let local = |names: &[Name]| names.iter().all(|n| n.object.is_some());
        constant && a.is_empty() != b.is_empty() && local(a) && local(b)
    }

    /// Lambdas are numbered: with another one before them they change their names. They
    /// are the same when their content is; what is left over on both sides may be.
    fn may_be_same_lambda(&self, name: &Name, old: Atom, new: Atom) -> bool {
        let same = |a: Atom, b: Atom| self.decide(|| self.same_code(a, b)).is_none();
        let (olds, news) = (self.old.lambdas_like(name), self.new.lambdas_like(name));
        same(old, new)
            || (self.reach == Reach::Read
                && !news.iter().any(|n| same(old, *n))
                && !olds.iter().any(|o| same(*o, new)))
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
