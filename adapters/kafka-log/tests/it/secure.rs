use crate::support::{append, clock, open, settings, texts, told};
use ledgerline_ids::Position;
use ledgerline_kafka_log::topics::{Plan, create};
use ledgerline_kafka_log::{KafkaReportLog, OpenError, Security, Settings};
use std::path::PathBuf;
use std::time::Duration;

#[test]
fn tls_and_a_password_let_in() {
    let Some(brokers) = told("LEDGERLINE_TEST_KAFKA_TLS") else { return };
    let ca_file = PathBuf::from(told("LEDGERLINE_TEST_KAFKA_CA").unwrap());
    let user = told("LEDGERLINE_TEST_KAFKA_USER").unwrap();
    let password = told("LEDGERLINE_TEST_KAFKA_PASSWORD").unwrap();
    let with = |ca_file: Option<&PathBuf>, password: &str| Security::TlsAndScram {
        ca_file: ca_file.cloned(),
        user: user.clone(),
        password: password.to_owned(),
    };
    let security = with(Some(&ca_file), &password);
    let settings = Settings { security, ..settings(&brokers) };
    create(&settings, &Plan::one_broker()).unwrap();
    let log = open(&settings);
    append(&log, &["a", "b"]);
    assert_eq!(texts(&log, Position(0)), ["a", "b"]);

    let open_max = Duration::from_secs(2);
    let refused = [
        (with(Some(&ca_file), "wrong"), "invalid credentials"),
        (with(None, &password), "certificate verify failed"),
        (Security::Tls { ca_file: Some(ca_file.clone()) }, ""),
        (Security::Plain, ""),
    ];
    for (security, why) in refused {
        let other = Settings { security, open_max, ..settings.clone() };
        let shown = format!("{:?}", other.security);
        match KafkaReportLog::open(other, clock(), &[]).err() {
            Some(OpenError::Unreachable { detail, .. }) if detail.contains(why) => {}
            other => panic!("{shown}: {other:?}"),
        }
    }
}
