//! From a right holder through its agreements to those who are paid: exact fractions of one.
//!
//! A holder's part goes down in a cascade: whoever is paid passes on what agreements in which it is
//! the grantor say, and keeps the rest. So does whoever gets something that way. A commission is
//! taken out of what its payee would have got, the next one out of the commission before it.
//!
//! Of the agreements of one grantor, those with different payees add up. Of those with one and the
//! same payee, the most specific decides (the order of [`crate::precedence`]): a contract for one
//! recording replaces the same artist's contract for all of them, and leaves the producer's alone.

use crate::line::Way;
use crate::precedence::Clause;
use crate::scope::{Classes, Lists, Subject, SubjectIndex};
use crate::terms::{Contract, Parties, PassedOn, Right, Rule};
use crate::usage::{Usage, Use};
use ledgerline_ids::DayNo;
use ledgerline_money::Fraction;
use std::collections::{BTreeMap, BTreeSet};

/// Who is paid for the part of a right that nobody is known to hold.
pub const UNMATCHED: &str = "unmatched";

/// So many agreements may follow each other from a holder to a payee.
pub const DEPTH_MAX: usize = 16;

/// So many payees and ways to them may share one holder's part of a recording.
pub const LEAVES_MAX: usize = 4096;

/// What one payee gets of one holder's part, by one way.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Leaf {
    /// Who.
    pub payee: Box<str>,
    /// By which way.
    pub way: Way,
    /// Which part of the holder's; never 0. Those of one holder add up to 1.
    pub share: Fraction,
}

/// Why a holder's part can't be shared out. The contracts must be mended before a close.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SplitError {
    /// What is passed on comes back to who passed it on.
    #[error(
        "{} pass what they are paid on to each other in a circle: end or narrow one of {}",
        parties.join(" → "), terms.join(", ")
    )]
    Cycle {
        /// From who passes on first to the same again.
        parties: Vec<String>,
        /// By which terms.
        terms: Vec<String>,
    },
    /// More agreements follow each other than a person can follow.
    #[error(
        "more than {DEPTH_MAX} agreements follow each other, by {}: shorten the chain",
        terms.join(", ")
    )]
    TooDeep {
        /// By which terms.
        terms: Vec<String>,
    },
    /// More payees than a statement can be checked by.
    #[error(
        "what {holder} is paid for one recording goes more than {LEAVES_MAX} ways: pass it on by \
         fewer agreements"
    )]
    TooMany {
        /// Whose part it is.
        holder: String,
    },
    /// A grantor would pass on more than it is paid.
    #[error(
        "{grantor} would pass on {sum} of what it is paid for one recording, by {}: the shares of \
         agreements that hold together must not add up to more than 1",
        terms.join(", ")
    )]
    TooMuch {
        /// Who.
        grantor: String,
        /// Which part of what it is paid.
        sum: Fraction,
        /// By which terms.
        terms: Vec<String>,
    },
    /// The holders of one right would have more than all of it.
    #[error("{} together hold {sum} of a right: shares must not add up to more than 1", parties.join(", "))]
    HeldTwice {
        /// Who.
        parties: Vec<String>,
        /// Together.
        sum: Fraction,
    },
    /// The exact fraction no longer fits.
    #[error(
        "the shares from {grantor} on multiply to a fraction with too many digits: write them as \
         simpler ones"
    )]
    TooPrecise {
        /// Whose.
        grantor: String,
    },
}

/// The holders of one right with their shares, and [`UNMATCHED`] with what is left of 1.
///
/// # Errors
/// [`SplitError::HeldTwice`] where they add up to more than 1.
pub fn whole<'a>(holders: &[(&'a str, Fraction)]) -> Result<Vec<(&'a str, Fraction)>, SplitError> {
    let parties = || holders.iter().map(|(party, _)| (*party).to_owned()).collect::<Vec<_>>();
    let imprecise = || SplitError::TooPrecise { grantor: parties().join(" and ") };
    let mut sum = Fraction::ZERO;
    for (_, share) in holders {
        sum = sum.plus(*share).map_err(|_| imprecise())?;
    }
    let left = Fraction::ONE.minus(sum).map_err(|_| imprecise())?;
    if !left.is_share() {
        return Err(SplitError::HeldTwice { parties: parties(), sum });
    }
    let mut all: Vec<(&str, Fraction)> = holders.to_vec();
    if left != Fraction::ZERO {
        all.push((UNMATCHED, left));
    }
    Ok(all)
}

/// The agreements that a recording comes under, by number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct InScope(u32);

/// The leaves of a holder's part, by number: the same number is the same leaves.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct LeavesNo(pub u32);

