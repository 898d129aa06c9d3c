//! One playback report, with what was stamped on it at intake.

use ledgerline_ids::{
    ContextPart, DeviceId, PlayId, Quality, SessionId, SourceName, Territory, Tier, TrackId,
    UnixMs, UserId,
};

use crate::DecodeError;
use crate::verdict::words;
use crate::wire::{Reader, Writer, instant, instant_if, typed};

/// The first byte of every record of this kind.
pub const KIND: u8 = 1;
const VERSION: u8 = 1;

words! {
    /// Who sent a report, hence what may be believed of it.
    Producer {
        /// An API key: asserts user, tier and territory; needs no grant.
        Trusted = 1, "trusted";
        /// A listener's player: asserts nothing that pays; needs a grant.
        Player = 2, "player";
        /// An import or a replay by the reports' own times: no acceptance limit,
        /// its keys never expire, and it never moves a partition's clock.
        Backfill = 3, "backfill";
    }
}

words! {
    /// Why a report was sent. Never changes the arithmetic.
    PlaybackEvent {
        /// The play began.
        PlayStart = 1, "play_start";
        /// The play goes on.
        Progress = 2, "progress";
        /// The track ended.
        PlayComplete = 3, "play_complete";
        /// The listener stopped.
        PlayEnd = 4, "play_end";
        /// The listener went to another track.
        Skip = 5, "skip";
    }
}

/// The result of checking the stream grant of a report at intake.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum GrantCheck {
    /// The producer needs none.
    #[default]
    NotNeeded,
    /// Signed by us, for this listener and track.
    Valid {
        /// When the grant was issued.
        issued_at: UnixMs,
        /// Until when it may be used.
        valid_until: UnixMs,
    },
    /// None was sent.
    Missing,
    /// Forged, or for another listener or track.
    Invalid,
}

/// What the catalogue knew of the report's track when the report came in.
///
/// Of two stamps on one track, the one with the greater revision is the newer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
pub struct TrackStamp {
    /// The catalogue's revision; 0 where the deployment has no catalogue.
    pub revision: u64,
    /// Whether the track was in it (true where there is no catalogue).
    pub known: bool,
    /// The track's length in milliseconds, where known.
    pub length_ms: Option<u64>,
}

/// What a play was started from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Context<'a> {
    /// Its type, such as `playlist`.
    pub kind: ContextPart<'a>,
    /// Its id.
    pub id: ContextPart<'a>,
}

/// A playback report as the report log holds it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ReportRecord<'a> {
    /// Whose credential it came in by. Stamped.
    pub source: SourceName<'a>,
    /// What may be believed of it. Stamped.
    pub producer: Producer,
    /// The listener; `None` is anonymous.
    pub user: Option<UserId<'a>>,
    /// The play's idempotency key.
    pub play_id: Option<PlayId<'a>>,
    /// The recording.
    pub track: TrackId<'a>,
    /// Time that really sounded so far, in milliseconds.
    pub listened_ms: u64,
    /// Device time at the start, as reported.
    pub started_at: Option<UnixMs>,
    /// Device time at sending, as reported.
    pub sent_at: Option<UnixMs>,
    /// Why it was sent.
    pub event: Option<PlaybackEvent>,
    /// Whether the player says that the track was played to its end.
    pub completed: Option<bool>,
    /// One continuous use of a player.
    pub session: Option<SessionId<'a>>,
    /// The device.
    pub device: Option<DeviceId<'a>>,
    /// The quality delivered.
    pub quality: Option<Quality<'a>>,
    /// Whether it was played from a download.
    pub offline: Option<bool>,
    /// What it was started from.
    pub context: Option<Context<'a>>,
    /// The listener's plan.
    pub tier: Option<Tier<'a>>,
    /// The listener's country.
    pub territory: Option<Territory<'a>>,
    /// Only a preview was played.
    pub preview: bool,
    /// A history brought from elsewhere, not to be paid.
    pub imported: bool,
    /// The result of the grant check. Stamped.
    pub grant: GrantCheck,
    /// What the catalogue knew of the track. Stamped.
    pub stamp: TrackStamp,
    /// The receive time of a backfilled report, which is not its frame's. Stamped.
    pub backfilled_at: Option<UnixMs>,
}

