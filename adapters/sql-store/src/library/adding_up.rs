//! What releases get from their tracks, and artists and genres from releases.
//!
//! A release is added up anew from all of its tracks; but one that has many and only got some more is added to what
//! stands there, so that a release that never ends costs what is new of it. All releases of a change are read and
//! written together.

use ledgerline_app::ports::library::sums::{GenreTracks, SummedRelease, sum_on, sum_up};
use ledgerline_app::ports::library::{Part, Release, Track, fold};
use sqlx::AssertSqlSafe;
use std::collections::{BTreeMap, BTreeSet};

use super::super::dialect::{Connection, push_placeholder};
use super::super::statements::{batches, row_placeholders, value_placeholders};
use super::reading;
use super::writing::{remove, to_json, upsert};
use crate::fault::{Fault, from_column, said, to_column};

/// A release with fewer tracks is added up anew whatever becomes of it.
const GROWS_FROM: u32 = 500;

/// What must be looked at again after a change.
#[derive(Default)]
pub(super) struct Touched {
    /// Tracks that may have changed.
    pub(super) tracks: BTreeSet<String>,
    /// Those of them that the change writes and that weren't there before.
    created: BTreeSet<String>,
    /// Releases whose tracks say anew what they are.
    anew: BTreeSet<String>,
    /// Tracks that are new and there to be heard, by their releases.
    new: BTreeMap<String, Vec<Track>>,
}

impl Touched {
    /// These releases, and whatever becomes of these tracks.
    pub(super) fn by(releases: &[Release], tracks: &[Track]) -> Self {
        let tracks: BTreeSet<String> = tracks.iter().map(|track| track.id.clone()).collect();
        let anew = releases.iter().map(|release| release.id.clone()).collect();
        Self { created: tracks.clone(), tracks, anew, new: BTreeMap::new() }
    }

    /// Tracks as they were before the change.
    pub(super) fn know(&mut self, tracks: Vec<Track>) {
        for track in tracks {
            self.created.remove(&track.id);
            self.anew.insert(track.release_id);
        }
    }

    /// A track that was touched, as it is now.
    pub(super) fn became(&mut self, track: Track) {
        if track.missing_since.is_none() && self.created.contains(&track.id) {
            self.new.entry(track.release_id.clone()).or_default().push(track);
        } else {
            self.anew.insert(track.release_id);
        }
    }

    fn releases(&self) -> Vec<String> {
        let all: BTreeSet<&String> = self.anew.iter().chain(self.new.keys()).collect();
        all.into_iter().cloned().collect()
    }

    /// What a release got, where it has many tracks and that is all that happened to it.
    fn growth(&self, release: &Release) -> Option<&[Track]> {
        let grows = release.sums.tracks >= GROWS_FROM && !self.anew.contains(&release.id);
        self.new.get(&release.id).filter(|_| grows).map(Vec::as_slice)
    }
}

/// A release that was added up.
struct Added {
    summed: SummedRelease,
    /// Whether `summed.parts` are those of new tracks alone.
    is_growth: bool,
}

/// A row of `library_release_artists`: artist, part, day, release.
type PartRow = (String, String, String, String);
/// Of a row of `library_release_genres`: genre, day, tracks.
type GenreRow = (String, String, i64);

/// Adds releases up, and what artists and genres have of them.
pub(super) async fn add_up(connection: &mut Connection, touched: &Touched) -> Result<(), Fault> {
    let releases = reading::releases_by_id(connection, &touched.releases()).await?;
    let ids: Vec<&str> = releases.iter().map(|release| release.id.as_str()).collect();
    let genres = genres_before(connection, &ids).await?;
    let mut added = Vec::with_capacity(releases.len());
    let mut anew = BTreeMap::new();
    for release in &releases {
        let grown = match touched.growth(release) {
            Some(tracks) => {
                let known = known_genres(release, genres.get(&release.id))?;
                sum_on(release.clone(), &known, tracks)
            }
            None => None,
        };
        match grown {
            Some(summed) => added.push(Added { summed, is_growth: true }),
            None => {
                anew.insert(release.id.clone(), release);
            }
        }
    }
    let wanted: Vec<String> = anew.keys().cloned().collect();
    let mut tracks: BTreeMap<String, Vec<Track>> = BTreeMap::new();
    for track in reading::tracks_of_releases(connection, &wanted).await? {
        tracks.entry(track.release_id.clone()).or_default().push(track);
    }
    for (id, release) in anew {
        let tracks = tracks.remove(&id).unwrap_or_default();
        added.push(Added { summed: sum_up(release.clone(), &tracks), is_growth: false });
    }
    let before: BTreeMap<&str, &Release> =
        releases.iter().map(|release| (release.id.as_str(), release)).collect();
    let changed = added.iter().map(|of| &of.summed.release);
    let changed: Vec<&Release> =
        changed.filter(|release| before.get(release.id.as_str()) != Some(release)).collect();
    write_sums(connection, &changed).await?;
    write_parts(connection, &added).await?;
    write_genres(connection, &added, &genres).await
}

