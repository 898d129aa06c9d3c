//! Contracts: as they were brought, explained, and reviewed.

use ledgerline_app::money::{close, terms as app};
use ledgerline_royalty::review::Finding;
use ledgerline_royalty::terms::Parties;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::Instant;

/// All contracts at one revision.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct TermsList {
    /// The revision of all contracts; 0 where there was never one.
    pub revision: u64,
    /// The contracts, by id.
    pub items: Vec<ContractSummary>,
}

/// A contract in a line.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ContractSummary {
    /// Its id.
    pub id: String,
    /// What people call it.
    pub title: String,
    /// `licence` or `agreement`.
    #[schema(pattern = "^(licence|agreement)$")]
    pub kind: &'static str,
    /// The licensor or the grantor; null of a default licence.
    #[schema(required)]
    pub party: Option<String>,
    /// When it was signed.
    #[schema(format = Date)]
    pub signed_on: String,
    /// Since when it holds.
    #[schema(format = Date)]
    pub from: String,
    /// The first day on which it no longer holds; null where it holds for ever.
    #[schema(required, format = Date)]
    pub until: Option<String>,
    /// The currency of its amounts.
    #[schema(pattern = "^[A-Z]{3}$")]
    pub currency: String,
    /// How many terms it has.
    pub terms: u64,
    /// The revision that it came with.
    pub revision: u64,
}

/// A contract, whole.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ContractDetail {
    /// Its id.
    pub id: String,
    /// The revision that it came with.
    pub revision: u64,
    /// The file, byte by byte.
    pub text: String,
    /// All that it ever was, the newest first.
    pub revisions: Vec<ContractRevision>,
}

/// One of the texts that a contract has had.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ContractRevision {
    /// The revision that it came with.
    pub revision: u64,
    /// When.
    pub imported_at: Instant,
    /// The name of its file.
    pub file: String,
    /// SHA-256 of its text.
    #[schema(pattern = "^[0-9a-f]{64}$")]
    pub sha256: String,
}

/// Contract files to be imported: all of them or none.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ImportTermsRequest {
    /// The files.
    #[schema(min_items = 1, max_items = 10000)]
    pub files: Vec<ImportTermsFile>,
    /// Only say what it would do.
    #[serde(default)]
    pub dry_run: bool,
}

/// A contract file.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ImportTermsFile {
    /// Its name, without the folder; faults are named by it.
    #[schema(min_length = 1, max_length = 256)]
    pub name: String,
    /// What stands in it: TOML.
    #[schema(max_length = 4194304)]
    pub text: String,
}

/// What an import did, or would do: the ids of contracts.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ImportedTerms {
    /// The revision of all contracts after it.
    pub revision: u64,
    /// Those that were not there.
    pub added: Vec<String>,
    /// Those that were otherwise.
    pub changed: Vec<String>,
    /// Those that were the same, byte by byte.
    pub unchanged: Vec<String>,
}

/// A month to be worked out with contract files added, or put in the place of those with the same
/// ids.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PreviewTermsRequest {
    /// The month.
    #[schema(pattern = r"^(19[7-9][0-9]|20[0-9]{2}|210[0-9])-(0[1-9]|1[0-2])$")]
    pub period: String,
    /// The files.
    #[schema(max_items = 10000)]
    pub files: Vec<ImportTermsFile>,
}

/// A month by the contracts that are known, and with the files.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct TermsPreview {
    /// The month.
    pub period: String,
    /// Everyone who has a line by either, by id, then currency.
    pub payees: Vec<PreviewedPayee>,
    /// What keeps the month from being paid by the contracts that are known, a sentence each.
    pub missing_now: Vec<String>,
    /// The same with the files.
    pub missing_then: Vec<String>,
}

/// What one payee's lines come to, in one currency.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PreviewedPayee {
    /// Who.
    pub payee: String,
    /// In which currency.
    #[schema(pattern = "^[A-Z]{3}$")]
    pub currency: String,
    /// By the contracts that are known, to the millionth.
    pub now: String,
    /// With the files.
    pub then: String,
    /// The difference.
    pub change: String,
}

/// Which terms decide about a recording.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct TermsExplanation {
    /// The recording.
    pub track: String,
    /// The right: master, mechanical or performance.
    pub right: &'static str,
    /// The day.
    #[schema(format = Date)]
    pub date: String,
    /// Where it is heard; null where that isn't known.
    #[schema(required)]
    pub territory: Option<String>,
    /// The listener's plan; null where that isn't known.
    #[schema(required)]
    pub tier: Option<String>,
    /// The use: `on_demand` or `radio`.
    #[serde(rename = "use")]
    pub usage_use: &'static str,
    /// Each holder's part.
    pub parts: Vec<TermsPart>,
}

/// What decides about one holder's part.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct TermsPart {
    /// Who holds it; `unmatched` where nobody is known to.
    pub holder: String,
    /// Which part of the right, exactly: `0.5` or `1/3`.
    pub share: String,
    /// The term that decides; null is a gap.
    #[schema(required)]
    pub won: Option<TermName>,
    /// Terms that don't, the nearest first; at most 100 of them.
    #[schema(max_items = 100)]
    pub lost: Vec<LostTerm>,
    /// How many don't.
    pub lost_total: u64,
    /// Who is paid in the end; empty where `error` says why that can't be said.
    pub leaves: Vec<TermsLeaf>,
    /// Why agreements contradict each other; null where they don't.
    #[schema(required)]
    pub error: Option<String>,
}

