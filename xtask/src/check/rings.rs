//! Imports point inward: `adapters → app → core`, and adapters never import each other.
//!
//! Cargo already refuses an import of what a manifest doesn't name, so the manifests are the wall.

use super::manifest::{Kind, Manifest};
use super::tree::Tree;
use super::{Check, Finding};
use std::collections::BTreeMap;

/// The check.
pub const CHECK: Check = Check {
    name: "import rings",
    run,
    bad_example: &[
        ("core/ids/Cargo.toml", "[package]\nname = \"ledgerline-ids\"\n"),
        ("app/Cargo.toml", "[package]\nname = \"ledgerline-app\"\n"),
        (
            "core/records/Cargo.toml",
            "[package]\nname = \"ledgerline-records\"\n[dependencies]\nledgerline-app.workspace = true\n",
        ),
    ],
};

/// A crate's tests may use another that the crate itself may not, where it is listed here,
/// with the reason.
const TESTS_MAY_USE: &[(&str, &str, &str)] = &[
    (
        "adapters/segment-log",
        "adapters/local-disk",
        "the log's crash tests need files of a real disk",
    ),
    ("adapters/segment-log", "adapters/sql-store", "what drains a spool reads the catalogue"),
    ("adapters/kafka-log", "adapters/segment-log", "its plays logs are files on this log too"),
    ("adapters/kafka-log", "adapters/sql-store", "a deployment on this log needs a database"),
    ("adapters/parquet-archive", "adapters/segment-log", "what is archived is a log's"),
    ("adapters/parquet-archive", "adapters/sql-store", "a deployment needs a database"),
    ("core/counting", "recount", "random logs are judged by both, and the two must agree"),
];

/// A crate's place in the house.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Ring {
    Core,
    App,
    Adapter,
    /// The independent recount.
    Recount,
    Population,
    /// What the demonstration sounds like.
    DemoMusic,
    Simulation,
    Binary,
    /// The client that measures.
    Load,
    /// Runs every reader on bytes of all kinds.
    Fuzzing,
    Xtask,
}

impl Ring {
    /// By folder; a crate outside these has no place yet.
    fn of(folder: &str) -> Option<Ring> {
        match folder.split_once('/') {
            Some(("core", _)) => Some(Ring::Core),
            Some(("adapters", _)) => Some(Ring::Adapter),
            Some(_) => None,
            None => match folder {
                "app" => Some(Ring::App),
                "recount" => Some(Ring::Recount),
                "population" => Some(Ring::Population),
                "demo-music" => Some(Ring::DemoMusic),
                "simulation" => Some(Ring::Simulation),
                "ledgerline" => Some(Ring::Binary),
                "load" => Some(Ring::Load),
                "fuzzing" | "fuzz" => Some(Ring::Fuzzing),
                "xtask" => Some(Ring::Xtask),
                _ => None,
            },
        }
    }

    /// Whether a crate of this ring may use the crate in `folder`, of ring `used`.
    fn may_use(self, used: Ring, folder: &str) -> bool {
        match self {
            Ring::Core | Ring::App => used == Ring::Core,
            Ring::Adapter => matches!(used, Ring::Core | Ring::App),
            Ring::Recount => matches!(folder, "core/ids" | "core/records"),
            Ring::Population | Ring::DemoMusic | Ring::Load | Ring::Xtask => false,
            Ring::Simulation => {
                matches!(used, Ring::Core | Ring::App | Ring::Recount)
                    || folder == "adapters/segment-log"
            }
            Ring::Binary => {
                !matches!(used, Ring::Load | Ring::Simulation | Ring::Fuzzing | Ring::Xtask)
            }
            Ring::Fuzzing => {
                !matches!(used, Ring::Load | Ring::Simulation | Ring::Binary | Ring::Xtask)
            }
        }
    }

    fn rule(self) -> &'static str {
        match self {
            Ring::Core => "core decides and knows nothing but core",
            Ring::App => "app reaches the outside through ports, never through an adapter",
            Ring::Adapter => "an adapter knows app and core, and no other adapter",
            Ring::Recount => "the recount shares only ids and records with what it checks",
            Ring::Population => "the true answer must not come from the code under test",
            Ring::DemoMusic => "music needs nothing that counts",
            Ring::Simulation => "what is simulated is the disk, not an adapter of one",
            Ring::Binary => "the product doesn't contain its build tools or tests",
            Ring::Load => "what measures the server shares no code with it",
            Ring::Fuzzing => "what is fuzzed is a library, so that it is called as it is",
            Ring::Xtask => "xtask must build without the product",
        }
    }
}

fn run(tree: &Tree) -> Vec<Finding> {
    let mut manifests = BTreeMap::new();
    for (path, text) in tree.files() {
        if let Some(folder) = path.strip_suffix("/Cargo.toml") {
            manifests.insert(folder, (path, Manifest::read(text)));
        }
    }
    let folder_of: BTreeMap<&str, &str> = manifests
        .iter()
        .filter_map(|(folder, (_, manifest))| Some((manifest.name.as_deref()?, *folder)))
        .collect();

    let mut findings = Vec::new();
    for (folder, (path, manifest)) in &manifests {
        let Some(ring) = Ring::of(folder) else {
            let reason = "this crate has no ring: give it one in xtask/src/check/rings.rs";
            findings.push(Finding::new(path, 0, reason));
            continue;
        };
        for dependency in &manifest.dependencies {
            let Some(used_folder) = folder_of.get(dependency.package.as_str()) else { continue };
            let Some(used) = Ring::of(used_folder) else { continue };
            let listed = dependency.kind == Kind::Dev && is_listed(folder, used_folder);
            if !ring.may_use(used, used_folder) && !listed {
                let reason = format!("{folder} may not use {used_folder}: {}", ring.rule());
                findings.push(Finding::new(path, dependency.line, reason));
            }
        }
    }
    findings.extend(unused_exceptions(&manifests));
    findings
}

