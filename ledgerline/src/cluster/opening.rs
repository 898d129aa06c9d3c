//! A deployment opened on Kafka and PostgreSQL.

use ledgerline_app::Deployment;
use ledgerline_app::deployment::Settings;
use ledgerline_app::ownership::{Follows, LeaseSettings, Leased, Ownership};
use ledgerline_app::ports::facts::PartitionTotals;
use ledgerline_app::ports::{Clock, CountedPlays, FactStore, LedgerStore, ReportLog};
use ledgerline_ids::Position;
use ledgerline_kafka_log::topics::{self, Plan, Topic};
use ledgerline_kafka_log::{
    KafkaCountedPlays, KafkaReportLog, Security, Settings as KafkaSettings,
};
use ledgerline_local_disk::{FolderLock, LocalDisk, SystemClock};
use ledgerline_records::report::ReportForm;
use ledgerline_sql_store::{PostgresOptions, PostgresStore};
use serde_json::{Value, json};
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;
use tokio::task::{JoinHandle, spawn_blocking};

use super::accord;
use super::archiving;
use super::config::{Config, KafkaConfig, Role};
use super::{objects, spool};
use crate::data_folder::audio_in;
use crate::failure::Failure;
use crate::wiring::{PlaysLogs, Wires, head_keeper, parts, plays_logs};

/// So long counted plays may take until the database has them by recording, territory, tier and day.
const DELTAS_EVERY: Duration = Duration::from_secs(5);

/// The state of a node's deployment.
pub struct NodeStore {
    store: Arc<PostgresStore>,
    /// What gets partitions ready to be followed, puts snapshots where new nodes find them, and drains the spool.
    besides: Vec<JoinHandle<()>>,
    /// The spool is this process's as long as this lives.
    _spool: Option<FolderLock>,
}

impl NodeStore {
    /// Closes it.
    ///
    /// # Errors
    /// [`Failure`] where it can't be closed.
    pub async fn close(&self) -> Result<(), Failure> {
        self.besides.iter().for_each(JoinHandle::abort);
        self.store.close().await.map_err(|error| Failure::from_error(&error))
    }
}

