//! What each package means for each process of each machine, as comma-separated values (RFC
//! 4180), for a spreadsheet.

use crate::moment::Moment;
use crate::ops::desired::OnDisk;
use crate::ops::fleet::{Age, Machine, Package, Process};
use crate::report::sanitize::line;

const COLUMNS: [&str; 22] = [
    "computer",
    "ring",
    "reported_at",
    "report",
    "program",
    "image",
    "pid",
    "services",
    "started",
    "state",
    "as_desired",
    "why",
    "cves_open",
    "open_since",
    "cves_fixed",
    "package",
    "module",
    "package_state",
    "on_disk",
    "applied_at",
    "restart_by",
    "deferred_until",
];

/// A line for each package of each process.
pub fn csv(machines: &[Machine], now: Moment, stale: u64) -> String {
    let mut text = COLUMNS.join(",");
    text.push_str("\r\n");
    for machine in machines {
        let age = match machine.age(now, stale) {
            Age::Fresh(_) => "fresh",
            Age::Stale(_) => "stale",
            Age::Ahead(_) => "ahead",
        };
        for process in &machine.processes {
            let own = row(machine, age, process);
            for package in &process.packages {
                push(&mut text, own.iter().chain(&of_package(package)));
            }
            if process.packages.is_empty() {
                push(&mut text, own.iter().chain(&[const { String::new() }; 7]));
            }
        }
        if machine.processes.is_empty() {
            let rest = [const { String::new() }; COLUMNS.len() - 4];
            push(&mut text, of_machine(machine, age).iter().chain(&rest));
        }
    }
    text
}

fn of_machine(machine: &Machine, age: &str) -> [String; 4] {
    [
        machine.computer.clone(),
        machine.ring.clone().unwrap_or_default(),
        machine.at.to_string(),
        age.to_owned(),
    ]
}

fn row(machine: &Machine, age: &str, process: &Process) -> [String; 15] {
    let [computer, ring, at, age] = of_machine(machine, age);
    let open = process.cves_open.iter();
    let open: Vec<&str> = open.map(|o| &*o.cve).collect();
    let since = process.cves_open.iter().map(|o| o.since).min();
    [
        computer,
        ring,
        at,
        age,
        process.program().to_owned(),
        process.image.clone(),
        process.pid.to_string(),
        process.services.join(" "),
        process.started.to_string(),
        process.state.word().to_owned(),
        process.as_desired.to_string(),
        process.why.clone(),
        open.join(" "),
        text_of(since),
        process.cves_fixed.join(" "),
    ]
}

fn of_package(package: &Package) -> [String; 7] {
    [
        package.id.clone().unwrap_or_default(),
        package.module.clone(),
        package.state.word().to_owned(),
        OnDisk::word(package.on_disk).to_owned(),
        text_of(package.applied_at),
        text_of(package.restart_by),
        text_of(package.deferred_until),
    ]
}

fn text_of(moment: Option<Moment>) -> String {
    moment.map_or_else(String::new, |m| m.to_string())
}

fn push<'c>(text: &mut String, cells: impl Iterator<Item = &'c String>) {
    let mut first = true;
    for cell in cells {
        if !std::mem::take(&mut first) {
            text.push(',');
        }
        push_cell(text, cell);
    }
    text.push_str("\r\n");
}

/// A cell, which is one line. A spreadsheet takes one that begins so for a formula, and does
/// what it says.
fn push_cell(text: &mut String, cell: &str) {
    let cell = line(cell);
    let begin = ['=', '+', '-', '@', '＝', '＋', '－', '＠'];
    let is_formula = cell.trim_start().starts_with(begin);
    // Some spreadsheets take `;` for the comma.
    match is_formula || cell.contains(['"', ',', ';']) {
        false => text.push_str(&cell),
        true => {
            text.push('"');
            if is_formula {
                text.push('\'');
            }
            text.push_str(&cell.replace('"', "\"\""));
            text.push('"');
        }
    }
}

#[cfg(test)]
mod tests {
    use super::push_cell;

    #[test]
    fn no_cell_ends_early_and_none_is_a_formula() {
        for (cell, written) in [
            ("", ""),
            ("web-1", "web-1"),
            ("a, \"b\"", "\"a, \"\"b\"\"\""),
            ("a\r\nb", "a\\r\\nb"),
            ("=cmd|' /C calc'!A0", "\"'=cmd|' /C calc'!A0\""),
            ("@x", "\"'@x\""),
            (" =1", "\"' =1\""),
            ("＝1", "\"'＝1\""),
            ("x;=1", "\"x;=1\""),
            ("\t=1", "\\t=1"),
        ] {
            let mut text = String::new();
            push_cell(&mut text, cell);
            assert_eq!(text, written);
        }
    }
}
