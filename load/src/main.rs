//! `ledgerline-load` sends playback reports to a running server, as fast as it takes them or at a
//! given rate, checks every answer, and prints what it measured as one line of JSON. `ledgerline-load
//! ask` does the same with whatever else a server can be asked for.
//!
//! It is a process of its own, so that the server is measured over a real socket, and it shares
//! the machine with the server: so it spends as little as it can. Requests are put together from
//! bytes that were read before the clock starts, answers read without a parser.
//!
//! It refuses to be a general HTTP client: it knows HTTP/1.1 as our servers speak it, and no TLS.
//!
//! Reading order: [`arguments`] (what it is asked), [`input`] (the reports, cut into bodies),
//! [`http`] (one connection), [`sending`] (all of them), [`latency`] (what is told of the times);
//! [`asking`] is everything but reports.

mod arguments;
mod asking;
mod http;
mod input;
mod latency;
mod sending;

use std::process::ExitCode;

fn main() -> ExitCode {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let asks = words.first().is_some_and(|word| word == "ask");
    if words.iter().any(|word| word == "--help" || word == "-h") {
        print!("{}", if asks { asking::arguments::HELP } else { arguments::HELP });
        return ExitCode::SUCCESS;
    }
    let measured = if asks {
        asking::arguments::parse(&words[1..]).map(|arguments| {
            asking::run(&arguments).map(|mut asked| (asked.as_json(), asked.wrong))
        })
    } else {
        arguments::parse(&words).map(|arguments| {
            sending::run(&arguments).map(|mut measured| (measured.as_json(), measured.wrong))
        })
    };
    match measured {
        Err(reason) => {
            eprintln!("ledgerline-load: {reason}; `ledgerline-load --help` shows what there is");
            ExitCode::from(2)
        }
        Ok(Err(reason)) => {
            eprintln!("ledgerline-load: {reason}");
            ExitCode::FAILURE
        }
        Ok(Ok((json, wrong))) => {
            println!("{json}");
            match wrong {
                Some(reason) => {
                    eprintln!("ledgerline-load: {reason}");
                    ExitCode::FAILURE
                }
                None => ExitCode::SUCCESS,
            }
        }
    }
}
