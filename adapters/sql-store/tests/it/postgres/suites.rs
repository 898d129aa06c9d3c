//! The conformance suites of the ports.

use ledgerline_app::ports::conformance::{
    appeals, contracts, credentials, desk, facts, ledger, listeners, music, revenue, rights,
    sign_in,
};

use super::server::Server;

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
