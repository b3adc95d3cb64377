//! Patches that replace others, and the way back.

use super::*;
use crate::apply::testing::package::newer_with;
use crate::apply::{clear_up, rollback};

fn newer() -> Verified<Package> {
    newer_with(|_| {})
}

/// A process with the first patch.
fn patched() -> Fake {
    let fake = Fake::new();
    apply(&fake, &package(), &ONCE).unwrap();
    fake
}

/// A process with the second patch over the first.
fn replaced() -> Fake {
    let fake = patched();
    apply(&fake, &newer(), &ONCE).unwrap();
    fake
}

fn state_of(fake: &Fake, id: &str) -> Option<State> {
    Survey::of(fake).unwrap().by_id(id).map(|p| p.state)
}

#[test]
fn a_newer_patch_replaces_an_older_one_in_one_freeze() {
    let fake = patched();
    let applied = apply(&fake, &newer(), &ONCE).unwrap();
    assert_eq!(applied.outcome, Outcome::Applied, "{applied:?}");
    assert_eq!(applied.replaced, ["fix-1"]);
    assert_eq!(applied.effort.attempts, 1);
    assert_eq!(fake.version(), Version::Newer);
    assert_eq!(state_of(&fake, "fix-1"), Some(State::Replaced));
    assert_eq!(state_of(&fake, "fix-2"), Some(State::Active));
    let again = apply(&fake, &newer(), &ONCE).unwrap();
    assert_eq!(again.outcome, Outcome::AlreadyApplied);
}

#[test]
fn a_rollback_goes_back_to_what_was_replaced() {
    let fake = replaced();
    let back = rollback(&fake, None, &ONCE).unwrap();
    assert_eq!(back.outcome, Outcome::RolledBack, "{back:?}");
    assert_eq!(back.active_again, ["fix-1"]);
    assert_eq!(fake.version(), Version::New);
    assert_eq!((states(&fake), fake.regions()), (vec![State::Active], 1));
    let none = rollback(&fake, None, &ONCE).unwrap();
    assert_eq!(codes(&none), ["HP528"]);
    // And forward again.
    apply(&fake, &newer(), &ONCE).unwrap();
    assert_eq!(fake.version(), Version::Newer);
}

#[test]
fn a_revert_takes_out_everything_beneath() {
    let fake = replaced();
    let reverted = revert(&fake, None, &ONCE).unwrap();
    assert_eq!(reverted.outcome, Outcome::Reverted, "{reverted:?}");
    assert_eq!(reverted.package_id.as_deref(), Some("fix-2"));
    assert_eq!(fake.version(), Version::Old);
    assert_eq!((states(&fake), fake.regions()), (vec![], 0));
    assert!(fake.tables.borrow().is_empty());
}

#[test]
fn what_waits_beneath_is_left_where_it_is() {
    let fake = replaced();
    let refused = revert(&fake, Some("fix-1"), &ONCE).unwrap();
    assert_eq!(codes(&refused), ["HP526"]);
    assert_eq!(refused.exit(), Exit::RestartRequired);
    let older = apply(&fake, &package(), &ONCE).unwrap();
    assert!(codes(&older).contains(&"HP512"), "{older:?}");
    assert_eq!(older.exit(), Exit::Untrusted);
    assert_eq!(fake.version(), Version::Newer);
}

#[test]
fn a_package_must_have_all_of_what_it_replaces() {
    let fake = patched();
    let lacking = newer_with(|m| {
        m.functions.remove(1);
    });
    let refused = apply(&fake, &lacking, &ONCE).unwrap();
    assert!(codes(&refused).contains(&"HP525"), "{refused:?}");
    let finding = refused.findings.iter().find(|f| f.rule.code == "HP525");
    assert!(finding.unwrap().detail.contains("f_1080"), "{finding:?}");
    assert_eq!(fake.version(), Version::New);
}

#[test]
fn several_patches_are_replaced_by_one() {
    let fake = Fake::new();
    fake.unchecked.set(true);
    for (id, functions) in [("a", 0..2), ("b", 2..4)] {
        let package = package_with(|m| {
            m.patch.id = id.to_owned();
            m.functions = m.functions[functions].to_vec();
        });
        apply(&fake, &package, &ONCE).unwrap();
    }
    fake.unchecked.set(false);
    let applied = apply(&fake, &newer(), &ONCE).unwrap();
    assert_eq!(applied.outcome, Outcome::Applied, "{applied:?}");
    assert_eq!(applied.replaced, ["a", "b"]);
    assert_eq!(fake.version(), Version::Newer);
    let back = rollback(&fake, Some("fix-2"), &ONCE).unwrap();
    assert_eq!(back.active_again, ["a", "b"]);
    assert_eq!(fake.version(), Version::New);
    apply(&fake, &newer(), &ONCE).unwrap();
    revert(&fake, Some("fix-2"), &ONCE).unwrap();
    assert_eq!((fake.version(), fake.regions()), (Version::Old, 0));
}

