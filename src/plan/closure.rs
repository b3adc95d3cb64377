//! What the payload must hold: the changed functions, and from them everything that
//! only the new build has. What both builds have stays in the old image.
//!
//! How each kind of piece is filled is in [`code`](super::carry_code),
//! [`data`](super::carry_data) and [`unwind`](super::carry_unwind).

use std::cell::OnceCell;
use std::collections::{BTreeSet, HashMap, HashSet};

use super::symbol_names::SymbolNames;
use super::twins::Twins;
use super::unlisted::Unlisted;
use super::{FixupTarget, Hazard, Piece, PieceIndex, PieceKind};
use crate::addr::Rva;
use crate::diff::{Diff, ThreadLocalPairs, follows, place_text};
use crate::finding::{Finding, Rule, rules::code, rules::data};
use crate::function::{DataIndex, End, FunctionIndex, Place, Program};
use crate::image::Import;

/// Grows the set of pieces until every reference leads somewhere.
pub struct Closure<'p> {
    pub(super) old: &'p Program<'p>,
    pub(super) new: &'p Program<'p>,
    pub(super) diff: &'p Diff,
    /// What the payload carries so far.
    pub pieces: Vec<Piece>,
    /// What only the new build imports.
    pub imports: Vec<Import>,
    /// What stands in the way.
    pub findings: Vec<Finding>,
    pub(super) names: SymbolNames,
    /// What ends at addresses of which it was asked whether somebody may mean it.
    pub(super) joints: HashMap<Rva, Option<End>>,
    /// Variables that must stay right behind the one before them.
    pub(super) glued: HashSet<DataIndex>,
    /// New functions whose address code or data of the payload holds.
    pub exposed: BTreeSet<PieceIndex>,
    /// Made when it is first needed.
    twins: Option<Twins<'p>>,
    known: HashMap<Source, PieceIndex>,
    waiting: Vec<(PieceIndex, Source)>,
    /// Made when it is first needed.
    pub(super) thread_locals: OnceCell<ThreadLocalPairs<'p>>,
}

