//! `cargo xtask fuzz`: coverage-guided fuzzing of every reader, on the stable toolchain.
//!
//! The programs in `fuzz/` are compiled with LLVM's coverage counters and linked to libFuzzer;
//! each calls one function of `fuzzing/`. Everything that is built or found is in a folder of
//! its own, so that the other flags build nothing else again.

mod campaign;
mod keep;

use crate::Exit;
use crate::cli::Fuzz;
use crate::needs::{self, Need};
use crate::programs::{answer, cargo, succeed};
use crate::steps::{Outcome, Steps};
use crate::workspace::Workspace;
use std::fs;
use std::path::{Path, PathBuf};
use std::process;

/// What compiling libFuzzer and the product takes.
pub const NEEDS: &[Need] = &[Need::Rust, Need::CCompiler, Need::CxxCompiler, Need::Make];

/// How long each target runs in `test --long`.
const LONG_SECONDS: u64 = 120;

/// LLVM's pass for coverage and comparisons, with the counters that libFuzzer reads. These are
/// stable options of rustc; only their convenient form, `-Zsanitizer`, isn't.
const FLAGS: &[&str] = &[
    "--cfg",
    "fuzzing",
    "-Cpasses=sancov-module",
    "-Cllvm-args=-sanitizer-coverage-level=4",
    "-Cllvm-args=-sanitizer-coverage-inline-8bit-counters",
    "-Cllvm-args=-sanitizer-coverage-pc-table",
    "-Cllvm-args=-sanitizer-coverage-trace-compares",
];

/// Where a target's files are.
struct Target {
    name: String,
    program: PathBuf,
    /// The inputs in the repository.
    corpus: PathBuf,
    dictionary: PathBuf,
    /// What was found on this machine.
    found: PathBuf,
    /// Inputs that fail.
    artifacts: PathBuf,
    scratch: PathBuf,
    log: PathBuf,
}

/// Builds, fuzzes, and closes with a table.
pub fn run(workspace: &Workspace, options: &Fuzz) -> Exit {
    if needs::ensure(workspace, NEEDS, options.install).is_err() {
        return Exit::Missing;
    }
    let names = match names(workspace, options.target.as_deref()) {
        Ok(names) => names,
        Err(reason) => {
            eprintln!("xtask: {reason}");
            return Exit::Usage;
        }
    };
    let done = build(workspace, &names).and_then(|targets| {
        let sound = campaign::run(&targets, options.seconds, options.jobs)?;
        if options.keep {
            targets.iter().try_for_each(keep::smallest)?;
        }
        Ok(sound)
    });
    match done {
        Ok(true) => Exit::Good,
        Ok(false) => Exit::Failed,
        Err(reason) => {
            eprintln!("xtask: fuzz: {reason}");
            Exit::Failed
        }
    }
}

/// The same as a step of a longer run.
pub fn steps(workspace: &Workspace, steps: &mut Steps) {
    steps.run("fuzz", || {
        let done = names(workspace, None)
            .and_then(|names| build(workspace, &names))
            .and_then(|targets| campaign::run(&targets, LONG_SECONDS, 1));
        match done {
            Ok(true) => Outcome::Passed,
            Ok(false) => Outcome::Failed("an input breaks a reader".to_owned()),
            Err(reason) => Outcome::Failed(reason),
        }
    });
}

/// The names of all targets, or the one that is `wanted`.
fn names(workspace: &Workspace, wanted: Option<&str>) -> Result<Vec<String>, String> {
    let folder = workspace.root().join("fuzz/fuzz_targets");
    let cannot_list = |error| format!("cannot list {}: {error}", folder.display());
    let mut names = Vec::new();
    for entry in fs::read_dir(&folder).map_err(cannot_list)? {
        let name = entry.map_err(cannot_list)?.file_name().to_string_lossy().into_owned();
        names.extend(name.strip_suffix(".rs").map(str::to_owned));
    }
    names.sort();
    match wanted {
        None => Ok(names),
        Some(wanted) if names.iter().any(|name| name == wanted) => Ok(vec![wanted.to_owned()]),
        Some(wanted) => {
            Err(format!("there is no target `{wanted}`; there are {}", names.join(", ")))
        }
    }
}

