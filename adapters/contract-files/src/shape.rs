//! What a contract file may say, field by field. The JSON Schema comes from these same shapes.

use crate::cells::{Amount, Day, Exact};
use ledgerline_money::Currency;
use ledgerline_royalty::revenue::Plan;
use ledgerline_royalty::terms::{
    AccountTerms, ArtistBoost, Commission, Contract, Dates, Model, NoiseRule, Parties, PassedOn,
    PoolRule, Reserve, Right, Rule, Scope, Term, UsMechanical,
};
use ledgerline_royalty::usage::Use;
use ledgerline_royalty::validity::Fault;
use schemars::JsonSchema;
use serde::Deserialize;
use std::collections::{BTreeMap, BTreeSet};

/// The JSON Schema of a contract file, as text with a line's end behind it.
///
/// # Panics
/// Never: the schema is made of texts and lists.
#[must_use]
pub fn schema() -> String {
    let schema = schemars::schema_for!(ContractFile);
    let mut text = serde_json::to_string_pretty(&schema).expect("a schema is plain JSON");
    text.push('\n');
    text
}

/// A contract: who pays whom for what, and since when.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(title = "A contract of Ledgerline")]
pub(crate) struct ContractFile {
    /// Its name, unique among all contracts: letters, digits and _ - . : / @ +.
    id: String,
    /// What people call it; the id where it is left out.
    title: Option<String>,
    /// Whether the service pays by it (licence), or a party passes on by it what it is paid
    /// (agreement).
    kind: KindWord,
    /// Of a licence: whose rights it is about. Left out, it is the default for all who have no
    /// licence of their own.
    licensor: Option<String>,
    /// Of an agreement: who passes on.
    grantor: Option<String>,
    /// When it was signed: of two equally specific terms the later signed one wins.
    signed_on: Day,
    /// The first day on which it holds: the first of a month.
    from: Day,
    /// The first day on which it no longer holds: the first of a month. Left out, it holds for ever.
    until: Option<Day>,
    /// ISO 4217 code of the currency of its amounts and rates.
    currency: String,
    /// Its rules.
    #[schemars(length(min = 1))]
    terms: Vec<TermFile>,
    /// What happens to the money after the pools.
    #[serde(default)]
    account: AccountFile,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
enum KindWord {
    Licence,
    Agreement,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
enum RightWord {
    Master,
    Mechanical,
    Performance,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
enum UseWord {
    OnDemand,
    Radio,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
enum PlanWord {
    Individual,
    Family,
    Student,
    Trial,
}

/// One rule: what it is about, and either one model (of a licence) or pass_on (of an agreement).
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct TermFile {
    /// Its name within the contract: letters, digits, _ and -.
    id: String,
    /// The copyrights that it is about.
    #[schemars(length(min = 1))]
    rights: Vec<RightWord>,
    /// Only these recordings, by track id.
    #[serde(default)]
    recordings: BTreeSet<String>,
    /// Only recordings on these releases.
    #[serde(default)]
    releases: BTreeSet<String>,
    /// Only recordings of these main artists.
    #[serde(default)]
    artists: BTreeSet<String>,
    /// Only recordings of these labels.
    #[serde(default)]
    labels: BTreeSet<String>,
    /// Only plays in these countries, ISO 3166-1 alpha-2.
    #[serde(default)]
    territories: BTreeSet<String>,
    /// Only plays of listeners with these plans.
    #[serde(default)]
    tiers: BTreeSet<String>,
    /// Only plays of these uses.
    #[serde(default)]
    uses: BTreeSet<UseWord>,
    /// The first day on which it holds; the contract's where it is left out.
    from: Option<Day>,
    /// The first day on which it no longer holds; the contract's where it is left out.
    until: Option<Day>,

    /// Model: a share of net revenue, by plays.
    pro_rata: Option<ShareFile>,
    /// Model: a share of each listener's fee, by that listener's plays.
    user_centric: Option<ShareFile>,
    /// Model: a share of net revenue, by plays that are boosted and capped.
    artist_centric: Option<ArtistCentricFile>,
    /// Model: so much for each counted play.
    fixed_per_play: Option<RateFile>,
    /// Model: so much for each play by how long it was heard; the highest band reached decides.
    bands: Option<Vec<BandFile>>,
    /// Model: the price depends on how often the listener had the recording before.
    ladder: Option<LadderFile>,
    /// Model: the four steps of the US mechanical rate (37 CFR 385.21).
    us_mechanical: Option<UsMechanicalFile>,

    /// Of a licence: at least this for each counted play, in the contract's currency.
    per_play_minimum: Option<Exact>,
    /// Of a licence: a recording must have had so many counted plays in the last twelve months.
    eligible_plays_min: Option<u64>,
    /// Of a licence: what functional noise weighs.
    noise: Option<NoiseFile>,
    /// Of a licence: at least this for each period and licensor, in the contract's currency.
    guarantee: Option<Amount>,

    /// Of an agreement: who gets which part of what the grantor is paid; it keeps the rest.
    pass_on: Option<Vec<PassOnFile>>,
}

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct ShareFile {
    /// Of net revenue.
    share: Exact,
}

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct RateFile {
    /// In the contract's currency.
    rate: Exact,
}

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct ArtistCentricFile {
    /// Of net revenue.
    share: Exact,
    /// The boost of artists whom enough people listen to.
    boost: Option<BoostFile>,
    /// A listener's plays count as at most so many, together.
    listener_plays_max: Option<u64>,
}

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct BoostFile {
    /// A play weighs so many times as much.
    factor: Exact,
    /// From so many counted plays in the month on …
    plays_min: u64,
    /// … by so many listeners.
    listeners_min: u64,
}

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct BandFile {
    /// From so many milliseconds of merged listened time on.
    from_ms: u32,
    /// In the contract's currency.
    rate: Exact,
}

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct LadderFile {
    /// The price of the first, second … play; beyond the last, nothing.
    steps: Vec<Exact>,
}

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct UsMechanicalFile {
    /// Of service revenue.
    revenue_share: Exact,
    /// Of total content cost: what is paid for the masters.
    content_cost_share: Exact,
    /// The content cost prong is at most this for each subscriber.
    content_cost_cap: Option<Exact>,
    /// At least this for each subscriber.
    subscriber_floor: Option<Exact>,
    /// As how many subscribers one of each plan counts; 1 where it is left out.
    #[serde(default)]
    plan_weights: BTreeMap<PlanWord, Exact>,
}

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct NoiseFile {
    /// A play of functional noise weighs so much.
    weight: Exact,
    /// A recording of it that is shorter weighs nothing.
    duration_ms_min: u64,
}

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct PassOnFile {
    /// Who gets it.
    payee: String,
    /// Which part of what the grantor is paid.
    share: Exact,
    /// Who gets which part of that part in turn, one after another.
    #[serde(default)]
    commissions: Vec<CommissionFile>,
}

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct CommissionFile {
    /// Who gets it.
    payee: String,
    /// Which part of what the one before it gets.
    share: Exact,
}

/// What happens to each payee's money after the pools.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct AccountFile {
    /// This part of what is earned pays off costs and advances; nothing does where it is left out.
    recoup_share: Option<Exact>,
    /// The payee bears this part of costs; all of them where it is left out.
    costs_share: Option<Exact>,
    /// Money held back for a while against later corrections.
    reserve: Option<ReserveFile>,
    /// Which part of what is earned in a country is withheld as tax.
    #[serde(default)]
    withholding: BTreeMap<String, Exact>,
    /// Nothing is paid out below this, in the contract's currency.
    minimum_payout: Option<Amount>,
    /// Paid out every 1, 3, 6 or 12 months, counted from January; every month where it is left out.
    accounting_months: Option<u8>,
}

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct ReserveFile {
    /// Which part of what is left after recoupment and withholding.
    share: Exact,
    /// Released with the close of so many periods later.
    periods: u8,
}

/// A fault that has no contract to ask for its faults.
fn fault(term: Option<usize>, field: &'static str, what: &str) -> Fault {
    Fault { term, field, what: what.to_owned() }
}

impl ContractFile {
    /// The contract, or what its shape alone does not say: which fields go together.
    pub(crate) fn contract(self) -> Result<Contract, Vec<Fault>> {
        let mut faults = Vec::new();
        let parties = match (self.kind, self.licensor, self.grantor) {
            (KindWord::Licence, licensor, None) => Parties::Licence { licensor },
            (KindWord::Agreement, None, Some(grantor)) => Parties::Agreement { grantor },
            (KindWord::Licence, _, Some(_)) => {
                faults.push(fault(None, "grantor", "a licence has no grantor but a licensor"));
                Parties::Licence { licensor: None }
            }
            (KindWord::Agreement, Some(_), _) => {
                faults.push(fault(None, "licensor", "an agreement has no licensor but a grantor"));
                Parties::Licence { licensor: None }
            }
            (KindWord::Agreement, None, None) => {
                let what = "an agreement needs a grantor: who passes on what it is paid?";
                faults.push(fault(None, "kind", what));
                Parties::Licence { licensor: None }
            }
        };
        let currency = Currency::parse(&self.currency)
            .map_err(|error| {
                let what = format!("{:?} {error}", self.currency);
                faults.push(fault(None, "currency", &what));
            })
            .ok();
        let dates = Dates { from: self.from.0, until: self.until.map(|day| day.0) };
        let mut terms = Vec::new();
        for (number, term) in self.terms.into_iter().enumerate() {
            match term.term(number, dates) {
                Ok(term) => terms.push(term),
                Err(fault) => faults.push(fault),
            }
        }
        let Some(currency) = currency.filter(|_| faults.is_empty()) else { return Err(faults) };
        let contract = Contract {
            title: self.title.unwrap_or_else(|| self.id.clone()),
            id: self.id,
            parties,
            signed_on: self.signed_on.0,
            dates,
            currency,
            terms,
            account: self.account.terms(),
        };
        let faults = contract.faults();
        if faults.is_empty() { Ok(contract) } else { Err(faults) }
    }
}

impl TermFile {
    fn term(mut self, number: usize, dates: Dates) -> Result<Term, Fault> {
        let rights = self.rights.iter().map(|right| match right {
            RightWord::Master => Right::Master,
            RightWord::Mechanical => Right::Mechanical,
            RightWord::Performance => Right::Performance,
        });
        let uses = self.uses.iter().map(|word| match word {
            UseWord::OnDemand => Use::OnDemand,
            UseWord::Radio => Use::Radio,
        });
        Ok(Term {
            rights: rights.collect(),
            dates: Dates {
                from: self.from.map_or(dates.from, |day| day.0),
                until: self.until.map(|day| day.0).or(dates.until),
            },
            scope: Scope {
                uses: uses.collect(),
                recordings: std::mem::take(&mut self.recordings),
                releases: std::mem::take(&mut self.releases),
                artists: std::mem::take(&mut self.artists),
                labels: std::mem::take(&mut self.labels),
                territories: std::mem::take(&mut self.territories),
                tiers: std::mem::take(&mut self.tiers),
            },
            id: std::mem::take(&mut self.id),
            rule: self.rule(number)?,
        })
    }