async fn write_sums(connection: &mut Connection, releases: &[&Release]) -> Result<(), Fault> {
    for batch in batches(releases) {
        let values = row_placeholders(batch.len(), 7);
        let sql = format!(
            "UPDATE library_releases SET artists_json = v.column2, tracks = v.column3, \
             discs = v.column4, duration_ms = v.column5, explicit = v.column6, \
             genres_json = v.column7 FROM (VALUES {values}) AS v WHERE release_id = v.column1"
        );
        let mut query = sqlx::query(AssertSqlSafe(sql));
        for release in batch {
            let sums = &release.sums;
            query = query.bind(&release.id).bind(to_json(&release.artists)?);
            query = query.bind(i64::from(sums.tracks)).bind(i64::from(sums.discs));
            query = query.bind(to_column("a length", sums.duration_ms)?).bind(sums.explicit);
            query = query.bind(to_json(&sums.genres)?);
        }
        query.execute(&mut *connection).await?;
    }
    Ok(())
}

async fn write_parts(connection: &mut Connection, added: &[Added]) -> Result<(), Fault> {
    let before = parts_before(connection, added).await?;
    // By artist and release: part and day.
    let mut now: BTreeMap<(&str, &str), (Part, &str)> = BTreeMap::new();
    let mut grown = BTreeSet::new();
    for of in added {
        let release = &of.summed.release;
        if of.is_growth {
            grown.insert(release.id.as_str());
        }
        for (artist_id, part) in &of.summed.parts {
            let value = (*part, release.released_on.as_str());
            now.insert((artist_id, &release.id), value);
        }
    }
    let mut by_artist: BTreeMap<&str, i64> = BTreeMap::new();
    for (artist_id, release_id) in now.keys() {
        let had = before.contains_key(&((*artist_id).to_owned(), (*release_id).to_owned()));
        *by_artist.entry(artist_id).or_default() += i64::from(!had);
    }
    for ((artist_id, release_id), (word, on)) in &before {
        let key = (artist_id.as_str(), release_id.as_str());
        let Some(part) = Part::from_word(word) else {
            return said(format!("library_release_artists.part is {word:?}, an unknown word"));
        };
        match now.get_mut(&key) {
            // Of the parts in what was there and what is new, the first holds.
            Some(new) if grown.contains(key.1) => new.0 = new.0.min(part),
            Some(_) => {}
            None => *by_artist.entry(artist_id).or_default() -= 1,
        }
        if now.get(&key) == Some(&(part, on.as_str())) {
            now.remove(&key);
            continue;
        }
        sqlx::query(
            "DELETE FROM library_release_artists \
             WHERE artist_id = $1 AND part = $2 AND released_on = $3 AND release_id = $4",
        )
        .bind(artist_id)
        .bind(word)
        .bind(on)
        .bind(release_id)
        .execute(&mut *connection)
        .await?;
    }
    let rows: Vec<_> = now.into_iter().collect();
    let into = "library_release_artists (artist_id, part, released_on, release_id)";
    upsert(connection, (into, 4, "DO NOTHING"), &rows, |query, ((artist, release), (part, on))| {
        Ok(query.bind(*artist).bind(part.word()).bind(*on).bind(*release))
    })
    .await?;
    count_releases(connection, by_artist).await
}

/// Parts and days by artist and release: of releases that are added up anew all, of others those of whoever is in
/// what is new.
async fn parts_before(
    connection: &mut Connection,
    added: &[Added],
) -> Result<BTreeMap<(String, String), (String, String)>, Fault> {
    let select = "SELECT artist_id, part, released_on, release_id FROM library_release_artists";
    let anew: Vec<&str> =
        (added.iter()).filter(|of| !of.is_growth).map(|of| of.summed.release.id.as_str()).collect();
    let mut asked: Vec<(String, Vec<&str>)> = Vec::new();
    for batch in batches(&anew) {
        let wanted = value_placeholders(batch.len());
        asked.push((format!("{select} WHERE release_id IN ({wanted})"), batch.to_vec()));
    }
    for of in added.iter().filter(|of| of.is_growth) {
        let artists: Vec<&str> = of.summed.parts.keys().map(String::as_str).collect();
        for batch in batches(&artists) {
            let wanted = value_placeholders(batch.len());
            let mut release = String::new();
            push_placeholder(&mut release, batch.len() + 1);
            let sql = format!("{select} WHERE artist_id IN ({wanted}) AND release_id = {release}");
            let mut values = batch.to_vec();
            values.push(&of.summed.release.id);
            asked.push((sql, values));
        }
    }
    let mut found = BTreeMap::new();
    for (sql, values) in asked {
        let mut query = sqlx::query_as::<_, PartRow>(AssertSqlSafe(sql));
        for value in values {
            query = query.bind(value);
        }
        for (artist_id, part, on, release_id) in query.fetch_all(&mut *connection).await? {
            found.insert((artist_id, release_id), (part, on));
        }
    }
    Ok(found)
}

