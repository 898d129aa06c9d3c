//! A play begins: a grant, and an address for each rung; and it goes on when these have expired.

use ledgerline_delivery::grant::{Checked, GRANT_LASTS_MS};
use ledgerline_delivery::rungs::{NetworkQuality, first_rung};
use ledgerline_delivery::url::URL_LASTS_MS;
use ledgerline_delivery::{GrantRefusal, SignedUrl, StreamGrant};
use ledgerline_ids::{PlayId, Territory, Tier, TrackId, UnixMs, UserId};
use std::fmt::Write as _;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use super::Delivery;
use super::origin::Playable;
use crate::ports::renditions::{Loudness, Rendition, RungName};
use crate::ports::{Random, StoreError};

/// How long a play may go on by renewals, in milliseconds: no recording sounds for longer than a day.
pub const RENEWED_MS: u64 = 86_400_000;
/// The longest name of a device, in bytes.
pub const DEVICE_BYTES_MAX: usize = 128;

/// Who wants to listen.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Who<'a> {
    /// The pseudonym of an account; nothing where nobody signed in.
    pub listener: Option<&'a str>,
    /// Its plan.
    pub tier: Option<&'a str>,
    /// Its country.
    pub territory: Option<&'a str>,
    /// The device that it is at.
    pub device: &'a str,
    /// Whether the play is asked for ahead, to follow what sounds there.
    pub follows: bool,
}

/// A rung, as a player gets it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OfferedRung {
    /// What it is.
    pub rendition: Rendition,
    /// Path and query, signed.
    pub path: String,
}

/// What a player gets.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Offer {
    /// The recording.
    pub track_id: String,
    /// The play's key, which every report of it has.
    pub play_id: String,
    /// By which it may count.
    pub grant: String,
    /// The rungs, by bitrate from low to high.
    pub rungs: Vec<OfferedRung>,
    /// The one to begin with.
    pub first: usize,
    /// What addresses may begin with, the best first; nothing is this server.
    pub bases: Vec<String>,
    /// When the addresses expire.
    pub expires_at: UnixMs,
    /// How long it sounds, in milliseconds.
    pub duration_ms: u64,
    /// How loud it is, where that is known.
    pub loudness: Option<Loudness>,
    /// Whether this is the preview only.
    pub preview: bool,
}

