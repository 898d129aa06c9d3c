//! A group of records on its way to the brokers.

use crate::watching::Ends;
use ledgerline_app::ports::{AppendError, Appended};
use ledgerline_ids::{PartitionId, Position, UnixMs};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use tokio::sync::oneshot;

pub(crate) type Answer = Result<Appended, AppendError>;

/// How much waits to be acknowledged.
#[derive(Debug)]
pub(crate) struct Budget {
    bytes: AtomicU64,
    records: AtomicU64,
    bytes_max: u64,
    records_max: u64,
}

/// A part of the budget; given back when it is dropped.
#[derive(Debug)]
pub(crate) struct Share {
    of: Arc<Budget>,
    bytes: u64,
    records: u64,
}

impl Budget {
    pub(crate) fn new(bytes_max: u64, records_max: u64) -> Arc<Self> {
        let (bytes, records) = (AtomicU64::new(0), AtomicU64::new(0));
        Arc::new(Self { bytes, records, bytes_max, records_max })
    }

    /// A share, where there is room for it. A group that is larger than all there is gets
    /// everything, once nothing else waits.
    pub(crate) fn take(self: &Arc<Self>, bytes: u64, records: u64) -> Option<Share> {
        let share = Share { of: Arc::clone(self), bytes, records };
        let had_bytes = self.bytes.fetch_add(bytes, Ordering::AcqRel);
        let had_records = self.records.fetch_add(records, Ordering::AcqRel);
        let fits = had_bytes + bytes <= self.bytes_max && had_records + records <= self.records_max;
        // Where it doesn't fit, dropping the share gives back what was added.
        (fits || (had_bytes == 0 && had_records == 0)).then_some(share)
    }
}

impl Drop for Share {
    fn drop(&mut self) {
        self.of.bytes.fetch_sub(self.bytes, Ordering::AcqRel);
        self.of.records.fetch_sub(self.records, Ordering::AcqRel);
    }
}

/// What became of one message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Delivery {
    /// It is written, at this offset where the broker told.
    Written(Option<Position>),
    /// It is certainly not written.
    NotWritten,
    /// It may be written.
    Unknown,
}

/// A group whose messages the producer has; each message holds it.
#[derive(Debug)]
pub(crate) struct Sent {
    partition: PartitionId,
    received_at: UnixMs,
    ends: Arc<Ends>,
    state: Mutex<State>,
}

#[derive(Debug)]
struct State {
    count: u32,
    left: u32,
    written: u32,
    unknown: u32,
    first: Option<Position>,
    last: Option<Position>,
    answer: Option<oneshot::Sender<Answer>>,
    share: Option<Share>,
}

impl Sent {
    /// A group of `count` messages, at least one.
    pub(crate) fn new(
        partition: PartitionId,
        received_at: UnixMs,
        count: u32,
        ends: Arc<Ends>,
        answer: oneshot::Sender<Answer>,
        share: Share,
    ) -> Arc<Self> {
        let state = State {
            count,
            left: count,
            written: 0,
            unknown: 0,
            first: None,
            last: None,
            answer: Some(answer),
            share: Some(share),
        };
        Arc::new(Self { partition, received_at, ends, state: Mutex::new(state) })
    }

    /// Notes what became of `count` of its messages; answers once all have come back.
    pub(crate) fn came_back(&self, delivery: Delivery, count: u32) {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        state.left = state.left.saturating_sub(count);
        match delivery {
            Delivery::Written(Some(at)) => {
                state.written += count;
                state.first = Some(state.first.map_or(at, |first| first.min(at)));
                state.last = Some(state.last.map_or(at, |last| last.max(at)));
            }
            // It is written, but where it stands isn't known: that is no acknowledgement.
            Delivery::Written(None) | Delivery::Unknown => state.unknown += count,
            Delivery::NotWritten => {}
        }
        if state.left == 0
            && let Some(answer) = state.answer.take()
        {
            // Whoever has the answer may append again at once.
            drop(state.share.take());
            self.conclude(&state, answer);
        }
    }

    fn conclude(&self, state: &State, answer: oneshot::Sender<Answer>) {
        if let Some(last) = state.last {
            // All replicas in sync have it, so everybody may read up to there. Whoever waits
            // for the answer finds the end moved.
            self.ends.reach(self.partition, last.plus(1));
        }
        match state.first {
            // Whoever asked may have gone.
            Some(first) if state.written == state.count => {
                let _ = answer.send(Ok(Appended { first, received_at: self.received_at }));
            }
            None if state.unknown == 0 => {
                let _ = answer.send(Err(AppendError::Busy));
            }
            // Some of it is written, or may be: the answer closes without a word.
            _ => drop(answer),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_waits_is_limited() {
        let budget = Budget::new(100, 10);
        let large = budget.take(1000, 1).expect("nothing else waits");
        assert!(budget.take(1, 1).is_none());
        drop(large);
        let some = budget.take(60, 1).expect("there is room");
        assert!(budget.take(50, 1).is_none());
        let more = budget.take(40, 9).expect("there is room");
        assert!(budget.take(0, 1).is_none());
        drop((some, more));
        assert!(budget.take(100, 10).is_some());
    }

    fn answer_to(deliveries: &[(Delivery, u32)], count: u32) -> Result<Answer, ()> {
        let ends = Arc::new(Ends::new(&[Position(0)]));
        let share = Budget::new(1, 1).take(1, 1).expect("there is room");
        let (sender, mut receiver) = oneshot::channel();
        let partition = PartitionId(0);
        let at = UnixMs::EPOCH.plus(5);
        let sent = Sent::new(partition, at, count, Arc::clone(&ends), sender, share);
        for (delivery, count) in deliveries {
            assert!(receiver.try_recv().is_err(), "only once all are back");
            sent.came_back(*delivery, *count);
        }
        let last = deliveries.iter().filter_map(|(delivery, _)| match delivery {
            Delivery::Written(at) => at.map(|at| at.plus(1)),
            _ => None,
        });
        assert_eq!(*ends.watch(partition).borrow(), last.max().unwrap_or_default());
        receiver.try_recv().map_err(|_| ())
    }

    #[test]
    fn only_a_whole_group_is_acknowledged() {
        let at = |offset| Delivery::Written(Some(Position(offset)));
        let appended = Appended { first: Position(7), received_at: UnixMs::EPOCH.plus(5) };
        assert_eq!(answer_to(&[(at(7), 1), (at(8), 1)], 2), Ok(Ok(appended)));
        let lost = Delivery::NotWritten;
        assert_eq!(answer_to(&[(lost, 1), (lost, 2)], 3), Ok(Err(AppendError::Busy)));
        let unknown = [
            [at(7), lost],
            [lost, at(7)],
            [at(7), Delivery::Unknown],
            [lost, Delivery::Unknown],
            [at(7), Delivery::Written(None)],
        ];
        for [one, other] in unknown {
            assert_eq!(answer_to(&[(one, 1), (other, 1)], 2), Err(()), "{one:?} {other:?}");
        }
    }
}
