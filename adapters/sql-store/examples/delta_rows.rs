//! How many rows what counts takes in the store, for each million reports: a million recordings, the one
//! of rank k played as often as 1/k, by a hundred thousand listeners of thirty countries and three plans;
//! every report is a play that counts. It is committed by partition every five seconds of that traffic, and
//! rolled up.
//!
//! `cargo run --release -p ledgerline-sql-store --example delta_rows -- FOLDER [REPORTS_PER_SECOND]
//! [MILLIONS] [PARTITIONS]`; FOLDER must exist, and what is written there is removed. With `--features
//! postgres`, an address (`postgres://…`) in the place of FOLDER measures PostgreSQL in an empty schema,
//! which stays filled.

use ledgerline_app::ports::{
    CountedDeltas, CountedKey, FactStore, PartitionCommit, PartitionDelta, StoreError,
};
use ledgerline_counting::tally::{Days, Dimension};
use ledgerline_ids::DayNo;
use ledgerline_sql_store::SqlStore;
use std::collections::BTreeMap;
use std::error::Error;
use std::path::PathBuf;
use std::time::{Duration, Instant};

const TRACKS: f64 = 1e6;
const LISTENERS: u64 = 100_000;
const TERRITORIES: u64 = 30;
const TIERS: [&str; 3] = ["free", "premium", "family"];
const EVERY_S: u64 = 5;
const ROWS_AT_ONCE: u32 = 5_000;

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let place = words.first().ok_or("which folder?")?;
    let number = |at: usize, usual: u64| words.get(at).map_or(Ok(usual), |text| text.parse());
    let traffic = Traffic {
        reports_per_second: number(1, 20_000)?,
        reports: number(2, 1)? * 1_000_000,
        partitions: u16::try_from(number(3, 8)?)?,
    };
    if place.starts_with("postgres:") {
        return on_postgres(place, traffic).await;
    }
    let folder = tempfile::tempdir_in(PathBuf::from(place))?;
    let store = SqlStore::open(&folder.path().join("state.db")).await?;
    measure(&store, traffic).await?;
    store.close().await?;
    Ok(())
}

#[cfg(feature = "postgres")]
async fn on_postgres(url: &str, traffic: Traffic) -> Result<(), Box<dyn Error>> {
    use ledgerline_sql_store::{PostgresOptions, PostgresStore};
    PostgresStore::upgrade(url, PostgresOptions::default()).await?;
    let store = PostgresStore::open(url, PostgresOptions::default()).await?;
    measure(&store, traffic).await?;
    store.close().await?;
    Ok(())
}

#[cfg(not(feature = "postgres"))]
async fn on_postgres(_: &str, _: Traffic) -> Result<(), Box<dyn Error>> {
    Err("it is built without the feature `postgres`".into())
}

#[derive(Debug, Clone, Copy)]
struct Traffic {
    reports_per_second: u64,
    reports: u64,
    partitions: u16,
}

/// The same traffic each time (splitmix64).
struct Draw(u64);

impl Draw {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// A rank, k as often as 1/k: where its logarithm is spread evenly.
    #[expect(clippy::cast_precision_loss, clippy::cast_possible_truncation, clippy::cast_sign_loss)]
    fn rank(&mut self) -> u64 {
        let even = (self.next() >> 11) as f64 / (1_u64 << 53) as f64;
        ((TRACKS + 1.0).ln() * even).exp() as u64
    }
}

type Sums = BTreeMap<CountedKey, i64>;

fn play(draw: &mut Draw) -> (u64, CountedKey) {
    let listener = draw.next() % LISTENERS;
    let tier = TIERS[usize::try_from(listener % 3).expect("less than three")];
    let key = CountedKey {
        day: DayNo(20_513),
        track: format!("track-{}", draw.rank()).into(),
        territory: format!("T{}", listener % TERRITORIES).into(),
        tier: tier.into(),
    };
    (listener, key)
}

async fn measure<S: FactStore>(store: &S, traffic: Traffic) -> Result<(), Box<dyn Error>> {
    let mut draw = Draw(7);
    let mut commits = store.take_over(traffic.partitions).await?;
    let interval = traffic.reports_per_second * EVERY_S;
    let (mut left, mut rows, mut changes) = (traffic.reports, 0, 0);
    let (mut inserting, mut rolling) = (Duration::ZERO, Duration::ZERO);
    while left > 0 {
        let reports = left.min(interval);
        left -= reports;
        let mut sums = vec![(0_u64, Sums::new()); commits.len()];
        for _ in 0..reports {
            let (listener, key) = play(&mut draw);
            let of = usize::try_from(listener)? % sums.len();
            sums[of].0 += 1;
            *sums[of].1.entry(key).or_default() += 1;
        }
        let began = Instant::now();
        for (commit, (reports, sums)) in commits.iter_mut().zip(sums) {
            changes += sums.len();
            commit_of(store, commit, reports, sums).await?;
        }
        inserting += began.elapsed();
        let began = Instant::now();
        rows += roll_up(store).await?;
        rolling += began.elapsed();
    }
    let counted = store.counted_by(Dimension::Day, Days::default()).await?.counted;
    assert_eq!(counted.values().sum::<i64>(), i64::try_from(traffic.reports)?, "all of them count");
    let millions = traffic.reports / 1_000_000;
    println!("{traffic:?}, each {EVERY_S} s");
    println!("delta rows                {:10} for each million reports", rows / millions);
    println!("changes in them           {:10}", changes as u64 / millions);
    println!("inserting                 {:10} ms", inserting.as_millis() / u128::from(millions));
    println!("rolling up                {:10} ms", rolling.as_millis() / u128::from(millions));
    Ok(())
}

async fn commit_of<S: FactStore>(
    store: &S,
    commit: &mut PartitionCommit,
    reports: u64,
    rows: Sums,
) -> Result<(), Box<dyn Error>> {
    let position = commit.position.plus(reports);
    let delta = PartitionDelta {
        partition: commit.partition,
        epoch: commit.epoch,
        expected: commit.position,
        position,
        plays_bytes: commit.plays_bytes,
        accepted: BTreeMap::new(),
        verdicts: BTreeMap::new(),
        statuses: BTreeMap::new(),
        counted: BTreeMap::new(),
        counted_by: Some(CountedDeltas { expected: commit.position, position, rows }),
    };
    store.commit(&[delta]).await.map_err(|error| error.to_string())?;
    commit.position = position;
    Ok(())
}

async fn roll_up<S: FactStore>(store: &S) -> Result<u64, StoreError> {
    let mut rows = 0;
    loop {
        let rolled = store.roll_up(ROWS_AT_ONCE).await?;
        rows += u64::from(rolled);
        if rolled < ROWS_AT_ONCE {
            return Ok(rows);
        }
    }
}
