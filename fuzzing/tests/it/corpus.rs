//! The corpus is what its makers say, and every target has all that belongs to it.

use ledgerline_fuzzing::{TARGETS, corpus, dictionary};
use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

/// All inputs together: they are read at each run, and stay in the history for good.
const BYTES_MAX: usize = 300 * 1024;

fn beside_us(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(path)
}

fn stems(folder: &Path) -> BTreeSet<String> {
    let entries = fs::read_dir(folder).expect("the folder is there");
    let paths = entries.map(|entry| entry.expect("readable").path());
    paths.map(|path| path.file_stem().expect("a name").to_string_lossy().into_owned()).collect()
}

#[test]
fn every_input_is_made_by_us_or_was_found() {
    for target in TARGETS {
        let made = corpus::made(target.name);
        assert!(!made.is_empty(), "{}", target.name);
        let read = corpus::read(target.name).expect(target.name);
        for (name, bytes) in &made {
            let stands = read.iter().any(|(stored, same)| (stored, same) == (name, bytes));
            assert!(
                stands,
                "{}/{name} differs: cargo run -p ledgerline-fuzzing -- corpus",
                target.name
            );
        }
        for (name, _) in &read {
            let known = name.starts_with("found-") || made.iter().any(|(made, _)| made == name);
            assert!(known, "{}/{name} was neither made nor found", target.name);
        }
    }
}

#[test]
fn the_corpus_stays_small() {
    let inputs = TARGETS.iter().flat_map(|target| corpus::read(target.name).expect(target.name));
    let bytes: usize = inputs.map(|(_, bytes)| bytes.len()).sum();
    assert!(bytes <= BYTES_MAX, "{bytes} bytes of inputs, at most {BYTES_MAX}");
}

#[test]
fn every_target_has_a_program_and_nothing_else_has_files() {
    let names: BTreeSet<String> = TARGETS.iter().map(|target| target.name.to_owned()).collect();
    assert_eq!(names.len(), TARGETS.len());
    assert_eq!(stems(&beside_us("../fuzz/fuzz_targets")), names);
    assert_eq!(stems(&beside_us("corpus")), names);
    assert!(stems(&beside_us("dictionaries")).is_subset(&names));
    for name in &names {
        let program = beside_us(&format!("../fuzz/fuzz_targets/{name}.rs"));
        let program = fs::read_to_string(program).expect("readable");
        assert!(program.contains(&format!("ledgerline_fuzzing::{name}(bytes)")), "{program}");
        assert!(dictionary::read(name).is_ok(), "{name}");
    }
}
