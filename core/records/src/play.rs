//! One change of a merged play, as the whole play after the change.
//!
//! The plays log is a list of these. The newest record of a play is its state; the
//! chain of [`PlayRecord::previous`] is its history; and the counts are a sum over the
//! records: what leaves `counted` minus what enters it.

use ledgerline_ids::{
    ContextPart, DeviceId, PlayId, Position, SourceName, Territory, Tier, TrackId, UnixMs, UserId,
};

use crate::DecodeError;
use crate::report::{Context, Producer, TrackStamp};
use crate::verdict::{Decision, FraudRules, Reason, Ruling, Status};
use crate::wire::{Reader, Writer, instant, typed};

/// The first byte of every record of this kind.
pub const KIND: u8 = 16;
const VERSION: u8 = 1;

/// Where a record stands in its partition's plays log, in bytes from the log's beginning.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PlayAddress(pub u64);

/// What makes two reports reports of one play.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PlayIdentity<'a> {
    /// Whose credential.
    pub source: SourceName<'a>,
    /// The listener; `None` is anonymous.
    pub user: Option<UserId<'a>>,
    /// The play among those of this listener and source.
    pub key: PlayKey<'a>,
}

/// What tells a listener's plays apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum PlayKey<'a> {
    /// The player's own idempotency key.
    Keyed(PlayId<'a>),
    /// No key, but a start: the start as reported stands in for it.
    Started {
        /// The recording.
        track: TrackId<'a>,
        /// The session, else the device, else nothing.
        place: Option<&'a str>,
        /// As reported, not as corrected.
        started_at: UnixMs,
    },
    /// Neither: a run of reports with less than five minutes between them.
    Window {
        /// The recording.
        track: TrackId<'a>,
        /// The session, else the device, else nothing.
        place: Option<&'a str>,
        /// When the first report of the run was received.
        opened_at: UnixMs,
        /// How many runs of this track and place had been opened at that instant before.
        ordinal: u64,
    },
}

impl<'a> PlayKey<'a> {
    /// The player's key, where it sent one.
    #[must_use]
    pub fn play_id(&self) -> Option<PlayId<'a>> {
        match self {
            Self::Keyed(play_id) => Some(*play_id),
            Self::Started { .. } | Self::Window { .. } => None,
        }
    }
}

/// What a counted play was counted as before this change, where that differs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CountedAs<'a> {
    /// The recording.
    pub track: TrackId<'a>,
    /// The start, hence the day and the period.
    pub started_at: UnixMs,
    /// The merged listened time in milliseconds.
    pub listened_ms: u64,
    /// The listener's plan.
    pub tier: Option<Tier<'a>>,
    /// The listener's country.
    pub territory: Option<Territory<'a>>,
}

/// A merged play after one change.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PlayRecord<'a> {
    /// Which play.
    pub identity: PlayIdentity<'a>,
    /// Who sent its reports.
    pub producer: Producer,

    /// How many status changes it has had, this one included; 1 is its first status.
    pub number: u64,
    /// How many records of this play stand in the log since its last status change.
    pub amendment: u64,
    /// The version of the rules that judged.
    pub rule_version: u16,
    /// The status before; `None` for a new play.
    pub from: Option<Status>,
    /// The status now.
    pub to: Status,
    /// Why, where the status alone doesn't say.
    pub reason: Option<Reason>,
    /// What it was counted as before, where it was counted and that differs now.
    pub counted_as: Option<CountedAs<'a>>,
    /// This play's record before this one.
    pub previous: Option<PlayAddress>,
    /// The record of the report log that caused the change.
    pub cause: Position,
    /// When that record was received.
    pub received_at: UnixMs,
    /// When the play's first report was received.
    pub first_received_at: UnixMs,

    /// The recording; of several, the least in byte order.
    pub track: TrackId<'a>,
    /// Whether any report says that only a preview was played.
    pub preview: bool,
    /// Whether any report comes from a history brought from elsewhere.
    pub imported: bool,
    /// Whether its reports disagree on what was played.
    pub conflict: bool,
    /// The greatest listened time reported, in milliseconds.
    pub listened_ms: u64,
    /// The earliest start reported, corrected.
    pub started_at: UnixMs,
    /// Whether any report came in time.
    pub in_time: bool,
    /// Whether any report came more than 35 days after the start.
    pub too_old: bool,
    /// The listened time of the report that the next four fields are of.
    pub least_ms: u64,
    /// The listener's plan, by the least report.
    pub tier: Option<Tier<'a>>,
    /// The listener's country, by the least report.
    pub territory: Option<Territory<'a>>,
    /// The device, by the least report.
    pub device: Option<DeviceId<'a>>,
    /// What it was started from, by the least report.
    pub context: Option<Context<'a>>,
    /// The newest that is known of the track.
    pub stamp: TrackStamp,
    /// Whether any report passed its own grant and time check.
    pub sound: bool,
    /// Whether any report failed because its time is impossible.
    pub impossible_time: bool,

    /// The fraud rules that touch it.
    pub rules: FraudRules,
    /// What a person ruled on it.
    pub ruling: Option<Ruling>,
    /// What a person decided on it.
    pub decision: Option<Decision>,
}

