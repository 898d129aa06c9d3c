//! The use case with real sound: files in, renditions out, whatever breaks in between.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use ledgerline_app::ingest::{
    ATTEMPTS_MAX, AWAY_MS, Ingest, IngestParts, LEASE_MS, PIECE_BYTES_MAX, Worked,
};
use ledgerline_app::ports::ingest::JobState;
use ledgerline_app::ports::memory_blobs::MemoryBlobs;
use ledgerline_app::ports::memory_ingest::MemoryIngest;
use ledgerline_app::ports::memory_renditions::MemoryRenditions;
use ledgerline_app::ports::{BlobName, Clock, IngestStore, RenditionStore};
use ledgerline_audio::{Limits, Studio};
use ledgerline_ids::UnixMs;

use crate::signal::{Chance, decoded, music, wav};

#[derive(Default)]
struct Hand(AtomicU64);

impl Clock for Hand {
    fn now(&self) -> UnixMs {
        UnixMs::new(1_767_225_600_000 + self.0.load(Ordering::Relaxed)).unwrap()
    }

    fn elapsed(&self) -> Duration {
        Duration::from_millis(self.0.load(Ordering::Relaxed))
    }
}

struct House {
    store: Arc<MemoryIngest>,
    renditions: Arc<MemoryRenditions>,
    blobs: Arc<MemoryBlobs>,
    clock: Arc<Hand>,
}

impl House {
    fn new() -> Self {
        Self {
            store: Arc::default(),
            renditions: Arc::default(),
            blobs: Arc::new(MemoryBlobs::new()),
            clock: Arc::default(),
        }
    }

    fn worker(&self, name: &str) -> Ingest {
        let studio = Studio::new(Limits::default(), "opus-96,flac".parse().unwrap());
        Ingest::new(IngestParts {
            store: self.store.clone(),
            renditions: self.renditions.clone(),
            blobs: self.blobs.clone(),
            studio: Arc::new(studio),
            files: None,
            clock: self.clock.clone(),
            worker: name.to_owned(),
            takes_scanned: false,
        })
    }

    fn later(&self, ms: u64) {
        self.clock.0.fetch_add(ms, Ordering::Relaxed);
    }

    async fn state(&self, job: u64) -> (JobState, Option<String>) {
        let job = self.store.ingest_job(job).await.unwrap().unwrap();
        (job.state, job.reason)
    }
}

fn song(seed: u64, seconds: usize) -> Vec<u8> {
    wav(&music(seed, 44_100, 44_100 * seconds), 44_100, 2, 16)
}

#[tokio::test]
async fn files_become_renditions_and_broken_ones_fail_alone() {
    let house = House::new();
    let ingest = house.worker("w");
    ingest.add("T1", "wav", &song(1, 12)).await.unwrap();
    ingest.add("T2", "wav", b"no music at all").await.unwrap();
    ingest.add("T3", "WAV", &song(2, 9)).await.unwrap();
    assert!(ingest.add("T4", "wav", b"").await.is_err());
    assert_eq!(ingest.work().await.unwrap(), Some(Worked::Done { number: 1, duplicate_of: None }));
    let refused = ingest.work().await.unwrap();
    assert!(
        matches!(&refused, Some(Worked::Failed { number: 2, reason }) if reason.contains("no audio file")),
        "{refused:?}"
    );
    assert_eq!(ingest.work().await.unwrap(), Some(Worked::Done { number: 3, duplicate_of: None }));
    assert_eq!(ingest.work().await.unwrap(), None);
    assert_eq!(ingest.counts().await.unwrap(), [0, 0, 2, 1]);

    let study = ingest.study("T1").await.unwrap().unwrap();
    assert_eq!((study.duration_ms, study.rate_hz, study.channels), (12_000, 44_100, 2));
    let rungs: Vec<&str> = study.renditions.iter().map(|it| it.rung.as_str()).collect();
    assert_eq!(rungs, ["opus-96", "flac", "preview"]);
    for rendition in &study.renditions {
        let mut file = Vec::new();
        for piece in &rendition.pieces {
            let name = BlobName::new(piece.blob.clone()).unwrap();
            let store: &dyn ledgerline_app::ports::BlobStore = &*house.blobs;
            file.extend(store.get(&name).await.unwrap().unwrap());
        }
        assert_eq!(file.len() as u64, rendition.bytes);
        assert_eq!(decoded(&file, Some("mp4")).0.frames, rendition.frames, "{}", rendition.rung);
    }
    assert!(ingest.check(false).await.unwrap().is_sound());

    let renditions: &dyn RenditionStore = &*house.renditions;
    let sent = renditions.renditions("T1").await.unwrap().unwrap();
    let names: Vec<&str> = sent.renditions.iter().map(|it| it.rung.as_str()).collect();
    assert_eq!(names, ["flac", "opus-96", "original", "preview"]);
    let opus = sent.rung("opus-96").unwrap();
    assert_eq!(
        (opus.sample_rate_hz, opus.samples, opus.encoder_delay_samples),
        (48_000, 576_000, 960)
    );
    let starts: Vec<u64> =
        opus.segments.as_ref().unwrap().segments.iter().map(|it| it.start_samples).collect();
    assert_eq!(starts[..3], [0, 96_960, 192_960]);
    assert_eq!(renditions.renditions("T2").await.unwrap(), None);
}

