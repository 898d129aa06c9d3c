//! Closes of months: made, listed, verified; and their statements, explained line by line.

use std::sync::Arc;

use axum::extract::rejection::RawPathParamsRejection;
use axum::extract::{RawPathParams, RawQuery, State};
use axum::{Extension, Json};
use ledgerline_app::access::Caller;
use ledgerline_app::money::close::{CloseError, CloseState};
use ledgerline_ids::{PartyId, Period};
use ledgerline_royalty::earnings::EarnedBy;

use crate::dto::{
    Close, CloseCheck, CloseList, ClosedPools, Estimate, ExplainedLine, PlayMoney, Statement,
    StatementLine, StatementLinePage, StatementPage,
};
use crate::parameters::{Query, path_value, play_ref};
use crate::problem::Problem;
use crate::router::Service;

type Path = Result<RawPathParams, RawPathParamsRejection>;

const PAGE_LINES_DEFAULT: usize = 100;
const PAGE_LINES_MAX: usize = 10_000;
const PLAYS_DEFAULT: usize = 20;

pub(super) fn period_of(path: &Path) -> Result<Period, Problem> {
    let text = path_value(path, "period")?;
    Period::parse(text).map_err(|error| Problem::parameter("period", error))
}

fn payee_of(path: &Path) -> Result<String, Problem> {
    payee(path_value(path, "payee")?)
}

/// The payee of a path whose statements the caller sees. Any other has none, as far as that can be
/// told from here.
pub(super) fn own_payee_of(
    path: &Path,
    period: Period,
    caller: &Caller,
) -> Result<String, Problem> {
    let payee = payee_of(path)?;
    if caller.sees(&payee) { Ok(payee) } else { Err(no_statement(&payee, period)) }
}

/// What a payee without a statement is answered.
pub(super) fn no_statement(payee: &str, period: Period) -> Problem {
    CloseError::NotFound(format!("{payee} has no statement of {period}")).into()
}

fn payee(text: &str) -> Result<String, Problem> {
    let checked = PartyId::new(text).map_err(|error| Problem::parameter("payee", error));
    checked.map(|_| text.to_owned())
}

fn number(query: &Query, name: &str, default: usize, max: usize) -> Result<usize, Problem> {
    match query.get(name).map(str::parse) {
        None => Ok(default),
        Some(Ok(number)) if number <= max => Ok(number),
        Some(_) => Err(Problem::parameter(name, format!("must be a number up to {max}"))),
    }
}

/// By what earnings are asked for, where that is said.
pub(super) fn by_of(query: &Query) -> Result<Option<EarnedBy>, Problem> {
    let Some(word) = query.get("by") else { return Ok(None) };
    EarnedBy::from_word(word).map(Some).ok_or_else(|| {
        let words = EarnedBy::ALL.map(EarnedBy::word).join(", ");
        Problem::parameter("by", format!("must be one of {words}"))
    })
}

/// Lists all closes, by month.
#[utoipa::path(
    get,
    path = "/api/v1/royalty/closes",
    operation_id = "listCloses",
    tag = "royalty",
    responses((status = 200, description = "All closes", body = CloseList))
)]
pub(crate) async fn list(
    State(service): State<Arc<Service>>,
    Extension(caller): Extension<Arc<Caller>>,
    RawQuery(query): RawQuery,
) -> Result<Json<CloseList>, Problem> {
    Query::parse(query.as_deref(), &[])?;
    let closes = service.deployment.closes().await?;
    let items = match caller.parties {
        None => closes.iter().map(Close::of).collect(),
        Some(_) => {
            let closed = closes.iter().filter(|record| record.state == CloseState::Closed);
            closed.map(|record| Close::of(record).without_totals()).collect()
        }
    };
    Ok(Json(CloseList { items }))
}

/// Shows the close of a month, with what changed of earlier months.
#[utoipa::path(
    get,
    path = "/api/v1/royalty/closes/{period}",
    operation_id = "readClose",
    tag = "royalty",
    params(("period" = String, Path, description = "The month", pattern = "^[0-9]{4}-[0-9]{2}$")),
    responses((status = 200, description = "The close", body = Close))
)]
pub(crate) async fn read(
    State(service): State<Arc<Service>>,
    Extension(caller): Extension<Arc<Caller>>,
    path: Path,
    RawQuery(query): RawQuery,
) -> Result<Json<Close>, Problem> {
    Query::parse(query.as_deref(), &[])?;
    let period = period_of(&path)?;
    let closes = service.deployment.closes().await?;
    let found = closes.iter().find(|record| record.period == period);
    let record = found.ok_or_else(|| Problem::not_closed(period))?;
    let close = Close::of(record);
    if caller.parties.is_some() {
        let closed = record.state == CloseState::Closed;
        return closed.then(|| Json(close.without_totals())).ok_or(Problem::not_closed(period));
    }
    if record.state != CloseState::Closed {
        return Ok(Json(close));
    }
    let month = service.deployment.closed_month(period).await?;
    Ok(Json(close.with_manifest(month.manifest())))
}

