//! The end: nothing fails any more, all that the log holds is judged, and it is right.

use ledgerline_app::Deployment;
use ledgerline_app::counts::{By, CountsQuery};
use ledgerline_app::plays::{PlayError, PlayRef};
use ledgerline_app::ports::Disk;
use ledgerline_counting::tally::{Days, Dimension};
use std::collections::BTreeMap;
use std::sync::Arc;

use super::{Tally, World, Wrong};
use crate::check::{Beheld, Claims, check, check_told};
use crate::clock::DAY_MS;
use crate::process::Task;

/// What was found at the end of a run in which nothing was wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Found {
    /// The hash of all that happened and of all that is on the disk.
    pub hash: u64,
    /// How many plays there are.
    pub plays: usize,
    /// What the run had to bear.
    pub tally: Tally,
}

/// So often the server may have to be started before it stays up.
const STARTS_MAX: u32 = 5;
/// So many plays are explained at the end.
const EXPLAINED: u32 = 4;
/// A server that can answer does so within this many rounds.
const ASK_ROUNDS_MAX: u32 = 20_000;

async fn tell_what_is_due(deployment: Arc<Deployment>) {
    deployment.tell_what_is_due().await;
}

impl World {
    pub(super) fn finale(&mut self) -> Result<Found, Wrong> {
        self.note(format_args!("the finale"));
        self.tally.store_faults = self.machine.store.failed();
        self.calm()?;
        self.until_quiet()?;
        // What a start would tell otherwise.
        self.ask("tell what is due", tell_what_is_due)?;
        self.settle_or_restart()?;
        // What a person was still saying meanwhile has been written; the rules look at it.
        self.settle_or_restart()?;
        let claims = self.check("at the end")?;
        claims.check_seen(&self.seen)?;
        self.check_counts(&claims)?;
        self.check_explained(&claims)?;
        self.check_stored("at the end")?;

        self.crash_once_more()?;
        self.settle(false)?;
        self.same(&claims, "after a crash")?;
        self.check_stored("after a crash")?;

        if self.random.percent(30) {
            self.remove_derived()?;
            self.settle(false)?;
            self.same(&claims, "when all that is derived was built again")?;
            self.check_stored("when all that is derived was built again")?;
        }
        self.restart_now()?;
        self.settle(false)?;
        self.same(&claims, "after a restart in order")?;
        self.check_stored("after a restart in order")?;
        self.check_all_stored(&claims)?;
        Ok(self.found(&claims))
    }

    /// Nothing fails any more, and the server is up.
    fn calm(&mut self) -> Result<(), Wrong> {
        self.heal();
        // What was to go off doesn't.
        self.machine.disk.power_off_at(u64::MAX);
        self.calm = true;
        self.taste.crash_in = 0;
        self.taste.disk_faults = 0;
        self.taste.full_disk = false;
        self.taste.store_faults = 0;
        for _ in 0..STARTS_MAX {
            self.start()?;
            self.until_quiet()?;
            // A start takes the partitions over, and believes no log that has failed.
            self.look_after()?;
            if self.process.is_some() {
                // A log whose disk was full takes something again.
                self.ask("tell what is due", tell_what_is_due)?;
            }
            self.pass_a_while();
            if let Some(process) = &self.process
                && process.deployment.health().ready
            {
                return Ok(());
            }
        }
        let health = self.process.as_ref().map(|process| process.deployment.health());
        Err(format!("the server isn't well although nothing fails any more: {health:?}"))
    }

    fn pass_a_while(&mut self) {
        self.machine.clock.pass(1_000);
    }

    /// Has the server do something that it can do, and waits for it.
    fn ask<T: 'static, F: Future<Output = T> + 'static>(
        &mut self,
        what: &str,
        work: impl FnOnce(Arc<Deployment>) -> F,
    ) -> Result<T, Wrong> {
        let Some(process) = &self.process else { return Err(format!("no server to {what}")) };
        let mut task = Task::new(work(process.deployment.clone()));
        for _ in 0..ASK_ROUNDS_MAX {
            if let Some(done) = task.poll() {
                return Ok(done);
            }
            self.until_quiet()?;
            self.pass_a_while();
        }
        let health = self.process.as_ref().map(|process| process.deployment.health());
        Err(format!("the server doesn't come to {what}: {health:?}"))
    }

    fn settle(&mut self, tick: bool) -> Result<(), Wrong> {
        let ready =
            |deployment: Arc<Deployment>| async move { deployment.wait_until_ready().await };
        self.ask("be ready", ready)?.map_err(|error| error.to_string())?;
        let settle =
            move |deployment: Arc<Deployment>| async move { deployment.settle(tick).await };
        self.ask("settle", settle)?.map_err(|error| error.to_string())?;
        self.until_quiet()
    }

    /// A log may have failed without anybody having noticed yet.
    fn settle_or_restart(&mut self) -> Result<(), Wrong> {
        match self.settle(true) {
            Err(why) if why.contains("until it is restarted") => {
                self.note(format_args!("{why}"));
                self.restart_now()?;
                self.settle(true)
            }
            settled => settled,
        }
    }

    fn check(&self, when: &str) -> Result<Claims, Wrong> {
        check(&Beheld::of(&self.machine), &self.taste, &self.plan, &self.sources, &self.promises)
            .map_err(|why| format!("{when}: {why}"))
    }

