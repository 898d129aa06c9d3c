//! Reading closes: lists, statements, lines, and whether everything still is as it was booked.

use ledgerline_ids::Period;
use ledgerline_ledger::{AccountKind, Holder};
use ledgerline_money::{Currency, Micros};
use ledgerline_royalty::line::{Pool, Way};
use ledgerline_royalty::sheet::SheetLine;
use ledgerline_royalty::statement::{Cause, Statement, StatementLine};
use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;
use std::sync::Arc;

use super::record::{CloseState, Record};
use super::statements::statement;
use super::stored::{Manifest, StoredClose, folder, read_manifest};
use super::words::sentence;
use super::write::open_statements;
use super::{CloseError, ENTRIES_AT_ONCE};
use crate::Deployment;
use crate::money::files::FileError;
use crate::money::files::lines::{SheetFile, digest};
use crate::money::files::shelf::Shelf;
use crate::money::files::writing::differs;
use crate::ports::drive::apart;
use crate::ports::{Disk, EntryQuery};

/// A closed month, to be read. Calls block: they are made from threads that may.
pub struct ClosedMonth {
    disk: Arc<dyn Disk>,
    close: StoredClose,
    statements: Shelf,
    /// The month's own sheet, then adjustments, each with its number in the manifest.
    sheets: Vec<(SheetFile, Option<Cause>)>,
}

/// A payee in a list of statements.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StatementHead {
    /// Whose.
    pub payee: String,
    /// The statement without its lines.
    pub statement: Statement,
}

/// Whether a close still is as it was booked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CloseCheck {
    /// Which month.
    pub period: Period,
    /// How many files were compared.
    pub files: u64,
    /// How many statements were added up.
    pub statements: u64,
    /// How many entries of the ledger were compared.
    pub entries: u64,
    /// What differs, one sentence each; at most [`FINDINGS_MAX`].
    pub findings: Vec<String>,
}

/// So many lines are read at once.
const LINES_AT_ONCE: u64 = 65_536;

/// So many differences are told.
pub const FINDINGS_MAX: usize = 100;

impl Deployment {
    /// The records of all closes, by month.
    ///
    /// # Errors
    /// [`CloseError`].
    pub async fn closes(&self) -> Result<Vec<Record>, CloseError> {
        Ok(self.close_records().await?.into_iter().map(|(_, record)| record).collect())
    }

    /// A closed month, to be read.
    ///
    /// # Errors
    /// [`CloseError`] where it isn't closed, or its files aren't what was booked.
    pub async fn closed_month(&self, period: Period) -> Result<ClosedMonth, CloseError> {
        let records = self.closes().await?;
        let record = records.into_iter().find(|record| record.period == period);
        let record = record.filter(|record| record.state == CloseState::Closed);
        let record = record.ok_or(CloseError::NotClosed(period))?;
        self.have_closes(std::iter::once(&record)).await?;
        let disk = self.money().closes().disk.clone();
        let open = apart(&*self.drive, move || ClosedMonth::open(disk, record));
        open.await.unwrap_or(Err(CloseError::BrokenOff))
    }

    /// The newest closed month that has a statement of `payee`, or the newest at all.
    ///
    /// # Errors
    /// [`CloseError`].
    pub async fn last_closed(&self) -> Result<Option<Period>, CloseError> {
        let records = self.closes().await?;
        let closed = records.iter().filter(|record| record.state == CloseState::Closed);
        Ok(closed.map(|record| record.period).max())
    }

    /// Reads something of a closed month on a thread that may block.
    ///
    /// # Errors
    /// [`CloseError`].
    pub async fn read_close<T: Send + 'static>(
        &self,
        period: Period,
        read: impl FnOnce(&ClosedMonth) -> Result<T, CloseError> + Send + 'static,
    ) -> Result<T, CloseError> {
        let month = self.closed_month(period).await?;
        let read = apart(&*self.drive, move || read(&month));
        read.await.unwrap_or(Err(CloseError::BrokenOff))
    }

    /// Compares the files of a close with their digests, statements with lines, and both with the
    /// ledger.
    ///
    /// # Errors
    /// [`CloseError`].
    pub async fn verify_close(&self, period: Period) -> Result<CloseCheck, CloseError> {
        let month = match self.closed_month(period).await {
            Ok(month) => month,
            Err(CloseError::File(error)) => {
                let findings = vec![error.to_string()];
                return Ok(CloseCheck { period, files: 0, statements: 0, entries: 0, findings });
            }
            Err(error) => return Err(error),
        };
        let check = apart(&*self.drive, move || Check::of(&month));
        let mut check = check.await.unwrap_or(Err(CloseError::BrokenOff))?;
        let mut after = 0;
        loop {
            let query = EntryQuery {
                period: Some(period),
                after,
                limit: ENTRIES_AT_ONCE,
                ..EntryQuery::default()
            };
            let entries = self.money().ledger().entries(&query).await?;
            let Some(last) = entries.last() else { break };
            after = last.seq();
            entries.iter().for_each(|entry| check.entry(entry.draft()));
        }
        Ok(check.finish())
    }
}

