//! The checks that others wrote: rustfmt, clippy and, where it is installed, cargo-deny.

use crate::needs::Need;
use crate::programs::{FEATURES, answer, cargo, succeed};
use crate::steps::{Outcome, Steps};
use crate::workspace::Workspace;

const DENY: &str = "cargo-deny: licences, bans, sources";

/// Runs each, or says why not.
pub fn steps(workspace: &Workspace, missing: &[Need], steps: &mut Steps) {
    run(
        workspace,
        steps,
        "cargo fmt",
        missing.contains(&Need::Rustfmt),
        &["fmt", "--all", "--check"],
    );
    let [option, features] = FEATURES;
    let clippy =
        ["clippy", "--workspace", "--all-targets", option, features, "--", "-D", "warnings"];
    run(workspace, steps, "cargo clippy", missing.contains(&Need::Clippy), &clippy);
    deny(workspace, steps);
}

fn run(workspace: &Workspace, steps: &mut Steps, name: &str, is_missing: bool, arguments: &[&str]) {
    if is_missing {
        steps.skip(name, "it isn't installed");
        return;
    }
    steps.run(name, || match succeed(cargo(workspace).args(arguments)) {
        Ok(()) => Outcome::Passed,
        Err(reason) => Outcome::Failed(reason),
    });
}

/// Never a failure: cargo-deny isn't among what a newcomer has to install, so CI doesn't have it
/// either. Its findings are printed. Advisories would need a download and are left out.
fn deny(workspace: &Workspace, steps: &mut Steps) {
    if answer("cargo-deny", &["--version"]).is_none() {
        steps.skip(DENY, "not installed; this line does: cargo install --locked cargo-deny");
        return;
    }
    steps.run(DENY, || {
        let arguments = ["deny", "check", "licenses", "bans", "sources"];
        match succeed(cargo(workspace).args(arguments)) {
            Ok(()) => Outcome::Passed,
            Err(reason) => Outcome::Skipped(format!("it has findings, see above ({reason})")),
        }
    });
}
