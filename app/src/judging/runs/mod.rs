//! The sealed part of the index and of the listeners' books, as files: one run of each for
//! a snapshot. Runs that pile up over the same buckets are merged.

mod file;
mod writing;

pub(crate) use file::{Run, verify_run};
pub(crate) use writing::{MergeJob, SealJob, Sealed};

use ledgerline_counting::fraud::{BookEntry, Side, nearest};
use ledgerline_counting::index::{self, Bucket, Homes, IndexEntry};
use ledgerline_counting::run::{RunEntry, Section};
use ledgerline_ids::{DayNo, IdentityHash, ListenerHash, UnixMs};
use std::collections::{BTreeMap, BTreeSet};
use std::ops::{Range, RangeInclusive};
use std::sync::Arc;

use super::snapshot::RunFile;
use crate::ports::{Disk, LogError};

/// Of so many runs one bucket may be looked for before they are merged.
const DEPTH_MAX: usize = 8;
/// So many runs are open before some are merged, whatever they have.
const RUNS_MAX: usize = 64;
/// This many runs of about one size are merged into one.
const MERGE_AT: usize = 4;

/// What a kind of run is called on the disk.
pub(crate) trait Kind: RunEntry + Send + Sync + 'static {
    /// How its files' names end.
    const SUFFIX: &'static str;
}

impl Kind for index::Sealed {
    const SUFFIX: &'static str = ".run";
}

impl Kind for BookEntry {
    const SUFFIX: &'static str = ".book";
}

/// The runs of one kind of one partition, oldest first.
pub(crate) struct Runs<E> {
    disk: Arc<dyn Disk>,
    folder: String,
    runs: Vec<Arc<Run<E>>>,
    // Where the sections of each bucket are, those of the newest run first.
    places: BTreeMap<Bucket, Vec<Place>>,
    // How many entries each day has, for those who go from day to day.
    days: BTreeMap<DayNo, u64>,
    next: u64,
}

/// The sections of one bucket in one run.
#[derive(Debug)]
struct Place {
    run: usize,
    sections: Range<usize>,
}

impl<E: Kind> Runs<E> {
    /// Opens the runs that a snapshot names, oldest first, and removes the files that no
    /// snapshot names: they are what a crash left of one that was not finished.
    pub(crate) fn open(
        disk: Arc<dyn Disk>,
        folder: String,
        named: &[RunFile],
    ) -> Result<Self, LogError> {
        let runs = named.iter().map(|named| Run::open(&*disk, &folder, named).map(Arc::new));
        let runs = runs.collect::<Result<_, _>>()?;
        let next = named.iter().filter_map(|run| number_of::<E>(&run.name)).max();
        let next = next.map_or(0, |max| max + 1);
        let (places, days) = (BTreeMap::new(), BTreeMap::new());
        let mut opened = Self { disk, folder, runs, places, days, next };
        opened.remove_unnamed(named)?;
        opened.note_places();
        Ok(opened)
    }

    /// Goes on with the names of those that were open before: while a process lives, no name is used
    /// for two runs, for whoever copies them knows them by their names.
    pub(crate) fn named_behind(mut self, before: &Self) -> Self {
        self.next = self.next.max(before.next);
        self
    }

    /// The name of the next run.
    pub(crate) fn next_name(&mut self) -> String {
        self.next += 1;
        format!("{:010}{}", self.next - 1, E::SUFFIX)
    }

    /// Takes a new run in, as the newest.
    pub(crate) fn add(&mut self, run: Run<E>) {
        self.runs.push(Arc::new(run));
        self.note_places();
    }

    /// Drops the runs of which every bucket is forgotten.
    pub(crate) fn forget(&mut self, clock: UnixMs) {
        let forgotten =
            |run: &Run<E>| run.sections().iter().all(|section| section.bucket.is_forgotten(clock));
        let before = self.runs.len();
        self.runs.retain(|run| !forgotten(run));
        if self.runs.len() < before {
            self.note_places();
        }
    }

    /// Puts a merged run in the place of those from `from` on that it was made of.
    pub(crate) fn replace(&mut self, from: usize, count: usize, merged: Option<Run<E>>) {
        self.runs.splice(from..from + count, merged.map(Arc::new));
        self.note_places();
    }

    fn note_places(&mut self) {
        self.places.clear();
        self.days.clear();
        for (run, of) in self.runs.iter().enumerate().rev() {
            let mut begins = 0;
            for same in of.sections().chunk_by(|left, right| left.bucket == right.bucket) {
                let bucket = same[0].bucket;
                let sections = begins..begins + same.len();
                begins = sections.end;
                self.places.entry(bucket).or_default().push(Place { run, sections });
                if let Bucket::Day(day) = bucket {
                    let entries = same.iter().map(|section| u64::from(section.count));
                    *self.days.entry(day).or_default() += entries.sum::<u64>();
                }
            }
        }
    }

