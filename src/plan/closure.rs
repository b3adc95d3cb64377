//! What the payload must hold: the changed functions, and from them everything that
//! only the new build has. What both builds have stays in the old image.

use std::collections::HashMap;

use super::symbol_names::SymbolNames;
use super::{
    Fixup, FixupKind, FixupTarget, Piece, PieceIndex, PieceKind, hazards, literals, unwind,
};
use crate::addr::Rva;
use crate::diff::{Diff, place_text};
use crate::finding::{Finding, Rule, rules::code};
use crate::function::{DataIndex, FunctionIndex, Place, Program, Reference, ReferenceKind};
use crate::symbols::SwitchEntry;

/// Grows the set of pieces until every reference leads somewhere.
pub struct Closure<'p> {
    pub(super) old: &'p Program<'p>,
    pub(super) new: &'p Program<'p>,
    pub(super) diff: &'p Diff,
    /// What the payload carries so far.
    pub pieces: Vec<Piece>,
    /// What stands in the way.
    pub findings: Vec<Finding>,
    names: SymbolNames,
    known: HashMap<Source, PieceIndex>,
    waiting: Vec<(PieceIndex, Source)>,
}

/// What of the new build a piece holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Source {
    Function(FunctionIndex),
    Datum(DataIndex),
    /// Data without a symbol: start and length.
    Constant(Rva, u32),
    /// A switch table of a function (index into `Program::switch_tables`).
    SwitchTable(u32, FunctionIndex),
}

/// Alignment beyond which no compiler places data or code.
const MAX_ALIGN: u32 = 64;

impl<'p> Closure<'p> {
    /// An empty set.
    pub fn new(old: &'p Program<'p>, new: &'p Program<'p>, diff: &'p Diff) -> Self {
        Closure {
            old,
            new,
            diff,
            pieces: Vec::new(),
            findings: Vec::new(),
            names: SymbolNames::default(),
            known: HashMap::new(),
            waiting: Vec::new(),
        }
    }

    /// The piece of a new function; made, where it is not known yet.
    pub fn function(&mut self, function: FunctionIndex) -> PieceIndex {
        let f = self.new.function(function);
        let wanted = f
            .linkage_name()
            .map_or_else(|| f.display_name(), str::to_owned);
        self.piece(Source::Function(function), &wanted, PieceKind::Code, f.rva)
    }

    fn piece(&mut self, source: Source, wanted: &str, kind: PieceKind, rva: Rva) -> PieceIndex {
        if let Some(known) = self.known.get(&source) {
            return *known;
        }
        let index = PieceIndex(self.pieces.len() as u32);
        let natural = 1u32 << rva.0.trailing_zeros().min(MAX_ALIGN.trailing_zeros());
        self.pieces.push(Piece {
            symbol: self.names.unique(wanted),
            kind,
            bytes: Vec::new(),
            align: if kind == PieceKind::Code {
                natural.max(16)
            } else {
                natural
            },
            fixups: Vec::new(),
            unwind: None,
        });
        self.known.insert(source, index);
        self.waiting.push((index, source));
        index
    }

    /// Fills every piece, and those that it leads to.
    pub fn run(&mut self) {
        while let Some((index, source)) = self.waiting.pop() {
            match source {
                Source::Function(f) => self.fill_function(index, f),
                Source::Datum(d) => {
                    let item = self.new.datum(d);
                    self.fill_data(index, item.rva, item.content_size());
                }
                Source::Constant(rva, size) => self.fill_data(index, rva, size),
                Source::SwitchTable(table, f) => self.fill_switch_table(index, table, f),
            }
        }
    }

    fn refuse(&mut self, rule: &'static Rule, subject: PieceIndex, detail: String) {
        let subject = self.pieces[subject.0 as usize].symbol.clone();
        self.findings.push(Finding::about(rule, subject, detail));
    }

    fn fill_function(&mut self, index: PieceIndex, function: FunctionIndex) {
        let new = self.new;
        let (f, decoded) = (new.function(function), new.code_of(function));
        for (rule, reason) in hazards::of_new_function(new, function) {
            self.refuse(rule, index, reason);
        }
        match unwind::carry(new, f, decoded.uses_stack) {
            Ok(info) => self.pieces[index.0 as usize].unwind = info,
            Err((rule, reason)) => self.refuse(rule, index, reason),
        }
        let mut bytes = new.bytes_of(function).to_vec();
        let mut fixups = Vec::new();
        let runs = literals::adjacent(new, decoded);
        for reference in &decoded.references {
            let width = reference.kind.width() as usize;
            let at = reference.at as usize;
            bytes[at..at + width].fill(0);
            match self.resolve_reference(function, index, reference, &runs) {
                Ok((target, addend)) => fixups.push(Fixup {
                    at: reference.at,
                    kind: fixup_kind(reference),
                    target,
                    addend,
                }),
                Err((rule, reason)) => {
                    let detail = format!("the operand at +{:#x} {reason}", reference.at);
                    self.refuse(rule, index, detail);
                }
            }
        }
        let piece = &mut self.pieces[index.0 as usize];
        piece.bytes = bytes;
        piece.fixups = fixups;
    }

