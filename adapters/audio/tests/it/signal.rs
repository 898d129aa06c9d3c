//! Sounds that tests make: a little music, seeded, and WAV files of it.

use std::io::Cursor;

use ledgerline_audio::{Decoded, Limits, decode};

/// A generator of numbers that look like chance.
pub(crate) struct Chance(u64);

impl Chance {
    pub(crate) fn new(seed: u64) -> Self {
        Self(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1)
    }

    pub(crate) fn next(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0
    }

    /// From 0 up to 1.
    pub(crate) fn share(&mut self) -> f64 {
        (self.next() >> 11) as f64 / (1_u64 << 53) as f64
    }

    /// About a normal distribution, of variance 1.
    pub(crate) fn normal(&mut self) -> f64 {
        (0..12).map(|_| self.share()).sum::<f64>() - 6.0
    }
}

/// Notes with overtones that come and go, and a drum: interleaved stereo of `frames`.
pub(crate) fn music(seed: u64, rate_hz: u32, frames: usize) -> Vec<f32> {
    let mut chance = Chance::new(seed);
    let rate = f64::from(rate_hz);
    let mut out = vec![0.0_f32; frames * 2];
    let beat = (rate * (0.17 + 0.1 * chance.share())) as usize;
    for start in (0..frames).step_by(beat) {
        for _ in 0..3 {
            let pitch = 110.0 * 2_f64.powf((chance.next() % 36) as f64 / 12.0);
            let (level, pan) = (0.05 + 0.06 * chance.share(), chance.share());
            let length = beat * (1 + (chance.next() % 4) as usize);
            for at in 0..length.min(frames - start) {
                let t = at as f64 / rate;
                let shape = (-t * 5.0).exp() * (t * 400.0).min(1.0);
                let tone: f64 = (1..=5)
                    .map(|part| {
                        let part = f64::from(part);
                        (std::f64::consts::TAU * pitch * part * t).sin() / part
                    })
                    .sum();
                let sample = tone * shape * level;
                out[(start + at) * 2] += (sample * (1.0 - pan)) as f32;
                out[(start + at) * 2 + 1] += (sample * pan) as f32;
            }
        }
        for at in 0..(beat / 4).min(frames - start) {
            let sample = (chance.normal() * 0.05 * (-(at as f64) / rate * 60.0).exp()) as f32;
            out[(start + at) * 2] += sample;
            out[(start + at) * 2 + 1] += sample;
        }
    }
    // As a file of 16 bits has it.
    out.iter()
        .map(|sample| (sample * 32_768.0).round().clamp(-32_768.0, 32_767.0) / 32_768.0)
        .collect()
}

/// A WAV file of 16 or 24 bits.
pub(crate) fn wav(samples: &[f32], rate_hz: u32, channels: u16, bits: u16) -> Vec<u8> {
    let bytes = u32::from(bits / 8);
    let data = samples.len() as u32 * bytes;
    let mut out = b"RIFF".to_vec();
    out.extend((36 + data).to_le_bytes());
    out.extend(b"WAVEfmt ");
    out.extend(16_u32.to_le_bytes());
    out.extend(1_u16.to_le_bytes());
    out.extend(channels.to_le_bytes());
    out.extend(rate_hz.to_le_bytes());
    out.extend((rate_hz * u32::from(channels) * bytes).to_le_bytes());
    out.extend((channels * bits / 8).to_le_bytes());
    out.extend(bits.to_le_bytes());
    out.extend(b"data");
    out.extend(data.to_le_bytes());
    let scale = f64::from(1_u32 << (bits - 1));
    for sample in samples {
        let whole = (f64::from(*sample) * scale).round() as i32;
        out.extend(&whole.to_le_bytes()[..bytes as usize]);
    }
    out
}

/// What a file decodes to, interleaved.
pub(crate) fn decoded(file: &[u8], extension: Option<&str>) -> (Decoded, Vec<f32>) {
    let mut samples = Vec::new();
    let source = Cursor::new(file.to_vec());
    let decoded = decode(source, extension, &Limits::default(), &mut |_, frames| {
        samples.extend_from_slice(frames);
        Ok(())
    })
    .unwrap();
    (decoded, samples)
}

/// How much louder `expected` is than what `found` differs from it by, in dB.
pub(crate) fn snr_db(expected: &[f32], found: &[f32]) -> f64 {
    assert_eq!(expected.len(), found.len());
    let square =
        |values: &mut dyn Iterator<Item = f64>| values.map(|value| value * value).sum::<f64>();
    let signal = square(&mut expected.iter().map(|sample| f64::from(*sample)));
    let noise = square(&mut expected.iter().zip(found).map(|(a, b)| f64::from(*a) - f64::from(*b)));
    10.0 * (signal / noise.max(1e-12)).log10()
}
