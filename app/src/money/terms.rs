//! Contracts: imported all or nothing, revisioned, explained, and reviewed together.

use ledgerline_catalog::Catalogue;
use ledgerline_ids::{DayNo, UnixMs};
use ledgerline_royalty::music::{CatalogueMusic, Music};
use ledgerline_royalty::precedence::{Clause, Lost, Question, explain};
use ledgerline_royalty::review::{Finding, Review, asked_for, review};
use ledgerline_royalty::scope::{Listening, Subject};
use ledgerline_royalty::splits::{Agreements, whole};
use ledgerline_royalty::terms::{Contract, Right};
use ledgerline_royalty::usage::{Names, Usage, Use};
use sha2::{Digest as _, Sha256};
use std::collections::BTreeMap;
use std::fmt;
use std::sync::{Arc, Mutex};

use crate::Deployment;
use crate::ports::drive::apart;
use crate::ports::{
    ContractFault, ContractReader, ContractStore, ContractTemplate, ContractText, ContractsError,
    DealField, DealMapping, DraftedContracts, NewContract, StoreError,
};

/// So many contracts may be imported at once.
pub const FILES_MAX: usize = 10_000;
/// So many terms are shown of those that lost, the nearest first.
pub const LOST_MAX: usize = 100;

/// A file that is brought.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ContractFile {
    /// Its name, without the folder.
    pub name: String,
    /// What stands in it.
    pub text: String,
}

/// Why contracts were not imported. Nothing of them is stored then.
#[derive(Debug, thiserror::Error)]
pub enum TermsError {
    /// Files are wrong.
    #[error("{} things are wrong", .0.len())]
    Refused(Vec<ContractFault>),
    /// More files than are judged at once.
    #[error("at most {FILES_MAX} contracts are imported at once: bring them in several imports")]
    TooMany,
    /// Somebody else was faster, or the store failed.
    #[error(transparent)]
    Change(#[from] ContractsError),
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// What an import did, or would do: the ids of contracts.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
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

/// A contract with what it was read from.
#[derive(Debug, Clone)]
pub struct KnownContract {
    /// As it was brought.
    pub text: ContractText,
    /// As it was read.
    pub contract: Contract,
}

/// What is asked of the terms of one recording.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TermsQuestion {
    /// Of which copyright.
    pub right: Right,
    /// Of which recording.
    pub track: String,
    /// Heard where; `None` where it is not known.
    pub territory: Option<String>,
    /// By a listener with which plan.
    pub tier: Option<String>,
    /// In which use.
    pub usage_use: Use,
    /// When.
    pub day: DayNo,
}

/// A term that decides, or not, with what people ask of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NamedTerm {
    /// `contract/term`.
    pub name: String,
    /// What people call the contract.
    pub title: String,
    /// When it was signed.
    pub signed_on: DayNo,
    /// Since when it holds.
    pub from: DayNo,
    /// What it names, the most specific first.
    pub names: Vec<&'static str>,
}

/// What somebody gets of a holder's part.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NamedLeaf {
    /// Who.
    pub payee: String,
    /// Which part, exactly.
    pub share: String,
    /// By which agreements' terms, in order.
    pub passed: Vec<String>,
}

/// What decides about one holder's part of a recording.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HeldPart {
    /// Whose.
    pub holder: String,
    /// Which part of the right, exactly.
    pub share: String,
    /// The term that decides; `None` is a gap.
    pub won: Option<NamedTerm>,
    /// The others, the nearest first, and why each lost.
    pub lost: Vec<(NamedTerm, String)>,
    /// How many others there are.
    pub lost_total: usize,
    /// Who is paid in the end; or why that can't be said.
    pub leaves: Result<Vec<NamedLeaf>, String>,
}

/// The use cases of contracts.
pub struct Terms {
    store: Arc<dyn ContractStore>,
    reader: Arc<dyn ContractReader>,
    /// What was read last.
    held: Mutex<Option<(u64, Arc<Vec<KnownContract>>)>>,
}

impl fmt::Debug for Terms {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Terms").finish_non_exhaustive()
    }
}

impl Terms {
    /// Over a store, with what reads its texts.
    #[must_use]
    pub fn new(store: Arc<dyn ContractStore>, reader: Arc<dyn ContractReader>) -> Self {
        Self { store, reader, held: Mutex::default() }
    }

