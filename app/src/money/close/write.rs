//! Writes a close's files: into a folder beside their place, made durable, then renamed at once.

use ledgerline_royalty::closing::Books;

use super::CloseError;
use super::compute::Outcome;
use super::record::Record;
use super::statements::{StoredTopUp, books, statements, stored_top_ups};
use super::stored::{
    CLOSES, MANIFEST, Manifest, NamedPlay, StoredAdjustment, StoredClose, folder, month_name,
    write_kept,
};
use crate::money::files::month::AddedUpFor;
use crate::money::files::shelf::{self, Shelf};
use crate::money::files::writing::{Written, read_all, sha256, write_all};
use crate::money::files::{FileError, lines, month};
use crate::money::usage_fold::ChangedPlay;
use crate::ports::Disk;
use ledgerline_royalty::statement::Cause;

const FORMAT: u32 = 1;
const TOP_UPS: &str = "topped-up.json";
const STATEMENTS: &str = "statements";

/// Writes all files of a close; the SHA-256 of its manifest. Where they are there already, they
/// must be the same.
pub(crate) fn write(
    disk: &dyn Disk,
    record: &Record,
    outcome: &Outcome,
) -> Result<String, CloseError> {
    let (place, partial) = (folder(record.period), format!("{}.partial", folder(record.period)));
    disk.create_folder(&partial).map_err(FileError::disk(&partial))?;
    let files = files(disk, &partial, outcome)?;
    let manifest = manifest(record, outcome, files);
    let bytes = serde_json::to_vec_pretty(&manifest).expect("texts and numbers are JSON");
    let digest = sha256(&bytes);
    write_all(disk, &partial, MANIFEST, &bytes)?;
    remove_others(disk, &partial, &manifest)?;
    disk.sync_folder(&partial).map_err(FileError::disk(&partial))?;
    let there = format!("{place}/{MANIFEST}");
    match read_all(disk, &there) {
        // A former try got as far as this.
        Ok(known) if sha256(&known) == digest => {
            remove_folder(disk, &partial)?;
            return Ok(digest);
        }
        Ok(_) => return Err(CloseError::OtherFiles { place }),
        Err(FileError::Disk { error, .. }) if error.kind() == std::io::ErrorKind::NotFound => {}
        Err(error) => return Err(error.into()),
    }
    disk.rename(&partial, &place).map_err(FileError::disk(&place))?;
    disk.sync_folder(CLOSES).map_err(FileError::disk(CLOSES))?;
    Ok(digest)
}

fn files(disk: &dyn Disk, partial: &str, outcome: &Outcome) -> Result<Vec<Written>, CloseError> {
    let mut files = lines::write(disk, partial, "own", &outcome.own)?;
    for adjustment in &outcome.adjustments {
        let name = format!("adjust-{}-{}", adjustment.period, adjustment.cause.word());
        files.extend(lines::write(disk, partial, &name, &adjustment.sheet)?);
    }
    files.push(shelf::write(disk, partial, STATEMENTS, &statements(outcome)?)?);
    let top_ups = serde_json::to_vec(&stored_top_ups(&outcome.closing.books));
    let top_ups = top_ups.expect("texts and numbers are JSON");
    files.push(write_all(disk, partial, TOP_UPS, &top_ups)?);
    files.push(write_kept(disk, partial, &outcome.kept)?);
    let needs = AddedUpFor::of(&outcome.needs);
    for (period, plays) in &outcome.months {
        files.push(month::write(disk, partial, &month_name(*period), (&needs, plays))?);
    }
    files.sort_by(|a, b| a.name.cmp(&b.name));
    Ok(files)
}

fn manifest(record: &Record, outcome: &Outcome, files: Vec<Written>) -> Manifest {
    let adjustments = outcome.adjustments.iter().map(|adjustment| {
        let changes = &adjustment.changes;
        let plays: &[ChangedPlay] = match adjustment.cause {
            Cause::ReversedPlays => &changes.reversed_plays,
            Cause::LatePlays => &changes.late_plays,
            _ => &[],
        };
        StoredAdjustment {
            period: adjustment.period.to_string(),
            cause: adjustment.cause.word().to_owned(),
            detail: adjustment.detail.clone(),
            plays: plays.iter().map(named).collect(),
        }
    });
    Manifest {
        format: FORMAT,
        period: record.period.to_string(),
        booked_at_ms: record.booked_at.get(),
        cut: record.cut.iter().map(|it| (it.partition.0, it.position.0, it.plays_bytes)).collect(),
        revisions: record.revisions,
        added_up_for: AddedUpFor::of(&outcome.needs),
        adjustments: adjustments.collect(),
        months: outcome.months.keys().map(ToString::to_string).collect(),
        files,
    }
}

fn named(play: &ChangedPlay) -> NamedPlay {
    NamedPlay {
        user_id: play.user_id.clone(),
        play_id: play.play_id.clone(),
        source: play.source.clone(),
        track_id: play.track_id.clone(),
        started_at: play.started_at.to_string(),
    }
}

/// What a former try left that isn't part of this one.
fn remove_others(disk: &dyn Disk, partial: &str, manifest: &Manifest) -> Result<(), FileError> {
    for name in disk.list(partial).map_err(FileError::disk(partial))? {
        let known = name == MANIFEST || manifest.files.iter().any(|file| file.name == name);
        if !known {
            let path = format!("{partial}/{name}");
            disk.remove(&path).map_err(FileError::disk(&path))?;
        }
    }
    Ok(())
}

fn remove_folder(disk: &dyn Disk, partial: &str) -> Result<(), FileError> {
    for name in disk.list(partial).map_err(FileError::disk(partial))? {
        let path = format!("{partial}/{name}");
        disk.remove(&path).map_err(FileError::disk(&path))?;
    }
    Ok(())
}

/// Opens the statements of a close.
pub(crate) fn open_statements(disk: &dyn Disk, close: &StoredClose) -> Result<Shelf, FileError> {
    Shelf::open(disk, &format!("{}/{STATEMENTS}", folder(close.record.period)))
}

/// Where everything stood after a close.
pub(crate) fn read_books(disk: &dyn Disk, close: &StoredClose) -> Result<Books, CloseError> {
    let path = format!("{}/{TOP_UPS}", folder(close.record.period));
    let bytes = read_all(disk, &path)?;
    let top_ups: Vec<StoredTopUp> = serde_json::from_slice(&bytes)
        .map_err(|error| FileError::damaged(&path, error.to_string()))?;
    let shelf = open_statements(disk, close)?;
    let damaged = || FileError::damaged(STATEMENTS, "a statement can't be read");
    Ok(books(&shelf.all()?, top_ups).ok_or_else(damaged)?)
}
