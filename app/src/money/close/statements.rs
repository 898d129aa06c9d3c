//! Statements as they are stored: one record for each payee, sorted by id.

use ledgerline_ids::Period;
use ledgerline_money::{Currency, Fraction, Micros, MoneyError};
use ledgerline_royalty::account::{Balances, NotPaid, Settled};
use ledgerline_royalty::closing::{AccountKey, Books, ClosedAccount, ClosedPayee, TopUp};
use ledgerline_royalty::month_plays::{Standing, UnpaidRow};
use ledgerline_royalty::statement::{
    AccountStatement, AdjustmentSummary, BalanceStatement, PayoutStatement, Statement, UnpaidPlays,
};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

use super::compute::{Outcome, lines_digest};
use super::stored::StoredClose;
use super::words::why_unpaid;

/// A payee, and its statement as JSON.
type Record = (Box<str>, Vec<u8>);

/// Of an adjustment, by its number in the manifest: plays, lines, amounts by currency.
type StoredSummary = (usize, i64, u64, BTreeMap<String, i64>);

/// One payee's statement, as it is stored.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct StoredStatement {
    pub accounts: Vec<StoredAccount>,
    pub currency: Option<String>,
    pub opening: BTreeMap<String, i64>,
    pub due: BTreeMap<String, i64>,
    pub paid: Option<i64>,
    pub not_paid: Option<String>,
    /// From which currency, how much, at which rate, what came out.
    pub exchanged: Vec<(String, i64, String, i64)>,
    pub carried: BTreeMap<String, i64>,
    /// By the number of the adjustment in the manifest: plays, lines, amounts by currency.
    pub adjustments: Vec<StoredSummary>,
    /// Recording, standing, why, plays.
    pub unpaid: Vec<(String, u8, u8, u64)>,
    pub lines: u64,
    pub lines_sha256: String,
}

/// One account in one close, as it is stored.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct StoredAccount {
    pub contract: String,
    pub currency: String,
    pub own: i64,
    pub adjusted: i64,
    pub topped_up: i64,
    pub costs: i64,
    pub advance: i64,
    pub withheld: BTreeMap<String, i64>,
    pub held: i64,
    pub released: i64,
    pub drawn: i64,
    pub credited: i64,
    pub due: i64,
    pub after: StoredBalances,
}

/// Where an account stands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct StoredBalances {
    pub costs: i64,
    pub advance: i64,
    pub costs_recouped: i64,
    pub advance_recouped: i64,
    pub reserve: BTreeMap<String, i64>,
    pub pending: i64,
}

/// What a licensor was topped up with: month, licensor, contract, term, currency, ledger units.
pub(crate) type StoredTopUp = (String, String, String, String, String, i64);

fn by_currency(amounts: &BTreeMap<Currency, Micros>) -> BTreeMap<String, i64> {
    amounts.iter().map(|(currency, amount)| (currency.to_string(), amount.get())).collect()
}

/// Every payee's statement, sorted by id.
pub(crate) fn statements(outcome: &Outcome) -> Result<Vec<Record>, MoneyError> {
    let mut payees: BTreeSet<Box<str>> = outcome.closing.payees.keys().cloned().collect();
    payees.extend(outcome.closing.accounts.keys().map(|key| key.payee.clone()));
    payees.extend(outcome.unpaid.payees.iter().map(|(payee, _)| payee.clone()));
    let sheets =
        || std::iter::once(&outcome.own).chain(outcome.adjustments.iter().map(|it| &it.sheet));
    payees.extend(sheets().flat_map(|sheet| sheet.payees.iter().map(Box::from)));
    let mut accounts: BTreeMap<&str, Vec<StoredAccount>> = BTreeMap::new();
    for (key, account) in &outcome.closing.accounts {
        accounts.entry(&key.payee).or_default().push(stored_account(key, account)?);
    }
    let mut records = Vec::with_capacity(payees.len());
    for payee in payees {
        let lines = sheets().map(|sheet| match sheet.payees.number(&payee) {
            Some(number) => sheet.of_payee(number).len() as u64,
            None => 0,
        });
        let closed = outcome.closing.payees.get(&payee);
        let nothing = BTreeMap::new();
        let statement = StoredStatement {
            accounts: accounts.remove(&*payee).unwrap_or_default(),
            currency: closed.map(|closed| closed.currency.to_string()),
            opening: by_currency(closed.map_or(&nothing, |closed| &closed.opening)),
            due: by_currency(closed.map_or(&nothing, |closed| &closed.due)),
            paid: closed.and_then(|closed| Some(closed.payout.paid.ok()?.get())),
            not_paid: closed.and_then(not_paid),
            exchanged: closed.map_or_else(Vec::new, exchanged),
            carried: by_currency(closed.map_or(&nothing, |closed| &closed.payout.carried)),
            adjustments: adjustments_of(&payee, outcome)?,
            unpaid: unpaid_of(&payee, outcome),
            lines: lines.sum(),
            lines_sha256: lines_digest(&payee, outcome),
        };
        let bytes = serde_json::to_vec(&statement).expect("texts and numbers are JSON");
        records.push((payee, bytes));
    }
    Ok(records)
}

