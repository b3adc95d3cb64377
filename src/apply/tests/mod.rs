mod hiccup;
mod others;
mod policy;
mod proof;
mod relays;
mod remains;
mod reuse;
mod stack;

use std::cell::Cell;
use std::rc::Rc;
use std::sync::atomic::AtomicBool;
use std::time::Duration;

use sha2::{Digest, Sha256};

use crate::addr::{Rva, Va};
use crate::apply::install::check;
use crate::apply::outcome::{Options, Outcome, Summary};
use crate::apply::quiesce::Seen;
use crate::apply::survey::{State, Survey};
use crate::apply::target::{Mitigations, Target};
use crate::apply::testing::package::{package, package_with};
use crate::apply::testing::{Fake, Loader, MODULE, SERVER_RVAS, Version};
use crate::apply::{ApplyError, apply, recover, repair, revert, versions};
use crate::exit::Exit;
use crate::image::version::testing::version_resource;
use crate::package::manifest::ImportedSymbol;
use crate::package::{Package, Verified};

static NEVER: AtomicBool = AtomicBool::new(false);
const ONCE: Options<'static> = Options {
    timeout: Duration::ZERO,
    max_freeze: None,
    on_stack: &[],
    interrupted: &NEVER,
};

fn states(fake: &Fake) -> Vec<State> {
    let survey = Survey::of(fake).unwrap();
    assert!(survey.unreadable.is_empty(), "{:?}", survey.unreadable);
    survey.patches.iter().map(|p| p.state).collect()
}

fn codes(summary: &Summary) -> Vec<&str> {
    summary.findings.iter().map(|f| f.rule.code).collect()
}

#[test]
fn a_patch_goes_in_and_comes_out_and_leaves_nothing() {
    let fake = Fake::new();
    let applied = apply(&fake, &package(), &ONCE).unwrap();
    assert_eq!(applied.outcome, Outcome::Applied, "{applied:?}");
    assert_eq!(fake.version(), Version::New);
    assert_eq!(states(&fake), [State::Active]);
    assert_eq!(fake.tables.borrow().len(), 1);
    assert_eq!(applied.functions.len(), SERVER_RVAS.len());
    assert_eq!((applied.effort.attempts, applied.effort.seen.len()), (1, 1));

    let again = apply(&fake, &package(), &ONCE).unwrap();
    assert_eq!(again.outcome, Outcome::AlreadyApplied);
    assert_eq!(again.exit(), Exit::Done);

    let reverted = revert(&fake, None, &ONCE).unwrap();
    assert_eq!(reverted.outcome, Outcome::Reverted, "{reverted:?}");
    assert_eq!(reverted.package_id.as_deref(), Some("fix-1"));
    assert_eq!(fake.version(), Version::Old);
    assert_eq!((states(&fake), fake.regions()), (vec![], 0));
    assert!(fake.tables.borrow().is_empty());
    let nothing = revert(&fake, None, &ONCE).unwrap();
    assert_eq!(nothing.outcome, Outcome::NotApplied);
}

#[test]
fn check_writes_nothing() {
    let fake = Fake::new();
    let summary = check(&fake, &package()).unwrap();
    assert_eq!(summary.outcome, Outcome::Ready);
    assert_eq!(codes(&summary), ["HP503"], "{:?}", summary.findings);
    assert_eq!(fake.regions(), 0);
    assert!(summary.bytes_allocated > 0);
}

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

