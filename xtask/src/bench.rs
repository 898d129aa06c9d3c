//! `cargo xtask bench counting`: how many play reports a second the counting path carries.
//!
//! The generator's own rate is measured in the same run: a rate of counting near it says that the
//! generator was the slower of the two.

use crate::Exit;
use crate::cli::Bench;
use crate::demo;
use crate::needs;
use crate::workspace::Workspace;
use std::fs;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

/// Builds, measures, prints.
pub fn run(workspace: &Workspace, options: &Bench) -> Exit {
    if needs::ensure(workspace, demo::NEEDS, options.install).is_err() {
        return Exit::Missing;
    }
    let measured =
        demo::build_release(workspace).and_then(|()| measure(workspace, options.reports));
    match measured {
        Ok(()) => Exit::Good,
        Err(reason) => {
            eprintln!("xtask: bench counting: {reason}");
            Exit::Failed
        }
    }
}

fn measure(workspace: &Workspace, reports: u64) -> Result<(), String> {
    let binary = workspace.release_binary();
    println!("generating {reports} reports, unread");
    let begun = Instant::now();
    let ended = generator(&binary, reports).stdout(Stdio::null()).status();
    let ended = ended.map_err(|error| format!("cannot generate: {error}"))?;
    if !ended.success() {
        return Err(format!("`ledgerline demo generate` ended with {ended}"));
    }
    let generating = begun.elapsed();

    println!("generating and counting {reports} reports");
    let data = workspace.services().join("bench-data");
    let begun = Instant::now();
    let result = replay(&binary, reports, &data).map(|()| begun.elapsed());
    // The next run begins with an empty folder either way.
    let _ = fs::remove_dir_all(&data);
    let counting = result?;

    println!(
        "generate           {:>12} reports/s  ({})",
        rate(reports, generating),
        show(generating)
    );
    println!("generate | replay  {:>12} reports/s  ({})", rate(reports, counting), show(counting));
    Ok(())
}

/// `generate | replay -` into an empty data folder.
fn replay(binary: &Path, reports: u64, data: &Path) -> Result<(), String> {
    if data.exists() {
        fs::remove_dir_all(data).map_err(|error| format!("{}: {error}", data.display()))?;
    }
    fs::create_dir_all(data).map_err(|error| format!("{}: {error}", data.display()))?;
    let mut source = generator(binary, reports)
        .stdout(Stdio::piped())
        .spawn()
        .map_err(|error| format!("cannot generate: {error}"))?;
    let counted = count(binary, &mut source, data);
    // A generator whose reader has gone ends by itself; either way it is not left behind.
    let generated = source.wait().map_err(|error| format!("cannot generate: {error}"))?;
    counted?;
    if !generated.success() {
        return Err(format!("`ledgerline demo generate` ended with {generated}"));
    }
    Ok(())
}

fn count(binary: &Path, source: &mut Child, data: &Path) -> Result<(), String> {
    let reports = source.stdout.take().ok_or("the generator has no output")?;
    let ended = Command::new(binary)
        .args(["replay", "-", "--clock", "event", "--json", "--data"])
        .arg(data)
        .stdin(Stdio::from(reports))
        .status()
        .map_err(|error| format!("cannot count: {error}"))?;
    if ended.success() { Ok(()) } else { Err(format!("`ledgerline replay -` ended with {ended}")) }
}

fn generator(binary: &Path, reports: u64) -> Command {
    let mut command = Command::new(binary);
    command.args(["demo", "generate", "--profile", "throughput", "--reports"]);
    command.arg(reports.to_string());
    command
}

/// Whole reports a second.
fn rate(reports: u64, took: Duration) -> u128 {
    u128::from(reports) * 1000 / took.as_millis().max(1)
}

fn show(took: Duration) -> String {
    format!("{}.{} s", took.as_secs(), took.subsec_millis() / 100)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rate_is_reports_a_second() {
        assert_eq!(rate(2_000_000, Duration::from_secs(10)), 200_000);
        assert_eq!(rate(5, Duration::ZERO), 5000);
    }
}
