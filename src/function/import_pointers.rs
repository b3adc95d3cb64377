//! The pointers that GNU compilers make to what another file defines (`.refptr.NAME`): code
//! loads the address from there, where it would take it itself for what is in its own file.
//!
//! Such a pointer is an address in the code of everybody who loads it, and means what they
//! mean by it: the start of the object, or, where `NAME` is a marker behind a table, the end
//! of the table.

use super::endings::{End, Ended};
use super::handed;
use super::uses::{self, Use};
use super::{FunctionIndex, Program, Reference, Site};
use crate::addr::Rva;

impl Program<'_> {
    /// Where the pointer at `place` leads, if it is one that a compiler made to what may be in
    /// another file.
    pub fn import_pointer(&self, place: Rva) -> Option<Rva> {
        let item = self.datum_at(place).map(|d| self.datum(d))?;
        let made = item.rva == place && item.names.iter().any(|n| n.name.starts_with(".refptr."));
        made.then(|| self.image.pointer_at(place)).flatten()
    }

    /// What is done with the address in such a pointer, which may be the end of something, by
    /// all who load it.
    pub(super) fn use_of_import_pointer(&self, place: Rva, end: &End) -> Use {
        let mut shown = Use::Start;
        for (function, reference) in self.loads_of(place) {
            let own = match uses::of(self, function, reference, end) {
                Use::Read | Use::Compared | Use::Open
                    if self.is_start(function, reference, end) =>
                {
                    Use::Start
                }
                Use::Read | Use::Compared | Use::Open => return Use::Open,
                own => own,
            };
            shown = match (shown, own) {
                (Use::Start, own) => own,
                (shown, own) if shown == own => own,
                _ => return Use::Open,
            };
        }
        shown
    }

    /// Whether who does nothing with an address that shows what it is means the start: nothing
    /// of the object before is at hand, and that stays where it is, or nobody in the same file
    /// has to do with it, or the address is only handed to a function.
    fn is_start(&self, function: FunctionIndex, reference: &Reference, end: &End) -> bool {
        if self.reached_by(end).contains(&function) {
            return false;
        }
        self.is_writable(end.start)
            || !self.file_reaches_into(function, end)
            || matches!(end.ended, Ended::Datum(d) if handed::is_start(self, function, reference, d))
    }

    fn file_reaches_into(&self, function: FunctionIndex, end: &End) -> bool {
        let file = |f: FunctionIndex| {
            let contribution = self.symbols.contribution_at(self.function(f).rva);
            contribution.map(|c| c.module).filter(|_| !self.mixes_files)
        };
        let own = file(function);
        let mut others = self.reached_by(end).into_iter().map(file);
        own.is_none() || others.any(|other| other.is_none() || other == own)
    }

    fn loads_of(&self, place: Rva) -> impl Iterator<Item = (FunctionIndex, &Reference)> {
        let sites = self.incoming().at(place).iter();
        sites.filter_map(|(_, site)| {
            let Site::Code(function, at) = site else {
                return None;
            };
            let references = &self.code_of(*function).references;
            let found = references.binary_search_by_key(at, |r| r.at).ok()?;
            Some((*function, &references[found]))
        })
    }

    /// The functions that hold an address in the object that ends, or load one.
    fn reached_by(&self, end: &End) -> Vec<FunctionIndex> {
        let to = Rva(end.start.0.saturating_add(end.len));
        let mut found = Vec::new();
        for (_, site) in self.incoming().within(end.start, to) {
            match site {
                Site::Code(function, _) => found.push(*function),
                Site::Pointer(place) if self.import_pointer(*place).is_some() => {
                    found.extend(self.loads_of(*place).map(|(function, _)| function));
                }
                Site::Pointer(_) => {}
            }
        }
        found
    }
}
