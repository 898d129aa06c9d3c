//! A node's spool: reports on a volume that is kept, while Kafka is away.
//!
//! ```text
//! lock         which process has it
//! spool.json   whose reports these are: topic, number of partitions, fingerprint of the key
//! reports/     the reports, in segments as of any report log
//! drained/     up to where each partition is in Kafka
//! ```

use ledgerline_app::archive::key_fingerprint;
use ledgerline_app::ports::{Clock, Disk, LocalLog, LogError, ReceivedLog};
use ledgerline_app::spool::{Spool, SpoolParts, drained};
use ledgerline_app::threads::Threads;
use ledgerline_ids::{PartitionId, Position};
use ledgerline_local_disk::{FolderLock, LocalDisk};
use ledgerline_segment_log::{Options, ReportLogReader, SegmentReportLog, Verify};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use std::fs;
use std::io::{ErrorKind, Write};
use std::os::unix::fs::DirBuilderExt;
use std::path::Path;
use std::sync::Arc;

use super::config::{Config, SpoolConfig};
use crate::failure::Failure;

const IDENTITY_FILE: &str = "spool.json";
/// What a partition reads and queues in memory.
const MEMORY_BYTES_MAX: u64 = 64 << 20;
/// A segment of the spool: what is drained goes by whole ones.
const SEGMENT_BYTES_MAX: u64 = 16 << 20;
const SEGMENT_BYTES_MIN: u64 = 64 << 10;

/// Whose reports a spool has. Of another topic, number of partitions or key they would come to somebody else's plays.
#[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Identity {
    format: u32,
    topic: String,
    partitions: u16,
    key_fingerprint: String,
}

const FORMAT: u32 = 1;

/// An open spool.
pub struct OpenSpool {
    pub spool: Arc<Spool>,
    /// No other process has it as long as this lives.
    pub lock: FolderLock,
}

/// Opens the node's spool, or makes it where there is none.
///
/// # Errors
/// [`Failure`]: another process has it, it is another deployment's, or it is damaged.
pub fn open(
    config: &Config,
    spool: &SpoolConfig,
    shared: Arc<dyn ReceivedLog>,
    clock: Arc<dyn Clock>,
) -> Result<OpenSpool, Failure> {
    let folder = &spool.folder;
    make(folder)?;
    let lock = FolderLock::acquire(folder).map_err(|error| Failure::from_error(&error))?;
    identify(folder, config)?;
    if let Some(what) = in_memory(folder) {
        tracing::warn!(folder = %folder.display(), "the spool is on {what}: what is in it doesn't survive a restart");
    }
    let partitions = config.kafka.partitions;
    let disk: Arc<dyn Disk> = Arc::new(LocalDisk::new(folder.clone()));
    let failed = |error: LogError| Failure::damaged(format!("{}: {error}", folder.display()));
    let drained = drained(&*disk, partitions).map_err(failed)?;
    let each = (MEMORY_BYTES_MAX / u64::from(partitions)).clamp(256 << 10, 4 << 20);
    let each = usize::try_from(each).expect("a few megabytes");
    let segment = spool.max_bytes / (4 * u64::from(partitions));
    let options = Options {
        segment_bytes_max: segment.clamp(SEGMENT_BYTES_MIN, SEGMENT_BYTES_MAX),
        queue_bytes_max: each,
        tail_bytes_max: each,
        verify: Verify::Unsealed,
        ..Options::new(partitions)
    };
    let log = SegmentReportLog::open(disk.clone(), clock.clone(), options, &drained)
        .map_err(|error| Failure::damaged(format!("{}: {error}", folder.display())))?;
    let log: Arc<dyn LocalLog> = Arc::new(log);
    let spool = Spool::new(SpoolParts {
        log,
        shared,
        disk,
        drained,
        bytes_max: spool.max_bytes,
        clock,
        drive: Arc::new(Threads),
    });
    if spool.left() > 0 {
        tracing::info!(
            left = spool.left(),
            "reports of before wait in the spool; they are sent first"
        );
    }
    Ok(OpenSpool { spool, lock })
}

fn make(folder: &Path) -> Result<(), Failure> {
    fs::DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(folder)
        .map_err(|error| Failure::io(folder, &error))
}

