//! A folder of a test's own, and the real binary run on its data folder.

use super::{DEADLINE, DIMENSIONS};
use rustix::process::{Pid, Signal, kill_process};
use serde_json::Value;
use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{self, RecvTimeoutError};
use std::time::Duration;
use tempfile::TempDir;

/// A temporary folder with the data folder `data` in it, and beside it whatever a test needs.
pub struct Folder {
    dir: TempDir,
    // What each command is run by, and with what arguments; nothing, nearly always.
    under: Vec<String>,
    // The node's configuration, beside the data folder.
    config: Option<&'static str>,
}

/// What a command said, and how it ended.
#[derive(Debug)]
pub struct Ran {
    /// Its exit code.
    pub code: i32,
    /// Its standard output.
    pub out: String,
    /// Its standard error.
    pub err: String,
}

impl Folder {
    /// An empty one; there is no deployment yet.
    pub fn new() -> Self {
        #[cfg(feature = "cluster")]
        if let Some(folder) = super::cluster::instead() {
            return folder;
        }
        Self::under(|_| Vec::new())
    }

    /// An empty one of a node, whose configuration is the file of this name.
    #[cfg(feature = "cluster")]
    pub fn of_node(config: &'static str) -> Self {
        Self { config: Some(config), ..Self::under(|_| Vec::new()) }
    }

    /// An empty one of which every command is run by another: `under` says by which, and with
    /// what arguments before ours, for the folder's path.
    pub fn under(under: impl FnOnce(&Path) -> Vec<String>) -> Self {
        let dir = tempfile::tempdir().expect("there is a temporary folder");
        let under = under(dir.path());
        Self { dir, under, config: None }
    }

    /// Another one with a copy of this one's data folder.
    pub fn copy(&self) -> Self {
        let other = Self::new();
        copy_folder(&self.data(), &other.data());
        other
    }

    /// The data folder.
    pub fn data(&self) -> PathBuf {
        self.path("data")
    }

    /// Something beside the data folder.
    pub fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    /// Writes a file beside the data folder; its path as an argument.
    pub fn write(&self, name: &str, bytes: impl AsRef<[u8]>) -> String {
        let path = self.path(name);
        fs::write(&path, bytes).expect("the folder can be written");
        text(&path)
    }

    /// The files of the data folder whose relative path begins with `prefix`, sorted.
    pub fn files(&self, prefix: &str) -> Vec<String> {
        let mut found = Vec::new();
        collect(&self.data(), &self.data(), &mut found);
        found.retain(|name| name.starts_with(prefix));
        found.sort();
        found
    }

    /// The binary on this data folder, not yet started. Nothing of the surroundings reaches it.
    pub fn command(&self, args: &[&str]) -> Command {
        self.command_under(&[], args)
    }

    /// The same, run by yet another command.
    pub fn command_under(&self, further: &[String], args: &[&str]) -> Command {
        let binary = env!("CARGO_BIN_EXE_ledgerline").to_owned();
        let mut words = self.under.iter().chain(further).chain(std::iter::once(&binary));
        let mut command = Command::new(words.next().expect("there is the binary at least"));
        command.args(words);
        match self.config {
            None => command.arg("--data").arg(self.data()),
            Some(config) => command.arg("--config").arg(self.path(config)),
        };
        command.args(args);
        command.current_dir(self.dir.path());
        for name in [
            "LEDGERLINE_DATA",
            "LEDGERLINE_CONFIG",
            "LEDGERLINE_TABLE_ENTRIES_MAX",
            "LEDGERLINE_SEGMENT_BYTES_MAX",
            "LEDGERLINE_ARCHIVE",
            "LEDGERLINE_ARCHIVE_RECORDS_MAX",
            "LEDGERLINE_ARCHIVE_EVERY_MS",
            "LEDGERLINE_SIGNING_KEY",
            "LEDGERLINE_BEHIND_PROXY",
            "LEDGERLINE_MUSIC",
            "RUST_LOG",
            "COLUMNS",
        ] {
            command.env_remove(name);
        }
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        command
    }

    /// Runs a command.
    pub fn run(&self, args: &[&str]) -> Ran {
        finish(self.command(args), None)
    }

    /// Runs a command that reads `input`.
    pub fn run_with_input(&self, args: &[&str], input: &[u8]) -> Ran {
        finish(self.command(args), Some(input))
    }

    /// Runs a command that must end well; its standard output.
    pub fn ok(&self, args: &[&str]) -> String {
        self.run(args).good(args)
    }

    /// Runs a command that must end well, with `--json`; its object.
    pub fn json(&self, args: &[&str]) -> Value {
        let out = self.ok(&[args, &["--json"]].concat());
        serde_json::from_str(&out).unwrap_or_else(|error| panic!("{args:?}: {error}: {out}"))
    }

