//! Sales reports of closed months, to download.

use std::sync::Arc;
use std::time::Duration;

use axum::extract::rejection::RawPathParamsRejection;
use axum::extract::{RawPathParams, RawQuery, State};
use axum::http::header;
use axum::response::{IntoResponse, Response};
use axum::{Extension, Json};
use ledgerline_app::access::Caller;
use ledgerline_app::money::papers::sales::{SalesError, SalesRequest};
use ledgerline_app::money::sales_report::{
    SalesFile, SalesParty, SalesProfile, SalesRefused, SalesReport,
};
use tokio::sync::SemaphorePermit;

use super::closes::{own_payee_of, period_of};
use crate::dto::{
    SalesFile as File, SalesFileList, SalesRecipient, SalesRecipientPage, SalesReportFile,
};
use crate::guard;
use crate::outside::{Sales, SalesSender};
use crate::parameters::{Query, path_value};
use crate::problem::{Kind, Problem};
use crate::router::Service;

type Path = Result<RawPathParams, RawPathParamsRejection>;

/// So long a request waits for its turn.
const TURN_WAIT: Duration = Duration::from_secs(5);
/// The most lines of a statement that become reports while somebody waits; a command takes more.
const LINES_MAX: usize = 200_000;
/// When to come again, where others are being served.
const RETRY_AFTER_S: u64 = 3;
/// What a request may say of the service.
const SENDER: [&str; 3] = ["sender_dpid", "sender_name", "service"];

/// Lists payees of a closed month to whom sales can be reported: they have lines, and a DDEX party id.
#[utoipa::path(
    get,
    path = "/api/v1/royalty/closes/{period}/dsr",
    operation_id = "listSalesRecipients",
    tag = "royalty",
    params(
        ("period" = String, Path, description = "The month", pattern = "^[0-9]{4}-[0-9]{2}$"),
        ("limit" = Option<u16>, Query, description = "How many payees to look at; 100 if absent", minimum = 1, maximum = 1000, nullable = false),
        ("after" = Option<String>, Query, description = "The `next` of the page before", max_length = 128, nullable = false),
    ),
    responses((status = 200, description = "A page of payees", body = SalesRecipientPage))
)]
pub(crate) async fn recipients(
    State(service): State<Arc<Service>>,
    Extension(caller): Extension<Arc<Caller>>,
    path: Path,
    RawQuery(query): RawQuery,
) -> Result<Json<SalesRecipientPage>, Problem> {
    let query = Query::parse(query.as_deref(), &["limit", "after"])?;
    let period = period_of(&path)?;
    let (limit, after) = query.page_of(|_| true)?;
    let after = after.unwrap_or_default().to_owned();
    let own = caller.parties.clone();
    let (found, next) = service.deployment.sales_recipients(period, own, (after, limit)).await?;
    let items = found.into_iter().map(SalesRecipient::from).collect();
    Ok(Json(SalesRecipientPage { items, next }))
}

/// Lists a payee's sales reports of a closed month: one for each territory and profile.
///
/// What the service calls itself in them is set where it is served; who sees everything may say
/// otherwise. A statement of more than 200 000 lines is reported by `ledgerline royalty dsr export`.
#[utoipa::path(
    get,
    path = "/api/v1/royalty/closes/{period}/dsr/{payee}",
    operation_id = "listSalesReports",
    tag = "royalty",
    params(
        ("period" = String, Path, description = "The month", pattern = "^[0-9]{4}-[0-9]{2}$"),
        ("payee" = String, Path, description = "The payee's id, percent-encoded", min_length = 1, max_length = 128),
        ("profile" = Option<String>, Query, description = "All lines in this profile; by their right if absent", pattern = "^(financial|basic-audio)$", nullable = false),
        ("sender_dpid" = Option<String>, Query, description = "The service's DDEX party id", max_length = 64, nullable = false),
        ("sender_name" = Option<String>, Query, description = "The service's name", max_length = 256, nullable = false),
        ("service" = Option<String>, Query, description = "The service's name in the reports, without spaces and underscores", max_length = 64, nullable = false),
    ),
    responses((status = 200, description = "The reports", body = SalesFileList))
)]
pub(crate) async fn files(
    State(service): State<Arc<Service>>,
    Extension(caller): Extension<Arc<Caller>>,
    path: Path,
    RawQuery(query): RawQuery,
) -> Result<Json<SalesFileList>, Problem> {
    let query = Query::parse(query.as_deref(), &["profile", SENDER[0], SENDER[1], SENDER[2]])?;
    let period = period_of(&path)?;
    let payee = own_payee_of(&path, period, &caller)?;
    let sales = outside(&service)?;
    let request = request(&sales, &query, &caller, payee)?;
    let _turn = turn(&service).await?;
    let reports = service.deployment.sales_reports(period, request).await?;
    let items = written(sales, reports, false).await?.into_iter().map(|(report, file)| {
        let SalesReport { territory, profile, sales, .. } = report;
        SalesReportFile {
            file: format!("{territory}.{}.tsv", profile.word()),
            name: file.name,
            territory,
            profile: profile.word(),
            sales: sales.len() as u64,
            bytes: file.bytes.len() as u64,
        }
    });
    Ok(Json(SalesFileList { items: items.collect() }))
}

