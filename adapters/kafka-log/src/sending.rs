//! The one thread that gives groups to the producer: so groups of a partition stay whole and in
//! order, and nobody who appends waits for it.

use crate::group::{Answer, Delivery, Sent, Share};
use crate::settings::Settings;
use crate::watching::Ends;
use ledgerline_app::ports::Clock;
use ledgerline_ids::{PartitionId, Position, UnixMs};
use ledgerline_records::frame::{RecordGroup, Records};
use rdkafka::ClientContext;
use rdkafka::error::{KafkaError, RDKafkaErrorCode};
use rdkafka::message::{BorrowedMessage, Message};
use rdkafka::producer::{
    BaseRecord, DeliveryResult, Producer, ProducerContext, PurgeConfig, ThreadedProducer,
};
use std::sync::Arc;
use std::sync::mpsc::Receiver;
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
    type DeliveryOpaque = Arc<Sent>;

    fn delivery(&self, result: &DeliveryResult<'_>, sent: Arc<Sent>) {
        let delivery = match result {
            Ok(message) => Delivery::Written(u64::try_from(message.offset()).ok().map(Position)),
            Err((error, message)) => {
                let delivery = what_became_of(message);
                tracing::debug!(%error, ?delivery, "a message came back");
                delivery
            }
        };
        sent.came_back(delivery, 1);
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

/// The sending thread's state.
pub(crate) struct Sender {
    settings: Settings,
    clock: Arc<dyn Clock>,
    ends: Arc<Ends>,
    producer: Option<ThreadedProducer<Deliveries>>,
    made_at: Instant,
    /// For each partition the last receive time, which never goes back.
    stamped: Vec<UnixMs>,
}

impl Sender {
    /// With its producer.
    ///
    /// # Errors
    /// What the client refuses of the settings.
    pub(crate) fn new(
        settings: Settings,
        clock: Arc<dyn Clock>,
        ends: Arc<Ends>,
    ) -> Result<Self, KafkaError> {
        let producer = Some(settings.producer().create_with_context(Deliveries)?);
        let stamped = vec![UnixMs::EPOCH; usize::from(settings.partitions)];
        Ok(Self { settings, clock, ends, producer, made_at: Instant::now(), stamped })
    }

    /// The loop of its thread: until nobody can append any more, and all that was appended is
    /// acknowledged, or given up.
    pub(crate) fn run(mut self, jobs: &Receiver<Job>) {
        while let Ok(job) = jobs.recv() {
            self.send(job);
        }
        if let Some(producer) = self.producer.take() {
            // What isn't delivered by then has failed by the delivery's own limit.
            let limit = self.settings.delivery_max + PURGE_MAX;
            if let Err(error) = producer.flush(limit) {
                tracing::warn!(%error, "not all that was appended is known to be written");
            }
            give_up(producer);
        }
    }

    fn send(&mut self, job: Job) {
        let Job { partition, group, answer, share, received_at } = job;
        let stamped = &mut self.stamped[usize::from(partition.0)];
        *stamped = received_at.unwrap_or_else(|| self.clock.now()).max(*stamped);
        let at = *stamped;
        let count = group.count();
        let sent = Sent::new(partition, at, count, Arc::clone(&self.ends), answer, share);
        self.make_anew();
        let mut given = 0;
        if let Some(producer) = &self.producer {
            for record in Records::new(group.payload()) {
                let (_, bytes) = record.expect("a group holds whole records");
                if let Err(error) = self.give(producer, &sent, partition, at, bytes) {
                    tracing::warn!(%partition, %error, "a record can't be sent");
                    break;
                }
                given += 1;
            }
        }
        if given < count {
            sent.came_back(Delivery::NotWritten, count - given);
        }
    }

    /// Gives one record to the producer.
    fn give(
        &self,
        producer: &ThreadedProducer<Deliveries>,
        sent: &Arc<Sent>,
        partition: PartitionId,
        at: UnixMs,
        bytes: &[u8],
    ) -> Result<(), KafkaError> {
        let began = Instant::now();
        let millis = i64::try_from(at.get()).expect("an instant has 42 bits");
        let opaque = Arc::clone(sent);
        let mut record: BaseRecord<'_, (), [u8], Arc<Sent>> =
            BaseRecord::with_opaque_to(&self.settings.topic, opaque)
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
        }
        match self.settings.producer().create_with_context(Deliveries) {
            Ok(producer) => self.producer = Some(producer),
            Err(error) => tracing::error!(%error, "no producer can be made"),
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
