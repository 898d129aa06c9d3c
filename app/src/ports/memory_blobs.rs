//! Blobs in memory, of a store that can be away and can keep to itself what it has done.

use async_trait::async_trait;
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard};

use super::blobs::{
    BLOB_BYTES_MAX, BLOB_PAGE_MAX, BlobError, BlobName, BlobPage, BlobStore, ListedBlob, Put,
};

/// Blobs in memory. Clones are the same store.
#[derive(Debug, Clone, Default)]
pub struct MemoryBlobs {
    state: Arc<Mutex<State>>,
}

#[derive(Debug, Default)]
struct State {
    blobs: BTreeMap<BlobName, Vec<u8>>,
    calls: u64,
    puts: u64,
    away: bool,
    /// So many calls are answered before the store is away.
    calls_left: Option<u64>,
    /// So many calls are done and not answered.
    in_secret: u64,
}

impl MemoryBlobs {
    /// A store without blobs.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Whether the store is away from now on.
    pub fn set_away(&self, away: bool) {
        let mut state = self.state();
        (state.away, state.calls_left) = (away, None);
    }

    /// The store is away once it has answered so many calls more.
    pub fn away_after(&self, calls: u64) {
        self.state().calls_left = Some(calls);
    }

    /// The next `calls` calls are done, and say that the store doesn't answer.
    pub fn act_in_secret(&self, calls: u64) {
        self.state().in_secret = calls;
    }

    /// How many calls there were.
    #[must_use]
    pub fn calls(&self) -> u64 {
        self.state().calls
    }

    /// How many calls put something.
    #[must_use]
    pub fn puts(&self) -> u64 {
        self.state().puts
    }

    /// The names of all blobs, in order.
    #[must_use]
    pub fn names(&self) -> Vec<String> {
        self.state().blobs.keys().map(|name| name.as_str().to_owned()).collect()
    }

    /// Has a blob have other bytes, as no store may.
    pub fn tamper(&self, name: &BlobName, change: impl FnOnce(&mut Vec<u8>)) {
        if let Some(bytes) = self.state().blobs.get_mut(name) {
            change(bytes);
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().expect("no holder panics")
    }

    fn call<T>(
        &self,
        what: String,
        act: impl FnOnce(&mut State) -> Result<T, BlobError>,
    ) -> Result<T, BlobError> {
        let mut state = self.state();
        state.calls += 1;
        let away = |detail: &str| BlobError::Away { what, detail: detail.to_owned() };
        match &mut state.calls_left {
            Some(0) => state.away = true,
            Some(left) => *left -= 1,
            None => {}
        }
        if state.away {
            return Err(away("it is away"));
        }
        let answer = act(&mut state);
        if state.in_secret > 0 {
            state.in_secret -= 1;
            return Err(away("its answer was lost"));
        }
        answer
    }
}

#[async_trait]
impl BlobStore for MemoryBlobs {
    async fn put(&self, name: &BlobName, bytes: Vec<u8>) -> Result<Put, BlobError> {
        let what = format!("putting {name}");
        if bytes.len() > BLOB_BYTES_MAX {
            return Err(BlobError::TooLarge { name: name.clone(), bytes: bytes.len() as u64 });
        }
        self.call(what.clone(), |state| {
            if let Some(there) = state.blobs.get(name) {
                return Ok(if *there == bytes { Put::Same } else { Put::Other });
            }
            if let Some(other) = state.blobs.keys().find(|it| it.is_in(name) || name.is_in(it)) {
                let detail = format!("{other} is a folder or a blob, and can't be both");
                return Err(BlobError::Refused { what, detail });
            }
            state.puts += 1;
            state.blobs.insert(name.clone(), bytes);
            Ok(Put::Created)
        })
    }

    async fn get(&self, name: &BlobName) -> Result<Option<Vec<u8>>, BlobError> {
        self.call(format!("getting {name}"), |state| Ok(state.blobs.get(name).cloned()))
    }

    async fn get_range(
        &self,
        name: &BlobName,
        offset: u64,
        length: usize,
    ) -> Result<Option<Vec<u8>>, BlobError> {
        if length > BLOB_BYTES_MAX {
            return Err(BlobError::TooLarge { name: name.clone(), bytes: length as u64 });
        }
        self.call(format!("getting a part of {name}"), |state| {
            Ok(state.blobs.get(name).map(|bytes| {
                let rest = usize::try_from(offset).ok().and_then(|offset| bytes.get(offset..));
                let rest = rest.unwrap_or_default();
                rest[..rest.len().min(length)].to_vec()
            }))
        })
    }

    async fn list(
        &self,
        folder: Option<&BlobName>,
        after: Option<&BlobName>,
        limit: usize,
    ) -> Result<BlobPage, BlobError> {
        let limit = limit.min(BLOB_PAGE_MAX);
        self.call("listing blobs".to_owned(), |state| {
            let wanted = state.blobs.iter().filter(|(name, _)| {
                folder.is_none_or(|folder| name.is_in(folder))
                    && after.is_none_or(|after| *name > after)
            });
            let listed = wanted
                .map(|(name, bytes)| ListedBlob { name: name.clone(), bytes: bytes.len() as u64 });
            let mut blobs: Vec<_> = listed.take(limit + 1).collect();
            let more = blobs.len() > limit;
            blobs.truncate(limit);
            Ok(BlobPage { blobs, more })
        })
    }

    async fn delete(&self, name: &BlobName) -> Result<(), BlobError> {
        self.call(format!("deleting {name}"), |state| {
            state.blobs.remove(name);
            Ok(())
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ports::conformance::blobs;

    #[tokio::test]
    async fn passes_the_suite() {
        blobs::every_case(async || MemoryBlobs::new()).await;
    }

    #[tokio::test]
    async fn what_was_done_in_secret_is_found_by_doing_it_again() {
        let blobs = MemoryBlobs::new();
        let name = BlobName::new("a").expect("a name");
        blobs.act_in_secret(1);
        let lost = blobs.put(&name, b"1".to_vec()).await.expect_err("the answer is lost");
        assert!(lost.may_pass());
        assert_eq!(blobs.put(&name, b"1".to_vec()).await.expect("answers"), Put::Same);
    }
}
