//! The port of what knows about sound.

use std::io::Cursor;
use std::sync::Arc;

use ledgerline_app::ports::audio::{
    AudioFault, AudioStudio, ClipIndex, ClipMatch, EncodedRung, StudiedAudio,
};

use crate::error::{AudioError, Limits};
use crate::fingerprint::match_prints;
use crate::ladder::{Codec, Ladder, Rendition, RungSpec};
use crate::landmarks::{LandmarkIndex, decode_landmarks, encode_landmarks};
use crate::loudness::{BlockHistogram, album_loudness};
use crate::preview::encode_preview;
use crate::study::{identify_landmarks, study};

/// What previews are encoded at, in kilobits a second.
const PREVIEW_KBPS: u32 = 96;
/// How much of a clip is listened to, in milliseconds.
const CLIP_MS_MAX: u64 = 20_000;

/// Studies files with what this crate has.
#[derive(Debug, Clone)]
pub struct Studio {
    limits: Limits,
    ladder: Ladder,
}

impl Studio {
    /// A studio that gives tracks these rungs.
    #[must_use]
    pub fn new(limits: Limits, ladder: Ladder) -> Self {
        Self { limits, ladder }
    }
}

/// The bytes of a file that several read.
#[derive(Clone)]
struct Shared(Arc<Vec<u8>>);

impl AsRef<[u8]> for Shared {
    fn as_ref(&self) -> &[u8] {
        &self.0
    }
}

impl AudioStudio for Studio {
    fn study(
        &self,
        file: Arc<Vec<u8>>,
        extension: &str,
        progress: &mut dyn FnMut(u64) -> bool,
    ) -> Result<StudiedAudio, AudioFault> {
        let file = Shared(file);
        let hint = Some(extension).filter(|extension| !extension.is_empty());
        let mut called_off = false;
        let studied =
            study(Cursor::new(file.clone()), hint, &self.limits, &self.ladder, &mut |done_ms| {
                called_off = !progress(done_ms);
                !called_off
            });
        if called_off {
            return Err(AudioFault::CalledOff);
        }
        let (found, renditions) = studied.map_err(|error| fault(&error))?;
        let rung = RungSpec { codec: Codec::Opus, bitrate_kbps: PREVIEW_KBPS };
        let preview = encode_preview(Cursor::new(file), hint, &self.limits, found.preview, rung)
            .map_err(|error| fault(&error))?;
        let mut rungs: Vec<EncodedRung> =
            renditions.into_iter().map(|made| encoded(made.rung.to_string(), made)).collect();
        rungs.push(encoded("preview".to_owned(), preview));
        Ok(StudiedAudio {
            codec: found.decoded.facts.codec.word().to_owned(),
            rate_hz: found.decoded.facts.rate_hz,
            channels: u32::try_from(found.decoded.facts.channels).unwrap_or(u32::MAX),
            duration_ms: found.decoded.duration_ms(),
            integrated_mlufs: thousandths(found.loudness.integrated_lufs),
            range_mlu: thousandths(found.loudness.range_lu),
            true_peak_mdb: thousandths(found.loudness.true_peak_dbtp),
            loudness_blocks: found.loudness.blocks.to_bytes(),
            print: found.print.iter().flat_map(|number| number.to_le_bytes()).collect(),
            landmarks: encode_landmarks(&found.landmarks),
            waveform: found.waveform,
            preview_start_ms: found.preview.start_ms,
            rungs,
        })
    }

    fn is_same(&self, print: &[u8], other: &[u8]) -> bool {
        match_prints(&numbers(print), &numbers(other)).is_some_and(|found| found.is_same())
    }

    fn album_mlufs(&self, blocks: &[&[u8]]) -> Option<i64> {
        let read = blocks.iter().map(|bytes| BlockHistogram::from_bytes(bytes));
        let histograms: Vec<BlockHistogram> = read.collect::<Option<_>>()?;
        Some(thousandths(album_loudness(&histograms)))
    }

    fn index(&self, tracks: Vec<(String, Vec<u8>)>) -> Box<dyn ClipIndex> {
        let (mut ids, mut landmarks) = (Vec::new(), Vec::new());
        for (track_id, bytes) in tracks {
            if let Some(read) = decode_landmarks(&bytes) {
                ids.push(track_id);
                landmarks.push(read);
            }
        }
        let index = LandmarkIndex::build(landmarks.iter().map(Vec::as_slice));
        Box::new(Index { ids, index, limits: self.limits })
    }
}

struct Index {
    ids: Vec<String>,
    index: LandmarkIndex,
    limits: Limits,
}

impl ClipIndex for Index {
    fn identify(
        &self,
        clip: Arc<Vec<u8>>,
        extension: &str,
    ) -> Result<Option<ClipMatch>, AudioFault> {
        let hint = Some(extension).filter(|extension| !extension.is_empty());
        let clip = Cursor::new(Shared(clip));
        let landmarks = identify_landmarks(clip, hint, &self.limits, CLIP_MS_MAX)
            .map_err(|error| fault(&error))?;
        Ok(self.index.identify(&landmarks).map(|found| ClipMatch {
            track_id: self.ids[usize::try_from(found.recording).expect("24 bits")].clone(),
            at_ms: found.at_ms,
            votes: found.votes,
        }))
    }
}

fn fault(error: &AudioError) -> AudioFault {
    AudioFault::File(error.to_string())
}

fn encoded(rung: String, made: Rendition) -> EncodedRung {
    EncodedRung {
        rung,
        codec: made.rung.codec.word().to_owned(),
        mean_kbps: made.mean_kbps(),
        frames: made.frames,
        timescale: made.index.timescale,
        nominal_kbps: made.rung.bitrate_kbps,
        priming_frames: made.priming_frames,
        head_bytes: made.index.head_bytes,
        segments: segments(&made),
        bytes: made.bytes,
    }
}

/// Starts on the file's own time line: only the first segment begins before what is heard.
fn segments(made: &Rendition) -> Vec<(u64, u64)> {
    let priming = u64::from(made.priming_frames);
    let start = |start: u64| if start == 0 { 0 } else { start + priming };
    made.index.segments.iter().map(|place| (place.offset, start(place.start))).collect()
}

fn numbers(print: &[u8]) -> Vec<u32> {
    print.chunks_exact(4).map(|four| u32::from_le_bytes(four.try_into().expect("four"))).collect()
}

#[expect(clippy::cast_possible_truncation, reason = "`as` cuts to the range, as it should")]
fn thousandths(value: f64) -> i64 {
    (value * 1_000.0).round() as i64
}
