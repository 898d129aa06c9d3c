//! What a partition has to send, and whether some of it is on its way.
//!
//! A partition has one turn on its way; what comes meanwhile waits here and is the next turn. The
//! client would do no better with it: an idempotent producer of librdkafka's sends nothing for a
//! partition that has five messages in flight, and its threads turn idle wheels at full speed for as long
//! as there is something to send that it may not send.

use crate::group::{Delivery, Sent};
use crate::sending::Work;
use ledgerline_ids::{PartitionId, UnixMs};
use ledgerline_records::frame::{RecordGroup, Records};
use std::collections::VecDeque;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::mpsc::Sender;
use std::time::{Duration, Instant};

/// A turn fits into one request, whose limit is 1 000 000 bytes with what Kafka adds to each record.
const TURN_BYTES: usize = 512 << 10;
const TURN_RECORDS: u32 = 8_000;

/// A group, or what is left of it.
pub(crate) struct Waiting {
    pub(crate) group: RecordGroup,
    pub(crate) sent: Arc<Sent>,
    /// When it was received: what its records are stamped with.
    pub(crate) received_at: UnixMs,
    /// Since when it waits.
    pub(crate) since: Instant,
    /// How many of the payload's bytes were given to the producer, and how many records.
    given_bytes: usize,
    given: u32,
}

impl Waiting {
    pub(crate) fn new(
        group: RecordGroup,
        sent: Arc<Sent>,
        received_at: UnixMs,
        since: Instant,
    ) -> Self {
        Self { group, sent, received_at, since, given_bytes: 0, given: 0 }
    }

    /// What isn't given yet will not be.
    pub(crate) fn give_up(self) {
        let left = self.group.count() - self.given;
        if left > 0 {
            self.sent.came_back(Delivery::NotWritten, left);
        }
    }
}

/// What one partition has to send.
#[derive(Default)]
pub(crate) struct Turns {
    waiting: VecDeque<Waiting>,
    on_its_way: bool,
}

impl Turns {
    pub(crate) fn add(&mut self, waiting: Waiting) {
        self.waiting.push_back(waiting);
    }

    /// The turn that was on its way has come back.
    pub(crate) fn returned(&mut self) {
        self.on_its_way = false;
    }

    /// Whether nothing is on its way or waits.
    pub(crate) fn is_idle(&self) -> bool {
        !self.on_its_way && self.waiting.is_empty()
    }

    /// Gives up what has waited for longer than `limit`: it is certainly not written.
    pub(crate) fn give_up_after(&mut self, limit: Duration) {
        while self.waiting.front().is_some_and(|first| first.since.elapsed() >= limit) {
            self.waiting.pop_front().expect("it was there").give_up();
        }
    }

    /// Gives up all that waits.
    pub(crate) fn give_up(&mut self) {
        self.waiting.drain(..).for_each(Waiting::give_up);
    }

    /// Where nothing is on its way, has `give` send the next turn's records, each with whom it
    /// belongs to. A record that `give` can't send takes the rest of its group with it.
    pub(crate) fn next<E>(
        &mut self,
        partition: PartitionId,
        done: &Sender<Work>,
        mut give: impl FnMut(&Arc<Part>, UnixMs, &[u8]) -> Result<(), E>,
    ) {
        if self.on_its_way || self.waiting.is_empty() {
            return;
        }
        self.on_its_way = true;
        let turn = Arc::new(Turn { left: AtomicU32::new(1), partition, done: done.clone() });
        let (mut bytes, mut records) = (0, 0);
        while let Some(first) = self.waiting.front_mut() {
            let part = Arc::new(Part { sent: Arc::clone(&first.sent), turn: Arc::clone(&turn) });
            let mut failed = false;
            for record in Records::at(first.group.payload(), first.given_bytes) {
                let (at, record) = record.expect("a group holds whole records");
                if records > 0 && (bytes + record.len() > TURN_BYTES || records >= TURN_RECORDS) {
                    break;
                }
                turn.one_more();
                if give(&part, first.received_at, record).is_err() {
                    turn.one_back();
                    failed = true;
                    break;
                }
                bytes += record.len();
                records += 1;
                first.given += 1;
                first.given_bytes = end_of(first.group.payload(), at, record);
            }
            if !failed && first.given < first.group.count() {
                break;
            }
            self.waiting.pop_front().expect("it was there").give_up();
        }
        // Until here the turn couldn't end.
        turn.one_back();
    }
}

/// Where the record that stands behind its length at `at` ends in the payload.
fn end_of(payload: &[u8], at: usize, record: &[u8]) -> usize {
    let (length, length_bytes) =
        ledgerline_records::frame::record_length(&payload[at..]).expect("it was read");
    debug_assert_eq!(length, record.len());
    at + length_bytes + length
}

/// The messages of a partition that are on their way together.
#[derive(Debug)]
struct Turn {
    left: AtomicU32,
    partition: PartitionId,
    done: Sender<Work>,
}

impl Turn {
    fn one_more(&self) {
        self.left.fetch_add(1, Ordering::Relaxed);
    }

    fn one_back(&self) {
        if self.left.fetch_sub(1, Ordering::AcqRel) == 1 {
            // Without a sending thread nobody waits for it.
            let _ = self.done.send(Work::Returned(self.partition));
        }
    }
}

/// The messages of one group in one turn; each message holds it.
#[derive(Debug)]
pub(crate) struct Part {
    sent: Arc<Sent>,
    turn: Arc<Turn>,
}

