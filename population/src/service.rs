//! The realistic mix: every special case, in the shares of a service.

use std::io;

use crate::lines::{LineWriter, write_plan};
use crate::plan::Plan;
use crate::seed::shuffle;
use crate::truth::Truth;
use crate::{Limits, Population, bots, edges, listener, retries, windows};

/// Fewer reports can't hold every special case.
pub(crate) const REPORTS_MIN: u64 = 20_000;
/// More don't fit the plan's 32-bit numbers.
pub(crate) const REPORTS_MAX: u64 = 4_000_000_000;
/// The most ordinary reports for each listener and day.
pub(crate) const DAY_REPORTS_MAX: u64 = 80;

/// Reports of a play, over all plays, in hundredths.
const REPORTS_EACH_HUNDREDTHS: u64 = 204;

/// Makes the population up, then writes it.
pub(crate) fn generate(
    population: &Population,
    limits: Limits,
    writer: LineWriter<'_>,
) -> io::Result<Truth> {
    let mut plan = plan(population, limits);
    let copies = population.reports - plan.distinct_reports();
    retries::add(&mut plan, copies);
    match population.shuffle {
        None => plan.lines.sort_unstable(),
        Some(seed) => shuffle(&mut plan.lines, seed),
    }
    let mut writer = writer;
    write_plan(&plan, &mut writer)?;
    let written = writer.finish()?;
    let bot_devices = bots::devices(&plan);
    let truth = plan.tally.finish(population.seed, written, copies);
    Ok(Truth { bot_devices, ..truth })
}

fn plan(population: &Population, limits: Limits) -> Plan<'_> {
    let mut plan = Plan::new(population, limits.tracks);
    let wanted = population.reports - population.reports * retries::SHARE / 10_000;
    edges::add(&mut plan);
    bots::add(&mut plan, wanted * 100 / REPORTS_EACH_HUNDREDTHS * bots::SHARE / 10_000);
    if population.windows {
        windows::add(&mut plan, wanted * windows::SHARE / 10_000);
    }
    listener::listen(&mut plan, limits.listeners, wanted);
    plan
}
