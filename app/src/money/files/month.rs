//! A month's plays as a file.
//!
//! ```text
//! "LLMONTH1"  what the terms asked for, as a length u32 and JSON
//! four lists of names (recordings, countries, plans, listeners): count u32, each a length u16 and bytes
//! rows u64, each 36 bytes: listener u32, start u64, recording u32, country u32, plan u32, use u8,
//! threshold u8, standing u8, why u8, plays i64
//! ```

use ledgerline_royalty::month_plays::{MonthPlays, PartKey, PartRow, Standing};
use ledgerline_royalty::usage::{Names, Use};
use ledgerline_royalty::usage_fold::UsageNeeds;
use serde::{Deserialize, Serialize};
use std::convert::Infallible;

use super::FileError;
use super::writing::{FileWriter, Written, read_all};
use crate::ports::Disk;

const MAGIC: &[u8; 8] = b"LLMONTH1";
const ROW_BYTES: usize = 36;

/// What plays were added up for.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AddedUpFor {
    bands_ms: Vec<u32>,
    listeners: bool,
    straight: bool,
}

impl AddedUpFor {
    /// What of these needs shows in the rows.
    #[must_use]
    pub fn of(needs: &UsageNeeds) -> Self {
        let UsageNeeds { bands_ms, listeners, straight, .. } = needs.clone();
        Self { bands_ms, listeners, straight }
    }
}

/// Writes a month.
///
/// # Errors
/// [`FileError`].
pub fn write(
    disk: &dyn Disk,
    folder: &str,
    name: &str,
    (needs, month): (&AddedUpFor, &MonthPlays),
) -> Result<Written, FileError> {
    let mut writer = FileWriter::begin(disk, folder, name)?;
    put(needs, month, &mut |bytes| writer.put(bytes))?;
    writer.finish()
}

/// A month of usage that was brought, in the form of these files.
#[must_use]
pub fn to_bytes(month: &MonthPlays) -> Vec<u8> {
    let mut all = Vec::with_capacity(month.rows.len() * ROW_BYTES);
    let Ok(()) = put(&AddedUpFor::default(), month, &mut |bytes| {
        all.extend_from_slice(bytes);
        Ok::<_, Infallible>(())
    });
    all
}

/// Reads what [`to_bytes`] wrote; `None` where it is something else.
#[must_use]
pub fn from_bytes(bytes: &[u8]) -> Option<MonthPlays> {
    parse(bytes).map(|(_, month)| month)
}

fn put<E>(
    needs: &AddedUpFor,
    month: &MonthPlays,
    put: &mut dyn FnMut(&[u8]) -> Result<(), E>,
) -> Result<(), E> {
    put(MAGIC)?;
    let needs = serde_json::to_vec(needs).expect("numbers and words are JSON");
    put(&length_u32(needs.len()))?;
    put(&needs)?;
    for names in [&month.tracks, &month.territories, &month.tiers, &month.listeners] {
        put(&length_u32(names.len()))?;
        for name in names.iter() {
            let length = u16::try_from(name.len()).expect("identifiers are short");
            put(&length.to_le_bytes())?;
            put(name.as_bytes())?;
        }
    }
    put(&(month.rows.len() as u64).to_le_bytes())?;
    for row in &month.rows {
        put(&row_bytes(row))?;
    }
    Ok(())
}

fn row_bytes(row: &PartRow) -> [u8; ROW_BYTES] {
    let PartKey { track, territory, tier, usage_use, band, standing, why } = row.key;
    let mut bytes = [0; ROW_BYTES];
    bytes[0..4].copy_from_slice(&row.listener.to_le_bytes());
    bytes[4..12].copy_from_slice(&row.started_ms.to_le_bytes());
    bytes[12..16].copy_from_slice(&track.to_le_bytes());
    bytes[16..20].copy_from_slice(&territory.to_le_bytes());
    bytes[20..24].copy_from_slice(&tier.to_le_bytes());
    bytes[24..28].copy_from_slice(&[usage_use as u8, band, standing as u8, why]);
    bytes[28..36].copy_from_slice(&row.plays.to_le_bytes());
    bytes
}

fn length_u32(length: usize) -> [u8; 4] {
    u32::try_from(length).expect("fewer than 2^32 names fit memory").to_le_bytes()
}

/// Reads a month.
///
/// # Errors
/// [`FileError`].
pub fn read(disk: &dyn Disk, path: &str) -> Result<(AddedUpFor, MonthPlays), FileError> {
    let bytes = read_all(disk, path)?;
    parse(&bytes).ok_or_else(|| FileError::damaged(path, "it is no month of plays"))
}

fn parse(bytes: &[u8]) -> Option<(AddedUpFor, MonthPlays)> {
    let mut rest = bytes.strip_prefix(MAGIC)?;
    let needs = take_u32(&mut rest)?;
    let needs = serde_json::from_slice(take(&mut rest, needs)?).ok()?;
    let mut names = || {
        let count = take_u32(&mut rest)?;
        let mut names = Vec::new();
        for _ in 0..count {
            let length = u16::from_le_bytes(take(&mut rest, 2)?.try_into().ok()?);
            let name = std::str::from_utf8(take(&mut rest, usize::from(length))?).ok()?;
            names.push(name.into());
        }
        Some(Names::new(names))
    };
    let (tracks, territories) = (names()?, names()?);
    let (tiers, listeners) = (names()?, names()?);
    let count = u64::from_le_bytes(take(&mut rest, 8)?.try_into().ok()?);
    if rest.len() != usize::try_from(count).ok()?.checked_mul(ROW_BYTES)? {
        return None;
    }
    let rows = rest.as_chunks::<ROW_BYTES>().0.iter().map(row).collect::<Option<Vec<_>>>()?;
    Some((needs, MonthPlays { tracks, territories, tiers, listeners, rows }))
}

fn row(bytes: &[u8; ROW_BYTES]) -> Option<PartRow> {
    let number = |at: usize| Some(u32::from_le_bytes(bytes[at..at + 4].try_into().ok()?));
    Some(PartRow {
        listener: number(0)?,
        started_ms: u64::from_le_bytes(bytes[4..12].try_into().ok()?),
        key: PartKey {
            track: number(12)?,
            territory: number(16)?,
            tier: number(20)?,
            usage_use: *Use::ALL.get(usize::from(bytes[24]))?,
            band: bytes[25],
            standing: *Standing::ALL.get(usize::from(bytes[26]))?,
            why: bytes[27],
        },
        plays: i64::from_le_bytes(bytes[28..36].try_into().ok()?),
    })
}

fn take<'b>(rest: &mut &'b [u8], length: usize) -> Option<&'b [u8]> {
    let (taken, behind) = rest.split_at_checked(length)?;
    *rest = behind;
    Some(taken)
}

fn take_u32(rest: &mut &[u8]) -> Option<usize> {
    let number = u32::from_le_bytes(take(rest, 4)?.try_into().ok()?);
    usize::try_from(number).ok()
}
