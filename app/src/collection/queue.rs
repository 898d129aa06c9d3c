//! What a listener is about to hear, as a player left it, for the next one to go on with.

use std::collections::BTreeSet;

use super::{Collection, CollectionError, TrackLine, check_id, check_item_id};
use crate::access::accounts::Listener;
use crate::ports::collection::{Queue, QueueContent, QueueItem, QueueKept, QueueStep};

/// The most items of a queue.
pub const QUEUE_ITEMS_MAX: usize = 1_000;
/// A week: no track is longer.
pub const POSITION_MS_MAX: u64 = 7 * 86_400_000;

/// A queue with what the library knows of its tracks; without a queue where none was ever kept.
#[derive(Debug, Clone)]
pub struct ShownQueue {
    /// The queue.
    pub queue: Option<Queue>,
    /// Its items.
    pub items: Vec<(QueueItem, Option<TrackLine>)>,
}

impl Collection {
    /// What the listener is about to hear.
    ///
    /// # Errors
    /// [`CollectionError::Store`].
    pub async fn queue(&self, listener: &Listener) -> Result<ShownQueue, CollectionError> {
        let queue = self.store.queue(&listener.account_id).await?;
        let items = queue.as_ref().map_or_else(Vec::new, |queue| queue.content.items.clone());
        let items = self.with_lines(items, |item| &item.track_id).await?;
        Ok(ShownQueue { queue, items })
    }

    /// Keeps a queue; its version.
    ///
    /// # Errors
    /// [`CollectionError`].
    pub async fn set_queue(
        &self,
        listener: &Listener,
        content: QueueContent,
        version: Option<u64>,
    ) -> Result<u64, CollectionError> {
        check(&content)?;
        let (account, now) = (&listener.account_id, self.clock.now());
        kept(self.store.set_queue(account, &content, version, now).await?)
    }

    /// Keeps how far a player is; the queue's version.
    ///
    /// # Errors
    /// [`CollectionError`].
    pub async fn step_queue(
        &self,
        listener: &Listener,
        step: QueueStep,
        version: Option<u64>,
    ) -> Result<u64, CollectionError> {
        check_position(step.position_ms.unwrap_or_default())?;
        let (account, now) = (&listener.account_id, self.clock.now());
        kept(self.store.step_queue(account, &step, version, now).await?)
    }
}

fn kept(kept: QueueKept) -> Result<u64, CollectionError> {
    match kept {
        QueueKept::Kept(version) => Ok(version),
        QueueKept::Stale(version) => Err(CollectionError::Stale(version)),
        QueueKept::NotThere => Err(CollectionError::NoQueueItem),
        QueueKept::NoAccount => Err(CollectionError::NoAccount),
    }
}

fn check(content: &QueueContent) -> Result<(), CollectionError> {
    let wrong = |why: String| Err(CollectionError::Invalid(why));
    let items = content.items.len();
    if items > QUEUE_ITEMS_MAX {
        return wrong(format!("a queue has at most {QUEUE_ITEMS_MAX} items"));
    }
    if content.index as usize >= items.max(1) {
        return wrong(format!("index must be less than the number of items, which is {items}"));
    }
    check_position(content.position_ms)?;
    let mut seen = BTreeSet::new();
    for item in &content.items {
        check_item_id(&item.item_id)?;
        check_id("a track_id", &item.track_id)?;
        if !seen.insert(&item.item_id) {
            return wrong(format!("the item_id {:?} stands twice", item.item_id));
        }
    }
    if let Some((kind, id)) = &content.source {
        check_id("the type of source", kind)?;
        check_id("the id of source", id)?;
    }
    Ok(())
}

fn check_position(position_ms: u64) -> Result<(), CollectionError> {
    if position_ms > POSITION_MS_MAX {
        let why = format!("position_ms must be at most {POSITION_MS_MAX}");
        return Err(CollectionError::Invalid(why));
    }
    Ok(())
}
