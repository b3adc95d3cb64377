//! `hotpatch withdraw`.

use std::path::{Path, PathBuf};

use anyhow::{Context, anyhow};
use clap::{Args, Subcommand};

use super::key_arg::PassphraseArgs;
use super::{Failure, Format, Global, Outcome, list_file, output};
use crate::exit::Exit;
use crate::moment::Moment;
use crate::ops::store;
use crate::ops::withdrawal::{List, SignedList, Withdrawn};
use crate::package::container::{MAX_FILE, Signature};
use crate::package::file::read_limited;
use crate::package::open_unverified;
use crate::report::out;
use crate::report::withdraw::WithdrawReport;

/// Take packages back that are out already
///
/// Writes a list that names them, signed by the keys that sign packages. Machines take it in
/// with `hotpatch store add` or `hotpatch sync --from`, and `hotpatch sync` obeys it.
#[derive(Debug, Args)]
pub struct WithdrawArgs {
    #[command(subcommand)]
    command: WithdrawCommand,
}

#[derive(Debug, Subcommand)]
enum WithdrawCommand {
    Write(Box<WriteArgs>),
    Show(ShowArgs),
}

/// Write the next list of a product
///
/// A product has one list: each takes the place of the one before, which --after carries over.
/// It expires, so that a machine from which the next list is kept away notices: from then on it
/// applies nothing of that product. Write a new one in time, also where nothing is withdrawn.
#[derive(Debug, Args)]
struct WriteArgs {
    /// The packages to withdraw
    #[arg(value_name = "PKG.hpk", requires = "reason")]
    packages: Vec<PathBuf>,
    /// The file to write
    #[arg(short, long, value_name = "LIST.hpw")]
    output: PathBuf,
    /// Private key to sign with; others are added with `hotpatch sign`
    #[arg(long, value_name = "KEY.pem")]
    key: PathBuf,
    #[command(flatten)]
    passphrase: PassphraseArgs,
    /// The list before: what it withdraws stays withdrawn, and the sequence goes on
    #[arg(long, value_name = "LIST.hpw")]
    after: Option<PathBuf>,
    /// Until when it is known to be the latest: a day, or a time such as 2026-02-28T18:00:00Z
    #[arg(long, value_name = "WHEN", value_parser = super::build::expiry)]
    expires: Moment,
    /// Why the packages are withdrawn
    #[arg(long, value_name = "TEXT", value_parser = one_line)]
    reason: Option<String>,
    /// Also take the packages out of processes that have them
    #[arg(long, requires = "packages")]
    revert: bool,
    /// Let a package go that the list before withdraws, by its id; may be given several times
    #[arg(long = "restore", value_name = "ID", requires = "after")]
    restored: Vec<String>,
    /// The product, where no package and no list before says so
    #[arg(long, value_name = "NAME")]
    product: Option<String>,
    /// Number of the list [default: 1, or one more than that of the list before]
    #[arg(long, value_name = "N")]
    sequence: Option<u64>,
}

/// Show what a list withdraws, and who signed it
///
/// Whether a machine accepts it is decided by its trust store.
#[derive(Debug, Args)]
struct ShowArgs {
    /// The list
    #[arg(value_name = "LIST.hpw")]
    list: PathBuf,
}

fn one_line(text: &str) -> Result<String, String> {
    match store::is_line(text) {
        true => Ok(text.to_owned()),
        false => Err("one line of 1 to 256 bytes is needed".to_owned()),
    }
}

impl WithdrawArgs {
    /// Runs the command.
    pub fn run(&self, global: Global) -> Outcome {
        let report = match &self.command {
            WithdrawCommand::Write(args) => args.run()?,
            WithdrawCommand::Show(args) => {
                let list = list_file::read(&args.list)?;
                WithdrawReport::new("shown", &args.list, &list)
            }
        };
        match global.format {
            Format::Text => out::print_text(&report.text())?,
            Format::Json => out::print_json(&report)?,
        }
        Ok(Exit::Done)
    }
}