    /// The newest revision of all contracts; 0 where there was never one.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn revision(&self) -> Result<u64, StoreError> {
        self.store.contracts_revision().await
    }

    /// All contracts as they were at a revision, by id.
    ///
    /// # Errors
    /// [`StoreError`], also where a text that was once read no longer is.
    pub async fn known_at(&self, revision: u64) -> Result<Arc<Vec<KnownContract>>, StoreError> {
        let revision = revision.min(self.store.contracts_revision().await?);
        if let Some((held, known)) = &*self.held.lock().expect("no holder panics")
            && *held == revision
        {
            return Ok(known.clone());
        }
        let texts = self.store.contracts(revision).await?;
        let known: Result<Vec<KnownContract>, StoreError> =
            texts.into_iter().map(|text| self.known(text)).collect();
        let known = Arc::new(known?);
        *self.held.lock().expect("no holder panics") = Some((revision, known.clone()));
        Ok(known)
    }

    /// The same, as terms alone.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn contracts_at(&self, revision: u64) -> Result<Vec<Contract>, StoreError> {
        let known = self.known_at(revision).await?;
        Ok(known.iter().map(|known| known.contract.clone()).collect())
    }

    /// All that one contract ever was, the newest first; nothing where there is none.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn history(&self, id: &str) -> Result<Vec<KnownContract>, StoreError> {
        let texts = self.store.contract_history(id).await?;
        texts.into_iter().map(|text| self.known(text)).collect()
    }

    /// What was sound when it was imported and isn't now must not be paid by.
    fn known(&self, text: ContractText) -> Result<KnownContract, StoreError> {
        match self.reader.read(&text.file, &text.text) {
            Ok(contract) => Ok(KnownContract { text, contract }),
            Err(faults) => {
                let first = faults.first().map_or("", |fault| &fault.what);
                let detail = format!("{} (revision {}): {first}", text.id, text.revision);
                Err(StoreError { what: "reading a contract", detail })
            }
        }
    }

    /// What people call the contract of a text; nothing where it can't be read.
    #[must_use]
    pub fn title_of(&self, file: &str, text: &str) -> String {
        self.reader.read(file, text).map(|contract| contract.title).unwrap_or_default()
    }

    /// Annotated examples of contracts, to begin with.
    #[must_use]
    pub fn templates(&self) -> Vec<ContractTemplate> {
        self.reader.templates()
    }

    /// What the columns of a spreadsheet of deals may be mapped to.
    #[must_use]
    pub fn deal_fields(&self) -> Vec<DealField> {
        self.reader.deal_fields()
    }

    /// The contracts of a spreadsheet of deals, as files to be reviewed. Nothing is stored.
    ///
    /// # Errors
    /// [`TermsError::Refused`] with everything that is wrong, by line and column of the sheet.
    pub fn draft(
        &self,
        sheet: &ContractFile,
        mapping: &DealMapping,
    ) -> Result<DraftedContracts, TermsError> {
        self.reader.draft(&sheet.name, &sheet.text, mapping).map_err(TermsError::Refused)
    }

    /// Reads files as contracts, without storing them; sorted by id.
    ///
    /// # Errors
    /// [`TermsError::Refused`] with everything that is wrong in all of them.
    pub fn read_files(
        &self,
        files: &[ContractFile],
    ) -> Result<BTreeMap<String, (Contract, ContractFile)>, TermsError> {
        if files.len() > FILES_MAX {
            return Err(TermsError::TooMany);
        }
        let (mut read, mut faults) = (BTreeMap::new(), Vec::new());
        for file in files {
            match self.reader.read(&file.name, &file.text) {
                Err(mut found) => faults.append(&mut found),
                Ok(contract) => {
                    let id = contract.id.clone();
                    if let Some((_, other)) = read.insert(id.clone(), (contract, file.clone())) {
                        let what =
                            format!("{id} is the id of {} too: give one another", other.name);
                        let file = file.name.clone();
                        faults.push(ContractFault { file, line: 1, column: 1, what });
                    }
                }
            }
        }
        if faults.is_empty() { Ok(read) } else { Err(TermsError::Refused(faults)) }
    }

    /// Imports files: all of them or none. One that is as it was makes no revision.
    ///
    /// # Errors
    /// [`TermsError`]; nothing was stored then.
    pub async fn import(
        &self,
        files: &[ContractFile],
        at: UnixMs,
        dry_run: bool,
    ) -> Result<ImportedTerms, TermsError> {
        let read = self.read_files(files)?;
        let revision = self.store.contracts_revision().await?;
        let there = self.store.contracts(revision).await?;
        let there: BTreeMap<&str, &ContractText> =
            there.iter().map(|text| (text.id.as_str(), text)).collect();
        let mut done = ImportedTerms { revision, ..ImportedTerms::default() };
        let mut new = Vec::new();
        for (id, (_, file)) in read {
            let into = match there.get(id.as_str()) {
                Some(text) if text.text == file.text => {
                    done.unchanged.push(id);
                    continue;
                }
                Some(_) => &mut done.changed,
                None => &mut done.added,
            };
            into.push(id.clone());
            let sha256 = Sha256::digest(file.text.as_bytes()).into();
            new.push(NewContract { id, file: file.name, sha256, text: file.text });
        }
        if !new.is_empty() && !dry_run {
            done.revision = self.store.change_contracts(&new, revision, at).await?;
        }
        Ok(done)
    }

    /// Which term decides about each holder's part of a recording, why the others don't, and who is
    /// paid in the end.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn explain(
        &self,
        catalogue: &Catalogue,
        question: &TermsQuestion,
    ) -> Result<Vec<HeldPart>, StoreError> {
        let contracts = self.contracts_at(u64::MAX).await?;
        let names = |name: Option<&String>| {
            Names::new(name.into_iter().map(|n| n.as_str().into()).collect())
        };
        let usage = Usage {
            tracks: Names::new(vec![question.track.as_str().into()]),
            territories: names(question.territory.as_ref()),
            tiers: names(question.tier.as_ref()),
            ..Usage::default()
        };
        let music = CatalogueMusic::new(catalogue, &usage, question.day);
        let number = |named: bool| if named { 0 } else { Usage::UNKNOWN };
        let territory = number(question.territory.is_some());
        let tier = number(question.tier.is_some());
        let held = music.holders(0, question.right, territory);
        let held = held.map_err(|error| error.to_string());
        let held = held.and_then(|held| whole(&held).map_err(|error| error.to_string()));
        let held = held.map_err(|detail| StoreError { what: "adding shares up", detail })?;
        let subject = music.subject(0);
        let mut agreements = Agreements::new(&contracts, question.day, &usage);
        let in_scope = agreements.in_scope(&subject);
        let mut parts = Vec::new();
        for (holder, share) in held {
            let (won, lost) = decided(&contracts, question, &subject, holder);
            let combination = (territory, tier, question.usage_use);
            let leaves = agreements.leaves(in_scope, question.right, holder, combination);
            let leaves = leaves.map_err(|error| error.to_string());
            let leaves =
                leaves.map(|number| agreements.of(number).iter().map(named_leaf).collect());
            parts.push(HeldPart {
                holder: holder.to_owned(),
                share: share.to_string(),
                won,
                lost_total: lost.len(),
                lost: lost.into_iter().take(LOST_MAX).collect(),
                leaves,
            });
        }
        Ok(parts)
    }
}

