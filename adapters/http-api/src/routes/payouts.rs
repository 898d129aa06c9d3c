//! Payouts: what is to be paid and what was, files for a bank, and that it has paid.

use std::sync::Arc;

use axum::extract::rejection::RawPathParamsRejection;
use axum::extract::{RawPathParams, RawQuery, Request, State};
use axum::http::header;
use axum::response::{IntoResponse, Response};
use axum::{Extension, Json};
use ledgerline_app::access::Caller;
use ledgerline_app::money::papers::payment_order::{
    DebtorWords, OrderPart, OrderRefused, PaymentForm, PaymentOrder,
};
use ledgerline_app::money::papers::payout_history::PayoutQuery;
use ledgerline_app::money::papers::payouts::{PaidOut, PayoutError};
use ledgerline_ids::{DayNo, Period};
use ledgerline_money::{Currency, Micros};

use super::closes::period_of;
use super::ledger::parties;
use crate::auditing::Object;
use crate::dto::{
    MarkPaidRequest, MarkPaidRow, MarkedPaid, MonthPayouts, PaymentFile, PaymentFileRequest,
    Payout, PayoutPage,
};
use crate::guard;
use crate::parameters::Query;
use crate::problem::{Kind, Problem};
use crate::request_body::read_json_of;
use crate::router::Service;

type Path = Result<RawPathParams, RawPathParamsRejection>;

/// The most bytes of an order, of which a sheet of accounts is most.
const ORDER_BYTES_MAX: usize = 8 << 20;
/// The most bytes of a list of what was paid, and its most rows.
const PAID_BYTES_MAX: usize = 2 << 20;
const PAID_ROWS_MAX: usize = 10_000;

/// Lists payouts of closed months, the newest first: what each statement pays, and whether the bank has
/// paid it.
#[utoipa::path(
    get,
    path = "/api/v1/royalty/payouts",
    operation_id = "listPayouts",
    tag = "royalty",
    params(
        ("party" = Option<String>, Query, description = "To this payee", pattern = "^[A-Za-z0-9_.:/@+-]{1,96}$", nullable = false),
        ("period" = Option<String>, Query, description = "Of this month", pattern = "^[0-9]{4}-[0-9]{2}$", nullable = false),
        ("limit" = Option<u16>, Query, description = "How many at most; 100 if absent", minimum = 1, maximum = 1000, nullable = false),
        ("after" = Option<String>, Query, description = "The `next` of the page before", max_length = 140, nullable = false),
    ),
    responses((status = 200, description = "A page of payouts", body = PayoutPage))
)]
pub(crate) async fn list(
    State(service): State<Arc<Service>>,
    Extension(caller): Extension<Arc<Caller>>,
    RawQuery(query): RawQuery,
) -> Result<Json<PayoutPage>, Problem> {
    let query = Query::parse(query.as_deref(), &["party", "period", "limit", "after"])?;
    let (limit, after) = query.page_of(|_| true)?;
    let after = after.map(|text| {
        let found = text.split_once('/');
        let found = found.and_then(|(period, payee)| Some((Period::parse(period).ok()?, payee)));
        let wrong = || Problem::parameter("after", "must be the `next` of an earlier page");
        found.map(|(period, payee)| (period, payee.to_owned())).ok_or_else(wrong)
    });
    let period = query.get("period").map(Period::parse).transpose();
    let asked = PayoutQuery {
        parties: parties(&query, &caller)?,
        period: period.map_err(|error| Problem::parameter("period", error))?,
        after: after.transpose()?,
        limit: limit + 1,
    };
    let mut found = service.deployment.stated_payouts(asked).await?;
    let has_more = found.len() > limit;
    found.truncate(limit);
    let next = found.last().filter(|_| has_more);
    let next = next.map(|last| format!("{}/{}", last.period, last.payee));
    Ok(Json(PayoutPage { items: found.into_iter().map(Payout::from).collect(), next }))
}

/// Shows what is to be paid for a closed month: sums by currency, and by payee what, and whether the
/// bank has paid it. Every open payout is covered by what the ledger owes its payee.
#[utoipa::path(
    get,
    path = "/api/v1/royalty/closes/{period}/payouts",
    operation_id = "readMonthPayouts",
    tag = "royalty",
    params(
        ("period" = String, Path, description = "The month", pattern = "^[0-9]{4}-[0-9]{2}$"),
        ("limit" = Option<u16>, Query, description = "How many at most; 100 if absent", minimum = 1, maximum = 1000, nullable = false),
        ("after" = Option<String>, Query, description = "The `next` of the page before", max_length = 128, nullable = false),
    ),
    responses((status = 200, description = "Sums, and a page of payouts", body = MonthPayouts))
)]
pub(crate) async fn month(
    State(service): State<Arc<Service>>,
    path: Path,
    RawQuery(query): RawQuery,
) -> Result<Json<MonthPayouts>, Problem> {
    let query = Query::parse(query.as_deref(), &["limit", "after"])?;
    let (limit, after) = query.page_of(|_| true)?;
    let found = service.deployment.payouts(period_of(&path)?).await?;
    Ok(Json(MonthPayouts::page(&found, after.unwrap_or_default(), limit)))
}

