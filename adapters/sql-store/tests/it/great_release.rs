//! A release that never ends costs what is new of it.

use ledgerline_app::ports::library::{
    Artist, Credit, CreditedArtist, LibraryChange, MusicLibrary, Release, ReleaseKind, ReleaseSums,
    Role, Track,
};
use ledgerline_ids::UnixMs;
use ledgerline_sql_store::SqlStore;
use sqlx::{Connection, SqliteConnection};
use tempfile::TempDir;

const MANY: u32 = 600;

/// What stands in the rows of its tracks was changed past the store, and only what reads them can tell.
#[tokio::test]
async fn what_it_has_is_not_read_again_for_what_is_new() {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("state.db");
    let store = SqlStore::open(&path).await.unwrap();
    let first = LibraryChange {
        artists: vec![artist()],
        releases: vec![release()],
        tracks: (0..MANY).map(track).collect(),
        ..LibraryChange::default()
    };
    store.change_library(&first).await.unwrap();
    assert_eq!(sums(&store).await, (MANY, u64::from(MANY) * 1_000));
    let mut beside = SqliteConnection::connect(path.to_str().unwrap()).await.unwrap();
    let changed = sqlx::query("UPDATE library_tracks SET duration_ms = 7");
    assert_eq!(changed.execute(&mut beside).await.unwrap().rows_affected(), u64::from(MANY));
    beside.close().await.unwrap();

    let more = LibraryChange { tracks: vec![track(MANY)], ..LibraryChange::default() };
    store.change_library(&more).await.unwrap();
    assert_eq!(sums(&store).await, (MANY + 1, u64::from(MANY + 1) * 1_000));
    let changed = LibraryChange { tracks: vec![track(MANY)], ..LibraryChange::default() };
    store.change_library(&changed).await.unwrap();
    assert_eq!(sums(&store).await, (MANY + 1, u64::from(MANY) * 7 + 1_000), "all are read");
}

async fn sums(store: &SqlStore) -> (u32, u64) {
    let found = store.releases_by_id(&["R1".to_owned()]).await.unwrap().remove(0).sums;
    (found.tracks, found.duration_ms)
}

fn artist() -> Artist {
    Artist {
        id: "A1".to_owned(),
        name: "Ada".to_owned(),
        sort_name: "Ada".to_owned(),
        musicbrainz_id: None,
        biography: String::new(),
        picture: None,
        releases: 0,
    }
}

fn credited() -> CreditedArtist {
    CreditedArtist { artist_id: "A1".to_owned(), name: "Ada".to_owned() }
}

fn release() -> Release {
    Release {
        id: "R1".to_owned(),
        title: "Everything".to_owned(),
        kind: ReleaseKind::Album,
        released_on: "2026".to_owned(),
        label: None,
        upc: None,
        musicbrainz_id: None,
        cover: None,
        compilation: false,
        artists: vec![credited()],
        artists_by_tracks: false,
        added_at: UnixMs::new(1).unwrap(),
        sums: ReleaseSums::default(),
    }
}

fn track(number: u32) -> Track {
    Track {
        id: format!("T{number:04}"),
        release_id: "R1".to_owned(),
        disc: 1,
        number,
        title: format!("Song {number}"),
        credits: vec![Credit { artist: credited(), role: Role::Main, detail: String::new() }],
        duration_ms: 1_000,
        explicit: false,
        explicit_said: None,
        genres: vec!["Jazz".to_owned()],
        isrc: None,
        musicbrainz_id: None,
        has_lyrics: false,
        added_at: UnixMs::new(2).unwrap(),
        missing_since: None,
    }
}
