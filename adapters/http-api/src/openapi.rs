//! The contract, OpenAPI 3.1, made from the table of endpoints and the shapes they answer with.
//!
//! It is committed as `openapi/ledgerline.json`; a test compares. To change it, change the code
//! and run the tests once with `UPDATE_OPENAPI=1`.

use std::sync::LazyLock;

use axum::http::Method;
use utoipa::openapi::path::{HttpMethod, Operation, PathItem};
use utoipa::openapi::response::{Response, ResponseBuilder};
use utoipa::openapi::schema::{ObjectBuilder, Type};
use utoipa::openapi::security::{
    ApiKey, ApiKeyValue, Http, HttpAuthScheme, SecurityRequirement, SecurityScheme,
};
use utoipa::openapi::{Content, Header, OpenApi, Ref};

use crate::authorisation::{ENDPOINTS, Endpoint, Needs};
use crate::dto::{self, PROBLEM_JSON};
use crate::guard::COOKIE;

#[derive(utoipa::OpenApi)]
#[openapi(
    info(
        title = "Ledgerline",
        description = "Playback reports in; plays counted once, with the reason for each. \
            Every refusal is `application/problem+json` (RFC 9457) with a stable `code`.",
        license(name = "Apache-2.0 OR MIT", identifier = "Apache-2.0 OR MIT")
    ),
    servers((url = "/", description = "This server")),
    tags(
        (name = "reports", description = "Reports come in"),
        (name = "counts", description = "How many plays count, and the proof that none is lost"),
        (name = "plays", description = "One play and its history"),
        (name = "adjudication", description = "Plays out of time, for a person to decide"),
        (name = "fraud", description = "Plays that are kept back, and rulings on them"),
        (name = "appeals", description = "Appeals against plays that are kept back"),
        (name = "rights", description = "Parties, recordings, works, releases, and who holds what"),
        (name = "royalty", description = "How counts become money"),
        (name = "ledger", description = "Double entries, balances and the signed end of the chain"),
        (name = "terms", description = "Contracts: brought, explained, reviewed"),
        (name = "music", description = "Artists, albums, tracks and covers, and where they come from"),
        (name = "collection", description = "What listeners keep: saved music, playlists, the queue; what they heard, and the charts"),
        (name = "privacy", description = "What is held on a person, and erasing a person"),
        (name = "access", description = "Signing in, accounts, and inviting others"),
        (name = "web", description = "The pages"),
        (name = "operations", description = "For the operator's machines"),
    ),
    components(schemas(
        dto::Accepted, dto::AccountKindWord, dto::Appeal, dto::AppealAgainst, dto::AppealDecision,
        dto::AppealDecisionRequest, dto::AppealFinding, dto::AppealPage, dto::AppealRequest,
        dto::AppealedPlay, dto::AppealedRule, dto::AppliedTo, dto::AuditEntry, dto::AuditPage,
        dto::ByWord, dto::ChangedLine, dto::ChangedPlay, dto::Close, dto::CloseAdjustment,
        dto::CloseCheck, dto::CloseList, dto::CloseMoney, dto::ClosePreview, dto::CloseSummary,
        dto::ClosedPool, dto::ClosedPools, dto::ComparedAmounts, dto::Comparison, dto::Conservation,
        dto::ContractDetail, dto::ContractRevision, dto::ContractSummary, dto::CountRow,
        dto::Counts, dto::CutPosition, dto::DayHeard, dto::DaysHeard, dto::DecideProposalRequest,
        dto::DecideRequest, dto::DecisionWord, dto::DemonstrationKilled, dto::DemonstrationSent,
        dto::EarnedRow, dto::EarnedTotal, dto::EntryReasonWord, dto::Erased, dto::Estimate,
        dto::EstimatedPayee, dto::EventWord, dto::Evidence, dto::EvidencePlay, dto::ExplainedLine,
        dto::FraudCase, dto::FraudPage, dto::FraudRuleWord, dto::Health, dto::Hour,
        dto::ImportTermsFile, dto::ImportTermsRequest, dto::ImportedFile, dto::ImportedTerms,
        dto::Instant, dto::Invitation, dto::InvitationList, dto::InvitationRequest,
        dto::InvitationStateWord, dto::MadeInvitation, dto::RoleWord, dto::Session,
        dto::SessionAccount, dto::SessionRole, dto::SignInRequest, dto::PlanWord, dto::Day,
        dto::Account, dto::AccountPage, dto::AddAccountRequest, dto::AddedAccount, dto::ChangeAccountRequest,
        dto::ChangeSettingsRequest, dto::DeploymentSettings, dto::ResetPasswordRequest, dto::SetUpRequest,
        dto::SetUpState, dto::SignUpRequest, dto::SignUpWord, dto::AddAppPasswordRequest, dto::AppPassword,
        dto::AppPasswordList, dto::ChangeMeRequest, dto::ChangePasswordRequest, dto::DeleteMeRequest, dto::Family,
        dto::FamilyInvitationRequest, dto::FamilyMember, dto::MadeAppPassword, dto::OwnSession, dto::OwnSessionList,
        dto::LedgerBalance, dto::LedgerBalancePage, dto::LedgerEntry,
        dto::LedgerEntryPage, dto::LedgerFinding, dto::LedgerHead, dto::LedgerPosting,
        dto::LedgerVerification, dto::LinePlay, dto::LinePool, dto::LostTerm, dto::MonthEarnings,
        dto::MarkPaidRequest, dto::MarkPaidRow, dto::MarkedPaid, dto::MonthPayouts, dto::OutcomeWord,
        dto::Overview, dto::OverviewHour, dto::PaidPayout, dto::PaperFile, dto::Partition,
        dto::PayeeChange, dto::PaymentAccount, dto::PaymentFile, dto::PaymentFileRequest, dto::Payout,
        dto::PayoutCarried, dto::PayoutPage, dto::PayoutTotal, dto::SalesFile, dto::SalesFileList,
        dto::SalesRecipient, dto::SalesRecipientPage, dto::SalesReportFile,
        dto::PersonAccount, dto::PersonSession, dto::PersonContext, dto::PersonDecision, dto::PersonExport, dto::PersonIdentity,
        dto::PersonReport, dto::Play, dto::PlaySent, dto::PlayOffer, dto::PlayRung, dto::PlaySegments, dto::PlayLoudness,
        dto::PlayTrack, dto::RenewRequest, dto::PlayMoney, dto::PlayMoneyLine, dto::PlayPage,
        dto::PlayReport, dto::PoolStep, dto::PreviewTermsRequest, dto::PreviewedPayee,
        dto::ProblemBody, dto::Proposal, dto::ProposalDetail, dto::ProposalPage,
        dto::ProposeTermsRequest, dto::ProposedChange, dto::ReasonWord, dto::KeptWord, dto::Rejected,
        dto::RemainingPlays, dto::Report, dto::ReportBody, dto::ReportContext, dto::ReportInstant,
        dto::RevenueImport, dto::RevenueImportRow, dto::RevenueImported, dto::RevenueList,
        dto::RevenueRow, dto::RevenueRowChange, dto::RevenueSum, dto::RightsCredit,
        dto::RightsEntry, dto::RightsHolder, dto::RightsParty, dto::RightsRecording,
        dto::RightsRelease, dto::RightsShare, dto::RightsWork, dto::RightsWorkPart,
        dto::RuleRequest, dto::RulingWord, dto::ScopeWord, dto::Statement, dto::StatementAccount,
        dto::StatementAdjustment, dto::StatementBalance, dto::StatementExchange, dto::StatementFile,
        dto::StatementLine, dto::StatementLinePage, dto::StatementPage, dto::StatementPayout,
        dto::StatusWord, dto::TermName, dto::TermsExplanation, dto::TermsFinding, dto::TermsLeaf,
        dto::TermsList, dto::TermsPart, dto::TermsPreview, dto::TermsReview, dto::TermsTemplate,
        dto::TermsTemplates, dto::Transition, dto::TrialArtist, dto::TrialCent, dto::TrialListener,
        dto::TrialPlay, dto::TrialPools, dto::TrialResult, dto::UnpaidPlays, dto::UnpaidStanding,
        dto::VerdictWord, dto::Advance, dto::AdvanceImport, dto::AdvanceImportRow, dto::AdvancePage,
        dto::AdvanceRowChange, dto::AdvanceSum, dto::AdvancesImported, dto::DraftTermsRequest,
        dto::DraftedTerms, dto::DraftedTermsFile, dto::FileFault, dto::Rate, dto::RateImport,
        dto::RateImportRow, dto::RatePage, dto::RatePair, dto::RateRowChange, dto::RatesImported,
        dto::RenamedParty, dto::TermsSheetField, dto::WrongRow,
        dto::IdentifiedTrack, dto::Job, dto::JobPage, dto::JobStateCounts, dto::JobStateWord,
        dto::AddPlaylistItem, dto::AddPlaylistItemsRequest, dto::AddPlaylistRequest, dto::ChangePlaylistRequest,
        dto::Chart, dto::ChartEntry, dto::ChartKindWord, dto::ChartPeriodWord, dto::MovePlaylistItemsRequest,
        dto::MusicTrackLine, dto::PersonCollection, dto::PersonPlaylist, dto::PersonSaved, dto::PlayedFrom,
        dto::Playlist, dto::PlaylistEdited, dto::PlaylistItem, dto::PlaylistItemPage, dto::PlaylistPage, dto::Queue,
        dto::QueueItem, dto::QueueKept, dto::RecentPlay, dto::RecentPlayPage, dto::RemovePlaylistItemsRequest,
        dto::RepeatWord, dto::SavedIds, dto::SavedItem, dto::SavedPage, dto::SetQueueItem, dto::SetQueueRequest,
        dto::StepQueueRequest,
        dto::MusicAlbum, dto::MusicAlbumPage, dto::MusicAlbumSummary, dto::MusicArtist, dto::MusicArtistEdit, dto::MusicArtistName, dto::MusicArtistPage, dto::MusicCredit, dto::MusicFile, dto::MusicGenre, dto::MusicGenrePage, dto::MusicLyrics, dto::MusicRelation, dto::MusicScan, dto::MusicSkipped, dto::MusicTrack, dto::MusicTrackEdit, dto::MusicTrackSummary, dto::MusicUnlicensed, dto::MusicUnlicensedPage,
    ))
)]
struct Shapes;

