//! The body of a record: written once, before any entry is touched.

use serde::{Deserialize, Serialize};

use crate::addr::Va;
use crate::apply::target::Protection;
use crate::payload::names::{Hook, REDIRECT_LEN};

/// What a patch is and what it replaces, by absolute address.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Body {
    /// Name of the patch.
    pub id: String,
    /// Its position in the product's line of patches.
    pub sequence: u64,
    /// The product that the line of patches is for; records of earlier versions don't say.
    #[serde(default)]
    pub product: Option<String>,
    /// One line that says what it fixes.
    pub title: Option<String>,
    /// SHA-256 of the package file as hex.
    pub package_sha256: String,
    /// SHA-256 of everything before the signatures of the package as hex; records of earlier
    /// versions don't say.
    #[serde(default)]
    pub content_sha256: Option<String>,
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
    /// Where the payload's pages of constants and those of variables begin. Nothing of it is
    /// at these addresses themselves.
    #[serde(default)]
    pub data: Vec<Va>,
    /// The records of the active patches that it replaced. They stay: their variables live
    /// on, and a rollback goes back to them.
    #[serde(default)]
    pub over: Vec<Va>,
    /// Ids of patches that have to be active as long as it is.
    #[serde(default)]
    pub requires: Vec<String>,
    /// Names of functions whose calls were allowed to end in the version in which they began.
    #[serde(default)]
    pub on_stack: Vec<String>,
    /// Functions that run around the patch.
    #[serde(default)]
    pub hooks: Vec<HookAt>,
    /// The functions that it replaces, by ascending address.
    pub functions: Vec<Function>,
    /// Entries of functions that it redirects, by ascending address. Not that of a function
    /// with a relay that a replaced patch redirects already.
    pub entries: Vec<Site>,
    /// The variables that it brought, wherever they are: those of a replaced patch stay where
    /// that one put them.
    #[serde(default)]
    pub variables: Vec<VariableAt>,
    /// Functions that it brought and whose addresses the program may keep.
    #[serde(default)]
    pub exposed: Vec<String>,
    /// Jumps in padding to which short entries lead, by ascending address.
    pub relays: Vec<Site>,
    /// The pages that hold entries and relays, by ascending address.
    pub pages: Vec<Protected>,
}

/// A function of the payload that runs at a certain moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct HookAt {
    /// The moment.
    pub hook: Hook,
    /// Where the function is.
    pub at: Va,
}

/// A variable of a patch.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct VariableAt {
    /// See [`Variable::name`](crate::package::manifest::Variable::name).
    pub name: Option<String>,
    /// Where it is.
    pub at: Va,
    /// Size in bytes.
    pub size: u32,
    /// See [`Variable::type_sha256`](crate::package::manifest::Variable::type_sha256).
    pub type_sha256: Option<String>,
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
    /// Its entry.
    pub entry: Va,
    /// Where the replacement is.
    pub replacement: Va,
    /// Length of the replacement in bytes, padding included.
    pub replacement_size: u64,
    /// Why calls that are under way may not go on in the version in which they began.
    #[serde(default)]
    pub must_not_stay: Option<String>,
}

/// Bytes of the module that a patch changes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Site {
    /// The first of them.
    pub at: Va,
    /// What they are before the patch.
    #[serde(with = "hex_bytes")]
    pub original: Vec<u8>,
    /// What they are with the patch: a jump to the gate of the function, or to its relay.
    #[serde(with = "hex_bytes")]
    pub redirect: Vec<u8>,
    /// Index of the function in [`Body::functions`].
    pub function: u32,
}

impl Site {
    /// First address after it.
    pub fn end(&self) -> Va {
        Va(self.at.0.saturating_add(self.original.len() as u64))
    }

    fn is_sound(&self, functions: usize) -> bool {
        let len = self.original.len();
        len == self.redirect.len()
            && (1..=REDIRECT_LEN as usize).contains(&len)
            && (self.function as usize) < functions
    }
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

    /// Whether a site lies completely in these pages.
    pub fn holds(&self, site: &Site) -> bool {
        site.at.0 >= self.at.0 && site.end().0 <= self.at.0 + self.size
    }
}

impl Body {
    /// Everything that it changes in the module: entries, then relays.
    pub fn sites(&self) -> impl Iterator<Item = &Site> {
        self.entries.iter().chain(&self.relays)
    }

