//! The conformance suites of the ports.

use ledgerline_app::ports::conformance::{
    appeals, contracts, credentials, desk, facts, leases, ledger, listeners, music, revenue,
    rights, sign_in,
};

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
    credentials_conform: credentials,
    sign_ins_conform: sign_in,
    catalogue_conforms: music,
    the_ledger_conforms: ledger,
    contracts_conform: contracts,
    proposals_and_deeds_conform: desk,
    rights_conform: rights,
    revenue_conforms: revenue,
    listeners_conform: listeners,
}
