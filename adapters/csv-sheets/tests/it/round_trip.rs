//! What is exported and imported again is what it was, as CSV and as JSON.

use ledgerline_catalog::{
    ArtistRole, Catalogue, Credit, Dates, Import, Party, PartyKind, Place, Placed, PlacedShare,
    Recording, RecordingKind, Release, Right, RightOf, Share, TerritoryCode, Work, WorkPart,
    Writer, WriterRole, judge, with_changes,
};
use ledgerline_csv_sheets::{NamedFile, RightsSheet, read_rights, rights_as_csv, rights_as_json};
use ledgerline_ids::{DayNo, Dpid, Ipi, Isni, Isrc, Iswc, Upc};
use ledgerline_money::{Currency, Fraction, Micros};
use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;
use proptest::sample::{Index, select, subsequence};
use std::collections::BTreeMap;

fn placed<T>(entry: T) -> Placed<T> {
    Placed { at: Place { file: 0, row: 1 }, entry }
}

/// A title: what people write, commas, quotes and brackets among it.
fn title() -> impl Strategy<Value = Box<str>> {
    select(vec!["", "Blue", "Blue, \"live\"", "Zoë; the (2nd)", "☺ = 1+1", "-", "{\"a\": [1]}"])
        .prop_map(Into::into)
}

fn territories() -> impl Strategy<Value = Box<[TerritoryCode]>> {
    let codes = ["DE", "SE", "US"].map(|code| TerritoryCode::parse(code).unwrap());
    subsequence(codes.to_vec(), 0..=3).prop_map(Into::into)
}

prop_compose! {
    fn party(id: &'static str)(
        name in title(),
        kinds in subsequence(PartyKind::ALL.to_vec(), 0..=8),
        country in territories(),
        ids in any::<[bool; 3]>(),
        tax_treaty in any::<bool>(),
        payout in option::of(select(vec!["EUR", "JPY"])),
        minimum_payout in option::of(0_i64..1 << 40),
    ) -> Party {
        let name: Box<str> = if name.is_empty() { id.into() } else { name };
        Party {
            name,
            kinds: kinds.into(),
            country: country.first().copied(),
            ipi: ids[0].then(|| Ipi::parse("00045620792").unwrap()),
            isni: ids[1].then(|| Isni::parse("000000012150090X").unwrap()),
            dpid: ids[2].then(|| Dpid::parse("PADPIDA2013020802I").unwrap()),
            tax_country: country.last().copied(),
            tax_treaty,
            payout_currency: payout.map(|code| Currency::parse(code).unwrap()),
            minimum_payout: minimum_payout.map(Micros::new),
            ..Party::new(id)
        }
    }
}

const PARTIES: [&str; 3] = ["a", "b:2", "c/@+.-_3"];
const WORKS: [&str; 3] = ["w1", "w2", "w3"];
const TRACKS: [&str; 3] = ["spotify:track 1", "t,2 \"x\"", "é(3)"];

prop_compose! {
    fn work(id: &'static str)(
        title in title(),
        iswc in any::<bool>(),
        writers in vec((select(PARTIES.to_vec()), select(WriterRole::ALL.to_vec())), 0..4),
    ) -> Work {
        let writers = writers.into_iter();
        Work {
            id: id.into(),
            iswc: iswc.then(|| Iswc::parse("T0345246801").unwrap()),
            title,
            writers: writers.map(|(party, role)| Writer { party: party.into(), role }).collect(),
        }
    }
}

prop_compose! {
    fn recording(id: &'static str)(
        title in title(),
        isrc in any::<bool>(),
        duration_ms in option::of(1_u64..=604_800_000),
        kind in select(RecordingKind::ALL.to_vec()),
        label in option::of(select(PARTIES.to_vec())),
        artists in vec((select(PARTIES.to_vec()), select(ArtistRole::ALL.to_vec())), 0..4),
        works in subsequence(WORKS.to_vec(), 0..=3),
        weighed in any::<bool>(),
    ) -> Recording {
        let weight = |count: usize| {
            let equal = Fraction::new(1, i128::try_from(count).unwrap()).unwrap();
            weighed.then_some(equal)
        };
        let count = works.len();
        let artists = artists.into_iter();
        let works = works.into_iter();
        Recording {
            isrc: isrc.then(|| Isrc::parse("SEABC2600001").unwrap()),
            title,
            duration_ms,
            kind,
            label: label.map(Into::into),
            artists: artists.map(|(party, role)| Credit { party: party.into(), role }).collect(),
            works: works
                .map(|work| WorkPart { work: work.into(), weight: weight(count) })
                .collect(),
            ..Recording::new(id)
        }
    }
}

