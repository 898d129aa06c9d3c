//! Lines with what their numbers stand for, and the difference of two months line by line.
//!
//! Corrections are restatements: an earlier month is computed anew with everything that is known
//! by now, and what differs from all that was stated for it so far is the adjustment. So whatever
//! the order in which things become known, what is stated for a month adds up to what one
//! computation with all of it gives.

use crate::line::{Line, Pool, Way};
use crate::usage::Names;
use ledgerline_money::{Micros, MoneyError};
use std::collections::BTreeMap;

/// Lines of one month, or of what changed in it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Sheet {
    /// Payees, by id.
    pub payees: Names,
    /// Recordings.
    pub tracks: Names,
    /// Pools, by their key; what changed of a pool's money, in a difference.
    pub pools: Vec<Pool>,
    /// Ways, sorted.
    pub ways: Vec<Way>,
    /// Sorted, each place once.
    pub lines: Vec<SheetLine>,
}

/// One line; numbers are those of the [`Sheet`] that holds it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SheetLine {
    /// Who.
    pub payee: u32,
    /// Of which pool.
    pub pool: u32,
    /// For which recording.
    pub track: u32,
    /// By which way.
    pub way: u32,
    /// Counted plays; in a difference, those added or taken away.
    pub plays: i64,
    /// How much.
    pub amount: Micros,
}

impl SheetLine {
    fn place(&self) -> (u32, u32, u32, u32) {
        (self.payee, self.pool, self.track, self.way)
    }
}

/// What tells pools apart, whatever their money.
type PoolKey = (u8, Option<Box<str>>, Option<Box<str>>, Box<str>, Box<str>, String);

fn pool_key(pool: &Pool) -> PoolKey {
    let Pool { right, territory, tier, contract, term, currency, .. } = pool;
    let right = *right as u8;
    let (contract, term) = (contract.clone(), term.clone());
    (right, territory.clone(), tier.clone(), contract, term, currency.to_string())
}

impl Sheet {
    /// A month's lines; `tracks` are its usage's.
    #[must_use]
    pub fn of(
        (payees, tracks): (Names, Names),
        (pools, ways): (Vec<Pool>, Vec<Way>),
        lines: &[Line],
    ) -> Self {
        let lines = lines.iter().map(|line| SheetLine {
            payee: line.payee,
            pool: line.pool,
            track: line.track,
            way: line.way,
            plays: i64::try_from(line.plays).unwrap_or(i64::MAX),
            amount: line.amount,
        });
        Self { payees, tracks, pools, ways, lines: lines.collect() }
    }

    /// What `now` has more, or less, than all of `before` together: names, pools and ways that no
    /// line needs are left out.
    ///
    /// # Errors
    /// [`MoneyError::TooLarge`].
    pub fn difference(now: &Self, before: &[&Self]) -> Result<Self, MoneyError> {
        let sheets: Vec<(&Self, i64)> =
            std::iter::once((now, 1)).chain(before.iter().map(|sheet| (*sheet, -1))).collect();
        sum(&sheets)
    }

    /// All of `sheets` together.
    ///
    /// # Errors
    /// [`MoneyError::TooLarge`].
    pub fn total(sheets: &[&Self]) -> Result<Self, MoneyError> {
        sum(&sheets.iter().map(|sheet| (*sheet, 1)).collect::<Vec<_>>())
    }

    /// Whether nothing is in it.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.lines.is_empty()
    }

    /// The lines of a payee.
    #[must_use]
    pub fn of_payee(&self, payee: u32) -> &[SheetLine] {
        let from = self.lines.partition_point(|line| line.payee < payee);
        let until = self.lines.partition_point(|line| line.payee <= payee);
        &self.lines[from..until]
    }

    /// Whether the lines of each pool sum to it (I6); names the first that don't.
    #[must_use]
    pub fn unbalanced(&self) -> Option<&Pool> {
        let mut sums = vec![0_i128; self.pools.len()];
        for line in &self.lines {
            sums[line.pool as usize] += i128::from(line.amount.get());
        }
        let differs = |(pool, sum): &(&Pool, i128)| i128::from(pool.money.get()) != *sum;
        self.pools.iter().zip(sums).find(differs).map(|(pool, _)| pool)
    }
}

