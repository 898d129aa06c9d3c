//! The music as it is heard: its loudness, its form, its harmony.

// Samples and pitches are cut to whole numbers all the time; no money passes here.
#![allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)]

mod measuring;

use ledgerline_demo_music::{Performance, RATE_HZ, Stereo, Take, Track, flac, releases};
use lofty::file::{AudioFile as _, TaggedFileExt as _};
use lofty::tag::ItemKey;
use measuring::{chroma, loudness, similarity, true_peak_db};
use std::collections::BTreeSet;
use std::io::Cursor;

/// Everything of a take, by one check: a piece is played once for all of them.
#[test]
fn night_ferry() {
    check("Night Ferry", 0.8);
}

#[test]
fn kitchen_radio() {
    check("Kitchen Radio", 0.9);
}

#[test]
fn meridian() {
    check("Meridian", 0.85);
}

#[test]
fn salt_light() {
    check("Salt Light", 0.7);
}

#[test]
fn the_millers_lamp() {
    check("The Miller's Lamp", 0.9);
}

#[test]
fn evensong() {
    check("Evensong for Four Bows", 0.8);
}

/// What was played in one go is cut between two samples: put together again it is the same, and nothing breaks where
/// the second track begins.
#[test]
fn undertow_and_landfall_join() {
    let performance = check("Undertow (Live)", 0.0);
    let [first, second] = performance.tracks.as_slice() else { panic!("two tracks") };
    assert_eq!((first.start, first.end, second.end), (0, second.start, performance.sound.frames()));
    let (one, two) = (performance.track(0), performance.track(1));
    let again = Stereo {
        left: [one.left.clone(), two.left].concat(),
        right: [one.right.clone(), two.right].concat(),
    };
    assert_eq!(again, performance.sound);
    let before = loudest(&one.left[one.frames() - 2_400..]);
    assert!(before > 0.05, "the first track ends in the middle of the music, not at {before}");
}

fn loudest(samples: &[f32]) -> f32 {
    samples.iter().fold(0.0, |most, sample| most.max(sample.abs()))
}

fn find(title: &str) -> &'static Take {
    let takes = releases().iter().flat_map(|release| release.takes);
    let mut takes = takes.filter(|take| take.tracks[0].title == title);
    takes.next().expect("there is such a piece")
}

/// Plays a take and holds it to what all of them must be. `alike` is how much the return of the first part must be
/// like it, in harmony, from 0 to 1.
fn check(title: &str, alike: f64) -> Performance {
    let take = find(title);
    let performance = take.perform();
    assert_eq!(performance.sound, take.perform().sound, "it is another one each time");
    sound(&performance);
    lengths(take, &performance);
    // Drums that are played all through lie over every tone; the chords of Meridian are heard between them.
    chords(&performance, if title == "Meridian" { 6 } else { 9 });
    returns(&performance, alike);
    performance
}

fn sound(performance: &Performance) {
    let sound = &performance.sound;
    for channel in [&sound.left, &sound.right] {
        assert!(channel.iter().all(|sample| sample.is_finite()));
        let mean = channel.iter().map(|it| f64::from(*it)).sum::<f64>() / channel.len() as f64;
        assert!(mean.abs() < 1e-3, "it is off by {mean}");
    }
    assert!(true_peak_db(sound) <= -1.0, "{} dBTP", true_peak_db(sound));
    let whole = loudness(sound);
    assert!((-16.2..=-13.8).contains(&whole), "{whole} LUFS");
    let end = sound.cut(sound.frames() - 480..sound.frames());
    assert!(loudest(&end.left) < 0.01 && loudest(&end.right) < 0.01, "it breaks off");
    // Nowhere within it is there silence.
    let seconds = sound.frames() / RATE_HZ as usize;
    for second in 0..seconds - 6 {
        let from = second * RATE_HZ as usize;
        let part = &sound.left[from..from + RATE_HZ as usize];
        assert!(loudest(part) > 0.01, "second {second} is silent");
    }
}

fn lengths(take: &Take, performance: &Performance) {
    let told = take.durations_ms();
    assert_eq!(told.len(), take.tracks.len());
    for (frames, told_ms) in performance.tracks.iter().zip(told) {
        assert_eq!(frames.len() as u64 * 1_000 / u64::from(RATE_HZ), told_ms);
        assert!((60_000..=120_000).contains(&told_ms), "{told_ms} ms");
    }
}

