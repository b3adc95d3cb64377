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
use crate::function::{FunctionIndex, Number, Place, Program};
use crate::symbols::ModuleIndex;

const WIDTH: u32 = 4;

/// Whether a number counts by itself, where no number of the old build leads to the same.
#[derive(Clone, Copy)]
enum Alone {
    /// An assembler may have written it.
    ByHand,
    /// Nobody says what type it has.
    Untyped,
    /// As that, without a symbol.
    Nameless,
    /// It does not.
    No,
}

/// Looks for such numbers in the pieces of one patch.
pub struct Unlisted<'p> {
    comparer: Comparer<'p>,
    diff: &'p Diff,
    /// By how much functions, data and thread-local variables have moved, in bytes.
    moves: OnceCell<BTreeSet<u32>>,
    /// Object files with code that takes the address of the image.
    knowing: OnceCell<BTreeSet<ModuleIndex>>,
}

impl<'p> Unlisted<'p> {
    /// Of a patch from one build to another.
    pub fn new(old: &'p Program<'p>, new: &'p Program<'p>, diff: &'p Diff) -> Self {
        Unlisted {
            comparer: diff.comparer(old, new),
            diff,
            moves: OnceCell::new(),
            knowing: OnceCell::new(),
        }
    }

    /// The first such number in data of the new build, `fixups` being the fields of which is
    /// known what they hold.
    pub fn in_data(&self, rva: Rva, size: u32, fixups: &[Fixup]) -> Option<Hazard> {
        let new = self.comparer.new;
        if self.diff.is_identity() {
            return None;
        }
        // No number begins in the zeros that no file has.
        let stored = new.image.initialised(rva, size)?.len() as u32;
        let bytes = new.image.loaded_bytes(rva, size.min(stored + WIDTH))?;
        let known = Fields::of(fixups, size);
        let by_hand = new.is_by_hand(rva);
        if by_hand && let Some(at) = self.moved_field(rva, &bytes, &known) {
            return Some(like_a_move(at));
        }
        let mut windows = bytes.windows(WIDTH as usize).zip(0u32..);
        windows.find_map(|(field, at)| {
            let value = word(field).filter(|_| !known.hold(at as usize, WIDTH as usize))?;
            self.data_hazard((rva, size), by_hand, at, value)
        })
    }

    /// The first field of data, of one, two or four bytes, that differs by as much as something
    /// has moved, beside those that are known.
    fn moved_field(&self, rva: Rva, bytes: &[u8], known: &Fields) -> Option<u32> {
        let before = self.old_place(rva)?;
        let before = self.comparer.old.image.rest_of_section(before)?;
        let number = |bytes: &[u8], at: usize, width: usize| {
            let field = bytes.get(at..at + width)?;
            let shifted = |n: u32, byte: &u8| n << 8 | u32::from(*byte);
            Some(field.iter().rev().fold(0, shifted))
        };
        let moved = |at: &usize| {
            let mut widths = [1, 2, 4].into_iter();
            widths.any(|width| {
                let both = number(before, *at, width).zip(number(bytes, *at, width));
                !known.hold(*at, width)
                    && both.is_some_and(|(a, b)| self.moved_with_something(a, b))
            })
        };
        (0..bytes.len()).find(moved).map(|at| at as u32)
    }

