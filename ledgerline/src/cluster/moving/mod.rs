//! A deployment of one machine becomes one of several nodes, or the other way.
//!
//! What was received goes over record by record, with position and receive time; so everything that is derived
//! from it comes out the same, and no id is accepted twice. What was decided goes over row by row, in one
//! transaction, which is the last step but one: before it, nothing has moved; behind it, everything has.
//! A move that was broken off is begun again with the same words.
//!
//! - [`records`]: the report log
//! - [`files`]: files of closed months, keys, and the note that a folder has moved

mod files;
mod records;

use ledgerline_app::ports::leases::LeaseStore;
use ledgerline_app::ports::{Clock, FactStore, PartitionCommit, ReportLog};
use ledgerline_ids::Position;
use ledgerline_kafka_log::topics;
use ledgerline_local_disk::SystemClock;
use ledgerline_segment_log::{Options, SegmentReportLog, Verify};
use ledgerline_sql_store::{MovedState, PostgresOptions, PostgresStore, SqlStore};
use serde_json::{Value, json};
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;
use tokio::task::spawn_blocking;

use super::config::Config;
use super::opening::{kafka_settings, open_log, open_state};
use super::{accord, spool};
use crate::closed_state;
use crate::data_folder::{DataFolder, Held, Identity, must_exist, read_identity, write_identity};
use crate::failure::Failure;

/// So much longer than the oldest record is old, a topic must keep records: what is to be moved mustn't be
/// deleted while it is.
const MARGIN: Duration = Duration::from_hours(48);

/// Takes the deployment in the folder `from` over to the nodes of `config`; says what was moved.
///
/// # Errors
/// [`Failure`]: somebody uses one of the two, they don't agree, something is there already, or something can't be
/// read or written. The folder is as it was.
pub async fn take_over(from: &Path, config: &Config) -> Result<Value, Failure> {
    must_exist(from)?;
    if super::of(from)?.is_some() {
        return Err(Failure::usage(format!(
            "{} is the folder of a node; --from names that of a deployment of its own",
            from.display()
        )));
    }
    let folder = held(from)?;
    agree(folder.identity(), config, from)?;
    let node = super::enter(&config.file)?;
    let _node = held(&node)?;
    nothing_waits(config)?;
    let target = Arc::new(open_state(config).await?);
    nobody_runs(&target).await?;
    accord::require(&target, config).await?;
    closed_state::check(from)?;
    let store = SqlStore::open(&from.join("state.db")).await?;
    let moved = take_all(&folder, &store, config, &target).await;
    store.close().await?;
    closed_state::mark(from)?;
    target.close().await.map_err(|error| Failure::from_error(&error))?;
    let (records, state) = moved?;
    files::note_moved(from, &config.file)?;
    Ok(told(records, state))
}

async fn take_all(
    folder: &DataFolder,
    store: &SqlStore,
    config: &Config,
    target: &PostgresStore,
) -> Result<(u64, MovedState), Failure> {
    if let Some(first) = store.verify().await?.first() {
        return Err(Failure::damaged(format!("state.db: {first}")));
    }
    let commits = store.committed().await?;
    let ends: Vec<Position> = commits.iter().map(|commit| commit.position).collect();
    let clock: Arc<dyn Clock> = Arc::new(SystemClock::new());
    let options = Options { verify: Verify::All, ..Options::new(folder.identity().partitions) };
    let source = SegmentReportLog::open(folder.disk(), clock.clone(), options, &ends)
        .map_err(|error| Failure::damaged(error.to_string()))?;
    let log = open_log(config, clock.clone(), Vec::new()).await?;
    let settings = kafka_settings(&config.kafka);
    let now = clock.now();
    let records = apart(move || {
        let oldest = records::oldest(&source)?;
        let topics = topics::describe(&settings).map_err(|error| Failure::from_error(&error))?;
        let kept = topics.iter().find(|topic| topic.name == settings.topic);
        let kept = kept.and_then(|topic| topic.retention);
        if let (Some(oldest), Some(kept)) = (oldest, kept) {
            let age = Duration::from_millis(now.get().saturating_sub(oldest.get())) + MARGIN;
            if kept < age {
                return Err(Failure::failed(format!(
                    "topic {} keeps records for {} days, and the oldest one here is {} days old: Kafka would \
                     delete it at once. Set retention.ms of the topic to -1; once an archive and snapshots have what \
                     it holds, it may be set back",
                    settings.topic,
                    kept.as_secs() / 86_400,
                    age.as_secs() / 86_400,
                )));
            }
        }
        let moved = records::copy(&source, &log);
        source.close();
        log.close();
        moved
    })
    .await?;
    files::copy(folder.path(), &config.data)?;
    // A move that was broken off between its last two steps.
    let is_there = target.has_the_state_of(store).await;
    if is_there.map_err(|error| Failure::from_error(&error))? {
        return Ok((records, MovedState::default()));
    }
    let state = target.move_in(store).await.map_err(|error| Failure::from_error(&error))?;
    Ok((records, state))
}