    /// The jump to the gate of the function that starts at `entry`, if it replaces that one.
    pub fn gate_jump(&self, entry: Va) -> Option<&Site> {
        let index = self
            .functions
            .binary_search_by_key(&entry, |f| f.entry)
            .ok()?;
        let mut sites = self.sites().filter(|s| s.function as usize == index);
        sites.find(|s| s.redirect.len() == REDIRECT_LEN as usize)
    }

    /// Name of the function that a site belongs to.
    pub fn name_of(&self, site: &Site) -> &str {
        let function = self.functions.get(site.function as usize);
        function.map_or("", |f| f.name.as_str())
    }

    /// Whether a reader can rely on it: ascending, no overlap, every entry in its pages, these
    /// in the module, and everything of the payload in its region of `size` bytes at `at`.
    pub(super) fn is_sound(&self, at: Va, size: u64) -> bool {
        const USER: u64 = 1 << 47;
        const PAGE: u64 = 0x1000;
        /// Size of an entry of an unwind table in bytes.
        const ENTRY: u64 = 12;
        /// Most patches that one is put upon. Another hundred, and nobody knows what runs.
        const MAX_OVER: usize = 100;
        let in_user = |at: Va, size: u64| at.0 < USER && size < USER && at.0 + size < USER;
        let inside = |part: Va, bytes: u64| {
            in_user(part, bytes) && part >= at && part.0 + bytes <= at.0 + size
        };
        let module = &self.module;
        if !in_user(at, size) || !in_user(module.base, module.size.into()) {
            return false;
        }
        let module_end = module.base.0 + u64::from(module.size).next_multiple_of(PAGE);
        // Of these pages something is changed, and given back what is said here.
        let of_module = |p: &Protected| {
            let runs_and_writes = p.protection().executable() && p.protection().writable();
            let whole = p.at.0.is_multiple_of(PAGE) && p.size.is_multiple_of(PAGE) && p.size > 0;
            let inside = p.at >= module.base && p.at.0 + p.size <= module_end;
            whole && inside && !runs_and_writes
        };
        let payload = self
            .function_table
            .is_none_or(|t| inside(t.at, u64::from(t.entries) * ENTRY))
            && self.call.is_none_or(|call| inside(call, 1))
            && self.hooks.iter().all(|h| inside(h.at, 1))
            && self.code.iter().all(|c| inside(c.at, c.size))
            && self.data.iter().all(|d| inside(*d, 1));
        let apart = |sites: &[Site]| sites.windows(2).all(|w| w[0].end() <= w[1].at);
        let functions = self.functions.len();
        payload
            && self.functions.windows(2).all(|w| w[0].entry < w[1].entry)
            && self
                .variables
                .iter()
                .all(|v| in_user(v.at, u64::from(v.size)))
            && self.over.iter().all(|o| in_user(*o, 1) && *o != at)
            && self.over.len() <= MAX_OVER
            && self
                .sites()
                .all(|s| s.is_sound(functions) && in_user(s.at, 8))
            && self
                .entries
                .iter()
                .all(|s| self.functions[s.function as usize].entry == s.at)
            && {
                let mut sites: Vec<u32> = self.sites().map(|s| s.function).collect();
                sites.sort_unstable();
                sites.dedup();
                sites.len() == functions
            }
            && apart(&self.entries)
            && apart(&self.relays)
            && self
                .pages
                .iter()
                .all(|p| in_user(p.at, p.size) && of_module(p))
            && self
                .pages
                .windows(2)
                .all(|w| w[0].at.0 + w[0].size <= w[1].at.0)
            && self.sites().all(|s| {
                let after = self.pages.partition_point(|p| p.at <= s.at);
                after.checked_sub(1).is_some_and(|i| self.pages[i].holds(s))
            })
    }
}

/// Bytes as hex digits.
mod hex_bytes {
    use serde::{Deserialize as _, Deserializer, Serializer, de};

    pub fn serialize<S: Serializer>(bytes: &[u8], s: S) -> Result<S::Ok, S::Error> {
        s.serialize_str(&hex::encode(bytes))
    }

    pub fn deserialize<'de, D: Deserializer<'de>>(d: D) -> Result<Vec<u8>, D::Error> {
        hex::decode(String::deserialize(d)?).map_err(de::Error::custom)
    }
}
