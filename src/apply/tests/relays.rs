//! Where relays go, which are jumps in padding: that may be taken by another patch.

use sha2::{Digest, Sha256};

use super::*;
use crate::addr::Rva;
use crate::apply::rollback;
use crate::apply::testing::package::newer_with;
use crate::package::manifest::{CodeRange, Manifest, Padding, Relay};

/// Padding between the functions at 0x1010 and 0x1080, in reach of both.
const PADDING: Rva = Rva(0x1040);

fn padding() -> Va {
    PADDING.at(MODULE)
}

/// A process with room for so many relays between two functions.
fn with_room(relays: usize) -> Fake {
    let fake = Fake::new();
    fake.unchecked.set(true);
    fake.poke(padding(), &vec![0xcc; 5 * relays]);
    fake
}

/// Lets a package replace one function, through a relay at the start of the padding.
fn through_relay(m: &mut Manifest, index: usize) {
    through_relay_at(m, index, PADDING);
}

/// Lets a package replace one function, through a relay there.
pub(super) fn through_relay_at(m: &mut Manifest, index: usize, rva: Rva) {
    m.functions = vec![m.functions.remove(index)];
    let function = &mut m.functions[0];
    function.entry_bytes.truncate(4);
    function.relay = Some(Relay {
        rva,
        bytes: "cc".repeat(5),
        elsewhere: Vec::new(),
    });
    function.ranges.push(CodeRange {
        rva,
        size: 5,
        relocated: Vec::new(),
        sha256: hex::encode(Sha256::digest([0xcc; 5])),
    });
}

#[test]
fn a_third_patch_over_a_relay_goes_in_and_out() {
    let stacked = || {
        let fake = with_room(1);
        for package in [
            package_with(|m| through_relay(m, 0)),
            newer_with(|m| through_relay(m, 0)),
            newer_with(|m| {
                through_relay(m, 0);
                m.patch.id = "fix-3".to_owned();
                m.patch.sequence += 1;
            }),
        ] {
            let applied = apply(&fake, &package, &ONCE).unwrap();
            assert_eq!(applied.outcome, Outcome::Applied, "{applied:?}");
        }
        fake
    };
    let fake = stacked();
    let three = [State::Replaced, State::Replaced, State::Active];
    let mut found = states(&fake);
    found.sort_by_key(|s| *s == State::Active);
    assert_eq!(found, three);
    for left in [2, 1] {
        let back = rollback(&fake, None, &ONCE).unwrap();
        assert_eq!(back.outcome, Outcome::RolledBack, "{back:?}");
        assert_eq!(states(&fake).len(), left);
    }
    revert(&fake, None, &ONCE).unwrap();
    assert_eq!(fake.read_vec(padding(), 5).unwrap(), [0xcc; 5]);

    let fake = stacked();
    let reverted = revert(&fake, None, &ONCE).unwrap();
    assert_eq!(reverted.outcome, Outcome::Reverted, "{reverted:?}");
    assert_eq!(states(&fake), []);
    assert_eq!(fake.read_vec(padding(), 5).unwrap(), [0xcc; 5]);
}

/// A package that replaces one function through a relay, which may go to any of so many places.
fn of_function(index: usize, places: usize) -> Verified<Package> {
    package_with(|m| {
        m.patch.id = format!("of-{index}");
        through_relay(m, index);
        let relay = m.functions[0].relay.as_mut().unwrap();
        relay.elsewhere = vec![Padding {
            rva: PADDING,
            bytes: "cc".repeat(5 * places),
        }];
    })
}

#[test]
fn a_relay_whose_place_is_taken_goes_elsewhere() {
    for first_out in ["of-0", "of-1"] {
        let fake = with_room(2);
        for index in [0, 1] {
            let applied = apply(&fake, &of_function(index, 2), &ONCE).unwrap();
            assert_eq!(applied.outcome, Outcome::Applied, "{applied:?}");
            let again = apply(&fake, &of_function(index, 2), &ONCE).unwrap();
            assert_eq!(again.outcome, Outcome::AlreadyApplied);
        }
        let survey = Survey::of(&fake).unwrap();
        let places = survey.patches.iter().map(|p| p.record.body.relays[0].at);
        let mut places: Vec<Va> = places.collect();
        places.sort();
        assert_eq!(places, [padding(), Va(padding().0 + 5)]);
        // Each of them leads to its own gate, and comes out alone.
        let reverted = revert(&fake, Some(first_out), &ONCE).unwrap();
        assert_eq!(reverted.outcome, Outcome::Reverted, "{reverted:?}");
        assert_eq!(states(&fake), [State::Active]);
        let reverted = revert(&fake, None, &ONCE).unwrap();
        assert_eq!(reverted.outcome, Outcome::Reverted, "{reverted:?}");
        assert_eq!(fake.read_vec(padding(), 10).unwrap(), [0xcc; 10]);
    }
}

#[test]
fn where_no_place_is_free_that_is_said() {
    let fake = with_room(1);
    apply(&fake, &of_function(0, 1), &ONCE).unwrap();
    let refused = check(&fake, &of_function(1, 1)).unwrap();
    assert_eq!(codes(&refused), ["HP503", "HP506"], "{refused:?}");
    revert(&fake, None, &ONCE).unwrap();
    // What is no padding is nobody's to take.
    fake.poke(padding(), &[0xe9]);
    let refused = check(&fake, &of_function(1, 1)).unwrap();
    assert_eq!(codes(&refused), ["HP503", "HP505"], "{refused:?}");
    fake.poke(
        padding(),
        &[0xe9, 0xcc, 0xcc, 0xcc, 0xcc, 0xcc, 0xcc, 0xcc, 0xcc, 0xcc],
    );
    let applied = apply(&fake, &of_function(1, 2), &ONCE).unwrap();
    assert_eq!(applied.outcome, Outcome::Applied, "{applied:?}");
}

#[test]
fn a_thread_in_the_padding_is_waited_for() {
    let fake = with_room(2);
    apply(&fake, &of_function(0, 2), &ONCE).unwrap();
    for at in 5..10 {
        fake.thread(9, padding().0 + at, &[]);
        let busy = apply(&fake, &of_function(1, 2), &ONCE).unwrap();
        assert_eq!(busy.outcome, Outcome::Busy, "{busy:?}");
    }
    // One on the relay of another patch is on its way there.
    fake.thread(9, padding().0, &[]);
    let applied = apply(&fake, &of_function(1, 2), &ONCE).unwrap();
    assert_eq!(applied.outcome, Outcome::Applied, "{applied:?}");
}

#[test]
fn who_replaces_a_patch_whose_relay_went_elsewhere_overwrites_it_there() {
    let fake = with_room(2);
    for index in [0, 1] {
        apply(&fake, &of_function(index, 2), &ONCE).unwrap();
    }
    let newer = newer_with(|m| {
        through_relay(m, 1);
        m.patch.supersedes = vec!["of-1".to_owned()];
    });
    let applied = apply(&fake, &newer, &ONCE).unwrap();
    assert_eq!(applied.outcome, Outcome::Applied, "{applied:?}");
    assert_eq!(applied.replaced, ["of-1"]);
    let reverted = revert(&fake, Some("fix-2"), &ONCE).unwrap();
    assert_eq!(reverted.outcome, Outcome::Reverted, "{reverted:?}");
    revert(&fake, None, &ONCE).unwrap();
    assert_eq!(fake.read_vec(padding(), 10).unwrap(), [0xcc; 10]);
}
