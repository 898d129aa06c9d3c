//! Who may play in one place at a time: the newest place wins, and what was allowed before ends there.

use ledgerline_ids::UnixMs;
use std::sync::atomic::Ordering;

use super::Delivery;
use super::playing::{PlayRefusal, Who};
use crate::ports::StoreError;
use crate::ports::delivery::{ActiveDevice, PLACE_CHANGES_MAX};

/// The plan whose listeners play in one place at a time.
pub const ONE_PLACE_TIER: &str = "free";

impl Delivery {
    /// Whether whoever has this plan plays in one place at a time.
    #[must_use]
    pub fn has_one_place(tier: Option<&str>) -> bool {
        tier == Some(ONE_PLACE_TIER)
    }

    /// A listener begins to play at a device. Writes only where that is another one than before. What
    /// only follows there doesn't take another device's place: a player fetches ahead by itself, and
    /// might do so just after somebody went on elsewhere.
    pub(super) async fn begins_at(
        &self,
        listener: &str,
        who: Who<'_>,
        now: UnixMs,
    ) -> Result<(), PlayRefusal> {
        let known = self.store.active_device(listener).await?;
        if known.as_ref().is_some_and(|known| known.device == who.device) {
            return Ok(());
        }
        if known.is_some() {
            if who.follows {
                return Err(PlayRefusal::Elsewhere);
            }
            self.metrics.device_changes.fetch_add(1, Ordering::Relaxed);
        }
        let (listener, device) = (listener.to_owned(), who.device.to_owned());
        self.store.activate_device(&ActiveDevice { listener, device, since: now }).await?;
        Ok(())
    }

    /// Since when a listener plays where it plays now: what was granted before isn't renewed. `None`
    /// where nobody took its place yet.
    ///
    /// # Errors
    /// [`StoreError`].
    pub(super) async fn moved_at(&self, listener: &str) -> Result<Option<UnixMs>, StoreError> {
        Ok(self.store.active_device(listener).await?.map(|device| device.since))
    }

    /// When a listener's places changed.
    pub(super) async fn places_of(&self, listener: &str) -> Result<PlaceChanges, StoreError> {
        let mut at = self.store.place_changes(listener).await?;
        at.reverse();
        Ok(PlaceChanges { at })
    }
}

/// When the places of a listener began who may play in one at a time: the latest of them, the first one
/// first.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct PlaceChanges {
    pub(super) at: Vec<UnixMs>,
}

