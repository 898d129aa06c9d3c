//! `ledgerline-load` sends playback reports to a running server, as fast as it takes them or at a
//! given rate, checks every answer, and prints what it measured as one line of JSON.
//!
//! It is a process of its own, so that the server is measured over a real socket, and it shares
//! the machine with the server: so it spends as little as it can. One thread, requests put
//! together from bytes that were read before the clock starts, answers read without a parser.
//!
//! It refuses to be a general HTTP client: it knows this one endpoint, HTTP/1.1 and no TLS.
//!
//! Reading order: [`arguments`] (what it is asked), [`input`] (the reports, cut into bodies),
//! [`http`] (one connection), [`sending`] (all of them), [`latency`] (what is told of the times).

mod arguments;
mod http;
mod input;
mod latency;
mod sending;

use std::process::ExitCode;

fn main() -> ExitCode {
    let words: Vec<String> = std::env::args().skip(1).collect();
    if words.iter().any(|word| word == "--help" || word == "-h") {
        print!("{}", arguments::HELP);
        return ExitCode::SUCCESS;
    }
    let arguments = match arguments::parse(&words) {
        Ok(arguments) => arguments,
        Err(reason) => {
            eprintln!("ledgerline-load: {reason}; `ledgerline-load --help` shows what there is");
            return ExitCode::from(2);
        }
    };
    match sending::run(&arguments) {
        Ok(mut measured) => {
            println!("{}", measured.as_json());
            if let Some(reason) = measured.wrong {
                eprintln!("ledgerline-load: {reason}");
                return ExitCode::FAILURE;
            }
            ExitCode::SUCCESS
        }
        Err(reason) => {
            eprintln!("ledgerline-load: {reason}");
            ExitCode::FAILURE
        }
    }
}
