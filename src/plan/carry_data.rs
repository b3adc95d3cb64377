//! Fills pieces with data: constants, variables, switch tables, import slots.

use super::closure::{Closure, Source};
use super::runs;
use super::{Fixup, FixupKind, FixupTarget, Hazard, ImportIndex, PieceIndex};
use crate::addr::Rva;
use crate::diff::NumberForm;
use crate::finding::{Finding, rules::code};
use crate::function::{FunctionIndex, Place, Site};
use crate::symbols::SwitchEntry;

/// Bytes of a datum that is carried; there is no larger payload.
const MAX_SIZE: u32 = 256 << 20;

impl Closure<'_> {
    pub(super) fn fill_data(&mut self, index: PieceIndex, rva: Rva, size: u32) {
        let new = self.new;
        if size > MAX_SIZE {
            let detail = format!("its {size:#x} bytes at {rva} are more than a package holds");
            return self.refuse(&code::UNRESOLVED_REFERENCE, index, detail);
        }
        let Some(mut bytes) = new.image.loaded_bytes(rva, size) else {
            let detail = format!("its {size:#x} bytes at {rva} leave their section");
            return self.refuse(&code::UNRESOLVED_REFERENCE, index, detail);
        };
        let mut fixups = Vec::new();
        for place in new.image.relocations_in(rva, size) {
            let at = place.0 - rva.0;
            let resolved = match new.image.pointer_at(*place) {
                Some(target) if at + 8 <= size => self.resolve_pointer(*place, target),
                _ => Err((
                    &code::UNRESOLVED_REFERENCE,
                    "holds an address that is cut off".into(),
                )),
            };
            match resolved {
                Ok((target, addend)) => {
                    self.expose(index, target, addend);
                    bytes[at as usize..at as usize + 8].fill(0);
                    fixups.push(Fixup {
                        at,
                        kind: FixupKind::Absolute,
                        target,
                        addend,
                    });
                }
                Err((rule, reason)) => {
                    self.refuse(rule, index, format!("the pointer at +{at:#x} {reason}"));
                }
            }
        }
        for (at, form, target) in self.numbers(rva, size) {
            match self.resolve(target, None) {
                Ok((target, addend)) => {
                    self.expose(index, target, addend);
                    // A relative field counts from its own end.
                    let (kind, addend) = match form {
                        NumberForm::Image => (FixupKind::ImageRelative, addend),
                        NumberForm::Itself => (FixupKind::Relative(0), addend.wrapping_add(4)),
                        NumberForm::Table(before) => {
                            let addend = addend.wrapping_add(before as i32 + 4);
                            (FixupKind::Relative(0), addend)
                        }
                    };
                    bytes[at as usize..at as usize + 4].fill(0);
                    fixups.push(Fixup {
                        at,
                        kind,
                        target,
                        addend,
                    });
                }
                Err((rule, reason)) => {
                    let detail = format!("the number at +{at:#x} leads to a place and {reason}");
                    self.refuse(rule, index, detail);
                }
            }
        }
        fixups.sort_by_key(|f| f.at);
        let piece = &mut self.pieces[index.0 as usize];
        piece.bytes = bytes;
        piece.fixups = fixups;
    }

    /// Where a pointer in data leads.
    fn resolve_pointer(&mut self, place: Rva, target: Rva) -> Result<(FixupTarget, i32), Hazard> {
        if let Some(beside) = self.resolve_beside(place, target) {
            return Ok(beside);
        }
        let resolved = self.resolve_address(Site::Pointer(place), target)?;
        match self.beside(place, target, resolved) {
            Some(hazard) => Err(hazard),
            None => Ok(resolved),
        }
    }

    /// The numbers in data that are references without a relocation, as they differ from the
    /// old build: offset, form, and what they lead to.
    fn numbers(&self, rva: Rva, size: u32) -> Vec<(u32, NumberForm, Rva)> {
        let Some(e) = self.new.datum_at(rva).filter(|_| !self.diff.is_identity()) else {
            return Vec::new();
        };
        let Some(d) = self.diff.old_datum(e) else {
            return Vec::new();
        };
        let (old, new) = (self.old.datum(d).rva, self.new.datum(e).rva);
        let comparer = self.diff.comparer(self.old, self.new);
        let first = rva.0.wrapping_neg() & 3;
        let places = (first..size.saturating_sub(3)).step_by(4);
        let found = places.filter_map(|at| {
            let before = old.checked_add((rva.0 + at).checked_sub(new.0)?)?;
            let r = comparer.number_reference(before, Rva(rva.0 + at))?;
            Some((at, r.form, r.new))
        });
        found.collect()
    }

    /// A table of RVAs stays one. A switch's table of distances from its own start becomes one of
    /// distances between the moved function and the moved table:
    /// `case - table = (case - entry) + (entry - table)`.
    pub(super) fn fill_switch_table(
        &mut self,
        index: PieceIndex,
        table: u32,
        function: FunctionIndex,
    ) {
        let new = self.new;
        let record = &new.switch_tables[table as usize];
        let Some(owner) = self.knows(Source::Function(function)) else {
            return;
        };
        let to_table = record.entry == SwitchEntry::Signed(4) && record.base == record.table;
        let to_image = record.entry == SwitchEntry::Unsigned(4) && record.base == Rva(0);
        let targets = new.image.switch_targets(record);
        let (Some(targets), true) = (targets, to_table || to_image) else {
            let detail = format!(
                "its switch table at {} is of a form not carried",
                record.table
            );
            return self.refuse(&code::INDIRECT_JUMP, owner, detail);
        };
        let mut fixups = Vec::new();
        for (i, target) in targets.iter().enumerate() {
            let at = i as u32 * 4;
            let Some((case, offset)) = self.case_of(function, *target) else {
                let detail = format!("entry {i} of its switch table leads out of it");
                return self.refuse(&code::INDIRECT_JUMP, owner, detail);
            };
            // A relative field counts from its own end, the entry from the table's start.
            let (kind, addend) = if to_image {
                (FixupKind::ImageRelative, offset)
            } else {
                (FixupKind::Relative(0), offset + at + 4)
            };
            fixups.push(Fixup {
                at,
                kind,
                target: FixupTarget::Piece(case),
                addend: addend as i32,
            });
        }
        let piece = &mut self.pieces[index.0 as usize];
        piece.bytes = vec![0; targets.len() * 4];
        piece.fixups = fixups;
    }

    /// A table of distances from its own start stays one: to where its constants are then.
    pub(super) fn fill_lookup(&mut self, index: PieceIndex, table: u32) {
        let record = &self.new.switch_tables[table as usize];
        let targets = self.new.image.switch_targets(record).unwrap_or_default();
        let runs = runs::of_targets(self.new, &targets);
        let mut fixups = Vec::new();
        for (i, target) in targets.iter().enumerate() {
            let at = i as u32 * 4;
            let run = |(start, size): &&(Rva, u32)| (start.0..start.0 + size).contains(&target.0);
            let resolved = match runs.iter().find(run) {
                Some((start, size)) => Ok(self.resolve_in_run((*start, *size), *target)),
                None => self.resolve_pointer(record.entry_at(i as u32), *target),
            };
            match resolved {
                Ok((target, addend)) => {
                    self.expose(index, target, addend);
                    fixups.push(Fixup {
                        at,
                        kind: FixupKind::Relative(0),
                        target,
                        // A relative field counts from its own end.
                        addend: addend.wrapping_add((at + 4) as i32),
                    });
                }
                Err((rule, reason)) => {
                    let detail = format!("entry {i} of a table of distances {reason}");
                    return self.refuse(rule, index, detail);
                }
            }
        }
        let piece = &mut self.pieces[index.0 as usize];
        piece.bytes = vec![0; targets.len() * 4];
        piece.fixups = fixups;
    }

    /// The piece and the offset that a case of a function's switch leads to: in itself, or in
    /// code that belongs to it.
    fn case_of(&mut self, function: FunctionIndex, rva: Rva) -> Option<(PieceIndex, u32)> {
        match self.new.place(rva) {
            Place::Function(f, offset) if f == function || self.belongs_to_others(f) => {
                Some((self.function(f), offset))
            }
            // A case that cannot occur: its block is empty, behind the last one.
            _ if rva == self.new.function(function).end() => {
                Some((self.function(function), self.new.function(function).size))
            }
            _ => None,
        }
    }

    /// Eight bytes that hold an address which is looked up when the patch is applied.
    pub(super) fn fill_import_slot(&mut self, index: PieceIndex, import: u32) {
        let wanted = self.new.image.imports[import as usize].clone();
        let known = self.imports.iter().position(|i| i.means_the_same(&wanted));
        let number = known.unwrap_or_else(|| {
            let when = if wanted.delayed {
                " at the first call"
            } else {
                ""
            };
            let detail = format!(
                "the new build imports {}!{}{when}, the old one does not",
                wanted.module, wanted.name
            );
            let subject = wanted.name.to_string();
            self.findings
                .push(Finding::about(&code::NEW_IMPORT, subject, detail));
            self.imports.push(wanted);
            self.imports.len() - 1
        });
        let piece = &mut self.pieces[index.0 as usize];
        piece.bytes = vec![0; 8];
        piece.fixups = vec![Fixup {
            at: 0,
            kind: FixupKind::Absolute,
            target: FixupTarget::Import(ImportIndex(number as u32)),
            addend: 0,
        }];
    }
}
