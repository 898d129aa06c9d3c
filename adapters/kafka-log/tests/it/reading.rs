use crate::support::{P0, append, await_end, open, queue, records, texts, told, with_topics};
use ledgerline_app::ports::{LogError, ReportLog};
use ledgerline_ids::Position;
use ledgerline_kafka_log::Settings;
use rdkafka::ClientConfig;
use rdkafka::producer::{BaseProducer, BaseRecord, Producer};
use std::time::Duration;

const RECORDS: u64 = 2000;

fn filled(settings: &Settings) -> impl ReportLog {
    let log = open(settings);
    let receipts: Vec<_> = (0..RECORDS / 10)
        .map(|ten| {
            let texts: Vec<String> =
                (0..10).map(|one| format!("record {}", ten * 10 + one)).collect();
            queue(&log, &texts.iter().map(String::as_str).collect::<Vec<_>>())
        })
        .collect();
    receipts.into_iter().for_each(|receipt| {
        receipt.blocking_recv().unwrap().unwrap();
    });
    log
}

/// The first record that a read at `from` brings.
fn first_at(log: &dyn ReportLog, from: u64) -> String {
    let frames = log.read(P0, Position(from), 300).unwrap();
    assert_eq!(frames[0].header.first, Position(from));
    let mut records = ledgerline_records::frame::Records::new(frames[0].payload());
    String::from_utf8(records.next().unwrap().unwrap().1.to_vec()).unwrap()
}

#[test]
fn jumps_lead_where_they_should_and_disturb_nobody() {
    let Some(brokers) = told("LEDGERLINE_TEST_KAFKA") else { return };
    let log = filled(&with_topics(&brokers));
    let mut next = Position(0);
    let mut read = 0;
    // Somebody reads on, and others look something up in between.
    while next < Position(RECORDS) {
        let frames = log.read(P0, next, 1500).unwrap();
        assert_eq!(frames[0].header.first, next, "nothing is left out");
        let last = frames.last().unwrap().header;
        next = last.first.plus(u64::from(last.count));
        read += frames.iter().map(|frame| u64::from(frame.header.count)).sum::<u64>();
        let from = next.0 * 7 % RECORDS;
        if next.0.is_multiple_of(3) {
            assert_eq!(first_at(&log, from), format!("record {from}"));
        }
    }
    assert_eq!(read, RECORDS);
}

#[test]
fn an_offset_that_is_missing_is_told() {
    let Some(brokers) = told("LEDGERLINE_TEST_KAFKA") else { return };
    let settings = with_topics(&brokers);
    let log = open(&settings);
    append(&log, &["a"]);
    // A transaction ends with a mark of its own, which has an offset and is no record.
    let foreign: BaseProducer = ClientConfig::new()
        .set("bootstrap.servers", &brokers)
        .set("transactional.id", &settings.topic)
        .create()
        .unwrap();
    let limit = Duration::from_secs(30);
    foreign.init_transactions(limit).unwrap();
    foreign.begin_transaction().unwrap();
    foreign.send(BaseRecord::<(), str>::to(&settings.topic).partition(0).payload("b")).unwrap();
    foreign.commit_transaction(limit).unwrap();
    await_end(&log, Position(3));
    append(&log, &["d"]);
    let error = log.read(P0, Position(2), 99).expect_err("the mark is no record");
    let LogError::Damaged { file, offset, detail } = &error else { panic!("{error}") };
    assert_eq!((file.as_str(), *offset), (format!("{}/p000", settings.topic).as_str(), 2));
    assert!(detail.contains("stands at 3"), "{detail}");
    assert_eq!(
        records(&log, Position(3)),
        [(Position(3), "d".to_owned())],
        "what follows is there"
    );
}

#[test]
fn what_another_deleted_is_gone() {
    let Some(brokers) = told("LEDGERLINE_TEST_KAFKA") else { return };
    let settings = with_topics(&brokers);
    // This one learns of it only when it reads there.
    let reader = open(&Settings { look_every: Duration::from_secs(3600), ..settings.clone() });
    let log = open(&Settings { may_delete: true, ..settings });
    append(&log, &["a", "b", "c"]);
    append(&reader, &["d"]);
    log.release(P0, Position(2)).unwrap();
    assert_eq!(reader.start(P0), Position(0), "it hasn't looked");
    let error = reader.read(P0, Position(1), 99).expect_err("it is gone");
    let released = LogError::Released { partition: P0, wanted: Position(1), start: Position(2) };
    assert_eq!(error, released);
    assert_eq!(texts(&reader, Position(2)), ["c", "d"]);
}
