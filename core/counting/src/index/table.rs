//! The entries that are not in a run yet, and those that changed since they were.

use hashbrown::HashTable;
use ledgerline_ids::IdentityHash;

use super::{Bucket, IndexEntry, Sealed, low_half};

/// A hash table of index entries. Walked in sorted order only.
#[derive(Debug, Default)]
pub struct Table {
    entries: HashTable<(u128, IndexEntry)>,
}

impl Table {
    /// The entry of a play.
    #[inline]
    #[must_use]
    pub fn get(&self, hash: IdentityHash) -> Option<IndexEntry> {
        self.entries.find(low_half(hash), |(key, _)| *key == hash.0).map(|(_, entry)| *entry)
    }

    /// Has the place where a play's entry is looked for near at hand when it is.
    #[inline]
    pub fn touch(&self, hash: IdentityHash) {
        std::hint::black_box(self.get(hash).map(|entry| entry.fingerprint));
    }

    /// Puts or replaces the entry of a play.
    #[inline]
    pub fn put(&mut self, hash: IdentityHash, entry: IndexEntry) {
        let rehash = |(key, _): &(u128, IndexEntry)| low_half(IdentityHash(*key));
        match self.entries.find_mut(low_half(hash), |(key, _)| *key == hash.0) {
            Some((_, place)) => *place = entry,
            None => {
                self.entries.insert_unique(low_half(hash), (hash.0, entry), rehash);
            }
        }
    }

    /// How many entries.
    #[must_use]
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// All entries by bucket, each bucket's sorted by hash. The table stays as it is.
    #[must_use]
    pub fn sorted(&self) -> Vec<(Bucket, Sealed)> {
        let entries = self.entries.iter();
        let mut sorted: Vec<_> = entries
            .map(|(key, entry)| {
                (entry.bucket(), Sealed { hash: IdentityHash(*key), entry: *entry })
            })
            .collect();
        sorted.sort_unstable_by_key(|(bucket, sealed)| (*bucket, sealed.hash));
        sorted
    }
}
