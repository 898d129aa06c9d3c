//! The store on PostgreSQL: many processes write, each at its own place.
//!
//! - `open`: opening, transactions, and what is not known after a broken commit
//! - `options`: how long anything is waited for
//! - `schema`: which form the tables have, and bringing them to ours
//! - `pool`, `connection`: connections that nothing waits for without a limit
//! - `moving`: taking over the state of one machine, and giving it back
//! - `dialect`: all that is PostgreSQL's own in the statements; `damage`: what it finds wrong itself

mod connection;
mod damage;
mod dialect;
mod moving;
mod open;
mod options;
mod pool;
mod schema;

// The statements, which SQLite shares.
#[path = "../accords.rs"]
mod accords;
#[path = "../accounts.rs"]
mod accounts;
#[path = "../appeals.rs"]
mod appeals;
#[path = "../audit.rs"]
mod audit;
#[path = "../catalogue.rs"]
mod catalogue;
#[path = "../collection/mod.rs"]
mod collection;
#[path = "../contracts.rs"]
mod contracts;
#[path = "../counted.rs"]
mod counted;
#[path = "../credentials.rs"]
mod credentials;
#[path = "../delivery.rs"]
mod delivery;
#[path = "../facts.rs"]
mod facts;
#[path = "../ingest/mod.rs"]
mod ingest;
#[path = "../leases.rs"]
mod leases;
#[path = "../ledger/mod.rs"]
mod ledger;
#[path = "../library/mod.rs"]
mod library;
#[path = "../listeners.rs"]
mod listeners;
#[path = "../proposals.rs"]
mod proposals;
#[path = "../renditions.rs"]
mod renditions;
#[path = "../revenue.rs"]
mod revenue;
#[path = "../revisions.rs"]
mod revisions;
#[path = "../rights.rs"]
mod rights;
#[path = "../rights_rows.rs"]
mod rights_rows;
#[path = "../settings.rs"]
mod settings;
#[path = "../sign_in.rs"]
mod sign_in;
#[path = "../statements.rs"]
mod statements;
#[path = "../untold.rs"]
mod untold;
#[path = "../verify.rs"]
mod verify;

use crate::area::Area;
pub use moving::MovedState;
pub use open::PostgresStore;
use open::PostgresStore as Store;
pub use options::PostgresOptions;
