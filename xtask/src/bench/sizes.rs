//! What grows with the number of plays, and what must not: rate, memory, the start after a kill.

use super::ask::{self, Metrics};
use super::bars::{self, Bar};
use super::figures::{Way, mib, object, ratio, real, short};
use super::input::generator;
use super::place::{Place, remove};
use super::proc::{Memory, available_bytes};
use super::replay::{end_of_source, printed, replay};
use super::running::{self, pause};
use super::serving::{READY_MAX, client, start};
use crate::json::Json;
use crate::server::Server;
use std::fs;
use std::path::Path;
use std::process::{Child, Stdio};
use std::time::{Duration, Instant};

/// Of ten reports seven are new plays.
const NEW_IN_TEN: u64 = 7;
/// How many bytes a report has, roughly, and how many times that the folders need.
const REPORT_BYTES: u64 = 227;
const ROOM: u64 = 2;
/// Reports that are under way when the server is killed; five sixths of them are acknowledged by then.
/// That is nearly as many as a start may have to judge again: with some more a snapshot is due.
const TRAFFIC_REPORTS_MAX: u64 = 3_000_000;
/// The least seconds that they take.
const TRAFFIC_S: u64 = 2;
/// More entries than there can be: nothing is sealed.
const NEVER_SEAL: &str = "4000000000";
/// Of the memory that is free so much may be filled: beyond it the system would end programs.
const FREE_IN_TEN: u64 = 6;

/// The figures of one size.
#[derive(Clone, Debug)]
pub struct Size {
    /// How many distinct plays there are.
    pub plays: u64,
    /// `replay` of a pipe that makes them.
    pub way: Way,
    /// Reports a second of the last tenth.
    pub rate_last_tenth: f64,
    /// With everything sealed, after an orderly start.
    pub sealed: Keys,
    /// With nothing sealed, after everything came in.
    pub live: Keys,
    /// From the start of a server that was killed until it says that it is ready, in seconds.
    pub start_s: f64,
    /// The same of a server that was closed in order.
    pub start_in_order_s: f64,
}

/// Memory of a server, beyond that of one on an empty folder, by key.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Keys {
    /// How many there are, as they were made up.
    pub plays: u64,
    /// Index entries in memory, by `/metrics`.
    pub table: u64,
    /// Index entries in runs, by `/metrics`.
    pub sealed: u64,
    /// Memory that runs take, by `/metrics`, in bytes.
    pub sealed_bytes: u64,
    /// What the process has beyond one that has nothing, in bytes.
    pub more: Memory,
}

impl Keys {
    fn read(server: &Server, plays: u64, empty: Memory) -> Result<Keys, String> {
        let metrics = Metrics::of(ask::address(server.url())?)?;
        let now = Memory::of(server.pid());
        Ok(Keys {
            plays,
            table: metrics.sum("ledgerline_index_table_entries"),
            sealed: metrics.sum("ledgerline_index_sealed_entries"),
            sealed_bytes: metrics.sum("ledgerline_index_sealed_memory_bytes"),
            more: Memory {
                anonymous: now.anonymous.saturating_sub(empty.anonymous),
                file: now.file.saturating_sub(empty.file),
            },
        })
    }

    /// Anonymous bytes a key, as the process shows them.
    pub fn anonymous_each(&self) -> f64 {
        ratio(real(self.more.anonymous), real(self.plays))
    }

    /// File-mapped bytes a key, as the process shows them.
    pub fn file_each(&self) -> f64 {
        ratio(real(self.more.file), real(self.plays))
    }

    /// Bytes a sealed key, as `/metrics` says.
    pub fn sealed_each(&self) -> f64 {
        ratio(real(self.sealed_bytes), real(self.sealed))
    }
}

/// Each size, the smallest first.
///
/// # Errors
/// A sentence: it failed, or something was lost. What was measured before is in `done`.
pub fn measure(place: &Place, sizes: &[u64], done: &mut Vec<Size>) -> Result<(), String> {
    let mut sizes = sizes.to_vec();
    sizes.sort_unstable();
    sizes.dedup();
    let room = sizes.last().map_or(0, |plays| reports_of(*plays) * REPORT_BYTES * ROOM);
    if place.free_bytes().is_some_and(|free| free < room) {
        return Err(format!("{} MiB must be free on the disk", mib(room)));
    }
    let empty = empty_server(place)?;
    for plays in sizes {
        let began = Instant::now();
        let size =
            one(place, plays, empty).map_err(|reason| format!("{}: {reason}", short(plays)))?;
        println!(
            "  {} plays: {} reports/s, ready {:.1} s after a kill (all of it took {:.0} s)",
            short(plays),
            bars::whole(size.way.rate()),
            size.start_s,
            began.elapsed().as_secs_f64()
        );
        done.push(size);
    }
    Ok(())
}

