//! The end: every node is up and reaches everything, all that the log holds is judged, once, and every
//! node says the same.

use ledgerline_app::counts::{By, Counts, CountsQuery};
use ledgerline_app::ownership::{OwnershipView, Part};
use ledgerline_ids::PartitionId;
use std::sync::Arc;

use super::Nodes;
use super::node::Node;
use crate::check::{Beheld, Claims, check, check_told};
use crate::clock::DAY_MS;
use crate::process::Task;
use crate::world::{Found, Wrong};

/// Nodes that reach everything agree after fewer beats than this.
const BEATS_MAX: u32 = 200;
/// A node that can answer does so within this many rounds.
const ASK_ROUNDS_MAX: u32 = 5_000;

impl Nodes {
    pub(super) fn finale(&mut self) -> Result<Found, Wrong> {
        self.note(format_args!("the finale"));
        self.calm = true;
        self.told.refuse_every(0);
        self.tally.store_faults = self.store.failed();
        self.mend_all();
        for node in &self.nodes {
            node.machine.disk.power_off_at(u64::MAX);
        }
        for number in 0..self.nodes.len() {
            self.start(number)?;
        }
        self.agree("at the end", self.nodes.len())?;
        // Everybody sleeps for so long that whatever a tick may still change, the next one does.
        self.pass(2 * DAY_MS);
        self.agree("after a long sleep", self.nodes.len())?;
        for _ in 0..2 {
            self.tick_all();
            self.agree("after a tick", self.nodes.len())?;
        }
        let claims = self.check_all("at the end")?;

        // Without a word, so the others wait for its leases.
        let killed = self.random.place(self.nodes.len());
        self.kill(killed);
        self.agree("after a kill", self.nodes.len() - 1)?;
        self.same(&claims, "after a kill")?;

        self.start(killed)?;
        self.agree("with all nodes again", self.nodes.len())?;
        self.same(&claims, "with all nodes again")?;

        let stopped = self.random.place(self.nodes.len());
        self.stop(stopped)?;
        self.agree("after a stop in order", self.nodes.len() - 1)?;
        self.start(stopped)?;
        self.agree("after a restart in order", self.nodes.len())?;
        self.same(&claims, "after a restart in order")?;
        self.still_right()?;
        Ok(self.found(&claims))
    }

    /// Beats go on until everything is owned, evenly, and judged by everybody.
    fn agree(&mut self, when: &str, up: usize) -> Result<(), Wrong> {
        let every = self.shared.settings.beat_every.as_millis();
        let every_ms = u64::try_from(every).unwrap_or(u64::MAX);
        let mut why = String::new();
        for beat in 0..BEATS_MAX {
            for number in 0..self.nodes.len() {
                if let Some(process) = &mut self.nodes[number].process {
                    process.log.look();
                    process.beat();
                }
            }
            self.until_quiet()?;
            self.still_right()?;
            match self.agrees(up) {
                Ok(()) => return Ok(()),
                Err(not) => why = not,
            }
            if beat == BEATS_MAX / 2 {
                let lines: Vec<String> = self.nodes.iter().map(|node| self.told_of(node)).collect();
                self.note(format_args!("{lines:?}"));
            }
            self.pass(every_ms);
        }
        Err(format!("{when}: {why}"))
    }

    fn tick_all(&mut self) {
        for number in 0..self.nodes.len() {
            self.errand(number, |deployment| async move { deployment.tell_what_is_due().await });
        }
    }

    fn told_of(&self, node: &Node) -> String {
        let view = node.process.as_ref().and_then(|process| process.deployment.ownership());
        format!("{}: {view:?}", node.name)
    }

