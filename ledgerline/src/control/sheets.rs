//! What the operator brings in sheets: rights, revenue, rates of exchange, usage; and the
//! catalogue of rights as sheets again.

use axum::Json;
use axum::Router;
use axum::body::Bytes;
use axum::extract::{DefaultBodyLimit, Query, State};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use ledgerline_app::Deployment;
use ledgerline_app::money::revenue::net_by_period;
use ledgerline_app::money::rights::{Brought, RightsError};
use ledgerline_app::ports::{ImportedRows, SourceFile, StoreError};
use ledgerline_catalog::{Refused, Tally};
use ledgerline_csv_sheets::{self as sheets, NamedFile, RightsSheet, SheetsError};
use ledgerline_ids::{DayNo, Period, SourceName};
use serde::Deserialize;
use serde_json::{Value, json};
use std::sync::Arc;

use super::auditing::Object;
use super::{failed, refused};
use crate::framed::{Framed, unframed};

/// Shares that end within so many days are named, unless another number is asked for.
const SOON_DAYS: u32 = 60;

pub(super) fn routes() -> Router<Arc<Deployment>> {
    // The sheets themselves have a limit, and each has a line of its own before it.
    let limit = DefaultBodyLimit::max(sheets::BYTES_MAX + (1 << 20));
    Router::new()
        .route("/control/v1/rights/import", post(import_rights))
        .route("/control/v1/revenue/import", post(import_revenue))
        .route("/control/v1/fx/import", post(import_fx))
        .route("/control/v1/usage/import", post(import_usage))
        .layer(limit)
        .route("/control/v1/rights/check", get(check_rights))
        .route("/control/v1/rights/export", get(export_rights))
        .route("/control/v1/rights/revisions", get(rights_revisions))
        .route("/control/v1/revenue", get(list_revenue))
        .route("/control/v1/fx", get(list_fx))
}

#[derive(Deserialize)]
struct ImportQuery {
    #[serde(default)]
    dry_run: bool,
    source: Option<String>,
}

/// What is wrong with rows, for a person and for a script.
pub(super) fn wrong(error: &SheetsError) -> Response {
    let rows = match error {
        SheetsError::File { .. } => Value::Null,
        SheetsError::Rows { files, refused } => refused
            .errors
            .iter()
            .map(|row| {
                json!({
                    "file": files.get(usize::from(row.at.file)),
                    "row": row.at.row,
                    "column": row.column,
                    "value": row.value,
                    "why": row.why,
                })
            })
            .collect(),
    };
    let status = StatusCode::UNPROCESSABLE_ENTITY;
    let detail = error.to_string();
    let body = json!({ "status": status.as_u16(), "detail": detail, "errors": rows });
    (status, Json(body)).into_response()
}

pub(super) fn wrong_rows(files: &[SourceFile], refused: Refused) -> Response {
    let files = files.iter().map(|file| file.name.clone()).collect();
    wrong(&SheetsError::Rows { files, refused })
}

fn store_failed(error: &StoreError) -> Response {
    failed(error)
}

/// An answer to an import, with the names of what was brought for the audit log.
pub(super) fn about(files: &[SourceFile], mut answer: Response) -> Response {
    let names: Vec<&str> = files.iter().map(|file| file.name.as_str()).collect();
    answer.extensions_mut().insert(Object(names.join(", ")));
    answer
}

/// The files of a body, or the refusal of it.
pub(super) fn files(body: &[u8]) -> Result<(Vec<Framed<'_>>, Vec<SourceFile>), Box<Response>> {
    let framed = unframed(body).map_err(|why| Box::new(refused(StatusCode::BAD_REQUEST, &why)))?;
    if framed.is_empty() {
        return Err(Box::new(refused(StatusCode::BAD_REQUEST, &"there is no file")));
    }
    let sources = framed.iter().map(|file| SourceFile::of(&file.name, file.bytes)).collect();
    Ok((framed, sources))
}

