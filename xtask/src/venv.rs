//! Python packages for the bench, each in a virtual environment of its own.

use crate::programs::succeed;
use std::fs;
use std::path::Path;
use std::process::Command;

/// A virtual environment in `folder` with one package of one version; kept from one run to the next.
///
/// # Errors
/// A sentence: it can't be made, or the package can't be installed.
pub fn ensure(folder: &Path, package: &str, version: &str) -> Result<(), String> {
    let wanted = format!("{package}=={version}");
    let mark = folder.join("installed");
    if fs::read_to_string(&mark).is_ok_and(|installed| installed == wanted) {
        return Ok(());
    }
    println!("  {wanted} into its own environment, some minutes at most");
    // `--clear`: a half-made one from an interrupted run is not repaired but replaced.
    succeed(Command::new("python3").args(["-m", "venv", "--clear"]).arg(folder))
        .map_err(|reason| format!("python3 -m venv: {reason}"))?;
    let pip = ["-m", "pip", "install", "--quiet", "--disable-pip-version-check", &wanted];
    succeed(Command::new(folder.join("bin/python")).args(pip))
        .map_err(|reason| format!("pip install {wanted}: {reason}"))?;
    fs::write(&mark, &wanted).map_err(|error| format!("{}: {error}", mark.display()))
}
