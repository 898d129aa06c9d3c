//! A made-up library in the state of a data folder, by the same calls as a scan and the ingest make one, but
//! for the renditions: those of the first track are stored, and then copied to all others by one statement.
//!
//! `cargo run --release -p ledgerline-sql-store --example fill_library -- STATE_DB TRACKS FOLDER`; no process may
//! have the data folder meanwhile. There are ten tracks on a release and two releases of an artist. The ids of
//! tracks, releases and artists, and the keys of genres, are written into FOLDER (`tracks`, `releases`,
//! `artists`, `genres`), a line each, the most played first.

use ledgerline_app::ports::library::{
    Artist, AudioFile, AudioFormat, Credit, CreditedArtist, FilePath, FilePlace, Keyed,
    LibraryChange, MusicFolder, MusicLibrary as _, Release, ReleaseKind, ReleaseSums, Role, Track,
    fold,
};
use ledgerline_app::ports::{
    BlobName, Loudness, Rendition, RenditionStore as _, RungName, Segment, SegmentIndex,
    TrackRenditions,
};
use ledgerline_ids::UnixMs;
use ledgerline_sql_store::SqlStore;
use sqlx::sqlite::{SqliteJournalMode, SqliteSynchronous};
use sqlx::{ConnectOptions as _, Connection as _};
use std::error::Error;
use std::fs::File;
use std::io::{BufWriter, Write as _};
use std::path::Path;
use std::time::Instant;

const TRACKS_OF_A_RELEASE: u64 = 10;
const RELEASES_OF_AN_ARTIST: u64 = 2;
const GENRES: u64 = 300;
const LABELS: u64 = 2_000;
/// So many releases are written together.
const RELEASES_PER_CHANGE: u64 = 100;
/// 200 s in segments of two.
const SEGMENTS: u64 = 100;
const SAMPLES: u64 = 200 * 48_000;
const DURATION_MS: u64 = 200_000;
/// 2026-01-01.
const FIRST_MS: u64 = 1_767_225_600_000;

type Outcome<T> = Result<T, Box<dyn Error>>;

#[tokio::main]
async fn main() -> Outcome<()> {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let [state, tracks, folder] = words.as_slice() else {
        return Err("it wants the state's file, a number of tracks, and a folder".into());
    };
    let (state, made) = (Path::new(state), Made { tracks: tracks.replace('_', "").parse()? });
    made.write_ids(Path::new(folder))?;
    let began = Instant::now();
    let store = SqlStore::open(state).await?;
    let place = MusicFolder {
        id: "mf-made".to_owned(),
        path: FilePath::of(Path::new("/music")),
        added_at: at(0)?,
    };
    store.add_music_folder(&place).await?;
    for first in (0..made.releases()).step_by(usize::try_from(RELEASES_PER_CHANGE)?) {
        let change = made.change(first..made.releases().min(first + RELEASES_PER_CHANGE))?;
        store.change_library(&change).await?;
    }
    let library_s = began.elapsed().as_secs_f64();
    let first = track_id(0);
    store.put_renditions(&renditions(&first)?).await?;
    store.close().await?;
    copy_renditions(state, &first).await?;
    let all_s = began.elapsed().as_secs_f64();
    let (tracks, releases, artists) = (made.tracks, made.releases(), made.artists());
    println!(
        "{{\"tracks\":{tracks},\"releases\":{releases},\"artists\":{artists},\
         \"library_seconds\":{library_s:.3},\"seconds\":{all_s:.3}}}"
    );
    Ok(())
}

/// What is made up.
struct Made {
    tracks: u64,
}

/// The finaliser of splitmix64: numbers that are next to each other lie anywhere.
fn mixed(number: u64) -> u64 {
    let mut mixed = number.wrapping_add(0x9e37_79b9_7f4a_7c15);
    mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    mixed ^ (mixed >> 31)
}

fn track_id(track: u64) -> String {
    format!("tr-{:016x}", mixed(track))
}

fn release_id(release: u64) -> String {
    format!("al-{:016x}", mixed(release))
}

fn artist_id(artist: u64) -> String {
    format!("ar-{:016x}", mixed(artist))
}

fn artist_name(artist: u64) -> String {
    let first = ["The", "Los", "DJ", "Young", "Old", "Saint", "Lady", "Trio"];
    let word = first[usize::try_from(mixed(artist) % 8).unwrap_or(0)];
    format!("{word} {}", spoken(mixed(artist ^ 0xa11)))
}

/// A few syllables.
fn spoken(mut number: u64) -> String {
    let mut text = String::new();
    for _ in 0..4 {
        let at = |number: u64, of: &str| {
            let place = usize::try_from(number % of.len() as u64).unwrap_or(0);
            of.as_bytes().get(place).copied().map_or('a', char::from)
        };
        text.push(at(number, "bdfgklmnprstvz"));
        number /= 14;
        text.push(at(number, "aeiou"));
        number /= 5;
    }
    text
}

