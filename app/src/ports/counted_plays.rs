//! What becomes counted, and what stops being so, told to others.

use super::LogError;
use crate::plays::transition_id;
use ledgerline_counting::identity::identity_hash;
use ledgerline_ids::{HashKey, PartitionId, Territory, Tier, UnixMs};
use ledgerline_records::play::PlayRecord;

/// A play that enters `counted` or leaves it, or that counts as something else than it did.
///
/// Of all changes with one [`CountedChange::id`] the one with the greatest
/// [`CountedChange::amendment`] holds, however often and in whatever order they come. What
/// enters minus what leaves is then exactly what is counted, by each of the fields.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CountedChange {
    /// The transition's id, as the play's history has it: a hash of the play's identity and first
    /// receive time, the transition's number and the rule version.
    pub id: String,
    /// How often the play has changed since that transition.
    pub amendment: u64,
    /// Whether it counts from here on; otherwise it counts no more.
    pub enters: bool,
    /// Which play, as a hash: the same in all of its changes, and of no other play.
    pub play: String,
    /// Which of the play's transitions.
    pub number: u64,
    /// The version of the rules that judged.
    pub rule_version: u16,
    /// Whose credential its reports came in by.
    pub source: String,
    /// The recording that it counts for, or did.
    pub track_id: String,
    /// When the play started, hence its day.
    pub started_at: UnixMs,
    /// The merged listened time in milliseconds.
    pub listened_ms: u64,
    /// The listener's plan.
    pub tier: Option<String>,
    /// The listener's country.
    pub territory: Option<String>,
    /// When the record was received that caused the change.
    pub at: UnixMs,
}

impl CountedChange {
    /// What a record of the plays log changes of what is counted; `None` where nothing.
    ///
    /// A recording never changes while a play counts (reports that disagree on it make a
    /// conflict), so all changes with one id are of one recording.
    #[must_use]
    pub fn of(key: &HashKey, play: &PlayRecord<'_>) -> Option<Self> {
        let (before, after) = (play.counted_before(), play.counts_as());
        if before == after {
            return None;
        }
        let enters = after.is_some();
        let counts = after.or(before)?;
        Some(Self {
            id: transition_id(key, play),
            amendment: play.amendment,
            enters,
            play: play_hash(key, play),
            number: play.number,
            rule_version: play.rule_version,
            source: play.identity.source.as_str().to_owned(),
            track_id: counts.track.as_str().to_owned(),
            started_at: counts.started_at,
            listened_ms: counts.listened_ms,
            tier: counts.tier.map(Tier::as_str).map(str::to_owned),
            territory: counts.territory.map(Territory::as_str).map(str::to_owned),
            at: play.received_at,
        })
    }

    /// What it adds to the number of counted plays, where it is the one of its id that holds.
    #[must_use]
    pub fn change(&self) -> i64 {
        if self.enters { 1 } else { -1 }
    }
}

/// An identity may come again once its play is forgotten; that is another play.
fn play_hash(key: &HashKey, play: &PlayRecord<'_>) -> String {
    const PLAY: u8 = 19;
    let identity = identity_hash(key, &play.identity).0;
    let hash = key
        .hasher(PLAY)
        .text(&format!("{identity:032x}"))
        .number(play.first_received_at.get())
        .finish128();
    format!("{hash:032x}")
}

/// Where changes of what is counted are told to others.
///
/// A worker publishes what a commit holds before it commits, and again where it doesn't know whether it
/// did. So nothing that is committed is missing, and whoever puts each change in the place of the
/// one with its id has what is counted.
pub trait CountedPlays: Send + Sync + 'static {
    /// Tells `changes`, which are of one partition, in their order; all are durable once this
    /// returns. Blocks, for a few seconds at most.
    ///
    /// # Errors
    /// [`LogError::Io`], where some may be told and the same must be tried again.
    fn publish(&self, partition: PartitionId, changes: &[CountedChange]) -> Result<(), LogError>;
}
