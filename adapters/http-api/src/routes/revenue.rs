//! What months earned.

use std::borrow::Cow;
use std::sync::Arc;

use axum::extract::{RawQuery, Request, State};
use axum::{Extension, Json};
use ledgerline_app::money::rights::Brought;
use ledgerline_app::ports::SourceFile;
use ledgerline_catalog::fields::{Fields, Item, Row};
use ledgerline_catalog::{Place, RowErrors};
use ledgerline_ids::Period;
use ledgerline_royalty::fields;

use crate::auditing::{Object, Rehearsed};
use crate::dto::{RevenueImport, RevenueImportRow, RevenueImported, RevenueList};
use crate::parameters::Query;
use crate::problem::Problem;
use crate::request_body::read_json_of;
use crate::router::Service;

/// The most bytes of revenue that one request brings; more comes by the command line.
const BYTES_MAX: usize = 4 << 20;

/// Lists revenue as known now, with what each month earned net.
#[utoipa::path(
    get,
    path = "/api/v1/royalty/revenue",
    operation_id = "listRevenue",
    tag = "royalty",
    params(
        ("period" = Option<String>, Query, description = "Of this month only", pattern = r"^(19[7-9][0-9]|20[0-9]{2}|210[0-9])-(0[1-9]|1[0-2])$", nullable = false),
    ),
    responses((status = 200, description = "The rows", body = RevenueList))
)]
pub(crate) async fn list(
    State(service): State<Arc<Service>>,
    RawQuery(query): RawQuery,
) -> Result<Json<RevenueList>, Problem> {
    let query = Query::parse(query.as_deref(), &["period"])?;
    let period = query.get("period").map(Period::parse).transpose();
    let period = period.map_err(|error| Problem::parameter("period", error))?;
    Ok(Json(service.deployment.money().revenue().list(period).await?.into()))
}

/// Imports revenue: all rows, or none.
///
/// The same rows again change nothing. A row of the same period, territory, tier, listener, plan
/// and correction replaces the one before, which stays known at the revisions before.
#[utoipa::path(
    post,
    path = "/api/v1/royalty/revenue",
    operation_id = "importRevenue",
    tag = "royalty",
    params(("dry_run" = Option<bool>, Query, description = "Only say what would become of each row, as `dry_run` in the body does", nullable = false)),
    request_body = RevenueImport,
    responses((status = 200, description = "What it changed", body = RevenueImported))
)]
pub(crate) async fn import(
    State(service): State<Arc<Service>>,
    request: Request,
) -> Result<(Option<Extension<Rehearsed>>, Extension<Object>, Json<RevenueImported>), Problem> {
    let (head, body) = request.into_parts();
    let query = Query::parse(head.uri.query(), &["dry_run"])?;
    let asked = query.flag("dry_run")?;
    let (import, bytes): (RevenueImport, Vec<u8>) =
        read_json_of(&service, &head.headers, body, BYTES_MAX).await?;
    let mut errors = RowErrors::default();
    let (mut rows, mut keys) = (Vec::new(), Vec::new());
    for (number, row) in (1..).zip(&import.revenue) {
        let at = Place { file: 0, row: number };
        let Some(read) = fields::revenue(Row::new(row, at, &mut errors)) else { continue };
        keys.push((read.key(), number));
        rows.push(read);
    }
    repeated(keys, "period", &mut errors);
    errors.finish()?;
    let file = [SourceFile::of(&import.name, &bytes)];
    let dry_run = asked || import.dry_run.unwrap_or(false);
    let brought = Brought { files: &file, at: service.deployment.now(), dry_run };
    let revenue = service.deployment.money().revenue();
    let imported = RevenueImported::from(revenue.import(&rows, brought).await?);
    let object = Extension(Object::named(&import.name));
    if !dry_run {
        return Ok((None, object, Json(imported)));
    }
    let changes = revenue.preview(&rows).await?;
    Ok((Some(Extension(Rehearsed)), object, Json(imported.previewed(&rows, &changes))))
}

/// Names rows that are about the same as one before them; each is given by its key and number.
pub(super) fn repeated<K: Ord>(
    mut keys: Vec<(K, u32)>,
    column: &'static str,
    errors: &mut RowErrors,
) {
    keys.sort_unstable();
    for pair in keys.windows(2).filter(|pair| pair[0].0 == pair[1].0) {
        let why = format!("the row is about the same as row {}: keep one", pair[0].1);
        errors.add(Place { file: 0, row: pair[1].1 }, column, "", why);
    }
}

impl Fields for RevenueImportRow {
    fn text(&self, column: &str) -> Cow<'_, str> {
        let field = match column {
            "period" => Some(&self.period),
            "territory" => self.territory.as_ref(),
            "tier" => self.tier.as_ref(),
            "listener" => self.listener.as_ref(),
            "plan" => self.plan.as_ref(),
            "currency" => Some(&self.currency),
            "gross" => Some(&self.gross),
            "tax" => self.tax.as_ref(),
            "store_fee" => self.store_fee.as_ref(),
            "refunds" => self.refunds.as_ref(),
            "correction" => self.correction.as_ref(),
            "subscribers" => {
                return self.subscribers.map_or(Cow::Borrowed(""), |it| it.to_string().into());
            }
            _ => None,
        };
        Cow::Borrowed(field.map_or("", |text| text.trim()))
    }

    fn items(&self, _column: &str, _noted: bool) -> Vec<Item> {
        Vec::new() // No column of revenue lists anything.
    }
}
