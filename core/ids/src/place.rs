//! Where a record stands: shards, partitions, positions.

use std::fmt;

/// How many logical shards a deployment has, whatever its number of partitions.
pub const SHARDS: u16 = 1024;

/// One of the [`SHARDS`] that listeners are spread over by their hash.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ShardId(u16);

/// A partition of a log. It carries a fixed, contiguous set of shards.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PartitionId(pub u16);

/// How many records stand before this one in its partition: 0 is the first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Position(pub u64);

impl ShardId {
    /// The shard of a 64-bit hash: its top bits.
    #[inline]
    #[must_use]
    pub fn of_hash(hash: u64) -> Self {
        Self(u16::try_from(hash >> 54).expect("ten bits"))
    }

    /// The shard's number, below [`SHARDS`].
    #[must_use]
    pub fn get(self) -> u16 {
        self.0
    }

    /// The partition that carries this shard where there are `partitions` of them.
    #[inline]
    #[must_use]
    pub fn partition(self, partitions: u16) -> PartitionId {
        let scaled = u32::from(self.0) * u32::from(partitions) / u32::from(SHARDS);
        PartitionId(u16::try_from(scaled).expect("below the number of partitions"))
    }
}

impl Position {
    /// No log gets there: at ten million records a second it takes fourteen thousand years.
    /// What claims to stand behind it is no record, and below it no sum overflows.
    pub const LIMIT: Self = Self(1 << 62);

    /// The position `records` further on.
    #[inline]
    #[must_use]
    pub fn plus(self, records: u64) -> Self {
        Self(self.0 + records)
    }
}

impl fmt::Display for PartitionId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "p{:03}", self.0)
    }
}

impl fmt::Display for Position {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}
