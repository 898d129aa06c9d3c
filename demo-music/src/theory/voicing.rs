//! Voice leading: of all ways to play the next chord, the one that moves the hand least.

use super::chord::Chord;

/// Further than this, two neighbouring voices fall apart.
const GAP_MAX: i32 = 9;

/// A voicing of each chord in a range, from below, so that voices move as little as they can.
pub(crate) fn lead<'c>(
    chords: impl IntoIterator<Item = &'c Chord>,
    voices: usize,
    (low, high): (i32, i32),
) -> Vec<Vec<i32>> {
    let mut before: Vec<i32> = Vec::new();
    let middle = f64::from(low + high) / 2.0;
    let mut led = Vec::new();
    for chord in chords {
        let mut best: Option<(f64, Vec<i32>)> = None;
        let mut draft = Vec::with_capacity(voices);
        each_voicing(&chord.tones(low, high), voices, &mut draft, &mut |voicing| {
            let cost = cost(chord, voicing, &before, middle);
            if best.as_ref().is_none_or(|(least, _)| cost < *least) {
                best = Some((cost, voicing.to_vec()));
            }
        });
        let (_, voicing) = best.expect("a range of pieces has room for their chords");
        before.clone_from(&voicing);
        led.push(voicing);
    }
    led
}

fn each_voicing(tones: &[i32], left: usize, draft: &mut Vec<i32>, take: &mut impl FnMut(&[i32])) {
    if left == 0 {
        take(draft);
        return;
    }
    for (at, tone) in tones.iter().enumerate() {
        if draft.last().is_some_and(|last| tone - last > GAP_MAX) {
            break;
        }
        draft.push(*tone);
        each_voicing(&tones[at + 1..], left - 1, draft, take);
        draft.pop();
    }
}

fn cost(chord: &Chord, voicing: &[i32], before: &[i32], middle: f64) -> f64 {
    let has = |class: &i32| voicing.iter().any(|pitch| pitch.rem_euclid(12) == *class);
    // What makes a chord what it is must be there; its root is in the bass anyway.
    let telling = chord.classes.len().min(voicing.len());
    let missing = chord.classes[..telling].iter().filter(|class| !has(class)).count();
    let seconds = voicing.windows(2).filter(|pair| pair[1] - pair[0] == 1).count();
    let moved: i32 = voicing.iter().zip(before).map(|(now, was)| (now - was).abs()).sum();
    let leap = voicing.iter().zip(before).map(|(now, was)| (now - was).abs()).max().unwrap_or(0);
    let mean = voicing.iter().map(|pitch| f64::from(*pitch)).sum::<f64>() / voicing.len() as f64;
    missing as f64 * 20.0
        + seconds as f64 * 2.0
        + f64::from(moved)
        + f64::from(leap)
        + (mean - middle).abs() * 0.4
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn voices_move_little_and_say_what_the_chord_is() {
        let chords: Vec<Chord> = ["Dm7", "G7", "Cmaj7", "A7", "Dm9"]
            .into_iter()
            .map(|symbol| Chord::read(symbol).expect("a chord"))
            .collect();
        let led = lead(&chords, 4, (52, 72));
        for (chord, voicing) in chords.iter().zip(&led) {
            let third = chord.classes[0];
            assert!(voicing.iter().any(|it| it.rem_euclid(12) == third), "{}", chord.symbol);
        }
        for pair in led.windows(2) {
            let moved = pair[0].iter().zip(&pair[1]).map(|(was, now)| (now - was).abs()).max();
            assert!(moved <= Some(4), "{pair:?}");
        }
    }
}
