//! The version resource (winver.h, `VS_VERSIONINFO`): what the file says of its own version.
//!
//! A tree of blocks: each has its length, the length of its value, a name of 16-bit units, its
//! value and its children, all but the lengths aligned to four bytes.

use super::{Image, Resource, read, resources};
use crate::addr::Rva;

/// `VS_FIXEDFILEINFO.dwSignature`.
const SIGNATURE: u32 = 0xfeef_04bd;
/// Bytes before the name of a block.
const HEADER: usize = 6;
/// Blocks deeper than this are not read: there are three levels below the root.
const MAX_DEPTH: u32 = 4;

/// What a version resource says.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct VersionInfo {
    /// `dwFileVersionMS` and `LS` as four numbers, the most significant first.
    pub file: [u16; 4],
    /// `dwProductVersionMS` and `LS`.
    pub product: [u16; 4],
    /// The texts by name, such as `FileVersion`, in their order.
    pub texts: Vec<(String, String)>,
}

impl VersionInfo {
    /// The text of this name.
    pub fn text(&self, name: &str) -> Option<&str> {
        let mut texts = self.texts.iter();
        texts.find(|(n, _)| n == name).map(|(_, text)| &**text)
    }

    /// The version as a person is shown it: the text of the file's version, else its numbers.
    pub fn shown(&self) -> String {
        match self.text("FileVersion").map(str::trim) {
            Some(text) if !text.is_empty() => text.to_owned(),
            _ => self.file.map(|n| n.to_string()).join("."),
        }
    }
}

impl Image<'_> {
    /// What the version resource says; `None` where there is none that can be read, or several
    /// say different things.
    pub fn version(&self) -> Option<VersionInfo> {
        let bytes = |r: &Resource| self.slice(r.rva, r.size as usize);
        all_say(self.resources.iter().flatten(), bytes)
    }
}

/// What the resources of a loaded image say, whose directory is at `start`; as for
/// [`Image::version`].
pub fn in_memory(directory: &[u8], start: Rva) -> Option<VersionInfo> {
    let resources = resources::in_tree(directory)?;
    let bytes = |r: &Resource| {
        let from = r.rva.0.checked_sub(start.0)? as usize;
        directory.get(from..from.checked_add(r.size as usize)?)
    };
    all_say(resources.iter(), bytes)
}

/// What all version resources say.
fn all_say<'r, 'b>(
    resources: impl Iterator<Item = &'r Resource>,
    bytes: impl Fn(&Resource) -> Option<&'b [u8]>,
) -> Option<VersionInfo> {
    let versions = resources.filter(|r| r.is_version());
    let mut read = versions.map(|r| parse(bytes(r)?));
    let first = read.next()??;
    read.all(|other| other.as_ref() == Some(&first))
        .then_some(first)
}

/// One block.
struct Block<'b> {
    name: String,
    value: &'b [u8],
    children: &'b [u8],
}

fn parse(bytes: &[u8]) -> Option<VersionInfo> {
    let (root, _) = block(bytes)?;
    let word = |at: usize| read::u32(root.value, at);
    if root.name != "VS_VERSION_INFO" || word(0)? != SIGNATURE {
        return None;
    }
    let numbers = |high: u32, low: u32| {
        [high >> 16, high & 0xffff, low >> 16, low & 0xffff].map(|n| n as u16)
    };
    let mut info = VersionInfo {
        file: numbers(word(8)?, word(12)?),
        product: numbers(word(16)?, word(20)?),
        texts: Vec::new(),
    };
    collect(root.children, 1, &mut info.texts);
    Some(info)
}

/// The texts of all blocks below `StringFileInfo`, as far as they can be read.
fn collect(mut bytes: &[u8], depth: u32, texts: &mut Vec<(String, String)>) {
    while let Some((found, rest)) = block(bytes) {
        let is_texts = depth > 1 || found.name == "StringFileInfo";
        if depth == 3 {
            texts.push((found.name, units(found.value)));
        } else if is_texts && depth < MAX_DEPTH {
            collect(found.children, depth + 1, texts);
        }
        bytes = rest;
    }
}