/// Closes a month; a month that is closed already stays as it is.
///
/// Everything that is missing or contradicts itself is named, and nothing is closed then. What was
/// begun and broken off is finished by the same request again, with the same outcome.
#[utoipa::path(
    post,
    path = "/api/v1/royalty/closes/{period}",
    operation_id = "closeMonth",
    tag = "royalty",
    params(
        ("period" = String, Path, description = "The month", pattern = "^[0-9]{4}-[0-9]{2}$"),
        ("dry_run" = Option<bool>, Query, description = "Only say what it would come to", nullable = false),
    ),
    responses((status = 200, description = "The close", body = Close))
)]
pub(crate) async fn close(
    State(service): State<Arc<Service>>,
    path: Path,
    RawQuery(query): RawQuery,
) -> Result<Json<Close>, Problem> {
    let query = Query::parse(query.as_deref(), &["dry_run"])?;
    let dry_run = query.flag("dry_run")?;
    let period = period_of(&path)?;
    // A client that goes away doesn't break a close off.
    let deployment = service.deployment.clone();
    let closing = tokio::spawn(async move { deployment.close_month(period, dry_run).await });
    let closed = closing.await.map_err(|error| Problem::internal(&error))??;
    Ok(Json(closed.into()))
}

/// Lists the pools of a closed month: how the money of each came about, and where all of it went.
#[utoipa::path(
    get,
    path = "/api/v1/royalty/closes/{period}/pools",
    operation_id = "listPools",
    tag = "royalty",
    params(
        ("period" = String, Path, description = "The month", pattern = "^[0-9]{4}-[0-9]{2}$"),
        ("limit" = Option<u16>, Query, description = "How many at most; 100 if absent", minimum = 1, maximum = 10000, nullable = false),
        ("after" = Option<String>, Query, description = "The `next` of the page before", pattern = "^[0-9]{1,9}$", nullable = false),
    ),
    responses((status = 200, description = "A page of pools", body = ClosedPools))
)]
pub(crate) async fn pools(
    State(service): State<Arc<Service>>,
    path: Path,
    RawQuery(query): RawQuery,
) -> Result<Json<ClosedPools>, Problem> {
    let query = Query::parse(query.as_deref(), &["limit", "after"])?;
    let period = period_of(&path)?;
    let limit = number(&query, "limit", PAGE_LINES_DEFAULT, PAGE_LINES_MAX)?.max(1);
    let after = query.get("after").map(str::parse).transpose();
    let not_a_next = |_| Problem::parameter("after", "must be the `next` of an earlier page");
    let after: Option<u32> = after.map_err(not_a_next)?;
    let pools = service.deployment.read_close(period, |month| month.pools()).await?;
    Ok(Json(ClosedPools::page(&pools, after, limit)))
}

/// Compares a close's files with their digests, statements with lines, and both with the ledger.
#[utoipa::path(
    get,
    path = "/api/v1/royalty/closes/{period}/verification",
    operation_id = "verifyClose",
    tag = "royalty",
    params(("period" = String, Path, description = "The month", pattern = "^[0-9]{4}-[0-9]{2}$")),
    responses((status = 200, description = "What was compared, and what differs", body = CloseCheck))
)]
pub(crate) async fn verify(
    State(service): State<Arc<Service>>,
    path: Path,
    RawQuery(query): RawQuery,
) -> Result<Json<CloseCheck>, Problem> {
    Query::parse(query.as_deref(), &[])?;
    Ok(Json(service.deployment.verify_close(period_of(&path)?).await?.into()))
}

