//! What a transaction writes to.

/// Tables that change together. Writers of one area take turns; SQLite has them all take turns.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Area {
    /// Partitions and their totals, where rivals are told apart by a comparison of epoch and position.
    Facts,
    /// What programs must have alike.
    Accords,
    /// Rolled up sums of what counts.
    Sums,
    /// Credentials, invitations and sessions.
    Access,
    /// Appeals.
    Appeals,
    /// Proposals of contracts.
    Proposals,
    /// What was done by whom.
    Audit,
    /// Tracks and bot devices, what counting must be told of them, and the catalogue of rights.
    Catalogue,
    /// Contracts.
    Contracts,
    /// Revenue, rates of exchange, brought usage.
    Revenue,
    /// Who the listeners are.
    Listeners,
    /// Entries, heads, balances, and the records of closes.
    Ledger,
}
