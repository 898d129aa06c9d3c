//! Today, in UTC.

use std::time::SystemTime;

const DAY_S: u64 = 86_400;

/// The day so many days before today, as `2026-11-26`.
pub fn days_ago(days: u64) -> String {
    #[expect(clippy::disallowed_methods, reason = "reports must be of these days to count")]
    let now = SystemTime::now();
    let seconds = now.duration_since(SystemTime::UNIX_EPOCH).map_or(0, |since| since.as_secs());
    text(seconds / DAY_S - days)
}

/// The date of a day after 1970-01-01, in the Gregorian calendar.
fn text(mut days: u64) -> String {
    let leap = |year: u64| (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
    let mut year = 1970;
    loop {
        let length = if leap(year) { 366 } else { 365 };
        if days < length {
            break;
        }
        days -= length;
        year += 1;
    }
    let february = if leap(year) { 29 } else { 28 };
    let mut month = 1;
    for length in [31, february, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31] {
        if days < length {
            break;
        }
        days -= length;
        month += 1;
    }
    format!("{year:04}-{month:02}-{:02}", days + 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_are_gregorian() {
        for (days, expected) in [
            (0, "1970-01-01"),
            (11_016, "2000-02-29"),
            (11_017, "2000-03-01"),
            (20_783, "2026-11-26"),
            (47_540, "2100-02-28"),
            (47_541, "2100-03-01"),
        ] {
            assert_eq!(text(days), expected);
        }
        assert!(days_ago(0) > days_ago(1));
    }
}
