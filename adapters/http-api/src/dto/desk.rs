//! What those who run a deployment look at: proposals of contracts, templates, the audit log.

use ledgerline_app::money::proposals as app;
use ledgerline_app::money::text_diff::{DiffLine, diff};
use ledgerline_app::ports::ContractTemplate;
use ledgerline_app::ports::audit::NumberedDeed;
use ledgerline_app::ports::proposals as port;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{ImportTermsFile, Instant, TermsSheetField};

/// What to propose.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ProposeTermsRequest {
    /// Contract files: new contracts, or others in the place of those that are in force.
    #[schema(min_items = 1, max_items = 10000)]
    pub files: Vec<ImportTermsFile>,
    /// Why, for whoever approves.
    #[serde(default)]
    #[schema(max_length = 2000)]
    pub note: String,
}

/// What is decided on a proposal.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct DecideProposalRequest {
    /// Why.
    #[serde(default)]
    #[schema(max_length = 2000)]
    pub note: String,
    /// The `in_force` that was looked at: an approval is refused where contracts changed since.
    #[serde(default)]
    #[schema(nullable = false)]
    pub revision: Option<u64>,
}

/// Contracts that somebody proposed, and what another decided.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Proposal {
    /// Its number.
    pub number: u64,
    /// `open`, `approved` or `rejected`.
    #[schema(pattern = "^(open|approved|rejected)$")]
    pub state: &'static str,
    /// Why it was proposed.
    pub note: String,
    /// The contracts that it is about, by id.
    pub contracts: Vec<String>,
    /// By whom: the public name of a key or invitation.
    pub proposed_by: String,
    /// When.
    pub proposed_at: Instant,
    /// Who decided; null while it is open, as all that follows.
    #[schema(required)]
    pub decided_by: Option<String>,
    /// When.
    #[schema(required)]
    pub decided_at: Option<Instant>,
    /// Why.
    #[schema(required)]
    pub decision_note: Option<String>,
    /// The revision of all contracts that its approval made; null where it was rejected.
    #[schema(required)]
    pub revision: Option<u64>,
}

/// A page of proposals, the newest first.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ProposalPage {
    /// The proposals.
    pub items: Vec<Proposal>,
    /// What to ask for the next page with, as `from`; null on the last.
    #[schema(required)]
    pub next: Option<u64>,
}

/// A proposal, held against what is in force.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ProposalDetail {
    /// Its number.
    pub number: u64,
    /// `open`, `approved` or `rejected`.
    #[schema(pattern = "^(open|approved|rejected)$")]
    pub state: &'static str,
    /// Why it was proposed.
    pub note: String,
    /// The contracts that it is about, by id.
    pub contracts: Vec<String>,
    /// By whom: the public name of a key or invitation.
    pub proposed_by: String,
    /// When.
    pub proposed_at: Instant,
    /// Who decided; null while it is open, as all that follows.
    #[schema(required)]
    pub decided_by: Option<String>,
    /// When.
    #[schema(required)]
    pub decided_at: Option<Instant>,
    /// Why.
    #[schema(required)]
    pub decision_note: Option<String>,
    /// The revision of all contracts that its approval made; null where it was rejected.
    #[schema(required)]
    pub revision: Option<u64>,
    /// The revision of all contracts that it is held against: the newest, or of an approved proposal
    /// the one before it.
    pub in_force: u64,
    /// What it does, by contract.
    pub changes: Vec<ProposedChange>,
}

/// What a proposal does to one contract.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ProposedChange {
    /// Which.
    pub id: String,
    /// What people call it.
    pub title: String,
    /// `added`, `changed` or `unchanged`.
    #[schema(pattern = "^(added|changed|unchanged)$")]
    pub change: &'static str,
    /// The name of its file.
    pub file: String,
    /// The file that is in force; null for a new contract.
    #[schema(required)]
    pub before: Option<String>,
    /// The file that is proposed.
    pub after: String,
    /// Both line by line.
    pub lines: Vec<ChangedLine>,
}

/// A line of two files.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ChangedLine {
    /// `same`, `added` or `removed`.
    #[schema(pattern = "^(same|added|removed)$")]
    pub kind: &'static str,
    /// The line.
    pub text: String,
}

/// Annotated examples of contract files.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct TermsTemplates {
    /// Licences first, then agreements.
    pub items: Vec<TermsTemplate>,
    /// What the columns of a spreadsheet of deals may be.
    pub sheet_fields: Vec<TermsSheetField>,
}

