//! What is SQLite's own of the ledger: triggers, and how fast it is.

use async_trait::async_trait;
use ledgerline_app::money::ledger::{Ledger, Post, Witnesses, verify};
use ledgerline_app::ports::memory_ledger::{KnownKey, MemoryKeeper};
use ledgerline_app::ports::{
    AppendLedgerError, BalanceQuery, Clock, CloseChange, CloseRecord, EntryQuery, FactStore,
    HeadKeeper, LedgerGroup, LedgerScan, LedgerStore, StoreError,
};
use ledgerline_ids::{DayNo, HashKey, Period, UnixMs};
use ledgerline_ledger::{Account, Entry, EntryDraft, EntryKey, Note, Posting, Reason, SignedHead};
use ledgerline_money::Micros;
use ledgerline_sql_store::SqlStore;
use sqlx::{AssertSqlSafe, Connection, SqliteConnection};
use std::fmt::Write as _;
use std::io::Write as _;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};
use tempfile::TempDir;

struct Still;

impl Clock for Still {
    fn now(&self) -> UnixMs {
        UnixMs::EPOCH
    }

    fn elapsed(&self) -> Duration {
        Duration::ZERO
    }
}

fn account(text: &str) -> Account {
    Account::parse(text).unwrap()
}

/// Entry `n` of a close, of one of so many payees: what a payee earned, less what is withheld.
fn draft(close: u32, n: u32, payees: u32) -> EntryDraft {
    let payee = n % payees;
    let amount = i64::from(n) * 1_003 + 70;
    let mut key = String::new();
    write!(key, "close/{close}/party-{payee:06}/EUR/earned/{n}").unwrap();
    let posting = |account, amount| Posting { account, amount: Micros::new(amount) };
    EntryDraft {
        key: EntryKey::new(&key).unwrap(),
        effective: DayNo(20_000 + close),
        period: Period::of_day(DayNo(20_000 + close)),
        reason: Reason::Earned,
        corrects: None,
        inputs: Some(ledgerline_ledger::Digest::of(key.as_bytes())),
        note: Note::default(),
        postings: vec![
            posting(account("service/EUR/pool"), -amount),
            posting(account(&format!("party:party-{payee:06}/EUR/earned")), amount - 7),
            posting(account(&format!("party:party-{payee:06}/EUR/withheld")), 7),
        ],
    }
}

fn ledger(store: &Arc<SqlStore>) -> (Ledger, Arc<MemoryKeeper>) {
    let keeper = Arc::new(MemoryKeeper::default());
    let ledger = Ledger::new(store.clone(), Arc::new(KnownKey), keeper.clone(), Arc::new(Still));
    (ledger, keeper)
}

fn witnesses(keeper: &MemoryKeeper) -> Witnesses {
    Witnesses {
        public_key: KnownKey::secret().public_key(),
        head_file: keeper.kept().unwrap(),
        checkpoint: None,
    }
}

async fn attempt(path: &Path, statement: &str) -> Result<u64, sqlx::Error> {
    let url = format!("sqlite://{}", path.display());
    let mut connection = SqliteConnection::connect(&url).await.unwrap();
    let done = sqlx::query(AssertSqlSafe(statement.to_owned())).execute(&mut connection).await;
    connection.close().await.unwrap();
    done.map(|done| done.rows_affected())
}

/// Each table, and each thing that isn't an insert; balances follow, and so are free.
#[tokio::test]
async fn the_tables_only_grow() {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("state.db");
    let store = Arc::new(SqlStore::open(&path).await.unwrap());
    let (ledger, _) = ledger(&store);
    let drafts = (0..20).map(|n| draft(1, n, 5)).collect();
    ledger.post(Post { drafts, ..Post::default() }).await.unwrap();
    store.close().await.unwrap();
    for (table, column) in [
        ("ledger_entries", "key = 'x' || seq"),
        ("ledger_entries", "hash = x'00'"),
        ("ledger_entries", "bytes = x'00'"),
        ("ledger_entries", "seq = seq + 100"),
        ("ledger_heads", "head = 'x'"),
        ("ledger_postings", "amount = 1"),
        ("ledger_accounts", "holder = 'service'"),
    ] {
        for statement in
            [format!("UPDATE {table} SET {column}"), format!("DELETE FROM {table} WHERE TRUE")]
        {
            let refused = attempt(&path, &statement).await.unwrap_err().to_string();
            assert!(refused.contains("the ledger only grows"), "{statement}: {refused}");
        }
    }
    let changed = attempt(&path, "UPDATE ledger_accounts SET balance = balance").await.unwrap();
    assert_eq!(changed, 11);

    // Without a trigger each start says so.
    attempt(&path, "DROP TRIGGER ledger_entries_stay").await.unwrap();
    let store = SqlStore::open(&path).await.unwrap();
    let findings = FactStore::verify(&store).await.unwrap();
    assert!(findings.iter().any(|one| one.contains("ledger_entries_stay is gone")), "{findings:?}");
}

