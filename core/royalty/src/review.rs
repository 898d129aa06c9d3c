//! What contracts say together, before anybody is paid by them: gaps, overlaps, circles, dead terms.
//!
//! Every recording is asked for, in every country and plan that some term names, and in those that
//! none names. Questions that terms don't tell apart are asked once.

use crate::music::Music;
use crate::precedence::{Candidates, Clause, Licences};
use crate::splits::{Agreements, InScope, SplitError, UNMATCHED, whole};
use crate::terms::{Contract, Parties, Right, Rule, Scope, Term};
use crate::usage::{Names, Usage, Use};
use ledgerline_ids::DayNo;
use std::collections::{BTreeMap, BTreeSet};

/// So many findings of one kind are listed; whoever has more has one cause of them all.
pub const FINDINGS_MAX: usize = 200;
/// A contract that ends within so many days is said to.
pub const SOON_DAYS: u32 = 92;

/// What is looked at.
#[derive(Clone, Copy)]
pub struct Review<'a> {
    /// All contracts.
    pub contracts: &'a [Contract],
    /// As they hold on which day.
    pub day: DayNo,
    /// The recordings that are asked for, and the countries and plans: see [`asked_for`].
    pub usage: &'a Usage,
    /// Who holds what, in the numbers of that usage.
    pub music: &'a dyn Music,
    /// Whether the catalogue knows a party.
    pub knows: &'a dyn Fn(&str) -> bool,
}

/// Recordings with every country and plan that some term names.
#[must_use]
pub fn asked_for<'a>(tracks: impl Iterator<Item = &'a str>, contracts: &[Contract]) -> Usage {
    let named = |of: fn(&Scope) -> &BTreeSet<String>| {
        let terms = contracts.iter().flat_map(|contract| &contract.terms);
        let names = terms.flat_map(|term| of(&term.scope).iter().map(|name| name.as_str().into()));
        Names::new(names.collect())
    };
    Usage {
        tracks: Names::new(tracks.map(Box::from).collect()),
        territories: named(|scope| &scope.territories),
        tiers: named(|scope| &scope.tiers),
        ..Usage::default()
    }
}

/// Something that was found. Whether it is wrong or only to be known is [`Finding::is_wrong`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Finding {
    /// Nobody licenses a part of recordings: a close would refuse their plays.
    Gap {
        /// Of which right.
        right: Right,
        /// Whose part.
        holder: String,
        /// Of how many recordings.
        recordings: u64,
        /// One of them.
        track: String,
        /// Where it is a gap, for example; `None` is any country that no term names.
        territory: Option<String>,
        /// In which plan; `None` is any that no term names.
        tier: Option<String>,
        /// In which use.
        usage_use: Use,
    },
    /// What a holder's part of a recording would be passed on by contradicts itself.
    Split {
        /// How.
        error: SplitError,
        /// In which right.
        right: Right,
        /// For example of which recording.
        track: String,
    },
    /// Two terms are about the same and equally specific, and nothing but their ids decides.
    Overlap {
        /// The one that wins.
        wins: String,
        /// The one that doesn't.
        loses: String,
    },
    /// Somebody whom the catalogue doesn't know is to be paid, or to pass on.
    UnknownParty {
        /// Who.
        party: String,
        /// By which contract.
        contract: String,
    },
    /// A right that no licence is about: nothing is paid for it.
    NoLicence {
        /// Which.
        right: Right,
    },
    /// Two equally specific terms of which the later one replaces the other.
    Replaced {
        /// The later one.
        by: String,
        /// The other.
        term: String,
    },
    /// A term that decides about no recording of the catalogue.
    Dead {
        /// Which.
        term: String,
    },
    /// An agreement whose grantor is paid nothing that it could pass on.
    GrantorUnpaid {
        /// Who.
        grantor: String,
        /// By which contract.
        contract: String,
    },
    /// A contract or term that ends soon.
    EndsSoon {
        /// A contract, or `contract/term`.
        what: String,
        /// The first day on which it no longer holds.
        until: DayNo,
    },
}

