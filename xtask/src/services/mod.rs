//! `cargo xtask services`: real servers of others, for tests and for people.
//!
//! `cargo xtask test` starts what its tests need in a folder of its own, hands out where it
//! listens through the environment, and ends it. A service is a folder: its data, its logs and the
//! ids of its processes lie there, so that another xtask can look at it or end it.
//!
//! A new one is a module here, a row in [`SERVICES`], and its name in `cli::SEPARABLE`.
//!
//! Reading order: [`Service`], [`process`] (what runs, by its id), [`ports`], [`reach`] (folders of another
//! user's), then one module for each service, and [`command`] (what people type).

mod command;
pub mod kafka;
mod ports;
pub mod postgres;
mod process;
mod reach;

use crate::cli::Test;
use crate::needs::Need;
use crate::steps::{Outcome, Steps};
use crate::workspace::Workspace;
pub use command::run;
use std::fs;
use std::path::{Path, PathBuf};

/// What tests are told, as names and values of environment variables.
pub type Environment = Vec<(String, String)>;

/// Where tests find this program: those that kill and restart servers of their own call it.
const XTASK: &str = "LEDGERLINE_TEST_XTASK";

/// A server of others.
pub trait Service: Sync {
    /// As it is called on the command line.
    fn name(&self) -> &'static str;

    /// What must be on the machine.
    fn needs(&self) -> &'static [Need];

    /// Starts what of it doesn't run, on the data that is in the folder; ready once this returns.
    ///
    /// # Errors
    /// A sentence, with where its log is.
    fn start(&self, place: &Place) -> Result<(), String>;

    /// What is needed to use it; `None` where nothing was started in the folder.
    fn environment(&self, place: &Place) -> Option<Environment>;

    /// The processes that run of it.
    fn pids(&self, place: &Place) -> Vec<u32>;

    /// Asks it to end, and insists.
    ///
    /// # Errors
    /// A sentence, where it runs on.
    fn stop(&self, place: &Place) -> Result<(), String>;

    /// Removes all that an earlier run left.
    ///
    /// # Errors
    /// It can't be removed.
    fn clear(&self, place: &Place) -> Result<(), String> {
        place.clear()
    }
}

/// All there are, in the order in which they are started.
const SERVICES: &[&dyn Service] = &[&kafka::Kafka, &postgres::Postgres];

/// What they are called.
pub fn names() -> Vec<&'static str> {
    SERVICES.iter().map(|service| service.name()).collect()
}

/// Where a service is, and how it is to run.
#[derive(Clone, Debug)]
pub struct Place {
    /// Its own folder: data, logs, ids of processes.
    pub folder: PathBuf,
    /// For what was downloaded, and is the same for all.
    pub downloads: PathBuf,
    /// How many servers there are of it, where it can be several; fixed when the folder was made.
    pub nodes: u16,
    /// Whether its speed is part of what is measured: then it may take what it likes.
    pub measured: bool,
    /// Whether it goes on once xtask has ended; otherwise an interruption ends both.
    pub outlives: bool,
}

impl Place {
    /// The folder of a service in `at`.
    pub fn of(workspace: &Workspace, at: &Path, service: &dyn Service) -> Place {
        let folder = at.join(service.name());
        let downloads = workspace.services();
        Place { folder, downloads, nodes: 1, measured: false, outlives: false }
    }

    /// Removes the folder.
    ///
    /// # Errors
    /// It can't be removed.
    fn clear(&self) -> Result<(), String> {
        match fs::remove_dir_all(&self.folder) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
                Err(format!("cannot remove {}: {error}", self.folder.display()))
            }
            _ => Ok(()),
        }
    }
}

/// What the services of a run of tests need.
pub fn needs(options: &Test) -> Vec<Need> {
    wanted(options).flat_map(|service| service.needs()).copied().collect()
}

fn wanted(options: &Test) -> impl Iterator<Item = &'static dyn Service> + use<> {
    let without = options.without.clone();
    let wanted = move |service: &&dyn Service| !without.iter().any(|name| name == service.name());
    SERVICES.iter().copied().filter(wanted)
}

/// Where this program is.
fn xtask_itself() -> Environment {
    let program = std::env::current_exe().map(|program| program.to_string_lossy().into_owned());
    program.map(|program| (XTASK.to_owned(), program)).into_iter().collect()
}

/// The services of a run of tests; they end with this value.
pub struct ForTests {
    started: Vec<(&'static dyn Service, Place)>,
    environment: Environment,
}

impl ForTests {
    /// Starts all that `options` doesn't leave out, each on an empty folder, a step for each.
    pub fn start(workspace: &Workspace, options: &Test, steps: &mut Steps) -> ForTests {
        let mut running = ForTests { started: Vec::new(), environment: xtask_itself() };
        for service in wanted(options) {
            let place = Place::of(workspace, &workspace.services().join("of-tests"), service);
            steps.run(&format!("start {}", service.name()), || {
                // A run that was killed may have left it running.
                let fresh = service.stop(&place).and_then(|()| service.clear(&place));
                match fresh.and_then(|()| service.start(&place)) {
                    Ok(()) => Outcome::Passed,
                    Err(reason) => Outcome::Failed(reason),
                }
            });
            running.environment.extend(service.environment(&place).unwrap_or_default());
            running.started.push((service, place));
        }
        running
    }

    /// Has tests be told one thing more.
    pub fn tell(&mut self, name: &str, value: &str) {
        self.environment.push((name.to_owned(), value.to_owned()));
    }

    /// Whether every service there is was started.
    pub fn are_all_there(&self) -> bool {
        self.started.len() == SERVICES.len()
    }

    /// What tests are told.
    pub fn environment(&self) -> impl Iterator<Item = (&str, &str)> {
        self.environment.iter().map(|(name, value)| (name.as_str(), value.as_str()))
    }
}

impl Drop for ForTests {
    fn drop(&mut self) {
        for (service, place) in self.started.iter().rev() {
            if let Err(reason) = service.stop(place) {
                eprintln!("xtask: {}: {reason}", service.name());
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::SEPARABLE;

    #[test]
    fn tests_can_do_without_each() {
        assert!(names().iter().all(|name| SEPARABLE.contains(name)));
        let without = |name: &str| Test { without: vec![name.to_owned()], ..Test::default() };
        for service in SERVICES {
            let left = wanted(&without(service.name())).map(|service| service.name());
            assert!(!left.collect::<Vec<_>>().contains(&service.name()));
        }
        assert!(needs(&Test::default()).contains(&Need::Maven));
    }
}