// One bit for each field that may be absent or is a flag.
mod bit {
    pub const USER: u64 = 1;
    pub const PLAY_ID: u64 = 1 << 1;
    pub const STARTED: u64 = 1 << 2;
    pub const SENT: u64 = 1 << 3;
    pub const EVENT: u64 = 1 << 4;
    pub const COMPLETED: u64 = 1 << 5;
    pub const COMPLETED_TRUE: u64 = 1 << 6;
    pub const TIER: u64 = 1 << 7;
    pub const TERRITORY: u64 = 1 << 8;
    pub const DEVICE: u64 = 1 << 9;
    pub const SESSION: u64 = 1 << 10;
    pub const PREVIEW: u64 = 1 << 11;
    pub const IMPORTED: u64 = 1 << 12;
    pub const REVISION: u64 = 1 << 13;
    pub const KNOWN: u64 = 1 << 14;
    pub const LENGTH: u64 = 1 << 15;
    pub const QUALITY: u64 = 1 << 16;
    pub const OFFLINE: u64 = 1 << 17;
    pub const OFFLINE_TRUE: u64 = 1 << 18;
    pub const CONTEXT: u64 = 1 << 19;
    pub const BACKFILLED: u64 = 1 << 20;
    pub const GRANT_VALID: u64 = 1 << 21;
    pub const GRANT_MISSING: u64 = 1 << 22;
    pub const GRANT_INVALID: u64 = 1 << 23;
}

fn when(condition: bool, bit: u64) -> u64 {
    if condition { bit } else { 0 }
}

impl<'a> ReportRecord<'a> {
    fn bits(&self) -> u64 {
        when(self.user.is_some(), bit::USER)
            | when(self.play_id.is_some(), bit::PLAY_ID)
            | when(self.started_at.is_some(), bit::STARTED)
            | when(self.sent_at.is_some(), bit::SENT)
            | when(self.event.is_some(), bit::EVENT)
            | when(self.completed.is_some(), bit::COMPLETED)
            | when(self.completed == Some(true), bit::COMPLETED_TRUE)
            | when(self.tier.is_some(), bit::TIER)
            | when(self.territory.is_some(), bit::TERRITORY)
            | when(self.device.is_some(), bit::DEVICE)
            | when(self.session.is_some(), bit::SESSION)
            | when(self.preview, bit::PREVIEW)
            | when(self.imported, bit::IMPORTED)
            | when(self.stamp.revision != 0, bit::REVISION)
            | when(self.stamp.known, bit::KNOWN)
            | when(self.stamp.length_ms.is_some(), bit::LENGTH)
            | when(self.quality.is_some(), bit::QUALITY)
            | when(self.offline.is_some(), bit::OFFLINE)
            | when(self.offline == Some(true), bit::OFFLINE_TRUE)
            | when(self.context.is_some(), bit::CONTEXT)
            | when(self.backfilled_at.is_some(), bit::BACKFILLED)
            | match self.grant {
                GrantCheck::NotNeeded => 0,
                GrantCheck::Valid { .. } => bit::GRANT_VALID,
                GrantCheck::Missing => bit::GRANT_MISSING,
                GrantCheck::Invalid => bit::GRANT_INVALID,
            }
    }

