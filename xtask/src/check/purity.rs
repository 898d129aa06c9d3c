//! The core decides and touches nothing: the same input gives the same bytes, everywhere and always.

use super::rust_source::{NamePath, RustSource, Token, TokenKind, paths};
use super::tree::Tree;
use super::{Check, Finding};

/// The check.
pub const CHECK: Check = Check {
    name: "purity of the core",
    run,
    bad_example: &[(
        "core/counting/src/lib.rs",
        "use std::{collections::HashMap, time::Instant};\nfn share() -> f64 { 0.5 }\n",
    )],
};

/// At the end of a line, with a reason: this line may.
const ALLOWANCE: &str = "pure:";

const NO_IO: &str = "core does no IO: return the decision, an adapter performs it";
const NO_CLOCK: &str = "core has no clock: the time is an argument";
const NO_THREADS: &str = "core has no threads: one input, one order, one result";
const NO_ASYNC: &str = "core does not wait: async belongs in app";
const NO_RANDOMNESS: &str = "core has no randomness: the seed or key is an argument";
const NO_CONFIGURATION: &str = "core has no surroundings: configuration is an argument";
const NO_HASH_ORDER: &str =
    "std's hash order differs from run to run: BTreeMap, or hashbrown with a fixed hasher";
const NO_FLOATS: &str = "floats round: amounts and shares are whole numbers or fractions";
const NO_WHOLE_MODULE: &str =
    "this hides what is used: import the item, so that this check can see it";

/// What begins so is refused.
const REFUSED: &[(&[&str], &str)] = &[
    (&["std", "fs"], NO_IO),
    (&["std", "net"], NO_IO),
    (&["std", "process"], NO_IO),
    (&["std", "os"], NO_IO),
    (&["std", "io", "stdin"], NO_IO),
    (&["std", "io", "stdout"], NO_IO),
    (&["std", "io", "stderr"], NO_IO),
    (&["std", "time", "SystemTime"], NO_CLOCK),
    (&["std", "time", "Instant"], NO_CLOCK),
    (&["std", "time", "UNIX_EPOCH"], NO_CLOCK),
    (&["OffsetDateTime", "now_utc"], NO_CLOCK),
    (&["OffsetDateTime", "now_local"], NO_CLOCK),
    (&["UtcDateTime", "now"], NO_CLOCK),
    (&["std", "thread"], NO_THREADS),
    (&["std", "env"], NO_CONFIGURATION),
    (&["std", "collections", "HashMap"], NO_HASH_ORDER),
    (&["std", "collections", "HashSet"], NO_HASH_ORDER),
    (&["std", "collections", "hash_map"], NO_HASH_ORDER),
    (&["std", "collections", "hash_set"], NO_HASH_ORDER),
    (&["std", "hash", "RandomState"], NO_HASH_ORDER),
];

/// Whole crates that are refused; a variable may have such a name.
const CRATES: &[(&str, &str)] = &[
    ("tokio", NO_ASYNC),
    ("futures", NO_ASYNC),
    ("rand", NO_RANDOMNESS),
    ("fastrand", NO_RANDOMNESS),
    ("getrandom", NO_RANDOMNESS),
];

/// Refused wherever they stand.
const WORDS: &[(&str, &str)] =
    &[("async", NO_ASYNC), ("await", NO_ASYNC), ("f32", NO_FLOATS), ("f64", NO_FLOATS)];

/// Refused as macros.
const MACROS: &[&str] = &["println", "eprintln", "print", "eprint"];

/// Modules that hold both: to name them whole, or with a glob, would go round the list above.
const MIXED_MODULES: &[&[&str]] =
    &[&["std"], &["std", "time"], &["std", "collections"], &["std", "hash"], &["std", "io"]];

fn run(tree: &Tree) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (path, text) in tree.files().filter(|(path, _)| is_core_source(path)) {
        let source = RustSource::read(text);
        let tokens = source.without_tests();
        let mut found = impure_paths(&paths(&tokens));
        found.extend(impure_tokens(&tokens));
        found.sort_unstable();
        found.dedup();
        for (line, what, why) in found {
            if !is_allowed(&source, line) {
                findings.push(Finding::new(path, line, format!("{what}: {why}")));
            }
        }
    }
    findings
}

/// `core/*/src/…`, but for files that only hold tests.
fn is_core_source(path: &str) -> bool {
    let mut parts = path.split('/');
    let in_source =
        parts.next() == Some("core") && parts.next().is_some() && parts.next() == Some("src");
    in_source && path.ends_with(".rs") && !parts.any(|part| part == "tests" || part == "tests.rs")
}