/// Whether this node's spool is empty: what waits there isn't in the log yet.
fn nothing_waits(config: &Config) -> Result<(), Failure> {
    let Some(spool) = &config.spool else { return Ok(()) };
    match spool::left_in(config, spool)? {
        0 => Ok(()),
        left => Err(Failure::failed(format!(
            "{left} reports wait in {}: start that node until it has sent them, and look at the other nodes' spools",
            spool.folder.display()
        ))),
    }
}

/// Gives the deployment of the nodes of `config` to a new folder `to`; says what was moved. The topic and the
/// database stay as they are.
///
/// # Errors
/// As [`take_over`]; the topic no longer has its first records, or the folder isn't empty.
pub async fn hand_back(config: &Config, to: &Path) -> Result<Value, Failure> {
    if read_identity(to)?.is_some() {
        return Err(Failure::failed(format!(
            "there is a deployment in {} already; --to names a folder that is new or empty",
            to.display()
        )));
    }
    let identity = Identity { partitions: config.kafka.partitions, key: config.hash_key };
    let node = super::enter(&config.file)?;
    let _node = held(&node)?;
    nothing_waits(config)?;
    let options = PostgresOptions::default();
    let store = PostgresStore::open_read_only(&config.postgres.0, options).await;
    let store = Arc::new(store.map_err(|error| Failure::from_error(&error))?);
    nobody_runs(&store).await?;
    accord::compare(&store, config).await?;
    let commits = store.committed().await.map_err(|error| Failure::from_error(&error))?;
    let ends = commits.iter().map(|commit| commit.position).collect();
    let log = open_log(config, Arc::new(SystemClock::new()), ends).await?;
    let new = files::NewFolder::begin(to)?;
    let options = Options::new(identity.partitions);
    let target = SegmentReportLog::open(new.disk(), Arc::new(SystemClock::new()), options, &[])
        .map_err(|error| Failure::damaged(error.to_string()))?;
    let records = apart(move || {
        let moved = records::copy(&log, &target);
        target.close();
        log.close();
        moved
    })
    .await?;
    files::copy(&node, to)?;
    let own = SqlStore::open(&to.join("state.db")).await?;
    let given = store.move_out(&own).await.map_err(|error| Failure::from_error(&error));
    own.close().await?;
    let state = given?;
    let after = store.committed().await.map_err(|error| Failure::from_error(&error))?;
    nobody_runs(&store).await?;
    if !same_positions(&after, &commits) {
        return Err(Failure::failed(
            "a node has counted meanwhile; stop all nodes and begin again",
        ));
    }
    store.close().await.map_err(|error| Failure::from_error(&error))?;
    closed_state::mark(to)?;
    write_identity(to, &identity)?;
    Ok(told(records, state))
}

fn told(records: u64, state: MovedState) -> Value {
    json!({ "records": records, "tables": state.tables, "rows": state.rows })
}

fn held(folder: &Path) -> Result<DataFolder, Failure> {
    match DataFolder::hold(folder)? {
        Held::Ours(held) => Ok(*held),
        Held::Other(pid) => Err(Failure::failed(format!(
            "a process{} works on {}: stop it first",
            pid.map(|pid| format!(" ({pid})")).unwrap_or_default(),
            folder.display()
        ))),
    }
}

/// Both must come to the same partitions and the same hashes.
fn agree(identity: &Identity, config: &Config, folder: &Path) -> Result<(), Failure> {
    let (there, here) = (config.kafka.partitions, identity.partitions);
    if there != here {
        return Err(Failure::failed(format!(
            "{} has {here} partitions and kafka.partitions is {there}: a deployment keeps the number that it \
             was made with; make a topic of {here}",
            folder.display()
        )));
    }
    if config.hash_key.as_bytes() != identity.key.as_bytes() {
        return Err(Failure::failed(format!(
            "secrets.hash_key isn't the key of {0}: hand the nodes the hash_key that stands in \
             {0}/deployment.json, or every listener would be another one",
            folder.display()
        )));
    }
    Ok(())
}

async fn nobody_runs(store: &PostgresStore) -> Result<(), Failure> {
    let standing = store.standing().await.map_err(|error| Failure::from_error(&error))?;
    if standing.nodes.is_empty() {
        return Ok(());
    }
    let nodes: Vec<&str> = standing.nodes.iter().map(|node| node.as_str()).collect();
    Err(Failure::failed(format!(
        "nodes run, or did so a few seconds ago: {}; stop them first",
        nodes.join(", ")
    )))
}

fn same_positions(one: &[PartitionCommit], other: &[PartitionCommit]) -> bool {
    let positions = |commits: &[PartitionCommit]| {
        commits.iter().map(|commit| (commit.partition, commit.position)).collect::<Vec<_>>()
    };
    positions(one) == positions(other)
}

/// Kafka's client and the disk wait in the thread that calls them.
async fn apart<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, Failure> + Send + 'static,
) -> Result<T, Failure> {
    spawn_blocking(work).await.expect("copying records doesn't panic")
}
