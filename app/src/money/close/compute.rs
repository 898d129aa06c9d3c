//! What a close comes to: everything but reading stores before it and writing files after it.

use ledgerline_ids::{PartitionId, Period};
use ledgerline_ledger::{Digest, EntryDraft};
use ledgerline_money::{Currency, Fraction, Micros, MoneyError};
use ledgerline_royalty::adjust::{Facts, Restated, causes, restate, sheet_of, without_reversed};
use ledgerline_royalty::bookings::{AdjustedSums, Booked, entries};
use ledgerline_royalty::closing::{
    AccountKey, Books, Closing, Inputs, PaidAhead, PartyTerms, Stated, close,
};
use ledgerline_royalty::month::{self, month_watched};
use ledgerline_royalty::month_plays::{MonthPlays, Standing, UnpaidRow};
use ledgerline_royalty::music::CatalogueMusic;
use ledgerline_royalty::revenue::RevenueRow;
use ledgerline_royalty::sheet::Sheet;
use ledgerline_royalty::statement::Cause;
use ledgerline_royalty::terms::{Contract, Model, Rule};
use ledgerline_royalty::usage::{Names, Usage, UsageKey, UsageRow};
use ledgerline_royalty::usage_fold::UsageNeeds;
use std::collections::{BTreeMap, BTreeSet};

use super::CloseError;
use super::known::{Known, KnownMonth};
use super::plays::{Logs, Plays};
use super::progress::Progress;
use super::record::{CloseMoney, CloseSummary, Revisions};
use super::stored::StoredCloses;
use crate::money::files::lines::digest;
use crate::money::usage_fold::{Changes, Cut, Mark};
use crate::ports::Disk;

/// What is to be computed.
pub(crate) struct Work<'a> {
    /// The month.
    pub period: Period,
    /// The first month that was ever closed: this one where it is the first.
    pub first: Period,
    /// Up to where plays are taken in.
    pub cut: &'a Cut,
    /// The plays logs.
    pub logs: Logs<'a>,
    /// The data folder.
    pub disk: &'a dyn Disk,
    /// Earlier closes.
    pub stored: &'a StoredCloses,
    /// What was known at the last close.
    pub old: Option<&'a Known>,
    /// What is known now.
    pub new: &'a Known,
    /// Where everything stood after the last close.
    pub books: &'a Books,
    /// Advances and costs since then.
    pub paid_ahead: &'a BTreeMap<AccountKey, PaidAhead>,
    /// How far it is.
    pub progress: &'a Progress,
}

/// What changed of one earlier month by one cause.
pub(crate) struct Adjustment {
    pub period: Period,
    pub cause: Cause,
    pub detail: String,
    pub sheet: Sheet,
    pub changes: Changes,
    pub net: BTreeMap<Currency, Micros>,
}

/// What a close comes to.
pub(crate) struct Outcome {
    /// The month's own lines.
    pub own: Sheet,
    /// Its counted plays.
    pub plays: u64,
    /// Its net revenue, by currency.
    pub net: BTreeMap<Currency, Micros>,
    /// Plays that nobody is paid for: by recording, and who would be.
    pub unpaid: Unpaid,
    /// What changed of earlier months.
    pub adjustments: Vec<Adjustment>,
    /// Accounts, payouts, balances.
    pub closing: Closing,
    /// What is booked.
    pub drafts: Vec<EntryDraft>,
    /// Months of plays to be stored.
    pub months: BTreeMap<Period, MonthPlays>,
    /// Plays that keep a month.
    pub kept: BTreeMap<u128, Period>,
    /// The last records in front of the cut.
    pub marks: BTreeMap<PartitionId, Mark>,
    /// What plays were added up for.
    pub needs: UsageNeeds,
    /// Counted plays before the first close.
    pub plays_before_first: u64,
    /// Why it must not be closed.
    pub refusals: Vec<String>,
}

/// Plays that nobody is paid for.
#[derive(Default)]
pub(crate) struct Unpaid {
    /// Recordings.
    pub tracks: Names,
    /// By recording.
    pub rows: Vec<UnpaidRow>,
    /// Who would be paid, with the recordings' numbers, sorted.
    pub payees: Vec<(Box<str>, u32)>,
}

