//! The spool on this log: what the shared log doesn't take is kept, and comes to it once, in order, with its times.

use crate::support::{Chooser, P0, group, texts};
use ledgerline_app::catalogue::Catalogue;
use ledgerline_app::ports::memory_disk::MemoryDisk;
use ledgerline_app::ports::{
    AppendError, Appended, CatalogueTrack, Clock, Frame, LogError, ReceivedLog, ReportLog,
};
use ledgerline_app::spool::{Keeping, Spool, SpoolParts, Where, drained};
use ledgerline_app::threads::Threads;
use ledgerline_ids::{PartitionId, Position, SourceName, TrackId, UnixMs};
use ledgerline_records::LogRecord;
use ledgerline_records::frame::{RecordGroup, Records};
use ledgerline_records::report::{GrantCheck, Producer, ReportRecord, TrackStamp};
use ledgerline_segment_log::{Options, SegmentReportLog};
use ledgerline_sql_store::SqlStore;
use std::io::ErrorKind;
use std::sync::atomic::{AtomicU8, AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};
use tokio::runtime::Runtime;
use tokio::sync::{oneshot, watch};
use tokio::task::JoinHandle;

type Answer = Result<Appended, AppendError>;

const DAY_MS: u64 = 86_400_000;

/// A clock that is set, and goes on for those who wait.
struct SetClock(AtomicU64, Instant);

impl SetClock {
    fn set(&self, millis: u64) {
        self.0.store(millis, Ordering::Relaxed);
    }
}

impl Clock for SetClock {
    fn now(&self) -> UnixMs {
        UnixMs::new(self.0.load(Ordering::Relaxed)).unwrap()
    }

    fn elapsed(&self) -> Duration {
        self.1.elapsed()
    }
}

const HERE: u8 = 0;
/// Out of sight: it says so before it is asked.
const AWAY: u8 = 1;
/// In sight, and takes nothing.
const REFUSES: u8 = 2;
/// It takes what comes, and never says so.
const SILENT: u8 = 3;

/// A log that others keep, and that can't always be reached.
struct Shared {
    log: SegmentReportLog,
    state: AtomicU8,
    keeps: Mutex<Option<Duration>>,
}

impl Shared {
    fn is(&self, state: u8) {
        self.state.store(state, Ordering::Release);
    }

    fn now(&self) -> u8 {
        self.state.load(Ordering::Acquire)
    }

    fn pass(
        &self,
        append: impl FnOnce() -> oneshot::Receiver<Answer>,
    ) -> oneshot::Receiver<Answer> {
        match self.now() {
            HERE => append(),
            SILENT => {
                append().blocking_recv().unwrap().unwrap();
                oneshot::channel().1
            }
            _ => {
                let (answer, receiver) = oneshot::channel();
                answer.send(Err(AppendError::Busy)).unwrap();
                receiver
            }
        }
    }
}

impl ReportLog for Shared {
    fn partitions(&self) -> u16 {
        self.log.partitions()
    }

    fn append(&self, partition: PartitionId, group: RecordGroup) -> oneshot::Receiver<Answer> {
        self.pass(|| self.log.append(partition, group))
    }

    fn refusal(&self, _: PartitionId) -> Option<AppendError> {
        (self.now() == AWAY).then_some(AppendError::Busy)
    }

    fn start(&self, partition: PartitionId) -> Position {
        self.log.start(partition)
    }

    fn end(&self, partition: PartitionId) -> watch::Receiver<Position> {
        self.log.end(partition)
    }

    fn read(
        &self,
        partition: PartitionId,
        from: Position,
        bytes_max: usize,
    ) -> Result<Vec<Frame>, LogError> {
        self.log.read(partition, from, bytes_max)
    }

    fn release(&self, partition: PartitionId, before: Position) -> Result<(), LogError> {
        self.log.release(partition, before)
    }

    fn close(&self) {
        self.log.close();
    }
}

impl ReceivedLog for Shared {
    fn append_received(
        &self,
        partition: PartitionId,
        group: RecordGroup,
        received_at: UnixMs,
    ) -> oneshot::Receiver<Answer> {
        self.pass(|| self.log.append_received(partition, group, received_at))
    }

    fn keeps(&self) -> Result<Option<Duration>, LogError> {
        Ok(*self.keeps.lock().unwrap())
    }
}

/// What outlives a process: the spool's disk, the shared log, the catalogue.
struct World {
    runtime: Runtime,
    disk: MemoryDisk,
    clock: Arc<SetClock>,
    shared: Arc<Shared>,
    catalogue: Arc<Catalogue>,
    bytes_max: u64,
    _folder: tempfile::TempDir,
}

