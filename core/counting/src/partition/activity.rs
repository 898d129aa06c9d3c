//! How many new plays each listener has in the running hour, so that the intake can be
//! closed for one that has more than anyone plays. Nothing that is decided depends on it,
//! and a start forgets it.

use hashbrown::HashTable;
use ledgerline_ids::{HourNo, ListenerHash};

/// New plays by listener, of one hour.
#[derive(Debug, Default)]
pub(super) struct Activity {
    hour: Option<HourNo>,
    new_plays: HashTable<(ListenerHash, u32)>,
}

impl Activity {
    /// Has the place where a listener is looked for near at hand when it is.
    #[inline]
    pub(super) fn touch(&self, listener: ListenerHash) {
        let known = self.new_plays.find(listener.0, |(of, _)| *of == listener);
        std::hint::black_box(known.map(|(_, new_plays)| *new_plays));
    }

    /// Notes a new play that was received in `hour`. Says how many the listener has in it.
    pub(super) fn new_play(&mut self, listener: ListenerHash, hour: HourNo) -> u32 {
        if self.hour != Some(hour) {
            self.hour = Some(hour);
            self.new_plays.clear();
        }
        let count = self
            .new_plays
            .entry(listener.0, |(of, _)| *of == listener, |(of, _)| of.0)
            .or_insert((listener, 0))
            .into_mut();
        count.1 += 1;
        count.1
    }
}
