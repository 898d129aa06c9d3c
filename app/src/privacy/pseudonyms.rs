//! Pseudonyms: what stands in the records of a pseudonymised source in the place of what was sent.
//!
//! | sent | in the log |
//! |---|---|
//! | user | `l_` and 32 hex digits: a random number that was drawn when the user was first reported |
//! | session, device | `s_`, `d_` and 32 hex digits: a hash, keyed with a secret that the user was given then, and that goes when the user is erased |
//! | a device on the list of bots | itself: it is nobody's, and the rule must find it |
//! | session, device of a report without a user | the same, keyed with the deployment's key |
//!
//! Everything else stands as it was sent.

use ledgerline_ids::{HashKey, PlayId, TrackId, UnixMs};
use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::sync::{Arc, RwLock, RwLockReadGuard};
use tokio::sync::{Mutex, MutexGuard};

use crate::Deployment;
use crate::catalogue::CatalogueError;
use crate::deployment::ReadError;
use crate::intake::PlaybackReport;
use crate::ports::accounts::ACCOUNTS;
use crate::ports::listeners::{ErasedPlay, Erasure, Listener, ListenerStore, Tie};
use crate::ports::{CatalogueStore, Random, StoreError};

// Hash domains of the deployment's key, and of a listener's secret. Fixed for good.
const TIE: u8 = 20;
const ERASED_PLAY: u8 = 21;
const SESSION: u8 = 22;
const DEVICE: u8 = 23;

/// How many bytes a pseudonym has as a text.
pub(crate) const PSEUDONYM_BYTES: usize = 34;

/// Which user of which source, as a keyed hash.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct TieHash(pub u128);

impl TieHash {
    pub(crate) fn of(key: &HashKey, source: &str, user: &str) -> Self {
        Self(key.hasher(TIE).text(source).text(user).finish128())
    }
}

/// Whether an erasure was of this user of this source.
#[must_use]
pub fn erasure_concerns(erasure: &Erasure, key: &HashKey, tie: &Tie) -> bool {
    TieHash::of(key, &tie.source, &tie.user_id).0 == erasure.tie_hash
}

/// The hash by which a play of an erased listener is known again; `None` where its reports have
/// neither a key nor a start.
pub(crate) fn erased_play_hash(
    key: &HashKey,
    tie: TieHash,
    play_id: Option<PlayId<'_>>,
    started_at: Option<UnixMs>,
    track: TrackId<'_>,
) -> Option<u128> {
    let mut hasher = key.hasher(ERASED_PLAY);
    hasher.text(&format!("{:032x}", tie.0));
    match (play_id, started_at) {
        (Some(play_id), _) => hasher.number(0).text(play_id.as_str()),
        // Session and device are left out: their hashes went with the secret.
        (None, Some(at)) => hasher.number(1).text(track.as_str()).number(at.get()),
        (None, None) => return None,
    };
    Some(hasher.finish128())
}

/// A pseudonym as a text.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Pseudonym([u8; PSEUDONYM_BYTES]);

impl Pseudonym {
    pub(crate) fn listener(id: u128) -> Self {
        Self::new(b'l', id)
    }

    pub(crate) fn session(key: &HashKey, session: &str) -> Self {
        Self::new(b's', key.hasher(SESSION).text(session).finish128())
    }

    pub(crate) fn device(key: &HashKey, device: &str) -> Self {
        Self::new(b'd', key.hasher(DEVICE).text(device).finish128())
    }

    fn new(kind: u8, number: u128) -> Self {
        const DIGITS: &[u8; 16] = b"0123456789abcdef";
        let mut text = [0; PSEUDONYM_BYTES];
        (text[0], text[1]) = (kind, b'_');
        for (place, byte) in number.to_be_bytes().into_iter().enumerate() {
            text[2 + 2 * place] = DIGITS[usize::from(byte >> 4)];
            text[3 + 2 * place] = DIGITS[usize::from(byte & 15)];
        }
        Self(text)
    }

    pub(crate) fn as_str(&self) -> &str {
        std::str::from_utf8(&self.0).expect("hex digits are ASCII")
    }
}

/// What the logs have in the place of a user who is tied to this listener.
pub(crate) fn listener_name(id: u128) -> String {
    Pseudonym::listener(id).as_str().to_owned()
}

