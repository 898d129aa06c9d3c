//! The suite of [`RightsStore`]. Every case wants a store that nothing was written to.

use ledgerline_catalog::{
    ArtistRole, Catalogue, Changes, Credit, Dates, Import, Party, PartyKind, Place, Placed,
    PlacedShare, Recording, Release, Right, RightOf, Share, TerritoryCode, Work, WorkPart, Writer,
    WriterRole, judge,
};
use ledgerline_ids::{DayNo, Dpid, Ipi, Isni, Isrc, Iswc, UnixMs, Upc};
use ledgerline_money::{Currency, Fraction, Micros};

use crate::ports::{ChangeError, RightsChange, RightsStore, SourceFile};

/// Runs every case, each on a store of its own.
pub async fn every_case<S: RightsStore>(fresh: impl AsyncFn() -> S) {
    is_empty_at_first(&fresh().await).await;
    keeps_entries_as_given(&fresh().await).await;
    reads_every_revision_again(&fresh().await).await;
    refuses_what_was_judged_against_another_revision(&fresh().await).await;
    keeps_many_entries(&fresh().await).await;
}

/// Nothing was imported: revision 0, an empty catalogue, no revision to tell of.
pub async fn is_empty_at_first(store: &dyn RightsStore) {
    assert_eq!(store.rights_revision().await.expect("reads"), 0);
    for revision in [0, 1, u64::MAX] {
        let catalogue = store.rights(revision).await.expect("reads");
        assert_eq!((catalogue.revision(), catalogue.parties().len()), (0, 0));
    }
    assert_eq!(store.rights_revisions(10).await.expect("reads"), []);
}

/// Every field comes back, lists in their order.
pub async fn keeps_entries_as_given(store: &dyn RightsStore) {
    let import = everything();
    let (parties, works) = (import.parties.clone(), import.works.clone());
    let (recordings, releases) = (import.recordings.clone(), import.releases.clone());
    change(store, import, 0).await;
    let known = store.rights(1).await.expect("reads");
    assert_eq!(known.revision(), 1);
    for placed in parties {
        let party = known.find_party(&placed.entry.id).expect("was stored");
        assert_eq!(*known.party(party), placed.entry);
    }
    for placed in works {
        let work = known.find_work(&placed.entry.id).expect("was stored");
        assert_eq!(known.work(work), placed.entry);
    }
    for placed in recordings {
        let recording = known.find_recording(&placed.entry.track_id).expect("was stored");
        assert_eq!(known.recording(recording), placed.entry);
    }
    for placed in releases {
        let release = known.find_release(&placed.entry.id).expect("was stored");
        assert_eq!(known.release(release), placed.entry);
    }
    let again = judge(&known, everything()).expect("is good still");
    assert!(again.is_empty(), "{again:?}");
    let revisions = store.rights_revisions(10).await.expect("reads");
    assert_eq!((revisions.len(), revisions[0].revision, revisions[0].at), (1, 1, at(0)));
    assert_eq!(revisions[0].files, [file(0)]);
}

/// A correction changes what is known from its revision on, and no revision before it.
pub async fn reads_every_revision_again(store: &dyn RightsStore) {
    let share = |holder: &str, from: u32| {
        let dates = Dates { from: DayNo(from), until: None };
        placed_share((Right::Master, "T1"), holder, "1", dates, &[])
    };
    let first = Import {
        parties: ["a", "b", "c"].map(|id| placed(Party::new(id))).to_vec(),
        recordings: vec![placed(Recording::new("T1"))],
        shares: vec![share("a", 0)],
        ..Import::default()
    };
    change(store, first, 0).await;
    change(store, Import { shares: vec![share("b", 10)], ..Import::default() }, 1).await;
    let renamed = Party { name: "Another".into(), ..Party::new("c") };
    change(store, Import { parties: vec![placed(renamed)], ..Import::default() }, 2).await;
    change(store, Import { shares: vec![share("c", 20)], ..Import::default() }, 3).await;

    for (revision, holder, day, name) in
        [(1, "a", 0, "c"), (2, "b", 10, "c"), (3, "b", 10, "Another"), (4, "c", 20, "Another")]
    {
        let known = store.rights(revision).await.expect("reads");
        assert_eq!(known.revision(), revision);
        assert_eq!(holders(&known, "T1", day), [holder], "at revision {revision}");
        let before = DayNo(day).0.checked_sub(1).map(|day| holders(&known, "T1", day));
        assert!(before.is_none_or(|before| before.is_empty()), "at revision {revision}");
        let party = known.find_party("c").expect("was stored");
        assert_eq!(&*known.party(party).name, name, "at revision {revision}");
    }
    assert_eq!(store.rights(9).await.expect("reads").revision(), 4);
    let revisions = store.rights_revisions(3).await.expect("reads");
    assert_eq!(revisions.iter().map(|it| it.revision).collect::<Vec<_>>(), [4, 3, 2]);
    assert_eq!(revisions[0].files, [file(3)]);
}

