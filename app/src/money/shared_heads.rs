//! The newest signed head of the ledger where several nodes post: kept in a store of blobs besides the node's own
//! file, so that any node that has the key goes on where another posted last, and the database still can't be
//! cut off unseen.
//!
//! `ledger-heads/00000000000000000042` is the head at entry 42. Nothing is ever replaced: where there is
//! another head of the same entry, there are two ledgers, and nothing is posted.

use ledgerline_ledger::SignedHead;
use std::sync::{Arc, Mutex};
use tokio::runtime::Handle;

use crate::ports::blobs::BLOB_PAGE_MAX;
use crate::ports::{BlobError, BlobName, BlobStore, HeadKeeper, Put, StoreError};

const FOLDER: &str = "ledger-heads";

/// Heads in a store of blobs and in the node's own keeper. Its calls block, and so must be made where that is
/// allowed.
pub struct SharedHeads {
    blobs: Arc<dyn BlobStore>,
    own: Arc<dyn HeadKeeper>,
    runtime: Handle,
    /// The newest that was seen there.
    newest: Mutex<Option<BlobName>>,
}

impl SharedHeads {
    /// Must be made within the runtime that the store of blobs is to use.
    #[must_use]
    pub fn new(blobs: Arc<dyn BlobStore>, own: Arc<dyn HeadKeeper>) -> Self {
        Self { blobs, own, runtime: Handle::current(), newest: Mutex::default() }
    }

    async fn newest(
        &self,
        known: Option<BlobName>,
    ) -> Result<Option<(BlobName, String)>, BlobError> {
        let folder = BlobName::new(FOLDER).expect("our own word is a name");
        let mut newest = known;
        loop {
            let page = self.blobs.list(Some(&folder), newest.as_ref(), BLOB_PAGE_MAX).await?;
            let Some(last) = page.blobs.last() else { break };
            newest = Some(last.name.clone());
            if !page.more {
                break;
            }
        }
        let Some(name) = newest else { return Ok(None) };
        let bytes = self.blobs.get(&name).await?;
        let text = bytes.map(|bytes| String::from_utf8_lossy(&bytes).into_owned());
        // One that is gone again is none that can be believed in.
        Ok(Some((name, text.unwrap_or_default())))
    }
}

fn seq_of(text: &str) -> Option<u64> {
    SignedHead::find_in(text).ok().map(|signed| signed.head.seq)
}

impl HeadKeeper for SharedHeads {
    /// The newer of what the store has and what this node has: what was kept before nodes shared it, or
    /// while others were away, is known still.
    fn kept(&self) -> Result<Option<String>, StoreError> {
        let failed = |error: BlobError| StoreError {
            what: "reading the ledger's head that nodes share",
            detail: error.to_string(),
        };
        let known = self.newest.lock().expect("no holder panics").clone();
        let shared = self.runtime.block_on(self.newest(known)).map_err(failed)?;
        let own = self.own.kept()?;
        let Some((name, text)) = shared else { return Ok(own) };
        *self.newest.lock().expect("no holder panics") = Some(name);
        Ok(match own {
            Some(own) if seq_of(&own) > seq_of(&text) => Some(own),
            // What can't be read is found by whoever asks.
            Some(own) if seq_of(&own).is_none() => Some(own),
            _ => Some(text),
        })
    }

    /// In the store first: it is what others look at.
    fn keep(&self, head: &SignedHead) -> Result<(), StoreError> {
        let name = format!("{FOLDER}/{:020}", head.head.seq);
        let name = BlobName::new(name).expect("digits are a name");
        let failed = |detail: String| StoreError {
            what: "keeping the ledger's head where nodes share it",
            detail,
        };
        let bytes = format!("{head}\n").into_bytes();
        let put = self.runtime.block_on(self.blobs.put(&name, bytes));
        if put.map_err(|error| failed(error.to_string()))? == Put::Other {
            return Err(failed(format!(
                "{name} is another head of the same entry: this isn't the ledger that it was"
            )));
        }
        self.own.keep(head)
    }
}
