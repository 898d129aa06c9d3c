//! What is written is checked clean, is the same each time, and refuses what can't be sent.

use ledgerline_app::money::sales_report::{SalesProfile, SalesReport, SalesReports};
use ledgerline_ddex::{DsrWriter, check};
use ledgerline_money::Micros;

use crate::samples::{RECIPIENT, SENDER, report};

#[test]
fn a_report_is_written_clean_and_the_same_each_time() {
    for profile in SalesProfile::ALL {
        for compressed in [false, true] {
            let report = report(profile);
            let file = DsrWriter::default().write(&report, compressed).expect("a good report");
            let ending = if compressed { ".tsv.gz" } else { ".tsv" };
            let name =
                format!("DSR_{RECIPIENT}_{SENDER}_Ledgerline_2026-10_DE_1of1_20261101T093000");
            assert_eq!(file.name, format!("{name}{ending}"));
            let checked = check(&file.name, &file.bytes);
            assert_eq!(checked.findings, [], "{profile:?}");
            assert_eq!(checked.summaries, 2);
            assert_eq!(DsrWriter::default().write(&report, compressed), Ok(file));
        }
    }
}

#[test]
fn a_report_reads_as_it_should() {
    let written = |profile| {
        let file = DsrWriter::default().write(&report(profile), false).expect("a good report");
        String::from_utf8(file.bytes).expect("UTF-8")
    };
    let basic = written(SalesProfile::BasicAudio);
    // Tabs, bars and backslashes by the standard's escapes; two writers in one cell.
    assert!(basic.contains("Song\\\\\\1 \\\\| with a bar and a\\\ttab\t"), "{basic}");
    assert!(basic.contains("First Writer|Second \\\\| Writer"), "{basic}");
    assert!(basic.contains("\nSU02\t1\t1\t1\t\tA1\ttrue\t200\t\t\n"), "{basic}");
    assert!(basic.contains("\nSU02\t3\t2\t4\t\tA1\ttrue\t-2\t\t\n"), "{basic}");
    assert!(basic.ends_with("\nFOOT\t14\t14\t2\t3\t3\n"), "{basic}");
    let financial = written(SalesProfile::Financial);
    assert!(financial.contains("\t2026-09\t0\t2\t-2\t"), "{financial}");
    assert!(financial.contains("\t-1.000001\t-1.000001\t"), "{financial}");
    assert!(financial.ends_with("\nSRFO\t8\t2\n"), "{financial}");
}

/// What is changed in a good report, and what must be said of it.
type Spoilt = (&'static str, fn(&mut SalesReport), &'static str);

#[test]
fn what_cant_be_sent_is_refused_with_its_place() {
    let cases: &[Spoilt] = &[
        (
            "short ISRC",
            |r| r.sales[1].recording.isrc = Some("SEABC260001".into()),
            "row 2: ISRC \"SEABC260001\": must be an ISRC",
        ),
        (
            "UPC",
            |r| upc(r, "036000291453"),
            "row 1: UPC \"036000291453\": check digit is 3, must be 2",
        ),
        (
            "sender",
            |r| r.sender.dpid = "PADPIDA2013020802J".into(),
            "sender: DPID \"PADPIDA2013020802J\": check digit is J, must be I",
        ),
        ("recipient", |r| r.recipient.dpid = String::new(), "recipient: DPID \"\": must be a DPID"),
        (
            "service",
            |r| r.service = "Ledger line".into(),
            "service: \"Ledger line\": must have no spaces",
        ),
        ("territory", |r| r.territory = "Germany".into(), "territory: is \"Germany\""),
        (
            "title",
            |r| r.sales[0].recording.title = "two\nlines".into(),
            "row 1: ResourceTitle is \"two\\nlines\"",
        ),
        ("no title", |r| r.recipient.name = "a\u{7}b".into(), "head: RecipientName is"),
        ("plays", |r| r.sales[0].plays += 1, "summary 1: has 300 plays, its sales have 301"),
        (
            "money",
            |r| r.sales[3].amount = Micros::new(-1_000_000),
            "summary 2: differs from the sum of its sales by -1 millionths",
        ),
        ("no summary", |r| r.sales[0].summary = 7, "row 1: belongs to no summary"),
        (
            "nothing",
            |r| {
                r.sales.clear();
                r.summaries.clear();
            },
            "report: has no summary",
        ),
    ];
    for (name, spoil, says) in cases {
        let mut report = report(SalesProfile::Financial);
        spoil(&mut report);
        let refused = DsrWriter::default().write(&report, false).expect_err(name);
        assert!(refused.to_string().contains(says), "{name}: {refused}");
    }
    let mut report = report(SalesProfile::BasicAudio);
    report.sales[0].recording.works[0].iswc = Some("T0345246802".into());
    report.sales[2].recording.title = String::new();
    let refused = DsrWriter::default().write(&report, false).expect_err("a wrong check digit");
    assert!(
        refused.to_string().contains("row 1: ISWC \"T0345246802\": check digit is 2, must be 1")
    );
}

fn upc(report: &mut SalesReport, upc: &str) {
    let release = report.sales[0].recording.release.as_mut().expect("it is on a release");
    release.upc = Some(upc.to_owned());
}
