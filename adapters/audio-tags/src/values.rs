//! Days, numbers, identifiers, as people and programs write them.

use ledgerline_app::ports::library::ReleaseKind;
use ledgerline_ids::{Isrc, Upc};

/// `2026`, `2026-10` or `2026-10-31`, of a text that begins with such or has a year in it.
pub(crate) fn day(text: &str) -> Option<String> {
    let text = text.trim();
    let parts: Vec<&str> = text.split(['-', '.', '/', 'T', ' ', ':']).collect();
    let number = |at: usize, digits: usize, most: u32| {
        let part = parts.get(at).filter(|part| part.len() == digits)?;
        part.parse::<u32>().ok().filter(|number| (1..=most).contains(number))
    };
    let is_year = |part: &str| {
        part.len() == 4 && part.parse::<u32>().is_ok_and(|year| (1000..=2999).contains(&year))
    };
    if parts.first().is_some_and(|part| is_year(part)) {
        let year = parts[0];
        return Some(match (number(1, 2, 12), number(2, 2, 31)) {
            (Some(month), Some(day)) => format!("{year}-{month:02}-{day:02}"),
            (Some(month), None) => format!("{year}-{month:02}"),
            (None, _) => year.to_owned(),
        });
    }
    // `31.10.2026`, but for the two that may be either way round.
    if parts.len() == 3
        && is_year(parts[2])
        && text.contains('.')
        && let (Some(day), Some(month)) = (number(0, 2, 31), number(1, 2, 12))
    {
        return Some(format!("{}-{month:02}-{day:02}", parts[2]));
    }
    // `20261031`.
    if text.len() == 8 && text.bytes().all(|byte| byte.is_ascii_digit()) && is_year(&text[..4]) {
        return day(&format!("{}-{}-{}", &text[..4], &text[4..6], &text[6..]));
    }
    parts.into_iter().find(|part| is_year(part)).map(str::to_owned)
}

/// `7`, `07`, `7/12`.
pub(crate) fn number(text: &str) -> Option<u32> {
    let digits = text.trim().split(['/', ' ']).next()?;
    digits.parse().ok().filter(|number| (1..100_000).contains(number))
}

/// `2-07`, `2.07`.
pub(crate) fn disc_and_number(text: &str) -> Option<(u32, u32)> {
    let (disc, number) = text.trim().split_once(['-', '.'])?;
    Some((self::number(disc)?, self::number(number)?))
}

pub(crate) fn flag(text: &str) -> bool {
    matches!(text.trim().to_ascii_lowercase().as_str(), "1" | "true" | "yes")
}

pub(crate) fn isrc(text: &str) -> Option<String> {
    let text = text.trim().trim_start_matches("ISRC").trim();
    Isrc::parse(text).ok().map(|isrc| isrc.to_string())
}

pub(crate) fn upc(text: &str) -> Option<String> {
    Upc::parse(text.trim()).ok().map(|upc| upc.to_string())
}

/// A UUID in lower case.
pub(crate) fn uuid(text: &str) -> Option<String> {
    let text = text.trim().to_ascii_lowercase();
    let sound = text.len() == 36
        && text.bytes().enumerate().all(|(at, byte)| match at {
            8 | 13 | 18 | 23 => byte == b'-',
            _ => byte.is_ascii_hexdigit(),
        });
    sound.then_some(text)
}

/// A genre; the numbers of ID3v1 are words for whoever reads tags already.
pub(crate) fn genre(text: &str) -> Option<String> {
    let text = text.trim();
    (!text.is_empty() && text.len() <= 100 && !text.bytes().all(|byte| byte.is_ascii_digit()))
        .then(|| text.to_owned())
}

/// The kind of release that a word of MusicBrainz' means, folded.
pub(crate) fn release_kind(word: &str) -> Option<ReleaseKind> {
    Some(match word {
        "album" => ReleaseKind::Album,
        "ep" => ReleaseKind::Ep,
        "single" => ReleaseKind::Single,
        "compilation" | "dj mix" | "mixtape street" => ReleaseKind::Compilation,
        "live" => ReleaseKind::Live,
        "soundtrack" => ReleaseKind::Soundtrack,
        "spokenword" | "audiobook" | "audio drama" | "interview" => ReleaseKind::Spoken,
        "other" | "broadcast" => ReleaseKind::Other,
        _ => return None,
    })
}

/// Whether lyrics have times: at least two lines of `[mm:ss`.
pub(crate) fn is_lrc(text: &str) -> bool {
    let timed = |line: &&str| {
        let Some(rest) = line.trim_start().strip_prefix('[') else { return false };
        let Some((minutes, rest)) = rest.split_once(':') else { return false };
        let digits = |text: &str| !text.is_empty() && text.bytes().all(|it| it.is_ascii_digit());
        digits(minutes) && rest.get(..2).is_some_and(digits)
    };
    text.lines().filter(timed).take(2).count() == 2
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_are_read_as_they_are_written() {
        for (text, expected) in [
            ("2026", Some("2026")),
            ("2026-10", Some("2026-10")),
            ("2026-10-31", Some("2026-10-31")),
            ("2026-10-31T12:00:00", Some("2026-10-31")),
            ("2026/10/31", Some("2026-10-31")),
            ("20261031", Some("2026-10-31")),
            ("31.10.2026", Some("2026-10-31")),
            ("10/31/2026", Some("2026")),
            ("2026-13-01", Some("2026")),
            ("2026-00-00", Some("2026")),
            ("(c) 1999", Some("1999")),
            ("0000", None),
            ("soon", None),
            ("", None),
            ("٢٠٢٦", None),
        ] {
            assert_eq!(day(text).as_deref(), expected, "{text:?}");
        }
    }

    #[test]
    fn numbers_and_ids_are_read() {
        assert_eq!(number("07/12"), Some(7));
        assert_eq!(number("0"), None);
        assert_eq!(number("A1"), None);
        assert_eq!(disc_and_number("2-07"), Some((2, 7)));
        assert_eq!(isrc("SE-ABC-26-00001").as_deref(), Some("SEABC2600001"));
        assert_eq!(
            upc("0 36000 29145 2"),
            Upc::parse("036000291452").ok().map(|it| it.to_string())
        );
        assert_eq!(upc("036000291453"), None);
        assert!(uuid("6B1EE4A0-0000-4000-8000-000000000000").is_some());
        assert!(is_lrc("[ti:x]\n[00:01.00]la\n[00:02]la"));
        assert!(!is_lrc("[Chorus]\nla\n[Verse: 2]"));
    }
}
