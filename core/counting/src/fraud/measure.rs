//! What each rule measures of one play, with its limit: for whoever wants to know why, or appeals.
//!
//! Whether a rule holds is asked of the rule itself; the figures beside it say by how much.

use ledgerline_ids::UnixMs;
use ledgerline_records::verdict::{FraudRule, FraudRules};
use std::ops::Range;

use super::{Candidate, evaluate_day, fresh_suspects, loops};
use crate::rules::FraudLimits;

/// What one rule found of one play.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Measured {
    /// The rule.
    pub rule: FraudRule,
    /// Whether it holds.
    pub holds: bool,
    /// What was measured, by name.
    pub figures: Vec<(&'static str, u64)>,
    /// What it is measured against, by name.
    pub limits: Vec<(&'static str, u64)>,
}

/// What all rules found of one play.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Measurement {
    /// One for each rule, in the order of [`FraudRule::ALL`].
    pub rules: Vec<Measured>,
    /// The plays that any rule looked at, as a range of those given: the play's day, and its run.
    pub looked_at: Range<usize>,
}

impl Measurement {
    /// The rules that hold.
    #[must_use]
    pub fn held_by(&self) -> FraudRules {
        let holding = self.rules.iter().filter(|measured| measured.holds);
        holding.fold(FraudRules::NONE, |rules, measured| rules.with(measured.rule))
    }
}

/// Measures the play at `index` among all candidate plays of its listener, sorted by start and
/// identity. `first_seen_at` is when any play of the listener was first received.
///
/// # Panics
/// Where there is no play at `index`.
#[must_use]
pub fn measure(
    plays: &[Candidate],
    index: usize,
    first_seen_at: UnixMs,
    limits: &FraudLimits,
) -> Measurement {
    let play = plays[index];
    let day_no = play.started_at.day();
    let day = neighbours(plays, index, |other| other.started_at.day() == day_no);
    let of_day = &plays[day.clone()];
    let hour = neighbours(plays, index, |other| other.started_at.hour() == play.started_at.hour());
    let tracks: Vec<u64> = plays.iter().map(|play| play.track).collect();
    let (run, looped) = loops(&tracks, limits)
        .into_iter()
        .find(|(run, _)| run.contains(&index))
        .expect("each play is in a run");
    let by_day = evaluate_day(of_day, limits)[index - day.start];
    let age_ms = day_no.start().since(first_seen_at);
    let suspect = fresh_suspects(of_day, limits).contains(&(index - day.start));
    let fresh = suspect && age_ms < limits.fresh_ms;
    let holds = |rule| match rule {
        FraudRule::Loop => looped,
        FraudRule::FreshLoop => fresh,
        FraudRule::Rate | FraudRule::BotDevice | FraudRule::RoundTheClock => by_day.contains(rule),
    };
    let rules = FraudRule::ALL.iter().map(|rule| {
        let (figures, bounds) = match rule {
            FraudRule::Rate => (
                vec![("plays_in_hour", hour.len() as u64)],
                vec![("plays_per_hour_max", limits.rate_plays_per_hour as u64)],
            ),
            FraudRule::Loop => (
                vec![("plays_in_a_row", run.len() as u64)],
                vec![("plays_in_a_row_held", limits.loop_plays as u64)],
            ),
            FraudRule::BotDevice => {
                (vec![("device_is_listed", u64::from(play.listed_device))], Vec::new())
            }
            FraudRule::FreshLoop => fresh_figures(of_day, play, age_ms, limits),
            FraudRule::RoundTheClock => clock_figures(of_day, limits),
        };
        Measured { rule: *rule, holds: holds(*rule), figures, limits: bounds }
    });
    let looked_at = day.start.min(run.start)..day.end.max(run.end);
    Measurement { rules: rules.collect(), looked_at }
}

type Figures = (Vec<(&'static str, u64)>, Vec<(&'static str, u64)>);

fn fresh_figures(day: &[Candidate], play: Candidate, age_ms: u64, limits: &FraudLimits) -> Figures {
    let of_track = day.iter().filter(|other| other.track == play.track).count();
    let figures = vec![
        ("plays_in_day", day.len() as u64),
        ("share_percent", (of_track * 100 / day.len()) as u64),
        ("listener_age_ms", age_ms),
    ];
    let bounds = vec![
        ("plays_per_day", limits.fresh_plays_per_day as u64),
        ("share_percent_held", limits.fresh_share_percent as u64),
        ("fresh_ms", limits.fresh_ms),
    ];
    (figures, bounds)
}

