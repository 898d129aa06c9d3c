//! Advances and costs: brought as a sheet, and listed.

use axum::Json;
use axum::Router;
use axum::body::Bytes;
use axum::extract::{Query, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use ledgerline_app::Deployment;
use ledgerline_app::money::advances::{AheadError, AheadRow, totals};
use ledgerline_catalog::{Place, RowErrors};
use ledgerline_csv_sheets as sheets;
use ledgerline_ids::PartyId;
use serde::Deserialize;
use serde_json::{Value, json};
use std::sync::Arc;

use super::sheets::{about, files, wrong, wrong_rows};
use super::{failed, refused};

pub(super) fn routes() -> Router<Arc<Deployment>> {
    Router::new()
        .route("/control/v1/advances/import", post(import))
        .route("/control/v1/advances", get(list))
}

#[derive(Deserialize)]
struct ImportQuery {
    #[serde(default)]
    dry_run: bool,
}

async fn import(
    State(deployment): State<Arc<Deployment>>,
    Query(query): Query<ImportQuery>,
    body: Bytes,
) -> Response {
    let (framed, sources) = match files(&body) {
        Ok(read) => read,
        Err(response) => return *response,
    };
    let [file] = framed.as_slice() else {
        return refused(StatusCode::BAD_REQUEST, &"import one file at a time");
    };
    let rows = match sheets::read_ahead(file.named()) {
        Ok(rows) => rows,
        Err(error) => return about(&sources, wrong(&error)),
    };
    let (places, rows): (Vec<Place>, Vec<AheadRow>) = rows.into_iter().unzip();
    let answer = match deployment.book_ahead(&rows, query.dry_run).await {
        Ok(booked) => Json(json!({
            "dry_run": query.dry_run,
            "added": booked.added,
            "unchanged": booked.unchanged.len(),
        }))
        .into_response(),
        Err(AheadError::Wrong(all)) => {
            let mut errors = RowErrors::default();
            for (number, column, why) in all {
                let value = match column {
                    "contract" => &rows[number].contract,
                    "payee" => &rows[number].payee,
                    _ => &rows[number].name,
                };
                errors.add(places[number], column, value, why);
            }
            match errors.finish() {
                Err(refused) => wrong_rows(&sources, refused),
                Ok(()) => refused(StatusCode::UNPROCESSABLE_ENTITY, &"rows are wrong"),
            }
        }
        Err(AheadError::Post(error)) => refused(StatusCode::CONFLICT, &error),
        Err(AheadError::Store(error)) => failed(&error),
    };
    about(&sources, answer)
}

#[derive(Deserialize)]
struct ListQuery {
    payee: Option<String>,
}

async fn list(
    State(deployment): State<Arc<Deployment>>,
    Query(query): Query<ListQuery>,
) -> Response {
    if let Some(payee) = &query.payee
        && let Err(error) = PartyId::new(payee)
    {
        return refused(StatusCode::BAD_REQUEST, &format!("payee {error}"));
    }
    let listed = match deployment.ahead(query.payee.as_deref()).await {
        Ok(listed) => listed,
        Err(error) => return failed(&error),
    };
    let sums = match totals(&listed) {
        Ok(sums) => sums,
        Err(error) => return failed(&error),
    };
    let rows = listed.iter().map(|one| {
        json!({
            "entry": one.seq,
            "key": one.key.as_str(),
            "contract": one.account.contract,
            "payee": one.account.payee,
            "kind": one.kind.word(),
            "amount": one.amount.to_string(),
            "currency": one.account.currency.code(),
            "on": one.on.to_string(),
            "note": one.note,
        })
    });
    let totals = sums
        .iter()
        .map(|(currency, sum)| json!({ "currency": currency.code(), "amount": sum.to_string() }));
    Json(json!({
        "rows": rows.collect::<Vec<Value>>(),
        "totals": totals.collect::<Vec<Value>>(),
    }))
    .into_response()
}
