//! Servers of others that a test may kill.

use super::cluster::told;
use serde_json::Value;
use std::path::PathBuf;
use std::process::{Command, Stdio};

/// A service in a folder of its own; it ends with this value.
struct Own {
    xtask: PathBuf,
    folder: tempfile::TempDir,
    name: &'static str,
    more: &'static [&'static str],
}

impl Own {
    /// `None`, and said, where tests run without services.
    fn start(name: &'static str, more: &'static [&'static str]) -> Option<Self> {
        let xtask = PathBuf::from(told("LEDGERLINE_TEST_XTASK")?);
        // Its server may run as another user, who must get there.
        let folder = tempfile::tempdir().expect("there is a temporary folder");
        let mode = std::os::unix::fs::PermissionsExt::from_mode(0o755);
        std::fs::set_permissions(folder.path(), mode).expect("it is ours");
        let own = Self { xtask, folder, name, more };
        own.start_again();
        Some(own)
    }

    fn start_again(&self) {
        let said = self.say("start");
        assert_eq!(said["running"], Value::Bool(true), "{said}");
    }

    /// What it tells those who use it.
    fn told(&self, variable: &str) -> String {
        let said = self.say("status");
        said["environment"][variable].as_str().expect("an address").to_owned()
    }

    fn pids(&self) -> Vec<u64> {
        let said = self.say("status");
        said["pids"].as_array().into_iter().flatten().filter_map(Value::as_u64).collect()
    }

    fn say(&self, deed: &str) -> Value {
        let output = Command::new(&self.xtask)
            .args(["services", deed, self.name, "--json", "--at"])
            .arg(self.folder.path())
            .args(self.more)
            // It takes these for its own, where they are there.
            .env_remove("CARGO_MANIFEST_DIR")
            .stdin(Stdio::null())
            .output()
            .expect("xtask can be started");
        let said = String::from_utf8_lossy(&output.stdout).into_owned();
        assert!(output.status.success(), "{said}\n{}", String::from_utf8_lossy(&output.stderr));
        let said: Value = serde_json::from_str(&said).expect("it speaks JSON");
        said[self.name].clone()
    }
}

impl Drop for Own {
    fn drop(&mut self) {
        let mut stop = Command::new(&self.xtask);
        stop.args(["services", "stop", self.name, "--remove", "--at"]).arg(self.folder.path());
        // A test that fails already says why.
        let _ = stop.env_remove("CARGO_MANIFEST_DIR").stdout(Stdio::null()).status();
    }
}

/// Ends processes as a power cut would.
fn kill(pids: impl IntoIterator<Item = String>) {
    let killed = Command::new("kill").arg("-KILL").args(pids).status();
    assert!(killed.is_ok_and(|status| status.success()), "it is killed");
}

/// A PostgreSQL in a folder of its own; it ends with this value.
pub struct OwnPostgres(Own);

impl OwnPostgres {
    /// `None`, and said, where tests run without services.
    pub fn start() -> Option<Self> {
        Own::start("postgres", &[]).map(Self)
    }

    /// Where it is.
    pub fn url(&self) -> String {
        self.0.told("LEDGERLINE_TEST_POSTGRES")
    }

    /// Ends it as a power cut would: all of its processes.
    pub fn kill(&self) {
        let pid = *self.0.pids().first().expect("it runs");
        let children = std::fs::read_to_string(format!("/proc/{pid}/task/{pid}/children"));
        let children = children.unwrap_or_default();
        kill(
            std::iter::once(pid.to_string()).chain(children.split_whitespace().map(str::to_owned)),
        );
    }

    /// Its data as a power cut would leave it now; it goes on then.
    pub fn copy(&self) -> tempfile::TempDir {
        self.kill();
        let copy = tempfile::tempdir().expect("there is a temporary folder");
        copy_all(self.0.folder.path(), copy.path());
        self.start_again();
        copy
    }

    /// Puts such a copy in the place of its data.
    pub fn set_back(&self, copy: &tempfile::TempDir) {
        self.kill();
        for entry in std::fs::read_dir(self.0.folder.path()).expect("it is there").flatten() {
            std::fs::remove_dir_all(entry.path()).expect("it can be removed");
        }
        copy_all(copy.path(), self.0.folder.path());
        self.start_again();
    }

    /// Starts it on the data that it has.
    pub fn start_again(&self) {
        self.0.start_again();
    }
}

/// Copies everything in a folder with its owners, of whom the server is one.
fn copy_all(from: &std::path::Path, to: &std::path::Path) {
    let copied = Command::new("cp").arg("-a").arg(from.join(".")).arg(to).status();
    assert!(copied.is_ok_and(|status| status.success()), "it is copied");
}

/// Brokers in a folder of their own; they end with this value.
pub struct OwnKafka {
    own: Own,
    /// Which processes they are, as long as all run.
    pids: Vec<u64>,
}

impl OwnKafka {
    /// One, or three with copies; `None`, and said, where tests run without services.
    pub fn start(brokers: usize) -> Option<Self> {
        let more: &[&str] = if brokers == 1 { &[] } else { &["--brokers", "3"] };
        let own = Own::start("kafka", more)?;
        let pids = own.pids();
        assert_eq!(pids.len(), brokers, "all run");
        Some(Self { own, pids })
    }

    /// Where they are, with commas.
    pub fn brokers(&self) -> String {
        self.own.told("LEDGERLINE_TEST_KAFKA")
    }

    /// Ends one as a power cut would, at once.
    pub fn kill(&self, broker: usize) {
        kill([self.pids[broker].to_string()]);
    }

    /// Starts those that don't run on the data that they have.
    pub fn start_again(&mut self) {
        self.own.start_again();
        let brokers = self.pids.len();
        self.pids = self.own.pids();
        assert_eq!(self.pids.len(), brokers, "all run");
    }
}
