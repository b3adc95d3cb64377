//! Packages that were withdrawn.

use super::*;
use crate::ops::withdrawal::Withdrawn;

fn entry(sequence: u64, revert: bool) -> Withdrawn {
    Withdrawn {
        id: format!("FIX-{sequence}"),
        file: "SERVER.exe".to_owned(),
        content_sha256: content(sequence),
        revert,
        reason: "leaks".to_owned(),
    }
}

fn desk(withdrawn: Vec<Withdrawn>) -> Desk {
    let times = (Moment::from_seconds(0), Moment::from_seconds(NOW));
    let list = List::new(("Server.exe", 1), times, withdrawn).unwrap();
    Desk {
        lists: vec![list],
        ..Desk::default()
    }
}

/// A process with FIX-2, which replaced FIX-1.
fn with_both() -> ProcessFacts {
    let mut process = with_patch(1, Effect::Replaced);
    process
        .patches
        .extend(with_patch(2, Effect::Active).patches);
    process.patches[1].over = vec![sha256(1)];
    process
}

#[test]
fn what_is_withdrawn_is_not_applied_any_more() {
    for revert in [false, true] {
        let desk = desk(vec![entry(1, revert)]);
        let verdict = desk.judge(&process(), &[candidate(1)]);
        assert_eq!((verdict.state, verdict.apply.len()), (State::Held, 0));
        assert!(verdict.as_desired() && verdict.revert.is_empty());
        assert_eq!(verdict.first().why, "FIX-1 was withdrawn: leaks");
        assert_eq!(verdict.open.len(), 1, "it is open all the same");
        // What takes its place is applied, and so is what is beneath it.
        for other in [2, 0] {
            let verdict = desk.judge(&process(), &[candidate(1), candidate(other)]);
            assert_eq!(verdict.apply, [sha256(other)]);
        }
    }
}

#[test]
fn what_is_in_stays_unless_the_list_takes_it_out() {
    let stock = [candidate(1)];
    let process = with_patch(1, Effect::Active);
    let verdict = desk(vec![entry(1, false)]).judge(&process, &stock);
    assert_eq!(verdict.state, State::Hotpatched);
    assert!(verdict.as_desired() && verdict.revert.is_empty());
    assert!(verdict.first().why.ends_with("; withdrawn: leaks"));
    let desk = desk(vec![entry(1, true)]);
    let verdict = desk.judge(&process, &stock);
    assert_eq!((verdict.state, verdict.as_desired()), (State::Held, false));
    let removal = Removal {
        id: "FIX-1".to_owned(),
        sha256: sha256(1),
        back: false,
    };
    assert_eq!(verdict.revert, std::slice::from_ref(&removal));
    // Also where the store doesn't have it any more.
    let verdict = desk.judge(&process, &[]);
    assert_eq!((verdict.state, verdict.as_desired()), (State::Held, false));
    assert_eq!(verdict.revert, [removal]);
    for effect in [Effect::Gone, Effect::Replaced] {
        let verdict = desk.judge(&with_patch(1, effect), &stock);
        assert!(verdict.revert.is_empty(), "{effect:?} leads nowhere");
    }
}

#[test]
fn a_pause_and_an_exclusion_hold_for_that_too() {
    let mut desk = desk(vec![entry(1, true)]);
    desk.policy.exclude = vec!["server.exe".to_owned()];
    let verdict = desk.judge(&with_patch(1, Effect::Active), &[candidate(1)]);
    assert!(verdict.revert.is_empty() && verdict.as_desired());
    let why = &verdict.first().why;
    assert!(
        why.contains("withdrawn (leaks)") && why.contains("excludes"),
        "{why}"
    );
}

#[test]
fn what_it_replaced_runs_again_if_that_is_good() {
    let stock = [candidate(1), candidate(2)];
    let back = |entries| {
        let verdict = desk(entries).judge(&with_both(), &stock);
        verdict.revert[0].back
    };
    assert!(back(vec![entry(2, true)]));
    assert!(back(vec![entry(2, true), entry(1, false)]));
    assert!(!back(vec![entry(2, true), entry(1, true)]));
}

#[test]
fn what_takes_its_place_takes_it_out() {
    let desk = desk(vec![entry(1, true)]);
    let process = with_patch(1, Effect::Active);
    let stock = [candidate(1), candidate(2)];
    let verdict = desk.judge(&process, &stock);
    assert_eq!(verdict.apply, [sha256(2)]);
    assert!(verdict.revert.is_empty());
    // Where that can't be, it goes all the same.
    let refused = &mut |_: &Candidate| Probe::Refused {
        why: "HP508 no".to_owned(),
        remedy: "restart it".to_owned(),
    };
    let verdict = desk.judge_with(&process, &stock, refused);
    assert_eq!((verdict.apply.len(), verdict.revert.len()), (0, 1));
    assert_eq!(verdict.state, State::Blocked);
}

#[test]
fn who_may_sign_for_one_file_or_product_withdraws_nothing_else() {
    let mut other_file = entry(1, true);
    other_file.file = "other.exe".to_owned();
    let mut other_product = desk(vec![entry(1, true)]);
    other_product.lists[0].product = "other".to_owned();
    for desk in [desk(vec![other_file]), other_product] {
        let verdict = desk.judge(&process(), &[candidate(1)]);
        assert_eq!(verdict.state, State::Exposed);
        let verdict = desk.judge(&with_patch(1, Effect::Active), &[candidate(1)]);
        assert_eq!(verdict.state, State::Hotpatched);
        assert!(verdict.revert.is_empty());
    }
}

#[test]
fn records_of_earlier_versions_are_known_by_the_store() {
    let desk = desk(vec![entry(1, true)]);
    let mut process = with_patch(1, Effect::Active);
    process.patches[0].content_sha256 = None;
    process.patches[0].product = None;
    let verdict = desk.judge(&process, &[candidate(1)]);
    assert_eq!(verdict.revert.len(), 1);
}
