//! The report of `hotpatch status`.

use std::collections::BTreeMap;
use std::fmt::Write;

use schemars::JsonSchema;
use serde::Serialize;

use super::machine::ProcessState;
use super::proof::state_word;
use super::sanitize::line;
use super::target::FunctionReport;
use super::time::rfc3339;
use crate::addr::Va;
use crate::apply::survey::{Installed, State, Survey};
use crate::apply::target::Identity;
use crate::apply::versions::ModuleVersions;

/// Which patches processes have.
#[derive(Debug, Serialize, JsonSchema)]
pub struct StatusReport {
    /// `hotpatch.status/1`
    pub schema: &'static str,
    /// Processes with patches, and those that packages of the store are for; with `--pid` that
    /// process, whatever is in it.
    pub processes: Vec<ProcessReport>,
    /// With `--package`: processes that have its module and not the patch.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub not_patched: Option<Vec<NotPatched>>,
    /// Folder of the store of packages that gave the states; null where there is none, or it
    /// can't be used.
    pub store: Option<String>,
    /// Why the store can't be used, with causes and advice; null where it can, or there is none.
    pub store_problem: Option<String>,
    /// Number of processes that could not be opened.
    pub inaccessible: usize,
    /// Number of processes without which the system stops; they are looked at only by their PID.
    pub left_alone: usize,
    /// Number of processes of which nothing came back within ten seconds.
    pub unanswered: usize,
}

/// A process and its patches.
#[derive(Debug, Serialize, JsonSchema)]
pub struct ProcessReport {
    /// The process.
    pub pid: u32,
    /// Path of its program.
    pub image: String,
    /// Its patches.
    pub patches: Vec<PatchReport>,
    /// Memory of patches that were taken out, which waits until nothing points into it.
    pub kept: Vec<KeptMemory>,
    /// Records that can't be read, each with the reason.
    pub unreadable: Vec<String>,
    /// What the packages of the store mean for it, as `hotpatch list` says; null where none is
    /// for it, or the store isn't used.
    pub by_store: Option<ProcessState>,
}

/// Memory of a patch that was taken out and into which the program still pointed then. Nothing
/// leads there; the next operation gives it back as soon as that can be.
#[derive(Debug, Serialize, JsonSchema)]
pub struct KeptMemory {
    /// Id of the patch.
    pub id: String,
    /// SHA-256 of its package as hex; with that one, `verify --kept` proves the memory.
    pub package_sha256: String,
    /// Where the memory is.
    pub region: Va,
    /// Its size in bytes.
    pub bytes: u64,
}

/// A patch in a process.
#[derive(Debug, Serialize, JsonSchema)]
pub struct PatchReport {
    /// Its id.
    pub id: String,
    /// Its position in the product's line of patches.
    pub sequence: u64,
    /// What it fixes.
    pub title: Option<String>,
    /// `active`: every call runs new code. `pending`: every call runs old code, an
    /// operation is under way or was interrupted. `replaced`: it waits beneath the patch that
    /// replaced it. `detached`: its module was unloaded, nothing leads to it any more.
    /// `torn`: something else changed an entry.
    pub state: &'static str,
    /// File name of the module that it changes.
    pub module: String,
    /// The version that the module says in memory, which a patch does not change; null where it
    /// says none.
    pub loaded_version: Option<String>,
    /// The version that the file of the module says, as it is on disk now; null where it says
    /// none. Another one than that which is loaded waits for a restart.
    pub file_version: Option<String>,
    /// Paths of other modules that are the same build and are not changed by it.
    pub unpatched_twins: Vec<String>,
    /// Whether the process stands still because a patcher has frozen it.
    pub frozen: bool,
    /// Ids of the patches that it replaced, which a rollback goes back to.
    pub replaced: Vec<String>,
    /// Functions whose calls were allowed to end in the version in which they began.
    pub on_stack: Vec<String>,
    /// The functions that it replaces.
    pub functions: Vec<FunctionReport>,
    /// When it was applied (RFC 3339, UTC); null unless it is active.
    pub applied_at: Option<String>,
    /// SHA-256 of the package as hex.
    pub package_sha256: String,
    /// Where its memory is.
    pub region: Va,
    /// Its memory in bytes.
    pub bytes_allocated: u64,
    /// Name and version of the program that applied it.
    pub applied_by: String,
}

