//! The data folder: what is in it, and how a deployment is opened on it.
//!
//! ```text
//! deployment.json   format, number of partitions, key of the hashes (mode 0600)
//! lock              held by the one process that writes
//! control.sock      other commands reach that process by it (mode 0600)
//! state.db          committed facts, catalogue, credentials, ledger (SQLite)
//! state.db.closed   its checksum, from an orderly close to the next start
//! reports/p000/     the report log
//! plays/p000/       the plays log, derived from it
//! index/p000/       snapshots and sealed runs, derived from it
//! music/            files of music as they came, and their renditions
//! pictures/         covers, and smaller copies of them
//! keys/             the key that signs the ledger's head, and the newest signed head
//! moved.json        where its deployment has gone, since it was moved
//! ```

use ledgerline_app::Deployment;
use ledgerline_app::archive::RunLimits;
use ledgerline_app::deployment::Settings;
use ledgerline_app::money::sales_report::SalesParty;
use ledgerline_app::ownership::Ownership;
use ledgerline_app::ports::{BlobStore, Clock, FactStore, Random, ReportLog};
use ledgerline_blobs::FolderBlobs;
use ledgerline_http_api::SalesSender;
use ledgerline_ids::{Dpid, HashKey};
use ledgerline_local_disk::{
    FolderLock, HeadFile, KeyFile, LocalDisk, LockError, SystemClock, SystemRandom,
};
use ledgerline_segment_log::{Options, SegmentReportLog, Verify};
use ledgerline_sql_store::SqlStore;
use serde::{Deserialize, Serialize};
use std::fmt::Write as _;
use std::fs;
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::sync::Arc;
#[cfg(feature = "cluster")]
use std::time::Duration;
use tokio::task::JoinHandle;

use crate::backup;
use crate::closed_state;
use crate::cluster::{self, config::Config};
use crate::failure::Failure;
use crate::music;
use crate::wiring::{Wires, parts, plays_logs};

/// How many partitions a new deployment has: enough threads for the cores of a small
/// machine, and few enough files to sync.
pub const PARTITIONS: u16 = 4;

const FORMAT: u32 = 1;

/// The note that the folder's deployment is elsewhere now.
pub const MOVED: &str = "moved.json";

/// The environment's variable that says how many index entries each partition keeps in
/// memory before they are sealed: for machines with little memory, and for tests.
const TABLE_ENTRIES_MAX: &str = "LEDGERLINE_TABLE_ENTRIES_MAX";

/// The environment's variable that says how many bytes a segment of the report log has before
/// another follows it: for tests.
const SEGMENT_BYTES_MAX: &str = "LEDGERLINE_SEGMENT_BYTES_MAX";

/// The settings, with what the environment says.
///
/// # Errors
/// [`Failure`] where a variable isn't a number.
pub fn settings() -> Result<Settings, Failure> {
    let mut settings = Settings::default();
    if let Some(entries) = from_environment(TABLE_ENTRIES_MAX)? {
        settings.table_entries_max = usize::try_from(entries).unwrap_or(usize::MAX);
    }
    Ok(settings)
}

/// The environment's variable that names the file of the key that signs the ledger's head.
const SIGNING_KEY: &str = "LEDGERLINE_SIGNING_KEY";

/// The environment's variable that names the address at which payees reach the deployment: papers
/// link to it.
pub const PUBLIC_ADDRESS: &str = "LEDGERLINE_PUBLIC_ADDRESS";
const ADDRESS_BYTES_MAX: usize = 200;

/// The address that papers link to, where the environment names one.
pub fn public_address() -> Result<Option<String>, Failure> {
    let Some(address) = std::env::var_os(PUBLIC_ADDRESS).filter(|address| !address.is_empty())
    else {
        return Ok(None);
    };
    let readable = |address: &str| {
        let by_web = address.starts_with("https://") || address.starts_with("http://");
        let plain = address.bytes().all(|byte| byte.is_ascii_graphic());
        by_web && plain && address.len() <= ADDRESS_BYTES_MAX && !address.contains(['#', '?'])
    };
    address.into_string().ok().filter(|address| readable(address)).map(Some).ok_or_else(|| {
        Failure::usage(format!(
            "${PUBLIC_ADDRESS} must be an address such as https://money.example, without # and ?"
        ))
    })
}

