//! The owner of a partition puts the snapshots that its worker takes.

use ledgerline_ids::{PartitionId, Position};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use super::at_once::AtOnce;
use super::keeping::Kept;
use super::local::{self, LocalFile, LocalSnapshot};
use super::manifest::{Digest, File, Manifest, Part, Place, part_name};
use super::{SnapshotError, SnapshotParts, Snapshots};
use crate::Deployment;
use crate::judging::Worker;
use crate::ports::Put;
use crate::ports::drive::apart;

/// So long after a refusal it is tried again, at first …
const TRY_AGAIN_AFTER: Duration = Duration::from_secs(5);
/// … and at last.
const TRY_AGAIN_AFTER_MAX: Duration = Duration::from_secs(300);
/// A snapshot that was asked for and wasn't taken is asked for again.
const ASK_AGAIN_AFTER: Duration = Duration::from_secs(60);

/// What became of a partition's newest snapshot.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Uploaded {
    /// No snapshot was taken on this node yet.
    NoneTaken,
    /// One that is as new is there already.
    WasThere(Position),
    /// It is there now.
    Put {
        /// The position after the last record that is in it.
        position: Position,
        /// So many bytes were put for it; what is missing to its length was there.
        new_bytes: u64,
    },
}

/// How it goes with a partition.
#[derive(Default)]
struct Tended {
    /// As whose owner, and which of its snapshots was dealt with last.
    done: Option<(u64, u64)>,
    asked_at: Option<Duration>,
    not_before: Duration,
    refusals: u32,
}

impl Snapshots {
    /// Puts snapshots of the partitions that this node owns, as long as the future is polled: whenever a
    /// worker has taken one, and asks for one where the newest is old. Where the store is away counting
    /// goes on, and it is tried again after a while. What operators see of the deployment says how it
    /// goes from here on.
    pub async fn upload_forever(&self, deployment: &Deployment) {
        deployment.show_snapshots(self.seen.clone());
        let mut tended: Vec<Tended> =
            deployment.workers.iter().map(|_| Tended::default()).collect();
        loop {
            for (worker, tended) in deployment.workers.iter().zip(&mut tended) {
                self.tend(worker, tended).await;
            }
            tokio::time::sleep(self.settings.look_every).await;
        }
    }

    /// Puts the newest snapshot of each partition that this node owns, where it isn't there.
    ///
    /// # Errors
    /// [`SnapshotError`] of the first partition that is refused.
    pub async fn upload_once(
        &self,
        deployment: &Deployment,
    ) -> Result<Vec<(PartitionId, Uploaded)>, SnapshotError> {
        let mut uploaded = Vec::new();
        for worker in &deployment.workers {
            let owns = worker.progress.borrow().owns;
            let Some(epoch) = owns else { continue };
            uploaded.push((worker.partition, self.upload(worker.partition, epoch).await?));
        }
        Ok(uploaded)
    }

    async fn tend(&self, worker: &Worker, tended: &mut Tended) {
        let (partition, now) = (worker.partition, self.parts.clock.elapsed());
        let (owns, committed) = {
            let progress = worker.progress.borrow();
            (progress.owns, progress.committed)
        };
        let Some(epoch) = owns else {
            self.seen.is_not_ours(partition);
            tended.done = None;
            return;
        };
        if now < tended.not_before {
            return;
        }
        let taken = worker.metrics.snapshots.load(Ordering::Relaxed);
        if tended.done == Some((epoch, taken)) {
            let since_asked = tended.asked_at.map(|at| now.saturating_sub(at));
            let asked = since_asked.is_some_and(|since| since < ASK_AGAIN_AFTER);
            if self.seen.is_due(partition, committed, self.parts.clock.now(), self.settings.every)
                && !asked
            {
                worker.ask_for_snapshot();
                tended.asked_at = Some(now);
            }
            return;
        }
        match self.upload(partition, epoch).await {
            Ok(uploaded) => {
                tracing::debug!(%partition, ?uploaded, "snapshots");
                tended.done = Some((epoch, taken));
                (tended.refusals, tended.asked_at) = (0, None);
            }
            Err(error) => {
                let pause = TRY_AGAIN_AFTER * 2u32.saturating_pow(tended.refusals.min(10));
                tended.not_before = self.parts.clock.elapsed() + pause.min(TRY_AGAIN_AFTER_MAX);
                tended.refusals += 1;
                if !matches!(error, SnapshotError::NotOwned { .. }) {
                    tracing::warn!(%partition, %error, "no snapshot was put; counting goes on");
                    self.seen.refused(partition, &error.to_string());
                }
            }
        }
    }

