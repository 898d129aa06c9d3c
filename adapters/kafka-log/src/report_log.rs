//! The log.

use crate::dead_letters::KafkaDeadLetters;
use crate::error::OpenError;
use crate::group::{Answer, Budget};
use crate::reading::Reader;
use crate::sending::{Job, Sender, Work};
use crate::settings::Settings;
use crate::topics;
use crate::watching::{Known, Watcher, all_marks};
use ledgerline_app::ports::{
    AppendError, Appended, Clock, DeadLetters, Frame, LogError, ReceivedLog, ReportLog,
};
use ledgerline_ids::{PartitionId, Position, UnixMs};
use ledgerline_records::frame::RecordGroup;
use std::sync::mpsc;
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::{Builder, JoinHandle};
use std::time::Duration;
use tokio::sync::{oneshot, watch};

/// The report log on a topic of Kafka. Several processes may append to it and read it.
///
/// Dropped without [`ReportLog::close`] it waits for what is queued all the same: an answer that
/// was promised comes, or closes.
pub struct KafkaReportLog {
    settings: Settings,
    clock: Arc<dyn Clock>,
    known: Arc<Known>,
    budget: Arc<Budget>,
    letters: KafkaDeadLetters,
    readers: Vec<Mutex<Reader>>,
    // Empty once the log was closed.
    work: Mutex<Option<mpsc::Sender<Work>>>,
    sending: Mutex<Option<JoinHandle<()>>>,
    // Dropped, it ends the looking.
    looking: Option<mpsc::Sender<()>>,
    watching: Option<JoinHandle<()>>,
}

impl KafkaReportLog {
    /// Opens the log on a topic that exists ([`topics::create`]), and starts its two threads.
    ///
    /// `expected_ends` says for each partition up to which position records were counted: those
    /// must be there, or have been. Where it is too short, 0 stands for the rest.
    ///
    /// # Errors
    /// [`OpenError`].
    ///
    /// # Panics
    /// Where the system gives no thread.
    pub fn open(
        settings: Settings,
        clock: Arc<dyn Clock>,
        expected_ends: &[Position],
    ) -> Result<Self, OpenError> {
        let refused = |error: rdkafka::error::KafkaError| OpenError::Settings(error.to_string());
        let consumer = settings.new_consumer().map_err(refused)?;
        let found = topics::check_partitions(&consumer, &settings).and_then(|()| {
            let marks = all_marks(&consumer, &settings, settings.open_max);
            marks.map_err(|detail| OpenError::unreachable(&consumer, &settings, &detail))
        });
        let known = match found {
            Ok((starts, ends)) => {
                not_shorter(&settings, &ends, expected_ends)?;
                Known::new(&starts, &ends)
            }
            Err(error @ OpenError::Unreachable { .. }) if settings.opens_away => {
                tracing::warn!(%error, "Kafka is away from the start on");
                Known::away(settings.partitions)
            }
            Err(error) => return Err(error),
        };
        let known = Arc::new(known);
        let (work, to_do) = mpsc::channel();
        let ends = Arc::clone(&known.ends);
        let sender = Sender::new(settings.clone(), Arc::clone(&clock), ends, work.clone());
        let sender = sender.map_err(refused)?;
        let (looking, ended) = mpsc::channel();
        let watcher = Watcher::new(settings.clone(), consumer, Arc::clone(&known));
        let thread = |name: &str| Builder::new().name(name.to_owned());
        let sending = thread("kafka-send").spawn(move || sender.run(&to_do));
        let watching = thread("kafka-watch").spawn(move || watcher.run(&ended));
        let readers = (0..settings.partitions).map(PartitionId);
        let readers = readers.map(|p| Mutex::new(Reader::new(settings.clone(), p))).collect();
        Ok(Self {
            budget: Budget::new(settings.queue_bytes_max, settings.queue_records_max),
            letters: KafkaDeadLetters::new(settings.clone()),
            readers,
            work: Mutex::new(Some(work)),
            sending: Mutex::new(Some(sending.expect("the system gives a thread"))),
            looking: Some(looking),
            watching: Some(watching.expect("the system gives a thread")),
            settings,
            clock,
            known,
        })
    }

    /// Queues what there is room for.
    fn queue(
        &self,
        partition: PartitionId,
        group: RecordGroup,
        answer: oneshot::Sender<Answer>,
        received_at: Option<UnixMs>,
    ) -> Result<(), (AppendError, oneshot::Sender<Answer>)> {
        let work = self.work.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(work) = work.as_ref() else { return Err((AppendError::Closing, answer)) };
        if self.known.is_away(partition) {
            return Err((AppendError::Busy, answer));
        }
        let bytes = u64::try_from(group.payload().len()).expect("memory is counted in 64 bits");
        match self.budget.take(bytes, u64::from(group.count())) {
            None => Err((AppendError::Busy, answer)),
            Some(share) => work
                .send(Work::Append(Job { partition, group, answer, share, received_at }))
                .map_err(|mpsc::SendError(unsent)| match unsent {
                    Work::Append(job) => (AppendError::Closing, job.answer),
                    Work::Returned(_) | Work::End => unreachable!("that wasn't sent here"),
                }),
        }
    }
}

