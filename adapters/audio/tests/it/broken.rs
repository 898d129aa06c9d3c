//! Broken files: refused with a reason, each alone; nothing panics outward.

use std::io::Cursor;

use ledgerline_audio::{AudioError, Limits, decode};

use crate::signal::{Chance, music, wav};
use crate::tools;

fn outcome(file: Vec<u8>, limits: &Limits) -> Result<u64, AudioError> {
    decode(Cursor::new(file), None, limits, &mut |_, _| Ok(())).map(|decoded| decoded.frames)
}

#[test]
fn what_is_no_audio_is_refused() {
    let limits = Limits::default();
    for (name, file) in [
        ("nothing", Vec::new()),
        ("a text", b"this is a text and no music at all".repeat(100)),
        ("zeros", vec![0; 100_000]),
        ("half a head", b"RIFF\x24\0\0\0WAVEfmt ".to_vec()),
        ("an Ogg without pages", b"OggS".to_vec()),
        ("an MP4 without a movie", b"\0\0\0\x10ftypM4A \0\0\0\0\0\0\0\x08mdat".to_vec()),
        ("a WAV without frames", wav(&[], 44_100, 2, 16)),
    ] {
        let refused = outcome(file, &limits);
        assert!(refused.is_err(), "{name}: {refused:?}");
        println!("{name}: {}", refused.unwrap_err());
    }
}

#[test]
fn files_beyond_limits_are_refused() {
    let file = wav(&music(1, 48_000, 96_000), 48_000, 2, 16);
    let limits = Limits::default();
    assert_eq!(outcome(file.clone(), &limits).unwrap(), 96_000);
    for (name, limits) in [
        ("bytes", Limits { bytes_max: file.len() as u64 - 1, ..limits }),
        ("length", Limits { duration_ms_max: 1_999, ..limits }),
        ("channels", Limits { channels_max: 1, ..limits }),
        ("rate", Limits { rate_hz_max: 44_100, ..limits }),
    ] {
        let refused = outcome(file.clone(), &limits).unwrap_err();
        assert!(matches!(refused, AudioError::TooLarge { .. }), "{name}: {refused}");
    }
    let slow = wav(&music(1, 48_000, 96_000), 4_000, 2, 16);
    assert!(matches!(outcome(slow, &limits), Err(AudioError::Unsupported(_))));
}

/// A file that breaks off is told from one that is whole.
#[test]
fn files_that_break_off_are_refused() {
    if !tools::has("ffmpeg", "files that break off") {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let source = folder.path().join("source.wav");
    std::fs::write(&source, wav(&music(3, 44_100, 441_000), 44_100, 2, 16)).unwrap();
    for name in ["a.flac", "b.m4a"] {
        let file = folder.path().join(name);
        tools::ffmpeg(&source, &["-c:a", if name == "a.flac" { "flac" } else { "alac" }], &file);
        let whole = std::fs::read(&file).unwrap();
        for part in [whole.len() / 2, whole.len() * 8 / 10] {
            let refused = outcome(whole[..part].to_vec(), &Limits::default());
            assert!(
                matches!(refused, Err(AudioError::Broken(_) | AudioError::Unknown)),
                "{name}: {refused:?}"
            );
        }
    }
}

/// Bytes turned at random: an answer or an error, and no end that isn't ours to say.
#[test]
fn turned_bytes_never_panic_outward() {
    if !tools::has("ffmpeg", "turned bytes") {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let source = folder.path().join("source.wav");
    std::fs::write(&source, wav(&music(3, 44_100, 44_100), 44_100, 2, 16)).unwrap();
    let mut chance = Chance::new(9);
    let limits = Limits { duration_ms_max: 60_000, ..Limits::default() };
    for (name, codec) in [
        ("a.flac", "flac"),
        ("b.mp3", "libmp3lame"),
        ("c.ogg", "libvorbis"),
        ("d.opus", "libopus"),
        ("e.m4a", "aac"),
        ("f.m4a", "alac"),
        ("g.wav", "pcm_s16le"),
    ] {
        let file = folder.path().join(name);
        tools::ffmpeg(&source, &["-c:a", codec], &file);
        let whole = std::fs::read(&file).unwrap();
        for _ in 0..60 {
            let mut changed = whole.clone();
            for _ in 0..1 + chance.next() % 8 {
                // Heads are where most decisions are.
                let reach = if chance.next().is_multiple_of(2) { 600 } else { changed.len() };
                let at = chance.next() as usize % reach.min(changed.len());
                changed[at] = chance.next() as u8;
            }
            if let Err(AudioError::Defect(said)) = outcome(changed, &limits) {
                println!("{name}: a parser's panic was caught: {said}");
            }
        }
    }
}
