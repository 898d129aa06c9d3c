//! The suite of [`CatalogueStore`]. Every case wants a store that nothing was written to.

use crate::ports::{CatalogueStore, CatalogueTrack, ImportedTracks};

/// Runs every case, each on a store of its own.
pub async fn every_case<S: CatalogueStore>(fresh: impl AsyncFn() -> S) {
    is_empty_at_first(&fresh().await).await;
    keeps_tracks_as_given(&fresh().await).await;
    tells_added_changed_and_unchanged_apart(&fresh().await).await;
    takes_the_last_entry_of_an_id(&fresh().await).await;
    pages_in_the_order_of_the_ids(&fresh().await).await;
    imports_many_tracks(&fresh().await).await;
    says_which_devices_changed(&fresh().await).await;
}

/// Nothing was imported: revision 0, and an import of nothing leaves it there.
pub async fn is_empty_at_first(store: &dyn CatalogueStore) {
    assert_eq!(store.revision().await.expect("reads"), 0);
    assert_eq!(all(store).await, []);
    assert_eq!(store.listed_devices().await.expect("reads"), Vec::<String>::new());
    assert_eq!(import(store, &[]).await, ImportedTracks::default());
    assert_eq!(store.revision().await.expect("reads"), 0);
}

/// Every field comes back, the artists in their order and as often as they are credited.
pub async fn keeps_tracks_as_given(store: &dyn CatalogueStore) {
    let tracks = [
        CatalogueTrack {
            track_id: "T1 'quoted' ☺".to_owned(),
            duration_ms: Some(1 << 41),
            title: "Zoë; DROP TABLE tracks".to_owned(),
            artists: ["B", "A", "B", ""].map(str::to_owned).to_vec(),
            isrc: Some("SEABC2600001".to_owned()),
        },
        CatalogueTrack { track_id: "T2".to_owned(), ..CatalogueTrack::default() },
        CatalogueTrack { duration_ms: Some(0), ..track("T3", 0) },
    ];
    assert_eq!(import(store, &tracks).await.added, 3);
    assert_eq!(all(store).await, tracks);
}

/// A track is to be judged again where it is new or its length changed, not for its title.
pub async fn tells_added_changed_and_unchanged_apart(store: &dyn CatalogueStore) {
    let first = [track("T1", 1000), track("T2", 2000), track("T3", 3000), track("T4", 4000)];
    let imported = import(store, &first).await;
    assert_eq!(imported, outcome(1, [4, 0, 0], &first));
    assert_eq!(import(store, &first).await, outcome(1, [0, 0, 4], &[]), "nothing changed");

    let longer = track("T1", 1001);
    let unknown_length = CatalogueTrack { duration_ms: None, ..track("T2", 0) };
    let retitled = CatalogueTrack { title: "other".to_owned(), ..track("T3", 3000) };
    let recredited =
        CatalogueTrack { artists: vec!["Y".to_owned(), "X".to_owned()], ..track("T4", 4000) };
    let added = track("T5", 5000);
    let second = [longer, unknown_length, retitled, recredited, added].map(|track| track.clone());
    let to_judge = [&second[0], &second[1], &second[4]].map(CatalogueTrack::clone);
    assert_eq!(import(store, &second).await, outcome(2, [1, 4, 0], &to_judge));
    assert_eq!(all(store).await, second);
    assert_eq!(store.revision().await.expect("reads"), 2);

    let fewer = CatalogueTrack { artists: Vec::new(), isrc: None, ..second[3].clone() };
    assert_eq!(import(store, std::slice::from_ref(&fewer)).await, outcome(3, [0, 1, 0], &[]));
    assert_eq!(all(store).await[3], fewer, "artists that are gone are gone");
}

/// Of several entries of one track in one import only the last one is looked at.
pub async fn takes_the_last_entry_of_an_id(store: &dyn CatalogueStore) {
    let last = track("T1", 3000);
    let twice = [track("T1", 1000), track("T2", 2000), last.clone()];
    let imported = import(store, &twice).await;
    assert_eq!(imported, outcome(1, [2, 0, 0], &[last.clone(), track("T2", 2000)]));
    assert_eq!(all(store).await, [last, track("T2", 2000)]);
}

