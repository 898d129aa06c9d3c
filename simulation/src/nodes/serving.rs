//! The nodes at work: their loops and requests, one small thing after another.

use ledgerline_app::ports::Step;

use super::Nodes;
use crate::process::{Answer, Request, Task};
use crate::world::Wrong;

/// What may go on.
#[derive(Clone, Copy)]
enum Actor {
    /// A loop of the log's.
    Broker(usize),
    /// A node learns how far the log is.
    Look(usize),
    Loop(usize, usize),
    Work(usize, usize),
    Request(usize, usize),
    Errand(usize, usize),
}

/// Nodes that are left alone are quiet after fewer rounds than this.
const ROUNDS_MAX: u32 = 100_000;

impl Nodes {
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
        Err(format!("the nodes are not quiet after {ROUNDS_MAX} rounds"))
    }

    /// Every actor has its turn once, in an order that the seed chooses, but no more than `most` have.
    /// Says whether any of them did anything.
    pub(super) fn round(&mut self, most: u64) -> Result<bool, Wrong> {
        let mut actors = self.actors();
        self.random.shuffle(&mut actors);
        actors.truncate(usize::try_from(most).unwrap_or(usize::MAX));
        let mut worked = false;
        for actor in actors {
            self.tally.steps += 1;
            let pass_ms = self.random.of(&[0, 0, 0, 1, 20]);
            self.pass(pass_ms);
            worked |= self.have_turn(actor);
            for number in 0..self.nodes.len() {
                if !self.nodes[number].machine.disk.is_powered() {
                    self.kill(number);
                    return Ok(true);
                }
            }
        }
        for node in &mut self.nodes {
            if let Some(process) = &mut node.process {
                process.requests.retain(Option::is_some);
                process.errands.retain(Option::is_some);
            }
        }
        Ok(worked)
    }

    /// Who could do something.
    fn actors(&self) -> Vec<Actor> {
        let mut actors: Vec<Actor> =
            self.broker.stepper.going().into_iter().map(Actor::Broker).collect();
        actors.extend((0..self.broker.stepper.begun()).map(|_| Actor::Broker(usize::MAX)));
        for (number, node) in self.nodes.iter().enumerate() {
            let Some(process) = &node.process else { continue };
            if !node.goes_on() || self.starved == Some(number) {
                continue;
            }
            actors.push(Actor::Look(number));
            let stepper = &node.machine.stepper;
            actors.extend(stepper.going().into_iter().map(|place| Actor::Loop(number, place)));
            actors.extend((0..stepper.begun()).map(|place| Actor::Work(number, place)));
            let is_woken = |request: &Request| request.task.is_woken();
            let requests = places(&process.requests, is_woken);
            actors.extend(requests.map(|place| Actor::Request(number, place)));
            let errands = places(&process.errands, Task::is_woken);
            actors.extend(errands.map(|place| Actor::Errand(number, place)));
        }
        actors
    }

    /// Says whether anything was done.
    fn have_turn(&mut self, actor: Actor) -> bool {
        match actor {
            Actor::Broker(usize::MAX) => self.broker.stepper.work(0),
            Actor::Broker(place) => self.broker.stepper.step(place) == Step::Worked,
            Actor::Look(number) => {
                self.nodes[number].process.as_ref().is_some_and(|process| process.log.look())
            }
            Actor::Loop(number, place) => {
                self.nodes[number].machine.stepper.step(place) == Step::Worked
            }
            Actor::Work(number, place) => self.nodes[number].machine.stepper.work(place),
            Actor::Request(number, place) => {
                let Some(process) = &mut self.nodes[number].process else { return false };
                let request = &mut process.requests[place];
                if let Some(answer) = request.as_mut().and_then(|request| request.task.poll()) {
                    *request = None;
                    self.answer(answer);
                }
                true
            }
            Actor::Errand(number, place) => {
                let Some(process) = &mut self.nodes[number].process else { return false };
                let task = &mut process.errands[place];
                if task.as_mut().is_some_and(|task| task.poll().is_some()) {
                    *task = None;
                }
                true
            }
        }
    }

    /// A node has answered; whether the player hears it is another matter.
    fn answer(&mut self, answer: Answer) {
        let Answer { body, rejected, outcome } = answer;
        match outcome {
            Ok(count) => {
                self.tally.reports_acknowledged += count;
                let true_ms = self.clock.true_ms();
                let source = &self.sources[body.source];
                let plays = &self.plan.plays;
                self.promises.acknowledged(&body, &rejected, source, plays, true_ms);
                if self.random.percent(self.taste.answers_lost) {
                    self.try_again(body);
                } else {
                    self.done_with(body);
                }
            }
            Err(error) => {
                self.note(format_args!("{} reports are refused: {error}", body.reports.len()));
                self.try_again(body);
            }
        }
    }
}

/// The places of those that are not done and that `are` so.
fn places<T>(tasks: &[Option<T>], are: impl Fn(&T) -> bool) -> impl Iterator<Item = usize> {
    (0..tasks.len()).filter(move |place| tasks[*place].as_ref().is_some_and(&are))
}