/// The names of the ways to prove who one is, in the contract.
const KEY: &str = "key";
const SESSION: &str = "session";

/// The contract as a document.
#[must_use]
pub fn document() -> OpenApi {
    let mut document = <Shapes as utoipa::OpenApi>::openapi();
    document.info.contact = None;
    let mut scheme = Http::new(HttpAuthScheme::Bearer);
    scheme.description = Some("An API key, as `keys create` prints it.".to_owned());
    let cookie = ApiKeyValue::with_description(
        COOKIE,
        "The session that signing in began. A request that isn't GET or HEAD must also show the \
         session's `csrf_token` as `X-CSRF-Token`.",
    );
    if let Some(components) = &mut document.components {
        components.add_security_scheme(KEY, SecurityScheme::Http(scheme));
        components.add_security_scheme(SESSION, SecurityScheme::ApiKey(ApiKey::Cookie(cookie)));
    }
    for endpoint in ENDPOINTS {
        let method = match endpoint.method {
            Method::POST => HttpMethod::Post,
            Method::PUT => HttpMethod::Put,
            Method::PATCH => HttpMethod::Patch,
            Method::DELETE => HttpMethod::Delete,
            _ => HttpMethod::Get,
        };
        let item = PathItem::new(method, operation(endpoint));
        match document.paths.paths.get_mut(endpoint.path) {
            Some(known) => known.merge_operations(item),
            None => {
                document.paths.paths.insert(endpoint.path.to_owned(), item);
            }
        }
    }
    document
}

