//! Variables without a symbol: guards of function-local statics, and parts of variables that
//! an optimiser has taken to pieces.
//!
//! Such a variable is the same in both builds when it is as far behind the same named
//! variable of the same object file, the same number of variables without a name lie between
//! that and the next named one, and a function that refers to it is the same.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use super::Keys;
use super::same::same_shape;
use crate::addr::Rva;
use crate::function::{DataIndex, FunctionIndex, Place, Program, Site, Way};

/// Where each variable without a symbol of the new build is in the old one.
#[derive(Debug, Default)]
pub struct Variables {
    old_of: HashMap<Rva, Rva>,
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
            let modules = [(old, d.rva), (new, e.rva)]
                .map(|(p, rva)| p.symbols.contribution_at(rva).map(|c| c.module));
            let same_module = matches!(modules, [Some(a), Some(b)] if keys.modules.same(a, b));
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
        Variables { old_of }
    }

    /// Where a variable of the new build is in the old one.
    pub fn old(&self, new: Rva) -> Option<Rva> {
        self.old_of.get(&new).copied()
    }
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
