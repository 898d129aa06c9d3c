//! The suite of [`CollectionStore`], with the accounts that it stands on. Every case wants stores that nothing
//! was written to.

use ledgerline_ids::UnixMs;
use ledgerline_playlist::{Edit, GAP, NewItem, Refusal, To};
use std::sync::Arc;

use crate::ports::accounts::{
    ACCOUNTS, AccountStore, Added, NewAccount, OpenedBy, Plan, Subscription,
};
use crate::ports::collection::{
    CollectionStore, Edited, Keeping, NewPlaylist, OwnPlaylist, Playlist, PlaylistChange,
    QueueContent, QueueItem, QueueKept, QueueStep, Repeat, Saved, SavedKind,
};
use crate::ports::listeners::{Erasure, Listener, Tie};
use crate::ports::sign_in::Role;
use crate::ports::{ListenerStore, StoreError};

/// The stores that a collection is made of.
pub struct Kept {
    /// Accounts.
    pub accounts: Arc<dyn AccountStore>,
    /// Who accounts are in the logs.
    pub listeners: Arc<dyn ListenerStore>,
    /// What they keep.
    pub collection: Arc<dyn CollectionStore>,
}

/// Runs every case, each on stores of its own.
pub async fn every_case(fresh: impl AsyncFn() -> Kept) {
    what_is_saved_comes_back_newest_first(&fresh().await).await;
    no_more_is_saved_than_may_be(&fresh().await).await;
    playlists_come_and_go(&fresh().await).await;
    a_playlist_is_its_owners(&fresh().await).await;
    items_are_edited(&fresh().await).await;
    items_are_placed_anew_where_there_is_no_room(&fresh().await).await;
    a_queue_is_kept(&fresh().await).await;
    nothing_is_kept_for_nobody(&fresh().await).await;
    what_an_account_kept_is_gone_with_it(&fresh().await).await;
}

async fn what_is_saved_comes_back_newest_first(kept: &Kept) {
    let store = with(kept, &[1, 2]).await;
    let track = SavedKind::Track;
    for (id, at_ms) in [("t-1", 10), ("t-2", 30), ("t-3 ☺'", 20), ("t-4", 20)] {
        assert_eq!(save(store, "acc_1", track, id, at_ms).await, Keeping::Kept(()));
    }
    // Again it is as it was.
    assert_eq!(save(store, "acc_1", track, "t-1", 99).await, Keeping::Kept(()));
    assert_eq!(save(store, "acc_1", SavedKind::Artist, "t-1", 5).await, Keeping::Kept(()));
    assert_eq!(save(store, "acc_2", track, "t-9", 50).await, Keeping::Kept(()));
    let all = store.saved("acc_1", track, None, 9).await.expect("reads");
    let places: Vec<(&str, u64)> =
        all.iter().map(|saved| (&*saved.id, saved.saved_at.get())).collect();
    assert_eq!(places, [("t-2", 30), ("t-4", 20), ("t-3 ☺'", 20), ("t-1", 10)]);
    let after = (at(20), "t-4".to_owned());
    let rest = store.saved("acc_1", track, Some(&after), 1).await.expect("reads");
    assert_eq!(rest, all[2..3]);
    assert_eq!(store.saved_count("acc_1", track).await.expect("counts"), 4);
    assert_eq!(store.saved_count("acc_1", SavedKind::Release).await.expect("counts"), 0);
    let asked = ["t-4", "x", "t-9", "t-3 ☺'"].map(str::to_owned);
    let among = store.saved_among("acc_1", track, &asked).await.expect("reads");
    assert_eq!(among, ["t-4", "t-3 ☺'"]);
    assert!(store.unsave("acc_1", track, "t-4").await.expect("removes"));
    assert!(!store.unsave("acc_1", track, "t-4").await.expect("looks"));
    assert!(!store.unsave("acc_1", track, "t-9").await.expect("looks"), "it is another's");
    assert_eq!(store.saved_count("acc_1", track).await.expect("counts"), 3);
    assert_eq!(store.saved_count("acc_2", track).await.expect("counts"), 1);
    // By however many: each account once, of this kind alone.
    assert_eq!(save(store, "acc_2", track, "t-1", 60).await, Keeping::Kept(()));
    for (kind, id, expected) in [
        (track, "t-1", 2),
        (SavedKind::Artist, "t-1", 1),
        (track, "t-9", 1),
        (track, "t-4", 0),
        (SavedKind::Release, "t-1", 0),
    ] {
        assert_eq!(store.savers(kind, id).await.expect("counts"), expected, "{kind:?} {id}");
    }
}

