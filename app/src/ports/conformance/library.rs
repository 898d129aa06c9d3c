//! The suite of [`MusicLibrary`]. Every case wants a store that nothing was written to.

use ledgerline_ids::UnixMs;

use crate::ports::library::{
    Artist, ArtistEdit, AudioFile, AudioFormat, Credit, CreditedArtist, Cursor, FilePath,
    FilePlace, Genre, Keyed, LibraryChange, Lyrics, MusicFolder, MusicLibrary, Part, Relation,
    RelationKind, Release, ReleaseKind, ReleaseList, ReleaseSums, Role, ScanRecord, SkippedFile,
    Track, TrackList,
};

/// Runs every case, each on a store of its own.
pub async fn every_case<S: MusicLibrary>(fresh: impl AsyncFn() -> S) {
    is_empty_at_first(&fresh().await).await;
    keeps_what_it_is_given(&fresh().await).await;
    adds_releases_up(&fresh().await).await;
    finds_the_artists_of_a_release_in_its_tracks(&fresh().await).await;
    pages_through_every_list(&fresh().await).await;
    a_track_is_missing_while_none_of_its_files_is_there(&fresh().await).await;
    a_moved_file_keeps_its_track(&fresh().await).await;
    a_track_may_go_to_another_release(&fresh().await).await;
    super::library_growth::every_case(&fresh).await;
    counting_learns_of_tracks(&fresh().await).await;
    keeps_what_an_administrator_says(&fresh().await).await;
    relates_tracks(&fresh().await).await;
    keeps_keys_skipped_files_and_scans(&fresh().await).await;
    takes_the_last_of_an_id(&fresh().await).await;
}

const FOLDER: &str = "F1";

/// Nothing is there, and asking for it is no mistake.
pub async fn is_empty_at_first(store: &dyn MusicLibrary) {
    let ids = ["nobody".to_owned()];
    assert_eq!(store.music_folders().await.expect("reads"), []);
    assert_eq!(store.artists(None, 10).await.expect("reads"), []);
    assert_eq!(store.artists_by_id(&ids).await.expect("reads"), []);
    for list in every_list() {
        assert_eq!(store.releases(&list, None, 10).await.expect("reads"), []);
    }
    assert_eq!(store.tracks_by_id(&[]).await.expect("reads"), []);
    assert_eq!(store.tracks_of_release("R").await.expect("reads"), []);
    assert_eq!(store.tracks(&TrackList::All, "", 10).await.expect("reads"), []);
    assert_eq!(store.genres("", 10).await.expect("reads"), []);
    assert_eq!(store.lyrics("T").await.expect("reads"), None);
    assert_eq!(store.files_after(FOLDER, "", 10).await.expect("reads"), []);
    assert_eq!(store.scans(10).await.expect("reads"), []);
    let nothing = store.change_library(&LibraryChange::default()).await.expect("writes");
    assert_eq!((nothing.revision, nothing.added), (0, 0));
    assert!(!store.edit_artist("A", &ArtistEdit::default()).await.expect("writes"));
    assert!(!store.say_explicit("T", Some(true)).await.expect("writes"));
}