/// # Errors
/// [`OpenError::TooShort`], where a partition ends before what was counted of it.
fn not_shorter(
    settings: &Settings,
    ends: &[Position],
    expected: &[Position],
) -> Result<(), OpenError> {
    let mut partitions = (0..).map(PartitionId).zip(ends.iter().zip(expected));
    match partitions.find(|(_, (end, expected))| end < expected) {
        None => Ok(()),
        Some((partition, (end, expected))) => Err(OpenError::TooShort {
            topic: settings.topic.clone(),
            partition,
            end: *end,
            expected: *expected,
        }),
    }
}

impl ReportLog for KafkaReportLog {
    fn partitions(&self) -> u16 {
        self.settings.partitions
    }

    fn append(&self, partition: PartitionId, group: RecordGroup) -> oneshot::Receiver<Answer> {
        let (answer, receiver) = oneshot::channel();
        if group.is_empty() {
            let first = self.known.ends.now(partition);
            // The receiver is in our hands still.
            let _ = answer.send(Ok(Appended { first, received_at: self.clock.now() }));
        } else if let Err((error, answer)) = self.queue(partition, group, answer, None) {
            let _ = answer.send(Err(error));
        }
        receiver
    }

    /// Busy, for as long as its brokers are out of sight.
    fn refusal(&self, partition: PartitionId) -> Option<AppendError> {
        self.known.is_away(partition).then_some(AppendError::Busy)
    }

    fn start(&self, partition: PartitionId) -> Position {
        self.known.start(partition)
    }

    fn end(&self, partition: PartitionId) -> watch::Receiver<Position> {
        self.known.ends.watch(partition)
    }

    fn read(
        &self,
        partition: PartitionId,
        from: Position,
        bytes_max: usize,
    ) -> Result<Vec<Frame>, LogError> {
        if let Some(damage) = self.known.damage(partition) {
            return Err(damage);
        }
        let start = self.known.start(partition);
        if from < start {
            return Err(LogError::Released { partition, wanted: from, start });
        }
        if from >= self.known.ends.now(partition) {
            return Ok(Vec::new());
        }
        let reader = &self.readers[usize::from(partition.0)];
        let mut reader = reader.lock().unwrap_or_else(PoisonError::into_inner);
        reader.read(&self.known, from, bytes_max)
    }

    /// Its consumers are closed: nothing of it is polled any more.
    fn set_aside(&self, partition: PartitionId) {
        let reader = &self.readers[usize::from(partition.0)];
        reader.lock().unwrap_or_else(PoisonError::into_inner).set_aside();
    }

    fn damage(&self, partition: PartitionId) -> Option<LogError> {
        self.known.damage(partition)
    }

    fn dead_letters(&self) -> Option<&dyn DeadLetters> {
        Some(&self.letters)
    }

    /// Deletes records before `before`, where the operator allows that.
    fn release(&self, partition: PartitionId, before: Position) -> Result<(), LogError> {
        let before = before.min(self.known.ends.now(partition));
        if !self.settings.may_delete || before <= self.known.start(partition) {
            return Ok(());
        }
        let start = topics::delete_records(&self.settings, partition, before)?;
        self.known.starts_at(partition, start);
        Ok(())
    }

    fn close(&self) {
        if let Some(work) = self.work.lock().unwrap_or_else(PoisonError::into_inner).take() {
            // Where the thread is gone, it has ended.
            let _ = work.send(Work::End);
        }
        // A second call waits here for the first.
        let mut sending = self.sending.lock().unwrap_or_else(PoisonError::into_inner);
        if sending.take().is_some_and(|sending| sending.join().is_err()) {
            tracing::error!("the sending thread has panicked");
        }
    }
}

impl ReceivedLog for KafkaReportLog {
    fn append_received(
        &self,
        partition: PartitionId,
        group: RecordGroup,
        received_at: UnixMs,
    ) -> oneshot::Receiver<Answer> {
        let (answer, receiver) = oneshot::channel();
        if let Err((error, answer)) = self.queue(partition, group, answer, Some(received_at)) {
            // The receiver is in our hands still.
            let _ = answer.send(Err(error));
        }
        receiver
    }

    /// As the brokers have the topic's `retention.ms`.
    fn keeps(&self) -> Result<Option<Duration>, LogError> {
        topics::retention(&self.settings).map_err(|error| LogError::Io {
            file: self.settings.topic.clone(),
            detail: format!("how long its records stay isn't known: {error}"),
        })
    }
}

impl Drop for KafkaReportLog {
    fn drop(&mut self) {
        self.close();
        drop(self.looking.take());
        if self.watching.take().is_some_and(|watching| watching.join().is_err()) {
            tracing::error!("the watching thread has panicked");
        }
    }
}
