//! What a patch leaves behind: memory that may still be used, and records of operations that
//! were interrupted.

use super::relays::through_relay_at;
use super::*;
use crate::addr::Rva;
use crate::apply::clear_up;
use crate::apply::record::Registration;
use crate::apply::testing::package::newer_with;
use crate::package::manifest::Manifest;
use crate::payload::names::Hook;

const HEAP: Va = Va(0x7000_0000);

#[test]
fn memory_that_the_program_points_into_is_kept() {
    let fake = Fake::new();
    apply(&fake, &package(), &ONCE).unwrap();
    let record = Survey::of(&fake).unwrap().patches[0].record.clone();
    let heap = HEAP;
    fake.allocate(heap, 0x1000).unwrap();
    fake.poke(
        Va(heap.0 + 0x40),
        &record.body.functions[1].replacement.0.to_le_bytes(),
    );
    let reverted = revert(&fake, None, &ONCE).unwrap();
    assert_eq!(reverted.outcome, Outcome::Reverted);
    assert_eq!(codes(&reverted), ["HP518"]);
    assert!(
        reverted.findings[0].detail.contains("0x70000040"),
        "{reverted:?}"
    );
    assert_eq!(
        (fake.version(), states(&fake)),
        (Version::Old, vec![State::Kept])
    );
    // What is called there may be unwound, too.
    assert_eq!(fake.tables.borrow().len(), 1);
    fake.free(heap).unwrap();
    assert_eq!(clear_up(&fake, &ONCE).unwrap().outcome, Outcome::Recovered);
    assert_eq!(states(&fake), []);
}

#[test]
fn a_coroutine_that_waits_inside_of_a_patch_keeps_it() {
    let fake = Fake::new();
    apply(&fake, &package(), &ONCE).unwrap();
    let record = Survey::of(&fake).unwrap().patches[0].record.clone();
    let waits_at = record.body.functions[1].replacement.0 + 5;
    let heap = HEAP;
    fake.allocate(heap, 0x1000).unwrap();
    fake.poke(Va(heap.0 + 0x40), &waits_at.to_le_bytes());
    let reverted = revert(&fake, None, &ONCE).unwrap();
    assert_eq!(reverted.outcome, Outcome::Reverted);
    assert_eq!(codes(&reverted), ["HP518"]);
    assert_eq!((fake.version(), fake.regions()), (Version::Old, 1));
    // Beside the environment block of a thread it is what an interrupted thread left.
    fake.threads.borrow_mut()[0].block = heap;
    assert_eq!(clear_up(&fake, &ONCE).unwrap().outcome, Outcome::Recovered);
    assert_eq!(fake.regions(), 0);
}

#[test]
fn what_the_system_was_told_to_protect_holds_nothing() {
    for (beyond, kept) in [(0, false), (8, true)] {
        let fake = Fake::new();
        apply(&fake, &package(), &ONCE).unwrap();
        let record = Survey::of(&fake).unwrap().patches[0].record.clone();
        let code = record.body.code[0];
        let constants = code.at.0 + code.size;
        assert!(!fake.protection(Va(constants)).executable());
        let heap = HEAP;
        fake.allocate(heap, 0x1000).unwrap();
        for (n, at) in [record.at.0, code.at.0, constants + beyond]
            .iter()
            .enumerate()
        {
            fake.poke(Va(heap.0 + 8 * n as u64), &at.to_le_bytes());
        }
        let reverted = revert(&fake, None, &ONCE).unwrap();
        assert_eq!(
            codes(&reverted) == ["HP518"],
            kept,
            "{beyond}: {reverted:?}"
        );
    }
}

#[test]
fn the_stack_of_a_thread_that_has_ended_holds_nothing() {
    let fake = Fake::new();
    apply(&fake, &package(), &ONCE).unwrap();
    let record = Survey::of(&fake).unwrap().patches[0].record.clone();
    fake.allocate(HEAP, 0x1000).unwrap();
    fake.poke(
        HEAP,
        &(record.body.functions[1].replacement.0 + 5).to_le_bytes(),
    );
    fake.zombie.set(Some(HEAP));
    let reverted = revert(&fake, None, &ONCE).unwrap();
    assert_eq!(codes(&reverted), [""; 0], "{reverted:?}");
    assert_eq!((fake.version(), fake.regions()), (Version::Old, 0));
}

