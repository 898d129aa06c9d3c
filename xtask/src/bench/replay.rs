//! `ledgerline replay`: of a file that the system has in memory, and of a pipe.

use super::figures::{Syncs, Way};
use super::input::{Counts, Input, counts_of, generator};
use super::place::{Place, remove};
use super::proc::{Usage, has_ended};
use super::running::{self, Ran, pause};
use super::syncs;
use crate::json::Json;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

/// Both ways in, and how often they sync.
///
/// # Errors
/// A sentence: it failed, or it counted otherwise than is right.
pub fn measure(place: &Place, input: &Input, short: &Input) -> Result<Vec<Way>, String> {
    let mut file = of_file(place, input)?;
    file.syncs = syncs_of_file(place, short, &mut file.notes);
    let pipe = of_pipe(place, input)?;
    Ok(vec![file, pipe])
}

fn of_file(place: &Place, input: &Input) -> Result<Way, String> {
    let data = place.fresh("data")?;
    let ran = running::run(replay(place.product(), &data).arg(&input.file))?;
    let way = way_of("replay, a file", input, &ran)?;
    compare(place, &data, input)?;
    remove(&data)?;
    Ok(way)
}

fn of_pipe(place: &Place, input: &Input) -> Result<Way, String> {
    let data = place.fresh("data")?;
    let mut source = generator(place, input.reports, 1)
        .stdout(Stdio::piped())
        .spawn()
        .map_err(|error| format!("cannot generate: {error}"))?;
    let reports = source.stdout.take().ok_or("the generator has no output")?;
    let mut command = replay(place.product(), &data);
    let ran = running::run(command.arg("-").stdin(Stdio::from(reports)));
    // It holds the pipe too: the generator would wait for a reader that has gone.
    drop(command);
    let made = end_of_source(&mut source)?;
    let mut way = way_of("replay, a pipe", input, &ran?)?;
    way.sender_cpu_s = Some(made.cpu_s);
    compare(place, &data, input)?;
    remove(&data)?;
    Ok(way)
}

/// What the generator used. It has ended, or ends as soon as nobody reads.
///
/// # Errors
/// It ended badly.
pub fn end_of_source(source: &mut Child) -> Result<Usage, String> {
    while !has_ended(source.id()) {
        pause(Duration::from_millis(5));
    }
    let usage = Usage::of(source.id());
    let status = source.wait().map_err(|error| format!("cannot generate: {error}"))?;
    if status.success() { Ok(usage) } else { Err(format!("`demo generate` ended with {status}")) }
}

/// `ledgerline replay` into `data`, still without its files.
pub fn replay(mut product: Command, data: &Path) -> Command {
    product.args(["replay", "--json", "--source", "bench", "--data"]).arg(data);
    product.stdin(Stdio::null());
    product
}

/// The figures out of what `replay --json` printed.
///
/// # Errors
/// It is not what is right.
pub fn way_of(name: &str, input: &Input, ran: &Ran) -> Result<Way, String> {
    let (plays, seconds) = printed(&ran.output, input.reports)?;
    if plays != (input.right.plays, input.right.counted()) {
        let (plays, counted) = plays;
        return Err(format!("{name}: {plays} plays, {counted} of them counted, which is wrong"));
    }
    Ok(Way {
        name: name.to_owned(),
        reports: input.reports,
        received_bytes: input.bytes,
        seconds,
        usage: ran.usage,
        peak: ran.peak,
        notes: vec![format!("{name}: the process took {:.1} s in all", ran.took.as_secs_f64())],
        ..Way::default()
    })
}

/// Plays and counted plays that `replay --json` printed, and its seconds.
///
/// # Errors
/// It did not accept everything.
pub fn printed(output: &str, reports: u64) -> Result<((u64, u64), f64), String> {
    let said = Json::parse(output)?;
    let accepted = said.count("accepted")?;
    if accepted != reports || said.count("rejected")? > 0 {
        return Err(format!("replay accepted {accepted} of {reports} reports"));
    }
    if said.at("conservation_holds") != Some(&Json::Bool(true)) {
        return Err("conservation doesn't hold after replay".to_owned());
    }
    let Some(Json::Object(statuses)) = said.at("plays") else {
        return Err("replay printed no plays".to_owned());
    };
    let mut plays = 0;
    for (status, _) in statuses {
        plays += said.count(&format!("plays.{status}"))?;
    }
    Ok(((plays, said.count("plays.counted")?), said.number("seconds")?))
}

fn compare(place: &Place, data: &Path, input: &Input) -> Result<(), String> {
    let counts: Counts = counts_of(place, data, input.right.plays)?;
    counts.compare(&input.right).map_err(|reason| format!("replay: {reason}"))
}

/// The same once more under strace, which makes it slower: so only calls are taken from it.
fn syncs_of_file(place: &Place, short: &Input, notes: &mut Vec<String>) -> Option<Syncs> {
    let counted = syncs::available().and_then(|()| {
        let data = place.fresh("data")?;
        let summary = place.path("syncs.txt");
        let mut command = replay(syncs::under(place, &summary), &data);
        running::run(command.arg(&short.file))?;
        let syncs = syncs::read(&summary, short.reports)?;
        remove(&data)?;
        Ok(syncs)
    });
    counted.map_err(|reason| notes.push(format!("replay: syncs not counted: {reason}"))).ok()
}