/// A process with a spool.
struct Life<'w> {
    world: &'w World,
    spool: Arc<Spool>,
    draining: Option<JoinHandle<()>>,
}

fn small() -> Options {
    Options { segment_bytes_max: 300, tail_bytes_max: 100, ..Options::new(2) }
}

impl World {
    fn new() -> Self {
        let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap();
        let folder = tempfile::tempdir().unwrap();
        let catalogue = runtime.block_on(async {
            let store = SqlStore::open(&folder.path().join("state.db")).await.unwrap();
            Catalogue::load(Arc::new(store)).await.unwrap()
        });
        let clock = Arc::new(SetClock(AtomicU64::new(1_000_000), Instant::now()));
        let disk = Arc::new(MemoryDisk::new());
        let log = SegmentReportLog::open(disk, clock.clone(), Options::new(2), &[]).unwrap();
        Self {
            runtime,
            disk: MemoryDisk::new(),
            clock,
            shared: Arc::new(Shared { log, state: AtomicU8::new(HERE), keeps: Mutex::new(None) }),
            catalogue: Arc::new(catalogue),
            bytes_max: 1 << 20,
            _folder: folder,
        }
    }

    /// Opens the spool, where its disk lets it.
    fn try_begin(&self) -> Result<Life<'_>, String> {
        let disk = Arc::new(self.disk.clone());
        let drained = drained(&*disk, 2).map_err(|error| error.to_string())?;
        let log = SegmentReportLog::open(disk.clone(), self.clock.clone(), small(), &drained);
        let spool = Spool::new(SpoolParts {
            log: Arc::new(log.map_err(|error| error.to_string())?),
            shared: self.shared.clone(),
            disk,
            drained,
            bytes_max: self.bytes_max,
            clock: self.clock.clone(),
            drive: Arc::new(Threads),
        });
        Ok(Life { world: self, spool, draining: None })
    }

    /// The same, and drains it.
    fn begin(&self) -> Life<'_> {
        let mut life = self.try_begin().unwrap();
        life.drain();
        life
    }

    /// What the shared log has of the first partition: when it was received, and what it says.
    fn found(&self) -> Vec<(u64, String)> {
        let (log, mut next, mut found) = (&self.shared.log, Position(0), Vec::new());
        while next < *log.end(P0).borrow() {
            for frame in log.read(P0, next, 1 << 20).unwrap() {
                let at = frame.header.received_at.get();
                found.extend(texts(frame.payload()).into_iter().map(|text| (at, text)));
                next = frame.header.first.plus(u64::from(frame.header.count));
            }
        }
        found
    }

    fn found_texts(&self) -> Vec<String> {
        self.found().into_iter().map(|(_, text)| text).collect()
    }
}

impl Life<'_> {
    fn drain(&mut self) {
        let (spool, catalogue) = (self.spool.clone(), self.world.catalogue.clone());
        let drains = async move { spool.drain_forever(&catalogue).await };
        self.draining = Some(self.world.runtime.spawn(drains));
    }

    fn begin_append(&self, text: &str) -> Keeping {
        self.spool.append(P0, group(&[text]), self.world.clock.now())
    }

    fn append(&self, text: &str) -> Result<Where, Option<AppendError>> {
        let keeping = self.begin_append(text);
        self.world.runtime.block_on(keeping.durable())
    }

    fn until(&self, what: &str, so: impl Fn(&Spool) -> bool) {
        let began = Instant::now();
        while !so(&self.spool) {
            assert!(began.elapsed() < Duration::from_secs(60), "{what}");
            std::thread::yield_now();
        }
    }

    fn until_empty(&self) {
        self.until("it is empty", |spool| spool.left() == 0);
    }

    fn metric(&self, name: &str) -> u64 {
        self.spool.metrics().into_iter().find(|metric| metric.name == name).unwrap().value
    }
}

impl Drop for Life<'_> {
    /// As a process that is killed.
    fn drop(&mut self) {
        if let Some(draining) = self.draining.take() {
            draining.abort();
            let _ = self.world.runtime.block_on(draining);
        }
        // Whoever drained it is gone with what it held once nobody else has the spool.
        self.until("nobody else has it", |_| Arc::strong_count(&self.spool) == 1);
    }
}