async fn import_rights(
    State(deployment): State<Arc<Deployment>>,
    Query(query): Query<ImportQuery>,
    body: Bytes,
) -> Response {
    // Reading a million rows would keep other requests waiting.
    let read = tokio::task::block_in_place(|| {
        let (framed, sources) = files(&body)?;
        let named: Vec<NamedFile<'_>> = framed.iter().map(Framed::named).collect();
        match sheets::read_rights(&named) {
            Ok(import) => Ok((import, sources)),
            Err(error) => Err(Box::new(about(&sources, wrong(&error)))),
        }
    });
    drop(body);
    let (import, files) = match read {
        Ok(read) => read,
        Err(response) => return *response,
    };
    let brought = Brought { files: &files, at: deployment.now(), dry_run: query.dry_run };
    let answer = match deployment.import_rights(import, brought).await {
        Ok(imported) => {
            let [parties, works, recordings, releases, shares] = imported.tallies.map(tally);
            Json(json!({
                "revision": imported.revision,
                "dry_run": query.dry_run,
                "parties": parties,
                "works": works,
                "recordings": recordings,
                "releases": releases,
                "shares": shares,
            }))
            .into_response()
        }
        Err(RightsError::Refused(refused)) => wrong_rows(&files, refused),
        Err(RightsError::Store(error)) => store_failed(&error),
        Err(error) => refused(StatusCode::CONFLICT, &error),
    };
    about(&files, answer)
}

fn tally(tally: Tally) -> Value {
    json!({ "added": tally.added, "changed": tally.changed, "unchanged": tally.unchanged })
}

