//! What a contract must hold to before anything is paid by it.
//!
//! One contract by itself; what several say together is found where a close would ask them.

use crate::terms::{
    AccountTerms, Commission, Contract, Dates, Model, Parties, PassedOn, PoolRule, Right, Rule,
    Scope, Term,
};
use ledgerline_ids::{
    ContractId, IdError, PartyId, Period, ReleaseId, TermId, Territory, Tier, TrackId,
};
use ledgerline_money::{Fraction, Micros};
use std::collections::BTreeSet;

/// So many terms may one contract have.
pub const TERMS_MAX: usize = 10_000;
/// So many steps may a price ladder or a set of bands have.
pub const STEPS_MAX: usize = 100;
/// For so many periods may money be held in reserve.
pub const RESERVE_PERIODS_MAX: u8 = 36;

/// Something that a contract must not say.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault {
    /// In which of its terms, from 0; `None` where it is no term's.
    pub term: Option<usize>,
    /// In which field, as contract files name it: `pass_on`, `from`, …
    pub field: &'static str,
    /// What is wrong and what to write.
    pub what: String,
}

impl Contract {
    /// Everything that is wrong with it, in the order of its fields; nothing where it holds.
    #[must_use]
    pub fn faults(&self) -> Vec<Fault> {
        let mut faults = Faults { term: None, found: Vec::new() };
        faults.id("id", ContractId::new(&self.id).err(), &self.id);
        match &self.parties {
            Parties::Licence { licensor: Some(licensor) } => {
                faults.id("licensor", PartyId::new(licensor).err(), licensor);
            }
            Parties::Licence { licensor: None } => {}
            Parties::Agreement { grantor } => {
                faults.id("grantor", PartyId::new(grantor).err(), grantor);
            }
        }
        if self.title.chars().any(char::is_control) || self.title.len() > 512 {
            faults.add("title", "must be one line of at most 512 bytes");
        }
        faults.dates(self.dates);
        if self.terms.is_empty() {
            faults.add(
                "terms",
                "a contract without terms says nothing: write at least one [[terms]]",
            );
        }
        if self.terms.len() > TERMS_MAX {
            faults.add("terms", format!("at most {TERMS_MAX} terms: make several contracts of it"));
        }
        let mut ids = BTreeSet::new();
        for (number, term) in self.terms.iter().enumerate().take(TERMS_MAX) {
            faults.term = Some(number);
            if !ids.insert(&term.id) {
                faults.add("id", format!("{} names two terms of this contract", term.id));
            }
            self.term_faults(term, &mut faults);
        }
        faults.term = None;
        account_faults(&self.account, &mut faults);
        faults.found
    }

    fn term_faults(&self, term: &Term, faults: &mut Faults) {
        faults.id("id", TermId::new(&term.id).err(), &term.id);
        if term.rights.is_empty() {
            faults.add("rights", "name at least one of master, mechanical, performance");
        }
        scope_faults(&term.scope, faults);
        faults.dates(term.dates);
        let within = self.dates.from <= term.dates.from
            && self
                .dates
                .until
                .is_none_or(|until| term.dates.until.is_some_and(|own| own <= until));
        if !within {
            let field = if term.dates.from < self.dates.from { "from" } else { "until" };
            faults.add(field, "a term holds within its contract's dates: change one of them");
        }
        match (&self.parties, &term.rule) {
            (Parties::Licence { .. }, Rule::Pool(rule)) => pool_faults(rule, term, faults),
            (Parties::Agreement { grantor }, Rule::PassOn(parts)) => {
                pass_on_faults(parts, grantor, faults);
            }
            (Parties::Licence { .. }, Rule::PassOn(_)) => faults.add(
                "pass_on",
                "a licence makes pools: write a model such as pro_rata, or make it an agreement",
            ),
            (Parties::Agreement { .. }, Rule::Pool(_)) => faults.add(
                "id",
                "an agreement passes on what its grantor is paid: write pass_on, or make it a licence",
            ),
        }
    }
}

/// What was found so far, and where we are.
struct Faults {
    term: Option<usize>,
    found: Vec<Fault>,
}

impl Faults {
    fn add(&mut self, field: &'static str, what: impl Into<String>) {
        self.found.push(Fault { term: self.term, field, what: what.into() });
    }

    fn id(&mut self, field: &'static str, error: Option<IdError>, text: &str) {
        if let Some(error) = error {
            self.add(field, format!("{text:?} {error}"));
        }
    }

    fn share(&mut self, field: &'static str, share: Fraction) {
        if !share.is_share() {
            self.add(field, format!("{share} is no share: it must lie from 0 to 1 (100%)"));
        }
    }

    fn rate(&mut self, field: &'static str, rate: Fraction) {
        if rate < Fraction::ZERO {
            self.add(field, format!("{rate} must not be below 0"));
        }
    }

    fn amount(&mut self, field: &'static str, amount: Micros) {
        if amount.is_negative() {
            self.add(field, format!("{amount} must not be below 0"));
        }
    }

    /// Plays are added up by month, so nothing can change in the middle of one.
    fn dates(&mut self, dates: Dates) {
        let first = |day| Period::of_day(day).first_day() == day;
        let why = "must be the first of a month, because plays are added up and paid by month";
        if !first(dates.from) {
            self.add("from", format!("{} {why}", dates.from));
        }
        if let Some(until) = dates.until {
            if !first(until) {
                self.add(
                    "until",
                    format!("{until} {why}: it is the first day on which this no longer holds"),
                );
            }
            if until <= dates.from {
                self.add("until", format!("{until} must come after {}", dates.from));
            }
        }
    }
}

