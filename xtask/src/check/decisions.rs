//! Decision records are numbered without a gap and without a double, so that a number means one page.

use super::tree::Tree;
use super::{Check, Finding};
use std::collections::BTreeMap;

/// The check.
pub const CHECK: Check = Check {
    name: "decision records",
    run,
    bad_example: &[
        ("docs/decisions/0001-one.md", "# 1. One\n"),
        ("docs/decisions/0003-three.md", "# 3. Three\n"),
    ],
};

const FOLDER: &str = "docs/decisions/";

fn run(tree: &Tree) -> Vec<Finding> {
    let mut findings = Vec::new();
    let mut pages: BTreeMap<u32, &str> = BTreeMap::new();
    for (path, text) in tree.files() {
        let Some(name) = path.strip_prefix(FOLDER).filter(|name| *name != "README.md") else {
            continue;
        };
        let Some(number) = number_of(name) else {
            let reason = "a decision record is named NNNN-what-was-decided.md";
            findings.push(Finding::new(path, 0, reason));
            continue;
        };
        if let Some(other) = pages.insert(number, path) {
            findings.push(Finding::new(path, 0, format!("{other} has the same number")));
        }
        if !text.starts_with(&format!("# {number}. ")) {
            let reason =
                format!("the title must begin with `# {number}. `, as its file's name does");
            findings.push(Finding::new(path, 1, reason));
        }
    }
    for (expected, (number, path)) in (1..).zip(&pages) {
        if *number != expected {
            findings.push(Finding::new(path, 0, format!("there is no decision {expected}")));
            break;
        }
    }
    findings
}

/// 12 of `0012-a-page.md`.
fn number_of(name: &str) -> Option<u32> {
    let (digits, rest) = name.split_once('-')?;
    let is_page = digits.len() == 4 && rest.ends_with(".md") && !rest.contains('/');
    if is_page { digits.parse().ok() } else { None }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn findings(pages: &[(&str, &str)]) -> Vec<String> {
        let pages: Vec<(String, &str)> =
            pages.iter().map(|(name, text)| (format!("{FOLDER}{name}"), *text)).collect();
        let pages: Vec<(&str, &str)> = pages.iter().map(|(p, t)| (p.as_str(), *t)).collect();
        run(&Tree::of(&pages)).iter().map(ToString::to_string).collect()
    }

    #[test]
    fn numbers_follow_each_other() {
        let good = [("0001-a.md", "# 1. A"), ("0002-b.md", "# 2. B"), ("README.md", "x")];
        assert_eq!(findings(&good), Vec::<String>::new());
        let bad: &[(&[(&str, &str)], &str)] = &[
            (&[("0002-b.md", "# 2. B")], "no decision 1"),
            (&[("0001-a.md", "# 1. A"), ("0003-c.md", "# 3. C")], "no decision 2"),
            (&[("0001-a.md", "# 1. A"), ("0001-b.md", "# 1. B")], "same number"),
            (&[("0001-a.md", "# 2. A")], "`# 1. `"),
            (&[("1-a.md", "# 1. A")], "NNNN"),
            (&[("0001-a.txt", "# 1. A")], "NNNN"),
        ];
        for (pages, expected) in bad {
            let found = findings(pages);
            assert_eq!(found.len(), 1, "{found:?}");
            assert!(found[0].contains(expected), "{found:?}");
        }
    }
}
