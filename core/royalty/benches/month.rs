//! Decides made-up months and says how long that took, as JSON lines: what `cargo xtask bench
//! royalty` runs. Everything follows from the sizes; nothing is drawn.
//!
//! `month pro-rata ROWS [LEAVES_FILE]` or `month user-centric ROWS`.

use ledgerline_catalog::{
    ArtistRole, Catalogue, CatalogueBuilder, Credit, Dates, Party, Recording, Right, RightOf,
    Share, ShareSet,
};
use ledgerline_ids::{DayNo, Period};
use ledgerline_money::{Currency, ExchangeRates, Fraction, Micros, allocate};
use ledgerline_royalty::month::{Inputs, Month, Progress, month_watched};
use ledgerline_royalty::music::CatalogueMusic;
use ledgerline_royalty::revenue::{Plan, RevenueRow};
use ledgerline_royalty::terms::{
    AccountTerms, Contract, Model, Parties, PassedOn, PoolRule, Rule, Scope, Term,
};
use ledgerline_royalty::usage::{ListenerRow, Names, Usage, UsageKey, UsageRow, Use};
use std::collections::BTreeSet;
use std::io::{BufWriter, Write as _};
use std::time::Instant;

/// Of the service: recordings, who is paid, licences and agreements, countries, plans.
const RECORDINGS: u32 = 1_000_000;
const PARTIES: u32 = 100_000;
const CONTRACTS: u32 = 1_000;
const TERRITORIES: u16 = 20;
const TIERS: u16 = 3;
/// Plays of distinct recordings by a listener.
const ROWS_OF_LISTENER: u64 = 40;

fn main() {
    let words: Vec<String> = std::env::args().skip(1).filter(|word| word != "--bench").collect();
    let rows = words.get(1).and_then(|rows| rows.parse().ok());
    match (words.first().map(String::as_str), rows) {
        (Some("pro-rata"), Some(rows)) => pro_rata(rows, words.get(2).map(String::as_str)),
        (Some("user-centric"), Some(rows)) => user_centric(rows),
        _ => eprintln!("month pro-rata ROWS [LEAVES_FILE] | month user-centric ROWS"),
    }
}

/// Numbers that look drawn: the finaliser of MurmurHash3.
fn mixed(number: u64) -> u64 {
    let mut mixed = number.wrapping_add(0x9e37_79b9_7f4a_7c15);
    mixed = (mixed ^ (mixed >> 33)).wrapping_mul(0xff51_afd7_ed55_8ccd);
    mixed = (mixed ^ (mixed >> 33)).wrapping_mul(0xc4ce_b9fe_1a85_ec53);
    mixed ^ (mixed >> 33)
}

/// A number below `limit`.
fn below(number: u64, limit: u32) -> u32 {
    u32::try_from(mixed(number) % u64::from(limit)).expect("below a small limit")
}

fn names(prefix: &str, count: u32) -> Names {
    Names::new((0..count).map(|number| format!("{prefix}{number:07}").into()).collect())
}

fn fraction(text: &str) -> Fraction {
    Fraction::parse(text).expect("a fraction")
}

/// Whose recording it is: a tenth of all parties are labels, which have most.
fn label_of(recording: u32) -> u32 {
    let crowd = below(u64::from(recording), PARTIES / 10);
    // The product of two draws favours few.
    u32::try_from(u64::from(crowd) * u64::from(below(u64::from(recording) << 1, 1_000)) / 1_000)
        .expect("below the crowd")
}

fn artist_of(recording: u32) -> u32 {
    PARTIES / 10 + below(u64::from(recording) << 2, PARTIES - PARTIES / 10)
}