/// Reports in which there are so many plays.
fn reports_of(plays: u64) -> u64 {
    plays * 10 / NEW_IN_TEN
}

fn empty_server(place: &Place) -> Result<Memory, String> {
    let data = place.fresh("empty")?;
    let server = start(place.product(), place, &data)?;
    let memory = Memory::of(server.pid());
    server.stop()?;
    remove(&data)?;
    Ok(memory)
}

fn one(place: &Place, plays: u64, empty: Memory) -> Result<Size, String> {
    let (way, rate_last_tenth) = fill(place, plays)?;
    let data = place.path("data");
    let began = Instant::now();
    let server = start(place.product(), place, &data)?;
    let start_in_order_s = began.elapsed().as_secs_f64();
    ask::until_counted(ask::address(server.url())?, READY_MAX)?;
    let sealed = Keys::read(&server, plays, empty)?;
    let start_s = kill_and_start(place, server, way.reports)?;
    remove(&data)?;
    let live = fill_and_seal_nothing(place, plays, empty)?;
    Ok(Size { plays, way, rate_last_tenth, sealed, live, start_s, start_in_order_s })
}

/// `demo generate | replay -`, and the rate of its last tenth.
fn fill(place: &Place, plays: u64) -> Result<(Way, f64), String> {
    let reports = reports_of(plays);
    let data = place.fresh("data")?;
    let (mut source, out) = generate(place, reports, 1)?;
    let began = Instant::now();
    let mut command = replay(place.product(), &data);
    command.arg("-").stdin(Stdio::from(out)).stdout(Stdio::piped());
    let child = command.spawn().map_err(|error| format!("cannot run replay: {error}"))?;
    // It holds the pipe too: the generator would wait for a reader that has gone.
    drop(command);
    let mut timeline = Vec::new();
    let ran = running::finish(child, "replay", began, |at| {
        timeline.push((at.as_secs_f64(), bytes_in(&data.join("plays"))));
    });
    let made = end_of_source(&mut source)?;
    let ran = ran?;
    let ((found, _), seconds) = printed(&ran.output, reports)?;
    if found != plays_in(reports) {
        return Err(format!("{found} plays where there are {}", plays_in(reports)));
    }
    let way = Way {
        name: format!("replay, {} plays", short(plays)),
        reports,
        received_bytes: made.call_bytes,
        seconds,
        usage: ran.usage,
        sender_cpu_s: Some(made.cpu_s),
        peak: ran.peak,
        ..Way::default()
    };
    let last = last_tenth_s(&timeline);
    let rate_last_tenth = last.map_or(way.rate(), |last| ratio(real(reports) / 10.0, last));
    Ok((way, rate_last_tenth))
}

/// As the generator rounds.
fn plays_in(reports: u64) -> u64 {
    reports - reports * (10 - NEW_IN_TEN) / 10
}

fn generate(
    place: &Place,
    reports: u64,
    seed: u64,
) -> Result<(Child, std::process::ChildStdout), String> {
    let mut source = generator(place, reports, seed)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .spawn()
        .map_err(|error| format!("cannot generate: {error}"))?;
    let out = source.stdout.take().ok_or("the generator has no output")?;
    Ok((source, out))
}

/// How long the last tenth took to be judged: the plays log grows with each new play, and these are
/// spread evenly. `timeline` says how many bytes it had at what second. What was read tells less, for
/// judging may be far behind it.
fn last_tenth_s(timeline: &[(f64, u64)]) -> Option<f64> {
    let all = timeline.iter().map(|(_, bytes)| *bytes).max().filter(|bytes| *bytes > 0)?;
    let when = |bytes: u64| timeline.iter().find(|(_, there)| *there >= bytes).map(|(at, _)| *at);
    let last = when(all)? - when(all / 10 * 9)?;
    (last > 0.0).then_some(last)
}

/// The length of all files in a folder and those below it.
fn bytes_in(folder: &Path) -> u64 {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    let bytes = entries.map(|entry| match entry.metadata() {
        Ok(found) if found.is_dir() => bytes_in(&entry.path()),
        Ok(found) => found.len(),
        // It was removed in between.
        Err(_) => 0,
    });
    bytes.sum()
}

