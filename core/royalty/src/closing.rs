//! A close's lines and adjustments taken through every account to what is paid out.
//!
//! Each payee has an account with each contract that pays it, in each currency of its pools. What
//! happens on one is [`crate::account`]'s; here is who gets which lines, whose guarantee is short,
//! and what each payee's balances come to.

use crate::account::{
    Balances, Earned, Payout, PayoutError, PayoutTerms, Settled, TaxStanding, pay_out, settle,
    top_up,
};
use crate::sheet::Sheet;
use crate::splits::UNMATCHED;
use crate::terms::{AccountTerms, Contract, Parties, Rule};
use ledgerline_ids::Period;
use ledgerline_money::{Currency, Fraction, Micros, MoneyError};
use std::collections::BTreeMap;

/// Which account.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct AccountKey {
    /// Whose.
    pub payee: Box<str>,
    /// With which contract.
    pub contract: Box<str>,
    /// In which currency.
    pub currency: Currency,
}

/// Where all accounts and balances stand after a close.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Books {
    /// Each account.
    pub accounts: BTreeMap<AccountKey, Balances>,
    /// What each payee is owed, by currency; none that is zero.
    pub owed: BTreeMap<Box<str>, BTreeMap<Currency, Micros>>,
    /// What licensors were topped up for a month so far: by month, licensor, `contract/term` and
    /// currency.
    pub topped_up: BTreeMap<TopUp, Micros>,
}

/// For what a licensor is topped up.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TopUp {
    /// For which month.
    pub period: Period,
    /// Whom.
    pub licensor: Box<str>,
    /// The contract whose guarantee it is.
    pub contract: Box<str>,
    /// Its term.
    pub term: Box<str>,
    /// In which currency.
    pub currency: Currency,
}

/// How a payee is paid and taxed.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct PartyTerms {
    /// In which currency; that of its account where it doesn't say.
    pub currency: Option<Currency>,
    /// Nothing below this.
    pub minimum: Option<Micros>,
    /// Where it pays tax.
    pub tax_country: Option<String>,
    /// Whether a treaty spares it all withholding.
    pub tax_treaty: bool,
}

/// One month's lines that a close takes in.
#[derive(Clone, Copy)]
pub struct Stated<'a> {
    /// Of which month.
    pub period: Period,
    /// What is new: the month's own lines, or what changed.
    pub sheet: &'a Sheet,
}

/// All that follows from pools on.
pub struct Inputs<'a> {
    /// The month that is closed.
    pub period: Period,
    /// Its lines.
    pub own: &'a Sheet,
    /// What changed of earlier months.
    pub adjustments: &'a [Stated<'a>],
    /// Every earlier month that was computed anew, in full, for its guarantees.
    pub restated: &'a [Stated<'a>],
    /// Contracts.
    pub contracts: &'a [Contract],
    /// Where everything stood.
    pub before: &'a Books,
    /// Costs and advances since then, by account.
    pub paid_ahead: &'a BTreeMap<AccountKey, PaidAhead>,
    /// How each payee is paid.
    pub party: &'a dyn Fn(&str) -> PartyTerms,
    /// Units of the second currency for one of the first, on the month's last day.
    pub rate: &'a dyn Fn(Currency, Currency) -> Option<Fraction>,
}

/// Costs and advances that a payee was charged with.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct PaidAhead {
    /// Costs that it bears.
    pub costs: Micros,
    /// Advances.
    pub advance: Micros,
}

/// One account in one close.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ClosedAccount {
    /// By the month's own lines.
    pub own: Micros,
    /// By adjustments.
    pub adjusted: Micros,
    /// What became of both.
    pub settled: Settled,
}

/// One payee in one close.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClosedPayee {
    /// In which currency it is paid.
    pub currency: Currency,
    /// What it was owed before, by currency.
    pub opening: BTreeMap<Currency, Micros>,
    /// What is due with this close.
    pub due: BTreeMap<Currency, Micros>,
    /// What became of both.
    pub payout: Payout,
}

/// What a close comes to for everyone.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Closing {
    /// Each account that something happened on, or that holds something.
    pub accounts: BTreeMap<AccountKey, ClosedAccount>,
    /// Each payee.
    pub payees: BTreeMap<Box<str>, ClosedPayee>,
    /// What was earned by recordings whose holders aren't known: own, adjusted.
    pub unmatched: BTreeMap<Currency, (Micros, Micros)>,
    /// What licensors are topped up with in this close.
    pub topped_up: BTreeMap<TopUp, Micros>,
    /// Where everything stands afterwards.
    pub books: Books,
}

/// Why accounts can't be closed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ClosingError {
    /// A payout needs a rate that isn't there.
    #[error("{payee} can't be paid: {error}")]
    Payout {
        /// Who.
        payee: Box<str>,
        /// Why.
        error: PayoutError,
    },
    /// Beyond what an amount can hold.
    #[error(transparent)]
    Money(#[from] MoneyError),
}

