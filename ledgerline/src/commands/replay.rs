//! `replay`: playback reports from files, through the same path as HTTP.

use indicatif::ProgressBar;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::time::Instant;

use crate::chunks::{self, Chunks};
use crate::cli::ReplayClock;
use crate::failure::Failure;
use crate::feed::{self, FeedClock};
use crate::output::{print, print_json};
use crate::progress;
use crate::sending::{Sent, send};
use crate::session::Session;
use crate::summary::{Sums, json_of, text_of};

pub(super) async fn run(
    data: &Path,
    files: &[PathBuf],
    clock: ReplayClock,
    source: &str,
    as_json: bool,
) -> Result<u8, Failure> {
    let (clock, source) = match clock {
        ReplayClock::Receive => (FeedClock::Receive, source.to_owned()),
        ReplayClock::Event => (FeedClock::Event, format!("replay:{source}")),
    };
    let origin = feed::origin(&source, clock)?;
    // Every file is opened before anything is sent.
    let bar = bar_over(files)?;
    let mut inputs = Vec::new();
    for path in files {
        let bar = bar.clone();
        inputs.push((path, chunks::open(path, move |bytes| bar.inc(bytes))?));
    }
    let session = Session::begin(data).await?;
    let done = replay(&session, &origin, clock, inputs).await;
    bar.finish_and_clear();
    session.end().await?;
    let (sent, added, seconds) = done?;
    if as_json {
        print_json(&json_of(&sent, &added, seconds))?;
    } else {
        print(&text_of(&sent, &added, seconds))?;
    }
    Ok(u8::from(sent.rejected > 0 && sent.accepted == 0))
}

async fn replay(
    session: &Session,
    origin: &std::sync::Arc<ledgerline_app::intake::Origin>,
    clock: FeedClock,
    inputs: Vec<(&PathBuf, Box<dyn Read + Send>)>,
) -> Result<(Sent, Sums, f64), Failure> {
    let before = Sums::now(session).await?;
    let began = Instant::now();
    let mut sent = Sent::default();
    for (path, input) in inputs {
        let mut chunks = Chunks::new(input);
        let mut next = || chunks.next().map_err(|error| Failure::io(path, &error));
        sent.add(send(session, origin, clock, &mut next, &|_| {}).await?);
    }
    let after = Sums::now(session).await?;
    Ok((sent, after.since(&before), began.elapsed().as_secs_f64()))
}

fn bar_over(files: &[PathBuf]) -> Result<ProgressBar, Failure> {
    let mut total = Some(0);
    for path in files {
        if path == Path::new("-") {
            total = None;
        } else {
            let length = std::fs::metadata(path).map_err(|error| Failure::io(path, &error))?.len();
            total = total.map(|total| total + length);
        }
    }
    Ok(match total {
        Some(total) => progress::bytes(total, "replaying"),
        None => progress::count("bytes read"),
    })
}
