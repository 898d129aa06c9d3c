//! Contracts: brought, read, explained, reviewed.

use std::sync::Arc;

use axum::extract::rejection::RawPathParamsRejection;
use axum::extract::{RawPathParams, RawQuery, Request, State};
use axum::{Extension, Json};
use ledgerline_app::access::Caller;
use ledgerline_app::money::close::PreviewError;
use ledgerline_app::money::terms::{ContractFile, TermsError, TermsQuestion};
use ledgerline_app::ports::ContractsError;
use ledgerline_ids::{ContractId, DayNo, Period, Territory, Tier, TrackId};
use ledgerline_royalty::terms::Right;
use ledgerline_royalty::usage::Use;

use crate::auditing::{Object, Rehearsed};
use crate::dto::{
    ContractDetail, ContractSummary, FileFault, ImportTermsFile, ImportTermsRequest, ImportedTerms,
    PreviewTermsRequest, TermsExplanation, TermsFinding, TermsList, TermsPart, TermsPreview,
    TermsReview,
};
use crate::parameters::{Query, path_value};
use crate::problem::{Kind, Problem};
use crate::request_body::read_json_of;
use crate::router::Service;

/// The most bytes of contract files in one body.
const BYTES_MAX: usize = 32 << 20;

/// Lists all contracts.
#[utoipa::path(
    get,
    path = "/api/v1/royalty/terms",
    operation_id = "listTerms",
    tag = "terms",
    params(
        ("revision" = Option<u64>, Query, description = "As they were at this revision; the newest if absent", minimum = 0, nullable = false),
    ),
    responses((status = 200, description = "The contracts", body = TermsList))
)]
pub(crate) async fn list(
    State(service): State<Arc<Service>>,
    RawQuery(query): RawQuery,
) -> Result<Json<TermsList>, Problem> {
    let query = Query::parse(query.as_deref(), &["revision"])?;
    let terms = service.deployment.money().terms();
    let revision = revision(&query)?.min(terms.revision().await?);
    let known = terms.known_at(revision).await?;
    Ok(Json(TermsList { revision, items: known.iter().map(ContractSummary::from).collect() }))
}

/// A contract as it was brought, and all that it ever was.
#[utoipa::path(
    get,
    path = "/api/v1/royalty/terms/{id}",
    operation_id = "readTerms",
    tag = "terms",
    params(
        ("id" = String, Path, description = "The contract's id", pattern = "^[A-Za-z0-9_.:/@+-]{1,96}$"),
        ("revision" = Option<u64>, Query, description = "As it was at this revision; the newest if absent", minimum = 0, nullable = false),
    ),
    responses((status = 200, description = "The contract", body = ContractDetail))
)]
pub(crate) async fn read(
    State(service): State<Arc<Service>>,
    path: Result<RawPathParams, RawPathParamsRejection>,
    RawQuery(query): RawQuery,
) -> Result<Json<ContractDetail>, Problem> {
    let query = Query::parse(query.as_deref(), &["revision"])?;
    let id = path_value(&path, "id")?;
    ContractId::new(id).map_err(|error| Problem::parameter("id", error))?;
    let history = service.deployment.money().terms().history(id).await?;
    let asked = revision(&query)?;
    ContractDetail::at(&history, asked).map(Json).ok_or_else(|| {
        let detail = match history.last() {
            None => format!("there is no contract {id}"),
            Some(first) => {
                let first = first.text.revision;
                format!("there was no contract {id} at revision {asked}: it came with {first}")
            }
        };
        Problem::new(Kind::NoSuchContract, detail)
    })
}

/// Imports contract files: all of them or none.
///
/// A contract that is there already gets another revision; what was there stays as it was. Only a
/// machine's key brings contracts into force by this: people propose them, and a second person
/// approves. With `dry_run` everybody may ask.
#[utoipa::path(
    post,
    path = "/api/v1/royalty/terms",
    operation_id = "importTerms",
    tag = "terms",
    params(("dry_run" = Option<bool>, Query, description = "Only say what it would do, as `dry_run` in the body does", nullable = false)),
    request_body = ImportTermsRequest,
    responses((status = 200, description = "What it did", body = ImportedTerms))
)]
pub(crate) async fn import(
    State(service): State<Arc<Service>>,
    Extension(caller): Extension<Arc<Caller>>,
    request: Request,
) -> Result<(Option<Extension<Rehearsed>>, Extension<Object>, Json<ImportedTerms>), Problem> {
    let (head, body) = request.into_parts();
    let dry_run = Query::parse(head.uri.query(), &["dry_run"])?.flag("dry_run")?;
    let (asked, _): (ImportTermsRequest, _) =
        read_json_of(&service, &head.headers, body, BYTES_MAX).await?;
    let dry_run = dry_run || asked.dry_run;
    if caller.session.is_some() && !dry_run {
        return Err(Problem::new(Kind::SecondPerson, PROPOSE_INSTEAD));
    }
    let files = some_contract_files(asked.files)?;
    let (terms, now) = (service.deployment.money().terms(), service.deployment.now());
    let imported = terms.import(&files, now, dry_run).await?;
    let object = Object::listing(imported.added.iter().chain(&imported.changed));
    let rehearsed = dry_run.then_some(Extension(Rehearsed));
    Ok((rehearsed, Extension(object), Json(imported.into())))
}

