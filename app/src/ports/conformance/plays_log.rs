//! What every [`PlaysLog`] and [`PlaysLogReader`] does.

use crate::ports::{PlaysLog, PlaysLogReader};
use ledgerline_records::play::PlayAddress;

/// Opens one partition of one log, the same one each time.
pub type Opener = Box<dyn Fn() -> Box<dyn PlaysLog>>;

/// Runs every case on an empty log of its own.
///
/// # Panics
/// Where the log does something else.
pub fn suite(empty: &dyn Fn() -> Opener) {
    let cases: [fn(&Opener); 8] = [
        a_record_can_be_read_at_once,
        readers_see_what_was_flushed,
        records_of_any_length_are_read,
        a_scan_gives_whole_frames_in_order,
        what_is_cut_off_is_written_again,
        only_the_end_of_a_frame_is_a_length,
        what_was_synced_is_there_again,
        readers_follow_the_writer,
    ];
    for case in cases {
        case(&empty());
    }
}

fn append(log: &mut dyn PlaysLog, text: &str) -> PlayAddress {
    log.append(&mut |out| out.extend_from_slice(text.as_bytes()))
}

fn read(log: &dyn PlaysLog, address: PlayAddress) -> String {
    let mut out = b"is emptied first".to_vec();
    log.read(address, &mut out).expect("a record is read");
    String::from_utf8(out).expect("the text that was appended")
}

fn read_by(reader: &dyn PlaysLogReader, address: PlayAddress) -> String {
    let mut out = b"is emptied first".to_vec();
    reader.read(address, &mut out).expect("a record is read");
    String::from_utf8(out).expect("the text that was appended")
}

fn scan(log: &dyn PlaysLog, from: u64, until: u64) -> Vec<(PlayAddress, String)> {
    let mut found = Vec::new();
    let mut each = |address, bytes: &[u8]| {
        found.push((address, String::from_utf8(bytes.to_vec()).expect("a text")));
    };
    log.reader().scan(from, until, &mut each).expect("the log is scanned");
    found
}

// Appends and flushes `frames` frames of `records` records each.
fn fill(log: &mut dyn PlaysLog, frames: usize, records: usize) -> Vec<(PlayAddress, String)> {
    let mut written = Vec::new();
    for frame in 0..frames {
        for record in 0..records {
            let text = format!("play {frame} {record} {}", "x".repeat(frame * 7 + record));
            written.push((append(log, &text), text));
        }
        log.flush().expect("a frame is flushed");
    }
    written
}

fn a_record_can_be_read_at_once(open: &Opener) {
    let mut log = open();
    assert_eq!(log.length(), 0);
    let a = append(&mut *log, "a");
    let b = append(&mut *log, "bb");
    assert!(a < b, "addresses rise");
    assert_eq!((read(&*log, a), read(&*log, b)), ("a".to_owned(), "bb".to_owned()));
    assert_eq!(log.length(), 0, "nothing was flushed");
    log.flush().expect("a frame is flushed");
    let c = append(&mut *log, "");
    assert!(c.0 >= log.length() && log.length() > b.0);
    assert_eq!((read(&*log, a), read(&*log, c)), ("a".to_owned(), String::new()));
    log.flush().expect("a frame is flushed");
    let length = log.length();
    log.flush().expect("nothing is flushed");
    assert_eq!(log.length(), length, "an empty frame takes no room");
    assert_eq!(read(&*log, c), "");
}

fn readers_see_what_was_flushed(open: &Opener) {
    let mut log = open();
    let reader = log.reader();
    let a = append(&mut *log, "a");
    assert!(reader.read(a, &mut Vec::new()).is_err(), "not flushed yet");
    log.flush().expect("a frame is flushed");
    assert_eq!(read_by(&*reader, a), "a");
    let beyond = PlayAddress(log.length());
    assert!(reader.read(beyond, &mut Vec::new()).is_err(), "there is nothing");
    assert!(reader.scan(0, beyond.0 + 1, &mut |_, _| ()).is_err(), "there is nothing");
}