    /// The counts by one thing, as CSV.
    pub fn csv(&self, by: &str) -> String {
        self.ok(&["counts", "--by", by, "--format", "csv"])
    }

    /// The counts by everything, as CSV.
    pub fn all_counts(&self) -> String {
        DIMENSIONS.iter().fold(String::new(), |mut all, by| {
            write!(all, "{}", self.csv(by)).expect("a String takes everything");
            all
        })
    }

    /// The counts by one thing, as a map.
    pub fn counts(&self, by: &str) -> BTreeMap<String, u64> {
        rows_of(&self.csv(by))
    }

    /// Recounts everything, which must balance; what the audit says.
    pub fn balanced(&self) -> Value {
        self.balanced_within(DEADLINE)
    }

    /// The same of so much that it may take so long.
    pub fn balanced_within(&self, within: Duration) -> Value {
        let args = ["audit", "--json"];
        let out = finish_within(self.command(&args), None, within).good(&args);
        let audit: Value = serde_json::from_str(&out).expect("an audit is JSON");
        assert_eq!(audit["balanced"], true, "{audit}");
        assert_eq!(audit["recount_matches"], true, "{audit}");
        assert_eq!(audit["differences"], serde_json::json!([]));
        audit
    }
}

impl Ran {
    /// The standard output, where the command ended well.
    #[track_caller]
    pub fn good(self, what: &[&str]) -> String {
        assert_eq!(self.code, 0, "{what:?} says: {}{}", self.out, self.err);
        self.out
    }

    /// Both outputs.
    pub fn all(&self) -> String {
        format!("{}{}", self.out, self.err)
    }
}

/// Runs a command to its end; one that hangs is killed, and the test fails.
pub fn finish(command: Command, input: Option<&[u8]>) -> Ran {
    finish_within(command, input, DEADLINE)
}

fn finish_within(mut command: Command, input: Option<&[u8]>, within: Duration) -> Ran {
    if input.is_some() {
        command.stdin(Stdio::piped());
    }
    let mut child = command.spawn().expect("the binary can be started");
    let (done, watched) = mpsc::channel::<()>();
    let pid = pid_of(&child);
    std::thread::scope(|scope| {
        scope.spawn(move || {
            if watched.recv_timeout(within) == Err(RecvTimeoutError::Timeout) {
                let _ = kill_process(pid, Signal::KILL);
            }
        });
        if let Some((mut stdin, input)) = child.stdin.take().zip(input) {
            // A command that ends early closes it: what it says is looked at, not this.
            scope.spawn(move || stdin.write_all(input));
        }
        let output = child.wait_with_output().expect("its output can be read");
        drop(done);
        let err = String::from_utf8_lossy(&output.stderr).into_owned();
        let Some(code) = output.status.code() else {
            panic!("{command:?} was ended by a signal (it hung?): {err}")
        };
        Ran { code, out: String::from_utf8_lossy(&output.stdout).into_owned(), err }
    })
}

/// The process id of a child.
pub fn pid_of(child: &Child) -> Pid {
    Pid::from_child(child)
}

/// A process id that was told as a text.
#[cfg(feature = "cluster")]
pub fn pid_named(text: &str) -> Pid {
    text.parse().ok().and_then(Pid::from_raw).expect("a process id")
}

/// The rows of a table of counts in CSV.
pub fn rows_of(csv: &str) -> BTreeMap<String, u64> {
    let mut reader = csv::Reader::from_reader(csv.as_bytes());
    let rows = reader.records().map(|row| row.expect("it is CSV"));
    rows.map(|row| (row[0].to_owned(), row[1].parse().expect("a count is a number"))).collect()
}

/// A path as an argument.
pub fn text(path: &Path) -> String {
    path.to_str().expect("temporary folders have plain names").to_owned()
}

fn collect(root: &Path, folder: &Path, found: &mut Vec<String>) {
    for entry in fs::read_dir(folder).into_iter().flatten() {
        let path = entry.expect("the folder can be read").path();
        if path.is_dir() {
            collect(root, &path, found);
        } else if let Ok(name) = path.strip_prefix(root) {
            found.push(text(name));
        }
    }
}

fn copy_folder(from: &Path, to: &Path) {
    fs::create_dir_all(to).expect("the folder can be made");
    for entry in fs::read_dir(from).expect("the folder can be read") {
        let entry = entry.expect("the folder can be read");
        let (path, target) = (entry.path(), to.join(entry.file_name()));
        let kind = entry.file_type().expect("it has a type");
        if kind.is_dir() {
            copy_folder(&path, &target);
        } else if kind.is_file() {
            fs::copy(&path, &target).expect("the file can be copied");
        }
    }
}