    fn resolve_reference(
        &mut self,
        function: FunctionIndex,
        index: PieceIndex,
        reference: &Reference,
        runs: &[(Rva, u32)],
    ) -> Result<(FixupTarget, i32), unwind::Hazard> {
        let accessed = match reference.kind {
            ReferenceKind::Branch8 => {
                let reason = "is a one-byte branch to another function";
                return Err((&code::UNRESOLVED_REFERENCE, reason.into()));
            }
            ReferenceKind::ThreadLocal => {
                let reason = "is an offset into the thread's TLS block";
                return Err((&code::THREAD_LOCAL, reason.into()));
            }
            ReferenceKind::Access(size) => Some(u32::from(size)),
            _ => None,
        };
        if reference.target == Rva(0) {
            // The old module is the module: RVAs are added to its base.
            return Ok((FixupTarget::Old(Rva(0)), 0));
        }
        if let Place::Function(f, offset) = self.new.place(reference.target)
            && f == function
        {
            return Ok((FixupTarget::Piece(index), offset as i32));
        }
        if let Place::SwitchTable(table) = self.new.place(reference.target) {
            let source = Source::SwitchTable(table, function);
            let name = format!("switch${}", self.pieces[index.0 as usize].symbol);
            let piece = self.piece(source, &name, PieceKind::Constant, reference.target);
            return Ok((FixupTarget::Piece(piece), 0));
        }
        let in_run = runs
            .iter()
            .find(|(start, size)| (start.0..start.0 + size).contains(&reference.target.0));
        if let Some(&(start, size)) = in_run {
            let piece = self.constant(start, size);
            return Ok((
                FixupTarget::Piece(piece),
                (reference.target.0 - start.0) as i32,
            ));
        }
        if let Some(anchor) = reference.anchor {
            // The linker's own list says which object is meant.
            let (target, addend) = self.resolve(anchor, accessed)?;
            let distance = reference.target.0.wrapping_sub(anchor.0) as i32;
            return Ok((target, addend.wrapping_add(distance)));
        }
        if reference.kind == ReferenceKind::Address {
            self.neighbour_hazard(function, reference.target)?;
        }
        self.resolve(reference.target, accessed)
    }

    /// The address of a datum can also be the end of the datum before it. Where old and new
    /// build place the two differently and the function refers to both, which is meant
    /// cannot be told.
    fn neighbour_hazard(&self, function: FunctionIndex, target: Rva) -> Result<(), unwind::Hazard> {
        let Place::Data(datum, 0) = self.new.place(target) else {
            return Ok(());
        };
        let before = target.checked_offset(-1).map(|rva| self.new.place(rva));
        let Some(Place::Data(previous, _)) = before else {
            return Ok(());
        };
        let refers_to_previous = self
            .new
            .code_of(function)
            .references
            .iter()
            .any(|r| matches!(self.new.place(r.target), Place::Data(d, _) if d == previous));
        if !refers_to_previous {
            return Ok(());
        }
        let old = (self.diff.old_datum(datum), self.diff.old_datum(previous));
        let still_adjacent = match old {
            (Some(d), Some(p)) => {
                let p = self.old.datum(p);
                p.rva.checked_add(p.size) == Some(self.old.datum(d).rva)
            }
            _ => false,
        };
        if still_adjacent {
            return Ok(());
        }
        let names = (self.new.datum(datum), self.new.datum(previous));
        Err((
            &code::UNRESOLVED_REFERENCE,
            format!(
                "is the start of {} or the end of {}, which lie apart in the old build",
                names.0.display_name(),
                names.1.display_name()
            ),
        ))
    }

    /// Where a place of the new image is once the patch is applied.
    fn resolve(
        &mut self,
        target: Rva,
        accessed: Option<u32>,
    ) -> Result<(FixupTarget, i32), unwind::Hazard> {
        let (old, new) = (self.old, self.new);
        let unresolved = |why: &str| {
            let reason = format!("refers to {}, {why}", place_text(new, target));
            Err((&code::UNRESOLVED_REFERENCE, reason))
        };
        match new.place(target) {
            Place::Function(f, offset) => match self.diff.old_function(f) {
                _ if offset != 0 => unresolved("the middle of another function"),
                Some(o) if self.diff.keys.function_is_ambiguous(o) => {
                    unresolved("a name that several functions have")
                }
                Some(o) => Ok((FixupTarget::Old(old.function(o).rva), 0)),
                None => Ok((FixupTarget::Piece(self.function(f)), 0)),
            },
            Place::Import(i) => {
                let import = &new.image.imports[i as usize];
                let slot = old.image.imports.iter().find(|o| {
                    (&o.module, &o.name, o.delayed)
                        == (&import.module, &import.name, import.delayed)
                });
                match slot {
                    Some(slot) => Ok((FixupTarget::Old(slot.slot), 0)),
                    None => {
                        let name = place_text(new, target);
                        let reason =
                            format!("refers to {name}, which the old build does not import");
                        Err((&code::NEW_IMPORT, reason))
                    }
                }
            }
            Place::Data(d, offset) => self.resolve_datum(target, d, offset),
            Place::Constant => {
                let size = accessed.unwrap_or_else(|| new.anonymous_extent(target));
                Ok((FixupTarget::Piece(self.constant(target, size)), 0))
            }
            Place::SwitchTable(_) => unresolved("a switch table of another function"),
            Place::Variable => unresolved("which cannot be found in the old build"),
            Place::Headers(_) | Place::Nowhere => unresolved("which is no object"),
        }
    }

