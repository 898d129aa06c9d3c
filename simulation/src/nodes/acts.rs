//! What each act does.

use ledgerline_app::counts::{By, CountsQuery};
use ledgerline_app::ports::{BlobName, CatalogueTrack};
use std::sync::atomic::Ordering;

use super::{Act, CRASHES_MAX, Nodes};
use crate::clock::{HOUR_MS, MINUTE_MS};
use crate::players::{Body, MOVING_TRACKS};
use crate::process::{NoStart, Task, receive};
use crate::world::Wrong;

/// After so many tries without an answer a player gives a body up.
const TRIES_MAX: u32 = 12;
/// A body that was acknowledged is sent again at most so often.
const AGAIN_MAX: u32 = 2;
/// A node that can stop does so within this many rounds.
const STOP_ROUNDS_MAX: u32 = 50_000;

impl Nodes {
    pub(super) fn perform(&mut self, act: Act) -> Result<(), Wrong> {
        match act {
            Act::Send(body) => self.send(body),
            Act::Beat(number) => {
                let node = &mut self.nodes[number];
                if node.goes_on()
                    && let Some(process) = &mut node.process
                {
                    process.log.look();
                    process.beat();
                }
                let every = self.shared.settings.beat_every.as_millis();
                self.later(u64::try_from(every).unwrap_or(u64::MAX), Act::Beat(number));
            }
            Act::Tick(number) => {
                self.errand(number, |deployment| async move {
                    deployment.tell_what_is_due().await;
                });
                let pause = self.random.of(&[5_000, MINUTE_MS, 10 * MINUTE_MS]);
                self.later(pause, Act::Tick(number));
            }
            Act::Upload(number) => {
                self.upload(number);
                let pause = self.random.of(&[1_000, MINUTE_MS, 10 * MINUTE_MS]);
                self.later(pause, Act::Upload(number));
            }
            Act::Import => {
                self.import();
                let pause = self.random.between(MINUTE_MS, HOUR_MS);
                self.later(pause, Act::Import);
            }
            Act::Trouble => {
                self.trouble()?;
                let pause = self.random.between(1_000, self.shared.calm_ms);
                self.later(pause, Act::Trouble);
            }
            Act::Start(number) => self.start(number)?,
            Act::Mend(number) => self.mend(number),
            Act::Observe => {
                let number = self.random.place(self.nodes.len());
                self.observe(number);
                let pause = self.random.between(1_000, 10 * MINUTE_MS);
                self.later(pause, Act::Observe);
            }
        }
        Ok(())
    }