fn impure_paths(paths: &[NamePath]) -> Vec<(usize, String, &'static str)> {
    let mut found = Vec::new();
    for path in paths {
        let parts: Vec<&str> = path.parts.iter().map(String::as_str).collect();
        let by_path = REFUSED.iter().find(|(start, _)| begins(&parts, start)).map(|(_, why)| *why);
        let by_crate = CRATES.iter().find(|(name, _)| parts.first() == Some(name));
        let by_crate = by_crate.filter(|_| path.is_use || parts.len() > 1).map(|(_, why)| *why);
        if let Some(why) = by_path.or(by_crate) {
            found.push((path.line, path.parts.join("::"), why));
        } else if MIXED_MODULES.iter().any(|module| is_whole(&parts, module)) {
            found.push((path.line, path.parts.join("::"), NO_WHOLE_MODULE));
        }
    }
    found
}

/// `std::fs::File` begins with `std::fs`; so does `time::OffsetDateTime::now_utc` with
/// `OffsetDateTime::now_utc`, for a type may be named with its crate.
fn begins(parts: &[&str], start: &[&str]) -> bool {
    if parts.starts_with(start) {
        return true;
    }
    let names_a_type = start[0].starts_with(char::is_uppercase);
    names_a_type && parts.windows(start.len()).any(|window| window == start)
}

fn is_whole(parts: &[&str], module: &[&str]) -> bool {
    match parts.split_last() {
        Some((&"*", lead)) => lead == module,
        _ => parts == module,
    }
}

fn impure_tokens(tokens: &[Token]) -> Vec<(usize, String, &'static str)> {
    let mut found = Vec::new();
    for (index, token) in tokens.iter().enumerate() {
        let is_macro = tokens.get(index + 1).is_some_and(|next| next.text == "!");
        let why = match token.kind {
            TokenKind::Float => Some(NO_FLOATS),
            TokenKind::Word if is_macro && MACROS.contains(&token.text.as_str()) => Some(NO_IO),
            TokenKind::Word => {
                WORDS.iter().find(|(word, _)| token.text == *word).map(|(_, why)| *why)
            }
            _ => None,
        };
        found.extend(why.map(|why| (token.line, token.text.clone(), why)));
    }
    found
}

fn is_allowed(source: &RustSource, line: usize) -> bool {
    source.comments.iter().any(|(at, text)| {
        let reason = text.trim_start().strip_prefix(ALLOWANCE);
        *at == line && reason.is_some_and(|reason| !reason.trim().is_empty())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(path: &str, text: &str) -> Vec<usize> {
        run(&Tree::of(&[(path, text)])).iter().map(|finding| finding.line).collect()
    }

    #[test]
    fn each_impurity_is_found() {
        let impure = [
            "use std::fs;",
            "use std::fs::File;",
            "fn f() { std::net::lookup(); }",
            "fn f() { ::std::process::exit(1) }",
            "use std::time::{Duration, SystemTime};",
            "use std::time::Instant as Clock;",
            "use std::time;",
            "use std::time::*;",
            "use std as s;",
            "use std::collections::{self, BTreeMap};",
            "fn f() { let t = time::OffsetDateTime::now_utc(); }",
            "use std::thread;",
            "fn f() { std::env::var(\"X\"); }",
            "use tokio::sync::Mutex;",
            "async fn f() {}",
            "fn f() { g().await; }",
            "fn f() { rand::random() }",
            "use rand as r;",
            "use std::f64::consts::PI;",
            "use std::collections::HashMap;",
            "use std::{collections::{BTreeMap, HashSet}};",
            "use std::hash::RandomState;",
            "fn f(x: f64) {}",
            "fn f(x: Vec<f32>) {}",
            "const A: X = 1.5;",
            "fn f() { println!(\"x\"); }",
            "#[cfg(any(test, feature = \"x\"))] use std::fs;",
            "use std::fs; // pure:",
            "use std::fs; // because",
        ];
        for text in impure {
            assert_eq!(lines("core/counting/src/a/b.rs", text), [1], "{text}");
        }
    }

    #[test]
    fn the_pure_is_let_through() {
        let pure = [
            "use std::time::Duration;",
            "use std::collections::{BTreeMap, VecDeque};",
            "use hashbrown::HashMap;",
            "fn f() { let rand = x.tokio.fs(); self.async_count; rand.print(); }",
            "// std::fs, f64 and 1.5\n/// tokio\n//! rand\n/* HashMap */",
            "const A: &str = \"std::fs f64 1.5\";",
            "use std::fs; // pure: only the name of a path",
            "#[cfg(test)]\nmod tests { use std::collections::HashMap; }",
            "#[cfg(test)] use std::fs;",
            "use crate::rand_table;",
            "use std::io::Write;",
        ];
        for text in pure {
            assert_eq!(lines("core/counting/src/a.rs", text), [0; 0], "{text}");
        }
    }

    #[test]
    fn only_the_core_is_held_to_it() {
        for path in ["app/src/lib.rs", "core/ids/tests/t.rs", "core/ids/src/tests.rs"] {
            assert_eq!(lines(path, "use std::fs;"), [0; 0], "{path}");
        }
        assert_eq!(lines("core/ids/src/x.rs", "\n\nuse std::fs;\nuse std::net;"), [3, 4]);
    }
}