#[test]
fn patches_pile_up_and_come_down_step_by_step() {
    let fake = replaced();
    let third = package_with(|m| {
        m.patch.id = "fix-3".to_owned();
        m.patch.sequence += 2;
    });
    apply(&fake, &third, &ONCE).unwrap();
    assert_eq!(fake.version(), Version::New);
    assert_eq!(state_of(&fake, "fix-1"), Some(State::Replaced));
    assert_eq!(state_of(&fake, "fix-2"), Some(State::Replaced));
    rollback(&fake, None, &ONCE).unwrap();
    assert_eq!(fake.version(), Version::Newer);
    assert_eq!(state_of(&fake, "fix-2"), Some(State::Active));
    apply(&fake, &third, &ONCE).unwrap();
    revert(&fake, Some("fix-3"), &ONCE).unwrap();
    assert_eq!((fake.version(), fake.regions()), (Version::Old, 0));
}

#[test]
fn what_others_require_stays() {
    let fake = Fake::new();
    fake.unchecked.set(true);
    for (id, functions, requires) in [("a", 0..2, vec![]), ("b", 2..4, vec!["a".to_owned()])] {
        let package = package_with(|m| {
            m.patch.id = id.to_owned();
            m.patch.requires = requires;
            m.functions = m.functions[functions].to_vec();
        });
        apply(&fake, &package, &ONCE).unwrap();
    }
    let refused = revert(&fake, Some("a"), &ONCE).unwrap();
    assert_eq!(codes(&refused), ["HP527"]);
    for id in ["b", "a"] {
        let reverted = revert(&fake, Some(id), &ONCE).unwrap();
        assert_eq!(reverted.outcome, Outcome::Reverted, "{id}: {reverted:?}");
    }
}

#[test]
fn a_thread_in_the_code_of_the_replaced_patch_is_waited_for() {
    let fake = patched();
    let record = Survey::of(&fake).unwrap().patches[0].record.clone();
    fake.thread(
        8,
        MODULE.0 + 0x3000,
        &[record.body.functions[1].replacement.0],
    );
    let busy = apply(&fake, &newer(), &ONCE).unwrap();
    assert_eq!(busy.outcome, Outcome::Busy);
    assert_eq!((fake.version(), fake.regions()), (Version::New, 1));
    fake.threads.borrow_mut().retain(|t| t.id != 8);
    apply(&fake, &newer(), &ONCE).unwrap();
    assert_eq!(fake.version(), Version::Newer);
}

/// Kills the patcher after every number of operations, and looks at what is left.
fn dies(start: impl Fn() -> Fake, operation: impl Fn(&Fake) -> bool) {
    for watchdog in [true, false] {
        let complete = start();
        let before = complete.operations.get();
        let from = complete.version();
        assert!(operation(&complete));
        let to = complete.version();
        let steps = complete.operations.get() - before;
        assert!(steps > 20);
        let mut lost = 0;
        for fuel in 0..steps {
            let fake = start();
            fake.fuel.set(Some(fuel));
            operation(&fake);
            fake.fuel.set(None);
            if fake.frozen.get() == 1 {
                match fake.armed.get().filter(|_| watchdog) {
                    Some(record) => {
                        repair::repair(&fake, record).unwrap();
                        fake.thaw().unwrap();
                    }
                    None => assert!(recover::recover(&fake).unwrap().0, "step {fuel}"),
                }
            }
            let version = fake.version();
            assert!(version == from || version == to, "step {fuel}: {version:?}");
            let seen = states(&fake);
            assert!(!seen.contains(&State::Torn), "step {fuel}: {seen:?}");
            let active = match version {
                Version::Old => None,
                Version::New => Some("fix-1"),
                Version::Newer => Some("fix-2"),
            };
            for id in ["fix-1", "fix-2"] {
                let is_active = state_of(&fake, id) == Some(State::Active);
                assert_eq!(is_active, active == Some(id), "step {fuel}: {id} {seen:?}");
            }
            let cleared = clear_up(&fake, &ONCE).unwrap();
            assert_eq!(cleared.exit(), Exit::Done, "step {fuel}: {cleared:?}");
            assert_eq!(fake.version(), version, "step {fuel}");
            assert!(!states(&fake).contains(&State::Pending), "step {fuel}");
            if let Some(id) = active {
                let reverted = revert(&fake, Some(id), &ONCE).unwrap();
                assert_eq!(reverted.outcome, Outcome::Reverted, "step {fuel}");
            }
            // Memory that was allocated, and that nobody could write a record into any more.
            lost += fake.regions() - states(&fake).len();
            assert_eq!(
                (fake.version(), states(&fake)),
                (Version::Old, vec![]),
                "step {fuel}"
            );
            assert!(fake.tables.borrow().is_empty(), "step {fuel}");
        }
        assert!(lost <= 2, "{lost} regions were lost");
    }
}

