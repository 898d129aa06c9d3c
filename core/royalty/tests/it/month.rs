//! Months as an accountant writes them down: the tables of `tests/spec/month`.

use crate::contracts::{Recording, Said, Words, fraction, plan_of};
use ledgerline_ids::Period;
use ledgerline_money::{Currency, ExchangeRates, Fraction, FractionError, Micros};
use ledgerline_royalty::line::Pool;
use ledgerline_royalty::month::{Inputs, Month, month};
use ledgerline_royalty::music::Music;
use ledgerline_royalty::revenue::{Plan, RevenueRow};
use ledgerline_royalty::scope::Subject;
use ledgerline_royalty::terms::{Model, Right, Rule};
use ledgerline_royalty::usage::{ListenerRow, Names, Usage, UsageKey, UsageRow, Use};
use std::collections::BTreeMap;
use std::path::Path;

/// A row `plays TRACK COUNT …`.
#[derive(Debug, Clone)]
pub(crate) struct Played {
    pub(crate) track: String,
    pub(crate) plays: u64,
    pub(crate) territory: Option<String>,
    pub(crate) tier: Option<String>,
    pub(crate) listener: Option<String>,
    pub(crate) usage_use: Use,
    pub(crate) heard_ms: u32,
    pub(crate) before: u32,
    pub(crate) beyond: u32,
}

/// All that a month follows from, by name.
#[derive(Debug, Default)]
pub(crate) struct Story {
    pub(crate) said: Said,
    pub(crate) revenue: Vec<RevenueRow>,
    pub(crate) played: Vec<Played>,
    pub(crate) trailing: BTreeMap<String, u64>,
    pub(crate) rates: ExchangeRates,
}

/// Recordings of a story, by the usage's numbers.
struct Recordings<'a> {
    usage: &'a Usage,
    recordings: &'a BTreeMap<String, Recording>,
}

impl Recordings<'_> {
    fn of(&self, track: u32) -> Option<&Recording> {
        self.recordings.get(self.usage.tracks.name(track))
    }
}

impl Music for Recordings<'_> {
    fn subject(&self, track: u32) -> Subject<'_> {
        let unknown = Subject { track: self.usage.tracks.name(track), ..Subject::default() };
        self.of(track).map_or(unknown, Recording::subject)
    }

    fn duration_ms(&self, track: u32) -> Option<u64> {
        self.of(track)?.duration_ms
    }

    fn is_noise(&self, track: u32) -> bool {
        self.of(track).is_some_and(|recording| recording.is_noise)
    }

    fn holders_vary(&self, _: u32, _: Right) -> bool {
        false
    }

    fn holders(
        &self,
        track: u32,
        right: Right,
        _: u16,
    ) -> Result<Vec<(&str, Fraction)>, FractionError> {
        let holders = self.of(track).map_or(&[][..], |recording| &recording.holders[&right][..]);
        Ok(holders.iter().map(|(party, share)| (party.as_str(), *share)).collect())
    }
}

fn names<'a>(names: impl Iterator<Item = Option<&'a String>>) -> Names {
    Names::new(names.flatten().map(|name| name.as_str().into()).collect())
}

fn number(names: &Names, name: Option<&String>) -> u16 {
    name.map_or(Usage::UNKNOWN, |name| names.number(name).unwrap().try_into().unwrap())
}

impl Story {
    /// Plays added up as a close would.
    pub(crate) fn usage(&self) -> Usage {
        let mut usage = Usage {
            tracks: names(self.played.iter().map(|played| Some(&played.track))),
            territories: names(self.played.iter().map(|played| played.territory.as_ref())),
            tiers: names(self.played.iter().map(|played| played.tier.as_ref())),
            listeners: names(self.played.iter().map(|played| played.listener.as_ref())),
            bands_ms: self.bands_ms(),
            ..Usage::default()
        };
        let mut rows: BTreeMap<UsageKey, u64> = BTreeMap::new();
        let mut by_listener: BTreeMap<(u32, UsageKey), ListenerRow> = BTreeMap::new();
        for played in &self.played {
            let band = usage.bands_ms.iter().filter(|ms| **ms <= played.heard_ms).count();
            let key = UsageKey {
                track: usage.tracks.number(&played.track).unwrap(),
                territory: number(&usage.territories, played.territory.as_ref()),
                tier: number(&usage.tiers, played.tier.as_ref()),
                usage_use: played.usage_use,
                band: band.try_into().unwrap(),
                counted: played.heard_ms >= 30_000,
            };
            *rows.entry(key).or_default() += played.plays;
            if let Some(listener) = &played.listener {
                let listener = usage.listeners.number(listener).unwrap();
                let none = ListenerRow {
                    listener,
                    key,
                    plays: 0,
                    plays_before: 0,
                    plays_beyond_50_straight: 0,
                };
                let row = by_listener.entry((listener, key)).or_insert(none);
                row.plays += u32::try_from(played.plays).unwrap();
                row.plays_before += played.before;
                row.plays_beyond_50_straight += played.beyond;
            }
        }
        usage.rows = rows.into_iter().map(|(key, plays)| UsageRow { key, plays }).collect();
        usage.listener_rows = by_listener.into_values().collect();
        let trailing = usage.tracks.iter().map(|track| self.trailing.get(track).copied());
        usage.trailing_plays = trailing.map(|plays| plays.unwrap_or(0)).collect();
        usage
    }

