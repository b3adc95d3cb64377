//! Variables without a symbol: guards of function-local statics, and parts of variables that
//! an optimiser has taken to pieces.
//!
//! Such a variable is the same in both builds when it is as far behind the same named
//! variable of the same object file, the same number of variables without a name lie between
//! that and the next named one, and a function that refers to it is the same. Where one came or
//! went, it is the one that every function which differs in nothing but what it refers to has in
//! its place, and none has another one.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use super::Keys;
use super::same::same_shape;
use crate::addr::Rva;
use crate::function::{DataIndex, FunctionIndex, Place, Program, Site, Way};
use crate::symbols::ModuleIndex;

/// Where each variable without a symbol of the new build is in the old one.
#[derive(Debug, Default)]
pub struct Variables {
    old_of: HashMap<Rva, Rva>,
    /// Those that no variable of the old build is left for.
    new_ones: BTreeSet<Rva>,
}

/// A variable that code refers to.
struct Variable {
    rva: Rva,
    users: BTreeSet<FunctionIndex>,
}

/// Variables without a name, by the named one of the same contribution that they follow.
type Gaps = BTreeMap<DataIndex, Vec<Variable>>;

impl Variables {
    /// Pairs the variables of two builds.
    pub fn new(old: &Program<'_>, new: &Program<'_>, keys: &Keys) -> Self {
        let (before, after) = (gaps(old), gaps(new));
        let mut old_of = HashMap::new();
        for (neighbour, variables) in &after {
            let Some(partner) = keys.old_datum_of(*neighbour) else {
                continue;
            };
            let (d, e) = (old.datum(partner), new.datum(*neighbour));
            let same_module = same_module((old, d.rva), (new, e.rva), keys);
            let others = before.get(&partner).map_or(&[][..], Vec::as_slice);
            if !same_module
                || keys.datum_is_ambiguous(*neighbour)
                || others.len() != variables.len()
            {
                continue;
            }
            for (v, w) in others.iter().zip(variables) {
                let same_distance = v.rva.0 - d.rva.0 == w.rva.0 - e.rva.0;
                let of_old = |f: &FunctionIndex| keys.old_function_of(*f);
                let same_user = w
                    .users
                    .iter()
                    .filter_map(of_old)
                    .any(|f| v.users.contains(&f));
                let proven = variables.len() == 1 || meant_by_one(v, w, old, new, keys);
                if same_distance && same_user && proven {
                    old_of.insert(w.rva, v.rva);
                }
            }
        }
        by_users(old, new, keys, &mut old_of);
        let new_ones = new_ones(old, new, keys, &old_of);
        Variables { old_of, new_ones }
    }

    /// Whether the old build has no such variable: it has none that is not another one.
    pub fn is_new(&self, new: Rva) -> bool {
        self.new_ones.contains(&new)
    }

    /// Where a variable of the new build is in the old one.
    pub fn old(&self, new: Rva) -> Option<Rva> {
        self.old_of.get(&new).copied()
    }
}

/// The variables of an object file of which every one of the old build is found again elsewhere.
fn new_ones(
    old: &Program<'_>,
    new: &Program<'_>,
    keys: &Keys,
    old_of: &HashMap<Rva, Rva>,
) -> BTreeSet<Rva> {
    let left = |program: &Program<'_>, known: &BTreeSet<Rva>| -> BTreeMap<Rva, ModuleIndex> {
        let places = program.incoming().within(Rva(0), Rva(u32::MAX)).iter();
        let places = places
            .map(|(rva, _)| *rva)
            .filter(|rva| !known.contains(rva));
        let places = places.filter(|rva| program.place(*rva) == Place::Variable);
        let with_module =
            places.filter_map(|rva| Some((rva, program.symbols.contribution_at(rva)?.module)));
        with_module.collect()
    };
    let (paired, others) = (old_of.keys().copied().collect(), old_of.values().copied());
    let (after, before) = (left(new, &paired), left(old, &others.collect()));
    let is_known = |module: ModuleIndex| {
        let mut modules = old.symbols.modules.iter().enumerate();
        modules.any(|(m, _)| keys.modules.same(ModuleIndex(m as u32), module))
    };
    let is_new = |(rva, module): (Rva, ModuleIndex)| {
        let may_be = before.values().any(|m| keys.modules.same(*m, module));
        (!may_be && is_known(module)).then_some(rva)
    };
    after.into_iter().filter_map(is_new).collect()
}

