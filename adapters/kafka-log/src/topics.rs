//! The topics: made once, described at any time.

use crate::error::OpenError;
use crate::said::Consumer;
use crate::settings::Settings;
use crate::waiting::block_on;
use crate::watching::all_marks;
use ledgerline_app::ports::LogError;
use ledgerline_ids::{PartitionId, Position};
use rdkafka::admin::{
    AdminClient, AdminOptions, ConfigResource, NewTopic, ResourceSpecifier, TopicReplication,
};
use rdkafka::client::DefaultClientContext;
use rdkafka::consumer::Consumer as _;
use rdkafka::error::{KafkaError, RDKafkaErrorCode};
use rdkafka::metadata::{Metadata, MetadataTopic};
use rdkafka::{Offset, TopicPartitionList};
use std::time::{Duration, Instant};

const DAY_MS: u64 = 86_400_000;
/// A receive time that lies further ahead is refused by the brokers: one such would move a
/// partition's clock for everybody.
const AHEAD_MAX_MS: &str = "3600000";

/// How topics are made. Of a topic that exists only its number of partitions must agree.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Plan {
    /// How many brokers keep each record.
    pub copies: u16,
    /// How many of them must have it before it is acknowledged.
    pub in_sync_min: u16,
    /// Whether each batch is synced to the disk before it is acknowledged. Otherwise a power
    /// failure of all copies at once loses what is acknowledged.
    pub synced: bool,
    /// How long reports stay.
    pub retention: Duration,
    /// How long dead letters stay.
    pub dead_letters_retention: Duration,
    /// How long it stays what others are told of what counts.
    pub counted_plays_retention: Duration,
}

impl Default for Plan {
    /// Three copies, two of which must be written; reports for seven days, the others for 30.
    fn default() -> Self {
        Self {
            copies: 3,
            in_sync_min: 2,
            synced: false,
            retention: Duration::from_hours(7 * 24),
            dead_letters_retention: Duration::from_hours(30 * 24),
            counted_plays_retention: Duration::from_hours(30 * 24),
        }
    }
}

impl Plan {
    /// For a single broker. It syncs each batch to its disk before it acknowledges: nobody else
    /// has a copy.
    #[must_use]
    pub fn one_broker() -> Self {
        Self { copies: 1, in_sync_min: 1, synced: true, ..Self::default() }
    }
}

/// A topic as it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Topic {
    /// Its name.
    pub name: String,
    /// For each partition, where it begins and ends.
    pub partitions: Vec<(Position, Position)>,
    /// On how many brokers each partition is, at least.
    pub copies: u16,
    /// How many of them must have a record before it is acknowledged.
    pub in_sync_min: u16,
    /// How long records stay; for ever where there is none.
    pub retention: Option<Duration>,
    /// What speaks against it, in sentences.
    pub findings: Vec<String>,
}

/// Makes the topics that aren't there; says which it made.
///
/// # Errors
/// [`OpenError`]; a topic with another number of partitions is refused, and left as it is.
pub fn create(settings: &Settings, plan: &Plan) -> Result<Vec<String>, OpenError> {
    let admin = admin(settings)?;
    let wanted = [
        (settings.topic.as_str(), plan.retention),
        (settings.dead_letters_topic.as_str(), plan.dead_letters_retention),
        (settings.counted_plays_topic.as_str(), plan.counted_plays_retention),
    ];
    let consumer = consumer(settings)?;
    let mut made = Vec::new();
    for (name, retention) in wanted {
        match metadata(&consumer, settings, name) {
            Err(OpenError::NoTopic { .. }) => {}
            found => {
                refuse_other_partitions(settings, name, found?.topics())?;
                continue;
            }
        }
        make(&admin, settings, plan, name, retention)?;
        made.push(name.to_owned());
    }
    Ok(made)
}

fn make(
    admin: &AdminClient<DefaultClientContext>,
    settings: &Settings,
    plan: &Plan,
    name: &str,
    retention: Duration,
) -> Result<(), OpenError> {
    let in_sync_min = plan.in_sync_min.to_string();
    let retention_ms = retention.as_millis().to_string();
    let copies = TopicReplication::Fixed(i32::from(plan.copies));
    let mut topic = NewTopic::new(name, i32::from(settings.partitions), copies)
        .set("min.insync.replicas", &in_sync_min)
        .set("retention.ms", &retention_ms)
        .set("cleanup.policy", "delete")
        .set("message.timestamp.type", "CreateTime")
        .set("message.timestamp.after.max.ms", AHEAD_MAX_MS)
        .set("unclean.leader.election.enable", "false");
    if plan.synced {
        topic = topic.set("flush.messages", "1");
    }
    let answer = block_on(admin.create_topics([&topic], &options(settings)));
    match answer.map_err(|error| refused(name, &error))?.into_iter().next() {
        // Another was quicker: it is looked at like any that exists.
        Some(Err((_, RDKafkaErrorCode::TopicAlreadyExists)) | Ok(_)) | None => {
            await_topic(settings, name)
        }
        Some(Err((_, code))) => Err(refused(name, &KafkaError::AdminOp(code))),
    }
}