fn sum(sheets: &[(&Sheet, i64)]) -> Result<Sheet, MoneyError> {
    let payees = union(sheets.iter().map(|(sheet, _)| &sheet.payees));
    let tracks = union(sheets.iter().map(|(sheet, _)| &sheet.tracks));
    let mut ways: Vec<Way> = sheets.iter().flat_map(|(it, _)| it.ways.iter().cloned()).collect();
    ways.sort_unstable();
    ways.dedup();
    let (pools, pool_numbers) = pools(sheets)?;
    let mut lines = Vec::new();
    for ((sheet, sign), pool_numbers) in sheets.iter().zip(&pool_numbers) {
        let in_names = |names: &Names, all: &Names| -> Vec<u32> {
            names.iter().map(|name| all.number(name).expect("all were taken in")).collect()
        };
        let payee_numbers = in_names(&sheet.payees, &payees);
        let track_numbers = in_names(&sheet.tracks, &tracks);
        let way_numbers: Vec<u32> = sheet
            .ways
            .iter()
            .map(|way| number(ways.binary_search(way).expect("all were taken in")))
            .collect();
        lines.extend(sheet.lines.iter().map(|line| SheetLine {
            payee: payee_numbers[line.payee as usize],
            pool: pool_numbers[line.pool as usize],
            track: track_numbers[line.track as usize],
            way: way_numbers[line.way as usize],
            plays: sign * line.plays,
            amount: Micros::new(sign * line.amount.get()),
        }));
    }
    lines.sort_unstable();
    let mut merged: Vec<SheetLine> = Vec::with_capacity(lines.len());
    for line in lines {
        match merged.last_mut() {
            Some(last) if last.place() == line.place() => {
                last.plays += line.plays;
                last.amount = last.amount.plus(line.amount)?;
            }
            _ => merged.push(line),
        }
    }
    merged.retain(|line| (line.plays, line.amount) != (0, Micros::ZERO));
    Ok(compact(Sheet { payees, tracks, pools, ways, lines: merged }))
}

/// All pools once, by key, each with its signed money, and for each sheet the numbers there.
fn pools(sheets: &[(&Sheet, i64)]) -> Result<(Vec<Pool>, Vec<Vec<u32>>), MoneyError> {
    let mut by_key: BTreeMap<PoolKey, Pool> = BTreeMap::new();
    for (sheet, sign) in sheets {
        for pool in &sheet.pools {
            let money = Micros::new(sign * pool.money.get());
            match by_key.get_mut(&pool_key(pool)) {
                Some(known) => known.money = known.money.plus(money)?,
                None => {
                    by_key.insert(pool_key(pool), Pool { money, ..pool.clone() });
                }
            }
        }
    }
    let keys: Vec<PoolKey> = by_key.keys().cloned().collect();
    let place = |pool: &Pool| number(keys.binary_search(&pool_key(pool)).expect("taken in"));
    let numbers = sheets.iter().map(|(sheet, _)| sheet.pools.iter().map(place).collect());
    let numbers = numbers.collect();
    Ok((by_key.into_values().collect(), numbers))
}

/// Leaves out what no line needs.
fn compact(sheet: Sheet) -> Sheet {
    let Sheet { payees, tracks, pools, ways, mut lines } = sheet;
    let used = |count: usize, of: &dyn Fn(&SheetLine) -> u32| {
        let mut used = vec![false; count];
        lines.iter().for_each(|line| used[of(line) as usize] = true);
        used
    };
    let payees_used = used(payees.len(), &|line| line.payee);
    let tracks_used = used(tracks.len(), &|line| line.track);
    let pools_used = used(pools.len(), &|line| line.pool);
    let ways_used = used(ways.len(), &|line| line.way);
    let maps = [&payees_used, &tracks_used, &pools_used, &ways_used].map(|used| new_numbers(used));
    for line in &mut lines {
        line.payee = maps[0][line.payee as usize];
        line.track = maps[1][line.track as usize];
        line.pool = maps[2][line.pool as usize];
        line.way = maps[3][line.way as usize];
    }
    Sheet {
        payees: kept(&payees, &payees_used),
        tracks: kept(&tracks, &tracks_used),
        pools: kept_of(pools, &pools_used),
        ways: kept_of(ways, &ways_used),
        lines,
    }
}

fn new_numbers(used: &[bool]) -> Vec<u32> {
    let mut next = 0;
    let number = |used: &bool| {
        let number = next;
        next += u32::from(*used);
        number
    };
    used.iter().map(number).collect()
}

fn kept(names: &Names, used: &[bool]) -> Names {
    Names::new(names.iter().zip(used).filter(|(_, used)| **used).map(|(it, _)| it.into()).collect())
}

fn kept_of<T>(items: Vec<T>, used: &[bool]) -> Vec<T> {
    items.into_iter().zip(used).filter(|(_, used)| **used).map(|(item, _)| item).collect()
}

fn union<'a>(names: impl Iterator<Item = &'a Names>) -> Names {
    Names::new(names.flat_map(Names::iter).map(Into::into).collect())
}

fn number(index: usize) -> u32 {
    u32::try_from(index).expect("fewer than lines, which have numbers")
}
