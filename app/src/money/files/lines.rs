//! Lines of a month or of an adjustment, with what their numbers stand for.
//!
//! Of a sheet named `own` there are six files: `own.lines` (32 bytes each: payee, pool, recording
//! and way u32, plays i64, ledger units i64; sorted, so a payee's stand together), `own.by-track`
//! (numbers of lines u32, by recording), and the shelves `own.payees` (with the first line's number
//! u64), `own.tracks`, `own.pools` and `own.ways` (both JSON, by number).

use ledgerline_ids::Period;
use ledgerline_money::{Currency, Micros};
use ledgerline_royalty::line::{Pool, Step, Way};
use ledgerline_royalty::sheet::{Sheet, SheetLine};
use ledgerline_royalty::terms::Right;
use ledgerline_royalty::usage::Names;
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};
use std::ops::Range;
use std::sync::Arc;

use super::FileError;
use super::shelf::{self, Shelf};
use super::writing::{FileWriter, Written, hex, read_exact};
use crate::ports::{Disk, DiskFile};

/// The length of a line.
pub const LINE_BYTES: usize = 32;

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct StoredPool {
    right: String,
    territory: Option<String>,
    tier: Option<String>,
    contract: String,
    term: String,
    currency: String,
    money: i64,
    plays: u64,
    steps: Vec<(String, String)>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct StoredWay {
    holder: String,
    passed: Vec<String>,
}

/// The bytes of a line.
#[must_use]
pub fn line_bytes(line: &SheetLine) -> [u8; LINE_BYTES] {
    let mut bytes = [0; LINE_BYTES];
    for (at, number) in [line.payee, line.pool, line.track, line.way].into_iter().enumerate() {
        bytes[4 * at..4 * at + 4].copy_from_slice(&number.to_le_bytes());
    }
    bytes[16..24].copy_from_slice(&line.plays.to_le_bytes());
    bytes[24..].copy_from_slice(&line.amount.get().to_le_bytes());
    bytes
}

fn parse_line(bytes: &[u8; LINE_BYTES]) -> SheetLine {
    let number = |at: usize| u32::from_le_bytes(bytes[at..at + 4].try_into().expect("four bytes"));
    let long = |at: usize| i64::from_le_bytes(bytes[at..at + 8].try_into().expect("eight bytes"));
    SheetLine {
        payee: number(0),
        pool: number(4),
        track: number(8),
        way: number(12),
        plays: long(16),
        amount: Micros::new(long(24)),
    }
}

/// SHA-256 of lines as they are stored, in hex digits.
#[must_use]
pub fn digest<'a>(parts: impl Iterator<Item = &'a [SheetLine]>) -> String {
    let mut digest = Sha256::new();
    for line in parts.flatten() {
        digest.update(line_bytes(line));
    }
    hex(&digest.finalize())
}

/// Writes the files of a sheet.
///
/// # Errors
/// [`FileError`].
pub fn write(
    disk: &dyn Disk,
    folder: &str,
    name: &str,
    sheet: &Sheet,
) -> Result<Vec<Written>, FileError> {
    let mut written = Vec::new();
    let mut lines = FileWriter::begin(disk, folder, &format!("{name}.lines"))?;
    for line in &sheet.lines {
        lines.put(&line_bytes(line))?;
    }
    written.push(lines.finish()?);
    let mut by_track = FileWriter::begin(disk, folder, &format!("{name}.by-track"))?;
    for number in by_track_of(sheet) {
        by_track.put(&number.to_le_bytes())?;
    }
    written.push(by_track.finish()?);
    let mut next = 0_u64;
    let mut payees = Vec::with_capacity(sheet.payees.len());
    for (number, payee) in (0..).zip(sheet.payees.iter()) {
        payees.push((payee, next.to_le_bytes()));
        let mine = &sheet.lines[usize::try_from(next).expect("lines fit memory")..];
        next += mine.partition_point(|line| line.payee <= number) as u64;
    }
    written.push(shelf::write(disk, folder, &format!("{name}.payees"), &payees)?);
    let tracks: Vec<(&str, [u8; 0])> = sheet.tracks.iter().map(|track| (track, [])).collect();
    written.push(shelf::write(disk, folder, &format!("{name}.tracks"), &tracks)?);
    let pools: Vec<(&str, Vec<u8>)> = sheet.pools.iter().map(|it| ("", pool_json(it))).collect();
    written.push(shelf::write(disk, folder, &format!("{name}.pools"), &pools)?);
    let ways: Vec<(&str, Vec<u8>)> = sheet.ways.iter().map(|it| ("", way_json(it))).collect();
    written.push(shelf::write(disk, folder, &format!("{name}.ways"), &ways)?);
    Ok(written)
}

