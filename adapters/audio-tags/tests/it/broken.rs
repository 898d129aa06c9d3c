//! Broken files are refused, each with a sentence; none is anybody's end.

use ledgerline_app::ports::music_files::AudioReader;
use ledgerline_audio_tags::{TagReader, read_bytes};
use std::path::Path;

use crate::samples;

#[test]
fn files_that_are_no_music_are_refused() {
    for (name, bytes) in [
        ("a.mp3", &b""[..]),
        ("a.flac", b"fLaC"),
        ("a.mp3", b"This is a text that somebody gave the wrong name."),
        ("a.ogg", b"OggS"),
        ("a.wav", b"RIFF\xff\xff\xff\xffWAVE"),
        ("a.m4a", b"\0\0\0\x08ftyp"),
        ("a.m4a", b"\xff\xff\xff\xff\xff\xff\xff\xff"),
        ("a.jpg", b"\xff\xd8\xff\xe0\0\x10JFIF"),
    ] {
        let refused = read_bytes(bytes, Path::new(name)).unwrap_err();
        assert!(refused.0.len() > 10, "{name}: {refused}");
    }
}

/// Cut anywhere, and changed anywhere: read or refused, never the end of the process.
#[test]
fn no_file_brings_the_reader_down() {
    std::panic::set_hook(Box::new(|_| {}));
    for (name, bytes) in samples::all() {
        let name = Path::new(name);
        for cut in (0..bytes.len().min(600)).chain([bytes.len() / 2, bytes.len() - 1]) {
            let _ = read_bytes(&bytes[..cut], name);
        }
        let mut state = 1_u64;
        for at in 0..bytes.len().min(400) {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            let mut changed = bytes.clone();
            changed[at] ^= (state >> 56) as u8 | 1;
            let _ = read_bytes(&changed, name);
        }
    }
}

#[test]
fn names_say_what_would_be_read() {
    for (name, expected) in [
        ("a.FLAC", Some(true)),
        ("b.m4b", Some(true)),
        ("c.wma", Some(false)),
        ("cover.jpg", None),
        ("mp3", None),
    ] {
        assert_eq!(TagReader.takes(Path::new(name)), expected, "{name}");
    }
}