/// Computes a close.
pub(crate) fn compute(work: &Work<'_>) -> Result<Outcome, CloseError> {
    work.progress.doing("adding plays up", 0);
    let needs = UsageNeeds::of(&work.new.contracts);
    let plays = Plays::until(work.logs, (work.disk, work.stored), needs, work.cut)?;
    let nothing = KnownMonth::default();
    let known = work.new.month_or(work.period, &nothing);
    let (usage, unpaid_rows) = plays.usage(work.period, &|it| plays.is(it), work.new)?;
    let mut refusals = Vec::new();
    let (own, refused) = own_month(work, &usage, known);
    refusals.extend(refused);
    let unpaid = who_would_be_paid(work, &usage, unpaid_rows);
    let counted = usage.rows.iter().filter(|row| row.key.counted).map(|row| row.plays).sum::<u64>();
    drop(usage);
    if counted > 0 && own.pools.is_empty() && refusals.is_empty() {
        let period = work.period;
        refusals
            .push(format!("no licence holds in {period}: import contracts that license its plays"));
    }
    let mut outcome = Outcome {
        own,
        plays: counted,
        net: net(&known.revenue)?,
        unpaid,
        adjustments: Vec::new(),
        closing: Closing::default(),
        drafts: Vec::new(),
        months: BTreeMap::new(),
        kept: plays.kept.clone(),
        marks: plays.marks.clone(),
        needs: plays.needs().clone(),
        plays_before_first: plays.before(work.first)?,
        refusals,
    };
    let restated = adjust(work, &plays, &mut outcome)?;
    if !outcome.refusals.is_empty() {
        return Ok(outcome);
    }
    work.progress.doing("settling accounts", 0);
    settle(work, &restated, &mut outcome)?;
    let stored = plays.touched().into_iter().chain([work.period]);
    for period in stored.collect::<BTreeSet<_>>() {
        outcome.months.insert(period, plays.is(period)?);
    }
    Ok(outcome)
}

/// Net revenue by currency.
pub(crate) fn net(rows: &[RevenueRow]) -> Result<BTreeMap<Currency, Micros>, MoneyError> {
    let mut sums = BTreeMap::new();
    for row in rows {
        let sum: &mut Micros = sums.entry(row.currency).or_default();
        *sum = sum.plus(row.net().ok_or(MoneyError::TooLarge)?)?;
    }
    Ok(sums)
}

/// The month's own lines, and why it must not be paid.
pub(crate) fn own_month(
    work: &Work<'_>,
    usage: &Usage,
    known: &KnownMonth,
) -> (Sheet, Vec<String>) {
    let music = CatalogueMusic::new(&work.new.catalogue, usage, work.period.last_day());
    let inputs = month::Inputs {
        period: work.period,
        usage,
        revenue: &known.revenue,
        contracts: &work.new.contracts,
        music: &music,
        rates: &work.new.rates,
    };
    let watch = &mut |told: month::Progress| work.progress.told(told.doing, told.done, told.of);
    let (sheet, refusals) = sheet_of(month_watched(&inputs, watch), usage.tracks.clone());
    (sheet, refusals.iter().map(ToString::to_string).collect())
}

/// Who would be paid for plays that aren't: found as for plays that are, with terms of which the
/// money is of no account.
fn who_would_be_paid(work: &Work<'_>, usage: &Usage, rows: Vec<UnpaidRow>) -> Unpaid {
    let told = |row: &&UnpaidRow| !matches!(row.standing, Standing::Short | Standing::NotPayable);
    let tracks: BTreeSet<u32> = rows.iter().filter(told).map(|row| row.track).collect();
    if tracks.is_empty() {
        return Unpaid { tracks: usage.tracks.clone(), rows, payees: Vec::new() };
    }
    let any_use = ledgerline_royalty::usage::Use::OnDemand;
    let key = |track| UsageKey {
        track,
        territory: Usage::UNKNOWN,
        tier: Usage::UNKNOWN,
        usage_use: any_use,
        band: 0,
        counted: true,
    };
    let asked = Usage {
        tracks: usage.tracks.clone(),
        rows: tracks.into_iter().map(|track| UsageRow { key: key(track), plays: 1 }).collect(),
        ..Usage::default()
    };
    let mut contracts: Vec<Contract> = work.new.contracts.to_vec();
    for term in contracts.iter_mut().flat_map(|contract| &mut contract.terms) {
        if let Rule::Pool(rule) = &mut term.rule {
            rule.model = Model::FixedPerPlay { rate: Fraction::ONE };
            (rule.per_play_minimum, rule.eligible_plays_min, rule.noise) = (None, None, None);
            term.scope.territories.clear();
            term.scope.tiers.clear();
            term.scope.uses.clear();
        }
    }
    let facts = Facts {
        usage: &asked,
        revenue: &[],
        rates: &work.new.rates,
        catalogue: &work.new.catalogue,
        contracts: &contracts,
    };
    let (sheet, _) = facts.sheet(work.period);
    let pair = |line: &ledgerline_royalty::sheet::SheetLine| {
        (Box::from(sheet.payees.name(line.payee)), line.track)
    };
    let mut payees: Vec<(Box<str>, u32)> = sheet.lines.iter().map(pair).collect();
    payees.sort_unstable();
    payees.dedup();
    Unpaid { tracks: sheet.tracks, rows, payees }
}

