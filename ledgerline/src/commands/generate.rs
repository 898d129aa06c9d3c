//! `demo generate`: synthetic playback reports, and the true answer to them.

use ledgerline_ids::DayNo;
use ledgerline_population::{Population, Profile};
use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};

use crate::cli::{GenerateArgs, GenerateProfile};
use crate::failure::Failure;
use crate::progress;

pub(super) fn run(args: &GenerateArgs) -> Result<u8, Failure> {
    let population = population(args);
    let bar = progress::count("reports made up");
    let mut tell = |reports: u64| bar.set_position(reports);
    let truth = match &args.out {
        Some(path) => {
            let file = File::create(path).map_err(|error| Failure::io(path, &error))?;
            let mut out = BufWriter::with_capacity(1 << 20, file);
            let truth = population.generate(&mut out, &mut tell);
            truth.and_then(|truth| out.flush().map(|()| truth))
        }
        None => {
            let mut out = BufWriter::with_capacity(1 << 20, io::stdout().lock());
            let truth = population.generate(&mut out, &mut tell);
            truth.and_then(|truth| out.flush().map(|()| truth))
        }
    };
    bar.finish_and_clear();
    let truth = match truth {
        // Whoever read has had enough.
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => return Ok(0),
        Err(error) if error.kind() == io::ErrorKind::InvalidInput => {
            return Err(Failure::usage(error.to_string()));
        }
        Err(error) => return Err(Failure::from_error(&error)),
        Ok(truth) => truth,
    };
    if let Some(path) = args.truth.clone().or_else(|| args.out.as_deref().map(beside)) {
        let file = File::create(&path).map_err(|error| Failure::io(&path, &error))?;
        let mut out = BufWriter::new(file);
        truth
            .write_pretty(&mut out)
            .and_then(|()| out.flush())
            .map_err(|error| Failure::io(&path, &error))?;
        eprintln!("the true answer is in {}", path.display());
    }
    Ok(0)
}

/// What is to be made up, with as many listeners as that takes where it isn't said.
fn population(args: &GenerateArgs) -> Population {
    let profile = match args.profile {
        GenerateProfile::Service => Profile::Service,
        GenerateProfile::Throughput => Profile::Throughput,
    };
    let least = Population::listeners_min(profile, args.reports, args.days);
    // A listener has about 20 plays a day; so many listeners are not worn out.
    let usual = args.reports / (u64::from(args.days.max(1)) * 20);
    Population {
        seed: args.seed,
        reports: args.reports,
        listeners: args.listeners.unwrap_or(usual.max(least)),
        tracks: args.tracks,
        zipf_hundredths: args.zipf,
        listener_zipf_hundredths: args.listener_zipf,
        start: u64::from(args.start.0) * DayNo::MS,
        days: args.days,
        shuffle: args.shuffle,
        windows: args.windows,
        profile,
    }
}

fn beside(out: &Path) -> PathBuf {
    out.with_extension("truth.json")
}