/// Of two imports that were judged against the same revision only one is stored.
pub async fn refuses_what_was_judged_against_another_revision(store: &dyn RightsStore) {
    let import = |id: &str| Import { parties: vec![placed(Party::new(id))], ..Import::default() };
    change(store, import("a"), 0).await;
    let late = judge(&Catalogue::default(), import("b")).expect("is good");
    let change = RightsChange { changes: &late, tracks: &[], known: 0, files: &[], at: at(0) };
    let refused = store.change_rights(change).await.expect_err("the catalogue has moved");
    assert!(matches!(refused, ChangeError::Moved { known: 0, now: 1 }), "{refused}");
    let known = store.rights(u64::MAX).await.expect("reads");
    assert_eq!((known.revision(), known.find_party("b")), (1, None));
}

/// More entries than fit into any one statement, added, and then changed in part.
pub async fn keeps_many_entries(store: &dyn RightsStore) {
    const MANY: usize = 21_007;
    let import = |title: &str, step: usize| {
        let ids = (0..MANY).step_by(step).map(|number| format!("T{number:05}"));
        let ids: Vec<String> = ids.collect();
        let shares = ids.iter().flat_map(|id| {
            ["a", "b"]
                .map(|party| placed_share((Right::Master, id), party, "1/2", Dates::ALWAYS, &[]))
        });
        let shares = shares.collect();
        let recording = |id: &String| Recording { title: title.into(), ..Recording::new(id) };
        let recordings = ids.iter().map(|id| placed(recording(id))).collect();
        let parties = ["a", "b"].map(|id| placed(Party::new(id))).to_vec();
        Import { parties, recordings, shares, ..Import::default() }
    };
    change(store, import("first", 1), 0).await;
    change(store, import("second", 7), 1).await;
    let known = store.rights(2).await.expect("reads");
    assert_eq!(known.recordings().len(), MANY);
    for (number, recording) in known.recordings().enumerate() {
        let title = if number % 7 == 0 { "second" } else { "first" };
        assert_eq!(known.title(recording), title);
        assert_eq!(known.track_id(recording), format!("T{number:05}"));
    }
    assert_eq!(known.share_sets().count(), MANY);
    assert_eq!(known.title(ledgerline_catalog::RecordingNo(7)), "second");
    let before = store.rights(1).await.expect("reads");
    assert_eq!(before.title(ledgerline_catalog::RecordingNo(7)), "first");
}

fn holders(known: &Catalogue, track: &str, day: u32) -> Vec<String> {
    let recording = known.find_recording(track).expect("was stored");
    let holders = known.holders(recording, Right::Master, DayNo(day), None).expect("is exact");
    holders.into_iter().map(|(party, _)| known.party_id(party).to_owned()).collect()
}

async fn change(store: &dyn RightsStore, import: Import, known: u64) {
    let catalogue = store.rights(known).await.expect("reads");
    let changes: Changes = judge(&catalogue, import).expect("is good");
    let files = [file(known)];
    let change =
        RightsChange { changes: &changes, tracks: &[], known, files: &files, at: at(known) };
    assert_eq!(store.change_rights(change).await.expect("stores"), known + 1);
    assert_eq!(store.rights_revision().await.expect("reads"), known + 1);
}

fn file(number: u64) -> SourceFile {
    SourceFile {
        name: format!("sheet-{number}.csv"),
        sha256: [u8::try_from(number).expect("few"); 32],
    }
}

