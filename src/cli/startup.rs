//! `hotpatch store enable-startup` and `disable-startup`.

use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context, anyhow};
use clap::{Args, Subcommand};

use super::{Failure, Format, Global, Outcome, output, sync};
use crate::exit::Exit;
use crate::ops::startup::{NAME, Task};
use crate::report::out;
use crate::report::startup::StartupReport;

/// Whether `sync` runs after each start of the machine.
#[derive(Debug, Subcommand)]
pub enum StartupCommand {
    EnableStartup(EnableArgs),
    DisableStartup(DisableArgs),
}

impl StartupCommand {
    /// Runs the command.
    pub fn run(&self, global: Global) -> Outcome {
        match self {
            StartupCommand::EnableStartup(args) => args.run(global),
            StartupCommand::DisableStartup(args) => args.run(global),
        }
    }
}

/// Let `hotpatch sync` run from the start of the machine on
///
/// Registers a scheduled task that runs `hotpatch sync --every` as the system, at once and after
/// each start of the machine, and again where it has ended; in the place of an earlier one. The
/// program is where it is now, which has to be a folder that administrators alone can write to.
#[derive(Debug, Args)]
pub struct EnableArgs {
    /// Time between two rounds, such as 5m or 30s; new processes are patched at once
    #[arg(long, value_name = "TIME", default_value = "5m", value_parser = sync::interval)]
    every: Duration,
    /// Take packages and lists of this folder in first, in each round
    #[arg(long, value_name = "DIR")]
    from: Option<PathBuf>,
    /// Leave the report of each round in this folder
    #[arg(long, value_name = "DIR")]
    report: Option<PathBuf>,
    /// Write metrics of each round to this file
    #[arg(long, value_name = "FILE.prom")]
    metrics: Option<PathBuf>,
    /// Only write the task to this file, for what registers tasks on many machines; paths stay
    /// as they are given
    #[arg(long, value_name = "FILE")]
    xml: Option<PathBuf>,
    /// Where `hotpatch.exe` is on those machines, for --xml [default: C:\Program
    /// Files\hotpatch\hotpatch.exe]
    #[arg(
        long,
        value_name = "PATH",
        requires = "xml",
        hide_default_value = true,
        default_value = r"C:\Program Files\hotpatch\hotpatch.exe"
    )]
    program: String,
}

/// Remove the scheduled task of `enable-startup`, and end it
///
/// Processes that have patches keep them.
#[derive(Debug, Args)]
pub struct DisableArgs {}

impl EnableArgs {
    fn run(&self, global: Global) -> Outcome {
        let report = match &self.xml {
            Some(file) => self.write(file)?,
            None => self.register()?,
        };
        print(&report, global)
    }

    fn write(&self, file: &Path) -> Result<StartupReport, Failure> {
        let task = Task::new(&self.program, &self.arguments(&|path| Ok(path.to_owned()))?);
        output::write(file, &task.xml().context("cannot make the task")?, [])?;
        Ok(StartupReport {
            command: Some(task.command_line()),
            xml: Some(file.display().to_string()),
            ..StartupReport::new(NAME, None)
        })
    }

    /// The arguments of the task, which starts in a folder of its own.
    fn arguments(
        &self,
        whole: &dyn Fn(&Path) -> std::io::Result<PathBuf>,
    ) -> Result<Vec<String>, Failure> {
        let every = format!("{}s", self.every.as_secs());
        let mut arguments = ["sync", "--quiet", "--every", &every]
            .map(str::to_owned)
            .to_vec();
        for (option, path) in [
            ("--from", &self.from),
            ("--report", &self.report),
            ("--metrics", &self.metrics),
        ] {
            let Some(path) = path else { continue };
            let whole = whole(path).with_context(|| format!("no path: {}", path.display()))?;
            let text = whole.to_str().ok_or_else(|| {
                Failure::new(
                    Exit::Usage,
                    anyhow!("{} has characters that a task can't have", path.display()),
                )
            })?;
            arguments.extend([option.to_owned(), text.to_owned()]);
        }
        Ok(arguments)
    }

    #[cfg(not(windows))]
    fn register(&self) -> Result<StartupReport, Failure> {
        let failure = super::process_arg::needs_windows("store enable-startup");
        Err(failure.hint("--xml FILE writes the task, to be registered there"))
    }

    #[cfg(windows)]
    fn register(&self) -> Result<StartupReport, Failure> {
        use super::store_arg::unusable;
        use crate::ops::store::{self, PackageStore};
        use crate::ops::{access, trust};
        use crate::process::{acl, scheduler};

        for variable in [store::FOLDER_VARIABLE, trust::FOLDER_VARIABLE] {
            if std::env::var_os(variable).is_some_and(|value| !value.is_empty()) {
                let error = anyhow!("{variable} is set, and the task will not have it");
                return Err(Failure::new(Exit::Usage, error)
                    .hint("remove the variable: the task uses the folders of the machine"));
            }
        }
        // The way there may lead through a link that somebody can lead elsewhere.
        let program = std::env::current_exe()
            .and_then(std::fs::canonicalize)
            .map(access::shown)
            .context("cannot tell where hotpatch.exe is")?;
        let changes = acl::who_can_change_program(&program);
        let context = || format!("cannot tell who can write to {}", program.display());
        if let Some(who) = changes.with_context(context)? {
            let error = anyhow!(
                "{} {who}: the system would run what is there",
                program.display()
            );
            return Err(Failure::new(Exit::Untrusted, error).hint(
                "install hotpatch.exe where administrators alone can write, such as in \
                 C:\\Program Files\\hotpatch, and run it there",
            ));
        }
        let arguments = self.arguments(&|path| std::path::absolute(path))?;
        let task = Task::new(&program.to_string_lossy(), &arguments);
        let text = task.xml().context("cannot make the task")?;
        // In a folder in which nobody else can change it before it is read.
        let store = PackageStore::open_or_create(&store::folder()).map_err(unusable)?;
        let file = store.folder.join("startup.xml");
        output::write(&file, &text, [])?;
        let registered = scheduler::register(NAME, &file);
        std::fs::remove_file(&file).with_context(|| format!("cannot remove {}", file.display()))?;
        registered.with_context(|| format!("cannot register the task {NAME}"))?;
        Ok(StartupReport {
            command: Some(task.command_line()),
            ..StartupReport::new(NAME, Some(true))
        })
    }
}

impl DisableArgs {
    #[cfg(not(windows))]
    fn run(&self, _global: Global) -> Outcome {
        Err(super::process_arg::needs_windows("store disable-startup"))
    }

    #[cfg(windows)]
    fn run(&self, global: Global) -> Outcome {
        use crate::process::scheduler;
        if scheduler::is_registered(NAME) != Some(false) {
            let deleted = scheduler::delete(NAME);
            deleted.with_context(|| format!("cannot delete the task {NAME}"))?;
        }
        print(&StartupReport::new(NAME, Some(false)), global)
    }
}

/// Whether the task is registered; `None` where that can't be seen.
pub fn is_enabled() -> Option<bool> {
    #[cfg(windows)]
    return crate::process::scheduler::is_registered(NAME);
    #[cfg(not(windows))]
    None
}

fn print(report: &StartupReport, global: Global) -> Outcome {
    match global.format {
        Format::Text => out::print_text(&report.text())?,
        Format::Json => out::print_json(report)?,
    }
    Ok(Exit::Done)
}