fn clock_figures(day: &[Candidate], limits: &FraudLimits) -> Figures {
    let skips = day.iter().filter(|play| play.listened_ms < limits.skip_ms).count();
    let figures = vec![
        ("listened_ms_in_day", day.iter().map(|play| play.listened_ms).sum()),
        ("plays_in_day", day.len() as u64),
        ("skips_in_day", skips as u64),
    ];
    let bounds = vec![
        ("listened_ms_per_day_max", limits.waking_ms),
        ("plays_per_day_without_skip", limits.unskipped_plays as u64),
    ];
    (figures, bounds)
}

/// The plays around `index` for which `same` holds without a gap.
fn neighbours(
    plays: &[Candidate],
    index: usize,
    same: impl Fn(&Candidate) -> bool,
) -> Range<usize> {
    let before = plays[..index].iter().rev().take_while(|play| same(play)).count();
    let behind = plays[index..].iter().take_while(|play| same(play)).count();
    index - before..index + behind
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rules::FRAUD_LIMITS;

    const HOUR_MS: u64 = 3_600_000;

    fn at(ms: u64) -> UnixMs {
        UnixMs::new(1_800_000_000_000 / 86_400_000 * 86_400_000 + ms).expect("in range")
    }

    /// `number` plays, `every_ms` apart, of tracks `0..tracks` in turn.
    fn plays(number: u64, every_ms: u64, tracks: u64, listened_ms: u64) -> Vec<Candidate> {
        let play = |index: u64| Candidate {
            started_at: at(index * every_ms),
            track: index % tracks,
            listened_ms,
            listed_device: false,
        };
        (0..number).map(play).collect()
    }

    fn held(plays: &[Candidate], age_ms: u64) -> Vec<FraudRule> {
        let first_seen_at = at(0).minus(age_ms);
        measure(plays, plays.len() / 2, first_seen_at, &FRAUD_LIMITS).held_by().iter().collect()
    }

    #[test]
    fn each_rule_holds_at_its_limit_and_not_beside_it() {
        let old = 30 * 24 * HOUR_MS;
        let cases = [
            (plays(500, 1_000, 9, 30_000), old, vec![]),
            (plays(501, 1_000, 9, 30_000), old, vec![FraudRule::Rate]),
            (plays(99, 60_000, 1, 30_000), old, vec![]),
            (plays(100, 60_000, 1, 30_000), old, vec![FraudRule::Loop]),
            (plays(50, 60_000, 1, 30_000), 0, vec![FraudRule::FreshLoop]),
            (plays(49, 60_000, 1, 30_000), 0, vec![]),
            (plays(50, 60_000, 1, 30_000), 7 * 24 * HOUR_MS, vec![]),
            (plays(22, HOUR_MS, 9, HOUR_MS), old, vec![]),
            (plays(22, HOUR_MS, 9, HOUR_MS + 1), old, vec![FraudRule::RoundTheClock]),
            (plays(1_000, 80_000, 9, 30_000), old, vec![FraudRule::RoundTheClock]),
            (plays(1_000, 80_000, 9, 29_999), old, vec![]),
        ];
        for (number, (plays, age_ms, rules)) in cases.iter().enumerate() {
            assert_eq!(held(plays, *age_ms), *rules, "case {number}");
        }
    }

    #[test]
    fn figures_say_by_how_much() {
        let mut plays = plays(120, 60_000, 1, 30_000);
        plays[60].listed_device = true;
        let measurement = measure(&plays, 60, at(0).minus(5), &FRAUD_LIMITS);
        assert_eq!(measurement.looked_at, 0..120);
        let figures: Vec<_> =
            measurement.rules.iter().map(|rule| (rule.rule, &rule.figures[0])).collect();
        let expected = [
            (FraudRule::Rate, &("plays_in_hour", 60)),
            (FraudRule::Loop, &("plays_in_a_row", 120)),
            (FraudRule::BotDevice, &("device_is_listed", 1)),
            (FraudRule::FreshLoop, &("plays_in_day", 120)),
            (FraudRule::RoundTheClock, &("listened_ms_in_day", 120 * 30_000)),
        ];
        assert_eq!(figures, expected);
        let holds: Vec<bool> = measurement.rules.iter().map(|rule| rule.holds).collect();
        assert_eq!(holds, [false, true, true, true, false]);
    }
}
