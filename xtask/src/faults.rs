//! `cargo xtask faults`: the long faults against the release binary, and what they measured.
//!
//! The faults are tests of the product (`ledgerline/tests/it/faults`). They print their figures, one
//! JSON object a line; here these are gathered.

use crate::Exit;
use crate::cli::Faults;
use crate::demo;
use crate::needs::{self, Need};
use crate::programs::cargo;
use crate::steps::Outcome;
use crate::test::cargo_test;
use crate::workspace::Workspace;

/// What a line of figures begins with; the name of its test may stand before it.
const MEASURED: &str = "measured: ";

/// Builds, runs, prints.
pub fn run(workspace: &Workspace, options: &Faults) -> Exit {
    let mut wanted = demo::NEEDS.to_vec();
    if cfg!(target_os = "linux") {
        wanted.push(Need::Strace);
    }
    if needs::ensure(workspace, &wanted, options.install).is_err() {
        return Exit::Missing;
    }
    let mut command = cargo(workspace);
    command
        .args(["test", "--release", "--package", "ledgerline", "--test", "it", "--"])
        // One after the other: each has the machine for itself.
        .args(["--nocapture", "--test-threads", "1"])
        .arg(format!("faults::{}", options.only))
        .env("LEDGERLINE_LONG", "1")
        .env("LEDGERLINE_FAULTS_KILLS", options.kills.to_string());
    let mut figures = Vec::new();
    let outcome = cargo_test::sum_up(&mut command, &mut |line| {
        if options.json {
            eprintln!("{line}");
        } else {
            println!("{line}");
        }
        figures.extend(figures_of(line).map(str::to_owned));
    });
    let (passed, failed) = match &outcome {
        Outcome::Tallied(tally) => (tally.passed, tally.failed),
        _ => (0, 1),
    };
    if options.json {
        let figures = figures.join(", ");
        println!("{{\"faults\": [{figures}], \"passed\": {passed}, \"failed\": {failed}}}");
    } else {
        println!("\nmeasured:");
        figures.iter().for_each(|figures| println!("  {figures}"));
        println!("{passed} passed, {failed} failed");
    }
    if failed == 0 { Exit::Good } else { Exit::Failed }
}

/// The JSON object of a line of figures.
fn figures_of(line: &str) -> Option<&str> {
    let (_, object) = line.split_once(MEASURED)?;
    (object.starts_with('{') && object.ends_with('}')).then_some(object)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn figures_are_gathered() {
        let line = "test faults::kills::a ... measured: {\"fault\":\"kills\"}";
        assert_eq!(figures_of(line), Some("{\"fault\":\"kills\"}"));
        assert_eq!(figures_of("measured: {\"a\":1}"), Some("{\"a\":1}"));
        for other in ["test result: ok", "0 measured; 1 filtered out", "measured: nothing"] {
            assert_eq!(figures_of(other), None, "{other}");
        }
    }
}
