//! How xtask runs other programs.

use crate::workspace::Workspace;
use std::io::{BufRead, BufReader, Read};
use std::process::{Command, Stdio};

/// What `cargo run` sets for the program it runs. A nested cargo that inherits these builds some
/// crates again, because their build scripts watch them.
const SET_BY_CARGO_RUN: &[&str] =
    &["CARGO_MANIFEST_DIR", "CARGO_MANIFEST_PATH", "CARGO_BIN_NAME", "CARGO_CRATE_NAME"];

/// What the workspace is checked and tested with besides its default features: adapters that what runs
/// alone on one machine does without.
pub const FEATURES: [&str; 2] =
    ["--features", "ledgerline-sql-store/postgres,ledgerline-blobs/s3,ledgerline/cluster"];

/// The cargo that started us, in the repository's root.
pub fn cargo(workspace: &Workspace) -> Command {
    let program = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let mut command = Command::new(program);
    command.current_dir(workspace.root());
    for name in SET_BY_CARGO_RUN {
        command.env_remove(name);
    }
    for (name, _) in std::env::vars_os() {
        if name.to_string_lossy().starts_with("CARGO_PKG_") {
            command.env_remove(name);
        }
    }
    command
}

/// Runs `command` with our terminal.
///
/// # Errors
/// A sentence: it could not be started, or how it ended.
pub fn succeed(command: &mut Command) -> Result<(), String> {
    let name = command.get_program().to_string_lossy().into_owned();
    let status = command.status().map_err(|error| format!("cannot run {name}: {error}"))?;
    if status.success() { Ok(()) } else { Err(format!("it ended with {status}")) }
}

/// Runs `command` and hands over each line that it prints, as it prints it. Its stderr is ours.
///
/// # Errors
/// A sentence: it could not be started, or how it ended.
pub fn stream(command: &mut Command, mut each_line: impl FnMut(&str)) -> Result<(), String> {
    let name = command.get_program().to_string_lossy().into_owned();
    let cannot_run = |error| format!("cannot run {name}: {error}");
    let mut child = command.stdout(Stdio::piped()).spawn().map_err(cannot_run)?;
    if let Some(stdout) = child.stdout.take() {
        read_lines(stdout, &mut each_line);
    }
    let status = child.wait().map_err(cannot_run)?;
    if status.success() { Ok(()) } else { Err(format!("it ended with {status}")) }
}

/// What a short program prints on stdout, trimmed, where it ends well.
pub fn answer(program: &str, arguments: &[&str]) -> Option<String> {
    let output =
        Command::new(program).args(arguments).stdin(Stdio::null()).stderr(Stdio::null()).output();
    let output = output.ok().filter(|output| output.status.success())?;
    Some(String::from_utf8_lossy(&output.stdout).trim().to_owned())
}

/// Lines until the end, whatever their encoding: a test may print bytes.
pub fn read_lines(from: impl Read, each_line: &mut impl FnMut(&str)) {
    let mut reader = BufReader::new(from);
    let mut line = Vec::new();
    loop {
        line.clear();
        match reader.read_until(b'\n', &mut line) {
            Ok(0) | Err(_) => return,
            Ok(_) => each_line(String::from_utf8_lossy(&line).trim_end_matches(['\r', '\n'])),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_arrive_whole() {
        let mut seen = Vec::new();
        read_lines(&b"one\r\n\ntw\xffo"[..], &mut |line| seen.push(line.to_owned()));
        assert_eq!(seen, ["one", "", "tw\u{fffd}o"]);
    }
}
