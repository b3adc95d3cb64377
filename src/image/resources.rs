//! The resources (PE/COFF, "The .rsrc Section"): a tree of three levels, type, name and
//! language, whose leaves say where the bytes are.

use std::fmt;

use super::{Directory, Image, read};
use crate::addr::Rva;

/// More leaves than this are not read.
const MAX_RESOURCES: usize = 1 << 16;
/// Flag of an offset that leads to another table, and of a name that is text.
const HIGH: u32 = 1 << 31;
/// `RT_VERSION`.
const VERSION: u32 = 16;

/// What a type or a resource is called.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum ResourceName {
    /// By number.
    Number(u32),
    /// By text.
    Text(String),
}

impl fmt::Display for ResourceName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            ResourceName::Number(number) => write!(f, "{number}"),
            ResourceName::Text(text) => write!(f, "{text:?}"),
        }
    }
}

/// One resource.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Resource {
    /// Its type.
    pub kind: ResourceName,
    /// Its name.
    pub name: ResourceName,
    /// Its language (`LANGID`).
    pub language: ResourceName,
    /// Where its bytes are.
    pub rva: Rva,
    /// How many.
    pub size: u32,
}

impl Resource {
    /// The type in words.
    pub fn kind_text(&self) -> String {
        let ResourceName::Number(number) = self.kind else {
            return self.kind.to_string();
        };
        // winuser.h, RT_*.
        let known = match number {
            1 => "CURSOR",
            2 => "BITMAP",
            3 => "ICON",
            4 => "MENU",
            5 => "DIALOG",
            6 => "STRINGTABLE",
            7 => "FONTDIR",
            8 => "FONT",
            9 => "ACCELERATORS",
            10 => "RCDATA",
            11 => "MESSAGETABLE",
            12 => "GROUP_CURSOR",
            14 => "GROUP_ICON",
            16 => "VERSIONINFO",
            17 => "DLGINCLUDE",
            21 => "ANICURSOR",
            22 => "ANIICON",
            23 => "HTML",
            24 => "MANIFEST",
            _ => return format!("type {number}"),
        };
        known.to_owned()
    }

    /// Whether it says the version of the file, which is another one in every release.
    pub fn is_version(&self) -> bool {
        self.kind == ResourceName::Number(VERSION)
    }
}

/// All resources in the order of the tree; `None` where the tree is not understood.
pub fn parse(image: &Image<'_>, directory: Directory) -> Option<Vec<Resource>> {
    in_tree(image.rest_of_section(directory.rva)?)
}

/// All resources of a tree.
pub fn in_tree(tree: &[u8]) -> Option<Vec<Resource>> {
    let mut found = Vec::new();
    for (kind, types) in table(tree, 0)? {
        for (name, names) in table(tree, below(types)?)? {
            for (language, leaf) in table(tree, below(names)?)? {
                if leaf & HIGH != 0 || found.len() >= MAX_RESOURCES {
                    return None;
                }
                found.push(Resource {
                    kind: kind.clone(),
                    name: name.clone(),
                    language,
                    rva: Rva(read::u32(tree, leaf as usize)?),
                    size: read::u32(tree, leaf as usize + 4)?,
                });
            }
        }
    }
    Some(found)
}

/// Offset of the table that an entry leads to.
fn below(offset: u32) -> Option<usize> {
    (offset & HIGH != 0).then_some((offset & !HIGH) as usize)
}

/// The entries of one table: what each is called, and the offset that it leads to.
fn table(tree: &[u8], at: usize) -> Option<Vec<(ResourceName, u32)>> {
    /// Bytes before the entries.
    const HEADER: usize = 16;
    /// Bytes of an entry.
    const ENTRY: usize = 8;
    let counts = read::u32(tree, at.checked_add(12)?)?;
    let count = (counts & 0xffff) as usize + (counts >> 16) as usize;
    let entries = tree.get(at + HEADER..(at + HEADER).checked_add(count * ENTRY)?)?;
    let entry = |entry: &[u8]| {
        let name = read::u32(entry, 0)?;
        let name = match name & HIGH {
            0 => ResourceName::Number(name),
            _ => ResourceName::Text(text(tree, (name & !HIGH) as usize)?),
        };
        Some((name, read::u32(entry, 4)?))
    };
    entries.chunks_exact(ENTRY).map(entry).collect()
}

/// A counted text of 16-bit units.
fn text(tree: &[u8], at: usize) -> Option<String> {
    let length = tree.get(at..at.checked_add(2)?)?;
    let length = usize::from(u16::from_le_bytes([length[0], length[1]]));
    let units = tree.get(at + 2..at + 2 + 2 * length)?;
    let units = units.chunks_exact(2);
    let units: Vec<u16> = units.map(|u| u16::from_le_bytes([u[0], u[1]])).collect();
    Some(String::from_utf16_lossy(&units))
}

#[cfg(test)]
pub(super) mod testing {
    use super::*;

    /// A table with one entry by number.
    pub fn one(number: u32, leads_to: u32) -> Vec<u8> {
        let words = [0, 0, 0, 1 << 16, number, leads_to];
        words.iter().flat_map(|w: &u32| w.to_le_bytes()).collect()
    }

    /// The tree, at `start`, of one version resource of so many bytes, which follow it.
    pub fn one_version(start: Rva, size: u32) -> Vec<u8> {
        let leaf = [start.0 + 88, size, 0, 0].map(u32::to_le_bytes).concat();
        let tables = [one(VERSION, HIGH | 24), one(1, HIGH | 48), one(1033, 72)];
        [tables.concat(), leaf].concat()
    }
}

#[cfg(test)]
mod tests {
    use super::testing::one;
    use super::*;

    #[test]
    fn entries_are_read_within_the_tree() {
        let tree = [one(6, HIGH | 24), one(7, HIGH | 48), one(1033, 72)].concat();
        let number = ResourceName::Number;
        assert_eq!(table(&tree, 0), Some(vec![(number(6), HIGH | 24)]));
        assert_eq!(table(&tree, 48), Some(vec![(number(1033), 72)]));
        assert_eq!(table(&tree, 60), None);
        assert_eq!(table(&tree, usize::MAX - 3), None);
        assert_eq!(table(&tree[..20], 0), None);
        assert_eq!(below(24), None);
    }

    #[test]
    fn names_can_be_text() {
        let tree = [one(HIGH | 24, HIGH), vec![2, 0, b'O', 0, b'K', 0]].concat();
        let expected = vec![(ResourceName::Text("OK".into()), HIGH)];
        assert_eq!(table(&tree, 0), Some(expected));
        assert_eq!(table(&tree[..28], 0), None);
    }
}
