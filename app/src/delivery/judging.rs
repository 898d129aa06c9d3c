//! What a grant is worth to a report: the one place where a player's word is checked.

use ledgerline_counting::rules::GRANT_SLACK_MS;
use ledgerline_delivery::grant::Checked;
use ledgerline_delivery::{GrantRefusal, KeyRing};
use ledgerline_ids::{PlayId, TrackId, UserId};
use ledgerline_records::report::GrantCheck;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use super::Delivery;
use super::devices::PlaceChanges;
use crate::ports::StoreError;

/// What is known of the listener whose reports are read.
#[derive(Debug, Clone)]
pub struct GrantView {
    /// The keys that are valid.
    pub keys: Arc<KeyRing>,
    /// The listener's pseudonym.
    pub listener: String,
    /// When the listener's places changed, where one place is the most.
    pub places: PlaceChanges,
}

/// A grant that was looked at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Judged {
    /// What is stamped on the report.
    pub check: GrantCheck,
    /// The plan that the grant was given by.
    pub tier: Option<String>,
    /// The country that it was given in.
    pub territory: Option<String>,
    /// Whether only the preview was to be heard.
    pub preview: bool,
    /// Whether somebody plays elsewhere since: what went on here counts for nothing.
    pub moved: bool,
}

impl Delivery {
    /// What the reports of a listener are judged by now.
    ///
    /// # Errors
    /// [`StoreError`]: whether keys or places changed is not known, and so a good grant might be taken
    /// for a bad one.
    pub async fn grants_of(&self, listener: &str, tier: &str) -> Result<GrantView, StoreError> {
        self.keys.refresh_if_stale().await?;
        let one_place = Self::has_one_place(Some(tier));
        let places =
            if one_place { self.places_of(listener).await? } else { PlaceChanges::default() };
        Ok(GrantView { keys: self.keys.ring(), listener: listener.to_owned(), places })
    }

    /// Counts what grants turned out to be.
    pub fn judged(&self, good: u64, bad: u64) {
        self.metrics.good_grants.fetch_add(good, Ordering::Relaxed);
        self.metrics.bad_grants.fetch_add(bad, Ordering::Relaxed);
    }
}

impl GrantView {
    /// What this grant is worth to a report of the listener, of a track and a play, so far heard.
    #[must_use]
    pub fn judge(
        &self,
        grant: Option<&str>,
        track: TrackId<'_>,
        play: Option<PlayId<'_>>,
        listened_ms: u64,
    ) -> Judged {
        let worthless =
            |check| Judged { check, tier: None, territory: None, preview: false, moved: false };
        let Some(text) = grant else { return worthless(GrantCheck::Missing) };
        let checked: Result<Checked, GrantRefusal> = Checked::read(text, &self.keys);
        let Ok(checked) = checked else { return worthless(GrantCheck::Invalid) };
        let grant = checked.grant();
        if grant.is_for(UserId::new(&self.listener).ok(), track, play).is_err() {
            return worthless(GrantCheck::Invalid);
        }
        let (issued_at, valid_until) = (grant.issued_at, grant.valid_until);
        // What had sounded when the place changed is as good as ever; nothing after it is.
        let ended_at = self.places.end_of(issued_at);
        let too_long = ended_at
            .is_some_and(|ended_at| listened_ms > ended_at.since(issued_at) + GRANT_SLACK_MS);
        let check = if too_long {
            GrantCheck::Invalid
        } else {
            GrantCheck::Valid { issued_at, valid_until }
        };
        Judged {
            check,
            tier: grant.tier.map(|tier| tier.as_str().to_owned()),
            territory: grant.territory.map(|territory| territory.as_str().to_owned()),
            preview: grant.preview,
            moved: ended_at.is_some(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ledgerline_delivery::{KeyId, SigningKey, StreamGrant};
    use ledgerline_ids::{Territory, Tier, UnixMs};

    const ISSUED: u64 = 1_790_000_000_000;

    fn at(millis: u64) -> UnixMs {
        UnixMs::new(millis).expect("an instant")
    }

    fn key(id: u32) -> SigningKey {
        SigningKey::new(KeyId(id), [5; 32])
    }

    #[test]
    fn what_a_grant_is_worth() {
        let grant = StreamGrant {
            play_id: PlayId::new("P").expect("a key"),
            listener: Some(UserId::new("L").expect("a user")),
            track: TrackId::new("T").expect("a track"),
            tier: Some(Tier::new("free").expect("a tier")),
            territory: Some(Territory::new("SE").expect("a country")),
            preview: false,
            issued_at: at(ISSUED),
            valid_until: at(ISSUED + 1_000_000),
        };
        let text = grant.signed_by(&key(1));
        let valid =
            GrantCheck::Valid { issued_at: grant.issued_at, valid_until: grant.valid_until };
        let (invalid, missing) = (GrantCheck::Invalid, GrantCheck::Missing);
        let own = ("L", "T", "P");
        // Grant, keys, when the place changed after the issue, who reports what, heard, and what comes of it.
        let rows = [
            ("own", Some(&*text), &[1][..], &[][..], own, 30_000, valid),
            ("a bot without one", None, &[1], &[], own, 30_000, missing),
            ("a bot that makes one up", Some("AQ"), &[1], &[], own, 30_000, invalid),
            ("sent by another listener", Some(&text), &[1], &[], ("M", "T", "P"), 1, invalid),
            ("for another track", Some(&text), &[1], &[], ("L", "U", "P"), 1, invalid),
            ("for another play", Some(&text), &[1], &[], ("L", "T", "Q"), 1, invalid),
            ("replayed: the same play", Some(&text), &[1], &[], own, 30_000, valid),
            ("by a key that was rotated", Some(&text), &[2, 1], &[], own, 1, valid),
            ("by a key that is over", Some(&text), &[2], &[], own, 1, invalid),
            ("before the place changed", Some(&text), &[1], &[20_000], own, 29_999, valid),
            ("after the place changed", Some(&text), &[1], &[20_000], own, 30_001, invalid),
            ("while one was away", Some(&text), &[1], &[20_000, 60_000], own, 30_001, invalid),
            ("issued where it is now", Some(&text), &[1], &[0], own, 99_999, valid),
            ("issued where it was then", Some(&text), &[1], &[0, 20_000], own, 30_001, invalid),
        ];
        for (what, text, keys, changes, (listener, track, play), heard, expected) in rows {
            let keys = KeyRing::new(keys.iter().map(|id| key(*id)).collect()).expect("some");
            let places = changes.iter().map(|after| at(ISSUED + after)).collect();
            let places = PlaceChanges { at: places };
            let view = GrantView { keys: Arc::new(keys), listener: listener.to_owned(), places };
            let (track, play) = (TrackId::new(track).expect("a track"), PlayId::new(play).ok());
            let judged = view.judge(text, track, play, heard);
            assert_eq!(judged.check, expected, "{what}");
            let moved = changes.iter().any(|after| *after > 0);
            assert!(judged.check != valid || judged.moved == moved, "{what}");
            assert!(judged.check == valid || moved || judged.tier.is_none(), "{what}");
        }
    }
}
