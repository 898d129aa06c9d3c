//! What a snapshot in a store of blobs says of itself: of which place it is, and which parts its files are
//! made of.
//!
//! A line with the SHA-256 of the rest, then JSON.

use ledgerline_ids::{HashKey, PartitionId, Position, UnixMs};
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};
use std::fmt::Write as _;

use crate::ports::BlobName;

/// The newest form that is known here.
const FORMAT: u32 = 1;
/// The digits of a position or an epoch in a name: no number has more.
const DIGITS: usize = 20;
/// The hex digits of a SHA-256.
const DIGEST_DIGITS: usize = 64;

/// The SHA-256 of some bytes, in hex digits.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub(crate) struct Digest(Box<str>);

impl Digest {
    pub(super) fn of(bytes: &[u8]) -> Self {
        let mut digits = String::with_capacity(DIGEST_DIGITS);
        for byte in Sha256::digest(bytes) {
            write!(digits, "{byte:02x}").expect("a text takes what is written");
        }
        Self(digits.into())
    }

    fn is_sound(&self) -> bool {
        self.0.len() == DIGEST_DIGITS
            && self.0.bytes().all(|byte| b"0123456789abcdef".contains(&byte))
    }
}

/// Some bytes of a file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Part {
    /// What they are.
    pub sha256: Digest,
    /// How many.
    pub bytes: u64,
}

/// A file of a data folder.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct File {
    /// Its path there.
    pub path: String,
    /// Its bytes, in order.
    pub parts: Vec<Part>,
}

impl File {
    pub(super) fn bytes(&self) -> u64 {
        self.parts.iter().map(|part| part.bytes).sum()
    }
}

/// A snapshot of one partition.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Manifest {
    format: u32,
    pub partition: u16,
    /// How many partitions the deployment has: listeners are spread by that.
    pub partitions: u16,
    /// Which key its hashes are made with, without saying the key.
    pub key: Digest,
    /// The position after the last record that is in it.
    pub position: u64,
    /// The epoch of the owner that took it.
    pub epoch: u64,
    /// When it was taken, in milliseconds since 1970.
    pub taken_at_ms: u64,
    /// The manifest of the index, last among the files.
    pub files: Vec<File>,
}

/// Why some bytes are no manifest.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum ManifestError {
    #[error("its checksum differs")]
    Checksum,
    #[error("it can't be read: {0}")]
    Unread(String),
    #[error("form {0} is not known to this version")]
    Newer(u32),
    #[error("{0}")]
    Wrong(&'static str),
}

#[derive(Deserialize)]
struct Format {
    format: u32,
}

/// Where a manifest stands.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Place {
    /// The position after the last record that is in the snapshot.
    pub position: Position,
    /// The epoch of the owner that took it.
    pub epoch: u64,
}

impl Place {
    /// The name of the manifest of this place: in the order of positions, then of epochs.
    pub(super) fn name(&self, partition: PartitionId) -> BlobName {
        let (position, epoch) = (self.position.0, self.epoch);
        BlobName::new(format!("{}/{position:0DIGITS$}-{epoch:0DIGITS$}", folder(partition)))
            .expect("a sound name")
    }

    /// The place that a name says; `None` where it is no manifest's.
    pub(super) fn of(name: &BlobName) -> Option<Self> {
        let (_, last) = name.as_str().rsplit_once('/')?;
        let (position, epoch) = last.split_once('-')?;
        if position.len() != DIGITS || epoch.len() != DIGITS {
            return None;
        }
        Some(Self { position: Position(position.parse().ok()?), epoch: epoch.parse().ok()? })
    }
}

/// The folder of a partition's manifests.
pub(super) fn folder(partition: PartitionId) -> BlobName {
    BlobName::new(format!("snapshots/{partition}")).expect("a sound name")
}

/// The folder of a partition's parts.
pub(super) fn parts_folder(partition: PartitionId) -> BlobName {
    BlobName::new(format!("snapshot-parts/{partition}")).expect("a sound name")
}

/// Where a part stands: named by what it is, so it is written once.
pub(super) fn part_name(partition: PartitionId, part: &Digest) -> BlobName {
    BlobName::new(format!("{}/{}", parts_folder(partition), part.0)).expect("a sound name")
}

/// The part that a name says.
pub(super) fn part_of(name: &BlobName) -> Option<Digest> {
    let (_, last) = name.as_str().rsplit_once('/')?;
    Some(Digest(last.into())).filter(Digest::is_sound)
}

/// What tells a key from others, and doesn't say it.
pub(super) fn key_of(key: &HashKey) -> Digest {
    Digest::of(&[b"the key of a deployment's hashes: ", &key.as_bytes()[..]].concat())
}

impl Manifest {
    pub(super) fn new(
        (partition, partitions): (PartitionId, u16),
        key: &HashKey,
        place: &Place,
        taken_at: UnixMs,
        files: Vec<File>,
    ) -> Self {
        Self {
            format: FORMAT,
            partition: partition.0,
            partitions,
            key: key_of(key),
            position: place.position.0,
            epoch: place.epoch,
            taken_at_ms: taken_at.get(),
            files,
        }
    }

