//! What arrives twice: single reports that a player sent again, and batches that it sent
//! again whole or in two parts, because the answer was lost.

use crate::plan::{Line, Plan};
use crate::seed::{Random, part};

/// How many of all lines are exact copies, in 10 000.
pub(crate) const SHARE: u64 = 3_000;

/// How many of the retries are of single reports, in 10 000.
const SINGLES: u32 = 6_000;
/// The most reports that a batch has.
const BATCH_MAX: u32 = 40;

/// Adds exact copies of lines until there are `wanted` of them.
pub(crate) fn add(plan: &mut Plan<'_>, wanted: u64) {
    let mut random = Random::of(plan.population.seed, part::RETRIES, 0);
    let originals = plan.lines.len();
    let mut left = wanted;
    while left > 0 {
        let at = random.index(originals);
        let most = if random.chance(SINGLES) { 1 } else { random.between(2, BATCH_MAX) as usize };
        let end = batch_end(plan, at, most.min(originals - at));
        if end == at {
            continue;
        }
        let end = at + (end - at).min(usize::try_from(left).unwrap_or(usize::MAX));
        left -= (end - at) as u64;
        let split = at + random.index(end - at);
        for (from, to) in [(at, split), (split, end)] {
            send_again(plan, from, to, &mut random);
        }
    }
}

// The end of the run of lines from `at` that one listener's player could send together.
// What must stay with its neighbours is no part of any.
fn batch_end(plan: &Plan<'_>, at: usize, most: usize) -> usize {
    let player = |line: &Line| {
        let report = &plan.reports[line.report as usize];
        (report.together == 1).then(|| plan.plays[report.play as usize].listener)
    };
    let Some(listener) = player(&plan.lines[at]) else {
        return at;
    };
    let run = plan.lines[at..at + most].iter();
    at + run.take_while(|line| player(line) == Some(listener)).count()
}

fn send_again(plan: &mut Plan<'_>, from: usize, to: usize, random: &mut Random) {
    let last = plan.lines[from..to].iter().map(|line| line.arrives_at).max();
    let Some(last) = last else {
        return;
    };
    // Mostly within a minute; seldom after days.
    let after =
        if random.chance(500) { random.below(3 * 86_400_000) } else { random.below(60_000) };
    for index in from..to {
        let report = plan.lines[index].report;
        plan.lines.push(Line { arrives_at: last + 500 + after, report });
    }
}
