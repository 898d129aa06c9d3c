//! What nodes share while they are measured: brokers, a database, and their configuration.

use crate::bench::place::Place;
use crate::bench::{ask, running};
use crate::server::Server;
use crate::services::{self, Service, kafka::Kafka, postgres, postgres::Postgres};
use crate::workspace::Workspace;
use std::fs;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

/// Of every topic. Two processors judge as many as there are.
pub const PARTITIONS: u16 = 8;
/// A start, or counting what is there, that takes longer hangs.
pub const WAIT_MAX: Duration = Duration::from_secs(1800);

/// Services that run; they end with this value, and their data is removed.
pub struct Ground {
    started: Vec<(&'static dyn Service, services::Place)>,
    /// Addresses of the brokers, with commas.
    pub brokers: String,
    /// The address of the database.
    pub postgres: String,
    copies: u16,
}

/// A topic and a schema in which nothing is yet, for nodes in one folder.
pub struct Cluster<'g> {
    ground: &'g Ground,
    /// The topic of the reports.
    pub topic: String,
    schema: String,
    folder: PathBuf,
    synced: bool,
}

/// A node that runs.
pub struct Node {
    /// Its process.
    pub server: Server,
    /// Its configuration.
    pub config: PathBuf,
    /// Where it listens.
    pub address: SocketAddr,
}

impl Ground {
    /// Starts both on empty folders.
    ///
    /// # Errors
    /// A sentence: one doesn't start.
    pub fn start(workspace: &Workspace, brokers: u16) -> Result<Ground, String> {
        let at = workspace.services().join("of-bench");
        let mut ground = Ground {
            started: Vec::new(),
            brokers: String::new(),
            postgres: String::new(),
            copies: brokers,
        };
        for service in [&Kafka as &'static dyn Service, &Postgres] {
            let of = services::Place::of(workspace, &at, service);
            let place = services::Place { nodes: brokers, measured: true, ..of };
            // A run that was killed may have left it running.
            service.stop(&place)?;
            service.clear(&place)?;
            println!("starting {}", service.name());
            let begun = service.start(&place);
            let told = service.environment(&place).unwrap_or_default();
            ground.started.push((service, place));
            begun?;
            for (name, value) in told {
                ground.hear(&name, value);
            }
        }
        Ok(ground)
    }

    /// One broker and a database that run already, and go on.
    pub fn lent<'e>(environment: impl Iterator<Item = (&'e str, &'e str)>) -> Ground {
        let mut ground = Ground {
            started: Vec::new(),
            brokers: String::new(),
            postgres: String::new(),
            copies: 1,
        };
        for (name, value) in environment {
            ground.hear(name, value.to_owned());
        }
        ground
    }

    fn hear(&mut self, name: &str, value: String) {
        match name {
            "LEDGERLINE_TEST_KAFKA" => self.brokers = value,
            "LEDGERLINE_TEST_POSTGRES" => self.postgres = value,
            _ => {}
        }
    }

    /// Topics and tables of a name; a single broker is durable only where it syncs.
    ///
    /// # Errors
    /// A sentence: they can't be made.
    pub fn cluster(&self, place: &Place, name: &str) -> Result<Cluster<'_>, String> {
        self.cluster_synced(place, name, self.copies == 1)
    }

    /// The same, where each batch is synced to the brokers' disks before it is acknowledged, or isn't.
    ///
    /// # Errors
    /// As [`Ground::cluster`].
    pub fn cluster_synced(
        &self,
        place: &Place,
        name: &str,
        synced: bool,
    ) -> Result<Cluster<'_>, String> {
        self.cluster_of(place, name, name, synced)
    }

    /// Tables of a name, for a topic that is there already.
    ///
    /// # Errors
    /// A sentence: they can't be made.
    pub fn cluster_on(
        &self,
        place: &Place,
        name: &str,
        topic: &str,
    ) -> Result<Cluster<'_>, String> {
        self.cluster_of(place, name, topic, self.copies == 1)
    }

    fn cluster_of(
        &self,
        place: &Place,
        name: &str,
        topic: &str,
        synced: bool,
    ) -> Result<Cluster<'_>, String> {
        let schema = format!("CREATE SCHEMA {name}");
        postgres::ask(&self.postgres, &schema)?;
        let folder = place.fresh(name)?;
        let (topic, schema) = (topic.to_owned(), name.to_owned());
        let cluster = Cluster { ground: self, topic, schema, folder, synced };
        let config = cluster.config("first", "\"count\"", "")?;
        for words in [["topics", "create"], ["schema", "upgrade"]] {
            let mut command = place.product();
            running::run(command.args(words).arg("--config").arg(&config))?;
        }
        Ok(cluster)
    }
}