impl Finding {
    /// Whether it must be mended before a close; else it is only to be known.
    #[must_use]
    pub fn is_wrong(&self) -> bool {
        matches!(
            self,
            Self::Gap { .. }
                | Self::Split { .. }
                | Self::Overlap { .. }
                | Self::UnknownParty { .. }
        )
    }

    /// Its kind, for programs.
    #[must_use]
    pub fn word(&self) -> &'static str {
        match self {
            Self::Gap { .. } => "gap",
            Self::Split { .. } => "split",
            Self::Overlap { .. } => "overlap",
            Self::UnknownParty { .. } => "unknown_party",
            Self::NoLicence { .. } => "no_licence",
            Self::Replaced { .. } => "replaced",
            Self::Dead { .. } => "dead",
            Self::GrantorUnpaid { .. } => "grantor_unpaid",
            Self::EndsSoon { .. } => "ends_soon",
        }
    }

    /// As a sentence that says what to do.
    #[must_use]
    pub fn sentence(&self) -> String {
        match self {
            Self::Gap { right, holder, recordings, track, territory, tier, usage_use } => {
                let named = |what: &str, name: &Option<String>| match name {
                    Some(name) => name.clone(),
                    None => format!("any {what} that no term names"),
                };
                format!(
                    "no licence is about the {} right of {holder} in {recordings} recordings, such \
                     as {track} in {}, {}, {}: write a term for them, or a default licence",
                    right.word(),
                    named("country", territory),
                    named("plan", tier),
                    usage_use.word()
                )
            }
            Self::Split { error, right, track } => {
                format!("the {} right of {track}, for example: {error}", right.word())
            }
            Self::Overlap { wins, loses } => format!(
                "{wins} and {loses} are about the same, equally specific, signed on one day and \
                 hold since one day: only the ids decide; narrow one of them or end it"
            ),
            Self::UnknownParty { party, contract } => format!(
                "{contract} names {party}, whom the catalogue doesn't know: import the party, or \
                 mend its id"
            ),
            Self::NoLicence { right } => {
                format!("no licence is about the {} right: nothing is paid for it", right.word())
            }
            Self::Replaced { by, term } => {
                format!("{by} replaces {term} where both are about the same: it is the later one")
            }
            Self::Dead { term } => {
                format!("{term} decides about no recording of the catalogue")
            }
            Self::GrantorUnpaid { grantor, contract } => {
                format!("{grantor} is paid nothing that it could pass on by {contract}")
            }
            Self::EndsSoon { what, until } => format!("{what} no longer holds from {until} on"),
        }
    }
}

/// Everything that is to be said, what is wrong first.
#[must_use]
pub fn review(review: &Review<'_>) -> Vec<Finding> {
    let mut questions = Questions {
        licences: Licences::new(review.contracts, review.day, review.usage),
        agreements: Agreements::new(review.contracts, review.day, review.usage),
        licensed: BTreeMap::new(),
        shared: BTreeMap::new(),
        findings: Vec::new(),
    };
    for track in 0..u32::try_from(review.usage.tracks.len()).expect("numbers of tracks") {
        questions.gather(review, track);
    }
    let mut used = Used::default();
    questions.ask_licences(review, &mut used);
    questions.ask_agreements(review, &mut used);
    let Questions { licences, agreements, mut findings, .. } = questions;
    overlaps(licences.clauses(), &mut findings);
    overlaps(agreements.clauses(), &mut findings);
    unknown_parties(review, &mut findings);
    unused(licences.clauses(), agreements.clauses(), &used, &mut findings);
    ends_soon(review, &mut findings);
    // A stable sort: of one kind, in the order in which they were found.
    findings.sort_by_key(|finding| !finding.is_wrong());
    let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
    findings.retain(|finding| {
        let count = counts.entry(finding.word()).or_default();
        *count += 1;
        *count <= FINDINGS_MAX
    });
    findings
}

