//! The catalogue over a real store: whatever it is interrupted by, counting is told in the
//! end, in order, and never of something that reports are not stamped with yet.

use ledgerline_app::catalogue::{Catalogue, CatalogueError};
use ledgerline_app::ports::{
    AppendError, Appended, CatalogueStore, CatalogueTrack, Frame, LogError, ReportLog,
};
use ledgerline_ids::{PartitionId, Position, UnixMs};
use ledgerline_records::LogRecord;
use ledgerline_records::frame::{RecordGroup, Records};
use ledgerline_records::report::TrackStamp;
use ledgerline_sql_store::SqlStore;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Instant;
use tempfile::TempDir;
use tokio::sync::{oneshot, watch};

use crate::patience::given_up_after;

const PARTITIONS: u16 = 3;

/// Keeps facts as words, by partition, and refuses an append where it is told to. Of every
/// track fact it looks whether the catalogue shows it already.
#[derive(Default)]
struct FakeLog {
    told: [Mutex<Vec<String>>; PARTITIONS as usize],
    /// Which append is refused, counted from 1.
    refuses: AtomicU64,
    appends: AtomicU64,
    catalogue: Mutex<Option<Arc<Catalogue>>>,
}

impl FakeLog {
    /// Looks at `catalogue` from now on, and refuses the append that comes `refuses`th.
    fn watch(&self, catalogue: &Arc<Catalogue>, refuses: u64) {
        *self.catalogue.lock().unwrap() = Some(catalogue.clone());
        self.appends.store(0, Ordering::Relaxed);
        self.refuses.store(refuses, Ordering::Relaxed);
    }

    /// What a partition was told.
    fn told(&self, partition: usize) -> Vec<String> {
        self.told[partition].lock().unwrap().clone()
    }

    fn word(&self, record: &[u8]) -> String {
        match LogRecord::decode(record).unwrap() {
            LogRecord::TrackFact(fact) => {
                let catalogue = self.catalogue.lock().unwrap();
                let shown = catalogue.as_ref().unwrap().view().stamp(fact.track.as_str());
                let newer = shown.revision > fact.stamp.revision;
                assert!(newer || shown == fact.stamp, "told {fact:?} and shows {shown:?}");
                let TrackStamp { revision, length_ms, .. } = fact.stamp;
                format!("{} r{revision} {}", fact.track.as_str(), length_ms.unwrap_or(0))
            }
            LogRecord::DeviceFact(fact) => format!("{} {}", fact.device.as_str(), fact.listed),
            other => panic!("no fact: {other:?}"),
        }
    }
}

impl ReportLog for FakeLog {
    fn partitions(&self) -> u16 {
        PARTITIONS
    }

    fn append(
        &self,
        partition: PartitionId,
        group: RecordGroup,
    ) -> oneshot::Receiver<Result<Appended, AppendError>> {
        let (answer, receiver) = oneshot::channel();
        let number = self.appends.fetch_add(1, Ordering::Relaxed) + 1;
        if number == self.refuses.load(Ordering::Relaxed) {
            let _ = answer.send(Err(AppendError::Full));
            return receiver;
        }
        let words = Records::new(group.payload()).map(|record| self.word(record.unwrap().1));
        self.told[usize::from(partition.0)].lock().unwrap().extend(words);
        let _ = answer.send(Ok(Appended { first: Position(0), received_at: UnixMs::EPOCH }));
        receiver
    }

    fn start(&self, _: PartitionId) -> Position {
        Position(0)
    }

    fn end(&self, _: PartitionId) -> watch::Receiver<Position> {
        watch::channel(Position(0)).1
    }

    fn read(&self, _: PartitionId, _: Position, _: usize) -> Result<Vec<Frame>, LogError> {
        Ok(Vec::new())
    }

    fn release(&self, _: PartitionId, _: Position) -> Result<(), LogError> {
        Ok(())
    }

    fn close(&self) {}
}

async fn open(folder: &TempDir) -> Arc<SqlStore> {
    Arc::new(SqlStore::open(&folder.path().join("state.db")).await.unwrap())
}

async fn load(store: &Arc<SqlStore>) -> Arc<Catalogue> {
    Arc::new(Catalogue::load(store.clone()).await.unwrap())
}

fn track(track_id: &str, duration_ms: u64) -> CatalogueTrack {
    CatalogueTrack {
        track_id: track_id.to_owned(),
        duration_ms: Some(duration_ms),
        ..CatalogueTrack::default()
    }
}

/// Each of the three appends is refused once: the import fails, the change is stored, and
/// the process dies or lives on. The next start, tick or import tells every partition.
#[tokio::test]
async fn what_the_log_refused_is_told_later() {
    for refused in 1..=u64::from(PARTITIONS) {
        for restarted in [false, true] {
            let folder = TempDir::new().unwrap();
            let (mut store, log) = (open(&folder).await, FakeLog::default());
            let mut catalogue = load(&store).await;
            log.watch(&catalogue, refused);
            let tracks = [track("T1", 1000), track("T2", 2000)];
            match catalogue.import_tracks(&tracks, &log).await {
                Err(CatalogueError::Log(AppendError::Full)) => {}
                other => panic!("the log is full: {other:?}"),
            }
            assert_eq!(store.revision().await.unwrap(), 1);
            if restarted {
                store = open(&folder).await;
                catalogue = load(&store).await;
            }
            log.watch(&catalogue, 0);
            if refused == 1 {
                catalogue.tell(&log).await.unwrap();
            } else {
                let again = catalogue.import_tracks(&tracks, &log).await.unwrap();
                assert_eq!((again.revision, again.unchanged), (1, 2));
            }
            let once = ["T1 r1 1000", "T2 r1 2000"];
            for partition in 0..usize::from(PARTITIONS) {
                let had = partition + 1 != usize::try_from(refused).unwrap();
                let expected = if had { [once, once].concat() } else { once.to_vec() };
                assert_eq!(log.told(partition), expected, "{refused} {restarted} {partition}");
            }
            assert_eq!(store.untold(1).await.unwrap(), []);
            catalogue.tell(&log).await.unwrap();
            catalogue.import_tracks(&tracks, &log).await.unwrap();
            assert!(log.told(0).len() <= 4, "nothing is left to tell");
        }
    }
}