#[test]
fn an_address_that_moves_is_seen_on_the_stack() {
    // Before everything else is looked at, and after that.
    for when in [2, 3] {
        let fake = Fake::new();
        apply(&fake, &package(), &ONCE).unwrap();
        let record = Survey::of(&fake).unwrap().patches[0].record.clone();
        let callback = record.body.functions[1].replacement.0;
        fake.on_census.replace(Some(Box::new(move |fake, census| {
            if census == when + 1 {
                fake.thread(9, MODULE.0 + 0x3000, &[callback]);
            }
        })));
        let reverted = revert(&fake, None, &ONCE).unwrap();
        assert_eq!(codes(&reverted), ["HP518"], "{when}: {reverted:?}");
        assert_eq!((fake.version(), fake.regions()), (Version::Old, 1));
        assert_eq!(fake.tables.borrow().len(), 1);
    }
}

#[test]
fn the_stack_of_a_thread_is_its_own_as_long_as_it_lives() {
    for lives in [true, false] {
        let fake = Fake::new();
        apply(&fake, &package(), &ONCE).unwrap();
        let record = Survey::of(&fake).unwrap().patches[0].record.clone();
        fake.thread(9, MODULE.0 + 0x3000, &[]);
        let below = fake.threads.borrow()[1].stack_limit;
        fake.poke(below, &record.body.functions[1].replacement.0.to_le_bytes());
        fake.on_census.replace(Some(Box::new(move |fake, census| {
            if census == 4 && !lives {
                fake.threads.borrow_mut().retain(|t| t.id != 9);
            }
        })));
        let reverted = revert(&fake, None, &ONCE).unwrap();
        let kept = codes(&reverted) == ["HP518"];
        assert_eq!(kept, !lives, "{reverted:?}");
    }
}

#[test]
fn many_stale_words_do_not_hide_one_that_counts() {
    let fake = Fake::new();
    apply(&fake, &package(), &ONCE).unwrap();
    let record = Survey::of(&fake).unwrap().patches[0].record.clone();
    let word = record.body.functions[1].replacement.0.to_le_bytes();
    // A stack full of what calls left that have returned, and beyond it one callback.
    let (stack, size) = (Va(0x6000_0000), 0x9_0000);
    fake.allocate(stack, size).unwrap();
    fake.poke(stack, &word.repeat(size as usize / 8));
    fake.thread(9, MODULE.0 + 0x3000, &[]);
    {
        let mut threads = fake.threads.borrow_mut();
        let thread = threads.iter_mut().find(|t| t.id == 9).unwrap();
        thread.stack_limit = stack;
        thread.stack_base = Va(stack.0 + size);
        thread.registers.rsp = stack.0 + size;
    }
    fake.allocate(HEAP, 0x1000).unwrap();
    fake.poke(HEAP, &word);
    let reverted = revert(&fake, None, &ONCE).unwrap();
    assert_eq!(codes(&reverted), ["HP518"], "{reverted:?}");
    assert_eq!(fake.version(), Version::Old);
    assert_eq!(fake.tables.borrow().len(), 1);
}

#[test]
fn a_call_of_hotpatch_that_has_not_begun_keeps_the_payload() {
    let fake = Fake::new();
    fake.loader.set(Loader::Hangs);
    assert!(apply(&fake, &with_import(), &ONCE).is_err());
    let record = Survey::of(&fake).unwrap().patches[0].record.clone();
    // It waits for the loader's lock: where it is to begin is on its stack, and no more.
    let begin = record.body.call.unwrap().0;
    for stack in [&[begin, 0], &[0, begin]] {
        fake.thread(9, MODULE.0 + 0x3000, stack);
        let kept = clear_up(&fake, &ONCE).unwrap();
        assert!(kept.outcome == Outcome::Busy || codes(&kept) == ["HP518"]);
        assert_eq!(fake.regions(), 1);
    }
    fake.threads.borrow_mut().retain(|t| t.id != 9);
    assert_eq!(codes(&clear_up(&fake, &ONCE).unwrap()), [""; 0]);
    assert_eq!((fake.version(), fake.regions()), (Version::Old, 0));
}

