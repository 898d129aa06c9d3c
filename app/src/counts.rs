//! Counts: how many plays count, by track, artist, label, release, listener, territory, tier or day.

use ledgerline_catalog::Catalogue;
use ledgerline_counting::identity::track_hash;
use ledgerline_counting::tally::{Days, Dimension, Tally};
use ledgerline_ids::{DayNo, HashKey, PartitionId, Position, TrackId};
use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;
use std::sync::Arc;

use crate::Deployment;
use crate::deployment::ReadError;
use crate::ports::drive::apart;
use crate::ports::{CatalogueStore, LogError, StoreError};
use crate::reading::Readers;

/// What plays can be counted by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum By {
    /// The recording.
    Track,
    /// The recording's artists, each of them.
    Artist,
    /// The recording's label, a party of the catalogue of rights.
    Label,
    /// The releases that the recording is on, each of them.
    Release,
    /// The listener.
    User,
    /// The listener's country.
    Territory,
    /// The listener's plan.
    Tier,
    /// The UTC day of the play's start.
    Day,
}

impl By {
    /// Every way, in the order in which they are shown.
    pub const ALL: [Self; 8] = [
        Self::Track,
        Self::Artist,
        Self::Label,
        Self::Release,
        Self::User,
        Self::Territory,
        Self::Tier,
        Self::Day,
    ];

    /// Its name, as a person types it.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Track => "track",
            Self::Artist => "artist",
            Self::Label => "label",
            Self::Release => "release",
            Self::User => "user",
            Self::Territory => "territory",
            Self::Tier => "tier",
            Self::Day => "day",
        }
    }

    /// The field that a row names its value by.
    #[must_use]
    pub fn field(self) -> &'static str {
        match self {
            Self::Track => "track_id",
            Self::User => "user_id",
            other => other.as_str(),
        }
    }

    /// The way of a name.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|by| by.as_str() == name)
    }

    fn dimension(self) -> Dimension {
        match self {
            Self::Track | Self::Artist | Self::Label | Self::Release => Dimension::Track,
            Self::User => Dimension::User,
            Self::Territory => Dimension::Territory,
            Self::Tier => Dimension::Tier,
            Self::Day => Dimension::Day,
        }
    }
}

/// What to count.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CountsQuery {
    /// By what.
    pub by: By,
    /// From the beginning of this UTC day, by the play's start.
    pub from: Option<DayNo>,
    /// Until the beginning of this UTC day.
    pub to: Option<DayNo>,
}

/// Up to where a partition's reports are counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AppliedTo {
    /// Which partition.
    pub partition: PartitionId,
    /// The position after the last counted record.
    pub position: Position,
    /// The length of the plays log there, in bytes.
    pub plays_bytes: u64,
}

/// One row of counts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CountRow {
    /// The track, artist, label, release, listener, territory, tier or day; empty where plays have none.
    pub value: String,
    /// How many plays count.
    pub counted: i64,
}

/// Counts, with what they are of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Counts {
    /// What was asked for.
    pub query: CountsQuery,
    /// Up to where reports are counted.
    pub applied_to: Vec<AppliedTo>,
    /// Why reports that were accepted may be missing, where counting waits for the disk or
    /// the store.
    pub waits: Option<String>,
    /// All rows, in the order of their values.
    pub rows: Vec<CountRow>,
}

impl Deployment {
    /// Judges what the log holds, then counts. Where counting waits for the disk or the
    /// store, counts what is committed.
    ///
    /// # Errors
    /// [`ReadError`].
    pub async fn counts(&self, query: CountsQuery) -> Result<Counts, ReadError> {
        let waits = self.settle_for_reading().await?;
        let applied_to = self.applied_to();
        let (readers, of) = (self.readers.clone(), applied_to.clone());
        let days = Days { from: query.from, to: query.to };
        let new = move || Tally::new(query.by.dimension(), days);
        let summed = apart(&*self.drive, move || tally(&readers, &of, None, &new));
        let tally = summed.await.ok_or_else(ReadError::broken_off)??;
        let rows = match query.by {
            By::Artist => by_artist(tally, &**self.catalogue.store()).await?,
            By::Label | By::Release => {
                let rights = self.money().rights().now().await?;
                by_rights(&tally, query.by, &rights)
            }
            _ => tally.rows().map(|(value, counted)| CountRow { value, counted }).collect(),
        };
        Ok(Counts { query, applied_to, waits, rows })
    }

