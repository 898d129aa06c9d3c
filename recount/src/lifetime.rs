//! How long a play's key is remembered. The play itself stays for good.

use ledgerline_ids::{PlayId, UnixMs};

use crate::name::{Identity, IdentityKey};

pub(crate) const HOUR_MS: u64 = 3_600_000;
pub(crate) const DAY_MS: u64 = 24 * HOUR_MS;
/// A key is remembered for 45 days after the end of its bucket.
const DEDUPLICATION_MS: u64 = 45 * DAY_MS;
/// A key's own time is believed up to 10 minutes ahead of the first receive time …
const KEY_AHEAD_MS: u64 = 600_000;
/// … and up to 10 days less 10 minutes behind it: 45 days of remembering less the 35 days and
/// 10 minutes in which reports of a play may come.
const KEY_BEHIND_MS: u64 = 10 * DAY_MS - KEY_AHEAD_MS;

/// *Key lifetime.* Whether the key of a live play, first received then, is forgotten now.
pub(crate) fn is_forgotten(identity: &Identity, first_received_at: UnixMs, clock: UnixMs) -> bool {
    clock.get() >= bucket_end_ms(identity, first_received_at.get()) + DEDUPLICATION_MS
}

fn bucket_end_ms(identity: &Identity, first_received_ms: u64) -> u64 {
    match own_time_ms(identity) {
        Some(own_ms)
            if own_ms + KEY_BEHIND_MS >= first_received_ms
                && own_ms <= first_received_ms + KEY_AHEAD_MS =>
        {
            end_of_ms(own_ms, HOUR_MS)
        }
        _ => end_of_ms(first_received_ms, DAY_MS),
    }
}

/// The time that the play's key carries, where it is a UUIDv7.
fn own_time_ms(identity: &Identity) -> Option<u64> {
    match &identity.key {
        IdentityKey::Keyed(play_id) => {
            let play_id = PlayId::new(play_id).ok()?;
            play_id.uuid_v7_time().map(UnixMs::get)
        }
        IdentityKey::Started { .. } | IdentityKey::Window { .. } => None,
    }
}

/// The end of the hour or day that holds an instant: the next one's first millisecond.
fn end_of_ms(instant_ms: u64, length_ms: u64) -> u64 {
    (instant_ms / length_ms + 1) * length_ms
}