impl ClosedMonth {
    fn open(disk: Arc<dyn Disk>, record: Record) -> Result<Self, CloseError> {
        let manifest = read_manifest(&*disk, &record)?;
        let (period, place) = (record.period, folder(record.period));
        let mut sheets = vec![(SheetFile::open(&*disk, &place, "own", period)?, None)];
        for adjustment in &manifest.adjustments {
            let damaged = || FileError::damaged(&place, "the manifest names an unknown cause");
            let (of, cause) = adjustment.parsed().ok_or_else(damaged)?;
            let name = adjustment.sheet_name();
            sheets.push((SheetFile::open(&*disk, &place, &name, of)?, Some(cause)));
        }
        let close = StoredClose { record, manifest };
        let statements = open_statements(&*disk, &close)?;
        Ok(Self { disk, close, statements, sheets })
    }

    /// Its record.
    #[must_use]
    pub fn record(&self) -> &Record {
        &self.close.record
    }

    /// Its files, and what changed of earlier months.
    #[must_use]
    pub fn manifest(&self) -> &Manifest {
        &self.close.manifest
    }

    /// How many payees have a statement.
    #[must_use]
    pub fn payees(&self) -> u64 {
        self.statements.len()
    }

    /// The statements of payees behind `after`, in the order of the ids, at most `limit`.
    ///
    /// # Errors
    /// [`CloseError`].
    pub fn statements(&self, after: &str, limit: usize) -> Result<Vec<Statement>, CloseError> {
        let (mut from, mut until) = (0, self.statements.len());
        while from < until {
            let middle = from + (until - from) / 2;
            let (payee, _) = self.statements.get(middle)?;
            if payee.as_str() <= after { from = middle + 1 } else { until = middle }
        }
        let until = self.statements.len().min(from.saturating_add(limit as u64));
        (from..until)
            .map(|number| {
                let (payee, bytes) = self.statements.get(number)?;
                self.parse(&payee, &bytes)
            })
            .collect()
    }

    /// A payee's statement.
    ///
    /// # Errors
    /// [`CloseError::NotFound`] where it has none.
    pub fn statement(&self, payee: &str) -> Result<Statement, CloseError> {
        let Some(number) = self.statements.find(payee)? else {
            let period = self.close.record.period;
            return Err(CloseError::NotFound(format!("{payee} has no statement of {period}")));
        };
        let (_, bytes) = self.statements.get(number)?;
        self.parse(payee, &bytes)
    }

    fn parse(&self, payee: &str, bytes: &[u8]) -> Result<Statement, CloseError> {
        let damaged = || FileError::damaged("statements", format!("{payee}'s can't be read"));
        Ok(statement(&self.close, payee, bytes).ok_or_else(damaged)?)
    }

    /// Lines of a payee's statement, from the one with the number `from` (the first has 1) on, at
    /// most `limit`: the month's own, then adjustments.
    ///
    /// # Errors
    /// [`CloseError`].
    pub fn lines(
        &self,
        payee: &str,
        from: u64,
        limit: usize,
    ) -> Result<Vec<StatementLine>, CloseError> {
        let mut found = Vec::new();
        let mut before = 0;
        for (sheet, cause) in &self.sheets {
            let range = sheet.of_payee(payee)?;
            let count = range.end - range.start;
            let skipped = from.max(1).saturating_sub(before + 1).min(count);
            let wanted = (limit - found.len()) as u64;
            let first = range.start + skipped;
            let last = range.end.min(first.saturating_add(wanted));
            let mut names = SheetNames::of(sheet);
            for (number, line) in (before + skipped + 1..).zip(sheet.lines(first..last)?) {
                found.push(names.told(number, &line, *cause)?);
            }
            before += count;
            if found.len() == limit {
                break;
            }
        }
        Ok(found)
    }

