//! The suite of [`IngestStore`]. Every case wants a store that nothing was written to.

use ledgerline_ids::UnixMs;

use crate::ports::ingest::{
    FolderFile, IngestJob, IngestSource, IngestStore, JobLease, JobState, NewIngest, Original,
    Setback, StoredPiece, StoredRendition, TrackLoudness, TrackStudy,
};

/// Runs every case, each on a store of its own.
pub async fn every_case<S: IngestStore>(fresh: impl AsyncFn() -> S) {
    a_file_of_a_track_is_one_job(&fresh().await).await;
    audio_in_a_folder_is_one_job_as_long_as_it_is_the_tracks(&fresh().await).await;
    many_are_queued_at_once(&fresh().await).await;
    the_oldest_job_is_taken_once(&fresh().await).await;
    a_lease_that_ended_is_anothers(&fresh().await).await;
    the_dead_hold_nothing(&fresh().await).await;
    failures_wait_or_end(&fresh().await).await;
    what_was_found_comes_with_the_end(&fresh().await).await;
    studies_are_listed_and_found_by_length(&fresh().await).await;
}

const LASTS_MS: u64 = 1_000;

fn at(ms: u64) -> UnixMs {
    UnixMs::new(1_767_225_600_000 + ms).expect("a time")
}

fn original(sha256: &str) -> Original {
    Original { sha256: sha256.to_owned(), bytes: 1 << 33, extension: "flac".to_owned() }
}

fn new(track_id: &str, sha256: &str, ms: u64) -> NewIngest {
    let source = IngestSource::Kept(original(sha256));
    NewIngest { track_id: track_id.to_owned(), source, at: at(ms) }
}

fn scanned(track_id: &str, audio: &str) -> NewIngest {
    let source = IngestSource::Folder(FolderFile {
        audio_sha256: audio.to_owned(),
        bytes: 1 << 33,
        extension: "mp3".to_owned(),
    });
    NewIngest { track_id: track_id.to_owned(), source, at: at(0) }
}

fn lease(number: u64, worker: &str, ms: u64) -> JobLease<'_> {
    JobLease { number, worker, now: at(ms), lasts_ms: LASTS_MS }
}

async fn queue(store: &dyn IngestStore, track_id: &str, sha256: &str) -> IngestJob {
    store.enqueue_ingest(new(track_id, sha256, 0)).await.expect("queues")
}

async fn claim(store: &dyn IngestStore, worker: &str, ms: u64) -> Option<u64> {
    let claimed = store.claim_ingest(worker, at(ms), LASTS_MS).await.expect("claims");
    claimed.map(|job| job.number)
}

async fn job(store: &dyn IngestStore, number: u64) -> IngestJob {
    store.ingest_job(number).await.expect("reads").expect("there is such a job")
}

/// A study with something in every field.
fn study(track_id: &str, duration_ms: u64) -> TrackStudy {
    let piece =
        StoredPiece { blob: "renditions/x/0000".to_owned(), bytes: 7, sha256: "ab".repeat(32) };
    let rendition = StoredRendition {
        rung: "opus-96".to_owned(),
        codec: "opus".to_owned(),
        bitrate_kbps: 96,
        frames: 1 << 40,
        timescale: 48_000,
        priming_frames: 960,
        head_bytes: 900,
        segments: vec![(900, 0), (1 << 40, 96_960)],
        bytes: 7,
        sha256: "cd".repeat(32),
        pieces: vec![piece.clone(), piece],
    };
    TrackStudy {
        track_id: track_id.to_owned(),
        original: original("ef"),
        audio_sha256: None,
        codec: "flac".to_owned(),
        rate_hz: 44_100,
        channels: 2,
        duration_ms,
        integrated_mlufs: -14_250,
        range_mlu: 6_100,
        true_peak_mdb: -1_020,
        loudness_blocks: vec![0, 1, 2, 255, 254, 253],
        print: vec![1, 2, 3, 4],
        landmarks: vec![0, 255],
        waveform: vec![9; 800],
        preview_start_ms: 30_000,
        duplicate_of: Some("T'0 ☺".to_owned()),
        renditions: vec![rendition],
    }
}

