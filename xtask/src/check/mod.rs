//! `cargo xtask check`: format, lints and architecture.
//!
//! A check that can't fail is a defect: each one carries a bad example, and is run on it first.

mod decisions;
mod dependencies;
mod endpoints;
mod length;
mod links;
mod manifest;
mod purity;
mod rings;
mod rust_source;
mod tools;
mod tree;
mod words;

use crate::Exit;
use crate::cli;
use crate::needs::{self, Need};
use crate::steps::{Outcome, Steps};
use crate::workspace::Workspace;
use std::fmt;
use tree::Tree;

/// What compiling, formatting and linting take.
pub const NEEDS: &[Need] = &[
    Need::Rust,
    Need::CCompiler,
    Need::CxxCompiler,
    Need::Make,
    Need::Perl,
    Need::Rustfmt,
    Need::Clippy,
];

/// A property of the repository's files.
struct Check {
    name: &'static str,
    run: fn(&Tree) -> Vec<Finding>,
    /// Files in which it must find something.
    bad_example: &'static [(&'static str, &'static str)],
}

/// One place where a check doesn't hold.
#[derive(Debug)]
struct Finding {
    path: String,
    /// From 1; 0 where it is about the whole file.
    line: usize,
    reason: String,
}

/// In the order in which they are run; cheap ones, all of them.
const CHECKS: &[Check] = &[
    rings::CHECK,
    purity::CHECK,
    length::CHECK,
    decisions::CHECK,
    dependencies::CHECK,
    endpoints::CHECK,
    links::CHECK,
    words::CHECK,
];

/// Runs everything and closes with the table.
pub fn run(workspace: &Workspace, options: &cli::Check) -> Exit {
    let Ok(missing) = needs::ensure(workspace, NEEDS, options.install) else {
        return Exit::Missing;
    };
    let mut done = Steps::begin();
    steps(workspace, &missing, &mut done);
    done.finish()
}

/// The same as steps of a longer run. What needs something in `missing` is skipped, aloud.
pub fn steps(workspace: &Workspace, missing: &[Need], steps: &mut Steps) {
    match Tree::read(workspace.root()) {
        Ok(tree) => {
            for check in CHECKS {
                steps.run(check.name, || judge(check, &tree));
            }
        }
        Err(reason) => {
            steps.run("read the repository", || Outcome::Failed(reason));
        }
    }
    tools::steps(workspace, missing, steps);
}

/// The check's outcome; its findings are printed, one line each.
fn judge(check: &Check, tree: &Tree) -> Outcome {
    if (check.run)(&Tree::of(check.bad_example)).is_empty() {
        return Outcome::Failed("the check doesn't see its own bad example".to_owned());
    }
    let findings = (check.run)(tree);
    for finding in &findings {
        println!("  {finding}");
    }
    match findings.len() {
        0 => Outcome::Passed,
        1 => Outcome::Failed("1 finding".to_owned()),
        many => Outcome::Failed(format!("{many} findings")),
    }
}

impl Finding {
    fn new(path: &str, line: usize, reason: impl Into<String>) -> Finding {
        Finding { path: path.to_owned(), line, reason: reason.into() }
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.line {
            0 => write!(f, "{}: {}", self.path, self.reason),
            line => write!(f, "{}:{line}: {}", self.path, self.reason),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_check_sees_its_bad_example() {
        for check in CHECKS {
            let found = (check.run)(&Tree::of(check.bad_example));
            assert!(!found.is_empty(), "{}", check.name);
            assert!(matches!(judge(check, &Tree::of(check.bad_example)), Outcome::Failed(_)));
            assert!(matches!(judge(check, &Tree::of(&[])), Outcome::Passed), "{}", check.name);
        }
    }

    #[test]
    fn a_check_that_cannot_fail_is_a_failure() {
        let blind = Check { name: "blind", run: |_| Vec::new(), bad_example: &[("a", "b")] };
        assert!(matches!(judge(&blind, &Tree::of(&[])), Outcome::Failed(_)));
    }

    #[test]
    fn a_finding_can_be_clicked() {
        assert_eq!(Finding::new("a/b.rs", 7, "no").to_string(), "a/b.rs:7: no");
        assert_eq!(Finding::new("a/b.rs", 0, "no").to_string(), "a/b.rs: no");
    }
}
