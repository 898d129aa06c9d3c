//! Ids of tracks that an export only names.
//!
//! `artist/track`, with `%`, `/` and control characters of the names written as `%` and
//! the hex digits of their UTF-8 bytes (RFC 3986, section 2.1). The slash between is thus
//! the only one, and two pairs of names never share an id.

use ledgerline_ids::TrackId;
use sha2::{Digest, Sha256};
use std::fmt::Write as _;

/// The id of a play whose export says nothing of the track.
pub(crate) const UNKNOWN: &str = "unknown";

/// Stands before the hash of an id that was cut. An escape has hex digits behind its `%`,
/// so that no uncut id contains it.
const CUT: &str = "%~";

/// Bytes of the hash behind a cut: 128 bits, 32 hex digits.
const CUT_HASH_BYTES: usize = 16;

/// The id of the track that these names mean: a valid [`TrackId`], readable, and cut
/// between characters, with a hash of all of it, where it would be too long.
pub(crate) fn from_names(artist: &str, track: &str) -> String {
    let mut id = String::with_capacity(artist.len() + 1 + track.len());
    escape_into(&mut id, artist);
    id.push('/');
    escape_into(&mut id, track);
    if id.len() <= TrackId::MAX_BYTES {
        return id;
    }
    let hash = Sha256::digest(&id);
    id.truncate(cut_at(&id, TrackId::MAX_BYTES - CUT.len() - 2 * CUT_HASH_BYTES));
    id.push_str(CUT);
    for byte in &hash[..CUT_HASH_BYTES] {
        write!(id, "{byte:02x}").expect("writing to a string");
    }
    id
}

fn escape_into(id: &mut String, name: &str) {
    for c in name.chars() {
        if c == '%' || c == '/' || c.is_control() {
            for byte in c.encode_utf8(&mut [0; 4]).bytes() {
                write!(id, "%{byte:02X}").expect("writing to a string");
            }
        } else {
            id.push(c);
        }
    }
}

/// The last boundary at or before `max` that splits neither a character nor an escape.
fn cut_at(id: &str, max: usize) -> usize {
    let cut = id.floor_char_boundary(max);
    match id[..cut].rfind('%') {
        Some(escape) if cut - escape < 3 => escape,
        _ => cut,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashSet;

    #[test]
    fn names_can_be_read_in_the_id() {
        let rows = [
            (("Beyoncé", "HEATED"), "Beyoncé/HEATED"),
            (("AC/DC", "T.N.T."), "AC%2FDC/T.N.T."),
            (("100%", "a\tb\u{85}"), "100%25/a%09b%C2%85"),
            (("", ""), "/"),
        ];
        for ((artist, track), id) in rows {
            assert_eq!(from_names(artist, track), id);
        }
    }

    #[test]
    fn different_names_have_different_valid_ids() {
        let long = "ö".repeat(300);
        let slashes = "/".repeat(300);
        let longer = format!("{long}x");
        let cut = from_names(&long, "x");
        let (cut_artist, cut_track) = cut.split_once('/').unwrap_or((&cut, ""));
        let names = [
            ("a/b", "c"),
            ("a", "b/c"),
            ("a%2Fb", "c"),
            ("a", "b%2Fc"),
            ("a/", "b"),
            ("a", "/b"),
            ("a", ""),
            ("", "a"),
            ("a\n", "b"),
            ("a", "\nb"),
            ("a", "b"),
            ("a ", "b"),
            (&long, "x"),
            (&longer, "x"),
            (&long, "y"),
            ("x", &long),
            (&slashes, ""),
            ("", &slashes),
            (cut_artist, cut_track),
        ];
        let ids: Vec<_> = names.iter().map(|(artist, track)| from_names(artist, track)).collect();
        for id in &ids {
            assert!(TrackId::new(id).is_ok(), "{id}");
        }
        assert_eq!(ids.iter().collect::<HashSet<_>>().len(), names.len(), "{ids:#?}");
    }

    #[test]
    fn a_cut_splits_nothing() {
        for length in 200..=300 {
            for filling in ["x", "ö", "語", "/"] {
                let id = from_names(&"y".repeat(length % 7), &filling.repeat(length));
                assert!(id.len() <= TrackId::MAX_BYTES);
                let kept = id.split_once(CUT).map_or(id.as_str(), |(kept, _)| kept);
                let escapes = kept.matches('%').count();
                assert_eq!(escapes, kept.matches("%2F").count(), "{id}");
            }
        }
    }
}
