//! Reports with neither key nor start: runs with less than five minutes between them.

use ledgerline_ids::{HashKey, UnixMs};
use ledgerline_records::play::{PlayIdentity, PlayKey};
use ledgerline_records::report::{Producer, ReportRecord};
use std::collections::BTreeMap;

use crate::identity::{place, window_hash};
use crate::rules::WINDOW_MS;

/// The newest run of one listener, track and place.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Window {
    /// When its first report was received.
    pub opened_at: UnixMs,
    /// How many runs were opened at that same instant before it.
    pub ordinal: u64,
    /// When its last report was received.
    pub last_at: UnixMs,
    /// The listened time of its last report, in milliseconds.
    pub listened_ms: u64,
    /// Whether its reports are a backfill's, which the clock doesn't close.
    pub backfill: bool,
}

/// The newest run of each listener, track and place.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Windows {
    open: BTreeMap<u128, Window>,
    swept_at: UnixMs,
    /// When the newest report of a live run was received. Receive times don't go back, so
    /// no run will be opened before this.
    newest_at: UnixMs,
}

impl Windows {
    /// The play that a report with neither key nor start is of; in log order.
    pub fn identity<'a>(
        &mut self,
        key: &HashKey,
        report: &ReportRecord<'a>,
        received_at: UnixMs,
        clock: UnixMs,
    ) -> PlayIdentity<'a> {
        let hash = window_hash(key, report);
        let newest = self.open.get(&hash).copied();
        let window = match newest {
            Some(window) if joins(&window, report, received_at, clock) => {
                Window { last_at: received_at, listened_ms: report.listened_ms, ..window }
            }
            _ => Window {
                opened_at: received_at,
                ordinal: match newest {
                    Some(window) if window.opened_at == received_at => window.ordinal + 1,
                    _ => 0,
                },
                last_at: received_at,
                listened_ms: report.listened_ms,
                backfill: report.producer == Producer::Backfill,
            },
        };
        self.open.insert(hash, window);
        if !window.backfill {
            self.newest_at = self.newest_at.max(received_at);
        }
        let key = PlayKey::Window {
            track: report.track,
            place: place(report),
            opened_at: window.opened_at,
            ordinal: window.ordinal,
        };
        PlayIdentity { source: report.source, user: report.user, key }
    }

    /// Forgets the runs that the clock closed long ago; looks at most once in that time.
    /// A run is kept as long as another may be opened at the same instant, which must have
    /// another ordinal: ticks may be far ahead of the receive times.
    pub fn sweep(&mut self, clock: UnixMs) {
        if clock.since(self.swept_at) >= KEPT_MS {
            self.swept_at = clock;
            let newest_at = self.newest_at;
            self.open.retain(|_, window| {
                let young = clock.since(window.last_at) < KEPT_MS;
                window.backfill || young || window.opened_at >= newest_at
            });
        }
    }

    /// All runs that are open, in the order of their hashes: for a snapshot.
    pub fn iter(&self) -> impl Iterator<Item = (u128, Window)> {
        self.open.iter().map(|(hash, window)| (*hash, *window))
    }

    /// Takes over what a snapshot holds.
    pub fn restore(&mut self, windows: impl Iterator<Item = (u128, Window)>) {
        self.open.extend(windows);
        let live = self.open.values().filter(|window| !window.backfill);
        self.newest_at = live.map(|window| window.last_at).max().unwrap_or_default();
    }
}

/// How long a run is remembered after its last report.
const KEPT_MS: u64 = 24 * WINDOW_MS;

fn joins(window: &Window, report: &ReportRecord<'_>, received_at: UnixMs, clock: UnixMs) -> bool {
    let closed = !window.backfill && clock.since(window.last_at) >= WINDOW_MS;
    let gap_ms = received_at.since(window.last_at).max(window.last_at.since(received_at));
    !closed && gap_ms < WINDOW_MS && report.listened_ms >= window.listened_ms
}
