//! What several nodes of a test share: a topic on a real Kafka and a schema in a real PostgreSQL, both
//! its own.

use super::folder::Folder;
use super::skip;
use sqlx::{AssertSqlSafe, Connection, PgConnection};
use std::sync::atomic::{AtomicU32, Ordering};

const KAFKA: &str = "LEDGERLINE_TEST_KAFKA";
const POSTGRES: &str = "LEDGERLINE_TEST_POSTGRES";
/// Whether folders of all tests are those of a node: `nodes`.
const ON: &str = "LEDGERLINE_TEST_ON";

static MADE: AtomicU32 = AtomicU32::new(0);

/// A log and a state.
#[derive(Clone)]
pub struct Cluster {
    /// Where the brokers are.
    pub brokers: String,
    /// Where the state is, with its schema.
    pub postgres: String,
    /// The topic of the reports.
    pub topic: String,
    /// How many partitions it has.
    pub partitions: u16,
    /// How many brokers keep each record: 1, or 3 of which two must have it.
    pub copies: u16,
}

impl Cluster {
    /// With topics and tables in which nothing is; `None`, and said, where no services run.
    pub fn start() -> Option<Self> {
        Self::start_on(told(KAFKA)?, &told(POSTGRES)?)
    }

    /// The same on other brokers or another database.
    pub fn start_on(brokers: String, postgres: &str) -> Option<Self> {
        Self::start_copied(brokers, postgres, 1)
    }

    /// The same with so many copies of each record.
    pub fn start_copied(brokers: String, postgres: &str, copies: u16) -> Option<Self> {
        let number = MADE.fetch_add(1, Ordering::Relaxed);
        let name = format!("nodes_{}_{number}", std::process::id());
        let made = format!("DROP SCHEMA IF EXISTS {name} CASCADE; CREATE SCHEMA {name}");
        run_sql(postgres, made);
        let postgres = format!("{postgres}?options[search_path]={name}");
        let cluster = Self { brokers, postgres, topic: name, partitions: 4, copies };
        let first = cluster.node("first", ALL);
        first.ok(&["topics", "create"]);
        first.ok(&["schema", "upgrade"]);
        Some(cluster)
    }

    /// The folder of a node with these roles; it doesn't run yet.
    pub fn node(&self, name: &str, roles: &str) -> Folder {
        self.node_with(name, roles, "")
    }

    /// The same with something more in its configuration.
    pub fn node_with(&self, name: &str, roles: &str, more: &str) -> Folder {
        let folder = Folder::of_node("cluster.toml");
        folder.write("cluster.toml", self.config(name, roles) + more);
        folder
    }

    /// The configuration of a node with these roles.
    pub fn config(&self, name: &str, roles: &str) -> String {
        let Self { brokers, postgres, topic, partitions, copies } = self;
        let in_sync = copies.div_ceil(2);
        format!(
            "[node]\nname = \"{name}\"\ndata = \"data\"\nroles = [{roles}]\n\
             [secrets]\nhash_key = \"000102030405060708090a0b0c0d0e0f\"\n\
             [kafka]\nbrokers = \"{brokers}\"\ntopic = \"{topic}\"\npartitions = {partitions}\n\
             create = {{ copies = {copies}, in_sync_min = {in_sync} }}\n\
             [postgres]\nurl = \"{postgres}\"\n"
        )
    }
}

/// Every role.
pub const ALL: &str = "\"ingest\", \"count\", \"api\", \"worker\"";

/// A node's folder, where all tests are to run on nodes.
pub fn instead() -> Option<Folder> {
    std::env::var_os(ON).is_some_and(|on| on == "nodes").then(|| {
        let cluster = Cluster::start().expect("there are services to run the tests on");
        cluster.node("only", ALL)
    })
}

/// What the surroundings say; that they don't, where they don't.
pub fn told(variable: &str) -> Option<String> {
    let told = std::env::var(variable).ok().filter(|value| !value.is_empty());
    if told.is_none() {
        skip(&format!("${variable} isn't set: `cargo xtask services start` says how to have it"));
    }
    told
}

/// A table, or a row of one, that somebody has, so that nobody writes it until this is dropped.
pub struct Held {
    runtime: tokio::runtime::Runtime,
    connection: Option<PgConnection>,
}

impl Held {
    pub fn table(url: &str, table: &str) -> Self {
        Self::taken(url, format!("BEGIN; LOCK TABLE {table} IN SHARE MODE"))
    }

    /// The rows of which the condition is true.
    pub fn row(url: &str, table: &str, condition: &str) -> Self {
        Self::taken(url, format!("BEGIN; SELECT 1 FROM {table} WHERE {condition} FOR UPDATE"))
    }

    fn taken(url: &str, taken: String) -> Self {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
        let runtime = runtime.expect("the system gives a thread");
        let connection = runtime.block_on(async {
            let mut connection = PgConnection::connect(url).await.expect("PostgreSQL answers");
            let taken = sqlx::raw_sql(AssertSqlSafe(taken)).execute(&mut connection).await;
            taken.expect("it can be had");
            connection
        });
        Self { runtime, connection: Some(connection) }
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        let connection = self.connection.take().expect("it is given back once");
        let _ = self.runtime.block_on(connection.close());
    }
}

/// Statements of the test's own.
pub fn run_sql(url: &str, statements: String) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    runtime.expect("the system gives a thread").block_on(async {
        let mut connection = PgConnection::connect(url).await.expect("PostgreSQL answers");
        sqlx::raw_sql(AssertSqlSafe(statements)).execute(&mut connection).await.expect("it is SQL");
        connection.close().await.expect("it can be left");
    });
}
