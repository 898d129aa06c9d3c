//! What a backup says of itself: which files there were, of which parts, up to which point.

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use std::collections::BTreeMap;
use std::fmt::Write as _;

/// The newest form of a manifest that is known here.
pub const FORMAT: u32 = 1;

/// A backup.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Manifest {
    /// The form of this object, [`FORMAT`].
    pub format: u32,
    /// The version of the program that took it.
    pub program: String,
    /// 1 is the first of its folder.
    pub number: u32,
    /// When it was taken, RFC 3339.
    pub taken_at: String,
    /// SHA-256 of the deployment's identity: backups of one deployment have the same.
    pub deployment: String,
    /// Which history of the deployment it is of.
    pub lineage: String,
    /// Whether the folder `keys` is in it.
    pub with_keys: bool,
    /// The point in time that it is of, partition by partition.
    pub positions: Vec<PointInTime>,
    /// Where the chain of the ledger ended; absent where there is no ledger.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ledger_head: Option<LedgerHead>,
    /// The files, by their paths relative to the data folder.
    pub files: BTreeMap<String, Vec<Part>>,
}

/// The point up to which a partition's log is in a backup.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct PointInTime {
    /// Which partition.
    pub partition: u16,
    /// The position after the last record that is in it, judged and committed.
    pub position: u64,
    /// The position that its snapshot is of; what stands behind is judged again. Absent where
    /// it has no snapshot: then the plays log is derived again from the report log.
    pub snapshot: Option<u64>,
}

/// The end of the ledger's chain.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LedgerHead {
    /// How many entries there are.
    pub entries: u64,
    /// The hash of the last one, in hex digits.
    pub hash: String,
}

/// Some bytes of a file, in their order.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Part {
    /// Their SHA-256 in hex digits, which is what the part's file is called.
    pub sha256: String,
    /// How many they are.
    pub bytes: u64,
}

/// Just enough of a manifest of any form to say which form it is.
#[derive(Deserialize)]
struct Form {
    format: u32,
}

/// Why a manifest can't be read.
#[derive(Debug, thiserror::Error)]
pub enum ManifestError {
    /// A newer program wrote it.
    #[error(
        "it has format {0}, and this program knows up to {FORMAT}; use the program that took it, \
         or a newer one"
    )]
    Newer(u32),
    /// It isn't one.
    #[error("it is damaged: {0}")]
    Damaged(String),
}

impl Manifest {
    /// The bytes of its file.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut bytes = serde_json::to_vec_pretty(self).expect("numbers and texts only");
        bytes.push(b'\n');
        bytes
    }

    /// Reads the bytes of its file.
    ///
    /// # Errors
    /// [`ManifestError`].
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, ManifestError> {
        let damaged = |error: serde_json::Error| ManifestError::Damaged(error.to_string());
        let Form { format } = serde_json::from_slice(bytes).map_err(damaged)?;
        if format > FORMAT {
            return Err(ManifestError::Newer(format));
        }
        let manifest: Self = serde_json::from_slice(bytes).map_err(damaged)?;
        match manifest.files.keys().find(|path| !is_inside(path)) {
            Some(path) => {
                Err(ManifestError::Damaged(format!("{path:?} is no path in a data folder")))
            }
            None => Ok(manifest),
        }
    }

    /// How many bytes its files have.
    #[must_use]
    pub fn bytes(&self) -> u64 {
        self.files.values().flatten().map(|part| part.bytes).sum()
    }
}

/// Whether a path stays within the folder that it is relative to.
fn is_inside(path: &str) -> bool {
    !path.is_empty()
        && !path.contains(['\\', '\0'])
        && path.split('/').all(|part| !matches!(part, "" | "." | ".."))
}

/// SHA-256 in hex digits.
#[must_use]
pub fn sha256_of(bytes: &[u8]) -> String {
    hex(&Sha256::digest(bytes))
}

/// Bytes as hex digits.
#[must_use]
pub fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::with_capacity(2 * bytes.len()), |mut out, byte| {
        write!(out, "{byte:02x}").expect("a String takes everything");
        out
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_stays_inside() {
        for good in ["a", "reports/p000/0.log", "a.b/..c"] {
            assert!(is_inside(good), "{good}");
        }
        for bad in ["", "/a", "a/", "../a", "a/../b", "a//b", "./a", "a\\b", "a\0"] {
            assert!(!is_inside(bad), "{bad}");
        }
    }

    #[test]
    fn a_newer_form_is_named_before_its_fields_are_looked_at() {
        let error = Manifest::from_bytes(br#"{"format":2,"other":[]}"#).expect_err("it is newer");
        assert!(matches!(error, ManifestError::Newer(2)), "{error}");
        let error = Manifest::from_bytes(br#"{"format":1}"#).expect_err("it lacks its fields");
        assert!(matches!(error, ManifestError::Damaged(_)), "{error}");
    }
}
