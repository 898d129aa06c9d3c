//! The suite of [`ListenerStore`]. Every case wants a store that nothing was written to.

use ledgerline_ids::UnixMs;

use crate::ports::listeners::{ErasedPlay, Erasure, Listener, ListenerStore, Tie};

/// Runs every case, each on a store of its own.
pub async fn every_case<S: ListenerStore>(fresh: impl AsyncFn() -> S) {
    names_its_sources(&fresh().await).await;
    ties_a_user_once(&fresh().await).await;
    ties_many_at_once(&fresh().await).await;
    finds_the_ties_of_a_user(&fresh().await).await;
    goes_through_all_ties(&fresh().await).await;
    erases_once(&fresh().await).await;
    forgets_plays_when_their_time_has_come(&fresh().await).await;
    takes_erasures_over(&fresh().await).await;
}

/// A source is pseudonymised once and for all.
pub async fn names_its_sources(store: &dyn ListenerStore) {
    assert_eq!(store.pseudonymised().await.expect("reads"), Vec::<String>::new());
    assert!(store.pseudonymise("web", at(1)).await.expect("stores"));
    assert!(store.pseudonymise("app", at(2)).await.expect("stores"));
    assert!(!store.pseudonymise("web", at(3)).await.expect("stores"), "it was before");
    assert_eq!(store.pseudonymised().await.expect("reads"), ["app", "web"]);
}

/// The first listener of a user stays; another source has another.
pub async fn ties_a_user_once(store: &dyn ListenerStore) {
    let introduce = async |source: &str, users: &[(String, Listener)]| {
        store.introduce(source, users, at(1)).await.expect("stores")
    };
    assert_eq!(introduce("web", &[]).await, []);
    assert_eq!(introduce("web", &[user("anna", 1)]).await, [listener(1)]);
    assert_eq!(
        introduce("web", &[user("bo", 2), user("anna", 3)]).await,
        [listener(2), listener(1)]
    );
    assert_eq!(introduce("app", &[user("anna", 4)]).await, [listener(4)]);
    // Names are told apart to the byte.
    assert_eq!(
        introduce("web", &[user("Anna", 5), user("anna ", 6)]).await,
        [listener(5), listener(6)]
    );
}

/// As many as a body has, some known and some new.
pub async fn ties_many_at_once(store: &dyn ListenerStore) {
    let users: Vec<_> = (0..3000).map(|n| user(&format!("u{n}"), n)).collect();
    let some: Vec<_> = users.iter().step_by(3).cloned().collect();
    store.introduce("web", &some, at(1)).await.expect("stores");
    let others: Vec<_> = (0..3000).map(|n| user(&format!("u{n}"), 10_000 + n)).collect();
    let tied = store.introduce("web", &others, at(2)).await.expect("stores");
    for (n, tied) in (0..3000).zip(tied) {
        assert_eq!(tied, listener(if n % 3 == 0 { n } else { 10_000 + n }), "u{n}");
    }
}

/// In every source, and nobody else's.
pub async fn finds_the_ties_of_a_user(store: &dyn ListenerStore) {
    for (source, name, number) in [("web", "anna", 1), ("app", "anna", 2), ("web", "bo", 3)] {
        store.introduce(source, &[user(name, number)], at(1)).await.expect("stores");
    }
    let ties = store.ties_of("anna").await.expect("reads");
    assert_eq!(ties, [tie("app", "anna", 2), tie("web", "anna", 1)]);
    assert_eq!(store.ties_of("nobody").await.expect("reads"), []);
}

