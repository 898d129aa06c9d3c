//! Who may play in one place at a time: the newest place wins, and what was allowed before ends there.

use ledgerline_ids::UnixMs;
use std::sync::atomic::Ordering;

use super::Delivery;
use super::playing::{PlayRefusal, Who};
use crate::ports::StoreError;
use crate::ports::delivery::ActiveDevice;

/// The plan whose listeners play in one place at a time.
pub const ONE_PLACE_TIER: &str = "free";

impl Delivery {
    /// Whether whoever has this plan plays in one place at a time.
    #[must_use]
    pub fn has_one_place(tier: Option<&str>) -> bool {
        tier == Some(ONE_PLACE_TIER)
    }

    /// A listener begins to play at a device. Writes only where that is another one than before. What
    /// only follows there doesn't take another device's place: a player fetches ahead by itself, and
    /// might do so just after somebody went on elsewhere.
    pub(super) async fn begins_at(
        &self,
        listener: &str,
        who: Who<'_>,
        now: UnixMs,
    ) -> Result<(), PlayRefusal> {
        let known = self.store.active_device(listener).await?;
        if known.as_ref().is_some_and(|known| known.device == who.device) {
            return Ok(());
        }
        if known.is_some() {
            if who.follows {
                return Err(PlayRefusal::Elsewhere);
            }
            self.metrics.device_changes.fetch_add(1, Ordering::Relaxed);
        }
        let (listener, device) = (listener.to_owned(), who.device.to_owned());
        self.store.activate_device(&ActiveDevice { listener, device, since: now }).await?;
        Ok(())
    }

    /// Since when a listener plays where it plays now: what was granted before ended then. `None`
    /// where nobody took its place yet.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn moved_at(&self, listener: &str) -> Result<Option<UnixMs>, StoreError> {
        Ok(self.store.active_device(listener).await?.map(|device| device.since))
    }
}
