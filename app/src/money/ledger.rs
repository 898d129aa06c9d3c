//! Posting to the ledger, reading it, and verifying it.
//!
//! One posting at a time: read what the group is judged by, let the core judge and chain it, sign
//! the new head, append both in one transaction, then keep the head in its file. A posting begins
//! only once the file has the newest head. So the file is at most one transaction behind, and what
//! it lacks then was never answered: whoever posted that was not told that it is booked.

use ledgerline_ids::{HashKey, Period, UnixMs};
use ledgerline_ledger::{
    Account, Before, Entry, EntryDraft, EntryKey, Head, HeadError, Judged, PublicKey, Refused,
    SignedHead, judge,
};
use ledgerline_money::Micros;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use tokio::sync::Mutex;

pub use super::ledger_check::{Verification, Witnesses, verify};
use crate::ports::{
    AppendLedgerError, BalanceQuery, Clock, CloseChange, EntryQuery, HeadKeeper, HeadSigner,
    LedgerGroup, LedgerStore, StoreError,
};

/// What is to be posted: all of it, or nothing.
#[derive(Debug, Clone, Default)]
pub struct Post {
    /// The entries, in the order in which they are to be booked.
    pub drafts: Vec<EntryDraft>,
    /// When they are booked; now, where it isn't said. Never before what was booked last.
    pub booked_at: Option<UnixMs>,
    /// What the same transaction changes besides.
    pub close: Option<CloseChange>,
}

/// What was posted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Posted {
    /// For each draft the number of its entry.
    pub seqs: Vec<u64>,
    /// How many of them are new; the others were there already.
    pub new: usize,
    /// The end of the chain, signed; `None` where the ledger is empty still.
    pub head: Option<SignedHead>,
}

/// Why nothing was posted, if nothing else is said.
#[derive(Debug, thiserror::Error)]
pub enum PostError {
    /// Entries are refused, and their group with them.
    #[error("{}", told(.0))]
    Refused(Vec<Refused>),
    /// What is stored isn't what was signed.
    #[error("{0}")]
    Unsound(String),
    /// The record of the close was changed by somebody else.
    #[error("somebody else works on the close of {period}; look at it again")]
    CloseMoved {
        /// Of which month.
        period: Period,
    },
    /// It is posted, but the head's file could not be written.
    #[error("it is booked, but the head's file is not up to date: {0}; the next posting mends it")]
    HeadNotKept(StoreError),
    /// A store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

fn told(refused: &[Refused]) -> String {
    let lines: Vec<String> = refused.iter().map(ToString::to_string).collect();
    lines.join("; ")
}

/// Why a head's file isn't written anew.
#[derive(Debug, thiserror::Error)]
pub enum RenewError {
    /// There is something to compare with, or nothing to write.
    #[error("{0}")]
    NotMissing(&'static str),
    /// A store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// The ledger of a deployment.
pub struct Ledger {
    store: Arc<dyn LedgerStore>,
    signer: Arc<dyn HeadSigner>,
    keeper: Arc<dyn HeadKeeper>,
    clock: Arc<dyn Clock>,
    turn: Mutex<()>,
}

/// Somebody posted in between: so often is it tried again. Only another node can.
const TRIES: u32 = 10;
/// So often is looked again where another node posts meanwhile.
const LOOKS_MAX: u32 = 20;

impl Ledger {
    /// Over a store, a key and a keeper of heads.
    #[must_use]
    pub fn new(
        store: Arc<dyn LedgerStore>,
        signer: Arc<dyn HeadSigner>,
        keeper: Arc<dyn HeadKeeper>,
        clock: Arc<dyn Clock>,
    ) -> Self {
        Self { store, signer, keeper, clock, turn: Mutex::new(()) }
    }

    /// Where it is stored.
    #[must_use]
    pub fn store(&self) -> &Arc<dyn LedgerStore> {
        &self.store
    }

    /// The public key that heads are signed with; `None` where nothing was signed yet.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn public_key(&self) -> Result<Option<PublicKey>, StoreError> {
        let signer = self.signer.clone();
        blocking(move || signer.public_key()).await
    }

    /// The end of the chain, signed.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn head(&self) -> Result<Option<SignedHead>, StoreError> {
        Ok(self.store.newest_heads(1).await?.pop())
    }