    /// What a number at this offset of data may be.
    fn data_hazard(
        &self,
        (rva, size): (Rva, u32),
        by_hand: bool,
        at: u32,
        value: u32,
    ) -> Option<Hazard> {
        let new = self.comparer.new;
        let here = rva.checked_add(at)?;
        let datum = new.datum_at(here);
        let alone = match datum {
            _ if by_hand => Alone::ByHand,
            // Its type says what it holds, and pointers are listed.
            Some(e) if new.datum(e).type_name.is_some() => return None,
            Some(_) => Alone::Untyped,
            // Arrays and literals of a compiler are aligned, as its tables would be.
            None if here.0.is_multiple_of(WIDTH) && self.knows_base(here) => Alone::Nameless,
            None => Alone::No,
        };
        let earlier = self.old_place(here).and_then(|place| {
            let field = self.comparer.old.image.slice(place, WIDTH as usize)?;
            word(field)
        });
        if let Some(to) = self.lost_rva(value, earlier.as_slice(), alone) {
            return Some(self.hazard(at, "RVA of", to));
        }
        if matches!(alone, Alone::No) {
            return None;
        }
        // Counted from itself, or from where its table begins.
        let table = datum.map_or(rva, |e| new.datum(e).rva);
        let inside = rva.0..rva.0 + size;
        let ends = [here, table].map(|from| Rva(from.0.wrapping_add(value)));
        let mut ends = ends.into_iter().filter(|to| !inside.contains(&to.0));
        let counts = |to: &Rva| by_hand || new.function_at(*to).is_some();
        let to = ends.find(|to| value != 0 && new.begins(*to) && counts(to))?;
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
        let numbers = new.numbers_of(function);
        let before = self.diff.old_function(function);
        let before = before.map_or(Vec::new(), |o| old.numbers_of(o));
        if new.is_by_hand(f.rva) {
            return self.in_code_by_hand(function, &numbers, &before);
        }
        let wide = |list: Vec<Number>| list.into_iter().filter(|n| n.width == WIDTH);
        let before: Vec<u32> = wide(before).map(Number::low).collect();
        wide(numbers).find_map(|number| {
            let to = self.lost_rva(number.low(), &before, Alone::No)?;
            Some(self.hazard(number.at, "RVA of", to))
        })
    }

    /// The first such number in a function that an assembler may have made: an RVA, a number
    /// that has moved with something, or a distance from an address that the function takes.
    fn in_code_by_hand(
        &self,
        function: FunctionIndex,
        numbers: &[Number],
        before: &[Number],
    ) -> Option<Hazard> {
        let new = self.comparer.new;
        let stands_in = |list: &[Number], value: i64| list.iter().any(|n| n.value == value);
        let gone = before.iter().filter(|b| !stands_in(numbers, b.value));
        let gone: Vec<u32> = gone.map(|b| b.low()).collect();
        let of_old: Vec<u32> = before.iter().map(|b| b.low()).collect();
        let range = new.function(function).rva.0..new.function(function).end().0;
        for number in numbers {
            let (at, value) = (number.at, number.low());
            if let Some(to) = self.lost_rva(value, &of_old, Alone::ByHand) {
                return Some(self.hazard(at, "RVA of", to));
            }
            let is_new = !stands_in(before, number.value);
            if is_new && gone.iter().any(|g| self.moved_with_something(*g, value)) {
                return Some(like_a_move(at));
            }
            for from in new.addresses_taken(function) {
                let to = Rva(from.0.wrapping_add(value));
                if value != 0
                    && new.begins(to)
                    && !range.contains(&to.0)
                    && self.may_be_apart(Rva(range.start), from, to)
                    && !self.keeps(from, to)
                {
                    return Some(self.hazard(at, "distance to", to));
                }
            }
        }
        None
    }

    /// Whether an operand of the code at `own` can be the distance between two places. The object
    /// format has no relocation for that of two sections (PE Format, "x64 Processors" of the
    /// type indicators): an assembler knows it within one, and a linker counts from the operand,
    /// in its own.
    fn may_be_apart(&self, own: Rva, from: Rva, to: Rva) -> bool {
        let section = |rva| self.comparer.new.symbols.contribution_at(rva);
        let same = |a, b| match (section(a), section(b)) {
            (Some(a), Some(b)) => a.rva == b.rva,
            _ => true,
        };
        same(from, to) || same(own, from)
    }

    /// Whether two things are as far from each other in the old image.
    fn keeps(&self, from: Rva, to: Rva) -> bool {
        let distance = to.0.wrapping_sub(from.0);
        let is_start = |rva: Rva| {
            let place = self.comparer.new.place(rva);
            matches!(place, Place::Function(_, 0) | Place::Data(_, 0))
        };
        let both = self.old_place(from).zip(self.old_place(to));
        is_start(from)
            && is_start(to)
            && both.is_some_and(|(a, b)| b.0.wrapping_sub(a.0) == distance)
    }

