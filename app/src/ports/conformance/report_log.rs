//! What every [`ReportLog`] does that also takes what was received before.

use crate::ports::{AppendError, Appended, Frame, LogError, ReceivedLog, ReportLog};
use ledgerline_ids::{PartitionId, Position, UnixMs};
use ledgerline_records::frame::{RecordGroup, Records};
use std::sync::Arc;

/// Opens one log, the same one each time. It has two partitions at least.
pub type Opener = Box<dyn Fn() -> Arc<dyn ReceivedLog>>;

/// Runs every case on an empty log of its own. It must not be called from async code.
///
/// # Panics
/// Where the log does something else.
pub fn suite(empty: &dyn Fn() -> Opener) {
    let cases: [fn(&Opener); 12] = [
        positions_follow_one_another,
        records_are_read_as_they_were_appended,
        reads_begin_at_the_frame_that_holds_a_position,
        reads_are_limited_but_never_empty,
        partitions_stand_alone,
        an_empty_group_takes_no_position,
        what_is_judged_can_still_be_read,
        many_senders_keep_their_order,
        a_follower_sees_everything_once,
        what_is_released_may_be_gone_and_the_rest_is_there,
        a_closed_log_refuses_and_is_opened_again,
        what_was_received_before_keeps_its_time,
    ];
    for case in cases {
        case(&empty());
    }
}

const P0: PartitionId = PartitionId(0);
const P1: PartitionId = PartitionId(1);

fn group(texts: &[&str]) -> RecordGroup {
    let mut group = RecordGroup::default();
    for text in texts {
        group.push_with(|out| out.extend_from_slice(text.as_bytes()));
    }
    group
}

fn append(log: &dyn ReportLog, partition: PartitionId, texts: &[&str]) -> Appended {
    let answer = log.append(partition, group(texts)).blocking_recv();
    answer.expect("an open log answers").expect("an open log appends")
}

fn texts(frames: &[Frame]) -> Vec<String> {
    let mut texts = Vec::new();
    for frame in frames {
        let before = texts.len();
        frame.header.verify(frame.payload()).expect("the checksum is right");
        for record in Records::new(frame.payload()) {
            let (_, bytes) = record.expect("a record");
            texts.push(String::from_utf8(bytes.to_vec()).expect("the text that was appended"));
        }
        assert_eq!(texts.len() - before, frame.header.count as usize, "the count is right");
    }
    texts
}

// All records from the frame that holds `from` on.
fn all(log: &dyn ReportLog, partition: PartitionId, from: Position) -> Vec<String> {
    let mut found = Vec::new();
    let mut next = from;
    while next < *log.end(partition).borrow() {
        let frames = log.read(partition, next, 4096).expect("the log is read");
        let last = frames.last().expect("at least one frame before the end").header;
        assert!(last.first.plus(u64::from(last.count)) > next, "reading goes on");
        next = last.first.plus(u64::from(last.count));
        found.extend(texts(&frames));
    }
    found
}

fn positions_follow_one_another(open: &Opener) {
    let log = open();
    assert!(log.partitions() >= 2, "the suite needs two partitions");
    assert_eq!(log.start(P0), Position(0));
    assert_eq!(*log.end(P0).borrow(), Position(0));
    let mut received_at = None;
    for (first, texts) in [(0, &["a", "b"][..]), (2, &["c"]), (3, &["d", "e", "f"])] {
        let appended = append(&*log, P0, texts);
        assert_eq!(appended.first, Position(first));
        assert!(Some(appended.received_at) >= received_at, "receive times don't go back");
        received_at = Some(appended.received_at);
        let end = *log.end(P0).borrow();
        assert_eq!(end, Position(first + texts.len() as u64), "it is the end once answered");
    }
    log.close();
}

fn records_are_read_as_they_were_appended(open: &Opener) {
    let log = open();
    let long = "x".repeat(100_000);
    let given = ["a", "", &long, "d"];
    let first = append(&*log, P0, &given[..2]);
    append(&*log, P0, &given[2..]);
    assert_eq!(all(&*log, P0, Position(0)), given);
    let frames = log.read(P0, Position(0), 1).expect("the log is read");
    assert_eq!(frames[0].header.received_at, first.received_at);
    assert_eq!(frames[0].header.first, Position(0));
    assert_eq!(log.read(P0, Position(4), 9).expect("the end is read").len(), 0);
    assert_eq!(log.read(P0, Position(99), 9).expect("beyond the end").len(), 0);
    log.close();
}

