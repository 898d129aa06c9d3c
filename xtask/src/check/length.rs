//! A file that needs a search to be read is two files.

use super::tree::Tree;
use super::{Check, Finding};

/// The check.
pub const CHECK: Check =
    Check { name: "length of files", run, bad_example: &[("app/src/lib.rs", TOO_LONG)] };

/// Lines before a file's tests.
const LINES_MAX: usize = 600;
/// What people write by hand and read from top to bottom.
const ENDINGS: &[&str] = &[".rs", ".ts", ".tsx", ".js", ".py", ".sh"];

/// `x` on 601 lines.
const TOO_LONG: &str = match std::str::from_utf8(&X_LINES) {
    Ok(text) => text,
    Err(_) => "",
};
const X_LINES: [u8; 2 * (LINES_MAX + 1)] = {
    let mut lines = [b'x'; 2 * (LINES_MAX + 1)];
    let mut at = 1;
    while at < lines.len() {
        lines[at] = b'\n';
        at += 2;
    }
    lines
};

fn run(tree: &Tree) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (path, text) in tree.files() {
        let lines = lines_before_tests(text);
        if is_read_by_people(path) && lines > LINES_MAX {
            let reason = format!("{lines} lines before its tests, at most {LINES_MAX}: split it");
            findings.push(Finding::new(path, 0, reason));
        }
    }
    findings
}

fn is_read_by_people(path: &str) -> bool {
    let in_tests = path.split('/').any(|part| part == "tests" || part == "tests.rs");
    !in_tests && ENDINGS.iter().any(|ending| path.ends_with(ending))
}

/// Up to the `#[cfg(test)]` of a module.
fn lines_before_tests(text: &str) -> usize {
    let lines: Vec<&str> = text.lines().collect();
    let is_tests = |(index, line): (usize, &&str)| {
        let next = lines[index + 1..].iter().find(|next| !next.trim_start().starts_with("#["));
        line.starts_with("#[cfg(")
            && line.contains("test")
            && next.is_some_and(|next| next.starts_with("mod "))
    };
    lines.iter().enumerate().position(is_tests).unwrap_or(lines.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(path: &str, text: &str) -> usize {
        run(&Tree::of(&[(path, text)])).len()
    }

    #[test]
    fn only_what_is_read_counts() {
        let (short, long) = ("x\n".repeat(600), "x\n".repeat(601));
        let tested = format!("{short}#[cfg(test)]\nmod tests {{\n{long}}}\n");
        let half_tested = format!("{long}#[cfg(test)]\nmod tests {{}}\n");
        assert_eq!(found("app/src/a.rs", &short), 0);
        assert_eq!(found("app/src/a.rs", &long), 1);
        assert_eq!(found("web/a.tsx", &long), 1);
        assert_eq!(found("app/src/a.rs", &tested), 0);
        assert_eq!(found("app/src/a.rs", &half_tested), 1);
        assert_eq!(found("app/tests/a.rs", &long), 0);
        assert_eq!(found("Cargo.lock", &long), 0);
    }
}