/// Why nothing is to be heard.
#[derive(Debug, thiserror::Error)]
pub enum PlayRefusal {
    /// There is nothing of that recording that could be sent.
    #[error("there is no audio of this track")]
    NoAudio,
    /// Only the preview may be heard, and there is none.
    #[error("there is no preview of this track; sign in to hear it")]
    NoPreview,
    /// The grant is worth nothing to who shows it.
    #[error("this play can't go on: {0}")]
    Grant(#[from] GrantRefusal),
    /// It is too old to go on.
    #[error("this play began more than a day ago; begin another one")]
    TooOld,
    /// The listener plays elsewhere since.
    #[error("this listener plays on another device since; begin again here to go on here")]
    Elsewhere,
    /// An id of the caller's isn't one.
    #[error("{0}")]
    Id(String),
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl Delivery {
    /// Begins a play.
    ///
    /// # Errors
    /// [`PlayRefusal`].
    pub async fn play(
        &self,
        track_id: &str,
        who: Who<'_>,
        quality: NetworkQuality,
    ) -> Result<Offer, PlayRefusal> {
        let track = TrackId::new(track_id).map_err(|_| PlayRefusal::NoAudio)?;
        let renditions = self.origin.renditions(track_id).await?.ok_or(PlayRefusal::NoAudio)?;
        let preview = who.listener.is_none();
        let now = self.clock.now();
        let play_id = fresh_play_id(now, &*self.random);
        let grant = StreamGrant {
            play_id: PlayId::new(&play_id).expect("a UUID is one"),
            listener: id(who.listener, UserId::new)?,
            track,
            tier: id(who.tier, Tier::new)?,
            territory: id(who.territory, Territory::new)?,
            preview,
            issued_at: now,
            valid_until: now.plus(GRANT_LASTS_MS),
        };
        let offered = self.offer(&renditions, &grant, quality, now)?;
        if let Some(listener) = who.listener
            && Self::has_one_place(who.tier)
        {
            self.begins_at(listener, who, now).await?;
        }
        self.metrics.plays.fetch_add(1, Ordering::Relaxed);
        if preview {
            self.metrics.previews.fetch_add(1, Ordering::Relaxed);
        }
        let grant = grant.signed_by(self.keys.ring().newest());
        Ok(Offer { grant, ..offered })
    }

    /// New addresses for a play that goes on. Its key and its grant stay.
    ///
    /// # Errors
    /// [`PlayRefusal`].
    pub async fn renew(&self, grant: &str, who: Who<'_>) -> Result<Offer, PlayRefusal> {
        let checked = Checked::read(grant, &self.keys.ring())?;
        let said = checked.grant();
        if said.listener.map(UserId::as_str) != who.listener {
            return Err(GrantRefusal::OtherListener.into());
        }
        let now = self.clock.now();
        if now.since(said.issued_at) > RENEWED_MS {
            return Err(PlayRefusal::TooOld);
        }
        if let Some(listener) = who.listener
            && Self::has_one_place(said.tier.map(Tier::as_str))
            && self.moved_at(listener).await?.is_some_and(|moved_at| said.issued_at < moved_at)
        {
            return Err(PlayRefusal::Elsewhere);
        }
        let renditions = self.origin.renditions(said.track.as_str()).await?;
        let renditions = renditions.ok_or(PlayRefusal::NoAudio)?;
        let offered = self.offer(&renditions, &said, NetworkQuality::default(), now)?;
        self.metrics.renewals.fetch_add(1, Ordering::Relaxed);
        Ok(Offer { grant: grant.to_owned(), ..offered })
    }

    /// What there is to be heard by this grant.
    fn offer(
        &self,
        playable: &Arc<Playable>,
        grant: &StreamGrant<'_>,
        quality: NetworkQuality,
        now: UnixMs,
    ) -> Result<Offer, PlayRefusal> {
        let of = &playable.of;
        let mut heard: Vec<&Rendition> = of
            .renditions
            .iter()
            .filter(|it| (it.rung.as_str() == RungName::PREVIEW) == grant.preview)
            .collect();
        // The original is for when there is nothing better: players can't go over from it.
        if heard.iter().any(|it| it.segments.is_some()) {
            heard.retain(|it| it.segments.is_some());
        }
        heard.sort_by_key(|it| (it.bitrate_kbps, it.rung.as_str()));
        let bitrates: Vec<u32> = heard.iter().map(|it| it.bitrate_kbps).collect();
        let none = if grant.preview { PlayRefusal::NoPreview } else { PlayRefusal::NoAudio };
        let first = first_rung(quality, &bitrates).ok_or(none)?;
        let expires_at = now.plus(URL_LASTS_MS);
        let ring = self.keys.ring();
        let listener = grant.listener.map_or("", UserId::as_str);
        let listener = percent_encoded(listener);
        let rung = |rendition: &Rendition| {
            let path = audio_path(grant.track.as_str(), rendition);
            let url = SignedUrl {
                path: &path,
                expires_at_s: expires_at.get() / 1000,
                listener: &listener,
                play_id: grant.play_id.as_str(),
            };
            OfferedRung { rendition: rendition.clone(), path: url.signed_by(ring.newest()) }
        };
        let whole = heard[first];
        Ok(Offer {
            track_id: grant.track.as_str().to_owned(),
            play_id: grant.play_id.as_str().to_owned(),
            grant: String::new(),
            duration_ms: duration_ms(whole),
            rungs: heard.into_iter().map(rung).collect(),
            first,
            bases: self.bases().in_order(),
            expires_at,
            loudness: of.loudness,
            preview: grant.preview,
        })
    }
}

fn id<'a, T>(
    text: Option<&'a str>,
    check: impl FnOnce(&'a str) -> Result<T, ledgerline_ids::IdError>,
) -> Result<Option<T>, PlayRefusal> {
    let checked = text.map(check).transpose();
    checked.map_err(|error| PlayRefusal::Id(format!("an id of the account {error}")))
}

/// How long a rendition sounds, in milliseconds.
#[must_use]
pub fn duration_ms(of: &Rendition) -> u64 {
    let ms = u128::from(of.samples) * 1000 / u128::from(of.sample_rate_hz.max(1));
    u64::try_from(ms).unwrap_or(u64::MAX)
}

/// How many hex digits of a rendition's checksum its path has: other bytes have another path, so that
/// what was fetched once may be kept for ever.
pub const VERSION_DIGITS: usize = 8;

/// The path of a rendition.
#[must_use]
pub fn audio_path(track_id: &str, rendition: &Rendition) -> String {
    let (track, rung) = (percent_encoded(track_id), &rendition.rung);
    format!("/audio/{track}/{rung}.{}", version(rendition))
}

/// The part of a rendition's path that its bytes decide.
#[must_use]
pub fn version(rendition: &Rendition) -> String {
    hex(&rendition.checksum[..VERSION_DIGITS / 2])
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut out, byte| {
        write!(out, "{byte:02x}").expect("a String takes everything");
        out
    })
}

/// A part of a path or a query, with everything but letters, digits, `-`, `_` and `~` as `%` and two
/// digits: no part can be `.` or `..`.
#[must_use]
pub fn percent_encoded(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-_~".contains(&byte) {
            out.push(char::from(byte));
        } else {
            write!(out, "%{byte:02X}").expect("a String takes everything");
        }
    }
    out
}

/// A UUIDv7 (RFC 9562, section 5.7).
fn fresh_play_id(now: UnixMs, random: &dyn Random) -> String {
    let mut bytes = [0; 16];
    random.fill(&mut bytes);
    bytes[..6].copy_from_slice(&now.get().to_be_bytes()[2..]);
    bytes[6] = (bytes[6] & 0x0f) | 0x70;
    bytes[8] = (bytes[8] & 0x3f) | 0x80;
    let hex = hex(&bytes);
    [&hex[..8], &hex[8..12], &hex[12..16], &hex[16..20], &hex[20..]].join("-")
}