    /// A start, in whatever way, changes nothing that is claimed.
    fn same(&self, before: &Claims, when: &str) -> Result<(), Wrong> {
        let after = self.check(when)?;
        if *before == after {
            return Ok(());
        }
        for ((plays, sums), (plays_before, sums_before)) in
            after.partitions.iter().zip(&before.partitions)
        {
            for (name, play) in plays {
                if plays_before.get(name) != Some(play) {
                    let before = plays_before.get(name);
                    return Err(format!("{when}: {name} is {play:?} and was {before:?}"));
                }
            }
            if sums != sums_before {
                return Err(format!("{when}: sums are {sums:?} and were {sums_before:?}"));
            }
        }
        Err(format!("{when}: plays are missing"))
    }

    /// What the store counts by is what the plays logs say, up to where it has it.
    fn check_stored(&mut self, when: &str) -> Result<(), Wrong> {
        let check =
            |deployment: Arc<Deployment>| async move { deployment.check_stored_counts().await };
        let differences = self.ask("check the store", check)?.map_err(|error| error.to_string())?;
        match differences.first() {
            None => Ok(()),
            Some(first) => Err(format!("{when}: {first}")),
        }
    }

    /// Whoever stops in order leaves nothing that the store doesn't have, where it has anything.
    fn check_all_stored(&mut self, claims: &Claims) -> Result<(), Wrong> {
        if self.taste.settings.deltas_every.is_none() {
            return Ok(());
        }
        let ask = |deployment: Arc<Deployment>| async move {
            deployment.stored_counts(Dimension::Track, Days::default()).await
        };
        let stored = self.ask("count in the store", ask)?.map_err(|error| error.to_string())?;
        let checked = claims.counted_by_track().into_iter().filter(|(_, plays)| *plays != 0);
        let checked: BTreeMap<String, i64> = checked
            .map(|(track, plays)| (track, i64::try_from(plays).unwrap_or(i64::MAX)))
            .collect();
        if stored.counted == checked {
            return Ok(());
        }
        Err(format!("the store counts {stored:?}, and {checked:?} were checked"))
    }

    /// The counts that anyone may ask for are those that were checked.
    fn check_counts(&mut self, claims: &Claims) -> Result<(), Wrong> {
        let query = CountsQuery { by: By::Track, from: None, to: None };
        let ask = move |deployment: Arc<Deployment>| async move { deployment.counts(query).await };
        let counts = self.ask("count", ask)?.map_err(|error| error.to_string())?;
        let rows = counts.rows.into_iter().filter(|row| row.counted != 0);
        let counted: BTreeMap<String, u64> =
            rows.map(|row| (row.value, u64::try_from(row.counted).unwrap_or(u64::MAX))).collect();
        let checked = claims.counted_by_track();
        if counted == checked {
            return check_told(&self.machine.counted_plays, claims);
        }
        Err(format!("counts by track are {counted:?}, and were checked to be {checked:?}"))
    }

    /// What is told of single plays is what was checked.
    fn check_explained(&mut self, claims: &Claims) -> Result<(), Wrong> {
        for _ in 0..EXPLAINED {
            let number = self.random.place(self.plan.plays.len());
            let heard = &self.plan.plays[number];
            let (user_id, play_id) = (heard.user.clone(), heard.play_id.clone());
            let source = self.sources[heard.source].name;
            let play = PlayRef { source: Some(source.to_owned()), user_id, play_id };
            let claimed = claims.newest(source, &play.user_id, &play.play_id);
            let asked = play.clone();
            let ask =
                move |deployment: Arc<Deployment>| async move { deployment.play(&asked).await };
            let told = match self.ask("explain a play", ask)? {
                Ok(view) => {
                    Some((view.status, view.transitions.into_iter().map(|one| one.id).collect()))
                }
                Err(PlayError::NotFound) => None,
                Err(error) => return Err(format!("{play:?} is not explained: {error}")),
            };
            if told != claimed {
                return Err(format!(
                    "{play:?} is explained as {told:?}, and was checked to be {claimed:?}"
                ));
            }
        }
        Ok(())
    }

    fn crash_once_more(&mut self) -> Result<(), Wrong> {
        self.taste.kills = 0;
        self.crash();
        self.start()
    }

    fn restart_now(&mut self) -> Result<(), Wrong> {
        self.restart()?;
        self.start()
    }

    /// What `doctor --rebuild` does: the index and the plays logs go, the report log stays.
    fn remove_derived(&mut self) -> Result<(), Wrong> {
        self.note(format_args!("all that is derived is removed"));
        self.restart()?;
        for folder in ["index/", "plays/"] {
            for path in self.machine.disk.files() {
                if path.starts_with(folder) {
                    self.machine.disk.remove(&path).map_err(|error| error.to_string())?;
                }
            }
        }
        self.start()
    }

    fn found(&mut self, claims: &Claims) -> Found {
        let passed_ms = self.machine.clock.true_ms() - crate::clock::BEGINNING_MS;
        self.tally.days = passed_ms / DAY_MS;
        for path in self.machine.disk.files() {
            let bytes = self.machine.disk.contents(&path).unwrap_or_default();
            self.trace.add(path.as_bytes());
            self.trace.add(&bytes);
        }
        self.trace.add(format!("{:?}", self.machine.store.peek()).as_bytes());
        let (plays, tally) = (claims.plays(), self.tally);
        self.note(format_args!("{plays} plays, all right; {tally:?}"));
        Found { hash: self.trace.hash(), plays, tally }
    }
}