/// Changes on how many releases artists are.
async fn count_releases(
    connection: &mut Connection,
    by_artist: BTreeMap<&str, i64>,
) -> Result<(), Fault> {
    let mut of_step: BTreeMap<i64, Vec<&str>> = BTreeMap::new();
    for (artist_id, by) in by_artist.into_iter().filter(|(_, by)| *by != 0) {
        of_step.entry(by).or_default().push(artist_id);
    }
    for (by, artists) in of_step {
        for batch in batches(&artists) {
            let wanted = value_placeholders(batch.len());
            let sql = format!(
                "UPDATE library_artists SET releases = releases + ({by}) WHERE artist_id IN ({wanted})"
            );
            let mut query = sqlx::query(AssertSqlSafe(sql));
            for id in batch {
                query = query.bind(*id);
            }
            query.execute(&mut *connection).await?;
        }
    }
    Ok(())
}

/// Rows of genres, by their releases.
async fn genres_before(
    connection: &mut Connection,
    ids: &[&str],
) -> Result<BTreeMap<String, BTreeSet<GenreRow>>, Fault> {
    let mut found: BTreeMap<String, BTreeSet<GenreRow>> = BTreeMap::new();
    for batch in batches(ids) {
        let wanted = value_placeholders(batch.len());
        let sql = format!(
            "SELECT genre_key, released_on, tracks, release_id FROM library_release_genres \
             WHERE release_id IN ({wanted})"
        );
        let mut query = sqlx::query_as::<_, (String, String, i64, String)>(AssertSqlSafe(sql));
        for id in batch {
            query = query.bind(*id);
        }
        for (key, on, tracks, release_id) in query.fetch_all(&mut *connection).await? {
            found.entry(release_id).or_default().insert((key, on, tracks));
        }
    }
    Ok(found)
}

/// The genres of a release as they are known, with their names.
fn known_genres(
    release: &Release,
    rows: Option<&BTreeSet<GenreRow>>,
) -> Result<Vec<GenreTracks>, Fault> {
    let names: BTreeMap<String, &String> =
        release.sums.genres.iter().map(|name| (fold(name), name)).collect();
    let known = rows.into_iter().flatten().map(|(key, _, tracks)| {
        let name = names.get(key).map_or_else(|| key.clone(), |name| (*name).clone());
        let tracks = from_column("library_release_genres.tracks", *tracks)?;
        Ok(GenreTracks { key: key.clone(), name, tracks })
    });
    known.collect()
}

async fn write_genres(
    connection: &mut Connection,
    added: &[Added],
    before: &BTreeMap<String, BTreeSet<GenreRow>>,
) -> Result<(), Fault> {
    let none = BTreeSet::new();
    let mut changes: BTreeMap<&str, (i64, i64)> = BTreeMap::new();
    let mut names: BTreeMap<&str, &str> = BTreeMap::new();
    let (mut ids, mut rows) = (Vec::new(), Vec::new());
    for SummedRelease { release, genres, .. } in added.iter().map(|of| &of.summed) {
        let now: BTreeSet<GenreRow> = (genres.iter())
            .map(|of| (of.key.clone(), release.released_on.clone(), i64::from(of.tracks)))
            .collect();
        let before = before.get(&release.id).unwrap_or(&none);
        if *before == now {
            continue;
        }
        for (key, _, tracks) in before {
            let change = changes.entry(key).or_default();
            *change = (change.0 - 1, change.1 - tracks);
        }
        for of in genres {
            let change = changes.entry(&of.key).or_default();
            *change = (change.0 + 1, change.1 + i64::from(of.tracks));
            names.entry(&of.key).or_insert(&of.name);
        }
        ids.push(release.id.as_str());
        rows.extend(now.into_iter().map(|row| (row, release.id.as_str())));
    }
    let changes: Vec<(&str, (i64, i64))> = changes.into_iter().collect();
    let into = "library_genres (genre_key, name, releases, tracks)";
    let conflict = "(genre_key) DO UPDATE SET \
         releases = library_genres.releases + excluded.releases, \
         tracks = library_genres.tracks + excluded.tracks";
    upsert(connection, (into, 4, conflict), &changes, |query, (key, (releases, tracks))| {
        // What was there before has its name already.
        let name = names.get(key).copied().unwrap_or_default();
        Ok(query.bind(*key).bind(name).bind(*releases).bind(*tracks))
    })
    .await?;
    remove(connection, "library_release_genres", "release_id", &ids).await?;
    let into = "library_release_genres (genre_key, released_on, release_id, tracks)";
    upsert(connection, (into, 4, "DO NOTHING"), &rows, |query, ((key, on, tracks), id)| {
        Ok(query.bind(key).bind(on).bind(*id).bind(*tracks))
    })
    .await
}
