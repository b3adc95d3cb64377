//! Which functions touch the types whose layout changed.
//!
//! What is listed is known from the debug information; a function that reaches an object in
//! another way (through an integer, a `void *`, an optimised-away variable) is not. A function
//! whose code is the same in both builds uses no offset or size that moved: it passes the
//! object on, or uses members that stayed where they were.

use std::collections::{BTreeMap, HashMap};

use super::Diff;
use super::handling::{self, Handling};
use crate::function::{FunctionIndex, Place, Program};
use crate::symbols::{Related, Relation, Relations, Touch, Touches};

/// What became of a function between the builds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Fate {
    /// It changed.
    Changed,
    /// It is only in the new build.
    Added,
    /// It is only in the old build.
    Removed,
    /// It differs in line numbers only.
    LineNumbers,
    /// It differs in the version only, and stays as it is.
    LeftOut,
    /// It is the same in both builds.
    Unchanged,
}

/// A function that touches a type.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TypeUser {
    /// In the old build.
    pub old: Option<FunctionIndex>,
    /// In the new build.
    pub new: Option<FunctionIndex>,
    /// What became of it.
    pub fate: Fate,
    /// The closest relation of a type that it mentions to this one.
    pub relation: Relation,
    /// How it touches the type, the closest first.
    pub touches: Vec<Touch>,
    /// Which of the members that differ it may use: places in [`super::LayoutChange::members`].
    pub members: Vec<usize>,
    /// What it does with whole objects.
    pub handles: Vec<Handling>,
}

/// Both versions of a function.
type Pair = (Option<FunctionIndex>, Option<FunctionIndex>);

/// The users of each type that changed, in the order of [`Diff::types`]; the changed ones
/// and the closest ones first.
pub(super) fn find(
    diff: &Diff,
    old: (&Program<'_>, &Touches),
    new: (&Program<'_>, &Touches),
) -> Vec<Vec<TypeUser>> {
    let fates = Fates::new(diff);
    let keys: Vec<&str> = diff.types.iter().map(|t| t.key.as_str()).collect();
    let mut found: BTreeMap<(u32, Pair), Vec<Touch>> = BTreeMap::new();
    for (is_new, (program, touches)) in [(false, old), (true, new)] {
        let pair = |function| match is_new {
            false => fates.of_old.get(&function),
            true => fates.of_new.get(&function),
        };
        let mut add = |function: FunctionIndex, touch: Touch| {
            if let Some(pair) = pair(function).filter(|_| !program.is_funclet(function)) {
                let list = found.entry((touch.related.target, *pair)).or_default();
                list.push(touch);
            }
        };
        for (rva, list) in &touches.of_function {
            if let Place::Function(function, 0) = program.place(*rva) {
                list.iter().for_each(|t| add(function, t.clone()));
            }
        }
        of_variables(program, &keys, &mut add);
    }
    let mut users: Vec<Vec<TypeUser>> = vec![Vec::new(); keys.len()];
    for ((target, pair), mut touches) in found {
        touches.sort_by(|a, b| (a.related, &a.what).cmp(&(b.related, &b.what)));
        touches.dedup();
        let change = &diff.types[target as usize];
        let relation = touches[0].related.relation;
        let sides = [(old.0, pair.0), (new.0, pair.1)];
        let of_object = change.layout.as_ref().filter(|_| relation == Relation::Is);
        users[target as usize].push(TypeUser {
            old: pair.0,
            new: pair.1,
            fate: fates.of(pair),
            relation,
            members: of_object.map_or_else(Vec::new, |l| handling::members(l, sides)),
            handles: change
                .layout
                .as_ref()
                .map_or_else(Vec::new, |l| handling::of(l, &change.name, sides, &touches)),
            touches,
        });
    }
    for list in &mut users {
        list.sort_by_key(|u| (u.fate, u.relation, u.old, u.new));
    }
    users
}

/// Functions that refer to a variable or constant of such a type.
fn of_variables(program: &Program<'_>, keys: &[&str], add: &mut dyn FnMut(FunctionIndex, Touch)) {
    let relations = Relations::new(&program.symbols.types, keys);
    let mut known: HashMap<_, Vec<(Related, String)>> = HashMap::new();
    let mut of_datum: HashMap<_, Vec<(Related, String)>> = HashMap::new();
    for datum in &program.symbols.data {
        let related = known.entry(datum.type_index);
        let related = related.or_insert_with(|| relations.of(datum.type_index));
        if !related.is_empty() {
            of_datum.insert(datum.rva, related.clone());
        }
    }
    if of_datum.is_empty() {
        return;
    }
    for function in program.function_indices() {
        for reference in &program.code_of(function).references {
            let Place::Data(datum, _) = program.place(reference.target) else {
                continue;
            };
            let item = program.datum(datum);
            for (related, type_name) in of_datum.get(&item.rva).into_iter().flatten() {
                let touch = Touch {
                    related: *related,
                    type_name: type_name.clone(),
                    what: format!("static variable {}", item.display_name()),
                };
                add(function, touch);
            }
        }
    }
}

/// What became of every function.
struct Fates {
    of_old: HashMap<FunctionIndex, Pair>,
    of_new: HashMap<FunctionIndex, Pair>,
    special: HashMap<Pair, Fate>,
}

impl Fates {
    fn new(diff: &Diff) -> Self {
        let mut fates = Fates {
            of_old: HashMap::new(),
            of_new: HashMap::new(),
            special: HashMap::new(),
        };
        for (o, n) in diff.keys.function_pairs() {
            fates.add((Some(o), Some(n)), None);
        }
        for c in &diff.functions.changed {
            fates.add((Some(c.old), Some(c.new)), Some(Fate::Changed));
        }
        for n in &diff.noise {
            fates.add((Some(n.old), Some(n.new)), Some(Fate::LineNumbers));
        }
        for v in &diff.left_out {
            fates.add((Some(v.old), Some(v.new)), Some(Fate::LeftOut));
        }
        for added in &diff.functions.added {
            fates.add((None, Some(*added)), Some(Fate::Added));
        }
        for removed in &diff.functions.removed {
            fates.add((Some(*removed), None), Some(Fate::Removed));
        }
        fates
    }

    fn add(&mut self, pair: Pair, fate: Option<Fate>) {
        if let Some(old) = pair.0 {
            self.of_old.insert(old, pair);
        }
        if let Some(new) = pair.1 {
            self.of_new.insert(new, pair);
        }
        if let Some(fate) = fate {
            self.special.insert(pair, fate);
        }
    }

    fn of(&self, pair: Pair) -> Fate {
        self.special.get(&pair).copied().unwrap_or(Fate::Unchanged)
    }
}
