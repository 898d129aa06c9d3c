//! "The Miller's Lamp": a waltz for mandolin, fiddle, guitar and double bass. G major, with a B in E minor.

use super::{Composition, Form, Place};
use crate::effects::{Kind, Reverb};
use crate::instruments::{Bowed, Kit, Pluck, drum};
use crate::mixer::{Desk, Insert, Stem};
use crate::noise::Noise;
use crate::score::{Note, Part, Tempo};
use crate::theory::{Chord, lead};

const A: &str = "G | G | C | G | Em | Am | D7 | D7 | G | G | C | G/B | Am | D7 | G | G";
const B: &str = "Em | B7 | Em | Em | C | G | Am | B7 | Em | B7 | C | G/B | Am | G | D7 | D7";

const TUNE: &str = "D5 1.5 E5 .5 D5 1 | B4 1.5 C5 .5 B4 1 | E5 1.5 F#5 .5 E5 1 | D5 2 B4 1 | \
    G5 1.5 F#5 .5 E5 1 | C5 1 E5 1 A5 1 | F#5 1.5 E5 .5 C5 1 | A4 2 _ 1 | \
    D5 1.5 E5 .5 D5 1 | B4 1.5 C5 .5 B4 1 | E5 1.5 F#5 .5 E5 1 | D5 1 G5 1 B5 1 | \
    A5 1.5 G5 .5 E5 1 | F#5 1 D5 1 F#5 1 | G5 3 | G5 1 _ 2";
const TURN: &str = "E5 1 G5 1 B5 1 | A5 1.5 G5 .5 F#5 1 | G5 1.5 F#5 .5 E5 1 | B4 2 _ 1 | \
    C5 1 E5 1 G5 1 | D5 1.5 C5 .5 B4 1 | C5 1.5 B4 .5 A4 1 | D#5 2 B4 1 | \
    E5 1 G5 1 B5 1 | A5 1.5 B5 .5 A5 1 | G5 1.5 E5 .5 C5 1 | D5 1 G5 1 B5 1 | \
    C6 1.5 B5 .5 A5 1 | B5 1.5 A5 .5 G5 1 | F#5 1 A5 1 C6 1 | D5 2 _ 1";
const TAG: &str =
    "A5 1.5 G5 .5 E5 1 | F#5 1 D5 1 F#5 1 | B5 1.5 A5 .5 G5 1 | F#5 1 D5 1 F#5 1 | G5 3 | G4 3";

pub(crate) fn waltz() -> Composition {
    let mut form = Form::new(3.0);
    let mut noise = Noise::of(66);
    let intro = form.section("intro", "G | D7 | G | D7");
    let a = form.section("A", A);
    let b = form.section("B", B);
    let again = form.section("A'", A);
    let tag = form.section("end", "Am | D7 | G/B | D7 | G | G");
    let tune = Part::line(TUNE, 3.0, a.from)
        .and(Part::line(TURN, 3.0, b.from))
        .and(ornamented(Part::line(TUNE, 3.0, again.from)))
        .and(Part::line(TAG, 3.0, tag.from));
    let chords = form.chords();
    let fiddle = below(&Part::line(TURN, 3.0, b.from), chords, 4)
        .scaled(0.75)
        .and(Part::line(TUNE, 3.0, again.from))
        .and(Part::line(TAG, 3.0, tag.from).scaled(0.95));
    let second =
        below(&Part::line(TUNE, 3.0, again.from).and(Part::line(TAG, 3.0, tag.from)), chords, 3);
    let bass = bass(chords);
    let guitar = strums(chords, tag.to);
    let feet = feet([&b, &again, &intro], tag.from);
    let tempo = Tempo::of(&[
        (0.0, 136.0),
        (a.from, 143.0),
        (b.to, 145.0),
        (tag.from + 6.0, 145.0),
        (tag.to - 6.0, 116.0),
        (tag.to, 88.0),
    ]);
    let seconds = tempo.seconds(form.end()) + 2.5;
    let fiddle_bow = Bowed {
        players: 1,
        attack_s: 0.06,
        release_s: 0.16,
        brightness: 0.72,
        width: 0.0,
        pan: -0.35,
    };
    let wood = |stem: Stem| {
        stem.with(Insert::Filter(Kind::Peak { hz: 240.0, q: 1.1, db: 2.5 }))
            .with(Insert::Filter(Kind::Peak { hz: 520.0, q: 1.6, db: 1.5 }))
    };
    let mandolin = tremolo(tune.clone()).phrased(12.0, 0.15).human(&mut noise, 0.012, 0.1);
    let stems = vec![
        Stem::new(mandolin, Pluck { pan: 0.3, ..Pluck::MANDOLIN })
            .gain(1.5)
            .room(-14.0)
            .with(Insert::Filter(Kind::Peak { hz: 900.0, q: 0.9, db: 2.0 })),
        wood(Stem::new(
            fiddle.phrased(12.0, 0.18).held(0.98).human(&mut noise, 0.012, 0.06),
            fiddle_bow,
        ))
        .gain(1.0)
        .room(-11.0)
        .with(Insert::Filter(Kind::HighShelf { hz: 5_000.0, db: -5.0 })),
        wood(Stem::new(
            second.held(0.98).scaled(0.8).human(&mut noise, 0.012, 0.06),
            Bowed { pan: -0.1, brightness: 0.5, ..fiddle_bow },
        ))
        .gain(-2.5)
        .room(-11.0)
        .with(Insert::Filter(Kind::HighShelf { hz: 4_500.0, db: -6.0 })),
        wood(Stem::new(guitar.human(&mut noise, 0.008, 0.1), Pluck { pan: -0.2, ..Pluck::GUITAR }))
            .gain(-3.0)
            .room(-16.0),
        Stem::new(bass.human(&mut noise, 0.01, 0.08), Pluck::DOUBLE_BASS)
            .gain(3.5)
            .room(-20.0)
            .with(Insert::Filter(Kind::LowShelf { hz: 120.0, db: 2.5 })),
        Stem::new(feet.human(&mut noise, 0.01, 0.12), Kit::STAGE).gain(-8.0).room(-12.0),
    ];
    let desk = Desk {
        tempo,
        seconds,
        reverb: Reverb { seconds: 1.5, size: 0.9, dark_hz: 5_500.0, early_s: 0.014 },
        echo: None,
        kicks: Vec::new(),
    };
    Composition { form, desk, stems, fade_s: 2.0, joins: Vec::new(), seed: 606 }
}

