use crate::support::{told, with_topics};
use ledgerline_app::ports::{DeadLetter, DeadLetters};
use ledgerline_ids::{PartitionId, Position, UnixMs};
use ledgerline_kafka_log::{KafkaDeadLetters, KafkaReportLog, Settings};
use rdkafka::consumer::{BaseConsumer, Consumer};
use rdkafka::message::{Headers, Message};
use rdkafka::{ClientConfig, Offset, TopicPartitionList};
use std::time::Duration;

#[test]
fn a_letter_says_where_it_stood_and_why() {
    let Some(brokers) = told("LEDGERLINE_TEST_KAFKA") else { return };
    let settings = with_topics(&brokers);
    let letters = KafkaDeadLetters::new(settings.clone());
    let received_at = UnixMs::new(1_772_368_496_789).unwrap();
    let (partition, position) = (PartitionId(1), Position(7));
    let letter =
        DeadLetter { partition, position, received_at, bytes: b"\xff\x00", why: "no such kind" };
    letters.keep(&letter).unwrap();

    let consumer: BaseConsumer = ClientConfig::new()
        .set("bootstrap.servers", &brokers)
        .set("group.id", "of-this-test")
        .set("enable.auto.commit", "false")
        .create()
        .unwrap();
    let mut here = TopicPartitionList::new();
    here.add_partition_offset(&settings.dead_letters_topic, 1, Offset::Beginning).unwrap();
    consumer.assign(&here).unwrap();
    let message = consumer.poll(Duration::from_secs(30)).expect("it is kept").unwrap();
    assert_eq!(message.payload(), Some(letter.bytes));
    let key = format!("{}/p001/7", settings.topic);
    assert_eq!(message.key(), Some(key.as_bytes()));
    assert_eq!(message.timestamp().to_millis(), Some(1_772_368_496_789));
    let why = message.headers().and_then(|headers| headers.get(0).value);
    assert_eq!(why, Some(&b"no such kind"[..]));
    // A log beside it isn't touched.
    let log = KafkaReportLog::open(Settings { ..settings }, crate::support::clock(), &[]).unwrap();
    assert!(crate::support::texts(&log, Position(0)).is_empty());
}

#[test]
fn a_letter_that_cannot_be_kept_is_told() {
    if told("LEDGERLINE_TEST_KAFKA").is_none() {
        return;
    }
    let delivery_max = Duration::from_millis(300);
    let nowhere = Settings { delivery_max, ..Settings::new("127.0.0.1:9", 2) };
    let letters = KafkaDeadLetters::new(nowhere);
    let (partition, position, received_at) = (PartitionId(0), Position(0), UnixMs::EPOCH);
    let letter = DeadLetter { partition, position, received_at, bytes: b"", why: "" };
    let error = letters.keep(&letter).expect_err("nobody is there");
    assert!(error.to_string().contains("dlq"), "{error}");
}
