//! The words for the state of a process.

use super::*;

#[test]
fn what_is_open_is_to_be_applied() {
    let verdict = judged(&process(), &[candidate(1)]);
    assert_eq!(verdict.state, State::Exposed);
    assert_eq!(verdict.apply, [sha256(1)]);
    assert!(!verdict.as_desired());
    assert_eq!(verdict.first().on_disk, OnDisk::Old);
    // Open since the process runs, for the package was there before.
    let open = &verdict.open[0];
    assert_eq!((open.cve.as_str(), open.seconds), ("CVE-2026-1", 2 * DAY));
}

#[test]
fn what_is_in_is_left_in() {
    let verdict = judged(&with_patch(1, Effect::Active), &[candidate(1)]);
    assert_eq!(verdict.state, State::Hotpatched);
    assert!(verdict.as_desired() && verdict.apply.is_empty());
    assert_eq!(verdict.fixed, ["CVE-2026-1"]);
    assert!(verdict.open.is_empty());
    assert_eq!(verdict.first().why, "1 d 3 h; disk is old");
}

#[test]
fn a_pause_and_an_exclusion_leave_a_program_alone() {
    let mut desk = Desk::default();
    desk.policy.exclude = vec!["serv*.exe".to_owned()];
    let verdict = desk.judge(&process(), &[candidate(1)]);
    assert_eq!((verdict.state, verdict.apply.len()), (State::Held, 0));
    assert!(verdict.first().why.contains("serv*.exe"));
    assert_eq!(verdict.open.len(), 1, "it is open all the same");
    desk.policy.exclude.clear();
    for (program, state) in [
        (Some("other.exe"), State::Exposed),
        (Some("server.exe"), State::Held),
        (None, State::Held),
    ] {
        desk.ledger.paused = vec![Pause {
            program: program.map(str::to_owned),
            since: Moment::from_seconds(NOW),
            reason: None,
        }];
        let verdict = desk.judge(&process(), &[candidate(1)]);
        assert_eq!(verdict.state, state, "{program:?}");
        let active = desk.judge(&with_patch(1, Effect::Active), &[candidate(1)]);
        assert_eq!(active.state, State::Hotpatched);
    }
}

#[test]
fn time_and_trust_have_their_own_words() {
    let mut later = candidate(1);
    later.permit = Permit::Later {
        at: Moment::from_seconds(NOW + DAY),
    };
    let verdict = judged(&process(), &[later]);
    assert_eq!(verdict.state, State::Deferred);
    let until = verdict.first().deferred_until;
    assert_eq!(until, Some(Moment::from_seconds(NOW + DAY)));
    assert!(verdict.as_desired() && verdict.apply.is_empty());
    let mut refused = candidate(1);
    refused.permit = Permit::Refused {
        why: "revoked: leaks".to_owned(),
    };
    let verdict = judged(&process(), &[refused]);
    assert_eq!((verdict.state, verdict.apply.len()), (State::Blocked, 0));
    assert!(!verdict.as_desired());
}

#[test]
fn findings_block_and_say_the_way_out() {
    let refused = &mut |_: &Candidate| Probe::Refused {
        why: "HP508 no".to_owned(),
        remedy: "restart it".to_owned(),
    };
    let verdict = Desk::default().judge_with(&process(), &[candidate(1)], refused);
    assert_eq!((verdict.state, verdict.apply.len()), (State::Blocked, 0));
    assert_eq!(verdict.first().remedy, "restart it");
    let failed = &mut |_: &Candidate| Probe::Failed("gone".to_owned());
    let verdict = Desk::default().judge_with(&process(), &[candidate(1)], failed);
    assert_eq!((verdict.state, verdict.apply.len()), (State::Failed, 0));
}

#[test]
fn the_last_attempt_is_remembered_for_the_process_that_it_was_about() {
    for (kind, state, again) in [
        (ProblemKind::Busy, State::Deferred, true),
        (ProblemKind::Failed, State::Failed, true),
        (ProblemKind::Refused, State::Blocked, false),
    ] {
        let mut desk = Desk::default();
        desk.outcomes.put(Attempted {
            process: "7 abc".to_owned(),
            package: sha256(1),
            at: Moment::from_seconds(NOW),
            problem: Some(Problem {
                kind,
                why: "so it is".to_owned(),
                remedy: String::new(),
            }),
            unpatched_ms: None,
        });
        let verdict = desk.judge(&process(), &[candidate(1)]);
        assert_eq!((verdict.state, verdict.as_desired()), (state, false));
        assert_eq!(verdict.first().why, "so it is");
        assert_eq!(!verdict.apply.is_empty(), again, "{kind:?}");
        let mut other = process();
        other.name = "7 abd".to_owned();
        let verdict = desk.judge(&other, &[candidate(1)]);
        assert_eq!(verdict.state, State::Exposed, "another process of that PID");
    }
}

