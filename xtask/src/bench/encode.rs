//! `cargo xtask bench encode`: how many seconds of music become rungs in a second of one processor.
//!
//! `adapters/audio/examples/bench_encode.rs` does the work and prints the figures: the share of decoding, each
//! rung, the four together, the whole ingest, and whether the bar is met.

use std::path::PathBuf;

use crate::Exit;
use crate::cli::BenchEncode;
use crate::needs::{self, Need};
use crate::programs::{cargo, succeed};
use crate::workspace::Workspace;

/// Needed to build and run. The C libopus wants cmake besides, and its build says so.
const NEEDS: &[Need] = &[Need::Rust];

/// Real recordings, which are no part of the repository.
const RECORDINGS: &str = "../shared/data/audio";

/// Builds for speed, and runs it on music that it makes and on files.
pub fn run(workspace: &Workspace, options: &BenchEncode) -> Exit {
    if needs::ensure(workspace, NEEDS, false).is_err() {
        return Exit::Missing;
    }
    let files = match options.files.is_empty() {
        true => recordings(workspace),
        false => options.files.iter().map(PathBuf::from).collect(),
    };
    let mut command = cargo(workspace);
    command.args(["run", "--release", "--quiet", "-p", "ledgerline-audio"]);
    if options.c_libopus {
        command.args(["--features", "c-libopus"]);
    }
    match succeed(command.args(["--example", "bench_encode", "--"]).args(files)) {
        Ok(()) => Exit::Good,
        Err(reason) => {
            eprintln!("xtask: bench encode: {reason}");
            Exit::Failed
        }
    }
}

/// Those that there are, in order.
fn recordings(workspace: &Workspace) -> Vec<PathBuf> {
    let folder = workspace.root().join(RECORDINGS);
    let found = std::fs::read_dir(folder).into_iter().flatten().flatten();
    let mut files: Vec<PathBuf> = found.map(|file| file.path()).collect();
    files.retain(|file| file.extension().is_some_and(|extension| extension == "ogg"));
    files.sort();
    if files.is_empty() {
        println!("no recordings in {RECORDINGS}: only music that the bench makes is measured");
    }
    files
}
