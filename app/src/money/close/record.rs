//! The record of a close: what it was computed from, and how far it is.

use ledgerline_ids::{PartitionId, Period, Position, UnixMs};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

use crate::money::usage_fold::{Cut, Mark, PartitionCut};

/// How far a close is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CloseState {
    /// Cut and revisions are fixed; the same is computed however often it is begun again.
    Begun,
    /// Something is missing or contradicts itself; the next try begins anew.
    Refused,
    /// Done for good.
    Closed,
}

impl CloseState {
    /// The word in answers.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Begun => "begun",
            Self::Refused => "refused",
            Self::Closed => "closed",
        }
    }
}

/// Which revisions a close takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Revisions {
    /// Of revenue.
    pub revenue: u64,
    /// Of rates of exchange.
    pub fx: u64,
    /// Of usage that others counted.
    pub usage: u64,
    /// Of the catalogue of rights.
    pub rights: u64,
    /// Of contracts.
    pub contracts: u64,
}

/// What a close came to.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CloseSummary {
    /// Counted plays of the month.
    pub plays: u64,
    /// Lines of the month's own.
    pub lines: u64,
    /// Lines that adjust earlier months.
    pub adjusted_lines: u64,
    /// Payees with a statement.
    pub payees: u64,
    /// Entries in the ledger.
    pub entries: u64,
    /// By currency, in ledger units: net revenue, pools, adjustments, paid out.
    pub money: Vec<CloseMoney>,
    /// Counted plays of months before the first close, which no close takes.
    pub plays_before_first: u64,
}

/// A close's money in one currency, in ledger units.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CloseMoney {
    /// The currency.
    pub currency: String,
    /// Net revenue.
    pub net_micros: i64,
    /// All pools.
    pub pools_micros: i64,
    /// What changed of earlier months' pools.
    pub adjusted_micros: i64,
    /// Paid out.
    pub paid_micros: i64,
}

/// The record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Record {
    /// Which month.
    pub period: Period,
    /// How far.
    pub state: CloseState,
    /// When it is booked.
    pub booked_at: UnixMs,
    /// Up to where plays are taken in.
    pub cut: Cut,
    /// Which revisions are.
    pub revisions: Revisions,
    /// Up to which entry of the ledger advances and costs are.
    pub ledger_seq: u64,
    /// Why it was refused, one sentence each.
    pub refusals: Vec<String>,
    /// SHA-256 of the manifest, once it is closed.
    pub manifest_sha256: Option<String>,
    /// The key of the last entry that it booked.
    pub last_key: Option<String>,
    /// The signed head of the ledger that it made.
    pub head: Option<String>,
    /// What it came to, once it is closed.
    pub summary: Option<CloseSummary>,
    /// The last records of plays logs in front of the cut, once it is closed: a shortcut for the
    /// next close.
    pub marks: BTreeMap<PartitionId, Mark>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Stored {
    format: u32,
    state: CloseState,
    booked_at_ms: u64,
    cut: Vec<(u16, u64, u64)>,
    revisions: Revisions,
    ledger_seq: u64,
    refusals: Vec<String>,
    manifest_sha256: Option<String>,
    last_key: Option<String>,
    head: Option<String>,
    summary: Option<CloseSummary>,
    /// Partition, address, position of the cause.
    marks: Vec<(u16, u64, u64)>,
}

const FORMAT: u32 = 1;

impl Record {
    /// Its bytes in the store.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        let cut = self.cut.iter().map(|it| (it.partition.0, it.position.0, it.plays_bytes));
        let stored = Stored {
            format: FORMAT,
            state: self.state,
            booked_at_ms: self.booked_at.get(),
            cut: cut.collect(),
            revisions: self.revisions,
            ledger_seq: self.ledger_seq,
            refusals: self.refusals.clone(),
            manifest_sha256: self.manifest_sha256.clone(),
            last_key: self.last_key.clone(),
            head: self.head.clone(),
            summary: self.summary.clone(),
            marks: self.marks.iter().map(|(at, it)| (at.0, it.address, it.cause)).collect(),
        };
        serde_json::to_vec(&stored).expect("texts and numbers are JSON")
    }

    /// Reads it; `None` where the bytes are none, or those of a newer version.
    #[must_use]
    pub fn parse(period: Period, bytes: &[u8]) -> Option<Self> {
        let stored: Stored = serde_json::from_slice(bytes).ok()?;
        if stored.format != FORMAT {
            return None;
        }
        let cut = stored.cut.into_iter().map(|(partition, position, plays_bytes)| PartitionCut {
            partition: PartitionId(partition),
            position: Position(position),
            plays_bytes,
        });
        let marks = stored.marks.into_iter();
        let marks = marks.map(|(at, address, cause)| (PartitionId(at), Mark { address, cause }));
        Some(Self {
            period,
            state: stored.state,
            booked_at: UnixMs::new(stored.booked_at_ms).ok()?,
            cut: cut.collect(),
            revisions: stored.revisions,
            ledger_seq: stored.ledger_seq,
            refusals: stored.refusals,
            manifest_sha256: stored.manifest_sha256,
            last_key: stored.last_key,
            head: stored.head,
            summary: stored.summary,
            marks: marks.collect(),
        })
    }
}
