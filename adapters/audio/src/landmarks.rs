//! Which recording ten noisy seconds are of: pairs of peaks in the spectrum, after A. Wang, "An Industrial
//! Strength Audio Search Algorithm", ISMIR 2003.
//!
//! Noise adds peaks and drowns some, but what is left stands where it stood: if many pairs of one recording
//! are found with one and the same shift in time, that isn't chance. Few pairs are kept of a recording, so
//! that many fit into memory; many are made of what is asked for.

use std::collections::HashMap;
use std::sync::Arc;

use realfft::num_complex::Complex;
use realfft::{RealFftPlanner, RealToComplex};

use crate::error::AudioError;
use crate::resample::RATE_HZ;

/// What 48 kHz are reduced by: up to 5 kHz survives a room and a telephone.
const DECIMATION: usize = 4;
const TAPS: usize = 64;
/// A window of the spectrum, in samples at 12 kHz: 85 ms.
const WINDOW: usize = 1_024;
/// From one to the next: 32 ms.
const HOP: usize = 384;
/// Bins that are looked at: 117 Hz to 5 kHz.
const BINS: std::ops::Range<usize> = 10..430;
/// A peak is the highest within so many bins …
const REACH_BINS: usize = 10;
/// … and so many windows to each side.
const REACH_WINDOWS: usize = 5;
/// Peaks are chosen for each stretch of so many windows: about a second.
const STRETCH: usize = 32;
/// The furthest second peak of a pair, in windows.
const PAIR_WINDOWS_MAX: u32 = 63;

/// How densely pairs are made.
#[derive(Clone, Copy)]
struct Density {
    peaks_per_stretch: usize,
    fan_out: usize,
}

const KEPT: Density = Density { peaks_per_stretch: 9, fan_out: 3 };
const ASKED: Density = Density { peaks_per_stretch: 24, fan_out: 10 };

/// A pair of peaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Landmark {
    /// Both frequencies and their distance in time: 24 bits.
    pub hash: u32,
    /// When the first is heard, in windows of 32 ms.
    pub window: u16,
}

/// Makes the landmarks of stereo frames at 48 kHz.
pub struct Landmarks {
    fft: Arc<dyn RealToComplex<f32>>,
    scratch: Vec<Complex<f32>>,
    hann: Vec<f32>,
    filter: Vec<f32>,
    mono: Vec<f32>,
    reduced: Vec<f32>,
    spectra: Vec<Vec<f32>>,
    /// The number of the first of these.
    first: u32,
    peaks: Vec<Peak>,
    density: Density,
}

#[derive(Clone, Copy)]
struct Peak {
    window: u32,
    bin: u32,
    level: f32,
}

impl Landmarks {
    /// Of a recording, to be kept.
    #[must_use]
    pub fn to_keep() -> Self {
        Self::with(KEPT)
    }

    /// Of a clip, to be asked for.
    #[must_use]
    pub fn to_ask() -> Self {
        Self::with(ASKED)
    }

    fn with(density: Density) -> Self {
        let fft = RealFftPlanner::<f32>::new().plan_fft_forward(WINDOW);
        #[expect(clippy::cast_precision_loss, reason = "small numbers")]
        let hann = (0..WINDOW)
            .map(|at| 0.5 - 0.5 * (std::f32::consts::TAU * at as f32 / WINDOW as f32).cos())
            .collect();
        Self {
            scratch: fft.make_output_vec(),
            fft,
            hann,
            filter: low_pass(),
            mono: vec![0.0; TAPS],
            reduced: Vec::new(),
            spectra: Vec::new(),
            first: 0,
            peaks: Vec::new(),
            density,
        }
    }

    /// Takes interleaved stereo frames at 48 kHz.
    ///
    /// # Errors
    /// [`AudioError::Defect`] where the transform refuses.
    pub fn push(&mut self, stereo: &[f32]) -> Result<(), AudioError> {
        self.mono.extend(stereo.chunks_exact(2).map(|frame| (frame[0] + frame[1]) * 0.5));
        let mut at = 0;
        while let Some(part) = self.mono.get(at..at + TAPS) {
            let sample = part.iter().zip(&self.filter).map(|(sample, tap)| sample * tap).sum();
            self.reduced.push(sample);
            at += DECIMATION;
        }
        self.mono.drain(..at);
        let mut read = 0;
        while let Some(window) = self.reduced.get(read..read + WINDOW) {
            let mut windowed: Vec<f32> =
                window.iter().zip(&self.hann).map(|(sample, weight)| sample * weight).collect();
            self.fft
                .process(&mut windowed, &mut self.scratch)
                .map_err(|error| AudioError::Defect(error.to_string()))?;
            self.spectra.push(self.scratch[BINS].iter().map(|bin| bin.norm_sqr()).collect());
            read += HOP;
            if self.spectra.len() == STRETCH + 2 * REACH_WINDOWS {
                self.stretch(STRETCH + REACH_WINDOWS);
                self.spectra.drain(..STRETCH);
                self.first += u32::try_from(STRETCH).expect("32");
            }
        }
        self.reduced.drain(..read);
        Ok(())
    }