#[test]
fn a_hook_that_has_run_may_have_handed_out_an_address() {
    let fake = Fake::new();
    let mut package = package_with(|m| m.hooks.before_apply = Some("f_1010".to_owned()));
    fake.hook.set(Some(7));
    let vetoed = apply(&fake, &package, &ONCE).unwrap();
    assert!(codes(&vetoed).ends_with(&["HP522"]), "{vetoed:?}");
    assert_eq!(fake.regions(), 0);
    fake.allocate(HEAP, 0x1000).unwrap();
    fake.hook_leaves.set(Some(HEAP));
    let vetoed = apply(&fake, &package, &ONCE).unwrap();
    assert!(codes(&vetoed).ends_with(&["HP522", "HP518"]), "{vetoed:?}");
    assert_eq!((fake.version(), fake.regions()), (Version::Old, 1));
    assert!(
        package
            .manifest
            .hooks
            .iter()
            .any(|(h, _)| h == Hook::BeforeApply)
    );
    package = package_with(|_| {});
    let applied = apply(&fake, &package, &ONCE).unwrap();
    assert_eq!(applied.outcome, Outcome::Applied, "{applied:?}");
}

/// A process in which `apply` died before anything of the patch could run, for each step at
/// which it may.
fn with_unused_remains() -> Vec<Fake> {
    let whole = Fake::new();
    let before = whole.operations.get();
    apply(&whole, &package(), &ONCE).unwrap();
    let died = (0..whole.operations.get() - before).map(|fuel| {
        let fake = Fake::new();
        fake.fuel.set(Some(fuel));
        let _ = apply(&fake, &package(), &ONCE);
        fake.fuel.set(None);
        fake
    });
    let unused = |fake: &Fake| {
        let survey = Survey::of(fake).unwrap();
        let patch = survey.patches.first();
        patch.is_some_and(|p| {
            p.state == State::Pending && p.record.header.registered == Registration::No
        })
    };
    died.filter(unused).collect()
}

#[test]
fn remains_that_have_never_run_are_held_by_nothing() {
    let mut died = 0;
    for again in 0.. {
        let mut ended = true;
        for (n, fake) in with_unused_remains().into_iter().enumerate() {
            let record = Survey::of(&fake).unwrap().patches[0].record.clone();
            // Left by what was there before, by hotpatch's own calls among others.
            let heap = HEAP;
            fake.allocate(heap, 0x1000).unwrap();
            for (word, beyond) in [(0, 5), (8, 0x1d)] {
                let stale = record.body.code[0].at.0 + beyond;
                fake.poke(Va(heap.0 + word), &stale.to_le_bytes());
            }
            fake.fuel.set(Some(again));
            let first = clear_up(&fake, &ONCE);
            fake.fuel.set(None);
            let whole = first.is_ok_and(|s| codes(&s).is_empty());
            ended &= whole;
            died += usize::from(!whole);
            let cleared = clear_up(&fake, &ONCE).unwrap();
            assert_eq!(codes(&cleared), [""; 0], "{n}, {again}: {cleared:?}");
            assert_eq!(states(&fake), [], "{n}, {again}");
        }
        if ended {
            break;
        }
    }
    assert!(died > 20, "{died}");
}

/// Lets a package replace only one function, through a relay 0x13 bytes behind its entry.
pub(super) fn through_relay(m: &mut Manifest, index: usize) {
    let rva = Rva(m.functions[index].entry.0 + 0x13);
    through_relay_at(m, index, rva);
}

/// A process with room for a relay behind the entry of a function.
pub(super) fn with_room(index: usize) -> (Fake, Va) {
    let fake = Fake::new();
    fake.unchecked.set(true);
    let relay = Va(SERVER_RVAS[index].at(MODULE).0 + 0x13);
    fake.poke(relay, &[0xcc; 5]);
    (fake, relay)
}

#[test]
fn a_thread_on_a_relay_is_waited_for() {
    let (fake, relay) = with_room(0);
    let short = package_with(|m| through_relay(m, 0));
    let applied = apply(&fake, &short, &ONCE).unwrap();
    assert_eq!(applied.outcome, Outcome::Applied, "{applied:?}");
    fake.thread(9, relay.0, &[]);
    let busy = revert(&fake, None, &ONCE).unwrap();
    assert_eq!(busy.outcome, Outcome::Busy);
    assert_eq!(busy.blocked_by[0].function, "f_1010");
    // Whoever has it as a return address is in what lies before it.
    fake.thread(9, MODULE.0 + 0x3000, &[relay.0]);
    let reverted = revert(&fake, None, &ONCE).unwrap();
    assert_eq!(reverted.outcome, Outcome::Reverted, "{reverted:?}");
    assert_eq!(fake.read_vec(relay, 5).unwrap(), [0xcc; 5]);
}

