//! Every refusal, as RFC 9457 `application/problem+json`. None shows what is inside.

use axum::http::header::{self, HeaderName, HeaderValue};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use ledgerline_app::access::accounts::AccountError;
use ledgerline_app::access::invitations::InvitationError;
use ledgerline_app::access::sessions::SignInError;
use ledgerline_app::adjudication::DecideError;
use ledgerline_app::appeals::AppealError;
use ledgerline_app::deployment::ReadError;
use ledgerline_app::intake::IntakeError;
use ledgerline_app::money::close::{CloseError, ExplainPlayError};
use ledgerline_app::money::ledger::PostError;
use ledgerline_app::plays::PlayError;
use ledgerline_app::ports::{PrintError, Scope, StoreError};
use ledgerline_app::privacy::EraseError;
use ledgerline_catalog::{Refused, RowError};
use ledgerline_ids::Period;

use crate::dto::{PROBLEM_JSON, ProblemBody, ScopeWord, WrongRow};
use crate::reports::BodyError;

/// Declares the kinds of problems: status, code and title.
macro_rules! kinds {
    ($($variant:ident $status:literal $code:literal $title:literal;)*) => {
        /// What kind of problem it is.
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub(crate) enum Kind { $($variant,)* }

        impl Kind {
            fn parts(self) -> (u16, &'static str, &'static str) {
                match self { $(Self::$variant => ($status, $code, $title),)* }
            }
        }
    };
}

kinds! {
    InvalidParameter 400 "invalid_parameter" "A parameter is not valid";
    MalformedJson 400 "malformed_json" "The body is not JSON";
    TruncatedBody 400 "truncated_body" "The body is not whole";
    UndecodableBody 400 "undecodable_body" "The body can't be unpacked";
    NoReports 400 "no_reports" "The body holds no report";
    Unauthorized 401 "unauthorized" "A key is needed";
    Forbidden 403 "forbidden" "The key may not do this";
    NotYours 403 "not_yours" "This shows things of everybody";
    Csrf 403 "csrf" "The session's token is missing";
    UrlRefused 403 "url_refused" "The address opens nothing";
    UrlExpired 403 "url_expired" "The address has expired";
    GrantRefused 403 "grant_refused" "The grant is worth nothing here";
    NoSuchPath 404 "not_found" "There is nothing here";
    PlayNotFound 404 "play_not_found" "There is no such play";
    NotClosed 404 "not_closed" "The month isn't closed";
    StatementNotFound 404 "statement_not_found" "There is no such statement or line";
    AppealNotFound 404 "appeal_not_found" "There is no such appeal";
    NotInCatalogue 404 "not_in_catalogue" "The catalogue has no such thing";
    NoSalesReport 404 "no_sales_report" "There is no such sales report";
    NoSuchContract 404 "no_such_contract" "There is no such contract";
    NoSuchProposal 404 "no_such_proposal" "There is no such proposal";
    InvitationNotFound 404 "invitation_not_found" "There is no such invitation";
    NoAudio 404 "no_audio" "There is no such audio";
    JobNotFound 404 "job_not_found" "There is no such job";
    NotRecognised 404 "not_recognised" "Nothing that is known here sounds so";
    NoPreview 404 "no_preview" "There is no preview";
    PlaylistNotFound 404 "playlist_not_found" "There is no such playlist";
    NoChart 404 "no_chart" "There is no chart of that time";
    MethodNotAllowed 405 "method_not_allowed" "This can't be done here";
    RequestTimeout 408 "request_timeout" "The request came too slowly";
    AmbiguousPlay 409 "ambiguous_play" "Several sources have such a play";
    NotWaiting 409 "not_waiting" "The play waits for no decision";
    AlreadyCounted 409 "already_counted" "The play was counted before";
    CloseRefused 409 "close_refused" "The month can't be closed as it is";
    NotKeptBack 409 "not_kept_back" "Nothing is held or excluded there";
    AlreadyAppealed 409 "already_appealed" "An appeal against this waits";
    AlreadyDecided 409 "already_decided" "It was decided before";
    PlayForgotten 409 "play_forgotten" "The play can't be ruled on any more";
    SamePerson 409 "same_person" "Somebody else has to do this";
    SecondPerson 409 "second_person" "A second person has to approve this";
    BookingRefused 409 "booking_refused" "The ledger doesn't take this";
    ContractsMoved 409 "contracts_moved" "Contracts changed meanwhile";
    SenderUnknown 409 "sender_unknown" "The service hasn't said who it is";
    SalesRefused 409 "sales_refused" "These sales can't be reported as they are";
    ScanRefused 409 "scan_refused" "The music folder can't be scanned as things stand";
    PayoutsDiffer 409 "payouts_differ" "This isn't what is to be paid";
    AccountNotFound 404 "account_not_found" "There is no such account";
    NotOfAccount 404 "not_of_account" "The account has no such thing";
    SignUpClosed 403 "sign_up_closed" "Accounts are made by invitation";
    SignInNeeded 403 "sign_in_needed" "Only its owner in person may do this";
    NameTaken 409 "name_taken" "Somebody has this name";
    LastAdmin 409 "last_admin" "Somebody must be able to let others in";
    NoPlace 409 "no_place" "The family has no place";
    TooManyAppPasswords 409 "too_many_app_passwords" "The account has enough of them";
    WrongPassword 422 "wrong_password" "This isn't the present password";
    MakesAccount 409 "makes_account" "The invitation makes an account";
    PlayEnded 409 "play_ended" "The play is over";
    PlaysElsewhere 409 "plays_elsewhere" "The listener plays elsewhere";
    VersionConflict 409 "version_conflict" "It was changed meanwhile";
    ItemNotThere 409 "item_not_there" "The list has no such item";
    ItemTaken 409 "item_taken" "The item's id is taken";
    CollectionFull 409 "collection_full" "No more can be kept";
    TooManyInvitations 409 "too_many_invitations" "Too many invitations wait";
    BodyTooLarge 413 "body_too_large" "The body is too large";
    TooManyReports 413 "too_many_reports" "The body has too many reports";
    UnsupportedMediaType 415 "unsupported_media_type" "The body has the wrong media type";
    UnsupportedEncoding 415 "unsupported_encoding" "The body is packed in an unknown way";
    RangeNotSatisfiable 416 "range_not_satisfiable" "There are no such bytes";
    AllRejected 422 "all_rejected" "No report of the body is good";
    InvalidRequest 422 "invalid_request" "The request is not valid";
    AudioRefused 422 "audio_refused" "The audio can't be used";
    RateLimited 429 "rate_limited" "The key sends too fast";
    TooManyPlays 429 "too_many_plays" "The listeners play too much";
    TooManyTries 429 "too_many_tries" "Too many tries to sign in";
    Internal 500 "internal_error" "Something broke";
    Overloaded 503 "overloaded" "Too much at once";
    StorageFull 503 "storage_full" "The disk is full";
    StorageFailed 503 "storage_failed" "The disk failed";
    StoreUnavailable 503 "store_unavailable" "A store doesn't answer";
    CountingStopped 503 "counting_stopped" "Counting has stopped";
    Closing 503 "closing" "The server is stopping";
    NotReady 503 "not_ready" "The server is not ready";
}