    fn sections_at<'r>(
        &'r self,
        places: &'r [Place],
    ) -> impl Iterator<Item = (&'r Run<E>, &'r Section)> {
        places.iter().flat_map(|Place { run, sections }| {
            let run = &*self.runs[*run];
            run.sections()[sections.clone()].iter().map(move |section| (run, section))
        })
    }

    /// From which run on all are to be merged, where that is due: the newest [`MERGE_AT`]
    /// or more runs of which none is much larger than those after it together. Runs that
    /// have other buckets than others are left alone; most are of some hours only.
    pub(crate) fn piled_up(&self) -> Option<(usize, Vec<Arc<Run<E>>>)> {
        let depth = self.places.values().map(Vec::len).max().unwrap_or(0);
        if depth <= DEPTH_MAX && self.runs.len() <= RUNS_MAX {
            return None;
        }
        let mut from = self.runs.len();
        let mut newer = 0u64;
        for (index, run) in self.runs.iter().enumerate().rev() {
            if newer > 0 && run.entries() > newer.saturating_mul(2) {
                break;
            }
            newer += run.entries();
            from = index;
        }
        (self.runs.len() - from >= MERGE_AT).then(|| (from, self.runs[from..].to_vec()))
    }

    /// The runs as a snapshot names them.
    pub(crate) fn named(&self) -> Vec<RunFile> {
        self.runs.iter().map(|run| run.named()).collect()
    }

    /// Removes the files of runs that neither stand here nor are `named`; call it once the
    /// snapshot that names those was written. Its name is made durable first: else a power
    /// failure might bring the older snapshot back, and not its runs.
    pub(crate) fn remove_unnamed(&self, named: &[RunFile]) -> Result<(), LogError> {
        let io = |path: &str, error: &std::io::Error| LogError::Io {
            file: path.to_owned(),
            detail: error.to_string(),
        };
        let mut listed = self.disk.list(&self.folder).map_err(|error| io(&self.folder, &error))?;
        listed.retain(|name| {
            name.ends_with(E::SUFFIX)
                && !named.iter().any(|run| run.name == *name)
                && !self.runs.iter().any(|run| run.name() == name)
        });
        if !listed.is_empty() {
            self.disk.sync_folder(&self.folder).map_err(|error| io(&self.folder, &error))?;
        }
        for name in listed {
            let path = format!("{}/{name}", self.folder);
            self.disk.remove(&path).map_err(|error| io(&path, &error))?;
        }
        Ok(())
    }

    /// How many entries are sealed, and how many bytes of memory that takes.
    pub(crate) fn size(&self) -> (u64, usize) {
        let memory = self.runs.iter().map(|run| run.memory_bytes()).sum();
        (self.runs.iter().map(|run| run.entries()).sum(), memory)
    }
}

impl Runs<index::Sealed> {
    /// The newest entry of a play in a bucket that `homes` allows and that isn't forgotten.
    pub(crate) fn find(
        &self,
        hash: IdentityHash,
        homes: &Homes,
        strays: &BTreeSet<DayNo>,
        clock: UnixMs,
    ) -> Result<Option<IndexEntry>, LogError> {
        // A UUIDv7 lives in its hour, so the days are looked into only where there is cause.
        let direct =
            if homes.is_archive() { Some(homes.own) } else { homes.hour.map(Bucket::Hour) };
        if let Some(bucket) = direct
            && let Some(places) = self.places.get(&bucket)
            && !bucket.is_forgotten(clock)
            && let Some(found) = self.find_in(places, hash)?
        {
            return Ok(Some(found));
        }
        if !homes.may_be_in_a_day(strays) {
            return Ok(None);
        }
        // Of all buckets that are remembered only one has the key.
        for (bucket, places) in self.places.range(Bucket::Day(DayNo(0))..) {
            let Bucket::Day(day) = bucket else { continue };
            if homes.may_be_in(*bucket, strays.contains(day))
                && !bucket.is_forgotten(clock)
                && let Some(found) = self.find_in(places, hash)?
            {
                return Ok(Some(found));
            }
        }
        Ok(None)
    }

    fn find_in(
        &self,
        places: &[Place],
        hash: IdentityHash,
    ) -> Result<Option<IndexEntry>, LogError> {
        for (run, section) in self.sections_at(places) {
            if let Some(found) = run.find_in(section, hash.0)? {
                return Ok(Some(found.entry));
            }
        }
        Ok(None)
    }
}

impl Runs<BookEntry> {
    /// Gives the entries of one page to `each`.
    pub(crate) fn page(
        &self,
        day: DayNo,
        listener: ListenerHash,
        each: &mut dyn FnMut(BookEntry),
    ) -> Result<(), LogError> {
        let Some(places) = self.places.get(&Bucket::Day(day)) else { return Ok(()) };
        for (run, section) in self.sections_at(places) {
            run.for_each_of(section, u128::from(listener.0) << 64, each)?;
        }
        Ok(())
    }

    /// Gives all entries of some days to `each`.
    pub(crate) fn scan_days(
        &self,
        days: &RangeInclusive<DayNo>,
        each: &mut dyn FnMut(DayNo, BookEntry),
    ) -> Result<(), LogError> {
        let buckets = Bucket::Day(*days.start())..=Bucket::Day(*days.end());
        for (bucket, places) in self.places.range(buckets) {
            let Bucket::Day(day) = bucket else { continue };
            for (run, section) in self.sections_at(places) {
                run.for_each_in(section, &mut |entry| each(*day, entry))?;
            }
        }
        Ok(())
    }

    /// How many entries a day has, those that are gone too.
    pub(crate) fn entries_of(&self, day: DayNo) -> u64 {
        self.days.get(&day).copied().unwrap_or(0)
    }

    /// The nearest day on `side` of `day` that a run has entries of.
    pub(crate) fn day(&self, day: DayNo, side: Side) -> Option<DayNo> {
        nearest(&self.days, day, side)
    }
}

fn number_of<E: Kind>(name: &str) -> Option<u64> {
    name.strip_suffix(E::SUFFIX)?.parse().ok()
}
