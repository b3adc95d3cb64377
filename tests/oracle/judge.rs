//! The oracle's answer and the program's, side by side.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::fmt::Write;

use super::build::{Build, Item, Name};
use super::coff::Kind;
use super::compare::{Comparer, Reach};
use super::linkmap::LinkMap;
use super::product::{Answer, Changes};

/// One image: its objects in link order, and where the linker put things.
pub struct Linked<'b> {
    pub build: &'b Build,
    pub map: &'b LinkMap,
}

impl Linked<'_> {
    fn addresses(&self, items: Vec<Item>) -> BTreeSet<u32> {
        items
            .iter()
            .filter_map(|i| self.map.address_of(i))
            .collect()
    }
}

/// How the two answers compare.
#[derive(Clone, Debug, Default)]
pub struct Judgement {
    /// Functions (or data) in both builds.
    pub compared: usize,
    /// Changed for sure, by the oracle.
    pub changed: usize,
    /// Changed, added or removed, by the program.
    pub reported: usize,
    /// Names of what the program should have found.
    pub missed: Vec<String>,
    /// What it found that is no change.
    pub extra: Vec<String>,
}

impl Judgement {
    pub fn add(&mut self, other: &Judgement) {
        self.compared += other.compared;
        self.changed += other.changed;
        self.reported += other.reported;
        self.missed.extend(other.missed.iter().cloned());
        self.extra.extend(other.extra.iter().cloned());
    }

    /// The numbers in a line.
    pub fn summary(&self, what: &str) -> String {
        format!(
            "{what}: {} compared, {} changed, {} reported, {} missed, {} extra",
            self.compared,
            self.changed,
            self.reported,
            self.missed.len(),
            self.extra.len()
        )
    }

    /// Nothing missed, and at most one in a hundred too many.
    #[track_caller]
    pub fn assert_agreement(&self, what: &str) {
        let allowed = self.changed.div_ceil(100);
        let (missed, extra) = (self.missed.len(), self.extra.len());
        assert_eq!(missed, 0, "missed {what}");
        assert!(
            extra <= allowed,
            "{extra} extra {what}; {allowed} would be 1 %"
        );
    }

    /// The differences, a line each.
    pub fn text(&self, what: &str) -> String {
        let mut out = String::new();
        for name in &self.missed {
            let _ = writeln!(out, "  missed {what}: {name}");
        }
        for name in &self.extra {
            let _ = writeln!(out, "  extra {what}: {name}");
        }
        out
    }
}

/// The oracle's answer.
#[derive(Debug, Default)]
struct Truth {
    compared: usize,
    changed: BTreeMap<(u32, u32), String>,
    /// May be reported as changed without being an extra.
    allowed: BTreeSet<(u32, u32)>,
    /// Old and new addresses of what is in both builds.
    paired: (BTreeSet<u32>, BTreeSet<u32>),
    added: BTreeMap<u32, String>,
    removed: BTreeMap<u32, String>,
}

/// Judges the functions.
pub fn functions(old: &Linked<'_>, new: &Linked<'_>, answer: &Answer) -> Judgement {
    let items = (old.build.functions(), new.build.functions());
    let read = Comparer::new(old.build, new.build, Reach::Read);
    let whole = Comparer::new(old.build, new.build, Reach::Whole);
    let truth = truth(old, new, items, |reach, a, b| match reach {
        Reach::Read => read.function(a.atom, b.atom),
        Reach::Whole => whole.function(a.atom, b.atom),
    });
    // Funclets count with the function they belong to, whether they are listed or not.
    let funclets = (
        old.addresses(old.build.funclets()),
        new.addresses(new.build.funclets()),
    );
    compare(&truth, &answer.functions, &funclets)
}

/// Judges the named data.
pub fn data(old: &Linked<'_>, new: &Linked<'_>, answer: &Answer) -> Judgement {
    let kinds = [Kind::Constant, Kind::Variable];
    let items = (old.build.data(&kinds), new.build.data(&kinds));
    let read = Comparer::new(old.build, new.build, Reach::Read);
    let whole = Comparer::new(old.build, new.build, Reach::Whole);
    let truth = truth(old, new, items, |reach, a, b| match reach {
        Reach::Read => read.datum(a.atom, b.atom),
        Reach::Whole => whole.datum(a.atom, b.atom),
    });
    let thread = |side: &Linked<'_>| side.addresses(side.build.data(&[Kind::Thread]));
    compare(&truth, &answer.data, &(thread(old), thread(new)))
}

