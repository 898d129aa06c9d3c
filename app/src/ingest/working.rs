//! One job: a file is studied, and its renditions are kept.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use ledgerline_ids::UnixMs;

use super::{
    ATTEMPTS_MAX, AWAY_MS, Ingest, IngestError, LEASE_MS, ORIGINAL_BYTES_MAX, PIECE_BYTES_MAX,
    WAIT_MS, piece_of_rendition, sha256,
};
use crate::library::on_disk::{FilesOnDisk, OnDiskError};
use crate::ports::audio::{AudioFault, EncodedRung, StudiedAudio};
use crate::ports::ingest::{
    FolderFile, IngestJob, IngestSource, JobLease, Original, Setback, StoredPiece, StoredRendition,
    TrackStudy,
};
use crate::ports::{BlobName, StoreError};

/// How far the lengths of two copies of one recording may differ, in milliseconds.
const DUPLICATE_WITHIN_MS: u64 = 8_000;
/// How many prints a new one is compared with at most.
const DUPLICATES_MAX: u32 = 2_000;
/// How often a lease is renewed while a file is studied.
const RENEWED_EACH: Duration = Duration::from_millis(LEASE_MS / 6);
/// The longest reason that is kept, in bytes.
const REASON_BYTES_MAX: usize = 500;

/// What became of one job.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Worked {
    /// Its renditions are there.
    Done {
        /// The job.
        number: u64,
        /// Another track that is the same recording.
        duplicate_of: Option<String>,
    },
    /// It is tried again later.
    Later {
        /// The job.
        number: u64,
        /// Why it wasn't done now.
        reason: String,
    },
    /// A store is away: it is tried again later, and so may everything else be.
    Away {
        /// The job.
        number: u64,
        /// What doesn't answer.
        reason: String,
    },
    /// It was given up.
    Failed {
        /// The job.
        number: u64,
        /// Why.
        reason: String,
    },
    /// Another worker has it now.
    Lost {
        /// The job.
        number: u64,
    },
}

impl Ingest {
    /// Works on one job, if there is one.
    ///
    /// # Errors
    /// [`StoreError`] where the store of jobs doesn't answer: then it isn't known how the job stands, and its
    /// lease will end.
    pub async fn work(&self) -> Result<Option<Worked>, StoreError> {
        let claimed = self.store.claim_ingest(&self.worker, self.clock.now(), LEASE_MS).await?;
        let Some(job) = claimed else { return Ok(None) };
        let number = job.number;
        // Whoever died of this job before won't be asked for ever.
        let outcome =
            if job.attempts > ATTEMPTS_MAX {
                Err(IngestError::Worker(job.reason.clone().unwrap_or_else(|| {
                    format!("{ATTEMPTS_MAX} workers began it and none came back")
                })))
            } else {
                self.one(&job).await
            };
        let worked = match outcome {
            Ok(study) => match self.keep_study(number, &study).await {
                Ok(worked) => worked,
                Err(error) => self.give_up(&job, &error.into()).await?,
            },
            Err(IngestError::File(AudioFault::CalledOff)) => Worked::Lost { number },
            Err(error) => self.give_up(&job, &error).await?,
        };
        Ok(Some(worked))
    }

    async fn keep_study(&self, number: u64, study: &TrackStudy) -> Result<Worked, StoreError> {
        // First what players get: where it is stored twice, it is the same.
        self.publish(study).await?;
        if !self.store.complete_ingest(self.lease(number), study).await? {
            return Ok(Worked::Lost { number });
        }
        self.counted.encoded(study.duration_ms);
        self.measure_release_of(&study.track_id).await;
        Ok(Worked::Done { number, duplicate_of: study.duplicate_of.clone() })
    }

