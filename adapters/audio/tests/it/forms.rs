//! Every form that is read: exactly the samples that its encoder was given.

use ledgerline_audio::SourceCodec;

use crate::signal::{decoded, music, snr_db, wav};
use crate::tools;

struct Form {
    name: &'static str,
    arguments: &'static [&'static str],
    codec: SourceCodec,
    /// How near the samples must be: 200 is the same bits.
    snr_db: f64,
}

const FORMS: &[Form] = &[
    Form { name: "a.flac", arguments: &["-c:a", "flac"], codec: SourceCodec::Flac, snr_db: 120.0 },
    Form {
        name: "b.wav",
        arguments: &["-c:a", "pcm_s24le"],
        codec: SourceCodec::Pcm,
        snr_db: 120.0,
    },
    Form { name: "c.m4a", arguments: &["-c:a", "alac"], codec: SourceCodec::Alac, snr_db: 120.0 },
    Form {
        name: "d.m4a",
        arguments: &["-c:a", "aac", "-b:a", "256k"],
        codec: SourceCodec::Aac,
        snr_db: 20.0,
    },
    Form {
        name: "e.mp3",
        arguments: &["-c:a", "libmp3lame", "-b:a", "256k"],
        codec: SourceCodec::Mp3,
        snr_db: 20.0,
    },
    Form {
        name: "f.mp3",
        arguments: &["-c:a", "libmp3lame", "-q:a", "1"],
        codec: SourceCodec::Mp3,
        snr_db: 15.0,
    },
    Form {
        name: "g.ogg",
        arguments: &["-c:a", "libvorbis", "-q:a", "9"],
        codec: SourceCodec::Vorbis,
        snr_db: 20.0,
    },
    Form {
        name: "h.opus",
        arguments: &["-c:a", "libopus", "-b:a", "256k"],
        codec: SourceCodec::Opus,
        snr_db: 20.0,
    },
    Form {
        name: "i.wav",
        arguments: &["-c:a", "pcm_f32le"],
        codec: SourceCodec::Pcm,
        snr_db: 120.0,
    },
];

#[test]
fn every_form_gives_back_what_was_put_in() {
    if !tools::has("ffmpeg", "forms") {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    // Opus has one rate; the others the usual one.
    for (rate_hz, frames) in [(44_100_u32, 141_561_usize), (48_000, 155_001)] {
        let original = music(3, rate_hz, frames);
        let source = folder.path().join("source.wav");
        std::fs::write(&source, wav(&original, rate_hz, 2, 16)).unwrap();
        for form in FORMS {
            if form.codec == SourceCodec::Opus && rate_hz != 48_000 {
                continue;
            }
            let file = folder.path().join(form.name);
            tools::ffmpeg(&source, form.arguments, &file);
            let extension = form.name.rsplit('.').next();
            for hint in [extension, None, Some("flac")] {
                let (found, samples) = decoded(&std::fs::read(&file).unwrap(), hint);
                let name = format!("{} at {rate_hz}", form.name);
                assert_eq!(found.facts.codec, form.codec, "{name}");
                assert_eq!((found.facts.rate_hz, found.facts.channels), (rate_hz, 2), "{name}");
                assert_eq!(found.frames, frames as u64, "{name}");
                assert_eq!(found.damaged_packets, 0, "{name}");
                let snr = snr_db(&original, &samples);
                assert!(snr >= form.snr_db, "{name}: {snr:.1} dB");
            }
        }
    }
}

/// More than two channels come in one order, whatever order the form has.
#[test]
fn channels_come_in_one_order() {
    if !tools::has("ffmpeg", "channels") {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let source = folder.path().join("source.wav");
    // Channel n is silent but in its own tenth of a second.
    let (rate, part, channels) = (48_000_usize, 4_800, 6);
    let mut samples = vec![0.0; part * channels * channels];
    for channel in 0..channels {
        for at in 0..part {
            let tone = (at as f32 * 0.05).sin() * 0.5;
            samples[(channel * part + at) * channels + channel] = tone;
        }
    }
    std::fs::write(&source, wav(&samples, rate as u32, 6, 16)).unwrap();
    let layout: &[&str] = &["-af", "channelmap=0|1|2|3|4|5:5.1"];
    for (name, codec) in
        [("a.flac", "flac"), ("b.ogg", "libvorbis"), ("c.opus", "libopus"), ("e.wav", "pcm_s16le")]
    {
        let file = folder.path().join(name);
        tools::ffmpeg(&source, &[layout, &["-c:a", codec, "-b:a", "512k"]].concat(), &file);
        let (found, samples) = decoded(&std::fs::read(&file).unwrap(), None);
        assert_eq!(found.facts.channels, channels, "{name}");
        for stretch in 0..channels {
            // Low frequencies alone pass the fourth.
            let middle =
                (stretch * part + part / 4) * channels..(stretch * part + part / 2) * channels;
            let mut energy = [0.0_f32; 6];
            for frame in samples[middle].chunks_exact(channels) {
                for (sum, sample) in energy.iter_mut().zip(frame) {
                    *sum += sample * sample;
                }
            }
            let loudest = (0..channels).max_by(|a, b| energy[*a].total_cmp(&energy[*b])).unwrap();
            if stretch != 3 {
                assert_eq!(loudest, stretch, "{name}: {energy:?}");
            }
        }
    }
}
