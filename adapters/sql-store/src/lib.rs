//! Committed facts, catalogue, credentials and the ledger on SQLite.
//!
//! What it is for: one [`SqlStore`] is one database file and implements the ports
//! `FactStore`, `CatalogueStore`, `CredentialStore`, `SignInStore`, `RightsStore`,
//! `RevenueStore`, `ContractStore` and `LedgerStore` on it. Every call is one transaction; one that returned is
//! on disk (`synchronous = FULL`).
//! What it refuses: deciding. It adds up what it is told and says where its own rows
//! contradict each other; it also keeps no secret, only hashes of secrets.
//!
//! In reading order:
//! - [`open`]: opening, closing, the one writer and the readers beside it
//! - [`facts`]: partitions, their positions and totals
//! - [`credentials`]: API keys; [`sign_in`]: invitations and sessions
//! - [`appeals`]: appeals and what was decided on them
//! - [`catalogue`]: tracks, their artists, bot devices
//! - [`untold`]: what counting must be told of these
//! - [`contracts`]: contracts as texts, revisioned; [`proposals`] of them; [`audit`]: who did what
//! - [`ledger`]: entries, signed heads, balances, and the records of closes
//! - [`rights`], [`rights_rows`]: the catalogue of rights, by revision
//! - [`revenue`]: revenue, rates of exchange, brought usage, by revision
//! - [`revisions`]: those revisions, and the files that they came from
//! - [`verify`]: looking for damage; [`copy`]: all of it as another file
//! - [`dialect`]: all that is SQLite's own; the statements elsewhere are meant for PostgreSQL too
//! - [`statements`], [`fault`]: statements of many rows; what can go wrong, and checked numbers

mod appeals;
mod audit;
mod catalogue;
mod contracts;
mod copy;
mod credentials;
mod dialect;
mod facts;
mod fault;
mod ledger;
mod listeners;
mod open;
mod proposals;
mod revenue;
mod revisions;
mod rights;
mod rights_rows;
mod sign_in;
mod statements;
mod untold;
mod verify;

pub use open::SqlStore;
