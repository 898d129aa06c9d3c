//! The running API against its own contract, by an independent tool.
//!
//! schemathesis reads `/openapi.json` and sends requests that the contract allows and forbids. It is
//! a Python program: it gets a virtual environment of its own inside the target folder.

use crate::programs::{answer, succeed};
use crate::server::{Server, run_at_most};
use crate::steps::{Outcome, Steps};
use crate::workspace::Workspace;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

/// Pinned: a new version brings new checks, and those come in by a commit.
const VERSION: &str = "4.32.5";
/// What the contract has to hold for; the rest of schemathesis' checks judge design, not conformance.
const CHECKS: &str = "not_a_server_error,status_code_conformance,content_type_conformance,\
                      response_schema_conformance";
/// A key that opens nothing would make every request a documented 401, and the contract would hold.
/// Addresses of audio are the exception: what one opens is signed into it, and no key opens more.
const CONFIGURATION: &str = r#"
[warnings]
fail-on = ["missing_auth"]

[[operations]]
include-path = "/audio/{track_id}/{rung}"
warnings = false
"#;
/// What the requests may do.
const SCOPE: &str = "reports:write,counts:read,adjudication:write,fraud:write,appeals:write,\
                     ledger:read,royalty:read,royalty:write,privacy:write,access:write";
/// A contract run that isn't over by then hangs.
const RUN_MAX: Duration = Duration::from_secs(15 * 60);
/// `--long`: how long random requests go on.
const LONG_SECONDS: &str = "1800";

/// The run's folder inside the target folder.
struct Place {
    venv: PathBuf,
    data: PathBuf,
    log: PathBuf,
}

/// Installs, runs and stops: three steps, each of which can fail.
pub fn steps(workspace: &Workspace, long: bool, steps: &mut Steps) {
    let services = workspace.services();
    let place = Place {
        venv: services.join("schemathesis-venv"),
        data: services.join("schemathesis-data"),
        log: services.join("schemathesis-server.log"),
    };
    let mut running = None;
    let ready = steps.run("schemathesis: install", || ended(install(&place.venv)))
        && steps.run("schemathesis: start the server", || {
            let started = start(&workspace.debug_binary(), &place);
            ended(started.map(|server| running = Some(server)))
        });
    let Some((server, key)) = running.filter(|_| ready) else {
        steps.skip("schemathesis: contract", "there is no server to ask");
        return;
    };
    let held = steps.run("schemathesis: contract", || ended(ask(&place, &server, &key, long)));
    let stopped = steps.run("schemathesis: stop the server", || ended(server.stop()));
    if held && stopped {
        // Kept after a failure, as evidence.
        let _ = fs::remove_dir_all(&place.data);
    }
}

fn ended(result: Result<(), String>) -> Outcome {
    match result {
        Ok(()) => Outcome::Passed,
        Err(reason) => Outcome::Failed(reason),
    }
}

/// A virtual environment with the pinned version; kept from one run to the next.
fn install(venv: &Path) -> Result<(), String> {
    let program = venv.join("bin/schemathesis");
    let installed = answer(&program.to_string_lossy(), &["--version"]);
    if installed.is_some_and(|version| version.ends_with(VERSION)) {
        return Ok(());
    }
    println!("          schemathesis {VERSION} into its own environment, under a minute");
    // `--clear`: a half-made one from an interrupted run is not repaired but replaced.
    succeed(Command::new("python3").args(["-m", "venv", "--clear"]).arg(venv))
        .map_err(|reason| format!("python3 -m venv: {reason}"))?;
    let wanted = format!("schemathesis=={VERSION}");
    succeed(
        Command::new(venv.join("bin/python")).args(["-m", "pip", "install", "--quiet", &wanted]),
    )
    .map_err(|reason| format!("pip install {wanted}: {reason}"))
}

/// A server on an empty data folder, and a key to it. The key is made while the server runs.
fn start(binary: &Path, place: &Place) -> Result<(Server, String), String> {
    if place.data.exists() {
        fs::remove_dir_all(&place.data)
            .map_err(|error| format!("cannot empty {}: {error}", place.data.display()))?;
    }
    fs::create_dir_all(&place.data)
        .map_err(|error| format!("cannot make {}: {error}", place.data.display()))?;
    let server = Server::start(Command::new(binary), &place.data, &place.log)?;
    let data = place.data.to_string_lossy();
    let arguments = ["keys", "create", "--data", &data, "--scope", SCOPE];
    let printed = answer(&binary.to_string_lossy(), &arguments);
    let key = printed.as_deref().and_then(last_line).map(str::to_owned);
    let key = key.ok_or("`ledgerline keys create` printed no key")?;
    Ok((server, key))
}

/// The key stands alone on the last line.
fn last_line(printed: &str) -> Option<&str> {
    printed.lines().last().map(str::trim).filter(|key| !key.is_empty() && !key.contains(' '))
}

fn ask(place: &Place, server: &Server, key: &str, long: bool) -> Result<(), String> {
    let configuration = place.venv.join("schemathesis.toml");
    fs::write(&configuration, CONFIGURATION)
        .map_err(|error| format!("cannot write {}: {error}", configuration.display()))?;
    let mut command = Command::new(place.venv.join("bin/schemathesis"));
    command
        .arg("run")
        .arg(format!("{}/openapi.json", server.url()))
        .args(["--header", &format!("Authorization: Bearer {key}")])
        .args(["--checks", CHECKS])
        .args(["--phases", "examples,coverage,fuzzing", "--workers", "1"])
        .args(["--request-timeout", "10", "--no-color"])
        // It reads its configuration from, and writes into, where it stands.
        .current_dir(&place.venv)
        // A proxy of the machine has no business with a server of our own.
        .env("NO_PROXY", "127.0.0.1")
        .env("no_proxy", "127.0.0.1");
    let limit = if long {
        command.args(["--max-time", LONG_SECONDS, "--generation-database", "none"]);
        RUN_MAX * 4
    } else {
        // The same requests each time: what fails here fails again.
        command.args(["--max-examples", "40", "--generation-deterministic"]);
        RUN_MAX
    };
    match run_at_most(&mut command, limit) {
        Ok(Some(status)) if status.success() => Ok(()),
        Ok(Some(status)) => {
            let log = place.log.display();
            Err(format!("schemathesis ended with {status}; the server's log is {log}"))
        }
        Ok(None) => Err(format!("schemathesis was not done after {} s", limit.as_secs())),
        Err(error) => Err(format!("cannot run schemathesis: {error}")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_key_stands_alone_on_the_last_line() {
        assert_eq!(last_line("The key is shown once:\nll_abc"), Some("ll_abc"));
        assert_eq!(last_line("ll_abc\n"), Some("ll_abc"));
        assert_eq!(last_line(""), None);
        assert_eq!(last_line("error: no such folder"), None);
    }
}
