//! The whole recount of one partition, record by record.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use ledgerline_ids::{Position, UnixMs};
use ledgerline_records::LogRecord;
use ledgerline_records::control::{DeviceFact, Tick, TrackFact};
use ledgerline_records::play::{PlayIdentity, PlayKey};
use ledgerline_records::report::{ReportRecord, TrackStamp};
use ledgerline_records::verdict::{FraudRules, Verdict};

use crate::fraud::{self, Plays};
use crate::lifetime::is_forgotten;
use crate::merge::{Merged, newest_stamp};
use crate::name::Identity;
use crate::play::Play;
use crate::reading::Reading;
use crate::recounted::{Recounted, WatchedReport, add_one};
use crate::status::{Effect, verdict, without_fraud};
use crate::texts::Texts;
use crate::window::{Window, Windows};

/// Recounts one partition: takes its records in log order, then says what they amount to.
#[derive(Debug)]
pub struct PartitionRecount {
    last_tick: Option<Position>,
    /// Whether the last tick has come.
    last_tick_judged: bool,
    /// The greatest time that a tick has told.
    told: UnixMs,
    clock: UnixMs,
    next: Position,
    plays: Plays,
    windows: Windows,
    texts: Texts,
    /// The deployment's list, as it stands.
    bot_devices: BTreeSet<Arc<str>>,
    /// Catalogue facts that were read but not yet brought to their plays.
    unapplied_facts: BTreeMap<Arc<str>, TrackStamp>,
    watched: Option<Identity>,
    recounted: Recounted,
}

impl PartitionRecount {
    /// `last_tick` is the position of the last [`Tick`] among the records that will come,
    /// `None` where there is none: what fraud rules said at earlier ticks no longer
    /// stands, so only that one is worked out.
    #[must_use]
    pub fn new(last_tick: Option<Position>) -> Self {
        Self {
            last_tick,
            last_tick_judged: false,
            told: UnixMs::EPOCH,
            clock: UnixMs::EPOCH,
            next: Position(0),
            plays: Plays::new(),
            windows: Windows::default(),
            texts: Texts::default(),
            bot_devices: BTreeSet::new(),
            unapplied_facts: BTreeMap::new(),
            watched: None,
            recounted: Recounted::default(),
        }
    }

    /// Also notes what became of each report of this play: see [`Recounted::watched`].
    #[must_use]
    pub fn watching(mut self, play: &PlayIdentity<'_>) -> Self {
        self.watched = Some(Identity::from(play));
        self
    }

    /// Takes the next record: where it stands, and when its frame was received. Returns
    /// the verdict on a report, `None` for every other record.
    ///
    /// # Panics
    /// Where a record stands before one that was taken, or a tick after the last tick:
    /// the audit would say something about another log than the one that was counted.
    pub fn record(
        &mut self,
        position: Position,
        frame_received_at: UnixMs,
        record: &LogRecord<'_>,
    ) -> Option<Verdict> {
        assert!(position >= self.next, "the caller hands records over in log order");
        self.next = position.plus(1);
        if !matches!(record, LogRecord::TrackFact(_)) {
            self.apply_facts();
        }
        self.move_clock(frame_received_at, record);
        match record {
            LogRecord::Report(report) => {
                return Some(self.report(position, frame_received_at, report));
            }
            LogRecord::Tick(tick) => self.tick(position, *tick),
            LogRecord::TrackFact(fact) => self.track_fact(fact),
            LogRecord::DeviceFact(fact) => self.device_fact(fact),
            LogRecord::Adjudicated(decided) => {
                if let Some(play) = self.newest_play(&Identity::from(&decided.play)) {
                    play.decision = Some(decided.decision);
                }
            }
            LogRecord::FraudRuling(ruled) => {
                if let Some(play) = self.newest_play(&Identity::from(&ruled.play)) {
                    play.ruling = Some(ruled.ruling);
                }
            }
        }
        None
    }

    /// What the records amount to.
    ///
    /// # Panics
    /// Where the last tick has not come: fraud rules would be missing from the result.
    #[must_use]
    pub fn finish(mut self) -> Recounted {
        assert!(self.last_tick.is_none() || self.last_tick_judged, "the last tick is in the log");
        self.apply_facts();
        self.recounted.clock = self.clock;
        // Each play is taken out before its result is put in, so that two million plays
        // are never in memory twice.
        while let Some((identity, incarnations)) = self.plays.pop_first() {
            self.recounted.add_plays(&identity, incarnations);
        }
        self.recounted
    }

    /// *Receive time*: the greatest receive time of a record that is not a backfilled
    /// report, and of every tick.
    fn move_clock(&mut self, frame_received_at: UnixMs, record: &LogRecord<'_>) {
        match record {
            LogRecord::Report(report) => {
                let reading = Reading::of(report, frame_received_at);
                if !reading.is_backfill() {
                    self.clock = self.clock.max(reading.received_at);
                }
            }
            LogRecord::Tick(tick) => self.clock = self.clock.max(frame_received_at).max(tick.at),
            _ => self.clock = self.clock.max(frame_received_at),
        }
    }

