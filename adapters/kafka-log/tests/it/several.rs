//! Several processes on one topic: each log here is as one of them would open it.

use crate::support::{P0, append, await_end, group, open, records, told, with_topics};
use ledgerline_app::ports::{Appended, ReportLog};
use ledgerline_ids::Position;
use std::collections::BTreeMap;
use std::thread;

const GROUPS: usize = 100;

/// Appends groups of three records that name who appends; what was said of each.
fn send(log: &dyn ReportLog, who: &str) -> Vec<(usize, Appended)> {
    let receipts: Vec<_> = (0..GROUPS)
        .map(|number| {
            let texts: Vec<String> = (0..3).map(|part| format!("{who} {number} {part}")).collect();
            log.append(P0, group(&texts))
        })
        .collect();
    let answers = receipts.into_iter().map(|receipt| receipt.blocking_recv().unwrap().unwrap());
    answers.enumerate().collect()
}

#[test]
fn who_follows_sees_what_others_append() {
    let Some(brokers) = told("LEDGERLINE_TEST_KAFKA") else { return };
    let settings = with_topics(&brokers);
    let (one, other) = (open(&settings), open(&settings));
    append(&one, &["a", "b"]);
    await_end(&other, Position(2));
    append(&other, &["c"]);
    await_end(&one, Position(3));
    let all: Vec<_> = records(&one, Position(0)).into_iter().map(|(_, text)| text).collect();
    assert_eq!(all, ["a", "b", "c"]);
    assert_eq!(records(&other, Position(0)), records(&one, Position(0)));
}

#[test]
fn all_see_one_order_and_each_keeps_its_own() {
    let Some(brokers) = told("LEDGERLINE_TEST_KAFKA") else { return };
    let settings = with_topics(&brokers);
    let logs = [open(&settings), open(&settings), open(&settings)];
    let said: Vec<_> = thread::scope(|scope| {
        let senders: Vec<_> = logs
            .iter()
            .zip(["x", "y", "z"])
            .map(|(log, who)| scope.spawn(move || (who, send(log, who))))
            .collect();
        senders.into_iter().map(|sender| sender.join().unwrap()).collect()
    });
    let end = Position((3 * GROUPS * 3) as u64);
    logs.iter().for_each(|log| await_end(log, end));
    let found = records(&logs[0], Position(0));
    assert!(found.iter().map(|(at, _)| at.0).eq(0..end.0), "positions are dense");
    assert!(logs.iter().all(|log| records(log, Position(0)) == found), "one order for all");

    let at: BTreeMap<&str, Position> =
        found.iter().map(|(at, text)| (text.as_str(), *at)).collect();
    assert_eq!(at.len(), found.len(), "nothing twice");
    for (who, answers) in said {
        for (number, appended) in answers {
            let first = at[format!("{who} {number} 0").as_str()];
            assert_eq!(appended.first, first, "what was said of group {number} of {who}");
        }
        let own: Vec<&String> =
            found.iter().map(|(_, text)| text).filter(|text| text.starts_with(who)).collect();
        let sent =
            (0..GROUPS).flat_map(|number| (0..3).map(move |part| format!("{who} {number} {part}")));
        assert!(own.into_iter().cloned().eq(sent), "the order of {who}");
    }
}