/// Waits until brokers tell of a topic that was just made: they learn of it one after the other.
fn await_topic(settings: &Settings, name: &str) -> Result<(), OpenError> {
    let (consumer, began) = (consumer(settings)?, Instant::now());
    loop {
        match metadata(&consumer, settings, name) {
            Err(OpenError::NoTopic { .. }) if began.elapsed() < settings.open_max => {
                // Whatever the client has to tell, it is time to ask again.
                if let Some(Err(error)) = consumer.poll(settings.look_every) {
                    tracing::debug!(%error, topic = name, "waiting for a new topic");
                }
            }
            found => return refuse_other_partitions(settings, name, found?.topics()),
        }
    }
}

/// How the topics are: of the reports, of dead letters, of what counts.
///
/// # Errors
/// [`OpenError`].
pub fn describe(settings: &Settings) -> Result<Vec<Topic>, OpenError> {
    let (admin, consumer) = (admin(settings)?, consumer(settings)?);
    let names = [&settings.topic, &settings.dead_letters_topic, &settings.counted_plays_topic];
    names.into_iter().map(|name| describe_one(settings, &admin, &consumer, name)).collect()
}

/// For how long the topic of the reports keeps them.
pub(crate) fn retention(settings: &Settings) -> Result<Option<Duration>, OpenError> {
    let (admin, consumer) = (admin(settings)?, consumer(settings)?);
    let described = describe_one(settings, &admin, &consumer, &settings.topic)?;
    Ok(described.retention)
}

fn describe_one(
    settings: &Settings,
    admin: &AdminClient<DefaultClientContext>,
    consumer: &Consumer,
    name: &str,
) -> Result<Topic, OpenError> {
    let found = metadata(consumer, settings, name)?;
    refuse_other_partitions(settings, name, found.topics())?;
    let partitions = found.topics().iter().flat_map(MetadataTopic::partitions);
    let copies = partitions.map(|partition| partition.replicas().len()).min().unwrap_or_default();
    let own = Settings { topic: name.to_owned(), ..settings.clone() };
    let marks = all_marks(consumer, &own, settings.open_max);
    let (starts, ends) =
        marks.map_err(|detail| OpenError::unreachable(consumer, settings, &detail))?;
    let asked = ResourceSpecifier::Topic(name);
    let answer = block_on(admin.describe_configs([&asked], &options(settings)));
    let answer = answer.map_err(|error| refused(name, &error))?.into_iter().next();
    let config = answer.ok_or_else(|| refused(name, &KafkaError::Canceled))?;
    let config = config.map_err(|code| refused(name, &KafkaError::AdminOp(code)))?;
    let number = |key: &str| value(&config, key).and_then(|value| value.parse::<u64>().ok());
    let copies = u16::try_from(copies).unwrap_or(u16::MAX);
    let in_sync_min = number("min.insync.replicas").and_then(|min| u16::try_from(min).ok());
    let in_sync_min = in_sync_min.unwrap_or(1);
    Ok(Topic {
        name: name.to_owned(),
        partitions: starts.into_iter().zip(ends).collect(),
        copies,
        in_sync_min,
        retention: number("retention.ms").map(Duration::from_millis),
        findings: findings(&config, copies, in_sync_min),
    })
}

