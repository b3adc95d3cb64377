//! `hotpatch man`.

mod page;

use std::path::PathBuf;

use anyhow::Context;
use clap::Args;

use super::{Format, Global, Outcome, described, output};
use crate::exit::Exit;
use crate::report::man::ManReport;
use crate::report::out;

/// Write the manual pages
///
/// One page for the program and one for each command, such as hotpatch-apply.1. The folder is
/// made where there is none; pages that are there already are written anew. The same program
/// writes the same bytes.
#[derive(Debug, Args)]
pub struct ManArgs {
    /// Folder for the pages, such as /usr/local/share/man/man1
    #[arg(value_name = "DIR")]
    folder: PathBuf,
}

impl ManArgs {
    /// Runs the command.
    pub fn run(&self, global: Global) -> Outcome {
        std::fs::create_dir_all(&self.folder)
            .with_context(|| format!("cannot make {}", self.folder.display()))?;
        let mut files = Vec::new();
        for (name, page) in page::all(described())? {
            output::write(&self.folder.join(&name), &page, [])?;
            files.push(name);
        }
        let report = ManReport {
            schema: "hotpatch.man/1",
            folder: self.folder.display().to_string(),
            files,
        };
        match global.format {
            Format::Text => out::print_text(&report.text())?,
            Format::Json => out::print_json(&report)?,
        }
        Ok(Exit::Done)
    }
}
