//! What happens to money after the pools: from what a payee earned to what is paid out.
//!
//! Each payee has an account with each contract that pays it (see [`crate::line::Way::account`]), in
//! the contract's currency. [`settle`] takes one month of one account through these steps, in this
//! order, in whole ledger units:
//!
//! | | step | how it is rounded, and who has the rest |
//! |---|---|---|
//! | 1 | *earned*, by territory, with corrections of earlier months | not at all: lines are whole |
//! | 2 | *guarantee*: what a licensor is short of it | not at all |
//! | 3 | *recoupment*: a part of it pays off costs, then advances | down: the payee |
//! | 4 | *withholding*: a part of what is left, by the territory where it was earned | down: the payee |
//! | 5 | *reserve*: a part of what is left is held, and what was held long enough comes free | down: the payee |
//! | 6 | *accounting*: at the end of an accounting period all of that is due | not at all |
//!
//! What is due of all contracts goes to the payee's balances, and [`pay_out`] makes one payment:
//!
//! | 7 | *exchange*: each balance into the payee's currency at one dated rate | down: the service, on its `fx` account |
//! | 8 | *payout*: whole minor units, where the minimum is reached | down: carried on the payee's balance |
//!
//! Down is towards zero in steps 3 to 5 and 8, so that a correction takes back what it gave, and
//! towards minus infinity in step 7. A contract's advance is recouped from that contract alone.

use crate::terms::AccountTerms;
use ledgerline_ids::Period;
use ledgerline_money::{Currency, Fraction, Micros, MoneyError};
use std::collections::BTreeMap;

/// What a payee earned with one contract in one close, in the contract's currency.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Earned {
    /// By the country where it was earned, corrections of earlier months included; `None` where no
    /// report named it.
    pub by_territory: BTreeMap<Option<Box<str>>, Micros>,
    /// What a licensor gets on top, so that its guarantee is reached ([`top_up`]). It was earned in
    /// no country, so nothing is withheld of it, and it is passed on to nobody.
    pub topped_up: Micros,
}

/// A payee, as far as tax is concerned.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct TaxStanding<'a> {
    /// Where it is taxed; nothing is withheld of what it earned there.
    pub country: Option<&'a str>,
    /// Whether a treaty spares it: then nothing is withheld anywhere.
    pub treaty: bool,
}

impl TaxStanding<'_> {
    fn spares(self, territory: &str) -> bool {
        self.treaty || self.country == Some(territory)
    }
}

/// Where an account stood before a close, or stands after it. Nothing here is negative but `pending`.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Balances {
    /// Costs that the payee bears and that are not recouped yet ([`borne`]).
    pub costs: Micros,
    /// Advances that are not recouped yet.
    pub advance: Micros,
    /// Costs that were recouped so far: so much at most a correction gives back.
    pub costs_recouped: Micros,
    /// Advances that were recouped so far.
    pub advance_recouped: Micros,
    /// What is held in reserve, by the month whose close held it.
    pub reserve: BTreeMap<Period, Micros>,
    /// What waits for the end of the accounting period; below nothing where corrections outweigh it.
    pub pending: Micros,
}

/// One close of one account. Always
/// `earned + topped_up + released + drawn = costs + advance + Σ withheld + held + credited`.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Settled {
    /// All territories together; below nothing where corrections outweigh the month.
    pub earned: Micros,
    /// Added for the guarantee.
    pub topped_up: Micros,
    /// Costs recouped; below nothing where a correction gives back.
    pub costs: Micros,
    /// Advances recouped; below nothing where a correction gives back.
    pub advance: Micros,
    /// Withheld, by territory; below nothing where a correction gives back.
    pub withheld: BTreeMap<Box<str>, Micros>,
    /// Held in reserve.
    pub held: Micros,
    /// Freed of the reserve, having been held long enough; by the month that held it.
    pub released: BTreeMap<Period, Micros>,
    /// Taken out of the reserve early for a correction, which is what it is for; by that month too.
    pub drawn: BTreeMap<Period, Micros>,
    /// What is left, and now waits for the end of the accounting period.
    pub credited: Micros,
    /// What is due with this close, of this and earlier months: it goes to the payee's balance.
    pub due: Micros,
    /// The account afterwards.
    pub balances: Balances,
}

