//! A deployment on this machine: its log, its workers, its stores, and the way in.

use ledgerline_ids::{HashKey, PartitionId, Position, UnixMs};
use ledgerline_records::LogRecord;
use ledgerline_records::control::Tick;
use ledgerline_records::frame::RecordGroup;
use ledgerline_records::report::ReportForm;
use std::sync::{Arc, OnceLock};
use std::time::Duration;
use tokio::runtime::Handle;

use crate::access::{Access, AccessParts};
use crate::archive::ArchiveSeen;
use crate::catalogue::Catalogue;
use crate::delivery::{Delivery, DeliveryParts};
use crate::intake::{Intake, Overactive};
use crate::judging::{Beginning, Progress, Sieves, Worker, WorkerParts, WorkerSettings, start};
use crate::library::on_disk::FilesOnDisk;
use crate::money::{Money, MoneyParts};
use crate::music::{Music, MusicParts, MusicWires};
use crate::overview;
use crate::ownership::{Ownership, Owning};
use crate::ports::drive::{Drive, apart};
use crate::ports::facts::RecentTotals;
use crate::ports::{
    AccountStore, AppealStore, AppendError, AuditStore, CatalogueStore, Clock, CollectionStore,
    CountedPlays, CredentialStore, DeploymentSettings, Disk, FactStore, ListenerStore, LogError,
    MusicLibrary, PlaysLog, Random, ReportLog, SignInStore, StoreError,
};
use crate::privacy::pseudonyms::Pseudonyms;
use crate::reading::{Readers, not_here};
use crate::snapshots::SnapshotsSeen;
use crate::spool::Spool;

pub use crate::health::Health;

/// What can be set without changing a count.
#[derive(Debug, Clone, Copy)]
pub struct Settings {
    /// How often a partition with new reports is told the time, so that fraud rules look.
    pub tick_every: Duration,
    /// The longest that a judged report waits for its commit while reports keep coming.
    pub commit_every: Duration,
    /// The longest that the store of the facts waits for what counts by recording, country, plan and
    /// day. Where there is none, it never gets that: `counts` reads the plays logs, and needs none of it.
    pub deltas_every: Option<Duration>,
    /// How many index entries each partition keeps in memory before they are sealed.
    pub table_entries_max: usize,
    /// The most bytes of the log that a partition judges before it looks at anything else.
    pub batch_bytes: usize,
    /// The most reports a second of a key without a limit of its own.
    pub reports_per_second: u32,
    /// The most new plays of a listener in an hour.
    pub new_plays_per_listener_hour: u32,
    /// In which form reports are written to the log, on which all agree who share it.
    pub report_form: ReportForm,
    /// So many listeners of pseudonymised sources are kept in memory, twice: about 80 bytes each.
    pub listeners_remembered_max: usize,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            tick_every: Duration::from_secs(5),
            commit_every: Duration::from_millis(250),
            deltas_every: None,
            table_entries_max: 7 << 16,
            batch_bytes: 4 << 20,
            reports_per_second: 2_000_000,
            new_plays_per_listener_hour: 2_000,
            report_form: ReportForm::default(),
            listeners_remembered_max: 400_000,
        }
    }
}

/// What a deployment is made of.
pub struct Parts {
    /// The key of its hashes.
    pub key: HashKey,
    /// Its report log.
    pub log: Arc<dyn ReportLog>,
    /// Where reports wait that the log doesn't take, if anywhere.
    pub spool: Option<Arc<Spool>>,
    /// Its plays logs, in the order of the partitions; none where nothing is judged, or where the node
    /// follows some partitions only and opens them itself.
    pub plays: Vec<Box<dyn PlaysLog>>,
    /// Its committed facts.
    pub facts: Arc<dyn FactStore>,
    /// Where what counts is told to others, if it is.
    pub counted_plays: Option<Arc<dyn CountedPlays>>,
    /// Its catalogue.
    pub catalogue: Arc<dyn CatalogueStore>,
    /// The music that there is to hear.
    pub library: Arc<dyn MusicLibrary>,
    /// What listeners keep.
    pub collection: Arc<dyn CollectionStore>,
    /// What reads music folders, and keeps covers, if anything does.
    pub music: Option<MusicParts>,
    /// Its credentials.
    pub credentials: Arc<dyn CredentialStore>,
    /// How people get in.
    pub sign_ins: Arc<dyn SignInStore>,
    /// Its accounts.
    pub accounts: Arc<dyn AccountStore>,
    /// What an administrator has set for all of it.
    pub settings: Arc<dyn DeploymentSettings>,
    /// Its appeals.
    pub appeals: Arc<dyn AppealStore>,
    /// Who did what.
    pub audit: Arc<dyn AuditStore>,
    /// Who the listeners of its pseudonymised sources are.
    pub listeners: Arc<dyn ListenerStore>,
    /// What listeners are drawn from.
    pub random: Arc<dyn Random>,
    /// Its data folder.
    pub disk: Arc<dyn Disk>,
    /// The clock.
    pub clock: Arc<dyn Clock>,
    /// What its loops go round on.
    pub drive: Arc<dyn Drive>,
    /// Who owns its partitions.
    pub ownership: Ownership,
    /// What its use cases of money are made of.
    pub money: MoneyParts,
    /// What its delivery of audio is made of.
    pub delivery: DeliveryParts,
}

