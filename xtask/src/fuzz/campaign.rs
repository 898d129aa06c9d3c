//! Runs the programs, a few at once, and sums up what libFuzzer says.

use super::Target;
use std::collections::VecDeque;
use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::process::{Command, Stdio};
use std::sync::Mutex;
use std::thread;

/// Longer inputs reach nothing that these don't.
const BYTES_MAX: u32 = 8192;
/// One input takes milliseconds; a program that takes this long for one hangs.
const INPUT_SECONDS_MAX: u32 = 20;
const MEMORY_MIB_MAX: u32 = 2048;

/// What came of one program.
#[derive(Debug, Default, PartialEq, Eq)]
struct Ran {
    executions: u64,
    /// Branches that were reached.
    coverage: u64,
    /// Inputs that reached something new.
    found: u64,
    failure: Option<String>,
}

/// Runs each target for `seconds`, `jobs` programs at once. Whether none failed.
pub fn run(targets: &[Target], seconds: u64, jobs: u64) -> Result<bool, String> {
    let mut waiting: VecDeque<&Target> = targets.iter().collect();
    // One target alone runs as often as there are jobs; they share what they find.
    while targets.len() == 1 && (waiting.len() as u64) < jobs {
        waiting.push_back(&targets[0]);
    }
    println!("{} programs for {seconds} s each, {jobs} at once", waiting.len());
    let (waiting, done) = (Mutex::new(waiting), Mutex::new(Vec::new()));
    let work = || {
        while let Some(target) = waiting.lock().expect("no holder panics").pop_front() {
            let ran = one(target, seconds);
            if let Ok(ran) = &ran {
                println!("{}", line(&target.name, seconds, ran));
            }
            done.lock().expect("no holder panics").push(ran);
        }
    };
    thread::scope(|scope| {
        for _ in 0..jobs {
            scope.spawn(work);
        }
    });
    let done = done.into_inner().expect("no holder panics");
    let done = done.into_iter().collect::<Result<Vec<Ran>, String>>()?;
    let executions: u64 = done.iter().map(|ran| ran.executions).sum();
    let failures = done.iter().filter(|ran| ran.failure.is_some()).count();
    let all = done.len() as u64 * seconds;
    println!("{executions} executions in {all} s, {failures} programs found an input that fails");
    Ok(failures == 0)
}

fn line(name: &str, seconds: u64, ran: &Ran) -> String {
    let Ran { executions, coverage, found, failure } = ran;
    let end = failure.as_deref().unwrap_or("no input fails");
    format!(
        "{name:<17} {executions:>11} executions in {seconds} s, {coverage} branches, {found} new inputs: {end}"
    )
}

fn one(target: &Target, seconds: u64) -> Result<Ran, String> {
    let mut command = Command::new(&target.program);
    command.arg(&target.found).arg(&target.corpus);
    command.arg(format!("-max_total_time={seconds}"));
    command.arg(format!("-max_len={BYTES_MAX}"));
    command.arg(format!("-timeout={INPUT_SECONDS_MAX}"));
    // A machine that others use, too, makes any input slow at times.
    command.arg(format!("-report_slow_units={INPUT_SECONDS_MAX}"));
    command.arg(format!("-rss_limit_mb={MEMORY_MIB_MAX}"));
    command.arg(format!("-artifact_prefix={}/", target.artifacts.display()));
    command.args(["-print_final_stats=1", "-reload=1"]);
    if target.dictionary.exists() {
        command.arg(format!("-dict={}", target.dictionary.display()));
    }
    super::create(&target.scratch)?;
    command.env("TMPDIR", &target.scratch);
    let cannot_run = |error| format!("cannot run {}: {error}", target.program.display());
    let mut child = command
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .map_err(cannot_run)?;
    let mut log = fs::File::create(&target.log)
        .map_err(|error| format!("cannot write {}: {error}", target.log.display()))?;
    let mut ran = Ran::default();
    if let Some(said) = child.stderr.take() {
        let mut lines = BufReader::new(said).split(b'\n');
        while let Some(Ok(line)) = lines.next() {
            let line = String::from_utf8_lossy(&line).into_owned();
            read_line(&line, &mut ran);
            // The log is for people; the run doesn't depend on it.
            let _ = writeln!(log, "{line}");
        }
    }
    let status = child.wait().map_err(cannot_run)?;
    if !status.success() && ran.failure.is_none() {
        ran.failure = Some(format!("it ended with {status}, see {}", target.log.display()));
    }
    // What the program was reading when it ended.
    let _ = fs::remove_dir_all(&target.scratch);
    Ok(ran)
}

/// Takes in one line of what libFuzzer says.
fn read_line(line: &str, ran: &mut Ran) {
    let number = |text: &str| text.trim().parse().unwrap_or(0);
    if let Some(executions) = line.strip_prefix("stat::number_of_executed_units:") {
        ran.executions = number(executions);
    } else if let Some(found) = line.strip_prefix("stat::new_units_added:") {
        ran.found = number(found);
    } else if let Some((_, path)) = line.split_once("Test unit written to ") {
        ran.failure = Some(format!("FAILS on {path}"));
    } else if let Some(rest) = line.strip_prefix('#').and_then(|line| line.split_once("cov: ")) {
        let (count, coverage) = (line.split_once(['\t', ' ']), rest.1.split(' ').next());
        // A run that is cut short has no closing line.
        let count = count.map_or(0, |(count, _)| number(&count[1..]));
        ran.executions = ran.executions.max(count);
        ran.coverage = number(coverage.unwrap_or_default());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ran(lines: &[&str]) -> Ran {
        let mut ran = Ran::default();
        lines.iter().for_each(|line| read_line(line, &mut ran));
        ran
    }

    #[test]
    fn what_is_said_is_summed_up() {
        let whole = ran(&[
            "INFO: Seed: 1",
            "#51\tNEW    cov: 8 ft: 8 corp: 2/5b lim: 4 exec/s: 0 rss: 27Mb L: 4/4 MS: 4 CopyPart-",
            "#2000000\tDONE   cov: 12 ft: 18 corp: 2/5b lim: 4096 exec/s: 2000000 rss: 27Mb",
            "stat::number_of_executed_units: 2000000",
            "stat::new_units_added:          1",
        ]);
        let expected = Ran { executions: 2_000_000, coverage: 12, found: 1, failure: None };
        assert_eq!(whole, expected);
        let failed = ran(&[
            "#51\tNEW    cov: 8 ft: 8 corp: 2/5b",
            "artifact_prefix='a/'; Test unit written to a/crash-1",
        ]);
        assert_eq!((failed.executions, failed.coverage), (51, 8));
        assert_eq!(failed.failure.as_deref(), Some("FAILS on a/crash-1"));
    }
}
