//! Whatever is lost in a crash, a plays log holds what was synced, and behind it only what
//! was appended.

use crate::support::Chooser;
use ledgerline_app::ports::PlaysLog;
use ledgerline_app::ports::memory_disk::MemoryDisk;
use ledgerline_ids::PartitionId;
use ledgerline_records::play::PlayAddress;
use ledgerline_segment_log::{OpenError, PlaysOptions, SegmentPlaysLog};
use proptest::prelude::*;
use std::io::ErrorKind;
use std::sync::Arc;

#[derive(Debug, Clone, Copy)]
enum Step {
    Append(usize),
    Flush,
    Sync,
    // To the frame's end that stands so many before the last.
    Truncate(usize),
    PowerOff(u64),
    FailingSync,
    Full(u64),
    // With a crash of the machine, or of the process only.
    Restart(bool, u64),
    // The power goes off so many changing calls into the opening.
    RestartTwice(u64, u64),
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let step = prop_oneof![
        12 => (0..90usize).prop_map(Step::Append),
        5 => Just(Step::Flush),
        2 => Just(Step::Sync),
        1 => (0..4usize).prop_map(Step::Truncate),
        1 => (1..20u64).prop_map(Step::PowerOff),
        1 => Just(Step::FailingSync),
        1 => (0..300u64).prop_map(Step::Full),
        2 => (any::<bool>(), any::<u64>()).prop_map(|(crash, seed)| Step::Restart(crash, seed)),
        1 => (1..15u64, any::<u64>()).prop_map(|(calls, seed)| Step::RestartTwice(calls, seed)),
    ];
    prop::collection::vec(step, 1..120)
}

fn open(disk: &MemoryDisk) -> Result<SegmentPlaysLog, OpenError> {
    let options = PlaysOptions {
        segment_bytes_max: 300,
        frame_bytes_max: 150,
        recent_bytes_max: 200,
        unsynced_segments_max: 3,
    };
    SegmentPlaysLog::open(Arc::new(disk.clone()), PartitionId(0), 1, options)
}

/// What was appended, where frames end, and up to where the log must be there.
#[derive(Debug, Default)]
struct Model {
    records: Vec<(PlayAddress, String)>,
    ends: Vec<u64>,
    durable: u64,
}

struct Run {
    disk: MemoryDisk,
    log: Option<SegmentPlaysLog>,
    model: Model,
    // A cut failed: nothing is flushed any more.
    broken: bool,
    count: usize,
}

impl Run {
    fn log(&mut self) -> &mut SegmentPlaysLog {
        self.log.as_mut().unwrap()
    }

    fn append(&mut self, length: usize) {
        let text = format!("{}-{}", self.count, "x".repeat(length));
        self.count += 1;
        let address = self.log().append(&mut |out| out.extend_from_slice(text.as_bytes()));
        if !self.broken {
            self.model.records.push((address, text));
        }
    }

    fn flushed(&mut self) {
        let length = self.log().length();
        if self.model.ends.last() < Some(&length) {
            self.model.ends.push(length);
        }
    }

    fn truncate(&mut self, back: usize) {
        let ends = &self.model.ends;
        let at = ends.len().saturating_sub(back + 1);
        let length = ends.get(at).copied().unwrap_or(0);
        let before = self.model.durable;
        // If it fails, any part of the cut may have been made.
        self.model.durable = before.min(length);
        if self.log().truncate(length).is_ok() {
            self.forget_from(length);
            self.model.durable = length;
        } else {
            self.broken = true;
        }
    }

    fn forget_from(&mut self, length: u64) {
        self.model.records.retain(|(address, _)| address.0 < length);
        self.model.ends.retain(|end| *end <= length);
    }

    fn restart(&mut self, crash: bool, choices: &mut Chooser) {
        self.log = None;
        self.broken = false;
        self.unmake();
        if crash {
            self.disk.crash(&mut |limit| choices.below(limit));
        } else if choices.below(2) == 0 {
            self.disk.fail_to_write_back();
        }
        self.log = Some(open(&self.disk).expect("a crash is no damage"));
        let length = self.log().length();
        assert!(length >= self.model.durable, "{length} is before {:?}", self.model);
        // What is there is what was appended.
        let log = self.log.as_ref().unwrap();
        let mut found = Vec::new();
        let mut each = |address, record: &[u8]| {
            found.push((address, String::from_utf8(record.to_vec()).unwrap()));
        };
        log.reader().scan(0, length, &mut each).unwrap();
        self.forget_from(length);
        assert_eq!(found, self.model.records);
        // As the owner does: back to what is durable, because the rest may not become so.
        let durable = self.model.durable;
        self.log().truncate(durable).unwrap();
        self.forget_from(durable);
    }

    fn unmake(&mut self) {
        self.disk.power_off_at(u64::MAX);
        self.disk.limit_bytes(None);
        self.disk.fail_syncs(0, ErrorKind::Other);
    }

    fn step(&mut self, step: Step) {
        match step {
            Step::Append(length) => self.append(length),
            Step::Flush => {
                let _ = self.log().flush();
                self.flushed();
            }
            Step::Sync => {
                let synced = self.log().sync();
                self.flushed();
                if synced.is_ok() {
                    self.model.durable = self.log().length();
                }
            }
            Step::Truncate(back) => self.truncate(back),
            Step::PowerOff(calls) => self.disk.power_off_at(calls),
            Step::FailingSync => self.disk.fail_syncs(1, ErrorKind::Other),
            Step::Full(room) => {
                let used: usize =
                    self.disk.files().iter().map(|p| self.disk.contents(p).unwrap().len()).sum();
                self.disk.limit_bytes(Some(used as u64 + room));
            }
            Step::Restart(crash, seed) => {
                // A machine without power has crashed.
                let crash = crash || self.disk.list_fails();
                self.restart(crash, &mut Chooser::new(seed));
            }
            Step::RestartTwice(calls, seed) => {
                let mut choices = Chooser::new(seed);
                self.log = None;
                self.unmake();
                self.disk.crash(&mut |limit| choices.below(limit));
                self.disk.power_off_at(calls);
                drop(open(&self.disk));
                self.restart(true, &mut choices);
            }
        }
    }
}

trait Powered {
    fn list_fails(&self) -> bool;
}

impl Powered for MemoryDisk {
    fn list_fails(&self) -> bool {
        ledgerline_app::ports::Disk::list(self, "").is_err()
    }
}

proptest! {
    #[test]
    fn what_was_synced_is_there(steps in steps()) {
        let disk = MemoryDisk::new();
        let log = Some(open(&disk).unwrap());
        let mut run = Run { disk, log, model: Model::default(), broken: false, count: 0 };
        for step in steps {
            run.step(step);
        }
        run.restart(true, &mut Chooser::new(1));
    }
}
