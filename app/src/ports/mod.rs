//! What the use cases need of the world, as traits. Adapters implement them; the
//! conformance suites in [`conformance`] hold for every implementation.

pub mod accounts;
pub mod appeals;
pub mod archive_files;
pub mod audio;
pub mod audit;
pub mod blobs;
pub mod clock;
pub mod collection;
#[cfg(feature = "conformance")]
pub mod conformance;
pub mod contracts;
pub mod counted_deltas;
pub mod counted_plays;
pub mod credentials;
pub mod dead_letters;
pub mod delivery;
pub mod disk;
pub mod drive;
pub mod facts;
pub mod histories;
pub mod ingest;
pub mod leases;
pub mod ledger;
pub mod library;
pub mod listeners;
#[cfg(feature = "conformance")]
pub mod memory_accounts;
#[cfg(feature = "conformance")]
pub mod memory_appeals;
#[cfg(feature = "conformance")]
pub mod memory_blobs;
#[cfg(feature = "conformance")]
pub mod memory_collection;
#[cfg(feature = "conformance")]
pub mod memory_contracts;
#[cfg(feature = "conformance")]
pub mod memory_counted_plays;
#[cfg(feature = "conformance")]
pub mod memory_delivery;
#[cfg(feature = "conformance")]
pub mod memory_desk;
#[cfg(feature = "conformance")]
pub mod memory_disk;
#[cfg(feature = "conformance")]
pub mod memory_facts;
#[cfg(feature = "conformance")]
pub mod memory_ingest;
#[cfg(feature = "conformance")]
pub mod memory_ledger;
#[cfg(feature = "conformance")]
pub mod memory_library;
#[cfg(feature = "conformance")]
pub mod memory_listeners;
#[cfg(feature = "conformance")]
pub mod memory_renditions;
#[cfg(feature = "conformance")]
pub mod memory_rights;
#[cfg(feature = "conformance")]
pub mod memory_sign_in;
pub mod music;
pub mod music_files;
pub mod paper;
pub mod plays_log;
pub mod proposals;
pub mod renditions;
pub mod report_log;
pub mod revenue;
pub mod rights;
pub mod settings;
pub mod sign_in;
pub mod signing;

pub use accounts::AccountStore;
pub use appeals::AppealStore;
pub use archive_files::{
    ArchiveFileError, ArchiveFiles, ArchivedChange, ArchivedChanges, ArchivedReports, RecordsOfRun,
    RunHead,
};
pub use audio::AudioStudio;
pub use audit::AuditStore;
pub use blobs::{BlobError, BlobFile, BlobName, BlobPage, BlobStore, ListedBlob, Put};
pub use clock::{Clock, Random};
pub use collection::CollectionStore;
pub use contracts::{
    ContractFault, ContractReader, ContractStore, ContractTemplate, ContractText, ContractsError,
    DealField, DealMapping, DraftedContracts, NewContract,
};
pub use counted_deltas::{CountedDeltas, CountedKey, StoredCounts};
pub use counted_plays::{CountedChange, CountedPlays};
pub use credentials::{Credential, CredentialStore, NewCredential, Scope};
pub use dead_letters::{DeadLetter, DeadLetters};
pub use delivery::DeliveryStore;
pub use disk::{Disk, DiskFile};
pub use drive::{Drive, Driven, Loop, Step};
pub use facts::{CommitError, FactStore, PartitionCommit, PartitionDelta};
pub use histories::{BroughtHistory, HistoryError, HistoryReader, ReadHistory};
pub use ingest::IngestStore;
pub use leases::LeaseStore;
pub use ledger::{
    AppendLedgerError, BalanceQuery, CloseChange, CloseRecord, EntryQuery, LedgerGroup, LedgerScan,
    LedgerStore,
};
pub use library::MusicLibrary;
pub use listeners::ListenerStore;
pub use music::{CatalogueStore, CatalogueTrack, Fact, ImportedTracks, Untold};
pub use paper::{
    LineReader, PaperNames, PrintError, RecordingName, StatementPaper, StatementPrinter,
};
pub use plays_log::{OpenPlaysLog, PlaysFile, PlaysFiles, PlaysLog, PlaysLogReader};
pub use proposals::ProposalStore;
pub use renditions::{
    AlbumLoudness, Loudness, Rendition, RenditionStore, RungName, Segment, SegmentIndex,
    TrackRenditions,
};
pub use report_log::{AppendError, Appended, Frame, LocalLog, LogError, ReceivedLog, ReportLog};
pub use revenue::{ImportedRows, PeriodUsage, RevenueStore, Stored};
pub use rights::{ChangeError, Revision, RightsChange, RightsStore, SourceFile};
pub use settings::DeploymentSettings;
pub use sign_in::SignInStore;
pub use signing::{HeadKeeper, HeadSigner};

/// A store could not answer. What it said is for the operator, not for a listener.
#[derive(Debug, Clone, thiserror::Error)]
#[error("{what}: {detail}")]
pub struct StoreError {
    /// What was being done.
    pub what: &'static str,
    /// What the store said.
    pub detail: String,
}