/// Kills the server in the middle of traffic, and says how long the next one takes to be ready.
fn kill_and_start(place: &Place, server: Server, before: u64) -> Result<f64, String> {
    let data = place.path("data");
    let traffic = TRAFFIC_REPORTS_MAX.min(before);
    let address = ask::address(server.url())?;
    let key = place.key(&data)?;
    let (mut source, out) = generate(place, traffic, 2)?;
    let mut command = client(place, &server, &key);
    // So slowly that it lasts: with few reports it would be over before anybody looks.
    let rate = (traffic / TRAFFIC_S).max(1).to_string();
    command.args(["--streamed", "--until-gone", "--batch-reports", "1000", "--rate", &rate]);
    command.stdin(Stdio::from(out)).stdout(Stdio::piped());
    let mut child = command.spawn().map_err(|error| format!("cannot run the client: {error}"))?;
    drop(command);
    let accepted = "ledgerline_reports_accepted_total";
    let enough = ask::until(READY_MAX, "the traffic isn't accepted", || {
        let enough = Metrics::of(address)?.sum(accepted) >= traffic / 6 * 5;
        match child.try_wait() {
            Ok(Some(status)) if !enough => Err(format!("the client ended too soon: {status}")),
            _ => Ok(enough),
        }
    });
    server.kill();
    let sent = running::finish(child, "the client", Instant::now(), |_| {});
    end_of_source(&mut source)?;
    enough?;
    let sent = Json::parse(&sent?.output)?;
    let acknowledged = sent.count("accepted")?;
    if sent.at("gone") != Some(&Json::Bool(true)) {
        return Err("the traffic was over before the server was killed".to_owned());
    }
    let began = Instant::now();
    let server = start(place.product(), place, &data)?;
    let address = ask::address(server.url())?;
    let took = began.elapsed().as_secs_f64();
    let kept = Metrics::of(address)?.sum("ledgerline_log_end");
    // An orderly end would seal what nobody looks at again.
    server.kill();
    if kept < before + acknowledged {
        return Err(format!(
            "{kept} records are left of {before} reports and {acknowledged} acknowledged after them"
        ));
    }
    Ok(took)
}

/// The same reports over HTTP into a server that seals nothing, all of them or as many as there is
/// memory for.
fn fill_and_seal_nothing(place: &Place, plays: u64, empty: Memory) -> Result<Keys, String> {
    let data = place.fresh("data")?;
    let mut product = place.product();
    product.env("LEDGERLINE_TABLE_ENTRIES_MAX", NEVER_SEAL);
    let server = start(product, place, &data)?;
    let (pid, key) = (server.pid(), place.key(&data)?);
    let limit = available_bytes().map_or(u64::MAX, |free| free / 10 * FREE_IN_TEN);
    let (mut source, out) = generate(place, reports_of(plays), 1)?;
    let mut command = client(place, &server, &key);
    command.args(["--streamed", "--until-gone"]).stdin(Stdio::from(out)).stdout(Stdio::piped());
    let child = command.spawn().map_err(|error| format!("cannot run the client: {error}"))?;
    drop(command);
    let (mut server, mut full) = (Some(server), None);
    let sent = running::finish(child, "the client", Instant::now(), |_| {
        if Memory::of(pid).anonymous > limit {
            full = full.take().or(server.take().map(|server| {
                let keys = Keys::read(&server, 0, empty);
                server.kill();
                keys.map(|keys| Keys { plays: keys.table + keys.sealed, ..keys })
            }));
        }
    });
    end_of_source(&mut source)?;
    sent?;
    let keys = match (full, server) {
        (Some(keys), _) => keys,
        (None, Some(server)) => {
            // What was only needed while reports came in is given back.
            pause(Duration::from_secs(2));
            let keys = Keys::read(&server, plays, empty);
            // In order it would seal everything first, and nobody looks at it again.
            server.kill();
            keys
        }
        (None, None) => Err("the server was ended without a reason".to_owned()),
    };
    remove(&data)?;
    keys
}

