//! Takes a backup: looks, copies what is new, looks whether the folder stayed the same.

use indicatif::ProgressBar;
use ledgerline_app::ports::{Clock, Disk, FactStore, LedgerStore, PartitionCommit};
use ledgerline_local_disk::{LocalDisk, SystemClock};
use ledgerline_segment_log::Extent;
use ledgerline_sql_store::SqlStore;
use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::{self, Read, Seek, SeekFrom};
use std::path::Path;
use std::sync::Arc;

use super::contents::{self, STORE};
use super::erasures::ErasureList;
use super::lineage;
use super::manifest::{FORMAT, LedgerHead, Manifest, Part, PointInTime, sha256_of};
use super::shelf::Shelf;
use crate::data_folder::read_identity;
use crate::failure::Failure;
use crate::progress;

/// What a backup is to have.
#[derive(Debug, Clone, Copy, Default)]
pub struct Options {
    /// The folder with the keys that sign the ledger, too.
    pub with_keys: bool,
    /// How many backups are to be kept in the folder; all of them where it isn't said.
    pub keep: Option<u32>,
}

/// A backup that was taken.
pub struct Taken {
    /// What it says of itself.
    pub manifest: Manifest,
    /// How many bytes were new and were written.
    pub new_bytes: u64,
    /// How many older backups were removed.
    pub removed: usize,
}

/// So often is everything looked at again that a server changed meanwhile.
const TRIES_MAX: u32 = 3;
/// So much of the end of what is there already is compared with what it is a copy of.
const COMPARED_BYTES: u64 = 64 << 10;
/// A file of more parts than this is copied anew.
const PARTS_MAX: usize = 64;

/// Takes a backup of a data folder that this process need not hold. What was acknowledged and
/// judged before is in it.
///
/// # Errors
/// [`Failure`] names what can't be read or written; earlier backups are as they were.
pub async fn take(data: &Path, to: &Path, options: Options) -> Result<Taken, Failure> {
    refuse_inside(data, to)?;
    let shelf = Shelf::begin(to)?;
    let names = shelf.names()?;
    let number = names.last().map_or(1, |named| named.number + 1);
    // One that can't be read is no reason to take no other: nothing is taken from it then.
    let previous = if names.is_empty() { None } else { shelf.read(None).ok() };
    let deployment = deployment_of(data)?;
    if let Some(previous) = &previous
        && previous.deployment != deployment
    {
        return Err(Failure::failed(format!(
            "{} has backups of another deployment; name another folder",
            to.display()
        )));
    }
    let lineage = lineage::of(data)?;
    let previous = previous.filter(|previous| previous.lineage == lineage);
    let mut copying = Copying::new(data, &shelf, previous);
    let mut tries = 1;
    let (files, positions) = loop {
        match copying.everything(options).await {
            Err(Interrupted::Meanwhile(why)) if tries < TRIES_MAX => {
                tracing::info!(why, "the data folder changed hands; the backup begins again");
                tries += 1;
            }
            Err(Interrupted::Meanwhile(why)) => return Err(Failure::failed(why)),
            Err(Interrupted::Failed(failure)) => return Err(failure),
            Ok(all) => break all,
        }
    };
    let manifest = Manifest {
        format: FORMAT,
        program: env!("CARGO_PKG_VERSION").to_owned(),
        number,
        taken_at: SystemClock::new().now().to_string(),
        deployment,
        lineage,
        with_keys: options.with_keys,
        positions,
        ledger_head: copying.ledger_head.take(),
        files,
    };
    // Before the backup is there: the list is newer than any of them.
    shelf.keep_erasures(&copying.erasures)?;
    shelf.publish(&manifest)?;
    let (removed, _) = shelf.tidy(options.keep)?;
    Ok(Taken { manifest, new_bytes: copying.new_bytes, removed })
}

// A backup within the folder that it is of would be part of the next.
fn refuse_inside(data: &Path, to: &Path) -> Result<(), Failure> {
    let data = fs::canonicalize(data).map_err(|error| Failure::io(data, &error))?;
    let mut above = std::path::absolute(to).map_err(|error| Failure::io(to, &error))?;
    while !above.exists() && above.pop() {}
    let inside = fs::canonicalize(&above).is_ok_and(|above| above.starts_with(&data));
    if inside {
        return Err(Failure::usage("a backup must not be within the data folder that it is of"));
    }
    Ok(())
}

fn deployment_of(data: &Path) -> Result<String, Failure> {
    let path = data.join("deployment.json");
    let bytes = fs::read(&path).map_err(|error| Failure::io(&path, &error))?;
    Ok(sha256_of(&bytes))
}

