//! What stands between two tabs: escapes, repeated values, and what each kind of cell may hold.
//!
//! Source: DSR part 1 (architecture), clauses "Delimiters", "Communicating delimiters" and
//! "Primitive data types". A tab in a text has one backslash before it, a vertical bar two, and a
//! backslash is written as three. So a run of backslashes is read by its length: each three are
//! one, and what is left over belongs to the character behind them.

use ledgerline_ids::{Dpid, Grid, Isrc, Iswc, Upc};
use ledgerline_money::Currency;

/// What a cell holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    /// Anything.
    Text,
    /// A text without spaces and underscores, because it stands in the file's name too.
    Token,
    /// A whole number, which may be below 0.
    Integer,
    /// A decimal number without exponent.
    Decimal,
    /// `true` or `false`.
    Boolean,
    /// `2026`, `2026-10` or `2026-10-31`.
    Date,
    /// `2026-10-31T00:00:00Z`, or with an offset.
    DateTime,
    /// `PT3M20.5S`.
    Duration,
    /// A party id of DDEX.
    Dpid,
    /// A recording's id.
    Isrc,
    /// A work's id.
    Iswc,
    /// A release's number in shops.
    Icpn,
    /// A digital release's id.
    Grid,
    /// `namespace::id`.
    Namespaced,
    /// An ISO 4217 code.
    Currency,
    /// An ISO 3166-1 or TIS code.
    Territory,
    /// One of these words.
    Word(&'static [&'static str]),
    /// A version, `dsrf/` and three numbers.
    Version,
}

impl Kind {
    /// Says what is wrong with one unescaped value, and what would be right.
    pub(crate) fn fault(self, value: &str) -> Option<String> {
        let must =
            |good: bool, rule: &str| (!good).then(|| format!("is {value:?}, must be {rule}"));
        let id = |error: Option<String>| error.map(|error| format!("is {value:?}: {error}"));
        match self {
            Self::Text => {
                let plain = |character: char| character == '\t' || !character.is_control();
                must(value.chars().all(plain), "text on one line, without control characters")
            }
            Self::Token => must(is_token(value), "a name without spaces and underscores"),
            Self::Integer => must(is_integer(value), "a whole number"),
            Self::Decimal => must(is_decimal(value), "a decimal number such as 12.5"),
            Self::Boolean => must(matches!(value, "true" | "false"), "true or false"),
            Self::Date => must(is_date(value), "a date such as 2026-10 or 2026-10-31"),
            Self::DateTime => must(is_date_time(value), "an instant such as 2026-11-01T00:00:00Z"),
            Self::Duration => must(is_duration(value), "a duration such as PT3M20S"),
            Self::Dpid => id(Dpid::parse(value).err().map(|error| error.to_string())),
            Self::Isrc => id(Isrc::parse(value).err().map(|error| error.to_string()))
                .or_else(|| must(value.len() == 12, "an ISRC without hyphens")),
            Self::Iswc => id(Iswc::parse(value).err().map(|error| error.to_string()))
                .or_else(|| must(value.len() == 11, "an ISWC without hyphens and points")),
            Self::Icpn => {
                id(Upc::parse(value).err().map(|error| error.to_string())).or_else(|| {
                    must((12..=14).contains(&value.len()), "a UPC or EAN of 12 to 14 digits")
                })
            }
            Self::Grid => id(Grid::parse(value).err().map(|error| error.to_string())),
            Self::Namespaced => must(is_namespaced(value), "namespace::id"),
            Self::Currency => id(Currency::parse(value).err().map(|error| error.to_string())),
            Self::Territory => {
                must(is_territory(value), "a country's code of two letters, or a TIS code")
            }
            Self::Word(words) => {
                must(words.contains(&value), &format!("one of {}", words.join(", ")))
            }
            Self::Version => {
                must(value.starts_with("dsrf/"), "dsrf/ and the versions of parts 1, 2 and 8")
            }
        }
    }
}

/// What can stand in a file's name.
pub(crate) fn is_token(value: &str) -> bool {
    let wrong = |character: char| {
        character.is_whitespace() || character.is_control() || "_/\\|".contains(character)
    };
    !value.is_empty() && !value.contains(wrong)
}

fn digits(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit())
}

pub(crate) fn is_integer(value: &str) -> bool {
    digits(value.strip_prefix('-').unwrap_or(value))
}

pub(crate) fn is_decimal(value: &str) -> bool {
    let value = value.strip_prefix('-').unwrap_or(value);
    match value.split_once('.') {
        Some((whole, part)) => digits(whole) && digits(part),
        None => digits(value),
    }
}

fn is_date(value: &str) -> bool {
    let parts: Vec<&str> = value.split('-').collect();
    let lengths: Vec<usize> = parts.iter().map(|part| part.len()).collect();
    parts.iter().all(|part| digits(part)) && matches!(lengths[..], [4] | [4, 2] | [4, 2, 2])
}

fn is_date_time(value: &str) -> bool {
    let Some((date, time)) = value.split_once('T') else { return false };
    let clock = match time.strip_suffix('Z') {
        Some(clock) => clock,
        None => match time.len().checked_sub(6).filter(|at| time.is_char_boundary(*at)) {
            Some(at) if matches!(time.as_bytes()[at], b'+' | b'-') => &time[..at],
            _ => return false,
        },
    };
    let parts: Vec<&str> = clock.split(':').collect();
    is_date(date)
        && date.len() == 10
        && parts.len() == 3
        && parts.iter().all(|p| p.len() == 2 && digits(p))
}