fn records_of_any_length_are_read(open: &Opener) {
    let mut log = open();
    let mut written = Vec::new();
    for length in [0, 1, 127, 128, 129, 509, 510, 511, 512, 513, 16_383, 16_384, 300_000] {
        let text = "y".repeat(length);
        written.push((append(&mut *log, &text), text));
    }
    log.flush().expect("a frame is flushed");
    // So that what was written before isn't the newest.
    fill(&mut *log, 40, 40);
    log.sync().expect("the log is synced");
    drop(log);
    let log = open();
    let reader = log.reader();
    for (address, text) in &written {
        assert!(read(&*log, *address) == *text && read_by(&*reader, *address) == *text);
    }
}

fn a_scan_gives_whole_frames_in_order(open: &Opener) {
    let mut log = open();
    let mut written = fill(&mut *log, 10, 5);
    let middle = log.length();
    let second = fill(&mut *log, 10, 5);
    let end = log.length();
    append(&mut *log, "not flushed");
    assert_eq!(scan(&*log, middle, end), second);
    assert_eq!(scan(&*log, 0, middle), written);
    let first_frames = scan(&*log, 0, middle - 1);
    assert_eq!(first_frames, written[..45], "the frame that ends behind is left out");
    written.extend(second);
    assert_eq!(scan(&*log, 0, end), written);
    assert_eq!(scan(&*log, end, end), []);
}

fn what_is_cut_off_is_written_again(open: &Opener) {
    let mut log = open();
    let kept = fill(&mut *log, 10, 5);
    let length = log.length();
    let lost = fill(&mut *log, 30, 5);
    append(&mut *log, "forgotten with the rest");
    log.truncate(length).expect("the log is cut");
    assert_eq!(log.length(), length);
    assert!(log.reader().read(lost[0].0, &mut Vec::new()).is_err());
    assert_eq!(scan(&*log, 0, length), kept);
    assert_eq!(fill(&mut *log, 30, 5), lost, "at the same addresses");
    assert_eq!(scan(&*log, length, log.length()), lost);
    log.truncate(0).expect("the log is emptied");
    assert_eq!(fill(&mut *log, 10, 5), kept, "at the same addresses");
    log.sync().expect("the log is synced");
    drop(log);
    let log = open();
    assert_eq!(log.length(), length);
    assert_eq!(scan(&*log, 0, length), kept);
}

fn only_the_end_of_a_frame_is_a_length(open: &Opener) {
    let mut log = open();
    let written = fill(&mut *log, 3, 3);
    let length = log.length();
    for wrong in [1, length - 1, length + 1, u64::MAX] {
        assert!(log.truncate(wrong).is_err(), "{wrong} of {length}");
    }
    assert_eq!(scan(&*log, 0, length), written, "nothing was cut");
    log.truncate(length).expect("the end is the end of a frame");
    assert_eq!(scan(&*log, 0, length), written);
}

fn what_was_synced_is_there_again(open: &Opener) {
    let mut log = open();
    let mut written = fill(&mut *log, 5, 5);
    written.push((append(&mut *log, "is flushed by the sync"), "is flushed by the sync".into()));
    log.sync().expect("the log is synced");
    let length = log.length();
    drop(log);
    for _ in 0..2 {
        let log = open();
        assert_eq!(log.length(), length);
        assert_eq!(scan(&*log, 0, length), written);
        let (address, text) = &written[7];
        assert_eq!(read(&*log, *address), *text);
    }
    let mut log = open();
    let next = append(&mut *log, "next");
    assert!(next.0 >= length);
    log.flush().expect("a frame is flushed");
    assert_eq!(scan(&*log, length, log.length()), [(next, "next".to_owned())]);
}

fn readers_follow_the_writer(open: &Opener) {
    let mut log = open();
    let reader = log.reader();
    let (sender, flushed) = std::sync::mpsc::channel::<Vec<(PlayAddress, String)>>();
    std::thread::scope(|scope| {
        scope.spawn(move || {
            let mut seen: Vec<(PlayAddress, String)> = Vec::new();
            for frame in flushed {
                seen.extend(frame);
                for (address, text) in seen.iter().rev().step_by(17) {
                    assert_eq!(read_by(&*reader, *address), *text);
                }
            }
        });
        for _ in 0..200 {
            sender.send(fill(&mut *log, 1, 20)).expect("the reader follows");
        }
        drop(sender);
    });
}
