//! Crashes, starts and restarts, and what the disk refuses.

use std::io::ErrorKind;

use super::{Act, CRASHES_MAX, Process, World, Wrong};
use crate::check::PUBLISHING_FAILS_EVERY;
use crate::clock::{DAY_MS, HOUR_MS, MINUTE_MS};
use crate::process::{NoStart, Task, begin, not_started};

/// After so many starts in vain the machine is looked after: no fault is left.
const FAILED_STARTS_MAX: u32 = 3;
/// A start takes fewer rounds than this.
const START_ROUNDS_MAX: u32 = 100_000;

impl World {
    pub(super) fn start_soon(&mut self, in_ms: u64) {
        self.later(in_ms, Act::Start);
    }

    /// Starts the server; it may crash, or be refused something, while it starts.
    pub(super) fn start(&mut self) -> Result<(), Wrong> {
        if self.process.is_some() {
            return Ok(());
        }
        if self.failed_starts >= FAILED_STARTS_MAX {
            self.heal();
        } else {
            self.power_off_sometime();
        }
        match self.try_to_start() {
            Ok(()) => {
                self.failed_starts = 0;
                self.machine.store.fail_percent(self.taste.store_faults);
                let refuses_every =
                    if self.taste.store_faults > 0 { PUBLISHING_FAILS_EVERY } else { 0 };
                self.machine.counted_plays.refuse_every(refuses_every);
                self.note(format_args!("the server is up"));
                Ok(())
            }
            Err(NoStart::Wrong(why)) => Err(format!("the server doesn't start: {why}")),
            Err(NoStart::Refused(why)) if self.calm => {
                Err(format!("the server doesn't start although nothing fails: {why}"))
            }
            Err(NoStart::Refused(why)) => {
                self.note(format_args!("the server doesn't start: {why}"));
                self.failed_starts += 1;
                self.crash();
                Ok(())
            }
        }
    }

    fn try_to_start(&mut self) -> Result<(), NoStart> {
        self.starved = None;
        let mut starting = begin(&self.machine, &self.taste)?;
        for _ in 0..START_ROUNDS_MAX {
            match starting.poll() {
                Some(Ok(deployment)) => {
                    let (requests, errands) = (Vec::new(), Vec::new());
                    self.process = Some(Process { deployment, requests, errands });
                    self.log_failed = false;
                    self.usurped = false;
                    return Ok(());
                }
                Some(Err(error)) => return Err(not_started(&error)),
                None => {}
            }
            if !self.machine.disk.is_powered() {
                return Err(NoStart::Refused("the power went off".to_owned()));
            }
            let stepper = &self.machine.stepper;
            let (loops, begun) = (stepper.going(), stepper.begun());
            match self.random.place(loops.len() + begun) {
                place if place < loops.len() => {
                    stepper.step(loops[place]);
                }
                place => {
                    stepper.work(place - loops.len());
                }
            }
            self.machine.clock.pass(1);
        }
        Err(NoStart::Wrong(format!("it is not up after {START_ROUNDS_MAX} rounds")))
    }

    /// The process ends, or the whole machine does: of what was not durable, the seed says
    /// what is left. Answers that had left before may still arrive.
    pub(super) fn crash(&mut self) {
        let machine_too = !self.random.percent(self.taste.kills);
        if machine_too {
            self.tally.crashes += 1
        } else {
            self.tally.kills += 1
        }
        self.end_process();
        let disk = &self.machine.disk;
        if machine_too {
            let random = &mut self.random;
            disk.crash(&mut |limit| random.below(limit));
        } else {
            disk.kill();
            self.maybe_not_written_back();
        }
        let what = if machine_too { "the power goes off and on" } else { "the process is killed" };
        self.note(format_args!("{what}"));
        let down_ms = self.random.of(&[0, 1_000, MINUTE_MS, HOUR_MS, DAY_MS]);
        self.start_soon(down_ms);
    }

    /// Whoever had a request under way has no answer, unless it had left already.
    fn end_process(&mut self) {
        let Some(process) = self.process.take() else {
            self.machine.stepper.clear();
            return;
        };
        let Process { deployment, requests, errands } = process;
        for mut request in requests.into_iter().flatten() {
            if let Some(answer) = request.task.poll()
                && answer.outcome.is_ok()
                && self.random.percent(70)
            {
                self.note(format_args!("an answer had left already"));
                self.promise(&answer.body, &answer.rejected);
            }
            self.try_again(request.kept);
        }
        self.machine.stepper.clear();
        drop((errands, deployment));
    }

