//! Types of one name in two builds: which is which, and whether one of them changed.
//!
//! A file's own types are told apart by the file. What is left when files are paired is a type
//! that a file got or lost: it says nothing where the file itself came or went, and counts as
//! changed where the file had another type of that name before, or may have had.
//!
//! Those of one file that only a number tells apart (local types, lambdas) stand in the order
//! of the source. Two that changed places may as well be two that took on each other's layout. Of
//! lambdas one list must be the other one with some left out; of local types, of which one more or
//! less is unusual, as many must be there, or all be the same.

use std::collections::BTreeMap;

use super::paths;
use crate::symbols::{Definition, Enumeration, Layout, Origins};

/// Where the types of both builds are defined.
pub type Sources<'s> = (&'s Origins, &'s Origins);

/// What a type means for its objects.
pub trait Content: PartialEq {
    /// Whether objects of the older type make sense as objects of the newer one.
    fn still_means(&self, newer: &Self) -> bool;
}

impl Content for Layout {
    fn still_means(&self, newer: &Layout) -> bool {
        self == newer && !self.incomplete
    }
}

impl Content for Enumeration {
    fn still_means(&self, newer: &Enumeration) -> bool {
        self.changed(newer).is_none()
    }
}

/// A type that changed.
pub struct Found<'f, T> {
    /// In the old build.
    pub old: &'f Definition<T>,
    /// In the new build.
    pub new: &'f Definition<T>,
    /// Which of several types of this name it is, in words; empty where there is but one.
    pub place: String,
}

/// Whether it does not matter which is which: all are one and the same.
pub fn all_same<T: Content>(old: &[Definition<T>], new: &[Definition<T>]) -> bool {
    old.iter()
        .all(|a| new.iter().all(|b| a.content.still_means(&b.content)))
}

/// The types of one file.
type OfFile<'t, T> = Vec<&'t Definition<T>>;

/// The same by file.
type Files<'f, 't, T> = BTreeMap<&'f str, OfFile<'t, T>>;

/// The first type of a name that differs between the builds.
pub fn difference<'t, T: Content>(
    old: &'t [Definition<T>],
    new: &'t [Definition<T>],
    sources: Option<Sources<'_>>,
) -> Option<Found<'t, T>> {
    let Some((of_old, of_new)) = sources else {
        let (old, new): (OfFile<'t, T>, OfFile<'t, T>) =
            (old.iter().collect(), new.iter().collect());
        return in_one_file(&old, &new, None);
    };
    let (mut before, mut after) = (by_file(old, of_old), by_file(new, of_new));
    let several = before.len() > 1 || after.len() > 1;
    let names = |files: &Files<'_, 't, T>| -> Vec<String> {
        files.keys().map(|name| (*name).to_owned()).collect()
    };
    let (old_names, new_names) = (names(&before), names(&after));
    for (i, j) in paths::pair(&texts(&old_names), &texts(&new_names)) {
        let lists = (
            before.remove(old_names[i].as_str()).unwrap_or_default(),
            after.remove(new_names[j].as_str()).unwrap_or_default(),
        );
        let file = several.then_some(new_names[j].as_str());
        if let Some(found) = in_one_file(&lists.0, &lists.1, file) {
            return Some(found);
        }
    }
    left(old, new, (before, after), (of_old, of_new))
}

/// What is in files that the other build has no such type of.
fn left<'t, T: Content>(
    old: &'t [Definition<T>],
    new: &'t [Definition<T>],
    (mut before, mut after): (Files<'_, 't, T>, Files<'_, 't, T>),
    (of_old, of_new): Sources<'_>,
) -> Option<Found<'t, T>> {
    if !before.is_empty() && !after.is_empty() {
        // Files that were renamed, or a type that went to another file.
        let file = after.keys().next().copied();
        let all = |files: &Files<'_, 't, T>| -> OfFile<'t, T> {
            files.values().flatten().copied().collect()
        };
        return in_one_file(&all(&before), &all(&after), file);
    }
    after.retain(|file, _| !is_source_of_its_own(file, of_new, of_old));
    before.retain(|file, _| !is_source_of_its_own(file, of_old, of_new));
    // A file that has its own type now, and had one of the others before, or the other way.
    for (file, list) in &after {
        for newer in list {
            if let Some(older) = old.iter().find(|o| !o.content.still_means(&newer.content)) {
                return Some(found(older, newer, Some(file)));
            }
        }
    }
    for (file, list) in &before {
        for older in list {
            if let Some(newer) = new.iter().find(|n| !older.content.still_means(&n.content)) {
                return Some(found(older, newer, Some(file)));
            }
        }
    }
    None
}

