//! Revenue, rates of exchange, advances, costs and usage from the columns of a row, whatever it was written in.

use crate::ahead::{AheadKind, AheadRow};
use crate::revenue::{FxRow, PeriodRevenue, Plan, RevenueRow};
use crate::usage::{UsageEntry, Use};
use ledgerline_catalog::fields::{Row, fraction, track_id, yes_or_no};
use ledgerline_ids::{ContractId, DayNo, PartyId, Period, Territory, Tier, UserId};
use ledgerline_ledger::Note;
use ledgerline_money::{Currency, Fraction, Micros};

/// The columns of revenue.
pub const REVENUE_COLUMNS: &[&str] = &[
    "period",
    "territory",
    "tier",
    "listener",
    "plan",
    "subscribers",
    "currency",
    "gross",
    "tax",
    "store_fee",
    "refunds",
    "correction",
];
/// The columns of rates of exchange.
pub const FX_COLUMNS: &[&str] = &["base", "quote", "day", "rate", "inverse", "source"];
/// The columns of usage.
pub const USAGE_COLUMNS: &[&str] =
    &["period", "track_id", "territory", "tier", "use", "listener", "plays"];

/// The columns of advances and costs.
pub const AHEAD_COLUMNS: &[&str] =
    &["contract", "payee", "kind", "amount", "currency", "on", "name", "note"];

/// What stands for any territory or tier.
pub const ANY: &str = "*";

const THE_EPOCH: (u32, u32) = (1970, 1);

fn period(row: &mut Row<'_>) -> Period {
    let instead = Period::new(THE_EPOCH.0, THE_EPOCH.1).expect("January 1970 is a month");
    row.required("period", instead, Period::parse)
}

fn territory(text: &str) -> Result<Option<Box<str>>, String> {
    match text {
        ANY => Ok(None),
        _ => Territory::new(text).map(|_| Some(text.into())).map_err(|why| why.to_string()),
    }
}

fn tier(text: &str) -> Result<Option<Box<str>>, String> {
    match text {
        ANY => Ok(None),
        _ => Tier::new(text).map(|_| Some(text.into())).map_err(|why| why.to_string()),
    }
}

fn listener(text: &str) -> Result<Box<str>, String> {
    UserId::new(text).map(|_| text.into()).map_err(|why| why.to_string())
}

fn whole(text: &str) -> Result<u64, &'static str> {
    text.parse().map_err(|_| "must be a whole number, such as 1200")
}

/// Reads revenue. `*` or nothing is any territory or tier.
pub fn revenue(mut row: Row<'_>) -> Option<PeriodRevenue> {
    let plan = |text: &str| {
        let words = || Plan::ALL.map(Plan::word).join(", ");
        Plan::from_word(text).ok_or_else(|| format!("must be one of {}", words()))
    };
    let period = period(&mut row);
    let listener = row.optional("listener", listener);
    let one = u64::from(listener.is_some());
    let euro = Currency::parse("EUR").expect("the euro is in use");
    let correction = row.words("correction");
    let read = RevenueRow {
        territory: row.optional("territory", territory).flatten(),
        tier: row.optional("tier", tier).flatten(),
        plan: row.optional("plan", plan).unwrap_or(Plan::Individual),
        subscribers: row.optional("subscribers", whole).unwrap_or(one),
        currency: row.required("currency", euro, Currency::parse),
        gross: row.required("gross", Micros::ZERO, Micros::parse),
        tax: row.optional("tax", Micros::parse).unwrap_or_default(),
        store_fee: row.optional("store_fee", Micros::parse).unwrap_or_default(),
        refunds: row.optional("refunds", Micros::parse).unwrap_or_default(),
        correction: (!correction.is_empty()).then_some(correction),
        listener,
    };
    if read.listener.is_some() && read.subscribers > 1 {
        let value = read.subscribers.to_string();
        row.wrong("subscribers", &value, "must be 1 or 0 where a listener is named");
    }
    if row.is_good()
        && let Err(why) = read.check()
    {
        row.wrong("gross", &read.gross.to_string(), why.to_string());
    }
    row.entry(PeriodRevenue { period, row: read })
}

