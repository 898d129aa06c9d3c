//! `cargo test`, with its results summed up.

use crate::cli::Test;
use crate::programs::{FEATURES, cargo, stream};
use crate::services::ForTests;
use crate::steps::{Outcome, Tally};
use crate::workspace::Workspace;
use std::process::Command;

/// A test that leaves itself out writes a line with this to its real stdout.
const SKIPPED: &str = "skipped: ";

/// Runs every test of the workspace; one profile, dev.
pub fn run(workspace: &Workspace, options: &Test, services: &ForTests) -> Outcome {
    if !workspace.root().join("../shared/data").is_dir() {
        println!("          ../shared/data is absent: tests on real histories skip themselves");
    }
    let mut command = cargo(workspace);
    command.args(["test", "--workspace", "--no-fail-fast"]).args(FEATURES);
    if options.long {
        command.env("LEDGERLINE_LONG", "1");
    }
    command.env("LEDGERLINE_WITHOUT", options.without.join(","));
    command.envs(services.environment());
    sum_up(&mut command, &mut |line| println!("{line}"))
}

/// Tests of the program that hold as they are where it is a node on Kafka and PostgreSQL.
const ON_NODES: [&str; 3] = ["real::", "truth::", "faults::kills::"];

/// Runs those on nodes.
pub fn run_on_nodes(workspace: &Workspace, options: &Test, services: &ForTests) -> Outcome {
    let mut command = cargo(workspace);
    // The whole workspace: cargo then unites features as before, and builds nothing twice.
    command.args(["test", "--workspace", "--no-fail-fast", "--test", "it"]).args(FEATURES);
    command.arg("--").args(ON_NODES);
    if options.long {
        command.env("LEDGERLINE_LONG", "1");
    }
    command.env("LEDGERLINE_TEST_ON", "nodes").envs(services.environment());
    sum_up(&mut command, &mut |line| println!("{line}"))
}

/// Runs a `cargo test`, and gives each line that it prints to `each_line`.
pub fn sum_up(command: &mut Command, each_line: &mut dyn FnMut(&str)) -> Outcome {
    let mut tally = Tally::default();
    let ended = stream(command, |line| {
        each_line(line);
        read_line(line, &mut tally);
    });
    conclude(tally, ended)
}

/// Takes in one line of cargo's output.
fn read_line(line: &str, tally: &mut Tally) {
    if let Some(result) = line.strip_prefix("test result: ") {
        tally.passed += number_before(result, " passed");
        tally.failed += number_before(result, " failed");
        tally.ignored += number_before(result, " ignored");
    } else if let Some((_, reason)) = line.split_once(SKIPPED) {
        tally.skipped.push(reason.to_owned());
    }
}

/// A test program that died has no result line; what did not compile has none either.
fn conclude(mut tally: Tally, ended: Result<(), String>) -> Outcome {
    match ended {
        Err(reason) if tally.failed == 0 => {
            println!("          cargo test: {reason}");
            tally.failed = 1;
        }
        Ok(()) if tally.passed == 0 => {
            return Outcome::Failed("not one test ran".to_owned());
        }
        _ => {}
    }
    Outcome::Tallied(tally)
}

/// The number in front of `word`: 7 in `ok. 7 passed; 0 failed`.
fn number_before(text: &str, word: &str) -> u64 {
    let before = text.split(word).next().filter(|before| before.len() < text.len());
    let digits = before.and_then(|before| before.rsplit(' ').next());
    digits.and_then(|digits| digits.parse().ok()).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tally(lines: &[&str]) -> Tally {
        let mut tally = Tally::default();
        lines.iter().for_each(|line| read_line(line, &mut tally));
        tally
    }

    #[test]
    fn result_lines_are_summed() {
        let sums = tally(&[
            "running 3 tests",
            "test a ... ok",
            "test result: ok. 12 passed; 0 failed; 1 ignored; 0 measured; 0 filtered out; finished",
            "test result: FAILED. 3 passed; 2 failed; 0 ignored; 0 measured; 0 filtered out; in",
            "test b ... skipped: ../shared/data is absent",
        ]);
        assert_eq!((sums.passed, sums.failed, sums.ignored), (15, 2, 1));
        assert_eq!(sums.skipped, ["../shared/data is absent"]);
    }

    #[test]
    fn a_run_without_a_result_is_a_failure() {
        let died = conclude(Tally { passed: 5, ..Tally::default() }, Err("signal 6".to_owned()));
        assert!(matches!(died, Outcome::Tallied(Tally { passed: 5, failed: 1, .. })));
        assert!(matches!(conclude(Tally::default(), Ok(())), Outcome::Failed(_)));
        let counted = conclude(Tally { failed: 2, ..Tally::default() }, Err("101".to_owned()));
        assert!(matches!(counted, Outcome::Tallied(Tally { failed: 2, .. })));
    }
}
