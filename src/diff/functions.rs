//! Which functions changed, were added or removed.

use std::collections::HashSet;

use super::same::{Comparer, Difference};
use crate::function::{FunctionIndex, Place};

/// A function whose code differs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ChangedFunction {
    /// In the old build.
    pub old: FunctionIndex,
    /// In the new build.
    pub new: FunctionIndex,
    /// What differs first, in words.
    pub reason: String,
}

/// Functions of both builds, by what became of them.
#[derive(Debug, Default)]
pub struct FunctionDiff {
    /// Changed, by old address.
    pub changed: Vec<ChangedFunction>,
    /// Only in the new build.
    pub added: Vec<FunctionIndex>,
    /// Only in the old build.
    pub removed: Vec<FunctionIndex>,
    /// How many new functions are the same as their old ones.
    pub unchanged: usize,
}

/// Compares the functions of two builds.
pub fn diff(comparer: &Comparer<'_>) -> FunctionDiff {
    let mut pairs = comparer.keys.function_pairs();
    // Funclets are compared with their parents; by name they cannot be matched.
    pairs.retain(|(o, n)| !comparer.old.is_funclet(*o) && !comparer.new.is_funclet(*n));
    let mut differences: Vec<Option<Difference>> = pairs
        .iter()
        .map(|(o, n)| comparer.difference(*o, *n))
        .collect();
    spread_to_dependents(comparer, &pairs, &mut differences);

    let mut result = FunctionDiff::default();
    let (mut old_seen, mut new_seen) = (HashSet::new(), HashSet::new());
    let mut new_changed = HashSet::new();
    for ((o, n), difference) in pairs.iter().zip(&differences) {
        if comparer.old.is_part(*o) && comparer.new.is_part(*n) {
            continue;
        }
        old_seen.insert(*o);
        new_seen.insert(*n);
        if let Some(difference) = difference {
            new_changed.insert(*n);
            result.changed.push(ChangedFunction {
                old: *o,
                new: *n,
                reason: describe(comparer, difference),
            });
        }
    }
    result.unchanged = new_seen.len() - new_changed.len();
    let of_old = comparer.old.function_indices();
    result.removed = of_old
        .filter(|f| !old_seen.contains(f) && !comparer.old.belongs_to_another(*f))
        .collect();
    let of_new = comparer.new.function_indices();
    result.added = of_new
        .filter(|f| !new_seen.contains(f) && !comparer.new.belongs_to_another(*f))
        .collect();
    result
}

/// A function that refers into the middle of a changed function, or to a separated part of it,
/// has changed as well; a part changes with its function, and the other way.
fn spread_to_dependents(
    comparer: &Comparer<'_>,
    pairs: &[(FunctionIndex, FunctionIndex)],
    differences: &mut [Option<Difference>],
) {
    let mut entanglements = comparer.entanglements.borrow().clone();
    for function in comparer.old.function_indices() {
        for part in comparer.old.parts_of(function) {
            entanglements.extend([(part, function), (function, part)]);
        }
    }
    let mut changed: HashSet<FunctionIndex> = pairs
        .iter()
        .zip(differences.iter())
        .filter(|(_, d)| d.is_some())
        .map(|((o, _), _)| *o)
        .collect();
    loop {
        let mut grew = false;
        for (from, into) in entanglements.iter() {
            if !changed.contains(into) || changed.contains(from) {
                continue;
            }
            grew |= changed.insert(*from);
            for ((o, _), difference) in pairs.iter().zip(differences.iter_mut()) {
                if o == from && difference.is_none() {
                    *difference = Some(Difference::Dependency(*into));
                }
            }
        }
        if !grew {
            return;
        }
    }
}

fn describe(comparer: &Comparer<'_>, difference: &Difference) -> String {
    match difference {
        Difference::Size => "the code has another length".into(),
        Difference::Byte(at) => format!("an instruction differs at +{at:#x}"),
        Difference::Shape(at) => format!("the code differs from +{at:#x} on"),
        Difference::Reference(at, old, new) => {
            let was = place_text(comparer.old, *old);
            let is = place_text(comparer.new, *new);
            let functions = (comparer.old.place(*old), comparer.new.place(*new));
            if was == is && matches!(functions, (Place::Function(..), Place::Function(..))) {
                format!("{is}, to which it refers at +{at:#x}, is another function now")
            } else if was == is {
                format!("the content of {was} differs (used at +{at:#x})")
            } else {
                format!("refers to {is} instead of {was} at +{at:#x}")
            }
        }
        Difference::FallsInto(old, new) => {
            let text = |program, rva: &Option<_>| {
                rva.map_or_else(|| "nothing".to_owned(), |rva| place_text(program, rva))
            };
            format!(
                "falls through into {} instead of {}",
                text(comparer.new, new),
                text(comparer.old, old)
            )
        }
        Difference::Unwind => "the unwind information differs".into(),
        Difference::Parts => "a separated part of the code differs".into(),
        Difference::Dependency(function) => format!(
            "refers into {}, which changed",
            comparer.old.function(*function).display_name()
        ),
    }
}

/// A place as a reader names it.
pub fn place_text(program: &crate::function::Program<'_>, rva: crate::addr::Rva) -> String {
    let with_offset = |name: &str, offset: u32| match offset {
        0 => name.to_owned(),
        offset => format!("{name}+{offset:#x}"),
    };
    match program.place(rva) {
        Place::Function(f, offset) => with_offset(&program.function(f).display_name(), offset),
        Place::Data(d, offset) => with_offset(program.datum(d).display_name(), offset),
        Place::Import(i) => {
            let import = &program.image.imports[i as usize];
            format!("{}!{}", import.module, import.name)
        }
        Place::SwitchTable(i) if program.switch_tables[i as usize].branch.0 == 0 => {
            "a lookup table".into()
        }
        Place::SwitchTable(_) => "a switch table".into(),
        Place::Constant => constant_text(program, rva),
        Place::Variable => "a variable without a symbol".into(),
        Place::Headers(_) => "the image's headers".into(),
        Place::Nowhere => format!("{rva}"),
    }
}

/// A string literal is shown by its text.
fn constant_text(program: &crate::function::Program<'_>, rva: crate::addr::Rva) -> String {
    const SHOWN: usize = 40;
    let bytes = program.image.rest_of_section(rva).unwrap_or(&[]);
    let length = bytes.iter().take(256).position(|b| *b == 0);
    match length {
        Some(length) if length > 0 && bytes[..length].iter().all(|b| (0x20..0x7f).contains(b)) => {
            let text = String::from_utf8_lossy(&bytes[..length.min(SHOWN)]);
            let more = if length > SHOWN { "…" } else { "" };
            format!("the string {text:?}{more}")
        }
        _ => "a constant".into(),
    }
}
