//! The result of a recount: plays, and the counts that can be made of them.

use std::collections::BTreeMap;
use std::sync::Arc;

use ledgerline_ids::{HourNo, Position, UnixMs};
use ledgerline_records::verdict::{Decision, FraudRules, Reason, Ruling, Status, Verdict};

use crate::name::{Identity, PlayName};
use crate::play::Play;
use crate::status::with_fraud;

/// What the records of one partition amount to.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Recounted {
    /// The partition's clock after the last record.
    pub clock: UnixMs,
    /// Every play, with its status at that clock.
    pub plays: BTreeMap<PlayName, RecountedPlay>,
    /// What was counted along the way.
    pub counts: Counts,
    /// The reports of the play that was watched, in log order.
    pub watched: Vec<WatchedReport>,
}

/// Counts of reports and plays. Those of several partitions may be added up.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Counts {
    /// Accepted reports, by the hour in which each was received.
    pub accepted: BTreeMap<HourNo, u64>,
    /// Verdicts on them, by the same hour.
    pub verdicts: BTreeMap<(HourNo, Verdict), u64>,
    /// Statuses of plays, by the hour in which the play's first report was received.
    pub statuses: BTreeMap<(HourNo, Status), u64>,
    /// Plays with status `counted`.
    pub counted: Counted,
}

/// Tallies of counted plays, each over the same plays.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Counted {
    /// By recording.
    pub by_track: BTreeMap<String, u64>,
    /// By listener. The same user id at two sources is one row.
    pub by_user: BTreeMap<String, u64>,
    /// By country; plays without one under the empty text.
    pub by_territory: BTreeMap<String, u64>,
    /// By plan; plays without one under the empty text.
    pub by_tier: BTreeMap<String, u64>,
    /// By the UTC day of the start, such as `2026-03-01`.
    pub by_day: BTreeMap<String, u64>,
}

/// A play as it stands after the last record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RecountedPlay {
    /// Where it stands.
    pub status: Status,
    /// Why, where the status alone doesn't say.
    pub reason: Option<Reason>,
    /// The greatest listened time reported, in milliseconds.
    pub listened_ms: u64,
    /// The earliest start reported, corrected.
    pub started_at: UnixMs,
    /// The recording; of several, the least in byte order.
    pub track: Arc<str>,
    /// The listener's plan, by the least report.
    pub tier: Option<Arc<str>>,
    /// The listener's country, by the least report.
    pub territory: Option<Arc<str>>,
    /// The device, by the least report.
    pub device: Option<Arc<str>>,
    /// When the play's first report was received.
    pub first_received_at: UnixMs,
    /// The fraud rules that touched it at the last tick.
    pub rules: FraudRules,
    /// What a person ruled on it.
    pub ruling: Option<Ruling>,
    /// What a person decided on it, where no report came in time.
    pub decision: Option<Decision>,
    /// How many reports it has had.
    pub reports: u64,
}

/// What became of one report of the play that was watched.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct WatchedReport {
    /// Where it stands in the log.
    pub position: Position,
    /// When it was received.
    pub received_at: UnixMs,
    /// Which play of that identity it went to: see [`PlayName::incarnation`].
    pub incarnation: u32,
    /// What became of it.
    pub verdict: Verdict,
    /// The listened time that it reported.
    pub listened_ms: u64,
}

impl Recounted {
    pub(crate) fn add_plays(&mut self, identity: &Identity, incarnations: Vec<Play>) {
        for (incarnation, play) in (1..).zip(incarnations) {
            let name = PlayName { identity: identity.clone(), incarnation };
            let play = RecountedPlay::of(play, self.clock);
            self.counts.add_play(&name, &play);
            self.plays.insert(name, play);
        }
    }
}

impl RecountedPlay {
    fn of(play: Play, clock: UnixMs) -> Self {
        let standing = with_fraud(&play, clock);
        Self {
            status: standing.status,
            reason: standing.reason,
            listened_ms: play.merged.listened_ms,
            started_at: play.merged.started_at,
            track: play.merged.track,
            tier: play.merged.least.tier,
            territory: play.merged.least.territory,
            device: play.merged.least.device,
            first_received_at: play.first_received_at,
            rules: play.rules,
            ruling: play.ruling,
            decision: play.decision,
            reports: play.reports,
        }
    }
}

impl Counts {
    /// Adds the counts of another partition.
    pub fn add(&mut self, other: &Self) {
        add_all(&mut self.accepted, &other.accepted);
        add_all(&mut self.verdicts, &other.verdicts);
        add_all(&mut self.statuses, &other.statuses);
        add_all(&mut self.counted.by_track, &other.counted.by_track);
        add_all(&mut self.counted.by_user, &other.counted.by_user);
        add_all(&mut self.counted.by_territory, &other.counted.by_territory);
        add_all(&mut self.counted.by_tier, &other.counted.by_tier);
        add_all(&mut self.counted.by_day, &other.counted.by_day);
    }

    fn add_play(&mut self, name: &PlayName, play: &RecountedPlay) {
        add_one(&mut self.statuses, (play.first_received_at.hour(), play.status));
        if play.status != Status::Counted {
            return;
        }
        let counted = &mut self.counted;
        let text = |text: &Option<Arc<str>>| text.as_deref().unwrap_or("").to_owned();
        add_one(&mut counted.by_track, play.track.to_string());
        add_one(&mut counted.by_user, text(&name.identity.user));
        add_one(&mut counted.by_territory, text(&play.territory));
        add_one(&mut counted.by_tier, text(&play.tier));
        add_one(&mut counted.by_day, play.started_at.day().to_string());
    }
}

pub(crate) fn add_one<K: Ord>(counts: &mut BTreeMap<K, u64>, key: K) {
    *counts.entry(key).or_default() += 1;
}

fn add_all<K: Ord + Clone>(counts: &mut BTreeMap<K, u64>, others: &BTreeMap<K, u64>) {
    for (key, count) in others {
        *counts.entry(key.clone()).or_default() += count;
    }
}
