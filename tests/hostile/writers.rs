//! Others who write to the code.

use crate::target::Target;

const IMAGE: &str = "hostile.exe";

#[test]
fn a_hook_that_was_there_before_is_named() {
    let mut target = Target::start();
    target.tell("hook");
    assert_eq!(target.ask().value, 9);
    for run in [target.check(IMAGE), target.apply(IMAGE, "5")] {
        assert_eq!((run.code, run.codes()), (4, vec!["HP505"]), "{run:?}");
        assert_eq!(run.json["findings"][0]["subject"], "value", "{run:?}");
    }
    assert_eq!(target.ask().value, 9);
    target.tell("unhook");
    assert_eq!(target.apply(IMAGE, "30").outcome(), "applied");
    assert_eq!(target.ask().value, 2);
}

#[test]
fn a_hook_that_came_later_is_not_overwritten() {
    let mut target = Target::start();
    assert_eq!(target.apply(IMAGE, "30").outcome(), "applied");
    target.tell("hook");
    assert_eq!(target.ask().value, 9);
    assert_eq!(target.status()[0].1, "torn");
    let refused = target.revert();
    assert_eq!(
        (refused.code, refused.codes()),
        (4, vec!["HP515"]),
        "{refused:?}"
    );
    assert_eq!(
        refused.json["findings"][0]["subject"], "value",
        "{refused:?}"
    );
    assert_eq!(target.ask().value, 9);
    target.tell("unhook");
    assert_eq!(target.status()[0].1, "active");
    assert_eq!(target.ask().value, 2);
    assert_eq!(target.revert().outcome(), "reverted");
    assert_eq!(target.ask().value, 1);
}

#[test]
fn a_program_may_change_the_protection_of_its_code() {
    let mut target = Target::start();
    target.tell("flip");
    let mut flips = 0;
    let mut outcomes = Vec::new();
    for round in 0..10 {
        let applied = target.apply(IMAGE, "30");
        outcomes.push((applied.outcome().to_owned(), applied.codes().join(" ")));
        let asked = target.ask();
        let value = if applied.outcome() == "applied" { 2 } else { 1 };
        assert_eq!(
            (asked.value, asked.wrong),
            (value, 0),
            "round {round}: {applied:?}"
        );
        assert!(asked.flips > flips, "round {round}: {asked:?}");
        let reverted = target.revert();
        outcomes.push((reverted.outcome().to_owned(), reverted.codes().join(" ")));
        let asked = target.ask();
        assert_eq!(
            (asked.value, asked.wrong),
            (1, 0),
            "round {round}: {reverted:?}"
        );
        assert!(asked.flips > flips, "round {round}: {asked:?}");
        flips = asked.flips;
    }
    println!("{outcomes:?}");
}
