//! Which record may follow which.
//!
//! Basic Audio: `HEAD`, summaries, blocks, `FOOT`; a block is
//! `RE01? (AS01.01 MW01.01+ | AS02.02)+ RE02* (SU01 | SU02)+`, all with one block id.
//! Financial: `HEAD`, `SY10`+, (`SR08` `DE01`?)*, `SRFO`.

use std::collections::BTreeSet;

use super::Checked;
use super::reading::Row;

/// Looks at the order of records.
pub(super) fn look(rows: &[Row], checked: &mut Checked) {
    let Some(head) = rows.first().filter(|row| row.is("HEAD")) else {
        checked.find(1, None, "must be a HEAD record");
        return;
    };
    let footer = match head.one("Profile") {
        "BasicAudioProfile" => "FOOT",
        "FinancialReportingToRecordCompaniesProfileSRB" => "SRFO",
        // What the cell says was found already.
        _ => return,
    };
    let Some((last, middle)) = rows[1..].split_last().filter(|(last, _)| last.is(footer)) else {
        let line = rows.last().map_or(1, |row| row.line);
        checked.find(line, None, format!("the last record must be {footer}"));
        return;
    };
    let summaries = middle.iter().take_while(|row| is_summary(row)).count();
    checked.summaries = summaries;
    if summaries == 0 {
        checked.find(head.line, None, "no summary follows");
    }
    let body = &middle[summaries..];
    if let Some(late) = body.iter().find(|row| is_summary(row)) {
        checked.find(late.line, None, "a summary must stand before all blocks");
    }
    if footer == "FOOT" {
        blocks(body, checked);
        let counts =
            [("NumberOfSummaryRecords", summaries), ("NumberOfBlocksInFile", checked.blocks)];
        count("NumberOfLinesInFile", checked.lines, last, checked);
        counts.into_iter().for_each(|(cell, number)| count(cell, number, last, checked));
        if head.one("NumberOfFiles") == "1" {
            count("NumberOfLinesInReport", checked.lines, last, checked);
            count("NumberOfBlocksInReport", checked.blocks, last, checked);
        }
    } else {
        singles(body, checked);
        count("NumberOfLinesInReport", checked.lines, last, checked);
        count("NumberOfSummaryRecords", summaries, last, checked);
    }
}

fn is_summary(row: &Row) -> bool {
    row.of.name.starts_with("SY")
}

/// The footer says how many there are.
fn count(cell: &'static str, number: usize, footer: &Row, checked: &mut Checked) {
    if footer.has(cell) && footer.one(cell) != number.to_string() {
        checked.find(
            footer.line,
            Some(cell),
            format!("says {}, there are {number}", footer.one(cell)),
        );
    }
}

fn singles(body: &[Row], checked: &mut Checked) {
    let mut may_extend = false;
    let mut transactions = BTreeSet::new();
    for row in body {
        let good = row.is("SR08") || (row.is("DE01") && may_extend);
        if !good {
            checked.find(row.line, None, format!("{} may not stand here", row.of.name));
        }
        if row.is("SR08") {
            checked.blocks += 1;
            once(row, &mut transactions, checked);
        }
        may_extend = row.is("SR08");
    }
}

fn once<'a>(row: &'a Row, seen: &mut BTreeSet<&'a str>, checked: &mut Checked) {
    if !seen.insert(row.one("SalesTransactionId")) {
        checked.find(row.line, Some("SalesTransactionId"), "stands in the file twice");
    }
}

fn blocks(body: &[Row], checked: &mut Checked) {
    let (mut ids, mut transactions) = (BTreeSet::new(), BTreeSet::new());
    let mut rest = body;
    while let Some(first) = rest.first() {
        let id = first.one("BlockId");
        let length = rest.iter().take_while(|row| row.one("BlockId") == id).count();
        let (block, behind) = rest.split_at(length);
        rest = behind;
        checked.blocks += 1;
        if !ids.insert(id) {
            checked.find(
                first.line,
                Some("BlockId"),
                format!("block {id} goes on after another began"),
            );
        }
        for row in block.iter().filter(|row| row.of.name.starts_with("SU")) {
            once(row, &mut transactions, checked);
        }
        order(block, checked);
        references(block, checked);
    }
}

/// The steps of a block, as states of a small machine.
fn order(block: &[Row], checked: &mut Checked) {
    #[derive(Clone, Copy, PartialEq)]
    enum Step {
        Begin,
        Release,
        Recording,
        Work,
        Resource,
        SubRelease,
        Usage,
    }
    let mut step = Step::Begin;
    for row in block {
        let resources_may_follow =
            matches!(step, Step::Begin | Step::Release | Step::Work | Step::Resource);
        let whole = matches!(step, Step::Work | Step::Resource);
        let next = match row.of.name {
            "RE01" if step == Step::Begin => Step::Release,
            "AS01.01" if resources_may_follow => Step::Recording,
            "AS02.02" if resources_may_follow => Step::Resource,
            "MW01.01" if matches!(step, Step::Recording | Step::Work) => Step::Work,
            "RE02" if whole || step == Step::SubRelease => Step::SubRelease,
            "SU01" | "SU02" if whole || matches!(step, Step::SubRelease | Step::Usage) => {
                Step::Usage
            }
            name => {
                checked.find(row.line, None, format!("{name} may not stand here in its block"));
                return;
            }
        };
        step = next;
    }
    if step != Step::Usage {
        let line = block.last().map_or(0, |row| row.line);
        checked.find(line, None, "the block ends without a usage");
    }
}

/// Usages name a release or a resource of their block, and not both.
fn references(block: &[Row], checked: &mut Checked) {
    let named = |cell: &str| -> BTreeSet<&str> {
        block.iter().map(|row| row.one(cell)).filter(|text| !text.is_empty()).collect()
    };
    let (releases, resources) = (named("ReleaseReference"), named("ResourceReference"));
    for row in block.iter().filter(|row| row.of.name.starts_with("SU")) {
        let (release, resource) = (row.one("TransactedRelease"), row.one("TransactedResource"));
        if release.is_empty() == resource.is_empty() {
            checked.find(row.line, None, "must name a release or a resource, and not both");
        }
        for (cell, name, known) in [
            ("TransactedRelease", release, &releases),
            ("TransactedResource", resource, &resources),
        ] {
            if !name.is_empty() && !known.contains(name) {
                checked.find(
                    row.line,
                    Some(cell),
                    format!("{name:?} isn't described in this block"),
                );
            }
        }
    }
}
