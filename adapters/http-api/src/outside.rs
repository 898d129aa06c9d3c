//! What only the program around the API can do for it.

use std::fmt;
use std::sync::Arc;

use ledgerline_app::money::papers::payment_order::PaymentFiles;
use ledgerline_app::money::sales_report::{SalesParty, SalesReports};
use ledgerline_app::ports::HistoryReader;

/// What only the program around the API can do; endpoints for what is missing answer 404.
#[derive(Clone, Default)]
pub struct Outside {
    /// Reads histories of other services.
    pub histories: Option<Arc<dyn HistoryReader>>,
    /// The demonstration that is being shown.
    pub demonstration: Option<Arc<dyn Demonstration>>,
    /// Writes sales reports.
    pub sales: Option<Sales>,
    /// Writes files for banks.
    pub payments: Option<Arc<dyn PaymentFiles>>,
    /// Is told what audio was sent.
    pub sent_audio: Option<Arc<dyn SentAudioLog>>,
}

/// Audio that was sent in answer to one request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SentAudio {
    /// When it was asked for, in milliseconds since 1970.
    pub at_ms: u64,
    /// For which play.
    pub play_id: String,
    /// Of which recording.
    pub track_id: String,
    /// Of which rung.
    pub rung: String,
    /// The status of the answer.
    pub status: u16,
    /// How many bytes of its body went out.
    pub bytes: u64,
}

/// Is told what audio was sent. It must not make anybody wait.
pub trait SentAudioLog: Send + Sync + 'static {
    /// This was sent.
    fn note(&self, sent: &SentAudio);
}

/// What writes sales reports, and for whom.
#[derive(Clone)]
pub struct Sales {
    /// What writes them.
    pub writer: Arc<dyn SalesReports>,
    /// What the service says of itself in them, where that is set.
    pub sender: Option<SalesSender>,
}

/// What the service says of itself in its sales reports.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SalesSender {
    /// Its DDEX party id and its name.
    pub party: SalesParty,
    /// What it is called in the reports, without spaces and underscores.
    pub service: String,
}

impl SalesSender {
    /// What a service is called in reports that hasn't said it.
    pub const SERVICE: &str = "Ledgerline";
}

impl fmt::Debug for Outside {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Outside")
            .field("histories", &self.histories.is_some())
            .field("demonstration", &self.demonstration.is_some())
            .field("sales", &self.sales.as_ref().map(|sales| &sales.sender))
            .field("payments", &self.payments.is_some())
            .field("sent_audio", &self.sent_audio.is_some())
            .finish()
    }
}

/// What the demonstration can do with itself.
pub trait Demonstration: Send + Sync + 'static {
    /// Sends all of its reports again, and says how many were accepted. Blocks meanwhile.
    ///
    /// # Errors
    /// Why not all could be sent, for the operator.
    fn send_again(&self) -> Result<u64, String>;

    /// Has the process be killed within a moment.
    fn kill(&self);
}
