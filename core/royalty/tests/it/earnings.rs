//! What lines earned by one thing: the table.

use crate::contracts::Words;
use crate::precedence::cases;
use ledgerline_money::{Currency, Micros};
use ledgerline_royalty::earnings::Earnings;
use ledgerline_royalty::line::Pool;
use ledgerline_royalty::sheet::SheetLine;
use ledgerline_royalty::terms::Right;

fn money(amount: Micros) -> String {
    let text = amount.to_string();
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

fn pool(words: &Words<'_>, row: &str) -> Pool {
    words.only(&["right", "territory", "tier", "currency"], row);
    let right = words.one("right").expect(row);
    Pool {
        right: Right::ALL.into_iter().find(|it| it.word() == right).expect(row),
        territory: words.one("territory").map(Into::into),
        tier: words.one("tier").map(Into::into),
        contract: "licence".into(),
        term: "all".into(),
        currency: Currency::parse(words.one("currency").unwrap_or("EUR")).expect(row),
        money: Micros::ZERO,
        plays: 0,
        steps: Vec::new(),
    }
}

/// `AMOUNT` or `AMOUNT adjusted AMOUNT`
fn amounts(amount: Micros, adjusted: Micros) -> String {
    match adjusted {
        Micros::ZERO => money(amount),
        adjusted => format!("{} adjusted {}", money(amount), money(adjusted)),
    }
}

fn listed(rows: impl Iterator<Item = String>) -> String {
    let rows: Vec<String> = rows.collect();
    if rows.is_empty() { "nothing".to_owned() } else { rows.join(", ") }
}

fn check(case: &str) {
    let mut pools: Vec<(String, Pool)> = Vec::new();
    let mut earnings = Earnings::default();
    let mut finished = None;
    for row in case.lines().skip(1) {
        let (said, answer) = row.split_once("->").unwrap_or((row, ""));
        let (words, answer) = (Words::new(said), answer.trim());
        match words.bare[..] {
            ["pool", name] => pools.push((name.to_owned(), pool(&words, row))),
            [kind @ ("line" | "adjustment"), key] => {
                words.only(&["pool", "track", "way", "plays", "amount"], row);
                let of = words.one("pool").expect(row);
                let at = pools.iter().position(|(name, _)| name == of).expect(row);
                let number = |key| words.one(key).expect(row).parse().expect(row);
                let line = SheetLine {
                    payee: 0,
                    pool: u32::try_from(at).expect("few pools"),
                    track: number("track"),
                    way: number("way"),
                    plays: words.one("plays").expect(row).parse().expect(row),
                    amount: Micros::parse(words.one("amount").expect(row)).expect(row),
                };
                let key = (key != "-").then(|| key.into());
                let added = match kind {
                    "line" => earnings.add(key, &pools[at].1, &line),
                    _ => earnings.add_adjustment(key, &pools[at].1, &line),
                };
                added.expect(row);
            }
            ["rows"] => {
                let (rows, totals) = std::mem::take(&mut earnings).finish().expect(row);
                let told = rows.iter().map(|it| {
                    let key = it.key.as_deref().unwrap_or("-");
                    let amounts = amounts(it.amount, it.adjusted);
                    format!("{key} {} {} {amounts}", it.currency, it.plays)
                });
                assert_eq!(listed(told), answer, "{row}");
                finished = Some(totals);
            }
            ["totals"] => {
                let totals = finished.take().expect("rows come first");
                let told = totals.iter().map(|total| {
                    format!("{} {}", total.currency, amounts(total.amount, total.adjusted))
                });
                assert_eq!(listed(told), answer, "{row}");
            }
            _ => panic!("no row of this table: {row}"),
        }
    }
}

#[test]
fn the_table_holds() {
    let cases = cases(include_str!("../spec/earnings.txt"));
    assert!(cases.len() >= 9, "the table has lost cases");
    for case in cases {
        check(&case);
    }
}