/// Every field comes back.
pub async fn keeps_what_it_is_given(store: &dyn MusicLibrary) {
    let folder = folder(store).await;
    let again = MusicFolder { id: "F2".to_owned(), ..folder.clone() };
    assert_eq!(store.add_music_folder(&again).await.expect("writes"), folder);
    assert_eq!(store.music_folders().await.expect("reads"), [folder]);

    let artist = Artist {
        sort_name: "Parker, 'Charlie'".to_owned(),
        musicbrainz_id: Some("6b1ee4a0-0000-4000-8000-000000000000".to_owned()),
        ..artist("A1", "Charlie Parker ☺")
    };
    let mut release = release("R1", "2026-10-31");
    release.label = Some("Northern".to_owned());
    release.upc = Some("036000291452".to_owned());
    release.musicbrainz_id = Some("6b1ee4a0-0000-4000-8000-000000000001".to_owned());
    release.cover = Some("c0ffee".to_owned());
    release.compilation = true;
    release.kind = ReleaseKind::Live;
    release.artists = vec![credited("A1")];
    release.artists_by_tracks = false;
    let mut track = track("T1 'quoted' ☺", "R1", 1);
    track.disc = 2;
    track.credits.push(Credit {
        artist: CreditedArtist { artist_id: "A1".to_owned(), name: "Bird".to_owned() },
        role: Role::Performer,
        detail: "saxophone".to_owned(),
    });
    track.genres = vec!["Bebop".to_owned(), "Jazz".to_owned()];
    track.isrc = Some("SEABC2600001".to_owned());
    track.musicbrainz_id = Some("6b1ee4a0-0000-4000-8000-000000000002".to_owned());
    track.explicit = true;
    track.has_lyrics = true;
    let mut file = file("a/1%25.flac", &track.id);
    file.content_sha256 = Some([9; 32]);
    let lyrics = Lyrics { plain: Some("la".to_owned()), synced: Some("[00:01.00]la".to_owned()) };
    let change = LibraryChange {
        artists: vec![artist.clone()],
        releases: vec![release.clone()],
        tracks: vec![track.clone()],
        files: vec![file.clone()],
        lyrics: vec![(track.id.clone(), lyrics.clone())],
        at: Some(at(5)),
        ..LibraryChange::default()
    };
    store.change_library(&change).await.expect("writes");

    let artist = Artist { releases: 1, ..artist };
    release.sums = ReleaseSums {
        tracks: 1,
        discs: 2,
        duration_ms: 60_000,
        explicit: true,
        genres: track.genres.clone(),
    };
    assert_eq!(store.artists_by_id(&ids(["A1", "A9"])).await.expect("reads"), [artist]);
    assert_eq!(store.releases_by_id(&ids(["R1", "R1"])).await.expect("reads"), [release]);
    let found = store.tracks_by_id(std::slice::from_ref(&track.id)).await.expect("reads");
    assert_eq!(found, [track.clone()]);
    assert_eq!(store.files_at(&[file.place.clone()]).await.expect("reads"), [file.clone()]);
    let of_track = store.files_of_tracks(std::slice::from_ref(&track.id)).await.expect("reads");
    assert_eq!(of_track, [file.clone()]);
    let with_audio = store.files_with_audio(&[file.audio_sha256, [0; 32]]).await.expect("reads");
    assert_eq!(with_audio, [file]);
    assert_eq!(store.lyrics(&track.id).await.expect("reads"), Some(lyrics));

    let removed = LibraryChange {
        lyrics: vec![(track.id.clone(), Lyrics::default())],
        ..LibraryChange::default()
    };
    store.change_library(&removed).await.expect("writes");
    assert_eq!(store.lyrics(&track.id).await.expect("reads"), None);
    let found = store.tracks_by_id(std::slice::from_ref(&track.id)).await.expect("reads");
    assert!(!found[0].has_lyrics);
}

/// What a release, an artist and a genre have of tracks follows every change.
pub async fn adds_releases_up(store: &dyn MusicLibrary) {
    folder(store).await;
    let mut tracks = [track("T1", "R1", 1), track("T2", "R1", 2), track("T3", "R2", 1)];
    tracks[0].genres = vec!["Jazz".to_owned(), "jazz".to_owned(), "Bebop".to_owned()];
    tracks[1].genres = vec!["JAZZ".to_owned()];
    tracks[2].genres = vec!["Jazz".to_owned()];
    tracks[1].credits.push(credit("A2", Role::Featured));
    tracks[1].credits.push(credit("A3", Role::Producer));
    store.change_library(&library(&tracks)).await.expect("writes");

    let release = one_release(store, "R1").await;
    assert_eq!(release.sums.tracks, 2);
    assert_eq!(release.sums.duration_ms, 120_000);
    assert_eq!(release.sums.genres, ["Jazz", "Bebop"]);
    assert_eq!(part(store, "A1", Part::Own).await, ["R2", "R1"]);
    assert_eq!(part(store, "A2", Part::Guest).await, ["R1"]);
    assert_eq!(part(store, "A3", Part::Credit).await, ["R1"]);
    assert_eq!(part(store, "A2", Part::Own).await, [""; 0]);
    assert_eq!(genres(store).await, [("bebop", 1, 1), ("jazz", 2, 3)].map(counted));
    let of_genre = ReleaseList::OfGenre("jazz".to_owned());
    assert_eq!(listed(store, &of_genre).await, ["R2", "R1"]);
    let credited = TrackList::Credited("A2".to_owned());
    assert_eq!(track_ids(store, &credited).await, ["T2"]);
    assert_eq!(track_ids(store, &TrackList::OfGenre("bebop".to_owned())).await, ["T1"]);

    // Another credit, another genre, another day.
    tracks[1].credits.truncate(1);
    tracks[0].genres = vec!["Swing".to_owned()];
    let mut change = library(&tracks[..2]);
    change.releases[0].released_on = "2026-12".to_owned();
    store.change_library(&change).await.expect("writes");
    assert_eq!(part(store, "A2", Part::Guest).await, [""; 0]);
    assert_eq!(part(store, "A1", Part::Own).await, ["R1", "R2"]);
    assert_eq!(genres(store).await, [("jazz", 2, 2), ("swing", 1, 1)].map(counted));
    assert_eq!(track_ids(store, &TrackList::OfGenre("bebop".to_owned())).await, [""; 0]);
    let artists = store.artists(None, 10).await.expect("reads");
    let artists: Vec<(&str, u32)> =
        artists.iter().map(|artist| (artist.id.as_str(), artist.releases)).collect();
    assert_eq!(artists, [("A1", 2)], "nobody else is credited on anything");
}