/// A process that could have a patch and doesn't.
#[derive(Debug, Serialize, JsonSchema)]
pub struct NotPatched {
    /// The process.
    pub pid: u32,
    /// Path of its program.
    pub image: String,
    /// Why it doesn't have the patch.
    pub reason: String,
}

impl StatusReport {
    /// An empty report.
    pub fn new() -> Self {
        StatusReport {
            schema: "hotpatch.status/1",
            processes: Vec::new(),
            not_patched: None,
            store: None,
            store_problem: None,
            inaccessible: 0,
            left_alone: 0,
            unanswered: 0,
        }
    }

    /// Adds what the packages of the store mean for processes; `only` those that are shown
    /// anyway.
    pub fn add_states(&mut self, states: Vec<ProcessState>, only: bool) {
        for state in states {
            let same = |p: &&mut ProcessReport| p.pid == state.pid && p.image == state.image;
            match self.processes.iter_mut().find(same) {
                Some(process) => process.by_store = Some(state),
                None if only => {}
                None => self.processes.push(ProcessReport {
                    pid: state.pid,
                    image: state.image.clone(),
                    patches: Vec::new(),
                    kept: Vec::new(),
                    unreadable: Vec::new(),
                    by_store: Some(state),
                }),
            }
        }
        self.processes.sort_by_key(|p| p.pid);
    }

    /// The report as text.
    pub fn text(&self) -> String {
        let mut text = String::new();
        for process in &self.processes {
            let _ = writeln!(text, "{} {}", process.pid, line(&process.image));
            if let Some(state) = &process.by_store {
                state.push(&mut text);
            }
            for patch in &process.patches {
                patch.push(&mut text);
            }
            for reason in &process.unreadable {
                let _ = writeln!(text, "  unreadable: {}", line(reason));
            }
            for kept in &process.kept {
                let (id, bytes, region) = (line(&kept.id), kept.bytes, kept.region);
                let _ = writeln!(
                    text,
                    "  {id}, taken out: {bytes} bytes at {region} wait until nothing points there"
                );
            }
            if process.patches.is_empty() && process.unreadable.is_empty() {
                text.push_str("  no patches\n");
            }
        }
        for process in self.not_patched.iter().flatten() {
            let (image, reason) = (line(&process.image), line(&process.reason));
            let _ = writeln!(text, "{} {image}\n  not patched: {reason}", process.pid);
        }
        if text.is_empty() {
            text.push_str("no patched processes\n");
        }
        if let Some(problem) = &self.store_problem {
            let problem = line(problem);
            let _ = writeln!(text, "(the store of packages cannot be used: {problem})");
        }
        if self.inaccessible > 0 {
            let _ = writeln!(
                text,
                "({} processes could not be opened; an elevated prompt sees more)",
                self.inaccessible
            );
        }
        if self.left_alone > 0 {
            let _ = writeln!(
                text,
                "({} processes of the system itself were left alone; --pid looks at one)",
                self.left_alone
            );
        }
        if self.unanswered > 0 {
            let _ = writeln!(
                text,
                "({} processes did not answer within 10 s, as where they were just ending)",
                self.unanswered
            );
        }
        text
    }
}

impl Default for StatusReport {
    fn default() -> Self {
        Self::new()
    }
}