    /// Puts the newest snapshot that this node has of a partition that it owns by `epoch`.
    pub(super) async fn upload(
        &self,
        partition: PartitionId,
        epoch: u64,
    ) -> Result<Uploaded, SnapshotError> {
        let mut kept = self.known(partition).lock().await;
        self.look(partition, &mut kept).await?;
        if let Some(newest) = kept.newest() {
            self.seen.is_there(partition, newest);
        }
        let opened =
            self.apart(partition, move |parts| local::open(&*parts.disk, &*parts.plays, partition));
        let Some(local) = opened.await? else { return Ok(Uploaded::NoneTaken) };
        if let Some(newest) = kept.newest().filter(|it| it.position >= local.position.0) {
            return Ok(Uploaded::WasThere(Position(newest.position)));
        }
        let place = Place { position: local.position, epoch };
        self.check_owned(partition, &place).await?;
        let (files, new_bytes) = self.put_parts(partition, &local, &mut kept).await?;
        let ours = (partition, self.parts.partitions);
        let taken_at = self.parts.clock.now();
        let manifest = Manifest::new(ours, &self.parts.key, &place, taken_at, files);
        // Others may have begun while the parts were on their way.
        self.check_owned(partition, &place).await?;
        let put = self.parts.blobs.put(&place.name(partition), manifest.encode()).await?;
        let manifest = match put {
            Put::Created | Put::Same => manifest,
            // Its answer was lost the last time: nobody else has this epoch.
            Put::Other => self.manifest(partition, &place).await?.ok_or_else(|| {
                let name = place.name(partition).to_string();
                SnapshotError::Unusable { name, detail: "it is gone again".to_owned() }
            })?,
        };
        self.seen.is_there(partition, &manifest);
        kept.manifests.insert(place, Some(manifest));
        tracing::info!(%partition, position = %local.position, new_bytes, "a snapshot was put");
        if let Err(error) = self.tidy(partition, &mut kept).await {
            tracing::warn!(%partition, %error, "old snapshots stay for now");
        }
        Ok(Uploaded::Put { position: local.position, new_bytes })
    }

    /// Refuses where somebody else is the owner, or where what was judged isn't committed.
    async fn check_owned(
        &self,
        partition: PartitionId,
        place: &Place,
    ) -> Result<(), SnapshotError> {
        let commits = self.parts.facts.committed().await?;
        let commit = commits.iter().find(|commit| commit.partition == partition);
        let owned = commit
            .is_some_and(|commit| commit.epoch == place.epoch && commit.position >= place.position);
        if owned { Ok(()) } else { Err(SnapshotError::NotOwned { partition }) }
    }

