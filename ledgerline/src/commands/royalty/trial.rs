//! `royalty try`: what listening histories would have paid to whom.

use ledgerline_app::money::Micros;
use ledgerline_app::money::trial::{Cent, CentPlay, Deal, HeardPlay, Trial, TrialError, Tried};
use ledgerline_http_api::dto::TrialResult;
use serde_json::json;
use std::collections::BTreeMap;
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};

use crate::cli::royalty::TryArgs;
use crate::failure::Failure;
use crate::histories::{exports, most_told};
use crate::output::{print, print_json, table, thousands};
use crate::progress;

/// How many artists a table shows; `--csv` and `--json` have all.
const TABLE_ROWS_MAX: usize = 25;

pub(super) fn run(args: &TryArgs, as_json: bool) -> Result<u8, Failure> {
    let deal = Deal { fee: args.fee, pool: args.pool, currency: args.currency };
    let mut trial = Trial::new(deal);
    let mut skipped = Vec::new();
    let bar = progress::count("plays read");
    for (name, paths) in listeners(&args.exports)? {
        trial.listener(&name);
        let export = most_told(&name, exports(&paths)?, &mut skipped)?;
        let read = export.for_each(
            &mut |play| {
                bar.inc(1);
                trial.play(HeardPlay {
                    track_id: &play.track_id,
                    track_name: play.track_name.as_deref(),
                    artist: play.artist_name.as_deref(),
                    started_at: play.started_at,
                    listened_ms: play.listened_ms,
                });
                ControlFlow::Continue(())
            },
            &mut |row| skipped.push(row.to_string()),
        );
        read.map_err(|error| Failure::from_error(&error))?;
    }
    bar.finish_and_clear();
    let tried = trial.finish().map_err(|error| match error {
        TrialError::NothingCounts(_) => Failure::missing(error.to_string()),
        TrialError::Refused(_) => Failure::failed(error.to_string()),
    })?;
    if as_json {
        print_json(&json!(TrialResult::of(&tried, skipped.clone())))?;
    } else if args.csv {
        print_csv(&tried)?;
    } else {
        print_text(&tried)?;
    }
    for row in skipped.iter().filter(|_| !as_json) {
        eprintln!("ledgerline: left out: {row}");
    }
    Ok(0)
}

/// Whose history each path is of: files of one folder are one listener's.
fn listeners(paths: &[PathBuf]) -> Result<BTreeMap<String, Vec<PathBuf>>, Failure> {
    let mut by_place: BTreeMap<PathBuf, Vec<PathBuf>> = BTreeMap::new();
    for path in paths {
        let known = path.canonicalize().map_err(|error| Failure::io(path, &error))?;
        let zipped = known.extension().is_some_and(|it| it.eq_ignore_ascii_case("zip"));
        let place = match known.parent() {
            Some(folder) if !known.is_dir() && !zipped => folder.to_owned(),
            _ => known,
        };
        by_place.entry(place).or_default().push(path.clone());
    }
    // The last part of each path, or the whole path where two end alike.
    let last = |place: &Path| {
        let name = place.file_stem().filter(|_| place.is_file()).or(place.file_name());
        name.map_or_else(|| place.display().to_string(), |name| name.to_string_lossy().into_owned())
    };
    let mut names: BTreeMap<String, usize> = BTreeMap::new();
    for place in by_place.keys() {
        *names.entry(last(place)).or_default() += 1;
    }
    let named = by_place.into_iter().map(|(place, paths)| {
        let short = last(&place);
        let name = if names[&short] == 1 { short } else { place.display().to_string() };
        (name, paths)
    });
    Ok(named.collect())
}

fn artist(name: Option<&String>) -> &str {
    name.map_or("(no artist named)", String::as_str)
}

