//! The suite of [`CatalogueStore`]. Every case wants a store that nothing was written to.

use ledgerline_records::report::TrackStamp;

use crate::ports::{CatalogueStore, CatalogueTrack, Fact, ImportedTracks, Untold};

/// Runs every case, each on a store of its own.
pub async fn every_case<S: CatalogueStore>(fresh: impl AsyncFn() -> S) {
    is_empty_at_first(&fresh().await).await;
    keeps_tracks_as_given(&fresh().await).await;
    tells_added_changed_and_unchanged_apart(&fresh().await).await;
    takes_the_last_entry_of_an_id(&fresh().await).await;
    pages_in_the_order_of_the_ids(&fresh().await).await;
    imports_many_tracks(&fresh().await).await;
    says_which_devices_changed(&fresh().await).await;
    keeps_facts_until_they_are_told(&fresh().await).await;
    forgets_only_what_was_told(&fresh().await).await;
}

/// Nothing was imported: revision 0, and an import of nothing leaves it there.
pub async fn is_empty_at_first(store: &dyn CatalogueStore) {
    assert_eq!(store.revision().await.expect("reads"), 0);
    assert_eq!(all(store).await, []);
    assert_eq!(store.listed_devices().await.expect("reads"), Vec::<String>::new());
    assert_eq!(import(store, &[]).await, (ImportedTracks::default(), vec![]));
    assert_eq!(store.revision().await.expect("reads"), 0);
    store.told(0).await.expect("there is nothing to forget");
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
    assert_eq!(import(store, &tracks).await.0.added, 3);
    assert_eq!(all(store).await, tracks);
}

/// There is a fact of a track that is new or whose length changed, not of one's new title.
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
    let mut told = 0;
    for (row, (devices, listed, changed, after)) in rows.into_iter().enumerate() {
        let devices: Vec<String> = devices.iter().map(|&device| device.to_owned()).collect();
        let says = store.list_devices(&devices, listed).await.expect("stores");
        assert_eq!(says, changed, "row {row}");
        let facts = untold(store, u32::MAX).await.split_off(told);
        let expected: Vec<_> = changed.iter().map(|id| device_fact(id, listed)).collect();
        assert_eq!(facts, expected, "row {row}");
        told += facts.len();
        assert_eq!(store.listed_devices().await.expect("reads"), after, "row {row}");
    }
    assert_eq!(store.revision().await.expect("reads"), 0, "a device is no track");
}

/// Whoever dies between the change and the telling finds the facts again, in the order of
/// the changes: importing again finds nothing to change, adds none and takes none away.
pub async fn keeps_facts_until_they_are_told(store: &dyn CatalogueStore) {
    let (shorter, longer) = (track("T1", 1000), track("T1", 2000));
    let unknown_length = CatalogueTrack { duration_ms: None, ..longer.clone() };
    let device = ["d1".to_owned()];
    import(store, std::slice::from_ref(&shorter)).await;
    store.list_devices(&device, true).await.expect("stores");
    import(store, std::slice::from_ref(&longer)).await;
    store.list_devices(&device, false).await.expect("stores");
    import(store, std::slice::from_ref(&unknown_length)).await;
    store.list_devices(&device, true).await.expect("stores");
    let facts = [
        track_fact(&shorter, 1),
        device_fact("d1", true),
        track_fact(&longer, 2),
        device_fact("d1", false),
        track_fact(&unknown_length, 3),
        device_fact("d1", true),
    ];
    assert_eq!(untold(store, u32::MAX).await, facts);

    let again = import(store, std::slice::from_ref(&unknown_length)).await;
    assert_eq!(again, outcome(3, [0, 0, 1], &[]));
    store.list_devices(&device, true).await.expect("stores");
    assert_eq!(untold(store, u32::MAX).await, facts);
    assert_eq!(untold(store, 2).await, facts[..2]);
    assert_eq!(untold(store, 0).await, []);
}

/// Facts may be told twice, but none is forgotten that was not told: not one that comes
/// after the told ones, however often and however late these are noted.
pub async fn forgets_only_what_was_told(store: &dyn CatalogueStore) {
    let tracks: Vec<_> = (0..5).map(|n| track(&format!("T{n}"), 1000)).collect();
    import(store, &tracks).await;
    let facts = numbered(store, u32::MAX).await;
    for _ in 0..2 {
        store.told(facts[2].sequence).await.expect("notes");
        assert_eq!(numbered(store, u32::MAX).await, facts[3..]);
    }
    store.told(facts[0].sequence).await.expect("notes");
    assert_eq!(numbered(store, u32::MAX).await, facts[3..], "an older note changes nothing");

    store.told(facts[4].sequence).await.expect("notes");
    assert_eq!(numbered(store, u32::MAX).await, []);
    import(store, &[track("T9", 1000)]).await;
    let newer = numbered(store, u32::MAX).await;
    assert_eq!(newer.len(), 1);
    store.told(facts[4].sequence).await.expect("notes");
    assert_eq!(numbered(store, u32::MAX).await, newer, "a number is never given twice");
    assert_eq!(all(store).await.len(), 6, "the catalogue is not touched by it");
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

fn track_fact(track: &CatalogueTrack, revision: u64) -> Fact {
    let stamp = TrackStamp { revision, known: true, length_ms: track.duration_ms };
    Fact::Track { track_id: track.track_id.clone(), stamp }
}

fn device_fact(device_id: &str, listed: bool) -> Fact {
    Fact::Device { device_id: device_id.to_owned(), listed }
}

/// `counts` are those added, changed and unchanged; there is a fact of each of `to_tell`.
fn outcome(
    revision: u64,
    counts: [u64; 3],
    to_tell: &[CatalogueTrack],
) -> (ImportedTracks, Vec<Fact>) {
    let [added, changed, unchanged] = counts;
    let facts = to_tell.iter().map(|track| track_fact(track, revision)).collect();
    (ImportedTracks { revision, added, changed, unchanged }, facts)
}

/// Imports. Says with it which facts that brought, sorted: the order within an import is
/// the store's choice.
async fn import(
    store: &dyn CatalogueStore,
    tracks: &[CatalogueTrack],
) -> (ImportedTracks, Vec<Fact>) {
    let before = untold(store, u32::MAX).await;
    let imported = store.import_tracks(tracks).await.expect("imports");
    let mut facts = untold(store, u32::MAX).await;
    let mut added = facts.split_off(before.len());
    assert_eq!(facts, before, "what was untold before still is");
    added.sort_by(|one, other| track_id(one).cmp(track_id(other)));
    (imported, added)
}

fn track_id(fact: &Fact) -> &str {
    match fact {
        Fact::Track { track_id, .. } => track_id,
        Fact::Device { .. } => panic!("an import of tracks brought {fact:?}"),
    }
}

/// The oldest untold facts. Their numbers must rise.
async fn untold(store: &dyn CatalogueStore, limit: u32) -> Vec<Fact> {
    let page = numbered(store, limit).await;
    assert!(page.is_sorted_by(|one, next| one.sequence < next.sequence), "{page:?}");
    page.into_iter().map(|untold| untold.fact).collect()
}

async fn numbered(store: &dyn CatalogueStore, limit: u32) -> Vec<Untold> {
    store.untold(limit).await.expect("reads")
}

async fn all(store: &dyn CatalogueStore) -> Vec<CatalogueTrack> {
    store.tracks_after("", u32::MAX).await.expect("reads")
}
