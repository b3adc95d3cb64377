//! `hotpatch rollout`.

use std::path::Path;

use anyhow::{Context, anyhow};
use clap::{Args, Subcommand};

use super::gate::GateArgs;
use super::package_arg::untrusting;
use super::store_arg::{Judges, meant, open};
use super::{Failure, Format, Global, Outcome};
use crate::exit::Exit;
use crate::moment::Moment;
use crate::ops::audit::computer;
use crate::ops::policy::Approval;
use crate::ops::store;
use crate::ops::trust::{self, Store};
use crate::package::container::MAX_FILE;
use crate::package::file::read_limited;
use crate::package::open_unverified;
use crate::report::out;
use crate::report::rollout::RolloutReport;

/// Say when this machine applies a package, by the rollout of the policy
#[derive(Debug, Args)]
pub struct RolloutArgs {
    #[command(subcommand)]
    command: RolloutCommand,
}

#[derive(Debug, Subcommand)]
enum RolloutCommand {
    Explain(ExplainArgs),
    Approve(ApproveArgs),
    Gate(GateArgs),
}

/// Say in one sentence whether it is the turn of this machine, and when
///
/// Writes nothing.
#[derive(Debug, Args)]
struct ExplainArgs {
    /// A package of the store: its id, the first 8 digits of its SHA-256 or more, or the file
    #[arg(value_name = "PACKAGE")]
    package: String,
}

/// Approve a package for a ring whose machines wait for that
///
/// Appends to policy.toml in the trust store. Bring that file to the machines of the ring, or
/// say it on each of them.
#[derive(Debug, Args)]
struct ApproveArgs {
    /// The file, or a package of the store: its id, the first 8 digits of its SHA-256 or more
    #[arg(value_name = "PACKAGE")]
    package: String,
    /// The ring [default: that of this machine]
    #[arg(long, value_name = "RING")]
    ring: Option<String>,
}

impl RolloutArgs {
    /// Runs the command.
    pub fn run(&self, global: Global) -> Outcome {
        match &self.command {
            RolloutCommand::Explain(args) => args.run(global),
            RolloutCommand::Approve(args) => args.run(global),
            RolloutCommand::Gate(args) => args.run(global),
        }
    }
}

impl ExplainArgs {
    fn run(&self, global: Global) -> Outcome {
        let judges = Judges::load()?;
        let (store, stock) = open(&judges)?;
        let sha256 = meant(&self.package, &store, &stock)?;
        let mut usable = stock.usable.iter();
        let usable = usable.find(|u| u.candidate.sha256 == sha256);
        let usable = usable.ok_or_else(|| {
            let error = anyhow!("the package {sha256} of the store cannot be used");
            Failure::new(Exit::Untrusted, error).hint("`hotpatch store list` says why")
        })?;
        let machine = computer();
        let incoming = store::incoming(&usable.candidate);
        let admission = judges.guard.admission(&incoming, &machine);
        let report = RolloutReport::new(&usable.candidate, (&store, &stock), machine, admission);
        match global.format {
            Format::Text => out::print_text(&report.text())?,
            Format::Json => out::print_json(&report)?,
        }
        Ok(Exit::Done)
    }
}

impl ApproveArgs {
    fn run(&self, global: Global) -> Outcome {
        let mut trust = Store::load(&trust::folder()).map_err(untrusting)?;
        let Some(rollout) = &trust.policy.rollout else {
            let error = anyhow!("the policy has no rollout");
            return Err(Failure::new(Exit::Usage, error)
                .hint("every machine applies what it is allowed to; nothing has to be approved"));
        };
        let ring = match &self.ring {
            Some(ring) => ring.clone(),
            None => {
                let own = rollout.ring_of(&computer());
                own.map(|ring| ring.name.clone()).unwrap_or_default()
            }
        };
        let names: Vec<&str> = rollout.rings.iter().map(|r| r.name.as_str()).collect();
        if !names.contains(&ring.as_str()) {
            let error = anyhow!("the policy has no ring {ring:?}");
            let hint = format!("its rings are {}", names.join(", "));
            return Err(Failure::new(Exit::Usage, error).hint(hint));
        }
        let package = self.content()?;
        let approval = Approval {
            package: package.clone(),
            ring: ring.clone(),
            on: Some(Moment::now()),
        };
        let new = trust.approve(approval).map_err(super::trust::not_edited)?;
        let done = match new {
            true => format!("approved {package} for the ring {ring}"),
            false => format!("{package} is approved for the ring {ring} already"),
        };
        let report = crate::report::trust::StoreReport::new(&trust, Some(done));
        match global.format {
            Format::Text => out::print_text(&report.text())?,
            Format::Json => out::print_json(&report)?,
        }
        Ok(Exit::Done)
    }

    /// SHA-256 of what the package holds.
    fn content(&self) -> Result<String, Failure> {
        let path = Path::new(&self.package);
        if path.is_file() {
            let context = || format!("cannot read the package {}", path.display());
            let bytes = read_limited(path, MAX_FILE).with_context(context)?;
            let package = open_unverified(&bytes).with_context(context)?;
            if !package.intact() {
                let error = anyhow!("{} was changed after it was signed", path.display());
                return Err(Failure::new(Exit::Untrusted, error).hint("fetch the package again"));
            }
            return Ok(package.content_sha256_hex());
        }
        let judges = Judges::load()?;
        let (store, stock) = open(&judges)?;
        let sha256 = meant(&self.package, &store, &stock)?;
        let mut usable = stock.usable.iter();
        let found = usable.find(|u| u.candidate.sha256 == sha256);
        let found = found.map(|u| u.candidate.content_sha256.clone());
        found.ok_or_else(|| Failure::from(anyhow!("the package {sha256} cannot be used")))
    }
}
