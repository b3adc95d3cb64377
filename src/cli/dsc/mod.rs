//! `hotpatch dsc`: the commands behind the DSC resource Hotpatch/Package.

#[cfg(windows)]
mod machine;

use clap::{Args, Subcommand};

#[cfg(windows)]
use super::Failure;
use super::{Global, Outcome};
use crate::exit::Exit;
use crate::ops::dsc::Instance;
use crate::report::{out, schema};

/// Be the DSC resource Hotpatch/Package
///
/// Microsoft DSC calls it, as examples/dsc/hotpatch.dsc.resource.json tells it to. An instance
/// comes as JSON on standard input, and answers are lines of JSON, whatever --format says. Any
/// exit code but 0 is an error.
#[derive(Debug, Args)]
pub struct DscArgs {
    #[command(subcommand)]
    operation: Operation,
}

#[derive(Debug, Subcommand)]
enum Operation {
    /// Print the state of an instance
    Get,
    /// Take the package into the store and apply it to its processes; or take it out
    ///
    /// Prints the state and, on a second line, which properties changed. It is an error (9)
    /// where a process is not as desired afterwards.
    Set(SetArgs),
    /// Print the state of an instance and, on a second line, which properties differ
    Test,
    /// Print an instance for each package of the store
    Export,
    /// Print the JSON Schema of an instance
    Schema,
}

#[derive(Debug, Args)]
struct SetArgs {
    /// Only say what would be. Writes nothing
    #[arg(long)]
    what_if: bool,
}

impl DscArgs {
    /// Runs the command.
    pub fn run(&self, _: Global) -> Outcome {
        if let Operation::Schema = self.operation {
            out::print_json_line(&schema::of_input::<Instance>())?;
            return Ok(Exit::Done);
        }
        self.on_machine()
    }

    #[cfg(windows)]
    fn on_machine(&self) -> Outcome {
        match &self.operation {
            Operation::Get => print_all(&[machine::get(&input::instance()?)?])?,
            Operation::Test => print_with(&machine::test(&input::instance()?)?)?,
            Operation::Set(args) => {
                print_with(&machine::set(&input::instance()?, args.what_if)?)?;
            }
            Operation::Export => print_all(&machine::export(input::filter()?.as_ref())?)?,
            Operation::Schema => {}
        }
        Ok(Exit::Done)
    }

    /// Says that this isn't the place.
    #[cfg(not(windows))]
    fn on_machine(&self) -> Outcome {
        Err(super::process_arg::needs_windows("dsc"))
    }
}

#[cfg(windows)]
fn print_all(instances: &[Instance]) -> Result<(), Failure> {
    for instance in instances {
        out::print_json_line(instance)?;
    }
    Ok(())
}

/// The state, and on a line of its own names of properties.
#[cfg(windows)]
fn print_with((instance, names): &(Instance, Vec<String>)) -> Result<(), Failure> {
    out::print_json_line(instance)?;
    out::print_json_line(names)?;
    Ok(())
}

#[cfg(windows)]
mod input {
    use std::io::Read;

    use anyhow::Context;

    use crate::cli::Failure;
    use crate::exit::Exit;
    use crate::ops::dsc::Instance;

    /// Largest input in bytes.
    const MAX: u64 = 1 << 20;

    fn text() -> Result<String, Failure> {
        let mut text = String::new();
        let mut input = std::io::stdin().lock().take(MAX);
        input
            .read_to_string(&mut text)
            .context("cannot read an instance from standard input")?;
        Ok(text.trim().to_owned())
    }

    fn parse(text: &str) -> Result<Instance, Failure> {
        let instance: Instance = serde_json::from_str(text)
            .context("standard input is no instance of Hotpatch/Package")
            .map_err(|error| {
                Failure::new(Exit::Usage, error).hint("`hotpatch dsc schema` describes one")
            })?;
        let too_long = instance.max_freeze_ms.is_some_and(|ms| ms > 60_000);
        if too_long {
            let error = anyhow::anyhow!("maxFreezeMs is 60000 at most");
            return Err(Failure::new(Exit::Usage, error));
        }
        Ok(instance)
    }

    /// The instance that is asked for.
    ///
    /// # Errors
    /// Exit code 2 where standard input is none.
    pub fn instance() -> Result<Instance, Failure> {
        parse(&text()?)
    }

    /// The same, where there need not be one.
    ///
    /// # Errors
    /// As [`instance`].
    pub fn filter() -> Result<Option<Instance>, Failure> {
        let text = text()?;
        match text.is_empty() || text == "{}" {
            true => Ok(None),
            false => parse(&text).map(Some),
        }
    }
}
