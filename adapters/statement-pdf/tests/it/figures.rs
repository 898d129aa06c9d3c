//! Every figure of a statement stands on its paper, to the digit, and what is carried adds up.

use crate::reading::{pages, texts};
use crate::sample::{Sample, lines, micros, sample};
use ledgerline_app::ports::PrintError;
use ledgerline_money::{Currency, Micros};
use std::collections::BTreeMap;

/// What stands behind a label.
fn value<'t>(texts: &'t [String], label: &str) -> &'t str {
    let at = texts.iter().position(|text| text == label);
    let at = at.unwrap_or_else(|| panic!("{label} isn't in {texts:#?}"));
    &texts[at + 1]
}

#[test]
fn every_figure_of_the_statement_is_printed() {
    let sample = sample(lines(40, 7, Some("SEK")));
    let texts = texts(&sample.printed());
    let statement = &sample.statement;
    let mut figures: Vec<String> = vec![statement.payout.amount.to_string()];
    for account in &statement.accounts {
        figures.extend(
            [
                account.earned,
                account.adjusted,
                account.costs,
                account.advance,
                account.released,
                account.credited,
                account.due,
                account.costs_open,
                account.advance_open,
                account.reserve,
            ]
            .map(|amount| amount.to_string()),
        );
        figures.extend(account.withheld.iter().map(|(_, amount)| amount.to_string()));
    }
    for balance in &statement.balances {
        let all = [balance.opening, balance.due, balance.paid, balance.closing];
        figures.extend(all.map(|amount| amount.to_string()));
    }
    for adjustment in &statement.adjustments {
        figures.extend(adjustment.amounts.iter().map(|(_, amount)| amount.to_string()));
        figures.extend([adjustment.plays.to_string(), adjustment.lines.to_string()]);
    }
    figures.extend(statement.unpaid.iter().map(|unpaid| unpaid.plays.to_string()));
    figures.extend([statement.lines_sha256.clone(), statement.manifest_sha256.clone()]);
    let (_, amount, rate, result) = &statement.payout.exchanged[0];
    figures.extend([amount.to_string(), rate.to_string(), result.to_string()]);
    let words: Vec<&str> = texts.iter().flat_map(|text| text.split(' ')).collect();
    for figure in &figures {
        let wanted = figures.iter().filter(|other| *other == figure).count();
        let found = words.iter().filter(|word| *word == figure).count();
        assert!(found >= wanted, "{figure} is printed {found} times, not {wanted}: {texts:#?}");
    }
    assert_eq!(value(&texts, "To be paid"), format!("{} EUR", statement.payout.amount));
    assert_eq!(value(&texts, "Payee"), "Northern Lights");
    assert_eq!(value(&texts, "Statement"), "2024-03/northern");
    assert_eq!(value(&texts, "Month"), "2024-03-01 to 2024-03-31");
    assert_eq!(value(&texts, "Currency"), "EUR, SEK");
    assert_eq!(value(&texts, "Ledger entry"), "4711");
    let head = statement.ledger_head.as_deref().expect("a head");
    assert!(head.contains(value(&texts, "Head's hash")), "{head}");
    assert!(head.contains(value(&texts, "Signing key's id")), "{head}");
    // The statement that is corrected is named by its number.
    assert_eq!(texts.iter().filter(|text| *text == "2024-02/northern").count(), 1);
}

/// The lines that a paper has: number, plays and amount, by what is printed before each reference.
fn printed_lines(texts: &[String]) -> BTreeMap<u64, (String, String)> {
    let reference = |text: &String| text.strip_prefix("explain: 2024-03/northern/")?.parse().ok();
    let found = (2..texts.len()).filter_map(|at| {
        let number: u64 = reference(&texts[at])?;
        Some((number, (texts[at - 2].clone(), texts[at - 1].clone())))
    });
    found.collect()
}

fn check_lines(sample: &Sample) -> Vec<Vec<String>> {
    let pages = pages(&sample.printed());
    let found = printed_lines(&pages.concat());
    assert_eq!(found.len(), sample.lines.len());
    for line in &sample.lines {
        let (plays, amount) = &found[&line.number];
        assert_eq!((plays, amount), (&line.plays.to_string(), &line.amount.to_string()));
    }
    pages
}

#[test]
fn lines_are_printed_and_carried_from_page_to_page() {
    let sample = sample(lines(170, 30, Some("SEK")));
    let pages = check_lines(&sample);
    assert!(pages.len() > 8, "{} pages", pages.len());
    let currency_of = |amount: &str| -> Currency {
        let line = sample.lines.iter().find(|line| line.amount.to_string() == *amount);
        line.expect("a line has this amount").currency
    };
    // What a page brings forward is what the one before carries, and all lines so far.
    let (mut carries, mut carried) = (0, None::<&[String]>);
    let mut sums = BTreeMap::<Currency, Micros>::new();
    for (number, page) in pages.iter().enumerate() {
        assert!(page.contains(&format!("Page {} of {}", number + 1, pages.len())), "{page:#?}");
        let mut last = None;
        for (at, text) in page.iter().enumerate() {
            if text.starts_with("explain: ") {
                let currency = currency_of(&page[at - 1]);
                let sum = sums.entry(currency).or_default();
                *sum = sum.plus(micros(&page[at - 1])).expect("small");
                last = Some(currency);
            }
            match text.as_str() {
                "Brought forward" => assert_eq!(carried, Some(&page[at + 1..at + 3])),
                "Carried forward" if page[at + 1].parse::<i64>().is_ok() => {
                    let currency = last.expect("there is a line before it");
                    assert_eq!(page[at + 2], sums[&currency].to_string(), "page {number}");
                    carried = Some(&page[at + 1..at + 3]);
                    carries += 1;
                }
                _ => {}
            }
        }
    }
    assert!(carries > 5, "{carries} sums were carried");
    let texts = pages.concat();
    for (currency, sum) in sums {
        let at = texts.iter().position(|text| *text == format!("All lines in {currency}"));
        assert_eq!(texts[at.expect("the sum") + 2], sum.to_string());
    }
}

#[test]
fn what_does_not_add_up_is_not_printed() {
    let differs = |change: fn(&mut Sample)| {
        let mut sample = sample(lines(5, 0, None));
        change(&mut sample);
        match sample.print(None) {
            Err(PrintError::Differs(why)) => why,
            other => panic!("{other:?}"),
        }
    };
    let why = differs(|it| it.lines[2].amount = micros("0.000001"));
    assert!(why.contains("its lines come to"), "{why}");
    let why = differs(|it| it.statement.lines = 6);
    assert!(why.contains("it has 5 lines and states 6"), "{why}");
    let why = differs(|it| it.lines[2].number = 4);
    assert!(why.contains("line 3 was read as 4"), "{why}");
    let why = differs(|it| it.statement.balances[0].closing = micros("1.000000"));
    assert!(why.contains("taken off"), "{why}");
}
