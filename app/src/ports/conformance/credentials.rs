//! The suite of [`CredentialStore`]. Every case wants a store that nothing was written to.

use ledgerline_ids::UnixMs;

use crate::ports::{Credential, CredentialStore, NewCredential, Scope};

/// Runs every case, each on a store of its own.
pub async fn every_case<S: CredentialStore>(fresh: impl AsyncFn() -> S) {
    finds_what_was_added(&fresh().await).await;
    lists_the_oldest_first(&fresh().await).await;
    revokes_once(&fresh().await).await;
    refuses_an_id_or_a_secret_twice(&fresh().await).await;
}

/// Every field comes back as it was stored, by the hash of the secret or by the id.
pub async fn finds_what_was_added(store: &dyn CredentialStore) {
    assert_eq!(store.find(&[1; 32]).await.expect("reads"), None);
    let plain = key("key_plain", 1, 1000);
    let full = NewCredential {
        scopes: Scope::ALL.to_vec(),
        source: "label:spotify/eu".to_owned(),
        user_prefix: Some("Zoë-".to_owned()),
        reports_per_second: Some(u32::MAX),
        ..key("key_full", 2, UnixMs::MAX.get())
    };
    let none = NewCredential {
        scopes: Vec::new(),
        user_prefix: Some(String::new()),
        reports_per_second: Some(0),
        ..key("key_none", 3, 0)
    };
    for new in [&plain, &full, &none] {
        store.add(new.clone()).await.expect("stores");
    }
    for new in [plain, full, none] {
        let found = store.find(&new.secret_hash).await.expect("reads");
        assert_eq!(store.by_id(&new.id).await.expect("reads"), found);
        assert_eq!(found, Some(Credential { key: new, revoked_at: None }));
    }
    let mut nearly = [1; 32];
    nearly[31] = 2;
    assert_eq!(store.find(&nearly).await.expect("reads"), None);
    assert_eq!(store.by_id("key_ful").await.expect("reads"), None);
}

/// By the time they were made; those of one instant by their ids.
pub async fn lists_the_oldest_first(store: &dyn CredentialStore) {
    assert_eq!(store.list().await.expect("reads"), []);
    for (id, secret, at) in
        [("key_c", 1, 2000), ("key_b", 2, 2000), ("key_d", 3, 1000), ("key_a", 4, 3000)]
    {
        store.add(key(id, secret, at)).await.expect("stores");
    }
    let ids: Vec<_> =
        store.list().await.expect("reads").into_iter().map(|one| one.key.id).collect();
    assert_eq!(ids, ["key_d", "key_b", "key_c", "key_a"]);
}

/// The first revocation stands, with its time; the credential stays to be seen.
pub async fn revokes_once(store: &dyn CredentialStore) {
    store.add(key("key_a", 1, 1000)).await.expect("stores");
    store.add(key("key_b", 2, 1000)).await.expect("stores");
    let (first, second) = (at(5000), at(6000));
    assert!(!store.revoke("key_x", first).await.expect("answers"), "there is no such one");
    assert!(store.revoke("key_a", first).await.expect("answers"));
    assert!(!store.revoke("key_a", second).await.expect("answers"), "it was revoked before");

    let revoked = store.find(&[1; 32]).await.expect("reads").expect("is still there");
    assert_eq!(revoked.revoked_at, Some(first));
    let other = store.find(&[2; 32]).await.expect("reads").expect("is there");
    assert_eq!(other.revoked_at, None);
    assert_eq!(store.list().await.expect("reads"), [revoked, other]);
}

/// Neither takes the place of the other, and the refusal tells no secret.
pub async fn refuses_an_id_or_a_secret_twice(store: &dyn CredentialStore) {
    let first = key("key_a", 1, 1000);
    store.add(first.clone()).await.expect("stores");
    let same_id = store.add(key("key_a", 2, 2000)).await.expect_err("the id is taken");
    assert!(same_id.detail.contains("key_a"), "must name the id: {same_id}");
    store.add(key("key_b", 1, 2000)).await.expect_err("the secret is taken");
    store.revoke("key_a", at(3000)).await.expect("answers");
    store.add(key("key_a", 3, 4000)).await.expect_err("a revoked credential keeps its id");
    let expected = Credential { key: first, revoked_at: Some(at(3000)) };
    assert_eq!(store.list().await.expect("reads"), [expected]);
}

fn key(id: &str, secret: u8, created_ms: u64) -> NewCredential {
    NewCredential {
        id: id.to_owned(),
        secret_hash: [secret; 32],
        scopes: vec![Scope::ReportsWrite],
        source: "main".to_owned(),
        user_prefix: None,
        reports_per_second: None,
        created_at: at(created_ms),
    }
}

fn at(millis: u64) -> UnixMs {
    UnixMs::new(millis).expect("in range")
}