mod bit {
    pub const FROM: u64 = 1;
    pub const REASON: u64 = 1 << 1;
    pub const PREVIOUS: u64 = 1 << 2;
    pub const PREVIEW: u64 = 1 << 3;
    pub const IMPORTED: u64 = 1 << 4;
    pub const CONFLICT: u64 = 1 << 5;
    pub const IN_TIME: u64 = 1 << 6;
    pub const TOO_OLD: u64 = 1 << 7;
    pub const TIER: u64 = 1 << 8;
    pub const TERRITORY: u64 = 1 << 9;
    pub const DEVICE: u64 = 1 << 10;
    pub const CONTEXT: u64 = 1 << 11;
    pub const KNOWN: u64 = 1 << 12;
    pub const LENGTH: u64 = 1 << 13;
    pub const SOUND: u64 = 1 << 14;
    pub const IMPOSSIBLE_TIME: u64 = 1 << 15;
    pub const RULES: u64 = 1 << 16;
    pub const RULING: u64 = 1 << 17;
    pub const DECISION: u64 = 1 << 18;
    pub const COUNTED_AS: u64 = 1 << 19;
    pub const WAS_TIER: u64 = 1 << 20;
    pub const WAS_TERRITORY: u64 = 1 << 21;
}

fn when(condition: bool, bit: u64) -> u64 {
    if condition { bit } else { 0 }
}

impl<'a> PlayRecord<'a> {
    fn bits(&self) -> u64 {
        let was = self.counted_as;
        when(self.from.is_some(), bit::FROM)
            | when(self.reason.is_some(), bit::REASON)
            | when(self.previous.is_some(), bit::PREVIOUS)
            | when(self.preview, bit::PREVIEW)
            | when(self.imported, bit::IMPORTED)
            | when(self.conflict, bit::CONFLICT)
            | when(self.in_time, bit::IN_TIME)
            | when(self.too_old, bit::TOO_OLD)
            | when(self.tier.is_some(), bit::TIER)
            | when(self.territory.is_some(), bit::TERRITORY)
            | when(self.device.is_some(), bit::DEVICE)
            | when(self.context.is_some(), bit::CONTEXT)
            | when(self.stamp.known, bit::KNOWN)
            | when(self.stamp.length_ms.is_some(), bit::LENGTH)
            | when(self.sound, bit::SOUND)
            | when(self.impossible_time, bit::IMPOSSIBLE_TIME)
            | when(self.rules != FraudRules::NONE, bit::RULES)
            | when(self.ruling.is_some(), bit::RULING)
            | when(self.decision.is_some(), bit::DECISION)
            | when(was.is_some(), bit::COUNTED_AS)
            | when(was.is_some_and(|was| was.tier.is_some()), bit::WAS_TIER)
            | when(was.is_some_and(|was| was.territory.is_some()), bit::WAS_TERRITORY)
    }

