//! What an admin may ask for beyond the default, and what is kept because it is in use.

use super::*;
use crate::addr::Rva;
use crate::apply::consent::{Consent, Hold, Incoming};
use crate::apply::quiesce::Seen;
use crate::apply::testing::package::newer_with;
use crate::apply::{clear_up, rollback};
use crate::package::Denial;
use crate::package::manifest::{Variable, WatchedCode};

#[test]
fn a_frozen_time_budget_gives_up_before_anything_is_switched() {
    let fake = Fake::new();
    let hasty = Options {
        max_freeze: Some(Duration::ZERO),
        ..ONCE
    };
    let busy = apply(&fake, &package(), &hasty).unwrap();
    assert_eq!((busy.outcome, busy.exit()), (Outcome::Busy, Exit::Busy));
    assert!(codes(&busy).contains(&"HP524"), "{busy:?}");
    assert_eq!((fake.version(), fake.regions()), (Version::Old, 0));
    let calm = Options {
        max_freeze: Some(Duration::from_secs(60)),
        ..ONCE
    };
    assert_eq!(
        apply(&fake, &package(), &calm).unwrap().outcome,
        Outcome::Applied
    );
    let busy = revert(&fake, None, &hasty).unwrap();
    assert_eq!(busy.outcome, Outcome::Busy);
    assert_eq!(fake.version(), Version::New);
}

/// A process with a thread that is always inside the third function.
fn with_a_main_loop() -> Fake {
    let fake = Fake::new();
    let inside = SERVER_RVAS[2].at(MODULE).0 + 7;
    fake.thread(9, MODULE.0 + 0x3000, &[inside]);
    fake
}

#[test]
fn a_function_may_stay_on_a_stack_where_it_is_named() {
    let fake = with_a_main_loop();
    assert_eq!(
        apply(&fake, &package(), &ONCE).unwrap().outcome,
        Outcome::Busy
    );
    let names = ["f_9100".to_owned()];
    let allowing = Options {
        on_stack: &names,
        ..ONCE
    };
    let applied = apply(&fake, &package(), &allowing).unwrap();
    assert_eq!(applied.outcome, Outcome::Applied, "{applied:?}");
    assert_eq!(fake.version(), Version::New);
    let record = &Survey::of(&fake).unwrap().patches[0].record;
    assert_eq!(record.body.on_stack, names);
}

#[test]
fn code_that_stays_can_be_watched() {
    let watching = package_with(|m| {
        m.watched = vec![WatchedCode {
            name: "twin".to_owned(),
            rva: Rva(0x4000),
            size: 0x40,
            addressed: false,
        }];
    });
    let start = MODULE.0 + 0x4000;
    let fake = Fake::new();
    // A pointer to it keeps nobody waiting; a call that goes on there does.
    fake.thread(9, MODULE.0 + 0x3000, &[start]);
    let applied = apply(&fake, &watching, &ONCE).unwrap();
    assert_eq!(applied.outcome, Outcome::Applied, "{applied:?}");
    revert(&fake, None, &ONCE).unwrap();
    for (executing, stack) in [(start, 0), (start + 7, 0), (MODULE.0 + 0x3000, start + 7)] {
        fake.thread(9, executing, &[stack]);
        let busy = apply(&fake, &watching, &ONCE).unwrap();
        assert_eq!(busy.outcome, Outcome::Busy, "{busy:?}");
        assert_eq!(busy.blocked_by[0].function, "twin");
        assert_eq!(fake.version(), Version::Old);
    }
}

#[test]
fn nobody_may_hold_the_address_of_what_is_gone() {
    let gone = |name: &str, rva: u32, addressed| WatchedCode {
        name: name.to_owned(),
        rva: Rva(rva),
        size: 0x40,
        addressed,
    };
    let watching = package_with(|m| {
        m.watched = vec![gone("inner", 0x4000, false), gone("callback", 0x4040, true)];
    });
    let start = MODULE.0 + 0x4040;
    let elsewhere = MODULE.0 + 0x3000;
    let fake = Fake::new();
    fake.thread(9, elsewhere, &[start - 0x40, start << 8]);
    let applied = apply(&fake, &watching, &ONCE).unwrap();
    assert_eq!(applied.outcome, Outcome::Applied, "{applied:?}");
    revert(&fake, None, &ONCE).unwrap();
    fake.thread(9, elsewhere, &[0, 5, start, 7]);
    let busy = apply(&fake, &watching, &ONCE).unwrap();
    assert_eq!(busy.outcome, Outcome::Busy, "{busy:?}");
    let [blocker] = &busy.blocked_by[..] else {
        panic!("{busy:?}");
    };
    assert_eq!(
        (&*blocker.function, blocker.seen),
        ("callback", Seen::Address)
    );
    assert_eq!(fake.version(), Version::Old);
}