fn not_paid(closed: &ClosedPayee) -> Option<String> {
    match closed.payout.paid {
        Ok(_) => None,
        Err(NotPaid::NothingOwed) => Some("nothing_owed".to_owned()),
        Err(NotPaid::BelowMinimum) => Some("below_minimum".to_owned()),
    }
}

fn exchanged(closed: &ClosedPayee) -> Vec<(String, i64, String, i64)> {
    let told = |it: &ledgerline_royalty::account::Exchanged| {
        (it.from.to_string(), it.amount.get(), it.rate.to_string(), it.result.get())
    };
    closed.payout.exchanged.iter().map(told).collect()
}

fn stored_account(key: &AccountKey, account: &ClosedAccount) -> Result<StoredAccount, MoneyError> {
    let Settled { topped_up, costs, advance, withheld, held, credited, due, balances, .. } =
        &account.settled;
    let all = |amounts: &BTreeMap<Period, Micros>| Micros::sum(amounts.values().copied());
    Ok(StoredAccount {
        contract: key.contract.to_string(),
        currency: key.currency.to_string(),
        own: account.own.get(),
        adjusted: account.adjusted.get(),
        topped_up: topped_up.get(),
        costs: costs.get(),
        advance: advance.get(),
        withheld: withheld.iter().map(|(at, it)| (at.to_string(), it.get())).collect(),
        held: held.get(),
        released: all(&account.settled.released)?.get(),
        drawn: all(&account.settled.drawn)?.get(),
        credited: credited.get(),
        due: due.get(),
        after: StoredBalances {
            costs: balances.costs.get(),
            advance: balances.advance.get(),
            costs_recouped: balances.costs_recouped.get(),
            advance_recouped: balances.advance_recouped.get(),
            reserve: balances.reserve.iter().map(|(at, it)| (at.to_string(), it.get())).collect(),
            pending: balances.pending.get(),
        },
    })
}

fn adjustments_of(payee: &str, outcome: &Outcome) -> Result<Vec<StoredSummary>, MoneyError> {
    let mut told = Vec::new();
    for (number, adjustment) in outcome.adjustments.iter().enumerate() {
        let sheet = &adjustment.sheet;
        let Some(mine) = sheet.payees.number(payee) else { continue };
        let lines = sheet.of_payee(mine);
        let mut amounts: BTreeMap<Currency, Micros> = BTreeMap::new();
        for line in lines {
            let sum = amounts.entry(sheet.pools[line.pool as usize].currency).or_default();
            *sum = sum.plus(line.amount)?;
        }
        let plays = lines.iter().map(|line| line.plays).sum();
        told.push((number, plays, lines.len() as u64, by_currency(&amounts)));
    }
    Ok(told)
}

fn unpaid_of(payee: &str, outcome: &Outcome) -> Vec<(String, u8, u8, u64)> {
    let unpaid = &outcome.unpaid;
    let from = unpaid.payees.partition_point(|(other, _)| &**other < payee);
    let mine = unpaid.payees[from..].iter().take_while(|(other, _)| &**other == payee);
    mine.flat_map(|(_, track)| {
        let first = unpaid.rows.partition_point(|row| row.track < *track);
        let rows = unpaid.rows[first..].iter().take_while(move |row| row.track == *track);
        rows.map(|row: &UnpaidRow| {
            let name = unpaid.tracks.name(row.track).to_owned();
            (name, row.standing as u8, row.why, row.plays)
        })
    })
    .collect()
}

