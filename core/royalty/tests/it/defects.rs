//! Two defects that streaming services were publicly built with, and that must not be here: a play
//! rounded to a cent with a cent as the least, and a price ladder that begins again in every period.

use crate::month::Story;
use ledgerline_money::Micros;

const PRICES: [i64; 9] = [2_400, 4_800, 9_600, 19_200, 38_400, 76_800, 153_600, 307_200, 614_400];

fn paid(plays: u64, before: u64) -> Micros {
    let mut story = Story::default();
    let prices = PRICES.map(|price| Micros::new(price).to_string()).join(",");
    for row in [
        "licence l".to_owned(),
        format!("term l/t model=ladder prices={prices}"),
        "recording T1 master=a:100%".to_owned(),
        format!("plays T1 {plays} listener=L1 before={before}"),
    ] {
        assert!(story.take(&row), "{row}");
    }
    let (_, month) = story.month();
    Micros::sum(month.lines.iter().map(|line| line.amount)).unwrap()
}

/// The defect: every play rounded to a cent, half up, and never less than one.
fn rounded_for_each_play(prices: &[i64]) -> Micros {
    let cents = prices.iter().map(|price| ((price + 5_000) / 10_000 * 10_000).max(10_000));
    Micros::new(cents.sum())
}

#[test]
fn plays_are_not_rounded_one_by_one() {
    assert_eq!(rounded_for_each_play(&PRICES).to_string(), "1.240000", "G5, the defect itself");
    assert_eq!(paid(9, 0).to_string(), "1.226400");
    assert_eq!(rounded_for_each_play(&PRICES[..1]).to_string(), "0.010000");
    assert_eq!(paid(1, 0).to_string(), "0.002400");
}

#[test]
fn a_ladder_does_not_begin_again() {
    // A play a month, and three in the last: the whole ladder, once.
    let months = [(1, 0), (1, 1), (1, 2), (1, 3), (1, 4), (1, 5), (3, 6), (5, 9)];
    let sum = Micros::sum(months.map(|(plays, before)| paid(plays, before))).unwrap();
    assert_eq!(sum, paid(9, 0));
    let restarting = Micros::sum(months.map(|(plays, _)| paid(plays, 0))).unwrap();
    assert_ne!(restarting, sum, "the defect itself pays otherwise");
}