/// Numbers of lines in the order of their recordings.
fn by_track_of(sheet: &Sheet) -> Vec<u32> {
    let mut from = vec![0_u32; sheet.tracks.len() + 1];
    for line in &sheet.lines {
        from[line.track as usize + 1] += 1;
    }
    for at in 1..from.len() {
        from[at] += from[at - 1];
    }
    let mut numbers = vec![0; sheet.lines.len()];
    for (number, line) in (0..).zip(&sheet.lines) {
        let place = &mut from[line.track as usize];
        numbers[*place as usize] = number;
        *place += 1;
    }
    numbers
}

fn pool_json(pool: &Pool) -> Vec<u8> {
    let stored = StoredPool {
        right: pool.right.word().to_owned(),
        territory: pool.territory.as_deref().map(str::to_owned),
        tier: pool.tier.as_deref().map(str::to_owned),
        contract: pool.contract.to_string(),
        term: pool.term.to_string(),
        currency: pool.currency.to_string(),
        money: pool.money.get(),
        plays: pool.plays,
        steps: pool.steps.iter().map(|it| (it.what.clone(), it.result.clone())).collect(),
    };
    serde_json::to_vec(&stored).expect("texts and numbers are JSON")
}

fn way_json(way: &Way) -> Vec<u8> {
    let passed = way.passed.iter().map(|term| term.to_string()).collect();
    let stored = StoredWay { holder: way.holder.to_string(), passed };
    serde_json::to_vec(&stored).expect("texts are JSON")
}

fn parse_pool(bytes: &[u8]) -> Option<Pool> {
    let stored: StoredPool = serde_json::from_slice(bytes).ok()?;
    Some(Pool {
        right: Right::ALL.into_iter().find(|right| right.word() == stored.right)?,
        territory: stored.territory.map(Into::into),
        tier: stored.tier.map(Into::into),
        contract: stored.contract.into(),
        term: stored.term.into(),
        currency: Currency::parse(&stored.currency).ok()?,
        money: Micros::new(stored.money),
        plays: stored.plays,
        steps: stored.steps.into_iter().map(|(what, result)| Step { what, result }).collect(),
    })
}

fn parse_way(bytes: &[u8]) -> Option<Way> {
    let stored: StoredWay = serde_json::from_slice(bytes).ok()?;
    let passed = stored.passed.into_iter().map(Into::into).collect();
    Some(Way { holder: stored.holder.into(), passed })
}

/// A sheet that is read a piece at a time.
pub struct SheetFile {
    /// Of which month its plays are.
    pub period: Period,
    path: String,
    lines: Arc<dyn DiskFile>,
    by_track: Arc<dyn DiskFile>,
    count: u64,
    payees: Shelf,
    tracks: Shelf,
    pools: Shelf,
    ways: Shelf,
}

impl SheetFile {
    /// Opens the files of a sheet.
    ///
    /// # Errors
    /// [`FileError`].
    pub fn open(
        disk: &dyn Disk,
        folder: &str,
        name: &str,
        period: Period,
    ) -> Result<Self, FileError> {
        let path = format!("{folder}/{name}");
        let open = |kind: &str| {
            let path = format!("{path}.{kind}");
            disk.open(&path).map_err(FileError::disk(&path))
        };
        let shelf = |kind: &str| Shelf::open(disk, &format!("{path}.{kind}"));
        let lines = open("lines")?;
        let length = lines.length().map_err(FileError::disk(&path))?;
        Ok(Self {
            period,
            by_track: open("by-track")?,
            count: length / LINE_BYTES as u64,
            payees: shelf("payees")?,
            tracks: shelf("tracks")?,
            pools: shelf("pools")?,
            ways: shelf("ways")?,
            lines,
            path,
        })
    }

    /// How many lines there are.
    #[must_use]
    pub fn count(&self) -> u64 {
        self.count
    }

    /// The numbers of a payee's lines.
    ///
    /// # Errors
    /// [`FileError`].
    pub fn of_payee(&self, payee: &str) -> Result<Range<u64>, FileError> {
        let Some(number) = self.payees.find(payee)? else { return Ok(0..0) };
        let from = self.first_of(number)?;
        let until = match number + 1 < self.payees.len() {
            true => self.first_of(number + 1)?,
            false => self.count,
        };
        Ok(from..until)
    }

    fn first_of(&self, payee: u64) -> Result<u64, FileError> {
        let (_, first) = self.payees.get(payee)?;
        let first = first.try_into().map(u64::from_le_bytes);
        let first = first.ok().filter(|first| *first <= self.count);
        first.ok_or_else(|| FileError::damaged(&self.path, "a payee's lines begin nowhere"))
    }

