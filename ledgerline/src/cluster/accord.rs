//! What all nodes must have alike: two keys of the hashes, or two numbers of partitions, would send one
//! listener to two partitions, which count it twice and never hear of each other.
//!
//! The first node that starts writes it into the database that they share; every later one compares, and
//! doesn't start where it differs. Some of it can be changed while no node is there (`config adopt`).
//!
//! What nodes should have alike, and count right without, is told by each that starts, in the place of what the
//! one before it told: node by node it can be changed while the others run.

use ledgerline_app::archive::key_fingerprint;
use ledgerline_counting::RULE_VERSION;
use ledgerline_records::WRITTEN_VERSIONS;
use ledgerline_records::report::ReportForm;
use ledgerline_sql_store::PostgresStore;
use std::collections::BTreeMap;

use super::config::{Config, Role};
use crate::failure::Failure;

/// Values by name, as they are in the database.
type Accords = BTreeMap<String, String>;

/// The name of the point on which programs agree what they write.
const WRITTEN: &str = "written_records";

/// One thing that must be alike.
struct Point {
    /// Its name in the database, which stays as it is.
    name: &'static str,
    value: String,
    /// What it is called.
    what: &'static str,
    kind: Kind,
}

/// What is to be done about a difference.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    /// It is fixed for good: the log that is there was written by it.
    Fixed,
    /// Of the configuration; it may be changed everywhere while no node is there.
    Configured,
    /// Of the program; the same.
    Program,
}

fn points(config: &Config) -> Vec<Point> {
    let point = |name, what, kind, value| Point { name, value, what, kind };
    let (reports, control) = WRITTEN_VERSIONS;
    let mut points = vec![
        point(
            "hash_key",
            "the fingerprint of secrets.hash_key",
            Kind::Fixed,
            key_fingerprint(&config.hash_key),
        ),
        point("partitions", "kafka.partitions", Kind::Fixed, config.kafka.partitions.to_string()),
        point("reports_topic", "kafka.topic", Kind::Fixed, config.kafka.topic.clone()),
        point(
            WRITTEN,
            "what records are written as",
            Kind::Program,
            written_records(reports, control),
        ),
    ];
    // A node that only takes reports in has nothing to do with these.
    if config.judges() {
        let counted = config.kafka.counted_plays_topic.clone();
        points.extend([
            point("rules", "the version of the rules", Kind::Program, RULE_VERSION.to_string()),
            point(
                "dead_letters_topic",
                "kafka.dead_letters_topic",
                Kind::Configured,
                config.kafka.dead_letters(),
            ),
            point(
                "counted_plays_topic",
                "kafka.counted_plays_topic",
                Kind::Configured,
                counted.unwrap_or_else(|| "none".to_owned()),
            ),
        ]);
    }
    points
}

/// What reports and control records are written as, as it stands in the database.
fn written_records(report: u8, control: u8) -> String {
    format!("reports {report}, control {control}")
}

/// The form in which this program is to write reports where nodes agreed on `there`; `None` where it
/// can't write what they did.
fn form_of(there: &str) -> Option<ReportForm> {
    let (_, control) = WRITTEN_VERSIONS;
    let forms = [ReportForm::First, ReportForm::Second];
    forms.into_iter().find(|form| written_records(form.version(), control) == there)
}

/// Whether what others agreed on is as good as what this node offers: whoever can write an older form does.
fn is_alike(point: &Point, there: &str) -> bool {
    point.value == there || (point.name == WRITTEN && form_of(there).is_some())
}

fn offered(points: &[Point]) -> Accords {
    points.iter().map(|point| (point.name.to_owned(), point.value.clone())).collect()
}

/// A sentence for each thing that isn't as it was agreed: what differs, and what to do.
fn differences(points: &[Point], agreed: &Accords) -> Vec<String> {
    let differing = points.iter().filter_map(|point| {
        let there = agreed.get(point.name).filter(|there| !is_alike(point, there))?;
        Some(format!(
            "{} is {} here and {there} for the other nodes: {}",
            point.what,
            point.value,
            todo(point.kind)
        ))
    });
    differing.collect()
}