/// What is asked of whoever shows nothing that is believed.
pub(crate) const CHALLENGE: &str = "Bearer realm=\"ledgerline\"";

/// A refusal on its way to the client.
#[derive(Debug)]
pub(crate) struct Problem {
    body: Box<ProblemBody>,
    headers: Vec<(HeaderName, HeaderValue)>,
}

impl Problem {
    pub(crate) fn new(kind: Kind, detail: impl Into<String>) -> Self {
        let (status, code, title) = kind.parts();
        let body = ProblemBody {
            kind: format!("urn:ledgerline:problem:{code}"),
            title,
            status,
            code,
            detail: detail.into(),
            accepted: None,
            rejected: None,
            rejected_total: None,
            sources: None,
            scope: None,
            parameter: None,
            problems: None,
            rows: None,
            faults: None,
        };
        Self { body: Box::new(body), headers: Vec::new() }
    }

    /// A problem that passes: the client may try again after so many seconds.
    pub(crate) fn passing(kind: Kind, detail: impl Into<String>, retry_after_s: u64) -> Self {
        Self::new(kind, detail).with_header(header::RETRY_AFTER, HeaderValue::from(retry_after_s))
    }

    /// 500. What happened is for the operator only.
    pub(crate) fn internal(what: &dyn std::fmt::Display) -> Self {
        tracing::error!(%what, "a request failed");
        Self::new(Kind::Internal, "this is the server's fault; its log says more")
    }

    /// 400, naming the parameter.
    pub(crate) fn parameter(name: &str, detail: impl std::fmt::Display) -> Self {
        let mut problem = Self::new(Kind::InvalidParameter, format!("{name} {detail}"));
        problem.body.parameter = Some(name.to_owned());
        problem
    }

