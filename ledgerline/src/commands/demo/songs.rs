//! What can be heard of the demonstration: the most played recordings are music, which is played into files while
//! everything else is shown.

use ledgerline_demo_music::{Release, Take, flac, releases};
use serde_json::{Value, json};
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};
use std::thread;

use crate::failure::Failure;

/// A recording that can be heard.
pub(super) struct Song {
    /// The id by which it is reported.
    pub track_id: String,
    /// Its title.
    pub title: &'static str,
    /// Its place among all releases.
    pub release: usize,
    isrc: &'static str,
    duration_ms: u64,
}

/// All of them: the recordings that are played most, in the order of the releases.
pub(super) fn songs() -> Vec<Song> {
    let mut songs = Vec::new();
    for (release, of) in releases().iter().enumerate() {
        for take in of.takes {
            for (track, duration_ms) in take.tracks.iter().zip(take.durations_ms()) {
                let track_id = format!("t{}", songs.len() + 1);
                let (title, isrc) = (track.title, track.isrc);
                songs.push(Song { track_id, title, release, isrc, duration_ms });
            }
        }
    }
    songs
}

/// All recordings of the population, as the catalogue that counting knows takes them: a scan finds by its ISRC which of
/// them a file is, and with a catalogue there is no other recording that counts.
pub(super) fn catalogue(recordings: u64) -> Value {
    let songs = songs();
    let recording = |number: u64| {
        let track_id = format!("t{number}");
        let song = songs.iter().find(|song| song.track_id == track_id);
        json!({
            "track_id": track_id,
            // What can't be heard has its title in the catalogue of rights.
            "title": song.map_or("", |song| song.title),
            "isrc": song.map(|song| song.isrc),
            "duration_ms": song.map(|song| song.duration_ms),
            "artists": song.map(|song| releases()[song.release].artist).into_iter().collect::<Vec<_>>(),
        })
    };
    (1..=recordings).map(recording).collect()
}

/// A folder that is filled with music by a thread of its own; what it isn't done with is left out once this is dropped.
pub(super) struct Folder {
    path: PathBuf,
    /// `false` once nothing is to be written any more; held while a file is.
    goes_on: Arc<Mutex<bool>>,
}

impl Folder {
    /// Begins to fill it.
    pub(super) fn fill(path: &Path) -> Result<Self, Failure> {
        fs::create_dir_all(path).map_err(|error| Failure::io(path, &error))?;
        let goes_on = Arc::new(Mutex::new(true));
        let folder = Self { path: path.to_owned(), goes_on: goes_on.clone() };
        let into = path.to_owned();
        let filling = thread::Builder::new().name("demo-music".to_owned());
        let filling = filling.spawn(move || {
            if let Err(error) = fill(&into, &goes_on) {
                tracing::warn!(%error, "not all of the demonstration's music can be written");
            }
        });
        filling.map_err(|error| Failure::from_error(&error))?;
        Ok(folder)
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        *self.goes_on.lock().expect("no holder panics") = false;
    }
}

fn fill(folder: &Path, goes_on: &Mutex<bool>) -> io::Result<()> {
    for release in releases() {
        let of = folder.join(release.artist).join(release.title);
        let cover = release.cover();
        write(&of.join("cover.png"), &cover, goes_on)?;
        for take in release.takes {
            if !play(&of, release, take, &cover, goes_on)? {
                return Ok(());
            }
        }
    }
    Ok(())
}

/// Plays what was played in one go; whether more is wanted.
fn play(
    folder: &Path,
    release: &Release,
    take: &Take,
    cover: &[u8],
    goes_on: &Mutex<bool>,
) -> io::Result<bool> {
    let performance = take.perform();
    for (place, track) in take.tracks.iter().enumerate() {
        let bytes = flac(&performance.track(place), release, track, cover);
        let name = format!("{:02} {}.flac", track.number, track.title);
        if !write(&folder.join(name), &bytes, goes_on)? {
            return Ok(false);
        }
    }
    Ok(true)
}

/// Writes a file that is seen whole or not at all, as long as files are wanted; whether they are.
fn write(path: &Path, bytes: &[u8], goes_on: &Mutex<bool>) -> io::Result<bool> {
    let goes_on = goes_on.lock().expect("no holder panics");
    if *goes_on {
        fs::create_dir_all(path.parent().unwrap_or(path))?;
        let draft = path.with_extension("draft");
        fs::write(&draft, bytes)?;
        fs::rename(&draft, path)?;
    }
    Ok(*goes_on)
}
