//! "Undertow" and "Landfall", played in one go: E minor grows until it turns into G major, and the hall claps. The
//! second track begins in mid-air, on the downbeat of the turn.

use super::{Composition, Form, Place};
use crate::effects::{Echo, Kind, Reverb};
use crate::instruments::{Applause, ElectricPiano, Envelope, Kit, Lead, Pad, Pluck, SubBass, drum};
use crate::mixer::{Desk, Insert, Stem};
use crate::noise::Noise;
use crate::score::{Part, Tempo};
use crate::theory::{Chord, lead};

const A: &str = "Em9 | Cmaj7 | Am9 | Bm7 | Em9 | Cmaj7 | Am9 | Bm7";
const B: &str = "Cmaj9 | D | Em9 | Em9 | Cmaj9 | D | Bm7 | Em9";
const GROWS: &str = "Am9 | Cmaj7 | Am9 | Cmaj7 | D7sus4 | D7sus4";
const C: &str = "G | D/F# | Em7 | Cadd9 | G | D/F# | Em7 | Cadd9";
const D: &str = "Am7 | Em7 | Cmaj9 | D7sus4 | Am7 | Em7 | Cmaj9 | D7sus4";

const LOW_TUNE: &str = "_ 1 B4 1 E5 1 F#5 1 | G5 3 E5 1 | _ 1 C5 1 E5 1 G5 1 | F#5 3 D5 1 | \
    _ 1 B4 1 E5 1 F#5 1 | G5 2 B5 2 | A5 1 G5 1 E5 1 C5 1 | D5 3 _ 1";
const STEPS: &str = "E5 2 D5 1 C5 1 | D5 2 F#5 2 | G5 2 F#5 1 E5 1 | B4 3 _ 1 | \
    E5 2 G5 1 A5 1 | F#5 2 A5 2 | B5 2 A5 1 F#5 1 | G5 3 _ 1";
const HIGH_TUNE: &str = "B4 1.5 D5 .5 G5 2 | F#5 1 E5 .5 D5 .5 A4 2 | B4 1.5 D5 .5 G5 1 B5 1 | E5 2 D5 2 | \
    B4 1.5 D5 .5 G5 2 | F#5 1 A5 1 D5 2 | E5 1.5 F#5 .5 G5 2 | E5 2 D5 1 _ 1";
const WIDE: &str = "C5 1 E5 1 A5 2 | G5 1 E5 1 B4 2 | C5 1 E5 1 B5 2 | A5 2 G5 2 | \
    C5 1 E5 1 A5 2 | G5 1 B5 1 E5 2 | D5 1 G5 1 B5 2 | A5 2 C6 2";

/// The sections of both tracks, in their order.
struct Sections {
    a: Place,
    b: Place,
    grows: Place,
    c: Place,
    d: Place,
    again: Place,
    end: Place,
}

pub(crate) fn live() -> Composition {
    let mut form = Form::new(4.0);
    form.section("intro", "Em9 | Em9 | Em9 | Em9");
    let places = Sections {
        a: form.section("A", A),
        b: form.section("B", B),
        grows: form.section("bridge", GROWS),
        c: form.section("C", C),
        d: form.section("D", D),
        again: form.section("C'", C),
        end: form.section("end", "Cadd9 | D | G | G"),
    };
    let tempo = Tempo::of(&[
        (0.0, 94.0),
        (places.b.from, 95.0),
        (places.c.from, 97.0),
        (places.again.to, 97.0),
        (places.end.from + 8.0, 92.0),
        (places.end.to, 62.0),
    ]);
    let applauds = places.end.to - 2.5;
    let seconds = tempo.seconds(form.end()) + 7.0;
    let stems = stems(&form, &places, applauds);
    let kicks =
        drums(&places).0.iter().filter(|it| it.pitch == drum::KICK).map(|it| it.at).collect();
    let desk = Desk {
        tempo,
        seconds,
        reverb: Reverb { seconds: 2.1, size: 1.35, dark_hz: 5_600.0, early_s: 0.022 },
        echo: Some(Echo { seconds: 60.0 / 95.0 * 0.75, feedback: 0.42, tone_hz: 3_000.0 }),
        kicks,
    };
    let joins = vec![places.c.from];
    Composition { form, desk, stems, fade_s: 5.0, joins, seed: 707 }
}

