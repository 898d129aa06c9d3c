//! The suite of [`RevenueStore`]. Every case wants a store that nothing was written to.

use ledgerline_catalog::Tally;
use ledgerline_ids::{DayNo, Period, UnixMs};
use ledgerline_money::{Currency, Fraction, Micros};
use ledgerline_royalty::month_plays::MonthPlays;
use ledgerline_royalty::revenue::{FxRow, PeriodRevenue, Plan, RevenueRow};
use ledgerline_royalty::usage::{UsageEntry, Use};

use crate::money::usage::Gathered;
use crate::ports::{ImportedRows, PeriodUsage, RevenueStore, SourceFile};

/// Runs every case, each on a store of its own.
pub async fn every_case<S: RevenueStore>(fresh: impl AsyncFn() -> S) {
    is_empty_at_first(&fresh().await).await;
    the_same_revenue_again_changes_nothing(&fresh().await).await;
    a_corrected_row_keeps_the_old_one(&fresh().await).await;
    rates_are_kept_by_pair_and_day(&fresh().await).await;
    usage_is_replaced_month_by_month(&fresh().await).await;
}

/// Nothing was imported: revision 0, no rows. An import of nothing leaves it there.
pub async fn is_empty_at_first(store: &dyn RevenueStore) {
    assert_eq!(
        store.import_revenue(&[], &file(1), at(1)).await.expect("stores"),
        outcome(0, 0, 0, 0)
    );
    assert_eq!(store.import_fx(&[], &file(1), at(1)).await.expect("stores"), outcome(0, 0, 0, 0));
    assert_eq!(
        store.import_usage("s", &[], &file(1), at(1)).await.expect("stores"),
        outcome(0, 0, 0, 0)
    );
    assert_eq!(store.revenue_revision().await.expect("reads"), 0);
    assert_eq!(store.fx_revision().await.expect("reads"), 0);
    assert_eq!(store.usage_revision().await.expect("reads"), 0);
    assert_eq!(store.revenue(None, u64::MAX).await.expect("reads"), []);
    assert_eq!(store.fx(u64::MAX).await.expect("reads"), []);
    assert_eq!(store.usage(month(10), u64::MAX).await.expect("reads"), []);
}

/// Rows come back as given, sorted; importing them again is no new revision.
pub async fn the_same_revenue_again_changes_nothing(store: &dyn RevenueStore) {
    let listener = RevenueRow {
        listener: Some("anna ☺".into()),
        subscribers: 1,
        plan: Plan::Student,
        ..row(Some("SE"), Some("premium"), 9)
    };
    let correction = RevenueRow {
        correction: Some("store statement 7".into()),
        gross: Micros::new(-5),
        ..row(Some("SE"), Some("premium"), 0)
    };
    let rows = [
        revenue(10, row(None, None, 1)),
        revenue(10, row(Some("SE"), None, 2)),
        revenue(10, row(Some("SE"), Some("premium"), 3)),
        revenue(10, correction),
        revenue(10, listener),
        revenue(11, row(None, Some("free"), 4)),
    ];
    assert_eq!(import(store, &rows, 1).await, outcome(1, 6, 0, 0));
    assert_eq!(import(store, &rows, 2).await, outcome(1, 0, 0, 6));
    let told = store.revenue(None, 1).await.expect("reads");
    let mut all: Vec<PeriodRevenue> = told.iter().map(|stored| stored.row.clone()).collect();
    all.sort();
    let mut given = rows.to_vec();
    given.sort();
    assert_eq!(all, given);
    assert!(told.iter().all(|it| it.revision == 1 && it.at == at(1) && it.file == file(1)));
    let november = store.revenue(Some(month(11)), 1).await.expect("reads");
    assert_eq!(november.iter().map(|it| &it.row).collect::<Vec<_>>(), [&rows[5]]);
}

/// The old row is there at the revisions before, with the file that it came from.
pub async fn a_corrected_row_keeps_the_old_one(store: &dyn RevenueStore) {
    let (first, other) = (revenue(10, row(Some("SE"), None, 1)), revenue(10, row(None, None, 7)));
    let corrected = revenue(10, row(Some("SE"), None, 2));
    import(store, &[first.clone(), other.clone()], 1).await;
    assert_eq!(import(store, std::slice::from_ref(&corrected), 2).await, outcome(2, 0, 1, 0));
    for (revision, expected) in [(1, &first), (2, &corrected), (9, &corrected)] {
        let rows = store.revenue(Some(month(10)), revision).await.expect("reads");
        let told: Vec<_> = rows.iter().map(|it| &it.row).collect();
        assert_eq!(told, [&other, expected], "at revision {revision}");
        assert_eq!(rows[1].file, file(revision.min(2)), "at revision {revision}");
        assert_eq!(rows[0].file, file(1));
    }
    assert_eq!(
        import(store, std::slice::from_ref(&first), 3).await,
        outcome(3, 0, 1, 0),
        "and back"
    );
    assert_eq!(store.revenue_revision().await.expect("reads"), 3);
    assert_eq!(store.revenue(Some(month(10)), 3).await.expect("reads")[1].row, first);
    assert_eq!(store.revenue(Some(month(10)), 2).await.expect("reads")[1].row, corrected);
}

