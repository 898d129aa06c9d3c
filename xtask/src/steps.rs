//! Progress while a command runs, and the table that closes it.

use crate::Exit;
use std::fmt::Write;
use std::time::{Duration, Instant};

/// How a step ended.
#[derive(Debug)]
pub enum Outcome {
    /// It holds.
    Passed,
    /// It doesn't, with one line that says why.
    Failed(String),
    /// It wasn't run, with the reason.
    Skipped(String),
    /// Many tests at once.
    Tallied(Tally),
}

/// The sums of a run of many tests.
#[derive(Debug, Default)]
pub struct Tally {
    /// Tests that passed.
    pub passed: u64,
    /// Tests that failed, crashed test programs included.
    pub failed: u64,
    /// Tests that the harness left out.
    pub ignored: u64,
    /// Reasons which tests gave for leaving themselves out.
    pub skipped: Vec<String>,
}

/// What has been done so far.
#[derive(Debug)]
pub struct Steps {
    started: Instant,
    done: Vec<Step>,
}

#[derive(Debug)]
struct Step {
    name: String,
    took: Duration,
    outcome: Outcome,
}

impl Steps {
    /// Starts the clock that the headings show.
    pub fn begin() -> Steps {
        Steps { started: Instant::now(), done: Vec::new() }
    }

    /// Prints the heading, does the work and says how it went; whether it may be built upon.
    pub fn run(&mut self, name: &str, work: impl FnOnce() -> Outcome) -> bool {
        println!("[{:>7}] {name}", seconds(self.started.elapsed()));
        let begun = Instant::now();
        let outcome = work();
        let took = begun.elapsed();
        match &outcome {
            Outcome::Passed if took < Duration::from_secs(1) => {}
            Outcome::Skipped(reason) => println!("          skipped: {reason}"),
            other => println!("          {} after {}", words(other), seconds(took)),
        }
        let stands = outcome.stands();
        self.done.push(Step { name: name.to_owned(), took, outcome });
        stands
    }

    /// Notes a step that isn't run, with its reason.
    pub fn skip(&mut self, name: &str, reason: &str) {
        self.run(name, || Outcome::Skipped(reason.to_owned()));
    }

    /// Prints the table and, alone on the last line, `N passed, N failed`.
    pub fn finish(self) -> Exit {
        print!("\n{}", self.table());
        let (passed, failed) = self.sums();
        println!("{passed} passed, {failed} failed");
        if failed == 0 { Exit::Good } else { Exit::Failed }
    }

    fn sums(&self) -> (u64, u64) {
        self.done.iter().fold((0, 0), |(passed, failed), step| match &step.outcome {
            Outcome::Passed => (passed + 1, failed),
            Outcome::Failed(_) => (passed, failed + 1),
            Outcome::Skipped(_) => (passed, failed),
            Outcome::Tallied(tally) => (passed + tally.passed, failed + tally.failed),
        })
    }

    fn table(&self) -> String {
        let width = self.done.iter().map(|step| step.name.chars().count()).max().unwrap_or(0);
        let mut table = String::new();
        let mut line = |name: &str, took: &str, result: &str| {
            // Writing to a string can't fail.
            let _ = writeln!(table, "{name:<width$}  {took:>9}  {result}");
        };
        line("step", "took", "result");
        for step in &self.done {
            let took = match step.outcome {
                Outcome::Skipped(_) => "–".to_owned(),
                _ => seconds(step.took),
            };
            line(&step.name, &took, &words(&step.outcome));
        }
        line("all", &seconds(self.started.elapsed()), "");
        for step in &self.done {
            if let Outcome::Tallied(tally) = &step.outcome {
                for reason in &tally.skipped {
                    let _ = writeln!(table, "a test skipped itself: {reason}");
                }
            }
        }
        table
    }
}

impl Outcome {
    fn stands(&self) -> bool {
        match self {
            Outcome::Passed => true,
            Outcome::Failed(_) | Outcome::Skipped(_) => false,
            Outcome::Tallied(tally) => tally.failed == 0,
        }
    }
}

fn words(outcome: &Outcome) -> String {
    match outcome {
        Outcome::Passed => "passed".to_owned(),
        Outcome::Failed(reason) => format!("FAILED: {reason}"),
        Outcome::Skipped(reason) => format!("skipped: {reason}"),
        Outcome::Tallied(tally) => {
            let ignored = match tally.ignored {
                0 => String::new(),
                many => format!(", {many} ignored"),
            };
            // Not the closing line's wording: that one must be alone.
            format!("{} tests passed, {} FAILED{ignored}", tally.passed, tally.failed)
        }
    }
}

/// `12.3 s`, or `4 m 05 s` from ten minutes on.
fn seconds(took: Duration) -> String {
    let whole = took.as_secs();
    if whole < 600 {
        format!("{}.{} s", whole, took.subsec_millis() / 100)
    } else {
        format!("{} m {:02} s", whole / 60, whole % 60)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sums_count_steps_and_tests() {
        let mut steps = Steps::begin();
        assert!(steps.run("one", || Outcome::Passed));
        assert!(!steps.run("two", || Outcome::Failed("it differs".to_owned())));
        steps.skip("three", "not here");
        let tally = Tally { passed: 7, failed: 0, ignored: 1, skipped: vec!["no data".to_owned()] };
        assert!(steps.run("four", || Outcome::Tallied(tally)));
        assert_eq!(steps.sums(), (8, 1));
        let table = steps.table();
        for part in ["FAILED: it differs", "skipped: not here", "7 tests passed", "no data"] {
            assert!(table.contains(part), "{part} in\n{table}");
        }
        assert_eq!(steps.finish(), Exit::Failed);
    }

    #[test]
    fn durations_read_well() {
        assert_eq!(seconds(Duration::from_millis(12_340)), "12.3 s");
        assert_eq!(seconds(Duration::from_secs(605)), "10 m 05 s");
    }
}
