//! The suite of [`RenditionStore`]. Every case wants a store that nothing was written to.

use crate::ports::blobs::BlobName;
use crate::ports::renditions::{
    AlbumLoudness, Loudness, Rendition, RenditionStore, RungName, Segment, SegmentIndex,
    TrackRenditions,
};

/// Runs every case, each on a store of its own.
pub async fn every_case<S: RenditionStore>(fresh: impl AsyncFn() -> S) {
    comes_back_as_it_was(&fresh().await).await;
    the_newest_takes_the_place(&fresh().await).await;
    takes_nothing_that_contradicts_itself(&fresh().await).await;
    lists_and_forgets(&fresh().await).await;
    says_how_loud_releases_are(&fresh().await).await;
}

/// Of recordings whose own loudness is known, and until they are stored anew.
pub async fn says_how_loud_releases_are<S: RenditionStore>(store: &S) {
    let unknown = |id: &str| {
        let mut of = track(id, vec![]);
        let loudness = of.loudness.as_mut().expect("it has one");
        loudness.album_integrated_centi_lufs = None;
        of
    };
    for id in ["c", "a", "B"] {
        put(store, &unknown(id)).await;
    }
    put(store, &TrackRenditions { loudness: None, ..track("u", vec![]) }).await;
    put(store, &track("known", vec![])).await;
    let without =
        async |after: &str, limit| store.tracks_without_album(after, limit).await.expect("lists");
    assert_eq!(without("", 9).await, ["B", "a", "c"]);
    assert_eq!(without("B", 1).await, ["a"]);
    let ids = ["a", "c", "u", "nothing"].map(str::to_owned);
    let album = AlbumLoudness { integrated_centi_lufs: -1_234, peak_centi_dbtp: -56 };
    store.put_album_loudness(&ids, Some(album)).await.expect("stores");
    assert_eq!(without("", 9).await, ["B"]);
    let read = store.renditions("a").await.expect("reads").expect("it is there");
    let loudness = Loudness {
        album_integrated_centi_lufs: Some(-1_234),
        album_peak_centi_dbtp: Some(-56),
        ..unknown("a").loudness.expect("it has one")
    };
    assert_eq!(read.loudness, Some(loudness));
    let unmeasured = store.renditions("u").await.expect("reads").expect("it is there");
    assert_eq!(
        (unmeasured.loudness, store.renditions("nothing").await.expect("reads")),
        (None, None)
    );
    put(store, &unknown("a")).await;
    assert_eq!(without("", 9).await, ["B", "a"]);
    store.put_album_loudness(&ids, None).await.expect("stores");
    assert_eq!(without("", 9).await, ["B", "a", "c"]);
}

fn blob(name: &str) -> BlobName {
    BlobName::new(name).expect("a name")
}

/// A whole file of one piece.
#[must_use]
pub fn file(rung: &str, bytes: u64) -> Rendition {
    Rendition {
        rung: RungName::new(rung).expect("a rung"),
        codec: "flac".to_owned(),
        container: "flac".to_owned(),
        mime: "audio/flac".to_owned(),
        bitrate_kbps: 900,
        bytes,
        checksum: [7; 32],
        piece_bytes: 64 << 20,
        pieces: vec![blob(&format!("audio/{rung}"))],
        segments: None,
        sample_rate_hz: 44_100,
        samples: 8_820_000,
        encoder_delay_samples: 0,
    }
}

fn fragmented(rung: &str) -> Rendition {
    let segment = |number: u64| Segment {
        offset_bytes: 1_000 + number * 60_000 + number % 3,
        start_samples: number * 96_000,
    };
    Rendition {
        codec: "opus".to_owned(),
        container: "fmp4".to_owned(),
        mime: "audio/mp4; codecs=\"opus\"".to_owned(),
        bitrate_kbps: 96,
        checksum: std::array::from_fn(|at| u8::try_from(at * 8).expect("it is below 256")),
        piece_bytes: 1 << 20,
        bytes: (6 << 20) + 1,
        pieces: (0..7).map(|piece| blob(&format!("audio/x/{rung}.{piece:03}"))).collect(),
        segments: Some(SegmentIndex { init_bytes: 700, segments: (0..100).map(segment).collect() }),
        sample_rate_hz: 48_000,
        samples: 9_600_000,
        encoder_delay_samples: 312,
        ..file(rung, 1)
    }
}

