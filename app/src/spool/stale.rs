//! What the catalogue has learnt since reports were stamped.
//!
//! Counting takes a fact into the plays that are there when it comes. A report that waited in the spool comes behind
//! facts that it was stamped without, so those are told again behind it. What this node learns later, it tells then
//! anyway (`Catalogue::follow`).

use ledgerline_records::LogRecord;
use ledgerline_records::control::TrackFact;
use ledgerline_records::frame::{RecordGroup, Records};
use std::collections::BTreeSet;

use crate::catalogue::CatalogueView;
use crate::ports::Frame;

/// The facts, each once; none nearly always.
pub(super) fn facts(frames: &[Frame], catalogue: &CatalogueView<'_>) -> RecordGroup {
    let mut facts = RecordGroup::default();
    let mut told = BTreeSet::new();
    for frame in frames {
        // What nobody can read, whoever reads the log says so.
        for (_, bytes) in Records::new(frame.payload()).flatten() {
            let Ok(LogRecord::Report(report)) = LogRecord::decode(bytes) else { continue };
            let (stamp, had) = (catalogue.stamp(report.track.as_str()), report.stamp);
            let same = (stamp.known, stamp.length_ms) == (had.known, had.length_ms);
            if stamp.revision > had.revision && !same && told.insert(report.track) {
                let fact = LogRecord::TrackFact(TrackFact { track: report.track, stamp });
                facts.push_with(|out| fact.encode(out));
            }
        }
    }
    facts
}
