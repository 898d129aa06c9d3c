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
