//! Counts become money: one file for each use case.
//!
//! In reading order:
//! - [`usage_fold`]: a month's plays, added up from the plays logs
//! - [`terms`]: contracts, imported, explained and reviewed; [`proposals`]: proposed by one person
//!   and approved by another; [`text_diff`]: what differs in two texts
//! - [`rights`]: the catalogue of rights
//! - [`revenue`], [`fx`], [`usage`]: what months earned, rates of exchange, usage from elsewhere
//! - [`ledger`]: posting entries, reading and verifying them; [`shared_heads`]: its newest head, where
//!   several nodes post
//! - [`sentences`]: what statements and explanations say, in words
//! - [`advances`]: advances and costs
//! - [`trial`]: what listening histories would have paid, by two models
//! - [`close`]: a month is closed; [`files`]: what a close states, as files
//! - [`papers`]: statements as sheets, payouts, sales reports
//! - [`sales_report`]: a payee's sales of a month, as a licensor's systems read them

pub mod advances;
pub mod close;
pub mod files;
pub mod fx;
pub mod ledger;
mod ledger_check;
pub mod papers;
pub mod proposals;
pub mod revenue;
pub mod rights;
pub mod sales_report;
pub mod sentences;
pub mod shared_heads;
pub mod terms;
pub mod text_diff;
pub mod trial;
pub mod usage;
pub mod usage_fold;

pub use ledgerline_money::{BigRational, Currency, Fraction, Micros};

use std::sync::Arc;

use crate::ports::drive::Drive;
use crate::ports::{
    BlobStore, Clock, ContractReader, ContractStore, Disk, HeadKeeper, HeadSigner, LedgerStore,
    ProposalStore, RevenueStore, RightsStore, StatementPrinter,
};
use close::{Closes, SharedCloses, SharedSettings, Sources};
use ledger::Ledger;
use papers::printed::Papers;
use proposals::Proposals;
use revenue::Revenue;
use rights::Rights;
use terms::Terms;

/// What the use cases of money are made of.
pub struct MoneyParts {
    /// Where contracts are kept.
    pub contracts: Arc<dyn ContractStore>,
    /// What reads their texts.
    pub contract_reader: Arc<dyn ContractReader>,
    /// Where proposals of contracts are kept.
    pub proposals: Arc<dyn ProposalStore>,
    /// Where the catalogue of rights is kept.
    pub rights: Arc<dyn RightsStore>,
    /// Where revenue, rates of exchange and brought usage are kept.
    pub revenue: Arc<dyn RevenueStore>,
    /// Where the ledger is kept.
    pub ledger: Arc<dyn LedgerStore>,
    /// The key that signs its head.
    pub signer: Arc<dyn HeadSigner>,
    /// The file that knows the newest one.
    pub keeper: Arc<dyn HeadKeeper>,
    /// What makes papers of statements.
    pub printer: Arc<dyn StatementPrinter>,
    /// Where several nodes share the files of closed months, and how much of it this one keeps; if they do.
    pub shared_files: Option<(Arc<dyn BlobStore>, SharedSettings)>,
}

/// The use cases of money of a deployment.
#[derive(Debug)]
pub struct Money {
    ledger: Ledger,
    terms: Arc<Terms>,
    proposals: Proposals,
    closes: Closes,
    rights: Rights,
    revenue: Revenue,
    papers: Papers,
}

impl Money {
    /// Out of its parts.
    #[must_use]
    pub fn new(
        parts: MoneyParts,
        clock: Arc<dyn Clock>,
        (disk, drive): (Arc<dyn Disk>, Arc<dyn Drive>),
    ) -> Self {
        let MoneyParts { contracts, contract_reader, rights, revenue, .. } = parts;
        let MoneyParts { proposals, ledger, signer, keeper, printer, shared_files, .. } = parts;
        let terms = Arc::new(Terms::new(contracts, contract_reader));
        let sources =
            Sources { rights: rights.clone(), revenue: revenue.clone(), contracts: terms.clone() };
        let shared = shared_files.map(|(blobs, settings)| {
            SharedCloses::new(blobs, disk.clone(), (drive, clock.clone()), settings)
        });
        Self {
            ledger: Ledger::new(ledger, signer, keeper, clock),
            proposals: Proposals::new(proposals, terms.clone()),
            terms,
            closes: Closes::new(sources, disk, shared),
            rights: Rights::new(rights),
            revenue: Revenue::new(revenue),
            papers: Papers::new(printer),
        }
    }

    /// Contracts.
    #[must_use]
    pub fn terms(&self) -> &Terms {
        &self.terms
    }

    /// Proposals of contracts.
    #[must_use]
    pub fn proposals(&self) -> &Proposals {
        &self.proposals
    }

    /// The catalogue of rights.
    #[must_use]
    pub fn rights(&self) -> &Rights {
        &self.rights
    }

    /// Revenue, rates of exchange and brought usage.
    #[must_use]
    pub fn revenue(&self) -> &Revenue {
        &self.revenue
    }

    /// The ledger.
    #[must_use]
    pub fn ledger(&self) -> &Ledger {
        &self.ledger
    }

    /// What makes papers of statements.
    #[must_use]
    pub fn papers(&self) -> &Papers {
        &self.papers
    }

    /// The closes.
    #[must_use]
    pub fn closes(&self) -> &Closes {
        &self.closes
    }
}
