//! What a release gets from its tracks.

use std::collections::{BTreeMap, BTreeSet};

use super::entries::{CreditedArtist, Release, Role, Track, fold, words};

words! {
    /// Which part an artist has in a release; of several the first.
    Part {
        /// It is the artist's own.
        Own = "own",
        /// It is a main or featured artist, or the remixer, of one of its tracks.
        Guest = "guest",
        /// It did something else for one of them.
        Credit = "credit",
    }
}

/// What a release gets from those of its tracks that are there to be heard.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ReleaseSums {
    /// How many.
    pub tracks: u32,
    /// On how many discs: the greatest number of one.
    pub discs: u32,
    /// How long they are together.
    pub duration_ms: u64,
    /// Whether one of them is explicit.
    pub explicit: bool,
    /// Their genres as they are written, the most frequent first.
    pub genres: Vec<String>,
}

/// How many tracks of a release are of a genre.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct GenreTracks {
    /// The genre's key.
    pub key: String,
    /// As it is written.
    pub name: String,
    /// How many tracks.
    pub tracks: u32,
}

/// What was added up for one release.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SummedRelease {
    /// The release, with its sums.
    pub release: Release,
    /// Who has which part in it; nobody where nothing of it is there.
    pub parts: BTreeMap<String, Part>,
    /// Its genres, by their keys.
    pub genres: Vec<GenreTracks>,
}

/// Adds up a release. `tracks` are all of its tracks, by disc, number and id.
#[must_use]
pub fn sum_up(mut release: Release, tracks: &[Track]) -> SummedRelease {
    let there: Vec<&Track> = tracks.iter().filter(|track| track.missing_since.is_none()).collect();
    if release.artists_by_tracks {
        let all: Vec<&Track> = tracks.iter().collect();
        release.artists = shared_artists(if there.is_empty() { &all } else { &there });
    }
    let genres = genres(&there);
    release.sums = ReleaseSums {
        tracks: u32::try_from(there.len()).unwrap_or(u32::MAX),
        discs: there.iter().map(|track| track.disc).max().unwrap_or(0),
        duration_ms: there.iter().map(|track| track.duration_ms).sum(),
        explicit: there.iter().any(|track| track.is_explicit()),
        genres: names(&genres),
    };
    let parts = if there.is_empty() { BTreeMap::new() } else { parts(&release, &there) };
    SummedRelease { release, parts, genres }
}

/// Adds tracks that are new to what a release has; `known` are its genres until now. It is what [`sum_up`] makes of
/// all of its tracks, but that a genre goes on to be written as it was. `None` where new tracks change whose release
/// it is: then all have to be looked at.
#[must_use]
pub fn sum_on(mut release: Release, known: &[GenreTracks], new: &[Track]) -> Option<SummedRelease> {
    let there: Vec<&Track> = new.iter().filter(|track| track.missing_since.is_none()).collect();
    if release.artists_by_tracks && !there.iter().all(|track| keeps_artists(&release, track)) {
        return None;
    }
    let mut by_key: BTreeMap<String, GenreTracks> =
        known.iter().map(|genre| (genre.key.clone(), genre.clone())).collect();
    for genre in genres(&there) {
        by_key
            .entry(genre.key.clone())
            .and_modify(|of| of.tracks = of.tracks.saturating_add(genre.tracks))
            .or_insert(genre);
    }
    let genres: Vec<GenreTracks> = by_key.into_values().collect();
    let sums = &mut release.sums;
    sums.tracks = sums.tracks.saturating_add(u32::try_from(there.len()).unwrap_or(u32::MAX));
    sums.discs = there.iter().map(|track| track.disc).max().unwrap_or(0).max(sums.discs);
    sums.duration_ms += there.iter().map(|track| track.duration_ms).sum::<u64>();
    sums.explicit |= there.iter().any(|track| track.is_explicit());
    sums.genres = names(&genres);
    let parts = if there.is_empty() { BTreeMap::new() } else { parts(&release, &there) };
    Some(SummedRelease { release, parts, genres })
}

/// Whether a release that has its artists from its tracks has the same ones with this track.
fn keeps_artists(release: &Release, track: &Track) -> bool {
    let ours: Vec<&String> = release.artists.iter().map(|artist| &artist.artist_id).collect();
    let theirs: Vec<&String> = track.artists().map(|artist| &artist.artist_id).collect();
    match ours.as_slice() {
        [] => true,
        [lead] => theirs.first() == Some(lead),
        _ => ours == theirs,
    }
}

/// Their names, the most frequent first.
fn names(genres: &[GenreTracks]) -> Vec<String> {
    let mut by_count: Vec<&GenreTracks> = genres.iter().collect();
    by_count.sort_by(|one, other| (other.tracks, &one.key).cmp(&(one.tracks, &other.key)));
    by_count.iter().map(|genre| genre.name.clone()).collect()
}

/// The artists that all tracks have, else the first one where it is the same, else nobody.
fn shared_artists(tracks: &[&Track]) -> Vec<CreditedArtist> {
    let mains = |track: &Track| track.artists().cloned().collect::<Vec<_>>();
    let Some(first) = tracks.first().map(|track| mains(track)) else { return Vec::new() };
    let ids = |artists: &[CreditedArtist]| -> Vec<String> {
        artists.iter().map(|artist| artist.artist_id.clone()).collect()
    };
    if tracks.iter().all(|track| ids(&mains(track)) == ids(&first)) {
        return first;
    }
    let Some(lead) = first.first() else { return Vec::new() };
    let leads = |track: &&Track| {
        track.artists().next().is_some_and(|artist| artist.artist_id == lead.artist_id)
    };
    if tracks.iter().all(leads) { vec![lead.clone()] } else { Vec::new() }
}

fn genres(tracks: &[&Track]) -> Vec<GenreTracks> {
    let mut genres: BTreeMap<String, GenreTracks> = BTreeMap::new();
    for track in tracks {
        let mut seen = BTreeSet::new();
        for name in &track.genres {
            let key = fold(name);
            if key.is_empty() || !seen.insert(key.clone()) {
                continue;
            }
            let new = || GenreTracks { key: key.clone(), name: name.clone(), tracks: 0 };
            genres.entry(key.clone()).or_insert_with(new).tracks += 1;
        }
    }
    genres.into_values().collect()
}

fn parts(release: &Release, tracks: &[&Track]) -> BTreeMap<String, Part> {
    let mut parts = BTreeMap::new();
    let mut note = |artist: &CreditedArtist, part: Part| {
        let known = parts.entry(artist.artist_id.clone()).or_insert(part);
        *known = (*known).min(part);
    };
    for artist in &release.artists {
        note(artist, Part::Own);
    }
    for credit in tracks.iter().flat_map(|track| &track.credits) {
        let part = match credit.role {
            Role::Main | Role::Featured | Role::Remixer => Part::Guest,
            _ => Part::Credit,
        };
        note(&credit.artist, part);
    }
    parts
}
