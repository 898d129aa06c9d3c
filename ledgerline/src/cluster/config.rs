//! The configuration of a node: one TOML file, in which `env:NAME` and `file:PATH` stand for what
//! doesn't belong into it.

use ledgerline_app::money::close::SharedSettings;
use ledgerline_app::ports::leases::NodeId;
use ledgerline_ids::HashKey;
use serde::Deserialize;
use std::collections::BTreeSet;
use std::fmt;
use std::fs;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use crate::data_folder::parse_key;
use crate::failure::Failure;

/// More than these no deployment has: a listener's shard is one of as many.
const PARTITIONS_MAX: u16 = 1024;
/// No value of the file, and no file that it names, is longer.
const VALUE_BYTES_MAX: u64 = 64 << 10;

/// What a node does. It may have any number of roles.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Role {
    /// Takes reports in.
    Ingest,
    /// Takes its share of the partitions: judges and commits them.
    Count,
    /// Answers everything else: counts, plays, royalties, pages.
    Api,
    /// Does what is done once for all nodes: closes months, archives.
    Worker,
}

/// A node's configuration, checked.
#[derive(Debug, Clone)]
pub struct Config {
    /// Where it was read.
    pub file: PathBuf,
    /// What the node is called.
    pub name: NodeId,
    /// Where the node keeps what it derives; it can be made again.
    pub data: PathBuf,
    /// Where it listens, where that was said.
    pub listen: Option<SocketAddr>,
    /// How many bytes of closed months it keeps on its disk besides what `objects` has.
    pub closed_months_max_bytes: u64,
    /// What it does.
    pub roles: BTreeSet<Role>,
    /// How many nodes besides the owner are to keep each partition warm: the same on every node.
    pub standbys: usize,
    /// The key of the hashes, the same on every node.
    pub hash_key: HashKey,
    /// The file of the key that signs the ledger's head, the same on every node that posts; the data folder's
    /// where it isn't said.
    pub ledger_key: Option<PathBuf>,
    /// The log.
    pub kafka: KafkaConfig,
    /// The address of the state, with whoever asks and the password.
    pub postgres: Secret,
    /// Where snapshots and the files of closed months go, for other nodes; nowhere where it isn't said.
    pub objects: Option<ObjectsConfig>,
    /// Where what is committed is archived by nodes with the role `worker`; nowhere where it isn't said.
    pub archive: Option<ObjectsConfig>,
    /// Where reports are kept while Kafka is away; nowhere where it isn't said.
    pub spool: Option<SpoolConfig>,
}

/// A folder on a volume that is kept, which makes the node one that has a state.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SpoolConfig {
    /// The folder, of this node alone.
    pub folder: PathBuf,
    /// The most bytes of the disk that it takes.
    #[serde(default = "spool_bytes_max")]
    pub max_bytes: u64,
}

fn spool_bytes_max() -> u64 {
    10 << 30
}

/// Fewer bytes than this hold no large body.
const SPOOL_BYTES_MIN: u64 = 1 << 20;

/// A store of blobs: a folder that all nodes see, or a bucket.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ObjectsConfig {
    /// The folder.
    pub folder: Option<PathBuf>,
    /// The bucket.
    pub bucket: Option<String>,
    /// Where it is spoken to; the region's own where that isn't said.
    pub endpoint: Option<String>,
    /// Its region.
    pub region: Option<String>,
    /// What stands before each name in it.
    pub prefix: Option<String>,
    /// A file with credentials; the environment's where it isn't said.
    pub credentials: Option<PathBuf>,
    /// Whether the bucket's name stands in the path.
    #[serde(default)]
    pub path_style: bool,
    /// Certificates that are trusted besides the system's.
    pub ca_file: Option<PathBuf>,
}

/// A text that isn't shown.
#[derive(Clone, PartialEq, Eq, Deserialize)]
pub struct Secret(pub String);