/// Why a source can't be pseudonymised.
#[derive(Debug, thiserror::Error)]
pub enum SourceError {
    /// It has plays already, under the names that were sent.
    #[error(
        "the source {0} has plays already, under the users' own names: they can't be told apart \
         from later ones. Name a new source"
    )]
    InUse(String),
    /// Counting doesn't say.
    #[error(transparent)]
    Read(#[from] ReadError),
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Listeners of one body that were looked up or made, until an erasure happens.
#[derive(Debug, Default)]
pub struct Introduced {
    erasures: u64,
    listeners: Arc<HashMap<TieHash, Listener>>,
}

/// What is known in memory: as many listeners as are allowed, and every play of erased ones.
#[derive(Default)]
struct Known {
    recent: HashMap<TieHash, Listener>,
    // What was recent before: forgotten when `recent` is full again.
    older: HashMap<TieHash, Listener>,
    /// How often somebody was erased since the start.
    erasures: u64,
    erased: HashSet<TieHash>,
    erased_plays: HashMap<u128, Option<UnixMs>>,
    bots: HashSet<Box<str>>,
}

/// The pseudonyms of a running deployment.
pub(crate) struct Pseudonyms {
    key: HashKey,
    store: Arc<dyn ListenerStore>,
    random: Arc<dyn Random>,
    sources: RwLock<BTreeSet<Box<str>>>,
    known: RwLock<Known>,
    /// Held by whoever makes or erases listeners.
    turn: Mutex<()>,
    remembered_max: usize,
}

impl Pseudonyms {
    /// Reads what must be known from the start on. At most `remembered_max` listeners are kept in
    /// memory; others are looked up when they are reported.
    pub(crate) async fn load(
        key: HashKey,
        store: Arc<dyn ListenerStore>,
        random: Arc<dyn Random>,
        catalogue: &dyn CatalogueStore,
        remembered_max: usize,
    ) -> Result<Self, StoreError> {
        let mut sources: BTreeSet<Box<str>> =
            store.pseudonymised().await?.into_iter().map(Into::into).collect();
        sources.insert(ACCOUNTS.into());
        let bots = catalogue.listed_devices().await?.into_iter().map(Into::into).collect();
        let erasures = store.erasures().await?;
        let plays = store.erased_plays().await?;
        let known = Known {
            erased: erasures.into_iter().map(|erasure| TieHash(erasure.tie_hash)).collect(),
            erased_plays: plays.into_iter().map(|play| (play.hash, play.forget_at)).collect(),
            bots,
            ..Known::default()
        };
        Ok(Self {
            key,
            store,
            random,
            sources: RwLock::new(sources),
            known: RwLock::new(known),
            turn: Mutex::default(),
            remembered_max,
        })
    }

    pub(crate) fn store(&self) -> &Arc<dyn ListenerStore> {
        &self.store
    }

    pub(crate) fn key(&self) -> &HashKey {
        &self.key
    }

    /// Whether reports of a source are pseudonymised.
    pub(crate) fn applies_to(&self, source: &str) -> bool {
        self.sources.read().expect("no holder panics").contains(source)
    }

    /// From now on reports of a source are.
    pub(crate) async fn add_source(&self, source: &str, at: UnixMs) -> Result<bool, StoreError> {
        let added = self.store.pseudonymise(source, at).await?;
        self.sources.write().expect("no holder panics").insert(source.into());
        Ok(added)
    }

    /// The list of bot devices changed.
    pub(crate) fn bots_changed(&self, devices: &[String], listed: bool) {
        let mut known = self.known.write().expect("no holder panics");
        for device in devices {
            if listed {
                known.bots.insert(device.as_str().into());
            } else {
                known.bots.remove(device.as_str());
            }
        }
    }

    /// The pseudonyms as they stand until the view is dropped: what is staged with it stands in
    /// the log before an erasure looks there.
    pub(crate) fn view(&self, introduced: &Introduced) -> PseudonymView<'_> {
        let known = self.known.read().expect("no holder panics");
        let fresh = introduced.erasures == known.erasures;
        let introduced = fresh.then(|| introduced.listeners.clone());
        PseudonymView { key: &self.key, known, introduced }
    }

    /// Looks users of a source up and makes listeners of those who are new, durably, all in one
    /// transaction.
    pub(crate) async fn introduce(
        &self,
        source: &str,
        users: BTreeSet<Box<str>>,
        at: UnixMs,
        introduced: &mut Introduced,
    ) -> Result<(), StoreError> {
        let _turn = self.turn.lock().await;
        if source == ACCOUNTS {
            // Accounts are tied when they are made. One that isn't was erased a moment ago.
            for user in &users {
                let ties = self.store.ties_of(user).await?;
                if !ties.iter().any(|tie| tie.source == ACCOUNTS) {
                    let detail = "the account is gone".to_owned();
                    return Err(StoreError { what: "looking up a listener", detail });
                }
            }
        }
        let candidates: Vec<_> =
            users.into_iter().map(|user| (user.into_string(), self.draw())).collect();
        let listeners = self.store.introduce(source, &candidates, at).await?;
        let mut known = self.known.write().expect("no holder panics");
        if introduced.erasures != known.erasures {
            introduced.erasures = known.erasures;
            introduced.listeners = Arc::default();
        }
        let introduced = Arc::make_mut(&mut introduced.listeners);
        for ((user, _), listener) in candidates.iter().zip(listeners) {
            let tie = TieHash::of(&self.key, source, user);
            introduced.insert(tie, listener);
            known.remember(tie, listener, self.remembered_max);
        }
        Ok(())
    }

    fn draw(&self) -> Listener {
        let mut bytes = [0; 32];
        self.random.fill(&mut bytes);
        let (id, secret) = bytes.split_at(16);
        Listener {
            id: u128::from_be_bytes(id.try_into().expect("half of 32 bytes")),
            secret: secret.try_into().expect("half of 32 bytes"),
        }
    }

    /// Nobody is made or erased until the guard is dropped.
    pub(crate) async fn turn(&self) -> MutexGuard<'_, ()> {
        self.turn.lock().await
    }

    /// Forgets who a listener is; waits for everything that is being staged. Nobody knows the
    /// listener again before the turn is over.
    pub(crate) fn forget(&self, tie: TieHash) {
        let mut known = self.known.write().expect("no holder panics");
        known.recent.remove(&tie);
        known.older.remove(&tie);
        known.erasures += 1;
    }

    /// Keeps the plays of an erased listener in mind.
    pub(crate) fn erased(&self, tie: TieHash, plays: &[ErasedPlay]) {
        let mut known = self.known.write().expect("no holder panics");
        known.erased.insert(tie);
        known.erased_plays.extend(plays.iter().map(|play| (play.hash, play.forget_at)));
    }

    /// Forgets the plays of erased listeners whose time has come.
    pub(crate) async fn forget_erased_plays(&self, now: UnixMs) -> Result<(), StoreError> {
        let due = |at: &Option<UnixMs>| at.is_some_and(|at| at <= now);
        if !self.known.read().expect("no holder panics").erased_plays.values().any(due) {
            return Ok(());
        }
        self.store.forget_erased_plays(now).await?;
        let mut known = self.known.write().expect("no holder panics");
        known.erased_plays.retain(|_, at| !due(at));
        Ok(())
    }

    /// The names that a user has in the logs, by source: those that it is tied to.
    pub(crate) async fn names_of(
        &self,
        user: &str,
    ) -> Result<BTreeMap<String, String>, StoreError> {
        let ties = self.store.ties_of(user).await?;
        let name =
            |tie: Tie| (tie.source, Pseudonym::listener(tie.listener.id).as_str().to_owned());
        Ok(ties.into_iter().map(name).collect())
    }
}

