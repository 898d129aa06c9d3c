//! Causes, standings and months in words.

use ledgerline_ids::{Period, UnixMs};
use ledgerline_royalty::month_plays::Standing;
use ledgerline_royalty::statement::Cause;

const MONTHS: [&str; 12] = [
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
];

/// `March 2024`.
pub(crate) fn month(period: Period) -> String {
    let month = usize::try_from(period.month()).expect("1 to 12") - 1;
    format!("{} {}", MONTHS[month], period.year())
}

/// `1 March 2024 to 31 March 2024`, as days.
pub(crate) fn days(period: Period) -> String {
    format!("{} to {}", period.first_day(), period.last_day())
}

/// `2024-04-02 09:30 UTC`.
pub(crate) fn instant(at: UnixMs) -> String {
    let text = at.to_string();
    match (text.get(..10), text.get(11..16)) {
        (Some(day), Some(time)) => format!("{day} {time} UTC"),
        _ => text,
    }
}

/// Why a month is computed anew.
pub(crate) fn cause(cause: Cause) -> &'static str {
    match cause {
        Cause::ReversedPlays => "Plays left the month",
        Cause::LatePlays => "Late plays",
        Cause::Revenue => "Revenue corrected",
        Cause::ExchangeRates => "Exchange rates corrected",
        Cause::Shares => "Shares changed",
        Cause::Terms => "Contracts changed",
    }
}

/// Where plays stand that are not paid.
pub(crate) fn standing(standing: Standing) -> &'static str {
    match standing {
        Standing::Counted => "counted",
        Standing::Short => "too short",
        Standing::Held => "held",
        Standing::Excluded => "excluded",
        Standing::NotPayable => "not payable",
        Standing::Undecided => "undecided",
    }
}

/// `1 line`, `2 lines`.
pub(crate) fn count(number: u64, one: &str, several: &str) -> String {
    match number {
        1 => format!("1 {one}"),
        number => format!("{number} {several}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn months_and_days() {
        let period = Period::parse("2024-02").expect("a month");
        assert_eq!(month(period), "February 2024");
        assert_eq!(days(period), "2024-02-01 to 2024-02-29");
        assert_eq!(instant(period.start()), "2024-02-01 00:00 UTC");
        assert_eq!(
            (count(1, "line", "lines"), count(0, "a", "b")),
            ("1 line".into(), "0 b".into())
        );
    }
}
