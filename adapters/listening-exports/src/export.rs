//! Files that belong together, read in order.
//!
//! **Ordinals.** A play's id holds its row's ordinal among equal rows, and the question is
//! where counting starts anew.
//!
//! Account data has minutes, so a minute cut in two by the end of one slice and the start
//! of the next may hold equal rows on both sides. The count therefore runs on from slice
//! to slice, as long as the next starts no earlier than the one before it ended. A slice
//! that starts earlier is from another export that overlaps, or a copy, and its equal rows
//! are the same plays: they are counted anew and get the same ids.
//!
//! In the extended history and in `ListenBrainz`'s months the count starts anew with every
//! file. They have seconds, and slices share none of their rows (months not even a
//! second), while extended rows aren't in order of time, so that overlapping exports
//! couldn't be told apart by their ends.
//!
//! So a file gives the same ids alone and in its folder, but for the rare pair of equal
//! rows on both sides of a cut: in account data the second of them has ordinal 1 in the
//! folder and 0 alone, elsewhere both have 0 and count once.

use crate::error::{ExportError, Limit};
use crate::file_name::{LISTENBRAINZ, Naming, SPOTIFY};
use crate::find::{FoundFile, Place, find};
use crate::meter::Limits;
use crate::play::{ExportedPlay, Kind, SkippedRow, Summary, WhySkipped};
use crate::row::ReadRow;
use crate::row_key::Ordinals;
use crate::rows::{Layout, RowFile, for_each_row};
use crate::{listenbrainz as listens, spotify_account, spotify_extended, track_key};
use ledgerline_ids::UnixMs;
use std::cmp::Reverse;
use std::collections::BTreeMap;
use std::ops::ControlFlow;
use std::path::PathBuf;

/// Rows of one export: a play every ten seconds for thirty years. Bounds the memory for
/// ordinals to some 600 MB; a real listener's year needs 3.
const MAX_ROWS: u64 = 10_000_000;
/// Decoded bytes of one export.
const MAX_EXPORT_BYTES: u64 = 16 << 30;

/// Finds Spotify's histories in files, folders (with their subfolders) and zips.
///
/// Recognised are `StreamingHistory*.json` and `StreamingHistory_music_*.json` (and
/// `…_podcast_…`) as [`Kind::SpotifyAccount`], `endsong_*.json` and
/// `Streaming_History_Audio_*.json` as [`Kind::SpotifyExtended`]. Videos and the account
/// data's audiobooks are not read. Each file is read once, however often it is named.
///
/// # Errors
/// [`ExportError`] where a path can't be read, a named file is no history, or none is found.
pub fn spotify(paths: &[PathBuf]) -> Result<Vec<Export>, ExportError> {
    exports(paths, SPOTIFY)
}

/// Finds `ListenBrainz`'s histories in files, folders (with their subfolders) and zips:
/// every `.jsonl` but `feedback.jsonl` and `pinned_recording.jsonl`.
///
/// The export doesn't tell how long a track was heard. By `ListenBrainz`'s documentation
/// (`submit-listens`) a listen means that half the track or 4 minutes of it were, whichever
/// is lower. So [`ExportedPlay::listened_ms`] is `min(length / 2, 240 000)`, the least
/// that is certain, where the listen has the track's length (`duration_ms` or `duration`);
/// the time itself where it has that (`ms_played`); and otherwise 0, counted in
/// [`Summary::unknown_listened`].
///
/// A line that isn't JSON is a skipped row; the lines after it are read.
///
/// # Errors
/// [`ExportError`] where a path can't be read, a named file is no history, or none is found.
pub fn listenbrainz(paths: &[PathBuf]) -> Result<Vec<Export>, ExportError> {
    exports(paths, LISTENBRAINZ)
}

/// Files of one format that are slices of one export: from one folder, or one zip.
#[derive(Debug, Clone)]
pub struct Export {
    kind: Kind,
    files: Vec<ExportFile>,
}