/// Why everything was not copied.
enum Interrupted {
    /// Another process took the folder over: what was copied need not fit together.
    Meanwhile(&'static str),
    /// It can't be.
    Failed(Failure),
}

impl From<Failure> for Interrupted {
    fn from(failure: Failure) -> Self {
        Self::Failed(failure)
    }
}

type Files = BTreeMap<String, Vec<Part>>;

struct Copying<'s> {
    data: &'s Path,
    disk: Arc<dyn Disk>,
    shelf: &'s Shelf,
    /// What is known of files that are in the newest backup.
    known: Files,
    new_bytes: u64,
    /// Where the ledger's chain ended then.
    ledger_head: Option<LedgerHead>,
    /// Whom erasures concerned until the store was copied.
    erasures: ErasureList,
    bar: ProgressBar,
}

impl<'s> Copying<'s> {
    fn new(data: &'s Path, shelf: &'s Shelf, previous: Option<Manifest>) -> Self {
        let known = previous.map(|previous| previous.files).unwrap_or_default();
        let disk: Arc<dyn Disk> = Arc::new(LocalDisk::new(data.to_owned()));
        let (erasures, bar) = (ErasureList::default(), progress::bytes(0, "backed up"));
        Self { data, disk, shelf, known, new_bytes: 0, ledger_head: None, erasures, bar }
    }

    async fn everything(
        &mut self,
        options: Options,
    ) -> Result<(Files, Vec<PointInTime>), Interrupted> {
        let identity = read_identity(self.data)?
            .ok_or_else(|| Failure::missing("deployment.json is gone".to_owned()))?;
        let mut files = Files::new();
        tokio::task::block_in_place(|| {
            for path in contents::plain_files(self.data, options.with_keys)? {
                self.whole_file(&path, &mut files)?;
            }
            Ok::<_, Failure>(())
        })?;
        let failed = |error: ledgerline_app::ports::LogError| {
            Interrupted::Failed(Failure::damaged(error.to_string()))
        };
        let snapshots = contents::snapshots(&self.disk, identity.partitions).map_err(failed)?;
        for (partition, snapshot) in snapshots.iter().enumerate() {
            let Some(snapshot) = snapshot else { continue };
            let folder = format!("index/p{partition:03}");
            for (name, bytes) in &snapshot.runs {
                self.run(&format!("{folder}/{name}"), *bytes, &mut files)?;
            }
            let manifest = self.put(&mut &snapshot.manifest[..], &format!("{folder}/manifest"))?;
            files.insert(format!("{folder}/manifest"), vec![manifest]);
        }
        let commits = self.store(&mut files).await?;
        if commits.len() != snapshots.len() {
            let why = "state.db has another number of partitions than the deployment";
            return Err(Failure::damaged(why).into());
        }
        let mut both = snapshots.iter().zip(&commits);
        let ahead = both.any(|(snapshot, commit)| {
            snapshot.as_ref().is_some_and(|snapshot| snapshot.position > commit.position)
        });
        if ahead {
            return Err(Interrupted::Meanwhile("the index is ahead of the store; run it again"));
        }
        tokio::task::block_in_place(|| {
            let extents = contents::logs(&self.disk, &commits, &snapshots, &|extent| {
                self.known_parts(extent).is_some_and(|(_, bytes)| bytes == extent.bytes)
            })?;
            self.logs(&extents, &mut files)?;
            for path in contents::files_in_folders(self.data)? {
                self.whole_file(&path, &mut files)?;
            }
            Ok::<_, Failure>(())
        })?;
        self.same_owner(&commits).await?;
        self.bar.finish_and_clear();
        let positions = commits.iter().zip(&snapshots).map(|(commit, snapshot)| PointInTime {
            partition: commit.partition.0,
            position: commit.position.0,
            snapshot: snapshot.as_ref().map(|snapshot| snapshot.position.0),
        });
        Ok((files, positions.collect()))
    }

