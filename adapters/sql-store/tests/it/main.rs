//! The stores against the suites of its ports, and what is one database's own: files, locks, damage.

#![allow(clippy::unwrap_used, reason = "a test that fails says where")]

mod accords;
mod beside;
mod damage;
mod durability;
mod facts_of_one_hour;
mod great_release;
mod ledger;
mod patience;
#[cfg(feature = "postgres")]
mod postgres;
mod rivals;
mod suites;
mod telling;

/// Somebody who tests this crate alone is told what that leaves out.
#[cfg(not(feature = "postgres"))]
#[test]
fn postgresql_is_left_out_aloud() {
    use std::io::Write as _;

    let in_ci = std::env::var("CI").is_ok_and(|value| value == "true" || value == "1");
    assert!(!in_ci, "without the feature `postgres`, and nothing is left out in CI");
    // Around the harness, which hides what a test that passes prints.
    let _ = std::io::stdout()
        .write_all(b"skipped: every test on PostgreSQL: `--features postgres` builds them\n");
}
