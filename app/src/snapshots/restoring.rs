//! A node that starts takes from the store of blobs what it can't build itself.
//!
//! Files are written as drafts, each is compared with what its parts are named by, and gets its name when
//! it is whole and durable; the index' manifest gets its name last. Before that there is no snapshot
//! here, whatever else is: whoever is killed begins anew.

use ledgerline_ids::{PartitionId, Position};
use std::sync::Arc;
use std::time::Duration;

use super::at_once::AtOnce;
use super::manifest::{Digest, File, Manifest, Part, Place, part_name};
use super::{SnapshotError, SnapshotParts, Snapshots};
use crate::judging::{SnapshotFiles, files_of, index_folder, read_snapshot_files};
use crate::ports::{Disk, LogError, ReportLog};

/// The pause before a store that is away is asked again.
const TRY_AGAIN_AFTER: Duration = Duration::from_secs(1);

/// What was taken for a partition.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Restored {
    /// Which.
    pub partition: PartitionId,
    /// The position after the last record that is in it.
    pub position: Position,
    /// How many bytes its files have.
    pub bytes: u64,
}

/// What a node has of a partition, and what it needs.
struct Need {
    partition: PartitionId,
    /// Where its own snapshot is.
    has: Option<Position>,
    committed: Position,
    /// What the log holds still.
    start: Position,
}

impl Need {
    /// Whether a snapshot may be of use.
    fn may_be_answered(&self, worth_records: u64) -> bool {
        let left = self.committed.0.saturating_sub(self.has.unwrap_or_default().0);
        self.is_must() || (self.has.is_none() && left > 0) || left >= worth_records
    }

    /// Whether its log alone doesn't lead there.
    fn is_must(&self) -> bool {
        self.has.unwrap_or_default() < self.start
    }

    fn is_answered_by(&self, place: &Place, worth_records: u64) -> bool {
        let has = self.has.unwrap_or_default();
        let nearer = place.position.0.saturating_sub(has.0);
        let worth = self.is_must() || self.has.is_none() || nearer >= worth_records;
        (self.start..=self.committed).contains(&place.position) && nearer > 0 && worth
    }
}

impl Snapshots {
    /// Gives this node's data folder a snapshot of each partition that it has none of, or whose own
    /// lies before what the log still holds, or so far back that another is worth taking: the newest one
    /// that isn't ahead of what is committed. Call it before the plays logs are opened. What is there of
    /// such a partition is removed.
    ///
    /// Where there is none, a partition whose log is whole is judged from its beginning.
    ///
    /// # Errors
    /// [`SnapshotError`]; [`SnapshotError::NoWay`] where neither a snapshot nor the log leads to what a
    /// partition holds.
    pub async fn restore_missing(
        &self,
        log: &dyn ReportLog,
    ) -> Result<Vec<Restored>, SnapshotError> {
        self.restore_before(&|partition| log.start(partition)).await
    }

    /// The same, where the logs begin as `starts` says.
    pub(super) async fn restore_before(
        &self,
        starts: &(dyn Fn(PartitionId) -> Position + Sync),
    ) -> Result<Vec<Restored>, SnapshotError> {
        let commits = self.parts.facts.committed().await?;
        let mut restored = Vec::new();
        // Of all partitions together: a store that is away is so for each.
        let mut tries_left = self.settings.tries_max;
        for partition in (0..self.parts.partitions).map(PartitionId) {
            let commit = commits.iter().find(|commit| commit.partition == partition);
            let committed = commit.map_or(Position(0), |commit| commit.position);
            let start = starts(partition);
            restored.extend(self.restore_one(partition, committed, start, &mut tries_left).await?);
        }
        Ok(restored)
    }

    async fn restore_one(
        &self,
        partition: PartitionId,
        committed: Position,
        start: Position,
        tries_left: &mut u32,
    ) -> Result<Option<Restored>, SnapshotError> {
        let has = self.has(partition).await?;
        let need = Need { partition, has, committed, start };
        let mut taken = None;
        if need.may_be_answered(self.settings.worth_records) {
            taken = self.restore(&need, tries_left).await?;
        }
        if taken.is_none() && has.is_none() {
            // What was being taken when the power went is in no order: a log that lacks its beginning
            // would count as damaged, and is needed by nobody.
            self.apart(partition, move |parts| clear(&*parts.disk, partition)).await?;
        }
        Ok(taken)
    }

    /// Where this node's own snapshot of a partition is.
    async fn has(&self, partition: PartitionId) -> Result<Option<Position>, SnapshotError> {
        let read = move |parts: &SnapshotParts| read_snapshot_files(&*parts.disk, partition);
        Ok(self.apart(partition, read).await?.map(|files| files.position))
    }

    /// The same for one partition, whose plays log isn't open. Says up to where it was committed when that
    /// was asked: no file is ahead of it.
    ///
    /// # Errors
    /// As [`Snapshots::restore_missing`].
    pub(crate) async fn get_ready(
        &self,
        partition: PartitionId,
        log: &dyn ReportLog,
    ) -> Result<Position, SnapshotError> {
        let commits = self.parts.facts.committed().await?;
        let commit = commits.iter().find(|commit| commit.partition == partition);
        let committed = commit.map_or(Position(0), |commit| commit.position);
        // Names of files that were read are about to be used again, for other bytes.
        self.known(partition).lock().await.digests.clear();
        // Whoever waits for it tries again.
        self.restore_one(partition, committed, log.start(partition), &mut 0).await?;
        Ok(committed)
    }