/// Where nothing was said of the release, its artists are those that its tracks share.
pub async fn finds_the_artists_of_a_release_in_its_tracks(store: &dyn MusicLibrary) {
    folder(store).await;
    let mut tracks = [track("T1", "R1", 1), track("T2", "R1", 2)];
    tracks[1].credits.push(credit("A2", Role::Main));
    store.change_library(&library(&tracks)).await.expect("writes");
    assert_eq!(one_release(store, "R1").await.artists, [credited("A1")], "it leads both");
    tracks[1].credits = vec![credit("A2", Role::Main)];
    store.change_library(&library(&tracks)).await.expect("writes");
    assert_eq!(one_release(store, "R1").await.artists, []);
    assert_eq!(part(store, "A1", Part::Guest).await, ["R1"]);
    tracks[0].credits = vec![credit("A2", Role::Main)];
    store.change_library(&library(&tracks)).await.expect("writes");
    assert_eq!(one_release(store, "R1").await.artists, [credited("A2")]);
    assert_eq!(part(store, "A1", Part::Guest).await, [""; 0]);
}

/// Page by page, everything comes once and in order; also where keys are equal.
pub async fn pages_through_every_list(store: &dyn MusicLibrary) {
    folder(store).await;
    let mut change = LibraryChange { at: Some(at(5)), ..LibraryChange::default() };
    for number in 0..7_u32 {
        let mut artist = artist(&format!("A{number}"), ["Zoë", "zoe", "Abba"][number as usize % 3]);
        artist.sort_name.clone_from(&artist.name);
        change.artists.push(artist);
        let day = ["", "2026", "2025-01-31"][number as usize % 3];
        let mut release = release(&format!("R{number}"), day);
        release.title = ["Same", "same", "Other"][number as usize % 3].to_owned();
        release.added_at = at(u64::from(number % 2));
        change.releases.push(release);
        let mut track = track(&format!("T{number}"), &format!("R{number}"), 1);
        track.credits =
            vec![credit(&format!("A{number}"), Role::Main), credit("A0", Role::Featured)];
        track.genres = vec!["Jazz".to_owned(), format!("Genre {number}")];
        change.files.push(file(&format!("{number}.mp3"), &track.id));
        change.tracks.push(track);
    }
    store.change_library(&change).await.expect("writes");

    let lists = [
        (ReleaseList::Newest, "R4 R1 R5 R2 R6 R3 R0"),
        (ReleaseList::RecentlyAdded, "R5 R3 R1 R6 R4 R2 R0"),
        (ReleaseList::ByTitle, "R2 R5 R0 R1 R3 R4 R6"),
        (ReleaseList::OfArtist("A0".to_owned(), Part::Guest), "R4 R1 R5 R2 R6 R3"),
        (ReleaseList::OfGenre("jazz".to_owned()), "R4 R1 R5 R2 R6 R3 R0"),
    ];
    for (list, expected) in lists {
        for limit in [1, 2, 3, 10] {
            let mut found: Vec<String> = Vec::new();
            let mut after: Option<Cursor> = None;
            loop {
                let page = store.releases(&list, after.as_ref(), limit).await.expect("reads");
                let Some(last) = page.last() else { break };
                assert!(page.len() <= limit as usize);
                after = Some(list.cursor(last));
                found.extend(page.into_iter().map(|release| release.id));
            }
            assert_eq!(found.join(" "), expected, "{list:?} by {limit}");
        }
    }
    let mut found: Vec<String> = Vec::new();
    let mut after: Option<Cursor> = None;
    while let [artist] = &store.artists(after.as_ref(), 1).await.expect("reads")[..] {
        after = Some(Cursor { key: artist.sort_key(), id: artist.id.clone() });
        found.push(artist.id.clone());
    }
    assert_eq!(found.join(" "), "A2 A5 A0 A1 A3 A4 A6");
    let mut paths: Vec<String> = Vec::new();
    let mut after = String::new();
    while let [file] = &store.files_after(FOLDER, &after, 1).await.expect("reads")[..] {
        after = file.place.path.as_str().to_owned();
        paths.push(after.clone());
    }
    assert_eq!(paths.join(" "), "0.mp3 1.mp3 2.mp3 3.mp3 4.mp3 5.mp3 6.mp3");
    let behind = store.tracks(&TrackList::All, "T4", 10).await.expect("reads");
    assert_eq!(behind.len(), 2);
    assert_eq!(store.genres("genre 3", 2).await.expect("reads").len(), 2);
}

