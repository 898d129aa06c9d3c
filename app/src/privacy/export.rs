//! Everything that is held on a person: reports with their verdicts, plays, people's words on
//! them, and what the person is called in the logs.

use ledgerline_counting::Partition;
use ledgerline_counting::identity::listener_of_user;
use ledgerline_counting::timing::received_at;
use ledgerline_ids::{HashKey, PartitionId, Position, UnixMs, UserId};
use ledgerline_records::LogRecord;
use ledgerline_records::play::PlayIdentity;
use ledgerline_records::report::{PlaybackEvent, ReportRecord};
use ledgerline_records::verdict::{Decision, Ruling, Status, Verdict};
use std::collections::{BTreeMap, BTreeSet};

use super::walk::for_each_record;
use crate::Deployment;
use crate::collection::SAVED_MAX;
use crate::collection::playlists::{self, PLAYLISTS_MAX};
use crate::counts::AppliedTo;
use crate::deployment::ReadError;
use crate::explain::InMemory;
use crate::plays::{PlayView, view_of};
use crate::ports::accounts::{ACCOUNTS, Account, AppPassword};
use crate::ports::collection::{Playlist, PlaylistItem, Queue, Saved, SavedKind};
use crate::ports::drive::apart;
use crate::ports::sign_in::WebSession;
use crate::ports::{LogError, ReportLog, StoreError};
use crate::reading::Readers;

/// More reports, plays or decisions than this are not exported at once; then the export says that
/// it isn't complete, and a source is to be named.
const ITEMS_MAX: usize = 500_000;

/// Everything that is held on a person.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PersonExport {
    /// The user, as asked for.
    pub user_id: String,
    /// When.
    pub exported_at: UnixMs,
    /// The account, where it is one's.
    pub account: Option<HeldAccount>,
    /// What it keeps, where it is one's.
    pub collection: Option<HeldCollection>,
    /// What the person is called in the logs, by source.
    pub identities: Vec<HeldIdentity>,
    /// The reports, in the order of the log.
    pub reports: Vec<HeldReport>,
    /// The plays as they stand, without transitions.
    pub plays: Vec<PlayView>,
    /// What people said of them.
    pub decisions: Vec<HeldDecision>,
    /// How many of the plays count.
    pub counted: u64,
    /// Whether that is all.
    pub complete: bool,
}

/// An account, and what it lets in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HeldAccount {
    /// The account.
    pub account: Account,
    /// Its app passwords.
    pub app_passwords: Vec<AppPassword>,
    /// Its sessions.
    pub sessions: Vec<WebSession>,
}

/// What an account keeps.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct HeldCollection {
    /// What it saved, by kind.
    pub saved: Vec<(SavedKind, Saved)>,
    /// Its playlists, with their items.
    pub playlists: Vec<(Playlist, Vec<PlaylistItem>)>,
    /// What it is about to hear.
    pub queue: Option<Queue>,
}

/// What a person is called in the logs.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct HeldIdentity {
    /// The source.
    pub source: String,
    /// The pseudonym, where the source is pseudonymised: the tie that an erasure removes.
    pub listener_id: Option<String>,
}

/// A report as it stands in the log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HeldReport {
    /// The source.
    pub source: String,
    /// Which partition's log.
    pub partition: PartitionId,
    /// Where it stands there.
    pub position: Position,
    /// When it was received.
    pub received_at: UnixMs,
    /// What became of it.
    pub verdict: Verdict,
    /// The play's key.
    pub play_id: Option<String>,
    /// The recording.
    pub track_id: String,
    /// Time that sounded, in milliseconds.
    pub listened_ms: u64,
    /// The start, as reported.
    pub started_at: Option<UnixMs>,
    /// The time of sending, as reported.
    pub sent_at: Option<UnixMs>,
    /// Why it was sent.
    pub event: Option<PlaybackEvent>,
    /// Whether the track was played to its end.
    pub completed: Option<bool>,
    /// The session, or what stands for it.
    pub session_id: Option<String>,
    /// The device, or what stands for it.
    pub device_id: Option<String>,
    /// The quality.
    pub quality: Option<String>,
    /// Whether from a download.
    pub offline: Option<bool>,
    /// Type and id of what it was started from.
    pub context: Option<(String, String)>,
    /// The plan.
    pub tier: Option<String>,
    /// The country.
    pub territory: Option<String>,
    /// Whether only a preview sounded.
    pub preview: bool,
    /// Whether it was imported, not to be paid.
    pub imported: bool,
}

/// What a person said of a play.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HeldDecision {
    /// The source of the play.
    pub source: String,
    /// The play's key.
    pub play_id: Option<String>,
    /// What was said.
    pub said: Said,
    /// By whom.
    pub by: String,
    /// Why.
    pub note: String,
    /// When.
    pub at: UnixMs,
}

/// A decision, or a ruling.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Said {
    /// On a play out of time.
    Decision(Decision),
    /// On any play.
    Ruling(Ruling),
}

