//! Numbers, instants and keys as text, without the cost of `format!`.

use crate::seed::mix;

/// Milliseconds in a UTC day.
pub(crate) const DAY_MS: u64 = 86_400_000;
/// Milliseconds in an hour.
pub(crate) const HOUR_MS: u64 = 3_600_000;

const HEX: &[u8; 16] = b"0123456789abcdef";

/// How an instant is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum InstantForm {
    /// Whole milliseconds since 1970.
    Millis,
    /// `2026-03-01T12:00:00.000Z`.
    Utc,
    /// The same instant as a clock in Kolkata shows it, `+05:30`.
    Offset,
    /// With microseconds, which are to be cut, not rounded.
    Micros,
    /// Not at all.
    Absent,
}

/// Appends `number` in decimal.
#[inline]
pub(crate) fn push_number(out: &mut Vec<u8>, mut number: u64) {
    let mut text = [0u8; 20];
    let mut at = text.len();
    loop {
        at -= 1;
        text[at] = b'0' + (number % 10) as u8;
        number /= 10;
        if number == 0 {
            break;
        }
    }
    out.extend_from_slice(&text[at..]);
}

/// Appends the last `N` decimal digits of `number`.
#[inline]
pub(crate) fn push_digits<const N: usize>(out: &mut Vec<u8>, mut number: u64) {
    let mut text = [0u8; N];
    for digit in text.iter_mut().rev() {
        *digit = b'0' + (number % 10) as u8;
        number /= 10;
    }
    out.extend_from_slice(&text);
}

/// Appends the last `N` hexadecimal digits of `number`.
#[inline]
pub(crate) fn push_hex<const N: usize>(out: &mut Vec<u8>, mut number: u64) {
    let mut text = [0u8; N];
    for digit in text.iter_mut().rev() {
        *digit = HEX[(number & 15) as usize];
        number >>= 4;
    }
    out.extend_from_slice(&text);
}

/// Appends a JSON value for `millis`; nothing for [`InstantForm::Absent`].
#[inline]
pub(crate) fn push_instant(out: &mut Vec<u8>, millis: u64, form: InstantForm) {
    match form {
        InstantForm::Absent => {}
        InstantForm::Millis => push_number(out, millis),
        InstantForm::Utc => push_rfc3339(out, millis, b"", b"Z\""),
        InstantForm::Offset => push_rfc3339(out, millis + 19_800_000, b"", b"+05:30\""),
        InstantForm::Micros => push_rfc3339(out, millis, b"999", b"Z\""),
    }
}

fn push_rfc3339(out: &mut Vec<u8>, millis: u64, finer: &[u8], zone: &[u8]) {
    out.push(b'"');
    push_day(out, millis / DAY_MS);
    out.push(b'T');
    push_digits::<2>(out, millis / HOUR_MS % 24);
    out.push(b':');
    push_digits::<2>(out, millis / 60_000 % 60);
    out.push(b':');
    push_digits::<2>(out, millis / 1_000 % 60);
    out.push(b'.');
    push_digits::<3>(out, millis);
    out.extend_from_slice(finer);
    out.extend_from_slice(zone);
}

/// Appends the `day`-th UTC day since 1970 as `2026-03-01`.
pub(crate) fn push_day(out: &mut Vec<u8>, day: u64) {
    // Eras of 400 years from 0000-03-01 (Hinnant: "chrono-compatible low-level date algorithms").
    let shifted = day + 719_468;
    let era = shifted / 146_097;
    let of_era = shifted % 146_097;
    let year_of_era = (of_era - of_era / 1_460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let from_march = (5 * of_year + 2) / 153;
    let month = if from_march < 10 { from_march + 3 } else { from_march - 9 };
    push_digits::<4>(out, era * 400 + year_of_era + u64::from(month <= 2));
    out.push(b'-');
    push_digits::<2>(out, month);
    out.push(b'-');
    push_digits::<2>(out, of_year - (153 * from_march + 2) / 5 + 1);
}

/// Appends a `UUIDv7` (RFC 9562, section 5.7) of the time `millis`; different `key`s
/// give different UUIDs.
#[inline]
pub(crate) fn push_uuid_v7(out: &mut Vec<u8>, millis: u64, key: u64) {
    push_hex::<8>(out, millis >> 16);
    out.push(b'-');
    push_hex::<4>(out, millis);
    out.extend_from_slice(b"-7");
    push_hex::<3>(out, key >> 52);
    out.push(b'-');
    push_hex::<4>(out, 0x8000 | (mix(key) >> 50 & 0x3ff0) | (key >> 48 & 15));
    out.push(b'-');
    push_hex::<12>(out, key);
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(fill: impl FnOnce(&mut Vec<u8>)) -> String {
        let mut out = Vec::new();
        fill(&mut out);
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn instants_read_as_they_should() {
        let millis = 1_772_368_496_789;
        let rows = [
            (InstantForm::Millis, "1772368496789"),
            (InstantForm::Utc, "\"2026-03-01T12:34:56.789Z\""),
            (InstantForm::Offset, "\"2026-03-01T18:04:56.789+05:30\""),
            (InstantForm::Micros, "\"2026-03-01T12:34:56.789999Z\""),
            (InstantForm::Absent, ""),
        ];
        for (form, wanted) in rows {
            assert_eq!(text(|out| push_instant(out, millis, form)), wanted);
        }
    }

    #[test]
    fn days_follow_the_calendar() {
        let rows = [
            (0, "1970-01-01"),
            (11_016, "2000-02-29"),
            (11_017, "2000-03-01"),
            (19_782, "2024-02-29"),
            (20_513, "2026-03-01"),
            (20_818, "2026-12-31"),
            (20_819, "2027-01-01"),
            (50_903, "2109-05-15"),
        ];
        for (day, wanted) in rows {
            assert_eq!(text(|out| push_day(out, day)), wanted);
        }
    }

    #[test]
    fn uuids_carry_their_time_version_and_variant() {
        let uuid = text(|out| push_uuid_v7(out, 0x017f_22e2_79b0, 0xcc30_dc0c_0c07_398f));
        assert_eq!(uuid.len(), 36);
        assert!(uuid.starts_with("017f22e2-79b0-7cc3-"), "{uuid}");
        assert!(uuid.ends_with("0-dc0c0c07398f"), "{uuid}");
        assert!(matches!(uuid.as_bytes()[19], b'8' | b'9' | b'a' | b'b'));
    }
}
