//! Where new code reads or writes objects of which no type is told.
//!
//! Layouts are compared by records of types. A compiler leaves those out that it has no need to
//! write: of a variable that another file defines, of a class whose constructor is in another
//! file, of functions without debug information. What shows that such a layout may have changed
//! is code: a changed function that reads or writes at a place where the old one did not. It is
//! no sign where a record says what lies there, for then layouts were compared.
//!
//! A record of a class that only the new build has says nothing of objects that the old code
//! made. So it does not count behind a pointer to a class that both have and that ends before
//! that place, and behind a pointer to anything that a variable holds or a caller hands over: the
//! new code takes the object for part of something larger, which it is not.

use std::collections::BTreeSet;

use similar::{Algorithm, DiffOp, capture_diff_slices};

use super::Diff;
use super::enlarged::Larger;
use crate::function::{Described, FunctionIndex, ObjectAccess, OtherBuild, Place, Program};
use crate::symbols::{Mentions, TypeIndex, Within};

/// How far the members of what a function mentions are followed.
const DEPTH: u32 = 4;

/// A function of the patch, and the first place of an object of which no type is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Untold {
    /// In the new build.
    pub function: FunctionIndex,
    /// Where in the object, in bytes.
    pub displacement: i64,
    /// Whether a type is told that has nothing there, or that only the new build has.
    pub beyond: bool,
}

/// The functions that changed or are new, each with its counterpart.
fn functions(diff: &Diff) -> impl Iterator<Item = (Option<FunctionIndex>, FunctionIndex)> {
    let changed = diff.functions.changed.iter();
    let changed = changed.map(|c| (Some(c.old), c.new));
    changed.chain(diff.functions.added.iter().map(|f| (None, *f)))
}