fn catalogue() -> Catalogue {
    let mut builder = CatalogueBuilder::new(1);
    let party = |number: u32| format!("party{number:07}");
    for number in 0..PARTIES {
        builder.party(Party::new(&party(number))).expect("in order");
    }
    for number in 0..RECORDINGS {
        let mut recording = Recording::new(&format!("track{number:07}"));
        recording.duration_ms = Some(200_000);
        recording.label = Some(party(label_of(number)).into());
        let artist = Credit { party: party(artist_of(number)).into(), role: ArtistRole::Main };
        recording.artists = [artist].into();
        builder.recording(&recording).expect("in order");
    }
    for number in 0..RECORDINGS {
        let share = |holder: u32, share: &str| Share {
            dates: Dates::ALWAYS,
            territories: Box::default(),
            holder: party(holder).into(),
            share: fraction(share),
        };
        let (label, artist) = (label_of(number), artist_of(number));
        // A third is the artist's own; of some the artist holds a part.
        let shares: Box<[Share]> = match number % 6 {
            0 | 1 => [share(artist, "100%")].into(),
            2 => [share(label, "80%"), share(artist, "20%")].into(),
            _ => [share(label, "100%")].into(),
        };
        let of = RightOf { right: Right::Master, of: format!("track{number:07}").into() };
        builder.shares(&ShareSet { of, shares }).expect("in order");
    }
    builder.finish().expect("a catalogue")
}

fn contract(id: String, parties: Parties, scope: Scope, rule: Rule) -> Contract {
    let term = Term {
        id: "t".to_owned(),
        rights: [Right::Master].into(),
        scope,
        dates: Dates::ALWAYS,
        rule,
    };
    Contract {
        title: id.clone(),
        id,
        parties,
        signed_on: DayNo(0),
        dates: Dates::ALWAYS,
        currency: Currency::parse("EUR").expect("a currency"),
        terms: vec![term],
        account: AccountTerms::default(),
    }
}

fn pool(model: Model, per_play_minimum: Option<Fraction>) -> Rule {
    let (eligible_plays_min, noise, guarantee) = (None, None, None);
    Rule::Pool(Box::new(PoolRule { model, per_play_minimum, eligible_plays_min, noise, guarantee }))
}

/// A default licence, a fifth of licences of labels, and agreements by which labels pay artists,
/// some for one country or plan alone.
fn contracts(model: &Model) -> Vec<Contract> {
    let licence = Parties::Licence { licensor: None };
    let mut all =
        vec![contract("all".to_owned(), licence, Scope::default(), pool(model.clone(), None))];
    for number in 1..CONTRACTS {
        let id = format!("contract{number:07}");
        let label = format!("party{:07}", number - 1);
        let mut scope = Scope::default();
        if number % 7 == 0 {
            scope.territories =
                BTreeSet::from([format!("T{:02}", number % u32::from(TERRITORIES))]);
        }
        if number % 11 == 0 {
            scope.tiers = BTreeSet::from(["tier0000001".to_owned()]);
        }
        let minimum = (number % 2 == 0).then(|| fraction("0.0001"));
        all.push(if number % 5 == 0 {
            let licence = Parties::Licence { licensor: Some(label) };
            contract(id, licence, scope, pool(model.clone(), minimum))
        } else {
            let passed = (0..1 + number % 3).map(|at| PassedOn {
                payee: format!("party{:07}", PARTIES - 1 - number * 3 - at),
                share: fraction("0.125"),
                commissions: Vec::new(),
            });
            let rule = Rule::PassOn(passed.collect());
            contract(id, Parties::Agreement { grantor: label }, scope, rule)
        });
    }
    all
}

fn revenue(territory: Option<u16>, tier: Option<u16>, net: i64, subscribers: u64) -> RevenueRow {
    RevenueRow {
        territory: territory.map(|number| format!("T{number:02}").into()),
        tier: tier.map(|number| format!("tier{number:07}").into()),
        listener: None,
        plan: Plan::Individual,
        subscribers,
        currency: Currency::parse("EUR").expect("a currency"),
        gross: Micros::new(net),
        tax: Micros::ZERO,
        store_fee: Micros::ZERO,
        refunds: Micros::ZERO,
        correction: None,
    }
}

