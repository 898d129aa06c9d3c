//! What each endpoint does, one file for each resource.

pub(crate) mod adjudication;
pub(crate) mod appeals;
pub(crate) mod audit;
pub(crate) mod closes;
pub(crate) mod comparisons;
pub(crate) mod conservation;
pub(crate) mod counts;
pub(crate) mod demonstration;
pub(crate) mod earnings;
pub(crate) mod fraud;
pub(crate) mod invitations;
pub(crate) mod ledger;
pub(crate) mod operations;
pub(crate) mod overview;
pub(crate) mod papers;
pub(crate) mod plays;
pub(crate) mod privacy;
pub(crate) mod proposals;
pub(crate) mod reports;
pub(crate) mod revenue;
pub(crate) mod rights;
pub(crate) mod session;
pub(crate) mod terms;
pub(crate) mod trials;
