//! The pointers that GNU compilers make to what another file defines (`.refptr.NAME`): code
//! loads the address from there, where it would take it itself for what is in its own file.
//!
//! Such a pointer is an address in the code of everybody who loads it, and means what they
//! mean by it: the start of the object, or, where `NAME` is a marker behind a table, the end
//! of the table.

use super::handed;
use super::meaning::{End, Ended};
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
                Use::Read | Use::Open if self.is_start(function, reference, end) => Use::Start,
                Use::Read | Use::Open => return Use::Open,
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
    /// of the object before is at hand, and that stays where it is, or the address is only
    /// handed to a function.
    fn is_start(&self, function: FunctionIndex, reference: &Reference, end: &End) -> bool {
        if self.reaches_into(function, end) {
            return false;
        }
        self.is_writable(end.start)
            || matches!(end.ended, Ended::Datum(d) if handed::is_start(self, function, reference, d))
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

    /// Whether a function holds an address in the object that ends, or loads one.
    fn reaches_into(&self, function: FunctionIndex, end: &End) -> bool {
        let to = Rva(end.start.0.saturating_add(end.len));
        let own = |site: &Site| matches!(site, Site::Code(f, _) if *f == function);
        let inside = self.incoming().within(end.start, to);
        inside.iter().any(|(_, site)| match site {
            Site::Pointer(place) if self.import_pointer(*place).is_some() => {
                let loads = self.incoming().at(*place);
                loads.iter().any(|(_, site)| own(site))
            }
            site => own(site),
        })
    }
}