prop_compose! {
    fn release(id: &'static str)(
        title in title(),
        upc in any::<bool>(),
        label in option::of(select(PARTIES.to_vec())),
        released_on in option::of(0_u32..30_000),
        tracks in vec(select(TRACKS.to_vec()), 0..4),
    ) -> Release {
        Release {
            id: id.into(),
            upc: upc.then(|| Upc::parse("036000291452").unwrap()),
            title,
            label: label.map(Into::into),
            released_on: released_on.map(DayNo),
            tracks: tracks.into_iter().map(Into::into).collect(),
        }
    }
}

prop_compose! {
    /// All shares of a right: each holder an equal part, in some territories, for some days.
    fn shares(right: Right, of: &'static str)(
        holders in subsequence(PARTIES.to_vec(), 0..=3),
        territories in territories(),
        from in option::of(1_u32..20_000),
        days in option::of(1_u32..1_000),
    ) -> Vec<PlacedShare> {
        let from = from.unwrap_or(0);
        let dates = Dates { from: DayNo(from), until: days.map(|days| DayNo(from + days)) };
        let count = holders.len();
        let share = |holder: &&str| PlacedShare {
            at: Place { file: 0, row: 1 },
            of: RightOf { right, of: of.into() },
            share: Share {
                dates,
                territories: territories.clone(),
                holder: (*holder).into(),
                share: Fraction::new(1, i128::try_from(count).unwrap()).unwrap(),
            },
        };
        holders.iter().map(share).collect()
    }
}

fn import() -> impl Strategy<Value = Import> {
    let parties = PARTIES.map(party);
    let works = WORKS.map(work);
    let recordings = TRACKS.map(recording);
    let releases = ["r1", "r2"].map(release);
    let master = TRACKS.map(|track| shares(Right::Master, track));
    let mechanical = WORKS.map(|work| shares(Right::Mechanical, work));
    let entries = (parties, works, recordings, releases, master, mechanical);
    entries.prop_map(|(parties, works, recordings, releases, master, mechanical)| Import {
        parties: parties.map(placed).to_vec(),
        works: works.map(placed).to_vec(),
        recordings: recordings.map(placed).to_vec(),
        releases: releases.map(placed).to_vec(),
        shares: master.into_iter().chain(mechanical).flatten().collect(),
    })
}

fn catalogue(import: Import) -> Catalogue {
    let empty = Catalogue::default();
    let changes = judge(&empty, import).unwrap_or_else(|refused| panic!("{refused:?}"));
    with_changes(&empty, &changes, 1).unwrap()
}

/// Everything that a catalogue tells, to be compared.
fn told(catalogue: &Catalogue) -> BTreeMap<&'static str, String> {
    RightsSheet::ALL
        .into_iter()
        .map(|sheet| {
            let csv = rights_as_csv(catalogue, sheet).unwrap();
            (sheet.name(), String::from_utf8(csv).unwrap())
        })
        .collect()
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(256) })]

    #[test]
    fn an_export_comes_back_as_it_was(import in import(), first in any::<Index>()) {
        let before = catalogue(import.clone());
        let sheets = told(&before);
        // The order of the files is nobody's business.
        let mut files: Vec<NamedFile<'_>> = sheets
            .iter()
            .map(|(name, text)| NamedFile { name, bytes: text.as_bytes() })
            .collect();
        let at = first.index(files.len());
        files.rotate_left(at);
        let read = read_rights(&files).unwrap_or_else(|error| panic!("{error}"));
        let after = catalogue(read);
        prop_assert_eq!(told(&after), sheets.clone());

        let json = rights_as_json(&before).to_string();
        let file = NamedFile { name: "rights.json", bytes: json.as_bytes() };
        let read = read_rights(&[file]).unwrap_or_else(|error| panic!("{error}"));
        let unchanged = judge(&before, read.clone()).unwrap();
        prop_assert!(unchanged.is_empty(), "{:?}", unchanged);
        prop_assert_eq!(told(&catalogue(read)), sheets);
    }
}
