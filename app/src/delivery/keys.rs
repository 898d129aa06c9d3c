//! The keys that sign: read from the store, which all nodes share, and rotated.
//!
//! A new key signs a while after it was made. Until then every node has read it, and so has every node
//! at the edge that was told: nothing is ever signed with a key that somebody doesn't know yet. An old
//! key is valid for as long as what it signed may be shown: a play may be reported for 35 days.

use arc_swap::ArcSwap;
use ledgerline_delivery::grant::GRANT_LASTS_MS;
use ledgerline_delivery::keys::KEYS_MAX;
use ledgerline_delivery::{KeyId, KeyRing, SigningKey};
use ledgerline_ids::{HashKey, UnixMs};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::Mutex;

use crate::ports::delivery::StoredKey;
use crate::ports::{Clock, DeliveryStore, Random, StoreError};

/// How long after it was made a key begins to sign, where there was one before.
pub const SIGNS_AFTER_MS: u64 = 5 * 60_000;
/// How old what is known of the keys may become before the store is asked again.
pub const FRESH: Duration = Duration::from_secs(60);
/// How long an old key stays after another began to sign, in milliseconds: a day longer than grants last.
pub const KEPT_MS: u64 = GRANT_LASTS_MS + 86_400_000;

/// A key as an operator sees it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeyState {
    /// Its id.
    pub id: KeyId,
    /// When it was made.
    pub made_at: UnixMs,
    /// From when on it signs, or signed.
    pub signs_from: UnixMs,
    /// Whether it is the one that signs now.
    pub signs: bool,
}

/// Why no key was made.
#[derive(Debug, thiserror::Error)]
pub enum RotateError {
    /// There are too many that may still be shown.
    #[error(
        "there are {KEYS_MAX} signing keys that may still be needed; wait until the oldest one is over"
    )]
    TooMany,
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

#[derive(Debug)]
struct Known {
    /// In the order of the store: the one that signs latest first.
    stored: Vec<(StoredKey, SigningKey)>,
    read_at: Duration,
    /// Those in the order in which they serve; `None` while there are none.
    ring: Option<Arc<KeyRing>>,
    /// Until when they serve in that order.
    ring_until: Option<UnixMs>,
}

impl Known {
    fn new(stored: Vec<(StoredKey, SigningKey)>, read_at: Duration, now: UnixMs) -> Self {
        let ring = (!stored.is_empty()).then(|| ring(&stored, now));
        let begins = stored.iter().map(|(key, _)| key.signs_from);
        let ring_until = begins.filter(|begins| *begins > now).min();
        Self { stored, read_at, ring, ring_until }
    }
}

/// The keys, the one that signs first.
fn ring(stored: &[(StoredKey, SigningKey)], now: UnixMs) -> Arc<KeyRing> {
    let (signing, waiting): (Vec<_>, Vec<_>) =
        stored.iter().partition(|(key, _)| key.signs_from <= now);
    let keys = signing.into_iter().chain(waiting).map(|(_, key)| key.clone()).collect();
    Arc::new(KeyRing::new(keys).expect("there is a key from the start on, and never too many"))
}

/// The keys that sign.
pub struct Keys {
    store: Arc<dyn DeliveryStore>,
    seal: HashKey,
    clock: Arc<dyn Clock>,
    known: ArcSwap<Known>,
    turn: Mutex<()>,
}

impl Keys {
    pub(super) async fn load(
        store: Arc<dyn DeliveryStore>,
        seal: HashKey,
        clock: Arc<dyn Clock>,
        random: &dyn Random,
    ) -> Result<Self, StoreError> {
        let known = Known::new(Vec::new(), clock.elapsed(), clock.now());
        let keys = Self {
            store,
            seal,
            clock,
            known: ArcSwap::from_pointee(known),
            turn: Mutex::default(),
        };
        keys.refresh().await?;
        if keys.known.load().stored.is_empty() {
            // Nodes that begin together may make one each: all of them are valid.
            let now = keys.clock.now();
            keys.store.add_signing_key(&keys.fresh(random, now, now), most()).await?;
            keys.refresh().await?;
        }
        Ok(keys)
    }

