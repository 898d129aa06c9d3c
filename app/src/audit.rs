//! The audit log: who did what, and when.

use crate::Deployment;
use crate::ports::StoreError;
use crate::ports::audit::{Deed, NumberedDeed};

impl Deployment {
    /// Notes that something was done or tried. What was done stays done where noting it fails; the
    /// log says so then.
    pub async fn note_deed(&self, deed: Deed) {
        let told = format!("{} {} by {}: {}", deed.method, deed.path, deed.who, deed.status);
        if let Err(error) = self.audit.note(deed).await {
            tracing::error!(%error, told, "the audit log could not be written");
        }
    }

    /// Deeds from a number downwards, the newest first, at most `limit`.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn deeds(&self, from: u64, limit: u32) -> Result<Vec<NumberedDeed>, StoreError> {
        self.audit.deeds(from, limit).await
    }
}
