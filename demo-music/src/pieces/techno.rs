//! "Meridian": four on the floor. A minor, an arpeggio that opens, a break without a kick, and all of it again.

use super::{Composition, Form, Place};
use crate::effects::{Echo, Kind, Reverb};
use crate::instruments::{AcidBass, Kit, Lead, Pad, drum};
use crate::mixer::{Desk, Insert, Stem};
use crate::noise::Noise;
use crate::score::{Part, Tempo};
use crate::theory::{Chord, lead};

const LOOP: &str = "Am9 | Am9 | Fmaj9 | Em7";
const TWICE: &str = "Am9 | Am9 | Fmaj9 | Em7 | Am9 | Am9 | Fmaj9 | Em7";
const FOUR_TIMES: &str = "Am9 | Am9 | Fmaj9 | Em7 | Am9 | Am9 | Fmaj9 | Em7 | Am9 | Am9 | Fmaj9 | Em7 | \
    Am9 | Am9 | Fmaj9 | Em7";
const BREAK: &str = "Dm9 | Am9 | Fmaj9 | E7sus4 | Dm9 | Am9 | Fmaj9 | E7sus4";
const THRICE: &str = "Am9 | Am9 | Fmaj9 | Em7 | Am9 | Am9 | Fmaj9 | Em7 | Am9 | Am9 | Fmaj9 | Em7";

const HOOK: &str = "E5 .75 D5 .75 E5 .5 G5 1 E5 1 | C5 .75 B4 .75 C5 .5 E5 2 | \
    E5 .75 D5 .75 E5 .5 A5 1 G5 1 | E5 .75 D5 .75 B4 .5 G4 2";

pub(crate) fn techno() -> Composition {
    let mut form = Form::new(4.0);
    let mut noise = Noise::of(33);
    let intro = form.section("intro", TWICE);
    let a = form.section("A", FOUR_TIMES);
    let rest = form.section("B", BREAK);
    let again = form.section("A'", THRICE);
    let out = form.section("end", LOOP);
    let arp = arpeggio(&intro, (0.32, 0.5))
        .and(arpeggio(&a, (0.42, 0.8)))
        .and(arpeggio(&rest, (0.3, 0.9)))
        .and(arpeggio(&again, (0.75, 0.85)))
        .and(arpeggio(&out, (0.6, 0.2)));
    let bass = bass(&a).and(bass(&again)).and(bass(&out).scaled(0.9));
    let mut pads = Part::default();
    let held: Vec<&(f64, f64, Chord)> =
        form.chords().iter().filter(|it| it.0 >= a.from + 32.0).collect();
    for ((at, beats, chord), voicing) in
        held.iter().zip(lead(held.iter().map(|it| &it.2), 4, (52, 72)))
    {
        let loud = if *at >= rest.from && *at < rest.to { 1.0 } else { 0.5 };
        pads.extend(Part::chord(&voicing, *at, *beats, loud));
        if *at >= rest.from && *at < rest.to {
            pads.push(*at, *beats, chord.bass_from(36), 0.9);
        }
    }
    let hook = Part::line(HOOK, 4.0, rest.from + 16.0)
        .and(Part::line(HOOK, 4.0, again.from))
        .and(Part::line(HOOK, 4.0, again.from + 16.0))
        .and(Part::line(HOOK, 4.0, again.from + 32.0).transposed(12).scaled(0.55));
    let drums = drums([&intro, &a, &rest, &again, &out]);
    let kicks =
        drums.0.iter().filter(|note| note.pitch == drum::KICK).map(|note| note.at).collect();
    let tempo = Tempo::steady(126.0);
    let seconds = tempo.seconds(form.end()) + 4.5;
    let stems = vec![
        Stem::new(drums.human(&mut noise, 0.0, 0.06), Kit::CLUB)
            .gain(-3.5)
            .room(-26.0)
            .with(Insert::Drive(1.2)),
        Stem::new(bass, AcidBass { cutoff_hz: 130.0, resonance: 1.7 })
            .gain(-1.0)
            .ducked(0.75)
            .with(Insert::Drive(1.6)),
        Stem::new(arp.human(&mut noise, 0.0, 0.1), Lead::PLUCKED)
            .gain(3.5)
            .room(-16.0)
            .echo(-9.0)
            .ducked(0.45)
            .with(Insert::Filter(Kind::HighPass { hz: 240.0, q: 0.7 })),
        Stem::new(
            pads,
            Pad {
                attack_s: 0.25,
                release_s: 0.5,
                cutoff_hz: 900.0,
                breath_hz: 1_900.0,
                cents: 13.0,
            },
        )
        .gain(-1.0)
        .room(-12.0)
        .ducked(0.8)
        .with(Insert::Filter(Kind::HighPass { hz: 120.0, q: 0.7 })),
        Stem::new(hook, Lead::SUNG).gain(-1.0).room(-14.0).echo(-10.0).ducked(0.3),
    ];
    let desk = Desk {
        tempo,
        seconds,
        reverb: Reverb { seconds: 2.6, size: 1.2, dark_hz: 6_500.0, early_s: 0.02 },
        echo: Some(Echo { seconds: 60.0 / 126.0 * 0.75, feedback: 0.48, tone_hz: 3_800.0 }),
        kicks,
    };
    Composition { form, desk, stems, fade_s: 3.0, joins: Vec::new(), seed: 303 }
}