    fn lease(&self, number: u64) -> JobLease<'_> {
        JobLease { number, worker: &self.worker, now: self.clock.now(), lasts_ms: LEASE_MS }
    }

    async fn give_up(&self, job: &IngestJob, error: &IngestError) -> Result<Worked, StoreError> {
        let number = job.number;
        let mut reason = error.to_string();
        reason.truncate(reason.floor_char_boundary(REASON_BYTES_MAX));
        let after = |wait_ms: u64| {
            UnixMs::new(self.clock.now().get().saturating_add(wait_ms)).unwrap_or(UnixMs::MAX)
        };
        let setback = match error {
            // Whatever the file is, it has no part in this.
            IngestError::Blobs(_)
            | IngestError::Store(_)
            | IngestError::OnDisk(OnDiskError::Store(_)) => Setback::Away(after(AWAY_MS)),
            // A file stays as it is.
            IngestError::File(_) | IngestError::Length(_) | IngestError::Name(_) => Setback::Failed,
            // One in a music folder may be on its way elsewhere, and a scan on its way to it.
            _ if job.attempts >= ATTEMPTS_MAX => Setback::Failed,
            _ => Setback::Later(after(WAIT_MS << job.attempts.saturating_sub(1).min(10))),
        };
        let kept = self.store.give_up_ingest(self.lease(number), &reason, setback).await?;
        Ok(match setback {
            _ if !kept => Worked::Lost { number },
            Setback::Later(_) => Worked::Later { number, reason },
            Setback::Away(_) => Worked::Away { number, reason },
            Setback::Failed => Worked::Failed { number, reason },
        })
    }

    /// Whether blobs can be put, before minutes are spent on what couldn't be kept.
    async fn must_take_blobs(&self) -> Result<(), IngestError> {
        let name = BlobName::new(format!("{}/{}", super::bringing::ARRIVING, self.worker))?;
        self.blobs.put(&name, Vec::new()).await?;
        self.blobs.delete(&name).await?;
        Ok(())
    }

    /// A job's file, how its name ended, and where it stands in a music folder what is heard of it.
    async fn file(&self, job: &IngestJob) -> Result<(Original, Vec<u8>), IngestError> {
        match &job.new.source {
            IngestSource::Kept(original) => Ok((original.clone(), self.original(original).await?)),
            IngestSource::Folder(FolderFile { audio_sha256, .. }) => {
                let files = self.files.as_ref().ok_or(IngestError::Gone)?;
                read(files, &job.new.track_id, audio_sha256).await
            }
        }
    }

    async fn one(&self, job: &IngestJob) -> Result<TrackStudy, IngestError> {
        self.must_take_blobs().await?;
        let (original, file) = self.file(job).await?;
        let original = &original;
        let file = Arc::new(file);
        let studied = self.studied(job.number, file, &original.extension).await?;
        let duplicate_of = self.duplicate_of(&job.new.track_id, &studied).await?;
        let mut renditions = Vec::with_capacity(studied.rungs.len());
        for rung in &studied.rungs {
            renditions.push(self.keep(original, rung).await?);
        }
        Ok(TrackStudy {
            track_id: job.new.track_id.clone(),
            original: original.clone(),
            audio_sha256: match &job.new.source {
                IngestSource::Kept(_) => None,
                IngestSource::Folder(file) => Some(file.audio_sha256.clone()),
            },
            codec: studied.codec,
            rate_hz: studied.rate_hz,
            channels: studied.channels,
            duration_ms: studied.duration_ms,
            integrated_mlufs: studied.integrated_mlufs,
            range_mlu: studied.range_mlu,
            true_peak_mdb: studied.true_peak_mdb,
            loudness_blocks: studied.loudness_blocks,
            print: studied.print,
            landmarks: studied.landmarks,
            waveform: studied.waveform,
            preview_start_ms: studied.preview_start_ms,
            duplicate_of,
            renditions,
        })
    }

    /// Studies a file on a thread of its own, while its lease is kept.
    async fn studied(
        &self,
        number: u64,
        file: Arc<Vec<u8>>,
        extension: &str,
    ) -> Result<StudiedAudio, IngestError> {
        let (done_ms, goes_on) = (Arc::new(AtomicU64::new(0)), Arc::new(AtomicBool::new(true)));
        // Whoever stops waiting for it has it end too.
        let _stop = CallOff(goes_on.clone());
        let work = {
            let (studio, extension) = (self.studio.clone(), extension.to_owned());
            let (done_ms, goes_on) = (done_ms.clone(), goes_on.clone());
            tokio::task::spawn_blocking(move || {
                studio.study(file, &extension, &mut |done| {
                    done_ms.store(done, Ordering::Relaxed);
                    goes_on.load(Ordering::Relaxed)
                })
            })
        };
        tokio::pin!(work);
        loop {
            tokio::select! {
                done = &mut work => {
                    return Ok(done.map_err(|error| IngestError::Worker(error.to_string()))??);
                }
                () = tokio::time::sleep(RENEWED_EACH) => {
                    // How long the file is isn't known yet: of five minutes, what is done so far.
                    let done = done_ms.load(Ordering::Relaxed);
                    let progress = u16::try_from(done * 900 / (done + 300_000)).unwrap_or(900);
                    if !self.store.renew_ingest(self.lease(number), progress).await? {
                        return Err(IngestError::File(AudioFault::CalledOff));
                    }
                }
            }
        }
    }

    async fn duplicate_of(
        &self,
        track_id: &str,
        studied: &StudiedAudio,
    ) -> Result<Option<String>, StoreError> {
        let near = self
            .store
            .prints_near(track_id, studied.duration_ms, DUPLICATE_WITHIN_MS, DUPLICATES_MAX)
            .await?;
        let same = near.into_iter().find(|(_, print)| self.studio.is_same(&studied.print, print));
        Ok(same.map(|(track_id, _)| track_id))
    }

    /// Keeps a rung, in pieces.
    pub(super) async fn keep(
        &self,
        original: &Original,
        rung: &EncodedRung,
    ) -> Result<StoredRendition, IngestError> {
        let whole = sha256(&rung.bytes);
        let mut pieces = Vec::new();
        for (number, piece) in rung.bytes.chunks(PIECE_BYTES_MAX).enumerate() {
            let name = piece_of_rendition(original, &rung.rung, &whole, number)?;
            self.put(&name, piece.to_vec()).await?;
            pieces.push(StoredPiece {
                blob: name.to_string(),
                bytes: piece.len() as u64,
                sha256: sha256(piece),
            });
        }
        Ok(StoredRendition {
            rung: rung.rung.clone(),
            codec: rung.codec.clone(),
            bitrate_kbps: match rung.nominal_kbps {
                0 => u32::try_from(rung.mean_kbps).unwrap_or(u32::MAX),
                nominal => nominal,
            },
            frames: rung.frames,
            timescale: rung.timescale,
            priming_frames: rung.priming_frames,
            head_bytes: rung.head_bytes,
            segments: rung.segments.clone(),
            bytes: rung.bytes.len() as u64,
            sha256: whole,
            pieces,
        })
    }
}

