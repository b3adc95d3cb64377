//! Whether two functions and their references are the same.

use std::cell::{OnceCell, RefCell};
use std::collections::HashMap;

use super::content::{Memo, Pair};
use super::no_field;
use super::region::module;
use super::thread_local::ThreadLocalPairs;
use super::variables::Variables;
use super::{Diff, Keys};
use crate::addr::Rva;
use crate::function::{Code, FunctionIndex, Place, Program, Reference, ReferenceKind, Site};

/// Why two functions are not the same.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Difference {
    /// Their code has different lengths.
    Size,
    /// A byte that is not part of a reference differs, at this offset.
    Byte(u32),
    /// Their references are at different offsets or of different kinds, from here on.
    Shape(u32),
    /// The reference at this offset means another place or other content.
    Reference(u32, Rva, Rva),
    /// They fall through into other code: where to, if they do.
    FallsInto(Option<Rva>, Option<Rva>),
    /// Their unwind information differs.
    Unwind,
    /// Their separated parts differ.
    Parts,
    /// The code of another function, into which they refer, differs.
    Dependency(FunctionIndex),
}

/// Compares items of two builds. Content that was compared once is remembered.
pub struct Comparer<'c> {
    /// The old build.
    pub old: &'c Program<'c>,
    /// The new build.
    pub new: &'c Program<'c>,
    /// Names of both.
    pub keys: &'c Keys,
    pub(super) memo: RefCell<Memo>,
    /// Made when it is first needed.
    pub(super) variables: OnceCell<Variables>,
    thread_locals: OnceCell<ThreadLocalPairs<'c>>,
    /// References from one function into the middle of another, or to a separated part of it:
    /// (from, into), old build.
    pub(super) entanglements: RefCell<Vec<(FunctionIndex, FunctionIndex)>>,
    /// Fields of old functions (offset and width) that do not count, whatever they hold.
    pub(super) ignored: HashMap<FunctionIndex, Vec<(u32, u32)>>,
}

impl<'c> Comparer<'c> {
    /// A comparer of two builds.
    pub fn new(old: &'c Program<'c>, new: &'c Program<'c>, keys: &'c Keys) -> Self {
        Comparer {
            old,
            new,
            keys,
            memo: RefCell::default(),
            variables: OnceCell::new(),
            thread_locals: OnceCell::new(),
            entanglements: RefCell::default(),
            ignored: HashMap::new(),
        }
    }

    /// The first difference between two functions, if there is one.
    pub fn difference(&self, old: FunctionIndex, new: FunctionIndex) -> Option<Difference> {
        let ignored = self.ignored.get(&old).map_or(&[][..], Vec::as_slice);
        let (f, g) = (self.old.function(old), self.new.function(new));
        if f.size != g.size {
            return Some(Difference::Size);
        }
        let (old_code, new_code) = (self.old.code_of(old), self.new.code_of(new));
        if let Some(at) = first_shape_difference(old_code, new_code) {
            return Some(Difference::Shape(at));
        }
        if let Some(at) = old_code.uncertain_thread_local
            && !self.thread_locals().is_same_layout()
        {
            return Some(Difference::Byte(at));
        }
        let (a, b) = (self.old.bytes_of(old), self.new.bytes_of(new));
        let known = ignored;
        let mut ignored = known.to_vec();
        ignored.extend(self.moved_numbers(old, new));
        if let Some(at) = first_byte_difference(a, b, &old_code.references, &ignored) {
            return Some(Difference::Byte(at));
        }
        for (r, s) in old_code.references.iter().zip(&new_code.references) {
            let counts = !known.contains(&(r.at, r.kind.width()));
            if counts && !self.same_bounded((old, new), r, s) {
                return Some(Difference::Reference(r.at, r.target, s.target));
            }
        }
        if let Some(difference) = self.uncertain_difference(old, new) {
            return Some(difference);
        }
        if let Some(difference) = self.other_operand(old, new) {
            return Some(difference);
        }
        let next = (self.old.falls_into(old), self.new.falls_into(new));
        let same_next = match next {
            (Some(a), Some(b)) => self.same_place(a, b, None),
            (a, b) => a == b,
        };
        if !same_next {
            return Some(Difference::FallsInto(next.0, next.1));
        }
        if !self.same_unwind((f.rva, f.size), (g.rva, g.size)) {
            return Some(Difference::Unwind);
        }
        if !self.same_parts(old, new) {
            return Some(Difference::Parts);
        }
        None
    }

