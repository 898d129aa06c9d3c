//! Plays that fraud rules or people keep back, with the evidence, and people's rulings.

use ledgerline_counting::rules::{FRAUD_LIMITS, RULE_VERSION};
use ledgerline_records::LogRecord;
use ledgerline_records::control::FraudRuling;
use ledgerline_records::play::PlayRecord;
use ledgerline_records::verdict::{FraudRule, Ruling, Status};
use std::sync::Arc;

use crate::Deployment;
use crate::access::own::Own;
use crate::adjudication::{DecideError, NOTE_BYTES_MAX};
use crate::counts::AppliedTo;
use crate::deployment::ReadError;
use crate::listing::{Page, Wanted, list};
use crate::money::sentences::{how_to_appeal, rule_meaning};
use crate::plays::{PlayRef, PlayView};
use crate::ports::drive::apart;
use crate::reading::Readers;

/// A play that is kept back, and why.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FraudCase {
    /// The play, without its transitions and reports.
    pub play: PlayView,
    /// The version of the rules.
    pub rule_version: u16,
    /// What each rule found, for the rules that touch it.
    pub evidence: Vec<Evidence>,
    /// How to appeal, as a sentence.
    pub appeal: String,
}

/// What a rule found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Evidence {
    /// Which rule.
    pub rule: FraudRule,
    /// The numbers that it has, by name.
    pub parameters: Vec<(&'static str, u64)>,
    /// What it means, as a sentence.
    pub explanation: String,
    /// The listener's plays that the rule marks, this one among them: in the same hour,
    /// day or run; those that the caller sees.
    pub plays: Vec<EvidencePlay>,
    /// How many they are; at most [`EVIDENCE_MAX`] of them are listed.
    pub plays_total: u64,
}

/// A play that is part of the evidence.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EvidencePlay {
    /// The player's key, where it sent one.
    pub play_id: Option<String>,
    /// The recording.
    pub track_id: String,
    /// When it started.
    pub started_at: ledgerline_ids::UnixMs,
    /// The merged listened time in milliseconds.
    pub listened_ms: u64,
}

/// How many plays are listed as evidence of one rule.
pub const EVIDENCE_MAX: usize = 20;

impl Deployment {
    /// The plays that are held or excluded and that the caller sees, in the order of their
    /// partitions and of their last change. Of the evidence only the caller's own plays are
    /// listed; all of it is counted.
    ///
    /// # Errors
    /// [`ReadError`].
    pub async fn fraud(
        &self,
        own: Own,
        limit: usize,
        after: Option<&str>,
    ) -> Result<Page<FraudCase>, ReadError> {
        self.settle_for_reading().await?;
        let of = self.applied_to();
        let kept_back = &[Status::Held, Status::Excluded];
        let own = Arc::new(own);
        let seen = own.clone();
        let wanted = Wanted { statuses: kept_back, of: move |track: &str| seen.track(track) };
        let page = list(&*self.drive, &self.readers, &of, wanted, limit, after).await?;
        let (readers, plays) = (self.readers.clone(), page.items);
        let read = apart(&*self.drive, move || with_evidence(&readers, &of, &own, plays));
        let items = read.await.ok_or_else(ReadError::broken_off)??;
        Ok(Page { items, next: page.next })
    }

    /// Holds, excludes or reinstates a play.
    ///
    /// # Errors
    /// [`DecideError`].
    pub async fn rule(
        &self,
        play: &PlayRef,
        ruling: Ruling,
        by: &str,
        note: &str,
    ) -> Result<PlayView, DecideError> {
        if note.len() > NOTE_BYTES_MAX {
            return Err(DecideError::NoteTooLong);
        }
        let located = self.locate(play).await?;
        let at = self.clock.now();
        self.tell(&located, play, |play| {
            LogRecord::FraudRuling(FraudRuling { play, ruling, by, note, at })
        })
        .await?;
        let located = self.locate(play).await?;
        Ok(self.view(&located)?)
    }
}

/// Finds the evidence of a page of plays in one walk over each partition.
fn with_evidence(
    readers: &Readers,
    of: &[AppliedTo],
    own: &Own,
    plays: Vec<PlayView>,
) -> Result<Vec<FraudCase>, ReadError> {
    let mut cases: Vec<FraudCase> = plays.into_iter().map(case_of).collect();
    for applied in of {
        let mut mine: Vec<&mut FraudCase> =
            cases.iter_mut().filter(|case| case.play.partition == applied.partition).collect();
        if mine.is_empty() {
            continue;
        }
        // Newest records only: a play's earlier ones are struck out by their address.
        let kept_back = &[Status::Held, Status::Excluded];
        let standing = readers.standing_at(applied.partition, applied.plays_bytes, kept_back)?;
        for bytes in standing.values() {
            let record = PlayRecord::decode(bytes).expect("it was just encoded");
            for case in &mut mine {
                add_evidence(case, &record, own);
            }
        }
    }
    if let Own::Of(_) = own {
        cases.iter_mut().for_each(|case| case.play.device_id = None);
    }
    Ok(cases)
}

fn case_of(play: PlayView) -> FraudCase {
    let evidence = play.rules.iter().map(|rule| empty_evidence(*rule)).collect();
    let appeal = how_to_appeal(play.user_id.as_deref(), play.play_id.as_deref());
    FraudCase { play, rule_version: RULE_VERSION, evidence, appeal }
}

fn add_evidence(case: &mut FraudCase, record: &PlayRecord<'_>, own: &Own) {
    let play = &case.play;
    let same_listener = record.identity.source.as_str() == play.source
        && record.identity.user.map(|user| user.as_str()) == play.user_id.as_deref();
    if !same_listener {
        return;
    }
    for evidence in &mut case.evidence {
        let belongs = record.rules.contains(evidence.rule)
            && match evidence.rule {
                FraudRule::Rate => record.started_at.hour() == play.started_at.hour(),
                FraudRule::Loop => record.track.as_str() == play.track_id,
                FraudRule::BotDevice => {
                    record.device.map(|device| device.as_str()) == play.device_id.as_deref()
                }
                FraudRule::FreshLoop | FraudRule::RoundTheClock => {
                    record.started_at.day() == play.started_at.day()
                }
            };
        if belongs {
            evidence.plays_total += 1;
            if evidence.plays.len() < EVIDENCE_MAX && own.track(record.track.as_str()) {
                evidence.plays.push(EvidencePlay {
                    play_id: record.identity.key.play_id().map(|id| id.as_str().to_owned()),
                    track_id: record.track.as_str().to_owned(),
                    started_at: record.started_at,
                    listened_ms: record.listened_ms,
                });
            }
        }
    }
}

fn empty_evidence(rule: FraudRule) -> Evidence {
    let limits = FRAUD_LIMITS;
    let parameters = match rule {
        FraudRule::Rate => vec![("plays_per_hour_max", limits.rate_plays_per_hour as u64)],
        FraudRule::Loop => vec![("plays_in_a_row", limits.loop_plays as u64)],
        FraudRule::BotDevice => Vec::new(),
        FraudRule::FreshLoop => vec![
            ("fresh_ms", limits.fresh_ms),
            ("plays_per_day", limits.fresh_plays_per_day as u64),
            ("share_percent", limits.fresh_share_percent as u64),
        ],
        FraudRule::RoundTheClock => vec![
            ("listened_ms_per_day_max", limits.waking_ms),
            ("plays_per_day_without_skip", limits.unskipped_plays as u64),
        ],
    };
    Evidence {
        rule,
        parameters,
        explanation: rule_meaning(rule).to_owned(),
        plays: Vec::new(),
        plays_total: 0,
    }
}
