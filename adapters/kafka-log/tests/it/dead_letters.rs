use crate::support::{open, told, with_topics};
use ledgerline_app::ports::{DeadLetter, DeadLetters, ReportLog};
use ledgerline_ids::{PartitionId, Position, UnixMs};
use ledgerline_kafka_log::{KafkaDeadLetters, KafkaReportLog, RedriveError, Settings};
use ledgerline_records::LogRecord;
use ledgerline_records::control::Tick;
use ledgerline_records::frame::Records;
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

#[test]
fn letters_are_listed_and_go_back_once_they_can_be_read() {
    let Some(brokers) = told("LEDGERLINE_TEST_KAFKA") else { return };
    let settings = with_topics(&brokers);
    let letters = KafkaDeadLetters::new(settings.clone());
    let (partition, received_at) = (PartitionId(1), UnixMs::new(1_772_368_496_789).unwrap());
    // The second could be read by a newer program, which is this one.
    let mut tick = Vec::new();
    LogRecord::Tick(Tick { at: received_at }).encode(&mut tick);
    for (position, bytes) in [(3, &b"\xff\x00"[..]), (5, &tick), (9, b"no")] {
        let position = Position(position);
        let letter = DeadLetter { partition, position, received_at, bytes, why: "a test" };
        letters.keep(&letter).unwrap();
    }
    let first = letters.list(partition, Position(0), 2).unwrap();
    let stood: Vec<&str> = first.letters.iter().map(|it| it.stood.as_str()).collect();
    assert_eq!(stood, [format!("{}/p001/3", settings.topic), format!("{}/p001/5", settings.topic)]);
    assert_eq!(first.next, Some(Position(2)));
    let rest = letters.list(partition, Position(2), 2).unwrap();
    assert_eq!((rest.letters.len(), rest.next), (1, None));
    assert!(letters.list(PartitionId(0), Position(0), 2).unwrap().letters.is_empty());
    let [unreadable, readable] = &first.letters[..] else { panic!("{first:?}") };
    assert_eq!((unreadable.hex().as_str(), unreadable.why.as_str()), ("ff00", "a test"));
    assert!(unreadable.read().is_err() && readable.read().unwrap().contains("Tick"));

    let refused = letters.redrive(unreadable);
    assert!(matches!(refused, Err(RedriveError::Unreadable(_))), "{refused:?}");
    letters.redrive(readable).unwrap();
    let again = letters.redrive(readable);
    assert!(matches!(again, Err(RedriveError::Redriven)), "{again:?}");
    let listed = letters.list(partition, Position(0), 9).unwrap().letters;
    let redriven: Vec<bool> = listed.iter().map(|it| it.redriven).collect();
    assert_eq!(redriven, [false, true, false]);

    // Once, with the receive time it had.
    let log = open(&settings);
    assert_eq!(*log.end(partition).borrow(), Position(1));
    let frames = log.read(partition, Position(0), 1 << 20).unwrap();
    assert_eq!(frames[0].header.received_at, received_at);
    let records: Vec<_> = Records::new(frames[0].payload()).map(|it| it.unwrap().1).collect();
    assert_eq!(records, [tick.as_slice()]);
}