/// A term.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct TermName {
    /// `contract/term`.
    pub term: String,
    /// What people call the contract.
    pub title: String,
    /// When the contract was signed.
    #[schema(format = Date)]
    pub signed_on: String,
    /// Since when the term holds.
    #[schema(format = Date)]
    pub from: String,
    /// What it names, the most specific first.
    pub names: Vec<&'static str>,
}

/// A term that doesn't decide.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct LostTerm {
    /// Which.
    #[serde(flatten)]
    pub term: TermName,
    /// Why, as a part of a sentence.
    pub why: String,
}

/// What somebody gets of a holder's part.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct TermsLeaf {
    /// Who.
    pub payee: String,
    /// Which part of the holder's, exactly.
    pub share: String,
    /// The agreements' terms that pass it on, in order; empty where the holder keeps it.
    pub passed: Vec<String>,
}

/// What contracts say together.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct TermsReview {
    /// On which day.
    #[schema(format = Date)]
    pub date: String,
    /// How many contracts were looked at.
    pub contracts: u64,
    /// How many recordings they were asked for.
    pub recordings: u64,
    /// How many of the findings must be mended before a close.
    pub wrong: u64,
    /// What was found, what is wrong first; at most 200 of one kind.
    pub findings: Vec<TermsFinding>,
}

/// Something that was found in contracts.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct TermsFinding {
    /// Its kind: gap, split, overlap, unknown_party, no_licence, replaced, dead, grantor_unpaid or
    /// ends_soon.
    pub kind: &'static str,
    /// Whether it must be mended before a close.
    pub wrong: bool,
    /// What it is and what to do.
    pub sentence: String,
}

impl From<&app::KnownContract> for ContractSummary {
    fn from(known: &app::KnownContract) -> Self {
        let contract = &known.contract;
        let (kind, party) = match &contract.parties {
            Parties::Licence { licensor } => ("licence", licensor.clone()),
            Parties::Agreement { grantor } => ("agreement", Some(grantor.clone())),
        };
        Self {
            id: contract.id.clone(),
            title: contract.title.clone(),
            kind,
            party,
            signed_on: contract.signed_on.to_string(),
            from: contract.dates.from.to_string(),
            until: contract.dates.until.map(|day| day.to_string()),
            currency: contract.currency.to_string(),
            terms: contract.terms.len() as u64,
            revision: known.text.revision,
        }
    }
}

impl ContractDetail {
    /// The newest text up to `revision`, of all that a contract ever was, the newest first.
    pub(crate) fn at(history: &[app::KnownContract], revision: u64) -> Option<Self> {
        let shown = history.iter().find(|known| known.text.revision <= revision)?;
        let revisions = history.iter().map(|known| ContractRevision {
            revision: known.text.revision,
            imported_at: Instant(known.text.at),
            file: known.text.file.clone(),
            sha256: known.text.sha256.iter().map(|byte| format!("{byte:02x}")).collect(),
        });
        Some(Self {
            id: shown.text.id.clone(),
            revision: shown.text.revision,
            text: shown.text.text.clone(),
            revisions: revisions.collect(),
        })
    }
}

impl From<app::ImportedTerms> for ImportedTerms {
    fn from(done: app::ImportedTerms) -> Self {
        let app::ImportedTerms { revision, added, changed, unchanged } = done;
        Self { revision, added, changed, unchanged }
    }
}

impl TermsPreview {
    /// As it was worked out for a month.
    pub(crate) fn of(period: String, preview: close::TermsPreview) -> Self {
        let payees = preview.payees.into_iter().map(|one| PreviewedPayee {
            payee: one.payee,
            currency: one.currency.to_string(),
            now: one.now.to_string(),
            then: one.then.to_string(),
            change: one.change.to_string(),
        });
        Self {
            period,
            payees: payees.collect(),
            missing_now: preview.missing_now,
            missing_then: preview.missing_then,
        }
    }
}

impl From<app::NamedTerm> for TermName {
    fn from(term: app::NamedTerm) -> Self {
        Self {
            term: term.name,
            title: term.title,
            signed_on: term.signed_on.to_string(),
            from: term.from.to_string(),
            names: term.names,
        }
    }
}

impl From<app::HeldPart> for TermsPart {
    fn from(part: app::HeldPart) -> Self {
        let lost = part.lost.into_iter();
        let (leaves, error) = match part.leaves {
            Ok(leaves) => (leaves, None),
            Err(error) => (Vec::new(), Some(error)),
        };
        let leaf = |leaf: app::NamedLeaf| TermsLeaf {
            payee: leaf.payee,
            share: leaf.share,
            passed: leaf.passed,
        };
        Self {
            holder: part.holder,
            share: part.share,
            won: part.won.map(TermName::from),
            lost: lost.map(|(term, why)| LostTerm { term: term.into(), why }).collect(),
            lost_total: part.lost_total as u64,
            leaves: leaves.into_iter().map(leaf).collect(),
            error,
        }
    }
}

impl From<app::TermsQuestion> for TermsExplanation {
    /// Without the parts yet.
    fn from(question: app::TermsQuestion) -> Self {
        Self {
            track: question.track,
            right: question.right.word(),
            date: question.day.to_string(),
            territory: question.territory,
            tier: question.tier,
            usage_use: question.usage_use.word(),
            parts: Vec::new(),
        }
    }
}

impl From<&Finding> for TermsFinding {
    fn from(finding: &Finding) -> Self {
        Self { kind: finding.word(), wrong: finding.is_wrong(), sentence: finding.sentence() }
    }
}