fn stems(form: &Form, places: &Sections, applauds: f64) -> Vec<Stem> {
    let mut noise = Noise::of(77);
    let Sections { a, b, grows, c, d, again, end } = places;
    let chords = form.chords();
    let high = Part::line(HIGH_TUNE, 4.0, c.from)
        .and(Part::line(WIDE, 4.0, d.from))
        .and(Part::line(HIGH_TUNE, 4.0, again.from).scaled(1.1))
        .and(Part::line("E5 2 D5 2 | F#5 1 A5 1 D5 2 | G5 4 | _ 4", 4.0, end.from));
    let above = Part::line(HIGH_TUNE, 4.0, again.from).transposed(12).scaled(0.4);
    let low = Part::line(LOW_TUNE, 4.0, a.from).and(Part::line(STEPS, 4.0, b.from)).and(
        Part::line("C5 2 E5 2 | G5 4 | A5 2 G5 2 | E5 4 | D5 2 E5 2 | G5 2 A5 2", 4.0, grows.from),
    );
    let clap = Part::chord(&[60], applauds, end.to - applauds + 9.0, 0.9);
    let first = Part::chord(&[60], 0.0, 12.0, 0.45);
    let lead_voice = Lead {
        envelope: Envelope { attack: 0.02, decay: 0.7, sustain: 0.8, release: 0.3 },
        ..Lead::SUNG
    };
    vec![
        Stem::new(
            arpeggio(places, chords).human(&mut noise, 0.006, 0.1),
            Pluck { brightness: 0.62, pan: -0.3, ..Pluck::GUITAR },
        )
        .gain(2.0)
        .room(-13.0)
        .echo(-11.0),
        Stem::new(
            low.phrased(16.0, 0.15).human(&mut noise, 0.012, 0.08),
            ElectricPiano { tremolo_hz: 4.6 },
        )
        .gain(1.5)
        .room(-12.0)
        .echo(-13.0),
        Stem::new(high.held(0.97).phrased(16.0, 0.12).human(&mut noise, 0.008, 0.05), lead_voice)
            .gain(0.5)
            .room(-12.0)
            .echo(-12.0),
        Stem::new(above, Lead { vibrato: 6.0, ..lead_voice }).gain(-3.0).room(-9.0).echo(-9.0),
        Stem::new(
            bass(places, chords).human(&mut noise, 0.006, 0.08),
            SubBass { drive: 0.9, attack_s: 0.008, release_s: 0.09 },
        )
        .gain(-6.0)
        .ducked(0.3)
        .with(Insert::Drive(1.5)),
        Stem::new(
            pads(places, chords),
            Pad {
                attack_s: 0.5,
                release_s: 0.9,
                cutoff_hz: 800.0,
                breath_hz: 1_200.0,
                cents: 11.0,
            },
        )
        .gain(-7.0)
        .room(-10.0)
        .ducked(0.35)
        .with(Insert::Filter(Kind::HighPass { hz: 150.0, q: 0.7 })),
        Stem::new(drums(places).human(&mut noise, 0.008, 0.1), Kit::STAGE)
            .gain(-1.0)
            .room(-17.0)
            .with(Insert::Drive(1.3)),
        Stem::new(clap, Applause { people: 260, swells_s: 1.6, fades_s: 3.0 })
            .gain(-9.0)
            .room(-14.0),
        Stem::new(first, Applause { people: 90, swells_s: 0.1, fades_s: 5.5 })
            .gain(-13.0)
            .room(-12.0),
    ]
}

/// Eighths on the guitar that never stop: they carry one track into the next.
fn arpeggio(places: &Sections, chords: &[(f64, f64, Chord)]) -> Part {
    const ORDER: [usize; 8] = [0, 2, 3, 1, 2, 3, 1, 2];
    let mut part = Part::default();
    let led = lead(chords.iter().map(|it| &it.2), 4, (55, 74));
    for ((at, _, _), voicing) in chords.iter().zip(led) {
        if *at >= places.end.from + 8.0 {
            part.extend(Part::strummed(&voicing, *at, 4.0, 0.6, 0.06));
            continue;
        }
        let strong = if *at < places.a.from {
            0.7
        } else if *at < places.c.from {
            0.56
        } else {
            0.62
        };
        for (step, voice) in ORDER.into_iter().enumerate() {
            let accent = [1.0, 0.75, 0.85, 0.75][step % 4];
            part.push(at + step as f64 * 0.5, 1.4, voicing[voice], strong * accent);
        }
    }
    part
}

