//! The plays that count although far too few bytes were sent for them.
//!
//! Whoever has a grant can report what was never heard, and time passes by itself; bytes don't. What is found here
//! excludes nothing: a person looks at it, and rules.

use ledgerline_counting::status::threshold_ms;
use ledgerline_ids::{DayNo, UnixMs};
use ledgerline_records::play::{PlayAddress, PlayRecord};
use ledgerline_records::verdict::Status;
use std::collections::BTreeMap;

use super::sent::{PLAYERS, SentForPlay};
use crate::Deployment;
use crate::counts::AppliedTo;
use crate::deployment::ReadError;
use crate::ports::LogError;
use crate::ports::drive::apart;
use crate::reading::Readers;

/// So many days are looked at in one go.
pub const DAYS_MAX: u32 = 45;
/// The most plays that are looked at in one go.
const PLAYS_MAX: usize = 2_000_000;
/// The most that are told one by one.
pub const TOLD_MAX: usize = 10_000;

/// What holding plays against access logs came to.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Checked {
    /// Plays of accounts' players that count.
    pub counted: u64,
    /// Of those, the ones whose time is covered by logs that were read.
    pub covered: u64,
    /// Of those, the ones for which far too few bytes were sent.
    pub too_few: u64,
    /// These, in the order of their beginnings; the first [`TOLD_MAX`].
    pub plays: Vec<TooFew>,
}

/// A play that counts although far too few bytes were sent for it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TooFew {
    /// The play.
    pub play: CountedPlay,
    /// What was sent.
    pub sent: SentForPlay,
}

/// A play that counts, as far as it matters here.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CountedPlay {
    /// The listener; `None` where there is none any more.
    pub user_id: Option<String>,
    /// Its key.
    pub play_id: String,
    /// The recording.
    pub track_id: String,
    /// When it began, corrected.
    pub started_at: UnixMs,
    /// The merged listened time in milliseconds.
    pub listened_ms: u64,
    /// From which listened time on it counts, in milliseconds.
    pub threshold_ms: u64,
}

/// Why nothing was checked.
#[derive(Debug, thiserror::Error)]
pub enum CheckError {
    /// Of those days there are too many.
    #[error("these are {days} days; at most {DAYS_MAX} are looked at in one go")]
    TooManyDays {
        /// How many there are.
        days: u32,
    },
    /// Too many plays began on them.
    #[error("more than {PLAYS_MAX} plays count on these days; ask for fewer days")]
    TooManyPlays,
    /// What is to be read can't be.
    #[error(transparent)]
    Read(#[from] ReadError),
}

impl Deployment {
    /// Judges what the log holds, then holds the plays of accounts' players that began from one day on, until the
    /// beginning of another, against what access logs say was sent for them.
    ///
    /// # Errors
    /// [`CheckError`].
    pub async fn check_deliveries(&self, from: DayNo, until: DayNo) -> Result<Checked, CheckError> {
        let days = until.0.saturating_sub(from.0);
        if days > DAYS_MAX {
            return Err(CheckError::TooManyDays { days });
        }
        self.settle_for_reading().await?;
        let (readers, of) = (self.readers.clone(), self.applied_to());
        let found = apart(&*self.drive, move || counted(&readers, &of, (from, until), PLAYS_MAX));
        let found = found.await.ok_or_else(ReadError::broken_off)?;
        let found = found.map_err(ReadError::from)?.ok_or(CheckError::TooManyPlays)?;
        let mut checked = Checked { counted: found.len() as u64, ..Checked::default() };
        let delivery = self.delivery();
        let mut rest = found.as_slice();
        while let Some(first) = rest.first() {
            let day = first.started_at.day();
            let (of_day, later) =
                rest.split_at(rest.partition_point(|play| play.started_at.day() == day));
            rest = later;
            let longest_ms = of_day.iter().map(|play| play.threshold_ms).max().unwrap_or(0);
            let last = of_day.last().map_or(first.started_at, |play| play.started_at);
            let logs = delivery.logs_of(first.started_at, last.plus(longest_ms)).await;
            let logs = logs.map_err(ReadError::from)?;
            for play in of_day {
                let named = (play.play_id.as_str(), play.track_id.as_str());
                let sent = delivery.sent_by(&logs, named, play.started_at, play.threshold_ms).await;
                let Some(sent) = sent.map_err(ReadError::from)? else { continue };
                checked.covered += 1;
                if sent.too_few {
                    checked.too_few += 1;
                    if checked.plays.len() < TOLD_MAX {
                        checked.plays.push(TooFew { play: play.clone(), sent });
                    }
                }
            }
        }
        Ok(checked)
    }
}

/// The plays that count and began on these days, in the order of their beginnings; `None` where there are too many.
fn counted(
    readers: &Readers,
    of: &[AppliedTo],
    (from, until): (DayNo, DayNo),
    plays_max: usize,
) -> Result<Option<Vec<CountedPlay>>, LogError> {
    let mut all = Vec::new();
    for applied in of {
        let mut standing: BTreeMap<PlayAddress, CountedPlay> = BTreeMap::new();
        let mut too_many = false;
        readers.for_each(applied.partition, 0, applied.plays_bytes, &mut |address, play| {
            if let Some(previous) = play.previous {
                standing.remove(&previous);
            }
            let on = (from..until).contains(&play.started_at.day());
            if on && standing.len() + all.len() < plays_max {
                standing.extend(counted_play(play).map(|play| (address, play)));
            } else {
                too_many |= on && counted_play(play).is_some();
            }
        })?;
        if too_many {
            return Ok(None);
        }
        all.extend(standing.into_values());
    }
    let order = |play: &CountedPlay| (play.started_at, play.play_id.clone());
    all.sort_by_cached_key(order);
    Ok(Some(all))
}

/// The play, where it counts and an account's player reported it.
fn counted_play(play: &PlayRecord<'_>) -> Option<CountedPlay> {
    let identity = &play.identity;
    if play.to != Status::Counted || *identity.source.as_str() != *PLAYERS {
        return None;
    }
    Some(CountedPlay {
        user_id: identity.user.map(|user| user.as_str().to_owned()),
        play_id: identity.key.play_id()?.as_str().to_owned(),
        track_id: play.track.as_str().to_owned(),
        started_at: play.started_at,
        listened_ms: play.listened_ms,
        threshold_ms: threshold_ms(play),
    })
}
