//! The shapes of requests and answers. The command line prints the same ones with `--json`.

mod accounts;
mod advances;
mod appeals;
mod charts;
mod close_preview;
mod closes;
mod collection;
mod comparisons;
mod conservation;
mod counts;
mod demonstration;
mod desk;
mod drafts;
mod earnings;
mod fraud;
mod health;
mod invitations;
mod jobs;
mod ledger;
mod library;
mod me;
mod overview;
mod papers;
mod payouts;
mod playing;
mod playlists;
mod plays;
mod privacy;
mod problem;
mod rates;
mod reports;
mod revenue;
mod rights;
mod sales;
mod session;
mod statements;
mod terms;
mod trials;
mod words;

pub use accounts::{
    Account, AccountPage, AddAccountRequest, AddedAccount, ChangeAccountRequest,
    ChangeSettingsRequest, DeploymentSettings, ResetPasswordRequest, SetUpRequest, SetUpState,
    SignUpRequest,
};
pub use advances::{
    Advance, AdvanceImport, AdvanceImportRow, AdvancePage, AdvanceRowChange, AdvanceSum,
    AdvancesImported,
};
pub use appeals::{
    Appeal, AppealAgainst, AppealDecision, AppealDecisionRequest, AppealFinding, AppealPage,
    AppealRequest, AppealedPlay, AppealedRule,
};
pub use charts::{Chart, ChartEntry};
pub use close_preview::{ClosePreview, ClosedPool, ClosedPools, PayeeChange, UnpaidStanding};
pub use closes::{
    ChangedPlay, Close, CloseAdjustment, CloseCheck, CloseList, CloseMoney, CloseSummary,
    CutPosition, Estimate, EstimatedPayee, ExplainedLine, LinePlay, LinePool, PlayMoney,
    PlayMoneyLine, PoolStep,
};
pub use collection::{
    MusicTrackLine, PersonCollection, PersonPlaylist, PersonSaved, PlayedFrom, Queue, QueueItem,
    QueueKept, RecentPlay, RecentPlayPage, SavedIds, SavedItem, SavedPage, SetQueueItem,
    SetQueueRequest, StepQueueRequest,
};
pub use comparisons::{ComparedAmounts, Comparison};
pub use conservation::{Conservation, Hour, Partition};
pub use counts::{AppliedTo, CountRow, Counts};
pub use demonstration::{DemonstrationKilled, DemonstrationSent};
pub use desk::{
    AuditEntry, AuditPage, ChangedLine, DecideProposalRequest, Proposal, ProposalDetail,
    ProposalPage, ProposeTermsRequest, ProposedChange, TermsTemplate, TermsTemplates,
};
pub use drafts::{
    DraftTermsRequest, DraftedTerms, DraftedTermsFile, RenamedParty, TermsSheetField,
};
pub use earnings::{DayHeard, DaysHeard, EarnedRow, EarnedTotal, MonthEarnings};
pub use fraud::{Evidence, EvidencePlay, FraudCase, FraudPage, RuleRequest};
pub use health::Health;
pub use invitations::{
    Invitation, InvitationList, InvitationRequest, InvitationStateWord, MadeInvitation,
};
pub use jobs::{IdentifiedTrack, Job, JobPage, JobStateCounts, JobStateWord};
pub use ledger::{
    LedgerBalance, LedgerBalancePage, LedgerEntry, LedgerEntryPage, LedgerFinding, LedgerHead,
    LedgerPosting, LedgerVerification,
};
pub use library::{
    MusicAlbum, MusicAlbumPage, MusicAlbumSummary, MusicArtist, MusicArtistEdit, MusicArtistName,
    MusicArtistPage, MusicCredit, MusicFile, MusicGenre, MusicGenrePage, MusicLyrics,
    MusicRelation, MusicScan, MusicSkipped, MusicTrack, MusicTrackEdit, MusicTrackSummary,
    MusicUnlicensed, MusicUnlicensedPage,
};
pub use me::{
    AddAppPasswordRequest, AppPassword, AppPasswordList, ChangeMeRequest, ChangePasswordRequest,
    DeleteMeRequest, Family, FamilyInvitationRequest, FamilyMember, MadeAppPassword, OwnSession,
    OwnSessionList,
};
pub use overview::{Overview, OverviewHour};
pub use papers::{PaperFile, StatementFile};
pub use payouts::{
    MarkPaidRequest, MarkPaidRow, MarkedPaid, MonthPayouts, PaidPayout, PaymentAccount,
    PaymentFile, PaymentFileRequest, Payout, PayoutCarried, PayoutPage, PayoutTotal,
};
pub use playing::{PlayLoudness, PlayOffer, PlayRung, PlaySegments, PlayTrack, RenewRequest};
pub use playlists::{
    AddPlaylistItem, AddPlaylistItemsRequest, AddPlaylistRequest, ChangePlaylistRequest,
    MovePlaylistItemsRequest, Playlist, PlaylistEdited, PlaylistItem, PlaylistItemPage,
    PlaylistPage, RemovePlaylistItemsRequest,
};
pub use plays::{DecideRequest, Play, PlayPage, PlayReport, PlaySent, Transition};
pub use privacy::{
    Erased, PersonAccount, PersonContext, PersonDecision, PersonExport, PersonIdentity,
    PersonReport, PersonSession, RemainingPlays,
};
pub use problem::{FileFault, PROBLEM_JSON, ProblemBody, WrongRow};
pub use rates::{
    Rate, RateImport, RateImportRow, RatePage, RatePair, RateRowChange, RatesImported,
};
pub use reports::{Accepted, KeptWord, Rejected, Report, ReportBody, ReportContext, ReportInstant};
pub use revenue::{
    ImportedFile, RevenueImport, RevenueImportRow, RevenueImported, RevenueList, RevenueRow,
    RevenueRowChange, RevenueSum,
};
pub use rights::{
    RightsCredit, RightsEntry, RightsHolder, RightsParty, RightsRecording, RightsRelease,
    RightsShare, RightsWork, RightsWorkPart,
};
pub use sales::{SalesFile, SalesFileList, SalesRecipient, SalesRecipientPage, SalesReportFile};
pub use session::{Session, SessionAccount, SessionRole, SignInRequest};
pub use statements::{
    Statement, StatementAccount, StatementAdjustment, StatementBalance, StatementExchange,
    StatementLine, StatementLinePage, StatementPage, StatementPayout, UnpaidPlays,
};
pub use terms::{
    ContractDetail, ContractRevision, ContractSummary, ImportTermsFile, ImportTermsRequest,
    ImportedTerms, LostTerm, PreviewTermsRequest, PreviewedPayee, TermName, TermsExplanation,
    TermsFinding, TermsLeaf, TermsList, TermsPart, TermsPreview, TermsReview,
};
pub use trials::{TrialArtist, TrialCent, TrialListener, TrialPlay, TrialPools, TrialResult};
pub use words::{
    AccountKindWord, ByWord, ChartKindWord, ChartPeriodWord, Day, DecisionWord, EntryReasonWord,
    EventWord, FraudRuleWord, Instant, OutcomeWord, PlanWord, ReasonWord, RepeatWord, RoleWord,
    RulingWord, ScopeWord, SignUpWord, StatusWord, VerdictWord,
};