    /// Where the old build has a place in a function or a datum, by their names.
    fn old_place(&self, rva: Rva) -> Option<Rva> {
        let (old, new) = (self.comparer.old, self.comparer.new);
        match new.place(rva) {
            Place::Function(f, offset) => {
                let before = self.diff.old_function(f)?;
                old.function(before).rva.checked_add(offset)
            }
            Place::Data(e, offset) => {
                let before = self.diff.old_datum(e)?;
                old.datum(before).rva.checked_add(offset)
            }
            _ => None,
        }
    }

    /// Where a number leads as an RVA which, as it is, would lead elsewhere in the old image.
    /// `before`: the numbers of the old build that it may stand for.
    fn lost_rva(&self, value: u32, before: &[u32], alone: Alone) -> Option<Rva> {
        let by_hand = matches!(alone, Alone::ByHand);
        if before.contains(&value) && !(by_hand && self.comparer.other_meaning(value).is_some()) {
            // An RVA would have followed what has moved.
            return None;
        }
        if by_hand && let Some(inside) = self.lost_inside(value) {
            return Some(inside);
        }
        let (to, tag) = self.comparer.new.leads_to(value)?;
        if self.comparer.is_same_thing(to, to) {
            return None;
        }
        let is_function = matches!(self.comparer.new.place(to), Place::Function(..));
        let counts = match alone {
            Alone::ByHand => is_function || tag == 0,
            Alone::Untyped => is_function,
            Alone::Nameless => is_function && tag == 0,
            Alone::No => false,
        };
        let is_moved = |earlier: &u32| {
            let earlier = self.comparer.old.leads_to(*earlier);
            earlier.is_some_and(|(a, t)| t == tag && self.comparer.is_same_thing(a, to))
        };
        (counts || before.iter().any(is_moved)).then_some(to)
    }

    /// Whether code of the object file that has a constant takes the address of the image, without
    /// which an RVA is of no use.
    fn knows_base(&self, rva: Rva) -> bool {
        let new = self.comparer.new;
        let module = |rva: Rva| new.symbols.contribution_at(rva).map(|c| c.module);
        let found = || {
            let taking = new.function_indices();
            let taking = taking.filter(|f| new.code_of(*f).takes_image_base);
            let modules = taking.filter_map(|f| module(new.function(f).rva));
            modules.collect()
        };
        let knowing = self.knowing.get_or_init(found);
        module(rva).is_none_or(|m| knowing.contains(&m))
    }

    /// Where a number leads as an RVA that is in the middle of a function, if the old build has
    /// something else there.
    fn lost_inside(&self, value: u32) -> Option<Rva> {
        let (old, new) = (self.comparer.old, self.comparer.new);
        let Place::Function(f, offset @ 1..) = new.place(Rva(value)) else {
            return None;
        };
        let before = self.diff.old_function(f).map(|f| old.function(f));
        let stays =
            before.is_some_and(|b| b.rva.0 + offset == value && b.size == new.function(f).size);
        (!stays).then_some(Rva(value))
    }

    /// Whether a number differs by as much as something has moved, or as two things have moved
    /// apart.
    fn moved_with_something(&self, earlier: u32, value: u32) -> bool {
        let by = value.wrapping_sub(earlier);
        let moves = self.moves.get_or_init(|| self.all_moves());
        by != 0 && moves.iter().any(|m| moves.contains(&m.wrapping_add(by)))
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
        let thread_locals = self.comparer.thread_locals().moves();
        let image = [0];
        let all = functions.chain(data).chain(thread_locals);
        all.chain(image).collect()
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

    /// Whether a number at this offset, of this width, has bytes among them.
    fn hold(&self, at: usize, width: usize) -> bool {
        let field = self.0.get(at..at + width);
        field.is_some_and(|field| field.contains(&true))
    }
}

fn word(field: &[u8]) -> Option<u32> {
    Some(u32::from_le_bytes(field.try_into().ok()?))
}
