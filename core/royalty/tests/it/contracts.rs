//! Contracts and recordings as the tables write them.

use ledgerline_ids::DayNo;
use ledgerline_money::{Currency, Fraction};
use ledgerline_royalty::revenue::Plan;
use ledgerline_royalty::scope::Subject;
use ledgerline_royalty::terms::{
    AccountTerms, ArtistBoost, Commission, Contract, Dates, Model, NoiseRule, Parties, PassedOn,
    PoolRule, Right, Rule, Scope, Term, UsMechanical,
};
use ledgerline_royalty::usage::Use;
use std::collections::{BTreeMap, BTreeSet};

/// `key=value` words behind the first ones of a row.
pub(crate) struct Words<'a> {
    pub(crate) bare: Vec<&'a str>,
    keyed: BTreeMap<&'a str, Vec<&'a str>>,
}

impl<'a> Words<'a> {
    pub(crate) fn new(row: &'a str) -> Self {
        let (mut bare, mut keyed) = (Vec::new(), BTreeMap::<_, Vec<_>>::new());
        for word in row.split_whitespace() {
            match word.split_once('=') {
                Some((key, value)) => keyed.entry(key).or_default().push(value),
                None => bare.push(word),
            }
        }
        Self { bare, keyed }
    }

    pub(crate) fn one(&self, key: &str) -> Option<&'a str> {
        self.keyed.get(key).map(|values| values[0])
    }

    pub(crate) fn all(&self, key: &str) -> &[&'a str] {
        self.keyed.get(key).map_or(&[], Vec::as_slice)
    }

    pub(crate) fn list(&self, key: &str) -> Vec<&'a str> {
        self.one(key).map_or_else(Vec::new, |value| value.split(',').collect())
    }

    pub(crate) fn day(&self, key: &str) -> Option<DayNo> {
        self.one(key).map(|text| DayNo::parse(text).expect(text))
    }

    pub(crate) fn only(&self, known: &[&str], row: &str) {
        for key in self.keyed.keys() {
            assert!(known.contains(key), "{key} is no word of this row: {row}");
        }
    }
}

/// A recording of a table.
#[derive(Debug, Clone)]
pub(crate) struct Recording {
    pub(crate) track: String,
    releases: Vec<String>,
    artists: Vec<String>,
    labels: Vec<String>,
    pub(crate) duration_ms: Option<u64>,
    pub(crate) is_noise: bool,
    /// Holders with their shares, by right.
    pub(crate) holders: BTreeMap<Right, Vec<(String, Fraction)>>,
}

impl Recording {
    pub(crate) fn new(words: &Words<'_>, track: &str) -> Self {
        let owned = |key| words.list(key).into_iter().map(str::to_owned).collect();
        Self {
            track: track.to_owned(),
            releases: owned("releases"),
            artists: owned("artists"),
            labels: owned("labels"),
            duration_ms: words.one("ms").map(|ms| ms.parse().expect("milliseconds")),
            is_noise: words.one("kind") == Some("noise"),
            holders: Right::ALL.map(|right| (right, holders(words, right.word()))).into(),
        }
    }

    pub(crate) fn subject(&self) -> Subject<'_> {
        fn borrowed(names: &[String]) -> Vec<&str> {
            names.iter().map(String::as_str).collect()
        }
        Subject {
            track: &self.track,
            releases: borrowed(&self.releases),
            artists: borrowed(&self.artists),
            labels: borrowed(&self.labels),
        }
    }
}

/// What a table has said so far.
#[derive(Debug, Default)]
pub(crate) struct Said {
    pub(crate) contracts: Vec<Contract>,
    pub(crate) recordings: BTreeMap<String, Recording>,
}

impl Said {
    /// Takes a row that says what there is; gives back whether it was one.
    pub(crate) fn take(&mut self, row: &str) -> bool {
        let words = Words::new(row);
        match words.bare[..] {
            ["licence" | "agreement", id] => self.contracts.push(contract(id, &words, row)),
            ["term", name] => self.add_term(name, &words, row),
            ["recording", track] => {
                let rights = Right::ALL.map(Right::word);
                words.only(
                    &[&["releases", "artists", "labels", "ms", "kind"], &rights[..]].concat(),
                    row,
                );
                self.recordings.insert(track.to_owned(), Recording::new(&words, track));
            }
            _ => return false,
        }
        true
    }

    fn add_term(&mut self, name: &str, words: &Words<'_>, row: &str) {
        let known = [
            "rights",
            "recordings",
            "releases",
            "artists",
            "labels",
            "territories",
            "tiers",
            "uses",
            "from",
            "until",
            "pass",
        ];
        words.only(&[&known, &POOL_WORDS[..]].concat(), row);
        let (contract, id) = name.split_once('/').expect("a term is named contract/term");
        let contract = self.contracts.iter_mut().find(|known| known.id == contract).expect(name);
        let set = |key| words.list(key).into_iter().map(str::to_owned).collect::<BTreeSet<_>>();
        let rights = Right::ALL.into_iter().filter(|right| match words.one("rights") {
            None => *right == Right::Master,
            Some(_) => words.list("rights").contains(&right.word()),
        });
        let uses = Use::ALL.into_iter().filter(|one| words.list("uses").contains(&one.word()));
        let scope = Scope {
            recordings: set("recordings"),
            releases: set("releases"),
            artists: set("artists"),
            labels: set("labels"),
            territories: set("territories"),
            tiers: set("tiers"),
            uses: uses.collect(),
        };
        let dates = Dates {
            from: words.day("from").unwrap_or(contract.dates.from),
            until: words.day("until").or(contract.dates.until),
        };
        let rule = match &contract.parties {
            Parties::Licence { .. } => Rule::Pool(Box::new(pool_rule(words))),
            Parties::Agreement { .. } => {
                Rule::PassOn(words.all("pass").iter().map(|text| passed_on(text)).collect())
            }
        };
        contract.terms.push(Term {
            id: id.to_owned(),
            rights: rights.collect(),
            scope,
            dates,
            rule,
        });
    }
}