/// Takes lines through accounts to payouts.
///
/// # Errors
/// [`ClosingError`].
pub fn close(inputs: &Inputs<'_>) -> Result<Closing, ClosingError> {
    let mut closing = Closing { books: inputs.before.clone(), ..Closing::default() };
    let mut earned: BTreeMap<AccountKey, Earned> = BTreeMap::new();
    take_lines(inputs.own, false, &mut earned, &mut closing)?;
    for stated in inputs.adjustments {
        take_lines(stated.sheet, true, &mut earned, &mut closing)?;
    }
    top_licensors_up(inputs, &mut earned, &mut closing)?;
    for (key, ahead) in inputs.paid_ahead {
        let balances = closing.books.accounts.entry(key.clone()).or_default();
        balances.costs = balances.costs.plus(ahead.costs)?;
        balances.advance = balances.advance.plus(ahead.advance)?;
    }
    settle_accounts(inputs, &earned, &mut closing)?;
    pay_everyone(inputs, &mut closing)?;
    Ok(closing)
}

fn take_lines(
    sheet: &Sheet,
    adjusts: bool,
    earned: &mut BTreeMap<AccountKey, Earned>,
    closing: &mut Closing,
) -> Result<(), MoneyError> {
    // Lines of one payee stand together, and of those the ones of one pool.
    for lines in sheet.lines.chunk_by(|a, b| (a.payee, a.pool) == (b.payee, b.pool)) {
        let pool = &sheet.pools[lines[0].pool as usize];
        let payee = sheet.payees.name(lines[0].payee);
        let mut by_contract: BTreeMap<&str, Micros> = BTreeMap::new();
        for line in lines {
            let contract = sheet.ways[line.way as usize].account(&pool.contract);
            let sum = by_contract.entry(contract).or_default();
            *sum = sum.plus(line.amount)?;
        }
        for (contract, amount) in by_contract {
            if payee == UNMATCHED {
                let sums = closing.unmatched.entry(pool.currency).or_default();
                let sum = if adjusts { &mut sums.1 } else { &mut sums.0 };
                *sum = sum.plus(amount)?;
                continue;
            }
            let key = AccountKey {
                payee: payee.into(),
                contract: contract.into(),
                currency: pool.currency,
            };
            let account = closing.accounts.entry(key.clone()).or_default();
            let sum = if adjusts { &mut account.adjusted } else { &mut account.own };
            *sum = sum.plus(amount)?;
            let earned = earned.entry(key).or_default();
            let sum = earned.by_territory.entry(pool.territory.clone()).or_default();
            *sum = sum.plus(amount)?;
        }
    }
    Ok(())
}

/// What each licensor's lines of terms with a guarantee come to, in a month as it is known now.
fn guaranteed(
    contracts: &[Contract],
    month: Stated<'_>,
) -> Result<BTreeMap<TopUp, (Micros, Micros)>, MoneyError> {
    let day = month.period.last_day();
    let mut found: BTreeMap<TopUp, (Micros, Micros)> = BTreeMap::new();
    let mut guarantees: BTreeMap<(&str, &str), Micros> = BTreeMap::new();
    for contract in contracts.iter().filter(|contract| contract.dates.hold(day)) {
        let Parties::Licence { licensor } = &contract.parties else { continue };
        for term in contract.terms.iter().filter(|term| term.dates.hold(day)) {
            let Rule::Pool(rule) = &term.rule else { continue };
            let Some(guarantee) = rule.guarantee else { continue };
            guarantees.insert((&contract.id, &term.id), guarantee);
            if let Some(licensor) = licensor {
                let key = TopUp {
                    period: month.period,
                    licensor: licensor.as_str().into(),
                    contract: contract.id.as_str().into(),
                    term: term.id.as_str().into(),
                    currency: contract.currency,
                };
                found.insert(key, (guarantee, Micros::ZERO));
            }
        }
    }
    if guarantees.is_empty() {
        return Ok(found);
    }
    for line in &month.sheet.lines {
        let pool = &month.sheet.pools[line.pool as usize];
        let Some(guarantee) = guarantees.get(&(&*pool.contract, &*pool.term)) else { continue };
        let holder = &month.sheet.ways[line.way as usize].holder;
        if &**holder == UNMATCHED {
            continue;
        }
        let key = TopUp {
            period: month.period,
            licensor: holder.clone(),
            contract: pool.contract.clone(),
            term: pool.term.clone(),
            currency: pool.currency,
        };
        let sums = found.entry(key).or_insert((*guarantee, Micros::ZERO));
        sums.1 = sums.1.plus(line.amount)?;
    }
    Ok(found)
}

