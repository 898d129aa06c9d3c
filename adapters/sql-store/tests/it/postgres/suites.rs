//! The conformance suites of the ports.

use ledgerline_app::ports::conformance::{
    accounts, appeals, collection, contracts, credentials, delivery, desk, facts, ingest, leases,
    ledger, library, listeners, music, renditions, revenue, rights, sign_in,
};

use std::sync::Arc;
use std::sync::atomic::Ordering;

use super::server::Server;

#[tokio::test]
async fn leases_conform() {
    let Some(server) = Server::shared("leases_conform") else { return };
    leases::every_case(async || {
        let store = server.store().await;
        let clock = store.clock_off();
        let set_off = Box::new(move |off_ms| clock.store(off_ms, Ordering::Relaxed));
        leases::Clocked { store, set_off }
    })
    .await;
}

#[tokio::test]
async fn accounts_conform() {
    let Some(server) = Server::shared("accounts_conform") else { return };
    accounts::every_case(async || {
        let store = Arc::new(server.store().await);
        accounts::People {
            accounts: store.clone(),
            sign_ins: store.clone(),
            settings: store.clone(),
            listeners: store,
        }
    })
    .await;
}

#[tokio::test]
async fn collections_conform() {
    let Some(server) = Server::shared("collections_conform") else { return };
    collection::every_case(async || {
        let store = Arc::new(server.store().await);
        collection::Kept { accounts: store.clone(), listeners: store.clone(), collection: store }
    })
    .await;
}

/// One test for each suite, each case in a schema of its own.
macro_rules! conforms {
    ($($test:ident: $suite:ident),* $(,)?) => {
        $(
            #[tokio::test]
            async fn $test() {
                let Some(server) = Server::shared(stringify!($test)) else { return };
                $suite::every_case(async || server.store().await).await;
            }
        )*
    };
}

conforms! {
    facts_conform: facts,
    appeals_conform: appeals,
    ingests_conform: ingest,
    credentials_conform: credentials,
    sign_ins_conform: sign_in,
    catalogue_conforms: music,
    the_ledger_conforms: ledger,
    contracts_conform: contracts,
    proposals_and_deeds_conform: desk,
    delivery_conforms: delivery,
    renditions_conform: renditions,
    rights_conform: rights,
    revenue_conforms: revenue,
    listeners_conform: listeners,
    the_music_library_conforms: library,
}
