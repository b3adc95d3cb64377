//! The manifest: what a package replaces, in which image, and where it came from.
//!
//! Stored as TOML with the fields in this order, so that the same patch gives the
//! same bytes. It holds no time of the build, no path and nothing that depends on hash order.

mod versions;

use std::borrow::Cow;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::addr::Rva;
use crate::moment::Moment;
use crate::payload::names::{GATE_PREFIX, Hook, REDIRECT_LEN};
pub use versions::{LeftOutFunction, Versions};

/// Version of the manifest's layout that this build reads and writes.
pub const FORMAT: u32 = 1;

/// Everything a package says about itself.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Manifest {
    /// [`FORMAT`].
    pub format: u32,
    /// What the patch is.
    pub patch: Patch,
    /// The image it applies to.
    pub target: TargetImage,
    /// How it was built.
    pub build: Provenance,
    /// The versions of both builds; absent where their version resources say the same, or none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub version: Option<Versions>,
    /// Functions of the payload that run around the patch.
    #[serde(default, skip_serializing_if = "Hooks::is_empty")]
    pub hooks: Hooks,
    /// The functions it replaces, by ascending RVA.
    #[serde(default, rename = "function")]
    pub functions: Vec<ReplacedFunction>,
    /// Old code that stays, and of which no thread may be inside when the patch is switched
    /// on: its callers in the patch call something else from then on. By ascending RVA.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub watched: Vec<WatchedCode>,
    /// Functions that differ in nothing but the version and that the author left as they are,
    /// by ascending RVA.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub left_out: Vec<LeftOutFunction>,
    /// The undefined symbols of the payload that are places in the old image, by name.
    #[serde(default, rename = "external")]
    pub externals: Vec<External>,
    /// The undefined symbols of the payload that are functions of other modules, by name.
    #[serde(default, rename = "import", skip_serializing_if = "Vec::is_empty")]
    pub imports: Vec<ImportedSymbol>,
    /// The variables that the payload brings, in the order of their addresses.
    #[serde(default, rename = "variable", skip_serializing_if = "Vec::is_empty")]
    pub variables: Vec<Variable>,
    /// Symbols of functions that the payload brings, and whose addresses the program may keep.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub exposed: Vec<String>,
}

/// What the patch is, in the words of its author.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Patch {
    /// Name of the patch, unique for the product: letters, digits, `-`, `_`, `.`.
    pub id: String,
    /// Position in the product's line of patches; a higher one replaces a lower one.
    pub sequence: u64,
    /// The product that the line of patches is for; where it is absent, the file name of
    /// the image is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub product: Option<String>,
    /// The last second at which the package may be applied.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub not_after: Option<Moment>,
    /// One line that says what it fixes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub title: Option<String>,
    /// Why it exists.
    pub classification: Classification,
    /// CVE identifiers that it fixes.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub cves: Vec<String>,
    /// Ids of patches that it replaces.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub supersedes: Vec<String>,
    /// Ids of patches that must be active before it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub requires: Vec<String>,
}

/// Why a patch exists.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "lowercase")]
pub enum Classification {
    /// It closes a security hole.
    #[default]
    Security,
    /// It makes the program more reliable.
    Reliability,
    /// It adds or changes behaviour.
    Feature,
}

/// Identity of the image that the patch applies to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct TargetImage {
    /// File name without a folder, such as `server.exe`.
    pub file_name: String,
    /// `IMAGE_FILE_HEADER.TimeDateStamp`.
    pub time_date_stamp: u32,
    /// `SizeOfImage` in bytes.
    pub size_of_image: u32,
    /// Preferred base as a hex string.
    pub image_base: crate::addr::Va,
    /// GUID of the PDB in the debug directory, in registry form without braces, upper case.
    pub pdb_guid: String,
    /// Age of the PDB in the debug directory.
    pub pdb_age: u32,
    /// SHA-256 of the file as hex.
    pub sha256: String,
    /// Authenticode digest (SHA-256) of the file as hex: the same before and after
    /// the file is signed, since it leaves out the checksum and the certificates.
    pub authenticode_sha256: String,
}

/// How the package was built.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Provenance {
    /// Name and version of the builder, such as `hotpatch 0.1.0`.
    pub builder: String,
    /// SHA-256 of the old PDB as hex.
    pub old_pdb_sha256: String,
    /// SHA-256 of the new image as hex.
    pub new_image_sha256: String,
    /// SHA-256 of the new PDB as hex.
    pub new_pdb_sha256: String,
    /// Codes of the risks that the release engineer accepted by name.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub accepted_risks: Vec<String>,
    /// Where the source of the new build is, as a URI.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub source_repository: Option<String>,
    /// Which revision of the source the new build is of.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub source_revision: Option<String>,
    /// The options of `hotpatch build` that decided what is in the package.
    #[serde(default, skip_serializing_if = "BuildOptions::is_default")]
    pub options: BuildOptions,
}

