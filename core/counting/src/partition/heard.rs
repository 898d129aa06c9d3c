//! What a listener heard lately: read from its book, which the fraud rules keep of it.

use ledgerline_ids::{DayNo, ListenerHash, UnixMs};
use ledgerline_records::play::PlayAddress;

use super::{Memory, Partition};
use crate::fraud::Side;

impl Partition {
    /// The newest records of up to `limit` of a listener's plays, what started last first, of several the
    /// greater address first: those in front of `before`, and none that started on a day before `since`. The
    /// book is named by [`book_hash_of`](crate::identity::book_hash_of), of which two may be the same: whoever
    /// asks looks at the records.
    ///
    /// # Errors
    /// What [`Memory`] says. Looking changes nothing.
    pub fn heard<M: Memory>(
        &self,
        book: ListenerHash,
        before: (UnixMs, PlayAddress),
        since: DayNo,
        limit: usize,
        memory: &M,
    ) -> Result<Vec<(UnixMs, PlayAddress)>, M::Error> {
        let mut found = Vec::new();
        let mut next = Some(before.0.day());
        while let Some(day) = next.filter(|day| *day >= since) {
            let entries = self.books.entries(book, day, memory)?;
            let mut of_day: Vec<(UnixMs, PlayAddress)> =
                entries.iter().map(|entry| (entry.started_at(day), entry.address)).collect();
            of_day.retain(|place| *place < before);
            of_day.sort_unstable_by(|left, right| right.cmp(left));
            of_day.truncate(limit - found.len());
            found.append(&mut of_day);
            if found.len() == limit {
                break;
            }
            next = self.books.day(day, Side::Before, memory);
        }
        Ok(found)
    }
}