    /// Appends the record's bytes to `out`.
    pub fn encode(&self, out: &mut Vec<u8>) {
        let mut writer = Writer::new(out, KIND, VERSION);
        writer.number(self.bits());
        write_identity(&mut writer, &self.identity);
        writer.byte(self.producer as u8);
        writer.number(self.number);
        writer.number(self.amendment);
        writer.number(u64::from(self.rule_version));
        if let Some(from) = self.from {
            writer.byte(from as u8);
        }
        writer.byte(self.to as u8);
        if let Some(reason) = self.reason {
            writer.byte(reason as u8);
        }
        if let Some(previous) = self.previous {
            writer.number(previous.0);
        }
        writer.number(self.cause.0);
        writer.instant(self.received_at.get());
        writer.instant(self.first_received_at.get());
        writer.text(self.track.as_str());
        writer.number(self.listened_ms);
        writer.instant(self.started_at.get());
        writer.number(self.least_ms);
        writer.optional_text(self.tier.map(Tier::as_str));
        writer.optional_text(self.territory.map(Territory::as_str));
        writer.optional_text(self.device.map(DeviceId::as_str));
        if let Some(context) = self.context {
            writer.text(context.kind.as_str());
            writer.text(context.id.as_str());
        }
        writer.number(self.stamp.revision);
        if let Some(length_ms) = self.stamp.length_ms {
            writer.number(length_ms);
        }
        if self.rules != FraudRules::NONE {
            writer.byte(self.rules.0);
        }
        if let Some(ruling) = self.ruling {
            writer.byte(ruling as u8);
        }
        if let Some(decision) = self.decision {
            writer.byte(decision as u8);
        }
        if let Some(was) = self.counted_as {
            writer.text(was.track.as_str());
            writer.instant(was.started_at.get());
            writer.number(was.listened_ms);
            writer.optional_text(was.tier.map(Tier::as_str));
            writer.optional_text(was.territory.map(Territory::as_str));
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
        let record = Self {
            identity: read_identity(&mut reader)?,
            producer: word(Producer::from_byte(reader.byte()?), "producer")?,
            number: reader.number()?,
            amendment: reader.number()?,
            rule_version: u16::try_from(reader.number()?)
                .map_err(|_| DecodeError::Field { field: "rule_version" })?,
            from: match has(bit::FROM) {
                true => Some(word(Status::from_byte(reader.byte()?), "from")?),
                false => None,
            },
            to: word(Status::from_byte(reader.byte()?), "to")?,
            reason: match has(bit::REASON) {
                true => Some(word(Reason::from_byte(reader.byte()?), "reason")?),
                false => None,
            },
            previous: match has(bit::PREVIOUS) {
                true => Some(PlayAddress(reader.number()?)),
                false => None,
            },
            cause: Position(reader.number()?),
            received_at: instant(&mut reader, "received_at")?,
            first_received_at: instant(&mut reader, "first_received_at")?,
            track: typed!(TrackId, "track", reader.text()?)?,
            preview: has(bit::PREVIEW),
            imported: has(bit::IMPORTED),
            conflict: has(bit::CONFLICT),
            listened_ms: reader.number()?,
            started_at: instant(&mut reader, "started_at")?,
            in_time: has(bit::IN_TIME),
            too_old: has(bit::TOO_OLD),
            least_ms: reader.number()?,
            tier: typed!(Tier?, "tier", reader.text_if(has(bit::TIER))?)?,
            territory: typed!(Territory?, "territory", reader.text_if(has(bit::TERRITORY))?)?,
            device: typed!(DeviceId?, "device", reader.text_if(has(bit::DEVICE))?)?,
            context: if has(bit::CONTEXT) {
                let kind = typed!(ContextPart, "context", reader.text()?)?;
                Some(Context { kind, id: typed!(ContextPart, "context", reader.text()?)? })
            } else {
                None
            },
            stamp: TrackStamp {
                revision: reader.number()?,
                known: has(bit::KNOWN),
                length_ms: if has(bit::LENGTH) { Some(reader.number()?) } else { None },
            },
            sound: has(bit::SOUND),
            impossible_time: has(bit::IMPOSSIBLE_TIME),
            rules: FraudRules(if has(bit::RULES) { reader.byte()? } else { 0 }),
            ruling: match has(bit::RULING) {
                true => Some(word(Ruling::from_byte(reader.byte()?), "ruling")?),
                false => None,
            },
            decision: match has(bit::DECISION) {
                true => Some(word(Decision::from_byte(reader.byte()?), "decision")?),
                false => None,
            },
            counted_as: match has(bit::COUNTED_AS) {
                true => Some(CountedAs {
                    track: typed!(TrackId, "was_track", reader.text()?)?,
                    started_at: instant(&mut reader, "was_started_at")?,
                    listened_ms: reader.number()?,
                    tier: typed!(Tier?, "was_tier", reader.text_if(has(bit::WAS_TIER))?)?,
                    territory: {
                        let text = reader.text_if(has(bit::WAS_TERRITORY))?;
                        typed!(Territory?, "was_territory", text)?
                    },
                }),
                false => None,
            },
        };
        reader.end()?;
        // A bit without its field, or one that isn't known here, is not to be passed over.
        if record.bits() != bits {
            return Err(DecodeError::Field { field: "bits" });
        }
        Ok(record)
    }

    /// What this play counts as after this change, if it counts.
    #[must_use]
    pub fn counts_as(&self) -> Option<CountedAs<'a>> {
        (self.to == Status::Counted).then_some(self.attributes())
    }

