//! One playback report, with what was stamped on it at intake.
//!
//! Version 2 of the record, behind kind and version (numbers are LEB128, instants six bytes,
//! little end first; what may be absent is there where its bit says so):
//!
//! | field | form |
//! |---|---|
//! | bits of the fields that are there, and flags | number |
//! | producer | byte |
//! | listened | number |
//! | started_at, sent_at | instants |
//! | event | byte |
//! | revision and length of the track's stamp | numbers |
//! | backfilled_at, unless it is started_at + listened | instant |
//! | the grant's issued_at and valid_until | instants |
//! | lengths of the texts | numbers |
//! | texts: source, user, play_id, track, tier, territory, device, session, quality, context's type and id | UTF-8, end to end |
//!
//! The texts stand together so that one look tells that they are UTF-8. Version 1
//! (`report_v1.rs`) had each text behind its own length.

use ledgerline_ids::{
    ContextPart, DeviceId, PlayId, Quality, SessionId, SourceName, Territory, Tier, TrackId,
    UnixMs, UserId,
};

use crate::DecodeError;
use crate::report_v1;
use crate::verdict::words;
use crate::wire::{Head, Reader, instant, instant_if, typed};

/// The first byte of every record of this kind.
pub const KIND: u8 = 1;
pub(crate) const VERSION: u8 = 2;

/// In which form reports are written. Every form is read for ever.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
pub enum ReportForm {
    /// Version 1, for logs that are shared with programs that read no other.
    First,
    /// Version 2.
    #[default]
    Second,
}

impl ReportForm {
    /// The form of a version; `None` where this program writes no such.
    #[must_use]
    pub fn of(version: u8) -> Option<Self> {
        [Self::First, Self::Second].into_iter().find(|form| form.version() == version)
    }

    /// Its version, the second byte of each such record.
    #[must_use]
    pub fn version(self) -> u8 {
        match self {
            Self::First => report_v1::VERSION,
            Self::Second => VERSION,
        }
    }
}

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
pub(crate) mod bit {
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
    // From version 2 on: the receive time of a backfilled report is the end of its play.
    pub const BACKFILLED_AT_END: u64 = 1 << 24;
}

fn when(condition: bool, bit: u64) -> u64 {
    if condition { bit } else { 0 }
}

impl<'a> ReportRecord<'a> {
    // When the play ended, as reported: where a backfill was received, nearly always.
    fn end(&self) -> Option<UnixMs> {
        self.started_at.map(|start| start.plus(self.listened_ms))
    }

    pub(crate) fn bits(&self) -> u64 {
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
            | match self.backfilled_at {
                None => 0,
                end if end == self.end() => bit::BACKFILLED | bit::BACKFILLED_AT_END,
                Some(_) => bit::BACKFILLED,
            }
            | match self.grant {
                GrantCheck::NotNeeded => 0,
                GrantCheck::Valid { .. } => bit::GRANT_VALID,
                GrantCheck::Missing => bit::GRANT_MISSING,
                GrantCheck::Invalid => bit::GRANT_INVALID,
            }
    }

    /// Appends the record's bytes in this form to `out`.
    #[inline]
    pub fn encode_as(&self, form: ReportForm, out: &mut Vec<u8>) {
        match form {
            ReportForm::First => report_v1::encode(self, out),
            ReportForm::Second => self.encode(out),
        }
    }

    /// Appends the record's bytes to `out`, in the newest form.
    pub fn encode(&self, out: &mut Vec<u8>) {
        let bits = self.bits();
        let texts = [
            Some(self.source.as_str()),
            self.user.map(UserId::as_str),
            self.play_id.map(PlayId::as_str),
            Some(self.track.as_str()),
            self.tier.map(Tier::as_str),
            self.territory.map(Territory::as_str),
            self.device.map(DeviceId::as_str),
            self.session.map(SessionId::as_str),
            self.quality.map(Quality::as_str),
            self.context.map(|context| context.kind.as_str()),
            self.context.map(|context| context.id.as_str()),
        ];
        let mut head = Head::new(KIND, VERSION);
        head.number(bits);
        head.byte(self.producer as u8);
        head.number(self.listened_ms);
        for instant in [self.started_at, self.sent_at].into_iter().flatten() {
            head.instant(instant.get());
        }
        if let Some(event) = self.event {
            head.byte(event as u8);
        }
        if self.stamp.revision != 0 {
            head.number(self.stamp.revision);
        }
        if let Some(length_ms) = self.stamp.length_ms {
            head.number(length_ms);
        }
        if let Some(at) = self.backfilled_at.filter(|_| bits & bit::BACKFILLED_AT_END == 0) {
            head.instant(at.get());
        }
        if let GrantCheck::Valid { issued_at, valid_until } = self.grant {
            head.instant(issued_at.get());
            head.instant(valid_until.get());
        }
        let mut length = 0;
        for text in texts.iter().flatten() {
            head.number(text.len() as u64);
            length += text.len();
        }
        out.reserve(Head::BYTES_MAX + length);
        out.extend_from_slice(head.bytes());
        for text in texts.iter().flatten() {
            out.extend_from_slice(text.as_bytes());
        }
    }

    /// Reads one record that fills `bytes`.
    ///
    /// # Errors
    /// [`DecodeError`] where the bytes are no such record.
    #[inline]
    pub fn decode(bytes: &'a [u8]) -> Result<Self, DecodeError> {
        match bytes {
            [KIND, report_v1::VERSION, ..] => report_v1::decode(bytes),
            _ => Self::decode_v2(bytes),
        }
    }