/// The agreements that hold on a day, ready for a whole close's questions.
///
/// Ask [`Agreements::in_scope`] once for each recording, then [`Agreements::leaves`] for each right,
/// holder, territory, tier and use: answers are kept, so asking the same again is a look-up.
#[derive(Debug)]
pub struct Agreements<'c> {
    /// In the order of precedence.
    clauses: Vec<Clause<'c>>,
    /// Terms that name no recording, release, artist or label, by grantor.
    about_anything: BTreeMap<&'c str, Vec<u32>>,
    index: SubjectIndex<'c>,
    classes: Classes,
    lists: Lists,
    numbers: BTreeMap<(u32, Right, Box<str>, u32), LeavesNo>,
    leaves: Vec<Box<[Leaf]>>,
}

impl<'c> Agreements<'c> {
    /// Of those of `contracts` that are agreements and hold on `day`. Questions are asked in the
    /// numbers of `usage`.
    #[must_use]
    pub fn new(contracts: &'c [Contract], day: DayNo, usage: &Usage) -> Self {
        let mut clauses: Vec<Clause<'c>> = Clause::all(contracts)
            .filter(|one| passed_on(*one).is_some() && one.holds(day))
            .collect();
        clauses.sort_by(|a, b| a.precedence(*b));
        let mut about_anything: BTreeMap<&str, Vec<u32>> = BTreeMap::new();
        let mut index = SubjectIndex::default();
        for (number, clause) in (0..).zip(&clauses) {
            let scope = &clause.term.scope;
            if scope.misses_subject(&Subject::default()).is_some() {
                index.add(number, scope);
            } else {
                about_anything.entry(grantor(*clause)).or_default().push(number);
            }
        }
        let classes = Classes::new(clauses.iter().map(|one| &one.term.scope), usage);
        Self {
            clauses,
            about_anything,
            index,
            classes,
            lists: Lists::default(),
            numbers: BTreeMap::new(),
            leaves: Vec::new(),
        }
    }

    /// The agreements that are about `subject`, whoever the grantor is.
    pub fn in_scope(&mut self, subject: &Subject<'_>) -> InScope {
        let mut found = Vec::new();
        self.index.candidates(subject, &mut found);
        found.retain(|number| {
            self.clauses[*number as usize].term.scope.misses_subject(subject).is_none()
        });
        InScope(self.lists.number(&mut found))
    }

    /// Who gets which part of what `holder` is paid for `right`; territory and tier are numbers of
    /// the usage, or [`Usage::UNKNOWN`]. What they are is [`Agreements::of`].
    ///
    /// # Errors
    /// [`SplitError`] where the agreements that hold together contradict each other.
    pub fn leaves(
        &mut self,
        in_scope: InScope,
        right: Right,
        holder: &str,
        (territory, tier, usage_use): (u16, u16, Use),
    ) -> Result<LeavesNo, SplitError> {
        let class = self.classes.class(territory, tier, usage_use);
        let key = (in_scope.0, right, Box::from(holder), class);
        if let Some(number) = self.numbers.get(&key) {
            return Ok(*number);
        }
        let mut cascade = Cascade {
            agreements: self,
            list: self.lists.list(in_scope.0),
            right,
            class,
            passing: Vec::new(),
            found: BTreeMap::new(),
        };
        cascade.pay(holder, Fraction::ONE)?;
        let leaf = |((payee, passed), share): ((String, Vec<u32>), Fraction)| Leaf {
            payee: payee.into(),
            way: Way {
                holder: holder.into(),
                passed: passed.iter().map(|at| self.clauses[*at as usize].name().into()).collect(),
            },
            share,
        };
        let leaves: Box<[Leaf]> = cascade.found.into_iter().map(leaf).collect();
        let number = LeavesNo(u32::try_from(self.leaves.len()).expect("fewer ways than lines"));
        self.leaves.push(leaves);
        self.numbers.insert(key, number);
        Ok(number)
    }

    /// The leaves of a number, by payee, then way.
    #[must_use]
    pub fn of(&self, number: LeavesNo) -> &[Leaf] {
        &self.leaves[number.0 as usize]
    }

    /// How many numbers of leaves there are: 0 to one less.
    #[must_use]
    pub fn count(&self) -> usize {
        self.leaves.len()
    }

    /// Which combinations no agreement tells apart have the same number.
    pub(crate) fn class(&mut self, territory: u16, tier: u16, usage_use: Use) -> u32 {
        self.classes.class(territory, tier, usage_use)
    }

    /// All agreements' terms that hold, in the order of precedence.
    #[must_use]
    pub fn clauses(&self) -> &[Clause<'c>] {
        &self.clauses
    }

