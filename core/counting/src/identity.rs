//! Which play a report is of.

use ledgerline_ids::{
    DeviceId, HashKey, IdentityHash, ListenerHash, SessionId, SourceName, TrackId, UserId,
};
use ledgerline_records::play::{PlayIdentity, PlayKey};
use ledgerline_records::report::ReportRecord;

// Hash domains: equal bytes in two of them have unrelated hashes. Fixed for good.
const LISTENER: u8 = 1;
const ANONYMOUS: u8 = 2;
const PLAY: u8 = 3;
const BOOK: u8 = 4;
const TRACK: u8 = 5;
const DEVICE: u8 = 6;
const WINDOW: u8 = 7;

/// What tells one keyless player of a listener from another: session, else device.
#[must_use]
pub fn place<'a>(report: &ReportRecord<'a>) -> Option<&'a str> {
    report.session.map(SessionId::as_str).or(report.device.map(DeviceId::as_str))
}

/// The identity that a report carries itself: by its key, or by its start. `None` where it
/// has neither, and [`crate::keyless`] must say.
#[must_use]
pub fn own_identity<'a>(report: &ReportRecord<'a>) -> Option<PlayIdentity<'a>> {
    let key = match (report.play_id, report.started_at) {
        (Some(play_id), _) => PlayKey::Keyed(play_id),
        (None, Some(started_at)) => {
            PlayKey::Started { track: report.track, place: place(report), started_at }
        }
        (None, None) => return None,
    };
    Some(PlayIdentity { source: report.source, user: report.user, key })
}

/// The hash that decides which shard a report belongs to: one listener's reports all meet
/// in one; anonymous ones are spread by their key.
#[must_use]
pub fn listener_hash(key: &HashKey, report: &ReportRecord<'_>) -> ListenerHash {
    match report.user {
        Some(user) => listener_of_user(key, user),
        None => {
            let mut hasher = key.hasher(ANONYMOUS);
            match report.play_id {
                Some(play_id) => hasher.text(play_id.as_str()),
                None => hasher.text(report.track.as_str()).optional(place(report)),
            };
            ListenerHash(hasher.finish64())
        }
    }
}

/// The hash of a listener who has a name: which shard all of its plays are in.
#[must_use]
pub fn listener_of_user(key: &HashKey, user: UserId<'_>) -> ListenerHash {
    ListenerHash(key.hasher(LISTENER).text(user.as_str()).finish64())
}

/// The hash that decides which shard a play is in; the same as its reports'.
#[must_use]
pub fn listener_of_play(key: &HashKey, identity: &PlayIdentity<'_>) -> ListenerHash {
    if let Some(user) = identity.user {
        return listener_of_user(key, user);
    }
    let mut hasher = key.hasher(ANONYMOUS);
    match identity.key {
        PlayKey::Keyed(play_id) => hasher.text(play_id.as_str()),
        PlayKey::Started { track, place, .. } | PlayKey::Window { track, place, .. } => {
            hasher.text(track.as_str()).optional(place)
        }
    };
    ListenerHash(hasher.finish64())
}

/// The hash that a play is found by.
#[must_use]
pub fn identity_hash(key: &HashKey, identity: &PlayIdentity<'_>) -> IdentityHash {
    let mut hasher = key.hasher(PLAY);
    hasher.text(identity.source.as_str()).optional(identity.user.map(UserId::as_str));
    match identity.key {
        PlayKey::Keyed(play_id) => hasher.number(0).text(play_id.as_str()),
        PlayKey::Started { track, place, started_at } => {
            hasher.number(1).text(track.as_str()).optional(place).number(started_at.get())
        }
        PlayKey::Window { track, place, opened_at, ordinal } => hasher
            .number(2)
            .text(track.as_str())
            .optional(place)
            .number(opened_at.get())
            .number(ordinal),
    };
    IdentityHash(hasher.finish128())
}

/// The hash of the fraud rules' listener, where the play has one.
#[must_use]
pub fn book_hash(key: &HashKey, identity: &PlayIdentity<'_>) -> Option<ListenerHash> {
    Some(book_hash_of(key, identity.source, identity.user?))
}

/// The hash of the fraud rules' listener: one user of one source.
#[must_use]
pub fn book_hash_of(key: &HashKey, source: SourceName<'_>, user: UserId<'_>) -> ListenerHash {
    ListenerHash(key.hasher(BOOK).text(source.as_str()).text(user.as_str()).finish64())
}

/// The hash that the fraud rules tell tracks apart by.
#[must_use]
pub fn track_hash(key: &HashKey, track: TrackId<'_>) -> u64 {
    key.hasher(TRACK).text(track.as_str()).finish64()
}

/// The hash that devices are looked up by; a hit is confirmed on the device itself.
#[must_use]
pub fn device_hash(key: &HashKey, device: DeviceId<'_>) -> u32 {
    u32::try_from(key.hasher(DEVICE).text(device.as_str()).finish64() >> 32)
        .expect("32 bits are left")
}

/// The hash of what a window is opened for.
#[must_use]
pub fn window_hash(key: &HashKey, report: &ReportRecord<'_>) -> u128 {
    key.hasher(WINDOW)
        .text(report.source.as_str())
        .optional(report.user.map(UserId::as_str))
        .text(report.track.as_str())
        .optional(place(report))
        .finish128()
}
