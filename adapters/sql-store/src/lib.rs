//! Committed facts, catalogue, credentials and the ledger in SQL: SQLite, or PostgreSQL.
//!
//! What it is for: one [`SqlStore`] is one SQLite file, one `PostgresStore` (feature `postgres`) is one
//! schema of a PostgreSQL database that many processes share. Both implement the ports `FactStore`,
//! `CatalogueStore`, `MusicLibrary`, `CredentialStore`, `SignInStore`, `AccountStore`, `CollectionStore`, `RightsStore`, `RevenueStore`, `ContractStore`,
//! `LedgerStore`, `LeaseStore` and the smaller ones beside them. Every call is one transaction; one that returned is on disk.
//! What it refuses: deciding. It adds up what it is told and says where its own rows
//! contradict each other; it also keeps no secret, only hashes of secrets.
//!
//! A statement is written once. The files beside this one are compiled into [`sqlite`] and into `postgres`;
//! each finds its database's own ways through `super`: `super::dialect`, and `super::Store`, the store that it
//! implements a port for.
//!
//! In reading order:
//! - [`sqlite`], `postgres`: opening, writers and readers, and `dialect`, all that is one database's own
//! - `facts`: partitions, their positions and totals
//! - `leases`: which node owns which partition
//! - `accords`: what all programs that share a state must have alike
//! - `credentials`: API keys; `sign_in`: invitations and sessions; `accounts`: those, and app passwords
//! - `settings`: what an administrator has set
//! - `appeals`: appeals and what was decided on them
//! - `catalogue`: tracks, their artists, bot devices
//! - `untold`: what counting must be told of these
//! - `contracts`: contracts as texts, revisioned; `proposals` of them; `audit`: who did what
//! - `ingest`: jobs of files of music, and what was found in them
//! - `ledger`: entries, signed heads, balances, and the records of closes
//! - `library`: the music that there is to hear
//! - `collection`: what listeners keep: saved music, playlists, queues
//! - `listeners`: who the listeners are, and their erasure
//! - `rights`, `rights_rows`: the catalogue of rights, by revision
//! - `revenue`: revenue, rates of exchange, brought usage, by revision
//! - `renditions`: what can be sent of recordings; `delivery`: signing keys, active devices, access logs
//! - `revisions`: those revisions, and the files that they came from
//! - `verify`: looking for damage
//! - `statements`, [`fault`]: statements of many rows; what can go wrong, and checked numbers

#![allow(
    clippy::duplicate_mod,
    reason = "a statement is written once, and compiled for each database"
)]

mod area;
mod fault;
#[cfg(feature = "postgres")]
mod postgres;
mod sqlite;

#[cfg(feature = "postgres")]
pub use postgres::{MovedState, PostgresOptions, PostgresStore};
pub use sqlite::SqlStore;
