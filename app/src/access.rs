//! Who may do what: API keys, checked against their hashes.

use ledgerline_ids::{SourceName, UnixMs};
use ledgerline_records::report::Producer;
use sha2::{Digest, Sha256};
use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::sync::{Arc, RwLock};
use std::time::Duration;

use crate::intake::Origin;
use crate::ports::{Clock, Credential, CredentialStore, NewCredential, Random, Scope, StoreError};

/// A key that was checked.
#[derive(Debug, Clone)]
pub struct Caller {
    /// The credential's public name.
    pub id: String,
    /// What it may do, sorted.
    pub scopes: Vec<Scope>,
    /// What its reports are stamped with.
    pub origin: Arc<Origin>,
}

impl Caller {
    /// Whether it may do this.
    #[must_use]
    pub fn may(&self, scope: Scope) -> bool {
        self.scopes.contains(&scope)
    }
}

/// What a new key is to be.
#[derive(Debug, Clone, Default)]
pub struct KeyRequest {
    /// What it may do.
    pub scopes: Vec<Scope>,
    /// The source that its reports are stamped with; its own id where none is named.
    pub source: Option<String>,
    /// The prefix that its users must have, if any.
    pub user_prefix: Option<String>,
    /// The most reports a second, where it has a limit of its own.
    pub reports_per_second: Option<u32>,
}

/// A new key. The secret is shown once and stored nowhere.
#[derive(Debug, Clone)]
pub struct NewKey {
    /// The credential's public name.
    pub id: String,
    /// The source that its reports are stamped with.
    pub source: String,
    /// The key itself.
    pub secret: String,
}

/// Why no key was made.
#[derive(Debug, thiserror::Error)]
pub enum KeyError {
    /// The source's name isn't one.
    #[error("the source {0:?} is not valid: it {1}")]
    Source(String, ledgerline_ids::IdError),
    /// The source's name is kept for imports and replays.
    #[error("a source may not begin with \"import:\" or \"replay:\": those are backfills' own")]
    ReservedSource,
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Sources whose name begins with one of these are backfills: they are never a key's.
pub const BACKFILL_PREFIXES: [&str; 2] = ["import:", "replay:"];

/// How long a key that was found is believed without asking again. A key that is revoked by
/// another process works this long after.
const BELIEVED: Duration = Duration::from_secs(5);
/// How many keys are remembered; beyond it all are asked for again.
const REMEMBERED_MAX: usize = 10_000;

type Remembered = BTreeMap<[u8; 32], (Duration, Option<Arc<Caller>>)>;

/// Checks keys.
pub struct Access {
    store: Arc<dyn CredentialStore>,
    clock: Arc<dyn Clock>,
    remembered: RwLock<Remembered>,
}

impl Access {
    /// Over the store of credentials.
    #[must_use]
    pub fn new(store: Arc<dyn CredentialStore>, clock: Arc<dyn Clock>) -> Self {
        Self { store, clock, remembered: RwLock::default() }
    }

    /// Who a key is; `None` for one that is unknown or revoked.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn authenticate(&self, secret: &str) -> Result<Option<Arc<Caller>>, StoreError> {
        let hash = hash_of(secret);
        let now = self.clock.elapsed();
        if let Some((at, caller)) = self.remembered.read().expect("no holder panics").get(&hash)
            && now.saturating_sub(*at) < BELIEVED
        {
            return Ok(caller.clone());
        }
        let found = self.store.find(&hash).await?;
        let caller =
            found.filter(|found| found.revoked_at.is_none()).map(|found| caller_of(&found));
        let mut remembered = self.remembered.write().expect("no holder panics");
        if remembered.len() >= REMEMBERED_MAX {
            remembered.clear();
        }
        remembered.insert(hash, (now, caller.clone()));
        Ok(caller)
    }

    /// Makes a key.
    ///
    /// # Errors
    /// [`KeyError`].
    pub async fn create(
        &self,
        request: KeyRequest,
        random: &dyn Random,
        now: UnixMs,
    ) -> Result<NewKey, KeyError> {
        let mut bytes = [0; 40];
        random.fill(&mut bytes);
        let (id, secret) = bytes.split_at(8);
        let id = format!("key_{}", hex(id));
        let secret = format!("ll_{}", hex(secret));
        let source = request.source.unwrap_or_else(|| id.clone());
        SourceName::new(&source).map_err(|error| KeyError::Source(source.clone(), error))?;
        if BACKFILL_PREFIXES.iter().any(|prefix| source.starts_with(prefix)) {
            return Err(KeyError::ReservedSource);
        }
        let mut scopes = request.scopes;
        scopes.sort_unstable();
        scopes.dedup();
        self.store
            .add(NewCredential {
                id: id.clone(),
                secret_hash: hash_of(&secret),
                scopes,
                source: source.clone(),
                user_prefix: request.user_prefix,
                reports_per_second: request.reports_per_second,
                created_at: now,
            })
            .await?;
        Ok(NewKey { id, source, secret })
    }

    /// Revokes a key, here at once; says whether there was one to revoke.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn revoke(&self, id: &str, now: UnixMs) -> Result<bool, StoreError> {
        let revoked = self.store.revoke(id, now).await?;
        self.remembered.write().expect("no holder panics").clear();
        Ok(revoked)
    }

    /// Where credentials are kept.
    #[must_use]
    pub fn store(&self) -> &Arc<dyn CredentialStore> {
        &self.store
    }
}

fn caller_of(credential: &Credential) -> Arc<Caller> {
    let key = &credential.key;
    Arc::new(Caller {
        id: key.id.clone(),
        scopes: key.scopes.clone(),
        origin: Arc::new(Origin {
            source: key.source.as_str().into(),
            producer: Producer::Trusted,
            user_prefix: key.user_prefix.as_deref().map(Into::into),
            key_id: key.id.as_str().into(),
            reports_per_second: key.reports_per_second,
            limited: true,
        }),
    })
}

fn hash_of(secret: &str) -> [u8; 32] {
    Sha256::digest(secret.as_bytes()).into()
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut out, byte| {
        write!(out, "{byte:02x}").expect("a String takes everything");
        out
    })
}
