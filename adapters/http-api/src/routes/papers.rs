//! Statements to download, as one file.

use std::sync::Arc;

use axum::extract::rejection::RawPathParamsRejection;
use axum::extract::{RawPathParams, RawQuery, State};
use axum::http::header;
use axum::response::{IntoResponse, Response};
use axum::{Extension, Json};
use ledgerline_app::access::Caller;
use ledgerline_app::money::papers::statement_sheet::sheet;
use ledgerline_ids::{PartyId, Period};
use ledgerline_money::Currency;

use super::closes::no_statement;
use crate::dto::{PaperFile, Statement, StatementFile, StatementLine};
use crate::parameters::{Query, path_value};
use crate::problem::{Kind, Problem};
use crate::router::Service;

/// The most lines of a file.
const LINES_MAX: u64 = 100_000;

/// What a statement is downloaded as.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Form {
    Json,
    Csv,
    Pdf,
}

/// The payee that a file is of, and its form.
fn form_of(file: &str) -> Result<(String, Form), Problem> {
    let forms = [(".json", Form::Json), (".csv", Form::Csv), (".pdf", Form::Pdf)];
    let found = forms.iter().find_map(|(end, form)| Some((file.strip_suffix(end)?, *form)));
    let found = found.map(|(payee, form)| (payee.to_owned(), form));
    found.ok_or_else(|| Problem::new(Kind::NoSuchPath, "a statement is a .json, a .csv or a .pdf"))
}

/// Downloads a payee's statement of a closed month with its lines.
///
/// `{payee}.json` is the statement with its lines, `{payee}.csv` the lines as a sheet (RFC 4180),
/// `{payee}.pdf` all of it as an A4 paper. JSON and CSV have up to 100 000 lines, by default the first;
/// `from` says where they begin, and only a sheet that begins with line 1 has a header. A paper is of the
/// whole statement: `from` and `currency` are refused.
#[utoipa::path(
    get,
    path = "/api/v1/royalty/statements/{period}/{file}",
    operation_id = "downloadStatement",
    tag = "royalty",
    params(
        ("period" = String, Path, description = "The month", pattern = "^[0-9]{4}-[0-9]{2}$"),
        ("file" = String, Path, description = "The payee's id, and .json, .csv or .pdf", pattern = r"^[!-~]{1,128}\.(json|csv|pdf)$"),
        ("from" = Option<u64>, Query, description = "The first line; 1 if absent", minimum = 1, maximum = 9_223_372_036_854_775_807_u64, nullable = false),
        ("currency" = Option<String>, Query, description = "Only lines in this currency", pattern = "^[A-Z]{3}$", nullable = false),
    ),
    responses((status = 200, description = "The file", content((StatementFile = "application/json"), (String = "text/csv"), (PaperFile = "application/pdf"))))
)]
pub(crate) async fn download(
    State(service): State<Arc<Service>>,
    Extension(caller): Extension<Arc<Caller>>,
    path: Result<RawPathParams, RawPathParamsRejection>,
    RawQuery(query): RawQuery,
) -> Result<Response, Problem> {
    let query = Query::parse(query.as_deref(), &["from", "currency"])?;
    let period = Period::parse(path_value(&path, "period")?);
    let period = period.map_err(|error| Problem::parameter("period", error))?;
    let file = path_value(&path, "file")?.to_owned();
    let (payee, form) = form_of(&file)?;
    PartyId::new(&payee).map_err(|error| Problem::parameter("file", error))?;
    if !caller.sees(&payee) {
        return Err(no_statement(&payee, period));
    }
    let disposition = format!("attachment; filename=\"{period}.{file}\"");
    if form == Form::Pdf {
        if let Some(name) = ["from", "currency"].into_iter().find(|name| query.get(name).is_some())
        {
            return Err(Problem::parameter(name, "is not for papers: one has the whole statement"));
        }
        let paper = PaperFile(service.deployment.printed_statement(&payee, period).await?);
        let headers = [
            (header::CONTENT_TYPE, "application/pdf".to_owned()),
            (header::CONTENT_DISPOSITION, disposition),
        ];
        return Ok((headers, paper.0).into_response());
    }
    let from = match query.get("from").map(|text| text.parse::<i64>()) {
        None => 1,
        Some(Ok(from)) if from >= 1 => from.unsigned_abs(),
        Some(_) => return Err(Problem::parameter("from", "must be a whole number from 1 on")),
    };
    let currency = query.get("currency").map(Currency::parse).transpose();
    let currency = currency.map_err(|error| Problem::parameter("currency", error))?;
    let whose = payee.clone();
    let read = service.deployment.read_close(period, move |month| {
        let statement = month.statement(&whose)?;
        let limit = usize::try_from(LINES_MAX).unwrap_or(usize::MAX);
        let mut lines = month.lines(&whose, from, limit)?;
        lines.retain(|line| currency.is_none_or(|currency| line.currency == currency));
        Ok((statement, lines))
    });
    let (statement, lines) = read.await?;
    if form == Form::Csv {
        let body = sheet(&payee, from, &lines);
        let headers = [
            (header::CONTENT_TYPE, "text/csv; charset=utf-8; header=present".to_owned()),
            (header::CONTENT_DISPOSITION, disposition),
        ];
        return Ok((headers, body).into_response());
    }
    let next = from.saturating_add(LINES_MAX);
    let file = StatementFile {
        next: (next <= statement.lines).then_some(next),
        statement: Statement::from(statement),
        lines: lines.into_iter().map(StatementLine::from).collect(),
    };
    Ok(([(header::CONTENT_DISPOSITION, disposition)], Json(file)).into_response())
}