fn empty_usage() -> Usage {
    let territories = (0..TERRITORIES).map(|number| format!("T{number:02}").into()).collect();
    Usage {
        tracks: names("track", RECORDINGS),
        territories: Names::new(territories),
        tiers: names("tier", TIERS.into()),
        ..Usage::default()
    }
}

fn key(track: u32, territory: u16, tier: u16) -> UsageKey {
    UsageKey { track, territory, tier, usage_use: Use::OnDemand, band: 0, counted: true }
}

/// Few recordings are heard everywhere, most in some countries.
fn aggregate(rows: u64) -> Usage {
    let mut usage = empty_usage();
    let all = u64::from(TERRITORIES) * u64::from(TIERS);
    let mut left = rows;
    for track in 0..RECORDINGS {
        let rest = u64::from(RECORDINGS - track);
        let fair = left.div_ceil(rest);
        let drawn = if below(u64::from(track), 10) == 0 { fair * 4 } else { fair * 2 / 3 };
        let here = if rest == 1 { left } else { drawn.clamp(1, left) }.min(all);
        let first = u64::from(below(u64::from(track) << 3, u32::try_from(all).expect("small")));
        let mut places: Vec<u64> = (0..here).map(|at| (first + at) % all).collect();
        places.sort_unstable();
        for place in places {
            let territory = u16::try_from(place / u64::from(TIERS)).expect("small");
            let tier = u16::try_from(place % u64::from(TIERS)).expect("small");
            let plays = 1 + mixed(u64::from(track) * all + place) % 5_000;
            usage.rows.push(UsageRow { key: key(track, territory, tier), plays });
        }
        left -= here;
        if left == 0 {
            break;
        }
    }
    usage
}