    /// Whether all partitions are owned, evenly, by nodes that are up, and judged by everybody who follows
    /// them: enough nodes, and of those that only count no more than they should.
    fn agrees(&self, up: usize) -> Result<(), Wrong> {
        let standing = self.store.peek_leases();
        if standing.nodes.len() != up {
            return Err(format!("{} nodes are there, not {up}", standing.nodes.len()));
        }
        let mut owned = vec![0_u32; standing.nodes.len()];
        for lease in &standing.leases {
            let partition = lease.commit.partition;
            let place = standing.nodes.iter().position(|node| Some(node) == lease.owner.as_ref());
            let Some(place) = place else { return Err(format!("nobody owns {partition}")) };
            owned[place] += 1;
            let end = self.broker.end(partition);
            if lease.commit.position != end {
                let committed = lease.commit.position;
                return Err(format!("{partition} ends at {end}, and {committed} is committed"));
            }
        }
        if owned.iter().max() > owned.iter().min().map(|least| least + 1).as_ref() {
            return Err(format!("partitions are owned unevenly: {owned:?}"));
        }
        for node in &self.nodes {
            let Some(process) = &node.process else { continue };
            let view: OwnershipView = process.deployment.ownership().expect("it is one of several");
            let (wanted, all) =
                (self.shared.standbys.min(up - 1), usize::from(self.taste.partitions));
            let followed = view.partitions.iter().filter(|of| of.part != Part::None).count();
            let most = all.div_ceil(up) + (all * wanted).div_ceil(up);
            if node.counts_only && followed > most {
                return Err(format!("{} follows {followed} partitions, not {most}", node.name));
            }
            for of in view.partitions {
                let (partition, owner) = (of.partition, of.owner.as_ref());
                if of.warm < wanted {
                    return Err(format!(
                        "{} nodes stand by for {partition}, not {wanted}",
                        of.warm
                    ));
                }
                if of.part == Part::None && node.counts_only {
                    continue;
                }
                if of.read_to != self.broker.end(partition) {
                    return Err(format!("{} has judged {partition} to {}", node.name, of.read_to));
                }
                if of.owned_here != (owner == Some(&view.node)) {
                    return Err(format!("{} owns {partition}: {}", node.name, of.owned_here));
                }
            }
            if !node.is_ready() {
                return Err(format!("{}: {:?}", node.name, process.deployment.health()));
            }
        }
        Ok(())
    }

    /// What every node says is right, and the same.
    fn check_all(&mut self, when: &str) -> Result<Claims, Wrong> {
        let mut first: Option<Claims> = None;
        for number in 0..self.nodes.len() {
            if self.nodes[number].process.is_none() || self.nodes[number].counts_only {
                continue;
            }
            let name = self.nodes[number].name;
            let claims = self.check_node(number).map_err(|why| format!("{when}, {name}: {why}"))?;
            match &first {
                None => first = Some(claims),
                Some(first) if *first == claims => {}
                Some(first) => {
                    let what = difference(first, &claims);
                    return Err(format!("{when}: {name} says something else: {what}"));
                }
            }
        }
        first.ok_or_else(|| "no node is up".to_owned())
    }

    fn check_node(&mut self, number: usize) -> Result<Claims, Wrong> {
        let query = CountsQuery { by: By::Track, from: None, to: None };
        let counts =
            self.ask(number, move |deployment| async move { deployment.counts(query).await })?;
        let counts: Counts = counts.map_err(|error| error.to_string())?;
        if let Some(why) = counts.waits {
            return Err(format!("it waits: {why}"));
        }
        // Its own plays and index, beside the log that all share.
        let disk = self.broker.disk.copy();
        let own = &self.nodes[number].machine.disk;
        for path in own.files() {
            disk.tamper(&path, own.contents(&path).unwrap_or_default());
        }
        let mut totals = self.store.peek();
        for (totals, applied) in totals.iter_mut().zip(&counts.applied_to) {
            if totals.commit.position != applied.position {
                return Err(format!("it counts to {applied:?}, not to {:?}", totals.commit));
            }
            totals.commit.plays_bytes = applied.plays_bytes;
        }
        let beheld = Beheld { disk: &disk, store: &self.store, totals };
        let claims = check(&beheld, &self.taste, &self.plan, &self.sources, &self.promises)?;
        let rows = counts.rows.into_iter().filter(|row| row.counted != 0);
        let counted: std::collections::BTreeMap<String, u64> =
            rows.map(|row| (row.value, u64::try_from(row.counted).unwrap_or(u64::MAX))).collect();
        if counted != claims.counted_by_track() {
            return Err(format!("it counts {counted:?}, not {:?}", claims.counted_by_track()));
        }
        check_told(&self.told, &claims)?;
        let stored =
            self.ask(number, |deployment| async move { deployment.check_stored_counts().await })?;
        if let Some(first) = stored.map_err(|error| error.to_string())?.first() {
            return Err(first.clone());
        }
        self.check_overview(number)?;
        Ok(claims)
    }

