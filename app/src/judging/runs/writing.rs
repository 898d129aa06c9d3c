//! Writing runs, beside the counting: what was set apart becomes a run of each kind, and
//! runs that have piled up become one. What is written is durable, and nobody knows of it
//! before a snapshot names it.

use ledgerline_counting::Unsealed;
use ledgerline_counting::fraud::{BookEntry, Flags};
use ledgerline_counting::index::{self, Bucket};
use ledgerline_counting::run::{Merge, RunWriter, Source};
use ledgerline_ids::UnixMs;
use std::sync::Arc;

use super::file::Reading;
use super::{Kind, Run};
use crate::judging::snapshot::RunFile;
use crate::ports::{Disk, DiskFile, LogError};

/// So many bytes are written at once.
const WRITE_BYTES: usize = 1 << 20;

/// What was set apart, to become a run of each kind.
pub(crate) struct SealJob {
    pub disk: Arc<dyn Disk>,
    pub folder: String,
    pub unsealed: Unsealed,
    pub index_name: String,
    pub book_name: String,
}

/// The runs that were made of what was set apart; none where there was nothing.
pub(crate) struct Sealed {
    pub index: Option<Run<index::Sealed>>,
    pub books: Option<Run<BookEntry>>,
}

impl SealJob {
    /// Writes the runs.
    pub(crate) fn run(self) -> Result<Sealed, LogError> {
        let Self { disk, folder, unsealed, index_name, book_name } = self;
        let mut books = File::<BookEntry>::create(&*disk, &folder, &book_name)?;
        let mut pushed = Ok(());
        unsealed.pages.for_each_sorted(&mut |bucket, entry| {
            if pushed.is_ok() {
                pushed = books.push(bucket, &entry);
            }
        });
        let books = books.end(pushed)?;
        let mut index = File::<index::Sealed>::create(&*disk, &folder, &index_name)?;
        let mut pushed = Ok(());
        for (bucket, sealed) in unsealed.table.sorted() {
            pushed = pushed.and_then(|()| index.push(bucket, &sealed));
        }
        let index = match index.end(pushed) {
            Ok(index) => index,
            Err(error) => {
                // A full disk is not made fuller by what can't be finished.
                let _ = disk.remove(&format!("{folder}/{book_name}"));
                return Err(error);
            }
        };
        Ok(Sealed { index, books })
    }
}

/// Some neighbouring runs, to become one.
pub(crate) struct MergeJob<E> {
    pub disk: Arc<dyn Disk>,
    pub folder: String,
    pub name: String,
    /// Oldest first.
    pub runs: Vec<Arc<Run<E>>>,
    /// Whether there is no older run.
    pub with_oldest: bool,
    pub clock: UnixMs,
}

impl<E: Kind + Keep> MergeJob<E> {
    /// Writes the run; `None` where nothing is left to keep.
    pub(crate) fn run(self) -> Result<Option<Run<E>>, LogError> {
        let newest_first = self.runs.iter().rev().map(|run| Reading::new(run.clone())).collect();
        let mut merge = Merge::new(newest_first)?;
        let mut file = File::<E>::create(&*self.disk, &self.folder, &self.name)?;
        let mut merge_all = || {
            while let Some((bucket, entry)) = merge.next()? {
                if entry.keep(bucket, self.clock, self.with_oldest) {
                    file.push(bucket, &entry)?;
                }
            }
            Ok(())
        };
        let merged = merge_all();
        file.end(merged)
    }
}

/// What a merge leaves out.
pub(crate) trait Keep {
    /// Whether an entry is wanted any longer. `with_oldest` says that no run is older than
    /// those that are merged.
    fn keep(&self, bucket: Bucket, clock: UnixMs, with_oldest: bool) -> bool;
}

impl Keep for index::Sealed {
    fn keep(&self, bucket: Bucket, clock: UnixMs, _: bool) -> bool {
        !bucket.is_forgotten(clock)
    }
}

impl Keep for BookEntry {
    fn keep(&self, _: Bucket, _: UnixMs, with_oldest: bool) -> bool {
        !(with_oldest && self.flags.has(Flags::GONE))
    }
}

/// A run's file that is being written.
struct File<'d, E> {
    disk: &'d dyn Disk,
    folder: String,
    name: String,
    path: String,
    file: Arc<dyn DiskFile>,
    writer: RunWriter<E>,
}

impl<'d, E: Kind> File<'d, E> {
    fn create(disk: &'d dyn Disk, folder: &str, name: &str) -> Result<Self, LogError> {
        let path = format!("{folder}/{name}");
        let create = || {
            disk.create_folder(folder)?;
            let file = disk.open_or_create(&path)?;
            file.truncate(0).map(|()| file)
        };
        let file = create().map_err(|error| io(&path, &error))?;
        let (folder, name) = (folder.to_owned(), name.to_owned());
        Ok(Self { disk, folder, name, path, file, writer: RunWriter::default() })
    }

    fn push(&mut self, bucket: Bucket, entry: &E) -> Result<(), LogError> {
        self.writer.push(bucket, entry);
        if self.writer.waiting_bytes() >= WRITE_BYTES {
            let (at, bytes) = self.writer.take();
            self.file.write_at(at, &bytes).map_err(|error| io(&self.path, &error))?;
        }
        Ok(())
    }

    /// Ends the file and opens the run, where all went well; removes the file where it
    /// didn't, or where nothing was written.
    fn end(self, so_far: Result<(), LogError>) -> Result<Option<Run<E>>, LogError> {
        let Self { disk, folder, name, path, file, writer } = self;
        let any = writer.entries() > 0;
        let finish = || {
            let (at, bytes) = writer.finish();
            file.write_at(at, &bytes)?;
            file.sync()?;
            disk.sync_folder(&folder)?;
            Ok(at + bytes.len() as u64)
        };
        let ended = match so_far {
            Ok(()) if any => finish().map_err(|error| io(&path, &error)),
            other => other.map(|()| 0),
        };
        match ended {
            Ok(bytes) if any => Run::open(disk, &folder, &RunFile { name, bytes }).map(Some),
            other => {
                let _ = disk.remove(&path);
                other.map(|_| None)
            }
        }
    }
}

fn io(file: &str, error: &std::io::Error) -> LogError {
    LogError::Io { file: file.to_owned(), detail: error.to_string() }
}
