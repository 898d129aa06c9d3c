//! What listening histories would have paid, by two models.

use ledgerline_app::money::trial as app;
use serde::Serialize;
use utoipa::ToSchema;

use super::Instant;

/// What listening histories would have paid to whom. Nothing of it is stored.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct TrialResult {
    /// ISO 4217.
    #[schema(pattern = "^[A-Z]{3}$")]
    pub currency: String,
    /// What each listener pays.
    #[schema(pattern = r"^[0-9]+\.[0-9]{6}$")]
    pub fee: String,
    /// Which part of it goes to artists, exactly.
    pub pool_share: String,
    /// What all artists share.
    pub pools: TrialPools,
    /// Who listened.
    pub listeners: Vec<TrialListener>,
    /// By what user-centric pays, the most first.
    pub artists: Vec<TrialArtist>,
    /// One cent of the artist who is paid most differently; null where there is no pool.
    #[schema(required)]
    pub cent: Option<TrialCent>,
    /// What of the histories was left out, one sentence each; over HTTP the first hundred.
    pub left_out: Vec<String>,
}

/// What all artists share, by either model, in major units.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct TrialPools {
    /// By all listeners' plays together.
    #[schema(pattern = r"^[0-9]+\.[0-9]{6}$")]
    pub pro_rata: String,
    /// By each listener's own.
    #[schema(pattern = r"^[0-9]+\.[0-9]{6}$")]
    pub user_centric: String,
}

/// A listener.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct TrialListener {
    /// What it is called here: the file, without its ending.
    pub name: String,
    /// Plays in its history.
    pub plays: u64,
    /// Those that count.
    pub counted: u64,
}

/// What an artist would have got.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct TrialArtist {
    /// Who; null is all plays whose artist no export names.
    #[schema(required)]
    pub artist: Option<String>,
    /// Counted plays.
    pub plays: u64,
    /// By how many of the listeners.
    pub listeners: u64,
    /// By all listeners' plays together.
    #[schema(pattern = r"^[0-9]+\.[0-9]{6}$")]
    pub pro_rata: String,
    /// By each listener's own.
    #[schema(pattern = r"^[0-9]+\.[0-9]{6}$")]
    pub user_centric: String,
    /// What it gains by the second; below nothing where it loses.
    #[schema(pattern = r"^-?[0-9]+\.[0-9]{6}$")]
    pub difference: String,
}

/// Which plays make an artist's first cent, user-centric.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct TrialCent {
    /// Whose; null where no export names it.
    #[schema(required)]
    pub artist: Option<String>,
    /// How many of its plays, in the order of time, make a cent; all, where they make less.
    pub plays: u64,
    /// What these are worth in ledger units (a millionth of the currency), exactly: a whole number
    /// or a fraction.
    pub worth_micros: String,
    /// The first of them.
    pub first_plays: Vec<TrialPlay>,
    /// How many plays make a cent where every play is worth the same; null where all don't.
    #[schema(required)]
    pub plays_pro_rata: Option<u64>,
}

/// A play of a cent.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct TrialPlay {
    /// Whose play.
    pub listener: String,
    /// What was played.
    pub track: String,
    /// When.
    pub started_at: Instant,
    /// Counted plays of this listener: so many shared what it paid.
    pub of_plays: u64,
    /// What the play is worth in ledger units, exactly.
    pub worth_micros: String,
}

impl TrialResult {
    /// What was tried, with what was left out of it.
    #[must_use]
    pub fn of(tried: &app::Tried, left_out: Vec<String>) -> Self {
        let artist = |row: &app::TriedArtist| TrialArtist {
            artist: row.artist.clone(),
            plays: row.plays,
            listeners: row.listeners,
            pro_rata: row.pro_rata.to_string(),
            user_centric: row.user_centric.to_string(),
            difference: app::Tried::gained(row).to_string(),
        };
        let listener = |listener: &app::TriedListener| TrialListener {
            name: listener.name.clone(),
            plays: listener.plays,
            counted: listener.counted,
        };
        Self {
            currency: tried.deal.currency.code().to_owned(),
            fee: tried.deal.fee.to_string(),
            pool_share: tried.deal.pool.to_string(),
            pools: TrialPools {
                pro_rata: tried.pools[0].to_string(),
                user_centric: tried.pools[1].to_string(),
            },
            listeners: tried.listeners.iter().map(listener).collect(),
            artists: tried.artists.iter().map(artist).collect(),
            cent: tried.cent.as_ref().map(TrialCent::from),
            left_out,
        }
    }
}

impl From<&app::Cent> for TrialCent {
    fn from(cent: &app::Cent) -> Self {
        let play = |play: &app::CentPlay| TrialPlay {
            listener: play.listener.clone(),
            track: play.track.clone(),
            started_at: Instant(play.started_at),
            of_plays: play.of_plays,
            worth_micros: play.worth.to_string(),
        };
        Self {
            artist: cent.artist.clone(),
            plays: cent.plays,
            worth_micros: cent.worth.to_string(),
            first_plays: cent.first.iter().map(play).collect(),
            plays_pro_rata: cent.plays_pro_rata,
        }
    }
}