/// Sixteenths over the chord, from one loudness to another; louder is brighter.
fn arpeggio(place: &Place, (first, last): (f32, f32)) -> Part {
    const ORDER: [usize; 16] = [0, 2, 1, 3, 2, 0, 3, 1, 2, 3, 0, 2, 1, 3, 2, 3];
    let mut part = Part::default();
    let led = lead(place.chords.iter().map(|it| &it.2), 4, (60, 79));
    for ((at, beats, _), voicing) in place.chords.iter().zip(led) {
        for (step, voice) in ORDER.into_iter().enumerate() {
            let now = at + step as f64 * beats / 16.0;
            let along = ((now - place.from) / (place.to - place.from)) as f32;
            let accent = if step % 3 == 0 { 1.0 } else { 0.72 };
            part.push(now, 0.2, voicing[voice], (first + (last - first) * along) * accent);
        }
    }
    part
}

/// Between the kicks, with a leap to the octave at the end of a bar.
fn bass(place: &Place) -> Part {
    let mut part = Part::default();
    for (bar, (at, _, chord)) in place.chords.iter().enumerate() {
        let root = chord.bass_from(33);
        let root = if root > 40 { root - 12 } else { root };
        for (step, letter) in "..x.-.x...x.-.xo".chars().enumerate() {
            let velocity = match letter {
                'x' => 0.85,
                'o' => 0.65,
                '-' => 0.5,
                _ => continue,
            };
            let up = if step == 15 || (step == 10 && bar % 2 == 1) { 12 } else { 0 };
            part.push(at + step as f64 * 0.25, 0.22, root + up, velocity);
        }
    }
    part
}

fn drums([intro, a, rest, again, out]: [&Place; 5]) -> Part {
    let mut part = Part::default();
    let bars = |place: &Place| ((place.to - place.from) / 4.0).round() as usize;
    for place in [intro, a, again, out] {
        for bar in 0..bars(place) {
            let at = place.from + bar as f64 * 4.0;
            let early = place.from == intro.from;
            part.extend(Part::hits("xxxx", 1.0, drum::KICK, at));
            if early && bar < 4 {
                continue;
            }
            part.extend(Part::hits(".o.o.o.o", 0.5, drum::OPEN_HAT, at));
            part.extend(Part::hits("-.o--.o--.o--.o-", 0.25, drum::HAT, at).scaled(0.85));
            if early {
                continue;
            }
            part.extend(Part::hits(".x.x", 1.0, drum::CLAP, at));
            part.extend(Part::hits("-o-o-o-o-o-o-o-o", 0.25, drum::SHAKER, at).scaled(0.8));
            if place.from == again.from || bar >= 8 {
                part.extend(Part::hits("o.o.o.o.", 0.5, drum::RIDE, at));
            }
            if bar % 4 == 3 {
                part.extend(Part::hits("..........o..oo.", 0.25, drum::TOM_LOW, at).scaled(0.6));
            }
        }
    }
    for place in [a, rest, again] {
        part.push(place.from, 1.0, drum::CRASH, 0.8);
    }
    part.push(rest.to - 16.0, 15.5, drum::RISER, 0.75);
    part.push(a.from - 8.0, 7.8, drum::RISER, 0.55);
    // The snare hurries towards the return.
    part.extend(Part::hits("x...x...x...x...", 0.25, drum::SNARE, rest.to - 8.0).scaled(0.45));
    part.extend(Part::hits("x.x.x.x.xxxxxxx.", 0.25, drum::SNARE, rest.to - 4.0).scaled(0.55));
    part
}