#[test]
fn replacing_may_die_at_any_operation() {
    dies(patched, |fake| apply(fake, &newer(), &ONCE).is_ok());
}

#[test]
fn a_rollback_may_die_at_any_operation() {
    dies(replaced, |fake| rollback(fake, None, &ONCE).is_ok());
}

#[test]
fn a_revert_of_all_may_die_at_any_operation() {
    dies(replaced, |fake| revert(fake, None, &ONCE).is_ok());
}

#[test]
fn clearing_up_finds_nothing_where_nothing_is() {
    let fake = patched();
    let clean = clear_up(&fake, &ONCE).unwrap();
    assert_eq!((clean.outcome, clean.exit()), (Outcome::Clean, Exit::Done));
    assert_eq!(fake.version(), Version::New);
}

/// A process with the first patch, to which it went back from the second; a word of its
/// memory, at the address returned, points into the second one.
fn gone_back_with_remains() -> (Fake, Va) {
    let fake = replaced();
    let survey = Survey::of(&fake).unwrap();
    let newer = &survey.by_id("fix-2").unwrap().record;
    let heap = Va(0x7000_0000);
    fake.allocate(heap, 0x1000).unwrap();
    fake.poke(heap, &newer.body.functions[1].replacement.0.to_le_bytes());
    let back = rollback(&fake, None, &ONCE).unwrap();
    assert_eq!(back.outcome, Outcome::RolledBack, "{back:?}");
    assert_eq!(codes(&back), ["HP518"]);
    (fake, heap)
}

#[test]
fn what_a_kept_patch_stands_on_is_kept_too() {
    let (fake, heap) = gone_back_with_remains();
    // Remains are no patch to go back from, and not what is meant without an id.
    let again = rollback(&fake, None, &ONCE).unwrap();
    assert_eq!(codes(&again), ["HP528"]);
    let reverted = revert(&fake, None, &ONCE).unwrap();
    assert_eq!(reverted.outcome, Outcome::Reverted, "{reverted:?}");
    assert_eq!(reverted.package_id.as_deref(), Some("fix-1"));
    assert_eq!(codes(&reverted), ["HP518"]);
    assert!(
        reverted.findings[0].detail.contains("fix-2"),
        "{reverted:?}"
    );
    assert_eq!((fake.version(), fake.regions()), (Version::Old, 2));
    let cleared = clear_up(&fake, &ONCE).unwrap();
    assert_eq!(codes(&cleared), ["HP518", "HP518"]);
    fake.free(heap).unwrap();
    assert_eq!(clear_up(&fake, &ONCE).unwrap().outcome, Outcome::Recovered);
    assert_eq!((fake.version(), fake.regions()), (Version::Old, 0));
}

#[test]
fn patches_come_and_go_beside_what_was_kept() {
    let (fake, heap) = gone_back_with_remains();
    for round in 0..3 {
        let reverted = revert(&fake, None, &ONCE).unwrap();
        assert_eq!(reverted.outcome, Outcome::Reverted, "{round}: {reverted:?}");
        assert_eq!(fake.version(), Version::Old);
        apply(&fake, &package(), &ONCE).unwrap();
        assert_eq!(fake.version(), Version::New);
        apply(&fake, &newer(), &ONCE).unwrap();
        assert_eq!(fake.version(), Version::Newer);
        let back = rollback(&fake, None, &ONCE).unwrap();
        assert_eq!(back.outcome, Outcome::RolledBack, "{round}: {back:?}");
        assert_eq!(fake.version(), Version::New);
    }
    fake.free(heap).unwrap();
    revert(&fake, Some("fix-1"), &ONCE).unwrap();
    clear_up(&fake, &ONCE).unwrap();
    assert_eq!((fake.version(), fake.regions()), (Version::Old, 0));
}