/// Downloads a payee's sales report of a closed month in DDEX's flat file format: the bytes that
/// `ledgerline royalty dsr export` writes.
#[utoipa::path(
    get,
    path = "/api/v1/royalty/closes/{period}/dsr/{payee}/{file}",
    operation_id = "downloadSalesReport",
    tag = "royalty",
    params(
        ("period" = String, Path, description = "The month", pattern = "^[0-9]{4}-[0-9]{2}$"),
        ("payee" = String, Path, description = "The payee's id, percent-encoded", min_length = 1, max_length = 128),
        ("file" = String, Path, description = "Territory and profile: `DE.financial.tsv`, or packed `Worldwide.basic-audio.tsv.gz`", pattern = r"^[A-Za-z0-9-]{1,32}\.(financial|basic-audio)\.tsv(\.gz)?$"),
        ("profile" = Option<String>, Query, description = "All lines in this profile; by their right if absent", pattern = "^(financial|basic-audio)$", nullable = false),
        ("sender_dpid" = Option<String>, Query, description = "The service's DDEX party id", max_length = 64, nullable = false),
        ("sender_name" = Option<String>, Query, description = "The service's name", max_length = 256, nullable = false),
        ("service" = Option<String>, Query, description = "The service's name in the reports, without spaces and underscores", max_length = 64, nullable = false),
    ),
    responses((status = 200, description = "The file", content((File = "text/tab-separated-values"), (File = "application/gzip"))))
)]
pub(crate) async fn download(
    State(service): State<Arc<Service>>,
    Extension(caller): Extension<Arc<Caller>>,
    path: Path,
    RawQuery(query): RawQuery,
) -> Result<Response, Problem> {
    let query = Query::parse(query.as_deref(), &["profile", SENDER[0], SENDER[1], SENDER[2]])?;
    let period = period_of(&path)?;
    let payee = own_payee_of(&path, period, &caller)?;
    let (territory, profile, packed) = form_of(path_value(&path, "file")?)?;
    let sales = outside(&service)?;
    let mut request = request(&sales, &query, &caller, payee.clone())?;
    request.territory = Some(territory.clone());
    let _turn = turn(&service).await?;
    let mut reports = service.deployment.sales_reports(period, request).await?;
    reports.retain(|report| report.profile == profile);
    let file = written(sales, reports, packed).await?.pop();
    let none = SalesError::NotThere { payee, period, territory };
    let (_, file) = file.ok_or(none)?;
    let kind = if packed { "application/gzip" } else { "text/tab-separated-values; charset=utf-8" };
    let headers = [
        (header::CONTENT_TYPE, kind.to_owned()),
        (header::CONTENT_DISPOSITION, format!("attachment; filename=\"{}\"", file.name)),
    ];
    Ok((headers, File(file.bytes).0).into_response())
}

