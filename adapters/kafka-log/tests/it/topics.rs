use crate::support::{clock, open, settings, told};
use ledgerline_app::ports::ReportLog;
use ledgerline_ids::Position;
use ledgerline_kafka_log::topics::{Plan, create, describe};
use ledgerline_kafka_log::{KafkaReportLog, OpenError, Settings};
use std::time::Duration;

#[test]
fn topics_are_made_once_and_described() {
    let Some(brokers) = told("LEDGERLINE_TEST_KAFKA") else { return };
    let settings = settings(&brokers);
    let missing = KafkaReportLog::open(settings.clone(), clock(), &[]).err();
    assert!(matches!(missing, Some(OpenError::NoTopic { .. })), "{missing:?}");
    let plan = Plan::one_broker();
    let names = [&settings.topic, &settings.dead_letters_topic, &settings.counted_plays_topic];
    let names = names.map(Clone::clone);
    assert_eq!(create(&settings, &plan).unwrap(), names);
    assert_eq!(create(&settings, &plan).unwrap(), [""; 0], "they are there");
    crate::support::append(&open(&settings), &["a", "b"]);
    let described = describe(&settings).unwrap();
    assert_eq!(described.iter().map(|topic| topic.name.clone()).collect::<Vec<_>>(), names);
    let reports = &described[0];
    assert_eq!(reports.partitions, [(Position(0), Position(2)), (Position(0), Position(0))]);
    assert_eq!((reports.copies, reports.in_sync_min), (1, 1));
    assert_eq!(reports.retention, Some(Duration::from_secs(7 * 86_400)));
    for other in &described[1..] {
        assert_eq!(other.retention, Some(Duration::from_secs(30 * 86_400)));
    }
    assert_eq!(reports.findings, [""; 0]);
}

#[test]
fn another_number_of_partitions_is_refused() {
    let Some(brokers) = told("LEDGERLINE_TEST_KAFKA") else { return };
    let settings = settings(&brokers);
    create(&settings, &Plan::one_broker()).unwrap();
    let other = Settings { partitions: 3, ..settings };
    let opened = KafkaReportLog::open(other.clone(), clock(), &[]).map(|log| log.partitions());
    for error in [opened.err(), create(&other, &Plan::one_broker()).err(), describe(&other).err()] {
        let found = matches!(error, Some(OpenError::Partitions { wanted: 3, found: 2, .. }));
        assert!(found, "{error:?}");
    }
}

#[test]
fn what_could_lose_reports_is_found() {
    let Some(brokers) = told("LEDGERLINE_TEST_KAFKA") else { return };
    let settings = settings(&brokers);
    let short = Plan { retention: Duration::from_secs(3600), ..Plan::one_broker() };
    create(&settings, &short).unwrap();
    let findings = &describe(&settings).unwrap()[0].findings;
    assert_eq!(findings.len(), 1, "{findings:?}");
    assert!(findings[0].contains("less than a day"));
}

#[test]
fn more_copies_than_brokers_are_refused() {
    let Some(brokers) = told("LEDGERLINE_TEST_KAFKA") else { return };
    let error = create(&settings(&brokers), &Plan::default()).expect_err("there is one broker");
    assert!(matches!(error, OpenError::Refused { .. }), "{error}");
}