#[test]
fn sequences_of_different_products_are_not_compared() {
    let fake = Fake::new();
    fake.unchecked.set(true);
    let of = |product: Option<&str>, sequence: u64, functions: std::ops::Range<usize>| {
        package_with(|m| {
            m.patch.id = format!("{}-{sequence}", product.unwrap_or("own"));
            m.patch.product = product.map(str::to_owned);
            m.patch.sequence = sequence;
            m.functions = m.functions[functions].to_vec();
        })
    };
    let applied = apply(&fake, &of(Some("Billing"), 7, 0..2), &ONCE).unwrap();
    assert_eq!(applied.outcome, Outcome::Applied, "{applied:?}");
    let beside = apply(&fake, &of(None, 1, 2..4), &ONCE).unwrap();
    assert_eq!(beside.outcome, Outcome::Applied, "{beside:?}");
    let older = check(&fake, &of(Some("billing"), 6, 2..3)).unwrap();
    assert!(codes(&older).contains(&"HP512"), "{older:?}");
    // A higher number of another line says nothing about what is in the package.
    let other = check(&fake, &of(Some("payroll"), 8, 0..2)).unwrap();
    assert!(codes(&other).contains(&"HP506"), "{other:?}");
    assert!(other.replaced.is_empty(), "{other:?}");
}

#[test]
fn who_requires_what_a_rollback_goes_back_to_is_no_hindrance() {
    let with_user_of = |required: &str| {
        let fake = Fake::new();
        fake.unchecked.set(true);
        let first = package_with(|m| m.functions.truncate(2));
        let newer = newer_with(|m| m.functions.truncate(2));
        let user = package_with(|m| {
            m.patch.id = "user".to_owned();
            m.patch.product = Some("another".to_owned());
            m.patch.requires = vec![required.to_owned()];
            m.functions = m.functions[2..].to_vec();
        });
        apply(&fake, &first, &ONCE).unwrap();
        if required == "fix-1" {
            apply(&fake, &user, &ONCE).unwrap();
        }
        apply(&fake, &newer, &ONCE).unwrap();
        apply(&fake, &user, &ONCE).unwrap();
        let active = |id| state_of(&fake, id) == Some(State::Active);
        assert!(active("user") && active("fix-2"));
        fake
    };
    let fake = with_user_of("fix-1");
    let refused = revert(&fake, Some("fix-2"), &ONCE).unwrap();
    assert_eq!(codes(&refused), ["HP527"]);
    let back = rollback(&fake, Some("fix-2"), &ONCE).unwrap();
    assert_eq!(back.outcome, Outcome::RolledBack, "{back:?}");
    assert_eq!(state_of(&fake, "fix-1"), Some(State::Active));

    let fake = with_user_of("fix-2");
    for refused in [
        revert(&fake, Some("fix-2"), &ONCE),
        rollback(&fake, Some("fix-2"), &ONCE),
    ] {
        assert_eq!(codes(&refused.unwrap()), ["HP527"]);
    }
}

#[test]
fn nothing_stands_against_what_is_active_already() {
    let fake = Fake::new();
    fake.unchecked.set(true);
    let part = |sequence: u64, functions: std::ops::Range<usize>, requires: &[&str]| {
        package_with(|m| {
            m.patch.id = format!("part-{sequence}");
            m.patch.sequence = sequence;
            m.patch.requires = requires.iter().map(|id| (*id).to_owned()).collect();
            m.functions = m.functions[functions].to_vec();
        })
    };
    let (first, second) = (part(1, 0..1, &[]), part(2, 1..2, &["part-1"]));
    let third = part(3, 2..3, &[]);
    for package in [&first, &second, &third] {
        let applied = apply(&fake, package, &ONCE).unwrap();
        assert_eq!(applied.outcome, Outcome::Applied, "{applied:?}");
    }
    let over_first = part(4, 0..1, &[]);
    assert_eq!(
        apply(&fake, &over_first, &ONCE).unwrap().replaced,
        ["part-1"]
    );
    // Neither that there are newer ones, nor that what it required has been replaced.
    for package in [&second, &third] {
        let again = apply(&fake, package, &ONCE).unwrap();
        assert_eq!(again.outcome, Outcome::AlreadyApplied);
        assert_eq!(codes(&again), ["HP503"], "{again:?}");
    }
}
