//! The server at work: its loops and requests, one small thing after another.

use ledgerline_app::intake::IntakeError;
use ledgerline_app::ports::Step;

use super::{WRITING, World, Wrong};
use crate::players::Body;
use crate::process::{Answer, Request, Task};

/// What may go on.
#[derive(Clone, Copy)]
enum Actor {
    Loop(usize),
    Work(usize),
    Request(usize),
    Errand(usize),
}

/// A server that is left alone is quiet after fewer rounds than this.
const ROUNDS_MAX: u32 = 200_000;

impl World {
    /// Lets up to `effort` small things happen, fewer where there is nothing to do.
    pub(super) fn go_on(&mut self, effort: u64) -> Result<(), Wrong> {
        let mut left = effort;
        while left > 0 {
            let worked = self.round(left.min(50))?;
            left = left.saturating_sub(50);
            if !worked {
                break;
            }
        }
        Ok(())
    }

    /// Lets things happen until nothing does without something from outside.
    pub(super) fn until_quiet(&mut self) -> Result<(), Wrong> {
        self.starved = None;
        for _ in 0..ROUNDS_MAX {
            if !self.round(u64::MAX)? {
                return Ok(());
            }
        }
        Err(format!("the server is not quiet after {ROUNDS_MAX} rounds"))
    }

    /// Every actor has its turn once, in an order that the seed chooses, but no more than
    /// `most` have. Says whether any of them did anything.
    pub(super) fn round(&mut self, most: u64) -> Result<bool, Wrong> {
        let mut actors = self.actors();
        self.random.shuffle(&mut actors);
        actors.truncate(usize::try_from(most).unwrap_or(usize::MAX));
        let mut worked = false;
        for actor in actors {
            self.tally.steps += 1;
            let pass_ms = self.random.of(&[0, 0, 0, 1, 20]);
            self.machine.clock.pass(pass_ms);
            worked |= self.have_turn(actor);
            if !self.machine.disk.is_powered() {
                self.crash();
                return Ok(true);
            }
        }
        if let Some(process) = &mut self.process {
            process.requests.retain(Option::is_some);
            process.errands.retain(Option::is_some);
        }
        Ok(worked)
    }

    /// Who could do something.
    fn actors(&self) -> Vec<Actor> {
        let Some(process) = &self.process else { return Vec::new() };
        let stepper = &self.machine.stepper;
        let has_turns = |place: &usize| {
            self.starved.is_none_or(|starved| !stepper.name(*place).starts_with(starved))
        };
        let loops = stepper.going().into_iter().filter(has_turns).map(Actor::Loop);
        let works = (0..stepper.begun()).map(Actor::Work);
        let is_woken = |request: &Request| request.task.is_woken();
        let requests = places(&process.requests, is_woken).map(Actor::Request);
        let errands = places(&process.errands, Task::is_woken).map(Actor::Errand);
        loops.chain(works).chain(requests).chain(errands).collect()
    }

    /// Says whether anything was done.
    fn have_turn(&mut self, actor: Actor) -> bool {
        let Some(process) = &mut self.process else { return false };
        match actor {
            Actor::Loop(place) => {
                self.maybe_tear(place);
                return self.machine.stepper.step(place) == Step::Worked;
            }
            // Fewer may be left by now, for a loop that is joined does them too.
            Actor::Work(place) => return self.machine.stepper.work(place),
            Actor::Request(place) => {
                let request = &mut process.requests[place];
                if let Some(answer) = request.as_mut().and_then(|request| request.task.poll()) {
                    *request = None;
                    self.answer(answer);
                }
            }
            Actor::Errand(place) => {
                let task = &mut process.errands[place];
                if task.as_mut().is_some_and(|task| task.poll().is_some()) {
                    *task = None;
                }
            }
        }
        true
    }

    /// The power may go off just when the report log writes: its last frame is torn then.
    fn maybe_tear(&mut self, place: usize) {
        let asked = self.process.as_ref().is_some_and(|process| !process.requests.is_empty());
        let may = self.taste.crash_in > 0 && self.tears_left > 0 && asked;
        if may && self.machine.stepper.name(place).starts_with(WRITING) && self.random.one_in(4) {
            self.tears_left -= 1;
            let calls = self.random.between(1, 2);
            self.machine.disk.power_off_at(calls);
        }
    }

    /// The server has answered; whether the player hears it is another matter.
    fn answer(&mut self, answer: Answer) {
        let Answer { body, rejected, outcome } = answer;
        match outcome {
            Ok(count) => {
                self.tally.reports_acknowledged += count;
                self.promise(&body, &rejected);
                self.note(format_args!("{count} reports are acknowledged"));
                if self.random.percent(self.taste.answers_lost) {
                    self.try_again(body);
                } else {
                    self.done_with(body);
                }
            }
            Err(error) => {
                self.log_failed |= error == IntakeError::StorageFailed;
                self.note(format_args!("{} reports are refused: {error}", body.reports.len()));
                self.try_again(body);
            }
        }
    }

    pub(super) fn promise(&mut self, body: &Body, rejected: &[usize]) {
        let true_ms = self.machine.clock.true_ms();
        let source = &self.sources[body.source];
        self.promises.acknowledged(body, rejected, source, &self.plan.plays, true_ms);
    }
}

/// The places of those that are not done and that `are` so.
fn places<T>(tasks: &[Option<T>], are: impl Fn(&T) -> bool) -> impl Iterator<Item = usize> {
    (0..tasks.len()).filter(move |place| tasks[*place].as_ref().is_some_and(&are))
}