/// Long notes are struck again and again, and swell.
fn tremolo(part: Part) -> Part {
    let mut played = Part::default();
    for note in part.0 {
        if note.beats < 2.0 {
            played.0.push(note);
            continue;
        }
        let strokes = (note.beats * 5.0).round() as usize;
        let apart = note.beats / strokes as f64;
        for stroke in 0..strokes {
            let along = stroke as f32 / strokes as f32;
            let velocity = note.velocity * if stroke == 0 { 1.0 } else { 0.42 + 0.22 * along };
            let at = note.at + stroke as f64 * apart;
            played.0.push(Note { at, beats: apart * 1.6, velocity, ..note });
        }
    }
    played
}

/// The second time a note of a beat and a half is turned round: itself, its upper neighbour, itself.
fn ornamented(part: Part) -> Part {
    const SCALE: [i32; 7] = [0, 2, 4, 6, 7, 9, 11];
    let mut played = Part::default();
    for note in part.0 {
        if (note.beats - 1.5).abs() > 0.01 {
            played.0.push(note);
            continue;
        }
        let up =
            [1, 2].into_iter().find(|step| SCALE.contains(&(note.pitch + step).rem_euclid(12)));
        let turn = [(0.0, 0.75, 0), (0.75, 0.25, up.unwrap_or(2)), (1.0, 0.5, 0)];
        for (later, beats, step) in turn {
            let at = note.at + later;
            played.push(
                at,
                beats,
                note.pitch + step,
                note.velocity * if step > 0 { 0.8 } else { 1.0 },
            );
        }
    }
    played
}

/// A second voice: of the chord, at least so far below the tune.
fn below(tune: &Part, chords: &[(f64, f64, Chord)], semitones: i32) -> Part {
    let of_chord = |note: &Note| {
        let (_, _, chord) = chords.iter().find(|it| it.0 <= note.at && note.at < it.0 + it.1)?;
        let pitch = chord.tones(note.pitch - 12, note.pitch - semitones).last().copied()?;
        // A tone in passing would only blur it.
        (note.beats > 0.6).then_some(Note { pitch, ..*note })
    };
    Part(tune.0.iter().filter_map(of_chord).collect())
}

/// On the one: the root, and in every second bar of a chord its fifth.
fn bass(chords: &[(f64, f64, Chord)]) -> Part {
    let mut part = Part::default();
    for (number, (at, beats, chord)) in chords.iter().enumerate() {
        let root = chord.bass_from(31);
        let same = number > 0 && chords[number - 1].2 == *chord;
        let pitch = if same && number % 2 == 1 { chord.fifth_from(28) } else { root };
        let last = number + 2 >= chords.len();
        part.push(*at, if last { *beats } else { 1.4 }, pitch, 0.8);
        if number % 4 == 3 && !last {
            part.push(at + 2.0, 0.9, chord.fifth_from(28), 0.55);
        }
    }
    part
}

/// On the two and the three, from below; the last one rings.
fn strums(chords: &[(f64, f64, Chord)], end: f64) -> Part {
    let mut part = Part::default();
    let led = lead(chords.iter().map(|it| &it.2), 4, (50, 69));
    for ((at, beats, _), voicing) in chords.iter().zip(led) {
        if at + beats >= end {
            part.extend(Part::strummed(&voicing, *at, 3.0, 0.62, 0.05));
        } else if at + 2.0 * beats < end {
            part.extend(Part::strummed(&voicing, at + 1.0, 0.8, 0.52, 0.018));
            let back: Vec<i32> = voicing.iter().rev().copied().collect();
            part.extend(Part::strummed(&back, at + 2.0, 0.8, 0.44, 0.014));
        } else {
            part.extend(Part::strummed(&voicing, *at, 3.0, 0.55, 0.04));
        }
    }
    part
}

/// A foot on the one, a shaker between.
fn feet([b, again, intro]: [&Place; 3], end: f64) -> Part {
    let mut part = Part::default();
    let mut at = intro.from;
    while at < end {
        if at >= b.from {
            part.push(at, 1.0, drum::STOMP, 0.7);
        }
        if at >= again.from {
            part.extend(Part::hits("..-.-.", 0.5, drum::SHAKER, at));
            part.push(at + 2.0, 1.0, drum::RIM, 0.3);
        }
        at += 3.0;
    }
    part
}