    /// 404: there is no such close, or it isn't done.
    pub(crate) fn not_closed(period: Period) -> Self {
        Self::new(Kind::NotClosed, format!("{period} isn't closed"))
    }

    /// 401 (RFC 6750, section 3).
    pub(crate) fn unauthorized(challenge: &'static str, detail: &str) -> Self {
        Self::new(Kind::Unauthorized, detail)
            .with_header(header::WWW_AUTHENTICATE, HeaderValue::from_static(challenge))
    }

    /// 403: whoever sees only what is of its parties asks for what is of everybody.
    pub(crate) fn not_yours() -> Self {
        Self::new(Kind::NotYours, "this session sees only what is of its parties")
    }

    /// 403, naming the scope that is lacking.
    pub(crate) fn forbidden(scope: Scope) -> Self {
        let name = scope.as_str();
        let challenge =
            format!("Bearer realm=\"ledgerline\", error=\"insufficient_scope\", scope=\"{name}\"");
        let detail = format!("this key or session lacks the scope {name}");
        let mut problem = Self::new(Kind::Forbidden, detail);
        problem.body.scope = Some(ScopeWord(scope));
        match HeaderValue::from_str(&challenge) {
            Ok(challenge) => problem.with_header(header::WWW_AUTHENTICATE, challenge),
            Err(_) => problem,
        }
    }

    pub(crate) fn with_header(mut self, name: HeaderName, value: HeaderValue) -> Self {
        self.headers.push((name, value));
        self
    }

    /// The same, for whoever asks from a page of another host: an address of audio is good everywhere.
    pub(crate) fn anywhere(self) -> Self {
        let policy = HeaderName::from_static("cross-origin-resource-policy");
        let any = HeaderValue::from_static("*");
        self.with_header(header::ACCESS_CONTROL_ALLOW_ORIGIN, any)
            .with_header(policy, HeaderValue::from_static("cross-origin"))
    }

    /// Changes what the kind of problem adds to the body.
    pub(crate) fn with(mut self, change: impl FnOnce(&mut ProblemBody)) -> Self {
        change(&mut self.body);
        self
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let status =
            StatusCode::from_u16(self.body.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let mut headers = HeaderMap::new();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(PROBLEM_JSON));
        headers.extend(self.headers);
        let body = serde_json::to_vec(&*self.body).unwrap_or_default();
        (status, headers, body).into_response()
    }
}

impl From<BodyError> for Problem {
    fn from(error: BodyError) -> Self {
        let kind = match error {
            BodyError::UnsupportedType => Kind::UnsupportedMediaType,
            BodyError::UnsupportedEncoding => Kind::UnsupportedEncoding,
            BodyError::TooLarge { .. } => Kind::BodyTooLarge,
            BodyError::TooManyReports { .. } => Kind::TooManyReports,
            BodyError::Undecodable { .. } => Kind::UndecodableBody,
            BodyError::Malformed { .. } => Kind::MalformedJson,
            BodyError::Truncated { .. } => Kind::TruncatedBody,
            BodyError::Empty => Kind::NoReports,
            BodyError::NoMemory => return Self::passing(Kind::Overloaded, error.to_string(), 1),
        };
        let problem = Self::new(kind, error.to_string());
        match error {
            // RFC 9110, section 15.5.16: which ones would have been understood.
            BodyError::UnsupportedEncoding => {
                problem.with_header(header::ACCEPT_ENCODING, HeaderValue::from_static("gzip, zstd"))
            }
            BodyError::UnsupportedType => problem.with_header(
                header::ACCEPT,
                HeaderValue::from_static("application/json, application/x-ndjson"),
            ),
            _ => problem,
        }
    }
}

impl From<Refused> for Problem {
    /// Rows that were brought are wrong: each is named, and nothing is stored.
    fn from(refused: Refused) -> Self {
        let rows: Vec<WrongRow> = (refused.errors.into_iter())
            .map(|RowError { at, column, value, why }| WrongRow { row: at.row, column, value, why })
            .collect();
        let lines = rows.iter().map(|wrong| {
            format!("row {} {} {:?}: {}", wrong.row, wrong.column, wrong.value, wrong.why)
        });
        let lines: Vec<String> = lines.collect();
        let detail = format!("{} things are wrong: {}", refused.total, lines.join("; "));
        Self::new(Kind::InvalidRequest, detail).with(|body| body.rows = Some(rows))
    }
}

