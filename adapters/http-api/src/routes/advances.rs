//! Advances and costs.

use std::borrow::Cow;
use std::sync::Arc;

use axum::extract::{RawQuery, Request, State};
use axum::{Extension, Json};
use ledgerline_app::money::advances::{AheadError, AheadRow, totals};
use ledgerline_catalog::fields::{Fields, Item, Row};
use ledgerline_catalog::{Place, RowErrors};
use ledgerline_ids::{ContractId, PartyId};
use ledgerline_royalty::fields;

use crate::auditing::{Object, Rehearsed};
use crate::dto::{
    Advance, AdvanceImport, AdvanceImportRow, AdvancePage, AdvanceSum, AdvancesImported,
};
use crate::parameters::Query;
use crate::problem::{Kind, Problem};
use crate::request_body::read_json_of;
use crate::router::Service;

/// The most bytes of advances that one request brings; more comes by the command line.
const BYTES_MAX: usize = 8 << 20;
/// The most of its rows.
pub(super) const ROWS_MAX: usize = 20_000;
const PAGE_DEFAULT: u32 = 100;
const PAGE_MAX: u32 = 1_000;

/// Lists advances and costs, the newest booked first, with what they come to.
#[utoipa::path(
    get,
    path = "/api/v1/royalty/advances",
    operation_id = "listAdvances",
    tag = "royalty",
    params(
        ("payee" = Option<String>, Query, description = "Of this payee only", pattern = "^[A-Za-z0-9_.:/@+-]{1,96}$", nullable = false),
        ("contract" = Option<String>, Query, description = "Of this contract only", pattern = "^[A-Za-z0-9_.:/@+-]{1,96}$", nullable = false),
        ("limit" = Option<u16>, Query, description = "How many at most; 100 if absent", minimum = 1, maximum = 1000, nullable = false),
        ("from" = Option<u64>, Query, description = "The `next` of the page before", minimum = 1, maximum = 9_223_372_036_854_775_807_u64, nullable = false),
    ),
    responses((status = 200, description = "A page of them", body = AdvancePage))
)]
pub(crate) async fn list(
    State(service): State<Arc<Service>>,
    RawQuery(query): RawQuery,
) -> Result<Json<AdvancePage>, Problem> {
    let query = Query::parse(query.as_deref(), &["payee", "contract", "limit", "from"])?;
    let (limit, from) = query.newest_first(PAGE_DEFAULT, PAGE_MAX)?;
    let (payee, contract) = (query.get("payee"), query.get("contract"));
    payee.map(PartyId::new).transpose().map_err(|why| Problem::parameter("payee", why))?;
    contract.map(ContractId::new).transpose().map_err(|why| Problem::parameter("contract", why))?;
    let mut listed = service.deployment.ahead(payee).await?;
    listed.retain(|one| contract.is_none_or(|contract| *one.account.contract == *contract));
    let sums = totals(&listed).map_err(|error| Problem::internal(&error))?;
    let total = listed.len() as u64;
    let mut page = listed.iter().rev().filter(|one| one.seq <= from);
    let items: Vec<Advance> = page.by_ref().take(limit as usize).map(Advance::from).collect();
    let next = page.next().map(|one| one.seq.to_string());
    let sum = |(currency, amount): (ledgerline_app::money::Currency, _)| AdvanceSum {
        currency: currency.code().to_owned(),
        amount: ledgerline_app::money::Micros::to_string(&amount),
    };
    Ok(Json(AdvancePage { items, total, sums: sums.into_iter().map(sum).collect(), next }))
}

/// Books advances and costs: all rows, or none.
///
/// One that is there already, just so, stays as it is. One of the same contract and name that says
/// something else is refused: what was booked is taken back by an entry of its own.
#[utoipa::path(
    post,
    path = "/api/v1/royalty/advances",
    operation_id = "importAdvances",
    tag = "royalty",
    params(("dry_run" = Option<bool>, Query, description = "Only say what would become of each row, as `dry_run` in the body does", nullable = false)),
    request_body = AdvanceImport,
    responses((status = 200, description = "What it booked", body = AdvancesImported))
)]
pub(crate) async fn import(
    State(service): State<Arc<Service>>,
    request: Request,
) -> Result<(Option<Extension<Rehearsed>>, Extension<Object>, Json<AdvancesImported>), Problem> {
    let (head, body) = request.into_parts();
    let asked = Query::parse(head.uri.query(), &["dry_run"])?.flag("dry_run")?;
    let (import, _): (AdvanceImport, _) =
        read_json_of(&service, &head.headers, body, BYTES_MAX).await?;
    some_rows(import.advances.len())?;
    let dry_run = asked || import.dry_run;
    let mut errors = RowErrors::default();
    let mut rows: Vec<AheadRow> = Vec::new();
    for (number, row) in (1..).zip(&import.advances) {
        rows.extend(fields::ahead(Row::new(row, Place { file: 0, row: number }, &mut errors)));
    }
    errors.finish()?;
    let booked = service.deployment.book_ahead(&rows, dry_run).await;
    let booked = booked.map_err(|error| refusal(error, &rows))?;
    let object = Extension(Object::named(&import.name));
    let imported = AdvancesImported::of(&rows, &booked, dry_run);
    Ok((dry_run.then_some(Extension(Rehearsed)), object, Json(imported)))
}

/// At least one row, and no more than one request brings.
pub(super) fn some_rows(rows: usize) -> Result<(), Problem> {
    match rows {
        0 => Err(Problem::new(Kind::InvalidRequest, "there is no row")),
        1..=ROWS_MAX => Ok(()),
        _ => {
            let detail = format!(
                "one request brings at most {ROWS_MAX} rows: split the sheet, or use the command"
            );
            Err(Problem::new(Kind::InvalidRequest, detail))
        }
    }
}

fn refusal(error: AheadError, rows: &[AheadRow]) -> Problem {
    match error {
        AheadError::Wrong(all) => {
            let mut errors = RowErrors::default();
            for (number, column, why) in all {
                let value = match column {
                    "contract" => &rows[number].contract,
                    "payee" => &rows[number].payee,
                    _ => &rows[number].name,
                };
                let at = Place { file: 0, row: u32::try_from(number + 1).unwrap_or(u32::MAX) };
                errors.add(at, column, value, why);
            }
            match errors.finish() {
                Err(refused) => refused.into(),
                Ok(()) => Problem::new(Kind::InvalidRequest, "rows are wrong"),
            }
        }
        AheadError::Post(error) => Problem::new(Kind::BookingRefused, error.to_string()),
        AheadError::Store(error) => error.into(),
    }
}

impl Fields for AdvanceImportRow {
    fn text(&self, column: &str) -> Cow<'_, str> {
        let field = match column {
            "contract" => &self.contract,
            "payee" => &self.payee,
            "kind" => &self.kind,
            "amount" => &self.amount,
            "currency" => &self.currency,
            "on" => &self.on,
            "name" => &self.name,
            "note" => &self.note,
            _ => return Cow::Borrowed(""),
        };
        Cow::Borrowed(field.trim())
    }

    fn items(&self, _column: &str, _noted: bool) -> Vec<Item> {
        Vec::new() // No column of advances lists anything.
    }
}