#[tokio::test]
async fn copies_are_told_and_clips_recognised() {
    let house = House::new();
    let ingest = house.worker("w");
    let original = music(5, 44_100, 44_100 * 25);
    ingest.add("T1", "wav", &wav(&original, 44_100, 2, 16)).await.unwrap();
    ingest.add("T2", "wav", &song(6, 25)).await.unwrap();
    // The same a little quieter, and from a little later on.
    let copy: Vec<f32> = original[44_100..].iter().map(|sample| sample * 0.8).collect();
    ingest.add("T3", "wav", &wav(&copy, 44_100, 2, 16)).await.unwrap();
    let mut duplicates = Vec::new();
    while let Some(worked) = ingest.work().await.unwrap() {
        let Worked::Done { duplicate_of, .. } = worked else { panic!("{worked:?}") };
        duplicates.push(duplicate_of);
    }
    assert_eq!(duplicates, [None, None, Some("T1".to_owned())]);

    let mut chance = Chance::new(3);
    let clip: Vec<f32> = original[44_100 * 2 * 8..44_100 * 2 * 18]
        .iter()
        .map(|sample| sample + (chance.normal() * 0.02) as f32)
        .collect();
    let found = ingest.identify(wav(&clip, 44_100, 2, 16), "wav").await.unwrap();
    // The copy is as like as the original: both, or neither, would be right.
    assert!(found.is_none_or(|found| found.track_id != "T2"));
    let other = wav(&music(6, 44_100, 44_100 * 25)[44_100 * 2 * 5..][..44_100 * 20], 44_100, 2, 16);
    let found = ingest.identify(other, "wav").await.unwrap().unwrap();
    assert_eq!(found.track_id, "T2");
    assert!((found.at_ms - 5_000).abs() < 100, "{found:?}");
    assert!(ingest.identify(b"noise".to_vec(), "").await.is_err());
}

/// However long it takes: a disk that is read-only for a day must not fail a folder of music.
#[tokio::test]
async fn stores_that_are_away_are_waited_for() {
    let house = House::new();
    let ingest = house.worker("w");
    ingest.add("T1", "wav", &song(3, 6)).await.unwrap();
    house.blobs.set_away(true);
    for attempt in 0..3 * ATTEMPTS_MAX {
        let worked = ingest.work().await.unwrap();
        assert!(matches!(worked, Some(Worked::Away { number: 1, .. })), "{attempt}: {worked:?}");
        assert_eq!(ingest.work().await.unwrap(), None, "it waits");
        house.later(AWAY_MS);
    }
    let (state, reason) = house.state(1).await;
    assert_eq!(state, JobState::Queued);
    assert!(reason.unwrap().contains("doesn't answer"));
    house.blobs.set_away(false);
    assert!(matches!(ingest.work().await.unwrap(), Some(Worked::Done { number: 1, .. })));
}

/// A file that arrives bit by bit is the same job as the same file at once, and what doesn't end leaves nothing.
#[tokio::test]
async fn files_arrive_in_any_parts() {
    let house = House::new();
    let ingest = Arc::new(house.worker("w"));
    let file = song(9, 50);
    assert!(file.len() > PIECE_BYTES_MAX, "it has more than one piece");
    let blobs: &dyn ledgerline_app::ports::BlobStore = &*house.blobs;
    let names = async || {
        let page = blobs.list(None, None, 100).await.unwrap();
        page.blobs.into_iter().map(|blob| blob.name.to_string()).collect::<Vec<_>>()
    };
    let mut bringing = ingest.bring("T1", "WAV");
    for part in file.chunks(1_000_003) {
        bringing.take(part).await.unwrap();
    }
    let job = bringing.end().await.unwrap();
    assert_eq!(names().await.len(), 2, "its pieces and no others: {:?}", names().await);
    assert_eq!(ingest.add("T1", "wav", &file).await.unwrap(), job);
    assert!(ingest.bring("T2", "wav").end().await.is_err(), "there was nothing");

    let mut broken_off = ingest.bring("T2", "wav");
    broken_off.take(&file).await.unwrap();
    assert_eq!(names().await.len(), 3);
    broken_off.forget().await;
    assert_eq!(names().await.len(), 2);
    let mut killed = ingest.bring("T2", "wav");
    killed.take(&file).await.unwrap();
    drop(killed);
    house.worker("next").begin_alone().await.unwrap();
    assert_eq!(names().await.len(), 2);
    assert!(matches!(ingest.work().await.unwrap(), Some(Worked::Done { number: 1, .. })));
}