/// Removed files take nothing away but being there; a file that is there again brings it back.
pub async fn a_track_is_missing_while_none_of_its_files_is_there(store: &dyn MusicLibrary) {
    folder(store).await;
    let mut change = library(&[track("T1", "R1", 1)]);
    let second = file("second.mp3", "T1");
    change.files.push(second.clone());
    store.change_library(&change).await.expect("writes");
    let first = change.files[0].clone();

    let missing = |file: &AudioFile, millis: u64| LibraryChange {
        files: vec![AudioFile { missing_since: Some(at(millis)), ..file.clone() }],
        at: Some(at(millis)),
        ..LibraryChange::default()
    };
    store.change_library(&missing(&first, 7)).await.expect("writes");
    assert_eq!(one_track(store, "T1").await.missing_since, None, "there is another file");
    store.change_library(&missing(&second, 8)).await.expect("writes");
    assert_eq!(one_track(store, "T1").await.missing_since, Some(at(8)));
    assert_eq!(one_release(store, "R1").await.sums, ReleaseSums::default());
    for list in every_list() {
        assert_eq!(listed(store, &list).await, [""; 0], "{list:?}");
    }
    assert_eq!(store.artists(None, 10).await.expect("reads"), []);
    store.change_library(&missing(&second, 9)).await.expect("writes");
    assert_eq!(one_track(store, "T1").await.missing_since, Some(at(8)), "as before");

    let back = LibraryChange { files: vec![first], at: Some(at(10)), ..LibraryChange::default() };
    store.change_library(&back).await.expect("writes");
    assert_eq!(one_track(store, "T1").await.missing_since, None);
    assert_eq!(one_release(store, "R1").await.sums.tracks, 1);
    assert_eq!(store.artists(None, 10).await.expect("reads").len(), 1);
}

/// The old place is forgotten and the new one is the track's, in one change.
pub async fn a_moved_file_keeps_its_track(store: &dyn MusicLibrary) {
    folder(store).await;
    let change = library(&[track("T1", "R1", 1)]);
    store.change_library(&change).await.expect("writes");
    let moved = LibraryChange {
        forgotten: vec![change.files[0].place.clone()],
        files: vec![file("elsewhere.mp3", "T1")],
        at: Some(at(6)),
        ..LibraryChange::default()
    };
    store.change_library(&moved).await.expect("writes");
    assert_eq!(one_track(store, "T1").await.missing_since, None);
    let files = store.files_of_tracks(&ids(["T1"])).await.expect("reads");
    assert_eq!(files, [file("elsewhere.mp3", "T1")]);
    let gone = LibraryChange {
        forgotten: vec![files[0].place.clone()],
        at: Some(at(7)),
        ..LibraryChange::default()
    };
    store.change_library(&gone).await.expect("writes");
    assert_eq!(one_track(store, "T1").await.missing_since, Some(at(7)), "it has no file at all");
}