/// The environment's variables that say who sends the deployment's sales reports: a DDEX party id, a
/// name, and what the service is called in them, where that isn't Ledgerline.
const SENDER: [&str; 3] =
    ["LEDGERLINE_DSR_SENDER_DPID", "LEDGERLINE_DSR_SENDER_NAME", "LEDGERLINE_DSR_SERVICE"];

/// Who sends sales reports, where the environment says it.
pub fn sales_sender() -> Result<Option<SalesSender>, Failure> {
    let mut words = [const { None }; 3];
    for (word, name) in words.iter_mut().zip(SENDER) {
        let set = std::env::var_os(name).filter(|value| !value.is_empty());
        let text = set.map(|value| {
            value.into_string().map_err(|_| Failure::usage(format!("${name} must be UTF-8")))
        });
        *word = text.transpose()?;
    }
    let [dpid, name, service] = words;
    let (dpid, name) = match (dpid, name) {
        (None, None) => return Ok(None),
        (Some(dpid), Some(name)) => (dpid, name),
        _ => {
            let [dpid, name, _] = SENDER;
            return Err(Failure::usage(format!("${dpid} and ${name} go together: set both")));
        }
    };
    let dpid = Dpid::parse(&dpid)
        .map_err(|error| Failure::usage(format!("${} must be a DPID: {error}", SENDER[0])))?;
    let party = SalesParty { dpid: dpid.to_string(), name };
    let service = service.unwrap_or_else(|| SalesSender::SERVICE.to_owned());
    Ok(Some(SalesSender { party, service }))
}

/// The key that signs the ledger's head: in the file that was named, or that the environment
/// names, else in the folder.
#[must_use]
pub fn signing_key(folder: &Path, named: Option<&Path>) -> KeyFile {
    let named = named.map(Path::to_owned);
    let named = named.or_else(|| std::env::var_os(SIGNING_KEY).map(PathBuf::from));
    let named = named.filter(|path| !path.as_os_str().is_empty());
    KeyFile::new(named.unwrap_or_else(|| folder.join("keys/ledger.ed25519")))
}

/// The file that has the newest signed head.
#[must_use]
pub fn head_file(folder: &Path) -> HeadFile {
    HeadFile::new(folder.join("keys/ledger.head"))
}

/// How the report log is opened by whoever works on it.
fn log_options(partitions: u16) -> Result<Options, Failure> {
    let mut options = Options { verify: Verify::Unsealed, ..Options::new(partitions) };
    if let Some(bytes) = from_environment(SEGMENT_BYTES_MAX)? {
        options.segment_bytes_max = bytes;
    }
    Ok(options)
}

/// The environment's variable that says how many records a run of the archive has: for tests.
const ARCHIVE_RECORDS_MAX: &str = "LEDGERLINE_ARCHIVE_RECORDS_MAX";

/// Where runs of the archive end, with what the environment says.
///
/// # Errors
/// [`Failure`] where a variable isn't a number.
pub fn archive_limits() -> Result<RunLimits, Failure> {
    let mut limits = RunLimits::default();
    if let Some(records) = from_environment(ARCHIVE_RECORDS_MAX)? {
        limits.records_max = usize::try_from(records).unwrap_or(usize::MAX);
    }
    Ok(limits)
}

/// The environment's variable that says how often is looked for something to archive, or to release
/// behind the archive, in milliseconds: for tests.
#[cfg(feature = "cluster")]
const ARCHIVE_EVERY_MS: &str = "LEDGERLINE_ARCHIVE_EVERY_MS";

/// How often is looked for something to archive, with what the environment says.
///
/// # Errors
/// [`Failure`] where a variable isn't a number.
#[cfg(feature = "cluster")]
pub fn archive_every() -> Result<Duration, Failure> {
    Ok(from_environment(ARCHIVE_EVERY_MS)?.map_or(Duration::from_mins(5), Duration::from_millis))
}

fn from_environment(name: &str) -> Result<Option<u64>, Failure> {
    match std::env::var(name).map(|text| text.parse()) {
        Err(_) => Ok(None),
        Ok(Ok(number)) if number > 0 => Ok(Some(number)),
        Ok(_) => Err(Failure::usage(format!("{name} must be a positive number"))),
    }
}

/// What never changes of a deployment.
#[derive(Debug, Clone)]
pub struct Identity {
    /// How many partitions its logs have.
    pub partitions: u16,
    /// The key of its hashes.
    pub key: HashKey,
}