    /// Whether a function that was compared refers into the middle of another one that changed,
    /// or to a separated part of it, and so has to change with it.
    pub(super) fn refers_into_changed(&self, diff: &Diff, function: FunctionIndex) -> bool {
        let entanglements = self.entanglements.borrow();
        entanglements.iter().any(|(_, into)| {
            let mut changed = diff.functions.changed.iter();
            let owns =
                |old: FunctionIndex| old == *into || self.old.parts_of(old).any(|p| p == *into);
            changed.any(|c| c.old != function && owns(c.old))
        })
    }

    /// Whether two references mean the same; where an index counts from them that nothing
    /// limits, also all that it may reach.
    fn same_bounded(
        &self,
        (old, new): (FunctionIndex, FunctionIndex),
        r: &Reference,
        s: &Reference,
    ) -> bool {
        let from = |code: &Code| {
            let mut list = code.unbounded.iter();
            list.find(|(at, _)| *at == r.at).map(|(_, from)| *from)
        };
        let (a, b) = match (from(self.old.code_of(old)), from(self.new.code_of(new))) {
            (None, None) => return self.same_reference((old, new), r, s),
            (a, b) => (a.unwrap_or(r.target), b.unwrap_or(s.target)),
        };
        let modules = (module(self.old, old), module(self.new, new));
        // It may also go back from where it begins, within the object there.
        let inside = |program: &Program<'_>, rva| {
            matches!(program.place(rva), Place::Data(..) | Place::Constant)
        };
        let objects = inside(self.old, r.target) || inside(self.new, s.target);
        a.0.wrapping_sub(r.target.0) == b.0.wrapping_sub(s.target.0)
            && self.same_reach((a, b), modules)
            && (!objects || self.same_reference((old, new), r, s))
    }

    /// Whether two references of one old function and its new version mean the same.
    pub fn same_reference(
        &self,
        (from, to): (FunctionIndex, FunctionIndex),
        old: &Reference,
        new: &Reference,
    ) -> bool {
        let no_fields = (
            no_field::distance(self.old, from, old),
            no_field::distance(self.new, to, new),
        );
        if let (Some(a), Some(b)) = no_fields {
            return a == b;
        }
        let size = match old.kind {
            ReferenceKind::Access(size) => Some(u32::from(size)),
            ReferenceKind::ThreadLocal => return self.same_thread_local(from, old, new),
            _ => None,
        };
        if let (Place::Function(f, offset), Place::Function(_, _)) =
            (self.old.place(old.target), self.new.place(new.target))
            && (offset != 0 || self.old.is_part(f))
            && f != from
        {
            self.entanglements.borrow_mut().push((from, f));
        }
        if let (Some(a), Some(b)) = (old.anchor, new.anchor)
            && (a, b) != (old.target, new.target)
        {
            // Both builds say which object is meant; how far into it is then plain.
            return old.target.0.wrapping_sub(a.0) == new.target.0.wrapping_sub(b.0)
                && self.same_place(a, b, None);
        }
        match old.kind {
            ReferenceKind::Address | ReferenceKind::Absolute | ReferenceKind::ImageRelative => {
                let site = |f, r: &Reference| (Site::Code(f, r.at), r.target);
                self.same_meaning(site(from, old), site(to, new))
            }
            _ => self.same_place(old.target, new.target, size),
        }
    }

    /// Which thread-local variable is which.
    pub fn thread_locals(&self) -> &ThreadLocalPairs<'c> {
        let made = || ThreadLocalPairs::new(self.old, self.new, self.keys);
        self.thread_locals.get_or_init(made)
    }

    /// Offsets into the TLS block are the same when they mean the same place of the same
    /// variable.
    fn same_thread_local(&self, from: FunctionIndex, old: &Reference, new: &Reference) -> bool {
        if self.old.image.tls.is_none() && self.new.image.tls.is_none() {
            return old.target == new.target;
        }
        let is_address = self.old.takes_address(from, old.at);
        let pairs = self.thread_locals();
        pairs.same(old.target, new.target, is_address)
    }

    /// Funclets are the same when their code is: their names hold numbers that shift.
    pub(super) fn same_funclet(&self, f: FunctionIndex, g: FunctionIndex) -> bool {
        self.remembered(Pair::Funclets(f, g), || self.difference(f, g).is_none())
    }

    /// Code without a name that was paired by a guess has to be the same as well.
    pub(super) fn is_that_code(&self, f: FunctionIndex, g: FunctionIndex, offset: u32) -> bool {
        offset != 0
            || !self.old.function(f).names.is_empty()
            || !self.keys.function_is_ambiguous(f)
            || self.same_funclet(f, g)
    }

    fn same_parts(&self, old: FunctionIndex, new: FunctionIndex) -> bool {
        let (f, g) = (self.old.function(old), self.new.function(new));
        f.parts.len() == g.parts.len()
            && f.parts.iter().zip(&g.parts).all(|(p, q)| {
                let indices = (self.old.function_at(p.0), self.new.function_at(q.0));
                matches!(indices, (Some(a), Some(b)) if self.difference(a, b).is_none())
            })
    }
}