    /// Puts what isn't there of a snapshot's files. Says what they consist of, and how many bytes were
    /// put.
    async fn put_parts(
        &self,
        partition: PartitionId,
        local: &LocalSnapshot,
        kept: &mut Kept,
    ) -> Result<(Vec<File>, u64), SnapshotError> {
        let mut putting = AtOnce::new();
        let mut parts: Vec<Vec<Option<Part>>> = vec![Vec::new(); local.files.len()];
        let mut new_bytes = 0;
        let there = Arc::new(kept.parts.clone());
        for (number, file) in local.files.iter().enumerate() {
            for (offset, length) in pieces(file.bytes, self.settings.part_bytes) {
                let piece = Piece { file: number, place: parts[number].len(), offset };
                let key = (file.path.clone(), offset, length as u64);
                let known = kept.digests.get(&key).filter(|it| kept.parts.contains_key(it));
                let known =
                    known.map(|sha256| Part { sha256: sha256.clone(), bytes: length as u64 });
                let is_known = known.is_some();
                parts[number].push(known);
                if is_known {
                    continue;
                }
                while putting.len() >= self.settings.at_once {
                    let done = putting.next().await.expect("some are on their way");
                    new_bytes += take(done, local, &mut parts, kept)?;
                }
                let (of, there) = (self.parts.clone(), there.clone());
                let put = put_piece(of, partition, file.clone(), (offset, length), there);
                putting.begin(async move { (piece, put.await) });
            }
        }
        while let Some(done) = putting.next().await {
            new_bytes += take(done, local, &mut parts, kept)?;
        }
        let all = |parts: Vec<Option<Part>>| parts.into_iter().flatten().collect();
        let files = local.files.iter().zip(parts);
        let files: Vec<File> = files
            .map(|(file, parts)| File { path: file.path.clone(), parts: all(parts) })
            .collect();
        // Files that are no more are forgotten.
        let paths: BTreeSet<&str> = files.iter().map(|file| &*file.path).collect();
        kept.digests.retain(|(path, _, _), _| paths.contains(&**path));
        Ok((files, new_bytes))
    }
}

/// Where a piece belongs: which file, the how manieth of it, and where in it.
#[derive(Clone, Copy)]
struct Piece {
    file: usize,
    place: usize,
    offset: u64,
}

/// Reads a piece of a file, and puts it where it isn't there. Says how many bytes were put.
async fn put_piece(
    parts: Arc<SnapshotParts>,
    partition: PartitionId,
    file: LocalFile,
    (offset, length): (u64, usize),
    there: Arc<BTreeMap<Digest, u64>>,
) -> Result<(Part, u64), SnapshotError> {
    let read = move || file.read(offset, length).map(|bytes| (Digest::of(&bytes), bytes));
    let read = apart(&*parts.drive, read).await;
    let (sha256, bytes) = read.ok_or(SnapshotError::BrokenOff { partition })??;
    let part = Part { sha256, bytes: length as u64 };
    if there.contains_key(&part.sha256) {
        return Ok((part, 0));
    }
    let name = part_name(partition, &part.sha256);
    match parts.blobs.put(&name, bytes).await? {
        Put::Created => Ok((part, length as u64)),
        Put::Same => Ok((part, 0)),
        Put::Other => Err(SnapshotError::Unusable {
            name: name.to_string(),
            detail: "it doesn't have the bytes that its name says; delete it".to_owned(),
        }),
    }
}

type Done = (Piece, Result<(Part, u64), SnapshotError>);

/// Notes where a part belongs, and that it is there. Says how many bytes were put for it.
fn take(
    (piece, put): Done,
    local: &LocalSnapshot,
    parts: &mut [Vec<Option<Part>>],
    kept: &mut Kept,
) -> Result<u64, SnapshotError> {
    let (part, new_bytes) = put?;
    let file = &local.files[piece.file];
    if file.keeps_its_bytes() {
        let key = (file.path.clone(), piece.offset, part.bytes);
        kept.digests.insert(key, part.sha256.clone());
    }
    kept.parts.insert(part.sha256.clone(), part.bytes);
    parts[piece.file][piece.place] = Some(part);
    Ok(new_bytes)
}

/// Where the pieces of so many bytes begin, and how long they are.
fn pieces(bytes: u64, most: usize) -> impl Iterator<Item = (u64, usize)> {
    (0..bytes.div_ceil(most as u64)).map(move |piece| {
        let offset = piece * most as u64;
        let length = (bytes - offset).min(most as u64);
        (offset, usize::try_from(length).expect("at most a part"))
    })
}
