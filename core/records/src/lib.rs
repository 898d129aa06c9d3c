//! Versioned records of the logs: the one owner of their bytes.
//!
//! Two logs are made of the same frames. The *report log* holds what came in; the
//! *plays log* holds what was decided: each change of a merged play, as the whole play.
//! A record begins with its kind and its version, so an old log stays readable.
//!
//! In reading order:
//! - [`frame`]: a checksummed group of records, the unit that is written and made durable
//! - [`report`]: one playback report with what was stamped on it at intake
//! - [`control`]: ticks, catalogue facts and people's decisions, which enter by the same log
//! - [`play`]: one change of a merged play
//! - [`verdict`]: statuses, verdicts, reasons: the words, not the rules

pub mod control;
pub mod frame;
pub mod play;
pub mod report;
mod report_v1;
pub mod verdict;
mod wire;

pub use wire::DecodeError;

use control::{Adjudicated, DeviceFact, FraudRuling, Tick, TrackFact};
use report::ReportRecord;

/// The newest versions in which this program writes reports and control records to the report log. Programs
/// that share a log agree on them: what one writes, all must be able to read. Reports can be written in an older
/// one too ([`report::ReportForm`]).
pub const WRITTEN_VERSIONS: (u8, u8) = (report::VERSION, control::VERSION);

/// Any record of the report log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum LogRecord<'a> {
    /// A playback report that was accepted.
    Report(ReportRecord<'a>),
    /// Time has passed.
    Tick(Tick),
    /// The catalogue learnt about a track.
    TrackFact(TrackFact<'a>),
    /// The deployment's list of bot devices changed.
    DeviceFact(DeviceFact<'a>),
    /// A person decided a play that came too late or too early.
    Adjudicated(Adjudicated<'a>),
    /// A person held, excluded or reinstated a play.
    FraudRuling(FraudRuling<'a>),
}

impl<'a> LogRecord<'a> {
    /// Appends the record's bytes to `out`, without a length before them.
    pub fn encode(&self, out: &mut Vec<u8>) {
        match self {
            Self::Report(record) => record.encode(out),
            Self::Tick(record) => record.encode(out),
            Self::TrackFact(record) => record.encode(out),
            Self::DeviceFact(record) => record.encode(out),
            Self::Adjudicated(record) => record.encode(out),
            Self::FraudRuling(record) => record.encode(out),
        }
    }

    /// Reads one record that fills `bytes`.
    ///
    /// # Errors
    /// [`DecodeError`] where the bytes are of a newer version, cut off or no record.
    pub fn decode(bytes: &'a [u8]) -> Result<Self, DecodeError> {
        match bytes.first() {
            Some(&report::KIND) => ReportRecord::decode(bytes).map(Self::Report),
            Some(&control::TICK) => Tick::decode(bytes).map(Self::Tick),
            Some(&control::TRACK_FACT) => TrackFact::decode(bytes).map(Self::TrackFact),
            Some(&control::DEVICE_FACT) => DeviceFact::decode(bytes).map(Self::DeviceFact),
            Some(&control::ADJUDICATED) => Adjudicated::decode(bytes).map(Self::Adjudicated),
            Some(&control::FRAUD_RULING) => FraudRuling::decode(bytes).map(Self::FraudRuling),
            Some(&kind) => Err(DecodeError::UnknownKind { kind }),
            None => Err(DecodeError::CutOff),
        }
    }
}
