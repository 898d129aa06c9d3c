//! Who owns the partitions: this process all of them, or several nodes by leases.
//!
//! Every node has a worker for every partition. That of the partition's owner judges and commits; the
//! others follow, or keep nothing where their node follows some partitions only. A node says once in a while that it is there and renews its leases, both in one
//! transaction, and learns from the answer who else is there and how far everything is committed. What
//! to get and what to give up follows from that alone (`balance`).
//!
//! - `balance`: who should own what, and `standbys`: who else keeps it warm
//! - `following`: how a partition comes to a node that follows some only, and goes
//! - `view`: what operators see

mod balance;
mod following;
mod holding;
mod standbys;
mod view;

use ledgerline_ids::PartitionId;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;
use tokio::sync::Notify;

use crate::Deployment;
use crate::judging::{Role, Worker};
use crate::ports::leases::{Held, LeaseStore, NodeId, Standing};
use crate::ports::{Clock, OpenPlaysLog, Random};
use balance::{Situation, decide};
use following::Unready;
use holding::{Hand, Holding};
use view::Seen;

pub use view::{OwnershipView, Part, PartitionOwnership};

/// Who owns the partitions of a deployment.
pub enum Ownership {
    /// This process owns all of them, from its start to its end. It asks nobody.
    All,
    /// Nodes that share one log and one store own them by leases.
    Leased(Leased),
    /// Other nodes do. This one takes reports in and judges nothing, so it has nothing to read from either.
    Elsewhere,
}

/// What one of several nodes is made of.
pub struct Leased {
    /// What operators call it. Each start of it is a node of its own towards the others.
    pub node: NodeId,
    /// Where nodes agree; the store of the facts too.
    pub leases: Arc<dyn LeaseStore>,
    /// How long things last.
    pub settings: LeaseSettings,
    /// Whether it takes its share of the partitions; one that doesn't follows all of them.
    pub takes_part: bool,
    /// How many nodes besides the owner are to keep each partition warm: the same on all nodes.
    pub standbys: usize,
    /// What it follows.
    pub follows: Follows,
}

/// What a node follows.
pub enum Follows {
    /// All partitions, so whatever reads can be answered.
    All,
    /// What it owns and what it stands by for. Nothing can be read on such a node.
    Some(Arc<dyn OpenPlaysLog>),
}

/// How long things last between nodes. None of it changes a count.
#[derive(Debug, Clone, Copy)]
pub struct LeaseSettings {
    /// How long a lease lasts that isn't renewed: so long a partition waits whose node has died.
    pub lasts: Duration,
    /// How often a node renews its leases and looks how far the others are.
    pub beat_every: Duration,
    /// So long an owner may take to commit what it has judged, when it gives a partition up.
    pub drains_for: Duration,
    /// So long a follower waits for what the owner doesn't commit, before it answers without.
    pub patience: Duration,
}

impl Default for LeaseSettings {
    fn default() -> Self {
        Self {
            lasts: Duration::from_secs(6),
            beat_every: Duration::from_secs(1),
            drains_for: Duration::from_secs(5),
            // Until another has got what a dead node had.
            patience: Duration::from_secs(10),
        }
    }
}

impl LeaseSettings {
    /// How long a lease is relied on from the moment on at which it was asked for: a little less than it
    /// lasts, for clocks don't all go at the same rate.
    fn relied_on_for(&self) -> Duration {
        self.lasts - self.lasts / 10
    }

    fn lasts_ms(&self) -> u64 {
        u64::try_from(self.lasts.as_millis()).unwrap_or(u64::MAX)
    }
}

/// How often a follower is brought up to date for somebody who reads.
const LOOK_EVERY: Duration = Duration::from_millis(100);

/// A node's part in who owns what.
pub(crate) struct Owning {
    node: NodeId,
    leases: Arc<dyn LeaseStore>,
    settings: LeaseSettings,
    takes_part: bool,
    standbys: usize,
    /// How plays logs are opened, where it follows some partitions only.
    follows_some: Option<Arc<dyn OpenPlaysLog>>,
    hand: tokio::sync::Mutex<Hand>,
    seen: std::sync::Mutex<Seen>,
    /// Somebody reads and would rather not wait for the next beat.
    asked: Notify,
    leaving: AtomicBool,
    /// What couldn't be got ready to be followed, why, and when it is tried again.
    unready: std::sync::Mutex<BTreeMap<PartitionId, Unready>>,
}

