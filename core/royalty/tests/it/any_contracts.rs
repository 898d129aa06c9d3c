//! What holds for any contracts: the fast way answers as the slow one, and nothing gets lost.

use crate::contracts::{Recording, Said, Words};
use crate::precedence::{number, usage};
use ledgerline_ids::DayNo;
use ledgerline_money::Fraction;
use ledgerline_royalty::precedence::{Clause, Licences, Question, explain};
use ledgerline_royalty::scope::Listening;
use ledgerline_royalty::splits::{Agreements, SplitError};
use ledgerline_royalty::terms::Right;
use ledgerline_royalty::usage::{Usage, Use};
use proptest::prelude::*;

const DAYS: [&str; 3] = ["2026-01-01", "2026-03-01", "2026-06-01"];
const TERRITORIES: [Option<&str>; 3] = [Some("SE"), Some("NO"), None];
const TIERS: [Option<&str>; 3] = [Some("free"), Some("premium"), None];

/// One of `words`, or nothing at all.
fn maybe(key: &'static str, words: &'static [&'static str]) -> impl Strategy<Value = String> {
    proptest::option::weighted(0.3, proptest::sample::select(words))
        .prop_map(move |word| word.map_or(String::new(), |word| format!(" {key}={word}")))
}

/// The words that a term's row may say what it is about with.
fn scope() -> impl Strategy<Value = String> {
    let subject = (
        maybe("recordings", &["T1", "T2", "T1,T2"]),
        maybe("releases", &["R1", "R2"]),
        maybe("artists", &["A1", "A2", "A1,A2"]),
        maybe("labels", &["L", "M"]),
    );
    let listening = (
        maybe("territories", &["SE", "NO", "SE,NO", "DK"]),
        maybe("tiers", &["free", "premium"]),
        maybe("uses", &["on_demand", "radio"]),
        maybe("rights", &["master", "mechanical", "master,mechanical"]),
    );
    (subject, listening, maybe("from", &DAYS))
        .prop_map(|((a, b, c, d), (e, f, g, h), i)| [a, b, c, d, e, f, g, h, i].concat())
}

fn dates() -> impl Strategy<Value = String> {
    (maybe("signed", &DAYS), maybe("from", &DAYS)).prop_map(|(signed, from)| signed + &from)
}

fn licences() -> impl Strategy<Value = Said> {
    let licence =
        (dates(), maybe("licensor", &["L", "M"]), proptest::collection::vec(scope(), 1..4));
    proptest::collection::vec(licence, 0..8).prop_map(|licences| {
        let mut said = Said::default();
        for (at, (dates, licensor, terms)) in licences.into_iter().enumerate() {
            assert!(said.take(&format!("licence c{at}{dates}{licensor}")));
            for (term, scope) in terms.into_iter().enumerate() {
                assert!(said.take(&format!("term c{at}/t{term}{scope}")));
            }
        }
        said
    })
}

fn agreements() -> impl Strategy<Value = Said> {
    let party = proptest::sample::select(&["L", "M", "A1", "A2", "P"][..]);
    let pass = proptest::collection::vec((party.clone(), 0_u32..60), 1..3);
    let agreement = (party, dates(), scope(), pass);
    proptest::collection::vec(agreement, 0..6).prop_map(|agreements| {
        let mut said = Said::default();
        for (at, (grantor, dates, scope, pass)) in agreements.into_iter().enumerate() {
            assert!(said.take(&format!("agreement c{at} grantor={grantor}{dates}")));
            let pass: Vec<String> =
                pass.iter().map(|(payee, share)| format!(" pass={payee}:{share}%")).collect();
            assert!(said.take(&format!("term c{at}/t{scope}{}", pass.concat())));
        }
        said
    })
}

fn recordings() -> [Recording; 3] {
    [
        ("T1", "releases=R1 artists=A1 labels=L"),
        ("T2", "releases=R1,R2 artists=A1,A2 labels=L,M"),
        ("T3", ""),
    ]
    .map(|(track, row)| Recording::new(&Words::new(row), track))
}

fn numbers(usage: &Usage, listening: &Listening<'_>) -> (u16, u16, Use) {
    let territory = number(&usage.territories, listening.territory);
    (territory, number(&usage.tiers, listening.tier), listening.usage_use)
}

fn listenings() -> impl Iterator<Item = Listening<'static>> {
    TERRITORIES.into_iter().flat_map(|territory| {
        TIERS.into_iter().flat_map(move |tier| {
            Use::ALL.into_iter().map(move |usage_use| Listening { territory, tier, usage_use })
        })
    })
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn the_fast_way_answers_as_the_slow_one(said in licences(), day in 0..3_usize) {
        let day = DayNo::parse(DAYS[day]).unwrap();
        let usage = usage(&["SE", "NO"], &["free", "premium"]);
        let mut licences = Licences::new(&said.contracts, day, &usage);
        for recording in &recordings() {
            let subject = recording.subject();
            for (right, holder) in
                [(Right::Master, "L"), (Right::Master, "X"), (Right::Mechanical, "M")]
            {
                let candidates = licences.candidates(&subject, right, holder);
                for listening in listenings() {
                    let question = Question { right, holder, subject: &subject, listening, day };
                    let slow = explain(&said.contracts, &question);
                    let (territory, tier, usage_use) = numbers(&usage, &listening);
                    let fast = licences.winner(candidates, territory, tier, usage_use);
                    prop_assert_eq!(fast.map(|number| licences.clause(number)), slow.won);
                    let terms = Clause::all(&said.contracts).count();
                    prop_assert_eq!(slow.lost.len() + usize::from(slow.won.is_some()), terms);
                }
            }
        }
    }

    #[test]
    fn a_holders_leaves_add_up_to_its_part(said in agreements(), day in 0..3_usize) {
        let day = DayNo::parse(DAYS[day]).unwrap();
        let usage = usage(&["SE", "NO"], &["free", "premium"]);
        let mut agreements = Agreements::new(&said.contracts, day, &usage);
        for recording in &recordings() {
            let in_scope = agreements.in_scope(&recording.subject());
            for listening in listenings() {
                let combination = numbers(&usage, &listening);
                match agreements.leaves(in_scope, Right::Master, "L", combination) {
                    Ok(number) => {
                        let leaves = agreements.of(number);
                        prop_assert!(leaves.iter().all(|leaf| leaf.share.is_share()));
                        prop_assert!(leaves.windows(2).all(|two| two[0].payee <= two[1].payee));
                        let mut sum = Fraction::ZERO;
                        for leaf in leaves {
                            prop_assert_ne!(leaf.share, Fraction::ZERO);
                            sum = sum.plus(leaf.share).unwrap();
                        }
                        prop_assert_eq!(sum, Fraction::ONE);
                    }
                    Err(SplitError::Cycle { parties, .. }) => {
                        prop_assert_eq!(parties.first(), parties.last());
                        prop_assert!(parties.len() > 1);
                    }
                    Err(SplitError::TooMuch { sum, .. }) => prop_assert!(!sum.is_share()),
                    Err(other) => prop_assert!(false, "{}", other),
                }
            }
        }
    }
}