/// A track's file with this audio, and its bytes.
pub(super) async fn read(
    files: &FilesOnDisk,
    track_id: &str,
    audio_sha256: &str,
) -> Result<(Original, Vec<u8>), IngestError> {
    let file = files.with_audio(track_id, audio_sha256).await.map_err(OnDiskError::from)?;
    let file = file.ok_or(IngestError::Gone)?;
    let opened = files.open(&file).await?;
    let length = usize::try_from(opened.bytes()).unwrap_or(usize::MAX);
    if length == 0 || length > ORIGINAL_BYTES_MAX {
        return Err(IngestError::Length(length));
    }
    let reading = tokio::task::spawn_blocking(move || {
        opened.read_at(0, length).map(|bytes| (sha256(&bytes), bytes))
    });
    let read = reading.await.map_err(|error| IngestError::Worker(error.to_string()))?;
    let named = file.place.path.to_string();
    let (sha256, bytes) = read.map_err(|error| OnDiskError::Disk { file: named, error })?;
    Ok((Original { sha256, bytes: file.bytes, extension: file.extension() }, bytes))
}

/// Ends the work of whoever looks at it.
struct CallOff(Arc<AtomicBool>);

impl Drop for CallOff {
    fn drop(&mut self) {
        self.0.store(false, Ordering::Relaxed);
    }
}
