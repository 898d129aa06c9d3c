//! Currencies, amounts and fractions as people write them.

use ledgerline_money::{Currency, Fraction, FractionError, Micros, MoneyError};

#[test]
fn amounts_read_as_they_are_written() {
    for (text, micros) in [
        ("0", 0),
        ("1234.56", 1_234_560_000),
        ("-0.000001", -1),
        ("9223372036854.775807", i64::MAX),
        ("-9223372036854.775808", i64::MIN),
    ] {
        let amount = Micros::parse(text).unwrap();
        assert_eq!(amount.get(), micros, "{text}");
        assert_eq!(Micros::parse(&amount.to_string()), Ok(amount), "{text}");
    }
    for text in ["", "-", ".5", "5.", "1,5", "+1", "1e3", "0.0000001", " 1", "--1", "1.2.3"] {
        assert_eq!(Micros::parse(text), Err(MoneyError::Form), "{text}");
    }
    for text in ["9223372036854.775808", "-9223372036854.775809", &"9".repeat(60)] {
        assert_eq!(Micros::parse(text), Err(MoneyError::TooLarge), "{text}");
    }
}

#[test]
fn sums_overflow_aloud() {
    let [least, most, one] = [i64::MIN, i64::MAX, 1].map(Micros::new);
    assert_eq!(most.plus(one), Err(MoneyError::TooLarge));
    assert_eq!(least.minus(one), Err(MoneyError::TooLarge));
    assert_eq!(least.negated(), Err(MoneyError::TooLarge));
    assert_eq!(Micros::sum([most, one, least]), Ok(Micros::ZERO), "only the result must fit");
    assert_eq!(Micros::sum([most, one]), Err(MoneyError::TooLarge));
}

#[test]
fn a_payout_is_whole_minor_units() {
    for (amount, currency, paid, carried) in [
        ("33.333334", "EUR", "33.330000", "0.003334"),
        ("-33.333334", "EUR", "-33.330000", "-0.003334"),
        ("33.999999", "JPY", "33.000000", "0.999999"),
        ("33.333334", "KWD", "33.333000", "0.000334"),
    ] {
        let currency = Currency::parse(currency).unwrap();
        let (out, rest) = Micros::parse(amount).unwrap().paid_and_carried(currency);
        assert_eq!((out.to_string(), rest.to_string()), (paid.to_owned(), carried.to_owned()));
    }
}

#[test]
fn currencies_are_those_in_use() {
    for (code, digits) in [("EUR", 2), ("USD", 2), ("JPY", 0), ("KWD", 3)] {
        let currency = Currency::parse(code).unwrap();
        assert_eq!((currency.code(), currency.minor_digits()), (code, digits));
    }
    for code in ["", "eur", "EURO", "XXX", "DEM", "E R", "EUR "] {
        assert!(Currency::parse(code).is_err(), "{code}");
    }
}

#[test]
fn fractions_read_as_they_are_written() {
    for (text, shown) in [
        ("0.153", "0.153"),
        ("15.3%", "0.153"),
        ("1/3", "1/3"),
        ("0.5/2", "0.25"),
        ("-2", "-2"),
        ("100 %", "1"),
        ("6/4", "1.5"),
        ("0.000000000000000001", "0.000000000000000001"),
    ] {
        let fraction = Fraction::parse(text).unwrap();
        assert_eq!(fraction.to_string(), shown, "{text}");
        assert_eq!(Fraction::parse(shown), Ok(fraction), "{text}");
    }
    for (text, error) in [
        ("", FractionError::Form),
        ("1/0", FractionError::Form),
        ("1/", FractionError::Form),
        ("a", FractionError::Form),
        ("1 %%", FractionError::Form),
        ("1/2/3", FractionError::Form),
        ("0.0000000000000000001", FractionError::TooPrecise),
        ("1234567890123456789", FractionError::TooPrecise),
    ] {
        assert_eq!(Fraction::parse(text), Err(error), "{text}");
    }
}

#[test]
fn fractions_round_down_also_below_nothing() {
    let third = Fraction::new(1, 3).unwrap();
    for (amount, third_of_it) in [("1", "0.333333"), ("-1", "-0.333334"), ("0", "0.000000")] {
        let rounded = third.of_micros_down(Micros::parse(amount).unwrap()).unwrap();
        assert_eq!(rounded.to_string(), third_of_it);
    }
    let most = Fraction::new(i128::MAX, 1).unwrap();
    assert_eq!(most.of_micros_down(Micros::new(2)), Err(MoneyError::TooLarge));
    assert_eq!(most.plus(Fraction::ONE), Err(FractionError::TooPrecise));
    assert_eq!(most.times(Fraction::whole(2)), Err(FractionError::TooPrecise));
    assert_eq!(Fraction::ONE.over(Fraction::ZERO), Err(FractionError::Form));
    assert_eq!(Fraction::new(1, i128::MIN), Err(FractionError::TooPrecise));
    assert!(third.is_share() && !Fraction::whole(-1).is_share() && !Fraction::whole(2).is_share());
}
