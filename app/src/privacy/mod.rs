//! Who the listeners are: pseudonyms at intake, what is held on a person, and erasing a person.
//!
//! The logs never change, so a person can't be taken out of them. For a source that is
//! *pseudonymised* the logs have a random *listener* in the place of each user, and one table
//! ties the two. Whoever is erased leaves that table, and with it everything that says who the
//! listener was; every play, count and sum stays as it is.
//!
//! In reading order:
//! - [`pseudonyms`]: what is put into the records in the place of what was sent
//! - `walk`: through a partition's records
//! - [`export`]: everything that is held on a person
//! - [`erase`]: removes what ties a person to the logs

mod erase;
mod export;
pub mod pseudonyms;
mod walk;

pub use erase::{EraseError, Erased, Remaining};
pub use export::{
    HeldAccount, HeldCollection, HeldDecision, HeldIdentity, HeldReport, PersonExport, Said,
};
pub use pseudonyms::{Introduced, SourceError, erasure_concerns};