/// Both releases are added up anew.
pub async fn a_track_may_go_to_another_release(store: &dyn MusicLibrary) {
    folder(store).await;
    store.change_library(&library(&[track("T1", "R1", 1)])).await.expect("writes");
    store.change_library(&library(&[track("T1", "R2", 1)])).await.expect("writes");
    assert_eq!(one_release(store, "R1").await.sums.tracks, 0);
    assert_eq!(one_release(store, "R2").await.sums.tracks, 1);
    assert_eq!(listed(store, &ReleaseList::Newest).await, ["R2"]);
    assert_eq!(store.artists(None, 10).await.expect("reads")[0].releases, 1);
}

/// A track enters the catalogue that counting knows; what it doesn't say stays there.
pub async fn counting_learns_of_tracks(store: &dyn MusicLibrary) {
    folder(store).await;
    let mut tracks = [track("T1", "R1", 1), track("T2", "R1", 2)];
    tracks[0].isrc = Some("SEABC2600001".to_owned());
    tracks[1].isrc = Some("SEABC2600001".to_owned());
    let first = store.change_library(&library(&tracks)).await.expect("writes");
    assert_eq!((first.revision, first.added, first.changed), (1, 2, 0));
    let same = store.change_library(&library(&tracks)).await.expect("writes");
    assert_eq!((same.revision, same.added, same.changed, same.unchanged), (1, 0, 0, 2));
    let isrcs = ids(["SEABC2600001", "SEABC2600002"]);
    let both = [("SEABC2600001", "T1"), ("SEABC2600001", "T2")];
    let both = both.map(|(isrc, id)| (isrc.to_owned(), id.to_owned()));
    assert_eq!(store.tracks_with_isrc(&isrcs).await.expect("reads"), both);
    tracks[0].isrc = None;
    tracks[1].duration_ms = 61_000;
    let longer = store.change_library(&library(&tracks)).await.expect("writes");
    assert_eq!((longer.revision, longer.changed, longer.unchanged), (2, 1, 1));
    assert_eq!(store.tracks_with_isrc(&isrcs).await.expect("reads"), both, "it stays");
    assert_eq!(one_track(store, "T1").await.isrc, None, "as its file says");
}

/// A scan doesn't take back what a person said.
pub async fn keeps_what_an_administrator_says(store: &dyn MusicLibrary) {
    folder(store).await;
    let change = library(&[track("T1", "R1", 1)]);
    store.change_library(&change).await.expect("writes");
    let edit = |biography: Option<&str>, picture: Option<&str>| ArtistEdit {
        biography: biography.map(str::to_owned),
        picture: picture.map(str::to_owned),
    };
    for edit in [edit(Some("Born."), None), edit(None, Some("c0ffee")), edit(None, None)] {
        assert!(store.edit_artist("A1", &edit).await.expect("writes"));
    }
    assert!(store.say_explicit("T1", Some(true)).await.expect("writes"));
    store.change_library(&change).await.expect("writes");
    let artist = &store.artists_by_id(&ids(["A1"])).await.expect("reads")[0];
    assert_eq!((artist.biography.as_str(), artist.picture.as_deref()), ("Born.", Some("c0ffee")));
    assert!(one_track(store, "T1").await.is_explicit());
    assert!(one_release(store, "R1").await.sums.explicit);
    assert!(store.say_explicit("T1", None).await.expect("writes"));
    assert!(store.edit_artist("A1", &edit(None, Some(""))).await.expect("writes"));
    assert!(!one_release(store, "R1").await.sums.explicit);
    let artist = &store.artists_by_id(&ids(["A1"])).await.expect("reads")[0];
    assert_eq!((artist.biography.as_str(), artist.picture.as_deref()), ("Born.", None));
}

/// A relation is seen from both sides, once.
pub async fn relates_tracks(store: &dyn MusicLibrary) {
    folder(store).await;
    let tracks = [track("T1", "R1", 1), track("T2", "R1", 2)];
    store.change_library(&library(&tracks)).await.expect("writes");
    let relation = Relation {
        track_id: "T2".to_owned(),
        kind: RelationKind::Remix,
        of_track_id: "T1".to_owned(),
    };
    let stranger = Relation { of_track_id: "T9".to_owned(), ..relation.clone() };
    assert!(!store.relate(&stranger, true).await.expect("writes"));
    for _ in 0..2 {
        assert!(store.relate(&relation, true).await.expect("writes"));
    }
    for id in ["T1", "T2"] {
        assert_eq!(store.relations(id).await.expect("reads"), std::slice::from_ref(&relation));
    }
    assert!(store.relate(&relation, false).await.expect("writes"));
    assert_eq!(store.relations("T1").await.expect("reads"), []);
}