/// Opens the log and the state and starts the node.
///
/// # Errors
/// [`Failure`] names what isn't there or doesn't agree, and the way out.
pub async fn open(
    config: &Config,
    disk: &Arc<LocalDisk>,
    key_file: Option<&Path>,
    settings: Settings,
) -> Result<(Arc<Deployment>, NodeStore), Failure> {
    let store = Arc::new(open_state(config).await?);
    let report_form = accord::require(&store, config).await?;
    accord::say_standbys(&store, config).await?;
    let clock: Arc<dyn Clock> = Arc::new(SystemClock::new());
    let ends = committed(&store).await?;
    // Who judges nothing and has a spool needn't wait for Kafka: reports are kept meanwhile.
    let opens_away = config.spool.is_some() && !config.judges();
    let kafka = KafkaSettings { opens_away, ..kafka_settings(&config.kafka) };
    let log = open_log_by(kafka, clock.clone(), ends).await?;
    let blobs = match config.objects.as_ref().filter(|_| config.judges()) {
        None => None,
        Some(objects) => Some(objects::open(objects).await?),
    };
    let snapshots = match &blobs {
        None => None,
        Some(blobs) => {
            let made = objects::snapshots(config, blobs.clone(), (&store, disk, &clock));
            if !config.follows_some() {
                let restored = made.restore_missing(&log).await;
                restored.map_err(|error| Failure::from_error(&error))?;
            }
            Some(Arc::new(made))
        }
    };
    let audio = match (&blobs, &config.objects) {
        (Some(blobs), _) => blobs.clone(),
        (None, Some(objects)) => objects::open(objects).await?,
        (None, None) => audio_in(&config.data).await?,
    };
    let log = Arc::new(log);
    let spool = match &config.spool {
        None => None,
        Some(spool) => Some(spool::open(config, spool, log.clone(), clock.clone())?),
    };
    let (spool, spool_lock) = spool.map(|open| (open.spool, open.lock)).unzip();
    let (plays, ownership) = if config.judges() {
        let leased = Leased {
            node: config.name.clone(),
            leases: store.clone(),
            settings: LeaseSettings::default(),
            takes_part: config.has(Role::Count),
            standbys: config.standbys,
            follows: follows(config, disk),
        };
        let plays = match leased.follows {
            Follows::All => plays_logs(disk, config.kafka.partitions)?,
            Follows::Some(_) => Vec::new(),
        };
        (plays, Ownership::Leased(leased))
    } else {
        (Vec::new(), Ownership::Elsewhere)
    };
    let wires = Wires {
        key: config.hash_key,
        log,
        spool,
        plays,
        counted_plays: config.kafka.counted_plays_topic.as_ref().map(|_| {
            let topic = KafkaCountedPlays::new(kafka_settings(&config.kafka));
            Arc::new(topic) as Arc<dyn CountedPlays>
        }),
        store: store.clone(),
        disk: disk.clone(),
        clock,
        ownership,
        covers: blobs.clone(),
        ingest: None,
        audio,
        shared: blobs.map(|blobs| (blobs, config.closed_months())),
    };
    // What counts is in the database too, for whoever asks by SQL.
    let settings = Settings { deltas_every: Some(DELTAS_EVERY), report_form, ..settings };
    let key_file = key_file.or(config.ledger_key.as_deref());
    let deployment = Deployment::start(parts(wires, &config.data, key_file)?, settings)
        .await
        .map_err(|error| Failure::damaged(error.to_string()))?;
    let following = tokio::spawn({
        let (deployment, snapshots) = (deployment.clone(), snapshots.clone());
        async move { deployment.follow_forever(snapshots.as_deref()).await }
    });
    let sharing = tokio::spawn({
        let deployment = deployment.clone();
        async move { deployment.share_closes_forever().await }
    });
    let archiving = archiving::begin(config, &deployment, snapshots.as_ref())?;
    let uploading = snapshots.map(|snapshots| {
        let deployment = deployment.clone();
        tokio::spawn(async move { snapshots.upload_forever(&deployment).await })
    });
    let draining = tokio::spawn({
        let deployment = deployment.clone();
        async move { deployment.drain_forever().await }
    });
    let besides = [following, sharing, draining];
    let besides = uploading.into_iter().chain(archiving).chain(besides).collect();
    Ok((deployment, NodeStore { store, besides, _spool: spool_lock }))
}

/// What a node follows: one that only counts, some partitions.
fn follows(config: &Config, disk: &Arc<LocalDisk>) -> Follows {
    if !config.follows_some() {
        return Follows::All;
    }
    let partitions = config.kafka.partitions;
    Follows::Some(Arc::new(PlaysLogs { disk: disk.clone(), partitions }))
}

pub(super) async fn open_state(config: &Config) -> Result<PostgresStore, Failure> {
    PostgresStore::open(&config.postgres.0, PostgresOptions::default())
        .await
        .map_err(|error| Failure::from_error(&error))
}

async fn open_to_read(config: &Config) -> Result<PostgresStore, Failure> {
    PostgresStore::open_read_only(&config.postgres.0, PostgresOptions::default())
        .await
        .map_err(|error| Failure::from_error(&error))
}

async fn committed(store: &PostgresStore) -> Result<Vec<Position>, Failure> {
    let commits = store.committed().await.map_err(|error| Failure::from_error(&error))?;
    Ok(commits.iter().map(|commit| commit.position).collect())
}

pub(super) async fn open_log(
    config: &Config,
    clock: Arc<dyn Clock>,
    ends: Vec<Position>,
) -> Result<KafkaReportLog, Failure> {
    open_log_by(kafka_settings(&config.kafka), clock, ends).await
}

async fn open_log_by(
    settings: KafkaSettings,
    clock: Arc<dyn Clock>,
    ends: Vec<Position>,
) -> Result<KafkaReportLog, Failure> {
    apart(move || KafkaReportLog::open(settings, clock, &ends)).await
}

