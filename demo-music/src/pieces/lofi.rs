//! "Kitchen Radio": an electric piano, a double bass and a dusty kit that drags. E flat major, seconds and fifths.

use super::{Composition, Form};
use crate::effects::{Chorus, Echo, Kind, Reverb};
use crate::instruments::{Crackle, ElectricPiano, Kit, Pluck, Vibraphone, drum};
use crate::mixer::{Desk, Insert, Stem};
use crate::noise::Noise;
use crate::score::{Part, Tempo};
use crate::theory::{Chord, lead};

const INTRO: &str = "Fm9 | Bb13 | Ebmaj9 | C7b9";
const A: &str = "Fm9 | Bb13 | Ebmaj9 | C7b9 | Fm9 | Bb13 | Ebmaj9 | Ebmaj9";
const B: &str = "Abmaj9 | Gm7 | Fm9 | Bb9sus4 | Abmaj9 | Gm7 | Fm9 Bb13 | Ebmaj9 C7b9";
const OUT: &str = "Fm9 | Bb13 | Ebmaj9 | Ebmaj9";

const TUNE: &str = "_ .5 C5 .5 Eb5 .5 G5 1 F5 .5 Eb5 1 | D5 1.5 C5 .5 G4 1 _ 1 | \
    _ .5 Bb4 .5 D5 .5 F5 1 Eb5 .5 D5 1 | E5 1.5 Db5 .5 Bb4 1 _ 1 | \
    _ .5 C5 .5 Eb5 .5 G5 1 Ab5 .5 G5 1 | F5 1.5 D5 .5 C5 1 _ 1 | \
    _ .5 G4 .5 Bb4 .5 D5 1 C5 .5 Bb4 1 | G4 3 _ 1";
const BRIDGE: &str = "G5 1 Eb5 .5 C5 1.5 Bb4 1 | D5 1 Bb4 .5 G4 1.5 F4 1 | Ab4 .5 C5 .5 Eb5 1 G5 1 Eb5 1 | \
    F5 2.5 _ 1.5 | G5 1 Eb5 .5 C5 1.5 Eb5 1 | F5 1 D5 .5 Bb4 1.5 D5 1 | Eb5 1 C5 1 D5 1 F5 1 | \
    G5 1.5 _ .5 E5 1 Db5 1";
const LAST: &str = "_ .5 C5 .5 Eb5 .5 G5 1 F5 .5 Eb5 1 | D5 1.5 C5 .5 G4 1 _ 1 | \
    _ .5 Bb4 .5 D5 .5 F5 1 Eb5 .5 D5 1 | Bb4 3 _ 1";

pub(crate) fn lofi() -> Composition {
    let mut form = Form::new(4.0);
    let mut noise = Noise::of(22);
    form.section("intro", INTRO);
    let a = form.section("A", A);
    let b = form.section("B", B);
    let again = form.section("A'", A);
    let out = form.section("end", OUT);
    let swing = |part: Part| part.swung(0.25, 0.585);
    let tune = Part::line(TUNE, 4.0, a.from)
        .and(Part::line(BRIDGE, 4.0, b.from))
        .and(Part::line(TUNE, 4.0, again.from))
        .and(Part::line(LAST, 4.0, out.from).scaled(0.8));
    let answer = Part::line(TUNE, 4.0, again.from).transposed(-12).scaled(0.5);
    let chords = form.chords();
    let comp = comp(chords, out.to);
    let bass = bass(chords, a.from);
    let drums = swing(drums(a.from, out.from)).and(Part::hits("x", 1.0, drum::KICK, out.to - 4.0));
    let seconds = Tempo::steady(79.0).seconds(form.end()) + 3.0;
    let crackle = Part::chord(&[60], 0.0, form.end() + 3.5, 0.6);
    let stems = vec![
        Stem::new(tune.phrased(16.0, 0.15).human(&mut noise, 0.02, 0.12), Vibraphone)
            .gain(-3.0)
            .room(-12.0)
            .echo(-15.0),
        Stem::new(answer.human(&mut noise, 0.02, 0.1), ElectricPiano { tremolo_hz: 3.1 })
            .gain(-7.0),
        Stem::new(swing(comp).human(&mut noise, 0.012, 0.14), ElectricPiano { tremolo_hz: 4.2 })
            .gain(-4.5)
            .room(-17.0)
            .with(Insert::Chorus(Chorus { hz: 0.6, depth_ms: 2.2, mix: 0.45 }))
            .with(Insert::Filter(Kind::LowPass { hz: 3_600.0, q: 0.6 }))
            .ducked(0.25),
        Stem::new(swing(bass).human(&mut noise, 0.012, 0.1), Pluck::DOUBLE_BASS)
            .gain(3.0)
            .with(Insert::Filter(Kind::LowShelf { hz: 110.0, db: 3.0 }))
            .with(Insert::Drive(1.2)),
        Stem::new(drums.human(&mut noise, 0.006, 0.16), Kit::DUSTY)
            .gain(-1.5)
            .room(-24.0)
            .with(Insert::Drive(1.6)),
        Stem::new(crackle, Crackle).gain(-15.0),
    ];
    let kicks = (0..).map(|bar| a.from + f64::from(bar) * 4.0).take_while(|at| *at < out.from);
    let desk = Desk {
        tempo: Tempo::steady(79.0),
        seconds,
        reverb: Reverb { seconds: 1.3, size: 0.8, dark_hz: 3_800.0, early_s: 0.012 },
        echo: Some(Echo { seconds: 60.0 / 79.0 * 0.75, feedback: 0.35, tone_hz: 2_400.0 }),
        kicks: kicks.collect(),
    };
    Composition { form, desk, stems, fade_s: 3.0, joins: Vec::new(), seed: 202 }
}

