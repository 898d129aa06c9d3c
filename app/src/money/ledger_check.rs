//! Verifying: everything that is stored of the ledger, read at one moment and added up again.

use ledgerline_ids::{DayNo, HashKey};
use ledgerline_ledger::{
    Account, Finding, Flaw, Head, PostingSum, PublicKey, Row, SignedHead, Verifier, Witness,
};
use ledgerline_money::Micros;

use crate::Deployment;
use crate::ports::{LedgerScan, LedgerStore, StoreError};

/// What the store is held against. None of it comes from the database.
#[derive(Debug, Clone)]
pub struct Witnesses {
    /// The key that signs.
    pub public_key: PublicKey,
    /// What the head's file says; `None` where it is missing.
    pub head_file: Option<String>,
    /// What a checkpoint or a statement says, where one was brought.
    pub checkpoint: Option<String>,
}

/// What was found.
#[derive(Debug, Clone)]
pub struct Verification {
    /// How many entries there are.
    pub entries: u64,
    /// How many signed heads.
    pub heads: u64,
    /// How many accounts.
    pub accounts: u64,
    /// Where the chain ends.
    pub head: Head,
    /// What is wrong, by the entries' numbers; the first 1 000.
    pub findings: Vec<Finding>,
    /// How much is wrong in all.
    pub found: u64,
}

/// Verifies everything. `hash_key` is to be random; `told` hears how many rows were looked at
/// since it was told last.
///
/// # Errors
/// [`StoreError`] where the store can't be read.
pub async fn verify(
    store: &dyn LedgerStore,
    witnesses: &Witnesses,
    hash_key: HashKey,
    told: &mut (dyn FnMut(u64) + Send),
) -> Result<Verification, StoreError> {
    let mut verifier = Verifier::new(witnesses.public_key, hash_key);
    for (witness, text) in
        [(Witness::HeadFile, &witnesses.head_file), (Witness::Checkpoint, &witnesses.checkpoint)]
    {
        match text.as_deref().map(SignedHead::find_in) {
            Some(Ok(head)) => verifier.witness(witness, head),
            Some(Err(error)) => verifier.find(0, Flaw::Unbelieved { witness, error }),
            None => {}
        }
    }
    let mut scan = Scan {
        verifier,
        hash_key,
        told,
        rows: 0,
        entries: 0,
        heads: 0,
        accounts: 0,
        newest: [0; 2],
        is_end_of_rows: false,
        has_head_file: witnesses.head_file.is_some(),
        open: None,
    };
    store.scan_ledger(&mut scan).await?;
    scan.end_of_rows();
    scan.end_of_account();
    (scan.told)(scan.rows % TOLD_EVERY);
    let head = scan.verifier.head();
    let (entries, heads, accounts) = (scan.entries, scan.heads, scan.accounts);
    let (findings, found) = scan.verifier.finish();
    Ok(Verification { entries, heads, accounts, head, findings, found })
}

impl Deployment {
    /// Verifies the ledger, as the process that has it sees it; `None` where it is empty and was
    /// never signed.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn verify_ledger(&self) -> Result<Option<(Verification, Witnesses)>, StoreError> {
        // A key of hashes that nobody can guess.
        let mut seed = [0; 16];
        self.random.fill(&mut seed);
        self.money().ledger().verified(HashKey::new(seed)).await
    }
}

const TOLD_EVERY: u64 = 4_096;

struct Scan<'a> {
    verifier: Verifier,
    hash_key: HashKey,
    told: &'a mut (dyn FnMut(u64) + Send),
    rows: u64,
    entries: u64,
    heads: u64,
    accounts: u64,
    /// The numbers of the last two signed heads, the older one first.
    newest: [u64; 2],
    is_end_of_rows: bool,
    has_head_file: bool,
    open: Option<(Account, Micros, PostingSum)>,
}

impl Scan<'_> {
    fn tell(&mut self) {
        self.rows += 1;
        if self.rows.is_multiple_of(TOLD_EVERY) {
            (self.told)(TOLD_EVERY);
        }
    }

    fn end_of_rows(&mut self) {
        if !self.is_end_of_rows {
            self.is_end_of_rows = true;
            self.verifier.end_of_rows(self.newest[0], self.has_head_file);
        }
    }

    fn end_of_account(&mut self) {
        if let Some((account, kept, postings)) = self.open.take() {
            self.verifier.account(&account, kept, postings);
        }
    }
}

impl LedgerScan for Scan<'_> {
    fn row(&mut self, row: Row<'_>) {
        self.entries += 1;
        self.verifier.row(row);
        self.tell();
    }

    fn head(&mut self, seq: u64, line: &str) {
        self.heads += 1;
        self.newest = [self.newest[1], seq];
        match SignedHead::parse(line) {
            Ok(head) if head.head.seq == seq => self.verifier.signed_head(&head),
            Ok(_) => self.verifier.find(seq, Flaw::Beside("number of the signed head")),
            Err(error) => self.verifier.find(seq, Flaw::Head(error)),
        }
    }

    fn account(&mut self, account: &Account, kept: Micros) {
        self.end_of_rows();
        self.end_of_account();
        self.accounts += 1;
        self.open = Some((account.clone(), kept, PostingSum::default()));
        self.tell();
    }

    fn posting(&mut self, seq: u64, amount: Micros, effective: DayNo) {
        if let Some((_, _, postings)) = &mut self.open {
            postings.add(&self.hash_key, seq, amount, effective);
        }
        self.tell();
    }

    fn damage(&mut self, sentence: String) {
        self.verifier.find(0, Flaw::Store(sentence));
    }
}