fn reads_begin_at_the_frame_that_holds_a_position(open: &Opener) {
    let log = open();
    append(&*log, P0, &["a", "b", "c"]);
    append(&*log, P0, &["d", "e"]);
    for (from, first) in [(0, 0), (1, 0), (2, 0), (3, 3), (4, 3)] {
        let frames = log.read(P0, Position(from), 1 << 20).expect("the log is read");
        let header = frames[0].header;
        let holds = header.first.0 <= from && from < header.first.0 + u64::from(header.count);
        assert!(holds, "{from} is in {header:?}");
        // Whoever joins groups into one frame may begin earlier, and whoever keeps records one by
        // one begins with that one.
        assert!(header.first.0 <= first || header.first.0 == from);
        let found = texts(&frames);
        assert_eq!(found.last().map(String::as_str), Some("e"));
    }
    log.close();
}

fn reads_are_limited_but_never_empty(open: &Opener) {
    let log = open();
    let text = "x".repeat(1000);
    for _ in 0..20 {
        append(&*log, P0, &[&text]);
    }
    for (bytes_max, least, most) in [(0, 1, 1), (999, 1, 1), (5000, 1, 4), (1 << 20, 20, 20)] {
        let frames = log.read(P0, Position(0), bytes_max).expect("the log is read");
        let found = texts(&frames).len();
        assert!((least..=most).contains(&found), "{found} records in {bytes_max} bytes");
    }
    log.close();
}

fn partitions_stand_alone(open: &Opener) {
    let log = open();
    append(&*log, P0, &["a", "b"]);
    assert_eq!(append(&*log, P1, &["c"]).first, Position(0));
    assert_eq!(append(&*log, P0, &["d"]).first, Position(2));
    assert_eq!(all(&*log, P0, Position(0)), ["a", "b", "d"]);
    assert_eq!(all(&*log, P1, Position(0)), ["c"]);
    log.close();
}

fn an_empty_group_takes_no_position(open: &Opener) {
    let log = open();
    assert_eq!(append(&*log, P0, &[]).first, Position(0));
    append(&*log, P0, &["a"]);
    assert_eq!(append(&*log, P0, &[]).first, Position(1));
    assert_eq!(append(&*log, P0, &["b"]).first, Position(1));
    assert_eq!(all(&*log, P0, Position(0)), ["a", "b"]);
    log.close();
}

fn what_is_judged_can_still_be_read(open: &Opener) {
    let log = open();
    let text = "x".repeat(1000);
    for round in 0..30 {
        append(&*log, P0, &[&text, "y"]);
        // Also within a frame, at what was judged before, and at the end.
        log.judged(P0, Position(round));
    }
    for before in [0, 31, 60] {
        log.judged(P0, Position(before));
        let found = all(&*log, P0, Position(0));
        assert_eq!(found, [text.as_str(), "y"].repeat(30), "{before}");
    }
    append(&*log, P0, &["z"]);
    assert_eq!(all(&*log, P0, Position(60)), ["z"]);
    log.close();
}

const SENDERS: usize = 8;
const GROUPS: usize = 50;

// Each sender's groups have two records that name the sender and count up.
fn send(log: &dyn ReportLog, sender: usize) {
    let mut waiting = Vec::new();
    for number in 0..GROUPS {
        let texts = [format!("{sender} {number} 0"), format!("{sender} {number} 1")];
        let group = group(&[&texts[0], &texts[1]]);
        waiting.push(log.append(P0, group));
    }
    let mut last = None;
    for answer in waiting {
        let appended = answer.blocking_recv().expect("an answer").expect("it is appended");
        assert!(Some(appended.first) > last, "in the order in which they were sent");
        last = Some(appended.first);
    }
}

fn check_sent(found: &[String]) {
    assert_eq!(found.len(), SENDERS * GROUPS * 2, "each record once");
    for sender in 0..SENDERS {
        let own = found.iter().filter(|text| text.starts_with(&format!("{sender} ")));
        let wanted = (0..GROUPS)
            .flat_map(|number| [format!("{sender} {number} 0"), format!("{sender} {number} 1")]);
        assert!(own.cloned().eq(wanted), "the order of sender {sender}");
    }
    for pair in found.chunks(2) {
        let stem = |text: &str| text[..text.len() - 2].to_owned();
        assert_eq!(stem(&pair[0]), stem(&pair[1]), "a group stays together");
    }
}