/// Reads a rate of exchange.
pub fn fx(mut row: Row<'_>) -> Option<FxRow> {
    let euro = Currency::parse("EUR").expect("the euro is in use");
    let rate = |text: &str| match fraction(text) {
        Ok(rate) if rate > Fraction::ZERO => Ok(rate),
        Ok(_) => Err("must be more than 0".to_owned()),
        Err(why) => Err(why),
    };
    let read = FxRow {
        base: row.required("base", euro, Currency::parse),
        quote: row.required("quote", euro, Currency::parse),
        day: row.required("day", DayNo(0), DayNo::parse),
        rate: row.required("rate", Fraction::ONE, rate),
        inverse: row.optional("inverse", yes_or_no).unwrap_or(false),
        source: row.words("source"),
    };
    if read.base == read.quote {
        row.wrong("quote", read.quote.code(), "must be another currency than base");
    }
    row.entry(read)
}

/// Reads an advance or a cost.
pub fn ahead(mut row: Row<'_>) -> Option<AheadRow> {
    let kind = |text: &str| {
        let words = || AheadKind::ALL.map(AheadKind::word).join(" or ");
        let known = AheadKind::ALL.into_iter().find(|kind| kind.word() == text);
        known.ok_or_else(|| format!("must be {}", words()))
    };
    let amount = |text: &str| match Micros::parse(text) {
        Ok(amount) if amount > Micros::ZERO => Ok(amount),
        Ok(_) => Err("must be more than 0".to_owned()),
        Err(error) => Err(error.to_string()),
    };
    let contract =
        |text: &str| ContractId::new(text).map(|_| text.into()).map_err(|error| error.to_string());
    let payee =
        |text: &str| PartyId::new(text).map(|_| text.into()).map_err(|error| error.to_string());
    let name = |text: &str| {
        let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"_.-".contains(&byte);
        match text.len() <= 64 && text.bytes().all(plain) {
            true => Ok(text.into()),
            false => Err("must be up to 64 letters, digits and _ . -"),
        }
    };
    let note = |text: &str| match Note::new(text) {
        Ok(_) => Ok(text.into()),
        Err(error) => Err(error.to_string()),
    };
    let euro = Currency::parse("EUR").expect("the euro is in use");
    let read = AheadRow {
        contract: row.required("contract", Box::default(), contract),
        payee: row.required("payee", Box::default(), payee),
        kind: row.required("kind", AheadKind::Advance, kind),
        amount: row.required("amount", Micros::ZERO, amount),
        currency: row.required("currency", euro, Currency::parse),
        on: row.required("on", DayNo(0), DayNo::parse),
        name: row.required("name", Box::default(), name),
        note: row.optional("note", note).unwrap_or_default(),
    };
    row.entry(read)
}

/// Reads usage: how many counted plays of a month another system counted.
pub fn usage(mut row: Row<'_>) -> Option<(Period, UsageEntry)> {
    let usage_use = |text: &str| {
        let words = || Use::ALL.map(Use::word).join(", ");
        Use::from_word(text).ok_or_else(|| format!("must be one of {}", words()))
    };
    let known = |text: &str, read: Option<Box<str>>| {
        read.ok_or_else(|| format!("{text} is not one: leave it empty where it isn't known"))
    };
    let period = period(&mut row);
    let entry = UsageEntry {
        track_id: row.required("track_id", Box::default(), track_id),
        territory: row.optional("territory", |text| known(text, territory(text)?)),
        tier: row.optional("tier", |text| known(text, tier(text)?)),
        usage_use: row.optional("use", usage_use).unwrap_or(Use::OnDemand),
        listener: row.optional("listener", listener),
        plays: row.required("plays", 0, whole),
    };
    if entry.listener.is_some() && u32::try_from(entry.plays).is_err() {
        row.wrong("plays", &entry.plays.to_string(), "is more than one listener can have");
    }
    row.entry((period, entry))
}