    /// The month's own sheet, then adjustments with their causes.
    pub(crate) fn sheets(&self) -> impl Iterator<Item = (&SheetFile, Option<Cause>)> {
        self.sheets.iter().map(|(sheet, cause)| (sheet, *cause))
    }

    /// Gives each of a payee's lines of a sheet, in their order: a label has millions.
    pub(crate) fn for_each_line(
        &self,
        sheet: &SheetFile,
        payee: &str,
        each: &mut dyn FnMut(&SheetLine) -> Result<(), CloseError>,
    ) -> Result<(), CloseError> {
        for_each_line(sheet, sheet.of_payee(payee)?, &mut |_, line| each(line))
    }

    /// Gives every line of a sheet with its number.
    pub(crate) fn for_all_lines(
        &self,
        sheet: &SheetFile,
        each: &mut dyn FnMut(u64, &SheetLine) -> Result<(), CloseError>,
    ) -> Result<(), CloseError> {
        for_each_line(sheet, 0..sheet.count(), each)
    }

    /// The recordings that a payee has lines of in the month itself.
    pub(crate) fn tracks_of(&self, payee: &str) -> Result<BTreeSet<Box<str>>, CloseError> {
        self.statement(payee)?;
        let mut tracks = BTreeSet::new();
        let mut seen = BTreeSet::new();
        let own = self.sheets.iter().find(|(_, cause)| cause.is_none());
        if let Some((sheet, _)) = own {
            self.for_each_line(sheet, payee, &mut |line| {
                if seen.insert(line.track) {
                    tracks.insert(sheet.track(line.track)?.into());
                }
                Ok(())
            })?;
        }
        Ok(tracks)
    }

    /// The line of a number on a payee's statement, with its pool.
    ///
    /// # Errors
    /// [`CloseError::NotFound`].
    pub fn line(&self, payee: &str, number: u64) -> Result<(StatementLine, Pool), CloseError> {
        let mut before = 0;
        for (sheet, cause) in &self.sheets {
            let range = sheet.of_payee(payee)?;
            let count = range.end - range.start;
            if number > before && number <= before + count {
                let line = sheet.line(range.start + (number - before - 1))?;
                let told = SheetNames::of(sheet).told(number, &line, *cause)?;
                return Ok((told, sheet.pool(line.pool)?));
            }
            before += count;
        }
        let period = self.close.record.period;
        Err(CloseError::NotFound(format!(
            "{payee}'s statement of {period} has no line {number}: it has {before}"
        )))
    }

    /// The territories and tiers of the revenue that a line's sheet has pools of, each once.
    ///
    /// # Errors
    /// [`CloseError`].
    pub(crate) fn revenue_of(&self, line: &StatementLine) -> Result<Vec<Place>, CloseError> {
        let same = |(sheet, cause): &&(SheetFile, Option<Cause>)| {
            (sheet.period, *cause) == (line.period, line.cause)
        };
        let mut places = Vec::new();
        for (sheet, _) in self.sheets.iter().filter(same) {
            for pool in sheet.pools()? {
                places.push((pool.territory.map(String::from), pool.tier.map(String::from)));
            }
        }
        places.sort_unstable();
        places.dedup();
        Ok(places)
    }

    /// All lines of a recording, at most `limit`: payee, line, pool.
    ///
    /// # Errors
    /// [`CloseError`].
    pub fn lines_of_track(
        &self,
        track_id: &str,
        limit: usize,
    ) -> Result<Vec<(String, StatementLine, Pool)>, CloseError> {
        let mut found = Vec::new();
        let mut before: BTreeMap<String, u64> = BTreeMap::new();
        for (at, (sheet, cause)) in self.sheets.iter().enumerate() {
            let mut names = SheetNames::of(sheet);
            for number in sheet.of_track(track_id, limit - found.len())? {
                let line = sheet.line(number)?;
                let payee = sheet.payee(line.payee)?;
                let earlier = match before.get(&payee) {
                    Some(known) => *known,
                    None => {
                        let counts = self.sheets[..at].iter().map(|(sheet, _)| {
                            sheet.of_payee(&payee).map(|range| range.end - range.start)
                        });
                        let sum = counts.sum::<Result<u64, _>>()?;
                        before.insert(payee.clone(), sum);
                        sum
                    }
                };
                let first = sheet.of_payee(&payee)?.start;
                let told = names.told(earlier + number - first + 1, &line, *cause)?;
                found.push((payee, told, sheet.pool(line.pool)?));
            }
            before.clear();
        }
        Ok(found)
    }
}

