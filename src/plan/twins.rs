//! Constants without a symbol that the old image has as well.
//!
//! Where the old image holds the same content, moved code refers to it there: what it stores
//! somewhere then stays valid when the patch is taken out, and objects whose address means
//! something (run-time type information, virtual function tables of local classes) stay one.

use std::collections::HashMap;

use crate::addr::Rva;
use crate::diff::Comparer;
use crate::function::{Place, Program};

/// The first bytes of a constant, without what the loader relocates.
type Look = [u8; 8];

/// Constants of the old image by their looks.
pub struct Twins<'t> {
    comparer: Comparer<'t>,
    by_look: HashMap<Look, Vec<Rva>>,
}

impl<'t> Twins<'t> {
    /// Looks at every constant that old code or data refers to.
    pub fn new(comparer: Comparer<'t>) -> Self {
        let old = comparer.old;
        let mut by_look: HashMap<Look, Vec<Rva>> = HashMap::new();
        for rva in old.anonymous_targets() {
            if old.place(rva) == Place::Constant
                && let Some(look) = look(old, rva)
            {
                by_look.entry(look).or_default().push(rva);
            }
        }
        Twins { comparer, by_look }
    }

    /// What compares the two builds.
    pub fn comparer(&self) -> &Comparer<'t> {
        &self.comparer
    }

    /// Where the old image has a variable without a symbol of the new one.
    pub fn old_variable(&self, rva: Rva) -> Option<Rva> {
        self.comparer.old_variable(rva)
    }

    /// Whether a variable without a symbol of the new image is one that the old image has not.
    pub fn is_new_variable(&self, rva: Rva) -> bool {
        self.comparer.is_new_variable(rva)
    }

    /// Where the old image has the constant at `rva` of the new one. `accessed` is how many
    /// bytes of it are read, where that is known.
    pub fn find(&self, rva: Rva, accessed: Option<u32>) -> Option<Rva> {
        let (old, new) = (self.comparer.old, self.comparer.new);
        let size = accessed.unwrap_or_else(|| new.anonymous_extent(rva));
        let has_pointers = !new.image.relocations_in(rva, size).is_empty();
        let candidates = self.by_look.get(&look(new, rva)?)?;
        let of_new = new.symbols.contribution_at(rva);
        let same_module = |twin: &Rva| {
            let keys = &self.comparer.keys.modules;
            let of_old = old.symbols.contribution_at(*twin);
            matches!((of_old, of_new), (Some(a), Some(b)) if keys.same(a.module, b.module))
        };
        let alignment = accessed.unwrap_or(1).next_power_of_two();
        let aligned =
            |twin: Rva| !rva.0.is_multiple_of(alignment) || twin.0.is_multiple_of(alignment);
        // What is carried otherwise, down to what may be padding: how much of it the old build
        // shows to be one object does not matter.
        let compared = match new.lookup_at(rva) {
            Some(_) => accessed,
            None => Some(size),
        };
        let is_equal = |twin: &Rva| {
            aligned(*twin)
                && self.may_equal(*twin, rva, size)
                && self.comparer.same_constant_at(*twin, rva, compared)
                && self.comparer.same_bytes(*twin, rva, size)
        };
        let near = outwards(candidates, rva).filter(same_module).find(is_equal);
        let any = || {
            let equal = outwards(candidates, rva).find(is_equal);
            equal.filter(|_| !has_pointers)
        };
        near.or_else(any)
    }
}

impl Twins<'_> {
    /// Whether two constants may hold the same, as their first difference says: most that look
    /// alike are told apart by that.
    fn may_equal(&self, twin: Rva, rva: Rva, size: u32) -> bool {
        let (old, new) = (self.comparer.old, self.comparer.new);
        let len = size as usize;
        let raw = (old.image.slice(twin, len), new.image.slice(rva, len));
        let (Some(a), Some(b)) = raw else {
            return true;
        };
        let Some(at) = a.iter().zip(b).position(|(x, y)| x != y) else {
            return true;
        };
        // Behind the mark of a hash in a text, its digits may differ; and pointers may.
        if a[..at].contains(&b'?') || a[..at].contains(&b'<') {
            return true;
        }
        let is_pointer = |program: &Program<'_>, start: Rva| {
            let field = Rva((start.0 + at as u32).saturating_sub(7));
            !program.image.relocations_in(field, 8).is_empty()
        };
        if is_pointer(old, twin) || is_pointer(new, rva) {
            return true;
        }
        let number = |start: Rva| Rva((start.0 + at as u32) & !3);
        let found = self.comparer.number_reference(number(twin), number(rva));
        found.is_some()
    }
}

/// The elements of an ascending list from the one next to `rva` on: it is most likely there, where
/// thousands look alike.
fn outwards(list: &[Rva], rva: Rva) -> impl Iterator<Item = Rva> + '_ {
    let (before, behind) = list.split_at(list.partition_point(|at| *at < rva));
    let (mut before, mut behind) = (before.iter().rev().peekable(), behind.iter().peekable());
    std::iter::from_fn(move || {
        let is_before = match (before.peek(), behind.peek()) {
            (Some(a), Some(b)) => a.0.abs_diff(rva.0) < b.0.abs_diff(rva.0),
            (a, _) => a.is_some(),
        };
        let next = match is_before {
            true => before.next(),
            false => behind.next(),
        };
        next.copied()
    })
}

fn look(program: &Program<'_>, rva: Rva) -> Option<Look> {
    let mut look = Look::default();
    let rest = program.image.rest_of_section(rva)?;
    let len = rest.len().min(look.len());
    look[..len].copy_from_slice(&rest[..len]);
    // Text shorter than this is followed by something else.
    if let Some(zero) = look.iter().position(|b| *b == 0) {
        look[zero..].fill(0);
    }
    for place in program.image.relocations_in(rva, look.len() as u32) {
        look[(place.0 - rva.0) as usize..].fill(0);
    }
    Some(look)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_next_one_comes_first() {
        let list = [1, 5, 6, 9, 20].map(Rva);
        let order = |from| {
            outwards(&list, Rva(from))
                .map(|at| at.0)
                .collect::<Vec<_>>()
        };
        assert_eq!(order(6), [6, 5, 9, 1, 20]);
        assert_eq!(order(0), [1, 5, 6, 9, 20]);
        assert_eq!(order(30), [20, 9, 6, 5, 1]);
    }
}