/// Lists the statements of a closed month, by payee.
#[utoipa::path(
    get,
    path = "/api/v1/royalty/closes/{period}/statements",
    operation_id = "listStatements",
    tag = "royalty",
    params(
        ("period" = String, Path, description = "The month", pattern = "^[0-9]{4}-[0-9]{2}$"),
        ("limit" = Option<u16>, Query, description = "How many at most; 100 if absent", minimum = 1, maximum = 10000, nullable = false),
        ("after" = Option<String>, Query, description = "The `next` of the page before", nullable = false),
    ),
    responses((status = 200, description = "A page of statements", body = StatementPage))
)]
pub(crate) async fn statements(
    State(service): State<Arc<Service>>,
    Extension(caller): Extension<Arc<Caller>>,
    path: Path,
    RawQuery(query): RawQuery,
) -> Result<Json<StatementPage>, Problem> {
    let query = Query::parse(query.as_deref(), &["limit", "after"])?;
    let period = period_of(&path)?;
    let limit = number(&query, "limit", PAGE_LINES_DEFAULT, PAGE_LINES_MAX)?.max(1);
    let after = query.get("after").unwrap_or_default().to_owned();
    let own = caller.parties.clone();
    let read = move |month: &ledgerline_app::money::close::reading::ClosedMonth| match own {
        None => month.statements(&after, limit),
        Some(own) => month.statements_of(&own, &after, limit),
    };
    let items = service.deployment.read_close(period, read).await?;
    let full = items.len() == limit;
    let next = items.last().filter(|_| full).map(|last| last.payee.clone());
    Ok(Json(StatementPage { items: items.into_iter().map(Statement::from).collect(), next }))
}

/// Shows a payee's statement, without its lines.
#[utoipa::path(
    get,
    path = "/api/v1/royalty/closes/{period}/statements/{payee}",
    operation_id = "readStatement",
    tag = "royalty",
    params(
        ("period" = String, Path, description = "The month", pattern = "^[0-9]{4}-[0-9]{2}$"),
        ("payee" = String, Path, description = "The payee's id, percent-encoded", min_length = 1, max_length = 128),
    ),
    responses((status = 200, description = "The statement", body = Statement))
)]
pub(crate) async fn statement(
    State(service): State<Arc<Service>>,
    Extension(caller): Extension<Arc<Caller>>,
    path: Path,
    RawQuery(query): RawQuery,
) -> Result<Json<Statement>, Problem> {
    Query::parse(query.as_deref(), &[])?;
    let period = period_of(&path)?;
    let payee = own_payee_of(&path, period, &caller)?;
    let found = service.deployment.read_close(period, move |month| month.statement(&payee)).await?;
    Ok(Json(found.into()))
}

/// Shows lines of a payee's statement: the month's own, then adjustments.
#[utoipa::path(
    get,
    path = "/api/v1/royalty/closes/{period}/statements/{payee}/lines",
    operation_id = "readStatementLines",
    tag = "royalty",
    params(
        ("period" = String, Path, description = "The month", pattern = "^[0-9]{4}-[0-9]{2}$"),
        ("payee" = String, Path, description = "The payee's id, percent-encoded", min_length = 1, max_length = 128),
        ("limit" = Option<u16>, Query, description = "How many at most; 100 if absent", minimum = 1, maximum = 10000, nullable = false),
        ("from" = Option<u64>, Query, description = "The number of the first line; 1 if absent", minimum = 1, nullable = false),
        ("by" = Option<String>, Query, description = "Only lines of one row of the payee's earnings: by what", pattern = "^(recording|release|territory|tier|right|model)$", nullable = false),
        ("key" = Option<String>, Query, description = "That row's key; with `by` and without a key, lines that name none", max_length = 256, nullable = false),
    ),
    responses((status = 200, description = "A page of lines", body = StatementLinePage))
)]
pub(crate) async fn lines(
    State(service): State<Arc<Service>>,
    Extension(caller): Extension<Arc<Caller>>,
    path: Path,
    RawQuery(query): RawQuery,
) -> Result<Json<StatementLinePage>, Problem> {
    let query = Query::parse(query.as_deref(), &["limit", "from", "by", "key"])?;
    let period = period_of(&path)?;
    let payee = own_payee_of(&path, period, &caller)?;
    let limit = number(&query, "limit", PAGE_LINES_DEFAULT, PAGE_LINES_MAX)?.max(1);
    let from = number(&query, "from", 1, usize::MAX)? as u64;
    let key = query.get("key").map(str::to_owned);
    if let Some(by) = by_of(&query)? {
        let (of, row) = ((period, payee), (by, key));
        let (items, next) = service.deployment.earned_lines(of, row, (from, limit)).await?;
        let items = items.into_iter().map(StatementLine::from).collect();
        return Ok(Json(StatementLinePage { items, next }));
    }
    if key.is_some() {
        return Err(Problem::parameter("key", "needs `by`, which says of what it is"));
    }
    let read = move |month: &ledgerline_app::money::close::reading::ClosedMonth| {
        month.statement(&payee)?;
        month.lines(&payee, from, limit)
    };
    let items = service.deployment.read_close(period, read).await?;
    let full = items.len() == limit;
    let next = items.last().filter(|_| full).map(|last| last.number + 1);
    let items = items.into_iter().map(StatementLine::from).collect();
    Ok(Json(StatementLinePage { items, next }))
}

