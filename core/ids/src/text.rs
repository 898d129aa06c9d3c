//! Identifiers that arrive as text. Each borrows from the buffer it was read from.

use crate::UnixMs;

/// Why a text is not the identifier it claims to be. The message says what would be.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum IdError {
    /// No character at all.
    #[error("must not be empty")]
    Empty,
    /// More bytes than the type allows.
    #[error("must be at most {max} bytes long")]
    TooLong {
        /// The most bytes that the type allows.
        max: usize,
    },
    /// A character outside the type's alphabet.
    #[error("{rule}")]
    Alphabet {
        /// What the alphabet is, as a sentence for the sender.
        rule: &'static str,
    },
}

macro_rules! text_id {
    ($(#[$doc:meta])* $name:ident, max $max:literal, $check:expr, $rule:literal) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name<'a>(&'a str);

        impl<'a> $name<'a> {
            /// The most bytes that a valid value has.
            pub const MAX_BYTES: usize = $max;

            /// Checks `text` and wraps it.
            ///
            /// # Errors
            /// [`IdError`] where `text` is empty, too long or outside the alphabet.
            #[inline]
            pub fn new(text: &'a str) -> Result<Self, IdError> {
                if text.is_empty() {
                    return Err(IdError::Empty);
                }
                if text.len() > $max {
                    return Err(IdError::TooLong { max: $max });
                }
                let valid: fn(&str) -> bool = $check;
                if !valid(text) {
                    return Err(IdError::Alphabet { rule: $rule });
                }
                Ok(Self(text))
            }

            /// The text itself.
            #[inline]
            #[must_use]
            pub fn as_str(self) -> &'a str {
                self.0
            }
        }

        impl std::fmt::Display for $name<'_> {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(self.0)
            }
        }
    };
}

#[inline]
fn is_key(text: &str) -> bool {
    every_word(text.as_bytes(), |word| {
        let [letters, digits] = [letters(word), between(word, b'0', b'9')];
        letters | digits | between(word, b'_', b'_') | between(word, b'-', b'-')
    })
}

#[inline]
fn is_source(text: &str) -> bool {
    every_word(text.as_bytes(), |word| {
        // From '-' to ':' stand - . / and the digits.
        let [letters, most] = [letters(word), between(word, b'-', b':')];
        letters
            | most
            | between(word, b'@', b'@')
            | between(word, b'+', b'+')
            | between(word, b'_', b'_')
    })
}

#[inline]
fn is_printable(text: &str) -> bool {
    // ASCII without controls is nearly every identifier: the slow look is for the rest.
    every_word(text.as_bytes(), |word| between(word, b' ', b'~'))
        || !text.chars().any(char::is_control)
}

const ONES: u64 = 0x0101_0101_0101_0101;
const HIGHS: u64 = 0x8080_8080_8080_8080;

/// The high bit of each byte that lies from `first` to `last`; bytes beyond ASCII spoil nothing
/// but themselves, and [`every_word`] refuses them.
#[inline]
fn between(word: u64, first: u8, last: u8) -> u64 {
    let from = (word & !HIGHS) + ONES * u64::from(0x80 - first);
    let behind = (word & !HIGHS) + ONES * u64::from(0x7f - last);
    from & !behind
}

#[inline]
fn hex_digits(word: u64) -> u64 {
    between(word, b'0', b'9') | between(word | (ONES * 0x20), b'a', b'f')
}

/// The value of eight hex digits, the first the greatest. Each step puts two neighbours together.
#[inline]
fn hex_number(word: u64) -> u64 {
    // Letters have the sixth bit, and their low half counts from 1.
    let ones = (word & (ONES * 0x0f)) + ((word >> 6) & ONES) * 9;
    let twos = ((ones << 4) | (ones >> 8)) & 0x00ff_00ff_00ff_00ff;
    let fours = ((twos << 8) | (twos >> 16)) & 0x0000_ffff_0000_ffff;
    ((fours << 16) | (fours >> 32)) & 0xffff_ffff
}