    /// Reads and adds up everything again, and holds it against the head's file; nothing is posted
    /// meanwhile. `None` where the ledger is empty and was never signed. `hash_key` is to be random.
    ///
    /// # Errors
    /// [`StoreError`] where it can't be read, or the key that signs is gone.
    pub async fn verified(
        &self,
        hash_key: HashKey,
    ) -> Result<Option<(Verification, Witnesses)>, StoreError> {
        let _turn = self.turn.lock().await;
        let keeper = self.keeper.clone();
        let head_file = blocking(move || keeper.kept()).await?;
        let Some(public_key) = self.public_key().await? else {
            let one = EntryQuery { limit: 1, ..EntryQuery::default() };
            let empty = self.head().await?.is_none() && self.entries(&one).await?.is_empty();
            if empty && head_file.is_none() {
                return Ok(None);
            }
            let detail = "the ledger was signed, and the key is not there".to_owned();
            return Err(StoreError { what: "verifying the ledger", detail });
        };
        let witnesses = Witnesses { public_key, head_file, checkpoint: None };
        let verified = verify(&*self.store, &witnesses, hash_key, &mut |_| ()).await?;
        Ok(Some((verified, witnesses)))
    }

    /// Entries in the order of their numbers.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn entries(&self, query: &EntryQuery) -> Result<Vec<Entry>, StoreError> {
        self.store.entries(query).await
    }

