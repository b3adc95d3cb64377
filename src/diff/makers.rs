//! Who makes objects in the new build, and of which classes, as far as records and calls tell.

use std::collections::{BTreeMap, BTreeSet};

use super::Diff;
use super::handling::is_constructor;
use crate::function::{FunctionIndex, Program};
use crate::symbols::{Mentions, TypeIndex, last_component};

/// Sizes of so few bytes are handed over for other reasons, too.
const FEW: u64 = 8;

/// The numbers that the calls of a function hand over, and how many calls hand over each.
type Handed = BTreeMap<u64, usize>;

/// What makes objects in the new build.
pub(super) struct Makers<'p> {
    /// Names of the classes of which there are variables, or that are allocated, handed over or
    /// returned as a whole, and of what is inside those.
    whole: BTreeSet<&'p str>,
    /// Names of those with a constructor.
    constructed: BTreeSet<String>,
    /// The classes of objects in the frames of new code of which it hands over the address.
    in_frame: BTreeSet<TypeIndex>,
    /// What functions hand over that are new.
    added: Handed,
    /// What changed functions, in the new build, handed over and hand over.
    changed: Vec<(FunctionIndex, Handed, Handed)>,
}

impl<'p> Makers<'p> {
    /// Looks for them.
    pub fn new(
        diff: &Diff,
        old: &Program<'_>,
        (new, mentions): (&'p Program<'_>, &Mentions),
    ) -> Self {
        let (changed, added) = (&diff.functions.changed, &diff.functions.added);
        let code = changed.iter().map(|c| c.new).chain(added.iter().copied());
        let of_changed = |c: &super::ChangedFunction| {
            let before = handed(old, [c.old].into_iter());
            (c.new, before, handed(new, [c.new].into_iter()))
        };
        Makers {
            whole: whole(new, mentions),
            constructed: constructed(new, mentions),
            in_frame: code.flat_map(|f| new.objects_in_frame(f)).collect(),
            added: handed(new, added.iter().copied()),
            changed: changed.iter().map(of_changed).collect(),
        }
    }

    /// Whether something makes objects of a class of this name and size.
    pub fn make(&self, name: &str, class: TypeIndex, size: u64) -> bool {
        let is_room = |number: &u64| {
            let several = size > FEW && *number >= size && number.is_multiple_of(size);
            *number == size || several
        };
        let changed = self.changed.iter().flat_map(|(.., after)| after.keys());
        self.whole.contains(name)
            || self.constructed.contains(name)
            || self.in_frame.contains(&class)
            || self.added.keys().chain(changed).any(is_room)
    }

    /// The first changed function that hands over a number less often, where it hands over a
    /// larger one more often, or a function that is new does.
    pub fn hands_instead(&self, less: u64, more: u64) -> Option<FunctionIndex> {
        let count = |handed: &Handed, number: u64| handed.get(&number).copied().unwrap_or(0);
        let mut changed = self.changed.iter();
        let found = changed.find(|(_, before, after)| {
            let fewer = count(before, less) > count(after, less);
            let grown = count(after, more) > count(before, more);
            fewer && (grown || self.added.contains_key(&more))
        });
        found.map(|(function, ..)| *function)
    }
}

fn handed(program: &Program<'_>, functions: impl Iterator<Item = FunctionIndex>) -> Handed {
    let mut handed = Handed::new();
    for call in functions.flat_map(|f| program.all_calls(f)) {
        let numbers: BTreeSet<u64> = call.numbers.into_iter().flatten().collect();
        for number in numbers {
            *handed.entry(number).or_default() += 1;
        }
    }
    handed
}

fn whole<'p>(new: &'p Program<'_>, mentions: &Mentions) -> BTreeSet<&'p str> {
    let types = &new.symbols.types;
    let data = new.data_indices().flat_map(|d| &new.datum(d).types);
    let functions = new.function_indices().flat_map(|f| &new.function(f).names);
    let passed = functions.filter_map(|name| name.type_index);
    let passed = passed.flat_map(|function| {
        let handed = types.handed(function).unwrap_or_default();
        handed.into_iter().chain(types.result_of(function))
    });
    types.wholes(mentions.made.iter().chain(data).copied().chain(passed))
}

fn constructed(new: &Program<'_>, mentions: &Mentions) -> BTreeSet<String> {
    let named = new.function_indices().filter_map(|f| {
        let name = new.function(f).display_name();
        let last = last_component(&name);
        let class = name[..name.len() - last.len()].strip_suffix("::")?;
        let own = last.split('(').next().unwrap_or(last);
        is_constructor(own, class).then(|| class.to_owned())
    });
    let types = &new.symbols.types;
    let inlined = mentions.inlined.iter().flat_map(|(name, of)| {
        let classes = types.wholes([*of]).into_iter();
        let own = classes.filter(|class| is_constructor(name, class));
        own.map(str::to_owned)
    });
    named.chain(inlined).collect()
}
