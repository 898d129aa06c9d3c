//! Which snapshots of a partition are in the store, and which of them stay.

use ledgerline_ids::PartitionId;
use std::collections::{BTreeMap, BTreeSet};

use super::manifest::{Digest, Manifest, Place, folder, key_of, part_name, part_of, parts_folder};
use super::{SnapshotError, Snapshots};
use crate::ports::blobs::list_all;

/// More manifests than this are no work of ours.
const MANIFESTS_MAX: usize = 10_000;
/// More parts than this of one partition are 1.6 TB and more.
const PARTS_MAX: usize = 100_000;

/// What is known of a partition's snapshots in the store.
#[derive(Default)]
pub(super) struct Kept {
    /// Those that are there, oldest first; `None` where one can't be read.
    pub manifests: BTreeMap<Place, Option<Manifest>>,
    /// The parts that are there, with their lengths in bytes.
    pub parts: BTreeMap<Digest, u64>,
    /// Parts whose bytes were read back, and are what their names say.
    pub verified: BTreeSet<Digest>,
    /// Parts that no snapshot named when it was looked last.
    orphans: BTreeSet<Digest>,
    /// What the parts of this node's files are, by path, offset and length.
    pub digests: BTreeMap<(String, u64, u64), Digest>,
}

impl Kept {
    /// The newest one that can be read.
    pub(super) fn newest(&self) -> Option<&Manifest> {
        self.manifests.values().rev().find_map(Option::as_ref)
    }

    /// Those that can be read and of which nothing is missing, oldest first.
    pub(super) fn whole(&self) -> Vec<Place> {
        let is_there = |manifest: &Manifest| {
            manifest.parts().all(|part| self.parts.get(&part.sha256) == Some(&part.bytes))
        };
        let manifests = self.manifests.iter();
        let whole = manifests.filter(|(_, manifest)| manifest.as_ref().is_some_and(is_there));
        whole.map(|(place, _)| place.clone()).collect()
    }
}

impl Snapshots {
    /// Learns what is in the store.
    pub(super) async fn look(
        &self,
        partition: PartitionId,
        kept: &mut Kept,
    ) -> Result<(), SnapshotError> {
        let places = self.places(partition).await?;
        kept.manifests.retain(|place, _| places.contains(place));
        let newest = places.len().saturating_sub(self.settings.kept);
        for place in &places[newest..] {
            if kept.manifests.get(place).is_some_and(Option::is_some) {
                continue;
            }
            let manifest = match self.manifest(partition, place).await {
                Ok(manifest) => manifest,
                Err(SnapshotError::Unusable { name, detail }) => {
                    tracing::warn!(%partition, name, detail, "a snapshot can't be used");
                    None
                }
                Err(error) => return Err(error),
            };
            kept.manifests.insert(place.clone(), manifest);
        }
        let listed = list_all(&*self.parts.blobs, &parts_folder(partition), PARTS_MAX).await?;
        let parts = listed.iter().filter_map(|blob| Some((part_of(&blob.name)?, blob.bytes)));
        kept.parts = parts.collect();
        Ok(())
    }

    /// Where there are manifests, oldest first.
    pub(super) async fn places(&self, partition: PartitionId) -> Result<Vec<Place>, SnapshotError> {
        let listed = list_all(&*self.parts.blobs, &folder(partition), MANIFESTS_MAX).await?;
        Ok(listed.iter().filter_map(|blob| Place::of(&blob.name)).collect())
    }

    /// Reads a manifest; `None` where it is gone.
    pub(super) async fn manifest(
        &self,
        partition: PartitionId,
        place: &Place,
    ) -> Result<Option<Manifest>, SnapshotError> {
        let name = place.name(partition);
        let Some(bytes) = self.parts.blobs.get(&name).await? else { return Ok(None) };
        let manifest = Manifest::decode(&bytes, partition, place).map_err(|error| {
            SnapshotError::Unusable { name: name.to_string(), detail: error.to_string() }
        })?;
        if manifest.key != key_of(&self.parts.key) || manifest.partitions != self.parts.partitions {
            return Err(SnapshotError::Foreign { name: name.to_string() });
        }
        Ok(Some(manifest))
    }

    /// Gives up what isn't kept any more: the oldest manifests first, then parts that none of the others
    /// names and that none named the last time either. Whoever is putting parts now keeps them.
    pub(super) async fn tidy(
        &self,
        partition: PartitionId,
        kept: &mut Kept,
    ) -> Result<(), SnapshotError> {
        self.look(partition, kept).await?;
        let places = self.places(partition).await?;
        let old = places.len().saturating_sub(self.settings.kept);
        for place in &places[..old] {
            self.parts.blobs.delete(&place.name(partition)).await?;
            kept.manifests.remove(place);
        }
        if kept.manifests.values().any(Option::is_none) {
            // What it names isn't known.
            return Ok(());
        }
        let manifests = kept.manifests.values().flatten();
        let named: BTreeSet<Digest> =
            manifests.flat_map(Manifest::parts).map(|part| part.sha256.clone()).collect();
        let missing = named.iter().filter(|part| !kept.parts.contains_key(part)).count();
        if missing > 0 {
            tracing::warn!(%partition, missing, "parts of kept snapshots are missing");
        }
        let nobodys = |part: &&Digest| !named.contains(part);
        let orphans: BTreeSet<Digest> = kept.parts.keys().filter(nobodys).cloned().collect();
        for part in orphans.intersection(&kept.orphans) {
            self.parts.blobs.delete(&part_name(partition, part)).await?;
            kept.parts.remove(part);
        }
        kept.orphans = orphans.into_iter().filter(|part| kept.parts.contains_key(part)).collect();
        Ok(())
    }
}