fn for_each_line(
    sheet: &SheetFile,
    mut range: Range<u64>,
    each: &mut dyn FnMut(u64, &SheetLine) -> Result<(), CloseError>,
) -> Result<(), CloseError> {
    while !range.is_empty() {
        let until = range.end.min(range.start + LINES_AT_ONCE);
        for (number, line) in (range.start..).zip(&sheet.lines(range.start..until)?) {
            each(number, line)?;
        }
        range.start = until;
    }
    Ok(())
}

/// A territory and a tier; `None` is any.
pub(crate) type Place = (Option<String>, Option<String>);

/// What a sheet's numbers stand for, each read once.
struct SheetNames<'s> {
    sheet: &'s SheetFile,
    pools: BTreeMap<u32, Pool>,
    ways: BTreeMap<u32, Way>,
}

impl<'s> SheetNames<'s> {
    fn of(sheet: &'s SheetFile) -> Self {
        Self { sheet, pools: BTreeMap::new(), ways: BTreeMap::new() }
    }

    fn told(
        &mut self,
        number: u64,
        line: &SheetLine,
        cause: Option<Cause>,
    ) -> Result<StatementLine, CloseError> {
        if !self.pools.contains_key(&line.pool) {
            self.pools.insert(line.pool, self.sheet.pool(line.pool)?);
        }
        if !self.ways.contains_key(&line.way) {
            self.ways.insert(line.way, self.sheet.way(line.way)?);
        }
        let (pool, way) = (&self.pools[&line.pool], &self.ways[&line.way]);
        Ok(StatementLine {
            number,
            period: self.sheet.period,
            cause,
            track_id: self.sheet.track(line.track)?,
            right: pool.right,
            territory: pool.territory.as_deref().map(str::to_owned),
            tier: pool.tier.as_deref().map(str::to_owned),
            licence: format!("{}/{}", pool.contract, pool.term),
            holder: way.holder.to_string(),
            passed: way.passed.iter().map(ToString::to_string).collect(),
            account: way.account(&pool.contract).to_owned(),
            plays: line.plays,
            currency: pool.currency,
            amount: line.amount,
            sentence: sentence(line, pool, way, cause),
        })
    }
}

