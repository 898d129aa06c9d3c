//! `cargo xtask bench encode`: how many seconds of music become rungs in a second of one processor.
//!
//! `adapters/audio/examples/bench_encode.rs` does the work and prints the figures: the share of decoding, each
//! rung, the four together, and the whole ingest.

use crate::Exit;
use crate::needs::{self, Need};
use crate::programs::{cargo, succeed};
use crate::workspace::Workspace;

/// Needed to build and run.
const NEEDS: &[Need] = &[Need::Rust];

/// Builds for speed, and runs it on files, or on music that it makes.
pub fn run(workspace: &Workspace, files: &[String]) -> Exit {
    if needs::ensure(workspace, NEEDS, false).is_err() {
        return Exit::Missing;
    }
    let mut command = cargo(workspace);
    command.args(["run", "--release", "--quiet", "-p", "ledgerline-audio", "--example"]);
    match succeed(command.args(["bench_encode", "--"]).args(files)) {
        Ok(()) => Exit::Good,
        Err(reason) => {
            eprintln!("xtask: bench encode: {reason}");
            Exit::Failed
        }
    }
}