fn genre_name(genre: u64) -> String {
    format!(
        "{} {}",
        spoken(mixed(genre)),
        ["rock", "house", "folk", "jazz"][usize::try_from(genre % 4).unwrap_or(0)]
    )
}

/// Few genres have most of the releases: the least of two draws.
fn genre_of(release: u64) -> u64 {
    let draw = mixed(release ^ 0x6e);
    (draw % GENRES).min((draw >> 32) % GENRES)
}

fn at(release: u64) -> Result<UnixMs, String> {
    UnixMs::new(FIRST_MS + release * 60_000).map_err(|error| error.to_string())
}

impl Made {
    fn releases(&self) -> u64 {
        self.tracks.div_ceil(TRACKS_OF_A_RELEASE)
    }

    fn artists(&self) -> u64 {
        self.releases().div_ceil(RELEASES_OF_AN_ARTIST)
    }

    fn write_ids(&self, folder: &Path) -> Outcome<()> {
        let write = |name: &str, lines: &mut dyn Iterator<Item = String>| -> Outcome<()> {
            let mut out = BufWriter::new(File::create(folder.join(name))?);
            for line in lines {
                writeln!(out, "{line}")?;
            }
            Ok(out.flush()?)
        };
        write("tracks", &mut (0..self.tracks).map(track_id))?;
        write("releases", &mut (0..self.releases()).map(release_id))?;
        write("artists", &mut (0..self.artists()).map(artist_id))?;
        write("genres", &mut (0..GENRES).map(|genre| fold(&genre_name(genre))))
    }

    fn change(&self, releases: std::ops::Range<u64>) -> Outcome<LibraryChange> {
        let mut change =
            LibraryChange { at: Some(at(releases.start)?), ..LibraryChange::default() };
        for release in releases {
            let artist = release / RELEASES_OF_AN_ARTIST;
            if release % RELEASES_OF_AN_ARTIST == 0 {
                change.artists.push(made_artist(artist));
                let key = format!("name:{}", fold(&artist_name(artist)));
                change.keys.push((Keyed::Artist, key, artist_id(artist)));
            }
            let made = made_release(release, artist)?;
            let key = format!("of:{}|{}|", fold(&artist_name(artist)), fold(&made.title));
            change.keys.push((Keyed::Release, key, made.id.clone()));
            let first = release * TRACKS_OF_A_RELEASE;
            for track in first..self.tracks.min(first + TRACKS_OF_A_RELEASE) {
                change.tracks.push(made_track(track, &made)?);
                change.files.push(made_file(track, &made)?);
            }
            change.releases.push(made);
        }
        Ok(change)
    }
}

fn made_artist(artist: u64) -> Artist {
    Artist {
        id: artist_id(artist),
        name: artist_name(artist),
        sort_name: artist_name(artist),
        musicbrainz_id: None,
        biography: String::new(),
        picture: None,
        releases: 0,
    }
}

fn made_release(release: u64, artist: u64) -> Result<Release, String> {
    let draw = mixed(release ^ 0x5e1);
    Ok(Release {
        id: release_id(release),
        title: format!("{} {}", spoken(draw), spoken(draw >> 7)),
        kind: ReleaseKind::Album,
        released_on: format!(
            "{}-{:02}-{:02}",
            1960 + draw % 66,
            1 + draw / 66 % 12,
            1 + draw / 800 % 28
        ),
        label: Some(format!("{} Records", spoken(mixed(draw % LABELS)))),
        upc: None,
        musicbrainz_id: None,
        cover: None,
        compilation: false,
        artists: vec![CreditedArtist { artist_id: artist_id(artist), name: artist_name(artist) }],
        artists_by_tracks: false,
        added_at: at(release)?,
        sums: ReleaseSums::default(),
    })
}

fn made_track(track: u64, release: &Release) -> Result<Track, String> {
    let number = track % TRACKS_OF_A_RELEASE;
    let of_release = track / TRACKS_OF_A_RELEASE;
    let credited = |artist: CreditedArtist, role| Credit { artist, role, detail: String::new() };
    let mut credits: Vec<Credit> =
        release.artists.iter().map(|artist| credited(artist.clone(), Role::Main)).collect();
    // A guest who is in the library already.
    if number == 3 && of_release > 0 {
        let guest = mixed(track) % of_release.div_ceil(RELEASES_OF_AN_ARTIST);
        let guest = CreditedArtist { artist_id: artist_id(guest), name: artist_name(guest) };
        credits.push(credited(guest, Role::Featured));
    }
    let title = spoken(mixed(track ^ 0x717));
    Ok(Track {
        id: track_id(track),
        release_id: release.id.clone(),
        disc: 1,
        number: u32::try_from(number + 1).unwrap_or(1),
        title: format!("{title} {}", spoken(mixed(track ^ 0x99))),
        credits,
        duration_ms: DURATION_MS,
        explicit: number == 7,
        explicit_said: None,
        genres: vec![genre_name(genre_of(of_release))],
        isrc: None,
        musicbrainz_id: None,
        has_lyrics: false,
        added_at: release.added_at,
        missing_since: None,
    })
}

