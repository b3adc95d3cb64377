//! The report of `hotpatch diff`, and the part of it that `build` shows as well.

mod account;
mod create;
mod html;
mod layout;
mod sarif;
mod side_by_side;
mod text;
mod type_users;
mod version;

use schemars::JsonSchema;
use serde::Serialize;

use crate::addr::Rva;
use crate::finding::FindingReport;

pub use account::{AccountReport, BytesReport, UnexplainedReport};
pub use create::{Compared, Shown};
pub use layout::{HandlingReport, LayoutReport, MemberPlaceReport, MemberReport};
pub use text::findings_text;
pub use type_users::{ThroughReport, TypeUserReport};
pub use version::{LeftOutReport, VersionPlaceReport, VersionReport};

/// What differs between two builds, and whether it can be applied live.
#[derive(Debug, Serialize, JsonSchema)]
pub struct DiffReport {
    /// `hotpatch.diff/1`
    pub schema: &'static str,
    /// The build that runs.
    pub old: BuildReport,
    /// The build with the fix.
    pub new: BuildReport,
    /// What the version resources of both images say; null where it is the same, or one has none.
    pub version: Option<VersionReport>,
    /// Functions.
    pub functions: FunctionsReport,
    /// Named data.
    pub data: DataReport,
    /// Types.
    pub types: TypesReport,
    /// Resources that differ.
    pub resources: Vec<ResourceReport>,
    /// What the bytes of both images belong to; null where nothing was compared.
    pub account: Option<AccountReport>,
    /// The verdict.
    pub verdict: VerdictReport,
    /// Milliseconds per stage.
    pub timings_ms: serde_json::Map<String, serde_json::Value>,
}

/// One build.
#[derive(Debug, Serialize, JsonSchema)]
pub struct BuildReport {
    /// The image's file.
    pub image: String,
    /// The PDB's file; null where it was not needed.
    pub pdb: Option<String>,
    /// GUID of the PDB that the image names.
    pub pdb_guid: Option<String>,
    /// Age of the PDB that the image names.
    pub pdb_age: Option<u32>,
}

/// A resource that differs. Version information is listed and is no finding.
#[derive(Debug, Serialize, JsonSchema)]
pub struct ResourceReport {
    /// Its type, as `STRINGTABLE`.
    #[serde(rename = "type")]
    pub kind: String,
    /// Its name or number.
    pub name: String,
    /// Its language (`LANGID`).
    pub language: String,
    /// `differs`, `is new` or `is no longer there`.
    pub change: String,
}

/// Functions by what became of them.
#[derive(Debug, Default, Serialize, JsonSchema)]
pub struct FunctionsReport {
    /// Changed, by old address.
    pub changed: Vec<ChangedFunctionReport>,
    /// Differing in nothing but line numbers of assertions and log messages; these have not
    /// changed.
    pub noise: Vec<NoiseReport>,
    /// Differing in nothing but the version, and left as they are (`--leave-out`); not among
    /// the changed ones.
    pub left_out: Vec<LeftOutReport>,
    /// Only in the new build.
    pub added: Vec<FunctionReport>,
    /// Only in the old build.
    pub removed: Vec<FunctionReport>,
    /// How many are the same in both.
    pub unchanged: usize,
}

/// A changed function.
#[derive(Debug, Serialize, JsonSchema)]
pub struct ChangedFunctionReport {
    /// Name in the procedure record.
    pub name: String,
    /// Decorated name; null where there is none.
    pub linkage_name: Option<String>,
    /// Address in the old image.
    pub old_rva: Rva,
    /// Address in the new image.
    pub new_rva: Rva,
    /// Length in the old image in bytes.
    pub old_size: u32,
    /// Length in the new image in bytes.
    pub new_size: u32,
    /// What differs first.
    pub reason: String,
    /// Whether the source files that it has code of are the same in both builds; null where
    /// that is not known.
    pub same_sources: Option<bool>,
    /// Where the version stands, if nothing but the version differs; else empty.
    pub version_only: Vec<VersionPlaceReport>,
    /// The first instruction that differs; null where all of them are the same (unwind
    /// information or a separated part differs).
    pub first_difference: Option<FirstDifferenceReport>,
    /// All instructions side by side, where that was asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub side_by_side: Option<Vec<RowReport>>,
    /// Its separated parts and funclets, where it is shown side by side and has some.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub pieces: Vec<PieceReport>,
}

