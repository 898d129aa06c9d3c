//! A month's plays, added up from the plays logs.
//!
//! Each record is a play after a change; what it was before is its record before. A record's
//! predecessor is nearly always one that was just seen, so these are kept for a while; others are
//! read again.
//!
//! A cut is a position in the report log: a record belongs to it where its cause stands before
//! that position. The lengths of plays logs are shortcuts only, since a log that was derived again
//! may have other addresses; a shortcut is believed where the record in front of it still is the one
//! that was met there and a frame begins behind it, and otherwise the log is read from its beginning.

use ledgerline_counting::identity::identity_hash;
use ledgerline_ids::{HashKey, PartitionId, Period, Position, UnixMs};
use ledgerline_records::play::{PlayAddress, PlayRecord};
use ledgerline_records::report::Context;
use ledgerline_records::verdict::Status;
use ledgerline_royalty::month_plays::Standing;
use ledgerline_royalty::usage::Use;
use ledgerline_royalty::usage_fold::{FoldError, Folded, PlayPart, UsageFold, UsageNeeds};
use std::collections::{BTreeMap, HashMap};
use std::sync::atomic::{AtomicU64, Ordering};

use crate::ports::LogError;
use crate::reading::Readers;

/// Up to where one partition's plays are taken in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct PartitionCut {
    /// Which partition.
    pub partition: PartitionId,
    /// The position after the last record of the report log that is judged there.
    pub position: Position,
    /// The length of the plays log there, in bytes, as it was then.
    pub plays_bytes: u64,
}

/// The last record of a partition's plays log in front of a cut.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Mark {
    /// Where it stands in the plays log, in bytes.
    pub address: u64,
    /// The position of the record that caused it.
    pub cause: u64,
}

/// Up to where all plays are taken in, in the order of the partitions.
pub type Cut = Vec<PartitionCut>;

/// Why plays can't be added up.
#[derive(Debug, thiserror::Error)]
pub enum UsageError {
    /// A plays log is damaged.
    #[error(transparent)]
    Log(#[from] LogError),
    /// The sums are impossible.
    #[error(transparent)]
    Fold(#[from] FoldError),
    /// Adding up panicked.
    #[error("adding plays up was broken off; the log says why")]
    BrokenOff,
}

/// A play that came to a closed month, or left it, after its close.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct ChangedPlay {
    /// The listener.
    pub user_id: Option<String>,
    /// The player's key, where it sent one.
    pub play_id: Option<String>,
    /// Whose credential its reports came by.
    pub source: String,
    /// The recording.
    pub track_id: String,
    /// Its start.
    pub started_at: UnixMs,
    /// Where its record is.
    pub partition: PartitionId,
    /// The same, in the partition's plays log.
    pub address: u64,
}

/// What became of a closed month after its close.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Changes {
    /// How many plays came to it.
    pub late: u64,
    /// How many left it.
    pub reversed: u64,
    /// Of each kind the first ones; at most [`NAMED_MAX`].
    pub late_plays: Vec<ChangedPlay>,
    /// The same for those that left.
    pub reversed_plays: Vec<ChangedPlay>,
}

/// How many plays are named of each kind.
pub const NAMED_MAX: usize = 100;

/// What a piece of the logs came to.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Taken {
    /// The sums.
    pub folded: Folded,
    /// What changed since the last close, in months that were closed by then.
    pub changes: BTreeMap<Period, Changes>,
    /// The last record of each partition in front of the cut.
    pub marks: BTreeMap<PartitionId, Mark>,
}

/// What to add up.
#[derive(Debug, Clone)]
pub struct Piece {
    /// What the terms ask for.
    pub needs: UsageNeeds,
    /// The closes so far, oldest first, each with its cut. Those at or before `from` are known
    /// to the plays in `kept`; the others are met on the way.
    pub closes: Vec<(Period, Cut)>,
    /// Where to begin: a former cut, or nothing for the logs' beginning.
    pub from: Option<Cut>,
    /// The last records in front of `from`.
    pub marks: BTreeMap<PartitionId, Mark>,
    /// Up to where.
    pub until: Cut,
    /// How long each plays log is now, in the order of the partitions of `until`.
    pub lengths: Vec<u64>,
    /// Plays that keep a month, as of `from`.
    pub kept: BTreeMap<u128, Period>,
}

