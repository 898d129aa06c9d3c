//! Apache Flink: the streaming peer. Keyed state, exactly-once checkpoints every second, two slots
//! in one process. State is in hash tables on the heap, which is the faster of its two backends here.

use super::super::figures::Way;
use super::super::input::Input;
use super::super::place::{Place, remove};
use super::super::running;
use super::{Absent, way_of};
use crate::needs::Need;
use crate::programs::succeed;
use crate::venv;
use std::fs::{self, File};
use std::io::{self, BufRead, BufReader, Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};
use std::process::Command;

/// Pinned: another version is another peer.
const VERSION: &str = "2.3.0";
const BACKEND: &str = "hashmap";
/// Its serialisers look into these by reflection.
const OPENED: &[&str] = &["java.util", "java.lang", "java.lang.reflect"];
/// The heap gets a third of the memory, from the beginning: it then grows no more.
const HEAP_SHARE: u64 = 3;

/// Compiles and runs `bench/flink/DedupCount.java`.
///
/// # Errors
/// [`Absent`].
pub fn measure(
    place: &Place,
    input: &Input,
    warm: &Input,
    missing: &[Need],
) -> Result<Way, Absent> {
    for (need, what) in [(Need::Python, "Python with venv"), (Need::Jdk, "JDK from 17 on")] {
        if missing.contains(&need) {
            return Err(Absent::Missing(format!("there is no {what}")));
        }
    }
    let folder = place.kept.join("bench-flink");
    venv::ensure(&folder, "apache-flink-libraries", VERSION).map_err(Absent::Missing)?;
    let jars = jars_in(&folder)?;
    let classes = place.fresh("flink-classes")?;
    let source = place.root.join("bench/flink/DedupCount.java");
    succeed(Command::new("javac").args(["-cp", &jars, "-d"]).args([&classes, &source]))
        .map_err(|reason| format!("javac {}: {reason}", source.display()))?;
    let halves = halves_of(place, &input.file).map_err(|error| format!("two halves: {error}"))?;
    let (checkpoints, counted) = (place.path("flink-checkpoints"), place.path("flink-counts"));
    let log = File::create(place.path("flink.log")).map_err(|error| error.to_string())?;
    let mut command = Command::new("java");
    command.args(["-XX:+UseParallelGC", &heap("-Xms"), &heap("-Xmx")]);
    for package in OPENED {
        command.arg(format!("--add-opens=java.base/{package}=ALL-UNNAMED"));
    }
    command.args(["-cp", &format!("{}:{jars}", classes.display()), "DedupCount", BACKEND]);
    let paths = [&checkpoints, &counted, &warm.file].into_iter().chain(&halves);
    command.args(paths.map(|path| url(path)));
    let ran = running::run(command.stderr(log))?;
    let counts = counts_in(&counted).map_err(|error| format!("Flink's counts: {error}"))?;
    let mut way = way_of("Flink", input, &ran, &counts)?;
    way.notes.push(format!(
        "Flink {VERSION}: state backend {BACKEND}, checkpoints every second; a job of {} \
         reports before it is in its processor time and not in its seconds",
        warm.reports
    ));
    for half in halves {
        let _ = fs::remove_file(half);
    }
    remove(&checkpoints)?;
    Ok(way)
}

/// The jars that the job needs, as a class path.
fn jars_in(venv: &Path) -> Result<String, String> {
    let lib = venv.join("lib");
    let packages = fs::read_dir(&lib).map_err(|error| format!("{}: {error}", lib.display()))?;
    for python in packages.flatten() {
        let jars = python.path().join("site-packages/pyflink/lib");
        let names = ["flink-dist", "flink-connector-files"];
        let paths: Vec<PathBuf> =
            names.iter().map(|name| jars.join(format!("{name}-{VERSION}.jar"))).collect();
        if paths.iter().all(|path| path.is_file()) {
            let paths: Vec<String> = paths.iter().map(|path| path.display().to_string()).collect();
            return Ok(paths.join(":"));
        }
    }
    Err(format!("no jars of Flink {VERSION} under {}", lib.display()))
}

/// A file is read by one slot: two of them keep both busy.
fn halves_of(place: &Place, file: &Path) -> io::Result<[PathBuf; 2]> {
    let mut from = BufReader::with_capacity(1 << 20, File::open(file)?);
    let middle = from.get_ref().metadata()?.len() / 2;
    from.seek(SeekFrom::Start(middle))?;
    let rest = from.read_until(b'\n', &mut Vec::new())?;
    let end = middle + rest as u64;
    let halves = ["half-0.ndjson", "half-1.ndjson"].map(|name| place.path(name));
    from.seek(SeekFrom::Start(0))?;
    for (half, length) in halves.iter().zip([end, u64::MAX]) {
        let mut to = File::create(half)?;
        io::copy(&mut (&mut from).take(length), &mut to)?;
        to.sync_all()?;
    }
    Ok(halves)
}

fn heap(option: &str) -> String {
    let text = fs::read_to_string("/proc/meminfo").unwrap_or_default();
    let total = text.lines().find_map(|line| line.strip_prefix("MemTotal:"));
    let kib = total.and_then(|rest| rest.split_whitespace().next()?.parse::<u64>().ok());
    format!("{option}{}m", kib.unwrap_or(6 << 20) / HEAP_SHARE / 1024)
}

fn url(path: &Path) -> String {
    format!("file://{}", path.display())
}

/// What its sink wrote, in files of its own naming; hidden ones were never finished.
fn counts_in(folder: &Path) -> io::Result<String> {
    let mut text = String::new();
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        if !entry.file_name().to_string_lossy().starts_with('.') {
            text += &fs::read_to_string(entry.path())?;
        }
    }
    Ok(text)
}
