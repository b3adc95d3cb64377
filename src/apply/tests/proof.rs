//! What `verify --pid` says of memory that was kept.

use super::*;
use crate::apply::proof::{Approved, Baseline, Proof, prove};
use crate::apply::record::Stage;
use crate::apply::target::Protection;
use crate::apply::testing::package::newer_with;
use crate::apply::testing::server;
use crate::image::authenticode;
use crate::package::manifest::Manifest;

type Packages = [Verified<Package>];

const HEAP: Va = Va(0x7000_0000);

/// Names the build of `server.exe` that is there.
fn of_server(m: &mut Manifest) {
    m.target.authenticode_sha256 = hex::encode(authenticode::sha256(&server()).unwrap());
}

fn fix() -> Verified<Package> {
    package_with(of_server)
}

/// What is said with these packages, those that are to be in effect first.
fn said(fake: &Fake, packages: &Packages, kept: &Packages) -> Proof {
    let baselines = [Baseline {
        path: "server.exe".to_owned(),
        bytes: server(),
    }];
    let approved = Approved {
        packages,
        kept,
        baselines: &baselines,
    };
    prove(fake, approved).unwrap()
}

fn codes(proof: &Proof) -> Vec<&str> {
    proof.findings.iter().map(|f| f.rule.code).collect()
}

/// A process in which memory of the fix was kept.
fn with_kept() -> Fake {
    let fake = Fake::new();
    apply(&fake, &fix(), &ONCE).unwrap();
    let record = Survey::of(&fake).unwrap().patches[0].record.clone();
    fake.allocate(HEAP, 0x1000).unwrap();
    let held = record.body.functions[1].replacement.0 + 5;
    fake.poke(HEAP, &held.to_le_bytes());
    assert_eq!(
        revert(&fake, None, &ONCE).unwrap().outcome,
        Outcome::Reverted
    );
    assert_eq!(states(&fake), [State::Kept]);
    fake
}

fn record(fake: &Fake) -> crate::apply::record::Record {
    Survey::of(fake).unwrap().patches[0].record.clone()
}

#[test]
fn kept_memory_is_proven_by_its_package() {
    let fake = with_kept();
    let proof = said(&fake, &[], &[fix()]);
    assert_eq!(
        (codes(&proof), proof.exit()),
        (vec![], Exit::Done),
        "{proof:?}"
    );
    assert_eq!((proof.modules.len(), proof.patches.len()), (1, 0));
    let kept = &proof.kept[0];
    assert_eq!(
        (kept.at, kept.id.as_str()),
        (record(&fake).at, "fix-1"),
        "{proof:?}"
    );
    assert!(kept.proven.is_some_and(|bytes| bytes > 0), "{proof:?}");
    // What was to be in effect is not.
    let proof = said(&fake, &[fix()], &[]);
    assert_eq!(
        (codes(&proof), proof.exit()),
        (vec!["HP541"], Exit::WrongTarget)
    );
}

#[test]
fn kept_memory_without_its_package_never_passes_as_proven() {
    let fake = with_kept();
    let newer = newer_with(of_server);
    apply(&fake, &newer, &ONCE).unwrap();
    let proof = said(&fake, std::slice::from_ref(&newer), &[]);
    assert_eq!(
        (codes(&proof), proof.exit()),
        (vec!["HP545"], Exit::NotAsDesired),
        "{proof:?}"
    );
    assert_eq!((proof.patches.len(), proof.kept.len()), (1, 1));
    assert_eq!(proof.kept[0].proven, None);
    let at = proof.kept[0].at.to_string();
    assert!(proof.findings[0].detail.contains(&at), "{proof:?}");
    let whole = said(&fake, std::slice::from_ref(&newer), &[fix()]);
    assert_eq!((codes(&whole), whole.exit()), (vec![], Exit::Done));
    // Anything else that is wrong counts for more.
    fake.unchecked.set(true);
    fake.poke(Va(SERVER_RVAS[0].at(MODULE).0 + 8), &[0x90]);
    let changed = said(&fake, std::slice::from_ref(&newer), &[]);
    assert_eq!(changed.exit(), Exit::WrongTarget, "{changed:?}");
}

