//! Plays whose reports carry neither a key nor a start.
//!
//! In a replay by the reports' own times such a report was received when the line before
//! it was. So each run of them follows an *anchor*, a keyed report whose receive time is
//! known, and stays with it whatever the order of the lines is. Each run has a listener
//! of its own, so no other line can open or feed its windows.

use crate::digits::{DAY_MS, HOUR_MS, InstantForm};
use crate::listener::any_account;
use crate::names::{Device, Kind, User};
use crate::plan::{Draft, Event, KeyForm, Line, Plan, Play, Report, mark};
use crate::seed::{Random, part};
use crate::truth::Status;

/// A gap from which on a report opens a new window, in milliseconds.
const WINDOW_MS: u64 = 300_000;
/// Of all reports, in 10 000.
pub(crate) const SHARE: u64 = 50;
/// However small the population is.
const RUNS_AT_LEAST: u32 = 32;

/// Adds runs until they have made `wanted` reports.
pub(crate) fn add(plan: &mut Plan<'_>, wanted: u64) {
    let from = plan.distinct_reports();
    for number in 0..User::LIMIT {
        if number >= RUNS_AT_LEAST && plan.distinct_reports() - from >= wanted {
            return;
        }
        let random = Random::of(plan.population.seed, part::WINDOWS, u64::from(number));
        let mut run = Run::new(plan, User::new(Kind::Window, number), random);
        match number % 4 {
            0 => run.one_window(),
            1 => run.less_listened(),
            2 => run.gap(WINDOW_MS - 1),
            _ => run.gap(WINDOW_MS),
        }
        run.finish();
    }
}

struct Run<'p, 'a> {
    plan: &'p mut Plan<'a>,
    random: Random,
    draft: Draft,
    received_at: u64,
    reports: Vec<Report>,
}

impl<'p, 'a> Run<'p, 'a> {
    fn new(plan: &'p mut Plan<'a>, user: User, mut random: Random) -> Self {
        let (tier, territory) = any_account(&mut random);
        let day = random.below(u64::from(plan.population.days));
        let received_at =
            plan.population.start + day * DAY_MS + HOUR_MS + random.below(20 * HOUR_MS);
        let (session, device) = match random.below_u32(3) {
            0 => (plan.next_session(), Device::Own(0)),
            1 => (0, Device::Own(0)),
            _ => (0, Device::None),
        };
        let play = Play {
            start: received_at,
            key_time: 0,
            key: 0,
            listener: user,
            track: plan.any_track(&mut random),
            session,
            device,
            key_form: KeyForm::None,
            anonymous: false,
            offline: false,
        };
        Self {
            plan,
            random,
            draft: Draft { play, listened: 0, tier, territory, flushed_at: None },
            received_at,
            reports: Vec::new(),
        }
    }

    // Start, progress, end and its retry, all received at once: one play.
    fn one_window(&mut self) {
        self.anchor();
        let listened = self.random.between(30_001, 240_000);
        self.window(listened, &[0, 30_000, listened, listened]);
    }

    // A report of less listened time opens another window, and the next report joins the
    // newest that it fits.
    fn less_listened(&mut self) {
        self.anchor();
        let listened = self.random.between(40_000, 200_000);
        self.window(listened, &[0, listened]);
        let less = self.random.between(1_000, 29_999);
        self.window(less, &[less]);
        let more = self.random.between(30_000, 39_999);
        self.window(more, &[0, more]);
    }

    // Two reports, the second received `gap` after the first.
    fn gap(&mut self, gap: u64) {
        self.anchor();
        let first = self.random.between(30_000, 60_000);
        let second = first + self.random.between(0, 60_000);
        let one = gap < WINDOW_MS;
        let start = self.received_at - u64::from(first);
        let play = self.window_play(start, if one { second } else { first });
        self.window_report(play, first);
        self.received_at += gap;
        self.anchor();
        if one {
            self.window_report(play, second);
        } else {
            self.window(second, &[second]);
        }
    }

    // A keyed play that ends, and is told of, at `received_at`.
    fn anchor(&mut self) {
        let listened = self.random.between(1_000, 120_000);
        let mut draft = self.draft;
        draft.listened = listened;
        draft.play.start = self.received_at - u64::from(listened);
        draft.play.key_time = draft.play.start;
        draft.play.key = self.plan.next_key();
        draft.play.key_form = KeyForm::V7;
        let status = draft.plain_status();
        let play = self.plan.add_play("window_anchor", &draft, status);
        let mut report = draft.last_report(&mut self.random);
        report.play = play;
        report.marks &= !mark::SENT_AT;
        self.reports.push(report);
    }

    // A play of `listened` in all, whose reports are received now: the longest says when
    // it started.
    fn window(&mut self, listened: u32, reports: &[u32]) {
        let start = self.received_at - u64::from(listened);
        let play = self.window_play(start, listened);
        for listened in reports {
            self.window_report(play, *listened);
        }
    }

    fn window_play(&mut self, start: u64, listened: u32) -> u32 {
        self.draft.play.start = start;
        self.draft.listened = listened;
        let status = Status::of_listened(listened);
        self.plan.add_play("window", &self.draft, status)
    }

    fn window_report(&mut self, play: u32, listened: u32) {
        let event = if listened == 0 { Event::Start } else { Event::Progress };
        let mut report = self.draft.report(listened, event, &mut self.random);
        report.play = play;
        report.form = InstantForm::Absent;
        report.marks &= !mark::SENT_AT;
        self.reports.push(report);
    }

    fn finish(self) {
        let count = u8::try_from(self.reports.len()).expect("a run is short");
        let mut first = None;
        for mut report in self.reports {
            report.together = if first.is_none() { count } else { 1 };
            let index = self.plan.push_report(report);
            first.get_or_insert(index);
        }
        self.plan.lines.push(Line {
            arrives_at: self.received_at + 500,
            report: first.expect("a run begins with its anchor"),
        });
    }
}