/// The contract as it is committed and served.
#[must_use]
pub fn json() -> &'static str {
    static JSON: LazyLock<String> = LazyLock::new(|| {
        let mut json = document().to_pretty_json().unwrap_or_default();
        json.push('\n');
        json
    });
    &JSON
}

fn operation(endpoint: &Endpoint) -> Operation {
    let mut operation = (endpoint.operation)();
    let always: &[u16] = match endpoint.needs {
        Needs::Nothing => &[400, 500],
        Needs::Somebody => {
            operation.security = Some(either(&[]));
            &[400, 401, 403, 500, 503]
        }
        Needs::Scope(scope) => {
            operation.security = Some(either(&[scope.as_str()]));
            &[400, 401, 403, 500, 503]
        }
    };
    for status in always.iter().chain(endpoint.refusals) {
        let responses = &mut operation.responses.responses;
        responses.insert(status.to_string(), refusal(*status).into());
    }
    operation
}

/// A key or a session, with these scopes.
fn either(scopes: &[&str]) -> Vec<SecurityRequirement> {
    [KEY, SESSION].map(|name| SecurityRequirement::new(name, scopes.iter().copied())).into()
}

fn refusal(status: u16) -> Response {
    let description = match status {
        400 => "A parameter is not valid, or the body can't be read",
        401 => "The key or session is missing, unknown, or has ended",
        403 => {
            "It lacks the scope, or the session's token; or it sees things of certain parties only"
        }
        404 => "There is no such play, appeal or period, or nothing of that name; or it is others'",
        408 => "The body did not arrive in time",
        409 => "It can't be done as things stand, or several sources have such a play",
        413 => "The body is too large",
        416 => "The audio has no such bytes",
        415 => "The body has a media type or encoding that isn't understood",
        422 => "The body is JSON, but not what is needed; or no report of it is good",
        429 => "Too much in this time; Retry-After says when",
        503 => "Not now; Retry-After says when",
        _ => "The server's fault",
    };
    let content = Content::new(Some(Ref::from_schema_name("Problem")));
    let response = ResponseBuilder::new().description(description).content(PROBLEM_JSON, content);
    match status {
        401 => response.header("WWW-Authenticate", text_header("`Bearer`, and why (RFC 6750)")),
        429 | 503 => response.header("Retry-After", seconds_header()),
        _ => response,
    }
    .build()
}

fn text_header(description: &str) -> Header {
    let mut header = Header::new(ObjectBuilder::new().schema_type(Type::String));
    header.description = Some(description.to_owned());
    header
}

fn seconds_header() -> Header {
    let schema = ObjectBuilder::new().schema_type(Type::Integer).minimum(Some(0));
    let mut header = Header::new(schema);
    header.description = Some("After how many seconds to try again".to_owned());
    header
}
