//! Maintenance windows: days of the week, and a time of the day from which and to which.

use std::borrow::Cow;
use std::fmt;
use std::str::FromStr;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::decide::Now;
use crate::moment::DAY;

/// A time in which packages may be used, every week.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Window {
    /// The days on which it begins; every day where none is named.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub days: Vec<Day>,
    /// When it begins.
    #[serde(default = "TimeOfDay::start")]
    pub from: TimeOfDay,
    /// When it is over; on the next day where that isn't after `from`.
    #[serde(default = "TimeOfDay::end")]
    pub to: TimeOfDay,
    /// Which clock says so.
    #[serde(default)]
    pub clock: Clock,
}

/// A day of the week.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
#[expect(missing_docs, reason = "days need no explanation")]
pub enum Day {
    Mon,
    Tue,
    Wed,
    Thu,
    Fri,
    Sat,
    Sun,
}

/// The clock on which a window is read.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Clock {
    /// Coordinated Universal Time.
    #[default]
    Utc,
    /// The time zone that this machine is set to.
    Local,
}

/// Minutes since midnight, `00:00` to `24:00`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct TimeOfDay(u16);

impl TimeOfDay {
    fn start() -> Self {
        TimeOfDay(0)
    }

    fn end() -> Self {
        TimeOfDay(24 * 60)
    }
}

impl fmt::Display for TimeOfDay {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:02}:{:02}", self.0 / 60, self.0 % 60)
    }
}

impl FromStr for TimeOfDay {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let wrong = "expected a time of the day such as \"22:30\"";
        let bytes = text.as_bytes();
        if bytes.len() != 5 || bytes[2] != b':' {
            return Err(wrong);
        }
        let two = |at: usize| match bytes[at..at + 2] {
            [a @ b'0'..=b'9', b @ b'0'..=b'9'] => {
                Ok(u16::from(a - b'0') * 10 + u16::from(b - b'0'))
            }
            _ => Err(wrong),
        };
        let (hours, minutes) = (two(0)?, two(3)?);
        let good = minutes < 60 && hours * 60 + minutes <= 24 * 60;
        good.then_some(TimeOfDay(hours * 60 + minutes)).ok_or(wrong)
    }
}

impl Serialize for TimeOfDay {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for TimeOfDay {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = Cow::<'de, str>::deserialize(deserializer)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}

impl JsonSchema for TimeOfDay {
    fn schema_name() -> Cow<'static, str> {
        "TimeOfDay".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "description": "A time of the day, `00:00` to `24:00`.",
            "type": "string",
            "pattern": "^([01][0-9]|2[0-3]):[0-5][0-9]$|^24:00$",
        })
    }
}

impl Window {
    /// Whether it is ever open: one that ends when it begins says nothing clear.
    pub fn clear(&self) -> bool {
        self.from != self.to && self.from != TimeOfDay::end()
    }

    /// Whether it is open.
    pub fn open(&self, now: Now) -> bool {
        let offset = match self.clock {
            Clock::Utc => 0,
            Clock::Local => i64::from(now.local_offset),
        };
        let local = now.utc.seconds() as i64 + offset;
        let today = local.div_euclid(DAY as i64);
        let minute = (local.rem_euclid(DAY as i64) / 60) as u16;
        let (from, to) = (self.from.0, self.to.0);
        if from < to {
            return self.on(today) && (from..to).contains(&minute);
        }
        self.on(today) && minute >= from || self.on(today - 1) && minute < to
    }

    /// Whether it begins on a day, counted from 1970-01-01, which was a Thursday.
    fn on(&self, day: i64) -> bool {
        let weekday = (day + 3).rem_euclid(7);
        self.days.is_empty() || self.days.iter().any(|d| *d as i64 == weekday)
    }
}

impl fmt::Display for Window {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for day in &self.days {
            write!(f, "{} ", format!("{day:?}").to_lowercase())?;
        }
        let clock = match self.clock {
            Clock::Utc => "UTC",
            Clock::Local => "local time",
        };
        write!(f, "{} to {} {clock}", self.from, self.to)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn window(days: &[Day], from: &str, to: &str, clock: Clock) -> Window {
        Window {
            days: days.to_vec(),
            from: from.parse().unwrap(),
            to: to.parse().unwrap(),
            clock,
        }
    }

    fn at(text: &str, local_offset: i32) -> Now {
        Now {
            utc: text.parse().unwrap(),
            local_offset,
        }
    }

    #[test]
    fn it_begins_on_its_day_and_may_last_past_midnight() {
        // 2026-02-28 was a Saturday.
        let night = window(&[Day::Sat], "22:00", "04:00", Clock::Utc);
        for (text, open) in [
            ("2026-02-28T21:59:59Z", false),
            ("2026-02-28T22:00:00Z", true),
            ("2026-03-01T03:59:59Z", true),
            ("2026-03-01T04:00:00Z", false),
            ("2026-02-28T03:00:00Z", false),
            ("2026-03-01T22:30:00Z", false),
        ] {
            assert_eq!(night.open(at(text, 7200)), open, "{text}");
        }
        let day = window(&[Day::Sat, Day::Sun], "08:00", "24:00", Clock::Utc);
        assert!(day.open(at("2026-03-01T23:59:59Z", 0)));
        assert!(!day.open(at("2026-03-02T12:00:00Z", 0)));
    }

    #[test]
    fn local_is_what_the_clock_on_the_wall_says() {
        let evening = window(&[Day::Sun], "00:00", "02:00", Clock::Local);
        assert!(evening.open(at("2026-02-28T23:30:00Z", 7200)));
        assert!(!evening.open(at("2026-02-28T23:30:00Z", 0)));
        let before = window(&[], "22:00", "23:00", Clock::Local);
        assert!(before.open(at("1970-01-01T00:30:00Z", -7200)));
    }

    #[test]
    fn times_are_strict() {
        for bad in ["", "24:01", "7:00", "12:60", "12-00", "12:0x", "1é:0"] {
            assert!(bad.parse::<TimeOfDay>().is_err(), "{bad}");
        }
        assert_eq!("24:00".parse::<TimeOfDay>().unwrap().to_string(), "24:00");
        assert!(!window(&[], "10:00", "10:00", Clock::Utc).clear());
        assert!(window(&[], "00:00", "24:00", Clock::Utc).clear());
    }
}
