use crate::support::{clock, open, told, with_topics};
use ledgerline_app::ports::{ReportLog, conformance};
use ledgerline_ids::Position;
use ledgerline_kafka_log::{Compression, KafkaReportLog, Settings};
use std::sync::Arc;

fn check(change: fn(&mut Settings)) {
    let Some(brokers) = told("LEDGERLINE_TEST_KAFKA") else { return };
    conformance::report_log::suite(&|| {
        let mut settings = with_topics(&brokers);
        change(&mut settings);
        Box::new(move || {
            let log = KafkaReportLog::open(settings.clone(), clock(), &[]);
            Arc::new(log.unwrap())
        })
    });
}

#[test]
fn is_a_report_log() {
    check(|_| {});
}

#[test]
fn is_a_report_log_that_deletes_and_reads_little_ahead() {
    check(|settings| {
        settings.may_delete = true;
        settings.compression = Compression::None;
        settings.ahead_bytes_max = 2048;
    });
}

#[test]
fn deletes_only_what_it_may() {
    let Some(brokers) = told("LEDGERLINE_TEST_KAFKA") else { return };
    let settings = with_topics(&brokers);
    for (may_delete, start) in [(false, 0), (true, 2)] {
        let log = open(&Settings { may_delete, ..settings.clone() });
        if !may_delete {
            crate::support::append(&log, &["a", "b", "c"]);
        }
        log.release(crate::support::P0, Position(2)).unwrap();
        assert_eq!(log.start(crate::support::P0), Position(start));
        log.close();
    }
    let again = open(&settings);
    assert_eq!(again.start(crate::support::P0), Position(2), "the brokers say so");
    assert_eq!(crate::support::texts(&again, Position(2)), ["c"]);
}