/// Looks whose spool it is, and says so where it is new.
fn identify(folder: &Path, config: &Config) -> Result<(), Failure> {
    let here = Identity {
        format: FORMAT,
        topic: config.kafka.topic.clone(),
        partitions: config.kafka.partitions,
        key_fingerprint: key_fingerprint(&config.hash_key),
    };
    let path = folder.join(IDENTITY_FILE);
    let there = match fs::read(&path) {
        Ok(bytes) => bytes,
        Err(error) if error.kind() == ErrorKind::NotFound => return write_identity(folder, &here),
        Err(error) => return Err(Failure::io(&path, &error)),
    };
    let there: Identity = serde_json::from_slice(&there).map_err(|error| {
        Failure::damaged(format!("{}: {error}; a newer program may read it", path.display()))
    })?;
    if there == here {
        return Ok(());
    }
    Err(Failure::failed(format!(
        "{} has reports of the topic `{}` with {} partitions, of another deployment or another hash key: name another \
         folder for spool.folder, and start the node with the old configuration once more to have it drained",
        folder.display(),
        there.topic,
        there.partitions
    )))
}

fn write_identity(folder: &Path, identity: &Identity) -> Result<(), Failure> {
    let path = folder.join(IDENTITY_FILE);
    let draft = folder.join("spool.json.draft");
    let text = serde_json::to_vec_pretty(identity).expect("it is JSON");
    let write = || {
        let mut file = fs::File::create(&draft)?;
        file.write_all(&text)?;
        file.sync_all()?;
        fs::rename(&draft, &path)?;
        fs::File::open(folder)?.sync_all()
    };
    write().map_err(|error| Failure::io(&path, &error))
}

/// How many reports wait in a spool that nobody has open; none where it was never made.
///
/// # Errors
/// [`Failure`] where a process has it, or it can't be read.
pub fn left_in(config: &Config, spool: &SpoolConfig) -> Result<u64, Failure> {
    if !spool.folder.join(IDENTITY_FILE).exists() {
        return Ok(0);
    }
    let _lock = FolderLock::acquire(&spool.folder).map_err(|error| Failure::from_error(&error))?;
    let failed = |error: String| Failure::damaged(format!("{}: {error}", spool.folder.display()));
    let disk: Arc<dyn Disk> = Arc::new(LocalDisk::new(spool.folder.clone()));
    let partitions = config.kafka.partitions;
    let drained = drained(&*disk, partitions).map_err(|error| failed(error.to_string()))?;
    let reader = ReportLogReader::open(disk, partitions);
    let reader = reader.map_err(|error| failed(error.to_string()))?;
    let mut left = 0;
    for (partition, drained) in (0..partitions).map(PartitionId).zip(drained) {
        let (start, end) = (reader.start(partition), reader.end(partition));
        let read =
            |position: Result<Position, LogError>| position.map_err(|it| failed(it.to_string()));
        left += read(end)?.0.saturating_sub(read(start)?.max(drained).0);
    }
    Ok(left)
}

/// What `config check` says of the spool, a row for each thing.
pub fn check(spool: &SpoolConfig) -> Vec<Value> {
    let folder = spool.folder.display();
    let good = |what: String| json!({ "good": true, "what": what });
    let bad = |what: String, todo: &str| json!({ "good": false, "what": what, "todo": todo });
    let mut rows = Vec::new();
    match make(&spool.folder).and_then(|()| try_to_write(&spool.folder)) {
        Ok(()) => rows.push(good(format!("the spool's folder {folder} can be written"))),
        Err(failure) => {
            let todo = "make the folder, and give it to the user that the node runs as";
            rows.push(bad(format!("the spool can't be written: {failure}"), todo));
            return rows;
        }
    }
    if let Some(what) = in_memory(&spool.folder) {
        let todo = "name a folder on a volume that is kept: what is in the spool is acknowledged and nowhere else";
        rows.push(bad(format!("the spool's folder {folder} is on {what}"), todo));
    }
    if let Ok(stat) = rustix::fs::statvfs(&spool.folder) {
        let room = stat.f_bavail.saturating_mul(stat.f_frsize);
        if room < spool.max_bytes {
            let what = format!(
                "{folder} has room for {room} bytes, and spool.max_bytes is {}",
                spool.max_bytes
            );
            rows.push(bad(what, "make room, or set spool.max_bytes lower"));
        }
    }
    rows
}

fn try_to_write(folder: &Path) -> Result<(), Failure> {
    let path = folder.join("check.draft");
    let write = || {
        let mut file = fs::File::create(&path)?;
        file.write_all(b"can it be written?")?;
        file.sync_all()?;
        fs::remove_file(&path)
    };
    write().map_err(|error| Failure::io(&path, &error))
}

/// What keeps the folder in memory, where the system tells that.
#[cfg(target_os = "linux")]
fn in_memory(folder: &Path) -> Option<&'static str> {
    let kind = rustix::fs::statfs(folder).ok()?.f_type;
    match u64::try_from(kind).ok()? {
        0x0102_1994 => Some("tmpfs"),
        0x8584_58f6 => Some("ramfs"),
        _ => None,
    }
}

#[cfg(not(target_os = "linux"))]
fn in_memory(_folder: &Path) -> Option<&'static str> {
    None
}
