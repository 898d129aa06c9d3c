//! Every crate of others that we build on has its reason and licence in a decision record.

use super::manifest::{Kind, Manifest};
use super::tree::Tree;
use super::{Check, Finding};
use std::collections::BTreeMap;

/// The check.
pub const CHECK: Check = Check {
    name: "reasons of dependencies",
    run,
    bad_example: &[
        ("Cargo.toml", "[workspace.dependencies]\nserde = \"1\"\n"),
        ("docs/decisions/0001-dependencies.md", "| crate |\n|---|\n| `time` | times |\n"),
    ],
};

fn run(tree: &Tree) -> Vec<Finding> {
    const ROOT: &str = "Cargo.toml";
    let Some(manifest) = tree.text(ROOT).map(Manifest::read) else { return Vec::new() };
    let mut findings = Vec::new();
    let mut reasoned: BTreeMap<&str, (&str, usize)> = BTreeMap::new();
    for (path, text) in tree.files().filter(|(path, _)| path.starts_with("docs/decisions/")) {
        for (index, line) in text.lines().enumerate() {
            if let Some(name) = crate_of_row(line) {
                reasoned.insert(name, (path, index + 1));
            }
        }
    }
    for dependency in &manifest.dependencies {
        let is_foreign = dependency.kind == Kind::Workspace && !dependency.by_path;
        if is_foreign && reasoned.remove(dependency.package.as_str()).is_none() {
            let reason = format!(
                "`{0}` has no row `| `{0}` | reason | licence |` in docs/decisions",
                dependency.package
            );
            findings.push(Finding::new(ROOT, dependency.line, reason));
        }
    }
    for (name, (path, line)) in reasoned {
        let reason = format!("`{name}` is not among the workspace's dependencies any more");
        findings.push(Finding::new(path, line, reason));
    }
    findings
}

/// `serde` of a row that begins with ``| `serde` |``.
fn crate_of_row(line: &str) -> Option<&str> {
    let (name, rest) = line.strip_prefix("| `")?.split_once('`')?;
    rest.starts_with(" |").then_some(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_lists_agree() {
        let tree = |page: &str| {
            run(&Tree::of(&[
                ("Cargo.toml", "[workspace.dependencies]\na = \"1\"\nours = { path = \"o\" }\n"),
                ("docs/decisions/0001-x.md", page),
            ]))
            .len()
        };
        assert_eq!(tree("| `a` | reason | MIT |"), 0);
        assert_eq!(tree("`a` is good"), 1);
        assert_eq!(tree("| `a` | reason | MIT |\n| `b` | reason | MIT |"), 1);
    }
}
