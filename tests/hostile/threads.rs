//! Threads that are in the way, or nearly so.

use crate::target::Target;

const IMAGE: &str = "hostile.exe";

#[test]
fn a_thread_that_never_leaves_a_function_is_named() {
    let mut target = Target::start();
    target.tell("work");
    let before = target.ask();
    let busy = target.apply(IMAGE, "2");
    assert_eq!((busy.code, busy.outcome()), (7, "busy"), "{busy:?}");
    let blocked = busy.json["blocked_by"].as_array().unwrap();
    assert!(blocked.iter().all(|b| b["function"] == "work"), "{busy:?}");
    assert!(!blocked.is_empty(), "{busy:?}");
    assert_eq!(target.ask(), before);
    assert!(target.status().is_empty());
}

#[test]
fn deep_recursion_is_seen_to_its_first_frame() {
    let mut target = Target::start();
    assert_eq!(target.tell("dive 50000"), "deep");
    let busy = target.apply(IMAGE, "1");
    assert_eq!((busy.code, busy.outcome()), (7, "busy"), "{busy:?}");
    assert_eq!(
        busy.json["blocked_by"][0]["function"], "descend",
        "{busy:?}"
    );
    println!("50,000 frames: frozen for {} us", busy.json["frozen_us"]);
    target.tell("wake");
    let applied = target.apply(IMAGE, "30");
    assert_eq!(applied.outcome(), "applied", "{applied:?}");
    assert_eq!(target.ask().value, 2);
    // The event stays set: a dive through new code comes back by itself.
    assert_eq!(target.tell("dive 50000"), "deep");
    assert_eq!(target.revert().outcome(), "reverted");
    assert_eq!(target.ask().value, 1);
}

#[test]
fn a_stack_that_is_too_large_to_be_read_counts_as_busy() {
    let mut target = Target::start();
    // 5,000 frames of 64 KiB.
    assert_eq!(target.tell("wide 5000"), "wide");
    let busy = target.apply(IMAGE, "1");
    assert_eq!((busy.code, busy.outcome()), (7, "busy"), "{busy:?}");
    assert!(
        !busy.json["blocked_by"].as_array().unwrap().is_empty(),
        "{busy:?}"
    );
    println!(
        "a stack of 320 MiB is blocked by {}",
        busy.json["blocked_by"]
    );
    target.tell("wake");
    assert_eq!(target.apply(IMAGE, "30").outcome(), "applied");
    assert_eq!(target.ask().value, 2);
}

#[test]
fn exceptions_are_thrown_through_what_is_switched() {
    let mut target = Target::start();
    for _ in 0..4 {
        target.tell("throw");
    }
    let mut before = target.ask();
    for round in 0..6 {
        let applied = target.apply(IMAGE, "30");
        assert_eq!(applied.outcome(), "applied", "round {round}: {applied:?}");
        let asked = target.ask();
        assert_eq!(
            (asked.value, asked.wrong),
            (2, 0),
            "round {round}: {asked:?}"
        );
        assert!(
            asked.thrown > before.thrown && asked.faults > before.faults,
            "{asked:?}"
        );
        let reverted = target.revert();
        assert_eq!(
            reverted.outcome(),
            "reverted",
            "round {round}: {reverted:?}"
        );
        before = target.ask();
        assert_eq!(
            (before.value, before.wrong),
            (1, 0),
            "round {round}: {before:?}"
        );
    }
    println!("{before:?}");
}

#[test]
fn without_room_nearby_nothing_is_changed() {
    let mut target = Target::start();
    let blocks = target.tell("fill");
    let refused = target.apply(IMAGE, "5");
    assert_eq!(
        (refused.code, refused.outcome()),
        (4, "refused"),
        "{refused:?}"
    );
    println!(
        "{blocks} blocks fill the address space: {:?}",
        refused.codes()
    );
    assert_eq!(target.ask().value, 1);
    assert!(target.status().is_empty());
}