fn bass(places: &Sections, chords: &[(f64, f64, Chord)]) -> Part {
    let mut part = Part::default();
    for (number, (at, beats, chord)) in
        chords.iter().enumerate().filter(|(_, it)| it.0 >= places.a.from)
    {
        let root = chord.bass_from(28);
        if *at >= places.end.from + 8.0 || *at < places.b.from {
            part.push(*at, beats * 0.95, root, 0.72);
            continue;
        }
        part.push(*at, 1.4, root, 0.85);
        part.push(at + 1.5, 0.9, root, 0.7);
        part.push(at + 2.5, 0.9, chord.fifth_from(root), 0.62);
        let next = chords.get(number + 1).map_or(root, |it| it.2.bass_from(28));
        part.push(at + 3.5, 0.45, if next > root { root + 2 } else { root }, 0.6);
    }
    part
}

fn pads(places: &Sections, chords: &[(f64, f64, Chord)]) -> Part {
    let mut part = Part::default();
    let led = lead(chords.iter().map(|it| &it.2), 4, (52, 71));
    for ((at, beats, _), voicing) in chords.iter().zip(led) {
        let Sections { a, b, grows, c, .. } = places;
        let level = match *at {
            at if at < a.from => 0.35,
            at if at < b.from => 0.45,
            at if at < grows.from => 0.6,
            at if at < c.from => 0.6 + 0.25 * ((at - grows.from) / 24.0) as f32,
            _ => 0.75,
        };
        part.extend(Part::chord(&voicing, *at, *beats, level));
    }
    part
}

fn drums(places: &Sections) -> Part {
    let Sections { a, b, grows, c, d, again, end } = places;
    let mut part = Part::default();
    let bars = |place: &Place| 0..((place.to - place.from) / 4.0).round() as usize;
    for bar in bars(a).skip(4) {
        part.extend(Part::hits("x...............", 0.25, drum::KICK, a.from + bar as f64 * 4.0));
        part.extend(Part::hits("-.-.o.-.", 0.5, drum::HAT, a.from + bar as f64 * 4.0));
    }
    for bar in bars(b) {
        let at = b.from + bar as f64 * 4.0;
        part.extend(Part::hits("x.....x...o.....", 0.25, drum::KICK, at));
        part.extend(Part::hits("........x.......", 0.25, drum::SNARE, at));
        part.extend(Part::hits("o-o-o-o-", 0.5, drum::HAT, at));
    }
    for bar in bars(grows) {
        let at = grows.from + bar as f64 * 4.0;
        let loud = 0.45 + 0.1 * bar as f32;
        part.extend(Part::hits("o.ooo.ooo.ooo.oo", 0.25, drum::TOM_LOW, at).scaled(loud));
        part.extend(Part::hits("..o...o...o...o.", 0.25, drum::TOM_HIGH, at).scaled(loud));
        part.extend(Part::hits("xxxx", 1.0, drum::KICK, at).scaled(loud + 0.1));
    }
    let last = grows.to - 4.0;
    part.extend(Part::hits("o.o.o.o.oooooooo", 0.25, drum::SNARE, last).scaled(0.75));
    for place in [c, d, again] {
        for bar in bars(place) {
            let at = place.from + bar as f64 * 4.0;
            let kick = ["x.....x.x.......", "x.....x...x...o."][bar % 2];
            part.extend(Part::hits(kick, 0.25, drum::KICK, at));
            part.extend(Part::hits("....x.......x..-", 0.25, drum::SNARE, at));
            let ride = place.from == d.from;
            let top = if ride { drum::RIDE } else { drum::HAT };
            part.extend(Part::hits("o-o-o-o-", 0.5, top, at));
            part.extend(Part::hits(".o.o.o.o", 0.5, drum::SHAKER, at).scaled(0.7));
            if bar == 7 {
                part.extend(Part::hits("........xx.xoooo", 0.25, drum::TOM_HIGH, at).scaled(0.8));
                part.extend(Part::hits("............oooo", 0.25, drum::TOM_LOW, at).scaled(0.8));
            }
        }
        part.push(place.from, 2.0, drum::CRASH, 0.85);
    }
    part.extend(Part::hits("x...x...x...x.x.", 0.25, drum::KICK, end.from));
    part.extend(Part::hits("x...x...x...x.x.", 0.25, drum::KICK, end.from + 4.0));
    part.extend(Part::hits("....x.......x...", 0.25, drum::SNARE, end.from));
    part.extend(Part::hits("....x.......xxxx", 0.25, drum::SNARE, end.from + 4.0));
    part.extend(Part::hits("x", 1.0, drum::KICK, end.from + 8.0));
    part.push(end.from + 8.0, 4.0, drum::CRASH, 0.9);
    part
}