/// A page at a time, in the order of sources and users.
pub async fn goes_through_all_ties(store: &dyn ListenerStore) {
    for (source, name, number) in [("b", "x", 1), ("a", "z", 2), ("b", "y", 3), ("a", "é", 4)] {
        store.introduce(source, &[user(name, number)], at(1)).await.expect("stores");
    }
    let (mut seen, mut after) = (Vec::new(), (String::new(), String::new()));
    loop {
        let page = store.ties_after(&after.0, &after.1, 3).await.expect("reads");
        let Some(last) = page.last() else { break };
        after = (last.source.clone(), last.user_id.clone());
        seen.extend(page);
    }
    let expected = [tie("a", "z", 2), tie("a", "é", 4), tie("b", "x", 1), tie("b", "y", 3)];
    assert_eq!(seen, expected);
}

/// What is erased is gone, and who comes again is somebody new.
pub async fn erases_once(store: &dyn ListenerStore) {
    store.introduce("web", &[user("anna", 1), user("bo", 2)], at(1)).await.expect("stores");
    store.introduce("app", &[user("anna", 3)], at(1)).await.expect("stores");
    let erasure = Erasure { erased_at: at(7), tie_hash: u128::MAX - 5 };
    let plays = [ErasedPlay { hash: 5, forget_at: Some(at(9)) }];
    let anna = tie("web", "anna", 1);
    assert!(store.erase(&anna, erasure, &plays).await.expect("erases"));
    assert!(!store.erase(&anna, erasure, &plays).await.expect("answers"), "it was before");
    assert_eq!(store.ties_of("anna").await.expect("reads"), [tie("app", "anna", 3)]);
    assert_eq!(store.ties_of("bo").await.expect("reads"), [tie("web", "bo", 2)]);
    assert_eq!(store.erasures().await.expect("reads"), [erasure]);
    assert_eq!(store.erased_plays().await.expect("reads"), plays);
    let again = store.introduce("web", &[user("anna", 8)], at(8)).await.expect("stores");
    assert_eq!(again, [listener(8)]);
    store.scrub().await.expect("scrubs");
}

/// Some have no such time.
pub async fn forgets_plays_when_their_time_has_come(store: &dyn ListenerStore) {
    store.introduce("web", &[user("anna", 1)], at(1)).await.expect("stores");
    let play =
        |hash: u128, forget_at: Option<u64>| ErasedPlay { hash, forget_at: forget_at.map(at) };
    let many: Vec<_> = (100..2_000).map(|n| play(n, Some(30))).collect();
    let plays = [vec![play(1, Some(10)), play(2, Some(20)), play(3, None)], many].concat();
    let erasure = Erasure { erased_at: at(7), tie_hash: 1 };
    store.erase(&tie("web", "anna", 1), erasure, &plays).await.expect("erases");
    assert_eq!(store.erased_plays().await.expect("reads"), plays);
    store.forget_erased_plays(at(20)).await.expect("forgets");
    assert_eq!(store.erased_plays().await.expect("reads").len(), plays.len() - 2);
    store.forget_erased_plays(at(30)).await.expect("forgets");
    assert_eq!(store.erased_plays().await.expect("reads"), [play(3, None)]);
}

/// Of another copy, as often as one likes.
pub async fn takes_erasures_over(store: &dyn ListenerStore) {
    let erasures = [3, 4].map(|n: u32| Erasure { erased_at: at(u64::from(n)), tie_hash: n.into() });
    let plays = [ErasedPlay { hash: 5, forget_at: Some(at(9)) }];
    for _ in 0..2 {
        store.take_over_erasures(&erasures, &plays).await.expect("stores");
        assert_eq!(store.erasures().await.expect("reads"), erasures);
        assert_eq!(store.erased_plays().await.expect("reads"), plays);
    }
}

fn listener(number: u32) -> Listener {
    let low = number.to_le_bytes()[0];
    Listener { id: u128::MAX - u128::from(number), secret: [low; 16] }
}

fn user(name: &str, number: u32) -> (String, Listener) {
    (name.to_owned(), listener(number))
}

fn tie(source: &str, name: &str, number: u32) -> Tie {
    Tie { source: source.to_owned(), user_id: name.to_owned(), listener: listener(number) }
}

fn at(millis: u64) -> UnixMs {
    UnixMs::new(millis).expect("in range")
}