impl From<IntakeError> for Problem {
    fn from(error: IntakeError) -> Self {
        let (kind, retry_after_s) = match error {
            IntakeError::RateLimited { retry_after_s } => (Kind::RateLimited, retry_after_s),
            IntakeError::TooManyPlays { retry_after_s } => (Kind::TooManyPlays, retry_after_s),
            IntakeError::Busy { retry_after_s } => (Kind::Overloaded, retry_after_s),
            IntakeError::ListenersUnavailable { retry_after_s } => {
                (Kind::StoreUnavailable, retry_after_s)
            }
            IntakeError::StorageFull { retry_after_s } => (Kind::StorageFull, retry_after_s),
            IntakeError::StorageFailed => (Kind::StorageFailed, 60),
            IntakeError::Closing => (Kind::Closing, 5),
        };
        Self::passing(kind, error.to_string(), retry_after_s)
    }
}

impl From<StoreError> for Problem {
    fn from(error: StoreError) -> Self {
        tracing::error!(%error, "a store failed");
        Self::passing(Kind::StoreUnavailable, "a store of the server doesn't answer", 5)
    }
}

impl From<ReadError> for Problem {
    fn from(error: ReadError) -> Self {
        match error {
            ReadError::Log(error) => Self::internal(&error),
            ReadError::Store(error) => error.into(),
            ReadError::Append(error) => IntakeError::from(error).into(),
            ReadError::Stopped(why) => stopped(&why),
        }
    }
}

impl From<EraseError> for Problem {
    fn from(error: EraseError) -> Self {
        match error {
            EraseError::Read(error) => error.into(),
            EraseError::Intake(error) => error.into(),
        }
    }
}

impl From<PlayError> for Problem {
    fn from(error: PlayError) -> Self {
        let detail = error.to_string();
        match error {
            PlayError::NotFound => Self::new(Kind::PlayNotFound, detail),
            PlayError::Ambiguous { sources } => Self::new(Kind::AmbiguousPlay, detail)
                .with(|problem| problem.sources = Some(sources)),
            PlayError::Log(error) => Self::internal(&error),
            PlayError::Stopped(why) => stopped(&why),
        }
    }
}

impl From<DecideError> for Problem {
    fn from(error: DecideError) -> Self {
        let detail = error.to_string();
        match error {
            DecideError::Play(error) => error.into(),
            DecideError::NotWaiting(_) => Self::new(Kind::NotWaiting, detail),
            DecideError::AlreadyCounted(_) => Self::new(Kind::AlreadyCounted, detail),
            DecideError::NoteTooLong => Self::new(Kind::InvalidRequest, detail),
            DecideError::Intake(error) => error.into(),
        }
    }
}

impl From<AppealError> for Problem {
    fn from(error: AppealError) -> Self {
        let detail = error.to_string();
        match error {
            AppealError::Length { .. }
            | AppealError::TooMany(_)
            | AppealError::TooMuchEvidence(_) => Self::new(Kind::InvalidRequest, detail),
            AppealError::NotKeptBack(_) | AppealError::NothingKeptBack { .. } => {
                Self::new(Kind::NotKeptBack, detail)
            }
            AppealError::Waits => Self::new(Kind::AlreadyAppealed, detail),
            AppealError::NoSuch(_) => Self::new(Kind::AppealNotFound, detail),
            AppealError::DecidedOtherwise { .. } => Self::new(Kind::AlreadyDecided, detail),
            AppealError::Forgotten { .. } => Self::new(Kind::PlayForgotten, detail),
            AppealError::Play(error) => error.into(),
            AppealError::Close(error) => error.into(),
            AppealError::Read(error) => error.into(),
            AppealError::Store(error) => error.into(),
            AppealError::Ruling(error) => error.into(),
        }
    }
}

impl From<PrintError> for Problem {
    fn from(error: PrintError) -> Self {
        match error {
            PrintError::Close(error) => error.into(),
            PrintError::Store(error) => error.into(),
            error @ (PrintError::Differs(_) | PrintError::Failed(_)) => Self::internal(&error),
        }
    }
}