/// What of the new build a piece holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Source {
    /// A function, a separated part of one, or a funclet.
    Function(FunctionIndex),
    /// A jump to a function of the old build, for tables that cannot reach that far.
    Thunk(Rva),
    /// A named variable or constant.
    Datum(DataIndex),
    /// Named variables that lie side by side: the first and the last.
    Variables(DataIndex, DataIndex),
    /// A variable without a symbol.
    Unnamed(Rva),
    /// Data without a symbol: start and length.
    Constant(Rva, u32),
    /// A switch table of a function (index into `Program::switch_tables`).
    SwitchTable(u32, FunctionIndex),
    /// A table of distances (index into `Program::switch_tables`).
    Lookup(u32),
    /// The slot of an import that only the new build has (index into `Image::imports`).
    ImportSlot(u32),
    /// `UNWIND_INFO`.
    UnwindInfo(Rva),
    /// A table of handler data: start and length.
    HandlerTable(Rva, u32),
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
            imports: Vec::new(),
            findings: Vec::new(),
            names: SymbolNames::default(),
            joints: HashMap::new(),
            glued: HashSet::new(),
            exposed: BTreeSet::new(),
            twins: None,
            known: HashMap::new(),
            waiting: Vec::new(),
            thread_locals: OnceCell::new(),
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

    /// The piece that holds `source`; made, where there is none yet, and filled by
    /// [`Closure::run`]. `rva` is where the new build has it.
    pub(super) fn piece(
        &mut self,
        source: Source,
        wanted: &str,
        kind: PieceKind,
        rva: Rva,
    ) -> PieceIndex {
        if let Some(known) = self.known.get(&source) {
            return *known;
        }
        let index = PieceIndex(self.pieces.len() as u32);
        let natural = 1u32 << rva.0.trailing_zeros().min(MAX_ALIGN.trailing_zeros());
        self.pieces.push(Piece {
            symbol: self.names.unique(wanted),
            kind,
            origin: rva,
            bytes: Vec::new(),
            align: match kind {
                PieceKind::Code => natural.max(16),
                PieceKind::Unwind => 4,
                PieceKind::Constant | PieceKind::Variable => natural,
            },
            skew: 0,
            fixups: Vec::new(),
            unwind: Vec::new(),
            members: Vec::new(),
        });
        if kind == PieceKind::Variable {
            self.name_members(index, source);
        }
        self.known.insert(source, index);
        self.waiting.push((index, source));
        index
    }

    /// Has a piece keep its place relative to every alignment that an object inside may need.
    pub(super) fn keep_alignments(&mut self, index: PieceIndex) {
        let piece = &mut self.pieces[index.0 as usize];
        piece.align = MAX_ALIGN;
        piece.skew = piece.origin.0 % MAX_ALIGN;
    }

    /// Whether a piece is known for `source`.
    pub(super) fn knows(&self, source: Source) -> Option<PieceIndex> {
        self.known.get(&source).copied()
    }

    /// Every piece with what it holds, in no order.
    pub(super) fn known_sources(&self) -> impl Iterator<Item = (PieceIndex, Source)> + '_ {
        self.known.iter().map(|(source, index)| (*index, *source))
    }

    /// The pieces that hold code of functions.
    pub(super) fn carried_functions(&self) -> Vec<(PieceIndex, FunctionIndex)> {
        let known = self
            .known
            .iter()
            .filter_map(|(source, index)| match source {
                Source::Function(f) => Some((*index, *f)),
                _ => None,
            });
        let mut carried: Vec<_> = known.collect();
        carried.sort_unstable();
        carried
    }

    /// The pieces that hold variables.
    pub(super) fn known_variables(&self) -> Vec<(PieceIndex, Source)> {
        let is_variable = |p: PieceIndex| self.pieces[p.0 as usize].kind == PieceKind::Variable;
        let known = self.known_sources();
        known.filter(|(index, _)| is_variable(*index)).collect()
    }

    /// Fills every piece, and those that it leads to.
    pub fn run(&mut self) {
        while let Some((index, source)) = self.waiting.pop() {
            match source {
                Source::Function(f) => self.fill_function(index, f),
                Source::Thunk(old) => self.fill_thunk(index, old),
                Source::Datum(d) => {
                    let item = self.new.datum(d);
                    self.fill_data(index, item.rva, item.content_size());
                }
                Source::Variables(first, last) => {
                    let (first, last) = (self.new.datum(first), self.new.datum(last));
                    let size = last.rva.0 - first.rva.0 + last.content_size();
                    self.fill_data(index, first.rva, size);
                }
                Source::Unnamed(rva) => self.fill_data(index, rva, self.new.unnamed_size(rva)),
                Source::Constant(rva, size) => self.fill_data(index, rva, size),
                Source::SwitchTable(table, f) => self.fill_switch_table(index, table, f),
                Source::Lookup(table) => self.fill_lookup(index, table),
                Source::ImportSlot(import) => self.fill_import_slot(index, import),
                Source::UnwindInfo(rva) => self.fill_unwind_info(index, rva),
                // Filled by the unwind information that leads to it.
                Source::HandlerTable(..) => {}
            }
        }
        self.glue_members();
        self.look_for_unlisted();
    }

    /// Refuses what holds numbers that may lead somewhere without anything that says so.
    fn look_for_unlisted(&mut self) {
        let unlisted = Unlisted::new(self.old, self.new, self.diff);
        let mut found = Vec::new();
        for (source, index) in &self.known {
            let piece = &self.pieces[index.0 as usize];
            let hazard = match source {
                Source::Function(f) => unlisted.in_code(*f),
                Source::Datum(_)
                | Source::Variables(..)
                | Source::Unnamed(_)
                | Source::Constant(..) => {
                    unlisted.in_data(piece.origin, piece.bytes.len() as u32, &piece.fixups)
                }
                _ => None,
            };
            found.extend(hazard.map(|h| (*index, h)));
        }
        found.sort_by_key(|(index, _)| *index);
        for (index, (rule, reason)) in found {
            self.refuse(rule, index, reason);
        }
    }

    /// Notes that a piece holds an address which the program can keep and call.
    pub(super) fn expose(&mut self, holder: PieceIndex, target: FixupTarget, addend: i32) {
        match target {
            FixupTarget::Piece(piece)
                if addend == 0 && self.pieces[piece.0 as usize].kind == PieceKind::Code =>
            {
                self.exposed.insert(piece);
            }
            FixupTarget::Old(rva) => {
                let at = rva
                    .checked_offset(addend.into())
                    .map(|at| self.old.place(at));
                if let Some(Place::Function(f, 0)) = at
                    && self.old.image.forbids_calls_to(self.old.function(f).rva)
                {
                    let name = self.old.function(f).display_name();
                    let detail = format!(
                        "it takes the address of {name}, which nothing in the old build does"
                    );
                    self.refuse(&code::NO_CALL_TARGET, holder, detail);
                }
            }
            _ => {}
        }
    }

    pub(super) fn refuse(&mut self, rule: &'static Rule, subject: PieceIndex, detail: String) {
        let subject = self.pieces[subject.0 as usize].symbol.clone();
        self.findings.push(Finding::about(rule, subject, detail));
    }

    /// Whether code of the new build has no life of its own, so that whoever refers to it
    /// takes it along: funclets, separated parts, and code that no symbol names.
    pub(super) fn belongs_to_others(&self, function: FunctionIndex) -> bool {
        self.new.is_funclet(function)
            || self.new.is_part(function)
            || self.new.function(function).names.is_empty()
    }

    /// Whether nothing but its place tells what a piece of code is.
    pub(super) fn has_no_name(&self, function: FunctionIndex) -> bool {
        self.new.function(function).names.is_empty()
            && !self.new.is_funclet(function)
            && !self.new.is_part(function)
    }

    /// A function without a name is where it was: the program may keep its address, and
    /// compare it.
    fn resolve_nameless(&mut self, f: FunctionIndex) -> Result<(FixupTarget, i32), Hazard> {
        match self.diff.old_function(f) {
            Some(o) if self.diff.function_is_ambiguous(o) => {
                let place = place_text(self.new, self.new.function(f).rva);
                let reason = format!("leads to {place}, and which of the old build it is, is open");
                Err((&code::NAMELESS_ADDRESS, reason))
            }
            Some(o) => Ok((FixupTarget::Old(self.old.function(o).rva), 0)),
            None => Ok((FixupTarget::Piece(self.function(f)), 0)),
        }
    }

    /// Where a place of the new image is once the patch is applied.
    pub(super) fn resolve(
        &mut self,
        target: Rva,
        accessed: Option<u32>,
    ) -> Result<(FixupTarget, i32), Hazard> {
        let (old, new) = (self.old, self.new);
        let unresolved = |why: &str| {
            let reason = format!("refers to {}, {why}", place_text(new, target));
            Err((&code::UNRESOLVED_REFERENCE, reason))
        };
        match new.place(target) {
            // Whoever leads into the middle of a function needs that very code.
            Place::Function(f, 0) if self.has_no_name(f) => self.resolve_nameless(f),
            Place::Function(f, offset) if offset != 0 || self.belongs_to_others(f) => {
                Ok((FixupTarget::Piece(self.function(f)), offset as i32))
            }
            Place::Function(f, _) if self.diff.new_function_is_ambiguous(f) => {
                Err(self.guess_of_function(f))
            }
            Place::Function(f, _) => match self.diff.old_function(f) {
                Some(o) => Ok((FixupTarget::Old(old.function(o).rva), 0)),
                None => Ok((FixupTarget::Piece(self.function(f)), 0)),
            },
            Place::Import(i) => Ok((self.import(i), 0)),
            Place::Data(d, offset) => self.resolve_datum(d, offset),
            Place::Constant if new.lookup_at(target).is_some() => self.lookup(target),
            Place::Constant => {
                if let Some(twin) = self.twin(target, accessed) {
                    return Ok((FixupTarget::Old(twin), 0));
                }
                if new.describes_thrown(target) {
                    let place = place_text(new, target);
                    let reason = format!("refers to the description of a thrown type, {place}");
                    return Err((&data::NEW_TYPE_INFORMATION, reason));
                }
                let size = accessed.unwrap_or_else(|| new.anonymous_extent(target));
                // Where a part of a pointer is read, the pointer is carried.
                let (start, size) = with_whole_pointers(new, target, size);
                let offset = (target.0 - start.0) as i32;
                Ok((FixupTarget::Piece(self.constant(start, size)), offset))
            }
            Place::SwitchTable(_) if new.lookup_at(target).is_some() => self.lookup(target),
            Place::SwitchTable(_) => unresolved("a switch table of another function"),
            Place::Variable if self.diff.is_identity() => Ok((FixupTarget::Old(target), 0)),
            Place::Variable => match self.twins().old_variable(target) {
                Some(old) => Ok((FixupTarget::Old(old), 0)),
                None if self.is_new_variable(target) => {
                    let name = format!("var_{:x}", target.0);
                    let source = Source::Unnamed(target);
                    let piece = self.piece(source, &name, PieceKind::Variable, target);
                    Ok((FixupTarget::Piece(piece), 0))
                }
                None => unresolved("which cannot be found in the old build"),
            },
            // The headers of the running module are those of the old build.
            Place::Headers(at) => Ok((FixupTarget::Old(Rva(at)), 0)),
            Place::Nowhere => unresolved("which is no object"),
        }
    }

    /// The piece of the table of distances that holds a place, and how far into it.
    pub(super) fn lookup(&mut self, target: Rva) -> Result<(FixupTarget, i32), Hazard> {
        let Some((table, offset)) = self.new.lookup_at(target) else {
            let reason = "refers to a table that is none".to_owned();
            return Err((&code::UNRESOLVED_REFERENCE, reason));
        };
        let start = self.new.switch_tables[table as usize].table;
        let name = format!("distances_{:x}", start.0);
        let piece = self.piece(Source::Lookup(table), &name, PieceKind::Constant, start);
        Ok((FixupTarget::Piece(piece), offset as i32))
    }

    /// Where the old image has the same constant.
    pub(super) fn twin(&mut self, rva: Rva, accessed: Option<u32>) -> Option<Rva> {
        let (new, diff) = (self.new, self.diff);
        if diff.is_identity() {
            // Plain bytes are carried, as a patch carries those that are new.
            let size = accessed.unwrap_or_else(|| new.anonymous_extent(rva));
            let has_pointers = !new.image.relocations_in(rva, size).is_empty();
            return has_pointers.then_some(rva);
        }
        self.twins().find(rva, accessed)
    }

    pub(super) fn twins(&mut self) -> &Twins<'p> {
        let (old, new, diff) = (self.old, self.new, self.diff);
        let made = || Twins::new(diff.comparer(old, new));
        self.twins.get_or_insert_with(made)
    }

    /// Whether a variable without a symbol belongs to a named one that only the new build has,
    /// as the guard of a new function-local static, or is one that the old build has not.
    fn is_new_variable(&mut self, rva: Rva) -> bool {
        let before = follows(self.new, rva);
        before.is_some_and(|d| self.diff.old_datum(d).is_none())
            || self.twins().is_new_variable(rva)
    }

    /// The slot of an import: that of the old build, or one in the payload.
    fn import(&mut self, index: u32) -> FixupTarget {
        let import = &self.new.image.imports[index as usize];
        let mut slots = self.old.image.imports.iter();
        match slots.find(|o| o.means_the_same(import)) {
            Some(slot) => FixupTarget::Old(slot.slot),
            None => {
                let name = format!("__imp_{}", import.name);
                let source = Source::ImportSlot(index);
                FixupTarget::Piece(self.piece(source, &name, PieceKind::Constant, import.slot))
            }
        }
    }

    /// The piece of a constant without a symbol.
    pub(super) fn constant(&mut self, rva: Rva, size: u32) -> PieceIndex {
        let name = format!("const_{:x}", rva.0);
        self.piece(Source::Constant(rva, size), &name, PieceKind::Constant, rva)
    }

    /// The datum of the old image that stands for one of the new build; `None` where the
    /// payload carries it.
    pub(super) fn kept(&self, d: DataIndex) -> Option<DataIndex> {
        let item = self.new.datum(d);
        let replaced = |o: DataIndex| {
            let changes = self.diff.data.changed.iter();
            !item.writable && changes.into_iter().any(|c| (c.old, c.new) == (o, d))
        };
        // A table of labels goes where the code goes.
        let labels = !item.writable && self.new.has_labels(item.rva, item.content_size());
        let known = match self.diff.datum_is_ambiguous(d) {
            // Of constants the content decides.
            true => self.same_content(d),
            false => self.diff.old_datum(d),
        };
        known.filter(|o| !replaced(*o) && !labels)
    }

    fn resolve_datum(&mut self, d: DataIndex, offset: u32) -> Result<(FixupTarget, i32), Hazard> {
        let (old, new) = (self.old, self.new);
        let item = new.datum(d);
        if new.is_thread_local(item.rva) {
            let reason = format!("refers to the thread-local {}", item.display_name());
            return Err((&code::THREAD_LOCAL, reason));
        }
        if let Some(guess) = self.guess_of_datum(d) {
            return Err(guess);
        }
        match self.kept(d) {
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
                if !item.writable {
                    let (start, size) = self.constant_run(d);
                    let offset = (item.rva.0 + offset - start.0) as i32;
                    if (start, size) != (item.rva, item.content_size()) {
                        let piece = self.constant(start, size);
                        self.keep_alignments(piece);
                        return Ok((FixupTarget::Piece(piece), offset));
                    }
                }
                // New variables that lie side by side stay side by side.
                let (first, last) = self.run_of(d).unwrap_or((d, d));
                let start = new.datum(first).rva;
                let name = new.datum(first).display_name().to_owned();
                let source = match first == last {
                    true => Source::Datum(d),
                    false => Source::Variables(first, last),
                };
                let piece = self.piece(source, &name, kind, start);
                if first != last {
                    self.keep_alignments(piece);
                }
                let distance = item.rva.0 - start.0;
                Ok((FixupTarget::Piece(piece), (distance + offset) as i32))
            }
        }
    }
}

/// A range of a constant, with the whole of every pointer that it holds a part of.
fn with_whole_pointers(program: &Program<'_>, rva: Rva, size: u32) -> (Rva, u32) {
    let from = Rva(rva.0.saturating_sub(7));
    let pointers = program.image.relocations_in(from, size + (rva.0 - from.0));
    let start = pointers.first().map_or(rva, |first| rva.min(*first));
    let end = pointers.last().map_or(0, |last| last.0 + 8);
    (start, end.max(rva.0 + size) - start.0)
}
