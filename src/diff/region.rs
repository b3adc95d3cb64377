//! Whether everything that an unknown index may reach is the same.

use super::same::Comparer;
use crate::addr::Rva;
use crate::function::{DataIndex, FunctionIndex, Program};
use crate::symbols::ModuleIndex;

/// How far an index is taken to reach at most, in bytes.
const MAX_REACH: u32 = 1 << 16;

impl Comparer<'_> {
    /// Whether the same objects lie from two places on, up to the end of what the object files
    /// of the two functions contributed there.
    pub fn same_reach(
        &self,
        (old, new): (Rva, Rva),
        of: (Option<ModuleIndex>, Option<ModuleIndex>),
    ) -> bool {
        let (Some(a), Some(b)) = (end(self.old, old, of.0), end(self.new, new, of.1)) else {
            return false;
        };
        let size = a.0 - old.0;
        let (d, e) = (items(self.old, old, a), items(self.new, new, b));
        let same = |(d, e): (&DataIndex, &DataIndex)| {
            let (x, y) = (self.old.datum(*d), self.new.datum(*e));
            x.rva.0 - old.0 == y.rva.0 - new.0 && self.keys.same_datum(*d, *e)
        };
        size == b.0 - new.0
            && d.len() == e.len()
            && d.iter().zip(&e).all(same)
            && (self.old.is_writable(a) && self.new.is_writable(b)
                || self.same_span(old, new, size))
    }

    /// Bytes that begin in a gap count from where something lies.
    fn same_span(&self, old: Rva, new: Rva, size: u32) -> bool {
        let missing = |program: &Program<'_>, rva: Rva| {
            let sections = program.image.sections.iter();
            let next = sections.filter(|s| s.end() > rva).map(|s| s.rva.0).min();
            next.map_or(0, |next| next.saturating_sub(rva.0))
        };
        let skip = missing(self.old, old);
        skip == missing(self.new, new)
            && skip <= size
            && self.same_bytes(Rva(old.0 + skip), Rva(new.0 + skip), size - skip)
    }

    /// Where the old build has what lies from a place of the new one on, for a function of the
    /// new build.
    pub fn old_reach(&self, new: Rva, function: FunctionIndex) -> Option<Rva> {
        let module = module(self.new, function);
        let old_module = self
            .keys
            .modules
            .pairs()
            .find(|(_, n)| Some(*n as u32) == module.map(|m| m.0));
        let of = (old_module.map(|(o, _)| ModuleIndex(o as u32)), module);
        let list = items(self.new, new, end(self.new, new, module)?);
        let place = list.into_iter().find_map(|e| {
            let before = self.old.datum(self.keys.old_datum_of(e)?).rva;
            let distance = self.new.datum(e).rva.0 - new.0;
            before.0.checked_sub(distance).map(Rva)
        })?;
        self.same_reach((place, new), of).then_some(place)
    }
}

/// The object file that a function comes from.
pub fn module(program: &Program<'_>, function: FunctionIndex) -> Option<ModuleIndex> {
    let f = program.function(function);
    let contribution = program.symbols.contribution_at(f.rva);
    contribution.map(|c| c.module)
}

/// The end of the contribution at a place or behind it, or of the first one there of an object
/// file, whichever is further.
fn end(program: &Program<'_>, rva: Rva, module: Option<ModuleIndex>) -> Option<Rva> {
    let list = &program.symbols.contributions;
    let limit = rva.0.saturating_add(MAX_REACH);
    let first = list.partition_point(|c| c.rva.0.saturating_add(c.size) <= rva.0);
    let mut near = list[first..].iter().take_while(|c| c.rva.0 < limit);
    let nearest = near.clone().next()?;
    let own = near.find(|c| Some(c.module) == module);
    let end = own.unwrap_or(nearest);
    Some(Rva(end.rva.0.saturating_add(end.size).min(limit)))
}

/// The named data that begin in a range.
fn items(program: &Program<'_>, from: Rva, to: Rva) -> Vec<DataIndex> {
    let first = program.data.partition_point(|d| d.rva < from);
    let last = program.data.partition_point(|d| d.rva < to);
    (first as u32..last.max(first) as u32)
        .map(DataIndex)
        .collect()
}