/// The piano's chords: on the one, before the three, and sometimes behind it.
fn comp(chords: &[(f64, f64, Chord)], end: f64) -> Part {
    let mut part = Part::default();
    let led = lead(chords.iter().map(|(_, _, chord)| chord), 4, (55, 72));
    for (bar, ((at, beats, _), voicing)) in chords.iter().zip(led).enumerate() {
        let last = at + beats >= end;
        let hits: &[(f64, f64, f32)] = match (*beats < 4.0, last, bar % 2) {
            (_, true, _) => &[(0.0, 5.0, 0.55)],
            (true, ..) => &[(0.0, 1.4, 0.6), (1.5, 0.45, 0.4)],
            (_, _, 0) => &[(0.0, 1.6, 0.62), (1.75, 1.2, 0.48), (3.5, 0.4, 0.34)],
            _ => &[(0.0, 1.3, 0.6), (1.75, 0.6, 0.42), (2.5, 1.4, 0.5)],
        };
        for (later, held, velocity) in hits {
            part.extend(Part::strummed(&voicing, at + later, *held, *velocity, 0.012));
        }
    }
    part
}

/// Roots, fifths, and a semitone's step into the next root.
fn bass(chords: &[(f64, f64, Chord)], from: f64) -> Part {
    let mut part = Part::default();
    for (number, (at, beats, chord)) in chords.iter().enumerate().filter(|(_, it)| it.0 >= from) {
        let root = chord.bass_from(28);
        part.push(*at, 1.3, root, 0.82);
        let Some((_, _, next)) = chords.get(number + 1) else { continue };
        if *beats >= 4.0 {
            part.push(at + 1.75, 0.7, chord.fifth_from(root), 0.55);
            part.push(at + 2.5, 0.9, root, 0.66);
        }
        let target = next.bass_from(28);
        let step = if target > root { -1 } else { 1 };
        part.push(at + beats - 0.5, 0.45, target + step, 0.6);
    }
    part
}

fn drums(from: f64, to: f64) -> Part {
    let mut part = Part::default();
    let mut bar = 0;
    let mut at = from;
    while at < to {
        let kick = ["x.....-.x.......", "x..-......x..-.."][bar % 2];
        let hat = ["o.-.o.-.o.-.o.-o", "o.-.o.--o.-.o.-."][bar % 2];
        let fill = bar % 8 == 7;
        part.extend(Part::hits(kick, 0.25, drum::KICK, at));
        let snare = if fill { "....x..-....x.oo" } else { "....x.......x..-" };
        part.extend(Part::hits(snare, 0.25, drum::SNARE, at + 0.03));
        part.extend(Part::hits(hat, 0.25, drum::HAT, at));
        part.extend(Part::hits("....o.......o...", 0.25, drum::RIM, at + 0.02).scaled(0.7));
        part.extend(Part::hits("--------", 0.5, drum::SHAKER, at).scaled(0.8));
        at += 4.0;
        bar += 1;
    }
    part
}