    /// The peaks of the spectra between the first few and `end`.
    fn stretch(&mut self, end: usize) {
        // The first windows of all have nothing before them, and are looked at too.
        let begin = if self.first == 0 { 0 } else { REACH_WINDOWS };
        let mut found = Vec::new();
        for window in begin..end.min(self.spectra.len()) {
            let around = window.saturating_sub(REACH_WINDOWS)
                ..(window + REACH_WINDOWS + 1).min(self.spectra.len());
            for bin in 1..BINS.len() - 1 {
                let level = self.spectra[window][bin];
                let next = &self.spectra[window];
                if level <= next[bin - 1] || level <= next[bin + 1] || level < 1e-6 {
                    continue;
                }
                let bins = bin.saturating_sub(REACH_BINS)..(bin + REACH_BINS + 1).min(BINS.len());
                let highest = self.spectra[around.clone()]
                    .iter()
                    .all(|spectrum| spectrum[bins.clone()].iter().all(|other| *other <= level));
                if highest {
                    let window = self.first + u32::try_from(window).expect("a few");
                    let bin = u32::try_from(bin).expect("a few hundred");
                    found.push(Peak { window, bin, level });
                }
            }
        }
        found.sort_by(|a, b| b.level.total_cmp(&a.level));
        found.truncate(self.density.peaks_per_stretch);
        found.sort_by_key(|peak| (peak.window, peak.bin));
        self.peaks.extend(found);
    }

    /// The landmarks, by time.
    ///
    /// # Errors
    /// [`AudioError::Defect`] where the transform refuses.
    pub fn finish(mut self) -> Result<Vec<Landmark>, AudioError> {
        self.push(&vec![0.0; TAPS * 2])?;
        self.stretch(self.spectra.len());
        self.peaks.sort_by_key(|peak| (peak.window, peak.bin));
        let mut landmarks = Vec::new();
        for (at, peak) in self.peaks.iter().enumerate() {
            let Ok(window) = u16::try_from(peak.window) else { break };
            let near = self.peaks[at + 1..]
                .iter()
                .filter(|other| other.window > peak.window + 1)
                .take_while(|other| other.window - peak.window <= PAIR_WINDOWS_MAX)
                .take(self.density.fan_out);
            landmarks.extend(near.map(|other| Landmark {
                hash: hash(peak.bin, other.bin, other.window - peak.window),
                window,
            }));
        }
        Ok(landmarks)
    }
}

fn hash(first: u32, second: u32, distance: u32) -> u32 {
    (first << 15) | (second << 6) | distance
}

/// A low pass at 5 kHz of 48: a windowed sinc.
fn low_pass() -> Vec<f32> {
    let cutoff = 5_000.0 / f64::from(RATE_HZ);
    #[expect(
        clippy::cast_precision_loss,
        clippy::cast_possible_truncation,
        reason = "a filter's taps"
    )]
    (0..TAPS)
        .map(|at| {
            let x = at as f64 - (TAPS as f64 - 1.0) / 2.0;
            let sinc = (std::f64::consts::TAU * cutoff * x).sin() / (std::f64::consts::PI * x);
            let hann = 0.5 - 0.5 * (std::f64::consts::TAU * (at as f64 + 0.5) / TAPS as f64).cos();
            (sinc * hann) as f32
        })
        .collect()
}

/// The bytes that landmarks are kept as: six for each, little-endian.
#[must_use]
pub fn encode_landmarks(landmarks: &[Landmark]) -> Vec<u8> {
    let six = |landmark: &Landmark| {
        landmark.hash.to_le_bytes().into_iter().chain(landmark.window.to_le_bytes())
    };
    landmarks.iter().flat_map(six).collect()
}

/// From those bytes; `None` where they are none of landmarks.
#[must_use]
pub fn decode_landmarks(bytes: &[u8]) -> Option<Vec<Landmark>> {
    if !bytes.len().is_multiple_of(6) {
        return None;
    }
    let all = bytes.chunks_exact(6).map(|six| {
        let hash = u32::from_le_bytes([six[0], six[1], six[2], six[3]]);
        Landmark { hash, window: u16::from_le_bytes([six[4], six[5]]) }
    });
    all.map(|landmark| (landmark.hash < 1 << 24).then_some(landmark)).collect()
}