#[test]
fn nobody_may_stand_in_the_bytes_that_are_overwritten() {
    let fake = Fake::new();
    let names = ["f_9100".to_owned()];
    let allowing = Options {
        on_stack: &names,
        ..ONCE
    };
    for offset in 1..5 {
        fake.thread(9, SERVER_RVAS[2].at(MODULE).0 + offset, &[]);
        let busy = apply(&fake, &package(), &allowing).unwrap();
        assert_eq!(busy.outcome, Outcome::Busy, "+{offset}");
    }
    for offset in [0, 5] {
        fake.thread(9, SERVER_RVAS[2].at(MODULE).0 + offset, &[]);
        let applied = apply(&fake, &package(), &allowing).unwrap();
        assert_eq!(applied.outcome, Outcome::Applied, "+{offset}");
        revert(&fake, None, &ONCE).unwrap();
    }
}

#[test]
fn what_is_not_proven_may_not_stay() {
    let fake = with_a_main_loop();
    let names = ["f_9100".to_owned(), "nonsense".to_owned()];
    let allowing = Options {
        on_stack: &names,
        ..ONCE
    };
    let unproven = package_with(|m| m.functions[2].must_not_stay = Some("it is a test".into()));
    let refused = apply(&fake, &unproven, &allowing).unwrap();
    let found = codes(&refused);
    assert!(
        found.contains(&"HP532") && found.contains(&"HP533"),
        "{refused:?}"
    );
    assert_eq!((fake.version(), fake.regions()), (Version::Old, 0));
}

#[test]
fn a_revert_may_leave_a_call_under_way_and_its_memory() {
    let fake = Fake::new();
    apply(&fake, &package(), &ONCE).unwrap();
    let record = Survey::of(&fake).unwrap().patches[0].record.clone();
    let inside = record.body.functions[2].replacement.0 + 1;
    fake.thread(9, MODULE.0 + 0x3000, &[inside]);
    assert_eq!(revert(&fake, None, &ONCE).unwrap().outcome, Outcome::Busy);
    let names = ["f_9100".to_owned()];
    let allowing = Options {
        on_stack: &names,
        ..ONCE
    };
    let reverted = revert(&fake, None, &allowing).unwrap();
    assert_eq!(reverted.outcome, Outcome::Reverted, "{reverted:?}");
    assert_eq!(codes(&reverted), ["HP518"]);
    assert_eq!((fake.version(), fake.regions()), (Version::Old, 1));
    assert_eq!(clear_up(&fake, &ONCE).unwrap().outcome, Outcome::Busy);
    fake.thread(9, MODULE.0 + 0x3000, &[1]);
    assert_eq!(clear_up(&fake, &ONCE).unwrap().outcome, Outcome::Recovered);
    assert_eq!(fake.regions(), 0);
}

/// A variable of `f_1010`'s payload: its code serves as one, for only its address matters.
fn variable(name: Option<&str>, kind: &str) -> Variable {
    Variable {
        symbol: "f_1010".to_owned(),
        name: name.map(str::to_owned),
        size: 6,
        type_sha256: Some(kind.repeat(32)),
        behind: None,
    }
}

#[test]
fn variables_of_a_replaced_patch_live_on() {
    let fake = Fake::new();
    fake.unchecked.set(true);
    let first = package_with(|m| m.variables = vec![variable(Some("count"), "aa")]);
    apply(&fake, &first, &ONCE).unwrap();
    let at = Survey::of(&fake).unwrap().patches[0].record.body.variables[0].at;
    for (name, kind) in [(None, "aa"), (Some("count"), "bb")] {
        let other = newer_with(|m| m.variables = vec![variable(name, kind)]);
        let summary = check(&fake, &other).unwrap();
        let refused = name.is_some();
        assert_eq!(codes(&summary).contains(&"HP529"), refused, "{summary:?}");
    }
    let second = newer_with(|m| m.variables = vec![variable(Some("count"), "aa")]);
    let applied = apply(&fake, &second, &ONCE).unwrap();
    assert_eq!(applied.outcome, Outcome::Applied, "{applied:?}");
    assert!(codes(&applied).contains(&"HP530"));
    let survey = Survey::of(&fake).unwrap();
    assert_eq!(
        survey.by_id("fix-2").unwrap().record.body.variables[0].at,
        at
    );
}

