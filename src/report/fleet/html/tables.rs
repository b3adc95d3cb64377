//! The tables of the page.

use crate::moment::{Moment, span};
use crate::ops::desired::State;
use crate::report::fleet::model::TallyReport;
use crate::report::fleet::text::or_dash;
use crate::report::fleet::{FleetReport, age_words};
use crate::report::sanitize::line;

/// More rows than this are not shown: a browser still sorts them at once.
const MAX_ROWS: usize = 5000;

/// A table of the page.
pub struct Table {
    pub id: &'static str,
    pub title: &'static str,
    pub columns: &'static [Column],
    pub rows: Vec<Vec<Cell>>,
    /// Number of rows that are not shown.
    pub left_out: usize,
    /// What is said where there is no row.
    pub none: &'static str,
}

/// A column.
pub struct Column {
    pub name: &'static str,
    /// `n` for numbers, `t` for what is not broken over lines.
    pub class: &'static str,
}

/// A cell.
pub struct Cell {
    pub text: String,
    /// What it is sorted by, where that isn't its text.
    pub value: Option<u64>,
    /// `good`, `risk`, `bad` or `none` for a badge.
    pub tone: &'static str,
}

const fn text(name: &'static str) -> Column {
    Column { name, class: "" }
}

const fn tight(name: &'static str) -> Column {
    Column { name, class: "t" }
}

const fn number(name: &'static str) -> Column {
    Column { name, class: "n" }
}

const EXPOSURES: &[Column] = &[
    tight("open for"),
    tight("since"),
    tight("CVE"),
    text("machine"),
    text("ring"),
    text("program"),
    number("processes"),
    tight("state"),
    text("packages"),
    text("why"),
];
const RINGS: &[Column] = &[
    text("ring"),
    number("machines"),
    number("exposed machines"),
    number("processes"),
    number("exposed"),
    tight("longest open"),
    text("states"),
];
const PROGRAMS: &[Column] = &[
    text("program"),
    number("machines"),
    number("exposed machines"),
    number("processes"),
    number("exposed"),
    tight("longest open"),
    text("states"),
];
const GROUPS: &[Column] = &[
    tight("state"),
    text("ring"),
    text("program"),
    text("package"),
    number("processes"),
    number("machines"),
];
const CVES: &[Column] = &[
    tight("CVE"),
    number("open in"),
    number("on machines"),
    tight("longest open"),
    number("fixed in"),
];
const MACHINES: &[Column] = &[
    text("machine"),
    text("ring"),
    tight("report"),
    tight("age"),
    number("processes"),
    number("exposed"),
    tight("longest open"),
    text("states"),
    text("to look at"),
];
const FILES: &[Column] = &[text("file"), text("why")];

impl Cell {
    fn new(cell: &str) -> Self {
        Cell {
            text: line(cell).into_owned(),
            value: None,
            tone: "",
        }
    }

    fn count(count: usize) -> Self {
        Cell::new(&count.to_string())
    }

    fn state(state: State) -> Self {
        let tone = match state {
            State::Failed | State::Quarantined | State::Exposed => "bad",
            State::Blocked | State::RestartDue | State::Held | State::Deferred => "risk",
            State::Hotpatched | State::Updated => "good",
            State::NotApplicable => "none",
        };
        Cell {
            text: state.word().to_owned(),
            // From the most to the least urgent.
            value: State::ALL
                .iter()
                .position(|s| *s == state)
                .map(|p| p as u64),
            tone,
        }
    }

    /// The day of a moment, which it is sorted by.
    fn day(moment: Option<Moment>) -> Self {
        let text = moment.map_or_else(|| "-".to_owned(), |m| m.to_string());
        Cell {
            value: moment.map(Moment::seconds),
            ..Cell::new(text.split('T').next().unwrap_or_default())
        }
    }

    /// How long something has been so, and is sorted by it.
    fn span(seconds: Option<u64>) -> Self {
        let text = seconds.map_or_else(|| "-".to_owned(), span);
        Cell {
            value: seconds,
            ..Cell::new(&text)
        }
    }
}

