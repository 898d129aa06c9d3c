//! Blobs in a folder and in a bucket against the port's suite, and what is each one's own.

#![allow(clippy::unwrap_used, reason = "a test that fails says where")]

mod folder;
#[cfg(feature = "s3")]
mod s3;
#[cfg(feature = "s3")]
mod server;

/// Somebody who tests this crate alone is told what that leaves out.
#[cfg(not(feature = "s3"))]
#[test]
fn buckets_are_left_out_aloud() {
    use std::io::Write as _;

    let in_ci = std::env::var("CI").is_ok_and(|value| value == "true" || value == "1");
    assert!(!in_ci, "without the feature `s3`, and nothing is left out in CI");
    // Around the harness, which hides what a test that passes prints.
    let _ = std::io::stdout()
        .write_all(b"skipped: every test on a bucket: `--features s3` builds them\n");
}