#[derive(Serialize, Deserialize)]
struct IdentityFile {
    format: u32,
    partitions: u16,
    hash_key: String,
    checksum: String,
}

/// A data folder that this process may write.
pub struct DataFolder {
    path: PathBuf,
    identity: Identity,
    disk: Arc<LocalDisk>,
    /// The file of the key that signs the ledger, where one was named.
    signing_key: Option<PathBuf>,
    _lock: FolderLock,
}

/// A deployment that runs in this process.
pub struct Opened {
    /// The deployment.
    pub deployment: Arc<Deployment>,
    store: Store,
    /// What sees to it that a node has its share of the partitions.
    owning: Option<JoinHandle<()>>,
    folder: DataFolder,
}

/// Where the state is.
enum Store {
    /// In the folder.
    Own(Arc<SqlStore>),
    /// Where other nodes have it too.
    Shared(cluster::NodeStore),
}

/// Who may write the folder.
pub enum Held {
    /// This process, now.
    Ours(Box<DataFolder>),
    /// Another process, which is to be asked; its id, where that could be read.
    Other(Option<u32>),
}

impl DataFolder {
    /// Locks the folder, and creates what is missing where it is new.
    ///
    /// # Errors
    /// [`Failure`] where it can't be used.
    pub fn hold(path: &Path) -> Result<Held, Failure> {
        fs::DirBuilder::new()
            .recursive(true)
            .mode(0o700)
            .create(path)
            .map_err(|error| Failure::io(path, &error))?;
        let lock = match FolderLock::acquire(path) {
            Ok(lock) => lock,
            Err(LockError::Held { pid, .. }) => return Ok(Held::Other(pid)),
            Err(error) => return Err(Failure::from_error(&error)),
        };
        let identity = match read_identity(path)? {
            Some(identity) => identity,
            None => create_identity(path)?,
        };
        let disk = Arc::new(LocalDisk::new(path.to_owned()));
        let path = path.to_owned();
        let folder = Self { path, identity, disk, signing_key: None, _lock: lock };
        Ok(Held::Ours(Box::new(folder)))
    }

    /// With the ledger's head signed by the key in this file, where one was named.
    #[must_use]
    pub fn signing_with(mut self, key: Option<&Path>) -> Self {
        self.signing_key = key.map(Path::to_owned);
        self
    }

    /// Opens the stores and starts the deployment.
    ///
    /// # Errors
    /// [`Failure`] names what is damaged and the way out.
    pub async fn open(self, settings: Settings) -> Result<Opened, Failure> {
        if let Some(config) = cluster::of(&self.path)? {
            return self.open_node(&config, settings).await;
        }
        must_be_here(&self.path)?;
        // Read before the store is opened: to close a file that SQLite has open in this
        // process would take its locks away.
        closed_state::check(&self.path)?;
        let store = Arc::new(SqlStore::open(&self.path.join("state.db")).await?);
        let wrong = store.verify().await?;
        if let Some(first) = wrong.first() {
            return Err(Failure::damaged(format!("state.db: {first}")));
        }
        let clock: Arc<dyn Clock> = Arc::new(SystemClock::new());
        let partitions = self.identity.partitions;
        let ends: Vec<_> = store.committed().await?.iter().map(|commit| commit.position).collect();
        let options = log_options(partitions)?;
        let log = SegmentReportLog::open(self.disk.clone(), clock.clone(), options, &ends)
            .map_err(|error| Failure::damaged(error.to_string()))?;
        let covers = FolderBlobs::open(&self.path.join("pictures")).await;
        let covers = covers.map_err(|error| Failure::from_error(&error))?;
        let audio = audio_in(&self.path).await?;
        let ingest = music::ingest(&store, audio.clone(), clock.clone()).await?;
        let wires = Wires {
            key: self.identity.key,
            log: Arc::new(log),
            spool: None,
            plays: plays_logs(&self.disk, partitions)?,
            counted_plays: None,
            store: store.clone(),
            disk: self.disk.clone(),
            clock,
            ownership: Ownership::All,
            audio,
            shared: None,
            covers: Some(Arc::new(covers)),
            ingest: Some(ingest),
        };
        let parts = parts(wires, &self.path, self.signing_key.as_deref())?;
        let deployment = Deployment::start(parts, settings)
            .await
            .map_err(|error| Failure::damaged(error.to_string()))?;
        Ok(Opened { deployment, store: Store::Own(store), owning: None, folder: self })
    }

