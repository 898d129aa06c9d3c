//! Small logs on disks that can be taken apart.

use ledgerline_app::ports::memory_disk::MemoryDisk;
use ledgerline_app::ports::{
    AppendError, Appended, Clock, Disk, DiskFile, Drive, Driven, LogError, Loop, ReportLog,
};
use ledgerline_app::threads::Threads;
use ledgerline_ids::{PartitionId, Position, UnixMs};
use ledgerline_records::frame::{RecordGroup, Records};
use ledgerline_segment_log::{OpenError, Options, SegmentReportLog, Verify};
use std::io;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Condvar, Mutex};
use std::time::Duration;

pub const P0: PartitionId = PartitionId(0);

/// A clock that stands where it was set.
pub struct TestClock(AtomicU64);

impl TestClock {
    pub fn at(millis: u64) -> Arc<Self> {
        Arc::new(Self(AtomicU64::new(millis)))
    }

    pub fn set(&self, millis: u64) {
        self.0.store(millis, Ordering::Relaxed);
    }
}

impl Clock for TestClock {
    fn now(&self) -> UnixMs {
        UnixMs::new(self.0.load(Ordering::Relaxed)).unwrap()
    }

    fn elapsed(&self) -> Duration {
        Duration::ZERO
    }
}

/// One partition, a new segment after every few frames, an index entry for each frame.
pub fn small() -> Options {
    Options { segment_bytes_max: 256, index_every_bytes: 1, ..Options::new(1) }
}

pub fn try_open(
    disk: &MemoryDisk,
    options: Options,
    end: u64,
) -> Result<SegmentReportLog, OpenError> {
    let clock = TestClock::at(1_772_368_496_789);
    SegmentReportLog::open(Arc::new(disk.clone()), clock, options, &[Position(end)])
}

/// Writers have threads; work that is begun waits until somebody has it done.
#[derive(Default)]
pub struct Later(Mutex<Vec<Box<dyn FnOnce() + Send>>>);

impl Later {
    /// Does what was begun so far; how much there was.
    pub fn now(&self) -> usize {
        let begun = std::mem::take(&mut *self.0.lock().unwrap());
        let count = begun.len();
        begun.into_iter().for_each(|work| work());
        count
    }
}

impl Drive for Later {
    fn start(&self, name: &str, work: Box<dyn Loop>) -> io::Result<Box<dyn Driven>> {
        Threads.start(name, work)
    }

    fn begin(&self, work: Box<dyn FnOnce() + Send>) {
        self.0.lock().unwrap().push(work);
    }
}

/// Opens a log that verifies sealed segments when `later` is told to.
pub fn try_open_unsealed(
    disk: &MemoryDisk,
    later: &Later,
    end: u64,
) -> Result<SegmentReportLog, OpenError> {
    let clock = TestClock::at(1_772_368_496_789);
    let options = Options { verify: Verify::Unsealed, ..small() };
    let disk = Arc::new(disk.clone());
    SegmentReportLog::open_driven(disk, clock, later, options, &[Position(end)])
}

pub fn open(disk: &MemoryDisk, options: Options) -> SegmentReportLog {
    try_open(disk, options, 0).unwrap()
}

pub fn group(texts: &[&str]) -> RecordGroup {
    let mut group = RecordGroup::default();
    for text in texts {
        group.push_with(|out| out.extend_from_slice(text.as_bytes()));
    }
    group
}

pub fn try_append(log: &SegmentReportLog, texts: &[&str]) -> Result<Appended, AppendError> {
    log.append(P0, group(texts)).blocking_recv().unwrap()
}

pub fn append(log: &SegmentReportLog, texts: &[&str]) -> Appended {
    try_append(log, texts).unwrap()
}

pub fn end(log: &SegmentReportLog) -> u64 {
    log.end(P0).borrow().0
}

pub fn texts(payload: &[u8]) -> Vec<String> {
    Records::new(payload)
        .map(|record| String::from_utf8(record.unwrap().1.to_vec()).unwrap())
        .collect()
}

/// All records of a partition from `from` on.
pub fn read_from(
    log: &SegmentReportLog,
    partition: PartitionId,
    from: Position,
) -> Result<Vec<String>, LogError> {
    let (mut found, mut next) = (Vec::new(), from);
    let end = *log.end(partition).borrow();
    while next < end {
        for frame in log.read(partition, next, 300)? {
            assert!(frame.header.first <= next);
            frame.header.verify(frame.payload()).unwrap();
            found.extend(texts(frame.payload()));
            next = frame.header.first.plus(u64::from(frame.header.count));
        }
    }
    Ok(found)
}