    /// The sums that a node keeps in memory are those of the store, whoever committed them.
    fn check_overview(&self, number: usize) -> Result<(), Wrong> {
        let Some(process) = &self.nodes[number].process else { return Ok(()) };
        let overview = process.deployment.overview();
        let (mut accepted, mut statuses) = (0, 0);
        for totals in self.store.peek() {
            accepted += totals.accepted.values().sum::<i64>();
            statuses += totals.statuses.values().sum::<i64>();
        }
        let plays: i64 = overview.totals.statuses.values().sum();
        if overview.sums_hold && (overview.totals.accepted, plays) == (accepted, statuses) {
            return Ok(());
        }
        let shown = (overview.totals.accepted, plays);
        Err(format!("it shows {shown:?} reports and plays, and there are {accepted}, {statuses}"))
    }

    /// Nothing of what was claimed has changed.
    fn same(&mut self, before: &Claims, when: &str) -> Result<(), Wrong> {
        let can_be_asked = |node: &Node| node.process.is_some() && !node.counts_only;
        if !self.nodes.iter().any(can_be_asked) {
            // It will be asked once it is there again.
            return Ok(());
        }
        let after = self.check_all(when)?;
        if *before == after {
            return Ok(());
        }
        Err(format!("{when}: {}", difference(before, &after)))
    }

    fn ask<T: 'static, F: Future<Output = T> + 'static>(
        &mut self,
        number: usize,
        work: impl FnOnce(Arc<ledgerline_app::Deployment>) -> F,
    ) -> Result<T, Wrong> {
        let Some(process) = &self.nodes[number].process else {
            return Err("it is not up".to_owned());
        };
        let mut task = Task::new(work(process.deployment.clone()));
        for _ in 0..ASK_ROUNDS_MAX {
            if let Some(done) = task.poll() {
                return Ok(done);
            }
            self.until_quiet()?;
            self.pass(100);
            if let Some(process) = &mut self.nodes[number].process {
                process.beat();
            }
        }
        Err("it doesn't answer".to_owned())
    }

    fn found(&mut self, claims: &Claims) -> Found {
        self.tally.days = (self.clock.true_ms() - crate::clock::BEGINNING_MS) / DAY_MS;
        for disk in self.nodes.iter().map(|node| &node.machine.disk).chain([&self.broker.disk]) {
            for path in disk.files() {
                let bytes = disk.contents(&path).unwrap_or_default();
                self.trace.add(path.as_bytes());
                self.trace.add(&bytes);
            }
        }
        self.trace.add(format!("{:?}", self.store.peek()).as_bytes());
        let ends = (0..self.taste.partitions).map(|number| self.broker.end(PartitionId(number)).0);
        let ends: Vec<u64> = ends.collect();
        let (plays, tally) = (claims.plays(), self.tally);
        self.note(format_args!("{plays} plays at {ends:?}, all right; {tally:?}"));
        Found { hash: self.trace.hash(), plays, tally }
    }
}

/// The first thing that differs between two claims.
fn difference(one: &Claims, other: &Claims) -> String {
    for ((plays, sums), (others, other_sums)) in one.partitions.iter().zip(&other.partitions) {
        for (name, play) in plays {
            if others.get(name) != Some(play) {
                return format!("{name} is {play:?}, and {:?}", others.get(name));
            }
        }
        if sums != other_sums {
            return format!("sums are {sums:?}, and {other_sums:?}");
        }
    }
    "plays are missing".to_owned()
}
