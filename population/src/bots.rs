//! Listeners who are none, one function for each rule that holds or excludes them.
//!
//! Every kind also plays a little that its rule must not touch. The first bot of a kind
//! stands just beyond the rule's limit.

use crate::digits::HOUR_MS;
use crate::names::{Device, Kind, User, farm_device};
use crate::plan::Plan;
use crate::scripted::Scripted;
use crate::seed::{Random, part};
use crate::truth::Status::{Counted, Excluded, Held};

/// How many of all plays are bots', in 10 000.
pub(crate) const SHARE: u64 = 300;

// Plays what the bot of that number plays.
type Script = fn(&mut Scripted<'_, '_>, u32);

const KINDS: [(Kind, Script); 6] = [
    (Kind::FarmUser, farm),
    (Kind::LoopBot, one_track),
    (Kind::FreshLoopBot, fresh),
    (Kind::RateBot, rate),
    (Kind::HoursBot, hours),
    (Kind::NoSkipBot, no_skip),
];

/// How many users share a device of a farm.
const FARM_USERS: u32 = 3;

/// Adds bots, each kind at least once, until they have made `wanted` reports.
pub(crate) fn add(plan: &mut Plan<'_>, wanted: u64) {
    let seed = plan.population.seed;
    let from = plan.distinct_reports();
    let mut number = 0;
    loop {
        for (index, (kind, script)) in KINDS.into_iter().enumerate() {
            if number > 0 && plan.distinct_reports() - from >= wanted {
                return;
            }
            let users = if kind == Kind::FarmUser { FARM_USERS } else { 1 };
            for user in 0..users {
                let user = number * users + user;
                let random = Random::of(seed, part::BOTS, u64::from(user) << 8 | index as u64);
                let mut scripted = Scripted::new(plan, User::new(kind, user), random);
                script(&mut scripted, user);
            }
        }
        number += 1;
    }
}

/// The device list that the truth is about.
pub(crate) fn devices(plan: &Plan<'_>) -> Vec<String> {
    (0..plan.farm_devices).map(farm_device).collect()
}

// More than 500 plays in one clock hour: all of that hour is held, and nothing else.
// Some are skips, or the day would be one without.
fn rate(bot: &mut Scripted<'_, '_>, number: u32) {
    const CASE: &str = "rate_bot";
    const OTHER: &str = "rate_bot_other_hour";
    let day = bot.random.below(bot.days());
    let hour = bot.day_start(day) + (1 + bot.random.below(21)) * HOUR_MS;
    let count = if number == 0 { 501 } else { bot.random.between(501, 650) };
    for turn in 0..count {
        let start = if turn + 1 == count {
            hour + HOUR_MS - 1
        } else {
            hour + u64::from(turn) * HOUR_MS / u64::from(count)
        };
        let listened = if turn % 12 == 0 {
            bot.random.between(1_000, 29_999)
        } else {
            bot.random.between(30_000, 33_000)
        };
        let track = bot.track();
        bot.play(CASE, start, (track, listened), Held);
    }
    let track = bot.track();
    bot.honest(OTHER, hour - 1, track, 31_000);
    for turn in 0..20 {
        let track = bot.track();
        bot.honest(OTHER, hour + HOUR_MS + turn * 60_000, track, 45_000);
    }
}

// A hundred or more in a row of one track: all of the run is held. A preview between
// them breaks no run, for it is no candidate.
fn one_track(bot: &mut Scripted<'_, '_>, number: u32) {
    const CASE: &str = "loop_bot";
    const OTHER: &str = "loop_bot_other_track";
    const STEP_MS: u64 = 190_000;
    // The first bot: exactly 100, over three days, of which none looks like a new account's.
    let (first, count, each_day) = if number == 0 && bot.days() >= 3 {
        (0, 100, 34)
    } else {
        let count = bot.random.between(100, 180);
        (bot.random.below(bot.days()), count, count)
    };
    let track = bot.track();
    let others = |bot: &mut Scripted<'_, '_>, from: u64| {
        for turn in 0..3 {
            let other = bot.track_beside(track);
            bot.honest(OTHER, from + turn * STEP_MS, other, 100_000);
        }
    };
    others(bot, bot.day_start(first));
    let mut at = 0;
    for turn in 0..count {
        if turn % each_day == 0 {
            at = bot.day_start(first + u64::from(turn / each_day)) + HOUR_MS;
        }
        let listened = if turn % 20 == 7 {
            bot.random.between(1_000, 29_999)
        } else {
            bot.random.between(30_000, 180_000)
        };
        bot.play(CASE, at, (track, listened), Held);
        if turn == count / 2 {
            let other = bot.track_beside(track);
            bot.preview(OTHER, at + STEP_MS - 1_000, other);
        }
        at += STEP_MS;
    }
    others(bot, at);
}

