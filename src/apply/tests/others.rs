//! What the program itself does while a patch is in it.

use super::*;
use crate::apply::clear_up;
use crate::apply::target::Protection;

fn patched() -> Fake {
    let fake = Fake::new();
    apply(&fake, &package(), &ONCE).unwrap();
    fake
}

#[test]
fn what_an_unloaded_module_left_is_reverted_without_touching_its_place() {
    let fake = patched();
    fake.unload();
    assert_eq!(states(&fake), [State::Detached]);
    let reverted = revert(&fake, None, &ONCE).unwrap();
    assert_eq!(reverted.outcome, Outcome::Reverted, "{reverted:?}");
    assert_eq!((states(&fake), fake.regions()), (vec![], 0));
    assert!(fake.tables.borrow().is_empty());
}

#[test]
fn what_an_unloaded_module_left_is_cleared_away_by_recover() {
    let fake = patched();
    fake.unload();
    let cleared = clear_up(&fake, &ONCE).unwrap();
    assert_eq!(cleared.outcome, Outcome::Recovered, "{cleared:?}");
    assert_eq!((states(&fake), fake.regions()), (vec![], 0));
}

#[test]
fn a_module_that_is_loaded_anew_is_patched_anew() {
    for base in [MODULE, Va(MODULE.0 + 0x1000_0000)] {
        let fake = patched();
        fake.unload();
        fake.load_at(base);
        fake.modules.borrow_mut().rotate_right(1);
        assert_eq!(states(&fake), [State::Detached], "{base}");
        let applied = apply(&fake, &package(), &ONCE).unwrap();
        assert_eq!(applied.outcome, Outcome::Applied, "{base}: {applied:?}");
        assert!(codes(&applied).contains(&"HP514"), "{base}: {applied:?}");
        assert_eq!(states(&fake), [State::Active], "{base}");
    }
}

#[test]
fn another_module_in_its_place_is_left_alone() {
    let fake = patched();
    fake.unload();
    fake.load_at(MODULE);
    // Another build of it: the time stamp differs.
    let lfanew = 0x3c;
    let mut header = [0; 4];
    fake.read(Va(MODULE.0 + lfanew), &mut header).unwrap();
    let stamp = Va(MODULE.0 + u64::from(u32::from_le_bytes(header)) + 8);
    fake.poke(stamp, &[1, 2, 3, 4]);
    fake.poke(SERVER_RVAS[0].at(MODULE), &[0xe9, 1, 2, 3, 4]);
    assert_eq!(states(&fake), [State::Detached]);
    let reverted = revert(&fake, Some("fix-1"), &ONCE).unwrap();
    assert_eq!(reverted.outcome, Outcome::Reverted, "{reverted:?}");
    assert_eq!(fake.regions(), 0);
    assert_eq!(fake.read_vec(SERVER_RVAS[0].at(MODULE), 1).unwrap(), [0xe9]);
}

#[test]
fn the_protection_that_the_program_has_set_meanwhile_stays() {
    /// `PAGE_EXECUTE`.
    const EXECUTE: Protection = Protection(0x10);
    let fake = Fake::new();
    let entry = SERVER_RVAS[0].at(MODULE);
    fake.on_census.replace(Some(Box::new(move |fake, census| {
        let to = [Protection::EXECUTE_READ, EXECUTE][census as usize % 2];
        fake.set_protection(entry, to);
    })));
    apply(&fake, &package(), &ONCE).unwrap();
    assert_eq!(
        (fake.version(), fake.protection(entry)),
        (Version::New, EXECUTE)
    );
    fake.set_protection(entry, Protection::EXECUTE_READ);
    fake.on_census.replace(Some(Box::new(move |fake, _| {
        fake.set_protection(entry, EXECUTE)
    })));
    revert(&fake, None, &ONCE).unwrap();
    assert_eq!(
        (fake.version(), fake.protection(entry)),
        (Version::Old, EXECUTE)
    );
}

/// Where a second module of the same build is loaded.
const SECOND: Va = Va(MODULE.0 + 0x1000_0000);

#[test]
fn a_module_that_is_loaded_twice_is_refused() {
    let fake = Fake::new();
    fake.load_at(SECOND);
    let refused = apply(&fake, &package(), &ONCE).unwrap();
    assert_eq!(refused.outcome, Outcome::Refused, "{refused:?}");
    assert!(codes(&refused).contains(&"HP535"), "{refused:?}");
    assert_eq!(fake.regions(), 0);
}

#[test]
fn a_module_that_is_loaded_again_is_said_and_the_patch_can_be_taken_out() {
    let fake = patched();
    assert!(Survey::of(&fake).unwrap().patches[0].twins.is_empty());
    fake.load_at(SECOND);
    let survey = Survey::of(&fake).unwrap();
    assert_eq!(survey.patches[0].twins.len(), 1);
    assert_eq!(survey.patches[0].state, State::Active);
    let reverted = revert(&fake, None, &ONCE).unwrap();
    assert_eq!(reverted.outcome, Outcome::Reverted, "{reverted:?}");
}
