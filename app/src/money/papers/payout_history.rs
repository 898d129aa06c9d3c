//! Payouts as who is paid reads them: month by month, what was to be paid, and whether it was.

use ledgerline_ids::{DayNo, Period, UnixMs};
use ledgerline_ledger::EntryKey;
use ledgerline_money::{Currency, Micros};
use ledgerline_royalty::statement::Statement;
use std::collections::BTreeMap;

use super::payouts::{PayoutError, payout_key};
use crate::Deployment;
use crate::money::close::{CloseError, CloseState};

/// Whose payouts are asked for, and where a page of them begins.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct PayoutQuery {
    /// Only of these parties; `None` is everybody.
    pub parties: Option<Vec<String>>,
    /// Only of this month.
    pub period: Option<Period>,
    /// Behind this payee's of this month.
    pub after: Option<(Period, String)>,
    /// How many at most.
    pub limit: usize,
}

/// What a payee's statement of one month pays it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StatedPayout {
    /// Of which month.
    pub period: Period,
    /// Whom.
    pub payee: String,
    /// In which currency.
    pub currency: Currency,
    /// How much; nothing where there is a reason.
    pub amount: Micros,
    /// Why nothing is paid.
    pub reason: Option<String>,
    /// What is carried to the next month, by currency.
    pub carried: Vec<(Currency, Micros)>,
    /// That the bank has paid it.
    pub paid: Option<Paid>,
}

/// That the bank has paid.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Paid {
    /// The ledger's entry that says so.
    pub entry: u64,
    /// The day of the payment.
    pub on: DayNo,
    /// When that was booked.
    pub booked_at: UnixMs,
}

impl Deployment {
    /// Payouts of closed months, the newest month first, payees by their ids; those that were carried
    /// on instead, too. Each statement has one.
    ///
    /// # Errors
    /// [`PayoutError`].
    pub async fn stated_payouts(
        &self,
        query: PayoutQuery,
    ) -> Result<Vec<StatedPayout>, PayoutError> {
        let closes = self.closes().await?;
        let closed = closes.iter().filter(|record| record.state == CloseState::Closed);
        let mut periods: Vec<Period> = closed.map(|record| record.period).collect();
        periods.sort_unstable_by(|left, right| right.cmp(left));
        periods.retain(|period| {
            let asked = query.period.is_none_or(|asked| asked == *period);
            asked && query.after.as_ref().is_none_or(|(after, _)| period <= after)
        });
        let mut found: Vec<StatedPayout> = Vec::new();
        for period in periods {
            let limit = query.limit - found.len();
            if limit == 0 {
                break;
            }
            let after = query.after.as_ref().filter(|(of, _)| *of == period);
            let after = after.map_or_else(String::new, |(_, payee)| payee.clone());
            let parties = query.parties.clone();
            let read = self.read_close(period, move |month| {
                let statements = match &parties {
                    None => month.statements(&after, limit)?,
                    Some(parties) => month.statements_of(parties, &after, limit)?,
                };
                Ok::<_, CloseError>(statements.into_iter().map(stated).collect::<Vec<_>>())
            });
            found.extend(read.await?);
        }
        self.tell_which_are_paid(&mut found).await?;
        Ok(found)
    }

    async fn tell_which_are_paid(&self, found: &mut [StatedPayout]) -> Result<(), PayoutError> {
        let key = |it: &StatedPayout| payout_key(it.period, &it.payee, it.currency);
        let keys: Vec<EntryKey> = found.iter().filter_map(key).collect();
        let entries = self.money().ledger().store().entries_by_key(&keys).await?;
        let paid = entries.iter().map(|entry| {
            let on = entry.draft().effective;
            let paid = Paid { entry: entry.seq(), on, booked_at: entry.booked_at() };
            (entry.draft().key.as_str().to_owned(), paid)
        });
        let paid: BTreeMap<String, Paid> = paid.collect();
        for it in found {
            it.paid = key(it).and_then(|key| paid.get(key.as_str()).copied());
        }
        Ok(())
    }
}

fn stated(statement: Statement) -> StatedPayout {
    let carried = statement.balances.iter().map(|balance| (balance.currency, balance.closing));
    StatedPayout {
        period: statement.period,
        carried: carried.filter(|(_, amount)| *amount != Micros::ZERO).collect(),
        payee: statement.payee,
        currency: statement.payout.currency,
        amount: statement.payout.amount,
        reason: statement.payout.reason,
        paid: None,
    }
}