/// Every earlier month of which something changed, computed anew; the whole of each comes back.
fn adjust(
    work: &Work<'_>,
    plays: &Plays<'_>,
    outcome: &mut Outcome,
) -> Result<Vec<(Period, Sheet)>, CloseError> {
    let mut restated = Vec::new();
    let Some(old) = work.old else { return Ok(restated) };
    let months: Vec<Period> = work.stored.closes().iter().map(|it| it.record.period).collect();
    for (done, month) in (0..).zip(&months) {
        work.progress.told("looking at earlier months", done, months.len() as u64);
        let nothing = KnownMonth::default();
        let (was, is) = (old.month_or(*month, &nothing), work.new.month_or(*month, &nothing));
        if was == is && same_rules(plays.needs(), old, work.new) && !plays.changed(*month) {
            continue;
        }
        let changed = month_anew(work, plays, old, *month)?;
        let Some(changed) = changed else { continue };
        outcome.refusals.extend(
            changed.refusals.iter().map(|refusal| format!("{month}, which is closed: {refusal}")),
        );
        for (cause, sheet) in changed.changes {
            let changes = plays.changes.get(month).cloned().unwrap_or_default();
            let net = match cause {
                Cause::Revenue => change(&net(&was.revenue)?, &net(&is.revenue)?)?,
                _ => BTreeMap::new(),
            };
            let detail = detail(cause, &changes, old, work.new);
            let period = *month;
            outcome.adjustments.push(Adjustment { period, cause, detail, sheet, changes, net });
        }
        restated.push((*month, changed.now));
    }
    Ok(restated)
}

/// Whether a month comes to the same where its own plays and revenue are the same. Other months'
/// revenue is nothing to it; other months' usage only where terms ask for what was before.
fn same_rules(needs: &UsageNeeds, old: &Known, new: &Known) -> bool {
    let asked = |it: Revisions| match needs.trailing || needs.before {
        true => (it.fx, it.rights, it.contracts, it.usage),
        false => (it.fx, it.rights, it.contracts, 0),
    };
    asked(old.revisions) == asked(new.revisions)
}

fn month_anew(
    work: &Work<'_>,
    plays: &Plays<'_>,
    old: &Known,
    month: Period,
) -> Result<Option<Restated>, CloseError> {
    let (old_plays, new_plays) = (plays.was(month)?, plays.is(month)?);
    let between = without_reversed(&old_plays, &new_plays);
    let (of_old, of_new) = (|it| plays.was(it), |it| plays.is(it));
    let (was, _) = plays.usage_of(month, old_plays, &of_old, old)?;
    let (between, _) = plays.usage_of(month, between, &of_old, old)?;
    let (is, _) = plays.usage_of(month, new_plays, &of_new, work.new)?;
    let nothing = KnownMonth::default();
    let known_was = old.month_or(month, &nothing);
    let known_is = work.new.month_or(month, &nothing);
    let was = facts_of(old, &was, &known_was.revenue);
    let is = facts_of(work.new, &is, &known_is.revenue);
    let causes = causes(month, &was, &between, &is);
    if causes.is_empty() {
        return Ok(None);
    }
    let stated = work.stored.sheets_of(work.disk, month)?;
    let stated = Sheet::total(&stated.iter().collect::<Vec<_>>())?;
    Ok(Some(restate(month, (&was, &between, &is), &causes, stated)?))
}

fn facts_of<'f>(known: &'f Known, usage: &'f Usage, revenue: &'f [RevenueRow]) -> Facts<'f> {
    Facts {
        usage,
        revenue,
        rates: &known.rates,
        catalogue: &known.catalogue,
        contracts: &known.contracts,
    }
}

