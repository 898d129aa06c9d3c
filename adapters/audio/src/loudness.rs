//! How loud a recording is, by EBU R 128 (ITU-R BS.1770), alone and as a part of a release.

use ebur128::{EbuR128, Mode};

use crate::error::AudioError;

/// What everything is brought to, in LUFS.
pub const GAIN_REFERENCE_LUFS: f64 = -14.0;
/// The highest true peak that a positive gain may lead to, in dBTP.
pub const TRUE_PEAK_MAX_DBTP: f64 = -1.0;

/// Below this nothing counts, in LUFS.
const GATE_ABSOLUTE_LUFS: f64 = -70.0;
/// And nothing that is so much quieter than what counts, in LU.
const GATE_RELATIVE_LU: f64 = 10.0;
/// The gate of the range, below the mean.
const RANGE_GATE_LU: f64 = 20.0;
/// Blocks per LU of the histogram.
const BINS_PER_LU: f64 = 20.0;
/// From −70 LUFS to +10.
const BINS: usize = 1_600;
/// A block, in parts of a second.
const BLOCKS_PER_SECOND: usize = 10;

/// How loud a recording is.
#[derive(Debug, Clone, PartialEq)]
pub struct Loudness {
    /// Integrated loudness in LUFS; −70 where there is only silence.
    pub integrated_lufs: f64,
    /// Loudness range in LU.
    pub range_lu: f64,
    /// The true peak in dBTP; −70 where there is only silence.
    pub true_peak_dbtp: f64,
    /// How many blocks were how loud, of which a release's loudness is made.
    pub blocks: BlockHistogram,
    /// Of each tenth of a second the loudness of the 400 ms that end with it, in LUFS.
    pub momentary_lufs: Vec<f32>,
}

/// How many blocks of 400 ms, one each 100 ms, were how loud: in twentieths of a LU, from −70 LUFS on.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct BlockHistogram(Vec<(u16, u32)>);

impl BlockHistogram {
    /// Its bytes: for each step that has blocks its number and theirs, little-endian.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        let pair =
            |&(bin, count): &(u16, u32)| bin.to_le_bytes().into_iter().chain(count.to_le_bytes());
        self.0.iter().flat_map(pair).collect()
    }

    /// From its bytes; `None` where they are none of a histogram.
    #[must_use]
    pub fn from_bytes(bytes: &[u8]) -> Option<Self> {
        if !bytes.len().is_multiple_of(6) {
            return None;
        }
        let pairs: Vec<(u16, u32)> = bytes
            .chunks_exact(6)
            .map(|pair| {
                let bin = u16::from_le_bytes([pair[0], pair[1]]);
                (bin, u32::from_le_bytes([pair[2], pair[3], pair[4], pair[5]]))
            })
            .collect();
        let rising = pairs.is_sorted_by(|a, b| a.0 < b.0);
        let within = pairs.iter().all(|&(bin, count)| usize::from(bin) < BINS && count > 0);
        (rising && within).then_some(Self(pairs))
    }
}

/// Measures stereo frames of one rate.
pub struct LoudnessMeter {
    meter: EbuR128,
    block_samples: usize,
    waiting: Vec<f32>,
    blocks: u64,
    bins: Vec<u32>,
    momentary_lufs: Vec<f32>,
    /// Of each tenth of a second the loudness of the three seconds that end with it.
    short_term_lufs: Vec<f64>,
}

impl LoudnessMeter {
    /// For stereo of `rate_hz`.
    ///
    /// # Errors
    /// [`AudioError::Unsupported`] for a rate that can't be measured.
    pub fn new(rate_hz: u32) -> Result<Self, AudioError> {
        let mode = Mode::I | Mode::S | Mode::TRUE_PEAK | Mode::HISTOGRAM;
        let meter = EbuR128::new(2, rate_hz, mode)
            .map_err(|error| AudioError::Unsupported(format!("{rate_hz} Hz: {error}")))?;
        let block_samples = rate_hz as usize / BLOCKS_PER_SECOND * 2;
        Ok(Self {
            meter,
            block_samples,
            waiting: Vec::with_capacity(block_samples),
            blocks: 0,
            bins: vec![0; BINS],
            momentary_lufs: Vec::new(),
            short_term_lufs: Vec::new(),
        })
    }

