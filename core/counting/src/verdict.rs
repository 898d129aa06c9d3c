//! What became of a report.

use ledgerline_records::verdict::{Status, Verdict};

/// The verdict on a report that changed its play (or opened it).
///
/// `before` and `after` are the play's status without fraud; `before` is `None` for a play
/// that the report opened. `adds` is false for an unsound report of a play that is sound.
#[inline]
#[must_use]
pub fn verdict(before: Option<Status>, after: Status, adds: bool) -> Verdict {
    if !adds {
        return Verdict::NotPayable;
    }
    match after {
        Status::Conflict => Verdict::Conflict,
        Status::Adjudication => Verdict::Adjudication,
        Status::NotPayable => Verdict::NotPayable,
        Status::Counted if before != Some(Status::Counted) => Verdict::Counted,
        Status::Counted
        | Status::Pending
        | Status::BelowThreshold
        | Status::Held
        | Status::Excluded => Verdict::Progress,
    }
}