/// Keys lead to the newest id; files that are readable now aren't listed; a scan is replaced by its number.
pub async fn keeps_keys_skipped_files_and_scans(store: &dyn MusicLibrary) {
    folder(store).await;
    let key = |keyed, key: &str, id: &str| (keyed, key.to_owned(), id.to_owned());
    let skipped = |path: &str, reason: &str| SkippedFile {
        place: place(path),
        bytes: 3,
        modified_ms: 4,
        reason: reason.to_owned(),
    };
    let change = LibraryChange {
        keys: vec![
            key(Keyed::Artist, "name:a", "A1"),
            key(Keyed::Artist, "name:a", "A2"),
            key(Keyed::Release, "name:a", "R1"),
        ],
        skipped: vec![skipped("a.mp3", "empty"), skipped("b.mp3", "empty")],
        ..LibraryChange::default()
    };
    store.change_library(&change).await.expect("writes");
    let keys = ids(["name:a", "name:b"]);
    let found = store.ids_by_key(Keyed::Artist, &keys).await.expect("reads");
    assert_eq!(found.into_iter().collect::<Vec<_>>(), [("name:a".to_owned(), "A2".to_owned())]);
    let found = store.ids_by_key(Keyed::Release, &keys).await.expect("reads");
    assert_eq!(found.into_values().collect::<Vec<_>>(), ["R1"]);
    let change = LibraryChange {
        skipped: vec![skipped("b.mp3", "broken")],
        unskipped: vec![place("a.mp3")],
        ..LibraryChange::default()
    };
    store.change_library(&change).await.expect("writes");
    let found = store.skipped_after(FOLDER, "", 10).await.expect("reads");
    assert_eq!(found, [skipped("b.mp3", "broken")]);
    assert_eq!(store.skipped_after(FOLDER, "b.mp3", 10).await.expect("reads"), []);

    let scan = |number, ended_at| ScanRecord {
        number,
        folder_id: FOLDER.to_owned(),
        started_at: at(number),
        ended_at,
        report: "{}".to_owned(),
    };
    for scan in [scan(1, None), scan(2, None), scan(1, Some(at(9)))] {
        store.note_scan(&scan).await.expect("writes");
    }
    assert_eq!(store.scans(10).await.expect("reads"), [scan(2, None), scan(1, Some(at(9)))]);
    assert_eq!(store.scans(1).await.expect("reads"), [scan(2, None)]);
}

/// A change may name an id twice.
pub async fn takes_the_last_of_an_id(store: &dyn MusicLibrary) {
    folder(store).await;
    let mut change = library(&[track("T1", "R1", 1), track("T1", "R1", 3)]);
    change.releases.push(Release { title: "Later".to_owned(), ..release("R1", "2026") });
    change.artists.push(artist("A1", "Later"));
    store.change_library(&change).await.expect("writes");
    assert_eq!(one_track(store, "T1").await.number, 3);
    assert_eq!(one_release(store, "R1").await.title, "Later");
    assert_eq!(store.artists_by_id(&ids(["A1"])).await.expect("reads")[0].name, "Later");
}

pub(super) fn at(millis: u64) -> UnixMs {
    UnixMs::new(1_750_000_000_000 + millis).expect("an instant")
}

pub(super) fn ids<const N: usize>(ids: [&str; N]) -> Vec<String> {
    ids.map(str::to_owned).to_vec()
}

fn every_list() -> [ReleaseList; 5] {
    [
        ReleaseList::Newest,
        ReleaseList::RecentlyAdded,
        ReleaseList::ByTitle,
        ReleaseList::OfArtist("A1".to_owned(), Part::Own),
        ReleaseList::OfGenre("jazz".to_owned()),
    ]
}

pub(super) async fn folder(store: &dyn MusicLibrary) -> MusicFolder {
    let path = FilePath::stored("/music");
    let folder = MusicFolder { id: FOLDER.to_owned(), path, added_at: at(0) };
    store.add_music_folder(&folder).await.expect("writes")
}

pub(crate) fn artist(id: &str, name: &str) -> Artist {
    Artist {
        id: id.to_owned(),
        name: name.to_owned(),
        sort_name: name.to_owned(),
        musicbrainz_id: None,
        biography: String::new(),
        picture: None,
        releases: 0,
    }
}

