//! What becomes of each function of both builds.

use std::collections::{HashMap, HashSet};

use crate::addr::Rva;
use crate::diff::Diff;
use crate::function::{FunctionIndex, Program};

/// What becomes of a function.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Role {
    /// Nothing is known: no pair, and no part of one.
    #[default]
    Unknown,
    /// It stays.
    Unchanged,
    /// It is replaced, or replaces one.
    InPatch,
    /// Only one build has it.
    Single,
}

/// In what a pair of functions that stay may differ.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Apart {
    /// In nothing but places.
    Nothing,
    /// In line numbers.
    Lines,
    /// In the version.
    Version,
}

/// The roles of all functions.
pub struct Roles {
    /// Of the old build.
    pub old: Vec<Role>,
    /// Of the new build.
    pub new: Vec<Role>,
    /// Pairs that stay, pieces included.
    pub pairs: Vec<(FunctionIndex, FunctionIndex, Apart)>,
    /// The texts in which functions that are left out differ: start and length in bytes in the
    /// old and in the new image.
    pub texts: Vec<[(Rva, u32); 2]>,
}

impl Roles {
    /// Goes by the difference.
    pub fn new(old: &Program<'_>, new: &Program<'_>, diff: &Diff) -> Self {
        let mut roles = Roles {
            old: vec![Role::Unknown; old.functions.len()],
            new: vec![Role::Unknown; new.functions.len()],
            pairs: Vec::new(),
            texts: Vec::new(),
        };
        let changes = diff.functions.changed.iter();
        let changed: HashSet<_> = changes.map(|c| (c.old, c.new)).collect();
        for (o, n) in &changed {
            roles.bring(old, new, (*o, *n));
        }
        let noise = diff.noise.iter().map(|n| ((n.old, n.new), Apart::Lines));
        let left_out = diff.left_out.iter();
        let left_out = left_out.map(|v| ((v.old, v.new), Apart::Version));
        let apart: HashMap<_, _> = noise.chain(left_out).collect();
        let texts = diff.left_out.iter().flat_map(|v| &v.texts);
        roles.texts = texts.copied().collect();
        for (o, n) in diff.keys.function_pairs() {
            let funclets = old.is_funclet(o) || new.is_funclet(n);
            if funclets || changed.contains(&(o, n)) || roles.old[o.0 as usize] == Role::InPatch {
                continue;
            }
            let apart = apart.get(&(o, n)).copied().unwrap_or(Apart::Nothing);
            roles.pairs.push((o, n, apart));
            let pieces = (pieces(old, o), pieces(new, n));
            if pieces.0.len() == pieces.1.len() {
                let both = pieces.0.into_iter().zip(pieces.1);
                roles.pairs.extend(both.map(|(p, q)| (p, q, apart)));
            }
        }
        let mut seen: HashSet<(FunctionIndex, FunctionIndex)> = HashSet::new();
        let is_new = |pair: &(FunctionIndex, FunctionIndex, Apart)| seen.insert((pair.0, pair.1));
        let pairs = std::mem::take(&mut roles.pairs);
        roles.pairs = pairs.into_iter().filter(is_new).collect();
        for (o, n, _) in &roles.pairs {
            for role in [&mut roles.old[o.0 as usize], &mut roles.new[n.0 as usize]] {
                if *role == Role::Unknown {
                    *role = Role::Unchanged;
                }
            }
        }
        let single = |roles: &mut [Role], index: FunctionIndex, program: &Program<'_>| {
            let own = std::iter::once(index).chain(pieces(program, index));
            for index in own {
                if roles[index.0 as usize] == Role::Unknown {
                    roles[index.0 as usize] = Role::Single;
                }
            }
        };
        for f in &diff.functions.removed {
            single(&mut roles.old, *f, old);
        }
        // One that had its address with others which change is named with them (HP213).
        let stuck = diff.folded.stuck.iter();
        let folded = stuck.flat_map(|(pair, _)| diff.keys.new_functions_of(pair.old));
        for f in diff.functions.added.iter().copied().chain(folded) {
            single(&mut roles.new, f, new);
        }
        roles
    }

    fn bring(
        &mut self,
        old: &Program<'_>,
        new: &Program<'_>,
        pair: (FunctionIndex, FunctionIndex),
    ) {
        for p in std::iter::once(pair.0).chain(pieces(old, pair.0)) {
            self.old[p.0 as usize] = Role::InPatch;
        }
        for p in std::iter::once(pair.1).chain(pieces(new, pair.1)) {
            self.new[p.0 as usize] = Role::InPatch;
        }
    }
}

/// The pieces of a function; only looked for where it can have some.
fn pieces(program: &Program<'_>, function: FunctionIndex) -> Vec<FunctionIndex> {
    program.pieces_of(function)
}