#[test]
fn functions_that_were_handed_out_stand_in_the_way_of_a_replacement() {
    let fake = Fake::new();
    let first = package_with(|m| m.exposed = vec!["f_1010".to_owned()]);
    apply(&fake, &first, &ONCE).unwrap();
    let refused = apply(&fake, &newer_with(|_| {}), &ONCE).unwrap();
    assert!(codes(&refused).contains(&"HP531"), "{refused:?}");
    assert_eq!(fake.version(), Version::New);
}

/// What a consent gives out; gone when it is dropped.
struct Held(Rc<Cell<bool>>);

impl Drop for Held {
    fn drop(&mut self) {
        self.0.set(false);
    }
}

#[test]
fn consent_is_asked_before_each_attempt_and_holds_until_its_end() {
    let fake = Fake::new();
    fake.thread(9, SERVER_RVAS[2].at(MODULE).0 + 7, &[]);
    let held = Rc::new(Cell::new(false));
    let seen = Rc::clone(&held);
    fake.on_census.replace(Some(Box::new(move |fake, census| {
        assert!(seen.get(), "nothing holds while the target is looked at");
        if census == 2 {
            fake.threads.borrow_mut().retain(|t| t.id != 9);
        }
    })));
    let asked = Cell::new(0);
    let ask = |incoming: &[Incoming]| -> Result<Hold, Denial> {
        assert_eq!(fake.frozen.get(), 0, "the target waits for files");
        assert_eq!(incoming, [Incoming::of_package(&package())]);
        asked.set(asked.get() + 1);
        assert!(!held.replace(true));
        Ok(Box::new(Held(Rc::clone(&held))))
    };
    let options = Options {
        timeout: Duration::from_secs(5),
        consent: Some(Consent(&ask)),
        ..ONCE
    };
    let applied = apply(&fake, &package(), &options).unwrap();
    assert_eq!(applied.outcome, Outcome::Applied, "{applied:?}");
    assert_eq!((asked.get(), held.get()), (2, false));
}

#[test]
fn what_is_revoked_while_apply_waits_is_not_applied() {
    let fake = Fake::new();
    fake.thread(9, SERVER_RVAS[2].at(MODULE).0 + 7, &[]);
    let asked = Cell::new(0);
    let ask = |_: &[Incoming]| -> Result<Hold, Denial> {
        asked.set(asked.get() + 1);
        match asked.get() {
            1 => Ok(Box::new(())),
            _ => Err("revoked".into()),
        }
    };
    let options = Options {
        timeout: Duration::from_secs(5),
        consent: Some(Consent(&ask)),
        ..ONCE
    };
    let error = apply(&fake, &package(), &options).unwrap_err();
    assert!(matches!(error, ApplyError::Denied(_)), "{error:?}");
    assert_eq!((fake.version(), fake.regions()), (Version::Old, 0));
    assert_eq!(fake.frozen.get(), 0);
}

#[test]
fn a_rollback_asks_for_what_will_run_again_and_a_revert_asks_nobody() {
    let fake = Fake::new();
    apply(&fake, &package(), &ONCE).unwrap();
    apply(&fake, &newer_with(|_| {}), &ONCE).unwrap();
    let ask = |incoming: &[Incoming]| -> Result<Hold, Denial> {
        assert_eq!(incoming, [Incoming::of_package(&package())]);
        Err("revoked".into())
    };
    let options = Options {
        consent: Some(Consent(&ask)),
        ..ONCE
    };
    let error = rollback(&fake, None, &options).unwrap_err();
    assert!(matches!(error, ApplyError::Denied(_)), "{error:?}");
    assert_eq!(fake.version(), Version::Newer);
    let reverted = revert(&fake, None, &options).unwrap();
    assert_eq!(reverted.outcome, Outcome::Reverted);
    assert_eq!(fake.version(), Version::Old);
}
