//! What a report says of the version.

use std::fmt::Write;

use schemars::JsonSchema;
use serde::Serialize;

use super::DiffReport;
use crate::addr::Rva;
use crate::diff::{Diff, VersionChange, VersionOnly, VersionPlace};
use crate::function::{FunctionIndex, Program};
use crate::report::sanitize::line;

/// What the version resources say.
#[derive(Debug, Serialize, JsonSchema)]
pub struct VersionReport {
    /// The file's version in the old image: text, else the four numbers.
    pub old: String,
    /// The same in the new image.
    pub new: String,
}

/// A place in code that holds the version.
#[derive(Debug, Serialize, JsonSchema)]
pub struct VersionPlaceReport {
    /// Offset in its piece of code in bytes: of the instruction, or of the field that leads to
    /// a text.
    pub offset: u32,
    /// What it is: `part 3 of the file version`.
    pub what: String,
    /// The number or text in the old build.
    pub old: String,
    /// The number or text in the new build.
    pub new: String,
}

/// A function that differs in nothing but the version and is left as it is.
#[derive(Debug, Serialize, JsonSchema)]
pub struct LeftOutReport {
    /// Name in the procedure record.
    pub name: String,
    /// Decorated name; null where there is none.
    pub linkage_name: Option<String>,
    /// Address in the old image.
    pub old_rva: Rva,
    /// Address in the new image.
    pub new_rva: Rva,
    /// Length in bytes, in both builds.
    pub size: u32,
    /// Where the version stands.
    pub version_only: Vec<VersionPlaceReport>,
}

impl VersionReport {
    /// What both resources say.
    pub(super) fn new(version: &VersionChange) -> Self {
        VersionReport {
            old: version.old.shown(),
            new: version.new.shown(),
        }
    }
}

impl LeftOutReport {
    /// A function that is left out.
    pub(super) fn new(old: &Program<'_>, new: &Program<'_>, left_out: &VersionOnly) -> Self {
        let (f, g) = (old.function(left_out.old), new.function(left_out.new));
        LeftOutReport {
            name: g.display_name(),
            linkage_name: g.linkage_name().map(str::to_owned),
            old_rva: f.rva,
            new_rva: g.rva,
            size: g.size,
            version_only: places(&left_out.places),
        }
    }
}

/// Where the version stands in a changed function; nothing where more differs.
pub(super) fn of_changed(diff: &Diff, function: FunctionIndex) -> Vec<VersionPlaceReport> {
    let mut all = diff.version_only.iter();
    let found = all.find(|v| v.old == function);
    found.map_or_else(Vec::new, |v| places(&v.places))
}

fn places(list: &[VersionPlace]) -> Vec<VersionPlaceReport> {
    let place = |p: &VersionPlace| VersionPlaceReport {
        offset: p.at,
        what: p.what.clone(),
        old: p.old.clone(),
        new: p.new.clone(),
    };
    list.iter().map(place).collect()
}

impl DiffReport {
    /// Which version is seen where, for a person; nothing where no function holds it.
    pub(super) fn version_text(&self, text: &mut String) {
        let Some(version) = &self.version else {
            return;
        };
        let f = &self.functions;
        let carried = f.changed.iter().filter(|c| !c.version_only.is_empty());
        let carried: Vec<&str> = carried.map(|c| c.name.as_str()).collect();
        let left_out: Vec<&str> = f.left_out.iter().map(|l| l.name.as_str()).collect();
        if carried.is_empty() && left_out.is_empty() {
            return;
        }
        let (old, new) = (line(&version.old), line(&version.new));
        let _ = writeln!(text, "\nVersion {old} → {new}");
        let _ = writeln!(
            text,
            "  the file on disk and the module's resources go on saying {old}"
        );
        for (names, says) in [
            (
                carried,
                format!("say {new} once patched (--leave-out-version leaves them as they are)"),
            ),
            (left_out, format!("are left out and go on saying {old}")),
        ] {
            if !names.is_empty() {
                let names = crate::finding::some_of(&names);
                let _ = writeln!(text, "  {}: {says}", line(&names));
            }
        }
    }
}
