//! `hotpatch store`.

use std::path::PathBuf;

use clap::{Args, Subcommand};

use super::list_file::begins_as_list;
use super::store_arg::{Judges, meant, open, unusable};
use super::{Failure, Format, Global, Outcome, list_file, startup};
use crate::exit::Exit;
use crate::moment::Moment;
use crate::ops::store::{self, Added, Note, PackageStore, Pause};
use crate::ops::withdrawal::SignedList;
use crate::report::out;
use crate::report::store::StorePackagesReport;

/// Say which packages the processes of this machine should have
///
/// `hotpatch sync` applies them, and `hotpatch list` shows who has them. The trust store
/// decides about each package, when it comes in and whenever it is used.
#[derive(Debug, Args)]
pub struct StoreArgs {
    #[command(subcommand)]
    command: StoreCommand,
}

#[derive(Debug, Subcommand)]
enum StoreCommand {
    Add(AddArgs),
    Remove(RemoveArgs),
    Forget(ForgetArgs),
    /// List the packages, and what the trust store says of them now
    List,
    Hold(HoldArgs),
    Release(ReleaseArgs),
    Pause(PauseArgs),
    Resume(ResumeArgs),
    #[command(flatten)]
    Startup(startup::StartupCommand),
}

/// Take packages in, and lists of withdrawn packages
///
/// The store is made where there is none. A package that is there already stays; one that the
/// trust store or its policy refuses does not come in, and then none of them does. A list takes
/// the place of the one before of its product.
#[derive(Debug, Args)]
struct AddArgs {
    /// The packages, and lists (*.hpw)
    #[arg(value_name = "PKG.hpk", required = true)]
    files: Vec<PathBuf>,
}

/// Forget the list of withdrawn packages of a product, and its number
///
/// What it withdraws may be applied again, and any list of that product may come in. Needed
/// where its maker writes no further one.
#[derive(Debug, Args)]
struct ForgetArgs {
    /// The product, as `hotpatch store list` shows it
    #[arg(value_name = "PRODUCT")]
    product: String,
}

/// Take a package out
///
/// Processes that have it keep it until they end, or until `hotpatch revert` takes it out.
#[derive(Debug, Args)]
struct RemoveArgs {
    /// Its id, the first 8 digits of its SHA-256 or more, or the file
    #[arg(value_name = "PACKAGE")]
    package: String,
}

/// Keep a package from being applied for now
///
/// Processes that have it keep it.
#[derive(Debug, Args)]
struct HoldArgs {
    /// Its id, the first 8 digits of its SHA-256 or more, or the file
    #[arg(value_name = "PACKAGE")]
    package: String,
    /// Why
    #[arg(long, value_name = "TEXT", value_parser = one_line)]
    reason: Option<String>,
}

/// Let a package that was held or quarantined be applied again
#[derive(Debug, Args)]
struct ReleaseArgs {
    /// Its id, the first 8 digits of its SHA-256 or more, or the file
    #[arg(value_name = "PACKAGE")]
    package: String,
}

/// Leave all processes as they are, or those of one program
#[derive(Debug, Args)]
struct PauseArgs {
    /// File name of the program, such as server.exe; without it everything is paused
    #[arg(long, value_name = "PROGRAM", value_parser = one_line)]
    program: Option<String>,
    /// Why
    #[arg(long, value_name = "TEXT", value_parser = one_line)]
    reason: Option<String>,
}

/// End a pause
#[derive(Debug, Args)]
struct ResumeArgs {
    /// The program that was paused; without it the pause of everything ends
    #[arg(long, value_name = "PROGRAM", value_parser = one_line)]
    program: Option<String>,
}

type Done = Result<Vec<String>, Failure>;

impl StoreArgs {
    /// Runs the command.
    pub fn run(&self, global: Global) -> Outcome {
        if let StoreCommand::Startup(command) = &self.command {
            return command.run(global);
        }
        let judges = Judges::load()?;
        let done = match &self.command {
            StoreCommand::List | StoreCommand::Startup(_) => Vec::new(),
            StoreCommand::Add(args) => args.run(&judges)?,
            StoreCommand::Remove(args) => args.run(&judges)?,
            StoreCommand::Forget(args) => args.run()?,
            StoreCommand::Hold(args) => args.run(&judges)?,
            StoreCommand::Release(args) => args.run(&judges)?,
            StoreCommand::Pause(args) => args.run()?,
            StoreCommand::Resume(args) => args.run()?,
        };
        let (store, stock) = open(&judges)?;
        let mut report = StorePackagesReport::new((&store, &stock), &judges.sync, done);
        report.startup = startup::is_enabled();
        match global.format {
            Format::Text => out::print_text(&report.text())?,
            Format::Json => out::print_json(&report)?,
        }
        Ok(Exit::Done)
    }
}

