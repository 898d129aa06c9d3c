//! Whatever is lost in a crash, nothing acknowledged is, and nothing refused comes to light.

use crate::support::{Chooser, Later, TestClock, group, read_from};
use ledgerline_app::ports::memory_disk::MemoryDisk;
use ledgerline_app::ports::{AppendError, ReportLog};
use ledgerline_ids::{PartitionId, Position};
use ledgerline_segment_log::{OpenError, Options, SegmentReportLog, Verify};
use proptest::prelude::*;
use std::collections::BTreeSet;
use std::io::ErrorKind;
use std::sync::Arc;

const PARTITIONS: u16 = 2;

/// One life of the process, and how it ends.
#[derive(Debug, Clone)]
struct Life {
    groups: Vec<(u16, Vec<usize>)>,
    trouble: Trouble,
    ending: Ending,
    // The power goes off so many changing calls into the next opening.
    power_off_while_opening: Option<u64>,
    choices: u64,
}

#[derive(Debug, Clone, Copy)]
enum Trouble {
    None,
    PowerOff(u64),
    RoomFor(u64),
    FailingSyncs(u64, ErrorKind),
    FailingWrites(u64, ErrorKind),
}

#[derive(Debug, Clone, Copy, PartialEq)]
enum Ending {
    Closed,
    ClosedThenCrashed,
    Killed,
    KilledAndNotWrittenBack,
    Crashed,
}

fn lives() -> impl Strategy<Value = Vec<Life>> {
    let records = prop::collection::vec(0..60usize, 0..4);
    let groups = prop::collection::vec((0..PARTITIONS, records), 0..25);
    let kind = prop_oneof![Just(ErrorKind::Other), Just(ErrorKind::StorageFull)];
    let trouble = prop_oneof![
        Just(Trouble::None),
        (1..60u64).prop_map(Trouble::PowerOff),
        (0..500u64).prop_map(Trouble::RoomFor),
        (1..4u64, kind.clone()).prop_map(|(calls, kind)| Trouble::FailingSyncs(calls, kind)),
        (1..4u64, kind).prop_map(|(calls, kind)| Trouble::FailingWrites(calls, kind)),
    ];
    let ending = prop_oneof![
        1 => Just(Ending::Closed),
        1 => Just(Ending::ClosedThenCrashed),
        1 => Just(Ending::Killed),
        1 => Just(Ending::KilledAndNotWrittenBack),
        3 => Just(Ending::Crashed),
    ];
    let opening = prop::option::weighted(0.3, 1..30u64);
    let life = (groups, trouble, ending, opening, any::<u64>());
    let life = life.prop_map(|(groups, trouble, ending, power_off_while_opening, choices)| Life {
        groups,
        trouble,
        ending,
        power_off_while_opening,
        choices,
    });
    prop::collection::vec(life, 1..6)
}

/// What must be in a partition, and what must not.
#[derive(Debug, Default)]
struct Known {
    records: Vec<Option<String>>,
    refused: BTreeSet<String>,
}

impl Known {
    fn acknowledge(&mut self, first: Position, texts: &[String]) {
        let first = usize::try_from(first.0).unwrap();
        if self.records.len() < first + texts.len() {
            self.records.resize(first + texts.len(), None);
        }
        for (record, text) in self.records[first..].iter_mut().zip(texts) {
            assert!(record.is_none(), "a position is given once");
            *record = Some(text.clone());
        }
    }

    // What was found is durable from now on.
    fn check(&mut self, found: Vec<String>) {
        assert!(found.len() >= self.records.len(), "acknowledged records are gone: {self:?}");
        for (found, known) in found.iter().zip(&self.records) {
            assert!(known.as_ref().is_none_or(|known| known == found), "{known:?} is {found}");
        }
        for text in &found {
            assert!(!self.refused.contains(text), "{text} was refused");
        }
        assert_eq!(found.iter().collect::<BTreeSet<_>>().len(), found.len(), "nothing twice");
        self.records = found.into_iter().map(Some).collect();
    }

    fn end(&self) -> Position {
        Position(self.records.len() as u64)
    }
}

fn open(disk: &MemoryDisk, known: &[Known], verify: Verify) -> Result<SegmentReportLog, OpenError> {
    let options = Options {
        segment_bytes_max: 400,
        commit_bytes_max: 150,
        tail_bytes_max: 200,
        index_every_bytes: 100,
        verify,
        ..Options::new(PARTITIONS)
    };
    let ends = known.iter().map(Known::end).collect::<Vec<_>>();
    let (disk, clock, later) = (Arc::new(disk.clone()), TestClock::at(1000), Later::default());
    let log = SegmentReportLog::open_driven(disk, clock, &later, options, &ends)?;
    later.now();
    Ok(log)
}