    /// Takes interleaved stereo frames.
    ///
    /// # Errors
    /// [`AudioError::Defect`] where the meter refuses numbers.
    pub fn push(&mut self, mut stereo: &[f32]) -> Result<(), AudioError> {
        while self.waiting.len() + stereo.len() >= self.block_samples {
            let (now, later) = stereo.split_at(self.block_samples - self.waiting.len());
            self.waiting.extend_from_slice(now);
            stereo = later;
            self.block()?;
        }
        self.waiting.extend_from_slice(stereo);
        Ok(())
    }

    fn block(&mut self) -> Result<(), AudioError> {
        self.meter.add_frames_f32(&self.waiting).map_err(defect)?;
        self.waiting.clear();
        self.blocks += 1;
        let lufs = self.meter.loudness_momentary().map_err(defect)?.max(GATE_ABSOLUTE_LUFS);
        #[expect(clippy::cast_possible_truncation, reason = "a figure with two digits that count")]
        self.momentary_lufs.push(lufs as f32);
        if self.blocks >= 30 {
            self.short_term_lufs.push(self.meter.loudness_shortterm().map_err(defect)?);
        }
        // The first whole block ends after 400 ms.
        if self.blocks >= 4 && lufs > GATE_ABSOLUTE_LUFS {
            #[expect(
                clippy::cast_possible_truncation,
                clippy::cast_sign_loss,
                reason = "from 0 on, and cut to the last one"
            )]
            let bin = ((lufs - GATE_ABSOLUTE_LUFS) * BINS_PER_LU) as usize;
            self.bins[bin.min(BINS - 1)] += 1;
        }
        Ok(())
    }

    /// What was measured.
    ///
    /// # Errors
    /// [`AudioError::Defect`] where the meter refuses.
    pub fn finish(mut self) -> Result<Loudness, AudioError> {
        if !self.waiting.is_empty() {
            self.meter.add_frames_f32(&self.waiting).map_err(defect)?;
        }
        let peak =
            self.meter.true_peak(0).map_err(defect)?.max(self.meter.true_peak(1).map_err(defect)?);
        let sampled: Vec<(u16, u32)> = (0..)
            .zip(&self.bins)
            .filter(|(_, count)| **count > 0)
            .map(|(bin, count)| (bin, *count))
            .collect();
        Ok(Loudness {
            integrated_lufs: audible(self.meter.loudness_global().map_err(defect)?),
            range_lu: range(self.short_term_lufs),
            true_peak_dbtp: audible(20.0 * peak.log10()),
            blocks: BlockHistogram(sampled),
            momentary_lufs: self.momentary_lufs,
        })
    }
}

/// Loudness range, EBU Tech 3342: between the tenth and the ninety-fifth of a hundred of what is above both
/// gates; ten values a second, as the other meters take it.
fn range(mut short_term_lufs: Vec<f64>) -> f64 {
    short_term_lufs.retain(|lufs| *lufs >= GATE_ABSOLUTE_LUFS);
    let energy = |lufs: &f64| 10_f64.powf(lufs / 10.0);
    #[expect(clippy::cast_precision_loss, reason = "a number of tenths of seconds")]
    let mean = short_term_lufs.iter().map(energy).sum::<f64>() / short_term_lufs.len() as f64;
    let gate = 10.0 * mean.log10() - RANGE_GATE_LU;
    short_term_lufs.retain(|lufs| *lufs >= gate);
    short_term_lufs.sort_by(f64::total_cmp);
    let Some(last) = short_term_lufs.len().checked_sub(1) else { return 0.0 };
    let at = |hundredths: usize| short_term_lufs[(last * hundredths + 50) / 100];
    at(95) - at(10)
}

