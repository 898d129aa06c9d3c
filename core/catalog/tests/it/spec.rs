//! Runs the tables of `tests/spec`; their README says what the lines mean.

use ledgerline_catalog::fields::{self, Fields, Item, Row};
use ledgerline_catalog::{
    Catalogue, Import, Place, Right, RowErrors, TerritoryCode, judge, review, with_changes,
};
use ledgerline_ids::DayNo;
use std::borrow::Cow;
use std::collections::BTreeMap;

/// `column=value` words of a line.
struct Words<'a>(BTreeMap<&'a str, &'a str>);

impl Fields for Words<'_> {
    fn text(&self, column: &str) -> Cow<'_, str> {
        Cow::Borrowed(self.0.get(column).copied().unwrap_or(""))
    }

    fn items(&self, column: &str, noted: bool) -> Vec<Item> {
        let text = self.0.get(column).copied().unwrap_or("");
        let items = text.split(',').filter(|item| !item.is_empty());
        let item = |text: &str| match text.split_once(':').filter(|_| noted) {
            Some((id, note)) => Item { id: id.to_owned(), note: note.to_owned() },
            None => Item { id: text.to_owned(), note: String::new() },
        };
        items.map(item).collect()
    }
}

/// What a table has brought so far.
#[derive(Default)]
struct World {
    known: Catalogue,
    import: Import,
    errors: RowErrors,
    rows: u32,
}

impl World {
    fn bring(&mut self, kind: &str, words: &str) {
        let words = words.split_whitespace().map(|word| word.split_once('=').expect(word));
        let words = Words(words.collect());
        self.rows += 1;
        let row = Row::new(&words, Place { file: 0, row: self.rows }, &mut self.errors);
        match kind {
            "party" => self.import.parties.extend(fields::party(row)),
            "work" => self.import.works.extend(fields::work(row)),
            "recording" => self.import.recordings.extend(fields::recording(row)),
            "release" => self.import.releases.extend(fields::release(row)),
            "share" => self.import.shares.extend(fields::share(row)),
            _ => panic!("{kind} is no line of a table"),
        }
    }

    /// `row 3 share: why; row 4 …`, or what changed.
    fn import(&mut self) -> String {
        let (import, errors) = (std::mem::take(&mut self.import), std::mem::take(&mut self.errors));
        self.rows = 0;
        let judged = errors.finish().and_then(|()| judge(&self.known, import));
        match judged {
            Ok(changes) => {
                let revision = self.known.revision() + u64::from(!changes.is_empty());
                self.known = with_changes(&self.known, &changes, revision).unwrap();
                let sum = |count: fn(&ledgerline_catalog::Tally) -> u64| {
                    changes.tallies.iter().map(count).sum::<u64>()
                };
                let [added, changed, same] =
                    [sum(|it| it.added), sum(|it| it.changed), sum(|it| it.unchanged)];
                format!("revision {revision}: {added} added, {changed} changed, {same} unchanged")
            }
            Err(refused) => {
                let one = |error: &ledgerline_catalog::RowError| {
                    format!("row {} {} {}: {}", error.at.row, error.column, error.value, error.why)
                };
                refused.errors.iter().map(one).collect::<Vec<_>>().join(" | ")
            }
        }
    }

    fn holders(&self, words: &[&str]) -> String {
        let [track, right, day, rest @ ..] = words else { panic!("{words:?}") };
        let territory = rest.first().map(|code| TerritoryCode::parse(code).unwrap());
        let recording = self.known.find_recording(track).expect("the recording is known");
        let (right, day) = (Right::from_word(right).unwrap(), DayNo::parse(day).unwrap());
        let holders = self.known.holders(recording, right, day, territory).unwrap();
        let one = |(party, share)| format!("{} {share}", self.known.party_id(party));
        none_or(&holders.into_iter().map(one).collect::<Vec<_>>())
    }

    fn of_recording(&self, track: &str) -> String {
        let known = &self.known;
        let recording = known.find_recording(track).expect("the recording is known");
        let label = known.label_of(recording).map_or("none", |label| known.party_id(label));
        let artists = known
            .artists_of(recording)
            .map(|(party, role)| format!("{} {}", known.party_id(party), role.word()));
        let releases = known.releases_of(recording).map(|it| known.release_id(it).to_owned());
        let artists = none_or(&artists.collect::<Vec<_>>());
        format!(
            "label {label}; artists {artists}; releases {}",
            none_or(&releases.collect::<Vec<_>>())
        )
    }

    fn review(&self, words: &[&str]) -> String {
        let [day, plays @ ..] = words else { panic!("{words:?}") };
        let plays = plays.iter().map(|word| word.split_once('=').expect("track=plays"));
        let plays =
            plays.map(|(track, count)| (track.to_owned(), count.parse().unwrap())).collect();
        let findings = review(&self.known, &plays, DayNo::parse(day).unwrap(), 30).unwrap();
        none_or(&findings.iter().map(|it| format!("{} {}", it.kind, it.about)).collect::<Vec<_>>())
    }
}

fn none_or(items: &[String]) -> String {
    if items.is_empty() { "none".to_owned() } else { items.join(", ") }
}

fn check(table: &str) {
    let mut world = World::default();
    let mut questions = 0;
    for (number, line) in (1..).zip(table.lines()) {
        let line = line.trim();
        if line.is_empty() || line.starts_with('#') {
            continue;
        }
        if line.starts_with("case ") {
            world = World::default();
            continue;
        }
        let (said, expected) = match line.split_once(" -> ") {
            Some((said, expected)) => (said.trim(), Some(expected.trim())),
            None => (line, None),
        };
        let (word, rest) = said.split_once(' ').unwrap_or((said, ""));
        let words: Vec<&str> = rest.split_whitespace().collect();
        let answer = match word {
            "import" => world.import(),
            "holders" => world.holders(&words),
            "of" => world.of_recording(rest),
            "review" => world.review(&words),
            _ => {
                world.bring(word, rest);
                continue;
            }
        };
        let expected = expected.expect("a question has an answer");
        let shortened = expected.strip_suffix(" …");
        let same = shortened.map_or(answer == expected, |begins| answer.starts_with(begins));
        assert!(same, "line {number}: {line}\n  says {answer}");
        questions += 1;
    }
    assert!(questions > 5, "the table asks {questions} things only");
}

#[test]
fn shares_hold_by_day_and_territory() {
    check(include_str!("../spec/shares.txt"));
}

#[test]
fn imports_are_taken_whole_or_refused() {
    check(include_str!("../spec/imports.txt"));
}