impl Deployment {
    /// Judges what the log holds, then reads everything that is held on a user: of one source, or
    /// of all.
    ///
    /// # Errors
    /// [`ReadError`].
    pub async fn export_person(
        &self,
        user: &str,
        source: Option<&str>,
    ) -> Result<PersonExport, ReadError> {
        self.settle_for_reading().await?;
        let account = self.account_of(user, source).await?;
        let user = account.as_ref().map_or(user, |held| &held.account.made.account_id);
        let mut export = PersonExport {
            user_id: user.to_owned(),
            exported_at: self.clock.now(),
            account: account.clone(),
            collection: None,
            identities: Vec::new(),
            reports: Vec::new(),
            plays: Vec::new(),
            decisions: Vec::new(),
            counted: 0,
            complete: true,
        };
        if account.is_some() {
            let (collection, complete) = self.held_collection(user).await?;
            export.collection = Some(collection);
            export.complete = complete;
        }
        let pseudonyms = self.pseudonyms.names_of(user).await?;
        let mut names: Vec<Name> = pseudonyms
            .iter()
            .filter(|(of, _)| source.is_none_or(|source| source == of.as_str()))
            .map(|(of, user)| Name { user: user.clone(), source: Some(of.clone()), listener: true })
            .collect();
        let source = source.map(str::to_owned);
        names.push(Name { user: user.to_owned(), source, listener: false });
        let applied = self.applied_to();
        for name in names {
            let Ok(user) = UserId::new(&name.user) else { continue };
            let shard = listener_of_user(&self.key, user).shard();
            let of = applied[usize::from(shard.partition(self.log.partitions()).0)];
            let (log, readers, key) = (self.log.clone(), self.readers.clone(), self.key);
            let wanted = name.clone();
            let read = apart(&*self.drive, move || Held::read(&*log, &readers, &key, of, &wanted));
            let held = read.await.ok_or_else(ReadError::broken_off)??;
            held.add_to(&mut export, name);
        }
        export.identities.sort_unstable();
        let counted = export.plays.iter().filter(|play| play.status == Status::Counted);
        export.counted = counted.count() as u64;
        Ok(export)
    }
}

impl Deployment {
    /// The account that is meant by its id; or by its name, where accounts are asked for: a user of another
    /// source may be called the same.
    pub(super) async fn account_of(
        &self,
        user: &str,
        source: Option<&str>,
    ) -> Result<Option<HeldAccount>, StoreError> {
        let access = self.access();
        let store = access.account_store();
        let found = match source {
            None => store.account(user).await?,
            Some(ACCOUNTS) => match store.account(user).await? {
                None => access.account_named(user).await?,
                found => found,
            },
            Some(_) => None,
        };
        let Some(account) = found else { return Ok(None) };
        let id = &account.made.account_id;
        let app_passwords = store.app_passwords(id).await?;
        let sessions = access.sessions_of(id).await?;
        Ok(Some(HeldAccount { account, app_passwords, sessions }))
    }
}

impl Deployment {
    /// What an account keeps, and whether that is all.
    async fn held_collection(&self, account: &str) -> Result<(HeldCollection, bool), StoreError> {
        let store = self.collection().store();
        let mut held = HeldCollection { queue: store.queue(account).await?, ..Default::default() };
        for kind in SavedKind::ALL {
            let saved = store.saved(account, *kind, None, SAVED_MAX).await?;
            held.saved.extend(saved.into_iter().map(|saved| (*kind, saved)));
        }
        let mut items = 0;
        for playlist in store.playlists_of(account, None, PLAYLISTS_MAX).await? {
            if items >= ITEMS_MAX {
                return Ok((held, false));
            }
            let of = store.items(&playlist.made.playlist_id, None, playlists::ITEMS_MAX).await?;
            items += of.len();
            held.playlists.push((playlist, of));
        }
        Ok((held, true))
    }
}

/// What a person may be called in the logs.
#[derive(Debug, Clone)]
struct Name {
    user: String,
    source: Option<String>,
    /// Whether it is a pseudonym that the person is tied to.
    listener: bool,
}

impl Name {
    fn has(&self, identity: &PlayIdentity<'_>) -> bool {
        let source = identity.source.as_str();
        identity.user.is_some_and(|user| user.as_str() == self.user)
            && self.source.as_ref().is_none_or(|wanted| wanted == source)
    }

    fn reported(&self, report: &ReportRecord<'_>) -> bool {
        report.user.is_some_and(|user| user.as_str() == self.user)
            && self.source.as_ref().is_none_or(|source| *source == *report.source.as_str())
    }
}

#[derive(Default)]
struct Held {
    reports: Vec<HeldReport>,
    plays: Vec<PlayView>,
    decisions: Vec<HeldDecision>,
    sources: BTreeSet<String>,
    complete: bool,
}

impl Held {
    fn read(
        log: &dyn ReportLog,
        readers: &Readers,
        key: &HashKey,
        of: AppliedTo,
        name: &Name,
    ) -> Result<Self, LogError> {
        let mut held = Self { complete: true, ..Self::default() };
        held.read_reports(log, key, of, name)?;
        held.read_plays(readers, of, name)?;
        Ok(held)
    }

