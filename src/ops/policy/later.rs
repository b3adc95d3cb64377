//! When a package may be used that only the time forbids now.

use super::decide::{Facts, Now, Trusted, decide};
use super::file::Policy;
use super::state::State;
use crate::moment::Moment;

/// Every window opens within so many minutes: it is there every week.
const HORIZON: u64 = 8 * 24 * 60;

/// The first moment after `now` at which a package will be allowed that is not allowed now,
/// where nothing changes but the time. To the minute; where the machine's clock is put forward
/// or back for the summer meanwhile, a window on that clock opens an hour off.
pub fn allowed_from(
    facts: &Facts,
    trusted: &Trusted,
    policy: &Policy,
    state: &State,
    now: Now,
) -> Option<Moment> {
    if trusted.named {
        return None;
    }
    let at = |utc: Moment| Now { utc, ..now };
    let mut found: Option<Moment> = None;
    for rule in policy.rules.iter().filter(|rule| rule.timed()) {
        let start = rule.valid_from.map_or(now.utc, |from| from.max(now.utc));
        let open = |moment: &Moment| {
            let mut windows = rule.windows.iter().peekable();
            windows.peek().is_none() || windows.any(|w| w.open(at(*moment)))
        };
        let whole = start.seconds() / 60;
        let minutes = (1..=HORIZON).map(|i| Moment::from_seconds((whole + i) * 60));
        let first = std::iter::once(start).chain(minutes).find(open);
        let allowed = |moment: &Moment| {
            *moment > now.utc && decide(facts, trusted, policy, state, at(*moment)).allowed
        };
        if let Some(first) = first.filter(allowed) {
            found = Some(found.map_or(first, |f| f.min(first)));
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ops::policy::decide::tests::{facts, store};

    fn now(text: &str) -> Now {
        Now {
            utc: text.parse().unwrap(),
            local_offset: 0,
        }
    }

    fn from(rules: &str, time: &str) -> Option<String> {
        let policy = Policy::from_toml(&format!("format = 1\n{rules}")).unwrap();
        let state = State::default();
        let found = allowed_from(&facts(&[1]), &store(&[1]), &policy, &state, now(time));
        if let Some(moment) = found {
            let then = Now {
                utc: moment,
                local_offset: 0,
            };
            assert!(decide(&facts(&[1]), &store(&[1]), &policy, &state, then).allowed);
        }
        found.map(|moment| moment.to_string())
    }

    #[test]
    fn a_window_opens_within_a_week() {
        // 2026-11-28 is a Saturday.
        let rule = "[[rule]]\nname = \"a\"\n[[rule.window]]\ndays = [\"sat\"]\nfrom = \"22:00\"\nto = \"23:00\"\n";
        let found = from(rule, "2026-11-28T21:15:30Z");
        assert_eq!(found.as_deref(), Some("2026-11-28T22:00:00Z"));
        let found = from(rule, "2026-11-28T23:00:00Z");
        assert_eq!(found.as_deref(), Some("2026-12-05T22:00:00Z"));
    }

    #[test]
    fn a_rule_begins_to_hold() {
        let rule = "[[rule]]\nname = \"a\"\nvalid_from = \"2026-12-01T00:00:30Z\"\n";
        let found = from(rule, "2026-11-28T21:15:30Z");
        assert_eq!(found.as_deref(), Some("2026-12-01T00:00:30Z"));
    }

    #[test]
    fn what_more_than_time_forbids_is_not_promised() {
        for rule in [
            "[[rule]]\nname = \"a\"\nvalid_to = \"2026-01-01T00:00:00Z\"\n",
            "[[rule]]\nname = \"a\"\nfiles = [\"other.exe\"]\nvalid_from = \"2026-12-01T00:00:00Z\"\n",
            "[[rule]]\nname = \"a\"\nsignatures = { any = 9 }\nvalid_from = \"2026-12-01T00:00:00Z\"\n",
        ] {
            assert_eq!(from(rule, "2026-11-28T21:15:30Z"), None, "{rule}");
        }
    }
}
