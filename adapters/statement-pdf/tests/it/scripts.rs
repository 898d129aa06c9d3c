//! Names in any script are what they were; what nobody can see is written out.

use crate::reading::texts;
use crate::sample::{lines, sample};

fn title_as_printed(title: &str) -> String {
    let mut sample = sample(lines(1, 0, None));
    title.clone_into(&mut sample.recordings.get_mut("trk_1").expect("it is there").title);
    let texts = texts(&sample.printed());
    // Between the number of the line and what else is known of it.
    let facts = texts.iter().rposition(|text| text.starts_with("Comet, ")).expect("facts");
    let from = texts[..facts].iter().rposition(|text| text == "1").expect("the line's number");
    texts[from + 1..facts].join(" ")
}

#[test]
fn names_are_kept() {
    for title in [
        "Zażółć gęślą jaźń",
        "Ếch ộp Ñandú Þór ŉ Ẹ̀kọ́",
        "Η Αθήνα και η Θεσσαλονίκη",
        "Київ, Сарајево, Ђорђе",
        "東京スカイ 你好 서울",
        "ქართული հայերեն ไทย",
        "<b>bold</b> & \"quoted\" <script>alert(1)</script>",
        "(\\) %PDF endstream >>",
    ] {
        // A line that ends within a word has no space there.
        let plain = |text: &str| text.replace(' ', "");
        assert_eq!(plain(&title_as_printed(title)), plain(title));
    }
}

#[test]
fn what_cannot_be_seen_is_written_out() {
    for (title, printed) in [
        ("a\u{0}b\nc\td", "a[U+0000]b[U+000A]c[U+0009]d"),
        ("\u{202E}00.1", "[U+202E]00.1"),
        ("a\u{200B}b", "a[U+200B]b"),
        ("tune \u{1F3B5}", "tune [U+1F3B5]"),
        ("\u{E000}\u{FFFF}", "[U+E000][U+FFFF]"),
    ] {
        assert_eq!(title_as_printed(title), printed);
    }
}

#[test]
fn a_title_may_be_longer_than_a_page() {
    let title = "\u{7}".repeat(1_000);
    let printed = title_as_printed(&title).replace(' ', "");
    assert!(printed.matches("[U+0007]").count() >= 900, "{}", printed.len());
}
