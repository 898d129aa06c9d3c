//! Plain reports, as many a second as possible: one a play, and 30 % sent twice.
//!
//! Everything about a play follows from its number, so nothing is remembered of it: a
//! copy is made up again, and only a shuffle needs memory (4 bytes a line).

use std::io;

use crate::digits::{DAY_MS, InstantForm, push_hex, push_instant, push_number, push_uuid_v7};
use crate::lines::LineWriter;
use crate::names::{Kind, TERRITORIES, TERRITORY_COUNT, TIER_COUNT, TIERS, User, push_track, text};
use crate::retries;
use crate::seed::{Random, mix, part, shuffle};
use crate::truth::{MAP_KEYS_MAX, Outcome, Status, THRESHOLD_MS, Tally, Truth};
use crate::zipf::{Exponent, FlatHead, Zipf};
use crate::{Limits, Population};

/// The most plays for each listener and day, on average where some listen more than others: no fraud
/// rule is near.
pub(crate) const DAY_PLAYS_MAX: u64 = 300;

/// The longest that a play sounds: 302 of them are less than 22 hours.
const LISTENED_MS_MAX: u32 = 240_000;
/// Plays below the threshold, in 10 000.
const SKIPS: u32 = 1_200;
/// A copy is of one of so many plays before it.
const RECENT: u64 = 65_536;

/// Writes the lines as it makes them up; with a shuffle, after their order was drawn.
pub(crate) fn generate(
    population: &Population,
    limits: Limits,
    mut writer: LineWriter<'_>,
) -> io::Result<Truth> {
    let listening = Listening::new(population, limits);
    let copies = population.reports * retries::SHARE / 10_000;
    let mut tally = Tally::new(
        population.tracks.min(listening.plays) <= MAP_KEYS_MAX,
        population.listeners.min(listening.plays) <= MAP_KEYS_MAX,
    );
    let numbers = Numbers::new(population, copies);
    if let Some(seed) = population.shuffle {
        let mut order: Vec<u32> = Vec::new();
        order.extend(
            numbers.map(|(number, _)| {
                u32::try_from(number).expect("the population was checked to fit")
            }),
        );
        shuffle(&mut order, seed);
        for number in 0..listening.plays {
            listening.count(&mut tally, &listening.play(number));
        }
        for number in order {
            let play = listening.play(u64::from(number));
            writer.line(|out| listening.push(out, &play))?;
        }
    } else {
        for (number, is_new) in numbers {
            let play = listening.play(number);
            if is_new {
                listening.count(&mut tally, &play);
            }
            writer.line(|out| listening.push(out, &play))?;
        }
    }
    let written = writer.finish()?;
    Ok(tally.finish(population.seed, written, copies))
}

// The number of each line's play, and whether it is the first line of that play.
struct Numbers {
    random: Random,
    next: u64,
    plays: u64,
    copies: u64,
}

impl Numbers {
    fn new(population: &Population, copies: u64) -> Self {
        Self {
            random: Random::of(population.seed, part::REPEATS, 0),
            next: 0,
            plays: population.reports - copies,
            copies,
        }
    }
}

impl Iterator for Numbers {
    type Item = (u64, bool);

    fn next(&mut self) -> Option<Self::Item> {
        let plays_left = self.plays - self.next;
        if plays_left + self.copies == 0 {
            return None;
        }
        // Drawn without putting back: the share comes out exactly.
        if self.next > 0 && self.random.below(plays_left + self.copies) < self.copies {
            self.copies -= 1;
            let before = 1 + self.random.below(RECENT.min(self.next));
            return Some((self.next - before, false));
        }
        self.next += 1;
        Some((self.next - 1, true))
    }
}

struct Listening {
    seed: u64,
    key_seed: u64,
    zipf: Zipf,
    /// Who listens how much, where not all do alike.
    unequal: Option<FlatHead>,
    listeners: u64,
    stride: u64,
    plays: u64,
    first_end: u64,
    span: u64,
}

struct PlainPlay {
    key: u64,
    user: User,
    track: u32,
    start: u64,
    listened: u32,
    tier: u8,
    territory: u8,
    form: InstantForm,
}

impl Listening {
    fn new(population: &Population, limits: Limits) -> Self {
        let listeners = u64::from(limits.listeners);
        let span = u64::from(population.days) * DAY_MS - u64::from(LISTENED_MS_MAX);
        let plays = population.reports - population.reports * retries::SHARE / 10_000;
        let unequal = population.listener_zipf_hundredths.map(|hundredths| {
            let most = (DAY_PLAYS_MAX * u64::from(population.days)) as f64;
            let exponent = Exponent::of_hundredths(hundredths);
            FlatHead::new(limits.listeners, exponent, most / plays as f64)
        });
        Self {
            seed: population.seed,
            key_seed: mix(population.seed.wrapping_add(part::KEYS)),
            zipf: Zipf::new(limits.tracks, Exponent::of_hundredths(population.zipf_hundredths)),
            unequal,
            listeners,
            stride: stride(listeners),
            plays,
            first_end: population.start + u64::from(LISTENED_MS_MAX),
            span,
        }
    }

