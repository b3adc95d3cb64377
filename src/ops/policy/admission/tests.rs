use proptest::prelude::*;

use super::*;
use crate::ops::policy::Policy;

/// A Saturday.
const ADDED: &str = "2026-11-28T12:00:00Z";

fn rollout(text: &str) -> Rollout {
    let policy = Policy::from_toml(&format!("format = 1\n{text}")).unwrap();
    policy.rollout.unwrap()
}

fn package() -> Incoming<'static> {
    Incoming {
        product: "server.exe",
        sequence: 3,
        content_sha256: "1111111111111111111111111111111111111111111111111111111111111111",
        added: ADDED.parse().unwrap(),
    }
}

fn ask(rollout: &Rollout, machine: &str, time: &str) -> Admission {
    let now = Now {
        utc: time.parse().unwrap(),
        local_offset: 0,
    };
    admit(rollout, &package(), machine, now).unwrap()
}

const RINGS: &str = "[rollout]\n[[rollout.ring]]\nname = \"canary\"\nmachines = [\"lab-*\"]\n\
                     [[rollout.ring]]\nname = \"all\"\ndefer_days = 2\npercent = [10, 50, 100]\n";

#[test]
fn a_machine_is_in_the_first_ring_that_names_it() {
    let rings = rollout(RINGS);
    let lab = ask(&rings, "LAB-7", ADDED);
    assert_eq!(
        (lab.ring.as_str(), lab.open, lab.turn),
        ("canary", 100, Turn::Now)
    );
    assert_eq!(ask(&rings, "web-1", ADDED).ring, "all");
    let named = rollout(&RINGS.replace("[rollout]", "[rollout]\nthis_ring = \"all\""));
    assert_eq!(ask(&named, "LAB-7", ADDED).ring, "all");
}

#[test]
fn percentages_open_day_by_day() {
    let at = |place: u8, time: &str| {
        let text = RINGS.replace("[rollout]", &format!("[rollout]\nthis_place = {place}"));
        ask(&rollout(&text), "web-1", time)
    };
    let day = |text: &str| Turn::At(text.parse().unwrap());
    let before = at(9, "2026-11-30T11:59:59Z");
    assert_eq!((before.place, before.open), (900, 0));
    assert_eq!(
        before.next,
        Some((10, "2026-11-30T12:00:00Z".parse().unwrap()))
    );
    assert_eq!(before.turn, day("2026-11-30T12:00:00Z"));
    assert_eq!(at(9, "2026-11-30T12:00:00Z").turn, Turn::Now);
    let second = at(10, "2026-11-30T12:00:00Z");
    assert_eq!(
        (second.open, second.turn),
        (10, day("2026-12-01T12:00:00Z"))
    );
    assert_eq!(
        at(50, "2026-12-01T12:00:00Z").turn,
        day("2026-12-02T12:00:00Z")
    );
    let last = at(99, "2026-12-02T12:00:00Z");
    assert_eq!((last.open, last.next, last.turn), (100, None, Turn::Now));
}

#[test]
fn a_ring_has_its_windows_and_asks_for_approval() {
    let text = "[rollout]\n[[rollout.ring]]\nname = \"all\"\ndefer_days = 1\napproval = true\n\
                [[rollout.ring.window]]\ndays = [\"mon\"]\nfrom = \"22:00\"\nto = \"23:00\"\n";
    let waits = ask(&rollout(text), "web-1", "2027-01-01T00:00:00Z");
    assert_eq!(waits.turn, Turn::Approved);
    let sha256 = package().content_sha256;
    let approved = format!("{text}[[rollout.approved]]\npackage = \"{sha256}\"\nring = \"all\"\n");
    let approved = rollout(&approved);
    let monday = Turn::At("2026-11-30T22:00:00Z".parse().unwrap());
    assert_eq!(ask(&approved, "web-1", ADDED).turn, monday);
    assert_eq!(
        ask(&approved, "web-1", "2026-11-30T22:10:00Z").turn,
        Turn::Now
    );
    let next = Turn::At("2026-12-07T22:00:00Z".parse().unwrap());
    assert_eq!(ask(&approved, "web-1", "2026-11-30T23:00:00Z").turn, next);
}