/// The table with the first of the rows.
fn table<T>(
    (id, title, none): (&'static str, &'static str, &'static str),
    columns: &'static [Column],
    items: &[T],
    row: impl Fn(&T) -> Vec<Cell>,
) -> Table {
    Table {
        id,
        title,
        columns,
        rows: items.iter().take(MAX_ROWS).map(row).collect(),
        left_out: items.len().saturating_sub(MAX_ROWS),
        none,
    }
}

impl FleetReport {
    /// The tables, the most urgent first.
    pub(super) fn tables(&self) -> Vec<Table> {
        let lasts = |since: Option<Moment>| Cell::span(since.map(|since| self.lasts(since)));
        let tally = |name: &str, tally: &TallyReport| {
            vec![
                Cell::new(name),
                Cell::count(tally.machines),
                Cell::count(tally.exposed_machines),
                Cell::count(tally.processes),
                Cell::count(tally.exposed),
                lasts(tally.open_since),
                Cell::new(&tally.states()),
            ]
        };
        let nobody = "No machine has reported.";
        let exposures = ("exposed", "Exposed", "Nothing is known to be open.");
        let mut tables = vec![
            table(exposures, EXPOSURES, &self.exposures, |e| {
                vec![
                    lasts(e.since),
                    Cell::day(e.since),
                    Cell::new(e.cve.as_deref().unwrap_or("-")),
                    Cell::new(&e.computer),
                    Cell::new(&or_dash(&e.ring)),
                    Cell::new(&e.program),
                    Cell::count(e.pids.len()),
                    Cell::state(e.state),
                    Cell::new(&e.packages.join(", ")),
                    Cell::new(&e.why),
                ]
            }),
            table(("rings", "By ring", nobody), RINGS, &self.rings, |r| {
                tally(r.ring.as_deref().unwrap_or("-"), &r.tally)
            }),
            table(
                ("programs", "By program", "No program needs a package."),
                PROGRAMS,
                &self.programs,
                |p| tally(&p.program, &p.tally),
            ),
            table(
                ("packages", "By package", "No program needs a package."),
                GROUPS,
                &self.groups,
                |g| {
                    vec![
                        Cell::state(g.state),
                        Cell::new(&or_dash(&g.ring)),
                        Cell::new(&g.program),
                        Cell::new(&or_dash(&g.package)),
                        Cell::count(g.processes),
                        Cell::count(g.machines),
                    ]
                },
            ),
            table(
                ("cves", "CVEs", "No package names one."),
                CVES,
                &self.cves,
                |c| {
                    vec![
                        Cell::new(&c.cve),
                        Cell::count(c.open),
                        Cell::count(c.machines),
                        lasts(c.since),
                        Cell::count(c.fixed),
                    ]
                },
            ),
            table(
                ("machines", "Machines", nobody),
                MACHINES,
                &self.machines,
                |m| {
                    let age = u64::try_from(m.age_seconds).unwrap_or(0);
                    vec![
                        Cell::new(&m.computer),
                        Cell::new(&or_dash(&m.ring)),
                        Cell::new(&m.at.to_string()),
                        Cell::span(Some(age)),
                        Cell::count(m.tally.processes),
                        Cell::count(m.tally.exposed),
                        lasts(m.tally.open_since),
                        Cell::new(&m.tally.states()),
                        Cell::new(&m.to_look_at()),
                    ]
                },
            ),
        ];
        let files = self.unreadable.iter().map(|f| (&f.path, f.why.as_str()));
        let others = self.other_files.iter();
        let others = others.map(|f| (f, "not called as reports are, and not read"));
        let files: Vec<_> = files.chain(others).collect();
        let none = "Every file in the folder is a report.";
        tables.push(table(
            ("files", "Files that are no reports", none),
            FILES,
            &files,
            |(path, why)| vec![Cell::new(path), Cell::new(why)],
        ));
        tables
    }
}

impl super::super::MachineSummary {
    /// What is wrong with the machine beside its processes.
    fn to_look_at(&self) -> String {
        let mut parts: Vec<String> = age_words(self.age).into_iter().collect();
        for (count, words) in [
            (self.refused, "packages or lists refused"),
            (self.broken, "packages of the store cannot be used"),
            (self.unseen, "processes could not be looked at"),
        ] {
            if count > 0 {
                parts.push(format!("{count} {words}"));
            }
        }
        parts.join("; ")
    }
}