/// What is compared of a close.
struct Check {
    check: CloseCheck,
    /// What statements and lines say: by payee, currency and name of the movement.
    said: BTreeMap<(String, Currency, &'static str), Micros>,
    /// What the ledger says.
    booked: BTreeMap<(String, Currency, &'static str), Micros>,
    prefix: String,
}

impl Check {
    fn of(month: &ClosedMonth) -> Result<Self, CloseError> {
        let period = month.close.record.period;
        let place = folder(period);
        let check =
            CloseCheck { period, files: 0, statements: 0, entries: 0, findings: Vec::new() };
        let prefix = format!("close/{period}/");
        let mut this = Self { check, said: BTreeMap::new(), booked: BTreeMap::new(), prefix };
        for file in &month.close.manifest.files {
            this.check.files += 1;
            if let Some(finding) = differs(&*month.disk, &place, file)? {
                this.finding(finding);
            }
        }
        if !this.check.findings.is_empty() {
            return Ok(this);
        }
        let mut sheets = Vec::new();
        for (file, cause) in &month.sheets {
            let sheet = file.sheet()?;
            if let Some(pool) = sheet.unbalanced() {
                let (contract, term) = (&pool.contract, &pool.term);
                this.finding(format!("the lines of the pool {contract}/{term} don't sum to it"));
            }
            let name = if cause.is_some() { "adjustment" } else { "earned" };
            for ((payee, currency), sum) in super::compute::earned(&sheet)? {
                this.add_said(&payee, currency, name, sum)?;
            }
            sheets.push(sheet);
        }
        for number in 0..month.statements.len() {
            let (payee, bytes) = month.statements.get(number)?;
            let statement = month.parse(&payee, &bytes)?;
            this.check.statements += 1;
            let mine = sheets.iter().map(|sheet| match sheet.payees.number(&payee) {
                Some(number) => sheet.of_payee(number),
                None => &[],
            });
            if digest(mine) != statement.lines_sha256 {
                this.finding(format!("{payee}'s lines are not the ones of the statement"));
            }
            this.statement(&statement)?;
        }
        Ok(this)
    }

    fn add_said(
        &mut self,
        payee: &str,
        currency: Currency,
        name: &'static str,
        amount: Micros,
    ) -> Result<(), CloseError> {
        let sum = self.said.entry((payee.to_owned(), currency, name)).or_default();
        *sum = sum.plus(amount)?;
        Ok(())
    }

    /// Whether a statement adds up.
    fn statement(&mut self, statement: &Statement) -> Result<(), CloseError> {
        let payee = &statement.payee;
        let mut earned: BTreeMap<Currency, Micros> = BTreeMap::new();
        for account in &statement.accounts {
            let withheld = account.withheld.iter().map(|(_, amount)| *amount);
            let came = [
                account.earned,
                account.adjusted,
                account.topped_up,
                account.released,
                account.drawn,
            ];
            let went = [account.costs, account.advance, account.held, account.credited];
            if Micros::sum(came)? != Micros::sum(went.into_iter().chain(withheld))? {
                self.finding(format!("{payee}'s account with {} doesn't add up", account.contract));
            }
            let sum = earned.entry(account.currency).or_default();
            *sum = sum.plus(account.earned)?.plus(account.adjusted)?;
        }
        for balance in &statement.balances {
            let came = balance.opening.plus(balance.due)?;
            if came != Micros::sum([balance.exchanged, balance.paid, balance.closing])? {
                self.finding(format!("{payee}'s balance in {} doesn't add up", balance.currency));
            }
        }
        for (currency, sum) in earned {
            let of = |name| self.said.get(&(payee.clone(), currency, name)).copied();
            let lines =
                of("earned").unwrap_or_default().plus(of("adjustment").unwrap_or_default())?;
            if lines != sum {
                self.finding(format!("{payee}'s lines in {currency} don't sum to its accounts"));
            }
        }
        Ok(())
    }

    /// Takes in what the ledger booked.
    fn entry(&mut self, draft: &ledgerline_ledger::EntryDraft) {
        let Some(rest) = draft.key.as_str().strip_prefix(&self.prefix) else { return };
        self.check.entries += 1;
        let word = rest.rsplit('/').next().unwrap_or_default();
        let name = match draft.reason {
            ledgerline_ledger::Reason::Adjustment => "adjustment",
            _ if word == "earned" => "earned",
            _ => return,
        };
        for posting in &draft.postings {
            let wanted = AccountKind::Earned;
            let payee = match &posting.account.holder {
                Holder::Party(payee) if posting.account.kind == wanted => payee.to_string(),
                Holder::Service if posting.account.kind == AccountKind::Unmatched => {
                    ledgerline_royalty::splits::UNMATCHED.to_owned()
                }
                _ => continue,
            };
            let key = (payee, posting.account.currency, name);
            let sum = self.booked.entry(key).or_default();
            *sum = sum.plus(posting.amount).unwrap_or(*sum);
        }
    }

    fn finding(&mut self, finding: String) {
        if self.check.findings.len() < FINDINGS_MAX {
            self.check.findings.push(finding);
        }
    }

    fn finish(mut self) -> CloseCheck {
        if self.check.statements == 0 && !self.check.findings.is_empty() {
            // Files that differ were not read further.
            return self.check;
        }
        let said = std::mem::take(&mut self.said);
        let booked = std::mem::take(&mut self.booked);
        let keys = said.keys().chain(booked.keys()).collect::<BTreeSet<_>>();
        for key in keys {
            let of = |sums: &BTreeMap<_, Micros>| sums.get(key).copied().unwrap_or_default();
            if of(&said) != of(&booked) {
                let (payee, currency, name) = key;
                self.finding(format!(
                    "{payee}'s {name} in {currency} is {} by its statement and {} in the ledger",
                    of(&said),
                    of(&booked)
                ));
            }
        }
        self.check
    }
}
