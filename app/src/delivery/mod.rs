//! Audio to players: who may listen to what, signed, and the bytes themselves.
//!
//! A player asks to play, and gets a grant, by which the play may count, and addresses, by which it
//! fetches. Both are signed; whoever serves the bytes, here or at the edge, looks nothing up.
//!
//! In reading order:
//! - [`keys`]: the keys that sign, and how one takes another's place
//! - [`playing`]: a play begins, and goes on when its addresses have expired
//! - [`devices`]: who may play in one place at a time
//! - [`judging`]: what a grant is worth to a report
//! - [`bases`]: where else the bytes are served, and which of these places answer
//! - [`origin`]: the bytes of a rendition, range by range; `original`: a file in a music folder as a rendition
//! - [`warming`]: what is played most is fetched before anybody asks
//! - [`sent`]: what access logs say was sent, held against what counts

pub mod bases;
pub mod checking;
pub mod devices;
pub mod judging;
pub mod keys;
pub mod origin;
mod original;
pub mod playing;
pub mod sent;
pub mod warming;

use ledgerline_ids::{HashKey, UnixMs};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, OnceLock};

use crate::library::on_disk::FilesOnDisk;
use crate::metrics::{Metric, MetricKind};
use crate::ports::{BlobStore, Clock, DeliveryStore, Random, RenditionStore, StoreError};
use bases::Bases;
use keys::Keys;
use origin::Origin;

/// What delivery is made of.
pub struct DeliveryParts {
    /// What can be sent of recordings.
    pub renditions: Arc<dyn RenditionStore>,
    /// Where their bytes are.
    pub audio: Arc<dyn BlobStore>,
    /// What it remembers.
    pub store: Arc<dyn DeliveryStore>,
    /// How many bytes of audio are kept in memory.
    pub memory_bytes: u64,
}

#[cfg(feature = "conformance")]
impl DeliveryParts {
    /// Without any audio, for deployments that are about something else.
    #[must_use]
    pub fn in_memory() -> Self {
        use crate::ports::memory_blobs::MemoryBlobs;
        use crate::ports::memory_delivery::MemoryDelivery;
        use crate::ports::memory_renditions::MemoryRenditions;
        Self {
            renditions: Arc::new(MemoryRenditions::default()),
            audio: Arc::new(MemoryBlobs::new()),
            store: Arc::new(MemoryDelivery::default()),
            memory_bytes: 1 << 20,
        }
    }
}

/// How many bytes of audio are kept in memory where nothing else is said.
pub const MEMORY_BYTES: u64 = 128 << 20;

/// Delivery of a running deployment.
pub struct Delivery {
    keys: Keys,
    store: Arc<dyn DeliveryStore>,
    origin: Origin,
    bases: OnceLock<Bases>,
    warmth: warming::Warmth,
    /// So many bytes of audio are kept in memory.
    memory_bytes: u64,
    clock: Arc<dyn Clock>,
    random: Arc<dyn Random>,
    metrics: DeliveryMetrics,
}

/// Numbers for the operator.
#[derive(Debug, Default)]
pub struct DeliveryMetrics {
    /// Plays that were begun.
    pub plays: AtomicU64,
    /// Of these, previews.
    pub previews: AtomicU64,
    /// Plays whose addresses were renewed.
    pub renewals: AtomicU64,
    /// Times that somebody went on at another device, where one is the most.
    pub device_changes: AtomicU64,
    /// Addresses that opened nothing.
    pub refused_urls: AtomicU64,
    /// Reports of players whose grant held.
    pub good_grants: AtomicU64,
    /// Reports of players whose grant was missing or didn't hold.
    pub bad_grants: AtomicU64,
    /// Bytes of audio that were handed to connections.
    pub sent_bytes: AtomicU64,
    /// Bytes of what is played most that were fetched ahead, here and at bases.
    pub warmed_bytes: AtomicU64,
}

