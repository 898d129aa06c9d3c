//! How fast files become rungs, in seconds of music for each second of one processor: what
//! `cargo xtask bench encode` runs. Processor time is counted, so other work on the machine does
//! not show.
//!
//! Usage: `bench_encode [FILE …]`. It measures music that it makes, then the files, then says what all of them
//! come to, and whether that is past the bar of the library that encodes: with the feature `c-libopus` the C
//! libopus, else its translation.

#![allow(
    clippy::cast_possible_truncation,
    clippy::cast_precision_loss,
    clippy::unwrap_used,
    reason = "a program for people who read its figures; what fails says where"
)]

use std::io::Cursor;

use ledgerline_audio::{
    Ladder, Limits, Resampler, decode, encode_ladder, opus_encoder_version, study, to_stereo,
};
use rustix::time::{ClockId, clock_gettime};

/// The bar of the four rungs, decoding included: so many seconds of music for each second of a processor.
const BAR: f64 = if cfg!(feature = "c-libopus") { 22.0 } else { 15.0 };

/// Seconds of music, and of the processor for two things that are done with them.
#[derive(Default)]
struct Sum {
    music: f64,
    four_rungs: f64,
    ingest: f64,
}

fn processor_seconds() -> f64 {
    let time = clock_gettime(ClockId::ThreadCPUTime);
    time.tv_sec as f64 + time.tv_nsec as f64 / 1e9
}

fn measured<T>(work: impl FnOnce() -> T) -> (T, f64) {
    let before = processor_seconds();
    let done = work();
    (done, processor_seconds() - before)
}

/// A minute of notes and noise as a WAV of 44.1 kHz.
fn made() -> Vec<u8> {
    let (rate, seconds) = (44_100_u32, 60_u32);
    let mut state = 7_u64;
    let mut data = Vec::new();
    for at in 0..rate * seconds {
        let t = f64::from(at) / f64::from(rate);
        let note = 110.0 * 2_f64.powf(f64::from((at / 11_025 * 7) % 24) / 12.0);
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        let drum = (state as f64 / u64::MAX as f64 - 0.5) * (-(t % 0.5) * 20.0).exp();
        for detune in [1.0, 1.003] {
            let tone: f64 = (1..=6)
                .map(|part| {
                    (std::f64::consts::TAU * note * detune * f64::from(part) * t).sin()
                        / f64::from(part)
                })
                .sum();
            data.extend((((tone * 0.12 + drum * 0.2) * 32_767.0) as i16).to_le_bytes());
        }
    }
    let mut wav = b"RIFF".to_vec();
    wav.extend((36 + data.len() as u32).to_le_bytes());
    wav.extend(b"WAVEfmt \x10\0\0\0\x01\0\x02\0");
    wav.extend(rate.to_le_bytes());
    wav.extend((rate * 4).to_le_bytes());
    wav.extend(b"\x04\0\x10\0data");
    wav.extend((data.len() as u32).to_le_bytes());
    wav.extend(data);
    wav
}

fn bench(name: &str, file: &[u8], sum: &mut Sum) {
    let limits = Limits::default();
    let source = || Cursor::new(file.to_vec());
    let (decoded, decoding) =
        measured(|| decode(source(), None, &limits, &mut |_, _| Ok(())).unwrap());
    let seconds = decoded.frames as f64 / f64::from(decoded.facts.rate_hz);
    let (_, resampling) = measured(|| {
        let mut resampler = None;
        let (mut stereo, mut out) = (Vec::new(), Vec::new());
        decode(source(), None, &limits, &mut |facts, frames| {
            stereo.clear();
            out.clear();
            to_stereo(frames, facts.channels, &mut stereo);
            let resampler = resampler.get_or_insert_with(|| Resampler::new(facts.rate_hz).unwrap());
            resampler.push(&stereo, &mut out)
        })
        .unwrap()
    });
    println!(
        "{name}: {} at {} Hz, {seconds:.0} s",
        decoded.facts.codec.word(),
        decoded.facts.rate_hz
    );
    let say = |what: &str, took: f64| println!("  {what:<28} {:>7.1} x", seconds / took);
    say("decoding", decoding);
    say("decoding and resampling", resampling);
    for rung in ["opus-24", "opus-96", "opus-160", "opus-320", "flac"] {
        let ladder: Ladder = rung.parse().unwrap();
        let ((_, made), took) =
            measured(|| encode_ladder(source(), None, &limits, &ladder).unwrap());
        if let Some(made) = made.first() {
            let alone = took - resampling;
            println!("  {rung:<28} {:>7.1} x, {} kbit/s", seconds / alone, made.mean_kbps());
        }
    }
    let four: Ladder = "opus-24,opus-96,opus-160,opus-320".parse().unwrap();
    let (_, took) = measured(|| encode_ladder(source(), None, &limits, &four).unwrap());
    say("four rungs, with decoding", took);
    println!("  {:<28} {:>7.1} %", "of that, decoding", decoding * 100.0 / took);
    let ladder = Ladder::default();
    let (_, ingest) = measured(|| study(source(), None, &limits, &ladder, &mut |_| true).unwrap());
    say("whole ingest", ingest);
    sum.music += seconds;
    sum.four_rungs += took;
    sum.ingest += ingest;
}

fn main() {
    println!("Opus by {}; seconds of music for each processor second", opus_encoder_version());
    let mut sum = Sum::default();
    bench("made", &made(), &mut sum);
    for file in std::env::args().skip(1) {
        bench(&file, &std::fs::read(&file).unwrap(), &mut sum);
    }
    let four_rungs = sum.music / sum.four_rungs;
    println!("all of it: {:.0} s", sum.music);
    println!("  {:<28} {four_rungs:>7.1} x", "four rungs, with decoding");
    println!("  {:<28} {:>7.1} x", "whole ingest", sum.music / sum.ingest);
    let verdict = if four_rungs >= BAR { "met" } else { "MISSED" };
    println!("four rungs of Opus, with decoding, at least {BAR:.0} x: {verdict}");
}