/// What decided about something, and who was paid.
#[derive(Default)]
struct Used {
    terms: BTreeSet<String>,
    paid: BTreeSet<String>,
}

/// A part of a right, and where: all places, or one territory.
type Part = (Right, String, Option<u16>);

/// The questions of all recordings, each once, with its first recording and how many ask it.
struct Questions<'a> {
    licences: Licences<'a>,
    agreements: Agreements<'a>,
    licensed: BTreeMap<(Part, Candidates), (u32, u64)>,
    shared: BTreeMap<(Part, InScope), u32>,
    findings: Vec<Finding>,
}

impl Questions<'_> {
    fn gather(&mut self, review: &Review<'_>, track: u32) {
        let subject = review.music.subject(track);
        let in_scope = self.agreements.in_scope(&subject);
        for right in Right::ALL {
            let territories = number_of(&review.usage.territories);
            let places: Vec<Option<u16>> = if review.music.holders_vary(track, right) {
                (0..territories).chain([Usage::UNKNOWN]).map(Some).collect()
            } else {
                vec![None]
            };
            for place in places {
                let held = review.music.holders(track, right, place.unwrap_or(Usage::UNKNOWN));
                let held =
                    held.map_err(|_| SplitError::TooPrecise { grantor: "holders".to_owned() });
                let held = held.and_then(|held| whole(&held));
                let held = match held {
                    Ok(held) => held,
                    Err(error) => {
                        let track = review.usage.tracks.name(track).to_owned();
                        self.findings.push(Finding::Split { error, right, track });
                        continue;
                    }
                };
                for (holder, _) in held {
                    let candidates = self.licences.candidates(&subject, right, holder);
                    let part = (right, holder.to_owned(), place);
                    self.shared.entry((part.clone(), in_scope)).or_insert(track);
                    let seen = self.licensed.entry((part, candidates)).or_insert((track, 0));
                    seen.1 += 1;
                }
            }
        }
    }

    fn ask_licences(&mut self, review: &Review<'_>, used: &mut Used) {
        // A right that no licence was ever about is somebody else's business; one whose licences
        // have ended is a gap.
        let licences = review.contracts.iter().filter(|contract| is_licence(contract));
        let licensed: BTreeSet<Right> =
            licences.flat_map(|one| &one.terms).flat_map(|term| term.rights.clone()).collect();
        let unlicensed = Right::ALL.into_iter().filter(|right| !licensed.contains(right));
        self.findings.extend(unlicensed.map(|right| Finding::NoLicence { right }));
        // By right and holder: the first gap, and of how many recordings there are any.
        let mut gaps: BTreeMap<(Right, String), Finding> = BTreeMap::new();
        for (((right, holder, place), candidates), (track, count)) in &self.licensed {
            used.paid.insert(holder.clone());
            let mut gap = None;
            for (territory, tier, usage_use) in combinations(review.usage, *place) {
                match self.licences.winner(*candidates, territory, tier, usage_use) {
                    Some(term) => {
                        used.terms.insert(self.licences.clause(term).name());
                    }
                    None if gap.is_none() => gap = Some((territory, tier, usage_use)),
                    None => {}
                }
            }
            let Some((territory, tier, usage_use)) = gap.filter(|_| licensed.contains(right))
            else {
                continue;
            };
            let name = |names: &Names, number: u16| {
                (number != Usage::UNKNOWN).then(|| names.name(u32::from(number)).to_owned())
            };
            let new = Finding::Gap {
                right: *right,
                holder: holder.clone(),
                recordings: 0,
                track: review.usage.tracks.name(*track).to_owned(),
                territory: name(&review.usage.territories, territory),
                tier: name(&review.usage.tiers, tier),
                usage_use,
            };
            let gap = gaps.entry((*right, holder.clone())).or_insert(new);
            if let Finding::Gap { recordings, .. } = gap {
                *recordings += count;
            }
        }
        self.findings.extend(gaps.into_values());
    }

    fn ask_agreements(&mut self, review: &Review<'_>, used: &mut Used) {
        let mut told: BTreeSet<String> = BTreeSet::new();
        for (((right, holder, place), in_scope), track) in &self.shared {
            for combination in combinations(review.usage, *place) {
                match self.agreements.leaves(*in_scope, *right, holder, combination) {
                    Ok(number) => {
                        for leaf in self.agreements.of(number) {
                            used.paid.insert(leaf.payee.to_string());
                            used.terms.extend(leaf.way.passed.iter().map(ToString::to_string));
                        }
                    }
                    Err(error) => {
                        // One mistake in a contract shows in each of its recordings.
                        if told.insert(error.to_string()) {
                            let track = review.usage.tracks.name(*track).to_owned();
                            self.findings.push(Finding::Split { error, right: *right, track });
                        }
                    }
                }
            }
        }
    }
}