impl PlaceChanges {
    /// When what was granted at `issued_at` ended: with the first change after it, wherever the listener
    /// went later. `None` where there was none yet. Of what is older than all that is kept, nobody knows for how
    /// long it was the only one: it ended at once.
    #[must_use]
    pub fn end_of(&self, issued_at: UnixMs) -> Option<UnixMs> {
        let next = self.at.partition_point(|at| *at <= issued_at);
        let forgotten = next == 0 && self.at.len() >= PLACE_CHANGES_MAX as usize;
        if forgotten { Some(issued_at) } else { self.at.get(next).copied() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::delivery::DeliveryParts;
    use crate::delivery::playing::Offer;
    use crate::ports::conformance::renditions::file;
    use crate::ports::delivery::DeliveryStore;
    use crate::ports::memory_blobs::MemoryBlobs;
    use crate::ports::memory_delivery::MemoryDelivery;
    use crate::ports::memory_renditions::MemoryRenditions;
    use crate::ports::renditions::{RenditionStore, TrackRenditions};
    use crate::ports::{Clock, Random};
    use ledgerline_delivery::rungs::NetworkQuality;
    use ledgerline_ids::HashKey;
    use std::sync::Arc;
    use std::sync::atomic::AtomicU64;
    use std::time::Duration;

    const START: u64 = 1_790_000_000_000;

    fn at(seconds: u64) -> UnixMs {
        UnixMs::new(START + seconds * 1_000).expect("an instant")
    }

    /// A clock that somebody sets, in seconds.
    #[derive(Default)]
    struct Set(AtomicU64);

    impl Clock for Set {
        fn now(&self) -> UnixMs {
            at(self.0.load(Ordering::Relaxed))
        }

        fn elapsed(&self) -> Duration {
            Duration::ZERO
        }
    }

    struct Sevens;

    impl Random for Sevens {
        fn fill(&self, bytes: &mut [u8]) {
            bytes.fill(7);
        }
    }

    struct House {
        delivery: Delivery,
        store: Arc<MemoryDelivery>,
        clock: Arc<Set>,
    }

    impl House {
        async fn new() -> Self {
            let (store, clock) = (Arc::new(MemoryDelivery::default()), Arc::new(Set::default()));
            let renditions = Arc::new(MemoryRenditions::default());
            let (track_id, only) = ("T".to_owned(), vec![file("original", 9)]);
            let of = TrackRenditions { track_id, loudness: None, renditions: only };
            renditions.put_renditions(&of).await.expect("stores");
            let parts = DeliveryParts {
                renditions,
                audio: Arc::new(MemoryBlobs::new()),
                store: store.clone(),
                memory_bytes: 1 << 20,
            };
            let key = HashKey::new(*b"a key for a test");
            let random = Arc::new(Sevens);
            let delivery = Delivery::load(parts, None, key, clock.clone(), random).await;
            Self { delivery: delivery.expect("loads"), store, clock }
        }

        /// Somebody asks to play, so many seconds from the start.
        async fn play(
            &self,
            seconds: u64,
            (device, tier, follows): (&str, &str, bool),
        ) -> Result<Offer, PlayRefusal> {
            self.clock.0.store(seconds, Ordering::Relaxed);
            let who =
                Who { listener: Some("L"), tier: Some(tier), territory: None, device, follows };
            self.delivery.play("T", who, NetworkQuality::default()).await
        }

        /// Where the listener plays, and since when.
        async fn place(&self) -> Option<(String, UnixMs)> {
            let active = self.store.active_device("L").await.expect("reads");
            active.map(|active| (active.device, active.since))
        }

        fn changes(&self) -> u64 {
            self.delivery.metrics.device_changes.load(Ordering::Relaxed)
        }
    }

    #[tokio::test]
    async fn what_follows_takes_no_place() {
        let house = House::new().await;
        let phone = |since| Some(("phone".to_owned(), at(since)));
        // Nobody plays: it is the first place as well as any.
        house.play(1, ("phone", "free", true)).await.expect("nobody plays elsewhere");
        assert_eq!((house.place().await, house.changes()), (phone(1), 0));
        house.play(2, ("phone", "free", true)).await.expect("it follows there");
        house.play(3, ("phone", "free", false)).await.expect("it plays there");
        assert_eq!((house.place().await, house.changes()), (phone(1), 0), "it is the same place");
        let refused = house.play(4, ("laptop", "free", true)).await;
        assert!(matches!(refused, Err(PlayRefusal::Elsewhere)), "{refused:?}");
        assert_eq!((house.place().await, house.changes()), (phone(1), 0), "it took nothing");
        house.play(5, ("laptop", "free", false)).await.expect("somebody goes on there");
        let laptop = Some(("laptop".to_owned(), at(5)));
        assert_eq!((house.place().await, house.changes()), (laptop.clone(), 1));
        let refused = house.play(6, ("phone", "free", true)).await;
        assert!(matches!(refused, Err(PlayRefusal::Elsewhere)), "{refused:?}");
        assert_eq!((house.place().await, house.changes()), (laptop, 1));
    }

    #[tokio::test]
    async fn other_plans_have_as_many_places_as_they_like() {
        let house = House::new().await;
        for (seconds, device) in [(1, "phone"), (2, "laptop"), (3, "phone")] {
            for follows in [false, true] {
                house.play(seconds, (device, "premium", follows)).await.expect("it may");
            }
        }
        assert_eq!((house.place().await, house.changes()), (None, 0));
    }

    #[tokio::test]
    async fn what_was_refused_to_a_player_changes_nothing() {
        let house = House::new().await;
        house.play(1, ("phone", "free", false)).await.expect("it plays");
        let who = Who { listener: Some("L"), tier: Some("free"), device: "tv", ..Who::default() };
        let refused = house.delivery.play("gone", who, NetworkQuality::default()).await;
        assert!(matches!(refused, Err(PlayRefusal::NoAudio)), "{refused:?}");
        assert_eq!(house.place().await, Some(("phone".to_owned(), at(1))));
    }

    #[tokio::test]
    async fn what_was_granted_ends_with_the_next_change_wherever_one_goes_later() {
        let house = House::new().await;
        for (seconds, device) in [(10, "phone"), (20, "laptop"), (50, "phone")] {
            house.play(seconds, (device, "free", false)).await.expect("somebody plays");
        }
        let places = house.delivery.places_of("L").await.expect("reads");
        for (issued, ended) in [
            (9, Some(10)),
            (10, Some(20)),
            (19, Some(20)),
            (20, Some(50)),
            (49, Some(50)),
            (50, None),
            (51, None),
        ] {
            assert_eq!(places.end_of(at(issued)), ended.map(at), "issued at {issued}");
        }
    }

    #[test]
    fn what_is_older_than_all_that_is_known_ended_at_once() {
        let all: Vec<UnixMs> = (1..=u64::from(PLACE_CHANGES_MAX)).map(at).collect();
        let some = PlaceChanges { at: all[1..].to_vec() };
        assert_eq!(some.end_of(at(0)), Some(at(2)), "nothing was forgotten yet");
        let full = PlaceChanges { at: all };
        assert_eq!(full.end_of(at(0)), Some(at(0)));
        assert_eq!(full.end_of(at(1)), Some(at(2)));
        assert_eq!(PlaceChanges::default().end_of(at(0)), None);
    }
}
