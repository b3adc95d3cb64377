//! Fills pieces with unwind information and handler data (Microsoft, "x64 exception
//! handling").
//!
//! Everything in `.pdata` and `.xdata` is relative to the payload's own base, above which
//! nothing but the payload lies. Places of the old image are therefore reached through
//! thunks, and type descriptors, which are compared by name, are copied.

use super::closure::{Closure, Source};
use super::unwind::entries_in;
use super::{Fixup, FixupKind, FixupTarget, Hazard, PieceIndex, PieceKind, UnwindEntry};
use crate::addr::Rva;
use crate::diff::place_text;
use crate::finding::rules::code;
use crate::function::{Block, DataIndex, Field, Function, FunctionIndex, HandlerData, Item, Place};
use crate::image::{RuntimeFunction, UnwindInfo};

impl Closure<'_> {
    /// The entries of the function table for a piece of code.
    pub(super) fn carry_unwind(
        &mut self,
        function: &Function,
        index: PieceIndex,
        uses_stack: bool,
    ) -> Result<Vec<UnwindEntry>, Hazard> {
        let entries = entries_in(self.new, function.rva, function.end());
        if entries.is_empty() && uses_stack {
            let reason = "the function uses the stack and the function table has no entry for it";
            return Err((&code::NO_UNWIND_INFO, reason.into()));
        }
        let symbol = self.pieces[index.0 as usize].symbol.clone();
        let mut carried = Vec::new();
        for entry in entries {
            if entry.begin < function.rva || entry.end > function.end() {
                let reason = format!(
                    "the function is {}-{}, an entry of the function table {}-{}",
                    function.rva,
                    function.end(),
                    entry.begin,
                    entry.end
                );
                return Err((&code::SPLIT_FUNCTION, reason));
            }
            carried.push(UnwindEntry {
                begin: entry.begin.0 - function.rva.0,
                end: entry.end.0 - function.rva.0,
                info: self.unwind_info(entry.info, &symbol),
            });
        }
        Ok(carried)
    }

    fn unwind_info(&mut self, rva: Rva, of: &str) -> PieceIndex {
        let source = Source::UnwindInfo(rva);
        self.piece(source, &format!("unwind${of}"), PieceKind::Unwind, rva)
    }

    /// `UNWIND_INFO`: codes, then a handler with its data or a chained entry.
    pub(super) fn fill_unwind_info(&mut self, index: PieceIndex, rva: Rva) {
        let filled = match self.new.image.unwind_info(rva) {
            Err(error) => Err((&code::NO_UNWIND_INFO, error.to_string())),
            Ok(info) => self.unwind_bytes(index, &info),
        };
        match filled {
            Ok((bytes, fixups)) => {
                let piece = &mut self.pieces[index.0 as usize];
                piece.bytes = bytes;
                piece.fixups = fixups;
            }
            Err((rule, reason)) => self.refuse(rule, index, reason),
        }
    }

    fn unwind_bytes(
        &mut self,
        index: PieceIndex,
        info: &UnwindInfo,
    ) -> Result<(Vec<u8>, Vec<Fixup>), Hazard> {
        let mut bytes = info.to_bytes();
        let mut fixups = Vec::new();
        if let Some(chained) = &info.chained {
            let places = self.chained(chained, index)?;
            for (target, addend) in places {
                fixups.push(image_relative(bytes.len() as u32, target, addend));
                bytes.extend([0; 4]);
            }
        }
        if let Some((handler, at)) = info.handler {
            let data = self.handler_data(handler, at)?;
            let (target, addend) = self.within_payload(handler)?;
            fixups.push(image_relative(bytes.len() as u32, target, addend));
            bytes.extend([0; 4]);
            let first = data.blocks[0];
            let base = bytes.len() as u32;
            self.tables(index, &data)?;
            let (table, inner) = self.table(&data, first, index)?;
            bytes.extend(table);
            fixups.extend(inner.into_iter().map(|f| Fixup {
                at: f.at + base,
                ..f
            }));
        }
        Ok((bytes, fixups))
    }

    /// Begin, end and unwind information of the entry that another one continues.
    fn chained(
        &mut self,
        entry: &RuntimeFunction,
        of: PieceIndex,
    ) -> Result<[(FixupTarget, i32); 3], Hazard> {
        let Place::Function(f, offset) = self.new.place(entry.begin) else {
            let reason = format!("its unwind information continues that of {}", entry.begin);
            return Err((&code::SPLIT_FUNCTION, reason));
        };
        let piece = FixupTarget::Piece(self.function(f));
        let symbol = self.pieces[of.0 as usize].symbol.clone();
        let info = self.unwind_info(entry.info, symbol.trim_start_matches("unwind$"));
        let length = entry.end.0 - entry.begin.0;
        Ok([
            (piece, offset as i32),
            (piece, (offset + length) as i32),
            (FixupTarget::Piece(info), 0),
        ])
    }

    fn handler_data(&self, handler: Rva, at: Rva) -> Result<HandlerData, Hazard> {
        let name = place_text(self.new, handler);
        let Some(form) = self.new.handler_at(handler) else {
            let reason = format!("its exceptions are handled by {name}, whose data is not known");
            return Err((&code::EXCEPTION_DATA, reason));
        };
        form.read(self.new.image, at).ok_or_else(|| {
            let reason = format!("the data at {at} for {name} is not of a known form");
            (&code::EXCEPTION_DATA, reason)
        })
    }

    /// Fills the tables behind the first one, each in a piece of its own.
    fn tables(&mut self, index: PieceIndex, data: &HandlerData) -> Result<(), Hazard> {
        let mut fresh = Vec::new();
        for block in &data.blocks[1..] {
            let source = Source::HandlerTable(block.start, block.size);
            if self.knows(source).is_none() {
                fresh.push((*block, self.handler_table(*block, index)));
            }
        }
        for (block, piece) in fresh {
            let (bytes, fixups) = self.table(data, block, index)?;
            let piece = &mut self.pieces[piece.0 as usize];
            piece.bytes = bytes;
            piece.fixups = fixups;
        }
        Ok(())
    }

    fn handler_table(&mut self, block: Block, of: PieceIndex) -> PieceIndex {
        let symbol = &self.pieces[of.0 as usize].symbol;
        let name = format!("handler${}", symbol.trim_start_matches("unwind$"));
        let source = Source::HandlerTable(block.start, block.size);
        self.piece(source, &name, PieceKind::Unwind, block.start)
    }

    /// The bytes of a table with the fields that hold places.
    fn table(
        &mut self,
        data: &HandlerData,
        block: Block,
        index: PieceIndex,
    ) -> Result<(Vec<u8>, Vec<Fixup>), Hazard> {
        let Some(bytes) = self.new.image.slice(block.start, block.size as usize) else {
            let reason = format!("its handler data at {} is cut off", block.start);
            return Err((&code::EXCEPTION_DATA, reason));
        };
        let mut bytes = bytes.to_vec();
        let mut fixups = Vec::new();
        let inside = |f: &&Field| (block.start.0..block.start.0 + block.size).contains(&f.at.0);
        for field in data.fields.iter().filter(inside) {
            let at = field.at.0 - block.start.0;
            let fixup = match field.item {
                Item::Number(_)
                | Item::Place(Rva(0))
                | Item::Near(Rva(0))
                | Item::Absolute(Rva(0)) => continue,
                Item::Table(rva) => match data.blocks.iter().find(|b| b.start == rva) {
                    Some(table) => {
                        let piece = self.handler_table(*table, index);
                        image_relative(at, FixupTarget::Piece(piece), 0)
                    }
                    // No entries: nothing reads it.
                    None => {
                        bytes[at as usize..at as usize + 4].fill(0);
                        continue;
                    }
                },
                Item::Near(rva) => {
                    let (target, addend) = self.resolve(rva, None)?;
                    Fixup {
                        at,
                        kind: FixupKind::Relative(0),
                        target,
                        // Counted from the field, not from its end.
                        addend: addend.wrapping_add(4),
                    }
                }
                Item::Absolute(rva) => {
                    let (target, addend) = self.resolve(rva, None)?;
                    Fixup {
                        at,
                        kind: FixupKind::Absolute,
                        target,
                        addend,
                    }
                }
                Item::Place(rva) => {
                    let (target, addend) = self.within_payload(rva)?;
                    image_relative(at, target, addend)
                }
                Item::End(rva) | Item::From(rva) => {
                    let exact = matches!(field.item, Item::From(_));
                    let (target, addend) = self.edge(rva, exact)?;
                    image_relative(at, target, addend)
                }
            };
            let width = fixup.kind.width() as usize;
            bytes[at as usize..at as usize + width].fill(0);
            fixups.push(fixup);
        }
        Ok((bytes, fixups))
    }

    /// A place that the exception runtime reaches by its distance from the payload's base.
    fn within_payload(&mut self, rva: Rva) -> Result<(FixupTarget, i32), Hazard> {
        match self.new.place(rva) {
            Place::Function(f, offset) if offset != 0 || self.is_carried(f) => {
                Ok((FixupTarget::Piece(self.function(f)), offset as i32))
            }
            Place::Function(f, _) => match self.resolve(rva, None)? {
                (FixupTarget::Old(old), 0) => {
                    let name = format!("to${}", self.new.function(f).display_name());
                    let thunk = self.piece(Source::Thunk(old), &name, PieceKind::Code, rva);
                    Ok((FixupTarget::Piece(thunk), 0))
                }
                other => Ok(other),
            },
            // A type descriptor: catch blocks compare it by the name in it.
            Place::Data(d, 0) if self.is_named_otherwise(d) => {
                let reason = format!(
                    "its handler data leads to {}, whose type has another name in the old build",
                    place_text(self.new, rva)
                );
                Err((&code::EXCEPTION_DATA, reason))
            }
            Place::Data(d, 0) => {
                let name = self.new.datum(d).display_name().to_owned();
                let piece = self.piece(Source::Datum(d), &name, PieceKind::Constant, rva);
                Ok((FixupTarget::Piece(piece), 0))
            }
            _ => {
                let reason = format!("its handler data leads to {}", place_text(self.new, rva));
                Err((&code::EXCEPTION_DATA, reason))
            }
        }
    }

    /// Whether the name in a type descriptor differs from that of the old build, by the hash of
    /// an unnamed namespace: what old code throws would not be caught.
    fn is_named_otherwise(&self, d: DataIndex) -> bool {
        let Some(old) = self.diff.old_datum(d).map(|o| self.old.datum(o)) else {
            return false;
        };
        let new = self.new.datum(d).rva;
        let names = (
            self.old.described_type(old.rva),
            self.new.described_type(new),
        );
        !matches!(names, (Some(a), Some(b)) if a == b)
    }

    fn is_carried(&self, function: FunctionIndex) -> bool {
        self.belongs_to_others(function) || self.knows(Source::Function(function)).is_some()
    }

    /// An address between two instructions of carried code, or behind the last one. Where one
    /// function ends and the next begins, `exact` says that the next is meant.
    fn edge(&mut self, rva: Rva, exact: bool) -> Result<(FixupTarget, i32), Hazard> {
        let at = |place| match place {
            Place::Function(f, _) => Some(f),
            _ => None,
        };
        let before = rva.checked_offset(-1).and_then(|r| at(self.new.place(r)));
        let after = at(self.new.place(rva));
        let order = if exact {
            [after, before]
        } else {
            [before, after]
        };
        let found = order.into_iter().flatten().find(|f| self.is_carried(*f));
        let Some(f) = found else {
            let reason = format!("its handler data names {rva}, which is outside of its code");
            return Err((&code::EXCEPTION_DATA, reason));
        };
        let offset = rva.0 - self.new.function(f).rva.0;
        Ok((FixupTarget::Piece(self.function(f)), offset as i32))
    }
}

fn image_relative(at: u32, target: FixupTarget, addend: i32) -> Fixup {
    Fixup {
        at,
        kind: FixupKind::ImageRelative,
        target,
        addend,
    }
}
