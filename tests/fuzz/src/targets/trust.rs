//! What is in a trust store beside the keys: policy and state.

use hotpatch::moment::Moment;
use hotpatch::ops::policy::{
    Facts, Incoming, Now, Policy, State, Trusted, Turn, Verdict, admit, decide,
};
use hotpatch::package::manifest::Classification;
use hotpatch::package::{KeyId, SigningKey};

fn facts(product: &str) -> Facts {
    Facts {
        file_name: "server.exe".to_owned(),
        product: product.to_owned(),
        sequence: 5,
        classification: Classification::Security,
        not_after: Some(Moment::from_seconds(1 << 31)),
        sha256: [1; 32],
        content_sha256: [2; 32],
        signers: ids(),
    }
}

fn ids() -> Vec<KeyId> {
    let id = |seed| SigningKey::from_seed(&[seed; 32]).public().id();
    [1, 2, 3].map(id).to_vec()
}

/// Decides, and makes sure that the decision is one.
fn ask(policy: &Policy, state: &State) {
    for seconds in [0, 1 << 30, u64::MAX] {
        let now = Now {
            utc: Moment::from_seconds(seconds),
            local_offset: 3600,
        };
        for named in [false, true] {
            let trusted = Trusted { keys: ids(), named };
            let decision = decide(&facts("billing"), &trusted, policy, state, now);
            let refused = |rule: bool| {
                let outcomes = decision.rules.iter();
                outcomes
                    .filter(|o| o.rule.is_some() == rule)
                    .any(|o| o.verdict == Verdict::Refuses)
            };
            assert_eq!(decision.allowed, !refused(false));
            assert!(decision.allowed || !decision.to_string().is_empty());
            assert!(!decision.allowed || !decision.signers.is_empty());
        }
    }
}

/// The policy, which a person writes.
pub fn policy(data: &[u8]) {
    let Ok(text) = str::from_utf8(data) else {
        return;
    };
    if let Ok(policy) = Policy::from_toml(text) {
        policy.unknown_keys(&ids());
        turn(&policy);
        ask(&policy, &State::default());
    }
}

/// When it is the turn of a machine: never before now.
fn turn(policy: &Policy) {
    let Some(rollout) = &policy.rollout else {
        return;
    };
    let package = Incoming {
        product: "billing",
        sequence: 5,
        content_sha256: "",
        added: Moment::from_seconds(1 << 30),
    };
    for seconds in [0, 1 << 31, u64::MAX] {
        let now = Now {
            utc: Moment::from_seconds(seconds),
            local_offset: 3600,
        };
        let admission = admit(rollout, &package, "web-1", now);
        if let Some(Turn::At(at)) = admission.map(|a| a.turn) {
            assert!(at > now.utc);
        }
    }
}

pub fn policy_seeds() -> Vec<Vec<u8>> {
    let ids = ids();
    let text = format!(
        "format = 1\nclock_tolerance_s = 60\n\n\
         [[key]]\nid = \"{}\"\nname = \"desk\"\nroles = [\"builder\", \"approver\"]\n\n\
         [[rule]]\nname = \"a\"\nfiles = [\"*.exe\"]\nproducts = [\"b?lling\"]\n\
         keys = [\"desk\", \"{}\"]\nsignatures = {{ builder = 1, approver = 1, any = 1 }}\n\
         valid_from = \"2026-01-01T00:00:00Z\"\nvalid_to = \"2026-12-31T23:59:59+01:00\"\n\
         classifications = [\"security\"]\nmax_freeze_ms = 50\n\n\
         [[rule.window]]\ndays = [\"sat\"]\nfrom = \"22:00\"\nto = \"04:00\"\n\
         clock = \"local\"\n\n[[revoked]]\nsha256 = \"{}\"\n\
         on = \"2026-02-01T00:00:00Z\"\nreason = \"lost\"\n",
        ids[0], ids[1], ids[2]
    );
    let open = "format = 1\n[[rule]]\nname = \"a\"\n".to_owned();
    let rollout = "format = 1\n[rollout]\nthis_place = 3\n[[rollout.ring]]\nname = \"a\"\n\
                   machines = [\"lab-*\"]\n[[rollout.ring]]\nname = \"b\"\ndefer_days = 3\n\
                   percent = [5, 100]\napproval = true\n[[rollout.ring.window]]\n\
                   days = [\"mon\"]\nfrom = \"22:00\"\nto = \"04:00\"\n"
        .to_owned();
    let texts = [text, open, rollout];
    texts.map(String::into_bytes).to_vec()
}

/// The state, which an interrupted or hostile writer may have left.
pub fn state(data: &[u8]) {
    let Ok(text) = str::from_utf8(data) else {
        return;
    };
    let Ok(mut state) = State::from_toml(text) else {
        return;
    };
    let again = state.to_toml().expect("what was read can be written");
    assert_eq!(State::from_toml(&again).as_ref(), Ok(&state));
    ask(&Policy::default(), &state);
    let before = state.clone();
    state.saw_time(Moment::from_seconds(1 << 31));
    state.saw_package("Billing", 7);
    assert!(state.highest("billing") >= before.highest("billing").max(Some(7)));
    assert!(state.latest() >= before.latest());
}

pub fn state_seeds() -> Vec<Vec<u8>> {
    let text = "format = 1\nlatest = \"2026-02-28T23:59:59Z\"\n\n[sequence]\n\
                \"billing\" = 7\n\"server.exe\" = 9223372036854775807\n";
    vec![
        text.as_bytes().to_vec(),
        b"format = 1\n[sequence]\n".to_vec(),
    ]
}