/// Why a deployment doesn't start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// A file is damaged or can't be read.
    #[error(transparent)]
    Log(#[from] LogError),
    /// A store can't be read.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Why something can't be read now.
#[derive(Debug, thiserror::Error)]
pub enum ReadError {
    /// A file is damaged or can't be read.
    #[error(transparent)]
    Log(#[from] LogError),
    /// A store can't be read.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The log takes no tick.
    #[error(transparent)]
    Append(#[from] AppendError),
    /// Counting has stopped, and why.
    #[error("counting has stopped: {0}")]
    Stopped(String),
}

pub(crate) const BROKEN_OFF: &str = "reading was broken off; the log says why";

impl ReadError {
    /// Reading panicked.
    pub(crate) fn broken_off() -> Self {
        Self::Stopped(BROKEN_OFF.to_owned())
    }
}

/// A running deployment.
pub struct Deployment {
    pub(crate) key: HashKey,
    pub(crate) log: Arc<dyn ReportLog>,
    pub(crate) facts: Arc<dyn FactStore>,
    pub(crate) catalogue: Arc<Catalogue>,
    pub(crate) appeals: Arc<dyn AppealStore>,
    pub(crate) audit: Arc<dyn AuditStore>,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) drive: Arc<dyn Drive>,
    /// Its data folder.
    pub(crate) disk: Arc<dyn Disk>,
    pub(crate) readers: Readers,
    pub(crate) workers: Vec<Worker>,
    pub(crate) pseudonyms: Arc<Pseudonyms>,
    pub(crate) live: Arc<overview::Live>,
    pub(crate) random: Arc<dyn Random>,
    /// Its part in who owns what, where several nodes share the partitions.
    pub(crate) owning: Option<Owning>,
    /// What is known of the snapshots in a store of blobs, once somebody puts them there.
    pub(crate) snapshots: OnceLock<Arc<SnapshotsSeen>>,
    /// What is known of the archive, once somebody writes one for ever.
    pub(crate) archive: OnceLock<Arc<ArchiveSeen>>,
    access: Access,
    pub(crate) music: Music,
    pub(crate) intake: Intake,
    pub(crate) spool: Option<Arc<Spool>>,
    money: Money,
    delivery: Delivery,
    settings: Settings,
}

/// The pause after which an idle partition is told the time all the same, so that pending
/// plays expire.
const IDLE_TICK: Duration = Duration::from_secs(3600);
/// The warning where catalogue facts stay untold; the next tick or import tries again.
const UNTOLD: &str = "counting was not told yet what the catalogue learnt";

impl Deployment {
    /// Takes the partitions over, or where nodes share them looks how far they are, and starts a
    /// worker for each. Must be called within the runtime that the workers are to use.
    ///
    /// # Errors
    /// [`StartError`] names what is damaged; nothing was changed then.
    pub async fn start(parts: Parts, settings: Settings) -> Result<Arc<Self>, StartError> {
        let (partitions, facts) = (parts.log.partitions(), &parts.facts);
        let is_shared = !matches!(parts.ownership, Ownership::All);
        let (owning, totals) = match parts.ownership {
            Ownership::All => (None, None),
            Ownership::Leased(leased) => {
                leased.leases.prepare(partitions).await?;
                (Some(Owning::new(leased, &*parts.random)), Some(facts.totals().await?))
            }
            Ownership::Elsewhere => (None, Some(Vec::new())),
        };
        let commits = match &totals {
            None => facts.take_over(partitions).await?,
            Some(totals) => totals.iter().map(|totals| totals.commit).collect(),
        };
        let pseudonyms = Pseudonyms::load(
            parts.key,
            parts.listeners,
            parts.random.clone(),
            &*parts.catalogue,
            settings.listeners_remembered_max,
        );
        let pseudonyms = Arc::new(pseudonyms.await?);
        // An erasure may have been broken off between the tie and the account.
        parts.accounts.sweep().await?;
        let files = parts
            .music
            .as_ref()
            .map(|music| FilesOnDisk::new(parts.library.clone(), music.scan.disk.clone()));
        let (clock, random) = (parts.clock.clone(), parts.random.clone());
        let delivery = Delivery::load(parts.delivery, files, parts.key, clock, random).await?;
        let catalogue = Catalogue::load(parts.catalogue).await?;
        let catalogue = Arc::new(if is_shared { catalogue.shared_by_nodes() } else { catalogue });
        let overactive = Arc::new(Overactive::default());
        let recent = match &totals {
            None => parts.facts.recent_totals(overview::HOURS_MAX).await?,
            // Of the same moment as the positions that followers go on from.
            Some(totals) => RecentTotals::of(totals, overview::HOURS_MAX),
        };
        let live = Arc::new(overview::Live::new(recent));
        let partitions = commits.iter().map(|commit| commit.partition);
        let sieves: Vec<_> =
            partitions.map(|partition| Sieves::new(&parts.disk, partition)).collect();
        let follows_some = owning.as_ref().and_then(Owning::follows_some).cloned();
        let plays = match &follows_some {
            Some(_) => sieves.iter().map(|_| not_here()).collect(),
            None => parts.plays.iter().map(|plays| plays.reader()).collect(),
        };
        let readers = Readers::new(plays, sieves.clone());
        let worker_settings = WorkerSettings {
            batch_bytes: settings.batch_bytes,
            commit_every: settings.commit_every,
            deltas_every: settings.deltas_every,
            table_entries_max: settings.table_entries_max,
            new_plays_per_listener_hour: settings.new_plays_per_listener_hour,
            patience: owning.as_ref().map_or(Duration::ZERO, Owning::patience),
        };
        let shared = owning.is_some();
        let beginnings: Vec<Beginning> = match follows_some {
            Some(open) => sieves.iter().map(|_| Beginning::Nothing(open.clone())).collect(),
            None if shared => parts.plays.into_iter().map(Beginning::Follower).collect(),
            None => parts.plays.into_iter().map(Beginning::Owner).collect(),
        };
        let mut starting = Vec::new();
        for ((commit, beginning), sieves) in commits.into_iter().zip(beginnings).zip(sieves) {
            let worker_parts = WorkerParts {
                key: parts.key,
                log: parts.log.clone(),
                facts: parts.facts.clone(),
                counted_plays: parts.counted_plays.clone(),
                disk: parts.disk.clone(),
                sieves,
                clock: parts.clock.clone(),
                overactive: overactive.clone(),
                live: live.clone(),
                drive: parts.drive.clone(),
            };
            let runtime = Handle::current();
            starting.push(apart(&*parts.drive, move || {
                start(commit, worker_parts, worker_settings, runtime, beginning)
            }));
        }
        let mut workers = Vec::new();
        for worker in starting {
            workers.push(worker.await.expect("starting a worker doesn't panic")?);
        }
        // What an earlier process didn't come to tell.
        if let Err(error) = catalogue.tell(&*parts.log).await {
            tracing::warn!(%error, "{UNTOLD}");
        }
        let intake = Intake::new(
            parts.log.clone(),
            parts.clock.clone(),
            catalogue.clone(),
            overactive,
            (settings.reports_per_second, settings.report_form),
            pseudonyms.clone(),
        );
        let intake = intake.spooling(parts.spool.clone());
        let wires = MusicWires {
            catalogue: catalogue.clone(),
            log: parts.log.clone(),
            clock: parts.clock.clone(),
            random: parts.random.clone(),
            is_shared,
        };
        let music = Music::new((parts.library, parts.collection), parts.music, wires);
        Ok(Arc::new(Self {
            key: parts.key,
            log: parts.log,
            facts: parts.facts,
            catalogue,
            appeals: parts.appeals,
            audit: parts.audit,
            music,
            access: Access::new(AccessParts {
                credentials: parts.credentials,
                sign_ins: parts.sign_ins,
                accounts: parts.accounts,
                settings: parts.settings,
                clock: parts.clock.clone(),
                drive: parts.drive.clone(),
            }),
            money: Money::new(
                parts.money,
                parts.clock.clone(),
                (parts.disk.clone(), parts.drive.clone()),
            ),
            disk: parts.disk,
            clock: parts.clock,
            drive: parts.drive,
            readers,
            workers,
            pseudonyms,
            live,
            random: parts.random,
            owning,
            snapshots: OnceLock::new(),
            archive: OnceLock::new(),
            intake,
            delivery,
            spool: parts.spool,
            settings,
        }))
    }

    /// Whether plays are judged here.
    #[must_use]
    pub fn judges(&self) -> bool {
        !self.workers.is_empty()
    }

    /// The way in.
    #[must_use]
    pub fn intake(&self) -> &Intake {
        &self.intake
    }

    /// Who may do what.
    #[must_use]
    pub fn access(&self) -> &Access {
        &self.access
    }

    /// What secrets are made of.
    #[must_use]
    pub fn random(&self) -> &dyn Random {
        &*self.random
    }

    /// How counts become money.
    #[must_use]
    pub fn money(&self) -> &Money {
        &self.money
    }

    /// Audio to players.
    #[must_use]
    pub fn delivery(&self) -> &Delivery {
        &self.delivery
    }

    /// The catalogue.
    #[must_use]
    pub fn catalogue(&self) -> &Catalogue {
        &self.catalogue
    }

    /// The report log.
    #[must_use]
    pub fn log(&self) -> &Arc<dyn ReportLog> {
        &self.log
    }

    /// The current time.
    #[must_use]
    pub fn now(&self) -> UnixMs {
        self.clock.now()
    }

    /// Tells every partition the time as long as the future is polled; before that, what
    /// the catalogue has to tell still.
    pub async fn tick_forever(&self) {
        loop {
            tokio::time::sleep(self.settings.tick_every).await;
            self.tell_what_is_due().await;
        }
    }

    /// Tells counting, once, what the catalogue has to tell still, and the time where that
    /// is due.
    ///
    /// Where nodes share the partitions, each tells the time to those that it owns, and whoever owns
    /// the first one does the rest.
    pub async fn tell_what_is_due(&self) {
        let is_first = self.workers.first().is_some_and(|it| it.progress.borrow().owns.is_some());
        if is_first {
            self.tell_what_is_left().await;
        }
        if let Err(error) = self.tick(Whose::Own).await {
            tracing::warn!(%error, "the log takes no tick; fraud rules wait");
        }
        if is_first && self.settings.deltas_every.is_some() {
            self.roll_up_some().await;
        }
        if self.applies_appeals(is_first)
            && let Err(error) = self.apply_appeals().await
        {
            tracing::warn!(%error, "a decided appeal waits for its rulings");
        }
    }

    /// Whether this node rules on what appeals decided, for which it must find any play: the first
    /// partition's owner, or whoever follows everything where that one doesn't. Ruling twice is ruling once.
    fn applies_appeals(&self, is_first: bool) -> bool {
        let owner_can = || self.owning.as_ref().is_none_or(Owning::first_owner_follows_all);
        self.follows_all() && (is_first || !owner_can())
    }

    async fn tell_what_is_left(&self) {
        if let Err(error) = self.catalogue.tell(&*self.log).await {
            tracing::warn!(%error, "{UNTOLD}");
        }
        if let Err(error) = self.forget_erased_plays().await {
            tracing::warn!(%error, "plays of erased listeners are kept in mind for longer");
        }
    }

    /// Tells the time to every partition that has judged something since it was last told,
    /// or that was not told for an hour; and to one whose disk was full, to see whether there
    /// is room again. Says up to where each partition is to be judged.
    async fn tick(&self, whose: Whose) -> Result<Vec<Position>, AppendError> {
        let now = self.clock.now();
        let mut receipts = Vec::new();
        for worker in &self.workers {
            let progress = worker.progress.borrow().clone();
            let end = *self.log.end(worker.partition).borrow();
            let idle = now.since(progress.ticked_at) >= millis(IDLE_TICK);
            let counting =
                progress.failed.is_none() && progress.stalled.is_none() && progress.follows;
            let counting = counting && (whose == Whose::All || progress.owns.is_some());
            let full = self.log.refusal(worker.partition) == Some(AppendError::Full);
            let due = counting && (progress.unticked || progress.committed < end || idle) || full;
            let receipt = (due && (end > Position(0))).then(|| {
                let mut group = RecordGroup::default();
                group.push_with(|out| LogRecord::Tick(Tick { at: now }).encode(out));
                self.log.append(worker.partition, group)
            });
            receipts.push((end, receipt));
        }
        let mut targets = Vec::new();
        for (end, receipt) in receipts {
            targets.push(match receipt {
                Some(receipt) => receipt.await.unwrap_or(Err(AppendError::Closing))?.first.plus(1),
                None => end,
            });
        }
        Ok(targets)
    }

    /// Judges and commits everything that the log holds now; with `tick`, tells the time
    /// first, so that fraud rules and expiry are up to date too.
    ///
    /// # Errors
    /// [`ReadError`].
    pub async fn settle(&self, tick: bool) -> Result<(), ReadError> {
        let targets = if tick {
            self.tick(Whose::All).await?
        } else {
            let ends = self.workers.iter().map(|worker| self.log.end(worker.partition));
            ends.map(|end| *end.borrow()).collect()
        };
        if let Some(owning) = &self.owning {
            owning.ask();
        }
        for (worker, target) in self.workers.iter().zip(targets) {
            // What isn't followed here is others' to settle.
            if self.is_to_follow(worker.partition) {
                worker.settled(target).await.map_err(ReadError::Stopped)?;
            }
        }
        Ok(())
    }

    /// Judges and commits everything that the log holds, and tells the time where the log
    /// takes it: a full disk is no reason not to read. Nor is counting that waits for the
    /// disk or the store: then what is committed can be read, and why it waits comes back.
    pub(crate) async fn settle_for_reading(&self) -> Result<Option<String>, ReadError> {
        let settled = match self.settle(true).await {
            Err(ReadError::Append(_)) => self.settle(false).await,
            settled => settled,
        };
        match settled {
            Err(ReadError::Stopped(why)) if self.waits_at_worst() => Ok(Some(why)),
            settled => settled.map(|()| None),
        }
    }

    /// Whether no partition has stopped or is still building what it had before the start.
    fn waits_at_worst(&self) -> bool {
        self.workers.iter().all(|worker| {
            let progress = worker.progress.borrow();
            progress.ready && progress.failed.is_none() && progress.follows
        })
    }

    /// How far each partition is judged and committed.
    pub(crate) fn progress(&self) -> Vec<(PartitionId, Progress)> {
        self.workers
            .iter()
            .map(|worker| (worker.partition, worker.progress.borrow().clone()))
            .collect()
    }

    /// Waits until every partition has caught up with what the log held at the start.
    ///
    /// # Errors
    /// [`ReadError::Stopped`] where counting can't go on.
    pub async fn wait_until_ready(&self) -> Result<(), ReadError> {
        for worker in &self.workers {
            let mut progress = worker.progress.clone();
            let reached = progress
                .wait_for(|it| it.ready || it.failed.is_some() || !it.follows)
                .await
                .map_err(|_| ReadError::Stopped("the counting worker has ended".to_owned()))?;
            if let Some(why) = &reached.failed {
                return Err(ReadError::Stopped(why.clone()));
            }
        }
        Ok(())
    }

    /// Accepts nothing more, judges and commits what was accepted, takes snapshots, closes the log.
    pub async fn stop(&self) {
        self.music.stop().await;
        self.intake.close();
        if let Some(spool) = &self.spool {
            let left = spool.finish().await;
            if left > 0 {
                tracing::warn!(
                    left,
                    "reports wait in the spool; start this node on its volume again to send them"
                );
            }
        }
        let log = self.log.clone();
        // What is queued becomes durable and is acknowledged before the workers end.
        let _ = apart(&*self.drive, move || log.close()).await;
        if let Some(owning) = &self.owning {
            owning.leave(&self.workers, &*self.clock).await;
        }
        for worker in &self.workers {
            worker.stop(&*self.drive).await;
        }
    }
}

/// Which partitions are told the time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Whose {
    /// Those that this process owns: the other nodes see to theirs.
    Own,
    /// All: somebody waits for what the rules say by now.
    All,
}

fn millis(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}