#[test]
fn what_the_log_does_not_take_comes_to_it_later_in_order_and_with_its_times() {
    let world = World::new();
    let life = world.begin();
    assert_eq!(life.append("a"), Ok(Where::Shared));
    world.shared.is(AWAY);
    for (at, text) in [(1_001_000, "b"), (1_002_000, "c"), (1_003_000, "d")] {
        world.clock.set(at);
        assert_eq!(life.append(text), Ok(Where::Spool));
    }
    world.clock.set(1_010_000);
    life.until("the oldest is known", |_| life.metric("ledgerline_spool_oldest_age_seconds") == 9);
    assert_eq!(life.metric("ledgerline_spool_records"), 3);
    assert!(life.spool.notes()[0].starts_with("3 reports wait"), "{:?}", life.spool.notes());
    assert_eq!(world.found_texts(), ["a"]);
    // Time goes on in the log: others write to it.
    world.clock.set(1_020_000);
    world.shared.log.append(P0, group(&["of others"])).blocking_recv().unwrap().unwrap();
    world.shared.is(HERE);
    life.until_empty();
    let expected = [
        (1_000_000, "a"),
        (1_020_000, "of others"),
        (1_001_000, "b"),
        (1_002_000, "c"),
        (1_003_000, "d"),
    ];
    assert_eq!(world.found(), expected.map(|(at, text)| (at, text.to_owned())));
    assert_eq!(life.append("e"), Ok(Where::Shared));
    // Nothing of it stays but the heads of empty files.
    life.until("it has no bytes", |_| life.metric("ledgerline_spool_bytes") == 80);
    assert!(life.spool.notes().is_empty() && life.spool.problems().is_empty());
    drop(life);
    let life = world.begin();
    assert_eq!(life.spool.left(), 0, "nothing is sent again");
    drop(life);
    assert_eq!(world.found_texts(), ["a", "of others", "b", "c", "d", "e"]);
}

#[test]
fn what_comes_while_others_wait_waits_behind_them() {
    let world = World::new();
    let mut life = world.try_begin().unwrap();
    world.shared.is(AWAY);
    assert_eq!(life.append("a"), Ok(Where::Spool));
    world.shared.is(HERE);
    assert_eq!(life.append("b"), Ok(Where::Spool));
    life.drain();
    life.until_empty();
    assert_eq!(life.append("c"), Ok(Where::Shared));
    drop(life);
    assert_eq!(world.found_texts(), ["a", "b", "c"]);
}

#[test]
fn a_refusal_and_an_answer_that_never_comes_are_kept_too() {
    let world = World::new();
    let life = world.begin();
    world.shared.is(REFUSES);
    assert_eq!(life.append("refused"), Ok(Where::Spool));
    world.shared.is(HERE);
    life.until_empty();
    world.shared.is(SILENT);
    world.clock.set(1_001_000);
    assert_eq!(life.append("unknown"), Ok(Where::Spool));
    world.shared.is(HERE);
    life.until_empty();
    drop(life);
    let found = world.found();
    assert_eq!(found.first(), Some(&(1_000_000, "refused".to_owned())));
    // How often it was sent is chance; each time with the time that it had.
    assert!(
        found.len() >= 3 && found[1..].iter().all(|it| *it == (1_001_000, "unknown".to_owned())),
        "{found:?}"
    );
}

#[test]
fn a_full_spool_refuses_and_takes_again_once_it_is_drained() {
    let world = World { bytes_max: 2_000, ..World::new() };
    let life = world.begin();
    world.shared.is(AWAY);
    let mut kept = Vec::new();
    let refused = loop {
        let text = format!("{}", kept.len());
        match life.append(&text) {
            Ok(at) => assert_eq!(at, Where::Spool),
            Err(refused) => break refused,
        }
        kept.push(text);
    };
    assert_eq!(refused, Some(AppendError::Full));
    assert!(kept.len() > 20 && life.metric("ledgerline_spool_bytes") <= 2_000, "{kept:?}");
    assert!(life.spool.problems()[0].starts_with("the spool is full"));
    world.shared.is(HERE);
    life.until_empty();
    life.until("it is well", |spool| spool.problems().is_empty());
    world.shared.is(AWAY);
    life.until("there is room", |_| life.append("more") == Ok(Where::Spool));
    kept.push("more".to_owned());
    world.shared.is(HERE);
    life.until_empty();
    drop(life);
    assert_eq!(world.found_texts(), kept);
}

