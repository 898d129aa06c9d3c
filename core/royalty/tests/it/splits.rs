//! From holders to payees: the tables.

use crate::contracts::{Said, Words, fraction};
use crate::precedence::{cases, number, usage};
use ledgerline_ids::DayNo;
use ledgerline_money::Fraction;
use ledgerline_royalty::scope::Subject;
use ledgerline_royalty::splits::{Agreements, SplitError, whole};
use ledgerline_royalty::terms::Right;
use ledgerline_royalty::usage::Use;
use std::collections::BTreeMap;

/// `label:50%,artist:50%` with what each gets, by payee and way.
fn split(said: &Said, words: &Words<'_>) -> Result<Vec<(String, String, Fraction)>, SplitError> {
    let default = Subject { track: "T", ..Subject::default() };
    let subject = words.one("track").map_or(default, |track| said.recordings[track].subject());
    let right = words.one("right").unwrap_or("master");
    let right = Right::ALL.into_iter().find(|known| known.word() == right).unwrap();
    let (territory, tier) = (words.one("territory"), words.one("tier"));
    let usage = usage(territory.as_slice(), tier.as_slice());
    let combination =
        (number(&usage.territories, territory), number(&usage.tiers, tier), Use::OnDemand);
    let day = words.day("day").unwrap_or(DayNo::parse("2026-10-01").unwrap());
    let mut agreements = Agreements::new(&said.contracts, day, &usage);
    let in_scope = agreements.in_scope(&subject);
    let holders: Vec<(&str, Fraction)> = words
        .list("holders")
        .into_iter()
        .map(|text| text.split_once(':').expect("a holder has a share"))
        .map(|(holder, share)| (holder, fraction(share)))
        .collect();
    let mut rows = Vec::new();
    for (holder, held) in whole(&holders)? {
        let number = agreements.leaves(in_scope, right, holder, combination)?;
        assert_eq!(Ok(number), agreements.leaves(in_scope, right, holder, combination), "kept");
        let mut sum = Fraction::ZERO;
        for leaf in agreements.of(number) {
            assert_eq!(&*leaf.way.holder, holder);
            sum = sum.plus(leaf.share).unwrap();
            let way = leaf.way.passed.join(" > ");
            rows.push((leaf.payee.to_string(), way, held.times(leaf.share).unwrap()));
        }
        assert_eq!(sum, Fraction::ONE, "a holder's leaves add up to its part");
    }
    Ok(rows)
}

/// What each payee gets of an amount, `owner 80, agent 20`; or why nobody gets anything.
fn answered(said: &Said, words: &Words<'_>, amount: &str) -> String {
    let rows = match split(said, words) {
        Ok(rows) => rows,
        Err(error) => return format!("refused: {error}"),
    };
    let amount = Fraction::parse(amount).unwrap();
    let mut payees: BTreeMap<String, Fraction> = BTreeMap::new();
    for (payee, _, share) in rows {
        let sum = payees.entry(payee).or_insert(Fraction::ZERO);
        *sum = sum.plus(share.times(amount).unwrap()).unwrap();
    }
    let rows: Vec<String> =
        payees.into_iter().map(|(payee, sum)| format!("{payee} {sum}")).collect();
    rows.join(", ")
}

fn check(case: &str) {
    let mut said = Said::default();
    for row in case.lines().skip(1) {
        if said.take(row) {
            continue;
        }
        let (asked, answer) = row.split_once("->").expect(row);
        let (words, answer) = (Words::new(asked), answer.trim());
        words.only(&["holders", "track", "right", "territory", "tier", "day"], row);
        match words.bare[..] {
            ["pay", amount] => {
                // A table's order of payees is its own.
                let sorted = |text: &str| {
                    let mut payees: Vec<String> = text.split(", ").map(str::to_owned).collect();
                    payees.sort_unstable();
                    payees
                };
                assert_eq!(sorted(&answered(&said, &words, amount)), sorted(answer), "{row}");
            }
            ["ways", payee] => {
                let rows = split(&said, &words).unwrap();
                let ways: Vec<String> = rows
                    .into_iter()
                    .filter(|(who, ..)| who == payee)
                    .map(|(_, way, share)| match &*way {
                        "" => format!("{share} kept"),
                        way => format!("{share} by {way}"),
                    })
                    .collect();
                assert_eq!(ways.join(", "), answer, "{row}");
            }
            ["refused"] => {
                let refused = answered(&said, &words, "100");
                let expected = answer.split(" … ").all(|part| refused.contains(part));
                assert!(refused.starts_with("refused: ") && expected, "{row}\n{refused}");
            }
            _ => panic!("no such row: {row}"),
        }
    }
}

#[test]
fn the_table_holds() {
    let cases = cases(include_str!("../spec/splits.txt"));
    assert!(cases.len() >= 12, "the table has lost cases");
    for case in cases {
        check(&case);
    }
}

#[test]
fn chains_and_fans_have_a_limit() {
    let chain = |length: usize| {
        let rows = (0..length)
            .flat_map(|at| {
                let next = at + 1;
                [format!("agreement c{at} grantor=p{at}"), format!("term c{at}/t pass=p{next}:50%")]
            })
            .collect();
        said(rows)
    };
    let words = Words::new("pay 65536 holders=p0:100%");
    let longest = answered(&chain(16), &words, "65536");
    assert!(longest.contains("p15 1") && longest.contains("p16 1"), "{longest}");
    let longer = answered(&chain(17), &words, "65536");
    assert!(
        longer.contains("more than 16 agreements follow each other, by c0/t, c1/t"),
        "{longer}"
    );

    // Each of eight passes to each of the next eight: 8^5 ways at the end.
    let mut rows = Vec::new();
    for level in 0..6 {
        for at in 0..8 {
            rows.push(format!("agreement c{level}-{at} grantor=p{level}-{at}"));
            let pass: Vec<String> =
                (0..8).map(|to| format!(" pass=p{}-{to}:12.5%", level + 1)).collect();
            rows.push(format!("term c{level}-{at}/t{}", pass.concat()));
        }
    }
    let wide = answered(&said(rows), &Words::new("pay 1 holders=p0-0:100%"), "1");
    assert!(
        wide.contains("what p0-0 is paid for one recording goes more than 4096 ways"),
        "{wide}"
    );
}

fn said(rows: Vec<String>) -> Said {
    let mut said = Said::default();
    for row in rows {
        assert!(said.take(&row), "{row}");
    }
    said
}