/// Queued twice it is one job, unless it failed; another file or track is another.
pub async fn a_file_of_a_track_is_one_job(store: &dyn IngestStore) {
    assert_eq!(store.ingest_job(1).await.expect("reads"), None);
    assert_eq!(store.ingest_job(u64::MAX).await.expect("reads"), None);
    let first = queue(store, "T'1 ☺", "a").await;
    assert_eq!((first.number, first.state, first.attempts), (1, JobState::Queued, 0));
    assert_eq!(first.new, new("T'1 ☺", "a", 0));
    assert_eq!(queue(store, "T'1 ☺", "a").await, first);
    assert_eq!(job(store, 1).await, first);
    assert_eq!(queue(store, "T'1 ☺", "b").await.number, 2);
    assert_eq!(queue(store, "T2", "a").await.number, 3);
    assert_eq!(claim(store, "w", 1).await, Some(1));
    assert_eq!(queue(store, "T'1 ☺", "a").await.state, JobState::Running);
    assert!(
        store.give_up_ingest(lease(1, "w", 2), "broken", Setback::Failed).await.expect("gives up")
    );
    assert_eq!(queue(store, "T'1 ☺", "a").await.number, 4);
    assert_eq!(store.ingest_counts().await.expect("counts"), [3, 0, 0, 1]);
    let listed = async |state, from, limit| -> Vec<u64> {
        let jobs = store.ingest_jobs(state, from, limit).await.expect("lists");
        jobs.iter().map(|job| job.number).collect()
    };
    assert_eq!(listed(None, u64::MAX, 10).await, [4, 3, 2, 1]);
    assert_eq!(listed(None, 3, 2).await, [3, 2]);
    assert_eq!(listed(Some(JobState::Failed), u64::MAX, 10).await, [1]);
    assert_eq!(listed(Some(JobState::Queued), u64::MAX, 10).await, [4, 3, 2]);
}

/// Also after it was done; but not once other audio took its place, nor after it failed.
pub async fn audio_in_a_folder_is_one_job_as_long_as_it_is_the_tracks(store: &dyn IngestStore) {
    let queue = async |audio| store.enqueue_ingest(scanned("T'1 ☺", audio)).await.expect("queues");
    let ids = ["T'1 ☺".to_owned(), "T2".to_owned()];
    let seen_to = async || {
        let mut seen_to = store.audio_seen_to(&ids).await.expect("reads");
        seen_to.sort();
        seen_to.into_iter().map(|(_, audio)| audio).collect::<Vec<String>>()
    };
    let done = async |number, audio: &str| {
        assert_eq!(claim(store, "w", 1).await, Some(number));
        let audio_sha256 = Some(audio.to_owned());
        let study = TrackStudy { audio_sha256, ..study("T'1 ☺", 9) };
        assert!(store.complete_ingest(lease(number, "w", 1), &study).await.expect("ends"));
        assert_eq!(store.track_study("T'1 ☺").await.expect("reads"), Some(study));
    };
    let first = queue("a").await;
    assert_eq!((first.number, &first.new), (1, &scanned("T'1 ☺", "a")));
    assert_eq!(job(store, 1).await, first);
    assert_eq!(queue("a").await, first);
    assert_eq!(seen_to().await, ["a"]);
    done(1, "a").await;
    assert_eq!(queue("a").await.number, 1, "the track has it");
    assert_eq!(seen_to().await, ["a"]);
    assert_eq!(queue("b").await.number, 2);
    done(2, "b").await;
    assert_eq!(seen_to().await, ["b"]);
    assert_eq!(queue("a").await.number, 3, "it was replaced meanwhile");
    assert_eq!(claim(store, "w", 1).await, Some(3));
    assert!(store.give_up_ingest(lease(3, "w", 2), "gone", Setback::Failed).await.expect("ends"));
    assert_eq!(seen_to().await, ["a", "b"], "what failed isn't looked for again");
    assert_eq!(queue("a").await.number, 4, "but is queued where it is asked for");
    // What was brought is another file, whatever it is called.
    assert_eq!(store.enqueue_ingest(new("T'1 ☺", "b", 0)).await.expect("queues").number, 5);
}

/// Each once; how many are new is said.
pub async fn many_are_queued_at_once(store: &dyn IngestStore) {
    let all: Vec<NewIngest> = (0..300).map(|at| scanned(&format!("T{at:03}"), "a")).collect();
    assert_eq!(store.enqueue_ingests(all[..2].to_vec()).await.expect("queues"), 2);
    assert_eq!(store.enqueue_ingests(all.clone()).await.expect("queues"), 298);
    assert_eq!(store.enqueue_ingests(all.clone()).await.expect("queues"), 0);
    assert_eq!(store.enqueue_ingests(Vec::new()).await.expect("queues"), 0);
    assert_eq!(store.ingest_counts().await.expect("counts"), [300, 0, 0, 0]);
    assert_eq!(job(store, 300).await.new, all[299]);
    let ids: Vec<String> = all.into_iter().map(|new| new.track_id).collect();
    assert_eq!(store.audio_seen_to(&ids).await.expect("reads").len(), 300);
}

