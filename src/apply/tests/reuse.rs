//! Memory that was kept of a package, and the same package once more.

use super::*;
use crate::apply::clear_up;
use crate::apply::record::{Record, Stage};
use crate::apply::target::Protection;

const HEAP: Va = Va(0x7000_0000);

fn records(fake: &Fake) -> Vec<Record> {
    let patches = Survey::of(fake).unwrap().patches.into_iter();
    patches.map(|p| p.record).collect()
}

/// Lets the program point into the code of a patch.
fn hold(fake: &Fake, at: Va, record: &Record) {
    let inside = record.body.functions[1].replacement.0 + 5;
    fake.poke(at, &inside.to_le_bytes());
}

fn reverted(fake: &Fake) {
    let reverted = revert(fake, Some("fix-1"), &ONCE).unwrap();
    assert_eq!(reverted.outcome, Outcome::Reverted, "{reverted:?}");
}

/// A process in which memory of the package was kept.
fn with_kept() -> Fake {
    let fake = Fake::new();
    fake.allocate(HEAP, 0x1000).unwrap();
    apply(&fake, &package(), &ONCE).unwrap();
    hold(&fake, HEAP, &records(&fake)[0]);
    reverted(&fake);
    assert_eq!(states(&fake), [State::Kept]);
    fake
}

#[test]
fn a_hundred_cycles_hold_one_instance() {
    let fake = Fake::new();
    fake.allocate(HEAP, 0x1000).unwrap();
    for cycle in 0..100 {
        let applied = apply(&fake, &package(), &ONCE).unwrap();
        assert_eq!(applied.outcome, Outcome::Applied, "{applied:?}");
        assert_eq!(states(&fake), [State::Active], "{cycle}");
        assert_eq!(fake.version(), Version::New);
        hold(&fake, Va(HEAP.0 + 8 * cycle), &records(&fake)[0]);
        reverted(&fake);
        assert_eq!(states(&fake), [State::Kept], "{cycle}");
        assert_eq!((fake.version(), fake.regions()), (Version::Old, 1));
        assert_eq!(fake.tables.borrow().len(), 1);
    }
    fake.free(HEAP).unwrap();
    assert_eq!(clear_up(&fake, &ONCE).unwrap().outcome, Outcome::Recovered);
    assert_eq!((states(&fake), fake.regions()), (vec![], 0));
    assert!(fake.tables.borrow().is_empty());
}

#[test]
fn memory_with_other_bytes_is_not_used_again() {
    for what in ["code", "constants", "protection", "package", "stack"] {
        let fake = with_kept();
        let kept = records(&fake)[0].clone();
        let code = kept.body.code[0];
        let (mut again, mut on_stack) = (package(), Vec::new());
        match what {
            "code" => fake.poke(Va(kept.body.functions[2].replacement.0 + 1), &[0x66]),
            "constants" => fake.poke(Va(code.at.0 + code.size + 0x800), &[1]),
            "protection" => fake.set_protection(code.at, Protection(0x40)),
            "package" => again = package_with(|m| m.patch.title = None),
            _ => on_stack.push("f_1010".to_owned()),
        }
        let options = Options {
            on_stack: &on_stack,
            ..ONCE
        };
        let applied = apply(&fake, &again, &options).unwrap();
        assert_eq!(applied.outcome, Outcome::Applied, "{what}: {applied:?}");
        assert_eq!(states(&fake), [State::Kept, State::Active], "{what}");
        assert_eq!(records(&fake)[0].at, kept.at);
        reverted(&fake);
        assert_eq!(states(&fake), [State::Kept], "{what}");
    }
}

#[test]
fn a_table_that_may_not_be_registered_is_not_relied_on() {
    let fake = with_kept();
    fake.poke(Va(records(&fake)[0].at.0 + 0x84), &1u32.to_le_bytes());
    apply(&fake, &package(), &ONCE).unwrap();
    assert_eq!(states(&fake), [State::Kept, State::Active]);
    assert_eq!(fake.tables.borrow().len(), 2);
}

#[test]
fn what_was_to_be_used_again_and_was_not_is_kept_still() {
    let fake = with_kept();
    let kept = records(&fake)[0].at;
    fake.thread(9, SERVER_RVAS[2].at(MODULE).0 + 7, &[]);
    let busy = apply(&fake, &package(), &ONCE).unwrap();
    assert_eq!(busy.outcome, Outcome::Busy, "{busy:?}");
    assert_eq!(codes(&busy), ["HP503"], "{busy:?}");
    let left = &records(&fake)[0];
    assert_eq!((left.at, left.header.stage), (kept, Stage::Restored));
    assert_eq!(states(&fake), [State::Kept]);
    assert_eq!(fake.tables.borrow().len(), 1);
}

