//! Merging runs into one: of equal keys the one of the newest run stays.

use super::RunEntry;
use crate::index::Bucket;

/// A run that is read from its beginning to its end.
pub trait Source<E> {
    /// Why it can't be read.
    type Error;

    /// The next entry, in the order of buckets and keys.
    ///
    /// # Errors
    /// Why it can't be read.
    fn next(&mut self) -> Result<Option<(Bucket, E)>, Self::Error>;
}

/// The entries of several runs in one order.
#[derive(Debug)]
pub struct Merge<E, S> {
    // The newest first, each with its next entry.
    sources: Vec<(S, Option<(Bucket, E)>)>,
}

impl<E: RunEntry, S: Source<E>> Merge<E, S> {
    /// Of some runs, the newest first.
    ///
    /// # Errors
    /// What a run says.
    pub fn new(newest_first: Vec<S>) -> Result<Self, S::Error> {
        let mut sources = Vec::with_capacity(newest_first.len());
        for mut source in newest_first {
            let next = source.next()?;
            sources.push((source, next));
        }
        Ok(Self { sources })
    }
}

impl<E: RunEntry, S: Source<E>> Source<E> for Merge<E, S> {
    type Error = S::Error;

    fn next(&mut self) -> Result<Option<(Bucket, E)>, S::Error> {
        // The first of equal ones is the newest. There are a handful of runs.
        let least = self
            .sources
            .iter()
            .filter_map(|(_, next)| next.as_ref())
            .min_by_key(|(bucket, entry)| (*bucket, entry.key()))
            .copied();
        let Some((bucket, entry)) = least else { return Ok(None) };
        for (source, next) in &mut self.sources {
            if next.as_ref().is_some_and(|(of, other)| *of == bucket && other.key() == entry.key())
            {
                *next = source.next()?;
            }
        }
        Ok(Some((bucket, entry)))
    }
}
