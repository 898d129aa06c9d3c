//! Months' plays for a close: what the last close stored, and what the logs hold since.

use ledgerline_ids::{HashKey, PartitionId, Period};
use ledgerline_royalty::month_plays::{MonthPlays, PartRow, Standing, UnpaidRow};
use ledgerline_royalty::usage::Usage;
use ledgerline_royalty::usage_fold::{Folded, UsageNeeds};
use std::borrow::Cow;
use std::collections::BTreeMap;
use std::sync::atomic::AtomicU64;

use super::CloseError;
use super::estimating::KeptFold;
use super::known::Known;
use super::stored::StoredCloses;
use crate::money::files::month::{self, AddedUpFor};
use crate::money::usage_fold::{Changes, Cut, Mark, Piece, UsageError, take};
use crate::ports::Disk;
use crate::reading::Readers;

/// Where plays are read.
#[derive(Clone, Copy)]
pub(crate) struct Logs<'a> {
    /// The plays logs.
    pub readers: &'a Readers,
    /// The key of the hashes.
    pub key: &'a HashKey,
    /// How long each plays log is now.
    pub lengths: &'a [u64],
    /// How many bytes were read, told on the way.
    pub read_bytes: &'a AtomicU64,
}

/// Months' plays as they were at the last close and as they are at a cut.
pub(crate) struct Plays<'a> {
    disk: &'a dyn Disk,
    stored: &'a StoredCloses,
    needs: UsageNeeds,
    /// As of the last close, where they were folded anew because terms ask for more than was
    /// stored.
    refolded: Option<BTreeMap<Period, MonthPlays>>,
    /// Since the last close.
    since: BTreeMap<Period, MonthPlays>,
    /// What changed of closed months.
    pub changes: BTreeMap<Period, Changes>,
    /// Plays that keep a month.
    pub kept: BTreeMap<u128, Period>,
    /// The last records in front of the cut.
    pub marks: BTreeMap<PartitionId, Mark>,
}

impl<'a> Plays<'a> {
    /// Takes in what the logs hold up to `cut`.
    pub(crate) fn until(
        logs: Logs<'_>,
        (disk, stored): (&'a dyn Disk, &'a StoredCloses),
        needs: UsageNeeds,
        cut: &Cut,
    ) -> Result<Self, CloseError> {
        let closes = stored.cuts();
        let last = closes.last().map(|(_, cut)| cut.clone());
        let lengths = logs.lengths.to_vec();
        let fold = |from: Option<Cut>, until: Cut, (kept, marks)| {
            let closes = match &from {
                // A fold of everything up to the last close doesn't meet that close itself.
                None if last.as_ref() == Some(&until) => closes[..closes.len() - 1].to_vec(),
                _ => closes.clone(),
            };
            let (needs, lengths) = (needs.clone(), lengths.clone());
            let piece = Piece { needs, closes, from, marks, until, lengths, kept };
            take(logs.readers, logs.key, &piece, logs.read_bytes)
        };
        let (mut refolded, (mut kept, mut marks)) = (None, stored.kept(disk)?);
        if let Some(last) = &last
            && !stored.were_added_up_for(&AddedUpFor::of(&needs))
        {
            let whole = fold(None, last.clone(), Default::default())?;
            (kept, marks) = (whole.folded.kept.clone(), whole.marks);
            refolded = Some(whole.folded.checked().map_err(UsageError::from)?.months);
        }
        let since = fold(last.clone(), cut.clone(), (kept, marks))?;
        Ok(Self {
            disk,
            stored,
            needs,
            refolded,
            since: since.folded.months,
            changes: since.changes,
            kept: since.folded.kept,
            marks: since.marks,
        })
    }

    /// The same, going on from what was folded since the last close already, where that still
    /// serves; with what was folded by now.
    pub(crate) fn going_on(
        logs: Logs<'_>,
        (disk, stored): (&'a dyn Disk, &'a StoredCloses),
        needs: UsageNeeds,
        cut: &Cut,
        kept: Option<KeptFold>,
    ) -> Result<(Self, KeptFold), CloseError> {
        let last_closed = stored.last().map(|last| last.record.period);
        let serves = |kept: &KeptFold| kept.last_closed == last_closed && kept.needs == needs;
        let plays = match kept.filter(serves) {
            Some(kept) => {
                let piece = Piece {
                    needs: needs.clone(),
                    closes: stored.cuts(),
                    from: Some(kept.cut),
                    marks: kept.marks,
                    until: cut.clone(),
                    lengths: logs.lengths.to_vec(),
                    kept: kept.folded.kept.clone(),
                };
                let further = take(logs.readers, logs.key, &piece, logs.read_bytes)?;
                let mut folded = kept.folded;
                folded.add(further.folded);
                Self {
                    disk,
                    stored,
                    needs,
                    refolded: kept.refolded,
                    since: folded.months,
                    changes: BTreeMap::new(),
                    kept: folded.kept,
                    marks: further.marks,
                }
            }
            None => Self::until(logs, (disk, stored), needs, cut)?,
        };
        let fold = KeptFold {
            last_closed,
            needs: plays.needs.clone(),
            cut: cut.clone(),
            folded: Folded { months: plays.since.clone(), kept: plays.kept.clone() },
            refolded: plays.refolded.clone(),
            marks: plays.marks.clone(),
        };
        Ok((plays, fold))
    }

