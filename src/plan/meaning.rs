//! Where an address leads once the patch is applied: the planner carries what it means, not
//! the number.
//!
//! Where an address may be the start of one object or the end of the one before it, both are
//! looked up. If both are in one place, nothing has to be decided. If they lie apart, what is
//! done with the address has to show which of the two is meant, or the function only reads
//! there and gets a copy of both side by side; otherwise the change is refused.

use super::closure::Closure;
use super::{FixupTarget, Hazard};
use crate::addr::Rva;
use crate::diff::place_text;
use crate::finding::rules::code;
use crate::function::{
    AddressUse, DataIndex, End, Ended, FunctionIndex, MAX_BIAS, Place, Program, Site, handed,
    is_text, use_at,
};
use crate::image::SectionKind;

/// Where the start of an object is.
enum Located {
    Old(Rva),
    Payload,
    /// Not found, as resolving it will say.
    Unknown,
}

impl Closure<'_> {
    /// Where an address of the new image leads that code or data holds at `site`.
    pub(super) fn resolve_address(
        &mut self,
        site: Site,
        target: Rva,
    ) -> Result<(FixupTarget, i32), Hazard> {
        let new = self.new;
        if let Some(hazard) = self.before_a_function(site, target) {
            return Err(hazard);
        }
        let meanings = new.intent(site, target);
        let end = match (meanings.start, meanings.end) {
            (_, None) => return self.resolve(target, None),
            (_, Some(_)) if self.diff.is_identity() => return Ok((FixupTarget::Old(target), 0)),
            (None, Some(end)) => return self.resolve_end(&end),
            (Some(_), Some(end)) => end,
        };
        if self.are_together(target, &end) {
            return self.resolve_end(&end);
        }
        if self.coincide(target, &end) {
            if let Place::Data(datum, 0) = new.place(target) {
                // And that is how it has to stay.
                self.glued.insert(datum);
            }
            return self.resolve(target, None);
        }
        let settled = meanings.settled(new, site);
        if settled.end.is_none() {
            return self.resolve(target, None);
        }
        if settled.start.is_none() {
            return self.resolve_end(&end);
        }
        if use_at(new, site, &end) == AddressUse::Read
            && let Some(copy) = self.copy_of_both(target, &end)
        {
            return Ok(copy);
        }
        if self.is_handed_over(site, &end) {
            return self.resolve(target, None);
        }
        if self.are_one(target, &end) {
            return self.resolve_end(&end);
        }
        let reason = format!(
            "is the start of {} or the end of {}, which lie apart once the patch is applied",
            name(new, target),
            name_of_end(new, &end)
        );
        Err((&code::TWO_MEANINGS, reason))
    }

    /// Whether an address in the middle of another function may be counted from the one behind
    /// that: it is carried with the code that it leads into, and does not stay beside that one.
    fn before_a_function(&self, site: Site, target: Rva) -> Option<Hazard> {
        let new = self.new;
        let Place::Function(f, offset @ 1..) = new.place(target) else {
            return None;
        };
        let is_own = match site {
            Site::Code(by, _) => {
                by == f || new.belongs_to_another(by) || new.pieces_of(f).contains(&by)
            }
            // A label, where it is jumped to.
            Site::Pointer(_) => !new.code_of(f).indirect_jumps.is_empty(),
        };
        if is_own || new.belongs_to_another(f) || self.diff.is_identity() {
            return None;
        }
        let next = FunctionIndex(f.0 + 1);
        let behind = new.functions.get(next.0 as usize)?.rva;
        let distance = behind.0.checked_sub(target.0)?;
        if distance > MAX_BIAS || new.belongs_to_another(next) {
            return None;
        }
        let reason = format!(
            "is {offset:#x} bytes into {} or {distance:#x} bytes before {}, which lie apart once \
             the patch is applied",
            new.function(f).display_name(),
            new.function(next).display_name()
        );
        Some((&code::TWO_MEANINGS, reason))
    }

    /// Whether an address is handed over without anything of the object that ends there, or
    /// held by data without a symbol, as that of the C++ runtime is, behind data without one.
    fn is_handed_over(&self, site: Site, end: &End) -> bool {
        match (site, end.ended) {
            (Site::Code(function, at), Ended::Datum(previous)) => {
                let references = &self.new.code_of(function).references;
                let found = references.iter().find(|r| r.at == at);
                found.is_some_and(|r| handed::is_start(self.new, function, r, previous))
            }
            (Site::Pointer(place), Ended::Constant) => {
                self.new.datum_at(place).is_none() && self.new.lookup_at(place).is_none()
            }
            _ => false,
        }
    }

    /// Whether the payload carries the constant that ends at an address in one piece with what
    /// begins there.
    fn are_together(&mut self, target: Rva, end: &End) -> bool {
        let Ended::Datum(d) = end.ended else {
            return false;
        };
        if !self.is_carried_constant(d) {
            return false;
        }
        let (start, size) = self.constant_run(d);
        (start.0..start.0 + size).contains(&target.0)
    }

    /// Whether nothing shows where the data without a symbol ends that may end at an address, so
    /// that what begins there is looked up and carried with it, and nobody else may look for it
    /// elsewhere.
    fn are_one(&mut self, target: Rva, end: &End) -> bool {
        let new = self.new;
        let reach = |rva: Rva| rva.0.saturating_add(new.anonymous_extent(rva));
        let is_alone = new.referencers().at(target).len() == 1
            || matches!(self.located(target), Located::Payload);
        is_alone
            && end.ended == Ended::Constant
            && !is_text(new, target, new.anonymous_extent(target))
            && [end.start, target]
                .iter()
                .all(|rva| new.place(*rva) == Place::Constant && new.lookup_at(*rva).is_none())
            && reach(end.start) >= reach(target)
    }

    /// Whether the start of one object and the end of another are in one place.
    fn coincide(&mut self, target: Rva, end: &End) -> bool {
        let (old, new) = (self.old, self.new);
        match self.located(target) {
            Located::Unknown => true,
            Located::Payload => match (new.place(target), end.ended) {
                (Place::Data(d, 0), Ended::Datum(before)) => {
                    self.run_of(d).is_some() && self.run_of(d) == self.run_of(before)
                }
                _ => false,
            },
            Located::Old(at) => {
                let Some(there) = old.meanings(at).end else {
                    return false;
                };
                match end.ended {
                    Ended::Datum(d) if self.kept(d).is_none() => return false,
                    Ended::Datum(_) | Ended::Contribution(_) => {}
                    Ended::Constant => {
                        let twin = self.twin(end.start, Some(end.len));
                        if twin.and_then(|t| t.checked_add(end.len)) != Some(at) {
                            return false;
                        }
                    }
                }
                self.twins().comparer().same_end(&there, end)
            }
        }
    }

    /// Where the object is that begins at an address, without making a piece of it.
    fn located(&mut self, target: Rva) -> Located {
        match self.new.place(target) {
            Place::Data(d, _) if self.diff.datum_is_ambiguous(d) => Located::Unknown,
            Place::Data(d, offset) => match self.kept(d) {
                Some(o) => {
                    let at = self.old.datum(o).rva.checked_add(offset);
                    at.map_or(Located::Unknown, Located::Old)
                }
                None => Located::Payload,
            },
            Place::Constant => match self.twin(target, None) {
                Some(twin) => Located::Old(twin),
                None => Located::Payload,
            },
            Place::Variable => match self.twins().old_variable(target) {
                Some(old) => Located::Old(old),
                None => Located::Unknown,
            },
            Place::SwitchTable(_) => Located::Payload,
            _ => Located::Unknown,
        }
    }

    /// Where the end of an object is.
    fn resolve_end(&mut self, end: &End) -> Result<(FixupTarget, i32), Hazard> {
        let (target, addend) = match end.ended {
            Ended::Datum(_) | Ended::Constant => self.resolve(end.start, None)?,
            Ended::Contribution(_) => (FixupTarget::Old(self.old_contribution(end)?), 0),
        };
        Ok(match target {
            FixupTarget::Old(rva) if addend == 0 => {
                (FixupTarget::Old(Rva(rva.0.wrapping_add(end.len))), 0)
            }
            _ => (target, addend.wrapping_add(end.len as i32)),
        })
    }

    /// Where the old build has the writable part of an object file that ends at an address.
    fn old_contribution(&self, end: &End) -> Result<Rva, Hazard> {
        let (old, new) = (self.old, self.new);
        let kind = |program: &Program<'_>, rva| program.image.section_at(rva).map(|s| s.kind());
        let wanted = new.symbols.contribution_at(end.start);
        let mut fitting = old.symbols.contributions.iter().filter(|o| {
            wanted.is_some_and(|c| {
                o.size == c.size && self.diff.keys.modules.same(o.module, c.module)
            }) && kind(old, o.rva) == Some(SectionKind::Writable)
        });
        match (fitting.next(), fitting.next()) {
            (Some(found), None) => Ok(found.rva),
            _ => Err((
                &code::UNRESOLVED_REFERENCE,
                format!(
                    "is {}, which cannot be found in the old build",
                    name_of_end(new, end)
                ),
            )),
        }
    }

    /// A copy of two constants side by side, for code that only reads them.
    fn copy_of_both(&mut self, target: Rva, end: &End) -> Option<(FixupTarget, i32)> {
        let new = self.new;
        let constant = |d: DataIndex| {
            let item = new.datum(d);
            !item.writable && !new.has_labels(item.rva, item.content_size())
        };
        let first = match end.ended {
            Ended::Datum(d) => constant(d),
            Ended::Constant => true,
            Ended::Contribution(_) => false,
        };
        let size = match new.place(target) {
            Place::Data(d, 0) if constant(d) => new.datum(d).content_size(),
            Place::Constant => new.anonymous_extent(target),
            _ => return None,
        };
        if !first {
            return None;
        }
        let piece = self.constant(end.start, end.len + size);
        self.keep_alignments(piece);
        Some((FixupTarget::Piece(piece), end.len as i32))
    }
}

fn name(program: &Program<'_>, rva: Rva) -> String {
    match program.place(rva) {
        Place::Constant => format!("a constant at {rva}"),
        _ => place_text(program, rva),
    }
}

fn name_of_end(program: &Program<'_>, end: &End) -> String {
    match end.ended {
        Ended::Datum(d) => program.datum(d).display_name().to_owned(),
        Ended::Constant => format!("a constant at {}", end.start),
        Ended::Contribution(module) => {
            let module = program.symbols.modules.get(module.0 as usize);
            let file = module.map(|m| m.object_name()).unwrap_or_default();
            format!("the data of {file}")
        }
    }
}