/// What a start finds without reading everything.
#[tokio::test]
async fn what_is_missing_is_found_at_a_start() {
    let folder = TempDir::new().unwrap();
    let sound = folder.path().join("sound.db");
    let store = Arc::new(SqlStore::open(&sound).await.unwrap());
    let (ledger, _) = ledger(&store);
    for close in 1..4 {
        let drafts = (0..20).map(|n| draft(close, n, 5)).collect();
        ledger.post(Post { drafts, ..Post::default() }).await.unwrap();
    }
    store.close().await.unwrap();
    for (tampering, expected) in [
        ("DELETE FROM ledger_entries WHERE seq = 7", "has 59 rows from 1 to 60"),
        ("DELETE FROM ledger_entries WHERE seq > 50", "ends at 50, but the last signed head"),
        (
            "DELETE FROM ledger_heads WHERE seq = 60",
            "ends at 60, but the last signed head is of 40",
        ),
        ("UPDATE ledger_heads SET head = 'x' WHERE seq = 60", "ledger_heads.head of 60"),
        ("UPDATE ledger_heads SET booked_at = 1 WHERE seq = 40", "don't say what its line says"),
        ("INSERT INTO close_records VALUES ('x', 1, x'00')", "close_records.period \"x\""),
    ] {
        let path = folder.path().join("state.db");
        std::fs::copy(&sound, &path).unwrap();
        for trigger in ["entries_remain", "heads_stay", "heads_remain"] {
            attempt(&path, &format!("DROP TRIGGER ledger_{trigger}")).await.unwrap();
        }
        attempt(&path, tampering).await.unwrap();
        let store = SqlStore::open(&path).await.unwrap();
        let findings = FactStore::verify(&store).await.unwrap();
        store.close().await.unwrap();
        assert!(findings.iter().any(|one| one.contains(expected)), "{tampering}: {findings:#?}");
    }
}

/// The canary of the suite: a store that books entries and not the record of the close.
struct Forgetful(SqlStore);

#[async_trait]
impl LedgerStore for Forgetful {
    async fn append_group(&self, group: LedgerGroup<'_>) -> Result<(), AppendLedgerError> {
        self.0.append_group(LedgerGroup { close: None, ..group }).await
    }

    async fn newest_heads(&self, limit: u32) -> Result<Vec<SignedHead>, StoreError> {
        self.0.newest_heads(limit).await
    }

    async fn entries(&self, query: &EntryQuery) -> Result<Vec<Entry>, StoreError> {
        self.0.entries(query).await
    }

    async fn entries_by_key(&self, keys: &[EntryKey]) -> Result<Vec<Entry>, StoreError> {
        self.0.entries_by_key(keys).await
    }

    async fn balances_of(
        &self,
        accounts: &[Account],
    ) -> Result<Vec<(Account, Micros)>, StoreError> {
        self.0.balances_of(accounts).await
    }

    async fn balances(&self, query: &BalanceQuery) -> Result<Vec<(Account, Micros)>, StoreError> {
        self.0.balances(query).await
    }

    async fn scan_ledger(&self, scan: &mut dyn LedgerScan) -> Result<(), StoreError> {
        self.0.scan_ledger(scan).await
    }

    async fn change_close(&self, change: &CloseChange) -> Result<(), AppendLedgerError> {
        self.0.change_close(change).await
    }

    async fn close_records(&self) -> Result<Vec<CloseRecord>, StoreError> {
        self.0.close_records().await
    }
}

#[tokio::test]
async fn a_store_that_forgets_the_close_fails_the_suite() {
    use ledgerline_app::ports::conformance::ledger::a_close_changes_with_its_entries_or_not_at_all;
    let folder = TempDir::new().unwrap();
    let store = Forgetful(SqlStore::open(&folder.path().join("state.db")).await.unwrap());
    let case = tokio::spawn(async move {
        a_close_changes_with_its_entries_or_not_at_all(&store).await;
    });
    assert!(case.await.unwrap_err().is_panic(), "the suite must catch it");
}

/// `cargo test --release -p ledgerline-sql-store ledger::speed -- --ignored --nocapture`; so many
/// closes of 300 000 entries as `LEDGER_CLOSES` says.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "it measures"]
async fn speed() {
    const ENTRIES: u32 = 300_000;
    let closes = std::env::var("LEDGER_CLOSES").map_or(1, |closes| closes.parse().unwrap());
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("state.db");
    let store = Arc::new(SqlStore::open(&path).await.unwrap());
    let (ledger, keeper) = ledger(&store);
    let mut out = std::io::stdout();
    for close in 1..=closes {
        let drafts: Vec<_> = (0..ENTRIES).map(|n| draft(close, n, 50_000)).collect();
        let began = Instant::now();
        let posted = ledger.post(Post { drafts, ..Post::default() }).await.unwrap();
        assert_eq!(posted.new, 300_000);
        let took = began.elapsed();
        writeln!(out, "close {close}: {ENTRIES} entries posted in {took:?}").unwrap();
    }
    store.close().await.unwrap();
    let bytes = std::fs::metadata(&path).unwrap().len();
    let began = Instant::now();
    let store = SqlStore::open(&path).await.unwrap();
    writeln!(out, "opened in {:?}, {} MiB", began.elapsed(), bytes >> 20).unwrap();
    let began = Instant::now();
    assert_eq!(FactStore::verify(&store).await.unwrap(), Vec::<String>::new());
    writeln!(out, "looked at by a start in {:?}", began.elapsed()).unwrap();
    let began = Instant::now();
    let (known, key, mut told) = (witnesses(&keeper), HashKey::new([1; 16]), |_| {});
    let verified = verify(&store, &known, key, &mut told).await.unwrap();
    let took = began.elapsed();
    assert_eq!((verified.found, verified.entries), (0, u64::from(closes * ENTRIES)));
    writeln!(out, "{} entries verified in {took:?}", verified.entries).unwrap();
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let peak = status.lines().find(|line| line.starts_with("VmHWM")).unwrap_or_default();
    writeln!(out, "peak memory {peak}").unwrap();
}
