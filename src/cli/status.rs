//! `hotpatch status`.

use std::path::PathBuf;

use clap::Args;

use super::{Global, Outcome};

/// Show which patches running processes have
///
/// Reads it from the memory of the processes. Where this machine has a store of packages, it
/// also says in which state each process is that they are for, as `hotpatch list` does.
#[derive(Debug, Args)]
pub struct StatusArgs {
    /// Only this process; otherwise all that can be opened
    #[arg(long, value_name = "N")]
    pid: Option<u32>,
    /// Also show the processes that this package could be applied to and was not. The
    /// package is looked at only, so its signature isn't needed
    #[arg(long, value_name = "PKG.hpk")]
    package: Option<PathBuf>,
}

impl StatusArgs {
    /// Runs the command.
    #[cfg(windows)]
    pub fn run(&self, global: Global) -> Outcome {
        windows::run(self, global)
    }

    /// Says that this isn't the place.
    #[cfg(not(windows))]
    pub fn run(&self, _global: Global) -> Outcome {
        Err(super::process_arg::needs_windows("status"))
    }
}

#[cfg(windows)]
mod windows {
    use std::collections::BTreeSet;
    use std::path::Path;
    use std::sync::Arc;

    use anyhow::Context;

    use super::StatusArgs;
    use crate::apply::Preflight;
    use crate::apply::survey::{State, Survey};
    use crate::apply::target::Target;
    use crate::apply::versions;
    use crate::cli::in_time::in_time;
    use crate::cli::machine::Machine;
    use crate::cli::process_arg::open;
    use crate::cli::store_arg::{self, Judges};
    use crate::cli::{Failure, Format, Global, Outcome};
    use crate::exit::Exit;
    use crate::finding::Severity;
    use crate::ops::store;
    use crate::package::container::MAX_FILE;
    use crate::package::file::read_limited;
    use crate::package::{Package, check_manifest, open_unverified};
    use crate::process::{Access, Process, is_critical, pids};
    use crate::report::machine::MachineReport;
    use crate::report::out;
    use crate::report::status::{NotPatched, ProcessReport, StatusReport};

    pub fn run(args: &StatusArgs, global: Global) -> Outcome {
        let package = args.package.as_deref().map(load).transpose()?.map(Arc::new);
        let mut report = StatusReport::new();
        report.not_patched = package.is_some().then(Vec::new);
        match args.pid {
            Some(pid) => {
                let process = open(pid, Access::Look)?;
                let survey = Survey::of(&process)?;
                let identity = process.identity();
                let versions = versions::of(&process, &survey);
                report
                    .processes
                    .push(ProcessReport::new(identity, &survey, &versions));
                let reason = package.as_ref().and_then(|p| missing(&process, survey, p));
                if let Some(list) = &mut report.not_patched {
                    list.extend(reason.map(|reason| not_patched(&process, reason)));
                }
            }
            None => {
                for pid in pids()? {
                    if is_critical(pid) {
                        report.left_alone += 1;
                        continue;
                    }
                    let package = package.clone();
                    match in_time(move || look(pid, package.as_deref())) {
                        Some(seen) => seen.add_to(&mut report),
                        None => report.unanswered += 1,
                    }
                }
            }
        }
        add_states(args.pid, &mut report);
        match global.format {
            Format::Text => out::print_text(&report.text())?,
            Format::Json => out::print_json(&report)?,
        }
        Ok(Exit::Done)
    }

    /// Adds what the store of packages says, where there is one. What is in the processes is
    /// shown whatever comes of that.
    fn add_states(pid: Option<u32>, report: &mut StatusReport) {
        match states(pid) {
            Ok(None) => {}
            Ok(Some(found)) => {
                report.store = Some(found.store);
                report.add_states(found.processes, pid.is_some());
            }
            Err(failure) => report.store_problem = Some(failure.lines().join("; ")),
        }
    }

    fn states(pid: Option<u32>) -> Result<Option<MachineReport>, Failure> {
        if !store::folder().exists() {
            return Ok(None);
        }
        let judges = Judges::load()?;
        let (store, stock) = store_arg::open(&judges)?;
        let machine = Machine::new(judges, store, stock);
        let only = pid.map(|pid| BTreeSet::from([pid]));
        Ok(Some(machine.report(&machine.look(only.as_ref())?)))
    }

    /// What was seen of one of many processes.
    #[derive(Default)]
    struct Seen {
        is_denied: bool,
        process: Option<ProcessReport>,
        not_patched: Option<NotPatched>,
    }

    impl Seen {
        fn add_to(self, report: &mut StatusReport) {
            report.inaccessible += usize::from(self.is_denied);
            report.processes.extend(self.process);
            if let Some(list) = &mut report.not_patched {
                list.extend(self.not_patched);
            }
        }
    }

    /// Looks at one of many processes, which may be ending or just starting.
    fn look(pid: u32, package: Option<&Package>) -> Seen {
        let mut seen = Seen::default();
        let process = match Process::open(pid, Access::Look) {
            Ok(process) => process,
            Err(error) => {
                seen.is_denied = error.is_denied();
                return seen;
            }
        };
        let Ok(survey) = Survey::of(&process) else {
            return seen;
        };
        if !survey.patches.is_empty() || !survey.unreadable.is_empty() {
            let identity = process.identity();
            let versions = versions::of(&process, &survey);
            seen.process = Some(ProcessReport::new(identity, &survey, &versions));
        }
        let reason = package.and_then(|p| missing(&process, survey, p));
        seen.not_patched = reason.map(|reason| not_patched(&process, reason));
        seen
    }

    fn not_patched(process: &Process, reason: String) -> NotPatched {
        let identity = process.identity();
        NotPatched {
            pid: identity.pid,
            image: identity.image.clone(),
            reason,
        }
    }

    /// Why a process that has the package's module doesn't have the patch; `None` where it
    /// has it, or doesn't have the module.
    fn missing(process: &Process, survey: Survey, package: &Package) -> Option<String> {
        let manifest = &package.manifest;
        let active = |state| state == State::Active;
        if survey
            .by_id(&manifest.patch.id)
            .is_some_and(|p| active(p.state))
        {
            return None;
        }
        let wanted = &manifest.target.file_name;
        let modules = process.modules().ok()?;
        modules.iter().find(|m| m.is_called(wanted))?;
        let preflight = match Preflight::run(process, package, survey) {
            Ok(preflight) => preflight,
            Err(error) => return Some(error.to_string()),
        };
        let refusals: Vec<String> = preflight
            .findings
            .iter()
            .filter(|f| f.rule.severity != Severity::Note)
            .map(|f| format!("{} {}", f.rule.code, f.rule.title))
            .collect();
        Some(match refusals.is_empty() {
            true => String::from("it could be applied and was not"),
            false => refusals.join("; "),
        })
    }

    fn load(path: &Path) -> Result<Package, Failure> {
        let context = || format!("cannot read the package {}", path.display());
        let bytes = read_limited(path, MAX_FILE).with_context(context)?;
        let package = open_unverified(&bytes).with_context(context)?;
        check_manifest(&package.manifest).with_context(context)?;
        Ok(Package::clone(&package))
    }
}
