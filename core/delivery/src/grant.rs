//! The stream grant: that this deployment let somebody listen. A player's play counts only with one.
//!
//! Bytes of version 1 (numbers little end first), then base64url without padding:
//!
//! | field | form |
//! |---|---|
//! | version | byte, 1 |
//! | key id | 4 bytes |
//! | flags: 1 a listener, 2 a tier, 4 a territory, 8 a preview only | byte |
//! | issued_at, valid_until | 6 bytes each, milliseconds since 1970 |
//! | lengths of play id, listener, tier, territory | a byte each |
//! | length of the track | 2 bytes |
//! | play id, listener, track, tier, territory | UTF-8, end to end |
//! | HMAC-SHA-256 of all before | 32 bytes |
//!
//! A grant is for one play: its play id is the play's key, so a grant that is sent twice is two reports
//! of one play. What a deployment issued, it reads for as long as such a play may be reported.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ledgerline_ids::{PlayId, Territory, Tier, TrackId, UnixMs, UserId};

use crate::keys::{KeyId, KeyRing, SigningKey};

/// For how long the play of a grant may be reported, in milliseconds: as long as reports come in time.
pub const GRANT_LASTS_MS: u64 = 35 * 86_400_000;
/// The most characters that a grant has.
pub const GRANT_TEXT_MAX: usize = 768;

const VERSION: u8 = 1;
const LISTENER: u8 = 1;
const TIER: u8 = 2;
const TERRITORY: u8 = 4;
const PREVIEW: u8 = 8;
const HEAD_BYTES: usize = 1 + 4 + 1 + 12 + 4 + 2;
const CODE_BYTES: usize = 32;

/// What a grant says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct StreamGrant<'a> {
    /// The one play that it is for.
    pub play_id: PlayId<'a>,
    /// Who may listen, by pseudonym; nobody in particular where there is no account.
    pub listener: Option<UserId<'a>>,
    /// What.
    pub track: TrackId<'a>,
    /// By which plan.
    pub tier: Option<Tier<'a>>,
    /// Where.
    pub territory: Option<Territory<'a>>,
    /// Whether only the preview may be heard.
    pub preview: bool,
    /// When it was issued.
    pub issued_at: UnixMs,
    /// Until when its play may be reported.
    pub valid_until: UnixMs,
}

/// Why a grant is worth nothing, in order of precedence.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum GrantRefusal {
    /// It is none.
    #[error("it is no grant")]
    Malformed,
    /// Signed by a key that isn't valid any more, or by somebody else's.
    #[error("it was signed with a key that isn't valid")]
    UnknownKey,
    /// It was changed, or never issued.
    #[error("its signature doesn't hold")]
    Forged,
    /// Another listener got it.
    #[error("it is another listener's")]
    OtherListener,
    /// It is for another recording.
    #[error("it is for another track")]
    OtherTrack,
    /// It is for another play.
    #[error("it is for another play")]
    OtherPlay,
}

/// A grant as bytes, whose signature holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Checked {
    bytes: Vec<u8>,
}

impl StreamGrant<'_> {
    /// The grant, signed.
    #[must_use]
    pub fn signed_by(&self, key: &SigningKey) -> String {
        let mut bytes = self.bytes(key.id());
        let code = key.sign_grant(&[&bytes]);
        bytes.extend_from_slice(&code);
        URL_SAFE_NO_PAD.encode(bytes)
    }

    fn bytes(&self, key: KeyId) -> Vec<u8> {
        let texts = [
            self.play_id.as_str(),
            self.listener.map_or("", UserId::as_str),
            self.track.as_str(),
            self.tier.map_or("", Tier::as_str),
            self.territory.map_or("", Territory::as_str),
        ];
        let flag = |set: bool, bit: u8| if set { bit } else { 0 };
        let flags = flag(self.listener.is_some(), LISTENER)
            | flag(self.tier.is_some(), TIER)
            | flag(self.territory.is_some(), TERRITORY)
            | flag(self.preview, PREVIEW);
        let mut bytes = Vec::with_capacity(HEAD_BYTES + CODE_BYTES + 256);
        bytes.push(VERSION);
        bytes.extend_from_slice(&key.0.to_le_bytes());
        bytes.push(flags);
        for instant in [self.issued_at, self.valid_until] {
            bytes.extend_from_slice(&instant.get().to_le_bytes()[..6]);
        }
        for text in [texts[0], texts[1], texts[3], texts[4]] {
            bytes.push(u8::try_from(text.len()).expect("these ids have at most 128 bytes"));
        }
        let track = u16::try_from(texts[2].len()).expect("a track's id has at most 256 bytes");
        bytes.extend_from_slice(&track.to_le_bytes());
        texts.iter().for_each(|text| bytes.extend_from_slice(text.as_bytes()));
        bytes
    }
}

