//! `hotpatch` dies at any operation: the target runs, and what is left can be taken away.

use super::remains::{through_relay, with_room};
use super::*;
use crate::apply::target::Protection;
use crate::apply::testing::package::newer_with;

/// Kills the patcher after every number of operations; then looks, applies and reverts.
/// Where the target was frozen, the watchdog does its work first, or has died too.
fn dies_at_every_operation(
    watchdog: bool,
    start: impl Fn() -> Fake,
    operation: impl Fn(&Fake) -> bool,
) {
    let complete = start();
    let before = complete.operations.get();
    assert!(operation(&complete));
    let steps = complete.operations.get() - before;
    assert!(steps > 20);
    for fuel in 0..steps {
        let fake = start();
        fake.fuel.set(Some(fuel));
        // What the patcher does after its death fails: no guard and no clean-up helps.
        operation(&fake);
        fake.fuel.set(None);
        if fake.frozen.get() == 1 {
            if watchdog {
                repair::repair(&fake, find_record(&fake)).unwrap();
                fake.resume().unwrap();
            } else {
                assert!(recover::recover(&fake).unwrap().0, "step {fuel}");
            }
        }
        assert_eq!(fake.frozen.get(), 0);
        let version = fake.version();
        let states = states(&fake);
        assert!(!states.contains(&State::Torn), "step {fuel}: {states:?}");
        assert_eq!(
            version == Version::New,
            states.contains(&State::Active),
            "step {fuel}: {states:?}"
        );
        let applied = apply(&fake, &package(), &ONCE).unwrap();
        let expected = match version {
            Version::New => Outcome::AlreadyApplied,
            Version::Old => Outcome::Applied,
            Version::Newer => unreachable!("there is no such package"),
        };
        assert_eq!(applied.outcome, expected, "step {fuel}: {applied:?}");
        assert_eq!(fake.version(), Version::New);
        let reverted = revert(&fake, Some("fix-1"), &ONCE).unwrap();
        assert_eq!(reverted.outcome, Outcome::Reverted, "step {fuel}");
        assert_eq!(fake.version(), Version::Old);
        assert!(fake.tables.borrow().is_empty(), "step {fuel}");
    }
}

/// The same where the system lets the target go as soon as the patcher and its watchdog are
/// dead, unless it is held.
fn dies_with_what_freezes(start: impl Fn() -> Fake, operation: impl Fn(&Fake) -> bool) {
    let complete = start();
    let before = complete.operations.get();
    let from = complete.version();
    assert!(operation(&complete));
    let to = complete.version();
    let mut held = 0;
    for fuel in 0..complete.operations.get() - before {
        let fake = start();
        fake.fuel.set(Some(fuel));
        operation(&fake);
        fake.fuel.set(None);
        let stays = fake.held.get() > 0;
        held += usize::from(stays);
        if !stays {
            // Every page can run: `version` looks.
            fake.frozen.set(0);
            fake.version();
        }
        assert_eq!(recover::recover(&fake).unwrap().0, stays, "step {fuel}");
        let version = fake.version();
        assert!(version == from || version == to, "step {fuel}");
        assert_eq!((fake.frozen.get(), fake.held.get()), (0, 0));
    }
    assert!(held > 4, "{held}");
}

#[test]
fn a_freeze_that_ends_by_itself_ends_only_where_everything_can_run() {
    let applied = |fake: &Fake| apply(fake, &package(), &ONCE).is_ok();
    dies_with_what_freezes(Fake::new, applied);
    let patched = || {
        let fake = Fake::new();
        assert!(applied(&fake));
        fake
    };
    dies_with_what_freezes(patched, |fake| revert(fake, None, &ONCE).is_ok());
}

#[test]
fn apply_may_die_at_any_operation() {
    for watchdog in [true, false] {
        let operation = |fake: &Fake| apply(fake, &package(), &ONCE).is_ok();
        dies_at_every_operation(watchdog, Fake::new, operation);
    }
}

#[test]
fn revert_may_die_at_any_operation() {
    let patched = || {
        let fake = Fake::new();
        apply(&fake, &package(), &ONCE).unwrap();
        fake
    };
    for watchdog in [true, false] {
        dies_at_every_operation(watchdog, patched, |fake| revert(fake, None, &ONCE).is_ok());
    }
}

/// Kills a revert at every step, and sees that everything can run.
fn pages_can_run(start: &dyn Fn() -> Fake) {
    let whole = start();
    let before = whole.operations.get();
    revert(&whole, None, &ONCE).unwrap();
    for fuel in 0..whole.operations.get() - before {
        for watchdog in [true, false] {
            let fake = start();
            fake.fuel.set(Some(fuel));
            let _ = revert(&fake, None, &ONCE);
            fake.fuel.set(None);
            if fake.frozen.get() == 1 {
                if let (true, Some(record)) = (watchdog, fake.armed.get()) {
                    repair::repair(&fake, record).unwrap();
                    fake.thaw().unwrap();
                } else {
                    recover::recover(&fake).unwrap();
                }
            }
            for rva in SERVER_RVAS {
                let at = rva.at(MODULE);
                let now = fake.protection(at);
                assert!(
                    now.executable(),
                    "step {fuel}, {watchdog}: {rva} is {now:?}"
                );
            }
        }
    }
}

#[test]
fn pages_between_entries_can_run_whoever_dies() {
    pages_can_run(&|| {
        let fake = Fake::new();
        fake.unchecked.set(true);
        let far = package_with(|m| m.functions = m.functions[2..].to_vec());
        apply(&fake, &far, &ONCE).unwrap();
        apply(&fake, &newer_with(|_| {}), &ONCE).unwrap();
        fake
    });
    // Pages that the program protects in ways of its own are not written back all at once.
    pages_can_run(&|| {
        /// `PAGE_EXECUTE`.
        const EXECUTE: Protection = Protection(0x10);
        let fake = Fake::new();
        apply(&fake, &package(), &ONCE).unwrap();
        fake.set_protection(SERVER_RVAS[2].at(MODULE), EXECUTE);
        fake
    });
}

#[test]
fn pages_of_what_lies_beneath_can_run_whoever_dies() {
    // The entry and its relay are in different pages: who replaces it writes the relay alone.
    pages_can_run(&|| {
        let (fake, _) = with_room(3);
        for package in [
            package_with(|m| through_relay(m, 3)),
            newer_with(|m| through_relay(m, 3)),
        ] {
            let applied = apply(&fake, &package, &ONCE).unwrap();
            assert_eq!(applied.outcome, Outcome::Applied, "{applied:?}");
        }
        fake
    });
}