/// A device that came and went while the log was full went for every partition.
#[tokio::test]
async fn facts_are_told_in_the_order_of_the_changes() {
    let folder = TempDir::new().unwrap();
    let (store, log) = (open(&folder).await, FakeLog::default());
    let catalogue = load(&store).await;
    let device = ["d1".to_owned(), "\u{7}no id".to_owned()];
    log.watch(&catalogue, 2);
    catalogue.list_devices(&device, true, &log).await.unwrap_err();
    log.watch(&catalogue, 2);
    catalogue.import_tracks(&[track("T1", 1000)], &log).await.unwrap_err();
    log.watch(&catalogue, 0);
    assert_eq!(catalogue.list_devices(&device, false, &log).await.unwrap().len(), 2);
    assert_eq!(log.told(1), ["d1 true", "T1 r1 1000", "d1 false"]);
    for partition in [0, 2] {
        assert!(log.told(partition).ends_with(&log.told(1)), "{:?}", log.told(partition));
    }
    assert_eq!(store.untold(1).await.unwrap(), [], "what is no id needs no telling");
}

/// Imports whose callers go away at any moment, the one of the commit included. What the
/// store took is shown before it is told: `FakeLog` looks.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_import_that_was_given_up_is_shown_and_told_by_the_next() {
    let folder = TempDir::new().unwrap();
    let (store, log) = (open(&folder).await, FakeLog::default());
    let catalogue = load(&store).await;
    log.watch(&catalogue, 0);
    let mut given_up = 0;
    for round in 0..150_u64 {
        let tracks: Vec<_> =
            (0..3).map(|n| track(&format!("T{}", round % 7 + n), 1000 + round)).collect();
        match given_up_after(1 + round % 40, catalogue.import_tracks(&tracks, &log)).await {
            Some(imported) => assert_eq!(imported.unwrap().unchanged, 0),
            None => given_up += 1,
        }
        match round % 3 {
            0 => catalogue.tell(&log).await.unwrap(),
            1 => drop(catalogue.import_tracks(&[track("T", 1)], &log).await.unwrap()),
            _ => {}
        }
    }
    assert!(given_up > 0, "some imports must have been given up");
    catalogue.import_tracks(&[track("T", 2)], &log).await.unwrap();
    let fresh = load(&store).await;
    for track in store.tracks_after("", u32::MAX).await.unwrap() {
        let id = &track.track_id;
        assert_eq!(catalogue.view().stamp(id), fresh.view().stamp(id), "{id}");
        let told = log.told(0);
        let last = told.iter().rfind(|word| word.starts_with(&format!("{id} r"))).unwrap();
        assert!(last.ends_with(&format!(" {}", track.duration_ms.unwrap())), "{id}: {last}");
    }
}

/// The same for sure: the store took an import of which the catalogue never heard, and the
/// next import changes something else, or nothing.
#[tokio::test]
async fn an_import_shows_what_came_before_it_too() {
    for next in [track("T3", 3000), track("T1", 1000)] {
        let folder = TempDir::new().unwrap();
        let (store, log) = (open(&folder).await, FakeLog::default());
        let catalogue = load(&store).await;
        log.watch(&catalogue, 0);
        catalogue.import_tracks(&[track("T1", 1000)], &log).await.unwrap();
        store.import_tracks(&[track("T2", 2000)]).await.unwrap();
        assert!(!catalogue.view().stamp("T2").known);
        let imported = catalogue.import_tracks(&[next], &log).await.unwrap();
        let shown = catalogue.view().stamp("T2");
        let expected =
            TrackStamp { revision: imported.revision, known: true, length_ms: Some(2000) };
        assert_eq!(shown, expected);
        assert_eq!(log.told(0)[1], "T2 r2 2000");
    }
}

/// What `catalog import` sends at once, and the pages that it is told in.
#[tokio::test]
async fn fifty_thousand_tracks_are_told_in_pages() {
    const MANY: u64 = 50_000;
    let folder = TempDir::new().unwrap();
    let (store, log) = (open(&folder).await, FakeLog::default());
    let catalogue = load(&store).await;
    log.watch(&catalogue, 0);
    let mut tracks: Vec<_> = (0..MANY).map(|n| track(&format!("T{n:05}"), 1000 + n)).collect();
    for all in &mut tracks {
        all.artists.push("One".to_owned());
    }
    let begin = Instant::now();
    store.import_tracks(&tracks).await.unwrap();
    let stored = begin.elapsed();
    catalogue.tell(&log).await.unwrap();
    println!("stored in {stored:?}, told in {:?}", begin.elapsed().saturating_sub(stored));
    assert_eq!(log.appends.load(Ordering::Relaxed), 5 * u64::from(PARTITIONS));
    let expected: Vec<_> = (0..MANY).map(|n| format!("T{n:05} r1 {}", 1000 + n)).collect();
    for partition in 0..usize::from(PARTITIONS) {
        assert!(log.told(partition) == expected, "{partition}");
    }
}
