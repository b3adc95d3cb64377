//! `hotpatch list`.

use clap::Args;

use super::{Global, Outcome};
use crate::ops::desired::State;

/// Show in which state each process is, why, and what to do
///
/// It is about the processes that a package of the store is for; `hotpatch status` shows what
/// is in processes, whatever the store says. Writes nothing.
#[derive(Debug, Args)]
pub struct ListArgs {
    /// Only what these packages mean for the processes, by their ids
    #[arg(value_name = "PACKAGE")]
    packages: Vec<String>,
    /// Only processes in this state; may be given several times
    #[arg(long = "state", value_enum, value_name = "STATE")]
    states: Vec<State>,
    /// Only processes in which this CVE is open or fixed
    #[arg(long, value_name = "ID")]
    cve: Option<String>,
}

impl ListArgs {
    /// Runs the command.
    #[cfg(windows)]
    pub fn run(&self, global: Global) -> Outcome {
        use super::machine::Machine;
        use super::store_arg::{Judges, open};
        use super::{Failure, Format};
        use crate::exit::Exit;
        use crate::report::machine::{ListReport, ProcessState};
        use crate::report::out;

        let judges = Judges::load()?;
        let (store, mut stock) = open(&judges)?;
        for id in &self.packages {
            if !stock.usable.iter().any(|u| u.candidate.id == *id) {
                let error = anyhow::anyhow!("the store has no package {id:?}");
                let failure = Failure::new(Exit::Usage, error);
                return Err(failure.hint("`hotpatch store list` shows them"));
            }
        }
        if !self.packages.is_empty() {
            let named = |id: &String| self.packages.contains(id);
            stock.usable.retain(|u| named(&u.candidate.id));
        }
        let machine = Machine::new(judges, store, stock);
        let mut report = machine.report(&machine.look(None)?);
        let has_cve = |p: &ProcessState, cve: &String| {
            p.cves_fixed.contains(cve) || p.cves_open.iter().any(|o| o.cve == *cve)
        };
        report.processes.retain(|p| {
            let in_state = self.states.is_empty() || self.states.contains(&p.state);
            in_state && self.cve.as_ref().is_none_or(|cve| has_cve(p, cve))
        });
        report.count();
        if let Some(cve) = &self.cve {
            report.cves.retain(|c| c.cve == *cve);
        }
        let report = ListReport::new(report);
        match global.format {
            Format::Text => out::print_text(&report.text())?,
            Format::Json => out::print_json(&report)?,
        }
        Ok(Exit::Done)
    }

    /// Says that this isn't the place.
    #[cfg(not(windows))]
    pub fn run(&self, _global: Global) -> Outcome {
        Err(super::process_arg::needs_windows("list"))
    }
}