impl Deployment {
    /// From now on reports of a source are pseudonymised. It must be new: what stands in the logs
    /// under a user's own name couldn't be told from what comes later under a pseudonym.
    ///
    /// # Errors
    /// [`SourceError`].
    pub async fn pseudonymise_source(&self, source: &str) -> Result<(), SourceError> {
        if self.pseudonyms.applies_to(source) {
            return Ok(());
        }
        self.settle(false).await?;
        for worker in &self.workers {
            let known = worker.knows_source(source).await;
            if known.ok_or_else(ReadError::broken_off)? {
                return Err(SourceError::InUse(source.to_owned()));
            }
        }
        self.pseudonyms.add_source(source, self.now()).await?;
        Ok(())
    }

    /// Where the ties between users and listeners are kept.
    #[must_use]
    pub fn listeners(&self) -> &Arc<dyn ListenerStore> {
        self.pseudonyms.store()
    }

    /// Puts devices on the list of bots or takes them off. Says which changed.
    ///
    /// # Errors
    /// [`CatalogueError`].
    pub async fn list_devices(
        &self,
        devices: &[String],
        listed: bool,
    ) -> Result<Vec<String>, CatalogueError> {
        let changed = self.catalogue.list_devices(devices, listed, &*self.log).await;
        // Also where counting is told later: the list in the store is changed by then.
        if !matches!(changed, Err(CatalogueError::Store(_))) {
            self.pseudonyms.bots_changed(devices, listed);
        }
        changed
    }
}