/// Options of `hotpatch build` beyond the words of the patch and the inputs; no paths.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct BuildOptions {
    /// Codes of `--accept`, needed or not, ascending.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub accept: Vec<String>,
    /// `--keep-line-numbers`
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub keep_line_numbers: bool,
    /// `--all-functions`
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub all_functions: bool,
    /// Names of `--except`, ascending.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub except: Vec<String>,
    /// Names of `--leave-out`, ascending.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub leave_out: Vec<String>,
    /// `--leave-out-version`
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub leave_out_version: bool,
}

impl BuildOptions {
    /// Whether no option was given.
    pub fn is_default(&self) -> bool {
        *self == BuildOptions::default()
    }
}

/// Functions of the payload that run in the target around the patch, by their symbols.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Hooks {
    /// Runs when everything is in place and nothing is switched on yet; may veto.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub before_apply: Option<String>,
    /// Runs when the patch is switched on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub after_apply: Option<String>,
    /// Runs before the patch is taken out; may veto.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub before_revert: Option<String>,
    /// Runs when old code runs again.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub after_revert: Option<String>,
}

impl Hooks {
    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.iter().next().is_none()
    }

    /// Each hook with its symbol.
    pub fn iter(&self) -> impl Iterator<Item = (Hook, &str)> {
        let all = Hook::ALL.into_iter();
        all.filter_map(|hook| Some((hook, self.get(hook)?)))
    }

    fn get(&self, hook: Hook) -> Option<&str> {
        match hook {
            Hook::BeforeApply => self.before_apply.as_deref(),
            Hook::AfterApply => self.after_apply.as_deref(),
            Hook::BeforeRevert => self.before_revert.as_deref(),
            Hook::AfterRevert => self.after_revert.as_deref(),
        }
    }
}

impl Classification {
    /// Its name in the manifest and in a policy.
    pub fn name(self) -> &'static str {
        match self {
            Classification::Security => "security",
            Classification::Reliability => "reliability",
            Classification::Feature => "feature",
        }
    }
}

impl FromIterator<(Hook, String)> for Hooks {
    fn from_iter<I: IntoIterator<Item = (Hook, String)>>(hooks: I) -> Self {
        let mut result = Hooks::default();
        for (hook, symbol) in hooks {
            let slot = match hook {
                Hook::BeforeApply => &mut result.before_apply,
                Hook::AfterApply => &mut result.after_apply,
                Hook::BeforeRevert => &mut result.before_revert,
                Hook::AfterRevert => &mut result.after_revert,
            };
            *slot = Some(symbol);
        }
        result
    }
}

/// One function of the old image that the patch replaces.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ReplacedFunction {
    /// Name in the PDB's procedure record.
    pub name: String,
    /// Decorated name; absent where the publics have none, or it is `symbol`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub linkage_name: Option<String>,
    /// Symbol of the replacement in the payload.
    pub symbol: String,
    /// Symbol of the gate in the payload; absent where it is that of the replacement behind
    /// [`GATE_PREFIX`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub gate: Option<String>,
    /// Where the redirect goes: the entry of the old function.
    pub entry: Rva,
    /// The bytes that the redirect overwrites, as hex: those of the old image at its
    /// preferred base. Never relocated bytes. Five bytes, or two where there is a relay.
    pub entry_bytes: String,
    /// Where the redirect leads if there is no room for five bytes at the entry.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub relay: Option<Relay>,
    /// Why calls that are under way may not go on in the version in which they began
    /// (`apply --allow-on-stack`); absent where they may.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub must_not_stay: Option<String>,
    /// All code ranges of the old function, the one with the entry first.
    #[serde(rename = "range")]
    pub ranges: Vec<CodeRange>,
}

impl ReplacedFunction {
    /// Symbol of the gate in the payload.
    pub fn gate_symbol(&self) -> Cow<'_, str> {
        match &self.gate {
            Some(gate) => gate.into(),
            None => format!("{GATE_PREFIX}{}", self.symbol).into(),
        }
    }

    /// Whether it is called so: by a name in the source or a decorated one.
    pub fn is_called(&self, name: &str) -> bool {
        self.name == name || self.linkage_name.as_deref() == Some(name) || self.symbol == name
    }

    /// Whether a range is that of the relay's own place, and no code.
    pub fn is_relay(&self, range: &CodeRange) -> bool {
        let relay = self.relay.as_ref();
        relay.is_some_and(|r| (r.rva, REDIRECT_LEN) == (range.rva, range.size))
    }
}

/// Five bytes of padding in reach of a two-byte jump, in which a jump to the gate is written.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Relay {
    /// Where they are. One of the function's ranges covers them.
    pub rva: Rva,
    /// What they are in the old image, as hex.
    pub bytes: String,
    /// Padding in reach, by ascending RVA, in which the relay goes to another place where this
    /// one is taken when the package is applied, as by another patch.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub elsewhere: Vec<Padding>,
}