/// Times by what was done, as progress tells it.
struct Watch {
    began: Instant,
    stages: Vec<(&'static str, f64)>,
}

impl Watch {
    fn see(&mut self, progress: Progress) {
        let now = self.began.elapsed().as_secs_f64();
        match self.stages.last_mut() {
            Some((doing, until)) if *doing == progress.doing => *until = now,
            _ => {
                eprintln!("  {:.1} s: {}", now, progress.doing);
                self.stages.push((progress.doing, now));
            }
        }
    }
}

fn decide(usage: &Usage, revenue: &[RevenueRow], contracts: &[Contract]) -> (Month, f64) {
    let period = Period::parse("2026-10").expect("a month");
    let built = Instant::now();
    let catalogue = catalogue();
    eprintln!("  catalogue in {:.1} s", built.elapsed().as_secs_f64());
    let mut watch = Watch { began: Instant::now(), stages: Vec::new() };
    let music = CatalogueMusic::new(&catalogue, usage, period.last_day());
    let rates = ExchangeRates::default();
    let inputs = Inputs { period, usage, revenue, contracts, music: &music, rates: &rates };
    let month = month_watched(&inputs, &mut |progress| watch.see(progress));
    let seconds = watch.began.elapsed().as_secs_f64();
    assert_eq!(month.refusals, [], "everything is licensed and paid for");
    (month, seconds)
}

fn said(name: &str, rows: usize, month: &Month, seconds: f64) {
    let peak = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let peak = peak.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    let peak_kib: u64 =
        peak.and_then(|kib| kib.split_whitespace().next()?.parse().ok()).unwrap_or(0);
    let (pools, lines) = (month.pools.len(), month.lines.len());
    let payees = month.payees.len();
    println!(
        "{{\"what\": \"{name}\", \"rows\": {rows}, \"seconds\": {seconds:.3}, \"peak_kib\": {peak_kib}, \
         \"pools\": {pools}, \"lines\": {lines}, \"payees\": {payees}}}"
    );
}

fn pro_rata(rows: u64, leaves: Option<&str>) {
    let usage = aggregate(rows);
    let mut all = Vec::new();
    for territory in 0..TERRITORIES {
        for tier in 0..TIERS {
            let net = 1_000_000_000_000 / i64::from(1 + territory + tier);
            all.push(revenue(Some(territory), Some(tier), net, 1));
        }
    }
    let contracts = contracts(&Model::ProRata { share: fraction("55%") });
    let (month, seconds) = decide(&usage, &all, &contracts);
    said("decision", usage.rows.len(), &month, seconds);
    if let Some(path) = leaves {
        allocation(&month, path);
    }
}

/// The allocation alone, of the lines' plays by pool; and the same columns for others to read.
fn allocation(month: &Month, path: &str) {
    let mut by_pool: Vec<Vec<u128>> = vec![Vec::new(); month.pools.len()];
    for line in &month.lines {
        by_pool[line.pool as usize].push(line.plays.into());
    }
    let began = Instant::now();
    let mut given = Vec::with_capacity(by_pool.len());
    for (pool, weights) in month.pools.iter().zip(&by_pool) {
        given.push(allocate(pool.money, weights).expect("every line has plays"));
    }
    let seconds = began.elapsed().as_secs_f64();
    let lines: usize = given.iter().map(Vec::len).sum();
    let checked = |(line, amount): (i128, &Micros)| i128::from(amount.get()) * (line % 1009 + 1);
    let check: i128 = given.iter().flat_map(|amounts| (0..).zip(amounts)).map(checked).sum();
    println!(
        "{{\"what\": \"allocation\", \"rows\": {lines}, \"seconds\": {seconds:.3}, \"check\": \"{check}\"}}"
    );
    let file = std::fs::File::create(path).expect("the file can be written");
    let mut out = BufWriter::new(file);
    writeln!(out, "pool,money,line,plays").expect("the file can be written");
    for (pool, weights) in by_pool.iter().enumerate() {
        let money = month.pools[pool].money.get();
        for (line, plays) in weights.iter().enumerate() {
            writeln!(out, "{pool},{money},{line},{plays}").expect("the file can be written");
        }
    }
    out.flush().expect("the file can be written");
}

fn user_centric(rows: u64) {
    let listeners = u32::try_from(rows / ROWS_OF_LISTENER).expect("fewer listeners than 2^32");
    let mut usage = Usage { listeners: names("listener", listeners), ..empty_usage() };
    for listener in 0..listeners {
        let mut tracks: Vec<u32> = (0..ROWS_OF_LISTENER)
            .map(|at| {
                // Some recordings are everyone's.
                let limit = if at % 4 == 0 { RECORDINGS / 1_000 } else { RECORDINGS };
                below((u64::from(listener) << 8) | at, limit)
            })
            .collect();
        tracks.sort_unstable();
        tracks.dedup();
        let territory = u16::try_from(listener % u32::from(TERRITORIES)).expect("small");
        let tier = u16::try_from(listener % u32::from(TIERS)).expect("small");
        usage.listener_rows.extend(tracks.into_iter().map(|track| ListenerRow {
            listener,
            key: key(track, territory, tier),
            plays: 1 + below((u64::from(listener) << 24) | u64::from(track), 30),
            plays_before: 0,
            plays_beyond_50_straight: 0,
        }));
    }
    let mut rows: Vec<UsageRow> = Vec::with_capacity(usage.listener_rows.len());
    rows.extend(
        usage.listener_rows.iter().map(|row| UsageRow { key: row.key, plays: row.plays.into() }),
    );
    rows.sort_unstable();
    rows.dedup_by(|next, kept| {
        let same = next.key == kept.key;
        kept.plays += if same { next.plays } else { 0 };
        same
    });
    usage.rows = rows;
    let mut all = Vec::new();
    for territory in 0..TERRITORIES {
        let net = i64::from(listeners / u32::from(TERRITORIES)) * 9_990_000;
        all.push(revenue(
            Some(territory),
            None,
            net,
            u64::from(listeners / u32::from(TERRITORIES)) + 10,
        ));
    }
    let contracts = contracts(&Model::UserCentric { share: fraction("55%") });
    let (month, seconds) = decide(&usage, &all, &contracts);
    said("user-centric", usage.listener_rows.len(), &month, seconds);
}
