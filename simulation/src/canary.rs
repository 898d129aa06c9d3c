//! Builds with a fault in them: each feature of this crate whose name begins with `canary-`
//! puts one into the product, and the simulation must find it.

/// The fault that this build has, if it has one.
#[must_use]
pub fn built_in() -> Option<&'static str> {
    ALL.iter().find(|(_, on)| *on).map(|(name, _)| *name)
}

/// Whether the fault that this build has shows only where there are several nodes.
#[must_use]
pub fn is_of_nodes() -> bool {
    built_in().is_some_and(|name| OF_NODES.contains(&name))
}

/// Those that show only where there are several nodes.
const OF_NODES: [&str; 4] =
    ["zombie-commits", "followed-counts-again", "stale-state-believed", "snapshot-part-unchecked"];

/// Every canary, and whether this build has it.
pub const ALL: &[(&str, bool)] = &[
    ("bucket-dropped-early", cfg!(feature = "canary-bucket-dropped-early")),
    ("merge-by-last", cfg!(feature = "canary-merge-by-last")),
    ("dedup-before-log", cfg!(feature = "canary-dedup-before-log")),
    ("snapshot-ahead-of-commit", cfg!(feature = "canary-snapshot-ahead-of-commit")),
    ("restart-counts-again", cfg!(feature = "canary-restart-counts-again")),
    ("commit-retried-unasked", cfg!(feature = "canary-commit-retried-unasked")),
    ("snapshot-forgets-dirty", cfg!(feature = "canary-snapshot-forgets-dirty")),
    ("fact-told-too-soon", cfg!(feature = "canary-fact-told-too-soon")),
    ("transition-id-reused", cfg!(feature = "canary-transition-id-reused")),
    ("row-of-facts-counted-again", cfg!(feature = "canary-row-of-facts-counted-again")),
    ("runs-removed-early", cfg!(feature = "canary-runs-removed-early")),
    ("snapshot-part-unchecked", cfg!(feature = "canary-snapshot-part-unchecked")),
    ("ack-before-fsync", cfg!(feature = "canary-ack-before-fsync")),
    ("torn-tail-believed", cfg!(feature = "canary-torn-tail-believed")),
    ("segment-name-unsynced", cfg!(feature = "canary-segment-name-unsynced")),
    ("zombie-commits", cfg!(feature = "canary-zombie-commits")),
    ("followed-counts-again", cfg!(feature = "canary-followed-counts-again")),
    ("stale-state-believed", cfg!(feature = "canary-stale-state-believed")),
];