/// Territory, profile, and whether it is packed.
fn form_of(file: &str) -> Result<(String, SalesProfile, bool), Problem> {
    let (stem, packed) = match file.strip_suffix(".gz") {
        Some(stem) => (stem, true),
        None => (file, false),
    };
    let found = stem.strip_suffix(".tsv").and_then(|stem| {
        let (territory, profile) = stem.split_once('.')?;
        Some((territory.to_owned(), SalesProfile::from_word(profile)?, packed))
    });
    found.ok_or_else(|| {
        let detail = "a sales report is a territory and a profile, such as DE.financial.tsv";
        Problem::new(Kind::NoSuchPath, detail)
    })
}

fn outside(service: &Service) -> Result<Sales, Problem> {
    service.outside.sales.clone().ok_or_else(guard::nothing_here)
}

/// Waits a while for those who came before: several pages are often opened at once.
async fn turn(service: &Service) -> Result<SemaphorePermit<'_>, Problem> {
    let waited = tokio::time::timeout(TURN_WAIT, service.reporting.acquire()).await;
    waited.ok().and_then(Result::ok).ok_or_else(|| {
        let detail = "other sales reports are being written; try again shortly";
        Problem::passing(Kind::Overloaded, detail, RETRY_AFTER_S)
    })
}

fn request(
    sales: &Sales,
    query: &Query,
    caller: &Caller,
    payee: String,
) -> Result<SalesRequest, Problem> {
    let told = SENDER.into_iter().find(|name| query.get(name).is_some());
    if let (Some(name), Some(_)) = (told, &caller.parties) {
        return Err(Problem::parameter(name, "is the service's to say"));
    }
    let profile = query.get("profile").map(|word| {
        let wrong = || Problem::parameter("profile", "must be financial or basic-audio");
        SalesProfile::from_word(word).ok_or_else(wrong)
    });
    let set = sales.sender.as_ref();
    let [dpid, name, service] = SENDER.map(|name| query.get(name));
    let dpid = dpid.or(set.map(|sender| sender.party.dpid.as_str()));
    let name = name.or(set.map(|sender| sender.party.name.as_str()));
    let service = service.or(set.map(|sender| sender.service.as_str()));
    let (Some(dpid), Some(name)) = (dpid, name) else {
        let detail = "who sends isn't known: set LEDGERLINE_DSR_SENDER_DPID and \
                      LEDGERLINE_DSR_SENDER_NAME for the server, or ask with sender_dpid and \
                      sender_name";
        return Err(Problem::new(Kind::SenderUnknown, detail));
    };
    Ok(SalesRequest {
        sender: SalesParty { dpid: dpid.to_owned(), name: name.to_owned() },
        service: service.unwrap_or(SalesSender::SERVICE).to_owned(),
        payee: Some(payee),
        profile: profile.transpose()?,
        territory: None,
        lines_max: LINES_MAX,
    })
}

/// Writes reports on a thread that may take its time.
async fn written(
    sales: Sales,
    reports: Vec<SalesReport>,
    packed: bool,
) -> Result<Vec<(SalesReport, SalesFile)>, Problem> {
    let write = move || {
        let mut files = Vec::new();
        for report in reports {
            let file = sales.writer.write(&report, packed);
            let territory = report.territory.clone();
            files.push((report, file.map_err(|refused| (territory, refused))?));
        }
        Ok::<_, (String, SalesRefused)>(files)
    };
    let written = tokio::task::spawn_blocking(write).await;
    let written = written.map_err(|error| Problem::internal(&error))?;
    written.map_err(|(territory, refused)| {
        let shown = refused.wrong.iter().take(WRONG_MAX);
        let problems = shown.map(|wrong| format!("{}: {}", wrong.place, wrong.why)).collect();
        Problem::new(Kind::SalesRefused, format!("{territory}: {refused}"))
            .with(|problem| problem.problems = Some(problems))
    })
}

/// So many wrong values are told.
const WRONG_MAX: usize = 100;

impl From<SalesError> for Problem {
    fn from(error: SalesError) -> Self {
        let detail = error.to_string();
        match error {
            SalesError::Close(error) => error.into(),
            SalesError::Nobody(_) | SalesError::NoDpid(_) | SalesError::NotThere { .. } => {
                Self::new(Kind::NoSalesReport, detail)
            }
            SalesError::TooMany { .. }
            | SalesError::OtherCurrency { .. }
            | SalesError::Money(_) => Self::new(Kind::SalesRefused, detail),
        }
    }
}