    fn bands_ms(&self) -> Vec<u32> {
        let mut all = Vec::new();
        for term in self.said.contracts.iter().flat_map(|contract| &contract.terms) {
            if let Rule::Pool(rule) = &term.rule
                && let Model::Bands { rates } = &rule.model
            {
                all.extend(rates.keys());
            }
        }
        all.sort_unstable();
        all.dedup();
        all
    }

    /// What is done with the month's inputs.
    pub(crate) fn with_inputs<T>(&self, usage: &Usage, then: impl FnOnce(&Inputs<'_>) -> T) -> T {
        then(&Inputs {
            period: Period::parse("2026-10").unwrap(),
            usage,
            revenue: &self.revenue,
            contracts: &self.said.contracts,
            music: &Recordings { usage, recordings: &self.said.recordings },
            rates: &self.rates,
        })
    }

    /// The month, with the usage whose numbers it has.
    pub(crate) fn month(&self) -> (Usage, Month) {
        let usage = self.usage();
        let month = self.with_inputs(&usage, month);
        (usage, month)
    }

    /// Takes a row that says what there is; gives back whether it was one.
    pub(crate) fn take(&mut self, row: &str) -> bool {
        let words = Words::new(row);
        let owned = |key| words.one(key).map(str::to_owned);
        match words.bare[..] {
            ["revenue"] => self.revenue.push(revenue(&words, row)),
            ["plays", track, count] => {
                words.only(
                    &["territory", "tier", "listener", "use", "heard", "before", "beyond"],
                    row,
                );
                let small = |key, default| words.one(key).map_or(default, |n| n.parse().unwrap());
                let uses = Use::ALL.into_iter().find(|one| Some(one.word()) == words.one("use"));
                self.played.push(Played {
                    track: track.to_owned(),
                    plays: count.parse().expect(row),
                    territory: owned("territory"),
                    tier: owned("tier"),
                    listener: owned("listener"),
                    usage_use: uses.unwrap_or(Use::OnDemand),
                    heard_ms: small("heard", 200_000),
                    before: small("before", 0),
                    beyond: small("beyond", 0),
                });
            }
            ["trailing", track, count] => {
                self.trailing.insert(track.to_owned(), count.parse().expect(row));
            }
            ["rate", from, to, rate] => {
                let [from, to] = [from, to].map(|code| Currency::parse(code).expect(row));
                let day = words.day("day").expect("a rate has its day");
                self.rates.add_both_ways((from, to), day, fraction(rate)).expect(row);
            }
            _ => return self.said.take(row),
        }
        true
    }
}

fn revenue(words: &Words<'_>, row: &str) -> RevenueRow {
    let known = [
        "territory",
        "tier",
        "listener",
        "plan",
        "subscribers",
        "currency",
        "gross",
        "tax",
        "store",
        "refunds",
    ];
    words.only(&known, row);
    let name = |key| words.one(key).map(Into::into);
    let amount = |key| words.one(key).map_or(Micros::ZERO, |text| Micros::parse(text).expect(row));
    let listener: Option<Box<str>> = name("listener");
    let paid = u64::from(listener.is_some());
    RevenueRow {
        territory: name("territory"),
        tier: name("tier"),
        listener,
        plan: words.one("plan").map_or(Plan::Individual, plan_of),
        subscribers: words.one("subscribers").map_or(paid, |count| count.parse().expect(row)),
        currency: Currency::parse(words.one("currency").unwrap_or("EUR")).expect(row),
        gross: amount("gross"),
        tax: amount("tax"),
        store_fee: amount("store"),
        refunds: amount("refunds"),
        correction: None,
    }
}

/// `1.5` as an amount: tables leave zeros away.
fn amount(text: &str) -> Micros {
    Micros::parse(text).expect(text)
}

/// What a month says to a row behind `->`; `None` where it is no such row.
fn answered(usage: &Usage, month: &Month, row: &str) -> Option<String> {
    let words = Words::new(row);
    let sum = |holds: &dyn Fn(&ledgerline_royalty::line::Line) -> bool| {
        let lines = month.lines.iter().filter(|line| holds(line));
        Micros::sum(lines.map(|line| line.amount)).unwrap()
    };
    let payee = |name: &str| month.payees.number(name);
    let answer = match words.bare[..] {
        ["pool", term] => {
            let pools: Vec<&Pool> =
                month.pools.iter().filter(|it| is_of(it, term, &words)).collect();
            assert!(!pools.is_empty(), "no pool {term}: {row}");
            Micros::sum(pools.iter().map(|pool| pool.money)).unwrap().to_string()
        }
        ["payee", name] => sum(&|line| Some(line.payee) == payee(name)).to_string(),
        ["line", name, track] => {
            let track = usage.tracks.number(track);
            sum(&|line| Some(line.payee) == payee(name) && Some(line.track) == track).to_string()
        }
        ["payout", name] => {
            let currency = month.pools[0].currency;
            let sum = sum(&|line| Some(line.payee) == payee(name));
            let (paid, carried) = sum.paid_and_carried(currency);
            format!("{paid} carried {carried}")
        }
        ["step", term, ref what @ ..] => {
            let what = what.join(" ");
            let pools = month.pools.iter().filter(|it| is_of(it, term, &words));
            let mut steps = pools.flat_map(|pool| &pool.steps);
            let step = steps.find(|step| step.what.contains(&what));
            step.unwrap_or_else(|| panic!("no such step: {row}")).result.clone()
        }
        _ => return None,
    };
    Some(answer)
}

fn is_of(pool: &Pool, term: &str, words: &Words<'_>) -> bool {
    let named = format!("{}/{}", pool.contract, pool.term) == term;
    let is = |key, value: Option<&str>| words.one(key).is_none_or(|wanted| Some(wanted) == value);
    named
        && is("right", Some(pool.right.word()))
        && is("territory", pool.territory.as_deref())
        && is("tier", pool.tier.as_deref())
}

/// Amounts are compared as numbers, everything else as text.
fn same(found: &str, expected: &str) -> bool {
    let number = |text: &str| Micros::parse(text).ok();
    let words = |text: &str| -> Vec<String> {
        let word = |word: &str| number(word).map_or(word.to_owned(), |n| n.to_string());
        text.split_whitespace().map(word).collect()
    };
    words(found) == words(expected)
}

/// Runs one case: its rows say what there is, then what must come of it.
pub(crate) fn check(name: &str, rows: &[(usize, &str)]) {
    let mut story = Story::default();
    let mut questions = Vec::new();
    for (at, row) in rows {
        if !story.take(row) {
            questions.push((at, *row));
        }
    }
    let (usage, month) = story.month();
    let mut refusals: Vec<String> = month.refusals.iter().map(ToString::to_string).collect();
    for (at, row) in &questions {
        if let Some(parts) = row.strip_prefix("refused ") {
            let found =
                refusals.iter().position(|it| parts.split(" … ").all(|part| it.contains(part)));
            let found = found.unwrap_or_else(|| panic!("{name}, line {at}: {row}\n{refusals:#?}"));
            refusals.remove(found);
            continue;
        }
        let (question, expected) =
            row.split_once(" -> ").unwrap_or_else(|| panic!("{name}, line {at}: {row}"));
        let found = answered(&usage, &month, question);
        let found = found.unwrap_or_else(|| panic!("{name}, line {at}: no such row: {row}"));
        assert!(same(&found, expected), "{name}, line {at}: {row}, but it is {found}\n{month:#?}");
    }
    assert_eq!(refusals, Vec::<String>::new(), "{name}: refused without a row that says so");
    assert!(!questions.is_empty(), "{name}: nothing is checked");
    lines_sum_to_pools(&month);
    assert_eq!(amount("0"), Micros::ZERO);
}

/// I6, besides the assertion in the product.
pub(crate) fn lines_sum_to_pools(month: &Month) {
    let mut left: Vec<Micros> = month.pools.iter().map(|pool| pool.money).collect();
    for line in &month.lines {
        let pool = &mut left[line.pool as usize];
        *pool = pool.minus(line.amount).unwrap();
    }
    assert!(left.iter().all(|left| *left == Micros::ZERO), "{left:?}");
}

#[test]
fn every_month_holds() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/spec/month");
    let mut files: Vec<_> =
        std::fs::read_dir(folder).unwrap().map(|file| file.unwrap().path()).collect();
    files.sort();
    let mut cases = 0;
    for file in files.iter().filter(|file| file.extension().is_some_and(|ext| ext == "txt")) {
        let text = std::fs::read_to_string(file).unwrap();
        let name = file.file_name().unwrap().to_string_lossy().into_owned();
        let rows =
            text.lines().zip(1..).map(|(row, at)| (at, row.split('#').next().unwrap().trim()));
        let rows: Vec<(usize, &str)> = rows.filter(|(_, row)| !row.is_empty()).collect();
        for case in rows.chunk_by(|_, next| !next.1.starts_with("case ")) {
            let title =
                case[0].1.strip_prefix("case ").unwrap_or_else(|| panic!("{name}: {}", case[0].1));
            println!("{name}: {title}");
            check(&format!("{name}, {title}"), &case[1..]);
            cases += 1;
        }
    }
    assert!(cases > 0, "there are tables");
}
