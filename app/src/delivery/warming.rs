//! What is played most is fetched before anybody asks: into memory here, and by each place that serves audio.
//!
//! Nobody waits for it, and it is never in a hurry: one address at a time, and of each round only so many bytes.
//! What a place was asked for within a day it isn't asked for again.

use ledgerline_delivery::SignedUrl;
use ledgerline_ids::UnixMs;
use std::collections::HashMap;
use std::sync::atomic::Ordering;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use super::Delivery;
use super::bases::BaseClient;
use super::playing::audio_path;
use crate::Deployment;
use crate::charts::ChartError;
use crate::ports::{Rendition, RungName, StoreError};

/// How often there is a round; the first one comes as long after a start.
pub const ROUND_EVERY: Duration = Duration::from_secs(15 * 60);
/// A place isn't asked again for what it was asked for within this time, in milliseconds.
const WARM_FOR_MS: u64 = 24 * 3_600_000;
/// So many addresses of places are remembered.
const REMEMBERED_MAX: usize = 400_000;
/// So many bytes are fetched by a place in one round at most.
const ROUND_BYTES_MAX: u64 = 16 << 30;
/// A place that fails so often in a row is left until the next round.
const FAILURES_MAX: u32 = 3;
/// The play that addresses for warming are of: no report can have it, so it counts for nothing.
pub const WARMING_PLAY: &str = "warming";
/// How long such an address is good for, in milliseconds.
const ADDRESS_LASTS_MS: u64 = 10 * 60_000;

/// When places were asked for what, by base and path.
#[derive(Default)]
pub(super) struct Warmth {
    asked_at: Mutex<HashMap<(String, String), UnixMs>>,
    /// One round at a time.
    turn: tokio::sync::Mutex<()>,
}

impl Warmth {
    fn is_warm(&self, base: &str, path: &str, now: UnixMs) -> bool {
        let known = self.asked_at.lock().unwrap_or_else(PoisonError::into_inner);
        let at = known.get(&(base.to_owned(), path.to_owned()));
        at.is_some_and(|at| now.since(*at) < WARM_FOR_MS)
    }

    fn note(&self, base: &str, path: &str, now: UnixMs) {
        let mut known = self.asked_at.lock().unwrap_or_else(PoisonError::into_inner);
        if known.len() >= REMEMBERED_MAX {
            known.retain(|_, at| now.since(*at) < WARM_FOR_MS);
        }
        if known.len() < REMEMBERED_MAX {
            known.insert((base.to_owned(), path.to_owned()), now);
        }
    }
}

/// What a round came to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Round {
    /// How many recordings are among the most played.
    pub tracks: usize,
    /// This server first, under the empty base; then each place that answers.
    pub places: Vec<WarmedPlace>,
}

/// What a round came to at one place.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct WarmedPlace {
    /// Its base; empty for this server.
    pub base: String,
    /// Renditions that were fetched.
    pub fetched: u64,
    /// Their bytes.
    pub bytes: u64,
    /// Renditions that were fetched within a day before.
    pub warm: u64,
    /// Renditions that could not be had.
    pub failed: u64,
    /// Why the last of those could not.
    pub why: Option<String>,
}

impl Delivery {
    /// Fetches what there is of these recordings, the most wanted first, into memory and by each place that
    /// answers.
    ///
    /// # Errors
    /// [`StoreError`]; what was fetched until then stays.
    pub async fn warm(&self, tracks: &[String]) -> Result<Round, StoreError> {
        let _turn = self.warmth.turn.lock().await;
        let mut places = vec![self.warm_here(tracks).await?];
        if let Some((client, bases)) = self.bases().to_warm() {
            for base in bases {
                places.push(self.warm_at(base, tracks, &**client).await?);
            }
        }
        let bytes = places.iter().map(|place| place.bytes).sum();
        self.metrics.warmed_bytes.fetch_add(bytes, Ordering::Relaxed);
        Ok(Round { tracks: tracks.len(), places })
    }

