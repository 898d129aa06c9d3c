//! A process that outlives who started it: known by a file with its id, and by a word that stands
//! on its command line, so that an id which the system gave to somebody else is left alone.

use crate::bench::running::pause;
use crate::programs::answer;
use crate::server::signal;
use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

/// How long an orderly end may take.
const STOP_MAX: Duration = Duration::from_secs(30);
/// How often is looked whether something has come about.
const LOOK_EVERY: Duration = Duration::from_millis(25);

/// Where the id stands, and the word.
#[derive(Clone, Debug)]
pub struct Recorded {
    /// The file with the id.
    pub file: PathBuf,
    /// Something long that stands on its command line only, such as the path of its settings.
    pub word: String,
}

impl Recorded {
    /// Starts `command`, whose arguments have the word, and writes its id down. What it prints
    /// is added to `log`.
    ///
    /// # Errors
    /// A sentence.
    pub fn start(&self, command: &mut Command, log: &Path, outlives: bool) -> Result<(), String> {
        let name = command.get_program().to_string_lossy().into_owned();
        let cannot = |error| format!("cannot start {name}: {error}");
        let out = File::options().create(true).append(true).open(log).map_err(cannot)?;
        let err = out.try_clone().map_err(cannot)?;
        command.stdin(Stdio::null()).stdout(out).stderr(err);
        #[cfg(unix)]
        if outlives {
            // An interruption at the terminal is for xtask alone.
            std::os::unix::process::CommandExt::process_group(command, 0);
        }
        #[cfg(not(unix))]
        let _ = outlives;
        let mut child = command.spawn().map_err(cannot)?;
        fs::write(&self.file, child.id().to_string())
            .map_err(|error| format!("cannot write {}: {error}", self.file.display()))?;
        // Somebody must take note of its end, or its id stays in use.
        thread::spawn(move || child.wait());
        Ok(())
    }

    /// Its id, where it runs.
    pub fn pid(&self) -> Option<u32> {
        let pid = fs::read_to_string(&self.file).ok()?.trim().parse().ok()?;
        let line = answer("ps", &["-ww", "-o", "args=", "-p", &format!("{pid}")])?;
        line.contains(&self.word).then_some(pid)
    }

    /// Asks it to end, and kills it where it doesn't.
    ///
    /// # Errors
    /// A sentence, where it runs on.
    pub fn stop(&self) -> Result<(), String> {
        let Some(pid) = self.pid() else { return Ok(()) };
        signal("-TERM", pid);
        if until(STOP_MAX, || self.pid().is_none()) {
            return Ok(());
        }
        signal("-KILL", pid);
        if until(STOP_MAX, || self.pid().is_none()) {
            return Ok(());
        }
        Err(format!("process {pid} doesn't end"))
    }
}

/// Looks until `is_so`, at most for `limit`; whether it has come about.
pub fn until(limit: Duration, mut is_so: impl FnMut() -> bool) -> bool {
    let began = Instant::now();
    loop {
        if is_so() {
            return true;
        }
        if began.elapsed() > limit {
            return false;
        }
        pause(LOOK_EVERY);
    }
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;

    #[test]
    fn only_what_was_started_is_ended() {
        let folder = std::env::temp_dir().join(format!("xtask-{}-recorded", std::process::id()));
        fs::create_dir_all(&folder).unwrap();
        let word = folder.join("a-word-of-its-own").display().to_string();
        let recorded = Recorded { file: folder.join("pid"), word };
        assert_eq!(recorded.pid(), None);

        let script = format!("while :; do sleep 0.05; done # {}", recorded.word);
        let mut command = Command::new("sh");
        command.args(["-c", &script]);
        recorded.start(&mut command, &folder.join("log"), true).unwrap();
        let pid = recorded.pid().expect("it runs");

        let other = Recorded { word: "another's word".to_owned(), ..recorded.clone() };
        assert_eq!(other.pid(), None);
        assert_eq!(other.stop(), Ok(()));
        assert_eq!(recorded.pid(), Some(pid), "it is left alone by others");
        assert_eq!(recorded.stop(), Ok(()));
        assert_eq!(recorded.pid(), None);
        fs::remove_dir_all(folder).unwrap();
    }
}