fn at(number: u64) -> UnixMs {
    UnixMs::new(1_700_000_000_000 + number).expect("is in range")
}

fn placed<T>(entry: T) -> Placed<T> {
    Placed { at: Place { file: 0, row: 1 }, entry }
}

fn placed_share(
    (right, of): (Right, &str),
    holder: &str,
    share: &str,
    dates: Dates,
    territories: &[&str],
) -> PlacedShare {
    let territories = territories.iter().map(|code| TerritoryCode::parse(code).expect("is a code"));
    PlacedShare {
        at: Place { file: 0, row: 1 },
        of: RightOf { right, of: of.into() },
        share: Share {
            dates,
            territories: territories.collect(),
            holder: holder.into(),
            share: Fraction::parse(share).expect("is a fraction"),
        },
    }
}

/// One of each kind with everything said, and one with nothing said.
fn everything() -> Import {
    let full = Party {
        name: "Zoë's \"Label\"; DROP TABLE rights_parties".into(),
        kinds: [PartyKind::Label, PartyKind::Publisher].into(),
        country: TerritoryCode::parse("SE").ok(),
        ipi: Ipi::parse("00045620792").ok(),
        isni: Isni::parse("000000012150090X").ok(),
        dpid: Dpid::parse("PADPIDA2013020802I").ok(),
        tax_country: TerritoryCode::parse("GB").ok(),
        tax_treaty: true,
        payout_currency: Currency::parse("SEK").ok(),
        minimum_payout: Some(Micros::new(50_000_000)),
        ..Party::new("p:label")
    };
    let work = Work {
        id: "W1".into(),
        iswc: Iswc::parse("T0345246801").ok(),
        title: "Å song".into(),
        writers: [
            Writer { party: "p2".into(), role: WriterRole::Lyricist },
            Writer { party: "p:label".into(), role: WriterRole::Composer },
        ]
        .into(),
    };
    let part = |work: &str, weight: &str| WorkPart {
        work: work.into(),
        weight: Some(Fraction::parse(weight).expect("is a fraction")),
    };
    let recording = Recording {
        isrc: Isrc::parse("SEABC2600001").ok(),
        title: "Track ☺".into(),
        duration_ms: Some(61_000),
        label: Some("p:label".into()),
        artists: [
            Credit { party: "p2".into(), role: ArtistRole::Main },
            Credit { party: "p:label".into(), role: ArtistRole::Featured },
        ]
        .into(),
        works: [part("W2", "2/3"), part("W1", "1/3")].into(),
        ..Recording::new("spotify:track 1; odd")
    };
    let release = Release {
        id: "R1".into(),
        upc: Upc::parse("036000291452").ok(),
        title: "Release".into(),
        label: Some("p2".into()),
        released_on: Some(DayNo(20_000)),
        tracks: ["spotify:track 1; odd".into(), "T2".into()].into(),
    };
    let bare = Release {
        id: "R2".into(),
        upc: None,
        title: Box::default(),
        label: None,
        released_on: None,
        tracks: Box::default(),
    };
    let bare_work =
        Work { id: "W2".into(), iswc: None, title: Box::default(), writers: Box::default() };
    let unweighed = Recording {
        works: [WorkPart { work: "W1".into(), weight: None }].into(),
        ..Recording::new("T2")
    };
    let some_days = Dates { from: DayNo(20_000), until: Some(DayNo(20_100)) };
    Import {
        parties: vec![placed(full), placed(Party::new("p2"))],
        works: vec![placed(work), placed(bare_work)],
        recordings: vec![placed(recording), placed(unweighed)],
        releases: vec![placed(release), placed(bare)],
        shares: vec![
            placed_share((Right::Master, "T2"), "p2", "1/3", some_days, &["DE", "SE"]),
            placed_share((Right::Master, "T2"), "p:label", "2/3", some_days, &["DE", "SE"]),
            placed_share((Right::Mechanical, "W1"), "p2", "1", Dates::ALWAYS, &[]),
            placed_share((Right::Performance, "W1"), "p:label", "1", Dates::ALWAYS, &[]),
        ],
    }
}