fn track(id: &str, renditions: Vec<Rendition>) -> TrackRenditions {
    let loudness = Some(Loudness {
        integrated_centi_lufs: -873,
        peak_centi_dbtp: 45,
        album_integrated_centi_lufs: Some(-901),
        album_peak_centi_dbtp: None,
    });
    TrackRenditions { track_id: id.to_owned(), loudness, renditions }
}

async fn put<S: RenditionStore>(store: &S, of: &TrackRenditions) {
    store.put_renditions(of).await.expect("stores");
}

/// Every field, whatever the recording is called.
pub async fn comes_back_as_it_was<S: RenditionStore>(store: &S) {
    assert_eq!(store.renditions("t").await.expect("reads"), None);
    for id in ["t", "Zoë '☺'\"/..%2f"] {
        let of = track(id, vec![file("flac", 9), fragmented("opus-96"), file("original", 1)]);
        put(store, &of).await;
        assert_eq!(store.renditions(id).await.expect("reads"), Some(of.clone()));
        for rendition in &of.renditions {
            let read = store.rendition(id, rendition.rung.as_str()).await.expect("reads");
            assert_eq!(read.as_ref(), Some(rendition));
        }
        assert_eq!(store.rendition(id, "opus-24").await.expect("reads"), None);
    }
    let unmeasured = TrackRenditions { loudness: None, ..track("u", vec![]) };
    put(store, &unmeasured).await;
    assert_eq!(store.renditions("u").await.expect("reads"), Some(unmeasured));
}

/// Nothing stays of what was stored before.
pub async fn the_newest_takes_the_place<S: RenditionStore>(store: &S) {
    put(store, &track("t", vec![file("original", 1)])).await;
    put(store, &track("other", vec![file("original", 2)])).await;
    let newest = TrackRenditions { loudness: None, ..track("t", vec![fragmented("opus-160")]) };
    put(store, &newest).await;
    assert_eq!(store.renditions("t").await.expect("reads"), Some(newest));
    assert_eq!(store.rendition("t", "original").await.expect("reads"), None);
    assert!(store.rendition("other", "original").await.expect("reads").is_some());
}

/// And what was there stays then.
pub async fn takes_nothing_that_contradicts_itself<S: RenditionStore>(store: &S) {
    let good = track("t", vec![fragmented("opus-96")]);
    put(store, &good).await;
    let with = |change: &dyn Fn(&mut Rendition)| {
        let mut rendition = fragmented("opus-96");
        change(&mut rendition);
        track("t", vec![rendition])
    };
    let bad = [
        track("t", vec![file("opus-96", 1), file("flac", 1)]),
        track("t", vec![file("flac", 1), file("flac", 1)]),
        with(&|it| it.pieces.truncate(6)),
        with(&|it| it.bytes = 0),
        with(&|it| it.piece_bytes = 0),
        with(&|it| it.sample_rate_hz = 0),
        with(&|it| it.segments.as_mut().expect("it has them").segments.swap(1, 2)),
        with(&|it| it.segments.as_mut().expect("it has them").segments.clear()),
        with(&|it| it.segments.as_mut().expect("it has them").init_bytes = 1_001),
    ];
    for of in bad {
        store.put_renditions(&of).await.expect_err("it contradicts itself");
    }
    assert_eq!(store.renditions("t").await.expect("reads"), Some(good));
}

/// By id, in pages; what is forgotten is gone.
pub async fn lists_and_forgets<S: RenditionStore>(store: &S) {
    for id in ["b", "a", "c", "B"] {
        put(store, &track(id, vec![file("original", 1)])).await;
    }
    let list = async |after, limit| {
        store.tracks_with_renditions(after, limit).await.expect("lists").join(" ")
    };
    assert_eq!(list("", 10).await, "B a b c");
    assert_eq!(list("a", 1).await, "b");
    assert_eq!(list("c", 1).await, "");
    assert!(store.forget_renditions("b").await.expect("forgets"));
    assert!(!store.forget_renditions("b").await.expect("looks"));
    assert_eq!(store.renditions("b").await.expect("reads"), None);
    assert_eq!(list("", 10).await, "B a c");
}