fn is_duration(value: &str) -> bool {
    let Some(mut rest) = value.strip_prefix("PT") else { return false };
    for unit in ['H', 'M', 'S'] {
        if let Some((number, behind)) = rest.split_once(unit) {
            if !is_decimal(number)
                || number.starts_with('-')
                || (unit != 'S' && number.contains('.'))
            {
                return false;
            }
            rest = behind;
        }
    }
    rest.is_empty() && value.len() > 2
}

fn is_namespaced(value: &str) -> bool {
    value.split_once("::").is_some_and(|(space, id)| !space.is_empty() && !id.is_empty())
}

fn is_territory(value: &str) -> bool {
    let country = value.len() == 2 && value.bytes().all(|byte| byte.is_ascii_uppercase());
    country || value == "Worldwide" || (value.len() <= 4 && digits(value))
}

/// Writes a text so that it can stand in a cell.
pub(crate) fn escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '\\' => out.push_str("\\\\\\"),
            '|' => out.push_str("\\\\|"),
            '\t' => out.push_str("\\\t"),
            other => out.push(other),
        }
    }
    out
}

/// A line cut into cells, each into its values, unescaped.
///
/// # Errors
/// The cell, from 0, whose backslashes mean nothing.
pub(crate) fn cut(line: &str) -> Result<Vec<Vec<String>>, usize> {
    let mut cells = vec![vec![String::new()]];
    let mut characters = line.chars().peekable();
    while let Some(character) = characters.next() {
        let at = cells.len() - 1;
        let cell = cells.last_mut().expect("there is always one");
        let value = cell.last_mut().expect("there is always one");
        match character {
            '\t' => cells.push(vec![String::new()]),
            '|' => cell.push(String::new()),
            '\\' => {
                let mut run = 1;
                while characters.next_if_eq(&'\\').is_some() {
                    run += 1;
                }
                (0..run / 3).for_each(|_| value.push('\\'));
                match run % 3 {
                    0 => {}
                    1 if characters.next_if_eq(&'\t').is_some() => value.push('\t'),
                    2 if characters.next_if_eq(&'|').is_some() => value.push('|'),
                    _ => return Err(at),
                }
            }
            other => value.push(other),
        }
    }
    Ok(cells)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_escaped_is_read_again() {
        let texts =
            ["", "plain", "a|b", "a\\b", "a\tb", "\\|", "\\\\|\t", "ends\\", "|", "ö|\\\t\\"];
        for first in texts {
            for second in texts {
                let line = format!("{}\t{}|{}", escape(first), escape(second), escape(first));
                let cells = cut(&line).expect(&line);
                assert_eq!(
                    cells,
                    [vec![first.to_owned()], vec![second.to_owned(), first.to_owned()]]
                );
            }
        }
    }

    #[test]
    fn backslashes_that_mean_nothing_are_named() {
        for (line, cell) in [("a\\b", 0), ("a\tb\\|c", 1), ("a\t\tb\\\\", 2)] {
            assert_eq!(cut(line), Err(cell), "{line:?}");
        }
    }

    #[test]
    fn kinds_hold_what_they_say() {
        let cases: &[(Kind, &str, bool)] = &[
            (Kind::Integer, "-12", true),
            (Kind::Integer, "1.0", false),
            (Kind::Decimal, "0.000001", true),
            (Kind::Decimal, "1e3", false),
            (Kind::Decimal, ".5", false),
            (Kind::Date, "2026-10", true),
            (Kind::Date, "2026-1", false),
            (Kind::DateTime, "2026-11-01T00:00:00Z", true),
            (Kind::DateTime, "2026-11-01T00:00:00+01:00", true),
            (Kind::DateTime, "2026-11-01T00:00:00", false),
            (Kind::Duration, "PT3M20.5S", true),
            (Kind::Duration, "PT", false),
            (Kind::Duration, "3:20", false),
            (Kind::Isrc, "SEABC2600001", true),
            (Kind::Isrc, "SE-ABC-26-00001", false),
            (Kind::Isrc, "SEABC260001", false),
            (Kind::Iswc, "T0345246801", true),
            (Kind::Iswc, "T0345246802", false),
            (Kind::Icpn, "036000291452", true),
            (Kind::Icpn, "036000291453", false),
            (Kind::Dpid, "PADPIDA2013020802I", true),
            (Kind::Dpid, "PADPIDA2013020802J", false),
            (Kind::Namespaced, "DPID::PADPIDA2013020802I", true),
            (Kind::Namespaced, "::x", false),
            (Kind::Territory, "DE", true),
            (Kind::Territory, "de", false),
            (Kind::Currency, "EUR", true),
            (Kind::Currency, "EURO", false),
            (Kind::Token, "Ledgerline-free", true),
            (Kind::Token, "a_b", false),
        ];
        for (kind, value, good) in cases {
            assert_eq!(kind.fault(value).is_none(), *good, "{kind:?} {value:?}");
        }
    }
}
