//! From a play's hash to its newest record.
//!
//! New and changed entries are in a [`Table`] in memory. For a snapshot the table is sealed
//! into a [run](crate::run): sorted, in sections by bucket, each with a filter that says for
//! nearly every absent key that it is absent. A filter's yes is always confirmed on the
//! entries. A newer run's entry stands for an older one's; buckets are dropped whole.

mod bucket;
mod table;

pub use bucket::{Bucket, Homes};
pub use table::Table;

use ledgerline_ids::IdentityHash;
use ledgerline_records::play::PlayAddress;

use crate::run::RunEntry;

/// What the index holds of a play, in 16 bytes: the fingerprint of the last report that
/// changed it, the address of its newest record, and the bucket that its key lives in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct IndexEntry {
    /// See [`crate::merge::Received::fingerprint`].
    pub fingerprint: u64,
    packed: u64,
}

const ADDRESS_BITS: u32 = 42;

impl IndexEntry {
    /// Packs an entry.
    ///
    /// # Panics
    /// Where the address is beyond 4 TiB, which a partition's plays log doesn't reach.
    #[must_use]
    pub fn new(fingerprint: u64, address: PlayAddress, bucket: Bucket) -> Self {
        assert!(address.0 < 1 << ADDRESS_BITS, "a partition's plays log stays below 4 TiB");
        Self { fingerprint, packed: address.0 | u64::from(bucket.code()) << ADDRESS_BITS }
    }

    /// The address of the play's newest record.
    #[must_use]
    pub fn address(&self) -> PlayAddress {
        PlayAddress(self.packed & ((1 << ADDRESS_BITS) - 1))
    }

    /// The bucket that the play's key lives in.
    #[must_use]
    pub fn bucket(&self) -> Bucket {
        Bucket::from_code(u32::try_from(self.packed >> ADDRESS_BITS).expect("22 bits"))
    }

    fn to_bytes(self) -> [u8; 16] {
        let mut bytes = [0; 16];
        bytes[..8].copy_from_slice(&self.fingerprint.to_le_bytes());
        bytes[8..].copy_from_slice(&self.packed.to_le_bytes());
        bytes
    }

    fn from_bytes(bytes: [u8; 16]) -> Self {
        let (fingerprint, packed) = bytes.split_at(8);
        Self {
            fingerprint: u64::from_le_bytes(fingerprint.try_into().expect("eight bytes")),
            packed: u64::from_le_bytes(packed.try_into().expect("eight bytes")),
        }
    }
}

/// An entry with the play's hash, as it stands in a run: 16 bytes of hash, big end first,
/// and 16 of [`IndexEntry`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Sealed {
    /// The play's hash.
    pub hash: IdentityHash,
    /// Its entry.
    pub entry: IndexEntry,
}

impl RunEntry for Sealed {
    const BYTES: usize = 32;
    const MAGIC: [u8; 8] = *b"LLINDEX2";

    #[inline]
    fn key(&self) -> u128 {
        self.hash.0
    }

    #[inline]
    fn filter_key(key: u128) -> u64 {
        low_half(IdentityHash(key))
    }

    #[inline]
    fn encode(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(&self.hash.0.to_be_bytes());
        out.extend_from_slice(&self.entry.to_bytes());
    }

    #[inline]
    fn decode(bytes: &[u8]) -> Self {
        let (hash, entry) = bytes.split_at(16);
        let hash = u128::from_be_bytes(hash.try_into().expect("sixteen bytes"));
        let entry = IndexEntry::from_bytes(entry.try_into().expect("sixteen bytes"));
        Self { hash: IdentityHash(hash), entry }
    }
}

/// The lower half of a hash, which filters and tables go by.
#[expect(clippy::cast_possible_truncation, reason = "the other half is left out on purpose")]
pub(crate) fn low_half(hash: IdentityHash) -> u64 {
    hash.0 as u64
}
