//! Whether data has the same content: bytes, with pointers compared by what they mean.

use std::collections::HashMap;

use super::rtti::{image_relative_fields, without_hashes};
use super::same::Comparer;
use crate::addr::Rva;
use crate::function::{DESCRIPTOR_HEAD, DataIndex, DataItem, FunctionIndex, Program, Site};

/// How many data that point to each other in a chain are followed on the stack; what comes
/// behind is compared once the stack is free again.
const MAX_DEPTH: usize = 256;

/// A comparison that has to be made.
#[derive(Clone, Copy, Debug)]
pub enum Pair {
    /// Of named data.
    Data(DataIndex, DataIndex),
    /// Of constants without a symbol.
    Constants(Rva, Rva),
    /// Of the first bytes of such.
    Bytes(Rva, Rva, u32),
    /// Of switch tables, and tables of distances.
    Tables(u32, u32),
    /// Of funclets.
    Funclets(FunctionIndex, FunctionIndex),
}

/// What is known of pairs of data, by address.
#[derive(Default)]
pub struct Memo {
    /// The pairs, and how many bytes of them; 0 for the whole.
    known: HashMap<(Rva, Rva, u32), bool>,
    /// Found equal while an outer comparison is under way, in the order of their start.
    assumed: Vec<(Rva, Rva, u32)>,
    depth: usize,
    /// What is behind the end of a long chain, and counts as equal until it is compared.
    later: Vec<((Rva, Rva, u32), Pair)>,
}