/// Adds up what the plays logs hold between two cuts, each partition on a thread of its own.
/// `progress` is told how many bytes were read.
///
/// # Errors
/// [`UsageError`].
pub fn take(
    readers: &Readers,
    key: &HashKey,
    piece: &Piece,
    progress: &AtomicU64,
) -> Result<Taken, UsageError> {
    let parts = std::thread::scope(|scope| {
        let start = |(cut, length): (&PartitionCut, &u64)| {
            let (cut, length) = (*cut, *length);
            scope.spawn(move || Walk::over(readers, key, piece, (cut, length), progress))
        };
        let threads: Vec<_> = piece.until.iter().zip(&piece.lengths).map(start).collect();
        let joined = threads.into_iter();
        let joined = joined.map(|thread| thread.join().unwrap_or(Err(UsageError::BrokenOff)));
        joined.collect::<Result<Vec<_>, _>>()
    })?;
    let mut taken = Taken { marks: piece.marks.clone(), ..Taken::default() };
    taken.folded.kept.clone_from(&piece.kept);
    for part in parts {
        taken.folded.add(part.folded);
        taken.marks.extend(part.marks);
        for (period, changes) in part.changes {
            taken.changes.entry(period).or_default().add(changes);
        }
    }
    Ok(taken)
}

impl Changes {
    fn add(&mut self, other: Self) {
        self.late += other.late;
        self.reversed += other.reversed;
        for (mine, theirs) in [
            (&mut self.late_plays, other.late_plays),
            (&mut self.reversed_plays, other.reversed_plays),
        ] {
            mine.extend(theirs);
            mine.truncate(NAMED_MAX);
        }
    }
}

/// A part of a play that owns its texts.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Kept {
    texts: Box<str>,
    ends: [u16; 4],
    has: [bool; 3],
    started_at: UnixMs,
    usage_use: Use,
    listened_ms: u64,
    standing: Standing,
    why: u8,
}

/// So many records are kept of each half of the past before its older half is forgotten.
const RECENT_MAX: usize = 1 << 18;

/// One partition's log, walked once.
struct Walk<'w> {
    readers: &'w Readers,
    key: &'w HashKey,
    partition: PartitionId,
    fold: UsageFold,
    /// Closes that aren't met yet, the next one last: month, position.
    ahead: Vec<(Period, Position)>,
    from: Position,
    until: Position,
    last_cut: Position,
    mark: Option<Mark>,
    recent: [HashMap<u64, Kept>; 2],
    changes: BTreeMap<Period, Changes>,
    failed: Option<LogError>,
}

impl<'w> Walk<'w> {
    fn over(
        readers: &'w Readers,
        key: &'w HashKey,
        piece: &Piece,
        (until, length): (PartitionCut, u64),
        progress: &AtomicU64,
    ) -> Result<Taken, UsageError> {
        let of = |cut: &Cut| cut.iter().find(|it| it.partition == until.partition).copied();
        let from = piece.from.as_ref().and_then(of);
        let position = |cut: &Cut| of(cut).map_or(Position(0), |cut| cut.position);
        let ahead = piece.closes.iter().rev().map(|(period, cut)| (*period, position(cut)));
        let mut walk = Self {
            readers,
            key,
            partition: until.partition,
            fold: UsageFold::new(piece.needs.clone()),
            ahead: ahead.collect(),
            from: from.map_or(Position(0), |from| from.position),
            until: until.position,
            last_cut: Position(0),
            mark: None,
            recent: Default::default(),
            changes: BTreeMap::new(),
            failed: None,
        };
        walk.fold.keep(&piece.kept);
        walk.meet(walk.from);
        let shortcut = from.filter(|from| from.plays_bytes <= length);
        let mark = piece.marks.get(&until.partition).copied();
        match shortcut.zip(mark) {
            Some((from, mark))
                if walk.is_there(mark) && walk.begins_frame(from.plays_bytes, length) =>
            {
                walk.piece(from.plays_bytes, length, progress)?;
            }
            _ => walk.piece(0, length, progress)?,
        }
        walk.meet(walk.until);
        let marks = walk.mark.map(|mark| (walk.partition, mark)).into_iter().collect();
        Ok(Taken { folded: walk.fold.finish()?, changes: walk.changes, marks })
    }

