//! Version 1 of a report's record, as it was written before version 2: read, never written.

use ledgerline_ids::{
    ContextPart, DeviceId, PlayId, Quality, SessionId, SourceName, Territory, Tier, TrackId, UserId,
};

use crate::DecodeError;
use crate::report::{Context, KIND, Producer, ReportRecord, TrackStamp, bit, event, grant};
use crate::wire::{Reader, instant_if, typed};

/// The second byte of such a record.
pub(crate) const VERSION: u8 = 1;

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