    /// The piece of a constant without a symbol.
    fn constant(&mut self, rva: Rva, size: u32) -> PieceIndex {
        let name = format!("const_{:x}", rva.0);
        self.piece(Source::Constant(rva, size), &name, PieceKind::Constant, rva)
    }

    fn resolve_datum(
        &mut self,
        target: Rva,
        d: DataIndex,
        offset: u32,
    ) -> Result<(FixupTarget, i32), unwind::Hazard> {
        let (old, new) = (self.old, self.new);
        let item = new.datum(d);
        if new.symbols.thread_locals.iter().any(|t| t.rva == item.rva) {
            let reason = format!("refers to the thread-local {}", item.display_name());
            return Err((&code::THREAD_LOCAL, reason));
        }
        if self.diff.keys.datum_is_ambiguous(d) {
            let name = place_text(new, target);
            let reason = format!("refers to {name}, a name that several variables have");
            return Err((&code::UNRESOLVED_REFERENCE, reason));
        }
        let replaced = |o: DataIndex| {
            let changes = self.diff.data.changed.iter();
            !item.writable && changes.into_iter().any(|c| (c.old, c.new) == (o, d))
        };
        match self.diff.old_datum(d).filter(|o| !replaced(*o)) {
            Some(o) => match old.datum(o).rva.checked_add(offset) {
                Some(rva) => Ok((FixupTarget::Old(rva), 0)),
                None => Err((&code::UNRESOLVED_REFERENCE, "is out of range".into())),
            },
            None => {
                let kind = if item.writable {
                    PieceKind::Variable
                } else {
                    PieceKind::Constant
                };
                let name = item.display_name().to_owned();
                let piece = self.piece(Source::Datum(d), &name, kind, item.rva);
                Ok((FixupTarget::Piece(piece), offset as i32))
            }
        }
    }

    fn fill_data(&mut self, index: PieceIndex, rva: Rva, size: u32) {
        let new = self.new;
        let Some(mut bytes) = new.image.loaded_bytes(rva, size) else {
            let detail = format!("its {size:#x} bytes at {rva} leave their section");
            return self.refuse(&code::UNRESOLVED_REFERENCE, index, detail);
        };
        let mut fixups = Vec::new();
        for place in new.image.relocations_in(rva, size) {
            let at = place.0 - rva.0;
            let resolved = match new.image.pointer_at(*place) {
                Some(target) if at + 8 <= size => self.resolve(target, None),
                _ => Err((
                    &code::UNRESOLVED_REFERENCE,
                    "holds an address that is cut off".into(),
                )),
            };
            match resolved {
                Ok((target, addend)) => {
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
        let piece = &mut self.pieces[index.0 as usize];
        piece.bytes = bytes;
        piece.fixups = fixups;
    }

    /// A table of RVAs stays one. A table of distances from its own start becomes one of
    /// distances between the moved function and the moved table:
    /// `case - table = (case - entry) + (entry - table)`.
    fn fill_switch_table(&mut self, index: PieceIndex, table: u32, function: FunctionIndex) {
        let new = self.new;
        let record = &new.switch_tables[table as usize];
        let owner = self.known[&Source::Function(function)];
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
            if record.branch == Rva(0) {
                // A lookup table leads to constants.
                match self.resolve(*target, None) {
                    Ok((target, addend)) => fixups.push(Fixup {
                        at,
                        kind: FixupKind::Relative(0),
                        target,
                        addend: addend.wrapping_add((at + 4) as i32),
                    }),
                    Err((rule, reason)) => {
                        return self.refuse(rule, owner, format!("its lookup table {reason}"));
                    }
                }
                continue;
            }
            let Some(offset) = self.offset_in(function, *target) else {
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
                target: FixupTarget::Piece(owner),
                addend: addend as i32,
            });
        }
        let piece = &mut self.pieces[index.0 as usize];
        piece.bytes = vec![0; targets.len() * 4];
        piece.fixups = fixups;
    }

    /// How far into a function of the new build an address lies, if it does.
    fn offset_in(&self, function: FunctionIndex, rva: Rva) -> Option<u32> {
        match self.new.place(rva) {
            Place::Function(f, offset) if f == function => Some(offset),
            _ => None,
        }
    }
}

fn fixup_kind(reference: &Reference) -> FixupKind {
    match reference.kind {
        ReferenceKind::Absolute => FixupKind::Absolute,
        ReferenceKind::ImageRelative => FixupKind::ImageRelative,
        _ => FixupKind::Relative(reference.trailing),
    }
}