    /// Whether the record of a mark still stands where it stood.
    fn is_there(&self, mark: Mark) -> bool {
        let mut bytes = Vec::new();
        let address = PlayAddress(mark.address);
        let read = read(self.readers, self.partition, address, &mut bytes);
        read.is_ok_and(|play| play.cause.0 == mark.cause)
    }

    /// Whether the log can be read from there on: in one that was derived again, a frame may go on beyond the
    /// record of a mark that stands where it stood.
    fn begins_frame(&self, at: u64, length: u64) -> bool {
        at == length || self.readers.of(self.partition).scan(at, at + 1, &mut |_, _| {}).is_ok()
    }

    /// Notes every close whose cut lies at `position` or before it.
    fn meet(&mut self, position: Position) {
        while let Some((period, cut)) = self.ahead.pop_if(|(_, cut)| *cut <= position) {
            self.fold.cut(period);
            self.last_cut = cut;
            // What changed before this cut is in its close.
            self.changes.clear();
        }
    }

    fn piece(&mut self, from: u64, length: u64, progress: &AtomicU64) -> Result<(), UsageError> {
        let (readers, partition) = (self.readers, self.partition);
        let mut told = from;
        readers.for_each(partition, from, length, &mut |address, play| {
            if address.0 > told + (1 << 20) {
                progress.fetch_add(address.0 - told, Ordering::Relaxed);
                told = address.0;
            }
            let wanted = (self.from..self.until).contains(&play.cause);
            if !wanted || self.failed.is_some() {
                return;
            }
            self.meet(play.cause);
            if let Err(error) = self.record(address, play) {
                self.failed = Some(error);
            }
            self.mark = Some(Mark { address: address.0, cause: play.cause.0 });
        })?;
        progress.fetch_add(length.saturating_sub(told), Ordering::Relaxed);
        self.failed.take().map_or(Ok(()), |error| Err(error.into()))
    }

    fn record(&mut self, address: PlayAddress, play: &PlayRecord<'_>) -> Result<(), LogError> {
        let after = part_of(play);
        let before = match play.previous {
            None => None,
            Some(previous) => Some(self.before(previous)?),
        };
        let hash = identity_hash(self.key, &play.identity).0;
        let (last_cut, previous) = (self.last_cut, play.previous);
        let (readers, partition) = (self.readers, self.partition);
        let at_last_cut = || counted_at(readers, partition, previous, last_cut);
        let part = before.as_ref().map(Kept::part);
        let moved = self.fold.change(hash, part.as_ref(), &after, at_last_cut)?;
        if moved.left != moved.entered || part.as_ref().is_some_and(|part| differ(part, &after)) {
            for (period, is_late) in [(moved.left, false), (moved.entered, true)] {
                if let Some(period) = period.filter(|period| self.fold.is_closed(*period)) {
                    note(self.changes.entry(period).or_default(), is_late, || {
                        changed(address, partition, play)
                    });
                }
            }
        }
        self.remember(address, &after);
        Ok(())
    }

    fn before(&mut self, previous: PlayAddress) -> Result<Kept, LogError> {
        let [newer, older] = &mut self.recent;
        if let Some(kept) = newer.remove(&previous.0).or_else(|| older.remove(&previous.0)) {
            return Ok(kept);
        }
        let mut bytes = Vec::new();
        let play = read(self.readers, self.partition, previous, &mut bytes)?;
        Ok(Kept::of(&part_of(&play)))
    }

    fn remember(&mut self, address: PlayAddress, part: &PlayPart<'_>) {
        if self.recent[0].len() >= RECENT_MAX {
            self.recent.swap(0, 1);
            self.recent[0].clear();
        }
        self.recent[0].insert(address.0, Kept::of(part));
    }
}

/// Whether a play that counts before and after is paid by something else since.
fn differ(before: &PlayPart<'_>, after: &PlayPart<'_>) -> bool {
    let by = |part: &PlayPart<'_>| (part.standing, part.usage_use);
    by(before) != by(after)
        || (before.track, before.territory, before.tier)
            != (after.track, after.territory, after.tier)
}

fn note(changes: &mut Changes, is_late: bool, play: impl FnOnce() -> ChangedPlay) {
    let (count, named) = match is_late {
        true => (&mut changes.late, &mut changes.late_plays),
        false => (&mut changes.reversed, &mut changes.reversed_plays),
    };
    *count += 1;
    if named.len() < NAMED_MAX {
        named.push(play());
    }
}