impl AddArgs {
    fn run(&self, judges: &Judges) -> Done {
        let (lists, packages): (Vec<_>, Vec<_>) =
            self.files.iter().partition(|path| begins_as_list(path));
        let lists = lists.into_iter().map(|path| list_file::read(path));
        let lists: Vec<SignedList> = lists.collect::<Result<_, _>>()?;
        let admitted = packages.into_iter().map(|path| judges.admit(path));
        let admitted: Vec<_> = admitted.collect::<Result<_, _>>()?;
        let mut store = PackageStore::open_or_create(&store::folder()).map_err(unusable)?;
        for list in &lists {
            store.weigh(list, &judges.guard).map_err(unusable)?;
        }
        let mut done = Vec::new();
        for list in &lists {
            let (product, sequence) = (&list.list.product, list.list.sequence);
            let added = store.add_list(list, &judges.guard, Moment::now());
            done.push(match added.map_err(unusable)? {
                Added::New => format!("added list {sequence} of {product}"),
                Added::Before => format!("list {sequence} of {product} is in the store already"),
            });
        }
        for (bytes, usable) in &admitted {
            let package = &usable.candidate;
            let added = store.add(bytes, package, Moment::now());
            done.push(match added.map_err(unusable)? {
                Added::New => format!("added {} ({})", package.id, package.sha256),
                Added::Before => format!("{} is in the store already", package.id),
            });
        }
        Ok(done)
    }
}

impl RemoveArgs {
    fn run(&self, judges: &Judges) -> Done {
        let (mut store, stock) = open(judges)?;
        let sha256 = meant(&self.package, &store, &stock)?;
        let gone = store.remove(&sha256).map_err(unusable)?;
        Ok(vec![match gone {
            true => format!("removed {}; processes that have it keep it", self.package),
            false => format!("{} was removed already", self.package),
        }])
    }
}

impl ForgetArgs {
    fn run(&self) -> Done {
        let mut store = PackageStore::load(&store::folder()).map_err(unusable)?;
        let product = &self.product;
        let forgotten = store.forget_list(product).map_err(unusable)?;
        Ok(vec![match forgotten {
            true => format!("forgot what is withdrawn of {product}"),
            false => format!("there is no list of {product}"),
        }])
    }
}

impl HoldArgs {
    fn run(&self, judges: &Judges) -> Done {
        let (mut store, stock) = open(judges)?;
        let sha256 = meant(&self.package, &store, &stock)?;
        let note = Note {
            since: Moment::now(),
            reason: self.reason.clone(),
        };
        let held = store.hold(&sha256, note).map_err(unusable)?;
        Ok(vec![match held {
            true => format!("held {}", self.package),
            false => format!("{} is held already", self.package),
        }])
    }
}

impl ReleaseArgs {
    fn run(&self, judges: &Judges) -> Done {
        let (mut store, stock) = open(judges)?;
        let sha256 = meant(&self.package, &store, &stock)?;
        let released = store.release(&sha256).map_err(unusable)?;
        Ok(vec![match released {
            true => format!("released {}", self.package),
            false => format!("{} is neither held nor quarantined", self.package),
        }])
    }
}

impl PauseArgs {
    fn run(&self) -> Done {
        // What is to be left alone can be said before there is a package.
        let mut store = PackageStore::open_or_create(&store::folder()).map_err(unusable)?;
        let pause = Pause {
            program: self.program.clone(),
            since: Moment::now(),
            reason: self.reason.clone(),
        };
        let what = named(&self.program);
        let paused = store.pause(pause).map_err(unusable)?;
        Ok(vec![match paused {
            true => format!("paused {what}"),
            false => format!("{what} is paused already"),
        }])
    }
}

impl ResumeArgs {
    fn run(&self) -> Done {
        let mut store = PackageStore::load(&store::folder()).map_err(unusable)?;
        let what = named(&self.program);
        let resumed = store.resume(&self.program).map_err(unusable)?;
        Ok(vec![match resumed {
            true => format!("resumed {what}"),
            false => format!("{what} is not paused"),
        }])
    }
}

/// A text that fits a line of the ledger.
fn one_line(text: &str) -> Result<String, String> {
    match store::is_line(text) {
        true => Ok(text.to_owned()),
        false => Err("one line of 1 to 256 bytes is needed".to_owned()),
    }
}

fn named(program: &Option<String>) -> &str {
    program.as_deref().unwrap_or("everything")
}
