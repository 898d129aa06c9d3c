//! Rungs: what was muxed decodes again to the same length, begins and ends on the frame, and joins.

use std::io::Cursor;

use ledgerline_audio::mp4::SegmentIndex;
use ledgerline_audio::{Codec, Ladder, Limits, Rendition, encode_ladder, study};

use crate::signal::{decoded, music, snr_db, wav};
use crate::tools;

fn rungs(file: Vec<u8>, ladder: &str) -> Vec<Rendition> {
    let ladder: Ladder = ladder.parse().unwrap();
    encode_ladder(Cursor::new(file), None, &Limits::default(), &ladder).unwrap().1
}

/// Every length around the ends of packets and segments, at the rate that isn't resampled.
#[test]
fn rungs_decode_to_the_frame() {
    for frames in [1_usize, 312, 959, 960, 961, 4_800, 95_999, 96_000, 96_001, 250_123] {
        let original = music(4, 48_000, frames);
        for rendition in rungs(wav(&original, 48_000, 2, 16), "opus-96,opus-320,flac") {
            let name = format!("{} of {frames}", rendition.rung);
            let (found, samples) = decoded(&rendition.bytes, Some("mp4"));
            assert_eq!(rendition.frames, frames as u64, "{name}");
            assert_eq!(found.frames, frames as u64, "{name}");
            let index = &rendition.index;
            assert_eq!((index.timescale, index.ticks()), (48_000, frames as u64), "{name}");
            assert_eq!(index.file_bytes(), rendition.bytes.len() as u64, "{name}");
            match rendition.rung.codec {
                Codec::Flac => assert!(samples == original, "{name}"),
                Codec::Opus if frames > 4_000 => {
                    let snr = snr_db(&original, &samples);
                    let enough = if rendition.rung.bitrate_kbps > 200 { 20.0 } else { 8.0 };
                    assert!(snr > enough, "{name}: {snr:.1} dB");
                }
                Codec::Opus => {}
            }
        }
    }
}

/// Segments of all rungs begin and end together, at every usual rate, lossless ones too.
#[test]
fn segments_of_all_rungs_begin_together() {
    for rate_hz in [44_100_u32, 48_000, 88_200, 96_000] {
        let frames = rate_hz as usize * 9 + 1_234;
        let made = rungs(wav(&music(5, rate_hz, frames), rate_hz, 2, 24), "opus-24,opus-160,flac");
        assert_eq!(made.len(), 3);
        let starts = |rendition: &Rendition| -> Vec<u64> {
            let index = &rendition.index;
            let micros = |ticks: u64| ticks * 1_000_000 / u64::from(index.timescale);
            index.segments.iter().map(|segment| micros(segment.start)).collect()
        };
        let expected: Vec<u64> = (0..5).map(|segment| segment * 2_000_000).collect();
        for rendition in &made {
            assert_eq!(starts(rendition), expected, "{} at {rate_hz}", rendition.rung);
        }
        // A segment of one rung behind a segment of another: still the whole sound.
        let (low, high) = (&made[0], &made[1]);
        let mut mixed = high.bytes[..high.index.head_bytes as usize].to_vec();
        for number in 0..5 {
            let from = if number % 2 == 0 { high } else { low };
            let place = from.index.segments[number];
            let range = place.offset as usize..(place.offset + u64::from(place.bytes)) as usize;
            mixed.extend(&from.bytes[range]);
        }
        assert_eq!(decoded(&mixed, Some("mp4")).0.frames, high.frames);
    }
}

/// One piece, cut in two and encoded as two tracks, is without a gap or a doubled frame at the join:
/// decoded by us and by ffmpeg.
#[test]
fn two_tracks_join_without_a_gap() {
    // A tone that is steady across the cut: what is missing or doubled would be heard as a jump.
    let (frames, cut) = (300_000_usize, 151_337);
    let tone = |at: usize| ((at as f64 * 0.021).sin() * 0.4) as f32;
    let original: Vec<f32> = (0..frames).flat_map(|at| [tone(at), tone(at + 40)]).collect();
    let parts = [&original[..cut * 2], &original[cut * 2..]];
    let with_ffmpeg = tools::has("ffmpeg", "joins by ffmpeg");
    let folder = tempfile::tempdir().unwrap();
    for (rung, worst_max) in [("opus-160", 0.05_f32), ("opus-320", 0.03), ("flac", 1e-4)] {
        let (mut ours, mut theirs) = (Vec::new(), Vec::new());
        for (number, part) in parts.iter().enumerate() {
            let made = rungs(wav(part, 48_000, 2, 16), rung).remove(0);
            ours.extend(decoded(&made.bytes, Some("mp4")).1);
            if with_ffmpeg {
                let file = folder.path().join(format!("{rung}-{number}.mp4"));
                std::fs::write(&file, &made.bytes).unwrap();
                theirs.extend(without_padding(tools::ffmpeg_samples(&file), part.len()));
            }
        }
        let joins = [("ours", ours), ("ffmpeg", theirs)];
        for (who, joined) in joins.into_iter().filter(|(who, _)| with_ffmpeg || *who == "ours") {
            assert_eq!(joined.len(), original.len(), "{rung} {who}");
            // Some milliseconds around the join, and far from the hard begin and end.
            let around = (cut - 960) * 2..(cut + 960) * 2;
            let worst = joined[around.clone()]
                .iter()
                .zip(&original[around])
                .map(|(a, b)| (a - b).abs())
                .fold(0.0, f32::max);
            println!("{rung} {who}: {worst}");
            assert!(worst <= worst_max, "{rung} {who}: {worst}");
        }
    }
}

