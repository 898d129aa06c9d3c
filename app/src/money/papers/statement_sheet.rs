//! A statement's lines as CSV (RFC 4180) that opens rightly in spreadsheets.
//!
//! Lines end in CR LF; a cell with a comma, a quote or a line's end is quoted. A text that begins as
//! a formula would has an apostrophe before it, because a spreadsheet computes what it reads; amounts
//! and numbers are written as they are, with a point and six digits.

use ledgerline_royalty::statement::StatementLine;

/// The columns.
pub const COLUMNS: [&str; 16] = [
    "line",
    "period",
    "cause",
    "track_id",
    "right",
    "territory",
    "tier",
    "licence",
    "holder",
    "passed",
    "account",
    "plays",
    "currency",
    "amount",
    "sentence",
    "payee",
];

/// The first line: the columns' names.
#[must_use]
pub fn header() -> String {
    row(&COLUMNS.map(Cell::Text))
}

/// Lines of a statement, under the header where they begin with its first.
#[must_use]
pub fn sheet(payee: &str, from: u64, lines: &[StatementLine]) -> String {
    let mut out = if from <= 1 { header() } else { String::new() };
    lines.iter().for_each(|found| out.push_str(&line(payee, found)));
    out
}

/// A line of a statement. What is any territory or tier is written as `*`.
#[must_use]
pub fn line(payee: &str, line: &StatementLine) -> String {
    let (number, plays) = (line.number.to_string(), line.plays.to_string());
    let (period, amount) = (line.period.to_string(), line.amount.to_string());
    let passed = line.passed.join(" > ");
    row(&[
        Cell::Number(&number),
        Cell::Text(&period),
        Cell::Text(line.cause.map_or("", |cause| cause.word())),
        Cell::Text(&line.track_id),
        Cell::Text(line.right.word()),
        Cell::Text(line.territory.as_deref().unwrap_or("*")),
        Cell::Text(line.tier.as_deref().unwrap_or("*")),
        Cell::Text(&line.licence),
        Cell::Text(&line.holder),
        Cell::Text(&passed),
        Cell::Text(&line.account),
        Cell::Number(&plays),
        Cell::Text(line.currency.code()),
        Cell::Number(&amount),
        Cell::Text(&line.sentence),
        Cell::Text(payee),
    ])
}

enum Cell<'a> {
    Text(&'a str),
    Number(&'a str),
}

fn row(cells: &[Cell<'_>]) -> String {
    let mut out = String::new();
    for (at, cell) in cells.iter().enumerate() {
        if at > 0 {
            out.push(',');
        }
        match cell {
            Cell::Number(number) => out.push_str(number),
            Cell::Text(text) => out.push_str(&quoted(text)),
        }
    }
    out.push_str("\r\n");
    out
}

fn quoted(text: &str) -> String {
    let formula = text.starts_with(['=', '+', '-', '@', '\t', '\r']);
    let text = if formula { format!("'{text}") } else { text.to_owned() };
    if text.contains([',', '"', '\n', '\r']) {
        format!("\"{}\"", text.replace('"', "\"\""))
    } else {
        text
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ledgerline_ids::Period;
    use ledgerline_money::{Currency, Micros};
    use ledgerline_royalty::statement::Cause;
    use ledgerline_royalty::terms::Right;

    #[test]
    fn cells_are_quoted_and_harmless() {
        for (text, cell) in [
            ("plain", "plain"),
            ("a,b", "\"a,b\""),
            ("say \"x\"", "\"say \"\"x\"\"\""),
            ("two\nlines", "\"two\nlines\""),
            ("=1+1", "'=1+1"),
            ("-5", "'-5"),
            ("@sum", "'@sum"),
            ("+49", "'+49"),
            ("=a,b", "\"'=a,b\""),
            ("", ""),
        ] {
            assert_eq!(quoted(text), cell);
        }
    }

    #[test]
    fn a_line_has_a_cell_for_each_column() {
        let taken_back = StatementLine {
            number: 3,
            period: Period::parse("2026-09").expect("a month"),
            cause: Some(Cause::ReversedPlays),
            track_id: "trk_1".to_owned(),
            right: Right::Master,
            territory: Some("DE".to_owned()),
            tier: None,
            licence: "lic/all".to_owned(),
            holder: "pty_1".to_owned(),
            passed: vec!["deal/artist".to_owned(), "deal/agent".to_owned()],
            account: "deal".to_owned(),
            plays: -2,
            currency: Currency::parse("EUR").expect("a currency"),
            amount: Micros::new(-1_500_000),
            sentence: "2 plays left".to_owned(),
        };
        let sheet = header() + &line("pty_2", &taken_back);
        assert_eq!(
            sheet,
            "line,period,cause,track_id,right,territory,tier,licence,holder,passed,account,\
             plays,currency,amount,sentence,payee\r\n\
             3,2026-09,reversed_plays,trk_1,master,DE,*,lic/all,pty_1,\
             deal/artist > deal/agent,deal,-2,EUR,-1.500000,2 plays left,pty_2\r\n"
        );
    }
}