    /// Judges what the log holds, then counts plays of some recordings by day, from one day until
    /// another.
    pub(crate) async fn counted_days(
        &self,
        tracks: BTreeSet<Box<str>>,
        from: DayNo,
        until: DayNo,
    ) -> Result<BTreeMap<DayNo, i64>, ReadError> {
        self.settle_for_reading().await?;
        let (readers, of, tracks) = (self.readers.clone(), self.applied_to(), Arc::new(tracks));
        let days = Days { from: Some(from), to: Some(until) };
        let keys = keys_of(&self.key, &tracks);
        let new = move || Tally::of_tracks(Dimension::Day, days, tracks.clone());
        let summed = apart(&*self.drive, move || tally(&readers, &of, keys.as_deref(), &new));
        let tally = summed.await.ok_or_else(ReadError::broken_off)??;
        Ok(tally.by_day().clone())
    }

    /// Up to where each partition is counted on this node.
    #[must_use]
    pub fn applied_to(&self) -> Vec<AppliedTo> {
        self.progress()
            .into_iter()
            .map(|(partition, progress)| AppliedTo {
                partition,
                position: progress.committed,
                plays_bytes: progress.plays_bytes,
            })
            .collect()
    }
}

/// Of more recordings than these most stretches hold some, and asking each costs more than it saves.
const SIEVED_TRACKS_MAX: usize = 64;

/// What sieves know these recordings by; `None` where there are too many to be asked for.
fn keys_of(key: &HashKey, tracks: &BTreeSet<Box<str>>) -> Option<Vec<u64>> {
    let hash = |track: &str| TrackId::new(track).ok().map(|track| track_hash(key, track));
    let few = tracks.len() <= SIEVED_TRACKS_MAX;
    few.then(|| tracks.iter().map(|track| hash(track)).collect())?
}

/// Sums the plays logs up, each partition on a thread of its own: what may hold one of `keys`, or all.
fn tally(
    readers: &Readers,
    of: &[AppliedTo],
    keys: Option<&[u64]>,
    new: &(dyn Fn() -> Tally + Sync),
) -> Result<Tally, LogError> {
    std::thread::scope(|scope| {
        let threads: Vec<_> = of
            .iter()
            .map(|applied| {
                scope.spawn(move || {
                    let (partition, whole) = (applied.partition, 0..applied.plays_bytes);
                    let sieve = &readers.sieves_of(partition).plays;
                    let ranges = match keys {
                        Some(keys) => sieve.ranges(keys, whole, None),
                        None => vec![whole],
                    };
                    let mut tally = new();
                    for Range { start, end } in ranges {
                        readers.for_each(partition, start, end, &mut |_, play| tally.add(play))?;
                    }
                    Ok(tally)
                })
            })
            .collect();
        let mut sum = new();
        for thread in threads {
            sum.merge(thread.join().expect("adding plays doesn't panic")?);
        }
        Ok(sum)
    })
}

/// By label or release, as the catalogue of rights knows them; what it doesn't know, for nobody.
fn by_rights(tally: &Tally, by: By, rights: &Catalogue) -> Vec<CountRow> {
    let mut sums = BTreeMap::<&str, i64>::new();
    for (track, counted) in tally.rows() {
        let recording = rights.find_recording(&track);
        let names: Vec<&str> = match (by, recording) {
            (By::Release, Some(recording)) => {
                rights.releases_of(recording).map(|release| rights.release_id(release)).collect()
            }
            (_, Some(recording)) => {
                rights.label_of(recording).map(|label| rights.party_id(label)).into_iter().collect()
            }
            (_, None) => Vec::new(),
        };
        for name in names.iter().copied().chain(names.is_empty().then_some("")) {
            *sums.entry(name).or_default() += counted;
        }
    }
    let rows = sums.into_iter();
    rows.map(|(value, counted)| CountRow { value: value.to_owned(), counted }).collect()
}

async fn by_artist(
    tally: Tally,
    catalogue: &dyn CatalogueStore,
) -> Result<Vec<CountRow>, StoreError> {
    let mut by_artist = BTreeMap::<String, i64>::new();
    let mut by_track: BTreeMap<String, i64> = tally.rows().collect();
    let mut after = String::new();
    loop {
        let page = catalogue.tracks_after(&after, 10_000).await?;
        let Some(last) = page.last() else { break };
        after.clone_from(&last.track_id);
        for track in &page {
            let Some(counted) = by_track.remove(&track.track_id) else { continue };
            if track.artists.is_empty() {
                *by_artist.entry(String::new()).or_default() += counted;
            }
            for artist in &track.artists {
                *by_artist.entry(artist.clone()).or_default() += counted;
            }
        }
    }
    // Tracks that the catalogue doesn't have count for nobody that it knows.
    for counted in by_track.into_values() {
        *by_artist.entry(String::new()).or_default() += counted;
    }
    Ok(by_artist.into_iter().map(|(value, counted)| CountRow { value, counted }).collect())
}
