//! Namesakes of which nothing proves which is which.

use super::Hazard;
use super::closure::Closure;
use crate::addr::Rva;
use crate::finding::rules::code;
use crate::function::{DataIndex, FunctionIndex, Program};

/// So many candidates are named.
const NAMED: usize = 4;

impl Closure<'_> {
    /// Why a reference to a function cannot be carried that several of the old build may be.
    pub(super) fn guess_of_function(&self, function: FunctionIndex) -> Hazard {
        let name = self.new.function(function).display_name();
        let candidates = self.diff.keys.function_candidates(function);
        let old = candidates.iter().map(|f| self.old.function(*f).rva);
        let rivals = self.diff.keys.function_rivals(function);
        let new = rivals.iter().map(|f| self.new.function(*f).rva);
        (
            &code::GUESSED_IDENTITY,
            guess(
                "function",
                &name,
                (self.old, old.collect()),
                (self.new, new.collect()),
            ),
        )
    }

    /// The same for a variable; `None` where it is plain which one is meant. Constants are
    /// what their content is.
    pub(super) fn guess_of_datum(&self, datum: DataIndex) -> Option<Hazard> {
        let item = self.new.datum(datum);
        if !item.writable || self.diff.is_identity() {
            return None;
        }
        let mut candidates = self.diff.keys.old_data_of(datum);
        if self.diff.datum_is_ambiguous(datum) {
            candidates = self.diff.keys.datum_candidates(datum);
        } else if candidates.len() < 2 {
            return None;
        }
        let old = candidates.iter().map(|d| self.old.datum(*d).rva);
        let rivals = self.diff.keys.datum_rivals(datum);
        let new = rivals.iter().map(|d| self.new.datum(*d).rva);
        let text = guess(
            "variable",
            item.display_name(),
            (self.old, old.collect()),
            (self.new, new.collect()),
        );
        Some((&code::GUESSED_IDENTITY, text))
    }

    /// The old constant of the same content among those that an ambiguous new one may be.
    pub(super) fn same_content(&self, datum: DataIndex) -> Option<DataIndex> {
        let comparer = self.diff.comparer(self.old, self.new);
        let candidates = self.diff.keys.datum_candidates(datum).into_iter();
        let mut same = candidates.filter(|d| comparer.same_datum_content(*d, datum));
        same.find(|d| !self.old.datum(*d).writable)
    }
}

/// What a guess would be between.
fn guess(
    kind: &str,
    name: &str,
    (old, candidates): (&Program<'_>, Vec<Rva>),
    (new, rivals): (&Program<'_>, Vec<Rva>),
) -> String {
    let also = match rivals.is_empty() {
        true => String::new(),
        false => format!("; of that name the new build has {}", list(new, &rivals)),
    };
    format!(
        "refers to {name}, and which {kind} of the old build that is cannot be proven: {}{also}",
        list(old, &candidates)
    )
}

/// Places of a build, each with its object file.
pub(super) fn list(program: &Program<'_>, places: &[Rva]) -> String {
    let place = |rva: &Rva| {
        let object = program.symbols.contribution_at(*rva).and_then(|c| {
            let module = program.symbols.modules.get(c.module.0 as usize)?;
            Some(module.short_path())
        });
        match object {
            Some(object) => format!("the one of {object} at {rva}"),
            None => format!("the one at {rva}"),
        }
    };
    let mut texts: Vec<String> = places.iter().take(NAMED).map(place).collect();
    if places.len() > NAMED {
        texts.push(format!("{} more", places.len() - NAMED));
    }
    texts.join(", ")
}