pub(super) fn credited(artist_id: &str) -> CreditedArtist {
    CreditedArtist { artist_id: artist_id.to_owned(), name: format!("name of {artist_id}") }
}

pub(crate) fn credit(artist_id: &str, role: Role) -> Credit {
    Credit { artist: credited(artist_id), role, detail: String::new() }
}

pub(crate) fn release(id: &str, released_on: &str) -> Release {
    Release {
        id: id.to_owned(),
        title: format!("title of {id}"),
        kind: ReleaseKind::Album,
        released_on: released_on.to_owned(),
        label: None,
        upc: None,
        musicbrainz_id: None,
        cover: None,
        compilation: false,
        artists: Vec::new(),
        artists_by_tracks: true,
        added_at: at(1),
        sums: ReleaseSums::default(),
    }
}

pub(crate) fn track(id: &str, release_id: &str, number: u32) -> Track {
    Track {
        id: id.to_owned(),
        release_id: release_id.to_owned(),
        disc: 1,
        number,
        title: format!("title of {id}"),
        credits: vec![credit("A1", Role::Main)],
        duration_ms: 60_000,
        explicit: false,
        explicit_said: None,
        genres: Vec::new(),
        isrc: None,
        musicbrainz_id: None,
        has_lyrics: false,
        added_at: at(2),
        missing_since: None,
    }
}

pub(super) fn place(path: &str) -> FilePlace {
    FilePlace { folder_id: FOLDER.to_owned(), path: FilePath::stored(path) }
}

fn file(path: &str, track_id: &str) -> AudioFile {
    let byte = track_id.bytes().fold(0, u8::wrapping_add);
    AudioFile {
        place: place(path),
        track_id: track_id.to_owned(),
        bytes: 1 << 40,
        modified_ms: 1_700_000_000_123,
        audio_sha256: [byte; 32],
        content_sha256: None,
        format: AudioFormat::Flac,
        duration_ms: 60_000,
        bitrate_kbps: 900,
        sample_rate_hz: 44_100,
        channels: 2,
        bits_per_sample: Some(16),
        missing_since: None,
    }
}

/// These tracks, each with a file, and all that they refer to.
pub(super) fn library(tracks: &[Track]) -> LibraryChange {
    let mut change = LibraryChange {
        artists: ["A1", "A2", "A3"].map(|id| artist(id, &format!("name of {id}"))).to_vec(),
        tracks: tracks.to_vec(),
        at: Some(at(5)),
        ..LibraryChange::default()
    };
    for track in tracks {
        if !change.releases.iter().any(|release| release.id == track.release_id) {
            change.releases.push(release(&track.release_id, "2026"));
        }
        change.files.push(file(&format!("{}.mp3", track.id), &track.id));
    }
    change
}

pub(super) async fn one_release(store: &dyn MusicLibrary, id: &str) -> Release {
    store.releases_by_id(&ids([id])).await.expect("reads").remove(0)
}

async fn one_track(store: &dyn MusicLibrary, id: &str) -> Track {
    store.tracks_by_id(&ids([id])).await.expect("reads").remove(0)
}

async fn listed(store: &dyn MusicLibrary, list: &ReleaseList) -> Vec<String> {
    let found = store.releases(list, None, 100).await.expect("reads");
    found.into_iter().map(|release| release.id).collect()
}

pub(super) async fn part(store: &dyn MusicLibrary, artist_id: &str, part: Part) -> Vec<String> {
    listed(store, &ReleaseList::OfArtist(artist_id.to_owned(), part)).await
}

async fn track_ids(store: &dyn MusicLibrary, list: &TrackList) -> Vec<String> {
    let found = store.tracks(list, "", 100).await.expect("reads");
    found.into_iter().map(|track| track.id).collect()
}

pub(super) fn counted((key, releases, tracks): (&str, u32, u32)) -> (String, u32, u32) {
    (key.to_owned(), releases, tracks)
}

pub(super) async fn genres(store: &dyn MusicLibrary) -> Vec<(String, u32, u32)> {
    let found: Vec<Genre> = store.genres("", 100).await.expect("reads");
    found.into_iter().map(|genre| (genre.key, genre.releases, genre.tracks)).collect()
}
