//! The differences between what was recounted and what is claimed.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::{self, Display};

use ledgerline_ids::HourNo;
use ledgerline_records::verdict::{FraudRules, Reason, Status};
use serde::Serialize;

use crate::claimed::{Claimed, ClaimedPlay};
use crate::name::PlayName;
use crate::recounted::{Counts, Recounted, RecountedPlay};

/// No more differences than this are listed: whoever has so many needs the first of them.
pub const DIFFERENCES_MAX: usize = 100;

/// One point on which recount and claim differ. Prints as a sentence.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Difference {
    /// What is spoken of, such as `play a/L1/P1` or `track T1`.
    pub subject: String,
    /// What of it, such as `status` or `counted plays`.
    pub field: &'static str,
    /// What we claim; `None` where we know no such play, tier or territory.
    pub claimed: Option<String>,
    /// What the recount says; `None` where it has none.
    pub recounted: Option<String>,
}

/// Everything on which `ours` differs from the recount: plays first, by name, then the
/// counts. At most [`DIFFERENCES_MAX`] of them.
#[must_use]
pub fn compare(recounted: &Recounted, ours: &Claimed) -> Vec<Difference> {
    let mut found = Differences::default();
    compare_plays(&mut found, recounted, ours);
    found.counts(&ours.counts, &recounted.counts);
    found.list
}

/// The same for counts alone, of one partition or of several added up.
#[must_use]
pub fn compare_counts(recounted: &Counts, ours: &Counts) -> Vec<Difference> {
    let mut found = Differences::default();
    found.counts(ours, recounted);
    found.list
}

impl Display for Difference {
    /// `play a/L1/P1: status is counted, recount says held (rate)`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { subject, field, claimed, recounted } = self;
        let claimed = claimed.as_deref().unwrap_or("missing");
        let recounted = recounted.as_deref().unwrap_or("there is none");
        write!(f, "{subject}: {field} is {claimed}, recount says {recounted}")
    }
}

fn compare_plays(found: &mut Differences, recounted: &Recounted, ours: &Claimed) {
    let names: BTreeSet<&PlayName> = recounted.plays.keys().chain(ours.plays.keys()).collect();
    for name in names {
        if found.is_full() {
            return;
        }
        match (ours.plays.get(name), recounted.plays.get(name)) {
            (Some(claimed), Some(recounted)) => compare_play(found, name, claimed, recounted),
            (claimed, recounted) => {
                let claimed = claimed.map(|c| standing(c.status, c.reason, c.rules));
                let recounted = recounted.map(|r| standing(r.status, r.reason, r.rules));
                found.value(&format!("play {name}"), "status", claimed, recounted);
            }
        }
    }
}

fn compare_play(
    found: &mut Differences,
    name: &PlayName,
    claimed: &ClaimedPlay,
    recounted: &RecountedPlay,
) {
    let same = claimed.status == recounted.status
        && claimed.reason == recounted.reason
        && claimed.rules == recounted.rules
        && claimed.listened_ms == recounted.listened_ms
        && claimed.started_at == recounted.started_at
        && claimed.track == recounted.track
        && claimed.tier == recounted.tier
        && claimed.territory == recounted.territory
        && claimed.first_received_at == recounted.first_received_at;
    if same {
        return;
    }
    let play = &format!("play {name}");
    let (c, r) = (claimed, recounted);
    let status_claimed = standing(c.status, c.reason, c.rules);
    let status_recounted = standing(r.status, r.reason, r.rules);
    if status_claimed != status_recounted {
        found.value(play, "status", Some(status_claimed), Some(status_recounted));
    } else {
        // A reinstated play, say: what touched it doesn't show in its status.
        found.value(play, "rules", Some(rules(c.rules)), Some(rules(r.rules)));
    }
    found.value(play, "listened_ms", Some(c.listened_ms), Some(r.listened_ms));
    found.value(play, "started_at", Some(c.started_at), Some(r.started_at));
    found.value(play, "track", Some(&c.track), Some(&r.track));
    found.value(play, "tier", c.tier.as_ref(), r.tier.as_ref());
    found.value(play, "territory", c.territory.as_ref(), r.territory.as_ref());
    let (first_claimed, first_recounted) = (c.first_received_at, r.first_received_at);
    found.value(play, "first_received_at", Some(first_claimed), Some(first_recounted));
}

/// `held (rate, loop)`, `not_payable (preview)`, `counted`.
fn standing(status: Status, reason: Option<Reason>, touched_by: FraudRules) -> String {
    let by_fraud = matches!(status, Status::Held | Status::Excluded);
    match reason {
        Some(reason) => format!("{status} ({reason})"),
        None if by_fraud && touched_by != FraudRules::NONE => {
            format!("{status} ({})", rules(touched_by))
        }
        None => status.to_string(),
    }
}

fn rules(rules: FraudRules) -> String {
    let names: Vec<&str> = rules.iter().map(|rule| rule.as_str()).collect();
    if names.is_empty() { "none".to_owned() } else { names.join(", ") }
}

/// Plays without one are counted under the empty text.
fn or_dash(name: &str) -> &str {
    if name.is_empty() { "-" } else { name }
}

/// The differences found so far.
#[derive(Default)]
struct Differences {
    list: Vec<Difference>,
}

impl Differences {
    fn is_full(&self) -> bool {
        self.list.len() >= DIFFERENCES_MAX
    }

    fn value<T: PartialEq + Display>(
        &mut self,
        subject: &str,
        field: &'static str,
        claimed: Option<T>,
        recounted: Option<T>,
    ) {
        if claimed != recounted && !self.is_full() {
            self.list.push(Difference {
                subject: subject.to_owned(),
                field,
                claimed: claimed.map(|value| value.to_string()),
                recounted: recounted.map(|value| value.to_string()),
            });
        }
    }

    /// Compares two tallies row by row. A row that isn't there is 0.
    fn tally<K: Ord>(
        &mut self,
        field: &'static str,
        claimed: &BTreeMap<K, u64>,
        recounted: &BTreeMap<K, u64>,
        subject: impl Fn(&K) -> String,
    ) {
        let keys: BTreeSet<&K> = claimed.keys().chain(recounted.keys()).collect();
        for key in keys {
            let claimed = claimed.get(key).copied().unwrap_or(0);
            let recounted = recounted.get(key).copied().unwrap_or(0);
            if claimed != recounted {
                self.value(&subject(key), field, Some(claimed), Some(recounted));
            }
        }
    }

    fn counts(&mut self, claimed: &Counts, recounted: &Counts) {
        let (c, r) = (claimed, recounted);
        let hour = |hour: &HourNo| format!("hour {hour}");
        self.tally("accepted reports", &c.accepted, &r.accepted, hour);
        self.tally("verdicts", &c.verdicts, &r.verdicts, |(hour, verdict)| {
            format!("hour {hour}, {verdict}")
        });
        self.tally("plays", &c.statuses, &r.statuses, |(hour, status)| {
            format!("hour {hour}, {status}")
        });
        let counted = "counted plays";
        let (c, r) = (&claimed.counted, &recounted.counted);
        self.tally(counted, &c.by_track, &r.by_track, |track| format!("track {track}"));
        self.tally(counted, &c.by_user, &r.by_user, |user| format!("user {}", or_dash(user)));
        self.tally(counted, &c.by_territory, &r.by_territory, |name| {
            format!("territory {}", or_dash(name))
        });
        self.tally(counted, &c.by_tier, &r.by_tier, |tier| format!("tier {}", or_dash(tier)));
        self.tally(counted, &c.by_day, &r.by_day, |day| format!("day {day}"));
    }
}
