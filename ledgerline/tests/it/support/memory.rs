//! How much memory a process has, as the system says it.

/// In KiB.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Memory {
    /// All that is resident.
    pub resident_kib: u64,
    /// What is its own: neither files nor shared. That is what it would run out of.
    pub anonymous_kib: u64,
}

impl Memory {
    /// Of the process with this id; nothing where the system doesn't say.
    pub fn of(pid: &str) -> Self {
        let text = std::fs::read_to_string(format!("/proc/{pid}/smaps_rollup")).unwrap_or_default();
        let field = |name: &str| {
            let line = text.lines().find_map(|line| line.strip_prefix(name));
            let number = line.and_then(|line| line.split_whitespace().next());
            number.and_then(|number| number.parse().ok()).unwrap_or_default()
        };
        Self { resident_kib: field("Rss:"), anonymous_kib: field("Anonymous:") }
    }
}