/// Whether two functions differ in nothing but what they refer to, handlers and separated
/// parts left aside.
pub(super) fn same_shape(
    (old, f): (&Program<'_>, FunctionIndex),
    (new, g): (&Program<'_>, FunctionIndex),
) -> bool {
    let (a, b) = (old.code_of(f), new.code_of(g));
    let bytes = (old.bytes_of(f), new.bytes_of(g));
    old.function(f).size == new.function(g).size
        && first_shape_difference(a, b).is_none()
        && first_byte_difference(bytes.0, bytes.1, &a.references, &[]).is_none()
}

fn first_shape_difference(old: &Code, new: &Code) -> Option<u32> {
    let shape = |r: &Reference| (r.at, r.kind, r.trailing);
    let pairs = old.references.iter().zip(&new.references);
    for (a, b) in pairs {
        if shape(a) != shape(b) {
            return Some(a.at.min(b.at));
        }
    }
    let common = old.references.len().min(new.references.len());
    let rest = old.references.get(common).or(new.references.get(common));
    rest.map(|r| r.at)
}

/// The first byte outside of every reference and of the ignored fields that differs.
fn first_byte_difference(
    old: &[u8],
    new: &[u8],
    references: &[Reference],
    ignored: &[(u32, u32)],
) -> Option<u32> {
    let mut from = 0;
    let mut fields: Vec<(usize, usize)> = references
        .iter()
        .map(|r| (r.at, r.kind.width()))
        .chain(ignored.iter().copied())
        .map(|(at, width)| (at as usize, (at + width) as usize))
        .collect();
    fields.sort_unstable();
    fields.push((old.len(), old.len()));
    for (start, end) in fields {
        let range = from.min(start)..start.min(old.len());
        let (a, b) = (&old[range.clone()], &new[range.clone()]);
        if a != b {
            let offset = a.iter().zip(b).position(|(x, y)| x != y).unwrap_or(0);
            return Some((range.start + offset) as u32);
        }
        from = end.max(from);
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_of_a_reference_do_not_count() {
        let reference = Reference {
            at: 1,
            kind: ReferenceKind::Branch32,
            trailing: 0,
            target: Rva(0),
            anchor: None,
        };
        let old = [0xe8, 1, 2, 3, 4, 0xc3];
        let new = [0xe8, 9, 9, 9, 9, 0xc3];
        assert_eq!(first_byte_difference(&old, &new, &[reference], &[]), None);
        assert_eq!(first_byte_difference(&old, &new, &[], &[]), Some(1));
        let other = [0xe8, 9, 9, 9, 9, 0xcc];
        assert_eq!(
            first_byte_difference(&old, &other, &[reference], &[]),
            Some(5)
        );
        assert_eq!(first_byte_difference(&old, &new, &[], &[(1, 4)]), None);
    }
}
