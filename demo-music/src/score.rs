//! What is played: notes in beats, and how beats become seconds.

use crate::noise::Noise;
use crate::theory::{Chord, pitch};

/// A note.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Note {
    /// When, in beats from the beginning.
    pub at: f64,
    /// How long, in beats.
    pub beats: f64,
    /// Which, in semitones; of drums, which drum.
    pub pitch: i32,
    /// How strongly, from 0 to 1.
    pub velocity: f32,
}

/// Notes of one part.
#[derive(Debug, Clone, Default)]
pub(crate) struct Part(pub Vec<Note>);

/// The strength of a note that says nothing of it.
const USUAL: f32 = 0.7;

impl Part {
    /// A melody: pitch and beats in turns, `_` for a rest, bars parted by `|`. Each bar must have the beats of its metre.
    pub(crate) fn line(text: &str, beats_per_bar: f64, from: f64) -> Self {
        let mut notes = Vec::new();
        for (number, bar) in text.split('|').enumerate() {
            let start = from + number as f64 * beats_per_bar;
            let mut at = start;
            let words: Vec<&str> = bar.split_whitespace().collect();
            for pair in words.chunks(2) {
                let beats: f64 = pair.get(1).and_then(|beats| beats.parse().ok()).expect(bar);
                if pair[0] != "_" {
                    let pitch = pitch(pair[0]).expect(bar);
                    notes.push(Note { at, beats, pitch, velocity: USUAL });
                }
                at += beats;
            }
            assert!((at - start - beats_per_bar).abs() < 1e-6, "a bar of another length: {bar}");
        }
        Self(notes)
    }

    /// A bar of hits, one letter for each step: `x` strong, `o` usual, `-` weak, anything else none.
    pub(crate) fn hits(pattern: &str, beats_per_step: f64, drum: i32, from: f64) -> Self {
        let hit = |(step, letter): (usize, char)| {
            let velocity = match letter {
                'x' => 0.95,
                'o' => 0.7,
                '-' => 0.4,
                _ => return None,
            };
            let at = from + step as f64 * beats_per_step;
            Some(Note { at, beats: beats_per_step, pitch: drum, velocity })
        };
        let steps = pattern.chars().filter(|letter| !letter.is_whitespace());
        Self(steps.enumerate().filter_map(hit).collect())
    }

    /// A chord, held.
    pub(crate) fn chord(pitches: &[i32], at: f64, beats: f64, velocity: f32) -> Self {
        Self(pitches.iter().map(|pitch| Note { at, beats, pitch: *pitch, velocity }).collect())
    }

    pub(crate) fn push(&mut self, at: f64, beats: f64, pitch: i32, velocity: f32) {
        self.0.push(Note { at, beats, pitch, velocity });
    }

    pub(crate) fn and(mut self, other: Self) -> Self {
        self.0.extend(other.0);
        self
    }

    pub(crate) fn extend(&mut self, other: Self) {
        self.0.extend(other.0);
    }

    pub(crate) fn map(mut self, change: impl Fn(&mut Note)) -> Self {
        self.0.iter_mut().for_each(change);
        self
    }

    pub(crate) fn transposed(self, semitones: i32) -> Self {
        self.map(|note| note.pitch += semitones)
    }

    pub(crate) fn scaled(self, velocity: f32) -> Self {
        self.map(|note| note.velocity = (note.velocity * velocity).clamp(0.02, 1.0))
    }

    /// Each note lasts a part of its length, or longer than it.
    pub(crate) fn held(self, times: f64) -> Self {
        self.map(|note| note.beats *= times)
    }

    /// Phrases of so many beats swell to their middle and sink again.
    pub(crate) fn phrased(self, beats: f64, depth: f32) -> Self {
        self.map(|note| {
            let place = (note.at / beats).fract() as f32;
            let swell = (place * std::f32::consts::PI).sin();
            note.velocity = (note.velocity * (1.0 - depth + depth * 1.4 * swell)).clamp(0.05, 1.0);
        })
    }

    /// Every second step comes late: where a pair of steps is cut, from 0.5 (straight) to 0.67 (triplets).
    pub(crate) fn swung(self, beats_per_step: f64, cut: f64) -> Self {
        let pair = 2.0 * beats_per_step;
        let swing = |beat: f64| {
            let (whole, within) = ((beat / pair).floor() * pair, (beat / pair).fract());
            let moved = if within < 0.5 {
                within * 2.0 * cut
            } else {
                cut + (within - 0.5) * 2.0 * (1.0 - cut)
            };
            whole + moved * pair
        };
        self.map(|note| {
            let end = swing(note.at + note.beats);
            note.at = swing(note.at);
            note.beats = (end - note.at).max(0.02);
        })
    }

