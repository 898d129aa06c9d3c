//! What the kernel says of a process and its children: processor, memory, bytes written.
//!
//! From `/proc/PID/stat`, `status` and `io` (proc(5)). A process that has ended keeps `stat` and
//! `io` until its parent takes note of it, so that nothing of its last moments is lost.

use std::collections::BTreeMap;
use std::fs;

/// What a process and its children have used since they began.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Usage {
    /// Processor time, their own and the kernel's for them, in seconds.
    pub cpu_s: f64,
    /// Bytes that they made the system write to a disk, once these are written back.
    pub disk_bytes: u64,
    /// Bytes that they handed to the system by write calls; mapped files are not in it.
    pub call_bytes: u64,
}

/// Memory that is resident, in bytes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Memory {
    /// Its own: gone when the process ends.
    pub anonymous: u64,
    /// Pages of mapped files, which the system may drop and read again; programs included.
    pub file: u64,
}

/// The kernel counts time for `/proc` in hundredths of a second on every architecture of Linux.
const TICKS_PER_S: f64 = 100.0;

impl Usage {
    /// Of a process, its children, theirs, and all of them that have ended.
    pub fn of(pid: u32) -> Usage {
        let mut sum = Usage::default();
        for pid in tree(pid) {
            let read = |name: &str| fs::read_to_string(format!("/proc/{pid}/{name}"));
            let (stat, io) = (read("stat").unwrap_or_default(), read("io").unwrap_or_default());
            sum.cpu_s += stat_of(&stat).map_or(0.0, |stat| stat.cpu_s);
            let io = fields(&io);
            sum.disk_bytes += io.get("write_bytes").copied().unwrap_or(0);
            sum.call_bytes += io.get("wchar").copied().unwrap_or(0);
        }
        sum
    }

    /// What was used since `before`.
    pub fn since(self, before: Usage) -> Usage {
        Usage {
            cpu_s: self.cpu_s - before.cpu_s,
            disk_bytes: self.disk_bytes.saturating_sub(before.disk_bytes),
            call_bytes: self.call_bytes.saturating_sub(before.call_bytes),
        }
    }
}

impl Memory {
    /// Of a process and its children, now.
    pub fn of(pid: u32) -> Memory {
        let mut sum = Memory::default();
        let mut shared = 0;
        for pid in tree(pid) {
            let status = fs::read_to_string(format!("/proc/{pid}/status")).unwrap_or_default();
            let status = fields(&status);
            let kib = |name: &str| status.get(name).copied().unwrap_or(0) * 1024;
            sum.anonymous += kib("RssAnon");
            sum.file += kib("RssFile");
            // Processes that share memory all have the same of it.
            shared = kib("RssShmem").max(shared);
        }
        sum.anonymous += shared;
        sum
    }

    /// The greater of each.
    pub fn max(self, other: Memory) -> Memory {
        Memory { anonymous: self.anonymous.max(other.anonymous), file: self.file.max(other.file) }
    }
}

/// How much memory programs can have besides what they have, in bytes.
pub fn available_bytes() -> Option<u64> {
    let text = fs::read_to_string("/proc/meminfo").ok()?;
    fields(&text).get("MemAvailable").map(|kib| kib * 1024)
}

/// Processor seconds that everything on this machine has spent since it was started, the kernel included.
pub fn busy_s() -> f64 {
    fs::read_to_string("/proc/stat").ok().and_then(|text| busy_of(&text)).unwrap_or(0.0)
}

/// `cpu user nice system idle iowait irq softirq steal …`, the first line; what guests do is in `user`.
fn busy_of(text: &str) -> Option<f64> {
    let mut words = text.lines().next()?.split_whitespace();
    (words.next()? == "cpu").then_some(())?;
    let ticks: Vec<f64> = words.filter_map(|word| word.parse().ok()).collect();
    let busy = [0, 1, 2, 5, 6].iter().filter_map(|at| ticks.get(*at)).sum::<f64>();
    Some(busy / TICKS_PER_S)
}

/// Whether the process has ended, or was never there; it may wait for its parent still.
pub fn has_ended(pid: u32) -> bool {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
    stat_of(&stat).is_none_or(|stat| stat.ended)
}

/// A process and those below it.
fn tree(pid: u32) -> Vec<u32> {
    let mut found = vec![pid];
    let mut at = 0;
    while let Some(pid) = found.get(at).copied() {
        at += 1;
        // Each thread has the children that it made.
        for task in fs::read_dir(format!("/proc/{pid}/task")).into_iter().flatten().flatten() {
            let children = fs::read_to_string(task.path().join("children")).unwrap_or_default();
            found.extend(children.split_whitespace().filter_map(|pid| pid.parse::<u32>().ok()));
        }
    }
    found
}

struct Stat {
    ended: bool,
    cpu_s: f64,
}

/// `pid (name) state …`; the name may have spaces and parentheses in it.
fn stat_of(text: &str) -> Option<Stat> {
    let (_, rest) = text.rsplit_once(')')?;
    let mut words = rest.split_whitespace();
    let state = words.next()?;
    // After the state, which is field 3: utime, stime, cutime, cstime are 14 to 17.
    let ticks: Vec<f64> = words.skip(10).take(4).filter_map(|word| word.parse().ok()).collect();
    let cpu_s = ticks.iter().sum::<f64>() / TICKS_PER_S;
    (ticks.len() == 4).then_some(Stat { ended: matches!(state, "Z" | "X" | "x"), cpu_s })
}

/// `name: number …`, a line each.
fn fields(text: &str) -> BTreeMap<&str, u64> {
    let field = |line: &'_ str| -> Option<(usize, u64)> {
        let (name, value) = line.split_once(':')?;
        Some((name.len(), value.split_whitespace().next()?.parse().ok()?))
    };
    text.lines().filter_map(|line| field(line).map(|(end, value)| (&line[..end], value))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stat_is_read_whatever_the_name() {
        let rest = "1 1 1 0 -1 4194304 900 0 0 0 250 50 7 3 20 0 9 0 100 1 2";
        let stat = stat_of(&format!("17 (a) (b c) S {rest}")).unwrap();
        assert!(!stat.ended);
        assert!((stat.cpu_s - 3.1).abs() < 1e-9, "{}", stat.cpu_s);
        assert!(stat_of(&format!("17 (x) Z {rest}")).unwrap().ended);
        assert!(stat_of("17 (x) S 1 2").is_none());
        assert!(stat_of("").is_none());
    }

    #[test]
    fn a_busy_machine_neither_idles_nor_waits() {
        let text = "cpu  100 20 30 5000 600 7 3 40 9 0\ncpu0 1 1 1 1\n";
        assert!((busy_of(text).unwrap() - 1.6).abs() < 1e-9);
        assert!(busy_of("cpu0 1 1\n").is_none() && busy_of("").is_none());
    }

    #[test]
    fn fields_are_read_by_name() {
        let text = "Name:\tledgerline\nRssAnon:\t  1024 kB\nwrite_bytes: 4096\nx\n";
        let found = fields(text);
        assert_eq!(found.get("RssAnon"), Some(&1024));
        assert_eq!(found.get("write_bytes"), Some(&4096));
        assert_eq!(found.len(), 2);
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn this_process_is_there() {
        let pid = std::process::id();
        assert!(!has_ended(pid) && has_ended(0));
        assert!(tree(pid).contains(&pid));
        assert!(Memory::of(pid).anonymous > 0 && Memory::of(pid).file > 0);
        assert!(Usage::of(pid).cpu_s >= 0.0);
    }
}
