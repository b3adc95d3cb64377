//! Numbers in what is carried that may lead somewhere without any list that says so: RVAs, and
//! distances. Assembler code has them as operands and in tables, at any place, with a tag in
//! their low bits or counted from beside what is meant. A copy of such a number leads to what
//! is there in the old image.
//!
//! Numbers that are proven to lead somewhere are carried as such; what is left here can't be
//! told from a number that looks like one, so it is refused. What speaks against it is looked
//! at first: a number that is the same in both builds is no RVA of what has moved, and a
//! constant with a type of its own, made by a compiler, holds numbers.

use std::cell::OnceCell;
use std::collections::BTreeSet;

use super::{Fixup, FixupKind, Hazard};
use crate::addr::Rva;
use crate::diff::{Comparer, Diff, place_text};
use crate::finding::rules::code;
use crate::function::{FunctionIndex, Place, Program, operand_numbers};

/// The greatest number that the low bits of an RVA may hold beside it.
const TAGS: u32 = 3;
/// Distances to data from here on are hardly counts of something, in bytes.
const FAR: u32 = 256;
const WIDTH: u32 = 4;

/// Whether a number counts by itself, where no number of the old build leads to the same.
#[derive(Clone, Copy)]
enum Alone {
    /// An assembler may have written it.
    ByHand,
    /// Nobody says what type it has.
    Untyped,
    /// It does not.
    No,
}

/// Looks for such numbers in the pieces of one patch.
pub struct Unlisted<'p> {
    comparer: Comparer<'p>,
    diff: &'p Diff,
    /// By how much functions and data have moved, in bytes.
    moves: OnceCell<BTreeSet<u32>>,
}

impl<'p> Unlisted<'p> {
    /// Of a patch from one build to another.
    pub fn new(old: &'p Program<'p>, new: &'p Program<'p>, diff: &'p Diff) -> Self {
        Unlisted {
            comparer: diff.comparer(old, new),
            diff,
            moves: OnceCell::new(),
        }
    }

    /// The first such number in data of the new build, `fixups` being the fields of which is
    /// known what they hold.
    pub fn in_data(&self, rva: Rva, size: u32, fixups: &[Fixup]) -> Option<Hazard> {
        let new = self.comparer.new;
        if self.diff.is_identity() {
            return None;
        }
        let bytes = new.image.loaded_bytes(rva, size)?;
        let known = Fields::of(fixups, size);
        let mut windows = bytes.windows(WIDTH as usize).zip(0u32..);
        windows.find_map(|(field, at)| {
            let value = word(field, 0).filter(|_| !known.hold(at))?;
            self.data_hazard(rva, size, at, value)
        })
    }

    /// What a number at this offset of data may be.
    fn data_hazard(&self, rva: Rva, size: u32, at: u32, value: u32) -> Option<Hazard> {
        let (old, new) = (self.comparer.old, self.comparer.new);
        let here = rva.checked_add(at)?;
        let datum = new.datum_at(here);
        let alone = match datum {
            _ if is_by_hand(new, here) => Alone::ByHand,
            Some(e) if new.datum(e).type_name.is_some() => Alone::No,
            _ => Alone::Untyped,
        };
        let earlier = datum.and_then(|e| {
            let d = self.diff.old_datum(e)?;
            let offset = here.0 - new.datum(e).rva.0;
            old_word(old, old.datum(d).rva.checked_add(offset)?)
        });
        if let Some(to) = self.lost_rva(value, earlier.as_slice(), alone) {
            return Some(self.hazard(at, "RVA of", to));
        }
        let by_hand = matches!(alone, Alone::ByHand);
        if by_hand && here.0.is_multiple_of(WIDTH) && self.moved_with_something(earlier, value) {
            return Some(like_a_move(at));
        }
        if matches!(alone, Alone::No) {
            return None;
        }
        // Counted from itself, or from where its table begins.
        let table = datum.map_or(rva, |e| new.datum(e).rva);
        let inside = rva.0..rva.0 + size;
        let ends = [here, table].map(|from| Rva(from.0.wrapping_add(value)));
        let mut ends = ends.into_iter().filter(|to| !inside.contains(&to.0));
        let to = ends.find(|to| match new.place(*to) {
            Place::Function(f, 0) => !new.function(f).names.is_empty(),
            Place::Data(_, 0) => by_hand && value.min(value.wrapping_neg()) >= FAR,
            _ => false,
        })?;
        Some(self.hazard(at, "distance to", to))
    }

