//! Phase 3: which track a file is of.
//!
//! In this order: the track of a file with the same audio that was here, or that is here no more and was somewhere
//! else; the track of what was in this place, where tags say that it is the same recording; the track that counting
//! knows by the ISRC and that has no file; else a new one. What was re-encoded has other audio, which a fingerprint
//! will tell.

use ledgerline_ids::UnixMs;
use std::collections::{HashMap, HashSet};

use super::phase_2_read::Compared;
use super::report::Outcome;
use super::{ScanError, Scanner, blocking};
use crate::ports::library::{AudioFile, FilePlace, MusicFolder, Role, Track, fold};
use crate::ports::music_files::{AudioTags, ReadAudio};

/// Recordings whose lengths differ by more aren't the same.
const SAME_LENGTH_MS: u64 = 2_000;

/// A file that was read, and the track that it is of.
pub(super) struct Identified {
    pub compared: Compared,
    pub audio: ReadAudio,
    pub track_id: String,
    /// The track, where it is known.
    pub known: Option<Track>,
    pub outcome: Outcome,
    /// Where its audio was before.
    pub forgotten: Option<FilePlace>,
}

impl Scanner {
    /// Says which track each file is of, in their order.
    pub(super) async fn identify(
        &self,
        folder: &MusicFolder,
        files: Vec<(Compared, ReadAudio)>,
        since: UnixMs,
    ) -> Result<Vec<Identified>, ScanError> {
        let mut around = Around { since, ..self.look_around(folder, &files).await? };
        let mut identified = Vec::with_capacity(files.len());
        for (compared, audio) in files {
            let one = self.identify_one(compared, audio, &mut around);
            // Two copies in one batch are as good as in two.
            around.of_batch.insert(
                one.audio.audio_sha256,
                (one.track_id.clone(), release_of(&one.audio.tags)),
            );
            identified.push(one);
        }
        Ok(identified)
    }

    fn identify_one(
        &self,
        compared: Compared,
        audio: ReadAudio,
        around: &mut Around,
    ) -> Identified {
        let hash = audio.audio_sha256;
        let missing = compared.before.as_ref().is_some_and(|file| file.missing_since.is_some());
        let (track_id, outcome, forgotten) = match &compared.before {
            Some(before) if before.audio_sha256 == hash => {
                let outcome = if missing { Outcome::Returned } else { Outcome::Changed };
                (before.track_id.clone(), outcome, None)
            }
            before => {
                let replaced = before.as_ref().map(|before| before.track_id.clone());
                let replaced = replaced.filter(|track_id| {
                    around.tracks.get(track_id).is_some_and(|track| is_same(track, &audio))
                });
                if let Some(file) = around.moved(hash) {
                    around.taken.insert(file.place.clone());
                    let passed = file.missing_since.is_some_and(|at| at >= around.since);
                    let outcome = if passed { Outcome::MovedBehind } else { Outcome::Moved };
                    (file.track_id, outcome, Some(file.place))
                } else if let Some(track_id) = replaced {
                    (track_id, Outcome::Changed, None)
                } else if let Some(track_id) = around.copy_of(hash, &audio.tags) {
                    (track_id, Outcome::Added, None)
                } else if let Some(track_id) = around.by_isrc(&audio) {
                    (track_id, Outcome::Added, None)
                } else {
                    let outcome = if before.is_some() { Outcome::Changed } else { Outcome::Added };
                    (self.new_id("tr"), outcome, None)
                }
            }
        };
        let known = around.tracks.get(&track_id).cloned();
        Identified { compared, audio, track_id, known, outcome, forgotten }
    }

    /// Reads all that files are compared with.
    async fn look_around(
        &self,
        folder: &MusicFolder,
        files: &[(Compared, ReadAudio)],
    ) -> Result<Around, ScanError> {
        let store = self.library.store();
        let hashes: HashSet<[u8; 32]> = files.iter().map(|(_, audio)| audio.audio_sha256).collect();
        let hashes: Vec<[u8; 32]> = hashes.into_iter().collect();
        let same = store.files_with_audio(&hashes).await?;
        let isrcs: Vec<String> =
            files.iter().filter_map(|(_, audio)| audio.tags.isrc.clone()).collect();
        let mut by_isrc: HashMap<String, Vec<String>> = HashMap::new();
        for (isrc, track_id) in store.tracks_with_isrc(&isrcs).await? {
            by_isrc.entry(isrc).or_default().push(track_id);
        }
        let befores = files.iter().filter_map(|(compared, _)| compared.before.as_ref());
        let mut ids: Vec<String> = befores.map(|file| file.track_id.clone()).collect();
        ids.extend(same.iter().map(|file| file.track_id.clone()));
        ids.extend(by_isrc.values().flatten().cloned());
        ids.sort_unstable();
        ids.dedup();
        let tracks = store.tracks_by_id(&ids).await?;
        let releases: Vec<String> = tracks.iter().map(|track| track.release_id.clone()).collect();
        let releases = store.releases_by_id(&releases).await?;
        let titles: HashMap<String, String> =
            releases.into_iter().map(|release| (release.id, fold(&release.title))).collect();
        let folders = store.music_folders().await?;
        let absolute = |file: &AudioFile| {
            let of = folders.iter().find(|folder| folder.id == file.place.folder_id);
            file.place.path.within(of.unwrap_or(folder))
        };
        // Whether a copy is still where it was: else it is the same file, moved.
        let paths: Vec<_> = same.iter().map(absolute).collect();
        let disk = self.parts.disk.clone();
        let there = blocking(move || {
            let is_there = |path: &Option<_>| {
                path.as_deref().is_some_and(|path| !matches!(disk.look(path), Ok(None)))
            };
            Ok(paths.iter().map(is_there).collect::<Vec<bool>>())
        });
        let there = there.await.map_err(|error| ScanError::Folder {
            folder: folder.path.to_string(),
            why: error.to_string(),
        })?;
        let mut by_audio: HashMap<[u8; 32], Vec<(AudioFile, bool)>> = HashMap::new();
        for (file, there) in same.into_iter().zip(there) {
            by_audio.entry(file.audio_sha256).or_default().push((file, there));
        }
        Ok(Around {
            since: UnixMs::EPOCH,
            by_audio,
            by_isrc,
            titles,
            tracks: tracks.into_iter().map(|track| (track.id.clone(), track)).collect(),
            taken: HashSet::new(),
            of_batch: HashMap::new(),
        })
    }
}