impl Part {
    /// Notes what became of one message.
    pub(crate) fn came_back(&self, delivery: Delivery) {
        self.sent.came_back(delivery, 1);
        self.turn.one_back();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::group::{Answer, Budget};
    use crate::watching::Ends;
    use ledgerline_app::ports::AppendError;
    use ledgerline_ids::Position;
    use std::sync::mpsc::{self, Receiver};
    use tokio::sync::oneshot;

    const PARTITION: PartitionId = PartitionId(0);

    struct Bench {
        turns: Turns,
        work: (Sender<Work>, Receiver<Work>),
        ends: Arc<Ends>,
        /// What was given and hasn't come back.
        given: Vec<(Arc<Part>, String)>,
    }

    impl Bench {
        fn new() -> Self {
            let ends = Arc::new(Ends::new(&[Position(0)]));
            Self { turns: Turns::default(), work: mpsc::channel(), ends, given: Vec::new() }
        }

        fn add(&mut self, records: &[&str]) -> oneshot::Receiver<Answer> {
            let mut group = RecordGroup::default();
            for record in records {
                group.push_with(|bytes| bytes.extend_from_slice(record.as_bytes()));
            }
            let (answer, receiver) = oneshot::channel();
            let share = Budget::new(1, 1).take(1, 1).expect("there is room");
            let (ends, at) = (Arc::clone(&self.ends), UnixMs::EPOCH.plus(5));
            let sent = Sent::new(PARTITION, at, group.count(), ends, answer, share);
            self.turns.add(Waiting::new(group, sent, at, Instant::now()));
            receiver
        }

        /// The next turn; the producer refuses `x`.
        fn next(&mut self) -> Vec<String> {
            let before = self.given.len();
            let given = &mut self.given;
            self.turns.next(PARTITION, &self.work.0, |part, at, record| {
                assert_eq!(at, UnixMs::EPOCH.plus(5));
                let text = String::from_utf8(record.to_vec()).unwrap();
                if text == "x" {
                    return Err(());
                }
                given.push((Arc::clone(part), text));
                Ok(())
            });
            self.given[before..].iter().map(|(_, text)| text.clone()).collect()
        }

        /// Everything that was given is written, from `first` on; whether the turn is back with the last.
        fn written(&mut self, first: u64) -> bool {
            for (offset, (part, _)) in (first..).zip(self.given.drain(..)) {
                assert!(self.work.1.try_recv().is_err(), "not before the last");
                part.came_back(Delivery::Written(Some(Position(offset))));
            }
            let back = matches!(self.work.1.try_recv(), Ok(Work::Returned(PARTITION)));
            self.turns.returned();
            back
        }
    }

    #[test]
    fn one_turn_is_on_its_way() {
        let mut bench = Bench::new();
        let first = bench.add(&["a", "b"]);
        assert_eq!(bench.next(), ["a", "b"]);
        let (second, third) = (bench.add(&["c"]), bench.add(&["d", "e"]));
        assert!(bench.next().is_empty());
        assert!(bench.written(7));
        assert_eq!(first.blocking_recv().unwrap().unwrap().first, Position(7));
        assert_eq!(bench.next(), ["c", "d", "e"]);
        assert!(bench.written(9));
        assert_eq!(second.blocking_recv().unwrap().unwrap().first, Position(9));
        assert_eq!(third.blocking_recv().unwrap().unwrap().first, Position(10));
        assert!(bench.turns.is_idle());
    }

    #[test]
    fn a_large_group_takes_several_turns() {
        let mut bench = Bench::new();
        let long = "l".repeat(TURN_BYTES / 2);
        let answer = bench.add(&[&long, &long, &long, "s"]);
        let small = bench.add(&["t"]);
        assert_eq!(bench.next().len(), 2);
        assert!(bench.written(0));
        assert_eq!(bench.next(), [&long, "s", "t"]);
        assert!(bench.written(2));
        assert_eq!(answer.blocking_recv().unwrap().unwrap().first, Position(0));
        assert_eq!(small.blocking_recv().unwrap().unwrap().first, Position(4));
        let huge = "h".repeat(TURN_BYTES * 2);
        drop(bench.add(&[&huge]));
        assert_eq!(bench.next().len(), 1, "at least one goes");
    }

    #[test]
    fn what_cannot_be_given_takes_its_group_with_it() {
        let mut bench = Bench::new();
        let (whole, next) = (bench.add(&["x", "a"]), bench.add(&["b"]));
        assert_eq!(bench.next(), ["b"]);
        assert_eq!(whole.blocking_recv().unwrap(), Err(AppendError::Busy));
        assert!(bench.written(0));
        assert!(next.blocking_recv().unwrap().is_ok());
        let nothing = bench.add(&["x"]);
        assert!(bench.next().is_empty());
        assert_eq!(nothing.blocking_recv().unwrap(), Err(AppendError::Busy));
        assert!(bench.written(1), "a turn of nothing is back at once");
    }

    #[test]
    fn what_waits_too_long_is_given_up() {
        let mut bench = Bench::new();
        drop(bench.add(&["a"]));
        bench.next();
        let late = bench.add(&["b"]);
        bench.turns.give_up_after(Duration::MAX);
        assert!(!bench.turns.waiting.is_empty());
        bench.turns.give_up_after(Duration::ZERO);
        assert_eq!(late.blocking_recv().unwrap(), Err(AppendError::Busy));
        assert!(!bench.turns.is_idle(), "a turn is on its way");
    }
}