/// An annotated example of a contract file.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct TermsTemplate {
    /// What it is called.
    pub name: &'static str,
    /// What it is, in a line.
    pub what: &'static str,
    /// The file.
    pub text: &'static str,
}

/// A page of the audit log, the newest first.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct AuditPage {
    /// What was done or tried.
    pub items: Vec<AuditEntry>,
    /// What to ask for the next page with, as `from`; null on the last.
    #[schema(required)]
    pub next: Option<u64>,
}

/// Something that was done or tried.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct AuditEntry {
    /// Its number, from 1; none is missing.
    pub number: u64,
    /// When it was answered.
    pub at: Instant,
    /// By whom: the public name of a key or invitation; `operator` for a command of the
    /// operator, `nobody` for a sign-in that failed.
    pub who: String,
    /// What that person is here; null for a key.
    #[schema(required)]
    pub role: Option<String>,
    /// `POST` or `DELETE`.
    pub method: String,
    /// The endpoint, with `{name}` for what its path names; `/control/…` is what only commands of the
    /// operator do.
    pub path: String,
    /// What the path names, or what was brought or made; null where that is a person, or nothing.
    #[schema(required)]
    pub object: Option<String>,
    /// The status of the answer.
    pub status: u16,
    /// `done` below 400, else `refused`.
    #[schema(pattern = "^(done|refused)$")]
    pub outcome: &'static str,
}

impl From<&port::Proposal> for Proposal {
    fn from(known: &port::Proposal) -> Self {
        let (proposed, decision) = (&known.proposed, known.decision.as_ref());
        let state = match decision.map(|decision| decision.approved) {
            None => "open",
            Some(Some(_)) => "approved",
            Some(None) => "rejected",
        };
        Self {
            number: known.number,
            state,
            note: proposed.note.clone(),
            contracts: proposed.files.iter().map(|file| file.id.clone()).collect(),
            proposed_by: proposed.by.clone(),
            proposed_at: Instant(proposed.at),
            decided_by: decision.map(|decision| decision.by.clone()),
            decided_at: decision.map(|decision| Instant(decision.at)),
            decision_note: decision.map(|decision| decision.note.clone()),
            revision: decision.and_then(|decision| decision.approved),
        }
    }
}

impl From<app::ShownProposal> for ProposalDetail {
    fn from(shown: app::ShownProposal) -> Self {
        let known = Proposal::from(&shown.proposal);
        Self {
            number: known.number,
            state: known.state,
            note: known.note,
            contracts: known.contracts,
            proposed_by: known.proposed_by,
            proposed_at: known.proposed_at,
            decided_by: known.decided_by,
            decided_at: known.decided_at,
            decision_note: known.decision_note,
            revision: known.revision,
            in_force: shown.in_force,
            changes: shown.changes.into_iter().map(ProposedChange::from).collect(),
        }
    }
}

impl From<app::ProposedChange> for ProposedChange {
    fn from(change: app::ProposedChange) -> Self {
        let lines = diff(change.before.as_deref().unwrap_or_default(), &change.after);
        let line = |line: &DiffLine<'_>| {
            let (kind, text) = match *line {
                DiffLine::Same(text) => ("same", text),
                DiffLine::Removed(text) => ("removed", text),
                DiffLine::Added(text) => ("added", text),
            };
            ChangedLine { kind, text: text.to_owned() }
        };
        Self {
            change: match &change.before {
                None => "added",
                Some(before) if *before == change.after => "unchanged",
                Some(_) => "changed",
            },
            lines: lines.iter().map(line).collect(),
            id: change.id,
            title: change.title,
            file: change.file,
            before: change.before,
            after: change.after,
        }
    }
}

impl From<ContractTemplate> for TermsTemplate {
    fn from(template: ContractTemplate) -> Self {
        let ContractTemplate { name, what, text } = template;
        Self { name, what, text }
    }
}

impl From<NumberedDeed> for AuditEntry {
    fn from(NumberedDeed { number, deed }: NumberedDeed) -> Self {
        Self {
            number,
            at: Instant(deed.at),
            who: deed.who,
            role: deed.role,
            method: deed.method,
            path: deed.path,
            object: deed.object,
            status: deed.status,
            outcome: if deed.status < 400 { "done" } else { "refused" },
        }
    }
}