/// A patch that was reverted while the program pointed into it, so that its memory stayed.
fn kept_behind_a_relay() -> (Fake, crate::package::Verified<crate::package::Package>) {
    let (fake, _) = with_room(0);
    let short = package_with(|m| through_relay(m, 0));
    apply(&fake, &short, &ONCE).unwrap();
    let record = Survey::of(&fake).unwrap().patches[0].record.clone();
    fake.allocate(HEAP, 0x1000).unwrap();
    fake.poke(HEAP, &record.body.functions[0].replacement.0.to_le_bytes());
    let reverted = revert(&fake, None, &ONCE).unwrap();
    assert_eq!(codes(&reverted), ["HP518"]);
    assert_eq!(states(&fake), [State::Kept]);
    (fake, short)
}

#[test]
fn memory_that_was_kept_stands_in_no_way() {
    let (fake, _) = kept_behind_a_relay();
    let short = package_with(|m| {
        through_relay(m, 0);
        m.patch.title = None;
    });
    for _ in 0..3 {
        // The short jump at the entry is the same whichever instance wrote it.
        let applied = apply(&fake, &short, &ONCE).unwrap();
        assert_eq!(applied.outcome, Outcome::Applied, "{applied:?}");
        // That of the earlier instance was said when it was kept.
        assert!(!codes(&applied).contains(&"HP518"), "{applied:?}");
        assert!(!codes(&applied).contains(&"HP514"), "{applied:?}");
        assert_eq!(states(&fake), [State::Kept, State::Active]);
        let again = apply(&fake, &short, &ONCE).unwrap();
        assert_eq!(again.outcome, Outcome::AlreadyApplied);
        let reverted = revert(&fake, None, &ONCE).unwrap();
        assert_eq!(reverted.outcome, Outcome::Reverted, "{reverted:?}");
        assert_eq!(states(&fake), [State::Kept]);
    }
    // Nobody means it who names nothing else; and it is said to be there still.
    let still = clear_up(&fake, &ONCE).unwrap();
    assert_eq!(
        (still.outcome, codes(&still)),
        (Outcome::Clean, vec!["HP518"])
    );
    fake.free(HEAP).unwrap();
    assert_eq!(clear_up(&fake, &ONCE).unwrap().outcome, Outcome::Recovered);
    assert_eq!((states(&fake), fake.regions()), (vec![], 0));
}

#[test]
fn a_thread_that_stays_in_kept_memory_does_not_stop_the_next_patch() {
    let (fake, short) = kept_behind_a_relay();
    let kept = Survey::of(&fake).unwrap().patches[0].record.clone();
    let inside = kept.body.functions[0].replacement.0 + 5;
    fake.thread(9, inside, &[]);
    let applied = apply(&fake, &short, &ONCE).unwrap();
    assert_eq!(applied.outcome, Outcome::Applied, "{applied:?}");
    let reverted = revert(&fake, None, &ONCE).unwrap();
    assert_eq!(reverted.outcome, Outcome::Reverted, "{reverted:?}");
    assert_eq!(states(&fake)[0], State::Kept);
}

#[test]
fn a_patch_that_others_began_to_replace_is_reverted_with_what_is_left_of_them() {
    let patched = || {
        let fake = Fake::new();
        apply(&fake, &package(), &ONCE).unwrap();
        fake
    };
    let whole = patched();
    let before = whole.operations.get();
    apply(&whole, &newer_with(|_| {}), &ONCE).unwrap();
    for fuel in 0..whole.operations.get() - before {
        let fake = patched();
        fake.fuel.set(Some(fuel));
        let _ = apply(&fake, &newer_with(|_| {}), &ONCE);
        fake.fuel.set(None);
        recover::recover(&fake).unwrap();
        if fake.version() == Version::Newer {
            continue;
        }
        let reverted = revert(&fake, Some("fix-1"), &ONCE).unwrap();
        assert_eq!(reverted.outcome, Outcome::Reverted, "{fuel}: {reverted:?}");
        assert_eq!(reverted.package_id.as_deref(), Some("fix-1"));
        let left = states(&fake);
        assert!(!left.contains(&State::Torn), "{fuel}: {left:?}");
        let applied = apply(&fake, &newer_with(|_| {}), &ONCE).unwrap();
        assert_eq!(applied.outcome, Outcome::Applied, "{fuel}: {applied:?}");
        assert_eq!(fake.version(), Version::Newer);
    }
}

