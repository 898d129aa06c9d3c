//! PostgreSQL, by the programs of the system's package.
//!
//! It listens on this machine's loopback alone and asks for a password. In its folder: `port`, which a
//! server that starts again comes back to, `server.log`, the id of its process, and `data`. As root it
//! runs as the user that its package has made: it refuses to run as root. Where that user can't reach the
//! folder (root's own are closed), its data lies among the system's temporary files, and `data-path` says where.

use super::process::{Recorded, until};
use super::{Environment, Place, Service, ports, reach};
use crate::needs::{Need, postgres_programs};
use crate::programs::answer;
use crate::server::signal;
use std::fs::{self, File};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

/// A server of tests has many small clients.
const SETTINGS: &[&str] = &[
    "listen_addresses=127.0.0.1",
    "unix_socket_directories=",
    "max_connections=200",
    "shared_buffers=64MB",
    // Deadlocks and statements that take long are found in its log.
    "log_lock_waits=on",
    "log_min_duration_statement=1000",
];
const START_MAX: Duration = Duration::from_secs(60);
const STOP_MAX: Duration = Duration::from_secs(30);
/// Who tests are. It opens nothing but servers of tests.
const USER: &str = "ledgerline";
const PASSWORD: &str = "only-for-tests";
/// The file that says where the data lies, where it isn't in the folder.
const DATA_PATH: &str = "data-path";

/// The service.
pub struct Postgres;

impl Service for Postgres {
    fn name(&self) -> &'static str {
        "postgres"
    }

    fn needs(&self) -> &'static [Need] {
        &[Need::Postgres]
    }

    fn start(&self, place: &Place) -> Result<(), String> {
        let programs = Programs::find()?;
        let server = Server { programs, folder: place.folder.clone() };
        let port = match port(&place.folder).filter(|_| data(&place.folder).is_dir()) {
            Some(port) => port,
            None => {
                self.clear(place)?;
                server.make()?
            }
        };
        let recorded = recorded(&place.folder);
        let mut failed = Ok(());
        // What a killed server has started may hold its memory for a moment.
        let answered = until(START_MAX, || {
            if recorded.pid().is_none() {
                server.forget_the_dead();
                failed = server.run(port, &recorded, place.outlives);
            }
            failed.is_err() || server.answers(port)
        });
        failed?;
        if answered {
            return Ok(());
        }
        Err(format!("it doesn't answer; its log is {}", log(&place.folder).display()))
    }

    fn environment(&self, place: &Place) -> Option<Environment> {
        let port = port(&place.folder)?;
        let url = format!("postgres://{USER}:{PASSWORD}@127.0.0.1:{port}/postgres");
        Some(vec![("LEDGERLINE_TEST_POSTGRES".to_owned(), url)])
    }

    fn pids(&self, place: &Place) -> Vec<u32> {
        recorded(&place.folder).pid().into_iter().collect()
    }

    fn stop(&self, place: &Place) -> Result<(), String> {
        let recorded = recorded(&place.folder);
        let Some(pid) = recorded.pid() else { return Ok(()) };
        // SIGINT has it send its clients away and end in order; for SIGTERM it waits for them.
        for name in ["-INT", "-QUIT", "-KILL"] {
            signal(name, pid);
            if until(STOP_MAX, || recorded.pid().is_none()) {
                return Ok(());
            }
        }
        Err(format!("process {pid} doesn't end"))
    }

    fn clear(&self, place: &Place) -> Result<(), String> {
        reach::remove_apart(&apart_of(&data(&place.folder)))?;
        place.clear()
    }
}

/// What a query on the server at `url` answers, without heads: fields with `|` between them, rows on lines.
///
/// # Errors
/// A sentence: what `psql` says.
pub fn ask(url: &str, query: &str) -> Result<String, String> {
    let mut psql = Programs::find()?.command("psql");
    let asked = psql.args(["-X", "-q", "-A", "-t", "-v", "ON_ERROR_STOP=1", "-c", query, url]);
    let output = asked.output().map_err(|error| format!("cannot run psql: {error}"))?;
    if output.status.success() {
        return Ok(String::from_utf8_lossy(&output.stdout).trim().to_owned());
    }
    Err(format!("psql: {}", String::from_utf8_lossy(&output.stderr).trim()))
}

/// PostgreSQL's programs, and who runs them.
pub struct Programs {
    folder: PathBuf,
    /// PostgreSQL refuses to run as root: then it is the user that its package has made, by its numbers.
    pub owner: Option<(u32, u32)>,
}

impl Programs {
    /// # Errors
    /// A sentence, where they aren't here, or root has no such user.
    pub fn find() -> Result<Self, String> {
        let folder = postgres_programs().ok_or("PostgreSQL's programs aren't here")?;
        Ok(Self { folder, owner: owner()? })
    }

