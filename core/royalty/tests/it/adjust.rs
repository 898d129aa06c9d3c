//! Whatever the order in which things become known: what is stated for a month, close by close,
//! adds up to what one close gives that knows everything.

use ledgerline_catalog::{
    Catalogue, CatalogueBuilder, Dates, Party, Recording, Right, RightOf, Share, ShareSet,
};
use ledgerline_ids::{Period, UnixMs};
use ledgerline_money::{Currency, ExchangeRates, Fraction, Micros};
use ledgerline_royalty::adjust::{Facts, causes, restate, without_reversed};
use ledgerline_royalty::month_plays::{MonthPlays, Standing};
use ledgerline_royalty::revenue::{Plan, RevenueRow};
use ledgerline_royalty::sheet::Sheet;
use ledgerline_royalty::terms::{
    AccountTerms, Contract, Model, Parties, PassedOn, PoolRule, Rule, Scope, Term,
};
use ledgerline_royalty::usage::{Usage, Use};
use ledgerline_royalty::usage_fold::{PlayPart, UsageFold, UsageNeeds};
use proptest::prelude::*;
use std::convert::Infallible;

/// What is known of the month at one time, in small numbers.
#[derive(Debug, Clone, PartialEq, Eq)]
struct World {
    /// Of each of four recordings, in two countries: counted plays.
    plays: [[u8; 2]; 4],
    /// Net revenue of the two countries, in cents.
    revenue: [u16; 2],
    /// Which part of each recording the first label holds, in tenths; the second has the rest.
    shares: [u8; 4],
    /// What the licence pays, and what the first label passes on to the artist, in percent.
    terms: (u8, u8),
}

const TRACKS: [&str; 4] = ["t1", "t2", "t3", "t4"];
const COUNTRIES: [&str; 2] = ["DE", "SE"];

fn month() -> Period {
    Period::parse("2026-10").unwrap()
}

fn worlds() -> impl Strategy<Value = World> {
    let plays = prop::array::uniform4(prop::array::uniform2(0_u8..20));
    let shares = prop::array::uniform4(0_u8..=10);
    (plays, prop::array::uniform2(0_u16..5_000), shares, (1_u8..=100, 0_u8..=100))
        .prop_map(|(plays, revenue, shares, terms)| World { plays, revenue, shares, terms })
}

fn plays(world: &World) -> MonthPlays {
    let mut fold = UsageFold::new(UsageNeeds::default());
    let mut hash = 0;
    for (track, countries) in TRACKS.iter().zip(world.plays) {
        for (country, count) in COUNTRIES.iter().zip(countries) {
            for _ in 0..count {
                hash += 1;
                let part = PlayPart {
                    started_at: month().start(),
                    track,
                    territory: Some(country),
                    tier: Some("premium"),
                    usage_use: Use::OnDemand,
                    listened_ms: 60_000,
                    listener: Some("l"),
                    standing: Standing::Counted,
                    why: 0,
                };
                let change: Result<_, Infallible> =
                    fold.change(hash, None, &part, || Ok(None::<UnixMs>));
                let Ok(_) = change;
            }
        }
    }
    fold.finish().unwrap().months.into_values().next().unwrap_or_default()
}

fn usage(plays: &MonthPlays) -> Usage {
    plays.usage(&UsageNeeds::default()).0
}

fn revenue(world: &World) -> Vec<RevenueRow> {
    let row = |(country, cents): (&&str, u16)| RevenueRow {
        territory: Some((**country).into()),
        tier: None,
        listener: None,
        plan: Plan::Individual,
        subscribers: 1,
        currency: Currency::parse("EUR").unwrap(),
        gross: Micros::new(i64::from(cents) * 10_000),
        tax: Micros::ZERO,
        store_fee: Micros::ZERO,
        refunds: Micros::ZERO,
        correction: None,
    };
    COUNTRIES.iter().zip(world.revenue).map(row).collect()
}

fn catalogue(world: &World, revision: u64) -> Catalogue {
    let mut builder = CatalogueBuilder::new(revision);
    for id in ["artist", "label1", "label2"] {
        builder.party(Party::new(id)).unwrap();
    }
    for track in TRACKS {
        builder.recording(&Recording::new(track)).unwrap();
    }
    for (track, tenths) in TRACKS.iter().zip(world.shares) {
        let share = |holder: &str, tenths: u8| Share {
            dates: Dates::ALWAYS,
            territories: Box::default(),
            holder: holder.into(),
            share: Fraction::new(i128::from(tenths), 10).unwrap(),
        };
        let shares = [share("label1", tenths), share("label2", 10 - tenths)];
        let shares = shares.into_iter().filter(|share| share.share != Fraction::ZERO).collect();
        let of = RightOf { right: Right::Master, of: (*track).into() };
        builder.shares(&ShareSet { of, shares }).unwrap();
    }
    builder.finish().unwrap()
}

