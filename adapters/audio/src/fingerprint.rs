//! Whether two files are the same recording: Chromaprint's prints, compared.

use std::collections::HashMap;

use rusty_chromaprint::{Configuration, Fingerprinter as Inner};

use crate::error::AudioError;

/// The most numbers of one print: three hours of them.
const ITEMS_MAX: usize = 90_000;
/// How many bits of a number must be the same for a place to be looked at.
const KEY_SHIFT: u32 = 12;
/// A number that stands in a print more often says nothing about where: silence, a held tone.
const REPEATS_MAX: usize = 32;
/// The most places that are looked at.
const PLACES_MAX: usize = 8;
/// The shortest stretch that two prints must share, in numbers: about five seconds.
const OVERLAP_MIN: usize = 40;

/// Makes the print of stereo frames of one rate: Chromaprint's algorithm 2, as AcoustID has it.
pub struct Fingerprinter {
    inner: Inner,
    reducer: Reducer,
    samples: Vec<i16>,
}

impl Fingerprinter {
    /// For stereo of `rate_hz`.
    ///
    /// # Errors
    /// [`AudioError::Unsupported`] for a rate that it doesn't take.
    pub fn new(rate_hz: u32) -> Result<Self, AudioError> {
        let mut inner = Inner::new(&Configuration::preset_test2());
        inner
            .start(PRINT_RATE_HZ, 1)
            .map_err(|error| AudioError::Unsupported(format!("{rate_hz} Hz: {error}")))?;
        Ok(Self { inner, reducer: Reducer::new(rate_hz), samples: Vec::new() })
    }

    /// Takes interleaved stereo frames.
    pub fn push(&mut self, stereo: &[f32]) {
        #[expect(clippy::cast_possible_truncation, reason = "`as` cuts to the range, as it should")]
        let whole = |sample: f32| i32::from((sample * 32_768.0).round_ties_even() as i16);
        let mono = stereo.chunks_exact(2).map(|frame| (whole(frame[0]) + whole(frame[1])) / 2);
        self.samples.clear();
        self.reducer.push(mono, &mut self.samples);
        self.inner.consume(&self.samples);
    }

    /// The print: about eight numbers a second, none of the first two and a half seconds.
    #[must_use]
    pub fn finish(mut self) -> Vec<u32> {
        self.inner.finish();
        let print = self.inner.fingerprint();
        print[..print.len().min(ITEMS_MAX)].to_vec()
    }
}

/// The rate that prints are made at, in hertz.
const PRINT_RATE_HZ: u32 = 11_025;
/// Places of the filter between two samples.
const PHASES: usize = 256;
/// One, in the filter's numbers.
const ONE_BITS: u32 = 15;
/// Taps of the filter at a ratio of one.
const TAPS: f64 = 16.0;
/// Where the filter cuts, as a part of the lower rate's half.
const CUTOFF: f64 = 0.8;
/// The shape of its window, Kaiser's beta.
const BETA: f64 = 9.0;

/// Reduces the rate as Chromaprint does, rounding included: another filter turns one bit in a hundred and
/// fifty. A windowed sinc in whole numbers, with the parameters of Chromaprint's `AudioProcessor`.
struct Reducer {
    /// For each phase its taps.
    bank: Vec<Vec<i32>>,
    rate_hz: u64,
    waiting: Vec<i32>,
    /// Where the next sample's filter begins, in phases from the first of those that wait.
    at: i64,
    /// And what is lost of it by rounding, in parts of the print's rate.
    rest: u64,
}

