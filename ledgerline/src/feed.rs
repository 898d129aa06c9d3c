//! Reports from files: the same decoding and the same intake as by HTTP.

use ledgerline_app::access::BACKFILL_PREFIXES;
use ledgerline_app::intake::{Batch, Intake, Origin, Rejection};
use ledgerline_app::privacy::Introduced;
use ledgerline_http_api::reports::read_lines;
use ledgerline_ids::{PlayId, SourceName, UnixMs};
use ledgerline_records::report::Producer;
use std::sync::Arc;

use crate::failure::Failure;

/// Whose time the reports are received at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FeedClock {
    /// Now, as by HTTP.
    Receive,
    /// Their own: a backfill.
    Event,
}

impl FeedClock {
    /// What may be believed of the reports.
    #[must_use]
    pub fn producer(self) -> Producer {
        match self {
            Self::Receive => Producer::Trusted,
            Self::Event => Producer::Backfill,
        }
    }

    /// The name in a request.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Receive => "receive",
            Self::Event => "event",
        }
    }
}

/// Who the reports of a file come from: a source of its own, never a key's.
///
/// # Errors
/// [`Failure`] where the name can't be a source.
pub fn origin(source: &str, clock: FeedClock) -> Result<Arc<Origin>, Failure> {
    SourceName::new(source).map_err(|error| {
        Failure::usage(format!("the source {source:?} is not valid: it {error}"))
    })?;
    let reserved = BACKFILL_PREFIXES.iter().any(|prefix| source.starts_with(prefix));
    if reserved != (clock == FeedClock::Event) {
        return Err(Failure::usage(
            "a source that begins with \"import:\" or \"replay:\" is a backfill's, and only that",
        ));
    }
    Ok(Arc::new(Origin {
        source: source.into(),
        producer: clock.producer(),
        user_prefix: None,
        key_id: format!("file:{source}").into(),
        reports_per_second: None,
        limited: false,
        listener: None,
    }))
}

/// Lines that are decoded and stamped, on their way into the log.
pub struct Staged<'i> {
    /// The good ones.
    pub batch: Batch<'i>,
    /// Why the others are none; at most [`REJECTIONS_MAX`] of them.
    pub rejections: Vec<Rejection>,
    /// How many others there are.
    pub rejected: u64,
    /// How many lines there are, good, bad and blank.
    pub lines: u64,
    /// The receive time of the last good line.
    pub last_received_at: Option<UnixMs>,
}

/// How many rejections are kept of one chunk.
pub const REJECTIONS_MAX: usize = 100;

/// Decodes and stamps lines of NDJSON. `previous` says the receive time of the line before
/// the first; it is asked only where a line has no time of its own. Where the batch has unknown
/// listeners, they are to be introduced, and the lines staged again.
pub fn stage<'i>(
    intake: &'i Intake,
    (origin, introduced): (&Arc<Origin>, &Introduced),
    clock: FeedClock,
    ndjson: &[u8],
    previous: &dyn Fn() -> UnixMs,
) -> Staged<'i> {
    let mut staged = Staged {
        batch: intake.begin_knowing(origin, introduced),
        rejections: Vec::new(),
        rejected: 0,
        lines: 0,
        last_received_at: None,
    };
    staged.batch.reserve(ndjson.len());
    let lines = read_lines(ndjson, |number, read, _| {
        let taken = read.map_err(|error| error.at(number)).and_then(|report| {
            if clock == FeedClock::Receive {
                return staged.batch.add(number, report);
            }
            let start = report.started_at.or_else(|| report.play_id.and_then(PlayId::uuid_v7_time));
            let received_at = match start {
                Some(start) => start.plus(report.listened_ms),
                None => staged.last_received_at.unwrap_or_else(previous),
            };
            staged.last_received_at = Some(received_at);
            staged.batch.add_backfilled(number, report, received_at)
        });
        if let Err(rejection) = taken {
            staged.rejected += 1;
            if staged.rejections.len() < REJECTIONS_MAX {
                staged.rejections.push(rejection);
            }
        }
    });
    staged.lines = lines;
    staged
}