#[test]
fn a_disk_that_takes_nothing_is_told_and_does_not_stand_in_the_way() {
    let kinds = [ErrorKind::ReadOnlyFilesystem, ErrorKind::StorageFull];
    for kind in kinds {
        let world = World::new();
        let life = world.begin();
        world.shared.is(AWAY);
        assert_eq!(life.append("a"), Ok(Where::Spool));
        world.disk.fail_writes(1, kind);
        let refused = life.append("b").unwrap_err().unwrap();
        match kind {
            ErrorKind::StorageFull => assert_eq!(refused, AppendError::Full),
            _ => assert!(matches!(refused, AppendError::Failed(_)), "{refused}"),
        }
        assert_eq!(life.spool.problems().len(), 1, "{kind}");
        // The log is back: what it takes is taken, whether or not the spool is well.
        world.shared.is(HERE);
        assert!(life.append("c").is_ok(), "{kind}");
        life.until_empty();
        assert_eq!(life.append("d"), Ok(Where::Shared), "{kind}");
        drop(life);
        let mut found = world.found_texts();
        found.sort_unstable();
        assert_eq!(found, ["a", "c", "d"], "{kind}");
    }
}

#[test]
fn a_stop_in_order_drains_what_it_can_and_says_what_is_left() {
    let world = World::new();
    let life = world.begin();
    world.shared.is(AWAY);
    assert_eq!(life.append("a"), Ok(Where::Spool));
    assert_eq!(world.runtime.block_on(life.spool.finish()), 1);
    assert_eq!(life.append("b"), Err(Some(AppendError::Closing)));
    drop(life);
    world.shared.is(HERE);
    let life = world.begin();
    assert_eq!(world.runtime.block_on(life.spool.finish()), 0);
    drop(life);
    assert_eq!(world.found_texts(), ["a"]);
}

#[test]
fn what_the_log_would_remove_at_once_waits_for_somebody() {
    let world = World::new();
    let life = world.begin();
    world.shared.is(AWAY);
    assert_eq!(life.append("a"), Ok(Where::Spool));
    *world.shared.keeps.lock().unwrap() = Some(Duration::from_millis(2 * DAY_MS));
    world.clock.set(1_000_000 + 2 * DAY_MS);
    world.shared.is(HERE);
    life.until("it is told", |spool| {
        spool.problems().first().is_some_and(|it| it.contains("a longer retention.ms"))
    });
    assert!(world.found().is_empty());
    drop(life);
    *world.shared.keeps.lock().unwrap() = Some(Duration::from_millis(3 * DAY_MS));
    let life = world.begin();
    life.until_empty();
    drop(life);
    assert_eq!(world.found(), [(1_000_000, "a".to_owned())]);
}

/// A report of a track that wasn't known when it was received.
fn report(track: &str) -> RecordGroup {
    let record = ReportRecord {
        source: SourceName::new("app").unwrap(),
        producer: Producer::Trusted,
        user: None,
        play_id: None,
        track: TrackId::new(track).unwrap(),
        listened_ms: 31_000,
        started_at: None,
        sent_at: None,
        event: None,
        completed: None,
        session: None,
        device: None,
        quality: None,
        offline: None,
        context: None,
        tier: None,
        territory: None,
        preview: false,
        imported: false,
        grant: GrantCheck::NotNeeded,
        stamp: TrackStamp { revision: 1, known: false, length_ms: None },
        backfilled_at: None,
    };
    let mut group = RecordGroup::default();
    group.push_with(|out| record.encode(out));
    group
}

#[test]
fn what_the_catalogue_has_learnt_meanwhile_is_told_behind_it() {
    let world = World::new();
    let life = world.begin();
    world.shared.is(AWAY);
    for track in ["new", "unknown", "new"] {
        let keeping = life.spool.append(P0, report(track), world.clock.now());
        assert_eq!(world.runtime.block_on(keeping.durable()), Ok(Where::Spool));
    }
    let track = |track_id: &str, duration_ms| CatalogueTrack {
        track_id: track_id.to_owned(),
        duration_ms,
        title: String::new(),
        artists: Vec::new(),
        isrc: None,
    };
    // Before the log is there again, or some of it is sent already.
    drop(life);
    world.shared.is(HERE);
    // The facts of this import are in the log before the reports.
    for imported in [track("other", None), track("new", Some(20_000))] {
        let tracks = [imported];
        let told = world.catalogue.import_tracks(&tracks, &world.shared.log);
        world.runtime.block_on(told).unwrap();
    }
    let life = world.begin();
    life.until_empty();
    drop(life);
    let mut said = Vec::new();
    let frames = world.shared.log.read(P0, Position(0), 1 << 20).unwrap();
    for (_, bytes) in frames.iter().flat_map(|frame| Records::new(frame.payload()).flatten()) {
        said.push(match LogRecord::decode(bytes).unwrap() {
            LogRecord::Report(report) => format!("report {}", report.track.as_str()),
            LogRecord::TrackFact(fact) => {
                format!("fact {} {:?}", fact.track.as_str(), fact.stamp.length_ms)
            }
            other => format!("{other:?}"),
        });
    }
    let facts = ["fact other None", "fact new Some(20000)"];
    let behind = ["report new", "report unknown", "report new", "fact new Some(20000)"];
    let at = said.iter().position(|it| it == behind[0]).expect("they were sent");
    assert_eq!(
        (&said[..at], &said[at..at + 4]),
        (&facts.map(str::to_owned)[..], &behind.map(str::to_owned)[..])
    );
}