/// Code that belongs to a function and lies elsewhere: a part that the compiler separated
/// because it is seldom run, or a catch block, cleanup or filter.
#[derive(Debug, Serialize, JsonSchema)]
pub struct PieceReport {
    /// Name in its own record, else its address.
    pub name: String,
    /// Address in the old image; null where only the new build has it.
    pub old_rva: Option<Rva>,
    /// Address in the new image; null where only the old build has it.
    pub new_rva: Option<Rva>,
    /// All instructions side by side.
    pub side_by_side: Vec<RowReport>,
}

/// Where old and new code part.
#[derive(Debug, Serialize, JsonSchema)]
pub struct FirstDifferenceReport {
    /// In the old build; null where the old code ends there.
    pub old: Option<InstructionReport>,
    /// In the new build; null where the new code ends there.
    pub new: Option<InstructionReport>,
}

/// An instruction.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct InstructionReport {
    /// Offset in the function in bytes.
    pub offset: u32,
    /// The instruction in NASM syntax, with names for addresses.
    pub instruction: String,
    /// Source file as the compiler recorded it; null where no line is known.
    pub file: Option<String>,
    /// Source line; null where none is known.
    pub line: Option<u32>,
}

/// An old and a new instruction side by side.
#[derive(Debug, Serialize, JsonSchema)]
pub struct RowReport {
    /// In the old build; null where only the new build has it.
    pub old: Option<InstructionReport>,
    /// In the new build; null where only the old build has it.
    pub new: Option<InstructionReport>,
    /// Whether both are there and mean the same.
    pub same: bool,
}

/// A function that differs in nothing but line numbers.
#[derive(Debug, Serialize, JsonSchema)]
pub struct NoiseReport {
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
    /// The line numbers.
    pub line_numbers: Vec<LineNumberReport>,
}

/// A line number that is compiled into an instruction.
#[derive(Debug, Serialize, JsonSchema)]
pub struct LineNumberReport {
    /// Offset of the instruction in the function in bytes.
    pub offset: u32,
    /// The source file, without its folder.
    pub file: String,
    /// The line in the old build.
    pub old_line: u32,
    /// The line in the new build.
    pub new_line: u32,
}

/// A function of one build.
#[derive(Debug, Serialize, JsonSchema)]
pub struct FunctionReport {
    /// Name in the procedure record.
    pub name: String,
    /// Decorated name; null where there is none.
    pub linkage_name: Option<String>,
    /// Address.
    pub rva: Rva,
    /// Length in bytes.
    pub size: u32,
}

/// Data by what became of it.
#[derive(Debug, Default, Serialize, JsonSchema)]
pub struct DataReport {
    /// Changed, by old address.
    pub changed: Vec<ChangedDataReport>,
    /// Only in the new build.
    pub added: Vec<DatumReport>,
    /// Only in the old build.
    pub removed: Vec<DatumReport>,
}

/// A changed datum.
#[derive(Debug, Serialize, JsonSchema)]
pub struct ChangedDataReport {
    /// Its name.
    pub name: String,
    /// Address in the old image.
    pub old_rva: Rva,
    /// Address in the new image.
    pub new_rva: Rva,
    /// What differs: `size`, `protection`, `initial-value` or `constant`.
    pub change: &'static str,
}

/// A datum of one build.
#[derive(Debug, Serialize, JsonSchema)]
pub struct DatumReport {
    /// Its name.
    pub name: String,
    /// Address.
    pub rva: Rva,
    /// Bytes that belong to it.
    pub size: u32,
}

/// Types whose layout differs.
#[derive(Debug, Default, Serialize, JsonSchema)]
pub struct TypesReport {
    /// Changed, by name.
    pub changed: Vec<ChangedTypeReport>,
}

/// A type whose layout differs.
#[derive(Debug, Serialize, JsonSchema)]
pub struct ChangedTypeReport {
    /// Its name.
    pub name: String,
    /// What differs.
    pub detail: String,
    /// What became of its members; null where the layouts are not known, or are the same.
    pub layout: Option<LayoutReport>,
    /// The functions of both builds that are known to touch it, the changed ones first.
    pub functions: Vec<TypeUserReport>,
}

/// The verdict and every finding.
#[derive(Debug, Serialize, JsonSchema)]
pub struct VerdictReport {
    /// `patchable`, `accepted`, `restart-required` or `unchanged`.
    pub status: &'static str,
    /// Codes of risks that were accepted by name.
    pub accepted: Vec<&'static str>,
    /// Codes of risks that stand in the way and can be accepted by name.
    pub acceptable: Vec<&'static str>,
    /// Every finding.
    pub findings: Vec<FindingReport>,
}