    /// Removes what this node has of a partition that it follows no more, and whose plays log isn't open:
    /// where the log is whole, or the store has a snapshot that leads to what the log holds.
    ///
    /// # Errors
    /// [`SnapshotError`]; then it may be tried again.
    pub(crate) async fn let_go(
        &self,
        partition: PartitionId,
        start: Position,
    ) -> Result<(), SnapshotError> {
        let Some(has) = self.has(partition).await? else { return Ok(()) };
        // What it lacks of the newest one's is judged again, so an older one is kept for nothing.
        let newest = self.places(partition).await?.last().map(|place| place.position);
        if newest.is_none_or(|newest| newest < start || newest < has) {
            return Ok(());
        }
        self.apart(partition, move |parts| clear(&*parts.disk, partition)).await?;
        tracing::info!(%partition, "what was here of it is removed: the store of blobs has it");
        Ok(())
    }

    async fn restore(
        &self,
        need: &Need,
        tries_left: &mut u32,
    ) -> Result<Option<Restored>, SnapshotError> {
        loop {
            match self.restore_newest(need).await {
                Err(error) if error.may_pass() && *tries_left > 0 => {
                    tracing::warn!(partition = %need.partition, %error, "is tried again");
                    *tries_left -= 1;
                    tokio::time::sleep(TRY_AGAIN_AFTER).await;
                }
                Err(error @ SnapshotError::Blobs(_)) if !need.is_must() => {
                    tracing::warn!(
                        partition = %need.partition, %error,
                        "no snapshot can be had; the log is judged from where this node is"
                    );
                    return Ok(None);
                }
                done => return done,
            }
        }
    }

    /// Takes the newest snapshot that is whole.
    async fn restore_newest(&self, need: &Need) -> Result<Option<Restored>, SnapshotError> {
        let partition = need.partition;
        let mut why = Vec::new();
        for place in self.places(partition).await?.iter().rev() {
            if !need.is_answered_by(place, self.settings.worth_records) {
                continue;
            }
            match self.take(partition, place).await {
                Ok(restored) => return Ok(Some(restored)),
                Err(SnapshotError::Unusable { name, detail }) => {
                    tracing::warn!(%partition, name, detail, "a snapshot can't be used");
                    why.push(format!("{name} can't be used: {detail}"));
                }
                Err(error) => return Err(error),
            }
        }
        if !need.is_must() {
            return Ok(None);
        }
        if why.is_empty() {
            let Need { start, committed, .. } = need;
            why.push(format!("there is no snapshot of it from {start} to {committed}"));
        }
        let why = why.join("; ");
        Err(SnapshotError::NoWay { partition, start: need.start, why })
    }

    /// Takes a snapshot, whole.
    async fn take(&self, partition: PartitionId, place: &Place) -> Result<Restored, SnapshotError> {
        let began = self.parts.clock.elapsed();
        let name = place.name(partition).to_string();
        let unusable = |detail: String| SnapshotError::Unusable { name: name.clone(), detail };
        let manifest = self.manifest(partition, place).await?;
        let manifest = manifest.ok_or_else(|| unusable("it is gone".to_owned()))?;
        let index_manifest = self.index_manifest(partition, &manifest, &unusable).await?;
        tracing::info!(%partition, position = %place.position, bytes = manifest.bytes(), "takes a snapshot");
        self.apart(partition, move |parts| clear(&*parts.disk, partition)).await?;
        let (_, files) = manifest.files.split_last().expect("it has an index' manifest");
        for file in files {
            self.take_file(partition, file, &unusable).await?;
        }
        let path = format!("{}/manifest", index_folder(partition));
        let write = move |parts: &SnapshotParts| {
            let folder = index_folder(partition);
            let folders = [format!("plays/{partition}"), folder.clone()];
            let write = || {
                // What it names is durable before it has its name.
                folders.iter().try_for_each(|folder| parts.disk.sync_folder(folder))?;
                let draft = parts.disk.open_or_create(&format!("{path}.draft"))?;
                draft.truncate(0)?;
                draft.write_at(0, &index_manifest)?;
                draft.sync()?;
                parts.disk.rename(&format!("{path}.draft"), &path)?;
                parts.disk.sync_folder(&folder)
            };
            write().map_err(refused(&path))
        };
        self.apart(partition, write).await?;
        let took_ms = self.parts.clock.elapsed().saturating_sub(began).as_millis();
        tracing::info!(%partition, position = %place.position, took_ms, "has a snapshot now");
        Ok(Restored { partition, position: place.position, bytes: manifest.bytes() })
    }

