//! Rates of exchange.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::sync::Arc;

use axum::extract::{RawQuery, Request, State};
use axum::{Extension, Json};
use ledgerline_app::money::Currency;
use ledgerline_app::money::rights::Brought;
use ledgerline_app::ports::{SourceFile, Stored};
use ledgerline_catalog::fields::{Fields, Item, Row};
use ledgerline_catalog::{Place, RowErrors};
use ledgerline_ids::DayNo;
use ledgerline_royalty::fields;
use ledgerline_royalty::revenue::FxRow;

use super::advances::some_rows;
use super::revenue::repeated;
use crate::auditing::{Object, Rehearsed};
use crate::dto::{Rate, RateImport, RateImportRow, RatePage, RatePair, RatesImported};
use crate::parameters::Query;
use crate::problem::Problem;
use crate::request_body::read_json_of;
use crate::router::Service;

/// The most bytes of rates that one request brings; more comes by the command line.
const BYTES_MAX: usize = 8 << 20;
const PAGE_DEFAULT: usize = 100;
const PAGE_MAX: usize = 1_000;

/// Lists rates of exchange as known now, the newest day first, and between which currencies there are
/// any.
#[utoipa::path(
    get,
    path = "/api/v1/royalty/rates",
    operation_id = "listRates",
    tag = "royalty",
    params(
        ("currency" = Option<String>, Query, description = "From or into this currency only, ISO 4217", pattern = "^[A-Z]{3}$", nullable = false),
        ("until" = Option<String>, Query, description = "Up to this day", format = Date, pattern = r"^(19[7-9][0-9]|20[0-9]{2}|210[0-9])-[0-9]{2}-[0-9]{2}$", nullable = false),
        ("limit" = Option<u16>, Query, description = "How many at most; 100 if absent", minimum = 1, maximum = 1000, nullable = false),
        ("after" = Option<u64>, Query, description = "The `next` of the page before", minimum = 1, maximum = 9_223_372_036_854_775_807_u64, nullable = false),
    ),
    responses((status = 200, description = "A page of them", body = RatePage))
)]
pub(crate) async fn list(
    State(service): State<Arc<Service>>,
    RawQuery(query): RawQuery,
) -> Result<Json<RatePage>, Problem> {
    let query = Query::parse(query.as_deref(), &["currency", "until", "limit", "after"])?;
    let currency = query.get("currency").map(Currency::parse).transpose();
    let currency = currency.map_err(|error| Problem::parameter("currency", error))?;
    let until = query.get("until").map(DayNo::parse).transpose();
    let until = until.map_err(|error| Problem::parameter("until", error))?;
    let (limit, after) = page(&query)?;
    let revenue = service.deployment.money().revenue();
    let mut known = revenue.list_fx().await?;
    let revision = revenue.store().fx_revision().await?;
    let pairs = pairs(&known);
    known.retain(|Stored { row, .. }| {
        currency.is_none_or(|wanted| row.base == wanted || row.quote == wanted)
            && until.is_none_or(|until| row.day <= until)
    });
    let newest = |Stored { row, .. }: &Stored<FxRow>| (std::cmp::Reverse(row.day), row.key());
    known.sort_by_key(newest);
    let items: Vec<Rate> = known.iter().skip(after).take(limit).map(Rate::from).collect();
    let shown = after.saturating_add(items.len());
    let next = (shown < known.len()).then(|| shown.to_string());
    Ok(Json(RatePage { items, total: known.len() as u64, revision, pairs, next }))
}

/// How many rates a page has, and behind how many it begins.
fn page(query: &Query) -> Result<(usize, usize), Problem> {
    let limit = match query.get("limit").map(str::parse) {
        None => PAGE_DEFAULT,
        Some(Ok(limit)) if (1..=PAGE_MAX).contains(&limit) => limit,
        Some(_) => return Err(Problem::parameter("limit", format!("must be 1 to {PAGE_MAX}"))),
    };
    match query.get("after").map(str::parse) {
        None => Ok((limit, 0)),
        Some(Ok(after)) if after > 0 => Ok((limit, after)),
        Some(_) => Err(Problem::parameter("after", "must be the `next` of an earlier page")),
    }
}

fn pairs(known: &[Stored<FxRow>]) -> Vec<RatePair> {
    let mut days: BTreeMap<(Currency, Currency), (u64, DayNo, DayNo)> = BTreeMap::new();
    for Stored { row, .. } in known {
        let pair = days.entry((row.base, row.quote)).or_insert((0, row.day, row.day));
        *pair = (pair.0 + 1, pair.1.min(row.day), pair.2.max(row.day));
    }
    let pair = |((base, quote), (rates, first, last)): ((Currency, Currency), _)| RatePair {
        base: base.code().to_owned(),
        quote: quote.code().to_owned(),
        rates,
        first: DayNo::to_string(&first),
        last: DayNo::to_string(&last),
    };
    days.into_iter().map(pair).collect()
}

/// Imports rates of exchange: all rows, or none.
///
/// The same rows again change nothing. A rate of the same currencies and day replaces the one before,
/// which stays known at the revisions before: closed months keep the rate that they were closed with.
#[utoipa::path(
    post,
    path = "/api/v1/royalty/rates",
    operation_id = "importRates",
    tag = "royalty",
    params(("dry_run" = Option<bool>, Query, description = "Only say what would become of each row, as `dry_run` in the body does", nullable = false)),
    request_body = RateImport,
    responses((status = 200, description = "What it changed", body = RatesImported))
)]
pub(crate) async fn import(
    State(service): State<Arc<Service>>,
    request: Request,
) -> Result<(Option<Extension<Rehearsed>>, Extension<Object>, Json<RatesImported>), Problem> {
    let (head, body) = request.into_parts();
    let asked = Query::parse(head.uri.query(), &["dry_run"])?.flag("dry_run")?;
    let (import, bytes): (RateImport, Vec<u8>) =
        read_json_of(&service, &head.headers, body, BYTES_MAX).await?;
    some_rows(import.rates.len())?;
    let mut errors = RowErrors::default();
    let (mut rows, mut keys) = (Vec::new(), Vec::new());
    for (number, row) in (1..).zip(&import.rates) {
        let at = Place { file: 0, row: number };
        let Some(read) = fields::fx(Row::new(row, at, &mut errors)) else { continue };
        keys.push((read.key(), number));
        rows.push(read);
    }
    repeated(keys, "day", &mut errors);
    errors.finish()?;
    let file = [SourceFile::of(&import.name, &bytes)];
    let dry_run = asked || import.dry_run;
    let brought = Brought { files: &file, at: service.deployment.now(), dry_run };
    let revenue = service.deployment.money().revenue();
    let imported = RatesImported::from(revenue.import_fx(&rows, brought).await?);
    let object = Extension(Object::named(&import.name));
    if !dry_run {
        return Ok((None, object, Json(imported)));
    }
    let changes = revenue.preview_fx(&rows).await?;
    Ok((Some(Extension(Rehearsed)), object, Json(imported.previewed(&rows, &changes))))
}

impl Fields for RateImportRow {
    fn text(&self, column: &str) -> Cow<'_, str> {
        let field = match column {
            "base" => &self.base,
            "quote" => &self.quote,
            "day" => &self.day,
            "rate" => &self.rate,
            "inverse" => &self.inverse,
            "source" => &self.source,
            _ => return Cow::Borrowed(""),
        };
        Cow::Borrowed(field.trim())
    }

    fn items(&self, _column: &str, _noted: bool) -> Vec<Item> {
        Vec::new() // No column of rates lists anything.
    }
}