impl Reducer {
    fn new(rate_hz: u32) -> Self {
        let factor = (f64::from(PRINT_RATE_HZ) * CUTOFF / f64::from(rate_hz)).min(1.0);
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "some hundred taps"
        )]
        let taps = (TAPS / factor).ceil() as usize;
        let before = (taps - 1) / 2;
        Self {
            bank: (0..PHASES).map(|phase| filter(phase, taps, before, factor)).collect(),
            rate_hz: rate_hz.into(),
            waiting: Vec::new(),
            at: -signed(before * PHASES),
            rest: 0,
        }
    }

    fn push(&mut self, mono: impl Iterator<Item = i32>, out: &mut Vec<i16>) {
        self.waiting.extend(mono);
        let (phases, taps) = (signed(PHASES), self.bank[0].len());
        let step = self.rate_hz * PHASES as u64;
        loop {
            let first = self.at.div_euclid(phases);
            if first + signed(taps) > signed(self.waiting.len()) {
                break;
            }
            let bank =
                &self.bank[usize::try_from(self.at.rem_euclid(phases)).expect("not negative")];
            // What is in front of the first sample is what follows it, mirrored.
            let sum: i64 = (first..)
                .zip(bank)
                .map(|(at, tap)| {
                    let at = usize::try_from(at.unsigned_abs()).expect("within what waits");
                    i64::from(self.waiting[at]) * i64::from(*tap)
                })
                .sum();
            let sample = (sum + (1 << (ONE_BITS - 1))) >> ONE_BITS;
            let sample = sample.clamp(i16::MIN.into(), i16::MAX.into());
            out.push(i16::try_from(sample).expect("clamped"));
            self.rest += step % u64::from(PRINT_RATE_HZ);
            self.at += signed_64(step / u64::from(PRINT_RATE_HZ));
            if self.rest >= PRINT_RATE_HZ.into() {
                self.rest -= u64::from(PRINT_RATE_HZ);
                self.at += 1;
            }
        }
        let read = usize::try_from(self.at.div_euclid(phases)).unwrap_or(0).min(self.waiting.len());
        self.waiting.drain(..read);
        self.at -= signed(read) * phases;
    }
}

fn signed_64(number: u64) -> i64 {
    i64::try_from(number).expect("far below the limit")
}

/// The taps of one phase, whose sum is one.
fn filter(phase: usize, taps: usize, before: usize, factor: f64) -> Vec<i32> {
    use std::f64::consts::PI;

    #[expect(clippy::cast_precision_loss, reason = "some hundred")]
    let (taps_f, before_f, phase_f) = (taps as f64, before as f64, phase as f64 / PHASES as f64);
    #[expect(clippy::cast_precision_loss, reason = "some hundred")]
    let weights: Vec<f64> = (0..taps)
        .map(|tap| {
            let x = PI * (tap as f64 - before_f - phase_f) * factor;
            let sinc = if x == 0.0 { 1.0 } else { x.sin() / x };
            let w = 2.0 * x / (factor * taps_f * PI);
            sinc * bessel(BETA * (1.0 - w * w).max(0.0).sqrt())
        })
        .collect();
    let sum: f64 = weights.iter().sum();
    let one = f64::from(1_u32 << ONE_BITS);
    #[expect(clippy::cast_possible_truncation, reason = "at most one")]
    weights.iter().map(|weight| (weight * one / sum).round_ties_even() as i32).collect()
}

/// The modified Bessel function of the first kind and order zero, by its series.
fn bessel(x: f64) -> f64 {
    let quarter = x * x / 4.0;
    let (mut sum, mut term) = (1.0, 1.0);
    for n in 1..60 {
        term *= quarter / (f64::from(n) * f64::from(n));
        sum += term;
    }
    sum
}

/// Where two prints are most alike.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct PrintMatch {
    /// How much later the second begins in the first, in milliseconds; less than nothing where it is the
    /// other way round.
    pub offset_ms: i64,
    /// How long both are heard, in milliseconds.
    pub overlap_ms: u64,
    /// Which part of the shorter print that is, up to 1.
    pub overlap_share: f32,
    /// Which part of the bits differs there: 0.5 is chance.
    pub bit_error_rate: f32,
}

impl PrintMatch {
    /// Whether they are the same recording. Copies in other codecs differ by a few hundredths, recordings of
    /// one piece by others by more than a third.
    #[must_use]
    pub fn is_same(&self) -> bool {
        self.overlap_share >= 0.8 && self.bit_error_rate <= 0.15
    }
}

