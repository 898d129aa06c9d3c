//! What players get of a track that was studied.

use super::{Ingest, PIECE_BYTES_MAX, piece_of_original};
use crate::ports::ingest::{StoredRendition, TrackStudy};
use crate::ports::renditions::{
    Loudness, Rendition, RungName, Segment, SegmentIndex, TrackRenditions,
};
use crate::ports::{BlobName, StoreError};

impl Ingest {
    /// Stores what players get of a track in the place of what they got.
    pub(super) async fn publish(&self, study: &TrackStudy) -> Result<(), StoreError> {
        let refused = |detail: String| StoreError { what: "storing what can be sent", detail };
        let mut renditions = Vec::with_capacity(study.renditions.len() + 1);
        for stored in &study.renditions {
            renditions.push(rendition(stored).map_err(refused)?);
        }
        // What stands in a music folder is sent from there.
        if study.audio_sha256.is_none() {
            renditions.push(original(study).map_err(refused)?);
        }
        renditions.sort_by(|a, b| a.rung.cmp(&b.rung));
        let loudness = Loudness {
            integrated_centi_lufs: hundredths(study.integrated_mlufs),
            peak_centi_dbtp: hundredths(study.true_peak_mdb),
            album_integrated_centi_lufs: None,
            album_peak_centi_dbtp: None,
        };
        let of = TrackRenditions {
            track_id: study.track_id.clone(),
            loudness: Some(loudness),
            renditions,
        };
        self.renditions.put_renditions(&of).await
    }
}

pub(super) fn hundredths(thousandths: i64) -> i32 {
    i32::try_from(thousandths.saturating_add(5).div_euclid(10)).unwrap_or(0)
}

fn rendition(stored: &StoredRendition) -> Result<Rendition, String> {
    let pieces = stored.pieces.iter().map(|piece| BlobName::new(piece.blob.clone()));
    let segment =
        |&(offset_bytes, start_samples): &(u64, u64)| Segment { offset_bytes, start_samples };
    Ok(Rendition {
        rung: RungName::new(&stored.rung).map_err(|error| error.to_string())?,
        codec: stored.codec.clone(),
        container: "fmp4".to_owned(),
        mime: format!("audio/mp4; codecs=\"{}\"", stored.codec),
        bitrate_kbps: stored.bitrate_kbps,
        bytes: stored.bytes,
        checksum: checksum(&stored.sha256)?,
        piece_bytes: PIECE_BYTES_MAX as u64,
        pieces: pieces.collect::<Result<_, _>>().map_err(|error| error.to_string())?,
        segments: Some(SegmentIndex {
            init_bytes: stored.head_bytes,
            segments: stored.segments.iter().map(segment).collect(),
        }),
        sample_rate_hz: stored.timescale,
        samples: stored.frames,
        encoder_delay_samples: stored.priming_frames,
    })
}

/// The file as it came, for clients that want files.
fn original(study: &TrackStudy) -> Result<Rendition, String> {
    let original = &study.original;
    let (container, mime) = match original.extension.as_str() {
        "flac" => ("flac", "audio/flac"),
        "mp3" => ("mp3", "audio/mpeg"),
        "ogg" | "oga" | "opus" => ("ogg", "audio/ogg"),
        "wav" => ("wav", "audio/wav"),
        "m4a" | "mp4" => ("mp4", "audio/mp4"),
        _ => ("bin", "application/octet-stream"),
    };
    let pieces = original.bytes.div_ceil(PIECE_BYTES_MAX as u64);
    let pieces = (0..usize::try_from(pieces).unwrap_or(usize::MAX))
        .map(|number| piece_of_original(original, number))
        .collect::<Result<_, _>>()
        .map_err(|error| error.to_string())?;
    let bits = original.bytes.saturating_mul(8);
    Ok(Rendition {
        rung: RungName::new(RungName::ORIGINAL).map_err(|error| error.to_string())?,
        codec: study.codec.clone(),
        container: container.to_owned(),
        mime: mime.to_owned(),
        bitrate_kbps: u32::try_from(bits / study.duration_ms.max(1)).unwrap_or(u32::MAX),
        bytes: original.bytes,
        checksum: checksum(&original.sha256)?,
        piece_bytes: PIECE_BYTES_MAX as u64,
        pieces,
        segments: None,
        sample_rate_hz: study.rate_hz,
        samples: study.duration_ms.saturating_mul(study.rate_hz.into()) / 1_000,
        encoder_delay_samples: 0,
    })
}

fn checksum(hex: &str) -> Result<[u8; 32], String> {
    let mut bytes = [0; 32];
    for (at, byte) in bytes.iter_mut().enumerate() {
        let pair = hex.get(2 * at..2 * at + 2).unwrap_or_default();
        *byte = u8::from_str_radix(pair, 16).map_err(|_| format!("{hex} is no SHA-256"))?;
    }
    Ok(bytes)
}