#[test]
fn a_module_with_two_patches_is_loaded_anew() {
    let fake = Fake::new();
    apply(&fake, &package(), &ONCE).unwrap();
    apply(&fake, &newer_with(|_| {}), &ONCE).unwrap();
    fake.unload();
    fake.load_at(MODULE);
    fake.modules.borrow_mut().rotate_right(1);
    assert_eq!(states(&fake), [State::Detached, State::Detached]);
    let applied = apply(&fake, &newer_with(|_| {}), &ONCE).unwrap();
    assert_eq!(applied.outcome, Outcome::Applied, "{applied:?}");
    assert_eq!(
        (fake.version(), states(&fake)),
        (Version::Newer, vec![State::Active])
    );
}

#[test]
fn a_patch_whose_module_hides_its_header_is_there_all_the_same() {
    let fake = Fake::new();
    apply(&fake, &package(), &ONCE).unwrap();
    fake.poke(MODULE, &[0; 0x200]);
    assert_eq!(states(&fake), [State::Active]);
    let reverted = revert(&fake, None, &ONCE).unwrap();
    assert_eq!(reverted.outcome, Outcome::Reverted, "{reverted:?}");
    assert_eq!((fake.version(), fake.regions()), (Version::Old, 0));
}

#[test]
fn what_was_left_of_one_patch_keeps_no_memory_of_the_next() {
    let fake = Fake::new();
    fake.allocate(HEAP, 0x1000).unwrap();
    apply(&fake, &package(), &ONCE).unwrap();
    let first = Survey::of(&fake).unwrap().patches[0].record.clone();
    revert(&fake, None, &ONCE).unwrap();
    // As the system leaves where an unwind table ended that was taken out.
    let end = first.body.functions[0].replacement.0 + 1;
    fake.poke(HEAP, &end.to_le_bytes());
    fake.anywhere.set(7);
    apply(&fake, &package(), &ONCE).unwrap();
    let second = Survey::of(&fake).unwrap().patches[0].record.at;
    assert_ne!(second, first.at);
    let reverted = revert(&fake, None, &ONCE).unwrap();
    assert_eq!(codes(&reverted), [""; 0]);
    assert_eq!(states(&fake), []);
}

#[test]
fn a_process_that_somebody_let_go_is_not_called_frozen() {
    // The watchdog of a patcher that died lets the target go, and leaves its note.
    let patched = || {
        let fake = Fake::new();
        apply(&fake, &package(), &ONCE).unwrap();
        fake
    };
    let whole = patched();
    let before = whole.operations.get();
    revert(&whole, None, &ONCE).unwrap();
    let mut noted = 0;
    for fuel in 0..whole.operations.get() - before {
        let fake = patched();
        fake.fuel.set(Some(fuel));
        let _ = revert(&fake, None, &ONCE);
        fake.fuel.set(None);
        let is_frozen = || -> Vec<bool> {
            let survey = Survey::of(&fake).unwrap();
            survey.patches.iter().map(|p| p.frozen).collect()
        };
        let stands_still = fake.frozen.get() == 1;
        if stands_still {
            assert_eq!(is_frozen(), [true], "step {fuel}");
            repair::repair(&fake, find_record(&fake)).unwrap();
            fake.thaw().unwrap();
        }
        let survey = Survey::of(&fake).unwrap();
        noted += survey
            .patches
            .iter()
            .filter(|p| p.record.header.frozen)
            .count();
        assert!(!is_frozen().contains(&true), "step {fuel}");
    }
    assert!(noted > 0);
}

#[test]
fn memory_in_the_place_of_a_module_keeps_its_protection() {
    let fake = Fake::new();
    apply(&fake, &package(), &ONCE).unwrap();
    let record = Survey::of(&fake).unwrap().patches[0].record.clone();
    let entry = record.body.functions[0].entry;
    fake.unload();
    let page = Va(entry.0 & !0xffff);
    fake.allocate(page, 0x1_0000).unwrap();
    let before = fake.region(entry).unwrap();
    repair::repair(&fake, record.at).unwrap();
    repair::repair_protection(&fake, record.at).unwrap();
    assert_eq!(fake.region(entry).unwrap(), before);
}