/// Padding of code: places for relays, of five bytes each, one behind the other.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Padding {
    /// Where it begins.
    pub rva: Rva,
    /// What it is in the old image, as hex; a multiple of five bytes.
    pub bytes: String,
}

impl Relay {
    /// All places where it may go, its own first: address and bytes as hex.
    pub fn places(&self) -> impl Iterator<Item = (Rva, &str)> {
        /// Digits of a place.
        const DIGITS: usize = 2 * REDIRECT_LEN as usize;
        let others = self.elsewhere.iter().flat_map(|padding| {
            let places = 0..padding.bytes.len() / DIGITS;
            places.filter_map(|n| {
                let at = padding.rva.0.checked_add(n as u32 * REDIRECT_LEN)?;
                Some((Rva(at), padding.bytes.get(n * DIGITS..(n + 1) * DIGITS)?))
            })
        });
        let others = others.filter(|(at, _)| *at != self.rva);
        std::iter::once((self.rva, self.bytes.as_str())).chain(others)
    }
}

/// A contiguous range of old code, with the bytes expected in memory.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct CodeRange {
    /// Start of the range.
    pub rva: Rva,
    /// Length of the range in bytes.
    pub size: u32,
    /// Offsets, from the start of the range, of the eight-byte fields that the loader relocates.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub relocated: Vec<u32>,
    /// SHA-256 of the bytes as hex, with every relocated field set to zero.
    pub sha256: String,
}

/// A range of old code that no thread may be inside of.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct WatchedCode {
    /// Name of the function that it belongs to.
    pub name: String,
    /// Start of the range.
    pub rva: Rva,
    /// Length of the range in bytes.
    pub size: u32,
    /// Whether the old build takes the address of its first byte: no thread may hold that on its
    /// stack or in a register, for it would go on to call what the new build does not have.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub addressed: bool,
}

/// An undefined symbol of the payload: a place in the old image.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct External {
    /// Name of the symbol in the payload.
    pub symbol: String,
    /// Where it is in the old image.
    pub rva: Rva,
}

/// An undefined symbol of the payload: what another module exports and the old image does
/// not import.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ImportedSymbol {
    /// Name of the symbol in the payload.
    pub symbol: String,
    /// File name of the module, in lower case.
    pub module: String,
    /// Name of the export; absent where it is imported by ordinal.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// Ordinal of the export, where it has no name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ordinal: Option<u16>,
    /// The new build loads the module at the first call. A patch loads it when it is applied.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub delayed: bool,
}

/// A variable that the payload brings. Where the package replaces a patch that brought the
/// same one, the value of that one lives on.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Variable {
    /// Name of its symbol in the payload.
    pub symbol: String,
    /// A name by which it is the same variable in other builds of the same source; absent
    /// where there is none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// Size in bytes.
    pub size: u32,
    /// SHA-256 of its type and of all types that lead from there, as hex; absent where the
    /// type is not known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub type_sha256: Option<String>,
    /// Where code may walk from the variable before to this one: how far behind the start of
    /// that one it has to be, in bytes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub behind: Option<u32>,
}

/// Most keys, tables and elements of a manifest. Each takes some hundred bytes while it is read,
/// also where nobody trusts whoever wrote it. The largest manifest of a real patch, at some 25
/// bytes each, has fewer.
const MAX_PARTS: usize = 1 << 20;

impl Manifest {
    /// The product that the line of patches is for.
    pub fn product(&self) -> &str {
        let product = self.patch.product.as_deref();
        product.unwrap_or(&self.target.file_name)
    }

    /// The manifest as TOML; the same manifest always gives the same text.
    ///
    /// # Errors
    /// Where a value cannot be written as TOML (a sequence beyond 63 bits).
    pub fn to_toml(&self) -> Result<String, toml::ser::Error> {
        toml::to_string(self)
    }

    /// Reads a manifest. Unknown fields are an error: a patch that says more than this
    /// version understands must not be applied by it.
    ///
    /// # Errors
    /// Where the text is not TOML or not a manifest, or has more items than one can need.
    pub fn from_toml(text: &str) -> Result<Self, toml::de::Error> {
        let parts = text.bytes().map(|byte| match byte {
            b'=' | b',' | b'[' => 1,
            // Each part of a dotted key is a table of its own.
            b'.' => 4,
            _ => 0,
        });
        if parts.sum::<usize>() > MAX_PARTS {
            let problem = format!("it has more than {MAX_PARTS} keys, tables and elements");
            return Err(serde::de::Error::custom(problem));
        }
        toml::from_str(text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_manifest_has_no_more_parts_than_a_patch_can_need() {
        for part in ["a = 1\n", "a.a.a = 1\n"] {
            let said = |times: usize| {
                let error = Manifest::from_toml(&part.repeat(times)).unwrap_err();
                error.message().to_owned()
            };
            assert!(said(MAX_PARTS + 1).contains("keys, tables"), "{part}");
            assert!(!said(1).contains("keys, tables"), "{part}");
        }
    }
}
