//! `simulation`: runs seeds and says which went wrong. `cargo xtask simulate` builds and calls it.

use ledgerline_simulation::{Failure, Found, Simulator, Tally, canary};
use serde_json::json;
use std::io::{IsTerminal, Write as _};
use std::process::ExitCode;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::mpsc::{self, Receiver};
use std::time::{Duration, Instant};

/// What is asked for.
#[derive(Debug, Clone, Copy)]
struct Words {
    from: u64,
    seeds: u64,
    /// One seed, with everything that happens in it.
    replay: Option<u64>,
    json: bool,
    jobs: usize,
    /// Whether there are several nodes.
    nodes: bool,
    /// Whether to end at the first seed that goes wrong.
    until_caught: bool,
}

const USAGE: &str = "\
usage: simulation [--seeds N] [--from SEED] [--jobs N] [--until-caught] [--nodes] [--json]
       simulation --seed SEED [--nodes]

--seeds N        how many seeds to run (20)
--from SEED      the first of them (0)
--jobs N         how many at once (as many as there are processors)
--nodes          several machines that share one log and one store
--until-caught   end at the first seed that goes wrong
--json           print one object instead of sentences
--seed SEED      run one, print all that happens and, where it went wrong, the log";

fn main() -> ExitCode {
    let words = match read_words(std::env::args().skip(1)) {
        Ok(words) => words,
        Err(why) => {
            eprintln!("{why}\n{USAGE}");
            return ExitCode::from(2);
        }
    };
    // A panic is one way to go wrong; its message is in the failure.
    std::panic::set_hook(Box::new(|_| {}));
    match words.replay {
        Some(seed) => replay(seed, words.nodes),
        None => run(words),
    }
}

fn read_words(mut words: impl Iterator<Item = String>) -> Result<Words, String> {
    let jobs = std::thread::available_parallelism().map_or(1, usize::from);
    let mut read = Words {
        from: 0,
        seeds: 20,
        replay: None,
        json: false,
        jobs,
        nodes: canary::is_of_nodes(),
        until_caught: false,
    };
    while let Some(word) = words.next() {
        let mut number = || {
            let text = words.next().unwrap_or_default();
            text.parse::<u64>().map_err(|_| format!("{word} wants a number, not \"{text}\""))
        };
        match word.as_str() {
            "--seeds" => read.seeds = number()?,
            "--from" => read.from = number()?,
            "--seed" => read.replay = Some(number()?),
            "--jobs" => read.jobs = usize::try_from(number()?.clamp(1, 256)).unwrap_or(1),
            "--nodes" => read.nodes = true,
            "--json" => read.json = true,
            "--until-caught" => read.until_caught = true,
            _ => return Err(format!("there is no argument {word}")),
        }
    }
    Ok(read)
}

/// Runs a seed in the world that is meant.
fn run_one(simulator: &Simulator, seed: u64, nodes: bool, printed: bool) -> Result<Found, Failure> {
    if nodes { simulator.run_nodes(seed, printed) } else { simulator.run(seed, printed) }
}

fn replay(seed: u64, nodes: bool) -> ExitCode {
    match run_one(&Simulator::new(), seed, nodes, true) {
        Ok(found) => {
            println!("seed {seed}: all right, trace {:016x}", found.hash);
            ExitCode::SUCCESS
        }
        Err(failure) => {
            println!("seed {seed}: {}", failure.why);
            ExitCode::FAILURE
        }
    }
}

/// What all seeds came to.
#[derive(Default)]
struct Sum {
    done: u64,
    plays: u64,
    tally: Tally,
    failures: Vec<Failure>,
}

impl Sum {
    fn add(&mut self, run: Result<Found, Failure>) {
        self.done += 1;
        match run {
            Ok(found) => {
                self.plays += found.plays as u64;
                self.tally.add(&found.tally);
            }
            Err(failure) => self.failures.push(failure),
        }
    }
}

fn run(words: Words) -> ExitCode {
    let begin = Instant::now();
    let (next, enough) = (AtomicU64::new(words.from), AtomicBool::new(false));
    let mut sum = Sum::default();
    std::thread::scope(|scope| {
        let (done, ran) = mpsc::channel();
        for _ in 0..words.jobs {
            let (next, enough, done) = (&next, &enough, done.clone());
            scope.spawn(move || {
                let simulator = Simulator::new();
                loop {
                    let seed = next.fetch_add(1, Ordering::Relaxed);
                    if seed >= words.from + words.seeds || enough.load(Ordering::Relaxed) {
                        return;
                    }
                    let run = run_one(&simulator, seed, words.nodes, false);
                    if run.is_err() && words.until_caught {
                        enough.store(true, Ordering::Relaxed);
                    }
                    // Whoever adds them up waits for all.
                    let _ = done.send(run);
                }
            });
        }
        drop(done);
        add_up(&ran, &mut sum, words.seeds);
    });
    sum.failures.sort_by_key(|failure| failure.seed);
    say(&sum, words, begin.elapsed());
    if sum.failures.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

/// Takes in what ran, and says now and then on standard error how far it is.
fn add_up(ran: &Receiver<Result<Found, Failure>>, sum: &mut Sum, seeds: u64) {
    let on_terminal = std::io::stderr().is_terminal();
    let every = if on_terminal { Duration::from_millis(500) } else { Duration::from_secs(30) };
    let (begin, end) = if on_terminal { ("\r\x1b[K", "") } else { ("", "\n") };
    let mut told = Instant::now();
    while let Ok(run) = ran.recv() {
        sum.add(run);
        if told.elapsed() >= every {
            told = Instant::now();
            eprint!("{begin}{} of {seeds} seeds, {} went wrong{end}", sum.done, sum.failures.len());
            let _ = std::io::stderr().flush();
        }
    }
    if on_terminal {
        eprint!("{begin}");
    }
}

fn say(sum: &Sum, words: Words, took: Duration) {
    let tally = &sum.tally;
    if words.json {
        let failures = sum.failures.iter().map(|failure| {
            json!({ "seed": failure.seed, "why": failure.why, "last_lines": failure.last_lines })
        });
        let report = json!({
            "canary": canary::built_in(),
            "from": words.from,
            "seeds": sum.done,
            "failures": failures.collect::<Vec<_>>(),
            "plays": sum.plays,
            "reports_acknowledged": tally.reports_acknowledged,
            "crashes": tally.crashes,
            "kills": tally.kills,
            "restarts": tally.restarts,
            "disk_faults": tally.disk_faults,
            "store_faults": tally.store_faults,
            "steps": tally.steps,
            "days": tally.days,
            "took_ms": u64::try_from(took.as_millis()).unwrap_or(u64::MAX),
        });
        println!("{report}");
        return;
    }
    for Failure { seed, why, last_lines } in &sum.failures {
        println!("seed {seed} went wrong: {why}");
        for line in last_lines.iter().rev().take(5).rev() {
            println!("    {line}");
        }
        let nodes = if words.nodes { " --nodes" } else { "" };
        println!("    all of it: cargo xtask simulate --seed {seed}{nodes}");
    }
    println!(
        "{} seeds, {} went wrong; {} days, {} reports acknowledged, {} plays, {} power failures, \
         {} kills, {} restarts, {} faults of the disk, {} of the store; {:.1} s",
        sum.done,
        sum.failures.len(),
        tally.days,
        tally.reports_acknowledged,
        sum.plays,
        tally.crashes,
        tally.kills,
        tally.restarts,
        tally.disk_faults,
        tally.store_faults,
        took.as_secs_f64(),
    );
}