/// Reads the one file of a body, imports it, and says what that did.
async fn import_rows<T>(
    deployment: &Deployment,
    body: Bytes,
    dry_run: bool,
    read: impl FnOnce(NamedFile<'_>) -> Result<T, SheetsError>,
    import: impl AsyncFnOnce(T, Brought<'_>) -> Result<ImportedRows, StoreError>,
) -> Response {
    let rows = tokio::task::block_in_place(|| {
        let (framed, sources) = files(&body)?;
        let [file] = framed.as_slice() else {
            return Err(Box::new(refused(StatusCode::BAD_REQUEST, &"import one file at a time")));
        };
        match read(file.named()) {
            Ok(rows) => Ok((rows, sources)),
            Err(error) => Err(Box::new(about(&sources, wrong(&error)))),
        }
    });
    let (rows, files) = match rows {
        Ok(read) => read,
        Err(response) => return *response,
    };
    let brought = Brought { files: &files, at: deployment.now(), dry_run };
    let answer = match import(rows, brought).await {
        Ok(imported) => {
            let mut answer = tally(imported.tally);
            answer["revision"] = imported.revision.into();
            answer["dry_run"] = dry_run.into();
            Json(answer).into_response()
        }
        Err(error) => store_failed(&error),
    };
    about(&files, answer)
}

async fn import_revenue(
    State(deployment): State<Arc<Deployment>>,
    Query(query): Query<ImportQuery>,
    body: Bytes,
) -> Response {
    let revenue = deployment.money().revenue();
    let import = async |rows: Vec<_>, brought: Brought<'_>| revenue.import(&rows, brought).await;
    import_rows(&deployment, body, query.dry_run, sheets::read_revenue, import).await
}

async fn import_fx(
    State(deployment): State<Arc<Deployment>>,
    Query(query): Query<ImportQuery>,
    body: Bytes,
) -> Response {
    let revenue = deployment.money().revenue();
    let import = async |rows: Vec<_>, brought: Brought<'_>| revenue.import_fx(&rows, brought).await;
    import_rows(&deployment, body, query.dry_run, sheets::read_fx, import).await
}

async fn import_usage(
    State(deployment): State<Arc<Deployment>>,
    Query(query): Query<ImportQuery>,
    body: Bytes,
) -> Response {
    let source = query.source.unwrap_or_default();
    if let Err(error) = SourceName::new(&source) {
        return refused(StatusCode::BAD_REQUEST, &format!("the source {source:?} {error}"));
    }
    let revenue = deployment.money().revenue();
    let import = async |months: Vec<_>, brought: Brought<'_>| {
        revenue.import_usage(&source, &months, brought).await
    };
    import_rows(&deployment, body, query.dry_run, sheets::read_usage, import).await
}

#[derive(Deserialize)]
struct CheckQuery {
    on: Option<String>,
    soon_days: Option<u32>,
}

async fn check_rights(
    State(deployment): State<Arc<Deployment>>,
    Query(query): Query<CheckQuery>,
) -> Response {
    let day = match query.on.as_deref().map(DayNo::parse) {
        None => deployment.now().day(),
        Some(Ok(day)) => day,
        Some(Err(error)) => return refused(StatusCode::BAD_REQUEST, &format!("on {error}")),
    };
    let soon_days = query.soon_days.unwrap_or(SOON_DAYS);
    match deployment.review_rights(day, soon_days).await {
        Ok(findings) => {
            let findings = findings.iter().map(|finding| {
                json!({ "kind": finding.kind, "about": finding.about, "detail": finding.detail })
            });
            let findings: Vec<Value> = findings.collect();
            Json(json!({ "on": day.to_string(), "findings": findings })).into_response()
        }
        Err(error) => failed(&error),
    }
}

#[derive(Deserialize)]
struct ExportQuery {
    /// One sheet as CSV; all as JSON where none is named.
    sheet: Option<String>,
    /// As known at this revision; the newest where none is named.
    revision: Option<u64>,
}

async fn export_rights(
    State(deployment): State<Arc<Deployment>>,
    Query(query): Query<ExportQuery>,
) -> Response {
    let rights = deployment.money().rights();
    let catalogue = match query.revision {
        Some(revision) => rights.at(revision).await,
        None => rights.now().await,
    };
    let catalogue = match catalogue {
        Ok(catalogue) => catalogue,
        Err(error) => return failed(&error),
    };
    let Some(name) = query.sheet else {
        let all = tokio::task::block_in_place(|| sheets::rights_as_json(&catalogue));
        return Json(all).into_response();
    };
    let Some(sheet) = RightsSheet::from_name(&name) else {
        return refused(StatusCode::BAD_REQUEST, &format!("{name:?} is no sheet of rights"));
    };
    match tokio::task::block_in_place(|| sheets::rights_as_csv(&catalogue, sheet)) {
        Ok(csv) => ([(header::CONTENT_TYPE, "text/csv; charset=utf-8")], csv).into_response(),
        Err(error) => refused(StatusCode::CONFLICT, &error),
    }
}

async fn rights_revisions(State(deployment): State<Arc<Deployment>>) -> Response {
    const REVISIONS: u32 = 1000;
    match deployment.money().rights().store().rights_revisions(REVISIONS).await {
        Ok(revisions) => {
            let revisions = revisions.iter().map(|revision| {
                let files: Vec<Value> = revision.files.iter().map(source).collect();
                json!({
                    "revision": revision.revision,
                    "at": revision.at.to_string(),
                    "files": files,
                })
            });
            Json(json!({ "revisions": revisions.collect::<Vec<Value>>() })).into_response()
        }
        Err(error) => failed(&error),
    }
}

fn source(file: &SourceFile) -> Value {
    json!({ "name": file.name, "sha256": file.sha256_hex() })
}

#[derive(Deserialize)]
struct RevenueQuery {
    period: Option<String>,
}

async fn list_revenue(
    State(deployment): State<Arc<Deployment>>,
    Query(query): Query<RevenueQuery>,
) -> Response {
    let period = match query.period.as_deref().map(Period::parse).transpose() {
        Ok(period) => period,
        Err(error) => return refused(StatusCode::BAD_REQUEST, &format!("period {error}")),
    };
    let rows = match deployment.money().revenue().list(period).await {
        Ok(rows) => rows,
        Err(error) => return failed(&error),
    };
    let sums = net_by_period(&rows);
    let rows = rows.iter().map(|stored| {
        let (period, row) = (stored.row.period, &stored.row.row);
        json!({
            "period": period.to_string(),
            "territory": row.territory,
            "tier": row.tier,
            "listener": row.listener,
            "plan": row.plan.word(),
            "subscribers": row.subscribers,
            "currency": row.currency.code(),
            "gross": row.gross.to_string(),
            "tax": row.tax.to_string(),
            "store_fee": row.store_fee.to_string(),
            "refunds": row.refunds.to_string(),
            "net": row.net().map(|net| net.to_string()),
            "correction": row.correction,
            "revision": stored.revision,
            "imported_at": stored.at.to_string(),
            "file": source(&stored.file),
        })
    });
    let rows: Vec<Value> = rows.collect();
    let sums = sums.iter().map(|sum| {
        json!({
            "period": sum.period.to_string(),
            "currency": sum.currency.code(),
            "rows": sum.rows,
            "net": sum.net.map(|net| net.to_string()),
        })
    });
    Json(json!({ "rows": rows, "sums": sums.collect::<Vec<Value>>() })).into_response()
}

async fn list_fx(State(deployment): State<Arc<Deployment>>) -> Response {
    let rows = match deployment.money().revenue().list_fx().await {
        Ok(rows) => rows,
        Err(error) => return failed(&error),
    };
    let rows = rows.iter().map(|stored| {
        let row = &stored.row;
        json!({
            "base": row.base.code(),
            "quote": row.quote.code(),
            "day": row.day.to_string(),
            "rate": row.rate.to_string(),
            "inverse": row.inverse,
            "source": row.source,
            "revision": stored.revision,
            "imported_at": stored.at.to_string(),
            "file": source(&stored.file),
        })
    });
    Json(json!({ "rows": rows.collect::<Vec<Value>>() })).into_response()
}
