//! Entries that an operator posts, as JSON.

use ledgerline_ids::{DayNo, Period};
use ledgerline_ledger::{Account, Digest, EntryDraft, EntryKey, Note, Posting, Reason};
use ledgerline_money::Micros;
use serde::Deserialize;
use std::fmt::Display;

/// The most bytes of a file.
pub const BYTES_MAX: usize = 64 << 20;

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct LedgerFile {
    entries: Vec<EntryText>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct EntryText {
    key: String,
    effective: String,
    period: Option<String>,
    reason: String,
    corrects: Option<String>,
    inputs: Option<String>,
    #[serde(default)]
    note: String,
    postings: Vec<PostingText>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct PostingText {
    account: String,
    amount: String,
}

/// Reads the entries of a file.
///
/// # Errors
/// A sentence that says where (line and column, or entry and field) and what would be right.
pub fn read(bytes: &[u8]) -> Result<Vec<EntryDraft>, String> {
    if bytes.len() > BYTES_MAX {
        return Err(format!("it has more than {} MiB: split it", BYTES_MAX >> 20));
    }
    let file: LedgerFile = serde_json::from_slice(bytes).map_err(|error| error.to_string())?;
    file.entries.iter().enumerate().map(|(index, entry)| draft(index + 1, entry)).collect()
}

fn draft(number: usize, entry: &EntryText) -> Result<EntryDraft, String> {
    let wrong = |field: &str, error: &dyn Display| {
        format!("entry {number} ({}): {field}: {error}", entry.key)
    };
    let effective = DayNo::parse(&entry.effective).map_err(|error| wrong("effective", &error))?;
    let period = match &entry.period {
        Some(period) => Period::parse(period).map_err(|error| wrong("period", &error))?,
        None => Period::of_day(effective),
    };
    let reason = Reason::from_word(&entry.reason).ok_or_else(|| {
        let words: Vec<_> = Reason::ALL.iter().map(|reason| reason.as_str()).collect();
        wrong("reason", &format!("must be one of {}", words.join(", ")))
    })?;
    let key = |field: &str, text: &str| EntryKey::new(text).map_err(|error| wrong(field, &error));
    let inputs = entry.inputs.as_deref().map(Digest::parse).transpose();
    let postings = entry.postings.iter().enumerate().map(|(index, posting)| {
        let place = |field: &str| format!("posting {}, {field}", index + 1);
        let account = Account::parse(&posting.account);
        let account = account.map_err(|error| wrong(&place("account"), &error))?;
        let amount = Micros::parse(&posting.amount);
        let amount = amount.map_err(|error| wrong(&place("amount"), &error))?;
        Ok(Posting { account, amount })
    });
    Ok(EntryDraft {
        key: key("key", &entry.key)?,
        effective,
        period,
        reason,
        corrects: entry.corrects.as_deref().map(|text| key("corrects", text)).transpose()?,
        inputs: inputs.map_err(|error| wrong("inputs", &error))?,
        note: Note::new(&entry.note).map_err(|error| wrong("note", &error))?,
        postings: postings.collect::<Result<_, String>>()?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const GOOD: &str = r#"{"entries": [{"key": "a", "effective": "2026-11-05", "reason": "advance",
        "postings": [{"account": "party:P/EUR/advance", "amount": "-10.5"},
                     {"account": "party:P/EUR/paid", "amount": "10.5"}]}]}"#;

    #[test]
    fn a_file_is_read() {
        let drafts = read(GOOD.as_bytes()).expect("it is good");
        assert_eq!(drafts.len(), 1);
        assert_eq!(drafts[0].period.to_string(), "2026-11", "the month of its day");
        assert_eq!(drafts[0].postings[0].amount.to_string(), "-10.500000");
    }

    /// Each mistake, and what its message must say: where, and what would be right.
    #[test]
    fn mistakes_are_named_with_their_place() {
        for (from, to, place, help) in [
            ("2026-11-05", "2026-13-05", "entry 1 (a): effective", "such as 2026-03-01"),
            ("advance\",", "advances\",", "entry 1 (a): reason", "one of revenue, pool"),
            ("\"a\"", "\"a b\"", "entry 1 (a b): key", "no space"),
            ("EUR/advance", "EURO/advance", "posting 1, account", "ISO 4217"),
            ("EUR/paid", "EUR/payed", "posting 2, account", "payable"),
            ("\"10.5\"", "\"10,5\"", "posting 2, amount", "1234.56"),
            ("\"10.5\"", "\"9999999999999\"", "posting 2, amount", "split it"),
            ("\"10.5\"", "10.5", "line 3", "expected a string"),
            ("\"key\"", "\"kee\"", "line 1", "unknown field `kee`"),
            ("\"key\": \"a\",", "\"key\": \"a\", \"inputs\": \"x\",", "inputs", "SHA-256"),
            ("\"key\": \"a\",", "\"key\": \"a\", \"period\": \"x\",", "period", "2026-10"),
            ("\"key\": \"a\",", "\"key\": \"a\", \"note\": \"\\u0007\",", "note", "control"),
            ("\"key\": \"a\",", "\"key\": \"a\", \"corrects\": \"\",", "corrects", "1 to 300"),
            ("]}]}", "]}]", "line 3", "EOF"),
        ] {
            let file = GOOD.replacen(from, to, 1);
            assert_ne!(file, GOOD, "{from}");
            let error = read(file.as_bytes()).expect_err(&file);
            assert!(error.contains(place) && error.contains(help), "{from} -> {to}: {error}");
        }
    }
}
