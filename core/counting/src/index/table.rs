//! The entries that are not in a run yet, and those that changed since they were.

use hashbrown::HashTable;
use ledgerline_ids::IdentityHash;

use super::{Bucket, IndexEntry, Sealed, low_half};
use crate::pieces::Pieces;

/// A hash table of index entries. It has only their numbers: so it stays small, and most
/// look-ups of a play that nobody knows end in it.
#[derive(Debug, Default)]
pub struct Table {
    numbers: HashTable<u32>,
    entries: Pieces<Sealed>,
}

impl Table {
    /// A table with room for about as many entries as `other` has.
    #[must_use]
    pub fn as_large_as(other: &Self) -> Self {
        Self { numbers: HashTable::with_capacity(other.len()), entries: Pieces::default() }
    }

    /// The entry of a play.
    #[inline]
    #[must_use]
    pub fn get(&self, hash: IdentityHash) -> Option<IndexEntry> {
        self.numbers
            .find(low_half(hash), |number| self.entries.get(*number).hash == hash)
            .map(|number| self.entries.get(*number).entry)
    }

    /// Has the place where a play's entry is looked for near at hand when it is.
    #[inline]
    pub fn touch(&self, hash: IdentityHash) {
        std::hint::black_box(self.get(hash).map(|entry| entry.fingerprint));
    }

    /// Puts or replaces the entry of a play.
    #[inline]
    pub fn put(&mut self, hash: IdentityHash, entry: IndexEntry) {
        let Self { numbers, entries } = self;
        let known = numbers.find(low_half(hash), |number| entries.get(*number).hash == hash);
        if let Some(number) = known {
            entries.get_mut(*number).entry = entry;
            return;
        }
        let number = entries.push(Sealed { hash, entry });
        numbers.insert_unique(low_half(hash), number, |number| low_half(entries.get(*number).hash));
    }

    /// How many entries.
    #[must_use]
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// All entries by bucket, each bucket's sorted by hash. The table stays as it is.
    #[must_use]
    pub fn sorted(&self) -> impl ExactSizeIterator<Item = (Bucket, Sealed)> + '_ {
        // What is compared first stands together, without the entries themselves.
        let mut order: Vec<(Bucket, u64, u32)> = (0u32..)
            .zip(self.entries.iter())
            .map(|(number, sealed)| {
                (sealed.entry.bucket(), crate::run::high_half(sealed.hash.0), number)
            })
            .collect();
        order.sort_unstable_by(|left, right| {
            let hash = |number: u32| self.entries.get(number).hash;
            let by_half = (left.0, left.1).cmp(&(right.0, right.1));
            by_half.then_with(|| hash(left.2).cmp(&hash(right.2)))
        });
        order.into_iter().map(|(.., number)| {
            let sealed = *self.entries.get(number);
            (sealed.entry.bucket(), sealed)
        })
    }
}

#[cfg(test)]
mod tests {
    use ledgerline_ids::{DayNo, HourNo};
    use ledgerline_records::play::PlayAddress;

    use super::*;

    /// Runs are merged in the order of the buckets, which is not that of their codes.
    #[test]
    fn entries_are_sorted_by_bucket_and_hash() {
        let (hour, day) = (HourNo(500_000), DayNo(20_000));
        let buckets =
            [Bucket::Day(day), Bucket::ArchiveDay(day), Bucket::Archive, Bucket::Hour(hour)];
        let mut table = Table::default();
        let mut expected = Vec::new();
        for (number, bucket) in (0u64..).zip(buckets.into_iter().cycle().take(40)) {
            let hash = IdentityHash(u128::from(number.wrapping_mul(0x9e37_79b9_7f4a_7c15)) << 60);
            table.put(hash, IndexEntry::new(1, PlayAddress(number), bucket));
            expected.push((bucket, hash));
        }
        expected.sort_unstable();
        let sorted: Vec<_> = table.sorted().map(|(bucket, sealed)| (bucket, sealed.hash)).collect();
        assert_eq!(sorted, expected);
    }
}
