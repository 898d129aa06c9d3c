//! What people do by hand with the targets: make the corpus, and run an input again.

use ledgerline_fuzzing::{TARGETS, corpus, target};
use std::io;
use std::process::ExitCode;

const USAGE: &str = "\
cargo run -p ledgerline-fuzzing -- corpus          makes the inputs that every run begins with
cargo run -p ledgerline-fuzzing -- run TARGET FILE…  runs inputs again, such as one that failed
";

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let done = match arguments.iter().map(String::as_str).collect::<Vec<_>>().as_slice() {
        ["corpus"] => {
            corpus::write().map(|files| println!("{files} inputs in {} targets", TARGETS.len()))
        }
        ["run", name, files @ ..] if target(name).is_some() => run(name, files),
        _ => {
            let names: Vec<&str> = TARGETS.iter().map(|target| target.name).collect();
            eprint!("{USAGE}\nTARGET is one of {}\n", names.join(", "));
            return ExitCode::from(2);
        }
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}

fn run(name: &str, files: &[&str]) -> io::Result<()> {
    let target = target(name).expect("the caller has looked");
    for file in files {
        let bytes = std::fs::read(file)
            .map_err(|error| io::Error::new(error.kind(), format!("{file}: {error}")))?;
        (target.run)(&bytes);
        println!("{file}: {} bytes, every property holds", bytes.len());
    }
    Ok(())
}