/// One file of an export.
#[derive(Debug, Clone)]
pub struct ExportFile {
    name: String,
    bytes: u64,
    place: Place,
}

impl ExportFile {
    /// The path as it was named or found, for a file in a zip `archive.zip!entry`.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Decoded size in bytes.
    #[must_use]
    pub fn bytes(&self) -> u64 {
        self.bytes
    }
}

impl Export {
    /// The format.
    #[must_use]
    pub fn kind(&self) -> Kind {
        self.kind
    }

    /// The files, in the order of the numbers in their names.
    #[must_use]
    pub fn files(&self) -> &[ExportFile] {
        &self.files
    }

    /// Decoded size of all files in bytes.
    #[must_use]
    pub fn total_bytes(&self) -> u64 {
        self.files.iter().fold(0, |sum, file| sum.saturating_add(file.bytes))
    }

    /// Hands every play to `on_play` until that breaks, and every row that is none to
    /// `on_skipped`. Equal rows are plays of their own, each with its own id.
    ///
    /// # Errors
    /// [`ExportError`] where a file can't be read to its end or is larger than any
    /// listener's history. Plays handed out before are right, and get the same ids again.
    pub fn for_each(
        &self,
        on_play: &mut dyn FnMut(ExportedPlay) -> ControlFlow<()>,
        on_skipped: &mut dyn FnMut(SkippedRow),
    ) -> Result<Summary, ExportError> {
        let mut reading = Reading {
            kind: self.kind,
            summary: Summary::default(),
            bytes_left: MAX_EXPORT_BYTES,
            on_play,
            on_skipped,
        };
        let mut chains = Vec::new();
        for (first_end, file) in self.in_order_of_time()? {
            let chain = chain_for(&mut chains, first_end);
            reading.file(file, chain)?;
            if reading.summary.stopped_early {
                break;
            }
        }
        Ok(reading.summary)
    }

    /// The files with the end of their first play, where ordinals depend on that.
    fn in_order_of_time(&self) -> Result<Vec<(Option<UnixMs>, &ExportFile)>, ExportError> {
        if self.kind != Kind::SpotifyAccount || self.files.len() == 1 {
            return Ok(self.files.iter().map(|file| (None, file)).collect());
        }
        let mut slices = Vec::with_capacity(self.files.len());
        for file in &self.files {
            slices.push((first_end(self.kind, file)?, file));
        }
        slices.sort_by_key(|(first_end, _)| *first_end);
        Ok(slices)
    }
}

fn exports(paths: &[PathBuf], naming: Naming) -> Result<Vec<Export>, ExportError> {
    let mut groups: BTreeMap<_, Vec<ExportFile>> = BTreeMap::new();
    for found in find(paths, naming)? {
        let FoundFile { place, name, bytes, recognised, archive, folder, .. } = found;
        // The months of a ListenBrainz export lie in folders by year.
        let folder = (recognised.kind != Kind::ListenBrainz).then_some(folder);
        let group = (recognised.kind, archive, folder, recognised.series);
        groups.entry(group).or_default().push(ExportFile { name, bytes, place });
    }
    Ok(groups.into_iter().map(|((kind, ..), files)| Export { kind, files }).collect())
}

/// Slices that follow each other in time, and the count of their equal rows.
#[derive(Default)]
struct Chain {
    last_end: UnixMs,
    ordinals: Ordinals,
}

/// The chain that a slice goes on: of those that ended before it starts, the latest.
fn chain_for(chains: &mut Vec<Chain>, first_end: Option<UnixMs>) -> &mut Chain {
    let latest = first_end.and_then(|first_end| {
        let ended = chains.iter().enumerate().filter(|(_, chain)| chain.last_end <= first_end);
        ended.min_by_key(|(_, chain)| Reverse(chain.last_end)).map(|(index, _)| index)
    });
    let index = latest.unwrap_or_else(|| {
        // The format counts anew with every file: nothing goes on an earlier chain.
        if first_end.is_none() {
            chains.clear();
        }
        chains.push(Chain::default());
        chains.len() - 1
    });
    &mut chains[index]
}