impl fmt::Debug for Secret {
    fn fmt(&self, to: &mut fmt::Formatter<'_>) -> fmt::Result {
        to.write_str("…")
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    node: NodeTable,
    #[serde(default)]
    secrets: SecretsTable,
    kafka: KafkaConfig,
    #[serde(default)]
    postgres: PostgresTable,
    objects: Option<ObjectsConfig>,
    archive: Option<ObjectsConfig>,
    spool: Option<SpoolConfig>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct NodeTable {
    name: Option<String>,
    data: PathBuf,
    listen: Option<SocketAddr>,
    roles: Option<Vec<Role>>,
    standbys: Option<usize>,
    closed_months_max_bytes: Option<u64>,
}

/// Where it isn't said, one node besides the owner keeps a partition warm.
const STANDBYS: usize = 1;
/// More than these no deployment has nodes.
const STANDBYS_MAX: usize = 1024;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct SecretsTable {
    #[serde(default = "hash_key_variable")]
    hash_key: String,
    ledger_key: Option<PathBuf>,
}

impl Default for SecretsTable {
    fn default() -> Self {
        Self { hash_key: hash_key_variable(), ledger_key: None }
    }
}

fn hash_key_variable() -> String {
    "env:LEDGERLINE_HASH_KEY".to_owned()
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct PostgresTable {
    #[serde(default = "postgres_variable")]
    url: String,
}

impl Default for PostgresTable {
    fn default() -> Self {
        Self { url: postgres_variable() }
    }
}

fn postgres_variable() -> String {
    "env:LEDGERLINE_POSTGRES".to_owned()
}

/// The log on Kafka.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct KafkaConfig {
    /// Some of the brokers, `host:port`, with commas.
    pub brokers: String,
    /// How many partitions the topic of the reports has.
    pub partitions: u16,
    /// The topic of the reports.
    #[serde(default = "reports_topic")]
    pub topic: String,
    /// The topic of records that nobody can read; the reports' with `-dlq` behind it where it isn't said.
    pub dead_letters_topic: Option<String>,
    /// The topic on which others are told what counts; where it isn't said, nobody is told.
    pub counted_plays_topic: Option<String>,
    /// Whether they are spoken to by TLS.
    #[serde(default)]
    pub tls: bool,
    /// The certificates that are trusted; the system's where it isn't said.
    pub ca_file: Option<PathBuf>,
    /// Who we are, by SCRAM-SHA-512.
    pub user: Option<String>,
    /// Its password.
    pub password: Option<Secret>,
    /// Whether nodes with the role `worker` delete reports that snapshots and the archive have; where not,
    /// the topic's retention alone does.
    #[serde(default)]
    pub release: bool,
    /// How `topics create` makes them.
    #[serde(default)]
    pub create: TopicPlan,
}

fn reports_topic() -> String {
    "playback-reports".to_owned()
}

/// How topics are made.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct TopicPlan {
    /// How many brokers keep each record.
    pub copies: u16,
    /// How many of them must have it before it is acknowledged.
    pub in_sync_min: u16,
    /// Whether each batch is synced to the disk before it is acknowledged.
    pub synced: bool,
    /// How long reports stay, in days.
    pub retention_days: u32,
}

impl Default for TopicPlan {
    fn default() -> Self {
        Self { copies: 3, in_sync_min: 2, synced: false, retention_days: 7 }
    }
}

impl KafkaConfig {
    /// The topic of records that nobody can read.
    #[must_use]
    pub fn dead_letters(&self) -> String {
        self.dead_letters_topic.clone().unwrap_or_else(|| format!("{}-dlq", self.topic))
    }
}

impl Config {
    /// What the node keeps of closed months.
    #[must_use]
    pub fn closed_months(&self) -> SharedSettings {
        SharedSettings { kept_bytes_max: self.closed_months_max_bytes, ..SharedSettings::default() }
    }