async fn no_more_is_saved_than_may_be(kept: &Kept) {
    let store = with(kept, &[1]).await;
    let album = SavedKind::Release;
    for (id, expected) in [("a", Keeping::Kept(())), ("b", Keeping::Kept(())), ("c", Keeping::Full)]
    {
        let saved = Saved { id: id.to_owned(), saved_at: at(1) };
        assert_eq!(store.save("acc_1", album, &saved, 2).await.expect("answers"), expected);
    }
    let known = Saved { id: "a".to_owned(), saved_at: at(1) };
    let again = store.save("acc_1", album, &known, 2).await.expect("answers");
    assert_eq!(again, Keeping::Kept(()), "it is there");
}

async fn playlists_come_and_go(kept: &Kept) {
    let store = with(kept, &[1, 2]).await;
    let first = add(store, playlist("acc_1", "pl_1", 10)).await;
    assert_eq!((first.version, first.items, first.changed_at), (1, 0, at(10)));
    assert_eq!(first.made, playlist("acc_1", "pl_1", 10));
    for (id, at_ms) in [("pl_2", 20), ("pl_3", 20)] {
        add(store, playlist("acc_1", id, at_ms)).await;
    }
    // Again it is the one that is there.
    let again = NewPlaylist { name: "other".to_owned(), ..playlist("acc_1", "pl_1", 99) };
    assert_eq!(add(store, again).await, first);
    let full = store.add_playlist(&playlist("acc_1", "pl_4", 1), 3).await.expect("answers");
    assert_eq!(full, Keeping::Full);
    let known = store.add_playlist(&playlist("acc_1", "pl_1", 1), 3).await.expect("answers");
    assert_eq!(known, Keeping::Kept(first.clone()));
    let theirs: Result<_, StoreError> = store.add_playlist(&playlist("acc_2", "pl_1", 1), 3).await;
    theirs.expect_err("an id is one account's");
    let ids = async |after: Option<(UnixMs, String)>, limit| {
        let found = store.playlists_of("acc_1", after.as_ref(), limit).await.expect("reads");
        found.into_iter().map(|one| one.made.playlist_id).collect::<Vec<_>>()
    };
    assert_eq!(ids(None, 9).await, ["pl_3", "pl_2", "pl_1"]);
    assert_eq!(ids(None, 1).await, ["pl_3"]);
    assert_eq!(ids(Some((at(20), "pl_3".to_owned())), 9).await, ["pl_2", "pl_1"]);
    assert_eq!(store.playlists_of("acc_2", None, 9).await.expect("reads"), []);
    let change =
        PlaylistChange { name: Some("ny ☺".to_owned()), public: Some(true), description: None };
    let changed = done(store.change_playlist(&own("acc_1", "pl_1"), &change, at(50)).await);
    assert_eq!((&*changed.made.name, changed.made.public), ("ny ☺", true));
    assert_eq!(changed.made.description, first.made.description);
    assert_eq!((changed.version, changed.changed_at), (2, at(50)));
    // What changes nothing is no change.
    let same = done(store.change_playlist(&own("acc_1", "pl_1"), &change, at(60)).await);
    assert_eq!(same, changed);
    assert_eq!(store.playlist("pl_1").await.expect("reads"), Some(changed.clone()));
    assert_eq!(done(store.delete_playlist(&own("acc_1", "pl_1")).await), changed);
    assert_eq!(store.playlist("pl_1").await.expect("reads"), None);
    let gone = store.delete_playlist(&own("acc_1", "pl_1")).await.expect("answers");
    assert_eq!(gone, Edited::NotThere);
}

async fn a_playlist_is_its_owners(kept: &Kept) {
    let store = with(kept, &[1, 2]).await;
    add(store, NewPlaylist { public: true, ..playlist("acc_1", "pl_1", 10) }).await;
    let theirs = own("acc_2", "pl_1");
    let change = PlaylistChange { name: Some("mine".to_owned()), ..PlaylistChange::default() };
    let edit = adding(&["i"], To::End);
    for refused in [
        store.change_playlist(&theirs, &change, at(20)).await,
        store.edit_items(&theirs, &edit, 9, at(20)).await,
        store.delete_playlist(&theirs).await,
        store.change_playlist(&own("acc_1", "pl_x"), &change, at(20)).await,
    ] {
        assert_eq!(refused.expect("answers"), Edited::NotThere);
    }
    let stale = OwnPlaylist { version: Some(7), ..own("acc_1", "pl_1") };
    for refused in [
        store.change_playlist(&stale, &change, at(20)).await,
        store.edit_items(&stale, &edit, 9, at(20)).await,
        store.delete_playlist(&stale).await,
    ] {
        assert_eq!(refused.expect("answers"), Edited::Stale(1));
    }
    let first = OwnPlaylist { version: Some(1), ..own("acc_1", "pl_1") };
    let edited = done(store.edit_items(&first, &edit, 9, at(20)).await);
    assert_eq!((edited.version, edited.items), (2, 1));
    let again = store.edit_items(&first, &edit, 9, at(20)).await.expect("answers");
    assert_eq!(again, Edited::Stale(2), "whoever names a version means it");
}

