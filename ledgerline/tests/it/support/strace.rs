//! strace: it shows what the server asks of the system, and makes the system refuse or wait.

use super::skip;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// A way to run a server under strace, which watches from beside: the process that is started is
/// the server itself.
#[derive(Clone)]
pub struct Strace {
    args: Vec<String>,
    out: PathBuf,
}

impl Strace {
    /// One that writes to `out`, in full. `None`, and said why, where this machine lets nobody
    /// trace.
    pub fn new(out: PathBuf) -> Option<Self> {
        if let Err(why) = probe() {
            skip(&format!("{why}; strace is needed to see and to break the server's system calls"));
            return None;
        }
        let args = ["strace", "-D", "-f", "--seccomp-bpf", "-qq", "-yy", "-s", "200000", "-o"];
        let args = args.map(str::to_owned).to_vec();
        Some(Self { args, out })
    }

    /// It looks at these calls only.
    pub fn calls(mut self, names: &str) -> Self {
        self.args.extend(["-e".to_owned(), format!("trace={names}")]);
        self
    }

    /// It looks at calls on this file only.
    pub fn on(mut self, path: &Path) -> Self {
        let path = path.to_str().expect("temporary folders have plain names");
        self.args.extend(["-P".to_owned(), path.to_owned()]);
        self
    }

    /// The calls of this name are answered or delayed as strace's `inject` says. Calls are counted
    /// for each thread by itself.
    pub fn inject(mut self, what: &str) -> Self {
        self.args.extend(["-e".to_owned(), format!("inject={what}")]);
        self
    }

    /// The words that a command is run by.
    pub fn words(&self) -> Vec<String> {
        let mut words = self.args.clone();
        let out = self.out.to_str().expect("temporary folders have plain names").to_owned();
        let after = words.iter().position(|word| word == "-o").expect("it is there") + 1;
        words.insert(after, out);
        words.push("--".to_owned());
        words
    }

    /// What it wrote so far.
    pub fn written(&self) -> String {
        let bytes = std::fs::read(&self.out).unwrap_or_default();
        String::from_utf8_lossy(&bytes).into_owned()
    }
}

/// Whether strace is here and may trace.
fn probe() -> Result<(), String> {
    if super::is_left_out("strace") {
        return Err("strace is left out".to_owned());
    }
    let mut probe = Command::new("strace");
    probe.args(["-D", "-f", "--seccomp-bpf", "-qq", "-o", "/dev/null", "--", "true"]);
    let probe = probe.stdin(Stdio::null()).stderr(Stdio::null()).status();
    match probe {
        Ok(status) if status.success() => Ok(()),
        Ok(_) => Err("strace may trace nothing here".to_owned()),
        Err(error) => Err(format!("strace: {error}")),
    }
}