    fn report(
        &mut self,
        position: Position,
        frame_received_at: UnixMs,
        report: &ReportRecord<'_>,
    ) -> Verdict {
        let reading = Reading::of(report, frame_received_at);
        let identity = self.identity(&reading);
        let watched = self.watched.as_ref() == Some(&identity);
        let clock = self.clock;
        let report_alone = Merged::of(&reading, &mut self.texts);

        let incarnations = self.plays.entry(identity.clone()).or_default();
        let open = incarnations.last_mut().filter(|play| {
            play.backfill || !is_forgotten(&identity, play.first_received_at, clock)
        });
        let verdict = match open {
            Some(play) => add_report(play, report_alone, clock),
            None => {
                let (play, verdict) = open_play(&reading, report_alone, clock);
                // Nearly every identity has one play: room for more would be wasted.
                incarnations.reserve_exact(1);
                incarnations.push(play);
                verdict
            }
        };

        let hour = reading.received_at.hour();
        add_one(&mut self.recounted.counts.accepted, hour);
        add_one(&mut self.recounted.counts.verdicts, (hour, verdict));
        if watched {
            self.recounted.watched.push(WatchedReport {
                position,
                received_at: reading.received_at,
                incarnation: u32::try_from(incarnations.len()).unwrap_or(u32::MAX),
                verdict,
                listened_ms: report.listened_ms,
            });
        }
        verdict
    }

    /// *Identity.*
    fn identity(&mut self, reading: &Reading<'_>) -> Identity {
        let report = reading.report;
        let (track, place) = (report.track, reading.place());
        let key = if let Some(play_id) = report.play_id {
            PlayKey::Keyed(play_id)
        } else if let Some(started_at) = report.started_at {
            PlayKey::Started { track, place, started_at }
        } else {
            let window = self.windows.window_of(reading, self.clock);
            let Window { opened_at, ordinal, .. } = window;
            PlayKey::Window { track, place, opened_at, ordinal }
        };
        let identity = PlayIdentity { source: report.source, user: report.user, key };
        Identity::of(&identity, &mut self.texts)
    }

    fn tick(&mut self, position: Position, tick: Tick) {
        assert!(Some(position) <= self.last_tick, "the caller found the last tick");
        self.told = self.told.max(tick.at);
        if Some(position) == self.last_tick {
            fraud::judge(&mut self.plays, self.told, self.clock, &self.bot_devices);
            self.last_tick_judged = true;
        }
    }

    /// Facts come in their thousands, one delivery in a row; they are brought to their
    /// plays in one pass, before the next record of another kind.
    fn track_fact(&mut self, fact: &TrackFact<'_>) {
        let known = self.unapplied_facts.entry(fact.track.as_str().into()).or_insert(fact.stamp);
        *known = newest_stamp(*known, fact.stamp);
    }

    fn apply_facts(&mut self) {
        if self.unapplied_facts.is_empty() {
            return;
        }
        for (identity, plays) in &mut self.plays {
            // A play without a listener is never paid, whatever is learnt of its track.
            if identity.user.is_none() {
                continue;
            }
            for play in plays {
                if let Some(stamp) = self.unapplied_facts.get(&play.merged.track) {
                    play.merged.stamp = newest_stamp(play.merged.stamp, *stamp);
                }
            }
        }
        self.unapplied_facts.clear();
    }

    fn device_fact(&mut self, fact: &DeviceFact<'_>) {
        if fact.listed {
            self.bot_devices.insert(fact.device.as_str().into());
        } else {
            self.bot_devices.remove(fact.device.as_str());
        }
    }

    /// The play that a person means. Its key may be forgotten: the play is not.
    /// An anonymous play is never paid, so there is nothing to decide on it.
    fn newest_play(&mut self, identity: &Identity) -> Option<&mut Play> {
        identity.user.as_ref()?;
        self.plays.get_mut(identity)?.last_mut()
    }
}

fn open_play(reading: &Reading<'_>, merged: Merged, clock: UnixMs) -> (Play, Verdict) {
    let play = Play {
        merged,
        first_received_at: reading.received_at,
        reports: 1,
        backfill: reading.is_backfill(),
        anonymous: reading.report.user.is_none(),
        decision: None,
        ruling: None,
        rules: FraudRules::NONE,
    };
    let verdict = verdict(&Effect {
        report_sound: play.merged.sound,
        play_sound: play.merged.sound,
        changed: true,
        before: None,
        after: without_fraud(&play, clock).status,
    });
    (play, verdict)
}

fn add_report(play: &mut Play, report: Merged, clock: UnixMs) -> Verdict {
    let report_sound = report.sound;
    let merged_before = play.merged.clone();
    let before = without_fraud(play, clock).status;
    play.merged = merged_before.clone().join(report);
    play.reports += 1;
    verdict(&Effect {
        report_sound,
        play_sound: play.merged.sound,
        changed: play.merged != merged_before,
        before: Some(before),
        after: without_fraud(play, clock).status,
    })
}