/// What a licensor whose pools of a month come to `pooled` gets on top.
///
/// # Errors
/// [`MoneyError::TooLarge`].
pub fn top_up(guarantee: Micros, pooled: Micros) -> Result<Micros, MoneyError> {
    Ok(guarantee.minus(pooled)?.max(Micros::ZERO))
}

/// The part of costs that the payee bears, rounded down.
///
/// # Errors
/// [`MoneyError::TooLarge`].
pub fn borne(terms: &AccountTerms, costs: Micros) -> Result<Micros, MoneyError> {
    part(terms.costs_share.unwrap_or(Fraction::ONE), costs)
}

/// One close of one account.
///
/// # Errors
/// [`MoneyError::TooLarge`] where a sum or product is beyond what an amount can hold.
pub fn settle(
    terms: &AccountTerms,
    period: Period,
    earned: &Earned,
    tax: TaxStanding<'_>,
    before: &Balances,
) -> Result<Settled, MoneyError> {
    let mut settled = Settled {
        earned: Micros::sum(earned.by_territory.values().copied())?,
        topped_up: earned.topped_up,
        balances: before.clone(),
        ..Settled::default()
    };
    let base = settled.earned.plus(settled.topped_up)?;
    recoup(terms, base, &mut settled)?;
    let left = base.minus(settled.costs)?.minus(settled.advance)?;
    settled.withheld = withheld(terms, earned, tax, (base, left))?;
    let left = left.minus(Micros::sum(settled.withheld.values().copied())?)?;
    settled.credited = reserve(terms, period, left, &mut settled)?;
    let balances = &mut settled.balances;
    balances.pending = balances.pending.plus(settled.credited)?;
    if period.month().is_multiple_of(u32::from(terms.accounting_months.unwrap_or(1).max(1))) {
        settled.due = std::mem::take(&mut balances.pending);
    }
    Ok(settled)
}

/// Costs before advances; a correction gives back in the other order.
fn recoup(terms: &AccountTerms, base: Micros, settled: &mut Settled) -> Result<(), MoneyError> {
    let part = part(terms.recoup_share.unwrap_or(Fraction::ZERO), base)?;
    let balances = &mut settled.balances;
    if part.is_negative() {
        let back = part.negated()?;
        settled.advance = back.min(balances.advance_recouped).negated()?;
        let rest = back.plus(settled.advance)?;
        settled.costs = rest.min(balances.costs_recouped).negated()?;
    } else {
        settled.costs = part.min(balances.costs);
        settled.advance = part.minus(settled.costs)?.min(balances.advance);
    }
    balances.costs = balances.costs.minus(settled.costs)?;
    balances.costs_recouped = balances.costs_recouped.plus(settled.costs)?;
    balances.advance = balances.advance.minus(settled.advance)?;
    balances.advance_recouped = balances.advance_recouped.plus(settled.advance)?;
    Ok(())
}

/// Recoupment comes out of all territories in proportion: what was recouped was withheld of when the
/// advance was paid.
fn withheld(
    terms: &AccountTerms,
    earned: &Earned,
    tax: TaxStanding<'_>,
    (base, left): (Micros, Micros),
) -> Result<BTreeMap<Box<str>, Micros>, MoneyError> {
    let left_of_each = match base {
        Micros::ZERO => Fraction::ONE,
        base => Fraction::new(i128::from(left.get()), i128::from(base.get()))
            .expect("base is not zero, and both are far below 127 bits"),
    };
    let mut of_each = BTreeMap::new();
    for (territory, amount) in &earned.by_territory {
        let Some(territory) = territory.as_deref().filter(|one| !tax.spares(one)) else { continue };
        let Some(rate) = terms.withholding.get(territory) else { continue };
        let rate = rate.times(left_of_each).map_err(|_| MoneyError::TooLarge)?;
        let withheld = part(rate, *amount)?;
        if withheld != Micros::ZERO {
            of_each.insert(territory.into(), withheld);
        }
    }
    Ok(of_each)
}