/// What somebody signed in is told who wants contracts in force at once.
const PROPOSE_INSTEAD: &str = "contracts come into force once a second person has approved them: \
    propose these files to /api/v1/royalty/terms/proposals instead";

/// At least one file, as they are brought.
pub(super) fn some_contract_files(
    files: Vec<ImportTermsFile>,
) -> Result<Vec<ContractFile>, Problem> {
    if files.is_empty() {
        return Err(Problem::new(Kind::InvalidRequest, "files must name at least one"));
    }
    contract_files(files)
}

/// Says which terms decide about a recording, why the others don't, and who is paid in the end.
#[utoipa::path(
    get,
    path = "/api/v1/royalty/terms/explain",
    operation_id = "explainTerms",
    tag = "terms",
    params(
        ("track" = String, Query, description = "The recording", min_length = 1, max_length = 256),
        ("territory" = Option<String>, Query, description = "Where it is heard, ISO 3166-1 alpha-2", pattern = "^[A-Z]{2}$", nullable = false),
        ("tier" = Option<String>, Query, description = "The listener's plan", pattern = "^[A-Za-z0-9_-]{1,32}$", nullable = false),
        ("use" = Option<String>, Query, description = "The use; `on_demand` if absent", pattern = "^(on_demand|radio)$", nullable = false),
        ("date" = Option<String>, Query, description = "On this day, UTC; today if absent", format = Date, pattern = r"^(19[7-9][0-9]|20[0-9]{2}|210[0-9])-[0-9]{2}-[0-9]{2}$", nullable = false),
        ("right" = Option<String>, Query, description = "The right; `master` if absent", pattern = "^(master|mechanical|performance)$", nullable = false),
    ),
    responses((status = 200, description = "What decides", body = TermsExplanation))
)]
pub(crate) async fn explain(
    State(service): State<Arc<Service>>,
    RawQuery(query): RawQuery,
) -> Result<Json<TermsExplanation>, Problem> {
    let known = ["track", "territory", "tier", "use", "date", "right"];
    let query = Query::parse(query.as_deref(), &known)?;
    let wrong = |name: &'static str| move |error| Problem::parameter(name, error);
    let track = query.get("track").unwrap_or_default();
    let territory = query.get("territory").map(Territory::new).transpose();
    let tier = query.get("tier").map(Tier::new).transpose();
    let right = query.get("right").unwrap_or(Right::Master.word());
    let usage_use = query.get("use").unwrap_or(Use::OnDemand.word());
    let question = TermsQuestion {
        track: TrackId::new(track).map_err(wrong("track"))?.as_str().to_owned(),
        territory: territory.map_err(wrong("territory"))?.map(|one| one.as_str().to_owned()),
        tier: tier.map_err(wrong("tier"))?.map(|one| one.as_str().to_owned()),
        right: Right::from_word(right).ok_or_else(|| {
            Problem::parameter("right", "must be master, mechanical or performance")
        })?,
        usage_use: Use::ALL
            .into_iter()
            .find(|known| known.word() == usage_use)
            .ok_or_else(|| Problem::parameter("use", "must be on_demand or radio"))?,
        day: date(&service, &query)?,
    };
    let money = service.deployment.money();
    let catalogue = money.rights().now().await?;
    let parts = money.terms().explain(&catalogue, &question).await?;
    let parts = parts.into_iter().map(TermsPart::from).collect();
    Ok(Json(TermsExplanation { parts, ..question.into() }))
}

