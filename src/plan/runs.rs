//! Objects of the new build that the payload keeps side by side.
//!
//! The address where one object ends is the address where the next begins. Where both move
//! into the payload together, either meaning holds there.

use super::FixupTarget;
use super::closure::Closure;
use crate::addr::Rva;
use crate::function::{
    DataIndex, End, Ended, FunctionIndex, Place, Program, ReferenceKind, Site, is_text,
};

/// Names that compilers give to literals; such objects have no identity beyond their value.
const LITERAL_PREFIXES: [&str; 4] = ["??_C@_", "__real@", "__xmm@", "__ymm@"];

impl Closure<'_> {
    /// The new variables that lie side by side with one: the payload keeps them together.
    /// First and last; `None` for what is no new variable.
    pub(super) fn run_of(&self, datum: DataIndex) -> Option<(DataIndex, DataIndex)> {
        let new = self.new;
        let module = |d: DataIndex| {
            let c = new.symbols.contribution_at(new.datum(d).rva);
            c.map(|c| (c.rva, c.module))
        };
        let fits = |d: DataIndex| {
            new.datum(d).writable
                && self.diff.old_datum(d).is_none()
                && !self.diff.datum_is_ambiguous(d)
                && module(d) == module(datum)
        };
        if !fits(datum) {
            return None;
        }
        let touches = |a: DataIndex, b: DataIndex| {
            new.datum(a).rva.checked_add(new.datum(a).size) == Some(new.datum(b).rva)
        };
        let (mut first, mut last) = (datum, datum);
        while let Some(before) = first.0.checked_sub(1).map(DataIndex)
            && fits(before)
            && touches(before, first)
        {
            first = before;
        }
        while (last.0 as usize) + 1 < new.data.len()
            && fits(DataIndex(last.0 + 1))
            && touches(last, DataIndex(last.0 + 1))
        {
            last = DataIndex(last.0 + 1);
        }
        Some((first, last))
    }

    /// The constants around one that the payload carries which have to stay side by side with
    /// it, as start and length: where an address that somebody holds may be the end of the one
    /// or the start of the other.
    pub(super) fn constant_run(&mut self, datum: DataIndex) -> (Rva, u32) {
        let new = self.new;
        let mut first = datum;
        while let Some(end) = self.joined_before(new.datum(first).rva)
            && let Ended::Datum(before) = end.ended
            && self.is_carried_constant(before)
        {
            first = before;
        }
        let mut last = datum;
        let start = new.datum(first).rva;
        loop {
            let item = new.datum(last);
            let end = Rva(item.rva.0 + item.content_size());
            let declared = item.type_size.filter(|s| *s > 0);
            let next = Rva(item.rva.0 + declared.unwrap_or(item.size));
            if self
                .joined_before(next)
                .is_none_or(|e| e.ended != Ended::Datum(last))
            {
                return (start, end.0 - start.0);
            }
            match new.place(next) {
                Place::Data(behind, 0) if self.is_carried_constant(behind) => last = behind,
                // What has no identity is copied along.
                Place::Constant => {
                    let size = new.anonymous_extent(next);
                    return (start, next.0 + size - start.0);
                }
                _ => return (start, end.0 - start.0),
            }
        }
    }

    /// Whether the payload carries a named constant.
    pub(super) fn is_carried_constant(&self, datum: DataIndex) -> bool {
        !self.new.datum(datum).writable
            && !self.diff.datum_is_ambiguous(datum)
            && self.kept(datum).is_none()
    }

    /// Where a place is that lies in a run of constants without an identity: in the old image,
    /// where that has the whole run, or in one copy of it.
    pub(super) fn resolve_in_run(
        &mut self,
        (start, size): (Rva, u32),
        target: Rva,
    ) -> (FixupTarget, i32) {
        let offset = target.0 - start.0;
        match self.twin(start, Some(size)) {
            Some(twin) => (FixupTarget::Old(Rva(twin.0 + offset)), 0),
            None => {
                let piece = self.constant(start, size);
                self.keep_alignments(piece);
                (FixupTarget::Piece(piece), offset as i32)
            }
        }
    }

    /// What ends at an address of which somebody may mean both the end of that and the start
    /// of what lies behind it.
    fn joined_before(&mut self, rva: Rva) -> Option<End> {
        if let Some(known) = self.joints.get(&rva) {
            return *known;
        }
        let new = self.new;
        let sites = new.incoming().at(rva).iter();
        let mut ends = sites.filter_map(|(_, site)| {
            let meanings = new.intent(*site, rva);
            meanings.start?;
            meanings.end?;
            let settled = meanings.settled(new, *site);
            settled.start?;
            settled.end
        });
        let found = ends.next();
        self.joints.insert(rva, found);
        found
    }
}

