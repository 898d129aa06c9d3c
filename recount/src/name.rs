//! What a play is called: its identity, and which play of that identity it is.

use std::fmt;
use std::sync::Arc;

use ledgerline_ids::{UnixMs, UserId};
use ledgerline_records::play::{PlayIdentity, PlayKey};

use crate::texts::Texts;

/// One play. Sorted by identity, then by age.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct PlayName {
    /// What makes two reports reports of one play, while its key is remembered.
    pub identity: Identity,
    /// 1 for the first play of this identity; 2 for the one that was opened when a report
    /// came after the first one's key had been forgotten; and so on.
    pub incarnation: u32,
}

/// What makes two reports reports of one play. Sorted like
/// [`PlayIdentity`]: by source, user and key, in byte order, absent before present.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Identity {
    /// Whose credential.
    pub source: Arc<str>,
    /// The listener; `None` is anonymous.
    pub user: Option<Arc<str>>,
    /// The play among those of this listener and source.
    pub key: IdentityKey,
}

/// What tells a listener's plays apart. See [`PlayKey`].
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum IdentityKey {
    /// The player's own key.
    Keyed(Arc<str>),
    /// No key, but a start.
    Started {
        /// The recording.
        track: Arc<str>,
        /// The session, else the device, else nothing.
        place: Option<Arc<str>>,
        /// As reported, not as corrected.
        started_at: UnixMs,
    },
    /// Neither: a run of reports with less than five minutes between them.
    Window {
        /// The recording.
        track: Arc<str>,
        /// The session, else the device, else nothing.
        place: Option<Arc<str>>,
        /// When the first report of the run was received.
        opened_at: UnixMs,
        /// How many runs of this track and place had been opened at that instant before.
        ordinal: u64,
    },
}

impl PlayName {
    /// The first play of an identity.
    #[must_use]
    pub fn first(identity: Identity) -> Self {
        Self { identity, incarnation: 1 }
    }
}

impl From<&PlayIdentity<'_>> for Identity {
    fn from(identity: &PlayIdentity<'_>) -> Self {
        Self::of(identity, &mut Texts::default())
    }
}

impl Identity {
    /// Source, user, track and place turn up often and are kept once; play ids don't.
    pub(crate) fn of(identity: &PlayIdentity<'_>, texts: &mut Texts) -> Self {
        let key = match identity.key {
            PlayKey::Keyed(play_id) => IdentityKey::Keyed(play_id.as_str().into()),
            PlayKey::Started { track, place, started_at } => IdentityKey::Started {
                track: texts.keep(track.as_str()),
                place: texts.keep_some(place),
                started_at,
            },
            PlayKey::Window { track, place, opened_at, ordinal } => IdentityKey::Window {
                track: texts.keep(track.as_str()),
                place: texts.keep_some(place),
                opened_at,
                ordinal,
            },
        };
        Self {
            source: texts.keep(identity.source.as_str()),
            user: texts.keep_some(identity.user.map(UserId::as_str)),
            key,
        }
    }
}

impl fmt::Display for PlayName {
    /// `source/user/play_id`, and `#2` behind it for a second play of that identity.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.identity)?;
        match self.incarnation {
            1 => Ok(()),
            later => write!(f, "#{later}"),
        }
    }
}

impl fmt::Display for Identity {
    /// `source/user/play_id`, with `-` for no user; without a key, track, place and time.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let user = self.user.as_deref().unwrap_or("-");
        write!(f, "{}/{user}/", self.source)?;
        match &self.key {
            IdentityKey::Keyed(play_id) => f.write_str(play_id),
            IdentityKey::Started { track, place, started_at } => {
                let place = place.as_deref().unwrap_or("-");
                write!(f, "[{track} on {place} started {started_at}]")
            }
            IdentityKey::Window { track, place, opened_at, ordinal } => {
                let place = place.as_deref().unwrap_or("-");
                write!(f, "[{track} on {place} opened {opened_at}, {ordinal} before]")
            }
        }
    }
}
