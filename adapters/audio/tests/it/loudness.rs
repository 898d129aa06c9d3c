//! Loudness, against ffmpeg's filter `ebur128`.

use std::path::Path;

use ledgerline_audio::{Limits, Loudness, LoudnessMeter, decode, to_stereo};

use crate::signal::{Chance, music, wav};
use crate::tools;

fn measured(file: &Path) -> Loudness {
    let mut meter: Option<LoudnessMeter> = None;
    let source = std::fs::File::open(file).unwrap();
    decode(source, None, &Limits::default(), &mut |facts, frames| {
        let meter = meter.get_or_insert_with(|| LoudnessMeter::new(facts.rate_hz).unwrap());
        let mut stereo = Vec::new();
        to_stereo(frames, facts.channels, &mut stereo);
        meter.push(&stereo)
    })
    .unwrap();
    meter.unwrap().finish().unwrap()
}

/// Integrated loudness, range and true peak as ffmpeg has them: the first of the last frame, with three digits
/// behind the point, the others of the summary, with one.
fn ffmpeg_says(file: &Path) -> (f64, f64, f64) {
    let filter = "ebur128=peak=true:dualmono=true:framelog=verbose:metadata=1,\
                  ametadata=mode=print:key=lavfi.r128.I";
    let said = tools::ffmpeg(file, &["-af", filter, "-f", "null"], Path::new("-"));
    let summary = &said[said.rfind("Summary:").unwrap()..];
    let number = |rest: &str| rest.split_ascii_whitespace().next().unwrap().parse::<f64>().unwrap();
    let figure = |label: &str| number(&summary[summary.find(label).unwrap() + label.len()..]);
    let integrated = said.rsplit_once("lavfi.r128.I=").unwrap().1;
    (number(integrated), figure(" LRA:"), figure(" Peak:"))
}

/// How far apart both are in integrated loudness, in LU.
fn check(name: &str, file: &Path) -> f64 {
    let ours = measured(file);
    let (integrated, range, peak) = ffmpeg_says(file);
    println!(
        "{name}: {:.3} {:.2} {:.2}; ffmpeg {integrated} {range} {peak}",
        ours.integrated_lufs, ours.range_lu, ours.true_peak_dbtp
    );
    let apart = (ours.integrated_lufs - integrated).abs();
    assert!(apart <= 0.1, "{name}: {} {integrated}", ours.integrated_lufs);
    // EBU Tech 3342 allows meters to differ by 1 LU.
    assert!((ours.range_lu - range).abs() <= 1.0, "{name}: {} {range}", ours.range_lu);
    assert!((ours.true_peak_dbtp - peak).abs() <= 0.3, "{name}: {} {peak}", ours.true_peak_dbtp);
    apart
}

#[test]
fn as_loud_as_ffmpeg_says() {
    if !tools::has("ffmpeg", "loudness") {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let mut chance = Chance::new(5);
    let noise: Vec<f32> = (0..960_000).map(|_| (chance.normal() * 0.05) as f32).collect();
    let sine: Vec<f32> =
        (0..441_000).map(|at| (f64::from(at) * 0.141).sin() as f32 * 0.25).collect();
    // Loud, then quiet, then silent: what the gates are for.
    let mut steps = music(2, 44_100, 441_000);
    steps.extend(music(2, 44_100, 441_000).iter().map(|sample| sample * 0.1));
    steps.extend(vec![0.0; 441_000]);
    let mut worst = 0.0_f64;
    for (name, samples, rate_hz, channels) in [
        ("noise", noise.clone(), 48_000, 2),
        ("noise of one channel", noise, 48_000, 1),
        ("sine", sine, 44_100, 2),
        ("music", music(1, 44_100, 882_000), 44_100, 2),
        ("music at 96 kHz", music(1, 96_000, 960_000), 96_000, 2),
        ("steps", steps, 44_100, 2),
    ] {
        let file = folder.path().join("source.wav");
        std::fs::write(&file, wav(&samples, rate_hz, channels, 16)).unwrap();
        worst = worst.max(check(name, &file));
    }
    for file in tools::recordings("loudness") {
        worst = worst.max(check(&file.file_name().unwrap().to_string_lossy(), &file));
    }
    println!("{worst:.3} LU apart at most");
}