/// Pairs what is left by the functions that have both in one place, where all of them agree.
fn by_users(old: &Program<'_>, new: &Program<'_>, keys: &Keys, old_of: &mut HashMap<Rva, Rva>) {
    let variables = within(new, Rva(0), u32::MAX);
    if variables.iter().all(|w| old_of.contains_key(&w.rva)) {
        return;
    }
    let users: BTreeSet<FunctionIndex> = variables.into_iter().flat_map(|w| w.users).collect();
    let (mut of_old, mut of_new) = (Votes::new(), Votes::new());
    for g in users {
        let Some(f) = keys
            .old_function_of(g)
            .filter(|f| same_shape((old, *f), (new, g)))
        else {
            continue;
        };
        let references = (&old.code_of(f).references, &new.code_of(g).references);
        for (r, s) in references.0.iter().zip(references.1) {
            let places = (old.place(r.target), new.place(s.target));
            if places.0 == Place::Variable || places.1 == Place::Variable {
                of_old.entry(r.target).or_default().insert(s.target);
                of_new.entry(s.target).or_default().insert(r.target);
            }
        }
    }
    let taken: BTreeSet<Rva> = old_of.values().copied().collect();
    for (w, votes) in &of_new {
        let Some(v) = only(votes) else {
            continue;
        };
        let same_module = same_module((old, v), (new, *w), keys);
        let both = (old.place(v), new.place(*w)) == (Place::Variable, Place::Variable);
        let agreed = of_old.get(&v).and_then(only) == Some(*w);
        if both && agreed && same_module && !taken.contains(&v) {
            old_of.entry(*w).or_insert(v);
        }
    }
}

