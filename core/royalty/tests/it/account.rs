//! From what a payee earned to what is paid out: the tables.

use crate::contracts::{Words, fraction};
use crate::precedence::cases;
use ledgerline_ids::Period;
use ledgerline_money::{Currency, Fraction, Micros};
use ledgerline_royalty::account::{
    Balances, Earned, NotPaid, PayoutTerms, Settled, TaxStanding, borne, pay_out, settle, top_up,
};
use ledgerline_royalty::terms::{AccountTerms, Reserve};
use proptest::prelude::*;
use std::collections::BTreeMap;

/// An amount as a table writes it: without the zeros at the end.
fn money(amount: Micros) -> String {
    let text = amount.to_string();
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

fn micros(text: &str) -> Micros {
    Micros::parse(text).expect(text)
}

fn currency(code: &str) -> Currency {
    Currency::parse(code).expect(code)
}

/// `key:value,…`
fn pairs<'a>(words: &Words<'a>, key: &str) -> Vec<(&'a str, &'a str)> {
    let pair = |text: &'a str| text.split_once(':').expect(text);
    words.list(key).into_iter().map(pair).collect()
}

fn terms(words: &Words<'_>, row: &str) -> AccountTerms {
    words.only(&["recoup", "costs", "reserve", "withhold", "months"], row);
    AccountTerms {
        recoup_share: words.one("recoup").map(fraction),
        costs_share: words.one("costs").map(fraction),
        reserve: words.one("reserve").map(|text| {
            let (share, periods) = text.split_once(':').expect(text);
            Reserve { share: fraction(share), periods: periods.parse().unwrap() }
        }),
        withholding: pairs(words, "withhold")
            .into_iter()
            .map(|(territory, share)| (territory.to_owned(), fraction(share)))
            .collect(),
        minimum_payout: None,
        accounting_months: words.one("months").map(|months| months.parse().unwrap()),
    }
}

fn earned(words: &Words<'_>) -> Earned {
    let by_territory: BTreeMap<Option<Box<str>>, Micros> = pairs(words, "earned")
        .into_iter()
        .map(|(territory, amount)| ((territory != "-").then(|| territory.into()), micros(amount)))
        .collect();
    let pooled = Micros::sum(by_territory.values().copied()).unwrap();
    let guarantee = words.one("guarantee").map(|text| top_up(micros(text), pooled).unwrap());
    Earned { by_territory, topped_up: guarantee.unwrap_or_default() }
}

/// What is not zero, in the order of the steps.
fn movements(settled: &Settled) -> String {
    let mut rows = vec![
        ("earned".to_owned(), settled.earned),
        ("topped up".to_owned(), settled.topped_up),
        ("costs".to_owned(), settled.costs),
        ("advance".to_owned(), settled.advance),
    ];
    let withheld = settled.withheld.iter();
    rows.extend(withheld.map(|(territory, amount)| (format!("withheld {territory}"), *amount)));
    rows.push(("held".to_owned(), settled.held));
    for (what, of) in [("released", &settled.released), ("drawn", &settled.drawn)] {
        rows.extend(of.iter().map(|(month, amount)| (format!("{what} {month}"), *amount)));
    }
    rows.push(("credited".to_owned(), settled.credited));
    rows.push(("due".to_owned(), settled.due));
    listed(rows)
}

fn balances(balances: &Balances) -> String {
    let mut rows =
        vec![("costs".to_owned(), balances.costs), ("advance".to_owned(), balances.advance)];
    let reserve = balances.reserve.iter();
    rows.extend(reserve.map(|(month, amount)| (format!("reserve {month}"), *amount)));
    rows.push(("pending".to_owned(), balances.pending));
    listed(rows)
}

fn listed(rows: Vec<(String, Micros)>) -> String {
    let rows = rows.into_iter().filter(|(_, amount)| *amount != Micros::ZERO);
    let rows: Vec<String> =
        rows.map(|(what, amount)| format!("{what} {}", money(amount))).collect();
    if rows.is_empty() { "nothing".to_owned() } else { rows.join(", ") }
}

/// What goes in comes out.
fn check_sum(settled: &Settled) {
    let sum = |of: &BTreeMap<Period, Micros>| Micros::sum(of.values().copied()).unwrap();
    let comes = [settled.earned, settled.topped_up, sum(&settled.released), sum(&settled.drawn)];
    let withheld = Micros::sum(settled.withheld.values().copied()).unwrap();
    let goes = [settled.costs, settled.advance, withheld, settled.held, settled.credited];
    assert_eq!(Micros::sum(comes), Micros::sum(goes), "{settled:?}");
}

/// `EUR 1.5, USD 2`
fn carried(carried: &BTreeMap<Currency, Micros>) -> String {
    listed(carried.iter().map(|(currency, amount)| (currency.to_string(), *amount)).collect())
}