impl Owning {
    pub(crate) fn new(leased: Leased, random: &dyn Random) -> Self {
        let mut number = [0; 4];
        random.fill(&mut number);
        Self {
            node: leased.node.started(u32::from_le_bytes(number)),
            leases: leased.leases,
            settings: leased.settings,
            takes_part: leased.takes_part,
            standbys: leased.standbys,
            follows_some: match leased.follows {
                Follows::All => None,
                Follows::Some(open) => Some(open),
            },
            hand: tokio::sync::Mutex::default(),
            seen: std::sync::Mutex::default(),
            asked: Notify::new(),
            leaving: AtomicBool::new(false),
            unready: std::sync::Mutex::default(),
        }
    }

    /// So long a follower waits for what the owner doesn't commit.
    pub(crate) fn patience(&self) -> Duration {
        self.settings.patience
    }

    /// How plays logs are opened, where it follows some partitions only.
    pub(crate) fn follows_some(&self) -> Option<&Arc<dyn OpenPlaysLog>> {
        self.follows_some.as_ref()
    }

    /// Why leases weren't renewed last time, where they weren't.
    pub(crate) fn trouble(&self) -> Option<String> {
        self.seen.lock().expect("no holder panics").trouble.clone()
    }

    /// Renews, gets and gives up what is due, and tells the workers.
    async fn beat(&self, workers: &[Worker], clock: &dyn Clock) {
        let mut hand = self.hand.lock().await;
        if self.leaving.load(Ordering::Relaxed) {
            return;
        }
        self.give_back(&mut hand, workers, clock).await;
        let began = clock.elapsed();
        hand.is_there |= self.takes_part && are_caught_up(workers);
        // Whoever must catch up first would have others give up what it can't take over yet.
        let beaten = if hand.is_there {
            let (held, warm) = (hand.held(), warm(workers));
            self.leases.beat(&self.node, &held, &warm, self.settings.lasts_ms()).await
        } else {
            self.leases.standing().await
        };
        match beaten {
            Ok(standing) => {
                let until = began + self.settings.relied_on_for();
                hand.renewed(&self.node, &standing, until);
                self.see(began, Ok(standing.clone()));
                if self.takes_part {
                    self.rebalance(&mut hand, &standing, workers, clock).await;
                }
            }
            Err(error) => {
                tracing::warn!(node = %self.node, %error, "leases can't be renewed");
                hand.drop_lapsed(clock.elapsed());
                self.see(began, Err(error.to_string()));
            }
        }
        self.tell(&hand, workers);
    }

    /// Gives leases back whose workers own no more, or can't.
    async fn give_back(&self, hand: &mut Hand, workers: &[Worker], clock: &dyn Clock) {
        for held in hand.held() {
            let progress = workers[usize::from(held.partition.0)].progress.borrow().clone();
            let over = progress.failed.is_some() || progress.given_up >= held.epoch;
            let holding = &hand.held[&held.partition];
            let took = |since: Duration| clock.elapsed().saturating_sub(since);
            let too_long =
                holding.draining_since.is_some_and(|since| took(since) >= self.settings.drains_for);
            if !(over || too_long) {
                continue;
            }
            // It commits nothing any more, whatever becomes of the call.
            hand.held.remove(&held.partition);
            self.tell(hand, workers);
            self.release(held).await;
        }
    }

    /// Gives a lease back. Where the store doesn't answer, the lease is found by the next beat.
    async fn release(&self, held: Held) {
        if let Err(error) = self.leases.release(&self.node, held).await {
            tracing::warn!(partition = %held.partition, %error, "a lease can't be given back");
        }
    }

