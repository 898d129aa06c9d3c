//! Spreadsheets of deals.

use ledgerline_contract_files::sheet::{Mapping, draft};
use ledgerline_contract_files::{read, write};

const DEALS: &str = "\u{feff}Label,Artist,Artist share,Start,Producer\n\
    northern,Aurora & the Band,50%,2026-01-01,\n\
    northern,comet,1/3,2026-01-01,\n\
    ,,,,\n\
    northern,comet,3%,2026-01-01,desk\n";

const MAP: &str = "label=Label,artist=Artist,share=\"Artist share\",from=Start,currency:=EUR";

#[test]
fn rows_become_contracts_for_review() {
    let map = Mapping::parse(&format!("{MAP},payee=Producer")).unwrap();
    let drafted = draft("deals.csv", DEALS.as_bytes(), &map).unwrap();
    let files: Vec<String> = drafted.contracts.iter().map(write).collect();
    for (file, contract) in files.iter().zip(&drafted.contracts) {
        assert_eq!(read("f", file.as_bytes()).as_ref(), Ok(contract));
    }
    assert_eq!(files.len(), 2);
    assert!(files[0].contains("id = \"northern-aurora-the-band\""), "{}", files[0]);
    assert!(files[0].contains("payee = \"aurora-the-band\", share = \"0.5\""), "{}", files[0]);
    assert!(files[1].contains("payee = \"comet\", share = \"1/3\""), "{}", files[1]);
    assert!(files[1].contains("payee = \"desk\", share = \"0.03\""), "{}", files[1]);
    let renamed: Vec<(&str, &str)> =
        drafted.renamed.iter().map(|(name, id)| (&**name, &**id)).collect();
    assert_eq!(renamed, [("Aurora & the Band", "aurora-the-band")]);
}

/// Rows in which something is wrong: the row, and what is said.
#[test]
fn faults_say_row_and_column() {
    let rows = [
        ("northern,a,half,2026-01-01", "d.csv:2:3: Artist share: \"half\" must be a decimal"),
        ("northern,a,,2026-01-01", "d.csv:2:3: Artist share: is needed"),
        (",a,50%,2026-01-01", "d.csv:2:1: Label: is needed"),
        ("northern,,50%,2026-01-01", "d.csv:2:1: payee: nobody is paid"),
        ("northern,a,50%,2026-01-15", "from: 2026-01-15 must be the first of a month"),
        ("northern,a,50%,1 Jan", "d.csv:2:4: Start: \"1 Jan\""),
        ("northern,northern,50%,2026-01-01", "northern can't pass on to itself"),
        (
            "northern,a,50%,2026-01-01\nnorthern,a,51%,2026-01-01",
            "a is named twice: add its shares up",
        ),
        (
            "northern,a,50%,2026-01-01\nnorthern,a,5%,2026-02-01",
            "d.csv:3:4: Start: differs from that of an earlier row",
        ),
        (
            "northern,A B,5%,2026-01-01\nnorthern,A-B!,5%,2026-01-01",
            "\"A B\" and \"A-B!\" would both",
        ),
    ];
    for (row, expected) in rows {
        let text = format!("Label,Artist,Artist share,Start\n{row}\n");
        let found = draft("d.csv", text.as_bytes(), &Mapping::parse(MAP).unwrap()).unwrap_err();
        let found: Vec<String> = found.iter().map(ToString::to_string).collect();
        assert!(found.iter().any(|fault| fault.contains(expected)), "{row}: {found:#?}");
    }
    let found = draft("d.csv", b"A,B\n", &Mapping::parse("label=Label").unwrap()).unwrap_err();
    assert_eq!(found[0].to_string(), "d.csv:1:1: no column \"Label\": there are A, B");
}

#[test]
fn separators_are_told_apart_and_lines_are_those_of_the_file() {
    for separator in [",", ";", "\t"] {
        let text = "Label|Artist|Artist share|Start\r\nnorth|\"A\nBand\"|half|2026-01-01\r\n\r\n\r\n\
            north|b|half|2026-01-01\n";
        let text = text.replace('|', separator);
        let found = draft("d.csv", text.as_bytes(), &Mapping::parse(MAP).unwrap()).unwrap_err();
        let places: Vec<_> = found.iter().map(|fault| (fault.line, fault.column)).collect();
        assert_eq!(places, [(2, 3), (6, 3)], "{found:#?}");
    }
}

#[test]
fn mappings_are_read_strictly() {
    for (text, expected) in [
        ("label", "is no mapping"),
        ("colour=X", "is no field: known are contract, label"),
        ("label=\"X", "a quote is not closed"),
    ] {
        assert!(Mapping::parse(text).unwrap_err().contains(expected), "{text}");
    }
    assert!(Mapping::parse("label = Label , share=\"Share, of net\"").is_ok());
}
