//! Which term wins: the tables, by the fast way and by the slow one.

use crate::contracts::{Said, Words};
use ledgerline_ids::DayNo;
use ledgerline_royalty::precedence::{Clause, Licences, Lost, Question, explain};
use ledgerline_royalty::scope::Listening;
use ledgerline_royalty::terms::Right;
use ledgerline_royalty::usage::{Names, Usage, Use};

/// Usage that has plays of these territories and tiers.
pub(crate) fn usage(territories: &[&str], tiers: &[&str]) -> Usage {
    let names = |names: &[&str]| Names::new(names.iter().map(|name| Box::from(*name)).collect());
    Usage { territories: names(territories), tiers: names(tiers), ..Usage::default() }
}

/// A name's number, or the one that stands for none.
pub(crate) fn number(names: &Names, name: Option<&str>) -> u16 {
    let number = name.and_then(|name| names.number(name));
    number.map_or(Usage::UNKNOWN, |number| u16::try_from(number).unwrap())
}

fn why(lost: Lost) -> String {
    match lost {
        Lost::OtherRight => "other right".to_owned(),
        Lost::OtherDay { dates } => match dates.until {
            Some(until) => format!("other day: {} to {until}", dates.from),
            None => format!("other day: from {}", dates.from),
        },
        Lost::OutOfScope { dimension } => format!("out of scope: {}", dimension.word()),
        Lost::LessSpecific { dimension } => format!("less specific: {}", dimension.word()),
        Lost::SignedEarlier => "signed earlier".to_owned(),
        Lost::HoldsLonger => "holds longer".to_owned(),
        Lost::LaterId => "later id".to_owned(),
    }
}

fn words_of_question<'a>(words: &Words<'a>) -> (Right, &'a str, Listening<'a>, DayNo) {
    let right = words.one("right").unwrap_or("master");
    let right = Right::ALL.into_iter().find(|known| known.word() == right).unwrap();
    let usage_use = words.one("use").unwrap_or("on_demand");
    let usage_use = Use::ALL.into_iter().find(|known| known.word() == usage_use).unwrap();
    let listening =
        Listening { territory: words.one("territory"), tier: words.one("tier"), usage_use };
    let day = words.day("day").unwrap_or(DayNo::parse("2026-10-01").unwrap());
    (right, words.one("holder").unwrap_or("L"), listening, day)
}

/// One case: rows that say what there is, then rows that ask.
fn check(case: &str) {
    let mut said = Said::default();
    let mut losers = Vec::new();
    for row in case.lines().skip(1) {
        if said.take(row) {
            continue;
        }
        let (asked, answer) = row.split_once("->").expect(row);
        let (words, answer) = (Words::new(asked), answer.trim());
        match words.bare[..] {
            ["wins", track] => {
                words.only(&["right", "holder", "territory", "tier", "use", "day"], row);
                let subject = said.recordings[track].subject();
                let (right, holder, listening, day) = words_of_question(&words);
                let question = Question { right, holder, subject: &subject, listening, day };
                let slow = explain(&said.contracts, &question);
                let won = slow.won.map_or("-".to_owned(), Clause::name);
                assert_eq!(won, answer, "{row}");
                assert_eq!(fast(&said, &question), slow.won, "the fast way: {row}");
                losers = slow.lost.iter().map(|(one, lost)| (one.name(), why(*lost))).collect();
                let terms = Clause::all(&said.contracts).filter(|one| {
                    matches!(one.term.rule, ledgerline_royalty::terms::Rule::Pool(_))
                });
                let count = terms.count();
                assert_eq!(losers.len() + usize::from(slow.won.is_some()), count, "{row}");
            }
            ["lost", name] => {
                let found = losers.iter().find(|(loser, _)| loser == name);
                assert_eq!(found.map(|(_, why)| &**why), Some(answer), "{row}");
            }
            _ => panic!("no such row: {row}"),
        }
    }
}

fn fast<'c>(said: &'c Said, question: &Question<'_>) -> Option<Clause<'c>> {
    let Listening { territory, tier, usage_use } = question.listening;
    let usage = usage(territory.as_slice(), tier.as_slice());
    let mut licences = Licences::new(&said.contracts, question.day, &usage);
    let candidates = licences.candidates(question.subject, question.right, question.holder);
    let numbers = (number(&usage.territories, territory), number(&usage.tiers, tier));
    let won = licences.winner(candidates, numbers.0, numbers.1, usage_use);
    assert_eq!(won, licences.winner(candidates, numbers.0, numbers.1, usage_use), "kept");
    won.map(|number| licences.clause(number))
}

/// The cases of a table: each begins with a line `case …`; `#` begins a remark.
pub(crate) fn cases(table: &str) -> Vec<String> {
    let mut cases: Vec<String> = Vec::new();
    for line in table.lines().filter(|line| !line.trim().is_empty() && !line.starts_with('#')) {
        if line.starts_with("case ") {
            cases.push(String::new());
        }
        let case = cases.last_mut().expect("a row belongs to a case");
        case.push_str(line);
        case.push('\n');
    }
    cases
}

#[test]
fn the_table_holds() {
    let cases = cases(include_str!("../spec/precedence.txt"));
    assert!(cases.len() >= 12, "the table has lost cases");
    for case in cases {
        check(&case);
    }
}
