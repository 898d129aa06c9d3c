//! The ledger, read.

use std::sync::Arc;

use axum::extract::{RawQuery, State};
use axum::{Extension, Json};
use ledgerline_app::access::Caller;
use ledgerline_app::ports::{BalanceQuery, EntryQuery};
use ledgerline_ids::{DayNo, PartyId, Period, UnixMs};
use ledgerline_ledger::{Account, EntryKey};

use crate::dto::{
    Instant, LedgerBalance, LedgerBalancePage, LedgerEntry, LedgerEntryPage, LedgerHead,
    LedgerVerification,
};
use crate::parameters::Query;
use crate::problem::{Kind, Problem};
use crate::router::Service;

/// Lists entries of the ledger in the order of their numbers: those for which all that is asked
/// holds.
#[utoipa::path(
    get,
    path = "/api/v1/ledger/entries",
    operation_id = "listLedgerEntries",
    tag = "ledger",
    params(
        ("account" = Option<String>, Query, description = "That touch this account: `party:P1/EUR/payable`", max_length = 120, nullable = false),
        ("party" = Option<String>, Query, description = "That touch an account of this party", pattern = "^[A-Za-z0-9_.:/@+-]{1,96}$", nullable = false),
        ("period" = Option<String>, Query, description = "Of this month", pattern = "^(19[7-9][0-9]|20[0-9]{2})-(0[1-9]|1[0-2])$", nullable = false),
        ("corrects" = Option<String>, Query, description = "That correct the entry with this key", pattern = "^[!-~]{1,300}$", nullable = false),
        ("limit" = Option<u16>, Query, description = "How many at most; 100 if absent", minimum = 1, maximum = 1000, nullable = false),
        ("after" = Option<String>, Query, description = "The `next` of the page before", pattern = "^[0-9]{1,18}$", nullable = false),
    ),
    responses((status = 200, description = "A page of entries", body = LedgerEntryPage))
)]
pub(crate) async fn entries(
    State(service): State<Arc<Service>>,
    Extension(caller): Extension<Arc<Caller>>,
    RawQuery(query): RawQuery,
) -> Result<Json<LedgerEntryPage>, Problem> {
    let known = ["account", "party", "period", "corrects", "limit", "after"];
    let query = Query::parse(query.as_deref(), &known)?;
    let limit = limit(&query)?;
    let after = match query.get("after").map(str::parse::<u64>) {
        None => 0,
        Some(Ok(after)) if i64::try_from(after).is_ok() => after,
        Some(_) => return Err(not_a_next()),
    };
    let asked = EntryQuery {
        account: read(&query, "account", Account::parse)?,
        parties: parties(&query, &caller)?,
        period: read(&query, "period", Period::parse)?,
        corrects: read(&query, "corrects", EntryKey::new)?,
        after,
        limit: limit + 1,
    };
    // The account of another party has no entries for who doesn't see that party.
    let holder = asked.account.as_ref().and_then(|account| account.holder.as_party());
    if holder.is_some_and(|holder| !caller.sees(holder)) {
        return Ok(Json(LedgerEntryPage { items: Vec::new(), next: None }));
    }
    let mut found = service.deployment.money().ledger().entries(&asked).await?;
    let has_more = found.len() > limit as usize;
    found.truncate(limit as usize);
    let next = found.last().filter(|_| has_more).map(|entry| entry.seq().to_string());
    let items = found.iter().map(|entry| LedgerEntry::seen_by(entry, &caller)).collect();
    Ok(Json(LedgerEntryPage { items, next }))
}