/// In the order in which they were queued, each by one worker.
pub async fn the_oldest_job_is_taken_once(store: &dyn IngestStore) {
    assert_eq!(claim(store, "w1", 0).await, None);
    queue(store, "T1", "a").await;
    queue(store, "T2", "b").await;
    assert_eq!(claim(store, "w1", 1).await, Some(1));
    assert_eq!(claim(store, "w2", 1).await, Some(2));
    assert_eq!(claim(store, "w3", 1).await, None);
    let running = job(store, 1).await;
    assert_eq!(
        (running.state, running.attempts, running.changed_at),
        (JobState::Running, 1, at(1))
    );
}

/// Until it ends nobody else gets the job, and from then on the first one's word counts no more.
pub async fn a_lease_that_ended_is_anothers(store: &dyn IngestStore) {
    queue(store, "T1", "a").await;
    assert_eq!(claim(store, "w1", 0).await, Some(1));
    assert!(store.renew_ingest(lease(1, "w1", 900), 500).await.expect("renews"));
    assert_eq!(job(store, 1).await.progress_permille, 500);
    assert_eq!(claim(store, "w2", 1_500).await, None, "it was renewed");
    assert!(!store.renew_ingest(lease(1, "w2", 1_500), 1).await.expect("answers"));
    assert_eq!(claim(store, "w2", 1_900).await, Some(1));
    let taken = job(store, 1).await;
    assert_eq!((taken.attempts, taken.progress_permille), (2, 0));
    assert!(!store.renew_ingest(lease(1, "w1", 1_901), 900).await.expect("answers"));
    assert!(!store.complete_ingest(lease(1, "w1", 1_901), &study("T1", 1)).await.expect("answers"));
    assert!(
        !store.give_up_ingest(lease(1, "w1", 1_901), "no", Setback::Failed).await.expect("answers")
    );
    assert_eq!(store.track_study("T1").await.expect("reads"), None);
    assert_eq!(job(store, 1).await, taken);
    assert!(store.complete_ingest(lease(1, "w2", 1_902), &study("T1", 1)).await.expect("ends"));
    assert_eq!(claim(store, "w1", 1 << 40).await, None, "what is done stays done");
}

/// Whoever knows that nobody works ends all leases at once.
pub async fn the_dead_hold_nothing(store: &dyn IngestStore) {
    assert_eq!(store.end_ingest_leases(at(0)).await.expect("ends"), 0);
    for track_id in ["T1", "T2", "T3"] {
        queue(store, track_id, "a").await;
    }
    assert_eq!(claim(store, "w1", 0).await, Some(1));
    assert_eq!(claim(store, "w1", 0).await, Some(2));
    assert_eq!(store.end_ingest_leases(at(1)).await.expect("ends"), 2);
    assert!(!store.renew_ingest(lease(1, "w1", 1), 1).await.expect("answers"));
    assert_eq!(claim(store, "w2", 1).await, Some(1));
    assert_eq!(job(store, 1).await.attempts, 2);
    assert_eq!(claim(store, "w2", 1).await, Some(2));
    assert_eq!(claim(store, "w2", 1).await, Some(3));
}

/// What may work later waits; what was given up stays so until somebody asks for it again.
pub async fn failures_wait_or_end(store: &dyn IngestStore) {
    queue(store, "T1", "a").await;
    assert_eq!(claim(store, "w", 0).await, Some(1));
    let later = Setback::Later(at(5_000));
    let away = store.give_up_ingest(lease(1, "w", 1), "the store is away", later).await;
    assert!(away.expect("gives up"));
    let waiting = job(store, 1).await;
    assert_eq!(
        (waiting.state, waiting.reason.as_deref()),
        (JobState::Queued, Some("the store is away"))
    );
    assert_eq!(claim(store, "w", 4_999).await, None);
    assert_eq!(claim(store, "w", 5_000).await, Some(1));
    assert!(!store.retry_ingest(1, at(5_001)).await.expect("answers"), "it runs");
    assert!(
        store
            .give_up_ingest(lease(1, "w", 5_001), "broken ☺", Setback::Failed)
            .await
            .expect("gives up")
    );
    let failed = job(store, 1).await;
    assert_eq!((failed.state, failed.attempts), (JobState::Failed, 2));
    assert_eq!((failed.reason.as_deref(), failed.changed_at), (Some("broken ☺"), at(5_001)));
    assert_eq!(claim(store, "w", 1 << 40).await, None);
    assert!(store.retry_ingest(1, at(6_000)).await.expect("queues"));
    assert!(!store.retry_ingest(2, at(6_000)).await.expect("answers"), "there is none");
    assert_eq!(job(store, 1).await.attempts, 0);
    assert_eq!(claim(store, "w", 6_000).await, Some(1));
    let away = store.give_up_ingest(lease(1, "w", 6_001), "away", Setback::Away(at(7_000))).await;
    assert!(away.expect("gives up"));
    assert_eq!(job(store, 1).await.attempts, 0, "it was nobody's fault");
    assert_eq!(claim(store, "w", 6_999).await, None);
    assert_eq!(claim(store, "w", 7_000).await, Some(1));
}

