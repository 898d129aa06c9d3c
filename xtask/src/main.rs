//! What a newcomer and CI run: `cargo xtask demo`, `test`, `check`, `bench`, `simulate`, `fuzz`,
//! `faults`, `services`.
//!
//! It uses the standard library alone, so that it is compiled before a newcomer wonders whether
//! anything happens, and it names everything that is missing before it starts anything long. It
//! never calls `sudo` and downloads nothing that a command did not ask for.
//!
//! Reading order: [`cli`] (the arguments), [`needs`] (what must be on the machine), [`steps`]
//! (progress and the closing table), then one module per command.

mod bench;
mod check;
mod cli;
mod demo;
mod faults;
mod fuzz;
mod json;
mod needs;
mod programs;
mod server;
mod services;
mod simulate;
mod steps;
mod test;
mod venv;
mod web;
mod workspace;

use cli::Invocation;
use std::process::ExitCode;
use workspace::Workspace;

/// How every command ends; the same numbers as the product's own commands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Exit {
    /// All is well.
    Good = 0,
    /// Something differs or failed.
    Failed = 1,
    /// The command line was not understood.
    Usage = 2,
    /// Something is missing on this machine.
    Missing = 3,
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> ExitCode {
        ExitCode::from(exit as u8)
    }
}

fn main() -> ExitCode {
    let arguments: Vec<String> =
        std::env::args_os().skip(1).map(|a| a.to_string_lossy().into_owned()).collect();
    let exit = match cli::parse(&arguments, needs::in_ci()) {
        Ok(Invocation::Help(topic)) => {
            print!("{}", cli::help(topic));
            Exit::Good
        }
        Ok(Invocation::Demo(options)) => in_workspace(|workspace| demo::run(workspace, &options)),
        Ok(Invocation::Test(options)) => in_workspace(|workspace| test::run(workspace, &options)),
        Ok(Invocation::Check(options)) => in_workspace(|workspace| check::run(workspace, &options)),
        Ok(Invocation::Bench(options)) => in_workspace(|workspace| bench::run(workspace, &options)),
        Ok(Invocation::BenchRoyalty(options)) => {
            in_workspace(|workspace| bench::royalty::run(workspace, &options))
        }
        Ok(Invocation::BenchNodes(options)) => {
            in_workspace(|workspace| bench::nodes::run(workspace, &options))
        }
        Ok(Invocation::BenchEncode(options)) => {
            in_workspace(|workspace| bench::encode::run(workspace, &options))
        }
        Ok(Invocation::BenchMusic(options)) => {
            in_workspace(|workspace| bench::music::run(workspace, &options))
        }
        Ok(Invocation::Simulate(options)) => {
            in_workspace(|workspace| simulate::run(workspace, &options))
        }
        Ok(Invocation::Fuzz(options)) => in_workspace(|workspace| fuzz::run(workspace, &options)),
        Ok(Invocation::Faults(options)) => {
            in_workspace(|workspace| faults::run(workspace, &options))
        }
        Ok(Invocation::Services(options)) => {
            in_workspace(|workspace| services::run(workspace, &options))
        }
        Err(reason) => {
            eprintln!("xtask: {reason}\nxtask: `cargo xtask --help` shows what there is.");
            Exit::Usage
        }
    };
    exit.into()
}

fn in_workspace(command: impl FnOnce(&Workspace) -> Exit) -> Exit {
    match Workspace::find() {
        Ok(workspace) => command(&workspace),
        Err(reason) => {
            eprintln!("xtask: {reason}");
            Exit::Failed
        }
    }
}