    /// Balances in the order of the accounts.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn balances(
        &self,
        query: &BalanceQuery,
    ) -> Result<Vec<(Account, Micros)>, StoreError> {
        self.store.balances(query).await
    }

    /// Posts a group. The same group again finds its entries there, and changes nothing.
    ///
    /// # Errors
    /// [`PostError`]. Where the store failed, posting it again tells whether it is there.
    pub async fn post(&self, post: Post) -> Result<Posted, PostError> {
        let _turn = self.turn.lock().await;
        let mut moved = None;
        for _ in 0..TRIES {
            match self.try_post(&post).await {
                Err(Tried::Moved(error)) => moved = Some(error),
                Err(Tried::Failed(error)) => return Err(error),
                Ok(posted) => return Ok(posted),
            }
        }
        let detail = moved.map_or_else(String::new, |error| error.to_string());
        Err(StoreError { what: "posting to the ledger", detail }.into())
    }

    async fn try_post(&self, post: &Post) -> Result<Posted, Tried> {
        let (newest, key) = self.sound_head().await?;
        let head = newest.map_or(Head::EMPTY, |signed| signed.head);
        let judged = self.judged(post, head).await?;
        let signed = match judged.entries.last() {
            Some(last) => {
                let (last, period) = (last.head(), last.draft().period);
                Some(self.sign(key, last, period).await?)
            }
            None => None,
        };
        let group = LedgerGroup {
            expected: head,
            entries: &judged.entries,
            head: signed.as_ref(),
            close: post.close.as_ref(),
        };
        if !judged.entries.is_empty() || post.close.is_some() {
            self.store.append_group(group).await.map_err(|error| match error {
                error @ AppendLedgerError::Moved { .. } => Tried::Moved(error),
                AppendLedgerError::CloseMoved { period } => PostError::CloseMoved { period }.into(),
                AppendLedgerError::Store(error) => error.into(),
            })?;
        }
        if let Some(signed) = signed {
            self.keep(signed).await.map_err(PostError::HeadNotKept)?;
        }
        let Judged { entries, seqs } = judged;
        Ok(Posted { seqs, new: entries.len(), head: signed.or(newest) })
    }

    /// Judges the group by what the ledger has.
    async fn judged(&self, post: &Post, head: Head) -> Result<Judged, Tried> {
        if post.drafts.is_empty() && post.close.is_some() {
            return Ok(Judged { entries: Vec::new(), seqs: Vec::new() });
        }
        let (mut keys, mut accounts) = (BTreeSet::<EntryKey>::new(), BTreeSet::<Account>::new());
        for draft in &post.drafts {
            keys.insert(draft.key.clone());
            keys.extend(draft.corrects.clone());
            for posting in &draft.postings {
                if !accounts.contains(&posting.account) {
                    accounts.insert(posting.account.clone());
                }
            }
        }
        let keys: Vec<EntryKey> = keys.into_iter().collect();
        let accounts: Vec<Account> = accounts.into_iter().collect();
        let entries = self.store.entries_by_key(&keys).await?;
        let entries: BTreeMap<EntryKey, Entry> =
            entries.into_iter().map(|entry| (entry.draft().key.clone(), entry)).collect();
        let balances: BTreeMap<Account, Micros> =
            self.store.balances_of(&accounts).await?.into_iter().collect();
        let booked_at = post.booked_at.unwrap_or_else(|| self.clock.now());
        let drafts = post.drafts.clone();
        // A close has hundreds of thousands of them: others are not to wait.
        let judged = tokio::task::spawn_blocking(move || {
            let before = Before { head, entries: &entries, balances: &balances };
            judge(drafts, booked_at, before)
        });
        let judged = judged.await.map_err(|error| StoreError {
            what: "judging the entries",
            detail: error.to_string(),
        })?;
        judged.map_err(|refused| PostError::Refused(refused).into())
    }

    /// The newest head, once it is known that it is the one that was kept and signed. Where the
    /// file is one transaction behind, it is written anew.
    async fn sound_head(&self) -> Result<(Option<SignedHead>, Option<PublicKey>), Tried> {
        let (key, heads, kept) = self.looked().await?;
        let newest = heads.first().copied();
        if let Some(newest) = &newest {
            let Some(key) = &key else { return unsound(KEY_MISSING) };
            match newest.verify(key) {
                Ok(()) => {}
                Err(HeadError::OtherKey) => return unsound(KEY_OTHER),
                Err(error) => return unsound(&format!("the ledger's head: {error}; {LOOK}")),
            }
        }
        match kept_is(&heads, kept.as_deref()) {
            Kept::Newest => {}
            Kept::OneBehind => {
                let newest = newest.expect("only a head can be missing in the file");
                self.keep(newest).await?;
            }
            Kept::Wrong(why) => return unsound(&format!("{why}; {LOOK}")),
        }
        Ok((newest, key))
    }

    /// The public key, the newest two heads of the store, and what was kept. Another node may post in
    /// between: then what is kept goes on, and it is looked again.
    async fn looked(&self) -> Result<(Option<PublicKey>, Vec<SignedHead>, Option<String>), Tried> {
        let look = || {
            let (signer, keeper) = (self.signer.clone(), self.keeper.clone());
            blocking(move || Ok((signer.public_key()?, keeper.kept()?)))
        };
        let (mut key, mut kept) = look().await?;
        for _ in 0..LOOKS_MAX {
            // In this order: what is kept is never ahead of the store.
            let heads = self.store.newest_heads(2).await?;
            if !matches!(kept_is(&heads, kept.as_deref()), Kept::Wrong(_)) {
                return Ok((key, heads, kept));
            }
            let (key_now, now) = look().await?;
            if now == kept {
                return Ok((key, heads, kept));
            }
            (key, kept) = (key_now, now);
        }
        let detail = "other nodes post all the time; try again".to_owned();
        Err(StoreError { what: "posting to the ledger", detail }.into())
    }

    async fn sign(
        &self,
        key: Option<PublicKey>,
        head: Head,
        period: Period,
    ) -> Result<SignedHead, StoreError> {
        let signer = self.signer.clone();
        blocking(move || {
            if key.is_none() {
                signer.make_key()?;
            }
            signer.sign(head, period)
        })
        .await
    }

    async fn keep(&self, head: SignedHead) -> Result<(), StoreError> {
        let keeper = self.keeper.clone();
        blocking(move || keeper.keep(&head)).await
    }

    /// Writes the head's file anew where it was lost. The one who calls it has verified all else.
    ///
    /// # Errors
    /// [`RenewError`]: a file that is there is never replaced.
    pub async fn renew_head_file(&self) -> Result<SignedHead, RenewError> {
        let _turn = self.turn.lock().await;
        let keeper = self.keeper.clone();
        if blocking(move || keeper.kept()).await?.is_some() {
            return Err(RenewError::NotMissing("the head's file is there; it is not replaced"));
        }
        let Some(head) = self.head().await? else {
            return Err(RenewError::NotMissing("the ledger is empty: there is no head to keep"));
        };
        self.keep(head).await?;
        Ok(head)
    }
}

