//! What a folder and a bucket have in common.

use futures_util::StreamExt;
use ledgerline_app::ports::blobs::{BLOB_BYTES_MAX, BLOB_PAGE_MAX};
use ledgerline_app::ports::{BlobError, BlobName, BlobPage, ListedBlob, Put};
use object_store::path::Path;
use object_store::{
    Error, ObjectMeta, ObjectStore, ObjectStoreExt, PutMode, PutOptions, PutPayload,
};
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use crate::fault::{is_missing, told};

/// So often a blob is put that another process deletes each time.
const PUTS_MAX: usize = 3;
/// What shows, when a store is opened, that it doesn't overwrite.
const ABOUT: &str = "about";

/// A store of objects as blobs.
pub(crate) struct Objects {
    pub store: Arc<dyn ObjectStore>,
    /// What stands before each name, up to a `/`.
    pub prefix: Option<BlobName>,
    /// Whether it lists in order: then a page needn't read all that is behind it.
    pub sorted: bool,
    /// The longest that a call takes, with all that it tries again.
    pub call_max: Duration,
}

impl Objects {
    /// Refuses a store that isn't there, and one that overwrites where it is told not to.
    pub(crate) async fn check(&self) -> Result<(), BlobError> {
        let about = BlobName::new(ABOUT).expect("a sound name");
        let text: &[u8] =
            b"Ledgerline keeps its blobs here. Whatever has a name is never changed.\n";
        let what = "opening the store of blobs";
        self.list(None, None, 1).await?;
        match self.within(what, self.create(&about, text.to_vec().into())).await? {
            Ok(()) | Err(Error::AlreadyExists { .. }) => {}
            Err(error) => return Err(told(what.to_owned(), &error)),
        }
        match self.within(what, self.create(&about, text.to_vec().into())).await? {
            Err(Error::AlreadyExists { .. }) => Ok(()),
            Err(error) => Err(told(what.to_owned(), &error)),
            Ok(()) => Err(BlobError::Refused {
                what: what.to_owned(),
                detail: "it overwrites what is there, although it is asked not to \
                         (\"If-None-Match: *\"): two processes could destroy each other's blobs. \
                         Take a store that knows conditional writes"
                    .to_owned(),
            }),
        }
    }

    pub(crate) async fn put(&self, name: &BlobName, bytes: Vec<u8>) -> Result<Put, BlobError> {
        let what = format!("putting {name}");
        if bytes.len() > BLOB_BYTES_MAX {
            return Err(BlobError::TooLarge { name: name.clone(), bytes: bytes.len() as u64 });
        }
        let payload = PutPayload::from(bytes);
        for _ in 0..PUTS_MAX {
            match self.within(&what, self.create(name, payload.clone())).await? {
                Ok(()) => return Ok(Put::Created),
                Err(Error::AlreadyExists { .. }) => {}
                Err(error) => return Err(told(what, &error)),
            }
            match self.is_like(&what, name, &payload).await? {
                Some(true) => return Ok(Put::Same),
                Some(false) => return Ok(Put::Other),
                // Somebody deleted it in between.
                None => {}
            }
        }
        let detail = "it is there when it is put, and gone when it is read".to_owned();
        Err(BlobError::Away { what, detail })
    }

    pub(crate) async fn get(&self, name: &BlobName) -> Result<Option<Vec<u8>>, BlobError> {
        let what = format!("getting {name}");
        let place = self.place(name);
        let got = async {
            let got = self.store.get(&place).await?;
            let bytes = got.meta.size;
            if bytes > BLOB_BYTES_MAX as u64 {
                return Ok(Err(bytes));
            }
            Ok(Ok(got.bytes().await?))
        };
        match self.within(&what, got).await? {
            Ok(Ok(bytes)) => Ok(Some(bytes.into())),
            Ok(Err(bytes)) => Err(BlobError::TooLarge { name: name.clone(), bytes }),
            Err(error) if is_missing(&error) => Ok(None),
            Err(error) => Err(told(what, &error)),
        }
    }

    pub(crate) async fn get_range(
        &self,
        name: &BlobName,
        offset: u64,
        length: usize,
    ) -> Result<Option<Vec<u8>>, BlobError> {
        let what = format!("getting a part of {name}");
        if length > BLOB_BYTES_MAX {
            return Err(BlobError::TooLarge { name: name.clone(), bytes: length as u64 });
        }
        let place = self.place(name);
        let end = offset.saturating_add(length as u64);
        let failed = if offset < end {
            match self.within(&what, self.store.get_range(&place, offset..end)).await? {
                Ok(bytes) => return Ok(Some(bytes.into())),
                Err(error) => Some(error),
            }
        } else {
            None
        };
        // Stores refuse what begins at the end or behind it.
        match self.within(&what, self.store.head(&place)).await? {
            Ok(meta) if offset >= meta.size || failed.is_none() => Ok(Some(Vec::new())),
            Ok(_) => Err(told(what, &failed.expect("otherwise it is empty"))),
            Err(error) if is_missing(&error) => Ok(None),
            Err(error) => Err(told(what, &error)),
        }
    }

