//! How a command fails: an exit code, a message with its causes, and what to do next.

use std::io::Write;
use std::process::ExitCode;

use schemars::JsonSchema;
use serde::Serialize;

use super::Format;
use crate::exit::Exit;
use crate::report::{out, sanitize};

/// Why a command did not do what it was asked to do.
#[derive(Debug)]
pub struct Failure {
    /// The exit code.
    pub exit: Exit,
    /// What is wrong, with its causes.
    pub error: anyhow::Error,
    /// What the user can do next.
    pub hint: Option<String>,
}

impl Failure {
    /// A failure with this exit code.
    pub fn new(exit: Exit, error: impl Into<anyhow::Error>) -> Self {
        Failure {
            exit,
            error: error.into(),
            hint: None,
        }
    }

    /// The same failure with advice on what to do next.
    pub fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }

    /// What is wrong, its causes, and the advice, a line each.
    pub fn lines(&self) -> Vec<String> {
        let chain = self.error.chain().map(ToString::to_string);
        chain.chain(self.hint.clone()).collect()
    }

    /// Prints the failure: text on standard error, JSON on standard output.
    pub fn report(&self, format: Format) -> ExitCode {
        match format {
            Format::Text => self.print_text(),
            Format::Json => self.print_json(),
        }
        self.exit.into()
    }

    /// Prints the failure as a warning: what was asked for has been done all the same.
    pub fn warn(&self, what: &str) {
        let text = self.text(&format!("warning: {what}: "));
        let _ = std::io::stderr().write_all(text.as_bytes());
    }

    fn print_text(&self) {
        let _ = std::io::stderr().write_all(self.text("error: ").as_bytes());
    }

    fn text(&self, start: &str) -> String {
        let mut text = format!("{start}{}\n", indented(&self.error.to_string()));
        for cause in self.error.chain().skip(1) {
            text.push_str(&format!("  caused by: {}\n", indented(&cause.to_string())));
        }
        if let Some(hint) = &self.hint {
            text.push_str(&format!("  hint: {}\n", indented(hint)));
        }
        text
    }

    fn print_json(&self) {
        let document = ErrorDocument {
            schema: "hotpatch.error/1",
            exit_code: self.exit.code(),
            message: self.error.to_string(),
            causes: self
                .error
                .chain()
                .skip(1)
                .map(ToString::to_string)
                .collect(),
            hint: self.hint.as_deref(),
        };
        let _ = out::print_json(&document);
    }
}

/// The text with its further lines set in, so that none of them can pass for another
/// part of the message, and without anything that a terminal acts on.
fn indented(text: &str) -> String {
    sanitize::lines(text.trim_end()).replace('\n', "\n    ")
}

/// Any error that no command gave a better exit code is exit code 1.
impl<E: Into<anyhow::Error>> From<E> for Failure {
    fn from(error: E) -> Self {
        Failure::new(Exit::Error, error)
    }
}

/// An error, instead of the report that was asked for.
#[derive(Serialize, JsonSchema)]
pub(super) struct ErrorDocument<'a> {
    /// `hotpatch.error/1`
    schema: &'static str,
    /// The exit code of the process.
    exit_code: u8,
    /// What is wrong.
    message: String,
    /// What led to it, the nearest cause first.
    causes: Vec<String>,
    /// What to do next.
    hint: Option<&'a str>,
}

/// Prints what clap has to say (also `--help` and `--version`) and maps its exit code.
pub fn usage(error: &clap::Error) -> ExitCode {
    if !error.use_stderr() {
        let _ = error.print();
        return Exit::Done.into();
    }
    if wants_json(std::env::args_os()) {
        let text = error.render().to_string();
        let text = text.trim_start_matches("error: ").trim_end().to_owned();
        return Failure::new(Exit::Usage, anyhow::Error::msg(text)).report(Format::Json);
    }
    let _ = error.print();
    Exit::Usage.into()
}

/// Whether a command line that could not be understood asks for JSON all the same.
fn wants_json(args: impl Iterator<Item = std::ffi::OsString>) -> bool {
    let args: Vec<_> = args.collect();
    args.iter().any(|arg| arg == "--format=json")
        || args
            .windows(2)
            .any(|w| w[0] == "--format" && w[1] == "json")
}
