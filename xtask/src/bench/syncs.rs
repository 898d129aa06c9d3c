//! How often a program has the disk made sure: counted by strace, in a run of its own.

use super::ask::until;
use super::figures::Syncs;
use super::place::Place;
use crate::programs::answer;
use std::fs;
use std::path::Path;
use std::process::Command;
use std::time::Duration;

/// What makes written bytes durable.
const CALLS: &[&str] = &["fsync", "fdatasync", "msync", "sync_file_range"];
/// The tracer writes its summary when the program has ended.
const SUMMARY_MAX: Duration = Duration::from_secs(10);

/// Whether strace is here.
///
/// # Errors
/// It isn't.
pub fn available() -> Result<(), String> {
    answer("strace", &["-V"]).map(drop).ok_or_else(|| "there is no strace".to_owned())
}

/// The product under strace. Its process is the one that is started: the tracer stands beside it,
/// and stops it at these calls only.
pub fn under(place: &Place, summary: &Path) -> Command {
    let _ = fs::remove_file(summary);
    let trace = format!("trace={}", CALLS.join(","));
    let summary = summary.to_string_lossy().into_owned();
    let words = ["-D", "-f", "--seccomp-bpf", "-c", "-e", &trace, "-o", &summary];
    place.product_under("strace", &words)
}

/// The summary, once it is there.
///
/// # Errors
/// It doesn't come, or can't be read.
pub fn read(summary: &Path, reports: u64) -> Result<Syncs, String> {
    until(SUMMARY_MAX, "strace has written nothing", || {
        Ok(fs::read_to_string(summary).is_ok_and(|text| text.contains("total")))
    })?;
    let text = fs::read_to_string(summary).map_err(|error| error.to_string())?;
    Ok(Syncs { calls: calls_in(&text), reports })
}

/// `% time, seconds, usecs/call, calls, errors (or nothing), syscall`
fn calls_in(text: &str) -> u64 {
    let calls = |line: &str| -> Option<u64> {
        let words: Vec<&str> = line.split_whitespace().collect();
        let known = words.last().is_some_and(|name| CALLS.contains(name));
        known.then(|| words.get(3)?.parse().ok())?
    };
    text.lines().filter_map(calls).sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn calls_are_summed() {
        let text = "% time     seconds  usecs/call     calls    errors syscall\n\
                    ------ ----------- ----------- --------- --------- ----------------\n \
                    78.70    0.006123          87        70           fdatasync\n \
                    21.30    0.001657          27        60         2 fsync\n\
                    ------ ----------- ----------- --------- --------- ----------------\n\
                    100.00    0.007780          59       130         2 total\n";
        assert_eq!(calls_in(text), 130);
        assert_eq!(calls_in(""), 0);
    }
}