/// Judges the thread-local variables: the program need not list them, but must refuse
/// when they differ.
pub fn thread_locals(old: &Linked<'_>, new: &Linked<'_>, answer: &Answer) -> Option<String> {
    let kinds = [Kind::Thread];
    let items = (old.build.data(&kinds), new.build.data(&kinds));
    let whole = Comparer::new(old.build, new.build, Reach::Read);
    let truth = truth(old, new, items, |_, a, b| whole.datum(a.atom, b.atom));
    let mut all = truth
        .changed
        .values()
        .chain(truth.added.values())
        .chain(truth.removed.values());
    let refused = answer.findings.iter().any(|f| f == "HP306");
    all.next()
        .filter(|_| !refused)
        .map(|name| format!("the thread-local {name} differs"))
}

fn truth(
    old: &Linked<'_>,
    new: &Linked<'_>,
    items: (Vec<Item>, Vec<Item>),
    difference: impl Fn(Reach, &Item, &Item) -> Option<String>,
) -> Truth {
    let mut truth = Truth::default();
    let by_name: HashMap<&Name, &Item> = items
        .1
        .iter()
        .flat_map(|i| i.names.iter().map(move |n| (n, i)))
        .collect();
    let mut added: BTreeMap<u32, String> = items
        .1
        .iter()
        .filter_map(|i| Some((new.map.address_of(i)?, i.names[0].to_string())))
        .collect();
    for item in &items.0 {
        let Some(old_rva) = old.map.address_of(item) else {
            continue;
        };
        let counterpart = item.names.iter().find_map(|n| by_name.get(n).copied());
        let new_rva = counterpart.and_then(|i| new.map.address_of(i));
        let (Some(counterpart), Some(new_rva)) = (counterpart, new_rva) else {
            truth.removed.insert(old_rva, item.names[0].to_string());
            continue;
        };
        truth.compared += 1;
        truth.paired.0.insert(old_rva);
        truth.paired.1.insert(new_rva);
        added.remove(&new_rva);
        if let Some(why) = difference(Reach::Read, item, counterpart) {
            let text = format!("{} ({why})", item.names[0]);
            truth.changed.insert((old_rva, new_rva), text);
            truth.allowed.insert((old_rva, new_rva));
        } else if difference(Reach::Whole, item, counterpart).is_some() {
            truth.allowed.insert((old_rva, new_rva));
        }
    }
    truth.added = added;
    // With identical code folding an address can be both.
    truth.removed.retain(|rva, _| !truth.paired.0.contains(rva));
    truth
}

/// `free` are old and new addresses of what may be reported or not.
fn compare(truth: &Truth, answer: &Changes, free: &(BTreeSet<u32>, BTreeSet<u32>)) -> Judgement {
    let mut result = Judgement {
        compared: truth.compared,
        changed: truth.changed.len() + truth.added.len() + truth.removed.len(),
        reported: answer.changed.len() + answer.added.len() + answer.removed.len(),
        ..Judgement::default()
    };
    for (pair, name) in &truth.changed {
        if !answer.changed.contains_key(pair) {
            result.missed.push(format!(
                "{name} at {:#x}, {:#x} in the new build",
                pair.0, pair.1
            ));
        }
    }
    for (rva, name) in truth
        .added
        .iter()
        .filter(|(r, _)| !answer.added.contains_key(r))
    {
        result
            .missed
            .push(format!("{name}, which is new at {rva:#x}"));
    }
    for (rva, name) in truth
        .removed
        .iter()
        .filter(|(r, _)| !answer.removed.contains_key(r))
    {
        result
            .missed
            .push(format!("{name}, which is gone from {rva:#x}"));
    }
    for (pair, text) in answer
        .changed
        .iter()
        .filter(|(p, _)| !truth.allowed.contains(p) && !free.0.contains(&p.0))
    {
        result.extra.push(format!(
            "{text} at {:#x}, {:#x} in the new build",
            pair.0, pair.1
        ));
    }
    for (rva, text) in answer
        .added
        .iter()
        .filter(|(r, _)| !truth.added.contains_key(r))
    {
        result.extra.push(format!("{text} as new at {rva:#x}"));
    }
    for (rva, text) in answer
        .removed
        .iter()
        .filter(|(r, _)| !truth.removed.contains_key(r))
    {
        result.extra.push(format!("{text} as gone from {rva:#x}"));
    }
    result
}
