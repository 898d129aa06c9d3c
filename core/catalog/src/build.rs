//! How a catalogue is made: entry by entry, each kind in the order of its ids.

use crate::catalogue::{Catalogue, NONE, RecordingRow, ReleaseRow, ShareRow};
use crate::entries::{Party, Recording, Release, ShareSet, TerritoryCode, Work};
use crate::import::Changes;
use crate::right::Right;
use crate::texts::{Lists, Texts};
use ledgerline_money::Fraction;
use std::collections::BTreeMap;

/// Why entries are no catalogue.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BuildError {
    /// The entries of a kind don't come in the order of their ids, or one comes twice.
    #[error("{id:?} comes after a greater or equal id")]
    Order {
        /// Which entry.
        id: String,
    },
    /// A name leads nowhere.
    #[error("{of} names {named:?}, which isn't known")]
    Unknown {
        /// What names it.
        of: String,
        /// What is named.
        named: String,
    },
    /// More than 2^32 of something.
    #[error("there are more than 4 294 967 294 entries of a kind")]
    TooMany,
}

/// Makes a catalogue, in this order: parties, works, recordings, releases, shares; each kind in
/// the order of its ids, and shares by right, then id.
#[derive(Debug)]
pub struct CatalogueBuilder {
    made: Catalogue,
    fractions: BTreeMap<Fraction, u32>,
    territory_sets: BTreeMap<Box<[TerritoryCode]>, u32>,
    work_recordings: Vec<(u32, u32)>,
    recording_releases: Vec<(u32, u32)>,
}

fn number(index: usize) -> Result<u32, BuildError> {
    let number = u32::try_from(index).ok().filter(|number| *number != NONE);
    number.ok_or(BuildError::TooMany)
}

fn add(ids: &mut Texts, id: &str) -> Result<u32, BuildError> {
    if ids.last().is_some_and(|last| last >= id) {
        return Err(BuildError::Order { id: id.to_owned() });
    }
    ids.push(id);
    number(ids.len() - 1)
}

fn find(ids: &Texts, named: &str, of: &str) -> Result<u32, BuildError> {
    let unknown = || BuildError::Unknown { of: of.to_owned(), named: named.to_owned() };
    number(ids.find(named).ok_or_else(unknown)?)
}

fn find_or_none(ids: &Texts, named: Option<&str>, of: &str) -> Result<u32, BuildError> {
    named.map_or(Ok(NONE), |named| find(ids, named, of))
}

fn list<T>(lists: &mut Lists<T>, values: Vec<T>) -> Result<(), BuildError> {
    lists.push(values).ok_or(BuildError::TooMany)
}

impl CatalogueBuilder {
    /// Begins the catalogue of `revision`.
    #[must_use]
    pub fn new(revision: u64) -> Self {
        let everywhere: Box<[TerritoryCode]> = Box::default();
        let made = Catalogue {
            revision,
            territory_sets: vec![everywhere.clone()],
            ..Catalogue::default()
        };
        Self {
            made,
            fractions: BTreeMap::new(),
            territory_sets: BTreeMap::from([(everywhere, 0)]),
            work_recordings: Vec::new(),
            recording_releases: Vec::new(),
        }
    }

    /// Adds a party.
    ///
    /// # Errors
    /// [`BuildError`].
    pub fn party(&mut self, party: Party) -> Result<(), BuildError> {
        add(&mut self.made.party_ids, &party.id)?;
        self.made.parties.push(party);
        Ok(())
    }

    /// Adds a work.
    ///
    /// # Errors
    /// [`BuildError`].
    pub fn work(&mut self, work: &Work) -> Result<(), BuildError> {
        let made = &mut self.made;
        add(&mut made.work_ids, &work.id)?;
        made.work_titles.push(&work.title);
        made.iswcs.push(work.iswc);
        let writers = work.writers.iter();
        let writers = writers
            .map(|writer| Ok((find(&made.party_ids, &writer.party, &work.id)?, writer.role)));
        list(&mut made.writers, writers.collect::<Result<_, _>>()?)
    }

    /// Adds a recording.
    ///
    /// # Errors
    /// [`BuildError`].
    pub fn recording(&mut self, recording: &Recording) -> Result<(), BuildError> {
        let id = &*recording.track_id;
        let this = add(&mut self.made.track_ids, id)?;
        let duration = recording.duration_ms.and_then(|millis| u32::try_from(millis).ok());
        let mut works = Vec::new();
        for part in &recording.works {
            let work = find(&self.made.work_ids, &part.work, id)?;
            let weight = part.weight.map_or(Ok(NONE), |weight| self.fraction(weight))?;
            works.push((work, weight));
            self.work_recordings.push((work, this));
        }
        let made = &mut self.made;
        made.recording_titles.push(&recording.title);
        made.recordings.push(RecordingRow {
            isrc: recording.isrc,
            kind: recording.kind,
            duration_ms: duration.unwrap_or(NONE),
            label: find_or_none(&made.party_ids, recording.label.as_deref(), id)?,
        });
        let artists = recording.artists.iter();
        let artists =
            artists.map(|credit| Ok((find(&made.party_ids, &credit.party, id)?, credit.role)));
        list(&mut made.credits, artists.collect::<Result<_, _>>()?)?;
        list(&mut made.recording_works, works)
    }

