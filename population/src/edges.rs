//! Listeners who come as close to a fraud rule as one can without touching it. A rule
//! that holds one of them is off by one.

use crate::digits::HOUR_MS;
use crate::names::{Kind, User};
use crate::plan::Plan;
use crate::scripted::Scripted;
use crate::seed::{Random, part};

const SCRIPTS: [fn(&mut Scripted<'_, '_>); 8] = [
    hour_of_500,
    row_of_99,
    fresh_day_of_49,
    fresh_day_of_79_percent,
    week_old_account,
    day_of_22_hours,
    day_of_999,
    one_skip_in_1000,
];

/// Adds one listener for each limit.
pub(crate) fn add(plan: &mut Plan<'_>) {
    let seed = plan.population.seed;
    for (script, number) in SCRIPTS.into_iter().zip(0..) {
        let random = Random::of(seed, part::EDGES, u64::from(number));
        script(&mut Scripted::new(plan, User::new(Kind::Edge, number), random));
    }
}

// 500 plays in a clock hour, previews besides, and one more as the next hour begins.
fn hour_of_500(listener: &mut Scripted<'_, '_>) {
    const CASE: &str = "edge_hour_of_500";
    let hour = listener.day_start(0) + 9 * HOUR_MS;
    for turn in 0..500u64 {
        let listened = if turn % 3 == 0 { 31_000 } else { 5_000 };
        let track = listener.track();
        listener.honest(CASE, hour + turn * 7_200, track, listened);
    }
    for turn in 0..5u64 {
        let track = listener.track();
        listener.preview(CASE, hour + 1_000 + turn * 7_200, track);
    }
    let track = listener.track();
    listener.honest(CASE, hour + HOUR_MS, track, 40_000);
}

// 99 in a row over three days, with too few in each to look like a new account's.
fn row_of_99(listener: &mut Scripted<'_, '_>) {
    const CASE: &str = "edge_row_of_99";
    let days = listener.days();
    if days < 3 {
        return;
    }
    let track = listener.track();
    let before = listener.track_beside(track);
    let first = listener.day_start(0);
    listener.honest(CASE, first, before, 40_000);
    for day in 0..3 {
        for turn in 0..33u64 {
            let start = listener.day_start(day) + HOUR_MS + turn * 200_000;
            listener.honest(CASE, start, track, 180_000);
        }
    }
    let after = listener.track_beside(track);
    let last = listener.day_start(2) + 20 * HOUR_MS;
    listener.honest(CASE, last, after, 40_000);
    listener.honest(CASE, last + 60_000, track, 40_000);
}

fn fresh_day_of_49(listener: &mut Scripted<'_, '_>) {
    let track = listener.track();
    for turn in 0..49u64 {
        let start = listener.day_start(0) + turn * 200_000;
        listener.honest("edge_fresh_day_of_49", start, track, 180_000);
    }
}

fn fresh_day_of_79_percent(listener: &mut Scripted<'_, '_>) {
    let track = listener.track();
    for turn in 0..100u64 {
        let start = listener.day_start(0) + turn * 200_000;
        let played = if turn % 5 == 4 || turn == 50 { listener.track_beside(track) } else { track };
        listener.honest("edge_fresh_day_of_79_percent", start, played, 180_000);
    }
}

// One play as the first day begins, and eight days later a day of one track.
fn week_old_account(listener: &mut Scripted<'_, '_>) {
    const CASE: &str = "edge_week_old_account";
    if listener.days() < 9 {
        return;
    }
    let track = listener.track();
    let first = listener.day_start(0) + HOUR_MS;
    listener.honest(CASE, first, track, 60_000);
    for turn in 0..60u64 {
        let start = listener.day_start(8) + turn * 200_000;
        listener.honest(CASE, start, track, 180_000);
    }
}

fn day_of_22_hours(listener: &mut Scripted<'_, '_>) {
    for turn in 0..396u64 {
        let start = listener.day_start(0) + 5_000 + turn * 210_000;
        let track = listener.track();
        listener.honest("edge_day_of_22_hours", start, track, 200_000);
    }
}

fn day_of_999(listener: &mut Scripted<'_, '_>) {
    for turn in 0..999u64 {
        let start = listener.day_start(0) + turn * 80_000;
        let track = listener.track();
        listener.honest("edge_day_of_999", start, track, 35_000);
    }
}

fn one_skip_in_1000(listener: &mut Scripted<'_, '_>) {
    for turn in 0..1_000u64 {
        let start = listener.day_start(0) + turn * 80_000;
        let listened = if turn == 444 { 29_999 } else { 35_000 };
        let track = listener.track();
        listener.honest("edge_one_skip_in_1000", start, track, listened);
    }
}
