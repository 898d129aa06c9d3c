//! Programs that are measured while they run.

use super::proc::{Memory, Usage, has_ended};
use crate::programs::read_lines;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{self, Sender};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

/// How often memory is looked at. A peak that is shorter may be missed.
const LOOK_EVERY: Duration = Duration::from_millis(25);

/// A program that has ended, and what it took.
#[derive(Clone, Debug)]
pub struct Ran {
    /// What it printed.
    pub output: String,
    /// From its start to its end.
    pub took: Duration,
    /// What it used in all.
    pub usage: Usage,
    /// The most memory of each kind that it was seen with.
    pub peak: Memory,
}

/// Waits a moment: of another process there is nothing that could be waited for instead.
pub fn pause(time: Duration) {
    let (_open, never) = mpsc::channel::<()>();
    let _ = never.recv_timeout(time);
}

/// Runs a program to its end, and fails where it does.
///
/// # Errors
/// A sentence: it could not be started, or how it ended.
pub fn run(command: &mut Command) -> Result<Ran, String> {
    let name = command.get_program().to_string_lossy().into_owned();
    let began = Instant::now();
    let child = command.stdout(Stdio::piped()).spawn();
    let child = child.map_err(|error| format!("cannot run {name}: {error}"))?;
    finish(child, &name, began, |_| {})
}

/// Waits until a program ends whose stdout is a pipe; `look` is called now and then meanwhile.
///
/// # Errors
/// A sentence: how it ended.
pub fn finish(
    mut child: Child,
    name: &str,
    began: Instant,
    mut look: impl FnMut(Duration),
) -> Result<Ran, String> {
    let pid = child.id();
    let stdout = child.stdout.take();
    let reader = thread::spawn(move || {
        let mut output = String::new();
        if let Some(stdout) = stdout {
            read_lines(stdout, &mut |line| {
                output.push_str(line);
                output.push('\n');
            });
        }
        output
    });
    let mut peak = Memory::default();
    while !has_ended(pid) {
        peak = peak.max(Memory::of(pid));
        look(began.elapsed());
        pause(LOOK_EVERY);
    }
    let took = began.elapsed();
    let usage = Usage::of(pid);
    let status = child.wait().map_err(|error| format!("{name}: {error}"))?;
    let output = reader.join().map_err(|_| format!("{name}: its output could not be read"))?;
    if status.success() {
        Ok(Ran { output, took, usage, peak })
    } else {
        Err(format!("{name} ended with {status}"))
    }
}

/// Watches the memory of a process that goes on.
#[derive(Debug)]
pub struct Watch {
    stop: Sender<()>,
    thread: JoinHandle<Memory>,
}

impl Watch {
    /// Begins to watch.
    pub fn begin(pid: u32) -> Watch {
        let (stop, stopped) = mpsc::channel::<()>();
        let thread = thread::spawn(move || {
            let mut peak = Memory::of(pid);
            while let Err(mpsc::RecvTimeoutError::Timeout) = stopped.recv_timeout(LOOK_EVERY) {
                peak = peak.max(Memory::of(pid));
            }
            peak
        });
        Watch { stop, thread }
    }

    /// The most memory of each kind that was seen.
    pub fn end(self) -> Memory {
        let _ = self.stop.send(());
        self.thread.join().unwrap_or_default()
    }
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use super::*;

    #[test]
    fn a_program_is_measured_to_its_last_moment() {
        let script = "i=0; while [ $i -lt 100000 ]; do i=$((i+1)); done; echo one; echo two";
        let ran = run(Command::new("sh").args(["-c", script])).unwrap();
        assert_eq!(ran.output, "one\ntwo\n");
        assert!(ran.usage.cpu_s > 0.0, "{ran:?}");
        assert!(ran.usage.call_bytes >= 8, "{ran:?}");
        let failed = run(Command::new("sh").args(["-c", "exit 3"])).unwrap_err();
        assert!(failed.contains("status: 3"), "{failed}");
    }

    #[test]
    fn a_process_is_watched_with_its_children() {
        let mut child = Command::new("sh").args(["-c", "sleep 100 & wait"]).spawn().unwrap();
        let watch = Watch::begin(child.id());
        let peak = watch.end();
        assert!(peak.anonymous > 0, "{peak:?}");
        let _ = Command::new("sh")
            .args(["-c", &format!("kill $(cat /proc/{0}/task/{0}/children)", child.id())])
            .status();
        child.kill().unwrap();
        child.wait().unwrap();
    }
}