    /// Which part goes to whom by which term, where `grantor` is paid: of each payee the first.
    fn passed_on(&self, list: &[u32], right: Right, class: u32, grantor: &str) -> Vec<Passed<'c>> {
        let anything = self.about_anything.get(grantor).map_or(&[][..], Vec::as_slice);
        let mine = |number: &u32| self::grantor(self.clauses[*number as usize]) == grantor;
        let mut numbers: Vec<u32> =
            list.iter().copied().filter(mine).chain(anything.iter().copied()).collect();
        numbers.retain(|number| {
            self.clauses[*number as usize].term.rights.contains(&right)
                && self.classes.holds(class, *number)
        });
        numbers.sort_unstable();
        let mut payees: BTreeSet<&str> = BTreeSet::new();
        let mut passed = Vec::new();
        for number in numbers {
            let parts = passed_on(self.clauses[number as usize]).unwrap_or_default();
            // Whoever is named twice by one term gets both; a less specific term gives nothing more.
            let fresh: Vec<&PassedOn> =
                parts.iter().filter(|part| !payees.contains(&*part.payee)).collect();
            payees.extend(fresh.iter().map(|part| &*part.payee));
            passed.extend(fresh.into_iter().map(|part| Passed { number, part }));
        }
        passed
    }
}

/// A part that is passed on, and by which term.
struct Passed<'c> {
    number: u32,
    part: &'c PassedOn,
}

/// One holder's part on its way down.
struct Cascade<'a, 'c> {
    agreements: &'a Agreements<'c>,
    list: &'a [u32],
    right: Right,
    class: u32,
    /// Who is passing on at the moment, from the holder down, and by which term.
    passing: Vec<(String, u32)>,
    /// By payee and the terms that the money passed.
    found: BTreeMap<(String, Vec<u32>), Fraction>,
}

impl Cascade<'_, '_> {
    /// `party` is paid `share` of the holder's part.
    fn pay(&mut self, party: &str, share: Fraction) -> Result<(), SplitError> {
        let agreements = self.agreements;
        let passed = agreements.passed_on(self.list, self.right, self.class, party);
        if passed.is_empty() {
            return self.keep(party, share);
        }
        if self.passing.len() >= DEPTH_MAX {
            return Err(SplitError::TooDeep { terms: self.terms(0) });
        }
        let imprecise = |_| SplitError::TooPrecise { grantor: party.to_owned() };
        let mut sum = Fraction::ZERO;
        for one in &passed {
            sum = sum.plus(one.part.share).map_err(imprecise)?;
        }
        let kept = Fraction::ONE.minus(sum).map_err(imprecise)?;
        if !kept.is_share() {
            let mut numbers: Vec<u32> = passed.iter().map(|one| one.number).collect();
            numbers.dedup();
            let terms = numbers.into_iter().map(|at| self.term(at)).collect();
            return Err(SplitError::TooMuch { grantor: party.to_owned(), sum, terms });
        }
        self.keep(party, share.times(kept).map_err(imprecise)?)?;
        for one in passed {
            self.passing.push((party.to_owned(), one.number));
            let mut part = share.times(one.part.share).map_err(imprecise)?;
            let mut payee = &one.part.payee;
            for commission in &one.part.commissions {
                let taken = part.times(commission.share).map_err(imprecise)?;
                self.pass_to(payee, part.minus(taken).map_err(imprecise)?)?;
                (part, payee) = (taken, &commission.payee);
            }
            self.pass_to(payee, part)?;
            self.passing.pop();
        }
        Ok(())
    }

    /// The next one in the cascade, which must not be passing on already.
    fn pass_to(&mut self, payee: &str, share: Fraction) -> Result<(), SplitError> {
        if share == Fraction::ZERO {
            return Ok(());
        }
        if let Some(at) = self.passing.iter().position(|(party, _)| party == payee) {
            let mut parties: Vec<String> =
                self.passing[at..].iter().map(|(party, _)| party.clone()).collect();
            parties.push(payee.to_owned());
            return Err(SplitError::Cycle { parties, terms: self.terms(at) });
        }
        self.pay(payee, share)
    }

    fn keep(&mut self, party: &str, share: Fraction) -> Result<(), SplitError> {
        if share == Fraction::ZERO {
            return Ok(());
        }
        let passed = self.passing.iter().map(|(_, number)| *number).collect();
        if self.found.len() >= LEAVES_MAX {
            let first = self.passing.first().map_or(party, |(holder, _)| holder);
            return Err(SplitError::TooMany { holder: first.to_owned() });
        }
        let sum = self.found.entry((party.to_owned(), passed)).or_insert(Fraction::ZERO);
        *sum = sum.plus(share).map_err(|_| SplitError::TooPrecise { grantor: party.to_owned() })?;
        Ok(())
    }

    fn term(&self, number: u32) -> String {
        self.agreements.clauses[number as usize].name()
    }

    fn terms(&self, from: usize) -> Vec<String> {
        self.passing[from..].iter().map(|(_, number)| self.term(*number)).collect()
    }
}

fn passed_on(clause: Clause<'_>) -> Option<&[PassedOn]> {
    match (&clause.contract.parties, &clause.term.rule) {
        (Parties::Agreement { .. }, Rule::PassOn(parts)) => Some(parts),
        _ => None,
    }
}

fn grantor(clause: Clause<'_>) -> &str {
    match &clause.contract.parties {
        Parties::Agreement { grantor } => grantor,
        Parties::Licence { .. } => "",
    }
}
