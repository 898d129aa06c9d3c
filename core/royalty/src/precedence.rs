//! Which licence term says what a recording earns.
//!
//! Of all terms of licences that are about a right, a recording, and how it was heard on a day, one
//! wins. The order, the first difference deciding:
//!
//! 1. a licence of the right holder itself before the default, which names no licensor
//! 2. the term that names recordings, then releases, then artists, then labels
//! 3. the term that names territories
//! 4. the term that names tiers
//! 5. the term that names uses
//! 6. the contract that was signed later
//! 7. the term that holds since a later day
//! 8. the lesser contract id, then the lesser term id, byte by byte
//!
//! How many are named is of no account: a term for one country and a term for forty are equally
//! specific. A term that names both recordings and labels must have both, and stands before one that
//! names recordings alone. What is unknown of a play is named by no term.
//!
//! A right that several hold is licensed by each of them for its own part, so the question is always
//! asked for one holder.

use crate::scope::{Classes, Dimension, Listening, Lists, Subject, SubjectIndex};
use crate::terms::{Contract, Dates, Parties, Right, Rule, Term};
use crate::usage::{Usage, Use};
use ledgerline_ids::DayNo;
use std::cmp::{Ordering, Reverse};
use std::collections::BTreeMap;

/// A term with the contract that it stands in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Clause<'c> {
    /// The contract.
    pub contract: &'c Contract,
    /// One of its terms.
    pub term: &'c Term,
}

impl<'c> Clause<'c> {
    /// All terms of `contracts`.
    pub fn all(contracts: &'c [Contract]) -> impl Iterator<Item = Self> {
        contracts
            .iter()
            .flat_map(|contract| contract.terms.iter().map(move |term| Self { contract, term }))
    }

    /// Whether both the contract and the term hold on `day`.
    #[must_use]
    pub fn holds(self, day: DayNo) -> bool {
        self.contract.dates.hold(day) && self.term.dates.hold(day)
    }

    /// Since when both hold.
    #[must_use]
    pub fn from(self) -> DayNo {
        self.contract.dates.from.max(self.term.dates.from)
    }

    /// `contract/term`, as answers and ways name it.
    #[must_use]
    pub fn name(self) -> String {
        format!("{}/{}", self.contract.id, self.term.id)
    }

    /// What it names, the most specific first.
    #[must_use]
    pub fn specificity(self) -> [bool; 8] {
        let licensor = matches!(&self.contract.parties, Parties::Licence { licensor: Some(_) });
        Dimension::ALL.map(|dimension| match dimension {
            Dimension::Licensor => licensor,
            other => self.term.scope.names(other),
        })
    }

    /// The same, as words.
    #[must_use]
    pub fn named(self) -> Vec<&'static str> {
        let named = Dimension::ALL.into_iter().zip(self.specificity());
        named.filter(|(_, named)| *named).map(|(dimension, _)| dimension.word()).collect()
    }

    /// Which of two goes first; equal only for the same term.
    #[must_use]
    pub fn precedence(self, other: Self) -> Ordering {
        self.by_specificity(other)
            .then_with(|| self.contract.signed_on.cmp(&other.contract.signed_on).reverse())
            .then_with(|| self.from().cmp(&other.from()).reverse())
            .then_with(|| self.contract.id.cmp(&other.contract.id))
            .then_with(|| self.term.id.cmp(&other.term.id))
    }

    /// Which of two is more specific.
    #[must_use]
    pub fn by_specificity(self, other: Self) -> Ordering {
        Reverse(self.specificity()).cmp(&Reverse(other.specificity()))
    }
}

/// The number of a licence term in a [`Licences`]: a lesser number goes first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TermNo(pub u32);

/// The licence terms that a holder's right in a recording comes under, by number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Candidates(u32);

/// The licences that hold on a day, ready for a whole close's questions.
///
/// Ask [`Licences::candidates`] once for each recording, right and holder, then [`Licences::winner`]
/// for each territory, tier and use: answers are kept, so asking the same again is a look-up.
#[derive(Debug)]
pub struct Licences<'c> {
    /// In the order of precedence.
    clauses: Vec<Clause<'c>>,
    by_licensor: BTreeMap<Option<&'c str>, SubjectIndex<'c>>,
    classes: Classes,
    lists: Lists,
    winners: BTreeMap<(u32, u32), Option<TermNo>>,
}

impl<'c> Licences<'c> {
    /// Of those of `contracts` that are licences and hold on `day`. Questions are asked in the
    /// numbers of `usage`.
    #[must_use]
    pub fn new(contracts: &'c [Contract], day: DayNo, usage: &Usage) -> Self {
        let mut clauses: Vec<Clause<'c>> =
            Clause::all(contracts).filter(|one| is_licence(*one) && one.holds(day)).collect();
        clauses.sort_by(|a, b| a.precedence(*b));
        let mut by_licensor: BTreeMap<Option<&str>, SubjectIndex<'c>> = BTreeMap::new();
        for (number, clause) in (0..).zip(&clauses) {
            let index = by_licensor.entry(licensor(*clause)).or_default();
            index.add(number, &clause.term.scope);
        }
        let classes = Classes::new(clauses.iter().map(|one| &one.term.scope), usage);
        Self { clauses, by_licensor, classes, lists: Lists::default(), winners: BTreeMap::new() }
    }

