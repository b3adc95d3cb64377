//! The oracle's answer and the program's, side by side.

use std::collections::BTreeSet;
use std::fmt::Write;

use super::coff::Kind;
use super::compare::{Comparer, Reach};
use super::product::{Answer, Changes};
use super::truth::{Linked, Truth, truth};

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
    let mut truth = truth(old, new, items, |reach, a, b| match reach {
        Reach::Read => read.datum(a.atom, b.atom),
        Reach::Whole => whole.datum(a.atom, b.atom),
    });
    let thread = |side: &Linked<'_>| side.addresses(side.build.data(&[Kind::Thread]));
    let mut free = (thread(old), thread(new));
    let merged = (merged_constants(old, new), merged_constants(new, old));
    truth.removed.retain(|rva, _| !merged.0.contains(rva));
    truth.added.retain(|rva, _| !merged.1.contains(rva));
    free.0.extend(merged.0);
    free.1.extend(merged.1);
    compare(&truth, &answer.data, &free)
}

/// Constants of a build that the other one may have without a name of their own.
fn merged_constants(side: &Linked<'_>, other: &Linked<'_>) -> BTreeSet<u32> {
    let mut constants = side.build.data(&[Kind::Constant]);
    constants.retain(|c| side.build.may_be_merged(c, other.build));
    side.addresses(constants)
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

/// `free` are old and new addresses of what may be reported or not.
fn compare(truth: &Truth, answer: &Changes, free: &(BTreeSet<u32>, BTreeSet<u32>)) -> Judgement {
    let mut result = Judgement {
        compared: truth.compared,
        changed: truth.changed.len() + truth.added.len() + truth.removed.len(),
        reported: answer.changed.len() + answer.added.len() + answer.removed.len(),
        ..Judgement::default()
    };
    let from: BTreeSet<u32> = answer.changed.keys().map(|p| p.0).collect();
    let to: BTreeSet<u32> = answer.changed.keys().map(|p| p.1).collect();
    let mut missed = |name: &str, what: String| result.missed.push(format!("{name}, {what}"));
    for (pair, name) in &truth.changed {
        if !answer.changed.contains_key(pair) {
            missed(name, format!("at {:#x}, now at {:#x}", pair.0, pair.1));
        }
    }
    for (rva, name) in &truth.added {
        let loose = truth.loose.1.contains(rva) && to.contains(rva);
        if !loose && !answer.added.contains_key(rva) {
            missed(name, format!("which is new at {rva:#x}"));
        }
    }
    for (rva, name) in &truth.removed {
        let loose = truth.loose.0.contains(rva) && from.contains(rva);
        if !loose && !answer.removed.contains_key(rva) {
            missed(name, format!("which is gone from {rva:#x}"));
        }
    }
    let mut extra = |name: &str, what: String| result.extra.push(format!("{name}, {what}"));
    for (pair, name) in &answer.changed {
        let loose = truth.loose.0.contains(&pair.0) || truth.loose.1.contains(&pair.1);
        if !truth.allowed.contains(pair) && !loose && !free.0.contains(&pair.0) {
            extra(name, format!("at {:#x}, now at {:#x}", pair.0, pair.1));
        }
    }
    for (rva, name) in &answer.added {
        if !truth.added.contains_key(rva) && !free.1.contains(rva) {
            extra(name, format!("as new at {rva:#x}"));
        }
    }
    for (rva, name) in &answer.removed {
        if !truth.removed.contains_key(rva) && !free.0.contains(rva) {
            extra(name, format!("as gone from {rva:#x}"));
        }
    }
    result
}
