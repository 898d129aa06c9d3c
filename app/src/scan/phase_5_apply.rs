//! Phase 5: what was read of some files is written, with all that it is part of, in one transaction.

use std::collections::BTreeSet;

use super::naming::{self, UNKNOWN_ARTIST};
use super::phase_2_read::Compared;
use super::phase_3_identity::Identified;
use super::phase_4_grouping::{Groups, OfRelease};
use super::report::ScanProgress;
use super::{ScanError, Scanner};
use crate::ports::library::{
    AudioFile, Credit, FilePlace, LibraryChange, Lyrics, MusicFolder, Role, SkippedFile, Track,
};
use crate::ports::music_files::TaggedArtist;

impl Scanner {
    /// Writes what was read of some files.
    pub(super) async fn apply(
        &self,
        folder: &MusicFolder,
        batch: Vec<Compared>,
        progress: &ScanProgress,
    ) -> Result<(), ScanError> {
        let _writing = self.writing.lock().await;
        let now = self.clock.now();
        let mut change = LibraryChange { at: Some(now), ..LibraryChange::default() };
        let mut readable = Vec::with_capacity(batch.len());
        for mut compared in batch {
            let path = compared.walked.path.clone();
            let place = FilePlace { folder_id: folder.id.clone(), path };
            match std::mem::replace(&mut compared.read, Err(super::unread())) {
                Ok(audio) => {
                    if compared.was_skipped {
                        change.unskipped.push(place);
                    }
                    readable.push((compared, audio));
                }
                Err(unusable) => {
                    progress.skip(place.path.as_str(), &unusable.0);
                    let (bytes, modified_ms) = (compared.walked.bytes, compared.walked.modified_ms);
                    // A file that was music and is broken now isn't there to be heard.
                    let gone = compared.before.filter(|file| file.missing_since.is_none());
                    change
                        .files
                        .extend(gone.map(|file| AudioFile { missing_since: Some(now), ..file }));
                    change.skipped.push(SkippedFile {
                        place,
                        bytes,
                        modified_ms,
                        reason: unusable.0,
                    });
                }
            }
        }
        let identified = self.identify(folder, readable, progress.started_at()).await?;
        let files: Vec<(Identified, OfRelease)> = (identified.into_iter())
            .map(|file| {
                let of =
                    OfRelease::of(&file.audio.tags, file.compared.walked.path.as_str(), &folder.id);
                (file, of)
            })
            .collect();
        let mut groups = self.groups(&files).await?;
        let mut outcomes = Vec::with_capacity(files.len());
        let mut releases = BTreeSet::new();
        for (file, of) in files {
            outcomes.push(file.outcome);
            releases.extend(file.known.as_ref().map(|track| track.release_id.clone()));
            self.add(&mut change, &mut groups, folder, file, &of);
        }
        groups.into_change(&mut change);
        self.write(&change).await?;
        self.queue(&change, releases).await;
        outcomes.into_iter().for_each(|outcome| progress.note(outcome));
        Ok(())
    }

    /// Writes a change, and tells counting of it.
    pub(super) async fn write(&self, change: &LibraryChange) -> Result<(), ScanError> {
        self.library.change(change, &self.catalogue, &*self.log).await?;
        Ok(())
    }

    /// Has what was written be encoded, and releases that changed be measured again. Where that fails the scan's end
    /// sees to it.
    async fn queue(&self, change: &LibraryChange, mut releases: BTreeSet<String>) {
        let Some(ingest) = &self.ingesting else { return };
        let tracks: Vec<String> = change.tracks.iter().map(|track| track.id.clone()).collect();
        releases.extend(change.tracks.iter().map(|track| track.release_id.clone()));
        let releases: Vec<String> = releases.into_iter().collect();
        let queued = async {
            ingest.queue_scanned(&tracks).await?;
            ingest.measure_releases_of(&releases).await
        };
        if let Err(error) = queued.await {
            tracing::warn!(%error, "what was scanned is queued at the end of the scan");
        }
    }

    fn add(
        &self,
        change: &mut LibraryChange,
        groups: &mut Groups,
        folder: &MusicFolder,
        file: Identified,
        of: &OfRelease,
    ) {
        let release_id = self.release(groups, &file, of);
        let Identified { compared, audio, track_id, known, forgotten, .. } = file;
        let walked = compared.walked;
        let names = naming::of_path(walked.path.as_str());
        let tags = audio.tags;
        let credits = self.credits(groups, &tags.credits, &of.artists, names.artist.as_deref());
        let untagged = tags.title.is_none();
        change.tracks.push(Track {
            id: track_id.clone(),
            release_id,
            disc: tags.disc.or(names.disc).unwrap_or(1),
            number: tags.number.or(names.number.filter(|_| untagged)).unwrap_or(0),
            title: tags.title.unwrap_or(names.title),
            credits,
            duration_ms: audio.duration_ms,
            explicit: tags.explicit,
            explicit_said: None,
            genres: tags.genres,
            isrc: tags.isrc,
            musicbrainz_id: tags.recording_musicbrainz_id,
            has_lyrics: false,
            added_at: self.clock.now(),
            missing_since: None,
        });
        let Lyrics { plain, synced } = tags.lyrics;
        let lyrics = Lyrics { plain, synced: compared.synced.or(synced) };
        if !lyrics.is_empty() || known.is_some_and(|track| track.has_lyrics) {
            change.lyrics.push((track_id.clone(), lyrics));
        }
        let place = FilePlace { folder_id: folder.id.clone(), path: walked.path };
        change.forgotten.extend(forgotten.filter(|before| *before != place));
        change.files.push(AudioFile {
            place,
            track_id,
            bytes: walked.bytes,
            modified_ms: walked.modified_ms,
            audio_sha256: audio.audio_sha256,
            content_sha256: None,
            format: audio.format,
            duration_ms: audio.duration_ms,
            bitrate_kbps: audio.bitrate_kbps,
            sample_rate_hz: audio.sample_rate_hz,
            channels: audio.channels,
            bits_per_sample: audio.bits_per_sample,
            missing_since: None,
        });
    }

    /// Who did what: as tags say, else whoever's release it is, else whoever the path names.
    fn credits(
        &self,
        groups: &mut Groups,
        tagged: &[crate::ports::music_files::TaggedCredit],
        of_release: &[TaggedArtist],
        of_path: Option<&str>,
    ) -> Vec<Credit> {
        let mut credits: Vec<Credit> = Vec::with_capacity(tagged.len() + 1);
        if !tagged.iter().any(|credit| credit.role == Role::Main) {
            let named = TaggedArtist {
                name: of_path.unwrap_or(UNKNOWN_ARTIST).to_owned(),
                ..TaggedArtist::default()
            };
            let mains =
                if of_release.is_empty() { std::slice::from_ref(&named) } else { of_release };
            for artist in mains {
                let artist = self.artist(groups, artist);
                credits.push(Credit { artist, role: Role::Main, detail: String::new() });
            }
        }
        for credit in tagged {
            let artist = self.artist(groups, &credit.artist);
            credits.push(Credit { artist, role: credit.role, detail: credit.detail.clone() });
        }
        credits
    }
}
