//! Chords by their symbols.

use super::pitch::class;

/// Semitones above the root, by what stands behind it; what must be heard of a chord besides its root comes first.
const QUALITIES: [(&str, &[i32]); 24] = [
    ("", &[4, 7, 0]),
    ("m", &[3, 7, 0]),
    ("5", &[7, 0]),
    ("6", &[4, 9, 7, 0]),
    ("m6", &[3, 9, 7, 0]),
    ("7", &[4, 10, 7, 0]),
    ("maj7", &[4, 11, 7, 0]),
    ("m7", &[3, 10, 7, 0]),
    ("m7b5", &[3, 6, 10, 0]),
    ("dim", &[3, 6, 0]),
    ("dim7", &[3, 6, 9, 0]),
    ("9", &[4, 10, 2, 7, 0]),
    ("maj9", &[4, 11, 2, 7, 0]),
    ("m9", &[3, 10, 2, 7, 0]),
    ("m11", &[3, 10, 5, 2, 7, 0]),
    ("13", &[4, 10, 9, 2, 7, 0]),
    ("7b9", &[4, 10, 1, 7, 0]),
    ("sus2", &[2, 7, 0]),
    ("sus4", &[5, 7, 0]),
    ("7sus4", &[5, 10, 7, 0]),
    ("9sus4", &[5, 10, 2, 7, 0]),
    ("add9", &[4, 2, 7, 0]),
    ("madd9", &[3, 2, 7, 0]),
    ("maj7#11", &[4, 11, 6, 2, 7, 0]),
];

/// A chord.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Chord {
    /// Its symbol.
    pub symbol: &'static str,
    /// Pitch classes from 0 (C) to 11, the most telling first, the root last.
    pub classes: Vec<i32>,
    /// The class of the lowest note.
    pub bass: i32,
}

impl Chord {
    /// Of a symbol such as `Fm9` or `C/E`.
    pub(crate) fn read(symbol: &'static str) -> Option<Self> {
        let (root, rest) = class(symbol)?;
        let (quality, bass) = match rest.split_once('/') {
            Some((quality, bass)) => (quality, class(bass)?.0),
            None => (rest, root),
        };
        let (_, intervals) = QUALITIES.iter().find(|(name, _)| *name == quality)?;
        let classes = intervals.iter().map(|interval| (root + interval).rem_euclid(12)).collect();
        Some(Self { symbol, classes, bass: bass.rem_euclid(12) })
    }

    /// The class of the root.
    #[must_use]
    pub fn root(&self) -> i32 {
        self.classes.last().copied().unwrap_or_default()
    }

    /// Its lowest note, at or above a pitch.
    pub(crate) fn bass_from(&self, low: i32) -> i32 {
        low + (self.bass - low).rem_euclid(12)
    }

    /// Its fifth, or what stands in its place, at or above a pitch.
    pub(crate) fn fifth_from(&self, low: i32) -> i32 {
        let fifths = [7, 6, 8, 5].map(|interval| (self.root() + interval).rem_euclid(12));
        let fifth = fifths.into_iter().find(|fifth| self.classes.contains(fifth));
        low + (fifth.unwrap_or(self.root()) - low).rem_euclid(12)
    }

    /// Its third, or what stands in its place, at or above a pitch.
    pub(crate) fn third_from(&self, low: i32) -> i32 {
        low + (self.classes.first().copied().unwrap_or_default() - low).rem_euclid(12)
    }

    /// All of its tones in a range, from below.
    pub(crate) fn tones(&self, low: i32, high: i32) -> Vec<i32> {
        (low..=high).filter(|pitch| self.classes.contains(&pitch.rem_euclid(12))).collect()
    }
}

/// Chords one after the other, from a beat on: bars are parted by `|`, and the chords of a bar share it evenly.
/// What they hold is when each begins, how long it is, and which it is.
pub(crate) fn changes(text: &'static str, beats_per_bar: f64, from: f64) -> Vec<(f64, f64, Chord)> {
    let mut found = Vec::new();
    for (number, bar) in text.split('|').enumerate() {
        let symbols: Vec<&'static str> = bar.split_whitespace().collect();
        let beats = beats_per_bar / symbols.len().max(1) as f64;
        for (place, symbol) in symbols.into_iter().enumerate() {
            let at = from + number as f64 * beats_per_bar + place as f64 * beats;
            let chord = Chord::read(symbol).expect("pieces write chords that there are");
            found.push((at, beats, chord));
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn symbols_are_chords() {
        for (symbol, classes, bass) in [
            ("C/E", vec![4, 7, 0], 4),
            ("Fm9", vec![8, 3, 7, 0, 5], 5),
            ("Bb7sus4", vec![3, 8, 5, 10], 10),
            ("F#m7", vec![9, 4, 1, 6], 6),
        ] {
            let chord = Chord::read(symbol).expect("a chord");
            assert_eq!((chord.classes, chord.bass), (classes, bass), "{symbol}");
        }
        assert_eq!(Chord::read("Cxyz"), None);
    }
}
