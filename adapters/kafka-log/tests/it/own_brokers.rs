//! Brokers that a test may kill.

use crate::support::told;
use serde_json::Value;
use std::path::PathBuf;
use std::process::{Command, Stdio};

/// Brokers in a folder of their own; they end with this value.
pub struct OwnBrokers {
    xtask: PathBuf,
    folder: tempfile::TempDir,
    count: u16,
}

impl OwnBrokers {
    /// `count` of them; `None` where this test runs without Kafka.
    pub fn start(count: u16) -> Option<Self> {
        let xtask = PathBuf::from(told("LEDGERLINE_TEST_XTASK")?);
        let folder = tempfile::tempdir().unwrap();
        let brokers = Self { xtask, folder, count };
        brokers.start_all();
        Some(brokers)
    }

    /// Starts those that don't run, on the data that they have.
    pub fn start_all(&self) {
        let said = self.say("start");
        assert_eq!(said["running"], Value::Bool(true), "{said}");
    }

    fn say(&self, deed: &str) -> Value {
        let count = self.count.to_string();
        let output = Command::new(&self.xtask)
            .args(["services", deed, "kafka", "--json", "--brokers", &count, "--at"])
            .arg(self.folder.path())
            // It takes these for its own, where they are there.
            .env_remove("CARGO_MANIFEST_DIR")
            .stdin(Stdio::null())
            .output()
            .unwrap();
        let said = String::from_utf8_lossy(&output.stdout).into_owned();
        assert!(output.status.success(), "{said}\n{}", String::from_utf8_lossy(&output.stderr));
        let said: Value = serde_json::from_str(&said).unwrap();
        said["kafka"].clone()
    }

    /// Where they are.
    pub fn addresses(&self) -> String {
        self.say("status")["environment"]["LEDGERLINE_TEST_KAFKA"].as_str().unwrap().to_owned()
    }

    /// Kills the first of those that run, as a power cut would end it.
    pub fn kill_one(&self) {
        let pids = self.say("status")["pids"].clone();
        let pid = pids[0].as_u64().expect("one runs");
        let killed = Command::new("kill").args(["-KILL", &pid.to_string()]).status().unwrap();
        assert!(killed.success());
    }
}

impl Drop for OwnBrokers {
    fn drop(&mut self) {
        let mut stop = Command::new(&self.xtask);
        stop.args(["services", "stop", "kafka", "--remove", "--at"]).arg(self.folder.path());
        // A test that fails already says why.
        let _ = stop.env_remove("CARGO_MANIFEST_DIR").stdout(Stdio::null()).status();
    }
}
