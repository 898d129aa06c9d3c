//! What a program says that was built without Kafka and PostgreSQL.

use ledgerline_app::Deployment;
use ledgerline_app::archive::Archive;
use ledgerline_app::deployment::Settings;
use ledgerline_app::ports::facts::PartitionTotals;
use ledgerline_app::ports::{LedgerStore, ReportLog};
use ledgerline_local_disk::LocalDisk;
use serde_json::Value;
use std::convert::Infallible;
use std::path::Path;
use std::sync::Arc;

use super::config::{Config, ObjectsConfig};
use crate::failure::Failure;

fn without() -> Failure {
    Failure::missing(
        "this program was built without Kafka and PostgreSQL; build it with \
         `cargo build --release -p ledgerline --features cluster`",
    )
}

/// There is none.
pub struct NodeStore(Infallible);

impl NodeStore {
    /// Nothing to close.
    ///
    /// # Errors
    /// None.
    pub async fn close(&self) -> Result<(), Failure> {
        match self.0 {}
    }
}

/// Refuses.
///
/// # Errors
/// Always.
pub async fn open(
    _config: &Config,
    _disk: &Arc<LocalDisk>,
    _key_file: Option<&Path>,
    _settings: Settings,
) -> Result<(Arc<Deployment>, NodeStore), Failure> {
    Err(without())
}

/// Refuses.
///
/// # Errors
/// Always.
pub async fn auditing(
    _config: &Config,
) -> Result<(Vec<PartitionTotals>, Vec<String>, Arc<dyn ReportLog>), Failure> {
    Err(without())
}

/// Refuses.
///
/// # Errors
/// Always.
pub async fn open_archive(_config: &ObjectsConfig) -> Result<Archive, Failure> {
    Err(without())
}

/// Refuses.
///
/// # Errors
/// Always.
pub async fn check(_config: &Config) -> Result<Vec<Value>, Failure> {
    Err(without())
}

/// Refuses.
///
/// # Errors
/// Always.
pub async fn create_topics(_config: &Config) -> Result<Vec<String>, Failure> {
    Err(without())
}

/// Refuses.
///
/// # Errors
/// Always.
pub async fn describe_topics(_config: &Config) -> Result<Vec<Value>, Failure> {
    Err(without())
}

/// Refuses.
///
/// # Errors
/// Always.
pub async fn upgrade(_config: &Config) -> Result<(i64, i64), Failure> {
    Err(without())
}

/// Refuses.
///
/// # Errors
/// Always.
pub async fn check_accord(_config: &Config) -> Result<Value, Failure> {
    Err(without())
}

/// Refuses.
///
/// # Errors
/// Always.
pub async fn adopt(_config: &Config) -> Result<Vec<String>, Failure> {
    Err(without())
}

/// Refuses.
///
/// # Errors
/// Always.
pub async fn list_letters(
    _config: &Config,
    _partition: Option<u16>,
    _limit: usize,
) -> Result<(Vec<Value>, bool), Failure> {
    Err(without())
}

/// Refuses.
///
/// # Errors
/// Always.
pub async fn show_letter(_config: &Config, _place: &str) -> Result<Value, Failure> {
    Err(without())
}

/// Refuses.
///
/// # Errors
/// Always.
pub async fn redrive_letters(_config: &Config, _places: &[String]) -> Result<Vec<Value>, Failure> {
    Err(without())
}

/// Refuses.
///
/// # Errors
/// Always.
pub async fn take_over(_from: &Path, _config: &Config) -> Result<Value, Failure> {
    Err(without())
}

/// Refuses.
///
/// # Errors
/// Always.
pub async fn hand_back(_config: &Config, _to: &Path) -> Result<Value, Failure> {
    Err(without())
}

/// Refuses.
///
/// # Errors
/// Always.
pub async fn kept_head(_config: &Config) -> Result<Option<String>, Failure> {
    Err(without())
}

/// Refuses.
///
/// # Errors
/// Always.
pub async fn ledger(_config: &Config) -> Result<Arc<dyn LedgerStore>, Failure> {
    Err(without())
}