    async fn rebalance(
        &self,
        hand: &mut Hand,
        standing: &Standing,
        workers: &[Worker],
        clock: &dyn Clock,
    ) {
        let now = clock.elapsed();
        for held in hand.unknown(&self.node, standing) {
            self.release(held).await;
        }
        hand.note_free(standing, now);
        let failed = |worker: &&Worker| worker.progress.borrow().failed.is_some();
        let mut unable: BTreeSet<PartitionId> =
            workers.iter().filter(failed).map(|worker| worker.partition).collect();
        unable.extend(self.hopeless());
        let decision = decide(&Situation {
            node: &self.node,
            standing,
            standbys: self.standbys,
            draining: &hand.draining(),
            unable: &unable,
            forsaken: &hand.forsaken(now, self.settings.lasts),
            settled: hand.settled,
        });
        hand.settled |= standing.nodes.contains(&self.node);
        for partition in decision.release {
            if let Some(holding) = hand.held.get_mut(&partition) {
                tracing::info!(node = %self.node, %partition, "is given up for others");
                holding.draining_since = Some(now);
            }
        }
        hand.follow = decision.follow;
        for partition in decision.acquire {
            let began = clock.elapsed();
            let lasts_ms = self.settings.lasts_ms();
            match self.leases.acquire(partition, &self.node, lasts_ms).await {
                Ok(Some(commit)) => {
                    let until = began + self.settings.relied_on_for();
                    hand.held.insert(partition, Holding { commit, until, draining_since: None });
                }
                Ok(None) => {}
                Err(error) => {
                    tracing::warn!(node = %self.node, %partition, %error, "no lease was got");
                    return;
                }
            }
        }
    }

    /// Tells each worker what it is to be and how far its partition is.
    fn tell(&self, hand: &Hand, workers: &[Worker]) {
        let seen = self.seen.lock().expect("no holder panics");
        for worker in workers {
            let Some(orders) = &worker.orders else { continue };
            let place = usize::from(worker.partition.0);
            let lease = seen.standing.as_ref().and_then(|standing| standing.leases.get(place));
            let role = hand.role(worker.partition);
            let follow = self.follows_some.is_none()
                || role != Role::Follow
                || hand.follow.contains(&worker.partition);
            orders.send_modify(|orders| {
                orders.role = role;
                if follow != orders.follow {
                    orders.follow = follow;
                    // What was got ready was for another time.
                    orders.begin = None;
                }
                let committed = lease.map_or(orders.committed, |lease| lease.commit.position);
                orders.committed = orders.committed.max(committed);
                orders.trouble.clone_from(&seen.trouble);
            });
        }
    }

    /// A renewal that takes so long that the next might be late is told: what the database waits for shows in
    /// its log, or its machine's.
    fn say_how_long(&self, took: Duration) {
        if took >= self.settings.lasts / 4 {
            tracing::warn!(node = %self.node, took_ms = took.as_millis(), "leases were renewed slowly");
        }
    }

    fn see(&self, began: Duration, standing: Result<Standing, String>) {
        let mut seen = self.seen.lock().expect("no holder panics");
        match standing {
            Ok(standing) => {
                *seen = Seen { standing: Some(standing), beat_at: Some(began), trouble: None };
            }
            Err(why) => seen.trouble = Some(why),
        }
    }

    /// Somebody reads: what others have committed meanwhile should be looked for.
    pub(crate) fn ask(&self) {
        self.asked.notify_one();
    }

    /// Commits what is judged, gives every lease back and says good-bye.
    pub(crate) async fn leave(&self, workers: &[Worker], clock: &dyn Clock) {
        self.leaving.store(true, Ordering::Relaxed);
        let mut hand = self.hand.lock().await;
        for holding in hand.held.values_mut() {
            holding.draining_since = Some(clock.elapsed());
        }
        self.tell(&hand, workers);
        for held in hand.held() {
            let mut progress = workers[usize::from(held.partition.0)].progress.clone();
            // It ends of itself where that can't be committed as long as the lease lasts.
            let gone = |progress: &crate::judging::Progress| {
                progress.failed.is_some() || progress.given_up >= held.epoch
            };
            let _ = progress.wait_for(gone).await;
        }
        hand.held.clear();
        if let Err(error) = self.leases.leave(&self.node).await {
            tracing::warn!(node = %self.node, %error, "the leases weren't given back: they run out");
        }
    }
}

