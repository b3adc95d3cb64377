//! The report of `hotpatch diff`, and the part of it that `build` shows as well.

mod text;

use serde::Serialize;

use crate::addr::Rva;
use crate::diff::{DataChangeKind, Diff};
use crate::finding::FindingReport;
use crate::function::{DataIndex, Function, Program};
use crate::image::Image;
use crate::plan::{Plan, Status};

/// What differs between two builds, and whether it can be applied live.
#[derive(Debug, Serialize)]
pub struct DiffReport {
    /// `hotpatch.diff/1`
    pub schema: &'static str,
    /// The build that runs.
    pub old: BuildReport,
    /// The build with the fix.
    pub new: BuildReport,
    /// Functions.
    pub functions: FunctionsReport,
    /// Named data.
    pub data: DataReport,
    /// Types.
    pub types: TypesReport,
    /// The verdict.
    pub verdict: VerdictReport,
    /// Milliseconds per stage.
    pub timings_ms: serde_json::Map<String, serde_json::Value>,
}

/// One build.
#[derive(Debug, Serialize)]
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

/// Functions by what became of them.
#[derive(Debug, Default, Serialize)]
pub struct FunctionsReport {
    /// Changed, by old address.
    pub changed: Vec<ChangedFunctionReport>,
    /// Only in the new build.
    pub added: Vec<FunctionReport>,
    /// Only in the old build.
    pub removed: Vec<FunctionReport>,
    /// How many are the same in both.
    pub unchanged: usize,
}

/// A changed function.
#[derive(Debug, Serialize)]
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
}

/// A function of one build.
#[derive(Debug, Serialize)]
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
#[derive(Debug, Default, Serialize)]
pub struct DataReport {
    /// Changed, by old address.
    pub changed: Vec<ChangedDataReport>,
    /// Only in the new build.
    pub added: Vec<DatumReport>,
    /// Only in the old build.
    pub removed: Vec<DatumReport>,
}

/// A changed datum.
#[derive(Debug, Serialize)]
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
#[derive(Debug, Serialize)]
pub struct DatumReport {
    /// Its name.
    pub name: String,
    /// Address.
    pub rva: Rva,
    /// Bytes that belong to it.
    pub size: u32,
}

/// Types whose layout differs.
#[derive(Debug, Default, Serialize)]
pub struct TypesReport {
    /// Changed, by name.
    pub changed: Vec<ChangedTypeReport>,
}

/// A type whose layout differs.
#[derive(Debug, Serialize)]
pub struct ChangedTypeReport {
    /// Its name.
    pub name: String,
    /// What differs.
    pub detail: String,
}

/// The verdict and every finding.
#[derive(Debug, Serialize)]
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

impl BuildReport {
    /// The identity of a build.
    pub fn new(image_path: String, pdb: Option<String>, image: &Image<'_>) -> Self {
        let codeview = image.codeview.as_ref();
        BuildReport {
            image: image_path,
            pdb,
            pdb_guid: codeview.map(|c| c.guid.clone()),
            pdb_age: codeview.map(|c| c.age),
        }
    }
}

impl VerdictReport {
    /// The verdict of a plan.
    pub fn new(plan: &Plan) -> Self {
        VerdictReport {
            status: status_name(plan.status),
            accepted: plan.accepted.clone(),
            acceptable: plan.acceptable(),
            findings: plan.findings.iter().map(FindingReport::from).collect(),
        }
    }
}

fn status_name(status: Status) -> &'static str {
    match status {
        Status::Unchanged => "unchanged",
        Status::Patchable => "patchable",
        Status::Accepted => "accepted",
        Status::RestartRequired => "restart-required",
    }
}

impl FunctionReport {
    fn new(function: &Function) -> Self {
        FunctionReport {
            name: function.display_name(),
            linkage_name: function.linkage_name().map(str::to_owned),
            rva: function.rva,
            size: function.size,
        }
    }
}

impl DatumReport {
    fn new(program: &Program<'_>, index: DataIndex) -> Self {
        let item = program.datum(index);
        DatumReport {
            name: item.display_name().to_owned(),
            rva: item.rva,
            size: item.content_size(),
        }
    }
}

impl DiffReport {
    /// The report of a comparison. `compared` is `None` where the images are of a kind that
    /// cannot be hotpatched, and nothing was compared.
    pub fn new(
        old: BuildReport,
        new: BuildReport,
        compared: Option<(&Program<'_>, &Program<'_>, &Diff)>,
        plan: &Plan,
        timings: &[(&'static str, u64)],
    ) -> Self {
        let timings = timings.iter().map(|(n, t)| ((*n).to_owned(), (*t).into()));
        let mut report = DiffReport {
            schema: "hotpatch.diff/1",
            old,
            new,
            functions: FunctionsReport::default(),
            data: DataReport::default(),
            types: TypesReport::default(),
            verdict: VerdictReport::new(plan),
            timings_ms: timings.collect(),
        };
        if let Some((old, new, diff)) = compared {
            report.functions = functions(old, new, diff);
            report.data = data(old, new, diff);
            let types = diff.types.iter().map(|t| ChangedTypeReport {
                name: t.name.clone(),
                detail: t.detail.clone(),
            });
            report.types.changed = types.collect();
        }
        report
    }
}

fn functions(old: &Program<'_>, new: &Program<'_>, diff: &Diff) -> FunctionsReport {
    let changed = diff.functions.changed.iter().map(|c| {
        let (f, g) = (old.function(c.old), new.function(c.new));
        ChangedFunctionReport {
            name: g.display_name(),
            linkage_name: g.linkage_name().map(str::to_owned),
            old_rva: f.rva,
            new_rva: g.rva,
            old_size: f.size,
            new_size: g.size,
            reason: c.reason.clone(),
        }
    });
    let added = diff.functions.added.iter();
    let removed = diff.functions.removed.iter();
    FunctionsReport {
        changed: changed.collect(),
        added: added
            .map(|f| FunctionReport::new(new.function(*f)))
            .collect(),
        removed: removed
            .map(|f| FunctionReport::new(old.function(*f)))
            .collect(),
        unchanged: diff.functions.unchanged,
    }
}

fn data(old: &Program<'_>, new: &Program<'_>, diff: &Diff) -> DataReport {
    let changed = diff.data.changed.iter().map(|c| {
        let (d, e) = (old.datum(c.old), new.datum(c.new));
        ChangedDataReport {
            name: e.display_name().to_owned(),
            old_rva: d.rva,
            new_rva: e.rva,
            change: match c.kind {
                DataChangeKind::Size => "size",
                DataChangeKind::Protection => "protection",
                DataChangeKind::InitialValue => "initial-value",
                DataChangeKind::Constant | DataChangeKind::Identity => "constant",
            },
        }
    });
    let added = diff.data.added.iter();
    let removed = diff.data.removed.iter();
    DataReport {
        changed: changed.collect(),
        added: added.map(|d| DatumReport::new(new, *d)).collect(),
        removed: removed.map(|d| DatumReport::new(old, *d)).collect(),
    }
}