/// What licensors were topped up with so far, as it is stored.
pub(crate) fn stored_top_ups(books: &Books) -> Vec<StoredTopUp> {
    let told = |(key, amount): (&TopUp, &Micros)| {
        let TopUp { period, licensor, contract, term, currency } = key;
        let [licensor, contract, term] = [licensor, contract, term].map(ToString::to_string);
        (period.to_string(), licensor, contract, term, currency.to_string(), amount.get())
    };
    books.topped_up.iter().map(told).collect()
}

/// Where everything stood after a close, out of its statements; `None` where they can't be read.
pub(crate) fn books(records: &[(String, Vec<u8>)], top_ups: Vec<StoredTopUp>) -> Option<Books> {
    let mut books = Books::default();
    for (payee, bytes) in records {
        let stored: StoredStatement = serde_json::from_slice(bytes).ok()?;
        for account in stored.accounts {
            let key = AccountKey {
                payee: payee.as_str().into(),
                contract: account.contract.as_str().into(),
                currency: Currency::parse(&account.currency).ok()?,
            };
            let balances = balances(&account.after)?;
            if balances != Balances::default() {
                books.accounts.insert(key, balances);
            }
        }
        let owed = amounts(&stored.carried)?;
        if !owed.is_empty() {
            books.owed.insert(payee.as_str().into(), owed);
        }
    }
    for (period, licensor, contract, term, currency, amount) in top_ups {
        let key = TopUp {
            period: Period::parse(&period).ok()?,
            licensor: licensor.into(),
            contract: contract.into(),
            term: term.into(),
            currency: Currency::parse(&currency).ok()?,
        };
        books.topped_up.insert(key, Micros::new(amount));
    }
    Some(books)
}

fn amounts(stored: &BTreeMap<String, i64>) -> Option<BTreeMap<Currency, Micros>> {
    let parse = |(currency, amount): (&String, &i64)| {
        Some((Currency::parse(currency).ok()?, Micros::new(*amount)))
    };
    stored.iter().map(parse).collect()
}

fn balances(stored: &StoredBalances) -> Option<Balances> {
    let reserve = stored.reserve.iter();
    let reserve = reserve.map(|(at, it)| Some((Period::parse(at).ok()?, Micros::new(*it))));
    Some(Balances {
        costs: Micros::new(stored.costs),
        advance: Micros::new(stored.advance),
        costs_recouped: Micros::new(stored.costs_recouped),
        advance_recouped: Micros::new(stored.advance_recouped),
        reserve: reserve.collect::<Option<_>>()?,
        pending: Micros::new(stored.pending),
    })
}

/// A payee's statement out of its record; `None` where that can't be read.
pub(crate) fn statement(close: &StoredClose, payee: &str, bytes: &[u8]) -> Option<Statement> {
    let stored: StoredStatement = serde_json::from_slice(bytes).ok()?;
    let accounts = stored.accounts.iter().map(account_statement).collect::<Option<_>>()?;
    Some(Statement {
        period: close.record.period,
        payee: payee.to_owned(),
        booked_at: close.record.booked_at,
        accounts,
        balances: balance_statements(&stored)?,
        payout: payout(&stored)?,
        adjustments: summaries(close, &stored)?,
        unpaid: stored.unpaid.iter().map(unpaid_plays).collect::<Option<_>>()?,
        lines: stored.lines,
        lines_sha256: stored.lines_sha256.clone(),
        manifest_sha256: close.record.manifest_sha256.clone()?,
        ledger_head: close.record.head.clone(),
    })
}

