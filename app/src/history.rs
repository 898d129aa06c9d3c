//! What a listener heard lately.
//!
//! Nothing is stored for it. The fraud rules keep a book of each listener, a page for each day, that says where
//! in the plays log its plays are; so what was heard is read from the plays themselves, a page of a list at a
//! time. It is as true as the counts are, and whoever is erased has no history any more: what the logs have is
//! a listener that leads to nobody.

use ledgerline_counting::identity::{book_hash_of, listener_of_user};
use ledgerline_counting::status::threshold_ms;
use ledgerline_ids::{DayNo, PlayId, SourceName, UnixMs, UserId};
use ledgerline_records::play::{PlayAddress, PlayRecord};

use crate::Deployment;
use crate::access::accounts::Listener;
use crate::deployment::ReadError;
use crate::ports::accounts::ACCOUNTS;
use crate::ports::drive::apart;
use crate::ports::{LogError, PlaysLogReader};

/// What was heard is told for so many days.
pub const HEARD_DAYS: u32 = 90;
/// A page looks at no more plays than this, most of which may have been skipped: the next one goes on.
const LOOKED_AT_MAX: usize = 2_000;
/// So many are looked up at once.
const LOOKED_UP: usize = 250;

/// A play that sounded for long enough to count.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Heard {
    /// Its key, where its player sent one.
    pub play_id: Option<String>,
    /// The recording.
    pub track_id: String,
    /// When it began, corrected.
    pub started_at: UnixMs,
    /// The merged listened time in milliseconds.
    pub listened_ms: u64,
    /// Type and id of what it was started from.
    pub context: Option<(String, String)>,
}

/// Where a page goes on: in front of a play that began then, whose newest record stands there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct HeardCursor {
    /// When it began.
    pub started_at: UnixMs,
    /// Where its newest record stood.
    pub address: PlayAddress,
}

impl Deployment {
    /// Up to `limit` plays of a listener of the last 90 days, what began last first, and where the next page
    /// goes on. There may be fewer plays and more pages all the same. As of what is committed: nobody waits
    /// for counting.
    ///
    /// # Errors
    /// [`ReadError`].
    pub async fn recently_played(
        &self,
        listener: &Listener,
        after: Option<HeardCursor>,
        limit: usize,
    ) -> Result<(Vec<Heard>, Option<HeardCursor>), ReadError> {
        let Ok(user) = UserId::new(&listener.listener_id) else { return Ok((Vec::new(), None)) };
        let Ok(source) = SourceName::new(ACCOUNTS) else { return Ok((Vec::new(), None)) };
        let shard = listener_of_user(&self.key, user).shard();
        let partition = shard.partition(self.log.partitions());
        let book = book_hash_of(&self.key, source, user);
        let ended = || ReadError::Stopped("the counting worker has ended".to_owned());
        let worker = self.workers.get(usize::from(partition.0)).ok_or_else(ended)?;
        let now = self.clock.now();
        let since = DayNo((now.day().0 + 1).saturating_sub(HEARD_DAYS));
        // Nothing may be told of what begins after now: a clock was wrong.
        let newest = (now.plus(DayNo::MS), PlayAddress(u64::MAX));
        let mut before = after.map_or(newest, |after| (after.started_at, after.address));
        let (mut heard, mut looked_at) = (Vec::new(), 0);
        loop {
            let found = worker.heard(book, before, since, LOOKED_UP).await.ok_or_else(ended)??;
            let is_last = found.len() < LOOKED_UP;
            let (reader, user) = (self.readers.of(partition).clone(), listener.listener_id.clone());
            let wanted = limit - heard.len();
            let read = apart(&*self.drive, move || read(&*reader, &user, &found, wanted)).await;
            let (read, seen, last) = read.ok_or_else(ReadError::broken_off)??;
            heard.extend(read);
            looked_at += seen;
            before = last.unwrap_or(before);
            let next = HeardCursor { started_at: before.0, address: before.1 };
            if heard.len() == limit || looked_at >= LOOKED_AT_MAX {
                return Ok((heard, Some(next)));
            }
            if is_last {
                return Ok((heard, None));
            }
        }
    }
}

/// Plays, how many were looked at, and the last of these.
type Read = (Vec<Heard>, usize, Option<(UnixMs, PlayAddress)>);

/// Reads up to `wanted` of the plays that these records are of, which sounded for long enough.
fn read(
    reader: &dyn PlaysLogReader,
    user: &str,
    places: &[(UnixMs, PlayAddress)],
    wanted: usize,
) -> Result<Read, LogError> {
    let (mut heard, mut bytes) = (Vec::new(), Vec::new());
    let (mut seen, mut last) = (0, None);
    for place in places {
        if heard.len() == wanted {
            break;
        }
        (seen, last) = (seen + 1, Some(*place));
        reader.read(place.1, &mut bytes)?;
        let play = PlayRecord::decode(&bytes).map_err(|error| LogError::Damaged {
            file: "plays".to_owned(),
            offset: place.1.0,
            detail: error.to_string(),
        })?;
        heard.extend(heard_of(&play, user));
    }
    Ok((heard, seen, last))
}

/// The play, where it is the listener's own and sounded for long enough to count.
fn heard_of(play: &PlayRecord<'_>, user: &str) -> Option<Heard> {
    let identity = &play.identity;
    let own = *identity.source.as_str() == *ACCOUNTS
        && identity.user.is_some_and(|of| of.as_str() == user);
    if !own || play.preview || play.listened_ms < threshold_ms(play) {
        return None;
    }
    Some(Heard {
        play_id: identity.key.play_id().map(|id: PlayId<'_>| id.as_str().to_owned()),
        track_id: play.track.as_str().to_owned(),
        started_at: play.started_at,
        listened_ms: play.listened_ms,
        context: play.context.map(|of| (of.kind.as_str().to_owned(), of.id.as_str().to_owned())),
    })
}
