//! Pitches as semitones: 60 is the middle C, 69 the A of 440 Hz (MIDI's numbers).

/// The pitch class of a letter with its accidentals, and what is left of the text.
pub(super) fn class(text: &str) -> Option<(i32, &str)> {
    let mut letters = text.chars();
    let natural = match letters.next()? {
        'C' => 0,
        'D' => 2,
        'E' => 4,
        'F' => 5,
        'G' => 7,
        'A' => 9,
        'B' => 11,
        _ => return None,
    };
    let rest = letters.as_str();
    Some(match rest.as_bytes().first() {
        Some(b'#') => (natural + 1, &rest[1..]),
        Some(b'b') => ((natural + 11) % 12, &rest[1..]),
        _ => (natural, rest),
    })
}

/// The pitch of a name such as `Eb4`.
pub(crate) fn pitch(name: &str) -> Option<i32> {
    let (class, octave) = class(name)?;
    let octave: i32 = octave.parse().ok()?;
    // The octave is the letter's: Cb4 would be below C4, and no piece writes it.
    Some((octave + 1) * 12 + class % 12)
}

/// The frequency of a pitch, equally tempered.
pub(crate) fn hz(pitch: i32) -> f32 {
    440.0 * ((pitch - 69) as f32 / 12.0).exp2()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_pitches() {
        for (name, expected) in
            [("C4", Some(60)), ("A4", Some(69)), ("Bb3", Some(58)), ("F#5", Some(78)), ("H4", None)]
        {
            assert_eq!(pitch(name), expected, "{name}");
        }
        assert!((hz(57) - 220.0).abs() < 0.001);
    }
}