async fn items_are_edited(kept: &Kept) {
    let store = with(kept, &[1]).await;
    add(store, playlist("acc_1", "pl_1", 10)).await;
    add(store, playlist("acc_1", "pl_2", 10)).await;
    let own = own("acc_1", "pl_1");
    let edit = async |edit: &Edit, at_ms| store.edit_items(&own, edit, 5, at(at_ms)).await;
    let items = async || {
        let items = store.items("pl_1", None, 99).await.expect("reads");
        items.into_iter().map(|item| item.item.item_id).collect::<Vec<_>>()
    };
    let added = done(edit(&adding(&["i1", "i2", "i3"], To::End), 20).await);
    assert_eq!((added.version, added.items, added.changed_at), (2, 3, at(20)));
    // Sent again, it changes nothing.
    let again = done(edit(&adding(&["i1", "i2", "i3"], To::End), 30).await);
    assert_eq!(again, added);
    let to = To::Before("i1".to_owned());
    done(edit(&Edit::Move { item_ids: vec!["i3".to_owned()], to }, 40).await);
    assert_eq!(items().await, ["i3", "i1", "i2"]);
    done(edit(&adding(&["i4"], To::After("i3".to_owned())), 50).await);
    assert_eq!(items().await, ["i3", "i4", "i1", "i2"]);
    let item_ids = vec!["i1".to_owned(), "i9".to_owned()];
    let removed = done(edit(&Edit::Remove { item_ids }, 60).await);
    assert_eq!((removed.version, removed.items), (5, 3));
    assert_eq!(items().await, ["i3", "i4", "i2"]);
    for (refused, expected) in [
        (adding(&["a", "b", "c"], To::End), Refusal::Full(5)),
        (adding(&["a", "a"], To::End), Refusal::Taken("a".to_owned())),
        (adding(&["a"], To::Before("i1".to_owned())), Refusal::NotThere("i1".to_owned())),
    ] {
        let answer = edit(&refused, 70).await.expect("answers");
        assert_eq!(answer, Edited::Refused(expected));
    }
    assert_eq!(store.playlist("pl_1").await.expect("reads"), Some(removed));
    // Pages, with what was stored.
    let first = store.items("pl_1", None, 2).await.expect("reads");
    let added: Vec<(&str, u64)> =
        first.iter().map(|item| (&*item.item.track_id, item.added_at.get())).collect();
    assert_eq!(added, [("T-i3", 20), ("T-i4", 50)]);
    let after = (first[1].item.place, first[1].item.item_id.clone());
    let rest = store.items("pl_1", Some(&after), 2).await.expect("reads");
    assert_eq!(rest.iter().map(|item| &*item.item.item_id).collect::<Vec<_>>(), ["i2"]);
    assert_eq!(store.items("pl_2", None, 2).await.expect("reads"), []);
    // Another list may have an item of the same id.
    let other = OwnPlaylist { playlist_id: "pl_2".to_owned(), ..own.clone() };
    done(store.edit_items(&other, &adding(&["i2"], To::End), 5, at(80)).await);
    done(store.delete_playlist(&own).await);
    assert_eq!(items().await, [] as [&str; 0]);
    assert_eq!(store.items("pl_2", None, 2).await.expect("reads").len(), 1);
}

/// More often in front of the same item than the space between two can be halved.
async fn items_are_placed_anew_where_there_is_no_room(kept: &Kept) {
    let store = with(kept, &[1]).await;
    add(store, playlist("acc_1", "pl_1", 10)).await;
    let own = own("acc_1", "pl_1");
    done(store.edit_items(&own, &adding(&["a", "z"], To::End), 99, at(20)).await);
    let mut expected = vec!["a".to_owned()];
    for number in 0..=GAP.ilog2() + 2 {
        let item_id = format!("i{number:02}");
        let edit = adding(&[&item_id], To::Before("z".to_owned()));
        done(store.edit_items(&own, &edit, 99, at(20)).await);
        expected.push(item_id);
    }
    expected.push("z".to_owned());
    let items = store.items("pl_1", None, 99).await.expect("reads");
    let ids: Vec<String> = items.iter().map(|item| item.item.item_id.clone()).collect();
    assert_eq!(ids, expected);
    assert!(items.windows(2).all(|pair| pair[0].item.place < pair[1].item.place));
}

