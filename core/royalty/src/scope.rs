//! What a term is about, held against a recording and how it was heard; and an index of terms by
//! it, so that a close asks only those few that may matter.

use crate::terms::Scope;
use crate::usage::{Usage, Use};
use std::collections::{BTreeMap, BTreeSet};

/// A recording, as far as terms ask.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Subject<'a> {
    /// The track's id.
    pub track: &'a str,
    /// Releases that it is on.
    pub releases: Vec<&'a str>,
    /// Its main artists.
    pub artists: Vec<&'a str>,
    /// Its labels.
    pub labels: Vec<&'a str>,
}

/// How a recording was heard, as far as terms ask.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Listening<'a> {
    /// The country; `None` where no report named it.
    pub territory: Option<&'a str>,
    /// The listener's plan; `None` where no report named it.
    pub tier: Option<&'a str>,
    /// How it reached the listener.
    pub usage_use: Use,
}

/// What a term may name, the most specific first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Dimension {
    /// The right holder whose licence it is.
    Licensor,
    /// Recordings.
    Recording,
    /// Releases.
    Release,
    /// Main artists.
    Artist,
    /// Labels.
    Label,
    /// Countries.
    Territory,
    /// Listeners' plans.
    Tier,
    /// Uses.
    Use,
}

impl Dimension {
    /// All of them, in the order in which they decide.
    pub const ALL: [Self; 8] = [
        Self::Licensor,
        Self::Recording,
        Self::Release,
        Self::Artist,
        Self::Label,
        Self::Territory,
        Self::Tier,
        Self::Use,
    ];

    /// The word in answers.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Licensor => "licensor",
            Self::Recording => "recording",
            Self::Release => "release",
            Self::Artist => "artist",
            Self::Label => "label",
            Self::Territory => "territory",
            Self::Tier => "tier",
            Self::Use => "use",
        }
    }
}

impl Scope {
    /// Whether it names anything of `dimension`; a licensor is the contract's, not the scope's.
    #[must_use]
    pub fn names(&self, dimension: Dimension) -> bool {
        match dimension {
            Dimension::Licensor => false,
            Dimension::Recording => !self.recordings.is_empty(),
            Dimension::Release => !self.releases.is_empty(),
            Dimension::Artist => !self.artists.is_empty(),
            Dimension::Label => !self.labels.is_empty(),
            Dimension::Territory => !self.territories.is_empty(),
            Dimension::Tier => !self.tiers.is_empty(),
            Dimension::Use => !self.uses.is_empty(),
        }
    }

    /// What of `subject` it is not about; `None` where it is about it.
    #[must_use]
    pub fn misses_subject(&self, subject: &Subject<'_>) -> Option<Dimension> {
        let rows = [
            (Dimension::Recording, &self.recordings, std::slice::from_ref(&subject.track)),
            (Dimension::Release, &self.releases, &subject.releases[..]),
            (Dimension::Artist, &self.artists, &subject.artists[..]),
            (Dimension::Label, &self.labels, &subject.labels[..]),
        ];
        let missed = |(_, named, has): &(_, &BTreeSet<String>, &[&str])| {
            !named.is_empty() && !has.iter().any(|one| named.contains(*one))
        };
        rows.into_iter().find(missed).map(|(dimension, ..)| dimension)
    }

    /// What of `listening` it is not about; `None` where it is about it.
    #[must_use]
    pub fn misses_listening(&self, listening: &Listening<'_>) -> Option<Dimension> {
        let named = |named: &BTreeSet<String>, has: Option<&str>| {
            named.is_empty() || has.is_some_and(|has| named.contains(has))
        };
        if !named(&self.territories, listening.territory) {
            return Some(Dimension::Territory);
        }
        if !named(&self.tiers, listening.tier) {
            return Some(Dimension::Tier);
        }
        let used = self.uses.is_empty() || self.uses.contains(&listening.usage_use);
        if used { None } else { Some(Dimension::Use) }
    }
}

/// Scopes by number, found by the most specific thing that each names.
#[derive(Debug, Default)]
pub(crate) struct SubjectIndex<'c> {
    named: [BTreeMap<&'c str, Vec<u32>>; 4],
    anything: Vec<u32>,
}

impl<'c> SubjectIndex<'c> {
    pub(crate) fn add(&mut self, number: u32, scope: &'c Scope) {
        let subjects = [&scope.recordings, &scope.releases, &scope.artists, &scope.labels];
        match subjects.iter().position(|named| !named.is_empty()) {
            None => self.anything.push(number),
            Some(at) => {
                for name in subjects[at] {
                    self.named[at].entry(name).or_default().push(number);
                }
            }
        }
    }

