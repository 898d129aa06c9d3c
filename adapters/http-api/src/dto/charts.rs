//! What was heard most in a day or a week.

use ledgerline_app::charts as app;
use ledgerline_app::collection::Thing;
use serde::Serialize;
use utoipa::ToSchema;

use super::{ChartKindWord, ChartPeriodWord, Day, MusicAlbumSummary, MusicArtist, MusicTrackLine};

/// A chart: what had the most counted plays in a day or a week.
///
/// The figures are of the plays that count now, by their starts in UTC. Plays that are held or excluded don't
/// rank. Until 35 days after the period reports may come in late, and whoever decides on held plays or appeals
/// changes a chart of any age: asked again, it says what counts then.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Chart {
    /// What is ranked.
    pub kind: ChartKindWord,
    /// How long the chart is of.
    pub period: ChartPeriodWord,
    /// Its first day. A week begins on a Friday, the day on which music comes out.
    pub from: Day,
    /// Its last day.
    pub to: Day,
    /// Of which country; null for everywhere.
    #[schema(required)]
    pub territory: Option<String>,
    /// Whether the period is over.
    pub is_over: bool,
    /// Whether reports of its plays can't come in any more: only a person's decision changes it then.
    pub is_settled: bool,
    /// The first day from which on charts are known: places before are counted from there.
    pub known_from: Day,
    /// At most 100, the first one first.
    #[schema(max_items = 100)]
    pub items: Vec<ChartEntry>,
}

/// A place in a chart. It has a `track`, an `album` or an `artist`, as far as the library knows it.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ChartEntry {
    /// From 1. Of as many plays, the name that comes first has the better one.
    pub rank: u32,
    /// Its place one period earlier; null where it had none.
    #[schema(required)]
    pub rank_before: Option<u32>,
    /// Its best place so far, this one included, within the last 52 periods.
    pub best_rank: u32,
    /// In how many periods it had a place, this one included, of the last 52.
    pub periods: u32,
    /// How many plays count.
    pub plays: u64,
    /// Its id.
    pub id: String,
    /// Whether there is nothing of it to be heard any more.
    pub gone: bool,
    /// The track.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub track: Option<MusicTrackLine>,
    /// The album.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub album: Option<MusicAlbumSummary>,
    /// The artist.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub artist: Option<MusicArtist>,
}

impl From<&app::Chart> for Chart {
    fn from(chart: &app::Chart) -> Self {
        Self {
            kind: ChartKindWord(chart.query.kind),
            period: ChartPeriodWord(chart.query.period),
            from: Day(chart.first),
            to: Day(chart.last),
            territory: chart.query.territory.clone(),
            is_over: chart.is_over,
            is_settled: chart.is_settled,
            known_from: Day(chart.known_from),
            items: chart.places.iter().map(ChartEntry::from).collect(),
        }
    }
}

impl From<&app::ShownPlace> for ChartEntry {
    fn from(place: &app::ShownPlace) -> Self {
        let mut shown = Self {
            rank: place.rank,
            rank_before: place.rank_before,
            best_rank: place.best_rank,
            periods: place.periods,
            plays: place.plays,
            id: place.id.clone(),
            gone: place.thing.is_gone(),
            track: None,
            album: None,
            artist: None,
        };
        match &place.thing {
            Thing::Track(line) => shown.track = line.as_deref().map(MusicTrackLine::from),
            Thing::Album(album) => shown.album = album.as_deref().map(Into::into),
            Thing::Artist(artist) => shown.artist = artist.as_deref().map(Into::into),
        }
        shown
    }
}