/// Lists the balances of all accounts, or of one party's, in the order of the accounts.
#[utoipa::path(
    get,
    path = "/api/v1/ledger/balances",
    operation_id = "listLedgerBalances",
    tag = "ledger",
    params(
        ("as_of" = Option<String>, Query, description = "Of the entries that hold on this day, UTC", format = Date, pattern = r"^(19[7-9][0-9]|20[0-9]{2}|210[0-9])-[0-9]{2}-[0-9]{2}$", nullable = false),
        ("booked_by" = Option<String>, Query, description = "Of the entries that were booked up to this instant, RFC 3339", format = DateTime, nullable = false),
        ("party" = Option<String>, Query, description = "Of accounts of this party", pattern = "^[A-Za-z0-9_.:/@+-]{1,96}$", nullable = false),
        ("limit" = Option<u16>, Query, description = "How many at most; 100 if absent", minimum = 1, maximum = 1000, nullable = false),
        ("after" = Option<String>, Query, description = "The `next` of the page before", max_length = 120, nullable = false),
    ),
    responses((status = 200, description = "A page of balances", body = LedgerBalancePage))
)]
pub(crate) async fn balances(
    State(service): State<Arc<Service>>,
    Extension(caller): Extension<Arc<Caller>>,
    RawQuery(query): RawQuery,
) -> Result<Json<LedgerBalancePage>, Problem> {
    let known = ["as_of", "booked_by", "party", "limit", "after"];
    let query = Query::parse(query.as_deref(), &known)?;
    let limit = limit(&query)?;
    let asked = BalanceQuery {
        as_of: read(&query, "as_of", DayNo::parse)?,
        booked_by: read(&query, "booked_by", UnixMs::parse_rfc3339)?,
        parties: parties(&query, &caller)?,
        after: read(&query, "after", Account::parse)?,
        limit: limit + 1,
    };
    let mut found = service.deployment.money().ledger().balances(&asked).await?;
    let has_more = found.len() > limit as usize;
    found.truncate(limit as usize);
    let next = found.last().filter(|_| has_more).map(|(account, _)| account.to_string());
    Ok(Json(LedgerBalancePage {
        as_of: asked.as_of.map(|day| day.to_string()),
        booked_by: asked.booked_by.map(Instant),
        items: found.iter().map(LedgerBalance::from).collect(),
        next,
    }))
}

/// Says where the ledger's chain ends, signed.
#[utoipa::path(
    get,
    path = "/api/v1/ledger/head",
    operation_id = "readLedgerHead",
    tag = "ledger",
    responses((status = 200, description = "The signed head", body = LedgerHead))
)]
pub(crate) async fn head(
    State(service): State<Arc<Service>>,
    RawQuery(query): RawQuery,
) -> Result<Json<LedgerHead>, Problem> {
    Query::parse(query.as_deref(), &[])?;
    let ledger = service.deployment.money().ledger();
    Ok(Json(LedgerHead::of(ledger.public_key().await?, ledger.head().await?)))
}

/// Verifies the ledger: everything is read and added up again, and held against the key and the
/// head's file.
///
/// The server says this of itself, one request at a time, and books nothing meanwhile. Whoever wants
/// to believe nobody runs `ledgerline ledger verify --against` a checkpoint, which reads the files.
#[utoipa::path(
    get,
    path = "/api/v1/ledger/verification",
    operation_id = "verifyLedger",
    tag = "ledger",
    responses((status = 200, description = "What was looked at, and what is wrong", body = LedgerVerification))
)]
pub(crate) async fn verify(
    State(service): State<Arc<Service>>,
    RawQuery(query): RawQuery,
) -> Result<Json<LedgerVerification>, Problem> {
    Query::parse(query.as_deref(), &[])?;
    let _turn = service.verifying.try_acquire().map_err(|_| {
        Problem::passing(Kind::Overloaded, "the ledger is being verified already", 5)
    })?;
    let verified = service.deployment.verify_ledger().await?;
    Ok(Json(LedgerVerification::of(verified.as_ref())))
}

fn read<T, E: std::fmt::Display>(
    query: &Query,
    name: &str,
    parse: impl Fn(&str) -> Result<T, E>,
) -> Result<Option<T>, Problem> {
    query
        .get(name)
        .map(|text| parse(text).map_err(|error| Problem::parameter(name, format!(": {error}"))))
        .transpose()
}

/// Of which parties: the one that is asked for, where the caller sees it; else all that it sees.
pub(super) fn parties(query: &Query, caller: &Caller) -> Result<Option<Vec<String>>, Problem> {
    let asked =
        read(query, "party", |text| PartyId::new(text).map(|party| party.as_str().to_owned()))?;
    Ok(match asked {
        None => caller.parties.clone(),
        Some(party) if caller.sees(&party) => Some(vec![party]),
        Some(_) => Some(Vec::new()),
    })
}

fn limit(query: &Query) -> Result<u32, Problem> {
    let (limit, _) = query.page_of(|_| true)?;
    Ok(u32::try_from(limit).expect("at most 1000"))
}

fn not_a_next() -> Problem {
    Problem::parameter("after", "must be the `next` of an earlier page")
}