async fn a_queue_is_kept(kept: &Kept) {
    let store = with(kept, &[1, 2]).await;
    assert_eq!(store.queue("acc_1").await.expect("reads"), None);
    let set = async |queue: &QueueContent, version, at_ms| {
        store.set_queue("acc_1", queue, version, at(at_ms)).await.expect("answers")
    };
    let step = async |step: &QueueStep, version| {
        store.step_queue("acc_1", step, version, at(90)).await.expect("answers")
    };
    let item = |id: &str| QueueItem { item_id: id.to_owned(), track_id: format!("T '{id}' ☺") };
    let full = QueueContent {
        items: vec![item("q1"), item("q2")],
        index: 1,
        position_ms: 12_345,
        shuffle: true,
        repeat: Repeat::All,
        source: Some(("playlist".to_owned(), "pl_1".to_owned())),
    };
    let nowhere = QueueStep { index: Some(0), ..QueueStep::default() };
    assert_eq!(step(&nowhere, None).await, QueueKept::NotThere, "there is none");
    assert_eq!(set(&full, Some(3), 10).await, QueueKept::Stale(0));
    assert_eq!(set(&full, Some(0), 10).await, QueueKept::Kept(1));
    let queue = store.queue("acc_1").await.expect("reads").expect("is kept");
    assert_eq!((&queue.content, queue.version, queue.changed_at), (&full, 1, at(10)));
    assert_eq!(set(&full, Some(0), 20).await, QueueKept::Stale(1));
    let on = QueueStep { position_ms: Some(20_000), ..QueueStep::default() };
    assert_eq!(step(&on, Some(1)).await, QueueKept::Kept(2));
    assert_eq!(step(&on, Some(1)).await, QueueKept::Stale(2));
    let beyond = QueueStep { index: Some(2), ..QueueStep::default() };
    assert_eq!(step(&beyond, None).await, QueueKept::NotThere);
    let back = QueueStep {
        index: Some(0),
        position_ms: Some(0),
        shuffle: Some(false),
        repeat: Some(Repeat::One),
    };
    assert_eq!(step(&back, None).await, QueueKept::Kept(3));
    let queue = store.queue("acc_1").await.expect("reads").expect("is kept");
    let expected = QueueContent {
        index: 0,
        position_ms: 0,
        shuffle: false,
        repeat: Repeat::One,
        ..full.clone()
    };
    assert_eq!((queue.content, queue.changed_at), (expected, at(90)));
    let none = QueueContent { items: Vec::new(), index: 0, source: None, ..full };
    assert_eq!(set(&none, None, 99).await, QueueKept::Kept(4));
    let queue = store.queue("acc_1").await.expect("reads").expect("is kept");
    assert_eq!(queue.content, none);
    assert_eq!(store.queue("acc_2").await.expect("reads"), None);
}

async fn nothing_is_kept_for_nobody(kept: &Kept) {
    let store = with(kept, &[]).await;
    assert_eq!(save(store, "acc_1", SavedKind::Track, "t", 1).await, Keeping::NoAccount);
    let made = store.add_playlist(&playlist("acc_1", "pl_1", 1), 9).await.expect("answers");
    assert_eq!(made, Keeping::NoAccount);
    let queue = QueueContent {
        items: Vec::new(),
        index: 0,
        position_ms: 0,
        shuffle: false,
        repeat: Repeat::Off,
        source: None,
    };
    let set = store.set_queue("acc_1", &queue, None, at(1)).await.expect("answers");
    assert_eq!(set, QueueKept::NoAccount);
}