fn defect(error: ebur128::Error) -> AudioError {
    AudioError::Defect(format!("the loudness meter: {error}"))
}

fn audible(level: f64) -> f64 {
    if level.is_finite() { level.max(GATE_ABSOLUTE_LUFS) } else { GATE_ABSOLUTE_LUFS }
}

/// The integrated loudness of several recordings heard as one, in LUFS; −70 for silence.
///
/// Blocks are known to a twentieth of a LU, so the result is too.
#[must_use]
pub fn album_loudness<'a>(tracks: impl IntoIterator<Item = &'a BlockHistogram>) -> f64 {
    let mut bins = vec![0_u64; BINS];
    for &(bin, count) in tracks.into_iter().flat_map(|track| &track.0) {
        bins[usize::from(bin).min(BINS - 1)] += u64::from(count);
    }
    let energy = |bin: usize| {
        #[expect(clippy::cast_precision_loss, reason = "at most 1600")]
        let lufs = GATE_ABSOLUTE_LUFS + (bin as f64 + 0.5) / BINS_PER_LU;
        10_f64.powf((lufs + 0.691) / 10.0)
    };
    let loudness_from = |first: usize| -> f64 {
        let (mut sum, mut blocks) = (0.0, 0.0);
        for (bin, &count) in bins.iter().enumerate().skip(first) {
            #[expect(clippy::cast_precision_loss, reason = "a number of tenths of seconds")]
            let count = count as f64;
            sum += energy(bin) * count;
            blocks += count;
        }
        audible(-0.691 + 10.0 * (sum / blocks).log10())
    };
    let gate = loudness_from(0) - GATE_RELATIVE_LU;
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "from 0 on, as the gate is above the other one"
    )]
    let first = ((gate - GATE_ABSOLUTE_LUFS).max(0.0) * BINS_PER_LU) as usize;
    loudness_from(first)
}

/// What to turn a recording up by, in dB, to be as loud as all others: down as far as it takes, and up as
/// far as its peak allows. ReplayGain 2.0 with another reference.
#[must_use]
pub fn gain(loudness_lufs: f64, true_peak_dbtp: f64) -> f64 {
    if loudness_lufs <= GATE_ABSOLUTE_LUFS {
        return 0.0;
    }
    let wanted = GAIN_REFERENCE_LUFS - loudness_lufs;
    if wanted <= 0.0 { wanted } else { wanted.min((TRUE_PEAK_MAX_DBTP - true_peak_dbtp).max(0.0)) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn gains_stay_below_the_peak() {
        for (lufs, peak, expected) in [
            (-14.0, -3.0, 0.0),
            (-8.0, 0.5, -6.0),
            (-20.0, -10.0, 6.0),
            (-20.0, -3.0, 2.0),
            (-20.0, -0.5, 0.0),
            (-70.0, -70.0, 0.0),
        ] {
            assert!((gain(lufs, peak) - expected).abs() < 1e-9, "{lufs} {peak}");
        }
    }

    #[test]
    fn a_release_of_one_is_as_loud_as_it() {
        let mut meter = LoudnessMeter::new(48_000).unwrap();
        let tone = |at: u32| (f64::from(at) * 0.13).sin() * 0.1;
        #[expect(clippy::cast_possible_truncation, reason = "a sample")]
        let stereo: Vec<f32> = (0..480_000).flat_map(|at| [tone(at) as f32; 2]).collect();
        meter.push(&stereo).unwrap();
        let loudness = meter.finish().unwrap();
        let album = album_loudness([&loudness.blocks, &loudness.blocks]);
        assert!((album - loudness.integrated_lufs).abs() < 0.06, "{album} {loudness:?}");
        let bytes = loudness.blocks.to_bytes();
        assert_eq!(BlockHistogram::from_bytes(&bytes), Some(loudness.blocks));
        assert_eq!(BlockHistogram::from_bytes(&bytes[1..]), None);
        assert!(album_loudness([]) <= -70.0);
    }
}