    /// Reads and checks the file.
    ///
    /// # Errors
    /// [`Failure`] says which value of the file is wrong, and what it should be.
    pub fn read(path: &Path) -> Result<Self, Failure> {
        let file = path.canonicalize().map_err(|error| Failure::io(path, &error))?;
        let text = fs::read_to_string(&file).map_err(|error| Failure::io(path, &error))?;
        let wrong = |what: String| Failure::usage(format!("{}: {what}", path.display()));
        let parsed: File = toml::from_str(&text).map_err(|error| wrong(error.to_string()))?;
        let File { node, secrets, mut kafka, postgres, objects, archive, spool } = parsed;
        let value =
            |name: &str, text: &str| resolved(text).map_err(|why| wrong(format!("{name}: {why}")));
        let name = match &node.name {
            Some(name) => value("node.name", name)?,
            None => host_name()
                .ok_or_else(|| wrong("node.name: this machine has no name; say one".to_owned()))?,
        };
        let name = NodeId::new(&name).map_err(|error| wrong(format!("node.name: {error}")))?;
        if !(1..=PARTITIONS_MAX).contains(&kafka.partitions) {
            return Err(wrong(format!("kafka.partitions: from 1 to {PARTITIONS_MAX}")));
        }
        kafka.brokers = value("kafka.brokers", &kafka.brokers)?;
        kafka.user = kafka.user.map(|user| value("kafka.user", &user)).transpose()?;
        let password = kafka.password.map(|it| value("kafka.password", &it.0)).transpose()?;
        kafka.password = password.map(Secret);
        if kafka.user.is_some() != kafka.password.is_some() {
            return Err(wrong("kafka.user and kafka.password go together".to_owned()));
        }
        if !kafka.tls && (kafka.user.is_some() || kafka.ca_file.is_some()) {
            return Err(wrong(
                "kafka.tls must be true: a password isn't sent in the clear".to_owned(),
            ));
        }
        let key = value("secrets.hash_key", &secrets.hash_key)?;
        let hash_key = parse_key(&key).ok_or_else(|| {
            wrong(
                "secrets.hash_key: 32 hexadecimal digits, the same on every node and for ever; \
                 `openssl rand -hex 16` makes such a key"
                    .to_owned(),
            )
        })?;
        let all = || vec![Role::Ingest, Role::Count, Role::Api, Role::Worker];
        let roles: BTreeSet<Role> = node.roles.unwrap_or_else(all).into_iter().collect();
        if roles.is_empty() {
            return Err(wrong("node.roles: at least one of ingest, count, api, worker".to_owned()));
        }
        for (name, store) in [("objects", &objects), ("archive", &archive)] {
            if store.as_ref().is_some_and(|it| it.folder.is_some() == it.bucket.is_some()) {
                return Err(wrong(format!("{name}: either a folder or a bucket")));
            }
        }
        if kafka.release && (objects.is_none() || archive.is_none()) {
            return Err(wrong(
                "kafka.release: reports are deleted only where [objects] has snapshots and [archive] has \
                 the reports; say both"
                    .to_owned(),
            ));
        }
        let standbys = node.standbys.unwrap_or(STANDBYS);
        if standbys > STANDBYS_MAX {
            return Err(wrong(format!("node.standbys: from 0 to {STANDBYS_MAX}")));
        }
        let folder = file.parent().expect("a file is in a folder");
        // Beside the file where it isn't said from the root.
        let data = folder.join(node.data);
        let spool = spool.map(|it| SpoolConfig { folder: folder.join(it.folder), ..it });
        check_spool(spool.as_ref(), &roles, &data).map_err(wrong)?;
        Ok(Self {
            name,
            data,
            listen: node.listen,
            closed_months_max_bytes: node
                .closed_months_max_bytes
                .unwrap_or(SharedSettings::default().kept_bytes_max),
            roles,
            standbys,
            hash_key,
            ledger_key: secrets.ledger_key.map(|path| folder.join(path)),
            kafka,
            postgres: Secret(value("postgres.url", &postgres.url)?),
            objects,
            archive,
            spool,
            file,
        })
    }

    /// Whether the node does this.
    #[must_use]
    pub fn has(&self, role: Role) -> bool {
        self.roles.contains(&role)
    }