/// What an audit reads: what is committed, what is wrong with the state itself, and the log.
///
/// # Errors
/// [`Failure`] where something isn't there.
pub async fn auditing(
    config: &Config,
) -> Result<(Vec<PartitionTotals>, Vec<String>, Arc<dyn ReportLog>), Failure> {
    let failed = |error| Failure::from_error(&error);
    let store = open_to_read(config).await?;
    accord::compare(&store, config).await?;
    let totals = store.totals().await.map_err(failed)?;
    let wrong = store.verify().await.map_err(failed)?;
    let clock: Arc<dyn Clock> = Arc::new(SystemClock::new());
    let ends = totals.iter().map(|totals| totals.commit.position).collect();
    let log = open_log(config, clock, ends).await?;
    store.close().await.map_err(failed)?;
    Ok((totals, wrong, Arc::new(log)))
}

/// The ledger, to be read where it lies.
///
/// # Errors
/// [`Failure`] where the database isn't there.
pub async fn ledger(config: &Config) -> Result<Arc<dyn LedgerStore>, Failure> {
    Ok(Arc::new(open_to_read(config).await?))
}

/// The newest head of the ledger that was kept, by this node or by any that shares it.
///
/// # Errors
/// [`Failure`] where the store of blobs doesn't answer.
pub async fn kept_head(config: &Config) -> Result<Option<String>, Failure> {
    let shared = match &config.objects {
        Some(objects) => Some(objects::open(objects).await?),
        None => None,
    };
    let keeper = head_keeper(&config.data, shared.as_ref());
    let kept = spawn_blocking(move || keeper.kept()).await.expect("reading a head doesn't panic");
    kept.map_err(|error| Failure::from_error(&error))
}

/// Makes the topics that are missing; says which.
///
/// # Errors
/// [`Failure`] where the brokers refuse.
pub async fn create_topics(config: &Config) -> Result<Vec<String>, Failure> {
    let (settings, plan) = (kafka_settings(&config.kafka), plan(&config.kafka));
    apart(move || topics::create(&settings, &plan)).await
}

/// How the topics are.
///
/// # Errors
/// [`Failure`] where they aren't there.
pub async fn describe_topics(config: &Config) -> Result<Vec<Value>, Failure> {
    let settings = kafka_settings(&config.kafka);
    let topics = apart(move || topics::describe(&settings)).await?;
    Ok(topics.iter().map(described).collect())
}

fn described(topic: &Topic) -> Value {
    let records = topic.partitions.iter().map(|(start, end)| end.0 - start.0).sum::<u64>();
    json!({
        "topic": topic.name,
        "partitions": topic.partitions.len(),
        "records": records,
        "copies": topic.copies,
        "in_sync_min": topic.in_sync_min,
        "retention_ms": topic.retention.map(|it| u64::try_from(it.as_millis()).unwrap_or(u64::MAX)),
        "findings": topic.findings,
    })
}

/// Makes the tables, or brings them to the form of this program.
///
/// # Errors
/// [`Failure`] where the database refuses.
pub async fn upgrade(config: &Config) -> Result<(i64, i64), Failure> {
    PostgresStore::upgrade(&config.postgres.0, PostgresOptions::default())
        .await
        .map_err(|error| Failure::from_error(&error))
}

/// Looks at everything that a node needs: a sentence each, whether it is good, and what to do where it isn't.
///
/// # Errors
/// None; the form is that of a program without.
pub async fn check(config: &Config) -> Result<Vec<Value>, Failure> {
    let mut checks = Vec::new();
    match open_state(config).await {
        Ok(store) => {
            checks.push(good("PostgreSQL answers, is durable, and has the tables of this program"));
            checks.push(like_the_others(&store, config).await);
            if let Err(error) = store.close().await {
                checks.push(bad(&error.to_string(), "look at the database"));
            }
        }
        Err(failure) => checks.push(bad(&failure.to_string(), UPGRADE)),
    }
    match describe_topics(config).await {
        Err(failure) => checks.push(bad(&failure.to_string(), CREATE)),
        Ok(topics) => {
            checks.push(good("Kafka answers and has the topics"));
            for topic in topics {
                let name = topic["topic"].as_str().unwrap_or_default();
                for finding in topic["findings"].as_array().into_iter().flatten() {
                    let finding = format!("{name}: {}", finding.as_str().unwrap_or_default());
                    checks.push(bad(&finding, "change the topic's configuration"));
                }
            }
        }
    }
    checks.extend(config.spool.iter().flat_map(spool::check));
    for (store, what) in [(&config.objects, "the store of blobs"), (&config.archive, "the archive")]
    {
        let Some(store) = store else { continue };
        checks.push(match objects::open(store).await {
            Ok(_) => good(&format!("{what} answers, and replaces nothing")),
            Err(failure) => {
                bad(&failure.to_string(), "counting goes on without; look at the store")
            }
        });
    }
    Ok(checks)
}