fn top_licensors_up(
    inputs: &Inputs<'_>,
    earned: &mut BTreeMap<AccountKey, Earned>,
    closing: &mut Closing,
) -> Result<(), MoneyError> {
    let own = Stated { period: inputs.period, sheet: inputs.own };
    for month in std::iter::once(own).chain(inputs.restated.iter().copied()) {
        let mut wanted: BTreeMap<TopUp, Micros> = BTreeMap::new();
        for (key, (guarantee, pooled)) in guaranteed(inputs.contracts, month)? {
            wanted.insert(key, top_up(guarantee, pooled)?);
        }
        let so_far = inputs.before.topped_up.iter().filter(|(key, _)| key.period == month.period);
        let mut changes: BTreeMap<TopUp, Micros> = wanted;
        for (key, topped_up) in so_far {
            let change = changes.entry(key.clone()).or_default();
            *change = change.minus(*topped_up)?;
        }
        for (key, change) in changes.into_iter().filter(|(_, change)| *change != Micros::ZERO) {
            let account = AccountKey {
                payee: key.licensor.clone(),
                contract: key.contract.clone(),
                currency: key.currency,
            };
            let of = earned.entry(account.clone()).or_default();
            of.topped_up = of.topped_up.plus(change)?;
            closing.accounts.entry(account).or_default();
            let total = closing.books.topped_up.entry(key.clone()).or_default();
            *total = total.plus(change)?;
            closing.topped_up.insert(key, change);
        }
    }
    Ok(())
}

fn settle_accounts(
    inputs: &Inputs<'_>,
    earned: &BTreeMap<AccountKey, Earned>,
    closing: &mut Closing,
) -> Result<(), MoneyError> {
    let terms: BTreeMap<&str, &Contract> =
        inputs.contracts.iter().map(|contract| (contract.id.as_str(), contract)).collect();
    let (nothing, no_terms) = (Earned::default(), AccountTerms::default());
    // Those that only hold something, such as a reserve or a wait, are settled too.
    for key in closing.books.accounts.keys() {
        closing.accounts.entry(key.clone()).or_default();
    }
    for (key, account) in &mut closing.accounts {
        let party = (inputs.party)(&key.payee);
        let tax = TaxStanding { country: party.tax_country.as_deref(), treaty: party.tax_treaty };
        let agreed = terms.get(&*key.contract).map_or(&no_terms, |contract| &contract.account);
        let before = closing.books.accounts.entry(key.clone()).or_default();
        let of = earned.get(key).unwrap_or(&nothing);
        account.settled = settle(agreed, inputs.period, of, tax, before)?;
        *before = account.settled.balances.clone();
    }
    closing.books.accounts.retain(|_, balances| *balances != Balances::default());
    Ok(())
}

/// What is due to a payee by currency, and the least that each contract pays out.
type Due = (BTreeMap<Currency, Micros>, Vec<(Currency, Micros)>);

fn pay_everyone(inputs: &Inputs<'_>, closing: &mut Closing) -> Result<(), ClosingError> {
    let minimum_of: BTreeMap<&str, (Currency, Micros)> = inputs
        .contracts
        .iter()
        .filter_map(|it| Some((it.id.as_str(), (it.currency, it.account.minimum_payout?))))
        .collect();
    let mut dues: BTreeMap<Box<str>, Due> = BTreeMap::new();
    for (key, account) in &closing.accounts {
        let (due, minima) = dues.entry(key.payee.clone()).or_default();
        let sum = due.entry(key.currency).or_default();
        *sum = sum.plus(account.settled.due)?;
        minima.extend(minimum_of.get(&*key.contract));
    }
    for payee in closing.books.owed.keys() {
        dues.entry(payee.clone()).or_default();
    }
    for (payee, (due, minima)) in dues {
        let opening = closing.books.owed.remove(&payee).unwrap_or_default();
        let mut balances = opening.clone();
        for (currency, amount) in &due {
            let sum = balances.entry(*currency).or_default();
            *sum = sum.plus(*amount)?;
        }
        let party = (inputs.party)(&payee);
        let own = balances.keys().next().copied();
        let Some(currency) = party.currency.or(own) else { continue };
        let agreed = minima.iter().filter(|(of, _)| *of == currency).map(|(_, least)| *least);
        let minimum = party.minimum.or(agreed.max()).unwrap_or(Micros::ZERO);
        let rates = balances.keys().filter(|from| **from != currency);
        let rates = rates.filter_map(|from| Some((*from, (inputs.rate)(*from, currency)?)));
        let rates = rates.collect();
        let payout = pay_out(PayoutTerms { currency, minimum }, &balances, &rates)
            .map_err(|error| ClosingError::Payout { payee: payee.clone(), error })?;
        if !payout.carried.is_empty() {
            closing.books.owed.insert(payee.clone(), payout.carried.clone());
        }
        closing.payees.insert(payee, ClosedPayee { currency, opening, due, payout });
    }
    Ok(())
}
