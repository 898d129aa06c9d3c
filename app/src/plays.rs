//! One play, with all that ever happened to it.

use ledgerline_counting::identity::listener_of_user;
use ledgerline_counting::status::threshold_ms;
use ledgerline_ids::{
    DeviceId, HashKey, PartitionId, PlayId, Position, Territory, Tier, UnixMs, UserId,
};
use ledgerline_records::play::{PlayAddress, PlayRecord};
use ledgerline_records::report::PlaybackEvent;
use ledgerline_records::verdict::{Decision, FraudRule, Reason, Ruling, Status, Verdict};

use crate::Deployment;
use crate::deployment::BROKEN_OFF;
use crate::explain::{Logs, verdicts_of};
use crate::ports::drive::apart;
use crate::ports::{LogError, PlaysLogReader};

/// Names a play, as a person does.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PlayRef {
    /// Whose; any source that has such a play where it isn't said.
    pub source: Option<String>,
    /// The listener.
    pub user_id: String,
    /// The player's key of the play.
    pub play_id: String,
}

/// A play as it stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PlayView {
    /// Whose credential its reports came by.
    pub source: String,
    /// The listener; `None` is anonymous.
    pub user_id: Option<String>,
    /// The player's key, where it sent one.
    pub play_id: Option<String>,
    /// The recording.
    pub track_id: String,
    /// Where it stands.
    pub status: Status,
    /// Why, where the status alone doesn't say.
    pub reason: Option<Reason>,
    /// The merged listened time in milliseconds.
    pub listened_ms: u64,
    /// From which listened time on it counts, in milliseconds.
    pub threshold_ms: u64,
    /// The earliest start, corrected.
    pub started_at: UnixMs,
    /// When its first report was received.
    pub first_received_at: UnixMs,
    /// The listener's plan.
    pub tier: Option<String>,
    /// The listener's country.
    pub territory: Option<String>,
    /// The device.
    pub device_id: Option<String>,
    /// The fraud rules that touch it.
    pub rules: Vec<FraudRule>,
    /// What a person ruled on it.
    pub ruling: Option<Ruling>,
    /// What a person decided on it.
    pub decision: Option<Decision>,
    /// Where its reports are.
    pub partition: PartitionId,
    /// Every change of its status, oldest first.
    pub transitions: Vec<TransitionView>,
    /// Every report of it, oldest first, with what became of it. Only where one play is
    /// asked for.
    pub reports: Vec<ReportView>,
}

/// One change of a play's status.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TransitionView {
    /// The same for the same change, whoever computes it: 32 hex digits.
    pub id: String,
    /// 1 is the first.
    pub number: u64,
    /// The status before; `None` for a new play.
    pub from: Option<Status>,
    /// The status after.
    pub to: Status,
    /// Why, where the status alone doesn't say.
    pub reason: Option<Reason>,
    /// When the record that caused it was received.
    pub at: UnixMs,
    /// Where that record stands in the partition's report log.
    pub position: Position,
    /// The version of the rules that judged.
    pub rule_version: u16,
    /// The fraud rules that touched the play then.
    pub rules: Vec<FraudRule>,
}

/// One report of a play.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReportView {
    /// Where it stands in the partition's report log.
    pub position: Position,
    /// When it was received.
    pub received_at: UnixMs,
    /// The listened time that it reports, in milliseconds.
    pub listened_ms: u64,
    /// Why it was sent.
    pub event: Option<PlaybackEvent>,
    /// What became of it.
    pub verdict: Verdict,
}

/// Why no play can be shown.
#[derive(Debug, thiserror::Error)]
pub enum PlayError {
    /// There is none.
    #[error("no play of this user has this play_id")]
    NotFound,
    /// Several sources have one.
    #[error("several sources have such a play; name one of them: {}", sources.join(", "))]
    Ambiguous {
        /// Which.
        sources: Vec<String>,
    },
    /// The log is damaged.
    #[error(transparent)]
    Log(#[from] LogError),
    /// Counting has stopped.
    #[error("counting has stopped: {0}")]
    Stopped(String),
}

/// The newest record of a play, and where it stands.
pub(crate) struct Located {
    pub partition: PartitionId,
    pub source: Box<str>,
    /// What the listener is called in the logs.
    pub user: Box<str>,
    pub address: PlayAddress,
}

impl PlayError {
    /// Reading panicked.
    pub(crate) fn broken_off() -> Self {
        Self::Stopped(BROKEN_OFF.to_owned())
    }
}

impl Deployment {
    /// Judges what the log holds, then shows a play.
    ///
    /// # Errors
    /// [`PlayError`].
    pub async fn play(&self, play: &PlayRef) -> Result<PlayView, PlayError> {
        let located = self.locate(play).await?;
        let reader = self.readers.of(located.partition).clone();
        let sieve = self.readers.sieves_of(located.partition).reports.clone();
        let (log, key) = (self.log.clone(), self.key);
        let read = apart(&*self.drive, move || {
            let mut view = view_at(&*reader, &key, located.partition, located.address)?;
            let logs = Logs {
                partition: located.partition,
                reports: &*log,
                plays: &*reader,
                sieve: &sieve,
            };
            view.reports = verdicts_of(&logs, &key, located.address)?;
            Ok(view)
        });
        read.await.unwrap_or_else(|| Err(PlayError::broken_off()))
    }