fn build(workspace: &Workspace, names: &[String]) -> Result<Vec<Target>, String> {
    let host = host()?;
    let folder = workspace.fuzz();
    lock(workspace, &folder)?;
    println!("building {} programs into {}", names.len(), folder.display());
    let mut command = cargo(workspace);
    command.args(["build", "--release", "--manifest-path", "fuzz/Cargo.toml"]);
    // Naming the host keeps the flags from build scripts and macros.
    command.args(["--target", &host, "--target-dir"]).arg(&folder);
    for name in names {
        command.args(["--bin", name]);
    }
    command.env("CARGO_ENCODED_RUSTFLAGS", FLAGS.join("\x1f"));
    succeed(&mut command).map_err(|reason| {
        format!("the programs can't be built, {reason} (this takes rustc with LLVM's pass sancov-module)")
    })?;
    names.iter().map(|name| Target::of(workspace, &folder, &host, name)).collect()
}

/// The triple of this machine.
fn host() -> Result<String, String> {
    let rustc = std::env::var("RUSTC").unwrap_or_else(|_| "rustc".to_owned());
    let said = answer(&rustc, &["-vV"]).unwrap_or_default();
    let host = said.lines().find_map(|line| line.strip_prefix("host: "));
    host.map(str::to_owned).ok_or_else(|| format!("`{rustc} -vV` names no host"))
}

/// The programs are built with the very crates that the product is built with: their lock is
/// made from the product's, anew whenever that changes.
fn lock(workspace: &Workspace, folder: &Path) -> Result<(), String> {
    let (root, ours) =
        (workspace.root().join("Cargo.lock"), workspace.root().join("fuzz/Cargo.lock"));
    let copied = folder.join("root.lock");
    let wanted = read(&root)?;
    if ours.exists() && read(&copied).is_ok_and(|copied| copied == wanted) {
        return Ok(());
    }
    create(folder)?;
    write(&ours, &wanted)?;
    write(&copied, &wanted)
}

impl Target {
    fn of(workspace: &Workspace, folder: &Path, host: &str, name: &str) -> Result<Target, String> {
        let fuzzing = workspace.root().join("fuzzing");
        let target = Target {
            name: name.to_owned(),
            program: folder.join(host).join("release").join(name),
            corpus: fuzzing.join("corpus").join(name),
            dictionary: fuzzing.join(format!("dictionaries/{name}.dict")),
            found: folder.join("corpus").join(name),
            artifacts: folder.join("artifacts").join(name),
            scratch: scratch(folder).join(format!("ledgerline-fuzz-{name}-{}", process::id())),
            log: folder.join(format!("log/{name}.log")),
        };
        for folder in [&target.found, &target.artifacts, &target.scratch, &folder.join("log")] {
            create(folder)?;
        }
        Ok(target)
    }
}

/// Where small files come and go: in memory where the system has such a place.
fn scratch(folder: &Path) -> PathBuf {
    let memory = Path::new("/dev/shm");
    if memory.is_dir() { memory.to_path_buf() } else { folder.join("scratch") }
}

fn read(path: &Path) -> Result<Vec<u8>, String> {
    fs::read(path).map_err(|error| format!("cannot read {}: {error}", path.display()))
}

fn write(path: &Path, bytes: &[u8]) -> Result<(), String> {
    fs::write(path, bytes).map_err(|error| format!("cannot write {}: {error}", path.display()))
}

fn create(folder: &Path) -> Result<(), String> {
    fs::create_dir_all(folder)
        .map_err(|error| format!("cannot create {}: {error}", folder.display()))
}
