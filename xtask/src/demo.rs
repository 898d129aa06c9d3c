//! `cargo xtask demo`: build, then run.

use crate::Exit;
use crate::cli::Demo;
use crate::needs::{self, Need};
use crate::programs::{cargo, succeed};
use crate::web;
use crate::workspace::Workspace;
use std::io::Write;
use std::process::Command;

/// What compiling the product takes, but for the pages in it.
pub const NEEDS: &[Need] = &[Need::Rust, Need::CCompiler, Need::Make];

/// Builds the pages and the release binary, and becomes `ledgerline demo`.
pub fn run(workspace: &Workspace, options: &Demo) -> Exit {
    if needs::ensure(workspace, &[NEEDS, web::NEEDS].concat(), options.install).is_err() {
        return Exit::Missing;
    }
    if let Err(reason) = web::build(workspace).and_then(|()| build_release(workspace)) {
        eprintln!("xtask: the build failed: {reason}");
        return Exit::Failed;
    }
    become_demo(workspace, &options.passed_on)
}

/// Says what is built and about how long that takes, then builds it.
pub fn build_release(workspace: &Workspace) -> Result<(), String> {
    let how_long = if workspace.release_binary().is_file() {
        "seconds where nothing changed"
    } else {
        "about 5 minutes the first time on two cores, seconds afterwards"
    };
    println!("Building Ledgerline, one binary with optimisation: {how_long}.");
    // A pipe that nobody reads must not stop the build.
    let _ = std::io::stdout().flush();
    succeed(cargo(workspace).args(["build", "--release", "--package", "ledgerline"]))
}

/// The demonstration takes our place, so that Ctrl-C and the exit code are its own.
#[cfg(unix)]
fn become_demo(workspace: &Workspace, arguments: &[String]) -> Exit {
    use std::os::unix::process::CommandExt;
    let binary = workspace.release_binary();
    let error = Command::new(&binary).arg("demo").args(arguments).exec();
    eprintln!("xtask: cannot run {}: {error}", binary.display());
    Exit::Failed
}

#[cfg(not(unix))]
fn become_demo(workspace: &Workspace, arguments: &[String]) -> Exit {
    match succeed(Command::new(workspace.release_binary()).arg("demo").args(arguments)) {
        Ok(()) => Exit::Good,
        Err(reason) => {
            eprintln!("xtask: the demonstration failed: {reason}");
            Exit::Failed
        }
    }
}