#[inline]
fn letters(word: u64) -> u64 {
    between(word | (ONES * 0x20), b'a', b'z')
}

/// Whether all bytes are ASCII and have their high bit in what `allowed` makes of a word of them:
/// eight at a time, because identifiers are checked with every report, twice.
#[inline]
fn every_word(bytes: &[u8], allowed: impl Fn(u64) -> u64) -> bool {
    let passes = |word: u64| allowed(word) & !word & HIGHS == HIGHS;
    let (words, rest) = bytes.as_chunks::<8>();
    if !words.iter().all(|word| passes(u64::from_le_bytes(*word))) {
        return false;
    }
    match (rest.is_empty(), bytes.last_chunk::<8>()) {
        (true, _) => true,
        // Some are looked at twice.
        (false, Some(last)) => passes(u64::from_le_bytes(*last)),
        (false, None) => passes(short(bytes)),
    }
}

/// One to seven bytes as a word, some of them twice.
#[inline]
fn short(bytes: &[u8]) -> u64 {
    match (bytes.first_chunk::<4>(), bytes.last_chunk::<4>()) {
        (Some(first), Some(last)) => {
            let [first, last] = [first, last].map(|four| u64::from(u32::from_le_bytes(*four)));
            first | last << 32
        }
        _ => {
            let [first, middle, last] =
                [bytes[0], bytes[bytes.len() / 2], bytes[bytes.len() - 1]].map(u64::from);
            let most = (first | (middle << 8)) * 0x0001_0001_0001;
            most | (last << 48) | (last << 56)
        }
    }
}

text_id! {
    /// The idempotency key of a play, minted by the player when the play starts.
    PlayId, max 64, is_key, "may only contain A-Z, a-z, 0-9, '_' and '-'"
}
text_id! {
    /// A listener, by the pseudonym that its source gave (or the random id of our own accounts).
    UserId, max 128, is_printable, "may not contain control characters"
}
text_id! {
    /// A recording, as the catalogue and the players name it.
    TrackId, max 256, is_printable, "may not contain control characters"
}
text_id! {
    /// Whose credential or topic a report came in by; part of a play's identity.
    SourceName, max 96, is_source,
    "may only contain A-Z, a-z, 0-9 and _ - . : / @ +"
}
text_id! {
    /// A device, by the pseudonym that its player gave.
    DeviceId, max 128, is_printable, "may not contain control characters"
}
text_id! {
    /// One continuous use of a player by a listener.
    SessionId, max 128, is_printable, "may not contain control characters"
}
text_id! {
    /// A listener's plan, such as `free` or `premium`.
    Tier, max 32, is_key, "may only contain A-Z, a-z, 0-9, '_' and '-'"
}
text_id! {
    /// A country, ISO 3166-1 alpha-2, upper case.
    Territory, max 2, |text| text.len() == 2 && text.bytes().all(|b| b.is_ascii_uppercase()),
    "must be an ISO 3166-1 alpha-2 code in upper case, such as SE"
}

/// The codes that ISO 3166-1 has assigned, sorted, with a space between.
const ASSIGNED: &str = "\
    AD AE AF AG AI AL AM AO AQ AR AS AT AU AW AX AZ BA BB BD BE BF BG BH BI BJ BL \
    BM BN BO BQ BR BS BT BV BW BY BZ CA CC CD CF CG CH CI CK CL CM CN CO CR CU CV \
    CW CX CY CZ DE DJ DK DM DO DZ EC EE EG EH ER ES ET FI FJ FK FM FO FR GA GB GD \
    GE GF GG GH GI GL GM GN GP GQ GR GS GT GU GW GY HK HM HN HR HT HU ID IE IL IM \
    IN IO IQ IR IS IT JE JM JO JP KE KG KH KI KM KN KP KR KW KY KZ LA LB LC LI LK \
    LR LS LT LU LV LY MA MC MD ME MF MG MH MK ML MM MN MO MP MQ MR MS MT MU MV MW \
    MX MY MZ NA NC NE NF NG NI NL NO NP NR NU NZ OM PA PE PF PG PH PK PL PM PN PR \
    PS PT PW PY QA RE RO RS RU RW SA SB SC SD SE SG SH SI SJ SK SL SM SN SO SR SS \
    ST SV SX SY SZ TC TD TF TG TH TJ TK TL TM TN TO TR TT TV TW TZ UA UG UM US UY \
    UZ VA VC VE VG VI VN VU WF WS YE YT ZA ZM ZW";