    /// As a person plays it: each note a little early or late, and a little louder or softer.
    pub(crate) fn human(mut self, noise: &mut Noise, beats: f64, velocity: f32) -> Self {
        for note in &mut self.0 {
            note.at = (note.at + f64::from(noise.near()) * beats).max(0.0);
            note.velocity = (note.velocity * (1.0 + noise.near() * velocity)).clamp(0.02, 1.0);
        }
        self
    }

    /// The notes of a chord are struck from below, one after the other.
    pub(crate) fn strummed(
        pitches: &[i32],
        at: f64,
        beats: f64,
        velocity: f32,
        apart: f64,
    ) -> Self {
        let note = |(place, pitch): (usize, &i32)| {
            let late = place as f64 * apart;
            Note { at: at + late, beats: beats - late, pitch: *pitch, velocity }
        };
        Self(pitches.iter().enumerate().map(note).collect())
    }
}

/// How fast it goes: beats a minute at some beats, changing evenly between them.
#[derive(Debug, Clone)]
pub(crate) struct Tempo(Vec<(f64, f64)>);

impl Tempo {
    /// The same throughout.
    pub(crate) fn steady(beats_per_minute: f64) -> Self {
        Self(vec![(0.0, beats_per_minute)])
    }

    /// By beats, in their order, the first at 0.
    pub(crate) fn of(points: &[(f64, f64)]) -> Self {
        Self(points.to_vec())
    }

    /// When a beat is.
    pub(crate) fn seconds(&self, beat: f64) -> f64 {
        let mut seconds = 0.0;
        for (at, (from, rate)) in self.0.iter().enumerate() {
            let (until, next) = self.0.get(at + 1).copied().unwrap_or((f64::INFINITY, *rate));
            if beat <= until || until.is_infinite() {
                let share = if until.is_infinite() { 0.0 } else { (beat - from) / (until - from) };
                return seconds + between(beat - from, *rate, rate + (next - rate) * share);
            }
            seconds += between(until - from, *rate, next);
        }
        seconds
    }
}

/// How long some beats take while the tempo changes evenly.
fn between(beats: f64, first: f64, last: f64) -> f64 {
    if (last - first).abs() < 1e-9 {
        return beats * 60.0 / first;
    }
    60.0 * beats * (last / first).ln() / (last - first)
}

/// A part of the form, such as `A`.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Section {
    /// What it is called.
    pub name: &'static str,
    /// When it begins.
    pub from_s: f64,
    /// When it ends.
    pub to_s: f64,
}

/// A chord and when it sounds.
#[derive(Debug, Clone, PartialEq)]
pub struct Harmony {
    /// When it begins.
    pub from_s: f64,
    /// When it ends.
    pub to_s: f64,
    /// Which.
    pub chord: Chord,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_notes() {
        let part = Part::line("C4 1 _ .5 E4 .5 | G4 2", 2.0, 4.0);
        let read: Vec<(f64, i32)> = part.0.iter().map(|note| (note.at, note.pitch)).collect();
        assert_eq!(read, [(4.0, 60), (5.5, 64), (6.0, 67)]);
    }

    #[test]
    fn beats_are_seconds() {
        assert!((Tempo::steady(120.0).seconds(8.0) - 4.0).abs() < 1e-9);
        let slower = Tempo::of(&[(0.0, 60.0), (4.0, 60.0), (8.0, 30.0)]);
        // Half as fast at the end: by ln 2 / 0.5 of a minute for each beat of the way.
        assert!((slower.seconds(8.0) - (4.0 + 4.0 * 2.0 * 2_f64.ln())).abs() < 1e-9);
        assert!((slower.seconds(9.0) - slower.seconds(8.0) - 2.0).abs() < 1e-9);
    }

    #[test]
    fn swing_keeps_bars() {
        let straight = Part::hits("x-x-", 0.5, 0, 0.0).swung(0.5, 0.6);
        let at: Vec<f64> = straight.0.iter().map(|note| note.at).collect();
        for (found, expected) in at.iter().zip([0.0, 0.6, 1.0, 1.6]) {
            assert!((found - expected).abs() < 1e-9, "{at:?}");
        }
    }
}
