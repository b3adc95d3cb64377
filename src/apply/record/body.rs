//! The body of a record: written once, before any entry is touched.

use serde::{Deserialize, Serialize};

use crate::addr::Va;
use crate::apply::target::Protection;
use crate::payload::names::REDIRECT_LEN;

/// What a patch is and what it replaces, by absolute address.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Body {
    /// Name of the patch.
    pub id: String,
    /// Its position in the product's line of patches.
    pub sequence: u64,
    /// One line that says what it fixes.
    pub title: Option<String>,
    /// SHA-256 of the package file as hex.
    pub package_sha256: String,
    /// Name and version of the program that applied it.
    pub applied_by: String,
    /// The module that it patches.
    pub module: PatchedModule,
    /// The payload's unwind table, if it has one.
    pub function_table: Option<FunctionTable>,
    /// Where a remote thread enters the payload.
    pub call: Option<Va>,
    /// The payload's code.
    pub code: Vec<CodePages>,
    /// The functions that it replaces, by ascending address.
    pub functions: Vec<Function>,
    /// The pages that hold the entries, by ascending address.
    pub pages: Vec<Protected>,
}

/// The module that a patch changes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PatchedModule {
    /// File name without a folder.
    pub name: String,
    /// Where it is.
    pub base: Va,
    /// `SizeOfImage` in bytes.
    pub size: u32,
    /// `TimeDateStamp` of its header.
    pub time_date_stamp: u32,
}

/// A registered unwind table.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FunctionTable {
    /// Its first entry.
    pub at: Va,
    /// Number of entries.
    pub entries: u32,
}

/// Pages of code of the payload.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CodePages {
    /// First page.
    pub at: Va,
    /// Size in bytes.
    pub size: u64,
}

/// A replaced function.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Function {
    /// Name in the PDB.
    pub name: String,
    /// Where its first five bytes are.
    pub entry: Va,
    /// These bytes before the patch.
    #[serde(with = "hex_bytes")]
    pub original: [u8; REDIRECT_LEN as usize],
    /// These bytes with the patch: a jump to the gate.
    #[serde(with = "hex_bytes")]
    pub redirect: [u8; REDIRECT_LEN as usize],
    /// Where the replacement is.
    pub replacement: Va,
    /// Length of the replacement in bytes, padding included.
    pub replacement_size: u64,
}

/// Pages whose protection is lifted while entries in them are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Protected {
    /// First page.
    pub at: Va,
    /// Size in bytes, a whole number of pages.
    pub size: u64,
    /// What it was before the patch: a `PAGE_*` constant of Windows.
    pub protection: u32,
}

impl Protected {
    /// The protection that the pages had.
    pub fn protection(&self) -> Protection {
        Protection(self.protection)
    }

    /// Whether the redirect of an entry at `entry` lies completely in these pages.
    pub fn holds(&self, entry: Va) -> bool {
        entry.0 >= self.at.0 && entry.0 + u64::from(REDIRECT_LEN) <= self.at.0 + self.size
    }
}

impl Body {
    /// Whether a reader can rely on it: ascending, no overlap, every entry in its pages.
    pub(super) fn is_sound(&self) -> bool {
        const USER: u64 = 1 << 47;
        let len = u64::from(REDIRECT_LEN);
        let in_user = |at: Va, size: u64| at.0 < USER && size < USER && at.0 + size < USER;
        self.functions.iter().all(|f| in_user(f.entry, len))
            && self.pages.iter().all(|p| in_user(p.at, p.size))
            && self
                .functions
                .windows(2)
                .all(|w| w[0].entry.0 + len <= w[1].entry.0)
            && self
                .pages
                .windows(2)
                .all(|w| w[0].at.0 + w[0].size <= w[1].at.0)
            && self
                .functions
                .iter()
                .all(|f| self.pages.iter().any(|p| p.holds(f.entry)))
    }
}

/// Five bytes as ten hex digits.
mod hex_bytes {
    use serde::{Deserialize as _, Deserializer, Serializer, de};

    pub fn serialize<S: Serializer>(bytes: &[u8; 5], s: S) -> Result<S::Ok, S::Error> {
        s.serialize_str(&hex::encode(bytes))
    }

    pub fn deserialize<'de, D: Deserializer<'de>>(d: D) -> Result<[u8; 5], D::Error> {
        let text = String::deserialize(d)?;
        let mut bytes = [0; 5];
        hex::decode_to_slice(&text, &mut bytes).map_err(de::Error::custom)?;
        Ok(bytes)
    }
}
