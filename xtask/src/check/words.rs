//! What must not stand in a tracked file: where things are on one machine, and which registry they
//! came from.

use super::tree::Tree;
use super::{Check, Finding};

/// The check.
pub const CHECK: Check = Check {
    name: "forbidden words",
    run,
    bad_example: &[("README.md", concat!("Open /wo", "rk/main and look.\n"))],
};

const MACHINE: &str = "a path of one machine: write it relative to the repository";
const REGISTRY: &str = "a registry's address: who builds may use another one";

/// Cut in two, so that this file may be tracked itself.
const FORBIDDEN: &[(&str, &str)] = &[
    (concat!("/wo", "rk/"), MACHINE),
    (concat!("/ro", "ot/"), MACHINE),
    (concat!("crates", ".io"), REGISTRY),
    (concat!("pypi", ".org"), REGISTRY),
    (concat!("python", "hosted.org"), REGISTRY),
    (concat!("npm", "js."), REGISTRY),
    (concat!("yarn", "pkg.com"), REGISTRY),
    (concat!("repo.", "maven"), REGISTRY),
    (concat!("repo1.", "maven"), REGISTRY),
];

fn run(tree: &Tree) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (path, text) in tree.files().filter(|(path, _)| !path.ends_with("Cargo.lock")) {
        for (index, line) in text.lines().enumerate() {
            for (word, why) in FORBIDDEN.iter().filter(|(word, _)| stands_in(line, word)) {
                findings.push(Finding::new(path, index + 1, format!("{word}: {why}")));
            }
        }
    }
    findings
}

/// A path of a machine begins with its slash; a folder of that name inside of another is no such path.
fn stands_in(line: &str, word: &str) -> bool {
    line.match_indices(word).any(|(at, _)| {
        let goes_on = |c: char| c.is_alphanumeric() || matches!(c, '.' | '_' | '-' | '}' | '~');
        !(word.starts_with('/') && line[..at].ends_with(goes_on))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(path: &str, text: &str) -> usize {
        run(&Tree::of(&[(path, text)])).len()
    }

    #[test]
    fn each_word_is_found() {
        for (word, _) in FORBIDDEN {
            assert_eq!(found("docs/a.md", &format!("see {word}x")), 1, "{word}");
            assert_eq!(found("src/a.rs", &format!("\"{word}x\"")), 1, "{word}");
            assert_eq!(found("Cargo.lock", word), 0, "{word}");
        }
    }

    #[test]
    fn similar_words_are_let_through() {
        let inner = [concat!("docs/wo", "rk/a.md"), concat!("../ro", "ot/x"), "$HOME/work"];
        for text in inner.into_iter().chain(["a working day", "npm install"]) {
            assert_eq!(found("docs/a.md", text), 0, "{text}");
        }
    }
}
