//! What is there to be heard, and money knows nobody to pay for.

use std::collections::BTreeMap;

use super::Library;
use crate::Deployment;
use crate::ports::StoreError;
use crate::ports::library::{Release, Track, TrackList};

/// So many tracks are looked at in one page of what is looked for.
const LOOKED_AT_MAX: u32 = 10_000;
const TRACKS_PER_READ: u32 = 1_000;

/// A track of which the catalogue of rights knows nothing, or nobody who holds its master right.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unlicensed {
    /// The track.
    pub track: Track,
    /// Its release.
    pub release: Release,
    /// Whether the catalogue of rights has the recording, without anybody who holds it.
    pub is_known: bool,
}

/// A page of them.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct UnlicensedPage {
    /// In the order of their ids.
    pub tracks: Vec<Unlicensed>,
    /// Behind which id the next page begins; `None` where all were looked at. A page may be empty and have a next.
    pub next: Option<String>,
}

impl Deployment {
    /// Up to `limit` tracks behind `after` whose plays nobody would be paid for.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn unlicensed(&self, after: &str, limit: u32) -> Result<UnlicensedPage, StoreError> {
        let rights = self.money().rights().now().await?;
        let store = self.library().store();
        let (mut found, mut next, mut after) = (Vec::new(), None, after.to_owned());
        let mut looked_at = 0;
        'looking: while looked_at < LOOKED_AT_MAX {
            let tracks = store.tracks(&TrackList::All, &after, TRACKS_PER_READ).await?;
            let Some(last) = tracks.last() else {
                next = None;
                break;
            };
            looked_at += TRACKS_PER_READ;
            after.clone_from(&last.id);
            next = Some(after.clone());
            for track in tracks {
                let known = rights.find_recording(&track.id);
                let held = rights.shares(ledgerline_catalog::Right::Master, &track.id).is_some();
                if held || track.missing_since.is_some() {
                    continue;
                }
                if found.len() == limit as usize {
                    next = found.last().map(|(last, _): &(Track, bool)| last.id.clone());
                    break 'looking;
                }
                found.push((track, known.is_some()));
            }
        }
        Ok(UnlicensedPage { tracks: self.library().with_releases(found).await?, next })
    }
}

impl Library {
    /// Tracks with the releases that they are on.
    async fn with_releases(
        &self,
        found: Vec<(Track, bool)>,
    ) -> Result<Vec<Unlicensed>, StoreError> {
        let ids: Vec<String> = found.iter().map(|(track, _)| track.release_id.clone()).collect();
        let releases = self.store.releases_by_id(&ids).await?;
        let releases: BTreeMap<String, Release> =
            releases.into_iter().map(|release| (release.id.clone(), release)).collect();
        let with_release = |(track, is_known): (Track, bool)| {
            let release = releases.get(&track.release_id)?.clone();
            Some(Unlicensed { track, release, is_known })
        };
        Ok(found.into_iter().filter_map(with_release).collect())
    }
}