fn scope_faults(scope: &Scope, faults: &mut Faults) {
    for id in &scope.recordings {
        faults.id("recordings", TrackId::new(id).err(), id);
    }
    for id in &scope.releases {
        faults.id("releases", ReleaseId::new(id).err(), id);
    }
    for id in &scope.artists {
        faults.id("artists", PartyId::new(id).err(), id);
    }
    for id in &scope.labels {
        faults.id("labels", PartyId::new(id).err(), id);
    }
    for id in &scope.territories {
        faults.id("territories", Territory::new(id).err(), id);
    }
    for id in &scope.tiers {
        faults.id("tiers", Tier::new(id).err(), id);
    }
}

fn pool_faults(rule: &PoolRule, term: &Term, faults: &mut Faults) {
    if let Some(minimum) = rule.per_play_minimum {
        faults.rate("per_play_minimum", minimum);
    }
    if let Some(guarantee) = rule.guarantee {
        faults.amount("guarantee", guarantee);
    }
    if let Some(noise) = rule.noise {
        faults.share("noise", noise.weight);
    }
    model_faults(&rule.model, term, faults);
}

fn model_faults(model: &Model, term: &Term, faults: &mut Faults) {
    match model {
        Model::ProRata { share } => faults.share("pro_rata", *share),
        Model::UserCentric { share } => faults.share("user_centric", *share),
        Model::ArtistCentric { share, artist_boost, listener_plays_max } => {
            faults.share("artist_centric", *share);
            if let Some(boost) = artist_boost {
                faults.rate("artist_centric", boost.factor);
            }
            if *listener_plays_max == Some(0) {
                faults.add("artist_centric", "listener_plays_max must be at least 1");
            }
        }
        Model::FixedPerPlay { rate } => faults.rate("fixed_per_play", *rate),
        Model::Bands { rates } => {
            if rates.is_empty() || rates.len() > STEPS_MAX {
                faults.add("bands", format!("write 1 to {STEPS_MAX} bands"));
            }
            rates.values().for_each(|rate| faults.rate("bands", *rate));
        }
        Model::Ladder { steps } => {
            if steps.is_empty() || steps.len() > STEPS_MAX {
                faults.add("ladder", format!("write 1 to {STEPS_MAX} steps"));
            }
            steps.iter().for_each(|step| faults.rate("ladder", *step));
        }
        Model::UsMechanical(us) => {
            faults.share("us_mechanical", us.revenue_share);
            faults.rate("us_mechanical", us.content_cost_share);
            let optional = us.content_cost_cap.iter().chain(&us.subscriber_floor);
            optional.for_each(|rate| faults.rate("us_mechanical", *rate));
            us.plan_weights.values().for_each(|weight| faults.rate("us_mechanical", *weight));
            if term.rights != BTreeSet::from([Right::Mechanical]) {
                faults.add("rights", "us_mechanical is about the mechanical right alone");
            }
        }
    }
}

fn pass_on_faults(parts: &[PassedOn], grantor: &str, faults: &mut Faults) {
    if parts.is_empty() {
        faults.add("pass_on", "name at least one payee");
    }
    let mut payees = BTreeSet::new();
    let mut sum = Ok(Fraction::ZERO);
    for part in parts {
        if !payees.insert(&part.payee) {
            let what = format!("{} is named twice: add its shares up", part.payee);
            faults.add("pass_on", what);
        }
        faults.share("pass_on", part.share);
        sum = sum.and_then(|sum| sum.plus(part.share));
        let commissions = part.commissions.iter().map(|Commission { payee, .. }| payee);
        let mut chain = BTreeSet::new();
        for payee in std::iter::once(&part.payee).chain(commissions) {
            faults.id("pass_on", PartyId::new(payee).err(), payee);
            if payee == grantor {
                faults.add("pass_on", format!("{payee} can't pass on to itself"));
            }
            if !chain.insert(payee) {
                faults.add("pass_on", format!("{payee} is twice in one chain of commissions"));
            }
        }
        part.commissions.iter().for_each(|one| faults.share("pass_on", one.share));
    }
    match sum {
        Ok(sum) if sum <= Fraction::ONE => {}
        Ok(sum) => faults.add("pass_on", format!("the shares add up to {sum}, which is above 1")),
        Err(error) => faults.add("pass_on", format!("the sum of the shares {error}")),
    }
}

fn account_faults(account: &AccountTerms, faults: &mut Faults) {
    let shares = [
        ("recoup_share", account.recoup_share),
        ("costs_share", account.costs_share),
        ("reserve", account.reserve.map(|reserve| reserve.share)),
    ];
    for (field, share) in shares {
        share.into_iter().for_each(|share| faults.share(field, share));
    }
    if let Some(reserve) = account.reserve
        && !(1..=RESERVE_PERIODS_MAX).contains(&reserve.periods)
    {
        faults.add("reserve", format!("periods must be 1 to {RESERVE_PERIODS_MAX}"));
    }
    for (territory, share) in &account.withholding {
        faults.id("withholding", Territory::new(territory).err(), territory);
        faults.share("withholding", *share);
    }
    if let Some(minimum) = account.minimum_payout {
        faults.amount("minimum_payout", minimum);
    }
    if account.accounting_months.is_some_and(|months| ![1, 3, 6, 12].contains(&months)) {
        faults.add("accounting_months", "must be 1, 3, 6 or 12");
    }
}
