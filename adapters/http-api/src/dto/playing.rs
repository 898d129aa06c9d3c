//! What a player gets, and what it asks with.

use ledgerline_app::delivery::playing::{Offer, OfferedRung};
use ledgerline_app::ports::{Loudness, SegmentIndex};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::Instant;

/// A play that goes on.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct RenewRequest {
    /// The play's grant.
    #[schema(min_length = 1, max_length = 768)]
    pub grant: String,
}

/// A play: how it may count, and where its sound is.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PlayOffer {
    /// The play's key, the same in each of its reports.
    pub play_id: String,
    /// That it was allowed; each of its reports carries this.
    pub grant: String,
    /// The address of the rung to begin with.
    pub stream_url: String,
    /// What addresses may begin with, the best first. An empty one is this server.
    pub bases: Vec<String>,
    /// The rungs, from the least bitrate to the greatest.
    pub rungs: Vec<PlayRung>,
    /// Which of them to begin with, from 0 on.
    pub first_rung: u32,
    /// When the addresses expire. `POST /api/v1/playback/renew` gives new ones.
    pub expires_at: Instant,
    /// How long it sounds, in milliseconds.
    pub duration_ms: u64,
    /// Whether this is the preview only, which counts for nothing.
    pub preview: bool,
    /// How loud it is.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub loudness: Option<PlayLoudness>,
    /// The recording.
    pub track: PlayTrack,
}

/// The recording of a play.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PlayTrack {
    /// Its id, as reports name it.
    pub track_id: String,
}

/// How loud a recording is, by EBU R 128.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PlayLoudness {
    /// Integrated, in LUFS.
    pub integrated_lufs: f64,
    /// True peak, in dBTP.
    pub peak_dbtp: f64,
    /// Integrated over its release, in LUFS.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub album_integrated_lufs: Option<f64>,
    /// True peak of its release, in dBTP.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub album_peak_dbtp: Option<f64>,
}

/// One rung of a play.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PlayRung {
    /// Its name.
    pub rung: String,
    /// Bits a second, in thousands.
    pub bitrate_kbps: u32,
    /// `opus`, `flac`, …
    pub codec: String,
    /// `fmp4` where it has segments, else the form of the file.
    pub container: String,
    /// Its media type with its codecs, as `MediaSource.isTypeSupported` takes it.
    pub mime: String,
    /// Its address.
    pub url: String,
    /// Its address without what it begins with: behind each of `bases` it is good.
    pub path: String,
    /// Its length.
    pub bytes: u64,
    /// Samples a second of its time line.
    pub sample_rate_hz: u32,
    /// How many samples sound.
    pub samples: u64,
    /// How many samples of its time line come before the first one that sounds.
    pub encoder_delay_samples: u32,
    /// Where its segments are; without them it is played as a file.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub segments: Option<PlaySegments>,
}

/// Where the segments of a rung are. Each ends where the next begins, the last with the file.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PlaySegments {
    /// The length of what stands before them and is appended first.
    pub init_bytes: u64,
    /// Where each begins, in bytes.
    pub offsets_bytes: Vec<u64>,
    /// The first sample of each, on the time line of the file.
    pub starts_samples: Vec<u64>,
}

impl PlayOffer {
    /// Of an offer.
    #[must_use]
    pub fn of(track_id: &str, offer: Offer) -> Self {
        let base = offer.bases.first().cloned().unwrap_or_default();
        let rungs: Vec<PlayRung> =
            offer.rungs.into_iter().map(|rung| PlayRung::of(&base, rung)).collect();
        let stream_url = rungs.get(offer.first).map(|rung| rung.url.clone()).unwrap_or_default();
        Self {
            play_id: offer.play_id,
            grant: offer.grant,
            stream_url,
            bases: offer.bases,
            rungs,
            first_rung: u32::try_from(offer.first).unwrap_or(0),
            expires_at: Instant(offer.expires_at),
            duration_ms: offer.duration_ms,
            preview: offer.preview,
            loudness: offer.loudness.map(PlayLoudness::of),
            track: PlayTrack { track_id: track_id.to_owned() },
        }
    }
}

impl PlayRung {
    fn of(base: &str, offered: OfferedRung) -> Self {
        let OfferedRung { rendition, path } = offered;
        let segments =
            rendition.segments.map(|SegmentIndex { init_bytes, segments }| PlaySegments {
                init_bytes,
                offsets_bytes: segments.iter().map(|segment| segment.offset_bytes).collect(),
                starts_samples: segments.iter().map(|segment| segment.start_samples).collect(),
            });
        Self {
            rung: rendition.rung.to_string(),
            bitrate_kbps: rendition.bitrate_kbps,
            codec: rendition.codec,
            container: rendition.container,
            mime: rendition.mime,
            url: format!("{base}{path}"),
            path,
            bytes: rendition.bytes,
            sample_rate_hz: rendition.sample_rate_hz,
            samples: rendition.samples,
            encoder_delay_samples: rendition.encoder_delay_samples,
            segments,
        }
    }
}

impl PlayLoudness {
    fn of(of: Loudness) -> Self {
        let whole = |centi: i32| f64::from(centi) / 100.0;
        Self {
            integrated_lufs: whole(of.integrated_centi_lufs),
            peak_dbtp: whole(of.peak_centi_dbtp),
            album_integrated_lufs: of.album_integrated_centi_lufs.map(whole),
            album_peak_dbtp: of.album_peak_centi_dbtp.map(whole),
        }
    }
}
