//! Differences of the resources: strings, dialogs, icons, what is not code and not data of the
//! program, and what `LoadString` and its like give to it.

use crate::function::Program;
use crate::image::{Image, Resource, ResourceName};

/// A resource that differs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ResourceChange {
    /// Its type in words.
    pub kind: String,
    /// Its name.
    pub name: String,
    /// Its language (`LANGID`).
    pub language: String,
    /// What became of it.
    pub what: &'static str,
    /// It says the version of the file, which is another one in every release.
    pub is_version: bool,
}

impl ResourceChange {
    /// Type, name and language.
    pub fn subject(&self) -> String {
        match self.name.is_empty() {
            true => "resources".into(),
            false => format!("{} {}, language {}", self.kind, self.name, self.language),
        }
    }
}

/// The resources that differ, in the order of the tree; those that are gone come last.
pub fn diff(old: &Program<'_>, new: &Program<'_>) -> Vec<ResourceChange> {
    let (old, new) = (old.image, new.image);
    let (Some(before), Some(after)) = (&old.resources, &new.resources) else {
        return match (&old.resources, &new.resources, same_tree(old, new)) {
            (None, None, true) => Vec::new(),
            _ => vec![ResourceChange {
                kind: "all".into(),
                name: String::new(),
                language: String::new(),
                what: "cannot be compared: the tree of resources is not understood",
                is_version: false,
            }],
        };
    };
    let mut found = Vec::new();
    for resource in after {
        let other = before.iter().find(|r| key(r) == key(resource));
        match other {
            None => found.push(change(resource, "is new")),
            Some(other) if bytes(old, other) != bytes(new, resource) => {
                found.push(change(resource, "differs"));
            }
            Some(_) => {}
        }
    }
    let gone = before
        .iter()
        .filter(|r| !after.iter().any(|n| key(n) == key(r)));
    found.extend(gone.map(|r| change(r, "is no longer there")));
    found
}

fn same_tree(old: &Image<'_>, new: &Image<'_>) -> bool {
    let section = |image: &Image<'_>| {
        let section = image.sections.iter().find(|s| s.name == ".rsrc");
        section.map(|s| image.bytes.get(s.file_range()).map(<[u8]>::to_vec))
    };
    section(old) == section(new)
}

fn key(resource: &Resource) -> (&ResourceName, &ResourceName, &ResourceName) {
    (&resource.kind, &resource.name, &resource.language)
}

fn bytes<'a>(image: &Image<'a>, resource: &Resource) -> Option<&'a [u8]> {
    image.slice(resource.rva, resource.size as usize)
}

fn change(resource: &Resource, what: &'static str) -> ResourceChange {
    ResourceChange {
        kind: resource.kind_text(),
        name: resource.name.to_string(),
        language: resource.language.to_string(),
        what,
        is_version: resource.is_version(),
    }
}