    /// The terms that may decide what `holder` earns by its part of `right` in `subject`.
    pub fn candidates(&mut self, subject: &Subject<'_>, right: Right, holder: &str) -> Candidates {
        let mut found = Vec::new();
        for licensor in [Some(holder), None] {
            if let Some(index) = self.by_licensor.get(&licensor) {
                index.candidates(subject, &mut found);
            }
        }
        found.retain(|number| {
            let term = self.clauses[*number as usize].term;
            term.rights.contains(&right) && term.scope.misses_subject(subject).is_none()
        });
        Candidates(self.lists.number(&mut found))
    }

    /// The one that does; territory and tier are numbers of the usage, or [`Usage::UNKNOWN`].
    pub fn winner(
        &mut self,
        candidates: Candidates,
        territory: u16,
        tier: u16,
        usage_use: Use,
    ) -> Option<TermNo> {
        let class = self.classes.class(territory, tier, usage_use);
        if let Some(winner) = self.winners.get(&(candidates.0, class)) {
            return *winner;
        }
        let list = self.lists.list(candidates.0);
        let winner = list.iter().find(|number| self.classes.holds(class, **number));
        let winner = winner.map(|number| TermNo(*number));
        self.winners.insert((candidates.0, class), winner);
        winner
    }

    /// A term by its number.
    #[must_use]
    pub fn clause(&self, number: TermNo) -> Clause<'c> {
        self.clauses[number.0 as usize]
    }

    /// All terms, in the order of precedence: the first has number 0.
    #[must_use]
    pub fn clauses(&self) -> &[Clause<'c>] {
        &self.clauses
    }
}

fn is_licence(clause: Clause<'_>) -> bool {
    matches!(clause.contract.parties, Parties::Licence { .. })
        && matches!(clause.term.rule, Rule::Pool(_))
}

fn licensor(clause: Clause<'_>) -> Option<&str> {
    match &clause.contract.parties {
        Parties::Licence { licensor } => licensor.as_deref(),
        Parties::Agreement { .. } => None,
    }
}

/// What is asked of the terms.
#[derive(Debug, Clone, Copy)]
pub struct Question<'a> {
    /// Of which copyright.
    pub right: Right,
    /// Who holds it, or the part that is asked about.
    pub holder: &'a str,
    /// Of which recording.
    pub subject: &'a Subject<'a>,
    /// How it was heard.
    pub listening: Listening<'a>,
    /// When.
    pub day: DayNo,
}

/// Why a term did not win, the first reason that applies.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Lost {
    /// It is about other rights.
    OtherRight,
    /// It, or its contract, does not hold on that day.
    OtherDay {
        /// The dates that do not hold.
        dates: Dates,
    },
    /// It names others.
    OutOfScope {
        /// Others of what.
        dimension: Dimension,
    },
    /// The winner names something that it doesn't.
    LessSpecific {
        /// The first such thing.
        dimension: Dimension,
    },
    /// Its contract was signed before the winner's.
    SignedEarlier,
    /// It has held for longer than the winner.
    HoldsLonger,
    /// Nothing else tells it from the winner: its id comes later.
    LaterId,
}

/// Which term won, and why each of the others did not.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Explanation<'c> {
    /// The term that decides; `None` is a gap.
    pub won: Option<Clause<'c>>,
    /// All other terms of licences, those that came nearest first.
    pub lost: Vec<(Clause<'c>, Lost)>,
}

/// Looks at every licence term, one by one: what [`Licences`] does fast, with reasons.
#[must_use]
pub fn explain<'c>(contracts: &'c [Contract], question: &Question<'_>) -> Explanation<'c> {
    let mut clauses: Vec<Clause<'c>> =
        Clause::all(contracts).filter(|one| is_licence(*one)).collect();
    clauses.sort_by(|a, b| a.precedence(*b));
    let (mut won, mut beaten, mut apart) = (None, Vec::new(), Vec::new());
    for clause in clauses {
        match (refused(clause, question), won) {
            (Some(lost), _) => apart.push((clause, lost)),
            (None, None) => won = Some(clause),
            (None, Some(winner)) => beaten.push((clause, beaten_by(clause, winner))),
        }
    }
    beaten.append(&mut apart);
    Explanation { won, lost: beaten }
}

/// Why a term is not about what is asked.
fn refused(clause: Clause<'_>, question: &Question<'_>) -> Option<Lost> {
    if !clause.term.rights.contains(&question.right) {
        return Some(Lost::OtherRight);
    }
    for dates in [clause.contract.dates, clause.term.dates] {
        if !dates.hold(question.day) {
            return Some(Lost::OtherDay { dates });
        }
    }
    if licensor(clause).is_some_and(|licensor| licensor != question.holder) {
        return Some(Lost::OutOfScope { dimension: Dimension::Licensor });
    }
    let scope = &clause.term.scope;
    let missed = scope.misses_subject(question.subject);
    let missed = missed.or_else(|| scope.misses_listening(&question.listening));
    missed.map(|dimension| Lost::OutOfScope { dimension })
}

/// Why a term that is about what is asked does not decide.
fn beaten_by(clause: Clause<'_>, winner: Clause<'_>) -> Lost {
    let (names, more) = (clause.specificity(), winner.specificity());
    let differ = |dimension: &Dimension| {
        let at = *dimension as usize;
        names[at] != more[at]
    };
    if let Some(dimension) = Dimension::ALL.into_iter().find(differ) {
        return Lost::LessSpecific { dimension };
    }
    if clause.contract.signed_on != winner.contract.signed_on {
        return Lost::SignedEarlier;
    }
    if clause.from() != winner.from() { Lost::HoldsLonger } else { Lost::LaterId }
}
