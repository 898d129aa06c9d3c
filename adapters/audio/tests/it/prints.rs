//! Prints, against fpcalc; and whether copies are known.

use std::path::Path;
use std::process::Command;

use ledgerline_audio::{Fingerprinter, Limits, decode, match_prints, to_stereo};

use crate::signal::{music, wav};
use crate::tools;

fn printed(file: &Path) -> Vec<u32> {
    let mut made: Option<Fingerprinter> = None;
    let source = std::fs::File::open(file).unwrap();
    decode(source, None, &Limits::default(), &mut |facts, frames| {
        let made = made.get_or_insert_with(|| Fingerprinter::new(facts.rate_hz).unwrap());
        let mut stereo = Vec::new();
        to_stereo(frames, facts.channels, &mut stereo);
        made.push(&stereo);
        Ok(())
    })
    .unwrap();
    made.unwrap().finish()
}

fn fpcalc(file: &Path) -> Vec<u32> {
    let done = Command::new("fpcalc").args(["-raw", "-length", "0"]).arg(file).output().unwrap();
    let said = String::from_utf8_lossy(&done.stdout);
    let line = said.lines().find_map(|line| line.strip_prefix("FINGERPRINT=")).unwrap();
    line.split(',').map(|number| number.parse::<i64>().unwrap() as u32).collect()
}

#[test]
fn as_fpcalc_prints_it() {
    if !tools::has("fpcalc", "prints") {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let mut files = tools::recordings("prints");
    for (seed, rate_hz, channels) in [(11, 44_100, 2), (12, 48_000, 2), (13, 44_100, 1)] {
        let file = folder.path().join(format!("{seed}.wav"));
        let samples = music(seed, rate_hz, rate_hz as usize * 40);
        std::fs::write(&file, wav(&samples, rate_hz, channels, 16)).unwrap();
        files.push(file);
    }
    let (mut differing, mut bits) = (0_u64, 0_u64);
    for file in files {
        let (ours, theirs) = (printed(&file), fpcalc(&file));
        let wrong: u64 =
            ours.iter().zip(&theirs).map(|(a, b)| u64::from((a ^ b).count_ones())).sum();
        println!(
            "{}: {} and {} numbers, {wrong} bits differ",
            file.display(),
            ours.len(),
            theirs.len()
        );
        assert!(ours.len().abs_diff(theirs.len()) <= 1, "{}", file.display());
        differing += wrong;
        bits += ours.len().min(theirs.len()) as u64 * 32;
    }
    println!("{differing} of {bits} bits differ: {:.4} %", differing as f64 * 100.0 / bits as f64);
    assert!(differing * 1_000 <= bits, "more than 0.1 %: {differing} of {bits}");
}

#[test]
fn copies_are_known_and_others_are_not() {
    if !tools::has("ffmpeg", "copies") {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let source = folder.path().join("source.wav");
    std::fs::write(&source, wav(&music(21, 44_100, 44_100 * 45), 44_100, 2, 16)).unwrap();
    let original = printed(&source);
    let copies: &[(&str, &[&str])] = &[
        ("a.mp3", &["-c:a", "libmp3lame", "-b:a", "64k"]),
        ("b.opus", &["-c:a", "libopus", "-b:a", "48k"]),
        ("c.ogg", &["-c:a", "libvorbis", "-q:a", "1", "-ar", "32000"]),
        ("d.wav", &["-ss", "3.3", "-af", "volume=-9dB"]),
        ("e.flac", &["-af", "adelay=1700|1700"]),
    ];
    for (name, arguments) in copies {
        let file = folder.path().join(name);
        tools::ffmpeg(&source, arguments, &file);
        let found = match_prints(&original, &printed(&file)).unwrap();
        println!("{name}: {found:?}");
        assert!(found.is_same(), "{name}: {found:?}");
    }
    for seed in 30..36 {
        let file = folder.path().join("other.wav");
        std::fs::write(&file, wav(&music(seed, 44_100, 44_100 * 45), 44_100, 2, 16)).unwrap();
        let found = match_prints(&original, &printed(&file));
        assert!(found.is_none_or(|found| !found.is_same()), "{seed}: {found:?}");
    }
}