    /// Numbers of scopes that may be about `subject`, in no order, some perhaps twice: whoever asks
    /// looks at what else each names.
    pub(crate) fn candidates(&self, subject: &Subject<'_>, out: &mut Vec<u32>) {
        out.extend_from_slice(&self.anything);
        let [recordings, releases, artists, labels] = &self.named;
        let mut look = |map: &BTreeMap<&str, Vec<u32>>, names: &[&str]| {
            for found in names.iter().filter_map(|name| map.get(name)) {
                out.extend_from_slice(found);
            }
        };
        look(recordings, &[subject.track]);
        look(releases, &subject.releases);
        look(artists, &subject.artists);
        look(labels, &subject.labels);
    }
}

/// Lists of numbers, each kept once: a million recordings have a few thousand different ones.
#[derive(Debug, Default)]
pub(crate) struct Lists {
    numbers: BTreeMap<Box<[u32]>, u32>,
    lists: Vec<Box<[u32]>>,
}

impl Lists {
    /// The number of a list, which is sorted here and rid of what stands in it twice.
    pub(crate) fn number(&mut self, list: &mut Vec<u32>) -> u32 {
        list.sort_unstable();
        list.dedup();
        if let Some(number) = self.numbers.get(&list[..]) {
            return *number;
        }
        let number = u32::try_from(self.lists.len()).expect("fewer lists than recordings");
        self.lists.push(list[..].into());
        self.numbers.insert(list[..].into(), number);
        number
    }

    pub(crate) fn list(&self, number: u32) -> &[u32] {
        &self.lists[number as usize]
    }
}

/// Which terms are about which territory, tier and use. Combinations that no term tells apart are
/// one class, so that what is found for one need not be found again for the others.
#[derive(Debug)]
pub(crate) struct Classes {
    /// What terms ask for, each once, in a usage's numbers.
    conditions: Vec<Condition>,
    /// The condition of each term.
    of_term: Vec<u32>,
    classes: BTreeMap<(u16, u16, Use), u32>,
    /// For each class, which conditions hold.
    holding: Vec<Vec<bool>>,
}

#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
struct Condition {
    /// `None` is any; names that no play has are no number and are left out.
    territories: Option<BTreeSet<u16>>,
    tiers: Option<BTreeSet<u16>>,
    uses: Option<BTreeSet<Use>>,
}

impl Condition {
    fn holds(&self, territory: u16, tier: u16, usage_use: Use) -> bool {
        self.territories.as_ref().is_none_or(|named| named.contains(&territory))
            && self.tiers.as_ref().is_none_or(|named| named.contains(&tier))
            && self.uses.as_ref().is_none_or(|named| named.contains(&usage_use))
    }
}

impl Classes {
    /// Of the scopes of terms 0, 1, 2 …
    pub(crate) fn new<'c>(scopes: impl Iterator<Item = &'c Scope>, usage: &Usage) -> Self {
        let numbers = |names: &BTreeSet<String>, known: &crate::usage::Names| {
            let number = |name: &String| known.number(name).and_then(|at| u16::try_from(at).ok());
            (!names.is_empty()).then(|| names.iter().filter_map(number).collect())
        };
        let wanted: Vec<Condition> = scopes
            .map(|scope| Condition {
                territories: numbers(&scope.territories, &usage.territories),
                tiers: numbers(&scope.tiers, &usage.tiers),
                uses: (!scope.uses.is_empty()).then(|| scope.uses.clone()),
            })
            .collect();
        let conditions: Vec<Condition> =
            wanted.iter().collect::<BTreeSet<_>>().into_iter().cloned().collect();
        let number = |one: &Condition| {
            let at = conditions.binary_search(one).expect("it was collected from these");
            u32::try_from(at).expect("fewer conditions than terms")
        };
        let of_term = wanted.iter().map(number).collect();
        Self { conditions, of_term, classes: BTreeMap::new(), holding: Vec::new() }
    }

    /// The class of a combination, in the usage's numbers.
    pub(crate) fn class(&mut self, territory: u16, tier: u16, usage_use: Use) -> u32 {
        if let Some(class) = self.classes.get(&(territory, tier, usage_use)) {
            return *class;
        }
        let holds = |condition: &Condition| condition.holds(territory, tier, usage_use);
        let holding: Vec<bool> = self.conditions.iter().map(holds).collect();
        let known = self.holding.iter().position(|known| *known == holding);
        let class = known.unwrap_or_else(|| {
            self.holding.push(holding);
            self.holding.len() - 1
        });
        let class = u32::try_from(class).expect("fewer classes than combinations");
        self.classes.insert((territory, tier, usage_use), class);
        class
    }

    /// Whether term `number` is about the combinations of `class`.
    pub(crate) fn holds(&self, class: u32, number: u32) -> bool {
        self.holding[class as usize][self.of_term[number as usize] as usize]
    }
}