    pub(crate) async fn list(
        &self,
        folder: Option<&BlobName>,
        after: Option<&BlobName>,
        limit: usize,
    ) -> Result<BlobPage, BlobError> {
        let limit = limit.min(BLOB_PAGE_MAX);
        let within = folder.map(|folder| self.place(folder));
        let within =
            within.or_else(|| self.prefix.as_ref().map(|prefix| Path::from(prefix.as_str())));
        let behind = after.map(|after| self.place(after));
        let what = match folder {
            Some(folder) => format!("listing {folder}"),
            None => "listing blobs".to_owned(),
        };
        let mut listed = match &behind {
            Some(behind) => self.store.list_with_offset(within.as_ref(), behind),
            None => self.store.list(within.as_ref()),
        };
        let first = async {
            // The first ones, one more than are wanted.
            let mut first = BTreeMap::new();
            while let Some(meta) = listed.next().await {
                let ObjectMeta { location, size, .. } = meta?;
                let Some(name) = self.name(&location) else { continue };
                if name.as_str() == ABOUT || after.is_some_and(|after| name <= *after) {
                    continue;
                }
                first.insert(name, size);
                if first.len() > limit + 1 {
                    first.pop_last();
                }
                if self.sorted && first.len() > limit {
                    break;
                }
            }
            Ok(first)
        };
        let mut first = match self.within(&what, first).await? {
            Ok(first) => first,
            Err(error) => return Err(told(what, &error)),
        };
        let more = first.len() > limit;
        while first.len() > limit {
            first.pop_last();
        }
        let blobs = first.into_iter().map(|(name, bytes)| ListedBlob { name, bytes }).collect();
        Ok(BlobPage { blobs, more })
    }

    pub(crate) async fn delete(&self, name: &BlobName) -> Result<(), BlobError> {
        let what = format!("deleting {name}");
        let place = self.place(name);
        match self.within(&what, self.store.delete(&place)).await? {
            Ok(()) => Ok(()),
            Err(error) if is_missing(&error) => Ok(()),
            Err(error) => Err(told(what, &error)),
        }
    }

    async fn create(&self, name: &BlobName, payload: PutPayload) -> Result<(), Error> {
        let options = PutOptions { mode: PutMode::Create, ..PutOptions::default() };
        self.store.put_opts(&self.place(name), payload, options).await.map(|_| ())
    }

    /// Whether the blob that is there has these bytes; `None` where none is.
    async fn is_like(
        &self,
        what: &str,
        name: &BlobName,
        payload: &PutPayload,
    ) -> Result<Option<bool>, BlobError> {
        let there = match self.get(name).await {
            Err(BlobError::TooLarge { .. }) => return Ok(Some(false)),
            Err(BlobError::Away { detail, .. }) => {
                return Err(BlobError::Away { what: what.to_owned(), detail });
            }
            there => there?,
        };
        Ok(there.map(|there| {
            let mut rest = &there[..];
            there.len() == payload.content_length()
                && payload.iter().all(|part| match rest.strip_prefix(&part[..]) {
                    Some(left) => {
                        rest = left;
                        true
                    }
                    None => false,
                })
        }))
    }

    fn place(&self, name: &BlobName) -> Path {
        match &self.prefix {
            Some(prefix) => Path::from(format!("{prefix}/{name}")),
            None => Path::from(name.as_str()),
        }
    }

    /// The blob that stands there; `None` where that is something else of somebody else's.
    fn name(&self, location: &Path) -> Option<BlobName> {
        let name = match &self.prefix {
            Some(prefix) => location.as_ref().strip_prefix(prefix.as_str())?.strip_prefix('/')?,
            None => location.as_ref(),
        };
        BlobName::new(name).ok()
    }

    async fn within<T>(
        &self,
        what: &str,
        call: impl Future<Output = Result<T, Error>>,
    ) -> Result<Result<T, Error>, BlobError> {
        tokio::time::timeout(self.call_max, call).await.map_err(|_| BlobError::Away {
            what: what.to_owned(),
            detail: format!("nothing came within {} s", self.call_max.as_secs()),
        })
    }
}