/// ffmpeg leaves out what an edit list says at the beginning of a fragmented file, and not at its end; a
/// player cuts there itself, by the length that it is told.
fn without_padding(mut samples: Vec<f32>, expected: usize) -> Vec<f32> {
    assert!((0..2 * 960).contains(&(samples.len() - expected)), "{} {expected}", samples.len());
    samples.truncate(expected);
    samples
}

/// Whole tracks by ffmpeg: the same number of frames, and what it says of the stream.
#[test]
fn ffmpeg_reads_every_rung() {
    if !tools::has("ffmpeg", "rungs by ffmpeg") {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    for (rate_hz, channels) in [(44_100_u32, 2_u16), (48_000, 1), (96_000, 2)] {
        let frames = rate_hz as usize * 5 + 77;
        let samples = music(6, rate_hz, frames);
        let samples = &samples[..frames * usize::from(channels)];
        for made in rungs(wav(samples, rate_hz, channels, 24), "opus-24,opus-96,opus-320,flac") {
            let file = folder.path().join("rung.mp4");
            std::fs::write(&file, &made.bytes).unwrap();
            let name = format!("{} from {rate_hz}", made.rung);
            let (_, ours) = decoded(&made.bytes, None);
            let theirs = without_padding(tools::ffmpeg_samples(&file), ours.len());
            assert_eq!(theirs.len(), ours.len(), "{name}");
            // Another decoder, another rounding: at 24 kbit/s most of it is another's noise.
            let snr = snr_db(&ours, &theirs);
            assert!(snr > 30.0, "{name}: {snr:.1} dB");
        }
    }
}

/// The same file gives the same rungs: what is lost can be made again.
#[test]
fn rungs_can_be_made_again() {
    let file = wav(&music(8, 44_100, 200_000), 44_100, 2, 16);
    let ladder = Ladder::default();
    let limits = Limits::default();
    let mut told = Vec::new();
    let (found, first) = study(Cursor::new(file.clone()), None, &limits, &ladder, &mut |done_ms| {
        told.push(done_ms);
        true
    })
    .unwrap();
    assert!(told.is_sorted() && told.last() == Some(&found.decoded.duration_ms()));
    let (_, again) = encode_ladder(Cursor::new(file.clone()), None, &limits, &ladder).unwrap();
    assert_eq!(first.len(), 5);
    assert!(first == again);
    let called_off =
        study(Cursor::new(file), None, &limits, &ladder, &mut |done_ms| done_ms < 1_000);
    assert!(called_off.is_err());
}

/// A preview is half a minute that comes and goes.
#[test]
fn previews_come_and_go() {
    let mut samples = music(8, 44_100, 44_100 * 70);
    for sample in &mut samples[..44_100 * 2 * 20] {
        *sample *= 0.1;
    }
    let file = wav(&samples, 44_100, 2, 16);
    let (found, _) = study(
        Cursor::new(file.clone()),
        None,
        &Limits::default(),
        &"opus-24".parse().unwrap(),
        &mut |_| true,
    )
    .unwrap();
    assert!((18_000..=40_000).contains(&found.preview.start_ms), "{:?}", found.preview);
    let rung = Ladder::default().rungs()[1];
    let made = ledgerline_audio::encode_preview(
        Cursor::new(file),
        None,
        &Limits::default(),
        found.preview,
        rung,
    )
    .unwrap();
    assert_eq!(made.frames, 30 * 48_000);
    let (_, heard) = decoded(&made.bytes, Some("mp4"));
    let level =
        |part: &[f32]| part.iter().map(|sample| sample * sample).sum::<f32>() / part.len() as f32;
    let middle = level(&heard[heard.len() / 2..][..96_000]);
    assert!(level(&heard[..2_000]) < middle / 50.0);
    assert!(level(&heard[heard.len() - 2_000..]) < middle / 50.0);
}

/// The index of a damaged file is refused, or leads nowhere beyond what it says itself.
#[test]
fn damaged_indexes_are_refused() {
    let made = rungs(wav(&music(8, 48_000, 300_000), 48_000, 2, 16), "opus-96").remove(0);
    let head = &made.bytes[..made.index.head_bytes as usize];
    assert_eq!(SegmentIndex::read(head), Ok(made.index.clone()));
    for end in 0..head.len() {
        assert!(SegmentIndex::read(&head[..end]).is_err(), "{end}");
    }
    for (tick, expected) in [(0, 0), (95_999, 0), (96_000, 1), (300_000, 3), (u64::MAX, 3)] {
        assert_eq!(made.index.segment_at(tick), expected);
    }
}
