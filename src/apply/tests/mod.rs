mod deaths;
mod hiccup;
mod others;
mod policy;
mod proof;
mod relays;
mod remains;
mod reuse;
mod seen;
mod stack;
mod waits;

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
    consent: None,
};

fn states(fake: &Fake) -> Vec<State> {
    let survey = Survey::of(fake).unwrap();
    assert!(survey.unreadable.is_empty(), "{:?}", survey.unreadable);
    survey.patches.iter().map(|p| p.state).collect()
}

fn codes(summary: &Summary) -> Vec<&str> {
    summary.findings.iter().map(|f| f.rule.code).collect()
}

fn find_record(fake: &Fake) -> Va {
    Survey::of(fake).unwrap().patches[0].record.at
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
fn where_exceptions_continue_is_checked_for_code_with_handlers_only() {
    let fake = Fake::new();
    fake.mitigations.set(Mitigations {
        shadow_stack: true,
        continuations: true,
        ..Mitigations::default()
    });
    // What the unwind information of the sample says can't be read.
    let summary = check(&fake, &package()).unwrap();
    assert_eq!(codes(&summary), ["HP517", "HP503", "HP536"]);
    assert_eq!(summary.exit(), Exit::RestartRequired);
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
