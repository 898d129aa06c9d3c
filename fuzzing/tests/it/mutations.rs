//! Seeded changes: the same on every machine, so that what fails here fails everywhere.

use ledgerline_fuzzing::mutator::Mutator;
use ledgerline_fuzzing::{Target, corpus, dictionary, target};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;

const SEED: u64 = 20_261_126;

/// Runs a target on its corpus and on changes to it. The first input that fails is returned.
fn run(target: &Target, inputs: &[Vec<u8>], mutations: u32) -> Result<(), Vec<u8>> {
    let words = dictionary::read(target.name).expect("the dictionary is readable");
    let mut mutator = Mutator::new(inputs, &words, SEED);
    let changed = (0..mutations).map(|_| mutator.next_input());
    for input in inputs.iter().cloned().chain(changed) {
        if catch_unwind(AssertUnwindSafe(|| (target.run)(&input))).is_err() {
            return Err(input);
        }
    }
    Ok(())
}

/// `LEDGERLINE_LONG=1` tries twenty times as many.
fn mutations(target: &Target) -> u32 {
    let long = std::env::var("LEDGERLINE_LONG").is_ok_and(|value| value == "1");
    target.mutations * if long { 20 } else { 1 }
}

fn check(name: &str) {
    let target = target(name).expect("it is listed");
    let inputs = corpus::read(name).expect("the corpus is readable");
    let inputs: Vec<Vec<u8>> = inputs.into_iter().map(|(_, bytes)| bytes).collect();
    if let Err(input) = run(target, &inputs, mutations(target)) {
        let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("{name}.input"));
        std::fs::write(&path, &input).expect("the target folder is writable");
        panic!(
            "{name} fails on {} bytes; again: cargo run -p ledgerline-fuzzing -- run {name} {}",
            input.len(),
            path.display()
        );
    }
}

macro_rules! checks {
    ($($name:ident)*) => {
        $(#[test] fn $name() { check(stringify!($name)); })*

        #[test]
        fn no_target_is_left_out() {
            let checked = [$(stringify!($name)),*];
            let listed: Vec<&str> = ledgerline_fuzzing::TARGETS.iter().map(|t| t.name).collect();
            assert_eq!(checked.as_slice(), listed);
        }
    };
}

checks! {
    report_line report_body records frames report_log plays_log sealed_index
    spotify_account spotify_extended listenbrainz export_zip catalogue contract sheets
    audio_file segment_index audio_marks audio_tags picture signed_address stream_grant
}

/// The canary: a reader with a mistake is found out, and by the same input each time.
#[test]
fn a_reader_with_a_mistake_is_found_out() {
    fn mistaken(bytes: &[u8]) {
        let text = String::from_utf8_lossy(bytes);
        assert!(!text.contains("\"track_id\":null"), "a null is taken for a text");
    }
    let target = Target { name: "report_line", run: mistaken, mutations: 0 };
    let inputs = [br#"{"track_id":"t","duration_listened_ms":null}"#.to_vec()];
    assert!(run(&target, &inputs, 0).is_ok(), "the corpus itself is sound");
    let found = run(&target, &inputs, 60_000).expect_err("a change of it isn't");
    assert_eq!(run(&target, &inputs, 60_000), Err(found));
}
