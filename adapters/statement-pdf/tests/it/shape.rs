//! The same bytes each time, links, what a reader aloud needs, and no more memory than a few lines take.

use crate::reading::{pages, texts};
use crate::sample::{lines, sample};
use lopdf::{Document, Object};

#[test]
fn the_same_statement_gives_the_same_bytes() {
    let first = sample(lines(50, 5, Some("SEK")));
    let mut names = sample(lines(50, 5, Some("SEK")));
    assert!(first.printed() == names.printed(), "two papers of one statement differ");
    names.parties.insert("northern".to_owned(), "北の光".to_owned());
    let renamed = names.printed();
    assert!(renamed == names.printed(), "two papers in two fonts differ");
    assert!(renamed != first.printed(), "a name isn't printed");
}

fn text_of(object: &Object) -> String {
    lopdf::decode_text_string(object).expect("a text")
}

#[test]
fn it_is_tagged_and_says_what_it_is() {
    let paper = sample(lines(3, 0, None)).printed();
    let document = Document::load_mem(&paper).expect("a PDF");
    let catalog = document.catalog().expect("a catalogue");
    assert_eq!(text_of(catalog.get(b"Lang").expect("a language")), "en");
    assert!(catalog.has(b"StructTreeRoot") && catalog.has(b"MarkInfo") && catalog.has(b"Outlines"));
    let info = document.trailer.get(b"Info").and_then(Object::as_reference).expect("a reference");
    let info = document.get_dictionary(info).expect("facts");
    let title = "Royalty statement 2024-03/northern: Northern Lights, March 2024";
    assert_eq!(text_of(info.get(b"Title").expect("a title")), title);
    // The day of booking, not of printing.
    let made = text_of(info.get(b"CreationDate").expect("a date"));
    assert!(made.starts_with("D:20240402093015"), "{made}");
    let keywords = text_of(info.get(b"Keywords").expect("keywords"));
    assert!(keywords.contains("ledgerline-head/1 seq=4711 "), "{keywords}");
    let text = String::from_utf8_lossy(&paper);
    assert!(text.contains("pdfuaid:part") && text.contains("pdfaid:conformance"), "no claim");
}

/// Where the links of a paper lead.
fn links(paper: &[u8]) -> Vec<String> {
    let document = Document::load_mem(paper).expect("a PDF");
    let uris = document.objects.values().filter_map(|object| {
        let action = object.as_dict().ok()?.get(b"A").ok()?.as_dict().ok()?;
        Some(String::from_utf8_lossy(action.get(b"URI").ok()?.as_str().ok()?).into_owned())
    });
    let mut uris: Vec<String> = uris.collect();
    uris.sort();
    uris
}

#[test]
fn each_line_leads_to_its_explanation() {
    let mut sample = sample(lines(12, 0, None));
    assert!(links(&sample.printed()).is_empty());
    sample.statement.payee = "a/b c:é".to_owned();
    let paper = sample.print(Some("https://money.example/")).expect("a paper");
    let found = links(&paper);
    let base = "https://money.example/#/explain/2024-03/a%2Fb%20c%3A%C3%A9";
    for number in 1..=12 {
        assert!(found.contains(&format!("{base}/{number}")), "{found:?}");
    }
    assert!(texts(&paper).iter().any(|text| text.contains("2024-03/a/b c:é/12")));
}

#[test]
fn ten_thousand_lines_are_ten_times_a_thousand() {
    let (few, many) = (sample(lines(1_000, 0, None)), sample(lines(10_000, 0, None)));
    let (little, large) = (few.printed(), many.printed());
    let ratio = large.len() / (little.len() / 10);
    assert!((90..=110).contains(&ratio), "{} and {} bytes", little.len(), large.len());
    let (of_little, of_large) = (pages(&little).len(), pages(&large).len());
    assert!((of_little * 9..=of_little * 11).contains(&of_large), "{of_little}, {of_large} pages");
    // Once for the sums, and for each of two ways through the layout; never many at once.
    assert_eq!(many.read.get(), (30_000, 1_000));
}

#[test]
fn lines_beyond_the_limit_are_summed_up() {
    let count = ledgerline_statement_pdf::LINES_PRINTED_MAX + 1_234;
    let sample = sample(lines(count, 0, None));
    let texts = texts(&sample.printed());
    let says = "1234 lines more: see the CSV or the JSON";
    let at = texts.iter().position(|text| text == says).expect("the rest");
    let printed = usize::try_from(ledgerline_statement_pdf::LINES_PRINTED_MAX).expect("few");
    let rest = sample.lines[printed..].iter().map(|line| line.amount);
    let rest = ledgerline_money::Micros::sum(rest).expect("small");
    assert_eq!(texts[at + 2], rest.to_string());
    assert_eq!(texts[at + 5], sample.statement.accounts[0].earned.to_string());
}
