//! What the operator hands on of a closed month: payouts, and sales reports for licensors.

use axum::Json;
use axum::Router;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use ledgerline_app::Deployment;
use ledgerline_app::money::close::CloseError;
use ledgerline_app::money::papers::payouts::{PaidOut, PayoutError};
use ledgerline_app::money::papers::sales::{LINES_MAX, SalesError, SalesRequest};
use ledgerline_app::money::sales_report::{SalesParty, SalesProfile, SalesReports};
use ledgerline_ddex::DsrWriter;
use ledgerline_ids::{DayNo, Period};
use ledgerline_money::{Currency, Micros};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use std::sync::Arc;

use super::auditing::Object;
use super::{failed, refused};

pub(super) fn routes() -> Router<Arc<Deployment>> {
    Router::new()
        .route("/control/v1/payouts/{period}", get(payouts))
        .route("/control/v1/payouts/paid", post(paid))
        .route("/control/v1/dsr/{period}", post(sales_reports))
}

async fn payouts(
    State(deployment): State<Arc<Deployment>>,
    Path(period): Path<String>,
) -> Response {
    let period = match Period::parse(&period) {
        Ok(period) => period,
        Err(error) => return refused(StatusCode::BAD_REQUEST, &error),
    };
    match deployment.payouts(period).await {
        Ok(found) => {
            let rows = found.rows.iter().map(|row| {
                json!({
                    "payee": row.payee,
                    "currency": row.currency.code(),
                    "amount": row.amount.to_string(),
                    "paid_by": row.paid_by,
                })
            });
            let totals = found.totals.iter().map(|total| {
                json!({
                    "currency": total.currency.code(),
                    "amount": total.amount.to_string(),
                    "open": total.open.to_string(),
                    "payable": total.payable.to_string(),
                })
            });
            Json(json!({
                "period": found.period.to_string(),
                "payouts": rows.collect::<Vec<Value>>(),
                "totals": totals.collect::<Vec<Value>>(),
            }))
            .into_response()
        }
        Err(error) => payout_failed(&error),
    }
}

fn payout_failed(error: &PayoutError) -> Response {
    match error {
        PayoutError::Differs(_) | PayoutError::NotOwed { .. } => {
            refused(StatusCode::CONFLICT, error)
        }
        PayoutError::Close(CloseError::NotClosed(_)) => refused(StatusCode::NOT_FOUND, error),
        error => failed(error),
    }
}

/// Payouts that the bank carried out.
#[derive(Debug, Serialize, Deserialize)]
pub struct PaidBody {
    /// When.
    pub on: String,
    /// Which.
    pub paid: Vec<PaidBodyRow>,
}

/// One of them.
#[derive(Debug, Serialize, Deserialize)]
pub struct PaidBodyRow {
    /// Of which month.
    pub period: String,
    /// Whom.
    pub payee: String,
    /// In which currency.
    pub currency: String,
    /// How much.
    pub amount: String,
}

impl PaidBodyRow {
    fn parsed(&self) -> Result<PaidOut, String> {
        Ok(PaidOut {
            period: Period::parse(&self.period).map_err(|error| format!("period {error}"))?,
            payee: self.payee.clone(),
            currency: Currency::parse(&self.currency)
                .map_err(|error| format!("currency {error}"))?,
            amount: Micros::parse(&self.amount).map_err(|error| format!("amount {error}"))?,
        })
    }
}

async fn paid(State(deployment): State<Arc<Deployment>>, Json(body): Json<PaidBody>) -> Response {
    let on = match DayNo::parse(&body.on) {
        Ok(on) => on,
        Err(error) => return refused(StatusCode::BAD_REQUEST, &format!("on {error}")),
    };
    let rows: Result<Vec<PaidOut>, String> = body.paid.iter().map(PaidBodyRow::parsed).collect();
    let rows = match rows {
        Ok(rows) => rows,
        Err(why) => return refused(StatusCode::BAD_REQUEST, &why),
    };
    let mut answer = match deployment.mark_paid(&rows, on).await {
        Ok(marked) => {
            Json(json!({ "booked": marked.new, "already": marked.already })).into_response()
        }
        Err(error) => payout_failed(&error),
    };
    let paid = rows.iter().map(|row| format!("{}/{}", row.period, row.payee));
    answer.extensions_mut().insert(Object(paid.collect::<Vec<_>>().join(", ")));
    answer
}

/// What a service says of itself in its sales reports, and which reports are wanted.
#[derive(Debug, Serialize, Deserialize)]
pub struct DsrBody {
    /// Its DPID.
    pub sender_dpid: String,
    /// Its name.
    pub sender_name: String,
    /// Its name in the reports.
    pub service: String,
    /// Only for this payee.
    pub payee: Option<String>,
    /// Only in this profile.
    pub profile: Option<String>,
    /// Which versions of the standard's parts the reports name.
    pub message_version: Option<String>,
}

async fn sales_reports(
    State(deployment): State<Arc<Deployment>>,
    Path(period): Path<String>,
    Json(body): Json<DsrBody>,
) -> Response {
    let period = match Period::parse(&period) {
        Ok(period) => period,
        Err(error) => return refused(StatusCode::BAD_REQUEST, &error),
    };
    let profile = match body.profile.as_deref().map(SalesProfile::from_word) {
        None => None,
        Some(Some(profile)) => Some(profile),
        Some(None) => {
            return refused(StatusCode::BAD_REQUEST, &"profile is financial or basic-audio");
        }
    };
    let request = SalesRequest {
        sender: SalesParty { dpid: body.sender_dpid, name: body.sender_name },
        service: body.service,
        payee: body.payee,
        profile,
        territory: None,
        lines_max: LINES_MAX,
    };
    let reports = match deployment.sales_reports(period, request).await {
        Ok(reports) => reports,
        Err(error @ (SalesError::Nobody(_) | SalesError::NoDpid(_))) => {
            return refused(StatusCode::NOT_FOUND, &error);
        }
        Err(error @ SalesError::Close(CloseError::NotClosed(_) | CloseError::NotFound(_))) => {
            return refused(StatusCode::NOT_FOUND, &error);
        }
        Err(error) => return failed(&error),
    };
    let version = body.message_version.as_deref().unwrap_or(DsrWriter::MESSAGE_VERSION);
    let writer = DsrWriter::new(version);
    // Formatting megabytes would keep other requests waiting.
    let written = tokio::task::block_in_place(|| {
        let mut files = Vec::new();
        let mut wrong = Vec::new();
        for report in &reports {
            match writer.write(report, false) {
                Ok(file) => files.push(json!({
                    "name": file.name,
                    "recipient": report.recipient.name,
                    "territory": report.territory,
                    "profile": report.profile.word(),
                    "sales": report.sales.len(),
                    "text": String::from_utf8_lossy(&file.bytes),
                })),
                Err(error) => {
                    let who = &report.recipient.name;
                    wrong.push(format!("{who}, {}: {error}", report.territory));
                }
            }
        }
        if wrong.is_empty() { Ok(files) } else { Err(wrong.join("\n")) }
    });
    match written {
        Ok(files) => Json(json!({ "files": files })).into_response(),
        Err(wrong) => refused(StatusCode::UNPROCESSABLE_ENTITY, &wrong),
    }
}
