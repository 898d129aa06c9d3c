//! What contracts say together: the tables.

use crate::contracts::{Said, Words, fraction};
use crate::precedence::cases;
use ledgerline_ids::DayNo;
use ledgerline_money::{Fraction, FractionError};
use ledgerline_royalty::music::Music;
use ledgerline_royalty::review::{Finding, Review, asked_for, review};
use ledgerline_royalty::scope::Subject;
use ledgerline_royalty::terms::Right;
use ledgerline_royalty::usage::Usage;
use std::collections::{BTreeMap, BTreeSet};

/// Who holds which right of which recording, as a table says; all of it elsewhere.
struct Held<'a> {
    said: &'a Said,
    usage: &'a Usage,
    holds: &'a BTreeMap<(String, Right), Vec<(String, Fraction)>>,
}

impl Music for Held<'_> {
    fn subject(&self, track: u32) -> Subject<'_> {
        self.said.recordings[self.usage.tracks.name(track)].subject()
    }

    fn duration_ms(&self, _: u32) -> Option<u64> {
        None
    }

    fn is_noise(&self, _: u32) -> bool {
        false
    }

    fn holders_vary(&self, _: u32, _: Right) -> bool {
        false
    }

    fn holders(
        &self,
        track: u32,
        right: Right,
        _: u16,
    ) -> Result<Vec<(&str, Fraction)>, FractionError> {
        let held = self.holds.get(&(self.usage.tracks.name(track).to_owned(), right));
        let held = held.into_iter().flatten();
        Ok(held.map(|(party, share)| (party.as_str(), *share)).collect())
    }
}

/// A finding as a table writes it.
fn row(finding: &Finding) -> String {
    let or_any = |name: &Option<String>| name.clone().unwrap_or("any".to_owned());
    let said = match finding {
        Finding::Gap { right, holder, recordings, track, territory, tier, usage_use } => format!(
            "{} of {holder} in {recordings}, such as {track} {} {} {}",
            right.word(),
            or_any(territory),
            or_any(tier),
            usage_use.word()
        ),
        Finding::Split { error, track, .. } => format!("{track}: {error}"),
        Finding::Overlap { wins, loses } => format!("{wins} {loses}"),
        Finding::UnknownParty { party, contract } => format!("{party} in {contract}"),
        Finding::NoLicence { right } => right.word().to_owned(),
        Finding::Replaced { by, term } => format!("{term} by {by}"),
        Finding::Dead { term } => term.clone(),
        Finding::GrantorUnpaid { grantor, contract } => format!("{grantor} in {contract}"),
        Finding::EndsSoon { what, until } => format!("{what} {until}"),
    };
    format!("{} {} {said}", if finding.is_wrong() { "wrong" } else { "note" }, finding.word())
}

fn check(case: &str) {
    let mut said = Said::default();
    let mut holds = BTreeMap::new();
    let mut unknown = BTreeSet::new();
    let mut found: Vec<String> = Vec::new();
    let mut expected: Vec<&str> = Vec::new();
    for line in case.lines().skip(1) {
        if said.take(line) {
            continue;
        }
        let words = Words::new(line);
        match words.bare[..] {
            ["holds", track, right] => {
                let right = Right::from_word(right).unwrap();
                let shares = words.list("shares").into_iter().map(|text| {
                    let (party, share) = text.split_once(':').expect(text);
                    (party.to_owned(), fraction(share))
                });
                holds.insert((track.to_owned(), right), shares.collect());
            }
            ["unknown", party] => {
                unknown.insert(party.to_owned());
            }
            ["review", day] => {
                let usage = asked_for(said.recordings.keys().map(String::as_str), &said.contracts);
                let music = Held { said: &said, usage: &usage, holds: &holds };
                let findings = review(&Review {
                    contracts: &said.contracts,
                    day: DayNo::parse(day).unwrap(),
                    usage: &usage,
                    music: &music,
                    knows: &|party| !unknown.contains(party),
                });
                for finding in &findings {
                    assert!(finding.sentence().len() > 20, "{finding:?}");
                }
                found = findings.iter().map(row).collect();
            }
            _ => expected.push(line),
        }
    }
    let matches = |(found, expected): (&String, &&str)| match expected.split_once(" … ") {
        Some((begin, end)) => found.starts_with(begin) && found.contains(end),
        None => found == expected,
    };
    let same = found.len() == expected.len() && found.iter().zip(&expected).all(matches);
    assert!(same, "{case}\nfound {found:#?}");
}

#[test]
fn the_table_holds() {
    let cases = cases(include_str!("../spec/review.txt"));
    assert!(cases.len() >= 10, "the table has lost cases");
    for case in cases {
        check(&case);
    }
}
