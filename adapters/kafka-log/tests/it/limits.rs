use crate::support::{append, clock, open, queue, settings, texts, told, with_topics};
use ledgerline_app::ports::AppendError;
use ledgerline_ids::{PartitionId, Position};
use ledgerline_kafka_log::{KafkaReportLog, OpenError, Settings};
use std::time::Duration;

#[test]
fn a_full_queue_refuses_and_takes_again() {
    let Some(brokers) = told("LEDGERLINE_TEST_KAFKA") else { return };
    let settings = with_topics(&brokers);
    // Messages wait a second for others: until then, what is queued stays queued.
    let linger = Duration::from_secs(1);
    for (queue_records_max, queue_bytes_max) in [(2, 1 << 20), (1000, 4)] {
        let limited = Settings { linger, queue_records_max, queue_bytes_max, ..settings.clone() };
        let log = open(&limited);
        let first = queue(&log, &["a", "b"]);
        let refused = queue(&log, &["c"]).blocking_recv().unwrap();
        assert_eq!(refused, Err(AppendError::Busy));
        first.blocking_recv().unwrap().unwrap();
        append(&log, &["d"]);
        // More than there is room for at all goes alone.
        append(&log, &["e", "f", "g"]);
    }
    assert_eq!(texts(&open(&settings), Position(0)), ["a", "b", "d", "e", "f", "g"].repeat(2));
}

#[test]
fn what_is_too_long_for_kafka_is_refused_whole() {
    let Some(brokers) = told("LEDGERLINE_TEST_KAFKA") else { return };
    let log = open(&with_topics(&brokers));
    let refused = queue(&log, &[&"x".repeat(3_000_000), "b"]).blocking_recv().unwrap();
    assert_eq!(refused, Err(AppendError::Busy));
    assert_eq!(append(&log, &["c"]).first, Position(0));
}

#[test]
fn a_topic_that_is_too_short_is_refused() {
    let Some(brokers) = told("LEDGERLINE_TEST_KAFKA") else { return };
    let settings = with_topics(&brokers);
    append(&open(&settings), &["a", "b"]);
    let opened = |expected| KafkaReportLog::open(settings.clone(), clock(), expected);
    assert!(opened(&[Position(2)]).is_ok());
    match opened(&[Position(3)]).err() {
        Some(OpenError::TooShort { partition, end, expected, .. }) => {
            assert_eq!((partition, end, expected), (PartitionId(0), Position(2), Position(3)));
        }
        other => panic!("{other:?}"),
    }
}

#[test]
fn brokers_that_are_not_there_are_named() {
    if told("LEDGERLINE_TEST_KAFKA").is_none() {
        return;
    }
    let open_max = Duration::from_secs(1);
    // Nobody listens on this port.
    let nowhere = Settings { open_max, ..settings("127.0.0.1:9") };
    let error = KafkaReportLog::open(nowhere, clock(), &[]).err().expect("nobody is there");
    assert!(error.to_string().contains("127.0.0.1:9"), "{error}");
}
