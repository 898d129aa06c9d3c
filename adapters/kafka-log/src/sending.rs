//! The one thread that gives groups to the producer: so groups of a partition stay whole and in
//! order, and nobody who appends waits for it.

use crate::group::{Answer, Delivery, Sent, Share};
use crate::settings::Settings;
use crate::turns::{Part, Turns, Waiting};
use crate::watching::Ends;
use ledgerline_app::ports::Clock;
use ledgerline_ids::{PartitionId, Position, UnixMs};
use ledgerline_records::frame::RecordGroup;
use rdkafka::ClientContext;
use rdkafka::error::{KafkaError, RDKafkaErrorCode};
use rdkafka::message::{BorrowedMessage, Message};
use rdkafka::producer::{
    BaseRecord, DeliveryResult, Producer, ProducerContext, PurgeConfig, ThreadedProducer,
};
use std::sync::Arc;
use std::sync::mpsc::{self, Receiver};
use std::time::{Duration, Instant};
use tokio::sync::oneshot;

/// How long the producer's queue, which our own limits keep from being full, is waited for.
const ROOM_MAX: Duration = Duration::from_secs(5);
const LOOK_FOR_ROOM_EVERY: Duration = Duration::from_millis(1);
/// How long messages that were given up may take to come back.
const PURGE_MAX: Duration = Duration::from_secs(10);
/// A producer that failed for good is made anew no more often than this.
const ANEW_EVERY: Duration = Duration::from_secs(1);

/// A group on its way to the sending thread.
#[derive(Debug)]
pub(crate) struct Job {
    pub(crate) partition: PartitionId,
    pub(crate) group: RecordGroup,
    pub(crate) answer: oneshot::Sender<Answer>,
    pub(crate) share: Share,
    /// When it was received, where that isn't now.
    pub(crate) received_at: Option<UnixMs>,
}

/// Takes messages that come back to their groups.
struct Deliveries;

impl ClientContext for Deliveries {
    fn error(&self, error: KafkaError, reason: &str) {
        // The client itself tries again.
        tracing::debug!(%error, reason, "producing");
    }
}

impl ProducerContext for Deliveries {
    type DeliveryOpaque = Arc<Part>;

    fn delivery(&self, result: &DeliveryResult<'_>, part: Arc<Part>) {
        let delivery = match result {
            Ok(message) => Delivery::Written(u64::try_from(message.offset()).ok().map(Position)),
            Err((error, message)) => {
                let delivery = what_became_of(message);
                tracing::debug!(%error, ?delivery, "a message came back");
                delivery
            }
        };
        part.came_back(delivery);
    }
}

/// What the client knows of a message that failed: whether the broker may have it.
#[expect(unsafe_code, reason = "the safe interface has no word for it")]
fn what_became_of(message: &BorrowedMessage<'_>) -> Delivery {
    use rdkafka::bindings::{rd_kafka_message_status, rd_kafka_msg_status_t as Status};
    // SAFETY: the pointer is that of a message which lives as long as this borrow of it, and the
    // function only reads it.
    match unsafe { rd_kafka_message_status(message.ptr()) } {
        Status::RD_KAFKA_MSG_STATUS_NOT_PERSISTED => Delivery::NotWritten,
        _ => Delivery::Unknown,
    }
}

/// What the sending thread is told.
#[derive(Debug)]
pub(crate) enum Work {
    /// A group is to be sent.
    Append(Job),
    /// All that a partition had on its way has come back.
    Returned(PartitionId),
    /// Nobody can append any more.
    End,
}

/// The sending thread's state.
pub(crate) struct Sender {
    settings: Settings,
    clock: Arc<dyn Clock>,
    ends: Arc<Ends>,
    producer: Option<ThreadedProducer<Deliveries>>,
    made_at: Instant,
    /// Where turns that come back tell it.
    done: mpsc::Sender<Work>,
    /// For each partition what it has to send, and the last receive time: what is received now has none
    /// before that.
    partitions: Vec<(Turns, UnixMs)>,
}

impl Sender {
    /// With its producer; `done` is the other end of what [`Sender::run`] reads.
    ///
    /// # Errors
    /// What the client refuses of the settings.
    pub(crate) fn new(
        settings: Settings,
        clock: Arc<dyn Clock>,
        ends: Arc<Ends>,
        done: mpsc::Sender<Work>,
    ) -> Result<Self, KafkaError> {
        let producer = Some(settings.producer().create_with_context(Deliveries)?);
        let partitions = (0..settings.partitions).map(|_| (Turns::default(), UnixMs::EPOCH));
        let partitions = partitions.collect();
        let made_at = Instant::now();
        Ok(Self { settings, clock, ends, producer, made_at, done, partitions })
    }

