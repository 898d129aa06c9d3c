//! Reports come in: checked, stamped, made durable, and only then acknowledged.
//!
//! Nothing here looks whether a play is known already: deduplication comes after the log.

mod batch;
mod overactive;
mod rate;
mod report;

pub use batch::{Acknowledged, Batch, GrantsFound, Kept, Queued};
pub use overactive::Overactive;
pub use report::{LISTENED_MS_MAX, PlaybackReport, Rejection};

use ledgerline_ids::HashKey;
use ledgerline_records::report::{Producer, ReportForm};
use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use crate::access::accounts::Listener;
use crate::catalogue::Catalogue;
use crate::ports::{AppendError, Clock, ReportLog};
use crate::privacy::Introduced;
use crate::privacy::pseudonyms::Pseudonyms;
use crate::spool::Spool;
use rate::Rates;

/// In whose name reports come in.
#[derive(Debug, Clone)]
pub struct Origin {
    /// The source that they are stamped with.
    pub source: Arc<str>,
    /// What may be believed of them.
    pub producer: Producer,
    /// The prefix that their users must have, if any.
    pub user_prefix: Option<Arc<str>>,
    /// The id of the credential, for its limits.
    pub key_id: Arc<str>,
    /// The most reports a second, where the credential has a limit of its own.
    pub reports_per_second: Option<u32>,
    /// Whether limits are looked at: not for files that the operator sends.
    pub limited: bool,
    /// The account that reports, if one does: user, plan and country are its, whatever the report says.
    pub listener: Option<Arc<Listener>>,
}

/// Why none of a body's reports were acknowledged. The sender may send them again: what was
/// made durable already is then a duplicate.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum IntakeError {
    /// The credential sends too fast.
    #[error("this key sends more reports a second than it may; send them again later")]
    RateLimited {
        /// When, in seconds.
        retry_after_s: u64,
    },
    /// Every report is of a listener who started more plays this hour than anyone does.
    #[error("every report is of a listener with too many new plays this hour")]
    TooManyPlays {
        /// When the hour ends, in seconds.
        retry_after_s: u64,
    },
    /// Too much is on its way to the disk already.
    #[error("too many reports are waiting for the disk; send them again shortly")]
    Busy {
        /// When, in seconds.
        retry_after_s: u64,
    },
    /// The disk is full.
    #[error("the disk is full; nothing was lost, send the reports again when there is room")]
    StorageFull {
        /// When, in seconds.
        retry_after_s: u64,
    },
    /// The disk failed.
    #[error("the disk failed; nothing is accepted until the operator has restarted the server")]
    StorageFailed,
    /// The store of the listeners doesn't answer, and the body names some that aren't known yet.
    #[error("listeners can't be looked up now; send the reports again shortly")]
    ListenersUnavailable {
        /// When, in seconds.
        retry_after_s: u64,
    },
    /// The server is stopping.
    #[error("the server is stopping; send the reports to it again when it is back")]
    Closing,
}

impl From<AppendError> for IntakeError {
    fn from(error: AppendError) -> Self {
        match error {
            AppendError::Busy => Self::Busy { retry_after_s: 1 },
            AppendError::Full => Self::StorageFull { retry_after_s: 30 },
            AppendError::Failed(_) => Self::StorageFailed,
            AppendError::Closing => Self::Closing,
        }
    }
}

/// Numbers for the operator.
#[derive(Debug, Default)]
pub struct IntakeMetrics {
    /// Reports that were acknowledged.
    pub accepted: AtomicU64,
    /// Bodies that were refused because too much was waiting.
    pub busy: AtomicU64,
    /// Bodies that were refused because the disk was full or failed.
    pub storage: AtomicU64,
    /// Bodies or reports that were refused by a limit.
    pub limited: AtomicU64,
}

/// The way in.
pub struct Intake {
    key: HashKey,
    log: Arc<dyn ReportLog>,
    /// Where reports go that the log doesn't take, if anywhere.
    spool: Option<Arc<Spool>>,
    clock: Arc<dyn Clock>,
    catalogue: Arc<Catalogue>,
    overactive: Arc<Overactive>,
    rates: Rates,
    default_rate: u32,
    form: ReportForm,
    closing: AtomicBool,
    metrics: IntakeMetrics,
    pseudonyms: Arc<Pseudonyms>,
    #[cfg(feature = "canary-dedup-before-log")]
    seen: std::sync::Mutex<std::collections::BTreeSet<Vec<u8>>>,
}

impl Intake {
    pub(crate) fn new(
        log: Arc<dyn ReportLog>,
        clock: Arc<dyn Clock>,
        catalogue: Arc<Catalogue>,
        overactive: Arc<Overactive>,
        (default_rate, form): (u32, ReportForm),
        pseudonyms: Arc<Pseudonyms>,
    ) -> Self {
        Self {
            key: *pseudonyms.key(),
            log,
            spool: None,
            clock,
            catalogue,
            overactive,
            rates: Rates::default(),
            default_rate,
            form,
            closing: AtomicBool::new(false),
            metrics: IntakeMetrics::default(),
            pseudonyms,
            #[cfg(feature = "canary-dedup-before-log")]
            seen: std::sync::Mutex::default(),
        }
    }

    /// The same with a spool.
    pub(crate) fn spooling(self, spool: Option<Arc<Spool>>) -> Self {
        Self { spool, ..self }
    }

    /// Begins a body of reports of a source that isn't pseudonymised. Limits are looked at when
    /// it ends.
    #[must_use]
    pub fn begin(&self, origin: &Arc<Origin>) -> Batch<'_> {
        let applies = self.pseudonyms.applies_to(&origin.source);
        assert!(!applies, "listeners of this source are to be introduced");
        Batch::new(self, origin.clone(), None)
    }

    /// Begins a body of reports of which some listeners were introduced. Where the batch names
    /// [`Batch::unknown`] ones all the same, these are to be introduced too, and the body begun
    /// again.
    #[must_use]
    pub fn begin_knowing<'i>(&'i self, origin: &Arc<Origin>, introduced: &Introduced) -> Batch<'i> {
        let applies = self.pseudonyms.applies_to(&origin.source);
        let pseudonyms = applies.then(|| self.pseudonyms.view(introduced));
        Batch::new(self, origin.clone(), pseudonyms)
    }

    /// Looks listeners of a pseudonymised source up, and makes those who are new, durably.
    ///
    /// # Errors
    /// [`IntakeError::ListenersUnavailable`]; nobody is made then.
    pub async fn introduce(
        &self,
        origin: &Origin,
        users: BTreeSet<Box<str>>,
        introduced: &mut Introduced,
    ) -> Result<(), IntakeError> {
        let at = self.clock.now();
        let done = self.pseudonyms.introduce(&origin.source, users, at, introduced).await;
        done.map_err(|error| {
            tracing::error!(%error, "listeners can't be introduced");
            IntakeError::ListenersUnavailable { retry_after_s: 5 }
        })
    }

    #[cfg(feature = "canary-dedup-before-log")]
    fn has_seen(&self, record: &ledgerline_records::report::ReportRecord<'_>) -> bool {
        let mut bytes = Vec::new();
        record.encode(&mut bytes);
        !self.seen.lock().expect("no holder panics").insert(bytes)
    }

    /// Accepts nothing more.
    pub(crate) fn close(&self) {
        self.closing.store(true, Ordering::Release);
    }

    /// Numbers for the operator.
    #[must_use]
    pub fn metrics(&self) -> &IntakeMetrics {
        &self.metrics
    }
}
