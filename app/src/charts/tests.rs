//! Charts are what a plain count says, in whichever order plays came in.

use ledgerline_ids::{DayNo, Territory, TrackId};
use ledgerline_records::play::CountedAs;
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use super::cells::Cells;
use super::most_played::{LEAST, most_of};
use super::ranking::{Owners, Place, places};
use super::{PLACES_MAX, shown};
use crate::collection::Thing;
use crate::ports::collection::SavedKind;
use crate::ports::conformance::library::{artist, credit, release, track};
use crate::ports::library::{LibraryChange, MusicLibrary, Role, fold};
use crate::ports::memory_library::MemoryLibrary;

/// A recording, a day, a country, and whether it counts from then on or no more.
type Change = (u32, u32, &'static str, i64);

/// Numbers that look random and are the same each time.
fn numbers(mut seed: u64) -> impl FnMut(u64) -> u64 {
    move |below| {
        seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (seed >> 33) % below
    }
}

fn cells_of(changes: &[Change]) -> Cells {
    let mut cells = Cells::new(1_000_000);
    for (number, day, territory, by) in changes {
        let name = format!("T{number}");
        let counted = CountedAs {
            track: TrackId::new(&name).expect("a track"),
            started_at: DayNo(*day).start().plus(1),
            listened_ms: 30_000,
            tier: None,
            territory: Territory::new(territory).ok(),
        };
        cells.change(&counted, *by);
    }
    cells
}

/// Recordings whose titles come in another order than their ids, two on each album, one of all without an
/// album that is known.
async fn library(tracks: u32) -> MemoryLibrary {
    let store = MemoryLibrary::default();
    let mut change = LibraryChange {
        artists: (0..5).map(|number| artist(&format!("A{number}"), &title(number))).collect(),
        ..LibraryChange::default()
    };
    for number in 0..tracks {
        let album = format!("R{}", number / 2);
        if number % 2 == 0 {
            let mut release = release(&album, "2026");
            release.title = title(number / 2);
            change.releases.push(release);
        }
        let mut track = track(&format!("T{number}"), &album, number);
        track.title = title(number);
        track.credits = vec![
            credit(&format!("A{}", number % 5), Role::Main),
            credit(&format!("A{}", number % 3), Role::Main),
            credit("A4", Role::Producer),
        ];
        change.tracks.push(track);
    }
    store.change_library(&change).await.expect("stores");
    store
}

fn title(number: u32) -> String {
    format!("Title {}", (number * 7919) % 101)
}

async fn chart(cells: Cells, kind: SavedKind, store: &MemoryLibrary) -> Vec<(String, u64)> {
    let sums = cells.sums(DayNo(100), DayNo(106), Some("SE"));
    let cells = Mutex::new(cells);
    let found = places(kind, (&cells, sums, (0, 0)), &mut Owners::default(), store).await;
    found.expect("reads").into_iter().map(|place| (place.id, place.plays)).collect()
}

#[tokio::test]
async fn a_chart_is_a_plain_count_in_any_order() {
    let store = library(150).await;
    let mut number = numbers(7);
    let mut changes: Vec<Change> = Vec::new();
    for _ in 0..6_000 {
        let of = u32::try_from(number(160)).expect("small");
        let day = 98 + u32::try_from(number(12)).expect("small");
        let territory = ["SE", "NO", ""][usize::try_from(number(3)).expect("small")];
        changes.push((of, day, territory, 1));
        // Excluded again, or held.
        if number(4) == 0 {
            changes.push((of, day, territory, -1));
        }
    }
    let mut plain: BTreeMap<u32, u64> = BTreeMap::new();
    for (of, day, territory, by) in &changes {
        if (100..=106).contains(day) && *territory == "SE" {
            let plays = plain.entry(*of).or_default();
            *plays = plays.checked_add_signed(*by).expect("it counted before");
        }
    }
    for kind in SavedKind::ALL {
        let mut expected: BTreeMap<String, u64> = BTreeMap::new();
        for (of, plays) in plain.iter().filter(|(_, plays)| **plays > 0) {
            // The library doesn't have the last ten.
            let known = *of < 150;
            let whose = match kind {
                SavedKind::Track => vec![format!("T{of}")],
                SavedKind::Release if known => vec![format!("R{}", of / 2)],
                SavedKind::Artist if known && of % 5 == of % 3 => vec![format!("A{}", of % 5)],
                SavedKind::Artist if known => vec![format!("A{}", of % 5), format!("A{}", of % 3)],
                _ => Vec::new(),
            };
            for id in whose {
                *expected.entry(id).or_default() += plays;
            }
        }
        let name = |id: &String| {
            let number: u32 = id[1..].parse().expect("a number");
            let known = *kind != SavedKind::Track || number < 150;
            if known { fold(&title(number)) } else { fold(id) }
        };
        let mut expected: Vec<(String, u64)> = expected.into_iter().collect();
        expected.sort_by_key(|(id, plays)| (u64::MAX - plays, name(id), id.clone()));
        expected.truncate(PLACES_MAX);
        assert!(expected.len() >= 5, "{kind:?}");
        let ties = expected.windows(2).filter(|pair| pair[0].1 == pair[1].1).count();
        assert!(*kind == SavedKind::Artist || ties > 10, "{kind:?} has {ties} ties");

        assert_eq!(chart(cells_of(&changes), *kind, &store).await, expected, "{kind:?}");
        let mut other: Vec<Change> = changes.clone();
        for at in (1..other.len()).rev() {
            other.swap(at, usize::try_from(number(at as u64 + 1)).expect("small"));
        }
        assert_eq!(chart(cells_of(&other), *kind, &store).await, expected, "{kind:?}");
    }
}

#[test]
fn days_go_where_there_is_no_room_and_the_state_tells_what_changed() {
    let mut cells = Cells::new(3);
    let add = |cells: &mut Cells, number: u32, day: u32| {
        let name = format!("T{number}");
        let counted = CountedAs {
            track: TrackId::new(&name).expect("a track"),
            started_at: DayNo(day).start(),
            listened_ms: 30_000,
            tier: None,
            territory: None,
        };
        cells.change(&counted, 1);
    };
    for (number, day) in [(1, 10), (2, 10), (1, 11), (1, 11)] {
        add(&mut cells, number, day);
    }
    assert_eq!(cells.known_from(), DayNo(0));
    add(&mut cells, 2, 12);
    assert_eq!(cells.known_from(), DayNo(11), "four would be too many");
    assert_eq!(cells.sums(DayNo(0), DayNo(10), None).len(), 0);
    // What comes of a day that is gone stays out.
    add(&mut cells, 1, 10);
    assert_eq!(cells.sums(DayNo(0), DayNo(10), None).len(), 0);
    let of_eleven = cells.sums(DayNo(11), DayNo(11), None);
    assert_eq!(of_eleven.into_values().collect::<Vec<_>>(), [2]);
    assert_eq!(cells.sums(DayNo(11), DayNo(12), Some("SE")).len(), 0);
}

#[test]
fn places_before_are_told() {
    let chart = |ids: &[&str]| {
        let place = |id: &&str| Place { id: (*id).to_owned(), plays: 1 };
        Arc::new(ids.iter().map(place).collect::<Vec<_>>())
    };
    let before = [chart(&["b", "a"]), chart(&[]), chart(&["a", "c"])];
    for (id, rank, rank_before, best_rank, periods) in [
        ("a", 3, Some(2), 1, 3),
        ("b", 2, Some(1), 1, 2),
        ("c", 1, None, 1, 2),
        ("d", 4, None, 4, 1),
    ] {
        let place = Place { id: id.to_owned(), plays: 7 };
        let shown = shown(&place, rank, Thing::Track(None), &before);
        assert_eq!(
            (shown.rank, shown.rank_before, shown.best_rank, shown.periods, shown.plays),
            (rank, rank_before, best_rank, periods, 7),
            "{id}"
        );
    }
}

#[test]
fn the_most_played_are_a_hundredth_and_some_in_any_case() {
    let most = |changes: &[Change]| most_of(&cells_of(changes), DayNo(100), DayNo(127));
    // Two plays come before one, of as many the lesser id, and other days and what counts no more are nothing.
    let few = [
        (3, 100, "SE", 1),
        (2, 127, "NO", 1),
        (1, 110, "SE", 1),
        (1, 111, "", 1),
        (4, 99, "SE", 1),
        (5, 128, "SE", 1),
        (6, 105, "SE", 1),
        (6, 105, "SE", -1),
    ];
    assert_eq!(most(&few), ["T1", "T2", "T3"]);
    let each = |tracks: u32| (0..tracks).map(|of| (of, 100, "SE", 1)).collect::<Vec<Change>>();
    for (tracks, expected) in [(150, LEAST), (9_999, LEAST), (12_345, 123)] {
        assert_eq!(most(&each(tracks)).len(), expected, "{tracks}");
    }
}
