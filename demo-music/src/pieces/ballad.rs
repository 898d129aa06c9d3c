//! "Night Ferry": a piano by itself. F major, slow, in free time; two themes, the second climbs and the first comes back.

use super::{Composition, Form, Place};
use crate::effects::{Kind, Reverb};
use crate::instruments::Piano;
use crate::mixer::{Desk, Insert, Stem};
use crate::noise::Noise;
use crate::score::{Part, Tempo};
use crate::theory::lead;

const A: &str = "Fmaj9 | C/E | Dm9 | Am7 | Bbmaj7 | F/A | Gm7 | C7sus4 C7";
const B: &str = "Dm9 | C | Bbmaj9 | F/A | Gm9 | Am7 | Bbmaj7 | C7sus4 C7";
const A_AGAIN: &str = "Fmaj9 | C/E | Dm9 | Am7 | Bbmaj7 | F/A | Gm7 C7 | F";

/// A third up, a fifth up, and down again by steps: all of it is made of that.
const THEME: &str = "A4 1.5 C5 .5 G5 2 | E5 1 D5 .5 E5 .5 C5 2 | F4 1.5 A4 .5 E5 2 | D5 1 C5 .5 D5 .5 A4 2 | \
    D5 1.5 F5 .5 A5 2 | G5 1 F5 .5 G5 .5 C5 2 | Bb4 1.5 D5 .5 F5 1 E5 .5 D5 .5 | F5 2 E5 1.5 _ .5";
const SECOND: &str = "A5 1 G5 .5 F5 .5 E5 2 | G5 1 F5 .5 E5 .5 D5 1 E5 1 | F5 1 E5 .5 D5 .5 C5 2 | \
    C5 1.5 D5 .5 F5 2 | Bb4 1 D5 .5 F5 .5 A5 2 | C5 1 E5 .5 G5 .5 C6 2 | Bb5 1 A5 .5 F5 .5 D5 2 | \
    G5 2 E5 1.5 _ .5";
const THEME_AGAIN: &str = "A4 1.5 C5 .5 G5 2 | E5 .5 F5 .5 E5 .5 D5 .5 C5 2 | F4 1.5 A4 .5 E5 2 | \
    D5 .5 E5 .5 D5 .5 C5 .5 A4 2 | D5 1.5 F5 .5 A5 2 | G5 1 F5 .5 G5 .5 C6 2 | \
    Bb4 1.5 D5 .5 G5 1 E5 1 | F5 4";

pub(crate) fn ballad() -> Composition {
    let mut form = Form::new(4.0);
    let mut noise = Noise::of(11);
    let intro = form.section("intro", "Fmaj9 | Bbmaj7/F");
    let a = form.section("A", A);
    let b = form.section("B", B);
    let again = form.section("A'", A_AGAIN);
    let end = form.section("end", "Bbm6/F | F");
    let mut left = Part::default();
    for place in [&intro, &a, &b, &again] {
        left.extend(broken(place));
    }
    left.extend(held_end(&end));
    let melody = Part::line(THEME, 4.0, a.from)
        .and(Part::line(SECOND, 4.0, b.from).scaled(1.1))
        .and(Part::line(THEME_AGAIN, 4.0, again.from))
        .and(Part::line("_ 1 Db5 1 F5 .5 G5 1.5 | F5 4", 4.0, end.from).scaled(0.8));
    let octaves = Part::line(SECOND, 4.0, b.from).scaled(0.42).transposed(-12);
    let octaves = Part(octaves.0.into_iter().filter(|note| note.at >= b.from + 16.0).collect());
    let right = melody.clone().held(1.06).phrased(16.0, 0.22).scaled(1.12);
    let inner = inner(&form, &melody);
    let tempo = Tempo::of(&[
        (0.0, 66.0),
        (a.from, 71.0),
        (b.from, 73.0),
        (b.from + 20.0, 78.0),
        (b.to, 66.0),
        (again.from + 4.0, 72.0),
        (again.to - 4.0, 66.0),
        (end.from, 56.0),
        (end.to, 38.0),
    ]);
    let seconds = tempo.seconds(form.end()) + 3.5;
    let piano = Piano { brightness: 0.45 };
    let stem = |part: Part, noise: &mut Noise| {
        Stem::new(part.human(noise, 0.014, 0.1), piano)
            .room(-13.0)
            .with(Insert::Filter(Kind::LowShelf { hz: 180.0, db: -2.0 }))
    };
    let stems = vec![
        stem(right, &mut noise),
        stem(octaves.held(1.05), &mut noise),
        stem(inner, &mut noise).gain(-1.0),
        stem(left, &mut noise).gain(-1.5),
    ];
    let desk = Desk {
        tempo,
        seconds,
        reverb: Reverb { seconds: 2.4, size: 1.1, dark_hz: 5_200.0, early_s: 0.018 },
        echo: None,
        kicks: Vec::new(),
    };
    Composition { form, desk, stems, fade_s: 2.5, joins: Vec::new(), seed: 101 }
}

/// The left hand: the chord from below and back, in eighths, with the pedal down.
fn broken(place: &Place) -> Part {
    let mut part = Part::default();
    for (at, beats, chord) in &place.chords {
        let bass = chord.bass_from(37);
        let (fifth, tenth) = (chord.fifth_from(bass + 5), chord.third_from(bass + 13));
        let top = chord.fifth_from(bass + 17);
        let figure = [bass, fifth, tenth, top, tenth, fifth, tenth, fifth];
        let steps = (beats * 2.0).round() as usize;
        for (step, pitch) in figure.into_iter().cycle().take(steps).enumerate() {
            let later = step as f64 * 0.5;
            let velocity = if step == 0 {
                0.56
            } else if step % 2 == 0 {
                0.40
            } else {
                0.34
            };
            part.push(at + later, beats - later, pitch, velocity);
        }
    }
    part
}

/// The last chords are laid down slowly.
fn held_end(place: &Place) -> Part {
    let mut part = Part::default();
    for (number, (at, beats, chord)) in place.chords.iter().enumerate() {
        let bass = chord.bass_from(36 + 5);
        let mut pitches = vec![bass - 12, chord.fifth_from(bass + 5)];
        pitches.extend(lead([chord], 3, (56, 69)).remove(0));
        let apart = if number == 0 { 0.12 } else { 0.2 };
        part.extend(Part::strummed(&pitches, *at, *beats, 0.46, apart));
    }
    part
}

/// What the right hand plays below the melody: two tones of the chord, softly, where the melody rests on a note.
fn inner(form: &Form, melody: &Part) -> Part {
    let mut part = Part::default();
    let chords = form.chords();
    let led = lead(chords.iter().map(|(_, _, chord)| chord), 3, (55, 68));
    for ((at, beats, _), voicing) in chords.iter().zip(led) {
        for half in [0.0, 2.0] {
            if half >= *beats {
                continue;
            }
            let moment = at + half;
            let sounds =
                melody.0.iter().find(|note| note.at <= moment && moment < note.at + note.beats);
            let Some(above) = sounds else { continue };
            let below = voicing.iter().filter(|pitch| above.pitch - **pitch >= 3);
            for pitch in below.rev().take(2) {
                part.push(moment, (beats - half).min(2.0), *pitch, 0.36);
            }
        }
    }
    part
}