/// What contracts say together.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CheckedTerms {
    /// How many contracts were looked at.
    pub contracts: usize,
    /// How many recordings they were asked for.
    pub recordings: usize,
    /// What was found, what is wrong first.
    pub findings: Vec<Finding>,
}

impl Deployment {
    /// What contracts say together about the catalogue of rights as of a day; see
    /// [`review`](mod@ledgerline_royalty::review).
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn check_terms(&self, day: DayNo) -> Result<CheckedTerms, StoreError> {
        let catalogue = self.money().rights().now().await?;
        let contracts = self.money().terms().contracts_at(u64::MAX).await?;
        let checked = apart(&*self.drive, move || checked(&contracts, &catalogue, day)).await;
        checked.ok_or_else(|| StoreError {
            what: "reviewing contracts",
            detail: "the work was broken off; the log says why".to_owned(),
        })
    }
}

fn checked(contracts: &[Contract], catalogue: &Catalogue, day: DayNo) -> CheckedTerms {
    let tracks = catalogue.recordings().map(|recording| catalogue.track_id(recording));
    let usage = asked_for(tracks, contracts);
    let music = CatalogueMusic::new(catalogue, &usage, day);
    let knows = |party: &str| catalogue.find_party(party).is_some();
    CheckedTerms {
        contracts: contracts.len(),
        recordings: usage.tracks.len(),
        findings: review(&Review { contracts, day, usage: &usage, music: &music, knows: &knows }),
    }
}

fn named_leaf(leaf: &ledgerline_royalty::splits::Leaf) -> NamedLeaf {
    NamedLeaf {
        payee: leaf.payee.to_string(),
        share: leaf.share.to_string(),
        passed: leaf.way.passed.iter().map(ToString::to_string).collect(),
    }
}

type Decided = (Option<NamedTerm>, Vec<(NamedTerm, String)>);

fn decided(
    contracts: &[Contract],
    question: &TermsQuestion,
    subject: &Subject<'_>,
    holder: &str,
) -> Decided {
    let listening = Listening {
        territory: question.territory.as_deref(),
        tier: question.tier.as_deref(),
        usage_use: question.usage_use,
    };
    let asked = Question { right: question.right, holder, subject, listening, day: question.day };
    let explained = explain(contracts, &asked);
    let lost = explained.lost.into_iter().map(|(clause, lost)| (named(clause), why(lost)));
    (explained.won.map(named), lost.collect())
}

fn named(clause: Clause<'_>) -> NamedTerm {
    NamedTerm {
        name: clause.name(),
        title: clause.contract.title.clone(),
        signed_on: clause.contract.signed_on,
        from: clause.from(),
        names: clause.named(),
    }
}

/// Why a term lost, as a part of a sentence.
fn why(lost: Lost) -> String {
    match lost {
        Lost::OtherRight => "is about other rights".to_owned(),
        Lost::OtherDay { dates } => format!("holds {dates}"),
        Lost::OutOfScope { dimension } => format!("names another {}", dimension.word()),
        Lost::LessSpecific { dimension } => {
            format!("is less specific: it names no {}", dimension.word())
        }
        Lost::SignedEarlier => "was signed earlier".to_owned(),
        Lost::HoldsLonger => "has held for longer".to_owned(),
        Lost::LaterId => "comes later by its id, and nothing else tells them apart".to_owned(),
    }
}