fn print_csv(tried: &Tried) -> Result<(), Failure> {
    let mut writer = csv::Writer::from_writer(Vec::new());
    let failed = |error: csv::Error| Failure::from_error(&error);
    let heads = ["artist", "plays", "listeners", "pro_rata", "user_centric", "difference"];
    writer.write_record(heads).map_err(failed)?;
    for row in &tried.artists {
        let amounts = [row.pro_rata, row.user_centric, Tried::gained(row)];
        let mut cells = vec![row.artist.clone().unwrap_or_default()];
        cells.extend([row.plays, row.listeners].map(|number| number.to_string()));
        cells.extend(amounts.map(|amount| amount.to_string()));
        writer.write_record(cells).map_err(failed)?;
    }
    let bytes = writer.into_inner().map_err(|error| Failure::from_error(&error))?;
    print(String::from_utf8_lossy(&bytes).trim_end())
}

fn print_text(tried: &Tried) -> Result<(), Failure> {
    let Deal { fee, pool, currency } = tried.deal;
    let number = |number: u64| thousands(i64::try_from(number).unwrap_or(i64::MAX));
    for listener in &tried.listeners {
        let (counted, plays) = (number(listener.counted), number(listener.plays));
        print(&format!("{}: {plays} plays, {counted} of them count", listener.name))?;
    }
    let count = tried.listeners.len();
    print(&format!(
        "{count} × {fee} {currency}, of which {pool} is shared: {} {currency} pro-rata, {} user-centric\n",
        tried.pools[0], tried.pools[1]
    ))?;
    let heads = ["artist", "plays", "listeners", "pro-rata", "user-centric", "difference"];
    let mut rows = vec![heads.map(str::to_owned).to_vec()];
    for row in tried.artists.iter().take(TABLE_ROWS_MAX) {
        rows.push(vec![
            artist(row.artist.as_ref()).to_owned(),
            number(row.plays),
            number(row.listeners),
            row.pro_rata.to_string(),
            row.user_centric.to_string(),
            Tried::gained(row).to_string(),
        ]);
    }
    print(&table(&rows))?;
    let more = tried.artists.len().saturating_sub(TABLE_ROWS_MAX);
    if more > 0 {
        print(&format!("… and {} more artists; --csv shows all", number(more as u64)))?;
    }
    let gain = tried.artists.iter().filter(|row| row.user_centric > row.pro_rata).count() as u64;
    let lose = tried.artists.iter().filter(|row| row.user_centric < row.pro_rata).count() as u64;
    print(&format!(
        "User-centric pays {} artists more and {} less; both columns sum to the pool exactly.\n",
        number(gain),
        number(lose)
    ))?;
    tried.cent.as_ref().map_or(Ok(()), |cent| print_cent(tried, cent))
}

fn print_cent(tried: &Tried, cent: &Cent) -> Result<(), Failure> {
    let Deal { fee, pool, currency } = tried.deal;
    let cents = Micros::new(currency.minor_micros());
    print(&format!(
        "{cents} {currency} of {}, user-centric: its first {} plays, worth {} together",
        artist(cent.artist.as_ref()),
        cent.plays,
        units(&cent.worth)
    ))?;
    for CentPlay { listener, track, started_at, of_plays, worth } in &cent.first {
        print(&format!(
            "  {started_at}  {track}: {listener} paid {fee}, {pool} of it by {of_plays} plays: {}",
            units(worth)
        ))?;
    }
    if cent.plays > cent.first.len() as u64 {
        print(&format!("  … and {} more", cent.plays - cent.first.len() as u64))?;
    }
    match cent.plays_pro_rata {
        Some(plays) => {
            print(&format!("Pro-rata the same takes {plays} plays, of whatever artist."))
        }
        None => print("Pro-rata not even all plays together make that much."),
    }
}

/// Ledger units as an amount, cut after nine digits where there are more.
fn units(exact: &ledgerline_app::money::BigRational) -> String {
    let nano = (exact * ledgerline_app::money::BigRational::from_integer(1_000.into())).floor();
    let digits = format!("{:0>10}", nano.to_integer().to_string());
    let (whole, part) = digits.split_at(digits.len() - 9);
    let cut = if exact.is_integer() { "" } else { "…" };
    format!("{whole}.{part}{cut}")
}
