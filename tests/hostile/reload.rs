//! A library that is unloaded with a patch in it.

use crate::target::{Target, built};

const IMAGE: &str = "plug.dll";

/// Loads the library; returns where it is.
fn load(target: &mut Target) -> String {
    let at = target.tell(&format!("load {}", built("0/plug.dll")));
    assert_ne!(at.trim_start_matches('0'), "", "it was not loaded");
    at
}

/// A program whose library was patched and then unloaded; where it had been.
fn unloaded() -> (Target, String) {
    let mut target = Target::start();
    let at = load(&mut target);
    assert_eq!(target.tell("call"), "10");
    assert_eq!(target.apply(IMAGE, "30").outcome(), "applied");
    assert_eq!(target.tell("call"), "11");
    assert_eq!(target.tell("unload"), "1 1");
    (target, at)
}

#[test]
fn a_library_that_is_gone_is_not_written_to() {
    let (mut target, at) = unloaded();
    assert_eq!(target.tell(&format!("squat {at}")), "squatting");
    assert_eq!(
        target.status(),
        [("plug.dll".to_owned(), "detached".to_owned())]
    );
    let applied = target.apply(IMAGE, "5");
    assert_eq!(
        (applied.code, applied.outcome()),
        (6, "refused"),
        "{applied:?}"
    );
    assert!(applied.codes().contains(&"HP501"), "{applied:?}");
    let reverted = target.revert();
    assert_eq!(
        (reverted.code, reverted.outcome()),
        (0, "reverted"),
        "{reverted:?}"
    );
    assert!(target.status().is_empty());
    assert_eq!(target.tell("look"), "untouched");
}

/// The old patch does nothing any more, and a new one goes in and comes out.
fn is_patched_anew(target: &mut Target) {
    assert_eq!(target.tell("call"), "10");
    assert_eq!(
        target.status(),
        [("plug.dll".to_owned(), "detached".to_owned())]
    );
    let applied = target.apply(IMAGE, "30");
    assert_eq!(
        (applied.code, applied.outcome()),
        (0, "applied"),
        "{applied:?}"
    );
    assert_eq!(target.tell("call"), "11");
    assert_eq!(
        target.status(),
        [("plug.dll".to_owned(), "active".to_owned())]
    );
    assert_eq!(target.revert().outcome(), "reverted");
    assert_eq!(target.tell("call"), "10");
}

#[test]
fn a_library_that_comes_back_elsewhere_is_patched_anew() {
    let (mut target, at) = unloaded();
    assert_eq!(target.tell(&format!("squat {at}")), "squatting");
    assert_ne!(load(&mut target), at);
    is_patched_anew(&mut target);
    assert_eq!(target.tell("look"), "untouched");
}

#[test]
fn a_library_that_comes_back_where_it_was_is_patched_anew() {
    let (mut target, at) = unloaded();
    assert_eq!(load(&mut target), at);
    is_patched_anew(&mut target);
}
