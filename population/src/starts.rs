//! Plays whose reports disagree on when the play started, or don't say.
//!
//! A play's start is the least of its reports' starts, and a report without one takes
//! its `UUIDv7`'s own time.

use crate::cases::{Oddity, plain, usual};
use crate::digits::{DAY_MS, InstantForm};
use crate::plan::{Draft, Plan, Report};
use crate::seed::Random;

/// How far a changed clock moves a start, in milliseconds.
const SHIFT_MS_MAX: u32 = 7_200_000;

/// Adds a play that is odd in the way that `oddity` says; `case` is its name.
pub(crate) fn add(
    plan: &mut Plan<'_>,
    mut draft: Draft,
    (oddity, case): (Oddity, &'static str),
    random: &mut Random,
) {
    let shift = random.between(1, SHIFT_MS_MAX);
    let mut reports = match oddity {
        Oddity::StartAcrossMidnight => {
            // The first midnight is left out: the day before it is not the population's.
            let from = plan.population.start;
            let day = ((draft.play.start - from) / DAY_MS).max(1);
            draft.play.start = from + day * DAY_MS - 1 - random.below(30_000);
            draft.play.key_time = draft.play.start;
            usual(&draft, random)
        }
        Oddity::StartNever => {
            draft.play.key_time = draft.play.start;
            usual(&draft, random)
        }
        Oddity::KeyOf1970 => {
            draft.play.key_time = random.below(DAY_MS * 365);
            plain(plan, &draft, case, random);
            return;
        }
        _ => usual(&draft, random),
    };
    let last = *reports.last().expect("every play has a report");
    match oddity {
        Oddity::StartLater => reports.push(Report { shift, ..last }),
        Oddity::StartEarlier => {
            set_shift(&mut reports, shift);
            reports.push(last);
        }
        Oddity::StartAcrossMidnight => {
            set_shift(&mut reports, random.between(30_000, 60_000));
            reports.push(last);
        }
        Oddity::StartDropped => {
            draft.play.key_time = draft.play.start;
            reports.push(without_start(last));
        }
        Oddity::StartDroppedEarlier => {
            draft.play.key_time = draft.play.start;
            set_shift(&mut reports, shift.min(60_000));
            reports.push(without_start(last));
        }
        Oddity::StartDroppedLater => {
            draft.play.key_time = draft.play.start + u64::from(shift);
            reports.push(without_start(last));
        }
        _ => {
            for report in &mut reports {
                report.form = InstantForm::Absent;
            }
        }
    }
    plan.add(case, &draft, draft.plain_status(), &reports);
}

fn set_shift(reports: &mut [Report], shift: u32) {
    for report in reports {
        report.shift = shift;
    }
}

fn without_start(report: Report) -> Report {
    Report { form: InstantForm::Absent, ..report }
}
