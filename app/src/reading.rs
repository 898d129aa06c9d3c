//! Reading what was decided: the plays log, beside the workers that write it.

use ledgerline_ids::PartitionId;
use ledgerline_records::play::{PlayAddress, PlayRecord};
use ledgerline_records::verdict::Status;
use std::collections::BTreeMap;
use std::sync::Arc;

use crate::judging::Sieves;
use crate::ports::{LogError, PlaysLogReader};

/// The plays logs of all partitions, to be read by anyone.
#[derive(Clone)]
pub struct Readers {
    plays: Arc<[Arc<dyn PlaysLogReader>]>,
    sieves: Arc<[Sieves]>,
}

impl Readers {
    /// In the order of the partitions.
    #[must_use]
    pub(crate) fn new(plays: Vec<Arc<dyn PlaysLogReader>>, sieves: Vec<Sieves>) -> Self {
        Self { plays: plays.into(), sieves: sieves.into() }
    }

    /// What tells where to look in the logs of a partition.
    pub(crate) fn sieves_of(&self, partition: PartitionId) -> &Sieves {
        &self.sieves[usize::from(partition.0)]
    }

    /// The plays log of a partition.
    #[must_use]
    pub fn of(&self, partition: PartitionId) -> &Arc<dyn PlaysLogReader> {
        &self.plays[usize::from(partition.0)]
    }

    /// Gives every record of a partition before `plays_bytes` to `each`, in order.
    ///
    /// # Errors
    /// [`LogError`] where the log is damaged.
    pub fn for_each(
        &self,
        partition: PartitionId,
        from: u64,
        plays_bytes: u64,
        each: &mut dyn FnMut(PlayAddress, &PlayRecord<'_>),
    ) -> Result<(), LogError> {
        let mut broken = None;
        self.of(partition).scan(
            from,
            plays_bytes,
            &mut |address, bytes| match PlayRecord::decode(bytes) {
                Ok(play) => each(address, &play),
                Err(error) => broken = broken.take().or(Some((address, error))),
            },
        )?;
        match broken {
            None => Ok(()),
            Some((address, error)) => Err(LogError::Damaged {
                file: format!("plays/{partition}"),
                offset: address.0,
                detail: error.to_string(),
            }),
        }
    }

    /// The newest records of the plays of a partition whose status is one of `wanted`, in
    /// the order of their addresses.
    ///
    /// # Errors
    /// [`LogError`] where the log is damaged.
    pub(crate) fn standing_at(
        &self,
        partition: PartitionId,
        plays_bytes: u64,
        wanted: &[Status],
    ) -> Result<BTreeMap<PlayAddress, Vec<u8>>, LogError> {
        let mut standing = BTreeMap::new();
        self.for_each(partition, 0, plays_bytes, &mut |address, play| {
            if let Some(previous) = play.previous {
                standing.remove(&previous);
            }
            if wanted.contains(&play.to) {
                let mut bytes = Vec::new();
                play.encode(&mut bytes);
                standing.insert(address, bytes);
            }
        })?;
        Ok(standing)
    }
}

/// What nodes read that follow some partitions only: nothing.
struct NotHere;

/// A plays log of which nothing can be read.
pub(crate) fn not_here() -> Arc<dyn PlaysLogReader> {
    Arc::new(NotHere)
}

impl NotHere {
    fn refused() -> LogError {
        LogError::Io {
            file: "plays".to_owned(),
            detail: "this node follows some partitions only; ask one with the role api".to_owned(),
        }
    }
}

impl PlaysLogReader for NotHere {
    fn read(&self, _address: PlayAddress, _out: &mut Vec<u8>) -> Result<(), LogError> {
        Err(Self::refused())
    }

    fn scan(
        &self,
        _from: u64,
        _until: u64,
        _each: &mut dyn FnMut(PlayAddress, &[u8]),
    ) -> Result<(), LogError> {
        Err(Self::refused())
    }
}