impl Territory<'_> {
    /// Whether ISO 3166-1 has assigned the code to a country. Reports may have others too: it leaves some
    /// to its users.
    #[must_use]
    pub fn is_assigned(&self) -> bool {
        ASSIGNED.split(' ').any(|code| code == self.as_str())
    }
}

text_id! {
    /// The quality that was delivered, such as `320`.
    Quality, max 32, is_printable, "may not contain control characters"
}
text_id! {
    /// The type or the id of what a play was started from, such as a playlist.
    ContextPart, max 128, is_printable, "may not contain control characters"
}
text_id! {
    /// Who holds rights, is paid or is credited: an artist, label, publisher, songwriter or society.
    PartyId, max 96, is_source, "may only contain A-Z, a-z, 0-9 and _ - . : / @ +"
}
text_id! {
    /// A musical work, as the catalogue names it.
    WorkId, max 96, is_source, "may only contain A-Z, a-z, 0-9 and _ - . : / @ +"
}
text_id! {
    /// A release, as the catalogue names it.
    ReleaseId, max 96, is_source, "may only contain A-Z, a-z, 0-9 and _ - . : / @ +"
}
text_id! {
    /// A contract, by the name that its file gives it.
    ContractId, max 96, is_source, "may only contain A-Z, a-z, 0-9 and _ - . : / @ +"
}
text_id! {
    /// A term, by its name within its contract.
    TermId, max 64, is_key, "may only contain A-Z, a-z, 0-9, '_' and '-'"
}