impl Checked {
    /// Reads a grant and checks its signature.
    ///
    /// # Errors
    /// [`GrantRefusal`], the first that holds; whose it is and for what is looked at by
    /// [`Self::grant`] and [`StreamGrant::is_for`].
    pub fn read(text: &str, keys: &KeyRing) -> Result<Self, GrantRefusal> {
        if text.len() > GRANT_TEXT_MAX {
            return Err(GrantRefusal::Malformed);
        }
        let bytes = URL_SAFE_NO_PAD.decode(text).map_err(|_| GrantRefusal::Malformed)?;
        let parsed = parse(&bytes).ok_or(GrantRefusal::Malformed)?;
        let key = keys.key(parsed.key).ok_or(GrantRefusal::UnknownKey)?;
        let (signed, code) = bytes.split_at(bytes.len() - CODE_BYTES);
        if !key.signed_grant(&[signed], code) {
            return Err(GrantRefusal::Forged);
        }
        Ok(Self { bytes })
    }

    /// What it says.
    #[must_use]
    pub fn grant(&self) -> StreamGrant<'_> {
        parse(&self.bytes).expect("it was read when it was checked").grant
    }
}

impl StreamGrant<'_> {
    /// Whether it is for this report.
    ///
    /// # Errors
    /// [`GrantRefusal`], the first that holds.
    pub fn is_for(
        &self,
        listener: Option<UserId<'_>>,
        track: TrackId<'_>,
        play_id: Option<PlayId<'_>>,
    ) -> Result<(), GrantRefusal> {
        let text = |of: Option<UserId<'_>>| of.map(|of| of.as_str().to_owned());
        if text(self.listener) != text(listener) {
            Err(GrantRefusal::OtherListener)
        } else if self.track.as_str() != track.as_str() {
            Err(GrantRefusal::OtherTrack)
        } else if play_id.is_none_or(|play_id| play_id.as_str() != self.play_id.as_str()) {
            Err(GrantRefusal::OtherPlay)
        } else {
            Ok(())
        }
    }
}

struct Parsed<'a> {
    key: KeyId,
    grant: StreamGrant<'a>,
}

/// The grant in these bytes, which have a code behind it that isn't looked at; there is one way to
/// write each.
fn parse(bytes: &[u8]) -> Option<Parsed<'_>> {
    let signed = bytes.len().checked_sub(CODE_BYTES).map(|end| &bytes[..end])?;
    let (head, texts) = signed.split_first_chunk::<HEAD_BYTES>()?;
    let flags = head[5];
    if head[0] != VERSION || flags & !(LISTENER | TIER | TERRITORY | PREVIEW) != 0 {
        return None;
    }
    let key = KeyId(u32::from_le_bytes(head[1..5].try_into().expect("four bytes")));
    let instant = |at: usize| {
        let mut number = [0; 8];
        number[..6].copy_from_slice(&head[at..at + 6]);
        UnixMs::new(u64::from_le_bytes(number)).ok()
    };
    let (issued_at, valid_until) = (instant(6)?, instant(12)?);
    let track = u16::from_le_bytes([head[22], head[23]]);
    let mut rest = std::str::from_utf8(texts).ok()?;
    let mut take = |length: usize| {
        let (text, behind) = rest.split_at_checked(length)?;
        rest = behind;
        Some(text)
    };
    let [play_id, listener] = [head[18], head[19]].map(usize::from);
    let [tier, territory] = [head[20], head[21]].map(usize::from);
    let (play_id, listener, track) = (take(play_id)?, take(listener)?, take(usize::from(track))?);
    let (tier, territory) = (take(tier)?, take(territory)?);
    // A text is there where its flag is.
    let stands = |text: &str, flag: u8| text.is_empty() != (flags & flag != 0);
    if !rest.is_empty()
        || !stands(listener, LISTENER)
        || !stands(tier, TIER)
        || !stands(territory, TERRITORY)
    {
        return None;
    }
    let there = |text: &str| !text.is_empty();
    let grant = StreamGrant {
        play_id: PlayId::new(play_id).ok()?,
        listener: if there(listener) { Some(UserId::new(listener).ok()?) } else { None },
        track: TrackId::new(track).ok()?,
        tier: if there(tier) { Some(Tier::new(tier).ok()?) } else { None },
        territory: if there(territory) { Some(Territory::new(territory).ok()?) } else { None },
        preview: flags & PREVIEW != 0,
        issued_at,
        valid_until,
    };
    Some(Parsed { key, grant })
}