#[test]
fn places_are_drawn_evenly_and_anew_for_each_package() {
    let of = |sequence: u64, n: u32| {
        let package = Incoming {
            sequence,
            ..package()
        };
        drawn(&package, &format!("web-{n}"))
    };
    for sequence in 1..5 {
        let first = (0..10_000).filter(|n| of(sequence, *n) < 2000).count();
        assert!((1880..2120).contains(&first), "{first} of 10000 in 20 %");
    }
    let both = (0..10_000).filter(|n| of(1, *n) < 2000 && of(2, *n) < 2000);
    let both = both.count();
    assert!((330..470).contains(&both), "{both} of 10000 in 20 % twice");
    assert_eq!(drawn(&package(), "WEB-1"), drawn(&package(), "web-1"));
    // A change of this would shuffle all machines in the middle of a rollout.
    assert_eq!(drawn(&package(), "web-1"), 6452);
}

#[test]
fn what_means_nothing_is_refused() {
    for bad in [
        "[rollout]\nring = []\n".to_owned(),
        RINGS.replace("\"all\"", "\"canary\""),
        RINGS.replace("[rollout]\n", "[rollout]\nthis_ring = \"x\"\n"),
        RINGS.replace("[rollout]\n", "[rollout]\nthis_place = 100\n"),
        RINGS.replace("name = \"all\"", "name = \"all\"\nmachines = [\"a\"]"),
        RINGS.replace("machines = [\"lab-*\"]\n", ""),
        RINGS.replace("[10, 50, 100]", "[10, 50]"),
        RINGS.replace("[10, 50, 100]", "[50, 10, 100]"),
        RINGS.replace("[10, 50, 100]", "[10, 10, 100]"),
        RINGS.replace("defer_days = 2", "defer_days = 366"),
        format!("{RINGS}[[rollout.ring.window]]\nfrom = \"01:00\"\nto = \"01:00\"\n"),
        format!("{RINGS}[[rollout.approved]]\npackage = \"x\"\nring = \"all\"\n"),
        format!(
            "{RINGS}[[rollout.approved]]\npackage = \"{}\"\nring = \"x\"\n",
            "a".repeat(64)
        ),
    ] {
        assert!(
            Policy::from_toml(&format!("format = 1\n{bad}")).is_err(),
            "{bad}"
        );
    }
}

proptest! {
    /// Once it is the turn of a machine it stays so, and it comes when it was said.
    #[test]
    fn a_turn_comes_when_it_was_said(
        place in 0u8..100,
        defer in 0u32..9,
        steps in prop::collection::btree_set(1u8..100, 0..4),
        after in 0u64..20 * DAY,
    ) {
        let mut percent: Vec<u8> = steps.into_iter().collect();
        percent.push(100);
        let text = format!(
            "[rollout]\nthis_place = {place}\n[[rollout.ring]]\nname = \"all\"\n\
             defer_days = {defer}\npercent = {percent:?}\n"
        );
        let rollout = rollout(&text);
        let added: Moment = ADDED.parse().unwrap();
        let at = |utc: Moment| {
            let now = Now { utc, local_offset: 0 };
            admit(&rollout, &package(), "web-1", now).unwrap()
        };
        let now = Moment::from_seconds(added.seconds() + after);
        let asked = at(now);
        prop_assert_eq!(asked.turn == Turn::Now, u16::from(place) < u16::from(asked.open));
        if let Turn::At(then) = asked.turn {
            prop_assert!(then > now);
            prop_assert_eq!(at(then).turn, Turn::Now);
            prop_assert_ne!(at(Moment::from_seconds(then.seconds() - 1)).turn, Turn::Now);
        }
        let later = at(Moment::from_seconds(now.seconds() + 20 * DAY)).turn;
        prop_assert_eq!(later, Turn::Now);
    }
}