fn made_file(track: u64, release: &Release) -> Result<AudioFile, String> {
    let mut audio_sha256 = [0; 32];
    audio_sha256[..8].copy_from_slice(&mixed(track).to_be_bytes());
    let artist = release.artists.first().map_or("", |artist| &artist.name);
    let path = format!("{artist}/{}/{:02} {}.flac", release.title, track % 10 + 1, track_id(track));
    Ok(AudioFile {
        place: FilePlace { folder_id: "mf-made".to_owned(), path: FilePath::stored(&path) },
        track_id: track_id(track),
        bytes: 25_000_000,
        modified_ms: release.added_at.get(),
        audio_sha256,
        content_sha256: None,
        format: AudioFormat::Flac,
        duration_ms: DURATION_MS,
        bitrate_kbps: 1_000,
        sample_rate_hz: 44_100,
        channels: 2,
        bits_per_sample: Some(16),
        missing_since: None,
    })
}

/// The ladder that the ingest makes by default, and the preview.
fn renditions(track_id: &str) -> Outcome<TrackRenditions> {
    let rungs = [
        ("flac", "flac", 900_u64),
        ("opus-160", "opus", 160),
        ("opus-24", "opus", 24),
        ("opus-320", "opus", 320),
        ("opus-96", "opus", 96),
        ("preview", "opus", 96),
    ];
    let mut renditions = Vec::new();
    for (name, codec, kbps) in rungs {
        let bytes = kbps * 125 * DURATION_MS / 1_000;
        let segment = |number: u64| Segment {
            offset_bytes: 800 + number * (bytes - 800) / SEGMENTS,
            start_samples: number * SAMPLES / SEGMENTS,
        };
        renditions.push(Rendition {
            rung: RungName::new(name)?,
            codec: codec.to_owned(),
            container: "fmp4".to_owned(),
            mime: format!("audio/mp4; codecs=\"{codec}\""),
            bitrate_kbps: u32::try_from(kbps)?,
            bytes,
            checksum: [u8::try_from(kbps % 251)?; 32],
            piece_bytes: 4 << 20,
            pieces: (0..bytes.div_ceil(4 << 20))
                .map(|piece| BlobName::new(format!("made/{name}.{piece:03}")))
                .collect::<Result<_, _>>()?,
            segments: Some(SegmentIndex {
                init_bytes: 800,
                segments: (0..SEGMENTS).map(segment).collect(),
            }),
            sample_rate_hz: 48_000,
            samples: SAMPLES,
            encoder_delay_samples: 960,
        });
    }
    let loudness = Loudness {
        integrated_centi_lufs: -1_120,
        peak_centi_dbtp: -80,
        album_integrated_centi_lufs: Some(-1_090),
        album_peak_centi_dbtp: Some(-40),
    };
    Ok(TrackRenditions { track_id: track_id.to_owned(), loudness: Some(loudness), renditions })
}

/// Gives every track of the library the renditions of this one.
async fn copy_renditions(state: &Path, first: &str) -> Outcome<()> {
    // Nothing is lost that couldn't be made again: without a journal, gigabytes are written once.
    let options = sqlx::sqlite::SqliteConnectOptions::new()
        .filename(state)
        .journal_mode(SqliteJournalMode::Off)
        .synchronous(SqliteSynchronous::Off)
        .pragma("cache_size", "-65536");
    let mut connection = options.connect().await?;
    let columns = "rung, codec, container, mime, bitrate_kbps, bytes, checksum, piece_bytes, pieces, init_bytes, \
         segments, sample_rate_hz, samples, delay_samples";
    let of_tracks = "INSERT INTO rendition_tracks (track_id, integrated, peak, album_integrated, album_peak) \
         SELECT l.track_id, r.integrated, r.peak, r.album_integrated, r.album_peak \
         FROM library_tracks l, rendition_tracks r WHERE r.track_id = $1 AND l.track_id <> $1 \
         ORDER BY l.track_id";
    let of_rungs = format!(
        "INSERT INTO renditions (track_id, {columns}) SELECT l.track_id, {} FROM library_tracks l, renditions r \
         WHERE r.track_id = $1 AND l.track_id <> $1 ORDER BY l.track_id, r.rung",
        columns.split(", ").map(|name| format!("r.{name}")).collect::<Vec<_>>().join(", ")
    );
    let mut transaction = connection.begin().await?;
    for statement in [of_tracks.to_owned(), of_rungs] {
        let query = sqlx::query(sqlx::AssertSqlSafe(statement)).bind(first);
        query.execute(&mut *transaction).await?;
    }
    transaction.commit().await?;
    connection.close().await?;
    Ok(())
}