impl PlayId<'_> {
    /// The time that a UUIDv7 carries in its first 48 bits (RFC 9562, section 5.7).
    ///
    /// Only the hyphenated form is read as a UUID: 32 bare hex digits are as likely
    /// to be somebody's hash, whose leading bits are no time at all.
    #[must_use]
    pub fn uuid_v7_time(self) -> Option<UnixMs> {
        let bytes: &[u8; 36] = self.0.as_bytes().try_into().ok()?;
        if bytes[8] != b'-' || bytes[13] != b'-' || bytes[18] != b'-' || bytes[23] != b'-' {
            return None;
        }
        if bytes[14] != b'7' || !matches!(bytes[19], b'8' | b'9' | b'a' | b'b' | b'A' | b'B') {
            return None;
        }
        let eight = |at: usize| {
            u64::from_le_bytes(bytes[at..at + 8].try_into().expect("eight bytes are there"))
        };
        // The four digits of a group, twice.
        let four = |at: usize| (eight(at) & 0xffff_ffff) | (eight(at) << 32);
        let (high, low) = (eight(0), four(9));
        let words = [high, low, four(14), four(19), eight(24), eight(28)];
        if !words.into_iter().all(|word| hex_digits(word) & !word & HIGHS == HIGHS) {
            return None;
        }
        let millis = (hex_number(high) << 16) | (hex_number(low) >> 16);
        UnixMs::new(millis).ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn uuid_v7_time_is_read_from_the_hyphenated_form_only() {
        // The example of RFC 9562, appendix A.6: 2022-02-22T19:22:22.000Z.
        let rows = [
            ("017F22E2-79B0-7CC3-98C4-DC0C0C07398F", Some(1_645_557_742_000)),
            ("017f22e2-79b0-7cc3-98c4-dc0c0c07398f", Some(1_645_557_742_000)),
            ("017f22e279b07cc398c4dc0c0c07398f", None),
            ("017f22e2-79b0-4cc3-98c4-dc0c0c07398f", None),
            ("017f22e2-79b0-7cc3-18c4-dc0c0c07398f", None),
            ("017f22e2-79b0-7cc3-98c4-dc0c0c07398g", None),
            ("00000000-0000-7000-8000-000000000000", Some(0)),
            ("ffffffff-ffff-7fff-bfff-ffffffffffff", None),
        ];
        let good = "01234567-89ab-7cde-8fAB-CDEF01234567";
        let time = |text: &str| PlayId::new(text).ok().and_then(PlayId::uuid_v7_time);
        for at in 0..good.len() {
            for byte in (0..0x80).map(char::from) {
                let mut text: Vec<char> = good.chars().collect();
                text[at] = byte;
                let text: String = text.into_iter().collect();
                let right = match at {
                    8 | 13 | 18 | 23 => byte == '-',
                    14 => byte == '7',
                    19 => "89abAB".contains(byte),
                    _ => byte.is_ascii_hexdigit(),
                };
                let hex = text.replace('-', "");
                let millis = u64::from_str_radix(&hex[..hex.len().min(12)], 16);
                let expected = millis.ok().filter(|millis| right && UnixMs::new(*millis).is_ok());
                assert_eq!(time(&text).map(UnixMs::get), expected, "{text}");
            }
        }
        for (text, millis) in rows {
            let time = PlayId::new(text).expect("in the alphabet").uuid_v7_time();
            assert_eq!(time.map(UnixMs::get), millis, "{text}");
        }
    }

    #[test]
    fn alphabets_are_kept() {
        assert!(PlayId::new("abc_DEF-019").is_ok());
        assert_eq!(PlayId::new(""), Err(IdError::Empty));
        assert!(PlayId::new("a b").is_err());
        assert!(PlayId::new(&"x".repeat(65)).is_err());
        for at in 0..40 {
            let text: String =
                (0..40).map(|place| if place == at { '\u{7}' } else { 'x' }).collect();
            for length in at + 1..40 {
                assert!(UserId::new(&text[..length]).is_err(), "{at} of {length}");
                assert!(PlayId::new(&text[..length]).is_err(), "{at} of {length}");
                assert!(SourceName::new(&text[..length]).is_err(), "{at} of {length}");
            }
            assert!(at == 0 || PlayId::new(&text[..at]).is_ok());
        }
        // Every byte in every place, as a slow look at it has it.
        for byte in (0..0x80).map(char::from) {
            for (length, at) in (1..20).flat_map(|length| (0..length).map(move |at| (length, at))) {
                let text: String =
                    (0..length).map(|place| if place == at { byte } else { 'x' }).collect();
                let key = byte.is_ascii_alphanumeric() || "-_".contains(byte);
                assert_eq!(PlayId::new(&text).is_ok(), key, "{text:?}");
                let source = byte.is_ascii_alphanumeric() || "_-.:/@+".contains(byte);
                assert_eq!(SourceName::new(&text).is_ok(), source, "{text:?}");
                assert_eq!(UserId::new(&text).is_ok(), !byte.is_control(), "{text:?}");
            }
        }
        for text in ["é", "xé", "xxxxxxxé", "éxxxxxxxxxx", "xxxxéxxxxxx"] {
            assert!(PlayId::new(text).is_err() && UserId::new(text).is_ok(), "{text}");
        }
        assert!(UserId::new("Zoë ☺").is_ok());
        assert!(UserId::new("nul\0").is_err());
        assert!(UserId::new("next\u{85}line").is_err());
        assert!(Territory::new("SE").is_ok());
        assert!(Territory::new("se").is_err());
        assert!(Territory::new("SWE").is_err());
        let is_assigned = |code| Territory::new(code).is_ok_and(|code| code.is_assigned());
        for (code, expected) in
            [("AD", true), ("SE", true), ("ZW", true), ("ZZ", false), ("XK", false)]
        {
            assert_eq!(is_assigned(code), expected, "{code}");
        }
        assert_eq!(ASSIGNED.split(' ').count(), 249);
        assert!(SourceName::new("import:spotify:a").is_ok());
    }
}