/// Whether the node on this configuration is like those that it shares a state with.
///
/// # Errors
/// [`Failure`] where the state can't be read.
pub async fn check_accord(config: &Config) -> Result<Value, Failure> {
    let store = open_to_read(config).await?;
    let check = like_the_others(&store, config).await;
    store.close().await.map_err(|error| Failure::from_error(&error))?;
    Ok(check)
}

async fn like_the_others(store: &PostgresStore, config: &Config) -> Value {
    let form = match accord::compare(store, config).await {
        Ok(form) => form,
        Err(failure) => return bad(&failure.to_string(), "no node starts so; counting is safe"),
    };
    match accord::other_standbys(store, config).await {
        Ok(None) if form == ReportForm::default() => {
            good("key, partitions, topics and rules are those of the other nodes")
        }
        Ok(None) => good(&format!(
            "key, partitions, topics and rules are those of the other nodes; reports are written in form {}, for \
             programs that read no newer one, until ledgerline config adopt",
            form.version()
        )),
        Ok(Some(differs)) => bad(
            &differs,
            "counts are right all the same; give all nodes the same number, and start those again that had \
             another",
        ),
        Err(failure) => bad(&failure.to_string(), "look whether PostgreSQL answers"),
    }
}

/// Has all nodes be like this configuration and program, in what can be changed; says what that changed.
///
/// # Errors
/// [`Failure`] where something differs that is fixed for good, or a node is there.
pub async fn adopt(config: &Config) -> Result<Vec<String>, Failure> {
    let store = open_state(config).await?;
    let adopted = accord::adopt(&store, config).await;
    store.close().await.map_err(|error| Failure::from_error(&error))?;
    adopted
}

const UPGRADE: &str = "if it is about the tables: ledgerline schema upgrade --config FILE";
const CREATE: &str =
    "if it is about topics that aren't there: ledgerline topics create --config FILE";

fn good(what: &str) -> Value {
    json!({ "good": true, "what": what })
}

fn bad(what: &str, todo: &str) -> Value {
    json!({ "good": false, "what": what, "todo": todo })
}

pub(super) fn kafka_settings(config: &KafkaConfig) -> KafkaSettings {
    let ca_file = config.ca_file.clone();
    let security = match (config.tls, &config.user, &config.password) {
        (false, ..) => Security::Plain,
        (true, Some(user), Some(password)) => {
            Security::TlsAndScram { ca_file, user: user.clone(), password: password.0.clone() }
        }
        (true, ..) => Security::Tls { ca_file },
    };
    let usual = KafkaSettings::new(&config.brokers, config.partitions);
    let counted_plays = config.counted_plays_topic.clone();
    KafkaSettings {
        security,
        topic: config.topic.clone(),
        may_delete: config.release,
        dead_letters_topic: config.dead_letters(),
        counted_plays_topic: counted_plays.unwrap_or_else(|| format!("{}-counted", config.topic)),
        ..usual
    }
}

fn plan(config: &KafkaConfig) -> Plan {
    let create = &config.create;
    Plan {
        copies: create.copies,
        in_sync_min: create.in_sync_min,
        synced: create.synced,
        retention: Duration::from_hours(24 * u64::from(create.retention_days)),
        ..Plan::default()
    }
}

/// Kafka's client waits in the thread that calls it.
async fn apart<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, ledgerline_kafka_log::OpenError> + Send + 'static,
) -> Result<T, Failure> {
    let done = spawn_blocking(work).await.expect("Kafka's client doesn't panic");
    done.map_err(|error| Failure::from_error(&error))
}