/// One life that ends at the `calls`th change of the disk; what of it was acknowledged.
fn live(world: &World, name: &str, calls: u64) -> Vec<String> {
    world.shared.is(AWAY);
    world.disk.power_off_at(calls);
    let Ok(mut life) = world.try_begin() else { return Vec::new() };
    let texts: Vec<String> = (0..6).map(|number| format!("{name}-{number}")).collect();
    let mut acknowledged = Vec::new();
    for text in &texts {
        if life.append(text) == Ok(Where::Spool) {
            acknowledged.push(text.clone());
        }
    }
    world.shared.is(HERE);
    life.drain();
    life.until("it is drained, or off", |spool| spool.left() == 0 || !world.disk.is_powered());
    acknowledged
}

#[test]
fn wherever_the_power_goes_off_nothing_acknowledged_is_lost() {
    let mut choices = Chooser::new(7);
    let (mut off_at, mut twice) = (0, 0);
    for calls in 1.. {
        let world = World::new();
        let mut acknowledged = live(&world, "one", calls);
        let was_on = world.disk.is_powered();
        world.disk.crash(&mut |limit| choices.below(limit));
        // A second process crashes on what the first left.
        acknowledged.extend(live(&world, "two", calls / 2 + 1));
        world.disk.crash(&mut |limit| choices.below(limit));
        world.shared.is(HERE);
        let life = world.begin();
        life.until_empty();
        drop(life);
        let mut found = world.found_texts();
        for text in &acknowledged {
            assert!(found.contains(text), "{text} is lost, off at {calls}: {found:?}");
        }
        let all = found.len();
        found.sort_unstable();
        found.dedup();
        twice += all - found.len();
        if was_on {
            break;
        }
        off_at = calls;
    }
    assert!(off_at > 30, "the power went off at {off_at} places only");
    assert!(twice > 0, "nothing was sent twice: no crash came between sending and noting");
}

#[test]
fn a_spool_that_is_cut_anywhere_keeps_what_is_whole() {
    let world = World::new();
    world.shared.is(AWAY);
    let life = world.try_begin().unwrap();
    let kept = ["a", "b", "c"];
    for text in kept {
        assert_eq!(life.append(text), Ok(Where::Spool));
    }
    drop(life);
    let path = "reports/p000/00000000000000000000.log";
    let whole = world.disk.contents(path).unwrap();
    let frame = (whole.len() - 40) / 3;
    for length in 0..=whole.len() {
        let world = World::new();
        let before = world.try_begin().unwrap();
        drop(before);
        world.disk.tamper(path, whole[..length].to_vec());
        let life = world.begin();
        life.until_empty();
        drop(life);
        let frames = length.saturating_sub(40) / frame;
        assert_eq!(world.found_texts(), kept[..frames], "{length} bytes");
    }
}

#[test]
fn a_note_that_is_cut_anywhere_has_all_sent_again() {
    for length in 0..=20 {
        let world = World::new();
        world.shared.is(AWAY);
        let life = world.try_begin().unwrap();
        for text in ["a", "b"] {
            assert_eq!(life.append(text), Ok(Where::Spool));
        }
        drop(life);
        // It is noted that the first is drained.
        let mut note = b"LLDR\x01\0\0\0\x01\0\0\0\0\0\0\0".to_vec();
        note.extend_from_slice(&crc32fast::hash(&note).to_le_bytes());
        note.truncate(length);
        world.disk.tamper("drained/p000", note);
        world.shared.is(HERE);
        let life = world.begin();
        life.until_empty();
        drop(life);
        let expected: &[&str] = if length == 20 { &["b"] } else { &["a", "b"] };
        assert_eq!(world.found_texts(), expected, "{length}");
    }
}