    /// The store as it is at one moment; how far each partition was committed then.
    async fn store(&mut self, files: &mut Files) -> Result<Vec<PartitionCommit>, Failure> {
        let draft = self.shelf.path().join("state.draft");
        let remove = || match fs::remove_file(&draft) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => {
                Err(Failure::io(&draft, &error))
            }
            _ => Ok(()),
        };
        remove()?;
        let live = SqlStore::open_read_only(&self.data.join(STORE)).await?;
        let copied = live.copy_to(&draft).await;
        live.close().await?;
        if let Err(error) = copied {
            remove()?;
            return Err(self.store_refused(&error.to_string()));
        }
        let copy = SqlStore::open_read_only(&draft).await?;
        let (commits, wrong) = (copy.committed().await, copy.verify().await);
        let erasures = ErasureList::of(&copy).await;
        let heads = copy.newest_heads(1).await;
        copy.close().await?;
        if let Some(first) = wrong?.first() {
            remove()?;
            return Err(Failure::damaged(format!("state.db: {first}")));
        }
        let mut file = File::open(&draft).map_err(|error| Failure::io(&draft, &error))?;
        let part = self.put(&mut file, STORE)?;
        files.insert(STORE.to_owned(), vec![part]);
        remove()?;
        self.erasures = erasures?;
        self.ledger_head = heads?.first().map(|signed| LedgerHead {
            entries: signed.head.seq,
            hash: signed.head.hash.to_string(),
        });
        Ok(commits?)
    }

    // SQLite tells a full disk in its own words.
    fn store_refused(&self, why: &str) -> Failure {
        let full = if why.contains("full") { "the disk is full; " } else { "" };
        Failure::failed(format!(
            "state.db can't be copied to {}: {full}{why}. The backups that were there before are \
             as they were",
            self.shelf.path().display()
        ))
    }

    /// Whoever owned the partitions when the store was copied owns them still: then no plays log
    /// was cut meanwhile.
    async fn same_owner(&self, commits: &[PartitionCommit]) -> Result<(), Interrupted> {
        let live = SqlStore::open_read_only(&self.data.join(STORE)).await.map_err(Failure::from)?;
        let now = live.committed().await.map_err(Failure::from)?;
        live.close().await.map_err(Failure::from)?;
        if now.iter().map(|commit| commit.epoch).eq(commits.iter().map(|commit| commit.epoch)) {
            return Ok(());
        }
        Err(Interrupted::Meanwhile("the server was started anew meanwhile; take the backup again"))
    }

    fn run(&mut self, path: &str, bytes: u64, files: &mut Files) -> Result<(), Interrupted> {
        let extent = Extent { path: path.to_owned(), bytes, sealed: true };
        if let Some((parts, known)) = self.known_parts(&extent)
            && known == bytes
        {
            files.insert(extent.path, parts);
            return Ok(());
        }
        let gone = || Interrupted::Meanwhile("the index was replaced meanwhile; run it again");
        let file = match File::open(self.data.join(path)) {
            Ok(file) => file,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Err(gone()),
            Err(error) => return Err(Failure::io(&self.data.join(path), &error).into()),
        };
        let part = self.put(&mut file.take(bytes), path)?;
        if part.bytes != bytes {
            return Err(gone());
        }
        files.insert(extent.path, vec![part]);
        Ok(())
    }

    fn logs(&mut self, extents: &[Extent], files: &mut Files) -> Result<(), Failure> {
        let mut plans = Vec::new();
        for extent in extents {
            plans.push(self.known_parts(extent).unwrap_or_default());
        }
        let known = |plans: &[(Vec<Part>, u64)]| plans.iter().map(|(_, bytes)| bytes).sum::<u64>();
        let all: u64 = extents.iter().map(|extent| extent.bytes).sum();
        self.bar.set_length(self.bar.position() + all - known(&plans));
        for (extent, (mut parts, known)) in extents.iter().zip(plans) {
            if known < extent.bytes {
                let path = self.data.join(&extent.path);
                let fail = |error: io::Error| Failure::io(&path, &error);
                let mut file = File::open(&path).map_err(fail)?;
                file.seek(SeekFrom::Start(known)).map_err(fail)?;
                let wanted = extent.bytes - known;
                let part = self.put(&mut file.take(wanted), &extent.path)?;
                if part.bytes != wanted {
                    return Err(Failure::damaged(format!("{} was cut meanwhile", extent.path)));
                }
                parts.push(part);
            }
            files.insert(extent.path.clone(), parts);
        }
        Ok(())
    }

    /// The parts of the newest backup that are the beginning of a file, and how many bytes they
    /// have. The end of the last one is compared.
    fn known_parts(&self, extent: &Extent) -> Option<(Vec<Part>, u64)> {
        let parts = self.known.get(&extent.path)?;
        let bytes: u64 = parts.iter().map(|part| part.bytes).sum();
        let whole = bytes <= extent.bytes
            && parts.len() < PARTS_MAX
            && parts.iter().all(|part| self.shelf.has(part));
        let last = parts.last().filter(|_| whole)?;
        let compared = COMPARED_BYTES.min(last.bytes);
        let there = read_at(&self.shelf.part_path(last), last.bytes - compared, compared);
        let here = read_at(&self.data.join(&extent.path), bytes - compared, compared);
        matches!((there, here), (Ok(there), Ok(here)) if there == here)
            .then(|| (parts.clone(), bytes))
    }

    fn whole_file(&mut self, path: &str, files: &mut Files) -> Result<(), Failure> {
        let from = self.data.join(path);
        let mut file = match File::open(&from) {
            Ok(file) => file,
            // It is on its way to another name.
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
            Err(error) => return Err(Failure::io(&from, &error)),
        };
        let part = self.put(&mut file, path)?;
        files.insert(path.to_owned(), vec![part]);
        Ok(())
    }

    fn put(&mut self, from: &mut dyn Read, path: &str) -> Result<Part, Failure> {
        let bar = self.bar.clone();
        let (part, new) = self.shelf.add(from, path, &|bytes| bar.inc(bytes))?;
        if new {
            self.new_bytes += part.bytes;
        }
        Ok(part)
    }
}

fn read_at(path: &Path, offset: u64, bytes: u64) -> io::Result<Vec<u8>> {
    let mut file = File::open(path)?;
    file.seek(SeekFrom::Start(offset))?;
    let mut read = Vec::new();
    file.take(bytes).read_to_end(&mut read)?;
    Ok(read)
}
