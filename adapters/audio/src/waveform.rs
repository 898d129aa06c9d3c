//! What is seen of a track: its peaks.

/// The most points of a waveform.
pub const WAVEFORM_POINTS_MAX: usize = 800;

/// So many points are kept while it isn't known how long a track is; beyond, two become one.
const KEPT_MAX: usize = WAVEFORM_POINTS_MAX * 16;
/// Samples of the first points: about 5 ms of stereo.
const POINT_SAMPLES: usize = 512;

/// Gathers the peaks of stereo frames.
pub struct WaveformMeter {
    peaks: Vec<f32>,
    point_samples: usize,
    peak: f32,
    waiting: usize,
}

impl Default for WaveformMeter {
    fn default() -> Self {
        Self { peaks: Vec::new(), point_samples: POINT_SAMPLES, peak: 0.0, waiting: 0 }
    }
}

impl WaveformMeter {
    /// Takes interleaved stereo frames.
    pub fn push(&mut self, mut stereo: &[f32]) {
        while !stereo.is_empty() {
            let taken = (self.point_samples - self.waiting).min(stereo.len());
            let (now, later) = stereo.split_at(taken);
            self.peak = now.iter().fold(self.peak, |peak, sample| peak.max(sample.abs()));
            self.waiting += taken;
            stereo = later;
            if self.waiting == self.point_samples {
                self.close();
            }
        }
    }

    fn close(&mut self) {
        self.peaks.push(self.peak);
        (self.peak, self.waiting) = (0.0, 0);
        if self.peaks.len() == KEPT_MAX {
            self.peaks = self.peaks.chunks(2).map(|pair| pair[0].max(pair[1])).collect();
            self.point_samples *= 2;
        }
    }

    /// The waveform: at most [`WAVEFORM_POINTS_MAX`] peaks from 0 to 255, of stretches of the same length.
    #[must_use]
    pub fn finish(mut self) -> Vec<u8> {
        if self.waiting > 0 {
            self.close();
        }
        let points = self.peaks.len().min(WAVEFORM_POINTS_MAX);
        let edge = |point: usize| point * self.peaks.len() / points;
        (0..points)
            .map(|point| {
                let peak = self.peaks[edge(point)..edge(point + 1)]
                    .iter()
                    .fold(0.0, |a: f32, b| a.max(*b));
                #[expect(
                    clippy::cast_possible_truncation,
                    clippy::cast_sign_loss,
                    reason = "`as` cuts to the range, as it should"
                )]
                let byte = (peak * 255.0).round() as u8;
                byte
            })
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_peak_stands_where_it_was() {
        for frames in [1_usize, 700, 100_000, 9_000_000] {
            let mut meter = WaveformMeter::default();
            let mut samples = vec![0.25; frames * 2];
            let loud = frames * 3 / 4 * 2;
            samples[loud] = -1.0;
            for part in samples.chunks(4_098) {
                meter.push(part);
            }
            let points = meter.finish();
            assert!((1..=WAVEFORM_POINTS_MAX).contains(&points.len()));
            let at = points.iter().position(|point| *point == 255).unwrap();
            assert!(at.abs_diff(points.len() * 3 / 4) <= 1, "{frames}: {at} of {}", points.len());
            assert!(points.iter().all(|point| matches!(point, 64 | 255)));
        }
        assert!(WaveformMeter::default().finish().is_empty());
    }
}
