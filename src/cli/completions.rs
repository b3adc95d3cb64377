//! `hotpatch completions`.

use anyhow::Context;
use clap::{Args, ValueEnum};
use clap_complete::{Generator, Shell};

use super::{Format, Global, Outcome, described};
use crate::exit::Exit;
use crate::report::completions::CompletionsReport;
use crate::report::out;

/// Print what makes a shell complete the command line of hotpatch
///
/// For bash, put it into ~/.local/share/bash-completion/completions/hotpatch; for zsh, into a
/// file _hotpatch in a folder of $fpath; for fish, into
/// ~/.config/fish/completions/hotpatch.fish. For PowerShell, put this line into $PROFILE:
/// hotpatch completions powershell | Out-String | Invoke-Expression
#[derive(Debug, Args)]
pub struct CompletionsArgs {
    /// The shell
    #[arg(value_name = "SHELL", value_enum)]
    shell: Known,
}

/// The shells that are tested.
#[derive(Clone, Copy, Debug, ValueEnum)]
#[value(rename_all = "lower")]
enum Known {
    Bash,
    Zsh,
    Fish,
    PowerShell,
}

impl CompletionsArgs {
    /// Runs the command.
    pub fn run(&self, global: Global) -> Outcome {
        let shell = match self.shell {
            Known::Bash => Shell::Bash,
            Known::Zsh => Shell::Zsh,
            Known::Fish => Shell::Fish,
            Known::PowerShell => Shell::PowerShell,
        };
        let mut script = Vec::new();
        clap_complete::generate(shell, &mut described(), "hotpatch", &mut script);
        let script = String::from_utf8(script).context("the script is not text")?;
        match global.format {
            Format::Text => out::print_text(&script)?,
            Format::Json => out::print_json(&CompletionsReport {
                schema: "hotpatch.completions/1",
                shell: shell.to_string(),
                file_name: shell.file_name("hotpatch"),
                script: &script,
            })?,
        }
        Ok(Exit::Done)
    }
}
