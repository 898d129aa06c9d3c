//! What only the program around the API can do for it.

use std::fmt;
use std::sync::Arc;

use ledgerline_app::ports::HistoryReader;

/// What only the program around the API can do; endpoints for what is missing answer 404.
#[derive(Clone, Default)]
pub struct Outside {
    /// Reads histories of other services.
    pub histories: Option<Arc<dyn HistoryReader>>,
    /// The demonstration that is being shown.
    pub demonstration: Option<Arc<dyn Demonstration>>,
}

impl fmt::Debug for Outside {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Outside")
            .field("histories", &self.histories.is_some())
            .field("demonstration", &self.demonstration.is_some())
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
