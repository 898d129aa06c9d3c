//! One listener who plays from a script: each play is one report, and the script knows
//! what is to become of it.

use crate::digits::DAY_MS;
use crate::listener::any_account;
use crate::names::{Device, User};
use crate::plan::{Draft, Event, KeyForm, Plan, Play, mark};
use crate::seed::Random;
use crate::truth::Status;

/// A listener, and the plan that its plays go to.
pub(crate) struct Scripted<'p, 'a> {
    pub(crate) plan: &'p mut Plan<'a>,
    pub(crate) random: Random,
    pub(crate) device: Device,
    user: User,
    session: u32,
    tier: u8,
    territory: u8,
}

impl<'p, 'a> Scripted<'p, 'a> {
    /// A listener who has played nothing yet.
    pub(crate) fn new(plan: &'p mut Plan<'a>, user: User, mut random: Random) -> Self {
        let (tier, territory) = any_account(&mut random);
        Self {
            session: plan.next_session(),
            plan,
            random,
            device: Device::Own(0),
            user,
            tier,
            territory,
        }
    }

    /// When the `day`-th day of the population starts.
    pub(crate) fn day_start(&self, day: u64) -> u64 {
        self.plan.population.start + day * DAY_MS
    }

    /// How many days the population has.
    pub(crate) fn days(&self) -> u64 {
        u64::from(self.plan.population.days)
    }

    /// A track, by popularity.
    pub(crate) fn track(&mut self) -> u32 {
        self.plan.any_track(&mut self.random)
    }

    /// A track, by popularity, that is not `track`.
    pub(crate) fn track_beside(&mut self, track: u32) -> u32 {
        self.plan.other_track(track, &mut self.random)
    }

    /// A play that ends as `status`.
    pub(crate) fn play(
        &mut self,
        case: &'static str,
        start: u64,
        (track, listened): (u32, u32),
        status: Status,
    ) {
        let draft = self.draft(start, track, listened);
        let report = draft.last_report(&mut self.random);
        self.plan.add(case, &draft, status, &[report]);
    }

    /// A play that no rule touches: it counts if it is long enough.
    pub(crate) fn honest(&mut self, case: &'static str, start: u64, track: u32, listened: u32) {
        let status = Status::of_listened(listened);
        self.play(case, start, (track, listened), status);
    }

    /// A preview, which no rule looks at.
    pub(crate) fn preview(&mut self, case: &'static str, start: u64, track: u32) {
        let draft = self.draft(start, track, 30_000);
        let mut report = draft.last_report(&mut self.random);
        report.marks |= mark::PREVIEW;
        self.plan.add(case, &draft, Status::NotPayable, &[report]);
    }

    /// A play that began on one device and was told of by another; the one that it began
    /// on is the play's. `own_first`: it began on the listener's own phone.
    pub(crate) fn two_devices(
        &mut self,
        case: &'static str,
        start: u64,
        own_first: bool,
        status: Status,
    ) {
        let track = self.track();
        let draft = self.draft(start, track, 60_000);
        let mut first = draft.report(0, Event::Start, &mut self.random);
        let mut last = draft.report(60_000, Event::Complete, &mut self.random);
        let own = if own_first { &mut first } else { &mut last };
        own.marks |= mark::OWN_PHONE;
        self.plan.add(case, &draft, status, &[first, last]);
    }

    fn draft(&mut self, start: u64, track: u32, listened: u32) -> Draft {
        Draft {
            play: Play {
                start,
                key_time: start,
                key: self.plan.next_key(),
                listener: self.user,
                track,
                session: self.session,
                device: self.device,
                key_form: KeyForm::V7,
                anonymous: false,
                offline: false,
            },
            listened,
            tier: self.tier,
            territory: self.territory,
            flushed_at: None,
        }
    }
}
