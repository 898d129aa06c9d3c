//! Whether a group of entries may be booked: all of it, or nothing.

use ledgerline_ids::UnixMs;
use ledgerline_money::{Currency, Micros};
use std::collections::{BTreeMap, BTreeSet};

use crate::{Account, Entry, EntryDraft, EntryKey, Head};

/// The most entries of a group.
pub const GROUP_ENTRIES_MAX: usize = 1_000_000;
/// The most postings of an entry.
pub const POSTINGS_MAX: usize = 1_000;
/// The most refusals that are told of one group; the first ones.
pub const REFUSALS_MAX: usize = 100;

/// What the ledger has that a group is judged by.
#[derive(Debug, Clone, Copy)]
pub struct Before<'a> {
    /// Where the chain ends.
    pub head: Head,
    /// The entries whose key is one of the group's, or one that the group corrects.
    pub entries: &'a BTreeMap<EntryKey, Entry>,
    /// The balances of the accounts that the group names, as far as there are any.
    pub balances: &'a BTreeMap<Account, Micros>,
}

/// A group that may be booked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Judged {
    /// What is new, chained behind the head.
    pub entries: Vec<Entry>,
    /// For each draft the number of its entry, new or not.
    pub seqs: Vec<u64>,
}

/// A draft that may not be booked, and with it its whole group.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("entry {number} ({key}): {refusal}", number = index + 1)]
pub struct Refused {
    /// Which of the group, from 0.
    pub index: usize,
    /// Its key; empty where it is the whole group that is refused.
    pub key: String,
    /// Why: the first that holds, in the order of [`Refusal`].
    pub refusal: Refusal,
}

/// Why a group is refused. What stands first is told first.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, thiserror::Error)]
pub enum Refusal {
    /// The group has no entry.
    #[error("there is no entry to post")]
    Empty,
    /// The group has more entries than fit into one transaction.
    #[error("a group has at most {GROUP_ENTRIES_MAX} entries: split it")]
    TooManyEntries,
    /// An entry before it in the group has its key.
    #[error("an entry before it has the same key: every entry needs a key of its own")]
    KeyTwice,
    /// The ledger has another entry under this key.
    #[error(
        "entry {seq} of the ledger has this key and says something else: what is booked stays; \
         post a correction under a new key that names this one"
    )]
    KeyTaken {
        /// That entry.
        seq: u64,
    },
    /// Fewer than two accounts.
    #[error("it needs at least two postings: where the money comes from, and where it goes")]
    TooFewPostings,
    /// More accounts than an entry may have.
    #[error("an entry has at most {POSTINGS_MAX} postings: split it")]
    TooManyPostings,
    /// An account is named twice.
    #[error("{account} stands in it twice: add the two amounts up")]
    AccountTwice {
        /// That account.
        account: Account,
    },
    /// A posting moves nothing.
    #[error("the amount for {account} is zero: leave the posting out")]
    ZeroAmount {
        /// That account.
        account: Account,
    },
    /// The amounts of a currency don't sum to zero.
    #[error(
        "its amounts in {currency} sum to {}, not to zero",
        crate::judge::in_major_units(*sum)
    )]
    Unbalanced {
        /// Which.
        currency: Currency,
        /// What they sum to, in ledger units.
        sum: i128,
    },
    /// It corrects itself.
    #[error("it corrects itself: name the entry that was wrong")]
    CorrectsItself,
    /// It corrects an entry that isn't there, nor before it in the group.
    #[error("it corrects {corrects}, and there is no such entry")]
    CorrectsUnknown {
        /// That key.
        corrects: EntryKey,
    },
    /// A balance would be beyond what an amount can be.
    #[error("the balance of {account} would be beyond 9 223 372 036 854.775807: split the account")]
    BalanceTooLarge {
        /// That account.
        account: Account,
    },
}

/// A sum of ledger units, wider than an amount, with six digits behind the point.
pub(crate) fn in_major_units(sum: i128) -> String {
    let per_unit = u128::from(Micros::PER_UNIT.unsigned_abs());
    let sign = if sum < 0 { "-" } else { "" };
    format!("{sign}{}.{:06}", sum.unsigned_abs() / per_unit, sum.unsigned_abs() % per_unit)
}

