//! The fraud rules, over all plays as they stand at a tick.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use ledgerline_ids::{DayNo, HourNo, UnixMs};
use ledgerline_records::verdict::{FraudRule, FraudRules};

use crate::lifetime::{DAY_MS, HOUR_MS};
use crate::name::Identity;
use crate::play::Play;
use crate::status::{fraud_applies, without_fraud};

/// `rate` holds where more than this many plays start in a clock hour.
const RATE_PLAYS_MAX: usize = 500;
/// `loop` holds this many plays of one track in a row.
const LOOP_PLAYS: usize = 100;
/// `fresh_loop` looks at days with this many plays,
const FRESH_LOOP_PLAYS: usize = 50;
/// at tracks with this many of a hundred of them,
const FRESH_LOOP_PERCENT: usize = 80;
/// and at listeners first seen less than this before the day.
const FRESH_MS: u64 = 7 * DAY_MS;
/// `round_the_clock` holds a day with more listening than this,
const DAY_LISTENED_MS_MAX: u64 = 22 * HOUR_MS;
/// or with this many plays
const DAY_PLAYS_WITHOUT_SKIP: usize = 1_000;
/// of which none is shorter than this.
const SKIP_BELOW_MS: u64 = 30_000;

/// The plays of the partition: every identity with its incarnations, the oldest first.
pub(crate) type Plays = BTreeMap<Identity, Vec<Play>>;

/// A play that fraud rules look at.
struct Candidate<'p> {
    identity: &'p Identity,
    play: &'p mut Play,
}

/// A listener's candidates, and when any play of theirs was first received.
struct Listener<'p> {
    first_seen_at: UnixMs,
    candidates: Vec<Candidate<'p>>,
}

/// *Fraud.* Sets the rules of every play anew. `at` is the tick's own time.
pub(crate) fn judge(
    plays: &mut Plays,
    at: UnixMs,
    clock: UnixMs,
    bot_devices: &BTreeSet<Arc<str>>,
) {
    for mut listener in listeners(plays, at, clock) {
        listener.candidates.sort_by(|a, b| {
            let by_start = a.play.merged.started_at.cmp(&b.play.merged.started_at);
            by_start.then_with(|| a.identity.cmp(b.identity))
        });
        rate(&mut listener.candidates);
        looped(&mut listener.candidates);
        bot_device(&mut listener.candidates, bot_devices);
        fresh_loop(&mut listener.candidates, listener.first_seen_at);
        round_the_clock(&mut listener.candidates);
    }
}

/// Clears the rules of every play and sorts the candidates by listener.
fn listeners(plays: &mut Plays, at: UnixMs, clock: UnixMs) -> Vec<Listener<'_>> {
    let mut listeners: BTreeMap<(&str, &str), Listener<'_>> = BTreeMap::new();
    for (identity, incarnations) in plays {
        for play in incarnations {
            play.rules = FraudRules::NONE;
            let Some(user) = identity.user.as_deref() else { continue };
            let listener = listeners
                .entry((&identity.source, user))
                .or_insert(Listener { first_seen_at: UnixMs::MAX, candidates: Vec::new() });
            listener.first_seen_at = listener.first_seen_at.min(play.first_received_at);
            let behind_tick = play.backfill || play.merged.started_at <= at;
            if behind_tick && fraud_applies(without_fraud(play, clock).status) {
                listener.candidates.push(Candidate { identity, play });
            }
        }
    }
    listeners.into_values().collect()
}

impl Candidate<'_> {
    fn touch(&mut self, rule: FraudRule) {
        self.play.rules = self.play.rules.with(rule);
    }

    fn hour(&self) -> HourNo {
        self.play.merged.started_at.hour()
    }

    fn day(&self) -> DayNo {
        self.play.merged.started_at.day()
    }
}

fn rate(candidates: &mut [Candidate<'_>]) {
    let mut plays_by_hour: BTreeMap<HourNo, usize> = BTreeMap::new();
    for candidate in &*candidates {
        *plays_by_hour.entry(candidate.hour()).or_default() += 1;
    }
    for candidate in candidates {
        if plays_by_hour[&candidate.hour()] > RATE_PLAYS_MAX {
            candidate.touch(FraudRule::Rate);
        }
    }
}

fn looped(candidates: &mut [Candidate<'_>]) {
    let same_track =
        |a: &Candidate<'_>, b: &Candidate<'_>| a.play.merged.track == b.play.merged.track;
    for run in candidates.chunk_by_mut(same_track) {
        if run.len() >= LOOP_PLAYS {
            for candidate in run {
                candidate.touch(FraudRule::Loop);
            }
        }
    }
}

fn bot_device(candidates: &mut [Candidate<'_>], bot_devices: &BTreeSet<Arc<str>>) {
    for candidate in candidates {
        if let Some(device) = &candidate.play.merged.least.device
            && bot_devices.contains(device)
        {
            candidate.touch(FraudRule::BotDevice);
        }
    }
}

/// The candidates are sorted by start, so those of one day stand together.
fn days<'c, 'p>(
    candidates: &'c mut [Candidate<'p>],
) -> impl Iterator<Item = &'c mut [Candidate<'p>]> {
    candidates.chunk_by_mut(|a, b| a.day() == b.day())
}

fn fresh_loop(candidates: &mut [Candidate<'_>], first_seen_at: UnixMs) {
    for day in days(candidates) {
        let Some(first) = day.first() else { continue };
        let fresh = first.day().start().get() < first_seen_at.get() + FRESH_MS;
        if !fresh || day.len() < FRESH_LOOP_PLAYS {
            continue;
        }
        let mut plays_by_track: BTreeMap<Arc<str>, usize> = BTreeMap::new();
        for candidate in &*day {
            *plays_by_track.entry(candidate.play.merged.track.clone()).or_default() += 1;
        }
        let all = day.len();
        for candidate in day {
            let of_track = plays_by_track[&candidate.play.merged.track];
            if of_track * 100 >= all * FRESH_LOOP_PERCENT {
                candidate.touch(FraudRule::FreshLoop);
            }
        }
    }
}

fn round_the_clock(candidates: &mut [Candidate<'_>]) {
    for day in days(candidates) {
        let listened_ms: u128 = day.iter().map(|c| u128::from(c.play.merged.listened_ms)).sum();
        let skips = day.iter().filter(|c| c.play.merged.listened_ms < SKIP_BELOW_MS).count();
        let no_sleep = listened_ms > u128::from(DAY_LISTENED_MS_MAX);
        let no_skip = day.len() >= DAY_PLAYS_WITHOUT_SKIP && skips == 0;
        if no_sleep || no_skip {
            for candidate in day {
                candidate.touch(FraudRule::RoundTheClock);
            }
        }
    }
}