    /// The loop of its thread: until nobody can append any more, and all that was appended is
    /// acknowledged, or given up.
    pub(crate) fn run(mut self, work: &Receiver<Work>) {
        loop {
            match work.recv() {
                Ok(Work::Append(job)) => self.queue(job),
                Ok(Work::Returned(partition)) => self.returned(partition),
                Ok(Work::End) | Err(mpsc::RecvError) => break,
            }
        }
        // What isn't delivered by then has failed by the delivery's own limit: that of what was on its
        // way, and then of what waited.
        let until = Instant::now() + self.settings.delivery_max * 2 + PURGE_MAX;
        while self.partitions.iter().any(|(turns, _)| !turns.is_idle()) {
            match work.recv_timeout(until.saturating_duration_since(Instant::now())) {
                Ok(Work::Append(job)) => self.queue(job),
                Ok(Work::Returned(partition)) => self.returned(partition),
                Ok(Work::End) => {}
                Err(_) => {
                    tracing::warn!("not all that was appended is known to be written");
                    break;
                }
            }
        }
        self.partitions.iter_mut().for_each(|(turns, _)| turns.give_up());
        if let Some(producer) = self.producer.take() {
            give_up(producer);
        }
    }

    /// Stamps a group in the order in which they came, and sends it where it is its partition's turn.
    fn queue(&mut self, job: Job) {
        let Job { partition, group, answer, share, received_at } = job;
        let (turns, stamped) = &mut self.partitions[usize::from(partition.0)];
        // What was received before keeps its time, also behind records that came later.
        let at = received_at.unwrap_or_else(|| self.clock.now().max(*stamped));
        *stamped = at.max(*stamped);
        let count = group.count();
        let sent = Sent::new(partition, at, count, Arc::clone(&self.ends), answer, share);
        turns.add(Waiting::new(group, sent, at, Instant::now()));
        self.send(partition);
    }

    fn returned(&mut self, partition: PartitionId) {
        let (turns, _) = &mut self.partitions[usize::from(partition.0)];
        turns.returned();
        turns.give_up_after(self.settings.delivery_max);
        self.send(partition);
    }

    /// Sends a partition's next turn, where none is on its way.
    fn send(&mut self, partition: PartitionId) {
        self.make_anew();
        let (turns, _) = &mut self.partitions[usize::from(partition.0)];
        let Some(producer) = &self.producer else {
            turns.give_up();
            return;
        };
        let topic = &self.settings.topic;
        turns.next(partition, &self.done, |part, at, bytes| {
            give(producer, topic, part, partition, at, bytes)
                .inspect_err(|error| tracing::warn!(%partition, %error, "a record can't be sent"))
        });
    }

    /// An idempotent producer that can't keep its promise any more, for instance since a broker
    /// has forgotten it, fails for good. Then what it had comes back, and another begins.
    fn make_anew(&mut self) {
        let fatal = self.producer.as_ref().is_none_or(|it| it.client().fatal_error().is_some());
        if !fatal || self.made_at.elapsed() < ANEW_EVERY {
            return;
        }
        self.made_at = Instant::now();
        if let Some(producer) = self.producer.take() {
            if let Some((error, reason)) = producer.client().fatal_error() {
                tracing::error!(%error, reason, "the producer failed; another one is made");
            }
            give_up(producer);
            // What doesn't come back even so must not hold its partition up.
            self.partitions.iter_mut().for_each(|(turns, _)| turns.returned());
        }
        match self.settings.producer().create_with_context(Deliveries) {
            Ok(producer) => self.producer = Some(producer),
            Err(error) => tracing::error!(%error, "no producer can be made"),
        }
    }
}

/// Gives one record to the producer.
fn give(
    producer: &ThreadedProducer<Deliveries>,
    topic: &str,
    part: &Arc<Part>,
    partition: PartitionId,
    at: UnixMs,
    bytes: &[u8],
) -> Result<(), KafkaError> {
    let began = Instant::now();
    let millis = i64::try_from(at.get()).expect("an instant has 42 bits");
    let mut record: BaseRecord<'_, (), [u8], Arc<Part>> =
        BaseRecord::with_opaque_to(topic, Arc::clone(part))
            .partition(i32::from(partition.0))
            .timestamp(millis)
            .payload(bytes);
    loop {
        match producer.send(record) {
            Ok(()) => return Ok(()),
            Err((KafkaError::MessageProduction(RDKafkaErrorCode::QueueFull), back))
                if began.elapsed() < ROOM_MAX =>
            {
                record = back;
                // There is room once something comes back.
                producer.poll(LOOK_FOR_ROOM_EVERY);
            }
            Err((error, _)) => return Err(error),
        }
    }
}

/// Has everything come back that the producer still has.
fn give_up(producer: ThreadedProducer<Deliveries>) {
    producer.purge(PurgeConfig::default().queue().inflight());
    if let Err(error) = producer.flush(PURGE_MAX) {
        tracing::error!(%error, "messages that were given up don't come back");
    }
    drop(producer);
}
