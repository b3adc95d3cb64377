//! Points in time in the texts that people and programs write: RFC 3339, to the second.

use std::borrow::Cow;
use std::fmt;
use std::str::FromStr;
use std::time::{SystemTime, UNIX_EPOCH};

use chrono::{DateTime, NaiveDate};
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// Seconds in a day.
pub const DAY: u64 = 86_400;

/// The last second of the year 9999: the last that RFC 3339 can write.
const MAX: u64 = 253_402_300_799;

/// A second since 1970 in UTC, up to the end of the year 9999. Written as
/// `2026-02-28T23:59:59Z`; read with any offset.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Moment(u64);

impl Moment {
    /// The moment this many seconds after the start of 1970, at most the end of 9999.
    pub fn from_seconds(seconds: u64) -> Self {
        Moment(seconds.min(MAX))
    }

    /// What the clock of this machine says; the start of 1970 where it is set to before.
    pub fn now() -> Self {
        let since = SystemTime::now().duration_since(UNIX_EPOCH);
        Moment::from_seconds(since.map_or(0, |d| d.as_secs()))
    }

    /// Seconds since the start of 1970.
    pub fn seconds(self) -> u64 {
        self.0
    }

    /// The last second (UTC) of a day such as `2026-02-28`.
    pub fn end_of_day(text: &str) -> Option<Self> {
        let day: NaiveDate = text.parse().ok().filter(|_| text.len() == 10)?;
        let seconds = day.and_hms_opt(23, 59, 59)?.and_utc().timestamp();
        u64::try_from(seconds).ok().map(Moment::from_seconds)
    }
}

impl fmt::Display for Moment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let text = crate::report::time::rfc3339(self.0 * 1000);
        f.write_str(&text[..19])?;
        f.write_str("Z")
    }
}

/// For how long something has been so, in two units at most.
pub fn span(seconds: u64) -> String {
    let (days, hours) = (seconds / DAY, seconds / 3600 % 24);
    let (minutes, rest) = (seconds / 60 % 60, seconds % 60);
    match (days, hours, minutes) {
        (0, 0, 0) => format!("{rest} s"),
        (0, 0, _) => format!("{minutes} min"),
        (0, _, _) => format!("{hours} h {minutes} min"),
        _ => format!("{days} d {hours} h"),
    }
}

/// How far the local time of this machine is ahead of UTC now, in seconds.
pub fn local_offset() -> i32 {
    chrono::Local::now().offset().local_minus_utc()
}

/// A text that isn't a moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("expected a time such as \"2026-02-28T23:59:59Z\", from 1970 to 9999")]
pub struct NotAMoment;

impl FromStr for Moment {
    type Err = NotAMoment;

    fn from_str(text: &str) -> Result<Self, NotAMoment> {
        let parsed = DateTime::parse_from_rfc3339(text).map_err(|_| NotAMoment)?;
        let seconds = u64::try_from(parsed.timestamp()).map_err(|_| NotAMoment)?;
        (seconds <= MAX)
            .then_some(Moment(seconds))
            .ok_or(NotAMoment)
    }
}

impl Serialize for Moment {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Moment {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = Cow::<'de, str>::deserialize(deserializer)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}

impl JsonSchema for Moment {
    fn schema_name() -> Cow<'static, str> {
        "Moment".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "description": "A point in time, RFC 3339.",
            "type": "string",
            "format": "date-time",
        })
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn offsets_are_understood_and_utc_is_written() {
        let moment: Moment = "2026-03-01T01:30:00+02:00".parse().unwrap();
        assert_eq!(moment.to_string(), "2026-02-28T23:30:00Z");
        assert_eq!(
            Moment::end_of_day("2026-02-28").unwrap().to_string(),
            "2026-02-28T23:59:59Z"
        );
    }

    #[test]
    fn what_is_no_moment_is_refused() {
        for bad in [
            "",
            "2026-02-28",
            "2026-02-30T00:00:00Z",
            "1969-12-31T23:59:59Z",
            "2026-02-28T00:00:00",
            "9999-12-31T23:59:59-01:00",
            "now",
        ] {
            assert_eq!(bad.parse::<Moment>(), Err(NotAMoment), "{bad}");
        }
        for bad in ["", "2026-2-1", "2026-02-30", "1969-01-01"] {
            assert_eq!(Moment::end_of_day(bad), None, "{bad}");
        }
    }

    proptest! {
        #[test]
        fn every_moment_reads_back(seconds in 0..=MAX) {
            let moment = Moment::from_seconds(seconds);
            prop_assert_eq!(moment.to_string().parse(), Ok(moment));
        }
    }
}
