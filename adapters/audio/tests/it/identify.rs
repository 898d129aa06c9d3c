//! Ten seconds in noise: how many are recognised, and whether anything is that shouldn't be.

use std::io::Cursor;

use ledgerline_audio::{
    LandmarkIndex, Landmarks, Limits, decode_landmarks, encode_landmarks, identify_landmarks,
};

use crate::signal::{Chance, decoded, music, wav};
use crate::tools;

const RATE_HZ: u32 = 48_000;

/// A clip of so many seconds, with noise that is so much quieter than it, as a WAV of one channel.
fn clip(
    samples: &[f32],
    at_frame: usize,
    seconds: usize,
    snr_db: f64,
    chance: &mut Chance,
) -> Vec<u8> {
    let part = &samples[at_frame * 2..(at_frame + seconds * RATE_HZ as usize) * 2];
    let mono: Vec<f64> = part.chunks(2).map(|frame| f64::from(frame[0] + frame[1]) / 2.0).collect();
    let power = mono.iter().map(|sample| sample * sample).sum::<f64>() / mono.len() as f64;
    let level = (power / 10_f64.powf(snr_db / 10.0)).sqrt();
    let noisy: Vec<f32> =
        mono.iter().map(|sample| ((sample + chance.normal() * level) * 0.5) as f32).collect();
    wav(&noisy, RATE_HZ, 1, 16)
}

fn kept(samples: &[f32]) -> Vec<ledgerline_audio::Landmark> {
    let mut landmarks = Landmarks::to_keep();
    for part in samples.chunks(8_192) {
        landmarks.push(part).unwrap();
    }
    landmarks.finish().unwrap()
}

fn asked(file: Vec<u8>) -> Vec<ledgerline_audio::Landmark> {
    identify_landmarks(Cursor::new(file), None, &Limits::default(), 15_000).unwrap()
}

#[test]
fn clips_in_noise_are_recognised() {
    let mut chance = Chance::new(77);
    // Forty pieces that the index knows and ten that it doesn't.
    let mut known: Vec<Vec<f32>> =
        (0..40).map(|seed| music(100 + seed, RATE_HZ, RATE_HZ as usize * 30)).collect();
    let unknown: Vec<Vec<f32>> =
        (0..10).map(|seed| music(500 + seed, RATE_HZ, RATE_HZ as usize * 20)).collect();
    for file in tools::recordings("identify") {
        let (found, samples) = decoded(&std::fs::read(file).unwrap(), None);
        let mut resampler = ledgerline_audio::Resampler::new(found.facts.rate_hz).unwrap();
        let (mut stereo, mut out) = (Vec::new(), Vec::new());
        ledgerline_audio::to_stereo(&samples, found.facts.channels, &mut stereo);
        resampler.push(&stereo, &mut out).unwrap();
        resampler.finish(&mut out).unwrap();
        known.push(out);
    }
    let landmarks: Vec<Vec<_>> = known.iter().map(|samples| kept(samples)).collect();
    let seconds: usize = known.iter().map(|samples| samples.len() / 2 / RATE_HZ as usize).sum();
    let count: usize = landmarks.iter().map(Vec::len).sum();
    println!("{:.1} landmarks a second", count as f64 / seconds as f64);
    let index = LandmarkIndex::build(landmarks.iter().map(Vec::as_slice));
    assert_eq!(index.recordings() as usize, known.len());
    for (snr_db, share_min) in [(15.0, 1.0), (5.0, 0.97), (0.0, 0.9)] {
        let (mut right, mut wrong, mut tried) = (0, 0, 0);
        for (recording, samples) in (0_u32..).zip(&known) {
            for _ in 0..2 {
                let last = samples.len() / 2 - 11 * RATE_HZ as usize;
                let at = (chance.next() as usize) % last;
                let clip = clip(samples, at, 10, snr_db, &mut chance);
                tried += 1;
                match index.identify(&asked(clip)) {
                    Some(found) if found.recording == recording => {
                        let at_ms = at as i64 * 1_000 / i64::from(RATE_HZ);
                        right += i32::from((found.at_ms - at_ms).abs() <= 100);
                    }
                    Some(_) => wrong += 1,
                    None => {}
                }
            }
        }
        println!("{snr_db} dB: {right} of {tried}, {wrong} wrong");
        assert_eq!(wrong, 0, "{snr_db} dB");
        assert!(
            f64::from(right) >= share_min * f64::from(tried),
            "{snr_db} dB: {right} of {tried}"
        );
    }
    let mut taken_for_another = 0;
    for samples in &unknown {
        for at in [0, 4 * RATE_HZ as usize] {
            let found = index.identify(&asked(clip(samples, at, 10, 20.0, &mut chance)));
            taken_for_another += i32::from(found.is_some());
        }
    }
    assert_eq!(taken_for_another, 0);
    let silence = wav(&vec![0.0; 480_000], RATE_HZ, 1, 16);
    assert_eq!(index.identify(&asked(silence)), None);
}

#[test]
fn landmarks_are_kept_as_bytes() {
    let landmarks = kept(&music(9, RATE_HZ, RATE_HZ as usize * 8));
    assert!(!landmarks.is_empty());
    let bytes = encode_landmarks(&landmarks);
    assert_eq!(decode_landmarks(&bytes), Some(landmarks));
    assert_eq!(decode_landmarks(&bytes[1..]), None);
    assert_eq!(decode_landmarks(&[0xff; 6]), None);
}
