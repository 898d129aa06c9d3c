//! What the rules saw when a play was kept back, and what they would see now.
//!
//! The evidence of then is the listener's plays as the plays log had them at the record that kept
//! the play back: records with a later cause are left out. So the same rules on it find the same.

use ledgerline_counting::fraud::{Candidate, measure};
use ledgerline_counting::rules::{FRAUD_LIMITS, RULE_VERSION};
use ledgerline_counting::status::{is_candidate, without_fraud};
use ledgerline_ids::{PartitionId, Position, UnixMs};
use ledgerline_records::play::{PlayAddress, PlayKey, PlayRecord};
use ledgerline_records::report::Producer;
use ledgerline_records::verdict::{FraudRule, FraudRules, Status};
use sha2::{Digest, Sha256};
use std::collections::{BTreeMap, BTreeSet};

use super::AppealError;
use crate::counts::AppliedTo;
use crate::deployment::ReadError;
use crate::money::sentences::rule_found;
use crate::ports::appeals::{AppealedPlay, Finding, RuleFinding};
use crate::reading::Readers;

/// A play that is appealed against.
#[derive(Debug, Clone)]
pub(super) struct Appealed {
    pub partition: PartitionId,
    pub source: String,
    pub user_id: String,
    pub play_id: String,
}

/// The most bytes of the records of all listeners of an appeal.
const HISTORY_BYTES_MAX: usize = 512 << 20;

/// Every record of one listener's plays, in the order of the log.
type History = Vec<(PlayAddress, Vec<u8>)>;

/// Runs the rules for each play, on its evidence of then and of now. `listed` are the devices that
/// are on the list now.
pub(super) fn examine(
    readers: &Readers,
    of: &[AppliedTo],
    appealed: &[Appealed],
    listed: &BTreeSet<String>,
) -> Result<Vec<AppealedPlay>, AppealError> {
    let mut examined = Vec::new();
    for applied in of {
        let mine: Vec<&Appealed> =
            appealed.iter().filter(|play| play.partition == applied.partition).collect();
        if mine.is_empty() {
            continue;
        }
        let histories = histories(readers, applied, &mine)?;
        for play in mine {
            let history = &histories[&play.source][&play.user_id];
            examined.push(examine_one(play, history, applied, listed)?);
        }
    }
    Ok(examined)
}

/// By source, then by listener.
type Histories = BTreeMap<String, BTreeMap<String, History>>;

fn histories(
    readers: &Readers,
    applied: &AppliedTo,
    plays: &[&Appealed],
) -> Result<Histories, AppealError> {
    let mut histories = Histories::new();
    for play in plays {
        let of_source = histories.entry(play.source.clone()).or_default();
        of_source.entry(play.user_id.clone()).or_default();
    }
    let mut size = 0_usize;
    let mut each = |address, record: &PlayRecord<'_>| {
        let of_source = histories.get_mut(record.identity.source.as_str());
        let user = record.identity.user;
        let history = of_source.zip(user).and_then(|(users, user)| users.get_mut(user.as_str()));
        if let Some(history) = history
            && size <= HISTORY_BYTES_MAX
        {
            let mut bytes = Vec::new();
            record.encode(&mut bytes);
            size += bytes.len();
            history.push((address, bytes));
        }
    };
    let read = readers.for_each(applied.partition, 0, applied.plays_bytes, &mut each);
    read.map_err(ReadError::from)?;
    if size > HISTORY_BYTES_MAX {
        return Err(AppealError::TooMuchEvidence(HISTORY_BYTES_MAX));
    }
    Ok(histories)
}

fn examine_one(
    play: &Appealed,
    history: &History,
    applied: &AppliedTo,
    listed: &BTreeSet<String>,
) -> Result<AppealedPlay, AppealError> {
    let records: Vec<(PlayAddress, PlayRecord<'_>)> = history
        .iter()
        .map(|(address, bytes)| (*address, PlayRecord::decode(bytes).expect("it was just encoded")))
        .collect();
    let is_it = |record: &PlayRecord<'_>| {
        record.identity.key.play_id().is_some_and(|id| id.as_str() == play.play_id)
    };
    let own: Vec<&PlayRecord<'_>> =
        records.iter().map(|(_, record)| record).filter(|record| is_it(record)).collect();
    let kept_back = |record: &PlayRecord<'_>| matches!(record.to, Status::Held | Status::Excluded);
    let newest = own.last().filter(|record| kept_back(record));
    let newest = newest
        .ok_or(AppealError::NotKeptBack(own.last().map_or(Status::Pending, |record| record.to)))?;
    let turned = own.iter().rev().find(|record| record.from != Some(record.to));
    let turned = turned.expect("a play's first record changes its status");
    let then = View::of(&records, turned.cause, turned.received_at, None);
    let end = Position(applied.position.0.saturating_sub(1));
    let now = View::of(&records, end, UnixMs::MAX, Some(listed));
    Ok(AppealedPlay {
        source: play.source.clone(),
        user_id: play.user_id.clone(),
        play_id: play.play_id.clone(),
        track_id: newest.track.as_str().to_owned(),
        started_at: newest.started_at.to_string(),
        status: newest.to.as_str().to_owned(),
        kept_back_at: turned.received_at.to_string(),
        rules_then: turned.rules.iter().map(|rule| rule.as_str().to_owned()).collect(),
        then: then.finding(&is_it, turned.rules),
        now: now.finding(&is_it, turned.rules),
    })
}