/// The landmarks of many recordings, to be asked: eight bytes for each.
#[derive(Debug, Default, Clone)]
pub struct LandmarkIndex {
    /// Hash, recording and window of each, sorted.
    entries: Vec<u64>,
    recordings: u32,
}

/// Pairs that more recordings have than so many say little, and would take long.
const ENTRIES_PER_HASH_MAX: usize = 20_000;
/// The fewest pairs that must agree.
const VOTES_MIN: u32 = 12;
/// And how many times more than of any other recording.
const LEAD: u32 = 2;

/// A recording that a clip is of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Identified {
    /// Which one, in the order in which they were added.
    pub recording: u32,
    /// Where in it the clip begins, in milliseconds.
    pub at_ms: i64,
    /// How many pairs agree.
    pub votes: u32,
    /// How many agree on the next best recording.
    pub votes_of_next: u32,
}

impl LandmarkIndex {
    /// Of recordings, each by its landmarks; more than 16 million have no room.
    pub fn build<'a>(recordings: impl IntoIterator<Item = &'a [Landmark]>) -> Self {
        let (mut entries, mut count) = (Vec::new(), 0_u32);
        for landmarks in recordings.into_iter().take(1 << 24) {
            entries.extend(landmarks.iter().map(|landmark| {
                (u64::from(landmark.hash) << 40)
                    | (u64::from(count) << 16)
                    | u64::from(landmark.window)
            }));
            count += 1;
        }
        entries.sort_unstable();
        Self { entries, recordings: count }
    }

    /// How many recordings it knows.
    #[must_use]
    pub fn recordings(&self) -> u32 {
        self.recordings
    }

    /// How much memory it takes, in bytes.
    #[must_use]
    pub fn bytes(&self) -> usize {
        self.entries.len() * 8
    }

    /// The recording that a clip is of; `None` where there is none, or it can't be told.
    #[must_use]
    pub fn identify(&self, clip: &[Landmark]) -> Option<Identified> {
        let mut votes: HashMap<(u32, i64), u32> = HashMap::new();
        for landmark in clip {
            let distance = landmark.hash & 63;
            // Windows of clip and recording don't begin together, so a distance may be one off.
            for distance in distance.saturating_sub(1)..=(distance + 1).min(63) {
                let hash = (landmark.hash & !63) | distance;
                for entry in self.of_hash(hash) {
                    let recording = u32::try_from((entry >> 16) & 0xff_ffff).expect("24 bits");
                    let shift = i64::try_from(entry & 0xffff).expect("16 bits")
                        - i64::from(landmark.window);
                    *votes.entry((recording, shift)).or_default() += 1;
                }
            }
        }
        let mut best: HashMap<u32, (u32, i64)> = HashMap::new();
        for (&(recording, shift), &count) in &votes {
            // A shift between two windows has its votes in both.
            let together = count + votes.get(&(recording, shift + 1)).copied().unwrap_or(0);
            let known = best.entry(recording).or_insert((0, 0));
            if (together, std::cmp::Reverse(shift)) > (known.0, std::cmp::Reverse(known.1)) {
                *known = (together, shift);
            }
        }
        let mut ranked: Vec<(u32, u32, i64)> =
            best.into_iter().map(|(recording, (votes, shift))| (votes, recording, shift)).collect();
        ranked.sort_unstable_by_key(|&(votes, recording, _)| (std::cmp::Reverse(votes), recording));
        let &(votes, recording, shift) = ranked.first()?;
        let votes_of_next = ranked.get(1).map_or(0, |next| next.0);
        let clear = votes >= VOTES_MIN && votes >= votes_of_next.saturating_mul(LEAD);
        let window_tenths =
            i64::try_from(HOP * DECIMATION * 10_000 / RATE_HZ as usize).expect("320");
        clear.then_some(Identified {
            recording,
            at_ms: shift * window_tenths / 10,
            votes,
            votes_of_next,
        })
    }

    fn of_hash(&self, hash: u32) -> &[u64] {
        let first = u64::from(hash) << 40;
        let from = self.entries.partition_point(|entry| *entry < first);
        let rest = &self.entries[from..];
        let count = rest.partition_point(|entry| entry >> 40 == u64::from(hash));
        if count > ENTRIES_PER_HASH_MAX { &[] } else { &rest[..count] }
    }
}
