//! Which of several packages is applied, and in which order.

use proptest::prelude::*;

use super::*;

#[test]
fn the_highest_sequence_counts() {
    let stock = [candidate(1), candidate(3), candidate(2)];
    let verdict = judged(&with_patch(1, Effect::Active), &stock);
    assert_eq!(verdict.apply, [sha256(3)]);
    // What is replaced is contained in what replaced it.
    let mut process = with_patch(3, Effect::Active);
    process
        .patches
        .extend(with_patch(1, Effect::Replaced).patches);
    let verdict = judged(&process, &stock);
    assert_eq!(verdict.state, State::Hotpatched);
    assert_eq!(verdict.fixed, ["CVE-2026-1", "CVE-2026-3"]);
    assert_eq!(verdict.open[0].cve, "CVE-2026-2");
}

#[test]
fn what_is_held_is_not_applied_and_not_taken_out() {
    let mut held = candidate(2);
    held.held = Some("since today: slow".to_owned());
    let verdict = judged(&process(), &[held.clone()]);
    assert_eq!((verdict.state, verdict.apply.len()), (State::Held, 0));
    assert!(verdict.as_desired());
    assert!(verdict.first().why.contains("slow"));
    assert_eq!(verdict.first().remedy, "`hotpatch store release FIX-2`");
    let verdict = judged(&with_patch(2, Effect::Active), &[held.clone()]);
    assert_eq!(verdict.state, State::Hotpatched);
    // The one before is better than none.
    let stock = [held, candidate(1)];
    let verdict = judged(&process(), &stock);
    assert_eq!(verdict.apply, [sha256(1)]);
    let verdict = judged(&with_patch(2, Effect::Active), &stock);
    assert!(verdict.apply.is_empty(), "nothing older replaces it");
}

#[test]
fn what_is_required_comes_first() {
    let (mut first, mut second) = (candidate(1), candidate(1));
    (second.id, second.sha256) = ("FIX-B".to_owned(), sha256(9));
    second.requires = vec![first.id.clone()];
    let verdict = judged(&process(), &[second.clone(), first.clone()]);
    assert_eq!(verdict.apply, [sha256(1), sha256(9)]);
    let there = judged(
        &with_patch(1, Effect::Active),
        &[second.clone(), first.clone()],
    );
    assert_eq!(there.apply, [sha256(9)]);
    // One of both is not enough.
    first.held = Some("since".to_owned());
    let verdict = judged(&process(), &[second, first]);
    assert_eq!((verdict.state, verdict.apply.len()), (State::Held, 0));
}

#[test]
fn what_is_older_than_a_part_of_what_goes_together_is_not_gone_back_to() {
    let (first, mut second) = (candidate(2), candidate(2));
    (second.id, second.sha256) = ("FIX-B".to_owned(), sha256(9));
    second.held = Some("since".to_owned());
    let stock = [candidate(1), first, second];
    let verdict = judged(&with_patch(2, Effect::Active), &stock);
    assert!(verdict.apply.is_empty());
    assert_eq!(judged(&process(), &stock).apply, [sha256(1)]);
}

fn stock() -> impl Strategy<Value = Vec<Candidate>> {
    let one = (1u64..5, 0u8..2, 0u8..4, 1u32..3, prop::bool::ANY);
    prop::collection::vec(one, 1..6).prop_map(|list| {
        let numbered = list.into_iter().zip(1u64..);
        let one = |((sequence, product, permit, of_build, held), n)| Candidate {
            sha256: sha256(n),
            id: format!("FIX-{n}"),
            product: format!("p{product}"),
            build: build(of_build),
            held: Option::from("since".to_owned()).filter(|_: &String| held),
            permit: match permit {
                0 => Permit::Refused { why: "no".into() },
                1 => Permit::Later {
                    at: Moment::from_seconds(NOW + 1),
                },
                _ => Permit::Allowed,
            },
            ..candidate(sequence)
        };
        numbered.map(one).collect()
    })
}

proptest! {
    /// Where each package that is to be applied is, nothing more is to be done, and what is said
    /// is as desired but for what nobody allows.
    #[test]
    fn applying_ends_in_the_desired_state(stock in stock(), active in prop::collection::vec(1u64..6, 0..3)) {
        let mut process = process();
        for n in active {
            if stock.iter().any(|c| c.sha256 == sha256(n) && c.build == build(1)) {
                process.patches.extend(with_patch(n, Effect::Active).patches);
            }
        }
        let desk = Desk::default();
        let before = desk.judge(&process, &stock);
        for sha in &before.apply {
            let candidate = stock.iter().find(|c| c.sha256 == *sha).unwrap();
            prop_assert!(candidate.is_usable() && candidate.build == build(1));
            prop_assert!(!process.runs(sha), "nothing is applied twice");
            let newer = stock.iter().any(|c| {
                c.product == candidate.product && c.sequence > candidate.sequence && process.runs(&c.sha256)
            });
            prop_assert!(!newer, "nothing newer is replaced");
            let mut patch = with_patch(0, Effect::Active).patches.remove(0);
            patch.sha256.clone_from(sha);
            process.patches.push(patch);
        }
        let after = desk.judge(&process, &stock);
        prop_assert!(after.apply.is_empty());
        for package in &after.packages {
            prop_assert!(package.as_desired || package.state == State::Blocked, "{package:?}");
        }
        prop_assert_eq!(after.state, after.packages.iter().map(|p| p.state).min().unwrap());
        for open in &after.open {
            prop_assert!(!after.fixed.contains(&open.cve));
        }
    }
}