    /// The keys that are valid now, the one that signs first.
    #[must_use]
    pub fn ring(&self) -> Arc<KeyRing> {
        let known = self.known.load();
        let now = self.clock.now();
        match (&known.ring, known.ring_until) {
            (Some(ring), None) => ring.clone(),
            (Some(ring), Some(until)) if now < until => ring.clone(),
            _ => ring(&known.stored, now),
        }
    }

    /// Reads the store where what is known is older than [`FRESH`].
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn refresh_if_stale(&self) -> Result<(), StoreError> {
        let age = self.clock.elapsed().saturating_sub(self.known.load().read_at);
        if age < FRESH { Ok(()) } else { self.refresh().await }
    }

    /// Makes a key that takes the place of the one that signs, and removes those that nobody can need.
    ///
    /// # Errors
    /// [`RotateError`]; the keys are as they were then.
    pub async fn rotate(&self, random: &dyn Random) -> Result<KeyState, RotateError> {
        let _turn = self.turn.lock().await;
        self.refresh().await?;
        let now = self.clock.now();
        for id in over(&self.known.load().stored, now) {
            self.store.remove_signing_key(id).await?;
        }
        let key = self.fresh(random, now, now.plus(SIGNS_AFTER_MS));
        if !self.store.add_signing_key(&key, most()).await? {
            return Err(RotateError::TooMany);
        }
        self.refresh().await?;
        let StoredKey { id, made_at, signs_from, .. } = key;
        Ok(KeyState { id: KeyId(id), made_at, signs_from, signs: false })
    }

    /// All keys, the newest first.
    #[must_use]
    pub fn states(&self) -> Vec<KeyState> {
        let signs = self.ring().newest().id();
        let known = self.known.load();
        let state = |(stored, key): &(StoredKey, SigningKey)| KeyState {
            id: key.id(),
            made_at: stored.made_at,
            signs_from: stored.signs_from,
            signs: key.id() == signs,
        };
        known.stored.iter().map(state).collect()
    }

    async fn refresh(&self) -> Result<(), StoreError> {
        let read_at = self.clock.elapsed();
        let mut stored = Vec::new();
        for key in self.store.signing_keys().await? {
            match SigningKey::open(KeyId(key.id), &key.sealed, &self.seal) {
                Ok(opened) => stored.push((key, opened)),
                Err(error) => {
                    let detail = error.to_string();
                    return Err(StoreError { what: "reading signing keys", detail });
                }
            }
        }
        self.known.store(Arc::new(Known::new(stored, read_at, self.clock.now())));
        Ok(())
    }

    fn fresh(&self, random: &dyn Random, made_at: UnixMs, signs_from: UnixMs) -> StoredKey {
        let mut bytes = [0; 36];
        random.fill(&mut bytes);
        let (id, secret) = bytes.split_first_chunk::<4>().expect("36 bytes");
        let id = u32::from_le_bytes(*id);
        let secret = secret.try_into().expect("32 bytes are left");
        let sealed = SigningKey::new(KeyId(id), secret).sealed(&self.seal);
        StoredKey { id, sealed, made_at, signs_from }
    }
}

fn most() -> u32 {
    u32::try_from(KEYS_MAX).expect("a few")
}

/// Those that signed nothing which may still be shown: another signed for long enough.
fn over(newest_first: &[(StoredKey, SigningKey)], now: UnixMs) -> Vec<u32> {
    let pairs = newest_first.iter().zip(newest_first.iter().skip(1));
    let over = pairs.filter(|((newer, _), _)| newer.signs_from.plus(KEPT_MS) <= now);
    over.map(|(_, (older, _))| older.id).collect()
}