/// Looks for gaps, overlaps, circles, dead terms and contracts that end soon.
#[utoipa::path(
    get,
    path = "/api/v1/royalty/terms/check",
    operation_id = "checkTerms",
    tag = "terms",
    params(
        ("date" = Option<String>, Query, description = "As contracts hold on this day, UTC; today if absent", format = Date, pattern = r"^(19[7-9][0-9]|20[0-9]{2}|210[0-9])-[0-9]{2}-[0-9]{2}$", nullable = false),
    ),
    responses((status = 200, description = "What was found", body = TermsReview))
)]
pub(crate) async fn check(
    State(service): State<Arc<Service>>,
    RawQuery(query): RawQuery,
) -> Result<Json<TermsReview>, Problem> {
    let query = Query::parse(query.as_deref(), &["date"])?;
    let day = date(&service, &query)?;
    let checked = service.deployment.check_terms(day).await?;
    let wrong = checked.findings.iter().filter(|finding| finding.is_wrong()).count();
    Ok(Json(TermsReview {
        date: day.to_string(),
        contracts: checked.contracts as u64,
        recordings: checked.recordings as u64,
        wrong: wrong as u64,
        findings: checked.findings.iter().map(TermsFinding::from).collect(),
    }))
}

/// Works a month out by the contracts that are known, and with files added or put in the place of
/// those with the same ids. Nothing is stored.
#[utoipa::path(
    post,
    path = "/api/v1/royalty/terms/preview",
    operation_id = "previewTerms",
    tag = "terms",
    request_body = PreviewTermsRequest,
    responses((status = 200, description = "The month, twice", body = TermsPreview))
)]
pub(crate) async fn preview(
    State(service): State<Arc<Service>>,
    request: Request,
) -> Result<Json<TermsPreview>, Problem> {
    let (head, body) = request.into_parts();
    let (asked, _): (PreviewTermsRequest, _) =
        read_json_of(&service, &head.headers, body, BYTES_MAX).await?;
    let period = Period::parse(&asked.period);
    let period =
        period.map_err(|error| Problem::new(Kind::InvalidRequest, format!("period {error}")))?;
    let files = contract_files(asked.files)?;
    let preview = service.deployment.preview_terms(period, &files).await;
    let preview = preview.map_err(|error| match error {
        PreviewError::Terms(error) => Problem::from(error),
        PreviewError::Close(error) => Problem::from(error),
    })?;
    Ok(Json(TermsPreview::of(period.to_string(), preview)))
}

fn contract_files(files: Vec<ImportTermsFile>) -> Result<Vec<ContractFile>, Problem> {
    let named = |file: &ImportTermsFile| !file.name.is_empty() && file.name.len() <= 256;
    if !files.iter().all(named) {
        return Err(Problem::new(Kind::InvalidRequest, "a file's name has 1 to 256 bytes"));
    }
    let file = |file: ImportTermsFile| ContractFile { name: file.name, text: file.text };
    Ok(files.into_iter().map(file).collect())
}

fn revision(query: &Query) -> Result<u64, Problem> {
    match query.get("revision").map(str::parse) {
        None => Ok(u64::MAX),
        Some(Ok(revision)) => Ok(revision),
        Some(Err(_)) => Err(Problem::parameter("revision", "must be a whole number")),
    }
}

fn date(service: &Service, query: &Query) -> Result<DayNo, Problem> {
    let date = query.get("date").map(DayNo::parse).transpose();
    let date = date.map_err(|error| Problem::parameter("date", error))?;
    Ok(date.unwrap_or_else(|| service.deployment.now().day()))
}

impl From<TermsError> for Problem {
    fn from(error: TermsError) -> Self {
        match error {
            TermsError::Refused(ref faults) => {
                let places = faults.iter().take(FAULTS_MAX).map(FileFault::from).collect();
                let faults: Vec<String> =
                    faults.iter().take(FAULTS_MAX).map(ToString::to_string).collect();
                let detail = format!("{error}: {}", faults.first().map_or("", String::as_str));
                Self::new(Kind::InvalidRequest, detail).with(|body| {
                    body.problems = Some(faults);
                    body.faults = Some(places);
                })
            }
            TermsError::TooMany => Self::new(Kind::InvalidRequest, error.to_string()),
            TermsError::Change(ContractsError::Moved { .. }) => {
                Self::new(Kind::ContractsMoved, error.to_string())
            }
            TermsError::Change(ContractsError::Store(error)) | TermsError::Store(error) => {
                error.into()
            }
        }
    }
}

/// So many faults are listed.
const FAULTS_MAX: usize = 100;
