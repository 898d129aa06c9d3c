//! Reports come in: read whole, checked one by one, durable before they are acknowledged.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use axum::extract::{Request, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::{Extension, Json};
use ledgerline_app::access::Caller;
use ledgerline_app::delivery::judging::GrantView;
use ledgerline_app::intake::{Acknowledged, GrantsFound, Queued, Rejection};
use ledgerline_app::privacy::Introduced;

use crate::dto::{Accepted, Rejected, ReportBody};
use crate::limits::off_the_worker;
use crate::problem::{Kind, Problem};
use crate::reports::{BodyError, BodyLimits, Encoding, Format, Reports, decode};
use crate::request_body::{self, HeldBody, one_value};
use crate::router::Service;

/// The most rejections that are listed beside accepted reports.
const REJECTED_MAX: usize = 1000;

/// The most rejections that are listed where no report was accepted.
const ALL_REJECTED_MAX: usize = 100;

/// From this size on a body is decoded where it keeps no other request waiting. Packed ones
/// are ten times as large as they look.
const LARGE_BYTES: usize = 256 * 1024;
const LARGE_PACKED_BYTES: usize = 32 * 1024;

/// Sends playback reports.
///
/// The body is read and checked whole, then its good reports are kept as one group. The answer
/// comes after they are durable: an acknowledged report survives any crash. Where `kept` is `spool`, some of them
/// are on a volume of the node that was asked only, until the log can be reached: they survive a crash of that node and
/// not the loss of its volume. Bad reports are named and the good ones kept; of a body that is cut or can't be unpacked, nothing is kept. Sending
/// the same body again changes no count. At most 8 MiB unpacked, 50000 reports, 64 KiB a report;
/// `Content-Encoding` may be `gzip` or `zstd`.
#[utoipa::path(
    post,
    path = "/api/v1/playback/report",
    operation_id = "sendReports",
    tag = "reports",
    request_body(
        description = "One report, an array of them, or one a line",
        content(
            (ReportBody = "application/json"),
            (String = "application/x-ndjson"),
            (String = "application/ndjson"),
            (String = "application/jsonl"),
        )
    ),
    responses((status = 202, description = "At least one report is durable", body = Accepted))
)]
pub(crate) async fn send(
    State(service): State<Arc<Service>>,
    Extension(caller): Extension<Arc<Caller>>,
    request: Request,
) -> Result<Response, Problem> {
    let (head, body) = request.into_parts();
    // Refused before a byte of it is read, where the headers suffice.
    let format = Format::from_header(one_value(&head.headers, &header::CONTENT_TYPE))?;
    let encoding = encoding(&head.headers)?;
    let held = request_body::read(&service, &head.headers, body, BodyLimits::LIVE.bytes).await?;
    let threshold = if encoding == Encoding::Identity { LARGE_BYTES } else { LARGE_PACKED_BYTES };
    let large = held.bytes.len() >= threshold;
    let turn = if large { Some(service.limits.decoding_turn().await?) } else { None };
    let HeldBody { bytes, mut memory } = held;
    let mut reserve = |bytes| memory.take(bytes);
    let limits = BodyLimits::LIVE;
    let reports = off_the_worker(large, || decode(format, encoding, bytes, &limits, &mut reserve))?;
    let grants = match caller.listener() {
        Some(who) => {
            let delivery = service.deployment.delivery();
            Some(delivery.grants_of(&who.listener_id, who.plan.as_str()).await?)
        }
        None => None,
    };
    let mut introduced = Introduced::default();
    let (queued, rejections, found) = loop {
        let who = (&*caller, grants.as_ref());
        match off_the_worker(large, || stage(&service, who, &reports, &introduced))? {
            Staged::Queued(queued, rejections, found) => break (queued, rejections, found),
            // Who is introduced is known when the body is read once more; an erasure meanwhile
            // makes that begin anew.
            Staged::Unknown(users) => {
                let intake = service.deployment.intake();
                intake.introduce(&caller.origin, users, &mut introduced).await?;
            }
        }
    };
    drop((turn, reports));
    // The log holds them as records until they are durable: about as much as the body.
    let _memory = memory;
    let acknowledged = queued.durable().await?;
    service.metrics.rejected(&rejections.by_code);
    service.deployment.delivery().judged(found.good, found.bad);
    answer(acknowledged, rejections, found.moved)
}

fn encoding(headers: &HeaderMap) -> Result<Encoding, Problem> {
    if headers.contains_key(header::CONTENT_ENCODING) {
        let value = one_value(headers, &header::CONTENT_ENCODING);
        Ok(Encoding::from_header(Some(value.ok_or(BodyError::UnsupportedEncoding)?))?)
    } else {
        Ok(Encoding::Identity)
    }
}

/// What became of the reports of a body.
enum Staged<'d> {
    /// The good ones are queued for the log.
    Queued(Queued<'d>, Rejections, GrantsFound),
    /// These users of a pseudonymised source are to be introduced first.
    Unknown(BTreeSet<Box<str>>),
}

fn stage<'d>(
    service: &'d Service,
    (caller, grants): (&Caller, Option<&GrantView>),
    reports: &Reports,
    introduced: &Introduced,
) -> Result<Staged<'d>, Problem> {
    let batch = service.deployment.intake().begin_knowing(&caller.origin, introduced);
    let mut batch = batch.granting(grants.cloned());
    batch.reserve(reports.bytes());
    let mut rejections = Rejections::default();
    let outcome = reports
        .each(|number, report| batch.add(number, report), |rejection| rejections.push(rejection));
    if batch.has_unknown() {
        return Ok(Staged::Unknown(batch.unknown()));
    }
    service.metrics.unpacked(reports.bytes(), outcome.unknown_fields);
    let found = batch.grants_found();
    Ok(Staged::Queued(batch.queue()?, rejections, found))
}

/// The rejections of a body: all of them counted, the first ones kept.
#[derive(Default)]
struct Rejections {
    kept: Vec<Rejected>,
    total: u64,
    by_code: BTreeMap<&'static str, u64>,
}

impl Rejections {
    fn push(&mut self, rejection: Rejection) {
        self.total += 1;
        *self.by_code.entry(rejection.code).or_default() += 1;
        if self.kept.len() < REJECTED_MAX {
            self.kept.push(rejection.into());
        }
    }
}

fn answer(
    acknowledged: Acknowledged,
    rejections: Rejections,
    moved: bool,
) -> Result<Response, Problem> {
    let Acknowledged { reports: accepted, kept } = acknowledged;
    let Rejections { kept: mut rejected, total, .. } = rejections;
    if accepted == 0 {
        rejected.truncate(ALL_REJECTED_MAX);
        let detail = "no report of the body is good; each one's detail says what would be right";
        return Err(Problem::new(Kind::AllRejected, detail).with(|problem| {
            problem.accepted = Some(0);
            problem.rejected = Some(rejected);
            problem.rejected_total = Some(total);
        }));
    }
    let cut = total > rejected.len() as u64;
    let rejected_total = cut.then_some(total);
    let elsewhere = moved.then_some(true);
    let body = Accepted { accepted, kept: kept.into(), rejected, rejected_total, elsewhere };
    Ok((StatusCode::ACCEPTED, Json(body)).into_response())
}
