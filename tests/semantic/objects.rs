//! Which functions changed, by the object files: there every reference is still a name.
//!
//! Only what is certain counts. A function is *changed* where its own bytes or the names that
//! it refers to differ; it is *the same* where those are equal and all data of its object
//! are; of anything between nothing is said. Names that several objects define are left out.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use object::{Object as _, ObjectSection as _, ObjectSymbol as _, SectionKind};

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
    references: Vec<(u64, String)>,
}

impl Content {
    /// The bytes without the distances of what has no name: they change as neighbours do.
    fn code(&self) -> Vec<u8> {
        let mut bytes = self.bytes.clone();
        let nameless = self.references.iter().filter(|r| r.1.is_empty());
        for (at, _) in nameless {
            let field = bytes.iter_mut().skip(*at as usize).take(4);
            field.for_each(|b| *b = 0);
        }
        bytes
    }

    fn is_changed(&self, new: &Content) -> bool {
        self.references != new.references || self.code() != new.code()
    }
}

/// Functions by name, and all data together.
#[derive(Default)]
struct Contents {
    functions: BTreeMap<String, Content>,
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
                Some(other) if content == other => certain.same.insert(name.clone()),
                _ => false,
            };
        }
    }
    certain.changed.retain(|n| !twice.contains(n));
    certain.same.retain(|n| data && !twice.contains(n));
    Some(certain)
}

/// Reads an object whose functions have sections of their own.
fn contents(path: &Path) -> Option<Contents> {
    let bytes = std::fs::read(path).ok()?;
    let file = object::File::parse(&*bytes).ok()?;
    let mut found = Contents::default();
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
            // Labels are numbered through the file, and sections have no names of their own.
            let own = !local.starts_with(['.', '$']) && !local.starts_with("??_C@");
            references.push((at, if own { local.to_owned() } else { String::new() }));
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
            // Decorated names are others in a report.
            .filter(|n| !n.starts_with(['.', '$', '?']) && !n.starts_with("_Z"))
            .collect();
        if let [function] = &functions[..] {
            found.functions.insert(function.clone(), content);
        }
    }
    Some(found)
}
