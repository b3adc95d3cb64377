//! One operation on the target fails, and all others work.

use super::*;
use crate::apply::testing::package::newer_with;
use crate::apply::{clear_up, rollback};

/// Lets every single operation fail once, and looks at what is left.
fn fails_once(start: impl Fn() -> Fake, operation: impl Fn(&Fake) -> bool) {
    let complete = start();
    let (before, from) = (complete.operations.get(), complete.version());
    assert!(operation(&complete));
    let to = complete.version();
    let steps = complete.operations.get() - before;
    let mut lost = 0;
    for step in 0..steps {
        let fake = start();
        fake.hiccup.set(Some(step));
        let done = operation(&fake);
        fake.hiccup.set(None);
        // A thaw that fails is all that may leave the target frozen, and is asked for again.
        if fake.frozen.get() == 1 {
            assert!(!done, "step {step}");
            assert!(recover::recover(&fake).unwrap().0, "step {step}");
        }
        let version = fake.version();
        assert!(version == from || version == to, "step {step}: {version:?}");
        // And what is said about it is true.
        assert!(!done || version == to, "step {step}");
        assert!(done || version == from || from == to, "step {step}");
        let seen = states(&fake);
        assert!(!seen.contains(&State::Torn), "step {step}: {seen:?}");
        let runs = seen.contains(&State::Active);
        assert_eq!(runs, version != Version::Old, "step {step}: {seen:?}");
        let cleared = clear_up(&fake, &ONCE).unwrap();
        assert_eq!(cleared.exit(), Exit::Done, "step {step}: {cleared:?}");
        assert_eq!(fake.version(), version, "step {step}");
        // What was going on can be done again, and undone.
        if version == from {
            assert!(operation(&fake), "step {step}");
        }
        assert_eq!(fake.version(), to, "step {step}");
        if to != Version::Old {
            let reverted = revert(&fake, None, &ONCE).unwrap();
            assert_eq!(reverted.outcome, Outcome::Reverted, "step {step}");
        }
        lost += fake.regions() - states(&fake).len();
        assert_eq!(
            (fake.version(), states(&fake)),
            (Version::Old, vec![]),
            "step {step}"
        );
        assert!(fake.tables.borrow().is_empty(), "step {step}");
    }
    assert!(lost <= 1, "{lost} regions were lost");
}

fn patched() -> Fake {
    let fake = Fake::new();
    apply(&fake, &package(), &ONCE).unwrap();
    fake
}

fn replaced() -> Fake {
    let fake = patched();
    apply(&fake, &newer_with(|_| {}), &ONCE).unwrap();
    fake
}

fn applied(fake: &Fake, package: &Verified<Package>) -> bool {
    apply(fake, package, &ONCE).is_ok_and(|s| s.outcome == Outcome::Applied)
}

#[test]
fn apply_survives_any_failure() {
    fails_once(Fake::new, |fake| applied(fake, &package()));
}

#[test]
fn replacing_survives_any_failure() {
    fails_once(patched, |fake| applied(fake, &newer_with(|_| {})));
}

#[test]
fn revert_survives_any_failure() {
    fails_once(patched, |fake| {
        revert(fake, None, &ONCE).is_ok_and(|s| s.outcome == Outcome::Reverted)
    });
}

#[test]
fn revert_of_all_survives_any_failure() {
    fails_once(replaced, |fake| {
        revert(fake, Some("fix-2"), &ONCE).is_ok_and(|s| s.outcome == Outcome::Reverted)
    });
}

#[test]
fn rollback_survives_any_failure() {
    fails_once(replaced, |fake| {
        rollback(fake, Some("fix-2"), &ONCE).is_ok_and(|s| s.outcome == Outcome::RolledBack)
    });
}

#[test]
fn a_thaw_that_fails_after_the_switch_hides_no_success() {
    let fake = Fake::new();
    fake.stays_frozen.set(3);
    let summary = apply(&fake, &package(), &ONCE).unwrap();
    assert_eq!(summary.outcome, Outcome::Applied, "{summary:?}");
    assert!(summary.findings.iter().any(|f| f.rule.code == "HP534"));
    assert_eq!(fake.frozen.get(), 1);
    assert!(recover::recover(&fake).unwrap().0);
    assert_eq!((fake.frozen.get(), fake.version()), (0, Version::New));
}

#[test]
fn what_could_not_be_undone_is_said() {
    let fake = Fake::new();
    // Whatever is written to the process from the first census on is lost.
    *fake.on_census.borrow_mut() = Some(Box::new(|fake, _| fake.read_only.set(true)));
    let error = apply(&fake, &package(), &ONCE).unwrap_err();
    assert!(matches!(error, ApplyError::NotUndone { .. }), "{error:?}");
    assert_eq!(fake.version(), Version::Old);
    fake.read_only.set(false);
    fake.on_census.take();
    recover::recover(&fake).unwrap();
    let cleared = clear_up(&fake, &ONCE).unwrap();
    assert_eq!(cleared.exit(), Exit::Done, "{cleared:?}");
    assert_eq!((fake.version(), states(&fake)), (Version::Old, vec![]));
}