pub fn all(log: &SegmentReportLog) -> Vec<String> {
    read_from(log, P0, Position(0)).unwrap()
}

/// A log of three segments and eight frames of one record each, `0` to `7`, left as a
/// crash leaves it or closed in order.
pub fn small_log(in_order: bool) -> MemoryDisk {
    let disk = MemoryDisk::new();
    let log = open(&disk, small());
    for number in 0..8 {
        append(&log, &[&number.to_string().repeat(30)]);
    }
    if in_order {
        log.close();
    }
    drop(log);
    let segments = disk.files().iter().filter(|path| path.ends_with(".log")).count();
    assert_eq!(segments, 3);
    disk
}

pub fn segments(disk: &MemoryDisk) -> Vec<String> {
    disk.files().into_iter().filter(|path| path.ends_with(".log")).collect()
}

pub fn all_contents(disk: &MemoryDisk) -> Vec<(String, Vec<u8>)> {
    let files = disk.files().into_iter();
    files.map(|path| (path.clone(), disk.contents(&path).unwrap())).collect()
}

/// Numbers that only depend on the seed.
pub struct Chooser(u64);

impl Chooser {
    pub fn new(seed: u64) -> Self {
        Self(seed | 1)
    }

    pub fn below(&mut self, limit: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 >> 11) % limit
    }
}

/// A disk whose syncs wait while its gate is shut.
#[derive(Clone, Default)]
pub struct GatedDisk {
    disk: MemoryDisk,
    gate: Arc<Gate>,
}

#[derive(Default)]
struct Gate {
    state: Mutex<GateState>,
    changed: Condvar,
}

#[derive(Default)]
struct GateState {
    shut: bool,
    waiting: usize,
}

struct GatedFile {
    file: Arc<dyn DiskFile>,
    gate: Arc<Gate>,
}

impl GatedDisk {
    pub fn shut(&self, shut: bool) {
        self.gate.state.lock().unwrap().shut = shut;
        self.gate.changed.notify_all();
    }

    /// Waits until somebody stands before the gate.
    pub fn wait_until_stuck(&self) {
        let state = self.gate.state.lock().unwrap();
        drop(self.gate.changed.wait_while(state, |state| state.waiting == 0).unwrap());
    }

    fn gated(&self, file: io::Result<Arc<dyn DiskFile>>) -> io::Result<Arc<dyn DiskFile>> {
        Ok(Arc::new(GatedFile { file: file?, gate: Arc::clone(&self.gate) }))
    }
}

impl Disk for GatedDisk {
    fn open(&self, path: &str) -> io::Result<Arc<dyn DiskFile>> {
        self.gated(self.disk.open(path))
    }

    fn open_or_create(&self, path: &str) -> io::Result<Arc<dyn DiskFile>> {
        self.gated(self.disk.open_or_create(path))
    }

    fn list(&self, folder: &str) -> io::Result<Vec<String>> {
        self.disk.list(folder)
    }

    fn create_folder(&self, folder: &str) -> io::Result<()> {
        self.disk.create_folder(folder)
    }

    fn sync_folder(&self, folder: &str) -> io::Result<()> {
        self.disk.sync_folder(folder)
    }

    fn rename(&self, from: &str, to: &str) -> io::Result<()> {
        self.disk.rename(from, to)
    }

    fn remove(&self, path: &str) -> io::Result<()> {
        self.disk.remove(path)
    }
}

impl DiskFile for GatedFile {
    fn read_at(&self, offset: u64, buffer: &mut [u8]) -> io::Result<usize> {
        self.file.read_at(offset, buffer)
    }

    fn write_at(&self, offset: u64, bytes: &[u8]) -> io::Result<()> {
        self.file.write_at(offset, bytes)
    }

    fn length(&self) -> io::Result<u64> {
        self.file.length()
    }

    fn truncate(&self, length: u64) -> io::Result<()> {
        self.file.truncate(length)
    }

    fn sync(&self) -> io::Result<()> {
        let mut state = self.gate.state.lock().unwrap();
        state.waiting += 1;
        self.gate.changed.notify_all();
        let mut state = self.gate.changed.wait_while(state, |state| state.shut).unwrap();
        state.waiting -= 1;
        drop(state);
        self.file.sync()
    }
}
