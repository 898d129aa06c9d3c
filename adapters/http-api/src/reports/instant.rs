//! RFC 3339 instants, as fast as reports come.

use ledgerline_ids::{InstantError, UnixMs};

/// Reads an RFC 3339 date and time, to the millisecond (finer digits are cut).
///
/// Nearly every sender writes `2026-03-01T12:34:56.789Z` or that without the fraction: those two
/// forms are read here, every other by [`UnixMs::parse_rfc3339`], with the same outcome.
#[inline]
pub(super) fn parse(text: &str) -> Result<UnixMs, InstantError> {
    match usual_form(text.as_bytes()) {
        Some(millis) => UnixMs::new(millis),
        None => UnixMs::parse_rfc3339(text),
    }
}

#[inline]
fn usual_form(text: &[u8]) -> Option<u64> {
    let millis = match text {
        [.., b'.', a, b, c, b'Z'] if text.len() == 24 => {
            decimal(*a)? * 100 + decimal(*b)? * 10 + decimal(*c)?
        }
        [.., b'Z'] if text.len() == 20 => 0,
        _ => return None,
    };
    let (date, clock) = (text.get(..10)?, text.get(11..19)?);
    let separators = date[4] == b'-'
        && date[7] == b'-'
        && text[10] == b'T'
        && clock[2] == b':'
        && clock[5] == b':';
    let year = two(date, 0)? * 100 + two(date, 2)?;
    let (month, day) = (two(date, 5)?, two(date, 8)?);
    let (hour, minute, second) = (two(clock, 0)?, two(clock, 3)?, two(clock, 6)?);
    // What is out of these bounds (leap seconds and day 31 among them) is judged elsewhere.
    let plain = (1970..2200).contains(&year)
        && (1..=12).contains(&month)
        && (1..=28).contains(&day)
        && hour < 24
        && minute < 60
        && second < 60;
    if !(separators && plain) {
        return None;
    }
    let seconds = days_since_1970(year, month, day) * 86_400 + hour * 3600 + minute * 60 + second;
    Some(seconds * 1000 + millis)
}

/// Howard Hinnant, "chrono-Compatible Low-Level Date Algorithms": `days_from_civil`, for years
/// from 1970 on.
#[inline]
fn days_since_1970(year: u64, month: u64, day: u64) -> u64 {
    let year = if month <= 2 { year - 1 } else { year };
    let (era, year_of_era) = (year / 400, year % 400);
    let month_from_march = (month + 9) % 12;
    let day_of_year = (153 * month_from_march + 2) / 5 + day - 1;
    let day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
    era * 146_097 + day_of_era - 719_468
}

#[inline]
fn two(text: &[u8], at: usize) -> Option<u64> {
    Some(decimal(text[at])? * 10 + decimal(text[at + 1])?)
}

#[inline]
fn decimal(byte: u8) -> Option<u64> {
    byte.is_ascii_digit().then(|| u64::from(byte - b'0'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_fast_form_agrees_with_the_general_one_on_every_day() {
        for year in 1969..2112 {
            for month in 0..14 {
                for day in 0..33 {
                    for rest in ["T00:00:00Z", "T23:59:59.999Z", "T12:34:60Z", "t01:02:03Z"] {
                        let text = format!("{year}-{month:02}-{day:02}{rest}");
                        assert_eq!(parse(&text), UnixMs::parse_rfc3339(&text), "{text}");
                    }
                }
            }
        }
    }
}