fn change(
    old: &BTreeMap<Currency, Micros>,
    new: &BTreeMap<Currency, Micros>,
) -> Result<BTreeMap<Currency, Micros>, MoneyError> {
    let mut change = new.clone();
    for (currency, amount) in old {
        let sum = change.entry(*currency).or_default();
        *sum = sum.minus(*amount)?;
    }
    Ok(change)
}

/// What changed, for people.
fn detail(cause: Cause, changes: &Changes, old: &Known, new: &Known) -> String {
    let (was, is) = (old.revisions, new.revisions);
    let plays = |number: u64| match number {
        1 => "1 play".to_owned(),
        number => format!("{number} plays"),
    };
    match cause {
        Cause::ReversedPlays if changes.reversed == 0 => {
            format!("usage of others is revision {}, it was {}", is.usage, was.usage)
        }
        Cause::LatePlays if changes.late == 0 => {
            format!("usage of others is revision {}, it was {}", is.usage, was.usage)
        }
        Cause::ReversedPlays => {
            format!("{} left the month after its close", plays(changes.reversed))
        }
        Cause::LatePlays => format!("{} came to the month after its close", plays(changes.late)),
        Cause::Revenue => format!("revenue is revision {}, it was {}", is.revenue, was.revenue),
        Cause::ExchangeRates => format!("rates are revision {}, they were {}", is.fx, was.fx),
        Cause::Shares => {
            format!("the catalogue of rights is revision {}, it was {}", is.rights, was.rights)
        }
        Cause::Terms => {
            format!("contracts are revision {}, they were {}", is.contracts, was.contracts)
        }
    }
}

fn settle(
    work: &Work<'_>,
    restated: &[(Period, Sheet)],
    outcome: &mut Outcome,
) -> Result<(), CloseError> {
    let day = work.period.last_day();
    let stated = |period, sheet| Stated { period, sheet };
    let adjustments: Vec<Stated<'_>> =
        outcome.adjustments.iter().map(|it| stated(it.period, &it.sheet)).collect();
    let restated: Vec<Stated<'_>> = restated.iter().map(|(at, sheet)| stated(*at, sheet)).collect();
    let closing = close(&Inputs {
        period: work.period,
        own: &outcome.own,
        adjustments: &adjustments,
        restated: &restated,
        contracts: &work.new.contracts,
        before: work.books,
        paid_ahead: work.paid_ahead,
        party: &|payee| party_terms(work.new, payee),
        rate: &|from, to| work.new.rates.rate(from, to, day).ok(),
    });
    let closing = match closing {
        Ok(closing) => closing,
        Err(error) => {
            outcome.refusals.push(error.to_string());
            return Ok(());
        }
    };
    let mut adjusted = Vec::new();
    for adjustment in &outcome.adjustments {
        adjusted.push(adjusted_sums(work, adjustment)?);
    }
    let digests = |payee: &str| Digest::parse(&lines_digest(payee, outcome)).ok();
    let booked = Booked {
        period: work.period,
        net: &outcome.net,
        pools: &pools_of(&outcome.own)?,
        earned: &earned(&outcome.own)?,
        adjusted: &adjusted,
        closing: &closing,
        digest: &digests,
    };
    outcome.drafts = entries(&booked)?;
    outcome.closing = closing;
    Ok(())
}

/// SHA-256 of all lines of a payee as they are stored: the month's own, then adjustments.
pub(crate) fn lines_digest(payee: &str, outcome: &Outcome) -> String {
    let adjustments = outcome.adjustments.iter().map(|it| &it.sheet);
    digest(
        std::iter::once(&outcome.own).chain(adjustments).map(|sheet| {
            sheet.payees.number(payee).map_or(&[][..], |number| sheet.of_payee(number))
        }),
    )
}

/// How a payee is paid and taxed.
pub(crate) fn party_terms(known: &Known, payee: &str) -> PartyTerms {
    let catalogue = &known.catalogue;
    let Some(party) = catalogue.find_party(payee) else { return PartyTerms::default() };
    let party = catalogue.party(party);
    PartyTerms {
        currency: party.payout_currency,
        minimum: party.minimum_payout,
        tax_country: party.tax_country.or(party.country).map(|it| it.to_string()),
        tax_treaty: party.tax_treaty,
    }
}