    pub(crate) async fn locate(&self, play: &PlayRef) -> Result<Located, PlayError> {
        UserId::new(&play.user_id).map_err(|_| PlayError::NotFound)?;
        PlayId::new(&play.play_id).map_err(|_| PlayError::NotFound)?;
        let tied = self.pseudonyms.names_of(&play.user_id).await;
        let tied = tied.map_err(|error| PlayError::Stopped(error.to_string()))?;
        let wanted = |source: &str| play.source.as_ref().is_none_or(|wanted| wanted == source);
        let mut found = Vec::new();
        for (source, listener) in tied.iter().filter(|(source, _)| wanted(source)) {
            found.extend(self.find(Some(source), listener, &play.play_id).await?);
        }
        found.extend(self.find(play.source.as_deref(), &play.user_id, &play.play_id).await?);
        match found.len() {
            0 => Err(PlayError::NotFound),
            1 => Ok(found.remove(0)),
            _ => Err(PlayError::Ambiguous {
                sources: found.iter().map(|found| found.source.to_string()).collect(),
            }),
        }
    }

    /// The plays of this key and of who has this name in the logs.
    async fn find(
        &self,
        source: Option<&str>,
        user: &str,
        play_id: &str,
    ) -> Result<Vec<Located>, PlayError> {
        let name = UserId::new(user).map_err(|_| PlayError::NotFound)?;
        let shard = listener_of_user(&self.key, name).shard();
        let partition = shard.partition(self.log.partitions());
        let worker = &self.workers[usize::from(partition.0)];
        let end = *self.log.end(partition).borrow();
        match worker.settled(end).await {
            // What another node doesn't commit isn't waited for: then it is as of what is committed.
            Err(_) if worker.only_waits_for_its_owner() => {}
            settled => settled.map(|_| ()).map_err(PlayError::Stopped)?,
        }
        let found = worker.find(source, Some(user), play_id).await;
        let found = found
            .ok_or_else(|| PlayError::Stopped("the counting worker has ended".to_owned()))??;
        let located = |(source, address)| Located { partition, source, user: user.into(), address };
        Ok(found.into_iter().map(located).collect())
    }
}

/// The play whose newest record stands at `address`, without its reports.
pub(crate) fn view_at(
    reader: &dyn PlaysLogReader,
    key: &HashKey,
    partition: PartitionId,
    address: PlayAddress,
) -> Result<PlayView, PlayError> {
    let mut bytes = Vec::new();
    let mut view: Option<PlayView> = None;
    let mut next = Some(address);
    while let Some(address) = next {
        reader.read(address, &mut bytes)?;
        let play = PlayRecord::decode(&bytes).map_err(|error| LogError::Damaged {
            file: format!("plays/{partition}"),
            offset: address.0,
            detail: error.to_string(),
        })?;
        next = play.previous;
        let view = view.get_or_insert_with(|| view_of(&play, partition));
        if play.from != Some(play.to) {
            view.transitions.push(transition_of(&play, key));
        }
    }
    let mut view = view.expect("at least one record was read");
    view.transitions.reverse();
    Ok(view)
}

pub(crate) fn view_of(play: &PlayRecord<'_>, partition: PartitionId) -> PlayView {
    PlayView {
        source: play.identity.source.as_str().to_owned(),
        user_id: play.identity.user.map(|user| user.as_str().to_owned()),
        play_id: play.identity.key.play_id().map(|play_id| play_id.as_str().to_owned()),
        track_id: play.track.as_str().to_owned(),
        status: play.to,
        reason: play.reason,
        listened_ms: play.listened_ms,
        threshold_ms: threshold_ms(play),
        started_at: play.started_at,
        first_received_at: play.first_received_at,
        tier: play.tier.map(Tier::as_str).map(str::to_owned),
        territory: play.territory.map(Territory::as_str).map(str::to_owned),
        device_id: play.device.map(DeviceId::as_str).map(str::to_owned),
        rules: play.rules.iter().collect(),
        ruling: play.ruling,
        decision: play.decision,
        partition,
        transitions: Vec::new(),
        reports: Vec::new(),
    }
}

fn transition_of(play: &PlayRecord<'_>, key: &HashKey) -> TransitionView {
    TransitionView {
        id: transition_id(key, play),
        number: play.number,
        from: play.from,
        to: play.to,
        reason: play.reason,
        at: play.received_at,
        position: play.cause,
        rule_version: play.rule_version,
        rules: play.rules.iter().collect(),
    }
}

/// A transition's id: a hash of the play's identity, of when it was first seen, of the
/// transition's number and of the rule version; never of a position.
#[must_use]
pub fn transition_id(key: &HashKey, play: &PlayRecord<'_>) -> String {
    const TRANSITION: u8 = 9;
    let play_hash = ledgerline_counting::identity::identity_hash(key, &play.identity).0;
    let id = key
        .hasher(TRANSITION)
        .text(&format!("{play_hash:032x}"))
        .number(play.first_received_at.get())
        .number(if cfg!(feature = "canary-transition-id-reused") { 1 } else { play.number })
        .number(u64::from(play.rule_version))
        .finish128();
    format!("{id:032x}")
}