impl Delivery {
    /// Reads the keys, and makes the first one where there is none. What isn't encoded yet is sent from
    /// `files`, where there are such.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn load(
        parts: DeliveryParts,
        files: Option<FilesOnDisk>,
        key: HashKey,
        clock: Arc<dyn Clock>,
        random: Arc<dyn Random>,
    ) -> Result<Self, StoreError> {
        let DeliveryParts { renditions, audio, store, memory_bytes } = parts;
        let keys = Keys::load(store.clone(), key, clock.clone(), &*random).await?;
        let origin = Origin::new(renditions, audio, files, memory_bytes);
        Ok(Self {
            keys,
            store,
            origin,
            bases: OnceLock::new(),
            warmth: warming::Warmth::default(),
            memory_bytes,
            clock,
            random,
            metrics: DeliveryMetrics::default(),
        })
    }

    /// The keys that sign.
    #[must_use]
    pub fn keys(&self) -> &Keys {
        &self.keys
    }

    /// The bytes.
    #[must_use]
    pub fn origin(&self) -> &Origin {
        &self.origin
    }

    /// Where else they are served.
    #[must_use]
    pub fn bases(&self) -> &Bases {
        self.bases.get_or_init(Bases::none)
    }

    /// Has the bytes be served elsewhere too. Said once, before anybody asks; later it does nothing.
    pub fn use_bases(&self, bases: Bases) {
        let _ = self.bases.set(bases);
    }

    /// Numbers for the operator.
    #[must_use]
    pub fn metrics(&self) -> &DeliveryMetrics {
        &self.metrics
    }

    /// The machine's time.
    #[must_use]
    pub fn now(&self) -> UnixMs {
        self.clock.now()
    }

    /// Sees to keys that other nodes made and to places that stopped answering, as long as it is polled.
    pub async fn look_forever(&self) {
        loop {
            tokio::time::sleep(bases::LOOK_EVERY).await;
            if let Err(error) = self.keys.refresh_if_stale().await {
                tracing::warn!(%error, "whether there are new signing keys is not known");
            }
            self.bases().look().await;
        }
    }

    pub(crate) fn shown(&self) -> Vec<Metric> {
        let numbers = &self.metrics;
        let rows = [
            ("ledgerline_plays_begun_total", "Plays that players asked for.", &numbers.plays),
            ("ledgerline_previews_begun_total", "Of these, previews.", &numbers.previews),
            (
                "ledgerline_play_renewals_total",
                "Plays whose addresses were renewed.",
                &numbers.renewals,
            ),
            (
                "ledgerline_device_changes_total",
                "Times that a listener with one place went on at another.",
                &numbers.device_changes,
            ),
            (
                "ledgerline_audio_refused_total",
                "Addresses of audio that were forged, expired or unsigned.",
                &numbers.refused_urls,
            ),
            (
                "ledgerline_grants_good_total",
                "Reports of players whose grant held.",
                &numbers.good_grants,
            ),
            (
                "ledgerline_grants_bad_total",
                "Reports of players without a grant that held.",
                &numbers.bad_grants,
            ),
            (
                "ledgerline_audio_sent_bytes_total",
                "Bytes of audio handed to connections.",
                &numbers.sent_bytes,
            ),
            (
                "ledgerline_audio_warmed_bytes_total",
                "Bytes of what is played most that were fetched ahead, here and at other places.",
                &numbers.warmed_bytes,
            ),
        ];
        let counters = rows.into_iter().map(|(name, help, number)| Metric {
            name,
            help,
            kind: MetricKind::Counter,
            labels: Vec::new(),
            value: number.load(Ordering::Relaxed),
        });
        let bases = self.bases().state().into_iter().map(|(base, healthy)| Metric {
            name: "ledgerline_cdn_healthy",
            help: "Whether a place that serves audio answers.",
            kind: MetricKind::Gauge,
            labels: vec![("base", base)],
            value: u64::from(healthy),
        });
        counters.chain(bases).collect()
    }
}