    /// One of them, by whom it may be run.
    pub fn command(&self, program: &str) -> Command {
        let mut command = Command::new(self.folder.join(program));
        if let Some((user, group)) = self.owner {
            command.uid(user).gid(group);
        }
        command.current_dir("/").stdin(Stdio::null());
        command
    }
}

fn owner() -> Result<Option<(u32, u32)>, String> {
    if answer("id", &["-u"]).as_deref() != Some("0") {
        return Ok(None);
    }
    let id = |of: &str| answer("id", &[of, "postgres"]).and_then(|id| id.parse::<u32>().ok());
    match (id("-u"), id("-g")) {
        (Some(user), Some(group)) => Ok(Some((user, group))),
        _ => Err("it can't run as root, and there is no user postgres".to_owned()),
    }
}

/// The port of the server in this folder; it is written last, with it all is there.
fn port(folder: &Path) -> Option<u16> {
    fs::read_to_string(folder.join("port")).ok()?.trim().parse().ok()
}

fn log(folder: &Path) -> PathBuf {
    folder.join("server.log")
}

/// Where its data lies.
fn data(folder: &Path) -> PathBuf {
    let apart = fs::read_to_string(folder.join(DATA_PATH)).ok();
    apart.map_or_else(|| folder.join("data"), |path| PathBuf::from(path.trim()))
}

/// The folder that was made for nothing but this data.
fn apart_of(data: &Path) -> PathBuf {
    data.parent().unwrap_or(data).to_owned()
}

/// The server's process; its data's path stands on its command line.
fn recorded(folder: &Path) -> Recorded {
    let word = data(folder).to_string_lossy().into_owned();
    Recorded { file: folder.join("pid"), word }
}

struct Server {
    programs: Programs,
    folder: PathBuf,
}

impl Server {
    /// Makes a folder with a server that never ran. Says its port.
    fn make(&self) -> Result<u16, String> {
        let folder = &self.folder;
        let cannot =
            |error: std::io::Error| format!("cannot write into {}: {error}", folder.display());
        fs::create_dir_all(folder).map_err(cannot)?;
        if let Some(owner) = self.programs.owner
            && !reach::may_enter(folder, owner)
        {
            let data = reach::make_apart()?.join("data");
            fs::write(folder.join(DATA_PATH), data.to_string_lossy().as_bytes()).map_err(cannot)?;
        }
        let data = data(folder);
        let secret = apart_of(&data).join("password");
        fs::create_dir_all(&data).map_err(cannot)?;
        fs::write(&secret, PASSWORD).map_err(cannot)?;
        if let Some((user, group)) = self.programs.owner {
            std::os::unix::fs::chown(&data, Some(user), Some(group)).map_err(cannot)?;
        }
        let log = File::create(folder.join("initdb.log")).map_err(cannot)?;
        let errors = log.try_clone().map_err(cannot)?;
        let made = self
            .programs
            .command("initdb")
            .args(["-A", "scram-sha-256", "-U", USER, "-E", "UTF8", "--locale=C", "-k", "-D"])
            .arg(&data)
            .arg("--pwfile")
            .arg(&secret)
            .stdout(log)
            .stderr(errors)
            .status()
            .map_err(|error| format!("cannot run initdb: {error}"))?;
        if !made.success() {
            return Err(format!(
                "initdb ended with {made}: see initdb.log in {}",
                folder.display()
            ));
        }
        let port = ports::free(1)?[0];
        fs::write(folder.join("port"), port.to_string()).map_err(cannot)?;
        Ok(port)
    }

    fn run(&self, port: u16, recorded: &Recorded, outlives: bool) -> Result<(), String> {
        let mut command = self.programs.command("postgres");
        command.arg("-D").arg(&recorded.word).args(["-p", &port.to_string()]);
        for setting in SETTINGS {
            command.args(["-c", setting]);
        }
        recorded.start(&mut command, &log(&self.folder), outlives)
    }

    /// A server that was killed has left its lock, which holds as long as its id is somebody's: also while
    /// nobody has taken note of its end.
    fn forget_the_dead(&self) {
        let lock = data(&self.folder).join("postmaster.pid");
        let Ok(text) = fs::read_to_string(&lock) else { return };
        let pid = text.lines().next().unwrap_or_default().trim();
        if answer("ps", &["-o", "stat=", "-p", pid]).is_some_and(|state| state.starts_with('Z')) {
            let _ = fs::remove_file(lock);
        }
    }

    /// Whether it answers somebody who knows the password.
    fn answers(&self, port: u16) -> bool {
        let mut command = self.programs.command("psql");
        command.args(["-X", "-q", "-h", "127.0.0.1", "-U", USER, "-d", "postgres"]);
        command.args(["-p", &port.to_string(), "-c", "SELECT 1"]);
        command.env("PGPASSWORD", PASSWORD).stdout(Stdio::null()).stderr(Stdio::null());
        command.status().is_ok_and(|status| status.success())
    }
}
