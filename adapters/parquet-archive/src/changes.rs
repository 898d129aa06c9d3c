//! Changes of counted plays as columns.

use ledgerline_app::ports::{ArchiveFileError, ArchivedChange, ArchivedChanges};
use ledgerline_ids::Position;
use ledgerline_records::verdict::{Reason, Status};

use crate::columns::{Column, Form, Rows};
use crate::file::{Opened, damaged};

/// No rows yet, in the order of the file.
fn no_rows() -> Vec<Column> {
    use Form::{Count, Instant, Small, Text};
    let (required, optional) = (Column::required, Column::optional);
    vec![
        required("partition", Small),
        required("cause", Count),
        required("changed_at", Instant),
        required("change", Small),
        required("transition_id", Text),
        required("number", Count),
        required("amendment", Count),
        required("rule_version", Small),
        optional("from_status", Text),
        required("to_status", Text),
        optional("reason", Text),
        required("play", Text),
        required("source", Text),
        optional("user_id", Text),
        optional("play_id", Text),
        required("first_received_at", Instant),
        required("track_id", Text),
        required("started_at", Instant),
        required("listened_ms", Count),
        optional("tier", Text),
        optional("territory", Text),
    ]
}

/// The columns of a part.
pub(crate) fn columns_of(part: &ArchivedChanges) -> Vec<Column> {
    let mut columns = no_rows();
    for change in &part.changes {
        let mut columns = columns.iter_mut();
        let mut next = || columns.next().expect("a row has as many fields as there are columns");
        next().small(Some(i32::from(part.head.partition.0)));
        next().count(Some(change.cause.0));
        next().instant(Some(change.changed_at));
        next().small(Some(change.change));
        next().text(Some(&change.transition_id));
        next().count(Some(change.number));
        next().count(Some(change.amendment));
        next().small(Some(i32::from(change.rule_version)));
        next().text(change.from_status.map(Status::as_str));
        next().text(Some(change.to_status.as_str()));
        next().text(change.reason.map(Reason::as_str));
        next().text(Some(&change.play));
        next().text(Some(&change.source));
        next().text(change.user_id.as_deref());
        next().text(change.play_id.as_deref());
        next().instant(Some(change.first_received_at));
        next().text(Some(&change.track_id));
        next().instant(Some(change.started_at));
        next().count(Some(change.listened_ms));
        next().text(change.tier.as_deref());
        next().text(change.territory.as_deref());
    }
    columns
}

/// The part that a file has.
pub(crate) fn part_of(file: &Opened) -> Result<ArchivedChanges, ArchiveFileError> {
    let part = u32::try_from(file.number);
    let part = part.map_err(|_| damaged("its part is no such number".to_owned()))?;
    let columns = file.read(&no_rows())?;
    let mut rows: Vec<Rows<'_>> = columns.iter().map(Rows::of).collect();
    let mut changes = Vec::with_capacity(file.rows);
    for number in 0..file.rows {
        let change = change(&mut rows);
        let wrong = || damaged(format!("row {number} of it is no change of a counted play"));
        let (partition, change) = change.ok_or_else(wrong)?;
        if partition != i32::from(file.head.partition.0) {
            return Err(wrong());
        }
        changes.push(change);
    }
    let found = ArchivedChanges { head: file.head.clone(), part, changes };
    // A word that isn't known here would be lost otherwise.
    file.must_hold(&columns_of(&found))?;
    Ok(found)
}

fn change(rows: &mut [Rows<'_>]) -> Option<(i32, ArchivedChange)> {
    let mut rows = rows.iter_mut();
    let mut next = || rows.next().expect("there are as many columns as fields");
    let text = |rows: &mut Rows<'_>| rows.text().map(str::to_owned);
    let partition = next().small()?;
    let change = ArchivedChange {
        cause: Position(next().count()?),
        changed_at: next().instant()?,
        change: next().small().filter(|change| matches!(change, 1 | -1))?,
        transition_id: text(next())?,
        number: next().count()?,
        amendment: next().count()?,
        rule_version: u16::try_from(next().small()?).ok()?,
        from_status: next().text().and_then(Status::from_word),
        to_status: next().text().and_then(Status::from_word)?,
        reason: next().text().and_then(Reason::from_word),
        play: text(next())?,
        source: text(next())?,
        user_id: text(next()),
        play_id: text(next()),
        first_received_at: next().instant()?,
        track_id: text(next())?,
        started_at: next().instant()?,
        listened_ms: next().count()?,
        tier: text(next()),
        territory: text(next()),
    };
    Some((partition, change))
}
