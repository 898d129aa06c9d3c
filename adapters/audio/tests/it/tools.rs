//! Programs of others that ours are compared with.

use std::io::Write as _;
use std::path::Path;
use std::process::{Command, Stdio};

/// Whether a program is installed; where it isn't, the test says that it is left out. In CI nothing is.
pub(crate) fn has(program: &str, test: &str) -> bool {
    let answers = Command::new(program)
        .arg("-version")
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status()
        .is_ok_and(|status| status.success());
    let in_ci = std::env::var("CI").is_ok_and(|value| value == "true" || value == "1");
    assert!(answers || !in_ci, "{program} isn't installed, and nothing is left out in CI");
    if !answers {
        // Around the harness, which hides what a test that passes prints.
        let line = format!("skipped: {test}: {program} isn't installed\n");
        let _ = std::io::stdout().write_all(line.as_bytes());
    }
    answers
}

/// Runs ffmpeg on a file that becomes another; what it printed.
pub(crate) fn ffmpeg(input: &Path, arguments: &[&str], output: &Path) -> String {
    let done = Command::new("ffmpeg")
        .args(["-hide_banner", "-nostdin", "-y", "-i"])
        .arg(input)
        .args(arguments)
        .arg(output)
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&done.stderr).into_owned();
    assert!(done.status.success(), "{said}");
    said
}

/// A file's samples as ffmpeg decodes them: interleaved.
pub(crate) fn ffmpeg_samples(input: &Path) -> Vec<f32> {
    let done = Command::new("ffmpeg")
        .args(["-hide_banner", "-nostdin", "-v", "error", "-i"])
        .arg(input)
        .args(["-f", "f32le", "-"])
        .output()
        .unwrap();
    assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
    done.stdout.chunks_exact(4).map(|four| f32::from_le_bytes(four.try_into().unwrap())).collect()
}

/// The recordings that testers may have in a folder named by `$LEDGERLINE_TEST_AUDIO`, or beside the
/// repository; they are not a part of it.
pub(crate) fn recordings(test: &str) -> Vec<std::path::PathBuf> {
    let beside = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/data/audio");
    let folder = std::env::var_os("LEDGERLINE_TEST_AUDIO").map_or(beside, std::path::PathBuf::from);
    let mut files: Vec<_> = std::fs::read_dir(&folder)
        .into_iter()
        .flatten()
        .flatten()
        .map(|file| file.path())
        .collect();
    files.retain(|file| file.extension().is_some_and(|extension| extension == "ogg"));
    files.sort();
    if files.is_empty() {
        let line = format!("skipped: {test} on recordings: none in {}\n", folder.display());
        let _ = std::io::stdout().write_all(line.as_bytes());
    }
    files
}