fn many_senders_keep_their_order(open: &Opener) {
    let log = open();
    std::thread::scope(|scope| {
        for sender in 0..SENDERS {
            let log = &log;
            scope.spawn(move || send(&**log, sender));
        }
    });
    check_sent(&all(&*log, P0, Position(0)));
    log.close();
}

fn a_follower_sees_everything_once(open: &Opener) {
    let log = open();
    let found = std::thread::scope(|scope| {
        for sender in 0..SENDERS {
            let log = &log;
            scope.spawn(move || send(&**log, sender));
        }
        let mut found = Vec::new();
        let end = log.end(P0);
        while found.len() < SENDERS * GROUPS * 2 {
            let next = Position(found.len() as u64);
            if *end.borrow() > next {
                let frames = log.read(P0, next, 2000).expect("the log is read");
                assert_eq!(frames[0].header.first, next, "a frame is seen whole or not at all");
                found.extend(texts(&frames));
            } else {
                std::thread::yield_now();
            }
        }
        found
    });
    check_sent(&found);
    log.close();
}

fn what_is_released_may_be_gone_and_the_rest_is_there(open: &Opener) {
    let log = open();
    let text = "x".repeat(1000);
    for _ in 0..30 {
        append(&*log, P0, &[&text]);
    }
    log.release(P0, Position(20)).expect("the log is released");
    let start = log.start(P0);
    assert!(start <= Position(20), "what was not released is there");
    assert_eq!(all(&*log, P0, start).len() as u64, 30 - start.0);
    if start > Position(0) {
        let wanted = Position(start.0 - 1);
        let refused = log.read(P0, wanted, 1).expect_err("a position that was released");
        assert_eq!(refused, LogError::Released { partition: P0, wanted, start });
    }
    log.release(P0, Position(u64::MAX)).expect("the log is released");
    assert_eq!(append(&*log, P0, &["a"]).first, Position(30));
    log.close();
}

fn a_closed_log_refuses_and_is_opened_again(open: &Opener) {
    let log = open();
    append(&*log, P0, &["a"]);
    let on_its_way = log.append(P0, group(&["b"]));
    let last = append(&*log, P0, &["c"]);
    log.close();
    log.close();
    let appended = on_its_way.blocking_recv().expect("what was queued is written");
    assert_eq!(appended.expect("and made durable").first, Position(1));
    let refused = log.append(P0, group(&["d"])).blocking_recv().expect("an answer");
    assert_eq!(refused, Err(AppendError::Closing));
    assert_eq!(all(&*log, P0, Position(0)), ["a", "b", "c"], "it can still be read");
    drop(log);

    let log = open();
    assert_eq!(*log.end(P0).borrow(), Position(3));
    assert_eq!(all(&*log, P0, Position(0)), ["a", "b", "c"]);
    let appended = append(&*log, P0, &["e"]);
    assert_eq!(appended.first, Position(3));
    assert!(appended.received_at >= last.received_at, "receive times don't go back");
    log.close();
}

fn what_was_received_before_keeps_its_time(open: &Opener) {
    let log = open();
    let now = append(&*log, P0, &["now"]).received_at;
    let before = UnixMs::EPOCH.plus(now.get() - 60_000);
    let waiting: Vec<_> = [("b", 0), ("c", 0), ("d", 1)]
        .map(|(text, later)| log.append_received(P0, group(&[text]), before.plus(later)))
        .into();
    for (answer, at) in waiting.into_iter().zip([before, before, before.plus(1)]) {
        let appended = answer.blocking_recv().expect("an answer").expect("it is appended");
        assert_eq!(appended.received_at, at);
    }
    let behind = append(&*log, P0, &["behind"]).received_at;
    assert!(behind >= now, "what is received now has no time before what was");
    let mut found = Vec::new();
    let mut next = Position(0);
    while next < *log.end(P0).borrow() {
        for frame in log.read(P0, next, 1 << 20).expect("the log is read") {
            next = frame.header.first.plus(u64::from(frame.header.count));
            let at = frame.header.received_at;
            found.extend(texts(&[frame]).into_iter().map(|text| (text, at)));
        }
    }
    let expected =
        [("now", now), ("b", before), ("c", before), ("d", before.plus(1)), ("behind", behind)];
    assert_eq!(found, expected.map(|(text, at)| (text.to_owned(), at)));
    assert!(log.keeps().expect("it says so").is_none_or(|it| !it.is_zero()));
    log.close();
}
