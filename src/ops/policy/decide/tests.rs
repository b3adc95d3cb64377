use proptest::prelude::*;

use super::*;
use crate::ops::policy::{KeyEntry, Revocation};

fn id(n: u8) -> KeyId {
    KeyId([n; 32])
}

pub(in crate::ops::policy) fn facts(signers: &[u8]) -> Facts {
    Facts {
        file_name: "server.exe".to_owned(),
        product: "billing".to_owned(),
        sequence: 5,
        classification: Classification::Security,
        not_after: None,
        sha256: [0xaa; 32],
        content_sha256: [0xbb; 32],
        signers: signers.iter().map(|n| id(*n)).collect(),
    }
}

pub(in crate::ops::policy) fn store(keys: &[u8]) -> Trusted {
    Trusted {
        keys: keys.iter().map(|n| id(*n)).collect(),
        named: false,
    }
}

fn now(text: &str) -> Now {
    Now {
        utc: text.parse().unwrap(),
        local_offset: 0,
    }
}

fn noon() -> Now {
    now("2026-02-28T12:00:00Z")
}

fn policy(text: &str) -> Policy {
    let keys = [
        (1, "builder"),
        (2, "tester"),
        (3, "approver"),
        (4, "approver"),
    ];
    let keys = keys.map(|(n, role)| {
        format!(
            "[[key]]\nid = \"{}\"\nname = \"{role} {n}\"\nroles = [\"{role}\"]\n",
            id(n)
        )
    });
    Policy::from_toml(&format!("format = 1\n{}{text}", keys.concat())).unwrap()
}

fn refusing(decision: &Decision) -> Vec<Check> {
    let refusing = decision
        .rules
        .iter()
        .filter(|o| o.verdict == Verdict::Refuses);
    refusing.map(|o| o.check).collect()
}

fn revoke(policy: &mut Policy, sha256: [u8; 32]) {
    policy.revoked.push(Revocation {
        sha256: hex::encode(sha256),
        on: None,
        reason: None,
    });
}

#[test]
fn without_rules_one_trusted_key_is_enough() {
    let (state, none) = (State::default(), Policy::default());
    let decision = decide(&facts(&[9, 1]), &store(&[1, 2]), &none, &state, noon());
    assert!(
        decision.allowed && decision.signers == [id(1)],
        "{decision:?}"
    );
    let decision = decide(&facts(&[9]), &store(&[1, 2]), &none, &state, noon());
    assert_eq!(refusing(&decision), [Check::Signature]);
    assert!(
        decide(&facts(&[]), &store(&[1]), &none, &state, noon())
            .signers
            .is_empty()
    );
}

#[test]
fn what_was_revoked_does_not_count() {
    let state = State::default();
    let mut policy = policy("");
    revoke(&mut policy, [1; 32]);
    let decision = decide(&facts(&[1]), &store(&[1, 2]), &policy, &state, noon());
    assert_eq!(refusing(&decision), [Check::Signature]);
    assert!(decision.to_string().contains("revoked"), "{decision}");
    let decision = decide(&facts(&[1, 2]), &store(&[1, 2]), &policy, &state, noon());
    assert!(decision.allowed && decision.signers == [id(2)]);
    for sha256 in [[0xaa; 32], [0xbb; 32]] {
        let mut policy = policy.clone();
        revoke(&mut policy, sha256);
        let decision = decide(&facts(&[2]), &store(&[2]), &policy, &state, noon());
        assert_eq!(refusing(&decision), [Check::Revoked]);
    }
}

#[test]
fn a_named_key_needs_no_rule_and_cannot_undo_what_holds_for_all() {
    let mut strict = policy("[[rule]]\nname = \"none\"\nfiles = [\"other.exe\"]\n");
    let mut state = State::default();
    let named = Trusted {
        named: true,
        ..store(&[7])
    };
    let mut facts = facts(&[7]);
    facts.not_after = Some("2026-03-01T00:00:00Z".parse().unwrap());
    assert!(decide(&facts, &named, &strict, &state, noon()).allowed);
    let late = decide(&facts, &named, &strict, &state, now("2026-03-01T00:00:01Z"));
    assert_eq!(refusing(&late), [Check::Expiry]);
    state.saw_package("BILLING", 6);
    let old = decide(&facts, &named, &strict, &state, noon());
    assert_eq!(refusing(&old), [Check::Sequence]);
    revoke(&mut strict, [7; 32]);
    let gone = decide(&facts, &named, &strict, &State::default(), noon());
    assert_eq!(refusing(&gone), [Check::Signature]);
}

#[test]
fn the_first_rule_that_allows_all_decides() {
    let policy = policy(
        r#"
        [[rule]]
        name = "libraries"
        files = ["*.dll"]
        [[rule]]
        name = "careful"
        products = ["bill*"]
        signatures = { builder = 1, approver = 2 }
        max_freeze_ms = 500
        [[rule]]
        name = "security"
        files = ["SERVER.exe"]
        classifications = ["security"]
        signatures = { builder = 1, approver = 1 }
        max_freeze_ms = 50
        "#,
    );
    let state = State::default();
    let trusted = store(&[1, 2, 3, 4]);
    let ask = |signers: &[u8]| decide(&facts(signers), &trusted, &policy, &state, noon());
    let two = ask(&[1, 3]);
    assert_eq!((two.allowed, two.by.as_deref()), (true, Some("security")));
    assert_eq!(two.max_freeze, Some(Duration::from_millis(50)));
    assert_eq!(ask(&[1, 3, 4]).by.as_deref(), Some("careful"));
    for short in [&[1][..], &[3, 4], &[1, 2], &[1, 9]] {
        let decision = ask(short);
        assert!(!decision.allowed && decision.by.is_none());
        let expected = [Check::Signatures, Check::Signatures, Check::Rules];
        assert_eq!(refusing(&decision), expected, "{short:?}");
    }
    let mut other = facts(&[1, 2, 3, 4]);
    other.product = "payroll".to_owned();
    other.classification = Classification::Feature;
    let decision = decide(&other, &trusted, &policy, &state, noon());
    assert_eq!(refusing(&decision), [Check::Classification, Check::Rules]);
    other.file_name = "x.exe".to_owned();
    let decision = decide(&other, &trusted, &policy, &state, noon());
    assert_eq!(refusing(&decision), [Check::Rules]);
}

