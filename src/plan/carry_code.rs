//! Fills pieces with code: bytes with every reference resolved, and unwind information.

use super::closure::{Closure, Source};
use super::{
    Fixup, FixupKind, FixupTarget, Hazard, PieceIndex, PieceKind, displacements, hazards, islands,
    runs, stubs,
};
use crate::addr::Rva;
use crate::diff::place_text;
use crate::finding::rules::code;
use crate::function::{DataIndex, FunctionIndex, Place, Reference, ReferenceKind, Site};

/// What a field of an instruction holds in the payload.
enum Operand {
    /// A place and an addend.
    Place(FixupTarget, i32),
    /// A number that is known already.
    Number(u32),
}

impl Closure<'_> {
    pub(super) fn fill_function(&mut self, index: PieceIndex, function: FunctionIndex) {
        let new = self.new;
        let (f, decoded) = (new.function(function), new.code_of(function));
        for (rule, reason) in hazards::of_new_function(new, function) {
            self.refuse(rule, index, reason);
        }
        if let Some(at) = decoded.uncertain_thread_local
            && !self.has_same_thread_locals()
        {
            let reason = format!("the use of the thread's TLS block at +{at:#x} is not understood");
            self.refuse(&code::THREAD_LOCAL, index, reason);
        }
        if let Some((at, rva)) = displacements::lost((self.old, new), self.diff, function) {
            let place = place_text(new, rva);
            let reason = format!("the number at +{at:#x} may be the RVA of {place}");
            self.refuse(&code::IMAGE_BASE_RELATIVE, index, reason);
        }
        match self.carry_unwind(f, index, decoded.uses_stack) {
            Ok(entries) => self.pieces[index.0 as usize].unwind = entries,
            Err((rule, reason)) => self.refuse(rule, index, reason),
        }
        let mut bytes = new.bytes_of(function).to_vec();
        let mut fixups = Vec::new();
        let runs = runs::without_identity(new, function);
        // The jump behind the last instruction comes first: branches to the end lead there.
        let mut islands = islands::Islands::default();
        let mut stubs: Vec<Rva> = new.falls_into(function).into_iter().collect();
        for reference in &decoded.references {
            let width = reference.kind.width() as usize;
            let at = reference.at as usize;
            bytes[at..at + width].fill(0);
            if reference.kind == ReferenceKind::Branch8
                && let Some(distance) = stubs::reach(&mut stubs, f.size, reference)
            {
                bytes[at] = distance as u8;
                continue;
            }
            if reference.kind == ReferenceKind::Branch8
                && let Some(distance) = islands.reach(new, function, reference)
            {
                bytes[at] = distance as u8;
                continue;
            }
            match self.resolve_reference(function, index, reference, &runs) {
                Ok(Operand::Number(number)) => {
                    bytes[at..at + 4].copy_from_slice(&number.to_le_bytes());
                }
                Ok(Operand::Place(target, addend)) => {
                    if !matches!(
                        reference.kind,
                        ReferenceKind::Branch32 | ReferenceKind::Access(_)
                    ) {
                        self.expose(index, target, addend);
                    }
                    fixups.push(Fixup {
                        at: reference.at,
                        kind: fixup_kind(reference),
                        target,
                        addend,
                    });
                }
                Err((rule, reason)) => {
                    let detail = format!("the operand at +{:#x} {reason}", reference.at);
                    self.refuse(rule, index, detail);
                }
            }
        }
        for (at, target) in islands.jumps() {
            if let Err((rule, reason)) = self.add_island(at, target, &mut bytes, &mut fixups) {
                self.refuse(rule, index, reason);
            }
        }
        for target in stubs {
            if let Err((rule, reason)) = self.add_stub(index, f, target, &mut bytes, &mut fixups) {
                self.refuse(rule, index, reason);
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
    ) -> Result<Operand, Hazard> {
        let place = |(target, addend)| Operand::Place(target, addend);
        let accessed = match reference.kind {
            ReferenceKind::Branch8 => {
                let reason = "is a one-byte branch to another function";
                return Err((&code::UNRESOLVED_REFERENCE, reason.into()));
            }
            ReferenceKind::ThreadLocal => {
                let is_address = self.new.takes_address(function, reference.at);
                let offset = self.old_thread_local(reference.target, is_address)?;
                return Ok(Operand::Number(offset));
            }
            ReferenceKind::Access(size) => Some(u32::from(size)),
            _ => None,
        };
        if reference.target == Rva(0) {
            // The old module is the module: RVAs are added to its base.
            return Ok(Operand::Place(FixupTarget::Old(Rva(0)), 0));
        }
        // Its own address, where the program can keep it, is the one that all others know.
        let is_kept = reference.kind == ReferenceKind::Address;
        if let Place::Function(f, offset) = self.new.place(reference.target)
            && f == function
            && (offset != 0 || !is_kept || (self.belongs_to_others(f) && !self.has_no_name(f)))
        {
            return Ok(Operand::Place(FixupTarget::Piece(index), offset as i32));
        }
        // What is only called may be called in a copy.
        if let Place::Function(f, 0) = self.new.place(reference.target)
            && reference.kind == ReferenceKind::Branch32
            && self.has_no_name(f)
            && self
                .diff
                .old_function(f)
                .is_some_and(|o| self.diff.function_is_ambiguous(o))
        {
            return Ok(Operand::Place(FixupTarget::Piece(self.function(f)), 0));
        }
        if let Place::SwitchTable(table) = self.new.place(reference.target)
            && self.new.lookup_at(reference.target).is_none()
        {
            let source = Source::SwitchTable(table, function);
            let name = format!("switch${}", self.pieces[index.0 as usize].symbol);
            let piece = self.piece(source, &name, PieceKind::Constant, reference.target);
            return Ok(Operand::Place(FixupTarget::Piece(piece), 0));
        }
        let site = Site::Code(function, reference.at);
        if let Some((_, from)) = self
            .new
            .code_of(function)
            .unbounded
            .iter()
            .find(|(at, _)| *at == reference.at)
        {
            return self.resolve_reach(function, reference, *from);
        }
        let in_run = runs
            .iter()
            .find(|(start, size)| (start.0..start.0 + size).contains(&reference.target.0))
            .or_else(|| self.run_before(site, reference.target, runs));
        if let Some(&run) = in_run {
            let (target, addend) = self.resolve_in_run(run, reference.target);
            return Ok(Operand::Place(target, addend));
        }
        // What is read of a constant without a symbol is known to the byte, whatever it is part of.
        let is_read = accessed.is_some() && self.new.place(reference.target) == Place::Constant;
        if let Some(anchor) = reference.anchor.filter(|_| !is_read) {
            // The linker's own list says which object is meant.
            let (target, addend) = self.resolve(anchor, None)?;
            if let Place::Data(datum, _) = self.new.place(reference.target) {
                // The object that is meant may be another one of the same piece.
                self.glued.insert(datum);
                self.glued.insert(DataIndex(datum.0 + 1));
            }
            let distance = reference.target.0.wrapping_sub(anchor.0) as i32;
            return Ok(Operand::Place(target, addend.wrapping_add(distance)));
        }
        match reference.kind {
            ReferenceKind::Address | ReferenceKind::Absolute | ReferenceKind::ImageRelative => {
                self.resolve_address(site, reference.target).map(place)
            }
            _ => self.resolve(reference.target, accessed).map(place),
        }
    }

    /// The run that ends at an address, where that is all that the address can mean.
    fn run_before<'r>(
        &self,
        site: Site,
        target: Rva,
        runs: &'r [(Rva, u32)],
    ) -> Option<&'r (Rva, u32)> {
        let found = runs
            .iter()
            .find(|(start, size)| start.0 + size == target.0)?;
        let meanings = self.new.intent(site, target).settled(self.new, site);
        meanings.start.is_none().then_some(found)
    }

    /// An address that an unknown index is added to stays where all that it may reach is the
    /// same.
    fn resolve_reach(
        &mut self,
        function: FunctionIndex,
        reference: &Reference,
        from: Rva,
    ) -> Result<Operand, Hazard> {
        let target = reference.target;
        if self.diff.is_identity() {
            return Ok(Operand::Place(FixupTarget::Old(target), 0));
        }
        // Back from there it may be in the object there, or in the one before: without an index
        // it has to lead to the same place.
        let plain = match self.new.place(target) {
            Place::Data(..) | Place::Constant => {
                let site = Site::Code(function, reference.at);
                Some(self.resolve_address(site, target)?)
            }
            _ => None,
        };
        let comparer = self.diff.comparer(self.old, self.new);
        let distance = target.0.wrapping_sub(from.0) as i32;
        let stays = |old: Rva| match plain {
            Some((FixupTarget::Old(rva), addend)) => {
                rva.0.wrapping_add_signed(addend) == old.0.wrapping_add_signed(distance)
            }
            Some(_) => false,
            None => true,
        };
        match comparer.old_reach(from, function).filter(|old| stays(*old)) {
            Some(old) => Ok(Operand::Place(FixupTarget::Old(old), distance)),
            None => {
                let place = place_text(self.new, target);
                let reason = format!("may reach anything from {place} on, with its index");
                Err((&code::UNPROVEN_REACH, reason))
            }
        }
    }

    /// `jmp rel32` to a place of the old image.
    pub(super) fn fill_thunk(&mut self, index: PieceIndex, old: Rva) {
        let piece = &mut self.pieces[index.0 as usize];
        piece.bytes = vec![0xe9, 0, 0, 0, 0];
        piece.fixups = vec![Fixup {
            at: 1,
            kind: FixupKind::Relative(0),
            target: FixupTarget::Old(old),
            addend: 0,
        }];
    }
}

fn fixup_kind(reference: &Reference) -> FixupKind {
    match reference.kind {
        ReferenceKind::Absolute => FixupKind::Absolute,
        ReferenceKind::ImageRelative => FixupKind::ImageRelative,
        _ => FixupKind::Relative(reference.trailing),
    }
}