impl From<CloseError> for Problem {
    fn from(error: CloseError) -> Self {
        let detail = error.to_string();
        match error {
            CloseError::NotClosed(period) => Self::not_closed(period),
            CloseError::NotFound(_) => Self::new(Kind::StatementNotFound, detail),
            CloseError::Refused { refusals, .. } => Self::new(Kind::CloseRefused, detail)
                .with(|problem| problem.problems = Some(refusals)),
            CloseError::NotOver { .. }
            | CloseError::OutOfOrder { .. }
            | CloseError::OtherFiles { .. }
            | CloseError::Moved(_)
            | CloseError::Post(PostError::CloseMoved { .. })
            | CloseError::Booking(_)
            | CloseError::Money(_) => Self::new(Kind::CloseRefused, detail),
            CloseError::Elsewhere(_) => Self::passing(Kind::StoreUnavailable, detail, 60),
            CloseError::Shared(error) => {
                tracing::error!(%error, "files of a closed month can't be put or had");
                let detail =
                    "files of closed months can't be had or put now; the server's log says why";
                Self::passing(Kind::StoreUnavailable, detail, 60)
            }
            CloseError::Waits(why) => stopped(&why),
            CloseError::Read(error) => error.into(),
            CloseError::Store(error) => error.into(),
            error => Self::internal(&error),
        }
    }
}

impl From<SignInError> for Problem {
    fn from(error: SignInError) -> Self {
        let detail = error.to_string();
        match error {
            SignInError::Wrong | SignInError::WrongPassword => {
                Self::unauthorized(CHALLENGE, &detail)
            }
            SignInError::MakesAccount => Self::new(Kind::MakesAccount, detail),
            SignInError::Busy(busy) => Self::passing(Kind::Overloaded, detail, busy.retry_after_s),
            SignInError::TooMany { retry_after_s } => {
                Self::passing(Kind::TooManyTries, detail, retry_after_s)
            }
            SignInError::Store(error) => error.into(),
        }
    }
}

impl From<AccountError> for Problem {
    fn from(error: AccountError) -> Self {
        let detail = error.to_string();
        let kind = match error {
            AccountError::Store(error) => return error.into(),
            AccountError::Erase(error) => return error.into(),
            AccountError::Invitation(error) => return error.into(),
            AccountError::Beyond(scope) => return Self::forbidden(scope),
            AccountError::TooMany(retry_after_s) => {
                return Self::passing(Kind::TooManyTries, detail, retry_after_s);
            }
            AccountError::Busy(busy) => {
                return Self::passing(Kind::Overloaded, detail, busy.retry_after_s);
            }
            AccountError::OpensNothing => return Self::unauthorized(CHALLENGE, &detail),
            AccountError::NameTaken => Kind::NameTaken,
            AccountError::LastAdmin => Kind::LastAdmin,
            AccountError::NoPlace => Kind::NoPlace,
            AccountError::NoAccount | AccountError::NoFamily => Kind::AccountNotFound,
            AccountError::Invited => Kind::SignUpClosed,
            AccountError::NoSession => Kind::SignInNeeded,
            AccountError::WrongPassword => Kind::WrongPassword,
            AccountError::TooManyAppPasswords(_) => Kind::TooManyAppPasswords,
            AccountError::Name
            | AccountError::Email
            | AccountError::Territory(_)
            | AccountError::Password(_)
            | AccountError::Parties(_)
            | AccountError::TooManyParties
            | AccountError::Party(..)
            | AccountError::Plan
            | AccountError::Label
            | AccountError::MusicFolder => Kind::InvalidRequest,
        };
        Self::new(kind, detail)
    }
}

impl From<InvitationError> for Problem {
    fn from(error: InvitationError) -> Self {
        let detail = error.to_string();
        match error {
            InvitationError::Store(error) => error.into(),
            InvitationError::Beyond(scope) => Self::forbidden(scope),
            InvitationError::TooManyOpen => Self::new(Kind::TooManyInvitations, detail),
            InvitationError::NoParties(_)
            | InvitationError::Parties(_)
            | InvitationError::TooManyParties
            | InvitationError::Party(..)
            | InvitationError::Note
            | InvitationError::Plan
            | InvitationError::Days => Self::new(Kind::InvalidRequest, detail),
        }
    }
}

impl From<ExplainPlayError> for Problem {
    fn from(error: ExplainPlayError) -> Self {
        match error {
            ExplainPlayError::Play(error) => error.into(),
            ExplainPlayError::Close(error) => error.into(),
        }
    }
}

fn stopped(why: &str) -> Problem {
    tracing::error!(why, "counting has stopped");
    Problem::passing(Kind::CountingStopped, "counting has stopped; the server's log says why", 60)
}
