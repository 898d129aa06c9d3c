//! Of the suite of [`MusicLibrary`]: a release that grows.

use super::library::{
    at, counted, credit, credited, folder, genres, ids, library, one_release, part, place, track,
};
use crate::ports::library::{
    AudioFile, LibraryChange, MusicLibrary, Part, Relation, RelationKind, ReleaseSums, Role, Track,
};

/// Runs the cases that stand here, each on a store of its own.
pub(super) async fn every_case<S: MusicLibrary>(fresh: &impl AsyncFn() -> S) {
    a_great_release_grows(&fresh().await).await;
    artists_have_covers(&fresh().await).await;
    pages_have_all_their_parts(&fresh().await).await;
}

/// A page is what its parts are, asked for one by one.
pub async fn pages_have_all_their_parts(store: &dyn MusicLibrary) {
    folder(store).await;
    let mut tracks = [track("T1", "R1", 2), track("T2", "R1", 1), track("T3", "R2", 1)];
    tracks[0].has_lyrics = true;
    let mut change = library(&tracks);
    // The first has two files, the second one, the third none.
    let other = AudioFile { place: place("again.flac"), ..change.files[0].clone() };
    change.files.truncate(2);
    change.files.push(other);
    store.change_library(&change).await.expect("writes");
    let related = Relation {
        track_id: "T3".to_owned(),
        kind: RelationKind::Remix,
        of_track_id: "T1".to_owned(),
    };
    assert!(store.relate(&related, true).await.expect("writes"));
    for (id, files, relations) in [("T1", 2, 1), ("T2", 1, 0), ("T3", 0, 1)] {
        let asked = [id.to_owned()];
        let parts = store.track_parts(id).await.expect("reads").expect("it is there");
        assert_eq!(
            [parts.track.clone()].as_slice(),
            store.tracks_by_id(&asked).await.expect("reads")
        );
        let release = store.releases_by_id(&[parts.track.release_id]).await.expect("reads");
        assert_eq!([parts.release].as_slice(), release);
        assert_eq!(parts.files, store.files_of_tracks(&asked).await.expect("reads"));
        assert_eq!(parts.relations, store.relations(id).await.expect("reads"));
        assert_eq!((parts.files.len(), parts.relations.len()), (files, relations), "{id}");
    }
    for (id, count) in [("R1", 2), ("R2", 1)] {
        let (release, tracks) = store.release_parts(id).await.expect("reads").expect("it is there");
        assert_eq!(
            [release].as_slice(),
            store.releases_by_id(&[id.to_owned()]).await.expect("reads")
        );
        assert_eq!(tracks, store.tracks_of_release(id).await.expect("reads"));
        assert_eq!(tracks.len(), count, "{id}");
    }
    assert_eq!(store.track_parts("nothing").await.expect("reads"), None);
    assert_eq!(store.release_parts("nothing").await.expect("reads"), None);
}

/// An artist is shown by its own newest release, else by one of others.
pub async fn artists_have_covers(store: &dyn MusicLibrary) {
    folder(store).await;
    let mut tracks = [track("T1", "R1", 1), track("T2", "R2", 1), track("T3", "R3", 1)];
    tracks[1].credits.push(credit("A2", Role::Featured));
    tracks[2].credits = vec![credit("A3", Role::Main)];
    let mut change = library(&tracks);
    for (release, (on, cover)) in
        change.releases.iter_mut().zip([("2025", "old"), ("2026", "new"), ("2026", "")])
    {
        release.released_on = on.to_owned();
        release.cover = Some(cover.to_owned()).filter(|cover| !cover.is_empty());
    }
    store.change_library(&change).await.expect("writes");
    let asked = ids(["A1", "A2", "A3", "nobody"]);
    let covers = store.covers_of_artists(&asked).await.expect("reads");
    let expected = [("A1", "new"), ("A2", "new")];
    let expected = expected.map(|(id, cover)| (id.to_owned(), cover.to_owned()));
    assert_eq!(covers, expected.into());
}

/// A release that has many tracks already is what all of its tracks say, whatever comes to it, or goes.
pub async fn a_great_release_grows(store: &dyn MusicLibrary) {
    const MANY: u32 = 600;
    folder(store).await;
    let numbered = |number: u32| {
        let mut track = track(&format!("T{number:04}"), "R1", number);
        track.genres = vec!["Jazz".to_owned()];
        track
    };
    let first: Vec<Track> = (1..=MANY).map(numbered).collect();
    store.change_library(&library(&first)).await.expect("writes");
    let grow = async |tracks: &[Track]| {
        let change = LibraryChange { releases: Vec::new(), ..library(tracks) };
        store.change_library(&change).await.expect("writes");
        one_release(store, "R1").await
    };
    let mut new = [numbered(MANY + 1), numbered(MANY + 2)];
    new[0].credits.push(credit("A2", Role::Producer));
    new[1].credits.push(credit("A1", Role::Featured));
    (new[1].disc, new[1].explicit) = (3, true);
    new[1].genres = ids(["JAZZ", "Acid Jazz"]);
    let grown = grow(&new).await;
    let sums = ReleaseSums {
        tracks: MANY + 2,
        discs: 3,
        duration_ms: u64::from(MANY + 2) * 60_000,
        explicit: true,
        genres: ids(["Jazz", "Acid Jazz"]),
    };
    assert_eq!((grown.sums, grown.artists), (sums.clone(), vec![credited("A1")]));
    let of_genres = [("acid jazz", 1, 1), ("jazz", 1, MANY + 2)].map(counted);
    assert_eq!(genres(store).await, of_genres);
    assert_eq!(part(store, "A1", Part::Own).await, ["R1"]);
    assert_eq!(part(store, "A2", Part::Credit).await, ["R1"]);
    assert_eq!(grow(&new).await.sums, sums, "nothing is new of them");
    // A better part takes the place of the one before, and a worse one doesn't.
    let mut new = [numbered(MANY + 3), numbered(MANY + 4)];
    new[0].credits.push(credit("A2", Role::Featured));
    grow(&new[..1]).await;
    new[1].credits.push(credit("A2", Role::Producer));
    assert_eq!(grow(&new[1..]).await.sums.tracks, MANY + 4);
    assert_eq!(part(store, "A2", Part::Guest).await, ["R1"]);
    assert!(part(store, "A2", Part::Credit).await.is_empty());
    let counts: Vec<u32> = (store.artists(None, 10).await.expect("reads").iter())
        .map(|artist| artist.releases)
        .collect();
    assert_eq!(counts, [1, 1]);
    // Whose release it is, changes with one track.
    let mut new = numbered(MANY + 5);
    new.credits = vec![credit("A3", Role::Main)];
    assert!(grow(&[new]).await.artists.is_empty());
    assert_eq!(part(store, "A1", Part::Guest).await, ["R1"]);
    assert!(part(store, "A1", Part::Own).await.is_empty());
    let gone = LibraryChange {
        forgotten: vec![place(&format!("T{:04}.mp3", MANY + 2))],
        at: Some(at(7)),
        ..LibraryChange::default()
    };
    store.change_library(&gone).await.expect("writes");
    let sums = one_release(store, "R1").await.sums;
    assert_eq!((sums.tracks, sums.discs, sums.explicit), (MANY + 4, 1, false));
    assert_eq!(genres(store).await, [("jazz", 1, MANY + 4)].map(counted));
}