    /// Adds a release.
    ///
    /// # Errors
    /// [`BuildError`].
    pub fn release(&mut self, release: &Release) -> Result<(), BuildError> {
        let made = &mut self.made;
        let this = add(&mut made.release_ids, &release.id)?;
        made.release_titles.push(&release.title);
        made.releases.push(ReleaseRow {
            upc: release.upc,
            label: find_or_none(&made.party_ids, release.label.as_deref(), &release.id)?,
            released_on: release.released_on.map_or(NONE, |day| day.0),
        });
        let mut tracks = Vec::new();
        for track in &release.tracks {
            let track = find(&made.track_ids, track, &release.id)?;
            tracks.push(track);
            self.recording_releases.push((track, this));
        }
        list(&mut made.release_tracks, tracks)
    }

    /// Adds all shares of a right.
    ///
    /// # Errors
    /// [`BuildError`].
    pub fn shares(&mut self, set: &ShareSet) -> Result<(), BuildError> {
        let (right, of) = (set.of.right, &*set.of.of);
        let ids = if right == Right::Master { &self.made.track_ids } else { &self.made.work_ids };
        let number = find(ids, of, &set.of.to_string())? as usize;
        let mut rows = Vec::new();
        for share in &set.shares {
            rows.push(ShareRow {
                holder: find(&self.made.party_ids, &share.holder, of)?,
                share: self.fraction(share.share)?,
                territories: self.territories(&share.territories)?,
                from: share.dates.from.0,
                until: share.dates.until.map_or(NONE, |day| day.0),
            });
        }
        let lists = &mut self.made.shares[right as usize];
        if number < lists.len() {
            return Err(BuildError::Order { id: of.to_owned() });
        }
        while lists.len() < number {
            list(lists, Vec::new())?;
        }
        list(lists, rows)
    }

    /// The catalogue.
    ///
    /// # Errors
    /// [`BuildError`].
    pub fn finish(mut self) -> Result<Catalogue, BuildError> {
        let made = &mut self.made;
        made.recording_releases = inverse(self.recording_releases, made.track_ids.len())?;
        made.work_recordings = inverse(self.work_recordings, made.work_ids.len())?;
        made.recordings.shrink_to_fit();
        for texts in [
            &mut made.track_ids,
            &mut made.recording_titles,
            &mut made.work_ids,
            &mut made.work_titles,
        ] {
            texts.shrink();
        }
        made.credits.shrink();
        made.recording_works.shrink();
        for lists in &mut made.shares {
            lists.shrink();
        }
        Ok(self.made)
    }

    fn fraction(&mut self, fraction: Fraction) -> Result<u32, BuildError> {
        let fractions = &mut self.made.fractions;
        if let Some(known) = self.fractions.get(&fraction) {
            return Ok(*known);
        }
        let new = number(fractions.len())?;
        fractions.push(fraction);
        self.fractions.insert(fraction, new);
        Ok(new)
    }

    fn territories(&mut self, set: &[TerritoryCode]) -> Result<u32, BuildError> {
        if let Some(known) = self.territory_sets.get(set) {
            return Ok(*known);
        }
        let new = number(self.made.territory_sets.len())?;
        self.made.territory_sets.push(set.into());
        self.territory_sets.insert(set.into(), new);
        Ok(new)
    }
}

/// From pairs, the second ones of each first one, sorted, each once.
fn inverse(mut pairs: Vec<(u32, u32)>, count: usize) -> Result<Lists<u32>, BuildError> {
    pairs.sort_unstable();
    pairs.dedup();
    let mut lists = Lists::default();
    let mut rest = pairs.as_slice();
    for first in 0..count {
        let first = number(first)?;
        let (of_first, after) = rest.split_at(rest.partition_point(|pair| pair.0 == first));
        list(&mut lists, of_first.iter().map(|pair| pair.1).collect())?;
        rest = after;
    }
    lists.shrink();
    Ok(lists)
}

/// The catalogue of `revision`, which is `known` with `changes`.
///
/// # Errors
/// [`BuildError`] where the changes were not judged against `known`.
pub fn with_changes(
    known: &Catalogue,
    changes: &Changes,
    revision: u64,
) -> Result<Catalogue, BuildError> {
    let mut builder = CatalogueBuilder::new(revision);
    let parties = known.parties().map(|party| known.party(party).clone());
    for party in newest(parties, &changes.parties, |party| &*party.id) {
        builder.party(party)?;
    }
    for work in newest(known.works().map(|it| known.work(it)), &changes.works, |it| &*it.id) {
        builder.work(&work)?;
    }
    let recordings = known.recordings().map(|recording| known.recording(recording));
    for recording in newest(recordings, &changes.recordings, |recording| &*recording.track_id) {
        builder.recording(&recording)?;
    }
    let releases = known.releases().map(|release| known.release(release));
    for release in newest(releases, &changes.releases, |release| &*release.id) {
        builder.release(&release)?;
    }
    for set in newest(known.share_sets(), &changes.shares, |set| &set.of) {
        builder.shares(&set)?;
    }
    builder.finish()
}

/// Both in order, with the changed one where both have one of an id.
fn newest<T: Clone, K: Ord + ?Sized>(
    known: impl Iterator<Item = T>,
    changed: &[T],
    id: impl Fn(&T) -> &K,
) -> Vec<T> {
    let mut changed = changed.iter().peekable();
    let mut merged = Vec::new();
    for old in known {
        while let Some(new) = changed.next_if(|new| id(new) < id(&old)) {
            merged.push(new.clone());
        }
        match changed.next_if(|new| id(new) == id(&old)) {
            Some(new) => merged.push(new.clone()),
            None => merged.push(old),
        }
    }
    merged.extend(changed.cloned());
    merged
}