fn contracts(world: &World) -> Vec<Contract> {
    let percent = |number: u8| Fraction::new(i128::from(number), 100).unwrap();
    let contract = |id: &str, parties, rule| Contract {
        id: id.to_owned(),
        parties,
        title: id.to_owned(),
        signed_on: month().first_day(),
        dates: Dates::ALWAYS,
        currency: Currency::parse("EUR").unwrap(),
        terms: vec![Term {
            id: "all".to_owned(),
            rights: [Right::Master].into(),
            scope: Scope::default(),
            dates: Dates::ALWAYS,
            rule,
        }],
        account: AccountTerms::default(),
    };
    let pool = PoolRule {
        model: Model::ProRata { share: percent(world.terms.0) },
        per_play_minimum: None,
        eligible_plays_min: None,
        noise: None,
        guarantee: None,
    };
    let passed = PassedOn {
        payee: "artist".to_owned(),
        share: percent(world.terms.1),
        commissions: Vec::new(),
    };
    vec![
        contract("licence", Parties::Licence { licensor: None }, Rule::Pool(Box::new(pool))),
        contract(
            "artist-deal",
            Parties::Agreement { grantor: "label1".to_owned() },
            Rule::PassOn(vec![passed]),
        ),
    ]
}

/// All that is known at one time, owned.
struct Known {
    plays: MonthPlays,
    usage: Usage,
    revenue: Vec<RevenueRow>,
    catalogue: Catalogue,
    contracts: Vec<Contract>,
    rates: ExchangeRates,
}

impl Known {
    fn of(world: &World, revision: u64) -> Self {
        let plays = plays(world);
        Self {
            usage: usage(&plays),
            plays,
            revenue: revenue(world),
            catalogue: catalogue(world, revision),
            contracts: contracts(world),
            rates: ExchangeRates::default(),
        }
    }

    fn facts(&self) -> Facts<'_> {
        Facts {
            usage: &self.usage,
            revenue: &self.revenue,
            rates: &self.rates,
            catalogue: &self.catalogue,
            contracts: &self.contracts,
        }
    }

    /// The month in full, without what no line needs.
    fn sheet(&self) -> Sheet {
        let (sheet, refusals) = self.facts().sheet(month());
        assert_eq!(refusals, []);
        assert_eq!(sheet.unbalanced(), None, "I6");
        Sheet::total(&[&sheet]).unwrap()
    }
}

/// Lines with their names, so that sheets can be compared whatever their numbers.
fn named(sheet: &Sheet) -> Vec<(String, String, String, i64, Micros)> {
    let line = |line: &ledgerline_royalty::sheet::SheetLine| {
        let (pool, way) = (&sheet.pools[line.pool as usize], &sheet.ways[line.way as usize]);
        let place = format!(
            "{:?} {:?} {}/{} {} {:?}",
            pool.territory, pool.tier, pool.contract, pool.term, way.holder, way.passed
        );
        let payee = sheet.payees.name(line.payee).to_owned();
        (payee, place, sheet.tracks.name(line.track).to_owned(), line.plays, line.amount)
    };
    let mut lines: Vec<_> = sheet.lines.iter().map(line).collect();
    lines.sort();
    lines
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(150))]

    #[test]
    fn adjustments_add_up_to_one_close_that_knows_everything(
        worlds in prop::collection::vec(worlds(), 1..5),
    ) {
        let known: Vec<Known> =
            (1..).zip(&worlds).map(|(revision, world)| Known::of(world, revision)).collect();
        let mut stated = vec![known[0].sheet()];
        for pair in known.windows(2) {
            let [old, new] = pair else { unreachable!("windows of two") };
            let between = usage(&without_reversed(&old.plays, &new.plays));
            let causes = causes(month(), &old.facts(), &between, &new.facts());
            let so_far = Sheet::total(&stated.iter().collect::<Vec<_>>()).unwrap();
            let facts = (&old.facts(), &between, &new.facts());
            let restated = restate(month(), facts, &causes, so_far).unwrap();
            prop_assert_eq!(&restated.refusals, &[]);
            for (cause, change) in restated.changes {
                prop_assert!(causes.contains(&cause));
                prop_assert_eq!(change.unbalanced(), None, "I6 of what changed");
                stated.push(change);
            }
        }
        let all = Sheet::total(&stated.iter().collect::<Vec<_>>()).unwrap();
        prop_assert_eq!(named(&all), named(&known[known.len() - 1].sheet()));
    }
}

#[test]
fn each_cause_is_charged_with_what_it_changed() {
    let before = World {
        plays: [[5, 0], [5, 0], [0, 0], [0, 0]],
        revenue: [1_000, 0],
        shares: [10, 0, 0, 0],
        terms: (50, 0),
    };
    for (change, wanted) in [
        (World { plays: [[4, 0], [5, 0], [0, 0], [0, 0]], ..before.clone() }, "reversed_plays"),
        (World { plays: [[5, 0], [5, 0], [2, 0], [0, 0]], ..before.clone() }, "late_plays"),
        (World { revenue: [1_200, 0], ..before.clone() }, "revenue"),
        (World { shares: [9, 0, 0, 0], ..before.clone() }, "shares"),
        (World { terms: (60, 0), ..before.clone() }, "terms"),
        (World { terms: (50, 20), ..before.clone() }, "terms"),
    ] {
        let (old, new) = (Known::of(&before, 1), Known::of(&change, 2));
        let between = usage(&without_reversed(&old.plays, &new.plays));
        let causes = causes(month(), &old.facts(), &between, &new.facts());
        let facts = (&old.facts(), &between, &new.facts());
        let restated = restate(month(), facts, &causes, old.sheet()).unwrap();
        let words: Vec<&str> = restated.changes.iter().map(|(cause, _)| cause.word()).collect();
        assert_eq!(words, [wanted], "{change:?}");
    }
}