fn adjusted_sums(work: &Work<'_>, adjustment: &Adjustment) -> Result<AdjustedSums, CloseError> {
    let sums = earned(&adjustment.sheet)?;
    let folder = super::stored::folder(adjustment.period);
    let own =
        crate::money::files::lines::SheetFile::open(work.disk, &folder, "own", adjustment.period)?;
    let mut corrects = BTreeSet::new();
    let mut currencies: BTreeMap<u32, Currency> = BTreeMap::new();
    for (payee, currency) in sums.keys() {
        let mut sum = Micros::ZERO;
        for line in own.lines(own.of_payee(payee)?)? {
            let of = match currencies.get(&line.pool) {
                Some(known) => *known,
                None => {
                    let of = own.pool(line.pool)?.currency;
                    currencies.insert(line.pool, of);
                    of
                }
            };
            if of == *currency {
                sum = sum.plus(line.amount)?;
            }
        }
        if sum != Micros::ZERO {
            corrects.insert((payee.clone(), *currency));
        }
    }
    Ok(AdjustedSums {
        period: adjustment.period,
        cause: adjustment.cause,
        sums,
        corrects,
        net: adjustment.net.clone(),
        pools: pools_of(&adjustment.sheet)?,
    })
}

/// What each payee's lines come to, by currency.
pub(crate) fn earned(sheet: &Sheet) -> Result<BTreeMap<(Box<str>, Currency), Micros>, MoneyError> {
    let mut sums: BTreeMap<(u32, Currency), Micros> = BTreeMap::new();
    for lines in sheet.lines.chunk_by(|a, b| (a.payee, a.pool) == (b.payee, b.pool)) {
        let currency = sheet.pools[lines[0].pool as usize].currency;
        let sum = sums.entry((lines[0].payee, currency)).or_default();
        *sum = sum.plus(Micros::sum(lines.iter().map(|line| line.amount))?)?;
    }
    let named = sums
        .into_iter()
        .map(|((payee, currency), sum)| ((Box::from(sheet.payees.name(payee)), currency), sum));
    Ok(named.collect())
}

/// The money of all pools, by currency.
pub(crate) fn pools_of(sheet: &Sheet) -> Result<BTreeMap<Currency, Micros>, MoneyError> {
    let mut sums = BTreeMap::new();
    for pool in &sheet.pools {
        let sum: &mut Micros = sums.entry(pool.currency).or_default();
        *sum = sum.plus(pool.money)?;
    }
    Ok(sums)
}

/// What a close came to.
///
/// # Errors
/// [`MoneyError`] beyond what an amount can hold.
pub(super) fn summary(outcome: &Outcome) -> Result<CloseSummary, MoneyError> {
    let mut money: BTreeMap<Currency, [Micros; 4]> = BTreeMap::new();
    let mut add = |at: usize, currency: Currency, amount: Micros| -> Result<(), MoneyError> {
        let sum = &mut money.entry(currency).or_default()[at];
        *sum = sum.plus(amount)?;
        Ok(())
    };
    for (currency, amount) in &outcome.net {
        add(0, *currency, *amount)?;
    }
    for (currency, amount) in pools_of(&outcome.own)? {
        add(1, currency, amount)?;
    }
    for adjustment in &outcome.adjustments {
        for (currency, amount) in pools_of(&adjustment.sheet)? {
            add(2, currency, amount)?;
        }
    }
    for closed in outcome.closing.payees.values() {
        if let Ok(paid) = closed.payout.paid {
            add(3, closed.currency, paid)?;
        }
    }
    let mut payees: BTreeSet<&str> = outcome.own.payees.iter().collect();
    payees.extend(outcome.closing.payees.keys().map(|payee| &**payee));
    payees.extend(outcome.adjustments.iter().flat_map(|it| it.sheet.payees.iter()));
    Ok(CloseSummary {
        plays: outcome.plays,
        lines: outcome.own.lines.len() as u64,
        adjusted_lines: outcome.adjustments.iter().map(|it| it.sheet.lines.len() as u64).sum(),
        payees: payees.len() as u64,
        entries: outcome.drafts.len() as u64,
        money: money
            .into_iter()
            .map(|(currency, [net, pools, adjusted, paid])| CloseMoney {
                currency: currency.to_string(),
                net_micros: net.get(),
                pools_micros: pools.get(),
                adjusted_micros: adjusted.get(),
                paid_micros: paid.get(),
            })
            .collect(),
        plays_before_first: outcome.plays_before_first,
    })
}