#[test]
fn a_rule_has_its_times() {
    let policy = policy(
        r#"
        [[rule]]
        name = "a"
        keys = ["builder 1"]
        valid_from = "2026-02-28T10:00:00Z"
        valid_to = "2026-02-28T20:00:00Z"
        [[rule.window]]
        from = "11:00"
        to = "13:00"
        "#,
    );
    let (state, trusted) = (State::default(), store(&[1, 2]));
    let at = |time: &str| decide(&facts(&[1]), &trusted, &policy, &state, now(time));
    assert!(at("2026-02-28T12:00:00Z").allowed);
    let early = [Check::Valid, Check::Window, Check::Rules];
    assert_eq!(refusing(&at("2026-02-28T09:59:59Z")), early);
    assert_eq!(
        refusing(&at("2026-02-28T20:00:00Z")),
        [Check::Window, Check::Rules]
    );
    assert_eq!(
        refusing(&at("2026-03-01T12:00:00Z")),
        [Check::Valid, Check::Rules]
    );
    let other = decide(&facts(&[2]), &trusted, &policy, &state, noon());
    assert_eq!(refusing(&other), [Check::Signatures, Check::Rules]);
}

#[test]
fn a_clock_that_was_set_back_decides_nothing_about_time() {
    let mut state = State::default();
    state.saw_time("2026-02-28T12:05:01Z".parse().unwrap());
    let (trusted, none) = (store(&[1]), Policy::default());
    let mut facts = facts(&[1]);
    assert!(decide(&facts, &trusted, &none, &state, noon()).allowed);
    facts.not_after = Some("2026-12-31T00:00:00Z".parse().unwrap());
    let decision = decide(&facts, &trusted, &none, &state, noon());
    assert_eq!(refusing(&decision), [Check::Clock]);
    let tolerated = now("2026-02-28T12:00:01Z");
    assert!(decide(&facts, &trusted, &none, &state, tolerated).allowed);
    facts.not_after = None;
    let window =
        policy("[[rule]]\nname = \"a\"\n[[rule.window]]\nfrom = \"11:00\"\nto = \"13:00\"");
    let decision = decide(&facts, &trusted, &window, &state, noon());
    assert_eq!(refusing(&decision), [Check::Clock]);
}

prop_compose! {
    fn any_policy()(
        counts in prop::array::uniform4(0u8..3),
        revoked in prop::collection::vec(0u8..6, 0..3),
        security in any::<bool>(),
        rules in 0usize..3,
    ) -> Policy {
        let mut policy = policy("");
        for n in 0..rules {
            let text = format!("name = \"{n}\"\n{}", if security { "classifications = [\"security\"]" } else { "" });
            let mut rule: Rule = toml::from_str(&text).unwrap();
            let [builder, tester, approver, any] = counts;
            rule.signatures = super::super::Threshold { builder, tester, approver, any: any + n as u8 };
            if rule.signatures.possible() {
                policy.rules.push(rule);
            }
        }
        for n in revoked {
            revoke(&mut policy, [n; 32]);
        }
        policy
    }
}

proptest! {
    /// Whatever makes a package worse, or the policy stricter, never makes it allowed.
    #[test]
    fn less_is_never_more(
        policy in any_policy(),
        signers in prop::sample::subsequence(vec![1u8, 2, 3, 4, 5], 0..=5),
        gone in 0u8..6,
        seen in 0u64..10,
        named in any::<bool>(),
    ) {
        let mut state = State::default();
        let trusted = Trusted { named, ..store(&[1, 2, 3, 4]) };
        let ask = |signers: &[u8], policy: &Policy, state: &State| {
            decide(&facts(signers), &trusted, policy, state, noon()).allowed
        };
        let before = ask(&signers, &policy, &state);
        let fewer: Vec<u8> = signers.iter().copied().filter(|n| *n != gone).collect();
        prop_assert!(before || !ask(&fewer, &policy, &state));
        let mut stricter = policy.clone();
        revoke(&mut stricter, [gone; 32]);
        prop_assert!(before || !ask(&signers, &stricter, &state));
        // A revoked key is as good as none.
        prop_assert_eq!(ask(&fewer, &policy, &state), ask(&signers, &stricter, &state));
        state.saw_package("billing", seen);
        prop_assert_eq!(ask(&signers, &policy, &state), before && seen <= 5);
    }

    #[test]
    fn a_refusal_always_says_why(policy in any_policy(), signers in prop::sample::subsequence(vec![1u8, 2, 3, 4, 5], 0..=5)) {
        let decision = decide(&facts(&signers), &store(&[1, 2, 3, 4]), &policy, &State::default(), noon());
        let refused = decision.rules.iter().any(|o| o.verdict == Verdict::Refuses && o.rule.is_none());
        prop_assert_eq!(decision.allowed, !refused);
        prop_assert_eq!(decision.allowed, decision.to_string().is_empty() || decision.by.is_some());
    }
}

#[test]
fn entries_name_keys() {
    let policy = policy("");
    let key: &KeyEntry = policy.key(id(3)).unwrap();
    assert_eq!(key.roles, [Role::Approver]);
}
