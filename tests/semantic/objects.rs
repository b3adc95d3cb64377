//! Which functions changed, by the object files: there every reference is still a name.
//!
//! Only what is certain counts. A function is *changed* where its own bytes or the names that
//! it refers to differ; it is *the same* where those are equal and all data of its object
//! are; of anything between nothing is said, nor of what has a handler of exceptions and is
//! itself as it was: code of its own may belong to it, and tables. Names that several objects
//! define are left out.

use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::path::{Path, PathBuf};

use object::{Object as _, ObjectSection as _, ObjectSymbol as _, SectionIndex, SectionKind};

/// What is certain about a pair of builds.
#[derive(Debug, Default)]
pub struct Certain {
    pub changed: BTreeSet<String>,
    pub same: BTreeSet<String>,
}

/// A section's bytes, and what it refers to.
#[derive(PartialEq, Eq)]
struct Content {
    bytes: Vec<u8>,
    references: Vec<Reference>,
}

/// What is referred to at an offset.
#[derive(PartialEq, Eq)]
struct Reference {
    at: u64,
    /// None for sections, and for what is numbered through the file.
    name: Option<String>,
    /// A constant of the same file: of equal ones the compiler keeps one, by either name.
    is_constant: bool,
}

impl Reference {
    /// The name, if it tells one thing from another.
    fn telling(&self) -> Option<&str> {
        self.name.as_deref().filter(|_| !self.is_constant)
    }
}

impl Content {
    /// The bytes without the distances of what has no name: they change as neighbours do.
    fn code(&self) -> Vec<u8> {
        let mut bytes = self.bytes.clone();
        for reference in self.references.iter().filter(|r| r.telling().is_none()) {
            let field = bytes.iter_mut().skip(reference.at as usize).take(4);
            field.for_each(|b| *b = 0);
        }
        bytes
    }

    fn is_changed(&self, new: &Content) -> bool {
        fn told(content: &Content) -> Vec<(u64, Option<&str>)> {
            content
                .references
                .iter()
                .map(|r| (r.at, r.telling()))
                .collect()
        }
        told(self) != told(new) || self.code() != new.code()
    }
}

/// Functions by name, and all data together.
#[derive(Default)]
struct Contents {
    functions: BTreeMap<String, Content>,
    /// Those with a handler of exceptions.
    handled: BTreeSet<String>,
    data: Vec<(String, Content)>,
}

/// Compares the objects of two builds: pairs of paths.
pub fn compare(pairs: &[(PathBuf, PathBuf)]) -> Option<Certain> {
    let mut certain = Certain::default();
    let mut seen = BTreeSet::new();
    let mut twice = BTreeSet::new();
    let mut data = true;
    for (old, new) in pairs {
        let (old, new) = (contents(old)?, contents(new)?);
        data &= old.data == new.data;
        for (name, content) in &old.functions {
            if !seen.insert(name.clone()) {
                twice.insert(name.clone());
            }
            match new.functions.get(name) {
                Some(other) if content.is_changed(other) => certain.changed.insert(name.clone()),
                _ if old.handled.contains(name) || new.handled.contains(name) => false,
                Some(other) if content == other => certain.same.insert(name.clone()),
                _ => false,
            };
        }
    }
    let copied: BTreeSet<&str> = seen
        .iter()
        .filter_map(|n| Some(n.split_once('.')?.0))
        .collect();
    let is_told = |n: &String| is_reported(n) && !copied.contains(&**n) && !twice.contains(n);
    certain.changed.retain(is_told);
    certain.same.retain(|n| data && is_told(n));
    Some(certain)
}

/// Whether a report has this name: decorated names are others there, and a specialised copy
/// has the name of its original.
fn is_reported(name: &str) -> bool {
    !name.starts_with('?') && !name.starts_with("_Z") && !name.contains('.')
}

/// Whether a name ends in a number, by which a compiler tells namesakes of the file apart.
fn is_numbered(name: &str) -> bool {
    let number = name.rsplit_once('.').map(|(_, number)| number);
    number.is_some_and(|n| n.bytes().all(|b| b.is_ascii_digit()))
}

/// Reads an object whose functions have sections of their own.
fn contents(path: &Path) -> Option<Contents> {
    let bytes = std::fs::read(path).ok()?;
    let file = object::File::parse(&*bytes).ok()?;
    let mut found = Contents::default();
    let handled = handled(&file)?;
    for section in file.sections() {
        let name = section.name().ok()?.to_owned();
        let is_code = section.kind() == SectionKind::Text;
        let kept = [".rdata", ".data", ".bss", ".tls"];
        if !is_code && !kept.iter().any(|k| name.starts_with(k)) {
            continue;
        }
        let mut references = Vec::new();
        for (at, relocation) in section.relocations() {
            let object::RelocationTarget::Symbol(index) = relocation.target() else {
                return None;
            };
            let symbol = file.symbol_by_index(index).ok()?;
            let local = symbol.name().ok()?;
            let own = !local.starts_with(['.', '$'])
                && !local.starts_with("??_C@")
                && !is_numbered(local);
            let at_home = symbol
                .section_index()
                .and_then(|i| file.section_by_index(i).ok());
            references.push(Reference {
                at,
                name: own.then(|| local.to_owned()),
                is_constant: at_home
                    .is_some_and(|s| s.name().is_ok_and(|n| n.starts_with(".rdata"))),
            });
        }
        let content = Content {
            bytes: section.data().ok()?.to_vec(),
            references,
        };
        if !is_code {
            found.data.push((name, content));
            continue;
        }
        let functions: Vec<String> = file
            .symbols()
            .filter(|s| s.section_index() == Some(section.index()))
            .filter_map(|s| s.name().ok().map(str::to_owned))
            .filter(|n| !n.starts_with(['.', '$']))
            .collect();
        if let [function] = &functions[..] {
            if handled.contains(&section.index()) {
                found.handled.insert(function.clone());
            }
            found.functions.insert(function.clone(), content);
        }
    }
    Some(found)
}

/// The sections of code with a handler: their unwind information refers to something.
fn handled(file: &object::File<'_>) -> Option<HashSet<SectionIndex>> {
    let mut code = HashSet::new();
    for section in file.sections() {
        if !section.name().ok()?.starts_with(".pdata") {
            continue;
        }
        let mut targets = section.relocations().filter_map(|(_, r)| match r.target() {
            object::RelocationTarget::Symbol(index) => {
                file.symbol_by_index(index).ok()?.section_index()
            }
            _ => None,
        });
        // Start, end and unwind information of each function.
        while let (Some(start), Some(_), Some(unwind)) =
            (targets.next(), targets.next(), targets.next())
        {
            let unwind = file.section_by_index(unwind).ok()?;
            if unwind.relocations().next().is_some() {
                code.insert(start);
            }
        }
    }
    Some(code)
}
