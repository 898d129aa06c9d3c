//! The conformance suites of the ports.

use ledgerline_app::ports::conformance::{
    accounts, appeals, collection, contracts, credentials, delivery, desk, facts, ingest, leases,
    ledger, library, listeners, music, renditions, revenue, rights, sign_in,
};
use ledgerline_sql_store::SqlStore;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use tempfile::TempDir;

/// Makes a new store at each call; the files go away with it.
struct Fresh {
    folder: TempDir,
    made: AtomicU32,
}

impl Fresh {
    fn new() -> Self {
        Self { folder: TempDir::new().unwrap(), made: AtomicU32::new(0) }
    }

    async fn store(&self) -> SqlStore {
        let number = self.made.fetch_add(1, Ordering::Relaxed);
        let path = self.folder.path().join(format!("state-{number}.db"));
        SqlStore::open(&path).await.unwrap()
    }
}

fn people(store: SqlStore) -> accounts::People {
    let store = Arc::new(store);
    accounts::People {
        accounts: store.clone(),
        sign_ins: store.clone(),
        settings: store.clone(),
        listeners: store,
    }
}

#[tokio::test]
async fn facts_conform() {
    let fresh = Fresh::new();
    facts::every_case(async || fresh.store().await).await;
}

#[tokio::test]
async fn leases_conform() {
    let fresh = Fresh::new();
    leases::every_case(async || {
        let store = fresh.store().await;
        let clock = store.clock_off();
        let set_off = Box::new(move |off_ms| clock.store(off_ms, Ordering::Relaxed));
        leases::Clocked { store, set_off }
    })
    .await;
}

#[tokio::test]
async fn ingests_conform() {
    let fresh = Fresh::new();
    ingest::every_case(async || fresh.store().await).await;
}

#[tokio::test]
async fn appeals_conform() {
    let fresh = Fresh::new();
    appeals::every_case(async || fresh.store().await).await;
}

#[tokio::test]
async fn credentials_conform() {
    let fresh = Fresh::new();
    credentials::every_case(async || fresh.store().await).await;
}

#[tokio::test]
async fn sign_ins_conform() {
    let fresh = Fresh::new();
    sign_in::every_case(async || fresh.store().await).await;
}

#[tokio::test]
async fn accounts_conform() {
    let fresh = Fresh::new();
    accounts::every_case(async || people(fresh.store().await)).await;
}

#[tokio::test]
async fn collections_conform() {
    let fresh = Fresh::new();
    collection::every_case(async || {
        let store = Arc::new(fresh.store().await);
        collection::Kept { accounts: store.clone(), listeners: store.clone(), collection: store }
    })
    .await;
}

#[tokio::test]
async fn catalogue_conforms() {
    let fresh = Fresh::new();
    music::every_case(async || fresh.store().await).await;
}

#[tokio::test]
async fn the_ledger_conforms() {
    let fresh = Fresh::new();
    ledger::every_case(async || fresh.store().await).await;
}

#[tokio::test]
async fn contracts_conform() {
    let fresh = Fresh::new();
    contracts::every_case(async || fresh.store().await).await;
}

#[tokio::test]
async fn proposals_and_deeds_conform() {
    let fresh = Fresh::new();
    desk::every_case(async || fresh.store().await).await;
}

#[tokio::test]
async fn delivery_conforms() {
    let fresh = Fresh::new();
    delivery::every_case(async || fresh.store().await).await;
}

#[tokio::test]
async fn renditions_conform() {
    let fresh = Fresh::new();
    renditions::every_case(async || fresh.store().await).await;
}

#[tokio::test]
async fn rights_conform() {
    let fresh = Fresh::new();
    rights::every_case(async || fresh.store().await).await;
}

#[tokio::test]
async fn revenue_conforms() {
    let fresh = Fresh::new();
    revenue::every_case(async || fresh.store().await).await;
}

#[tokio::test]
async fn listeners_conform() {
    let fresh = Fresh::new();
    listeners::every_case(async || fresh.store().await).await;
}

#[tokio::test]
async fn the_music_library_conforms() {
    let fresh = Fresh::new();
    library::every_case(async || fresh.store().await).await;
}