    /// Into memory, as much as half of it holds: what is asked for by chance needs the other half.
    async fn warm_here(&self, tracks: &[String]) -> Result<WarmedPlace, StoreError> {
        let mut place = WarmedPlace::default();
        let mut left = self.memory_bytes / 2;
        for track in tracks {
            let Some(known) = self.origin.renditions(track).await? else { continue };
            for rendition in known.of.renditions.iter().filter(|it| is_kept_warm(it)) {
                let Some(rest) = left.checked_sub(rendition.bytes) else { return Ok(place) };
                match self.origin.warm(rendition).await {
                    Ok(()) => {
                        left = rest;
                        place.fetched += 1;
                        place.bytes += rendition.bytes;
                    }
                    Err(error) => {
                        place.failed += 1;
                        place.why = Some(error.to_string());
                    }
                }
            }
        }
        Ok(place)
    }

    async fn warm_at(
        &self,
        base: &str,
        tracks: &[String],
        client: &dyn BaseClient,
    ) -> Result<WarmedPlace, StoreError> {
        let mut place = WarmedPlace { base: base.to_owned(), ..WarmedPlace::default() };
        let mut failures = 0;
        for track in tracks {
            let Some(known) = self.origin.renditions(track).await? else { continue };
            for rendition in known.of.renditions.iter().filter(|it| is_kept_warm(it)) {
                let now = self.clock.now();
                let path = audio_path(track, rendition);
                if self.warmth.is_warm(base, &path, now) {
                    place.warm += 1;
                    continue;
                }
                if place.bytes.saturating_add(rendition.bytes) > ROUND_BYTES_MAX {
                    return Ok(place);
                }
                match client.fetch(base, &self.address_of(&path, now)).await {
                    Ok(bytes) => {
                        failures = 0;
                        place.fetched += 1;
                        place.bytes += bytes;
                        self.warmth.note(base, &path, now);
                    }
                    Err(why) => {
                        failures += 1;
                        place.failed += 1;
                        place.why = Some(why);
                        if failures >= FAILURES_MAX {
                            return Ok(place);
                        }
                    }
                }
            }
        }
        Ok(place)
    }

    fn address_of(&self, path: &str, now: UnixMs) -> String {
        let url = SignedUrl {
            path,
            expires_at_s: now.plus(ADDRESS_LASTS_MS).get() / 1000,
            listener: "",
            play_id: WARMING_PLAY,
        };
        url.signed_by(self.keys.ring().newest())
    }
}

/// What most players fetch: the rungs of a lossy ladder. Lossless ones are ten times as long, and few ask
/// for them.
fn is_kept_warm(of: &Rendition) -> bool {
    let is_of_ladder = ![RungName::PREVIEW, RungName::ORIGINAL].contains(&of.rung.as_str());
    is_of_ladder && of.codec != "flac"
}

impl Deployment {
    /// A round for what is played most.
    ///
    /// # Errors
    /// [`ChartError`], where what is played most isn't known.
    pub async fn warm(&self) -> Result<Round, ChartError> {
        let tracks = self.most_played().await?;
        Ok(self.delivery().warm(&tracks).await?)
    }

    /// Has rounds as long as it is polled.
    pub async fn warm_forever(&self) {
        loop {
            tokio::time::sleep(ROUND_EVERY).await;
            match self.warm().await {
                Ok(round) => {
                    for place in round.places.iter().filter(|place| place.failed > 0) {
                        let (base, failed) = (&place.base, place.failed);
                        let why = place.why.as_deref().unwrap_or_default();
                        tracing::warn!(
                            base,
                            failed,
                            why,
                            "some of what is played most isn't fetched"
                        );
                    }
                }
                Err(error) => tracing::warn!(%error, "what is played most isn't fetched ahead"),
            }
        }
    }
}
