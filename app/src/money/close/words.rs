//! Sentences: how a line came about, and why plays are not paid.

use ledgerline_records::verdict::{FraudRules, Reason};
use ledgerline_royalty::line::{Pool, Way};
use ledgerline_royalty::month_plays::Standing;
use ledgerline_royalty::sheet::SheetLine;
use ledgerline_royalty::splits::UNMATCHED;
use ledgerline_royalty::statement::Cause;

/// How a line came about.
pub(crate) fn sentence(line: &SheetLine, pool: &Pool, way: &Way, cause: Option<Cause>) -> String {
    let plays = match line.plays {
        1 => "1 play".to_owned(),
        number => format!("{number} plays"),
    };
    let whose = match &*way.holder {
        UNMATCHED => {
            format!("the part of the {} right that nobody is known to hold", pool.right.word())
        }
        holder => format!("{holder}'s share of the {} right", pool.right.word()),
    };
    let passed = match &way.passed[..] {
        [] => String::new(),
        terms => format!(", passed on by {}", terms.join(", then ")),
    };
    let of = format!(
        "the pool of {}/{} ({} {} for {} plays)",
        pool.contract, pool.term, pool.money, pool.currency, pool.plays
    );
    if let Some(cause) = cause {
        let why = match cause {
            Cause::ReversedPlays => "plays left the month after its close",
            Cause::LatePlays => "plays came to the month after its close",
            Cause::Revenue => "its revenue was corrected",
            Cause::ExchangeRates => "rates of exchange were corrected",
            Cause::Shares => "the catalogue or a share changed",
            Cause::Terms => "contracts changed",
        };
        return format!(
            "Computed anew because {why}: {:+} plays and {} {} against what was stated before, by \
             {whose}{passed}.",
            line.plays, line.amount, pool.currency
        );
    }
    if line.amount.get() == 0 {
        return format!(
            "{plays} by {whose}{passed} earn nothing of {of}: below its minimum of plays, noise, or less than a ledger unit; the money stays in the pool for the others."
        );
    }
    format!("{plays} by {whose}{passed}, out of {of}.")
}

/// Why plays are not paid.
pub(crate) fn why_unpaid(standing: Standing, why: u8) -> String {
    let rules = || {
        let rules: Vec<&str> = FraudRules(why).iter().map(|rule| rule.as_str()).collect();
        match &rules[..] {
            [] => "a person's ruling".to_owned(),
            [one] => format!("the fraud rule {one}"),
            several => format!("the fraud rules {}", several.join(" and ")),
        }
    };
    let reason = || Reason::from_byte(why).map_or("not payable", Reason::as_str);
    match standing {
        Standing::Counted => "These plays are paid.".to_owned(),
        Standing::Short => "These plays were heard for less than the threshold.".to_owned(),
        Standing::Held => format!(
            "These plays are held by {}; they are paid with the next close once they are released.",
            rules()
        ),
        Standing::Excluded => format!(
            "These plays are excluded by {}; they are paid with the next close if they are reinstated.",
            rules()
        ),
        Standing::NotPayable => format!("These plays can't be paid: {}.", reason()),
        Standing::Undecided => {
            "These plays wait for a decision: they came out of time, or their reports disagree."
                .to_owned()
        }
    }
}