impl Known {
    fn remember(&mut self, tie: TieHash, listener: Listener, most: usize) {
        if self.recent.len() >= most {
            self.older = std::mem::take(&mut self.recent);
        }
        self.recent.insert(tie, listener);
    }
}

/// The pseudonyms as they stand.
pub(crate) struct PseudonymView<'p> {
    key: &'p HashKey,
    known: RwLockReadGuard<'p, Known>,
    introduced: Option<Arc<HashMap<TieHash, Listener>>>,
}

/// Who a report is of.
pub(crate) enum Whose {
    /// Nobody's that it names.
    Nobody,
    /// This listener's.
    Known(TieHash, Listener),
    /// A user's who isn't known here: to be introduced.
    Unknown,
}

impl PseudonymView<'_> {
    /// Who a report is of.
    pub(crate) fn whose(&self, source: &str, report: &PlaybackReport<'_>) -> Whose {
        let Some(user) = report.user else { return Whose::Nobody };
        let tie = TieHash::of(self.key, source, user.as_str());
        let known = &*self.known;
        let listener = (known.recent.get(&tie))
            .or_else(|| known.older.get(&tie))
            .or_else(|| self.introduced.as_ref().and_then(|introduced| introduced.get(&tie)));
        listener.map_or(Whose::Unknown, |listener| Whose::Known(tie, *listener))
    }

    /// Whether a report is of a play that a listener had before it was erased.
    pub(crate) fn is_erased(&self, tie: TieHash, report: &PlaybackReport<'_>) -> bool {
        if self.known.erased.is_empty() || !self.known.erased.contains(&tie) {
            return false;
        }
        erased_play_hash(self.key, tie, report.play_id, report.started_at, report.track)
            .is_some_and(|hash| self.known.erased_plays.contains_key(&hash))
    }

    /// The key of the hashes of a report's session and device.
    pub(crate) fn place_key(&self, listener: Option<Listener>) -> HashKey {
        listener.map_or(*self.key, |listener| HashKey::new(listener.secret))
    }

    /// Whether a device is on the list of bots.
    pub(crate) fn is_bot(&self, device: &str) -> bool {
        self.known.bots.contains(device)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pseudonyms_are_texts_of_one_length() {
        let key = HashKey::new([7; 16]);
        assert_eq!(Pseudonym::listener(0x1f).as_str(), "l_0000000000000000000000000000001f");
        let session = Pseudonym::session(&key, "anna's phone");
        let device = Pseudonym::device(&key, "anna's phone");
        assert_ne!(session.as_str()[2..], device.as_str()[2..], "they are told apart");
        assert!(session.as_str().starts_with("s_") && device.as_str().starts_with("d_"));
    }

    #[test]
    fn listeners_are_forgotten_by_generations() {
        let mut known = Known::default();
        let listener = |n: u128| Listener { id: n, secret: [0; 16] };
        for n in 0..25 {
            known.remember(TieHash(n), listener(n), 10);
        }
        assert!(known.recent.len() + known.older.len() <= 20);
        assert!(known.recent.contains_key(&TieHash(24)) && known.older.contains_key(&TieHash(15)));
        assert!(!known.recent.contains_key(&TieHash(0)) && !known.older.contains_key(&TieHash(0)));
    }
}