/// Every field comes back; a later file of the same track takes the place of the first.
pub async fn what_was_found_comes_with_the_end(store: &dyn IngestStore) {
    queue(store, "T1", "a").await;
    assert_eq!(claim(store, "w", 0).await, Some(1));
    let found = study("T1", 200_000);
    assert!(store.complete_ingest(lease(1, "w", 7), &found).await.expect("ends"));
    assert_eq!(store.track_study("T1").await.expect("reads"), Some(found));
    let done = job(store, 1).await;
    assert_eq!((done.state, done.progress_permille), (JobState::Done, 1_000));
    assert_eq!((done.changed_at, done.reason), (at(7), None));

    queue(store, "T1", "b").await;
    assert_eq!(claim(store, "w", 8).await, Some(2));
    let mut later = TrackStudy { duplicate_of: None, ..study("T1", 100_000) };
    assert!(store.complete_ingest(lease(2, "w", 9), &later).await.expect("ends"));
    assert_eq!(store.track_study("T1").await.expect("reads"), Some(later.clone()));
    later.renditions.clear();
    assert!(store.replace_renditions("T1", &[]).await.expect("replaces"));
    assert_eq!(store.track_study("T1").await.expect("reads"), Some(later));
    assert!(!store.replace_renditions("T2", &[]).await.expect("answers"));
}

/// By the bytes of their ids; and by length, without the one that asks.
pub async fn studies_are_listed_and_found_by_length(store: &dyn IngestStore) {
    for (number, (track_id, duration_ms)) in
        (1..).zip([("b", 100_000), ("B", 103_000), ("a", 90_000), ("ä", 108_001)])
    {
        queue(store, track_id, "x").await;
        assert_eq!(claim(store, "w", 0).await, Some(number));
        let stored =
            store.complete_ingest(lease(number, "w", 1), &study(track_id, duration_ms)).await;
        assert!(stored.expect("ends"));
    }
    let listed = async |after: &str, limit| -> Vec<String> {
        let studies = store.track_studies(after, limit).await.expect("lists");
        studies.into_iter().map(|study| study.track_id).collect()
    };
    assert_eq!(listed("", 10).await, ["B", "a", "b", "ä"]);
    assert_eq!(listed("B", 2).await, ["a", "b"]);
    assert_eq!(listed("ä", 2).await, Vec::<String>::new());
    let asked = ["ä", "none", "b"].map(str::to_owned);
    let mut loud = store.loudness_of(&asked).await.expect("reads");
    loud.sort_by(|one, other| one.track_id.cmp(&other.track_id));
    let of = |track_id: &str| TrackLoudness {
        track_id: track_id.to_owned(),
        blocks: vec![0, 1, 2, 255, 254, 253],
        true_peak_mdb: -1_020,
    };
    assert_eq!(loud, [of("b"), of("ä")]);
    let near = async |track_id: &str, within_ms, limit| -> Vec<String> {
        let prints = store.prints_near(track_id, 100_000, within_ms, limit).await.expect("lists");
        assert!(prints.iter().all(|(_, print)| print == &[1, 2, 3, 4]));
        prints.into_iter().map(|(track_id, _)| track_id).collect()
    };
    assert_eq!(near("b", 8_000, 10).await, ["B"]);
    assert_eq!(near("b", 10_000, 10).await, ["B", "a", "ä"]);
    assert_eq!(near("other", 10_000, 2).await, ["B", "a"]);
    assert_eq!(near("b", 2_999, 10).await, Vec::<String>::new());
}