/// Runs of constants without an identity to which a function refers, and that have to be
/// copied as one, as start and length: two or more literals side by side whose addresses it
/// takes, and what ends at an address that it takes.
pub fn without_identity(program: &Program<'_>, function: FunctionIndex) -> Vec<(Rva, u32)> {
    let references = &program.code_of(function).references;
    let mut literals: Vec<(Rva, u32, bool)> = references
        .iter()
        .filter(|r| r.kind == ReferenceKind::Address)
        .filter_map(|r| extent(program, r.target))
        .map(|(start, size)| (start, size, false))
        .collect();
    literals.sort_unstable();
    literals.dedup();
    let addresses = references.iter().filter(|r| {
        matches!(
            r.kind,
            ReferenceKind::Address | ReferenceKind::Absolute | ReferenceKind::ImageRelative
        )
    });
    for r in addresses {
        let site = Site::Code(function, r.at);
        if let Some(end) = program.intent(site, r.target).settled(program, site).end
            && end.ended == Ended::Constant
            && !is_text(program, end.start, end.len)
        {
            literals.push((end.start, end.len, true));
        }
    }
    literals.sort_unstable();
    let mut runs: Vec<(Rva, u32, usize)> = Vec::new();
    for (start, size, whole) in literals {
        let count = 1 + usize::from(whole);
        match runs.last_mut() {
            Some((first, length, seen)) if start.0 <= first.0 + *length => {
                *length = (*length).max(start.0 + size - first.0);
                *seen += count;
            }
            _ => runs.push((start, size, count)),
        }
    }
    runs.into_iter()
        .filter(|(_, _, count)| *count > 1)
        .map(|(start, length, _)| (start, length))
        .collect()
}

/// Runs of what the entries of a table lead to, as start and length: data without a symbol of
/// which two or more may be one object, because the one may reach to the other.
pub fn of_targets(program: &Program<'_>, targets: &[Rva]) -> Vec<(Rva, u32)> {
    let is_nameless =
        |t: &Rva| program.place(*t) == Place::Constant && program.lookup_at(*t).is_none();
    let mut nameless: Vec<Rva> = targets.iter().copied().filter(is_nameless).collect();
    nameless.sort_unstable();
    nameless.dedup();
    let mut runs: Vec<(Rva, u32, usize)> = Vec::new();
    for target in nameless {
        let size = program.anonymous_extent(target);
        match runs.last_mut() {
            Some((start, length, count)) if target.0 < start.0 + *length => {
                *length = (*length).max(target.0 + size - start.0);
                *count += 1;
            }
            _ => runs.push((target, size, 1)),
        }
    }
    runs.retain(|(_, _, count)| *count > 1);
    runs.into_iter()
        .map(|(start, length, _)| (start, length))
        .collect()
}

/// Where the literal at an address lies; `None` where something else does.
fn extent(program: &Program<'_>, rva: Rva) -> Option<(Rva, u32)> {
    match program.place(rva) {
        Place::Constant => Some((rva, program.anonymous_extent(rva))),
        Place::Data(datum, _) => {
            let item = program.datum(datum);
            let literal = item
                .names
                .iter()
                .any(|n| LITERAL_PREFIXES.iter().any(|p| n.name.starts_with(p)));
            (literal && !item.writable).then_some((item.rva, item.size))
        }
        _ => None,
    }
}
