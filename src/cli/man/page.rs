//! The pages: what clap knows of a command, and what holds for all of them.

use std::io;

use clap::Command;
use clap_mangen::Man;
use clap_mangen::roff::{Roff, bold, italic, roman};

use crate::cli::key_arg::PASSPHRASE_VARIABLE;
use crate::exit::Exit;
use crate::ops::audit::LOG_VARIABLE;
use crate::ops::{store, trust};

/// The environment, and what is taken where a variable isn't set.
const ENVIRONMENT: &[(&str, &str)] = &[
    (
        trust::FOLDER_VARIABLE,
        "The folder of the trust store; without it %ProgramData%\\hotpatch\\trust on Windows and \
         /etc/hotpatch/trust elsewhere.",
    ),
    (
        store::FOLDER_VARIABLE,
        "The folder of the store of packages; without it %ProgramData%\\hotpatch\\store on \
         Windows and /var/lib/hotpatch/store elsewhere.",
    ),
    (
        LOG_VARIABLE,
        "The audit log; without it hotpatch\\audit.jsonl in %ProgramData% for whoever runs \
         elevated on Windows, in %LOCALAPPDATA% for everybody else there, and \
         $XDG_STATE_HOME/hotpatch/audit.jsonl elsewhere.",
    ),
    (
        PASSPHRASE_VARIABLE,
        "The passphrase of private keys; without it, and without --passphrase-file, it is asked \
         for at the terminal.",
    ),
];

/// The page of a command and those of all commands below it, each with the name of its file.
pub fn all(command: Command) -> io::Result<Vec<(String, Vec<u8>)>> {
    let mut command = command.disable_help_subcommand(true);
    command.build();
    let mut pages = Vec::new();
    add(&command, None, &mut pages)?;
    Ok(pages)
}

fn add(
    command: &Command,
    above: Option<&Command>,
    pages: &mut Vec<(String, Vec<u8>)>,
) -> io::Result<()> {
    let man = Man::new(command.clone());
    pages.push((man.get_filename(), page(&man, command, above)?));
    for below in command.get_subcommands() {
        add(below, Some(command), pages)?;
    }
    Ok(())
}

fn page(man: &Man, command: &Command, above: Option<&Command>) -> io::Result<Vec<u8>> {
    let name = command.get_display_name().unwrap_or(command.get_name());
    let version = env!("CARGO_PKG_VERSION");
    // That of `man` leaves an empty date out, and the version takes its place.
    let title = format!(".TH {name} 1 \"\" \"hotpatch {version}\" \"hotpatch manual\"\n");
    let mut page = title.into_bytes();
    man.render_name_section(&mut page)?;
    man.render_synopsis_section(&mut page)?;
    man.render_description_section(&mut page)?;
    man.render_options_section(&mut page)?;
    if command.has_subcommands() {
        man.render_subcommands_section(&mut page)?;
    }
    let mut more = Roff::new();
    exit_status(&mut more);
    if above.is_none() {
        environment(&mut more);
    }
    see_also(&mut more, above);
    more.to_writer(&mut page)?;
    Ok(page)
}

fn exit_status(page: &mut Roff) {
    page.control("SH", ["EXIT STATUS"]);
    for (exit, meaning) in Exit::ALL {
        page.control("TP", []);
        page.text([bold(exit.code().to_string())]);
        page.text([roman(*meaning)]);
    }
}

fn environment(page: &mut Roff) {
    page.control("SH", ["ENVIRONMENT"]);
    for (variable, meaning) in ENVIRONMENT {
        page.control("TP", []);
        page.text([bold(*variable)]);
        page.text([roman(*meaning)]);
    }
}

fn see_also(page: &mut Roff, above: Option<&Command>) {
    page.control("SH", ["SEE ALSO"]);
    let Some(above) = above else {
        page.text([
            italic("hotpatch explain"),
            roman(" says what a finding means, and "),
            italic("hotpatch schema"),
            roman(" what the fields of a report are."),
        ]);
        return;
    };
    let name = above.get_display_name().unwrap_or(above.get_name());
    page.text([bold(name), roman("(1)")]);
}