fn is_listed(folder: &str, used: &str) -> bool {
    TESTS_MAY_USE.iter().any(|(from, to, _)| (*from, *to) == (folder, used))
}

/// An exception that nobody needs any more would let the next mistake through.
fn unused_exceptions(manifests: &BTreeMap<&str, (&str, Manifest)>) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (from, to, _) in TESTS_MAY_USE {
        let (Some((path, user)), Some((_, used))) = (manifests.get(from), manifests.get(to)) else {
            continue;
        };
        let is_used = |d: &super::manifest::Dependency| {
            d.kind == Kind::Dev && Some(d.package.as_str()) == used.name.as_deref()
        };
        if !user.dependencies.iter().any(is_used) {
            let reason = format!("no longer uses {to}: take it out of xtask/src/check/rings.rs");
            findings.push(Finding::new(path, 0, reason));
        }
    }
    findings
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A tree with every kind of crate, where `folder` has `lines` more.
    fn findings(folder: &str, lines: &str) -> Vec<String> {
        let crates = [
            ("core/ids", "ledgerline-ids"),
            ("core/records", "ledgerline-records"),
            ("core/counting", "ledgerline-counting"),
            ("app", "ledgerline-app"),
            ("adapters/a", "ledgerline-a"),
            ("adapters/b", "ledgerline-b"),
            ("recount", "ledgerline-recount"),
            ("population", "ledgerline-population"),
            ("ledgerline", "ledgerline"),
            ("load", "ledgerline-load"),
            ("fuzzing", "ledgerline-fuzzing"),
            ("xtask", "xtask"),
        ];
        let mut files = Vec::new();
        for (place, name) in crates {
            let extra = if place == folder { lines } else { "" };
            // What an exception above allows, it must find here.
            let tests = match place {
                "core/counting" => "[dev-dependencies]\nledgerline-recount.workspace = true\n",
                _ => "",
            };
            let text = format!("[package]\nname = \"{name}\"\n{extra}\n{tests}");
            files.push((format!("{place}/Cargo.toml"), text));
        }
        if !files.iter().any(|(path, _)| path.starts_with(folder)) {
            files.push((format!("{folder}/Cargo.toml"), "[package]\nname = \"n\"\n".to_owned()));
        }
        let files: Vec<(&str, &str)> =
            files.iter().map(|(p, t)| (p.as_str(), t.as_str())).collect();
        run(&Tree::of(&files)).iter().map(ToString::to_string).collect()
    }

    #[test]
    fn each_ring_keeps_its_wall() {
        let allowed = [
            ("core/counting", "ledgerline-ids"),
            ("app", "ledgerline-counting"),
            ("adapters/a", "ledgerline-app"),
            ("adapters/a", "ledgerline-counting"),
            ("recount", "ledgerline-records"),
            ("ledgerline", "ledgerline-b"),
            ("ledgerline", "ledgerline-recount"),
            ("fuzzing", "ledgerline-a"),
            ("fuzzing", "ledgerline-population"),
            ("core/ids", "serde"),
        ];
        let refused = [
            ("core/ids", "ledgerline-app"),
            ("core/ids", "ledgerline-population"),
            ("app", "ledgerline-a"),
            ("app", "ledgerline-recount"),
            ("adapters/a", "ledgerline-b"),
            ("adapters/a", "ledgerline"),
            ("recount", "ledgerline-counting"),
            ("recount", "ledgerline-app"),
            ("population", "ledgerline-ids"),
            ("ledgerline", "xtask"),
            ("ledgerline", "ledgerline-load"),
            ("load", "ledgerline-ids"),
            ("ledgerline", "ledgerline-fuzzing"),
            ("fuzzing", "ledgerline"),
            ("xtask", "ledgerline-ids"),
        ];
        for (folder, package) in allowed {
            let found = findings(folder, &format!("[dependencies]\n{package}.workspace = true"));
            assert_eq!(found, Vec::<String>::new(), "{folder} → {package}");
        }
        for (folder, package) in refused {
            for table in ["dependencies", "dev-dependencies", "build-dependencies"] {
                let lines = format!("[{table}]\nx = {{ package = \"{package}\", path = \"x\" }}");
                let found = findings(folder, &lines);
                assert_eq!(found.len(), 1, "{folder} → {package} as {table}");
                assert!(found[0].starts_with(&format!("{folder}/Cargo.toml:4: ")), "{found:?}");
            }
        }
    }

    #[test]
    fn a_crate_needs_a_ring() {
        assert!(findings("web/assets", "")[0].contains("no ring"));
        assert!(findings("helpers", "")[0].contains("no ring"));
    }

    #[test]
    fn an_exception_is_for_tests_only_and_must_be_needed() {
        let tree = |table: &str| {
            let log = format!("[package]\nname = \"l\"\n[{table}]\nd.workspace = true\n");
            run(&Tree::of(&[
                ("adapters/segment-log/Cargo.toml", &log),
                ("adapters/local-disk/Cargo.toml", "[package]\nname = \"d\"\n"),
            ]))
            .iter()
            .map(ToString::to_string)
            .collect::<Vec<_>>()
        };
        assert_eq!(tree("dev-dependencies"), Vec::<String>::new());
        assert_eq!(tree("dependencies").len(), 2);
        assert!(tree("features")[0].contains("no longer uses"));
    }
}
