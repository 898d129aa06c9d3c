//! Folders with little room: a file system of their own that is small, or files that may not grow.

use super::folder::{Folder, text};
use super::server::{Server, Starting};
use rustix::process::{Pid, Resource, Rlimit, prlimit};
use std::io::{BufRead, BufReader};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};

/// A folder that soon is full, and gets room again when it is told.
pub struct SmallDisk {
    /// The folder.
    pub folder: Folder,
    // What its servers are run by.
    under: Vec<String>,
    means: Means,
}

enum Means {
    // A tmpfs in a mount namespace of its own, which ends with this process. Beside the data
    // folder lies a file that fills a part of it.
    FileSystem { holder: Child, ballast: PathBuf },
    // No file of the server may have more bytes.
    FileSize,
}

/// Of the whole file system, and of what is removed to make room.
const BYTES: u64 = 96 << 20;
const BALLAST_BYTES: u64 = 80 << 20;
/// The most bytes of a file, where the file system is not ours.
const FILE_BYTES: u64 = 3 << 19;

impl SmallDisk {
    /// A small file system.
    ///
    /// # Errors
    /// Why this machine lets us mount none.
    pub fn mounted() -> Result<Self, String> {
        let mut holder = None;
        let folder = Folder::under(|path| {
            let started = hold(&text(path));
            let pid = started.as_ref().map(|child| child.id().to_string()).unwrap_or_default();
            holder = Some(started);
            let words = ["nsenter", "--preserve-credentials", "--user", "--mount", "--target"];
            let words = words.into_iter().chain([pid.as_str(), "--"]);
            words.map(str::to_owned).collect()
        });
        let holder = holder.expect("it was tried")?;
        let seen = format!("/proc/{}/root", holder.id());
        let inside = PathBuf::from(format!("{seen}{}", text(&folder.path(""))));
        let ballast = inside.join("ballast");
        let means = Means::FileSystem { holder, ballast: ballast.clone() };
        let disk = Self { folder, under: Vec::new(), means };
        let bytes = vec![0; usize::try_from(BALLAST_BYTES).expect("few")];
        std::fs::write(ballast, bytes).map_err(|error| format!("{seen}: {error}"))?;
        Ok(disk)
    }

    /// Files that may not grow beyond a size, on the file system that is there.
    pub fn limited() -> Self {
        // The signal would end the server; ignored, the write is refused instead.
        let limit = format!("trap '' XFSZ; ulimit -S -f {}; exec \"$@\"", FILE_BYTES / 512);
        let under = ["sh", "-c", &limit, "sh"].map(str::to_owned).to_vec();
        Self { folder: Folder::new(), under, means: Means::FileSize }
    }

    /// Starts a server on it, and doesn't wait.
    pub fn spawn(&self) -> Starting {
        Server::spawn_under(&self.folder, &self.under, &[])
    }

    /// Starts a server on it.
    #[track_caller]
    pub fn start(&self) -> Server {
        self.spawn().listening().unwrap_or_else(|said| panic!("the server doesn't start: {said}"))
    }

    /// Makes room, while the server of this id runs.
    pub fn make_room(&self, pid: Pid) {
        match &self.means {
            Means::FileSystem { ballast, .. } => {
                std::fs::remove_file(ballast).expect("the ballast is ours");
            }
            Means::FileSize => {
                let free = Rlimit { current: None, maximum: None };
                prlimit(Some(pid), Resource::Fsize, free).expect("the server is ours");
            }
        }
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        if let Means::FileSystem { holder, .. } = &mut self.means {
            let _ = holder.kill();
            let _ = holder.wait();
        }
    }
}

/// A process that holds a mount namespace with a small file system at `path`. It reads from us, so
/// it ends when we do.
fn hold(path: &str) -> Result<Child, String> {
    let script = format!(
        "mount -t tmpfs -o size={BYTES},mode=0700 tmpfs '{path}' && echo mounted && exec cat"
    );
    let mut command = Command::new("unshare");
    command.args(["--user", "--map-root-user", "--mount", "sh", "-c", &script]);
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().map_err(|error| format!("unshare: {error}"))?;
    let mut said = String::new();
    let out = child.stdout.as_mut().expect("it is piped");
    let _ = BufReader::new(out).read_line(&mut said);
    if said == "mounted\n" {
        return Ok(child);
    }
    let _ = child.kill();
    let why = child.wait_with_output().map(|it| String::from_utf8_lossy(&it.stderr).into_owned());
    Err(format!("no file system can be mounted here: {}", why.unwrap_or_default().trim()))
}