    /// Whether it judges: a node that only takes reports in doesn't.
    #[must_use]
    pub fn judges(&self) -> bool {
        self.roles.iter().any(|role| *role != Role::Ingest)
    }
}

impl Config {
    /// Whether the node follows some partitions only: one that counts and answers nothing.
    #[must_use]
    pub fn follows_some(&self) -> bool {
        self.has(Role::Count) && !self.has(Role::Api) && !self.has(Role::Worker)
    }
}

/// What is wrong with the spool, if anything.
fn check_spool(
    spool: Option<&SpoolConfig>,
    roles: &BTreeSet<Role>,
    data: &Path,
) -> Result<(), String> {
    let Some(spool) = spool else { return Ok(()) };
    if !roles.contains(&Role::Ingest) {
        return Err("spool: only a node with the role ingest takes reports in".to_owned());
    }
    if spool.max_bytes < SPOOL_BYTES_MIN {
        return Err(format!("spool.max_bytes: {SPOOL_BYTES_MIN} at least"));
    }
    if spool.folder.starts_with(data) || data.starts_with(&spool.folder) {
        return Err("spool.folder: not in node.data, nor around it: that may be removed and is made again, and \
                    what is in the spool is nowhere else"
            .to_owned());
    }
    Ok(())
}

/// What a value of the file stands for.
fn resolved(text: &str) -> Result<String, String> {
    if let Some(name) = text.strip_prefix("env:") {
        return std::env::var(name).map_err(|_| format!("${name} isn't set"));
    }
    let Some(path) = text.strip_prefix("file:") else { return Ok(text.to_owned()) };
    let failed = |error: std::io::Error| format!("{path}: {error}");
    if fs::metadata(path).map_err(failed)?.len() > VALUE_BYTES_MAX {
        return Err(format!("{path}: it is too long for a value"));
    }
    let value = fs::read_to_string(path).map_err(failed)?;
    Ok(value.trim_end_matches(['\r', '\n']).to_owned())
}

fn host_name() -> Option<String> {
    let name = fs::read_to_string("/proc/sys/kernel/hostname").ok()?;
    Some(name.trim().to_ascii_lowercase()).filter(|name| !name.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    const WHOLE: &str = r#"
[node]
name = "count-1"
data = "scratch"
listen = "127.0.0.1:0"
roles = ["ingest", "count"]
[secrets]
hash_key = "00112233445566778899aabbccddeeff"
[kafka]
brokers = "one:9092,two:9092"
partitions = 24
[postgres]
url = "postgres://who:secret-word@there/music"
"#;

    fn read(text: &str) -> Result<Config, Failure> {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("cluster.toml");
        fs::write(&path, text).unwrap();
        Config::read(&path)
    }

    #[test]
    fn a_whole_file() {
        let config = read(WHOLE).unwrap();
        assert_eq!(config.name.as_str(), "count-1");
        assert!(config.data.is_absolute() && config.data.ends_with("scratch"));
        assert!(config.has(Role::Count) && !config.has(Role::Api) && config.judges());
        assert!(config.follows_some() && config.standbys == 1);
        let answers = WHOLE.replace("\"count\"]", "\"count\", \"api\"]\nstandbys = 0");
        let answers = read(&answers).unwrap();
        assert!(!answers.follows_some() && answers.standbys == 0);
        assert_eq!(config.kafka.dead_letters(), "playback-reports-dlq");
        assert!(!format!("{config:?}").contains("secret-word"));
    }

    #[test]
    fn a_spool_is_on_nodes_that_take_reports_in() {
        let with = |roles: &str| {
            let roles = WHOLE.replace("\"ingest\", \"count\"", roles);
            read(&roles.replace("[postgres]", "[spool]\nfolder = \"kept\"\n[postgres]"))
        };
        let spool = with("\"ingest\"").unwrap().spool.unwrap();
        assert!(spool.folder.is_absolute() && spool.folder.ends_with("kept"));
        assert_eq!(spool.max_bytes, 10 << 30);
        let failure = with("\"count\"").unwrap_err().to_string();
        assert!(failure.contains("spool: only a node with the role ingest"), "{failure}");
    }

    #[test]
    fn what_is_wrong_is_named() {
        let cases = [
            ("partitions = 24", "partitions = 0", "kafka.partitions: from 1 to 1024"),
            ("listen =", "standbys = 2000\nlisten =", "node.standbys: from 0 to 1024"),
            ("partitions = 24", "partitoins = 24", "unknown field `partitoins`"),
            ("\"ingest\", \"count\"", "\"ingest\", \"cuont\"", "unknown variant `cuont`"),
            ("\"ingest\", \"count\"", "", "node.roles: at least one"),
            ("00112233445566778899aabbccddeeff", "0011", "secrets.hash_key: 32 hexadecimal digits"),
            (
                "00112233445566778899aabbccddeeff",
                "env:NO_SUCH_VARIABLE",
                "$NO_SUCH_VARIABLE isn't set",
            ),
            (
                "partitions = 24",
                "partitions = 24\nuser = \"u\"",
                "kafka.user and kafka.password go together",
            ),
            (
                "partitions = 24",
                "partitions = 24\nuser = \"u\"\npassword = \"p\"",
                "kafka.tls must be true",
            ),
            (
                "partitions = 24",
                "partitions = 24\nrelease = true",
                "kafka.release: reports are deleted only where [objects]",
            ),
            ("[secrets]", "[archive]\n[secrets]", "archive: either a folder or a bucket"),
            (
                "name = \"count-1\"",
                "name = \"Count 1\"",
                "node.name: \"Count 1\" is no name of a node",
            ),
            (
                "[postgres]",
                "[spool]\nfolder = \"scratch/spool\"\n[postgres]",
                "spool.folder: not in node.data",
            ),
            (
                "[postgres]",
                "[spool]\nfolder = \"/s\"\nmax_bytes = 1000\n[postgres]",
                "spool.max_bytes: 1048576 at least",
            ),
            (
                "roles = [\"ingest\", \"count\"]",
                "roles = [\"count\"]\nspool = 1",
                "unknown field `spool`",
            ),
            (
                "postgres://who:secret-word@there/music",
                "file:/no/such/file",
                "postgres.url: /no/such/file",
            ),
        ];
        for (was, is, says) in cases {
            let failure = read(&WHOLE.replace(was, is)).unwrap_err();
            assert!(failure.to_string().contains(says), "{is}: {failure}");
            assert_eq!(failure.code(), 2, "{is}");
        }
    }
}
