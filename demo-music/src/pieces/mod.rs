//! The pieces, one file each: what is played, by what, in which form.

mod ballad;
mod chorale;
mod drift;
mod live;
mod lofi;
mod techno;
mod waltz;

use crate::effects::{fade_out, master};
use crate::mixer::{Desk, Stem, mix};
use crate::score::{Harmony, Section, Tempo};
use crate::sound::{Stereo, frames};
use crate::theory::{Chord, changes};

pub(crate) use ballad::ballad;
pub(crate) use chorale::{chorale, hymn_beats};
pub(crate) use drift::drift;
pub(crate) use live::live;
pub(crate) use lofi::lofi;
pub(crate) use techno::techno;
pub(crate) use waltz::waltz;

/// The order of sections and chords, written from the beginning to the end.
pub(crate) struct Form {
    beats_per_bar: f64,
    at: f64,
    sections: Vec<(&'static str, f64, f64)>,
    chords: Vec<(f64, f64, Chord)>,
}

/// A section as it is written: where it begins, how long it is, what its chords are.
pub(crate) struct Place {
    pub from: f64,
    pub to: f64,
    pub chords: Vec<(f64, f64, Chord)>,
}

impl Form {
    pub(crate) fn new(beats_per_bar: f64) -> Self {
        Self { beats_per_bar, at: 0.0, sections: Vec::new(), chords: Vec::new() }
    }

    /// The next section, by its chords.
    pub(crate) fn section(&mut self, name: &'static str, chords: &'static str) -> Place {
        let chords = changes(chords, self.beats_per_bar, self.at);
        let from = self.at;
        let to = chords.last().map_or(from, |(at, beats, _)| at + beats);
        self.at = to;
        self.sections.push((name, from, to));
        self.chords.extend(chords.iter().cloned());
        Place { from, to, chords }
    }

    /// The chords written so far, with when and how long they are.
    pub(crate) fn chords(&self) -> &[(f64, f64, Chord)] {
        &self.chords
    }

    /// Where the last section ends.
    pub(crate) fn end(&self) -> f64 {
        self.at
    }
}

/// A piece as it is written.
pub(crate) struct Composition {
    pub form: Form,
    pub desk: Desk,
    pub stems: Vec<Stem>,
    /// How long the end takes to fade.
    pub fade_s: f64,
    /// The beats at which the next track begins, where it is more than one.
    pub joins: Vec<f64>,
    pub seed: u64,
}

/// What was played: one track, or several without a gap between them.
#[derive(Debug, Clone)]
pub struct Performance {
    /// The whole of it.
    pub sound: Stereo,
    /// The form, as it was written.
    pub sections: Vec<Section>,
    /// The chords, as they were written.
    pub harmonies: Vec<Harmony>,
    /// The frames of each track; together they are the whole.
    pub tracks: Vec<std::ops::Range<usize>>,
}

impl Performance {
    /// A track by itself.
    #[must_use]
    pub fn track(&self, number: usize) -> Stereo {
        self.sound.cut(self.tracks[number].clone())
    }
}

impl Composition {
    /// The frames of each track.
    pub(crate) fn tracks(&self) -> Vec<std::ops::Range<usize>> {
        let joins = self.joins.iter().map(|beat| frames(self.desk.tempo.seconds(*beat)));
        let ends = joins.chain([frames(self.desk.seconds)]);
        let mut from = 0;
        ends.map(|to| std::mem::replace(&mut from, to)..to).collect()
    }

    pub(crate) fn perform(self) -> Performance {
        let tracks = self.tracks();
        let tempo: &Tempo = &self.desk.tempo;
        let sections = (self.form.sections.iter())
            .map(|(name, from, to)| Section {
                name,
                from_s: tempo.seconds(*from),
                to_s: tempo.seconds(*to),
            })
            .collect();
        let harmonies = (self.form.chords.iter())
            .map(|(at, beats, chord)| Harmony {
                from_s: tempo.seconds(*at),
                to_s: tempo.seconds(at + beats),
                chord: chord.clone(),
            })
            .collect();
        let mut sound = mix(&self.desk, self.stems, self.seed);
        fade_out(&mut sound, self.fade_s);
        master(&mut sound);
        Performance { sound, sections, harmonies, tracks }
    }
}
