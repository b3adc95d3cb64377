//! Whether the next ring may begin, by what the machines of one ring report.
//!
//! Everything here is pure. A machine *stands* where a process of it has had the package for at
//! least the time that was asked for, as its report says, and none of them has failed with it. A
//! machine *failed* where applying the package went wrong, where it ended a process, or was
//! withdrawn. One that has nothing to apply it to, or where it is refused and changes nothing,
//! says nothing.

use serde::Deserialize;

use crate::moment::Moment;

/// The report that `hotpatch sync --report` leaves, as far as a gate asks.
#[derive(Clone, Debug, Deserialize)]
pub struct MachineFacts {
    /// Full name of the computer.
    pub computer: String,
    /// Its ring; absent where its policy has no rollout.
    pub ring: Option<String>,
    /// When it was written.
    pub at: Moment,
    /// Its processes.
    pub processes: Vec<Process>,
}

/// A process.
#[derive(Clone, Debug, Deserialize)]
pub struct Process {
    /// What the packages mean for it.
    pub packages: Vec<Package>,
}

/// What a package means for a process.
#[derive(Clone, Debug, Deserialize)]
pub struct Package {
    /// Its id.
    pub id: Option<String>,
    /// The word for its state.
    pub state: String,
    /// Why the package was withdrawn, where it was.
    #[serde(default)]
    pub withdrawn: Option<String>,
    /// When it was switched on.
    pub applied_at: Option<Moment>,
}

/// What is asked.
#[derive(Clone, Copy, Debug)]
pub struct Question<'a> {
    /// Id of the package.
    pub id: &'a str,
    /// The ring.
    pub ring: &'a str,
    /// How many machines have to stand.
    pub min: usize,
    /// How many may have failed.
    pub max_failed: usize,
    /// For how many seconds a process has to have had it.
    pub bake: u64,
}

/// What the reports of a ring say.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Answer {
    /// Machines on which it stands.
    pub standing: Vec<String>,
    /// Machines that have it for less long.
    pub baking: Vec<String>,
    /// Machines on which it failed.
    pub failed: Vec<String>,
    /// Machines of the ring that say nothing about it.
    pub silent: Vec<String>,
}

/// What follows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Gate {
    /// The next ring may begin.
    Go,
    /// Too many have failed.
    Stop,
    /// Nothing is known yet.
    NotYet,
}

/// What a machine says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Says {
    Stands,
    Bakes,
    Failed,
    Nothing,
}

impl Answer {
    /// Asks the reports of all machines, one each.
    pub fn of(reports: &[MachineFacts], question: &Question<'_>) -> Self {
        let mut answer = Answer::default();
        let in_ring = |r: &&MachineFacts| r.ring.as_deref() == Some(question.ring);
        for report in reports.iter().filter(in_ring) {
            let list = match says(report, question) {
                Says::Stands => &mut answer.standing,
                Says::Bakes => &mut answer.baking,
                Says::Failed => &mut answer.failed,
                Says::Nothing => &mut answer.silent,
            };
            list.push(report.computer.clone());
        }
        answer
    }

    /// What follows; `unreadable` is the number of reports that could not be read: any of them
    /// may be of a machine that failed.
    pub fn gate(&self, question: &Question<'_>, unreadable: usize) -> Gate {
        if self.failed.len() > question.max_failed {
            return Gate::Stop;
        }
        let enough = self.standing.len() >= question.min.max(1);
        let worst = self.failed.len() + unreadable;
        match enough && worst <= question.max_failed {
            true => Gate::Go,
            false => Gate::NotYet,
        }
    }
}

