//! The same month by several models: who gains and who loses on the same plays.

use crate::month::{Inputs, Month, Progress, month_watched};
use crate::music::Music;
use crate::terms::{ArtistBoost, Contract, Model, Rule};
use ledgerline_money::{Currency, Fraction, Micros, MoneyError};
use std::collections::BTreeMap;

/// A model that contracts can be read with instead of their own.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Compared {
    /// Each contract's own.
    AsAgreed,
    /// By plays.
    ProRata,
    /// Each listener's fee by that listener's plays.
    UserCentric,
    /// By plays that are boosted and capped.
    ArtistCentric,
}

/// Where no contract says otherwise: from 1 000 plays by 500 listeners an artist's plays weigh double, and
/// a listener's plays count as 1 000 at most. These are the numbers that Deezer published in 2023.
const BOOST: (i64, u64, u64) = (2, 1_000, 500);
const LISTENER_PLAYS_MAX: u64 = 1_000;

impl Compared {
    /// All of them.
    pub const ALL: [Self; 4] =
        [Self::AsAgreed, Self::ProRata, Self::UserCentric, Self::ArtistCentric];

    /// The word in commands and answers.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::AsAgreed => "as-agreed",
            Self::ProRata => "pro-rata",
            Self::UserCentric => "user-centric",
            Self::ArtistCentric => "artist-centric",
        }
    }

    /// The model of a word.
    #[must_use]
    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|model| model.word() == word)
    }

    /// `contracts` with this model in every term that shares revenue, by the share that the term has.
    /// Prices for each play stay as they are: they are of no pool.
    #[must_use]
    pub fn contracts(self, contracts: &[Contract]) -> Vec<Contract> {
        let mut all = contracts.to_vec();
        for term in all.iter_mut().flat_map(|contract| &mut contract.terms) {
            if let Rule::Pool(rule) = &mut term.rule {
                rule.model = self.instead_of(&rule.model);
            }
        }
        all
    }

    fn instead_of(self, agreed: &Model) -> Model {
        let (Model::ProRata { share }
        | Model::UserCentric { share }
        | Model::ArtistCentric { share, .. }) = *agreed
        else {
            return agreed.clone();
        };
        match (self, agreed) {
            (Self::AsAgreed, _) | (Self::ArtistCentric, Model::ArtistCentric { .. }) => {
                agreed.clone()
            }
            (Self::ProRata, _) => Model::ProRata { share },
            (Self::UserCentric, _) => Model::UserCentric { share },
            (Self::ArtistCentric, _) => {
                let (factor, plays_min, listeners_min) = BOOST;
                let factor = Fraction::whole(factor);
                Model::ArtistCentric {
                    share,
                    artist_boost: Some(ArtistBoost { factor, plays_min, listeners_min }),
                    listener_plays_max: Some(LISTENER_PLAYS_MAX),
                }
            }
        }
    }
}

/// The month by each of `models`, on the same plays, revenue, catalogue and agreements.
pub fn compare(
    inputs: &Inputs<'_>,
    models: &[Compared],
    watch: &mut dyn FnMut(Compared, Progress),
) -> Vec<(Compared, Month)> {
    let by_model = |model: &Compared| {
        let contracts = model.contracts(inputs.contracts);
        let inputs = Inputs { contracts: &contracts, ..*inputs };
        (*model, month_watched(&inputs, &mut |progress| watch(*model, progress)))
    };
    models.iter().map(by_model).collect()
}

/// What each name gets in a currency, by month.
pub type Sums<N> = BTreeMap<(N, Currency), Vec<Micros>>;

/// What everyone gets of months of the same usage, by name and currency, in the order of `months`.
///
/// # Errors
/// [`MoneyError`] where a sum is beyond what an amount can hold.
pub fn by_payee<'m>(
    months: impl ExactSizeIterator<Item = &'m Month>,
) -> Result<Sums<String>, MoneyError> {
    let count = months.len();
    let mut sums: Sums<String> = BTreeMap::new();
    for (at, month) in months.enumerate() {
        let mut by_number: BTreeMap<(u32, Currency), Micros> = BTreeMap::new();
        for line in &month.lines {
            let currency = month.pools[line.pool as usize].currency;
            let sum = by_number.entry((line.payee, currency)).or_default();
            *sum = sum.plus(line.amount)?;
        }
        for ((payee, currency), sum) in by_number {
            let key = (month.payees.name(payee).to_owned(), currency);
            sums.entry(key).or_insert_with(|| vec![Micros::ZERO; count])[at] = sum;
        }
    }
    Ok(sums)
}

/// What is paid for each artist's recordings, by the main artists' ids (several as one, with `+`) and
/// currency, in the order of `months`; for recordings without an artist, by `None`.
///
/// # Errors
/// [`MoneyError`] where a sum is beyond what an amount can hold.
pub fn by_artist<'m>(
    months: impl ExactSizeIterator<Item = &'m Month>,
    music: &dyn Music,
) -> Result<Sums<Option<String>>, MoneyError> {
    let count = months.len();
    let mut sums: Sums<Option<String>> = BTreeMap::new();
    for (at, month) in months.enumerate() {
        let mut by_track: BTreeMap<(u32, Currency), Micros> = BTreeMap::new();
        for line in &month.lines {
            let currency = month.pools[line.pool as usize].currency;
            let sum = by_track.entry((line.track, currency)).or_default();
            *sum = sum.plus(line.amount)?;
        }
        for ((track, currency), amount) in by_track {
            let artists = music.subject(track).artists.join("+");
            let artist = (!artists.is_empty()).then_some(artists);
            let sums = sums.entry((artist, currency)).or_insert_with(|| vec![Micros::ZERO; count]);
            sums[at] = sums[at].plus(amount)?;
        }
    }
    Ok(sums)
}