    /// The first such number among the operands of a function of the new build.
    pub fn in_code(&self, function: FunctionIndex) -> Option<Hazard> {
        let (old, new) = (self.comparer.old, self.comparer.new);
        let f = new.function(function);
        // The linker's list has every field that may be one.
        if self.diff.is_identity() || !new.symbols.fixups_in(f.rva, f.size).is_empty() {
            return None;
        }
        let numbers = |program: &Program<'_>, f: FunctionIndex| {
            let references = &program.code_of(f).references;
            let known = |at: u32| references.iter().any(|r| r.at == at);
            let mut numbers = operand_numbers(program.bytes_of(f), program.function(f).rva);
            numbers.retain(|(at, _)| !known(*at));
            numbers
        };
        let by_hand = is_by_hand(new, f.rva);
        let before = self.diff.old_function(function);
        let before = before.map_or(Vec::new(), |o| numbers(old, o));
        let all: Vec<u32> = before.iter().map(|(_, number)| *number).collect();
        for (at, value) in numbers(new, function) {
            if all.contains(&value) {
                continue;
            }
            let alone = match by_hand {
                true => Alone::ByHand,
                false => Alone::No,
            };
            if let Some(to) = self.lost_rva(value, &all, alone) {
                return Some(self.hazard(at, "RVA of", to));
            }
            let same_field = before.iter().find(|(field, _)| *field == at);
            if by_hand && self.moved_with_something(same_field.map(|(_, n)| *n), value) {
                return Some(like_a_move(at));
            }
        }
        None
    }

    /// Where a number leads as an RVA which, as it is, would lead elsewhere in the old image.
    /// `before`: the numbers of the old build that it may stand for.
    fn lost_rva(&self, value: u32, before: &[u32], alone: Alone) -> Option<Rva> {
        self.comparer.new.image.section_at(Rva(value))?;
        if before.contains(&value) {
            // An RVA would have followed what has moved.
            return None;
        }
        let (to, tag) = leads_to(self.comparer.new, value)?;
        if self.comparer.is_same_thing(to, to) {
            return None;
        }
        let is_function = matches!(self.comparer.new.place(to), Place::Function(..));
        let counts = match alone {
            Alone::ByHand => is_function || tag == 0,
            Alone::Untyped => is_function,
            Alone::No => false,
        };
        let is_moved = |earlier: &u32| {
            let earlier = leads_to(self.comparer.old, *earlier);
            earlier.is_some_and(|(a, t)| t == tag && self.comparer.is_same_thing(a, to))
        };
        (counts || before.iter().any(is_moved)).then_some(to)
    }

    /// Whether a number differs by as much as something has moved, or as two things have moved
    /// apart.
    fn moved_with_something(&self, earlier: Option<u32>, value: u32) -> bool {
        let Some(by) = earlier.map(|e| value.wrapping_sub(e)).filter(|by| *by != 0) else {
            return false;
        };
        let moves = self.moves.get_or_init(|| self.all_moves());
        moves.iter().any(|m| moves.contains(&m.wrapping_add(by)))
    }

    fn all_moves(&self) -> BTreeSet<u32> {
        let (old, new) = (self.comparer.old, self.comparer.new);
        let functions = new.function_indices().filter_map(|g| {
            let f = self.diff.old_function(g)?;
            Some(new.function(g).rva.0.wrapping_sub(old.function(f).rva.0))
        });
        let data = new.data_indices().filter_map(|e| {
            let d = self.diff.old_datum(e)?;
            Some(new.datum(e).rva.0.wrapping_sub(old.datum(d).rva.0))
        });
        let image = [0];
        functions.chain(data).chain(image).collect()
    }

    fn hazard(&self, at: u32, what: &str, to: Rva) -> Hazard {
        let place = place_text(self.comparer.new, to);
        let reason = format!("the number at +{at:#x} may be the {what} {place}");
        (&code::IMAGE_BASE_RELATIVE, reason)
    }
}

fn like_a_move(at: u32) -> Hazard {
    let reason = format!(
        "the number at +{at:#x} differs by as much as something has moved, and may count from \
         where that lies"
    );
    (&code::IMAGE_BASE_RELATIVE, reason)
}

/// Where a number leads as an RVA, to a function or a datum, and the tag in its low bits.
fn leads_to(program: &Program<'_>, value: u32) -> Option<(Rva, u32)> {
    let tagged = (0..=TAGS).filter_map(|tag| Some((Rva(value.checked_sub(tag)?), tag)));
    let mut tagged = tagged.into_iter();
    tagged.find(|(to, _)| match program.place(*to) {
        Place::Function(f, 0) => !program.function(f).names.is_empty(),
        Place::Data(_, 0) => true,
        _ => false,
    })
}

/// Whether an assembler may have made what is at an address.
fn is_by_hand(program: &Program<'_>, rva: Rva) -> bool {
    let Some(contribution) = program.symbols.contribution_at(rva) else {
        return true;
    };
    let module = &program.symbols.modules[contribution.module.0 as usize];
    module.compiler.as_ref().is_none_or(|c| c.assembles)
}

/// The bytes of data of which is known what they hold.
struct Fields(Vec<bool>);

impl Fields {
    fn of(fixups: &[Fixup], size: u32) -> Self {
        let mut known = vec![false; size as usize];
        for fixup in fixups {
            let width = match fixup.kind {
                FixupKind::Absolute => 8,
                _ => WIDTH as usize,
            };
            let field = known.iter_mut().skip(fixup.at as usize).take(width);
            field.for_each(|byte| *byte = true);
        }
        Fields(known)
    }

    /// Whether a number at this offset is part of one of them.
    fn hold(&self, at: u32) -> bool {
        let at = at as usize;
        self.0[at..at + WIDTH as usize].contains(&true)
    }
}

fn word(bytes: &[u8], at: u32) -> Option<u32> {
    let field = bytes.get(at as usize..)?.first_chunk()?;
    Some(u32::from_le_bytes(*field))
}

fn old_word(program: &Program<'_>, rva: Rva) -> Option<u32> {
    word(program.image.slice(rva, WIDTH as usize)?, 0)
}
