//! What is not wrong but wants a look: rights that nobody is known to hold, shares that end soon,
//! identifiers that stand in two places.

use crate::catalogue::{Catalogue, RecordingNo};
use crate::entries::ShareSet;
use crate::right::Right;
use crate::sums::wrong_sums;
use ledgerline_ids::{DayNo, Isrc, Upc};
use ledgerline_money::FractionError;
use std::collections::BTreeMap;

/// Counted plays by track id.
pub type Plays = BTreeMap<String, u64>;

/// Something that wants a look.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// What kind, as a word for scripts.
    pub kind: &'static str,
    /// What it is about.
    pub about: String,
    /// What is so, and what to do.
    pub detail: String,
}

fn finding(kind: &'static str, about: impl Into<String>, detail: impl Into<String>) -> Finding {
    Finding { kind, about: about.into(), detail: detail.into() }
}

/// Looks through `catalogue` as it holds on `day`; shares that end within `soon_days` are named.
///
/// # Errors
/// [`FractionError`] where parts can't be computed exactly.
pub fn review(
    catalogue: &Catalogue,
    plays: &Plays,
    day: DayNo,
    soon_days: u32,
) -> Result<Vec<Finding>, FractionError> {
    let mut findings = Vec::new();
    for (track, count) in plays {
        match catalogue.find_recording(track) {
            Some(recording) => {
                played(catalogue, recording, *count, day, &mut findings)?;
            }
            None => findings.push(finding(
                "unknown_recording",
                format!("track {track}"),
                format!("has {count} counted plays and is no recording: import it"),
            )),
        }
    }
    for set in catalogue.share_sets() {
        dates(&set, day, soon_days, &mut findings);
    }
    twice(catalogue, &mut findings);
    Ok(findings)
}

fn played(
    catalogue: &Catalogue,
    recording: RecordingNo,
    plays: u64,
    day: DayNo,
    findings: &mut Vec<Finding>,
) -> Result<(), FractionError> {
    let about = format!("track {}", catalogue.track_id(recording));
    let mut lacking = Vec::new();
    for right in Right::ALL {
        if catalogue.holders(recording, right, day, None)?.is_empty() {
            lacking.push(right.word());
        }
    }
    if !lacking.is_empty() {
        let detail = format!(
            "has {plays} counted plays, and on {day} nobody is known to hold: {}; import shares, or \
             the money waits as unmatched",
            lacking.join(", ")
        );
        findings.push(finding("no_holders", &about, detail));
    }
    if catalogue.works_of(recording)?.is_empty() {
        let detail = format!("has {plays} counted plays and is of no work: name it in `works`");
        findings.push(finding("no_work", &about, detail));
    }
    if catalogue.label_of(recording).is_none() {
        let detail = format!("has {plays} counted plays and neither it nor a release has a label");
        findings.push(finding("no_label", &about, detail));
    }
    Ok(())
}

fn dates(set: &ShareSet, day: DayNo, soon_days: u32, findings: &mut Vec<Finding>) {
    let soon = DayNo(day.0.saturating_add(soon_days));
    let last = set.shares.iter().map(|share| share.dates.until).max_by_key(|until| {
        // Without an end is later than any end.
        until.map_or(u64::MAX, |until| u64::from(until.0))
    });
    if let Some(Some(until)) = last
        && day < until
        && until <= soon
    {
        let detail =
            format!("the last share ends on {until} and none follows: import what holds then");
        findings.push(finding("ending", set.of.to_string(), detail));
    }
    for wrong in wrong_sums(&set.shares) {
        findings.push(finding("wrong_sum", set.of.to_string(), wrong.to_string()));
    }
}

fn twice(catalogue: &Catalogue, findings: &mut Vec<Finding>) {
    let mut isrcs = BTreeMap::<Isrc, Vec<&str>>::new();
    for recording in catalogue.recordings() {
        if let Some(isrc) = catalogue.isrc(recording) {
            isrcs.entry(isrc).or_default().push(catalogue.track_id(recording));
        }
    }
    for (isrc, tracks) in isrcs.into_iter().filter(|(_, tracks)| tracks.len() > 1) {
        let detail = format!("stands with {} recordings: {}", tracks.len(), some(&tracks));
        findings.push(finding("duplicate_isrc", format!("ISRC {isrc}"), detail));
    }
    let mut upcs = BTreeMap::<Upc, Vec<&str>>::new();
    for release in catalogue.releases() {
        if let Some(upc) = catalogue.releases[release.0 as usize].upc {
            upcs.entry(upc).or_default().push(catalogue.release_id(release));
        }
    }
    for (upc, releases) in upcs.into_iter().filter(|(_, releases)| releases.len() > 1) {
        let detail = format!("stands with {} releases: {}", releases.len(), some(&releases));
        findings.push(finding("duplicate_upc", format!("UPC {upc}"), detail));
    }
}

/// The first few names.
fn some(names: &[&str]) -> String {
    const SHOWN: usize = 5;
    let mut text = names.iter().take(SHOWN).copied().collect::<Vec<_>>().join(", ");
    if names.len() > SHOWN {
        text.push_str(", …");
    }
    text
}
