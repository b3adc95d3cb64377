//! Makes a failing pair small: parts, edits and options are left out as long as the answer
//! stays as wrong as it was.

use std::path::Path;

use crate::judge::{self, How, Means, Outcome};
use crate::spec::{Edit, Side, Spec};
use crate::workshop::Workshop;

/// The smallest pair that was found, and what is wrong with it; nothing where it is right when
/// it is tried again.
pub fn reduce(means: &Means, folder: &Path, spec: &Spec, how: How) -> (Spec, Option<String>) {
    let mut best = spec.clone();
    let mut what = None;
    for leave_out in STEPS {
        let mut number = 0;
        while let Some(less) = leave_out(&best, number) {
            match Some(less).filter(|s| !s.parts.is_empty()) {
                Some(less) if let Some(said) = still(means, folder, &less, how) => {
                    what = Some(said);
                    best = less;
                }
                _ => number += 1,
            }
        }
    }
    let what = what.or_else(|| still(means, folder, &best, how));
    (best, what)
}

/// What is wrong with a pair, if it is wrong in this way.
fn still(means: &Means, folder: &Path, spec: &Spec, how: How) -> Option<String> {
    let mut shop = Workshop::new(folder).ok()?;
    let old = shop.build(spec, Side::Old).ok()?;
    match judge::judge(means, &mut shop, &old, spec, how == How::Live).0 {
        Outcome::Wrong { how: found, what } if found == how => Some(what),
        _ => None,
    }
}

/// Leaves out the thing with this number; nothing where there are not so many.
type Step = fn(&Spec, usize) -> Option<Spec>;

/// What is left out, in this order.
const STEPS: [Step; 8] = [
    untouched_parts,
    parts,
    edits,
    parts,
    options,
    link,
    exceptions,
    places,
];

/// All parts without an edit, at once.
fn untouched_parts(spec: &Spec, number: usize) -> Option<Spec> {
    let mut less = spec.clone();
    let edited: Vec<&str> = spec.edits.iter().filter_map(Edit::part).collect();
    less.parts.retain(|p| edited.contains(&&*p.prefix));
    (number == 0 && less.parts.len() < spec.parts.len()).then_some(less)
}

fn parts(spec: &Spec, number: usize) -> Option<Spec> {
    let part = spec.parts.get(number)?;
    let mut less = spec.clone();
    less.parts.remove(number);
    less.edits.retain(|e| e.part() != Some(&part.prefix));
    Some(less)
}

fn edits(spec: &Spec, number: usize) -> Option<Spec> {
    let mut less = spec.clone();
    (number < less.edits.len()).then(|| less.edits.remove(number))?;
    Some(less)
}

/// Options of the compiler but the level and `-fwrapv`, without which programs mean nothing.
fn options(spec: &Spec, number: usize) -> Option<Spec> {
    let fixed = |o: &str| o.starts_with("-O") || o == "-fwrapv";
    let at = spec
        .config
        .options
        .iter()
        .enumerate()
        .filter(|(_, o)| !fixed(o))
        .nth(number)?
        .0;
    let mut less = spec.clone();
    less.config.options.remove(at);
    Some(less)
}

fn link(spec: &Spec, number: usize) -> Option<Spec> {
    let all = spec.config.link.iter().enumerate();
    let at = all.filter(|(_, o)| *o != "opt:noicf").nth(number)?.0;
    let mut less = spec.clone();
    less.config.link.remove(at);
    Some(less)
}

/// Exceptions go where nothing throws.
fn exceptions(spec: &Spec, number: usize) -> Option<Spec> {
    let needed = spec.parts.iter().any(|p| p.exceptions);
    let mut less = spec.clone();
    less.config.leave_out_exceptions();
    (spec.config.exceptions && !needed && number == 0).then_some(less)
}

/// Two shared files become one; thread-local storage goes where nothing uses it.
fn places(spec: &Spec, number: usize) -> Option<Spec> {
    let mut less = spec.clone();
    if spec.parts.iter().any(|p| p.unit > 1) && number == 0 {
        less.parts.iter_mut().for_each(|p| p.unit %= 2);
        less.edits.retain(|e| !matches!(e, Edit::PartOrder { .. }));
        return Some(less);
    }
    let needed = spec.parts.iter().any(|p| p.thread_locals);
    less.config.thread_locals = false;
    less.config.link.retain(|o| !o.starts_with("merge:.tls"));
    (spec.config.thread_locals && !needed && number < 2).then_some(less)
}
