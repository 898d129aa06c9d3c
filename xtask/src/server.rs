//! A running `ledgerline serve`, for tests that speak to it from outside.

use crate::programs::read_lines;
use std::fs::File;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

/// How long it may take until the server says where it listens.
const START_MAX: Duration = Duration::from_secs(60);
/// How long an orderly end may take.
const STOP_MAX: Duration = Duration::from_secs(30);
/// What the first line on stdout begins with.
const LISTENING: &str = "listening on ";

/// A server of our own; it doesn't outlive this value.
#[derive(Debug)]
pub struct Server {
    child: Option<Child>,
    url: String,
    log: PathBuf,
}

impl Server {
    /// Starts `program serve` on a free port of this machine. What it prints goes to `log`.
    ///
    /// # Errors
    /// A sentence, with where the log is.
    pub fn start(program: Command, data: &Path, log: &Path) -> Result<Server, String> {
        Server::start_within(program, data, log, START_MAX)
    }

    /// The same, where it may take as long as `limit` until it says where it listens.
    ///
    /// # Errors
    /// As [`Server::start`].
    pub fn start_within(
        program: Command,
        data: &Path,
        log: &Path,
        limit: Duration,
    ) -> Result<Server, String> {
        Server::start_on(program, "--data", data, log, limit)
    }

    /// The same as one of several nodes, with this configuration.
    ///
    /// # Errors
    /// As [`Server::start`].
    pub fn start_node(
        program: Command,
        config: &Path,
        log: &Path,
        limit: Duration,
    ) -> Result<Server, String> {
        Server::start_on(program, "--config", config, log, limit)
    }

    fn start_on(
        mut program: Command,
        option: &str,
        place: &Path,
        log: &Path,
        limit: Duration,
    ) -> Result<Server, String> {
        let name = program.get_program().to_string_lossy().into_owned();
        let cannot = |error| format!("cannot start {name}: {error}");
        let mut written = File::create(log).map_err(cannot)?;
        let stderr = written.try_clone().map_err(cannot)?;
        let mut child = program
            .args(["serve", "--listen", "127.0.0.1:0", option])
            .arg(place)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(stderr)
            .spawn()
            .map_err(cannot)?;
        let stdout = child.stdout.take();
        let (first, is_first) = mpsc::sync_channel::<String>(1);
        // Reads on until the server ends: a full pipe would stop it.
        thread::spawn(move || {
            let mut first = Some(first);
            let Some(stdout) = stdout else { return };
            read_lines(stdout, &mut |line| {
                // A log that can't be written must not stop the server.
                let _ = writeln!(written, "{line}");
                if let Some(first) = first.take() {
                    let _ = first.send(line.to_owned());
                }
            });
        });
        let mut server = Server { child: Some(child), url: String::new(), log: log.to_path_buf() };
        let line = is_first.recv_timeout(limit).map_err(|_| {
            format!("the server said nothing on stdout; its log is {}", server.log.display())
        })?;
        match line.strip_prefix(LISTENING) {
            Some(url) => server.url = url.trim().trim_end_matches('/').to_owned(),
            None => return Err(format!("the server's first line is not `{LISTENING}…`: {line}")),
        }
        Ok(server)
    }

    /// Where it listens, `http://127.0.0.1:PORT`.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// Its process.
    pub fn pid(&self) -> u32 {
        self.child.as_ref().map_or(0, Child::id)
    }

    /// Ends it as a power cut would: at once, and without asking.
    pub fn kill(self) {
        drop(self);
    }

    /// Asks it to end, by its pid, and insists that it ends well and soon.
    ///
    /// # Errors
    /// A sentence, with where the log is.
    pub fn stop(mut self) -> Result<(), String> {
        let Some(child) = self.child.take() else { return Ok(()) };
        let pid = child.id();
        signal("-TERM", pid);
        match wait_at_most(child, STOP_MAX) {
            Some(status) if status.success() => Ok(()),
            Some(status) => {
                Err(format!("the server ended with {status}; its log is {}", self.log.display()))
            }
            None => {
                signal("-KILL", pid);
                let limit = STOP_MAX.as_secs();
                let log = self.log.display();
                Err(format!("the server ran on for {limit} s after SIGTERM; its log is {log}"))
            }
        }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        if let Some(mut child) = self.child.take() {
            // It may have ended by itself; there is nobody left to tell.
            let _ = child.kill();
            let _ = child.wait();
        }
    }
}

/// Sends a signal such as `-TERM`. The standard library can only kill; asking needs `kill`.
pub fn signal(name: &str, pid: u32) {
    // A process that has already ended is what we want.
    let _ = Command::new("kill").args([name, &pid.to_string()]).stderr(Stdio::null()).status();
}

fn wait_at_most(mut child: Child, limit: Duration) -> Option<ExitStatus> {
    let (ended, has_ended) = mpsc::sync_channel(1);
    thread::spawn(move || {
        // Nobody listens any more where the limit has passed.
        let _ = ended.send(child.wait());
    });
    has_ended.recv_timeout(limit).ok()?.ok()
}

/// Runs `command` for at most `limit`; `None` where it had to be killed.
///
/// # Errors
/// It could not be started.
pub fn run_at_most(command: &mut Command, limit: Duration) -> std::io::Result<Option<ExitStatus>> {
    let child = command.spawn()?;
    let pid = child.id();
    let status = wait_at_most(child, limit);
    if status.is_none() {
        signal("-KILL", pid);
    }
    Ok(status)
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;

    /// A shell script plays the product.
    fn start(name: &str, script: &str) -> (PathBuf, Result<Server, String>) {
        let log = std::env::temp_dir().join(format!("xtask-{}-{name}.log", std::process::id()));
        let mut program = Command::new("sh");
        program.args(["-c", script]);
        let server = Server::start(program, Path::new("unused"), &log);
        (log, server)
    }

    const FOREVER: &str = "while :; do sleep 0.05; done";

    #[test]
    fn a_server_is_started_and_asked_to_stop() {
        let script =
            format!("trap 'exit 0' TERM; echo listening on http://127.0.0.1:7/; {FOREVER}");
        let (log, server) = start("good", &script);
        let server = server.unwrap();
        assert_eq!(server.url(), "http://127.0.0.1:7");
        assert_eq!(server.stop(), Ok(()));
        std::fs::remove_file(log).unwrap();
    }

    #[test]
    fn a_bad_end_and_a_wrong_first_line_are_told() {
        let bad_end = format!("trap 'exit 7' TERM; echo listening on http://x; {FOREVER}");
        let (log, server) = start("bad-end", &bad_end);
        assert!(server.unwrap().stop().unwrap_err().contains("status: 7"));
        std::fs::remove_file(log).unwrap();

        let (log, server) = start("wrong-line", "echo hello");
        assert!(server.unwrap_err().contains("first line"));
        std::fs::remove_file(log).unwrap();

        let (log, server) = start("silent", "exit 0");
        assert!(server.unwrap_err().contains("said nothing"));
        std::fs::remove_file(log).unwrap();
    }

    #[test]
    fn nothing_runs_longer_than_its_limit() {
        let limit = Duration::from_millis(50);
        let status = run_at_most(Command::new("sleep").arg("100"), limit).unwrap();
        assert_eq!(status, None);
        let status = run_at_most(&mut Command::new("true"), START_MAX).unwrap();
        assert!(status.is_some_and(|status| status.success()));
    }
}