/// One case: one account, or one payee's balances.
fn check(case: &str) {
    let mut of = AccountTerms::default();
    let mut account = Balances::default();
    let mut payee: Option<(String, bool)> = None;
    let mut owed: BTreeMap<Currency, Micros> = BTreeMap::new();
    for row in case.lines().skip(1) {
        let (said, answer) = row.split_once("->").unwrap_or((row, ""));
        let (words, answer) = (Words::new(said), answer.trim());
        match words.bare[..] {
            ["contract"] => of = terms(&words, row),
            ["payee", country] => payee = Some((country.to_owned(), false)),
            ["payee", country, "treaty"] => payee = Some((country.to_owned(), true)),
            ["advance", amount] => account.advance = account.advance.plus(micros(amount)).unwrap(),
            ["costs", amount] => {
                let borne = borne(&of, micros(amount)).unwrap();
                assert_eq!(format!("borne {}", money(borne)), answer, "{row}");
                account.costs = account.costs.plus(borne).unwrap();
            }
            ["month", month] => {
                words.only(&["earned", "guarantee"], row);
                let tax = payee.as_ref().map_or(TaxStanding::default(), |(country, treaty)| {
                    TaxStanding { country: Some(country), treaty: *treaty }
                });
                let period = Period::parse(month).unwrap();
                let settled = settle(&of, period, &earned(&words), tax, &account).unwrap();
                check_sum(&settled);
                assert_eq!(movements(&settled), answer, "{row}");
                account = settled.balances;
            }
            ["account"] => assert_eq!(balances(&account), answer, "{row}"),
            ["owed"] => {
                for (code, amount) in pairs(&words, "balances") {
                    let sum = owed.entry(currency(code)).or_default();
                    *sum = sum.plus(micros(amount)).unwrap();
                }
            }
            ["pay", code] => {
                words.only(&["minimum", "rates"], row);
                let rates: BTreeMap<Currency, Fraction> = pairs(&words, "rates")
                    .into_iter()
                    .map(|(code, rate)| (currency(code), fraction(rate)))
                    .collect();
                let minimum = words.one("minimum").map_or(Micros::ZERO, micros);
                let terms = PayoutTerms { currency: currency(code), minimum };
                let answered = match pay_out(terms, &owed, &rates) {
                    Err(error) => format!("refused: {error}"),
                    Ok(payout) => {
                        owed = payout.carried;
                        let paid = match payout.paid {
                            Ok(paid) => format!("paid {}", money(paid)),
                            Err(NotPaid::NothingOwed) => "nothing owed".to_owned(),
                            Err(NotPaid::BelowMinimum) => "below minimum".to_owned(),
                        };
                        format!("{paid}, carried {}", carried(&owed))
                    }
                };
                assert_eq!(answered, answer, "{row}");
            }
            _ => panic!("no such row: {row}"),
        }
    }
}

#[test]
fn the_table_holds() {
    let cases = cases(include_str!("../spec/account.txt"));
    assert!(cases.len() >= 20, "the table has lost cases");
    for case in cases {
        check(&case);
    }
}

fn amount() -> impl Strategy<Value = Micros> {
    prop_oneof![Just(0), -50..50_i64, -3_000_000_000..3_000_000_000_i64].prop_map(Micros::new)
}

fn share() -> impl Strategy<Value = Option<Fraction>> {
    proptest::option::of((0..=100_i128).prop_map(|of| Fraction::new(of, 100).unwrap()))
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn nothing_is_lost_over_any_months(
        months in proptest::collection::vec((amount(), amount(), amount()), 1..14),
        advance in 0..5_000_000_000_i64,
        (recoup_share, reserve, rate) in (share(), share(), share()),
        (periods, accounting_months) in (0..5_u8, proptest::sample::select(&[1, 3, 6, 12_u8][..])),
    ) {
        let terms = AccountTerms {
            recoup_share,
            reserve: reserve.map(|share| Reserve { share, periods }),
            withholding: rate.map(|rate| ("US".to_owned(), rate)).into_iter().collect(),
            accounting_months: Some(accounting_months),
            ..AccountTerms::default()
        };
        let mut account = Balances { advance: Micros::new(advance), ..Balances::default() };
        let (mut period, mut earned_sum, mut out) = (Period::new(2026, 1).unwrap(), 0, 0);
        for (us, de, unknown) in months {
            let by_territory =
                [(Some("US".into()), us), (Some("DE".into()), de), (None, unknown)].into();
            let earned = Earned { by_territory, topped_up: Micros::ZERO };
            let settled = settle(&terms, period, &earned, TaxStanding::default(), &account).unwrap();
            check_sum(&settled);
            earned_sum += settled.earned.get();
            let withheld = Micros::sum(settled.withheld.values().copied()).unwrap();
            out += settled.due.get() + withheld.get();
            account = settled.balances;
            prop_assert_eq!(account.advance.plus(account.advance_recouped).unwrap().get(), advance);
            prop_assert!(!account.advance.is_negative() && !account.advance_recouped.is_negative());
            prop_assert!(account.reserve.values().all(|held| *held > Micros::ZERO));
            let recouped = account.advance_recouped.get();
            let inside: i64 = account.reserve.values().map(|held| held.get()).sum();
            prop_assert_eq!(earned_sum, out + recouped + inside + account.pending.get());
            period = period.next();
        }
    }
}
