//! The industry's identifiers, with the checks that their standards give.
//!
//! Each is read with or without the separators that people write, in upper or lower case, and has
//! one canonical form, which is what is stored and compared: upper case, no separators.

use std::fmt;

/// Why a text is not the identifier that it claims to be. The message says what would be.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum IndustryIdError {
    /// Not in the form of the standard.
    #[error("{rule}")]
    Form {
        /// What the form is, as a sentence for the sender.
        rule: &'static str,
    },
    /// One character says that another was mistyped.
    #[error("check digit is {}, must be {}", char::from(*is), char::from(*must))]
    Check {
        /// The check character that stands there.
        is: u8,
        /// The one that the others ask for.
        must: u8,
    },
    /// Two digits say that another was mistyped.
    #[error("check digits are {is:02}, must be {must:02}")]
    Checks {
        /// The check digits that stand there.
        is: u8,
        /// Those that the others ask for.
        must: u8,
    },
}

macro_rules! industry_id {
    ($(#[$doc:meta])* $name:ident, $bytes:literal, $check:path, $rule:literal) => {
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name([u8; $bytes]);

        impl $name {
            /// Reads it, with or without separators, in upper or lower case.
            ///
            /// # Errors
            /// [`IndustryIdError`] says what is wrong.
            pub fn parse(text: &str) -> Result<Self, IndustryIdError> {
                let wrong = IndustryIdError::Form { rule: $rule };
                let plain: [u8; $bytes] = plain(text).ok_or(wrong)?;
                $check(&plain, wrong)?;
                Ok(Self(plain))
            }

            /// The canonical form.
            #[must_use]
            pub fn as_str(&self) -> &str {
                std::str::from_utf8(&self.0).expect("only ASCII was read")
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.pad(self.as_str())
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(self.as_str())
            }
        }
    };
}

industry_id! {
    /// A recording (ISO 3901:2019): country or allotted prefix, registrant, year, number. It has
    /// no check digit, so a mistyped one can't be told from another. `SEABC2600001`.
    Isrc, 12, isrc,
    "must be an ISRC: two letters, three letters or digits, seven digits, such as SE-ABC-26-00001"
}
industry_id! {
    /// A musical work (ISO 15707:2022): T, nine digits, a check digit. `T0345246801`.
    Iswc, 11, iswc,
    "must be an ISWC: T, nine digits and a check digit, such as T-034.524.680-1"
}
industry_id! {
    /// A digital release (GRid standard 2.1): A1, issuer, release, and a check character by
    /// ISO 7064 MOD 37,36. `A12425GABC1234002M`.
    Grid, 18, grid,
    "must be a GRid: A1 and sixteen letters or digits, such as A1-2425G-ABC1234002-M"
}
industry_id! {
    /// A party of DDEX messages: PADPIDA, a day and a number of ten characters, and a check
    /// character by ISO 7064 MOD 37,36. `PADPIDA2013020802I`.
    Dpid, 18, dpid,
    "must be a DPID: PADPIDA and eleven letters or digits, such as PA-DPIDA-2013020802-I"
}
industry_id! {
    /// A public identity (ISO 27729:2012): fifteen digits and a check character by ISO 7064
    /// MOD 11-2. `0000000121032683`.
    Isni, 16, isni,
    "must be an ISNI: fifteen digits and a digit or X, such as 0000 0001 2103 2683"
}
industry_id! {
    /// A name number of the interested parties' register (CISAC): nine digits and two check
    /// digits, modulo 101. `00045620792`.
    Ipi, 11, ipi,
    "must be an IPI name number: eleven digits with leading zeros, such as 00045620792"
}

/// A release as shops know it: a UPC or EAN of 8, 12, 13 or 14 digits (GS1 General
/// Specifications, clause 7.9). Leading zeros don't tell two apart, so its canonical form is the
/// shortest of these lengths. `036000291452`.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Upc(u64);

impl Upc {
    const WRONG: IndustryIdError = IndustryIdError::Form {
        rule: "must be a UPC or EAN: 8, 12, 13 or 14 digits, such as 036000291452",
    };

    /// Reads it, with or without separators.
    ///
    /// # Errors
    /// [`IndustryIdError`] says what is wrong.
    pub fn parse(text: &str) -> Result<Self, IndustryIdError> {
        let digits: Vec<u8> = characters(text).collect();
        let known = matches!(digits.len(), 8 | 12 | 13 | 14);
        if !known || !digits.iter().all(u8::is_ascii_digit) {
            return Err(Self::WRONG);
        }
        let (check, payload) = digits.split_last().ok_or(Self::WRONG)?;
        let weighted = payload.iter().rev().zip([3, 1].into_iter().cycle());
        let sum: u32 = weighted.map(|(digit, weight)| value(*digit) * weight).sum();
        same_check(*check, digit_of((10 - sum % 10) % 10))?;
        Ok(Self(digits.iter().fold(0, |number, digit| number * 10 + u64::from(value(*digit)))))
    }
}

impl fmt::Display for Upc {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let digits = match self.0 {
            0..100_000_000 => 8,
            100_000_000..1_000_000_000_000 => 12,
            1_000_000_000_000..10_000_000_000_000 => 13,
            _ => 14,
        };
        f.pad(&format!("{:0digits$}", self.0))
    }
}