    fn rule(mut self, number: usize) -> Result<Rule, Fault> {
        let pass_on = self.pass_on.take();
        let pool = self.pool(number)?;
        match (pool, pass_on) {
            (Some(pool), None) => Ok(Rule::Pool(Box::new(pool))),
            (None, Some(parts)) => Ok(Rule::PassOn(parts.into_iter().map(passed_on).collect())),
            (Some(_), Some(_)) => {
                Err(fault(Some(number), "pass_on", "a term has a model or pass_on, not both"))
            }
            (None, None) => Err(fault(
                Some(number),
                "id",
                "this term says nothing: a licence's needs one of pro_rata, user_centric, \
                 artist_centric, fixed_per_play, bands, ladder, us_mechanical; an agreement's pass_on",
            )),
        }
    }

    fn pool(self, number: usize) -> Result<Option<PoolRule>, Fault> {
        let models = [
            self.pro_rata.map(|file| ("pro_rata", Model::ProRata { share: file.share.0 })),
            self.user_centric
                .map(|file| ("user_centric", Model::UserCentric { share: file.share.0 })),
            self.artist_centric.map(|file| ("artist_centric", artist_centric(&file))),
            self.fixed_per_play
                .map(|file| ("fixed_per_play", Model::FixedPerPlay { rate: file.rate.0 })),
            self.bands.map(|bands| bands_model(&bands, number)).transpose()?.map(|m| ("bands", m)),
            self.ladder.map(|file| {
                let steps = file.steps.iter().map(|step| step.0).collect();
                ("ladder", Model::Ladder { steps })
            }),
            self.us_mechanical.map(|file| ("us_mechanical", us_mechanical(&file))),
        ];
        let options = [
            ("per_play_minimum", self.per_play_minimum.is_some()),
            ("eligible_plays_min", self.eligible_plays_min.is_some()),
            ("noise", self.noise.is_some()),
            ("guarantee", self.guarantee.is_some()),
        ];
        let mut models = models.into_iter().flatten();
        let Some((_, model)) = models.next() else {
            return match options.into_iter().find(|(_, said)| *said) {
                Some((field, _)) => {
                    Err(fault(Some(number), field, "goes with a model, such as pro_rata"))
                }
                None => Ok(None),
            };
        };
        if let Some((second, _)) = models.next() {
            return Err(fault(Some(number), second, "a term has one model: make two terms of it"));
        }
        Ok(Some(PoolRule {
            model,
            per_play_minimum: self.per_play_minimum.map(|rate| rate.0),
            eligible_plays_min: self.eligible_plays_min,
            noise: self.noise.map(|file| NoiseRule {
                weight: file.weight.0,
                duration_ms_min: file.duration_ms_min,
            }),
            guarantee: self.guarantee.map(|amount| amount.0),
        }))
    }
}

fn artist_centric(file: &ArtistCentricFile) -> Model {
    Model::ArtistCentric {
        share: file.share.0,
        artist_boost: file.boost.as_ref().map(|boost| ArtistBoost {
            factor: boost.factor.0,
            plays_min: boost.plays_min,
            listeners_min: boost.listeners_min,
        }),
        listener_plays_max: file.listener_plays_max,
    }
}

fn bands_model(bands: &[BandFile], number: usize) -> Result<Model, Fault> {
    let mut rates = BTreeMap::new();
    for band in bands {
        if rates.insert(band.from_ms, band.rate.0).is_some() {
            let what = format!("two bands begin at {} ms", band.from_ms);
            return Err(fault(Some(number), "bands", &what));
        }
    }
    Ok(Model::Bands { rates })
}

fn us_mechanical(file: &UsMechanicalFile) -> Model {
    let weights = file.plan_weights.iter().map(|(plan, weight)| {
        let plan = match plan {
            PlanWord::Individual => Plan::Individual,
            PlanWord::Family => Plan::Family,
            PlanWord::Student => Plan::Student,
            PlanWord::Trial => Plan::Trial,
        };
        (plan, weight.0)
    });
    Model::UsMechanical(UsMechanical {
        revenue_share: file.revenue_share.0,
        content_cost_share: file.content_cost_share.0,
        content_cost_cap: file.content_cost_cap.map(|rate| rate.0),
        subscriber_floor: file.subscriber_floor.map(|rate| rate.0),
        plan_weights: weights.collect(),
    })
}

fn passed_on(file: PassOnFile) -> PassedOn {
    let commissions = file.commissions.into_iter();
    PassedOn {
        payee: file.payee,
        share: file.share.0,
        commissions: commissions
            .map(|one| Commission { payee: one.payee, share: one.share.0 })
            .collect(),
    }
}

impl AccountFile {
    fn terms(self) -> AccountTerms {
        AccountTerms {
            recoup_share: self.recoup_share.map(|share| share.0),
            costs_share: self.costs_share.map(|share| share.0),
            reserve: self
                .reserve
                .map(|reserve| Reserve { share: reserve.share.0, periods: reserve.periods }),
            withholding: self
                .withholding
                .into_iter()
                .map(|(territory, share)| (territory, share.0))
                .collect(),
            minimum_payout: self.minimum_payout.map(|amount| amount.0),
            accounting_months: self.accounting_months,
        }
    }
}
