//! Contracts that one person proposes and another approves; and templates to begin with.

use std::sync::Arc;

use axum::extract::rejection::RawPathParamsRejection;
use axum::extract::{RawPathParams, RawQuery, Request, State};
use axum::http::StatusCode;
use axum::{Extension, Json};
use ledgerline_app::access::Caller;
use ledgerline_app::money::proposals::ProposalError;

use super::terms::some_contract_files;
use crate::auditing::Object;
use crate::dto::{
    DecideProposalRequest, Proposal, ProposalDetail, ProposalPage, ProposeTermsRequest,
    TermsSheetField, TermsTemplate, TermsTemplates,
};
use crate::parameters::{Query, path_value};
use crate::problem::{Kind, Problem};
use crate::request_body::{read_json, read_json_of};
use crate::router::Service;

/// The most bytes of contract files in one proposal.
const BYTES_MAX: usize = 4 << 20;
const PAGE_DEFAULT: u32 = 20;
const PAGE_MAX: u32 = 100;

type Path = Result<RawPathParams, RawPathParamsRejection>;

fn number_of(path: &Path) -> Result<u64, Problem> {
    let number = path_value(path, "number")?.parse::<i64>().ok().filter(|number| *number > 0);
    let wrong = || Problem::parameter("number", "must be the number of a proposal");
    number.map(i64::unsigned_abs).ok_or_else(wrong)
}

/// Proposes contracts: somebody else has to approve them before they are in force.
///
/// Files with a fault are refused as an import refuses them, and so is what changes nothing.
#[utoipa::path(
    post,
    path = "/api/v1/royalty/terms/proposals",
    operation_id = "proposeTerms",
    tag = "terms",
    request_body = ProposeTermsRequest,
    responses((status = 201, description = "The proposal", body = ProposalDetail))
)]
pub(crate) async fn propose(
    State(service): State<Arc<Service>>,
    Extension(caller): Extension<Arc<Caller>>,
    request: Request,
) -> Result<(StatusCode, Extension<Object>, Json<ProposalDetail>), Problem> {
    let (head, body) = request.into_parts();
    Query::parse(head.uri.query(), &[])?;
    let (asked, _): (ProposeTermsRequest, _) =
        read_json_of(&service, &head.headers, body, BYTES_MAX).await?;
    let files = some_contract_files(asked.files)?;
    let (proposals, now) = (service.deployment.money().proposals(), service.deployment.now());
    let shown = proposals.propose(&files, &asked.note, (&caller.id, now)).await?;
    let object = Object(shown.proposal.number.to_string());
    Ok((StatusCode::CREATED, Extension(object), Json(shown.into())))
}

/// Lists proposals, the newest first.
#[utoipa::path(
    get,
    path = "/api/v1/royalty/terms/proposals",
    operation_id = "listProposals",
    tag = "terms",
    params(
        ("limit" = Option<u16>, Query, description = "How many at most; 20 if absent", minimum = 1, maximum = 100, nullable = false),
        ("from" = Option<u64>, Query, description = "The `next` of the page before", minimum = 1, maximum = 9_223_372_036_854_775_807_u64, nullable = false),
    ),
    responses((status = 200, description = "A page of proposals", body = ProposalPage))
)]
pub(crate) async fn list(
    State(service): State<Arc<Service>>,
    RawQuery(query): RawQuery,
) -> Result<Json<ProposalPage>, Problem> {
    let query = Query::parse(query.as_deref(), &["limit", "from"])?;
    let (limit, from) = query.newest_first(PAGE_DEFAULT, PAGE_MAX)?;
    let mut found = service.deployment.money().proposals().list(from, limit + 1).await?;
    let next = found.get(limit as usize).map(|one| one.number);
    found.truncate(limit as usize);
    Ok(Json(ProposalPage { items: found.iter().map(Proposal::from).collect(), next }))
}