    fn decode_v2(bytes: &'a [u8]) -> Result<Self, DecodeError> {
        let mut reader = Reader::new(bytes, KIND, VERSION)?;
        let bits = reader.number()?;
        let has = |bit: u64| bits & bit != 0;
        let producer =
            Producer::from_byte(reader.byte()?).ok_or(DecodeError::Field { field: "producer" })?;
        let listened_ms = reader.number()?;
        let started_at = instant_if(&mut reader, has(bit::STARTED), "started_at")?;
        let sent_at = instant_if(&mut reader, has(bit::SENT), "sent_at")?;
        let event = if has(bit::EVENT) { Some(event(&mut reader)?) } else { None };
        let stamp = TrackStamp {
            revision: if has(bit::REVISION) { reader.number()? } else { 0 },
            known: has(bit::KNOWN),
            length_ms: if has(bit::LENGTH) { Some(reader.number()?) } else { None },
        };
        let backfilled_at = if has(bit::BACKFILLED_AT_END) {
            let start = started_at.ok_or(DecodeError::Field { field: "backfilled_at" })?;
            Some(start.plus(listened_ms))
        } else {
            instant_if(&mut reader, has(bit::BACKFILLED), "backfilled_at")?
        };
        let grant = grant(&mut reader, bits)?;
        let lengths = Lengths::read(&mut reader, bits)?;
        let mut texts = reader.texts()?;
        let record = Self {
            source: typed!(SourceName, "source", texts.next(lengths.source)?)?,
            producer,
            user: typed!(UserId?, "user", texts.next_if(lengths.user)?)?,
            play_id: typed!(PlayId?, "play_id", texts.next_if(lengths.play_id)?)?,
            track: typed!(TrackId, "track", texts.next(lengths.track)?)?,
            listened_ms,
            started_at,
            sent_at,
            event,
            completed: has(bit::COMPLETED).then(|| has(bit::COMPLETED_TRUE)),
            tier: typed!(Tier?, "tier", texts.next_if(lengths.tier)?)?,
            territory: typed!(Territory?, "territory", texts.next_if(lengths.territory)?)?,
            device: typed!(DeviceId?, "device", texts.next_if(lengths.device)?)?,
            session: typed!(SessionId?, "session", texts.next_if(lengths.session)?)?,
            quality: typed!(Quality?, "quality", texts.next_if(lengths.quality)?)?,
            offline: has(bit::OFFLINE).then(|| has(bit::OFFLINE_TRUE)),
            context: match lengths.context {
                Some((kind, id)) => Some(Context {
                    kind: typed!(ContextPart, "context", texts.next(kind)?)?,
                    id: typed!(ContextPart, "context", texts.next(id)?)?,
                }),
                None => None,
            },
            preview: has(bit::PREVIEW),
            imported: has(bit::IMPORTED),
            grant,
            stamp,
            backfilled_at,
        };
        texts.end()?;
        // A bit without its field, or one that isn't known here, is not to be passed over.
        if record.bits() != bits {
            return Err(DecodeError::Field { field: "bits" });
        }
        Ok(record)
    }
}

/// Reads the word that says why a report was sent.
pub(crate) fn event(reader: &mut Reader<'_>) -> Result<PlaybackEvent, DecodeError> {
    PlaybackEvent::from_byte(reader.byte()?).ok_or(DecodeError::Field { field: "event" })
}

/// Reads the result of the grant check, whose kind is in `bits`.
pub(crate) fn grant(reader: &mut Reader<'_>, bits: u64) -> Result<GrantCheck, DecodeError> {
    Ok(if bits & bit::GRANT_VALID != 0 {
        let issued_at = instant(reader, "grant")?;
        GrantCheck::Valid { issued_at, valid_until: instant(reader, "grant")? }
    } else if bits & bit::GRANT_MISSING != 0 {
        GrantCheck::Missing
    } else if bits & bit::GRANT_INVALID != 0 {
        GrantCheck::Invalid
    } else {
        GrantCheck::NotNeeded
    })
}

// How long each text is, in the order in which they stand.
struct Lengths {
    source: usize,
    user: Option<usize>,
    play_id: Option<usize>,
    track: usize,
    tier: Option<usize>,
    territory: Option<usize>,
    device: Option<usize>,
    session: Option<usize>,
    quality: Option<usize>,
    context: Option<(usize, usize)>,
}

impl Lengths {
    #[inline]
    fn read(reader: &mut Reader<'_>, bits: u64) -> Result<Self, DecodeError> {
        let has = |bit: u64| bits & bit != 0;
        Ok(Self {
            source: reader.length()?,
            user: reader.length_if(has(bit::USER))?,
            play_id: reader.length_if(has(bit::PLAY_ID))?,
            track: reader.length()?,
            tier: reader.length_if(has(bit::TIER))?,
            territory: reader.length_if(has(bit::TERRITORY))?,
            device: reader.length_if(has(bit::DEVICE))?,
            session: reader.length_if(has(bit::SESSION))?,
            quality: reader.length_if(has(bit::QUALITY))?,
            context: match has(bit::CONTEXT) {
                true => Some((reader.length()?, reader.length()?)),
                false => None,
            },
        })
    }
}
