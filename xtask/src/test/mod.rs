//! `cargo xtask test`: everything that has to hold, in the order in which it fails fastest.

pub mod cargo_test;
mod schemathesis;

use crate::Exit;
use crate::bench::{self, peers::duckdb};
use crate::check;
use crate::cli::Test;
use crate::fuzz;
use crate::needs::{self, Need};
use crate::programs::{FEATURES, cargo, succeed};
use crate::services::{self, ForTests};
use crate::simulate;
use crate::steps::{Outcome, Steps};
use crate::web;
use crate::workspace::Workspace;

/// Runs it all and closes with the table and `N passed, N failed`.
pub fn run(workspace: &Workspace, options: &Test) -> Exit {
    let with_schemathesis = !options.without.iter().any(|name| name == "schemathesis");
    let with_browser = !options.without.iter().any(|name| name == "browser");
    let mut wanted = [check::NEEDS, web::NEEDS].concat();
    if with_browser {
        wanted.push(Need::Chromium);
    }
    let with_duckdb = !options.without.iter().any(|name| name == "duckdb");
    if with_schemathesis || with_duckdb {
        wanted.push(Need::Python);
    }
    wanted.extend(services::needs(options));
    if options.long {
        wanted.extend(fuzz::NEEDS);
    }
    // Other systems have nothing like it; there those tests leave themselves out, aloud.
    if cfg!(target_os = "linux") && !options.without.iter().any(|name| name == "strace") {
        wanted.push(Need::Strace);
    }
    // Outside CI the tests that compare with these leave themselves out, aloud.
    wanted.extend([Need::Ffmpeg, Need::Fpcalc, Need::Nginx]);
    // Without nodes there is nothing that rules for alerts are about.
    let left_out = |name: &str| options.without.iter().any(|it| it == name);
    if !["promtool", "kafka", "postgres"].into_iter().any(left_out) {
        wanted.push(Need::Promtool);
    }
    let Ok(missing) = needs::ensure(workspace, &wanted, options.install) else {
        return Exit::Missing;
    };

    let mut steps = Steps::begin();
    check::steps(workspace, &missing, &mut steps);
    web::steps(workspace, &mut steps);
    let built = steps.run("build for tests", || build(workspace));
    if built {
        // What doesn't start has failed already; tests that need it say so.
        let mut services = ForTests::start(workspace, options, &mut steps);
        if with_duckdb {
            steps.run("install duckdb", || match duckdb::python(&workspace.services()) {
                Ok(python) => {
                    services.tell("LEDGERLINE_TEST_DUCKDB", &python.to_string_lossy());
                    Outcome::Passed
                }
                Err(reason) => Outcome::Failed(reason),
            });
        }
        steps.run("cargo test", || cargo_test::run(workspace, options, &services));
        if services.are_all_there() {
            steps.run("cargo test: counting, on nodes", || {
                cargo_test::run_on_nodes(workspace, options, &services)
            });
            steps.run("bench nodes, a small one", || {
                bench::nodes::smoke(workspace, services.environment())
            });
        } else {
            for step in ["cargo test: counting, on nodes", "bench nodes, a small one"] {
                steps.skip(step, "Kafka and PostgreSQL aren't both there");
            }
        }
    } else {
        steps.skip("cargo test", "the build failed");
    }
    // What it measures there is Linux'.
    if built && cfg!(target_os = "linux") {
        steps.run("bench counting, a small one", || bench::smoke(workspace));
    } else {
        steps.skip("bench counting, a small one", "the build failed, or this is not Linux");
    }
    match (with_browser, built) {
        (true, true) => web::browser_steps(workspace, &mut steps),
        (true, false) => steps.skip("web: in the browser", "the build failed"),
        (false, _) => steps.skip("web: in the browser", "--without browser"),
    }
    if options.long && built {
        simulate::long_steps(workspace, &mut steps);
    }
    match (with_schemathesis, built) {
        (true, true) => schemathesis::steps(workspace, options.long, &mut steps),
        (true, false) => steps.skip("schemathesis", "the build failed"),
        (false, _) => steps.skip("schemathesis", "--without schemathesis"),
    }
    if options.long {
        fuzz::steps(workspace, &mut steps);
    }
    steps.finish()
}

/// A step of its own, so that the table tells compiling from testing. With the tests' own targets:
/// cargo then unites features as `cargo test` does, and builds nothing twice.
fn build(workspace: &Workspace) -> Outcome {
    let targets = ["build", "--workspace", "--lib", "--bins", "--tests"];
    match succeed(cargo(workspace).args(targets).args(FEATURES)) {
        Ok(()) => Outcome::Passed,
        Err(reason) => Outcome::Failed(reason),
    }
}
