//! PostgreSQL: a database that is durable by default. A server of our own, on a socket in its own
//! folder, with memory as those who load much would give it.

use super::super::figures::{Way, object, real};
use super::super::input::Input;
use super::super::place::Place;
use super::super::proc::{Usage, has_ended};
use super::super::running::{Ran, Watch};
use super::super::{ask, running};
use super::{Absent, way_of};
use crate::json::Json;
use crate::needs::Need;
use crate::server::signal;
use crate::services::postgres::Programs;
use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

/// Memory, and room between checkpoints; nothing that durability depends on.
const SETTINGS: &[&str] = &[
    "listen_addresses=",
    "shared_buffers=2GB",
    "work_mem=512MB",
    "max_wal_size=16GB",
    "max_parallel_workers_per_gather=2",
];
const START_MAX: Duration = Duration::from_secs(60);

/// Runs `bench/postgres_counts.sql` against a server of our own.
///
/// # Errors
/// [`Absent`].
pub fn measure(place: &Place, input: &Input, missing: &[Need]) -> Result<Way, Absent> {
    if missing.contains(&Need::Postgres) {
        return Err(Absent::Missing("it is not installed".to_owned()));
    }
    let programs = Programs::find().map_err(Absent::Missing)?;
    let cluster = Cluster { programs, folder: place.fresh("postgres")? };
    cluster.make(&place.path("postgres.log"))?;
    let mut server = Server(cluster.start(&place.path("postgres.log"))?);
    let measured = load(place, input, &cluster, server.0.id());
    server.stop();
    Ok(measured?)
}

fn load(place: &Place, input: &Input, cluster: &Cluster, pid: u32) -> Result<Way, String> {
    let is_up =
        || Ok(cluster.psql().args(["-c", "SELECT 1"]).output().is_ok_and(|o| o.status.success()));
    ask::until(START_MAX, "PostgreSQL isn't up", is_up)?;
    let watch = Watch::begin(pid);
    let (before, began) = (Usage::of(pid), Instant::now());
    let reports = format!("reports={}", input.file.display());
    let script = place.root.join("bench/postgres_counts.sql");
    let loaded = running::run(cluster.psql().args(["-v", &reports, "-f"]).arg(script));
    let took = began.elapsed();
    let (usage, peak) = (Usage::of(pid).since(before), watch.end());
    loaded?;
    let ask_for = |query: &str| running::run(cluster.psql().args(["-c", query]));
    let plays = ask_for("COPY (SELECT count(*) FROM plays) TO STDOUT")?.output;
    let plays: u64 = plays.trim().parse().map_err(|_| format!("PostgreSQL has `{plays}` plays"))?;
    let counts = ask_for("COPY counted TO STDOUT WITH (FORMAT csv)")?.output;
    let seconds = Json::Number(took.as_secs_f64());
    let said = object(vec![("seconds", seconds), ("plays", Json::Number(real(plays)))]);
    let ran = Ran { output: said.to_string(), took, usage, peak };
    let mut way = way_of("PostgreSQL", input, &ran, &counts)?;
    way.notes = vec!["PostgreSQL: memory counts what its processes share once".to_owned()];
    Ok(way)
}

struct Cluster {
    programs: Programs,
    folder: PathBuf,
}

impl Cluster {
    fn psql(&self) -> Command {
        let mut command = self.programs.command("psql");
        command.args(["-X", "-q", "-v", "ON_ERROR_STOP=1", "-U", "bench", "-d", "postgres", "-h"]);
        command.arg(&self.folder);
        command
    }

    fn make(&self, log: &Path) -> Result<(), String> {
        if let Some((user, group)) = self.programs.owner {
            std::os::unix::fs::chown(&self.folder, Some(user), Some(group))
                .map_err(|error| format!("{}: {error}", self.folder.display()))?;
        }
        let log = File::create(log).map_err(|error| error.to_string())?;
        let words = ["-A", "trust", "-U", "bench", "-E", "UTF8", "--locale=C", "-D"];
        let made =
            self.programs.command("initdb").args(words).arg(&self.folder).stdout(log).status();
        match made {
            Ok(status) if status.success() => Ok(()),
            other => Err(format!("initdb ended with {other:?}")),
        }
    }

    fn start(&self, log: &Path) -> Result<Child, String> {
        let log =
            fs::OpenOptions::new().append(true).open(log).map_err(|error| error.to_string())?;
        let mut command = self.programs.command("postgres");
        command.arg("-D").arg(&self.folder).arg("-k").arg(&self.folder);
        for setting in SETTINGS {
            command.args(["-c", setting]);
        }
        command.stdout(Stdio::null()).stderr(log);
        command.spawn().map_err(|error| format!("cannot run postgres: {error}"))
    }
}

/// A server that doesn't outlive this value.
struct Server(Child);

impl Server {
    /// Ends it: SIGINT has it send its clients away and stop in order.
    fn stop(&mut self) {
        let pid = self.0.id();
        signal("-INT", pid);
        if ask::until(START_MAX, "PostgreSQL runs on", || Ok(has_ended(pid))).is_err() {
            let _ = self.0.kill();
        }
        let _ = self.0.wait();
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        if !matches!(self.0.try_wait(), Ok(Some(_))) {
            self.stop();
        }
    }
}
