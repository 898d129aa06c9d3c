//! A server in a process of its own, which ends with the test however that ends.

use super::DEADLINE;
use super::folder::{Folder, pid_of};
use super::http::Api;
use rustix::process::{Signal, kill_process};
use std::fs::File;
use std::io::{BufRead, BufReader};
use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::{Child, ChildStdout};
use std::sync::mpsc;
use std::time::{Duration, Instant};

/// A running server.
pub struct Server {
    child: Child,
    address: SocketAddr,
    log: PathBuf,
    // Held, so that the server can write as long as it lives.
    out: BufReader<ChildStdout>,
}

/// How a server ended that was told to stop.
pub struct Ended {
    /// Its exit code.
    pub code: Option<i32>,
    /// How long that took.
    pub took: Duration,
    /// What it wrote to its log.
    pub log: String,
}

impl Server {
    /// Starts one on a free port and waits until it listens.
    #[track_caller]
    pub fn start(folder: &Folder) -> Self {
        match Self::spawn(folder).listening() {
            Ok(server) => server,
            Err(said) => panic!("the server doesn't start: {said}"),
        }
    }

    /// Starts one, and doesn't wait.
    pub fn spawn(folder: &Folder) -> Starting {
        Self::spawn_with(folder, &[])
    }

    /// Starts one with variables of the environment, and doesn't wait.
    pub fn spawn_with(folder: &Folder, variables: &[(&str, &str)]) -> Starting {
        Self::spawn_under(folder, &[], variables)
    }

    /// Starts one that is run by another command, which becomes the server and stays the same
    /// process.
    pub fn spawn_under(folder: &Folder, under: &[String], variables: &[(&str, &str)]) -> Starting {
        let log = folder.path("server.log");
        let file = File::options().create(true).append(true).open(&log).expect("a log");
        let mut command = folder.command_under(under, &["serve", "--listen", "127.0.0.1:0"]);
        command.stderr(file).envs(variables.iter().copied());
        Starting { child: Some(command.spawn().expect("the binary can be started")), log }
    }

    /// Its address.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// The secret of the set-up link, which it prints behind its address as long as there is no account.
    #[track_caller]
    pub fn set_up_secret(&mut self) -> String {
        let mut line = String::new();
        self.out.read_line(&mut line).expect("it prints a second line");
        let (_, secret) = line.trim_end().split_once("/#/set-up/").expect("it is the link");
        secret.to_owned()
    }

    /// Its process id, as a text.
    pub fn pid(&self) -> String {
        self.child.id().to_string()
    }

    /// The API with a new key of these scopes.
    pub fn api(&self, folder: &Folder, scopes: &str) -> Api {
        self.api_of(folder, &["--scope", scopes])
    }

    /// The API with a new key that `keys create` makes with these arguments.
    pub fn api_of(&self, folder: &Folder, args: &[&str]) -> Api {
        let made = folder.json(&[&["keys", "create"], args].concat());
        let key = made["key"].as_str().expect("the key is shown").to_owned();
        Api { address: self.address, key: Some(key) }
    }

    /// The API without a key.
    pub fn anyone(&self) -> Api {
        Api { address: self.address, key: None }
    }

    /// Ends it as a power cut would: nothing is written any more.
    pub fn kill(self) {
        drop(self);
    }

    /// Asks it to stop, and waits for its end.
    pub fn stop(mut self) -> Ended {
        let began = Instant::now();
        kill_process(pid_of(&self.child), Signal::TERM).expect("it runs");
        let (tell, told) = mpsc::channel::<()>();
        let pid = pid_of(&self.child);
        let watch = std::thread::spawn(move || {
            if told.recv_timeout(DEADLINE) == Err(mpsc::RecvTimeoutError::Timeout) {
                let _ = kill_process(pid, Signal::KILL);
            }
        });
        let status = self.child.wait().expect("it can be waited for");
        let took = began.elapsed();
        drop(tell);
        watch.join().expect("watching doesn't panic");
        let log = std::fs::read_to_string(&self.log).unwrap_or_default();
        Ended { code: status.code(), took, log }
    }

    /// Asks it to stop, which it must do well.
    #[track_caller]
    pub fn end(self) {
        let ended = self.stop();
        assert_eq!(ended.code, Some(0), "{}", ended.log);
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        end(&mut self.child);
    }
}

/// A server that was started and may not listen yet.
pub struct Starting {
    child: Option<Child>,
    log: PathBuf,
}

impl Starting {
    /// Waits until it listens; or what it said, where it ended.
    pub fn listening(mut self) -> Result<Server, String> {
        let mut child = self.child.take().expect("it is taken once");
        let out = child.stdout.take().expect("its output is piped");
        let (tell, told) = mpsc::channel();
        std::thread::spawn(move || {
            let mut out = BufReader::new(out);
            let mut line = String::new();
            let read = out.read_line(&mut line);
            let _ = tell.send((out, line, read));
        });
        let Ok((out, line, Ok(_))) = told.recv_timeout(DEADLINE) else {
            end(&mut child);
            return Err("nothing within the deadline".to_owned());
        };
        let address = line.trim_end().strip_prefix("listening on http://");
        let Some(address) = address.and_then(|address| address.parse().ok()) else {
            let status = child.wait();
            let log = std::fs::read_to_string(&self.log).unwrap_or_default();
            return Err(format!("{line:?}, {status:?}: {log}"));
        };
        Ok(Server { child, address, log: self.log.clone(), out })
    }
}

impl Drop for Starting {
    fn drop(&mut self) {
        if let Some(child) = &mut self.child {
            end(child);
        }
    }
}

fn end(child: &mut Child) {
    let _ = child.kill();
    let _ = child.wait();
}