fn contract(id: &str, words: &Words<'_>, row: &str) -> Contract {
    words.only(&["licensor", "grantor", "signed", "from", "until", "currency"], row);
    let parties = match words.one("grantor") {
        Some(grantor) => Parties::Agreement { grantor: grantor.to_owned() },
        None => Parties::Licence { licensor: words.one("licensor").map(str::to_owned) },
    };
    Contract {
        id: id.to_owned(),
        parties,
        title: id.to_owned(),
        signed_on: words.day("signed").unwrap_or(DayNo::parse("2025-12-01").expect("a day")),
        dates: Dates {
            from: words.day("from").unwrap_or(DayNo::parse("2026-01-01").expect("a day")),
            until: words.day("until"),
        },
        currency: Currency::parse(words.one("currency").unwrap_or("EUR")).expect("a currency"),
        terms: Vec::new(),
        account: AccountTerms::default(),
    }
}

/// What a licence's term may say of its pool.
const POOL_WORDS: [&str; 18] = [
    "model",
    "share",
    "rate",
    "rates",
    "prices",
    "boost",
    "boost-plays",
    "boost-listeners",
    "cap",
    "each",
    "eligible",
    "noise",
    "noise-ms",
    "content",
    "content-cap",
    "floor",
    "plans",
    "guarantee",
];

fn pool_rule(words: &Words<'_>) -> PoolRule {
    let whole = |key| words.one(key).map(|text| text.parse::<u64>().expect(text));
    let part = |key| words.one(key).map(fraction);
    let share = part("share").unwrap_or(fraction("50%"));
    let boost = |factor| ArtistBoost {
        factor,
        plays_min: whole("boost-plays").unwrap_or(0),
        listeners_min: whole("boost-listeners").unwrap_or(0),
    };
    let model = match words.one("model").unwrap_or("pro-rata") {
        "pro-rata" => Model::ProRata { share },
        "user-centric" => Model::UserCentric { share },
        "artist-centric" => Model::ArtistCentric {
            share,
            artist_boost: part("boost").map(boost),
            listener_plays_max: whole("cap"),
        },
        "fixed-per-play" => Model::FixedPerPlay { rate: part("rate").expect("a rate") },
        "bands" => Model::Bands { rates: bands(words) },
        "ladder" => {
            Model::Ladder { steps: words.list("prices").into_iter().map(fraction).collect() }
        }
        "us-mechanical" => Model::UsMechanical(UsMechanical {
            revenue_share: share,
            content_cost_share: part("content").unwrap_or(Fraction::ZERO),
            content_cost_cap: part("content-cap"),
            subscriber_floor: part("floor"),
            plan_weights: pairs(words, "plans")
                .map(|(plan, weight)| (plan_of(plan), fraction(weight)))
                .collect(),
        }),
        other => panic!("{other} is no model"),
    };
    PoolRule {
        model,
        per_play_minimum: part("each"),
        eligible_plays_min: whole("eligible"),
        noise: part("noise")
            .map(|weight| NoiseRule { weight, duration_ms_min: whole("noise-ms").unwrap_or(0) }),
        guarantee: None,
    }
}

/// `5000:0.001,30000:0.003`
pub(crate) fn bands(words: &Words<'_>) -> BTreeMap<u32, Fraction> {
    pairs(words, "rates")
        .map(|(ms, rate)| (ms.parse().expect("milliseconds"), fraction(rate)))
        .collect()
}

pub(crate) fn plan_of(word: &str) -> Plan {
    Plan::ALL.into_iter().find(|plan| plan.word() == word).expect(word)
}

fn pairs<'a>(words: &Words<'a>, key: &str) -> impl Iterator<Item = (&'a str, &'a str)> {
    words.list(key).into_iter().map(|pair| pair.split_once(':').expect("two with a colon"))
}

fn holders(words: &Words<'_>, right: &str) -> Vec<(String, Fraction)> {
    pairs(words, right).map(|(party, share)| (party.to_owned(), fraction(share))).collect()
}

/// `artist:50%` or, with commissions, `agent:20%>introducer:50%`.
fn passed_on(text: &str) -> PassedOn {
    let mut parts = text.split('>').map(|part| {
        let (payee, share) = part.split_once(':').expect("a payee has a share");
        (payee.to_owned(), fraction(share))
    });
    let (payee, share) = parts.next().expect("somebody is paid");
    let commissions = parts.map(|(payee, share)| Commission { payee, share }).collect();
    PassedOn { payee, share, commissions }
}

pub(crate) fn fraction(text: &str) -> Fraction {
    Fraction::parse(text).expect(text)
}