impl Drop for Ground {
    fn drop(&mut self) {
        for (service, place) in self.started.iter().rev() {
            if let Err(reason) = service.stop(place).and_then(|()| service.clear(place)) {
                eprintln!("xtask: {}: {reason}", service.name());
            }
        }
    }
}

impl Cluster<'_> {
    /// Where its nodes' folders are.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// Writes a node's configuration; its data lie in a folder of its name. `more` is added as it is.
    ///
    /// # Errors
    /// It can't be written.
    pub fn config(&self, name: &str, roles: &str, more: &str) -> Result<PathBuf, String> {
        self.node_config(name, roles, "", more)
    }

    /// The same with something more about the node itself.
    ///
    /// # Errors
    /// It can't be written.
    pub fn node_config(
        &self,
        name: &str,
        roles: &str,
        of_node: &str,
        more: &str,
    ) -> Result<PathBuf, String> {
        let path = self.folder.join(format!("{name}.toml"));
        let (copies, in_sync) = if self.ground.copies > 1 { (3, 2) } else { (1, 1) };
        let synced = self.synced;
        let text = format!(
            "[node]\nname = \"{name}\"\ndata = \"{name}\"\nroles = [{roles}]\n{of_node}\
             [secrets]\nhash_key = \"000102030405060708090a0b0c0d0e0f\"\n\
             [kafka]\nbrokers = \"{}\"\ntopic = \"{}\"\npartitions = {PARTITIONS}\n\
             create = {{ copies = {copies}, in_sync_min = {in_sync}, synced = {synced} }}\n\
             [postgres]\nurl = \"{}?options[search_path]={}\"\n{more}",
            self.ground.brokers, self.topic, self.ground.postgres, self.schema
        );
        fs::write(&path, text).map_err(|error| format!("{}: {error}", path.display()))?;
        Ok(path)
    }

    /// Starts a node, which listens once this returns.
    ///
    /// # Errors
    /// It doesn't start.
    pub fn start(&self, place: &Place, config: &Path) -> Result<Node, String> {
        let log = config.with_extension("log");
        let server = Server::start_node(place.product(), config, &log, WAIT_MAX)?;
        let address = ask::address(server.url())?;
        Ok(Node { server, config: config.to_owned(), address })
    }

    /// What the database answers, in the nodes' schema; whose name is `{}` in `query`.
    ///
    /// # Errors
    /// A sentence.
    pub fn number(&self, query: &str) -> Result<u64, String> {
        let said = postgres::ask(&self.ground.postgres, &query.replace("{}", &self.schema))?;
        said.parse().map_err(|_| format!("`{query}` is answered `{said}`"))
    }

    /// Waits until the database has been told of all that counts: at the end of each interval, so a while
    /// after the last commit.
    ///
    /// # Errors
    /// That takes too long.
    pub fn until_told(&self, reports: u64) -> Result<(), String> {
        ask::until(WAIT_MAX, "the database hasn't been told of everything that counts", || {
            let told = "SELECT COALESCE(SUM(position), 0) FROM {}.counted_positions";
            Ok(self.number(told)? >= reports)
        })
    }
}

impl Node {
    /// A key for reports.
    ///
    /// # Errors
    /// The node makes none.
    pub fn key(&self, place: &Place) -> Result<String, String> {
        let mut command = place.product();
        command.args(["keys", "create", "--scope", "reports:write", "--config"]).arg(&self.config);
        // It says on stderr that a key is shown once.
        let printed = running::run(command.stderr(Stdio::null()))?.output;
        let key = printed.lines().last().map(str::to_owned);
        key.ok_or_else(|| "`ledgerline keys create` made no key".to_owned())
    }

    /// The client, with where the node is and a key, still without what it sends.
    ///
    /// # Errors
    /// The node makes no key.
    pub fn client(&self, place: &Place) -> Result<Command, String> {
        let mut client = place.load();
        client.args(["--url", self.server.url()]).env("LEDGERLINE_KEY", self.key(place)?);
        Ok(client)
    }

    /// Waits until it has judged and seen committed `reports` records or more, and nothing waits.
    ///
    /// # Errors
    /// That takes too long, or counting has stopped.
    pub fn until_counted(&self, reports: u64) -> Result<(), String> {
        ask::until(WAIT_MAX, "the node hasn't counted everything", || {
            let metrics = ask::Metrics::of(self.address)?;
            if metrics.sum("ledgerline_counting_stopped") > 0 {
                return Err("counting has stopped".to_owned());
            }
            let committed = metrics.sum("ledgerline_committed_position");
            Ok(committed >= reports && metrics.sum("ledgerline_counting_lag_records") == 0)
        })
    }
}
