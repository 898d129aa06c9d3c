//! Version 1 of a report's record, as it was written before version 2: read for ever, and written still where
//! programs share a log of which some read no other.

use ledgerline_ids::{
    ContextPart, DeviceId, PlayId, Quality, SessionId, SourceName, Territory, Tier, TrackId, UserId,
};

use crate::DecodeError;
use crate::report::{
    Context, GrantCheck, KIND, Producer, ReportRecord, TrackStamp, bit, event, grant,
};
use crate::wire::{Reader, Writer, instant_if, typed};

/// The second byte of such a record.
pub(crate) const VERSION: u8 = 1;

/// Appends the record's bytes to `out`.
pub(crate) fn encode(record: &ReportRecord<'_>, out: &mut Vec<u8>) {
    let mut writer = Writer::new(out, KIND, VERSION);
    writer.number(record.bits() & !bit::BACKFILLED_AT_END);
    writer.byte(record.producer as u8);
    writer.text(record.source.as_str());
    writer.optional_text(record.user.map(UserId::as_str));
    writer.optional_text(record.play_id.map(PlayId::as_str));
    writer.text(record.track.as_str());
    writer.number(record.listened_ms);
    for instant in [record.started_at, record.sent_at].into_iter().flatten() {
        writer.instant(instant.get());
    }
    if let Some(event) = record.event {
        writer.byte(event as u8);
    }
    writer.optional_text(record.tier.map(Tier::as_str));
    writer.optional_text(record.territory.map(Territory::as_str));
    writer.optional_text(record.device.map(DeviceId::as_str));
    writer.optional_text(record.session.map(SessionId::as_str));
    if record.stamp.revision != 0 {
        writer.number(record.stamp.revision);
    }
    if let Some(length_ms) = record.stamp.length_ms {
        writer.number(length_ms);
    }
    writer.optional_text(record.quality.map(Quality::as_str));
    if let Some(context) = record.context {
        writer.text(context.kind.as_str());
        writer.text(context.id.as_str());
    }
    if let Some(at) = record.backfilled_at {
        writer.instant(at.get());
    }
    if let GrantCheck::Valid { issued_at, valid_until } = record.grant {
        writer.instant(issued_at.get());
        writer.instant(valid_until.get());
    }
}

/// Reads one record that fills `bytes`.
///
/// # Errors
/// [`DecodeError`] where the bytes are no such record.
pub(crate) fn decode<'a>(bytes: &'a [u8]) -> Result<ReportRecord<'a>, DecodeError> {
    let mut reader = Reader::new(bytes, KIND, VERSION)?;
    let bits = reader.number()?;
    let has = |bit: u64| bits & bit != 0;
    let producer =
        Producer::from_byte(reader.byte()?).ok_or(DecodeError::Field { field: "producer" })?;
    let record = ReportRecord {
        source: typed!(SourceName, "source", reader.text()?)?,
        producer,
        user: typed!(UserId?, "user", reader.text_if(has(bit::USER))?)?,
        play_id: typed!(PlayId?, "play_id", reader.text_if(has(bit::PLAY_ID))?)?,
        track: typed!(TrackId, "track", reader.text()?)?,
        listened_ms: reader.number()?,
        started_at: instant_if(&mut reader, has(bit::STARTED), "started_at")?,
        sent_at: instant_if(&mut reader, has(bit::SENT), "sent_at")?,
        event: if has(bit::EVENT) { Some(event(&mut reader)?) } else { None },
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
        grant: grant(&mut reader, bits)?,
    };
    reader.end()?;
    // A bit without its field, or one that this version hadn't, is not to be passed over.
    if record.bits() & !bit::BACKFILLED_AT_END != bits {
        return Err(DecodeError::Field { field: "bits" });
    }
    Ok(record)
}
