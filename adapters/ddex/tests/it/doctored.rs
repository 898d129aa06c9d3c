//! Files that were good before one thing was changed, from `doctored.txt`.

use ledgerline_app::money::sales_report::{SalesFile, SalesProfile, SalesReports};
use ledgerline_ddex::{DsrWriter, check};

use crate::samples::report;

/// A row of the table.
pub struct Doctored {
    /// The row as it stands in the table, for messages.
    pub row: String,
    /// The doctored file.
    pub file: SalesFile,
    /// What our check says.
    says: String,
    /// Whether the public validator refuses it too.
    pub both: bool,
}

/// All rows of the table.
pub fn rows() -> Vec<Doctored> {
    let table = include_str!("doctored.txt");
    let rows = table.lines().filter(|line| !line.is_empty() && !line.starts_with('#'));
    rows.map(|row| {
        let cells: Vec<String> = row.split(" | ").map(|cell| cell.replace("<T>", "\t")).collect();
        let [profile, from, to, says, who] = &cells[..] else { panic!("five cells: {row}") };
        let profile = SalesProfile::from_word(profile).expect(row);
        let good = DsrWriter::default().write(&report(profile), false).expect("a good report");
        let text = String::from_utf8(good.bytes).expect("UTF-8");
        assert!(text.contains(from), "the good file must hold what is changed: {row}");
        let bytes = text.replacen(from, to, 1).into_bytes();
        assert!(matches!(who.as_str(), "both" | "ours"), "{row}");
        let file = SalesFile { name: good.name, bytes };
        Doctored { row: row.to_owned(), file, says: says.clone(), both: who == "both" }
    })
    .collect()
}

#[test]
fn each_change_is_found_and_named() {
    let mut missed = Vec::new();
    for doctored in rows() {
        let checked = check(&doctored.file.name, &doctored.file.bytes);
        let found: Vec<String> = checked.findings.iter().map(ToString::to_string).collect();
        if !found.iter().any(|found| found.contains(&doctored.says)) {
            missed.push(format!("{}: {found:?}", doctored.row));
        }
    }
    assert!(missed.is_empty(), "{}", missed.join("\n"));
}

#[test]
fn names_bytes_and_packing_are_looked_at() {
    let good = DsrWriter::default().write(&report(SalesProfile::Financial), false).expect("good");
    let findings = |name: &str, bytes: &[u8]| {
        let found = check(name, bytes).findings;
        found.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n")
    };
    for (from, to, says) in [
        ("PADPIDA20070627029", "PADPIDA2014999999Z", "isn't the recipient"),
        ("_PADPIDA2013020802I", "_PADPIDA2014999999Z", "isn't the sender"),
        ("Ledgerline", "Other", "isn't the service"),
        ("2026-10", "2026-09", "isn't in the period"),
        ("1of1", "1of2", "NumberOfFiles: isn't that"),
    ] {
        let found = findings(&good.name.replacen(from, to, 1), &good.bytes);
        assert!(found.contains(says), "{to}: {found}");
    }
    assert!(findings(&good.name, b"\xff").contains("isn't UTF-8 from byte 0"));
    assert!(findings(&format!("{}.gz", good.name), &good.bytes).contains("is no gzip"));
    assert!(findings(&good.name, b"").contains("must be a HEAD record"));
}