    // Their verdicts are judged again: by a partition that is given this name's records only.
    fn read_reports(
        &mut self,
        log: &dyn ReportLog,
        key: &HashKey,
        of: AppliedTo,
        name: &Name,
    ) -> Result<(), LogError> {
        let (mut partition, mut memory) = (Partition::new(*key), InMemory::default());
        for_each_record(log, of.partition, of.position, &mut |position, frame_at, record| {
            let concerns = match record {
                LogRecord::Report(report) => name.reported(report),
                LogRecord::Adjudicated(decided) => name.has(&decided.play),
                LogRecord::FraudRuling(ruled) => name.has(&ruled.play),
                LogRecord::TrackFact(_) => true,
                LogRecord::Tick(_) | LogRecord::DeviceFact(_) => false,
            };
            if !concerns {
                return Ok(());
            }
            // A ruling is no part of a verdict.
            let verdict = match record {
                LogRecord::FraudRuling(_) => None,
                record => partition.apply(position, frame_at, record, &mut memory)?,
            };
            self.take(of.partition, position, frame_at, record, verdict);
            Ok(())
        })
    }

    fn take(
        &mut self,
        partition: PartitionId,
        position: Position,
        frame_at: UnixMs,
        record: &LogRecord<'_>,
        verdict: Option<Verdict>,
    ) {
        if self.reports.len() + self.decisions.len() >= ITEMS_MAX {
            self.complete = false;
            return;
        }
        match record {
            LogRecord::Report(report) => {
                self.sources.insert(report.source.as_str().to_owned());
                let verdict = verdict.expect("every report has a verdict");
                let at = received_at(report, frame_at);
                self.reports.push(held_report(report, partition, position, at, verdict));
            }
            LogRecord::Adjudicated(decided) => {
                let said = Said::Decision(decided.decision);
                self.decisions.push(held_decision(
                    &decided.play,
                    said,
                    decided.by,
                    decided.note,
                    decided.at,
                ));
            }
            LogRecord::FraudRuling(ruled) => {
                let said = Said::Ruling(ruled.ruling);
                self.decisions.push(held_decision(
                    &ruled.play,
                    said,
                    ruled.by,
                    ruled.note,
                    ruled.at,
                ));
            }
            LogRecord::Tick(_) | LogRecord::TrackFact(_) | LogRecord::DeviceFact(_) => {}
        }
    }

    fn read_plays(
        &mut self,
        readers: &Readers,
        of: AppliedTo,
        name: &Name,
    ) -> Result<(), LogError> {
        let mut standing = BTreeMap::new();
        readers.for_each(of.partition, 0, of.plays_bytes, &mut |address, play| {
            if !name.has(&play.identity) {
                return;
            }
            if let Some(previous) = play.previous {
                standing.remove(&previous);
            }
            if standing.len() < ITEMS_MAX {
                standing.insert(address, view_of(play, of.partition));
            } else {
                self.complete = false;
            }
        })?;
        self.plays = standing.into_values().collect();
        Ok(())
    }

    fn add_to(self, export: &mut PersonExport, name: Name) {
        match name {
            Name { user, source: Some(source), listener: true } => {
                export.identities.push(HeldIdentity { source, listener_id: Some(user) });
            }
            _ => {
                let under = |source| HeldIdentity { source, listener_id: None };
                export.identities.extend(self.sources.into_iter().map(under));
            }
        }
        export.reports.extend(self.reports);
        export.plays.extend(self.plays);
        export.decisions.extend(self.decisions);
        export.complete &= self.complete;
    }
}

fn held_report(
    report: &ReportRecord<'_>,
    partition: PartitionId,
    position: Position,
    received_at: UnixMs,
    verdict: Verdict,
) -> HeldReport {
    let text = |text: &str| text.to_owned();
    HeldReport {
        source: text(report.source.as_str()),
        partition,
        position,
        received_at,
        verdict,
        play_id: report.play_id.map(|id| text(id.as_str())),
        track_id: text(report.track.as_str()),
        listened_ms: report.listened_ms,
        started_at: report.started_at,
        sent_at: report.sent_at,
        event: report.event,
        completed: report.completed,
        session_id: report.session.map(|id| text(id.as_str())),
        device_id: report.device.map(|id| text(id.as_str())),
        quality: report.quality.map(|quality| text(quality.as_str())),
        offline: report.offline,
        context: report.context.map(|of| (text(of.kind.as_str()), text(of.id.as_str()))),
        tier: report.tier.map(|tier| text(tier.as_str())),
        territory: report.territory.map(|territory| text(territory.as_str())),
        preview: report.preview,
        imported: report.imported,
    }
}

fn held_decision(
    play: &PlayIdentity<'_>,
    said: Said,
    by: &str,
    note: &str,
    at: UnixMs,
) -> HeldDecision {
    HeldDecision {
        source: play.source.as_str().to_owned(),
        play_id: play.key.play_id().map(|id| id.as_str().to_owned()),
        said,
        by: by.to_owned(),
        note: note.to_owned(),
        at,
    }
}