/// Whether a file is a source (not a header, which any file can include) that the other build
/// has not.
fn is_source_of_its_own(file: &str, own: &Origins, others: &Origins) -> bool {
    const SOURCES: [&str; 8] = ["c", "cc", "cpp", "cxx", "c++", "m", "mm", "rs"];
    let name = paths::file_name(file);
    let extension = name.rsplit_once('.').map(|(_, e)| e.to_lowercase());
    if !extension.is_some_and(|e| SOURCES.contains(&e.as_str())) {
        return false;
    }
    let alike = |origins: &'_ Origins| -> Vec<String> {
        let files = origins.files.iter();
        let alike = files.filter(|f| paths::file_name(f).eq_ignore_ascii_case(name));
        alike.cloned().collect()
    };
    let (mut own, others) = (alike(own), alike(others));
    if !own.iter().any(|f| f == file) {
        own.push(file.to_owned());
    }
    // Paired with none, and no file is left that it might be.
    let pairs = paths::pair(&texts(&own), &texts(&others));
    pairs.iter().all(|(i, _)| own[*i] != file) && pairs.len() == others.len()
}

fn texts(names: &[String]) -> Vec<&str> {
    names.iter().map(String::as_str).collect()
}

fn by_file<'t, 'o, T>(types: &'t [Definition<T>], origins: &'o Origins) -> Files<'o, 't, T> {
    let mut files: BTreeMap<&str, Vec<(u32, &Definition<T>)>> = BTreeMap::new();
    for definition in types {
        let places = origins.of(definition.index);
        if places.is_empty() {
            files.entry("").or_default().push((0, definition));
        }
        let mut last = None;
        for place in places {
            // Once for each place, as for a lambda that two functions of the file have.
            if last != Some((&place.file, place.line)) {
                let file = files.entry(&place.file).or_default();
                file.push((place.line, definition));
            }
            last = Some((&place.file, place.line));
        }
    }
    let in_order = |(file, mut list): (&'o str, Vec<(u32, &'t Definition<T>)>)| {
        // Those of one line stay in the order of their records.
        list.sort_by_key(|(line, _)| *line);
        (file, list.into_iter().map(|(_, d)| d).collect())
    };
    files.into_iter().map(in_order).collect()
}

/// Types of one name of one file, in the order of the source. Those that only a number tells
/// apart are as many as there are; of the others the same one counts once.
fn in_one_file<'t, T: Content>(
    old: &[&'t Definition<T>],
    new: &[&'t Definition<T>],
    file: Option<&str>,
) -> Option<Found<'t, T>> {
    let (first, other) = (*old.first()?, *new.first()?);
    if old.iter().chain(new).all(|d| d.numbered) {
        let closures = old.iter().chain(new).all(|d| d.closure);
        if old.len() != new.len() && !closures {
            let pairs = old.iter().flat_map(|a| new.iter().map(move |b| (*a, *b)));
            let mut pairs = pairs.filter(|(a, b)| !a.content.still_means(&b.content));
            return pairs.next().map(|(a, b)| found(a, b, file));
        }
        let (a, b) = out_of_order(old, new)?;
        return Some(found(a, b, file));
    }
    let lost = old
        .iter()
        .find(|a| !new.iter().any(|b| a.content.still_means(&b.content)));
    let gained = new
        .iter()
        .find(|b| !old.iter().any(|a| a.content.still_means(&b.content)));
    match (lost, gained) {
        (None, None) => None,
        // One of several may have come or gone.
        (lost, gained) => Some(found(
            lost.unwrap_or(&first),
            gained.unwrap_or(&other),
            file,
        )),
    }
}