#[test]
fn what_ended_a_process_is_kept_from_its_program() {
    let mut desk = Desk::default();
    desk.ledger.quarantined.push(Quarantine {
        package: sha256(2),
        program: "server.EXE".to_owned(),
        since: Moment::from_seconds(NOW),
        reason: "it ended".to_owned(),
    });
    let verdict = desk.judge(&process(), &[candidate(2)]);
    assert_eq!(
        (verdict.state, verdict.apply.len()),
        (State::Quarantined, 0)
    );
    assert!(!verdict.as_desired() && verdict.first().why.contains("it ended"));
    let verdict = desk.judge(&process(), &[candidate(2), candidate(1)]);
    assert_eq!(
        verdict.apply,
        [sha256(1)],
        "the one before is better than none"
    );
    let mut other = process();
    other.image = "other.exe".to_owned();
    assert_eq!(desk.judge(&other, &[candidate(2)]).state, State::Exposed);
    let verdict = desk.judge(&with_patch(2, Effect::Active), &[candidate(2)]);
    assert_eq!(
        verdict.state,
        State::Hotpatched,
        "what lives with it keeps it"
    );
}

#[test]
fn a_patch_grows_too_old() {
    let mut desk = Desk::default();
    let process = with_patch(1, Effect::Active);
    desk.policy.max_age_days = Some(2);
    let verdict = desk.judge(&process, &[candidate(1)]);
    assert_eq!(
        (verdict.state, verdict.as_desired()),
        (State::Hotpatched, true)
    );
    let due = verdict.first().restart_by.unwrap();
    assert_eq!(due, Moment::from_seconds(NOW + DAY - 3 * 3600));
    assert_eq!(
        verdict.first().why,
        "1 d 3 h; disk is old: restart by 1970-04-11"
    );
    desk.policy.max_age_days = Some(1);
    let verdict = desk.judge(&process, &[candidate(1)]);
    assert_eq!(
        (verdict.state, verdict.as_desired()),
        (State::RestartDue, false)
    );
    assert!(
        verdict
            .first()
            .remedy
            .starts_with("install the fixed build")
    );
}

#[test]
fn the_fixed_build_is_known_by_its_file() {
    let mut process = process();
    let file = FileFacts {
        sha256: "fixed 2".to_owned(),
        authenticode: None,
        build: Some(build(2)),
    };
    process.modules[0].file = Some(file);
    let stock = [candidate(1), candidate(2)];
    // The old build runs, the fixed one is on disk.
    let verdict = judged(&process, &stock);
    assert_eq!(verdict.first().on_disk, OnDisk::Fixed);
    assert_eq!(verdict.state, State::Exposed);
    process.modules[0].build = Some(build(2));
    let verdict = judged(&process, &stock);
    assert_eq!(verdict.state, State::Updated);
    assert_eq!(verdict.fixed, ["CVE-2026-2"]);
    assert!(verdict.as_desired() && verdict.open.is_empty());
    process.modules[0].build = Some(build(3));
    let verdict = judged(&process, &stock);
    assert_eq!(verdict.state, State::NotApplicable);
    assert!(verdict.as_desired());
}

#[test]
fn a_cve_is_open_since_the_first_package_could_have_fixed_it() {
    let (first, mut second) = (candidate(1), candidate(2));
    second.cves.clone_from(&first.cves);
    second.added = Moment::from_seconds(NOW - DAY);
    for stock in [[first.clone(), second.clone()], [second, first]] {
        let verdict = judged(&process(), &stock);
        assert_eq!((verdict.open.len(), verdict.open[0].seconds), (1, 2 * DAY));
    }
}

#[test]
fn what_was_interrupted_is_cleared_away_where_nothing_else_does_it() {
    let mut process = with_patch(5, Effect::LeftOver);
    let stock = [candidate(1)];
    assert!(!judged(&process, &stock).recover, "applying does it");
    process
        .patches
        .extend(with_patch(1, Effect::Active).patches);
    let verdict = judged(&process, &stock);
    assert!(verdict.recover && !verdict.as_desired());
    process.patches.remove(0);
    process.patches[0].frozen = true;
    assert!(judged(&process, &stock).recover);
    let mut desk = Desk::default();
    desk.policy.exclude = vec!["*".to_owned()];
    assert!(!desk.judge(&process, &stock).recover);
}

#[test]
fn a_process_without_a_module_of_any_package_is_not_judged() {
    let mut other = candidate(1);
    other.file_name = "other.dll".to_owned();
    let desk = Desk::default();
    let settings = Settings {
        now: Moment::from_seconds(NOW),
        ledger: &desk.ledger,
        policy: &desk.policy,
        outcomes: &desk.outcomes,
        lists: &desk.lists,
    };
    assert_eq!(
        judge(&process(), &[other], &settings, &mut |_| Probe::Ready),
        None
    );
}
