//! A broker that is killed under load, and one that stays away.

use crate::own_brokers::OwnBrokers;
use crate::support::{P0, append, await_end, group, open, queue, records, texts, with_topics};
use ledgerline_app::ports::{AppendError, Appended, ReportLog};
use ledgerline_ids::Position;
use ledgerline_kafka_log::Settings;
use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU32, Ordering};
use std::thread;
use std::time::Duration;

const SENDERS: u32 = 3;
const PARTS: u32 = 4;
/// So many groups are acknowledged before the next kill, and after the last.
const GROUPS_BETWEEN: u32 = 150;

/// What is known of each group, by sender and number: what was said of it.
pub type Said = BTreeMap<(u32, u32), Option<Appended>>;

fn text(sender: u32, number: u32, part: u32) -> String {
    format!("{sender} {number} {part}")
}

/// Appends until `acknowledged` has come to `enough`: one group after the other.
fn send(log: &dyn ReportLog, sender: u32, acknowledged: &AtomicU32, enough: u32) -> Said {
    let mut said = Said::new();
    for number in 0.. {
        if acknowledged.load(Ordering::Relaxed) >= enough {
            break;
        }
        let texts: Vec<String> = (0..PARTS).map(|part| text(sender, number, part)).collect();
        let answer = match log.append(P0, group(&texts)).blocking_recv() {
            Ok(Ok(appended)) => {
                acknowledged.fetch_add(1, Ordering::Relaxed);
                Some(appended)
            }
            // Refused whole: it must not be there, and isn't looked for.
            Ok(Err(AppendError::Busy)) => continue,
            Ok(Err(other)) => panic!("{other}"),
            Err(_) => None,
        };
        said.insert((sender, number), answer);
    }
    said
}

/// Runs senders, and `disturb` whenever so many more groups are acknowledged.
pub fn under_load(log: &dyn ReportLog, disturbances: &[&dyn Fn()]) -> Said {
    let acknowledged = AtomicU32::new(0);
    let kills = u32::try_from(disturbances.len()).unwrap();
    let enough = GROUPS_BETWEEN * (kills + 1);
    thread::scope(|scope| {
        let senders: Vec<_> = (0..SENDERS)
            .map(|sender| {
                let acknowledged = &acknowledged;
                scope.spawn(move || send(log, sender, acknowledged, enough))
            })
            .collect();
        for (before, disturb) in (1..).zip(disturbances) {
            while acknowledged.load(Ordering::Relaxed) < GROUPS_BETWEEN * before {
                thread::yield_now();
            }
            disturb();
        }
        senders.into_iter().flat_map(|sender| sender.join().unwrap()).collect()
    })
}

/// Nothing acknowledged is lost or elsewhere, nothing is there twice, positions are dense.
pub fn check(log: &dyn ReportLog, said: &Said) {
    let found = records(log, Position(0));
    assert!(found.iter().map(|(at, _)| at.0).eq(0..found.len() as u64), "positions are dense");
    let at: BTreeMap<&str, Position> =
        found.iter().map(|(at, text)| (text.as_str(), *at)).collect();
    assert_eq!(at.len(), found.len(), "nothing is there twice");
    for ((sender, number), answer) in said {
        let Some(appended) = answer else { continue };
        for part in 0..PARTS {
            let wanted = appended.first.plus(u64::from(part));
            let text = text(*sender, *number, part);
            assert_eq!(at.get(text.as_str()), Some(&wanted), "{text}");
        }
    }
}

#[test]
fn a_broker_that_is_killed_loses_and_repeats_nothing() {
    let Some(brokers) = OwnBrokers::start(1) else { return };
    let settings = Settings {
        // Longer than the broker is away, on a machine that does much else.
        delivery_max: Duration::from_secs(60),
        away_after: Duration::from_secs(60),
        ..with_topics(&brokers.addresses())
    };
    let log = open(&settings);
    let kill: &dyn Fn() = &|| {
        brokers.kill_one();
        brokers.start_all();
    };
    let said = under_load(&log, &[kill, kill]);
    check(&log, &said);
    log.close();
    drop(log);
    check(&open(&settings), &said);
}

#[test]
fn a_broker_that_is_away_is_told_soon_and_found_again() {
    let Some(brokers) = OwnBrokers::start(1) else { return };
    let settings = Settings {
        delivery_max: Duration::from_secs(2),
        away_after: Duration::from_secs(3),
        read_max: Duration::from_secs(1),
        ..with_topics(&brokers.addresses())
    };
    let log = open(&settings);
    append(&log, &["a"]);
    brokers.kill_one();
    // Whatever is said of it: something is, or the answer closes.
    let mut unknown = 0;
    let first_word = queue(&log, &["b"]).blocking_recv();
    assert!(!matches!(first_word, Ok(Ok(_))), "nobody is there");
    // Once the broker has been out of sight for long, nothing is even tried.
    while !matches!(queue(&log, &["c"]).try_recv(), Ok(Err(AppendError::Busy))) {
        unknown += 1;
        thread::yield_now();
    }
    assert!(log.read(P0, Position(0), 1).is_err(), "it can't be read either");
    brokers.start_all();
    let mut refused = 0;
    let again = loop {
        match queue(&log, &["d"]).blocking_recv() {
            Ok(Ok(appended)) => break appended,
            _ => refused += 1,
        }
    };
    await_end(&log, again.first.plus(1));
    let found = texts(&log, Position(0));
    assert_eq!((found.first(), found.last()), (Some(&"a".to_owned()), Some(&"d".to_owned())));
    // What was promised to nobody may be there or not, but nothing comes late.
    assert!(found.len() <= 3 + unknown + refused, "{found:?}");
    assert_eq!(records(&log, Position(0)).last().map(|(at, _)| *at), Some(again.first));
}
