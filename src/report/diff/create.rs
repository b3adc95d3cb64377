//! Makes the diff report out of a comparison.

use super::side_by_side::{instruction, pieces, rows};
use super::*;
use crate::diff::{ChangedFunction, Comparer, DataChangeKind, Diff, Noise};
use crate::finding::FindingReport;
use crate::function::{DataIndex, Function, Program};
use crate::image::Image;
use crate::plan::{Plan, Status};
use crate::report::listing::{Side, first_difference};

/// Two builds that were compared, and in what they differ.
#[derive(Clone, Copy)]
pub struct Compared<'c> {
    /// The old build.
    pub old: Side<'c>,
    /// The new build.
    pub new: Side<'c>,
    /// The difference.
    pub diff: &'c Diff,
}

/// Which changed functions are shown side by side.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Shown {
    /// None.
    #[default]
    None,
    /// Those with one of these names, plain or decorated.
    Named(Vec<String>),
    /// All of them.
    All,
}

impl Shown {
    /// Whether a function is to be shown.
    fn has(&self, function: &Function) -> bool {
        match self {
            Shown::None => false,
            Shown::All => true,
            Shown::Named(names) => names.iter().any(|n| has_name(function, n)),
        }
    }
}

fn has_name(function: &Function, name: &str) -> bool {
    let mut names = function.names.iter();
    function.display_name() == name
        || names.any(|n| n.name == name || n.linkage.as_deref() == Some(name))
}

impl Compared<'_> {
    /// The first of these names that no changed function has, in either build.
    pub fn unknown_name<'n>(&self, names: &'n [String]) -> Option<&'n str> {
        let is_known = |name: &String| {
            self.diff.functions.changed.iter().any(|c| {
                has_name(self.old.program.function(c.old), name)
                    || has_name(self.new.program.function(c.new), name)
            })
        };
        names.iter().find(|n| !is_known(n)).map(String::as_str)
    }
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
        compared: Option<Compared<'_>>,
        shown: &Shown,
        plan: &Plan,
        timings: &[(&'static str, u64)],
    ) -> Self {
        let timings = timings.iter().map(|(n, t)| ((*n).to_owned(), (*t).into()));
        let mut report = DiffReport {
            schema: "hotpatch.diff/1",
            old,
            new,
            version: None,
            functions: FunctionsReport::default(),
            data: DataReport::default(),
            types: TypesReport::default(),
            resources: Vec::new(),
            account: plan.account.as_ref().map(AccountReport::new),
            verdict: VerdictReport::new(plan),
            timings_ms: timings.collect(),
        };
        if let Some(compared) = compared {
            let (old, new) = (compared.old.program, compared.new.program);
            report.version = compared.diff.version.as_ref().map(VersionReport::new);
            report.functions = functions(&compared, shown);
            report.data = data(old, new, compared.diff);
            let types = compared.diff.types.iter().map(|t| ChangedTypeReport {
                name: t.name.clone(),
                detail: t.detail.clone(),
                layout: t.layout.as_ref().map(LayoutReport::new),
                functions: type_users::reports(old, new, t),
            });
            report.types.changed = types.collect();
            let resources = compared.diff.resources.iter().map(|r| ResourceReport {
                kind: r.kind.clone(),
                name: r.name.clone(),
                language: r.language.clone(),
                change: r.what.to_owned(),
            });
            report.resources = resources.collect();
        }
        report
    }
}

fn functions(compared: &Compared<'_>, shown: &Shown) -> FunctionsReport {
    let diff = compared.diff;
    let (old, new) = (compared.old.program, compared.new.program);
    let comparer = diff.comparer(old, new);
    let changed = diff.functions.changed.iter();
    let noise = diff.noise.iter();
    let added = diff.functions.added.iter();
    let removed = diff.functions.removed.iter();
    FunctionsReport {
        changed: changed
            .map(|c| changed_function(compared, &comparer, shown, c))
            .collect(),
        noise: noise.map(|n| NoiseReport::new(old, new, n)).collect(),
        left_out: diff
            .left_out
            .iter()
            .map(|v| LeftOutReport::new(old, new, v))
            .collect(),
        added: added
            .map(|f| FunctionReport::new(new.function(*f)))
            .collect(),
        removed: removed
            .map(|f| FunctionReport::new(old.function(*f)))
            .collect(),
        unchanged: diff.functions.unchanged,
    }
}

fn changed_function(
    compared: &Compared<'_>,
    comparer: &Comparer<'_>,
    shown: &Shown,
    change: &ChangedFunction,
) -> ChangedFunctionReport {
    let (old, new) = (compared.old, compared.new);
    let f = old.program.function(change.old);
    let g = new.program.function(change.new);
    let first = first_difference(old, new, change, comparer);
    let is_shown = shown.has(f) || shown.has(g);
    ChangedFunctionReport {
        name: g.display_name(),
        linkage_name: g.linkage_name().map(str::to_owned),
        old_rva: f.rva,
        new_rva: g.rva,
        old_size: f.size,
        new_size: g.size,
        reason: change.reason.clone(),
        same_sources: {
            let mut known = compared.diff.same_sources.iter();
            let found = known.find(|(o, n, _)| (*o, *n) == (change.old, change.new));
            found.map(|(_, _, same)| *same)
        },
        version_only: version::of_changed(compared.diff, change.old),
        first_difference: first.map(|position| FirstDifferenceReport {
            old: position.old.as_ref().map(instruction),
            new: position.new.as_ref().map(instruction),
        }),
        side_by_side: is_shown
            .then(|| rows(old, new, (Some(change.old), Some(change.new)), comparer)),
        pieces: if is_shown {
            pieces(old, new, change, comparer)
        } else {
            Vec::new()
        },
    }
}

impl NoiseReport {
    fn new(old: &Program<'_>, new: &Program<'_>, noise: &Noise) -> Self {
        let (f, g) = (old.function(noise.old), new.function(noise.new));
        let numbers = noise.numbers.iter().map(|n| LineNumberReport {
            offset: n.at,
            file: n.file.clone(),
            old_line: n.old,
            new_line: n.new,
        });
        NoiseReport {
            name: g.display_name(),
            linkage_name: g.linkage_name().map(str::to_owned),
            old_rva: f.rva,
            new_rva: g.rva,
            size: g.size,
            line_numbers: numbers.collect(),
        }
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
