//! Types that are gone, where the code that worked with them works with new ones.
//!
//! Types are compared by their names. Where a class gets another name, another namespace or
//! another template argument, nothing is left to compare it with; but the functions that had to
//! do with it are there still, under their own names, and will be handed the objects that the
//! old code made.

use std::collections::{BTreeSet, HashMap};

use super::Diff;
use crate::function::{FunctionIndex, Program};
use crate::symbols::{Definition, Layout, Mentions, Types};

/// A function that has to do with a type which is new where the old one had to do with one
/// that is gone, of another layout.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Replaced {
    /// In the new build.
    pub function: FunctionIndex,
    /// Name of the type that is gone.
    pub gone: String,
    /// Name of the type that came.
    pub come: String,
}

/// Whether types came and went, and functions changed.
pub(super) fn may_be_found(diff: &Diff, old: &Types, new: &Types) -> bool {
    let changed = !diff.functions.changed.is_empty() || !diff.functions.added.is_empty();
    changed && !only_in(old, new).is_empty() && !only_in(new, old).is_empty()
}

/// Names of the classes, structures and unions that are defined in one build, and that the
/// other does not even declare.
fn only_in<'t>(one: &'t Types, other: &Types) -> BTreeSet<&'t str> {
    let defined = one.defined();
    defined.filter(|name| !other.knows(name)).collect()
}

/// Functions that changed; and those that are gone with those that came under the same name but
/// for its scope, template arguments and parameters, which have the names of types in them.
fn pairs(diff: &Diff, old: &Program<'_>, new: &Program<'_>) -> Vec<(FunctionIndex, FunctionIndex)> {
    let changed = diff.functions.changed.iter().map(|c| (c.old, c.new));
    let name = |program: &Program<'_>, f: FunctionIndex| {
        let name = program.function(f).display_name();
        own_name(&name).to_owned()
    };
    let mut by_name: HashMap<String, Vec<FunctionIndex>> = HashMap::new();
    for added in &diff.functions.added {
        by_name.entry(name(new, *added)).or_default().push(*added);
    }
    let removed = diff.functions.removed.iter().flat_map(|removed| {
        let namesakes = by_name.get(&name(old, *removed)).into_iter().flatten();
        namesakes.map(|added| (*removed, *added))
    });
    changed.chain(removed).collect()
}

/// The last part of a qualified name, without template arguments.
fn own_name(name: &str) -> &str {
    let mut depth = 0;
    let mut from = 0;
    for (at, c) in name.char_indices() {
        match c {
            '<' => depth += 1,
            '>' => depth -= 1,
            ':' if depth == 0 => from = at + 1,
            _ => {}
        }
    }
    let own = &name[from..];
    own.split('<')
        .next()
        .filter(|n| !n.is_empty())
        .unwrap_or(own)
}

/// Finds such functions, one pair of types for each.
pub(super) fn find(
    diff: &Diff,
    (old, of_old): (&Program<'_>, &Mentions),
    (new, of_new): (&Program<'_>, &Mentions),
) -> Vec<Replaced> {
    let (before, after) = (&old.symbols.types, &new.symbols.types);
    let (gone, come) = (only_in(before, after), only_in(after, before));
    if gone.is_empty() || come.is_empty() {
        return Vec::new();
    }
    let (layouts, others) = (before.layouts(), after.layouts());
    let contents = |list: Option<&Vec<Definition<Layout>>>| {
        let list = list.into_iter().flatten();
        list.map(|d| d.content.clone()).collect::<Vec<_>>()
    };
    let same = |a: &str, b: &str| contents(layouts.get(a)) == contents(others.get(b));
    let mut found = Vec::new();
    for (was, is) in pairs(diff, old, new) {
        let lost = of_old.names(before, old.function(was).rva, &gone);
        let won = of_new.names(after, new.function(is).rva, &come);
        // What has a namesake in all but the name only got another name.
        let is_new = |name: &&&str| !lost.iter().any(|other| same(other, name));
        if let (Some(other), Some(name)) = (lost.first(), won.iter().find(is_new)) {
            found.push(Replaced {
                function: is,
                gone: (*other).to_owned(),
                come: (*name).to_owned(),
            });
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::own_name;

    #[test]
    fn a_function_s_own_name_has_no_type_in_it() {
        for (name, own) in [
            ("get", "get"),
            ("shop::Impl::get", "get"),
            ("list<shop::Impl>::get", "get"),
            ("get<shop::Impl>", "get"),
            ("shop::operator<", "operator"),
            ("`anonymous namespace'::get", "get"),
        ] {
            assert_eq!(own_name(name), own, "{name}");
        }
    }
}
