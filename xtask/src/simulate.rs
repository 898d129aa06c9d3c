//! `cargo xtask simulate`: the product on a simulated machine, seed by seed; and whether the
//! faults that are built in on purpose, the canaries, are found.

use crate::Exit;
use crate::cli::Simulate;
use crate::demo;
use crate::needs;
use crate::programs::{cargo, stream, succeed};
use crate::steps::{Outcome, Steps};
use crate::workspace::Workspace;
use std::fs;

/// What `test --long` runs.
const SEEDS_LONG: &str = "10000";
/// The same, of several nodes.
const SEEDS_OF_NODES_LONG: &str = "2000";
/// A canary must be caught within so many seeds.
const SEEDS_OF_CANARY: &str = "200";
const PACKAGE: &str = "ledgerline-simulation";

/// Builds the simulation and runs it.
pub fn run(workspace: &Workspace, options: &Simulate) -> Exit {
    if needs::ensure(workspace, demo::NEEDS, options.install).is_err() {
        return Exit::Missing;
    }
    if options.canaries {
        let mut steps = Steps::begin();
        canaries(workspace, &mut steps);
        return steps.finish();
    }
    let run = ["run", "--quiet", "--package", PACKAGE, "--"];
    match succeed(cargo(workspace).args(run).args(&options.passed_on)) {
        Ok(()) => Exit::Good,
        Err(reason) => {
            eprintln!("xtask: the simulation: {reason}");
            Exit::Failed
        }
    }
}

/// The steps of `test --long`: many seeds, then every canary.
pub fn long_steps(workspace: &Workspace, steps: &mut Steps) {
    steps.run("simulation of 10 000 seeds", || {
        let run = ["run", "--quiet", "--package", PACKAGE, "--", "--seeds", SEEDS_LONG];
        match succeed(cargo(workspace).args(run)) {
            Ok(()) => Outcome::Passed,
            Err(reason) => Outcome::Failed(reason),
        }
    });
    steps.run("simulation of 2 000 seeds of several nodes", || {
        let run = ["run", "--quiet", "--package", PACKAGE, "--", "--nodes"];
        match succeed(cargo(workspace).args(run).args(["--seeds", SEEDS_OF_NODES_LONG])) {
            Ok(()) => Outcome::Passed,
            Err(reason) => Outcome::Failed(reason),
        }
    });
    canaries(workspace, steps);
}

/// A step for each canary: built, and caught or not.
fn canaries(workspace: &Workspace, steps: &mut Steps) {
    let manifest = workspace.root().join("simulation/Cargo.toml");
    let text = fs::read_to_string(&manifest).unwrap_or_default();
    let names = names_of_canaries(&text);
    if names.is_empty() {
        steps.run("canaries", || Outcome::Failed(format!("none in {}", manifest.display())));
    }
    for name in names {
        steps.run(&name, || is_caught(workspace, &name));
    }
}

/// The features of the simulation that build a fault in.
fn names_of_canaries(manifest: &str) -> Vec<String> {
    let names = manifest.lines().filter_map(|line| line.split_once(" = "));
    names
        .map(|(name, _)| name)
        .filter(|name| name.starts_with("canary-"))
        .map(str::to_owned)
        .collect()
}

fn is_caught(workspace: &Workspace, name: &str) -> Outcome {
    let mut command = cargo(workspace);
    command.args(["run", "--quiet", "--package", PACKAGE, "--features", name, "--"]);
    // One at a time, so that the first seed that catches it is always the same.
    command.args(["--seeds", SEEDS_OF_CANARY, "--until-caught", "--jobs", "1"]);
    let mut caught = None;
    let mut last = String::new();
    let ended = stream(&mut command, |line| {
        if caught.is_none() && line.starts_with("seed ") {
            caught = Some(line.to_owned());
        }
        line.clone_into(&mut last);
    });
    match (caught, ended) {
        (Some(line), Err(_)) => {
            println!("          caught: {line}");
            Outcome::Passed
        }
        (_, Ok(())) => Outcome::Failed(format!("not caught within {SEEDS_OF_CANARY} seeds")),
        (None, Err(reason)) => Outcome::Failed(format!("{reason}: {last}")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn canaries_are_found_in_the_manifest() {
        let manifest = "[features]\n# canary-x\ncanary-a = [\"app/canary-a\"]\nother = []\n";
        assert_eq!(names_of_canaries(manifest), ["canary-a"]);
    }
}
