//! What the desired state is decided from, as it is seen of a process.

use super::*;
use crate::moment::Moment;
use crate::ops::desired::facts::Effect;
use crate::ops::desired::{Candidate, Permit, Probe, look, probe};

fn candidate() -> Candidate {
    Candidate::new(&package(), Moment::from_seconds(0), None, Permit::Allowed)
}

#[test]
fn a_process_is_seen_before_and_after() {
    let (fake, stock) = (Fake::new(), [candidate()]);
    let before = look(&fake, &stock, &[]).unwrap().unwrap();
    assert_eq!(before.pid, fake.identity().pid);
    assert_eq!(before.modules[0].build.as_ref(), Some(&stock[0].build));
    assert!(before.patches.is_empty() && !before.was_interrupted());
    assert_eq!(probe(&fake, &package()), Probe::Ready);
    apply(&fake, &package(), &ONCE).unwrap();
    let after = look(&fake, &stock, &[]).unwrap().unwrap();
    assert!(after.runs(&stock[0].sha256));
    assert_eq!(after.patches[0].effect, Effect::Active);
    assert_eq!(after.name, before.name);
}

#[test]
fn a_process_without_the_module_is_not_looked_at() {
    let mut other = candidate();
    other.file_name = "other.dll".to_owned();
    assert_eq!(look(&Fake::new(), &[other], &[]).unwrap(), None);
}

#[test]
fn what_stands_against_a_package_comes_with_the_way_out() {
    let fake = Fake::new();
    fake.poke(SERVER_RVAS[0].at(MODULE), &[0xe9, 1, 2, 3, 4]);
    fake.unchecked.set(true);
    let Probe::Refused { why, remedy } = probe(&fake, &package()) else {
        panic!("a hook is in the way");
    };
    assert!(why.starts_with("HP505 "), "{why}");
    assert!(remedy.contains("other hook"), "{remedy}");
}