    /// Has a node do something besides, where it is up and isn't busy with many such things already.
    pub(super) fn errand<F: Future<Output = ()> + 'static>(
        &mut self,
        number: usize,
        work: impl FnOnce(std::sync::Arc<ledgerline_app::Deployment>) -> F,
    ) {
        if let Some(process) = &mut self.nodes[number].process
            && process.errands.len() < 8
        {
            process.errands.push(Some(Task::new(work(process.deployment.clone()))));
        }
    }

    /// A node puts snapshots, as far as the store of blobs lets it.
    fn upload(&mut self, number: usize) {
        let Some(process) = &self.nodes[number].process else { return };
        let snapshots = process.snapshots.clone();
        self.errand(number, |deployment| async move {
            // What isn't put now is put the next time.
            let _ = snapshots.upload_once(&deployment).await;
        });
    }

    /// The store of blobs is away, goes away soon, doesn't say what it has done, is back, or has lost a bit.
    fn trouble_blobs(&mut self) {
        let blobs = &self.blobs;
        match self.random.below(5) {
            0 => blobs.set_away(true),
            1 => blobs.away_after(self.random.below(20)),
            2 => blobs.act_in_secret(1 + self.random.below(3)),
            3 => blobs.set_away(false),
            _ => {
                let names = blobs.names();
                if let Some(name) = names.get(self.random.place(names.len()))
                    && let Ok(name) = BlobName::new(name.as_str())
                {
                    let at = self.random.number();
                    blobs.tamper(&name, |bytes| {
                        let length = bytes.len().max(1) as u64;
                        let place = usize::try_from(at % length).unwrap_or_default();
                        bytes.iter_mut().skip(place).take(1).for_each(|byte| *byte ^= 1);
                    });
                }
            }
        }
    }

    /// A node imports tracks that others stamp reports of.
    fn import(&mut self) {
        let mut tracks = Vec::new();
        for track in MOVING_TRACKS {
            if self.random.percent(50) {
                let duration_ms = self.random.of(&[None, Some(1), Some(20_000), Some(180_000)]);
                let track_id = track.to_owned();
                tracks.push(CatalogueTrack { track_id, duration_ms, ..CatalogueTrack::default() });
            }
        }
        let number = self.random.place(self.nodes.len());
        let name = self.nodes[number].name;
        self.note(format_args!("{name} imports {} tracks", tracks.len()));
        self.errand(number, move |deployment| async move {
            let log = deployment.log().clone();
            // What it doesn't come to tell is told by whoever owns the first partition.
            let _ = deployment.catalogue().import_tracks(&tracks, &*log).await;
        });
    }

    fn send(&mut self, mut body: Body) {
        let now_ms = self.clock.true_ms();
        let later_ms = now_ms - body.sent_ms.min(now_ms);
        for (_, report) in &mut body.reports {
            report.sent_at = report.sent_at.map(|at| at + later_ms);
        }
        body.sent_ms = now_ms;
        let number = self.random.place(self.nodes.len());
        let (source, count) = (&self.sources[body.source], body.reports.len());
        let (name, node) = (source.name, &mut self.nodes[number]);
        let Some(process) = &mut node.process else {
            self.try_again(body);
            return;
        };
        self.promises.arrives(&body, source, &self.plan.plays, now_ms);
        process.requests.push(Some(receive(process.deployment.clone(), source, body)));
        let node = node.name;
        self.note(format_args!("{name} sends {count} reports to {node}"));
    }

    /// The body was not acknowledged, as far as its player knows.
    pub(super) fn try_again(&mut self, mut body: Body) {
        body.tries += 1;
        if body.tries > TRIES_MAX {
            self.bodies_left -= 1;
            return;
        }
        let pause = self.random.of(&[1_000, 30_000, 5 * MINUTE_MS]) * u64::from(body.tries);
        self.later(pause, Act::Send(body));
    }

    /// The body was acknowledged, and its player knows. Some players send again all the same.
    pub(super) fn done_with(&mut self, mut body: Body) {
        if body.again >= AGAIN_MAX || !self.random.percent(self.taste.sent_again) {
            self.bodies_left -= 1;
            return;
        }
        (body.again, body.tries) = (body.again + 1, 0);
        let pause = self.random.of(&[100, 10_000, MINUTE_MS, HOUR_MS]);
        self.later(pause, Act::Send(body));
    }

    /// Something happens to one of the nodes, or to the store's clock.
    fn trouble(&mut self) -> Result<(), Wrong> {
        let number = self.random.place(self.nodes.len());
        let lasts = self.shared.settings.lasts.as_millis();
        let lasts_ms = u64::try_from(lasts).unwrap_or(u64::MAX);
        // Around the length of a lease is where it matters.
        let while_ms = self.random.of(&[lasts_ms / 4, lasts_ms, 2 * lasts_ms, 10 * lasts_ms]);
        let while_ms = while_ms + self.random.below(lasts_ms / 4);
        let name = self.nodes[number].name;
        if self.random.percent(self.shared.kills) {
            self.kill(number);
        }
        if self.random.percent(self.shared.pauses) {
            self.nodes[number].paused_until_ms = self.clock.true_ms() + while_ms;
            self.note(format_args!("{name} doesn't go on for {while_ms} ms"));
        }
        if self.random.percent(self.shared.cuts) {
            let (log, store) = self.random.of(&[(true, false), (false, true), (true, true)]);
            self.nodes[number].road.closed.store(log, Ordering::Relaxed);
            self.nodes[number].machine.store.cut_off(store);
            self.note(format_args!("{name} is cut off: log {log}, store {store}"));
            self.later(while_ms, Act::Mend(number));
        }
        if self.random.percent(self.shared.stops) {
            self.stop(number)?;
            self.later(while_ms, Act::Start(number));
        }
        if self.random.percent(self.shared.losses) {
            self.kill(number);
            self.nodes[number].lose_everything();
            self.note(format_args!("{name} has nothing any more"));
        }
        if self.random.percent(self.shared.blob_faults) {
            self.trouble_blobs();
        }
        if self.shared.jumps && self.random.percent(30) {
            let lasts = i64::try_from(lasts_ms).unwrap_or(i64::MAX);
            let off_ms = self.random.of(&[0, lasts / 2, -lasts / 2, 3 * lasts, -3 * lasts]);
            self.store_clock.set_off(off_ms);
            self.note(format_args!("the store's clock is off by {off_ms} ms"));
        }
        Ok(())
    }

    fn mend(&mut self, number: usize) {
        let node = &self.nodes[number];
        node.road.closed.store(false, Ordering::Relaxed);
        node.machine.store.cut_off(false);
        let name = node.name;
        self.note(format_args!("{name} reaches everything again"));
    }

    pub(super) fn mend_all(&mut self) {
        for number in 0..self.nodes.len() {
            self.mend(number);
            self.nodes[number].paused_until_ms = 0;
        }
        self.store.fail_percent(0);
        self.blobs.set_away(false);
        self.blobs.act_in_secret(0);
        self.starved = None;
    }

    pub(super) fn start(&mut self, number: usize) -> Result<(), Wrong> {
        let node = &mut self.nodes[number];
        if node.process.is_some() {
            return Ok(());
        }
        if !self.calm && self.taste.crash_in > 0 && self.tally.crashes < CRASHES_MAX {
            node.machine.disk.power_off_at(1 + self.random.below(3 * self.taste.crash_in));
        }
        let name = node.name;
        let settings = (self.shared.settings, self.shared.standbys);
        match node.start(&self.broker, &self.blobs, &self.taste, settings, &mut self.random) {
            Ok(taken) => {
                self.note(format_args!("{name} is up, with {taken} snapshots of others"));
                Ok(())
            }
            Err(NoStart::Wrong(why)) => Err(format!("{name} doesn't start: {why}")),
            Err(NoStart::Refused(why)) if self.calm => {
                Err(format!("{name} doesn't start although nothing fails: {why}"))
            }
            Err(NoStart::Refused(why)) => {
                self.note(format_args!("{name} doesn't start: {why}"));
                self.kill(number);
                Ok(())
            }
        }
    }

    /// A process ends, or its whole machine does: of what was not durable, the seed says what is left.
    pub(super) fn kill(&mut self, number: usize) {
        let node = &mut self.nodes[number];
        let name = node.name;
        let process = node.process.take();
        let kept: Vec<Body> = process
            .map(|process| process.requests.into_iter().flatten().map(|it| it.kept).collect())
            .unwrap_or_default();
        node.machine.stepper.clear();
        let machine_too = !node.machine.disk.is_powered() || self.random.percent(50);
        if machine_too {
            self.tally.crashes += 1;
            let random = &mut self.random;
            self.nodes[number].machine.disk.crash(&mut |limit| random.below(limit));
        } else {
            self.tally.kills += 1;
            self.nodes[number].machine.disk.kill();
        }
        self.note(format_args!("{name} is gone: its machine too: {machine_too}"));
        kept.into_iter().for_each(|body| self.try_again(body));
        let down_ms = self.random.of(&[0, 1_000, MINUTE_MS, 20 * MINUTE_MS]);
        self.later(down_ms, Act::Start(number));
    }

    /// Stops a node in order.
    pub(super) fn stop(&mut self, number: usize) -> Result<(), Wrong> {
        let Some(process) = &self.nodes[number].process else { return Ok(()) };
        let deployment = process.deployment.clone();
        let name = self.nodes[number].name;
        self.note(format_args!("{name} is stopped in order"));
        self.tally.restarts += 1;
        self.nodes[number].paused_until_ms = 0;
        self.starved = None;
        let mut stopping = Task::new(async move { deployment.stop().await });
        for _ in 0..STOP_ROUNDS_MAX {
            if self.nodes[number].process.is_none() {
                // It crashed meanwhile.
                return Ok(());
            }
            if stopping.poll().is_some() {
                let node = &mut self.nodes[number];
                let process = node.process.take().expect("it was there");
                node.machine.stepper.clear();
                node.machine.disk.kill();
                let requests = process.requests.into_iter().flatten();
                requests.map(|it| it.kept).for_each(|body| self.try_again(body));
                self.note(format_args!("{name} has stopped in order"));
                return Ok(());
            }
            if !self.round(u64::MAX)? {
                self.pass(1_000);
            }
        }
        Err(format!("{name} doesn't stop"))
    }

    /// At one position of every partition, all nodes say the same.
    pub(super) fn observe(&mut self, number: usize) {
        let (observed, complaints) = (self.observed.clone(), self.complaints.clone());
        let name = self.nodes[number].name;
        if !self.nodes[number].is_ready() || self.nodes[number].counts_only {
            return;
        }
        self.errand(number, move |deployment| async move {
            let query = CountsQuery { by: By::Track, from: None, to: None };
            // What can't be answered now isn't wrong.
            let Ok(counts) = deployment.counts(query).await else { return };
            let at: Vec<u64> = counts.applied_to.iter().map(|it| it.position.0).collect();
            let rows = counts.rows.into_iter().filter(|row| row.counted != 0);
            let rows: Vec<_> = rows.map(|row| (row.value, row.counted)).collect();
            let mut observed = observed.borrow_mut();
            let before = observed.entry(at.clone()).or_insert_with(|| rows.clone());
            if *before != rows {
                let wrong = format!("{name} counts {rows:?} at {at:?}, and {before:?} was counted");
                complaints.borrow_mut().push(wrong);
            }
        });
    }
}
