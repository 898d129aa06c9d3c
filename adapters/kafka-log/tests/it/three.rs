//! Three brokers that keep three copies, of which two must be written: one may be away.

use crate::kills::{check, under_load};
use crate::own_brokers::OwnBrokers;
use crate::support::{open, settings};
use ledgerline_app::ports::ReportLog;
use ledgerline_kafka_log::Settings;
use ledgerline_kafka_log::topics::{Plan, create, describe};
use std::time::Duration;

#[test]
fn one_of_three_may_die() {
    let Some(brokers) = OwnBrokers::start(3) else { return };
    let settings = Settings {
        delivery_max: Duration::from_secs(60),
        away_after: Duration::from_secs(60),
        ..settings(&brokers.addresses())
    };
    create(&settings, &Plan::default()).unwrap();
    let topics = describe(&settings).unwrap();
    assert_eq!((topics[0].copies, topics[0].in_sync_min), (3, 2));
    assert!(topics[0].findings.is_empty(), "{:?}", topics[0].findings);
    let log = open(&settings);
    let kill: &dyn Fn() = &|| brokers.kill_one();
    let back: &dyn Fn() = &|| brokers.start_all();
    let said = under_load(&log, &[kill, back]);
    check(&log, &said);
    log.close();
    drop(log);
    check(&open(&settings), &said);
}