/// Whether every partition that can be judged here is judged as far as it was committed when this node
/// started.
fn are_caught_up(workers: &[Worker]) -> bool {
    workers.iter().all(|worker| {
        let progress = worker.progress.borrow();
        progress.ready || progress.failed.is_some() || !progress.follows
    })
}

/// What could be owned at once.
fn warm(workers: &[Worker]) -> BTreeSet<PartitionId> {
    let is_warm = |worker: &&Worker| {
        let progress = worker.progress.borrow();
        progress.follows && progress.ready && progress.failed.is_none()
    };
    workers.iter().filter(is_warm).map(|worker| worker.partition).collect()
}

impl Deployment {
    /// Has this node own its share of the partitions as long as the future is polled. Where it owns all
    /// of them there is nothing to do; where it owns none it takes in what others import.
    pub async fn own_forever(&self) {
        let Some(owning) = &self.owning else {
            return self.follow_catalogue_forever(LeaseSettings::default()).await;
        };
        // What is new in the catalogue is told through the log, which may be away: leases are renewed meanwhile.
        let follow = self.follow_catalogue_forever(owning.settings);
        tokio::join!(self.renew_forever(owning), follow);
    }

    async fn renew_forever(&self, owning: &Owning) {
        let LeaseSettings { lasts, beat_every, .. } = owning.settings;
        loop {
            let began = self.clock.elapsed();
            // A call without an answer must not keep the next from being tried.
            let beat = owning.beat(&self.workers, &*self.clock);
            if tokio::time::timeout(lasts, beat).await.is_err() {
                let why = format!("the database hasn't answered for {} s", lasts.as_secs());
                owning.see(began, Err(why));
            }
            owning.say_how_long(self.clock.elapsed().saturating_sub(began));
            let pause = tokio::time::sleep(beat_every);
            tokio::pin!(pause);
            loop {
                tokio::select! {
                    () = &mut pause => break,
                    () = owning.asked.notified() => {
                        let _ = tokio::time::timeout(lasts, self.look_how_far()).await;
                        tokio::time::sleep(LOOK_EVERY).await;
                        if self.follows_behind() {
                            owning.asked.notify_one();
                        }
                    }
                }
            }
        }
    }

    /// Renews this node's leases once, gets what it lacks, and gives up what it has too much of; and
    /// takes in what others have imported into the catalogue.
    pub async fn see_to_ownership(&self) {
        let Some(owning) = &self.owning else { return };
        owning.beat(&self.workers, &*self.clock).await;
        self.follow_catalogue().await;
    }

    async fn follow_catalogue_forever(&self, settings: LeaseSettings) {
        if !self.catalogue.is_shared() {
            return std::future::pending().await;
        }
        loop {
            tokio::time::sleep(settings.beat_every).await;
            // A call without an answer must not keep the next from being tried.
            let _ = tokio::time::timeout(settings.lasts, self.follow_catalogue()).await;
        }
    }

    async fn follow_catalogue(&self) {
        if let Err(error) = self.catalogue.follow(&*self.log).await {
            tracing::warn!(%error, "what others imported isn't known here, or wasn't told to counting");
        }
    }

    /// Looks how far others have committed, for those partitions that are followed here.
    async fn look_how_far(&self) {
        // Where the store doesn't answer, the next beat says so.
        let Ok(commits) = self.facts.committed().await else { return };
        for (worker, commit) in self.workers.iter().zip(commits) {
            if let Some(orders) = &worker.orders {
                orders.send_modify(|orders| {
                    orders.committed = orders.committed.max(commit.position);
                });
            }
        }
    }

    pub(crate) fn is_to_follow(&self, partition: PartitionId) -> bool {
        let orders = &self.workers[usize::from(partition.0)].orders;
        orders.as_ref().is_none_or(|orders| orders.borrow().follow)
    }

    /// Whether the log holds what isn't committed yet as far as followers here know, and they haven't
    /// said yet that they wait.
    fn follows_behind(&self) -> bool {
        self.workers.iter().any(|worker| {
            let progress = worker.progress.borrow();
            let counts =
                progress.follows && progress.failed.is_none() && progress.stalled.is_none();
            counts
                && progress.owns.is_none()
                && progress.committed < *self.log.end(worker.partition).borrow()
        })
    }
}