/// The accesses that a function makes and its counterpart does not.
fn fresh(
    old: &Program<'_>,
    (new, enlarged): (&Program<'_>, &Larger),
    (before, after): (Option<FunctionIndex>, FunctionIndex),
) -> Vec<ObjectAccess> {
    let (of_old, of_new) = (&old.symbols.types, &new.symbols.types);
    let other = OtherBuild {
        comparable: &|class| !of_old.only_declares(of_new, class),
        lacks: &|class| !of_old.defines(of_new, class),
        enlarges: &|class| enlarged.inside.contains(&class),
        larger: &|class| enlarged.around.get(&class).copied(),
    };
    let accesses = new.object_accesses(after, &other);
    let itself = OtherBuild {
        comparable: &|_| true,
        lacks: &|_| false,
        enlarges: &|_| false,
        larger: &|_| None,
    };
    let known = before.map(|f| old.object_accesses(f, &itself));
    let known = known.unwrap_or_default();
    let place = |a: &ObjectAccess| (a.displacement, a.size, a.float, a.scale, a.leads);
    let (a, b): (Vec<_>, Vec<_>) = (
        known.iter().map(place).collect(),
        accesses.iter().map(place).collect(),
    );
    let ops = capture_diff_slices(Algorithm::Myers, &a, &b);
    let gone = ops
        .iter()
        .any(|op| matches!(op, DiffOp::Delete { .. } | DiffOp::Replace { .. }));
    let come = ops.into_iter().flat_map(|op| match op {
        DiffOp::Insert {
            new_index, new_len, ..
        }
        | DiffOp::Replace {
            new_index, new_len, ..
        } => new_index..new_index + new_len,
        DiffOp::Equal { .. } | DiffOp::Delete { .. } => 0..0,
    });
    let come = come.map(|index| accesses[index]);
    let come = come.filter(|a| a.of != Described::Told);
    // The first place of an object is where it was, unless another one became the first.
    let has_places = |a: &ObjectAccess| a.of == Described::Untold && a.displacement != 0;
    let has_places = gone || known.iter().chain(&accesses).any(has_places);
    come.filter(|a| a.displacement != 0 || has_places).collect()
}

/// Whether there is code of which it has to be asked what it mentions.
pub(super) fn may_be_found(diff: &Diff, old: &Program<'_>, new: &Program<'_>) -> bool {
    let enlarged = Larger::new(&old.symbols.types, &new.symbols.types);
    functions(diff).any(|pair| !fresh(old, (new, &enlarged), pair).is_empty())
}

/// Finds such code.
pub(super) fn find(
    diff: &Diff,
    old: &Program<'_>,
    (new, mentions): (&Program<'_>, &Mentions),
) -> Vec<Untold> {
    let mut found = Vec::new();
    let enlarged = Larger::new(&old.symbols.types, &new.symbols.types);
    for pair in functions(diff) {
        let come = fresh(old, (new, &enlarged), pair);
        if come.is_empty() {
            continue;
        }
        let known = Known::of(old, new, mentions, pair.1);
        // The number of elements before an array is no member of anything.
        let counts =
            come.iter().any(|a| a.displacement < 0) && !new.arrays(pair.1).before.is_empty();
        let untold = |a: &&ObjectAccess| match a.of {
            Described::Untold | Described::Taken => true,
            _ if a.displacement < 0 && counts => false,
            Described::Beyond | Described::Raw => !known.explains(a, &known.compared),
            _ => !known.explains(a, &known.classes),
        };
        if let Some(access) = come.iter().find(untold) {
            found.push(Untold {
                function: pair.1,
                displacement: access.displacement,
                beyond: !matches!(access.of, Described::Untold | Described::Open),
            });
        }
    }
    found
}

/// What the records say of the types that a function has to do with.
struct Known<'p> {
    new: &'p Program<'p>,
    classes: Vec<TypeIndex>,
    /// Those of them that the old build defines as well.
    compared: Vec<TypeIndex>,
    /// Sizes of the numbers that pointers and arrays lead to.
    numbers: BTreeSet<u32>,
}

impl<'p> Known<'p> {
    fn of(
        old: &Program<'_>,
        new: &'p Program<'p>,
        mentions: &Mentions,
        function: FunctionIndex,
    ) -> Self {
        let types = &new.symbols.types;
        let own = mentions.of_function.get(&new.function(function).rva);
        let mut mentioned = own.cloned().unwrap_or_default();
        for reference in &new.code_of(function).references {
            if let Place::Data(datum, _) = new.place(reference.target) {
                mentioned.extend(&new.datum(datum).types);
            }
        }
        let numbers = mentioned
            .iter()
            .flat_map(|t| types.numbers_in(*t))
            .collect();
        let classes = types.reached(mentioned, DEPTH);
        let is_defined = |class: &&TypeIndex| old.symbols.types.defines(types, **class);
        Known {
            new,
            numbers,
            compared: classes.iter().filter(is_defined).copied().collect(),
            classes,
        }
    }

    /// Whether one of these classes has something at the place of an access to an object that
    /// is not known.
    fn explains(&self, access: &ObjectAccess, classes: &[TypeIndex]) -> bool {
        let types = &self.new.symbols.types;
        let size = u32::from(access.size);
        // An array of numbers, by an index or one by one.
        let steps = u32::from(access.scale) == size && size > 0;
        let Ok(offset) = u64::try_from(access.displacement) else {
            // From the middle of an object to something before, or to an element before it.
            let reaches = |class: &TypeIndex| {
                let size = types.size_of(*class).map_or(0, i64::from);
                let in_element = access.displacement.checked_rem_euclid(size);
                let in_element = in_element.and_then(|offset| u64::try_from(offset).ok());
                let is_element = in_element.is_some_and(|offset| {
                    access.of == Described::Open && types.within(*class, offset) != Within::Nothing
                });
                size > access.displacement.saturating_neg() || is_element
            };
            return steps || self.numbers.contains(&size) || classes.iter().any(reaches);
        };
        let in_array = self
            .numbers
            .iter()
            .any(|n| *n == 1 || *n == size && offset.is_multiple_of(u64::from(size.max(1))));
        let any = |offset, is: &dyn Fn(Within) -> bool| {
            let mut classes = classes.iter();
            classes.any(|class| is(types.within(*class, offset)))
        };
        let has_virtual_functions = || any(0, &|what| what == Within::Table);
        let is_something = |offset| any(offset, &|what| what != Within::Nothing);
        // In memory that new code asked for: what it keeps there, behind a class of its own.
        let behind_a_header = |class: &TypeIndex| {
            let payload = offset.checked_sub(types.size_of(*class).map_or(0, u64::from));
            !self.compared.contains(class) && payload.is_some_and(is_something)
        };
        steps
            || in_array
            || is_something(offset)
            || access.of == Described::Open && classes.iter().any(behind_a_header)
            || access.leads && has_virtual_functions()
    }
}
