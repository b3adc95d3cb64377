//! An OpenVEX document, version 0.2.0, about a machine: which vulnerabilities are fixed and
//! which open in the processes of its programs.
//!
//! The product is the machine, and the program a component of it: what is true here is so on no
//! other machine that has the same file. A document says what the report of the machine said, at
//! that time; the same report gives the same document.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};

use super::NAMES;
use super::openvex::{Issuer, document, encoded};
use crate::moment::Moment;
use crate::ops::desired::OnDisk;
use crate::ops::fleet::{Machine, Process};

/// The processes of a program that a CVE is about.
#[derive(Default)]
struct About<'a> {
    program: &'a str,
    fixed: Vec<&'a Process>,
    open: Vec<&'a Process>,
    since: Option<Moment>,
}

/// The document about a machine; `None` where no package there names a CVE, for a document without
/// a statement is none.
pub fn machine_openvex(machine: &Machine, author: &str) -> Option<Value> {
    let mut found: BTreeMap<(&str, String), About<'_>> = BTreeMap::new();
    for process in &machine.processes {
        let name = process.program().to_lowercase();
        for cve in &process.cves_fixed {
            let about = found.entry((cve, name.clone())).or_default();
            about.program = process.program();
            about.fixed.push(process);
        }
        for open in &process.cves_open {
            let about = found.entry((&open.cve, name.clone())).or_default();
            about.program = process.program();
            about.open.push(process);
            let since = about.since.into_iter().chain([open.since]);
            about.since = since.min();
        }
    }
    let statements = found.iter().map(|((cve, _), a)| a.statement(machine, cve));
    let issuer = Issuer {
        author: author.to_owned(),
        timestamp: machine.at.to_string(),
    };
    document(statements.collect(), &issuer)
}

impl About<'_> {
    fn statement(&self, machine: &Machine, cve: &str) -> Value {
        let purl = format!("pkg:generic/{}", encoded(self.program));
        let mut statement = json!({
            "vulnerability": {"name": cve},
            "products": [{
                "@id": format!("{NAMES}:machine:{}", encoded(&machine.computer.to_lowercase())),
                "subcomponents": [{"@id": purl, "identifiers": {"purl": purl}}],
            }],
            "status": if self.open.is_empty() { "fixed" } else { "affected" },
            "status_notes": self.notes(machine),
        });
        if !self.open.is_empty() {
            statement["action_statement"] = self.action().into();
        }
        statement
    }

    fn notes(&self, machine: &Machine) -> String {
        let mut notes = format!(
            "On {}, at {}: fixed in {} running processes of {}, open in {}",
            machine.computer,
            machine.at,
            self.fixed.len(),
            self.program,
            self.open.len()
        );
        if let Some(since) = self.since {
            notes.push_str(&format!(" since {since}"));
        }
        notes.push('.');
        let on_disk = |p: &&Process| p.packages.iter().all(|p| p.on_disk == OnDisk::Fixed);
        if !self
            .fixed
            .iter()
            .chain(&self.open)
            .copied()
            .all(|p| on_disk(&p))
        {
            notes.push_str(
                " Not every file on disk is the fixed build: a process that is started anew may \
                 be vulnerable until it is patched.",
            );
        }
        if machine.unseen() > 0 {
            notes.push_str(&format!(
                " {} processes of the machine could not be looked at, and nothing is said of \
                 them.",
                machine.unseen()
            ));
        }
        notes
    }

    /// What can be done: what the machine says of each process, once.
    fn action(&self) -> String {
        let remedies = self.open.iter().filter_map(|p| p.remedy.as_deref());
        let remedies: BTreeSet<&str> = remedies.filter(|r| !r.is_empty()).collect();
        match remedies.is_empty() {
            true => "Install the fixed build, then restart the program.".to_owned(),
            false => remedies.into_iter().collect::<Vec<_>>().join("; "),
        }
    }
}
