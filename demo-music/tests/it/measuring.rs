//! What is measured of sounds.

use ebur128::{EbuR128, Mode};
use ledgerline_demo_music::{RATE_HZ, Stereo};

fn meter(sound: &Stereo, mode: Mode) -> EbuR128 {
    let mut meter = EbuR128::new(2, RATE_HZ, mode).expect("a meter");
    meter.add_frames_planar_f32(&[&sound.left, &sound.right]).expect("two channels");
    meter
}

/// Integrated loudness in LUFS.
pub(crate) fn loudness(sound: &Stereo) -> f64 {
    meter(sound, Mode::I).loudness_global().expect("a loudness")
}

/// The true peak of both channels, in dB.
pub(crate) fn true_peak_db(sound: &Stereo) -> f64 {
    let meter = meter(sound, Mode::TRUE_PEAK);
    let peak = |channel| meter.true_peak(channel).expect("a peak");
    20.0 * peak(0_u32).max(peak(1)).log10()
}

/// So many frames are one, where tones are looked for: none of those is above 2 kHz.
const EVERY: usize = 8;

/// How much of what is heard between two moments is of each of the twelve tones, whatever their octave.
pub(crate) fn chroma(sound: &Stereo, from_s: f64, to_s: f64) -> [f64; 12] {
    let frame = |seconds: f64| ((seconds * f64::from(RATE_HZ)) as usize).min(sound.frames());
    let (from, to) = (frame(from_s), frame(to_s));
    let mono: Vec<f32> = (sound.left[from..to].iter().zip(&sound.right[from..to]))
        .map(|(left, right)| left + right)
        .collect();
    let fewer: Vec<f64> =
        mono.chunks_exact(EVERY).map(|few| few.iter().map(|it| f64::from(*it)).sum()).collect();
    // A window, so that no tone leaks into its neighbours.
    let turn = std::f64::consts::TAU / fewer.len() as f64;
    let windowed: Vec<f64> = (fewer.iter().enumerate())
        .map(|(at, sample)| sample * (0.5 - 0.5 * (turn * at as f64).cos()))
        .collect();
    let mut heard = [0.0; 12];
    for pitch in 43..84_usize {
        let hz = 440.0 * ((pitch as f64 - 69.0) / 12.0).exp2();
        heard[pitch % 12] += goertzel(&windowed, hz).sqrt();
    }
    let sum: f64 = heard.iter().sum();
    heard.map(|it| it / sum.max(1e-12))
}

/// The power at one frequency (G. Goertzel, 1958).
fn goertzel(samples: &[f64], hz: f64) -> f64 {
    let rate = f64::from(RATE_HZ) / EVERY as f64;
    let factor = 2.0 * (std::f64::consts::TAU * hz / rate).cos();
    let (mut one, mut two) = (0.0, 0.0);
    for sample in samples {
        (one, two) = (sample + factor * one - two, one);
    }
    (one * one + two * two - factor * one * two).max(0.0)
}

/// How much two stretches go through the same harmonies, from 0 to 1: the mean of the cosine between their chromas, step
/// by step.
pub(crate) fn similarity(sound: &Stereo, one: (f64, f64), other: (f64, f64)) -> f64 {
    const STEPS: u32 = 16;
    let step = |(from, to): (f64, f64), at: u32| {
        let length = (to - from) / f64::from(STEPS);
        chroma(sound, from + length * f64::from(at), from + length * f64::from(at + 1))
    };
    let cosine = |at: u32| {
        let (a, b) = (step(one, at), step(other, at));
        let dot = |x: &[f64; 12], y: &[f64; 12]| x.iter().zip(y).map(|(x, y)| x * y).sum::<f64>();
        dot(&a, &b) / (dot(&a, &a) * dot(&b, &b)).sqrt()
    };
    (0..STEPS).map(cosine).sum::<f64>() / f64::from(STEPS)
}

#[test]
fn a_tone_is_measured_as_itself() {
    let tone = |hz: f32| {
        let left: Vec<f32> = (0..48_000)
            .map(|at| (std::f32::consts::TAU * hz * at as f32 / RATE_HZ as f32).sin() * 0.5)
            .collect();
        Stereo { right: left.clone(), left }
    };
    let a = chroma(&tone(440.0), 0.0, 1.0);
    assert!(a[9] > 0.9, "{a:?}");
    let c = chroma(&tone(261.63), 0.0, 1.0);
    assert!(c[0] > 0.9 && c[9] < 0.02, "{c:?}");
}