// An account less than a week old with a day of 50 or more plays, 80 % of them one
// track: that track's plays are held. Another week later the same day counts.
fn fresh(bot: &mut Scripted<'_, '_>, number: u32) {
    const CASE: &str = "fresh_loop_bot";
    const OTHER: &str = "fresh_loop_bot_other_track";
    const LATER: &str = "seasoned_loop";
    let days = bot.days();
    let first = if number == 0 { 0 } else { bot.random.below(days) };
    let track = bot.track();
    for (after, held) in [(0, true), (1, true), (5, true), (9, false)] {
        if first + after >= days {
            continue;
        }
        let mut at = bot.day_start(first + after) + 2 * HOUR_MS;
        // Exactly 50 with exactly 80 %, or more with five in six.
        let (count, group) =
            if number == 0 && after == 0 { (50, 5) } else { (60 + 6 * bot.random.below_u32(4), 6) };
        for turn in 0..count {
            let listened = bot.random.between(25_000, 150_000);
            if turn % group == group - 1 {
                let other = bot.track_beside(track);
                bot.honest(OTHER, at, other, listened);
            } else if held {
                bot.play(CASE, at, (track, listened), Held);
            } else {
                bot.honest(LATER, at, track, listened);
            }
            at += 200_000;
        }
    }
}

// More than 22 hours listened in a day: all of the day is held.
fn hours(bot: &mut Scripted<'_, '_>, number: u32) {
    const CASE: &str = "round_the_clock_bot";
    const OTHER: &str = "round_the_clock_bot_other_day";
    let day = bot.random.below(bot.days());
    let mut at = bot.day_start(day) + 5_000;
    // The first bot: 22 hours and one millisecond, to the millisecond.
    let count = if number == 0 { 396 } else { 440 };
    for _ in 0..count {
        let listened = if number == 0 { 200_000 } else { bot.random.between(186_000, 190_000) };
        let track = bot.track();
        bot.play(CASE, at, (track, listened), Held);
        at += u64::from(listened) + 500;
    }
    let track = bot.track();
    bot.play(CASE, at, (track, 1), Held);
    other_day(bot, OTHER, day);
}

// A thousand plays in a day and not one skip: all of the day is held.
fn no_skip(bot: &mut Scripted<'_, '_>, number: u32) {
    const CASE: &str = "no_skip_bot";
    const OTHER: &str = "no_skip_bot_other_day";
    let day = bot.random.below(bot.days());
    let mut at = bot.day_start(day);
    let count = if number == 0 { 1_000 } else { bot.random.between(1_000, 1_100) };
    for turn in 0..count {
        let listened = if turn == 5 { 30_000 } else { bot.random.between(30_000, 40_000) };
        let track = bot.track();
        bot.play(CASE, at, (track, listened), Held);
        at += 75_000;
    }
    other_day(bot, OTHER, day);
}

fn other_day(bot: &mut Scripted<'_, '_>, case: &'static str, day: u64) {
    let other = if day + 1 < bot.days() { day + 1 } else { day.saturating_sub(1) };
    if other == day {
        return;
    }
    let start = bot.day_start(other);
    for turn in 0..10 {
        let track = bot.track();
        bot.honest(case, start + turn * 200_000, track, 120_000);
    }
}

// A farm's device is on the list: its plays are excluded, and those that its users
// began on their own phones are not.
fn farm(bot: &mut Scripted<'_, '_>, number: u32) {
    const CASE: &str = "farm_device";
    const OTHER: &str = "farm_user_own_phone";
    let farm = number / FARM_USERS;
    bot.plan.farm_devices = bot.plan.farm_devices.max(farm + 1);
    let from = bot.random.below(bot.days());
    let to = bot.days().min(from + 3);
    for day in from..to {
        let mut at = bot.day_start(day) + 3 * HOUR_MS;
        bot.device = Device::Farm(farm);
        for turn in 0..40 {
            let listened = if turn % 20 == 3 {
                bot.random.between(1_000, 29_999)
            } else {
                bot.random.between(31_000, 60_000)
            };
            let track = bot.track();
            bot.play(CASE, at, (track, listened), Excluded);
            at += 90_000;
        }
        let track = bot.track();
        bot.preview(CASE, at, track);
        bot.two_devices(CASE, at + 100_000, false, Excluded);
        bot.two_devices(OTHER, at + 200_000, true, Counted);
        bot.device = Device::Own(0);
        for turn in 3..5 {
            let track = bot.track();
            bot.honest(OTHER, at + turn * 100_000, track, 90_000);
        }
    }
}