/// Types of two lists of which neither is the other one with some left out: one that is in no
/// order with the others, and what stands where it should.
fn out_of_order<'t, T: Content>(
    old: &[&'t Definition<T>],
    new: &[&'t Definition<T>],
) -> Option<(&'t Definition<T>, &'t Definition<T>)> {
    let (mut left, mut rest) = (old.iter().peekable(), new.iter().peekable());
    let mut differing = None;
    // Which of the lists may have more than the other.
    let grown = new.len() >= old.len();
    while let (Some(a), Some(b)) = (left.peek(), rest.peek()) {
        let same = a.content.still_means(&b.content);
        if !same {
            differing.get_or_insert((**a, **b));
        }
        if same || !grown {
            left.next();
        }
        if same || grown {
            rest.next();
        }
    }
    let over = if grown { left.next() } else { None };
    let short = if grown { None } else { rest.next() };
    match (over, short) {
        (None, None) => None,
        _ => differing,
    }
}

fn found<'t, T>(
    old: &'t Definition<T>,
    new: &'t Definition<T>,
    file: Option<&str>,
) -> Found<'t, T> {
    let place = match file.map(paths::file_name) {
        None | Some("") => String::new(),
        Some(file) => format!(" (that of {file})"),
    };
    Found { old, new, place }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::symbols::TypeIndex;

    fn layout(size: u64) -> Layout {
        Layout {
            size,
            members: Vec::new(),
            destroys: false,
            incomplete: false,
        }
    }

    /// Definitions of given sizes in given files.
    fn build(
        types: &[(u64, &str)],
        files: &[&str],
        numbered: bool,
    ) -> (Vec<Definition<Layout>>, Origins) {
        let definitions = types.iter().enumerate().map(|(i, (size, _))| Definition {
            index: TypeIndex(i as u32),
            numbered,
            closure: numbered,
            content: layout(*size),
        });
        let places = types.iter().enumerate();
        let places = places.map(|(i, (_, file))| (TypeIndex(i as u32), (*file, i as u32)));
        (definitions.collect(), Origins::for_tests(places, files))
    }

    fn changed(old: &[(u64, &str)], new: &[(u64, &str)], numbered: bool) -> Option<String> {
        let files = |types: &[(u64, &'static str)]| -> Vec<&'static str> {
            types.iter().map(|(_, f)| *f).chain(["main.c"]).collect()
        };
        let leak = |types: &[(u64, &str)]| -> Vec<(u64, &'static str)> {
            types
                .iter()
                .map(|(s, f)| (*s, &*f.to_string().leak()))
                .collect()
        };
        let (old, new) = (leak(old), leak(new));
        let (a, b) = (
            build(&old, &files(&old), numbered),
            build(&new, &files(&new), numbered),
        );
        difference(&a.0, &b.0, Some((&a.1, &b.1))).map(|f| f.place)
    }

    #[test]
    fn each_file_has_its_own_type() {
        let grown = changed(&[(8, "a.c"), (8, "b.c")], &[(16, "a.c"), (8, "b.c")], false);
        assert_eq!(grown.as_deref(), Some(" (that of a.c)"));
        let swapped = changed(
            &[(8, "a.c"), (16, "b.c")],
            &[(16, "a.c"), (8, "b.c")],
            false,
        );
        assert!(swapped.is_some());
        let like_the_other = changed(
            &[(8, "a.c"), (16, "b.c")],
            &[(16, "a.c"), (16, "b.c")],
            false,
        );
        assert!(like_the_other.is_some());
        let same = changed(
            &[(8, "a.c"), (16, "b.c")],
            &[(16, "b.c"), (8, "a.c")],
            false,
        );
        assert_eq!(same, None);
    }

    #[test]
    fn a_new_file_says_nothing_of_the_old_one() {
        assert_eq!(
            changed(&[(8, "a.c")], &[(8, "a.c"), (24, "new.c")], false),
            None
        );
        assert_eq!(
            changed(&[(8, "a.c"), (24, "gone.c")], &[(8, "a.c")], false),
            None
        );
        // A header may be that of any file, and `main.c` was there before.
        assert!(changed(&[(8, "a.c")], &[(8, "a.c"), (24, "new.h")], false).is_some());
        assert!(changed(&[(8, "a.c")], &[(8, "a.c"), (24, "main.c")], false).is_some());
        assert!(changed(&[(8, "a.c")], &[(24, "b.c")], false).is_some());
        assert_eq!(changed(&[(8, "a.c")], &[(8, "b.h")], false), None);
    }

    #[test]
    fn one_lambda_more_changes_no_other() {
        let old = [(8, "a.cpp"), (16, "a.cpp")];
        assert_eq!(
            changed(&old, &[(24, "a.cpp"), (8, "a.cpp"), (16, "a.cpp")], true),
            None
        );
        assert_eq!(changed(&old, &[(16, "a.cpp")], true), None);
        // As they stand in the source: two that changed places may have changed their layouts.
        assert!(changed(&old, &[(16, "a.cpp"), (8, "a.cpp")], true).is_some());
        let more = [(16, "a.cpp"), (24, "a.cpp"), (8, "a.cpp")];
        assert!(changed(&old, &more, true).is_some());
        assert!(changed(&more, &old, true).is_some());
        assert!(changed(&old, &[(8, "a.cpp"), (24, "a.cpp")], true).is_some());
        assert!(
            changed(
                &[(8, "a.cpp"), (8, "a.cpp")],
                &[(8, "a.cpp"), (9, "a.cpp")],
                true
            )
            .is_some()
        );
    }
}
