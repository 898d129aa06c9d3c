//! The server of the tests, with a schema for each store; and servers that a test may ill-treat.

use ledgerline_sql_store::{PostgresOptions, PostgresStore};
use sqlx::postgres::PgConnection;
use sqlx::{AssertSqlSafe, Connection};
use std::io::{Seek, SeekFrom, Write};
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

/// Where the server is; a user who may make schemas.
const URL: &str = "LEDGERLINE_TEST_POSTGRES";
/// The program that starts servers.
const XTASK: &str = "LEDGERLINE_TEST_XTASK";

/// A value of the environment, or a line that says why the test is left out. In CI nothing is.
fn told(name: &str) -> Option<String> {
    if let Ok(value) = std::env::var(name) {
        return Some(value);
    }
    let in_ci = std::env::var("CI").is_ok_and(|value| value == "true" || value == "1");
    assert!(!in_ci, "{name} is not set, and nothing is left out in CI");
    let thread = std::thread::current();
    let test = thread.name().unwrap_or("a test").to_owned();
    let reason = format!(
        "skipped: {test}: {name} is not set; `eval \"$(cargo xtask services start postgres)\"` sets it\n"
    );
    // Around the harness, which hides what a test that passes prints.
    let _ = std::io::stdout().write_all(reason.as_bytes());
    None
}

/// The server that all tests share, as one test uses it.
pub struct Server {
    pub url: String,
    /// No other test has it.
    prefix: String,
    made: AtomicU32,
}

impl Server {
    /// The shared server; `None` where there is none, which was said then.
    pub fn shared(test: &str) -> Option<Self> {
        told(URL).map(|url| Self::at(url, test))
    }

    fn at(url: String, test: &str) -> Self {
        let prefix = format!("{test}_{}", std::process::id());
        Self { url, prefix, made: AtomicU32::new(0) }
    }

    /// A connection of the test's own.
    pub async fn connect(&self) -> PgConnection {
        PgConnection::connect(&self.url).await.unwrap()
    }

    /// An empty schema, by its url.
    pub async fn schema(&self) -> String {
        let number = self.made.fetch_add(1, Ordering::Relaxed);
        let name = format!("{}_{number}", self.prefix);
        let mut connection = self.connect().await;
        let statements = format!("DROP SCHEMA IF EXISTS {name} CASCADE; CREATE SCHEMA {name}");
        sqlx::raw_sql(AssertSqlSafe(statements)).execute(&mut connection).await.unwrap();
        connection.close().await.unwrap();
        format!("{}?options[search_path]={name}", self.url)
    }

    /// The url of a schema with tables in which nothing is.
    pub async fn ready(&self) -> String {
        let url = self.schema().await;
        PostgresStore::upgrade(&url, options()).await.unwrap();
        url
    }

    /// A store that nothing was written to.
    pub async fn store(&self) -> PostgresStore {
        open(&self.ready().await).await
    }
}

/// A few connections, so that a hundred stores find room on one server.
pub fn options() -> PostgresOptions {
    PostgresOptions { writers_max: 4, readers_max: 3, ..PostgresOptions::default() }
}

/// Nothing is waited for longer than a moment.
pub fn impatient() -> PostgresOptions {
    PostgresOptions {
        writers_max: 2,
        readers_max: 2,
        turn_max: Duration::from_secs(3),
        connect_max: Duration::from_secs(3),
        lock_max: Duration::from_millis(400),
        statement_max: Duration::from_millis(600),
        answer_max: Duration::from_secs(1),
        ..PostgresOptions::default()
    }
}

pub async fn open(url: &str) -> PostgresStore {
    PostgresStore::open(url, options()).await.unwrap()
}

/// Statements of the test's own in a store's schema.
pub async fn tamper(url: &str, statements: &str) -> Result<(), sqlx::Error> {
    let mut connection = PgConnection::connect(url).await?;
    let done = sqlx::raw_sql(AssertSqlSafe(statements.to_owned())).execute(&mut connection).await;
    connection.close().await?;
    done.map(drop)
}

/// A server that belongs to one test, which may stop and kill it.
pub struct OwnServer {
    xtask: String,
    folder: PathBuf,
    /// Its stores.
    pub server: Server,
}

impl OwnServer {
    /// Starts one; `None` where nothing is there that does.
    pub fn start(test: &str) -> Option<Self> {
        let xtask = told(XTASK)?;
        let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR"));
        let folder = folder.join(format!("postgres-{test}-{}", std::process::id()));
        let mut own = Self { xtask, folder, server: Server::at(String::new(), test) };
        own.services(&["stop", "postgres", "--remove"]);
        let printed = own.services(&["start", "postgres"]);
        let line =
            printed.lines().find_map(|line| line.strip_prefix("export LEDGERLINE_TEST_POSTGRES="));
        own.server.url = line.expect("xtask says where it is").trim_matches('\'').to_owned();
        Some(own)
    }

    /// Starts it on the data that it has.
    pub fn start_again(&self) {
        self.services(&["start", "postgres"]);
    }

    /// Ends it in order.
    pub fn stop(&self) {
        self.services(&["stop", "postgres"]);
    }

    /// Sends a signal to the server and to all that it has started.
    pub fn signal_all(&self, signal: &str) {
        let pid = std::fs::read_to_string(self.folder.join("postgres/pid")).unwrap();
        let children =
            Command::new("ps").args(["-o", "pid=", "--ppid", pid.trim()]).output().unwrap();
        let children = String::from_utf8(children.stdout).unwrap();
        // The server first: it would start others for those that are gone.
        for pid in [pid.trim()].into_iter().chain(children.split_whitespace()) {
            // One of them can have ended by itself.
            let _ = Command::new("kill").args([signal, pid]).stderr(Stdio::null()).status();
        }
    }

    /// Writes over the second page of a file of its data, past the header.
    pub fn overwrite(&self, path: &str) {
        let folder = self.folder.join("postgres");
        // Where the folder is closed to the server's user, its data lies elsewhere.
        let data = std::fs::read_to_string(folder.join("data-path"))
            .map_or_else(|_| folder.join("data"), PathBuf::from);
        let mut file = std::fs::OpenOptions::new().write(true).open(data.join(path)).unwrap();
        file.seek(SeekFrom::Start(8192 + 4000)).unwrap();
        file.write_all(&[0xff; 64]).unwrap();
    }

    fn services(&self, words: &[&str]) -> String {
        let output = self.command(words).output().unwrap();
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "services {words:?}: {said}");
        String::from_utf8(output.stdout).unwrap()
    }

    fn command(&self, words: &[&str]) -> Command {
        let mut command = Command::new(&self.xtask);
        // Of xtask's own folder it finds the workspace, of ours it doesn't.
        command.env_remove("CARGO_MANIFEST_DIR");
        command.arg("services").args(words).arg("--at").arg(&self.folder);
        command
    }
}

impl Drop for OwnServer {
    fn drop(&mut self) {
        // Who sleeps doesn't end.
        if self.folder.join("postgres/pid").exists() {
            self.signal_all("-CONT");
        }
        // A test that has failed says why by itself.
        let _ = self.command(&["stop", "postgres", "--remove"]).output();
        let _ = std::fs::remove_dir_all(&self.folder);
    }
}