/// A number of the print, in tenths of milliseconds: 1365 of 11 025 samples a second.
const ITEM_TENTHS: i64 = 13_650_000 / 11_025;

/// Where two prints are most alike; `None` where they share too little.
#[must_use]
pub fn match_prints(a: &[u32], b: &[u32]) -> Option<PrintMatch> {
    let (a, b) = (&a[..a.len().min(ITEMS_MAX)], &b[..b.len().min(ITEMS_MAX)]);
    let mut at_of: HashMap<u32, Vec<usize>> = HashMap::new();
    for (at, item) in a.iter().enumerate() {
        at_of.entry(item >> KEY_SHIFT).or_default().push(at);
    }
    let mut votes: HashMap<i64, u32> = HashMap::from([(0, 1)]);
    for (at_b, item) in b.iter().enumerate() {
        let places = at_of.get(&(item >> KEY_SHIFT)).filter(|places| places.len() <= REPEATS_MAX);
        for &at_a in places.into_iter().flatten() {
            *votes.entry(signed(at_a) - signed(at_b)).or_default() += 1;
        }
    }
    let mut places: Vec<(u32, i64)> =
        votes.into_iter().map(|(offset, votes)| (votes, offset)).collect();
    // The most votes first, and of as many the smaller shift: the same answer each time.
    places
        .sort_unstable_by_key(|&(votes, offset)| (std::cmp::Reverse(votes), offset.abs(), offset));
    let shorter = a.len().min(b.len());
    let compared = places.iter().take(PLACES_MAX).filter_map(|&(_, offset)| compare(a, b, offset));
    let (differing, overlap, offset) =
        compared.min_by(|x, y| (x.0 * y.1 as u64).cmp(&(y.0 * x.1 as u64)))?;
    #[expect(clippy::cast_precision_loss, reason = "a share with two digits that count")]
    let share = |part: u64, whole: u64| part as f32 / whole as f32;
    Some(PrintMatch {
        offset_ms: offset * ITEM_TENTHS / 10,
        overlap_ms: overlap as u64 * ITEM_TENTHS.unsigned_abs() / 10,
        overlap_share: share(overlap as u64, shorter as u64),
        bit_error_rate: share(differing, overlap as u64 * 32),
    })
}

fn signed(at: usize) -> i64 {
    i64::try_from(at).expect("a print is short")
}

/// Bits that differ, and numbers that were compared.
fn compare(a: &[u32], b: &[u32], offset: i64) -> Option<(u64, usize, i64)> {
    let shift = usize::try_from(offset.unsigned_abs()).ok()?;
    let (a, b) = if offset >= 0 { (a.get(shift..)?, b) } else { (a, b.get(shift..)?) };
    let overlap = a.len().min(b.len());
    let differing = a.iter().zip(b).map(|(a, b)| u64::from((a ^ b).count_ones())).sum();
    (overlap >= OVERLAP_MIN).then_some((differing, overlap, offset))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Numbers that look like chance.
    fn print(seed: u32, items: u32) -> Vec<u32> {
        let mut state = seed;
        let mut next = || {
            state ^= state << 13;
            state ^= state >> 17;
            state ^= state << 5;
            state
        };
        (0..items).map(|_| next()).collect()
    }

    #[test]
    fn shifted_copies_are_found() {
        let whole = print(7, 900);
        let mut copy = whole[50..].to_vec();
        for (at, item) in copy.iter_mut().enumerate() {
            *item ^= 1 << (at % 11);
        }
        let found = match_prints(&whole, &copy).unwrap();
        assert!(found.is_same() && found.bit_error_rate < 0.04, "{found:?}");
        assert!((6_180..6_200).contains(&found.offset_ms), "{found:?}");
        let turned = match_prints(&copy, &whole).unwrap();
        assert_eq!(turned.offset_ms, -found.offset_ms);
        let other = match_prints(&whole, &print(9, 900));
        assert!(other.is_none_or(|other| !other.is_same()), "{other:?}");
        assert_eq!(match_prints(&whole[..20], &whole), None);
        assert_eq!(match_prints(&[], &[]), None);
    }
}