impl std::fmt::Debug for Ledger {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Ledger(..)")
    }
}

const LOOK: &str = "nothing is posted on it; `ledger verify` says what is wrong";
const KEY_MISSING: &str = "the ledger has signed heads, but its signing key is not there: restore \
     the key's file from a backup, or name it with $LEDGERLINE_SIGNING_KEY";
const KEY_OTHER: &str = "the ledger's head was signed with another key than the one that is there: \
     restore the right key's file, or name it with $LEDGERLINE_SIGNING_KEY";

fn unsound<T>(why: &str) -> Result<T, Tried> {
    Err(PostError::Unsound(why.to_owned()).into())
}

enum Tried {
    Moved(AppendLedgerError),
    Failed(PostError),
}

impl<E: Into<PostError>> From<E> for Tried {
    fn from(error: E) -> Self {
        Self::Failed(error.into())
    }
}

/// What the head's file has, beside the newest two heads of the store.
enum Kept {
    Newest,
    OneBehind,
    Wrong(String),
}

fn kept_is(heads: &[SignedHead], kept: Option<&str>) -> Kept {
    let kept = match kept.map(SignedHead::find_in) {
        Some(Ok(kept)) => Some(kept),
        Some(Err(error)) => return Kept::Wrong(format!("the head's file is damaged: {error}")),
        None => None,
    };
    let ends = heads.first().map_or(0, |head| head.head.seq);
    match (kept, heads) {
        (kept, [newest, ..]) if kept == Some(*newest) => Kept::Newest,
        (None, []) => Kept::Newest,
        (None, [_]) => Kept::OneBehind,
        (Some(kept), [_, earlier]) if kept == *earlier => Kept::OneBehind,
        (None, _) => Kept::Wrong(
            "the head's file is missing; if it was lost, and the ledger is found sound, \
             `ledger verify --renew-head-file` writes it anew"
                .to_owned(),
        ),
        (Some(kept), _) if kept.head.seq > ends => Kept::Wrong(format!(
            "the ledger ends at entry {ends}, but the head's file knows entry {}: it was cut off, \
             or an old copy of the database was put in its place",
            kept.head.seq
        )),
        (Some(kept), _) if kept.head.seq < ends => Kept::Wrong(format!(
            "the head's file stops at entry {}, more than one transaction behind the ledger: it is an \
             old copy. If it came with a backup that was made while entries were posted, remove it \
             and let `ledger verify --renew-head-file` write it anew",
            kept.head.seq
        )),
        (Some(kept), _) => Kept::Wrong(format!(
            "the head's file knows another entry {} than the ledger",
            kept.head.seq
        )),
    }
}

async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, StoreError> + Send + 'static,
) -> Result<T, StoreError> {
    tokio::task::spawn_blocking(work).await.unwrap_or_else(|error| {
        Err(StoreError { what: "using the signing key", detail: error.to_string() })
    })
}

#[cfg(all(test, feature = "conformance"))]
mod tests {
    use super::*;
    use crate::ports::memory_ledger::{KnownKey, MemoryKeeper, MemoryLedger};
    use ledgerline_ids::DayNo;
    use ledgerline_ledger::{Note, Posting, Reason};
    use std::sync::atomic::{AtomicBool, Ordering};
    use std::time::Duration;

    struct Still;

    impl Clock for Still {
        fn now(&self) -> UnixMs {
            UnixMs::EPOCH
        }

        fn elapsed(&self) -> Duration {
            Duration::ZERO
        }
    }

    /// Keeps heads, unless it is full.
    #[derive(Default)]
    struct Keeper {
        kept: MemoryKeeper,
        is_full: AtomicBool,
    }

    impl HeadKeeper for Keeper {
        fn kept(&self) -> Result<Option<String>, StoreError> {
            self.kept.kept()
        }

        fn keep(&self, head: &SignedHead) -> Result<(), StoreError> {
            if self.is_full.load(Ordering::Relaxed) {
                let detail = "no room".to_owned();
                return Err(StoreError { what: "keeping the head", detail });
            }
            self.kept.keep(head)
        }
    }