    /// The bytes of the index' manifest, where all that it says is what the snapshot has.
    async fn index_manifest(
        &self,
        partition: PartitionId,
        manifest: &Manifest,
        unusable: &impl Fn(String) -> SnapshotError,
    ) -> Result<Vec<u8>, SnapshotError> {
        let folder = index_folder(partition);
        let last = manifest.files.last().filter(|file| file.path == format!("{folder}/manifest"));
        let last = last.ok_or_else(|| unusable("it has no manifest of the index".to_owned()))?;
        let mut bytes = Vec::new();
        for part in &last.parts {
            bytes.extend(get_part(self.parts.clone(), partition, part.clone()).await.map_err(
                |error| match error {
                    GetError::Unusable(detail) => unusable(detail),
                    GetError::Other(error) => error,
                },
            )?);
        }
        let named = files_of(partition, bytes).map_err(|error| unusable(error.to_string()))?;
        let named = named.ok_or_else(|| unusable("its index is of an older form".to_owned()))?;
        let SnapshotFiles { manifest: bytes, position, plays_bytes: _, runs } = named;
        if position.0 != manifest.position {
            return Err(unusable(format!("its index is of position {position}")));
        }
        for (name, length) in runs {
            let path = format!("{folder}/{name}");
            if !manifest.files.iter().any(|file| file.path == path && file.bytes() == length) {
                return Err(unusable(format!("it lacks {path}")));
            }
        }
        Ok(bytes)
    }

    /// Writes a file, part by part, some of them on their way at once.
    async fn take_file(
        &self,
        partition: PartitionId,
        file: &File,
        unusable: &impl Fn(String) -> SnapshotError,
    ) -> Result<(), SnapshotError> {
        let path: Arc<str> = file.path.as_str().into();
        let draft: Arc<str> = format!("{path}.draft").into();
        let create = draft.clone();
        self.apart(partition, move |parts| {
            let created = parts.disk.open_or_create(&create).and_then(|file| file.truncate(0));
            created.map_err(refused(&create))
        })
        .await?;
        let mut getting = AtOnce::new();
        let mut offset = 0;
        let mut left = file.parts.iter();
        loop {
            while getting.len() < self.settings.at_once
                && let Some(part) = left.next()
            {
                let (at, get) = (offset, get_part(self.parts.clone(), partition, part.clone()));
                getting.begin(async move { (at, get.await) });
                offset += part.bytes;
            }
            let Some((at, bytes)) = getting.next().await else { break };
            let bytes = bytes.map_err(|error| match error {
                GetError::Unusable(detail) => unusable(detail),
                GetError::Other(error) => error,
            })?;
            let draft = draft.clone();
            let write = move |parts: &SnapshotParts| {
                let file = parts.disk.open_or_create(&draft);
                file.and_then(|file| file.write_at(at, &bytes)).map_err(refused(&draft))
            };
            self.apart(partition, write).await?;
        }
        let name = move |parts: &SnapshotParts| {
            let synced = parts.disk.open_or_create(&draft).and_then(|file| file.sync());
            synced.and_then(|()| parts.disk.rename(&draft, &path)).map_err(refused(&path))
        };
        self.apart(partition, name).await
    }
}

enum GetError {
    Unusable(String),
    Other(SnapshotError),
}

/// Gets a part, and compares it with its name.
async fn get_part(
    parts: Arc<SnapshotParts>,
    partition: PartitionId,
    part: Part,
) -> Result<Vec<u8>, GetError> {
    let name = part_name(partition, &part.sha256);
    let got = parts.blobs.get(&name).await;
    let bytes = got.map_err(|error| GetError::Other(error.into()))?;
    let bytes = bytes.ok_or_else(|| GetError::Unusable(format!("its part {name} is gone")))?;
    let wanted = part.sha256.clone();
    let compare = move || (Digest::of(&bytes) == wanted && bytes.len() as u64 == part.bytes, bytes);
    let compared = crate::ports::drive::apart(&*parts.drive, compare).await;
    match compared {
        Some((true, bytes)) => Ok(bytes),
        Some((false, bytes)) if cfg!(feature = "canary-snapshot-part-unchecked") => Ok(bytes),
        Some((false, _)) => {
            Err(GetError::Unusable(format!("its part {name} has other bytes than it had")))
        }
        None => Err(GetError::Other(SnapshotError::BrokenOff { partition })),
    }
}

/// Removes what a data folder has of a partition: the index' manifest first, without which nothing of it is
/// believed, and the plays log from its end on, so that what a crash leaves is a log.
fn clear(disk: &dyn Disk, partition: PartitionId) -> Result<(), LogError> {
    let (index, plays) = (index_folder(partition), format!("plays/{partition}"));
    let clear = || {
        for folder in [&index, &plays] {
            disk.create_folder(folder)?;
        }
        disk.remove(&format!("{index}/manifest"))?;
        disk.sync_folder(&index)?;
        for folder in [&plays, &index] {
            for name in disk.list(folder)?.iter().rev() {
                disk.remove(&format!("{folder}/{name}"))?;
            }
            disk.sync_folder(folder)?;
        }
        Ok(())
    };
    clear().map_err(refused(&index))
}

fn refused(file: &str) -> impl Fn(std::io::Error) -> LogError {
    let file = file.to_owned();
    move |error| LogError::Io { file: file.clone(), detail: error.to_string() }
}
