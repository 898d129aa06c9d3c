//! Limits on what is under way at once: requests, memory of bodies, decoding.

use std::sync::Arc;

use tokio::runtime::{Handle, RuntimeFlavor};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, SemaphorePermit};

use crate::problem::{Kind, Problem};

/// Memory is counted in these: a semaphore's permits are 32 bits.
const UNIT_BYTES: usize = 1024;

/// What may be under way at once. Whoever would go beyond it is sent away at once: waiting
/// in line would only hide the overload from the clients.
#[derive(Debug)]
pub(crate) struct Limits {
    requests: Arc<Semaphore>,
    memory: Arc<Semaphore>,
    decoding: Semaphore,
}

impl Limits {
    pub(crate) fn new(requests: usize, memory_bytes: usize, decoding: usize) -> Self {
        Self {
            requests: Arc::new(Semaphore::new(requests)),
            memory: Arc::new(Semaphore::new(memory_bytes / UNIT_BYTES)),
            decoding: Semaphore::new(decoding),
        }
    }

    /// A place for a request, until it is dropped.
    pub(crate) fn enter(&self) -> Result<OwnedSemaphorePermit, Problem> {
        self.requests.clone().try_acquire_owned().map_err(|_| {
            Problem::passing(Kind::Overloaded, "too many requests are under way; try again", 1)
        })
    }

    /// An account of memory, empty at first.
    pub(crate) fn memory(&self) -> Memory {
        Memory { free: self.memory.clone(), held: None, held_bytes: 0, used_bytes: 0 }
    }

    /// A turn to decode a large body: no more of them at once than there are cores to do it.
    pub(crate) async fn decoding_turn(&self) -> Result<SemaphorePermit<'_>, Problem> {
        self.decoding.acquire().await.map_err(|error| Problem::internal(&error))
    }
}

/// Memory that a request has taken for its body; given back when dropped.
#[derive(Debug)]
pub(crate) struct Memory {
    free: Arc<Semaphore>,
    held: Option<OwnedSemaphorePermit>,
    held_bytes: usize,
    used_bytes: usize,
}

impl Memory {
    /// Takes `bytes` more; false where too much is taken already.
    pub(crate) fn take(&mut self, bytes: usize) -> bool {
        let wanted = self.used_bytes.saturating_add(bytes);
        if wanted > self.held_bytes {
            let units = (wanted - self.held_bytes).div_ceil(UNIT_BYTES);
            let taken = u32::try_from(units)
                .ok()
                .and_then(|units| self.free.clone().try_acquire_many_owned(units).ok());
            let Some(more) = taken else { return false };
            match &mut self.held {
                Some(held) => held.merge(more),
                None => self.held = Some(more),
            }
            self.held_bytes += units * UNIT_BYTES;
        }
        self.used_bytes = wanted;
        true
    }
}

/// Runs work; where it is `large`, so that the requests behind it go on in another thread.
pub(crate) fn off_the_worker<T>(large: bool, work: impl FnOnce() -> T) -> T {
    if large && Handle::current().runtime_flavor() == RuntimeFlavor::MultiThread {
        tokio::task::block_in_place(work)
    } else {
        work()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn memory_is_given_back() {
        let limits = Limits::new(1, 10 * UNIT_BYTES, 1);
        let (mut one, mut other) = (limits.memory(), limits.memory());
        assert!(one.take(1) && one.take(6 * UNIT_BYTES) && one.take(UNIT_BYTES - 1));
        assert!(!other.take(4 * UNIT_BYTES) && other.take(3 * UNIT_BYTES) && !one.take(1));
        drop(one);
        assert!(other.take(7 * UNIT_BYTES) && !other.take(1));
        assert!(!other.take(usize::MAX));
    }

    #[test]
    fn requests_are_sent_away() {
        let limits = Limits::new(1, 0, 1);
        let one = limits.enter();
        assert!(one.is_ok() && limits.enter().is_err());
        drop(one);
        assert!(limits.enter().is_ok());
    }
}