fn says(report: &MachineFacts, question: &Question<'_>) -> Says {
    let processes = report.processes.iter().flat_map(|p| &p.packages);
    let about = processes.filter(|p| p.id.as_deref() == Some(question.id));
    let about: Vec<&Package> = about.collect();
    let bad = ["failed", "quarantined"];
    if about
        .iter()
        .any(|p| p.withdrawn.is_some() || bad.contains(&p.state.as_str()))
    {
        return Says::Failed;
    }
    let since: Vec<Moment> = about.iter().filter_map(|p| p.applied_at).collect();
    let lasts = |since: &Moment| report.at.seconds().saturating_sub(since.seconds());
    match since.iter().map(lasts).max() {
        Some(longest) if longest >= question.bake => Says::Stands,
        Some(_) => Says::Bakes,
        None => Says::Nothing,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn package(id: &str, state: &str, applied: Option<u64>) -> Package {
        Package {
            id: Some(id.to_owned()),
            state: state.to_owned(),
            withdrawn: None,
            applied_at: applied.map(Moment::from_seconds),
        }
    }

    fn report(machine: &str, packages: Vec<Package>) -> MachineFacts {
        MachineFacts {
            computer: machine.to_owned(),
            ring: Some("canary".to_owned()),
            at: Moment::from_seconds(1000),
            processes: packages
                .into_iter()
                .map(|p| Process { packages: vec![p] })
                .collect(),
        }
    }

    const QUESTION: Question<'_> = Question {
        id: "FIX",
        ring: "canary",
        min: 2,
        max_failed: 0,
        bake: 100,
    };

    fn good(machine: &str) -> MachineFacts {
        report(machine, vec![package("FIX", "hotpatched", Some(900))])
    }

    fn gate(reports: &[MachineFacts], unreadable: usize) -> Gate {
        Answer::of(reports, &QUESTION).gate(&QUESTION, unreadable)
    }

    #[test]
    fn enough_machines_that_stand_open_the_gate() {
        assert_eq!(gate(&[good("a")], 0), Gate::NotYet);
        assert_eq!(gate(&[good("a"), good("b")], 0), Gate::Go);
        assert_eq!(gate(&[good("a"), good("b")], 1), Gate::NotYet);
        let young = report("b", vec![package("FIX", "hotpatched", Some(901))]);
        let answer = Answer::of(&[good("a"), young], &QUESTION);
        assert_eq!(
            (answer.standing.len(), answer.baking),
            (1, vec!["b".to_owned()])
        );
        let none = Question { min: 0, ..QUESTION };
        let nobody = Answer::of(&[], &none);
        assert_eq!(nobody.gate(&none, 0), Gate::NotYet, "nobody proves nothing");
    }

    #[test]
    fn one_that_failed_closes_it() {
        for state in ["failed", "quarantined"] {
            let bad = package("FIX", state, None);
            let both = report("c", vec![package("FIX", "hotpatched", Some(1)), bad]);
            assert_eq!(
                gate(&[good("a"), good("b"), both], 0),
                Gate::Stop,
                "{state}"
            );
        }
        let mut withdrawn = good("c");
        withdrawn.processes[0].packages[0].withdrawn = Some("leaks".to_owned());
        let reports = [good("a"), good("b"), withdrawn];
        assert_eq!(gate(&reports, 0), Gate::Stop);
        let one = Question {
            max_failed: 1,
            ..QUESTION
        };
        let answer = Answer::of(&reports, &one);
        assert_eq!(answer.gate(&one, 0), Gate::Go);
        assert_eq!(answer.gate(&one, 1), Gate::NotYet);
    }

    #[test]
    fn who_has_nothing_to_apply_it_to_and_who_is_elsewhere_says_nothing() {
        let other = report("b", vec![package("OTHER", "failed", None)]);
        let exposed = report("c", vec![package("FIX", "exposed", None)]);
        let mut elsewhere = report("d", vec![package("FIX", "failed", None)]);
        elsewhere.ring = None;
        let answer = Answer::of(&[good("a"), other, exposed, elsewhere], &QUESTION);
        assert_eq!(answer.silent, ["b", "c"]);
        assert_eq!(answer.gate(&QUESTION, 0), Gate::NotYet);
    }
}