    /// The same for a node of several.
    async fn open_node(self, config: &Config, settings: Settings) -> Result<Opened, Failure> {
        let key_file = self.signing_key.as_deref();
        let (deployment, store) = cluster::open(config, &self.disk, key_file, settings).await?;
        let owning = tokio::spawn({
            let deployment = deployment.clone();
            async move { deployment.own_forever().await }
        });
        let (store, owning) = (Store::Shared(store), Some(owning));
        Ok(Opened { deployment, store, owning, folder: self })
    }

    /// Removes what is derived from the report log, to have it built again: only once the
    /// log and the store that it is to be built from were found sound.
    ///
    /// # Errors
    /// [`Failure`] names what is damaged; nothing was removed then.
    pub async fn remove_derived(&self) -> Result<(), Failure> {
        // What a node's log and state are, others see to.
        if cluster::of(&self.path)?.is_none() {
            closed_state::check(&self.path)?;
            let store = SqlStore::open(&self.path.join("state.db")).await?;
            let sound = self.sources_are_sound(&store).await;
            store.close().await?;
            closed_state::mark(&self.path)?;
            sound?;
            backup::begin_another_lineage(&self.path)?;
        }
        // In this order: an index without its plays log is damage, a plays log without its
        // index is not.
        for name in ["index", "plays"] {
            let path = self.path.join(name);
            match fs::remove_dir_all(&path) {
                Ok(()) => {}
                Err(error) if error.kind() == std::io::ErrorKind::NotFound => {}
                Err(error) => return Err(Failure::io(&path, &error)),
            }
        }
        Ok(())
    }

    async fn sources_are_sound(&self, store: &SqlStore) -> Result<(), Failure> {
        if let Some(first) = store.verify().await?.first() {
            return Err(Failure::damaged(format!("state.db: {first}")));
        }
        let ends: Vec<_> = store.committed().await?.iter().map(|commit| commit.position).collect();
        let clock: Arc<dyn Clock> = Arc::new(SystemClock::new());
        let options = Options::new(self.identity.partitions);
        let log = SegmentReportLog::open(self.disk.clone(), clock, options, &ends)
            .map_err(|error| Failure::damaged(error.to_string()))?;
        log.close();
        Ok(())
    }
}

/// What a move wants to know of a folder.
#[cfg(feature = "cluster")]
impl DataFolder {
    /// What never changes of its deployment.
    #[must_use]
    pub fn identity(&self) -> &Identity {
        &self.identity
    }

    /// Where it is.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Its files.
    #[must_use]
    pub fn disk(&self) -> Arc<LocalDisk> {
        self.disk.clone()
    }
}

impl Opened {
    /// Stops the deployment and closes its stores; the folder stays locked until the
    /// value that comes back is dropped.
    ///
    /// # Errors
    /// [`Failure`] where the store can't be closed.
    pub async fn close(self) -> Result<DataFolder, Failure> {
        self.deployment.stop().await;
        if let Some(owning) = self.owning {
            owning.abort();
        }
        match self.store {
            Store::Own(store) => {
                store.close().await?;
                closed_state::mark(&self.folder.path)?;
            }
            Store::Shared(store) => store.close().await?,
        }
        Ok(self.folder)
    }
}

/// The blobs of audio in a data folder.
///
/// # Errors
/// [`Failure`] where they can't even be read.
pub async fn audio_in(folder: &Path) -> Result<Arc<dyn BlobStore>, Failure> {
    let folder = music::folder(folder);
    let opened = match FolderBlobs::open(&folder).await {
        // A disk that takes nothing any more still gives what is there: playback goes on.
        Err(error) if folder.is_dir() => {
            tracing::warn!(%error, "nothing can be put among the blobs; they are read only");
            FolderBlobs::open_reading(&folder)
        }
        opened => opened,
    };
    Ok(Arc::new(opened.map_err(|error| Failure::from_error(&error))?))
}