    // Where all listen alike every listener has one play in each round, so that nobody has more than
    // others by more than one.
    #[inline]
    fn listener(&self, number: u64) -> u64 {
        if let Some(unequal) = &self.unequal {
            let mut random = Random::of(self.seed, part::TURNS, number);
            return u64::from(unequal.rank(&mut random)) - 1;
        }
        let (round, turn) = (number / self.listeners, number % self.listeners);
        let offset = mix(self.key_seed ^ round) % self.listeners;
        (turn * self.stride + offset) % self.listeners
    }

    // Plays end one after the other, evenly over all days.
    #[inline]
    fn play(&self, number: u64) -> PlainPlay {
        let mut random = Random::of(self.seed, part::PLAIN, number);
        let listener = self.listener(number);
        let mut account = Random::of(self.seed, part::LISTENERS, listener);
        let listened = if random.chance(SKIPS) {
            random.between(1_000, THRESHOLD_MS - 1)
        } else {
            random.between(THRESHOLD_MS, LISTENED_MS_MAX)
        };
        let passed = u128::from(number) * u128::from(self.span) / u128::from(self.plays);
        let passed = u64::try_from(passed).expect("less than the span");
        PlainPlay {
            key: mix(self.key_seed.wrapping_add(number)),
            user: User::new(
                Kind::Listener,
                u32::try_from(listener).expect("checked to be below 2^28"),
            ),
            track: self.zipf.rank(&mut random),
            start: self.first_end + passed - u64::from(listened),
            listened,
            tier: 1 + account.below_u8(TIER_COUNT - 1),
            territory: 1 + account.below_u8(TERRITORY_COUNT - 1),
            form: if random.chance(1_250) { InstantForm::Utc } else { InstantForm::Millis },
        }
    }

    #[inline]
    fn count(&self, tally: &mut Tally, play: &PlainPlay) {
        let outcome = Outcome {
            case: "plain",
            user: Some(play.user),
            track: play.track,
            start: play.start,
            listened: play.listened,
            tier: play.tier,
            territory: play.territory,
            status: Status::of_listened(play.listened),
        };
        tally.add(&outcome, || Some(text(|out| push_uuid_v7(out, play.start, play.key))));
    }

    #[inline]
    fn push(&self, out: &mut Vec<u8>, play: &PlainPlay) {
        out.extend_from_slice(b"{\"play_id\":\"");
        push_uuid_v7(out, play.start, play.key);
        out.extend_from_slice(b"\",\"user_id\":\"");
        play.user.push(out, false);
        out.extend_from_slice(b"\",\"track_id\":\"");
        push_track(out, play.track);
        out.extend_from_slice(b"\",\"duration_listened_ms\":");
        push_number(out, u64::from(play.listened));
        out.extend_from_slice(b",\"started_at\":");
        push_instant(out, play.start, play.form);
        out.extend_from_slice(if play.listened < THRESHOLD_MS {
            b",\"event\":\"skip\",\"device_id\":\"d-"
        } else {
            b",\"event\":\"play_complete\",\"device_id\":\"d-"
        });
        push_hex::<8>(out, mix(play.user.packed()));
        out.extend_from_slice(b"\",\"tier\":\"");
        out.extend_from_slice(TIERS[usize::from(play.tier)].as_bytes());
        out.extend_from_slice(b"\",\"territory\":\"");
        out.extend_from_slice(TERRITORIES[usize::from(play.territory)].as_bytes());
        out.extend_from_slice(b"\"}");
    }
}

// A step that visits every listener before it comes back to the first.
fn stride(listeners: u64) -> u64 {
    let mut step = listeners * 618 / 1_000 + 1;
    while gcd(step, listeners) != 1 {
        step += 1;
    }
    step
}

fn gcd(a: u64, b: u64) -> u64 {
    if b == 0 { a } else { gcd(b, a % b) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_listener_has_a_turn_in_each_round() {
        for listeners in [1u64, 2, 7, 100, 618, 1_000] {
            let step = stride(listeners);
            let mut seen: Vec<u64> = (0..listeners).map(|turn| turn * step % listeners).collect();
            seen.sort_unstable();
            assert_eq!(seen, (0..listeners).collect::<Vec<_>>());
        }
    }
}