#[test]
fn kept_memory_that_was_changed_is_found() {
    let package = [fix()];
    for what in ["code", "protection", "size"] {
        let fake = with_kept();
        let kept = record(&fake);
        let code = kept.body.code[0];
        let found = match what {
            "code" => {
                fake.poke(Va(kept.body.functions[2].replacement.0 + 1), &[0x66]);
                "HP543"
            }
            "protection" => {
                fake.set_protection(code.at, Protection(0x40));
                "HP544"
            }
            _ => {
                let size = kept.header.region_size + 0x1000;
                fake.poke(Va(kept.at.0 + 0x10), &size.to_le_bytes());
                "HP543"
            }
        };
        let proof = said(&fake, &[], &package);
        assert_eq!(codes(&proof), [found], "{what}: {proof:?}");
        assert_eq!(proof.exit(), Exit::WrongTarget);
        assert_eq!(proof.kept[0].proven, None, "{what}");
    }
}

#[test]
fn a_package_of_what_was_taken_out_approves_nothing_that_runs() {
    let fake = Fake::new();
    apply(&fake, &fix(), &ONCE).unwrap();
    let proof = said(&fake, &[], &[fix()]);
    assert_eq!(proof.exit(), Exit::Untrusted, "{proof:?}");
    assert!(codes(&proof).contains(&"HP540"), "{proof:?}");
    revert(&fake, None, &ONCE).unwrap();
    // Nothing was kept, or it is gone by now: the module is proven all the same.
    let proof = said(&fake, &[], &[fix()]);
    assert_eq!((codes(&proof), proof.modules.len()), (vec![], 1));
}

#[test]
fn a_record_that_lies_proves_nothing() {
    // Code of somebody else's under the record of a patch that was taken out, and a jump to it.
    let fake = with_kept();
    let kept = record(&fake);
    fake.unchecked.set(true);
    let entry = SERVER_RVAS[3].at(MODULE);
    let distance = (kept.body.code[0].at.0 as i64 - (entry.0 as i64 + 5)) as i32;
    let jump: Vec<u8> = [&[0xe9], distance.to_le_bytes().as_slice()].concat();
    fake.poke(entry, &jump);
    for known in [&[][..], &[fix()]] {
        let proof = said(&fake, &[], known);
        assert_eq!(proof.exit(), Exit::WrongTarget, "{proof:?}");
        assert!(codes(&proof).contains(&"HP543"), "{proof:?}");
    }
}

#[test]
fn what_leads_to_kept_memory_is_not_known_without_the_file() {
    let fake = with_kept();
    let approved = Approved {
        packages: &[],
        kept: &[],
        baselines: &[],
    };
    let proof = prove(&fake, approved).unwrap();
    assert_eq!(codes(&proof), ["HP545", "HP542"], "{proof:?}");
    assert_eq!(proof.exit(), Exit::WrongTarget);
    // A file of no module proves nothing either.
    let other = [Baseline {
        path: "other.exe".to_owned(),
        bytes: server(),
    }];
    let approved = Approved {
        baselines: &other,
        ..approved
    };
    let proof = prove(&Fake::new(), approved).unwrap();
    assert_eq!(codes(&proof), ["HP501"], "{proof:?}");
}

#[test]
fn what_runs_may_stand_only_on_patches_that_are_proven_to_be_replaced() {
    let fake = Fake::new();
    let newer = newer_with(of_server);
    apply(&fake, &fix(), &ONCE).unwrap();
    apply(&fake, &newer, &ONCE).unwrap();
    assert_eq!(
        said(&fake, &[fix(), newer_with(of_server)], &[]).exit(),
        Exit::Done
    );
    // The one beneath is made to look as if it had been taken out.
    let survey = Survey::of(&fake).unwrap();
    let mut lower = survey.by_id("fix-1").unwrap().record.clone();
    lower.set_active(&fake, false).unwrap();
    lower.set_stage(&fake, Stage::Restored).unwrap();
    assert_eq!(states(&fake), [State::Kept, State::Active]);
    for kept in [&[][..], &[fix()][..]] {
        let proof = said(&fake, std::slice::from_ref(&newer), kept);
        assert_eq!(proof.exit(), Exit::WrongTarget, "{:?}", codes(&proof));
    }
}
