//! What a deployment is made of, whatever its log and its state stand on.

use ledgerline_app::delivery::{DeliveryParts, MEMORY_BYTES};
use ledgerline_app::deployment::Parts;
use ledgerline_app::ingest::Ingest;
use ledgerline_app::money::MoneyParts;
use ledgerline_app::money::close::SharedSettings;
use ledgerline_app::money::shared_heads::SharedHeads;
use ledgerline_app::music::MusicParts;
use ledgerline_app::ownership::Ownership;
use ledgerline_app::ports::{
    AccountStore, AppealStore, AuditStore, BlobStore, CatalogueStore, Clock, CollectionStore,
    ContractStore, CountedPlays, CredentialStore, DeliveryStore, DeploymentSettings, Disk,
    FactStore, HeadKeeper, LedgerStore, ListenerStore, LogError, MusicLibrary, OpenPlaysLog,
    PlaysLog, ProposalStore, RenditionStore, ReportLog, RevenueStore, RightsStore, SignInStore,
};
use ledgerline_app::scan::ScanParts;
use ledgerline_app::spool::Spool;
use ledgerline_app::threads::Threads;
use ledgerline_audio_tags::TagReader;
use ledgerline_contract_files::TomlContracts;
use ledgerline_cover_images::CoverImages;
use ledgerline_ids::{HashKey, PartitionId};
use ledgerline_local_disk::{LocalDisk, LocalMusic, SystemRandom};
use ledgerline_segment_log::{OpenError, PlaysOptions, SegmentPlaysLog};
use ledgerline_statement_pdf::PdfStatements;
use std::path::Path;
use std::sync::Arc;

use crate::data_folder::{head_file, public_address, signing_key};
use crate::failure::Failure;

/// Everything that a deployment keeps which isn't a log.
pub trait State:
    FactStore
    + CatalogueStore
    + MusicLibrary
    + CollectionStore
    + CredentialStore
    + DeliveryStore
    + SignInStore
    + AccountStore
    + DeploymentSettings
    + AppealStore
    + AuditStore
    + ListenerStore
    + ContractStore
    + ProposalStore
    + RenditionStore
    + RightsStore
    + RevenueStore
    + LedgerStore
{
}

impl<S> State for S where
    S: FactStore
        + CatalogueStore
        + MusicLibrary
        + CollectionStore
        + CredentialStore
        + DeliveryStore
        + SignInStore
        + AccountStore
        + DeploymentSettings
        + AppealStore
        + AuditStore
        + ListenerStore
        + ContractStore
        + ProposalStore
        + RenditionStore
        + RightsStore
        + RevenueStore
        + LedgerStore
{
}

/// What differs from one deployment to another.
pub struct Wires<S> {
    /// The key of the hashes.
    pub key: HashKey,
    /// The report log.
    pub log: Arc<dyn ReportLog>,
    /// Where reports wait that it doesn't take, if anywhere.
    pub spool: Option<Arc<Spool>>,
    /// The plays logs, in the order of the partitions; none where nothing is judged.
    pub plays: Vec<Box<dyn PlaysLog>>,
    /// Who is told what counts, where anybody is.
    pub counted_plays: Option<Arc<dyn CountedPlays>>,
    /// The state.
    pub store: Arc<S>,
    /// The data folder's files.
    pub disk: Arc<LocalDisk>,
    /// The clock.
    pub clock: Arc<dyn Clock>,
    /// Who owns the partitions.
    pub ownership: Ownership,
    /// Where the bytes of audio are.
    pub audio: Arc<dyn BlobStore>,
    /// Where covers are kept, if anywhere.
    pub covers: Option<Arc<dyn BlobStore>>,
    /// What makes renditions of files of music, where that is done here: nodes of several don't yet.
    pub ingest: Option<Arc<Ingest>>,
    /// Where nodes share files of closed months and the ledger's newest head, if they do.
    pub shared: Option<(Arc<dyn BlobStore>, SharedSettings)>,
}