fn todo(kind: Kind) -> &'static str {
    match kind {
        Kind::Fixed => {
            "it is fixed for good, since a listener would be counted twice; correct this node's \
             configuration, or name the database that belongs to it"
        }
        Kind::Configured => {
            "correct this node's configuration, or change it on all nodes, stop them, and run \
             `ledgerline config adopt`"
        }
        Kind::Program => {
            "use the program that the other nodes use, or stop them all, and run \
             `ledgerline config adopt` with the program that they shall use"
        }
    }
}

fn failed(error: &ledgerline_app::ports::StoreError) -> Failure {
    Failure::from_error(error)
}

/// Has this node agree with the others; what isn't written down yet is from now on. Says in which form
/// they write reports.
///
/// # Errors
/// [`Failure`] names what differs, and what to do; nothing is written then.
pub async fn require(store: &PostgresStore, config: &Config) -> Result<ReportForm, Failure> {
    let points = points(config);
    let agreed = store.agree(&offered(&points)).await.map_err(|error| failed(&error))?;
    refuse(&differences(&points, &agreed))?;
    Ok(form_in(&agreed))
}

/// The same, writing nothing.
///
/// # Errors
/// [`Failure`] names what differs, and what to do.
pub async fn compare(store: &PostgresStore, config: &Config) -> Result<ReportForm, Failure> {
    let agreed = store.accords().await.map_err(|error| failed(&error))?;
    refuse(&differences(&points(config), &agreed))?;
    Ok(form_in(&agreed))
}

fn form_in(agreed: &Accords) -> ReportForm {
    agreed.get(WRITTEN).and_then(|there| form_of(there)).unwrap_or_default()
}

/// The number of standbys, by its name in the database.
const STANDBYS: &str = "standbys";

/// Tells the others with how many standbys this node reckons, where it counts.
///
/// # Errors
/// [`Failure`] where the state can't be written.
pub async fn say_standbys(store: &PostgresStore, config: &Config) -> Result<(), Failure> {
    if !config.has(Role::Count) {
        return Ok(());
    }
    let said = Accords::from([(STANDBYS.to_owned(), config.standbys.to_string())]);
    store.say(&said).await.map_err(|error| failed(&error))
}

/// A sentence, where this node counts and reckons with other standbys than the one that started last.
///
/// # Errors
/// [`Failure`] where the state can't be read.
pub async fn other_standbys(
    store: &PostgresStore,
    config: &Config,
) -> Result<Option<String>, Failure> {
    let said = store.accords().await.map_err(|error| failed(&error))?;
    Ok(said.get(STANDBYS).and_then(|last| standbys_differ(config, last)))
}

fn standbys_differ(config: &Config, last: &str) -> Option<String> {
    let here = config.standbys;
    (config.has(Role::Count) && here.to_string() != *last).then(|| {
        format!(
            "node.standbys is {here} here and {last} on the node that started last: some partitions may have \
             more standbys than they should, and others fewer"
        )
    })
}

fn refuse(differences: &[String]) -> Result<(), Failure> {
    if differences.is_empty() {
        return Ok(());
    }
    let differences = differences.join("; ");
    Err(Failure::failed(format!(
        "this node isn't like those that it shares a state with: {differences}"
    )))
}

/// Has all nodes be like this one from now on, in what can be changed.
///
/// # Errors
/// [`Failure`] where something differs that is fixed for good, or a node is there.
pub async fn adopt(store: &PostgresStore, config: &Config) -> Result<Vec<String>, Failure> {
    let points = points(config);
    let agreed = store.accords().await.map_err(|error| failed(&error))?;
    let (fixed, changeable): (Vec<Point>, Vec<Point>) =
        points.into_iter().partition(|point| point.kind == Kind::Fixed);
    refuse(&differences(&fixed, &agreed))?;
    let changes: Vec<Point> = changeable
        .into_iter()
        .filter(|point| agreed.get(point.name).is_some_and(|there| *there != point.value))
        .collect();
    if changes.is_empty() {
        return Ok(Vec::new());
    }
    let nodes = store.agree_anew(&offered(&changes)).await.map_err(|error| failed(&error))?;
    if !nodes.is_empty() {
        return Err(Failure::failed(format!(
            "stop all nodes first, and wait for ten seconds where one was killed; there are {}",
            nodes.join(", ")
        )));
    }
    let told = changes.iter().map(|point| {
        let was = agreed.get(point.name).map_or("", String::as_str);
        format!("{} was {was}, and is {}", point.what, point.value)
    });
    Ok(told.collect())
}