/// Gives back what is left to be credited.
fn reserve(
    terms: &AccountTerms,
    period: Period,
    left: Micros,
    settled: &mut Settled,
) -> Result<Micros, MoneyError> {
    let periods = terms.reserve.map_or(0, |reserve| reserve.periods);
    let free = |held: Period| (0..periods).fold(held, |month, _| month.next()) <= period;
    let (released, kept) = std::mem::take(&mut settled.balances.reserve)
        .into_iter()
        .partition(|(held, _)| free(*held));
    (settled.released, settled.balances.reserve) = (released, kept);
    let mut credited = left.plus(Micros::sum(settled.released.values().copied())?)?;
    if left > Micros::ZERO {
        settled.held = part(terms.reserve.map_or(Fraction::ZERO, |one| one.share), left)?;
        credited = credited.minus(settled.held)?;
    }
    // The oldest first.
    for (held, amount) in &mut settled.balances.reserve {
        if !credited.is_negative() {
            break;
        }
        let drawn = credited.negated()?.min(*amount);
        *amount = amount.minus(drawn)?;
        credited = credited.plus(drawn)?;
        settled.drawn.insert(*held, drawn);
    }
    settled.balances.reserve.retain(|_, amount| *amount != Micros::ZERO);
    if settled.held != Micros::ZERO {
        settled.balances.reserve.insert(period, settled.held);
    }
    Ok(credited)
}

/// A part of an amount, towards zero.
fn part(share: Fraction, amount: Micros) -> Result<Micros, MoneyError> {
    if amount.is_negative() {
        return share.of_micros_down(amount.negated()?)?.negated();
    }
    share.of_micros_down(amount)
}

/// How a payee is paid.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PayoutTerms {
    /// In which currency.
    pub currency: Currency,
    /// Nothing below this, in that currency.
    pub minimum: Micros,
}

/// Why nothing was paid out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NotPaid {
    /// The balances come to nothing, or less.
    NothingOwed,
    /// They come to less than the minimum, or than one minor unit.
    BelowMinimum,
}

/// A balance that was exchanged.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Exchanged {
    /// From which currency.
    pub from: Currency,
    /// The whole balance.
    pub amount: Micros,
    /// Units of the payee's currency for one of the balance's.
    pub rate: Fraction,
    /// What came out, rounded down to a ledger unit.
    pub result: Micros,
}

/// What became of a payee's balances.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Payout {
    /// Paid, in whole minor units of the payee's currency; or why nothing is.
    pub paid: Result<Micros, NotPaid>,
    /// Balances in other currencies that were exchanged for it; none where nothing is paid.
    pub exchanged: Vec<Exchanged>,
    /// The balances afterwards; none that is zero.
    pub carried: BTreeMap<Currency, Micros>,
}

/// Why a payout can't be worked out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum PayoutError {
    /// No rate from a balance's currency.
    #[error("no rate from {from} to {to} on that day: bring one, or pay in {from}")]
    NoRate {
        /// The balance's.
        from: Currency,
        /// The payee's.
        to: Currency,
    },
    /// Beyond what an amount can hold.
    #[error(transparent)]
    Money(#[from] MoneyError),
}

/// Pays out what is owed on `balances`, at `rates` of one day: units of the payee's currency for one
/// of each other currency. Where nothing is paid, nothing is exchanged.
///
/// # Errors
/// [`PayoutError`].
pub fn pay_out(
    terms: PayoutTerms,
    balances: &BTreeMap<Currency, Micros>,
    rates: &BTreeMap<Currency, Fraction>,
) -> Result<Payout, PayoutError> {
    let mut exchanged = Vec::new();
    let mut sum = Micros::ZERO;
    for (from, amount) in balances.iter().filter(|(_, amount)| **amount != Micros::ZERO) {
        if *from == terms.currency {
            sum = sum.plus(*amount)?;
            continue;
        }
        let no_rate = PayoutError::NoRate { from: *from, to: terms.currency };
        let rate = *rates.get(from).ok_or(no_rate)?;
        let result = rate.of_micros_down(*amount)?;
        sum = sum.plus(result)?;
        exchanged.push(Exchanged { from: *from, amount: *amount, rate, result });
    }
    let (paid, rest) = sum.paid_and_carried(terms.currency);
    let refused = if sum <= Micros::ZERO {
        Some(NotPaid::NothingOwed)
    } else if sum < terms.minimum || paid == Micros::ZERO {
        Some(NotPaid::BelowMinimum)
    } else {
        None
    };
    let mut carried = BTreeMap::from([(terms.currency, rest)]);
    if let Some(refused) = refused {
        exchanged.clear();
        carried.clone_from(balances);
        carried.retain(|_, amount| *amount != Micros::ZERO);
        return Ok(Payout { paid: Err(refused), exchanged, carried });
    }
    carried.retain(|_, amount| *amount != Micros::ZERO);
    Ok(Payout { paid: Ok(paid), exchanged, carried })
}