fn is_licence(contract: &Contract) -> bool {
    matches!(contract.parties, Parties::Licence { .. })
}

fn number_of(names: &Names) -> u16 {
    u16::try_from(names.len()).unwrap_or(Usage::UNKNOWN)
}

/// Every country, plan and use that terms can tell apart.
fn combinations(
    usage: &Usage,
    place: Option<u16>,
) -> impl Iterator<Item = (u16, u16, Use)> + use<> {
    let tiers = number_of(&usage.tiers);
    let territories: Vec<u16> = match place {
        Some(one) => vec![one],
        None => (0..number_of(&usage.territories)).chain([Usage::UNKNOWN]).collect(),
    };
    territories.into_iter().flat_map(move |territory| {
        (0..tiers).chain([Usage::UNKNOWN]).flat_map(move |tier| {
            Use::ALL.into_iter().map(move |usage_use| (territory, tier, usage_use))
        })
    })
}

/// Who competes, how specifically, and about which of the most specific things.
type Competing<'c> = (String, [bool; 8], Option<&'c str>);

/// Terms that are equally specific and meet: of one licensor, or of one grantor and payee.
fn overlaps(clauses: &[Clause<'_>], findings: &mut Vec<Finding>) {
    // Only those that name one and the same thing can meet.
    let mut groups: BTreeMap<Competing<'_>, Vec<Clause<'_>>> = BTreeMap::new();
    for clause in clauses {
        for who in parties(*clause) {
            let key = |name| (who.clone(), clause.specificity(), name);
            match most_specific(&clause.term.scope) {
                None => groups.entry(key(None)).or_default().push(*clause),
                Some(names) => {
                    for name in names {
                        groups.entry(key(Some(name))).or_default().push(*clause);
                    }
                }
            }
        }
    }
    let mut told = BTreeSet::new();
    for group in groups.values() {
        for (at, wins) in group.iter().enumerate() {
            for loses in &group[at + 1..] {
                if told.len() > 2 * FINDINGS_MAX {
                    return;
                }
                if !meet(wins.term, loses.term) || !told.insert((wins.name(), loses.name())) {
                    continue;
                }
                let (first, second) = (wins.name(), loses.name());
                let same = wins.contract.signed_on == loses.contract.signed_on
                    && wins.from() == loses.from();
                findings.push(if same {
                    Finding::Overlap { wins: first, loses: second }
                } else {
                    Finding::Replaced { by: first, term: second }
                });
            }
        }
    }
}

/// Who competes with whom: a licence's holder, an agreement's grantor with each payee.
fn parties(clause: Clause<'_>) -> Vec<String> {
    match (&clause.contract.parties, &clause.term.rule) {
        (Parties::Licence { licensor }, _) => vec![licensor.clone().unwrap_or_default()],
        (Parties::Agreement { grantor }, Rule::PassOn(parts)) => {
            parts.iter().map(|part| format!("{grantor} {}", part.payee)).collect()
        }
        (Parties::Agreement { .. }, Rule::Pool(_)) => Vec::new(),
    }
}

fn most_specific(scope: &Scope) -> Option<&BTreeSet<String>> {
    let sets = [&scope.recordings, &scope.releases, &scope.artists, &scope.labels];
    sets.into_iter().find(|set| !set.is_empty())
}

/// Whether something can be in both: they name the same kinds of things.
fn meet(a: &Term, b: &Term) -> bool {
    let sets = |scope: &Scope| -> [BTreeSet<String>; 6] {
        [
            &scope.recordings,
            &scope.releases,
            &scope.artists,
            &scope.labels,
            &scope.territories,
            &scope.tiers,
        ]
        .map(Clone::clone)
    };
    let both = sets(&a.scope).into_iter().zip(sets(&b.scope));
    let common = |(a, b): (BTreeSet<String>, BTreeSet<String>)| a.is_empty() || !a.is_disjoint(&b);
    let uses = a.scope.uses.is_empty() || !a.scope.uses.is_disjoint(&b.scope.uses);
    !a.rights.is_disjoint(&b.rights) && uses && both.into_iter().all(common)
}

fn unknown_parties(review: &Review<'_>, findings: &mut Vec<Finding>) {
    for contract in review.contracts.iter().filter(|contract| contract.dates.hold(review.day)) {
        let first = match &contract.parties {
            Parties::Licence { licensor } => licensor.as_deref(),
            Parties::Agreement { grantor } => Some(grantor.as_str()),
        };
        let mut named: BTreeSet<&str> = first.into_iter().collect();
        for term in &contract.terms {
            if let Rule::PassOn(parts) = &term.rule {
                for part in parts {
                    named.insert(&part.payee);
                    named.extend(part.commissions.iter().map(|one| one.payee.as_str()));
                }
            }
        }
        let unknown =
            named.into_iter().filter(|party| *party != UNMATCHED && !(review.knows)(party));
        findings.extend(unknown.map(|party| Finding::UnknownParty {
            party: party.to_owned(),
            contract: contract.id.clone(),
        }));
    }
}

fn unused(
    licences: &[Clause<'_>],
    agreements: &[Clause<'_>],
    used: &Used,
    findings: &mut Vec<Finding>,
) {
    let dead = |clause: &&Clause<'_>| !used.terms.contains(&clause.name());
    findings.extend(licences.iter().filter(dead).map(|one| Finding::Dead { term: one.name() }));
    let mut told = BTreeSet::new();
    for clause in agreements.iter().filter(dead) {
        let Parties::Agreement { grantor } = &clause.contract.parties else { continue };
        let contract = clause.contract.id.clone();
        // Whoever passes on all of what it is paid keeps nothing, but its terms were used.
        let passes = agreements.iter().filter(|other| !dead(other)).any(|other| {
            matches!(&other.contract.parties, Parties::Agreement { grantor: one } if one == grantor)
        });
        if used.paid.contains(grantor) || passes {
            findings.push(Finding::Dead { term: clause.name() });
        } else if told.insert(contract.clone()) {
            findings.push(Finding::GrantorUnpaid { grantor: grantor.clone(), contract });
        }
    }
}

fn ends_soon(review: &Review<'_>, findings: &mut Vec<Finding>) {
    let soon = |until: Option<DayNo>| {
        until.filter(|until| review.day < *until && until.0 - review.day.0 <= SOON_DAYS)
    };
    for contract in review.contracts.iter().filter(|contract| contract.dates.hold(review.day)) {
        if let Some(until) = soon(contract.dates.until) {
            findings.push(Finding::EndsSoon { what: contract.id.clone(), until });
            continue;
        }
        for term in contract.terms.iter().filter(|term| term.dates.hold(review.day)) {
            if let Some(until) = soon(term.dates.until) {
                let what = format!("{}/{}", contract.id, term.id);
                findings.push(Finding::EndsSoon { what, until });
            }
        }
    }
}
