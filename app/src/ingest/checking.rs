//! Whether what is kept is still whole, and made again where it isn't.

use std::sync::Arc;

use super::working::read;
use super::{Ingest, IngestError, PIECE_BYTES_MAX, sha256};
use crate::library::on_disk::OnDiskError;
use crate::ports::BlobName;
use crate::ports::ingest::{StoredPiece, TrackStudy};

/// Tracks that are looked at together.
const STUDIES_PER_PAGE: u32 = 16;
/// The most damaged pieces that are told of.
pub const DAMAGES_MAX: usize = 10_000;

/// A piece that isn't what it was.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Damage {
    /// Of which track.
    pub track_id: String,
    /// Of which rung, or `original`.
    pub rung: String,
    /// Which blob.
    pub blob: String,
    /// What is wrong with it.
    pub what: &'static str,
    /// Whether it was made again.
    pub repaired: bool,
}

/// What a check found.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct CheckedPieces {
    /// How many tracks were looked at.
    pub tracks: u64,
    /// How many pieces.
    pub pieces: u64,
    /// How many bytes.
    pub bytes: u64,
    /// What is damaged.
    pub damages: Vec<Damage>,
}

impl CheckedPieces {
    /// Whether nothing is damaged now.
    #[must_use]
    pub fn is_sound(&self) -> bool {
        self.damages.iter().all(|damage| damage.repaired)
    }
}

impl Ingest {
    /// Reads every piece of every track and compares checksums. With `repair` renditions with damaged pieces
    /// are made again from the originals; an original that is damaged can't be.
    ///
    /// # Errors
    /// [`IngestError`] where a store doesn't answer.
    pub async fn check(&self, repair: bool) -> Result<CheckedPieces, IngestError> {
        let (mut checked, mut after) = (CheckedPieces::default(), String::new());
        loop {
            let page = self.store.track_studies(&after, STUDIES_PER_PAGE).await?;
            let Some(last) = page.last() else { return Ok(checked) };
            after.clone_from(&last.track_id);
            for study in page {
                self.check_one(study, repair, &mut checked).await?;
                if checked.damages.len() >= DAMAGES_MAX {
                    return Ok(checked);
                }
            }
        }
    }

    async fn check_one(
        &self,
        mut study: TrackStudy,
        repair: bool,
        checked: &mut CheckedPieces,
    ) -> Result<(), IngestError> {
        checked.tracks += 1;
        let first = checked.damages.len();
        for rendition in &study.renditions {
            for piece in &rendition.pieces {
                let found = self.look_at(piece, checked).await?;
                checked.damages.extend(found.map(|what| Damage {
                    track_id: study.track_id.clone(),
                    rung: rendition.rung.clone(),
                    blob: piece.blob.clone(),
                    what,
                    repaired: false,
                }));
            }
        }
        let renditions_damaged = checked.damages.len() > first;
        let repairs = repair && renditions_damaged;
        let Some(file) = self.original_to_check(&study, repairs, checked).await? else {
            return Ok(());
        };
        if !repairs {
            return Ok(());
        }
        let (studio, extension) = (self.studio.clone(), study.original.extension.clone());
        let work = tokio::task::spawn_blocking(move || {
            studio.study(Arc::new(file), &extension, &mut |_| true)
        });
        let studied = work.await.map_err(|error| IngestError::Worker(error.to_string()))??;
        let mut renditions = Vec::with_capacity(studied.rungs.len());
        for rung in &studied.rungs {
            renditions.push(self.keep(&study.original, rung).await?);
        }
        if renditions != study.renditions {
            // Another version of an encoder makes other bytes of the same sound.
            self.store.replace_renditions(&study.track_id, &renditions).await?;
            study.renditions = renditions;
            self.publish(&study).await?;
            self.measure_release_of(&study.track_id).await;
        }
        for damage in &mut checked.damages[first..] {
            damage.repaired = true;
        }
        Ok(())
    }

    /// What a track's renditions can be made again from; nothing where that can't be had. What stands in a music
    /// folder is its owner's: it is read only where it is needed.
    async fn original_to_check(
        &self,
        study: &TrackStudy,
        needed: bool,
        checked: &mut CheckedPieces,
    ) -> Result<Option<Vec<u8>>, IngestError> {
        if let Some(audio) = &study.audio_sha256 {
            let Some(files) = self.files.as_ref().filter(|_| needed) else { return Ok(None) };
            return match read(files, &study.track_id, audio).await {
                Ok((_, file)) => Ok(Some(file)),
                Err(IngestError::Gone | IngestError::OnDisk(OnDiskError::Changed { .. })) => {
                    Ok(None)
                }
                Err(error) => Err(error),
            };
        }
        match self.original(&study.original).await {
            Ok(file) => {
                checked.pieces += file.len().div_ceil(PIECE_BYTES_MAX) as u64;
                checked.bytes += file.len() as u64;
                Ok(Some(file))
            }
            Err(IngestError::Damaged { blob, what }) => {
                let (track_id, rung) = (study.track_id.clone(), "original".to_owned());
                checked.damages.push(Damage { track_id, rung, blob, what, repaired: false });
                Ok(None)
            }
            Err(error) => Err(error),
        }
    }

    /// What is wrong with a piece.
    async fn look_at(
        &self,
        piece: &StoredPiece,
        checked: &mut CheckedPieces,
    ) -> Result<Option<&'static str>, IngestError> {
        checked.pieces += 1;
        checked.bytes += piece.bytes;
        let name = BlobName::new(piece.blob.clone())?;
        Ok(match self.blobs.get(&name).await? {
            None => Some("missing"),
            Some(bytes) if bytes.len() as u64 != piece.bytes => Some("of another length"),
            Some(bytes) if sha256(&bytes) != piece.sha256 => Some("changed"),
            Some(_) => None,
        })
    }
}