impl Comparer<'_> {
    /// Whether two named data have the same content.
    pub fn same_datum_content(&self, old: DataIndex, new: DataIndex) -> bool {
        let (d, e) = (self.old.datum(old), self.new.datum(new));
        // What the directory says is compared by what it means: the variables, the callbacks.
        if let (Some(a), Some(b)) = (&self.old.image.tls, &self.new.image.tls)
            && (a.place, b.place) == (d.rva, e.rva)
        {
            return true;
        }
        if let Some(same) = self.same_type_descriptor(d, e) {
            return same;
        }
        self.remembered(Pair::Data(old, new), || {
            let sizes = (d.content_size(), e.content_size());
            let names = d.names.iter();
            let rvas = names.flat_map(|n| image_relative_fields(&n.name, sizes.0.min(sizes.1)));
            self.same_extents(
                (d.rva, sizes.0),
                (e.rva, sizes.1),
                &rvas.collect::<Vec<_>>(),
            )
        })
    }

    /// Whether two type descriptors are of one type; `None` where they are none. The hash of an
    /// unnamed namespace in the name makes them longer or shorter, too.
    pub(super) fn same_type_descriptor(&self, d: &DataItem, e: &DataItem) -> Option<bool> {
        let named = |item: &DataItem| item.names.iter().any(|n| n.name.starts_with("??_R0"));
        if !named(d) || !named(e) {
            return None;
        }
        let names = (
            self.old.described_type(d.rva)?,
            self.new.described_type(e.rva)?,
        );
        let (mut a, mut b) = (names.0.into_bytes(), names.1.into_bytes());
        let longer = a.len().max(b.len());
        for name in [&mut a, &mut b] {
            name.resize(longer, 0);
            without_hashes(name, |_| true);
        }
        Some(a == b && self.same_bytes(d.rva, e.rva, DESCRIPTOR_HEAD))
    }

    /// Whether two objects without a symbol have the same content, over extents that can
    /// only be too large. Where one build shows less of it than the other, both may still hold
    /// the same bytes all along the longer one: an object, and another one behind it.
    pub(super) fn same_anonymous(&self, old: Rva, new: Rva) -> bool {
        self.remembered(Pair::Constants(old, new), || {
            let sizes = (self.old.compared_extent(old), self.new.compared_extent(new));
            self.same_extents((old, sizes.0), (new, sizes.1), &[])
                || sizes.0 != sizes.1 && self.same_bytes(old, new, sizes.0.max(sizes.1))
        })
    }

    /// Looks a comparison up or makes it. While it is under way it counts as equal, so that
    /// data that point to each other come to an end; what was found equal under an
    /// assumption that turns out wrong is forgotten.
    pub(super) fn remembered(&self, pair: Pair, compare: impl FnOnce() -> bool) -> bool {
        let key = self.key(pair);
        if let Some(known) = self.memo.borrow().known.get(&key) {
            return *known;
        }
        let (start, later) = {
            let mut memo = self.memo.borrow_mut();
            memo.known.insert(key, true);
            memo.assumed.push(key);
            if memo.depth >= MAX_DEPTH {
                memo.later.push((key, pair));
                return true;
            }
            memo.depth += 1;
            (memo.assumed.len(), memo.later.len())
        };
        let mut same = compare();
        while same && let Some(pair) = self.next_later() {
            same = self.compare(pair);
        }
        let mut memo = self.memo.borrow_mut();
        memo.depth -= 1;
        if !same {
            let dependent: Vec<_> = memo.assumed.drain(start - 1..).collect();
            for key in dependent {
                memo.known.remove(&key);
            }
            memo.later.truncate(later);
            memo.known.insert(key, false);
        } else if memo.depth == 0 {
            memo.assumed.clear();
        }
        same
    }

    /// What is left to be compared, where the outermost comparison asks.
    fn next_later(&self) -> Option<Pair> {
        let mut memo = self.memo.borrow_mut();
        if memo.depth > 1 {
            return None;
        }
        let (key, pair) = memo.later.pop()?;
        memo.known.remove(&key);
        Some(pair)
    }

    fn compare(&self, pair: Pair) -> bool {
        match pair {
            Pair::Data(d, e) => self.same_datum_content(d, e),
            Pair::Constants(old, new) => self.same_anonymous(old, new),
            Pair::Bytes(old, new, len) => self.same_first_bytes(old, new, len),
            Pair::Tables(t, u) => self.same_switch_table(t, u),
            Pair::Funclets(f, g) => self.same_funclet(f, g),
        }
    }

    /// The places of a pair, and how many bytes are compared there; 0 for the whole.
    fn key(&self, pair: Pair) -> (Rva, Rva, u32) {
        let (old, new) = (self.old, self.new);
        match pair {
            Pair::Data(d, e) => (old.datum(d).rva, new.datum(e).rva, 0),
            Pair::Constants(a, b) => (a, b, 0),
            Pair::Bytes(a, b, len) => (a, b, len),
            Pair::Tables(t, u) => {
                let table =
                    |program: &Program<'_>, index: u32| program.switch_tables[index as usize].table;
                (table(old, t), table(new, u), 0)
            }
            Pair::Funclets(f, g) => (old.function(f).rva, new.function(g).rva, 0),
        }
    }

    /// Whether two constants without a symbol begin with the same bytes.
    pub(super) fn same_first_bytes(&self, old: Rva, new: Rva, len: u32) -> bool {
        self.remembered(Pair::Bytes(old, new, len), || {
            self.same_bytes(old, new, len)
        })
    }

    /// Zeros at the end of the longer one are padding.
    pub(super) fn same_extents(&self, old: (Rva, u32), new: (Rva, u32), rvas: &[u32]) -> bool {
        let ((old, old_size), (new, new_size)) = (old, new);
        let common = old_size.min(new_size);
        let rest = |program: &crate::function::Program<'_>, rva: Rva, size: u32| {
            let rest = Rva(rva.0 + common);
            size == common
                || (program.image.relocations_in(rest, size - common).is_empty()
                    && program.image.is_zero(rest, size - common) == Some(true))
        };
        rest(self.old, old, old_size)
            && rest(self.new, new, new_size)
            && self.same_fields(old, new, common, rvas)
    }

    /// Whether `len` bytes are the same, with relocated pointers compared as places.
    pub fn same_bytes(&self, old: Rva, new: Rva, len: u32) -> bool {
        self.same_fields(old, new, len, &[])
    }

    /// `len` bytes of both builds, without what is zeros in both because neither file has it:
    /// variables that start as zero can have gigabytes. `None` where a range leaves its section.
    fn stored_bytes(&self, (old, new): (Rva, Rva), len: u32) -> Option<(Vec<u8>, Vec<u8>)> {
        let a = self.old.image.initialised(old, len)?;
        let b = self.new.image.initialised(new, len)?;
        let stored = a.len().max(b.len()).saturating_add(FIELD).min(len as usize);
        let padded = |bytes: &[u8]| {
            let mut bytes = bytes.to_vec();
            bytes.resize(stored, 0);
            bytes
        };
        Some((padded(a), padded(b)))
    }

    /// As [`Self::same_bytes`], with RVAs at the given offsets compared as places as well.
    fn same_fields(&self, old: Rva, new: Rva, len: u32, rvas: &[u32]) -> bool {
        let Some((mut a, mut b)) = self.stored_bytes((old, new), len) else {
            return false;
        };
        let stored = a.len();
        for &at in rvas.iter().filter(|at| **at as usize + 4 <= stored) {
            let field = at as usize..at as usize + 4;
            let rva = |bytes: &[u8]| {
                let word = bytes[field.clone()].try_into().unwrap_or_default();
                Rva(u32::from_le_bytes(word))
            };
            if !self.same_place(rva(&a), rva(&b), None) {
                return false;
            }
            a[field.clone()].fill(0);
            b[field].fill(0);
        }
        let (pointers, others) = (
            pointers_touching(self.old, old, len),
            pointers_touching(self.new, new, len),
        );
        if pointers.len() != others.len() {
            return false;
        }
        for (p, q) in pointers.iter().zip(others) {
            let at = i64::from(p.0) - i64::from(old.0);
            if at != i64::from(q.0) - i64::from(new.0) {
                return false;
            }
            let targets = (self.old.image.pointer_at(*p), self.new.image.pointer_at(*q));
            let (Some(x), Some(y)) = targets else {
                return false;
            };
            if !self.same_meaning((Site::Pointer(*p), x), (Site::Pointer(*q), y)) {
                return false;
            }
            // Where a part of a pointer is compared, the pointer is.
            let field = at.max(0) as usize..((at + 8) as usize).min(stored);
            a[field.clone()].fill(0);
            b[field].fill(0);
        }
        if a != b {
            let descriptor = |program: &Program<'_>, rva: Rva, at: usize| {
                let head = rva.0.wrapping_add(at as u32).wrapping_sub(DESCRIPTOR_HEAD);
                program.described_type(Rva(head)).is_some()
            };
            without_hashes(&mut a, |at| descriptor(self.old, old, at));
            without_hashes(&mut b, |at| descriptor(self.new, new, at));
        }
        if a != b {
            self.clear_numbers((old, new), &mut a, &mut b);
        }
        a == b && !self.has_other_meaning((old, new), &a)
    }
}

/// Bytes behind the last that a file has, for a field that begins with it.
const FIELD: usize = 8;

/// The pointers of which a range of data holds a part at least.
fn pointers_touching<'p>(program: &'p Program<'_>, rva: Rva, len: u32) -> &'p [Rva] {
    let from = Rva(rva.0.saturating_sub(7));
    program
        .image
        .relocations_in(from, len.saturating_add(rva.0 - from.0))
}