    /// Lines by their numbers.
    ///
    /// # Errors
    /// [`FileError`].
    pub fn lines(&self, range: Range<u64>) -> Result<Vec<SheetLine>, FileError> {
        let count = range.end.saturating_sub(range.start);
        let length = usize::try_from(count).ok().and_then(|count| count.checked_mul(LINE_BYTES));
        let length = length.ok_or_else(|| FileError::damaged(&self.path, "too many lines"))?;
        let mut bytes = vec![0; length];
        let path = format!("{}.lines", self.path);
        read_exact(&*self.lines, &path, range.start * LINE_BYTES as u64, &mut bytes)?;
        Ok(bytes.as_chunks::<LINE_BYTES>().0.iter().map(parse_line).collect())
    }

    /// The numbers of the lines of a recording, at most `limit`.
    ///
    /// # Errors
    /// [`FileError`].
    pub fn of_track(&self, track_id: &str, limit: usize) -> Result<Vec<u64>, FileError> {
        let Some(track) = self.tracks.find(track_id)? else { return Ok(Vec::new()) };
        let (mut from, mut until) = (0, self.count);
        while from < until {
            let middle = from + (until - from) / 2;
            let line = self.line(self.nth_by_track(middle)?)?;
            if u64::from(line.track) < track { from = middle + 1 } else { until = middle }
        }
        let mut found = Vec::new();
        while from < self.count && found.len() < limit {
            let number = self.nth_by_track(from)?;
            if u64::from(self.line(number)?.track) != track {
                break;
            }
            found.push(number);
            from += 1;
        }
        found.sort_unstable();
        Ok(found)
    }

    fn nth_by_track(&self, place: u64) -> Result<u64, FileError> {
        let mut bytes = [0; 4];
        read_exact(&*self.by_track, &format!("{}.by-track", self.path), 4 * place, &mut bytes)?;
        Ok(u64::from(u32::from_le_bytes(bytes)))
    }

    /// A line by its number.
    ///
    /// # Errors
    /// [`FileError`].
    pub fn line(&self, number: u64) -> Result<SheetLine, FileError> {
        let mut bytes = [0; LINE_BYTES];
        let path = format!("{}.lines", self.path);
        read_exact(&*self.lines, &path, number * LINE_BYTES as u64, &mut bytes)?;
        Ok(parse_line(&bytes))
    }

    /// A payee's id.
    ///
    /// # Errors
    /// [`FileError`].
    pub fn payee(&self, number: u32) -> Result<String, FileError> {
        Ok(self.payees.get(number.into())?.0)
    }

    /// A recording's id.
    ///
    /// # Errors
    /// [`FileError`].
    pub fn track(&self, number: u32) -> Result<String, FileError> {
        Ok(self.tracks.get(number.into())?.0)
    }

    /// A pool.
    ///
    /// # Errors
    /// [`FileError`].
    pub fn pool(&self, number: u32) -> Result<Pool, FileError> {
        let (_, bytes) = self.pools.get(number.into())?;
        parse_pool(&bytes).ok_or_else(|| FileError::damaged(&self.path, "a pool can't be read"))
    }

    /// All pools.
    ///
    /// # Errors
    /// [`FileError`].
    pub fn pools(&self) -> Result<Vec<Pool>, FileError> {
        let damaged = || FileError::damaged(&self.path, "a pool can't be read");
        let pools = self.pools.all()?;
        pools.iter().map(|(_, it)| parse_pool(it)).collect::<Option<_>>().ok_or_else(damaged)
    }

    /// A way.
    ///
    /// # Errors
    /// [`FileError`].
    pub fn way(&self, number: u32) -> Result<Way, FileError> {
        let (_, bytes) = self.ways.get(number.into())?;
        parse_way(&bytes).ok_or_else(|| FileError::damaged(&self.path, "a way can't be read"))
    }

    /// All of it.
    ///
    /// # Errors
    /// [`FileError`].
    pub fn sheet(&self) -> Result<Sheet, FileError> {
        let damaged = || FileError::damaged(&self.path, "a pool or way can't be read");
        let names = |shelf: &Shelf| -> Result<Names, FileError> {
            Ok(Names::new(shelf.all()?.into_iter().map(|(key, _)| key.into()).collect()))
        };
        let pools = self.pools.all()?.iter().map(|(_, it)| parse_pool(it)).collect::<Option<_>>();
        let ways = self.ways.all()?.iter().map(|(_, it)| parse_way(it)).collect::<Option<_>>();
        Ok(Sheet {
            payees: names(&self.payees)?,
            tracks: names(&self.tracks)?,
            pools: pools.ok_or_else(damaged)?,
            ways: ways.ok_or_else(damaged)?,
            lines: self.lines(0..self.count)?,
        })
    }
}