/// Says what is missing where there is no deployment in `folder`.
///
/// # Errors
/// [`Failure`] where there is none, or where only its identity is gone.
pub fn must_exist(folder: &Path) -> Result<(), Failure> {
    if folder.join("deployment.json").exists() {
        return Ok(());
    }
    if folder.join("reports").exists() {
        return Err(Failure::damaged(format!(
            "{} has a report log but no deployment.json; restore that file from a backup",
            folder.display()
        )));
    }
    Err(Failure::missing(format!(
        "there is no deployment in {}; serve, import or replay makes one, and --data names another \
         folder",
        folder.display()
    )))
}

/// Refuses where the folder's deployment was moved elsewhere: what were counted here too would be counted twice.
fn must_be_here(folder: &Path) -> Result<(), Failure> {
    let note = folder.join(MOVED);
    if !note.exists() {
        return Ok(());
    }
    Err(Failure::failed(format!(
        "the deployment in {} was moved: {} says where it is now, and --config names that. Only if it was never \
         started there, remove that file to go on here",
        folder.display(),
        note.display()
    )))
}

/// What never changes of the deployment in `folder`; `None` where there is none.
///
/// # Errors
/// [`Failure`] where the file is damaged.
pub fn read_identity(folder: &Path) -> Result<Option<Identity>, Failure> {
    let path = folder.join("deployment.json");
    let text = match fs::read(&path) {
        Ok(text) => text,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(Failure::io(&path, &error)),
    };
    let damaged = |why: &str| {
        Failure::damaged(format!(
            "{} is damaged: {why}; restore it from a backup, for the index depends on its key",
            path.display()
        ))
    };
    let file: IdentityFile =
        serde_json::from_slice(&text).map_err(|error| damaged(&error.to_string()))?;
    let right = identity_text(file.partitions, &file.hash_key);
    if file.format != FORMAT {
        return Err(Failure::failed(format!(
            "{}: it has format {}, and this program knows format {FORMAT}: use the program that wrote it, or \
             a newer one",
            path.display(),
            file.format
        )));
    }
    if right.as_bytes() != text {
        return Err(damaged("its checksum differs"));
    }
    let key = parse_key(&file.hash_key).ok_or_else(|| damaged("its key is not valid"))?;
    Ok(Some(Identity { partitions: file.partitions, key }))
}

fn create_identity(folder: &Path) -> Result<Identity, Failure> {
    if folder.join("reports").exists() {
        must_exist(folder)?;
    }
    let mut bytes = [0; 16];
    SystemRandom.fill(&mut bytes);
    let identity = Identity { partitions: PARTITIONS, key: HashKey::new(bytes) };
    write_identity(folder, &identity)?;
    Ok(identity)
}

/// Writes what never changes of a deployment, whole or not at all.
///
/// # Errors
/// [`Failure`] where that can't be done durably.
pub fn write_identity(folder: &Path, identity: &Identity) -> Result<(), Failure> {
    let hex = identity.key.as_bytes().iter().fold(String::new(), |mut out, byte| {
        write!(out, "{byte:02x}").expect("a String takes everything");
        out
    });
    let text = identity_text(identity.partitions, &hex);
    let (draft, path) = (folder.join("deployment.json.draft"), folder.join("deployment.json"));
    let write = || {
        let mut file = fs::OpenOptions::new()
            .create(true)
            .truncate(true)
            .write(true)
            .mode(0o600)
            .open(&draft)?;
        std::io::Write::write_all(&mut file, text.as_bytes())?;
        file.sync_all()?;
        fs::rename(&draft, &path)?;
        fs::File::open(folder)?.sync_all()
    };
    write().map_err(|error| Failure::io(&path, &error))
}

fn identity_text(partitions: u16, hash_key: &str) -> String {
    let checksum = crc32fast::hash(format!("{FORMAT} {partitions} {hash_key}").as_bytes());
    let file = IdentityFile {
        format: FORMAT,
        partitions,
        hash_key: hash_key.to_owned(),
        checksum: format!("{checksum:08x}"),
    };
    let mut text = serde_json::to_string_pretty(&file).expect("texts and numbers only");
    text.push('\n');
    text
}

/// A key of hashes, of 32 hexadecimal digits.
pub fn parse_key(hex: &str) -> Option<HashKey> {
    let mut bytes = [0; 16];
    if hex.len() != 32 {
        return None;
    }
    for (index, byte) in bytes.iter_mut().enumerate() {
        *byte = u8::from_str_radix(hex.get(2 * index..2 * index + 2)?, 16).ok()?;
    }
    Some(HashKey::new(bytes))
}