/// Whether two places are of the same object file.
fn same_module(
    (old, before): (&Program<'_>, Rva),
    (new, after): (&Program<'_>, Rva),
    keys: &Keys,
) -> bool {
    let module =
        |program: &Program<'_>, rva| program.symbols.contribution_at(rva).map(|c| c.module);
    let modules = (module(old, before), module(new, after));
    matches!(modules, (Some(a), Some(b)) if keys.modules.same(a, b))
}

/// For each place those that functions have where they have it.
type Votes = BTreeMap<Rva, BTreeSet<Rva>>;

fn only(votes: &BTreeSet<Rva>) -> Option<Rva> {
    votes.first().copied().filter(|_| votes.len() == 1)
}

/// Whether a function that differs in nothing but what it refers to has both in one place. Of
/// several variables without a name, the order says nothing.
fn meant_by_one(
    v: &Variable,
    w: &Variable,
    old: &Program<'_>,
    new: &Program<'_>,
    keys: &Keys,
) -> bool {
    w.users.iter().any(|g| {
        let Some(f) = keys.old_function_of(*g).filter(|f| v.users.contains(f)) else {
            return false;
        };
        let references = (&old.code_of(f).references, &new.code_of(*g).references);
        let mut pairs = references.0.iter().zip(references.1);
        same_shape((old, f), (new, *g))
            && pairs.all(|(r, s)| (r.target == v.rva) == (s.target == w.rva))
    })
}

/// Whether new code uses a variable without a symbol in no way in which old code does not: no
/// record has its type, so that a number that became a floating-point number, or got another
/// size, shows in nothing else.
pub fn used_alike((old, before): (&Program<'_>, Rva), (new, after): (&Program<'_>, Rva)) -> bool {
    let (known, used) = (ways(old, before), ways(new, after));
    let open = |ways: &BTreeSet<Way>| ways.contains(&Way::Address);
    known.is_empty() || open(&known) || used.iter().all(|w| *w == Way::Address || known.contains(w))
}

/// Whether a variable without a symbol can only be the one at the same place of the old build's
/// part of the object file, of `size` bytes: there is no other one in it that old code uses in
/// that way and that starts with the same value, or some function that did not change has both
/// in one place. `same` says whether so many bytes of both builds are the same.
pub fn is_the_one(
    (old, before, from): (&Program<'_>, Rva, Rva),
    (new, after, to): (&Program<'_>, Rva, Rva),
    size: u32,
    keys: &Keys,
    same: impl Fn(Rva, Rva, u32) -> bool,
) -> bool {
    let (a, b) = (within(old, from, size), within(new, to, size));
    let v = a.iter().find(|v| v.rva == before);
    let w = b.iter().find(|w| w.rva == after);
    match (v, w) {
        (Some(v), Some(w)) => {
            let width = widest(&ways(new, after));
            let starts_so = |u: Rva| same(u, after, width);
            let others = || a.iter().filter(|u| u.rva != before);
            let fits = |u: &Variable| {
                used_alike((old, u.rva), (new, after)) && (starts_so(u.rva) || !starts_so(before))
            };
            meant_by_one(v, w, old, new, keys) || a.len() == b.len() && !others().any(fits)
        }
        // Nothing is known of it but where it is.
        _ => a.is_empty(),
    }
}

/// How many bytes are read or written at once, at most.
fn widest(ways: &BTreeSet<Way>) -> u32 {
    let sizes = ways.iter().map(|way| match way {
        Way::Address => 1,
        Way::Float(size) | Way::Plain(size) => u32::from(*size),
    });
    sizes.max().unwrap_or(1)
}

/// The ways in which a build uses what lies at an address.
fn ways(program: &Program<'_>, rva: Rva) -> BTreeSet<Way> {
    let users = program.incoming().at(rva).iter();
    let users: BTreeSet<FunctionIndex> = users.filter_map(|(_, site)| user(site)).collect();
    users.iter().flat_map(|f| program.ways(*f, rva)).collect()
}

fn user(site: &Site) -> Option<FunctionIndex> {
    match site {
        Site::Code(function, _) => Some(*function),
        Site::Pointer(_) => None,
    }
}

/// Variables without a symbol in a range to which code refers, ascending, and who does.
fn within(program: &Program<'_>, from: Rva, size: u32) -> Vec<Variable> {
    let sites = program
        .incoming()
        .within(from, Rva(from.0.saturating_add(size)));
    let groups = sites.chunk_by(|a, b| a.0 == b.0);
    let variables = groups.map(|group| Variable {
        rva: group[0].0,
        users: group.iter().filter_map(|(_, site)| user(site)).collect(),
    });
    variables
        .filter(|v| !v.users.is_empty() && program.place(v.rva) == Place::Variable)
        .collect()
}

fn gaps(program: &Program<'_>) -> Gaps {
    let mut gaps = Gaps::new();
    for variable in within(program, Rva(0), u32::MAX) {
        if let Some(neighbour) = follows(program, variable.rva) {
            gaps.entry(neighbour).or_default().push(variable);
        }
    }
    gaps
}

/// The named variable before a place, in the same contribution: what follows a new variable is
/// new itself.
pub fn follows(program: &Program<'_>, rva: Rva) -> Option<DataIndex> {
    let after = program.data.partition_point(|d| d.rva <= rva);
    let index = after.checked_sub(1)?;
    let contribution = program.symbols.contribution_at(rva)?;
    let found = &program.data[index];
    (found.rva >= contribution.rva).then_some(DataIndex(index as u32))
}