/// What of a topic's configuration could lose or move a report.
fn findings(config: &ConfigResource, copies: u16, in_sync_min: u16) -> Vec<String> {
    let mut findings = Vec::new();
    let is = |key: &str, wanted: &str| value(config, key).is_none_or(|found| found == wanted);
    let mut say = |holds: bool, sentence: &str| {
        if !holds {
            findings.push(sentence.to_owned());
        }
    };
    say(is("cleanup.policy", "delete"), "cleanup.policy isn't delete: compaction drops records");
    say(
        is("message.timestamp.type", "CreateTime"),
        "message.timestamp.type isn't CreateTime: receive times are overwritten",
    );
    say(
        is("unclean.leader.election.enable", "false"),
        "unclean.leader.election.enable isn't false: a broker that lacks reports may take over",
    );
    say(
        copies == 1 || in_sync_min >= 2,
        "min.insync.replicas is 1: a report that one broker has is acknowledged",
    );
    say(
        copies > 1 || is("flush.messages", "1"),
        "there is one copy, and flush.messages isn't 1: a power failure loses reports",
    );
    say(
        copies == 1 || in_sync_min < copies,
        "min.insync.replicas is the number of copies: one broker away stops the intake",
    );
    let retention = value(config, "retention.ms").and_then(|value| value.parse::<u64>().ok());
    say(
        retention.is_none_or(|retention| retention >= DAY_MS),
        "retention.ms is less than a day: reports that aren't counted by then are lost",
    );
    findings
}

fn value<'c>(config: &'c ConfigResource, key: &str) -> Option<&'c str> {
    config.get(key)?.value.as_deref()
}

/// Refuses a topic that is not there, or has another number of partitions.
pub(crate) fn check_partitions(consumer: &Consumer, settings: &Settings) -> Result<(), OpenError> {
    let found = metadata(consumer, settings, &settings.topic)?;
    refuse_other_partitions(settings, &settings.topic, found.topics())
}

fn refuse_other_partitions(
    settings: &Settings,
    name: &str,
    found: &[MetadataTopic],
) -> Result<(), OpenError> {
    let partitions = found.iter().map(|topic| topic.partitions().len()).sum();
    if partitions == usize::from(settings.partitions) {
        return Ok(());
    }
    let topic = name.to_owned();
    Err(OpenError::Partitions { topic, wanted: settings.partitions, found: partitions })
}

fn metadata(consumer: &Consumer, settings: &Settings, name: &str) -> Result<Metadata, OpenError> {
    let found = consumer.fetch_metadata(Some(name), settings.open_max);
    let found =
        found.map_err(|error| OpenError::unreachable(consumer, settings, &error.to_string()))?;
    let failed = found.topics().iter().find_map(MetadataTopic::error);
    match failed.map(RDKafkaErrorCode::from) {
        None if found.topics().iter().any(|topic| !topic.partitions().is_empty()) => Ok(found),
        None | Some(RDKafkaErrorCode::UnknownTopicOrPartition | RDKafkaErrorCode::UnknownTopic) => {
            Err(OpenError::NoTopic { topic: name.to_owned() })
        }
        Some(code) => Err(refused(name, &KafkaError::MetadataFetch(code))),
    }
}

/// Deletes records of the reports' topic before `before`; says where it begins then.
pub(crate) fn delete_records(
    settings: &Settings,
    partition: PartitionId,
    before: Position,
) -> Result<Position, LogError> {
    let failed = |detail: String| LogError::Io {
        file: format!("{}/{partition}", settings.topic),
        detail: format!("what was released isn't deleted: {detail}"),
    };
    let admin = admin(settings).map_err(|error| failed(error.to_string()))?;
    let mut asked = TopicPartitionList::with_capacity(1);
    let offset = i64::try_from(before.0).map(Offset::Offset).unwrap_or(Offset::End);
    asked
        .add_partition_offset(&settings.topic, i32::from(partition.0), offset)
        .map_err(|error| failed(error.to_string()))?;
    let answer = block_on(admin.delete_records(&asked, &options(settings)));
    let answer = answer.map_err(|error| failed(error.to_string()))?;
    let elements = answer.elements();
    let element = elements.first().ok_or_else(|| failed("no answer".to_owned()))?;
    element.error().map_err(|error| failed(error.to_string()))?;
    match element.offset() {
        Offset::Offset(start) => Ok(Position(u64::try_from(start).unwrap_or_default())),
        other => Err(failed(format!("it begins at {other:?}"))),
    }
}

fn options(settings: &Settings) -> AdminOptions {
    // Also until the other brokers know of it.
    AdminOptions::new()
        .request_timeout(Some(settings.open_max))
        .operation_timeout(Some(settings.open_max))
}

fn admin(settings: &Settings) -> Result<AdminClient<DefaultClientContext>, OpenError> {
    settings.client().create().map_err(|error| OpenError::Settings(error.to_string()))
}

fn consumer(settings: &Settings) -> Result<Consumer, OpenError> {
    settings.new_consumer().map_err(|error| OpenError::Settings(error.to_string()))
}

fn refused(what: &str, error: &KafkaError) -> OpenError {
    OpenError::Refused { what: format!("the topic `{what}`"), detail: error.to_string() }
}
