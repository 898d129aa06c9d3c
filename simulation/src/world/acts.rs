//! What each act does.

use ledgerline_app::ports::Clock;

use super::{Act, World, Wrong};
use crate::check::transitions;
use crate::clock::{DAY_MS, HOUR_MS, MINUTE_MS};
use crate::players::Body;
use crate::process::{Task, receive};

/// After so many tries without an answer a player gives a body up.
const TRIES_MAX: u32 = 12;
/// A body that was acknowledged is sent again at most so often.
const AGAIN_MAX: u32 = 2;

impl World {
    pub(super) fn perform(&mut self, act: Act) -> Result<(), Wrong> {
        match act {
            Act::Send(body) => self.send(body),
            Act::Tick => {
                self.errand(|deployment| async move { deployment.tell_what_is_due().await });
                let pause = self.random.of(&[5_000, MINUTE_MS, HOUR_MS, 6 * HOUR_MS]);
                let pause = pause.max(self.some_while() / 20);
                self.later(pause, Act::Tick);
            }
            Act::Person => {
                self.person();
                let pause = self.some_while();
                self.later(pause, Act::Person);
            }
            Act::Catalogue => {
                self.catalogue();
                let pause = self.some_while();
                self.later(pause, Act::Catalogue);
            }
            Act::Jump => self.jump(),
            Act::Operator { again } => {
                self.look_after()?;
                if again {
                    self.later(6 * HOUR_MS, Act::Operator { again });
                }
            }
            Act::Start => self.start()?,
            Act::Restart => {
                if self.process.is_some() {
                    self.restart()?;
                }
                let pause = 3 * self.some_while();
                self.later(pause, Act::Restart);
            }
            Act::Observe => {
                self.observe()?;
                self.audit_conservation();
                let pause = self.some_while();
                self.later(pause, Act::Observe);
            }
            Act::Usurp => {
                self.note(format_args!("somebody else takes the partitions over"));
                self.machine.store.usurp();
                self.usurped = true;
                // The operator finds out, and starts the server again.
                self.later(MINUTE_MS, Act::Operator { again: false });
            }
        }
        self.maybe_a_fault();
        Ok(())
    }

    /// Has the server do something besides, where there is one and it isn't busy with many
    /// such things already.
    pub(super) fn errand<F: Future<Output = ()> + 'static>(
        &mut self,
        work: impl FnOnce(std::sync::Arc<ledgerline_app::Deployment>) -> F,
    ) {
        if let Some(process) = &mut self.process
            && process.errands.len() < 8
        {
            process.errands.push(Some(Task::new(work(process.deployment.clone()))));
        }
    }

    fn send(&mut self, mut body: Body) {
        let now_ms = self.machine.clock.true_ms();
        self.say_when_it_is_sent(&mut body, now_ms);
        let (source, count) = (&self.sources[body.source], body.reports.len());
        let name = source.name;
        let Some(process) = &mut self.process else {
            self.note(format_args!("{name} finds no server for {count} reports"));
            self.try_again(body);
            return;
        };
        self.promises.arrives(&body, source, &self.plan.plays, now_ms);
        process.requests.push(Some(receive(process.deployment.clone(), source, body)));
        self.note(format_args!("{name} sends {count} reports"));
    }

    /// A device whose clock is off says at each sending what it believes the time to be.
    fn say_when_it_is_sent(&mut self, body: &mut Body, now_ms: u64) {
        let later_ms = now_ms - body.sent_ms.min(now_ms);
        for (_, report) in &mut body.reports {
            report.sent_at = report.sent_at.map(|at| at + later_ms);
        }
        body.sent_ms = now_ms;
    }

    /// The body was not acknowledged, as far as its player knows.
    pub(super) fn try_again(&mut self, mut body: Body) {
        body.tries += 1;
        if body.tries > TRIES_MAX {
            self.bodies_left -= 1;
            return;
        }
        let pauses = [1_000, 30_000, 10 * MINUTE_MS, 2 * HOUR_MS];
        let mut pause = self.random.of(&pauses) * u64::from(body.tries);
        if self.taste.days > 10 && self.random.percent(5) {
            pause += self.random.of(&[1, 5, 20, 31, 36]) * DAY_MS;
        }
        let (one, other) = self.perhaps_split(body);
        for body in [Some(one), other].into_iter().flatten() {
            self.later(pause, Act::Send(body));
        }
    }

    /// The body was acknowledged, and its player knows. Some players send again all the same.
    pub(super) fn done_with(&mut self, mut body: Body) {
        if body.again >= AGAIN_MAX || !self.random.percent(self.taste.sent_again) {
            self.bodies_left -= 1;
            return;
        }
        (body.again, body.tries) = (body.again + 1, 0);
        let days = if self.taste.days < 14 {
            self.random.of(&[0, 0, 0, 1, 2])
        } else {
            self.random.of(&[0, 0, 1, 5, 20, 32, 34, 38, 43, 44, 45, 46, 50])
        };
        let pause = days * DAY_MS + self.random.of(&[100, 10_000, MINUTE_MS, 3 * HOUR_MS]);
        let (one, other) = self.perhaps_split(body);
        for body in [Some(one), other].into_iter().flatten() {
            self.later(pause, Act::Send(body));
        }
    }

    /// What is sent again may travel in another order, and in two bodies.
    fn perhaps_split(&mut self, mut body: Body) -> (Body, Option<Body>) {
        if self.random.percent(20) {
            self.random.shuffle(&mut body.reports);
        }
        if body.reports.len() < 2 || !self.random.percent(20) {
            return (body, None);
        }
        let place = 1 + self.random.place(body.reports.len() - 1);
        let reports = body.reports.split_off(place);
        self.bodies_left += 1;
        let other = Body { reports, ..body.clone() };
        (body, Some(other))
    }

    /// Right after a start the plays log is still being built again: nobody reads it then.
    fn observe(&mut self) -> Result<(), Wrong> {
        let Some(process) = &self.process else { return Ok(()) };
        if !process.deployment.health().ready || !self.machine.disk.is_powered() {
            return Ok(());
        }
        let transitions = transitions(&self.machine, &self.taste)?;
        self.note(format_args!("{} transitions are seen", transitions.len()));
        for (id, to) in transitions {
            let before = self.seen.insert(id.clone(), to);
            if before.is_some_and(|before| before != to) {
                return Err(format!("transition {id} led to {before:?} once, and to {to} now"));
            }
        }
        Ok(())
    }

    fn jump(&mut self) {
        let hours = |hours: u64| i64::try_from(hours * HOUR_MS).expect("a small number");
        let off = [0, 0, 5_000, -5_000, hours(2), -hours(2), hours(30), -hours(30), hours(72)];
        let off_ms = self.random.of(&off);
        self.machine.clock.set_off(off_ms);
        self.promises.clock_is(&self.machine.clock);
        let now = self.machine.clock.now();
        self.note(format_args!("the wall clock says {now}, which is off by {off_ms} ms"));
        let pause = self.some_while();
        self.later(pause, Act::Jump);
    }
}