    /// Appends the record's bytes to `out`.
    pub fn encode(&self, out: &mut Vec<u8>) {
        let mut writer = Writer::new(out, KIND, VERSION);
        writer.number(self.bits());
        writer.byte(self.producer as u8);
        writer.text(self.source.as_str());
        writer.optional_text(self.user.map(UserId::as_str));
        writer.optional_text(self.play_id.map(PlayId::as_str));
        writer.text(self.track.as_str());
        writer.number(self.listened_ms);
        for instant in [self.started_at, self.sent_at].into_iter().flatten() {
            writer.instant(instant.get());
        }
        if let Some(event) = self.event {
            writer.byte(event as u8);
        }
        writer.optional_text(self.tier.map(Tier::as_str));
        writer.optional_text(self.territory.map(Territory::as_str));
        writer.optional_text(self.device.map(DeviceId::as_str));
        writer.optional_text(self.session.map(SessionId::as_str));
        if self.stamp.revision != 0 {
            writer.number(self.stamp.revision);
        }
        if let Some(length_ms) = self.stamp.length_ms {
            writer.number(length_ms);
        }
        writer.optional_text(self.quality.map(Quality::as_str));
        if let Some(context) = self.context {
            writer.text(context.kind.as_str());
            writer.text(context.id.as_str());
        }
        if let Some(at) = self.backfilled_at {
            writer.instant(at.get());
        }
        if let GrantCheck::Valid { issued_at, valid_until } = self.grant {
            writer.instant(issued_at.get());
            writer.instant(valid_until.get());
        }
    }

    /// Reads one record that fills `bytes`.
    ///
    /// # Errors
    /// [`DecodeError`] where the bytes are no such record.
    pub fn decode(bytes: &'a [u8]) -> Result<Self, DecodeError> {
        let mut reader = Reader::new(bytes, KIND, VERSION)?;
        let bits = reader.number()?;
        let has = |bit: u64| bits & bit != 0;
        let producer =
            Producer::from_byte(reader.byte()?).ok_or(DecodeError::Field { field: "producer" })?;
        let record = Self {
            source: typed!(SourceName, "source", reader.text()?)?,
            producer,
            user: typed!(UserId?, "user", reader.text_if(has(bit::USER))?)?,
            play_id: typed!(PlayId?, "play_id", reader.text_if(has(bit::PLAY_ID))?)?,
            track: typed!(TrackId, "track", reader.text()?)?,
            listened_ms: reader.number()?,
            started_at: instant_if(&mut reader, has(bit::STARTED), "started_at")?,
            sent_at: instant_if(&mut reader, has(bit::SENT), "sent_at")?,
            event: if has(bit::EVENT) {
                let event = PlaybackEvent::from_byte(reader.byte()?);
                Some(event.ok_or(DecodeError::Field { field: "event" })?)
            } else {
                None
            },
            completed: has(bit::COMPLETED).then(|| has(bit::COMPLETED_TRUE)),
            tier: typed!(Tier?, "tier", reader.text_if(has(bit::TIER))?)?,
            territory: typed!(Territory?, "territory", reader.text_if(has(bit::TERRITORY))?)?,
            device: typed!(DeviceId?, "device", reader.text_if(has(bit::DEVICE))?)?,
            session: typed!(SessionId?, "session", reader.text_if(has(bit::SESSION))?)?,
            stamp: TrackStamp {
                revision: if has(bit::REVISION) { reader.number()? } else { 0 },
                known: has(bit::KNOWN),
                length_ms: if has(bit::LENGTH) { Some(reader.number()?) } else { None },
            },
            quality: typed!(Quality?, "quality", reader.text_if(has(bit::QUALITY))?)?,
            offline: has(bit::OFFLINE).then(|| has(bit::OFFLINE_TRUE)),
            context: if has(bit::CONTEXT) {
                let kind = typed!(ContextPart, "context", reader.text()?)?;
                Some(Context { kind, id: typed!(ContextPart, "context", reader.text()?)? })
            } else {
                None
            },
            preview: has(bit::PREVIEW),
            imported: has(bit::IMPORTED),
            backfilled_at: instant_if(&mut reader, has(bit::BACKFILLED), "backfilled_at")?,
            grant: if has(bit::GRANT_VALID) {
                let issued_at = instant(&mut reader, "grant")?;
                GrantCheck::Valid { issued_at, valid_until: instant(&mut reader, "grant")? }
            } else if has(bit::GRANT_MISSING) {
                GrantCheck::Missing
            } else if has(bit::GRANT_INVALID) {
                GrantCheck::Invalid
            } else {
                GrantCheck::NotNeeded
            },
        };
        reader.end()?;
        // A bit without its field, or one that isn't known here, is not to be passed over.
        if record.bits() != bits {
            return Err(DecodeError::Field { field: "bits" });
        }
        Ok(record)
    }
}