/// The store of blobs goes away at every call in turn: whatever was half done is done again, and nothing is
/// left that isn't whole.
#[tokio::test]
async fn whatever_is_cut_off_is_begun_again() {
    let file = song(4, 4);
    for calls in 0..8 {
        let house = House::new();
        let ingest = house.worker("w");
        ingest.add("T1", "wav", &file).await.unwrap();
        house.blobs.away_after(calls);
        let first = ingest.work().await.unwrap();
        house.blobs.set_away(false);
        house.later(3_600_000);
        if !matches!(first, Some(Worked::Done { .. })) {
            let again = ingest.work().await.unwrap();
            assert!(matches!(again, Some(Worked::Done { number: 1, .. })), "{calls}: {again:?}");
        }
        assert!(ingest.check(false).await.unwrap().is_sound(), "{calls}");
    }
}

/// A worker that is dead holds a job until its lease ends, and what it says afterwards isn't heard.
#[tokio::test]
async fn jobs_of_the_dead_are_anothers() {
    let house = House::new();
    let (dead, alive) = (house.worker("dead"), house.worker("alive"));
    dead.add("T1", "wav", &song(7, 5)).await.unwrap();
    let now = house.clock.now();
    house.store.claim_ingest("dead", now, LEASE_MS).await.unwrap().unwrap();
    assert_eq!(alive.work().await.unwrap(), None);
    house.later(LEASE_MS);
    assert!(matches!(alive.work().await.unwrap(), Some(Worked::Done { number: 1, .. })));
    assert_eq!(house.state(1).await.0, JobState::Done);
}

/// Whoever dies of a file, time after time, isn't asked for ever.
#[tokio::test]
async fn files_that_kill_are_given_up() {
    let house = House::new();
    let ingest = house.worker("w");
    ingest.add("T1", "wav", &song(7, 3)).await.unwrap();
    for _ in 0..ATTEMPTS_MAX {
        house.store.claim_ingest("killed", house.clock.now(), LEASE_MS).await.unwrap().unwrap();
        house.later(LEASE_MS);
    }
    let worked = ingest.work().await.unwrap();
    assert!(matches!(worked, Some(Worked::Failed { number: 1, .. })), "{worked:?}");
}

#[tokio::test]
async fn damaged_pieces_are_found_and_made_again() {
    let house = House::new();
    let ingest = house.worker("w");
    ingest.add("T1", "wav", &song(8, 6)).await.unwrap();
    ingest.work().await.unwrap().unwrap();
    let study = ingest.study("T1").await.unwrap().unwrap();
    let blob = |rung: usize| BlobName::new(study.renditions[rung].pieces[0].blob.clone()).unwrap();
    house.blobs.tamper(&blob(0), |bytes| bytes[1_000] ^= 1);
    house.blobs.tamper(&blob(1), |bytes| bytes.truncate(100));
    let store: &dyn ledgerline_app::ports::BlobStore = &*house.blobs;
    store.delete(&blob(2)).await.unwrap();
    let found = ingest.check(false).await.unwrap();
    let what: Vec<&str> = found.damages.iter().map(|damage| damage.what).collect();
    assert_eq!(what, ["changed", "of another length", "missing"]);
    assert!(!found.is_sound());
    let repaired = ingest.check(true).await.unwrap();
    assert_eq!(repaired.damages.len(), 3);
    assert!(repaired.is_sound());
    let after = ingest.check(false).await.unwrap();
    assert!(after.is_sound() && after.damages.is_empty());
    assert_eq!(ingest.study("T1").await.unwrap().unwrap(), study, "the same bytes again");

    let original = BlobName::new(format!("originals/{}/0000", study.original.sha256)).unwrap();
    house.blobs.tamper(&original, |bytes| bytes[50_000] ^= 1);
    house.blobs.tamper(&blob(0), |bytes| bytes[1_000] ^= 1);
    let lost = ingest.check(true).await.unwrap();
    assert!(!lost.is_sound(), "from a damaged original nothing is made again");
    assert!(lost.damages.iter().any(|damage| damage.rung == "original"));
}