/// A package to withdraw, and its product.
type Named = (String, Withdrawn);

impl WriteArgs {
    fn run(&self) -> Result<WithdrawReport, Failure> {
        let before = self.after.as_deref().map(list_file::read).transpose()?;
        let before = before.as_ref().map(|signed| &signed.list);
        let packages = self.packages.iter().map(|path| self.package(path));
        let packages: Vec<Named> = packages.collect::<Result<_, _>>()?;
        let product = self.product(before, &packages)?;
        let sequence = match (self.sequence, before) {
            (None, None) => 1,
            (None, Some(before)) => before.sequence.saturating_add(1),
            (Some(n), Some(before)) if n <= before.sequence => {
                let there = before.sequence;
                return Err(usage(format!(
                    "the sequence {n} is not above {there}, that of the list before"
                )));
            }
            (Some(n), _) => n,
        };
        let withdrawn = self.withdrawn(before, packages)?;
        let times = (Moment::now(), self.expires);
        let list = List::new((&product, sequence), times, withdrawn);
        let list = list.map_err(|e| usage(format!("the list cannot be written: {e}")))?;
        let mut signed = SignedList::unsigned(list)?;
        let key = self.passphrase.signing_key(&self.key)?;
        signed.add(Signature {
            bytes: key.sign(&signed.message()),
            key: key.public(),
        })?;
        let inputs = self
            .packages
            .iter()
            .chain([&self.key])
            .map(PathBuf::as_path);
        output::write(&self.output, &signed.to_bytes(), inputs)?;
        Ok(WithdrawReport::new("written", &self.output, &signed))
    }

    fn package(&self, path: &Path) -> Result<Named, Failure> {
        let context = || format!("cannot read the package {}", path.display());
        let bytes = read_limited(path, MAX_FILE).with_context(context)?;
        let package = open_unverified(&bytes).with_context(context)?;
        if !package.intact() {
            let error = anyhow!("{} was changed after it was signed", path.display());
            return Err(Failure::new(Exit::Untrusted, error)
                .hint("fetch the package again: the list would withdraw something else"));
        }
        let reason = self.reason.as_deref().unwrap_or_default();
        let product = package.manifest.product().to_owned();
        Ok((product, Withdrawn::of(&package, self.revert, reason)))
    }

    /// The one product that all is about.
    fn product(&self, before: Option<&List>, packages: &[Named]) -> Result<String, Failure> {
        let mut all = before
            .map(|l| l.product.clone())
            .into_iter()
            .collect::<Vec<_>>();
        all.extend(packages.iter().map(|(product, _)| product.clone()));
        all.extend(self.product.clone());
        let Some(first) = all.first() else {
            return Err(usage("no product is named".to_owned())
                .hint("name packages, the list before (--after), or the product (--product)"));
        };
        match all
            .iter()
            .find(|p| p.to_lowercase() != first.to_lowercase())
        {
            None => Ok(first.clone()),
            Some(other) => Err(
                usage(format!("this is about {first:?} and about {other:?}"))
                    .hint("each product has a list of its own"),
            ),
        }
    }

    fn withdrawn(
        &self,
        before: Option<&List>,
        packages: Vec<Named>,
    ) -> Result<Vec<Withdrawn>, Failure> {
        let mut withdrawn = before.map(|l| l.withdrawn.clone()).unwrap_or_default();
        for id in &self.restored {
            let count = withdrawn.len();
            withdrawn.retain(|w| w.id != *id);
            if withdrawn.len() == count {
                let error = usage(format!("the list before does not withdraw {id:?}"));
                return Err(error.hint("`hotpatch withdraw show` lists what it withdraws"));
            }
        }
        for (_, entry) in packages {
            // It may be said anew, as to take it out of processes as well.
            withdrawn.retain(|w| w.content_sha256 != entry.content_sha256);
            withdrawn.push(entry);
        }
        Ok(withdrawn)
    }
}

fn usage(text: String) -> Failure {
    Failure::new(Exit::Usage, anyhow!(text))
}