/// The plays logs in the data folder.
///
/// # Errors
/// [`Failure`] names what is damaged.
pub fn plays_logs(
    disk: &Arc<LocalDisk>,
    partitions: u16,
) -> Result<Vec<Box<dyn PlaysLog>>, Failure> {
    let open = |partition| {
        let log = open_plays_log(disk, partition, partitions);
        log.map_err(|error| Failure::damaged(error.to_string()))
    };
    (0..partitions).map(PartitionId).map(open).collect()
}

fn open_plays_log(
    disk: &Arc<LocalDisk>,
    partition: PartitionId,
    partitions: u16,
) -> Result<Box<dyn PlaysLog>, OpenError> {
    let disk: Arc<dyn Disk> = disk.clone();
    let log = SegmentPlaysLog::open(disk, partition, partitions, PlaysOptions::default())?;
    Ok(Box::new(log))
}

/// Opens the plays logs in the data folder, each when it is needed.
#[cfg_attr(
    not(feature = "cluster"),
    allow(dead_code, reason = "one machine follows all of its partitions")
)]
pub struct PlaysLogs {
    /// The data folder's files.
    pub disk: Arc<LocalDisk>,
    /// How many partitions the deployment has.
    pub partitions: u16,
}

impl OpenPlaysLog for PlaysLogs {
    fn open(&self, partition: PartitionId) -> Result<Box<dyn PlaysLog>, LogError> {
        open_plays_log(&self.disk, partition, self.partitions).map_err(|error| match error {
            OpenError::Io { .. } => {
                LogError::Io { file: format!("plays/{partition}"), detail: error.to_string() }
            }
            _ => LogError::Damaged {
                file: format!("plays/{partition}"),
                offset: 0,
                detail: error.to_string(),
            },
        })
    }
}

/// What keeps the ledger's newest head: a file in the data folder, and where nodes share it, that too.
#[must_use]
pub fn head_keeper(folder: &Path, shared: Option<&Arc<dyn BlobStore>>) -> Arc<dyn HeadKeeper> {
    let own = Arc::new(head_file(folder));
    match shared {
        Some(blobs) => Arc::new(SharedHeads::new(blobs.clone(), own)),
        None => own,
    }
}

/// Two files are read for each core: one waits for the disk while the other is hashed.
fn scan_parts() -> ScanParts {
    let cores = std::thread::available_parallelism().map_or(2, std::num::NonZero::get);
    ScanParts {
        disk: Arc::new(LocalMusic),
        reader: Arc::new(TagReader),
        pictures: Arc::new(CoverImages),
        readers: cores * 2,
    }
}

/// The parts of a deployment whose data folder is `folder`; the head of its ledger is signed with the key in
/// the file that was named, where one was.
///
/// # Errors
/// [`Failure`] where the environment says what can't be.
pub fn parts<S: State>(
    wires: Wires<S>,
    folder: &Path,
    key_file: Option<&Path>,
) -> Result<Parts, Failure> {
    let Wires { key, log, spool, plays, counted_plays, store, disk, clock, ownership, .. } = wires;
    let Wires { audio, covers, ingest, shared, .. } = wires;
    Ok(Parts {
        key,
        log,
        spool,
        plays,
        facts: store.clone(),
        counted_plays,
        catalogue: store.clone(),
        library: store.clone(),
        collection: store.clone(),
        music: Some(MusicParts { scan: scan_parts(), covers, ingest }),
        credentials: store.clone(),
        sign_ins: store.clone(),
        accounts: store.clone(),
        settings: store.clone(),
        appeals: store.clone(),
        audit: store.clone(),
        listeners: store.clone(),
        random: Arc::new(SystemRandom),
        disk,
        clock,
        drive: Arc::new(Threads),
        ownership,
        delivery: DeliveryParts {
            renditions: store.clone(),
            audio,
            store: store.clone(),
            memory_bytes: MEMORY_BYTES,
        },
        money: MoneyParts {
            contracts: store.clone(),
            contract_reader: Arc::new(TomlContracts),
            proposals: store.clone(),
            rights: store.clone(),
            revenue: store.clone(),
            ledger: store,
            signer: Arc::new(signing_key(folder, key_file)),
            keeper: head_keeper(folder, shared.as_ref().map(|(blobs, _)| blobs)),
            printer: Arc::new(PdfStatements::new(public_address()?.as_deref())),
            shared_files: shared,
        },
    })
}