fn find_record(fake: &Fake) -> Va {
    Survey::of(fake).unwrap().patches[0].record.at
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

#[test]
fn the_wait_begins_with_the_first_attempt() {
    let options = Options {
        timeout: Duration::from_millis(100),
        ..ONCE
    };
    // What comes before it takes longer than the wait may; so does what comes in between.
    let slow = || {
        let fake = Fake::new();
        fake.call_takes.set(Duration::from_millis(150));
        fake
    };
    let goes_after = |fake: &Fake, last: u32, inside: u64| {
        fake.thread(9, inside, &[]);
        fake.on_census.replace(Some(Box::new(move |fake, census| {
            if census == last {
                fake.threads.borrow_mut().retain(|t| t.id != 9);
            }
        })));
    };
    let fake = slow();
    goes_after(&fake, 2, SERVER_RVAS[2].at(MODULE).0 + 7);
    let applied = apply(&fake, &package(), &options).unwrap();
    assert_eq!(
        (applied.outcome, applied.effort.attempts),
        (Outcome::Applied, 2),
        "{applied:?}"
    );
    // A thread that holds an address while the memory is looked at for the second time, after
    // a call that ends a thread because of what one left.
    let callback = Survey::of(&fake).unwrap().patches[0].record.clone();
    let callback = callback.body.functions[1].replacement.0;
    let heap = Va(0x7000_0000);
    fake.allocate(heap, 0x1000).unwrap();
    fake.poke(heap, &callback.to_le_bytes());
    fake.zombie.set(Some(heap));
    fake.on_census.replace(Some(Box::new(move |fake, census| {
        if census == 5 {
            fake.thread(9, MODULE.0 + 0x3000, &[callback]);
        } else if census == 6 {
            fake.threads.borrow_mut().retain(|t| t.id != 9);
        }
    })));
    let reverted = revert(&fake, None, &options).unwrap();
    assert_eq!(codes(&reverted), [""; 0], "{reverted:?}");
    assert_eq!((fake.version(), fake.regions()), (Version::Old, 0));
}

#[test]
fn who_is_in_the_way_is_told_from_who_may_be() {
    let first = SERVER_RVAS[2].at(MODULE).0 + 7;
    let second = SERVER_RVAS[3].at(MODULE).0 + 7;
    let elsewhere = MODULE.0 + 0x3000;
    // Code that no module has, as a runtime compiles it.
    let compiled = 0x5000_0000;
    let ip = Seen::InstructionPointer;
    let (stack, unwalked) = (Seen::Stack, Seen::UnwalkedStack);
    for (rip, words, expected) in [
        (elsewhere, &[first, 0][..], &[("f_9100", stack)][..]),
        (elsewhere, &[compiled, first, 0], &[("f_9100", unwalked)]),
        (
            elsewhere,
            &[first, compiled, second, 0],
            &[("f_9100", stack), ("f_9ffd", unwalked)],
        ),
        // A walk ends where a thread began; what is above that nobody knows.
        (elsewhere, &[0, first], &[("f_9100", unwalked)]),
        (first, &[second, 0], &[("f_9100", ip), ("f_9ffd", stack)]),
        (
            first,
            &[second, compiled],
            &[("f_9100", ip), ("f_9ffd", stack)],
        ),
    ] {
        let fake = Fake::new();
        fake.thread(9, rip, words);
        let busy = apply(&fake, &package(), &ONCE).unwrap();
        let seen = busy.blocked_by.iter();
        let seen: Vec<_> = seen.map(|b| (b.function.as_str(), b.seen)).collect();
        assert_eq!(seen, expected, "{rip:#x}, {words:x?}");
    }
}

#[test]
fn a_thread_inside_an_old_function_is_waited_for() {
    let fake = Fake::new();
    let inside = SERVER_RVAS[2].at(MODULE).0 + 7;
    fake.thread(8, inside, &[]);
    fake.thread(9, MODULE.0 + 0x3000, &[1, 2, inside, 3]);
    let busy = apply(&fake, &package(), &ONCE).unwrap();
    assert_eq!((busy.outcome, busy.exit()), (Outcome::Busy, Exit::Busy));
    let who: Vec<_> = busy
        .blocked_by
        .iter()
        .map(|b| (b.thread, b.function.as_str()))
        .collect();
    assert_eq!(who, [(8, "f_9100"), (9, "f_9100")]);
    assert_eq!((fake.version(), fake.regions()), (Version::Old, 0));
    assert!(fake.tables.borrow().is_empty());

    let left = Rc::new(Cell::new(0));
    let at = left.clone();
    fake.on_census.replace(Some(Box::new(move |fake, census| {
        at.set(census);
        if census == 4 {
            fake.thread(8, MODULE.0 + 0x3000, &[]);
            fake.thread(9, MODULE.0 + 0x3000, &[]);
        }
    })));
    let patient = Options {
        timeout: Duration::from_secs(60),
        ..ONCE
    };
    let applied = apply(&fake, &package(), &patient).unwrap();
    assert_eq!(applied.outcome, Outcome::Applied);
    assert_eq!((applied.effort.attempts, left.get()), (3, 4));
}

#[test]
fn a_pointer_to_a_function_is_no_call_of_it() {
    let fake = Fake::new();
    let entry = SERVER_RVAS[0].at(MODULE).0;
    fake.thread(8, MODULE.0 + 0x3000, &[entry]);
    assert_eq!(
        apply(&fake, &package(), &ONCE).unwrap().outcome,
        Outcome::Applied
    );
}

#[test]
fn a_call_at_the_very_end_of_a_function_is_a_call() {
    let fake = Fake::new();
    let start = SERVER_RVAS[2].at(MODULE).0;
    fake.poke(Va(start + 12), &[0xe8, 0, 0, 0, 0]);
    let calls = package_with(|m| {
        let range = &mut m.functions[2].ranges[0];
        range.size += 5;
        let code = fake.read_vec(Va(start), range.size as usize).unwrap();
        range.sha256 = hex::encode(Sha256::digest(code));
    });
    fake.thread(8, MODULE.0 + 0x3000, &[start + 17]);
    let busy = apply(&fake, &calls, &ONCE).unwrap();
    assert_eq!(busy.outcome, Outcome::Busy);
    assert_eq!(busy.blocked_by[0].function, "f_9100");
}

#[test]
fn a_zero_proves_nothing_about_what_is_above_it() {
    let fake = Fake::new();
    let inside = SERVER_RVAS[2].at(MODULE).0 + 7;
    // As code that lies about its frame would leave it.
    fake.thread(8, MODULE.0 + 0x3000, &[0, 1, inside]);
    let busy = apply(&fake, &package(), &ONCE).unwrap();
    assert_eq!(busy.outcome, Outcome::Busy);
    assert_eq!(busy.blocked_by[0].function, "f_9100");
}

#[test]
fn a_thread_inside_the_payload_is_waited_for() {
    let fake = Fake::new();
    apply(&fake, &package(), &ONCE).unwrap();
    let record = Survey::of(&fake).unwrap().patches[0].record.clone();
    let replacement = record.body.functions[1].replacement;
    // It may be where a call returns to that is the last of the function before.
    fake.thread(8, MODULE.0 + 0x3000, &[replacement.0]);
    let busy = revert(&fake, None, &ONCE).unwrap();
    assert_eq!(busy.outcome, Outcome::Busy);
    let seen = busy.blocked_by.iter().map(|b| (&*b.function, b.seen));
    let expected = [("f_1010", Seen::Stack), ("f_1080", Seen::UnwalkedStack)];
    assert_eq!(seen.collect::<Vec<_>>(), expected);
    assert_eq!(fake.version(), Version::New);
    assert_eq!(states(&fake), [State::Active]);
}

#[test]
fn an_unknown_stack_is_busy() {
    let fake = Fake::new();
    fake.threads.borrow_mut()[0].registers.rsp = 0x10;
    let busy = apply(&fake, &package(), &ONCE).unwrap();
    assert_eq!(busy.outcome, Outcome::Busy);
}

#[test]
fn fibers_are_refused_at_once() {
    let fake = Fake::new();
    fake.threads.borrow_mut()[0].fiber = true;
    let patient = Options {
        timeout: Duration::from_secs(3600),
        ..ONCE
    };
    let refused = apply(&fake, &package(), &patient).unwrap();
    assert_eq!(refused.exit(), Exit::RestartRequired);
    assert_eq!(codes(&refused), ["HP503", "HP519"]);
    assert_eq!((fake.version(), fake.regions()), (Version::Old, 0));
}

#[test]
fn an_interrupt_before_the_switch_leaves_nothing() {
    static NOW: AtomicBool = AtomicBool::new(true);
    let fake = Fake::new();
    let options = Options {
        interrupted: &NOW,
        ..ONCE
    };
    let summary = apply(&fake, &package(), &options).unwrap();
    assert_eq!(summary.exit(), Exit::Interrupted);
    assert_eq!((fake.version(), fake.regions()), (Version::Old, 0));
}

#[test]
fn a_hook_at_an_entry_is_a_finding_of_its_own() {
    let fake = Fake::new();
    fake.poke(SERVER_RVAS[0].at(MODULE), &[0xe9, 1, 2, 3, 4]);
    fake.unchecked.set(true);
    let summary = check(&fake, &package()).unwrap();
    assert_eq!(codes(&summary), ["HP503", "HP505"]);
    assert_eq!(summary.exit(), Exit::RestartRequired);
    let hook = &summary.findings[1];
    assert_eq!(hook.subject.as_deref(), Some("f_1010"));
    assert!(
        hook.detail
            .contains("expected 4883ec2831, found e901020304"),
        "{hook:?}"
    );
}

#[test]
fn changed_code_is_another_image() {
    let fake = Fake::new();
    fake.poke(Va(SERVER_RVAS[1].at(MODULE).0 + 6), &[0xcc]);
    let summary = check(&fake, &package()).unwrap();
    assert_eq!(codes(&summary), ["HP503", "HP504"]);
    assert_eq!(summary.exit(), Exit::WrongTarget);
}

#[test]
fn every_difference_of_identity_is_named() {
    let fake = Fake::new();
    let other = package_with(|m| {
        m.target.time_date_stamp = 1;
        m.target.pdb_age = 9;
    });
    let summary = check(&fake, &other).unwrap();
    assert_eq!(codes(&summary), ["HP502"]);
    let detail = &summary.findings[0].detail;
    assert!(detail.contains("TimeDateStamp is 0x66000000"), "{detail}");
    assert!(detail.contains("age 9"), "{detail}");
    assert_eq!(summary.exit(), Exit::WrongTarget);

    let missing = package_with(|m| m.target.file_name = "other.dll".to_owned());
    let summary = check(&fake, &missing).unwrap();
    assert_eq!(codes(&summary), ["HP501"]);
}

#[test]
fn all_findings_come_at_once() {
    let fake = Fake::new();
    fake.x64.set(false);
    fake.mitigations.set(Mitigations {
        dynamic_code: true,
        shadow_stack: true,
        ..Mitigations::default()
    });
    let picky = package_with(|m| m.patch.requires = vec!["fix-0".to_owned()]);
    let summary = check(&fake, &picky).unwrap();
    assert_eq!(
        codes(&summary),
        ["HP507", "HP508", "HP517", "HP503", "HP511"]
    );
}

#[test]
fn a_pointer_to_the_function_behind_is_no_return_address() {
    let fake = Fake::new();
    let end = SERVER_RVAS[0].at(MODULE).0 + 12;
    fake.thread(9, MODULE.0 + 0x3000, &[end]);
    let applied = apply(&fake, &package(), &ONCE).unwrap();
    assert_eq!(applied.outcome, Outcome::Applied, "{applied:?}");
}

#[test]
fn another_patch_on_the_same_function_is_named() {
    let fake = Fake::new();
    apply(&fake, &package(), &ONCE).unwrap();
    let other = package_with(|m| m.patch.id = "fix-2".to_owned());
    let summary = apply(&fake, &other, &ONCE).unwrap();
    assert_eq!(
        codes(&summary),
        ["HP503", "HP506", "HP506", "HP506", "HP506"]
    );
    assert!(summary.findings[1].detail.contains("fix-1"));
    assert_eq!(summary.exit(), Exit::RestartRequired);

    let same_id = package_with(|m| m.patch.title = None);
    assert!(codes(&check(&fake, &same_id).unwrap()).contains(&"HP513"));
    let older = package_with(|m| {
        m.patch.id = "fix-0".to_owned();
        m.patch.sequence = 0;
    });
    let summary = check(&fake, &older).unwrap();
    assert!(codes(&summary).contains(&"HP512"));
    assert_eq!(summary.exit(), Exit::Untrusted);
}

#[test]
fn a_redirect_that_others_changed_is_not_reverted() {
    let fake = Fake::new();
    apply(&fake, &package(), &ONCE).unwrap();
    fake.unchecked.set(true);
    fake.poke(SERVER_RVAS[3].at(MODULE), &[0xe9, 0, 0, 0, 0]);
    assert_eq!(states(&fake), [State::Torn]);
    let refused = revert(&fake, None, &ONCE).unwrap();
    assert_eq!(refused.outcome, Outcome::Refused);
    assert_eq!(codes(&refused), ["HP515"]);
    assert_eq!(refused.findings[0].subject.as_deref(), Some("f_9ffd"));
}

#[test]
fn which_patch_to_revert_is_never_guessed() {
    let fake = Fake::new();
    // Patches of single functions: the versions of the functions differ for a while.
    fake.unchecked.set(true);
    for (id, index) in [("a", 0), ("b", 2)] {
        let package = package_with(|m| {
            m.patch.id = id.to_owned();
            m.functions = vec![m.functions.remove(index)];
        });
        let applied = apply(&fake, &package, &ONCE).unwrap();
        assert_eq!(applied.outcome, Outcome::Applied);
    }
    let ambiguous = revert(&fake, None, &ONCE);
    assert!(matches!(ambiguous, Err(ApplyError::Ambiguous { ids, .. }) if ids == ["a", "b"]));
    for id in ["a", "b"] {
        let reverted = revert(&fake, Some(id), &ONCE).unwrap();
        assert_eq!(reverted.outcome, Outcome::Reverted);
    }
    assert_eq!((fake.version(), fake.regions()), (Version::Old, 0));
}

/// A package that needs a function of a module that is not loaded.
fn with_import() -> Verified<Package> {
    package_with(|manifest| {
        manifest.imports = vec![ImportedSymbol {
            symbol: "import$other.dll!help".to_owned(),
            module: "other.dll".to_owned(),
            name: Some("help".to_owned()),
            ordinal: None,
            delayed: false,
        }];
    })
}

#[test]
fn imports_are_looked_up_by_the_loader() {
    let fake = Fake::new();
    let applied = apply(&fake, &with_import(), &ONCE).unwrap();
    assert_eq!(applied.outcome, Outcome::Applied, "{applied:?}");
    assert!(codes(&applied).contains(&"HP521"), "{applied:?}");
    assert_eq!(fake.version(), Version::New);
}

#[test]
fn what_the_loader_does_not_find_changes_nothing() {
    let fake = Fake::new();
    fake.loader.set(Loader::FindsNothing);
    let error = apply(&fake, &with_import(), &ONCE).unwrap_err();
    assert!(error.to_string().contains("other.dll"), "{error}");
    assert_eq!((fake.version(), fake.regions()), (Version::Old, 0));
}

#[test]
fn the_payload_stays_where_a_call_is_under_way_in_it() {
    let fake = Fake::new();
    fake.loader.set(Loader::Hangs);
    assert!(apply(&fake, &with_import(), &ONCE).is_err());
    assert_eq!((fake.version(), fake.regions()), (Version::Old, 1));
    assert_eq!(states(&fake), [State::Pending]);
    // Once the call has come back, the next operation clears it away.
    fake.loader.set(Loader::Works);
    let applied = apply(&fake, &with_import(), &ONCE).unwrap();
    assert_eq!(applied.outcome, Outcome::Applied, "{applied:?}");
    assert_eq!(fake.regions(), 1);
}

#[test]
fn the_version_in_memory_and_on_disk_are_told() {
    let fake = Fake::new();
    apply(&fake, &package(), &ONCE).unwrap();
    let none = versions::of(&fake, &Survey::of(&fake).unwrap());
    assert_eq!(none[&MODULE], versions::ModuleVersions::default());
    fake.poke(Va(MODULE.0 + 0x3000), &version_resource(Rva(0x3000)));
    fake.poke(Va(MODULE.0 + 0x58 + 112 + 16), &0x3000u32.to_le_bytes());
    fake.poke(Va(MODULE.0 + 0x58 + 112 + 20), &0x1000u32.to_le_bytes());
    let versions = versions::of(&fake, &Survey::of(&fake).unwrap());
    assert_eq!(versions[&MODULE].loaded.as_deref(), Some("2.5.11.159"));
    // Its file is not there.
    assert_eq!(versions[&MODULE].on_disk, None);
}
