//! Whether two places are the same: of data by their names and by what is there.

use super::content::Pair;
use super::same::Comparer;
use super::variables::{self, Variables};
use crate::addr::Rva;
use crate::function::{DataIndex, Place, Program, Site};

impl Comparer<'_> {
    /// Whether two addresses mean the same. `accessed` is how many bytes are read or
    /// written there, where that is known; else the whole object counts.
    pub fn same_place(&self, old: Rva, new: Rva, accessed: Option<u32>) -> bool {
        let images = (self.old.image, self.new.image);
        // The descriptor of a delay-loaded module is full of RVAs, which say nothing else.
        let modules = (images.0.delay_load_at(old), images.1.delay_load_at(new));
        if let (Some(a), Some(b)) = modules {
            return a.module == b.module;
        }
        match (self.old.place(old), self.new.place(new)) {
            (Place::Function(f, a), Place::Function(g, b)) => {
                a == b
                    && match (self.old.is_funclet(f), self.new.is_funclet(g)) {
                        (true, true) => self.same_funclet(f, g),
                        (false, false) => {
                            self.keys.same_function(f, g) && self.is_that_code(f, g, a)
                        }
                        _ => false,
                    }
            }
            (Place::Import(i), Place::Import(j)) => {
                let a = &self.old.image.imports[i as usize];
                let b = &self.new.image.imports[j as usize];
                a.means_the_same(b)
            }
            (Place::Data(d, a), Place::Data(e, b)) => {
                // Of constants the content says which they are, where the name does not.
                let same = || {
                    self.keys.same_datum(d, e)
                        || self.keys.may_be_same_datum(d, e)
                            && !self.old.datum(d).writable
                            && !self.new.datum(e).writable
                };
                a == b && same() && self.same_constant(d, e, old, new, accessed)
            }
            (Place::Constant, Place::Constant) => match (accessed, self.lookups_at(old, new)) {
                // Whoever reads a single entry counts it from a table that others hand over,
                // which is a copy with other distances where the table changed.
                (Some(4), Some(((t, a), (u, b)))) => a == b && self.same_switch_table(t, u),
                (None, Some(((t, a), (u, b)))) if a == b => self.same_switch_table(t, u),
                (Some(size), _) => self.same_bytes(old, new, size),
                (None, _) => self.same_anonymous(old, new),
            },
            (Place::SwitchTable(t), Place::SwitchTable(u)) => self.same_switch_table(t, u),
            (Place::Variable, Place::Variable) => self.same_unnamed_variable(old, new),
            (Place::Headers(a), Place::Headers(b)) => a == b,
            _ => false,
        }
    }

    /// Whether two places that hold constants without a symbol hold the same. `accessed` as
    /// for [`Self::same_place`].
    pub fn same_constant_at(&self, old: Rva, new: Rva, accessed: Option<u32>) -> bool {
        self.old.place(old) == Place::Constant
            && self.new.place(new) == Place::Constant
            && self.same_place(old, new, accessed)
    }

    /// Named constants count by content as well; variables only by name.
    fn same_constant(
        &self,
        d: DataIndex,
        e: DataIndex,
        old: Rva,
        new: Rva,
        accessed: Option<u32>,
    ) -> bool {
        if self.old.datum(d).writable || self.new.datum(e).writable {
            return self.old.datum(d).writable == self.new.datum(e).writable;
        }
        match accessed {
            Some(size) => self.same_bytes(old, new, size),
            None => self.same_datum_content(d, e),
        }
    }

    /// Where the old build has a variable without a symbol of the new one (see
    /// [`variables`](super::variables)), which new code uses as old code does.
    pub fn old_variable(&self, new: Rva) -> Option<Rva> {
        let known = self.variables().old(new);
        let found = known.or_else(|| self.at_same_offset(new))?;
        variables::used_alike((self.old, found), (self.new, new)).then_some(found)
    }

    /// Whether the old build has no variable that one without a symbol of the new build may be.
    pub fn is_new_variable(&self, new: Rva) -> bool {
        self.old_variable(new).is_none() && self.variables().is_new(new)
    }

    fn variables(&self) -> &Variables {
        let made = || Variables::new(self.old, self.new, self.keys);
        self.variables.get_or_init(made)
    }

    /// The place at the same offset of the same object file's contribution, where there is
    /// one of that size, and everything that has a name in it is where it was.
    fn at_same_offset(&self, new: Rva) -> Option<Rva> {
        let c = self.new.symbols.contribution_at(new)?;
        let kind = |program: &Program<'_>, rva| program.image.section_at(rva).map(|s| s.kind());
        let mut fitting = self.old.symbols.contributions.iter().filter(|o| {
            o.size == c.size
                && self.keys.modules.same(o.module, c.module)
                && kind(self.old, o.rva) == kind(self.new, c.rva)
        });
        let (o, None) = (fitting.next()?, fitting.next()) else {
            return None;
        };
        let names = |program: &Program<'_>, rva: Rva| {
            let from = program.data.partition_point(|d| d.rva < rva);
            let to = program.data.partition_point(|d| d.rva.0 < rva.0 + c.size);
            (from..to).map(|i| DataIndex(i as u32)).collect::<Vec<_>>()
        };
        let (a, b) = (names(self.old, o.rva), names(self.new, c.rva));
        let same = |(d, e): (&DataIndex, &DataIndex)| {
            let offsets = (
                self.old.datum(*d).rva.0 - o.rva.0,
                self.new.datum(*e).rva.0 - c.rva.0,
            );
            offsets.0 == offsets.1 && self.keys.same_datum(*d, *e)
        };
        let all = a.len() == b.len() && a.iter().zip(&b).all(same);
        let found = Rva(o.rva.0 + (new.0 - c.rva.0));
        let (before, after) = ((self.old, found, o.rva), (self.new, new, c.rva));
        (all && variables::is_the_one(before, after, c.size, self.keys, |a, b, len| {
            self.same_bytes(a, b, len)
        }))
        .then_some(found)
    }

    /// Writable data without a symbol is the same when it lies behind the same named
    /// variable, or at the same offset of the same object file's contribution, and the
    /// contributions are of one size.
    fn same_unnamed_variable(&self, old: Rva, new: Rva) -> bool {
        if let Some(known) = self.variables().old(new) {
            return known == old;
        }
        let contributions = (
            self.old.symbols.contribution_at(old),
            self.new.symbols.contribution_at(new),
        );
        let (Some(a), Some(b)) = contributions else {
            return false;
        };
        self.keys.modules.same(a.module, b.module)
            && a.size == b.size
            && old.0 - a.rva.0 == new.0 - b.rva.0
    }

    pub(super) fn same_switch_table(&self, old: u32, new: u32) -> bool {
        let (t, u) = (
            &self.old.switch_tables[old as usize],
            &self.new.switch_tables[new as usize],
        );
        // How many entries a lookup table has is only known to be no more than this. One that
        // grew is another one: who hands over an index need not be the one that uses it.
        let lookup = t.branch == Rva(0) && u.branch == Rva(0);
        let fits = match lookup {
            true => t.entries >= u.entries,
            false => t.entries == u.entries,
        };
        if t.entry != u.entry || !fits {
            return false;
        }
        let (Some(a), Some(b)) = (
            self.old.image.switch_targets(t),
            self.new.image.switch_targets(u),
        ) else {
            return false;
        };
        // Where a table of strings ends is not known, and what is read beyond its end may lead
        // anywhere, also back to it.
        self.remembered(Pair::Tables(old, new), || {
            let mut entries = (0..).zip(a.iter().zip(&b));
            entries.all(|(i, (x, y))| match lookup {
                true => self.same_meaning(
                    (Site::Pointer(t.entry_at(i)), *x),
                    (Site::Pointer(u.entry_at(i)), *y),
                ),
                false => self.same_place(*x, *y, None),
            })
        })
    }

    /// The tables of distances that hold two addresses.
    fn lookups_at(&self, old: Rva, new: Rva) -> Option<((u32, u32), (u32, u32))> {
        Some((self.old.lookup_at(old)?, self.new.lookup_at(new)?))
    }
}
