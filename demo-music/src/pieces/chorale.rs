//! "Evensong for Four Bows": a hymn in four parts. D minor, twice, with a solo between, and a major chord at the end.

use super::{Composition, Form};
use crate::effects::{Kind, Reverb};
use crate::instruments::Bowed;
use crate::mixer::{Desk, Insert, Stem};
use crate::noise::Noise;
use crate::score::{Note, Part, Tempo};

/// The four parts of the hymn from above, beat by beat: four lines of two bars each.
const HYMN: [&str; 4] = [
    "A4 1 A4 1 Bb4 1 A4 1 | G4 1 F4 1 E4 2 | F4 1 G4 1 A4 1 D5 1 | C5 1 Bb4 1 A4 2 | \
     C5 1 C5 1 D5 1 C5 1 | Bb4 1 A4 1 G4 2 | A4 1 Bb4 1 A4 1 G4 1 | F4 1 E4 1 D4 2",
    "F4 1 E4 1 G4 1 F4 1 | E4 1 C4 1 C#4 2 | D4 1 E4 1 F4 1 F4 1 | F4 1 E4 1 C4 2 | \
     F4 1 E4 1 F4 1 E4 1 | F4 1 F4 1 E4 2 | F4 1 G4 1 D4 1 D4 1 | D4 1 C#4 1 A3 2",
    "D4 1 C4 1 D4 1 A3 1 | C4 1 A3 1 A3 2 | A3 1 C4 1 C4 1 Bb3 1 | A3 1 G3 1 F3 2 | \
     A3 1 A3 1 A3 1 G3 1 | Bb3 1 C4 1 C4 2 | C4 1 D4 1 A3 1 Bb3 1 | A3 1 G3 1 F3 2",
    "D3 1 A2 1 G2 1 D3 1 | E3 1 F3 1 A2 2 | D3 1 C3 1 F3 1 Bb2 1 | F3 1 C3 1 F2 2 | \
     F3 1 A2 1 D3 1 E3 1 | D3 1 A2 1 C3 2 | A2 1 G2 1 F2 1 G2 1 | A2 1 A2 1 D3 2",
];
const CHORDS: &str = "Dm Am Gm Dm | C/E F A A | Dm C F Bb | F C7 F F | F Am Dm C/E | Bb/D F/A C C | \
    F/A Gm Dm/F Gm | Dm/A A7 Dm Dm";
const SOLO: &str =
    "D5 1.5 C5 .5 Bb4 1 F5 1 | C5 1.5 Bb4 .5 A4 1 C5 1 | Bb4 1.5 A4 .5 G4 1 D5 1 | C#5 2 E5 1 _ 1";
const SOLO_BELOW: [&str; 3] =
    ["F4 4 | F4 4 | G4 4 | E4 4", "Bb3 4 | C4 4 | D4 4 | C#4 4", "Bb2 4 | A2 4 | G2 4 | A2 4"];
const AMEN: [&str; 4] = ["D4 4 | D4 4", "Bb3 4 | A3 4", "G3 4 | F#3 4", "G2 4 | D2 4"];
/// Beats in front of the hymn, and between its two times.
const INTRO: f64 = 8.0;
const BEATS: f64 = 32.0;
const BETWEEN: f64 = 16.0;

/// The beat at which each of the hymn's four lines begins, the first and the second time.
pub(crate) fn hymn_beats() -> [f64; 8] {
    std::array::from_fn(|line| {
        let again = if line < 4 { 0.0 } else { BEATS + BETWEEN };
        INTRO + again + (line % 4) as f64 * 8.0
    })
}

