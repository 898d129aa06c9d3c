//! What a payee earned in a month, and on which days it was heard.

use std::sync::Arc;

use axum::extract::{RawQuery, State};
use axum::{Extension, Json};
use ledgerline_app::access::Caller;
use ledgerline_app::money::close::EarningsQuestion;
use ledgerline_ids::{PartyId, Period};
use ledgerline_money::Currency;
use ledgerline_royalty::earnings::EarnedBy;

use super::closes::{by_of, no_statement};
use crate::dto::{DaysHeard, MonthEarnings};
use crate::parameters::Query;
use crate::problem::Problem;
use crate::router::Service;

const ROWS_DEFAULT: usize = 1_000;
const ROWS_MAX: usize = 10_000;

/// Adds up what a payee earned in a month, by one thing.
///
/// Of a closed month these are the sums of its statement's lines, exactly; of a month that goes on,
/// an estimate, which is never paid. Rows of a currency sum to its total where all are shown.
#[utoipa::path(
    get,
    path = "/api/v1/royalty/earnings",
    operation_id = "readEarnings",
    tag = "royalty",
    params(
        ("period" = String, Query, description = "The month", pattern = "^[0-9]{4}-[0-9]{2}$"),
        ("party" = String, Query, description = "The payee", min_length = 1, max_length = 128),
        ("by" = Option<String>, Query, description = "By what; by recording if absent", pattern = "^(recording|release|territory|tier|right|model)$", nullable = false),
        ("currency" = Option<String>, Query, description = "Only what was earned in it", pattern = "^[A-Z]{3}$", nullable = false),
        ("limit" = Option<u16>, Query, description = "How many rows at most; 1000 if absent", minimum = 1, maximum = 10000, nullable = false),
    ),
    responses((status = 200, description = "What was earned", body = MonthEarnings))
)]
pub(crate) async fn read(
    State(service): State<Arc<Service>>,
    Extension(caller): Extension<Arc<Caller>>,
    RawQuery(query): RawQuery,
) -> Result<Json<MonthEarnings>, Problem> {
    let known = ["period", "party", "by", "currency", "limit"];
    let query = Query::parse(query.as_deref(), &known)?;
    let by = by_of(&query)?.unwrap_or(EarnedBy::Recording);
    let currency = query.get("currency").map(Currency::parse).transpose();
    let rows_max = match query.get("limit").map(str::parse) {
        None => ROWS_DEFAULT,
        Some(Ok(limit)) if (1..=ROWS_MAX).contains(&limit) => limit,
        Some(_) => return Err(Problem::parameter("limit", format!("must be 1 to {ROWS_MAX}"))),
    };
    let (period, party) = own(&query, &caller)?;
    let question = EarningsQuestion {
        period,
        party,
        by,
        currency: currency.map_err(|error| Problem::parameter("currency", error))?,
        rows_max,
    };
    Ok(Json(service.deployment.earnings(question).await?.into()))
}

/// Counts the plays of a payee's recordings, day by day.
///
/// The recordings are those that the payee has lines of in the month; each play that counts now is
/// told, as `counts` does.
#[utoipa::path(
    get,
    path = "/api/v1/royalty/earnings/days",
    operation_id = "readEarningsDays",
    tag = "royalty",
    params(
        ("period" = String, Query, description = "The month", pattern = "^[0-9]{4}-[0-9]{2}$"),
        ("party" = String, Query, description = "The payee", min_length = 1, max_length = 128),
    ),
    responses((status = 200, description = "Every day of the month", body = DaysHeard))
)]
pub(crate) async fn days(
    State(service): State<Arc<Service>>,
    Extension(caller): Extension<Arc<Caller>>,
    RawQuery(query): RawQuery,
) -> Result<Json<DaysHeard>, Problem> {
    let query = Query::parse(query.as_deref(), &["period", "party"])?;
    let (period, party) = own(&query, &caller)?;
    Ok(Json(service.deployment.days_heard(period, party).await?.into()))
}

/// The month and the payee, where the caller sees that payee.
fn own(query: &Query, caller: &Caller) -> Result<(Period, String), Problem> {
    let (period, party) = (period(query)?, party(query)?);
    if caller.sees(&party) { Ok((period, party)) } else { Err(no_statement(&party, period)) }
}

fn period(query: &Query) -> Result<Period, Problem> {
    let period = Period::parse(query.get("period").unwrap_or_default());
    period.map_err(|error| Problem::parameter("period", error))
}

fn party(query: &Query) -> Result<String, Problem> {
    let party = PartyId::new(query.get("party").unwrap_or_default());
    Ok(party.map_err(|error| Problem::parameter("party", error))?.as_str().to_owned())
}