/// What is written as a chord is heard as one, so many times in ten: its tones are louder than those that aren't of it.
fn chords(performance: &Performance, of_ten: usize) {
    let mut clear = 0;
    for harmony in &performance.harmonies {
        let heard = chroma(&performance.sound, harmony.from_s, harmony.to_s);
        let inside = |class: usize| harmony.chord.classes.contains(&(class as i32));
        let mean = |wanted: bool| {
            let tones = (0..12).filter(|class| inside(*class) == wanted).map(|class| heard[class]);
            let tones: Vec<f64> = tones.collect();
            tones.iter().sum::<f64>() / tones.len() as f64
        };
        clear += u32::from(mean(true) > 1.5 * mean(false));
    }
    let of = performance.harmonies.len();
    assert!(clear as usize * 10 >= of * of_ten, "only {clear} of {of} chords are heard");
}

/// The first part comes back.
fn returns(performance: &Performance, alike: f64) {
    let named = |name: &str| performance.sections.iter().find(|section| section.name == name);
    let (a, again) = match (named("A"), named("A'")) {
        (Some(a), Some(again)) => (a, again),
        _ => (named("C").expect("a part"), named("C'").expect("its return")),
    };
    let b = named("B").expect("another part");
    let back = similarity(&performance.sound, (a.from_s, a.to_s), (again.from_s, again.to_s));
    let other = similarity(&performance.sound, (a.from_s, a.to_s), (b.from_s, b.to_s));
    assert!(back >= alike, "the return is like the first part by {back}");
    assert!(back > other, "the return ({back}) is no more like it than the middle is ({other})");
}

/// A file has all that a scan looks for.
#[test]
fn files_say_what_they_are() {
    let release = &releases()[2];
    let track = release.tracks().last().expect("a track");
    let tone = |at: u32| (at as f32 * 0.05).sin() * 0.5;
    let left: Vec<f32> = (0..48_000).map(tone).collect();
    let sound = Stereo { right: left.clone(), left };
    let cover = release.cover();
    let bytes = flac(&sound, release, track, &cover);
    assert_eq!(bytes, flac(&sound, release, track, &cover), "other bytes each time");
    let file = lofty::probe::Probe::new(Cursor::new(bytes)).guess_file_type().expect("a kind");
    let file = file.read().expect("it can be read");
    assert_eq!(file.properties().duration().as_millis(), 1_000);
    assert_eq!(file.properties().sample_rate(), Some(RATE_HZ));
    let tag = file.primary_tag().expect("tags");
    for (key, expected) in [
        (ItemKey::TrackTitle, "Evensong for Four Bows"),
        (ItemKey::TrackArtist, "Four Bows"),
        (ItemKey::AlbumTitle, "Paper Lanterns"),
        (ItemKey::TrackNumber, "2"),
        (ItemKey::Composer, "Ledgerline"),
        (ItemKey::Isrc, "XXLDG2600008"),
        (ItemKey::Label, "Southern Cross"),
        (ItemKey::Genre, "Classical"),
    ] {
        assert_eq!(tag.get_string(key), Some(expected), "{key:?}");
    }
    assert_eq!(tag.pictures()[0].data(), cover);
    let lyrics = tag.get_string(ItemKey::Lyrics).expect("words");
    let times: Vec<&str> = lyrics.lines().map(|line| &line[..10]).collect();
    assert_eq!(times.len(), 8);
    assert!(times.is_sorted(), "{lyrics}");
}

#[test]
fn releases_are_told_apart() {
    let tracks: Vec<&Track> = releases().iter().flat_map(|it| it.tracks()).collect();
    let isrcs: BTreeSet<&str> = tracks.iter().map(|track| track.isrc).collect();
    let titles: BTreeSet<&str> = tracks.iter().map(|track| track.title).collect();
    assert_eq!((isrcs.len(), titles.len()), (tracks.len(), tracks.len()));
    for release in releases() {
        assert!(release.cover().starts_with(b"\x89PNG"));
        assert!(release.tracks().zip(1..).all(|(track, number)| track.number == number));
    }
}