    /// Stops the server in order and starts it again.
    pub(super) fn restart(&mut self) -> Result<(), Wrong> {
        self.tally.restarts += 1;
        self.note(format_args!("the server is stopped in order"));
        if let Some(process) = &self.process {
            let deployment = process.deployment.clone();
            let mut stopping = Task::new(async move { deployment.stop().await });
            let mut rounds = 0;
            self.starved = None;
            // A process that crashed meanwhile stops no more.
            while self.process.is_some() && stopping.poll().is_none() {
                rounds += 1;
                if rounds > START_ROUNDS_MAX {
                    return Err("the server doesn't stop".to_owned());
                }
                self.round(u64::MAX)?;
            }
            // What was queued was made durable, and is answered.
            self.until_quiet()?;
        }
        if !self.machine.disk.is_powered() {
            self.crash();
        } else if self.process.is_some() {
            self.end_process();
            self.machine.disk.kill();
            self.start_soon(0);
        }
        Ok(())
    }

    /// The operator: frees the disk, and starts again what has given up.
    pub(super) fn look_after(&mut self) -> Result<(), Wrong> {
        if self.full {
            self.full = false;
            self.machine.disk.limit_bytes(None);
            self.note(format_args!("there is room on the disk again"));
        }
        let Some(process) = &self.process else { return Ok(()) };
        let health = process.deployment.health();
        let stopped: Vec<&String> =
            health.problems.iter().filter(|problem| problem.contains("has stopped")).collect();
        for problem in &stopped {
            // Counting stops where the disk failed it, and where somebody else has taken it
            // over, and for nothing else.
            let fenced = problem.contains("another process owns it");
            if !(fenced && self.usurped || problem.contains("restart the server")) {
                return Err(problem.to_string());
            }
        }
        let closed = health.problems.iter().any(|problem| problem.contains("restart the server"));
        let stopped = closed || !stopped.is_empty();
        if !stopped && !self.log_failed {
            return Ok(());
        }
        self.note(format_args!("the operator restarts: {:?}", health.problems));
        if self.random.percent(50) {
            return self.restart();
        }
        self.tally.kills += 1;
        self.end_process();
        self.machine.disk.kill();
        self.maybe_not_written_back();
        self.start_soon(1_000);
        Ok(())
    }

    /// Something of the disk may go wrong soon.
    pub(super) fn maybe_a_fault(&mut self) {
        if self.random.percent(self.taste.disk_faults) {
            self.tally.disk_faults += 1;
            let calls = self.random.between(1, 2);
            let disk = &self.machine.disk;
            let kind = self.random.of(&[ErrorKind::Other, ErrorKind::StorageFull]);
            let what = self.random.of(&["syncs", "writes", "syncs of folders"]);
            match what {
                "syncs" => disk.fail_syncs(calls, kind),
                "writes" => disk.fail_writes(calls, kind),
                _ => disk.fail_folder_syncs(calls, kind),
            }
            self.note(format_args!("the next {calls} {what} fail: {kind:?}"));
        }
        if self.taste.full_disk && !self.full && self.random.percent(3) {
            self.tally.disk_faults += 1;
            self.full = true;
            let room = self.random.of(&[0, 50, 1_000]);
            self.machine.disk.limit_bytes(Some(self.machine.disk.used_bytes() + room));
            self.note(format_args!("the disk is full but for {room} bytes"));
            let until_ms = self.random.of(&[MINUTE_MS, 3 * HOUR_MS]);
            self.later(until_ms, Act::Operator { again: false });
        }
    }

    /// The system writes what the dead process left, and fails: nobody ever learns of that.
    fn maybe_not_written_back(&mut self) {
        if self.taste.disk_faults > 0 && self.random.percent(20) {
            self.machine.disk.fail_to_write_back();
            self.note(format_args!("what was not synced is not written back"));
        }
    }

    fn power_off_sometime(&mut self) {
        if self.taste.crash_in > 0 && self.tally.crashes + self.tally.kills < CRASHES_MAX {
            let calls = 1 + self.random.below(2 * self.taste.crash_in);
            self.machine.disk.power_off_at(calls);
        }
    }

    /// Nothing fails from now on.
    pub(super) fn heal(&mut self) {
        let disk = &self.machine.disk;
        self.full = false;
        disk.limit_bytes(None);
        disk.fail_syncs(0, ErrorKind::Other);
        disk.fail_writes(0, ErrorKind::Other);
        disk.fail_folder_syncs(0, ErrorKind::Other);
        self.machine.store.fail_percent(0);
        self.machine.counted_plays.refuse_every(0);
        self.note(format_args!("nothing fails any more"));
    }
}