impl fmt::Debug for Upc {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// What stands between the separators, in upper case.
fn characters(text: &str) -> impl Iterator<Item = u8> {
    text.bytes().filter(|byte| !b"-. ".contains(byte)).map(|byte| byte.to_ascii_uppercase())
}

/// Exactly `N` letters and digits.
fn plain<const N: usize>(text: &str) -> Option<[u8; N]> {
    let mut plain = [0; N];
    let mut found = 0;
    for byte in characters(text) {
        if !byte.is_ascii_alphanumeric() {
            return None;
        }
        *plain.get_mut(found)? = byte;
        found += 1;
    }
    (found == N).then_some(plain)
}

/// 0 to 35 for a digit or an upper-case letter.
fn value(byte: u8) -> u32 {
    match byte {
        b'0'..=b'9' => u32::from(byte - b'0'),
        _ => u32::from(byte - b'A') + 10,
    }
}

fn digit_of(value: u32) -> u8 {
    b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"[value as usize]
}

fn same_check(is: u8, must: u8) -> Result<(), IndustryIdError> {
    if is == must { Ok(()) } else { Err(IndustryIdError::Check { is, must }) }
}

fn all_digits(bytes: &[u8]) -> bool {
    bytes.iter().all(u8::is_ascii_digit)
}

fn require(good: bool, wrong: IndustryIdError) -> Result<(), IndustryIdError> {
    if good { Ok(()) } else { Err(wrong) }
}

fn isrc(plain: &[u8; 12], wrong: IndustryIdError) -> Result<(), IndustryIdError> {
    require(plain[..2].iter().all(u8::is_ascii_uppercase) && all_digits(&plain[5..]), wrong)
}

fn iswc(plain: &[u8; 11], wrong: IndustryIdError) -> Result<(), IndustryIdError> {
    require(plain[0] == b'T' && all_digits(&plain[1..]), wrong)?;
    let sum: u32 = (1..).zip(&plain[1..10]).map(|(place, digit)| place * value(*digit)).sum();
    same_check(plain[10], digit_of((10 - (1 + sum) % 10) % 10))
}

fn grid(plain: &[u8; 18], wrong: IndustryIdError) -> Result<(), IndustryIdError> {
    require(plain.starts_with(b"A1"), wrong)?;
    same_check(plain[17], mod_37_36(&plain[..17]))
}

fn dpid(plain: &[u8; 18], wrong: IndustryIdError) -> Result<(), IndustryIdError> {
    require(plain.starts_with(b"PADPIDA"), wrong)?;
    same_check(plain[17], mod_37_36(&plain[..17]))
}

/// The check character of ISO 7064:2003, hybrid system MOD 37,36 (clause 9).
fn mod_37_36(plain: &[u8]) -> u8 {
    let product = plain.iter().fold(36, |product, byte| {
        let sum = (product + value(*byte)) % 36;
        (if sum == 0 { 36 } else { sum }) * 2 % 37
    });
    digit_of((37 - product) % 36)
}

fn isni(plain: &[u8; 16], wrong: IndustryIdError) -> Result<(), IndustryIdError> {
    let last = plain[15] == b'X' || plain[15].is_ascii_digit();
    require(all_digits(&plain[..15]) && last, wrong)?;
    // ISO 7064:2003, pure system MOD 11-2 (clause 7).
    let sum = plain[..15].iter().fold(0, |sum, digit| (sum + value(*digit)) * 2 % 11);
    let check = (12 - sum) % 11;
    same_check(plain[15], if check == 10 { b'X' } else { digit_of(check) })
}

fn ipi(plain: &[u8; 11], wrong: IndustryIdError) -> Result<(), IndustryIdError> {
    require(all_digits(plain), wrong)?;
    let weighted = plain[..9].iter().zip((2..=10).rev());
    let sum: u32 = weighted.map(|(digit, weight)| value(*digit) * weight).sum();
    // A sum that 101 divides has the check digits 00, not 01: 101 - 0 is not meant.
    let must = if sum.is_multiple_of(101) { 0 } else { (101 - sum % 101) % 100 };
    let is = value(plain[9]) * 10 + value(plain[10]);
    let two = |number: u32| u8::try_from(number).expect("two digits fit a byte");
    if is == must { Ok(()) } else { Err(IndustryIdError::Checks { is: two(is), must: two(must) }) }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The tables below are facts: identifiers that their standards, registers and this page's
    /// sources print as examples. Each row: kind, as written, canonical or what is wrong.
    const TABLE: &str = include_str!("../tests/spec/industry.txt");

    fn read(kind: &str, text: &str) -> Result<String, IndustryIdError> {
        match kind {
            "isrc" => Isrc::parse(text).map(|id| id.to_string()),
            "iswc" => Iswc::parse(text).map(|id| id.to_string()),
            "upc" => Upc::parse(text).map(|id| id.to_string()),
            "grid" => Grid::parse(text).map(|id| id.to_string()),
            "dpid" => Dpid::parse(text).map(|id| id.to_string()),
            "isni" => Isni::parse(text).map(|id| id.to_string()),
            "ipi" => Ipi::parse(text).map(|id| id.to_string()),
            _ => panic!("{kind} is no kind"),
        }
    }

    #[test]
    fn known_identifiers_are_read_and_mistyped_ones_named() {
        let mut rows = 0;
        for line in TABLE.lines().filter(|line| !line.is_empty() && !line.starts_with('#')) {
            let (kind, rest) = line.split_once(' ').expect(line);
            let (text, expected) = rest.split_once("->").expect(line);
            let says = read(kind, text.trim());
            let shown = says.unwrap_or_else(|error| error.to_string());
            assert!(shown.starts_with(expected.trim()), "{line}: {shown}");
            rows += 1;
        }
        assert!(rows > 40, "only {rows} rows");
    }

    /// Every check finds each single mistyped digit, bar none.
    #[test]
    fn one_mistyped_digit_is_always_found() {
        let known = [
            ("iswc", "T0345246801"),
            ("upc", "4006381333931"),
            ("grid", "A12425GABC1234002M"),
            ("dpid", "PADPIDA2013020802I"),
            ("isni", "0000000121032683"),
            ("ipi", "00045620792"),
        ];
        for (kind, text) in known {
            assert_eq!(read(kind, text).as_deref(), Ok(text), "{kind}");
            let digits = text.bytes().enumerate().filter(|(_, byte)| byte.is_ascii_digit());
            for (at, byte) in digits {
                for other in (b'0'..=b'9').filter(|other| *other != byte) {
                    let mut wrong = text.as_bytes().to_vec();
                    wrong[at] = other;
                    let wrong = String::from_utf8(wrong).expect("ASCII");
                    let found = read(kind, &wrong);
                    // The weight of 10 · i mod 10 is 0, so the ISWC's check can't see every digit.
                    let blind = kind == "iswc" && !matches!(at, 1 | 3 | 7 | 9 | 10);
                    assert!(found.is_err() || blind, "{kind} {wrong}");
                }
            }
        }
    }
}