/// Writes what is still to be paid for a closed month as a file for the bank: a sheet, or a credit
/// transfer (ISO 20022 pain.001.001.09).
///
/// Names and accounts come with the request, and nothing of them is stored. The same payouts have the
/// same payment ids in each file, so a bank that is handed two pays once.
#[utoipa::path(
    post,
    path = "/api/v1/royalty/closes/{period}/payouts/file",
    operation_id = "writePaymentFile",
    tag = "royalty",
    params(("period" = String, Path, description = "The month", pattern = "^[0-9]{4}-[0-9]{2}$")),
    request_body = PaymentFileRequest,
    responses((status = 200, description = "The file", content((String = "text/csv"), (String = "application/xml"))))
)]
pub(crate) async fn file(
    State(service): State<Arc<Service>>,
    path: Path,
    request: Request,
) -> Result<Response, Problem> {
    let Some(writer) = service.outside.payments.clone() else { return Err(guard::nothing_here()) };
    let (head, body) = request.into_parts();
    Query::parse(head.uri.query(), &[])?;
    let period = period_of(&path)?;
    let (asked, _): (PaymentFileRequest, _) =
        read_json_of(&service, &head.headers, body, ORDER_BYTES_MAX).await?;
    let mut payouts = service.deployment.payouts(period).await?.rows;
    payouts.retain(|row| row.paid_by.is_none());
    let now = service.deployment.now();
    let debtor = asked.debtor.map(|debtor| DebtorWords {
        name: debtor.name,
        iban: debtor.iban,
        bic: debtor.bic,
    });
    let (form, kind, end) = match asked.form {
        PaymentFile::Csv => (PaymentForm::Csv, "text/csv; charset=utf-8; header=present", "csv"),
        PaymentFile::Pain001 => (PaymentForm::Pain001, "application/xml", "xml"),
    };
    if form == PaymentForm::Pain001 && (asked.accounts.is_none() || debtor.is_none()) {
        let detail = "a credit transfer needs accounts and a debtor";
        return Err(Problem::new(Kind::InvalidRequest, detail));
    }
    let order = PaymentOrder {
        period,
        payouts,
        form,
        accounts: asked.accounts.map(String::into_bytes),
        debtor: debtor.unwrap_or_default(),
        created_at: now,
        on: day("on", asked.on.as_deref())?.unwrap_or(DayNo(now.day().0 + 1)),
    };
    let text = writer.write(&order).map_err(refused)?;
    let headers = [
        (header::CONTENT_TYPE, kind.to_owned()),
        (header::CONTENT_DISPOSITION, format!("attachment; filename=\"payouts-{period}.{end}\"")),
    ];
    Ok((headers, text).into_response())
}

/// Books that the bank has paid: all that is named, or nothing.
///
/// What isn't to be paid, or not so much, is named and refused. What was booked before stays as it is,
/// so the same request again changes nothing.
#[utoipa::path(
    post,
    path = "/api/v1/royalty/payouts/paid",
    operation_id = "markPaid",
    tag = "royalty",
    request_body = MarkPaidRequest,
    responses((status = 200, description = "What was booked", body = MarkedPaid))
)]
pub(crate) async fn paid(
    State(service): State<Arc<Service>>,
    request: Request,
) -> Result<(Extension<Object>, Json<MarkedPaid>), Problem> {
    let (head, body) = request.into_parts();
    Query::parse(head.uri.query(), &[])?;
    let (asked, _): (MarkPaidRequest, _) =
        read_json_of(&service, &head.headers, body, PAID_BYTES_MAX).await?;
    if !(1..=PAID_ROWS_MAX).contains(&asked.paid.len()) {
        let detail = format!("paid: must name 1 to {PAID_ROWS_MAX} payouts");
        return Err(Problem::new(Kind::InvalidRequest, detail));
    }
    let on = day("on", asked.on.as_deref())?.unwrap_or(service.deployment.now().day());
    let rows = (1..).zip(&asked.paid).map(|(number, row)| {
        paid_row(row).map_err(|why| {
            Problem::new(Kind::InvalidRequest, format!("paid: payout {number}: {why}"))
        })
    });
    let rows = rows.collect::<Result<Vec<PaidOut>, Problem>>()?;
    let mut months: Vec<String> = rows.iter().map(|row| row.period.to_string()).collect();
    months.sort_unstable();
    months.dedup();
    // A client that goes away doesn't break a booking off.
    let deployment = service.deployment.clone();
    let booking = tokio::spawn(async move { deployment.mark_paid(&rows, on).await });
    let marked = booking.await.map_err(|error| Problem::internal(&error))??;
    Ok((Extension(Object(months.join(","))), Json(marked.into())))
}

fn paid_row(row: &MarkPaidRow) -> Result<PaidOut, String> {
    Ok(PaidOut {
        period: Period::parse(&row.period).map_err(|error| format!("period {error}"))?,
        payee: row.payee.clone(),
        currency: Currency::parse(&row.currency).map_err(|error| format!("currency {error}"))?,
        amount: Micros::parse(&row.amount).map_err(|error| format!("amount {error}"))?,
    })
}

fn day(name: &str, text: Option<&str>) -> Result<Option<DayNo>, Problem> {
    let wrong = |error| Problem::new(Kind::InvalidRequest, format!("{name} {error}"));
    text.map(|text| DayNo::parse(text).map_err(wrong)).transpose()
}

fn refused(OrderRefused { part, why }: OrderRefused) -> Problem {
    let part = match part {
        OrderPart::Accounts => "accounts: ",
        OrderPart::DebtorIban => "debtor: iban ",
        OrderPart::DebtorBic => "debtor: bic ",
        OrderPart::Payouts => "",
    };
    Problem::new(Kind::InvalidRequest, format!("{part}{why}"))
}

impl From<PayoutError> for Problem {
    fn from(error: PayoutError) -> Self {
        let detail = error.to_string();
        match error {
            PayoutError::Differs(problems) => Self::new(Kind::PayoutsDiffer, detail)
                .with(|problem| problem.problems = Some(problems)),
            PayoutError::NotOwed { .. } => Self::new(Kind::PayoutsDiffer, detail),
            PayoutError::Close(error) => error.into(),
            PayoutError::Store(error) => error.into(),
            error @ (PayoutError::Post(_) | PayoutError::Money(_)) => Self::internal(&error),
        }
    }
}