#[test]
fn a_thread_that_stays_in_kept_memory_does_not_keep_the_patch_in() {
    let fake = with_kept();
    let kept = records(&fake)[0].clone();
    let inside = kept.body.functions[0].replacement.0 + 5;
    for _ in 0..3 {
        fake.thread(9, inside, &[]);
        let applied = apply(&fake, &package(), &ONCE).unwrap();
        assert_eq!(applied.outcome, Outcome::Applied, "{applied:?}");
        assert_eq!(states(&fake), [State::Kept, State::Active]);
        reverted(&fake);
        assert_eq!(states(&fake), [State::Kept]);
    }
    fake.thread(9, MODULE.0 + 0x3000, &[]);
    apply(&fake, &package(), &ONCE).unwrap();
    assert_eq!((records(&fake)[0].at, records(&fake).len()), (kept.at, 1));
}

#[test]
fn imports_are_looked_up_anew() {
    let fake = Fake::new();
    fake.allocate(HEAP, 0x1000).unwrap();
    apply(&fake, &with_import(), &ONCE).unwrap();
    hold(&fake, HEAP, &records(&fake)[0]);
    reverted(&fake);
    // The loader never comes back: the memory is neither used nor given back.
    fake.loader.set(Loader::Hangs);
    assert!(apply(&fake, &with_import(), &ONCE).is_err());
    assert_eq!(states(&fake), [State::Kept]);
    fake.loader.set(Loader::Works);
    apply(&fake, &with_import(), &ONCE).unwrap();
    assert_eq!(states(&fake), [State::Active]);
}

#[test]
fn a_patcher_may_die_while_memory_is_used_again() {
    let whole = with_kept();
    let before = whole.operations.get();
    apply(&whole, &package(), &ONCE).unwrap();
    let steps = whole.operations.get() - before;
    let mut stopped = 0;
    for fuel in 0..steps {
        for watchdog in [true, false] {
            let fake = with_kept();
            let kept = records(&fake)[0].clone();
            fake.fuel.set(Some(fuel));
            let _ = apply(&fake, &package(), &ONCE);
            fake.fuel.set(None);
            if fake.frozen.get() == 1 {
                if watchdog {
                    repair::repair(&fake, records(&fake)[0].at).unwrap();
                    fake.resume().unwrap();
                } else {
                    assert!(recover::recover(&fake).unwrap().0, "step {fuel}");
                }
            }
            let version = fake.version();
            stopped += usize::from(states(&fake) == [State::Pending]);
            assert!(!states(&fake).contains(&State::Torn), "step {fuel}");
            // A thread runs what was kept, and does not leave it.
            fake.thread(9, kept.body.functions[0].replacement.0 + 5, &[]);
            let applied = apply(&fake, &package(), &ONCE).unwrap();
            let expected = match version {
                Version::New => Outcome::AlreadyApplied,
                _ => Outcome::Applied,
            };
            assert_eq!(applied.outcome, expected, "step {fuel}: {applied:?}");
            assert_eq!(states(&fake).last(), Some(&State::Active), "step {fuel}");
            assert!(records(&fake).len() <= 2, "step {fuel}");
            fake.threads.borrow_mut().retain(|t| t.id != 9);
            reverted(&fake);
            fake.free(HEAP).unwrap();
            clear_up(&fake, &ONCE).unwrap();
            assert_eq!((states(&fake), fake.regions()), (vec![], 0), "step {fuel}");
            assert!(fake.tables.borrow().is_empty(), "step {fuel}");
        }
    }
    assert!(stopped > 0);
}

#[test]
fn memory_in_which_a_call_waits_to_begin_is_not_used_again() {
    // A thread of hotpatch waits for the loader's lock: where it is to begin is on its stack,
    // or in a register.
    for how in 0..3 {
        let fake = with_kept();
        let kept = records(&fake)[0].clone();
        let begin = kept.body.call.unwrap().0;
        let stacks: [&[u64]; 3] = [&[begin, 0], &[0, begin], &[0, 0]];
        fake.thread(9, MODULE.0 + 0x3000, stacks[how]);
        if how == 2 {
            let mut threads = fake.threads.borrow_mut();
            let thread = threads.iter_mut().find(|t| t.id == 9).unwrap();
            thread.registers.integer[1] = begin;
        }
        let applied = apply(&fake, &package(), &ONCE).unwrap();
        assert_eq!(applied.outcome, Outcome::Applied, "{how}: {applied:?}");
        assert_eq!(states(&fake), [State::Kept, State::Active], "{how}");
        assert_eq!(records(&fake)[0].at, kept.at, "{how}");
    }
}