    /// What this play counted as before this change, if it counted.
    #[must_use]
    pub fn counted_before(&self) -> Option<CountedAs<'a>> {
        (self.from == Some(Status::Counted))
            .then(|| self.counted_as.unwrap_or_else(|| self.attributes()))
    }

    /// The fields that a counted play is counted by, besides its listener.
    #[must_use]
    pub fn attributes(&self) -> CountedAs<'a> {
        CountedAs {
            track: self.track,
            started_at: self.started_at,
            listened_ms: self.listened_ms,
            tier: self.tier,
            territory: self.territory,
        }
    }
}

fn word<T>(value: Option<T>, field: &'static str) -> Result<T, DecodeError> {
    value.ok_or(DecodeError::Field { field })
}

// How an identity's key is told apart, and whether user and place are there.
const KEYED: u8 = 0;
const STARTED: u8 = 1;
const WINDOW: u8 = 2;
const HAS_USER: u8 = 1 << 2;
const HAS_PLACE: u8 = 1 << 3;

pub(crate) fn write_identity(writer: &mut Writer<'_>, identity: &PlayIdentity<'_>) {
    let (form, place) = match identity.key {
        PlayKey::Keyed(_) => (KEYED, None),
        PlayKey::Started { place, .. } => (STARTED, place),
        PlayKey::Window { place, .. } => (WINDOW, place),
    };
    let user = if identity.user.is_some() { HAS_USER } else { 0 };
    let has_place = if place.is_some() { HAS_PLACE } else { 0 };
    writer.byte(form | user | has_place);
    writer.text(identity.source.as_str());
    writer.optional_text(identity.user.map(UserId::as_str));
    match identity.key {
        PlayKey::Keyed(play_id) => writer.text(play_id.as_str()),
        PlayKey::Started { track, started_at, .. } => {
            writer.text(track.as_str());
            writer.optional_text(place);
            writer.instant(started_at.get());
        }
        PlayKey::Window { track, opened_at, ordinal, .. } => {
            writer.text(track.as_str());
            writer.optional_text(place);
            writer.instant(opened_at.get());
            writer.number(ordinal);
        }
    }
}

pub(crate) fn read_identity<'a>(reader: &mut Reader<'a>) -> Result<PlayIdentity<'a>, DecodeError> {
    let form = reader.byte()?;
    let only_known = form & !(0b11 | HAS_USER | HAS_PLACE) == 0;
    if !only_known || form & (0b11 | HAS_PLACE) == KEYED | HAS_PLACE {
        return Err(DecodeError::Field { field: "identity" });
    }
    let source = typed!(SourceName, "source", reader.text()?)?;
    let user = typed!(UserId?, "user", reader.text_if(form & HAS_USER != 0)?)?;
    let key = match form & 0b11 {
        KEYED => PlayKey::Keyed(typed!(PlayId, "play_id", reader.text()?)?),
        STARTED => PlayKey::Started {
            track: typed!(TrackId, "track", reader.text()?)?,
            place: reader.text_if(form & HAS_PLACE != 0)?,
            started_at: instant(reader, "started_at")?,
        },
        WINDOW => PlayKey::Window {
            track: typed!(TrackId, "track", reader.text()?)?,
            place: reader.text_if(form & HAS_PLACE != 0)?,
            opened_at: instant(reader, "opened_at")?,
            ordinal: reader.number()?,
        },
        _ => return Err(DecodeError::Field { field: "identity" }),
    };
    Ok(PlayIdentity { source, user, key })
}
