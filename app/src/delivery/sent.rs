//! What access logs say was sent, held against what counts.
//!
//! A log is read once and added up by play. A play that counts by a player's word although far too few
//! bytes went out for it is suspect. Only where the logs cover its time can that be said.

use ledgerline_delivery::delivered::{Delivered, is_too_little, playable_ms};
use ledgerline_ids::UnixMs;

use super::Delivery;
use super::playing::duration_ms;
use crate::ports::delivery::{ReadLog, SentBytes};
use crate::ports::{RungName, StoreError};

/// The source of all that accounts' players report.
pub const PLAYERS: &str = "accounts";
/// For how long what logs say is kept, in milliseconds: as long as plays may come in, and ten days.
pub const LOGS_KEPT_MS: u64 = 45 * 86_400_000;
/// The most logs that are looked at for the time of one play.
const LOGS_MAX: u32 = 1_000;

/// What is known of the bytes of a play.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SentForPlay {
    /// Bytes of bodies, all rungs together.
    pub bytes: u64,
    /// How much of the recording these are at the mean, in milliseconds.
    pub playable_ms: u64,
    /// Whether that is far too little for the time that a play counts from.
    pub too_few: bool,
}

impl Delivery {
    /// Adds what an access log says; false where it was read before. What is too old to matter is
    /// forgotten.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn add_sent_bytes(
        &self,
        log: &ReadLog,
        sent: &[SentBytes],
    ) -> Result<bool, StoreError> {
        let added = self.store.add_sent_bytes(log, sent).await?;
        self.store.forget_read_logs(self.clock.now().minus(LOGS_KEPT_MS)).await?;
        Ok(added)
    }

    /// What was sent for a play of a recording that was granted at an instant and counts from this much
    /// on; `None` where no log that was read covers its time.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn sent_for(
        &self,
        (play_id, track_id): (&str, &str),
        granted_at: UnixMs,
        threshold_ms: u64,
    ) -> Result<Option<SentForPlay>, StoreError> {
        let until = granted_at.plus(threshold_ms);
        let logs = self.store.read_logs(granted_at, until, LOGS_MAX).await?;
        self.sent_by(&logs, (play_id, track_id), granted_at, threshold_ms).await
    }

    /// Access logs that were read and say something about this time, the earliest first.
    pub(super) async fn logs_of(
        &self,
        from: UnixMs,
        to: UnixMs,
    ) -> Result<Vec<ReadLog>, StoreError> {
        self.store.read_logs(from, to, LOGS_MAX).await
    }

    /// [`Self::sent_for`], by logs that are in hand.
    pub(super) async fn sent_by(
        &self,
        logs: &[ReadLog],
        (play_id, track_id): (&str, &str),
        granted_at: UnixMs,
        threshold_ms: u64,
    ) -> Result<Option<SentForPlay>, StoreError> {
        if !covers(logs, granted_at, granted_at.plus(threshold_ms)) {
            return Ok(None);
        }
        let rows = self.store.sent_bytes(play_id).await?;
        let rows: Vec<&SentBytes> = rows.iter().filter(|row| row.track_id == track_id).collect();
        // Also where it was encoded since, and players get that.
        let renditions = match rows.iter().any(|row| row.rung == RungName::ORIGINAL) {
            true => self.origin.with_file(track_id).await?,
            false => self.origin.renditions(track_id).await?,
        };
        let of = |row: &&SentBytes| {
            let rendition = renditions.as_ref().and_then(|it| it.of.rung(&row.rung))?;
            Some(Delivered {
                sent_bytes: row.bytes,
                rendition_bytes: rendition.bytes,
                duration_ms: duration_ms(rendition),
            })
        };
        let known: Option<Vec<Delivered>> = rows.iter().map(of).collect();
        // A rung that isn't there any more has an unknown length: nothing can be said then.
        let Some(known) = known else { return Ok(None) };
        Ok(Some(SentForPlay {
            bytes: rows.iter().map(|row| row.bytes).fold(0, u64::saturating_add),
            playable_ms: playable_ms(&known),
            too_few: is_too_little(&known, threshold_ms),
        }))
    }
}

/// Whether logs, in the order of their beginnings, leave no gap between two instants.
fn covers(logs: &[ReadLog], from: UnixMs, to: UnixMs) -> bool {
    let mut known_to: Option<UnixMs> = None;
    for log in logs {
        let reaches = known_to.map_or(log.from <= from, |known_to| log.from <= known_to);
        if reaches {
            known_to = known_to.max(Some(log.to));
        }
    }
    known_to.is_some_and(|known_to| known_to >= to)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn logs_cover_a_time_without_a_gap() {
        let at = |millis| UnixMs::new(millis).expect("an instant");
        let log = |(from, to)| ReadLog {
            checksum: [0; 32],
            name: String::new(),
            from: at(from),
            to: at(to),
            read_at: at(0),
        };
        for (logs, from, to, expected) in [
            (&[(0, 10)][..], 2, 8, true),
            (&[(0, 10)], 2, 11, false),
            (&[(3, 10)], 2, 8, false),
            (&[(0, 5), (5, 10)], 2, 8, true),
            (&[(0, 5), (6, 10)], 2, 8, false),
            (&[(0, 9), (1, 3), (8, 20)], 2, 15, true),
            (&[], 2, 8, false),
        ] {
            let logs: Vec<ReadLog> = logs.iter().copied().map(log).collect();
            assert_eq!(covers(&logs, at(from), at(to)), expected, "{from} {to}");
        }
    }
}
