//! Servers of others that a test may kill.

use super::cluster::told;
use serde_json::Value;
use std::path::PathBuf;
use std::process::{Command, Stdio};

/// A PostgreSQL in a folder of its own; it ends with this value.
pub struct OwnPostgres {
    xtask: PathBuf,
    folder: tempfile::TempDir,
}

impl OwnPostgres {
    /// `None`, and said, where tests run without services.
    pub fn start() -> Option<Self> {
        let xtask = PathBuf::from(told("LEDGERLINE_TEST_XTASK")?);
        // Its server runs as another user, who must get there.
        let folder = tempfile::tempdir().expect("there is a temporary folder");
        let mode = std::os::unix::fs::PermissionsExt::from_mode(0o755);
        std::fs::set_permissions(folder.path(), mode).expect("it is ours");
        let postgres = Self { xtask, folder };
        postgres.start_again();
        Some(postgres)
    }

    /// Where it is.
    pub fn url(&self) -> String {
        let said = self.say("status");
        said["environment"]["LEDGERLINE_TEST_POSTGRES"].as_str().expect("an address").to_owned()
    }

    /// Ends it as a power cut would: all of its processes.
    pub fn kill(&self) {
        let said = self.say("status");
        let pid = said["pids"][0].as_u64().expect("it runs");
        let children = std::fs::read_to_string(format!("/proc/{pid}/task/{pid}/children"));
        let children = children.unwrap_or_default();
        let pids =
            std::iter::once(pid.to_string()).chain(children.split_whitespace().map(str::to_owned));
        let killed = Command::new("kill").arg("-KILL").args(pids).status();
        assert!(killed.is_ok_and(|status| status.success()), "it is killed");
    }

    /// Its data as a power cut would leave it now; it goes on then.
    pub fn copy(&self) -> tempfile::TempDir {
        self.kill();
        let copy = tempfile::tempdir().expect("there is a temporary folder");
        copy_all(self.folder.path(), copy.path());
        self.start_again();
        copy
    }

    /// Puts such a copy in the place of its data.
    pub fn set_back(&self, copy: &tempfile::TempDir) {
        self.kill();
        for entry in std::fs::read_dir(self.folder.path()).expect("it is there").flatten() {
            std::fs::remove_dir_all(entry.path()).expect("it can be removed");
        }
        copy_all(copy.path(), self.folder.path());
        self.start_again();
    }

    /// Starts it on the data that it has.
    pub fn start_again(&self) {
        let said = self.say("start");
        assert_eq!(said["running"], Value::Bool(true), "{said}");
    }

    fn say(&self, deed: &str) -> Value {
        let output = Command::new(&self.xtask)
            .args(["services", deed, "postgres", "--json", "--at"])
            .arg(self.folder.path())
            // It takes these for its own, where they are there.
            .env_remove("CARGO_MANIFEST_DIR")
            .stdin(Stdio::null())
            .output()
            .expect("xtask can be started");
        let said = String::from_utf8_lossy(&output.stdout).into_owned();
        assert!(output.status.success(), "{said}\n{}", String::from_utf8_lossy(&output.stderr));
        let said: Value = serde_json::from_str(&said).expect("it speaks JSON");
        said["postgres"].clone()
    }
}

impl Drop for OwnPostgres {
    fn drop(&mut self) {
        let mut stop = Command::new(&self.xtask);
        stop.args(["services", "stop", "postgres", "--remove", "--at"]).arg(self.folder.path());
        // A test that fails already says why.
        let _ = stop.env_remove("CARGO_MANIFEST_DIR").stdout(Stdio::null()).status();
    }
}

/// Copies everything in a folder with its owners, of whom the server is one.
fn copy_all(from: &std::path::Path, to: &std::path::Path) {
    let copied = Command::new("cp").arg("-a").arg(from.join(".")).arg(to).status();
    assert!(copied.is_ok_and(|status| status.success()), "it is copied");
}
