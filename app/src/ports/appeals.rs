//! Appeals: what was asked, what was found, what a person decided. Nothing of it is ever changed.

use async_trait::async_trait;
use ledgerline_ids::{Period, UnixMs};
use serde::{Deserialize, Serialize};

use super::StoreError;

/// What an appeal is against.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AppealSubject {
    /// One play.
    Play {
        /// Whose credential its reports came by.
        source: String,
        /// The listener.
        user_id: String,
        /// The player's key.
        play_id: String,
    },
    /// The unpaid plays of one recording, as a line of a payee's statement states them.
    StatementLine {
        /// The month of the plays, as `2026-10`.
        period: String,
        /// The recording.
        track_id: String,
        /// Whose statement.
        payee: String,
    },
}

impl AppealSubject {
    /// The month of a statement line.
    #[must_use]
    pub fn period(&self) -> Option<Period> {
        match self {
            Self::Play { .. } => None,
            Self::StatementLine { period, .. } => Period::parse(period).ok(),
        }
    }
}

/// What one rule found, in words and numbers that last.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RuleFinding {
    /// The rule's word.
    pub rule: String,
    /// Whether it holds.
    pub holds: bool,
    /// What was measured, by name.
    pub figures: Vec<(String, u64)>,
    /// What it is measured against, by name.
    pub limits: Vec<(String, u64)>,
    /// The same as a sentence.
    pub sentence: String,
}

/// What the rules find of a play on some evidence.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Finding {
    /// The version of the rules.
    pub rule_version: u16,
    /// Up to which position of the partition's report log the evidence goes.
    pub position: u64,
    /// The rules that hold, and those that held when the play was kept back.
    pub rules: Vec<RuleFinding>,
    /// How many plays the rules looked at.
    pub plays: u64,
    /// SHA-256 of these plays, in hex digits: the same evidence has the same.
    pub evidence_sha256: String,
}

/// One play of an appeal.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AppealedPlay {
    /// Whose credential its reports came by.
    pub source: String,
    /// The listener.
    pub user_id: String,
    /// The player's key.
    pub play_id: String,
    /// The recording.
    pub track_id: String,
    /// When it started.
    pub started_at: String,
    /// Where it stands.
    pub status: String,
    /// When it was kept back.
    pub kept_back_at: String,
    /// The rules that touched it then, by the log.
    pub rules_then: Vec<String>,
    /// What today's rules find on the evidence of then.
    pub then: Finding,
    /// What they find with all that is known now.
    pub now: Finding,
}

/// An appeal that is to be stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewAppeal {
    /// What it is against.
    pub subject: AppealSubject,
    /// Who appeals, in their own words.
    pub appellant: String,
    /// Why.
    pub grounds: String,
    /// Its plays, and what was found of them.
    pub plays: Vec<AppealedPlay>,
    /// Plays of a statement line that bear no key, so that nobody can rule on them.
    pub unnamed: u64,
    /// Whose credential it came by.
    pub by: String,
    /// When.
    pub at: UnixMs,
}

/// How an appeal ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// The plays count, whatever the rules say.
    Reinstate,
    /// They stay where they are.
    Uphold,
}

impl Outcome {
    /// All of them.
    pub const ALL: [Self; 2] = [Self::Reinstate, Self::Uphold];

    /// The word in commands, answers and the store.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Reinstate => "reinstate",
            Self::Uphold => "uphold",
        }
    }

    /// The outcome of a word.
    #[must_use]
    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|outcome| outcome.as_str() == word)
    }
}

/// A person's decision.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AppealDecision {
    /// How it ends.
    pub outcome: Outcome,
    /// Why.
    pub reason: String,
    /// Whose credential it came by.
    pub by: String,
    /// When.
    pub at: UnixMs,
}

/// A stored appeal.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Appeal {
    /// Its number, from 1.
    pub number: u64,
    /// What was asked and found.
    pub opened: NewAppeal,
    /// What was decided, if it was.
    pub decision: Option<AppealDecision>,
    /// When the log had the rulings that follow from it; `None` until then.
    pub applied_at: Option<UnixMs>,
}

/// What became of a decision.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Decided {
    /// It stands, now or since before.
    Stands(Box<Appeal>),
    /// Another one stands, which it doesn't replace.
    Otherwise(Box<Appeal>),
    /// There is no such appeal.
    NoSuch,
}

/// Where appeals are kept. Rows are only ever added.
#[async_trait]
pub trait AppealStore: Send + Sync + 'static {
    /// Stores an appeal, durably. Where one with the same subject waits for a decision, that one
    /// comes back, and `false`.
    ///
    /// # Errors
    /// [`StoreError`].
    async fn open(&self, appeal: NewAppeal) -> Result<(Appeal, bool), StoreError>;

    /// The appeal of a number.
    ///
    /// # Errors
    /// [`StoreError`].
    async fn appeal(&self, number: u64) -> Result<Option<Appeal>, StoreError>;

    /// Up to `limit` appeals above `after`, in order; with `waiting`, only those that are not
    /// decided.
    ///
    /// # Errors
    /// [`StoreError`].
    async fn appeals(
        &self,
        after: u64,
        limit: u32,
        waiting: bool,
    ) -> Result<Vec<Appeal>, StoreError>;

    /// Stores a decision, durably; the first one stands.
    ///
    /// # Errors
    /// [`StoreError`].
    async fn decide(&self, number: u64, decision: AppealDecision) -> Result<Decided, StoreError>;

    /// Notes that the log has the rulings of a decision. Noting it again changes nothing.
    ///
    /// # Errors
    /// [`StoreError`].
    async fn applied(&self, number: u64, at: UnixMs) -> Result<(), StoreError>;

    /// Up to `limit` decided appeals whose rulings the log may not have yet, in order.
    ///
    /// # Errors
    /// [`StoreError`].
    async fn unapplied(&self, limit: u32) -> Result<Vec<Appeal>, StoreError>;
}