/// Explains a line: its pool from revenue and terms, whose share it is, and some of its plays.
#[utoipa::path(
    get,
    path = "/api/v1/royalty/closes/{period}/statements/{payee}/lines/{number}",
    operation_id = "explainLine",
    tag = "royalty",
    params(
        ("period" = String, Path, description = "The month", pattern = "^[0-9]{4}-[0-9]{2}$"),
        ("payee" = String, Path, description = "The payee's id, percent-encoded", min_length = 1, max_length = 128),
        ("number" = u64, Path, description = "The line's number", minimum = 1),
        ("plays" = Option<u16>, Query, description = "How many plays to show; 20 if absent, none for 0. To find them the plays log is read", maximum = 100, nullable = false),
    ),
    responses((status = 200, description = "The line, explained", body = ExplainedLine))
)]
pub(crate) async fn explain_line(
    State(service): State<Arc<Service>>,
    Extension(caller): Extension<Arc<Caller>>,
    path: Path,
    RawQuery(query): RawQuery,
) -> Result<Json<ExplainedLine>, Problem> {
    let query = Query::parse(query.as_deref(), &["plays"])?;
    let period = period_of(&path)?;
    let payee = own_payee_of(&path, period, &caller)?;
    let line = path_value(&path, "number")?.parse::<u64>();
    let line = line.map_err(|_| Problem::parameter("number", "must be the number of a line"))?;
    let plays = number(&query, "plays", PLAYS_DEFAULT, ledgerline_app::money::close::PLAYS_MAX)?;
    Ok(Json(service.deployment.explain_line(&payee, period, line, plays).await?.into()))
}

/// Shows every line that a play has a part in.
#[utoipa::path(
    get,
    path = "/api/v1/royalty/plays/{user_id}/{play_id}",
    operation_id = "explainPlayMoney",
    tag = "royalty",
    params(
        ("user_id" = String, Path, description = "The listener, percent-encoded; at most 128 bytes of UTF-8, no control characters", min_length = 1, max_length = 128, pattern = r"^[^\x00-\x1f\x7f-\x9f]+$"),
        ("play_id" = String, Path, description = "The play's key", min_length = 1, max_length = 64, pattern = "^[A-Za-z0-9_-]+$"),
        ("source" = Option<String>, Query, description = "The source; needed where several have such a play", min_length = 1, max_length = 96, pattern = "^[A-Za-z0-9_.:/@+-]+$", nullable = false),
    ),
    responses((status = 200, description = "The play, and what it caused", body = PlayMoney))
)]
pub(crate) async fn explain_play(
    State(service): State<Arc<Service>>,
    Extension(caller): Extension<Arc<Caller>>,
    path: Path,
    RawQuery(query): RawQuery,
) -> Result<Json<PlayMoney>, Problem> {
    let query = Query::parse(query.as_deref(), &["source"])?;
    let (user_id, play_id) = (path_value(&path, "user_id")?, path_value(&path, "play_id")?);
    let play = play_ref(query.get("source"), user_id, play_id)?;
    let own = service.deployment.own(&caller).await?;
    Ok(Json(service.deployment.explain_own_money_of(&own, &play).await?.into()))
}

/// Estimates what the month that goes on comes to so far, within seconds of a play.
///
/// An estimate is never paid. It equals what the close will state of the lines, once everything of
/// the month is there.
#[utoipa::path(
    get,
    path = "/api/v1/royalty/estimates",
    operation_id = "readEstimates",
    tag = "royalty",
    params(
        ("period" = Option<String>, Query, description = "The month; the one that goes on if absent", pattern = "^[0-9]{4}-[0-9]{2}$", nullable = false),
        ("payee" = Option<String>, Query, description = "Of one payee only", min_length = 1, max_length = 128, nullable = false),
    ),
    responses((status = 200, description = "The estimate", body = Estimate))
)]
pub(crate) async fn estimates(
    State(service): State<Arc<Service>>,
    Extension(caller): Extension<Arc<Caller>>,
    RawQuery(query): RawQuery,
) -> Result<Json<Estimate>, Problem> {
    let query = Query::parse(query.as_deref(), &["period", "payee"])?;
    let period = match query.get("period") {
        None => None,
        Some(text) => {
            let period = Period::parse(text);
            Some(period.map_err(|error| Problem::parameter("period", error))?)
        }
    };
    let wanted = query.get("payee").map(payee).transpose()?;
    let estimate = service.deployment.estimate(period).await?;
    Ok(Json(Estimate::of(&estimate, wanted.as_deref(), &caller)))
}
