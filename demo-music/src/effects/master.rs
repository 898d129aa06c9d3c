//! The last step: as loud as other music, and never louder than a player takes.

use ebur128::{EbuR128, Mode};
use std::collections::VecDeque;

use super::filter::{Biquad, Kind};
use crate::sound::{RATE, RATE_HZ, Stereo, frames};

/// How loud a piece is, by EBU R 128.
const LOUDNESS_LUFS: f64 = -15.0;
/// No sample is above this; between samples it may be a little more.
const CEILING: f32 = 0.84;
/// True peaks stay below this, in dB.
const TRUE_PEAK_MAX_DB: f64 = -1.1;
/// How long before a peak the limiter begins to turn down.
const AHEAD_S: f64 = 0.004;
const RELEASE_S: f32 = 0.18;

/// Makes a mix as loud as it must be, without what nobody hears.
pub(crate) fn master(mix: &mut Stereo) {
    for hz in [24.0, 24.0] {
        mix.filter(|| {
            let mut filter = Biquad::new(Kind::HighPass { hz, q: 0.71 });
            move |sample| filter.next(sample)
        });
    }
    // The limiter takes loudness away, so what is missing is made up once more.
    for _ in 0..2 {
        let loudness = measured(mix, Mode::I).loudness_global().expect("loudness is measured");
        mix.scale(10_f64.powf((LOUDNESS_LUFS - loudness) / 20.0) as f32);
        limit(mix);
    }
    let meter = measured(mix, Mode::TRUE_PEAK);
    let peaks = [0, 1].map(|channel| meter.true_peak(channel).expect("there are two channels"));
    let peak = peaks[0].max(peaks[1]);
    let over = 20.0 * peak.log10() - TRUE_PEAK_MAX_DB;
    if over > 0.0 {
        mix.scale(10_f64.powf(-over / 20.0) as f32);
    }
}

fn measured(mix: &Stereo, mode: Mode) -> EbuR128 {
    let mut meter =
        EbuR128::new(2, RATE_HZ, mode).expect("two channels at this rate can be measured");
    meter.add_frames_planar_f32(&[&mix.left, &mix.right]).expect("both channels are of one length");
    meter
}

/// Turns down in front of peaks, smoothly: the least gain that is needed soon, then its mean over that time, which is
/// never more than what a peak needs when it comes.
fn limit(mix: &mut Stereo) {
    let ahead = frames(AHEAD_S);
    let total = mix.frames();
    let peak = |at: usize| mix.left[at].abs().max(mix.right[at].abs());
    let wanted: Vec<f32> = (0..total).map(|at| (CEILING / peak(at).max(1e-9)).min(1.0)).collect();
    let mut least = VecDeque::<usize>::new();
    let mut held = vec![1.0_f32; total];
    let recover = 1.0 - (-1.0 / (RELEASE_S * RATE)).exp();
    let mut gain = 1.0_f32;
    for at in 0..total + ahead {
        if at < total {
            while least.back().is_some_and(|last| wanted[*last] >= wanted[at]) {
                least.pop_back();
            }
            least.push_back(at);
        }
        let Some(now) = at.checked_sub(ahead) else { continue };
        while least.front().is_some_and(|first| *first < now) {
            least.pop_front();
        }
        let soon = least.front().map_or(1.0, |first| wanted[*first]);
        gain = soon.min(gain + (1.0 - gain) * recover);
        held[now] = gain;
    }
    let mut sum = ahead as f64;
    for at in 0..total {
        sum += f64::from(held[at]) - at.checked_sub(ahead).map_or(1.0, |old| f64::from(held[old]));
        let gain = ((sum / ahead as f64) as f32).min(1.0);
        mix.left[at] *= gain;
        mix.right[at] *= gain;
    }
}

/// The end fades to silence.
pub(crate) fn fade_out(mix: &mut Stereo, seconds: f64) {
    let length = frames(seconds).min(mix.frames());
    let from = mix.frames() - length;
    for channel in [&mut mix.left, &mut mix.right] {
        for (at, sample) in channel[from..].iter_mut().enumerate() {
            let left = 1.0 - (at + 1) as f32 / length as f32;
            *sample *= left * left * (3.0 - 2.0 * left);
        }
    }
}