/// The first block, and what follows it.
fn block(bytes: &[u8]) -> Option<(Block<'_>, &[u8])> {
    let field = |at: usize| {
        let field = bytes.get(at..at + 2)?;
        Some(usize::from(u16::from_le_bytes([field[0], field[1]])))
    };
    let aligned = |at: usize| at.next_multiple_of(4);
    let (length, value_length, is_text) = (field(0)?, field(2)?, field(4)? == 1);
    let all = bytes.get(..length)?;
    let name = all.get(HEADER..)?;
    let end = name.chunks_exact(2).position(|u| u == [0, 0])?;
    let start = aligned(HEADER + 2 * end + 2).min(all.len());
    // Of a text the length counts units; some compilers count bytes there, too many then.
    let value_length = value_length * if is_text { 2 } else { 1 };
    let value_end = (start + value_length).min(all.len());
    let found = Block {
        name: units(&name[..2 * end]),
        value: &all[start..value_end],
        children: all.get(aligned(value_end)..).unwrap_or(&[]),
    };
    Some((found, bytes.get(aligned(length)..).unwrap_or(&[])))
}

/// Text of 16-bit units, up to its end.
fn units(bytes: &[u8]) -> String {
    let units = bytes.chunks_exact(2);
    let units = units.map(|u| u16::from_le_bytes([u[0], u[1]]));
    let text: Vec<u16> = units.take_while(|u| *u != 0).collect();
    String::from_utf16_lossy(&text)
}

#[cfg(test)]
pub(crate) mod testing {
    use super::*;

    fn wide(text: &str) -> Vec<u8> {
        let units = text.encode_utf16().chain([0]);
        units.flat_map(u16::to_le_bytes).collect()
    }

    /// A block; its value is text where it has no children.
    fn make(name: &str, is_text: bool, value: &[u8], children: &[Vec<u8>]) -> Vec<u8> {
        let mut bytes = vec![0; HEADER];
        bytes.extend(wide(name));
        let pad = |bytes: &mut Vec<u8>| bytes.resize(bytes.len().next_multiple_of(4), 0);
        pad(&mut bytes);
        bytes.extend(value);
        for child in children {
            pad(&mut bytes);
            bytes.extend(child);
        }
        let units = if is_text { 2 } else { 1 };
        let fields = [bytes.len(), value.len() / units, usize::from(is_text)];
        for (at, field) in fields.into_iter().enumerate() {
            bytes[2 * at..2 * at + 2].copy_from_slice(&(field as u16).to_le_bytes());
        }
        bytes
    }

    pub fn example() -> Vec<u8> {
        let words = [SIGNATURE, 0x1_0000, 0x2_0005, 0xb_0000, 0x3_0000, 7];
        let fixed: Vec<u8> = words.iter().flat_map(|w| w.to_le_bytes()).collect();
        let text = |name: &str, text: &str| make(name, true, &wide(text), &[]);
        let table = [text("FileVersion", "2.5.11.159"), text("Odd", "x")];
        let table = make("040904B0", true, &[], &table);
        let texts = make("StringFileInfo", true, &[], &[table]);
        let languages = make("VarFileInfo", true, &[], &[text("Translation", "abc")]);
        make("VS_VERSION_INFO", false, &fixed, &[texts, languages])
    }

    /// A directory of resources, at `start`, with that one.
    pub fn version_resource(start: Rva) -> Vec<u8> {
        let version = example();
        let mut tree = resources::testing::one_version(start, version.len() as u32);
        tree.extend(&version);
        tree
    }
}

#[cfg(test)]
mod tests {
    use super::testing::{example, version_resource};
    use super::*;

    #[test]
    fn numbers_and_texts_are_read() {
        let info = parse(&example()).unwrap();
        assert_eq!(info.file, [2, 5, 11, 0]);
        assert_eq!(info.product, [3, 0, 0, 7]);
        assert_eq!(info.texts.len(), 2);
        assert_eq!(info.shown(), "2.5.11.159");
        assert_eq!(VersionInfo::default().shown(), "0.0.0.0");
    }

    #[test]
    fn the_version_is_read_in_memory() {
        let start = Rva(0x3000);
        let tree = version_resource(start);
        assert_eq!(in_memory(&tree, start).unwrap().shown(), "2.5.11.159");
        assert_eq!(in_memory(&tree[..tree.len() - 1], start), None);
        assert_eq!(in_memory(&tree, Rva(start.0 + 0x1000)), None);
        assert_eq!(in_memory(&[], start), None);
    }

    #[test]
    fn damage_is_no_panic() {
        let good = example();
        for end in 0..good.len() {
            parse(&good[..end]);
        }
        for at in 0..good.len() {
            let mut bad = good.clone();
            bad[at] = 0xff;
            parse(&bad);
        }
    }
}