/// Shows a proposal, held against what is in force.
#[utoipa::path(
    get,
    path = "/api/v1/royalty/terms/proposals/{number}",
    operation_id = "readProposal",
    tag = "terms",
    params(("number" = u64, Path, description = "Its number", minimum = 1)),
    responses((status = 200, description = "The proposal", body = ProposalDetail))
)]
pub(crate) async fn read(
    State(service): State<Arc<Service>>,
    path: Path,
    RawQuery(query): RawQuery,
) -> Result<Json<ProposalDetail>, Problem> {
    Query::parse(query.as_deref(), &[])?;
    Ok(Json(service.deployment.money().proposals().show(number_of(&path)?).await?.into()))
}

/// Approves a proposal of somebody else: its contracts are in force from now on.
#[utoipa::path(
    post,
    path = "/api/v1/royalty/terms/proposals/{number}/approval",
    operation_id = "approveProposal",
    tag = "terms",
    params(("number" = u64, Path, description = "Its number", minimum = 1)),
    request_body = DecideProposalRequest,
    responses((status = 200, description = "The proposal", body = ProposalDetail))
)]
pub(crate) async fn approve(
    State(service): State<Arc<Service>>,
    Extension(caller): Extension<Arc<Caller>>,
    path: Path,
    request: Request,
) -> Result<Json<ProposalDetail>, Problem> {
    let number = number_of(&path)?;
    let (head, body) = request.into_parts();
    Query::parse(head.uri.query(), &[])?;
    let asked: DecideProposalRequest = read_json(&service, &head.headers, body).await?;
    let (proposals, now) = (service.deployment.money().proposals(), service.deployment.now());
    let shown = proposals.approve(number, (&asked.note, asked.revision), (&caller.id, now)).await?;
    Ok(Json(shown.into()))
}

/// Rejects a proposal; whoever made it takes it back so.
#[utoipa::path(
    post,
    path = "/api/v1/royalty/terms/proposals/{number}/rejection",
    operation_id = "rejectProposal",
    tag = "terms",
    params(("number" = u64, Path, description = "Its number", minimum = 1)),
    request_body = DecideProposalRequest,
    responses((status = 200, description = "The proposal", body = ProposalDetail))
)]
pub(crate) async fn reject(
    State(service): State<Arc<Service>>,
    Extension(caller): Extension<Arc<Caller>>,
    path: Path,
    request: Request,
) -> Result<Json<ProposalDetail>, Problem> {
    let number = number_of(&path)?;
    let (head, body) = request.into_parts();
    Query::parse(head.uri.query(), &[])?;
    let asked: DecideProposalRequest = read_json(&service, &head.headers, body).await?;
    let (proposals, now) = (service.deployment.money().proposals(), service.deployment.now());
    Ok(Json(proposals.reject(number, &asked.note, (&caller.id, now)).await?.into()))
}

/// Lists annotated examples of contract files, and what a spreadsheet of deals may say.
#[utoipa::path(
    get,
    path = "/api/v1/royalty/terms/templates",
    operation_id = "listTermsTemplates",
    tag = "terms",
    responses((status = 200, description = "All of them", body = TermsTemplates))
)]
pub(crate) async fn templates(
    State(service): State<Arc<Service>>,
    RawQuery(query): RawQuery,
) -> Result<Json<TermsTemplates>, Problem> {
    Query::parse(query.as_deref(), &[])?;
    let terms = service.deployment.money().terms();
    Ok(Json(TermsTemplates {
        items: terms.templates().into_iter().map(TermsTemplate::from).collect(),
        sheet_fields: terms.deal_fields().into_iter().map(TermsSheetField::from).collect(),
    }))
}

impl From<ProposalError> for Problem {
    fn from(error: ProposalError) -> Self {
        let detail = error.to_string();
        match error {
            ProposalError::NoSuch(_) => Self::new(Kind::NoSuchProposal, detail),
            ProposalError::NothingNew | ProposalError::NoteTooLong => {
                Self::new(Kind::InvalidRequest, detail)
            }
            ProposalError::SamePerson(_) => Self::new(Kind::SamePerson, detail),
            ProposalError::AlreadyDecided { .. } => Self::new(Kind::AlreadyDecided, detail),
            ProposalError::Terms(error) => error.into(),
            ProposalError::Store(error) => error.into(),
        }
    }
}
