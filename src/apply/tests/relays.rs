//! Where relays go, which are jumps in padding: that may be taken by another patch.

use sha2::{Digest, Sha256};

use super::*;
use crate::addr::Rva;
use crate::apply::rollback;
use crate::apply::testing::package::newer_with;
use crate::package::manifest::{CodeRange, Manifest, Relay};

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
    m.functions = vec![m.functions.remove(index)];
    let function = &mut m.functions[0];
    function.entry_bytes.truncate(4);
    function.relay = Some(Relay {
        rva: PADDING,
        bytes: "cc".repeat(5),
    });
    function.ranges.push(CodeRange {
        rva: PADDING,
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