    fn ledger() -> (Arc<Ledger>, Arc<Keeper>) {
        let keeper = Arc::new(Keeper::default());
        let store = Arc::new(MemoryLedger::default());
        let ledger = Ledger::new(store, Arc::new(KnownKey), keeper.clone(), Arc::new(Still));
        (Arc::new(ledger), keeper)
    }

    fn post(key: &str) -> Post {
        let posting = |account: &str, amount| Posting {
            account: Account::parse(account).expect("an account"),
            amount: Micros::new(amount),
        };
        let draft = EntryDraft {
            key: EntryKey::new(key).expect("a key"),
            effective: DayNo(1),
            period: Period::of_day(DayNo(1)),
            reason: Reason::Earned,
            corrects: None,
            inputs: None,
            note: Note::default(),
            postings: vec![posting("service/EUR/pool", -1), posting("party:P/EUR/earned", 1)],
        };
        Post { drafts: vec![draft], ..Post::default() }
    }

    #[tokio::test]
    async fn a_head_that_could_not_be_kept_is_kept_by_the_next_posting() {
        let (ledger, keeper) = ledger();
        ledger.post(post("a")).await.expect("posts");
        keeper.is_full.store(true, Ordering::Relaxed);
        let error = ledger.post(post("b")).await.expect_err("it can't be kept");
        assert!(matches!(error, PostError::HeadNotKept(_)), "{error}");
        // Nothing is posted while the file is behind, so it is never two behind.
        ledger.post(post("c")).await.expect_err("it can't be kept still");
        keeper.is_full.store(false, Ordering::Relaxed);
        let again = ledger.post(post("b")).await.expect("it is there");
        assert_eq!((again.seqs, again.new), (vec![2], 0));
        assert_eq!(ledger.post(post("c")).await.expect("posts").seqs, [3]);
        let kept = keeper.kept().expect("reads").expect("is there");
        assert_eq!(SignedHead::parse(&kept).ok(), ledger.head().await.expect("reads"));
    }

    #[tokio::test]
    async fn nothing_is_posted_beside_a_head_that_the_ledger_has_not() {
        let (other, theirs) = ledger();
        for key in ["a", "b", "c"] {
            other.post(post(key)).await.expect("posts");
        }
        let (ledger, keeper) = ledger();
        keeper.kept.set(theirs.kept().expect("reads"));
        for _ in 0..2 {
            let error = ledger.post(post("a")).await.expect_err("entry 3 is known");
            let says = "ends at entry 0, but the head's file knows entry 3";
            assert!(error.to_string().contains(says), "{error}");
        }
        keeper.kept.set(None);
        ledger.post(post("x")).await.expect("an empty ledger has no head");
        let first = keeper.kept().expect("reads");
        ledger.post(post("y")).await.expect("posts");
        for (kept, says) in [
            (Some("ledgerline-head/1 seq=2".to_owned()), "the head's file is damaged"),
            (None, "the head's file is missing"),
        ] {
            keeper.kept.set(kept);
            let error = ledger.post(post("z")).await.expect_err("it was there");
            assert!(error.to_string().contains(says), "{error}");
        }
        let renewed = ledger.renew_head_file().await.expect("it is missing");
        assert_eq!(renewed.head.seq, 2);
        ledger.renew_head_file().await.expect_err("it is there");
        assert_eq!(ledger.post(post("z")).await.expect("posts").seqs, [3]);
        keeper.kept.set(first);
        let error = ledger.post(post("z")).await.expect_err("two behind");
        assert!(error.to_string().contains("stops at entry 1"), "{error}");
    }

    #[tokio::test]
    async fn postings_at_once_follow_each_other() {
        let (ledger, _) = ledger();
        let postings: Vec<_> = (0..20)
            .map(|n| {
                let ledger = ledger.clone();
                // Every key is posted twice.
                tokio::spawn(async move { ledger.post(post(&format!("k{}", n / 2))).await })
            })
            .collect();
        let (mut new, mut seqs) = (0, BTreeSet::new());
        for posting in postings {
            let posted = posting.await.expect("no panic").expect("posts");
            new += posted.new;
            seqs.extend(posted.seqs);
        }
        assert_eq!(new, 10);
        assert!(seqs.into_iter().eq(1..=10));
    }
}