pub(crate) fn chorale() -> Composition {
    let mut form = Form::new(4.0);
    let mut noise = Noise::of(55);
    form.section("intro", "D5 | D5");
    let a = form.section("A", CHORDS);
    let b = form.section("B", "Bb | F/A | Gm | A");
    let again = form.section("A'", CHORDS);
    let amen = form.section("end", "Gm | D");
    let opening = [("D4", 4.0), ("A3", 2.0), ("D3", 0.0), ("D2", 0.0)];
    let mut voices: Vec<Part> = Vec::new();
    for (voice, (first, enters)) in opening.into_iter().enumerate() {
        let pitch = crate::theory::pitch(first).expect("a pitch");
        let first = Part::chord(&[pitch], enters, INTRO - enters, 0.5);
        let one = Part::line(HYMN[voice], 4.0, a.from).scaled(0.85);
        let two = Part::line(HYMN[voice], 4.0, again.from).scaled(1.02);
        let last = Part::line(AMEN[voice], 4.0, amen.from).scaled(0.8);
        let mut part = first.and(tied(one)).and(tied(two)).and(last);
        if let Some(below) = voice.checked_sub(1) {
            part.extend(Part::line(SOLO_BELOW[below], 4.0, b.from).scaled(0.62));
        }
        voices.push(part.phrased(8.0, 0.16).held(1.03).human(&mut noise, 0.02, 0.04));
    }
    let solo = Part::line(SOLO, 4.0, b.from).phrased(8.0, 0.2).held(1.02);
    let descant = tied(Part::line(HYMN[0], 4.0, again.from)).transposed(12).scaled(0.42);
    let ground = tied(Part::line(HYMN[3], 4.0, again.from)).transposed(-12).scaled(0.7);
    let tempo = Tempo::of(&[
        (0.0, 69.0),
        (a.to - 4.0, 69.0),
        (a.to, 58.0),
        (b.from + 0.01, 66.0),
        (b.to, 58.0),
        (again.from + 0.01, 67.0),
        (again.to - 4.0, 64.0),
        (again.to, 50.0),
        (amen.to, 44.0),
    ]);
    let seconds = tempo.seconds(form.end()) + 3.5;
    let group = |players, pan: f32, brightness: f32| Bowed {
        players,
        attack_s: 0.16,
        release_s: 0.34,
        brightness: brightness + 0.12,
        width: 0.22,
        pan,
    };
    let stem = |part: Part, bows: Bowed| {
        Stem::new(part, bows)
            .room(-9.0)
            .with(Insert::Filter(Kind::Peak { hz: 310.0, q: 1.2, db: 2.0 }))
            .with(Insert::Filter(Kind::Peak { hz: 2_600.0, q: 0.9, db: -1.5 }))
            .with(Insert::Filter(Kind::HighShelf { hz: 5_500.0, db: -1.0 }))
    };
    let bows =
        [group(4, -0.5, 0.5), group(3, -0.15, 0.42), group(3, 0.2, 0.4), group(3, 0.5, 0.34)];
    let mut stems: Vec<Stem> =
        voices.into_iter().zip(bows).map(|(part, bows)| stem(part, bows)).collect();
    stems[0].gain_db = 1.5;
    stems[3].gain_db = 1.0;
    stems.push(stem(solo, group(1, -0.3, 0.62)).gain(1.0));
    stems.push(stem(descant, group(3, -0.4, 0.5)).gain(-2.0));
    stems.push(stem(ground, group(2, 0.55, 0.25)).gain(-1.0));
    let desk = Desk {
        tempo,
        seconds,
        reverb: Reverb { seconds: 3.2, size: 1.3, dark_hz: 4_800.0, early_s: 0.03 },
        echo: None,
        kicks: Vec::new(),
    };
    Composition { form, desk, stems, fade_s: 3.0, joins: Vec::new(), seed: 505 }
}

/// A tone that is written twice within a line is bowed once.
fn tied(part: Part) -> Part {
    let start = part.0.first().map_or(0.0, |note| note.at);
    let mut tied: Vec<Note> = Vec::new();
    for note in part.0 {
        let begins_a_line = (note.at - start).rem_euclid(8.0) < 0.01;
        match tied.last_mut() {
            Some(last) if last.pitch == note.pitch && !begins_a_line => last.beats += note.beats,
            _ => tied.push(note),
        }
    }
    Part(tied)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The pitch of each part at each beat.
    fn beats(parts: &[&str]) -> Vec<Vec<i32>> {
        let lines: Vec<Part> = parts.iter().map(|text| Part::line(text, 4.0, 0.0)).collect();
        let at = |beat: i32| {
            let moment = f64::from(beat) + 0.01;
            let sounds = |line: &Part| {
                let note = line.0.iter().find(|it| it.at <= moment && moment < it.at + it.beats);
                note.expect("no part rests").pitch
            };
            lines.iter().map(sounds).collect()
        };
        (0..(HYMN[0].split('|').count() * 4) as i32).map(at).collect()
    }

    /// What every pupil of harmony is told: no two parts go on together in fifths or octaves, and none cross.
    #[test]
    fn the_parts_are_independent() {
        let beats = beats(&HYMN);
        for (beat, pair) in beats.windows(2).enumerate() {
            for upper in 0..4 {
                for lower in upper + 1..4 {
                    let interval = |at: usize| (pair[at][upper] - pair[at][lower]).rem_euclid(12);
                    let moved = |part: usize| (pair[1][part] - pair[0][part]).signum();
                    let together = moved(upper) != 0 && moved(upper) == moved(lower);
                    let perfect = interval(0) == interval(1) && [0, 7].contains(&interval(0));
                    assert!(!(together && perfect), "beat {beat}: parts {upper} and {lower}");
                }
                assert!((pair[1][upper] - pair[0][upper]).abs() <= 12, "beat {beat}: a leap");
            }
        }
        for (beat, parts) in beats.iter().enumerate() {
            assert!(parts.is_sorted_by(|one, other| one >= other), "beat {beat}: parts cross");
        }
    }

    #[test]
    fn the_parts_are_the_chords() {
        let chords = crate::theory::changes(CHORDS, 4.0, 0.0);
        for (beat, parts) in beats(&HYMN).iter().enumerate() {
            let chord = &chords[beat].2;
            assert_eq!(parts[3].rem_euclid(12), chord.bass, "beat {beat}: {}", chord.symbol);
            let inside = |pitch: &i32| chord.classes.contains(&pitch.rem_euclid(12));
            assert!(parts.iter().all(inside), "beat {beat}: {} {parts:?}", chord.symbol);
        }
    }
}
