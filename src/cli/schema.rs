//! `hotpatch schema`.

use anyhow::anyhow;
use clap::Args;

use super::{Failure, Global, Outcome, failure};
use crate::exit::Exit;
use crate::ops::dsc::Instance;
use crate::ops::policy::Policy;
use crate::report::{out, schema};

/// Print the JSON Schema of a report, or of the policy file
///
/// Lists the reports where none is named.
#[derive(Debug, Args)]
pub struct SchemaArgs {
    /// Name of a report, such as diff
    #[arg(value_name = "REPORT")]
    report: Option<String>,
}

impl SchemaArgs {
    /// Runs the command. A schema is a JSON document in either format.
    pub fn run(&self, _: Global) -> Outcome {
        let Some(name) = &self.report else {
            let names: Vec<&str> = all().map(|(name, _)| name).collect();
            out::print_text(&format!("{}\n", names.join("\n")))?;
            return Ok(Exit::Done);
        };
        let entry = all().find(|(n, _)| n == name);
        let entry = entry.ok_or_else(|| unknown(name))?;
        out::print_json(&schema::document(entry))?;
        Ok(Exit::Done)
    }
}

/// Every report by name, that of errors as well; the file that a person writes; and the instance
/// of the DSC resource.
fn all() -> impl Iterator<Item = schema::Entry> {
    let error: schema::Entry = ("error", schema::of::<failure::ErrorDocument<'static>>);
    let policy: schema::Entry = ("policy-file", schema::of_input::<Policy>);
    let instance: schema::Entry = ("dsc-instance", schema::of_input::<Instance>);
    let reports = schema::REPORTS.iter().copied();
    reports.chain([error, policy, instance])
}

fn unknown(name: &str) -> Failure {
    let error = anyhow!("no report has the name {name:?}");
    Failure::new(Exit::Usage, error).hint("`hotpatch schema` lists all reports")
}
