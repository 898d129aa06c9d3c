//! The commands, one file each.

mod accounts;
mod adjudicate;
mod appeals;
mod archive;
mod audit;
mod backup;
mod catalog;
mod counts;
mod deliveries;
mod demo;
mod dlq;
mod doctor;
mod explain;
mod explain_terms;
mod generate;
mod import;
mod ingest;
mod invite;
mod keys;
mod ledger;
mod moving;
mod nodes;
mod privacy;
mod replay;
mod rights;
mod royalty;
mod scan;
mod serve;
mod size;

use crate::cli::{Cli, Command, DemoAction};
use crate::cluster;
use crate::failure::Failure;

/// Runs a command. Says its exit code where it ends well or finds a difference.
///
/// # Errors
/// [`Failure`], with an exit code of its own.
pub async fn run(words: Cli) -> Result<u8, Failure> {
    let (config, json) = (words.config.as_deref(), words.json);
    match words.command {
        // What there is to be set up before a node can have a folder.
        Command::Config { action } => return nodes::config(config, action, json).await,
        Command::Topics { action } => return nodes::topics(config, action, json).await,
        Command::Dlq { action } => return dlq::run(config, action, json).await,
        Command::Size(args) => return size::run(&args, json),
        Command::Move { from, to } => return moving::run(&from, &to, json).await,
        Command::Schema { action } => return nodes::schema(config, action, json).await,
        _ => {}
    }
    let data = match config {
        Some(file) => cluster::enter(file)?,
        None => words.data,
    };
    match words.command {
        Command::Config { .. }
        | Command::Topics { .. }
        | Command::Move { .. }
        | Command::Schema { .. }
        | Command::Dlq { .. }
        | Command::Size(_) => {
            unreachable!("they ran before")
        }
        Command::Demo(args) => match args.action {
            Some(DemoAction::Generate(args)) => generate::run(&args),
            None => demo::run(args.serve.then_some(args.listen), json).await,
        },
        Command::Serve(args) => {
            let how = serve::Serving {
                behind_proxy: args.behind_proxy,
                music: args.music.as_deref(),
                demonstration: args.demonstration.as_deref(),
                as_json: json,
                cdn: &args.cdn,
                access_log: args.access_log.as_deref(),
            };
            serve::run(&data, args.listen, args.signing_key.as_deref(), how).await
        }
        Command::Keys { action } => keys::run(&data, action, json).await,
        Command::Accounts { action } => accounts::run(&data, action, json).await,
        Command::Deliveries { action } => deliveries::run(&data, action, json).await,
        Command::Invite(args) => invite::run(&data, args, json).await,
        Command::Import { from } => import::run(&data, from, json).await,
        Command::Replay { files, clock, source } => {
            replay::run(&data, &files, clock, &source, json).await
        }
        Command::Ingest { action } => ingest::run(&data, action, json).await,
        Command::Identify { file } => ingest::identify(&data, &file, json).await,
        Command::Catalog { action } => catalog::run(&data, action, json).await,
        Command::Counts { by, from, to, format } => {
            counts::run(&data, by, (from, to), format, json).await
        }
        Command::Nodes => nodes::show(&data, json).await,
        Command::Audit { archive } => audit::run(&data, archive.as_deref(), json).await,
        Command::Archive { action } => archive::run(&data, action, json).await,
        Command::Explain { what } => explain::run(&data, what, json).await,
        Command::Adjudicate { action } => adjudicate::run(&data, action, json).await,
        Command::Appeals { action } => appeals::run(&data, action, json).await,
        Command::Royalty { action } => royalty::run(&data, action, json).await,
        Command::Backup(args) => backup::run(&data, args, json).await,
        Command::Restore(args) => backup::restore(&data, args, json).await,
        Command::Ledger(args) => ledger::run(&data, args, json).await,
        Command::Privacy { action } => privacy::run(&data, action, json).await,
        Command::Doctor { rebuild } => doctor::run(&data, rebuild, json).await,
    }
}

/// Percent-encodes a text as one part of a path or of a query (RFC 3986, section 2.3).
pub fn encoded(text: &str) -> String {
    use std::fmt::Write as _;
    text.bytes().fold(String::new(), |mut out, byte| {
        if byte.is_ascii_alphanumeric() || b"-_.~".contains(&byte) {
            out.push(char::from(byte));
        } else {
            write!(out, "%{byte:02X}").expect("a String takes everything");
        }
        out
    })
}
