//! "Salt Light": no beat. D, with the raised fourth; chords of eight seconds, a motif of three bells, the sea.

use super::{Composition, Form};
use crate::effects::{Echo, Reverb};
use crate::instruments::{Bell, Bowed, Pad, Pluck, Sea, SubBass};
use crate::mixer::{Desk, Stem};
use crate::noise::Noise;
use crate::score::{Part, Tempo};
use crate::theory::lead;

const MOTIF: &str =
    "_ 1 F#5 2 A5 1 E5 4 | _ 1 G#5 2 B5 1 E5 4 | _ 1 F#5 2 D5 1 C#5 4 | _ 1 E5 2 C#5 1 B4 4";
const ANSWER: &str =
    "_ 2 F#5 1 A5 1 C#6 4 | _ 2 E5 1 A5 1 C#6 4 | _ 2 G5 1 B5 1 F#5 4 | _ 2 E5 1 D5 1 B4 4";
const RETURN: &str =
    "_ 1 F#5 2 A5 1 E5 4 | _ 1 G#5 2 B5 1 E6 4 | _ 1 F#5 2 D5 1 C#5 4 | _ 1 F#5 2 A5 1 D5 4";

pub(crate) fn drift() -> Composition {
    let mut form = Form::new(8.0);
    let mut noise = Noise::of(44);
    form.section("intro", "Dadd9");
    let a = form.section("A", "Dmaj9 | E/D | Bm9 | Aadd9");
    let b = form.section("B", "Gmaj7#11 | F#m7 | Em9 | A9sus4");
    let again = form.section("A'", "Dmaj9 | E/D | Bm9 | Dmaj9");
    let bells = Part::line(MOTIF, 8.0, a.from)
        .and(Part::line(ANSWER, 8.0, b.from))
        .and(Part::line(RETURN, 8.0, again.from).scaled(0.9));
    let (mut pads, mut low, mut harp, mut bows) =
        (Part::default(), Part::default(), Part::default(), Part::default());
    let led = lead(form.chords().iter().map(|it| &it.2), 4, (54, 74));
    for ((at, beats, chord), voicing) in form.chords().iter().zip(led) {
        let swell = match *at {
            at if at < a.from => 0.5,
            at if at < b.from => 0.62,
            at if at < again.from => 0.85,
            _ => 0.58,
        };
        pads.extend(Part::chord(&voicing, *at, *beats, swell));
        let bass = chord.bass_from(36);
        low.push(*at, beats * 0.97, bass, 0.62);
        if *at >= a.from {
            let up = [bass + 12, voicing[0], voicing[1], voicing[2], voicing[3], voicing[2] + 12];
            for (step, pitch) in up.into_iter().enumerate() {
                let later = 4.5 + step as f64 * 0.5;
                harp.push(at + later, 3.0, pitch, 0.34 + 0.03 * step as f32);
            }
        }
        if *at >= b.from {
            bows.push(*at, *beats, voicing[3], 0.5);
            bows.push(*at, *beats, voicing[1], 0.4);
        }
    }
    let tempo = Tempo::of(&[(0.0, 62.0), (again.from, 62.0), (again.to, 54.0)]);
    let seconds = tempo.seconds(form.end()) + 5.0;
    let sea = Part::chord(&[60], 0.0, form.end() + 4.0, 0.8);
    let stems = vec![
        Stem::new(
            pads,
            Pad { attack_s: 2.2, release_s: 2.8, cutoff_hz: 900.0, breath_hz: 2_600.0, cents: 9.0 },
        )
        .gain(-3.0)
        .room(-8.0),
        Stem::new(low, SubBass { drive: 0.4, attack_s: 1.6, release_s: 1.8 }).gain(-10.0),
        Stem::new(bells.human(&mut noise, 0.03, 0.12), Bell).gain(-4.0).room(-5.0).echo(-8.0),
        Stem::new(harp.human(&mut noise, 0.02, 0.15), Pluck { pan: 0.25, ..Pluck::HARP })
            .gain(-3.0)
            .room(-8.0)
            .echo(-15.0),
        Stem::new(
            bows.held(1.02),
            Bowed {
                players: 3,
                attack_s: 2.4,
                release_s: 2.2,
                brightness: 0.3,
                width: 0.7,
                pan: 0.0,
            },
        )
        .gain(-9.0)
        .room(-7.0),
        Stem::new(sea, Sea).gain(-9.0),
    ];
    let desk = Desk {
        tempo,
        seconds,
        reverb: Reverb { seconds: 5.5, size: 1.45, dark_hz: 4_500.0, early_s: 0.04 },
        echo: Some(Echo { seconds: 0.73, feedback: 0.5, tone_hz: 3_200.0 }),
        kicks: Vec::new(),
    };
    Composition { form, desk, stems, fade_s: 5.0, joins: Vec::new(), seed: 404 }
}
