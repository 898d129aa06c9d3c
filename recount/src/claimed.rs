//! What we claim, in the shape that the recount has.

use std::collections::BTreeMap;
use std::sync::Arc;

use ledgerline_ids::{Territory, Tier, UnixMs};
use ledgerline_records::play::PlayRecord;
use ledgerline_records::verdict::{FraudRules, Reason, Status};

use crate::name::{Identity, PlayName};
use crate::recounted::Counts;
use crate::texts::Texts;

/// What our plays log and our stores say of one partition.
#[derive(Debug, Clone, Default)]
pub struct Claimed {
    /// Every play: see [`Claimed::take`].
    pub plays: BTreeMap<PlayName, ClaimedPlay>,
    /// The published counts, as the stores have them.
    pub counts: Counts,
    texts: Texts,
}

/// What we claim of one play. The fields are those of
/// [`RecountedPlay`](crate::RecountedPlay).
#[derive(Debug, Clone, PartialEq, Eq)]
#[expect(missing_docs, reason = "the fields are documented where they are recounted")]
pub struct ClaimedPlay {
    pub status: Status,
    pub reason: Option<Reason>,
    pub listened_ms: u64,
    pub started_at: UnixMs,
    pub track: Arc<str>,
    pub tier: Option<Arc<str>>,
    pub territory: Option<Arc<str>>,
    pub first_received_at: UnixMs,
    pub rules: FraudRules,
}

impl Claimed {
    /// What the stores say, before any play of the plays log.
    #[must_use]
    pub fn new(counts: Counts) -> Self {
        Self { plays: BTreeMap::new(), counts, texts: Texts::default() }
    }

    /// Takes the next record of the partition's plays log, in log order: the newest
    /// record of a play is what we claim of it. The counts are left alone, for they are
    /// claims of their own.
    pub fn take(&mut self, record: &PlayRecord<'_>) {
        let name = self.name_of(record);
        let texts = &mut self.texts;
        let play = ClaimedPlay {
            status: record.to,
            reason: record.reason,
            listened_ms: record.listened_ms,
            started_at: record.started_at,
            track: texts.keep(record.track.as_str()),
            tier: texts.keep_some(record.tier.map(Tier::as_str)),
            territory: texts.keep_some(record.territory.map(Territory::as_str)),
            first_received_at: record.first_received_at,
            rules: record.rules,
        };
        self.plays.insert(name, play);
    }

    /// A record with no status before it opens a play; every other one is of the newest
    /// play of its identity that was first received when the record says.
    fn name_of(&mut self, record: &PlayRecord<'_>) -> PlayName {
        let mut name = PlayName::first(Identity::of(&record.identity, &mut self.texts));
        let mut found = None;
        while let Some(play) = self.plays.get(&name) {
            if play.first_received_at == record.first_received_at {
                found = Some(name.incarnation);
            }
            name.incarnation += 1;
        }
        match found {
            Some(incarnation) if record.from.is_some() => PlayName { incarnation, ..name },
            _ => name,
        }
    }
}