fn changed(address: PlayAddress, partition: PartitionId, play: &PlayRecord<'_>) -> ChangedPlay {
    ChangedPlay {
        user_id: play.identity.user.map(|user| user.as_str().to_owned()),
        play_id: play.identity.key.play_id().map(|id| id.as_str().to_owned()),
        source: play.identity.source.as_str().to_owned(),
        track_id: play.track.as_str().to_owned(),
        started_at: play.started_at,
        partition,
        address: address.0,
    }
}

/// When the play whose record stands at `newest` started, where it counted at `cut`.
fn counted_at(
    readers: &Readers,
    partition: PartitionId,
    newest: Option<PlayAddress>,
    cut: Position,
) -> Result<Option<UnixMs>, LogError> {
    let mut bytes = Vec::new();
    let mut next = newest;
    while let Some(address) = next {
        let play = read(readers, partition, address, &mut bytes)?;
        if play.cause < cut {
            return Ok((play.to == Status::Counted).then_some(play.started_at));
        }
        next = play.previous;
    }
    Ok(None)
}

fn read<'b>(
    readers: &Readers,
    partition: PartitionId,
    address: PlayAddress,
    bytes: &'b mut Vec<u8>,
) -> Result<PlayRecord<'b>, LogError> {
    readers.of(partition).read(address, bytes)?;
    PlayRecord::decode(bytes).map_err(|error| LogError::Damaged {
        file: format!("plays/{partition}"),
        offset: address.0,
        detail: error.to_string(),
    })
}

/// What a play is, as far as a month's sums go.
#[must_use]
pub fn part_of<'p>(play: &PlayRecord<'p>) -> PlayPart<'p> {
    let (standing, why) = match play.to {
        Status::Counted => (Standing::Counted, 0),
        Status::Pending | Status::BelowThreshold => (Standing::Short, 0),
        Status::Held => (Standing::Held, play.rules.0),
        Status::Excluded => (Standing::Excluded, play.rules.0),
        Status::NotPayable => (Standing::NotPayable, play.reason.map_or(0, |it| it as u8)),
        Status::Adjudication => (Standing::Undecided, play.reason.map_or(0, |it| it as u8)),
        Status::Conflict => (Standing::Undecided, 0),
    };
    PlayPart {
        started_at: play.started_at,
        track: play.track.as_str(),
        territory: play.territory.map(|it| it.as_str()),
        tier: play.tier.map(|it| it.as_str()),
        usage_use: play.context.map_or(Use::OnDemand, |context| use_of(&context)),
        listened_ms: play.listened_ms,
        listener: play.identity.user.map(|it| it.as_str()),
        standing,
        why,
    }
}

/// A station or radio chose it where the context's type says so.
fn use_of(context: &Context<'_>) -> Use {
    match context.kind.as_str() {
        "radio" | "station" => Use::Radio,
        _ => Use::OnDemand,
    }
}

impl Kept {
    fn of(part: &PlayPart<'_>) -> Self {
        let optional = [part.territory, part.tier, part.listener];
        let mut texts = part.track.to_owned();
        let mut ends = [0; 4];
        let end = |texts: &String| u16::try_from(texts.len()).expect("identifiers are short");
        ends[0] = end(&texts);
        for (place, text) in optional.iter().enumerate() {
            texts.push_str(text.unwrap_or_default());
            ends[place + 1] = end(&texts);
        }
        Self {
            texts: texts.into(),
            ends,
            has: optional.map(|text| text.is_some()),
            started_at: part.started_at,
            usage_use: part.usage_use,
            listened_ms: part.listened_ms,
            standing: part.standing,
            why: part.why,
        }
    }

    fn part(&self) -> PlayPart<'_> {
        let [track, territory, tier, listener] = self.ends.map(usize::from);
        let optional = |has: bool, from: usize, to: usize| has.then(|| &self.texts[from..to]);
        PlayPart {
            started_at: self.started_at,
            track: &self.texts[..track],
            territory: optional(self.has[0], track, territory),
            tier: optional(self.has[1], territory, tier),
            usage_use: self.usage_use,
            listened_ms: self.listened_ms,
            listener: optional(self.has[2], tier, listener),
            standing: self.standing,
            why: self.why,
        }
    }
}