fn account_statement(stored: &StoredAccount) -> Option<AccountStatement> {
    let withheld = stored.withheld.iter();
    Some(AccountStatement {
        contract: stored.contract.clone(),
        currency: Currency::parse(&stored.currency).ok()?,
        earned: Micros::new(stored.own),
        adjusted: Micros::new(stored.adjusted),
        topped_up: Micros::new(stored.topped_up),
        costs: Micros::new(stored.costs),
        advance: Micros::new(stored.advance),
        withheld: withheld.map(|(at, it)| (at.clone(), Micros::new(*it))).collect(),
        held: Micros::new(stored.held),
        released: Micros::new(stored.released),
        drawn: Micros::new(stored.drawn),
        credited: Micros::new(stored.credited),
        due: Micros::new(stored.due),
        pending: Micros::new(stored.after.pending),
        costs_open: Micros::new(stored.after.costs),
        advance_open: Micros::new(stored.after.advance),
        reserve: Micros::sum(stored.after.reserve.values().map(|it| Micros::new(*it))).ok()?,
    })
}

fn balance_statements(stored: &StoredStatement) -> Option<Vec<BalanceStatement>> {
    let currencies: BTreeSet<&String> = stored
        .opening
        .keys()
        .chain(stored.due.keys())
        .chain(stored.carried.keys())
        .chain(stored.paid.and(stored.currency.as_ref()))
        .collect();
    let of = |amounts: &BTreeMap<String, i64>, currency: &String| {
        Micros::new(amounts.get(currency).copied().unwrap_or(0))
    };
    let one = |currency: &String| {
        let own = stored.currency.as_ref() == Some(currency);
        let given: i64 = stored
            .exchanged
            .iter()
            .filter(|(from, ..)| from == currency)
            .map(|(_, amount, ..)| amount)
            .sum();
        let got: i64 = if own { stored.exchanged.iter().map(|it| it.3).sum() } else { 0 };
        Some(BalanceStatement {
            currency: Currency::parse(currency).ok()?,
            opening: of(&stored.opening, currency),
            due: of(&stored.due, currency),
            exchanged: Micros::new(given - got),
            paid: Micros::new(if own { stored.paid.unwrap_or(0) } else { 0 }),
            closing: of(&stored.carried, currency),
        })
    };
    currencies.into_iter().map(one).collect()
}

fn payout(stored: &StoredStatement) -> Option<PayoutStatement> {
    let reason = match stored.not_paid.as_deref() {
        None if stored.currency.is_none() => Some("nothing is owed".to_owned()),
        None => None,
        Some("below_minimum") => Some(
            "what is owed is less than the least that is paid out, and is carried to the next close"
                .to_owned(),
        ),
        Some(_) => Some("nothing is owed".to_owned()),
    };
    let fallback = || stored.accounts.first().map(|account| account.currency.clone());
    let currency = stored.currency.clone().or_else(fallback);
    let exchanged = stored.exchanged.iter().map(|(from, amount, rate, result)| {
        let (from, rate) = (Currency::parse(from).ok()?, Fraction::parse(rate).ok()?);
        Some((from, Micros::new(*amount), rate, Micros::new(*result)))
    });
    Some(PayoutStatement {
        currency: Currency::parse(currency.as_deref().unwrap_or("EUR")).ok()?,
        amount: Micros::new(stored.paid.unwrap_or(0)),
        reason,
        exchanged: exchanged.collect::<Option<_>>()?,
    })
}

fn summaries(close: &StoredClose, stored: &StoredStatement) -> Option<Vec<AdjustmentSummary>> {
    let one = |(number, plays, lines, by_currency): &StoredSummary| {
        let adjustment = close.manifest.adjustments.get(*number)?;
        let (period, cause) = adjustment.parsed()?;
        Some(AdjustmentSummary {
            period,
            cause,
            detail: adjustment.detail.clone(),
            plays: *plays,
            amounts: amounts(by_currency)?.into_iter().collect(),
            lines: *lines,
        })
    };
    stored.adjustments.iter().map(one).collect()
}

fn unpaid_plays((track, standing, why, plays): &(String, u8, u8, u64)) -> Option<UnpaidPlays> {
    let standing = *Standing::ALL.get(usize::from(*standing))?;
    Some(UnpaidPlays {
        track_id: track.clone(),
        standing,
        plays: *plays,
        sentence: why_unpaid(standing, *why),
    })
}
