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
    /// Credentials, invitations, sessions, accounts and settings.
    Access,
    /// Appeals.
    Appeals,
    /// Proposals of contracts.
    Proposals,
    /// What was done by whom.
    Audit,
    /// Tracks and bot devices, what counting must be told of them, the catalogue of rights, and the
    /// music library.
    Catalogue,
    /// Contracts.
    Contracts,
    /// Revenue, rates of exchange, brought usage.
    Revenue,
    /// What listeners keep, where those who change what one account keeps take turns at its row.
    Collection,
    /// Who the listeners are.
    Listeners,
    /// What can be sent of recordings.
    Renditions,
    /// Signing keys, active devices, and what access logs say.
    Delivery,
    /// Jobs of files of music, and what was found in them.
    Music,
    /// Entries, heads, balances, and the records of closes.
    Ledger,
}
