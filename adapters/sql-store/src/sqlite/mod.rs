//! The store on SQLite: one file, one connection that writes, and a few that read beside it.

mod copy;
mod dialect;
mod open;

// The statements, which PostgreSQL shares.
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
pub use open::SqlStore;
use open::SqlStore as Store;
