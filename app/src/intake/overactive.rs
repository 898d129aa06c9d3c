//! Listeners whose hour is full: more new plays than anyone has. Their reports wait.

use ledgerline_ids::{HourNo, ListenerHash, UnixMs};
use std::collections::BTreeMap;
use std::sync::RwLock;
use std::sync::atomic::{AtomicUsize, Ordering};

/// The listeners that the intake is closed for, each until the end of an hour.
///
/// Counting says who they are, so a retry never makes a listener overactive, and the
/// intake may let a few plays too many pass.
#[derive(Debug, Default)]
pub struct Overactive {
    closed: RwLock<BTreeMap<ListenerHash, HourNo>>,
    count: AtomicUsize,
}

/// More listeners than this are never closed at once: the oldest hour is forgotten first.
const CLOSED_MAX: usize = 1_000_000;

impl Overactive {
    /// Closes the intake for a listener until the hour of `now` ends.
    pub fn close(&self, listener: ListenerHash, now: UnixMs) {
        let mut closed = self.closed.write().expect("no holder panics");
        if closed.len() >= CLOSED_MAX {
            closed.retain(|_, hour| *hour >= now.hour());
        }
        if closed.len() < CLOSED_MAX {
            closed.insert(listener, now.hour());
        }
        self.count.store(closed.len(), Ordering::Release);
    }

    /// Whether nobody is closed, which is nearly always so.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.count.load(Ordering::Acquire) == 0
    }

    /// Whether the intake is closed for a listener at `now`.
    #[must_use]
    pub fn is_closed(&self, listener: ListenerHash, now: UnixMs) -> bool {
        let closed = self.closed.read().expect("no holder panics");
        closed.get(&listener) == Some(&now.hour())
    }
}
