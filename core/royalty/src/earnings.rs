//! What lines earned, added up by one thing: recording, release, country, plan, right or model.
//!
//! Each line is in one row, so the rows of a currency sum to the lines. A play that is paid by
//! several rights or ways is in several lines and still is one play: it is told once.

use crate::line::Pool;
use crate::sheet::SheetLine;
use crate::terms::Right;
use ledgerline_money::{Currency, Micros, MoneyError};
use std::cmp::Reverse;
use std::collections::BTreeMap;
use std::sync::Arc;

/// What earnings can be added up by.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum EarnedBy {
    /// The recording.
    Recording,
    /// The first release that the recording is on.
    Release,
    /// The territory of the revenue.
    Territory,
    /// The tier of the revenue.
    Tier,
    /// The copyright.
    Right,
    /// The model that shared the pool out.
    Model,
}

impl EarnedBy {
    /// Every way.
    pub const ALL: [Self; 6] =
        [Self::Recording, Self::Release, Self::Territory, Self::Tier, Self::Right, Self::Model];

    /// The word in questions and answers.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Recording => "recording",
            Self::Release => "release",
            Self::Territory => "territory",
            Self::Tier => "tier",
            Self::Right => "right",
            Self::Model => "model",
        }
    }

    /// The way of a word.
    #[must_use]
    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|by| by.word() == word)
    }
}

/// What one thing earned in one currency.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EarnedRow<Amount = Micros> {
    /// Which; `None` where the lines name none.
    pub key: Option<Arc<str>>,
    /// The currency.
    pub currency: Currency,
    /// Counted plays of the month, each told once.
    pub plays: i64,
    /// What its lines come to, adjustments included.
    pub amount: Amount,
    /// Of it, what adjusts earlier months.
    pub adjusted: Amount,
}

/// What all lines come to in one currency.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EarnedTotal<Amount = Micros> {
    /// The currency.
    pub currency: Currency,
    /// What they come to, adjustments included.
    pub amount: Amount,
    /// Of it, what adjusts earlier months.
    pub adjusted: Amount,
}

/// Lines of one payee on their way to rows.
#[derive(Debug, Default)]
pub struct Earnings {
    /// Numbers of keys; nothing for what no line names.
    keys: BTreeMap<Option<Arc<str>>, u32>,
    /// Their numbers.
    places: BTreeMap<Place, u32>,
    sums: BTreeMap<(u32, Currency), Sum>,
    /// Plays by key, currency, recording and place; by right.
    heard: BTreeMap<(u32, Currency, u32, u32), BTreeMap<Right, i64>>,
    /// The line before: whose plays, and how many of them are in already.
    last: Option<(u32, u32, i64)>,
}

/// Territory and tier of a revenue row; `None` is any.
type Place = (Option<Box<str>>, Option<Box<str>>);

#[derive(Debug, Default, Clone, Copy)]
struct Sum {
    amount: Micros,
    adjusted: Micros,
}

impl Earnings {
    /// Adds a line of the month itself under `key`. Lines come in the order of their sheet, so those
    /// of one pool and recording that differ by the way alone stand together.
    ///
    /// # Errors
    /// [`MoneyError::TooLarge`].
    pub fn add(
        &mut self,
        key: Option<Arc<str>>,
        pool: &Pool,
        line: &SheetLine,
    ) -> Result<(), MoneyError> {
        let key = number_of(&mut self.keys, key);
        let sum = self.sums.entry((key, pool.currency)).or_default();
        sum.amount = sum.amount.plus(line.amount)?;
        let told = match self.last {
            Some((pool, track, told)) if (pool, track) == (line.pool, line.track) => told,
            _ => 0,
        };
        // The same plays by another way.
        let more = (line.plays - told).max(0);
        self.last = Some((line.pool, line.track, told + more));
        let place = (pool.territory.clone(), pool.tier.clone());
        let place = number_of(&mut self.places, place);
        let heard = self.heard.entry((key, pool.currency, line.track, place)).or_default();
        *heard.entry(pool.right).or_default() += more;
        Ok(())
    }

    /// Adds a line that adjusts an earlier month; its plays are not the month's.
    ///
    /// # Errors
    /// [`MoneyError::TooLarge`].
    pub fn add_adjustment(
        &mut self,
        key: Option<Arc<str>>,
        pool: &Pool,
        line: &SheetLine,
    ) -> Result<(), MoneyError> {
        let key = number_of(&mut self.keys, key);
        let sum = self.sums.entry((key, pool.currency)).or_default();
        sum.amount = sum.amount.plus(line.amount)?;
        sum.adjusted = sum.adjusted.plus(line.amount)?;
        Ok(())
    }

    /// The rows, those that earned most first; and what all of them come to, by currency.
    ///
    /// # Errors
    /// [`MoneyError::TooLarge`].
    pub fn finish(self) -> Result<(Vec<EarnedRow>, Vec<EarnedTotal>), MoneyError> {
        let mut plays: BTreeMap<(u32, Currency), i64> = BTreeMap::new();
        for ((key, currency, ..), rights) in self.heard {
            // Each right is paid for the same plays; one may lack a licence for some of them.
            *plays.entry((key, currency)).or_default() +=
                rights.into_values().max().unwrap_or_default();
        }
        let names: BTreeMap<u32, Option<Arc<str>>> =
            self.keys.into_iter().map(|(key, number)| (number, key)).collect();
        let mut totals: BTreeMap<Currency, Sum> = BTreeMap::new();
        let mut rows = Vec::with_capacity(self.sums.len());
        for ((key, currency), Sum { amount, adjusted }) in self.sums {
            let total = totals.entry(currency).or_default();
            total.amount = total.amount.plus(amount)?;
            total.adjusted = total.adjusted.plus(adjusted)?;
            rows.push(EarnedRow {
                key: names[&key].clone(),
                currency,
                plays: plays.get(&(key, currency)).copied().unwrap_or_default(),
                amount,
                adjusted,
            });
        }
        rows.sort_by(|one, other| {
            let order = |row: &EarnedRow| (Reverse(row.amount), row.currency, row.key.clone());
            order(one).cmp(&order(other))
        });
        let total =
            |(currency, Sum { amount, adjusted })| EarnedTotal { currency, amount, adjusted };
        Ok((rows, totals.into_iter().map(total).collect()))
    }
}

fn number_of<K: Ord>(numbers: &mut BTreeMap<K, u32>, key: K) -> u32 {
    let next = u32::try_from(numbers.len()).expect("fewer keys than lines");
    *numbers.entry(key).or_insert(next)
}