fn open_and_check(disk: &MemoryDisk, known: &mut [Known], life: usize) -> SegmentReportLog {
    let verify = [Verify::All, Verify::Tail, Verify::Unsealed][life % 3];
    let log = open(disk, known, verify).expect("a crash is no damage");
    for (number, known) in known.iter_mut().enumerate() {
        let partition = PartitionId(u16::try_from(number).unwrap());
        assert_eq!(log.damage(partition), None);
        known.check(read_from(&log, partition, Position(0)).unwrap());
    }
    log
}

fn make(trouble: Trouble, disk: &MemoryDisk) {
    match trouble {
        Trouble::None => {}
        Trouble::PowerOff(calls) => disk.power_off_at(calls),
        Trouble::RoomFor(bytes) => {
            let used: usize = disk.files().iter().map(|p| disk.contents(p).unwrap().len()).sum();
            disk.limit_bytes(Some(used as u64 + bytes));
        }
        Trouble::FailingSyncs(calls, kind) => disk.fail_syncs(calls, kind),
        Trouble::FailingWrites(calls, kind) => disk.fail_writes(calls, kind),
    }
}

fn unmake(disk: &MemoryDisk) {
    disk.power_off_at(u64::MAX);
    disk.limit_bytes(None);
    disk.fail_syncs(0, ErrorKind::Other);
    disk.fail_writes(0, ErrorKind::Other);
}

// Sends the second half of the groups into the trouble.
fn append(
    log: &SegmentReportLog,
    disk: &MemoryDisk,
    life: &Life,
    name: usize,
    known: &mut [Known],
) {
    let (calm, rough) = life.groups.split_at(life.groups.len() / 2);
    for (half, groups) in [calm, rough].into_iter().enumerate() {
        if half == 1 {
            make(life.trouble, disk);
        }
        let mut waiting = Vec::new();
        for (number, (partition, lengths)) in groups.iter().enumerate() {
            let text = |(index, length): (usize, &usize)| {
                format!("{name}-{half}-{number}-{index}-{}", "x".repeat(*length))
            };
            let texts = lengths.iter().enumerate().map(text).collect::<Vec<_>>();
            let group = group(&texts.iter().map(String::as_str).collect::<Vec<_>>());
            waiting.push((*partition, texts, log.append(PartitionId(*partition), group)));
        }
        for (partition, texts, answer) in waiting {
            let known = &mut known[usize::from(partition)];
            match answer.blocking_recv() {
                Ok(Ok(appended)) => known.acknowledge(appended.first, &texts),
                Ok(Err(AppendError::Full | AppendError::Failed(_))) => known.refused.extend(texts),
                Ok(Err(other)) => panic!("{other}"),
                Err(_unknown) => {}
            }
        }
    }
}

fn check(lives: &[Life]) {
    let disk = MemoryDisk::new();
    let mut known = [Known::default(), Known::default()];
    for (name, life) in lives.iter().enumerate() {
        let mut choices = Chooser::new(life.choices);
        let mut choose = |limit| choices.below(limit);
        if let Some(calls) = life.power_off_while_opening {
            disk.power_off_at(calls);
            drop(open(&disk, &known, Verify::All));
            disk.crash(&mut choose);
        }
        let log = open_and_check(&disk, &mut known, name);
        append(&log, &disk, life, name, &mut known);
        if matches!(life.ending, Ending::Closed | Ending::ClosedThenCrashed) {
            log.close();
        }
        drop(log);
        unmake(&disk);
        let powered_off = matches!(life.trouble, Trouble::PowerOff(_));
        if powered_off || matches!(life.ending, Ending::ClosedThenCrashed | Ending::Crashed) {
            disk.crash(&mut choose);
        } else if life.ending == Ending::KilledAndNotWrittenBack {
            disk.fail_to_write_back();
        }
    }
    open_and_check(&disk, &mut known, lives.len());
}

proptest! {
    #[test]
    fn nothing_acknowledged_is_lost(lives in lives()) {
        check(&lives);
    }
}

/// The canary: a disk that forgets what it said was durable is noticed.
#[test]
fn a_disk_that_lies_is_noticed() {
    let disk = MemoryDisk::new();
    let mut known = [Known::default(), Known::default()];
    let log = open(&disk, &known, Verify::All).unwrap();
    let texts = ["acknowledged".to_owned()];
    let answer = log.append(PartitionId(0), group(&["acknowledged"])).blocking_recv();
    known[0].acknowledge(answer.unwrap().unwrap().first, &texts);
    drop(log);
    let path = "reports/p000/00000000000000000000.log";
    let mut bytes = disk.contents(path).unwrap();
    bytes.truncate(40);
    disk.tamper(path, bytes);
    assert!(open(&disk, &known, Verify::All).is_err());
}