/// The end of a file's first good row.
fn first_end(kind: Kind, file: &ExportFile) -> Result<Option<UnixMs>, ExportError> {
    let mut end = None;
    for_each_row(
        row_file(kind, file),
        Limits::STANDARD,
        &mut |_, text| match read_row(kind, text) {
            Ok(row) => {
                end = Some(row.play.ended_at);
                ControlFlow::Break(())
            }
            Err(_) => ControlFlow::Continue(()),
        },
    )?;
    Ok(end)
}

fn row_file(kind: Kind, file: &ExportFile) -> RowFile<'_> {
    let layout = match kind {
        Kind::SpotifyAccount | Kind::SpotifyExtended => Layout::Array,
        Kind::ListenBrainz => Layout::Lines,
    };
    RowFile { place: &file.place, name: &file.name, layout }
}

fn read_row(kind: Kind, text: &[u8]) -> Result<ReadRow, WhySkipped> {
    match kind {
        Kind::SpotifyAccount => spotify_account::read(text),
        Kind::SpotifyExtended => spotify_extended::read(text),
        Kind::ListenBrainz => listens::read(text),
    }
}

/// One pass over an export.
struct Reading<'a> {
    kind: Kind,
    summary: Summary,
    bytes_left: u64,
    on_play: &'a mut dyn FnMut(ExportedPlay) -> ControlFlow<()>,
    on_skipped: &'a mut dyn FnMut(SkippedRow),
}

impl Reading<'_> {
    fn file(&mut self, file: &ExportFile, chain: &mut Chain) -> Result<(), ExportError> {
        let standard = Limits::STANDARD;
        let limits = Limits { file_bytes: standard.file_bytes.min(self.bytes_left), ..standard };
        let mut too_many = false;
        let read = for_each_row(row_file(self.kind, file), limits, &mut |number, text| {
            if self.summary.rows == MAX_ROWS {
                too_many = true;
                return ControlFlow::Break(());
            }
            self.summary.rows += 1;
            match read_row(self.kind, text) {
                Ok(row) => self.play(row, chain),
                Err(why) => {
                    self.summary.skipped += 1;
                    (self.on_skipped)(SkippedRow { file: file.name.clone(), row: number, why });
                    ControlFlow::Continue(())
                }
            }
        });
        let past = |limit| ExportError::TooMuch { file: file.name.clone(), limit };
        let read = match read {
            // The file itself is within bounds; with those before it, it isn't.
            Err(ExportError::TooMuch { limit: Limit::FileBytes(limit), .. })
                if limit < standard.file_bytes =>
            {
                return Err(past(Limit::ExportBytes(MAX_EXPORT_BYTES)));
            }
            read => read?,
        };
        if too_many {
            return Err(past(Limit::Rows(MAX_ROWS)));
        }
        self.bytes_left = self.bytes_left.saturating_sub(read.bytes);
        self.summary.stopped_early = read.stopped;
        Ok(())
    }

    fn play(&mut self, row: ReadRow, chain: &mut Chain) -> ControlFlow<()> {
        let ReadRow { mut play, listened_known } = row;
        play.play_id = chain.ordinals.next_id(self.kind, &play);
        chain.last_end = chain.last_end.max(play.ended_at);

        let summary = &mut self.summary;
        summary.plays += 1;
        summary.unknown_track += u64::from(play.track_id == track_key::UNKNOWN);
        summary.unknown_listened += u64::from(!listened_known);
        let earliest = summary.first_started_at.map_or(play.started_at, |t| t.min(play.started_at));
        summary.first_started_at = Some(earliest);
        summary.last_ended_at = summary.last_ended_at.max(Some(play.ended_at));
        (self.on_play)(play)
    }
}
