//! Reports with neither a play id nor a start: a run of them with less than five minutes
//! between one and the next is one play.

use std::collections::BTreeMap;

use ledgerline_ids::UnixMs;

use crate::reading::Reading;

/// Reports this far apart are of two windows.
const GAP_MS: u64 = 300_000;

/// What reports without key and start are told apart by.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
struct WindowKey {
    source: Box<str>,
    user: Option<Box<str>>,
    track: Box<str>,
    place: Option<Box<str>>,
}

/// A window, as far as the next report needs it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Window {
    pub opened_at: UnixMs,
    pub ordinal: u64,
    last_received_at: UnixMs,
    last_listened_ms: u64,
}

/// The newest window of every key.
#[derive(Debug, Default)]
pub(crate) struct Windows {
    newest: BTreeMap<WindowKey, Window>,
}

impl Windows {
    /// The window that a report belongs to; it is opened where there is none.
    pub(crate) fn window_of(&mut self, reading: &Reading<'_>, clock: UnixMs) -> Window {
        let key = WindowKey {
            source: reading.report.source.as_str().into(),
            user: reading.report.user.map(|user| user.as_str().into()),
            track: reading.report.track.as_str().into(),
            place: reading.place().map(Box::from),
        };
        let newest = self.newest.get(&key).copied();
        let mut window = match newest {
            Some(newest) if newest.takes(reading, clock) => newest,
            newest => Window::opened_after(newest, reading),
        };
        window.last_received_at = reading.received_at;
        window.last_listened_ms = reading.report.listened_ms;
        self.newest.insert(key, window);
        window
    }
}

impl Window {
    fn takes(&self, reading: &Reading<'_>, clock: UnixMs) -> bool {
        let closed = !reading.is_backfill() && clock.since(self.last_received_at) >= GAP_MS;
        let gap_ms = reading.received_at.get().abs_diff(self.last_received_at.get());
        !closed && gap_ms < GAP_MS && reading.report.listened_ms >= self.last_listened_ms
    }

    fn opened_after(newest: Option<Self>, reading: &Reading<'_>) -> Self {
        let opened_at = reading.received_at;
        let ordinal = match newest {
            Some(newest) if newest.opened_at == opened_at => newest.ordinal + 1,
            _ => 0,
        };
        Self {
            opened_at,
            ordinal,
            last_received_at: opened_at,
            last_listened_ms: reading.report.listened_ms,
        }
    }
}
