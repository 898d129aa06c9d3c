//! The pages: built before the binary that embeds them, where their sources changed; and their tests.

use crate::needs::{self, Need};
use crate::programs::succeed;
use crate::steps::{Outcome, Steps};
use crate::workspace::Workspace;
use std::fs;
use std::hash::{DefaultHasher, Hasher};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::Command;

/// What building the pages takes.
pub const NEEDS: &[Need] = &[Need::Node];

/// Made by builds, so no source.
const BUILT: &[&str] = &["dist", "node_modules", "contract.d.ts"];
/// Notes what `dist` was built from, where `npm ci` begins anew and `git clean` takes it along.
const MARK: &str = "node_modules/.built-from";

/// Builds what the binary embeds; nothing is done where it was built from what is there now.
///
/// # Errors
/// A sentence: packages can't be installed, or the pages don't build.
pub fn build(workspace: &Workspace) -> Result<(), String> {
    let folder = workspace.root().join("web");
    let packages = fingerprint(&[folder.join("package-lock.json")])?;
    let sources = fingerprint(&[folder.clone(), workspace.root().join("openapi")])?;
    let wanted = format!("{packages} {sources}");
    let built = fs::read_to_string(folder.join(MARK)).unwrap_or_default();
    if built == wanted && folder.join("dist/index.html").is_file() {
        return Ok(());
    }
    println!("Building the pages: under a minute.");
    // A pipe that nobody reads must not stop the build.
    let _ = std::io::stdout().flush();
    if !built.starts_with(&packages) {
        succeed(npm(&folder).args(["ci", "--include=dev", "--no-audit", "--no-fund"]))
            .map_err(|reason| format!("npm ci: {reason}"))?;
    }
    // A build that fails must not pass for the one before; the packages are there all the same.
    write_mark(&folder, &packages)?;
    succeed(npm(&folder).args(["run", "--silent", "build"]))
        .map_err(|reason| format!("npm run build: {reason}"))?;
    write_mark(&folder, &wanted)
}

/// The build, and the tests that want no browser, as steps of a longer run.
pub fn steps(workspace: &Workspace, steps: &mut Steps) {
    if steps.run("web: build", || ended(build(workspace))) {
        steps.run("web: figures and files", || {
            ended(succeed(npm(&workspace.root().join("web")).args(["--silent", "test"])))
        });
    } else {
        steps.skip("web: figures and files", "the build failed");
    }
}

/// The pages as people use them: in Chromium, against a server with closed months.
pub fn browser_steps(workspace: &Workspace, steps: &mut Steps) {
    steps.run("web: in the browser", || {
        let Some(chromium) = needs::chromium() else {
            return Outcome::Failed("Chromium is gone".to_owned());
        };
        let mut command = npm(&workspace.root().join("web"));
        command
            .args(["run", "--silent", "test:browser"])
            .env("LEDGERLINE_BINARY", workspace.debug_binary())
            .env("LEDGERLINE_SCREENSHOTS", workspace.screenshots())
            .env("CHROMIUM", chromium);
        ended(succeed(&mut command))
    });
}

fn ended(result: Result<(), String>) -> Outcome {
    match result {
        Ok(()) => Outcome::Passed,
        Err(reason) => Outcome::Failed(reason),
    }
}

fn npm(folder: &Path) -> Command {
    let mut command = Command::new("npm");
    command.current_dir(folder);
    command
}

fn write_mark(folder: &Path, text: &str) -> Result<(), String> {
    let mark = folder.join(MARK);
    fs::write(&mark, text).map_err(|error| format!("cannot write {}: {error}", mark.display()))
}

/// What stands in files and below folders, as a short text: names and contents, in order.
fn fingerprint(paths: &[PathBuf]) -> Result<String, String> {
    let mut hasher = DefaultHasher::new();
    for path in paths {
        hash(path, &mut hasher)
            .map_err(|error| format!("cannot read {}: {error}", path.display()))?;
    }
    Ok(format!("{:016x}", hasher.finish()))
}

fn hash(path: &Path, hasher: &mut DefaultHasher) -> std::io::Result<()> {
    hasher.write(path.file_name().unwrap_or_default().as_encoded_bytes());
    hasher.write_u8(0);
    if !path.is_dir() {
        let bytes = fs::read(path)?;
        hasher.write_usize(bytes.len());
        hasher.write(&bytes);
        return Ok(());
    }
    let mut entries: Vec<PathBuf> =
        fs::read_dir(path)?.map(|entry| Ok(entry?.path())).collect::<std::io::Result<_>>()?;
    entries.retain(|entry| !is_built(entry));
    entries.sort();
    hasher.write_usize(entries.len());
    entries.iter().try_for_each(|entry| hash(entry, hasher))
}

fn is_built(path: &Path) -> bool {
    BUILT.iter().any(|name| path.file_name().is_some_and(|file| file == *name))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sources_are_told_apart_and_builds_left_out() {
        let folder = std::env::temp_dir().join(format!("xtask-web-{}", std::process::id()));
        let put = |name: &str, text: &str| {
            let path = folder.join(name);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, text).unwrap();
        };
        put("src/app.tsx", "one");
        put("dist/index.html", "built");
        let print = || fingerprint(std::slice::from_ref(&folder)).unwrap();
        let first = print();
        put("dist/index.html", "built again");
        put("node_modules/a/b.js", "installed");
        assert_eq!(print(), first);
        put("src/app.tsx", "two");
        assert_ne!(print(), first);
        put("src/app.tsx", "one");
        assert_eq!(print(), first);
        put("src/more.tsx", "");
        assert_ne!(print(), first);
        fs::remove_dir_all(folder).unwrap();
    }
}