    pub(super) fn place(&self) -> Place {
        Place { position: Position(self.position), epoch: self.epoch }
    }

    pub(super) fn parts(&self) -> impl Iterator<Item = &Part> {
        self.files.iter().flat_map(|file| &file.parts)
    }

    /// How many bytes its files have.
    pub(super) fn bytes(&self) -> u64 {
        self.files.iter().map(File::bytes).sum()
    }

    pub(super) fn encode(&self) -> Vec<u8> {
        let body = serde_json::to_vec(self).expect("a manifest has only numbers and texts");
        let mut bytes = format!("{}\n", Digest::of(&body).0).into_bytes();
        bytes.extend_from_slice(&body);
        bytes
    }

    /// Reads one, and looks whether it is what its name says.
    pub(super) fn decode(
        bytes: &[u8],
        partition: PartitionId,
        place: &Place,
    ) -> Result<Self, ManifestError> {
        let (head, body) =
            bytes.split_at_checked(DIGEST_DIGITS + 1).ok_or(ManifestError::Checksum)?;
        if head.strip_suffix(b"\n") != Some(Digest::of(body).0.as_bytes()) {
            return Err(ManifestError::Checksum);
        }
        let unread = |error: serde_json::Error| ManifestError::Unread(error.to_string());
        let Format { format } = serde_json::from_slice(body).map_err(unread)?;
        if format != FORMAT {
            return Err(ManifestError::Newer(format));
        }
        let manifest: Self = serde_json::from_slice(body).map_err(unread)?;
        if manifest.partition != partition.0 || manifest.place() != *place {
            return Err(ManifestError::Wrong("it is not the snapshot that its name says"));
        }
        if !manifest.parts().all(|part| part.sha256.is_sound()) {
            return Err(ManifestError::Wrong("a part has no sound name"));
        }
        let folders = [format!("plays/{partition}/"), format!("index/{partition}/")];
        let sound = |path: &str| {
            let name = folders.iter().find_map(|folder| path.strip_prefix(&**folder));
            name.is_some_and(|name| {
                let allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"._-".contains(&byte);
                !name.is_empty() && !name.starts_with('.') && name.bytes().all(allowed)
            })
        };
        if !manifest.files.iter().all(|file| sound(&file.path)) {
            return Err(ManifestError::Wrong("a file doesn't belong into the partition's folders"));
        }
        Ok(manifest)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn manifest() -> Manifest {
        let part = Part { sha256: Digest::of(b"12"), bytes: 2 };
        let file = File { path: "index/p003/manifest".to_owned(), parts: vec![part] };
        let place = Place { position: Position(17), epoch: 4 };
        let key = HashKey::new(*b"a key for a test");
        Manifest::new((PartitionId(3), 8), &key, &place, UnixMs::EPOCH, vec![file])
    }

    #[test]
    fn names_are_in_order_and_read_back() {
        let place = |position, epoch| Place { position: Position(position), epoch };
        let mut names = Vec::new();
        for place in [place(0, 1), place(9, 2), place(10, 1), place(u64::MAX, u64::MAX)] {
            let name = place.name(PartitionId(3));
            assert_eq!(Place::of(&name), Some(place));
            names.push(name);
        }
        assert!(names.is_sorted(), "{names:?}");
        for other in ["snapshots/p003/x", "snapshots/p003/17-4"] {
            assert_eq!(Place::of(&BlobName::new(other).expect("a name")), None);
        }
    }

    #[test]
    fn what_was_changed_or_misplaced_is_not_believed() {
        let (manifest, partition) = (manifest(), PartitionId(3));
        let (bytes, place) = (manifest.encode(), manifest.place());
        let read = |bytes: &[u8]| Manifest::decode(bytes, partition, &place);
        assert_eq!(read(&bytes), Ok(manifest.clone()));
        for at in 0..bytes.len() {
            let mut changed = bytes.clone();
            changed[at] ^= 1;
            assert!(read(&changed).is_err(), "byte {at}");
            assert!(read(&bytes[..at]).is_err(), "cut at {at}");
        }
        assert!(Manifest::decode(&bytes, PartitionId(2), &place).is_err());
        let other = Place { epoch: 5, ..place.clone() };
        assert!(Manifest::decode(&bytes, partition, &other).is_err());
        for path in ["index/p002/a", "index/p003/../a", "plays/p003/", "plays/p003/a/b", "/etc/a"] {
            let mut wrong = manifest.clone();
            wrong.files[0].path = path.to_owned();
            assert!(read(&wrong.encode()).is_err(), "{path}");
        }
        let newer = Manifest { format: 2, ..manifest };
        assert_eq!(read(&newer.encode()), Err(ManifestError::Newer(2)));
    }
}
