//! The one binary: configuration, wiring, commands.
//!
//! In reading order:
//! - [`cli`]: the words of the command line, which are a contract
//! - [`data_folder`]: what is in the data folder, and a deployment opened on it
//! - [`cluster`]: the same for one of several nodes; [`wiring`]: what both are made of
//! - [`session`]: a deployment to talk to, in this process or in the server's
//! - [`control`]: the socket by which commands reach the server
//! - [`feed`]: reports from files; [`framed`]: several files in one body
//! - [`feed`]: reports from files; [`ledger_file`]: entries from one
//! - [`backup`]: backups of a whole data folder; [`histories`]: other services' histories
//! - [`commands`]: one file each
//! - [`failure`], [`progress`], [`output`]: how a command ends, and what it shows

mod backup;
mod bases;
mod chunks;
mod cli;
mod closed_state;
mod cluster;
mod commands;
mod control;
mod data_folder;
mod failure;
mod feed;
mod framed;
mod histories;
mod ledger_file;
mod music;
mod output;
mod progress;
mod sending;
mod sent_audio;
mod session;
mod summary;
mod wiring;

use clap::Parser;
use std::process::ExitCode;

const _: () = assert!(
    !(ledgerline_counting::CANARY || ledgerline_app::CANARY || ledgerline_segment_log::CANARY),
    "a feature `canary-…` builds a fault in, for the simulation to find: never into the product"
);

fn main() -> ExitCode {
    let words = cli::Cli::parse();
    start_log();
    let runtime = match tokio::runtime::Builder::new_multi_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => {
            eprintln!("ledgerline: the system gives no threads: {error}");
            return ExitCode::from(1);
        }
    };
    match runtime.block_on(commands::run(words)) {
        Ok(code) => ExitCode::from(code),
        Err(failure) => {
            eprintln!("ledgerline: {failure}");
            ExitCode::from(failure.code())
        }
    }
}

/// What the program says of itself goes to standard error; `RUST_LOG` chooses how much.
fn start_log() {
    use tracing_subscriber::EnvFilter;
    let filter = EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new("warn"));
    tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr).init();
}
