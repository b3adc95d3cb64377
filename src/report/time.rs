//! Points in time as text.

/// Milliseconds since 1970 as RFC 3339 in UTC, such as `2026-02-28T23:59:59.250Z`.
pub fn rfc3339(ms: u64) -> String {
    let (days, in_day) = (ms / 86_400_000, ms % 86_400_000);
    let (year, month, day) = civil(days);
    let (hour, minute) = (in_day / 3_600_000, in_day / 60_000 % 60);
    let (second, milli) = (in_day / 1000 % 60, in_day % 1000);
    format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}.{milli:03}Z")
}

/// Whether a text is a moment as RFC 3339 writes it in UTC: `2026-02-28T23:59:59Z`, with a
/// fraction of a second if need be.
pub fn is_rfc3339_utc(text: &str) -> bool {
    let Some((whole, rest)) = text.split_at_checked(19) else {
        return false;
    };
    let shape = whole
        .bytes()
        .zip(b"0000-00-00T00:00:00")
        .all(|(b, s)| match s {
            b'0' => b.is_ascii_digit(),
            _ => b == *s,
        });
    let field = |at: usize| whole[at..at + 2].parse::<u8>().unwrap_or(u8::MAX);
    let fraction = match rest.strip_suffix('Z') {
        Some("") => true,
        Some(rest) => rest.strip_prefix('.').is_some_and(|digits| {
            (1..=9).contains(&digits.len()) && digits.bytes().all(|b| b.is_ascii_digit())
        }),
        None => false,
    };
    shape
        && fraction
        && (1..=12).contains(&field(5))
        && (1..=31).contains(&field(8))
        && field(11) < 24
        && field(14) < 60
        && field(17) <= 60
}

/// Year, month and day of a number of days since 1970-01-01 (Howard Hinnant's algorithm:
/// years begin in March, so that the leap day is the last).
fn civil(days: u64) -> (u64, u64, u64) {
    let days = days + 719_468;
    let (era, of_era) = (days / 146_097, days % 146_097);
    let year_of_era = (of_era - of_era / 1460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let shifted = (5 * of_year + 2) / 153;
    let day = of_year - (153 * shifted + 2) / 5 + 1;
    let month = if shifted < 10 {
        shifted + 3
    } else {
        shifted - 9
    };
    let year = year_of_era + era * 400 + u64::from(month <= 2);
    (year, month, day)
}

#[cfg(test)]
mod tests {
    use super::{is_rfc3339_utc, rfc3339};

    #[test]
    fn known_moments() {
        for (seconds, text) in [
            (0, "1970-01-01T00:00:00.000Z"),
            (951_782_399, "2000-02-28T23:59:59.000Z"),
            (951_782_400, "2000-02-29T00:00:00.000Z"),
            (951_868_800, "2000-03-01T00:00:00.000Z"),
            (1_767_225_599, "2025-12-31T23:59:59.000Z"),
            (4_107_542_400, "2100-03-01T00:00:00.000Z"),
        ] {
            assert_eq!(rfc3339(seconds * 1000), text);
        }
        assert_eq!(rfc3339(1), "1970-01-01T00:00:00.001Z");
    }
    #[test]
    fn moments_are_told_from_other_texts() {
        for good in ["2026-02-28T23:59:59Z", "2026-02-28T23:59:60.5Z"] {
            assert!(is_rfc3339_utc(good), "{good}");
        }
        assert!(is_rfc3339_utc(&rfc3339(1_767_225_599_123)));
        for bad in [
            "",
            "2026-02-28",
            "2026-02-28T23:59:59",
            "2026-02-28T23:59:59.Z",
            "2026-02-28T23:59:59+01:00",
            "2026-13-28T23:59:59Z",
            "2026-02-00T23:59:59Z",
            "2026-02-28T24:59:59Z",
            "2026-02-28T23:59:5éZ",
        ] {
            assert!(!is_rfc3339_utc(bad), "{bad}");
        }
    }
}
