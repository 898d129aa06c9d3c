//! Contracts and recordings as the tables write them.

use ledgerline_ids::DayNo;
use ledgerline_money::{Currency, Fraction};
use ledgerline_royalty::scope::Subject;
use ledgerline_royalty::terms::{
    AccountTerms, Commission, Contract, Dates, Model, Parties, PassedOn, PoolRule, Right, Rule,
    Scope, Term,
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
}

impl Recording {
    pub(crate) fn new(words: &Words<'_>, track: &str) -> Self {
        let owned = |key| words.list(key).into_iter().map(str::to_owned).collect();
        Self {
            track: track.to_owned(),
            releases: owned("releases"),
            artists: owned("artists"),
            labels: owned("labels"),
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
                words.only(&["releases", "artists", "labels"], row);
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
            "share",
            "pass",
        ];
        words.only(&known, row);
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
            Parties::Licence { .. } => pro_rata(words.one("share").unwrap_or("50%")),
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
    words.only(&["licensor", "grantor", "signed", "from", "until"], row);
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
        currency: Currency::parse("EUR").expect("a currency"),
        terms: Vec::new(),
        account: AccountTerms::default(),
    }
}

fn pro_rata(share: &str) -> Rule {
    Rule::Pool(Box::new(PoolRule {
        model: Model::ProRata { share: fraction(share) },
        per_play_minimum: None,
        eligible_plays_min: None,
        noise: None,
        guarantee: None,
    }))
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