impl Size {
    /// Heads of [`Size::row`].
    pub const HEADS: &'static [&'static str] = &[
        "plays",
        "reports/s",
        "last tenth",
        "anon MiB",
        "file MiB",
        "× received",
        "B/live key",
        "B/sealed key",
        "file-mapped",
        "start s",
        "after a kill",
    ];

    /// One row.
    pub fn row(&self) -> Vec<String> {
        vec![
            short(self.plays),
            bars::whole(self.way.rate()),
            bars::whole(self.rate_last_tenth),
            mib(self.way.peak.anonymous),
            mib(self.way.peak.file),
            bars::fine(self.way.written_to_received()),
            format!("{:.1}", self.live.anonymous_each()),
            format!("{:.1}", self.sealed.anonymous_each()),
            format!("{:.1}", self.sealed.file_each()),
            format!("{:.1}", self.start_in_order_s),
            format!("{:.1}", self.start_s),
        ]
    }

    /// What `/metrics` says beside what the process shows.
    pub fn note(&self) -> String {
        let (live, sealed) = (&self.live, &self.sealed);
        format!(
            "{} plays: with nothing sealed, {} of them{} /metrics says {} entries in tables (and {} in \
             runs) and the process shows {} MiB more; with all sealed {} entries in runs (and {} in tables) that take {:.2} bytes each, \
             and the process shows {} MiB more, {} MiB of them mapped files",
            short(self.plays),
            bars::whole(real(live.plays)),
            if live.plays < self.plays { ", then memory was full," } else { "," },
            bars::whole(real(live.table)),
            bars::whole(real(live.sealed)),
            mib(live.more.anonymous),
            bars::whole(real(sealed.sealed)),
            bars::whole(real(sealed.table)),
            sealed.sealed_each(),
            mib(sealed.more.anonymous + sealed.more.file),
            mib(sealed.more.file),
        )
    }

    /// For another program.
    pub fn as_json(&self) -> Json {
        let keys = |keys: &Keys| {
            object(vec![
                ("table_entries", Json::Number(real(keys.table))),
                ("sealed_entries", Json::Number(real(keys.sealed))),
                ("sealed_memory_bytes", Json::Number(real(keys.sealed_bytes))),
                ("anonymous_bytes_more", Json::Number(real(keys.more.anonymous))),
                ("file_mapped_bytes_more", Json::Number(real(keys.more.file))),
            ])
        };
        object(vec![
            ("plays", Json::Number(real(self.plays))),
            ("replay", self.way.as_json()),
            ("reports_per_second_last_tenth", Json::Number(self.rate_last_tenth.round())),
            ("all_sealed", keys(&self.sealed)),
            ("nothing_sealed", keys(&self.live)),
            ("start_after_kill_s", Json::Number(self.start_s)),
            ("start_in_order_s", Json::Number(self.start_in_order_s)),
        ])
    }
}

/// The bars of the greatest size, which ought to be fifty million.
pub fn bars(sizes: &[Size]) -> Vec<Bar> {
    let (first, last) = (sizes.first(), sizes.last());
    let at = last.map_or("50M".to_owned(), |size| short(size.plays));
    let from = first.map_or("1M".to_owned(), |size| short(size.plays));
    let of = |figure: fn(&Size) -> f64| last.map(figure);
    let of_first = |rate: fn(&Size) -> f64| {
        first.zip(last).map(|(first, last)| ratio(rate(last), first.way.rate()))
    };
    let most = |claim: &str, bar, measured| {
        Bar::most(&format!("at {at} plays: {claim}"), bar, measured, bars::fine)
    };
    let least = |claim: &str, measured| {
        Bar::least(&format!("at {at} plays: {claim} {from}"), 0.85, measured, bars::fine)
    };
    vec![
        most("≤ 80 bytes of memory a live key", 80.0, of(|size| size.live.anonymous_each())),
        most("≤ 4 bytes resident a sealed key", 4.0, of(|size| size.sealed.anonymous_each())),
        most("ready ≤ 10 s after a kill", 10.0, of(|size| size.start_s)),
        least("rate ≥ 0.85 × that at", of_first(|size| size.way.rate())),
        least("rate of the last tenth ≥ 0.85 × that at", of_first(|size| size.rate_last_tenth)),
        most("bytes written ≤ 2.5 × received", 2.5, of(|size| size.way.written_to_received())),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_tenth_is_read_off_the_timeline() {
        // Ten a second from the first second on, three a second for the last tenth, then nothing.
        let at = |second: u32, bytes: u64| (f64::from(second), bytes);
        let timeline =
            [at(0, 0), at(1, 0), at(5, 40), at(10, 90), at(12, 96), at(14, 100), at(20, 100)];
        assert_eq!(last_tenth_s(&timeline), Some(4.0));
        assert_eq!(last_tenth_s(&[]), None);
        assert_eq!(last_tenth_s(&[at(0, 0), at(1, 0)]), None);
    }

    #[test]
    fn reports_are_enough_for_their_plays() {
        assert_eq!(reports_of(7), 10);
        for plays in [1_000_000, 50_000_000] {
            let found = plays_in(reports_of(plays));
            assert!(found.abs_diff(plays) <= 1, "{found}");
        }
    }

    #[test]
    fn bytes_a_key_are_of_all_keys() {
        let more = Memory { anonymous: 800, file: 100 };
        let keys = Keys { plays: 10, table: 8, sealed: 2, sealed_bytes: 4, more };
        assert!((keys.anonymous_each() - 80.0).abs() < 1e-9);
        assert!((keys.file_each() - 10.0).abs() < 1e-9);
        assert!((keys.sealed_each() - 2.0).abs() < 1e-9);
    }
}