/// The order is that of the bytes, whatever a language's alphabet says.
pub async fn pages_in_the_order_of_the_ids(store: &dyn CatalogueStore) {
    let ids = ["-", "10", "9", "B", "a", "b", "é", "☺"];
    let tracks: Vec<_> = ids.iter().rev().map(|id| track(id, 1000)).collect();
    import(store, &tracks).await;
    let mut seen: Vec<String> = Vec::new();
    loop {
        let after = seen.last().map_or("", String::as_str);
        let page = store.tracks_after(after, 3).await.expect("reads");
        assert!(page.len() <= 3, "{} tracks where 3 were asked for", page.len());
        if page.is_empty() {
            break;
        }
        assert!(page.iter().all(|one| *one == track(&one.track_id, 1000)), "{page:?}");
        seen.extend(page.into_iter().map(|one| one.track_id));
    }
    assert_eq!(seen, ids);
    assert_eq!(store.tracks_after("", 0).await.expect("reads"), []);
    let between = store.tracks_after("C", 1).await.expect("reads");
    assert_eq!(between, [track("a", 1000)], "`after` needs not exist");
}

/// More tracks than fit into any one statement, added, and then changed in part.
pub async fn imports_many_tracks(store: &dyn CatalogueStore) {
    const MANY: u64 = 10_003;
    let mut tracks: Vec<_> = (0..MANY).map(|n| track(&format!("T{n:05}"), 1000 + n)).collect();
    assert_eq!(import(store, &tracks).await, outcome(1, [MANY, 0, 0], &tracks));
    assert_eq!(all(store).await, tracks);

    let mut longer = Vec::new();
    for changed in tracks.iter_mut().step_by(7) {
        changed.duration_ms = Some(1);
        changed.artists.push("Guest".to_owned());
        longer.push(changed.clone());
    }
    let changed = longer.len() as u64;
    assert_eq!(import(store, &tracks).await, outcome(2, [0, changed, MANY - changed], &longer));
    assert_eq!(all(store).await, tracks);
}

/// Only devices whose standing changed are told, sorted; the list is sorted too.
pub async fn says_which_devices_changed(store: &dyn CatalogueStore) {
    // Which devices, whether they are to be on the list; which of them changed, and the list then.
    type Row = (&'static [&'static str], bool, &'static [&'static str], &'static [&'static str]);
    let rows: [Row; 6] = [
        (&["d3", "d1", "d3"], true, &["d1", "d3"], &["d1", "d3"]),
        (&["d1", "d2"], true, &["d2"], &["d1", "d2", "d3"]),
        (&[], true, &[], &["d1", "d2", "d3"]),
        (&["d9", "d3", "d1", "d1"], false, &["d1", "d3"], &["d2"]),
        (&["d1"], false, &[], &["d2"]),
        (&["d1"], true, &["d1"], &["d1", "d2"]),
    ];
    for (row, (devices, listed, changed, after)) in rows.into_iter().enumerate() {
        let devices: Vec<String> = devices.iter().map(|&device| device.to_owned()).collect();
        let told = store.list_devices(&devices, listed).await.expect("stores");
        assert_eq!(told, changed, "row {row}");
        assert_eq!(store.listed_devices().await.expect("reads"), after, "row {row}");
    }
    assert_eq!(store.revision().await.expect("reads"), 0, "a device is no track");
}

fn track(id: &str, duration_ms: u64) -> CatalogueTrack {
    CatalogueTrack {
        track_id: id.to_owned(),
        duration_ms: Some(duration_ms),
        title: format!("Title of {id}"),
        artists: vec![format!("Artist of {id}"), "Everybody".to_owned()],
        isrc: None,
    }
}

/// `counts` are those added, changed and unchanged.
fn outcome(revision: u64, counts: [u64; 3], to_judge: &[CatalogueTrack]) -> ImportedTracks {
    let [added, changed, unchanged] = counts;
    let to_judge_again = to_judge.to_vec();
    ImportedTracks { revision, added, changed, unchanged, to_judge_again }
}

/// Imports, and sorts what is to be judged again: its order is the store's choice.
async fn import(store: &dyn CatalogueStore, tracks: &[CatalogueTrack]) -> ImportedTracks {
    let mut imported = store.import_tracks(tracks).await.expect("imports");
    imported.to_judge_again.sort_by(|one, other| one.track_id.cmp(&other.track_id));
    imported
}

async fn all(store: &dyn CatalogueStore) -> Vec<CatalogueTrack> {
    store.tracks_after("", u32::MAX).await.expect("reads")
}