/// Whoever is erased leaves nothing, not even a public playlist; others keep what they have.
async fn what_an_account_kept_is_gone_with_it(kept: &Kept) {
    let store = with(kept, &[1, 2]).await;
    for number in [1, 2] {
        let (account, list) = (format!("acc_{number}"), format!("pl_{number}"));
        save(store, &account, SavedKind::Track, "t", 1).await;
        add(store, NewPlaylist { public: true, ..playlist(&account, &list, 1) }).await;
        done(store.edit_items(&own(&account, &list), &adding(&["i"], To::End), 9, at(2)).await);
        let queue = QueueContent {
            items: vec![QueueItem { item_id: "q".to_owned(), track_id: "t".to_owned() }],
            index: 0,
            position_ms: 0,
            shuffle: false,
            repeat: Repeat::Off,
            source: None,
        };
        let set = store.set_queue(&account, &queue, None, at(1)).await.expect("answers");
        assert_eq!(set, QueueKept::Kept(1));
    }
    let erasure = Erasure { erased_at: at(2000), tie_hash: 5 };
    let tie = Tie {
        source: ACCOUNTS.to_owned(),
        user_id: "acc_1".to_owned(),
        listener: account(1).listener,
    };
    assert!(kept.listeners.erase(&tie, erasure, &[]).await.expect("erases"));
    assert_eq!(store.playlist("pl_1").await.expect("reads"), None, "before anything is swept");
    assert_eq!(kept.accounts.sweep().await.expect("sweeps"), 1);
    for (number, left) in [(1, 0), (2, 1)] {
        let (account, list) = (format!("acc_{number}"), format!("pl_{number}"));
        let saved = store.saved(&account, SavedKind::Track, None, 9).await.expect("reads");
        let lists = store.playlists_of(&account, None, 9).await.expect("reads");
        let items = store.items(&list, None, 9).await.expect("reads");
        let queue = store.queue(&account).await.expect("reads");
        assert_eq!([saved.len(), lists.len(), items.len()], [left; 3], "{account}");
        assert_eq!(usize::from(queue.is_some()), left, "{account}");
    }
    // The id leads to nothing of before.
    let again = kept.accounts.add_account(account(1), &OpenedBy::Permission).await;
    assert!(matches!(again.expect("stores"), Added::Added(_)));
    assert_eq!(store.saved_count("acc_1", SavedKind::Track).await.expect("counts"), 0);
    assert_eq!(store.queue("acc_1").await.expect("reads"), None);
}

async fn with<'k>(kept: &'k Kept, accounts: &[u8]) -> &'k dyn CollectionStore {
    for number in accounts {
        let added = kept.accounts.add_account(account(*number), &OpenedBy::Permission).await;
        assert!(matches!(added.expect("stores"), Added::Added(_)));
    }
    &*kept.collection
}

async fn save(
    store: &dyn CollectionStore,
    account: &str,
    kind: SavedKind,
    id: &str,
    at_ms: u64,
) -> Keeping<()> {
    let saved = Saved { id: id.to_owned(), saved_at: at(at_ms) };
    store.save(account, kind, &saved, 99).await.expect("answers")
}

async fn add(store: &dyn CollectionStore, playlist: NewPlaylist) -> Playlist {
    match store.add_playlist(&playlist, 99).await.expect("stores") {
        Keeping::Kept(playlist) => playlist,
        other => panic!("{other:?}"),
    }
}

#[track_caller]
fn done(edited: Result<Edited, StoreError>) -> Playlist {
    match edited.expect("answers") {
        Edited::Done(playlist) => *playlist,
        other => panic!("{other:?}"),
    }
}

fn adding(item_ids: &[&str], to: To) -> Edit {
    let items = item_ids.iter().map(|item_id| NewItem {
        item_id: (*item_id).to_owned(),
        track_id: format!("T-{item_id}"),
    });
    Edit::Add { items: items.collect(), to }
}

fn own(account: &str, playlist: &str) -> OwnPlaylist {
    let (account_id, playlist_id) = (account.to_owned(), playlist.to_owned());
    OwnPlaylist { account_id, playlist_id, version: None }
}

fn playlist(account: &str, id: &str, at_ms: u64) -> NewPlaylist {
    NewPlaylist {
        playlist_id: id.to_owned(),
        account_id: account.to_owned(),
        name: format!("list {id}"),
        description: "of 'mine'\n☺".to_owned(),
        public: false,
        created_at: at(at_ms),
    }
}

fn account(number: u8) -> NewAccount {
    NewAccount {
        account_id: format!("acc_{number}"),
        listener: Listener { id: u128::MAX - u128::from(number), secret: [number; 16] },
        name: format!("somebody.{number}"),
        folded: format!("somebody.{number}"),
        email: None,
        password_hash: "$argon2id$".to_owned(),
        role: Role::Listener,
        parties: Vec::new(),
        subscription: Subscription::of(Plan::Free),
        territory: None,
        created_at: at(1000),
    }
}

fn at(millis: u64) -> UnixMs {
    UnixMs::new(millis).expect("in range")
}