/// Judges a group. A draft whose key the ledger has with the same content is there already, and
/// is not booked again.
///
/// # Errors
/// What is refused, at most [`REFUSALS_MAX`], in the order of the drafts. Nothing is booked then.
pub fn judge(
    drafts: Vec<EntryDraft>,
    booked_at: UnixMs,
    before: Before<'_>,
) -> Result<Judged, Vec<Refused>> {
    let whole = |refusal| vec![Refused { index: 0, key: String::new(), refusal }];
    if drafts.is_empty() {
        return Err(whole(Refusal::Empty));
    }
    if drafts.len() > GROUP_ENTRIES_MAX {
        return Err(whole(Refusal::TooManyEntries));
    }
    let mut group = Group { before, keys: BTreeSet::new(), balances: BTreeMap::new() };
    let mut refused = Vec::new();
    let mut outcomes = Vec::with_capacity(drafts.len());
    for (index, draft) in drafts.iter().enumerate() {
        match group.look_at(draft) {
            Ok(outcome) => outcomes.push(outcome),
            Err(refusal) => {
                refused.push(Refused { index, key: draft.key.as_str().to_owned(), refusal });
                if refused.len() == REFUSALS_MAX {
                    break;
                }
            }
        }
    }
    if !refused.is_empty() {
        return Err(refused);
    }
    let mut head = before.head;
    let mut judged = Judged { entries: Vec::new(), seqs: Vec::with_capacity(drafts.len()) };
    for (draft, there) in drafts.into_iter().zip(outcomes) {
        if let Some(seq) = there {
            judged.seqs.push(seq);
            continue;
        }
        let entry = Entry::chain(draft, &head, booked_at);
        head = entry.head();
        judged.seqs.push(head.seq);
        judged.entries.push(entry);
    }
    Ok(judged)
}

/// What is known once some drafts of the group were looked at.
struct Group<'a> {
    before: Before<'a>,
    keys: BTreeSet<EntryKey>,
    balances: BTreeMap<Account, i128>,
}

impl Group<'_> {
    /// The number of the entry that is there already, if it is.
    fn look_at(&mut self, draft: &EntryDraft) -> Result<Option<u64>, Refusal> {
        if self.keys.contains(&draft.key) {
            return Err(Refusal::KeyTwice);
        }
        if let Some(entry) = self.before.entries.get(&draft.key) {
            if !entry.says_the_same_as(draft) {
                return Err(Refusal::KeyTaken { seq: entry.seq() });
            }
            self.keys.insert(draft.key.clone());
            return Ok(Some(entry.seq()));
        }
        balanced(draft)?;
        if let Some(corrects) = &draft.corrects {
            if *corrects == draft.key {
                return Err(Refusal::CorrectsItself);
            }
            if !self.keys.contains(corrects) && !self.before.entries.contains_key(corrects) {
                return Err(Refusal::CorrectsUnknown { corrects: corrects.clone() });
            }
        }
        self.add(draft)?;
        self.keys.insert(draft.key.clone());
        Ok(None)
    }

    fn add(&mut self, draft: &EntryDraft) -> Result<(), Refusal> {
        for posting in &draft.postings {
            let before = || {
                let balance = self.before.balances.get(&posting.account);
                i128::from(balance.map_or(0, |balance| balance.get()))
            };
            let sum = match self.balances.get_mut(&posting.account) {
                Some(sum) => sum,
                None => self.balances.entry(posting.account.clone()).or_insert(before()),
            };
            *sum += i128::from(posting.amount.get());
            if i64::try_from(*sum).is_err() {
                return Err(Refusal::BalanceTooLarge { account: posting.account.clone() });
            }
        }
        Ok(())
    }
}

/// What a draft says by itself.
fn balanced(draft: &EntryDraft) -> Result<(), Refusal> {
    match draft.postings.len() {
        0 | 1 => return Err(Refusal::TooFewPostings),
        2..=POSTINGS_MAX => {}
        _ => return Err(Refusal::TooManyPostings),
    }
    let mut accounts = BTreeSet::new();
    for posting in &draft.postings {
        if !accounts.insert(&posting.account) {
            return Err(Refusal::AccountTwice { account: posting.account.clone() });
        }
    }
    if let Some(zero) = draft.postings.iter().find(|posting| posting.amount == Micros::ZERO) {
        return Err(Refusal::ZeroAmount { account: zero.account.clone() });
    }
    unbalanced(draft).map_or(Ok(()), |(currency, sum)| Err(Refusal::Unbalanced { currency, sum }))
}

/// The first currency whose amounts don't sum to zero, and what they sum to in ledger units.
pub(crate) fn unbalanced(draft: &EntryDraft) -> Option<(Currency, i128)> {
    let mut sums: BTreeMap<Currency, i128> = BTreeMap::new();
    for posting in &draft.postings {
        *sums.entry(posting.account.currency).or_default() += i128::from(posting.amount.get());
    }
    sums.into_iter().find(|(_, sum)| *sum != 0)
}
