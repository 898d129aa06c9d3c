//! What a month asks of the catalogue.

use crate::scope::Subject;
use crate::terms::Right;
use crate::usage::{Names, Usage};
use ledgerline_catalog::{ArtistRole, Catalogue, RecordingKind, RecordingNo, TerritoryCode};
use ledgerline_ids::DayNo;
use ledgerline_money::{Fraction, FractionError};

/// Recordings and who holds rights in them, by the numbers of a usage's tracks and territories, as
/// they are on the last day of the month.
///
/// A recording that the catalogue doesn't know has no artists, no length and no holders: its money
/// is kept for whoever turns out to hold it.
pub trait Music {
    /// What terms ask of a recording.
    fn subject(&self, track: u32) -> Subject<'_>;

    /// Its length, where known.
    fn duration_ms(&self, track: u32) -> Option<u64>;

    /// Whether it is functional noise: rain, fans, whales.
    fn is_noise(&self, track: u32) -> bool;

    /// Whether who holds `right` depends on where it is heard.
    fn holders_vary(&self, track: u32, right: Right) -> bool;

    /// Who holds `right` in `territory` (a number of the usage's, or `Usage::UNKNOWN`), and how
    /// much of it, each party once. What lacks of 1, nobody is known to hold.
    ///
    /// # Errors
    /// [`FractionError`] where shares can't be computed exactly.
    fn holders(
        &self,
        track: u32,
        right: Right,
        territory: u16,
    ) -> Result<Vec<(&str, Fraction)>, FractionError>;
}

/// A catalogue of rights, asked by the numbers of a usage.
#[derive(Debug)]
pub struct CatalogueMusic<'a> {
    catalogue: &'a Catalogue,
    tracks: &'a Names,
    recordings: Vec<Option<RecordingNo>>,
    /// By the usage's numbers; a name that is no country is none.
    territories: Vec<Option<TerritoryCode>>,
    day: DayNo,
}

impl<'a> CatalogueMusic<'a> {
    /// What `catalogue` knows of the recordings of `usage` on `day`.
    #[must_use]
    pub fn new(catalogue: &'a Catalogue, usage: &'a Usage, day: DayNo) -> Self {
        Self {
            catalogue,
            tracks: &usage.tracks,
            recordings: found(catalogue, &usage.tracks),
            territories: usage.territories.iter().map(|id| TerritoryCode::parse(id).ok()).collect(),
            day,
        }
    }
}

/// The recordings of names, both in order: one walk along both.
fn found(catalogue: &Catalogue, names: &Names) -> Vec<Option<RecordingNo>> {
    let mut recordings = catalogue.recordings().peekable();
    let find = |name: &str| {
        while recordings.next_if(|known| catalogue.track_id(*known) < name).is_some() {}
        recordings.next_if(|known| catalogue.track_id(*known) == name)
    };
    names.iter().map(find).collect()
}

impl Music for CatalogueMusic<'_> {
    fn subject(&self, track: u32) -> Subject<'_> {
        let catalogue = self.catalogue;
        let mut subject = Subject { track: self.tracks.name(track), ..Subject::default() };
        if let Some(recording) = self.recordings[track as usize] {
            let releases = catalogue.releases_of(recording);
            subject.releases = releases.map(|release| catalogue.release_id(release)).collect();
            let artists = catalogue.artists_of(recording);
            let main = artists.filter(|(_, role)| *role == ArtistRole::Main);
            subject.artists = main.map(|(party, _)| catalogue.party_id(party)).collect();
            let label = catalogue.label_of(recording).into_iter();
            subject.labels = label.map(|party| catalogue.party_id(party)).collect();
        }
        subject
    }

    fn duration_ms(&self, track: u32) -> Option<u64> {
        self.catalogue.duration_ms(self.recordings[track as usize]?)
    }

    fn is_noise(&self, track: u32) -> bool {
        let kind = self.recordings[track as usize].map(|recording| self.catalogue.kind(recording));
        kind == Some(RecordingKind::Noise)
    }

    fn holders_vary(&self, track: u32, right: Right) -> bool {
        let recording = self.recordings[track as usize];
        recording.is_some_and(|recording| self.catalogue.holders_vary(recording, right))
    }

    fn holders(
        &self,
        track: u32,
        right: Right,
        territory: u16,
    ) -> Result<Vec<(&str, Fraction)>, FractionError> {
        let Some(recording) = self.recordings[track as usize] else { return Ok(Vec::new()) };
        let territory = self.territories.get(usize::from(territory)).copied().flatten();
        let holders = self.catalogue.holders(recording, right, self.day, territory)?;
        let named = |(party, share)| (self.catalogue.party_id(party), share);
        Ok(holders.into_iter().map(named).collect())
    }
}