    /// A month as of the last close.
    pub(crate) fn was(&self, period: Period) -> Result<MonthPlays, CloseError> {
        if let Some(refolded) = &self.refolded {
            return Ok(refolded.get(&period).cloned().unwrap_or_default());
        }
        match self.stored.month_path(period) {
            Some(path) => Ok(month::read(self.disk, path)?.1),
            None => Ok(MonthPlays::default()),
        }
    }

    /// A month as of the cut.
    pub(crate) fn is(&self, period: Period) -> Result<MonthPlays, CloseError> {
        let old = self.was(period)?;
        let month = match self.since.get(&period) {
            Some(since) => old.plus(since.clone()),
            None => old,
        };
        match month.rows.iter().any(|row| row.plays < 0) {
            true => Err(CloseError::Negative(period)),
            false => Ok(month),
        }
    }

    /// The months that changed since the last close, and all that are known where that is anew.
    pub(crate) fn touched(&self) -> Vec<Period> {
        let mut months: Vec<Period> = self.since.keys().copied().collect();
        months.extend(self.refolded.iter().flat_map(BTreeMap::keys));
        months.sort_unstable();
        months.dedup();
        months
    }

    /// Whether a month's plays, or what terms ask of the months before it, changed.
    pub(crate) fn changed(&self, period: Period) -> bool {
        let reach = |month: &Period| {
            *month == period
                || self.needs.before && *month < period
                || self.needs.trailing && *month < period && *month >= year_before(period)
        };
        self.since.keys().any(reach)
    }

    /// How many counted plays started before `first`, which no close takes.
    pub(crate) fn before(&self, first: Period) -> Result<u64, CloseError> {
        let mut sum = 0;
        let known = self.stored.months().chain(self.since.keys().copied());
        let months: std::collections::BTreeSet<Period> = known.filter(|it| *it < first).collect();
        for month in months {
            sum += counted(&self.is(month)?);
        }
        Ok(sum)
    }

    /// What the terms asked for.
    pub(crate) fn needs(&self) -> &UsageNeeds {
        &self.needs
    }

    /// A month as royalties take it in, with what others counted and what the months before say;
    /// and the plays that nobody is paid for.
    pub(crate) fn usage(
        &self,
        period: Period,
        of: &dyn Fn(Period) -> Result<MonthPlays, CloseError>,
        known: &Known,
    ) -> Result<(Usage, Vec<UnpaidRow>), CloseError> {
        self.usage_of(period, of(period)?, of, known)
    }

    /// The same of plays that are given.
    pub(crate) fn usage_of(
        &self,
        period: Period,
        plays: MonthPlays,
        of: &dyn Fn(Period) -> Result<MonthPlays, CloseError>,
        known: &Known,
    ) -> Result<(Usage, Vec<UnpaidRow>), CloseError> {
        let with_brought = |month: Period, plays: MonthPlays| match known.months.get(&month) {
            // A month of ten million rows isn't copied where nothing is to be added.
            Some(known) if plays.rows.is_empty() => Cow::Borrowed(&known.brought),
            Some(known) if !known.brought.rows.is_empty() => {
                Cow::Owned(plays.plus(known.brought.clone()))
            }
            _ => Cow::Owned(plays),
        };
        let month = with_brought(period, plays);
        let (mut usage, unpaid) = month.usage(&self.needs);
        if self.needs.trailing {
            month.add_trailing(&mut usage);
        }
        if self.needs.trailing || self.needs.before {
            for earlier in self.earlier(period) {
                let plays = with_brought(earlier, of(earlier)?);
                if self.needs.trailing && earlier >= year_before(period) {
                    plays.add_trailing(&mut usage);
                }
                if self.needs.before {
                    plays.add_before(&mut usage);
                }
            }
        }
        Ok((usage, unpaid))
    }

    fn earlier(&self, period: Period) -> Vec<Period> {
        let mut months: Vec<Period> =
            self.stored.months().chain(self.touched()).filter(|month| *month < period).collect();
        months.sort_unstable();
        months.dedup();
        months
    }
}

/// The first of the twelve months that end with `period`.
fn year_before(period: Period) -> Period {
    (0..11).fold(period, |month, _| month.previous().unwrap_or(month))
}

/// How many plays count.
pub(crate) fn counted(month: &MonthPlays) -> u64 {
    let counted = month.rows.iter().filter(|row| row.key.standing == Standing::Counted);
    counted.map(|row: &PartRow| u64::try_from(row.plays).unwrap_or(0)).sum()
}