/// A rate of the same pair and day is replaced; the other way round is another pair.
pub async fn rates_are_kept_by_pair_and_day(store: &dyn RevenueStore) {
    let rate = |base: &str, quote: &str, day: u32, rate: &str| FxRow {
        base: Currency::parse(base).expect("is a currency"),
        quote: Currency::parse(quote).expect("is a currency"),
        day: DayNo(day),
        rate: Fraction::parse(rate).expect("is a fraction"),
        inverse: day == 20_001,
        source: "central bank".into(),
    };
    let rows = [
        rate("EUR", "SEK", 20_000, "11.4321"),
        rate("EUR", "SEK", 20_001, "1/3"),
        rate("SEK", "EUR", 20_000, "0.0875"),
    ];
    let imported = store.import_fx(&rows, &file(1), at(1)).await.expect("stores");
    assert_eq!(imported, outcome(1, 3, 0, 0));
    let other = [rate("EUR", "SEK", 20_000, "11.5"), rows[1].clone()];
    let imported = store.import_fx(&other, &file(2), at(2)).await.expect("stores");
    assert_eq!(imported, outcome(2, 0, 1, 1));
    let told = |rows: Vec<crate::ports::Stored<FxRow>>| {
        rows.into_iter().map(|it| it.row).collect::<Vec<_>>()
    };
    assert_eq!(told(store.fx(1).await.expect("reads")), rows);
    let newest = [other[0].clone(), rows[1].clone(), rows[2].clone()];
    assert_eq!(told(store.fx(2).await.expect("reads")), newest);
}

/// A month of a source is one thing: what a new file doesn't have of it is gone.
pub async fn usage_is_replaced_month_by_month(store: &dyn RevenueStore) {
    let entry = |track: &str, plays: u64| UsageEntry {
        track_id: track.into(),
        territory: (plays > 1).then(|| "SE".into()),
        tier: None,
        usage_use: if plays > 5 { Use::Radio } else { Use::OnDemand },
        listener: (plays == 3).then(|| "anna".into()),
        plays,
    };
    let usage = |number: u32, entries: &[UsageEntry]| PeriodUsage {
        period: month(number),
        plays: plays(entries),
    };
    let october = usage(10, &[entry("T1", 1), entry("T2", 3), entry("T2", 7)]);
    let months = [october.clone(), usage(11, &[entry("T1", 4)])];
    let imported = store.import_usage("a", &months, &file(1), at(1)).await.expect("stores");
    assert_eq!(imported, outcome(1, 2, 0, 0));
    let imported = store.import_usage("a", &months, &file(1), at(2)).await.expect("stores");
    assert_eq!(imported, outcome(1, 0, 0, 2));
    let other = [usage(10, &[entry("T9", 2)])];
    store.import_usage("b", &other, &file(2), at(2)).await.expect("stores");
    let fewer = [usage(10, &[entry("T1", 2)])];
    let imported = store.import_usage("a", &fewer, &file(3), at(3)).await.expect("stores");
    assert_eq!(imported, outcome(3, 0, 1, 0));

    let of = |source: &str, usage: &PeriodUsage| (source.to_owned(), usage.plays.clone());
    for (revision, expected) in [
        (0, vec![]),
        (1, vec![of("a", &october)]),
        (2, vec![of("a", &october), of("b", &other[0])]),
        (3, vec![of("a", &fewer[0]), of("b", &other[0])]),
    ] {
        let told = store.usage(month(10), revision).await.expect("reads");
        assert_eq!(told, expected, "at revision {revision}");
    }
    assert_eq!(store.usage(month(11), 3).await.expect("reads"), [of("a", &months[1])]);
    assert_eq!(store.usage_revision().await.expect("reads"), 3);
}

fn plays(entries: &[UsageEntry]) -> MonthPlays {
    let mut gathered = Gathered::default();
    for entry in entries {
        gathered.add(entry).expect("few plans");
    }
    gathered.finish()
}

async fn import(store: &dyn RevenueStore, rows: &[PeriodRevenue], number: u64) -> ImportedRows {
    store.import_revenue(rows, &file(number), at(number)).await.expect("stores")
}

fn outcome(revision: u64, added: u64, changed: u64, unchanged: u64) -> ImportedRows {
    ImportedRows { revision, tally: Tally { added, changed, unchanged } }
}

fn month(number: u32) -> Period {
    Period::new(2026, number).expect("is a month")
}

fn file(number: u64) -> SourceFile {
    let byte = u8::try_from(number).expect("few files");
    SourceFile { name: format!("file-{number}.csv"), sha256: [byte; 32] }
}

fn at(number: u64) -> UnixMs {
    UnixMs::new(1_700_000_000_000 + number).expect("is in range")
}

fn revenue(number: u32, row: RevenueRow) -> PeriodRevenue {
    PeriodRevenue { period: month(number), row }
}

fn row(territory: Option<&str>, tier: Option<&str>, gross: i64) -> RevenueRow {
    RevenueRow {
        territory: territory.map(Into::into),
        tier: tier.map(Into::into),
        listener: None,
        plan: Plan::Individual,
        subscribers: 10,
        currency: Currency::parse("EUR").expect("is a currency"),
        gross: Micros::new(gross * 1_000_000),
        tax: Micros::new(1),
        store_fee: Micros::new(2),
        refunds: Micros::new(3),
        correction: None,
    }
}
