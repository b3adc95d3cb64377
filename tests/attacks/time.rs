//! Attacks on the time at which a package counts.

use hotpatch::moment::{DAY, Moment};

use super::desk::{BUILDER, Desk};

fn in_days(days: i64) -> Moment {
    let seconds = Moment::now().seconds() as i64 + days * DAY as i64;
    Moment::from_seconds(seconds as u64)
}

#[test]
fn expired() {
    let desk = Desk::new("");
    desk.package(&[BUILDER], |m| m.patch.not_after = Some(in_days(1)));
    desk.passes();
    desk.package(&[BUILDER], |m| m.patch.not_after = Some(in_days(-1)));
    desk.refused_by(&["expiry"]);
    let run = desk.run("verify fix.hpk --key builder.pem");
    assert!(run.failed(5).contains("expiry: expired at"), "{run:?}");
}

#[test]
fn not_yet_valid() {
    let rule = |from: i64, to: i64| {
        let (from, to) = (in_days(from), in_days(to));
        Desk::new(&format!(
            "[[rule]]\nname = \"a\"\nvalid_from = \"{from}\"\nvalid_to = \"{to}\""
        ))
    };
    let desk = rule(-1, 1);
    desk.package(&[BUILDER], |_| ());
    desk.passes();
    for (from, to) in [(1, 2), (-2, -1)] {
        let desk = rule(from, to);
        desk.package(&[BUILDER], |_| ());
        desk.refused_by(&["valid", "rules"]);
    }
}

#[test]
fn outside_of_the_window() {
    const DAYS: [&str; 7] = ["thu", "fri", "sat", "sun", "mon", "tue", "wed"];
    let today = Moment::now().seconds() / DAY;
    let day = |n: u64| DAYS[(n % 7) as usize];
    let rule = |days: &[&str], clock: &str| {
        let days = days.join("\", \"");
        Desk::new(&format!(
            "[[rule]]\nname = \"a\"\n[[rule.window]]\ndays = [\"{days}\"]\nclock = \"{clock}\""
        ))
    };
    // Whatever the time zone, and if the test runs at midnight.
    let around: Vec<&str> = (today - 1..=today + 1).map(day).collect();
    let far: Vec<&str> = (today + 3..=today + 4).map(day).collect();
    for clock in ["utc", "local"] {
        let desk = rule(&around, clock);
        desk.package(&[BUILDER], |_| ());
        desk.passes();
        let desk = rule(&far, clock);
        desk.package(&[BUILDER], |_| ());
        desk.refused_by(&["window", "rules"]);
    }
}

/// The clock is behind what this machine has seen: what has expired since could pass again.
#[test]
fn clock_set_back() {
    let desk = Desk::new("");
    desk.package(&[BUILDER], |m| m.patch.not_after = Some(in_days(10)));
    desk.seen(&in_days(-1).to_string(), 1);
    desk.passes();
    desk.seen(&in_days(9).to_string(), 1);
    desk.refused_by(&["clock"]);
    let run = desk.run("verify fix.hpk --key builder.pem");
    assert!(run.failed(5).contains("clock: "), "{run:?}");
    // A little behind is how clocks are.
    let seconds = Moment::now().seconds() + 120;
    desk.seen(&Moment::from_seconds(seconds).to_string(), 1);
    desk.passes();
    // A package on which time has no bearing may pass.
    desk.seen(&in_days(9).to_string(), 1);
    desk.package(&[BUILDER], |_| ());
    desk.passes();
}
