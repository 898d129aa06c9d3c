//! Up to where a log may be released: not only are there enough snapshots, but their bytes were read back.

use ledgerline_ids::{PartitionId, Position};
use std::collections::BTreeSet;

use super::manifest::{Digest, Manifest, part_name};
use super::{SnapshotError, Snapshots};

impl Snapshots {
    /// Up to where a partition's log may be released as far as snapshots go; `None` where there are fewer
    /// than are to be kept. Each part is read back once while the process lives: their names are their
    /// hashes, and nobody overwrites them.
    ///
    /// # Errors
    /// [`SnapshotError::Unusable`] names a snapshot that is broken; others, where the store can't be read.
    pub async fn releasable_of(
        &self,
        partition: PartitionId,
    ) -> Result<Option<Position>, SnapshotError> {
        let (oldest, unverified) = {
            let mut kept = self.known(partition).lock().await;
            self.look(partition, &mut kept).await?;
            if kept.manifests.len() < self.settings.kept {
                return Ok(None);
            }
            let whole = kept.whole();
            let broken = kept.manifests.keys().find(|place| !whole.contains(place));
            if let Some(place) = broken {
                let detail = "it can't be read, or parts of it are missing or have another length";
                return Err(SnapshotError::Unusable {
                    name: place.name(partition).to_string(),
                    detail: detail.to_owned(),
                });
            }
            let manifests = kept.manifests.values().flatten();
            let named: BTreeSet<Digest> =
                manifests.flat_map(Manifest::parts).map(|part| part.sha256.clone()).collect();
            // What isn't named any more needn't be remembered.
            kept.verified.retain(|part| named.contains(part));
            let unverified: Vec<Digest> = named.difference(&kept.verified).cloned().collect();
            (whole.first().map(|place| place.position), unverified)
        };
        for part in unverified {
            self.read_back(partition, &part).await?;
            self.known(partition).lock().await.verified.insert(part);
        }
        Ok(oldest)
    }

    async fn read_back(&self, partition: PartitionId, part: &Digest) -> Result<(), SnapshotError> {
        let name = part_name(partition, part);
        let unusable = |detail: &str| SnapshotError::Unusable {
            name: name.to_string(),
            detail: detail.to_owned(),
        };
        let bytes = self.parts.blobs.get(&name).await?.ok_or_else(|| unusable("it is gone"))?;
        let same = self.apart(partition, move |_| Ok(Digest::of(&bytes))).await? == *part;
        if same { Ok(()) } else { Err(unusable("it doesn't have the bytes that its name says")) }
    }
}