impl ProcessReport {
    /// What was found in a process; `versions` are those of its modules, by base.
    pub fn new(
        process: &Identity,
        survey: &Survey,
        versions: &BTreeMap<Va, ModuleVersions>,
    ) -> Self {
        let is_kept = |p: &&Installed| p.state == State::Kept;
        let (kept, patches): (Vec<_>, Vec<_>) = survey.patches.iter().partition(is_kept);
        ProcessReport {
            pid: process.pid,
            image: process.image.clone(),
            patches: patches
                .into_iter()
                .map(|patch| PatchReport::new(patch, survey, versions))
                .collect(),
            kept: kept
                .into_iter()
                .map(|patch| KeptMemory {
                    id: patch.record.body.id.clone(),
                    package_sha256: patch.record.body.package_sha256.clone(),
                    region: patch.record.at,
                    bytes: patch.record.header.region_size,
                })
                .collect(),
            unreadable: survey
                .unreadable
                .iter()
                .map(|(_, error)| error.to_string())
                .collect(),
            by_store: None,
        }
    }
}

impl PatchReport {
    fn new(patch: &Installed, survey: &Survey, versions: &BTreeMap<Va, ModuleVersions>) -> Self {
        let (header, body) = (&patch.record.header, &patch.record.body);
        let versions = versions.get(&body.module.base);
        let versions = versions.cloned().unwrap_or_default();
        let functions = body.functions.iter();
        let replaced = body.over.iter().filter_map(|at| survey.at(*at));
        PatchReport {
            id: body.id.clone(),
            sequence: body.sequence,
            title: body.title.clone(),
            state: state_word(patch.state),
            module: body.module.name.clone(),
            loaded_version: versions.loaded,
            file_version: versions.on_disk,
            unpatched_twins: patch.twins.clone(),
            frozen: patch.frozen,
            replaced: replaced.map(|p| p.record.body.id.clone()).collect(),
            on_stack: body.on_stack.clone(),
            functions: functions
                .map(|f| FunctionReport {
                    name: f.name.clone(),
                    entry: Some(f.entry),
                })
                .collect(),
            applied_at: (patch.state == State::Active).then(|| rfc3339(header.applied_at_ms)),
            package_sha256: body.package_sha256.clone(),
            region: patch.record.at,
            bytes_allocated: header.region_size,
            applied_by: body.applied_by.clone(),
        }
    }

    fn push(&self, text: &mut String) {
        let since = match &self.applied_at {
            Some(at) => format!(" since {at}"),
            None => String::new(),
        };
        let (id, module) = (line(&self.id), line(&self.module));
        let _ = writeln!(
            text,
            "  {id} (sequence {}) {}{since}: {} functions of {module}",
            self.sequence,
            self.state,
            self.functions.len()
        );
        if let Some(title) = &self.title {
            let _ = writeln!(text, "    {}", line(title));
        }
        let version = match (&self.loaded_version, &self.file_version) {
            (None, None) => None,
            (Some(loaded), Some(file)) if loaded == file => {
                Some(format!("version {loaded} is loaded, and on disk"))
            }
            (loaded, file) => {
                let said = |v: &Option<String>| v.clone().unwrap_or_else(|| "no version".into());
                let (loaded, file) = (said(loaded), said(file));
                Some(format!("version {loaded} is loaded, on disk is {file}"))
            }
        };
        if let Some(version) = version {
            let _ = writeln!(text, "    {}", line(&version));
        }
        for path in &self.unpatched_twins {
            let path = line(path);
            let _ = writeln!(text, "    loaded as well, and not patched: {path}");
        }
        if !self.replaced.is_empty() {
            let _ = writeln!(text, "    replaced {}", line(&self.replaced.join(", ")));
        }
        if !self.on_stack.is_empty() {
            let names = self.on_stack.join(", ");
            let _ = writeln!(text, "    was allowed on the stack: {}", line(&names));
        }
        if self.frozen {
            text.push_str(
                "    frozen; apply, revert and recover thaw a process that was left so\n",
            );
        }
        if self.state == "pending" {
            text.push_str(
                "    an operation is under way or was interrupted; revert clears it away\n",
            );
        }
        if self.state == "detached" {
            text.push_str("    the module was unloaded; revert clears away what is left\n");
        }
    }
}
