//! Ids of plays, derived from their rows.
//!
//! An id is a hash of what identifies the row (its format, end, listened time and track)
//! and of its ordinal among the rows equal in these. The fields are those that decide how
//! a play is counted, and no others: exports of different years disagree on the rest of
//! the same row (`skipped` was null and became false, platforms were renamed, fields were
//! dropped). So two plays of one id are always the same play, and which of two rows that
//! differ in the rest gets which ordinal changes no count.

use crate::{ExportedPlay, Kind};
use sha2::{Digest, Sha256};
use std::collections::HashMap;
use std::fmt::Write as _;

/// Changing this, or anything that is hashed after it, makes every import a new one.
const SCHEME: &[u8] = b"ledgerline listening export 1";

/// Bytes of the hash that an id shows: 160 bits, 40 hex digits.
const ID_BYTES: usize = 20;

/// Counts equal rows.
#[derive(Debug, Default)]
pub(crate) struct Ordinals {
    /// 128 bits of each row's hash, and how often it has come.
    seen: HashMap<u128, u32>,
}

impl Ordinals {
    /// The id of the next play with this row.
    pub(crate) fn next_id(&mut self, kind: Kind, play: &ExportedPlay) -> String {
        let row = row_hash(kind, play);
        let (short, _) = row.split_at(16);
        let short = u128::from_le_bytes(short.try_into().expect("16 bytes"));
        let count = self.seen.entry(short).or_default();
        let ordinal = *count;
        *count += 1;

        let hash = Sha256::new().chain_update(row).chain_update(ordinal.to_le_bytes()).finalize();
        let mut id = String::with_capacity(3 + 2 * ID_BYTES);
        id.push_str(prefix(kind));
        for byte in &hash[..ID_BYTES] {
            write!(id, "{byte:02x}").expect("writing to a string");
        }
        id
    }
}

fn prefix(kind: Kind) -> &'static str {
    match kind {
        Kind::SpotifyAccount => "sa-",
        Kind::SpotifyExtended => "se-",
        Kind::ListenBrainz => "lb-",
    }
}

/// Every part but the last is of fixed length or ends in a zero byte that it can't hold.
fn row_hash(kind: Kind, play: &ExportedPlay) -> [u8; 32] {
    Sha256::new()
        .chain_update(SCHEME)
        .chain_update(kind.as_str())
        .chain_update([0])
        .chain_update(play.ended_at.get().to_le_bytes())
        .chain_update(play.listened_ms.to_le_bytes())
        .chain_update(&play.track_id)
        .finalize()
        .into()
}

#[cfg(test)]
mod tests {
    use super::*;
    use ledgerline_ids::{PlayId, UnixMs};

    #[test]
    fn equal_rows_have_ids_of_their_own_and_always_the_same_ones() {
        let play = ExportedPlay {
            play_id: String::new(),
            track_id: "Rick Astley/Never Gonna Give You Up".to_owned(),
            track_name: None,
            artist_name: None,
            listened_ms: 212_000,
            started_at: UnixMs::EPOCH,
            ended_at: UnixMs::new(1_443_521_940_000).unwrap(),
            skipped: None,
            completed: None,
            offline: None,
            territory: None,
        };
        let ids = |kind| {
            let mut ordinals = Ordinals::default();
            [ordinals.next_id(kind, &play), ordinals.next_id(kind, &play)]
        };
        // These very ids: others would double every history that was imported before.
        assert_eq!(
            ids(Kind::SpotifyAccount),
            [
                "sa-ab09a35a98068ce6fa761d20038e14060d00b3fa",
                "sa-b994fa08f63430957af01ad7d423fc77a277c4ee"
            ]
        );
        let other = [ids(Kind::SpotifyExtended), ids(Kind::ListenBrainz)].concat();
        assert!(other.iter().all(|id| PlayId::new(id).is_ok()), "{other:?}");
        assert!(other[0].starts_with("se-") && other[2].starts_with("lb-"));
        assert_ne!(other[0][3..], other[2][3..]);
    }
}