/// What files are compared with.
struct Around {
    /// When the scan began.
    since: UnixMs,
    /// Known files, and whether they are where they were.
    by_audio: HashMap<[u8; 32], Vec<(AudioFile, bool)>>,
    by_isrc: HashMap<String, Vec<String>>,
    tracks: HashMap<String, Track>,
    /// The titles of their releases, folded.
    titles: HashMap<String, String>,
    /// Places whose audio was found somewhere else.
    taken: HashSet<FilePlace>,
    /// Tracks of this batch, with the titles of their releases.
    of_batch: HashMap<[u8; 32], (String, String)>,
}

impl Around {
    /// A known file with this audio that isn't where it was.
    fn moved(&self, hash: [u8; 32]) -> Option<AudioFile> {
        let files = self.by_audio.get(&hash)?;
        let gone = |(file, there): &&(AudioFile, bool)| !there && !self.taken.contains(&file.place);
        files.iter().find(gone).map(|(file, _)| file.clone())
    }

    /// The track of a copy: one with this audio on a release of the same title. The same recording on another
    /// release is another track.
    fn copy_of(&self, hash: [u8; 32], tags: &AudioTags) -> Option<String> {
        let title = release_of(tags);
        if let Some((track_id, of)) = self.of_batch.get(&hash)
            && *of == title
        {
            return Some(track_id.clone());
        }
        let files = self.by_audio.get(&hash)?;
        files.iter().map(|(file, _)| &file.track_id).find(|id| self.is_of(id, &title)).cloned()
    }

    fn is_of(&self, track_id: &str, title: &str) -> bool {
        let release = self.tracks.get(track_id).map(|track| &track.release_id);
        release.and_then(|id| self.titles.get(id)).is_some_and(|of| of == title)
    }

    /// The one track that counting knows by this ISRC, where it has no file, or no file any more and the same length.
    fn by_isrc(&mut self, audio: &ReadAudio) -> Option<String> {
        let isrc = audio.tags.isrc.as_ref()?;
        let [track_id] = self.by_isrc.get(isrc)?.as_slice() else { return None };
        let free = match self.tracks.get(track_id) {
            None => true,
            Some(track) => {
                track.missing_since.is_some()
                    && track.duration_ms.abs_diff(audio.duration_ms) <= SAME_LENGTH_MS
            }
        };
        let track_id = track_id.clone();
        // Another file with this ISRC is another track: somebody has to say which is which.
        self.by_isrc.remove(isrc);
        free.then_some(track_id)
    }
}

/// The title of a file's release, as releases are told apart by.
fn release_of(tags: &AudioTags) -> String {
    fold(tags.album.as_deref().or(tags.title.as_deref()).unwrap_or_default())
}

/// Whether what replaced a file is the same recording: by its ids, else by title, artists and length.
fn is_same(track: &Track, audio: &ReadAudio) -> bool {
    let tags = &audio.tags;
    let ids = [(&track.musicbrainz_id, &tags.recording_musicbrainz_id), (&track.isrc, &tags.isrc)];
    for (ours, theirs) in ids {
        if let (Some(ours), Some(theirs)) = (ours, theirs) {
            return ours == theirs;
        }
    }
    let mains = tags.credits.iter().filter(|credit| credit.role == Role::Main);
    let theirs: Vec<String> = mains.map(|credit| fold(&credit.artist.name)).collect();
    let ours: Vec<String> = track.artists().map(|artist| fold(&artist.name)).collect();
    tags.title.as_ref().is_some_and(|title| fold(title) == fold(&track.title))
        && ours == theirs
        && track.duration_ms.abs_diff(audio.duration_ms) <= SAME_LENGTH_MS
}