/// A listener's candidate plays as of one position, sorted by start and identity.
struct View<'r> {
    position: Position,
    first_seen_at: UnixMs,
    plays: Vec<PlayRecord<'r>>,
    candidates: Vec<Candidate>,
}

impl<'r> View<'r> {
    /// `watermark` is what a tick there tells. Without a list of devices, a device was on it where
    /// the log says so.
    fn of(
        records: &[(PlayAddress, PlayRecord<'r>)],
        position: Position,
        watermark: UnixMs,
        listed: Option<&BTreeSet<String>>,
    ) -> Self {
        let mut standing: BTreeMap<PlayAddress, &PlayRecord<'r>> = BTreeMap::new();
        for (address, record) in records.iter().filter(|(_, record)| record.cause <= position) {
            if let Some(previous) = record.previous {
                standing.remove(&previous);
            }
            standing.insert(*address, record);
        }
        let first_seen_at = standing.values().map(|record| record.first_received_at).min();
        let mut plays: Vec<PlayRecord<'r>> = standing
            .into_values()
            .filter(|record| {
                let due = record.producer == Producer::Backfill || record.started_at <= watermark;
                due && is_candidate(without_fraud(record, watermark).0)
            })
            .copied()
            .collect();
        plays.sort_by(|a, b| (a.started_at, a.identity).cmp(&(b.started_at, b.identity)));
        let mut tracks: BTreeMap<&str, u64> = BTreeMap::new();
        let candidates = plays.iter().map(|play| {
            let next = tracks.len() as u64;
            Candidate {
                started_at: play.started_at,
                track: *tracks.entry(play.track.as_str()).or_insert(next),
                listened_ms: play.listened_ms,
                listed_device: match listed {
                    None => play.rules.contains(FraudRule::BotDevice),
                    Some(listed) => play.device.is_some_and(|id| listed.contains(id.as_str())),
                },
            }
        });
        let candidates = candidates.collect();
        let first_seen_at = first_seen_at.unwrap_or(UnixMs::MAX);
        Self { position, first_seen_at, plays, candidates }
    }

    /// What the rules find of one play: those that hold, and those that held.
    fn finding(&self, is_it: &dyn Fn(&PlayRecord<'_>) -> bool, held: FraudRules) -> Finding {
        let mut finding = Finding {
            rule_version: RULE_VERSION,
            position: self.position.0,
            rules: Vec::new(),
            plays: 0,
            evidence_sha256: hex(&Sha256::digest([])),
        };
        // The newest of several plays that bore this key.
        let Some(index) = self.plays.iter().rposition(is_it) else { return finding };
        let measurement = measure(&self.candidates, index, self.first_seen_at, &FRAUD_LIMITS);
        let owned = |named: &[(&'static str, u64)]| {
            named.iter().map(|(name, number)| ((*name).to_owned(), *number)).collect()
        };
        let of_interest =
            measurement.rules.iter().filter(|found| found.holds || held.contains(found.rule));
        finding.rules = of_interest
            .map(|found| RuleFinding {
                rule: found.rule.as_str().to_owned(),
                holds: found.holds,
                figures: owned(&found.figures),
                limits: owned(&found.limits),
                sentence: rule_found(found),
            })
            .collect();
        finding.plays = measurement.looked_at.len() as u64;
        let mut hash = Sha256::new();
        for at in measurement.looked_at {
            hash.update(evidence_line(&self.plays[at], &self.candidates[at]));
        }
        finding.evidence_sha256 = hex(&hash.finalize());
        finding
    }
}

/// A play as the digest of evidence takes it.
fn evidence_line(play: &PlayRecord<'_>, candidate: &Candidate) -> String {
    let key = match play.identity.key {
        PlayKey::Keyed(id) => format!("key {}", id.as_str()),
        PlayKey::Started { started_at, .. } => format!("started {}", started_at.get()),
        PlayKey::Window { opened_at, ordinal, .. } => {
            format!("window {} {ordinal}", opened_at.get())
        }
    };
    format!(
        "{}\t{}\t{}\t{}\t{key}\n",
        play.started_at.get(),
        play.track.as_str(),
        play.listened_ms,
        candidate.listed_device
    )
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
