//! Spreadsheets of deals become contract files, for somebody to read and propose.

use std::sync::Arc;

use axum::Json;
use axum::extract::{Request, State};
use ledgerline_app::money::terms::ContractFile;
use ledgerline_app::ports::DealMapping;

use crate::dto::{DraftTermsRequest, DraftedTerms};
use crate::parameters::Query;
use crate::problem::{Kind, Problem};
use crate::request_body::read_json_of;
use crate::router::Service;

/// The most bytes of a sheet in one body; a larger one is drafted by the command.
const BYTES_MAX: usize = 8 << 20;

/// Makes contract files of a spreadsheet of deals. Nothing is stored: propose them next.
///
/// A sheet with a fault is refused whole; each is named with its line and column.
#[utoipa::path(
    post,
    path = "/api/v1/royalty/terms/drafts",
    operation_id = "draftTerms",
    tag = "terms",
    request_body = DraftTermsRequest,
    responses((status = 200, description = "The contracts", body = DraftedTerms))
)]
pub(crate) async fn draft(
    State(service): State<Arc<Service>>,
    request: Request,
) -> Result<Json<DraftedTerms>, Problem> {
    let (head, body) = request.into_parts();
    Query::parse(head.uri.query(), &[])?;
    let (asked, _): (DraftTermsRequest, _) =
        read_json_of(&service, &head.headers, body, BYTES_MAX).await?;
    let DraftTermsRequest { name, text, columns, fixed } = asked;
    if name.is_empty() || name.len() > 256 {
        return Err(Problem::new(Kind::InvalidRequest, "a file's name has 1 to 256 bytes"));
    }
    let mapping = DealMapping { columns, fixed };
    // A hundred thousand rows would keep other requests waiting.
    let drafted = tokio::task::spawn_blocking(move || {
        let sheet = ContractFile { name, text };
        service.deployment.money().terms().draft(&sheet, &mapping)
    });
    let drafted = drafted.await.map_err(|error| Problem::internal(&error))??;
    if drafted.files.is_empty() {
        return Err(Problem::new(Kind::InvalidRequest, "the sheet has no row below its headings"));
    }
    Ok(Json(drafted.into()))
}
