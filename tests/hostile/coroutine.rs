//! Coroutines on stacks of their own, which belong to no thread while they wait.

use crate::target::Target;

const IMAGE: &str = "hostile.exe";

#[test]
fn a_coroutine_ends_in_the_version_in_which_it_began() {
    let mut target = Target::start();
    assert_eq!(target.tell("park"), "parked");
    let applied = target.apply(IMAGE, "30");
    assert_eq!(applied.outcome(), "applied", "{applied:?}");
    assert_eq!(target.ask().value, 2);
    assert_eq!(target.tell("resume"), "10");
    assert_eq!(target.tell("park"), "parked");
    assert_eq!(target.tell("resume"), "12");
}

#[test]
fn the_code_in_which_a_coroutine_waits_is_not_taken_away() {
    let mut target = Target::start();
    assert_eq!(target.apply(IMAGE, "30").outcome(), "applied");
    assert_eq!(target.tell("park"), "parked");
    let reverted = target.revert();
    assert_eq!(reverted.outcome(), "reverted", "{reverted:?}");
    assert!(reverted.codes().contains(&"HP518"), "{reverted:?}");
    assert_eq!(target.ask().value, 1);
    let kept = target.recover();
    assert!(kept.codes().contains(&"HP518"), "{kept:?}");
    assert_eq!(target.tell("resume"), "12");
    let recovered = target.recover();
    assert_eq!(recovered.outcome(), "recovered", "{recovered:?}");
    assert!(target.status().is_empty());
    assert_eq!(target.ask().value, 1);
}
